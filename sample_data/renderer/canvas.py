"""Vector artwork onto a raster by sample centres, and signed distances of the result.

Points are in millimetres, x right, y down. A raster sample belongs to a shape when its centre does, so areas and edges
carry no half-pixel bias (``cv2.fillPoly`` would dilate each edge by half a pixel).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Points = NDArray[np.float64]
Mask = NDArray[np.bool_]
Raster = NDArray[np.float32]

TEXT_PX_PER_MM = 160.0
"""Resolution of the text strips before they are laid onto a line or an arc."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """A raster over the part frame. origin_px : (x, y) raster position of 0 mm, 0 mm."""

    pitch_mm: float
    width: int
    height: int
    origin_px: tuple[float, float]

    @classmethod
    def around(
        cls, width_mm: float, height_mm: float, pitch_mm: float, centre_mm: tuple[float, float] = (0, 0)
    ) -> Canvas:
        """A canvas of at least the given size whose middle sample lies near ``centre_mm``, on the grid of the frame."""
        half_x, half_y = math.ceil(width_mm / 2 / pitch_mm), math.ceil(height_mm / 2 / pitch_mm)
        shift_x, shift_y = round(centre_mm[0] / pitch_mm), round(centre_mm[1] / pitch_mm)
        return cls(pitch_mm, 2 * half_x + 1, 2 * half_y + 1, (half_x - shift_x, half_y - shift_y))

    @property
    def x(self) -> Raster:
        """(1, W) millimetres."""
        return ((np.arange(self.width, dtype=np.float32) - self.origin_px[0]) * self.pitch_mm)[None, :]

    @property
    def y(self) -> Raster:
        """(H, 1) millimetres."""
        return ((np.arange(self.height, dtype=np.float32) - self.origin_px[1]) * self.pitch_mm)[:, None]

    def empty(self) -> Mask:
        """(H, W) all false."""
        return np.zeros((self.height, self.width), dtype=np.bool_)

    def fill(self, *rings: Points) -> Mask:
        """(H, W) samples inside the closed rings by the even-odd rule."""
        toggles = np.zeros((self.height, self.width + 1), dtype=np.int8)
        for ring in rings:
            p = np.asarray(ring, dtype=np.float64) / self.pitch_mm + self.origin_px
            a, b = p, np.roll(p, -1, axis=0)
            low = np.where(a[:, 1] <= b[:, 1], 0, 1)[:, None]
            top, bottom = np.where(low == 0, a, b), np.where(low == 0, b, a)
            first = np.clip(np.ceil(top[:, 1]), 0, self.height).astype(np.int64)
            last = np.clip(np.ceil(bottom[:, 1]), 0, self.height).astype(np.int64)  # half-open: [first, last)
            count = last - first
            edge = np.repeat(np.arange(len(p)), count)
            row = first[edge] + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
            slope = (bottom[edge, 0] - top[edge, 0]) / (bottom[edge, 1] - top[edge, 1])
            x = top[edge, 0] + (row - top[edge, 1]) * slope
            column = np.clip(np.ceil(x), 0, self.width).astype(np.int64)
            np.add.at(toggles, (row, column), 1)
        return np.asarray(np.cumsum(toggles[:, :-1], axis=1, dtype=np.int8) & 1, dtype=np.bool_)

    def coverage(self, *rings: Points, sub: int = 4) -> Raster:
        """(H, W) share 0-1 of each sample's cell inside the rings, from ``sub`` x ``sub`` samples a cell."""
        fine = Canvas(
            self.pitch_mm / sub,
            self.width * sub,
            self.height * sub,
            (sub * self.origin_px[0] + (sub - 1) / 2, sub * self.origin_px[1] + (sub - 1) / 2),
        )
        inside = fine.fill(*rings).reshape(self.height, sub, self.width, sub)
        return np.asarray(inside.sum(axis=(1, 3), dtype=np.float32) / sub**2, dtype=np.float32)

    def stroke(self, line: Points, width_mm: float, *, closed: bool = False) -> Mask:
        """(H, W) samples within half the width of a polyline (round ends)."""
        p = np.asarray(line, dtype=np.float64)
        if closed:
            p = np.vstack([p, p[:1]])
        out = self.empty()
        half = width_mm / 2
        for a, b in pairwise(p):
            lo, hi = np.minimum(a, b) - half, np.maximum(a, b) + half
            x0, y0 = (max(0, math.floor(lo[i] / self.pitch_mm + self.origin_px[i])) for i in (0, 1))
            x1, y1 = (math.ceil(hi[i] / self.pitch_mm + self.origin_px[i]) + 1 for i in (0, 1))
            x, y = self.x[:, x0:x1] - a[0], self.y[y0:y1] - a[1]
            d = b - a
            length2 = float(d @ d)
            t = np.clip((x * d[0] + y * d[1]) / length2, 0, 1) if length2 > 0 else np.float32(0)
            out[y0:y1, x0:x1] |= (x - t * d[0]) ** 2 + (y - t * d[1]) ** 2 <= half * half
        return out

    def disc(self, centre: tuple[float, float], radius_mm: float) -> Mask:
        """(H, W) samples within the radius."""
        return np.asarray((self.x - centre[0]) ** 2 + (self.y - centre[1]) ** 2 <= radius_mm**2)

    def ring(self, centre: tuple[float, float], inner_mm: float, outer_mm: float) -> Mask:
        """(H, W) samples between two radii."""
        return self.disc(centre, outer_mm) & ~self.disc(centre, inner_mm)

    def text(
        self,
        text: str,
        centre: tuple[float, float],
        cap_mm: float,
        *,
        weight_mm: float = 0.0,
        tracking_mm: float = 0.0,
        rotation_deg: float = 0.0,
    ) -> Mask:
        """(H, W) a line of text, centred on its capitals."""
        strip = _strip(text, cap_mm, weight_mm, tracking_mm)
        a = math.radians(rotation_deg)
        reach = math.hypot(*strip.shape) / 2 / TEXT_PX_PER_MM
        ys, xs = self._window(centre, reach)
        x, y = self.x[:, xs] - centre[0], self.y[ys] - centre[1]
        u, v = x * math.cos(a) + y * math.sin(a), -x * math.sin(a) + y * math.cos(a)
        out = self.empty()
        out[ys, xs] = _sample(strip, u, v)
        return out

    def text_on_arc(
        self,
        text: str,
        centre: tuple[float, float],
        radius_mm: float,
        cap_mm: float,
        *,
        middle_deg: float = -90.0,
        inward: bool = False,
        weight_mm: float = 0.0,
        tracking_mm: float = 0.0,
    ) -> Mask:
        """(H, W) text whose capitals' middle runs on a circle; ``inward`` turns the letters' feet outwards."""
        strip = _strip(text, cap_mm, weight_mm, tracking_mm)
        x, y = self.x - centre[0], self.y - centre[1]
        r2 = x * x + y * y
        band = cap_mm + weight_mm
        rows, columns = np.nonzero((r2 > (radius_mm - band) ** 2) & (r2 < (radius_mm + band) ** 2))
        px, py = x[0, columns], y[rows, 0]
        angle = np.arctan2(py, px) - math.radians(middle_deg)
        angle = (angle + math.pi) % (2 * math.pi) - math.pi
        outward = np.hypot(px, py) - radius_mm
        u, v = (-angle * radius_mm, outward) if inward else (angle * radius_mm, -outward)
        out = self.empty()
        out[rows, columns] = _sample(strip, u, v)
        return out

    def _window(self, centre: tuple[float, float], reach_mm: float) -> tuple[slice, slice]:
        cx, cy = (centre[i] / self.pitch_mm + self.origin_px[i] for i in (0, 1))
        reach = reach_mm / self.pitch_mm + 2
        ys = slice(max(0, math.floor(cy - reach)), max(0, min(self.height, math.ceil(cy + reach))))
        xs = slice(max(0, math.floor(cx - reach)), max(0, min(self.width, math.ceil(cx + reach))))
        return ys, xs

    def window(self, centre: tuple[float, float], reach_mm: float) -> tuple[slice, slice, Canvas]:
        """Row and column slices within ``reach_mm`` of a point, and the canvas of that window in the same frame."""
        ys, xs = self._window(centre, reach_mm)
        origin = (self.origin_px[0] - xs.start, self.origin_px[1] - ys.start)
        return ys, xs, Canvas(self.pitch_mm, xs.stop - xs.start, ys.stop - ys.start, origin)


