"""Units of a lot: how each differs from the golden, drawn from one seed.

A plan is pure data; ``manufacture`` turns it into a part. The same design, seed and index give the same plan whatever
else is drawn, so a simulated camera may ask for the photo of any unit of a lot.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from sample_data.renderer.canvas import Mask
from sample_data.renderer.defects import Defect, Made, apply
from sample_data.renderer.part import Part
from sample_data.renderer.relief import FIRST_CELL, METAL, Design
from sample_data.renderer.shape import AS_DESIGNED, Shape
from sample_data.renderer.workpiece import PITCH_MM, LogoShift, Workpiece, golden_piece, start

DISTURBANCES: Mapping[str, str] = {
    "blurred": "sharpness",
    "overexposed": "clipping",
    "underexposed": "light",
    "wrong-product": "identity",
    "no-card": "card",
    "glare": "clipping",
    "card-covered": "card",
    "out-of-frame": "part",
}
"""Ways a photo can be spoilt, and the gate that should catch each."""

TURNED: Mapping[str, str] = {
    "mirrored": "identity",
    "mirrored-part": "identity",
    "upside-down": "identity",
}
"""Pictures of what is not the golden's face: a photo flipped left to right, a part struck from flipped artwork, a part
on its face; and the gate that should catch each."""

FIRST_PLATING = date(2026, 5, 18)


@dataclass(frozen=True, slots=True)
class Variation:
    """How a unit differs from the golden. colours : CIEDE2000 and direction by cell or emblem layer. oxide : added
    darkening of the plating, 0-1. size : 1 = golden. metamers : by cell or emblem layer two illuminants, under the
    first of which it matches, and the CIEDE2000 under the second. shape : departures of its geometry."""

    colours: Mapping[str, tuple[float, str | None]] = field(default_factory=dict)
    oxide: float = 0.0
    logo: LogoShift = field(default_factory=LogoShift)
    size: float = 1.0
    defects: tuple[Defect, ...] = ()
    metamers: Mapping[str, tuple[str, str, float]] = field(default_factory=dict)
    shape: Shape = AS_DESIGNED


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """One photo to be taken. place : (x, y) -1..1 within the bench's free room. turn_deg : rotation on the bench.

    seed : of everything drawn later (recipes, grain, camera). fault : what was planned to be wrong, or empty.
    veil : x, y from the part's middle, radius in mm and strength of a soft reflection over part of it, or None.
    measured : the true lengths of its geometry belong to its truth.
    """

    name: str
    seed: int
    variation: Variation
    place: tuple[float, float]
    turn_deg: float
    fault: str = ""
    disturbance: str = ""
    carton: int = 0
    plated_on: str = ""
    veil: tuple[float, float, float, float] | None = None
    measured: bool = False


@dataclass(frozen=True, slots=True)
class Manufactured:
    """A unit as it came out: the part, its workpiece (colours, canvas) and its defects as cut."""

    part: Part
    piece: Workpiece
    defects: tuple[Made, ...]


def manufacture(design: Design, plan: UnitPlan) -> Manufactured:
    """Makes the unit of a plan."""
    v = plan.variation
    rng = np.random.default_rng([plan.seed, 1])
    piece = start(design, v.logo, shape=v.shape)
    for region, (delta_e, direction) in v.colours.items():
        piece.shift_colour(region, delta_e, direction, rng)
    for region, (alike, apart, delta_e) in v.metamers.items():
        piece.make_metameric(region, alike, apart, delta_e)
    if v.oxide > 0:
        piece.tarnish(v.oxide)
    made = tuple(apply(piece, d) for d in v.defects)
    return Manufactured(piece.part(plan.name, v.size), piece, tuple(m for m in made if m.area_mm2 > 0))


def golden_plan(seed: int) -> UnitPlan:
    """The golden itself: no variation, square to the bench."""
    return UnitPlan("golden", seed, Variation(), (0.0, 0.0), 0.0)


def plain_plan(design: Design, plan: UnitPlan) -> UnitPlan:
    """The same photo of an ordinary unit of another design."""
    other = unit_plan(design, plan.name, plan.seed, 0, "")
    return replace(plan, variation=other.variation)


@lru_cache(maxsize=8)
def lot_plan(design: Design, count: int, seed: int) -> tuple[UnitPlan, ...]:
    """The units of a lot: about two thirds good, a tenth on the border of a limit, a quarter nonconforming.

    Colour faults fall into the last cartons, as a drifting batch makes them; the rest anywhere.
    """
    rng = _rng(design, seed, 0)
    bad, border = math.ceil(0.25 * count), round(0.10 * count)
    kinds = _FAULTS if count >= 16 else tuple(str(k) for k in rng.permutation(sorted(set(_FAULTS))))
    faults = [*_deal(kinds, bad, rng), *(f"borderline {k}" for k in _deal(_BORDER, border, rng))]
    drifting = [f for f in faults if f == "colour"]
    slots = [str(f) for f in rng.permutation([f for f in faults if f not in drifting] + [""] * (count - len(faults)))]
    late = len(slots) - max(1, round(0.25 * count)) + len(drifting)
    for fault in drifting:
        slots.insert(int(rng.integers(min(max(late, 0), len(slots)), len(slots) + 1)), fault)
    dates = [str(FIRST_PLATING + timedelta(days=int(4 * i / max(count, 1)))) for i in range(count)]
    return tuple(
        unit_plan(
            design, f"unit-{i + 1:02d}", seed, i + 1, fault, carton=1 + 8 * i // max(count, 1), plated_on=dates[i]
        )
        for i, fault in enumerate(slots)
    )


def disturbed_plan(design: Design, seed: int) -> tuple[UnitPlan, ...]:
    """One good unit for each disturbance; ``wrong-product`` is a unit of another design, chosen by the caller."""
    return tuple(
        unit_plan(design, f"disturbed-{kind}", seed, 1000 + i, "", disturbance=kind)
        for i, kind in enumerate(DISTURBANCES)
    )


_FAULTS = (
    "colour",
    "offset",
    "pit",
    "scratch",
    "missing-enamel",
    "size",
    "colour",
    "speck",
    "plating-spot",
    "rotation",
    "overflow",
    "bubble",
)
_BORDER = ("colour", "pit", "offset", "scratch", "size")


def _rng(design: Design, seed: int, index: int) -> np.random.Generator:
    return np.random.default_rng([zlib.crc32(design.name.encode()), seed, index])


def _deal(kinds: tuple[str, ...], count: int, rng: np.random.Generator) -> list[str]:
    """``count`` kinds from the front, every one once before any twice."""
    rounds = [list(kinds[: min(count, len(kinds))])]
    while sum(map(len, rounds)) < count:
        rounds.append([str(k) for k in rng.permutation(kinds)])
    return [k for r in rounds for k in r][:count]


def unit_plan(
    design: Design,
    name: str,
    seed: int,
    index: int,
    fault: str,
    *,
    disturbance: str = "",
    carton: int = 0,
    plated_on: str = "",
) -> UnitPlan:
    """One unit's plan with its ordinary scatter; ``fault`` is what is wrong with it, or nearly is (``borderline``)."""
    rng = _rng(design, seed, index)
    border = fault.startswith("borderline ")
    kind = fault.removeprefix("borderline ")
    layers = [c.name for c in design.cells] + [c.name for c in design.emblem.layers]
    colours: dict[str, tuple[float, str | None]] = {n: (float(rng.uniform(0.05, 0.4)), None) for n in layers}
    for name_ in rng.choice(layers, min(2, len(layers)), replace=False):
        colours[str(name_)] = (float(rng.uniform(0.3, 1.2)), None)
    offset = rng.normal(0, 0.045, 2)
    turn, scale = float(rng.normal(0, 0.22)), float(rng.normal(1, 0.0025))
    width = float(design.outline[:, 0].max() - design.outline[:, 0].min())
    size = 1 + float(np.clip(rng.normal(0, 0.028), -0.07, 0.07)) / width
    oxide = float(abs(rng.normal(0, 0.004)))
    defects: list[Defect] = []

    if kind == "colour":
        cell = design.cells[int(rng.integers(len(design.cells)))].name
        colours[cell] = (
            float(rng.uniform(2.2, 2.85) if border else rng.uniform(3.8, 6.0)),
            str(rng.choice(["lighter", "darker", "redder", "yellower", "greener", "bluer"])),
        )
    elif kind == "offset":
        length, angle = rng.uniform(0.26, 0.34) if border else rng.uniform(0.45, 0.95), rng.uniform(0, 2 * np.pi)
        offset = length * np.array([np.cos(angle), np.sin(angle)])
    elif kind == "rotation":
        turn = float(rng.choice([-1, 1]) * rng.uniform(2.6, 4.5))
    elif kind == "size":
        size = 1 + float(rng.choice([-1, 1]) * (rng.uniform(0.12, 0.18) if border else rng.uniform(0.26, 0.44))) / width
    elif kind:
        defects.append(_defect(design, kind, rng, border))
    if rng.random() < 0.3 and design.cells:  # allowed: too small to count
        defects.append(place_defect(design, "pit", float(rng.uniform(0.05, 0.09)), rng))
    if rng.random() < 0.3:
        defects.append(place_defect(design, "dust", float(rng.uniform(0.04, 0.10)), rng))
    if rng.random() < 0.07:
        defects.append(
            place_defect(design, "lint", float(rng.uniform(0.018, 0.03)), rng, length=float(rng.uniform(0.6, 1.3)))
        )
    # In whole samples of the raster, so that edges along its axes move by exactly as much.
    offset = np.rint(offset / PITCH_MM) * PITCH_MM
    logo = LogoShift(float(offset[0]), float(offset[1]), turn, scale)
    place = (float(rng.uniform(-1, 1)), float(rng.uniform(-1, 1)))
    spin = float(rng.uniform(-180, 180)) if rng.random() < 0.6 else float(rng.normal(0, 8))
    variation = Variation(colours, oxide, logo, size, tuple(defects))
    return UnitPlan(name, int(rng.integers(2**31)), variation, place, spin, fault, disturbance, carton, plated_on)


