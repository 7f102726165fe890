"""Before the shot: where the part lies in the camera's picture, and how sharp it is there.

What is told is what the shot will be held to, measured by the same functions; only the part's edge is left as rough as
the reduced picture shows it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from station.errors import AlignmentError
from station.measure.align import sharpness_gate
from station.measure.blur import edge_blur_px
from station.measure.frame import exclusions
from station.measure.part import look_at_bench, rough_part
from station.measure.polygon import signed_area
from station.measure.seen_photo import px_mm
from station.values.colour import PhotoLight
from station.values.geometry import PlaneMap
from station.values.line import Corrected, Gate, Master

Float = NDArray[np.float64]
Window = tuple[int, int, int, int]

FOCUS_PX = 1200
"""Longest side of the window that sharpness is read in."""


def part_in_view(corrected: Corrected, master: Master | None) -> tuple[Float | None, Gate]:
    """The rough outline (n, 2) px of the part, None where none is seen, and whether it lies whole in the picture.

    master : of the golden sample that is expected; its size tells the part from other things.
    """
    h, w = corrected.image.shape
    area = None
    if master is not None and corrected.plane is not None:
        pixel = px_mm(corrected.plane, np.array([w / 2, h / 2]), master.thickness_mm or 0.0)
        area = abs(signed_area(np.asarray(master.outline_mm))) / max(pixel**2, 1e-12)
    try:
        found = rough_part(look_at_bench(corrected.image, exclusions(corrected)), (h, w), area)
    except AlignmentError as error:
        return None, Gate("part", False, error.message)
    if found is None:
        return None, Gate("part", False, "No part is seen: lay one on the plain bench, clear of card and markers")
    if found[1]:
        return found[0], Gate("part", False, "The part is cut by the picture's edge: move it into the picture")
    return found[0], Gate("part", True)


def focus_window(part_px: Float | None, shape: tuple[int, int]) -> Window:
    """Where sharpness is read, (left, top, right, bottom) px: on the part, without one in the middle of the picture.

    shape : (H, W) of the picture.
    """
    h, w = shape
    if part_px is None:
        low, high = np.array([w, h]) / 4, np.array([w, h]) * 3 / 4
    else:
        low, high = part_px.min(axis=0), part_px.max(axis=0)
    middle, half = (low + high) / 2, np.minimum((high - low) / 2, FOCUS_PX / 2)
    low, high = np.maximum(middle - half, 0), np.minimum(middle + half, (w, h))
    return int(low[0]), int(low[1]), math.ceil(high[0]), math.ceil(high[1])


def blur_in(photo: PhotoLight, clipped: NDArray[np.bool_], window: Window) -> float | None:
    """Blur sigma of the sharp edges in a window, px of the photo; None where it shows no edge."""
    x0, y0, x1, y1 = window
    blur = edge_blur_px(photo.window(*window), ~clipped[y0:y1, x0:x1])
    return blur if math.isfinite(blur) else None


def focus_gate(blur_px: float | None, window: Window, plane: PlaneMap | None, master: Master) -> Gate | None:
    """Whether the picture is as sharp as the golden's, as the shot will be asked; None without a scale.

    blur_px : of the photo in ``window``.
    """
    if plane is None:
        return None
    if blur_px is None:
        return Gate("sharpness", False, "No sharp edge is seen: focus the lens on the part")
    x0, y0, x1, y1 = window
    pixel = px_mm(plane, np.array([(x0 + x1) / 2, (y0 + y1) / 2]), master.thickness_mm or 0.0)
    here = blur_px * pixel / master.frame.pitch_mm
    return sharpness_gate(math.sqrt(max(0.0, here**2 - master.blur_px**2)))
