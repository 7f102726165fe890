"""The reference difference: a defect model that needs nothing but the golden. A tolerance envelope, not a subtraction.

Working space is the cube root of linear light as one lightness and two opponent channels: even to the eye, with a
colour shift of a whole cell an offset, and with what the lamps do to relief mostly in the lightness. Three things are
normal and differ from part to part and from one rotation to the next:

- registration and local warp: every pixel may take any value of the golden within ``_REACH`` pixels;
- colour and slow shading of a cell: the golden follows the unit there, they are measured elsewhere;
- light and shadow of walls, mirrored lamps on metal: how far the unit leaves the first envelope is gathered by material
  and by distance to the nearest edge of the golden, and what is common in such a place is tolerated there. A defect is
  rare, so it does not raise its own tolerance by much; where it might, ``_MOST`` caps it.

Envelope after C. Steger et al., Machine Vision Algorithms and Applications, 2nd ed., section 3.4.1, with the variation
taken from the neighbourhood in one golden and from the pair itself instead of from many good units.
"""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.difference_kernels import bins_of, looked_up, outside_relief, put, share_of_lightness
from station.measure.kinds import KINDS, Scene, name_spot, tint
from station.measure.morphology import disc
from station.measure.rim import ENVELOPE_RIM
from station.measure.spots import Spot, join_pieces
from station.values.colour import LinearRGB
from station.values.line import METAL, OTHER, OUTSIDE, ScoreMaps

__all__ = ["KINDS", "reference_difference"]

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
_T = TypeVar("_T", bound=np.generic)
_Cells = list[NDArray[np.intp]]

_REACH = 2  # px: registration and local warp that are forgiven
_BLACK = 0.02  # linear light added before the root: next to black, where a channel is all noise, the root is too steep
_ACROSS = 9  # px: across a wall and back, where light and shadow change sides as the part turns
_MIRROR = 0.5  # lightness at which the colour of metal, a share of its lightness, counts as much as that of enamel
_EDGE = 0.03  # cube-root units per px from which the golden has an edge
_BINS = np.array([0.5, 1.5, 2.5, 3.5, 5.0, 7.0, 10.0, 13.0, 18.0], dtype=np.float32)  # px from the nearest edge
_WALL = 3.5  # px: nearer to an edge or to metal than this is relief
_MENISCUS = 10.0  # px: nearer than this the enamel bends up to the wall and mirrors a lamp
_OPEN = 28  # px without an edge all round: ground rather than relief
_COMMON = 0.95  # share of the pixels of a class that is taken for normal ...
_TIMES = 3.0  # ... and how much further the rest of the normal reaches: tails are long where relief is
_SIGMAS = 6.0  # of the pixel noise
_FLAT, _SHORE, _RELIEF, _METAL = 0, 1, 2, 3  # open enamel, its meniscus, walls, struck metal
# Least and most tolerance of lightness and of the two opponent channels, by place.
_LEAST = np.array([[0.030, 0.038, 0.038], [0.055, 0.055, 0.055], [0.120, 0.100, 0.110], [0.120, 0.090, 0.150]], "f4")
_MOST = np.array([[0.060, 0.070, 0.070], [0.160, 0.100, 0.100], [0.300, 0.180, 0.180], [0.320, 0.180, 0.200]], "f4")
_TOUCHED = 0.6  # of the tolerance in the open: joined to a place that exceeds it
_SHIFT = 0.12  # largest offset of a cell that is still its own colour and not another material
_SLOW = 40.0  # px: sigma of shading over a part
_MIN_AREA = (6, 8, 12, 12)  # px of a finding, by place


