"""Slow drift: the means of lots over the life of a golden sample, through reorders."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from station.lots.multiplicity import ALPHA
from station.lots.trends import LEAST
from station.service.entering import as_they_stand
from station.service.lots import standing_units
from station.store import inspections, records
from station.store.database import Database
from station.values.charts import LotMean, LotTrendsDocument, TrendDocument
from station.values.documents import MeasurementDocument, UnitDocument

KINDS: Final = ("colour", "size", "border", "position", "entered")
LEAST_UNITS: Final = 3


def trends_of(db: Database, golden: str) -> LotTrendsDocument:
    """The trends of every characteristic, those that drift first."""
    from station.lots.multiplicity import benjamini_hochberg

    means: dict[str, list[LotMean]] = {}
    last: dict[str, MeasurementDocument] = {}
    lots = [row for row in reversed(records.lots(db)) if row.golden == golden]
    for lot in lots:
        found: dict[str, list[float]] = {}
        for row in standing_units(as_they_stand(db, inspections.units(db, lot=lot.name, current=True))):
            for m in UnitDocument.model_validate_json(row.document).measurements:
                if m.kind in KINDS and m.value is not None:
                    found.setdefault(m.characteristic, []).append(m.value)
                    last[m.characteristic] = m
        for name, values in found.items():
            if len(values) >= LEAST_UNITS:
                mean = sum(values) / len(values)
                spread = sum((v - mean) ** 2 for v in values) / (len(values) - 1)
                means.setdefault(name, []).append(
                    LotMean(
                        lot=lot.name, opened_at=lot.created_at.isoformat(), golden_version=lot.golden_version,
                        units=len(values), mean=mean, error=math.sqrt(spread / len(values)),
                    )
                )  # fmt: skip
    trends = [_trend(name, rows, last[name]) for name, rows in means.items()]
    tested = [t for t in trends if t.p is not None]
    q = benjamini_hochberg([t.p for t in tested if t.p is not None]).tolist() if tested else []
    rates = {t.characteristic: rate for t, rate in zip(tested, q, strict=True)}
    judged = [_judged(t, rates.get(t.characteristic)) for t in trends]
    remarks = [] if len(lots) >= LEAST else [f"{len(lots)} lots: a trend is told from {LEAST} on"]
    versions = sorted({lot.golden_version for lot in lots})
    if len(versions) > 1:
        remarks.append(
            f"the lots are held to versions {', '.join(map(str, versions))}: a step between them may be the golden's"
        )
    judged.sort(key=lambda t: (not t.drifts, 1.0 if t.p is None else t.p, t.characteristic))
    return LotTrendsDocument(golden=golden, trends=tuple(judged), remarks=tuple(remarks))


def _trend(name: str, rows: Sequence[LotMean], m: MeasurementDocument) -> TrendDocument:
    from station.lots.trends import mann_kendall, pettitt

    lots = "1 lot" if len(rows) == 1 else f"{len(rows)} lots"
    bare = TrendDocument(
        characteristic=name, unit=m.unit, lots=tuple(rows), slope=None, low=None, high=None, p=None, q=None,
        drifts=False, change=None, change_p=None, limit=m.upper, lots_left=None,
        reason=f"{lots} with {LEAST_UNITS} units measured: {LEAST} are needed",
    )  # fmt: skip
    if len(rows) < LEAST:
        return bare
    values = [r.mean for r in rows]
    trend, change = mann_kendall(values), pettitt(values)
    return bare.model_copy(
        update={
            "limit": m.upper if trend.slope >= 0 else m.lower,
            "slope": trend.slope, "low": trend.low, "high": trend.high, "p": trend.p, "reason": "",
            "change": rows[change.at].lot if change.p <= ALPHA else None, "change_p": change.p,
        }
    )  # fmt: skip


def _judged(t: TrendDocument, q: float | None) -> TrendDocument:
    """The trend with its rate, and in words how far it is from the limit it runs towards."""
    if t.slope is None or q is None:
        return t
    drifts = q <= ALPHA and t.slope != 0
    left = None
    last = t.lots[-1].mean
    if drifts and t.limit is not None:
        left = max(0.0, (t.limit - last) / t.slope)
    if not drifts:
        reason = f"no trend over {len(t.lots)} lots is proven"
    else:
        unit = f" {t.unit}" if t.unit else ""
        reason = f"drifts by {t.slope:+.3g}{unit} a lot ({t.low:+.3g} to {t.high:+.3g})"
        if left is not None and t.limit is not None:
            reason += f"; at that pace the mean reaches the limit of {t.limit:g} in {left:.0f} lots"
    return t.model_copy(update={"q": q, "drifts": drifts, "lots_left": left, "reason": reason})
