"""Shapes can be joined in any order, any number of times, and never say less than what went in."""

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.shape import Shape, compare, infer, join
from tests.unit.shape.streams import baseline, stream

SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.just(0.5) | st.sampled_from(["", "done", "In words."])
KINDS = st.sampled_from(["message", "tool", "no word at all"])
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["a", "b", "*", "<c", "tools"]), inner, max_size=2)
        | st.builds(lambda kind, value: {"type": kind, "v": value}, KINDS, inner)
    ),
    max_leaves=5,
)
PAYLOADS = st.fixed_dictionaries(
    {"type": st.sampled_from(["response.created", "response.output_item.done", "response.completed", "x"])},
    optional={"output_index": st.integers(0, 1), "item": VALUES, "response": VALUES, "status": VALUES},
)
STREAMS = st.builds(
    lambda payloads, whole: stream(*payloads, whole=whole), st.lists(PAYLOADS, max_size=4), st.booleans()
)
GROUPS = st.lists(STREAMS, max_size=3)
laws = settings(max_examples=40, deadline=None)


@laws
@given(GROUPS, GROUPS)
def test_join_is_commutative(one, other):
    assert join(infer(one), infer(other)) == join(infer(other), infer(one))


@laws
@given(GROUPS, GROUPS, GROUPS)
def test_join_is_associative(one, two, three):
    a, b, c = infer(one), infer(two), infer(three)
    assert join(join(a, b), c) == join(a, join(b, c))


@laws
@given(GROUPS, GROUPS)
def test_join_is_idempotent_also_on_what_was_joined(one, other):
    both = join(infer(one), infer(other))
    assert join(both, both) == both
    assert join(both, infer(other)) == both


@laws
@given(GROUPS)
def test_the_empty_shape_is_the_unit(group):
    shape = infer(group)
    assert join(shape, Shape()) == shape == join(Shape(), shape)


@laws
@given(GROUPS, GROUPS)
def test_joining_says_the_same_as_inferring_together_but_for_the_counts(one, other):
    assert said(join(infer(one), infer(other))) == said(infer([*one, *other]))


@laws
@given(GROUPS)
def test_a_stream_given_twice_counts_once(group):
    assert infer([*group, *group]) == infer(group)


@laws
@given(GROUPS, GROUPS)
def test_what_went_in_does_not_drift_from_the_join(one, other):
    if one and other:
        assert compare(join(infer(one), infer(other)), infer(one)).changes == ()


def test_the_library_joined_with_itself():
    assert join(baseline(), baseline()) == baseline()


def said(shape):
    """Everything a shape says, with counts reduced to whether they are there."""

    def tally(entry):
        return entry.seen > 0, entry.missing > 0

    return (
        shape.providers,
        {
            (type_, path): (tally(field.tally), set(field.types), field.words, field.length)
            for type_, event in shape.events.items()
            for path, field in event.fields.items()
        },
        {type_: tally(event.streams) for type_, event in shape.events.items()},
        {(item, type_): tally(count) for item, life in shape.items.items() for type_, count in life.events.items()},
        {type_: set(following) for type_, following in shape.order.items()},
        {name: tally(habit) for name, habit in shape.framing.items()},
    )
