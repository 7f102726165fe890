"""What the defect models find on rendered units whose defects are known, through the station's own line.

    python tests/benchmarks/bench_defects.py                                  # renders seed 90001, then inspects
    python tests/benchmarks/bench_defects.py --design fox --units 3 --set DIR --model golden-unit-net --again 5

Renders what is missing of the set first (``--defective``: many defects on two units of three, none but dust and lint on
the third; about 12 s a picture, an interrupted run goes on). Each design's golden is sealed, with ``--again`` further
photos of it laid down again where asked, and the units are inspected by every model in turn.

A finding belongs to a defect where its middle lies within 0.3 mm, or half the defect's extent, of the defect's, one to
one (``defect_bench.matched``); the extent is the diameter, of a scratch its length. Dust and lint are matched too, as
defects that must not count. A defect is found where a finding of a kind that counts belongs to it. A false finding does
not conform and belongs to no defect, or to dust or lint. Printed for each model: recall by kind, of all and of those
over their limit; recall by size over the limit and by contrast over noise in the finished picture; errors of the size
(signed median, median without sign, root mean square); a90 and a90/95 after MIL-HDBK-1823A; recall of what a sheet
counts on, pits from 0.15 mm in hard and from 0.20 mm in soft enamel where they stand out of the noise five times, and
scratches from 1.5 mm, with the exact lower 95 % bound of each; recall and false findings by the finish of the design;
false findings a part that do not conform, on parts without a defect and on all, with the exact 95 % bound of the rate
(one-sided, Poisson); what became of the defects over their limit; and which good parts wait for a person. Prints;
asserts nothing.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from defect_bench import DESIGNS, MODELS, Spot, extent_of, matched
from held_out import inspect
from numpy.typing import NDArray

from station.judge.finding_rules import HARMLESS
from station.quality.pod import detectable, rate_upper, share_upper
from station.values.documents import FindingDocument, UnitDocument, Verdict

SEED = 90001
SIZES = (0.0, 0.5, 1.0, 2.0, 4.0, np.inf)
CONTRASTS = (0.0, 3.0, 6.0, 12.0, 24.0, np.inf)
SOFT, HARD = "soft enamel", "hard enamel"


@dataclass(frozen=True)
class Cut:
    """Defects that a sheet counts on being found: of a kind, from a size on, in designs of a finish ("" any), with more
    contrast over noise than so much (none asked for at 0)."""

    kind: str
    least_mm: float
    finish: str = ""
    contrast: float = 0.0

    def __str__(self) -> str:
        where = f" in {self.finish}" if self.finish else ""
        over = f", contrast over {self.contrast:g}" if self.contrast else ""
        return f"{self.kind} from {self.least_mm:.2f} mm{where}{over}"

    def of(self, trials: Iterable[Trial]) -> list[Trial]:
        return [
            t
            for t in trials
            if t.kind == self.kind
            and t.extent_mm >= self.least_mm
            and self.finish in ("", t.finish)
            and (not self.contrast or t.contrast > self.contrast)
        ]


CUTS = (
    Cut("pit", 0.15, HARD, 5.0),
    Cut("pit", 0.20, SOFT, 5.0),
    Cut("scratch", 1.5),
    Cut("scratch", 1.5, contrast=5.0),
)


@dataclass(frozen=True)
class Trial:
    """A defect that was there. extent_mm, limit_mm, contrast : as in the truth. seen_mm : of the finding that belongs
    to it and counts, None where there is none; called, verdict : its kind and what was said of it. finish : of the
    design."""

    kind: str
    extent_mm: float
    limit_mm: float
    contrast: float
    seen_mm: float | None
    called: str
    verdict: str
    finish: str = ""


@dataclass
class Good:
    """Parts without a defect, of one finish. false : findings on them that do not conform."""

    parts: int = 0
    false: int = 0
    waiting: int = 0


@dataclass
class Outcome:
    """Of one model. good, parts : units without a defect, and all. waiting : of the good ones, left to a person for
    something that was found on them. false_good, false_all : false findings on them. by_finish : the good ones."""

    trials: list[Trial] = field(default_factory=list)
    good: int = 0
    waiting: list[str] = field(default_factory=list)
    waiting_parts: int = 0
    parts: int = 0
    false_good: list[str] = field(default_factory=list)
    false_all: list[str] = field(default_factory=list)
    undecided: int = 0
    by_finish: dict[str, Good] = field(default_factory=dict)


def add_unit(outcome: Outcome, truth: dict[str, Any], document: UnitDocument, finish: str = "") -> None:
    """Match one unit's findings and count them. finish : of its design."""
    defects = truth["defects"]
    there = [Spot(d["x_mm"], d["y_mm"], extent_of(d["kind"], d["size_mm"], d["length_mm"])) for d in defects]
    findings = document.findings
    belongs = matched(there, [Spot(f.x_mm, f.y_mm) for f in findings])
    harmless = {f for d, f in belongs.items() if defects[d]["harmless"]}
    false = [
        _named(f, i in harmless)
        for i, f in enumerate(findings)
        if f.verdict == Verdict.NONCONFORMS and (i in harmless or i not in belongs.values())
    ]
    outcome.parts += 1
    outcome.false_all += false
    if all(d["harmless"] for d in defects):
        outcome.good += 1
        outcome.false_good += false
        waiting = [f"{f.kind} on {f.region}" for f in findings if f.verdict == Verdict.UNDECIDED]
        outcome.waiting += waiting
        outcome.waiting_parts += bool(waiting)
        good = outcome.by_finish.setdefault(finish, Good())
        good.parts, good.false, good.waiting = good.parts + 1, good.false + len(false), good.waiting + bool(waiting)
    outcome.undecided += document.alignment is None
    for i, defect in enumerate(defects):
        if defect["harmless"]:
            continue
        kind, extent = defect["kind"], there[i].extent_mm
        found = findings[belongs[i]] if i in belongs else None
        counts = found is not None and found.kind not in HARMLESS
        outcome.trials.append(
            Trial(
                kind=kind,
                extent_mm=extent,
                limit_mm=defect["limit_mm"],
                contrast=float(defect.get("contrast_to_noise", np.nan)),
                seen_mm=extent_of(kind, found.size_mm, found.length_mm) if found is not None and counts else None,
                called="" if found is None else found.kind,
                verdict="" if found is None or not counts else str(found.verdict),
                finish=finish,
            )
        )


