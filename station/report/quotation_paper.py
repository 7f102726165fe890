"""The annex to a request for quotation or an order: what is to be quoted, what it is held to, what failed (N15-N18)."""

from __future__ import annotations

from typing import Final

from station.quality.cost import USUAL_PACKING
from station.quality.quotation import CONTROLS, FailedLot, Quotation
from station.report.blocks import Block, Bullets, Cell, Column, Facts, Figure, Formula, Paper, Section, Table, Words
from station.report.golden_papers import Sealed, criteria_table, defect_limits
from station.report.languages import Language
from station.report.words import characteristic, or_not_said

_MOST_SENSITIVE: Final = 24


def quotation_paper(s: Sealed, q: Quotation, language: Language) -> Paper:
    """The annex, with empty columns for the supplier's figures; in the spreadsheet the totals follow from them."""
    say, p = language.text, s.sheet.product
    standard = say("text.rfq-standard", golden=s.number, version=s.version, digest=s.sheet_digest[:16])
    facts: list[tuple[str, Cell]] = [
        (say("fact.product"), s.product), (say("fact.sku"), p.sku),
        (say("fact.supplier"), or_not_said(p.supplier, language)),
        (say("fact.order"), or_not_said(p.order, language)),
        (say("fact.finish"), or_not_said(p.finish, language)),
        (say("fact.artwork"), or_not_said(s.sheet.golden.artwork, language)),
    ]  # fmt: skip
    quote: list[Block] = [_tiers(q, language)]
    if q.moq:
        quote.append(Words(f"{say('text.moq', moq=q.moq)} ______________", "small"))
    sections = [
        Section("", [Facts(facts)]),
        Section(say("section.standard"), [Words(standard)]),
        Section(say("section.quote"), quote),
        Section(say("section.times"), [_times(q, language)]),
        Section(say("section.controls"), [_controls(language)]),
        Section(say("section.several"), [Bullets([say("text.several")])]),
        Section(say("section.inputs"), [Facts(_inputs(q, language), beside=1)]),
        Section(say("section.spend"), list(_spend(q, language))),
        Section(say("section.history"), list(_history(q, s.version, language))),
        Section(say("section.limits"), [criteria_table(s.criteria, language)]),
        *([Section(say("section.defects"), [defect_limits(s.sheet, language)])] if s.sheet.defects else []),
    ]
    return Paper(
        title=say("paper.rfq"),
        subtitle=say("paper.of_golden", product=s.product, sku=p.sku, golden=s.number),
        stamp=say("paper.version", version=s.version), on=s.sealed_at.date(), sections=sections, language=language,
        footer=say("paper.footer"), head=s.head,
        basis=[(say("fact.golden"), s.digest), (say("paper.control-sheet"), s.sheet_digest)],
    )  # fmt: skip


def _tiers(q: Quotation, language: Language) -> Table:
    say = language.text
    names = ("quantity", "price", "total", "sample-days", "bulk-days")
    columns = tuple(Column(say(f"column.{n}"), wide=1, right=True) for n in names)
    rows = [(Figure(f"{t:,}", t), "", Formula("=A{row}*B{row}"), "", "") for t in q.tiers]
    return Table(columns, rows, name=say("section.quote"), roomy=True)


def _times(q: Quotation, language: Language) -> Table:
    say = language.text
    columns = (
        Column(say("column.item"), wide=2),
        Column(say("column.usual"), wide=1),
        Column(say("column.yours"), wide=1),
    )
    rows = [
        (say(f"text.{key}"), say("text.days", low=low, high=high), "")
        for key, (low, high) in (
            ("sample-time", q.sample_days), ("bulk-time", q.bulk_days), ("more-time", q.more_days),
        )
    ]  # fmt: skip
    return Table(columns, rows, name=say("section.times"), roomy=True)


def _controls(language: Language) -> Table:
    say, (low, high) = language.text, USUAL_PACKING
    columns = (
        Column(say("column.control"), wide=2),
        Column(say("column.surcharge"), wide=1),
        Column(say("column.days"), wide=1),
    )
    return Table(
        columns,
        [(say(f"text.control-{c}", low=low, high=high), "", "") for c in CONTROLS],
        name=say("section.controls"),
        roomy=True,
    )


def _inputs(q: Quotation, language: Language) -> list[tuple[str, Cell]]:
    say = language.text
    use = language.texts.get(f"use.{q.use}", q.use)
    return [(say("fact.use"), or_not_said(use, language)), (say("fact.budget"), or_not_said(q.budget, language))]


def _spend(q: Quotation, language: Language) -> list[Block]:
    say = language.text
    known = say("text.spend", spend=say(f"spend.{q.spend}")) if q.spend else say("text.spend-open")
    blocks: list[Block] = [Words(known)]
    if q.sensitive:
        names = [characteristic(name, language) for name in q.sensitive]
        listed = language.listed.join(names[:_MOST_SENSITIVE])
        blocks.append(Words(say("text.sensitive", names=listed)))
        if len(names) > _MOST_SENSITIVE:
            blocks.append(Words(say("text.and-more", count=len(names) - _MOST_SENSITIVE), "small"))
    return blocks


def _history(q: Quotation, in_force: int, language: Language) -> list[Block]:
    say = language.text
    if not q.failed:
        return [Words(say("text.history-none"))]
    return [Words(say("text.not-same")), Bullets([_failed(x, in_force, language) for x in q.failed])]


def _failed(x: FailedLot, in_force: int, language: Language) -> str:
    say = language.text
    what = say("text.history-rejected", units=x.nonconforming, inspected=x.inspected)
    if x.version not in (0, in_force):
        what = f"{what}{language.listed}{say('text.history-version', version=x.version)}"
    worst = sorted(x.counts.items(), key=lambda kv: (-kv[1], kv[0]))[:6]
    listed = language.listed.join(say("text.with", said=characteristic(k, language), more=n) for k, n in worst)
    return say("text.history", lot=x.lot, what=f"{what}{language.listed}{listed}" if listed else what)
