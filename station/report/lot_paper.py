"""The report of a decided lot: classes with Ac and Re, what the plan lets through, the defect map, clusters, cause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np

from station.report.blocks import (
    Bars,
    Beside,
    Block,
    Bullets,
    Cell,
    Chart,
    Column,
    Curve,
    Facts,
    Figure,
    Flag,
    Paper,
    Picture,
    Pictures,
    Section,
    Table,
    Tone,
    Words,
)
from station.report.evidence_words import clock_words, evidence_words, factor_words, level_words, place_words
from station.report.languages import Language
from station.report.unit_paper import finding_lines
from station.report.words import (
    EDITIONS,
    TONES,
    characteristic,
    defect,
    defect_class,
    limit,
    or_not_said,
    p_figure,
    verdict,
)
from station.values.documents import ClassDecision, FindingDocument, LotDocument, PlanDocument, Verdict
from station.values.lot_analysis import LotExplanationDocument, LotMapDocument, MapTable, PlaceTestDocument

_TONES: Final[dict[str, Tone]] = {"accepted": "good", "rejected": "bad", "open": "open"}
_MOST_BARS, _MOST_CLUSTERS, _MOST_COUNTS, _MOST_UNITS = 16, 12, 20, 40
_LQ: Final = 0.10
"""Probability of acceptance of the consumer's quality."""


@dataclass(frozen=True, slots=True)
class ShownUnitFinding:
    """A finding beside the golden, as JPEG, with whose it is."""

    unit: str
    finding: FindingDocument
    data: bytes


@dataclass(frozen=True, slots=True)
class ShownLot:
    """A decided lot as its report shows it. units : (unit, carton, standing verdict, what counts against it) of those
    that do not plainly conform. pictures : annotated ones of the worst units; panels : the map of a kind over the
    golden, as JPEG."""

    document: LotDocument
    sku: str
    product: str
    supplier: str
    order: str
    golden_version: int
    golden_digest: str
    sheet_digest: str
    on: date
    map: LotMapDocument
    explanation: LotExplanationDocument
    panels: Sequence[tuple[PlaceTestDocument, bytes]]
    findings: Sequence[ShownUnitFinding]
    units: Sequence[tuple[str, str, Verdict, Sequence[str]]]
    head: str


def lot_paper(s: ShownLot, language: Language) -> Paper:
    """The report of a lot."""
    say, d = language.text, s.document
    sections = [
        Section("", [Facts(_facts(s, language)), Words(_decision(d, language), "strong")]),
        Section(say("section.decision"), [_classes(d, language), *_risks(d, language)]),
    ]
    if _plans(d):
        sections.append(Section(say("section.curve"), [_chart(d, language)]))
    if d.counts:
        sections.append(Section(say("section.counts"), [_counts(d, language)]))
    sections += list(_map(s, language))
    sections += list(_clusters(s, language))
    sections.append(Section(say("section.cause"), list(_cause(s, language))))
    if s.findings:
        shown = [
            Picture(x.data, finding_lines(x.finding, language.of(x.unit, defect(x.finding.kind, language)), language),
                    TONES[x.finding.verdict])
            for x in s.findings
        ]  # fmt: skip
        sections.append(Section(say("section.findings"), [Pictures(shown, 3, 27)]))
    if s.units:
        sections.append(Section(say("section.units"), [_units(s, language)]))
    return Paper(
        title=f"{say('paper.lot')} {d.lot}",
        subtitle=say(
            "paper.of_lot", product=s.product, sku=s.sku, size=f"{d.size:,}", golden=d.golden, version=s.golden_version
        ),
        stamp=say(f"decision.{d.decision}"), tone=_TONES[d.decision], on=s.on, sections=sections, language=language,
        footer=say("paper.footer"), head=s.head,
        basis=[
            (say("fact.decision"), d.digest), (say("fact.golden"), s.golden_digest),
            (say("paper.control-sheet"), s.sheet_digest),
        ],
    )  # fmt: skip


def _facts(s: ShownLot, language: Language) -> list[tuple[str, Cell]]:
    say, d = language.text, s.document
    extent = "" if d.extent is None else say(f"extent.{d.extent.replace(' ', '-')}")
    cause = "" if d.cause is None else say(f"cause_name.{d.cause}")
    return [
        (say("fact.lot"), d.lot), (say("fact.size"), f"{d.size:,}"),
        (say("fact.supplier"), or_not_said(s.supplier, language)), (say("fact.order"), or_not_said(s.order, language)),
        (say("fact.sample"), f"{d.sample:,}"), (say("fact.inspected"), f"{d.inspected:,}"),
        (say("fact.conforms"), f"{d.conforms:,}"), (say("fact.nonconforms"), f"{d.nonconforms:,}"),
        (say("fact.undecided"), f"{d.undecided:,}"),
        (say("fact.cause"), cause or say("label.unknown" if d.nonconforms else "fact.none")),
        (say("fact.extent"), extent or say("fact.none")),
    ]  # fmt: skip


