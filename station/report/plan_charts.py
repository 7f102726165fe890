"""Operating characteristics as a picture: probability of acceptance over quality, with the points that were agreed
on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from station.report.pictures import GREY, PAPER, RGB, Colour, font, write

# Okabe and Ito 2008, the orange kept for limits
_COLOURS: tuple[Colour, ...] = ((0, 114, 178), (0, 158, 115), (204, 121, 167), (86, 180, 233))
_ORANGE: Colour = (213, 94, 0)
_SOFT: Colour = (205, 205, 202)
_PLOT, _LEFT, _TOP, _FOOT = (760, 420), 90, 110, 70


@dataclass(frozen=True, slots=True)
class CurveLine:
    """A curve: qualities in per cent (or nonconformities per 100 units) and shares 0-1, of the same length."""

    name: str
    quality: Sequence[float]
    share: Sequence[float]


@dataclass(frozen=True, slots=True)
class QualityMark:
    """A quality that was agreed on or that a risk belongs to, drawn as an upright line with its words."""

    quality: float
    words: str


def plan_picture(
    curves: Sequence[CurveLine], marks: Sequence[QualityMark], *, title: str, notes: Sequence[str], axis: str
) -> RGB:
    """(H, W, 3) picture of the curves. axis : what the quality is counted in. notes : lines under the title."""
    width, height = _PLOT
    foot = _FOOT + 26 * len(curves)
    sheet = Image.new("RGB", (_LEFT + width + 40, _TOP + 22 * len(notes) + height + foot), PAPER)
    draw = ImageDraw.Draw(sheet)
    room = sheet.width - 40
    write(draw, (20, 16), title, 23, width=room)
    for i, note in enumerate(notes):
        write(draw, (20, 50 + 22 * i), note, 16, fill=GREY, width=room)
    left, top = _LEFT, _TOP + 22 * len(notes) - 22
    end = max([max(c.quality) for c in curves] + [m.quality for m in marks]) or 1.0
    step = axis_step(end)

    def at(quality: float, share: float) -> tuple[float, float]:
        return left + width * quality / end, top + height * (1 - share)

    for share in (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0):
        draw.line((*at(0, share), *at(end, share)), fill=_SOFT)
        write(draw, (left - 8, at(0, share)[1]), f"{100 * share:.0f} %", 14, anchor="rm")
    for k in range(math.floor(end / step + 1e-9) + 1):
        draw.line((*at(k * step, 0), *at(k * step, 1)), fill=_SOFT)
        write(draw, (at(k * step, 0)[0], top + height + 6), f"{k * step:g}", 14, anchor="ma")
    write(draw, (left + width, top + height + 26), axis, 15, anchor="ra")
    for mark in marks:
        x, _ = at(mark.quality, 0)
        draw.line((x, top, x, top + height), fill=_ORANGE, width=2)
    for i, (curve, colour) in enumerate(zip(curves, _COLOURS, strict=False)):
        points = [at(q, s) for q, s in zip(curve.quality, curve.share, strict=True)]
        draw.line(points, fill=colour, width=3, joint="curve")
        line = top + height + 54 + 24 * i
        draw.line((left, line + 9, left + 26, line + 9), fill=colour, width=3)
        write(draw, (left + 36, line), curve.name, 15, width=width - 40)
    for i, mark in enumerate(marks):
        # below the curves where they are high, above them where they are low; left of its line where the plot ends
        high = max((float(np.interp(mark.quality, c.quality, c.share)) for c in curves), default=0.0) > 0.5
        x, y = at(mark.quality, 0)[0] + 6, top + 8 + 22 * i + (round(0.72 * height) if high else 0)
        long = draw.textlength(mark.words, font=font(15, mark.words))
        x = x if x + long <= sheet.width - 8 else x - 12 - long
        draw.rectangle(draw.textbbox((x, y), mark.words, font=font(15, mark.words)), fill=PAPER)
        write(draw, (x, y), mark.words, 15, fill=_ORANGE)
    return np.asarray(sheet)


def axis_step(end: float) -> float:
    """A round step of the axis that gives five to ten of them."""
    unit = 10 ** math.floor(math.log10(end / 5))
    return float(next(unit * k for k in (1, 2, 5, 10) if end / (unit * k) <= 10))
