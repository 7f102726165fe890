"""The course of a process: control charts of one characteristic over a stream of units, and drift from lot to lot."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from station.errors import RequestError
from station.service.lots import outcome, standing_units
from station.store import inspections, records
from station.store.database import Database
from station.store.rows import GoldenRow, UnitRow
from station.values.charts import (
    ChartDocument,
    ChartPoint,
    IndexDocument,
    LotTrendsDocument,
    ProcessDocument,
    SignalDocument,
)
from station.values.documents import MeasurementDocument, UnitDocument, Verdict

if TYPE_CHECKING:
    from station.lots.capability_indices import Index
    from station.lots.charts import Chart
    from station.sheet import Sheet

ChartType = Literal["auto", "i-mr", "xbar-s", "ewma", "cusum", "p", "u"]
TYPES: Final = ("auto", "i-mr", "xbar-s", "ewma", "cusum", "p", "u")
COMPONENTS: Final = ("dL", "dC", "dH")
NONCONFORMING, FINDINGS = "nonconforming", "findings"
RULES: Final = {
    0: "beyond the decision limit",
    1: "beyond three standard deviations",
    2: "nine in a row on one side of the centre",
    3: "six in a row rising or falling",
    4: "fourteen in a row up and down in turn",
    5: "two of three beyond two standard deviations on one side",
    6: "four of five beyond one standard deviation on one side",
    7: "fifteen in a row within one standard deviation",
    8: "eight in a row beyond one standard deviation",
}
BEYOND_COUNTS: Final = "beyond the limit that chance passes once in 741 times"
"""Rule 1 of shares and counts, whose limits are probabilities."""


@dataclass(frozen=True, slots=True)
class _Value:
    row: UnitRow
    measured: MeasurementDocument
    value: float


class Processes:
    """The use cases, for one :class:`station.service.Station`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def chart(
        self,
        characteristic: str,
        *,
        golden: str,
        lots: Sequence[str] = (),
        where: Mapping[str, str] | None = None,
        by: str | None = None,
        kind: str = "auto",
        component: str | None = None,
    ) -> ProcessDocument:
        """Charts of one characteristic over the units of a stream in the order in which they were inspected.

        characteristic : of a unit's measurements, ``nonconforming`` for the share of units, ``findings`` for their
        number a unit. lots : only these. where : only units with these identifiers. by : subgroups; an identifier,
        ``carton`` or ``lot``. component : dL, dC or dH of a colour, which have a sign, in place of its CIEDE2000.

        Raises
        ------
        RequestError
            An unknown characteristic, type, component or subgroup, or too few values. NotFoundError for an unknown
            golden or lot.
        """
        for name, given, known in (
            ("type", kind, TYPES),
            ("component", "dL" if component is None else component, COMPONENTS),
        ):
            if given not in known:
                raise RequestError(f"{given!r} is no {name} of a chart", f"Give one of {', '.join(known)}.")
        row = records.golden(self._db, golden)
        stream = {"golden": golden} | ({"lots": ", ".join(lots)} if lots else {}) | dict(where or {})
        rows = self._rows(golden, lots, where or {})
        if characteristic in (NONCONFORMING, FINDINGS) or kind in ("p", "u"):
            return self._counted(characteristic, rows, row, by or self._usual(rows), kind, stream)
        return self._measured(characteristic, rows, row, by, kind, component, stream)

    def trends(self, golden: str) -> LotTrendsDocument:
        """Slow drift of every colour, size and entered value over the lots of a golden sample, all its versions."""
        from station.service.lot_trends import trends_of

        records.golden(self._db, golden)
        return trends_of(self._db, golden)

    def _rows(self, golden: str, lots: Sequence[str], where: Mapping[str, str]) -> list[UnitRow]:
        from station.service.entering import as_they_stand

        for lot in lots:
            records.lot(self._db, lot)
        found = as_they_stand(self._db, inspections.units(self._db, golden=golden, current=True))
        by_lot: dict[str | None, list[UnitRow]] = {}
        for row in found:
            by_lot.setdefault(row.lot, []).append(row)
        standing = [r for rows in by_lot.values() for r in standing_units(rows)]
        kept = [
            r
            for r in sorted(standing, key=lambda r: r.id)
            if (not lots or r.lot in lots) and all(_identifier(r, k) == v for k, v in where.items())
        ]
        if not kept:
            raise RequestError("no inspected unit belongs to this stream", "See the units: station lot list")
        return kept

    def _usual(self, rows: Sequence[UnitRow]) -> str:
        return "lot" if len({r.lot for r in rows}) > 1 else "carton"

    def _counted(
        self,
        characteristic: str,
        rows: Sequence[UnitRow],
        golden: GoldenRow,
        by: str,
        kind: str,
        stream: dict[str, str],
    ) -> ProcessDocument:
        from station.lots.charts import counts, shares
        from station.sheet import load_sheet

        wanted = "u" if characteristic == FINDINGS else "p"
        if kind not in ("auto", wanted) and not (kind == "u" and characteristic != NONCONFORMING):
            raise RequestError(f"{characteristic} has no chart of type {kind}", f"Chart it with --type {wanted}.")
        wanted = wanted if kind == "auto" else kind
        sheet = load_sheet(golden.sheet_toml.encode())
        groups = _grouped(rows, by)
        of = [len(g) for g in groups.values()]
        if wanted == "u":
            found = [sum(_findings(r, sheet, characteristic) for r in g) for g in groups.values()]
            chart = counts(found, of)
        else:
            shown = [[outcome(r, sheet).characteristics for r in g] for g in groups.values()]
            found = [sum(bool(c) if characteristic == NONCONFORMING else characteristic in c for c in g) for g in shown]
            chart = shares(found, of)
        return ProcessDocument(
            characteristic=characteristic, unit="a unit" if wanted == "u" else "share of units",
            stream=stream | {"by": by}, units=sum(of), charts=(_document(chart, list(groups)),),
            in_control=not chart.signals, mean=chart.centre, mean_low=None, mean_high=None, master=None, shift=None,
            nominal=None, lower=None, upper=None, cp=None, cpk=None, pp=None, ppk=None,
            reason="a share or a number has no capability index", remarks=tuple(_remarks(chart, rows)),
        )  # fmt: skip

    def _measured(
        self,
        characteristic: str,
        rows: Sequence[UnitRow],
        golden: GoldenRow,
        by: str | None,
        kind: str,
        component: str | None,
        stream: dict[str, str],
    ) -> ProcessDocument:
        import numpy as np

        from station.lots.capability_indices import LEAST_VALUES, indices
        from station.lots.charts import (
            CUSUM_H,
            CUSUM_K,
            cusum,
            ewma,
            individuals,
            means_and_spreads,
            moving_sigma,
            subgroup_sigma,
            unlike_spread,
        )
        from station.lots.groups import mean_against

        values = _values(rows, characteristic, component)
        if len(values) < 2:
            raise RequestError(f"{characteristic} was measured on {len(values)} unit of this stream", "Inspect more.")
        x = np.array([v.value for v in values])
        labels = [v.row.unit for v in values]
        newest = values[-1].measured
        master = _master(golden, newest, component)
        remarks: list[str] = []
        sigma, freedom = moving_sigma(x)
        charts: list[ChartDocument]
        wanted = ("xbar-s" if by else "i-mr") if kind == "auto" else kind
        target = float(x.mean()) if master is None else master
        if wanted == "xbar-s":
            groups = _grouped_values(values, by or self._usual(rows))
            kept = {k: g for k, g in groups.items() if len(g) > 1}
            if len(kept) < len(groups):
                remarks.append(f"{len(groups) - len(kept)} subgroups of one unit are left out")
            pair = means_and_spreads(list(kept.values()))
            charts = [_document(c, list(kept)) for c in pair]
            sigma, freedom = subgroup_sigma(list(kept.values()))
            unlike = unlike_spread(list(kept.values()))
            if unlike is not None:
                remarks.append(f"the subgroups do not spread alike (Bartlett, p {unlike:.2g})")
            signals = bool(pair[0].signals or pair[1].signals)
        elif wanted in ("ewma", "cusum") and sigma == 0:
            raise RequestError(
                f"{characteristic} is the same from unit to unit: without spread there is no {wanted.upper()}",
                "Chart individuals: --type i-mr",
            )
        elif wanted == "ewma":
            chart = ewma(x, target, sigma)
            charts, signals = [_document(chart, labels)], bool(chart.signals)
        elif wanted == "cusum":
            chart = cusum(x, target, CUSUM_K * sigma, CUSUM_H * sigma)
            charts, signals = [_document(chart, labels)], bool(chart.signals)
        else:
            pair = individuals(x)
            charts = [_document(pair[0], labels), _document(pair[1], labels[1:])]
            signals = bool(pair[0].signals or pair[1].signals)
        lower, upper = (None, None) if component else (newest.lower, newest.upper)
        index = indices(x, sigma, freedom, lower, upper)
        mean = mean_against(x)
        reason = ""
        if lower is None and upper is None:
            reason = "without a limit there is no capability index"
        elif index.ppk is None:
            reason = f"{len(x)} values: an index takes {LEAST_VALUES} and some spread"
        elif signals:
            reason = "the process is not in control: the indices describe these units and promise nothing of the next"
        if component is None and newest.kind == "colour":
            remarks.append("a CIEDE2000 is never below 0 and not normal; dL, dC and dH (--component) have a sign")
        return ProcessDocument(
            characteristic=characteristic if component is None else f"{characteristic} {component}",
            unit=newest.unit, stream=stream | ({"by": by} if by else {}), units=len(x), charts=tuple(charts),
            in_control=not signals, mean=mean.mean, mean_low=mean.low, mean_high=mean.high, master=master,
            shift=None if master is None else mean.mean - master, nominal=None if component else newest.nominal,
            lower=lower, upper=upper, cp=_index(index.cp), cpk=_index(index.cpk), pp=_index(index.pp),
            ppk=_index(index.ppk), reason=reason, remarks=(*remarks, *_several(rows)),
        )  # fmt: skip


