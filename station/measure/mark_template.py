"""The golden's marks, ready to be found on units: the patch in which each stands out most, its strokes, its edges."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.per_master import PerMaster
from station.measure.polygon import centroid, polygon_mask
from station.measure.refine import Template, make_template
from station.measure.signal import Signal, principal, tint_signal
from station.values.geometry import Frame
from station.values.line import MarkMaster, Master

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_STROKE_RIM_PX = 3  # ground kept around the strokes: both sides of every edge
_POINTS = 20_000


@dataclass(frozen=True, slots=True)
class Mark:
    """The golden's mark, ready to be found: a scalar patch in which it stands out most, and its strokes.

    corner : (x, y) raster pixel of the patch's first pixel. mask : (h, w) strokes with a rim of ground. signal : what
    the patch was made with. centre : (2,) px of the polygon's centre of area.
    """

    corner: tuple[int, int]
    patch: Float32
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
    patch = pixels[low[1] : high[1], low[0] : high[0]].astype(np.float64)
    inside = polygon_mask(polygon - low, patch.shape[:2])
    if inside.sum() < 64:
        return None
    calm = cv2.GaussianBlur(np.sqrt(np.clip(patch, 0, None)), (0, 0), 0.8)
    coded = np.asarray(calm, dtype=np.float64)  # square root: even noise over the tones
    values = coded[inside]
    ground, noise = _ground(values)
    distance = np.sqrt(((coded - ground) ** 2).sum(axis=2))
    split = max(5 * noise, 0.35 * float(np.percentile(distance[inside], 98)))
    strokes = (distance > split) & inside
    strokes = cv2.morphologyEx(strokes.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)).astype(bool)
    if strokes.sum() < 40:
        return None
    rim = 2 * _STROKE_RIM_PX + 1
    grow = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (rim, rim))
    mask = cv2.dilate(strokes.astype(np.uint8), grow).astype(bool) & cv2.dilate(inside.astype(np.uint8), grow).astype(
        bool
    )
    around = np.ascontiguousarray(pixels[low[1] : high[1], low[0] : high[0]])
    signal = tint_signal(around, mask) or Signal("light", principal(patch[mask], opponent=False))
    corner = (int(low[0]), int(low[1]))
    return Mark(corner, signal.of(around), mask, signal, frame.to_px(centroid(mark.polygon_mm)))


def _ground(values: Float) -> tuple[Float, float]:
    """The commonest colour among (n, 3) values and the spread around it (mean shift from the densest histogram
    cell)."""
    cells = np.floor(values / 0.04).astype(np.int64)
    _, inverse, counts = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    centre = np.median(values[inverse.ravel() == int(np.argmax(counts))], axis=0)
    for _ in range(5):
        near = values[((values - centre) ** 2).sum(axis=1) < 0.06**2]
        centre = near.mean(axis=0)
    distance = np.sqrt(((near - centre) ** 2).sum(axis=1))
    return np.asarray(centre, dtype=np.float64), float(np.median(distance))


Prepared = tuple[Mark | None, Template | None]
_known: PerMaster[dict[str, Prepared]] = PerMaster(lambda _: {})


def golden_mark(mark: MarkMaster, master: Master) -> Prepared:
    """A mark of the master and the template of its edges, kept for the last four master objects. None where the golden
    shows no mark inside the polygon, or no edges of one."""
    known = _known(master)
    if mark.name in known:
        return known[mark.name]
    golden = prepare(mark, master.image.pixels, master.frame)
    template = None if golden is None else make_template(golden.patch, golden.mask, points_wanted=_POINTS)
    known[mark.name] = golden, template
    return golden, template
