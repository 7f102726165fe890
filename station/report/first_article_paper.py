"""The first-article form as a paper: every characteristic of the control sheet, numbered on the golden's picture, its
limits, the master's own value, what each first piece measured (W6).

Its parts are those of AS9102: what was inspected (form 1), materials, functional tests and instruments (form 2), the
characteristics with requirement and result (form 3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from station.quality.criteria import Criterion, OwnValue
from station.report.blocks import (
    Block,
    Bullets,
    Cell,
    Code,
    Column,
    Facts,
    Figure,
    Flag,
    Paper,
    Picture,
    Pictures,
    Section,
    Signature,
    Signatures,
    Table,
    Tone,
    Words,
)
from station.report.golden_papers import Sealed, own_words
from station.report.languages import Language
from station.report.words import (
    TONES,
    characteristic,
    defect,
    defect_class,
    digits_of,
    figure,
    limit,
    or_not_said,
    time_of,
    unit_of,
    verdict,
)
from station.values.documents import Verdict
from station.values.gates import FirstArticleDocument, FormRow, FormValue, GateRelease, State

_ACROSS: Final = 5
"""First pieces that stand beside each other in the table of results."""
_DEFECT: Final = "defect"
_ENTERED: Final = re.compile(r"(?P<name>.+), calibrated (?P<on>[\d-]+), due (?P<due>[\d-]+)")
"""By what a value was measured by hand, as the record says it."""
_GATE_TONES: Final[dict[State, Tone]] = {
    "released": "good", "lapsed": "bad", "ready": "open", "closed": "open", "locked": "open",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShownPiece:
    """A first piece as it stands. standing : with a reviewer's word; reviewer : whose it is, "" for nobody's.

    photo_sha256, calibration : what its values were read in and by.
    """

    unit: str
    lot: str
    on: date
    standing: Verdict
    reviewer: str
    photo_sha256: str
    program: str
    calibration: str


@dataclass(frozen=True, slots=True)
class Tried:
    """The functional test: units tried and failed, what was found, by whom and when."""

    n: int
    failed: int
    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ShownFirstArticle:
    """A first-article form as it is set. ballooned : JPEG of the golden with the numbers of the characteristics; piece
    : JPEG of a first piece in the golden's frame, None without any. photos : (what it shows, JPEG) of the first piece.
    nonconformities : numbers of complaints about the first-off lots. on : its date, from the records."""

    form: FirstArticleDocument
    sealed: Sealed
    order_units: int
    pieces: Sequence[ShownPiece]
    ballooned: bytes
    piece: bytes | None
    photos: Sequence[tuple[str, bytes]]
    tried: Tried | None
    nonconformities: Sequence[str]
    gate: State
    release: GateRelease | None
    on: date


def first_article_paper(s: ShownFirstArticle, language: Language) -> Paper:
    """The form; its verdict is in the corner."""
    say, form = language.text, s.form
    sections = [
        Section("", [Facts(_facts(s, language)), Words(_verdict_words(form, language), "strong")]),
        *_reasons(s, language),
        Section(say("section.signatures"), [Signatures(list(_places(s, language)))]),
        Section(say("section.fa-pictures"), [Pictures(list(_pictures(s, language)), 2, 66)]),
        Section(say("section.fa-characteristics"), [_characteristics(s, language)]),
    ]
    if form.units:
        sections.append(Section(say("section.fa-results"), list(_results(s, language))))
    sections.append(Section(say("section.fa-function"), list(_function(s, language))))
    if s.photos:
        shown = [Picture(data, (say(f"photo.{what}"),)) for what, data in s.photos]
        sections.append(Section(say("section.fa-photos"), [Pictures(shown, 3, 40)]))
    if s.pieces:
        sections.append(Section(say("section.fa-pieces"), [_pieces(s, language)]))
    return Paper(
        title=f"{say('paper.first-article')} {form.order}",
        subtitle=say(
            "paper.of_first_article", product=s.sealed.product, sku=form.sku, golden=form.golden,
            version=form.golden_version,
        ),
        stamp=say(f"verdict.{form.verdict.value}"), tone=TONES[form.verdict], on=s.on, sections=sections,
        language=language, footer=say("paper.footer"), head=s.sealed.head,
        basis=[
            (say("paper.first-article"), form.digest), (say("fact.golden"), s.sealed.digest),
            (say("paper.control-sheet"), form.sheet_digest),
        ],
    )  # fmt: skip


def _facts(s: ShownFirstArticle, language: Language) -> list[tuple[str, Cell]]:
    say, form, p, g = language.text, s.form, s.sealed.sheet.product, s.sealed.sheet.golden
    measured = sum(bool(r.values) for r in form.rows)
    return [
        (say("fact.order"), form.order), (say("fact.sku"), form.sku),
        (say("fact.product"), s.sealed.product), (say("fact.supplier"), or_not_said(p.supplier, language)),
        (say("fact.golden"), form.golden), (say("fact.version"), str(form.golden_version)),
        (say("fact.artwork"), or_not_said(g.artwork, language)),
        (say("fact.ordered"), Figure(f"{s.order_units:,}", s.order_units)),
        (say("fact.first-lots"), language.listed.join(form.lots) or say("fact.none")),
        (say("fact.first-pieces"), say("text.of", count=len(form.units), of=form.needed)),
        (say("fact.fa-measured"), say("text.of", count=measured, of=len(form.rows))),
        (say("fact.fa-gate"), Flag(say(f"gate_state.{s.gate}"), _GATE_TONES[s.gate])),
    ]  # fmt: skip


def _verdict_words(form: FirstArticleDocument, language: Language) -> str:
    counts = {v: sum(r.verdict is v for r in form.rows) for v in Verdict}
    return language.text(
        f"text.fa-{form.verdict.value}", rows=len(form.rows), conforms=counts[Verdict.CONFORMS],
        nonconforms=counts[Verdict.NONCONFORMS], undecided=counts[Verdict.UNDECIDED],
    )  # fmt: skip


def _reasons(s: ShownFirstArticle, language: Language) -> Iterator[Section]:
    """Everything that stands against the form, the gravest first."""
    say, form = language.text, s.form
    told = [
        say("text.fa-refused", unit=p.unit, by=p.reviewer) for p in s.pieces if p.standing is Verdict.NONCONFORMS
        and p.reviewer
    ]  # fmt: skip
    rows = sorted((r for r in form.rows if r.reason), key=lambda r: r.verdict is not Verdict.NONCONFORMS)
    told += [f"{r.number}. {language.of(_name(r, language), _against(r, language))}" for r in rows]
    if len(form.units) < form.needed:
        told.append(say("text.fa-missing", count=len(form.units), of=form.needed))
    if told:
        yield Section(say("section.fa-open"), [Bullets(told)])


def _against(r: FormRow, language: Language) -> str:
    for found in (Verdict.NONCONFORMS, Verdict.UNDECIDED):
        units = [v.unit for v in r.values if v.verdict is found]
        if units:
            return language.text(f"text.fa-row-{found.value}", units=language.listed.join(dict.fromkeys(units)))
    return language.text("text.fa-row-missing", count=len({v.unit for v in r.values}), of=r.needed)


def _pictures(s: ShownFirstArticle, language: Language) -> Iterator[Picture]:
    say, form = language.text, s.form
    yield Picture(s.ballooned, (say("text.fa-ballooned", golden=form.golden, version=form.golden_version),))
    if s.piece is not None:
        yield Picture(s.piece, (say("text.fa-piece", unit=form.units[0]),))


def _name(r: FormRow, language: Language) -> str:
    """The characteristic in words; of a local defect where its limit holds too, as the control sheet says it."""
    kind, _, name = r.key.partition(":")
    if kind != _DEFECT:
        return characteristic(r.key, language)
    where = r.characteristic.removeprefix(name).removeprefix(" for ")
    called = defect(name, language)
    return language.text("text.with", said=called, more=where) if where else called


def _characteristics(s: ShownFirstArticle, language: Language) -> Table:
    """Form 3: number, requirement, the master's own value, results from least to most, verdict."""
    say = language.text
    names = ("no", "characteristic", "class", "nominal", "lower", "upper", "unit", "master", "results", "n", "verdict")
    numbers = ("no", "nominal", "lower", "upper", "results", "n")
    wide = {"characteristic": 1.4, "master": 1.0}
    columns = tuple(Column(say(f"column.{n}"), wide=wide.get(n, 0), right=n in numbers) for n in names)
    known = {c.characteristic: c for c in s.sealed.criteria}
    rows: list[tuple[Cell, ...]] = []
    for r in s.form.rows:
        found = known.get(r.key)
        have = len({v.unit for v in r.values})
        rows.append(
            (
                Figure(str(r.number), r.number), _name(r, language), defect_class(r.defect_class, language),
                *_limits(r, found), unit_of(r.unit), own_words(_own(found), r.unit, language), _span(r),
                f"{have}/{r.needed}", verdict(r.verdict, language),
            )
        )  # fmt: skip
    return Table(columns, rows, name=say("section.fa-characteristics"), note=say("text.fa-inclusive"))


