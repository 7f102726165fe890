"""The map of a lot's defects: tables of defect x carton x identifier, and where on the part findings lie together.

A scratch that is always at two o'clock comes from a fixture, a pit that may be anywhere from the enamel. Findings of
one kind are held to as many placed at random over the regions in which that kind was found. A unit counts once for
each kind, by its largest finding: pieces of one scratch lie together by themselves. The statistic is Ripley's K,
standardised at each distance by its simulated mean and spread, at its largest over the distances; its p is by the
simulations themselves (Ripley, J. R. Statist. Soc. B 39 (1977) 172-212; Diggle, Statistical Analysis of Spatial
Point Patterns (2003), 2.3).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from station.lots.factors import CARTON, LotUnit
from station.lots.multiplicity import ALPHA, benjamini_hochberg
from station.values.lot_analysis import HotSpotDocument, MapRow, MapTable, PlaceTestDocument
from station.values.names import natural_key

Float = NDArray[np.float64]

SIMULATIONS: Final = 999
LEAST_UNITS: Final = 4
"""Units with a finding from which places are tested: of three, two close together are soon chance."""
MOST_UNITS: Final = 300
"""Units that are tested, drawn at random where there are more."""
SPOT: Final = 0.08
"""Radius of a place where findings lie together, of the part's extent."""
_REACH = (0.02, 0.04, 0.06, 0.08, 0.12, 0.16, 0.20)  # distances, of the part's extent
_MIDDLE = 0.12  # of the extent: nearer the middle a place has no direction


@dataclass(frozen=True, slots=True)
class PlacedFinding:
    """A finding on the part: its kind, the unit, the region it lies in, its place in the golden frame and its size."""

    kind: str
    unit: str
    region: str
    x_mm: float
    y_mm: float
    size_mm: float


def tables_of(units: Sequence[LotUnit]) -> tuple[MapTable, ...]:
    """One table for each factor, the carton's first; rows by level and carton in natural order."""
    names = sorted({n for u in units for n in u.factors}, key=lambda n: (n != CARTON, n))
    return tuple(MapTable(factor=name, rows=tuple(_rows(units, name))) for name in names)


def _rows(units: Sequence[LotUnit], factor: str) -> list[MapRow]:
    cells: dict[tuple[str, str | None], list[LotUnit]] = {}
    for u in units:
        if u.factors.get(factor):
            carton = None if factor == CARTON else u.factors.get(CARTON) or None
            cells.setdefault((u.factors[factor], carton), []).append(u)
    order = sorted(cells, key=lambda k: (natural_key(k[0]), natural_key(k[1] or "")))
    out = []
    for key in order:
        count: dict[str, int] = {}
        for u in cells[key]:
            for name in u.defects:
                count[name] = count.get(name, 0) + 1
        defects = dict(sorted(count.items(), key=lambda item: (-item[1], item[0])))
        out.append(
            MapRow(
                level=key[0], carton=key[1], inspected=len(cells[key]),
                nonconforming=sum(bool(u.defects) for u in cells[key]), defects=defects,
            )
        )  # fmt: skip
    return out


def places_of(
    findings: Sequence[PlacedFinding], ground: Mapping[str, Float], extent_mm: float, rng: np.random.Generator
) -> tuple[PlaceTestDocument, ...]:
    """Whether findings of each kind lie together on the part, commonest kind first.

    Parameters
    ----------
    ground
        By region (m, 2) mm: places spread evenly over it, as many to the square millimetre in every region.
    extent_mm
        Longer side of the part, by which distances are measured.
    """
    kinds: dict[str, list[PlacedFinding]] = {}
    for f in findings:
        kinds.setdefault(f.kind, []).append(f)
    tested = [
        _tested(kind, kinds[kind], ground, extent_mm, rng) for kind in sorted(kinds, key=lambda k: (-len(kinds[k]), k))
    ]
    known = [t.p for t in tested if t.p is not None]
    rates = iter(benjamini_hochberg(known).tolist() if known else [])
    out = []
    for t in tested:
        q = None if t.p is None else next(rates)
        together = q is not None and q <= ALPHA
        out.append(t.model_copy(update={"q": q, "together": together, "spot": t.spot if together else None}))
    return tuple(out)


