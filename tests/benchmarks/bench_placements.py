"""Rendered units laid down anew, anywhere and turned by any angle: is one of them registered grossly wrong?

    python tests/benchmarks/bench_placements.py [COUNT] [--set FOLDER] [--design NAME ...] [--seed N]

Each scene takes the part out of a rendered photo of a unit and samples it once, by a spline at half the photo's size,
onto a drawn bench of another light: at a random place, turned by any angle, with another gain and colour of light,
noise, dust, glare and, in every third scene, enamel missing from 2 to 12 % of the face. The pose that was drawn is the
truth. Gross is what is off by more than 0.2 mm or one degree and not refused. Prints; asserts nothing.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from station.calibrate.light import correct
from station.devices.photo import read_photo
from station.measure.align import align, golden_frame
from station.measure.frame import exclusions
from station.measure.part import find_part
from station.measure.polygon import polygon_mask
from station.measure.regions import region_map
from station.measure.sampling import sample, spline_coefficients
from station.service import Station
from station.settings import Settings
from station.sheet import load_sheet
from station.values.bench import Calibration
from station.values.colour import DeviceRGB, LinearRGB
from station.values.geometry import FlatPlane, PlaneMap, Similarity
from station.values.line import Corrected, MarkMaster, Master, Shot

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]

SAMPLES = Path(__file__).parents[2] / "sample_data"
PITCH_MM = 0.066
SIZE = (1000, 750)
MARGIN_MM = 1.2  # of bench and contact shadow that comes along with a part
GROSS_MM, GROSS_DEG = 0.2, 1.0
GOLDEN_POSE = Similarity(-10.5, -2.0, 0.0, 1.0)
"""Where the renderer lays every golden."""


@dataclass(frozen=True)
class CutOut:
    """A part as photographed: spline coefficients of its photo, where it is, and its pose on the bench."""

    coefficients: Float32
    coverage: Float32
    plane: PlaneMap
    height_mm: float
    pose: Similarity
    radius_mm: float
    outline_mm: Float

    def at(self, mm: Float) -> tuple[Float32, Float32]:
        """(..., 3) light and (...,) coverage at millimetres of the golden's frame."""
        px = self.plane.to_photo(self.pose.apply(mm), self.height_mm)
        return sample(self.coefficients, px), sample(self.coverage, px)


@dataclass(frozen=True)
class Spoil:
    """What is done to a scene besides laying the part down."""

    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)
    noise: float = 0.004
    glare: int = 0
    dust: int = 0
    missing: float = 0.0  # share of the face


def bench_calibration(bench: Path) -> Calibration:
    """The calibration of a set's bench."""
    with tempfile.TemporaryDirectory() as home, Station(Settings(home=Path(home))) as station:
        rig = station.bench.add_rig(bench / "rig.toml").name
        station.bench.calibrate_lens(rig, sorted(bench.glob("board-*.jpg")))
        station.bench.calibrate_light(rig, sorted(bench.glob("grey-*.jpg"))[:1])
        return station.bench.calibration(rig, str(bench / "card.toml"))


def cut_out(
    photo: Path, calibration: Calibration, height_mm: float, pose: Similarity, outline_mm: Float | None = None
) -> CutOut:
    """The part in a photo of the bench, whose pose there is known. outline_mm : its outline about its origin, where
    that is known better than it can be seen."""
    corrected = correct(read_photo(photo), calibration)
    if corrected.plane is None:
        raise ValueError(f"{photo} has no scale")
    if outline_mm is None:
        contour = find_part(corrected.image, exclusions(corrected)).contour_px
    else:
        contour = corrected.plane.to_photo(pose.apply(outline_mm), height_mm)
    pitch = float(
        np.hypot(*np.diff(corrected.plane.to_plane(np.array([[0.0, 0.0], [1.0, 0.0]]), height_mm), axis=0)[0])
    )
    mask = polygon_mask(contour, corrected.image.shape).astype(np.float32)
    radius = round(MARGIN_MM / pitch)
    wide = cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)))
    soft = np.asarray(cv2.GaussianBlur(wide, (0, 0), radius / 3), dtype=np.float32)
    blur = 0.5 * math.sqrt((PITCH_MM / pitch) ** 2 - 1)
    at = pose.inverse().apply(corrected.plane.to_plane(contour, height_mm))
    return CutOut(
        spline_coefficients(corrected.image.whole().pixels, blur),
        spline_coefficients(soft),
        corrected.plane,
        height_mm,
        pose,
        float(np.hypot(at[:, 0], at[:, 1]).max()),
        at,
    )


