"""A defect model's card as a reader gets it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from station.values.documents import Document


class WeightsDocument(Document):
    """One file of a model. sha256 : by the card. bytes : of the file, None where it is not there. state : whether it is
    the file that the card describes."""

    precision: str
    path: str
    sha256: str
    bytes: int | None
    state: Literal["as the card says", "missing", "another file"]


class FoundDocument(Document):
    """How many defects of a kind at or over the usual limit a model found, of all that were rendered into units."""

    kind: str
    found: int
    of: int


class MeasuredDocument(Document):
    """What a model's trials were made with.

    seed, units : of the rendered units (``bench_defects.py --seed``). program : the station's version. weights :
    SHA-256 of the file that was tried, None of the reference difference, which is part of the program.
    """

    seed: int
    units: int
    program: str
    weights: str | None


class ModelCardDocument(Document):
    """What a defect model is, what it was made from and what it was measured at.

    used_for : ``units`` where it looks at units by the settings in force, ``pairs`` where it looks at pairs unless
    another is named. weights : none of the reference difference, which is part of the program. about : how it was made.
    limits : what it is known not to do. trials_of : SHA-256 of the file that the trials were made with. least_scores :
    by kind, below which findings are left out. sure_scores : by kind, below which a person decides on a finding over
    its limit. untried : kinds without a trial, though others have one: a person decides on every such finding.
    measured : what ``trials`` were made with, None where its card does not say.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    name: str
    version: str
    used_for: tuple[Literal["units", "pairs"], ...]
    kinds: tuple[str, ...]
    weights: tuple[WeightsDocument, ...]
    about: dict[str, str]
    trials: tuple[FoundDocument, ...]
    measured: MeasuredDocument | None
    limits: tuple[str, ...]
    trials_of: str | None = None
    least_scores: dict[str, float] = Field(default_factory=dict)
    sure_scores: dict[str, float] = Field(default_factory=dict)
    untried: tuple[str, ...] = ()
