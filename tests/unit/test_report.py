"""Annotated pictures and the summary: what they show, and that the summary stays one page."""

from __future__ import annotations

import io
import itertools
import json
import re
import zlib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from station.report import lot_maps, pictures, unit_pictures
from station.report.findings import pair_jpeg
from station.report.languages import language
from station.report.summary import FINDINGS, ShownFinding, lot_summary
from station.values.colour import SRGB_TO_XYZ, ColourCorrection, LinearRGB
from station.values.documents import (
    ClassDecision,
    FindingDocument,
    LotDocument,
    MeasurementDocument,
    UnitDocument,
    Verdict,
)
from station.values.geometry import Frame, Similarity
from station.values.line import FIRST_REGION, OUTSIDE, Aligned, MarkMaster, Master, RegionMaster
from station.values.lot_analysis import HotSpotDocument, LotMapDocument, MapRow, MapTable, PlaceTestDocument

SIZE = 160
ON = date(2026, 5, 10)
FRAME = Frame(0.1, SIZE, SIZE, (79.5, 79.5))


def raster(level: float) -> LinearRGB:
    return LinearRGB(np.full((SIZE, SIZE, 3), level, np.float32))


def master() -> Master:
    labels = np.zeros((SIZE, SIZE), np.uint8)
    labels[30:130, 30:130] = 1
    square = np.array([[-5.0, -5], [5, -5], [5, 5], [-5, 5]])
    return Master(
        number="GS-1", version=1, sheet_digest="2" * 64, photo_sha256="0" * 64, frame=FRAME, image=raster(0.3),
        correction=None, labels=labels, outline_mm=square, holes_mm=(), thickness_mm=1.5, regions=(), marks=(),
        sizes_mm={}, u_scale=0.0, scale_source="rig", noise=0.0, blur_px=0.0, pose=Similarity(),
    )  # fmt: skip


def aligned() -> Aligned:
    nothing = np.zeros((SIZE, SIZE), bool)
    return Aligned(
        image=raster(0.3), clipped=nothing, valid=~nothing, similarity=Similarity(), rms_px=0.1, overlap=1.0,
        u_offset_mm=0.0, u_rotation_deg=0.0, u_scale=0.0, correction=None, scale_source="rig", noise=0.0, blur_px=0.0,
    )  # fmt: skip


def unit(name: str = "unit-01", reasons: int = 1, findings: tuple[FindingDocument, ...] = ()) -> UnitDocument:
    return UnitDocument(
        unit=name, photo="x.jpg", sha256="0" * 64, golden="GS-1", golden_version=1, golden_digest="1" * 64,
        sheet_digest="2" * 64, calibration="3" * 64, model="reference-difference", program="0", taken_at=None,
        verdict=Verdict.NONCONFORMS, gates=(), pose=None, alignment=None, measurements=(), findings=findings,
        reasons=tuple(f"reason {i}: " + "a rather long word of explanation " * 6 for i in range(reasons)),
    )  # fmt: skip


def finding(verdict: Verdict) -> FindingDocument:
    return FindingDocument.model_validate(
        {
            "kind": "pit", "x_mm": 2.0, "y_mm": -2.0, "size_mm": 0.4, "length_mm": 0.4, "area_mm2": 0.1,
            "region": "sky", "score": 1.0, "class": "major", "verdict": verdict,
        }
    )  # fmt: skip


