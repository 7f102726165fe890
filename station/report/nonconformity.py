"""The nonconformity report as PDF, and the message to the supplier as text, in any of the station's languages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from station.quality.answers import named
from station.report.claim_costs import cost_table, cost_words, supplier_cost
from station.report.evidence_words import factor_words
from station.report.languages import Language
from station.report.qr import qr_svg
from station.report.typesetting import CJK_FONT, LATIN_FONT, glyph_remark, set_in_type
from station.values.claim_words import AnswerWords, ClaimWords, PointWords
from station.values.nonconformity import (
    Action,
    Answer,
    Ask,
    Effect,
    NonconformityDocument,
    Phrase,
    Point,
    Share,
)

_TEMPLATE: Final = Path(__file__).with_name("nonconformity.typ")
_DETAIL: Final = ("size.median", "quantity.all", "quantity.cartons", "quantity.cartons-more")
_ON_ONE_PAGE: Final = 1800
"""Characters of the nine answers up to which they stay together with their picture."""
_CODES: Final = 4
"""Identifiers, and values of each, that the record shows."""


def nonconformity_report(
    d: NonconformityDocument, language: Language, pictures: Mapping[str, bytes], *, internal: bool = False,
    enlarged: Mapping[str, bytes] = MappingProxyType({}), head: str = "",
) -> tuple[bytes, str]:  # fmt: skip
    """PDF bytes of the report, and what a reader should know of its setting, "" for nothing; the same inputs give the
    same bytes.

    pictures, enlarged : JPEG by key of the item, the whole and the place of its worst one. head : of the ledger,
    ``NUMBER:HASH``, "" for a report without it. internal : with what each remedy costs both parties
    and how strong the claim is, which is not for the supplier.
    """
    names = {key: f"picture-{i}.jpg" for i, key in enumerate(sorted(pictures))}
    near = {key: f"enlarged-{i}.jpg" for i, key in enumerate(sorted(enlarged))}
    data = report_data(d, language, names, internal=internal, enlarged=near, head=head)
    files = {names[key]: content for key, content in pictures.items()}
    files |= {near[key]: content for key, content in enlarged.items()}
    if head:
        files["head.svg"] = qr_svg(head)
    made, spelled = set_in_type(_TEMPLATE, data, files)
    return made, glyph_remark(json.dumps(data, ensure_ascii=False), spelled)


def report_data(
    d: NonconformityDocument, language: Language, pictures: Mapping[str, str], *, internal: bool = False,
    enlarged: Mapping[str, str] = MappingProxyType({}), head: str = "",
) -> dict[str, Any]:  # fmt: skip
    """What the template sets. pictures, enlarged : file names by key of the item."""
    say, claimed, cjk = language.text, [p for p in d.points if not p.preference], language.tag in ("zh", "ja", "ko")
    draft, day = d.status == "draft", d.sent_on or d.opened_on
    stamp = (
        say("title.internal")
        if internal
        else say("title.draft")
        if draft
        else say("title.revision", revision=d.revision)
    )
    shares, proposed = d.dispositions or d.proposed, not d.dispositions
    return {
        "title": f"{say('title.report')} {d.number}", "draft": draft or internal, "stamp": stamp,
        "subtitle": say("title.of_lot", product=d.facts.product or d.facts.sku, lot=d.facts.lot),
        "date": [day.year, day.month, day.day], "lang": language.tag, "region": language.region, "cjk": cjk,
        "fonts": [CJK_FONT] if cjk else [LATIN_FONT, CJK_FONT],
        "texts": {k.removeprefix("heading."): t for k, t in language.texts.items() if k.startswith("heading.")},
        "record": _record(d, language),
        "summary": [_sentence(p, language) for p in claimed],
        "counts_head": [say(f"heading.{k}") for k in ("item", "class", "found", "share", "standard")],
        "counts": [_count(p, language) for p in claimed],
        "asks": [asked(a, language) for a in d.asks],
        "points": [_point(p, language, pictures, enlarged) for p in claimed],
        "head": head, "head_title": say("foot.head"), "head_words": say("foot.check"),
        "wishes": [*(_sentence(p, language) for p in d.points if p.preference), *d.facts.preferences],
        "disposition_title": say("heading.disposition_proposed" if proposed else "heading.disposition"),
        "dispositions": [[say(f"disposition.{s.disposition}"), f"{s.quantity:,}"] for s in shares],
        "disposition_total": [say("label.lot_size"), f"{sum(s.quantity for s in shares):,}"],
        "why": list(dict.fromkeys(language.say(w) for p in claimed for w in p.why)),
        "cost": cost_table(d.costs, language) if internal and d.costs is not None else None,
        "claim": "" if internal or d.costs is None else supplier_cost(d.costs, language),
        "actions_head": [say(f"heading.{k}") for k in ("kind", "action", "owner", "due", "state")],
        "actions": [_action(a, language) for a in d.actions],
        "four": _four(d, language),
        "evidence_title": say(
            "heading.evidence", score=d.evidence.score, level=say(f"evidence.{d.evidence.level}")
        ),
        "evidence": [[f"{p.points}/{p.most}", language.say(p.words)] for p in d.evidence.parts] if internal else [],
        "footer": _footer(d, language), "page": language.texts["foot.page"],
    }  # fmt: skip


def supplier_message(d: NonconformityDocument, language: Language, in_force: int) -> str:
    """The complaint as a message: what was found, where, how much, and what the supplier is to do (N5, G21).

    in_force : version of the golden sample that production is to use today; the lot was judged by its own.
    """
    f, say = d.facts, language.text
    claimed = [p for p in d.points if not p.preference]
    values = {
        "lot": f.lot, "product": f.product or f.sku, "sku": f.sku, "size": f"{f.size:,}", "golden": f.golden,
        "version": f.golden_version, "nonconforming": f.nonconforming, "inspected": f.inspected,
    }  # fmt: skip
    lines = [
        say("message.subject", number=d.number, product=f.product or f.sku, lot=f.lot), "",
        say("message.opening" if f.nonconforming else "message.opening-none", **values), "",
    ]  # fmt: skip
    for n, p in enumerate(claimed, 1):
        told = {q: short(_by(p, q), language) for q in ("item", "size", "quantity")}
        lines.append(" ".join(say("message.point", number=n, **told).split()))
    lines += ["", say("message.asks"), *(f"{n}. {asked(a, language)}" for n, a in enumerate(d.asks, 1)), ""]
    if d.dispositions:
        lines += [say("message.disposition", shares=_shares(d.dispositions, language)), ""]
    if in_force != f.golden_version:
        lines.append(say("message.superseded", golden=f.golden, judged=f.golden_version, version=in_force, lot=f.lot))
    lines += [say("message.standard", golden=f.golden, version=in_force), ""]
    lines.append(say("message.attached", number=d.number))
    return "\n".join(lines) + "\n"


def claim_words(d: NonconformityDocument, language: Language) -> ClaimWords:
    """Its points with their nine answers, its requests and what its remedies cost, in words."""
    points = tuple(
        PointWords(
            number=p.number, name=name_of(p, language), remedy=language.text(f"disposition.{p.remedy}"),
            why=tuple(language.say(w) for w in p.why),
            answers=tuple(
                AnswerWords(
                    question=a.question, name=language.text(f"question.{a.question}"), source=a.source,
                    text=said(a, language), by=a.by,
                )
                for a in p.answers
            ),
        )
        for p in d.points
    )  # fmt: skip
    return ClaimWords(
        number=d.number, points=points, asks=tuple(asked(a, language) for a in d.asks),
        costs=None if d.costs is None else cost_words(d.costs, language),
    )  # fmt: skip


def said(answer: Answer, language: Language) -> str:
    """An answer in words; "" for one that is open."""
    return answer.text if answer.source == "person" else language.joined(answer.phrases)


def short(answer: Answer, language: Language) -> str:
    """An answer in words without what is detail."""
    if answer.source == "person":
        return answer.text
    return language.joined(p for p in answer.phrases if p.key not in _DETAIL)


def asked(ask: Ask, language: Language) -> str:
    """A request in words."""
    return ask.text if ask.phrase is None else language.say(ask.phrase)


def _by(point: Point, question: str) -> Answer:
    return next(a for a in point.answers if a.question == question)


def name_of(point: Point, language: Language) -> str:
    """What a point is called in the reader's language."""
    return language.say(Phrase(key="item.name", values={"name": named(point.item)}))