def reference_difference(golden: LinearRGB, unit: LinearRGB, labels: NDArray[np.uint8], noise: float) -> ScoreMaps:
    """Score maps (9, H, W), 0-1, of ``KINDS``; 0.5 is half the height of a finding's own contrast.

    golden, unit : the same raster, linear light. labels : region map. noise : standard deviation of a pixel at mid
    tone, in linear light. Deterministic; a picture against itself gives zeros.
    """
    scores = np.zeros((len(KINDS), *labels.shape), dtype=np.float32)
    part = labels != OUTSIDE
    if not part.any():
        return ScoreMaps(KINDS, scores)
    x, y, w, h = cv2.boundingRect(part.astype(np.uint8))
    window = (slice(y, y + h), slice(x, x + w))
    labels = labels[window]
    inside = ENVELOPE_RIM.inside(labels)
    before, u = _opponent(golden.pixels[window]), _opponent(unit.pixels[window])
    distance = _edge_distance(before)
    labels = _without_open_metal(labels, distance)
    metal = labels == METAL
    near_metal = cv2.distanceTransform((~metal).astype(np.uint8), cv2.DIST_L2, 3) if metal.any() else None
    place = _places(distance, metal, near_metal)
    cells = _cells(labels)
    g = _follow_cells(before, u, labels, cells, inside & ((place == _FLAT) | (place == _METAL)), inside)
    excess = _outside_envelope(g, u, _REACH)
    if metal.any():  # without struck metal there is no relief: a print looks the same from all sides
        turned = _outside_relief(g, u, _ground(g[..., 0], cells, place), distance, place, inside)
        excess = np.where((place == _FLAT)[..., None], excess, turned)
    tolerance = _tolerance(excess, distance, place, inside, noise)
    ratio = _largest(excess / tolerance)
    ratio[~inside] = 0
    height = _length(_outside_envelope(g, u, 1))
    plated = metal & inside
    scene = Scene(g, u, labels, np.median(tint(g[plated]), axis=0) if plated.any() else None)
    for spot in join_pieces(_spots(ratio, height, inside, place)):
        layer = scores[(KINDS.index(name_spot(spot, scene)), *window)][spot.rows, spot.columns]
        np.maximum(layer, _profile(height[spot.rows, spot.columns], spot), out=layer)
    return ScoreMaps(KINDS, scores)


def _largest(channels: F32) -> F32:
    """Largest of three channels; by planes, since a reduction over a last axis of three is slow."""
    a, b, c = cv2.split(channels)
    return np.asarray(np.maximum(np.maximum(a, b), c), dtype=np.float32)


def _length(channels: F32) -> F32:
    """Euclidean length over three channels."""
    a, b, c = cv2.split(channels)
    return np.asarray(np.sqrt(a * a + b * b + c * c), dtype=np.float32)


def _opponent(linear: F32) -> F32:
    """Lightness, red against green and yellow against blue, (H, W, 3), in cube-root units (0.01 is about 1 L*).

    Colour is blurred more than lightness: mosaic and JPEG leave it with half the resolution and most of the noise.
    """
    even = np.cbrt(np.maximum(cv2.GaussianBlur(linear, (0, 0), 0.6), 0) + _BLACK)
    r, g, b = cv2.split(even)
    colour = cv2.GaussianBlur(cv2.merge([r - g, (r + g) / 2 - b]), (0, 0), 1.3)
    return np.asarray(cv2.merge([(r + g + b) / 3, *cv2.split(colour)]), dtype=np.float32)


def _edge_distance(g: F32) -> F32:
    """Distance in px to the nearest edge of the golden, of lightness or of colour."""
    across, down = (np.asarray(cv2.Sobel(g, cv2.CV_32F, *way), dtype=np.float32) for way in ((1, 0), (0, 1)))
    slope = np.asarray(cv2.magnitude(_length(across), _length(down))) / 8
    flat = (slope <= _EDGE).astype(np.uint8)
    if flat.all():
        return np.full(flat.shape, np.float32(1e4))
    return np.asarray(cv2.distanceTransform(flat, cv2.DIST_L2, 3), dtype=np.float32)


def _without_open_metal(labels: NDArray[np.uint8], distance: F32) -> NDArray[np.uint8]:
    """The labels with wide smooth zones of METAL made OTHER.

    Enamel in the plating's colour is easily taken for metal, and smooth metal differs from one picture to the next by
    slow shading alone: both are compared as open ground.
    """
    core = ((labels == METAL) & (distance >= _OPEN)).astype(np.uint8)
    if not core.any():
        return labels
    from_core = cv2.distanceTransform(1 - core, cv2.DIST_L2, 3)
    ground = (from_core < _OPEN - 2) & (labels == METAL)
    return np.where(ground, np.uint8(OTHER), labels)


def _places(distance: F32, metal: Bool, near_metal: F32 | None) -> NDArray[np.uint8]:
    nearest = distance if near_metal is None else np.minimum(distance, near_metal)
    enamel = np.where(nearest < _WALL, _RELIEF, np.where(nearest < _MENISCUS, _SHORE, _FLAT))
    return np.where(metal, _METAL, enamel).astype(np.uint8)


