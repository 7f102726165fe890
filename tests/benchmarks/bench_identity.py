"""Every design under every other's golden, as its mirror image and from its back: is each refused, and by its name?

    python tests/benchmarks/bench_identity.py [--set FOLDER] [--turned FOLDER] [--others PHOTO ...] [--rotations N]

The parts are cut out of rendered photos and laid down anew, as in ``bench_placements.py``; every unit is taken in turn.
A wrong product must be called another product, a mirrored part a mirror image, a back upside down (where the golden's
face is of bare metal and its outline the same turned over, "another product or upside down" is all that one photo can
tell). The backs are those of a measured set, whose ``disturbed`` photos show them. --turned : photos of
DESIGN-back.jpg, and of coin-front.jpg, where the renderer lays every golden; where neither tells them, backs and coin
are rendered (minutes). --others : photos of one coin each on any ground, cut out by their largest circle and laid down
at the size of each golden. Prints; asserts nothing.
"""

from __future__ import annotations

import argparse
import tempfile
import tomllib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from bench_placements import (
    GOLDEN_POSE,
    SAMPLES,
    CutOut,
    Product,
    Spoil,
    bench_calibration,
    cut_out,
    products,
    random_place,
    scene,
    seal,
)

from station.measure.align import align
from station.measure.sampling import spline_coefficients
from station.values.bench import Calibration
from station.values.colour import srgb_decode
from station.values.geometry import FlatPlane, Similarity
from station.values.line import Gate

SIDES = {"alpine", "back"}
"""The two designs that are the sides of one part."""
BARE = {"back"}
WORDS = {"wrong": "not the golden's product", "mirrored": "mirror image", "back": "upside down"}


def render(folder: Path, designs: list[str]) -> None:
    """The coin's face, and the backs of the designs."""
    from sample_data.renderer.designs import design_named
    from sample_data.renderer.designs.back import back_of
    from sample_data.renderer.photos import shoot
    from sample_data.renderer.units import golden_plan, manufacture, plain_plan

    for name in ("coin", *designs):
        front = design_named(name)
        for what, design in (("front", front), ("back", back_of(front))):
            plan = golden_plan(41)
            if what == "back":
                plan = plain_plan(design, plan)
            elif name != "coin":
                continue
            photo, _ = shoot(design, plan, manufacture(design, plan), 1)
            (folder / f"{name}-{what}.jpg").write_bytes(photo.jpeg)


def coin_of(photo: Path, radius_mm: float) -> CutOut | None:
    """The largest circle of a photo as a part of that radius; None where none is seen."""
    picture = cv2.imread(str(photo), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        return None
    factor = 400 / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    grey = cv2.medianBlur(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), 5)
    circles = cv2.HoughCircles(grey, cv2.HOUGH_GRADIENT, 1.5, 400, param1=120, param2=40, minRadius=60, maxRadius=210)
    if circles is None:
        return None
    x, y, r = (float(v) for v in circles[0][0])
    light = srgb_decode(small / 255).astype(np.float32)
    coverage = np.zeros(small.shape[:2], dtype=np.float32)
    cv2.circle(coverage, (round(x), round(y)), round(0.98 * r), (1.0,), cv2.FILLED, cv2.LINE_AA)
    to_px = np.array([[r / radius_mm, 0, x], [0, r / radius_mm, y], [0, 0, 1]])
    plane = FlatPlane(to_px, 0.0)
    around = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    ring = radius_mm * np.stack([np.cos(around), np.sin(around)], axis=-1)
    return CutOut(spline_coefficients(light), spline_coefficients(coverage), plane, 1.0, Similarity(), radius_mm, ring)


def answer(gates: tuple[Gate, ...], wanted: str, bare: bool) -> str:
    """right, another name, or accepted."""
    failed = [g for g in gates if not g.ok and g.name in ("part", "alignment", "identity")]
    if not failed:
        return "accepted"
    words = " ".join(g.reason for g in failed if g.name == "identity")
    if WORDS[wanted] in words and (wanted != "wrong" or bare or "seems to lie upside down" not in words):
        return "right"
    return "another name"


