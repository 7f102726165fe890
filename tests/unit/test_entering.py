"""Entered values: judged by the control sheet, corrected without losing the old one, counted in unit and lot."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from entered_line import SHEET, Clock, draw_line, photo

from station.batch.serial import Serial
from station.cli import app
from station.cli.conduct import run
from station.errors import ConflictError, NotFoundError, RequestError
from station.service import Station
from station.service.entering import NewValue
from station.settings import Settings

SCALE = NewValue(
    where="weight", unit="unit-1", name="weight", value=33.9, u=0.05, instrument="scale S-3",
    calibrated_on=date(2026, 5, 1), golden="GS-1", lot="L1",
)  # fmt: skip
HEAD = "unit,name,value,u,instrument,calibrated_on\n"


@pytest.fixture(autouse=True)
def drawn_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    draw_line(monkeypatch)
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """A golden, and three units of lot L1: two of the right width, one too wide."""
    Path("sheet.toml").write_text(SHEET)
    with Station(Settings(home=tmp_path / "home"), clock=Clock()) as opened:
        opened.seal_golden(Path("sheet.toml"), photo(Path("golden.png"), 0, grain=99))
        for i, steps in enumerate((5, 10, 100), 1):
            photo(Path(f"lot/unit-{i}.png"), steps, grain=i)
        opened.inspect_many([Path("lot")], golden="GS-1", lot="L1", engine=Serial(), on_done=lambda _: None)
        yield opened


def verdicts(station: Station) -> dict[str, str]:
    return {u.unit: str(u.standing) for u in station.units(lot="L1")}


def thickness(unit: str, value: float = 1.62) -> NewValue:
    return replace(SCALE, where="thickness", unit=unit, name="thickness", value=value, u=0.02, instrument="calliper")


def test_a_size_that_no_photo_shows_is_settled_by_its_entered_value(station: Station) -> None:
    """What no camera sees is entered, and judged alike."""
    assert verdicts(station) == {"unit-1": "undecided", "unit-2": "undecided", "unit-3": "nonconforms"}
    station.entered.enter([thickness("unit-1"), thickness("unit-2", 1.75)])
    assert verdicts(station) == {"unit-1": "conforms", "unit-2": "nonconforms", "unit-3": "nonconforms"}
    unit = next(u for u in station.units(lot="L1") if u.unit == "unit-2")
    found = station.unit_document(unit.id)
    entered = next(m for m in found.measurements if m.kind == "entered")
    assert (entered.characteristic, entered.unit, entered.lower, entered.upper) == (
        "entered:thickness",
        "mm",
        1.5,
        1.7,
    )
    assert found.reasons[0].startswith("thickness is 1.75 mm, upper limit 1.70")
    assert not any("was not measured" in r for r in found.reasons)


def test_a_nonconforming_weight_counts_in_its_class_at_the_lot(station: Station) -> None:
    station.entered.enter([*(thickness(f"unit-{i}") for i in (1, 2, 3)), replace(SCALE, value=40.0)])
    decided = station.decide_lot("L1", 3)
    wrong = {c.defect_class: c.nonconforming for c in decided.classes}
    assert wrong == {"critical": 0, "major": 1, "minor": 1}
    assert decided.counts == {"entered:weight": 1, "size:width": 1}
    lot = station.lot("L1")
    assert (lot.conforms, lot.nonconforms, lot.undecided) == (1, 2, 0)
    assert station.check().ok


def test_a_lot_stays_open_until_enough_units_were_measured(station: Station, tmp_path: Path) -> None:
    for i in (4, 5):
        photo(tmp_path / f"good/unit-{i}.png", 5, grain=i)
    station.inspect_many([Path("good")], golden="GS-1", lot="L2", engine=Serial(), on_done=lambda _: None)
    units = ("unit-4", "unit-5")
    enter = [replace(thickness(u), lot="L2") for u in units]
    station.entered.enter([*enter, replace(SCALE, unit="unit-4", lot="L2")])
    decided = station.decide_lot("L2", 2)
    assert decided.decision == "open"
    assert decided.reasons[0] == "pull force was entered of 0 units, 2 needed"
    force = replace(SCALE, where="pull force", name="pull force", value=25.0, u=0.5, lot="L2")
    station.entered.enter([replace(force, unit=u) for u in units])
    assert station.decide_lot("L2", 2).decision == "accepted"


def test_units_nobody_photographed_are_named_and_not_counted(station: Station) -> None:
    station.entered.enter([replace(SCALE, unit="unit-9", value=50.0)])
    decided = station.lot_tally("L1", 8)
    assert decided.inspected == 3
    assert decided.reasons[-1] == (
        "with entered values, but not inspected and not counted: 1 (1 of them nonconforming)"
    )


def test_a_value_handed_in_again_adds_nothing_and_a_corrected_one_supersedes(station: Station) -> None:
    first = station.entered.enter([SCALE])[0]
    assert (first.new, str(first.document.judged.verdict)) == (True, "conforms")
    assert not station.entered.enter([SCALE])[0].new
    assert station.entered.enter([replace(SCALE, value=36.5)])[0].new
    again = station.entered.enter([SCALE])[0]
    assert not again.new
    assert "has been corrected since; the correction stands" in again.remark
    assert [v.judged.value for v in station.entered.values()] == [36.5]
    assert [v.judged.value for v in station.entered.values(history=True)] == [33.9, 36.5]
    assert station.entered.enter([replace(SCALE, note="weighed again")])[0].new


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"due_on": date(2026, 5, 5)}, "held until 2026-05-05: calibrate it and measure again"),
        ({"calibrated_on": date(2025, 5, 9)}, "held until 2026-05-09"),
    ],
)
def test_an_instrument_past_its_calibration_leaves_the_value_undecided(
    station: Station, change: dict[str, date], says: str
) -> None:
    judged = station.entered.enter([replace(SCALE, **change)])[0].document.judged  # type: ignore[arg-type]
    assert (judged.verdict, judged.value) == ("undecided", 33.9)
    assert says in judged.reason


def test_the_calibration_in_force_when_it_was_measured_counts(station: Station) -> None:
    then = replace(SCALE, calibrated_on=date(2025, 1, 1), measured_on=date(2025, 12, 1))
    assert station.entered.enter([then])[0].document.judged.verdict == "conforms"


def test_a_value_entered_after_an_acceptance_that_nobody_had_seen_counts_again(station: Station) -> None:
    unit = next(u for u in station.units(lot="L1") if u.unit == "unit-1")
    station.review(unit.id, "accept", "fine by eye", "M. Weber")
    station.entered.enter([thickness("unit-1")])
    assert verdicts(station)["unit-1"] == "conforms"
    station.entered.enter([replace(SCALE, value=50.0)])
    assert verdicts(station)["unit-1"] == "nonconforms"
    assert {c.defect_class: c.nonconforming for c in station.lot_tally("L1", 8).classes}["minor"] == 1
    station.review(unit.id, "accept", "fine by eye", "M. Weber")
    assert verdicts(station)["unit-1"] == "conforms"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "wieght"}, "the control sheet has no 'wieght'. It has weight, pull force, width, thickness"),
        ({"unit_of_measure": "kg"}, "weight is given in kg, the control sheet has it in g. Convert"),
        ({"u": -0.1}, "u is -0.1"),
        ({"instrument": " "}, "instrument is empty"),
        ({"measured_on": date(2026, 5, 11)}, "lies in the future"),
        ({"measured_on": date(2026, 4, 1)}, "was calibrated on 2026-05-01, after the value was measured"),
        ({"due_on": date(2026, 5, 1)}, "is not after calibrated_on"),
    ],
)
def test_what_makes_no_sense_is_refused(station: Station, change: dict[str, object], says: str) -> None:
    with pytest.raises(RequestError) as error:
        station.entered.enter([replace(SCALE, **change)])  # type: ignore[arg-type]
    assert says in str(error.value)
    assert station.entered.values() == []


def test_the_golden_and_the_lot_must_fit(station: Station) -> None:
    with pytest.raises(NotFoundError, match="no golden"):
        station.entered.enter([replace(SCALE, golden="GS-9")])
    Path("other.toml").write_text(SHEET.replace('"GS-1"', '"GS-2"').replace('"MAS"', '"OTHER"'))
    station.seal_golden(Path("other.toml"), photo(Path("other.png"), 0, grain=98))
    with pytest.raises(ConflictError, match="held to golden GS-1"):
        station.entered.enter([replace(SCALE, golden="GS-2")])


def test_a_unit_of_one_lot_needs_no_lot_to_be_named(station: Station) -> None:
    assert station.entered.enter([replace(SCALE, lot=None)])[0].document.lot == "L1"
    photo(Path("more/unit-1.png"), 30, grain=44)
    station.inspect_many([Path("more")], golden="GS-1", lot="L2", engine=Serial(), on_done=lambda _: None)
    with pytest.raises(RequestError, match="units called unit-1 in several lots: L1, L2"):
        station.entered.enter([replace(SCALE, lot=None, value=34.1)])


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            'unit-1,weight,"33,9",0.05,S-3,2026-05-01',
            "line 3, column value: '33,9' has a decimal comma. Write it as 33.9",
        ),
        (
            "unit-1,weight,33,9,0.05,S-3,2026-05-01",
            "line 3 has 7 cells, the first line 6. Write numbers with a decimal",
        ),
        ('unit-1,weight,"1,000",0.05,S-3,2026-05-01', "column value: '1,000' has a comma. Write 1000, or with"),
        ("unit-1,weight,33.9 g,0.05,S-3,2026-05-01", "column value: '33.9 g' holds more than a number. Write 33.9"),
        (
            "unit-1,weight,\N{MINUS SIGN}3,0.05,S-3,2026-05-01",
            "column value: '\N{MINUS SIGN}3' begins with a typographic",
        ),
        ("unit-1,weight,33_9,0.05,S-3,2026-05-01", "column value: '33_9'"),
        ("unit-1,weight,nan,0.05,S-3,2026-05-01", "column value: 'nan' is no number"),
        ("unit-1,weight,1e300,0.05,S-3,2026-05-01", "beyond any measurement"),
        ("unit-1,weight,,0.05,S-3,2026-05-01", "line 3: value is empty"),
        ("unit-1,weight,33.9,,S-3,2026-05-01", "line 3: u is empty"),
        ("unit-1,weight,33.9,0.05,S-3,01.05.2026", "column calibrated_on: '01.05.2026' is no date"),
        ("unit-1,weight,33.9,0.05,S-3,2026-02-30", "column calibrated_on: '2026-02-30' is no date"),
        ("unit-1,wieght,33.9,0.05,S-3,2026-05-01", "line 3: the control sheet has no 'wieght'"),
        ("unit-8,weight,33.9,0.05,S-3,2026-05-01", "line 3: weight of unit unit-8 is there twice, first in"),
        ('unit-1,weight,33.9,0.05,"S-3,2026-05-01', "is no CSV"),
    ],
)
def test_a_line_that_is_wrong_is_named_and_nothing_is_recorded(station: Station, text: str, says: str) -> None:
    Path("values.csv").write_text(f"{HEAD}unit-8,weight,34.0,0.05,S-3,2026-05-01\n{text}\n", "utf-8")
    with pytest.raises(RequestError) as error:
        station.entered.enter(station.entered.read(Path("values.csv"), golden="GS-1", lot="L1"))
    assert says in str(error.value)
    assert "values.csv" in str(error.value)
    assert station.entered.values() == []


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (HEAD.replace(",", ";").encode(), "separated by semicolons"),
        (HEAD.replace(",", "\t").encode(), "separated by tabs"),
        (HEAD.encode("utf-16"), "is not UTF-8 text"),
        (b"unit,name,value\n", "line 1 has no column u"),
        (HEAD.replace("\n", ",colour\n").encode(), "line 1: unknown column 'colour'"),
        (HEAD.replace("\n", ",u\n").encode(), "has the column 'u' twice"),
        (HEAD.encode(), "has no row of values"),
        (b"", "line 1 has no column unit"),
        (b"\0", "is not text"),
    ],
)
def test_a_file_that_is_no_table_is_refused(station: Station, data: bytes, says: str) -> None:
    Path("values.csv").write_bytes(data)
    with pytest.raises(RequestError) as error:
        station.entered.read(Path("values.csv"), golden="GS-1", lot=None)
    assert says in str(error.value)


def test_a_file_as_a_spreadsheet_saves_it_is_read(station: Station) -> None:
    text = "Unit,Name,Value,U,Instrument,Calibrated_on,lot\r\nunit-1,weight,+33.9,5e-2,S-3,2026-05-01,L1\r\n\r\n"
    Path("values.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    (found,) = station.entered.read(Path("values.csv"), golden="GS-1", lot=None)
    assert (found.unit, found.value, found.u, found.lot) == ("unit-1", 33.9, 0.05, "L1")


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_enters_lists_and_fails_on_request(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    assert station.goldens()
    one = ["enter", "weight", "40.5", "--unit-id", "unit-1", "--golden", "GS-1", "--lot", "L1", "--instrument", "S-3"]
    one += ["--calibrated-on", "2026-05-01", "--due-on", "2999-01-01", "--u", "0.05", "--unit", "g", "--json"]
    assert run(app, [*one, "--fail-on-nonconforming"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert (said["judged"]["characteristic"], said["judged"]["verdict"], said["lot"]) == (
        "entered:weight",
        "nonconforms",
        "L1",
    )
    assert run(app, one) == 0
    capsys.readouterr()
    assert run(app, ["entered", "--lot", "L1"]) == 0
    out = capsys.readouterr().out
    assert out.count("40.5 g") == 1
    Path("values.csv").write_text(f"{HEAD}unit-2,weight,34.0,0.05,S-3,2026-05-01\n")
    assert run(app, ["enter", "--file", "values.csv", "--golden", "GS-1", "--lot", "L1"]) == 0
    assert "1 of 1 values recorded." in capsys.readouterr().out
    assert run(app, ["enter", "--file", "values.csv", "--golden", "GS-1", "--lot", "L1"]) == 0
    assert "0 of 1 values recorded, 1 known already." in capsys.readouterr().out


def test_of_many_values_those_are_shown_that_do_not_conform(
    station: Station, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert station.goldens()
    rows = [f"bag-{i},weight,{34.0 if i % 50 else 40.0},0.05,S-3,2026-05-01\n" for i in range(100)]
    Path("values.csv").write_text(HEAD + "".join(rows))
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert run(app, ["enter", "--file", "values.csv", "--golden", "GS-1", "--lot", "L1"]) == 0
    out, err = capsys.readouterr()
    assert [line.split()[0] for line in out.splitlines() if "bag-" in line] == ["bag-0", "bag-50"]
    assert "98 conforming, 2 nonconforming, 0 undecided." in out
    assert "100 of 100 values recorded." in out
    assert re.search(r"Judging.*100/100", err)
    assert re.search(r"Recording.*100/100", err)


def test_a_list_stopped_while_it_is_judged_leaves_nothing(station: Station) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        station.entered.judge([SCALE], stop)
    assert station.entered.values() == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["enter"], "NAME, VALUE, --unit-id, --golden, --instrument, --calibrated-on, --u are missing"),
        (["enter", "weight", "33,9"], "are missing"),
        (["enter", "--file", "values.csv", "--u", "1"], "--u is given beside --file"),
        (["enter", "--file", "nothing.csv", "--golden", "GS-1"], "nothing.csv cannot be read"),
    ],
)
def test_the_command_refuses_in_one_line(
    station: Station, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert station.goldens()
    assert run(app, arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert says in err


def test_a_lot_of_a_stream_is_decided_by_its_severity_and_counted_once(station: Station) -> None:
    options = {"edition": "z1.4", "level": "S-1", "aql": {"major": 2.5, "minor": 4.0}}
    station.streams.open("pins", sku="MAS", supplier="", process="", **options)  # type: ignore[arg-type]
    station.streams.direct("pins", severity="tightened", by="QA", reason="new die")
    station.entered.enter([thickness(f"unit-{i}") for i in (1, 2, 3)])
    decided = station.decide_lot("L1", 3, stream="pins")
    assert {c.plan.severity for c in decided.classes if c.plan is not None} == {"tightened"}
    assert decided.decision == "rejected"
    station.decide_lot("L1", 3, stream="pins")
    assert station.streams.status("pins").lots == 1
    last = station.streams.events("pins")[-1]
    assert [(r.defect_class, r.found, r.accepted) for r in last.results] == [
        ("major", (1,), False),
        ("minor", (0,), True),
    ]
