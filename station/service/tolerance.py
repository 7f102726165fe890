"""The colour tolerance that accepted units teach, beside the round limit of the control sheet."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from station.errors import RequestError
from station.service.lots import standing_units
from station.store import inspections, records
from station.store.database import Database
from station.store.rows import UnitRow
from station.values.documents import MeasurementDocument, UnitDocument, Verdict
from station.values.tolerance import (
    AxisLimitDocument,
    EllipsoidDocument,
    RegionToleranceDocument,
    ToleranceDocument,
    Triple,
)

if TYPE_CHECKING:
    from station.lots.tolerance import LearnedTolerance
    from station.sheet.models import Region

METHOD = (
    "tolerance ellipsoid of a trivariate normal distribution in L*, a*, b* of unit minus golden (CIE D50, 2 degrees), "
    "factor after Krishnamoorthy and Mondal 2006"
)
STATEMENT = (
    "Nothing is judged by this. It becomes a tolerance when buyer and supplier have both signed it; until then the "
    "control sheet's limit stands."
)
Float = NDArray[np.float64]


def learned_tolerance(
    db: Database, number: str, *, lot: str | None = None, region: str | None = None
) -> ToleranceDocument:
    """The tolerance that the accepted units of a golden sample's newest version teach.

    A unit is accepted where the line said ``conforms`` or a reviewer accepted it. Photos in which a gate failed are
    left out: they speak of the photo. Raises NotFoundError for an unknown golden or lot, RequestError for an unknown
    region.
    """
    from station.sheet import load_sheet

    golden = records.golden(db, number)
    sheet = load_sheet(golden.sheet_toml.encode())
    known = {r.name: r for r in sheet.regions}
    if region is not None and region not in known:
        raise RequestError(
            f"golden {number} has no region {region[:40]!r}",
            f"Use one of {', '.join(known) or 'none: it has no region'}.",
        )
    if lot is not None:
        records.lot(db, lot)
    rows = inspections.units(db, lot=lot, golden=number, current=True)
    left_out: Counter[str] = Counter()
    accepted = list(_accepted(rows, golden.version, left_out))
    return ToleranceDocument(
        golden=number,
        golden_version=golden.version,
        lot=lot,
        units=len(accepted),
        left_out=dict(left_out),
        method=METHOD,
        regions=tuple(_region(r, accepted) for name, r in known.items() if region in (None, name)),
        statement=STATEMENT,
    )


def _accepted(rows: Iterable[UnitRow], version: int, left_out: Counter[str]) -> Iterable[UnitDocument]:
    """One document a unit of a lot: two photos of one unit are not two units."""
    lots: dict[str | None, list[UnitRow]] = defaultdict(list)
    for row in rows:
        lots[row.lot].append(row)
    for row in (unit for of_lot in lots.values() for unit in standing_units(of_lot)):
        if row.golden_version != version:
            left_out["held to another version of the golden"] += 1
        elif row.standing is not Verdict.CONFORMS:
            left_out["not accepted"] += 1
        else:
            document = UnitDocument.model_validate_json(row.document)
            if all(g.ok for g in document.gates):
                yield document
            else:
                left_out["accepted on a photo in which a gate failed"] += 1


def _region(region: Region, accepted: list[UnitDocument]) -> RegionToleranceDocument:
    from station.lots.tolerance import LEAST_UNITS, learn_tolerance

    seen = [
        m
        for unit in accepted
        for m in unit.measurements
        if m.characteristic == f"colour:{region.name}" and None not in (m.value, m.lab, m.lab_golden)
    ]
    over = sum(_value(m) > region.accept for m in seen)
    if len(seen) < LEAST_UNITS:
        reason = f"{len(seen)} accepted units are too few: at least {LEAST_UNITS} are needed"
        return RegionToleranceDocument(
            region=region.name, units=len(seen), reason=reason, accept=region.accept, over_limit=over
        )
    lab = np.array([m.lab for m in seen])
    golden = np.array([m.lab_golden for m in seen])
    learned = learn_tolerance(lab - golden, golden[-1])
    outside = learned.distance(lab - golden) > learned.ellipsoids[0].factor
    above = np.array([_value(m) > region.accept for m in seen])
    u = float(np.median([m.u for m in seen]))
    shift = _shift(golden[-1], learned.mean)
    drift, warning = _drift(region.name, learned, shift, u)
    return RegionToleranceDocument(
        region=region.name,
        units=len(seen),
        lab_golden=_triple(golden[-1]),
        accept=region.accept,
        over_limit=over,
        mean=_triple(learned.mean),
        covariance=(_triple(learned.covariance[0]), _triple(learned.covariance[1]), _triple(learned.covariance[2])),
        shift=shift,
        shift_p=learned.drift_p,
        u=u,
        drift=drift,
        warning=warning,
        ellipsoids=tuple(
            EllipsoidDocument(
                content=e.content,
                confidence=e.confidence,
                factor=e.factor,
                half_axes=_triple(e.half_axes),
                axes=(_triple(e.axes[0]), _triple(e.axes[1]), _triple(e.axes[2])),
                limits={k: AxisLimitDocument(lower=low, upper=high) for k, (low, high) in e.limits.items()},
            )
            for e in learned.ellipsoids
        ),
        outside=int(outside.sum()),
        within_limit_only=int((outside & ~above).sum()),
        within_ellipsoid_only=int((~outside & above).sum()),
    )


def _drift(name: str, learned: LearnedTolerance, shift: float, u: float) -> tuple[bool, str]:
    """A mean off the golden counts where chance does not explain it and the golden's own reading cannot."""
    from station.lots.tolerance import DRIFT_SIGNIFICANCE

    if learned.drift_p >= DRIFT_SIGNIFICANCE:
        return False, ""
    if shift <= u:
        return False, (
            f"{name}: the accepted units lie {shift:.2f} CIEDE2000 beside the golden, within what one reading of the "
            f"golden is good to (u {u:.2f})"
        )
    return True, (
        f"{name}: the accepted units drift away from the golden, {shift:.2f} CIEDE2000 in the mean (u {u:.2f}, "
        f"p {learned.drift_p:.1g}). A tolerance round their mean would follow the drift: agree on it only knowingly"
    )


def _shift(golden: Float, mean: Float) -> float:
    from station.values.colour import Lab
    from station.values.difference import colour_difference

    return float(colour_difference(Lab(golden), Lab(golden + mean)).delta_e)


def _value(m: MeasurementDocument) -> float:
    assert m.value is not None
    return m.value


def _triple(values: Float) -> Triple:
    return float(values[0]), float(values[1]), float(values[2])
