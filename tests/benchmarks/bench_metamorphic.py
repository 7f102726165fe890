"""Metamorphic relations of the line: a photo changed in a way that leaves the workpiece as it is keeps its verdict.

    python tests/benchmarks/bench_metamorphic.py                            # every unit of sample_data, every change
    python tests/benchmarks/bench_metamorphic.py --design alpine --unit unit-06 --unit unit-31

Each unit is inspected as it is and after each change, on the rig (bench calibrated, markers) and with the card alone.
The verdict after the change must be the one before, or ``undecided``; never the opposite. Printed are the counts, what
gates undecided photos, the change of each region's CIEDE2000 and how often it stays within the uncertainty stated for
the difference of the two measurements, sqrt(u1^2 + u2^2). Prints figures; asserts nothing.
"""

from __future__ import annotations

import argparse
import io
import math
import tempfile
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from station import golden_line, pipeline
from station.calibrate.light import correct
from station.devices.photo import read_photo
from station.models import REFERENCE_DIFFERENCE, defect_model
from station.service import Station
from station.settings import Settings
from station.sheet import Sheet, load_sheet
from station.values.bench import Calibration
from station.values.colour import srgb_decode, srgb_encode
from station.values.documents import UnitDocument, Verdict
from station.values.line import Master, Shot

SAMPLES = Path(__file__).parents[2] / "sample_data"
DESIGNS = ("alpine", "shield", "keychain", "fox", "hexagon")
Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture as (H, W, 3) uint8 RGB and the EXIF block it came with."""

    pixels: Picture
    exif: bytes

    @classmethod
    def read(cls, path: Path) -> Photo:
        with Image.open(path) as image:
            return cls(np.asarray(image.convert("RGB")), image.info.get("exif", b""))

    def jpeg(self, quality: int = 95) -> bytes:
        out = io.BytesIO()
        Image.fromarray(self.pixels).save(out, "JPEG", quality=quality, subsampling="4:2:0", exif=self.exif)
        return out.getvalue()


Change = Callable[[Photo], bytes]


def gained(red: float, green: float, blue: float) -> Change:
    """Gains in linear light: exposure and white balance."""

    def change(photo: Photo) -> bytes:
        light = np.clip(srgb_decode(np.arange(256)[:, None] / 255) * np.array([red, green, blue]), 0, 1)
        table = np.rint(srgb_encode(light) * 255).astype(np.uint8)
        return Photo(np.stack([table[photo.pixels[..., c], c] for c in range(3)], axis=-1), photo.exif).jpeg()

    return change


def turned(quarter_turns: int) -> Change:
    return lambda photo: Photo(np.ascontiguousarray(np.rot90(photo.pixels, -quarter_turns)), photo.exif).jpeg()


def flagged_upside_down(photo: Photo) -> bytes:
    """The same pixels under the EXIF orientation 3, as a camera that looks straight down may write."""
    with Image.open(io.BytesIO(photo.jpeg())) as image:
        exif = image.getexif()
        exif[0x0112] = 3
        out = io.BytesIO()
        image.save(out, "JPEG", quality="keep", exif=exif)
    return out.getvalue()


def rotated(degrees: float) -> Change:
    """The whole picture turned by any angle on a canvas that holds it; the corners repeat its edge."""

    def change(photo: Photo) -> bytes:
        h, w = photo.pixels.shape[:2]
        c, s = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
        wide, high = math.ceil(w * c + h * s), math.ceil(w * s + h * c)
        matrix = cv2.getRotationMatrix2D(((w - 1) / 2, (h - 1) / 2), -degrees, 1.0)
        matrix[:, 2] += ((wide - w) / 2, (high - h) / 2)
        out = cv2.warpAffine(photo.pixels, matrix, (wide, high), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        return Photo(np.asarray(out, dtype=np.uint8), photo.exif).jpeg()

    return change


def recoded(quality: int) -> Change:
    return lambda photo: photo.jpeg(quality)


def cropped(left: int, top: int, right: int, bottom: int) -> Change:
    """Margins of so many pixels cut away; card and workpiece stay whole in the sample set's photos."""

    def change(photo: Photo) -> bytes:
        h, w = photo.pixels.shape[:2]
        return Photo(np.ascontiguousarray(photo.pixels[top : h - bottom, left : w - right]), photo.exif).jpeg()

    return change


