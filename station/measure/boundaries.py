"""Colour boundary shift: where the enamel of every region ends, against the golden sample.

Both pictures are read the same way at the same places (:mod:`station.measure.boundary_places`), so what the edge itself
is, a wall or a meniscus, cancels. What light makes of edges that face one way does not, where the part is turned; it is
the same for all edges of a region that do, and is taken off (:mod:`station.measure.edge_light`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

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
    likeness,
    places_of,
    profiles,
    running_median,
    without_veil,
    zone_end,
)
from station.measure.edge_light import light_on_edges
from station.measure.outline import OutlineShift
from station.values.budget import LengthBudget
from station.values.line import METAL, Aligned, Master, Measurement, RegionMaster

Float = NDArray[np.float64]

_METHOD = "enamel edges along the boundary's normals against the golden's, kept over 0.6 mm"
# Where no line says otherwise these are choices, not derived. Decision 0017's figures (280 boundaries of 47 rendered
# units of six designs, on which it was developed) hold for all of them together; what each was tried against alone is
# not on record. _MATCHED_MM, _AGREE_MM, _LEAST_SHARE and _FLOOR_MM are from the reading before it, by amount and break.
_RUNNING = 2  # places to either side: a speck of dust narrower than half of 0.5 mm moves no running median
_MATCHED_MM = 0.12  # reach of the comparison of likelihoods
_AGREE_MM = 0.04  # two readings that differ by more have seen different things
_FAR_MM = 0.08  # of a shift that the other readings say, from which the break may lie outside what is looked at
_LEAST_SHARE, _LEAST_PLACES = 0.25, 8  # of a boundary that must be readable
_WITHIN_MM = 0.2  # inside the boundary, where clipped light is glare and not the shine of a meniscus
_SPREAD_MM = (0.012, 0.03)  # of a reading: what three of one edge share; and more is a shift of the edge itself
_BIAS_SHARE = 0.3  # of what light makes of an edge, that stays in doubt
_GRID_MM = 0.01  # step of the shifts that are weighed: finer than the least spread of a reading
_STILL_MM, _STILL = 0.015, 4.0  # standard, of an unshifted place about its region's; most that this expectation counts
_RIGHT = 50.0  # odds that a reading sees the edge
_UNLIKELY = 0.03  # what a shift beyond the limit may still have for chance (decision 0017)
_SHARED = 1.6  # places that share their evidence (Gaussian sigma)
_PEAK_MM = 0.04  # about the likeliest shift, within which a place's own shift is averaged
_STRETCH = 5  # places: a stretch of more than 0.5 mm that is not read leaves the verdict open
_KEPT = 7  # places: a shift is one that is kept throughout 0.6 mm
_FLOOR_MM = 0.004  # standard; what all readings of one edge share and cannot show


def measure_boundaries(
    aligned: Aligned,
    master: Master,
    limits_mm: dict[str, float] | None = None,
    outline: OutlineShift | None = None,
    seen: EdgeShift | None = None,
) -> tuple[Measurement, ...]:
    """``boundary-shift:REGION`` for every region: the largest absolute shift of its boundary, in mm.

    limits_mm : by region, to state the share of the boundary beyond the limit. outline : of the unit; where all the
    artwork lies off it, boundaries are told relative to it, as marks are. seen : :func:`read_boundaries`, where the
    caller has it. The value is the shift that is kept throughout 0.6 mm, less the spread of the boundary's own shift as
    a power: value**2 = kept**2 - s**2.

    ``u`` (k = 2) is told by the boundary itself: that spread, how far the readings of the worst place differ, how
    surely light was told from shift, and how far a stretch of more than 0.5 mm may lie off by the readings there. So a
    boundary that is not read all along conforms only where no likely reading is beyond the limit; on an unread stretch
    the limit is the profiles' reach, 0.48 mm.

    ``detail``: ``signed_mm`` (positive: the enamel reaches further out than the golden's), ``mean_mm``, ``share_read``
    and ``share_beyond`` of the boundary, ``beside`` (names of the regions across it), ``shape``, ``points_mm`` (the
    golden's and the unit's place of the boundary), ``budget``. A boundary that cannot be read has the value None.
    """
    if not master.regions:
        return ()
    places = places_of(master)
    if places is None:
        return tuple(_none(region, 0.0) for region in master.regions)
    if seen is None:
        seen = read_shift(aligned, master, places)
    displaced = off_centre(outline)
    if displaced is not None:
        along = places.normals @ displaced[0]
        seen = replace(
            seen, shift=seen.shift - along, possible=np.minimum(seen.possible + np.abs(along), REACH_MM),
            u=np.hypot(seen.u, displaced[1]),
        )  # fmt: skip
    limits = limits_mm or {}
    return tuple(
        _measurement(region, seen, places, aligned, master, limits.get(region.name)) for region in master.regions
    )


@dataclass(frozen=True, slots=True)
class EdgeShift:
    """Of n places. shift : (n,) mm that the unit's boundary lies outside the golden's, NaN where nothing can be read.
    told : (n,) mm, the same by the readings alone, without the expectation that the place moved with its region. u :
    (n,) mm, standard uncertainty of what light makes of it. doubt : (n,) mm, of what the readings say. possible :
    (n,) mm off that it may be, the profiles' reach where nothing is read. common : (n,) mm that was taken off as a
    displacement of all edges alike, as registration or light makes it."""

    shift: Float
    told: Float
    u: Float
    doubt: Float
    possible: Float
    common: Float


def read_boundaries(aligned: Aligned, master: Master) -> EdgeShift | None:
    """:func:`read_shift` at the golden's own places, None where no region has a boundary that can be read."""
    places = places_of(master) if master.regions else None
    return None if places is None else read_shift(aligned, master, places)


def read_shift(aligned: Aligned, master: Master, places: BoundaryPlaces) -> EdgeShift:
    """How far the unit's boundary lies outside the golden's at every place.

    Each of three readings is freed of what light makes of it, and counts by how much the places of its region scatter
    about what is left.
    """
    turn = math.radians(aligned.similarity.rotation_deg - master.pose.rotation_deg)
    read = readings(aligned, master, places)
    lights = [light_on_edges(np.where(places.counted, r, np.nan), places.normals, places.label, turn) for r in read]
    freed = np.stack([r - light.bias for r, light in zip(read, lights, strict=True)])
    spread = np.stack([np.clip(np.nan_to_num(light.spread, nan=1.0), *_SPREAD_MM) for light in lights])
    weight = np.where(np.isfinite(freed), spread**-2.0, 0.0)
    level = np.stack([light.level for light in lights])
    level = (weight * level).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-9)
    shift, told, doubt, possible = likeliest(freed, spread, level, places)
    u = np.stack([np.hypot(light.u, _BIAS_SHARE * light.bias) for light in lights])
    u = (weight * u).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-9)
    bias = np.stack([light.bias for light in lights])
    bias = (weight * bias).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-9)
    seen = weight.any(axis=0)
    vector = np.linalg.lstsq(places.normals[seen], bias[seen], rcond=None)[0]
    return EdgeShift(shift, told, u, doubt, possible, places.normals @ vector)


