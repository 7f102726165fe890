"""Random mutations of a home, a package and an order's archive: how many are found, how many named at their place.

    python tests/benchmarks/bench_tampering.py [COUNT]

The home has the golden's record and an order with a released gate too. Half of COUNT, ten thousand by itself, are made
in a home (records, ledger, evidence, keys, a cut end), half in the bytes of a package, and once more half in those of
an order's archive. Printed are the counts of each kind of mutation too. Exit code 1 where one was not found or not
named.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path

from signed_home import NUMBER, add_gates, build
from tampering import Tampered, TamperedHome, places, report, tamper_with_package

from station.service import Station
from station.service.order_exchange import verify as verify_order
from station.service.packages import verify
from station.settings import Settings
from station.store.package_file import _by_directory


def named(said: list[str], tampered: Tampered) -> bool:
    """Whether a report names the place."""
    return any(word in line for word in tampered.named for line in said)


def counted(tally: Counter[str], tampered: Tampered, found: bool, said: list[str]) -> bool:
    """Count a mutation, all in all and of its kind; whether it was found and named."""
    seen = {"made": True, "found": found, "named": found and named(said, tampered)}
    for what, yes in seen.items():
        tally[what] += yes
        tally[f"{what}: {tampered.kind}"] += yes
    return seen["named"]


def in_home(home: Path, folder: Path, count: int, seed: int) -> tuple[Counter[str], list[str]]:
    """Mutations of a home: counts, and what went unseen."""
    tampered_home, tally, unseen = TamperedHome(home, folder), Counter[str](), []
    assert tampered_home.audit().ok
    for i in range(seed, seed + count):
        with tampered_home.tampered(i) as tampered:
            said = report(tampered_home.audit())
            seen = counted(tally, tampered, bool(said), said)
            if tally["made"] % 250 == 0:
                print(f"home: {tally['made']} made, {tally['named']} named", file=sys.stderr, flush=True)
            if not seen:
                unseen.append(f"home, seed {i}: {tampered.what}: {said[:3]}")
    assert tampered_home.audit().ok
    tampered_home.close()
    return tally, unseen


def in_archive(home: Path, folder: Path, count: int, seed: int, *, order: bool) -> tuple[Counter[str], list[str]]:
    """Mutations of a package, or of an order's archive: counts, and what went unseen."""
    whole, file = folder / "whole.zip", folder / "changed.zip"
    with Station(Settings(home=home)) as station:
        if order:
            key = station.packages.orders.export(NUMBER, whole, pictures=True).key
        else:
            key = station.packages.export(NUMBER, whole).key
    hold = verify_order if order else verify
    data = whole.read_bytes()
    parts = _by_directory(data)
    assert parts is not None
    place = places(data, [(p.name, p.offset, p.begin, p.end) for p in parts])
    tally, unseen = Counter[str](), []
    assert hold(whole, [key]).ok
    for i in range(seed, seed + count):
        changed, tampered = tamper_with_package(data, place, random.Random(i))
        file.write_bytes(changed)
        found = hold(file, [key])
        said = [f"{f.where}: {f.what}" for f in found.faults]
        if not counted(tally, tampered, not found.ok, said):
            unseen.append(f"archive, seed {i}: {tampered.what} in {tampered.named}: {said[:3]}")
    return tally, unseen


in_package, in_order = partial(in_archive, order=False), partial(in_archive, order=True)


def main(count: int) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build(folder / "home")
        add_gates(folder / "home")
        failed = 0
        for what, run in (("home", in_home), ("package", in_package), ("order", in_order)):
            begun = time.process_time()
            tally, unseen = run(folder / "home", folder, count // 2, 1)
            spent = time.process_time() - begun
            print(f"{what}: {tally['made']} mutations, {tally['found']} found, {tally['named']} named at their place; "
                  f"{1000 * spent / (count // 2):.1f} ms of processor time each", flush=True)  # fmt: skip
            for kind in sorted(k.removeprefix("made: ") for k in tally if k.startswith("made: ")):
                of = [tally[f"{said}: {kind}"] for said in ("made", "found", "named")]
                print(f"  {kind}: {of[0]} made, {of[1]} found, {of[2]} named")
            print(*unseen[:20], sep="\n", end="\n" if unseen else "")
            failed += len(unseen)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
