"""Registration of round struck metal at any rotation, where the look of every edge turns with the light.

The outline gives centre and scale (gradient Hough transform, Ballard, Pattern Recognition 13, 1981), a Fourier
correlation over rings the rotation, Gauss-Newton steps on the maps of :mod:`station.measure.relief_maps` the rest.
The likelihood of the steps is that of correlated normal fields: an octave counts by how alike the two are in it and by
how many independent places it has. Where the two differ, being worn or of another issue, they count less.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.relief_maps import (
    FINEST,
    GRIDS,
    RADIUS,
    USED,
    Bands,
    Grid,
    octaves,
    orientations,
    relative,
    to_picture,
)

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]

_PICTURE_SIDE = 600  # px of a picture's longer side that the maps are made from
_ROUND = 0.10  # votes over radius of a plain circle: 24 photographed coins had 0.12 up, scenes without one 0.094 down
_HOUGH_SIDE = 200
_ANGLES = 360
_ROTATIONS = 6  # hypotheses refined for each outline
_RIVALS = 3  # of which are refined to the end
_APART_DEG = 6.0  # rotations farther apart are different answers
# Mean correlation, by octave and map, of aligned photographs of coins, and what unlike ones have by chance (RMS).
_ALIKE = np.outer([0.22, 0.43, 0.60], [1.1, 1.0, 1.0, 0.6, 0.6])
_CHANCE = np.array([0.024, 0.048, 0.092])
_WEIGHTS = _ALIKE / (1 - _ALIKE**2) / _CHANCE[:, None] ** 2
_WEIGHTS /= _WEIGHTS.sum()
# Share of the places and maps that are independent, and how well the outline tells the middle and the scale: seen from
# the side a coin shows its edge, a twentieth to a tenth of its radius high. (radii, radii, 1, 1)
_INDEPENDENT = 0.3
_OUTLINE = np.array([0.03, 0.03, 0.02, np.inf])
_WINDOW = 0.2  # radii, over which the likeness of a place is told
_SETTLED = 2e-4  # radii
# What light from one side does to every line alike, and what differs between two coins, is not in the information: RMS
# of the loops' errors over what it alone states, measured on 23 triples of coins (1.1) and rounded up.
_U_FACTOR = 1.2

# Measured on photographs of euro coins, see tests/benchmarks/bench_coins.py.
_MIN_CORRELATION = 0.15
_MIN_LEAD = 0.05
_MIN_REGION = 0.07  # of the octaves
_SURE_REGION = 0.16  # other coins of the same series reached 0.11 ...
_MIN_REGION_SHARE = 0.55  # ... and none both 0.07 and this share, all scales together, of the whole's correlation


@dataclass(frozen=True, slots=True)
class Relief:
    """One round part laid onto another by its relief.

    transform : (3, 3) golden px to unit px, a similarity. steps : (4, 3, 3) its derivatives by the fit's parameters.
    covariance : (4, 4) of these. doubt : why it must not be trusted, or nothing.
    correlation : of the maps.
    """

    transform: Float
    steps: Float
    covariance: Float
    doubt: str
    correlation: float


@dataclass(frozen=True, slots=True)
class _Golden:
    """bands, and their slopes by x and y in radii; spectrum : of the bands around the rings, see :func:`_spectrum`."""

    bands: Bands
    along_x: Bands
    along_y: Bands
    spectrum: NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class _Fit:
    """matrix : (3, 3) golden to unit px of ``FINEST``. to_unit : from there to px of the unit's picture.

    bands : of the unit, laid over. information : (4, 4) of the parameters.
    """

    matrix: Float
    to_unit: Float
    bands: Bands
    correlation: float
    information: Float

    @property
    def rotation_deg(self) -> float:
        return float(np.degrees(np.arctan2(self.matrix[1, 0], self.matrix[0, 0])))


def register_relief(golden: Float32, unit: Float32) -> Relief | None:
    """Lay a round struck ``unit`` onto ``golden``, or None where one of them shows nothing round.

    golden, unit : (H, W, 3) root of linear light, of a few hundred px a side.
    """
    outlines = round_outlines(golden, 1)
    others = round_outlines(unit, 2)
    if not outlines or not others:
        return None
    g, u = (np.asarray(p @ np.array([0.25, 0.5, 0.25], dtype=np.float32)) for p in (golden, unit))
    to_golden = to_picture(outlines[0])
    mine = relative(orientations(g, outlines[0]))
    known = _golden(octaves(mine))
    rough: list[tuple[_Fit, Float32]] = []
    for outline in others:
        to_unit, maps = to_picture(outline), orientations(u, outline)
        for angle in _peaks(_over_rotation(known.spectrum, _spectrum(octaves(relative(maps))))):
            fit = _fitted(known, maps, _rotation(angle), to_unit, (0, 1, 1), 3)
            rough.append((_fitted(known, maps, fit.matrix, to_unit, (1, 1, 1), 2), maps))
    rough.sort(key=lambda found: -found[0].correlation)
    rivals: list[tuple[_Fit, Float32]] = []
    for found in rough:
        if len(rivals) < _RIVALS and all(_apart(found[0], rival[0]) for rival in rivals):
            rivals.append(found)
    fits = [(_fitted(known, maps, fit.matrix, fit.to_unit, (1, 1, 1), 10, local=True), maps) for fit, maps in rivals]
    best, maps = max(fits, key=lambda found: found[0].correlation)
    lead = best.correlation - max((f.correlation for f, _ in fits if _apart(f, best)), default=0.0)
    back = np.linalg.inv(to_golden)
    forth = best.to_unit @ best.matrix
    steps = np.stack([-forth @ generator @ back for generator in _generators()])
    poorest = _poorest_by_octaves(known.bands, best.bands)
    whole, share = _poorest_share(mine, relative(maps, best.matrix))
    doubt = ""
    if best.correlation < _MIN_CORRELATION:
        doubt = f"the relief of the two correlates only {best.correlation:.2f}"
    elif lead < _MIN_LEAD:
        doubt = "the relief agrees with more than one rotation"
    elif poorest < (_MIN_REGION if share > _MIN_REGION_SHARE * whole else _SURE_REGION):
        doubt = "the relief agrees only in places"
    covariance = np.asarray(_U_FACTOR**2 * np.linalg.inv(best.information), dtype=np.float64)
    return Relief(forth @ back, steps, covariance, doubt, best.correlation)


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


def _rotation(angle: float) -> Float:
    c, s, m = np.cos(angle), np.sin(angle), FINEST.middle
    return np.array([[c, -s, m - c * m + s * m], [s, c, m - s * m - c * m], [0, 0, 1]])


def _generators() -> Float:
    """(4, 3, 3) shift along x and y by a radius, growth and turn about the middle, in px of ``FINEST``."""
    made = np.zeros((4, 3, 3))
    m = FINEST.middle
    made[0, 0, 2] = made[1, 1, 2] = RADIUS / FINEST.step
    made[2] = np.array([[1, 0, -m], [0, 1, -m], [0, 0, 0]])
    made[3] = np.array([[0, -1, m], [1, 0, -m], [0, 0, 0]])
    return made


def _golden(bands: Bands) -> _Golden:
    along: list[Bands] = []
    for order in ((1, 0), (0, 1)):
        slopes = []
        for maps, grid in zip(bands, GRIDS, strict=True):
            inner = (RADIUS / grid.step / 8) * (grid.from_middle < USED - 0.03)
            slopes.append(np.stack([cv2.Sobel(m, cv2.CV_32F, *order) * inner for m in maps]).astype(np.float32))
        along.append(slopes)
    return _Golden(bands, along[0], along[1], _spectrum(bands))


_radii = np.arange(5.0, USED * RADIUS / FINEST.step)
_turns = 2 * np.pi * np.arange(_ANGLES) / _ANGLES


def _spectrum(bands: Bands) -> NDArray[np.complex128]:
    """(15, rings, frequencies) of the maps around their rings, a ring counting by its length, each of norm 1."""
    found = []
    for maps, grid in zip(bands, GRIDS, strict=True):
        shrink = FINEST.step / grid.step
        x, y = ((grid.middle + shrink * _radii[:, None] * f(_turns)).astype(np.float32) for f in (np.cos, np.sin))
        for m in maps:
            rows = np.asarray(cv2.remap(m, x, y, cv2.INTER_LINEAR)) * np.sqrt(_radii)[:, None]
            found.append(np.fft.rfft(rows / np.sqrt((rows * rows).sum() + 1e-12), axis=1))
    return np.stack(found)


def _over_rotation(golden: NDArray[np.complex128], unit: NDArray[np.complex128]) -> Float:
    """(angles,) mean correlation of the maps for every rotation of the unit against the golden.

    A middle that is off by a few hundredths of the radius spoils the finest octave, which therefore counts half.
    """
    weights = (_WEIGHTS * [[0.5], [1.0], [1.0]]).ravel()
    across = np.einsum("k,krf,krf->f", weights, np.conj(golden), unit)
    return np.asarray(np.fft.irfft(across, _ANGLES), dtype=np.float64)


def _peaks(turned: Float) -> list[float]:
    left, found = turned.copy(), []
    for _ in range(_ROTATIONS):
        i = int(left.argmax())
        found.append(float(_turns[i]))
        left[(np.arange(i - 6, i + 7)) % _ANGLES] = -np.inf
    return found


def _fitted(
    golden: _Golden,
    unit: Float32,
    start: Float,
    to_unit: Float,
    used: tuple[int, ...],
    steps: int,
    *,
    local: bool = False,
) -> _Fit:
    """Gauss-Newton steps from ``start`` over the octaves ``used``; local : places count by how alike they are there.

    unit : its ``orientations``.
    """
    matrix, generators = start, _generators()
    prior = _OUTLINE**-2.0
    bands = octaves(relative(unit, matrix))
    normal = np.diag(prior)
    for _ in range(steps):
        counts = _likeness(golden.bands, bands) if local else [np.ones((1, 1), np.float32)] * len(GRIDS)
        normal, right = np.diag(prior), prior * _departure(matrix)
        for k in np.flatnonzero(used):
            more, pull = _equations(golden, bands, int(k), counts[k])
            normal, right = normal + more, right + pull
        step = np.clip(np.linalg.solve(normal, right), -0.1, 0.1)
        matrix = matrix @ np.linalg.inv(np.eye(3) + np.tensordot(step, generators, axes=1))
        bands = octaves(relative(unit, matrix))
        if float(np.abs(step).max()) < _SETTLED:
            break
    return _Fit(matrix, to_unit, bands, float((_WEIGHTS * _alike(golden.bands, bands)).sum()), normal)


def _alike(golden: Bands, unit: Bands) -> Float:
    """(octaves, 5) correlations."""
    return np.stack([np.einsum("cij,cij->c", g, u) for g, u in zip(golden, unit, strict=True)]).astype(np.float64)


def _departure(matrix: Float) -> Float:
    """(4,) how far the middle (radii) and the scale (logarithm) are off the outlines', as the parameters count; 0."""
    m = FINEST.middle
    c, s = matrix[0, 0], matrix[1, 0]
    scale = float(np.hypot(c, s))
    off = (matrix @ [m, m, 1])[:2] - m
    back = np.array([[c, s], [-s, c]]) @ off / scale * (FINEST.step / RADIUS)
    return np.array([back[0], back[1], np.log(scale), 0.0])


