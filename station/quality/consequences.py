"""What a nonconformity brings about beside the goods themselves, told apart (C7): failed inbound, returns, relabelling,
fines, delay.

Which of them a point threatens follows from its kind. What has come of it is entered as amounts; they are the same
whatever remedy is taken, so that they stand beside the comparison and never in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, get_args

from station.quality.catalogue import kind_of
from station.values.claim_costs import Consequence, ConsequenceCost, CostInput
from station.values.nonconformity import Category, Facts, Item

CONSEQUENCES: Final[tuple[Consequence, ...]] = get_args(Consequence)
_THREATENED: Final[dict[Category, tuple[Consequence, ...]]] = {
    "label": ("inbound", "relabelling", "fines"), "packaging": ("inbound", "returns"), "count": ("inbound", "delay"),
    "function": ("returns", "fines"), "assembly": ("returns",), "material": ("returns", "fines"),
    "mark": ("returns",), "colour": ("returns",), "size": ("returns",), "surface": ("returns",),
}  # fmt: skip


def threatened(item: Item, facts: Facts) -> tuple[Consequence, ...]:
    """What a point may bring about, in the order of the source; a rejected lot is late besides."""
    found = set(_THREATENED[kind_of(item.kind).category])
    if facts.decision == "rejected":
        found.add("delay")
    return tuple(c for c in CONSEQUENCES if c in found)


def incurred(inputs: CostInput) -> tuple[ConsequenceCost, ...]:
    """The consequences that were given an amount, in the order of the source."""
    return tuple(_incurred(inputs))


def _incurred(inputs: CostInput) -> Iterator[ConsequenceCost]:
    for what in CONSEQUENCES:
        amount: Decimal = getattr(inputs, what)
        if amount:
            yield ConsequenceCost(what=what, amount=amount)
