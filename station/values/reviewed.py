"""What reviewers said of findings, and the score thresholds that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import AwareDatetime, Field

from station.values.documents import Document

Answer = Literal["confirm", "refuse", "undecidable", "undo"]
"""What a reviewer says of a finding; ``undo`` takes the reviewer's own answer back."""

TOGETHER = "rare kinds together"
"""Name of the group of all kinds of which too few were confirmed for a threshold of their own."""


class ShareDocument(Document):
    """How many findings a threshold drops, ``dropped`` of ``of``. low, high : bounds of the share that it drops, each
    at 95 % confidence, one-sided (Clopper and Pearson); 0 and 1 where there are none."""

    dropped: int
    of: int
    low: float
    high: float


class GroupDocument(Document):
    """What the reviews tell of one kind of finding, as the station called it, or of all that are too rare alone.

    kinds : that the group is made of. state : ``insufficient`` where there are too few to state a threshold, and
    ``reason`` says what is lacking. A place of a unit that several of its photos show counts once. units : that the
    confirmed findings lie on. undecidable : findings that nobody decided. disputed : that reviewers disagree on; they
    prove nothing, and no proposed threshold drops one. old, new : scores from which a finding counts, by kind; a kind
    that has none counts always. confirmed_old ... : what either drops of the confirmed and the refused.
    """

    kind: str
    kinds: tuple[str, ...]
    state: Literal["proposed", "insufficient"]
    reason: str
    confirmed: int
    refused: int
    undecidable: int
    disputed: int
    units: int
    old: dict[str, float]
    new: dict[str, float]
    confirmed_old: ShareDocument
    refused_old: ShareDocument
    confirmed_new: ShareDocument | None
    refused_new: ShareDocument | None


class RecalibrationDocument(Document):
    """Score thresholds that the reviews of a golden sample's version propose for one model; by itself it changes
    nothing.

    weights : SHA-256 of the model's file, "" for the reference difference, which is part of the program. old : the
    thresholds in force. proposed : those that would follow them. left_out : reviewed findings that do not count, by
    reason. method : how the figures come about.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    golden: str
    golden_version: int
    golden_digest: str
    model: str
    weights: str
    program: str
    old: dict[str, float]
    proposed: dict[str, float]
    groups: tuple[GroupDocument, ...]
    left_out: dict[str, int]
    method: str


class ThresholdsDocument(Document):
    """A record of reviewed thresholds: who set them or took them back, when and why.

    scores : by kind, from which a finding counts; empty after a reset. report : the reviews they follow from, None for
    a reset.
    ``digest`` covers all else.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    action: Literal["apply", "reset"]
    golden: str
    golden_version: int
    golden_digest: str
    model: str
    weights: str
    program: str
    made_at: AwareDatetime
    by: str
    reason: str
    scores: dict[str, float]
    report: RecalibrationDocument | None
    digest: str = ""


@dataclass(frozen=True, slots=True)
class ThresholdsInForce:
    """What an inspection is held to. record : digest of the :class:`ThresholdsDocument`. scores : by kind,
    the score (0-1) from which a finding counts. lapsed : why they hold no longer, "" where they do; the scores
    are then empty."""

    record: str
    made_at: str
    by: str
    scores: Mapping[str, float]
    lapsed: str = ""

    def least(self, kind: str) -> float:
        """Score from which a finding of this kind counts, 0 where every one does."""
        return self.scores.get(kind, 0.0)


def in_words(scores: Mapping[str, float]) -> str:
    """Thresholds for a reader: ``pit from 0.712; overflow, scratch from 0.634``."""
    by_score: dict[float, list[str]] = {}
    for kind in sorted(scores):
        by_score.setdefault(scores[kind], []).append(kind)
    return "; ".join(f"{', '.join(kinds)} from {score:.3f}" for score, kinds in sorted(by_score.items(), reverse=True))
