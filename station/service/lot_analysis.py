"""What lies behind a lot's nonconforming units: the map of its defects, its clusters, the cause. Nothing is
recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from station.service.lots import outcome
from station.store import records
from station.store.database import Database
from station.store.rows import GoldenRow, UnitRow
from station.values.documents import Cause, ClusterDocument, Extent, UnitDocument, Verdict
from station.values.lot_analysis import LotExplanationDocument, LotMapDocument, MeasurementCauseDocument

if TYPE_CHECKING:
    import numpy as np

    from station.lots.causes import Characteristic
    from station.lots.defect_map import PlacedFinding
    from station.lots.factors import LotUnit
    from station.report.pictures import RGB
    from station.service.station import Station
    from station.sheet import Sheet
    from station.values.line import Master

SEED: Final = 20260510
"""Deals the defects: the same units give the same document."""
OBVIOUS_MM: Final = 1.0
"""Size from which a defect shows at arm's length to whoever looks."""
_MISSING: Final = ("missing-enamel", "closed-hole")
_GROUND_SIDE = 220
"""Places along the longer side of the part from which simulated findings are drawn."""


@dataclass(frozen=True, slots=True)
class _Lot:
    golden: GoldenRow
    sheet: Sheet
    rows: list[UnitRow]
    documents: list[UnitDocument]
    units: list[LotUnit]

    @property
    def nonconforming(self) -> int:
        return sum(bool(u.defects) for u in self.units)


class LotAnalysis:
    """The use cases, for one :class:`station.service.Station`."""

    def __init__(self, station: Station, db: Database) -> None:
        self._station, self._db = station, db

    def of_decision(self, lot: str) -> tuple[Sequence[ClusterDocument], Extent | None, Cause | None]:
        """What the lot's decision says of clusters and cause; nothing without a nonconforming unit."""
        known = self._lot(lot)
        if not known.nonconforming:
            return (), None, None
        found = self._explained(lot, known)
        leading = found.clusters.leading
        return found.clusters.clusters, None if leading is None else leading.extent, found.diagnosis.cause

    def explain(self, lot: str) -> LotExplanationDocument:
        """Clusters and cause of a lot's nonconforming units, in sentences and figures. Raises NotFoundError."""
        return self._explained(lot, self._lot(lot))

    def map(self, lot: str) -> LotMapDocument:
        """Defect x carton x identifier, and where on the part findings lie together. Raises NotFoundError."""
        import numpy as np

        from station.lots.defect_map import places_of, tables_of

        known = self._lot(lot)
        master = self._station.master(known.golden.number, known.golden.version)
        extent = float(np.ptp(master.outline_mm, axis=0).max())
        places = places_of(_placed(known), _ground(master, extent), extent, np.random.default_rng(SEED))
        left = sum(not u.seen for u in known.units)
        remarks = [f"on {left} units nothing could be measured"] if left else []
        if not any(u.factors for u in known.units):
            remarks.append("no carton or identifier is known of the units: hand them in with a units file (--units)")
        counts: dict[str, int] = {}
        for u in known.units:
            for name in u.defects:
                counts[name] = counts.get(name, 0) + 1
        return LotMapDocument(
            lot=lot, golden=known.golden.number, golden_version=known.golden.version, inspected=len(known.units),
            nonconforming=known.nonconforming, defects=dict(sorted(counts.items(), key=lambda i: (-i[1], i[0]))),
            tables=tables_of(known.units), places=places, remarks=tuple(remarks),
        )  # fmt: skip

    def picture(self, lot: str, found: LotMapDocument) -> RGB:
        """The map over the golden: every finding, their density, and where they lie together."""
        from station.report.lot_charts import lot_map_picture
        from station.report.pictures import display

        known = self._lot(lot)
        master = self._station.master(known.golden.number, known.golden.version)
        return lot_map_picture(display(master.image, master.correction), master.frame, _placed(known), found)

    def _lot(self, lot: str) -> _Lot:
        from station.sheet import load_sheet

        golden = records.golden_by_id(self._db, records.lot(self._db, lot).golden_id)
        sheet = load_sheet(golden.sheet_toml.encode())
        rows = self._station.standing_units(lot)
        documents = [UnitDocument.model_validate_json(r.document) for r in rows]
        units = [lot_unit(r, d, sheet) for r, d in zip(rows, documents, strict=True)]
        return _Lot(golden, sheet, rows, documents, units)

    def _explained(self, lot: str, known: _Lot) -> LotExplanationDocument:
        import numpy as np

        from station.lots.causes import diagnose
        from station.lots.clusters import find_clusters
        from station.service.lot_words import sentences

        rng = np.random.default_rng(SEED)
        clusters = find_clusters(known.units, rng, acceptable=_acceptable(known))
        characteristics = _characteristics(known)
        diagnosis = diagnose(
            known.units, characteristics, clusters, self._measurement(known, characteristics), rng,
            obvious=frozenset(d.unit for d in known.documents if _is_obvious(d)),
        )  # fmt: skip
        return LotExplanationDocument(
            lot=lot, golden=known.golden.number, golden_version=known.golden.version, inspected=len(known.units),
            nonconforming=known.nonconforming, clusters=clusters, diagnosis=diagnosis,
            sentences=tuple(sentences(lot, len(known.units), known.nonconforming, clusters, diagnosis)),
        )  # fmt: skip

    def _measurement(
        self, known: _Lot, characteristics: Sequence[Characteristic]
    ) -> tuple[MeasurementCauseDocument, ...]:
        newest = records.golden(self._db, known.golden.number).version
        return (
            _light(known.documents),
            _common_shift(characteristics),
            _repeatability(known.documents),
            MeasurementCauseDocument(
                name="standard",
                state="ruled out" if newest == known.golden.version else "not ruled out",
                words="the lot is held to the newest version of the golden sample"
                if newest == known.golden.version
                else f"the golden sample was sealed anew as version {newest} since, the lot is held to "
                f"version {known.golden.version}",
            ),
        )


