"""What operators draw: it fits, it changes something, it survives being written, and it leaves alone what it does not name."""

from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.cassette import exchange_of
from harness.cassette.reader import load
from harness.delivery import Delivery, End, Exchange, Head
from harness.mutations import Mutation, Plan, Selector, Take, operators
from harness.mutations.http import Frames, Gzip
from harness.mutations.space import Product, Shared

ROOT = Path(__file__).parents[3] / "cassettes"
CASSETTES = (
    "codex/parallel-calls",
    "openai/tool-text-reasoning",
    "codex/two-parts",
    "codex/failed",
    "litellm/llama-greeting",
    "transformers/two-calls",
    "llama.cpp/bad-request",
)


@lru_cache
def recorded(name):
    return exchange_of(load(ROOT / name)).answer(0, 0)


@lru_cache
def space(operator, cassette):
    return operators()[operator].space(Take.of(recorded(cassette)))


drawn = st.tuples(st.sampled_from(sorted(operators())), st.sampled_from(CASSETTES), st.floats(0, 1, exclude_max=True))


def one(draw):
    """The operator that was drawn, or None where it finds nothing to do on the cassette."""
    operator, cassette, where = draw
    fitting = space(operator, cassette)
    return fitting[int(where * len(fitting))] if len(fitting) else None


@settings(max_examples=400)
@given(drawn)
def test_what_is_drawn_fits_and_changes_what_is_served(draw):
    operator, delivery = one(draw), recorded(draw[1])
    if operator is not None:
        assert operator.apply(Take.of(delivery)).delivery() != delivery


@settings(max_examples=400)
@given(st.lists(drawn, max_size=5), st.sampled_from([None, 0, 1]), st.sampled_from([None, 0]))
def test_a_plan_survives_being_written(draws, attempt, turn):
    chosen = [operator for draw in draws if (operator := one(draw)) is not None]
    plan = Plan(tuple(Mutation(operator, turn, attempt) for operator in chosen))
    assert Plan.from_yaml(plan.to_yaml()) == plan
    assert Plan.from_json(plan.to_json()).to_json() == plan.to_json()


@settings(max_examples=200)
@given(st.lists(drawn, max_size=4))
def test_a_plan_is_deterministic_and_names_what_missed(draws):
    """Drawn for one cassette and applied to another, a plan does what fits there and tells the rest."""
    plan = Plan(tuple(Mutation(operator) for draw in draws if (operator := one(draw)) is not None))
    for cassette in CASSETTES[:3]:
        exchange = Exchange.single(recorded(cassette))
        applied = plan.apply(exchange)
        assert applied == plan.apply(exchange)
        missed = {miss.number for miss in applied.misses}
        kept = Plan(tuple(mutation for number, mutation in enumerate(plan.mutations) if number not in missed))
        assert kept.apply(exchange).exchange.answer(0, 0) == applied.exchange.answer(0, 0)


AIMED = sorted(name for name, operator in operators().items() if "at" in operator.parameters)


@settings(max_examples=300)
@given(st.tuples(st.sampled_from(AIMED), st.sampled_from(CASSETTES[:3]), st.floats(0, 1, exclude_max=True)))
def test_what_an_operator_does_not_aim_at_keeps_its_bytes(draw):
    operator = one(draw)
    if operator is None:
        return
    take = Take.of(recorded(draw[1]))
    aimed = set(operator.at.positions(take))
    after = [piece.raw for piece in operator.apply(take).pieces]
    others = [piece.raw for position, piece in enumerate(take.pieces) if position not in aimed]
    kept = iter(after)
    if operator.name not in MOVERS:
        assert all(raw in kept for raw in others), "in their order"
    assert all(after.count(raw) >= others.count(raw) for raw in set(others))


MOVERS = {"move", "swap"}
"""What they aim at passes by others, which stay whole but change places with it."""


@pytest.mark.parametrize("name", operators())
def test_every_operator_finds_something_to_do_somewhere(name):
    assert any(len(space(name, cassette)) for cassette in CASSETTES)


@pytest.mark.parametrize("name", ["nullify", "stop", "drop", "error-frame"])
def test_the_strategy_draws_from_the_space_and_shrinks_to_its_first(name):
    from hypothesis import find

    take = Take.of(recorded("codex/two-parts"))
    strategy = operators()[name].strategy(take)
    assert find(strategy, lambda operator: True) == operators()[name].space(take)[0]


def test_there_is_no_strategy_where_nothing_fits():
    assert operators()["interleave"].strategy(Take.of(Delivery((Head(), End())))) is None


def test_a_product_counts_every_combination_once():
    product = Product(lambda *chosen: chosen, "ab", range(3), [None])
    assert list(product) == [(letter, digit, None) for letter in "ab" for digit in range(3)]
    assert product[-1] == ("b", 2, None)
    with pytest.raises(IndexError):
        product[6]


def test_small_spaces_have_the_share_of_large_ones():
    shared = Shared([["one"], [], list(range(4))])
    assert list(shared) == ["one"] * 4 + [0, 1, 2, 3]
    assert len(Shared([])) == 0


def test_gzip_keeps_every_chunk_readable_and_its_length_true():
    import zlib

    take = Frames("content-length").apply(Gzip().apply(Take.of(recorded("codex/two-parts"))))
    got = take.delivery()
    assert zlib.decompress(got.body, wbits=31) == recorded("codex/two-parts").body
    assert got.content_length == len(got.body)
    first = next(action.data for action in got.actions if hasattr(action, "data"))
    assert zlib.decompressobj(wbits=31).decompress(first).startswith(b"event: response.created")


def test_a_truncated_gzip_lacks_its_last_bytes():
    take = Take.of(recorded("codex/two-parts"))
    whole, short = Gzip().apply(take).delivery().body, Gzip(20).apply(take).delivery().body
    assert short == whole[:-20]


def test_selectors_are_drawn_by_name():
    takes = [operator.at for operator in space("drop", "codex/two-parts")[:5]]
    assert Selector("terminal") in takes
