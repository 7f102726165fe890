"""The page of the requirements: every row once, and every module, test and command that it names is there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import typer

from station.cli import app

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "station" / "docs" / "requirements.md"
ROWS = tuple(
    f"{letter}{n}"
    for letter, last in (
        ("G", 24), ("T", 17), ("C", 7), ("P", 2), ("V", 1), ("W", 16), ("S", 16), ("D", 5), ("N", 19),
    )
    for n in range(1, last + 1)
)  # fmt: skip
SILENT = 13
"""Questions on which the documents say nothing and something was decided."""


def table() -> list[list[str]]:
    """Cells of every row of every table, without the headings."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in cells if row[0] not in ("row", "question")]


@cache
def functions(file: Path) -> dict[str, str]:
    """The functions that a file defines, by name, each with its decorators as it is written."""
    text = file.read_text("utf-8")
    lines = text.splitlines()
    found = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            start = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            found[node.name] = "\n".join(lines[start - 1 : node.end_lineno])
    return found


def named(text: str) -> set[str]:
    """The rows that a test says it holds, in its name, its docstring or its parameters; T8-T10 are three."""
    found = set(re.findall(r"\b([A-Z]\d+)\b", text))
    found |= {row.upper() for row in re.findall(r"def test_([a-z]\d+)_", text)}
    for letter, first, last in re.findall(r"\b([A-Z])(\d+)-\1(\d+)\b", text):
        found |= {f"{letter}{n}" for n in range(int(first), int(last) + 1)}
    return found


def test_every_row_is_there_once_in_its_order() -> None:
    first = [row[0] for row in table()]
    assert tuple(first[: len(ROWS)]) == ROWS
    decided = first[len(ROWS) :]
    assert len(decided) == len(set(decided)) == SILENT


@pytest.mark.parametrize("row", table(), ids=lambda row: row[0])
def test_a_row_names_what_is_there(row: list[str]) -> None:
    *_, where, held = row
    assert len(row) == 4
    modules = re.findall(r"`(station/[\w/.]+)`", where)
    assert modules, "no module"
    for module in modules:
        assert (ROOT / module).exists(), module
    tests = re.findall(r"`([\w/]+\.py)::(\w+)`", held)
    assert tests, "no test"
    assert len(tests) == held.count("`") / 2, "something that is no test"
    for file, name in tests:
        assert name in functions(ROOT / "tests" / file), f"{file}::{name}"


def commands() -> list[str]:
    return sorted({c for row in table() for c in re.findall(r"`station ([a-z][^`]*)`", row[2])})


@pytest.mark.parametrize("words", commands())
def test_a_command_of_the_page_exists(words: str) -> None:
    """A group is named for all of its commands; an option belongs to the command before it."""
    command = typer.main.get_command(app)
    for word in words.split():
        children = getattr(command, "commands", {})
        if word.startswith("--"):
            assert word in {name for p in command.params for name in p.opts}, word
        elif children:
            assert word in children, word
            command = children[word]


def test_the_page_leads_to_what_is_not_yet_built() -> None:
    told = PAGE.read_text("utf-8").partition("Not yet built, in parts:")[2].partition("\n\n")[0]
    lacking = [row[0] for row in table() if "**Not yet:**" in row[2]]
    assert sorted(re.findall(r"\[([A-Z]\d+)\]", told)) == sorted(lacking)


@pytest.mark.parametrize("row", [row for row in table() if row[0] in ROWS], ids=lambda row: row[0])
def test_a_test_that_holds_a_row_says_so(row: list[str]) -> None:
    tests = re.findall(r"`([\w/]+\.py)::(\w+)`", row[3])
    silent = [name for file, name in tests if row[0] not in named(functions(ROOT / "tests" / file)[name])]
    assert silent == []
