"""Curves of detection as a picture: a panel for each kind of defect, a curve for each kind of region."""

from __future__ import annotations

import itertools
import math
import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image, ImageDraw

from station.report.pictures import GREY, INK, PAPER, RGB, WHITE, Colour, fit_text, write
from station.values.capability import CapabilityDocument, CurveDocument, LimitDocument, TrialDocument

# Okabe and Ito 2008, the orange kept for limits
_COLOURS: tuple[Colour, ...] = ((0, 114, 178), (0, 158, 115), (204, 121, 167), (24, 24, 24), (86, 180, 233))
_ORANGE: Colour = (213, 94, 0)
_SOFT: Colour = (205, 205, 202)
_PANEL, _LEFT, _GAP = (430, 230), 62, 30
_HEAD, _STRIP, _AXIS, _LINE = 52, 7, 44, 19  # title and limits, a row of dots, what the axis takes, a line of words
_TICKS = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
_STATES = {"proven": "proven", "below": "not proven", "unknown": "not told"}
_OVERSAMPLE = 2
_LETTERS, _LETTER_PX = 62, 8.1  # letters of a line beside its curve; width of one under the title
_TOLD = 22  # of a line under the title


class _Pen:
    """Draws in pixels of the finished picture on a sheet that is larger, so that lines come out smooth."""

    def __init__(self, width: int, height: int) -> None:
        self.size = (width, height)
        self._sheet = Image.new("RGB", (width * _OVERSAMPLE, height * _OVERSAMPLE), PAPER)
        self._draw = ImageDraw.Draw(self._sheet)

    def line(self, points: Sequence[tuple[float, float]], colour: Colour, width: float) -> None:
        scaled = [(x * _OVERSAMPLE, y * _OVERSAMPLE) for x, y in points]
        self._draw.line(scaled, fill=colour, width=round(width * _OVERSAMPLE), joint="curve")

    def dot(self, x: float, y: float, radius: float, colour: Colour, edge: Colour | None = None) -> None:
        box = [v * _OVERSAMPLE for v in (x - radius, y - radius, x + radius, y + radius)]
        self._draw.ellipse(box, fill=colour, outline=edge, width=0 if edge is None else 2 * _OVERSAMPLE)

    def text(self, x: float, y: float, words: str, size: int, colour: Colour = INK, anchor: str = "la") -> None:
        at = (x * _OVERSAMPLE, y * _OVERSAMPLE)
        write(self._draw, at, words, size * _OVERSAMPLE, fill=colour, anchor=anchor)

    def fitted(self, words: str, width: float, size: int) -> str:
        return fit_text(self._draw, words, width * _OVERSAMPLE, size * _OVERSAMPLE)

    def finish(self) -> RGB:
        return np.asarray(self._sheet.resize(self.size, Image.Resampling.BOX))


def capability_picture(study: CapabilityDocument) -> RGB:
    """(H, W, 3) probability of detection over size, one panel a kind: hits above it and misses below, each kind of
    region's a90/95, and the control sheet's limits with what the study says of them."""
    kinds = list(dict.fromkeys(c.kind for c in study.curves))
    regions = sorted({c.region for c in study.curves if c.region})
    colours = dict(zip(regions, itertools.cycle(_COLOURS), strict=False))
    curves = {kind: [c for c in study.curves if c.kind == kind and c.region] for kind in kinds}
    words = {kind: [_legend(c) for c in curves[kind]] for kind in kinds}
    columns = min(2, max(len(kinds), 1))
    rows = [kinds[i : i + columns] for i in range(0, len(kinds), columns)]
    dots = _STRIP * len(regions)
    heights = [
        _HEAD + 2 * dots + _PANEL[1] + _AXIS + _LINE * max(sum(map(len, words[kind])) for kind in row) for row in rows
    ]
    cell = _LEFT + _PANEL[0] + _GAP
    width = columns * cell + _GAP
    told = _told(study, width - 40)
    top = 74 + _TOLD * len(told)
    pen = _Pen(width, top + sum(heights) + _GAP * len(rows))
    title = f"{study.golden} version {study.golden_version}: what {study.model} finds"
    pen.text(20, 16, pen.fitted(title, width - 40, 23), 23)
    for i, line in enumerate(told):
        pen.text(20, 52 + _TOLD * i, line, 16, GREY)
    for row, height in zip(rows, heights, strict=True):
        for i, kind in enumerate(row):
            at = (_GAP + _LEFT + i * cell, top + _HEAD + dots)
            panel = _Panel(pen, at, curves[kind], colours, dots)
            panel.draw(
                kind,
                [t for t in study.trials if t.kind == kind],
                [limit for limit in study.limits if limit.kind == kind],
                words[kind],
            )
        top += height + _GAP
    return pen.finish()


def _told(study: CapabilityDocument, width: int) -> list[str]:
    """What stands under the title, in lines of ``width`` px."""
    alarms = study.false_alarms
    told = (
        f"False alarms: {alarms.alarms} on {alarms.parts} renderings without a defect, at most "
        f"{alarms.per_part_upper:.3f} a part (95 %).",
        "Small dots: defects found (above) and missed (below). Large dot: a90/95. Orange: the control sheet's limit.",
    )
    return [line for text in told for line in textwrap.wrap(text, int(width / _LETTER_PX))]


