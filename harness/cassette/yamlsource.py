"""A YAML file that remembers its lines: whatever is wrong in it is reported as file, line and JSON pointer.

The tags are those of the YAML 1.2 core schema, so a date or ``on`` stays the text that was written; a key given
twice is an error, because the file is the record and the second value would silently win.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match


class SourceError(Exception):
    """Something a person has to mend in a file. Lines count from 1; ``pointer`` is RFC 6901."""

    def __init__(
        self, path: Path, message: str, *, line: int | None = None, pointer: str | None = None, hint: str = ""
    ) -> None:
        super().__init__(path, message)
        self.path = path
        self.message = message
        self.line = line
        self.pointer = pointer
        self.hint = hint

    def __str__(self) -> str:
        place = str(self.path) if self.line is None else f"{self.path}:{self.line}"
        pointer = f" at {self.pointer}" if self.pointer else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{place}{pointer}: {self.message}{hint}"


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a value was written, and where its parts were. A mapping's entry starts at its key."""

    line: int
    parts: Mapping[str, Mark] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """One parsed file."""

    path: Path
    data: Any
    """Plain dicts, lists, texts, numbers, booleans and None."""
    mark: Mark = field(repr=False)
    errors: type[SourceError] = SourceError

    def line_of(self, pointer: str) -> int:
        """Line of the value at an RFC 6901 pointer, or of its nearest parent that exists."""
        mark = self.mark
        for token in pointer.split("/")[1:]:
            part = mark.parts.get(token.replace("~1", "/").replace("~0", "~"))
            if part is None:
                break
            mark = part
        return mark.line

    def error(self, pointer: str, message: str, hint: str = "") -> SourceError:
        """The error to raise for what stands at ``pointer``."""
        return self.errors(self.path, message, line=self.line_of(pointer), pointer=pointer or "/", hint=hint)


