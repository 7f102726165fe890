"""Nonconformities as they leave the station: in words at the terminal, as a message, as a PDF."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from station.values.claim_words import ClaimWords
from station.values.documents import Verdict
from station.values.nonconformity import Effect, NonconformityDocument, Point

if TYPE_CHECKING:
    from station.report.languages import Language
    from station.report.pictures import RGB
    from station.service.station import Station
    from station.values.documents import FindingDocument
    from station.values.geometry import Frame

_STANDARDS: Final = {
    "label": ("carton-mark", "label"), "packaging": ("packaging",), "assembly": ("accessories", "packaging"),
    "function": ("accessories",), "count": ("packaging",),
}  # fmt: skip
"""Artefacts that say what a point of a category is held to, the nearest first."""
_WIDEST: Final = 1600
"""Pixels of a photo in a report along its longer side: 9 to the millimetre on the page."""


def report_pdf(
    station: Station, number: str, code: str, *, internal: bool = False, headed: bool = True
) -> tuple[bytes, str]:
    """PDF bytes of the report in a language, and what a reader should know of its setting, "" for nothing.

    internal : with the costs of every remedy and the strength of the claim. headed : with the head of the ledger.
    """
    from station.report.languages import language
    from station.report.nonconformity import nonconformity_report

    found, tongue = station.nonconformities.show(number), language(code)
    pictures = {p.item.key: data for p in found.points if (data := picture_of(station, p, tongue)) is not None}
    enlarged = {p.item.key: data for p in found.points if (data := _enlarged(station, p)) is not None}
    head = station.papers.head() if headed else ""
    return nonconformity_report(found, tongue, pictures, internal=internal, enlarged=enlarged, head=head)


def message_text(station: Station, number: str, code: str) -> str:
    """The message to the supplier."""
    from station.report.languages import language
    from station.report.nonconformity import supplier_message

    found = station.nonconformities.show(number)
    return supplier_message(found, language(code), station.golden(found.facts.golden).version)


def words_of(station: Station, number: str, code: str) -> ClaimWords:
    """Its points, requests and remedies in a language."""
    from station.report.languages import language
    from station.report.nonconformity import claim_words

    return claim_words(station.nonconformities.show(number), language(code))


def picture_of(station: Station, point: Point, tongue: Language) -> bytes | None:
    """JPEG of a point: a person's photo, else the worst unit beside the golden sample, labelled in the language; None
    where there is neither."""
    from station.report.pictures import decoded, jpeg
    from station.report.unit_pictures import unit_panels

    if point.photo_sha256:
        return jpeg(readable(station, point.photo_sha256))
    if point.item.unit_id is None:
        return None
    if (placed := _placed(station, point)) is not None:
        return _numbered(station, placed, point.number)
    unit = station.unit(point.item.unit_id)
    if unit.annotated_sha256 is None:
        return None
    master = station.master(unit.golden, unit.golden_version)
    raster = decoded(station.unit_picture(unit.id).data)
    return jpeg(unit_panels(master, raster, station.unit_document(unit.id), tongue))


def _placed(station: Station, point: Point) -> tuple[int, FindingDocument] | None:
    """The worst unit of a point and the finding that it is about there; None without a finding or a picture."""
    from station.judge.finding_rules import extent_of

    item = point.item
    if item.source != "finding" or item.unit_id is None or not station.unit(item.unit_id).has_pictures:
        return None
    found = [f for f in station.unit_document(item.unit_id).findings if f.kind == item.kind]
    wrong = [f for f in found if f.verdict is Verdict.NONCONFORMS] or found
    worst = max(wrong, key=extent_of, default=None)
    return None if worst is None else (item.unit_id, worst)


def _rasters(station: Station, unit_id: int) -> tuple[bytes, bytes, Frame]:
    """JPEG of golden and unit, and the frame that both are in."""
    from station.values.geometry import Frame

    unit = station.unit(unit_id)
    frame = Frame(**station.golden_frame(unit.golden, unit.golden_version).model_dump())
    golden = station.golden_picture(unit.golden, unit.golden_version).data
    return golden, station.unit_picture(unit_id).data, frame


def _numbered(station: Station, place: tuple[int, FindingDocument], number: int) -> bytes:
    """Golden beside unit with the point's number at the place: no words, so that it stands in every language."""
    from station.report.findings import numbered_jpeg
    from station.report.pictures import decoded, jpeg

    unit_id, finding = place
    golden, unit, frame = _rasters(station, unit_id)
    shown = [decoded(numbered_jpeg(golden, frame, [])), decoded(numbered_jpeg(unit, frame, [(number, finding)]))]
    return jpeg(np.hstack(shown))


