"""What a reviewer's word must be before it is recorded, and what it refers to.

A preference is kept apart from a nonconformity (S8): what no row of the control sheet limits rejects no unit. A
reviewer accepts the unit and writes ``preference: WORDS``; the lot's documents list it apart, and no class counts it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from station.errors import RequestError
from station.quality.kind_words import kinds_told
from station.values.documents import DefectClass, Verdict
from station.values.names import plain_spaces

if TYPE_CHECKING:
    from station.sheet import Sheet

DECISIONS = ("accept", "reject", "defer", "undo")
MAX_TEXT = 2000


def vet_review(decision: str, reason: str, reviewer: str) -> tuple[str, str]:
    """Reason and reviewer as they are recorded, without spaces round them.

    Raises RequestError for another decision, no reviewer, a rejection or deferral without a reason, or no plain text.
    """
    reason, reviewer = plain_spaces(reason).strip(), plain_spaces(reviewer).strip()
    if decision not in DECISIONS:
        raise RequestError(f"{decision[:40]!r} is no decision", f"Use one of {', '.join(DECISIONS)}.")
    if not reviewer:
        raise RequestError("the reviewer is missing", "Say who decides.")
    if not reason and decision in ("reject", "defer"):
        raise RequestError(f"a {decision} needs a reason", "Say why, in a few words.")
    if not reviewer.isprintable() or not reason.replace("\n", " ").isprintable():
        raise RequestError("the reason or the reviewer has control characters", "Use plain text.")
    if max(len(reason), len(reviewer)) > MAX_TEXT:
        raise RequestError("the reason or the reviewer is too long", f"Use at most {MAX_TEXT} characters.")
    return reason, reviewer


_PREFERENCE = re.compile(r"(?:^|: )preference: *(\S.*)", re.IGNORECASE | re.DOTALL)


def vet_queue(settled: bool, second_look: bool) -> None:
    """Raises RequestError for a queue of what is settled and waits for a second look at once."""
    if settled and second_look:
        raise RequestError("what waits for a second look is not settled", "Ask for one of the two.")


def preference_of(reason: str) -> str:
    """The words of a preference that a reason states, "" where it states none."""
    found = _PREFERENCE.search(reason)
    return found[1].strip() if found else ""


def named_rows(reason: str, sheet: Sheet) -> dict[str, DefectClass]:
    """What of the sheet a reason names, with the class that counts: defect kinds by themselves or by other words for
    them (S4), other rows as ``review:NAME``; kinds of function and safety too where the sheet has no row of them
    (S7)."""
    from station.lots.decide import CLASSES
    from station.sheet import FUNCTIONAL

    rows: dict[str, DefectClass] = {f"review:{name}": c for name, c in _named(sheet)}
    kinds: dict[str, DefectClass] = dict.fromkeys(FUNCTIONAL, "major")
    for d in sorted(sheet.defects, key=lambda d: CLASSES.index(d.counted_class), reverse=True):
        kinds[d.kind] = d.counted_class  # of several rows of a kind the gravest
    rows |= kinds
    told = kinds_told(reason)
    return {row: c for row, c in rows.items() if row in told or _names(reason, row.removeprefix("review:"))}


def vet_reference(decision: str, reason: str, verdict: Verdict, sheet: Sheet) -> None:
    """Raises RequestError for a rejection that is a preference, or of a unit that keeps every limit (``verdict`` of the
    line) and of which the reason names no row of the sheet; and for a nonconforming unit that is accepted without a
    reason."""
    if decision == "accept" and verdict is Verdict.NONCONFORMS and not reason:
        raise RequestError(
            "the station found this unit nonconforming, and accepting it needs a reason", "Say why, in a few words."
        )
    if decision != "reject":
        return
    if preference_of(reason):
        raise RequestError(
            "a preference is no nonconformity and rejects no unit",
            "Accept the unit with this reason, which keeps it apart, or name the limit of the sheet that it breaks.",
        )
    if verdict is Verdict.CONFORMS and not named_rows(reason, sheet):
        names = [name for name, _ in _named(sheet)]
        listed = ", ".join(dict.fromkeys([*names, *(d.kind for d in sheet.defects)])) or "none"
        raise RequestError(
            "the unit keeps every limit of the control sheet, and the reason names none that it breaks",
            f"Name one of {listed}; or accept it with the reason 'preference: WORDS'.",
        )


def _named(sheet: Sheet) -> list[tuple[str, DefectClass]]:
    """Name and class of every row that has a name."""
    return [
        *((r.name, r.defect_class) for r in sheet.regions),
        *((m.name, m.defect_class) for m in sheet.marks),
        *((s.name, s.defect_class) for s in sheet.sizes),
        *((e.name, e.counted_class) for e in sheet.entered),
    ]


def _names(text: str, name: str) -> bool:
    words = re.escape(name).replace(r"\-", "[- ]")
    return re.search(rf"(?<!\w){words}(?!\w)", text, re.IGNORECASE) is not None