def _legend(c: CurveDocument) -> list[str]:
    """What is said of a curve, in lines."""
    bound = "no a90/95:" if c.a90_95_mm is None else f"a90/95 {c.a90_95_mm:.2f} mm"
    return [f"{c.region}: {c.hits} of {c.trials} found, {bound}", *textwrap.wrap(c.reason, _LETTERS)]


class _Panel:
    """The curves of one kind. at : the upper left corner of the plot. dots : height of the rows of hits, of misses."""

    def __init__(
        self,
        pen: _Pen,
        at: tuple[int, int],
        curves: Sequence[CurveDocument],
        colours: Mapping[str, Colour],
        dots: int,
    ) -> None:
        self._pen, self._curves, self._colours, self._dots = pen, curves, colours, dots
        self._left, self._top = at
        self._low = math.log(min(c.least_mm for c in curves) / 1.1)
        self._high = math.log(max(c.largest_mm for c in curves) * 1.1)

    def x(self, mm: float) -> float:
        return self._left + _PANEL[0] * (math.log(mm) - self._low) / (self._high - self._low)

    def y(self, pod: float) -> float:
        return self._top + _PANEL[1] * (1 - pod)

    def _shows(self, mm: float) -> bool:
        return mm > 0 and self._low <= math.log(mm) <= self._high

    def draw(
        self,
        kind: str,
        trials: Sequence[TrialDocument],
        limits: Sequence[LimitDocument],
        words: Sequence[Sequence[str]],
    ) -> None:
        self._axes(kind)
        self._limits(limits)
        for k, c in enumerate(self._curves):
            self._trials([t for t in trials if t.region == c.region], k, self._colours[c.region])
        for c in self._curves:
            self._curve(c)
        for c in self._curves:  # above all curves
            if c.a90_95_mm is not None and self._shows(c.a90_95_mm):
                self._pen.dot(self.x(c.a90_95_mm), self.y(0.9), 7, self._colours[c.region], WHITE)
        line = self._top + _PANEL[1] + self._dots + _AXIS
        for c, lines in zip(self._curves, words, strict=True):
            self._pen.line([(self._left, line + 8), (self._left + 22, line + 8)], self._colours[c.region], 3)
            for text in lines:
                self._pen.text(self._left + 30, line, self._pen.fitted(text, _PANEL[0] - 20, 14), 14)
                line += _LINE

    def _axes(self, kind: str) -> None:
        pen, left, right = self._pen, self._left, self._left + _PANEL[0]
        bottom = self._top + _PANEL[1]
        pen.text(left, self._top - self._dots - _HEAD + 4, kind, 19)
        for pod in (0.0, 0.5, 0.9, 1.0):
            pen.line([(left, self.y(pod)), (right, self.y(pod))], _SOFT, 1)
            pen.text(left - 8, self.y(pod), f"{100 * pod:.0f} %", 14, anchor="rm")
        for mm in filter(self._shows, _TICKS):
            pen.line([(self.x(mm), self._top), (self.x(mm), bottom)], _SOFT, 1)
            pen.text(self.x(mm), bottom + self._dots + 6, f"{mm:g}", 14, anchor="ma")
        pen.text(right, bottom + self._dots + 22, "size, mm", 14, anchor="ra")

    def _limits(self, limits: Sequence[LimitDocument]) -> None:
        above = self._top - self._dots
        taken: list[tuple[float, int]] = []
        for limit in sorted(limits, key=lambda one: one.limit_mm):
            if not self._shows(limit.limit_mm):
                continue
            x = self.x(limit.limit_mm)
            where = f" ({limit.where})" if limit.where else ""
            words = f"limit {limit.limit_mm:g}{where}: {_STATES[limit.state]}"
            row = 1 if any(abs(x - other) < 150 and there == 0 for other, there in taken) else 0
            taken.append((x, row))
            anchor = "rs" if x > self._left + 0.72 * _PANEL[0] else "ls" if x < self._left + 0.2 * _PANEL[0] else "ms"
            self._pen.line([(x, above - 2), (x, self._top + _PANEL[1] + self._dots)], _ORANGE, 2.5)
            self._pen.text(x, above - 6 - 16 * row, words, 14, _ORANGE, anchor)

    def _trials(self, trials: Sequence[TrialDocument], row: int, colour: Colour) -> None:
        """A row of dots over the plot for what was found, and one under it for what was not."""
        off = _STRIP * (row + 0.5)
        for t in trials:
            if self._shows(t.size_mm):
                self._pen.dot(self.x(t.size_mm), self.y(1) - off if t.found else self.y(0) + off, 2, colour)

    def _curve(self, c: CurveDocument) -> None:
        if c.intercept is None or c.slope is None:
            return
        sizes = np.geomspace(c.least_mm, c.largest_mm, 80)
        pods = 0.5 * (1 + np.tanh((c.intercept + c.slope * np.log(sizes)) / 2))
        points = [(self.x(float(a)), self.y(float(b))) for a, b in zip(sizes, pods, strict=True)]
        self._pen.line(points, self._colours[c.region], 3)
