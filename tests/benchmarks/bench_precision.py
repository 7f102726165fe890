"""The network in 8 bits against itself in float: the same findings, the same verdicts?

    python tests/benchmarks/bench_precision.py [--pairs 200] [--set DIR --design alpine --units 3]

Procedural pairs (``models/train``, seeds of their own) go through the station's finding of places and sizes. ``--set``
names a set of ``python -m sample_data.renderer --defective``, whose units go through the whole line, twice. Findings
are matched as in ``bench_defects.py``; whatever differs between the two is listed. How both compare with the trained
PyTorch network, ``models/train/export.py`` prints when it writes them. Prints; asserts nothing.
"""

from __future__ import annotations

import argparse
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree
from typing import Protocol

import cv2
import numpy as np
from defect_bench import Spot, bare_aligned, bare_master, card_of_precision, drawn_pair, matched
from held_out import inspect

from station.judge.finding_rules import HARMLESS
from station.measure.defect_places import THRESHOLD, total_score
from station.measure.surface import find_defects
from station.models import PAIR_MODEL, defect_model

PRECISIONS = ("int8", "fp32")
SEED = 77_000_001


class Seen(Protocol):
    """A finding, as measured or as in a document."""

    @property
    def kind(self) -> str: ...
    @property
    def x_mm(self) -> float: ...
    @property
    def y_mm(self) -> float: ...
    @property
    def size_mm(self) -> float: ...
    @property
    def length_mm(self) -> float: ...


@dataclass
class Agreement:
    """Findings of both: matched, of one kind, only in the one, only in the other; differences of matched sizes, mm."""

    both: int = 0
    named_alike: int = 0
    only: tuple[int, int] = (0, 0)
    sizes: list[float] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def add(self, where: str, first: Sequence[Seen], second: Sequence[Seen]) -> None:
        pairs = matched(*([Spot(f.x_mm, f.y_mm, f.length_mm) for f in some] for some in (first, second)))
        left = [[f for i, f in enumerate(first) if i not in pairs]]
        left.append([f for i, f in enumerate(second) if i not in pairs.values()])
        self.both += len(pairs)
        self.only = (self.only[0] + len(left[0]), self.only[1] + len(left[1]))
        for i, j in pairs.items():
            one, other = first[i], second[j]
            self.named_alike += one.kind == other.kind
            self.sizes.append(one.size_mm - other.size_mm)
            if one.kind != other.kind:
                self.lines.append(f"{where}: {_told(one)} in {PRECISIONS[0]} is {other.kind} in {PRECISIONS[1]}")
        for precision, some in zip(PRECISIONS, left, strict=True):
            self.lines += [f"{where}: {_told(f)} in {precision} alone" for f in some]

    def print(self, listed: int) -> None:
        print(
            f"  findings: {self.both} in both, {self.named_alike} of them of one kind; "
            + ", ".join(f"{n} in {p} alone" for n, p in zip(self.only, PRECISIONS, strict=True))
        )
        if self.sizes:
            off = np.abs(self.sizes)
            print(f"  sizes: off by {np.median(off):.4f} mm in the middle, {off.max():.3f} mm at most")
        for line in self.lines[:listed]:
            print(f"    {line}")
        if len(self.lines) > listed:
            print(f"    and {len(self.lines) - listed} more")


def _told(finding: Seen) -> str:
    return f"{finding.kind} of {finding.size_mm:.2f} mm at {finding.x_mm:+.2f}, {finding.y_mm:+.2f}"


def on_pairs(name: str, count: int, listed: int) -> None:
    agreement = Agreement()
    flipped = pixels = unlike = 0
    worst = 0.0
    for k in range(count):
        pair = drawn_pair(np.random.default_rng([SEED, k]))
        master = bare_master(pair.golden, pair.labels, noise=pair.noise)
        aligned = bare_aligned(pair.unit, noise=pair.noise)
        models = [defect_model(name, precision=p) for p in PRECISIONS]
        totals = [total_score(m(pair.golden, pair.unit, pair.labels, pair.noise)) for m in models]
        found = [find_defects(aligned, master, m) for m in models]
        flipped += int(((totals[0] >= THRESHOLD) != (totals[1] >= THRESHOLD)).sum())
        pixels += totals[0].size
        worst = max(worst, float(np.abs(totals[0] - totals[1]).max()))
        bad = [any(f.kind not in HARMLESS for f in some) for some in found]
        unlike += bad[0] != bad[1]
        agreement.add(f"pair {k}", *found)
    print(f"{count} procedural pairs: {unlike} with a finding that counts in the one and none in the other")
    print(
        f"  pixels that change sides: {flipped / max(pixels, 1):.2g} of all; largest difference of a score {worst:.2f}"
    )
    agreement.print(listed)


def on_units(name: str, folder: Path, designs: Sequence[str], units: int, listed: int) -> None:
    agreement = Agreement()
    unlike: list[str] = []
    count = 0
    for design in designs:
        with tempfile.TemporaryDirectory() as scratch:
            some = _first_units(folder, design, units, Path(scratch))
            documents = []
            for precision in PRECISIONS:
                with card_of_precision(name, precision) as card:
                    documents.append(inspect(some, design, 1, model=card))
        for photo in sorted(documents[0].keys() & documents[1].keys()):
            one, other = (d[photo] for d in documents)
            count += 1
            agreement.add(f"{design} {photo}", one.findings, other.findings)
            if one.verdict != other.verdict:
                unlike.append(f"{design} {photo}: {one.verdict} in {PRECISIONS[0]}, {other.verdict} in {PRECISIONS[1]}")
    print(f"{count} rendered units: {len(unlike)} with another verdict")
    for line in unlike:
        print(f"    {line}")
    agreement.print(listed)


def _first_units(folder: Path, design: str, units: int, scratch: Path) -> Path:
    """The set with no more than so many units of a design; the bench and the golden as they are."""
    copytree(folder / "bench", scratch / "bench")
    truth = tomllib.loads((folder / design / "truth.toml").read_text("utf-8"))
    (scratch / design / "units").mkdir(parents=True)
    for name in ("sheet.toml", "golden.jpg", *(u["photo"] for u in truth["units"][:units])):
        (scratch / design / name).symlink_to((folder / design / name).resolve())
    return scratch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--set", type=Path, help="a finished set of defective units: bench/ and one folder a design")
    parser.add_argument("--design", action="append", help="of the set; repeat for several (default: all there)")
    parser.add_argument("--units", type=int, default=3, help="of each design (default 3)")
    parser.add_argument("--model", default=PAIR_MODEL, help="a network's name or the path of its card")
    parser.add_argument("--listed", type=int, default=40, help="differences listed at most (default 40)")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    on_pairs(options.model, options.pairs, options.listed)
    if options.set is not None:
        there = sorted(p.parent.name for p in options.set.glob("*/truth.toml"))
        on_units(options.model, options.set, options.design or there, options.units, options.listed)


if __name__ == "__main__":
    main()