@lru_cache(maxsize=64)
def _strip(text: str, cap_mm: float, weight_mm: float, tracking_mm: float) -> NDArray[np.uint8]:
    """(h, w) coverage of a line of text at ``TEXT_PX_PER_MM``, its capitals centred."""
    cap_share = 0.7  # of the em, measured below on the letter H itself
    font = ImageFont.load_default(size=cap_mm * TEXT_PX_PER_MM / cap_share)
    _, top, _, bottom = font.getbbox("H")
    font = ImageFont.load_default(size=cap_mm * TEXT_PX_PER_MM / cap_share * cap_mm * TEXT_PX_PER_MM / (bottom - top))
    _, top, _, bottom = font.getbbox("H")
    advance = [font.getlength(c) + tracking_mm * TEXT_PX_PER_MM for c in text]
    pad = round((0.4 * cap_mm + weight_mm) * TEXT_PX_PER_MM)
    total = sum(advance) - tracking_mm * TEXT_PX_PER_MM
    width, height = math.ceil(total) + 2 * pad, math.ceil(bottom - top) + 2 * pad
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    x = (width - total) / 2
    for c, a in zip(text, advance, strict=True):
        draw.text((x, (height - (top + bottom)) / 2), c, 255, font, stroke_width=weight_mm / 2 * TEXT_PX_PER_MM)
        x += a
    return np.asarray(image, dtype=np.uint8)


