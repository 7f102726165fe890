"""Colour boundary shift: where the enamel of every region ends, against the golden sample.

Both pictures are read the same way at the same places (:mod:`station.measure.boundary_places`), so what the edge itself
is, a wall or a meniscus, cancels. What all regions show together is not a shift of one of them: struck relief displaces
every edge by a vector that is fixed to lamps and camera, so that a part turned by t is misread by that vector times
2 sin(t / 2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from station.measure.body import off_centre
from station.measure.boundary_places import (
    CANDIDATE_MM,
    CANDIDATES,
    REACH_MM,
    SPACING_MM,
    STEP_MM,
    BoundaryPlaces,
    at_nearest,
    averaged,
    blur_of,
    break_likelihood,
    enamel_amount,
    places_of,
    profiles,
    running_median,
)
from station.measure.outline import OutlineShift
from station.values.budget import LengthBudget
from station.values.line import METAL, Aligned, Master, Measurement, RegionMaster

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

_METHOD = "enamel edges along the boundary's normals against the golden's, running over 0.5 mm"
_RUNNING = 2  # places to either side: a speck of dust narrower than half of 0.5 mm moves no running median
_MATCHED_MM = 0.12  # reach of the comparison of likelihoods
_AGREE_MM = 0.04  # two readings that differ by more have seen different things
_LEAST_SHARE, _LEAST_PLACES = 0.25, 8  # of a boundary that must be readable
_RELIEF_MM = 0.03  # standard; largest common displacement, times 2 sin(t / 2), over four rendered products
_COMMON_REGIONS, _COMMON_PLACES = 3, 20  # how many regions must say so before a displacement is common
_STRETCH = 5  # places: a stretch of more than 0.5 mm that is not read leaves the verdict open
_EXTREME = 3.0  # spreads: the largest of some hundred independent normal values
_EDGES = 2.0  # spreads, standard; light is not normal: so 94 and 98 % of errors lay within u on two sets of renders
_FLOOR_MM = 0.004  # standard; what two readings of one edge share and cannot show


def measure_boundaries(
    aligned: Aligned,
    master: Master,
    limits_mm: dict[str, float] | None = None,
    outline: OutlineShift | None = None,
) -> tuple[Measurement, ...]:
    """``boundary-shift:REGION`` for every region: the largest absolute shift of its boundary over 0.5 mm, in mm.

    limits_mm : by region, to state the share of the boundary beyond the limit. outline : of the unit; where all the
    artwork lies off it, boundaries are told relative to it, as marks are. What the largest of many places shows by
    itself is taken off as a power: value**2 = largest**2 - (3 s)**2, s the spread of the boundary's own shift.

    ``u`` (k = 2) is told by the boundary itself: that spread, how far the two readings of the worst place differ, how
    far the regions' common displacements differ, and how far a stretch of more than 0.5 mm may lie off on which nothing
    can be read or the readings disagree. So a boundary that is not read all along conforms only where neither reading
    is beyond the limit; on an unread stretch the limit is the profiles' reach, 0.36 mm.

    ``detail``: ``signed_mm`` (positive: the enamel reaches further out than the golden's), ``mean_mm``, ``share_read``
    and ``share_beyond`` of the boundary, ``beside`` (names of the regions across it), ``shape``, ``points_mm`` (the
    golden's and the unit's place of the boundary), ``budget``. A boundary that cannot be read has the value None.
    """
    if not master.regions:
        return ()
    places = places_of(master)
    if places is None:
        return tuple(_none(region, 0.0) for region in master.regions)
    shift, doubt, possible = read_shift(aligned, master, places)
    turn = math.radians(aligned.similarity.rotation_deg - master.pose.rotation_deg)
    relief = _RELIEF_MM * 2 * abs(math.sin(turn / 2))
    common, scatter = _common(shift, places, [r.label for r in master.regions], relief)
    displaced = off_centre(outline)
    if displaced is not None:
        common, scatter = common + displaced[0], math.hypot(scatter, displaced[1])
    along = places.normals @ common
    shift = shift - along
    possible = np.where(np.isfinite(shift), np.abs(shift), np.minimum(possible + np.abs(along), REACH_MM))
    limits = limits_mm or {}
    return tuple(
        _measurement(region, shift, doubt, possible, scatter, places, aligned, master, limits.get(region.name))
        for region in master.regions
    )


def read_shift(aligned: Aligned, master: Master, places: BoundaryPlaces) -> tuple[Float, Float, Float]:
    """(n,) mm how far the unit's boundary lies outside the golden's at every place, NaN where nothing can be read,
    (n,) mm half the largest difference of the two readings within 0.5 mm of it, and (n,) mm how far either
    reading says it lies off, the reach of the profiles where one is missing."""
    pitch = master.frame.pitch_mm
    seen = profiles(aligned.image.pixels, places, pitch)
    hidden = at_nearest(~aligned.valid | aligned.clipped, places.points)
    usable = places.readable & ~hidden
    edge, _ = enamel_amount(seen, places)
    by_amount = running_median(np.where(usable, edge - places.edge, np.nan), places, _RUNNING)
    noise, blur = max(aligned.noise, master.noise), blur_of(master)
    here = np.zeros(len(edge), dtype=np.intp)
    moved = _matched(places, break_likelihood(seen, places, here, blur_mm=blur, noise=noise))
    # Only where nothing near looks like the golden's break is it looked for where the amount of enamel says.
    far = (np.abs(by_amount) > _MATCHED_MM) & ~(np.abs(moved) < _AGREE_MM * 2)
    if far.any():
        most = REACH_MM - 0.15
        steps = np.where(far, np.round(np.clip(np.nan_to_num(by_amount), -most, most) / STEP_MM), 0).astype(np.intp)
        there = _matched(places, break_likelihood(seen, places, steps, blur_mm=blur, noise=noise))
        moved = np.where(far, there + steps * STEP_MM, moved)
    by_break = running_median(np.where(usable, moved, np.nan), places, _RUNNING)
    agree = np.abs(by_amount - by_break) < _AGREE_MM
    shift = running_median(np.where(agree, (by_amount + by_break) / 2, np.nan), places, _RUNNING)
    doubt = np.nan_to_num(np.abs(by_amount - by_break) / 2)[places.around(_STRETCH)].max(axis=1)
    either = np.maximum(np.abs(by_amount), np.abs(by_break))
    return np.asarray(shift), doubt, np.where(np.isfinite(either), either, REACH_MM)


def _matched(places: BoundaryPlaces, likely: NDArray[np.float32]) -> Float:
    """(n,) mm by which the unit's likelihood of the break must be moved to lie on the golden's, NaN at the ends."""
    reach = round(_MATCHED_MM / CANDIDATE_MM)
    products = [
        (places.likely[:, max(0, -k) : CANDIDATES - max(0, k)] * likely[:, max(0, k) : CANDIDATES + min(0, k)]).sum(1)
        for k in range(-reach, reach + 1)
    ]
    match = averaged(np.stack(products, axis=1).astype(np.float32), places, 1.6)
    best = match.argmax(axis=1)
    inner = np.clip(best, 1, 2 * reach - 1)
    row = np.arange(len(match))
    a, b, c = (match[row, inner + k].astype(np.float64) for k in (-1, 0, 1))
    bend = a - 2 * b + c
    vertex = np.where(bend < -1e-12, np.clip((a - c) / (2 * np.where(bend < -1e-12, bend, 1.0)), -0.5, 0.5), 0.0)
    return np.where((best == 0) | (best == 2 * reach), np.nan, (inner - reach + vertex) * CANDIDATE_MM)


def _common(shift: Float, places: BoundaryPlaces, labels: Sequence[int], relief_mm: float) -> tuple[Float, float]:
    """(2,) mm displacement that the regions show together, and the standard deviation in mm of one region's about it.

    The median over regions, so that one displaced region does not pass for the displacement of all; no longer than
    relief can make it. Fewer than three regions cannot tell, and the displacement stays in the uncertainty.
    """
    each = []
    for label in labels:
        here = np.flatnonzero((places.label == label) & np.isfinite(shift))
        if len(here) < _COMMON_PLACES:
            continue
        normals = places.normals[here]
        if float(np.linalg.eigvalsh(normals.T @ normals / len(here))[0]) < 0.1:
            continue  # a straight boundary says nothing along itself
        weights = np.ones(len(here))
        for _ in range(6):
            weighted = normals * weights[:, None]
            vector = np.linalg.solve(weighted.T @ normals, weighted.T @ shift[here])
            left = shift[here] - normals @ vector
            weights = np.clip(1 - (left / (4.685 * (_spread(left) + 1e-4))) ** 2, 0, None) ** 2 + 1e-9
        each.append(vector)
    if len(each) < _COMMON_REGIONS:
        return np.zeros(2), relief_mm / math.sqrt(2)
    vectors = np.array(each)
    common = np.median(vectors, axis=0)
    length = float(np.hypot(*common))
    most = 2 * relief_mm + _FLOOR_MM
    if length > most:
        common = common * (most / length)
    return common, 1.4826 * float(np.median(np.hypot(*(vectors - common).T))) / math.sqrt(2)


def _uneven(shift: Float, normals: Float) -> float:
    """mm, standard: how unevenly a boundary's places are shifted, beside a displacement and a growth of the region.

    Light from another side shows all along a boundary, so it shows here; a shift of less than half of it does not.
    """
    columns = np.column_stack([normals, np.ones(len(normals))])
    ridge = 1e-3 * len(normals) * np.eye(3)
    weights = np.ones(len(shift))
    left = shift
    for _ in range(6):
        weighted = columns * weights[:, None]
        left = shift - columns @ np.linalg.solve(weighted.T @ columns + ridge, weighted.T @ shift)
        weights = np.clip(1 - (left / (4.685 * (_spread(left) + 1e-4))) ** 2, 0, None) ** 2 + 1e-9
    return _spread(left)


def _over_a_stretch(possible: Float, places: BoundaryPlaces) -> Float:
    """(n,) mm that the boundary may lie off along a whole stretch of more than 0.5 mm from each place on."""
    ahead = places.around(_STRETCH)[:, _STRETCH:]
    return np.asarray(possible[ahead].min(axis=1))


def _spread(values: Float) -> float:
    """Robust standard deviation about zero."""
    return 1.4826 * float(np.median(np.abs(values)))


def _measurement(
    region: RegionMaster,
    shift: Float,
    doubt: Float,
    possible: Float,
    scatter: float,
    places: BoundaryPlaces,
    aligned: Aligned,
    master: Master,
    limit_mm: float | None,
) -> Measurement:
    own = np.flatnonzero((places.label == region.label) & places.readable)
    read = own[np.isfinite(shift[own])]
    share = len(read) / max(int((places.label == region.label).sum()), 1)
    if share < _LEAST_SHARE or len(read) < _LEAST_PLACES:
        return _none(region, share)
    here = shift[read] * aligned.similarity.scale
    worst = read[int(np.argmax(np.abs(here)))]
    largest = float(shift[worst] * aligned.similarity.scale)
    spread = _uneven(here, places.normals[read])
    value = math.sqrt(max(largest**2 - (_EXTREME * spread) ** 2, 0.0))
    every = np.flatnonzero((places.label == region.label) & places.counted)
    hidden = max(_over_a_stretch(possible, places)[every].max() - value, 0.0) if len(every) else 0.0
    budget = LengthBudget(
        calibration=value * aligned.u_scale,
        height=value * aligned.u_height,
        edges=math.hypot(_EDGES * spread, _FLOOR_MM),
        placement=scatter,
        definition=math.hypot(float(doubt[worst]), hidden / 2),
    )
    at = master.frame.to_mm(places.points[worst])
    to = at + places.normals[worst] * largest
    names = {r.label: r.name for r in master.regions} | {METAL: "metal"}
    beside = sorted({names.get(int(k), "other enamel") for k in np.unique(places.beside[own])})
    detail: dict[str, object] = {
        "signed_mm": math.copysign(value, largest),
        "mean_mm": float(here.mean()),
        "share_read": round(share, 3),
        "beside": beside,
        "shape": _shape(worst, shift, places, largest),
        "points_mm": [[float(at[0]), float(at[1])], [float(to[0]), float(to[1])]],
        "budget": budget.as_detail(),
    }
    if limit_mm is not None:
        detail["share_beyond"] = round(float((np.abs(here) > limit_mm).mean()), 3)
    return Measurement(
        f"boundary-shift:{region.name}",
        "boundary-shift",
        value,
        "mm",
        budget.expanded,
        _METHOD,
        (float(at[0]), float(at[1])),
        detail=detail,
    )


def _shape(worst: np.intp, shift: Float, places: BoundaryPlaces, largest: float) -> str:
    """``bay`` where the enamel draws back over a stretch hardly longer than it is deep, as where fill is missing; else
    ``stretch``."""
    count = int(places.length[worst])
    ring = int(places.start[worst]) + (int(worst - places.start[worst]) + np.arange(count)) % count
    beyond = np.nan_to_num(shift[ring]) * math.copysign(1.0, largest) > abs(largest) / 2
    ahead = count if beyond.all() else int(np.argmin(beyond))
    behind = 0 if beyond.all() else int(np.argmin(beyond[::-1]))
    long = (ahead + behind) * SPACING_MM
    return "bay" if largest < 0 and long < max(4 * abs(largest), 0.6) else "stretch"


def _none(region: RegionMaster, share: float) -> Measurement:
    why = f"only {share:.0%} of its boundary can be read: what lies beside it looks like it, or glare hides it"
    detail: dict[str, object] = {"share_read": round(share, 3)}
    return Measurement(
        f"boundary-shift:{region.name}", "boundary-shift", None, "mm", 0.0, _METHOD, region.centre_mm, why, detail
    )