def _enlarged(station: Station, point: Point) -> bytes | None:
    """JPEG of the place of a point's worst finding, golden beside unit; None where it has none, or a person's photo."""
    from station.report.findings import pair_jpeg

    placed = None if point.photo_sha256 else _placed(station, point)
    if placed is None:
        return None
    golden, unit, frame = _rasters(station, placed[0])
    return pair_jpeg(golden, unit, frame, placed[1], names=("", ""))


def readable(station: Station, sha256: str) -> RGB:
    """A photo of the evidence as 8-bit sRGB, no larger than a page needs."""
    from PIL import Image

    from station.service.tools import read

    shot = read(station.evidence_path(sha256), station.settings)
    pixels = shot.photo.pixels
    eight = (pixels >> 8).astype(np.uint8) if pixels.dtype == np.uint16 else pixels.astype(np.uint8)
    image = Image.fromarray(eight)
    image.thumbnail((_WIDEST, _WIDEST))
    return np.asarray(image)


# --- in words --------------------------------------------------------------------------------------------------------


def signed_standards(station: Station, d: NonconformityDocument) -> dict[str, str]:
    """Artefacts of the golden sample that a party signed, in words that a complaint can name, by artefact."""
    status = station.sign_off.status(d.facts.golden)
    return {
        a.artefact: f"{a.artefact} version {a.version}, {a.name}"
        for a in status.artefacts
        if a.version is not None and a.signed_by
    }


def _cure(d: NonconformityDocument, p: Point, offered: Mapping[str, str]) -> str:
    """Why nothing is claimed for a point, and how it is held to a standard."""
    known = next((offered[a] for a in _STANDARDS.get(p.item.category, ()) if a in offered), None)
    text = "no standard says so: a wish for the next order, for which nothing is claimed"
    give = f'"{known}"' if known else "TEXT"
    what = "A signed artefact says so? " if known else ""
    return (
        f"{text}. {what}Hold it to one with --standard {give}, or: "
        f"station nc answer {d.number} standard {give} --item {p.number} --by NAME"
    )


