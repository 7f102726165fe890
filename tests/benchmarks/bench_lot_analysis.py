"""The analysis of lots on simulated ones: size of every test, power of the cluster verdict, causes, speed.

    python tests/benchmarks/bench_lot_analysis.py --size       # how often chance alone is called something
    python tests/benchmarks/bench_lot_analysis.py --power      # one bad carton, and other extents
    python tests/benchmarks/bench_lot_analysis.py --causes     # drift, substitution, screening, neither, both
    python tests/benchmarks/bench_lot_analysis.py --speed      # 9,999 permutations, 2,000 units, 8 factors

Prints figures; asserts nothing. ``--lots N`` sets the simulated lots of each row.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from station.lots.batches import differences_between
from station.lots.causes import diagnose
from station.lots.characteristics import Characteristic
from station.lots.clusters import find_clusters
from station.lots.defect_map import excess_p
from station.lots.factors import LotUnit, factors_of
from station.lots.groups import equivalent
from station.lots.mixtures import dip_p
from station.lots.outliers import generalised_esd
from station.lots.strata import p_within
from station.lots.trends import mann_kendall, pettitt

PUBLISHED = {(8, 4): (0.43, 0.78), (10, 5): (0.64, 0.93), (10, 8): (0.86, 0.99), (8, 10): (0.92, 1.00)}
"""Power against one carton with half and with four fifths of its units bad, the rest at 2 %, found before for a
permutation chi-square over the cartons alone: mid-p, and for four fifths the plain p."""
LIMIT_S = 2.0


def lot_of(
    rng: np.random.Generator,
    cartons: int,
    per: int,
    share: Callable[[int], float],
    *,
    kinds: int = 1,
    others: int = 0,
    per_lot: int = 0,
) -> list[LotUnit]:
    """Units of ``cartons``; ``share`` of a carton's units show each of ``kinds`` defects. others : factors of four
    levels that mean nothing. per_lot : cartons in a lot code, 0 without one."""
    units = []
    for c in range(cartons):
        for u in range(per):
            factors = {"carton": f"C{c:02d}"} | ({"lot_code": f"L{c // per_lot}"} if per_lot else {})
            factors |= {f"other{k}": str(rng.integers(4)) for k in range(others)}
            defects = frozenset(f"kind{k}" for k in range(kinds) if rng.random() < share(c))
            units.append(LotUnit(f"{c}-{u}", factors, defects))
    return units


def size(lots: int) -> Iterator[str]:
    """Lots whose defects follow nothing: how often each test and the verdict find something at 5 %."""
    yield (
        "cartons x units, share, kinds, other factors: verdict | any level named by the false discovery rate | level, "
        "any, trend alone (mid-p); intervals +-"
    )
    rows = [(8, 4, 0.1, 1, 0), (8, 10, 0.05, 1, 0), (10, 8, 0.1, 1, 2), (10, 8, 0.2, 3, 2), (12, 5, 0.1, 2, 1),
            (25, 2, 0.15, 1, 0), (4, 20, 0.1, 1, 3)]  # fmt: skip
    for cartons, per, share, kinds, others in rows:
        called, looked, single, tests = 0, 0, Counter[str](), Counter[str]()
        for k in range(lots):
            rng = np.random.default_rng([1, k])
            units = lot_of(rng, cartons, per, lambda _, s=share: s, kinds=kinds, others=others)
            days = {f"C{c:02d}": f"2026-05-{c + 1:02d}" for c in range(cartons)}
            units = [LotUnit(u.unit, {**u.factors, "pack_date": days[u.factors["carton"]]}, u.defects) for u in units]
            found = find_clusters(units, rng, permutations=999)
            called += any(e.extent in ("carton", "lot") for e in found.extents)
            looked += bool(found.first_look) or any((c.q or 0.0) <= 0.05 for c in found.clusters)
            for t in found.tests:
                tests[t.test] += 1
                single[t.test] += t.p <= 0.05
        shares = " ".join(f"{name} {single[name] / max(tests[name], 1):.3f}" for name in ("level", "any", "trend"))
        yield (
            f"{cartons:3d} x {per:2d}, {share:.2f}, {kinds}, {others}: {called / lots:.3f} +-"
            f"{1.96 * np.sqrt(0.05 * 0.95 / lots):.3f} | {looked / lots:.3f} | {shares}"
        )


def other_sizes(lots: int) -> Iterator[str]:
    """Of the tests beside the clusters': places on the part, batches, a factor held fixed, trends, shifts."""
    yield "other tests where there is nothing to find: share at 5 %"
    grid = np.stack(np.meshgrid(np.arange(-15, 15.1, 0.5), np.arange(-15, 15.1, 0.5)), axis=-1).reshape(-1, 2)
    disc = grid[np.hypot(*grid.T) <= 15]
    called = Counter[str]()
    for k in range(lots):
        rng = np.random.default_rng([6, k])
        n = int(rng.integers(4, 25))
        points = disc[rng.integers(len(disc), size=n)] + 0.5 * rng.random((n, 2)) - 0.25
        called["places"] += excess_p(points, disc, 30.0, rng) <= 0.05
        units = [LotUnit(str(i), {"lot": str(i // 12), "line": str(i % 3)}, frozenset()) for i in range(72)]
        factors = factors_of(units)
        called["batches"] += (
            min(d.p_family for d in differences_between(rng.normal(0, 1, (4, 72)), factors, rng)) <= 0.05
        )
        bad = rng.random(72) < np.where(factors[0].codes == 0, 0.5, 0.05)
        called["held fixed"] += p_within(bad, factors[1], factors[0], rng) <= 0.05
        called["trend of 8 lots"] += mann_kendall(rng.normal(0, 1, 8)).p <= 0.05
        called["trend of 20 lots"] += mann_kendall(rng.normal(0, 1, 20)).p <= 0.05
        called["change of level, 12 lots"] += pettitt(rng.normal(0, 1, 12)).p <= 0.05
        called["sameness at the margin"] += equivalent(rng.normal(1, 1, 12), 1.0) <= 0.05
        called["two modes"] += dip_p(rng.normal(0, 1, 60), rng, samples=199) <= 0.05
        called["one outlier of 20"] += len(generalised_esd(rng.normal(0, 1, 20), 1).outliers) > 0
    for name, times in called.items():
        yield f"  {name}: {times / lots:.3f} +-{1.96 * np.sqrt(0.05 * 0.95 / lots):.3f}"


def power(lots: int) -> Iterator[str]:
    """One bad carton against 2 %, then whole extents."""
    yield "one bad carton, others at 2 %: called carton, beside the permutation chi-square known from before"
    for (cartons, per), known in PUBLISHED.items():
        for bad, before in zip((0.5, 0.8), known, strict=True):
            called = 0
            for k in range(lots):
                rng = np.random.default_rng([2, k])
                units = lot_of(rng, cartons, per, lambda c, b=bad: b if c == 0 else 0.02)
                found = find_clusters(units, rng, permutations=4999)
                called += found.leading is not None and found.leading.extent == "carton"
            yield f"  {cartons:2d} x {per:2d}, {bad:.0%} bad: {called / lots:.2f} (before {before:.2f})"
    yield "extents: what is called what, 12 cartons of 8 in 3 lot codes"
    extents: dict[str, Callable[[int], float]] = {
        "one carton (60 %)": lambda c: 0.6 if c == 5 else 0.01,
        "one lot code (40 %)": lambda c: 0.4 if c // 4 == 1 else 0.01,
        "all alike (25 %)": lambda _: 0.25,
        "all alike (1 %)": lambda _: 0.01,
    }
    for name, share in extents.items():
        calls: Counter[str] = Counter()
        for k in range(lots):
            rng = np.random.default_rng([3, k])
            found = find_clusters(lot_of(rng, 12, 8, share, per_lot=4), rng, permutations=4999)
            calls[found.leading.extent if found.leading else "no defect"] += 1
        yield f"  {name}: " + ", ".join(f"{e} {n / lots:.2f}" for e, n in calls.most_common())


@dataclass(frozen=True, slots=True)
class Kind:
    """How lots of a kind are made: standard deviation of the shade between plating dates in CIEDE2000, shift of the
    weight in g of the whole lot or of two hardware lots of six, share of units with an obvious defect, shift of the
    width in mm."""

    shade: float = 0.0
    weight: float = 0.0
    part: bool = False
    dirty: float = 0.0
    width: float = 0.0


KINDS = {
    "drift": Kind(shade=1.8),
    "substitution": Kind(weight=-0.9),
    "substitution of a part": Kind(weight=-1.2, part=True),
    "screening": Kind(dirty=0.07),
    "drift and substitution": Kind(shade=1.8, weight=-0.9),
    "another tool": Kind(width=0.25),
    "nothing": Kind(),
}


def made(kind: Kind, rng: np.random.Generator) -> tuple[list[LotUnit], list[Characteristic], frozenset[str]]:
    """120 units of 6 plating dates, 10 cartons and 6 hardware lots, each weighed; colour judged at 2.0 and weight at
    0.8 g."""
    n = 120
    date, carton = np.arange(n) // 20, np.arange(n) // 12
    hardware = rng.permutation(n) % 6
    shade = rng.normal(0, kind.shade, 6)[date] + rng.normal(0, 0.4, n)
    weight = np.where(hardware < 2 if kind.part else True, kind.weight, 0.0) + rng.normal(0, 0.15, n)
    width = kind.width + rng.normal(0, 0.03, n)
    dirty = rng.random(n) < kind.dirty
    defects: list[set[str]] = [set() for _ in range(n)]
    for i in range(n):
        defects[i] |= {"missing-enamel"} if dirty[i] else set()
        defects[i] |= {"colour:sky"} if abs(shade[i]) > 2 else set()
        defects[i] |= {"entered:weight"} if abs(weight[i]) > 0.8 else set()
        defects[i] |= {"size:width"} if abs(width[i]) > 0.15 else set()
    units = [
        LotUnit(
            str(i),
            {
                "carton": f"C{carton[i]:02d}",
                "plating_date": f"2026-05-{date[i] + 1:02d}",
                "hardware_lot": f"H{hardware[i]}",
            },
            frozenset(defects[i]),
        )
        for i in range(n)
    ]
    characteristics = [
        Characteristic("colour:sky lightness", "colour", shade, 1.0, 0.25, "CIEDE2000"),
        Characteristic("colour:sky chroma", "colour", rng.normal(0, 0.3, n), 1.0, 0.25, "CIEDE2000"),
        Characteristic("colour:sky hue", "colour", rng.normal(0, 0.3, n), 1.0, 0.25, "CIEDE2000"),
        Characteristic("size:width", "geometry", width, 0.075, 0.01, "mm"),
        Characteristic("size:height", "geometry", rng.normal(0, 0.03, n), 0.075, 0.01, "mm"),
        Characteristic("entered:weight", "hardware", weight, 0.4, 0.03, "g"),
        Characteristic("entered:wire", "hardware", rng.normal(0, 0.01, n), 0.03, 0.005, "mm"),
    ]
    return units, characteristics, frozenset(str(i) for i in np.flatnonzero(dirty))


def causes(lots: int) -> Iterator[str]:
    """What is told of lots of each kind; no measurement cause is suspect."""
    yield "kind of lot: told drift, substitution, screening, none | causes supported together"
    for name, kind in KINDS.items():
        told: Counter[str] = Counter()
        for k in range(lots):
            rng = np.random.default_rng([5, k])
            units, characteristics, obvious = made(kind, rng)
            found = diagnose(
                units, characteristics, find_clusters(units, rng, permutations=499), [], rng, obvious=obvious
            )
            told[found.cause or "none"] += 1
            told["several"] += sum(c.state == "supported" for c in found.causes) > 1
        row = " ".join(f"{told[c] / lots:6.3f}" for c in ("drift", "substitution", "screening", "none"))
        yield f"  {name:24s} {row} | {told['several'] / lots:.3f}"


def speed() -> Iterator[str]:
    """The cluster engine at its largest, after the first call has compiled it."""
    rng = np.random.default_rng(4)
    find_clusters(lot_of(rng, 8, 4, lambda _: 0.2), rng)
    for kinds, share in ((1, 0.05), (3, 0.04), (8, 0.03)):
        units = lot_of(rng, 40, 50, lambda _, s=share: s, kinds=kinds, others=7)
        began, busy = time.perf_counter(), time.process_time()
        find_clusters(units, rng)
        took, busy = time.perf_counter() - began, time.process_time() - busy
        yield (
            f"2,000 units, 8 factors, {kinds} kinds: {took:.2f} s ({busy:.2f} s of processor time, "
            f"{busy / LIMIT_S:.2f} of the limit of {LIMIT_S:g} s)"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("size", "power", "causes", "speed"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--lots", type=int, default=1000)
    given = parser.parse_args()
    runs: list[tuple[bool, Callable[[], Iterator[str]]]] = [
        (given.size, lambda: size(given.lots)),
        (given.size, lambda: other_sizes(given.lots)),
        (given.power, lambda: power(given.lots)),
        (given.causes, lambda: causes(given.lots)),
        (given.speed, speed),
    ]
    for wanted, lines in runs:
        if wanted:
            for line in lines():
                print(line, flush=True)


if __name__ == "__main__":
    main()
