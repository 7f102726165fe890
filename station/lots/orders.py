"""What the inspection of an order consists of: its profile, its gates with their sizes, and the chances each leaves.

Profiles (W12): *simple*, up to 300 units of one plain SKU: first-off approval and final random inspection; *carded*,
500 to 2,000 units of one finish with carding: in-line inspection too; *mixed*, 2,000 to 10,000 units, several SKUs or
hardware: a gate after every process and a final sample spread over the cartons. The strictest profile that any fact
asks for holds, and between two profiles the stricter neighbour. *Premium* goods and launches with a deadline add to
it: a sealed master, major AQL 1.5 (S6) and every unit sorted for critical cosmetics.

Stage gates (W10) pay above USD 5,000 FOB or 3,000 units (W11): such an order is inspected as mixed.

Sizes. First-off: 5 to 10 pieces of each SKU (W10), here 5, of mixed and premium orders 10. In-line at 10 to 20 per cent
of completion: the standard's sample of the units that are then made. Final: the standard's sample of each SKU. The
sources name no number for incoming goods, the review after plating and colour and that before packing: there it is the
smallest sample of which none may be nonconforming and that stops a batch with 10 per cent nine times in ten.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from station.errors import RequestError
from station.lots.decide import CLASSES, class_stages, sample_sizes
from station.lots.limiting_quality import LARGEST_EXACT_LOT, nonconforming_units, smallest_sample
from station.lots.oc import Curve, Float, acceptance_probabilities, isolated_acceptance, qualities_at, search_end
from station.lots.order_chances import order_chances
from station.lots.performance import acceptance_from_cartons
from station.lots.plans import MAX_LOT_SIZE, Stages
from station.sheet import Aql
from station.values.documents import DefectClass
from station.values.orders import FIRST_OFF, GateChance, GateName, GatePlan, OrderDocument, OrderGate, Profile

PROFILES: tuple[Profile, ...] = ("simple", "carded", "mixed", "premium")
"""From the least strict to the strictest."""
LEAD_DAYS: Mapping[Profile, tuple[int, int]] = {"simple": (1, 2), "carded": (2, 4), "mixed": (3, 6), "premium": (4, 7)}
"""Working days that the inspections add (W12)."""
GATES: Mapping[Profile, tuple[GateName, ...]] = {
    "simple": ("first-off", "final"),
    "carded": ("first-off", "in-line", "final"),
    "mixed": ("incoming", "first-off", "in-line", "post-plating", "pre-pack", "final"),
}
WORTH_UNITS, WORTH_USD = 3_000, 5_000.0
PREMIUM_MAJOR = 1.5
BATCH_QUALITY = 0.10
"""Share nonconforming of a batch that its gate stops nine times in ten."""
_MOST_SKUS = 200
_SIMPLE, _CARDED, _MIXED_FROM, _MIXED_TO = 300, 500, 2_000, 10_000


@dataclass(frozen=True, slots=True)
class Order:
    """An order as its inspection sees it.

    units : of each SKU. finishes : different platings or colours of metal. carded : packed on cards by hand. hardware :
    rings, magnets, clutches and the like from elsewhere are mounted. premium : a gift set, or for premium retail, a
    museum, a licence, an executive. deadline : a launch that cannot wait. value_usd : FOB, None where it is not known.
    """

    units: tuple[int, ...]
    finishes: int = 1
    carded: bool = False
    hardware: bool = False
    premium: bool = False
    deadline: bool = False
    value_usd: float | None = None

    @property
    def total(self) -> int:
        """Units of all SKUs."""
        return sum(self.units)


def profiles_of(order: Order) -> list[tuple[Profile, str]]:
    """Every profile that something about the order asks for, with its reason; the strictest holds."""
    found: list[tuple[Profile, str]] = [_by_size(order.total)]
    if order.carded:
        found.append(("carded", "packed on cards"))
    if len(order.units) > 1:
        found.append(("mixed", f"{len(order.units)} SKUs"))
    if order.finishes > 1:
        found.append(("mixed", f"{order.finishes} finishes"))
    if order.hardware:
        found.append(("mixed", "with hardware"))
    if order.total > WORTH_UNITS:
        found.append(("mixed", f"more than {WORTH_UNITS:,} units: stage gates cost less than one partial remake"))
    if order.value_usd is not None and order.value_usd > WORTH_USD:
        why = f"worth more than USD {WORTH_USD:,.0f} FOB: stage gates cost less than one partial remake"
        found.append(("mixed", why))
    if order.premium:
        found.append(("premium", "premium goods"))
    if order.deadline:
        found.append(("premium", "a launch with a deadline"))
    return found


def _by_size(total: int) -> tuple[Profile, str]:
    if total <= _SIMPLE:
        return "simple", f"{total} units"
    if total < _MIXED_FROM:
        between = ", between two profiles: the stricter one" if total < _CARDED else ""
        return "carded", f"{total:,} units{between}"
    beyond = ", beyond what the profiles speak of" if total > _MIXED_TO else ""
    return "mixed", f"{total:,} units{beyond}"


def plan_order(
    order: Order,
    *,
    agreed: Aql | None = None,
    severities: Mapping[DefectClass, str] | None = None,
    stream: str | None = None,
    qualities: Sequence[float] = (0.05, 0.10),
    cartons: int | None = None,
    correlation: float = 0.0,
) -> OrderDocument:
    """The inspection plan of an order.

    Parameters
    ----------
    agreed
        AQLs, level and edition that buyer and supplier agreed on; without them major 2.5 and minor 4.0, of premium
        orders major 1.5.
    severities, stream
        Of each class the severity in force in the ``stream`` of lots that the order belongs to.
    qualities
        Fractions nonconforming, in (0, 1), at which the chance of acceptance is stated besides the AQL.
    cartons, correlation
        The final sample of an SKU comes from so many cartons whose units are alike; see
        :func:`station.lots.performance.acceptance_from_cartons`.

    Raises
    ------
    RequestError
        An order that cannot be, or a value out of its range.
    """
    _vet(order, qualities)
    asked = profiles_of(order)
    profile = max((p for p, _ in asked), key=PROFILES.index)
    base = max((p for p, _ in asked if p != "premium"), key=PROFILES.index)
    aql = agreed or Aql(major=PREMIUM_MAJOR if profile == "premium" else 2.5)
    aql = aql.model_copy(update={"type": "single"})
    make = _Gates(order, base, profile == "premium", aql, severities or {}, tuple(qualities), cartons, correlation)
    names = (*GATES[base][:-1], *(("sort",) if profile == "premium" else ()), "final")
    gates = tuple(gate for name in names for gate in make.gates(name))
    return OrderDocument(
        units=order.units, profile=profile, reasons=tuple(why for p, why in asked if p == profile),
        lead_days=LEAD_DAYS[profile], stream=stream, edition=aql.edition, level=aql.level,
        cartons=cartons, correlation=None if cartons is None else correlation,
        gates=gates, chances=order_chances(gates),
        measures=tuple(_measures(profile, base)), remarks=plan_remarks(order.total, profile, agreed),
    )  # fmt: skip


def _measures(profile: Profile, base: Profile) -> list[str]:
    found = []
    if profile == "premium":
        found.append("seal a measured master before production: station golden seal")
    if base == "mixed":
        found.append("check packing on the line: cards, barcodes, inserts, counts")
        found.append("spread the final sample over the cartons: station lot draw --carton-file")
    return found


def plan_remarks(total: int, profile: Profile, agreed: Aql | None) -> tuple[str, ...]:
    """What should be known of an order's plan. total : units of all SKUs. agreed : None where nothing is."""
    found = []
    if agreed is not None and agreed.type != "single":
        found.append(
            f"reckoned with single plans; {agreed.type} ones accept nearly as often, by fewer units on average"
        )
    if agreed is not None and profile == "premium" and not 0 < agreed.major <= PREMIUM_MAJOR:
        found.append(f"a premium order usually agrees on major AQL {PREMIUM_MAJOR:g}; {agreed.major:g} is agreed")
    if total > _MIXED_TO:
        found.append(f"above {_MIXED_TO:,} units no profile speaks: the gates are those of the mixed one")
    return tuple(found)


