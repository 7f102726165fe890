"""What leaves the station about sampling beyond the ``plan`` document: computed plans, plans by variables, whole
schemes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from station.values.documents import Document, OcPoint


class LimitingQualityDocument(Document):
    """The smallest sample for a limiting quality. n, ac, re : the plan. limiting_quality : a fraction; accepted : the
    chance that a lot of it passes. indifference_quality : p at Pa = 0.5, producer_quality : at Pa = 0.95."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    lot_size: int | None
    limiting_quality: float
    consumer_risk: float
    n: int
    ac: int
    re: int
    accepted: float
    producer_quality: float
    indifference_quality: float
    hundred_percent: bool
    count: Literal["hypergeometric", "binomial"]
    oc: tuple[OcPoint, ...]


class SampleDocument(Document):
    """A measured sample under a plan by variables. to_lower, to_upper : distance of the mean from each limit that is
    set, in standard deviations, None without a limit or where all values are the same; beyond : values outside the
    limits; accepted : no distance is below k, or where every unit was measured, no value lies beyond."""

    lower: float | None
    upper: float | None
    mean: float
    spread: float
    to_lower: float | None
    to_upper: float | None
    beyond: int
    accepted: bool


class VariablesPlanDocument(Document):
    """A plan by variables for one limit: accept where the mean lies at least ``k`` standard deviations within it.

    edition : ``z1.9``, or ``computed`` from two points of the curve. method : s, of the sample; sigma, of the process.
    plan_n : units that the plan takes; where the lot has no more, ``hundred_percent`` is true and ``n`` the lot: every
    unit is measured and held to its limits by itself, so there are no risks and no curve.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    edition: Literal["z1.9", "computed"]
    method: Literal["s", "sigma"]
    lot_size: int | None
    level: str | None
    severity: str | None
    aql: float | None
    n: int
    plan_n: int
    k: float
    producer_quality: float
    producer_risk: float | None
    consumer_quality: float | None
    consumer_risk: float | None
    hundred_percent: bool
    oc: tuple[OcPoint, ...]
    sample: SampleDocument | None = None


class SchemePoint(Document):
    """Long-run figures of a scheme at a quality ``p``. aoq : average outgoing quality when lots that are not accepted
    are sorted. until_discontinued : lots, None where practically never."""

    p: float
    pa: float
    asn: float
    normal: float
    tightened: float
    reduced: float
    aoq: float
    until_discontinued: float | None


class SchemePlan(Document):
    """A plan that a scheme switches to. The lists have one entry a stage; ``ac`` is -1 where a stage cannot accept."""

    severity: str
    n: tuple[int, ...]
    ac: tuple[int, ...]
    re: tuple[int, ...]


class SchemeDocument(Document):
    """A whole switching scheme at constant quality, inspection resumed at once where it is discontinued.

    with_reduced : whether the authority agrees to reduced inspection. per_100_units : nonconformities are counted.
    cartons, correlation : where every sample comes from so many cartons whose units are alike. aoql, aoql_at : largest
    average outgoing quality, of lots of ``lot_size`` units or very large ones, and the quality at which it comes about.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    edition: str
    lot_size: int | None
    code_letter: str
    level: str
    aql: float
    type: str
    plans: tuple[SchemePlan, ...]
    with_reduced: bool
    per_100_units: bool
    cartons: int | None
    correlation: float | None
    points: tuple[SchemePoint, ...]
    aoql: float
    aoql_at: float
    producer_risk: float
    consumer_quality: float
