"""Nonconformities as they leave the station: in words at the terminal, as a message, as a PDF."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from station.errors import NotFoundError, RequestError
from station.store.durable import TEMPORARY, write_whole
from station.store.evidence import FULL, disk_error
from station.values.claim_words import ClaimWords
from station.values.nonconformity import Effect, NonconformityDocument, Point

if TYPE_CHECKING:
    from station.report.languages import Language
    from station.report.pictures import RGB
    from station.service.station import Station

_WIDEST: Final = 1600
"""Pixels of a photo in a report along its longer side: 9 to the millimetre on the page."""


def report_pdf(station: Station, number: str, code: str, *, internal: bool = False) -> tuple[bytes, str]:
    """PDF bytes of the report in a language, and what a reader should know of its setting, "" for nothing.

    internal : with the costs of every remedy and the strength of the claim.
    """
    from station.report.languages import language
    from station.report.nonconformity import nonconformity_report

    found, tongue = station.nonconformities.show(number), language(code)
    pictures = {p.item.key: data for p in found.points if (data := picture_of(station, p)) is not None}
    return nonconformity_report(found, tongue, pictures, internal=internal)


def message_text(station: Station, number: str, code: str) -> str:
    """The message to the supplier."""
    from station.report.languages import language
    from station.report.nonconformity import supplier_message

    return supplier_message(station.nonconformities.show(number), language(code))


def words_of(station: Station, number: str, code: str) -> ClaimWords:
    """Its points and requests in a language."""
    from station.report.languages import language
    from station.report.nonconformity import claim_words

    return claim_words(station.nonconformities.show(number), language(code))


def picture_of(station: Station, point: Point) -> bytes | None:
    """JPEG of a point: a person's photo, else the worst unit beside the golden sample, None where there is neither."""
    from station.report.pictures import decoded, jpeg, panels_of

    if point.photo_sha256:
        return jpeg(readable(station, point.photo_sha256))
    if point.item.unit_id is None:
        return None
    try:
        drawn = station.unit_picture(point.item.unit_id, kind="annotated").data
    except NotFoundError:
        return None
    unit = station.unit(point.item.unit_id)
    return jpeg(panels_of(decoded(drawn), station.master(unit.golden, unit.golden_version).frame))


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


def write_file(out: Path, data: bytes, suffix: str) -> None:
    """Write a whole file or none, durable on return. Raises RequestError for a name or place that does not do,
    StorageFullError for a full disk."""
    if out.suffix.lower() != suffix:
        raise RequestError(f"{out.name} is no {suffix[1:].upper()} by its name", f"End the name in {suffix}.")
    if out.is_dir() or not out.parent.is_dir():
        raise RequestError(f"{out} cannot be written", "Give a file name in a folder that is there.")
    try:
        write_whole(out, data, prefix=f".{out.name}{TEMPORARY}")
    except OSError as error:
        if error.errno in FULL:
            raise disk_error(error) from error
        raise RequestError(f"{out} cannot be written: {error.strerror}", "Give another place.") from error


# --- in words --------------------------------------------------------------------------------------------------------


def in_short(d: NonconformityDocument) -> Iterator[str]:
    """How it stands and what is to be done next."""
    yield _state(d)
    for p in d.points:
        i = p.item
        wish = "; no standard says so: a wish for the next order" if p.preference else ""
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
        title = tongue.text("heading.point", number=p.number, name=_name(p))
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
    from station.report.languages import language
    from station.report.nonconformity import best_remedy, consequences

    tongue = tongue or language("en")
    c = d.costs
    if c is None:
        yield f"No price is given: station nc cost {d.number} --price AMOUNT --sort AMOUNT --remake-days N ..."
        return
    basis = {"wrong": f"{c.nonconforming:,}", "size": f"{c.lot_size:,}", "high": f"{c.nonconforming_high:,}"}
    yield tongue.text("cost.basis", **basis, currency=c.inputs.currency)
    for p in c.paths:
        ready = f", {p.ready_on}" if p.ready_on and p.lines else ""
        totals = f"  {p.total:,.2f} ({tongue.text('heading.at_most')} {p.total_high:,.2f}{ready})" if p.lines else ""
        yield f"  {tongue.text(f'remedy.{p.remedy}')}{totals}"
        yield from (f"      {tongue.text(f'line.{x.what}')}: {x.arithmetic}" for x in p.lines)
        if not p.allowed:
            yield f"      {tongue.text('cost.not_allowed', why='; '.join(tongue.say(w) for w in p.why_not))}"
    yield best_remedy(c, tongue)
    if c.best is not None:
        yield tongue.text("cost.steady" if c.steady else "cost.not_steady")
    if c.usual is not None:
        yield tongue.text("cost.usual", low=c.usual[0], high=c.usual[1])
    if c.usual_packing is not None:
        yield tongue.text("cost.usual_packing", low=c.usual_packing[0], high=c.usual_packing[1])
    if c.consequences:
        yield consequences(c, tongue)


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


def _name(p: Point) -> str:
    return p.item.kind if p.item.source == "finding" else p.item.name