def _vet(order: Order, qualities: Sequence[float]) -> None:
    wrong = next((n for n in order.units if not 1 <= n <= MAX_LOT_SIZE), None)
    if wrong is not None or not 1 <= len(order.units) <= _MOST_SKUS:
        what = f"An SKU of {wrong} units" if wrong is not None else f"An order of {len(order.units)} SKUs"
        raise RequestError(f"{what} cannot be planned", f"Give the units of each SKU, of 1 to {_MOST_SKUS} of them.")
    if order.finishes < 1:
        raise RequestError(f"{order.finishes} finishes cannot be", "Give 1 or more.")
    if order.value_usd is not None and not 0 <= order.value_usd < math.inf:
        raise RequestError(f"USD {order.value_usd:g} is no value of an order", "Give 0 or more.")
    odd = next((q for q in qualities if not 0 < q < 1), None)
    if odd is not None:
        raise RequestError(f"{100 * odd:g} per cent nonconforming cannot be", "Give a quality between 0 and 100.")


def final_curve(plan: Stages, cartons: int | None, correlation: float) -> Curve:
    """The probability of acceptance of a final sample, from cartons whose units are alike where these are given; a
    sample smaller than their number comes from as many as it has units."""
    if cartons is None:
        return plan.acceptance
    return lambda p: acceptance_from_cartons(plan, p, cartons=min(cartons, plan.n[0]), correlation=correlation)