def _decision(d: LotDocument, language: Language) -> str:
    reached = [c for c in d.classes if c.accepted is False]
    named = [
        language.text("text.class-count", **{"class": defect_class(c.defect_class, language)}, found=c.nonconforming,
                      re=c.re)
        for c in reached
    ]  # fmt: skip
    if d.decision == "rejected":
        return language.text("text.rejected", lot=d.lot, classes=language.listed.join(named))
    return language.text(f"text.{d.decision}", lot=d.lot)


def _classes(d: LotDocument, language: Language) -> Table:
    say = language.text
    names = ("class", "aql", "n", "ac", "re", "found", "open", "result")
    columns = tuple(
        Column(say(f"column.{n}"), wide=1 if n == "class" else 0, right=n not in ("class", "result")) for n in names
    )
    rows: list[tuple[Cell, ...]] = []
    for c in d.classes:
        result = {True: "accepted", False: "rejected", None: "open"}[c.accepted]
        aql: Cell = limit(c.aql) if c.aql else say("text.whole-sample")
        numbers = [Figure(f"{n:,}", n) for n in (c.n, c.ac, c.re, c.nonconforming, c.undecided)]
        numbers[1] = Figure(c.accepts, c.ac if c.ac >= 0 else None)
        flag = Flag(say(f"decision.{result}"), _TONES[result])
        rows.append((defect_class(c.defect_class, language), aql, *numbers, flag))
    return Table(columns, rows, name=say("section.decision"))


def _risks(d: LotDocument, language: Language) -> Iterator[Block]:
    """What each plan lets through, in a sentence; nothing where every unit is looked at."""
    told = [
        language.text("text.whole-lot", **{"class": defect_class(c.defect_class, language)})
        for c in d.classes
        if c.plan is not None and c.plan.hundred_percent
    ]
    for c, _, producer, wrong in _plans(d):
        told.append(
            language.text(
                "text.oc", **{"class": defect_class(c.defect_class, language)}, aql=f"{c.aql:g}",
                producer=f"{producer:.1f}", p=f"{wrong:.3g}",
            )
        )  # fmt: skip
    if told:
        yield Bullets(told)


def _plans(d: LotDocument) -> list[tuple[ClassDecision, PlanDocument, float, float]]:
    """Classes that are sampled, with the producer's risk (%) and the quality that passes once in ten (%)."""
    return [
        (c, c.plan, 100 * c.plan.producer_risk, 100 * c.plan.consumer_quality)
        for c in d.classes
        if c.plan is not None and c.plan.producer_risk is not None and c.plan.consumer_quality is not None
    ]


def _chart(d: LotDocument, language: Language) -> Chart:
    """The operating characteristic of every class, with its AQL and the quality that passes once in ten."""
    say = language.text
    per_100 = any(p.per_100_units for _, p, _, _ in _plans(d))
    end = 1.35 * max(lq for *_, lq in _plans(d))
    curves: list[Curve] = []
    agreed: list[tuple[str, float, float]] = []
    passing: list[tuple[str, float, float]] = []
    for c, plan, _, lq in _plans(d):
        name = defect_class(c.defect_class, language)
        curve = [(100 * o.p, o.pa) for o in plan.oc if 100 * o.p <= end]
        told = {"class": name, "letter": plan.letter, "n": c.n, "ac": c.ac, "re": c.re, "level": plan.level,
                "severity": say(f"severity.{plan.severity}"),
                "edition": EDITIONS.get(plan.edition, plan.edition)}  # fmt: skip
        curves.append(Curve(say("text.curve", **told), curve))
        at = float(np.interp(c.aql, [x for x, _ in curve], [y for _, y in curve]))
        agreed.append((say("text.aql-point", **{"class": name}, aql=f"{c.aql:g}", pa=f"{100 * at:.0f}"), c.aql, at))
        passing.append((say("text.lq-point", **{"class": name}, p=f"{lq:.3g}"), lq, _LQ))
    unit = say("text.per-100" if per_100 else "text.per-cent")
    return Chart(curves, (agreed, passing), say("text.curve-x", unit=unit), say("text.curve-y"), end)


def _counts(d: LotDocument, language: Language) -> Table:
    say = language.text
    columns = (
        Column(say("column.characteristic"), wide=1), Column(say("column.units"), right=True),
        Column(say("column.share"), right=True),
    )  # fmt: skip
    found = sorted(d.counts.items(), key=lambda kv: (-kv[1], kv[0]))
    rows = [
        (
            characteristic(k, language), Figure(f"{v:,}", v),
            Figure(f"{100 * v / max(d.inspected, 1):.1f} %", v / max(d.inspected, 1)),
        )
        for k, v in found[:_MOST_COUNTS]
    ]  # fmt: skip
    return Table(columns, rows, name=say("section.counts"), note=_more(len(found) - _MOST_COUNTS, language))


