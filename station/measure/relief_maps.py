"""What two photographs of one struck relief have in common under any light, in bands of scale.

Under light from one side a struck edge is bright, dark or invisible depending on how it lies, so neither features nor
grey values of two photographs agree. What agrees is where something is struck and along which direction modulo 180
degrees: the second and fourth angular harmonics of the gradient, as in histograms of unsigned orientations (Dalal and
Triggs, CVPR 2005). Each is split into octaves of scale, as the finer ones hold more independent places to compare
while the coarser ones are more alike (the likelihood of correlated normal fields weighs them by both).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bands = list[Float32]
"""Of each octave (5, n, n): strength, second and fourth harmonic; of zero mean on every ring, and of norm 1."""

RADIUS = 160
"""px of the coin where gradients are taken."""
SIDE = 336  # px, a multiple of the coarsest grid's step
USED = 0.93
"""Share of the radius that is looked at; the rim beyond it is the same all round."""
_GRADIENT_BLUR = 1.0  # px
_STEPS = (2, 4, 8)  # px of the grids of the octaves, which hold what is blurred by one to two of them


@dataclass(frozen=True, slots=True)
class Grid:
    """n : pixels a side, each of ``step`` px of the coin. x, y : (n, n) from the middle, in radii.

    disc : (n, n) 1 where the coin is looked at. ring : (n, n) index of the ring; in_ring : how many pixels it has.
    """

    n: int
    step: int
    x: Float32
    y: Float32
    disc: Float32
    ring: NDArray[np.intp]
    in_ring: Float

    @property
    def middle(self) -> float:
        """Pixel coordinate of the coin's centre."""
        return (self.n - 1) / 2

    @property
    def from_middle(self) -> Float32:
        """(n, n) distance from the centre, in radii."""
        return np.asarray(np.hypot(self.x, self.y), dtype=np.float32)


def _grid(step: int) -> Grid:
    n = SIDE // step
    y, x = ((np.asarray(a, dtype=np.float32) - np.float32((n - 1) / 2)) * (step / RADIUS) for a in np.mgrid[0:n, 0:n])
    r = np.hypot(x, y)
    disc = (r < USED).astype(np.float32)
    ring = np.rint(r * RADIUS / max(2, step)).astype(np.intp)
    return Grid(n, step, x, y, disc, ring, np.maximum(np.bincount(ring.ravel(), disc.ravel()), 1))


_WHOLE = _grid(1)
GRIDS = tuple(_grid(step) for step in _STEPS)
FINEST = GRIDS[0]
_UNTURN = np.exp(-2j * np.arctan2(FINEST.y, FINEST.x)).astype(np.complex64)  # relative to the ray from the middle


def _around(values: Float32) -> Float32:
    """Mean over about a tenth of the radius, from values averaged four by four."""
    small = cv2.resize(values, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), RADIUS / 32)
    return np.asarray(cv2.resize(soft, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


_INSIDE = np.maximum(_around(_WHOLE.disc), np.float32(1e-3))


def to_picture(outline: tuple[float, float, float]) -> Float:
    """(3, 3) px of ``FINEST`` to px of the picture with that outline: centre x, y and radius in px."""
    x, y, radius = outline
    k = radius * FINEST.step / RADIUS
    return np.array([[k, 0, x - k * FINEST.middle], [0, k, y - k * FINEST.middle], [0, 0, 1]])


def orientations(picture: Float32, outline: tuple[float, float, float]) -> Float32:
    """(5, n, n) on ``FINEST``: strength, second and fourth harmonic of the gradient's direction in the picture.

    picture : (H, W). Gradients are whitened by their second moment over the coin, or else those across the light would
    outweigh the others and turn with it; strengths are compared with those around.
    """
    k = outline[2] / RADIUS
    if k > 1.3:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.4 * k), dtype=np.float32)
    to_px = np.array([[k, 0, outline[0] - k * _WHOLE.middle], [0, k, outline[1] - k * _WHOLE.middle]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    light = cv2.warpAffine(picture, to_px, (SIDE, SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    soft = cv2.GaussianBlur(light, (0, 0), _GRADIENT_BLUR)
    g = np.stack([cv2.Scharr(soft, cv2.CV_32F, 1, 0), cv2.Scharr(soft, cv2.CV_32F, 0, 1)]).reshape(2, -1)
    inner = g[:, _WHOLE.disc.ravel() > 0].astype(np.float64)
    power, axes = np.linalg.eigh(inner @ inner.T / inner.shape[1])
    power = np.maximum(power, 1e-3 * power[-1] + 1e-12)
    gx, gy = ((axes / np.sqrt(power)) @ axes.T @ g).astype(np.float32).reshape(2, SIDE, SIDE)
    strength = np.hypot(gx, gy) + np.float32(1e-6)
    share = strength / (strength + _around(strength * _WHOLE.disc) / _INSIDE)
    double = ((gx + 1j * gy) / strength) ** 2
    fourth = double * double
    made = [share, share * double.real, share * double.imag, share * fourth.real, share * fourth.imag]
    size = (FINEST.n, FINEST.n)
    return np.stack([np.asarray(cv2.resize(m, size, interpolation=cv2.INTER_AREA), np.float32) for m in made])


def relative(maps: Float32, matrix: Float | None = None) -> Float32:
    """(5, n, n) ``orientations`` relative to the ray from the middle, without what is the same all round a ring.

    matrix : (3, 3) golden to unit px of ``FINEST``, by which a unit's maps are laid over the golden's.
    """
    unturn = _UNTURN
    if matrix is not None:
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = (FINEST.n, FINEST.n)
        laid = [cv2.warpAffine(m, matrix[:2], size, flags=flags, borderMode=cv2.BORDER_REPLICATE) for m in maps]
        maps = np.asarray(np.stack(laid), dtype=np.float32)
        unturn = unturn * np.complex64(np.exp(-2j * np.arctan2(matrix[1, 0], matrix[0, 0])))
    double = (maps[1] + 1j * maps[2]) * unturn
    fourth = (maps[3] + 1j * maps[4]) * unturn**2
    out = np.empty_like(maps)
    for k, made in enumerate((maps[0], double.real, double.imag, fourth.real, fourth.imag)):
        mean = np.bincount(FINEST.ring.ravel(), (made * FINEST.disc).ravel()) / FINEST.in_ring
        left = ((made - mean[FINEST.ring]) * FINEST.disc).astype(np.float32)
        out[k] = cv2.GaussianBlur(left, (0, 0), 1.0)
    return out


def octaves(maps: Float32) -> Bands:
    """The octaves of ``relative`` maps (5, n, n)."""
    out: list[list[Float32]] = [[] for _ in GRIDS]
    for made in maps:
        soft = made
        for k, grid in enumerate(GRIDS):
            softer = np.asarray(cv2.GaussianBlur(soft, (0, 0), np.sqrt(3.0)), dtype=np.float32)
            band = (soft - softer) * grid.disc
            out[k].append(np.asarray(band / np.sqrt(float((band * band).sum()) + 1e-12), dtype=np.float32))
            if k + 1 < len(GRIDS):
                size = (GRIDS[k + 1].n, GRIDS[k + 1].n)
                soft = np.asarray(cv2.resize(softer, size, interpolation=cv2.INTER_AREA), dtype=np.float32)
    return [np.stack(band) for band in out]
