"""Time and memory of the defect models on a part of 30 mm at 0.04 mm a pixel, 0.56 megapixel, and how they grow.

    python tests/benchmarks/bench_defect_speed.py [--rounds 15] [--model golden-unit-net]

Medians of rounds in which every candidate takes its turn, wall and CPU time of one call, walls as ratios to
``cv2.imdecode`` of a JPEG of twelve megapixels in the same rounds (one thread). On a busy machine only CPU times and
ratios say something. The part is put together of procedural pairs; a network's time
does not depend on what is on them. Then whether one thread and two mark the same places, the time by the part's area,
and the peak resident set of a process of its own, with what of it was there after its imports. Prints;
asserts nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from bench_memory import peak_mb
from defect_bench import Drawn, bare_aligned, bare_master, drawn_part

from station.measure.defect_places import THRESHOLD, total_score
from station.measure.surface import find_defects
from station.models import PAIR_MODEL, REFERENCE_DIFFERENCE, defect_model
from station.values.colour import LinearRGB
from station.values.line import DefectModel

PITCH_MM = 0.04
PART_MM = 30.0
OTHERS_MM = (15.0, 45.0, 60.0)
LIMITS_MS = {"int8": 60.0, "fp32": 150.0}
DECODE = "cv2.imdecode, 12 megapixels"


def part_of(diameter_mm: float) -> Drawn:
    return drawn_part(np.random.default_rng(1), round(diameter_mm / PITCH_MM))


def twelve_megapixels(part: Drawn) -> bytes:
    """A JPEG of 4000 x 3000 px: the part, enlarged, with noise in every pixel."""
    light = cv2.resize(part.unit.pixels, (4000, 3000), interpolation=cv2.INTER_LINEAR)
    coded = 255 * np.clip(light, 0, 1) ** (1 / 2.2) + np.random.default_rng(2).normal(0, 1.5, light.shape)
    picture = np.clip(np.round(coded), 0, 255).astype(np.uint8)
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1])


def run(model: DefectModel, part: Drawn) -> Any:
    return model(part.golden, part.unit, part.labels, part.noise)


def medians(candidates: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, tuple[float, float]]:
    """Median milliseconds of each, wall and CPU, after one turn that warms it."""
    spent: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for turn in range(rounds + 1):
        for name, call in candidates.items():
            began, burnt = time.perf_counter(), time.process_time()
            call()
            if turn:
                spent[name].append((time.perf_counter() - began, time.process_time() - burnt))
    middle = {name: 1e3 * np.median(values, axis=0) for name, values in spent.items()}
    return {name: (float(wall), float(cpu)) for name, (wall, cpu) in middle.items()}


def compare_threads(name: str, part: Drawn, precision: str) -> str:
    """What one thread and two answer alike."""
    master = bare_master(part.golden, part.labels, noise=part.noise, pitch_mm=PITCH_MM)
    aligned = bare_aligned(part.unit, noise=part.noise)
    totals, findings = [], []
    for threads in (1, 2):
        model = defect_model(name, precision=precision, threads=threads)
        totals.append(total_score(run(model, part)))
        findings.append([(f.kind, round(f.x_mm, 2), round(f.y_mm, 2)) for f in find_defects(aligned, master, model)])
    apart = float(np.abs(totals[0] - totals[1]).max())
    flipped = int(((totals[0] >= THRESHOLD) != (totals[1] >= THRESHOLD)).sum())
    same = "the same" if findings[0] == findings[1] else "OTHER"
    return (
        f"{precision}: {len(findings[0])} and {len(findings[1])} findings, {same} places and kinds; largest difference "
        f"of a score {apart:.1g}, {flipped} pixels change sides"
    )


def child(name: str, precision: str, path: Path) -> None:
    """The process whose memory is told."""
    with np.load(path) as kept:
        part = Drawn(LinearRGB(kept["golden"]), LinearRGB(kept["unit"]), kept["labels"], float(kept["noise"]))
    before = peak_mb()
    run(defect_model(name, precision=precision), part)
    print(f"  {name:24s} {precision:6s} peak {peak_mb():6.0f} MB, of which {before:.0f} MB before it began", flush=True)


def main() -> None:
    if len(sys.argv) == 5 and sys.argv[1] == "--child":
        child(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--model", default=PAIR_MODEL, help="a network's name or the path of its card")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    name = options.model
    part = part_of(PART_MM)

    print(f"peak memory, one part of {PART_MM:g} mm, one thread", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "part.npz"
        np.savez(path, golden=part.golden.pixels, unit=part.unit.pixels, labels=part.labels, noise=part.noise)
        for who, precision in ((name, "int8"), (name, "fp32"), (REFERENCE_DIFFERENCE, "-")):
            subprocess.run([sys.executable, __file__, "--child", who, precision, str(path)], check=True)

    raw = np.frombuffer(twelve_megapixels(part), np.uint8)
    candidates: dict[str, Callable[[], object]] = {DECODE: lambda: cv2.imdecode(raw, cv2.IMREAD_COLOR)}
    for precision in LIMITS_MS:
        for threads in (1, 2):
            model = defect_model(name, precision=precision, threads=threads)
            candidates[f"{name} {precision}, {threads} thread(s)"] = lambda model=model: run(model, part)  # type: ignore[misc]
    candidates[REFERENCE_DIFFERENCE] = lambda: run(defect_model(REFERENCE_DIFFERENCE), part)
    height, width = part.labels.shape
    print(f"one part, {width} x {height} px, median of {options.rounds} rounds, ms wall / CPU, ratio of walls")
    times = medians(candidates, options.rounds)
    for who, (wall, cpu) in times.items():
        limit = next((ms for p, ms in LIMITS_MS.items() if f" {p}, 1 " in who), None)
        told = "" if limit is None else f"   limit {limit:.0f} ms: {'kept' if wall <= limit else 'EXCEEDED'}"
        print(f"  {who:36s} {wall:8.1f} {cpu:8.1f} {wall / times[DECODE][0]:7.2f} x{told}")

    print("one thread and two")
    for precision in LIMITS_MS:
        print(f"  {compare_threads(name, part, precision)}")

    print("by the part's area, one thread, ms wall / CPU, CPU ms a megapixel")
    for diameter in sorted((PART_MM, *OTHERS_MM)):
        other = part if diameter == PART_MM else part_of(diameter)
        sized: dict[str, Callable[[], object]] = {
            p: lambda p=p, other=other: run(defect_model(name, precision=p), other)  # type: ignore[misc]
            for p in LIMITS_MS
        }
        megapixels = other.labels.size / 1e6
        told = "".join(
            f"   {p} {wall:7.1f} {cpu:7.1f} {cpu / megapixels:6.1f}"
            for p, (wall, cpu) in medians(sized, max(1, options.rounds // 3)).items()
        )
        print(f"  {diameter:4.0f} mm, {megapixels:5.2f} megapixel{told}")


if __name__ == "__main__":
    main()
