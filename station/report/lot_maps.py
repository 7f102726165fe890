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
from station.report.pictures import GREY, INK, PAPER, RGB, WHITE, Colour, fit_text, font
from station.values.geometry import Frame
from station.values.lot_analysis import LotMapDocument, MapTable, PlaceTestDocument, p_words

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


def lot_map_picture(golden: RGB, frame: Frame, findings: Sequence[PlacedFinding], found: LotMapDocument) -> RGB:
    """(H, W, 3) the map. golden : (h, w, 3) uint8 of the golden in ``frame``."""
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
    title = f"Lot {found.lot}: {found.nonconforming} of {found.inspected} units nonconforming, held to {found.golden}"
    draw.text((_GAP, 16), fit_text(draw, title, width - 2 * _GAP, 24), font=font(24), fill=INK)
    legend = "dots: findings; yellow: where most of them lie; ring: closer together than by chance"
    draw.text((_GAP, 54), legend if kinds else "no findings on the part", font=font(16), fill=GREY)
    for i, place in enumerate(kinds):
        at = (_GAP + (i % columns) * (_SIDE + _GAP), 100 + (i // columns) * (height + 96))
        own = [f for f in findings if f.kind == place.kind]
        sheet.paste(_panel(golden, frame, own, place), at)
        _words(draw, place, (at[0], at[1] + height + 6))
    for band, tall in zip(bands, heights, strict=True):
        for i, table in enumerate(band):
            _bars(draw, table, (_GAP + i * (_SIDE + _GAP), below))
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


def _words(draw: ImageDraw.ImageDraw, place: PlaceTestDocument, at: tuple[int, int]) -> None:
    many = "1 finding" if place.findings == 1 else f"{place.findings} findings"
    on = "1 unit" if place.units == 1 else f"{place.units} units"
    draw.text(at, fit_text(draw, f"{place.kind}: {many} on {on}", _SIDE, 19), font=font(19), fill=INK)
    if place.spot is not None:
        s = place.spot
        where = f"at {s.clock}" if s.clock else "at the middle"
        lines = [
            f"{s.units} of {s.of} units {where} ({s.x_mm:+.1f}, {s.y_mm:+.1f} mm)",
            f"chance would put {s.expected:.1f} there; {p_words(place.p or 0.0)}",
        ]
    elif place.p is not None:
        lines = ["nowhere closer together than by chance", p_words(place.p)]
    else:
        lines = [place.reason]
    for k, line in enumerate(lines):
        fill = _ORANGE if place.spot is not None else GREY
        draw.text((at[0], at[1] + 26 + 22 * k), fit_text(draw, line, _SIDE, 16), font=font(16), fill=fill)


def _levels(table: MapTable) -> dict[str, tuple[int, int]]:
    """Inspected and nonconforming units by level."""
    out: dict[str, tuple[int, int]] = {}
    for row in table.rows:
        inspected, wrong = out.get(row.level, (0, 0))
        out[row.level] = (inspected + row.inspected, wrong + row.nonconforming)
    return out


def _bars(draw: ImageDraw.ImageDraw, table: MapTable, at: tuple[int, int]) -> None:
    x, y = at
    draw.text((x, y), f"nonconforming by {table.factor.replace('_', ' ')}", font=font(19), fill=INK)
    levels = list(_levels(table).items())
    for k, (level, (inspected, wrong)) in enumerate(levels[:_MOST_ROWS]):
        top = y + 34 + 26 * k
        draw.text((x, top), fit_text(draw, level, 130, 15), font=font(15), fill=INK)
        left, full = x + 140, 170
        draw.rectangle((left, top + 2, left + full, top + 18), fill=WHITE, outline=_SOFT)
        if wrong:
            draw.rectangle((left, top + 2, left + full * wrong / inspected, top + 18), fill=_ORANGE)
        draw.text((left + full + 8, top), f"{wrong} of {inspected}", font=font(15), fill=INK)
    if len(levels) > _MOST_ROWS:
        draw.text((x, y + 34 + 26 * _MOST_ROWS), f"and {len(levels) - _MOST_ROWS} more", font=font(15), fill=GREY)
