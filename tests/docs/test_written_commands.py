"""Every command that the README and the help pages show exists, with the options it is shown with."""

import re
import shlex
from pathlib import Path

import pytest
import typer

from station.cli import app

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "station" / "docs").glob("*.md"))]


def written_commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                for part in line.split("&&"):
                    words = part.split("#")[0].strip()
                    if re.match(r"(\S*/)?station\s", words):
                        found.append((page.name, words))
    return found


@pytest.mark.parametrize(("page", "words"), written_commands())
def test_command_exists(page: str, words: str) -> None:
    command = typer.main.get_command(app)
    options: set[str] = set()
    for word in shlex.split(words)[1:]:
        names = {name for p in command.params for name in p.opts}
        options |= names
        children = getattr(command, "commands", {})
        if word.startswith("--"):
            assert word.split("=")[0] in options, f"{page}: {words}: no option {word}"
        elif word in children:
            command = children[word]
    assert not getattr(command, "commands", {}), f"{page}: {words}: no such command"


def test_pages_show_commands() -> None:
    assert {"README.md"} <= {page for page, _ in written_commands()}


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"
