"""Curves of detection as a picture: a panel for each kind of defect, a curve for each kind of region."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw

from station.report.pictures import GREY, INK, PAPER, RGB, WHITE, Colour, fit_text, font
from station.values.capability import CapabilityDocument, CurveDocument, TrialDocument

# Okabe and Ito 2008, the orange kept for limits
_COLOURS: tuple[Colour, ...] = ((0, 114, 178), (0, 158, 115), (204, 121, 167), (24, 24, 24), (86, 180, 233))
_ORANGE: Colour = (213, 94, 0)
_SOFT: Colour = (205, 205, 202)
_Axis = Callable[[float], float]
_PANEL, _FOOT, _GAP = (420, 250), 118, 26
_TICKS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


def capability_picture(study: CapabilityDocument) -> RGB:
    """(H, W, 3) probability of detection over size, one panel a kind, with every hit and miss, each kind of region's
    a90/95 and the control sheet's limit."""
    kinds = list(dict.fromkeys(c.kind for c in study.curves))
    columns = min(2, max(len(kinds), 1))
    lines = math.ceil(max(len(kinds), 1) / columns)
    cell = (_PANEL[0] + 70, _PANEL[1] + _FOOT + 52)
    sheet = Image.new("RGB", (columns * (cell[0] + _GAP) + _GAP, lines * cell[1] + 118), PAPER)
    draw = ImageDraw.Draw(sheet)
    width = sheet.width - 40
    title = f"{study.golden} version {study.golden_version}: what {study.model} finds"
    draw.text((20, 16), fit_text(draw, title, width, 23), font=font(23), fill=INK)
    alarms = study.false_alarms
    told = (
        f"False alarms: {alarms.alarms} on {alarms.parts} renderings without a defect, at most "
        f"{alarms.per_part_upper:.3f} a part (95 %)"
    )
    draw.text((20, 52), fit_text(draw, told, width, 16), font=font(16), fill=GREY)
    for i, kind in enumerate(kinds):
        at = (_GAP + 50 + (i % columns) * (cell[0] + _GAP), 122 + (i // columns) * cell[1])
        curves = [c for c in study.curves if c.kind == kind and c.region]
        _panel(
            draw,
            at,
            kind,
            curves,
            [t for t in study.trials if t.kind == kind],
            sorted({k.limit_mm for k in study.limits if k.kind == kind}),
        )
    return np.asarray(sheet)


def _panel(
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    kind: str,
    curves: Sequence[CurveDocument],
    trials: Sequence[TrialDocument],
    limits: Sequence[float],
) -> None:
    (left, top), (width, height) = at, _PANEL
    low, high = math.log(min(c.least_mm for c in curves) / 1.1), math.log(max(c.largest_mm for c in curves) * 1.1)

    def x(mm: float) -> float:
        return left + width * (math.log(mm) - low) / (high - low)

    def y(pod: float) -> float:
        return top + height * (1 - pod)

    draw.text((left, top - 30), kind, font=font(19), fill=INK)
    for pod in (0.0, 0.5, 0.9, 1.0):
        draw.line((left, y(pod), left + width, y(pod)), fill=_SOFT)
        draw.text((left - 8, y(pod)), f"{100 * pod:.0f} %", font=font(14), fill=INK, anchor="rm")
    for mm in _TICKS:
        if low <= math.log(mm) <= high:
            draw.line((x(mm), top, x(mm), top + height), fill=_SOFT)
            draw.text((x(mm), top + height + 6), f"{mm:g}", font=font(14), fill=INK, anchor="ma")
    draw.text((left + width, top + height + 24), "mm", font=font(14), fill=INK, anchor="ra")
    for limit in limits:
        if limit <= 0 or not low <= math.log(limit) <= high:
            continue
        draw.line((x(limit), top, x(limit), top + height), fill=_ORANGE, width=3)
        draw.text((x(limit), top - 6), f"limit {limit:g}", font=font(14), fill=_ORANGE, anchor="ms")
    for k, (c, colour) in enumerate(zip(curves, _COLOURS, strict=False)):
        _curve(draw, c, colour, x, y)
        for t in trials:
            if t.region == c.region:
                level = y(1) + 3 + 6 * k if t.found else y(0) - 3 - 6 * k
                draw.ellipse((x(t.size_mm) - 2, level - 2, x(t.size_mm) + 2, level + 2), fill=colour)
        words = f"{c.region}: {c.hits} of {c.trials}, " + (
            f"a90/95 {c.a90_95_mm:.2f} mm" if c.a90_95_mm is not None else f"no a90/95: {c.reason}"
        )
        line = top + height + 42 + 20 * k
        draw.line((left, line + 8, left + 22, line + 8), fill=colour, width=3)
        draw.text((left + 30, line), fit_text(draw, words, width - 10, 14), font=font(14), fill=INK)


def _curve(draw: ImageDraw.ImageDraw, c: CurveDocument, colour: Colour, x: _Axis, y: _Axis) -> None:
    if c.intercept is not None and c.slope is not None:
        sizes = np.geomspace(c.least_mm, c.largest_mm, 80)
        pods = 0.5 * (1 + np.tanh((c.intercept + c.slope * np.log(sizes)) / 2))
        draw.line([(x(a), y(b)) for a, b in zip(sizes, pods, strict=True)], fill=colour, width=3, joint="curve")
    if c.a90_95_mm is not None:
        a, b = x(c.a90_95_mm), y(0.9)
        draw.ellipse((a - 6, b - 6, a + 6, b + 6), fill=colour, outline=WHITE)
