"""Documents to be sent: control sheet, certificate, first-article form, unit sheet, lot report, letters, annex to an
order. Nothing is recorded; what is in them, and when it was, the records say."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from station.errors import NotFoundError, RequestError
from station.store import inspections, records
from station.store.database import Database
from station.store.rows import GoldenRow, UnitRow
from station.values.documents import UnitDocument, Verdict
from station.values.papers import PaperDocument, PaperFile, PaperKind

if TYPE_CHECKING:
    from station.quality.criteria import OwnValue
    from station.quality.quotation import FailedLot
    from station.report.blocks import Paper
    from station.report.golden_papers import Sealed
    from station.report.lot_paper import ShownUnitFinding
    from station.service.station import Station
    from station.sheet import Sheet
    from station.values.documents import FindingDocument
    from station.values.geometry import Frame
    from station.values.line import Master
    from station.values.nonconformity import NonconformityDocument

GoldenPaper = Literal["control-sheet", "certificate", "approval", "message", "rfq"]
"""Papers about a golden sample."""
_MOST_FINDINGS: Final = 9
_NO_NAMES: Final = ("", "")


class Papers:
    """The use cases. Reached as ``Station.papers``. code : of the language, such as ``en`` or ``zh-Hant``.

    All raise NotFoundError for what is not in the records and RequestError for an unknown language.
    """

    def __init__(self, station: Station, db: Database) -> None:
        self._station, self._db = station, db

    def control_sheet(self, number: str, code: str) -> Paper:
        """The one-page control sheet of a golden sample's SKU."""
        from station.report.golden_papers import control_sheet
        from station.report.languages import language

        return control_sheet(self._sealed(number), language(code))

    def certificate(self, number: str, code: str) -> Paper:
        """The certificate of the version in force."""
        from station.report.golden_papers import certificate
        from station.report.languages import language

        return certificate(self._sealed(number), language(code))

    def approval(self, number: str, code: str) -> tuple[Paper, str]:
        """The approval statement as paper and as text (G5). Raises ConflictError for a version that cannot be approved
        (G4)."""
        from station.quality.sign_off import require_approvable
        from station.report.languages import language
        from station.report.letters import approval_paper, approval_text

        sealed, tongue = self._sealed(number), language(code)
        require_approvable(number, sealed.sheet, version=sealed.version, photo=True)
        return approval_paper(sealed, tongue), approval_text(sealed, tongue) + "\n"

    def message(self, number: str, code: str) -> tuple[Paper, str]:
        """The message to the supplier with its seven items, as paper and as text (G21)."""
        from station.report.languages import language
        from station.report.letters import message_paper, message_text

        sealed, tongue = self._sealed(number), language(code)
        return message_paper(sealed, tongue), message_text(sealed, tongue)

    def quotation(
        self, number: str, code: str, *, use: str = "", budget: str = "", quantities: Sequence[int] = ()
    ) -> Paper:
        """The annex to a request for quotation or an order, with what failed in earlier lots of the product."""
        from station.quality.quotation import quotation
        from station.report.languages import language
        from station.report.quotation_paper import quotation_paper

        sealed, tongue = self._sealed(number), language(code)
        failed = tuple(self._failed(sealed.status.sku))
        asked = quotation(sealed.sheet, failed, use=use, budget=budget, quantities=tuple(quantities))
        return quotation_paper(sealed, asked, tongue)

    def of_golden(
        self, kind: GoldenPaper, number: str, code: str, *, use: str = "", budget: str = "",
        quantities: Sequence[int] = (),
    ) -> tuple[Paper, str | None]:  # fmt: skip
        """The paper of a kind about a golden sample, and its text where it is a letter. use, budget, quantities : of
        the annex to a request for quotation."""
        if kind == "approval":
            return self.approval(number, code)
        if kind == "message":
            return self.message(number, code)
        if kind == "rfq":
            return self.quotation(number, code, use=use, budget=budget, quantities=quantities), None
        return (self.certificate if kind == "certificate" else self.control_sheet)(number, code), None

    def next_quotation(self, claim: NonconformityDocument, revised: Sheet, code: str) -> Paper:
        """The annex to the order after a complaint, held to the revised control sheet: of the golden version in force,
        with what people saw in the lot beside what the data say. Without the ledger's head, which every entry moves."""
        from station.quality.criteria import criteria
        from station.quality.quotation import quotation
        from station.report.languages import language
        from station.report.quotation_paper import quotation_paper

        f, sealed = claim.facts, self._sealed(claim.facts.golden)
        master = self._station.master(sealed.number, sealed.version)
        sealed = replace(
            sealed,
            sheet=revised,
            sheet_digest=revised.digest,
            head="",
            criteria=tuple(criteria(revised, master, {})),
        )
        seen = {p.item.name: p.item.units for p in claim.points if p.item.source == "seen" and not p.preference}
        failed = [replace(x, counts={**x.counts, **(seen if x.lot == f.lot else {})}) for x in self._failed(f.sku)]
        return quotation_paper(sealed, quotation(revised, tuple(failed), use=claim.context.use or ""), language(code))

    def first_article(self, order: str, code: str, *, sku: str | None = None) -> Paper:
        """The first-article form of an order (W6). sku : which, where the order has several."""
        from station.report.first_article_paper import first_article_paper
        from station.report.languages import language
        from station.service.first_article_papers import shown_first_article

        tongue, form = language(code), self._station.gates.first_article(order, sku)
        frame = _frame(records.golden(self._db, form.golden, form.golden_version))
        shown = shown_first_article(self._station, self._db, self._sealed(form.golden), frame, order, form.sku)
        return first_article_paper(shown, tongue)

    def unit(self, unit: str | int, code: str, *, golden: str | None = None, lot: str | None = None) -> Paper:
        """The sheet of a unit: its newest photo; or of the one of that id. golden, lot : which, where the name is not
        the only one."""
        from station.report.languages import language
        from station.report.unit_paper import ShownUnit, gravest, unit_paper
        from station.service.entering import as_they_stand

        tongue = language(code)
        found = unit if isinstance(unit, int) else self._station.finding_reviews.find(unit, golden=golden, lot=lot)
        row = as_they_stand(self._db, [inspections.unit(self._db, found)])[0]
        document = UnitDocument.model_validate_json(row.document)
        sealed = records.golden(self._db, row.golden, row.golden_version)
        frame = _frame(sealed)
        pictures = None if row.frame_sha256 is None else self._frames(row)
        crops: list[tuple[int, bytes]] = []
        drawn: tuple[bytes, bytes] | None = None
        if pictures is not None:
            from station.report.findings import numbered_jpeg, pair_jpeg

            wanted = gravest(document.findings)
            chosen = [(n, document.findings[n - 1]) for n in wanted]
            crops = [(n, pair_jpeg(*pictures, frame, f, names=_NO_NAMES)) for n, f in chosen]
            drawn = (numbered_jpeg(pictures[0], frame, []), numbered_jpeg(pictures[1], frame, chosen))
        paper = ShownUnit(
            document=document, sku=sealed.sku, product=sealed.product or sealed.sku, on=row.inspected_at.date(),
            lot=row.lot or "", carton=row.carton or "", standing=row.standing,
            reviewer=row.review.reviewer if row.review is not None and not row.overtaken else "",
            golden=None if drawn is None else drawn[0], unit=None if drawn is None else drawn[1], crops=crops,
            head=self.head(),
        )  # fmt: skip
        return unit_paper(paper, tongue)

    def lot(self, lot: str, code: str) -> Paper:
        """The report of a decided lot. Raises NotFoundError where it is not decided yet."""
        from station.report.languages import language
        from station.report.lot_paper import ShownLot, lot_paper
        from station.report.pictures import jpeg
        from station.service.lots import outcome
        from station.sheet import load_sheet

        tongue, document = language(code), self._station.lot_document(lot)
        row = records.lot(self._db, lot)
        sealed = records.golden_by_id(self._db, row.golden_id)
        sheet = load_sheet(sealed.sheet_toml.encode())
        mapped = self._station.analysis.map(lot)
        units = [u for u in self._station.standing_units(lot) if u.standing is not Verdict.CONFORMS]
        units.sort(key=lambda u: (u.standing is not Verdict.NONCONFORMS, u.unit))
        shown = ShownLot(
            document=document, sku=sealed.sku, product=sealed.product or sealed.sku, supplier=sheet.product.supplier,
            order=sheet.product.order, golden_version=sealed.version, golden_digest=sealed.digest,
            sheet_digest=sealed.sheet_digest, on=self._station.deciding.decided_at(lot).date(), map=mapped,
            explanation=self._station.analysis.explain(lot),
            panels=[(p, jpeg(data)) for p, data in self._station.analysis.panels(lot, mapped)],
            findings=self._worst(lot, sealed),
            units=[(u.unit, u.carton or "", u.standing, _against(u, outcome(u, sheet).characteristics)) for u in units],
            head=self.head(),
        )  # fmt: skip
        return lot_paper(shown, tongue)

    def head(self) -> str:
        """The head of the ledger, ``NUMBER:HASH``; "" where nothing was entered yet."""
        try:
            return self._station.ledger.head().head
        except NotFoundError:
            return ""

    # --- inside ------------------------------------------------------------------------------------------------------

    def _sealed(self, number: str) -> Sealed:
        from station.quality.criteria import criteria
        from station.report.golden_papers import Sealed
        from station.sheet import load_sheet

        row = records.golden(self._db, number)
        sheet, master = load_sheet(row.sheet_toml.encode()), self._station.master(number, row.version)
        own = _own_sizes(master, sheet)
        named = {s.name for s in sheet.sizes}
        return Sealed(
            sheet=sheet, status=self._station.sign_off.status(number), version=row.version, digest=row.digest,
            sheet_digest=row.sheet_digest, master_digest=row.master_digest, photo_sha256=row.photo_sha256,
            photo=row.photo, rig=row.rig, scale_source=master.scale_source, sealed_at=row.sealed_at,
            picture=self._station.golden_picture(number, row.version).data,
            criteria=tuple(criteria(sheet, master, own)),
            sizes=tuple(_other_sizes(master, named)), head=self.head(),
            open_items=self._station.record.open_items(number), controlled=self._station.record.controlled(number),
        )  # fmt: skip

    def _failed(self, sku: str) -> list[FailedLot]:
        from station.quality.quotation import FailedLot

        facts = self._station.nonconformities.facts
        refused = [r for r in facts.of_product(sku) if facts.newest_decision(r) == "rejected"]
        documents = [(self._station.lot_document(r.name), records.golden_by_id(self._db, r.golden_id)) for r in refused]
        return [FailedLot(d.lot, d.inspected, d.nonconforms, dict(d.counts), g.version) for d, g in documents]

    def _frames(self, row: UnitRow) -> tuple[bytes, bytes]:
        """JPEG of the golden and of the unit in the golden frame."""
        golden = self._station.golden_picture(row.golden, row.golden_version).data
        return golden, self._station.unit_picture(row.id).data

    def _worst(self, lot: str, sealed: GoldenRow) -> list[ShownUnitFinding]:
        from station.report.findings import pair_jpeg
        from station.report.lot_paper import ShownUnitFinding
        from station.service.reporting import worst_findings, worst_units

        frame = _frame(sealed)
        shown: list[ShownUnitFinding] = []
        golden = self._station.golden_picture(sealed.number, sealed.version).data
        for unit, n in worst_findings(self._station, worst_units(self._station.units(lot=lot)), _MOST_FINDINGS):
            picture = self._station.unit_picture(unit.id).data
            pair = pair_jpeg(golden, picture, frame, n.finding, names=_NO_NAMES)
            shown.append(ShownUnitFinding(unit.unit, n.finding, pair))
        return shown


