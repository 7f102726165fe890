"""What several reviewers' words make of one unit: who may settle it, and where they disagree.

A deferral asks for a second reviewer, so whoever deferred does not settle it. Where two reviewers decide a unit
differently, neither word counts above the other: the unit is in disagreement, and undecided, until one of the two comes
round, or a third reviewer or an approver decides. ``undo`` withdraws every word before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from station.values.names import same_person

DECIDING = ("accept", "reject")


@dataclass(frozen=True, slots=True)
class Word:
    """One reviewer's word. disputes : the word of another reviewer that it contradicts, None where it stands."""

    id: int
    decision: str
    reviewer: str
    disputes: int | None = None


def may_settle(words: Sequence[Word], reviewer: str) -> bool:
    """Whether a reviewer may accept or reject a unit; not who deferred it since it was last decided. words : oldest
    first."""
    for word in reversed(words):
        if word.decision != "defer":
            return True
        if same_person(word.reviewer) == same_person(reviewer):
            return False
    return True


def disputed_by(words: Sequence[Word], decision: str, reviewer: str, *, approves: bool = False) -> int | None:
    """The word that a new one contradicts, so that the unit is in disagreement; None where the new word stands.

    words : oldest first. approves : the reviewer is an approver, whose word settles.
    """
    if decision not in DECIDING or approves:
        return None
    positions: dict[str, Word] = {}
    open_ = False
    for word in words:
        if word.decision == "undo":
            positions, open_ = {}, False
        elif word.decision in DECIDING:
            if word.disputes is None:  # it stands: what contradicts it was overruled
                positions = {k: p for k, p in positions.items() if p.decision == word.decision}
            positions[same_person(word.reviewer)] = word
            open_ = word.disputes is not None
    others = [p for k, p in positions.items() if k != same_person(reviewer) and p.decision != decision]
    third = open_ and same_person(reviewer) not in positions
    return None if third or not others else max(p.id for p in others)
