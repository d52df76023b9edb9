from collections import Counter
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.campaign.fuzz.drawing import LENGTH, MOST_MUTATIONS, Drawing, hypothesis_draws
from harness.campaign.fuzz.ground import grounds
from harness.mutations import Plan
from tests.unit.campaign.fuzz.planted import cassettes


@pytest.fixture(scope="module")
def drawing():
    return Drawing(grounds(cassettes()))


def test_the_least_bytes_are_the_smallest_cassette_unmutated(drawing):
    trial = drawing.read(bytes(LENGTH))
    assert trial.ground is drawing.grounds[0]
    assert trial.plan == Plan()


def test_cassettes_are_in_order_of_size(drawing):
    sizes = [ground.size for ground in drawing.grounds]
    assert sizes == sorted(sizes)


@settings(max_examples=80, deadline=None)
@given(st.binary(min_size=LENGTH, max_size=LENGTH))
def test_every_draw_is_a_plan_that_can_be_written_and_read_back(drawing, drawn):
    trial = drawing.read(drawn)
    assert len(trial.plan.mutations) <= MOST_MUTATIONS + 2
    assert Plan.from_yaml(trial.plan.to_yaml()) == trial.plan


def test_a_plan_of_one_mutation_always_matches(drawing):
    trials = [drawing.read(drawn) for drawn in islice(hypothesis_draws(1), 300)]
    alone = [trial for trial in trials if len(trial.plan.mutations) == 1]
    assert len(alone) > 50
    assert not [trial for trial in alone if trial.plan.apply(trial.ground.exchange).misses]


def test_every_layer_and_every_way_of_the_next_attempt_is_drawn(drawing):
    trials = [drawing.read(drawn) for drawn in islice(hypothesis_draws(1), 600)]
    layers = Counter(mutation.operator.layer for trial in trials for mutation in trial.plan.mutations)
    assert set(layers) == {"shape", "identity", "order", "error", "frame", "chunk", "connection", "time", "size"}
    assert layers["shape"] > layers["frame"]
    assert {mutation.attempt for trial in trials for mutation in trial.plan.mutations} == {None, 0, 1}
    assert {mutation.turn for trial in trials for mutation in trial.plan.mutations} >= {None, 0, 1}
    assert {len(trial.plan.mutations) for trial in trials} >= set(range(MOST_MUTATIONS + 1))


def test_layers_leave_only_their_operators():
    drawing = Drawing(grounds(cassettes()), ("error",))
    trials = [drawing.read(drawn) for drawn in islice(hypothesis_draws(1), 100)]
    assert {mutation.operator.layer for trial in trials for mutation in trial.plan.mutations} == {"error"}


def test_nothing_to_draw_from():
    with pytest.raises(ValueError, match="nothing to draw"):
        Drawing(())


def test_draws_are_the_same_for_the_same_seed_and_differ_for_another():
    first, again, other = (list(islice(hypothesis_draws(seed), 600)) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert len(set(first)) > 590


def test_the_strategy_shrinks_towards_no_mutation(drawing):
    """Hypothesis' own shrinking, for those who use the strategy in a test of their own."""
    from hypothesis import find

    found = find(drawing.strategy(), lambda trial: len(trial.plan.mutations) >= 1, settings=settings(database=None))
    assert found.ground is drawing.grounds[0]
    assert len(found.plan.mutations) == 1
