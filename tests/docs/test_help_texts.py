"""What ``--help`` says: every argument and option says what it is, and each room of the commands has its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from station import cli
from station.settings import Settings


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every command with its words, groups left out."""
    children = getattr(command, "commands", {})
    if not children:
        yield " ".join(path), command
    for name, child in children.items():
        yield from commands(child, (*path, name))


COMMANDS = dict(commands(typer.main.get_command(cli.app)))


def rooms() -> dict[str, str]:
    """What the docstring of the commands says of each of its rooms."""
    lines = re.sub(r"\n {2,}", " ", cli.__doc__ or "")
    return dict(re.findall(r"^``(\w+)``\s+(.+)$", lines, re.MULTILINE))


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_says_what_it_does_and_what_it_takes(words: str) -> None:
    command = COMMANDS[words]
    assert command.help
    silent = [p.name for p in command.params if p.name != "help" and not p.help]
    assert silent == []


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_is_named_in_its_room(words: str) -> None:
    room = COMMANDS[words].callback.__module__.rpartition(".")[2]
    first, _, more = words.partition(" ")
    assert set(re.findall(r"[\w-]+", rooms()[room])) >= {first, more.partition(" ")[0] or first}, room


def test_every_room_is_named() -> None:
    files = {f.stem for f in Path(cli.__file__).parent.glob("*.py")} - {"__init__"}
    assert set(rooms()) == files


def test_the_port_without_a_choice_is_the_one_that_is_said() -> None:
    [port] = [p for p in COMMANDS["serve"].params if p.name == "port"]
    assert str(Settings.model_fields["port"].default) in port.help
