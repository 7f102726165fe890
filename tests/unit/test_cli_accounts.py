"""Accounts on the command line: secrets come on standard input, refusals in one line with exit code 2."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from station.cli import app
from station.cli.conduct import run

Command = Callable[..., int]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    def call(*words: str, typed: str = "") -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return run(app, ["--home", str(tmp_path / "home"), "account", *words])

    return call


def test_accounts_are_made_changed_and_disabled(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("add", "M. Weber", "approver", typed="four plain words\n") == 2
    assert "the first account must be an administrator's" in capsys.readouterr().err
    assert command("add", "A. Keller", "administrator", typed="four plain words\n") == 0
    assert command("add", "M. Weber", "reviewer", "--pin", typed="four plain words\n402817\n") == 0
    assert command("role", "m. weber", "approver", "--by", "A. Keller", "--json") == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["name"], told["role"], told["pin"], told["disabled"]) == ("M. Weber", "approver", True, False)
    assert command("password", "M. Weber", typed="short\n") == 2
    assert command("password", "M. Weber", "--pin", typed="904128\n") == 0
    assert command("disable", "M. Weber") == 0
    assert command("disable", "A. Keller") == 2
    assert "last administrator" in capsys.readouterr().err
    assert command("list") == 0
    shown = capsys.readouterr().out
    assert "M. Weber" in shown
    assert "disabled" in shown
    assert "argon2" not in shown


def test_a_missing_secret_is_asked_for(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("add", "A. Keller", "administrator") == 2
    assert "Password is missing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--host", "0.0.0.0"], "no loopback address"),
        (["--host", "0.0.0.0", "--plain-http"], "under which name"),
        (["--certificate", "nowhere.pem"], "belong together"),
        (["--port", "1", "--certificate", "no.pem", "--key", "no.pem"], ""),
    ],
)
def test_what_cannot_be_served_is_refused_in_one_line(
    options: list[str], why: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(app, ["--home", str(tmp_path), "serve", *options]) == 2
    said = capsys.readouterr().err
    assert why in said
    assert said.count("\n") == 1