def _equations(golden: _Golden, unit: Bands, k: int, counts: Float32) -> tuple[Float, Float]:
    """Normal matrix (4, 4) and right-hand side (4,) of octave ``k``; counts : (n, n) weights of its places."""
    grid, gx, gy = GRIDS[k], golden.along_x[k], golden.along_y[k]
    alike = np.clip(np.einsum("cij,cij->c", golden.bands[k], unit[k]), 0.02, 0.9)
    weight = _INDEPENDENT / (1 - alike**2) / _CHANCE[k] ** 2
    signal, residual = weight * alike**2, (weight * alike)[:, None, None] * unit[k]
    residual = residual - signal[:, None, None] * golden.bands[k]
    xx, xy, yy = (np.einsum("c,cij,cij->ij", signal, p, q) * counts for p, q in ((gx, gx), (gx, gy), (gy, gy)))
    left_x, left_y = (np.einsum("cij,cij->ij", residual, p) * counts for p in (gx, gy))
    one, none = np.ones_like(grid.x), np.zeros_like(grid.x)
    columns = ((one, none), (none, one), (grid.x, grid.y), (-grid.y, grid.x))
    right = np.array([float((left_x * a + left_y * b).sum()) for a, b in columns])
    normal = np.empty((4, 4))
    for i, (a, b) in enumerate(columns):
        for j, (c, d) in enumerate(columns[: i + 1]):
            normal[i, j] = normal[j, i] = float((xx * a * c + xy * (a * d + b * c) + yy * b * d).sum())
    return normal, right


