"""Pictures of findings: where the crops, marks, bars and colours lie."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from test_sheet import SHEET

from station.quality.first_article import FirstPiece, first_article
from station.report import findings as drawn
from station.report.findings import (
    MOST,
    difference_crop,
    findings_picture,
    heat_colours,
    heat_picture,
    scores_in_words,
    why,
)
from station.report.pictures import COLOURS, GREY, RGB, WHITE
from station.sheet import load_sheet
from station.sheet.defects import DefectLimit
from station.values.documents import FindingDocument, SetAsideDocument, UnitDocument, Verdict
from station.values.geometry import Frame

FRAME = Frame(0.05, 200, 160, (99.5, 79.5))
SIDE = 260
BLUE, SPOT = (40, 90, 180), (230, 30, 30)


def rasters() -> tuple[RGB, RGB]:
    """A blue golden, and a unit with a red spot of 0.4 mm at x 2, y -1 mm."""
    golden = np.full((160, 200, 3), BLUE, np.uint8)
    y, x = np.mgrid[0:160, 0:200]
    unit = golden.copy()
    unit[np.hypot(*(np.stack([x, y]) - FRAME.to_px(np.array([2.0, -1.0]))[:, None, None])) <= 4] = SPOT
    return golden, unit


def finding(**more: Any) -> FindingDocument:
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    x, y = more.get("x_mm", 2.0), more.get("y_mm", -1.0)
    values: dict[str, Any] = {
        "kind": "speck", "x_mm": x, "y_mm": y, "size_mm": 0.4, "length_mm": 0.4, "area_mm2": 0.13, "region": "sky",
        "score": 0.9, "u_mm": 0.05, "contrast_to_noise": 12.0, "limit_mm": 0.2, "class": "major",
        "verdict": "nonconforms", "polygon_mm": tuple((x + 0.2 * np.cos(t), y + 0.2 * np.sin(t)) for t in turn),
        "kind_scores": {"speck": 0.8, "pit": 0.1},
    }  # fmt: skip
    made = SetAsideDocument if "threshold" in more else FindingDocument
    return made.model_validate(values | more)


def crops(picture: RGB) -> tuple[RGB, RGB]:
    """The first finding's place on the golden and on the unit."""
    return picture[62 : 62 + SIDE, 20 : 20 + SIDE], picture[62 : 62 + SIDE, 30 + SIDE : 30 + 2 * SIDE]


def share(picture: RGB, colour: tuple[int, ...], within: int = 40) -> float:
    """Share of the pixels near a colour."""
    return float((np.abs(picture.astype(int) - colour).sum(axis=2) < within).mean())


