"""Papers about a sealed golden sample: the one-page control sheet of its SKU and its certificate (G11-G14, N19)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from station.quality.criteria import Criterion, OwnValue
from station.report.blocks import (
    Beside,
    Block,
    Cell,
    Code,
    Column,
    Facts,
    Paper,
    Picture,
    Pictures,
    Section,
    Signature,
    Signatures,
    Table,
)
from station.report.languages import Language
from station.report.words import (
    EDITIONS,
    characteristic,
    defect,
    defect_class,
    limit,
    or_not_said,
    time_of,
    unit_of,
    with_u,
)
from station.sheet import Sheet
from station.sheet.plating import bounds_um
from station.values.sign_off import GoldenStatusDocument, SignOffDocument

PARTIES: Final = ("buyer", "supplier")
_CLASSES: Final = ("critical", "major", "minor")


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed version of a golden sample as the papers show it. picture : JPEG of the golden in its frame.

    sizes : own sizes that no row of the sheet names, by name. head : of the ledger, ``NUMBER:HASH``, "" without one.
    controlled : attributes whose change the record controls, none where it names none.
    """

    sheet: Sheet
    status: GoldenStatusDocument
    version: int
    digest: str
    sheet_digest: str
    master_digest: str
    photo_sha256: str
    photo: str
    rig: str | None
    scale_source: str
    sealed_at: datetime
    picture: bytes
    criteria: Sequence[Criterion]
    sizes: Sequence[tuple[str, OwnValue]]
    head: str
    open_items: Sequence[str] = ()
    controlled: Sequence[str] = ()

    @property
    def number(self) -> str:
        """Of the golden sample."""
        return self.status.number

    @property
    def product(self) -> str:
        """What it is called, the SKU where it has no name."""
        return self.sheet.product.name or self.sheet.product.sku

    @property
    def approved_by(self) -> str:
        """Who approved it for the buyer: whoever signed, else whom the sheet names; "" for nobody."""
        return self._signer("buyer") or self.sheet.golden.approved_by

    @property
    def confirmed_by(self) -> str:
        """Who confirmed it for the supplier: whoever signed, else whom the sheet names; "" for nobody."""
        return self._signer("supplier") or self.sheet.golden.confirmed_by

    @property
    def approved_on(self) -> str:
        """The day that the sheet gives, else that of the second signature; "" where there is neither."""
        if self.sheet.golden.approved_on is not None:
            return self.sheet.golden.approved_on.isoformat()
        signed = {x.statement.party: x.statement.at for x in self._signed()}
        return max(signed.values())[:10] if len(signed) == len(PARTIES) else ""

    def _signed(self) -> list[SignOffDocument]:
        """Signatures under this version of the product, oldest first."""
        return [
            x for x in self.status.sign_offs if (x.statement.artefact, x.statement.version) == ("product", self.version)
        ]

    def _signer(self, party: str) -> str:
        return next((x.statement.name for x in reversed(self._signed()) if x.statement.party == party), "")


def control_sheet(s: Sealed, language: Language) -> Paper:
    """What units of a SKU are held to, on one page: limits beside the master's own values, defects, classes, light."""
    say = language.text
    text = f"{say('paper.version', version=s.version)}"
    sections = [
        Section("", [Beside([_picture(s, language, 44)], [Facts(_product_facts(s, language), beside=1)], 50)]),
        Section(say("section.limits"), [criteria_table(s.criteria, language)]),
    ]
    reasons = _reasons(s.sheet, language)
    if reasons:
        sections.append(Section(say("section.matters"), [Facts(reasons, beside=1)]))
    if s.sheet.defects:
        sections.append(Section(say("section.defects"), [defect_limits(s.sheet, language)]))
    sections.append(
        Section("", [Beside([_classes(s.sheet, language)], [Facts(_light_facts(s.sheet, language), beside=1)], 78)])
    )
    rest = [("notes", s.sheet.product.notes), ("open-items", language.listed.join(s.open_items))]
    told: list[tuple[str, Cell]] = [(say(f"fact.{name}"), text) for name, text in rest if text]
    if told:
        sections.append(Section("", [Facts(told, beside=1)]))
    return Paper(
        title=say("paper.control-sheet"), subtitle=_subtitle(s, language), stamp=text, on=s.sealed_at.date(),
        sections=sections, language=language, footer=say("paper.footer"), head=s.head,
        basis=[(say("fact.golden"), s.digest), (say("paper.control-sheet"), s.sheet_digest)], one_page=True,
    )  # fmt: skip


