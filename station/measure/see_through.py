"""Is a through hole of the golden open on a unit? By what is seen through it, which is the bench.

The shoulder around a hole is struck with the face and stays when the hole itself is not pierced, or is filled. The
middle of an open hole has the bench's chromaticity, and the shadow that falls into it: the golden's, turned with the
part, since the lamps stay where they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.feret import fit_circle
from station.measure.morphology import disc
from station.measure.polygon import polygon_mask, signed_area
from station.values.colour import LinearRGB
from station.values.geometry import Frame, Similarity
from station.values.line import Aligned, Master

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Point = tuple[float, float]

State = Literal["open", "closed", "unclear"]

_FLOOR = 0.01  # linear light added before the logarithm, so that noise in the dark does not dominate
_MIDDLE = 0.6  # of the radius; farther out are the wall, and the shoulder of a hole that lies off
_BENCH_MM = 0.7  # from the outline, where the bench is read
_TINT = 0.08  # of log chromaticity, beside the bench's own; middles of six rendered holes lay up to 0.065 off
_BRIGHTER, _DARKER = 0.15, 0.7  # log light above the bench's, and below the darkest of the golden's hole
_OPEN, _CLOSED = 0.8, 0.2  # share of the middle that looks like the bench: from and up to
_SHADOW = 0.1  # log light, rms: a shadow that is fainter on the golden does not tell
# Share of the golden's shadow that falls the same way on the unit: eight rendered holes had 0.86 up, at any turn, seven
# fillings of two of them 0.25 at most. Without the golden's lamps, how strong a shadow is at all.
_SHADED, _SHADED_ELSEWHERE = 0.6, 0.35


@dataclass(frozen=True, slots=True)
class SeenThrough:
    """A hole on a unit. state : whether it is open. why : what was seen where, in words, empty where it is open.
    centre_mm, radius_mm : the golden's hole."""

    state: State
    why: str
    centre_mm: Point
    radius_mm: float


def see_through(aligned: Aligned, master: Master, places: Sequence[Point]) -> tuple[SeenThrough, ...]:
    """Every through hole of the golden on a unit, largest first.

    places : (x, y) mm of the golden frame, the holes' middles on the unit, in that order.
    """
    holes = sorted(master.holes_mm, key=lambda h: -abs(signed_area(h)))
    if not holes:
        return ()
    shape = (master.frame.height, master.frame.width)
    part = polygon_mask(master.frame.to_px(master.outline_mm), shape)
    bench = ~cv2.dilate(part.astype(np.uint8), disc(_BENCH_MM / master.frame.pitch_mm)).astype(bool)
    turn = aligned.similarity.rotation_deg - master.pose.rotation_deg
    same = aligned.bench is not None and aligned.bench == master.bench
    out = []
    for hole, place in zip(holes, places, strict=True):
        circle = fit_circle(hole)
        centre = circle.x, circle.y
        offsets = _middle(_MIDDLE * circle.radius, master.frame.pitch_mm)
        golden = _look(master.image, master.frame, bench, centre, Similarity(0.0, 0.0, turn, 1.0).apply(offsets))
        unit = _look(aligned.image, master.frame, bench & aligned.valid, place, offsets)
        state, why = _state(golden, unit, directed=same)
        where = f", at x {circle.x:.1f}, y {circle.y:.1f} mm" if why else ""
        out.append(SeenThrough(state, why + where, centre, circle.radius))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class _Middle:
    """What is seen in the middle of a hole against the bench around the part. tint : (n, 2) log chromaticity; light :
    (n,) log light; spread : (2,) of the bench's own chromaticity."""

    tint: Float
    light: Float
    spread: Float


def _middle(radius_mm: float, pitch_mm: float) -> Float:
    """(n, 2) mm of points in a disc about the origin."""
    axis = np.arange(-radius_mm, radius_mm + pitch_mm / 2, max(pitch_mm, radius_mm / 20))
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    return np.asarray(grid[np.hypot(grid[:, 0], grid[:, 1]) <= radius_mm])


def _look(image: LinearRGB, frame: Frame, bench: Bool, place: Point, offsets: Float) -> _Middle | None:
    """None where the bench around the part was not seen."""
    if not bench.any():
        return None
    log = np.log(np.maximum(cv2.GaussianBlur(image.pixels, (0, 0), 1.5), 0) + np.float32(_FLOOR))
    channels = np.stack([log[..., 0] - log[..., 1], log[..., 2] - log[..., 1], log.mean(axis=2)], axis=2)
    around = channels[bench]
    usual = np.median(around, axis=0)
    spread = 1.4826 * np.median(np.abs(around - usual), axis=0)
    at = frame.to_px(np.asarray(place) + offsets).astype(np.float32)[None]
    seen = cv2.remap(channels, at[..., 0], at[..., 1], cv2.INTER_LINEAR)[0] - usual
    return _Middle(seen[:, :2].astype(np.float64), seen[:, 2].astype(np.float64), spread[:2])


def _state(golden: _Middle | None, unit: _Middle | None, *, directed: bool) -> tuple[State, str]:
    """directed : the lamps stand as they did for the golden, so that the shadow falls the same way."""
    if golden is None or unit is None:
        return "unclear", "no bench is seen around the part"
    tolerance = np.maximum(4 * np.maximum(unit.spread, golden.spread), _TINT)
    own = np.median(golden.tint, axis=0)
    alike = (np.abs(unit.tint - own / 2) < tolerance + np.abs(own) / 2).all(axis=1)
    alike &= (unit.light < _BRIGHTER) & (unit.light > float(golden.light.min()) - _DARKER)
    share = float(alike.mean())
    if share <= _CLOSED:
        return "closed", "the hole is closed: what is seen in it is not the bench"
    if share < _OPEN:
        return "unclear", f"only {share:.0%} of what is seen through the hole is the bench"
    shadow, shade = golden.light - golden.light.mean(), unit.light - unit.light.mean()
    depth = float(np.sqrt((shadow**2).mean()))
    if depth < _SHADOW:
        return "open", ""
    like = float((shade * shadow).mean()) / depth if directed else float(np.sqrt((shade**2).mean()))
    if like < (_SHADED if directed else _SHADED_ELSEWHERE) * depth:
        return "unclear", "what is seen in the hole has the bench's colour but not the hole's shadow: it may be filled"
    return "open", ""