def likeliest(
    readings: Float, spread: Float, level: Float, places: BoundaryPlaces
) -> tuple[Float, Float, Float, Float]:
    """(n,) mm, the likeliest shift by (k, n) readings of (k, n) mm standard deviation, NaN where there is none; (n,)
    mm, the same by the readings alone; (n,) mm, its standard deviation; and (n,) mm off that it may be but for
    ``_UNLIKELY``.

    Each reading is right, with a normal error, or sees something else (mixture of a normal and an even distribution:
    Box and Tiao, Biometrika 55, 1968), and so is the expectation that a boundary is shifted as its whole region is, by
    (n,) ``level``. Places within half a millimetre share their evidence.
    """
    count = round((REACH_MM + _GRID_MM) / _GRID_MM)
    grid = np.arange(-count, count + 1) * _GRID_MM
    cost = np.zeros((readings.shape[1], len(grid)))
    for reading, deviation in zip(readings, spread, strict=True):
        known = np.isfinite(reading)
        off = (grid[None, :] - np.where(known, reading, 0.0)[:, None]) / deviation[:, None]
        # a reading that is something else may be anywhere
        most = 2 * np.log(_RIGHT * 2 * REACH_MM / (deviation * math.sqrt(2 * math.pi)))
        cost += np.where(known[:, None], np.minimum(off**2, np.maximum(most, 0.0)[:, None]), 0.0)
    still = np.minimum(((grid[None, :] - level[:, None]) / _STILL_MM) ** 2, _STILL)
    all_told = averaged((cost + still).astype(np.float32), places, _SHARED)
    by_readings = averaged(cost.astype(np.float32), places, _SHARED)
    chance = np.exp(-0.5 * (all_told - all_told.min(axis=1, keepdims=True)).astype(np.float64))
    chance /= chance.sum(axis=1, keepdims=True)
    best = grid[all_told.argmin(axis=1)]
    near = np.where(np.abs(grid[None, :] - best[:, None]) < _PEAK_MM, by_readings, np.inf)
    near = np.exp(-0.5 * (near - near.min(axis=1, keepdims=True)).astype(np.float64))
    told = (near * grid).sum(axis=1) / near.sum(axis=1)
    near = chance * (np.abs(grid[None, :] - best[:, None]) < _PEAK_MM)
    shift = (near * grid).sum(axis=1) / near.sum(axis=1)
    deviation = np.sqrt((chance * (grid[None, :] - shift[:, None]) ** 2).sum(axis=1))
    within = np.cumsum(chance[:, count:] + np.pad(chance[:, :count][:, ::-1], ((0, 0), (1, 0))), axis=1)
    possible = grid[count:][np.argmax(within > 1 - _UNLIKELY, axis=1)]
    seen = np.isfinite(readings).any(axis=0)
    return (
        np.where(seen, shift, np.nan),
        np.where(seen, told, np.nan),
        deviation,
        np.where(seen, possible, REACH_MM),
    )


