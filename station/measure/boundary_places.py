"""Where the colour boundaries of a golden run, and how likely an edge lies how far from there in a picture.

Three readings of an edge look at the same profiles along the normals, after white light that lies over enamel and metal
alike is taken off them. The *amount* of enamel is a linear combination of the channels that the metal beside it leaves
at zero however bright it shines (constrained energy minimisation: Harsanyi 1993), so that a coloured enamel ends where
half of it is left. The *break* is where a profile stops being enamel of the region's own colour, brightened or shaded
by its meniscus, and becomes anything else with a shoulder: the residual of that model says how likely each distance is.
The *zone* ends where a profile is no longer like enamel by its tint and light, whatever lies beyond. Metal that mirrors
a lamp fools the first, a dark band beside the wall the second, a deep shade the third; where they say the same, it is
the enamel that moved.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.enamel_cells import cells_of
from station.measure.morphology import disc
from station.measure.per_master import PerMaster
from station.measure.polygon import outward_normals, polygon_mask, resample_closed, smooth_closed
from station.values.line import METAL, OUTSIDE, Master

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
Index = NDArray[np.intp]

SPACING_MM = 0.1
"""Distance of neighbouring places along a boundary."""
STEP_MM = 0.03
"""Sampling distance along a normal: the finest pitch of a frame."""
REACH_MM = 0.48
"""How far profiles reach to either side of the golden's boundary."""
CANDIDATE_MM = 0.015
"""Step of the distances at which the break is tried."""
CANDIDATES = 21
_INSIDE, _OUTSIDE = -0.33, 0.15  # part of the profile that the break explains; a metal line may be 0.2 mm narrow
_PLATEAU = (-0.3, -0.12)  # enamel away from its meniscus
SHOULDER_MM = 0.07  # width of the rounded edge of struck metal
_MENISCUS_MM = 0.13  # over which enamel climbs its wall
_BETWEEN = CANDIDATE_MM**2 / 12 / (2 * math.sqrt(math.pi) * (_OUTSIDE - _INSIDE))
_SHARPNESS = 3.0  # power of the likelihood: residuals of neighbouring samples are not independent
_LEAST_CONTOUR_MM = 1.5
_MARK_MARGIN_MM = 0.35  # beside a mark, which may be displaced
_DARK = 0.01  # linear light, added before the logarithm
_TINT, _LIGHT = 0.02, 0.2  # least spread of enamel's chromaticity and of the logarithm of its light
_GAIN, _VEIL = 0.1, 0.1  # standard: enamel brighter or darker than the golden's; white light over it, linear
_VEIL_NOISE = 0.03  # of enamel's light, that its colour scatters by
_UNLIKE = 3.0  # spreads at which a sample is as much enamel as not
_NEAR_EDGE_MM = 0.3  # of the golden's boundary, within which every sample counts
_FAR_VOTE = 1.0  # votes that a millimetre off the golden's boundary must outweigh
_OFF_MM = 0.12  # of the golden's own reading from its boundary, beyond which it sees something else
_FURTHEST_MM = 0.2  # of the golden's edge from the rim of its region map


@dataclass(frozen=True, slots=True)
class BoundaryPlaces:
    """Places along every region's boundary on the golden, computed once.

    points : (n, 2) raster px. normals : (n, 2), out of the region. label : (n,) of the region. start, length : (n,)
    first place and number of places of the contour each belongs to. beside : (n,) label across the boundary. weights :
    (n, 3) that turn linear RGB into the amount of enamel. edge : (n,) mm where the amount is halved on the golden.
    alike : (n, m) :func:`likeness` on the golden, zone : (n,) mm where it ends there. enamel : (n, 3) its light there
    away from the boundary.
    likely : (n, ``CANDIDATES``) likelihood of the golden's break, 1 at its best. counted :
    (n,) bool, false beside a mark, whose displacement is told by itself.
    """

    points: Float
    normals: Float
    label: NDArray[np.int64]
    start: Index
    length: Index
    beside: NDArray[np.int64]
    weights: Float
    edge: Float
    alike: Float32
    zone: Float
    enamel: Float
    likely: Float32
    halved: Bool
    counted: Bool

    def around(self, half: int) -> Index:
        """(n, 2 half + 1) places from ``half`` before to ``half`` after each along its own contour."""
        at = np.arange(len(self.label)) - self.start
        steps = np.arange(-half, half + 1)
        return self.start[:, None] + (at[:, None] + steps) % self.length[:, None]


def distances() -> Float:
    """(m,) mm along a normal at which profiles are sampled; positive out of the region."""
    count = round(REACH_MM / STEP_MM)
    return np.asarray(np.arange(-count, count + 1) * STEP_MM, dtype=np.float64)


