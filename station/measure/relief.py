"""Registration of round struck metal at any rotation, where the look of every edge turns with the light.

Under light from one side a struck edge is bright, dark or invisible depending on how it lies, so neither features nor
grey values of two photographs agree. What agrees is where something is struck and along which direction modulo 180
degrees: the second and fourth angular harmonics of the gradient, as in histograms of unsigned orientations (Dalal and
Triggs, CVPR 2005). The outline gives centre and scale (gradient Hough transform, Ballard, Pattern Recognition 13,
1981), a Fourier correlation over rings the rotation, Gauss-Newton steps on the maps of orientation the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.robust_fit import sandwich

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]

_RADIUS = 128  # px of the coin on the maps
_SIDE = 2 * _RADIUS + 17
_MIDDLE = (_SIDE - 1) / 2
_USED = 0.93  # of the radius; the rim beyond it is the same all round
_PICTURE_SIDE = 600  # px of a picture's longer side that the maps are made from
_ROUND = 0.10  # votes over radius of a plain circle: 24 photographed coins had 0.12 up, scenes without one 0.094 down
_HOUGH_SIDE = 200
_ANGLES = 360
_ROTATIONS = 4  # hypotheses refined for each outline
_APART_DEG = 8.0  # rotations farther apart are different answers
_COARSE = (2.7, 2.7)  # blur of light, blur of the maps (px of the maps) to find the rotation by
# The same and steps at most: fine struck lines tell most, wide maps lead to them.
_SCALES = ((1.3, 4.0, 6), (1.3, 2.0, 8), (1.1, 1.3, 10))
_SETTLED_PX = 0.02
# What light from one side does to every line alike is not in the residuals: RMS of the loops' errors over what the
# residuals alone state, measured on 19 triples of coins.
_U_FACTOR = 3.8
_CELL_PX = 12  # cells over which the residuals may be correlated
_CELLS = (3, 8)  # rings and sectors compared one by one

# Measured on photographs of euro coins, see tests/benchmarks/bench_coins.py.
_MIN_CORRELATION = 0.22
_MIN_LEAD = 0.10
_MIN_REGION = 0.18  # other coins of the same series reached 0.15
_MIN_REGION_SHARE = 0.5  # of the correlation of the whole; drawn coins that differ in the figure alone reached 0.43

_y, _x = (np.asarray(a, dtype=np.float64) - _MIDDLE for a in np.mgrid[0:_SIDE, 0:_SIDE])
_FROM_MIDDLE = np.hypot(_x, _y) / _RADIUS
_DISC = (_FROM_MIDDLE < _USED).astype(np.float32)
_UNTURN = np.exp(-2j * np.arctan2(_y, _x)).astype(np.complex64)  # orientations relative to the ray from the middle


def _around(values: Float32) -> Float32:
    """Mean over about an eighth of the radius, from values averaged four by four."""
    small = cv2.resize(values, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    soft = cv2.GaussianBlur(small, (0, 0), _RADIUS / 32)
    return np.asarray(cv2.resize(soft, (_SIDE, _SIDE), interpolation=cv2.INTER_LINEAR), dtype=np.float32)


_INSIDE = np.maximum(_around(_DISC), np.float32(1e-3))
_RING = np.rint(_FROM_MIDDLE * _RADIUS / 2).astype(np.intp)
_IN_RING = np.bincount(_RING.ravel(), _DISC.ravel())
_radii = np.arange(10, int(_USED * _RADIUS), 2)
_turns = 2 * np.pi * np.arange(_ANGLES) / _ANGLES
_POLAR_X, _POLAR_Y = ((_MIDDLE + _radii[:, None] * f(_turns)).astype(np.float32) for f in (np.cos, np.sin))


@dataclass(frozen=True, slots=True)
class Relief:
    """One round part laid onto another by its relief.

    transform : (3, 3) golden px to unit px, a similarity. steps : (4, 3, 3) its derivatives by the fit's parameters.
    covariance : (4, 4) of these. doubt : why it must not be trusted, or nothing.
    correlation : of the maps. lead : by how much it exceeds that of the next best other rotation.
    poorest : the least correlation of any sixth or so of the coin.
    """

    transform: Float
    steps: Float
    covariance: Float
    doubt: str
    correlation: float
    lead: float
    poorest: float


@dataclass(frozen=True, slots=True)
class _Fit:
    """matrix : (3, 3) px of the golden's maps to px of the unit's picture. maps : (5, n, n) of the unit, laid over."""

    matrix: Float
    maps: Float32
    correlation: float

    @property
    def rotation_deg(self) -> float:
        return float(np.degrees(np.arctan2(self.matrix[1, 0], self.matrix[0, 0])))


@dataclass(frozen=True, slots=True)
class _Level:
    """The golden's maps at one scale. maps : (5, n, n). slopes : (4, 5, n, n) by shift, growth and turn."""

    blur: float
    smooth: float
    steps: int
    maps: Float32
    slopes: Float32


