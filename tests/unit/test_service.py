"""The use cases over a drawn line: what is recorded, what is answered from the records, what a person is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from station import golden_line, pipeline
from station.batch.serial import Serial
from station.calibrate import light
from station.errors import (
    ClaimedError,
    ConflictError,
    NotFoundError,
    PhotoError,
    RequestError,
    RigError,
    SheetError,
    StorageFullError,
)
from station.service import Station, measuring
from station.service.measuring import worst_margin
from station.service.units_file import name_units
from station.service.views import BatchResult, Inspected
from station.settings import Settings
from station.store import records
from station.values.colour import LinearRGB
from station.values.digest import digest
from station.values.documents import (
    AlignmentDocument,
    FindingDocument,
    GateDocument,
    MeasurementDocument,
    UnitDocument,
    Verdict,
)
from station.values.geometry import Frame, Similarity
from station.values.line import Corrected, Gate, Master, RegionMaster, Shot

SHEET = """schema = 1
[product]
sku = "{sku}"
name = "Alpine pin"
type = "pin"
finish = "hard enamel"
thickness_mm = 1.6
[golden]
{golden}
[[sizes]]
name = "width"
nominal_mm = 30.0
plus_mm = {plus}
minus_mm = 0.15
class = "major"
[aql]
level = "S-1"
major = 2.5
"""
RASTER = LinearRGB(np.full((40, 40, 3), 0.5, dtype=np.float32))


def a_master(corrected: Corrected, sheet: Any, *, number: str, version: int) -> Master:
    region = RegionMaster("sky", "soft enamel", 2, np.array([50.0, 1.0, 2.0]), 0.1, (0.0, 0.0), 10.0)
    return Master(
        number=number, version=version, sheet_digest=sheet.digest, photo_sha256=corrected.shot.sha256,
        frame=Frame(0.5, 40, 40, (19.5, 19.5)), image=RASTER, correction=None,
        labels=np.full((40, 40), 2, dtype=np.uint8), outline_mm=np.array([[-9.0, -9], [9, -9], [9, 9]]), holes_mm=(),
        thickness_mm=1.6, regions=(region,), marks=(), sizes_mm={"width": 30.0}, u_scale=1e-3, scale_source="rig",
        noise=0.01, blur_px=1.0, pose=Similarity(),
    )  # fmt: skip


@dataclass
class Aligned:
    image: LinearRGB = RASTER
    correction: None = None


@dataclass
class Inspection:
    document: UnitDocument
    aligned: Aligned


def an_inspection(shot: Shot, master: Master, sheet: Any, calibration: Any, **names: Any) -> Inspection:
    """The photo's first pixel decides: red nonconforming, green conforming, anything else undecided for a gate."""
    del names["model"]
    red, green, _ = (int(v) for v in shot.photo.pixels[0, 0])
    verdict = Verdict.NONCONFORMS if red > 200 else Verdict.CONFORMS if green > 200 else Verdict.UNDECIDED
    size = 30.0 + (red - 150) / 300
    measured = MeasurementDocument(
        characteristic="size:width", kind="size", value=size, unit="mm", u=0.02, nominal=30.0, lower=29.85, upper=30.15,
        defect_class="major", verdict=verdict,
    )  # fmt: skip
    pit = FindingDocument(
        kind="pit", x_mm=1, y_mm=2, size_mm=0.3, length_mm=0.3, area_mm2=0.07, region="sky", score=0.9, limit_mm=0.15,
        defect_class="major", verdict=verdict,
    )  # fmt: skip
    blind = verdict is Verdict.UNDECIDED
    document = UnitDocument(
        photo=shot.name, sha256=shot.sha256, golden=master.number, golden_version=master.version,
        unit=names["unit"], golden_digest=names["golden_digest"], model=names["model_name"], program=names["program"],
        sheet_digest=sheet.digest, calibration=calibration.digest, taken_at=shot.taken_at, verdict=verdict,
        reasons=() if verdict is Verdict.CONFORMS else ("width is 30.2 mm",),
        gates=(GateDocument(name="sharpness", ok=not blind),), pose=None,
        alignment=None if blind else AlignmentDocument(rms_px=0.1, overlap=1.0),
        measurements=() if blind else (measured,), findings=(pit,) if verdict is Verdict.NONCONFORMS else (),
    )  # fmt: skip
    content = document.model_dump(mode="json", by_alias=True, exclude={"digest"})
    return Inspection(document.model_copy(update={"digest": digest(content)}), Aligned())


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def drawn_line(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate("card", False, "no colour card in the photo")
    corrected = lambda shot, _calibration: Corrected(  # noqa: E731
        shot, RASTER, np.zeros((40, 40), dtype=bool), None, None, None, (gate,)
    )
    monkeypatch.setattr(light, "correct", corrected)
    monkeypatch.setattr(golden_line, "measure_master", a_master)
    monkeypatch.setattr(pipeline, "inspect", an_inspection)
    monkeypatch.setattr("station.report.unit_pictures.unit_picture", lambda *_a: np.zeros((40, 80, 3), dtype=np.uint8))


@pytest.fixture
def station(tmp_path: Path, clock: Clock) -> Iterator[Station]:
    with Station(Settings(home=tmp_path / "home"), clock=clock) as opened:
        yield opened


def photo(path: Path, colour: tuple[int, int, int], grain: int = 0) -> Path:
    """A plain picture; ``grain`` makes its file differ from another of the same colour."""
    pixels = np.full((64, 64, 3), colour[::-1], dtype=np.uint8)
    pixels[-1, -1] = grain
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels)
    return path


