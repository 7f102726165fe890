"""The golden's marks and the body round them, ready to be found on units.

A mark stands on a ground that stays with the body when the mark moves. What the polygon's border runs over is ground,
of as many colours as it may have; what differs from all of them inside is the mark.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.colour_fit import POWER, ColourTemplate, make_colour_template, shading_columns
from station.measure.per_master import PerMaster
from station.measure.polygon import centroid, polygon_mask
from station.measure.refine import Template, make_template
from station.measure.signal import Signal, logs, principal, tint_signal
from station.values.geometry import Frame
from station.values.line import METAL, OTHER, OUTSIDE, MarkMaster, Master

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_STROKE_RIM_PX = 3  # ground kept around the strokes: both sides of every edge
_POINTS = 20_000
_BORDER_PX = 4  # inside the polygon's border, where there is nothing but ground
_GROUND_SHARE = 0.10  # of the border, from which a colour is one of the ground's and not of a line that crosses it
_FEWEST_STROKES = 0.03  # of the polygon; with less, its border runs through the mark
_TINTED = 0.25  # in logarithms of the channels; oxide shifts the tint of brass by up to 0.19
_SHOULDER_MM = 0.6  # of the body's edge, that mirrors the bench
_ROUND_MARK_MM = 0.3  # beside a polygon, that a displaced mark may reach
_EDGE_PX = 5  # beside the edges of the body's enamel, where both sides' levels are seen
POWERS = (0.7, 0.35)
"""Powers of linear light on both sides of ``POWER``: what the displacements seen at them differ by is the light's."""


@dataclass(frozen=True, slots=True)
class Mark:
    """The golden's mark, ready to be found: a scalar patch in which it stands out most, and its strokes.

    corner : (x, y) raster pixel of the patch's first pixel. pixels : (h, w, 3) the patch in linear light. mask : (h, w)
    strokes with a rim of ground. signal : what the patch was made with. centre : (2,) px of the polygon's centre of
    area.
    """

    corner: tuple[int, int]
    patch: Float32
    pixels: Float32
    mask: Bool
    signal: Signal
    centre: Float


def prepare(mark: MarkMaster, pixels: Float32, frame: Frame) -> Mark | None:
    """The golden's patch, its strokes, and the colour direction that tells strokes from ground."""
    polygon = frame.to_px(mark.polygon_mm)
    low = np.maximum(np.floor(polygon.min(axis=0)).astype(int) - 6, 0)
    high = np.minimum(np.ceil(polygon.max(axis=0)).astype(int) + 7, (frame.width, frame.height))
    if np.any(high - low < 16):
        return None
    around = np.ascontiguousarray(pixels[low[1] : high[1], low[0] : high[0]])
    inside = polygon_mask(polygon - low, around.shape[:2])
    if inside.sum() < 64:
        return None
    calm = cv2.GaussianBlur(np.sqrt(np.clip(around.astype(np.float64), 0, None)), (0, 0), 0.8)
    strokes = _strokes(np.asarray(calm, dtype=np.float64), inside)  # square root: even noise over the tones
    if strokes is None:
        return None
    grow = _disc(_STROKE_RIM_PX)
    mask = cv2.dilate(strokes.astype(np.uint8), grow).astype(bool) & cv2.dilate(inside.astype(np.uint8), grow).astype(
        bool
    )
    signal = tint_signal(around, mask) or Signal("light", principal(around[mask], opponent=False))
    corner = (int(low[0]), int(low[1]))
    return Mark(corner, signal.of(around), around, mask, signal, frame.to_px(centroid(mark.polygon_mm)))


def _disc(radius_px: int) -> NDArray[np.uint8]:
    side = 2 * radius_px + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), dtype=np.uint8)


