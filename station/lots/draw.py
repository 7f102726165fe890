"""Which units of a lot to pull: a random sample spread over cartons, pack order and what the cartons are marked with.

The lot is cut into strata: a third of the pack order (early, mid, late) together with lot code, plating date, assembler
and line where the cartons carry them. Each stratum gets its share of the sample, at least one unit as long as there are
enough; within a stratum the units are drawn systematically from a random start, so that they come from as many cartons
as possible, and lie anywhere in a carton. Cochran, Sampling Techniques, 5.5 and 8.9; ISO 2859-1:1999, clause 8 (samples
in proportion to sub-lots). A second or later sample is drawn in the same way from the units that are left.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from station.errors import RequestError

IDENTIFIERS = ("lot_code", "plated", "assembler", "line")
THIRDS = ("early", "mid", "late")
_RECEIPT = ((5_000, 32, 50), (20_001, 50, 80))
"""Lot sizes below which a receipt takes so many units at least and at most."""


@dataclass(frozen=True, slots=True)
class Carton:
    """A carton in pack order. identifiers : those of ``IDENTIFIERS`` that it carries."""

    name: str
    units: int
    identifiers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pick:
    """A unit to pull: the ``position``-th of its carton, counted from 1 as it is unpacked."""

    carton: str
    position: int
    third: str
    identifiers: Mapping[str, str]

    @property
    def label(self) -> str:
        """What the unit is called from then on."""
        return f"{self.carton}-{self.position:03d}"


def even_cartons(lot_size: int, count: int) -> list[Carton]:
    """``count`` cartons that share the lot evenly, named 1, 2, 3 ... Raises RequestError for more cartons than
    units."""
    if not 1 <= count <= lot_size:
        raise RequestError(f"{lot_size} units are not packed in {count} cartons", f"Give 1 to {lot_size} cartons.")
    whole, over = divmod(lot_size, count)
    return [Carton(str(i + 1), whole + (i < over)) for i in range(count)]


def receipt_sample(lot_size: int, strata: int) -> int | None:
    """Units to pull at receipt: 32 to 50 of a lot below 5,000, 50 to 80 up to 20,000, the more the more strata there
    are.

    None for larger lots, for which the sample of a standard is taken.
    """
    for below, least, most in _RECEIPT:
        if lot_size < below:
            return min(lot_size, max(least, min(most, strata)))
    return None


def strata_of(cartons: Sequence[Carton]) -> dict[tuple[str, ...], list[Carton]]:
    """The cartons of each stratum: third of the pack order, then what the cartons are marked with."""
    total = sum(c.units for c in cartons)
    found: dict[tuple[str, ...], list[Carton]] = {}
    before = 0
    for carton in cartons:
        third = THIRDS[min(2, int(3 * (before + carton.units / 2) / total))]
        before += carton.units
        key = (third, *(carton.identifiers.get(name, "") for name in IDENTIFIERS))
        found.setdefault(key, []).append(carton)
    return found


def draw(
    cartons: Sequence[Carton], n: int, rng: random.Random, taken: Mapping[str, Set[int]] | None = None
) -> tuple[Pick, ...]:
    """``n`` units of a lot, in the order of the cartons. The same cartons and the same state of ``rng`` give the same.

    taken : positions of each carton that were drawn before and are left out.

    Raises
    ------
    RequestError
        No carton, one without a unit or named twice, or more units than the lot has.
    """
    names = [c.name for c in cartons]
    twice = next((x for x in names if names.count(x) > 1), None) if len(set(names)) < len(names) else None
    if twice is not None:
        raise RequestError(f"Carton {twice} is listed twice", "Give every carton one row.")
    empty = next((c for c in cartons if c.units < 1), None)
    if empty is not None or not cartons:
        what = f"Carton {empty.name} holds {empty.units} units" if empty is not None else "There is no carton"
        raise RequestError(what, "List the cartons that hold units.")
    gone = {c.name: sorted((taken or {}).get(c.name, ())) for c in cartons}
    left = {c.name: c.units - len(gone[c.name]) for c in cartons}
    total = sum(left.values())
    if not 1 <= n <= total:
        raise RequestError(f"{n} units cannot be drawn from a lot of {total}", f"Give 1 to {total}.")
    strata = {k: [c for c in found if left[c.name]] for k, found in strata_of(cartons).items()}
    keys = sorted(k for k, found in strata.items() if found)
    shares = allocate([sum(left[c.name] for c in strata[k]) for k in keys], n, rng)
    order = {name: i for i, name in enumerate(names)}
    picks = [
        Pick(carton.name, position, key[0], dict(carton.identifiers))
        for key, share in zip(keys, shares, strict=True)
        for carton, position in _within(strata[key], share, gone, rng)
    ]
    return tuple(sorted(picks, key=lambda p: (order[p.carton], p.position)))


def allocate(sizes: Sequence[int], n: int, rng: random.Random) -> list[int]:
    """``n`` units over strata in proportion to their sizes, at least one each where ``n`` allows, none beyond its size.

    With fewer units than strata they are drawn systematically, each stratum with a chance in proportion to its size.
    """
    if n < len(sizes):
        return systematic(sizes, n, rng)
    shares = [1] * len(sizes)
    total = sum(sizes)
    for _ in range(n - len(sizes)):
        owed = [
            n * size / total - share if share < size else -math.inf for size, share in zip(sizes, shares, strict=True)
        ]
        shares[owed.index(max(owed))] += 1
    return shares


def systematic(sizes: Sequence[int], n: int, rng: random.Random) -> list[int]:
    """How often each of the parts is hit by ``n`` even steps over their sizes, from a random start."""
    total = sum(sizes)
    step = total / n if n else 0.0
    start = rng.random() * step
    hits = [0] * len(sizes)
    part, end = 0, sizes[0]
    for k in range(n):
        place = start + k * step
        while place >= end and part < len(sizes) - 1:
            part += 1
            end += sizes[part]
        hits[part] += 1
    return hits


def _within(
    cartons: Sequence[Carton], share: int, gone: Mapping[str, Sequence[int]], rng: random.Random
) -> list[tuple[Carton, int]]:
    mixed = list(cartons)
    rng.shuffle(mixed)
    left = [c.units - len(gone[c.name]) for c in mixed]
    return [
        (carton, _position(place, gone[carton.name]))
        for carton, units, count in zip(mixed, left, systematic(left, share, rng), strict=True)
        for place in rng.sample(range(units), count)
    ]


def _position(place: int, gone: Sequence[int]) -> int:
    """The position, from 1, of the unit at a place, from 0, among those of a carton that are not ``gone``."""
    position = place + 1
    for taken in gone:
        position += taken <= position
    return position


@dataclass(frozen=True, slots=True)
class Integrity:
    """A pulled sample against its pick list: labels that are missing, that came twice, and that were not asked for."""

    missing: tuple[str, ...]
    doubled: tuple[str, ...]
    foreign: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """The sample is the one that was drawn."""
        return not (self.missing or self.doubled or self.foreign)


def integrity(drawn: Sequence[str], pulled: Sequence[str]) -> Integrity:
    """Hold the labels of pulled units against those that were drawn."""
    asked, here = set(drawn), set(pulled)
    return Integrity(
        tuple(x for x in drawn if x not in here),
        tuple(sorted({x for x in pulled if pulled.count(x) > 1})),
        tuple(sorted(here - asked)),
    )
