"""Time of one unit by stage, as ratios to decoding its JPEG alone (``cv2.imdecode``, the same process and threads).

    python tests/benchmarks/bench_unit.py [ROUNDS]

The sample unit as it is, by CPU seconds of one thread; then registration and all sizes of the same scene at twelve
megapixels (enlarged as in ``bench_memory.py``, with noise in every pixel), wall and CPU, on one thread and on
two. Least of the rounds after one that warms caches and compiled functions. Prints; asserts nothing.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import cv2
import numpy as np
from bench_memory import prepare

from station.calibrate.light import correct
from station.devices.photo import read_photo
from station.golden_line import measure_master
from station.judge import judge_unit
from station.measure.align import align
from station.measure.colour import measure_regions
from station.measure.features import measure_features
from station.measure.frame import exclusions, resample
from station.measure.logo import measure_marks
from station.measure.off_colour import with_off_colour
from station.measure.part import look_at_bench, rough_part
from station.measure.polygon import signed_area
from station.measure.surface import find_defects
from station.models import REFERENCE_DIFFERENCE, defect_model
from station.service import Station
from station.settings import Settings
from station.sheet import load_sheet

SAMPLES = Path(__file__).parents[2] / "sample_data"
T = TypeVar("T")
Times = dict[str, float]


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as home, Station(Settings(home=Path(home))) as station:
        rig = station.bench.add_rig(SAMPLES / "bench" / "rig.toml").name
        station.bench.calibrate_lens(rig, sorted((SAMPLES / "bench").glob("board-*.jpg")))
        station.bench.calibrate_light(rig, sorted((SAMPLES / "bench").glob("grey-*.jpg")))
        calibration = station.bench.calibration(rig, str(SAMPLES / "bench" / "card.toml"))
    sheet = load_sheet(SAMPLES / "alpine" / "sheet.toml")
    golden = correct(read_photo(SAMPLES / "alpine" / "golden.jpg"), calibration)
    master = measure_master(golden, sheet, number="GS", version=1)
    model = defect_model(REFERENCE_DIFFERENCE)
    path = SAMPLES / "alpine" / "units" / "unit-06.jpg"
    raw = np.frombuffer(path.read_bytes(), np.uint8)
    best: dict[str, float] = {}

    def stage(name: str, function: Callable[..., T], *arguments: Any) -> T:
        began = time.process_time()
        result = function(*arguments)
        best[name] = min(best.get(name, np.inf), time.process_time() - began)
        return result

    for i in range(rounds + 1):
        if i == 1:
            best.clear()
        stage("cv2.imdecode", cv2.imdecode, raw, cv2.IMREAD_COLOR)
        shot = stage("decode, hash, orientation, profile", read_photo, path)
        corrected = stage("card, light, plane", correct, shot, calibration)
        aligned = stage("part, registration, resampling", align, corrected, master)
        colours = stage("region colours", measure_regions, aligned, master)
        marks = stage("marks", measure_marks, aligned, master)
        sizes = stage("sizes", measure_features, aligned, master, sheet.sizes)
        findings = stage("surface", find_defects, aligned, master, model, marks)
        findings = stage("off-colour", with_off_colour, aligned, master, marks, findings)
        gates = (*corrected.gates, *aligned.gates)
        stage("judgement", judge_unit, (*colours, *marks, *sizes), findings, gates, sheet)
    decode = best.pop("cv2.imdecode")
    total = sum(best.values())
    width, height = shot.size
    print(f"one unit, {width} x {height} px, one thread; cv2.imdecode alone {1e3 * decode:.1f} ms = 1")
    for name, seconds in best.items():
        print(f"  {name:36} {1e3 * seconds:8.1f} ms {seconds / decode:8.1f} x {100 * seconds / total:6.1f} %")
    print(f"  {'whole unit':36} {1e3 * total:8.1f} ms {total / decode:8.1f} x")
    twelve_megapixels(rounds)


def twelve_megapixels(rounds: int) -> None:
    """Registration and sizes of a large photo; the resampling into the golden frame told apart from the pose."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        path = folder / "unit-06.jpg"
        picture = np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR_BGR))
        noisy = picture + np.random.default_rng(1).normal(0, 1.5, picture.shape)
        coded = np.clip(np.round(noisy), 0, 255).astype(np.uint8)
        cv2.imwrite(str(path), coded, [cv2.IMWRITE_JPEG_QUALITY, 92])
        raw = np.frombuffer(path.read_bytes(), np.uint8)
        sheet = load_sheet(folder / "sheet.toml")
        with Station(Settings(home=folder / "home")) as station:
            calibration = station.bench.calibration("bench-a", str(SAMPLES / "bench" / "card.toml"))
        master = measure_master(correct(read_photo(folder / "golden.jpg"), calibration), sheet, number="GS", version=1)
        corrected = correct(read_photo(path), calibration)
    if corrected.plane is None:
        raise ValueError("the enlarged unit has no scale")
    plane, height = corrected.plane, master.thickness_mm or 0.0
    height_px, width_px = corrected.image.shape
    area = abs(signed_area(plane.to_photo(master.outline_mm, height)))
    for threads in (1, 2):
        cv2.setNumThreads(threads)
        wall: Times = {}
        cpu: Times = {}

        def stage(name: str, function: Callable[..., T], *arguments: Any, wall: Times = wall, cpu: Times = cpu) -> T:
            began, burnt = time.perf_counter(), time.process_time()
            result = function(*arguments)
            wall[name] = min(wall.get(name, np.inf), time.perf_counter() - began)
            cpu[name] = min(cpu.get(name, np.inf), time.process_time() - burnt)
            return result

        for i in range(rounds + 1):
            if i == 1:
                wall.clear()
                cpu.clear()
            stage("cv2.imdecode", cv2.imdecode, raw, cv2.IMREAD_COLOR)
            bench = stage("  of it: the bench modelled", look_at_bench, corrected.image, exclusions(corrected))
            stage("  of it: the part found", rough_part, bench, (height_px, width_px), area)
            aligned = stage("pose, resampling, gates", align, corrected, master)
            stage("  of it: resampling", resample, corrected, plane, aligned.similarity, master.frame, height)
            stage("sizes", measure_features, aligned, master, sheet.sizes)
        print(
            f"registration and sizes, {width_px} x {height_px} px, {threads} thread(s), ms wall / CPU, ratio of walls"
        )
        for name in wall:
            ratio = wall[name] / wall["cv2.imdecode"]
            print(f"  {name:36} {1e3 * wall[name]:8.1f} {1e3 * cpu[name]:8.1f} {ratio:8.2f} x")


if __name__ == "__main__":
    main()