def _limits(r: FormRow, found: Criterion | None) -> tuple[Cell, Cell, Cell]:
    """As the control sheet says; of a direction, which it does not name, as the first pieces were judged by."""
    if found is not None:
        return limit(found.nominal), limit(found.lower), limit(found.upper)
    return limit(r.nominal), limit(r.lower), limit(r.upper)


def _own(found: Criterion | None) -> OwnValue | None:
    return None if found is None else found.own


def _span(r: FormRow) -> str:
    """Results from the least to the most, with the digits that the largest uncertainty leaves."""
    values = [v.value for v in r.values if v.value is not None]
    if not values:
        return "—"
    digits = digits_of(max(v.u for v in r.values))
    low, high = (figure(x, digits=digits).text for x in (min(values), max(values)))
    return low if low == high else f"{low} … {high}"


def _results(s: ShownFirstArticle, language: Language) -> Iterator[Block]:
    """What each first piece measured, so many pieces beside each other; the largest U and the instrument of each."""
    say, units = language.text, s.form.units
    for start in range(0, len(units), _ACROSS):
        shown = units[start : start + _ACROSS]
        columns = (
            Column(say("column.no"), right=True), Column(say("column.characteristic"), wide=1),
            *(Column(u, right=True) for u in shown), Column(say("column.u"), right=True), Column(say("column.unit")),
            Column(say("column.instrument"), wide=1),
        )  # fmt: skip
        rows = [_result(r, shown, language) for r in s.form.rows]
        part = f" {start + 1}–{start + len(shown)}" if len(units) > _ACROSS else ""
        yield Table(columns, rows, name=f"{say('section.fa-results')}{part}")