def _map(s: ShownLot, language: Language) -> Iterator[Section]:
    say = language.text
    blocks: list[Block] = []
    if s.panels:
        shown = [
            Picture(
                data,
                (
                    place_words(p, language),
                    *_spot(p, language),
                ),
            )
            for p, data in s.panels
        ]
        blocks.append(Pictures(shown, min(3, max(2, len(shown))), 46))
    bars = [b for t in s.map.tables if (b := _bars(t, language)) is not None]
    for k in range(0, len(bars), 2):
        pair = bars[k : k + 2]
        blocks.append(Beside(pair[:1], pair[1:]) if len(pair) > 1 else pair[0])
    if not any(t.rows for t in s.map.tables):
        blocks.append(Words(say("text.no-codes"), "small"))
    if blocks:
        yield Section(say("section.map"), blocks)


def _spot(p: PlaceTestDocument, language: Language) -> tuple[str, ...]:
    kind = defect(p.kind, language)
    if p.spot is None:
        return () if p.p is None else (language.text("text.no-spot", kind=kind),)
    spot = p.spot
    where = (
        language.text("text.hot-clock", clock=clock_words(spot.clock, language))
        if spot.clock
        else language.text("text.hot-middle")
    )
    told = {"units": spot.units, "of": spot.of, "where": where, "expected": f"{spot.expected:.1f}"}
    return (language.text("text.hot-spot", kind=kind, **told, p=p_figure(p.p or 0.0)),)


def _bars(table: MapTable, language: Language) -> Bars | None:
    """Nonconforming units by level of a factor; None where it has one level only."""
    levels: dict[str, tuple[int, int]] = {}
    for row in table.rows:
        inspected, wrong = levels.get(row.level, (0, 0))
        levels[row.level] = (inspected + row.inspected, wrong + row.nonconforming)
    if len(levels) < 2:
        return None
    rows = [
        (level_words(table.factor, level, language), wrong / max(of, 1), language.text("text.bar", wrong=wrong, of=of))
        for level, (of, wrong) in list(levels.items())[:_MOST_BARS]
    ]
    if len(levels) > _MOST_BARS:
        rows.append((_more(len(levels) - _MOST_BARS, language), 0.0, ""))
    return Bars(language.text("text.bars", factor=factor_words(table.factor, language)), rows)


def _clusters(s: ShownLot, language: Language) -> Iterator[Section]:
    say, found = language.text, s.explanation.clusters
    if not s.explanation.nonconforming:
        return
    if not found.clusters:
        yield Section(say("section.clusters"), [Words(say("text.no-cluster"))])
        return
    told = []
    for c in found.clusters[:_MOST_CLUSTERS]:
        name = say("fact.nonconforms") if c.defect == "nonconforming" else characteristic(c.defect, language)
        values = {"units": c.units, "of": c.of, "elsewhere": c.elsewhere, "elsewhere_of": c.elsewhere_of}
        factor, level = factor_words(c.factor, language), level_words(c.factor, c.level, language)
        told.append(say("text.cluster", defect=name, factor=factor, level=level, p=p_figure(c.p), **values))
    blocks: list[Block] = [Bullets(told)]
    leading = found.leading
    if leading is not None:
        extent = say(f"extent.{leading.extent.replace(' ', '-')}")
        low, high = (f"{100 * v:.0f}" for v in (leading.low, leading.high))
        blocks.append(Words(say("text.extent", extent=f"{extent}{language.joint}", low=low, high=high)))
    yield Section(say("section.clusters"), blocks)


def _cause(s: ShownLot, language: Language) -> Iterator[Block]:
    say, d = language.text, s.explanation.diagnosis
    yield Words(say(f"cause_name.{d.cause}") if d.cause else say("text.cause-none"), "strong")
    if d.measurement:
        told = [
            say(f"text.{m.state.replace(' ', '-')}", name=say(f"suspect.{m.name.replace(' ', '-')}"))
            for m in d.measurement
        ]
        yield Words(say("text.measurement", names=language.listed.join(told)))
    columns = (
        Column(say("column.cause")), Column(say("column.speaks")), Column(say("column.evidence"), wide=1),
        Column(say("column.p"), right=True),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for c in d.causes:
        head = language.of(say(f"cause_name.{c.cause}"), say(f"cause_state.{c.state}"))
        for k, e in enumerate(c.evidence):
            p = Figure("", None) if e.p is None else Figure(p_figure(e.p), e.p)
            words = evidence_words(e, language)
            rows.append((head if k == 0 else "", say(f"speaks.{e.speaks}"), words, p))
    if rows:
        yield Table(columns, rows, name=say("section.cause"))
    if d.ask_for:
        causes = sorted(d.causes, key=lambda c: ("supported", "open", "contradicted").index(c.state))
        records = language.listed.join(say(f"records.{c.cause}") for c in causes)
        yield Words(say("text.records", records=records))


def _units(s: ShownLot, language: Language) -> Table:
    say = language.text
    columns = (
        Column(say("fact.unit"), wide=0.6), Column(say("fact.carton"), wide=0.4), Column(say("column.verdict")),
        Column(say("column.why"), wide=1),
    )  # fmt: skip
    rows = [
        (unit, carton, verdict(v, language), language.listed.join(characteristic(c, language) for c in against))
        for unit, carton, v, against in s.units
    ]
    return Table(columns, rows, name=say("section.units"))


def _more(count: int, language: Language) -> str:
    return language.text("text.and-more", count=count) if count > 0 else ""