def _strokes(coded: Float, inside: Bool) -> Bool | None:
    """(h, w) pixels of the mark; None where there are hardly any."""
    border = inside & ~cv2.erode(inside.astype(np.uint8), _disc(_BORDER_PX)).astype(bool)
    commonest = _colours(coded[inside], 1)
    for grounds in (_colours(coded[border], 6), commonest):
        kept = [g for g in grounds if g.share >= _GROUND_SHARE] or grounds[:1]
        distance = np.min([np.sqrt(((coded - g.centre) ** 2).sum(axis=2)) for g in kept], axis=0)
        noise = max(g.spread for g in kept)
        split = max(5 * noise, 0.35 * float(np.percentile(distance[inside], 98)))
        strokes = ((distance > split) & inside).astype(np.uint8)
        strokes = cv2.morphologyEx(strokes, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
        if strokes.sum() >= max(40, _FEWEST_STROKES * inside.sum()):
            return np.asarray(strokes.astype(bool))
    return np.asarray(strokes.astype(bool)) if strokes.sum() >= 40 else None


@dataclass(frozen=True, slots=True)
class _Colour:
    """One of the commonest colours. spread : median distance of its pixels. share : of all pixels."""

    centre: Float
    spread: float
    share: float


def _colours(values: Float, most: int) -> list[_Colour]:
    """The commonest colours among (n, 3) values one after the other, each by mean shift from the densest histogram
    cell of what the ones before leave."""
    found: list[_Colour] = []
    left = values
    while len(found) < most and len(left) > max(0.01 * len(values), 3):
        cells = np.floor(left / 0.04).astype(np.int64)
        _, inverse, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
        centre = np.median(left[inverse.ravel() == int(np.argmax(counts))], axis=0)
        for _ in range(5):
            near = ((left - centre) ** 2).sum(axis=1) < 0.06**2
            centre = left[near].mean(axis=0)
        distance = np.sqrt(((left[near] - centre) ** 2).sum(axis=1))
        found.append(_Colour(np.asarray(centre), float(np.median(distance)), float(near.sum() / len(values))))
        left = left[((left - centre) ** 2).sum(axis=1) >= 0.08**2]
    return found


@dataclass(frozen=True, slots=True)
class Body:
    """The body without its marks and its outermost shoulder. corner : (x, y) raster px of the patch's first pixel.
    templates : at ``POWER`` and at ``POWERS``; empty where the body shows too little."""

    corner: tuple[int, int]
    templates: tuple[ColourTemplate, ...]


def _prepare_body(master: Master) -> Body:
    frame, pixels = master.frame, master.image.pixels
    part = (master.labels != OUTSIDE).astype(np.uint8)
    part[[0, -1]] = part[:, [0, -1]] = 0
    use = cv2.erode(part, _disc(round(_SHOULDER_MM / frame.pitch_mm))).astype(bool)
    for mark in master.marks:
        polygon = polygon_mask(frame.to_px(mark.polygon_mm), use.shape)
        use &= ~cv2.dilate(polygon.astype(np.uint8), _disc(round(_ROUND_MARK_MM / frame.pitch_mm))).astype(bool)
    if not use.any():
        return Body((0, 0), ())
    enamel = _enamel(master)
    edges = cv2.morphologyEx(enamel.astype(np.uint8), cv2.MORPH_GRADIENT, _disc(1))
    mask = use & cv2.dilate(edges, _disc(_EDGE_PX)).astype(bool)
    if not mask.any():
        return Body((0, 0), ())
    x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
    x0, y0 = max(x - 8, 0), max(y - 8, 0)
    box = np.s_[y0 : y + h + 8, x0 : x + w + 8]
    shading = shading_columns(~enamel)[box]
    templates = _at_powers(np.ascontiguousarray(pixels[box]), mask[box], shading)
    return Body((x0, y0), templates)


def _enamel(master: Master) -> Bool:
    """(H, W) the cells that are enamel for certain: those that regions name, and others of a tint that metal, oxidised
    or bright, has not."""
    named = np.isin(master.labels, [r.label for r in master.regions if r.surface != "plating"])
    plating = [r.label for r in master.regions if r.surface == "plating"]
    metal = (master.labels == METAL) | np.isin(master.labels, plating)
    if not metal.any():
        return np.asarray(named)
    tints = logs(master.image.pixels)
    tints = tints - tints.mean(axis=2, keepdims=True)
    own = np.median(tints[metal], axis=0)
    count, cells = cv2.connectedComponents((master.labels == OTHER).astype(np.uint8), connectivity=4)
    for cell in range(1, count):
        where = cells == cell
        if float(np.linalg.norm(np.median(tints[where], axis=0) - own)) > _TINTED:
            named |= where
    return np.asarray(named)


def _at_powers(pixels: Float32, mask: Bool, nuisance: Float32 | None = None) -> tuple[ColourTemplate, ...]:
    made = (make_colour_template(pixels, mask, power=p, nuisance=nuisance) for p in (POWER, *POWERS))
    return tuple(t for t in made if t is not None)


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is known of a mark before any unit is seen. mark : None where the golden shows none inside the polygon.
    template : of the edges of its patch; None where there are none. colours : templates at ``POWER`` and ``POWERS``."""

    mark: Mark | None
    template: Template | None
    colours: tuple[ColourTemplate, ...] = ()


body_of: PerMaster[Body] = PerMaster(_prepare_body)
"""The body of a master without its marks, kept for the last four master objects."""

_known: PerMaster[dict[str, Prepared]] = PerMaster(lambda _: {})


def golden_mark(mark: MarkMaster, master: Master) -> Prepared:
    """A mark of the master with its templates, kept for the last four master objects."""
    known = _known(master)
    if mark.name not in known:
        golden = prepare(mark, master.image.pixels, master.frame)
        known[mark.name] = Prepared(None, None)
        if golden is not None:
            template = make_template(golden.patch, golden.mask, points_wanted=_POINTS)
            known[mark.name] = Prepared(golden, template, _at_powers(golden.pixels, golden.mask))
    return known[mark.name]
