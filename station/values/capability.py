"""What a capability study leaves: the study itself, and what of it an inspection is held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import AwareDatetime, Field

from station.values.documents import Document


class CurveDocument(Document):
    """Probability of detection of one kind of defect, in one kind of region or ("") in all of them together.

    named : hits under its own name. harmless : of the misses, those taken for dust or lint. let_through : of the
    misses, those that were found as something that the control sheet lets through there. least_mm, largest_mm : of
    the sizes tried. intercept, slope : of ln(POD / (1 - POD)) over ln(mm). ``reason`` says why a figure is None.
    unreached : there were enough trials, and even the largest are not proven to be found in 90 % of cases.
    """

    kind: str
    region: str
    trials: int
    hits: int
    named: int
    harmless: int
    let_through: int = 0
    least_mm: float
    largest_mm: float
    intercept: float | None
    slope: float | None
    a90_mm: float | None
    a90_95_mm: float | None
    unreached: bool
    reason: str


class LimitDocument(Document):
    """What the study says of one limit of the control sheet: of a kind, ``where`` the sheet has it hold, "" everywhere.

    state : ``proven``, the limit is not below the a90/95; ``below``, it is; ``unknown``, the study does not tell.
    a90_95_mm : of the kind of region, ``region``, where it is largest; None where it is not reached or not known.
    """

    kind: str
    where: str
    limit_mm: float
    state: Literal["proven", "below", "unknown"]
    a90_95_mm: float | None
    region: str
    reason: str


class FalseAlarmDocument(Document):
    """Findings on renderings without a defect. Bounds are upper ones at 95 % confidence, one-sided.

    alarms : on all ``parts`` together. share_upper : of the parts that show one. kinds : alarms by name.
    """

    parts: int
    alarms: int
    per_part: float
    per_part_upper: float
    parts_with: int
    share_upper: float
    kinds: dict[str, int]


class TrialDocument(Document):
    """One planted defect. size_mm : diameter of a disc of its area, of a scratch its length. called : kinds of the
    findings on it, largest first. found : whether one of them keeps the unit from conforming, or would if the defect
    were over its limit (:func:`station.judge.capability.keeps_from_conforming`)."""

    kind: str
    region: str
    size_mm: float
    contrast_to_noise: float
    called: tuple[str, ...]
    found: bool


class CapabilityDocument(Document):
    """A capability study of a golden sample's version and a defect model. ``digest`` covers all else.

    pitch_mm, noise, blur_px : of the bench, as the master knows them. searched_share : of the part that defects are
    looked for on. wanted : trials asked for of each kind in each kind of region. warnings : what a person should know.
    thresholds : reviewed scores that were in force, by kind. weights : SHA-256 of the model's file, "" of the reference
    difference and in studies of earlier versions.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    golden: str
    golden_version: int
    golden_digest: str
    model: str
    weights: str = ""
    program: str
    made_at: AwareDatetime
    seed: int
    pitch_mm: float
    noise: float
    blur_px: float
    searched_share: float
    wanted: int
    renderings: int
    method: str
    limits: tuple[LimitDocument, ...]
    curves: tuple[CurveDocument, ...]
    false_alarms: FalseAlarmDocument
    warnings: tuple[str, ...]
    thresholds: dict[str, float] = Field(default_factory=dict)
    trials: tuple[TrialDocument, ...]
    digest: str = ""


@dataclass(frozen=True, slots=True)
class CapabilityInForce:
    """What an inspection is held to. study : digest of the study's document. below : limits of the
    sheet, by kind and where they hold, that lie below what is found, with the reason. unknown : those that the study
    does not tell of, with the reason. passed_over : that a later study does not take this one's place, and why."""

    study: str
    made_at: str
    below: Mapping[str, str]
    unknown: Mapping[str, str]
    passed_over: str = ""