def excess_p(points: Float, ground: Float, extent_mm: float, rng: np.random.Generator) -> float:
    """p that as many of (n, 2) points lie close to one another by chance, were they placed anywhere on ``ground``
    (m, 2)."""
    reach = extent_mm * np.array(_REACH)
    n = len(points)
    spacing = _spacing(ground)
    counts = np.empty((SIMULATIONS + 1, len(reach)))
    counts[0] = _pairs(points, reach)
    for k in range(1, SIMULATIONS + 1):
        dealt = ground[rng.integers(len(ground), size=n)] + spacing * (rng.random((n, 2)) - 0.5)
        counts[k] = _pairs(dealt, reach)
    # the observed pattern takes part in mean and spread, so that all patterns are exchangeable
    spread = counts.std(axis=0)
    excess = ((counts - counts.mean(axis=0)) / np.where(spread > 0, spread, 1.0)).max(axis=1)
    return float((excess >= excess[0] - 1e-9).mean())


def clock(x_mm: float, y_mm: float) -> str:
    """The direction of a place from the middle of the part as on a clock face, y being down."""
    hour = round(math.degrees(math.atan2(x_mm, -y_mm)) / 30) % 12
    return f"{hour or 12} o'clock"


def _tested(
    kind: str, found: Sequence[PlacedFinding], ground: Mapping[str, Float], extent_mm: float, rng: np.random.Generator
) -> PlaceTestDocument:
    largest: dict[str, PlacedFinding] = {}
    for f in found:
        if f.unit not in largest or f.size_mm > largest[f.unit].size_mm:
            largest[f.unit] = f
    p, spot, reason = None, None, ""
    regions = sorted({f.region for f in largest.values()})
    known = [ground[r] for r in regions if r in ground and len(ground[r])]
    if len(largest) < LEAST_UNITS:
        show = "1 unit shows it" if len(largest) == 1 else f"{len(largest)} units show it"
        reason = f"{show}: {LEAST_UNITS} are needed to tell"
    elif not known:
        reason = "the regions they lie in are not on the golden"
    else:
        chosen = list(largest.values())
        if len(chosen) > MOST_UNITS:
            chosen = [chosen[i] for i in rng.choice(len(chosen), MOST_UNITS, replace=False)]
        points = np.array([(f.x_mm, f.y_mm) for f in chosen])
        where = np.concatenate(known)
        p = excess_p(points, where, extent_mm, rng)
        spot = _spot(np.array([(f.x_mm, f.y_mm) for f in largest.values()]), where, extent_mm)
    return PlaceTestDocument(
        kind=kind, findings=len(found), units=len(largest), p=p, q=None, together=False, spot=spot, reason=reason
    )


def _spot(points: Float, ground: Float, extent_mm: float) -> HotSpotDocument:
    """The place that most units have within the radius of a spot; of several the tightest, at the mean of its
    points."""
    radius = SPOT * extent_mm
    distance = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    near = distance <= radius
    tight = np.where(near, distance, 0).sum(axis=1) / near.sum(axis=1)
    best = int(np.lexsort((tight, -near.sum(axis=1)))[0])
    x, y = points[near[best]].mean(axis=0)
    share = float((np.hypot(ground[:, 0] - x, ground[:, 1] - y) <= radius).mean())
    inside = int((np.hypot(points[:, 0] - x, points[:, 1] - y) <= radius).sum())
    far = math.hypot(x, y) > _MIDDLE * extent_mm
    return HotSpotDocument(
        x_mm=float(x), y_mm=float(y), radius_mm=radius, units=inside, of=len(points), expected=share * len(points),
        clock=clock(float(x), float(y)) if far else "",
    )  # fmt: skip


def _pairs(points: Float, reach: Float) -> NDArray[np.int64]:
    """(R,) pairs of points at most so far from each other."""
    difference = points[:, None] - points[None]
    square = (difference**2).sum(axis=2)[np.triu_indices(len(points), 1)]
    return np.searchsorted(np.sort(square), reach**2, side="right")


def _spacing(ground: Float) -> float:
    """Distance of neighbouring places of an even grid."""
    steps = np.diff(np.unique(ground[:, 0].round(6)))
    return float(steps.min()) if len(steps) else 0.0
