"""The inspection plan of an order: its gates, their samples, and what each of them lets through."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from station.values.documents import DefectClass, Document

Profile = Literal["simple", "carded", "mixed", "premium"]
GateName = Literal["incoming", "first-off", "in-line", "post-plating", "pre-pack", "sort", "final"]
FIRST_OFF = (5, 10)
"""Pieces of an SKU that are looked at first (W10); the second number of mixed and premium orders."""
SAMPLE_DAYS = (5, 9)
BULK_DAYS = (10, 18)
"""Usual calendar days after artwork confirmation, and after sample approval (W14, N15)."""
MORE_DAYS = (2, 6)
"""Further days for antique finishes, epoxy domes, gift boxes, manual carding, mixed SKUs."""


class GateChance(Document):
    """accepted : the chance (0-1) that goods with this share nonconforming pass the gate. quality : a fraction, or
    nonconformities a unit where these are counted."""

    quality: float
    accepted: float


class GatePlan(Document):
    """How many nonconforming units a gate's sample may have in a class, or of any kind where there is no class.

    aql : 0 where Ac is 0 by rule, None where the sample follows from no AQL. accepted_at_aql : chance of acceptance
    there. one_in_ten : the quality that still passes one time in ten. Chances are empty where every unit is inspected.
    """

    defect_class: Annotated[DefectClass | None, Field(alias="class")]
    aql: float | None
    severity: str | None
    n: int
    ac: int
    re: int
    accepted_at_aql: float | None
    chances: tuple[GateChance, ...]
    one_in_ten: float | None
    per_100_units: bool = False


class OrderGate(Document):
    """A gate of an order. when : in words. sku : its number in the order, None where the gate is not an SKU's. lot :
    units that the sample of ``n`` is drawn from, None where their number is not known."""

    gate: GateName
    when: str
    sku: int | None
    lot: int | None
    n: int
    hundred_percent: bool
    plans: tuple[GatePlan, ...]


class OrderChance(Document):
    """The chance (0-1) that an order passes all gates that draw samples, where every SKU has this share of its units
    nonconforming in a class (``per_100_units``: nonconformities a unit). at_least : exact where no unit is looked at
    twice. at_most : whatever units the gates share."""

    defect_class: Annotated[DefectClass, Field(alias="class")]
    quality: float
    per_100_units: bool
    at_least: float
    at_most: float


class OrderDocument(Document):
    """The inspection plan that an order's profile asks for.

    units : of each SKU. reasons : why this profile. lead_days : that the inspections add, from and to. stream : of
    lots, whose severities hold. cartons, correlation : that the chances of the final inspection are for. measures :
    what belongs to the profile besides gates. chances : of all gates together.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    units: tuple[int, ...]
    profile: Profile
    reasons: tuple[str, ...]
    lead_days: tuple[int, int]
    stream: str | None
    edition: str
    level: str
    cartons: int | None
    correlation: float | None
    gates: tuple[OrderGate, ...]
    measures: tuple[str, ...]
    remarks: tuple[str, ...]
    chances: tuple[OrderChance, ...] = ()


class RiskPart(Document):
    """Something that raises the risk of an order, and by how many points."""

    points: int
    words: str


class OrderAdvice(Document):
    """Advice before an order is placed. sample_days, production_days : usual calendar days, from and to. plausible :
    nothing stands in ``schedule`` against the days that were promised. minimum : SKUs below the usual minimum."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    points: int
    level: str
    parts: tuple[RiskPart, ...]
    sample_days: tuple[int, int]
    production_days: tuple[int, int]
    plausible: bool
    schedule: tuple[str, ...]
    minimum: tuple[str, ...]
