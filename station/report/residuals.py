"""The residual map of a registration as a picture: enlarged arrows over the unit, a scale arrow and a legend."""

from __future__ import annotations

import textwrap

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from station.report.drawings import enlargement
from station.report.pictures import COLOURS, INK, PAPER, RGB, Canvas, Colour, write
from station.values.documents import Verdict
from station.values.geometry import Frame
from station.values.residual import ResidualMap

Float = NDArray[np.float64]

_SURE: Colour = COLOURS[Verdict.NONCONFORMS]
_UNSURE: Colour = COLOURS[Verdict.CONFORMS]
_PALE = 0.45  # of white laid over the unit, so that the arrows stand out
_ARROW = 0.08  # of the part's extent that the longest arrow takes at most
_UNTOLD_MM = 0.08  # expanded uncertainty of a direction from which it is not drawn: no edge tells of it
_HEAD, _GAP, _LINE, _SCALE = 64, 20, 26, 44  # px
_WIDE = 112  # letters in a line


def residual_picture(
    raster: RGB, frame: Frame, found: ResidualMap, *, title: str, remark: str = "", panel_px: int = 1000
) -> RGB:
    """The shifts of a residual map over the unit, (H, W, 3) uint8.

    raster : (h, w, 3) uint8 picture of the unit in ``frame``. Orange arrows are significant, blue ones are not; a dot
    is a place that hardly departs, or of which no direction is told. remark : what the unit document says of it.
    """
    pale = (raster.astype(np.float32) * (1 - _PALE) + 255 * _PALE).astype(np.uint8)
    canvas = Canvas(pale, frame, panel_px)
    extent = max(frame.width, frame.height) * frame.pitch_mm
    told = _told(found)
    times = enlargement(max(float(np.hypot(*told.T).max()), 1e-6), extent, _ARROW)
    sure = found.significant
    for i in np.argsort(sure, kind="stable"):  # the significant ones lie on top
        canvas.small_arrow(found.at_mm[i], found.at_mm[i] + times * told[i], _SURE if sure[i] else _UNSURE)
    k = found.worst
    if sure[k]:
        x, y = found.at_mm[k] + times * told[k]
        length = float(np.hypot(*found.shift_mm[k]))
        canvas.label((float(x) + 0.01 * extent, float(y) + 0.01 * extent), f"{length:.3f} mm", _SURE)
    drawn = canvas.finish()
    lines = [*_legend(found, times), *textwrap.wrap(f"Remark: {remark}", _WIDE)] if remark else _legend(found, times)
    height = _HEAD + drawn.height + _SCALE + _LINE * len(lines) + _GAP
    sheet = Image.new("RGB", (panel_px + 2 * _GAP, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    write(draw, (_GAP, 18), title, 24, width=panel_px)
    sheet.paste(drawn, (_GAP, _HEAD))
    below = _HEAD + drawn.height
    _draw_scale(draw, below + _SCALE // 2, times, panel_px / (frame.width * frame.pitch_mm))
    for i, line in enumerate(lines):
        at = (_GAP, below + _SCALE + _LINE * i)
        write(draw, at, line, 17, width=panel_px)
    return np.asarray(sheet)


def _told(found: ResidualMap) -> Float:
    """(n, 2) the shifts without those of their directions that no edge tells of."""
    variance, axes = np.linalg.eigh(found.covariance_mm2)
    along = np.einsum("nij,ni->nj", axes, found.shift_mm)
    along[2 * np.sqrt(variance) > _UNTOLD_MM] = 0
    return np.asarray(np.einsum("nij,nj->ni", axes, along))


def _legend(found: ResidualMap, times: int) -> list[str]:
    k = found.worst
    (x, y), (dx, dy), (ux, uy) = found.at_mm[k], found.shift_mm[k], found.u_mm[k]
    return [
        f"Arrows: how far the unit's detail lies off the golden's after registration, enlarged {times} times.",
        "Orange: significant (one in a thousand by chance). Blue: not. Directions that no edge tells of are left out.",
        f"RMS {found.rms_mm:.3f} mm at {len(found.at_mm)} places, {len(found.at_mm) / found.asked:.0%} of those with "
        "edges on the golden.",
        f"Worst at x {x:+.1f}, y {y:+.1f} mm: x {dx:+.3f}, y {dy:+.3f} mm, U {ux:.3f} and {uy:.3f} mm (k = 2).",
    ]


def _draw_scale(draw: ImageDraw.ImageDraw, y: int, times: int, px_per_mm: float) -> None:
    """An arrow as long as a round shift is drawn, with its length in words."""
    length = next(s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0) if s * times * px_per_mm >= 60)
    end = _GAP + length * times * px_per_mm
    draw.line((_GAP, y, end, y), fill=INK, width=2)
    for side in (-4, 4):
        draw.line((end, y, end - 9, y + side), fill=INK, width=2)
    write(draw, (end + 12, y), f"{length:g} mm", 18, anchor="lm")