def _local(golden: Bands, unit: Bands, window: float) -> Float32:
    """(n, n) correlation of the two about every place of the middle octave's grid; window : sigma in radii."""
    middle = GRIDS[1]
    sums = [np.zeros((middle.n, middle.n), dtype=np.float32) for _ in range(3)]
    for k, grid in enumerate(GRIDS):
        weights = (_WEIGHTS[k] * grid.n**2).astype(np.float32)
        for total, (p, q) in zip(sums, ((golden[k], unit[k]), (golden[k], golden[k]), (unit[k], unit[k])), strict=True):
            product = np.einsum("c,cij,cij->ij", weights, p, q)
            way = cv2.INTER_AREA if grid.n > middle.n else cv2.INTER_LINEAR
            resized = cv2.resize(product, (middle.n, middle.n), interpolation=way)
            total += cv2.GaussianBlur(resized, (0, 0), window * RADIUS / middle.step)
    both, mine, its = sums
    return np.asarray(both / np.sqrt(mine * its + 1e-9 * mine.max() * its.max()), dtype=np.float32)


def _likeness(golden: Bands, unit: Bands) -> list[Float32]:
    """Of each octave (n, n) weights 0.03-1 of its places, by their correlation against that of the best fifth."""
    local = _local(golden, unit, _WINDOW)
    top = max(float(np.quantile(local[GRIDS[1].disc > 0], 0.8)), 0.05)
    share = np.clip(local / top, 0.03, 1).astype(np.float32)
    return [np.asarray(cv2.resize(share, (g.n, g.n), interpolation=cv2.INTER_LINEAR), np.float32) for g in GRIDS]


