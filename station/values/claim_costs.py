"""What the remedies of a nonconformity cost, and what has come of it beside the goods."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from station.values.documents import Document
from station.values.phrase import Phrase

Remedy = Literal["concession", "discount", "sort", "sort-rework", "sort-replace", "rework-all", "remake"]
Consequence = Literal["inbound", "returns", "relabelling", "fines", "delay"]
"""What comes of it beside the goods (C7): refused at inbound, sent back, labelled anew, fined, late."""
Unpriced = Literal[
    "sort", "rework", "remake", "discount", "loss", "late_loss", "sort_days", "rework_days", "remake_days"
]  # fmt: skip
"""Fields of :class:`CostInput` that may be not known, also after they were given."""


class CostInput(Document):
    """Prices of the remedies, in one currency; None where it is not known. share : 0-1.

    price : of a unit, FOB; packing : what custom packing adds to it (N11). sort, rework, remake, dispose : per unit.
    rework_yield, discount : shares. expedite, freight : per delivery. loss : of the buyer for each nonconforming unit
    that is used. late_loss : for missing the day on which the goods are needed. *_days : until the goods are there.
    inbound, returns, relabelling, fines, delay : what has come of it so far, whatever remedy is taken (C7).
    """

    currency: str = Field(default="USD", pattern=r"^[A-Z]{3}$")
    price: Decimal = Field(gt=0)
    packing: Decimal = Field(default=Decimal(0), ge=0)
    sort: Decimal | None = Field(default=None, ge=0)
    rework: Decimal | None = Field(default=None, ge=0)
    rework_yield: Decimal = Field(default=Decimal(1), ge=0, le=1)
    remake: Decimal | None = Field(default=None, ge=0)
    dispose: Decimal = Field(default=Decimal(0), ge=0)
    expedite: Decimal = Field(default=Decimal(0), ge=0)
    freight: Decimal = Field(default=Decimal(0), ge=0)
    discount: Decimal | None = Field(default=None, ge=0, le=1)
    loss: Decimal | None = Field(default=None, ge=0)
    late_loss: Decimal | None = Field(default=None, ge=0)
    sort_days: int | None = Field(default=None, ge=0)
    rework_days: int | None = Field(default=None, ge=0)
    remake_days: int | None = Field(default=None, ge=0)
    inbound: Decimal = Field(default=Decimal(0), ge=0)
    returns: Decimal = Field(default=Decimal(0), ge=0)
    relabelling: Decimal = Field(default=Decimal(0), ge=0)
    fines: Decimal = Field(default=Decimal(0), ge=0)
    delay: Decimal = Field(default=Decimal(0), ge=0)


class CostLine(Document):
    """One line of a remedy's arithmetic. payer : who bears it."""

    what: str
    arithmetic: str
    amount: Decimal
    payer: Literal["supplier", "buyer"]


class CostPath(Document):
    """One remedy: its lines, its total, when the goods are there. allowed : by the matrix and the context; ``why_not``
    says why not, or which price is missing. total_high : with as many nonconforming units as the upper bound has."""

    remedy: Remedy
    allowed: bool
    why_not: tuple[Phrase, ...]
    lines: tuple[CostLine, ...]
    supplier: Decimal
    buyer: Decimal
    total: Decimal
    total_high: Decimal
    good_units: int
    ready_on: date | None
    late: bool


class ConsequenceCost(Document):
    """What one consequence has cost the buyer."""

    what: Consequence
    amount: Decimal


class CostComparison(Document):
    """The remedies side by side, the least total of those allowed first. best : None where none is allowed and priced.

    nonconforming : units of the lot, estimated; nonconforming_high : its upper bound. steady : the same remedy is best
    at the upper bound. share_of_order : the best total over the price of the lot. usual : FOB prices at 1,000 units
    that the trade knows for such a product (N11), None for others; usual_packing : what custom packing adds, in USD.
    consequences : what has come of it, beside every remedy (C7); consequences_total : their sum.
    """

    inputs: CostInput
    lot_size: int
    nonconforming: int
    nonconforming_high: int
    paths: tuple[CostPath, ...]
    best: Remedy | None
    steady: bool
    share_of_order: float | None
    usual: tuple[Decimal, Decimal] | None
    usual_packing: tuple[Decimal, Decimal] | None = None
    consequences: tuple[ConsequenceCost, ...] = ()
    consequences_total: Decimal = Decimal(0)
