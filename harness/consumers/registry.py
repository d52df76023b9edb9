"""The consumers the harness knows, one YAML file each, and how a name becomes a consumer that is ready to serve.

``NAME`` is the adapter in this process where there is one, else the newest release installed; ``NAME==VERSION`` and
``NAME==newest`` are always a release in an environment of its own. A program in a process of its own whose name ends in
``@x50`` is the same with its clock run up to 50 times as fast while it is kept waiting.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from packaging.specifiers import SpecifierSet

from harness.consumers import environments
from harness.consumers.adapters import adapter
from harness.consumers.base import Consumer, ConsumerError, UnknownConsumer
from harness.consumers.process import READY_MS, ProcessConsumer, Program
from harness.consumers.registered import registered
from harness.consumers.tools import Progress
from harness.contract import Capabilities
from harness.contract.validate import problem

DRIVERS = Path(__file__).with_name("drivers")
SCALES = range(2, 101)
"""By how much a clock may be hurried: past that, waits are late by half a second and more of the program's time."""

_HURRIED = re.compile(r"(.+)@x(\d+)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One known consumer."""

    name: str
    summary: str
    docs: str
    capabilities: Mapping[str, Any]
    adapter: str | None = None
    package: str | None = None
    index: environments.Index = "pypi"
    beside: tuple[str, ...] = ()
    driver: str | None = None
    lane: str | None = None
    fast_lane_of: str | None = None
    """The consumer that this is a fast lane of: a cheaper way into the same program and release, which sees less."""
    ready_ms: float = READY_MS
    deadline_ms: float = float("inf")
    versions: str = ""
    """Releases that have this way in, as a PEP 440 specifier; all of them when empty."""
    releases: tuple[Mapping[str, Any], ...] = ()
    aliases: tuple[str, ...] = ()
    default_for: tuple[str, ...] = ()
    """Scenarios, by id with shell wildcards, that run against it when no consumer is named."""

    def is_default_for(self, scenario_id: str) -> bool:
        """Whether a scenario runs against it when no consumer is named."""
        return any(fnmatchcase(scenario_id, pattern) for pattern in self.default_for)

    @property
    def recipe(self) -> environments.Recipe:
        """How its releases are installed."""
        return environments.Recipe(self.index, self.beside)

    def has(self, version: str) -> bool:
        """Whether a release has this way in."""
        return SpecifierSet(self.versions).contains(version, prereleases=True)

    def capabilities_of(self, version: str | None) -> Capabilities:
        """What this release promises; without a version, what the newest does."""
        promised = dict(self.capabilities)
        for release in self.releases:
            if version is not None and SpecifierSet(release["versions"]).contains(version, prereleases=True):
                promised.update(release["capabilities"])
        return Capabilities.read(promised)


@cache
def known() -> Mapping[str, Entry]:
    """All entries by name, in order of name. Raises ConsumerError when a file breaks the schema."""
    folder = files("harness.consumers").joinpath("known")
    texts = {path.name: path.read_text("utf-8") for path in folder.iterdir() if path.name.endswith(".yaml")}
    entries = [read(text, name, texts) for name, text in texts.items()]
    return {entry.name: entry for entry in sorted(entries, key=lambda entry: entry.name)}


_OWN = ("aliases", "default_for", "adapter", "lane")
"""What a fast lane does not share with the consumer that it is one of."""


def read(text: str, where: str, others: Mapping[str, str] | None = None) -> Entry:
    """One entry from YAML; ``others`` are the texts beside it, by file name. Raises ConsumerError, naming ``where``."""
    body = _yaml(text, where)
    full = body.get("fast_lane_of") if isinstance(body, dict) else None
    if full is not None:
        if f"{full}.yaml" not in (others or {}):
            raise ConsumerError(f"{where}: /fast_lane_of: there is no consumer {full!r}")
        base = _yaml((others or {})[f"{full}.yaml"], f"{full}.yaml")
        shared = {key: value for key, value in base.items() if key not in _OWN}
        capabilities = {**base.get("capabilities", {}), **body.get("capabilities", {})}
        body = {**shared, **body, "capabilities": capabilities}
    if wrong := problem("consumer", body):
        raise ConsumerError(f"{where}: {wrong}")
    lists = {name: tuple(body.get(name, ())) for name in ("releases", "aliases", "beside", "default_for")}
    return Entry(**{**body, **lists})


def _yaml(text: str, where: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConsumerError(f"{where}: {error}") from None


def entry_of(name: str) -> Entry:
    """The entry called ``name`` (without a version). Raises UnknownConsumer."""
    entries = known()
    found = next((entry for entry in entries.values() if name in (entry.name, *entry.aliases)), None)
    if found is not None:
        return found
    raise UnknownConsumer(f"unknown consumer {name!r}; known are {', '.join((*registered(), *entries))}")


def open_consumer(name: str) -> Consumer:
    """The consumer called ``name``. Nothing of it is started before its first case.

    Raises ConsumerError: unknown name, or not installed (with the command that installs it).
    """
    plain, scale = split_scale(name)
    if (own := registered().get(plain)) is not None:
        return ProcessConsumer(replace(own, name=name, capabilities=replace(own.capabilities, time_scale=scale)))
    base, separator, version = plain.partition("==")
    entry = entry_of(base)
    if entry.adapter is not None and not separator:
        if scale > 1:
            raise UnknownConsumer(f"{plain} runs in this process, where time is simulated; leave @x{scale} out")
        in_process = replace(entry.capabilities_of(None), simulated_time=True)
        return adapter(entry.adapter)(name, in_process)
    if entry.package is None:
        raise UnknownConsumer(f"{entry.name} runs in this process and has no releases to choose from")
    package, version = environments.split(f"{entry.package}{separator}{version}")
    environment = environments.find(package, version, entry.index, called=entry.name)
    if not entry.has(environment.version):
        raise ConsumerError(
            f"{name}: {package} {environment.version} has no such way in; releases {entry.versions} have it"
        )
    return _in_environment(entry, environment, scale)


def split_scale(name: str) -> tuple[str, int]:
    """``("openai==2.24.0", 50)`` for ``openai==2.24.0@x50``; 1 where nothing is said. Raises UnknownConsumer."""
    found = _HURRIED.fullmatch(name)
    if found is None:
        return name, 1
    scale = int(found[2])
    if scale not in SCALES:
        raise UnknownConsumer(f"{name}: a clock is hurried {SCALES[0]} to {SCALES[-1]} times, not {scale}")
    return found[1], scale


def with_scale(name: str, scale: int) -> str:
    """The name of the same program in hurried time; itself when the scale is 1."""
    return f"{name}@x{scale}" if scale > 1 else name


def is_fast_lane(name: str) -> bool:
    """Whether a name is a fast lane of another consumer, which stands for that one and not for a program of its own."""
    entry = known().get(name.partition("==")[0])
    return entry is not None and entry.fast_lane_of is not None


def open_fast(consumer: Consumer) -> Consumer | None:
    """The fast lane into the same release of a consumer; None where it has none. Raises ConsumerError.

    In this process there is none: without a server and a pipe, HTTP is a tenth of what a case costs.
    """
    full, _, version = consumer.name.partition("==")
    fast = next((entry for entry in known().values() if entry.fast_lane_of == full), None)
    if fast is None or not version or not fast.has(version):
        return None
    return open_consumer(f"{fast.name}=={version}")


def default_entries() -> list[Entry]:
    """The consumers that run when none is named: this project's own, those that all scenarios concern first."""
    entries = (entry for entry in known().values() if entry.default_for)
    return sorted(entries, key=lambda entry: ("*" not in entry.default_for, entry.name))


def installed_names() -> list[str]:
    """Every name that :func:`open_consumer` can open now: the user's own, adapters, and installed releases."""
    names = list(registered())
    names += [entry.name for entry in known().values() if entry.adapter is not None]
    for entry in known().values():
        if entry.package is not None:
            here = environments.installed(entry.package, entry.index)
            names += [f"{entry.name}=={env.version}" for env in here if entry.has(env.version)]
    return names


def install(spec: str, progress: Progress = lambda line: None) -> environments.Environment:
    """Build the environment of a consumer's release, ``NAME`` or ``NAME==VERSION``.

    Raises UnknownConsumer, or ConsumerError with the installer's last lines.
    """
    name, separator, version = spec.partition("==")
    entry = entry_of(name)
    if entry.package is None:
        raise UnknownConsumer(f"{name} runs in this process: there is nothing to install")
    return environments.install(f"{entry.package}{separator}{version}", progress, entry.recipe)


def _in_environment(entry: Entry, environment: environments.Environment, scale: int) -> ProcessConsumer:
    assert entry.driver is not None
    command = [*environment.program, str(_driver_in(environment, entry.driver)), *([entry.lane] if entry.lane else [])]
    return ProcessConsumer(
        Program(
            name=with_scale(f"{entry.name}=={environment.version}", scale),
            version=environment.version,
            command=command,
            capabilities=replace(entry.capabilities_of(environment.version), time_scale=scale),
            ready_ms=entry.ready_ms,
            deadline_ms=entry.deadline_ms,
        )
    )


def _driver_in(environment: environments.Environment, driver: str) -> Path:
    """Where the driver is started from. Node looks for packages from the program's own folder upwards.

    The cache is shared, and another release of this package may have other drivers: each set has a folder of its own.
    """
    if environment.index == "pypi":
        return DRIVERS / driver
    sources = sorted(DRIVERS.glob("*.mjs"))
    digest = hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]
    folder = environment.folder / f"drivers-{digest}"
    folder.mkdir(exist_ok=True)
    for source in sources:
        draft = folder / f"{source.name}.{os.getpid()}"
        draft.write_bytes(source.read_bytes())
        draft.replace(folder / source.name)
    return folder / driver
