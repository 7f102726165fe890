"""How well the colour card is found on photographs in public repositories, beside the two detectors that are known.

    python tests/benchmarks/bench_card.py FOLDER [--only classic,webcam,refuse] [--part seen|unseen]

FOLDER holds bare or plain clones of the repositories that ``card_photos.toml`` names, each at ``owner+name`` (with or
without ``repo`` below it). Nothing is fetched; a picture that is not there is counted and named.

Found is a card whose four corners all lie near the true ones (``TOLERANCE``), in the card's own order. A
mirrored picture must also be named as mirrored. A false acceptance is a reading that may be used though the picture
must be refused, or though the card lies elsewhere. The two known detectors accept whatever they answer. Times are of
pictures made as large as 12 megapixels; processor time is what one idle core would take. Pictures marked unseen were
fetched when every threshold was set and are counted apart.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.calibrate.card import load_cards
from station.calibrate.card_finding import find_card
from station.values.colour import DeviceRGB
from station.values.line import Shot

Picture = NDArray[np.uint8]
Float = NDArray[np.float64]
Answer = tuple[Float | None, bool, bool, str]
"""Corners or None, whether the reading may be used, whether it is named mirrored, why not."""

MEGAPIXELS = 12e6
TOLERANCE = {"station": 0.4, "mcc": 0.4, "segmentation": 0.75}
"""Distance of a corner from the true one, in pitches: a card that is one patch off is 1 away. The segmentation answers
with upright rectangles, which do not follow perspective."""


@dataclass(slots=True)
class Tally:
    """What one detector answered: per set and part (photos, found), false acceptances by name, seconds."""

    found: dict[tuple[str, str], list[bool]]
    false: list[str]
    missed: list[str]
    wall: list[float]
    processor: list[float]


def bytes_of(folder: Path, entry: dict[str, Any]) -> bytes | None:
    """The file as the repository's history has it, or None where it is absent or another."""
    root = folder / entry["repository"].replace("/", "+")
    for place in (root / "repo" / ".git", root / "repo", root / ".git", root):
        if not (place / "HEAD").exists():
            continue
        shown = subprocess.run(["git", "-C", place, "show", f"HEAD:{entry['path']}"], capture_output=True, check=False)
        if shown.returncode == 0 and hashlib.sha256(shown.stdout).hexdigest() == entry["sha256"]:
            return shown.stdout
    return None


def prepared(data: bytes, entry: dict[str, Any]) -> tuple[Picture, Float | None]:
    """The picture upright in RGB, made smaller or mirrored where the table says so, and the true corners in it."""
    picture = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB), dtype=np.uint8)
    corners = np.array(entry["corners"], dtype=np.float64) if "corners" in entry else None
    if "longest" in entry:
        picture, corners = resized(picture, corners, entry["longest"] / max(picture.shape[:2]))
    if entry.get("mirrored"):
        picture = np.ascontiguousarray(picture[:, ::-1])
        if corners is not None:
            corners[:, 0] = picture.shape[1] - 1 - corners[:, 0]
    return picture, corners


def resized(picture: Picture, corners: Float | None, scale: float) -> tuple[Picture, Float | None]:
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    made = np.asarray(cv2.resize(picture, size, interpolation=how), dtype=np.uint8)
    return made, None if corners is None else (corners + 0.5) * scale - 0.5


def is_found(corners: Float | None, true: Float, tolerance: float) -> bool:
    if corners is None:
        return False
    sides = np.hypot(*(np.roll(true, -1, axis=0) - true).T) / [6, 4, 6, 4]
    return bool(np.hypot(*(corners - true).T).max() <= tolerance * sides.mean())


def ours(picture: Picture) -> Answer:
    reading = find_card(Shot(DeviceRGB(picture), "0" * 64, "photo"), CARDS)
    return reading.corners_px, reading.usable, reading.mirrored, reading.reason


def mcc(picture: Picture) -> Answer:
    detector = cv2.mcc.CCheckerDetector_create()  # type: ignore[attr-defined]
    detector.setUseDnnModel(False)
    detector.setColorChartType(cv2.mcc.MCC24)
    if not detector.process(np.ascontiguousarray(picture[..., ::-1]), 1):
        return None, False, False, "nothing"
    charts = np.asarray(detector.getBestColorChecker().getColorCharts(), dtype=np.float64).reshape(-1, 4, 2)
    return grid_corners(charts.mean(axis=1)), True, False, ""


