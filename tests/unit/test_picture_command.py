"""``station picture``: the files it writes from the sample data, and what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from station.calibrate.bounds import LOWEST_UNIFORMITY
from station.cli import app
from station.cli.conduct import run
from station.errors import RequestError
from station.judge.finding_rules import NOT_OF_A_MODEL
from station.judge.reviewed import UNTOUCHED
from station.measure.unit_map import unit_map
from station.models import REFERENCE_DIFFERENCE
from station.report import colour_pictures
from station.service import Station, picturing
from station.service.measuring import Job, inspect_photo
from station.settings import Settings
from station.values.documents import MeasurementDocument, UnitDocument, Verdict
from station.values.line import FIRST_REGION
from station.values.reviewed import ThresholdsInForce

SAMPLES = Path(__file__).parents[2] / "sample_data"
CARD = str(SAMPLES / "bench" / "card.toml")
GOLDEN, UNIT = SAMPLES / "alpine" / "golden.jpg", SAMPLES / "alpine" / "units" / "unit-31.jpg"
SCRATCHED = UNIT.with_name("unit-28.jpg")


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Station]:
    """A calibrated bench with one golden sealed on it."""
    with Station(Settings(home=tmp_path_factory.mktemp("home"))) as station:
        rig = station.bench.add_rig(SAMPLES / "bench" / "rig.toml").name
        station.bench.calibrate_lens(rig, sorted((SAMPLES / "bench").glob("board-*.jpg")))
        station.bench.calibrate_light(rig, sorted((SAMPLES / "bench").glob("grey-*.jpg")))
        station.seal_golden(SAMPLES / "alpine" / "sheet.toml", GOLDEN, rig=rig, card=CARD)
        yield station


@pytest.fixture(scope="module", autouse=True)
def inspected_once() -> Iterator[None]:
    """One inspection of each photo serves all its charts, so that the tests stay short."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STATION_DEFECT_MODEL", REFERENCE_DIFFERENCE)
        patch.setattr(picturing, "_inspected", cache(picturing._inspected))
        yield


class Drawn:
    """What a chart was asked to draw, in place of drawing it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
        self.data: Any = None
        self.words: dict[str, Any] = {}
        monkeypatch.setattr(colour_pictures, name, self)

    def __call__(self, data: Any, *_: Any, **words: Any) -> np.ndarray:
        self.data, self.words = data, words
        return np.zeros((4, 4, 3), np.uint8)


def colours(document: UnitDocument) -> list[MeasurementDocument]:
    return [m for m in document.measurements if m.kind == "colour"]


def warmed(path: Path) -> Path:
    """The unit's photo under a lamp that has become warmer since the golden's was taken."""
    photo = cv2.imread(str(UNIT))
    assert photo is not None
    blue_green_red = np.array([0.80, 0.97, 1.03])
    linear = (photo / 255) ** 2.2 * blue_green_red
    cv2.imwrite(str(path), np.rint(np.clip(linear, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8))
    return path


@pytest.mark.parametrize("rig", ["bench-a", None])
def test_vectors_are_those_of_the_unit_s_document(
    bench: Station, rig: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = Drawn(monkeypatch, "vectors_picture")
    picturing.vectors_chart(bench, UNIT, "GS-ALPINE-01", rig=rig, card=CARD)
    inspected = bench.inspect(UNIT, golden="GS-ALPINE-01", rig=rig, card=CARD)
    assert inspected.unit_id is not None
    assert len(drawn.data) == 7
    assert drawn.data == colours(bench.unit_document(inspected.unit_id))


def test_colour_that_a_gate_leaves_undecided_is_drawn_so(
    bench: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photo = warmed(tmp_path / "warmed.png")
    vectors, area = Drawn(monkeypatch, "vectors_picture"), Drawn(monkeypatch, "map_picture")
    picturing.vectors_chart(bench, photo, "GS-ALPINE-01", rig="bench-a", card=CARD)
    assert {m.verdict for m in vectors.data} == {Verdict.UNDECIDED}
    picturing.map_chart(bench, photo, "GS-ALPINE-01", rig="bench-a", card=CARD)
    assert any(note.startswith("light:") for note in area.words["notes"])


def test_the_map_shows_what_the_document_says(bench: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly all of a region in its limits is shown as in its limits, and the wrong one as wrong."""
    near, maps = 0, {}
    for photo in (UNIT, UNIT.with_name("unit-06.jpg")):
        master, seen = picturing._inspected(bench, photo, "GS-ALPINE-01", "bench-a", CARD)
        found = maps[photo.stem] = unit_map(seen.aligned, master)
        assert found is not None
        assert found.side_mm == pytest.approx(0.4, abs=0.04)
        for region, told in zip(master.regions, colours(seen.document), strict=True):
            here = found.where & (master.labels == region.label)
            middle = float(np.median(found.difference[here]))
            assert told.value is not None
            near += abs(middle - told.value) <= told.u
            assert (middle > 3.0) == (told.verdict is Verdict.NONCONFORMS)
            assert middle < 2.0 or told.verdict is Verdict.NONCONFORMS
    assert near >= 13  # of 14; in one cell a reflection really differs from place to place
    drawn = Drawn(monkeypatch, "map_picture")
    picturing.map_chart(bench, UNIT, "GS-ALPINE-01", rig="bench-a", card=CARD)
    found = maps[UNIT.stem]
    np.testing.assert_array_equal(drawn.data, found.difference)
    assert "Averaged over 0.43 mm." in drawn.words["notes"][0]