def register_relief(golden: Float32, unit: Float32) -> Relief | None:
    """Lay a round struck ``unit`` onto ``golden``, or None where one of them shows nothing round.

    golden, unit : (H, W, 3) root of linear light, of a few hundred px a side.
    """
    outlines = round_outlines(golden, 1)
    others = round_outlines(unit, 2)
    if not outlines or not others:
        return None
    g, u = (np.asarray(p @ np.array([0.25, 0.5, 0.25], dtype=np.float32)) for p in (golden, unit))
    to_golden = _to_picture(outlines[0])
    levels = [_level(g, to_golden, *scale) for scale in _SCALES]
    rings = _polar(_maps(_laid(g, to_golden), *_COARSE))
    rough = []
    for outline in others:
        to_unit = _to_picture(outline)
        turned = _over_rotation(rings, _polar(_maps(_laid(u, to_unit), *_COARSE)))
        rough += [_fitted(levels[:1], u, to_unit @ _rotation(at)) for at in _peaks(turned)]
    rough.sort(key=lambda fit: -fit.correlation)
    rivals = [rough[0], *[fit for fit in rough if _apart(fit, rough[0])][:1]]
    fits = sorted((_fitted(levels[1:], u, fit.matrix) for fit in rivals), key=lambda fit: -fit.correlation)
    best, level = fits[0], levels[-1]
    apart = [fit for fit in fits if _apart(fit, best)]
    lead = best.correlation - max((f.correlation for f in apart), default=0.0)
    poorest = _poorest_region(level.maps, best.maps)
    back = np.linalg.inv(to_golden)
    steps = np.stack([-best.matrix @ generator @ back for generator in _generators()])
    covariance = _covariance(level, best)
    doubt = ""
    if best.correlation < _MIN_CORRELATION:
        doubt = f"the relief of the two correlates only {best.correlation:.2f}"
    elif lead < _MIN_LEAD:
        doubt = "the relief agrees with more than one rotation"
    elif poorest < max(_MIN_REGION, _MIN_REGION_SHARE * best.correlation):
        doubt = "the relief agrees only in places"
    elif covariance is None:
        doubt = "the relief does not tell the placement"
    known = np.zeros((4, 4)) if covariance is None else covariance
    return Relief(best.matrix @ back, steps, known, doubt, best.correlation, lead, poorest)


def colour_root(codes: NDArray[np.uint8] | NDArray[np.uint16]) -> tuple[Float32, Float]:
    """(h, w, 3) picture reduced to ``_PICTURE_SIDE``, 0-1, and (3, 3) px of the picture to its px.

    codes : (H, W, 3). They are averaged as they are: a photograph's are about a root of light, which is compared.
    """
    h, w = codes.shape[:2]
    factor = min(1.0, _PICTURE_SIDE / max(h, w))
    size = (max(1, round(w * factor)), max(1, round(h * factor)))
    small = cv2.resize(codes, size, interpolation=cv2.INTER_AREA) if factor < 1 else codes
    kx, ky = size[0] / w, size[1] / h
    to_small = np.array([[kx, 0, (kx - 1) / 2], [0, ky, (ky - 1) / 2], [0, 0, 1]])
    return np.asarray(small / np.float32(np.iinfo(codes.dtype).max), dtype=np.float32), to_small


