"""The defect models on BSData: a ball screw seen again and again from one place, bright first and pitted in the end.

    git clone the public repository 2Obe/BSData, then
    python tests/benchmarks/bench_bsdata.py --data BSData [--pictures 8] [--sequence 585000_090]

A sequence is a place of the screw with one view of it (``..._crop_2``, 57 pictures of 1130 x 460 px in six days). Its
first seven pictures are the goldens: the seventh is what units are compared with, all seven teach the variation. Of the
rest, those before the first with an outlined pit are good, and those with one are bad; a picture without an outline
after one with it is left out, since pits do not heal. Nothing was trained or tuned on any of it, and nothing is
registered: the view is fixed. The region map says metal everywhere, or with ``--region other`` what a picture without a
master has.

Methods: the plain difference; mean and sigma of the goldens, each pixel for itself, the textbook's variation model; the
station's variation (``station.measure.variation``); each defect model by the one golden, and damped by the variation,
as units are looked at. Figures over all pictures together, one threshold for all sequences: average precision of
pixels; AUPRO up to a false-positive rate of 0.05 and 0.30; how often a bad picture scores higher than a good one
(AUROC), by its highest pixel, by the mean of its highest thousandth and by that of all, and by the thousandth within
each sequence, averaged. Later pictures differ more anyway, since oil and wear come on: image figures flatter every
method, pixel figures do not. ``--pictures`` good and as many bad ones of a sequence, evenly over time; 0 takes all.
``--onset`` takes those nearest to the first pit instead, so that good and bad ones are worn and oiled alike. Prints;
asserts nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import numpy as np
from defect_bench import MODELS, Bool, Float32, PixelFigures, UInt8, auroc, bare_aligned, bare_master, linear_light

from station.measure.blur import pixel_noise
from station.measure.defect_places import total_score
from station.measure.exposure import exposure_gain
from station.measure.variation import damped, learn_variation, sigmas_off
from station.models import defect_model
from station.values.colour import LinearRGB
from station.values.line import METAL, OTHER, Master

GOLDENS = 7
LIMITS = (0.05, 0.30)
LEAST_SIGMA = 2 / 255
"""Of the textbook's variation model, in coded levels: else a pixel that never varied fires at its first change."""
TOP = 0.001
DIFFERENCE, TEXTBOOK, STATION = "plain difference", "mean and sigma", "variation of the station"


@dataclass(frozen=True)
class View:
    """name : of the place. goldens, good, bad : pictures without their suffix, in order of time."""

    name: str
    goldens: list[str]
    good: list[str]
    bad: list[str]


Row = tuple[bool, float, float, float]
"""Of a picture: whether it is bad, and its scores by the highest pixel, by the highest thousandth and by all."""


@dataclass
class Figures:
    """Of one method, over all pictures that were looked at."""

    pixels: PixelFigures = field(default_factory=PixelFigures)
    highest: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))

    def add(self, sequence: str, scores: Float32, truth: Bool) -> None:
        self.pixels.add(scores, truth)
        few = max(1, int(TOP * scores.size))
        top = float(np.partition(scores.ravel(), -few)[-few:].mean())
        self.highest[sequence].append((bool(truth.any()), float(scores.max()), top, float(scores.mean())))

    def line(self) -> str:
        everything = [row for rows in self.highest.values() for row in rows]
        within = [_ranked(rows, 2) for rows in self.highest.values()]
        figures = [
            self.pixels.average_precision(),
            *(self.pixels.aupro(limit) for limit in LIMITS),
            *(_ranked(everything, column) for column in (1, 2, 3)),
            float(np.nanmean(within)) if np.isfinite(within).any() else float("nan"),
        ]
        return "".join(f"{v:10.3f}" for v in figures)


def _ranked(rows: Sequence[Row], column: int) -> float:
    return auroc(*([float(row[column]) for row in rows if row[0] is bad] for bad in (False, True)))


def sequences(data: Path) -> list[View]:
    """Those with at least one outlined pit and a good picture beside the goldens."""
    out = []
    names: dict[str, list[str]] = defaultdict(list)
    for path in sorted((data / "data").glob("01_*_crop_2.jpg")):
        _, _, place, angle, *_ = path.stem.split("_")
        names[f"{place}_{angle}"].append(path.stem)
    for name, pictures in names.items():
        outlined = [(data / "label" / f"{p}.json").exists() for p in pictures]
        first = outlined.index(True) if any(outlined) else len(pictures)
        bad = [p for p, o in zip(pictures, outlined, strict=True) if o]
        if bad and first > GOLDENS:
            out.append(View(name, pictures[:GOLDENS], pictures[GOLDENS:first], bad))
    return out


def picture(data: Path, name: str) -> UInt8:
    """(H, W, 3) uint8 RGB."""
    read = cv2.imread(str(data / "data" / f"{name}.jpg"), cv2.IMREAD_COLOR_RGB)
    if read is None:
        raise SystemExit(f"{data}/data/{name}.jpg cannot be read")
    return np.asarray(read, dtype=np.uint8)