def _follow_cells(g: F32, u: F32, labels: NDArray[np.uint8], cells: _Cells, cores: Bool, inside: Bool) -> F32:
    """The golden with every cell's colour and the slow shading moved to the unit's."""
    delta = u - g
    offset = np.zeros_like(g)
    flat_delta, flat_offset = delta.reshape(-1, 3), offset.reshape(-1, 3)
    flat_cores, flat_inside = cores.ravel(), inside.ravel()
    for cell in cells:
        seen = cell[flat_cores[cell]]
        if len(seen) < 60:
            seen = cell[flat_inside[cell]]
        if len(seen) >= 30:
            put(flat_offset, cell, np.clip(np.median(flat_delta[_thinned(seen)], axis=0), -_SHIFT, _SHIFT))
    out = g + offset
    enamel = cores & (labels != METAL)
    if enamel.any():
        # Shading over the part is far wider than any defect: a sixteenth of the pixels is enough to see it.
        weight = enamel.astype(np.float32)
        left = np.clip(u - out, -_LEAST[_FLAT, 0], _LEAST[_FLAT, 0]) * weight[..., None]
        small = (max(1, g.shape[1] // 4), max(1, g.shape[0] // 4))
        top = cv2.GaussianBlur(cv2.resize(left, small, interpolation=cv2.INTER_AREA), (0, 0), _SLOW / 4)
        bottom = cv2.GaussianBlur(cv2.resize(weight, small, interpolation=cv2.INTER_AREA), (0, 0), _SLOW / 4)
        slow = cv2.resize(top / np.maximum(bottom, 0.02)[..., None], (g.shape[1], g.shape[0]))
        out += slow * (labels != METAL)[..., None]
    return np.asarray(out, dtype=np.float32)


def _outside_envelope(g: F32, u: F32, reach: int) -> F32:
    """How far each channel of the unit leaves the golden's range within ``reach`` px, (H, W, 3), 0 inside it."""
    least, most = _extremes(g, disc(reach))
    return np.asarray(np.maximum(np.maximum(u - most, least - u), 0), dtype=np.float32)


def _extremes(g: F32, kernel: NDArray[np.uint8]) -> tuple[F32, F32]:
    """Least and most of each channel under the kernel, (H, W, 3) each."""
    return np.asarray(cv2.erode(g, kernel), dtype=np.float32), np.asarray(cv2.dilate(g, kernel), dtype=np.float32)


def _outside_relief(g: F32, u: F32, ground: F32, distance: F32, place: NDArray[np.uint8], inside: Bool) -> F32:
    """As ``_outside_envelope`` where relief turns light into shadow and metal mirrors other lamps when the part turns.

    Everything may take what the golden has across the wall. Enamel may also be as dark as walls of any other direction
    are at that distance to an edge, as a share of ``ground``, the cell's own lightness, and it may be brighter and
    bleached: that is a lamp in the meniscus. Metal is a mirror: it may have any lightness that the golden's metal has,
    or more, and its colour is judged as a share of its lightness, which a mirror leaves as it is.
    """
    metal = place == _METAL
    golden, unit = share_of_lightness(g, metal, _MIRROR), share_of_lightness(u, metal, _MIRROR)
    wide, near = _extremes(golden, disc(_ACROSS)), _extremes(golden, disc(_REACH))
    light = g[..., 0]
    walls = (place == _SHORE) | (place == _RELIEF)
    at, usable = np.flatnonzero(walls), inside.ravel()
    share = (light / ground).ravel()
    least = np.full(len(_BINS) + 1, np.inf, dtype=np.float32)
    bins = bins_of(distance, _BINS)
    for k, some in _groups(bins.ravel()[at]):
        here = at[some]
        usual = _thinned(here[usable[here]])
        if len(usual) >= 100:
            least[k] = np.quantile(share[usual], 0.005)
    plated = relief = np.array([[1, 1, 1], [0, 0, 0]], dtype=np.float32)  # nothing is free
    seen = np.flatnonzero(metal & inside)
    if len(seen) >= 100:
        seen = _thinned(seen)
        plated, relief = (
            np.quantile(p.reshape(-1, 3)[seen], (0.005, 0.995), axis=0).astype(np.float32) for p in (golden, g)
        )
    kind = np.array([0, 1, 2, 3], dtype=np.uint8)[place]
    return outside_relief(unit, u[..., 0], light, ground * least[bins], wide, near, kind, plated, relief)


def _ground(light: F32, cells: _Cells, place: NDArray[np.uint8]) -> F32:
    """Lightness of each cell away from its walls, (H, W)."""
    out = np.ones(light.size, dtype=np.float32)
    values, flat = light.ravel(), place.ravel() == _FLAT
    for cell in cells:
        core = cell[flat[cell]]
        seen = core if len(core) >= 30 else cell
        out[cell] = max(float(np.median(values[_thinned(seen)])), 0.05)
    return out.reshape(light.shape)


def _cells(labels: NDArray[np.uint8]) -> _Cells:
    """Flat indices of every cell: a named region, the metal, or one connected piece of unnamed enamel."""
    _, unnamed = cv2.connectedComponents((labels == OTHER).astype(np.uint8), connectivity=4, ltype=cv2.CV_16U)
    cells = np.where(unnamed > 0, OTHER + unnamed.astype(np.uint16), labels.astype(np.uint16))
    return [piece for code, piece in _groups(cells) if code != OUTSIDE]


def _tolerance(excess: F32, distance: F32, place: NDArray[np.uint8], inside: Bool, noise: float) -> F32:
    """(H, W, 3) what is normal beyond the envelope: what is common at that distance to an edge of that material."""
    flat, usable, bins = excess.reshape(-1, 3), inside.ravel(), bins_of(distance, _BINS)
    # At mid tone the root's slope is about 1, and the blur of ``_opponent`` halves the noise.
    grain = np.float32(_SIGMAS / 2 * noise)
    table = np.empty((len(_LEAST), len(_BINS) + 1, 3), dtype=np.float32)
    for code, here in _groups(place * np.uint8(table.shape[1]) + bins):
        material = code // table.shape[1]
        seen = _thinned(here[usable[here]])
        if len(seen) < 400:
            seen = _thinned(np.flatnonzero((place == material) & inside))
        common = np.quantile(flat[seen], _COMMON, axis=0) if len(seen) else np.zeros(3)
        table[material, code % table.shape[1]] = np.maximum(
            np.clip(_TIMES * common, _LEAST[material], _MOST[material]), grain
        )
    return looked_up(table, place, bins)


def _groups(codes: NDArray[np.uint8] | NDArray[np.uint16]) -> list[tuple[int, NDArray[np.intp]]]:
    """Every value of an array with the flat indices that have it, in order."""
    values = codes.ravel()
    order = np.argsort(values, kind="stable")
    starts = np.flatnonzero(np.diff(values[order].astype(np.int32), prepend=-1))
    return [(int(values[piece[0]]), piece) for piece in np.split(order, starts[1:]) if len(piece)]


def _thinned(many: NDArray[_T]) -> NDArray[_T]:
    """Some twenty thousand of many rows, evenly: enough for a quantile."""
    return many[:: max(1, len(many) // 20000)]


def _spots(ratio: F32, height: F32, inside: Bool, place: NDArray[np.uint8]) -> list[Spot]:
    """Places that leave what is normal, each grown to where its difference falls to half its height."""
    touched = ratio > np.where(place == _FLAT, np.float32(_TOUCHED), np.float32(1))
    seeds = cv2.morphologyEx(touched.astype(np.uint8), cv2.MORPH_CLOSE, disc(2))
    count, marks, stats, _ = cv2.connectedComponentsWithStats(seeds, connectivity=8)
    rows_of, columns_of = ratio.shape
    taken = np.zeros(ratio.shape, dtype=bool)
    spots = []
    for i in sorted(range(1, count), key=lambda i: (-int(stats[i, cv2.CC_STAT_AREA]), i)):
        x, y, w, h, area = (int(v) for v in stats[i])
        if area < 3:
            break
        pad = 8
        rows = slice(max(0, y - pad), min(rows_of, y + h + pad))
        columns = slice(max(0, x - pad), min(columns_of, x + w + pad))
        seed = (marks[rows, columns] == i) & ~taken[rows, columns]
        if not (seed & (ratio[rows, columns] > 1)).any():
            continue
        local = height[rows, columns]
        half = 0.5 * float(np.percentile(local[seed], 85))
        grown = (local >= half) & inside[rows, columns] & ~taken[rows, columns]
        _, parts = cv2.connectedComponents((grown | seed).astype(np.uint8), connectivity=8)
        touched = np.unique(parts[seed])
        mask = np.isin(parts, touched[touched > 0])
        taken[rows, columns] |= mask
        if mask.sum() >= _MIN_AREA[place[rows, columns][seed].max()]:
            spots.append(Spot(rows, columns, mask))
    return spots


def _profile(height: F32, spot: Spot) -> F32:
    """A spot's height over its plateau, 0-1, inside the spot and its rim; half where only its neighbours show it."""
    plateau = max(float(np.percentile(height[spot.mask], 85)), 1e-6)
    rim = cv2.dilate(spot.mask.astype(np.uint8), disc(1))
    least = np.where(spot.mask, np.float32(0.5 if spot.joined else 0), np.float32(0))
    return np.asarray(np.maximum(np.clip(height / plateau, 0, 1) * rim, least), dtype=np.float32)
