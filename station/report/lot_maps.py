"""The map of a lot's defects as a picture: findings and their density over the golden, a panel for each kind, and the
share of defective units by carton and identifier."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from station.lots.defect_map import PlacedFinding
from station.report.colour_pictures import scale_colours
from station.report.evidence_words import clock_words, factor_words, level_words, place_words
from station.report.gate_words import said_again
from station.report.languages import Language
from station.report.pictures import GREY, INK, PAPER, RGB, WHITE, Colour, write
from station.report.words import p_figure
from station.values.geometry import Frame
from station.values.lot_analysis import LotMapDocument, MapTable, PlaceTestDocument

Float = NDArray[np.float64]

_ORANGE: Colour = (213, 94, 0)
_SOFT: Colour = (205, 205, 202)
_SIDE = 420
_GAP = 24
_MOST_PANELS = 6
_MOST_ROWS = 24
_MOST_TABLES = 9
_ACROSS = 3
_BLUR = 0.045  # standard deviation of the density, of the picture's longer side


def lot_map_picture(
    golden: RGB, frame: Frame, findings: Sequence[PlacedFinding], found: LotMapDocument, language: Language
) -> RGB:
    """(H, W, 3) the map with its words. golden : (h, w, 3) uint8 of the golden in ``frame``."""
    say = language.text
    kinds = list(found.places)[:_MOST_PANELS]
    columns = max(1, min(3, len(kinds)))
    lines = math.ceil(max(len(kinds), 1) / columns)
    height = _height(golden)
    tables = [t for t in found.tables if len(_levels(t)) > 1][:_MOST_TABLES]
    bands = [tables[k : k + _ACROSS] for k in range(0, len(tables), _ACROSS)]
    heights = [60 + 26 * max(min(len(_levels(t)), _MOST_ROWS + 1) for t in band) for band in bands]
    width = max(columns, min(len(tables), _ACROSS), 2) * (_SIDE + _GAP) + _GAP
    below = 100 + lines * (height + 96)
    sheet = Image.new("RGB", (width, below + sum(heights) + 20), PAPER)
    draw = ImageDraw.Draw(sheet)
    told = {"lot": found.lot, "wrong": found.nonconforming, "of": found.inspected, "golden": found.golden}
    write(draw, (_GAP, 16), say("picture.map", **told), 24, width=width - 2 * _GAP)
    write(draw, (_GAP, 54), say("picture.map-legend" if kinds else "picture.map-empty"), 16, fill=GREY)
    for i, place in enumerate(kinds):
        at = (_GAP + (i % columns) * (_SIDE + _GAP), 100 + (i // columns) * (height + 96))
        own = [f for f in findings if f.kind == place.kind]
        sheet.paste(_panel(golden, frame, own, place), at)
        _words(draw, place, (at[0], at[1] + height + 6), language)
    for band, tall in zip(bands, heights, strict=True):
        for i, table in enumerate(band):
            _bars(draw, table, (_GAP + i * (_SIDE + _GAP), below), language)
        below += tall
    return np.asarray(sheet)


def map_panels(
    golden: RGB, frame: Frame, findings: Sequence[PlacedFinding], found: LotMapDocument
) -> list[tuple[PlaceTestDocument, RGB]]:
    """The map of each kind of finding alone, without words, (H, W, 3): those of the most findings first."""
    kinds = list(found.places)[:_MOST_PANELS]
    return [(p, np.asarray(_panel(golden, frame, [f for f in findings if f.kind == p.kind], p))) for p in kinds]


def _height(golden: RGB) -> int:
    height, width = golden.shape[:2]
    return round(_SIDE * int(height) / int(width))


def density(points_px: Float, shape: tuple[int, int]) -> NDArray[np.float32]:
    """(h, w) kernel density of (n, 2) points in pixels, 1 at its highest; 0 without points."""
    grid = np.zeros(shape, dtype=np.float32)
    for x, y in np.rint(points_px).astype(int):
        if 0 <= x < shape[1] and 0 <= y < shape[0]:
            grid[y, x] += 1
    out = cv2.GaussianBlur(grid, (0, 0), _BLUR * max(shape))
    top = float(out.max())
    return np.asarray(out / top if top > 0 else out, dtype=np.float32)


def _panel(golden: RGB, frame: Frame, findings: Sequence[PlacedFinding], place: PlaceTestDocument) -> Image.Image:
    zoom, height = _SIDE / golden.shape[1], _height(golden)
    small = cv2.resize(golden, (_SIDE, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    pale = 0.35 * small.mean(axis=2, keepdims=True).repeat(3, axis=2) + 0.65 * 255
    mm = np.array([(f.x_mm, f.y_mm) for f in findings]).reshape(-1, 2)
    px = (frame.to_px(mm) + 0.5) * zoom
    dense = density(px, (height, _SIDE))
    alpha = np.clip(dense, 0, 1)[..., None] ** 0.7 * 0.75
    mixed = pale * (1 - alpha) + scale_colours(dense, 1.0).astype(np.float32) * alpha
    panel = Image.fromarray(np.clip(mixed, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(panel)
    for x, y in px:
        draw.ellipse((x - 4, y - 4, x + 4, y + 4), fill=INK, outline=WHITE)
    if place.spot is not None:
        x, y = (frame.to_px(np.array([place.spot.x_mm, place.spot.y_mm])) + 0.5) * zoom
        r = place.spot.radius_mm / frame.pitch_mm * zoom
        draw.ellipse((x - r, y - r, x + r, y + r), outline=_ORANGE, width=4)
    draw.rectangle((0, 0, _SIDE - 1, height - 1), outline=_SOFT)
    return panel


def _words(draw: ImageDraw.ImageDraw, place: PlaceTestDocument, at: tuple[int, int], language: Language) -> None:
    say = language.text
    write(draw, at, place_words(place, language), 19, width=_SIDE)
    lines: list[str] = []
    if place.spot is not None:
        s = place.spot
        towards = say("picture.map-clock", clock=clock_words(s.clock, language))
        where = towards if s.clock else say("picture.map-middle")
        lines = [
            say("picture.map-spot", units=s.units, of=s.of, where=where, x=f"{s.x_mm:+.1f}", y=f"{s.y_mm:+.1f}"),
            say("picture.map-chance", expected=f"{s.expected:.1f}", p=p_figure(place.p or 0.0)),
        ]
    elif place.p is not None:
        lines = [say("picture.map-nowhere"), f"p {p_figure(place.p)}"]
    elif place.reason:
        lines = [said_again(place.reason, language, "lot_said.")]
    for k, line in enumerate(lines):
        fill = _ORANGE if place.spot is not None else GREY
        write(draw, (at[0], at[1] + 26 + 22 * k), line, 16, fill=fill, width=_SIDE)


def _levels(table: MapTable) -> dict[str, tuple[int, int]]:
    """Inspected and nonconforming units by level."""
    out: dict[str, tuple[int, int]] = {}
    for row in table.rows:
        inspected, wrong = out.get(row.level, (0, 0))
        out[row.level] = (inspected + row.inspected, wrong + row.nonconforming)
    return out


def _bars(draw: ImageDraw.ImageDraw, table: MapTable, at: tuple[int, int], language: Language) -> None:
    x, y = at
    write(draw, (x, y), language.text("text.bars", factor=factor_words(table.factor, language)), 19, width=_SIDE)
    levels = list(_levels(table).items())
    for k, (level, (inspected, wrong)) in enumerate(levels[:_MOST_ROWS]):
        top = y + 34 + 26 * k
        write(draw, (x, top), level_words(table.factor, level, language), 15, width=130)
        left, full = x + 140, 170
        draw.rectangle((left, top + 2, left + full, top + 18), fill=WHITE, outline=_SOFT)
        if wrong:
            draw.rectangle((left, top + 2, left + full * wrong / inspected, top + 18), fill=_ORANGE)
        write(draw, (left + full + 8, top), language.text("text.bar", wrong=wrong, of=inspected), 15)
    if len(levels) > _MOST_ROWS:
        more = language.text("picture.map-more", count=len(levels) - _MOST_ROWS)
        write(draw, (x, y + 34 + 26 * _MOST_ROWS), more, 15, fill=GREY)