def _values(rows: Sequence[UnitRow], characteristic: str, component: str | None) -> list[_Value]:
    found, seen = [], set[str]()
    for row in rows:
        for m in UnitDocument.model_validate_json(row.document).measurements:
            seen.add(m.characteristic)
            value = m.value if component is None else getattr(m, component)
            if m.characteristic == characteristic and value is not None:
                found.append(_Value(row, m, float(value)))
    if characteristic not in seen:
        listed = ", ".join(sorted(seen)) or "none"
        raise RequestError(
            f"no unit of this stream has the characteristic {characteristic!r}",
            f"There are {listed}, {NONCONFORMING} and {FINDINGS}.",
        )
    if not found and component is not None:
        raise RequestError(f"{characteristic} has no {component}", "Only colours have dL, dC and dH.")
    return found


def _findings(row: UnitRow, sheet: Sheet, characteristic: str) -> int:
    """Findings of a unit that stand after its review; what a reviewer rejected it for and the line did not find is one
    more of each kind."""
    document = UnitDocument.model_validate_json(row.document)
    stands = outcome(row, sheet).characteristics
    kinds = [f.kind for f in document.findings if f.verdict is Verdict.NONCONFORMS and f.kind in stands]
    kinds += stands - set(kinds) - {m.characteristic for m in document.measurements}
    return sum(characteristic in (FINDINGS, kind) for kind in kinds)