def _sample(strip: NDArray[np.uint8], u: Raster, v: Raster) -> Mask:
    """Strip coverage at (u, v) mm from its middle, halved at 50 %."""
    h, w = strip.shape
    column = np.rint(u * TEXT_PX_PER_MM + (w - 1) / 2).astype(np.int32)
    row = np.rint(v * TEXT_PX_PER_MM + (h - 1) / 2).astype(np.int32)
    inside = (column >= 0) & (column < w) & (row >= 0) & (row < h)
    return np.asarray(inside & (strip[np.clip(row, 0, h - 1), np.clip(column, 0, w - 1)] >= 128))


def depth_inside(mask: Mask, pitch_mm: float) -> Raster:
    """(H, W) distance in mm of each sample of the mask to its edge (0 outside), to within half a sample."""
    d = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(np.maximum(d - 0.5, 0) * pitch_mm, dtype=np.float32)


def smooth(field: Raster, sigma_px: float) -> Raster:
    """Gaussian blur."""
    return np.asarray(cv2.GaussianBlur(field, (0, 0), sigma_px), dtype=np.float32)


def noise(shape: tuple[int, int], grain_px: float, rng: np.random.Generator) -> Raster:
    """(H, W) smooth noise of unit standard deviation and about ``grain_px`` correlation length."""
    step = max(1.0, grain_px / 2)
    h, w = math.ceil(shape[0] / step) + 4, math.ceil(shape[1] / step) + 4
    small = smooth(rng.standard_normal((h, w), dtype=np.float32), grain_px / step)
    small /= max(float(small.std()), 1e-9)
    return np.asarray(cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), dtype=np.float32)


def circle(centre: tuple[float, float], radius: float, n: int = 720) -> Points:
    """(n, 2) points of a circle."""
    return ellipse(centre, radius, radius, n=n)


def ellipse(centre: tuple[float, float], rx: float, ry: float, rotation_deg: float = 0.0, n: int = 720) -> Points:
    """(n, 2) points of an ellipse."""
    t = np.arange(n) * (2 * math.pi / n)
    return moved(np.stack([rx * np.cos(t), ry * np.sin(t)], axis=1), centre, rotation_deg)