def certificate(s: Sealed, language: Language) -> Paper:
    """Which version is the standard, what it measures, what the seal covers, and who signed it."""
    say = language.text
    state = say(f"golden_state.{s.status.state.replace(' ', '-')}")
    facts = [
        (say("fact.golden"), s.number), (say("fact.version"), str(s.version)), (say("fact.state"), state),
        *_product_facts(s, language)[:-1], (say("fact.sealed"), time_of(s.sealed_at)),
        (say("fact.rig"), or_not_said(s.rig or "", language)), (say("fact.scale"), say(f"scale.{s.scale_source}")),
    ]  # fmt: skip
    master: list[Block] = [criteria_table(s.criteria, language)]
    if s.sizes:
        own = (Column(say("column.characteristic"), wide=1), Column(say("column.master"), right=True))
        units = {"area": "mm²"}
        rows = [
            (language.texts.get(f"own_size.{name}", name), own_words(v, units.get(name, "mm"), language))
            for name, v in s.sizes
        ]
        master.append(Table(own, rows, name=say("section.master")))
    digests: list[tuple[Cell, ...]] = [
        (say("fact.golden"), f"{s.number} v{s.version}", Code(s.digest)),
        (say("paper.control-sheet"), s.sheet.product.sku, Code(s.sheet_digest)),
        (say("section.master"), "", Code(s.master_digest)),
        (say("fact.photo"), s.photo, Code(s.photo_sha256)),
    ]
    columns = (Column(""), Column(say("column.file"), wide=1), Column(say("column.digest")))
    sections = [
        Section("", [Beside([_picture(s, language, 62)], [Facts(facts, beside=1)], 64)]),
        Section(say("section.signatures"), [Signatures([_signed(s, p, language) for p in PARTIES])]),
        Section(say("section.digests"), [Table(columns, digests, name=say("section.digests"))]),
        Section(say("section.master"), master),
    ]
    artefacts = [a for a in s.status.artefacts if a.artefact != "product" and a.version is not None]
    if artefacts:
        names = ("artefact", "version", "file", "signed", "digest")
        heads = tuple(Column(say(f"column.{n}"), wide=1.0 if n in ("file", "signed") else 0) for n in names)
        signed_apart = [
            (
                say(f"artefact.{a.artefact}"), str(a.version), a.name,
                ", ".join(say(f"party.{p}") for p in a.signed_by) or say("sign.pending"), Code((a.digest or "")[:16]),
            )
            for a in artefacts
        ]  # fmt: skip
        sections.append(Section(say("section.artefacts"), [Table(heads, signed_apart, name=say("section.artefacts"))]))
    signed = s.status.state in ("approved", "conditionally approved")
    return Paper(
        title=f"{say('paper.certificate')} {s.number}", subtitle=_subtitle(s, language),
        stamp=f"{say('paper.version', version=s.version)} · {state}", tone="good" if signed else "open",
        on=s.sealed_at.date(), sections=sections, language=language, footer=say("paper.footer"), head=s.head,
        one_page=True,
    )  # fmt: skip


def criteria_table(criteria: Sequence[Criterion], language: Language) -> Table:
    """Every limit beside the golden sample's own value."""
    names = ("characteristic", "nominal", "lower", "upper", "review", "unit", "class", "master")
    numbers = ("nominal", "lower", "upper", "review")
    columns = tuple(
        Column(language.text(f"column.{n}"), wide=1 if n == "characteristic" else 0, right=n in numbers) for n in names
    )
    rows = [
        (
            characteristic(c.characteristic, language), limit(c.nominal), limit(c.lower), limit(c.upper),
            limit(c.review), unit_of(c.unit), defect_class(c.defect_class, language),
            own_words(c.own, c.unit, language),
        )
        for c in criteria
    ]  # fmt: skip
    return Table(columns, rows, name=language.text("section.limits"))


def own_words(own: OwnValue | None, unit: str, language: Language) -> str:
    """The golden sample's own value in words; a dash where there is none."""
    if own is None:
        return "—"
    if own.lab is not None:
        lightness, a, b = (f"{v:.1f}".replace("-", "−") for v in own.lab)
        told = language.text("text.lab", l=lightness, a=a, b=b)
        return f"{told} ± {own.u:.2f}" if own.u else told
    return "—" if own.value is None else with_u(own.value, own.u, unit)


def _subtitle(s: Sealed, language: Language) -> str:
    return language.text("paper.of_golden", product=s.product, sku=s.sheet.product.sku, golden=s.number)


def _picture(s: Sealed, language: Language, height: float) -> Pictures:
    told = language.text("text.golden-picture", golden=s.number, version=s.version)
    return Pictures([Picture(s.picture, (told,))], 1, height)


def _product_facts(s: Sealed, language: Language) -> list[tuple[str, Cell]]:
    say, p, g = language.text, s.sheet.product, s.sheet.golden
    thickness = "" if p.thickness_mm is None else f"{p.thickness_mm:g} mm"
    told = [
        ("product", p.name), ("sku", p.sku), ("finish", p.finish), ("material", p.material), ("thickness", thickness),
        ("supplier", p.supplier), ("order", p.order), ("artwork", _artwork(g.artwork, g.artwork_sha256)),
        ("approved", s.approved_on), ("approved-by", s.approved_by),
        ("confirmed-by", s.confirmed_by), ("type", say(f"type.{p.type}")),
    ]  # fmt: skip
    facts = [(say(f"fact.{name}"), or_not_said(text, language)) for name, text in told]
    return [*facts[:-1], *_coating(s.sheet, language), facts[-1]]


