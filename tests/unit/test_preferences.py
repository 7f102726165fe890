"""What is counted of a unit, and what is not: function and safety are never minor (S7), a preference is no
nonconformity (S8); through sheet, judgement, decision and documents."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from entered_line import Clock, draw_line, photo

import station as package
from station.batch.serial import Serial
from station.cli import app
from station.cli.conduct import run
from station.errors import RequestError
from station.judge import judge_finding
from station.lots.decide import outcome_of
from station.quality.answers import named
from station.report.languages import language
from station.report.words import characteristic
from station.service import Station
from station.service.entering import NewValue
from station.service.reviewing import named_rows, preference_of
from station.settings import Settings
from station.sheet import FUNCTIONAL, class_of, lint_sheet, load_sheet
from station.values.documents import REJECTED_AT_REVIEW, FindingDocument, UnitDocument, Verdict
from station.values.line import Finding

ROOT = Path(package.__file__).parent
SHEET = """schema = 1
[product]
sku = "MAS"
thickness_mm = 1.6
[golden]
number = "GS-1"
[[sizes]]
name = "width"
nominal_mm = 30.0
plus_mm = 0.15
minus_mm = 0.15
[[entered]]
name = "pull force"
unit = "N"
nominal = 20.0
minus = 0.0
units_per_lot = 0
class = "minor"
[[entered]]
name = "weight"
unit = "g"
nominal = 34.0
plus_percent = 5.0
units_per_lot = 0
class = "minor"
[[defects]]
kind = "scratch"
limit_mm = 1.5
class = "minor"
[[defects]]
kind = "sharp-burr"
limit_mm = 0.1
class = "minor"
"""
HEAD = 'schema = 1\n[product]\nsku = "x"\nthickness_mm = 1.6\n'
MINOR = 'limit_mm = 0.1\nclass = "minor"\n'
GOOD, BLIND = 1, 155


@pytest.fixture
def station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    draw_line(monkeypatch)
    Path("sheet.toml").write_text(SHEET)
    for i in range(5):
        photo(Path("lot") / f"u{i}.png", BLIND if i == 4 else GOOD, grain=i)
    with Station(Settings(home=tmp_path / "home"), clock=Clock()) as opened:
        opened.seal_golden(Path("sheet.toml"), photo(Path("golden.png"), 0, grain=399))
        opened.inspect_many([Path("lot")], golden="GS-1", lot="L1", engine=Serial(), on_done=lambda _: None)
        yield opened


def id_of(station: Station, name: str) -> int:
    return next(u.id for u in station.units(lot="L1") if u.unit == name)


def counted(station: Station) -> dict[str, int]:
    return {c.defect_class: c.nonconforming for c in station.lot_tally("L1", 5).classes}


# --- S7 --------------------------------------------------------------------------------------------------------------


def test_s7_a_sheet_that_calls_function_minor_is_told_and_counts_it_as_major() -> None:
    sheet = load_sheet(SHEET)
    told = [r.where for r in lint_sheet(sheet) if r.rule == "S7"]
    assert told == ['[[entered]] "pull force"', '[[defects]] "sharp-burr"']
    assert [d.counted_class for d in sheet.defects] == ["minor", "major"]
    assert [e.counted_class for e in sheet.entered] == ["major", "minor"]
    assert sheet.classes == {"major", "minor"}
    assert load_sheet(SHEET.replace('"minor"', '"critical"')).defects[1].counted_class == "critical"
    fit = load_sheet(SHEET.replace('"pull force"', '"clutch fit"'))
    assert fit.entered[0].counted_class == "major", "whether a clutch holds is no matter of looks (T12)"


def finding(kind: str, size: float) -> Finding:
    return Finding(
        kind=kind, x_mm=0, y_mm=0, size_mm=size, length_mm=size, area_mm2=3, region="metal", score=0.9, u_mm=0.01,
        contrast_to_noise=9, polygon_mm=np.zeros((0, 2)),
    )  # fmt: skip


def test_s7_a_small_defect_of_function_that_no_row_limits_does_not_pass() -> None:
    small = [judge_finding(finding(kind, 0.02), load_sheet(HEAD)).verdict for kind in ("pit", "sharp-burr")]
    assert small == [Verdict.CONFORMS, Verdict.UNDECIDED]


@pytest.mark.parametrize("kind", FUNCTIONAL)
def test_s7_no_functional_kind_is_ever_minor(kind: str) -> None:
    found = judge_finding(finding(kind, 2.0), load_sheet(HEAD + f'[[defects]]\nkind = "{kind}"\n{MINOR}'))
    assert (found.verdict, found.defect_class) == (Verdict.NONCONFORMS, "major")
    assert (class_of(kind, "minor"), class_of(kind, "critical")) == ("major", "critical")
    assert class_of("scratch", "minor") == "minor"


def test_s7_a_record_from_before_is_counted_as_major(station: Station) -> None:
    burr = FindingDocument(
        kind="sharp-burr", x_mm=0, y_mm=0, size_mm=1, length_mm=1, area_mm2=1, region="edge", score=0.9,
        defect_class="minor", verdict=Verdict.NONCONFORMS,
    )  # fmt: skip
    document = station.unit_document(id_of(station, "u0"))
    assert isinstance(document, UnitDocument)
    old = document.model_copy(update={"findings": (burr,), "verdict": Verdict.NONCONFORMS})
    assert outcome_of(old, load_sheet(SHEET)).nonconforming == {"major"}


def test_s7_a_weak_pull_is_major_in_unit_and_lot(station: Station) -> None:
    for name, value in (("pull force", 12.0), ("weight", 60.0)):
        station.entered.enter([
            NewValue(where="v", unit="u0" if value < 20 else "u1", name=name, value=value, u=0.1, instrument="gauge",
                     calibrated_on=date(2026, 5, 1), golden="GS-1", lot="L1")
        ])  # fmt: skip
    judged = {m.characteristic: m.defect_class for m in station.unit_document(id_of(station, "u0")).measurements}
    assert judged["entered:pull force"] == "major"
    assert counted(station) == {"critical": 0, "major": 1, "minor": 1}


# --- S8 --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("preference: darker antique", "darker antique"),
        ("within tolerance by eye: Preference:  darker antique ", "darker antique"),
        ("no preference", ""),
        ("scratch: not a matter of preference: none", ""),
        ("preference:", ""),
        ("", ""),
    ],
)
def test_what_states_a_preference(reason: str, words: str) -> None:
    assert preference_of(reason) == words


def test_what_a_reason_names_of_the_sheet() -> None:
    sheet = load_sheet(SHEET)
    assert named_rows("Scratch over the face", sheet) == {"scratch": "minor"}
    assert named_rows("sharp burr at the rim; width", sheet) == {
        "burr": "major", "sharp-burr": "major", "review:width": "major",
    }  # fmt: skip
    assert named_rows("the broken post, bandwidth", sheet) == {"broken-post": "major"}
    assert named_rows("ugly", sheet) == {}


def test_s8_a_preference_is_listed_apart_and_counted_nowhere(station: Station) -> None:
    with pytest.raises(RequestError, match="a preference is no nonconformity"):
        station.review(id_of(station, "u0"), "reject", "colour differs: preference: warmer gold", "Mei")
    station.review(id_of(station, "u0"), "accept", "preference: warmer gold", "Mei")
    station.review(id_of(station, "u1"), "accept", "fine by eye: preference: warmer gold", "Mei")
    found = station.lot_tally("L1", 5)
    assert counted(station) == {"critical": 0, "major": 0, "minor": 0}
    assert [(p.unit, p.words, p.by) for p in found.preferences] == [
        ("u0", "warmer gold", "Mei"),
        ("u1", "warmer gold", "Mei"),
    ]
    said = "counted nowhere, as no limit of the control sheet is broken: a preference on 2 units (warmer gold)"
    assert said in found.reasons
    station.review(id_of(station, "u0"), "undo", reviewer="Mei")
    assert [p.unit for p in station.lot_tally("L1", 5).preferences] == ["u1"]


def test_s8_a_unit_that_keeps_every_limit_is_rejected_only_for_a_named_one(station: Station) -> None:
    with pytest.raises(RequestError, match="the reason names none that it breaks") as refused:
        station.review(id_of(station, "u0"), "reject", "looks cheap", "Mei")
    assert "Name one of width, pull force, weight, scratch, sharp-burr" in str(refused.value)
    assert station.reviews(id_of(station, "u0")) == []
    station.review(id_of(station, "u0"), "reject", "a long scratch that was missed", "Mei")
    station.review(id_of(station, "u1"), "reject", "detached magnet", "Mei")  # safety needs no row
    found = station.lot_tally("L1", 5)
    assert counted(station) == {"critical": 0, "major": 1, "minor": 1}
    assert found.counts == {"detached-magnet": 1, "scratch": 1}


def test_an_undecided_unit_is_rejected_as_before(station: Station) -> None:
    station.review(id_of(station, "u4"), "reject", "seen by eye", "Mei")
    assert counted(station)["major"] == 1
    assert station.lot_tally("L1", 5).counts == {"rejected-at-review": 1}
    station.decide_lot("L1", 5)
    [point] = [p for p in station.nonconformities.draft("L1", use="retail").points if p.item.source == "seen"]
    assert (named(point.item), point.item.note) == ("@found_kind.rejected-at-review", "seen by eye")
    assert language("en").joined(point.answers[0].phrases) == "Units rejected at review."


@pytest.mark.parametrize(("code", "word"), [("en", "rejected at review"), ("zh-Hant", "覆核拒收")])
def test_what_is_rejected_at_review_is_called_so_everywhere(code: str, word: str) -> None:
    tongue = language(code)
    assert characteristic(REJECTED_AT_REVIEW, tongue) == word
    assert word in tongue.text("item.review", name="logo").casefold()
    assert word in tongue.text("item.rejected").casefold()


def test_the_chinese_texts_have_one_word_for_review() -> None:
    """Pages, documents and sentences of the records."""
    texts = [*ROOT.rglob("zh-Hant.toml"), *ROOT.rglob("zh-Hant.json")]
    assert len(texts) == 6
    found = [(f.name, word) for f in texts for word in ("複審", "複檢", "判退") if word in f.read_text("utf-8")]
    assert found == []


def test_the_commands_say_preferences(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    station.review(id_of(station, "u0"), "accept", "preference: warmer gold", "Mei")
    for command in ("decide", "tally"):
        assert run(app, ["lot", command, "L1", "--size", "5"]) == 0
        assert "a preference on 1 unit (warmer gold)" in capsys.readouterr().out
