"""The analysis of lots on simulated ones: size of every test, power of the cluster verdict, causes, speed.

    python tests/benchmarks/bench_lot_analysis.py --size       # how often chance alone is called something
    python tests/benchmarks/bench_lot_analysis.py --power      # one bad carton, and other extents
    python tests/benchmarks/bench_lot_analysis.py --speed      # 9,999 permutations, 2,000 units, 8 factors

Prints figures; asserts nothing. ``--lots N`` sets the simulated lots of each row.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from station.lots.clusters import find_clusters
from station.lots.factors import LotUnit

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
    yield "cartons x units, share, kinds, other factors: verdict | level, any, trend alone (mid-p); intervals +-"
    rows = [(8, 4, 0.1, 1, 0), (8, 10, 0.05, 1, 0), (10, 8, 0.1, 1, 2), (10, 8, 0.2, 3, 2), (12, 5, 0.1, 2, 1),
            (25, 2, 0.15, 1, 0), (4, 20, 0.1, 1, 3)]  # fmt: skip
    for cartons, per, share, kinds, others in rows:
        called, single, tests = 0, Counter[str](), Counter[str]()
        for k in range(lots):
            rng = np.random.default_rng([1, k])
            units = lot_of(rng, cartons, per, lambda _, s=share: s, kinds=kinds, others=others)
            days = {f"C{c:02d}": f"2026-05-{c + 1:02d}" for c in range(cartons)}
            units = [LotUnit(u.unit, {**u.factors, "pack_date": days[u.factors["carton"]]}, u.defects) for u in units]
            found = find_clusters(units, rng, permutations=999)
            called += any(e.extent in ("carton", "lot") for e in found.extents)
            for t in found.tests:
                tests[t.test] += 1
                single[t.test] += t.p <= 0.05
        shares = " ".join(f"{name} {single[name] / max(tests[name], 1):.3f}" for name in ("level", "any", "trend"))
        yield (
            f"{cartons:3d} x {per:2d}, {share:.2f}, {kinds}, {others}: {called / lots:.3f} +-"
            f"{1.96 * np.sqrt(0.05 * 0.95 / lots):.3f} | {shares}"
        )


def power(lots: int) -> Iterator[str]:
    """One bad carton against 2 %, then whole extents."""
    yield "one bad carton, others at 2 %: called carton, beside the permutation chi-square known from before"
    for (cartons, per), known in PUBLISHED.items():
        for bad, before in zip((0.5, 0.8), known, strict=True):
            called = 0
            for k in range(lots):
                rng = np.random.default_rng([2, k])
                units = lot_of(rng, cartons, per, lambda c, b=bad: b if c == 0 else 0.02)
                found = find_clusters(units, rng, permutations=999)
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
            found = find_clusters(lot_of(rng, 12, 8, share, per_lot=4), rng, permutations=999)
            calls[found.leading.extent if found.leading else "no defect"] += 1
        yield f"  {name}: " + ", ".join(f"{e} {n / lots:.2f}" for e, n in calls.most_common())


def speed() -> Iterator[str]:
    """The cluster engine at its largest, after the first call has compiled it."""
    rng = np.random.default_rng(4)
    find_clusters(lot_of(rng, 8, 4, lambda _: 0.2), rng)
    for kinds, share in ((1, 0.05), (3, 0.04), (8, 0.03)):
        units = lot_of(rng, 40, 50, lambda _, s=share: s, kinds=kinds, others=7)
        began = time.perf_counter()
        find_clusters(units, rng)
        took = time.perf_counter() - began
        yield f"2,000 units, 8 factors, {kinds} kinds: {took:.2f} s, {took / LIMIT_S:.2f} of the limit of {LIMIT_S:g} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("size", "power", "speed"):
        parser.add_argument(f"--{name}", action="store_true")
    parser.add_argument("--lots", type=int, default=1000)
    given = parser.parse_args()
    for wanted, lines in (
        (given.size, lambda: size(given.lots)), (given.power, lambda: power(given.lots)), (given.speed, speed)
    ):  # fmt: skip
        if wanted:
            for line in lines():
                print(line, flush=True)


if __name__ == "__main__":
    main()