def test_residuals_are_those_of_the_unit_s_document(bench: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    master, seen = picturing._inspected(bench, UNIT, "GS-ALPINE-01", "bench-a", CARD)
    told, found = seen.document.residual, seen.residual
    assert told is not None
    assert found is not None
    assert len(told.places) == len(found.at_mm) > 100
    assert told.rms_mm < 0.03
    assert told.remark == ""
    assert not any(g.name == "residual" for g in seen.document.gates)
    monkeypatch.setattr(picturing, "_inspected", lambda *_: (master, replace(seen, residual=None)))
    with pytest.raises(RequestError, match="too few edges"):
        picturing.residual_chart(bench, UNIT, "GS-ALPINE-01", rig="bench-a", card=CARD)


def test_findings_and_scores_are_those_of_the_unit_s_document(bench: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    from station.report import findings

    told: dict[str, Any] = {}

    def close(golden: Any, unit: Any, _frame: Any, found: Any, **words: Any) -> np.ndarray:
        told.update(words, golden=golden, unit=unit, found=found)
        return np.zeros((4, 4, 3), np.uint8)

    def heat(_unit: Any, _frame: Any, scores: Any, found: Any, **words: Any) -> np.ndarray:
        told.update(words, scores=scores, found_by_heat=found)
        return np.zeros((4, 4, 3), np.uint8)

    monkeypatch.setattr(findings, "findings_picture", close)
    monkeypatch.setattr(findings, "heat_picture", heat)
    master, seen = picturing._inspected(bench, SCRATCHED, "GS-ALPINE-01", "bench-a", CARD)
    picturing.findings_chart(bench, SCRATCHED, "GS-ALPINE-01", rig="bench-a", card=CARD)
    picturing.heat_chart(bench, SCRATCHED, "GS-ALPINE-01", rig="bench-a", card=CARD)
    assert told["found"] == told["found_by_heat"] == seen.document.findings != ()
    cells = master.labels >= FIRST_REGION
    apart = np.median(np.abs(told["golden"][cells].astype(float) - told["unit"][cells]))
    assert apart < 6  # of 255, one tone: what is left is grain
    for f in seen.document.findings:
        x, y = (round(float(v)) for v in master.frame.to_px(np.array([f.x_mm, f.y_mm])))
        if f.kind not in NOT_OF_A_MODEL:
            assert told["scores"][y - 8 : y + 9, x - 8 : x + 9].max() > told["threshold"]
    assert 0 <= told["scores"].min() <= told["scores"].max() <= 1


def test_the_line_holds_findings_to_reviewed_thresholds_and_says_so(bench: Station) -> None:
    """The scratch of unit 28 is below a threshold of 1: it does not count, and is not lost."""
    plain = picturing._inspected(bench, SCRATCHED, "GS-ALPINE-01", "bench-a", CARD)[1].document
    kinds = {f.kind for f in plain.findings}
    force = ThresholdsInForce("r" * 64, "2026-05-10T00:00:00+00:00", "M. Weber", dict.fromkeys(kinds, 1.01))
    line = replace(bench.line("GS-ALPINE-01", rig="bench-a", card=CARD), thresholds=force)
    held = inspect_photo(line, Job(str(SCRATCHED), SCRATCHED.stem))[1].document
    assert plain.thresholds is None
    assert plain.model_use is not None
    assert (plain.model_use.name, plain.model_use.device) == ("reference-difference", "cpu")
    assert {f.kind for f in plain.findings if f.verdict is not Verdict.CONFORMS} == {"scratch"}
    aside = [f.model_dump(exclude={"threshold"}) for f in held.set_aside]
    both = sorted((*aside, *(f.model_dump() for f in held.findings)), key=str)
    assert both == sorted((f.model_dump() for f in plain.findings), key=str)
    assert {f.kind for f in held.set_aside} == kinds - UNTOUCHED
    assert not any("scratch" in reason for reason in held.reasons)
    told = next(g for g in held.gates if g.name == "reviewed-thresholds")
    assert told.ok
    assert "of which would count against the unit scratch" in told.reason
    assert held.thresholds is not None
    assert held.thresholds.scores == force.scores
    assert held.digest != plain.digest


def test_a_photo_that_shows_no_such_unit_is_refused(bench: Station) -> None:
    for name in ("wrong-product", "out-of-frame"):
        photo = SAMPLES / "alpine" / "disturbed" / f"{name}.jpg"
        with pytest.raises(RequestError, match="cannot be compared with GS-ALPINE-01"):
            picturing.vectors_chart(bench, photo, "GS-ALPINE-01", rig="bench-a", card=CARD)


def test_charts_say_what_they_hold_and_mark_the_bounds(bench: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    uniformity, drift = Drawn(monkeypatch, "uniformity_picture"), Drawn(monkeypatch, "drift_picture")
    picturing.uniformity_chart(bench, "bench-a")
    assert uniformity.words["least"] == LOWEST_UNIFORMITY
    picturing.drift_chart(bench, "bench-a")
    assert "all checks" in drift.words["title"]


def test_pictures_of_a_unit_and_its_bench(
    bench: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATION_HOME", str(bench.settings.home))
    monkeypatch.chdir(tmp_path)
    asked = ["--golden", "GS-ALPINE-01", "--rig", "bench-a", "--card", CARD]
    for arguments in (
        ["picture", "card", str(GOLDEN), "--card", CARD, "--out", "card.png"],
        ["picture", "vectors", str(UNIT), *asked, "--out", "vectors.png"],
        ["picture", "map", str(UNIT), *asked, "--out", "map.png"],
        ["picture", "residual", str(UNIT), *asked, "--out", "residual.png"],
        ["picture", "findings", str(SCRATCHED), *asked, "--out", "findings.png"],
        ["picture", "heat", str(SCRATCHED), *asked, "--out", "heat.png"],
        ["picture", "uniformity", "--rig", "bench-a", "--out", "uniformity.jpg"],
        ["picture", "drift", "--rig", "bench-a", "--out", "drift.jpg"],
    ):
        assert run(app, arguments) == 0, capsys.readouterr().err
    names = ("card.png", "vectors.png", "map.png", "residual.png", "findings.png", "heat.png", "uniformity.jpg")
    for name in (*names, "drift.jpg"):
        picture = cv2.imread(name)
        assert picture is not None
        assert min(picture.shape[:2]) >= 300
    assert run(app, ["picture", "map", str(GOLDEN.parent / "sheet.toml"), *asked, "--out", "no.png"]) == 2
    assert run(app, ["picture", "map", str(UNIT), *asked, "--out", "map.tiff"]) == 2
    assert "End the name in .jpg or .png." in capsys.readouterr().err
    assert run(app, ["picture", "uniformity", "--rig", "bench-b", "--out", "uniformity.jpg"]) == 2