def defect_limits(sheet: Sheet, language: Language) -> Table:
    """The limit of every kind of local defect, and where it holds."""
    say = language.text
    placed = any(d.where for d in sheet.defects)
    where = (Column(say("column.where"), wide=1),) if placed else ()
    most = Column(f"{say('column.limit')} mm", right=True)
    columns = (Column(say("column.defect"), wide=1), *where, most, Column(say("column.class")))
    rows = [
        (
            defect(d.kind, language), *((d.where,) if placed else ()), limit(d.limit_mm),
            defect_class(d.counted_class, language),
        )
        for d in sheet.defects
    ]  # fmt: skip
    return Table(columns, rows, name=say("section.defects"))


def _classes(sheet: Sheet, language: Language) -> Table:
    say = language.text
    rows = []
    for c in _CLASSES:
        aql = getattr(sheet.aql, c)
        rows.append((defect_class(c, language), limit(aql) if aql else say("text.whole-sample")))
    columns = (Column(say("column.class"), wide=1), Column(say("column.aql"), right=True))
    return Table(columns, rows, name=say("section.classes"))


def _artwork(name: str, sha256: str | None) -> str:
    return name if sha256 is None else f"{name} SHA-256 {sha256[:16]}".lstrip()


def _reasons(sheet: Sheet, language: Language) -> list[tuple[str, Cell]]:
    """Why sizes and values matter, of those that the sheet says it of (T3)."""
    rows = [(s.name, s.matters, s.why) for s in sheet.sizes] + [(e.name, e.matters, e.why) for e in sheet.entered]
    found: list[tuple[str, Cell]] = []
    for name, matters, why in rows:
        told = language.listed.join(language.text(f"matter.{m}") for m in matters)
        if told and why:
            found.append((name, language.text("text.matters", what=told, why=why)))
        elif told or why:
            found.append((name, told or why))
    return found


def _coating(sheet: Sheet, language: Language) -> Iterator[tuple[str, Cell]]:
    """The plating stack from the base up, and the lacquer over it (T9)."""
    say = language.text
    if sheet.plating:
        yield say("fact.plating-stack"), " / ".join(layer.words for layer in sheet.plating)
    if sheet.lacquer is not None:
        coat = sheet.lacquer
        bounds = bounds_um(coat.min_um, coat.max_um)
        told = [say(f"lacquer.{coat.kind.replace(' ', '-')}"), bounds, coat.look]
        yield say("fact.lacquer"), language.listed.join(t for t in told if t)


def _light_facts(sheet: Sheet, language: Language) -> list[tuple[str, Cell]]:
    say, lux = language.text, sheet.viewing.lux
    viewing = say("fact.not-said") if lux is None else f"{lux[0]:,g}–{lux[1]:,g} lux"
    if sheet.viewing.cct_k is not None:
        kelvin = "{:,g}–{:,g} K".format(*sheet.viewing.cct_k)
        viewing = kelvin if lux is None else f"{viewing}, {kelvin}"
    sampling = say(
        "text.sampling", edition=EDITIONS[sheet.aql.edition], level=sheet.aql.level,
        severity=say(f"severity.{sheet.aql.severity}"),
    )  # fmt: skip
    return [
        (say("fact.sampling"), sampling),
        (say("fact.guard"), say(f"guard.{sheet.decision.guard_band}")),
        (say("fact.viewing"), viewing),
    ]


def _signed(s: Sealed, party: str, language: Language) -> Signature:
    """A party's newest signature under the product's version, or the place where it signs."""
    say = language.text
    found = [
        x
        for x in s.status.sign_offs
        if (x.statement.party, x.statement.artefact, x.statement.version) == (party, "product", s.version)
    ]
    title = say(f"party.{party}")
    if not found:
        return Signature(language.of(title, say("sign.pending")), (), (say("sign.name"), say("sign.date")))
    return Signature(title, list(_signature_facts(found[-1], language)))


def _signature_facts(x: SignOffDocument, language: Language) -> Iterator[tuple[str, Cell]]:
    say = language.text
    yield say("fact.name"), x.statement.name
    yield say("fact.role"), or_not_said(x.statement.role, language)
    yield say("fact.at"), time_of(datetime.fromisoformat(x.statement.at))
    yield say("fact.method"), say(f"method.{x.method.replace(' ', '-')}")
    yield say("fact.statement"), Code(x.digest)
    if x.fingerprint is not None:
        yield say("fact.key"), Code(x.fingerprint)
    if x.signature is not None:
        yield say("fact.signature"), Code(x.signature)
    if x.sheet_photo_sha256 is not None:
        yield say("fact.photo"), Code(x.sheet_photo_sha256)
