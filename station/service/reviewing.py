"""What a reviewer's word must be before it is recorded."""

from __future__ import annotations

from station.errors import RequestError

DECISIONS = ("accept", "reject", "defer", "undo")
MAX_TEXT = 2000


def vet_review(decision: str, reason: str, reviewer: str) -> tuple[str, str]:
    """Reason and reviewer as they are recorded, without spaces round them.

    Raises RequestError for another decision, no reviewer, a rejection or deferral without a reason, or no plain text.
    """
    reason, reviewer = reason.strip(), reviewer.strip()
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
