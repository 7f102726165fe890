"""From reviewed findings to the thresholds that an inspection holds to, over a drawn line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from entered_line import Clock
from reviewed_line import SHEET, draw_reviewed_line, findings_of

from station.batch.serial import Serial
from station.cli import app, reviewing
from station.cli.conduct import run
from station.errors import NotFoundError, RequestError, StationError
from station.judge.folding import is_well_within
from station.models import REFERENCE_DIFFERENCE
from station.service import Station
from station.service.finding_reviews import NewAnswer
from station.settings import Settings
from station.store import reviewed as store
from station.values.documents import UnitDocument, Verdict
from station.values.reviewed import TOGETHER

INSPECT = ("inspect", "--golden", "GS-1", "--jobs", "1")
WHO = ("--by", "M. Weber", "--reason", "glints on the rim")


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    draw_reviewed_line(monkeypatch)
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("STATION_DEFECT_MODEL", REFERENCE_DIFFERENCE)
    monkeypatch.chdir(tmp_path)
    Path("sheet.toml").write_text(SHEET)
    for i in range(14):
        cv2.imwrite(f"{i}.png", np.full((64, 64, 3), 60 + i, dtype=np.uint8))


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station(Settings(home=tmp_path / "home"), clock=Clock()) as opened:
        opened.seal_golden(Path("sheet.toml"), Path("0.png"))
        yield opened


@pytest.fixture(scope="module")
def reviewed_once() -> dict[str, Path]:
    """The home with twelve reviewed units, once a test has made it."""
    return {}


@pytest.fixture
def reviewed(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, reviewed_once: dict[str, Path]
) -> Iterator[Station]:
    """A station whose units 1 to 12 are inspected and reviewed: 60 pits confirmed, 12 refused, 24 overflows refused."""
    settings = Settings(home=tmp_path / "home")
    if "home" not in reviewed_once:
        with Station(settings, clock=Clock()) as opened:
            opened.seal_golden(Path("sheet.toml"), Path("0.png"))
            _inspect(opened, *range(1, 13))
            _truth(opened, *range(1, 13))
        reviewed_once["home"] = Path(shutil.copytree(settings.home, tmp_path_factory.mktemp("reviewed") / "home"))
    else:
        shutil.copytree(reviewed_once["home"], settings.home)
    with Station(settings, clock=Clock()) as opened:
        yield opened


def _inspect(station: Station, *numbers: int, lot: str | None = None) -> list[UnitDocument]:
    done: list[Any] = []
    photos = [Path(f"{n}.png") for n in numbers]
    station.inspect_many(photos, golden="GS-1", engine=Serial(), on_done=done.append, lot=lot)
    return [one.document for one in done]


def _answer(station: Station, unit: int, answers: dict[int, Any], by: str = "M. Weber") -> None:
    reviews = station.finding_reviews
    reviews.answer(reviews.find(str(unit)), [NewAnswer(n, a) for n, a in answers.items()], by)


def _truth(station: Station, *units: int, skip: tuple[int, ...] = ()) -> None:
    """Every finding of these units reviewed as it is, but for those numbers."""
    for unit in units:
        found = station.finding_reviews.findings(station.finding_reviews.find(str(unit))).findings
        real = {n.number: "confirm" if n.finding.score > 0.7 else "refuse" for n in found if n.number not in skip}
        _answer(station, unit, real)


# --- answers ---------------------------------------------------------------------------------------------------------


def test_answers_are_kept_with_what_they_were_about_and_a_later_one_supersedes(station: Station) -> None:
    (document,) = _inspect(station, 1)
    _answer(station, 1, {1: "confirm", 2: "undecidable"})
    _answer(station, 1, {1: "refuse"})
    first, second, later = store.finding_reviews(station._db, golden="GS-1")
    f = document.findings[0]
    assert (first.kind, first.x_mm, first.y_mm, first.size_mm, first.score) == (
        f.kind, f.x_mm, f.y_mm, f.size_mm, f.score,
    )  # fmt: skip
    assert (first.contrast_to_noise, first.region, first.golden_version) == (8.0, "sky", 1)
    assert (first.model, first.weights, first.unit_digest) == ("reference-difference", "", document.digest)
    assert (later.supersedes, second.supersedes, later.answer) == (first.id, None, "refuse")
    shown = station.finding_reviews.findings(first.unit_id)
    assert [n.standing for n in shown.findings[:3]] == ["refused", "undecidable", ""]
    assert [a.answer for a in shown.findings[0].answers] == ["confirm", "refuse"]
    assert station.unit(first.unit_id).standing == "nonconforms"
    assert station.check().ok


@pytest.mark.parametrize(
    ("answers", "standing"),
    [
        ([("A", "confirm"), ("B", "confirm")], "confirmed"),
        ([("A", "confirm"), ("B", "refuse")], "disputed"),
        ([("A", "confirm"), ("B", "undecidable")], "confirmed"),
        ([("A", "confirm"), ("B", "refuse"), ("A", "refuse")], "refused"),
        ([("A", "refuse"), ("A", "undecidable")], "undecidable"),
        ([("A", "confirm"), ("B", "refuse"), ("B", "undo")], "confirmed"),
        ([("A", "confirm"), ("A", "undo")], ""),
    ],
)
def test_the_newest_answer_of_each_reviewer_counts(
    station: Station, answers: list[tuple[str, str]], standing: str
) -> None:
    _inspect(station, 1)
    for who, answer in answers:
        _answer(station, 1, {1: answer}, by=who)
    assert station.finding_reviews.findings(1).findings[0].standing == standing


@pytest.mark.parametrize(
    ("answers", "by", "says"),
    [
        ([NewAnswer(9, "confirm")], "A", "unit 1 has no finding 9, it has 8"),
        ([NewAnswer(1, "confirm"), NewAnswer(1, "refuse")], "A", "finding 1 is answered twice"),
        ([NewAnswer(1, "accept")], "A", "'accept' is no answer"),  # type: ignore[arg-type]
        ([NewAnswer(1, "confirm")], " ", "the reviewer is missing"),
        ([NewAnswer(1, "confirm", named="?!")], "A", "no kind of finding"),
        ([NewAnswer(1, "confirm", reason="a\x00")], "A", "no plain text"),
    ],
)
def test_an_answer_that_makes_no_sense_is_refused_and_none_is_kept(
    station: Station, answers: list[NewAnswer], by: str, says: str
) -> None:
    _inspect(station, 1)
    with pytest.raises(StationError, match=says):
        station.finding_reviews.answer(1, [NewAnswer(2, "refuse"), *answers], by)
    assert store.finding_reviews(station._db) == []


def test_a_name_that_several_lots_have_must_be_narrowed(station: Station) -> None:
    _inspect(station, 1, lot="L1")
    Path("again").mkdir()
    cv2.imwrite("again/1.png", np.full((64, 64, 3), 99, dtype=np.uint8))
    station.inspect(Path("again/1.png"), golden="GS-1", lot="L2")
    with pytest.raises(RequestError, match="1 is a unit of lot L1 and of lot L2"):
        station.finding_reviews.find("1")
    assert station.finding_reviews.find("1", lot="L1") == 1
    with pytest.raises(NotFoundError, match="no unit '1' of lot L3"):
        station.finding_reviews.find("1", lot="L3")


def test_what_was_taken_back_is_as_if_it_had_not_been_said(station: Station) -> None:
    _inspect(station, 1)
    _answer(station, 1, {1: "confirm", 2: "refuse", 3: "confirm"})
    _answer(station, 1, {1: "undo", 2: "undo"})
    report = station.recalibration.propose("GS-1")
    assert [(g.confirmed, g.refused, g.undecidable) for g in report.groups] == [(1, 0, 0)]
    with pytest.raises(RequestError, match=r"finding 1 has no answer of K\. Lang to take back"):
        _answer(station, 1, {1: "undo"}, by="K. Lang")
    shown = station.finding_reviews.findings(1).findings[0]
    assert [(a.answer, a.named) for a in shown.answers] == [("confirm", None), ("undo", None)]


# --- thresholds ------------------------------------------------------------------------------------------------------


def test_too_few_reviews_propose_nothing(station: Station) -> None:
    _inspect(station, *range(1, 9))
    _truth(station, *range(1, 9))
    report = station.recalibration.propose("GS-1")
    assert [(g.kind, g.state, g.kinds) for g in report.groups] == [(TOGETHER, "insufficient", ("overflow", "pit"))]
    assert report.groups[0].reason == "40 confirmed findings on 8 units are too few, it takes 59 on 10"
    assert (report.proposed, report.groups[0].confirmed_new) == ({}, None)
    with pytest.raises(RequestError, match=r"the reviews propose no threshold: .* are too few"):
        station.recalibration.apply("GS-1", by="A", reason="b")


def test_enough_reviews_propose_the_lowest_confirmed_score_and_change_nothing(reviewed: Station) -> None:
    report = reviewed.recalibration.propose("GS-1")
    pit, rest = report.groups
    lowest = min(f.score for n in range(1, 13) for f in findings_of(f"{n}.png")[1:6])
    assert pit.new == {"pit": int(lowest * 1000) / 1000} == report.proposed
    assert (pit.confirmed, pit.refused, pit.units) == (60, 12, 12)
    assert pit.confirmed_new is not None
    assert pit.refused_new is not None
    assert (pit.confirmed_new.dropped, pit.confirmed_new.of) == (0, 60)
    assert pit.confirmed_new.high == pytest.approx(1 - 0.05 ** (1 / 60))
    assert (pit.refused_old.dropped, pit.refused_new.dropped, pit.refused_new.of) == (0, 12, 12)
    assert pit.refused_new.low == pytest.approx(0.05 ** (1 / 12))
    assert (rest.kind, rest.state) == ("overflow", "insufficient")
    assert reviewed.line("GS-1").thresholds is None
    assert _inspect(reviewed, 1)[0].set_aside == ()


def test_disputed_and_undecidable_findings_and_those_of_others_do_not_count(reviewed: Station) -> None:
    _answer(reviewed, 1, {2: "refuse"}, by="B")
    _answer(reviewed, 2, {2: "undecidable"})
    Path("sheet.toml").write_text(SHEET.replace("0.2", "0.3"))
    (group,) = reviewed.recalibration.propose("GS-1").groups
    assert (group.confirmed, group.disputed, group.undecidable) == (58, 1, 1)
    reviewed.seal_golden(Path("sheet.toml"), Path("0.png"))
    report = reviewed.recalibration.propose("GS-1")
    assert report.golden_version == 2
    assert (report.groups, report.left_out) == ((), {"on another version of the golden": 96})


def test_photos_of_one_unit_are_one_unit_and_their_places_count_once(station: Station) -> None:
    """Twelve photos of one unit that show the same five pits: they prove no more than one photo does."""
    for n in range(1, 13):
        unit_id = station.inspect(Path(f"{n}.png"), golden="GS-1", unit="one").unit_id
        assert unit_id is not None
        found = station.finding_reviews.findings(unit_id).findings
        answers = [NewAnswer(f.number, "confirm" if f.finding.score > 0.7 else "refuse") for f in found]
        station.finding_reviews.answer(unit_id, answers, "M. Weber")
    (group,) = station.recalibration.propose("GS-1").groups
    assert (group.confirmed, group.refused, group.units, group.state) == (5, 3, 1, "insufficient")


def test_a_disputed_finding_holds_the_threshold(reviewed: Station) -> None:
    before = reviewed.recalibration.propose("GS-1").proposed["pit"]
    _answer(reviewed, 3, {1: "confirm"}, by="B")  # a refused pit of a low score
    (lowest,) = {f.score for f in findings_of("3.png") if f.kind == "pit" and f.score < 0.7}
    group = reviewed.recalibration.propose("GS-1").groups[0]
    assert (group.confirmed, group.disputed) == (60, 1)
    assert group.new["pit"] == int(lowest * 1000) / 1000 < before


def test_applied_thresholds_hold_are_named_and_can_be_taken_back(reviewed: Station) -> None:
    number, record = reviewed.recalibration.apply("GS-1", by="M. Weber", reason="glints")
    assert (number, record.by, record.reason, record.action) == (1, "M. Weber", "glints", "apply")
    assert record.report is not None
    (after,) = _inspect(reviewed, 13)
    assert [f.kind for f in after.set_aside] == ["pit"]
    assert after.set_aside[0].verdict == "nonconforms"
    assert after.thresholds is not None
    assert (after.thresholds.record, after.thresholds.scores) == (record.digest, record.scores)
    assert "1 set aside" in after.gates[-1].reason
    again = _inspect(reviewed, 1)[0]  # under other thresholds the same photo is inspected anew
    assert len(again.set_aside) == 1
    with pytest.raises(RequestError, match="in force already"):
        reviewed.recalibration.apply("GS-1", by="A", reason="b")
    reviewed.recalibration.reset("GS-1", by="K. Lang", reason="a scratch was lost")
    back = _inspect(reviewed, 1)[0]
    assert (back.set_aside, len(back.findings)) == ((), 8)
    assert [u.id for u in reviewed.units() if u.unit == "1"] == [1, 14, 15]  # the last one stands
    with pytest.raises(RequestError, match="nothing to take back"):
        reviewed.recalibration.reset("GS-1", by="K. Lang", reason="again")
    assert [(n, r.action) for n, r in reviewed.recalibration.history("GS-1")] == [(2, "reset"), (1, "apply")]
    assert reviewed.check().ok


def test_what_is_set_aside_must_be_reviewed_too_before_a_unit_teaches(reviewed: Station) -> None:
    reviewed.recalibration.apply("GS-1", by="A", reason="b")
    _inspect(reviewed, 13)
    _truth(reviewed, 13, skip=(8,))  # the finding set aside
    report = reviewed.recalibration.propose("GS-1")
    assert report.groups[0].confirmed == 60
    assert report.left_out == {"on units whose findings set aside were not all answered": 7}
    _answer(reviewed, 13, {8: "refuse"})
    report = reviewed.recalibration.propose("GS-1")
    assert (report.groups[0].confirmed, report.left_out) == (65, {})
    assert report.groups[0].refused_old.dropped == 13


def test_a_photo_inspected_anew_is_not_counted_twice(reviewed: Station) -> None:
    reviewed.recalibration.apply("GS-1", by="A", reason="b")
    _inspect(reviewed, *range(1, 13))
    assert {n.standing for n in reviewed.finding_reviews.findings(13).findings} == {"confirmed", "refused"}
    _truth(reviewed, *range(1, 13))
    group = reviewed.recalibration.propose("GS-1").groups[0]
    assert (group.confirmed, group.refused, group.units) == (60, 12, 12)


def test_thresholds_of_another_program_lapse_and_inspect_says_so(
    reviewed: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewed.recalibration.apply("GS-1", by="A", reason="b")
    monkeypatch.setattr("station.service.lines.PROGRAM", "golden-sample-station 99")
    done: list[Any] = []
    result = reviewed.inspect_many([Path("1.png")], golden="GS-1", engine=Serial(), on_done=done.append)
    assert "hold no longer: they are of another version of the model or the program" in result.remarks[0]
    assert done[0].document.set_aside == ()
    assert "hold no longer" in done[0].document.gates[-1].reason


def test_a_capability_study_holds_under_the_thresholds_it_was_made_with(reviewed: Station) -> None:
    from station.service.capability import capability_in_force
    from station.store import capability, records
    from station.values.capability import CapabilityDocument, FalseAlarmDocument

    row = records.golden(reviewed._db, "GS-1")
    alarms = FalseAlarmDocument(
        parts=1, alarms=0, per_part=0, per_part_upper=3, parts_with=0, share_upper=1, kinds={}
    )  # fmt: skip
    line = reviewed.line("GS-1")
    study = CapabilityDocument(
        golden="GS-1", golden_version=1, golden_digest=row.digest, model=line.model, program=line.program,
        made_at=Clock()(), seed=1, pitch_mm=0.03, noise=0.01, blur_px=1, searched_share=1, wanted=60, renderings=1,
        method="", limits=(), curves=(), false_alarms=alarms, warnings=(), trials=(), digest="9" * 64,
    )  # fmt: skip
    capability.add_study(
        reviewed._db, golden_id=row.id, model=line.model, document=study.model_dump_json(by_alias=True),
        digest=study.digest, at=study.made_at,
    )  # fmt: skip
    assert reviewed.line("GS-1").capability is not None
    reviewed.recalibration.apply("GS-1", by="A", reason="b")
    line = reviewed.line("GS-1")
    assert line.capability is None
    assert line.model_use is not None
    assert capability_in_force(reviewed._db, row, line.model_use, line.program) is not None
    reviewed.recalibration.reset("GS-1", by="A", reason="b")
    assert reviewed.line("GS-1").capability is not None


# --- the commands ----------------------------------------------------------------------------------------------------


def _refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(app, arguments) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    return err


def test_the_review_command_shows_and_records(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    _inspect(station, 1)
    assert run(app, ["review", "1"]) == 0
    out = capsys.readouterr().out
    assert "Unit 1 (1.png) against GS-1 version 1: nonconforms" in out
    assert out.count("nonconforms") == 9
    row = next(line.split() for line in out.splitlines() if line.startswith(" 7 "))
    assert row[:8] == ["7", "overflow", "0.40", "across", "0.02", "0.2", "+6.0,", "+0.0"]
    assert "7: overflow 0.40 mm across in sky at x 6.0, y 0.0 mm, limit 0.20 (u 0.02)." in out
    assert "See them large: station picture findings 1 --golden GS-1 --out findings.png" in out
    reviewed = ["review", "1", "--confirm", "2-5,6", "--refuse", "1", "--refuse", "7,8", "--by", "M. Weber"]
    assert run(app, [*reviewed, "--reason", "glints"]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("station: note: 8 recorded")
    assert "7: refuse M. Weber." in out
    assert run(app, ["review", "1", "--confirm", "2", "--by", "K. Lang"]) == 0
    out = capsys.readouterr().out  # what changed, and nothing else
    assert "2: confirm M. Weber; confirm K. Lang." in out
    assert not any(line.startswith((" 1 ", " 3 ")) for line in out.splitlines())
    assert run(app, ["review", "1", "--confirm", "1", "--kind", "speck", "--by", "K. Lang", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [n["standing"] for n in found["findings"]] == ["disputed", *["confirmed"] * 5, *["refused"] * 2]
    assert (found["findings"][0]["answers"][1]["named"], found["findings"][0]["answers"][0]["reason"]) == (
        "speck",
        "glints",
    )
    assert run(app, ["review", "1"]) == 0
    assert "refuse M. Weber; confirm K. Lang (speck)" in " ".join(capsys.readouterr().out.split())
    assert run(app, ["review", "1", "--undo", "1", "--by", "K. Lang", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["findings"][0]["standing"] == "refused"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["review", "77"], "there is no unit '77'"),
        (["review", "1", "--confirm", "x"], "'x' names no findings"),
        (["review", "1", "--confirm", "5-2"], "smaller number first"),
        (["review", "1", "--confirm", "3-"], "names no findings"),
        (["review", "1", "--confirm", "1"], "--by NAME"),
        (["review", "1", "--kind", "pit"], "no finding is named"),
        (["review", "1", "--refuse", "1-2", "--kind", "pit", "--by", "A"], "several findings"),
        (
            ["review", "1", "--confirm", "1", "--kind", "buble", "--by", "A"],
            "Did you mean bubble? Known are pit, overflow,",
        ),
        (["review", "1", "--confirm", "1", "--kind", "blister", "--by", "A"], "know the kind 'blister'"),
        (["review", "1", "--confirm", "1", "--new-kind", "--by", "A"], "--new-kind goes with --kind"),
        (["model", "recalibrate", "--golden", "GS-9"], "no golden 'GS-9'"),
        (["model", "recalibrate", "--golden", "GS-1", "--apply", "--reset"], "exclude each other"),
        (["model", "recalibrate", "--golden", "GS-1", "--by", "A"], "go with --apply or --reset"),
        (["model", "recalibrate", "--golden", "GS-1", "--apply", *WHO], "no finding was reviewed"),
        (["model", "recalibrate", "--golden", "GS-1", "--reset", *WHO], "has no reviewed thresholds"),
    ],
)
def test_commands_refuse_in_one_line(
    station: Station, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    _inspect(station, 1)
    assert says in _refused(capsys, *arguments)


def test_a_kind_that_nobody_knows_is_recorded_where_it_is_meant(
    station: Station, capsys: pytest.CaptureFixture[str]
) -> None:
    _inspect(station, 1)
    new = ["review", "1", "--confirm", "1", "--kind", "blister", "--new-kind", "--by", "K. Lang"]
    assert run(app, new) == 0
    assert "1: confirm K. Lang (blister)." in capsys.readouterr().out
    for known in ("burn-mark", "lint", "off-colour"):  # of the network, of what is no defect, of no model
        assert run(app, ["review", "1", "--confirm", "1", "--kind", known, "--by", "K. Lang"]) == 0
    assert store.finding_reviews(station._db, golden="GS-1")[-1].named == "off-colour"


def test_what_is_well_within_its_limit_is_one_line(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    (document,) = _inspect(station, 1)
    small = document.findings[0].model_copy(update={"verdict": Verdict.CONFORMS, "size_mm": 0.09, "reason": ""})
    assert is_well_within(small)
    for other in ({"size_mm": 0.1}, {"verdict": Verdict.UNDECIDED}, {"limit_mm": None}):
        assert not is_well_within(small.model_copy(update=other))
    scratch = small.model_copy(update={"kind": "scratch", "length_mm": 0.3})
    assert not is_well_within(scratch)  # a scratch is held to its limit by its length
    found = station.finding_reviews.findings(1)
    tiny = found.findings[7].model_copy(update={"finding": small})
    reviewing._show(found.model_copy(update={"findings": (*found.findings[:7], tiny)}), everything=False)
    out = capsys.readouterr().out
    assert "1 more well within its limit (less than half): station review 1 --all" in out
    assert not any(line.startswith(" 8 ") for line in out.splitlines())
    reviewing._show(found.model_copy(update={"findings": (*found.findings[:7], tiny)}), everything=True)
    assert any(line.startswith(" 8 ") for line in capsys.readouterr().out.splitlines())


def test_recalibrate_says_what_is_missing(station: Station, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["model", "recalibrate", "--golden", "GS-1"]
    assert run(app, command) == 0
    out = capsys.readouterr().out
    assert "No finding was reviewed yet." in out
    assert "station review UNIT --golden GS-1" in out
    _inspect(station, 1)
    _answer(station, 1, {2: "confirm"})
    assert run(app, command) == 0
    out = capsys.readouterr().out
    assert "pit: 1 confirmed finding on 1 unit, 0 refused." in out
    assert "Until a proposal: needs 59 confirmed findings, has 1; needs 10 units, has 1." in out


@pytest.mark.usefixtures("reviewed")
def test_the_recalibrate_command_proposes_sets_tells_and_takes_back(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["model", "recalibrate", "--golden", "GS-1"]
    assert run(app, command) == 0
    out = capsys.readouterr().out
    assert "0 of 60 (0.0% to 4.9%)" in out
    assert "12 of 12 (77.9% to 100.0%)" in out
    assert "insufficient" in out
    assert "Nothing is changed. To set them:" in out
    assert run(app, [*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["proposed"] == {"pit": 0.802}
    assert run(app, [*INSPECT, "13.png"]) == 0
    assert "reviewed thresholds" not in "".join(capsys.readouterr())
    assert "--reason is empty" in _refused(capsys, *command, "--apply", "--by", "A")
    assert run(app, [*command, "--apply", *WHO]) == 0
    out = capsys.readouterr().out
    assert "a finding counts where its score is pit from 0.802; by M. Weber: glints on the rim" in out
    assert "station model capability --golden GS-1" in out
    assert run(app, [*INSPECT, "13.png"]) == 0
    out, err = capsys.readouterr()
    assert "set by M. Weber, are in force for golden GS-1: a finding counts where its score is pit from 0.802" in err
    assert "set aside by reviewed thresholds: pit 0.40 mm across" in " ".join(out.split())
    assert run(app, command) == 0
    assert "This is what is in force." in capsys.readouterr().out
    assert run(app, [*command, "--reset", *WHO]) == 0
    assert "taken back; by M. Weber" in capsys.readouterr().out
    assert run(app, [*command, "--history"]) == 0
    assert capsys.readouterr().out.count("Record ") == 2
    assert run(app, [*command, "--history", "--json"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
