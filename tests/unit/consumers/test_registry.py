"""A name becomes a consumer, or one line that says what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.consumers import environments, registry
from harness.consumers.base import ConsumerError, UnknownConsumer
from harness.consumers.environments import CACHE_VARIABLE
from tests.unit.consumers.installing import pretend


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))


@pytest.mark.parametrize("name", sorted(registry.known()))
def test_every_entry_is_sound(name: str) -> None:
    entry = registry.known()[name]
    assert entry.capabilities_of(None).declared_errors
    assert entry.driver is None or (registry.DRIVERS / entry.driver).is_file()


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownConsumer, match=r"unknown consumer 'nobody'; known are .*hermes-agent, .*runtime"):
        registry.open_consumer("nobody==1.0")


@pytest.mark.parametrize("name", ["hermes-agent", "hermes-agent==newest"])
def test_what_is_not_installed_says_how_to_install_it(name: str) -> None:
    with pytest.raises(ConsumerError, match=r"not installed; install it with: harness consumers install hermes-agent$"):
        registry.open_consumer(name)


def test_another_release_that_is_installed_is_mentioned(tmp_path: Path) -> None:
    pretend(tmp_path, "hermes-agent", "0.14.0")
    with pytest.raises(
        ConsumerError, match=r"hermes-agent==0\.19\.0 is not installed \(installed: 0\.14\.0\); install"
    ):
        registry.open_consumer("hermes-agent==0.19.0")


@pytest.mark.parametrize("name", ["openai==two", "openai-stream=="])
def test_what_is_no_version_is_refused(name: str) -> None:
    with pytest.raises(UnknownConsumer):
        registry.open_consumer(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("hermes-agent@x1", "a clock is hurried 2 to 100 times, not 1"),
        ("hermes-agent==0.19.0@x5000", "a clock is hurried 2 to 100 times, not 5000"),
        ("runtime@x50", "runtime runs in this process, where time is simulated; leave @x50 out"),
        ("hermes-agent@50", "unknown consumer 'hermes-agent@50'"),
    ],
)
def test_a_clock_that_cannot_be_hurried_like_that_is_refused(name: str, reason: str) -> None:
    with pytest.raises(UnknownConsumer) as refused:
        registry.open_consumer(name)
    assert reason in str(refused.value)


def test_a_hurried_clock_is_promised_to_nobody_who_did_not_ask(tmp_path: Path) -> None:
    pretend(tmp_path, "openai", "2.24.0")
    scales = [registry.open_consumer(f"openai==2.24.0{scale}").capabilities.time_scale for scale in ("", "@x50")]
    assert scales == [1, 50]


def test_an_adapter_without_releases_takes_no_version() -> None:
    with pytest.raises(UnknownConsumer, match="runtime runs in this process and has no releases"):
        registry.open_consumer("runtime==0.1.0")


@pytest.mark.parametrize(
    ("asked", "opened"),
    [
        ("hermes-agent", "hermes-agent==0.19.0"),
        ("hermes-agent==newest", "hermes-agent==0.19.0"),
        ("hermes-agent==0.9", "hermes-agent==0.9.0"),
        ("hermes-agent+call==0.19.0", "hermes-agent+call==0.19.0"),
        ("openai==2.24.0", "openai-stream==2.24.0"),
        ("openai-stream==newest", "openai-stream==2.24.0"),
        ("hermes-agent@x50", "hermes-agent==0.19.0@x50"),
        ("openai==2.24.0@x100", "openai-stream==2.24.0@x100"),
    ],
)
def test_versions_are_resolved_among_the_installed(tmp_path: Path, asked: str, opened: str) -> None:
    for release in ("hermes-agent==0.9.0", "hermes-agent==0.19.0", "openai==2.24.0"):
        pretend(tmp_path, *release.split("=="))
    consumer = registry.open_consumer(asked)
    assert consumer.name == opened
    assert consumer.version == opened.partition("==")[2].partition("@")[0]


def test_a_release_without_this_way_in_says_which_have_it(tmp_path: Path) -> None:
    for version in ("0.14.0", "0.15.0"):
        pretend(tmp_path, "hermes-agent", version)
    with pytest.raises(ConsumerError, match=r"hermes-agent 0\.14\.0 has no such way in; releases >=0\.15 have it"):
        registry.open_consumer("hermes-agent+consumer==0.14.0")
    names = registry.installed_names()
    assert "hermes-agent+consumer==0.15.0" in names
    assert "hermes-agent+consumer==0.14.0" not in names


def test_releases_differ_in_what_they_promise(tmp_path: Path) -> None:
    entry = registry.entry_of("hermes-agent")
    assert entry.capabilities_of("0.14.0").requests_per_turn == 3
    assert entry.capabilities_of("0.19.0").requests_per_turn == 2
    assert entry.capabilities_of(None) == entry.capabilities_of("0.19.0")


def test_another_set_of_drivers_leaves_the_ones_in_use_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two checkouts share a cache: what one of them drives with must not become the other's."""
    placed = []
    for text in ("// ours", "// theirs"):
        drivers = tmp_path / text[3:]
        drivers.mkdir()
        (drivers / "a.mjs").write_text(text, encoding="utf-8")
        monkeypatch.setattr(registry, "DRIVERS", drivers)
        placed.append(registry._driver_in(environments.Environment("p", "1", tmp_path, "npm"), "a.mjs"))
    assert [path.read_text("utf-8") for path in placed] == ["// ours", "// theirs"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("name: [", "x.yaml: while parsing"),
        ("name: x\nsummary: s\ndocs: d\ncapabilities: {}", "x.yaml: /"),
        ("name: x\nsummary: s\ndocs: d\nadapter: a\ncapabilities: {telepathy: true}", "telepathy"),
        ("name: x\nsummary: s\ndocs: d\npackage: p\ncapabilities: {}", "x.yaml: /"),
    ],
)
def test_a_broken_entry_is_named(text: str, reason: str) -> None:
    with pytest.raises(ConsumerError) as broken:
        registry.read(text, "x.yaml")
    assert reason in str(broken.value)