def _named(finding: FindingDocument, harmless: bool) -> str:
    return f"{finding.kind} on {'dust or lint' if harmless else finding.region}"


def share(trials: Iterable[Trial]) -> str:
    some = list(trials)
    return f"{sum(t.seen_mm is not None for t in some):4d} of {len(some):3d}" if some else f"{'-':>11s}"


def print_outcome(name: str, outcome: Outcome) -> None:
    trials = outcome.trials
    print(f"\n{name}: {outcome.parts} parts, {outcome.undecided} of them not registered; {len(trials)} defects")
    print(f"  {'':16s}{'all':>11s}  over limit  named so      size error mm          a90  a90/95 mm")
    print(f"  {'':16s}{'':>11s}                          median  |median|    RMS")
    kinds = sorted({t.kind for t in trials})
    for kind in (*kinds, None):
        some = [t for t in trials if kind in (None, t.kind)]
        hits = [t for t in some if t.seen_mm is not None]
        over = [t for t in some if t.extent_mm > t.limit_mm]
        named = f"{sum(t.called == t.kind for t in hits):4d} of {len(hits):3d}"
        row = f"  {kind or 'together':16s}{share(some)} {share(over)} {named}"
        if kind is not None:
            row += _size_errors(hits) + _detectable(some)
        print(row)
    over = [t for t in trials if t.extent_mm > t.limit_mm]
    told = ", ".join(f"{sum(t.verdict == v for t in over)} {v}" for v in Verdict)
    print(f"  of {len(over)} over their limit: {told}, {sum(not t.verdict for t in over)} not found")
    print_cuts(trials)
    print_finishes(outcome)
    print("  recall by size over the limit (down) and contrast over noise (across)")
    print(f"  {'':10s}" + "".join(f"{_range(c):>13s}" for c in _pairs(CONTRASTS)))
    for low, high in _pairs(SIZES):
        sized = [t for t in trials if low < t.extent_mm / t.limit_mm <= high]
        cells = (share(t for t in sized if a <= t.contrast < b) for a, b in _pairs(CONTRASTS))
        print(f"  {_range((low, high)):10s}" + "".join(f"{cell:>13s}" for cell in cells))
    for what, false, parts in (
        ("parts without a defect", outcome.false_good, outcome.good),
        ("all parts", outcome.false_all, outcome.parts),
    ):
        if parts:
            bound = rate_upper(len(false), parts)
            print(
                f"  false findings that do not conform, on {parts} {what}: {len(false)}, {len(false) / parts:.3f} a "
                f"part, with 95 % confidence under {bound:.3f}"
            )
    _print_counts(outcome.false_all)
    print(f"  left to a person: {outcome.waiting_parts} of {outcome.good} parts without a defect, for")
    _print_counts(outcome.waiting)


def print_cuts(trials: Sequence[Trial]) -> None:
    print("  what a sheet counts on: found, with 95 % confidence at least, size error mm (median, |median|, RMS)")
    for cut in CUTS:
        some = cut.of(trials)
        hits = [t for t in some if t.seen_mm is not None]
        least = f"{recall_least(len(hits), len(some)):10.3f}" if some else ""
        print(f"    {cut!s:48s}{share(some)}{least}{_size_errors(hits)}")


