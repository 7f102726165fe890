"""The ``plan`` document: a sampling plan and what it does."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from station.values.documents.base import Document


class OcPoint(Document):
    """p : fraction nonconforming (or nonconformities a unit), pa : probability of acceptance."""

    p: float
    pa: float


class PlanPoint(Document):
    """What a plan does at a quality ``p``: asn : units inspected on average. aoq : quality after sorting the lots that
    are not accepted. pa_cartons : probability of acceptance of a sample from cartons, where they were asked for."""

    p: float
    asn: float
    aoq: float
    pa_cartons: float | None = None


class PlanFigures(Document):
    """Figures of a plan beside its operating characteristic; ``points`` at the same qualities.

    aoql, aoql_at : the largest average outgoing quality and where it comes about. cartons, correlation : how the sample
    is drawn and how alike the units of a carton are; effective_sample : units at random that would tell as much.
    """

    points: tuple[PlanPoint, ...]
    asn_at_aql: float
    aoql: float
    aoql_at: float
    cartons: int | None = None
    correlation: float | None = None
    effective_sample: float | None = None
    producer_risk_cartons: float | None = None
    consumer_quality_cartons: float | None = None


class PlanDocument(Document):
    """A sampling plan. The lists have one entry a stage; ``ac`` is -1 where a stage cannot accept.

    fraction : "1/2", "1/3" or "1/5" where the acceptance number is fractional (ISO 2859-1, clause 13): ``ac`` is 0, and
    one nonconforming unit is accepted where none was found in the 1, 2 or 4 lots just before. per_100_units : counted
    are nonconformities, of which a unit may have several, and every ``p`` is a unit's; always above an AQL of 10.
    hundred_percent : the stages would take the whole lot, so ``n`` is the lot: every unit is inspected, and there are
    no risks (None), no curve and no figures.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    edition: str
    lot_size: int | None
    code_letter: str
    letter: str
    n: tuple[int, ...]
    ac: tuple[int, ...]
    re: tuple[int, ...]
    severity: str
    level: str
    aql: float
    type: str
    oc: tuple[OcPoint, ...]
    producer_risk: float | None
    consumer_quality: float | None
    hundred_percent: bool
    fraction: str | None = None
    per_100_units: bool = False
    figures: PlanFigures | None = None
