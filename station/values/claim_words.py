"""A nonconformity in the words of a language, to be read where a report is too much."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

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


class ClaimWords(Document):
    """Points and requests of a nonconformity, in the order of its document, in a language."""

    number: str
    points: tuple[PointWords, ...]
    asks: tuple[str, ...]