def _defect(design: Design, kind: str, rng: np.random.Generator, border: bool) -> Defect:
    match kind:
        case "scratch":
            length = float(rng.uniform(1.3, 1.7) if border else rng.uniform(2.3, 5.5))
            return place_defect(design, kind, float(rng.uniform(0.05, 0.11)), rng, length=length)
        case "pit":
            size = float(rng.uniform(0.17, 0.23) if border else rng.uniform(0.28, 0.50))
            return place_defect(design, kind, size, rng, bare=bool(rng.random() < 0.4))
        case "missing-enamel":
            return place_defect(design, kind, float(rng.uniform(0.8, 1.9)), rng)
        case "speck":
            return place_defect(design, kind, float(rng.uniform(0.28, 0.5)), rng)
        case "plating-spot":
            return place_defect(design, kind, float(rng.uniform(0.6, 1.2)), rng)
        case "overflow":
            return place_defect(design, kind, float(rng.uniform(0.6, 1.0)), rng)
        case _:
            return place_defect(design, kind, float(rng.uniform(0.35, 0.6)), rng)


def place_defect(
    design: Design, kind: str, size: float, rng: np.random.Generator, *, length: float = 0.0, bare: bool = False
) -> Defect:
    """A defect of the kind somewhere on the design where it can be."""
    piece = golden_piece(design)
    labels, wall = piece.labels[::4, ::4], piece.wall_mm[::4, ::4]
    cells = (labels >= FIRST_CELL) & (labels < FIRST_CELL + len(design.cells))
    room: Mask
    if kind in ("pit", "bubble", "speck"):
        room = cells & (wall > size / 2 + 0.08)
    elif kind == "missing-enamel":
        room = cells & (wall > 0.15) & (wall < 0.9)
    elif kind == "overflow":
        room = cells & (wall < 0.03)
    elif kind == "plating-spot":
        room = labels == METAL
    else:
        room = labels > 0
    rows, columns = np.nonzero(room)
    if not len(rows):
        raise ValueError(f"{design.name} has no room for a {kind} of {size:.2f} mm")
    i = int(rng.integers(len(rows)))
    x = (4 * int(columns[i]) - piece.canvas.origin_px[0]) * piece.canvas.pitch_mm
    y = (4 * int(rows[i]) - piece.canvas.origin_px[1]) * piece.canvas.pitch_mm
    return Defect(kind, x, y, size, int(rng.integers(2**31)), length, float(rng.uniform(0, 180)), bare)
