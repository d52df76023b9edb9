import pytest
import yaml
from click.testing import CliRunner

from harness.commands.mutations import mutations
from harness.mutations import Plan, operators


def run(*arguments):
    return CliRunner().invoke(mutations, arguments)


def test_list_names_every_operator_and_its_layer_once():
    lines = run("list").output.splitlines()
    assert sorted(line.split()[:2] for line in lines) == sorted([o.layer, n] for n, o in operators().items())
    assert len(lines) == len(operators())


def test_list_of_one_layer():
    lines = run("list", "--layer", "chunk").output.splitlines()
    assert {line.split()[0] for line in lines} == {"chunk"}
    refused = run("list", "--layer", "nope")
    assert refused.exit_code == 2
    assert "known: shape" in refused.output


@pytest.mark.parametrize("name", operators())
def test_show_says_what_where_from_and_how_it_is_written(name):
    output = run("show", name).output
    operator = operators()[name]
    assert operator.meaning() in output
    assert operator.incident in output
    example = output.partition("In a plan:\n")[2]
    assert list(yaml.safe_load(example)[0]) == [name]
    assert Plan.from_yaml(example).to_yaml() == example
    assert all(f"\n  {parameter} " in output for parameter in operator.parameters)


def test_show_names_what_there_is():
    refused = run("show", "nope")
    assert refused.exit_code == 2
    assert "nullify" in refused.output