def lot_unit(row: UnitRow, document: UnitDocument, sheet: Sheet) -> LotUnit:
    """A unit as the analysis sees it, a reviewer's word above the line's."""
    from station.lots.factors import CARTON, LotUnit

    factors = ({CARTON: row.carton} if row.carton else {}) | {k: v for k, v in row.identifiers.items() if v}
    seen = any(m.value is not None for m in document.measurements)
    return LotUnit(row.unit, factors, outcome(row, sheet).characteristics, seen)


def _acceptable(known: _Lot) -> dict[str, float]:
    from station.lots.clusters import acceptable_shares

    judged = [(m.characteristic, m.defect_class) for d in known.documents for m in d.measurements]
    judged += [(f.kind, f.defect_class) for d in known.documents for f in d.findings]
    return acceptable_shares(judged, known.sheet.aql)


def _placed(known: _Lot) -> list[PlacedFinding]:
    from station.lots.defect_map import PlacedFinding

    return [
        PlacedFinding(f.kind, row.unit, f.region, f.x_mm, f.y_mm, max(f.size_mm, f.length_mm))
        for row, document, unit in zip(known.rows, known.documents, known.units, strict=True)
        for f in document.findings
        if f.verdict is Verdict.NONCONFORMS and f.kind in unit.defects
    ]


def _ground(master: Master, extent_mm: float) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """By region the places of an even grid over it, in mm."""
    import numpy as np

    from station.values.line import METAL, OTHER

    step = max(1, round(extent_mm / master.frame.pitch_mm / _GROUND_SIDE))
    labels = master.labels[::step, ::step]
    names = {r.label: r.name for r in master.regions} | {METAL: "metal", OTHER: "other enamel"}
    out = {}
    for label, name in names.items():
        y, x = np.nonzero(labels == label)
        out[name] = master.frame.to_mm(np.stack([x, y], axis=-1).astype(np.float64) * step)
    return out