def readings(aligned: Aligned, master: Master, places: BoundaryPlaces) -> tuple[Float, Float, Float]:
    """(n,) mm that the unit's boundary lies outside the golden's by the amount of enamel, by its break and by where its
    likeness ends, medians over 0.5 mm; NaN where nothing can be read."""
    pitch = master.frame.pitch_mm
    seen = without_veil(profiles(aligned.image.pixels, places, pitch), places)
    # metal that shines may be clipped, for it is no enamel however bright; the enamel beside it may not
    within = places.points - places.normals * (_WITHIN_MM / pitch)
    hidden = at_nearest(~aligned.valid, places.points) | at_nearest(aligned.clipped, within)
    usable = places.counted & ~hidden
    edge, _ = enamel_amount(seen, places)
    by_amount = running_median(np.where(usable & places.halved, edge - places.edge, np.nan), places, _RUNNING)
    zone = zone_end(likeness(seen, places), places.alike, places) - places.zone
    by_zone = running_median(np.where(usable, zone, np.nan), places, _RUNNING)
    noise, blur = max(aligned.noise, master.noise), blur_of(master)
    here = np.zeros(len(edge), dtype=np.intp)
    moved = _matched(places, break_likelihood(seen, places, here, blur_mm=blur, noise=noise))
    # A break that lies outside what is looked at is looked for where the other two say.
    apart = ~(np.abs(moved - by_amount) < 2 * _AGREE_MM)
    backed = (np.abs(by_zone - by_amount) < _AGREE_MM) | (np.abs(by_amount) > _MATCHED_MM)
    at_its_end = ~(np.abs(moved) < _MATCHED_MM - _AGREE_MM / 2)
    far = (np.abs(by_amount) > _FAR_MM) & ((apart & backed) | at_its_end)
    if far.any():
        most = REACH_MM - 0.15
        steps = np.where(far, np.round(np.clip(np.nan_to_num(by_amount), -most, most) / STEP_MM), 0).astype(np.intp)
        there = _matched(places, break_likelihood(seen, places, steps, blur_mm=blur, noise=noise))
        moved = np.where(far, there + steps * STEP_MM, moved)
    by_break = running_median(np.where(usable, moved, np.nan), places, _RUNNING)
    return by_amount, by_break, by_zone


