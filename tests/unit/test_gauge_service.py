"""Gauge studies over a drawn line: measured, resumed, evaluated, kept, and put into the budget of later inspections."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from entered_line import BLIND, SHEET, Clock, draw_line, photo

from station.batch.serial import Serial
from station.cli import app
from station.cli.conduct import run
from station.errors import RequestError
from station.service import Station
from station.service.gauge import Captured, StudyAnswer, photos_of_one_part, read_captures
from station.settings import Settings
from station.values.budget import LengthBudget

STEPS = [0, 6, -5, 3, -8, 4, 1, -3, 7, -4]  # of 2 um


@pytest.fixture(autouse=True)
def drawn_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    draw_line(monkeypatch)
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """A golden, and ten captures of one part in the folder ``again``."""
    Path("sheet.toml").write_text(SHEET)
    with Station(Settings(home=tmp_path / "home"), clock=Clock()) as opened:
        opened.seal_golden(Path("sheet.toml"), photo(Path("golden.png"), 0, grain=999))
        for i, steps in enumerate(STEPS):
            photo(Path(f"again/{i}.png"), steps, grain=i)
        yield opened


def study(station: Station, captures: Any = None, **more: Any) -> tuple[list[Captured], StudyAnswer]:
    done: list[Captured] = []
    found = photos_of_one_part([Path("again")]) if captures is None else captures
    more = {"golden": "GS-1", "engine": Serial(), "by": "M. Weber"} | more
    return done, station.gauge.run(found, on_done=done.append, **more)


def spread(steps: list[int]) -> float:
    mean = sum(steps) / len(steps)
    return float((sum((s - mean) ** 2 for s in steps) / (len(steps) - 1)) ** 0.5 * 0.002)


def test_a_study_of_repeatability_enters_the_budget_of_later_inspections(station: Station) -> None:
    unit = photo(Path("unit.png"), 10, grain=500)
    before = station.inspect(unit, golden="GS-1").document
    _, answer = study(station)
    assert answer.document is not None
    (width,) = answer.document.characteristics
    assert (width.characteristic, width.unit, width.readings, width.in_budget) == ("size:width", "mm", 10, True)
    assert width.anova.grr == pytest.approx(spread(STEPS))
    assert width.anova.percent_of_tolerance["grr"] == pytest.approx(600 * spread(STEPS) / 0.3)
    assert (answer.document.by, answer.document.golden, len(answer.document.captures)) == ("M. Weber", "GS-1", 10)
    after = station.inspect(unit, golden="GS-1")
    assert (before is not None and after.document is not None and after.new) is True
    assert before is not None
    assert after.document is not None
    old, new = before.measurements[0], after.document.measurements[0]
    assert (new.value, old.u) == (old.value, pytest.approx(2 * 0.0031623, rel=1e-4))
    assert new.u == pytest.approx(LengthBudget(calibration=0.003, placement=spread(STEPS)).expanded, rel=1e-4)
    assert new.detail["gauge"] == pytest.approx(spread(STEPS))
    assert not station.inspect(unit, golden="GS-1").new  # the same study, the same unit
    assert station.check().ok


def test_a_study_holds_for_its_golden_version_and_its_bench(station: Station) -> None:
    study(station)
    assert station.line("GS-1").gauge is not None
    Path("rig.toml").write_text('name = "a"\n[camera]\nwidth = 64\nheight = 64\ndistance_mm = 300.0\n')
    station.bench.add_rig(Path("rig.toml"))
    assert station.line("GS-1", rig="a").gauge is None
    _, answer = study(station, rig="a")
    assert answer.document is not None
    found = station.line("GS-1", rig="a").gauge
    assert found is not None
    assert found.study == answer.document.digest
    Path("rig.toml").write_text('name = "a"\n[camera]\nwidth = 64\nheight = 64\ndistance_mm = 310.0\n')
    station.bench.add_rig(Path("rig.toml"))
    assert station.line("GS-1", rig="a").gauge is None  # the bench was changed
    Path("sheet.toml").write_text(SHEET.replace("plus_mm = 0.15", "plus_mm = 0.2"))
    station.seal_golden(Path("sheet.toml"), Path("golden.png"))
    assert station.line("GS-1").gauge is None  # so was the golden


def test_too_few_captures_are_evaluated_and_enter_no_budget(station: Station) -> None:
    _, answer = study(station, photos_of_one_part([Path("again")])[:5])
    assert answer.document is not None
    (width,) = answer.document.characteristics
    assert (width.freedom, width.in_budget) == (4, False)
    assert "4 degrees of freedom are too few for the budget, it takes 9" in width.note
    assert station.line("GS-1").gauge is None


def test_a_study_that_was_stopped_goes_on_where_it_stopped(station: Station) -> None:
    stop = threading.Event()
    done: list[Captured] = []

    def on_done(one: Captured) -> None:
        done.append(one)
        if len(done) == 4:
            stop.set()

    captures = photos_of_one_part([Path("again")])
    first = station.gauge.run(captures, golden="GS-1", engine=Serial(), on_done=on_done, stop=stop)
    assert (first.stopped, first.document, first.measured) == (True, None, 4)
    assert station.gauge.studies() == []
    again, answer = study(station)
    assert (answer.known, answer.measured, answer.stopped) == (4, 6, False)
    assert sum(one.known for one in again) == 4
    assert len(station.gauge.studies(golden="GS-1")) == 1


def test_parts_operators_and_trials_come_from_a_table(station: Station) -> None:
    lines = ["photo,part,operator,trial"]
    for part, offset in (("pin 1", 0), ("pin 2", 30), ("pin 3", 60)):
        for operator in ("M", "W"):
            for trial in (1, 2):
                grain = len(lines)
                photo(Path(f"study/{grain}.png"), offset + grain % 3 + 2 * (operator == "W"), grain=100 + grain)
                lines.append(f"{grain}.png,{part},{operator},{trial}")
    Path("study/study.csv").write_text("\n".join(lines))
    _, answer = study(station, read_captures(Path("study/study.csv")))
    assert answer.document is not None
    (width,) = answer.document.characteristics
    assert (width.parts, width.operators, width.trials) == (3, 2, 2)
    assert width.anova.pv == pytest.approx(0.06, rel=0.1)
    assert {row.source for row in width.table} == {"operator", "part", "operator x part", "repeatability"}
    assert width.average_range is not None
    assert width.risk is not None
    assert 0 < width.risk.consumer < width.risk.producer < 0.2


def test_a_photo_that_shows_nothing_leaves_the_rest_unbalanced_and_is_named(station: Station) -> None:
    photo(Path("again/blind.png"), BLIND - 100, grain=77)
    for i, steps in enumerate(STEPS):
        photo(Path(f"other/{i}.png"), steps + 20, grain=300 + i)
    one, other = (photos_of_one_part([Path(folder)]) for folder in ("again", "other"))
    captures = [*one, *(type(c)(c.path, "2", c.operator, c.trial) for c in other)]
    _, answer = study(station, captures[1:])  # eleven less one, and ten
    assert answer.document is not None
    assert answer.document.left_out == {"blind.png": "no part in the photo"}
    _, answer = study(station, captures[2:])
    assert answer.document is not None
    (width,) = answer.document.characteristics
    assert (width.trials, width.anova.pv) == (None, None)
    assert "only the repeatability is told" in width.note


def test_a_photo_that_is_refused_leaves_the_study_open(station: Station) -> None:
    Path("again/text.jpg").write_text("not a picture")
    done, answer = study(station, [*photos_of_one_part([Path("again")])])
    assert (answer.failed, answer.document, answer.measured) == (1, None, 10)
    assert [d.photo for d in done if d.error is not None] == ["text.jpg"]


def test_the_same_picture_or_trial_twice_is_refused(station: Station) -> None:
    captures = photos_of_one_part([Path("again")])
    Path("again/copy.png").write_bytes(Path("again/0.png").read_bytes())
    with pytest.raises(RequestError, match="are one picture"):
        study(station)
    with pytest.raises(RequestError, match="trial 1 of part 1 by operator 1 is there twice"):
        study(station, [captures[0], *captures])
    with pytest.raises(RequestError, match="captured twice by the same operator"):
        study(station, captures[:1])


# --- values ----------------------------------------------------------------------------------------------------------


def test_a_table_of_values_is_evaluated_against_the_control_sheet(station: Station) -> None:
    rows = [("1", 33.5), ("2", 34.0), ("3", 34.5)]
    lines = [f"{part},{o},{value + 0.1 * t},weight" for part, value in rows for o in "MW" for t in range(2)]
    Path("values.csv").write_text("part,operator,value,characteristic\n" + "\n".join(lines))
    answer = station.gauge.from_values(Path("values.csv"), golden="GS-1")
    assert answer.document is not None
    (weight,) = answer.document.characteristics
    assert (weight.lower, weight.upper, weight.unit) == (32.3, 35.7, "g")
    assert (weight.trials, weight.in_budget, answer.document.source) == (2, False, "values")
    assert station.line("GS-1").gauge is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("part,value\n1,33.9 g\n", "line 2, column value: '33.9 g' holds more than a number"),
        ("part,value\n1,33.9\n2,34.0\n", "no part was read twice"),
        ("part,value,trial\n1,33.9,1\n1,34.0,1\n", "line 3: trial 1 of part 1 is there twice"),
        ("part;value\n1;33,9\n", "separated by semicolons"),
    ],
)
def test_a_table_that_tells_nothing_is_refused(station: Station, text: str, says: str) -> None:
    Path("values.csv").write_text(text)
    with pytest.raises(RequestError) as error:
        station.gauge.from_values(Path("values.csv"))
    assert says in str(error.value)
    assert station.gauge.studies() == []


# --- the commands ----------------------------------------------------------------------------------------------------


def test_the_commands_run_show_and_list(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["gauge", "show"]) == 2
    assert "there is no gauge study. Make one: station gauge run" in capsys.readouterr().err
    assert run(app, ["gauge", "run", "again", "--golden", "GS-1", "--jobs", "1", "--by", "M. Weber"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "Enters the uncertainty of later inspections: size:width." in out
    assert "the gauge takes" in out
    assert run(app, ["gauge", "show", "1", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["golden"], shown["characteristics"][0]["readings"]) == ("GS-1", 10)
    assert run(app, ["gauge", "list", "--golden", "GS-1"]) == 0
    assert "M. Weber" in capsys.readouterr().out
    Path("values.csv").write_text("part,value\n1,2.0\n1,2.1\n2,3.0\n2,3.1\n")
    assert run(app, ["gauge", "from", "values.csv", "--upper", "4", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["characteristics"][0]["anova"]["av"] is None
    assert station.goldens()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["gauge", "run", "--golden", "GS-1"], "photos of one part or of --study"),
        (["gauge", "run", "again", "--study", "s.csv", "--golden", "GS-1"], "photos of one part or of --study"),
        (["gauge", "run", "--study", "s.csv", "--golden", "GS-1"], "s.csv cannot be read"),
        (["gauge", "run", "again", "--golden", "GS-9"], "no golden 'GS-9'"),
        (["gauge", "show", "7"], "no gauge study 7. List them: station gauge list"),
    ],
)
def test_the_commands_refuse_in_one_line(
    station: Station, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert station.goldens()
    assert run(app, arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert says in err
