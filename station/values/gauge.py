"""What a repeatability and reproducibility study leaves: the study itself, and what a unit's document says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import Field

from station.values.documents import Document


class VariationDocument(Document):
    """Standard deviations in the unit of the characteristic, and each in per cent of the total variation and of the
    tolerance (six standard deviations over it); None what the study cannot tell.

    ev : equipment variation, repeatability. av : appraiser variation, reproducibility. interaction : of parts and
    operators. grr : the three together. pv : part variation. tv : total. ndc : number of distinct categories.
    """

    ev: float
    av: float | None
    interaction: float | None
    grr: float
    pv: float | None
    tv: float | None
    ndc: int | None
    percent_of_variation: dict[str, float]
    percent_of_tolerance: dict[str, float]


class AnovaRowDocument(Document):
    """One source of the analysis of variance."""

    source: str
    df: int
    ss: float
    ms: float
    f: float | None
    p: float | None


class RiskDocument(Document):
    """Shares of what is made like the study's parts, measured as in the study, if the value alone decided.

    consumer : accepted although it does not conform. producer : rejected although it conforms (JCGM 106:2012, 9.5).
    """

    consumer: float
    producer: float


class CharacteristicStudyDocument(Document):
    """One characteristic of a study.

    ``in_budget``: whether its ``anova.grr`` enters the uncertainty of later inspections; ``note`` says why not.
    """

    characteristic: str
    unit: str
    parts: int
    operators: int
    trials: int | None
    readings: int
    mean: float
    lower: float | None
    upper: float | None
    anova: VariationDocument
    average_range: VariationDocument | None
    table: tuple[AnovaRowDocument, ...]
    pooled: bool
    freedom: int
    risk: RiskDocument | None
    in_budget: bool
    note: str


class GaugeStudyDocument(Document):
    """A study: of the station's own measurements (``photos``) or of entered ``values``. ``digest`` covers all else."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    source: Literal["photos", "values"]
    golden: str | None
    golden_version: int | None
    rig: str | None
    rig_digest: str | None
    by: str
    made_at: datetime
    program: str
    captures: tuple[str, ...] = Field(description="SHA-256 of the photos")
    characteristics: tuple[CharacteristicStudyDocument, ...]
    left_out: dict[str, str] = Field(description="characteristics that could not be evaluated, with the reason")
    digest: str = ""


@dataclass(frozen=True, slots=True)
class GaugeSpreads:
    """What enters the budgets of an inspection. study : digest of the study's document. spreads : standard deviation of
    each characteristic, in its unit."""

    study: str
    made_at: datetime
    spreads: Mapping[str, float]