def resized(factor: float) -> Change:
    def change(photo: Photo) -> bytes:
        kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        out = cv2.resize(photo.pixels, None, fx=factor, fy=factor, interpolation=kind)
        return Photo(np.asarray(out, dtype=np.uint8), photo.exif).jpeg()

    return change


def noisy(codes: float) -> Change:
    """Normal noise of so many 8-bit codes, of one seed."""

    def change(photo: Photo) -> bytes:
        noise = np.random.default_rng(1).normal(0, codes, photo.pixels.shape)
        return Photo(np.clip(np.rint(photo.pixels + noise), 0, 255).astype(np.uint8), photo.exif).jpeg()

    return change


def sixteen_bit(photo: Photo) -> bytes:
    """The same values as a 16-bit PNG."""
    ok, data = cv2.imencode(".png", cv2.cvtColor(photo.pixels.astype(np.uint16) * 257, cv2.COLOR_RGB2BGR))
    if not ok:
        raise RuntimeError("OpenCV wrote no PNG")
    return data.tobytes()


CHANGES: Mapping[str, Change] = {
    "brighter 0.2 EV": gained(1.149, 1.149, 1.149),
    "darker 0.5 EV": gained(0.707, 0.707, 0.707),
    "darker 1.5 EV": gained(0.354, 0.354, 0.354),
    "warmer": gained(1.10, 1.0, 0.85),
    "cooler": gained(0.85, 1.0, 1.10),
    "turned 90": turned(1),
    "turned 180": turned(2),
    "turned 270": turned(3),
    "flagged 180": flagged_upside_down,
    "rotated 2": rotated(2.0),
    "rotated -17": rotated(-17.0),
    "JPEG 70": recoded(70),
    "JPEG 40": recoded(40),
    "cropped": cropped(30, 30, 12, 150),
    "noise 2": noisy(2.0),
    "noise 6": noisy(6.0),
    "resized 0.7": resized(0.7),
    "resized 1.4": resized(1.4),
    "16-bit PNG": sixteen_bit,
}
"""What can be done to a photo without touching the workpiece in it."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A golden sealed under one calibration."""

    calibration: Calibration
    master: Master
    sheet: Sheet

    def inspect(self, shot: Shot) -> UnitDocument:
        return pipeline.inspect(
            shot, self.master, self.sheet, self.calibration, unit="unit", model=defect_model(REFERENCE_DIFFERENCE),
            model_name=REFERENCE_DIFFERENCE, golden_digest="0" * 64, program="metamorphic", taken_at=None,
        ).document  # fmt: skip


def calibrations(samples: Path) -> dict[str, Calibration]:
    """``rig``: the sample set's bench, calibrated; ``card``: the colour card and nothing else."""
    bench = samples / "bench"
    with tempfile.TemporaryDirectory() as home, Station(Settings(home=Path(home))) as station:
        rig = station.bench.add_rig(bench / "rig.toml").name
        station.bench.calibrate_lens(rig, sorted(bench.glob("board-*.jpg")))
        station.bench.calibrate_light(rig, sorted(bench.glob("grey-*.jpg")))
        card = str(bench / "card.toml")
        return {"rig": station.bench.calibration(rig, card), "card": station.bench.calibration(None, card)}


def sealed(design: Path, calibration: Calibration) -> Setup:
    """The golden of a design's folder under a calibration."""
    sheet = load_sheet(design / "sheet.toml")
    golden = correct(read_photo(design / "golden.jpg"), calibration)
    return Setup(calibration, golden_line.measure_master(golden, sheet, number="GS", version=1), sheet)


def opposite(before: Verdict, after: Verdict) -> bool:
    """Whether one says conforms and the other nonconforms."""
    return {before, after} == {Verdict.CONFORMS, Verdict.NONCONFORMS}


def colour_changes(before: UnitDocument, after: UnitDocument) -> list[tuple[str, float, float]]:
    """(region, change of CIEDE2000, expanded uncertainty of the change) where both measured a region."""
    old = {m.characteristic: m for m in before.measurements if m.kind == "colour"}
    out = []
    for m in after.measurements:
        was = old.get(m.characteristic)
        if was is not None and was.value is not None and m.value is not None:
            out.append((m.characteristic, m.value - was.value, math.hypot(m.u, was.u)))
    return out