def _sentence(point: Point, language: Language) -> str:
    """What it is, how big and how many, in short: medians, clusters and cartons are with the answers."""
    return language.joint.join(t for q in ("item", "size", "quantity") if (t := short(_by(point, q), language)))


def _record(d: NonconformityDocument, language: Language) -> list[list[str]]:
    """The record of S9 in rows of two: SKU, order, carton and lot codes, inspected, found."""
    f, say = d.facts, language.text
    codes = [language.of(factor_words(k, language), _short(v)) for k, v in list(f.identifiers.items())[:_CODES]]
    empty = say("label.not_given")
    cause = say(f"cause_name.{f.cause}") if f.cause else say("label.unknown")
    pairs = [
        ("number", f"{d.number}"), ("date", (d.sent_on or d.opened_on).isoformat()),
        ("product", f.product or empty), ("sku", f.sku),
        ("supplier", f.supplier or empty), ("order", f.order or empty),
        ("lot", f.lot), ("lot_size", f"{f.size:,}"),
        ("inspected", f"{f.inspected:,}"), ("nonconforming", _nonconforming(d, language)),
        ("decision", say(f"decision.{f.decision}")), ("cause", cause),
        ("cartons", _short(f.cartons) or empty), ("identifiers", "; ".join(codes) or empty),
        ("golden", f"{f.golden} v{f.golden_version}"), ("answer_by", d.answer_by.isoformat()),
    ]  # fmt: skip
    told = [[say(f"label.{k}"), v] for k, v in pairs]
    return [[*told[i], *told[i + 1]] for i in range(0, len(told), 2)]