def round_outlines(picture: Float32, count: int) -> list[tuple[float, float, float]]:
    """Centre x, y and radius in px of up to ``count`` circles that differ in radius, the clearest first.

    picture : (H, W, 3). Every edge votes for the centres that lie along its gradient, on either side. Where no circle
    is plain, there are none: any picture correlates a little with itself turned.
    """
    h, w = picture.shape[:2]
    factor = _HOUGH_SIDE / max(h, w)
    small = cv2.GaussianBlur(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), (0, 0), 1)
    gx, gy = (cv2.Scharr(small, cv2.CV_32F, *order).reshape(-1, 3) / 32 for order in ((1, 0), (0, 1)))
    h, w = small.shape[:2]
    strength = np.hypot(gx, gy)
    pixels, channel = np.arange(h * w), strength.argmax(axis=1)  # metal may differ from its ground in colour alone
    gx, gy, steep = gx[pixels, channel], gy[pixels, channel], strength[pixels, channel]
    around = cv2.GaussianBlur(steep.reshape(h, w), (0, 0), 8).ravel()
    share = steep / (steep + around + 0.01)
    edge = np.flatnonzero(share > 0.55)
    y, x = np.divmod(edge, w)
    dx, dy, weight = gx[edge] / steep[edge], gy[edge] / steep[edge], share[edge]
    found = []
    for radius in np.arange(0.2, 0.56, 0.01) * min(h, w):
        votes = np.zeros(h * w)
        for r in (radius, -radius):
            cx, cy = np.rint(x + r * dx).astype(np.intp), np.rint(y + r * dy).astype(np.intp)
            inside = (cx >= 0) & (cx < w) & (cy >= 0) & (cy < h)
            votes += np.bincount(cy[inside] * w + cx[inside], weight[inside], minlength=h * w)
        density = cv2.GaussianBlur(votes.reshape(h, w), (0, 0), 1.5) / radius
        cy0, cx0 = np.unravel_index(int(density.argmax()), density.shape)
        found.append((float(density.max()), float(cx0), float(cy0), float(radius)))
    found.sort(reverse=True)
    kept: list[tuple[float, float, float, float]] = []
    for circle in found:
        if circle[0] < max(0.6 * found[0][0], _ROUND) or len(kept) == count:
            break
        if all(abs(circle[3] - k[3]) > 0.12 * circle[3] for k in kept):
            kept.append(circle)
    return [((cx + 0.5) / factor - 0.5, (cy + 0.5) / factor - 0.5, r / factor) for _, cx, cy, r in kept]


def _apart(one: _Fit, other: _Fit) -> bool:
    return abs((one.rotation_deg - other.rotation_deg + 180) % 360 - 180) > _APART_DEG


def _to_picture(outline: tuple[float, float, float]) -> Float:
    """(3, 3) px of the maps to px of the picture."""
    x, y, radius = outline
    k = radius / _RADIUS
    return np.array([[k, 0, x - k * _MIDDLE], [0, k, y - k * _MIDDLE], [0, 0, 1]])


def _rotation(angle: float) -> Float:
    c, s = np.cos(angle), np.sin(angle)
    m = _MIDDLE
    return np.array([[c, -s, m - c * m + s * m], [s, c, m - s * m - c * m], [0, 0, 1]])


