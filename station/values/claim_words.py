"""A nonconformity in the words of a language, to be read where a report is too much."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from station.values.claim_costs import Remedy
from station.values.documents import Document
from station.values.nonconformity import Question


class AnswerWords(Document):
    """One of the nine answers. name : the question in words; text : the answer, "" where it is open."""

    question: Question
    name: str = Field(examples=["3  How big is the difference?"])
    source: Literal["data", "rule", "person", "open"]
    text: str
    by: str = ""


class PointWords(Document):
    """A point in words. number : of the point in its nonconformity. remedy : what the matrix gives it, and why."""

    number: int
    name: str = Field(examples=["pit"])
    remedy: str
    why: tuple[str, ...]
    answers: tuple[AnswerWords, ...]


class RemedyWords(Document):
    """A remedy in words. lines : its arithmetic; why_not : what stands against it, "" where it is open."""

    remedy: Remedy
    name: str = Field(examples=["Sort and rework"])
    lines: tuple[str, ...] = Field(examples=[["sorting: 3,000 × 0.03 = 90.00"]])
    why_not: str


class CostWords(Document):
    """What the remedies cost, in words. basis : of how many units and in which currency; best : the proportional one;
    steady : whether it stays so at the upper bound, "" where none is; usual : prices that the trade knows;
    consequences : what has come of it besides, "" for nothing."""

    basis: str
    remedies: tuple[RemedyWords, ...]
    best: str
    steady: str
    usual: tuple[str, ...]
    consequences: str


class ClaimWords(Document):
    """Points, requests and remedies of a nonconformity, in the order of its document, in a language. costs : None where
    no price was given."""

    number: str
    points: tuple[PointWords, ...]
    asks: tuple[str, ...]
    costs: CostWords | None = None
