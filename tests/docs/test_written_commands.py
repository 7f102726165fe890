"""Every command that the README, the help pages, the pages of the browser and the program's own messages name exists,
with the options that it is named with; and the README's set-up is what the checks run."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer

from station.cli import app

ROOT = Path(__file__).parents[2]
STATION = ROOT / "station"
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((STATION / "docs").rglob("*.md"))]
COMMANDS = typer.main.get_command(app)
FILLED = "…"
"""What stands for a value that a message is filled in with."""


def faults(words: Sequence[str]) -> Iterator[str]:
    """What the commands do not have of a command line without its ``station``. A group is named for all it has."""
    command: Any = COMMANDS
    options = {"--help"}
    for word in words:
        options |= {name for p in command.params for name in (*p.opts, *p.secondary_opts)}
        children = getattr(command, "commands", {})
        if word.startswith("--"):
            if word.partition("=")[0] not in options:
                yield f"no option {word}"
        elif word in children:
            command = children[word]
        elif children and re.fullmatch("[a-z][a-z-]*", word):
            yield f"no command {word}"
        elif children and FILLED in word:
            return  # which command it is, is filled in


def shown() -> Iterator[tuple[str, str]]:
    """Page and command line of every block of commands."""
    for page in PAGES:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                for part in line.split("&&"):
                    words = part.split("#")[0].strip()
                    if re.match(r"(\S*/)?station\s", words):
                        yield page.name, words


def in_passing() -> Iterator[tuple[str, str]]:
    """Page and command that the text of a page names: `station lot map`, `golden seal --again`."""
    for page in PAGES:
        text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
        for span in re.findall(r"`([^`]+)`", text):
            first, *rest = span.split()
            if first == "station" or (first in COMMANDS.commands and rest):
                yield page.name, " ".join(rest if first == "station" else (first, *rest))


def said() -> Iterator[tuple[str, str]]:
    """File and command of every text of the program and its pages that names one by ``station COMMAND``."""
    for file, text in (*_strings(), *_lines()):
        for found in re.finditer(r"\bstation ([a-z][a-z-]*(?: [^\s.;:,)`'\"“”<>（）：；，。、]+)*)", text):
            if found[1].split()[0] in COMMANDS.commands:  # else it is the station that does something
                yield str(file.relative_to(ROOT)), found[1]


def _strings() -> Iterator[tuple[Path, str]]:
    for file in sorted(STATION.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield file, node.value
            elif isinstance(node, ast.JoinedStr):
                yield file, "".join(str(v.value) if isinstance(v, ast.Constant) else FILLED for v in node.values)


def _lines() -> Iterator[tuple[Path, str]]:
    for kind in ("js", "json", "html", "toml"):
        for file in sorted(STATION.rglob(f"*.{kind}")):
            for line in file.read_text("utf-8").splitlines():
                yield file, line


@pytest.mark.parametrize(("page", "words"), list(shown()))
def test_command_exists(page: str, words: str) -> None:
    line = shlex.split(words)[1:]
    assert list(faults(line)) == [], f"{page}: {words}"
    command: Any = COMMANDS
    for word in line:
        command = getattr(command, "commands", {}).get(word, command)
    assert not getattr(command, "commands", {}), f"{page}: {words}: no such command"


def test_what_a_page_names_in_passing_exists() -> None:
    named = list(in_passing())
    assert len(named) > 150
    assert [(page, words, wrong) for page, words in named for wrong in faults(words.split())] == []


def test_what_the_program_says_to_run_exists() -> None:
    named = list(said())
    assert len(named) > 300
    assert [(file, words, wrong) for file, words in named for wrong in faults(words.split())] == []


def test_what_does_not_exist_is_found() -> None:
    assert list(faults(["lot", "decided"])) == ["no command decided"]
    assert list(faults(["lot", "decide", "L-1", "--siz", "5"])) == ["no option --siz"]
    assert list(faults(["lot", "decide", "L-1", "--size=5"])) == []


def test_pages_show_commands() -> None:
    assert {"README.md"} <= {page for page, _ in shown()}


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}, which is not there"


def set_up() -> list[str]:
    """The README's blocks that make a virtual environment, each one line."""
    return [b.strip() for b in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if "-m venv" in b]


def test_the_line_that_the_checks_run_is_the_readme_s() -> None:
    """``.ci/run`` reads the line from the README, as written there, and has none of its own."""
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    [reading] = re.findall(r"^line=\$\((.+)\)$", script, re.MULTILINE)
    read = subprocess.run(["bash", "-c", reading], cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    _demo, tests = set_up()
    assert read == tests
    code = "\n".join(line.partition("#")[0] for line in script.splitlines())
    assert 'bash -euo pipefail -c "$line"' in code
    assert "pip install" not in code
    assert re.findall(r"\bpytest\b", code) == ["pytest"]  # in the reading


def test_both_set_ups_of_the_readme_are_one() -> None:
    """The same environment by the same step, from the folder itself, once with what the tests need."""
    demo, tests = set_up()
    steps = [line.split(" && ")[:2] for line in (demo, tests)]
    assert steps[0][0] == steps[1][0]
    assert steps[0][1].removesuffix(".") + "'.[test]'" == steps[1][1]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert "test" in project["optional-dependencies"]
    assert f"Python {project['requires-python'].removeprefix('>=')} or newer" in README


def test_the_readme_says_how_one_file_of_tests_is_run() -> None:
    """The tests are shared out among the cores unless ``-n 0`` is said, which is in nobody's way for one file."""
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]["addopts"]
    [line] = re.findall(r"^\.venv/bin/pytest .+$", README, re.MULTILINE)
    assert ("-n auto" in options) == ("-n 0" in line)
    [file] = re.findall(r"tests/\S+\.py", line)
    assert (ROOT / file).is_file()
