"""The corrective package as one archive, and whether a product may be ordered again (N14, N18)."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from station.errors import ConflictError, NotFoundError, SheetError
from station.service.nonconformities import named
from station.values.digest import sha256_hex
from station.values.nonconformity import NcEvent, NonconformityDocument, Package, ReorderDocument
from station.values.spreadsheet import csv_text

if TYPE_CHECKING:
    from station.service.station import Station
    from station.sheet import Sheet

_OWN: Final = {"costs", "evidence", "package", "remarks", "faults", "to_close"}
"""What of a complaint is for its maker alone, as in its report: costs, strength, what stands against sending or
closing it; and the package, which cannot hold itself."""
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""Date of every member, so that the same data give the same bytes: the earliest that a ZIP can say."""


def corrective_package(
    station: Station, number: str, sheet: Path, *, by: str, write: Callable[[bytes], None], code: str = "en"
) -> tuple[bytes, NonconformityDocument]:
    """Bytes of the corrective package, written before it is recorded: defect map, revised control sheet, measured
    master references, acceptance criteria, updated inspection plan, the complaint they answer, the golden's record and
    what was released at the order's gates. The supplier gets it: what the remedies cost the buyer and how strong the
    claim is are not in it. code : language of the report and of the annex.

    Raises
    ------
    SheetError, RequestError
        A control sheet that cannot be read or does not answer the complaint.
    ConflictError
        The complaint is not complete enough to be sent, or something was recorded of it while the package was made.
    """
    from station.quality.corrective_package import vet_revision
    from station.sheet import load_sheet

    by = named(by)
    found, seen = station.nonconformities.seen_at(number)
    if found.faults:
        raise ConflictError(f"{number} is not complete: {found.faults[0]}", "Complete it first.")
    try:
        text = sheet.read_bytes()
    except OSError as error:
        raise SheetError(f"{sheet} cannot be read: {error.strerror}", "Give the revised control sheet.") from error
    revised = load_sheet(text)
    claimed = [p for p in found.points if not p.preference]
    failed = load_sheet(station.golden_sheet(found.facts.golden, found.facts.golden_version).encode())
    remarks = vet_revision(revised, failed, claimed)
    members = {"control-sheet.toml": text, **_members(station, found, revised, code)}
    index = {
        "nonconformity": number, "digest": found.digest, "lot": found.facts.lot, "sku": found.facts.sku,
        "control_sheet": {"failed": found.facts.sheet_digest, "revised": revised.digest, "remarks": list(remarks)},
        "files": {name: sha256_hex(data) for name, data in sorted(members.items())},
    }  # fmt: skip
    data = _archive({"index.json": _json(index), **members})
    write(data)
    at = station.nonconformities.now()
    known = found.package
    if known is None or known.sha256 != sha256_hex(data):
        made = Package(sha256=sha256_hex(data), sheet_digest=revised.digest, at=at, by=by)
        station.nonconformities.record(number, NcEvent(kind="package", at=at, by=by, package=made), seen)
    return data, station.nonconformities.show(number)


def reorder(station: Station, sku: str) -> ReorderDocument:
    """Whether a product may be ordered again: not where a lot failed, no corrective package was made for it, and no
    later lot was accepted in which at least as many units were inspected as it takes to fail (N18).

    A lot that was rejected and is open again since has failed until it is accepted. Raises NotFoundError for a product
    without a lot.
    """
    facts = station.nonconformities.facts
    rows = facts.of_product(sku)
    if not rows:
        raise NotFoundError(f"there is no lot of {sku[:40]!r}", "List the lots: station lot list")
    decided = [(r.name, found) for r in rows if (found := facts.decisions(r))]
    if not decided:
        return ReorderDocument(sku=sku, last_lot=None, blocked=False, reasons=("no lot of it is decided yet",))
    last, newest = decided[0][0], decided[0][1][0].decision
    accepted = 0  # most units that were inspected of a later lot which was accepted
    answered: ReorderDocument | None = None
    for lot, decisions in decided:
        failed = next((d for d in decisions if d.decision == "rejected"), None)
        if decisions[0].decision == "accepted" and not station.deciding.outdated(lot):
            accepted = max(accepted, decisions[0].inspected)
        elif failed is not None and accepted < failed.sample:
            blocked, reason = _failed(station, lot)
            if not blocked:
                answered = answered or ReorderDocument(sku=sku, last_lot=lot, blocked=False, reasons=(reason,))
                continue
            if accepted:
                reason += (
                    f"; of later lots that were accepted at most {accepted} units were inspected, and {failed.sample} "
                    "take its place"
                )
            return ReorderDocument(sku=sku, last_lot=lot, blocked=True, reasons=(reason,))
    reason = f"its newest decided lot, {last}, is {newest}"
    return answered or ReorderDocument(sku=sku, last_lot=last, blocked=False, reasons=(reason,))