def _nonconforming(d: NonconformityDocument, language: Language) -> str:
    """Units of the sample, and cartons where those were counted."""
    cartons = max((p.item.units for p in d.points if p.item.counted == "cartons" and not p.preference), default=0)
    units = f"{d.facts.nonconforming:,}"
    return (
        f"{units} {language.text('counted.units')}, {cartons} {language.text('counted.cartons')}" if cartons else units
    )


def _short(names: Sequence[str]) -> str:
    more = f" (+{len(names) - _CODES})" if len(names) > _CODES else ""
    return ", ".join(names[:_CODES]) + more


def _count(point: Point, language: Language) -> list[str]:
    i = point.item
    return [
        name_of(point, language), language.text(f"class.{i.defect_class or 'none'}"), f"{i.units} / {i.of}",
        f"{100 * i.low:.0f}–{100 * i.high:.0f} %", i.clause or "—",
    ]  # fmt: skip


def _point(
    point: Point, language: Language, pictures: Mapping[str, str], enlarged: Mapping[str, str]
) -> dict[str, Any]:
    picture = pictures.get(point.item.key)
    rows = [(language.text(f"question.{a.question}"), said(a, language) or "—") for a in point.answers]
    if point.threatens:
        rows.append((language.text("consequence.title"), threatens(point, language)))
    return {
        "title": language.text("heading.point", number=point.number, name=name_of(point, language)),
        "class": language.text(f"class.{point.item.defect_class or 'none'}"),
        "picture": picture,
        "enlarged": enlarged.get(point.item.key),
        "caption": _caption(point, language) if picture else "",
        "whole": sum(len(answer) for _, answer in rows) <= _ON_ONE_PAGE,
        "answers": [{"question": question, "answer": answer} for question, answer in rows],
    }


def threatens(point: Point, language: Language) -> str:
    """What may come of a point beside the goods (C7)."""
    return language.listed.join(language.text(f"consequence.{c}") for c in point.threatens)


def _caption(point: Point, language: Language) -> str:
    """What the picture shows; of a person's photo what tells sizes in it, or that nothing does (S10)."""
    if not point.photo_sha256:
        return language.text("heading.picture", unit=point.item.worst_unit)
    if not point.photo_scale:
        return language.text("heading.picture_bare")
    return language.text("heading.picture_scale", scale=point.photo_scale)


def _action(a: Action, language: Language) -> list[Any]:
    words = [f"{a.number}. {a.words}", *([a.result] if a.result else []), *_verified(a, language)]
    state = language.text(f"state.{a.state.replace(' ', '-')}")
    overdue = a.overdue and a.state == "open"
    return [
        language.text(f"action.{a.kind}"), words, a.owner, a.due.isoformat(),
        f"{state}, {language.text('state.overdue')}" if overdue else state,
    ]  # fmt: skip


def _verified(a: Action, language: Language) -> Iterator[str]:
    if a.effect is not None:
        yield language.say(a.effect.words)
        yield trend(a.effect)
    if a.verification:
        yield f"{a.verification} ({a.verified_by})"


def trend(effect: Effect) -> str:
    """Lot by lot, the units with the item and how far a measured value lies from its nominal."""
    lots = (effect.before, *effect.after)
    return " → ".join(f"{x.lot} {x.units}/{x.of}" + (f" ({x.shift:+.2f})" if x.shift is not None else "") for x in lots)


def _four(d: NonconformityDocument, language: Language) -> list[list[str]]:
    """Purchase order, artwork revision, control sheet and sample log together (S13)."""
    f, empty = d.facts, language.text("label.not_given")
    rows = [
        [language.text("label.order"), f.order],
        [language.text("label.artwork"), f.artwork],
        [language.text("label.sheet"), f"{f.sku}, {f.sheet_digest[:16]}"],
        [language.text("label.golden"), f"{f.golden} v{f.golden_version}, {f.golden_digest[:16]}"],
        [language.text("label.approved"), f.approved_by],
        [language.text("label.confirmed"), f.confirmed_by],
    ]
    missing = language.listed.join(label for label, value in rows if not value)
    return [row for row in rows if row[1]] + ([[empty, missing]] if missing else [])


def _shares(shares: Sequence[Share], language: Language) -> str:
    joint = ", " if language.joint else "、"
    return joint.join(f"{language.text(f'disposition.{s.disposition}')} {s.quantity:,}" for s in shares)


def _footer(d: NonconformityDocument, language: Language) -> str:
    f = d.facts
    digests = {
        "lot_digest": f.lot_digest[:12], "golden_digest": f.golden_digest[:12], "sheet_digest": f.sheet_digest[:12],
    }  # fmt: skip
    first = language.text("foot.basis", number=d.number, revision=d.revision, digest=d.digest[:16])
    return f"{first}; {language.text('foot.program', **digests)}"