@dataclass(frozen=True, slots=True)
class _Gates:
    order: Order
    base: Profile
    premium: bool
    aql: Aql
    severities: Mapping[DefectClass, str]
    qualities: tuple[float, ...]
    cartons: int | None
    correlation: float

    def gates(self, name: GateName) -> list[OrderGate]:
        """A gate, of each SKU its own where the sample is an SKU's."""
        if name == "incoming":
            n = smallest_sample(BATCH_QUALITY)
            return [self._none_wrong(name, "before production, of every lot of material and hardware", None, None, n)]
        return [self._of_sku(name, sku, units) for sku, units in enumerate(self.order.units, 1)]

    def _of_sku(self, name: GateName, sku: int, units: int) -> OrderGate:
        if name == "first-off":
            return self._first_off(sku, units)
        if name == "in-line":
            return self._in_line(sku, units)
        if name == "sort":
            when = "before packing: every unit, for critical cosmetics"
            return OrderGate(gate=name, when=when, sku=sku, lot=units, n=units, hundred_percent=True, plans=())
        if name == "final":
            return self._standard(name, "when all are packed, at random", sku, units)
        return self._batch(name, sku, units)

    def _first_off(self, sku: int, units: int) -> OrderGate:
        n = min(units, FIRST_OFF[self.base == "mixed" or self.premium])
        return self._none_wrong("first-off", "the first pieces, before the others are made", sku, units, n)

    def _in_line(self, sku: int, units: int) -> OrderGate:
        when = "at 20 % of completion" if self.base == "carded" else "at 10 to 20 % of completion"
        return self._standard("in-line", f"{when}, of the units made by then", sku, max(1, math.ceil(0.2 * units)))

    def _batch(self, name: GateName, sku: int, units: int) -> OrderGate:
        n = smallest_sample(BATCH_QUALITY, lot_size=units) if units > 1 else 1
        when = {
            "post-plating": "after plating and after colour, of every batch",
            "pre-pack": "after curing or mounting, before packing",
        }[name]
        return self._none_wrong(name, when, sku, units, n)

    def _none_wrong(self, name: GateName, when: str, sku: int | None, units: int | None, n: int) -> OrderGate:
        # what is made after the first pieces is not a lot that they were drawn from
        exact = name != "first-off" and units is not None and units <= LARGEST_EXACT_LOT
        whole = name != "first-off" and n == units

        def curve(p: Float) -> Float:
            if units is not None and exact:
                return np.array([isolated_acceptance(n, 0, units, nonconforming_units(units, float(q))) for q in p])
            return acceptance_probabilities((n,), (0,), (1,), p, nonconformities=False)

        plan = GatePlan(
            defect_class=None, aql=None, severity=None, n=n, ac=0, re=1, accepted_at_aql=None,
            chances=() if whole else self._chances(curve),
            one_in_ten=None if whole else qualities_at((0.10,), curve, 1.0)[0],
        )  # fmt: skip
        return OrderGate(gate=name, when=when, sku=sku, lot=units, n=n, hundred_percent=whole, plans=(plan,))

    def _standard(self, name: GateName, when: str, sku: int, units: int) -> OrderGate:
        if units < 2:
            return OrderGate(gate=name, when=when, sku=sku, lot=units, n=units, hundred_percent=True, plans=())
        sizes = sample_sizes(self.aql, units, self.severities)
        n = max(sizes.values())
        plans = tuple(self._class_plan(c, units, sizes[c], name) for c in CLASSES)
        return OrderGate(gate=name, when=when, sku=sku, lot=units, n=n, hundred_percent=n == units, plans=plans)

    def _class_plan(self, c: DefectClass, units: int, n: int, name: GateName) -> GatePlan:
        aql = float(getattr(self.aql, c))
        severity = self.severities.get(c, self.aql.severity)
        plan = class_stages(self.aql, c, units, self.severities)
        if plan is None:
            plan = Stages((n,), (0,), (1,), "single", "", 0, nonconformities=False)
        whole = n == units
        curve = self._curve(plan, name)
        end = search_end(plan.n, plan.re, nonconformities=True) if plan.nonconformities else 1.0
        return GatePlan(
            defect_class=c, aql=aql, severity=severity if aql > 0 else None, n=n, ac=plan.ac[0], re=plan.re[0],
            accepted_at_aql=None if whole or aql == 0 else float(curve(np.array([aql / 100]))[0]),
            chances=() if whole else self._chances(curve),
            one_in_ten=None if whole else qualities_at((0.10,), curve, end)[0], per_100_units=plan.nonconformities,
        )  # fmt: skip

    def _curve(self, plan: Stages, name: GateName) -> Curve:
        return plan.acceptance if name != "final" else final_curve(plan, self.cartons, self.correlation)

    def _chances(self, curve: Curve) -> tuple[GateChance, ...]:
        found = curve(np.array(self.qualities))
        return tuple(GateChance(quality=q, accepted=float(pa)) for q, pa in zip(self.qualities, found, strict=True))
