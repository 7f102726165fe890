"""The conduct of every command: exit codes, one line for an error, one document for ``--json``, never a traceback."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from station.cli import app
from station.cli.conduct import run
from station.service import tools
from station.service.station import Station
from station.values.documents import PlanDocument


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("STATION_DEBUG", raising=False)
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("grey.png", np.full((80, 120, 3), 128, dtype=np.uint8))
    Path("text.jpg").write_text("not a picture")
    Path("empty.jpg").write_bytes(b"")
    Path("bad.toml").write_text("schema = 1\n[product]\nskuu = 1\n")
    Path("rig.toml").write_text('name = "a"\n[camera]\nwidth = 120\nheight = 80\ndistance_mm = 300.0\n')
    Path("folder").mkdir()
    Path("bad.jsonl").write_text("{")
    Path("blank.jsonl").write_text("\n \n")
    return tmp_path / "home"


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a command that must be refused: exit 2, nothing on standard output, one line that says what to do."""
    assert run(app, arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("station: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert len(err.removeprefix("station: ").split(". ")) >= 2, f"it does not say what to do: {err}"
    assert "Traceback" not in err
    return err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nothing"], "No such command 'nothing'. Run: station --help"),
        (["--nothing"], "No such option"),
        (["inspect"], "Run: station inspect --help"),
        (["inspect", "grey.png"], "--golden"),
        (["inspect", "grey.png", "--golden", "GS-9"], "no golden 'GS-9'. Seal it: station golden seal"),
        (["inspect", "grey.png", "--golden", "GS-9", "--jobs", "0"], "--jobs"),
        (["inspect", "nothing.jpg", "--golden", "GS-9"], "nothing.jpg does not exist"),
        (["inspect", "grey.png", "--golden", "GS\udcff"], "is not Unicode text. Write names and ids in UTF-8"),
        (["inspect", "folder", "--golden", "GS-9"], "no pictures in it"),
        (["card", "text.jpg"], "text.jpg is a text file"),
        (["card", "empty.jpg"], "empty.jpg"),
        (["card", "nothing.jpg"], "nothing.jpg does not exist"),
        (["card", "grey.png", "--card", "mycard"], "no built-in colour card 'mycard'"),
        (["card", "grey.png", "--card", "bad.toml"], "bad.toml"),
        (["rig", "add", "nothing.toml"], "nothing.toml"),
        (["rig", "add", "bad.toml"], "bad.toml"),
        (["calibrate", "lens", "--rig", "b", "grey.png"], "no rig 'b'. Register it: station rig add RIG.toml"),
        (["calibrate", "light", "--rig", "b", "grey.png", "--lux", "-1"], "--lux"),
        (
            ["golden", "seal", "--sheet", "bad.toml", "--photo", "grey.png"],
            'unknown key "skuu" (1 more). Did you mean "sku"?',
        ),
        (["golden", "seal", "--sheet", "nothing.toml", "--photo", "grey.png"], "nothing.toml cannot be read"),
        (["golden", "seal", "--sheet", "bad.toml", "--photo", "text.jpg"], "text.jpg is a text file"),
        (["golden", "seal", "--sheet", "bad.toml", "--photo", "grey.png", "--rig", "b"], "no rig 'b'"),
        (["lot", "decide", "L9", "--size", "100"], "no lot 'L9'"),
        (["lot", "decide", "L9", "--size", "many"], "--size"),
        (["plan"], "--aql and --lot-size are missing"),
        (["plan", "--lot-size", "1200"], "--aql is missing"),
        (["plan", "--lot-size", "1200", "--aql", "2,5"], "write decimals with a point, such as 2.5"),
        (["lot", "add", "L1", "--json"], "Run: station inspect PHOTOS --golden NUMBER --lot ID"),
        (["plan", "--lot-size", "1200", "--aql", "2.6"], "2.6 is not an AQL"),
        (["plan", "--lot-size", "1200", "--letter", "J", "--aql", "2.5"], "both given"),
        (["plan", "--lot-size", "1", "--aql", "2.5", "--type", "triple"], "triple"),
        (["plan", "--requests", "nothing.jsonl"], "nothing.jsonl cannot be read"),
        (["align", "grey.png"], "two pictures are needed"),
        (["align", "grey.png", "text.jpg"], "text.jpg is a text file"),
        (["align", "grey.png", "grey.png", "--model", "warp"], "'warp' is no alignment model"),
        (["align", "--pairs", "bad.jsonl"], "bad.jsonl line 1 is not JSON"),
        (["align", "--pairs", "blank.jsonl"], "blank.jsonl holds no pairs"),
        (["model", "run", "--pairs", "blank.jsonl"], "blank.jsonl holds no pairs"),
        (["model", "run", "grey.png", "empty.jpg"], "empty.jpg"),
        (["capture", "webcam", "--out", "shots"], "'webcam' names no camera"),
        (["capture", "replay:nothing", "--out", "shots"], "nothing"),
        (["schema", "letter"], "there is no document 'letter'"),
        (["serve", "--port", "0"], "--port"),
        (["serve", "--port", "99999"], "--port"),
    ],
)
def test_a_refusal_is_one_line_that_says_what_to_do(
    capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert says in refused(capsys, *arguments)


def test_a_setting_that_makes_no_sense(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATION_PORT", "high")
    assert "STATION_PORT in the environment" in refused(capsys, "check")


def test_a_home_that_cannot_be_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert "grey.png" in refused(capsys, "--home", "grey.png", "check")


def test_a_database_of_another_version(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    import sqlite3

    assert run(app, ["check"]) == 0
    database = sqlite3.connect(home / "station.db")
    database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.commit()
    database.close()
    capsys.readouterr()
    assert "pip install --upgrade" in refused(capsys, "check")
    assert "pip install --upgrade" in refused(capsys, "upgrade")


def test_a_file_that_is_no_database(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    home.mkdir()
    (home / "station.db").write_text("hello " * 1000)
    assert "not a database" in refused(capsys, "check")


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (ValueError("odd\nthing"), 2, "ValueError: odd thing. Run it again with --debug"),
        (MemoryError(), 2, "not enough memory. Use --jobs 1"),
        (OSError(errno.ENOSPC, "No space left on device", "x"), 2, "No space left on device: x. Free some space"),
        (PermissionError(errno.EACCES, "Permission denied", "x"), 2, "Permission denied: x. Check the path"),
        (KeyboardInterrupt(), 130, "interrupted. What was finished is kept; run the same command again"),
        (RecursionError("deep"), 2, "RecursionError"),
    ],
)
def test_what_nobody_expected_is_still_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, says: str
) -> None:
    def fail(_request: Any) -> None:
        raise error

    monkeypatch.setattr(tools, "plan", fail)
    assert run(app, ["plan", "--lot-size", "1200", "--aql", "2.5"]) == code
    out, err = capsys.readouterr()
    assert (out, err.count("\n"), "Traceback" in err) == ("", 1, False)
    assert says in err


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(app, ["--debug", "lot", "decide", "L9", "--size", "3"]) == 2
    assert "NotFoundError" in capsys.readouterr().err
    monkeypatch.setenv("STATION_DEBUG", "1")
    assert run(app, ["lot", "decide", "L9", "--size", "3"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_json_is_the_document_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["plan", "--lot-size", "1200", "--aql", "2.5", "--json"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert err == ""
    assert (document["letter"], document["n"], document["ac"], document["re"]) == ("J", [80], [5], [6])
    assert PlanDocument.model_validate(document).code_letter == "J"


def test_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["plan", "--lot-size", "1200", "--aql", "2.5"]) == 0
    out = capsys.readouterr().out
    assert "code letter J" in out
    assert [line.split() for line in out.splitlines() if line.strip().startswith("1 ")] == [["1", "80", "5", "6"]]


def test_requests_are_answered_line_by_line_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    Path("requests.jsonl").write_text(
        '{"lot_size": 1200, "aql": 2.5}\n\n{"letter": "L", "aql": 2.5}\n{"lot_size": 1200, "aql": 2.6}\n[]\n{broken\n'
        '{"lot_size": 100, "aql": 4.0, "severity": "tightened"}\n'
    )
    assert run(app, ["plan", "--requests", "requests.jsonl"]) == 2
    out, err = capsys.readouterr()
    answers = [json.loads(line) for line in out.splitlines()]
    assert [a.get("letter") for a in answers] == ["J", "L", None, None, None, "F"]
    assert answers[2]["error"]["code"] == "bad-request"
    assert "line 6 is not JSON" in answers[4]["error"]["message"]
    assert err == "station: 3 of the requests in requests.jsonl were refused; their lines say why. Correct them.\n"


def test_two_pictures_of_different_things_are_not_registered(capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(4)
    for name in ("a.png", "b.png"):
        cv2.imwrite(name, cv2.resize(rng.integers(0, 255, (30, 40, 3), dtype=np.uint8), (400, 300)))
    assert run(app, ["align", "a.png", "b.png", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert not found["registered"]
    assert found["reason"]
    assert run(app, ["align", "a.png", "b.png"]) == 0
    assert "Not registered: " in capsys.readouterr().out


def test_pairs_are_answered_line_by_line_in_order(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    (tmp_path / "pairs").mkdir()
    coarse = rng.integers(0, 255, (30, 40, 3), dtype=np.uint8)
    cv2.imwrite("pairs/a.png", cv2.resize(coarse, (400, 300), interpolation=cv2.INTER_CUBIC))
    pairs = [{"golden": "a.png", "unit": "a.png"}, {"golden": "a.png", "unit": "nothing.png"},
             {"golden": "pairs/a.png", "unit": "pairs/a.png"}]  # fmt: skip
    Path("pairs/pairs.jsonl").write_text("".join(json.dumps(p) + "\n" for p in pairs))
    assert run(app, ["align", "--pairs", "pairs/pairs.jsonl", "--jobs", "1"]) == 2
    out, err = capsys.readouterr()
    first, second, third = (json.loads(line) for line in out.splitlines())
    assert first["registered"]
    assert np.allclose(first["transform"], np.eye(3), atol=0.05)
    assert third == first
    assert second["error"]["code"] == "bad-photo"
    assert err == "station: 1 of the 3 pairs were refused; their lines say why. Correct them.\n"


@pytest.mark.parametrize("name", ["sheet", "card", "unit", "lot", "plan", "tolerance"])
def test_schemas(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert run(app, ["schema", name]) == 0
    schema = json.loads(capsys.readouterr().out)
    wanted = {
        "sheet": "product", "card": "patches", "unit": "findings", "lot": "decision", "plan": "producer_risk",
        "tolerance": "left_out",
    }  # fmt: skip
    assert wanted[name] in schema["properties"]


def test_a_rig_is_added_and_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["rig", "add", "rig.toml"]) == 0
    assert "Next: station calibrate lens --rig a" in capsys.readouterr().out
    assert run(app, ["rig", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "a"


def test_check_names_damage_and_fails_only_when_asked(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    with Station() as station:
        extra = station._evidence.put(b"nobody knows me")
    assert run(app, ["check", "--json", "--fail-on-nonconforming"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["ok"], found["extra"]) == (True, [f"evidence {extra}"])
    import sqlite3

    database = sqlite3.connect(home / "station.db")
    at = "2026-05-10T12:00:00.000000+00:00"
    database.execute("INSERT INTO evidence VALUES (?, 3, 'image/png', ?)", ("a" * 64, at))
    database.commit()
    database.close()
    assert run(app, ["check"]) == 0
    assert f"missing: evidence {'a' * 64}" in capsys.readouterr().out
    assert run(app, ["check", "--fail-on-nonconforming"]) == 1


def test_capture_replays_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    cv2.imwrite("folder/one.png", np.full((80, 120, 3), 90, dtype=np.uint8))
    assert run(app, ["capture", "replay:folder", "--out", "shots"]) == 0
    assert capsys.readouterr().out == "shots/capture-0001.png\n"
    assert Path("shots/capture-0001.png").read_bytes() == Path("folder/one.png").read_bytes()
    assert run(app, ["capture", "replay:folder", "--out", "shots"]) == 0
    assert sorted(p.name for p in Path("shots").iterdir()) == ["capture-0001.png", "capture-0002.png"]


def test_a_port_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert "Choose another with --port N" in refused(capsys, "serve", "--port", port)


@pytest.mark.parametrize("arguments", [[], ["--help"], ["lot"], ["inspect", "--help"], ["--version"]])
def test_help_is_no_refusal(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert run(app, arguments) == 0
    out, err = capsys.readouterr()
    assert out
    assert err == ""


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from station.cli import app; from station.cli.conduct import run; run(app, ['--help']);"
        "heavy = {'numpy', 'scipy', 'cv2', 'PIL', 'sqlalchemy', 'pydantic', 'numba', 'fastapi', 'rich'};"
        "sys.exit(str(sorted(heavy & set(sys.modules))) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def station_process(*arguments: str, **more: Any) -> subprocess.Popen[str]:
    code = "from station.cli import main; main()"
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def test_a_reader_who_goes_away_is_no_error() -> None:
    Path("requests.jsonl").write_text('{"lot_size": 1200, "aql": 2.5}\n' * 3000)
    process = station_process("plan", "--requests", "requests.jsonl")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(60) == 141


def test_ctrl_c_is_one_line() -> None:
    os.mkfifo("requests.jsonl")  # reading it waits until somebody writes
    process = station_process("plan", "--requests", "requests.jsonl")
    with Path("requests.jsonl").open("w"):  # it is open on both sides: the process is inside its command
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err == "station: interrupted. What was finished is kept; run the same command again to go on.\n"


def test_help_pages_are_read_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["docs"]) == 0
    out = capsys.readouterr().out
    assert ["verdicts", "Verdicts"] in [line.split() for line in out.splitlines()]
    assert run(app, ["docs", "verdicts"]) == 0
    page = Path(tools.__file__).parents[1] / "docs" / "verdicts.md"
    assert capsys.readouterr().out.rstrip() == page.read_text("utf-8").rstrip()
    assert "Did you mean verdicts?" in refused(capsys, "docs", "verdict")
    assert "no help page '../secret'" in refused(capsys, "docs", "../secret")
