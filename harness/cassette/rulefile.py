"""More rules for ``harness cassettes scan``, from a YAML file: what only its owners know to be a secret."""

from __future__ import annotations

import re
from pathlib import Path

from jsonschema import Draft202012Validator

from harness.cassette.rules import RULES, Rule
from harness.cassette.yamlsource import Source, SourceError, check, read_yaml


class RuleError(SourceError):
    """A rule file that cannot be used as it is written."""


def load_rules(path: Path) -> tuple[Rule, ...]:
    """The rules in one file. Raises RuleError with file, line and pointer."""
    source = read_yaml(path, RuleError)
    check(source, SCHEMA)
    rules: dict[str, Rule] = {}
    for number, entry in enumerate(source.data["rules"]):
        name = entry["name"]
        if name in rules or name in _TAKEN:
            raise source.error(f"/rules/{number}/name", f"there is a rule {name!r} already")
        rules[name] = Rule(name, _pattern(source, number, entry["pattern"]), entry["why"])
    return tuple(rules.values())


def _pattern(source: Source, number: int, text: str) -> re.Pattern[bytes]:
    here = f"/rules/{number}/pattern"
    try:
        pattern = re.compile(text.encode())
    except (re.error, OverflowError) as error:
        raise source.error(here, f"is no regular expression: {error}") from error
    if "secret" not in pattern.groupindex:
        raise source.error(here, "names no group 'secret'", hint=_GROUP)
    if pattern.fullmatch(b""):
        raise source.error(here, "matches the empty text, and so everywhere")
    return pattern


_TAKEN = frozenset(rule.name for rule in RULES)
_GROUP = "put (?P<secret>...) around what must not be there"
_TEXT = {"type": "string", "minLength": 1}

SCHEMA = Draft202012Validator(
    {
        "description": "rules: a list of name, pattern and why",
        "type": "object",
        "additionalProperties": False,
        "required": ["rules"],
        "properties": {
            "rules": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "description": "a rule: name, pattern and why",
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["name", "pattern", "why"],
                    "properties": {
                        "name": {**_TEXT, "pattern": r"^[\w-]+$", "description": "letters, digits and dashes"},
                        "pattern": {**_TEXT, "description": "a Python regular expression over UTF-8 bytes"},
                        "why": {**_TEXT, "description": "what the secret would give away"},
                    },
                },
            }
        },
    }
)