def _result(r: FormRow, units: Sequence[str], language: Language) -> tuple[Cell, ...]:
    u = max((v.u for v in r.values), default=0.0)
    by = {unit: [v for v in r.values if v.unit == unit] for unit in units}
    instruments = dict.fromkeys(v.instrument for v in r.values)
    return (
        Figure(str(r.number), r.number), _name(r, language), *(_piece_value(by[unit], digits_of(u)) for unit in units),
        figure(u, u=u) if u > 0 else Figure("—", None), unit_of(r.unit),
        language.listed.join(_instrument(r, x, language) for x in instruments),
    )  # fmt: skip


def _piece_value(values: Sequence[FormValue], digits: int) -> Cell:
    """A piece's value, in the tone of its verdict; of several by hand the newest, the gravest verdict."""
    if not values:
        return Figure("—", None)
    order = (Verdict.NONCONFORMS, Verdict.UNDECIDED, Verdict.CONFORMS)
    newest, worst = values[-1], min(values, key=lambda v: order.index(v.verdict))
    told = figure(newest.value, digits=digits)
    return told if worst.verdict is Verdict.CONFORMS else Figure(told.text, told.value, TONES[worst.verdict])


def _instrument(r: FormRow, words: str, language: Language) -> str:
    """By hand what was entered; else the camera, by which method the records say."""
    entered = _ENTERED.fullmatch(words)
    if entered is not None:
        return language.text("text.fa-instrument", **entered.groupdict())
    return words if r.key.startswith("entered:") else language.text("text.fa-camera")


def _function(s: ShownFirstArticle, language: Language) -> Iterator[Block]:
    """Form 2: materials, functional test, what measured."""
    say, p = language.text, s.sealed.sheet.product
    t = s.tried
    tested: Cell = say("text.fa-not-tried")
    if t is not None:
        words = say("text.fa-tried", failed=t.failed, n=t.n, by=t.by, at=time_of(t.at))
        tested = Flag(words, "bad" if t.failed else "good")
    pairs: list[tuple[str, Cell]] = [
        (say("fact.material"), or_not_said(p.material, language)),
        (say("fact.finish"), or_not_said(p.finish, language)), (say("fact.function"), tested),
    ]  # fmt: skip
    if t is not None and t.text:
        pairs.append((say("fact.function-found"), t.text))
    if s.nonconformities:
        pairs.append((say("fact.nonconformity"), language.listed.join(s.nonconformities)))
    pairs += [(say("fact.program"), x) for x in dict.fromkeys(p.program for p in s.pieces)]
    pairs += [(say("fact.calibration"), Code(x)) for x in dict.fromkeys(p.calibration for p in s.pieces) if x]
    yield Facts(pairs, beside=1)


def _pieces(s: ShownFirstArticle, language: Language) -> Table:
    say = language.text
    columns = (
        Column(say("column.first-piece"), wide=1), Column(say("fact.lot")), Column(say("column.day")),
        Column(say("column.verdict")), Column(say("fact.review")), Column(say("column.photo-digest")),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (
            p.unit,
            p.lot,
            p.on.isoformat(),
            verdict(p.standing, language),
            p.reviewer or "—",
            Code(p.photo_sha256[:16]),
        )
        for p in s.pieces
    ]
    return Table(columns, rows, name=say("section.fa-pieces"))


def _places(s: ShownFirstArticle, language: Language) -> Iterator[Signature]:
    """Where the supplier signs, and the buyer's release where it holds."""
    say = language.text
    under = (say("sign.name"), say("sign.date"))
    yield Signature(language.of(say("party.supplier"), say("sign.inspected")), (), under)
    r = s.release
    if r is None or s.gate != "released":
        yield Signature(language.of(say("party.buyer"), say("sign.release")), (), under)
        return
    facts: list[tuple[str, Cell]] = [
        (say("fact.name"), r.name), (say("fact.role"), or_not_said(r.role, language)),
        (say("fact.released-at"), time_of(r.at)), (say("fact.key"), Code(r.fingerprint)),
        (say("fact.rests-on"), Code(r.basis)),
    ]  # fmt: skip
    yield Signature(language.of(say(f"party.{r.party}"), say("gate_state.released")), facts)
