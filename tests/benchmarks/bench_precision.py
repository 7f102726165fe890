"""The trained network in PyTorch, in float and in 8 bits: the same findings, the same verdicts?

    python tests/benchmarks/bench_precision.py [--pairs 200] [--set DIR --design alpine --units 3] [--run RUN]

Procedural pairs (``models/train``, seeds of their own) go through the station's finding of places and sizes. ``--set``
names a set of ``python -m sample_data.renderer --defective``, whose units go through the whole line, once each way:
units whose verdict differs are listed, and findings that are over their limit in one way and not, or not there, in the
other. Findings are matched by place as in ``bench_defects.py``; whatever differs between two ways is listed. PyTorch is
one of the ways where it is installed (``pip install -e '.[train]'``): with the weights of ``--run``, the folder that
``models/train/run.py`` wrote, or else with those of the ONNX file in float, put back into the network that they were
exported from. Prints; asserts nothing.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree
from typing import Any, Protocol
from unittest.mock import patch

import cv2
import numpy as np
from defect_bench import Spot, bare_aligned, bare_master, card_of_precision, drawn_pair, extent_of, matched
from held_out import inspect
from numpy.typing import NDArray

from station.judge.finding_rules import HARMLESS
from station.measure.defect_places import THRESHOLD, total_score
from station.measure.surface import find_defects
from station.models import PAIR_MODEL, card_of, defect_model
from station.models.network import OnnxModel
from station.values.documents import UnitDocument
from station.values.line import DefectModel

PRECISIONS = ("int8", "fp32")
TORCH = "PyTorch"
SEED = 77_000_001
_NORMALISED = 8  # pairs that the normalisations are put back by; what they are is undone again


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
    """Findings of two ways: matched, of one kind, only in the one, only in the other; over their limit in the one and
    not, or not there, in the other; differences of matched sizes, mm."""

    ways: tuple[str, str] = PRECISIONS
    both: int = 0
    named_alike: int = 0
    only: tuple[int, int] = (0, 0)
    over: tuple[int, int] = (0, 0)
    sizes: list[float] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)

    def add(self, where: str, first: Sequence[Seen], second: Sequence[Seen]) -> None:
        pairs = matched(*([Spot(f.x_mm, f.y_mm, f.length_mm) for f in some] for some in (first, second)))
        back = {j: i for i, j in pairs.items()}
        left = [[f for i, f in enumerate(first) if i not in pairs]]
        left.append([f for j, f in enumerate(second) if j not in back])
        self.both += len(pairs)
        self.only = (self.only[0] + len(left[0]), self.only[1] + len(left[1]))
        for i, j in pairs.items():
            one, other = first[i], second[j]
            self.named_alike += one.kind == other.kind
            self.sizes.append(one.size_mm - other.size_mm)
            if one.kind != other.kind:
                self.lines.append(f"{where}: {_told(one)} in {self.ways[0]} is {other.kind} in {self.ways[1]}")
        for way, some in zip(self.ways, left, strict=True):
            self.lines += [f"{where}: {_told(f)} in {way} alone" for f in some]
        counts = []
        for way, some, others, twins in zip(self.ways, (first, second), (second, first), (pairs, back), strict=True):
            both = {i for i, j in twins.items() if over_limit(others[j])}
            alone = [f for i, f in enumerate(some) if over_limit(f) and i not in both]
            counts.append(len(alone))
            self.lines += [f"{where}: {_told(f)} over its limit in {way} alone" for f in alone]
        self.over = (self.over[0] + counts[0], self.over[1] + counts[1])

    def print(self, listed: int) -> None:
        print(
            f"  findings: {self.both} in both, {self.named_alike} of them of one kind; "
            + ", ".join(f"{n} in {p} alone" for n, p in zip(self.only, self.ways, strict=True))
        )
        print(
            "  over their limit: " + ", ".join(f"{n} in {p} alone" for n, p in zip(self.over, self.ways, strict=True))
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


def over_limit(finding: Seen) -> bool:
    """Whether what was found is of a kind that counts and larger than its limit; without a limit nothing is."""
    limit = getattr(finding, "limit_mm", None)
    extent = extent_of(finding.kind, finding.size_mm, finding.length_mm)
    return limit is not None and finding.kind not in HARMLESS and extent > limit


class _TorchSession:
    """A PyTorch network that is run as a session of ONNX Runtime is."""

    def __init__(self, network: Any) -> None:
        from models.train.export import Scores

        self._scores = Scores(network).eval()

    def run(self, _outputs: None, feed: Mapping[str, NDArray[np.float32]]) -> list[NDArray[np.float32]]:
        import torch

        from models.train.export import NAMES

        with torch.no_grad():
            return [self._scores(*(torch.from_numpy(feed[name]) for name in NAMES)).numpy()]


def torch_model(name: str, run: Path | None) -> OnnxModel:
    """A model's network in PyTorch behind the station's own tiles and rim. run : where its weights lie, else they are
    taken from its ONNX file in float."""
    import torch

    from models.train.export import load
    from models.train.network import Network
    from models.train.samples import ENAMEL, METAL
    from models.train.start import take_over
    from station.values.line import METAL as STRUCK

    torch.set_num_threads(1)
    folder, card = card_of(name)
    if run is not None:
        network = load(run)
    else:
        network = Network()
        drawn = [drawn_pair(np.random.default_rng([SEED + 1, k])) for k in range(_NORMALISED)]
        pictures = [
            torch.from_numpy(np.stack([getattr(d, side).pixels.transpose(2, 0, 1) for d in drawn]).astype(np.float32))
            for side in ("golden", "unit")
        ]
        regions = np.stack([np.where(d.labels == STRUCK, METAL, ENAMEL) for d in drawn])[:, None].astype(np.float32)
        noise = np.array([d.noise for d in drawn], dtype=np.float32)[:, None, None, None]
        known = (*pictures, torch.from_numpy(regions), torch.from_numpy(noise))
        take_over(network, folder / card.weights_of("fp32").path, *known)
    model = OnnxModel(folder, card, precision="fp32", threads=1)
    model.session = _TorchSession(network.eval())
    return model


def ways_of(name: str, run: Path | None) -> dict[str, DefectModel]:
    """The model in every way that there is: int8, fp32, and PyTorch where it is installed."""
    ways: dict[str, DefectModel] = {p: defect_model(name, precision=p) for p in PRECISIONS}
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("onnx") is None:
        print("PyTorch is not installed: int8 and fp32 are compared with each other alone")
    else:
        ways[TORCH] = torch_model(name, run)
    return ways


@dataclass
class _Pairwise:
    """Of procedural pairs, two ways: findings, pixels that change sides, and pairs bad in the one alone."""

    agreement: Agreement
    flipped: int = 0
    pixels: int = 0
    unlike: list[str] = field(default_factory=list)
    worst: float = 0.0


def on_pairs(ways: Mapping[str, DefectModel], count: int, listed: int) -> None:
    compared = {two: _Pairwise(Agreement(two)) for two in itertools.combinations(ways, 2)}
    for k in range(count):
        pair = drawn_pair(np.random.default_rng([SEED, k]))
        master = bare_master(pair.golden, pair.labels, noise=pair.noise)
        aligned = bare_aligned(pair.unit, noise=pair.noise)
        totals = {w: total_score(m(pair.golden, pair.unit, pair.labels, pair.noise)) for w, m in ways.items()}
        found = {w: find_defects(aligned, master, m) for w, m in ways.items()}
        bad = {w: any(f.kind not in HARMLESS for f in some) for w, some in found.items()}
        for (one, other), all_ in compared.items():
            all_.flipped += int(((totals[one] >= THRESHOLD) != (totals[other] >= THRESHOLD)).sum())
            all_.pixels += totals[one].size
            all_.worst = max(all_.worst, float(np.abs(totals[one] - totals[other]).max()))
            if bad[one] != bad[other]:
                all_.unlike.append(f"pair {k}: a finding that counts in {one if bad[one] else other} alone")
            all_.agreement.add(f"pair {k}", found[one], found[other])
    for two, all_ in compared.items():
        print(f"{count} procedural pairs, {two[0]} and {two[1]}: {len(all_.unlike)} with another answer")
        for line in all_.unlike:
            print(f"    {line}")
        share = all_.flipped / max(all_.pixels, 1)
        print(f"  pixels that change sides: {share:.2g} of all; largest difference of a score {all_.worst:.2g}")
        all_.agreement.print(listed)


@contextmanager
def _judging(name: str, way: str, model: DefectModel) -> Iterator[str]:
    """The card's path to inspect with, for one way."""
    with card_of_precision(name, way if way in PRECISIONS else "fp32") as card:
        if way in PRECISIONS:
            yield card
        else:
            with patch("station.service.measuring.defect_model", lambda *_a, **_k: model):
                yield card