def differing(before: UnitDocument, after: UnitDocument) -> list[str]:
    """Characteristics and findings that conform in one and not in the other."""
    old = {m.characteristic: m for m in before.measurements}
    out = []
    for m in after.measurements:
        was = old.get(m.characteristic)
        if was is not None and opposite(was.verdict, m.verdict):
            out.append(
                f"{m.characteristic} {was.value} +- {was.u:.3f} {was.verdict} -> {m.value} +- {m.u:.3f} {m.verdict}"
            )
    for name, document in (("before", before), ("after", after)):
        bad = [f"{f.kind} {f.size_mm:.2f} mm" for f in document.findings if f.verdict is Verdict.NONCONFORMS]
        out.append(f"nonconforming findings {name}: {', '.join(bad) or 'none'}")
    return out


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts by (mode, change)."""

    counts: dict[tuple[str, str], Counter[str]]
    gates: dict[tuple[str, str], Counter[str]]
    moved: dict[tuple[str, str], list[tuple[float, float]]]

    @classmethod
    def empty(cls) -> Tally:
        return cls(defaultdict(Counter), defaultdict(Counter), defaultdict(list))

    def add(self, mode: str, change: str, before: UnitDocument, after: UnitDocument) -> None:
        row, was, now = (mode, change), before.verdict, after.verdict
        if opposite(was, now):
            self.counts[row]["opposite"] += 1
            print(f"  OPPOSITE {mode}, {change}: {was} -> {now}")
            for line in differing(before, after):
                print(f"      {line}")
        elif now is was:
            self.counts[row]["same"] += 1
        elif now is Verdict.UNDECIDED:
            self.counts[row]["undecided"] += 1
            self.gates[row].update({g.name for g in after.gates if not g.ok} or {"too near to a limit"})
        else:
            self.counts[row]["decided"] += 1
        self.moved[row] += [(d, u) for _, d, u in colour_changes(before, after)]

    def show(self) -> None:
        print(f"\n{'':6}{'change':18}{'same':>6}{'undec.':>8}{'decided':>9}{'opposite':>10}", end="")
        print(f"{'median':>9}{'p95':>7}{'max':>7}{'within u':>10}   gates of the undecided")
        for row, count in sorted(self.counts.items(), key=lambda item: (item[0][0], list(CHANGES).index(item[0][1]))):
            d = np.array(self.moved[row] or [(np.nan, np.nan)])
            far = np.abs(d[:, 0])
            print(
                f"{row[0]:6}{row[1]:18}{count['same']:6d}{count['undecided']:8d}{count['decided']:9d}"
                f"{count['opposite']:10d}{np.median(far):9.3f}{np.percentile(far, 95):7.3f}{far.max():7.3f}"
                f"{np.mean(far <= d[:, 1]):10.1%}   " + ", ".join(f"{k} {n}" for k, n in self.gates[row].most_common())
            )
        print("decided: undecided before and decided after the change.", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--set", type=Path, default=SAMPLES, help="bench/ and one folder a design")
    options.add_argument("--design", action="append", choices=DESIGNS)
    options.add_argument("--unit", action="append", help="default: every unit")
    options.add_argument("--change", action="append", choices=tuple(CHANGES))
    options.add_argument("--mode", action="append", choices=("rig", "card"))
    given = options.parse_args()
    modes = given.mode or ["rig", "card"]
    tally = Tally.empty()
    known = calibrations(given.set)
    try:
        for design in given.design or DESIGNS:
            folder = given.set / design
            truth: dict[str, Any] = tomllib.loads((folder / "truth.toml").read_text("utf-8"))
            setups = {mode: sealed(folder, known[mode]) for mode in modes}
            for unit in truth["units"]:
                if unit.get("disturbance") or (given.unit and unit["name"] not in given.unit):
                    continue
                photo = Photo.read(folder / unit["photo"])
                before = {mode: s.inspect(read_photo(folder / unit["photo"])) for mode, s in setups.items()}
                for mode, document in before.items():
                    print(f"{design} {unit['name']} {mode}: {document.verdict}, truth {unit['verdict']}", flush=True)
                for name in given.change or CHANGES:
                    shot = read_photo(CHANGES[name](photo), name="changed")
                    for mode, setup in setups.items():
                        tally.add(mode, name, before[mode], setup.inspect(shot))
    except KeyboardInterrupt:
        print("interrupted; so far:")
    tally.show()


if __name__ == "__main__":
    main()