def scene(
    part: CutOut, place: Similarity, rng: np.random.Generator, spoil: Spoil, *, mirrored: bool = False
) -> Corrected:
    """The part laid at ``place`` on a drawn bench. mirrored : as its mirror image."""
    w, h = SIZE
    plane = FlatPlane(
        np.array([[1 / PITCH_MM, 0, (w - 1) / 2], [0, 1 / PITCH_MM, (h - 1) / 2], [0, 0, 1]]), 0.0005, "rig"
    )
    y, x = np.mgrid[0:h, 0:w].astype(np.float64)
    grain = cv2.GaussianBlur(rng.normal(0, 1, (h, w)).astype(np.float32), (0, 0), 1.5)
    field = 1 + rng.uniform(-0.1, 0.1) * (x / w - 0.5) + rng.uniform(-0.1, 0.1) * (y / h - 0.5)
    bench = (0.19 * field * (1 + 0.03 * grain / grain.std()))[..., None] * np.array([1.03, 1.0, 0.95])
    mm = place.inverse().apply(plane.to_plane(np.stack([x, y], axis=-1), 0.0))
    if mirrored:
        mm = mm * (-1.0, 1.0)
    light, coverage = part.at(mm)
    coverage = np.clip(np.nan_to_num(coverage), 0, 1)[..., None]
    picture = bench * (1 - coverage) + np.nan_to_num(light) * coverage
    _spoil(picture, mm, part.radius_mm, rng, spoil)
    picture = picture * np.array(spoil.tint) + rng.normal(0, spoil.noise, picture.shape)
    pixels = np.clip(picture, 0, 1).astype(np.float32)
    shot = Shot(DeviceRGB(np.zeros((h, w, 3), dtype=np.uint8)), f"{rng.integers(2**62):064x}", "scene")
    clipped = np.asarray(pixels.max(axis=-1) >= 0.999)
    return Corrected(shot, LinearRGB(pixels), clipped, None, plane, None)


def _spoil(picture: Float, mm: Float, radius_mm: float, rng: np.random.Generator, spoil: Spoil) -> None:
    """Missing enamel, glare and dust, written into ``picture``."""

    def disc(size_mm: float, soft_mm: float) -> Float:
        at = rng.uniform(-0.7, 0.7, 2) * radius_mm
        stretch = rng.uniform(0.6, 1.6)
        d = np.hypot((mm[..., 0] - at[0]) * stretch, (mm[..., 1] - at[1]) / stretch) - size_mm / 2
        return np.asarray(np.clip(0.5 - d / soft_mm, 0, 1)[..., None])

    if spoil.missing > 0:
        size = 2 * radius_mm * math.sqrt(spoil.missing)
        a = disc(size, 0.1)
        picture *= 1 - a
        picture += a * np.array([0.45, 0.43, 0.38])  # bare metal
    for _ in range(spoil.glare):
        a = disc(rng.uniform(1.0, 5.0), 2.0)
        picture += a * rng.uniform(0.3, 1.0)
    for _ in range(spoil.dust):
        a = disc(rng.uniform(0.1, 0.6), 0.1)
        picture *= 1 - a
        picture += a * rng.uniform(0.05, 0.6)


def random_spoil(rng: np.random.Generator, index: int) -> Spoil:
    return Spoil(
        tint=(rng.uniform(0.85, 1.18), rng.uniform(0.9, 1.1), rng.uniform(0.85, 1.18)),
        noise=rng.uniform(0.002, 0.012),
        glare=int(rng.integers(0, 4)),
        dust=int(rng.integers(0, 25)),
        missing=rng.uniform(0.02, 0.12) if index % 3 == 0 else 0.0,
    )


def random_place(rng: np.random.Generator, radius_mm: float) -> Similarity:
    """Anywhere in the field where all of the part is seen, turned by any angle."""
    room = [max(0.0, n * PITCH_MM / 2 - radius_mm - 1.5) for n in SIZE]
    return Similarity(
        float(rng.uniform(-room[0], room[0])), float(rng.uniform(-room[1], room[1])), float(rng.uniform(-180, 180)), 1.0
    )