def set_in(paper: Paper, form: Literal["pdf", "xlsx", "txt"], text: str | None = None) -> bytes:
    """A paper as the bytes of a file. text : of a letter. Raises RequestError for the text of what is no letter."""
    from station.report.paper import paper_pdf
    from station.report.workbook import paper_xlsx

    if form == "txt":
        if text is None:
            raise RequestError("this paper is no letter, so it has no text", "Ask for it as pdf or xlsx.")
        return text.encode()
    return paper_pdf(paper)[0] if form == "pdf" else paper_xlsx(paper)


def written(
    paper: Paper, kind: PaperKind, about: str, out: Path, *, text: str | None = None, xlsx: bool = False
) -> PaperDocument:
    """Write a paper: as PDF, as spreadsheet or, a letter, as text, by the ending of its name.

    xlsx : the spreadsheet too, beside the PDF under the same name.

    Raises RequestError for an ending that the paper does not have, or a place that cannot be written.
    """
    from station.report.paper import paper_pdf
    from station.report.typesetting import glyph_remark
    from station.report.workbook import paper_xlsx
    from station.service.out_files import write_file
    from station.values.digest import sha256_hex

    suffix = out.suffix.lower()
    known = [".pdf", ".xlsx", *([".txt"] if text is not None else [])]
    if suffix not in known:
        raise RequestError(f"{out.name} is none of {', '.join(known)} by its name", "Name it NAME.pdf, for example.")
    made: list[tuple[Path, bytes]] = []
    remark = ""
    if suffix == ".pdf":
        data, spelled = paper_pdf(paper)
        remark = glyph_remark(_texts(paper), spelled)
        made.append((out, data))
    if suffix == ".xlsx" or xlsx:
        made.append((out.with_suffix(".xlsx"), paper_xlsx(paper)))
    if suffix == ".txt" and text is not None:
        made.append((out, text.encode()))
    for path, data in made:
        write_file(path, data, path.suffix.lower())
    files = tuple(PaperFile(file=str(p), sha256=sha256_hex(d), size=len(d)) for p, d in made)
    return PaperDocument(
        kind=kind, about=about, language=paper.language.code, head=paper.head, files=files,
        remarks=(remark,) if remark else (),
    )  # fmt: skip