def _characteristics(known: _Lot) -> list[Characteristic]:
    """Colour along L*, a*, b*, sizes and entered values as differences from the master, with half of their
    tolerance."""
    import json
    from statistics import median

    import numpy as np

    from station.lots.causes import Characteristic

    sizes = dict(json.loads(known.golden.master_document).get("sizes_mm") or {})
    accept = {r.name: float(r.accept) for r in known.sheet.regions}
    values: dict[tuple[str, str], np.ndarray[tuple[int, ...], np.dtype[np.float64]]] = {}
    facts: dict[tuple[str, str], tuple[str, float, list[float], str]] = {}

    def put(key: tuple[str, str], i: int, value: float, fact: tuple[str, float, str], u: float) -> None:
        if key not in values:
            values[key] = np.full(len(known.documents), np.nan)
            facts[key] = (fact[0], fact[1], [], fact[2])
        values[key][i] = value
        facts[key][2].append(u / 2)

    for i, document in enumerate(known.documents):
        for m in document.measurements:
            name = m.characteristic.partition(":")[2]
            if m.kind == "colour" and m.lab is not None and m.lab_golden is not None:
                for axis, a, b in zip(("L*", "a*", "b*"), m.lab, m.lab_golden, strict=True):
                    put((m.characteristic, axis), i, a - b, ("colour", accept.get(name, 2.0) / 2, "CIELAB"), m.u)
            elif m.value is not None and m.nominal is not None and m.kind in ("size", "border", "position", "entered"):
                hardware = m.kind == "entered" and known.sheet.size(name) is None
                nominal = m.nominal if hardware else float(sizes.get(name, m.nominal))
                sides = [abs(limit - m.nominal) for limit in (m.lower, m.upper) if limit is not None]
                margin = max(sides, default=0.0) / 2 or 0.05 * abs(nominal)
                if margin > 0:
                    kind = "hardware" if hardware else "geometry"
                    put((m.characteristic, ""), i, m.value - nominal, (kind, margin, m.unit), m.u)
    return [
        Characteristic(f"{key[0]} {key[1]}".strip(), fact[0], values[key], fact[1], median(fact[2]), fact[3])  # type: ignore[arg-type]
        for key, fact in facts.items()
    ]


def _is_obvious(document: UnitDocument) -> bool:
    wrong = [f for f in document.findings if f.verdict is Verdict.NONCONFORMS]
    if any(f.kind in _MISSING or max(f.size_mm, f.length_mm) >= OBVIOUS_MM for f in wrong):
        return True
    return any(m.verdict is Verdict.NONCONFORMS and m.detail.get("missing") for m in document.measurements)


def _light(documents: Sequence[UnitDocument]) -> MeasurementCauseDocument:
    """The light and the exposure of the photos, by their gates."""
    failed = [d for d in documents if any(not g.ok and g.name in ("light", "clipping", "card") for g in d.gates)]
    share = len(failed) / max(len(documents), 1)
    if share > 0.25:
        words = f"{len(failed)} of {len(documents)} photos failed a gate of light, exposure or colour card"
        return MeasurementCauseDocument(name="light", state="suspect", words=words)
    if failed:
        words = f"{len(failed)} of {len(documents)} photos failed a gate of light, exposure or colour card"
        return MeasurementCauseDocument(name="light", state="not ruled out", words=words)
    words = "every photo passed the gates of light, exposure and colour card"
    return MeasurementCauseDocument(name="light", state="ruled out", words=words)


def _common_shift(characteristics: Sequence[Characteristic]) -> MeasurementCauseDocument:
    """Whether all regions are off the golden the same way, as by another light or white point."""
    import numpy as np

    regions: dict[str, list[float]] = {}
    margins: dict[str, float] = {}
    for c in characteristics:
        if c.kind == "colour" and np.isfinite(c.values).any():
            name = c.name.rsplit(" ", 1)[0]
            regions.setdefault(name, []).append(float(np.nanmedian(c.values)))
            margins[name] = c.margin
    shifts = np.array([v for v in regions.values() if len(v) == 3]).reshape(-1, 3)
    if len(shifts) < 3:
        words = "fewer than three regions have a colour, so a common shift cannot be told from one of the goods"
        return MeasurementCauseDocument(name="white point", state="not ruled out", words=words)
    size = np.linalg.norm(shifts, axis=1)
    ways = shifts / np.maximum(size, 1e-9)[:, None]
    if float((ways @ ways.T).min()) > 0.8 and bool((size > np.array(list(margins.values()))).all()):
        words = (
            f"all {len(shifts)} regions are off the golden the same way, as by another light: photograph the golden "
            "again beside the units"
        )
        return MeasurementCauseDocument(name="white point", state="suspect", words=words)
    words = "the regions are not all off the golden the same way"
    return MeasurementCauseDocument(name="white point", state="ruled out", words=words)


def _repeatability(documents: Sequence[UnitDocument]) -> MeasurementCauseDocument:
    with_study = sum(d.gauge is not None for d in documents)
    if documents and with_study == len(documents):
        words = "a gauge study of this golden and bench is in every uncertainty"
        return MeasurementCauseDocument(name="repeatability", state="ruled out", words=words)
    words = "no gauge study of this golden and bench: station gauge run"
    return MeasurementCauseDocument(name="repeatability", state="not ruled out", words=words)