def candidates() -> Float:
    """(``CANDIDATES``,) mm at which the break is tried."""
    return np.asarray((np.arange(CANDIDATES) - CANDIDATES // 2) * CANDIDATE_MM, dtype=np.float64)


def profiles(pixels: Float32, places: BoundaryPlaces, pitch_mm: float, along: float = 1.2) -> Float32:
    """(n, m, 3) linear light along every normal, averaged a little along the contour (Gaussian sigma in places)."""
    at = places.points[:, None, :] + places.normals[:, None, :] * (distances() / pitch_mm)[None, :, None]
    at32 = at.astype(np.float32)
    # Linear interpolation: what is sampled was blurred by lens and sensor, and both pictures lie on one raster.
    seen = np.asarray(
        cv2.remap(pixels, at32[..., 0], at32[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32
    )
    return averaged(seen.reshape(len(seen), -1), places, along).reshape(seen.shape)


def averaged(values: Float32, places: BoundaryPlaces, sigma: float) -> Float32:
    """(n, k) values, Gaussian mean of each place and its neighbours along the contour; sigma in places."""
    half = max(round(2.5 * sigma), 1)
    weights = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
    total = np.zeros_like(values)
    near = places.around(half)
    for k, weight in enumerate(weights / weights.sum()):
        total += np.float32(weight) * values[near[:, k]]
    return total


def enamel_amount(seen: Float32, places: BoundaryPlaces) -> tuple[Float, Float]:
    """(n,) mm where the amount of enamel falls to half of what it is just inside, NaN where it never does; and (n, m)
    the amount. ``seen`` : profiles (n, m, 3)."""
    s = distances()
    amount = np.einsum("nmk,nk->nm", seen, places.weights)
    level = amount[:, (s >= _PLATEAU[0]) & (s <= _PLATEAU[1])].mean(axis=1)
    edge = _halved(amount, level, np.zeros(len(amount)))
    for _ in range(2):  # the enamel next to its edge may be brighter or darker than further in: take that as the whole
        centre = np.where(np.isfinite(edge), np.clip(edge, -0.2, 0.2), 0.0)
        near = (s[None, :] >= centre[:, None] - 0.15) & (s[None, :] <= centre[:, None] - 0.05)
        edge = _halved(amount, (amount * near).sum(axis=1) / near.sum(axis=1), centre)
    return edge, amount


def _halved(amount: Float, whole: Float, near: Float) -> Float:
    """(n,) mm of the fall through half of ``whole`` that lies nearest to ``near``."""
    s = distances()
    half = whole[:, None] / 2
    falls = (amount[:, :-1] >= half) & (amount[:, 1:] < half)
    share = (amount[:, :-1] - half) / np.where(falls, amount[:, :-1] - amount[:, 1:], 1.0)
    at = s[:-1] + share * STEP_MM
    away = np.where(falls, np.abs(at - near[:, None]), np.inf)
    best = away.argmin(axis=1)
    row = np.arange(len(at))
    return np.where(np.isfinite(away[row, best]), at[row, best], np.nan)


def plateau_of(seen: Float32, places: BoundaryPlaces) -> Float:
    """(n, 3) light of the enamel away from its meniscus, mean over half a millimetre along the boundary."""
    s = distances()
    inside = np.median(seen[:, (s >= _PLATEAU[0]) & (s <= _PLATEAU[1])], axis=1).astype(np.float32)
    return averaged(inside, places, 3.2).astype(np.float64)


def without_veil(seen: Float32, places: BoundaryPlaces) -> Float32:
    """Profiles (n, m, 3) less the white light that lies over enamel and metal alike, a soft reflection.

    The enamel's light is the golden's, brighter or darker, and white on top of it (Shafer 1985); least squares with
    normal expectations of both, white light is not taken away twice.
    """
    now, golden = plateau_of(seen, places), places.enamel
    error = _VEIL_NOISE**2 * (golden**2).mean(axis=1) + 1e-7
    a = (golden**2).sum(axis=1) / error + 1 / _GAIN**2
    b = golden.sum(axis=1) / error
    c = 3 / error + 1 / _VEIL**2
    p = (golden * now).sum(axis=1) / error + 1 / _GAIN**2
    q = now.sum(axis=1) / error
    white = np.maximum((a * q - b * p) / (a * c - b * b), 0.0)
    return np.asarray(seen - white[:, None, None].astype(np.float32), dtype=np.float32)


def likeness(seen: Float32, places: BoundaryPlaces) -> Float32:
    """(n, m) how much every sample is like the enamel of its region, from 1 to -1 for what is nothing like it.

    By chromaticity and by the logarithm of light, each over its robust spread in the picture's own enamel away from the
    walls; what a meniscus and a shadow change of light is the least that may be.
    """
    s = distances()
    total = np.maximum(seen.sum(axis=2), 1e-4)
    tint = seen[..., :2] / total[..., None]
    light = np.log(total + np.float32(_DARK))
    plateau = np.flatnonzero((s >= _PLATEAU[0]) & (s <= _PLATEAU[1]))
    out = np.zeros(total.shape, dtype=np.float32)
    for label in np.unique(places.label):
        here = np.flatnonzero(places.label == label)
        off = np.zeros((len(here), total.shape[1]), dtype=np.float32)
        for values, least in ((tint[..., 0], _TINT), (tint[..., 1], _TINT), (light, _LIGHT)):
            own = values[here[:, None], plateau]
            middle = np.float32(np.median(own))
            spread = np.float32(max(2 * 1.4826 * float(np.median(np.abs(own - middle))), least))
            off += ((values[here] - middle) / spread) ** 2
        out[here] = 1 - 2 * off / (off + np.float32(_UNLIKE**2))
    return out


def zone_end(alike: Float32, expected: Float32, places: BoundaryPlaces) -> Float:
    """(n,) mm where a profile stops being like its enamel: the place that parts it best in two.

    alike : (n, m) as :func:`likeness` gives it. expected : the golden's, which says where enamel and what is none lie
    apart from each other: samples of a second wall or of a neighbour in the same colour do not count.
    """
    s = distances()
    counts = np.where(s[None, :] < 0, expected > 0, expected < 0) | (np.abs(s) < _NEAR_EDGE_MM)
    vote = averaged(np.where(counts, alike, 0).astype(np.float32), places, 1.6)
    before = np.cumsum(vote, axis=1)
    parted = 2 * before[:, :-1] - before[:, -1:] - _FAR_VOTE * np.abs(s[:-1] + STEP_MM / 2).astype(np.float32)
    best = parted.argmax(axis=1)
    # between two samples the end lies where likeness passes 0
    row = np.arange(len(vote))
    a, b = vote[row, best].astype(np.float64), vote[row, best + 1].astype(np.float64)
    share = np.where((a > 0) & (b < 0), a / np.maximum(a - b, 1e-6), 0.5)
    at = s[best] + share * STEP_MM
    return np.where((best == 0) | (best == len(s) - 2), np.nan, at)


def break_likelihood(
    seen: Float32, places: BoundaryPlaces, shift_steps: Index, *, blur_mm: float, noise: float
) -> Float32:
    """(n, ``CANDIDATES``) how likely the enamel ends at each candidate distance from ``shift_steps`` samples further
    out than the golden's boundary; 1 at the best.

    Every region's own colour, read well inside, is what its enamel may look like, brighter or darker.
    """
    s = distances()
    window = np.flatnonzero((s >= _INSIDE - 1e-9) & (s <= _OUTSIDE + 1e-9))
    columns = np.clip(window[None, :] + shift_steps[:, None], 0, len(s) - 1)
    looked_at = np.take_along_axis(seen, columns[..., None], axis=1)
    # what a blurred step leaves that lies a candidate's share off: a likelihood finer than the candidates misses them
    step = ((looked_at[:, -3:].mean(axis=1) - looked_at[:, :3].mean(axis=1)) ** 2).mean(axis=1)
    data = looked_at.reshape(len(seen), -1)
    energy = np.einsum("nd,nd->n", data, data)
    score = np.zeros((len(seen), CANDIDATES), dtype=np.float32)
    plateau = (s >= _PLATEAU[0]) & (s <= _PLATEAU[1])
    shapes = _shapes(s[window], blur_mm)
    for label in np.unique(places.label):
        here = np.flatnonzero(places.label == label)
        colour = np.median(seen[here][:, plateau].reshape(-1, 3), axis=0).astype(np.float64)
        bases = _bases(shapes, colour)
        j, d, q = bases.shape
        explained = (data[here] @ bases.transpose(1, 0, 2).reshape(d, j * q)).reshape(-1, j, q)
        left = energy[here, None] - np.einsum("njq,njq->nj", explained, explained)
        # below the noise, and below what no such plain model explains, a residual says nothing
        floor = noise**2 / 2 + (0.01**2) * float(colour @ colour) / 3
        between = (_BETWEEN * step[here] / blur_mm)[:, None]
        score[here] = -np.log(np.maximum(left, 0) / d + floor + between)
    score = averaged(score, places, 1.6)
    return np.asarray(np.exp(_SHARPNESS * (score - score.max(axis=1, keepdims=True))), dtype=np.float32)


def _shapes(s: Float, blur_mm: float) -> Float:
    """(``CANDIDATES``, 4, w) enamel, its meniscus, what lies beyond, its shoulder, for a break at each candidate."""
    from scipy.special import ndtr

    t = s[None, :] - candidates()[:, None]
    enamel = ndtr(-t / blur_mm)
    meniscus = np.exp(np.minimum(t, 0) / _MENISCUS_MM) * enamel
    fine = np.arange(-0.3, 0.5, 0.003)
    shoulder = np.where((fine > 0) & (fine < SHOULDER_MM), 1 - fine / SHOULDER_MM, 0.0)
    blur = np.exp(-0.5 * (np.arange(-40, 41) * 0.003 / blur_mm) ** 2)
    shoulder = np.convolve(shoulder, blur / blur.sum(), "same")
    return np.stack([enamel, meniscus, 1 - enamel, np.interp(t, fine, shoulder)], axis=1)


def _bases(shapes: Float, colour: Float) -> Float32:
    """(J, 3 w, 8) orthonormal: enamel and meniscus in the enamel's own colour, the rest in any."""
    own = colour / max(float(np.linalg.norm(colour)), 1e-9)
    columns = [np.einsum("jw,c->jwc", shapes[:, k], own) for k in (0, 1)]
    columns += [np.einsum("jw,c->jwc", shapes[:, k], axis) for axis in np.eye(3) for k in (2, 3)]
    stacked = np.stack([c.reshape(len(c), -1) for c in columns], axis=2)
    return np.asarray(np.linalg.qr(stacked)[0], dtype=np.float32)


def build_places(master: Master) -> BoundaryPlaces | None:
    """The boundaries of every region of a master, or None where no region has any that can be read."""
    contours: list[tuple[Float, Float, int]] = []
    cells = cells_of(master)
    for region in master.regions:
        for contour, hole in _rims(cells == region.label, master.frame.pitch_mm):
            contours.append((*_settled(contour, hole, region.label, master), region.label))
    if not contours:
        return None
    places = _unread(contours)
    seen = profiles(master.image.pixels, places, master.frame.pitch_mm)
    places = replace(places, weights=_weights(seen, places, master.noise))
    edge, _ = enamel_amount(seen, places)
    likely = break_likelihood(
        seen, places, np.zeros(len(edge), dtype=np.intp), blur_mm=blur_of(master), noise=master.noise
    )
    marks = np.zeros(master.labels.shape, dtype=bool)
    for mark in master.marks:
        marks |= polygon_mask(master.frame.to_px(mark.polygon_mm), (master.frame.height, master.frame.width))
    marks = cv2.dilate(marks.astype(np.uint8), disc(_MARK_MARGIN_MM / master.frame.pitch_mm)) > 0
    clear = ~at_nearest(marks, places.points)
    halved = np.isfinite(edge) & (np.abs(edge) < _OFF_MM)
    beside = _beside(cells, places, master.frame.pitch_mm)
    alike = likeness(seen, places)
    zone = zone_end(alike, alike, places)
    zone = np.where(np.abs(zone) < _OFF_MM, zone, np.nan)
    return replace(
        places,
        edge=edge,
        alike=alike,
        zone=zone,
        enamel=plateau_of(seen, places),
        likely=likely,
        halved=halved,
        counted=clear,
        beside=beside,
    )


def blur_of(master: Master) -> float:
    """Edge blur sigma of the golden's picture in mm."""
    blur_px = master.blur_px if np.isfinite(master.blur_px) and master.blur_px > 0 else 0.8
    return float(np.clip(blur_px, 0.5, 2.0)) * master.frame.pitch_mm


def at_nearest(mask: Bool, points_px: Float) -> Bool:
    """(n,) value of a mask (H, W) at the pixels nearest to (n, 2) points."""
    h, w = mask.shape
    x, y = np.round(points_px).astype(np.intp).T
    return np.asarray(mask[np.clip(y, 0, h - 1), np.clip(x, 0, w - 1)])


def _rims(mask: Bool, pitch_mm: float) -> list[tuple[Float, bool]]:
    """Closed contours (n, 2) px of a region and whether each is the rim of a hole in it."""
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 2.0)  # the region map's own steps and hairs
    found, tree = cv2.findContours((soft > 0.5).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if tree is None:
        return []
    long = [(c[:, 0].astype(np.float64), bool(node[3] >= 0)) for c, node in zip(found, tree[0], strict=True)]
    return [(c, hole) for c, hole in long if len(c) * pitch_mm >= _LEAST_CONTOUR_MM]


def _settled(contour: Float, hole: bool, label: int, master: Master) -> tuple[Float, Float]:
    """The contour moved onto the golden's own edge, evenly spaced, and its normals out of the region."""
    pitch = master.frame.pitch_mm
    for _ in range(2):
        places = _unread([(*_spaced(contour, hole, pitch), label)])
        seen = profiles(master.image.pixels, places, pitch)
        edge, _ = enamel_amount(seen, replace(places, weights=_weights(seen, places, master.noise)))
        edge = np.where(np.abs(edge) < _FURTHEST_MM, edge, np.nan)
        edge = smooth_closed(np.nan_to_num(running_median(edge, places, 3)), 1.6)
        contour = places.points + places.normals * (edge / pitch)[:, None]
    return _spaced(contour, hole, pitch)


def _spaced(contour: Float, hole: bool, pitch_mm: float) -> tuple[Float, Float]:
    points = resample_closed(contour, SPACING_MM / pitch_mm)
    normals = outward_normals(smooth_closed(points, 1.6))
    return points, -normals if hole else normals


def _unread(contours: list[tuple[Float, Float, int]]) -> BoundaryPlaces:
    """Places of several contours (points, normals, label), nothing read yet."""
    sizes = [len(points) for points, _, _ in contours]
    first = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    n = int(sum(sizes))
    return BoundaryPlaces(
        points=np.concatenate([points for points, _, _ in contours]),
        normals=np.concatenate([normals for _, normals, _ in contours]),
        label=np.repeat([label for _, _, label in contours], sizes).astype(np.int64),
        start=np.repeat(first, sizes).astype(np.intp),
        length=np.repeat(sizes, sizes).astype(np.intp),
        beside=np.zeros(n, dtype=np.int64),
        weights=np.zeros((n, 3)),
        edge=np.zeros(n),
        alike=np.zeros((n, len(distances())), dtype=np.float32),
        zone=np.zeros(n),
        enamel=np.zeros((n, 3)),
        likely=np.zeros((n, CANDIDATES), dtype=np.float32),
        halved=np.ones(n, dtype=bool),
        counted=np.ones(n, dtype=bool),
    )


def _weights(seen: Float32, places: BoundaryPlaces, noise: float) -> Float:
    """(n, 3) weights of the channels that give 1 for the enamel inside and least for what lies just outside."""
    s = distances()
    enamel = np.median(seen[:, (s >= -0.3) & (s <= -0.1)], axis=1).astype(np.float32)
    enamel = averaged(enamel, places, 3.2).astype(np.float64)
    out = seen[:, (s >= 0.05) & (s <= 0.14)].astype(np.float64)
    moment = np.einsum("nki,nkj->nij", out, out) / out.shape[1]
    clutter = averaged(moment.reshape(-1, 9).astype(np.float32), places, 3.2).astype(np.float64).reshape(-1, 3, 3)
    ridge = noise**2 + 0.02**2 * (enamel**2).sum(axis=1) + 1e-8
    solved = np.linalg.solve(clutter + ridge[:, None, None] * np.eye(3), enamel[..., None])[..., 0]
    return np.asarray(solved / np.einsum("ni,ni->n", solved, enamel)[:, None], dtype=np.float64)


def running_median(values: Float, places: BoundaryPlaces, half: int) -> Float:
    """(n,) median of the known values from ``half`` before to ``half`` after; NaN where fewer than half are known."""
    near = np.sort(values[places.around(half)], axis=1)  # NaN last
    count = np.isfinite(near).sum(axis=1)
    middle = near[np.arange(len(near)), np.maximum(count - 1, 0) // 2]
    return np.where(count > half, middle, np.nan)


def _beside(labels: NDArray[np.uint8], places: BoundaryPlaces, pitch_mm: float) -> NDArray[np.int64]:
    """(n,) the first other label that is not metal within 0.7 mm outwards, else metal; where the part ends, outside."""
    found = np.full(len(places.label), METAL, dtype=np.int64)
    for away in np.arange(0.1, 0.71, 0.1):
        x, y = np.round(places.points + places.normals * (away / pitch_mm)).astype(np.intp).T
        there = labels[np.clip(y, 0, labels.shape[0] - 1), np.clip(x, 0, labels.shape[1] - 1)].astype(np.int64)
        other = (found == METAL) & (there != METAL) & (there != places.label)
        found[other] = there[other]
    found[found == OUTSIDE] = METAL  # the border of metal, narrower there
    return found


_places = PerMaster(build_places)


def places_of(master: Master) -> BoundaryPlaces | None:
    """The boundary places of a master, kept for the last four master objects."""
    return _places(master)