def outlined_pits(data: Path, name: str, shape: tuple[int, int]) -> Bool:
    """(H, W) true inside the outlined pits; all false of a picture without any."""
    mask = np.zeros(shape, dtype=np.uint8)
    path = data / "label" / f"{name}.json"
    if path.exists():
        for outline in json.loads(path.read_text("utf-8"))["shapes"]:
            cv2.fillPoly(mask, [np.round(np.array(outline["points"])).astype(np.int32)], 1)
    return mask.astype(bool)


def spread(names: list[str], count: int) -> list[str]:
    """``count`` of them, evenly; all for 0."""
    if not count or len(names) <= count:
        return names
    return [names[i] for i in np.linspace(0, len(names) - 1, count).round().astype(int)]


class Look:
    """A sequence's goldens, and what every method says of a unit."""

    def __init__(self, goldens: list[UInt8], label: int, models: Sequence[str]) -> None:
        self.models = models
        coded = np.stack([g.astype(np.float32) / 255 for g in goldens])
        self.mean, self.sigma = coded.mean(axis=0), coded.std(axis=0, ddof=1)
        image = linear_light(goldens[-1])
        everywhere = np.ones(image.pixels.shape[:2], dtype=bool)
        noise = pixel_noise(image.pixels, everywhere)
        bare = bare_master(image, np.full(everywhere.shape, label, dtype=np.uint8), noise=noise)
        again = [bare_aligned(linear_light(g), noise=noise) for g in goldens[:-1]]
        self.master: Master = replace(bare, variation=learn_variation(bare, again))

    def scores(self, unit: UInt8, golden: UInt8) -> Iterator[tuple[str, Float32]]:
        """(H, W) scores at least 0 of every method, by its name."""
        coded = unit.astype(np.float32) / 255
        yield DIFFERENCE, np.abs(coded - golden.astype(np.float32) / 255).max(axis=2)
        yield TEXTBOOK, (np.abs(coded - self.mean) / np.maximum(self.sigma, LEAST_SIGMA)).max(axis=2)
        master = self.master
        light = linear_light(unit)
        noise = max(master.noise, pixel_noise(light.pixels, master.labels >= 0))
        gain = exposure_gain(master.image, bare_aligned(light, noise=noise), master.labels)
        light = LinearRGB(light.pixels * gain)
        if master.variation is not None:
            yield STATION, sigmas_off(master.variation, light, noise)
        for name in self.models:
            maps = defect_model(name)(master.image, light, master.labels, noise)
            yield name, total_score(maps)
            yield f"{name}, damped", total_score(damped(maps, master, master.image, light, noise))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=8, help="good and bad ones of a sequence; 0: all (default 8)")
    parser.add_argument("--onset", action="store_true", help="those nearest to the first pit, not evenly over time")
    parser.add_argument("--sequence", action="append", help="one of them, as 585000_090; repeat for several")
    parser.add_argument("--model", action="append", help="a model's name or card; repeat for several")
    parser.add_argument("--region", choices=("metal", "other"), default="metal", help="what the region map says")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    chosen = [s for s in sequences(options.data) if not options.sequence or s.name in options.sequence]
    if not chosen:
        raise SystemExit(f"{options.data} has no such sequence: give the folder that holds data/ and label/")
    figures: dict[str, Figures] = defaultdict(Figures)
    label = METAL if options.region == "metal" else OTHER
    good = bad = 0
    for sequence in chosen:
        goldens = [picture(options.data, name) for name in sequence.goldens]
        look = Look(goldens, label, options.model or MODELS)
        count = options.pictures
        if options.onset and count:
            tried = [*sequence.good[-count:], *sequence.bad[:count]]
        else:
            tried = [*spread(sequence.good, count), *spread(sequence.bad, count)]
        for name in tried:
            unit = picture(options.data, name)
            truth = outlined_pits(options.data, name, unit.shape[:2])
            good, bad = good + (not truth.any()), bad + bool(truth.any())
            for method, scores in look.scores(unit, goldens[-1]):
                figures[method].add(sequence.name, scores, truth)
        if sys.stderr.isatty():
            print(f"  {sequence.name}: {len(tried)} pictures", file=sys.stderr)
    regions = next(iter(figures.values())).pixels.regions
    print(f"{len(chosen)} sequences, {good} good pictures, {bad} bad ones with {regions} pits")
    heads = ("pixel AP", *(f"PRO@{limit:.2f}" for limit in LIMITS), "AUROC max", "AUROC top", "AUROC all", "within")
    print(f"{'':34s}" + "".join(f"{h:>10s}" for h in heads))
    for method, one in figures.items():
        print(f"{method:34s}{one.line()}")


if __name__ == "__main__":
    main()