def seal(part: CutOut, name: str, marks_mm: Sequence[Float] = ()) -> tuple[Master, Similarity]:
    """A master of the part laid square onto the bench, and the map from its frame to the part's own. marks_mm :
    polygons (n, 2) about the part's origin of the marks, which may lie elsewhere on every unit."""
    place = Similarity(-4.0, 1.5, 0.0, 1.0)
    g = golden_frame(scene(part, place, np.random.default_rng(1), Spoil()), thickness_mm=part.height_mm)
    inside = polygon_mask(g.frame.to_px(g.outline_mm), (g.frame.height, g.frame.width))
    to_part = Similarity.from_matrix(place.inverse().matrix() @ g.pose.matrix())
    master = Master(
        number=name,
        version=1,
        sheet_digest="0" * 64,
        photo_sha256=name,
        frame=g.frame,
        image=g.image,
        correction=None,
        labels=region_map(g.image, inside, (), pitch_mm=g.frame.pitch_mm),
        outline_mm=g.outline_mm,
        holes_mm=g.holes_mm,
        thickness_mm=part.height_mm,
        regions=(),
        marks=tuple(MarkMaster(f"mark {i}", to_part.inverse().apply(m)) for i, m in enumerate(marks_mm)),
        sizes_mm={},
        u_scale=g.u_scale,
        scale_source=g.scale_source,
        noise=g.noise,
        blur_px=g.blur_px,
        pose=g.pose,
    )
    return master, to_part


@dataclass(frozen=True)
class Product:
    """A design's master, the map from its frame to the part's own, and its units as cut out of their photos."""

    master: Master
    to_part: Similarity
    golden: CutOut
    units: tuple[CutOut, ...]


def products(folder: Path, units: int, only: Sequence[str] = ()) -> dict[str, Product]:
    """Every design of a set with truth, or ``only`` these, by name, with up to ``units`` good photos of units."""
    calibration = bench_calibration(folder / "bench")
    out = {}
    for truth_path in sorted(folder.glob("*/truth.toml")):
        here = truth_path.parent
        if only and here.name not in only:
            continue
        truth = tomllib.loads(truth_path.read_text("utf-8"))
        sheet = load_sheet(here / "sheet.toml")
        height = sheet.product.thickness_mm or 0.0
        golden = cut_out(here / "golden.jpg", calibration, height, GOLDEN_POSE)
        polygons = [np.asarray(m.polygon_px, dtype=np.float64) for m in sheet.marks if m.polygon_px is not None]
        marks = [GOLDEN_POSE.inverse().apply(golden.plane.to_plane(p, height)) for p in polygons]
        master, to_part = seal(golden, here.name, marks)
        # of artwork that lies off the outline the true pose is not that of the truth, which is the outline's
        good = [u for u in truth["units"] if not u.get("disturbance") and u.get("planned_fault") != "border"][:units]
        parts = tuple(
            cut_out(
                here / u["photo"],
                calibration,
                height,
                Similarity(*(u["pose"][k] for k in ("x_mm", "y_mm", "rotation_deg"))),
            )
            for u in good
        )
        out[here.name] = Product(master, to_part, golden, parts)
    return out


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("count", type=int, nargs="?", default=1000)
    options.add_argument("--set", type=Path, default=SAMPLES)
    options.add_argument("--units", type=int, default=6)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--design", action="append", default=[], help="repeat for several; default all of the set")
    given = options.parse_args()
    cv2.setNumThreads(1)
    made = products(given.set, given.units, given.design)
    errors: dict[str, list[tuple[float, float]]] = {name: [] for name in made}
    refusals: Counter[str] = Counter()
    gross = 0
    for index in range(given.count):
        if index and index % 100 == 0:
            print(f"  {index}: {gross} gross, {refusals.total()} refused", flush=True)
        rng = np.random.default_rng([given.seed, index])
        name = list(made)[index % len(made)]
        product = made[name]
        unit = product.units[(index // len(made)) % len(product.units)]
        place = random_place(rng, unit.radius_mm)
        aligned = align(scene(unit, place, rng, random_spoil(rng, index)), product.master)
        failed = [g for g in aligned.gates if not g.ok and g.name in ("part", "alignment", "identity")]
        if failed:
            refusals[failed[0].name] += 1
            print(f"  refused {index} {name}: {failed[0].reason}", flush=True)
            continue
        true = Similarity.from_matrix(place.matrix() @ product.to_part.matrix())
        off = math.hypot(aligned.similarity.x - true.x, aligned.similarity.y - true.y)
        turn = math.remainder(aligned.similarity.rotation_deg - true.rotation_deg, 360)
        if off > GROSS_MM or abs(turn) > GROSS_DEG:
            gross += 1
            print(f"  gross {index} {name}: {off:.2f} mm, {turn:.2f} degrees", flush=True)
            continue
        errors[name].append((off, turn))
    print(
        f"{given.count} placements of {len(made)} designs: {gross} gross, {refusals.total()} refused {dict(refusals)}"
    )
    for name, rows in errors.items():
        e = np.array(rows).reshape(-1, 2)
        rms = np.sqrt((e**2).mean(axis=0)) if len(e) else (math.nan, math.nan)
        print(f"  {name:10} {len(e):4d} registered, rms {rms[0]:.4f} mm {rms[1]:.4f} degrees")


if __name__ == "__main__":
    main()