def _master(golden: GoldenRow, m: MeasurementDocument, component: str | None) -> float | None:
    """The golden's own value: 0 for a signed colour difference, its size, else what the sheet agreed on."""
    if component is not None:
        return 0.0
    if m.kind == "colour":
        return None
    sizes = json.loads(golden.master_document).get("sizes_mm") or {}
    own = sizes.get(m.characteristic.partition(":")[2])
    return m.nominal if own is None else float(own)


def _identifier(row: UnitRow, name: str) -> str:
    if name in ("carton", "lot"):
        return (row.carton if name == "carton" else row.lot) or ""
    return row.identifiers.get(name, "")


def _grouped(rows: Sequence[UnitRow], by: str) -> dict[str, list[UnitRow]]:
    """Rows by subgroup, in the order in which the subgroups begin."""
    groups: dict[str, list[UnitRow]] = {}
    for row in rows:
        name = _identifier(row, by)
        if name:
            groups.setdefault(name, []).append(row)
    if len(groups) < 2:
        raise RequestError(
            f"the units of this stream make {len(groups)} subgroup by {by}", "Name another with --by, such as carton."
        )
    return groups


def _grouped_values(values: Sequence[_Value], by: str) -> dict[str, list[float]]:
    names = _grouped([v.row for v in values], by)
    groups: dict[str, list[float]] = {name: [] for name in names}
    for v in values:
        name = _identifier(v.row, by)
        if name:
            groups[name].append(v.value)
    return groups


def _document(chart: Chart, labels: Sequence[str]) -> ChartDocument:
    def finite(value: float) -> float | None:
        return float(value) if math.isfinite(value) else None

    return ChartDocument(
        kind=chart.kind,
        centre=chart.centre,
        points=tuple(
            ChartPoint(
                label=label, value=float(chart.points[i]), low=None if chart.low is None else float(chart.low[i]),
                lower=finite(chart.lower[i]), upper=finite(chart.upper[i]),
            )
            for i, label in enumerate(labels)
        ),
        signals=tuple(
            SignalDocument(
                point=labels[s.at], rule=s.rule, words=BEYOND_COUNTS if chart.kind in ("p", "u") else RULES[s.rule]
            )
            for s in chart.signals
        ),
    )  # fmt: skip


def _index(index: Index | None) -> IndexDocument | None:
    return None if index is None else IndexDocument(value=index.value, low=index.low, high=index.high)


def _several(rows: Sequence[UnitRow]) -> list[str]:
    versions = sorted({r.golden_version for r in rows})
    if len(versions) < 2:
        return []
    return [f"the units are held to versions {', '.join(map(str, versions))} of the golden; the master is the newest"]


def _remarks(chart: Chart, rows: Sequence[UnitRow]) -> list[str]:
    few = [] if len(chart.points) >= 8 else [f"{len(chart.points)} points are few: most rules need eight and more"]
    return [*few, *_several(rows)]
