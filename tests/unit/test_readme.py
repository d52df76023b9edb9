"""The README says what the code does: its rules are the registered ones, its commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.campaign.findings.export import FOLDER
from harness.cli import cli
from harness.consumers import registry
from harness.judge import REGISTRY

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("rule", REGISTRY.values(), ids=REGISTRY)
def test_every_rule_is_listed_in_its_own_words(rule) -> None:
    assert f"| `{rule.id}` | {rule.rule} |" in README


def test_no_rule_is_listed_that_does_not_exist() -> None:
    table = README.split("| rule | what must hold |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z-]+)` ", table, re.MULTILINE)) == set(REGISTRY)


def test_every_command_it_names_exists() -> None:
    named = set(re.findall(r"`harness ([a-z]+)", README))
    assert named
    assert named <= set(cli.list_commands(None))


def test_it_opens_with_the_two_commands() -> None:
    assert README.index("make run") < README.index("make test") < README.index("## What it is")


def test_every_program_it_knows_is_listed() -> None:
    rows = README.split("| name | program | language | way in |")[1].split("\n\n")[0].splitlines()[2:]
    assert {name for row in rows for name in re.findall("`([^`]+)`", row.split("|")[1])} == set(registry.known())


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md"])
def test_no_link_of_a_page_leads_nowhere(page: str) -> None:
    links = [link for link in LINK.findall((ROOT / page).read_text("utf-8")) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


# -- what the runtime does ------------------------------------------------------------------------------------

ROOT = Path(__file__).parents[2]
SYSTEMS = README.split("### What the runtime does")[1].split("\n\n")[1].splitlines()[2:]
LINK = re.compile(r"\]\(([^)]+)\)")


@pytest.mark.parametrize("row", SYSTEMS, ids=lambda row: row.split("|")[1].strip())
def test_every_system_links_code_scenarios_and_tests_that_exist(row: str) -> None:
    _, code, scenarios, tests = (LINK.findall(cell) for cell in row.strip("| ").split(" | ")[1:])
    assert code
    assert scenarios
    assert tests
    assert [link for link in (*code, *scenarios, *tests) if not (ROOT / link).exists()] == []
    assert all(link.startswith("harness/runtime/") for link in code)
    assert all(any((ROOT / link).glob("*.yaml")) for link in scenarios)
    assert all(Path(link).name.startswith("test_") for link in tests)


def test_every_family_of_scenarios_is_linked() -> None:
    linked = {Path(link).name for row in SYSTEMS for link in LINK.findall(row)}
    families = {path.name for path in (ROOT / "scenarios").iterdir() if path.is_dir()}
    assert families - {FOLDER} <= linked