def _laid(picture: Float32, matrix: Float) -> Float32:
    k = float(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    if k > 1.3:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.4 * k), dtype=np.float32)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid = cv2.warpAffine(picture, matrix[:2], (_SIDE, _SIDE), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(laid, dtype=np.float32)


def _maps(light: Float32, blur: float, smooth: float) -> Float32:
    """(5, n, n) strength, second and fourth harmonic of the orientation; each without its rings and of norm 1.

    Gradients are whitened by their second moment over the coin, or else those across the light would outweigh the
    others and turn with it; strengths are compared with those around.
    """
    soft = cv2.GaussianBlur(light, (0, 0), blur)
    g = np.stack([cv2.Scharr(soft, cv2.CV_32F, 1, 0), cv2.Scharr(soft, cv2.CV_32F, 0, 1)]).reshape(2, -1)
    inner = g[:, _DISC.ravel() > 0].astype(np.float64)
    power, axes = np.linalg.eigh(inner @ inner.T / inner.shape[1])
    power = np.maximum(power, 1e-3 * power[-1] + 1e-12)
    gx, gy = ((axes / np.sqrt(power)) @ axes.T @ g).astype(np.float32).reshape(2, _SIDE, _SIDE)
    strength = np.hypot(gx, gy) + np.float32(1e-6)
    share = strength / (strength + _around(strength * _DISC) / _INSIDE)
    double = ((gx + 1j * gy) / strength) ** 2 * _UNTURN
    fourth = double * double
    maps = [share, share * double.real, share * double.imag, share * fourth.real, share * fourth.imag]
    out = np.empty((len(maps), _SIDE, _SIDE), dtype=np.float32)
    for k, made in enumerate(maps):
        part = cv2.GaussianBlur(made.astype(np.float32), (0, 0), smooth)
        mean = np.bincount(_RING.ravel(), (part * _DISC).ravel()) / np.maximum(_IN_RING, 1)
        part = (part - mean[_RING]) * _DISC
        out[k] = part / np.sqrt(float((part * part).sum()) + 1e-12)
    return out


def _polar(maps: Float32) -> Float32:
    """(5, rings, angles)."""
    weight = np.sqrt(_radii / _RADIUS).astype(np.float32)[:, None]  # a ring counts by its length
    rows = np.stack([np.asarray(cv2.remap(m, _POLAR_X, _POLAR_Y, cv2.INTER_LINEAR)) * weight for m in maps])
    return np.asarray(rows - rows.mean(axis=2, keepdims=True), dtype=np.float32)


def _over_rotation(golden: Float32, unit: Float32) -> Float:
    """(angles,) mean correlation of the maps for every rotation of the unit against the golden."""
    across = (np.conj(np.fft.rfft(golden, axis=2)) * np.fft.rfft(unit, axis=2)).sum(axis=1)
    norm = np.sqrt((golden**2).sum(axis=(1, 2)) * (unit**2).sum(axis=(1, 2))) + 1e-12
    return np.asarray((np.fft.irfft(across, _ANGLES, axis=1) / norm[:, None]).mean(axis=0), dtype=np.float64)


def _peaks(turned: Float) -> list[float]:
    left, found = turned.copy(), []
    for _ in range(_ROTATIONS):
        i = int(left.argmax())
        found.append(float(_turns[i]))
        left[(np.arange(i - 8, i + 9)) % _ANGLES] = -np.inf
    return found


def _generators() -> Float:
    """(4, 3, 3) shift along x, along y, growth and turn about the middle, in px of the maps."""
    made = np.zeros((4, 3, 3))
    made[0, 0, 2] = made[1, 1, 2] = 1
    made[2] = np.array([[1, 0, -_MIDDLE], [0, 1, -_MIDDLE], [0, 0, 0]])
    made[3] = np.array([[0, -1, _MIDDLE], [1, 0, -_MIDDLE], [0, 0, 0]])
    return made


def _level(picture: Float32, to_picture: Float, blur: float, smooth: float, steps: int) -> _Level:
    maps = _maps(_laid(picture, to_picture), blur, smooth)
    gx = np.stack([cv2.Scharr(m, cv2.CV_32F, 1, 0) for m in maps]) / 32
    gy = np.stack([cv2.Scharr(m, cv2.CV_32F, 0, 1) for m in maps]) / 32
    slopes = np.stack([gx, gy, gx * _x + gy * _y, gy * _x - gx * _y]) * (_FROM_MIDDLE < _USED - 0.02)
    return _Level(blur, smooth, steps, maps, np.asarray(slopes, dtype=np.float32))


def _fitted(levels: list[_Level], picture: Float32, start: Float) -> _Fit:
    """Gauss-Newton steps from ``start``; the unit's maps are made anew at every step, so they turn as they must."""
    matrix, generators = start, _generators()
    for level in levels:
        for _ in range(level.steps):
            maps = _maps(_laid(picture, matrix), level.blur, level.smooth)
            likeness = np.clip((level.maps * maps).sum(axis=(1, 2)), 0.2, 1)[:, None, None]
            slopes = likeness * level.slopes
            normal = np.tensordot(slopes, slopes, axes=([1, 2, 3], [1, 2, 3])).astype(np.float64)
            right = np.tensordot(slopes, maps - likeness * level.maps, axes=([1, 2, 3], [0, 1, 2])).astype(np.float64)
            step = np.linalg.lstsq(normal, right, rcond=None)[0]
            matrix = matrix @ np.linalg.inv(np.eye(3) + np.tensordot(step, generators, axes=1))
            if float(np.abs(step * [1, 1, _RADIUS, _RADIUS]).max()) < _SETTLED_PX:
                break
    maps = _maps(_laid(picture, matrix), levels[-1].blur, levels[-1].smooth)
    return _Fit(matrix, maps, float((levels[-1].maps * maps).sum() / len(maps)))


def _poorest_region(golden: Float32, unit: Float32) -> float:
    """Least mean correlation of the cells in any three neighbouring sectors of two neighbouring rings.

    Coins of one series share most of their relief; what tells them apart, such as the figure, fills such a region.
    """
    rings, sectors = _CELLS
    ring = np.minimum((_FROM_MIDDLE / _USED * rings).astype(np.intp), rings - 1)
    sector = ((np.arctan2(_y, _x) + np.pi) / (2 * np.pi) * sectors).astype(np.intp) % sectors
    cell = np.where(_DISC > 0, ring * sectors + sector, rings * sectors).ravel()

    def over(product: Float32) -> Float:
        summed = np.bincount(cell, product.sum(axis=0).ravel().astype(np.float64), minlength=rings * sectors + 1)
        return np.asarray(summed[:-1].reshape(rings, sectors), dtype=np.float64)

    alike = over(golden * unit) / np.sqrt(over(golden * golden) * over(unit * unit) + 1e-20)
    pairs = alike[:-1] + alike[1:]
    return float(min((pairs + np.roll(pairs, 1, axis=1) + np.roll(pairs, 2, axis=1)).ravel()) / 6)


def _covariance(level: _Level, fit: _Fit) -> Float | None:
    """(4, 4) of the parameters, residuals of one cell taken for one; see :func:`robust_fit.sandwich`."""
    used = (_FROM_MIDDLE < _USED - 0.02).ravel()
    likeness = np.clip((level.maps * fit.maps).sum(axis=(1, 2)), 0.2, 1)[:, None, None]
    columns = (likeness * level.slopes).reshape(4, len(fit.maps), -1)[:, :, used].reshape(4, -1).astype(np.float64)
    residual = (fit.maps - likeness * level.maps).reshape(len(fit.maps), -1)[:, used].ravel().astype(np.float64)
    across = _SIDE // _CELL_PX + 1
    cells = ((_y + _MIDDLE) // _CELL_PX * across + (_x + _MIDDLE) // _CELL_PX).ravel()[used]
    index = np.tile(np.unique(cells, return_inverse=True)[1], len(fit.maps)).astype(np.int64)
    found = sandwich(columns, residual, np.ones(residual.size), index)
    return None if found is None else np.asarray(_U_FACTOR**2 * found, dtype=np.float64)