GOOD, BAD, BLIND = (0, 255, 0), (255, 0, 0), (0, 0, 255)


def seal(station: Station, folder: Path, *, sku: str = "MAS", golden: str = 'number = "GS-1"', plus: float = 0.15,
         colour: tuple[int, int, int] = GOOD) -> Any:  # fmt: skip
    sheet = folder / "sheet.toml"
    sheet.write_text(SHEET.format(sku=sku, golden=golden, plus=plus))
    return station.seal_golden(sheet, photo(folder / "golden.png", colour, grain=99))


def run(station: Station, *paths: Path, engine: Any = None, **more: Any) -> tuple[list[Inspected], BatchResult]:
    done: list[Inspected] = []
    more = {"golden": "GS-1", "lot": "L1"} | more
    return done, station.inspect_many(list(paths), engine=engine or Serial(), on_done=done.append, **more)


@pytest.fixture
def lot(station: Station, tmp_path: Path) -> Path:
    """A sealed golden and a folder of eight photos: five good, two bad, one blind."""
    seal(station, tmp_path)
    colours = [GOOD, BAD, GOOD, GOOD, BLIND, GOOD, BAD, GOOD]
    for i, colour in enumerate(colours, 1):
        photo(tmp_path / "lot" / f"unit-{i}.png", colour, grain=i)
    return tmp_path / "lot"


# --- sealing ---------------------------------------------------------------------------------------------------------


def test_a_golden_is_sealed_once_however_often_it_is_handed_in(station: Station, tmp_path: Path) -> None:
    first = seal(station, tmp_path)
    assert (first.number, first.version, first.regions, first.new) == ("GS-1", 1, ("sky",), True)
    assert any("no colour card" in w for w in first.warnings)
    again = seal(station, tmp_path)
    assert (again.version, again.digest, again.new) == (1, first.digest, False)


def test_the_approval_statement_needs_a_date(station: Station, tmp_path: Path) -> None:
    """G4, G5."""
    seal(station, tmp_path)
    with pytest.raises(ConflictError, match=r"cannot be approved without its day \(received_on or approved_on\)"):
        station.sign_off.approval_statement("GS-1")
    with pytest.raises(ConflictError, match="cannot be approved without its day"):
        station.papers.approval("GS-1", "en")
    sheet = tmp_path / "dated.toml"
    sheet.write_text(SHEET.format(sku="MAS", golden='number = "GS-1"\nreceived_on = 2026-05-10', plus=0.15))
    station.seal_golden(sheet, photo(tmp_path / "golden.png", GOOD))
    assert "second-version sample received on 2026-05-10" in station.sign_off.approval_statement("GS-1")


