"""Where scenarios and cassettes are found, and the cases they make together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from harness.campaign.case import Planned
from harness.campaign.scenario import PLAN, Scenario, ScenarioError, load_scenario, plan_scenario
from harness.cassette import Cassette, exchange_of, find, load


class NotFound(Exception):
    """Something the user named is not there."""


class Library:
    """The scenarios and cassettes of one checkout; each file is read once, when it is first needed."""

    def __init__(self, scenarios: Path, cassettes: Path) -> None:
        self._scenarios = scenarios
        self._cassettes = cassettes
        self._names: tuple[str, ...] | None = None
        self._loaded: dict[str, Cassette] = {}

    def scenarios(self, wanted: Sequence[str] = ()) -> list[Scenario]:
        """Those that the words select, or all: an id, a path, a folder or a glob each.

        Raises NotFound for a word that selects nothing, ScenarioError for a broken file.
        """
        if not wanted:
            return [self._load(path) for path in self._all()]
        paths = dict.fromkeys(path for word in wanted for path in self._select(word))
        return [self._load(path) for path in paths]

    def cases(self, scenarios: Iterable[Scenario]) -> list[Planned]:
        """Every scenario with every cassette it names.

        Raises ScenarioError when a name selects no cassette, CassetteError for a broken one.
        """
        return [Planned(scenario, self.cassette(name)) for scenario in scenarios for name in self._matching(scenario)]

    def plan_cases(self, path: Path, patterns: Sequence[str] = ()) -> tuple[list[Planned], list[str]]:
        """A lone plan with every cassette that it changes, and the names of those in which it finds nothing to change.

        Raises NotFound for a pattern that selects no cassette, ScenarioError for a broken plan, CassetteError.
        """
        scenario = plan_scenario(path)
        cases, missed = list[Planned](), list[str]()
        for name in self._selected(patterns or ("*",)):
            planned = Planned(scenario, self.cassette(name))
            if not planned.possible or scenario.plan.apply(exchange_of(planned.cassette)).misses:
                missed.append(name)
            else:
                cases.append(planned)
        return cases, missed

    def selection(self, patterns: Sequence[str] = ()) -> list[Cassette]:
        """The cassettes that the patterns select, or all. Raises NotFound for one that selects none, CassetteError."""
        return [self.cassette(name) for name in self._selected(patterns or ("*",))]

    def case(self, id: str) -> Planned:
        """The case of an id, ``SCENARIO@CASSETTE`` or ``plan:FILE@CASSETTE``.

        Raises NotFound, ScenarioError, CassetteError.
        """
        scenario_id, at, name = id.rpartition("@")
        if not at:
            raise NotFound(f"{id!r} is no case id; a case id is SCENARIO@CASSETTE, as a report prints it")
        if scenario_id.startswith(PLAN):
            return Planned(plan_scenario(Path(scenario_id.removeprefix(PLAN))), self.cassette(name))
        scenarios = self.scenarios([scenario_id])
        if len(scenarios) != 1:
            raise NotFound(f"{scenario_id!r} selects {len(scenarios)} scenarios; a case has one")
        return Planned(scenarios[0], self.cassette(name))

    def cassette(self, name: str) -> Cassette:
        """Raises NotFound, or CassetteError when it is broken."""
        if name not in self._loaded:
            if name not in self._cassette_names():
                raise NotFound(f"there is no cassette {name!r} in {self._cassettes}")
            self._loaded[name] = load(self._cassettes / name)
        return self._loaded[name]

    def _all(self) -> list[Path]:
        if not self._scenarios.is_dir():
            raise NotFound(f"there is no scenarios folder {str(self._scenarios)!r}; name one with --scenarios")
        return sorted(self._scenarios.rglob("*.yaml"))

    def _select(self, word: str) -> list[Path]:
        named = self._named(word)
        if named:
            return named
        known = [path for path in self._all() if fnmatchcase(self._id(path), word)]
        if not known:
            raise NotFound(f"{word!r} is no scenario, file, folder or glob; 'harness scenarios list' shows them")
        return known

    def _named(self, word: str) -> list[Path]:
        for path in (self._scenarios / word, Path(word)) if word else ():
            file = path if path.suffix == ".yaml" else path.with_name(f"{path.name}.yaml")
            if file.is_file():
                return [file]
            if path.is_dir():
                return sorted(path.rglob("*.yaml"))
        return []

    def _load(self, path: Path) -> Scenario:
        return load_scenario(path, self._id(path))

    def _id(self, path: Path) -> str:
        plain = path.with_suffix("")
        if plain.resolve().is_relative_to(self._scenarios.resolve()):
            return plain.resolve().relative_to(self._scenarios.resolve()).as_posix()
        return plain.as_posix()

    def _selected(self, patterns: Sequence[str]) -> list[str]:
        for pattern in patterns:
            if not any(fnmatchcase(name, pattern) for name in self._cassette_names()):
                raise NotFound(f"{pattern!r} selects no cassette in {self._cassettes}")
        return [name for name in self._cassette_names() if any(fnmatchcase(name, pattern) for pattern in patterns)]

    def _matching(self, scenario: Scenario) -> list[str]:
        names: dict[str, None] = {}
        for pattern in scenario.cassettes:
            named = [name for name in self._cassette_names() if fnmatchcase(name, pattern)]
            found = [name for name in named if self._suits(name, pattern)]
            if not found:
                where = scenario.path or Path(scenario.id)
                raise ScenarioError(where, f"{pattern!r} selects no cassette in {self._cassettes}", pointer="/cassette")
            names.update(dict.fromkeys(found))
        return list(names)

    def _suits(self, name: str, pattern: str) -> bool:
        """Any provider means any provider of streams: the lines of a subprocess are asked for by their folder."""
        return not pattern.startswith("*") or self.cassette(name).kind == "sse"

    def _cassette_names(self) -> tuple[str, ...]:
        if self._names is None:
            if not self._cassettes.is_dir():
                where = f"there is no cassettes folder {str(self._cassettes)!r}"
                raise NotFound(f"{where}; name it with --cassettes (fuzz, gate: --library)")
            self._names = tuple(path.relative_to(self._cassettes).as_posix() for path in find(self._cassettes))
        return self._names