def _failed(station: Station, lot: str) -> tuple[bool, str]:
    """Whether a lot that failed keeps its product from being ordered again, and why."""
    known = next((n for n in station.nonconformities.rows() if n.lot == lot), None)
    if known is None:
        return True, f"lot {lot} was rejected and nothing was claimed for it: station nc draft {lot}"
    package = station.nonconformities.show(known.number).package
    if package is None:
        return True, (
            f'lot {lot} was rejected and {known.number} has no corrective package; "same as last time" repeats '
            f"it: station nc package {known.number} --sheet REVISED.toml -o FILE.zip"
        )
    return False, f"lot {lot} was rejected; order by the corrective package of {known.number} ({package.sha256[:16]})"


def _members(station: Station, found: NonconformityDocument, revised: Sheet, code: str) -> dict[str, bytes]:
    from station.quality.corrective_package import COLUMNS, acceptance_criteria, inspection_plan
    from station.report.pictures import png
    from station.service.nonconformity_reporting import report_pdf
    from station.service.papers import set_in

    f = found.facts
    claimed = [p for p in found.points if not p.preference]
    lot_map = station.analysis.map(f.lot)
    report, _ = report_pdf(station, found.number, code, headed=False)
    annex = station.papers.next_quotation(found, revised, code)
    said = [e.model_dump(mode="json", by_alias=True) for e in station.record.events(f.golden)]
    return {
        **_gates(station, f.lot),
        "golden-record.json": _json({"golden": f.golden, "version": f.golden_version, "events": said}),
        "defect-map.json": _json(lot_map.model_dump(mode="json", by_alias=True)),
        "defect-map.png": png(station.analysis.picture(f.lot, lot_map, code)),
        "master-references.json": _json(_master(station, found)),
        "golden.jpg": station.golden_picture(f.golden, f.golden_version, kind="frame").data,
        "acceptance-criteria.csv": csv_text(
            [COLUMNS, *acceptance_criteria(revised, station.master(f.golden))]
        ).encode(),
        "inspection-plan.json": _json({"plans": _plans(revised, f.size), **inspection_plan(claimed, f.product_type)}),
        "nonconformity.json": _json(found.model_dump(mode="json", by_alias=True, exclude=_OWN)),
        "nonconformity.pdf": report,
        "request-for-quotation.pdf": set_in(annex, "pdf"),
        "request-for-quotation.xlsx": set_in(annex, "xlsx"),
    }


def _gates(station: Station, lot: str) -> dict[str, bytes]:
    """The lot's order with what happened at its gates: answers with their evidence, signed releases and waivers."""
    held = station.gates.of_lot(lot)
    if held is None:
        return {}
    record, events = held
    content = {"order": record.model_dump(mode="json", by_alias=True),
               "events": [e.model_dump(mode="json", by_alias=True) for e in events]}  # fmt: skip
    return {"gates.json": _json(content)}


def _plans(sheet: Sheet, size: int) -> list[dict[str, Any]]:
    """Tightened plans for the next lot of this size: after a lot that failed the buyer inspects no less."""
    from station.service.tools import plan

    found = []
    for c in ("critical", "major", "minor"):
        aql = float(getattr(sheet.aql, c))
        if aql == 0:
            found.append({"class": c, "n": "whole sample", "ac": 0, "re": 1})
            continue
        request = {
            "lot_size": size, "aql": aql, "level": sheet.aql.level, "severity": "tightened",
            "edition": sheet.aql.edition,
        }  # fmt: skip
        document = plan(request).model_dump(mode="json")
        found.append({"class": c, **{k: document[k] for k in ("n", "ac", "re", "severity", "level", "aql", "edition")}})
    return found


def _master(station: Station, found: NonconformityDocument) -> dict[str, Any]:
    """The golden sample's own numbers, which the next order is held to."""
    f = found.facts
    master = station.master(f.golden, f.golden_version)
    row = station.golden(f.golden, f.golden_version)
    colours = [
        {"region": r.name, "lab": [round(float(x), 3) for x in r.lab], "space": "CIELAB D50, 2 degrees"}
        for r in master.regions
        if r.lab is not None
    ]
    return {
        "golden": f.golden, "version": f.golden_version, "digest": f.golden_digest, "sheet_digest": f.sheet_digest,
        "photo_sha256": row.photo_sha256, "artwork": f.artwork, "thickness_mm": master.thickness_mm,
        "sizes_mm": dict(sorted(master.sizes_mm.items())), "colours": colours,
    }  # fmt: skip


def _archive(members: dict[str, bytes]) -> bytes:
    """A ZIP whose bytes follow from its members alone."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(members.items()):
            member = zipfile.ZipInfo(name, _EPOCH)
            member.compress_type, member.external_attr, member.create_system = zipfile.ZIP_DEFLATED, 0o644 << 16, 3
            archive.writestr(member, data)
    return out.getvalue()


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).encode()