def segmentation(picture: Picture) -> Answer:
    import colour_checker_detection as ccd  # type: ignore[import-not-found]

    found = ccd.detect_colour_checkers_segmentation((picture / 255.0).astype(np.float32), additional_data=True)
    if not found:
        return None, False, False, "nothing"
    # Its quadrilateral begins with the card's top right, in the picture laid on its side and made 1440 px wide.
    quad = np.roll(np.asarray(found[0].quadrilateral, dtype=np.float64), 1, axis=0)
    h, w = picture.shape[:2]
    quad *= max(h, w) / 1440.0
    if w < h:
        quad = np.stack([quad[:, 1], h - 1 - quad[:, 0]], axis=-1)
    return quad, True, False, ""


def grid_corners(centres: Float) -> Float | None:
    """Outer corners of a 6 x 4 grid from its 24 centres in the card's order."""
    index = np.stack(np.meshgrid(np.arange(6.0), np.arange(4.0)), axis=-1).reshape(-1, 2)
    homography, _ = cv2.findHomography(index, centres)
    if homography is None:
        return None
    outer = np.array([[[-0.5, -0.5]], [[5.5, -0.5]], [[5.5, 3.5]], [[-0.5, 3.5]]])
    return np.asarray(cv2.perspectiveTransform(outer, homography).reshape(4, 2), dtype=np.float64)


def judge(tally: Tally, answer: Answer, entry: dict[str, Any], true: Float | None, part: str, tolerance: float) -> None:
    corners, usable, mirrored, why = answer
    name = f"{entry['repository']}/{entry['path']}{' (mirrored)' if entry.get('mirrored') else ''}"
    if true is None:
        tally.found.setdefault((entry["set"], part), []).append(not usable)
        if usable:
            tally.false.append(f"{name}: {entry['why']}")
        return
    right = is_found(corners, true, tolerance)
    if entry.get("mirrored") and usable:
        tally.false.append(f"{name}: mirrored, taken for straight")
    elif usable and not right:
        tally.false.append(f"{name}: another place or order")
    named = mirrored == bool(entry.get("mirrored"))
    tally.found.setdefault((entry["set"], part), []).append(right and (named or why == ""))
    if not (right and (named or why == "")):
        tally.missed.append(f"{name}: {why or 'elsewhere'}")


def timed(detector: Callable[[Picture], Answer], picture: Picture, tally: Tally) -> None:
    wall, processor = time.perf_counter(), time.process_time()
    detector(picture)
    tally.wall.append(time.perf_counter() - wall)
    tally.processor.append(time.process_time() - processor)


def report(name: str, tally: Tally) -> None:
    print(f"\n{name}")
    for (kind, part), right in sorted(tally.found.items()):
        what = "refused" if kind == "refuse" else "right place and order"
        print(f"  {kind:8s} {part:6s} {sum(right):3d} of {len(right):3d} {what} ({100 * np.mean(right):.1f} %)")
    print(f"  false acceptances: {len(tally.false)}")
    for line in tally.false:
        print(f"    {line}")
    for line in tally.missed:
        print(f"    missed: {line}")
    for what, seconds in (("wall", tally.wall), ("processor", tally.processor)):
        if seconds:
            ms = 1e3 * np.array(seconds)
            print(f"  {what} time at 12 megapixels: median {np.median(ms):.0f} ms, p95 {np.quantile(ms, 0.95):.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="classic,webcam,refuse")
    parser.add_argument("--part", choices=("seen", "unseen"))
    parser.add_argument("--detectors", default="station,mcc,segmentation")
    parser.add_argument("--untimed", action="store_true", help="do not enlarge the pictures for the times")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    detectors = {n: d for n, d in DETECTORS.items() if n in options.detectors.split(",")}
    try:
        import colour_checker_detection  # noqa: F401
    except ImportError:
        if detectors.pop("segmentation", None):
            print("colour-checker-detection is not installed: left out")
    tallies = {name: Tally({}, [], [], [], []) for name in detectors}
    table = tomllib.loads((Path(__file__).parent / "card_photos.toml").read_text())["photo"]
    absent = 0
    for entry in table:
        part = "unseen" if entry.get("unseen") else "seen"
        if entry["set"] not in options.only.split(",") or options.part not in (None, part):
            continue
        data = bytes_of(options.folder, entry)
        if data is None:
            absent += 1
            print(f"not there: {entry['repository']}/{entry['path']}")
            continue
        picture, true = prepared(data, entry)
        large, _ = resized(picture, None, (MEGAPIXELS / picture[..., 0].size) ** 0.5)
        for name, detector in detectors.items():
            judge(tallies[name], detector(picture), entry, true, part, TOLERANCE[name])
            if entry["set"] == "classic" and not options.untimed:
                timed(detector, large, tallies[name])
    print(f"{len(table)} pictures in the table, {absent} of them not in {options.folder}")
    for name, tally in tallies.items():
        report(name, tally)


CARDS = load_cards(None)
DETECTORS: dict[str, Callable[[Picture], Answer]] = {"station": ours, "mcc": mcc, "segmentation": segmentation}


if __name__ == "__main__":
    main()
