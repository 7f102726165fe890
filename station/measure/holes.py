"""Through holes of the golden sample: round places inside the part where the bench shows."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.feret import fit_circle
from station.measure.morphology import disc
from station.measure.polygon import smooth_closed
from station.values.colour import LinearRGB
from station.values.geometry import Frame

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

_FLOOR = 0.01  # linear light added before the logarithm, so that noise in the dark does not dominate
_TINT = 0.08  # least tolerance of log chromaticity; reflections of the wall tint the bench in a hole
_LIGHT = (-1.2, 0.15)  # log light against the bench: its shadow, and a little more than the bench itself
_DIAMETER_MM = (0.8, 12.0)
_SHARE = 0.1  # of the part's area; what is larger is no hole for a ring or a screw
_ROUND = 0.3  # roundness over diameter, of a place that shadow cuts into
_STEP = 4.0  # change of log light per mm, towards the middle, at which a wall is plain
_WALLED = 0.6  # share of the circle that shows a plain wall
_INSIDE_MM = 0.3  # metal there is between a hole and the outline
_ANGLES = np.linspace(0, 2 * np.pi, 120, endpoint=False)
_DIRECTIONS = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)


def through_holes(image: LinearRGB, frame: Frame, part: Bool) -> tuple[Float, ...]:
    """Coarse (n, 2) mm outlines of the round holes, largest first.

    image : the golden in its frame. part : (H, W) true inside the outline. A hole looks like the bench around the part:
    its chromaticity, its light or less (the hole lies in its own shadow). A disc of enamel or metal in the very grey of
    the bench cannot be told from a hole by one photo.
    """
    log = np.log(np.maximum(cv2.GaussianBlur(image.pixels, (0, 0), 1.5), 0) + np.float32(_FLOOR))
    light = log.mean(axis=2)
    tint = np.stack([log[..., 0] - log[..., 1], log[..., 2] - log[..., 1]], axis=2)
    pitch = frame.pitch_mm
    bench = ~cv2.dilate(part.astype(np.uint8), disc(0.7 / pitch)).astype(bool)
    if not bench.any():
        return ()
    middle = np.median(tint[bench], axis=0)
    spread = np.maximum(4 * 1.4826 * np.median(np.abs(tint[bench] - middle), axis=0), _TINT)
    alike = (np.abs(tint - middle) < spread).all(axis=2)
    relative = light - float(np.median(light[bench]))
    alike &= (relative > _LIGHT[0]) & (relative < _LIGHT[1])
    alike &= cv2.erode(part.astype(np.uint8), disc(_INSIDE_MM / pitch)).astype(bool)
    opened = cv2.morphologyEx(alike.astype(np.uint8), cv2.MORPH_OPEN, disc(0.25 / pitch))
    field = cv2.GaussianBlur(light, (0, 0), 0.06 / pitch)
    found: list[tuple[float, Float]] = []
    for contour in cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]:
        if cv2.contourArea(contour) < np.pi / 4 * (_DIAMETER_MM[0] / pitch) ** 2:
            continue
        mm = frame.to_mm(smooth_closed(contour[:, 0].astype(np.float64), 3.0))
        circle = fit_circle(mm)
        if circle.roundness > _ROUND * 2 * circle.radius or np.pi * circle.radius**2 > _SHARE * part.sum() * pitch**2:
            continue
        x, y, radius, walled = _wall(field, frame, (circle.x, circle.y), circle.radius)
        if walled > _WALLED and 2 * radius <= _DIAMETER_MM[1]:
            found.append((radius, np.array([x, y]) + radius * _DIRECTIONS))
    return tuple(mm for _, mm in sorted(found, key=lambda f: -f[0]))


def _wall(field: NDArray[np.float32], frame: Frame, near: tuple[float, float], radius: float) -> Float:
    """x, y, radius in mm of the circle about a place inside whose light falls most plainly inwards, and how plainly
    (0-1). The wall's lit shoulder is outside what shadow leaves of the bench, and off its middle."""
    reach = 0.3 * radius
    shifts = np.arange(-reach, reach + 0.05, 0.1)
    radii = np.arange(0.9 * radius, 1.5 * radius + 0.05, 0.05)
    best = np.array([*near, radius, 0.0])
    for x in near[0] + shifts:
        for y in near[1] + shifts:
            at = frame.to_px(np.array([x, y]) + radii[:, None, None] * _DIRECTIONS).astype(np.float32)
            light = cv2.remap(field, at[..., 0], at[..., 1], cv2.INTER_LINEAR)
            plain = np.clip(np.gradient(light, 0.05, axis=0) / _STEP, -1, 1).mean(axis=1)
            k = int(np.argmax(plain))
            if plain[k] > best[3]:
                best = np.array([x, y, radii[k], plain[k]])
    return best
