"""Control charts and trends over lots as pictures."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw

from station.report.pictures import GREY, INK, PAPER, RGB, WHITE, Colour, font, write
from station.values.charts import ChartDocument, LotTrendsDocument, ProcessDocument, TrendDocument

_ORANGE: Colour = (213, 94, 0)
_BLUE: Colour = (0, 114, 178)
_GREEN: Colour = (0, 128, 96)
_SOFT: Colour = (205, 205, 202)
_WIDTH, _HEIGHT, _LEFT, _GAP = 1100, 270, 90, 30
_NAMES = {
    "i": "individuals", "mr": "moving range", "xbar": "mean of each subgroup", "s": "standard deviation within",
    "ewma": "exponentially weighted mean", "cusum": "cumulative sums", "p": "share of units", "u": "number a unit",
}  # fmt: skip
_MOST_TRENDS = 6
_Axis = Callable[[float], float]


def process_picture(process: ProcessDocument) -> RGB:
    """(H, W, 3) the charts of a process one below the other, with master and limits of the control sheet."""
    told = _rules(process)
    height = 118 + len(process.charts) * (_HEIGHT + 84) + 22 * len(told)
    sheet = Image.new("RGB", (_WIDTH, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    stream = ", ".join(f"{k} {v}" for k, v in process.stream.items())
    title = f"{process.characteristic} over {process.units} units ({stream})"
    write(draw, (20, 14), title, 23, width=_WIDTH - 40)
    state = "in control" if process.in_control else "NOT in control"
    words = [state]
    for name, index in (("Cpk", process.cpk), ("Ppk", process.ppk)):
        if index is not None:
            words.append(f"{name} {index.value:.2f} ({index.low:.2f} to {index.high:.2f})")
    if process.shift is not None and process.mean is not None:
        places = process.mean_decimals
        words.append(f"mean {process.mean:.{places}f} {process.unit}, {process.shift:+.{places}f} from the master")
    fill = INK if process.in_control else _ORANGE
    write(draw, (20, 50), "; ".join(words), 17, fill=fill, width=_WIDTH - 40)
    for i, chart in enumerate(process.charts):
        limits = process if i == 0 and chart.kind in ("i", "xbar", "ewma") else None
        _chart(draw, (_LEFT, 118 + i * (_HEIGHT + 84)), chart, limits)
    for k, line in enumerate(told):
        top = height - 16 - 22 * (len(told) - k)
        write(draw, (_LEFT, top), line, 15, fill=_ORANGE, width=_WIDTH - 2 * _LEFT)
    return np.asarray(sheet)


def _rules(process: ProcessDocument) -> list[str]:
    """What the numbers at the points mean."""
    found = {s.rule: s.words for chart in process.charts for s in chart.signals if s.rule}
    return [f"{rule}: {found[rule]}" for rule in sorted(found)]


def trends_picture(trends: LotTrendsDocument) -> RGB:
    """(H, W, 3) lot means of each characteristic with their errors, the slope where it drifts, and the limit."""
    known = [t for t in trends.trends if t.lots]
    shown = known[:_MOST_TRENDS]
    rows = max(1, math.ceil(len(shown) / 2))
    sheet = Image.new("RGB", (_WIDTH, 90 + rows * (_HEIGHT + 96)), PAPER)
    draw = ImageDraw.Draw(sheet)
    title = f"Golden {trends.golden}: lot means from the first lot to the newest"
    write(draw, (20, 16), title, 23, width=_WIDTH - 40)
    note = "bars: twice the standard error of the mean"
    note += (
        f"; {len(known) - len(shown)} more characteristics, none nearer to a drift" if len(known) > len(shown) else ""
    )
    write(draw, (20, 48), note, 15, fill=GREY)
    if not shown:
        write(draw, (20, 70), "no lot has three measured units", 18, fill=GREY)
    for i, trend in enumerate(shown):
        _trend(draw, (70 + (i % 2) * (_WIDTH // 2), 120 + (i // 2) * (_HEIGHT + 96)), trend)
    return np.asarray(sheet)


def _chart(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], chart: ChartDocument, process: ProcessDocument | None
) -> None:
    left, top = at
    width = _WIDTH - left - 120
    values = [p.value for p in chart.points] + [chart.centre]
    values += [v for p in chart.points for v in (p.low, p.lower, p.upper) if v is not None]
    marks: list[tuple[float, str, Colour]] = []
    if process is not None:
        named = (("lower limit", process.lower), ("upper limit", process.upper))
        marks = [(v, name, _ORANGE) for name, v in named if v is not None]
        marks += [(process.master, "master", _GREEN)] if process.master is not None else []
    low, high = _range(values, [m[0] for m in marks])
    y = _axis(draw, at, width, low, high)
    n = len(chart.points)

    def x(i: int) -> float:
        return left + width * (i + 0.5) / n

    write(draw, (left, top - 26), _NAMES[chart.kind], 18)
    for i, p in enumerate(chart.points):
        for bound in (p.lower, p.upper):
            if bound is not None:
                draw.line((x(i) - width / n / 2, y(bound), x(i) + width / n / 2, y(bound)), fill=_BLUE, width=2)
    draw.line((left, y(chart.centre), left + width, y(chart.centre)), fill=_BLUE)
    control = [("control limit", b) for b in (chart.points[-1].lower, chart.points[-1].upper) if b is not None]
    beside = [(*c, _BLUE) for c in (("centre", chart.centre), *control)] + [
        (n, v, k) for v, n, k in marks if low <= v <= high
    ]
    _names_beside(draw, left + width + 6, y, beside)
    for value, _, colour in marks:
        if low <= value <= high:
            draw.line((left, y(value), left + width, y(value)), fill=colour, width=2)
    rules: dict[str, set[int]] = {}
    for s in chart.signals:
        rules.setdefault(s.point, set()).add(s.rule)
    for series in ([p.value for p in chart.points], [p.low for p in chart.points]):
        known = [(x(i), y(v)) for i, v in enumerate(series) if v is not None]
        if len(known) > 1:
            draw.line(known, fill=INK, width=2)
        for (a, b), p, v in zip(known, chart.points, series, strict=False):
            inside = p.low is not None and v is not None and (p.lower or 0) <= v <= (p.upper or 0)
            out = p.label in rules and not inside  # of two sums the one that is beyond its limit
            r = 6 if out else 3
            draw.ellipse((a - r, b - r, a + r, b + r), fill=_ORANGE if out else INK, outline=WHITE)
            if out:
                told = ",".join(str(k) for k in sorted(rules[p.label]) if k)
                near = b - top < 24  # of the upper edge
                write(draw, (a, b + 10 if near else b - 9), told, 13, fill=_ORANGE, anchor="ma" if near else "ms")
    _labels(draw, [p.label for p in chart.points], x, top + _HEIGHT + 6, width)


def _trend(draw: ImageDraw.ImageDraw, at: tuple[int, int], trend: TrendDocument) -> None:
    left, top = at
    width = _WIDTH // 2 - 110
    rows = trend.lots
    values = [v for r in rows for v in (r.mean - 2 * r.error, r.mean + 2 * r.error)]
    low, high = _range(values, [] if trend.limit is None else [trend.limit])
    y = _axis(draw, at, width, low, high)

    def x(i: int) -> float:
        return left + width * (i + 0.5) / len(rows)

    unit = f", {trend.unit}" if trend.unit else ""
    write(draw, (left, top - 26), trend.characteristic + unit, 18, width=width)
    if trend.limit is not None and low <= trend.limit <= high:
        draw.line((left, y(trend.limit), left + width, y(trend.limit)), fill=_ORANGE, width=2)
        write(draw, (left + width - 4, y(trend.limit) + 4), "limit", 13, fill=_ORANGE, anchor="ra")
    if trend.drifts and trend.slope is not None:
        middle = float(np.median([r.mean - trend.slope * i for i, r in enumerate(rows)]))
        ends = [(x(i), y(middle + trend.slope * i)) for i in (0, len(rows) - 1)]
        draw.line(ends, fill=_BLUE, width=3)
    for i, r in enumerate(rows):
        draw.line((x(i), y(r.mean - 2 * r.error), x(i), y(r.mean + 2 * r.error)), fill=GREY, width=2)
        draw.ellipse((x(i) - 4, y(r.mean) - 4, x(i) + 4, y(r.mean) + 4), fill=INK, outline=WHITE)
    _labels(draw, [r.lot for r in rows], x, top + _HEIGHT + 6, width)
    fill = _ORANGE if trend.drifts else GREY
    for k, line in enumerate(textwrap.wrap(trend.reason, 64)[:2]):
        write(draw, (left, top + _HEIGHT + 26 + 18 * k), line, 14, fill=fill, width=width)


def _names_beside(draw: ImageDraw.ImageDraw, left: float, y: _Axis, names: Sequence[tuple[str, float, Colour]]) -> None:
    """The names of lines to the right of them, pushed down where two would overlap."""
    last = -math.inf
    for name, value, colour in sorted(names, key=lambda n: -n[1]):
        last = max(last + 16, y(value))
        write(draw, (left, last), name, 14, fill=colour, anchor="lm")


def _range(values: Sequence[float], marks: Sequence[float]) -> tuple[float, float]:
    """From the smallest to the largest value, with marks that do not stretch it beyond twice that."""
    low, high = min(values), max(values)
    span = (high - low) or abs(high) or 1.0
    near = [m for m in marks if low - span <= m <= high + span]
    low, high = min([low, *near]), max([high, *near])
    pad = 0.06 * (high - low or span)
    return low - pad, high + pad


def _axis(draw: ImageDraw.ImageDraw, at: tuple[int, int], width: int, low: float, high: float) -> _Axis:
    left, top = at

    def y(value: float) -> float:
        return top + _HEIGHT * (high - value) / (high - low)

    draw.rectangle((left, top, left + width, top + _HEIGHT), fill=WHITE, outline=_SOFT)
    step = 10 ** math.floor(math.log10((high - low) / 4))
    step = next(step * k for k in (1, 2, 5, 10) if (high - low) / (step * k) <= 6)
    for k in range(math.ceil(low / step), math.floor(high / step) + 1):
        draw.line((left, y(k * step), left + width, y(k * step)), fill=_SOFT)
        write(draw, (left - 8, y(k * step)), f"{k * step:.6g}", 14, anchor="rm")
    return y


def _labels(draw: ImageDraw.ImageDraw, labels: Sequence[str], x: Callable[[int], float], top: int, width: int) -> None:
    """As many labels as have room."""
    widths = [draw.textlength(text[:14], font=font(13, text[:14])) for text in labels]
    widest = max(widths) + 24
    every = max(1, math.ceil(len(labels) * widest / width))
    first = x(0) - width / len(labels) / 2
    for i in range(0, len(labels), every):
        half = widths[i] / 2
        inside = min(max(x(i), first + half), first + width - half)
        write(draw, (inside, top), labels[i][:14], 13, anchor="ma")