def on_units(
    name: str, ways: Mapping[str, DefectModel], folder: Path, designs: Sequence[str], units: int, listed: int
) -> None:
    inspected: dict[str, dict[str, UnitDocument]] = {way: {} for way in ways}
    for design in designs:
        with tempfile.TemporaryDirectory() as scratch:
            some = _first_units(folder, design, units, Path(scratch))
            for way, model in ways.items():
                with _judging(name, way, model) as card:  # with one job units are inspected in this process
                    documents = inspect(some, design, 1, model=card)
                inspected[way] |= {f"{design} {photo}": d for photo, d in documents.items()}
    for two in itertools.combinations(ways, 2):
        agreement, unlike = compared_units(two, *(inspected[way] for way in two))
        count = len(inspected[two[0]].keys() & inspected[two[1]].keys())
        print(f"{count} rendered units, {two[0]} and {two[1]}: {len(unlike)} with another verdict")
        for line in unlike:
            print(f"    {line}")
        agreement.print(listed)


def compared_units(
    ways: tuple[str, str], first: Mapping[str, UnitDocument], second: Mapping[str, UnitDocument]
) -> tuple[Agreement, list[str]]:
    """How far two ways agree on units by their names, and a line for each whose verdict differs or that one refused."""
    agreement, unlike = Agreement(ways), []
    for unit in sorted(first.keys() | second.keys()):
        one, other = first.get(unit), second.get(unit)
        if one is None or other is None:
            unlike.append(f"{unit}: refused in {ways[0] if one is None else ways[1]} alone")
            continue
        agreement.add(unit, one.findings, other.findings)
        if one.verdict != other.verdict:
            unlike.append(f"{unit}: {one.verdict} in {ways[0]}, {other.verdict} in {ways[1]}")
    return agreement, unlike


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
    parser.add_argument("--run", type=Path, help="folder of the training run that the model was exported from")
    parser.add_argument("--listed", type=int, default=40, help="differences listed at most (default 40)")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    ways = ways_of(options.model, options.run)
    on_pairs(ways, options.pairs, options.listed)
    if options.set is not None:
        there = sorted(p.parent.name for p in options.set.glob("*/truth.toml"))
        on_units(options.model, ways, options.set, options.design or there, options.units, options.listed)


if __name__ == "__main__":
    main()
