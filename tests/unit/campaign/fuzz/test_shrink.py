from harness.campaign.fuzz.drawing import Trial
from harness.campaign.fuzz.ground import grounds
from harness.campaign.fuzz.shrink import MOST_TRIALS, shrink
from harness.mutations import Plan
from tests.unit.campaign.fuzz.planted import cassettes

GROUNDS = grounds(cassettes())
NOISE = [{"chunk-size": {"size": 7}}, {"framing": {"to": "close"}}]
CUT = {"stop": {"at": "response.created", "by": "cut"}, "attempt": 0}


def trial(*plan, ground=GROUNDS[-1]):
    return Trial(ground, Plan.from_json(list(plan)))


def shrunk(start, shows, **more):
    count = [0]

    def counted(candidate):
        count[0] += 1
        return candidate if shows(candidate) else None

    *_, last = [start, *shrink(start, counted, GROUNDS, **more)]
    return last, count[0]


def names(trial):
    return [mutation.operator.name for mutation in trial.plan.mutations]


def test_what_plays_no_part_is_left_out_and_the_cassette_is_the_smallest():
    last, count = shrunk(trial(*NOISE, CUT, *NOISE), lambda candidate: "stop" in names(candidate))
    assert names(last) == ["stop"]
    assert last.ground is GROUNDS[0]
    assert last.plan.mutations[0].attempt is None
    assert count < 60


def test_two_mutations_that_need_each_other_stay():
    both = {"stop", "framing"}
    last, _ = shrunk(trial(*NOISE, CUT), lambda candidate: both <= set(names(candidate)))
    assert sorted(names(last)) == ["framing", "stop"]


def test_values_end_as_the_first_of_the_space_that_shows_it():
    def shows(candidate):
        return any(m.operator.name == "wait-for-head" and m.operator.ms >= 20_000 for m in candidate.plan.mutations)

    last, _ = shrunk(trial({"wait-for-head": {"ms": 900_000}}), shows)
    space = last.ground.space(type(last.plan.mutations[0].operator), 0)
    assert last.plan.mutations[0].operator == next(form for form in space if form.ms >= 20_000)


def test_a_failure_without_any_mutation_ends_with_none():
    last, _ = shrunk(trial(*NOISE, CUT), lambda candidate: True)
    assert last == Trial(GROUNDS[0], Plan())


def test_it_is_the_same_every_time():
    starts = [trial(*NOISE, CUT, {"drop": {"at": "response.output_text.delta"}}) for _ in range(2)]
    shows = lambda candidate: {"drop", "stop"} & set(names(candidate))  # noqa: E731
    assert shrunk(starts[0], shows) == shrunk(starts[1], shows)


def test_it_stops_after_so_many_trials_with_the_least_so_far():
    _, count = shrunk(trial(*NOISE, CUT), lambda candidate: len(candidate.plan.mutations) > 1, most=3)
    assert count == 3
    _, count = shrunk(trial(*NOISE, CUT), lambda candidate: True)
    assert count <= MOST_TRIALS


def test_no_trial_is_run_twice():
    seen = []
    shrunk(trial(*NOISE, CUT), lambda candidate: seen.append(repr(candidate)) or "stop" in names(candidate))
    assert len(seen) == len(set(seen))