def moved(points: Points, by: tuple[float, float], rotation_deg: float = 0.0, scale: float = 1.0) -> Points:
    """Points scaled, turned about 0, 0 (clockwise as seen) and shifted."""
    a = math.radians(rotation_deg)
    c, s = scale * math.cos(a), scale * math.sin(a)
    return np.asarray(np.asarray(points, dtype=np.float64) @ np.array([[c, s], [-s, c]]) + by, dtype=np.float64)


def mirrored(points: Points) -> Points:
    """Points mirrored at the y axis, in reverse order."""
    return np.asarray(np.asarray(points, dtype=np.float64)[::-1] * (-1.0, 1.0), dtype=np.float64)


def spline(knots: Sequence[tuple[float, float]], *, closed: bool = True, per_span: int = 24) -> Points:
    """(n, 2) centripetal Catmull-Rom curve through the knots; a knot given twice makes a corner."""
    k = np.asarray(knots, dtype=np.float64)
    k = np.vstack([k[-1:], k, k[:2]]) if closed else np.vstack([2 * k[0] - k[1], k, 2 * k[-1] - k[-2]])
    out = []
    for p0, p1, p2, p3 in zip(k[:-3], k[1:-2], k[2:-1], k[3:], strict=True):
        if np.allclose(p1, p2):
            continue
        d1, d2, d3 = (max(float(np.linalg.norm(b - a)), 1e-9) ** 0.5 for a, b in ((p0, p1), (p1, p2), (p2, p3)))
        m1 = (p1 - p0) / d1 - (p2 - p0) / (d1 + d2) + (p2 - p1) / d2 if d1 > 1e-4 else (p2 - p1) / d2
        m2 = (p2 - p1) / d2 - (p3 - p1) / (d2 + d3) + (p3 - p2) / d3 if d3 > 1e-4 else (p2 - p1) / d2
        t = np.linspace(0, 1, per_span, endpoint=False)[:, None]
        m1, m2 = m1 * d2, m2 * d2
        out.append(
            (2 * t**3 - 3 * t**2 + 1) * p1
            + (t**3 - 2 * t**2 + t) * m1
            + (-2 * t**3 + 3 * t**2) * p2
            + (t**3 - t**2) * m2
        )
    if not closed:
        out.append(k[-2:-1])
    return np.asarray(np.vstack(out), dtype=np.float64)


def rounded_box(width: float, height: float, radius: float, centre: tuple[float, float] = (0, 0)) -> Points:
    """(n, 2) box with round corners."""
    t = np.linspace(0, math.pi / 2, 48)
    arc = np.stack([np.cos(t), np.sin(t)], axis=1) * radius
    x, y = width / 2 - radius, height / 2 - radius
    corners = np.vstack(
        [
            arc + (x, y),
            arc[:, ::-1] * (-1, 1) + (-x, y),
            -arc + (-x, -y),
            arc[:, ::-1] * (1, -1) + (x, -y),
        ]
    )
    return np.asarray(corners + np.asarray(centre), dtype=np.float64)


def rounded(polygon: Points, radius: float, per_corner: int = 16) -> Points:
    """(n, 2) polygon with its corners rounded by arcs."""
    p = np.asarray(polygon, dtype=np.float64)
    out = []
    for a, b, c in zip(np.roll(p, 1, axis=0), p, np.roll(p, -1, axis=0), strict=True):
        u, v = (a - b) / np.linalg.norm(a - b), (c - b) / np.linalg.norm(c - b)
        half = math.acos(float(np.clip(u @ v, -1, 1))) / 2
        if half > math.pi / 2 - 1e-3:
            out.append(b[None])
            continue
        back = radius / math.tan(half)
        bisector = (u + v) / np.linalg.norm(u + v)
        middle = b + bisector * radius / math.sin(half)
        start, end = b + u * back - middle, b + v * back - middle
        a0, a1 = math.atan2(start[1], start[0]), math.atan2(end[1], end[0])
        turn = (a1 - a0 + math.pi) % (2 * math.pi) - math.pi
        t = a0 + turn * np.linspace(0, 1, per_corner)
        out.append(middle + radius * np.stack([np.cos(t), np.sin(t)], axis=1))
    return np.vstack(out)