def _matched(places: BoundaryPlaces, likely: NDArray[np.float32]) -> Float:
    """(n,) mm by which the unit's likelihood of the break must be moved to lie on the golden's, NaN at the ends."""
    reach = round(_MATCHED_MM / CANDIDATE_MM)
    products = [
        (places.likely[:, max(0, -k) : CANDIDATES - max(0, k)] * likely[:, max(0, k) : CANDIDATES + min(0, k)]).sum(1)
        for k in range(-reach, reach + 1)
    ]
    match = averaged(np.stack(products, axis=1).astype(np.float32), places, _SHARED)
    best = match.argmax(axis=1)
    inner = np.clip(best, 1, 2 * reach - 1)
    row = np.arange(len(match))
    a, b, c = (match[row, inner + k].astype(np.float64) for k in (-1, 0, 1))
    bend = a - 2 * b + c
    vertex = np.where(bend < -1e-12, np.clip((a - c) / (2 * np.where(bend < -1e-12, bend, 1.0)), -0.5, 0.5), 0.0)
    return np.where((best == 0) | (best == 2 * reach), np.nan, (inner - reach + vertex) * CANDIDATE_MM)


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


def _kept(shift: Float, places: BoundaryPlaces) -> Float:
    """(n,) mm that the boundary is shifted by throughout ``_KEPT`` places about each, 0 where half of them or more are
    not read: so a misreading of a few places is no shift, and the top of a real one loses next to nothing."""
    near = shift[places.around(_KEPT // 2)]
    known = np.isfinite(near)
    least = np.where(known, near, np.inf).min(axis=1)
    most = np.where(known, near, -np.inf).max(axis=1)
    kept = np.where(least > 0, least, np.where(most < 0, most, 0.0))
    return np.where(known.sum(axis=1) > _KEPT // 2, kept, 0.0)


def _over_a_stretch(possible: Float, places: BoundaryPlaces) -> Float:
    """(n,) mm that the boundary may lie off along a whole stretch of more than 0.5 mm from each place on."""
    ahead = places.around(_STRETCH)[:, _STRETCH:]
    return np.asarray(possible[ahead].min(axis=1))


def _spread(values: Float) -> float:
    """Robust standard deviation about zero."""
    return 1.4826 * float(np.median(np.abs(values)))


def _measurement(
    region: RegionMaster,
    seen: EdgeShift,
    places: BoundaryPlaces,
    aligned: Aligned,
    master: Master,
    limit_mm: float | None,
) -> Measurement:
    shift = seen.shift
    own = np.flatnonzero((places.label == region.label) & places.counted)
    read = own[np.isfinite(shift[own])]
    share = len(read) / max(int((places.label == region.label).sum()), 1)
    if share < _LEAST_SHARE or len(read) < _LEAST_PLACES:
        return _none(region, share)
    scale = aligned.similarity.scale
    here = shift[read] * scale
    kept = _kept(shift, places)[read] * scale
    worst = read[int(np.argmax(np.abs(kept)))]
    largest = float(kept[np.argmax(np.abs(kept))])
    spread = _uneven(here, places.normals[read])
    value = math.sqrt(max(largest**2 - spread**2, 0.0))
    hidden = max(_over_a_stretch(seen.possible, places)[own].max() - value, 0.0)
    budget = LengthBudget(
        calibration=value * aligned.u_scale,
        height=value * aligned.u_height,
        edges=math.hypot(spread, _FLOOR_MM),
        placement=float(seen.u[worst]),
        definition=math.hypot(float(seen.doubt[worst]), hidden / 2),
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
    return "bay" if largest < 0 and long < max(5 * abs(largest), 0.6) else "stretch"


def _none(region: RegionMaster, share: float) -> Measurement:
    why = f"only {share:.0%} of its boundary can be read: what lies beside it looks like it, or glare hides it"
    detail: dict[str, object] = {"share_read": round(share, 3)}
    return Measurement(
        f"boundary-shift:{region.name}", "boundary-shift", None, "mm", 0.0, _METHOD, region.centre_mm, why, detail
    )
