"""Documents to send or to confirm: approval statement and sheet, the regions, the one-page summary of a lot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from station.errors import NotFoundError
from station.values.documents import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from station.report.pictures import RGB
    from station.report.summary import ShownFinding
    from station.service.station import Station
    from station.service.views import NumberedFindingView, UnitView
    from station.sheet import Sheet
    from station.values.documents import FindingDocument
    from station.values.line import Master

PICTURES = 4
"""Annotated pictures on the summary; more would not stay on one page."""


def lot_summary(station: Station, lot: str) -> bytes:
    """PDF bytes of the one-page summary of a decided lot. Raises NotFoundError where it is not decided yet."""
    from station.report.summary import lot_summary as write

    document = station.lot_document(lot)
    units = station.units(lot=lot)
    golden = station.golden(document.golden)
    worst = worst_units(units)
    pictures = [station.unit_picture(u.id, kind="annotated").data for u in worst[:PICTURES]]
    return write(
        document,
        [station.unit_document(u.id) for u in units],
        title=golden.product or golden.sku,
        sheet_number=golden.sku,
        on=station.deciding.decided_at(lot).date(),
        pictures=pictures,
        findings=_shown_findings(station, worst),
    )


def worst_findings(
    station: Station, units: Sequence[UnitView], most: int
) -> list[tuple[UnitView, NumberedFindingView]]:
    """The worst findings of flagged units, given worst first: every unit's worst before any unit's second.

    Left out are findings that reviewers refused or a threshold set aside, and those of units that were accepted.
    """
    ranked: list[tuple[int, int, UnitView, NumberedFindingView]] = []
    for at, unit in enumerate(u for u in units if u.standing is not Verdict.CONFORMS):
        found = [
            n
            for n in station.finding_reviews.findings(unit.id).findings
            if not n.set_aside and n.standing != "refused" and n.finding.verdict is not Verdict.CONFORMS
        ]
        found.sort(key=lambda n: (n.finding.verdict is not Verdict.NONCONFORMS, -_times(n.finding), n.number))
        ranked += [(turn, at, unit, n) for turn, n in enumerate(found)]
    ranked.sort(key=lambda row: row[:2])
    return [(unit, n) for _, _, unit, n in ranked[:most]]


def _times(f: FindingDocument) -> float:
    """Extent as a multiple of the limit, where there is one."""
    from station.judge.finding_rules import extent_of

    return extent_of(f) / (f.limit_mm or 1.0)


def _shown_findings(station: Station, units: Sequence[UnitView]) -> list[ShownFinding]:
    from station.report.findings import pair_jpeg
    from station.report.summary import FINDINGS, ShownFinding
    from station.values.geometry import Frame

    shown = []
    for unit, n in worst_findings(station, units, FINDINGS):
        frame = Frame(**station.golden_frame(unit.golden, unit.golden_version).model_dump())
        golden = station.golden_picture(unit.golden, unit.golden_version).data
        picture = pair_jpeg(golden, station.unit_picture(unit.id).data, frame, n.finding)
        shown.append(ShownFinding(unit.unit, n.finding, picture, confirmed=n.standing == "confirmed"))
    return shown


def worst_units(units: list[UnitView]) -> list[UnitView]:
    """Flagged units that have an annotated picture: nonconforming first, the one farthest beyond its limit first."""
    flagged = [u for u in units if u.verdict is not Verdict.CONFORMS and u.has_pictures]
    return sorted(flagged, key=lambda u: (u.verdict is not Verdict.NONCONFORMS, u.margin or 0.0, u.unit))


def region_picture(station: Station, number: str, version: int | None = None) -> bytes:
    """PNG bytes of :func:`region_raster`."""
    from station.report.pictures import png

    return png(region_raster(station, number, version))


def region_raster(station: Station, number: str, version: int | None = None) -> RGB:
    """The golden with every region outlined and named, for a person to confirm. Raises NotFoundError without any."""
    import numpy as np

    from station.measure.coverage import uncovered_enamel
    from station.report.region_pictures import region_picture as draw

    master = station.master(number, version)
    if not master.regions:
        raise NotFoundError(f"golden {number} has no regions", "Name regions in its control sheet and seal it again.")
    uncovered = np.zeros(master.labels.shape, dtype=bool)
    for piece in uncovered_enamel(master):
        uncovered |= piece.where
    return draw(master.image, master.labels, [r.name for r in master.regions], uncovered)


_LIMITS = 10
"""Limits on the approval sheet; more would not stay on one page."""


def approval_sheet(station: Station, number: str) -> bytes:
    """PDF bytes of the page that both parties sign by hand: the newest version of a golden sample."""
    from station.quality.page_code import page_text
    from station.quality.sign_off import PRODUCT, SIGNERS
    from station.report.approval_sheet import approval_sheet as write
    from station.sheet import load_sheet

    golden, toml = station.golden(number), station.golden_sheet(number)
    sheet = load_sheet(toml.encode())
    limits = _limits(sheet, station.master(number))
    head = station.ledger.head()
    status = station.sign_off.status(number)
    artefacts = [a for a in status.artefacts if a.artefact != PRODUCT and a.version is not None]
    data = {
        "title": f"Golden sample {number}",
        "subtitle": f"{golden.product} ({golden.sku})",
        "date": [golden.sealed_at.year, golden.sealed_at.month, golden.sealed_at.day],
        "version": golden.version,
        "facts": [
            ["sealed on", f"{golden.sealed_at:%Y-%m-%d %H:%M} UTC"], ["SKU", golden.sku], ["type", sheet.product.type],
            ["finish", sheet.product.finish or "not said"], ["control sheet", golden.sheet_digest[:16]],
        ],
        "digest": [golden.digest[i : i + 8] for i in range(0, 64, 8)],
        "text": station.sign_off.approval_statement(number),
        "limits": limits[:_LIMITS],
        "more": max(0, len(limits) - _LIMITS),
        "artefacts": [[a.artefact, str(a.version), a.name, (a.digest or "")[:16]] for a in artefacts],
        "parties": SIGNERS,
        "command": f"station golden sign {number} --party buyer|supplier --name WHO --sheet-photo PHOTO",
        "code": page_text(
            number, {PRODUCT: (golden.version, golden.digest)}
            | {a.artefact: (a.version, a.digest or "") for a in artefacts if a.version is not None},
        ),
        "footer": f"head of the ledger {head.head}  |  key {head.key}",
    }  # fmt: skip
    return write(data, station.golden_picture(number).data)


def _limits(sheet: Sheet, master: Master) -> list[list[str]]:
    """What the sheet holds units to, in words: characteristic, limit, class that counts."""
    from station.quality.criteria import criteria
    from station.report.languages import language
    from station.report.words import characteristic, limit, unit_of

    english, rows = language("en"), []
    for c in criteria(sheet, master, {}):
        unit = "" if c.unit == "1" else unit_of(c.unit)
        sides = [f"{side} {limit(b).text}" for side, b in (("from", c.lower), ("to", c.upper)) if b is not None]
        told = f"{' '.join(sides)} {unit}".rstrip()
        if c.review is not None:
            told += f", rejected above {limit(c.review).text}"
        rows.append([characteristic(c.characteristic, english), told, c.defect_class])
    return rows + [[d.label, f"at most {d.limit_mm:g} mm", d.counted_class] for d in sheet.defects]
