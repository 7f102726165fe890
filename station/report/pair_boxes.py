"""Two pictures of the same thing beside each other, with the places numbered in which they differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from station.report.colour_pictures import titled_sheet
from station.report.pictures import COLOURS, INK, RGB, WHITE, Colour, font, write
from station.values.documents import Verdict

BoxPx = tuple[int, int, int, int]
"""Left, top, width, height in pixels of the golden picture."""

_PANEL = 760  # px, about, of the wider of the two
_MOST = 8  # times that a small picture is enlarged
_GAP = 20
_AROUND = 3  # px between a place and its box
_LETTERS = 17
_COLOUR: Colour = COLOURS[Verdict.NONCONFORMS]


def pair_picture(golden: RGB, unit: RGB, boxes: Sequence[BoxPx], *, title: str, notes: Sequence[str] = ()) -> RGB:
    """Golden and unit (h, w, 3) sRGB side by side, each with the same numbered boxes; (H, W, 3) uint8.

    boxes : in the order of their numbers, from 1. notes : lines at the foot.
    """
    widest = max(golden.shape[1], unit.shape[1])
    zoom = min(_MOST, _PANEL / widest) if widest < _PANEL else _PANEL / widest
    panels = [_panel(raster, boxes, zoom) for raster in (golden, unit)]
    height = max(p.height for p in panels)
    width = sum(p.width for p in panels) + 3 * _GAP
    sheet, draw = titled_sheet(width, 60 + height + 34 + 24 * len(notes) + _GAP, title)
    x = _GAP
    for panel, name in zip(panels, ("golden", "unit"), strict=True):
        sheet.paste(panel, (x, 60))
        write(draw, (x, 66 + height), name, 17)
        x += panel.width + _GAP
    for k, note in enumerate(notes):
        write(draw, (_GAP, 60 + height + 34 + 24 * k), note, 16, width=width - 2 * _GAP)
    return np.asarray(sheet)


def _panel(raster: RGB, boxes: Sequence[BoxPx], zoom: float) -> Image.Image:
    size = (max(1, round(raster.shape[1] * zoom)), max(1, round(raster.shape[0] * zoom)))
    panel = Image.fromarray(raster).resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(panel)
    for number, (left, top, wide, high) in enumerate(boxes, 1):
        x, y = left * zoom - _AROUND, top * zoom - _AROUND
        right, bottom = (left + wide) * zoom + _AROUND, (top + high) * zoom + _AROUND
        for width, colour in ((4, INK), (2, _COLOUR)):
            grown = 1 if width == 4 else 0  # a dark edge parts the colour from whatever lies under it
            draw.rectangle((x - grown, y - grown, right + grown, bottom + grown), outline=colour, width=width)
        above = y - _LETTERS - 4
        at = (x, above if above >= 0 else bottom + 3)
        draw.text(at, str(number), font=font(_LETTERS, str(number)), fill=WHITE, stroke_width=2, stroke_fill=INK)
    return panel
