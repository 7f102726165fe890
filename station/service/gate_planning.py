"""The gates that an order is opened with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from station.values.gates import PlannedGate
from station.values.orders import Profile

if TYPE_CHECKING:
    from station.lots.orders import Order
    from station.sheet import Sheet


def planned_gates(order: Order, sheet: Sheet, *, defaults_agreed: bool = False) -> tuple[PlannedGate, ...]:
    """Pre-production confirmation, and the gates that the order's inspection plan has for its first SKU.

    A sheet without ``[aql]`` agrees on nothing, so that the plan's own hold (S6). defaults_agreed : take the sheet's
    defaults as agreed all the same, as earlier versions of the station did.
    """
    from station.lots.orders import plan_order
    from station.sheet import agreed_aql

    found = [PlannedGate(gate="pre-production", when="before production", n=0, lot=None)]
    for g in plan_order(order, agreed=sheet.aql if defaults_agreed else agreed_aql(sheet)).gates:
        if g.sku in (None, 1):
            allowed = {p.defect_class: p.ac for p in g.plans if p.defect_class is not None}
            found.append(PlannedGate(gate=g.gate, when=g.when, n=g.n, lot=g.lot, allowed=allowed))
    return tuple(found)


def strictest_profile(order: Order) -> Profile:
    """The profile that holds of all that something about the order asks for (W12)."""
    from station.lots.orders import PROFILES, profiles_of

    return max((p for p, _ in profiles_of(order)), key=PROFILES.index)