def _texts(paper: Paper) -> str:
    from station.report.paper import paper_data

    return json.dumps(paper_data(paper, {}), ensure_ascii=False)


def _own_sizes(master: Master, sheet: Sheet) -> dict[str, OwnValue]:
    """The golden's own sizes with their uncertainty, by characteristic."""
    from station.measure.own_values import own_sizes
    from station.quality.criteria import OwnValue

    found = own_sizes(master, sheet.sizes) if sheet.sizes else ()
    return {m.characteristic: OwnValue(m.value, m.u) for m in found if m.value is not None}


def _other_sizes(master: Master, named: set[str]) -> list[tuple[str, OwnValue]]:
    """Sizes of the golden that no row of its sheet names, without uncertainty: nothing is held to them."""
    from station.quality.criteria import OwnValue

    return [(name, OwnValue(value)) for name, value in sorted(master.sizes_mm.items()) if name not in named]


def _against(unit: UnitRow, characteristics: Collection[str]) -> list[str]:
    """What counts against a unit; of an undecided one what is undecided."""
    if characteristics:
        return sorted(characteristics)
    document = UnitDocument.model_validate_json(unit.document)
    open_ones = [m.characteristic for m in document.measurements if m.verdict is not Verdict.CONFORMS]
    findings: Sequence[FindingDocument] = document.findings
    return list(dict.fromkeys([*open_ones, *(f.kind for f in findings if f.verdict is not Verdict.CONFORMS)]))


def _frame(sealed: GoldenRow) -> Frame:
    from station.values.geometry import Frame

    known = json.loads(sealed.master_document)["frame"]
    return Frame(**{**known, "origin_px": tuple(known["origin_px"])})
