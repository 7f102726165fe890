"""The defect models on DeepPCB: 500 pairs of a template and a tested board that nothing was trained on.

    git clone the public repository tangsanli5201/DeepPCB, then
    python tests/benchmarks/bench_deeppcb.py --data DeepPCB/PCBData [--every 5] [--split test.txt]

The set's own rule: boxes sorted by confidence, matched one to one, right from an overlap of a third (IoU > 0.33); with
class, or with any. The station names what lies on a golden sample, not what goes wrong on a circuit: of its boxes the
six classes follow from the two pictures alone (board_classes.py), the same rule for every method. Beside the models
stand the plain difference, opened, and a tolerance envelope. The set's boxes are drawn with room round a defect: how
much room, and the threshold of the score, are set for every method on 100 training pairs, every tenth of the list,
nothing else is. Prints F and mean AP. Asserts nothing.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from board_classes import class_of
from numpy.typing import NDArray

from station.measure.boxes import find_boxes
from station.models import REFERENCE_DIFFERENCE, defect_model, shipped
from station.values.colour import LinearRGB

UInt8 = NDArray[np.uint8]

OVERLAP = 0.33
TUNED_ON = 100
ROOMS = range(0, 17, 2)


@dataclass(frozen=True)
class Found:
    """left, top, right, bottom px; class 1-6; score."""

    box: tuple[float, float, float, float]
    kind: int
    score: float


def grey(path: Path) -> UInt8:
    picture = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise SystemExit(f"{path} cannot be read")
    return np.asarray(picture, dtype=np.uint8)


def linear(picture: UInt8) -> LinearRGB:
    levels = np.arange(256) / 255.0
    table = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return LinearRGB(np.repeat(table[picture][..., None], 3, axis=2))


def by_model(name: str, golden: UInt8, unit: UInt8) -> list[Found]:
    out = []
    for b in find_boxes(linear(golden), linear(unit), defect_model(name)):
        box = (b.x, b.y, b.x + b.w, b.y + b.h)
        out.append(Found(box, class_of(golden, unit, box), b.score))
    return out


def by_difference(golden: UInt8, unit: UInt8) -> list[Found]:
    return _components(golden, unit, cv2.absdiff(golden, unit))


def by_envelope(golden: UInt8, unit: UInt8) -> list[Found]:
    square = np.ones((5, 5), np.uint8)
    over, under = cv2.dilate(golden, square), cv2.erode(golden, square)
    outside = np.maximum(cv2.subtract(unit, over), cv2.subtract(under, unit))
    full = np.asarray(cv2.absdiff(golden, unit) > 100, dtype=np.uint8)
    _, parts = cv2.connectedComponents(cv2.morphologyEx(full, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8)))
    hit = np.unique(parts[outside > 100])
    return _components(golden, unit, np.where(np.isin(parts, hit[hit > 0]), 255, 0).astype(np.uint8), 2)


def _components(golden: UInt8, unit: UInt8, difference: UInt8, least: int = 3) -> list[Found]:
    mask = cv2.morphologyEx((difference > 100).astype(np.uint8), cv2.MORPH_OPEN, np.ones((least, least), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    out = []
    for x, y, w, h, area in stats[1:count].tolist():
        box = (x, y, x + w, y + h)
        out.append(Found(box, class_of(golden, unit, box), min(1.0, area / 400)))
    return out


METHODS: dict[str, Callable[[UInt8, UInt8], list[Found]]] = {
    "plain difference, opened": by_difference,
    "tolerance envelope": by_envelope,
    REFERENCE_DIFFERENCE: partial(by_model, REFERENCE_DIFFERENCE),
    **{name: partial(by_model, name) for name in shipped()},
}


def pair(line: str, root: Path) -> tuple[UInt8, UInt8, NDArray[np.int64]]:
    picture, truth = line.split()
    unit, golden = (root / picture.replace(".jpg", f"_{k}.jpg") for k in ("test", "temp"))
    rows = [tuple(int(v) for v in row.split()) for row in (root / truth).read_text().splitlines() if row.strip()]
    return grey(golden), grey(unit), np.array(rows, dtype=np.int64).reshape(-1, 5)


def detect(task: tuple[str, Path, str]) -> tuple[list[Found], NDArray[np.int64]]:
    line, root, method = task
    cv2.setNumThreads(1)
    golden, unit, truth = pair(line, root)
    return METHODS[method](golden, unit), truth


def overlap(a: tuple[float, float, float, float], b: NDArray[np.int64]) -> float:
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    both = w * h
    return float(both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both))


def grown(done: list[tuple[list[Found], NDArray[np.int64]]], room: int) -> list[tuple[list[Found], NDArray[np.int64]]]:
    """The boxes with ``room`` px more on every side."""
    return [
        ([replace(f, box=(f.box[0] - room, f.box[1] - room, f.box[2] + room, f.box[3] + room)) for f in found], truth)
        for found, truth in done
    ]


def matched(
    done: list[tuple[list[Found], NDArray[np.int64]]], *, with_class: bool, only: int | None = None
) -> NDArray[np.float64]:
    """(k, 2) score of every box and whether it is right, best first."""
    rows = []
    for found, truth in done:
        free = set(range(len(truth)))
        for f in sorted(found, key=lambda f: -f.score):
            if only is not None and f.kind != only:
                continue
            fits = [(overlap(f.box, truth[i, :4]), i) for i in free if not with_class or truth[i, 4] == f.kind]
            best = max(fits, default=(0.0, -1))
            rows.append((f.score, float(best[0] > OVERLAP)))
            if best[0] > OVERLAP:
                free.discard(best[1])
    order = sorted(rows, key=lambda r: -r[0])
    return np.array(order, dtype=np.float64).reshape(-1, 2)


def f_score(rows: NDArray[np.float64], total: int, threshold: float) -> float:
    kept = rows[rows[:, 0] >= threshold]
    right = float(kept[:, 1].sum())
    return 2 * right / max(len(kept) + total, 1)


def best_threshold(rows: NDArray[np.float64], total: int) -> float:
    """The score from which on F is best, of the scores that occur."""
    if not len(rows):
        return 0.0
    last = np.append(np.diff(rows[:, 0]) < 0, True)  # boxes of one score are kept or left together
    f = 2 * np.cumsum(rows[:, 1]) / (np.arange(1, len(rows) + 1) + total)
    return float(rows[np.argmax(np.where(last, f, 0.0)), 0])


def average_precision(rows: NDArray[np.float64], total: int) -> float:
    if not len(rows) or not total:
        return 0.0
    right = np.cumsum(rows[:, 1])
    precision = right / np.arange(1, len(rows) + 1)
    precision = np.maximum.accumulate(precision[::-1])[::-1]
    recall = np.concatenate([[0.0], right / total])
    return float((np.diff(recall) * precision).sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--every", type=int, default=1, help="every n-th pair of the split")
    parser.add_argument("--split", default="test.txt")
    parser.add_argument("--method", action="append", choices=list(METHODS))
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    lines = (options.data / options.split).read_text().splitlines()[:: options.every]
    training = (options.data / "trainval.txt").read_text().splitlines()
    tuned = training[:: -(-len(training) // TUNED_ON)]
    print(f"{'':28s} F any   F class  mean AP   room px, threshold of {TUNED_ON} training pairs")
    with ProcessPoolExecutor(options.jobs) as pool:
        for method in options.method or METHODS:
            train, test = (
                list(pool.map(detect, [(line, options.data, method) for line in some], chunksize=8))
                for some in (tuned, lines)
            )
            wanted = [sum(len(t) for _, t in d) for d in (train, test)]
            tried = []
            for room in ROOMS:
                rows = matched(grown(train, room), with_class=True)
                threshold = best_threshold(rows, wanted[0])
                tried.append((f_score(rows, wanted[0], threshold), room, threshold))
            _, room, threshold = max(tried)
            test = grown(test, room)
            figures = [f_score(matched(test, with_class=c), wanted[1], threshold) for c in (False, True)]
            precision = []
            for kind in range(1, 7):
                there = sum(int((t[:, 4] == kind).sum()) for _, t in test)
                precision.append(average_precision(matched(test, with_class=True, only=kind), there))
            print(
                f"{method:28s} {figures[0]:.3f}   {figures[1]:.3f}    {np.mean(precision):.3f}     "
                f"{room}, {threshold:.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