def recall_least(hits: int, of: int) -> float:
    """Lower 95 % bound of a recall, one-sided, exact."""
    return 1 - share_upper(of - hits, of)


def print_finishes(outcome: Outcome) -> None:
    print(
        "  by finish of the design: found of all and of those over their limit; parts without a defect, false findings"
    )
    print("  on them that do not conform, a part, with 95 % confidence under, and how many of the parts wait")
    for finish in sorted({t.finish for t in outcome.trials} | outcome.by_finish.keys()):
        some = [t for t in outcome.trials if t.finish == finish]
        good = outcome.by_finish.get(finish, Good())
        row = f"    {finish or '(not told)':16s}{share(some)} {share(t for t in some if t.extent_mm > t.limit_mm)}"
        if good.parts:
            rate, bound = good.false / good.parts, rate_upper(good.false, good.parts)
            row += f"{good.parts:6d}{good.false:4d}{rate:8.3f}{bound:8.3f}{good.waiting:6d}"
        print(row)


def _print_counts(names: Sequence[str]) -> None:
    for name in sorted(set(names), key=lambda t: (-names.count(t), t)):
        print(f"    {names.count(name):3d} {name}")


def _size_errors(hits: Sequence[Trial]) -> str:
    errors = np.array([t.seen_mm - t.extent_mm for t in hits if t.seen_mm is not None])
    if not len(errors):
        return f"{'':28s}"
    return "{:+10.3f} {:9.3f} {:6.3f} ".format(*size_errors(errors))


def size_errors(errors: NDArray[np.float64]) -> tuple[float, float, float]:
    """Median with its sign, median without, and root mean square of (n,) errors, n > 0."""
    return float(np.median(errors)), float(np.median(np.abs(errors))), float(np.sqrt((errors**2).mean()))


def _detectable(trials: Sequence[Trial]) -> str:
    told = detectable([t.extent_mm for t in trials], [t.seen_mm is not None for t in trials])
    figures = ("-" if v is None else f"{v:.2f}" for v in (told.a90_mm, told.a90_95_mm))
    return "".join(f"{v:>9s}" for v in figures)


def _pairs(edges: Sequence[float]) -> list[tuple[float, float]]:
    return list(itertools.pairwise(edges))


def _range(limits: tuple[float, float]) -> str:
    low, high = limits
    return f"over {low:g}" if np.isinf(high) else f"{low:g} to {high:g}"


def render(out: Path, designs: Sequence[str], units: int, seed: int, again: int) -> None:
    """The set, as far as it is missing."""
    from sample_data.renderer.generate import make_bench, make_set, show_progress
    from sample_data.renderer.scenes import make_again

    make_bench(out / "bench")
    for design in designs:
        make_set(design, units, seed, out, disturbed=False, defective=True, progress=show_progress)
        if again and len(placements(out, design)) < again:
            make_again(design, out / design / "again", seed=seed, count=again)


def placements(folder: Path, design: str) -> list[Path]:
    """Photos of the golden laid down again."""
    return sorted(p for p in (folder / design / "again").glob("*.jpg") if p.name != "golden.jpg")


def finish_of(sheet: Path) -> str:
    """The enamel of a design by its control sheet, "soft enamel" of "soft enamel, gold"."""
    return str(tomllib.loads(sheet.read_text("utf-8"))["product"]["finish"]).partition(",")[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, help="where the rendered set lies or is to lie")
    parser.add_argument("--design", action="append", help="repeat for several (default: five)")
    parser.add_argument("--units", type=int, default=6, help="of each design (default 6)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--again", type=int, default=0, help="photos of the golden laid down again, to seal it with")
    parser.add_argument("--model", action="append", help="a model's name or card; repeat for several")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    folder = options.set or Path(tempfile.gettempdir()) / f"station-defective-{options.seed}"
    designs = options.design or DESIGNS
    render(folder, designs, options.units, options.seed, options.again)
    print("recall: findings within 0.3 mm or half the defect's extent of it, one to one")
    for name in options.model or MODELS:
        outcome = Outcome()
        for design in designs:
            truth = tomllib.loads((folder / design / "truth.toml").read_text("utf-8"))
            again = placements(folder, design)[: options.again]
            documents = inspect(folder, design, options.jobs, model=name, again=again)
            finish = finish_of(folder / design / "sheet.toml")
            for unit in truth["units"]:
                document = documents.get(Path(unit["photo"]).name)
                if document is not None:
                    add_unit(outcome, unit, document, finish)
        print_outcome(name, outcome)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