def test_every_known_program_has_its_driver_and_one_recipe_a_package() -> None:
    recipes: dict[tuple[str, str], set[environments.Recipe]] = {}
    for entry in registry.known().values():
        if entry.package is not None:
            assert entry.driver is not None
            assert (registry.DRIVERS / entry.driver).is_file(), entry.name
            recipes.setdefault((entry.index, entry.package), set()).add(entry.recipe)
    assert {key for key, found in recipes.items() if len(found) > 1} == set()


FAST = [entry for entry in registry.known().values() if entry.fast_lane_of]


@pytest.mark.parametrize("entry", FAST, ids=lambda entry: entry.name)
def test_a_fast_lane_is_a_way_into_the_same_program_that_opens_nothing(entry: registry.Entry) -> None:
    full = registry.known()[entry.fast_lane_of or ""]
    fast_ones, full_ones = dict(entry.capabilities), dict(full.capabilities)
    assert fast_ones.pop("opens") is False
    assert (fast_ones, entry.releases, entry.versions) == (full_ones, full.releases, full.versions)
    assert (entry.package, entry.driver, entry.index) == (full.package, full.driver, full.index)
    assert registry.is_fast_lane(f"{entry.name}==1.0")
    assert not registry.is_fast_lane(full.name)


def test_a_release_has_the_fast_lane_of_its_own_release(tmp_path: Path) -> None:
    pretend(tmp_path, "openai", "2.24.0")
    pretend(tmp_path, "openai", "3.54.0")
    fast = registry.open_fast(registry.open_consumer("openai==2.24.0"))
    assert fast is not None
    assert (fast.name, fast.capabilities.opens) == ("openai-stream+handed==2.24.0", False)


@pytest.mark.parametrize("name", ["runtime", "openai-stream"])
def test_what_runs_in_this_process_has_no_fast_lane(name: str) -> None:
    assert registry.open_fast(registry.open_consumer(name)) is None


def test_a_program_without_one_has_none(tmp_path: Path) -> None:
    pretend(tmp_path, "hermes-agent", "0.19.0")
    assert registry.open_fast(registry.open_consumer("hermes-agent==0.19.0")) is None


def test_a_fast_lane_of_nobody_is_refused() -> None:
    with pytest.raises(ConsumerError, match=r"it.yaml: /fast_lane_of: there is no consumer 'nobody'"):
        registry.read("name: it\nfast_lane_of: nobody\n", "it.yaml")


def test_an_sdk_that_a_python_program_drives_comes_in_the_release_that_the_program_asks_for() -> None:
    python = [entry for entry in registry.known().values() if entry.index == "pypi"]
    alone = {entry.name: name for entry in python for name in entry.beside if not name.startswith(f"{entry.package}[")}
    assert alone == {}