def test_a_finding_is_enlarged_in_the_middle_beside_the_same_place_of_the_golden() -> None:
    golden, unit = crops(findings_picture(*rasters(), FRAME, [finding()], title="u"))
    assert np.abs(unit[SIDE // 2, SIDE // 2].astype(int) - SPOT).max() < 8
    assert np.abs(golden[SIDE // 2, SIDE // 2].astype(int) - BLUE).max() < 8
    assert share(golden, SPOT) == 0
    # eight pixels of the raster, 0.40 mm, in a crop of 1.6 mm
    row = np.abs(unit[SIDE // 2].astype(int) - SPOT).sum(axis=1) < 150
    assert row.sum() == pytest.approx(SIDE * 0.4 / 1.6, abs=6)


def test_corners_mark_it_in_the_colour_of_its_verdict_and_hide_nothing() -> None:
    picture = findings_picture(*rasters(), FRAME, [finding()], title="u")
    golden, unit = crops(picture)
    orange = COLOURS[Verdict.NONCONFORMS]
    assert share(unit, orange, 60) > 0.002
    assert share(golden, orange, 60) == 0
    half = round(SIDE * 0.2 / 1.6)
    inner = unit[SIDE // 2 - half : SIDE // 2 + half, SIDE // 2 - half : SIDE // 2 + half]
    assert share(inner, orange, 30) == 0
    aside = findings_picture(*rasters(), FRAME, [finding(threshold=0.95)], title="u")
    assert share(crops(aside)[1], orange, 30) == 0
    assert share(crops(aside)[1], GREY, 30) > 0.002


@pytest.mark.parametrize(("length", "bar"), [(0.4, 0.5), (3.0, 2.0)])
def test_the_bar_is_as_long_as_it_says(length: float, bar: float) -> None:
    outline = ((2 - length / 2, -1.0), (2 + length / 2, -1.0), (2.0, -0.99))
    found = finding(kind="scratch", length_mm=length, polygon_mm=outline)
    golden, _ = crops(findings_picture(*rasters(), FRAME, [found], title="u"))
    side_mm = max(1.6, 3.2 * length)
    line = golden[SIDE - 12]
    white = np.flatnonzero(np.abs(line.astype(int) - WHITE).sum(axis=1) < 60)
    assert white.max() - white.min() + 1 == pytest.approx(bar / side_mm * SIDE, abs=3)


def test_a_finding_at_the_edge_of_the_picture_is_grey_beyond_it() -> None:
    found = finding(x_mm=4.9, y_mm=0.0)
    _, unit = crops(findings_picture(*rasters(), FRAME, [found], title="u"))
    assert np.abs(unit[20:60, -20:].astype(int) - GREY).max() < 3
    assert np.abs(unit[60:100, 20:60].astype(int) - BLUE).max() < 3


def test_what_counts_comes_first_and_what_is_left_out_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    row = drawn._draw_row
    monkeypatch.setattr(drawn, "_draw_row", lambda *a: (told.append(a[5]), row(*a)))
    found = [finding(threshold=0.95, area_mm2=9.0), finding(verdict="conforms"), finding(area_mm2=0.01), finding()]
    findings_picture(*rasters(), FRAME, found, title="u")
    assert told == [4, 3, 2, 1]
    told.clear()
    many = findings_picture(*rasters(), FRAME, [finding()] * (MOST + 3), title="u")
    assert len(told) == MOST
    assert many.shape[0] > findings_picture(*rasters(), FRAME, [finding()] * MOST, title="u").shape[0]


def test_without_findings_a_picture_says_so() -> None:
    picture = findings_picture(*rasters(), FRAME, [], title="u", notes=["note"])
    assert picture.shape[0] < 200
    assert share(picture, (24, 24, 24), 120) > 0.001


def test_the_heat_map_covers_only_what_is_scored_and_numbers_the_findings() -> None:
    _, unit = rasters()
    scores = np.zeros((160, 200), np.float32)
    x, y = (round(float(v)) for v in FRAME.to_px(np.array([2.0, -1.0])))
    scores[y - 8 : y + 9, x - 8 : x + 9] = 1.0
    picture = heat_picture(unit, FRAME, scores, [finding()], title="u", threshold=0.5, width_px=800)
    body = picture[60 : 60 + 640, 20:820]
    hot = tuple(int(c) for c in heat_colours(np.array(1.0)))
    assert np.abs(body[4 * y + 2, 4 * x + 2].astype(int) - hot).max() < 12
    away = body[500:600, 100:300].astype(int)
    assert np.abs(away[..., 0] - away[..., 2]).max() < 3  # grey where nothing is scored
    assert share(body, COLOURS[Verdict.NONCONFORMS], 60) > 0.0001  # the number's rim; the ring itself has no colour
    bar = body[-17]  # as many mm as it says
    white = np.flatnonzero(np.abs(bar[:400].astype(int) - WHITE).sum(axis=1) < 60)
    assert white.max() - white.min() + 1 == pytest.approx(2.0 / 0.05 * 4, abs=4)
    bare = heat_picture(unit, FRAME, scores, [], title="u", threshold=0.5, width_px=800)
    assert share(bare[60:700, 20:820], COLOURS[Verdict.NONCONFORMS], 60) == 0


def test_scores_from_the_threshold_on_are_seen_on_a_grey_unit() -> None:
    scale = heat_colours(np.linspace(0, 1, 101)).astype(int)
    greyness = scale.max(axis=1) - scale.min(axis=1)
    assert greyness[0] < 10
    assert (greyness[50:] > 75).all()
    lightness = scale @ np.array([0.30, 0.59, 0.11])
    assert (np.diff(lightness[10:]) < 1).all()  # the higher the darker, also without colours


@pytest.mark.parametrize("apart", [2, 12, 60])
def test_a_faint_finding_stands_out_of_the_stretched_difference(apart: int) -> None:
    golden, unit = rasters()
    unit[(unit == SPOT).all(axis=2)] = np.add(BLUE, apart)
    crop, factor = difference_crop(golden, unit, FRAME, finding())
    grey = np.asarray(crop).astype(int)
    off = grey[SIDE // 2, SIDE // 2, 0] - 128
    assert off == pytest.approx(factor * apart, abs=3 + 0.1 * factor * apart)
    assert off >= 45
    assert np.abs(grey[200:240, 20:60] - 128).max() <= 2
    assert difference_crop(golden, golden, FRAME, finding())[1] == 32


def test_a_score_is_told_kind_by_kind_and_the_reason_without_what_stands_beside_it() -> None:
    assert scores_in_words(finding(score=0.9)) == "score 0.90 in all: speck 0.80, pit 0.10"
    assert scores_in_words(finding(kind_scores={"speck": 0.8})) == "score 0.90"
    assert scores_in_words(finding(threshold=0.95)).endswith("; counts from 0.95")
    reason = (
        "speck 0.40 mm across in sky at x 2.0, y -1.0 mm, limit 0.20 (u 0.05): the uncertainty reaches over the limit"
    )
    assert why(finding(reason=reason)) == "the uncertainty reaches over the limit"
    assert why(finding(reason="dust, or as likely speck: wipe the part")) == "dust, or as likely speck: wipe the part"
    assert why(finding(reason="speck 0.40 mm across in sky at x 2.0, y -1.0 mm, limit 0.20 (u 0.05)")) == ""


def test_what_is_well_within_its_limit_is_one_line_unless_all_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[int] = []
    row = drawn._draw_row
    monkeypatch.setattr(drawn, "_draw_row", lambda *a: (told.append(a[5]), row(*a)))
    small = {"verdict": "conforms", "limit_mm": 1.0}
    found = [finding(**small), finding(), finding(**small, size_mm=0.51), finding(**small, threshold=0.95)]
    picture = findings_picture(*rasters(), FRAME, found, title="u")
    assert sorted(told) == [2, 3, 4]
    whole = findings_picture(*rasters(), FRAME, found, title="u", everything=True)
    assert sorted(told[3:]) == [1, 2, 3, 4]
    assert picture.shape[0] == whole.shape[0] + 24  # the line that says so


def test_a_first_article_shows_of_a_defect_what_its_limit_is_of() -> None:
    """W6: the diameter of a spot, the length of a scratch."""
    sheet = load_sheet(SHEET)
    sheet = sheet.model_copy(update={"defects": tuple(
        DefectLimit.model_validate({"kind": kind, "limit_mm": 0.5}) for kind in ("plating-spot", "scratch")
    )})  # fmt: skip
    found = [
        finding(kind=kind, region="sky", size_mm=size, length_mm=length, verdict="conforms")
        for kind, size, length in (("plating-spot", 0.317, 0.593), ("plating-spot", 0.2, 0.9), ("scratch", 0.1, 0.45))
    ]
    piece = SimpleNamespace(unit="fo-03", measurements=(), findings=found, model="m", program="p")
    form = first_article(
        order="PO-1", sku="MAS", version=1, golden="GS-1", sheet=sheet, lots=["L"], needed=1, functional="",
        pieces=[FirstPiece(cast("UnitDocument", piece))],
    )  # fmt: skip
    assert {r.key: r.values[0].value for r in form.rows if r.key.startswith("defect:")} == {
        "defect:plating-spot": 0.317, "defect:scratch": 0.45,
    }  # fmt: skip