def in_short(d: NonconformityDocument, offered: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """How it stands and what is to be done next. offered : as of :func:`signed_standards`."""
    yield _state(d)
    for p in d.points:
        i = p.item
        wish = f"; {_cure(d, p, offered)}" if p.preference else ""
        found = f"{i.units} of {i.of} {i.counted}"
        yield f"  {p.number}. {_name(p)} ({i.defect_class or 'no class'}): {found}, {p.remedy}{wish}"
    yield from (f"  Wish for the next order: {words}" for words in d.facts.preferences)
    yield from (f"  Note: {remark}." for remark in d.remarks)
    faults = d.faults if d.status == "draft" else d.to_close
    if faults:
        yield "Before it can be sent:" if d.status == "draft" else "Before it can be closed:"
        for fault in faults:
            yield f"  - {fault}"
    elif d.status == "draft":
        yield f"It can be sent: station nc send {d.number} --by NAME"


def in_words(d: NonconformityDocument, code: str) -> Iterator[str]:
    """The whole nonconformity, as a reader at a terminal wants it."""
    from station.report.languages import language
    from station.report.nonconformity import asked, said, threatens, trend

    tongue = language(code)
    yield _state(d)
    for p in d.points:
        yield ""
        title = tongue.text("heading.point", number=p.number, name=_name(p, code))
        yield f"{title} ({tongue.text('class.' + (p.item.defect_class or 'none'))})"
        for a in p.answers:
            text = said(a, tongue) or "NOT ANSWERED"
            yield f"  {tongue.text(f'question.{a.question}')}  {text}{f'  [{a.by}]' if a.by else ''}"
        if p.threatens:
            yield f"  {tongue.text('consequence.title')}: {threatens(p, tongue)}"
        yield f"  -> {tongue.text(f'disposition.{p.remedy}')}: {tongue.joined(p.why)}"
    yield ""
    yield f"{tongue.text('heading.asks')}:"
    yield from (f"  {n}. {asked(a, tongue)}" for n, a in enumerate(d.asks, 1))
    yield ""
    shares = d.dispositions or d.proposed
    title = tongue.text("heading.disposition" if d.dispositions else "heading.disposition_proposed")
    told = [f"{tongue.text(f'disposition.{s.disposition}')} {s.quantity:,}" for s in shares]
    yield f"{title}: {', '.join(told)}"
    yield from cost_in_words(d, tongue) if d.costs is not None else ()
    level = tongue.text(f"evidence.{d.evidence.level}")
    yield tongue.text("heading.evidence", score=d.evidence.score, level=level)
    yield from (f"  {part.points:2d}/{part.most:<2d} {tongue.say(part.words)}" for part in d.evidence.parts)
    for x in d.actions:
        yield f"{tongue.text(f'action.{x.kind}')} {x.number}: {x.words} ({x.owner}, {x.due}, {x.state})"
        if x.effect is not None:
            yield f"  {tongue.say(x.effect.words)} {trend(x.effect)}"
    for r in d.recurrences:
        yield f"Came back: {r.key} in lot {r.lot}, {r.units} of {r.of} units"
    for label, texts in (("Note", d.remarks), ("To send", d.faults), ("To close", d.to_close)):
        yield from (f"{label}: {t}." for t in texts)


def cost_in_words(d: NonconformityDocument, tongue: Language | None = None) -> Iterator[str]:
    """The remedies with their arithmetic, the least first."""
    from station.report.claim_costs import cost_words, money
    from station.report.languages import language

    tongue = tongue or language("en")
    c = d.costs
    if c is None:
        yield f"No price is given: station nc cost {d.number} --price AMOUNT --sort AMOUNT --remake-days N ..."
        return
    told = cost_words(c, tongue)
    yield told.basis
    for p, words in zip(c.paths, told.remedies, strict=True):
        ready = f", {p.ready_on}" if p.ready_on and p.lines else ""
        high = f"{tongue.text('heading.at_most')} {money(p.total_high)}"
        yield f"  {words.name}" + (f"  {money(p.total)} ({high}{ready})" if p.lines else "")
        yield from (f"      {line}" for line in words.lines)
        if words.why_not:
            yield f"      {tongue.text('cost.not_allowed', why=words.why_not)}"
    yield from (sentence for sentence in (told.best, told.steady, *told.usual, told.consequences) if sentence)


def effect_in_words(effect: Effect) -> str:
    """Whether an action works, in one sentence and lot by lot."""
    from station.report.languages import language
    from station.report.nonconformity import trend

    return f"{effect.verdict.capitalize()}: {language('en').say(effect.words)} {trend(effect)}"


def _state(d: NonconformityDocument) -> str:
    f = d.facts
    status = f"sent, revision {d.revision}" if d.status == "sent" else d.status
    if d.status == "draft" and d.revision:
        status = f"draft after revision {d.revision}"
    return (
        f"{d.number}: lot {f.lot} of {f.product or f.sku}, {f.decision}; {f.nonconforming} of {f.inspected} inspected "
        f"units do not conform. {status.capitalize()}."
    )


def _name(p: Point, code: str = "en") -> str:
    from station.report.languages import language
    from station.report.nonconformity import name_of

    return name_of(p, language(code))
