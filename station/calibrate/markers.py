"""Bench markers (ArUco) with corners from edge lines fitted in linear light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.values.bench import Marker
from station.values.colour import DeviceRGB, linearise

Float = NDArray[np.float64]

_REACH = 0.5  # of a marker cell, to both sides of an edge: within the black border and the white margin
_MEAN = np.full(3, 1 / 3, dtype=np.float32)
_STEPS, _LINES = 25, 40


@dataclass(frozen=True, slots=True)
class BenchMarker:
    """A marker seen: its corners (4, 2) in bench mm and in photo px, in one order."""

    id: int
    corners_mm: Float
    corners_px: Float


def known_dictionary(name: str) -> Any:
    """OpenCV's predefined ArUco dictionary of that name, or None."""
    code = getattr(cv2.aruco, name, None) if name.startswith("DICT_") else None
    return None if code is None else cv2.aruco.getPredefinedDictionary(code)


def grey_8_bit(photo: DeviceRGB) -> NDArray[np.uint8]:
    """(H, W) coded grey, as OpenCV's detectors want it."""
    pixels = photo.pixels
    eight_bit = pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
    return np.asarray(cv2.cvtColor(eight_bit, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def find_markers(photo: DeviceRGB, markers: Sequence[Marker]) -> tuple[BenchMarker, ...]:
    """The rig's markers that a photo shows, in the rig's order; an id seen twice is left out, for one is not ours."""
    grey = grey_8_bit(photo)
    found: list[BenchMarker] = []
    for name in dict.fromkeys(m.dictionary for m in markers):
        dictionary = known_dictionary(name)
        parameters = cv2.aruco.DetectorParameters()
        parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
        corners, ids, _ = cv2.aruco.ArucoDetector(dictionary, parameters).detectMarkers(grey)
        seen = [] if ids is None else [int(i) for i in np.ravel(ids)]
        for marker in markers:
            if marker.dictionary == name and seen.count(marker.id) == 1:
                rough = np.asarray(corners[seen.index(marker.id)], dtype=np.float64).reshape(4, 2)
                cells = int(dictionary.markerSize) + 2
                found.append(BenchMarker(marker.id, marker_corners(marker), refine_corners(photo.pixels, rough, cells)))
    return tuple(found)


def refine_corners(pixels: NDArray[np.uint8] | NDArray[np.uint16], rough: Float, cells: int) -> Float:
    """Corners (4, 2) px as intersections of lines through the marker's edges.

    Across each side the light is integrated from the black border to the white margin: the edge lies where a step of
    the same light would, whatever the (symmetric) blur. In linear light, because a gamma curve shifts a blurred edge.
    Falls back to ``rough`` where a side has too little contrast or too many outliers.
    """
    lines: list[tuple[Float, Float]] = []
    h, w = pixels.shape[:2]
    margin = np.ptp(rough, axis=0).max() / cells + 2
    low = np.maximum(np.floor(rough.min(axis=0) - margin), 0).astype(int)
    high = np.minimum(np.ceil(rough.max(axis=0) + margin), (w - 1, h - 1)).astype(int)
    if (high - low < 12).any():
        return rough
    # Decoded before it is interpolated: between coded values the edge would lean towards the dark.
    linear = linearise(DeviceRGB(pixels[low[1] : high[1] + 1, low[0] : high[0] + 1])).pixels @ _MEAN
    for side in range(4):
        a, b = rough[side], rough[(side + 1) % 4]
        along = b - a
        length = float(np.hypot(*along))
        if length < 12:
            return rough
        along = along / length
        outward = np.array([along[1], -along[0]])  # corners run clockwise as seen, so this points out of the marker
        reach = _REACH * length / cells
        t = np.linspace(-reach, reach, _STEPS)
        s = np.linspace(0.12, 0.88, _LINES) * length
        points = a + s[:, None, None] * along + t[None, :, None] * outward
        grid = (points - low).astype(np.float32)
        light = cv2.remap(linear, grid[..., 0], grid[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        light = np.asarray(light, dtype=np.float64)  # (lines, steps)
        ends = max(2, _STEPS // 6)
        black, white = np.median(light[:, :ends]), np.median(light[:, -ends:])
        if white - black < 0.05:
            return rough
        black_line, white_line = light[:, :ends].mean(axis=1), light[:, -ends:].mean(axis=1)
        share = (white_line[:, None] - light) / np.maximum(white_line - black_line, 1e-3)[:, None]
        at = t[0] + np.trapezoid(share, t, axis=1)
        ok = (np.abs(at) < 0.8 * reach) & (white_line - black_line > 0.6 * (white - black))
        for _ in range(2):
            if ok.sum() < _LINES // 2:
                return rough
            slope, level = np.polyfit(s[ok], at[ok], 1)
            off = np.abs(at - slope * s - level)
            ok &= off <= 3 * max(float(np.median(off[ok])), 0.02)
        start = a + level * outward
        lines.append((start, along + slope * outward))
    corners = [_cross(lines[side - 1], lines[side]) for side in range(4)]
    refined = np.array(corners)
    if not np.isfinite(refined).all() or np.hypot(*(refined - rough).T).max() > 3.0:
        return rough
    return refined


def marker_corners(marker: Marker) -> Float:
    """(4, 2) corners in OpenCV's order: top left, top right, bottom right, bottom left of the upright marker."""
    half = marker.side_mm / 2
    square = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
    a = np.radians(marker.rotation_deg)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    return np.asarray(square @ turn.T + np.asarray(marker.centre_mm), dtype=np.float64)


def _cross(one: tuple[Float, Float], other: tuple[Float, Float]) -> Float:
    (p, u), (q, v) = one, other
    det = u[0] * v[1] - u[1] * v[0]
    if abs(det) < 1e-9:
        return np.full(2, np.nan)
    k = ((q[0] - p[0]) * v[1] - (q[1] - p[1]) * v[0]) / det
    return np.asarray(p + k * u, dtype=np.float64)
