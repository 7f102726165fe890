"""Every command and the requests that do the same, as the help page tells them: none is forgotten, none is made up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import station
from station.web.permissions import API, TABLE

PAGE = Path(station.__file__).parent / "docs" / "api-commands.md"
REQUEST = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) (/[^`]*)`")
NOT = "not over HTTP: "


def rows() -> list[tuple[str, str]]:
    """Cells of the page's tables, headings and rules left out."""
    lines = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| `")]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]  # type: ignore[misc]


def commands() -> Iterator[str]:
    """Every command of ``station`` with its groups, as typed."""
    import typer

    from station.cli import app

    def leaves(command: object, words: tuple[str, ...]) -> Iterator[str]:
        known = getattr(command, "commands", None)
        if known is None:
            yield " ".join(words)
            return
        for name, inner in known.items():
            yield from leaves(inner, (*words, name))

    yield from leaves(typer.main.get_command(app), ())


def served() -> set[tuple[str, str]]:
    """Requests of the API, as the page writes them."""
    return {(m, re.sub(r":path}", "}", p.removeprefix(API))) for m, p, _ in TABLE if p.startswith(f"{API}/")}


ROWS = rows()
COMMANDS = {first.strip("`"): told for first, told in ROWS if not REQUEST.search(first)}


def test_every_command_has_one_row_and_no_row_is_of_another() -> None:
    listed = [first.strip("`") for first, _ in ROWS if not REQUEST.search(first)]
    assert sorted(listed) == sorted(commands())


@pytest.mark.parametrize("command", COMMANDS)
def test_a_row_names_requests_that_there_are_or_says_why_there_is_none(command: str) -> None:
    told = COMMANDS[command]
    named = set(REQUEST.findall(told))
    assert named <= served(), named - served()
    if told.startswith(NOT):
        assert len(told) > len(NOT) + 10
    else:
        assert named


def test_every_request_is_told_of() -> None:
    named = {found for row in ROWS for cell in row for found in REQUEST.findall(cell)}
    assert served() == named
