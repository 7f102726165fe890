"""The running count of a lot as a picture: a panel for each class, its step line between the lines that decide it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw

from station.report.pictures import GREY, INK, PAPER, RGB, Colour, write
from station.values.documents import ClassDecision, LotDocument

_ORANGE: Colour = (213, 94, 0)
_BLUE: Colour = (0, 114, 178)
_GREEN: Colour = (0, 128, 96)
_SOFT: Colour = (205, 205, 202)
_BAND: Colour = (226, 226, 223)
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _STEP = 1000, 200, 80, 150, 290
_MOST_LINES = 8


def tally_picture(lot: LotDocument) -> RGB:
    """(H, W, 3) of each class the nonconforming units found so far over the units inspected.

    The orange line is Re: a count that reaches it rejects. The green line is where nothing that is still to come could
    reach Re: a count on or below it can no longer be rejected, at the end of the sample it is Ac. The grey band above
    the count is what the undecided units may add.
    """
    shown = [c for c in lot.classes if c.tally is not None]
    sheet = Image.new("RGB", (_WIDTH, 96 + _STEP * len(shown)), PAPER)
    draw = ImageDraw.Draw(sheet)
    title = f"Lot {lot.lot} of {lot.size}: {lot.inspected} of {lot.sample} units inspected, {lot.decision}"
    write(draw, (20, 14), title, 23, width=_WIDTH - 40)
    words = (
        "blue: found so far; grey: what the undecided may add; orange: rejected; on or below green: accepted for sure"
    )
    write(draw, (20, 48), words, 15, fill=GREY, width=_WIDTH - 40)
    for i, c in enumerate(shown):
        _panel(draw, 120 + _STEP * i, c)
    return np.asarray(sheet)


def running(places: Sequence[int], inspected: int) -> list[int]:
    """The count after 0, 1 ... ``inspected`` units, from the places (from 1) at which it rises."""
    return [sum(at <= i for at in places) for i in range(inspected + 1)]


def _panel(draw: ImageDraw.ImageDraw, top: int, c: ClassDecision) -> None:
    t = c.tally
    assert t is not None
    width = _WIDTH - _LEFT - _RIGHT
    count = running(t.found_at, t.inspected)
    worst = [a + b for a, b in zip(count, running(t.undecided_at, t.inspected), strict=True)]
    units = max(c.n, t.inspected, 1)
    high = max(c.re + 1, worst[-1] + 1)

    def at(i: float, k: float) -> tuple[float, float]:
        return _LEFT + width * i / units, top + _HEIGHT * (1 - k / high)

    write(draw, (20, top - 34), _heading(c), 17)
    if worst != count:
        lower = [at(i, k) for i, k in enumerate(count)]
        upper = [at(i, k) for i, k in enumerate(worst)]
        draw.polygon([*_steps(upper), *reversed(_steps(lower))], fill=_BAND)
    step = max(1, -(-high // _MOST_LINES))
    for k in range(0, high + 1, step):
        draw.line((*at(0, k), *at(units, k)), fill=_SOFT)
        write(draw, (_LEFT - 8, at(0, k)[1]), str(k), 14, anchor="rm")
    for i in sorted({0, t.inspected, c.n}):
        draw.line((*at(i, 0), at(i, 0)[0], at(i, 0)[1] + 5), fill=INK)
        write(draw, (at(i, 0)[0], top + _HEIGHT + 7), str(i), 14, anchor="ma")
    write(draw, (at(units, 0)[0] + 22, top + _HEIGHT + 7), "units inspected", 14, fill=GREY)
    draw.line((*at(0, c.re), *at(units, c.re)), fill=_ORANGE, width=2)
    write(draw, (at(units, 0)[0] + 8, at(0, c.re)[1]), f"Re {c.re}", 15, fill=_ORANGE, anchor="lm")
    most = c.limit - 1
    first = max(0, c.n - most)  # from here on a count of 0 can no longer exceed it
    if most >= 0 and (c.plan is None or not c.plan.per_100_units):
        draw.line((*at(first, most - (c.n - first)), *at(c.n, most)), fill=_GREEN, width=2)
    if c.ac >= 0:
        write(draw, (at(units, 0)[0] + 8, at(0, c.ac)[1]), f"Ac {c.ac}", 15, fill=_GREEN, anchor="lm")
    draw.line(_steps([at(i, k) for i, k in enumerate(count)]), fill=_BLUE, width=3)
    x, y = at(t.inspected, count[-1])
    draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill=_BLUE)


def _heading(c: ClassDecision) -> str:
    t = c.tally
    assert t is not None
    state = t.standing if t.settled or t.missing == 0 else f"{t.standing} so far"
    if t.standing == "cannot be rejected" and t.settled:
        state = "can no longer be rejected"
    per = "nonconformities" if c.plan is not None and c.plan.per_100_units else "nonconforming"
    open_ = f", {c.undecided} undecided" if c.undecided else ""
    name = str(c.defect_class) if c.stages == 1 else f"{c.defect_class}, sample {c.stage} of {c.stages}"
    return f"{name}, AQL {c.aql:g}: {c.nonconforming} {per}{open_} in {t.inspected} of {c.n}, {state}"


def _steps(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """A line that rises where a unit is counted and runs level between."""
    made = [points[0]]
    for (_, before), (x, y) in pairwise(points):
        made += [(x, before), (x, y)]
    return made if len(made) > 1 else made * 2