def read_yaml(path: Path, errors: type[SourceError] = SourceError) -> Source:
    """Parse one file holding one document. Raises ``errors`` for anything that keeps it from being read."""
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise errors(path, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise errors(path, f"is not UTF-8 (byte {error.start})", line=line, hint="save the file as UTF-8") from error
    try:
        data, mark = _build(text)
    except yaml.MarkedYAMLError as error:
        place = error.problem_mark or error.context_mark
        column = "" if place is None else f" in column {place.column + 1}"
        message = f"is not YAML: {error.problem or error.context}{column}"
        raise errors(path, message, line=None if place is None else place.line + 1) from error
    except yaml.reader.ReaderError as error:
        # Its position counts bytes in one parser and characters in the other; the character itself is sure.
        odd = error.character if isinstance(error.character, str) else chr(error.character)
        line = text.partition(odd)[0].count("\n") + 1
        raise errors(path, f"is not YAML: {error.reason} (U+{ord(odd):04X})", line=line) from error
    except _Unusable as error:
        raise errors(path, error.message, line=error.line) from error
    return Source(path, data, mark, errors)


def check(source: Source, schema: Draft202012Validator | Mapping[str, Any]) -> None:
    """Hold the data against a JSON Schema 2020-12; raises the source's error for the mistake that explains most."""
    validator = schema if isinstance(schema, Draft202012Validator) else Draft202012Validator(schema)
    worst: Any = best_match(validator.iter_errors(source.data))
    if worst is None:
        return
    pointer, message = _explain(worst)
    description = worst.schema.get("description", "") if isinstance(worst.schema, Mapping) else ""
    raise source.error(pointer, message, hint=str(description))


def pointer_to(path: Iterable[str | int]) -> str:
    """RFC 6901 pointer of a path of keys and indexes."""
    return "".join(f"/{str(token).replace('~', '~0').replace('/', '~1')}" for token in path)


class _Unusable(Exception):
    def __init__(self, event: Any, message: str) -> None:
        super().__init__(message)
        self.line = event.start_mark.line + 1
        self.message = message


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet."""

    event: Any
    data: Any
    parts: dict[str, Mark]
    key: Any = None

    @property
    def key_is_next(self) -> bool:
        return self.key is None and isinstance(self.data, dict)


def _build(text: str) -> tuple[Any, Mark]:
    """Data and marks, from the flat event stream: composing by recursion dies on a deeply nested file."""
    stack: list[_Open] = []
    anchors: dict[str, tuple[Any, Mark]] = {}
    documents: list[tuple[Any, Mark]] = []
    event: Any
    for event in yaml.parse(text, Loader=_PARSER):
        if stack and stack[-1].key_is_next and not isinstance(event, yaml.MappingEndEvent):
            _take_key(stack[-1], event)
            continue
        match event:
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                _open(stack, event)
                continue
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                opened = stack.pop()
                event, data, parts = opened.event, opened.data, opened.parts
            case yaml.AliasEvent():
                if event.anchor not in anchors:
                    raise _Unusable(event, f"the alias *{event.anchor} stands for nothing that came before it")
                data, parts = anchors[event.anchor][0], dict(anchors[event.anchor][1].parts)
            case yaml.ScalarEvent():
                data, parts = _scalar(event), {}
            case yaml.DocumentStartEvent() if documents:
                raise _Unusable(event, "holds more than one document")
            case _:
                continue
        mark = Mark(event.start_mark.line + 1, parts)
        if not isinstance(event, yaml.AliasEvent) and event.anchor is not None:
            anchors[event.anchor] = (data, mark)
        if stack:
            _put(stack[-1], data, mark)
        else:
            documents.append((data, mark))
    return documents[0] if documents else (None, Mark(1))


def _open(stack: list[_Open], event: Any) -> None:
    if len(stack) == _DEPTH:
        raise _Unusable(event, f"is nested deeper than {_DEPTH} levels")
    if event.tag is not None:
        raise _Unusable(event, f"the tag {event.tag} is not used here")
    stack.append(_Open(event, {} if isinstance(event, yaml.MappingStartEvent) else [], {}))


def _take_key(parent: _Open, event: Any) -> None:
    if not isinstance(event, yaml.ScalarEvent):
        raise _Unusable(event, "a key is a plain text")
    # JSON has text keys only, so `404:` means "404", whatever a YAML reader would make of it.
    if event.value in parent.data:
        raise _Unusable(event, f"the key {event.value!r} is given twice")
    parent.key = event


def _put(parent: _Open, data: Any, mark: Mark) -> None:
    if isinstance(parent.data, list):
        parent.parts[str(len(parent.data))] = mark
        parent.data.append(data)
        return
    parent.parts[parent.key.value] = Mark(parent.key.start_mark.line + 1, mark.parts)
    parent.data[parent.key.value] = data
    parent.key = None


def _scalar(event: Any) -> Any:
    if event.tag is not None:
        raise _Unusable(event, f"the tag {event.tag} is not used here")
    if not event.implicit[0]:
        return event.value
    for pattern, convert in _CORE:
        if pattern.fullmatch(event.value):
            return convert(event.value)
    return event.value


CORE_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
"""What a plain scalar of the YAML 1.2 core schema needs to look like to be a number, integers included."""


class CoreDumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Quotes also what only a YAML 1.2 reader would take for a number, such as ``1e3``."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


CoreDumper.add_implicit_resolver("tag:yaml.org,2002:float", CORE_NUMBER, None)


def as_yaml(value: Any) -> str:
    """A text that ``read_yaml``, and any other reader, takes for the same value."""
    return str(yaml.dump(value, Dumper=CoreDumper, sort_keys=False, allow_unicode=True, width=110))


_CORE: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (re.compile(r"[-+]?[0-9]{1,4000}"), int),
    (CORE_NUMBER, float),
    (re.compile(r"~|null|Null|NULL|"), lambda _: None),
    (re.compile(r"true|True|TRUE"), lambda _: True),
    (re.compile(r"false|False|FALSE"), lambda _: False),
)
"""Plain scalars that are no texts (YAML 1.2.2, section 10.3.2; its octal and hexadecimal forms are not used here)."""
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEPTH = 100


def _explain(error: Any) -> tuple[str, str]:
    """Pointer and sentence: JSON Schema's own words speak to its authors, these to the file's."""
    pointer = pointer_to(error.absolute_path)
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return pointer, f"{_list(missing)} is missing"
    if error.validator == "additionalProperties" and error.validator_value is False:
        known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
        extra = next(name for name in error.instance if name not in known)
        return f"{pointer}{pointer_to([extra])}", f"{extra!r} is not known here; known: {_list(known)}"
    sentence = _SENTENCES.get(str(error.validator))
    if sentence is None:
        return pointer, _cropped(error.message)
    wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
    return pointer, sentence.format(value=_cropped(repr(error.instance)), wanted=_list(wanted))


_SENTENCES: Mapping[str, str] = {
    "const": "{value} must be {wanted}",
    "enum": "{value} is not one of {wanted}",
    "maxItems": "{value} has more than {wanted} entries",
    "maxLength": "{value} is longer than {wanted} characters",
    "maximum": "{value} is more than {wanted}",
    "minItems": "{value} has fewer than {wanted} entries",
    "minLength": "{value} is shorter than {wanted} characters",
    "minProperties": "{value} has fewer than {wanted} entries",
    "minimum": "{value} is less than {wanted}",
    "pattern": "{value} does not match {wanted}",
    "type": "{value} is not of type {wanted}",
}


def _list(names: Iterable[object]) -> str:
    return ", ".join(name if isinstance(name, str) else repr(name) for name in names)


def _cropped(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


_SHOWN = 80
