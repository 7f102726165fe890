"""Letters, as text and as paper: the buyer's approval statement and the message to the supplier (G4, G5, G21)."""

from __future__ import annotations

from typing import Final

from station.report.approval import approval_words
from station.report.blocks import (
    Beside,
    Block,
    Cell,
    Column,
    Facts,
    Paper,
    Picture,
    Pictures,
    Section,
    Signature,
    Table,
    Words,
)
from station.report.blocks import Signatures as Places
from station.report.golden_papers import PARTIES, Sealed
from station.report.languages import Language
from station.report.words import or_not_said
from station.values.sign_off import ArtefactStatus

ITEMS: Final = ("material", "colour", "size", "logo", "packaging", "label", "carton")
"""What the supplier confirms before mass production, in the order of the message (G21)."""
_ARTEFACT_OF: Final = {"packaging": "packaging", "label": "label", "carton": "carton-mark"}


def approval_text(s: Sealed, language: Language) -> str:
    """The statement in which the buyer approves the version."""
    return approval_words(language, s.sheet, number=s.number, version=s.version, controlled=s.controlled)


def approval_paper(s: Sealed, language: Language) -> Paper:
    """The approval statement with the golden's picture, and the places where both parties sign."""
    say, g, p = language.text, s.sheet.golden, s.sheet.product
    pairs: list[tuple[str, Cell]] = [
        (say("fact.golden"), s.number), (say("fact.version"), str(s.version)), (say("fact.product"), s.product),
        (say("fact.sku"), p.sku),
        (say("fact.received"), or_not_said(g.received_on.isoformat() if g.received_on else "", language)),
        (say("fact.approved"), or_not_said(s.approved_on, language)),
        (say("fact.approved-by"), or_not_said(s.approved_by, language)),
        (say("fact.confirmed-by"), or_not_said(s.confirmed_by, language)),
        (say("fact.artwork"), or_not_said(g.artwork, language)), (say("fact.order"), or_not_said(p.order, language)),
    ]  # fmt: skip
    told = say("text.golden-picture", golden=s.number, version=s.version)
    picture: list[Block] = [Pictures([Picture(s.picture, (told,))], 1, 66)]
    under = (say("sign.name"), say("sign.date"))
    places = Places([Signature(say(f"party.{party}"), (), under) for party in PARTIES])
    sections = [
        Section("", [Beside(picture, [Facts(pairs, beside=1)], 68)]),
        Section(say("section.statement"), [Words(approval_text(s, language), "framed")]),
    ]
    if s.open_items:
        sections.append(Section("", [Facts([(say("fact.open-items"), language.listed.join(s.open_items))], beside=1)]))
    sections.append(Section(say("section.signatures"), [places]))
    return _paper(s, language, "approval", sections)


def message_text(s: Sealed, language: Language) -> str:
    """The message to the supplier with its seven items, as text."""
    lines = [_dear(s, language), "", _which(s, language), "", language.text("text.message"), ""]
    lines.append(language.of(language.text("section.confirm"), "").rstrip())
    lines += [f"{n}. {language.of(item, agreed)}" for n, (item, agreed) in enumerate(_items(s, language), 1)]
    lines += ["", language.text("text.message-reply")]
    if s.approved_by:
        lines += ["", language.text("text.regards", buyer=s.approved_by)]
    return "\n".join(lines) + "\n"


def message_paper(s: Sealed, language: Language) -> Paper:
    """The message as a page that the supplier fills in and sends back."""
    say = language.text
    columns = (
        Column("", right=True), Column(say("column.item")), Column(say("column.agreed"), wide=1.2),
        Column(say("column.reply"), wide=1),
    )  # fmt: skip
    rows = [(str(n), item, agreed, "") for n, (item, agreed) in enumerate(_items(s, language), 1)]
    told = say("text.golden-picture", golden=s.number, version=s.version)
    words: list[Block] = [Words(_dear(s, language)), Words(_which(s, language)), Words(say("text.message"))]
    supplier = Signature(say("party.supplier"), (), (say("sign.name"), say("sign.date")))
    reply: list[Block] = [Words(say("text.message-reply")), Words(s.approved_by)]
    sections = [
        Section("", [Beside([Pictures([Picture(s.picture, (told,))], 1, 50)], words, 54)]),
        Section(say("section.confirm"), [Table(columns, rows, name=say("section.confirm"), roomy=True)]),
        Section(say("section.reply"), [Beside(reply, [Places([supplier])], 80)]),
    ]
    return _paper(s, language, "message", sections)


def _paper(s: Sealed, language: Language, kind: str, sections: list[Section]) -> Paper:
    say = language.text
    return Paper(
        title=say(f"paper.{kind}"),
        subtitle=say("paper.of_golden", product=s.product, sku=s.sheet.product.sku, golden=s.number),
        stamp=say("paper.version", version=s.version), on=s.sealed_at.date(), sections=sections, language=language,
        footer=say("paper.footer"), head=s.head,
        basis=[(say("fact.golden"), s.digest), (say("paper.control-sheet"), s.sheet_digest)],
    )  # fmt: skip


def _dear(s: Sealed, language: Language) -> str:
    supplier = s.sheet.golden.confirmed_by or s.confirmed_by or s.sheet.product.supplier
    return language.text("text.dear", supplier=supplier) if supplier else language.text("text.dear-nobody")


def _which(s: Sealed, language: Language) -> str:
    p, none = s.sheet.product, language.text("fact.not-said")
    return language.text(
        "text.message-which", golden=s.number, version=s.version, product=s.product, sku=p.sku,
        artwork=s.sheet.golden.artwork or none, order=p.order or none,
    )  # fmt: skip


def _items(s: Sealed, language: Language) -> list[tuple[str, str]]:
    """The seven items with what was agreed on each."""
    say, p = language.text, s.sheet.product
    sheet = say("text.see-sheet", digest=s.sheet_digest[:16])
    artefacts = {a.artefact: a for a in s.status.artefacts}
    agreed = {
        "material": language.listed.join(x for x in (p.material, p.finish) if x) or say("fact.not-said"),
        "colour": language.listed.join(r.name for r in s.sheet.regions) or say("fact.not-said"),
        "size": language.listed.join(x.name for x in s.sheet.sizes) or say("fact.not-said"),
        "logo": language.listed.join(m.name for m in s.sheet.marks) or say("fact.not-said"),
        **{item: _artefact(artefacts.get(kind), language) for item, kind in _ARTEFACT_OF.items()},
    }
    known = {"colour": s.sheet.regions, "size": s.sheet.sizes, "logo": s.sheet.marks}
    return [
        (say(f"confirm.{item}"), say("text.with", said=agreed[item], more=sheet) if known.get(item) else agreed[item])
        for item in ITEMS
    ]


def _artefact(a: ArtefactStatus | None, language: Language) -> str:
    if a is None or a.version is None:
        return language.text("text.not-approved")
    return language.text("text.see-artefact", version=a.version, file=a.name)
