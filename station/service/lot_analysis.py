"""What lies behind a lot's nonconforming units: the map of its defects, its clusters, the cause. Nothing is
recorded."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

from station.service.entering import without_photo
from station.service.lots import draw_of_lot, outcome
from station.store import records
from station.store.database import Database
from station.store.rows import GoldenRow, UnitRow
from station.values.documents import Cause, ClusterDocument, Extent, MeasurementDocument, UnitDocument, Verdict
from station.values.lot_analysis import (
    LotExplanationDocument,
    LotMapDocument,
    LotUnitDocument,
    PlaceTestDocument,
    RepeatedPlaceDocument,
)

if TYPE_CHECKING:
    import numpy as np

    from station.lots.characteristics import Characteristic, RegionColours
    from station.lots.defect_map import PlacedFinding
    from station.lots.factors import LotUnit
    from station.report.pictures import RGB
    from station.service.station import Station
    from station.sheet import Sheet
    from station.values.line import Master

SEED: Final = 20260510
"""Deals the defects: the same units give the same document."""
_HELD_KINDS: Final = ("size", "border", "position", "entered")
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
        remarks = [*without_photo(self._db, lot, known.rows)]
        remarks += [f"on {left} units nothing could be measured"] if left else []
        if not any(u.factors for u in known.units):
            remarks.append("no carton or identifier is known of the units: hand them in with a units file (--units)")
        counts: dict[str, int] = {}
        for u in known.units:
            for name in u.defects:
                counts[name] = counts.get(name, 0) + 1
        return LotMapDocument(
            lot=lot, golden=known.golden.number, golden_version=known.golden.version, inspected=len(known.units),
            nonconforming=known.nonconforming, defects=dict(sorted(counts.items(), key=lambda i: (-i[1], i[0]))),
            tables=tables_of(known.units), places=places, remarks=tuple(remarks), repeated=_repeated(known),
        )  # fmt: skip

    def repeated(self, lot: str) -> tuple[RepeatedPlaceDocument, ...]:
        """Places on the golden where one kind is found on unit after unit. Raises NotFoundError."""
        return _repeated(self._lot(lot))

    def units(self, lot: str) -> tuple[LotUnitDocument, ...]:
        """The units that the lot counts, in natural order of their names. Raises NotFoundError."""
        known = self._lot(lot)
        return tuple(
            LotUnitDocument(
                id=r.id, unit=r.unit, standing=r.standing, factors=dict(u.factors), defects=tuple(sorted(u.defects))
            )
            for r, u in zip(known.rows, known.units, strict=True)
        )

    def picture(self, lot: str, found: LotMapDocument, code: str = "en") -> RGB:
        """The map over the golden: every finding, their density, and where they lie together. code : language of its
        words. Raises RequestError for a language that there is not."""
        from station.report.languages import language
        from station.report.lot_maps import lot_map_picture
        from station.report.pictures import display

        known = self._lot(lot)
        master = self._station.master(known.golden.number, known.golden.version)
        golden = display(master.image, master.correction)
        return lot_map_picture(golden, master.frame, _placed(known), found, language(code))

    def panels(self, lot: str, found: LotMapDocument) -> list[tuple[PlaceTestDocument, RGB]]:
        """The map of each kind of finding alone, without words, for a report."""
        from station.report.lot_maps import map_panels
        from station.report.pictures import display

        known = self._lot(lot)
        master = self._station.master(known.golden.number, known.golden.version)
        return map_panels(display(master.image, master.correction), master.frame, _placed(known), found)

    def panel_png(self, lot: str, kind: str) -> bytes:
        """PNG of the map of one kind of finding. Raises NotFoundError, also where no finding of the kind counts."""
        from station.errors import NotFoundError
        from station.report.pictures import png

        for place, picture in self.panels(lot, self.map(lot)):
            if place.kind == kind:
                return png(picture)
        raise NotFoundError(f"no finding {kind[:40]!r} counts in lot {lot}", "Take a kind that its map names.")

    def _lot(self, lot: str) -> _Lot:
        from station.sheet import load_sheet

        golden = records.golden_by_id(self._db, records.lot(self._db, lot).golden_id)
        sheet = load_sheet(golden.sheet_toml.encode())
        rows = self._station.standing_units(lot)
        documents = [UnitDocument.model_validate_json(r.document) for r in rows]
        drawn = draw_of_lot(self._db, lot)
        thirds = {} if drawn is None else {p.label: p.third for p in drawn.picks}
        units = [lot_unit(r, d, sheet, thirds.get(r.unit)) for r, d in zip(rows, documents, strict=True)]
        return _Lot(golden, sheet, rows, documents, units)

    def _explained(self, lot: str, known: _Lot) -> LotExplanationDocument:
        import numpy as np

        from station.lots import measurement_causes
        from station.lots.causes import diagnose
        from station.lots.clusters import find_clusters
        from station.lots.screening import is_obvious
        from station.service.lot_words import sentences

        rng = np.random.default_rng(SEED)
        clusters = find_clusters(known.units, rng, acceptable=_acceptable(known))
        regions = _regions(known)
        measurement = (
            measurement_causes.light(known.documents),
            measurement_causes.white_point(regions),
            measurement_causes.repeatability(known.documents),
            measurement_causes.standard(known.golden.version, records.golden(self._db, known.golden.number).version),
        )
        diagnosis = diagnose(
            known.units, _characteristics(known, regions), clusters, measurement, rng,
            obvious=frozenset(d.unit for d in known.documents if is_obvious(d)),
        )  # fmt: skip
        risk = self._station.traceability.sourcing_risk(known.sheet.product.supplier)
        return LotExplanationDocument(
            lot=lot, golden=known.golden.number, golden_version=known.golden.version, inspected=len(known.units),
            nonconforming=known.nonconforming, clusters=clusters, diagnosis=diagnosis,
            sourcing_risk=risk,
            sentences=(
                *sentences(lot, len(known.units), known.nonconforming, clusters, diagnosis),
                *(f"Sourcing risk: {words}." for words in risk),
                *(f"Note: {words}." for words in without_photo(self._db, lot, known.rows)),
            ),
        )  # fmt: skip


def lot_unit(row: UnitRow, document: UnitDocument, sheet: Sheet, third: str | None = None) -> LotUnit:
    """A unit as the analysis sees it, a reviewer's word above the line's. third : early, mid or late, of the pick list
    that it stands on."""
    from station.lots.factors import CARTON, THIRD, LotUnit

    factors = ({CARTON: row.carton} if row.carton else {}) | {k: v for k, v in row.identifiers.items() if v}
    if third is not None:
        factors.setdefault(THIRD, third)
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


def _repeated(known: _Lot) -> tuple[RepeatedPlaceDocument, ...]:
    """Of all findings, but dust and lint, which lie where they fall."""
    from station.judge.finding_rules import HARMLESS
    from station.lots.defect_map import PlacedFinding
    from station.lots.repeated_places import repeated_places

    return repeated_places(
        [
            PlacedFinding(f.kind, row.unit, f.region, f.x_mm, f.y_mm, max(f.size_mm, f.length_mm))
            for row, document in zip(known.rows, known.documents, strict=True)
            for f in (*document.findings, *document.set_aside)
            if f.kind not in HARMLESS
        ]
    )


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


def _characteristics(known: _Lot, regions: Sequence[RegionColours]) -> list[Characteristic]:
    """Colours, sizes and entered values as differences from the master."""
    from station.lots.characteristics import Characteristic, colours_of, margin_of

    sizes = dict(json.loads(known.golden.master_document).get("sizes_mm") or {})
    rows: dict[str, dict[int, MeasurementDocument]] = {}
    for i, document in enumerate(known.documents):
        for m in document.measurements:
            if m.value is not None and m.nominal is not None and m.kind in _HELD_KINDS:
                rows.setdefault(m.characteristic, {})[i] = m
    found = colours_of(regions)
    for name, measured in rows.items():
        newest = measured[max(measured)]
        row = name.partition(":")[2]
        hardware = newest.kind == "entered" and known.sheet.size(row) is None
        nominal = float(newest.nominal or 0.0) if hardware else float(sizes.get(row, newest.nominal or 0.0))
        margin = margin_of(float(newest.nominal or 0.0), newest.lower, newest.upper)
        if margin > 0:
            values = _column(known, {i: float(m.value or 0.0) - nominal for i, m in measured.items()})
            u = median(m.u / 2 for m in measured.values())
            found.append(Characteristic(name, "hardware" if hardware else "geometry", values, margin, u, newest.unit))
    return found


def _regions(known: _Lot) -> list[RegionColours]:
    """The colours of every region of the golden."""
    import numpy as np

    from station.lots.characteristics import RegionColours

    rows: dict[str, dict[int, MeasurementDocument]] = {}
    for i, document in enumerate(known.documents):
        for m in document.measurements:
            if m.kind == "colour" and m.lab is not None and m.lab_golden is not None:
                rows.setdefault(m.characteristic, {})[i] = m
    accept = {r.name: float(r.accept) for r in known.sheet.regions}
    found = []
    for name, measured in rows.items():
        limit = accept.get(name.partition(":")[2])
        if limit is not None:
            lab = np.stack(
                [_column(known, {i: m.lab[k] for i, m in measured.items() if m.lab}) for k in range(3)], axis=1
            )
            golden = np.array(measured[max(measured)].lab_golden)
            found.append(RegionColours(name, lab, golden, limit, median(m.u / 2 for m in measured.values())))
    return found


def _column(known: _Lot, values: Mapping[int, float]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """(n,) a value of each unit, NaN where there is none."""
    import numpy as np

    return np.array([values.get(i, math.nan) for i in range(len(known.documents))])