def test_sealing_names_sizes_that_will_not_be_measured(station: Station, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.toml"
    border = '\n[[sizes]]\nname = "border"\nnominal_mm = 0.4\nplus_mm = 0.1\nminus_mm = 0.1\n'
    sheet.write_text(SHEET.format(sku="MAS", golden='number = "GS-1"', plus=0.15) + border)
    warnings = station.seal_golden(sheet, photo(tmp_path / "golden.png", GOOD)).warnings
    assert [w.split(":")[0] for w in warnings if w.startswith("size ")] == ["size border"]


def test_a_part_as_high_as_the_camera_is_refused(station: Station, tmp_path: Path) -> None:
    rig = tmp_path / "rig.toml"
    rig.write_text('name = "b"\n[camera]\nwidth = 64\nheight = 64\ndistance_mm = 300.0\n')
    station.bench.add_rig(rig)
    sheet = tmp_path / "sheet.toml"
    sheet.write_text(SHEET.format(sku="MAS", golden="", plus=0.15).replace("thickness_mm = 1.6", "thickness_mm = 299"))
    with pytest.raises(SheetError, match="thickness_mm = 299 is more than half the way to the camera of rig b"):
        station.seal_golden(sheet, photo(tmp_path / "golden.png", GOOD), rig="b")


def test_a_change_of_sheet_or_photo_is_a_new_version(station: Station, tmp_path: Path) -> None:
    digests = {seal(station, tmp_path).digest, seal(station, tmp_path, plus=0.2).digest}
    last = seal(station, tmp_path, plus=0.2, colour=BLIND)
    assert (last.version, len(digests | {last.digest})) == (3, 3)
    assert [g.version for g in station.goldens()] == [3, 2, 1]
    assert "plus_mm = 0.15" in station.golden_sheet("GS-1", 1)


def test_the_sheet_may_start_at_a_later_version(station: Station, tmp_path: Path) -> None:
    assert seal(station, tmp_path, golden='number = "GS-1"\nversion = 3').version == 3


def test_a_number_is_made_from_the_date_and_is_one_products(station: Station, tmp_path: Path) -> None:
    assert seal(station, tmp_path, golden="approved_on = 2026-05-09").number == "GS-20260509"
    assert seal(station, tmp_path, golden="").number == "GS-20260510"
    assert seal(station, tmp_path, golden="", sku="OTHER").number == "GS-20260510-2"
    seal(station, tmp_path)
    with pytest.raises(ConflictError, match="GS-1 is the golden sample of MAS"):
        seal(station, tmp_path, sku="OTHER")


# --- inspecting ------------------------------------------------------------------------------------------------------


def test_a_folder_is_inspected_and_resumed_without_measuring_twice(
    station: Station, lot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done, result = run(station, lot)
    assert (result.total, result.inspected, result.known, result.nonconforming) == (8, 8, 0, 2)
    assert [d.unit for d in done] == [f"unit-{i}" for i in range(1, 9)]
    monkeypatch.setattr(pipeline, "inspect", None)
    again, result = run(station, lot)
    assert (result.inspected, result.known, result.nonconforming, result.stopped) == (0, 8, 2, False)
    assert [d.document for d in again] == [d.document for d in done]
    assert station.check().ok
    assert station.check().extra == ()


def test_a_stopped_run_keeps_what_is_done_and_goes_on(station: Station, lot: Path) -> None:
    stop = threading.Event()
    done: list[Inspected] = []

    def on_done(one: Inspected) -> None:
        done.append(one)
        if len(done) == 3:
            stop.set()

    first = station.inspect_many([lot], golden="GS-1", engine=Serial(), on_done=on_done, lot="L1", stop=stop)
    assert (first.inspected, first.stopped) == (3, True)
    assert len(station.units(lot="L1")) == 3
    _, second = run(station, lot)
    assert (second.known, second.inspected, second.stopped) == (3, 5, False)


def test_the_goldens_own_photograph_is_no_unit(station: Station, lot: Path) -> None:
    own = lot.parent / "golden.png"
    done, result = run(station, own, lot / "unit-1.png")
    assert (result.inspected, result.failed) == (1, 1)
    refused = next(d for d in done if d.error is not None)
    assert "golden.png is the golden's own photograph, not a unit's" in str(refused.error)
    assert [u.photo for u in station.units(lot="L1")] == ["unit-1.png"]


def test_a_photo_that_is_refused_does_not_stop_the_others(station: Station, lot: Path) -> None:
    (lot / "unit-2.png").write_bytes(b"")
    (lot / "unit-3.png").write_text("hello")
    done, result = run(station, lot)
    assert (result.inspected, result.failed, result.stopped) == (6, 2, False)
    assert sorted(d.unit for d in done if isinstance(d.error, PhotoError)) == ["unit-2", "unit-3"]


def test_a_full_disk_ends_the_run_and_keeps_what_is_done(
    station: Station, lot: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = measuring.keep_photo

    def fail(evidence: Any, path: Path, sha256: str) -> Any:
        if path.name == "unit-4.png":
            raise StorageFullError("the disk is full", "Free some space.")
        return real(evidence, path, sha256)

    with monkeypatch.context() as patch:
        patch.setattr(measuring, "keep_photo", fail)
        with pytest.raises(StorageFullError):
            run(station, lot)
    assert [u.unit for u in station.units(lot="L1")] == ["unit-1", "unit-2", "unit-3"]
    assert run(station, lot)[1].inspected == 5
    assert station.check().extra == ()


def test_the_same_picture_for_two_units_is_one_unit_and_is_said(station: Station, lot: Path) -> None:
    (lot / "unit-9.png").write_bytes((lot / "unit-1.png").read_bytes())
    done, result = run(station, lot)
    assert (result.inspected, result.known) == (8, 1)
    twin = next(d for d in done if d.unit == "unit-9")
    assert twin.remarks == ("unit-9.png was handed in as unit unit-9, but is the picture of unit unit-1",)
    assert [d.remarks for d in done if d.unit != "unit-9"] == [()] * 8
    assert station.lot("L1").inspected == 8
    again, _ = run(station, lot)
    assert sum(bool(d.remarks) for d in again) == 1


def test_the_same_picture_in_two_lots_counts_in_the_first(station: Station, lot: Path) -> None:
    run(station, lot)
    done, _ = run(station, lot / "unit-1.png", lot="L2")
    assert done[0].remarks == ("unit-1.png is in lot L1 and is not counted in lot L2",)
    with pytest.raises(NotFoundError):
        station.decide_lot("L3", 100)
    assert station.lot("L1").inspected == 8


@pytest.mark.parametrize(
    "name", ["", "  ", " L1", "a\nb", "x" * 201, ".", "..", "../L1", "a//b", "/L1", "L1/", "L1/tally", "L1/decision"]
)
def test_a_lot_id_that_no_list_or_address_can_carry(station: Station, lot: Path, name: str) -> None:
    with pytest.raises(RequestError, match=r"lot id|like a path"):
        run(station, lot, lot=name)
    assert station.lots() == []


def test_a_lot_id_may_be_an_order_number_in_any_script(station: Station, lot: Path) -> None:
    run(station, lot / "unit-1.png", lot="ЗАКАЗ 7/2026-№3")
    assert [x.lot for x in station.lots()] == ["ЗАКАЗ 7/2026-№3"]


def test_a_lot_keeps_its_golden(station: Station, lot: Path, tmp_path: Path) -> None:
    run(station, lot / "unit-1.png")
    one = station.lot("L1")
    assert (one.golden_version, station.decide_lot("L1", 8).decision) == (1, "open")
    seal(station, tmp_path, plus=0.2)
    first, *more = sorted(lot.iterdir())
    good = [p for p in more if p.stem not in ("unit-2", "unit-5", "unit-7")]
    known, _ = run(station, first)
    assert not known[0].new
    done, result = run(station, *good)
    assert {d.document.golden_version for d in done if d.document} == {1}
    assert result.remarks == (
        "lot L1 goes on against version 1 of golden GS-1, with which it was opened; new lots are held to version 2",
    )
    assert station.decide_lot("L1", 8).decision == "accepted"
    done, result = run(station, lot / "unit-2.png", lot="L2")
    assert (done[0].document and done[0].document.golden_version, result.remarks) == (2, ())
    done, result = run(station, lot / "unit-3.png", lot=None)
    assert (done[0].document and done[0].document.golden_version, result.remarks) == (2, ())
    seal(station, tmp_path, sku="OTHER", golden='number = "GS-2"')
    with pytest.raises(ConflictError, match="lot L1 is held to golden GS-1, not to GS-2"):
        run(station, lot, golden="GS-2")


def test_one_photo(station: Station, lot: Path) -> None:
    one = station.inspect(lot / "unit-2.png", golden="GS-1", unit="A7")
    assert one.document is not None
    assert (one.unit, one.document.unit, one.document.verdict, one.new) == ("A7", "A7", Verdict.NONCONFORMS, True)
    with pytest.raises(PhotoError):
        station.inspect(lot / "nothing.png", golden="GS-1")
    with pytest.raises(NotFoundError, match="no golden 'GS-9'"):
        station.inspect(lot / "unit-2.png", golden="GS-9")


def test_what_is_recorded_of_a_unit(station: Station, lot: Path) -> None:
    run(station, lot)
    good, bad = station.units(lot="L1")[:2]
    assert (good.verdict, bad.verdict, bad.reasons) == (Verdict.CONFORMS, Verdict.NONCONFORMS, ("width is 30.2 mm",))
    assert bad.margin == pytest.approx(min((30.15 - (30 + 105 / 300)) / 0.15, (0.15 - 0.3) / 0.15))
    assert [(f.unit, f.kind) for f in station.findings(lot="L1")] == [("unit-2", "pit"), ("unit-7", "pit")]
    assert [len(station.units(verdict=v)) for v in Verdict] == [5, 2, 1]
    third = station.units(limit=3)[-1].id
    assert [u.unit for u in station.units(after=third, limit=2)] == ["unit-4", "unit-5"]
    shown = {kind: station.unit_picture(bad.id, kind=kind) for kind in ("photo", "frame", "annotated")}
    assert shown["photo"].data == (lot / "unit-2.png").read_bytes()
    assert [p.media_type for p in shown.values()] == ["image/png", "image/jpeg", "image/jpeg"]
    with pytest.raises(NotFoundError, match="no annotated picture"):
        station.unit_picture(good.id, kind="annotated")
    with pytest.raises(RequestError, match="no picture"):
        station.unit_picture(good.id, kind="../x")
    assert station.golden_picture("GS-1").data[:2] == b"\xff\xd8"
    assert station.golden_frame("GS-1").origin_px == (19.5, 19.5)


def test_the_margin_is_the_distance_to_the_nearest_limit_over_the_tolerance() -> None:
    def document(**limits: Any) -> UnitDocument:
        row = {"characteristic": "size:width", "kind": "size", "value": 29.9, "unit": "mm", "u": 0.0, "nominal": 30.0,
               "lower": None, "upper": None, "class": "major", "verdict": "conforms"} | limits  # fmt: skip
        return UnitDocument.model_validate(
            {"unit": "u", "photo": "p", "sha256": "s", "golden": "g", "golden_version": 1, "golden_digest": "d",
             "sheet_digest": "d", "calibration": "c", "model": "m", "program": "p", "taken_at": None,
             "verdict": "conforms", "reasons": [], "gates": [], "pose": None, "alignment": None,
             "measurements": [row], "findings": []}
        )  # fmt: skip

    assert worst_margin(document(lower=29.8, upper=30.2)) == pytest.approx(0.5)
    assert worst_margin(document(value=2.5, upper=2.0)) == pytest.approx(-0.25)
    assert worst_margin(document(value=0.9, lower=1.0)) == pytest.approx(-0.1)
    assert worst_margin(document()) is None
    assert worst_margin(document(value=None, upper=2.0)) is None


# --- the bench -------------------------------------------------------------------------------------------------------


def test_an_expired_calibration_is_named_with_the_command_and_the_units_are_measured_anew(
    station: Station, lot: Path, clock: Clock
) -> None:
    rig = {"name": "a", "camera": {"width": 100, "height": 100, "distance_mm": 300.0}}
    records.add_rig(station._db, name="a", digest="1", document=json.dumps(rig), at=clock())
    grey = {"rig": "a", "gain": [[[1.0, 1.0, 1.0]]], "photo_size": [100, 100], "uniformity": 0.9, "residual": 0.01,
            "lux": None, "images": 1, "made_at": clock().isoformat(),
            "expires_at": "2026-06-01T00:00:00+00:00"}  # fmt: skip
    records.add_calibration(
        station._db, rig_id=records.rig(station._db, "a").id, kind="light", document=json.dumps(grey), files=[],
        made_at=clock(), expires_at=datetime(2026, 6, 1, tzinfo=UTC),
    )  # fmt: skip
    found = station.bench.calibration("a")
    assert found.light is not None
    assert (found.rig.name if found.rig else "", found.lens, found.light.uniformity) == ("a", None, 0.9)
    assert run(station, lot, rig="a")[1].inspected == 8
    clock.now = datetime(2026, 6, 2, tzinfo=UTC)
    (fault,) = station.bench.calibration("a").faults
    assert "the light calibration of rig a expired on 2026-06-01: run `station calibrate light --rig a" in fault.reason
    assert run(station, lot, rig="a")[1].inspected == 8
    with pytest.raises(NotFoundError, match="no rig 'b'"):
        run(station, lot, rig="b")


# --- review and lots -------------------------------------------------------------------------------------------------


def test_a_review_changes_what_the_lot_counts(station: Station, lot: Path) -> None:
    run(station, lot)
    queue = station.queue("L1")
    assert [u.unit for u in queue] == ["unit-5", "unit-2", "unit-7"]
    before = station.decide_lot("L1", 8)
    assert (before.conforms, before.nonconforms, before.undecided) == (5, 2, 1)
    station.review(queue[0].id, "reject", "scratched, seen by eye", "Mei")
    station.review(queue[1].id, "accept", "dust, wiped off", "Mei")
    station.review(queue[2].id, "defer", "ask the buyer", "Mei")
    after = station.decide_lot("L1", 8)
    assert (after.conforms, after.nonconforms, after.undecided) == (6, 1, 1)
    assert [u.unit for u in station.queue("L1")] == ["unit-7"]
    seen = station.lot("L1")
    assert (seen.inspected, seen.conforms, seen.nonconforms, seen.undecided, seen.waiting) == (8, 6, 1, 1, 1)
    station.review(queue[1].id, "undo", reviewer="Mei")
    assert station.unit(queue[1].id).standing is Verdict.NONCONFORMS
    assert [r.decision for r in station.reviews(queue[1].id)] == ["accept", "undo"]
    assert station.lot_document("L1") == after


def test_a_better_photo_does_not_quietly_replace_a_bad_verdict(station: Station, lot: Path) -> None:
    run(station, lot)
    photo(lot / "again" / "unit-2.png", GOOD, grain=40)  # was bad
    photo(lot / "again" / "unit-5.png", GOOD, grain=41)  # was blind
    run(station, lot / "again")
    seen = station.lot("L1")
    assert (seen.inspected, seen.conforms, seen.nonconforms, seen.undecided) == (8, 6, 2, 0)


@pytest.mark.parametrize(
    ("decision", "reason", "reviewer", "wrong"),
    [
        ("maybe", "x", "Mei", "is no decision"),
        ("accept", "", " ", "reviewer is missing"),
        ("reject", " ", "Mei", "needs a reason"),
        ("defer", "", "Mei", "needs a reason"),
        ("accept", "x" * 2001, "Mei", "too long"),
    ],
)
def test_a_review_that_makes_no_sense(
    station: Station, lot: Path, decision: str, reason: str, reviewer: str, wrong: str
) -> None:
    unit = station.inspect(lot / "unit-2.png", golden="GS-1")
    assert unit.unit_id is not None
    with pytest.raises(RequestError, match=wrong):
        station.review(unit.unit_id, decision, reason, reviewer)
    assert station.reviews(unit.unit_id) == []


def test_the_use_cases_over_either_database(store_url: str, tmp_path: Path, clock: Clock) -> None:
    with Station(Settings(home=tmp_path / "home", database_url=store_url), clock=clock) as station:
        seal(station, tmp_path)
        for i, colour in enumerate((GOOD, BAD, BLIND), 1):
            photo(tmp_path / "lot" / f"unit-{i}.png", colour, grain=i)
        assert run(station, tmp_path / "lot")[1].inspected == 3
        queue = station.queue()
        assert [u.unit for u in queue] == ["unit-3", "unit-2"]
        station.claiming.take(queue[0].id, "Mei", "window-of-mei")
        with pytest.raises(ClaimedError, match="Mei has been looking at unit-3"):
            station.review(queue[0].id, "reject", "scratched", "Bo")
        station.claiming.release(queue[0].id, "another-window")
        station.review(queue[0].id, "reject", "scratched", "Mei")
        assert station.claiming.standing() == []
        assert station.decide_lot("L1", 3).decision == "rejected"
    with Station(Settings(home=tmp_path / "home", database_url=store_url), clock=clock) as station:
        assert run(station, tmp_path / "lot")[1].known == 3
        assert (station.lot("L1").nonconforms, station.lot("L1").decision) == (2, "rejected")
        assert station.check().ok


# --- units file ------------------------------------------------------------------------------------------------------


def test_names_and_identifiers_come_from_the_units_file(station: Station, lot: Path, tmp_path: Path) -> None:
    file = tmp_path / "units.csv"
    file.write_text(
        "\ufeffunit,Photo,carton,plating date,line\nA1,unit-1.png,C3,2026-05-01,2\nA2,lot/unit-2.png,,,\n", "utf-8"
    )
    run(station, lot, units_file=file)
    first, second, third = station.units(lot="L1")[:3]
    assert (first.unit, first.carton, first.identifiers) == ("A1", "C3", {"plating date": "2026-05-01", "line": "2"})
    assert (second.unit, second.carton, second.identifiers, third.unit) == ("A2", None, {}, "unit-3")


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("unit,carton\n", "no columns unit and photo"),
        ("unit,photo\nA,a.png\nB,a.png\n", "a second time"),
        ("unit,photo\nA,b.png\n", "'b.png' is not among the pictures"),
        ("unit,photo\n,a.png\n", "line 2 lacks the unit"),
        ("unit,photo\nA,a.png,x\n", "line 2 has not 2 fields"),
        ("unit,photo,unit\n", "a column without a name or twice"),
        ('unit,photo\n"A\x07",a.png\n', "control characters"),
        ("unit,photo\nA\xff,a.png\n", "not CSV in UTF-8"),
    ],
)
def test_a_units_file_that_makes_no_sense(tmp_path: Path, text: str, wrong: str) -> None:
    file = tmp_path / "units.csv"
    file.write_bytes(text.encode("latin-1"))
    with pytest.raises(RigError, match=wrong):
        name_units([Path("a.png")], file)


def test_photos_of_one_name_in_two_folders_are_two_units() -> None:
    names = [e.unit for e in name_units([Path("x/1.jpg"), Path("y/1.jpg"), Path("y/2.jpg")])[0]]
    assert names == ["x/1", "y/1", "2"]


@pytest.mark.parametrize(
    ("photos", "names"),
    [
        (["same.jpg", "same.png"], ["same.jpg", "same.png"]),
        (["x/1.jpg", "x/1.png", "y/1.jpg"], ["x/1.jpg", "x/1.png", "y/1.jpg"]),
        (["a/x/1.jpg", "b/x/1.jpg"], ["a/x/1", "b/x/1"]),
        (["1.jpg", "1.png", "1.jpg.jpg"], ["here/1.jpg", "here/1.png", "1.jpg"]),
        (["1.jpg", "x/1.jpg"], ["here/1", "x/1"]),
    ],
)
def test_photos_of_one_stem_are_told_apart(
    photos: list[str], names: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert [e.unit for e in name_units([Path(p) for p in photos])[0]] == names


def test_rows_of_photos_not_given_are_a_remark(station: Station, lot: Path, tmp_path: Path) -> None:
    file = tmp_path / "units.csv"
    file.write_text("unit,photo\nA1,unit-1.png\nB8,unit-28.png\nB9,unit-29.png\n", "utf-8")
    _, result = run(station, lot, units_file=file)
    given = len(list(lot.glob("*.png")))
    assert result.remarks == (
        "2 of 3 rows of units.csv name photos not given, such as 'unit-28.png'; "
        f"{given - 1} of {given} photos have no row",
    )
    assert station.units(lot="L1")[0].unit == "A1"