def has_colour(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    return int((np.abs(picture.astype(int) - colour).max(axis=2) < 12).sum())


def test_a_flagged_finding_is_circled_and_a_harmless_one_is_not() -> None:
    quiet = unit_pictures.unit_picture(master(), aligned(), unit(findings=(finding(Verdict.CONFORMS),)))
    loud = unit_pictures.unit_picture(master(), aligned(), unit(findings=(finding(Verdict.NONCONFORMS),)))
    orange = pictures.COLOURS[Verdict.NONCONFORMS]
    assert has_colour(loud, orange) > has_colour(quiet, orange) + 200


def measured(characteristic: str, kind: str, value: float | None) -> MeasurementDocument:
    return MeasurementDocument.model_validate(
        {
            "characteristic": characteristic, "kind": kind, "value": value, "unit": "mm", "u": 0.01, "nominal": None,
            "lower": None, "upper": 0.2, "class": "major", "verdict": Verdict.NONCONFORMS,
        }
    )  # fmt: skip


def labels(monkeypatch: pytest.MonkeyPatch, code: str) -> list[str]:
    """The texts that the picture of a unit is labelled with in a language."""
    told: list[str] = []
    regions = [RegionMaster(n, "other", 1, None, 0.1, (0.0, 0.0), 1.0) for n in ("sky", "sea")]
    marks = [MarkMaster("logo", np.array([[-1.0, -1], [1, -1], [1, 1], [-1, 1]]))]
    sealed = replace(master(), regions=tuple(regions), marks=tuple(marks))
    monkeypatch.setattr(pictures.Canvas, "label", lambda _self, _at, text, _colour: told.append(text))
    wrong = [
        measured("colour:sky", "colour", 4.81), measured("colour:sea", "colour", None),
        measured("size:width", "size", 30.4), *(measured(f"{k}:logo", k, 0.4) for k in ("offset-x", "offset-y")),
    ]  # fmt: skip
    document = unit(findings=(finding(Verdict.NONCONFORMS),)).model_copy(update={"measurements": tuple(wrong)})
    raster = np.full((SIZE, SIZE, 3), 128, np.uint8)
    drawn = unit_pictures.unit_panels(sealed, raster, document, language(code))
    assert drawn.shape[0] < unit_pictures.PANEL_PX  # so that labels are larger on the page
    return told


def test_the_panels_of_a_unit_are_labelled_in_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """S10: a complaint in Chinese shows no English word but the names that people gave."""
    english = labels(monkeypatch, "en")
    assert "sky: dE00 4.81" in english
    assert "Width 30.40 mm" in english
    assert "pit 0.40 mm" in english
    chinese = labels(monkeypatch, "zh-Hant")
    assert len(chinese) == len(english)
    left = [re.sub(r"\b(sky|sea|logo|mm|dE)\d*\b", "", text) for text in chinese]
    assert [text for text in left if re.search("[A-Za-z]{2}", text)] == []


def test_the_map_of_a_lot_is_labelled_in_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """N18: the defect map of a corrective package, too."""
    told: list[str] = []
    monkeypatch.setattr(lot_maps, "write", lambda _draw, _at, text, _size, **_more: told.append(text))
    spot = HotSpotDocument(x_mm=2.0, y_mm=-3.0, radius_mm=1.0, units=6, of=8, expected=0.4, clock="2 o'clock")
    place = {"findings": 9, "units": 8, "q": None, "together": False}
    places = (
        PlaceTestDocument(kind="scratch", p=0.0004, spot=spot, reason="", **place),
        PlaceTestDocument(kind="pit", p=0.4, spot=None, reason="", **place),
        PlaceTestDocument(kind="bubble", p=None, spot=None, reason="2 units show it: 4 are needed to tell", **place),
    )
    rows = [MapRow(level=f"C{n}", carton=None, inspected=5, nonconforming=n % 2, defects={}) for n in range(30)]
    found = LotMapDocument(
        lot="L1", golden="GS-1", golden_version=1, inspected=80, nonconforming=17, defects={"scratch": 9},
        tables=(MapTable(factor="carton", rows=tuple(rows)),), places=places, remarks=(),
    )  # fmt: skip
    golden = np.full((SIZE, SIZE, 3), 128, np.uint8)
    lot_maps.lot_map_picture(golden, FRAME, [], found, language("en"))
    assert "6 of 8 units at 2 o'clock (+2.0, -3.0 mm)" in told
    assert "scratch: 9 findings on 8 units" in told
    english, told[:] = len(told), []
    lot_maps.lot_map_picture(golden, FRAME, [], found, language("zh-Hant"))
    assert len(told) == english
    left = [re.sub(r"\b(L1|GS-1|C\d+|mm|p)\b", "", text) for text in told]
    assert [text for text in left if re.search("[A-Za-z]{2}", text)] == []


@pytest.mark.parametrize("pair", ["琺瑯", "針孔", "寬度"])
def test_chinese_characters_are_drawn_and_not_as_one_box_for_all(pair: str) -> None:
    face = pictures.font(24, pair)
    first, second = (face.getmask(c) for c in pair)
    assert first.getbbox() is not None
    assert bytes(first) != bytes(second)
    assert pictures.font(24, "width") != face


def test_a_label_lies_above_the_lines_and_dark_on_light() -> None:
    def draw(*, label_first: bool, text: str = "sky: dE00 3.00") -> np.ndarray:
        canvas = pictures.Canvas(np.full((SIZE, SIZE, 3), 60, np.uint8), master().frame, 400)
        steps = [
            lambda: canvas.label((-4.0, -4.0), text, pictures.COLOURS[Verdict.NONCONFORMS]),
            lambda: canvas.line(np.array([[-4.5, -4.5], [4.0, 4.0]]), pictures.COLOURS[Verdict.UNDECIDED]),
        ]
        for step in steps if label_first else reversed(steps):
            step()
        return np.asarray(canvas.finish())

    first = draw(label_first=True)
    np.testing.assert_array_equal(first, draw(label_first=False))
    assert has_colour(first, pictures.PAPER) > 1000  # the plate
    assert has_colour(first, pictures.COLOURS[Verdict.NONCONFORMS]) > 300  # its frame
    assert has_colour(first, pictures.INK) > has_colour(draw(label_first=True, text=" "), pictures.INK) + 100


def test_labels_of_one_place_lie_below_one_another() -> None:
    canvas = pictures.Canvas(np.full((SIZE, SIZE, 3), 60, np.uint8), master().frame, 400)
    for k in range(4):
        canvas.label((4.0, 4.9), f"plating-spot {k}.39 mm", pictures.COLOURS[Verdict.UNDECIDED])
    canvas.finish()
    plates = sorted(canvas._plates, key=lambda p: p[1])
    assert all(lower[1] >= upper[3] for upper, lower in itertools.pairwise(plates))
    assert all(p[1] >= 0 and p[3] <= 800 for p in plates)


def test_the_bench_beside_the_part_is_pale_in_the_picture_of_a_unit() -> None:
    labels = np.full((SIZE, SIZE), OUTSIDE, np.uint8)
    labels[SIZE // 4 : -SIZE // 4, SIZE // 4 : -SIZE // 4] = FIRST_REGION
    raster = np.zeros((SIZE, SIZE, 3), np.uint8)
    quiet = unit_pictures._quiet_bench(raster, replace(master(), labels=labels))
    assert (quiet[labels != OUTSIDE] == 0).all()
    assert quiet[0, 0].min() > 190
    bare = replace(master(), labels=np.full_like(labels, OUTSIDE))
    np.testing.assert_array_equal(unit_pictures._quiet_bench(raster, bare), raster)


def test_display_undoes_the_correction_to_srgb() -> None:
    correction = ColourCorrection(np.zeros(3), np.ones(3), SRGB_TO_XYZ, "srgb", 0.0)
    image = LinearRGB(np.random.default_rng(1).random((8, 8, 3), dtype=np.float32))
    plain, corrected = pictures.display(image, None), pictures.display(image, correction)
    assert np.abs(plain.astype(int) - corrected.astype(int)).max() <= 1


def lot(reasons: int, counts: int) -> LotDocument:
    classes = tuple(
        ClassDecision.model_validate(
            {
                "class": name, "aql": 2.5, "n": 32, "ac": 2, "re": 3, "nonconforming": 7, "undecided": 2,
                "accepted": False, "reason": "", "plan": None,
            }
        )
        for name in ("critical", "major", "minor")
    )  # fmt: skip
    return LotDocument(
        lot="L", golden="GS-1", size=280, sample=32, inspected=32, conforms=2, nonconforms=30, undecided=0,
        decision="rejected", reasons=tuple("why it is so " * 5 for _ in range(reasons)), classes=classes,
        counts={f"colour:region-{i}": i for i in range(counts)}, digest="ab" * 32,
    )  # fmt: skip


def pages(pdf: bytes) -> int:
    """Pages of a PDF whose object streams are deflated."""
    found = len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:
            found += len(re.findall(rb"/Type\s*/Page\b(?!s)", zlib.decompress(stream)))
        except zlib.error:
            continue
    return found


def shown(count: int) -> list[ShownFinding]:
    raster = pictures.jpeg(np.full((SIZE, SIZE, 3), 120, np.uint8))
    found = finding(Verdict.NONCONFORMS).model_copy(update={"limit_mm": 0.2, "region": "a region of a long name"})
    pair = pair_jpeg(raster, raster, FRAME, found)
    return [ShownFinding(f"unit-of-a-long-name-{i}", found, pair, confirmed=bool(i % 2)) for i in range(count)]


@pytest.mark.parametrize(
    ("reasons", "counts", "units", "findings"), [(1, 0, 0, 0), (3, 4, 5, 0), (3, 4, 5, 3), (9, 40, 60, FINDINGS + 4)]
)
def test_the_summary_is_one_page_however_much_went_wrong(reasons: int, counts: int, units: int, findings: int) -> None:
    out = io.BytesIO()
    Image.new("RGB", (1690, 1035), (200, 200, 200)).save(out, "JPEG")
    made = [unit(f"unit-{i:02}", reasons=4) for i in range(units)]
    arguments: dict[str, Any] = {
        "title": "Pin", "sheet_number": "SKU", "pictures": [out.getvalue()] * min(4, units),
        "findings": shown(findings), "on": ON,
    }  # fmt: skip
    pdf = lot_summary(lot(reasons, counts), made, **arguments)
    assert pdf[:5] == b"%PDF-"
    assert pages(pdf) == 1
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    assert pdf == lot_summary(lot(reasons, counts), made, **arguments)


def test_a_finding_stands_under_its_crops_with_size_limit_and_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What reaches the page: as many findings as have room, half of the pictures, and no more."""
    told: list[dict[str, Any]] = []

    def compiled(_source: str, *, root: Path, **_: Any) -> bytes:
        data = json.loads((Path(root) / "data.json").read_text("utf-8"))
        told.append(data)
        names = [*data["pictures"], *(f["picture"] for f in data["findings"])]
        assert all((Path(root) / name).read_bytes()[:2] == b"\xff\xd8" for name in names)
        return b"%PDF-"

    monkeypatch.setattr("typst.compile", compiled)
    photo = pictures.jpeg(np.full((SIZE, SIZE, 3), 120, np.uint8))
    for count in (0, FINDINGS + 2):
        lot_summary(
            lot(1, 1), [unit()], title="Pin", sheet_number="S", on=ON, pictures=[photo] * 4, findings=shown(count)
        )
    assert [(len(d["pictures"]), len(d["findings"])) for d in told] == [(4, 0), (2, FINDINGS)]
    assert told[1]["findings"][1] == {
        "picture": "finding-1.jpg", "verdict": "nonconforms", "what": "pit 0.40 mm across",
        "unit": "unit-of-a-long-name-1, confirmed", "limit": "limit 0.2 mm, a region of a long name",
    }  # fmt: skip