def _over_cells(products: Float32, grid: Grid, rings: int, sectors: int) -> Float:
    """(rings, sectors) sums of ``products`` (n, n) over cells of the coin."""
    ring = np.minimum((grid.from_middle / USED * rings).astype(np.intp), rings - 1)
    sector = ((np.arctan2(grid.y, grid.x) + np.pi) / (2 * np.pi) * sectors).astype(np.intp) % sectors
    cell = np.where(grid.disc > 0, ring * sectors + sector, rings * sectors).ravel()
    summed = np.bincount(cell, products.ravel().astype(np.float64), minlength=rings * sectors + 1)
    return np.asarray(summed[:-1].reshape(rings, sectors), dtype=np.float64)


def _regions(cells: Float) -> Float:
    """Sums over three neighbouring sectors of two neighbouring rings.

    Coins of one series share most of their relief; what tells them apart, such as the figure, fills such a region.
    """
    pairs = cells[:-1] + cells[1:]
    return np.asarray(pairs + np.roll(pairs, 1, axis=1) + np.roll(pairs, 2, axis=1), dtype=np.float64)


def _poorest_by_octaves(golden: Bands, unit: Bands) -> float:
    """Least correlation of the octaves, weighed as in the whole, over any region."""
    sums = np.zeros((3, 4, 12))
    for k, grid in enumerate(GRIDS):
        for total, (p, q) in zip(sums, ((golden[k], unit[k]), (golden[k], golden[k]), (unit[k], unit[k])), strict=True):
            total += _over_cells(np.einsum("c,cij,cij->ij", _WEIGHTS[k].astype(np.float32), p, q), grid, 4, 12)
    both, mine, its = (_regions(s) for s in sums)
    return float((both / np.sqrt(mine * its + 1e-12)).min())


def _poorest_share(golden: Float32, unit: Float32) -> tuple[float, float]:
    """Mean correlation of the maps with all scales in them, of the whole and the least of any region."""
    disc = FINEST.disc
    g, u = (m * disc / np.sqrt(((m * disc) ** 2).sum(axis=(1, 2), keepdims=True) + 1e-12) for m in (golden, unit))
    both, mine, its = (_over_cells((p * q).sum(axis=0), FINEST, 3, 8) for p, q in ((g, u), (g, g), (u, u)))
    return float((g * u).sum() / len(g)), float(_regions(both / np.sqrt(mine * its + 1e-20)).min() / 6)