def turned_over(folder: Path, calibration: Calibration, made: dict[str, Product]) -> dict[str, CutOut]:
    """The backs of a measured set's designs, by design."""
    out = {}
    for name, product in made.items():
        for unit in tomllib.loads((folder / name / "truth.toml").read_text("utf-8"))["units"]:
            if unit.get("disturbance") == "upside-down":
                pose = Similarity(*(unit["pose"][k] for k in ("x_mm", "y_mm", "rotation_deg")))
                outline = product.golden.outline_mm * (-1.0, 1.0)
                out[name] = cut_out(folder / name / unit["photo"], calibration, product.golden.height_mm, pose, outline)
    return out


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--set", type=Path, default=SAMPLES)
    options.add_argument("--turned", type=Path)
    options.add_argument("--others", type=Path, nargs="*", default=[])
    options.add_argument("--rotations", type=int, default=4)
    given = options.parse_args()
    cv2.setNumThreads(1)
    made = products(given.set, given.rotations)
    calibration = bench_calibration(given.set / "bench")
    backs = turned_over(given.set, calibration, made)
    with tempfile.TemporaryDirectory() as temporary:
        turned = given.turned or Path(temporary)
        if given.turned is None and not backs:
            render(turned, list(made))
        if (turned / "coin-front.jpg").exists():
            coin = cut_out(turned / "coin-front.jpg", calibration, 2.0, GOLDEN_POSE)
            master, to_part = seal(coin, "coin")
            made["coin"] = Product(master, to_part, coin, (coin,))
        for photo in sorted(turned.glob("*-back.jpg")):
            front = made[photo.stem.removesuffix("-back")].golden
            backs[photo.stem.removesuffix("-back")] = cut_out(
                photo, calibration, front.height_mm, GOLDEN_POSE, front.outline_mm * (-1.0, 1.0)
            )
    table: dict[str, Counter[str]] = {kind: Counter() for kind in ("right product", *WORDS)}
    for name, product in made.items():
        shown: list[tuple[str, str, tuple[CutOut, ...], bool]] = [("right product", name, product.units, False)]
        shown += [
            ("back" if {name, other} == SIDES else "wrong", other, p.units, False)
            for other, p in made.items()
            if other != name
        ]
        shown += [("mirrored", name, product.units, True)]
        shown += [("back", name, (backs[name],), False)] if name in backs else []
        coins = [(photo, coin_of(photo, product.golden.radius_mm)) for photo in given.others]
        shown += [("wrong", photo.name, (c,), False) for photo, c in coins if c is not None]
        for index, (kind, what, parts, mirrored) in enumerate(shown):
            for turn in range(given.rotations):
                part = parts[turn % len(parts)]
                rng = np.random.default_rng([index, turn])
                place = replace(random_place(rng, part.radius_mm), rotation_deg=turn * 360 / given.rotations + 17.0)
                gates = align(scene(part, place, rng, Spoil(), mirrored=mirrored), product.master).gates
                if kind == "right product":
                    said = (
                        "accepted"
                        if all(g.ok for g in gates if g.name in ("part", "alignment", "identity"))
                        else "refused"
                    )
                else:
                    # a bare disc is all that the back of another round part shows too
                    said = answer(gates, kind, bare=what not in made or what in BARE)
                table[kind][said] += 1
                if said not in ("right", "accepted" if kind == "right product" else "right"):
                    reasons = "; ".join(g.reason for g in gates if not g.ok)
                    print(
                        f"  golden {name}, {kind} {what} turned {place.rotation_deg:.0f}: {said}: {reasons}", flush=True
                    )
    for kind, counts in table.items():
        print(f"{kind:14} {counts.total():4d}: " + ", ".join(f"{n} {said}" for said, n in counts.most_common()))


if __name__ == "__main__":
    main()
