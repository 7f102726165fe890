"""The sheet of one unit: the golden beside it, its findings enlarged, every value with uncertainty and limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from station.report.blocks import Block, Bullets, Cell, Column, Facts, Figure, Paper, Picture, Pictures, Section, Table
from station.report.gate_words import gate_words
from station.report.languages import Language
from station.report.words import (
    TONES,
    characteristic,
    defect,
    defect_class,
    extent_mm,
    figure,
    limit,
    or_not_said,
    place,
    unit_of,
    verdict,
)
from station.values.documents import FindingDocument, MeasurementDocument, UnitDocument, Verdict

MOST_FINDINGS: Final = 12
"""Findings that are enlarged, the gravest first; all of them are in the table."""
_ORDER: Final = (Verdict.NONCONFORMS, Verdict.UNDECIDED, Verdict.CONFORMS)


@dataclass(frozen=True, slots=True)
class ShownUnit:
    """A unit as its sheet shows it.

    golden, unit : JPEG of both in the golden frame, the unit's with the numbers of its findings; None without any.
    crops : JPEG of a finding beside the golden, by its number from 1. standing : with a reviewer's word.
    """

    document: UnitDocument
    sku: str
    product: str
    on: date
    lot: str
    carton: str
    standing: Verdict
    reviewer: str
    golden: bytes | None
    unit: bytes | None
    crops: Sequence[tuple[int, bytes]]
    head: str


def unit_paper(u: ShownUnit, language: Language) -> Paper:
    """The sheet of a unit; ``standing`` is in its corner."""
    say, d = language.text, u.document
    sections = [Section("", [Facts(_facts(u, language))])]
    if u.golden is not None and u.unit is not None:
        beside = [
            Picture(u.golden, (say("text.golden-picture", golden=d.golden, version=d.golden_version),)),
            Picture(u.unit, (say("text.unit-picture" if u.crops else "text.unit-plain", unit=d.unit),)),
        ]
        sections.append(Section(say("section.pictures"), [Pictures(beside, 2, 72)]))
    if u.crops:
        shown = [_crop(n, d.findings[n - 1], data, language) for n, data in u.crops]
        sections.append(Section(say("section.findings"), [Pictures(shown, 3, 27)]))
    if d.measurements:
        sections.append(Section(say("section.values"), [values_table(d.measurements, language)]))
    if d.findings:
        blocks: list[Block] = [findings_table(d.findings, language)]
        sections.append(Section(say("section.defects"), blocks))
    closed = [gate_words(g.name, g.reason, language) for g in d.gates if not g.ok]
    if closed:
        sections.append(Section(say("section.reasons"), [Bullets(closed)]))
    return Paper(
        title=f"{say('paper.unit')} {d.unit}",
        subtitle=say("paper.of_unit", product=u.product, sku=u.sku, golden=d.golden, version=d.golden_version),
        stamp=say(f"verdict.{u.standing.value}"), tone=TONES[u.standing], on=u.on, sections=sections,
        language=language, footer=say("paper.footer"), head=u.head,
        basis=[
            (say("fact.unit"), d.digest), (say("fact.golden"), d.golden_digest),
            (say("paper.control-sheet"), d.sheet_digest), (say("fact.photo"), d.sha256),
        ],
    )  # fmt: skip


def values_table(measurements: Sequence[MeasurementDocument], language: Language) -> Table:
    """Every measurement: value, uncertainty, limits, class, verdict; the gravest first, else as measured."""
    names = ("characteristic", "value", "u", "nominal", "lower", "upper", "unit", "class", "verdict")
    numbers = ("value", "u", "nominal", "lower", "upper")
    columns = tuple(
        Column(language.text(f"column.{n}"), wide=1 if n == "characteristic" else 0, right=n in numbers) for n in names
    )
    ordered = sorted(measurements, key=lambda m: _ORDER.index(m.verdict))
    return Table(columns, [_value(m, language) for m in ordered], name=language.text("section.values"))


def _value(m: MeasurementDocument, language: Language) -> tuple[Cell, ...]:
    return (
        characteristic(m.characteristic, language), figure(m.value, u=m.u),
        figure(m.u, u=m.u) if m.value is not None and m.u > 0 else Figure("—", None),
        limit(m.nominal), limit(m.lower), limit(m.upper), unit_of(m.unit), defect_class(m.defect_class, language),
        verdict(m.verdict, language),
    )  # fmt: skip


def findings_table(findings: Sequence[FindingDocument], language: Language) -> Table:
    """Every finding by its number: what, where, how large, its limit, its verdict."""
    names = ("no", "defect", "found-at", "place", "size", "u", "limit", "class", "verdict")
    numbers = ("no", "size", "u", "limit")
    columns = tuple(
        Column(
            language.text(f"column.{n}") + (" mm" if n in ("size", "u", "limit") else ""),
            wide=1 if n in ("defect", "found-at") else 0, right=n in numbers,
        )
        for n in names
    )  # fmt: skip
    rows = [
        (
            Figure(str(n), n), defect(f.kind, language), place(f.region, language),
            f"{f.x_mm:+z.1f} / {f.y_mm:+z.1f}".replace("-", "−"), figure(extent_mm(f), u=f.u_mm),
            figure(f.u_mm, u=f.u_mm), limit(f.limit_mm), defect_class(f.defect_class, language),
            verdict(f.verdict, language),
        )
        for n, f in enumerate(findings, 1)
    ]  # fmt: skip
    return Table(columns, rows, name=language.text("section.defects"))


def gravest(findings: Sequence[FindingDocument]) -> list[int]:
    """Numbers (from 1) of the findings to enlarge: what counts against the unit, the largest beyond its limit first."""
    flagged = [n for n, f in enumerate(findings, 1) if f.verdict is not Verdict.CONFORMS]

    def rank(n: int) -> tuple[int, float, int]:
        f = findings[n - 1]
        return _ORDER.index(f.verdict), -extent_mm(f) / (f.limit_mm or 1.0), n

    return sorted(flagged, key=rank)[:MOST_FINDINGS]


def finding_lines(f: FindingDocument, head: str, language: Language) -> tuple[str, ...]:
    """What stands under an enlarged finding."""
    most = language.text("text.no-limit") if f.limit_mm is None else f"{f.limit_mm:g} mm"
    size = language.text("text.crop-size", size=f"{extent_mm(f):.2f}", u=f"{f.u_mm:.2f}", limit=most)
    where = language.text("text.crop-where", region=place(f.region, language), x=f"{f.x_mm:+z.1f}", y=f"{f.y_mm:+z.1f}")
    return (head, size, where.replace("-", "−"))


def _crop(n: int, f: FindingDocument, data: bytes, language: Language) -> Picture:
    head = language.text("text.crop", number=n, kind=defect(f.kind, language))
    return Picture(data, finding_lines(f, head, language), TONES[f.verdict])


def _facts(u: ShownUnit, language: Language) -> list[tuple[str, Cell]]:
    say, d = language.text, u.document
    pairs: list[tuple[str, Cell]] = [
        (say("fact.unit"), d.unit), (say("fact.verdict"), verdict(u.standing, language)),
        (say("fact.lot"), or_not_said(u.lot, language)), (say("fact.carton"), or_not_said(u.carton, language)),
        (say("fact.photo"), d.photo), (say("fact.taken"), or_not_said(d.taken_at or "", language)),
    ]  # fmt: skip
    if u.reviewer:
        pairs.append((say("fact.review"), u.reviewer))
    return pairs
