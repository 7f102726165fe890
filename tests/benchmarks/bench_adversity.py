"""What spoilt pictures and other lamps do to the defect models: recall and false alarms as curves.

    python tests/benchmarks/bench_adversity.py [--design alpine --units 1] [--picture curves.png]
    python tests/benchmarks/bench_adversity.py --lights 20 --set DIR [--design alpine]

The first plants defects of one and a half to four times the usual limit into the goldens of the sample data, registered
and in the golden frame (``station.measure.planted``), and then displaces, blurs, disturbs with noise, codes as JPEG,
lightens or darkens, or lays a soft reflection over the same renderings, one at a time and ever more. Recall is the
share of defects that a finding of a kind that counts lies on. False alarms are such findings on a second rendering, of
a part without a defect, spoilt alike: beside a long scratch nobody could tell its pieces from a false alarm.

``--lights`` renders instead one unit without a defect under so many settings of the lamps (a tent, a ring or two soft
boxes, another share of room light, another gradient, and the part at any turn; the golden lay under the tent), about
12 s a picture, kept in ``--set`` and not rendered again, and counts what is found on it by the whole line, by each
model. Prints; asserts nothing.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from defect_bench import DESIGNS, MODELS, Bool, Float32, UInt8, linear_light, sample_calibration, sample_master

from sample_data.renderer.truth import limit_of
from station import pipeline
from station.devices.photo import read_photo
from station.judge.finding_rules import HARMLESS
from station.measure.blur import pixel_noise
from station.measure.planted import SIZES_MM, Places, Rendering, Wish, places_of, render
from station.measure.rim import ENVELOPE_RIM
from station.measure.surface import find_defects
from station.models import defect_model
from station.quality.pod import rate_upper
from station.values.colour import LinearRGB, srgb_encode
from station.values.documents import Verdict
from station.values.line import OUTSIDE, Aligned

SEED = 5
WISHES = 10
OVER_LIMIT = (1.5, 4.0)
Spoil = Callable[[Float32, float, np.random.Generator], Float32]
Counts = dict[tuple[str, str, float], list[int]]
"""By model, disturbance and level: found, planted, false alarms, parts."""


def displaced(light: Float32, shift: tuple[float, float], flags: int = cv2.INTER_CUBIC) -> Float32:
    way = np.array([[1.0, 0.0, shift[0]], [0.0, 1.0, shift[1]]])
    size = (light.shape[1], light.shape[0])
    return np.asarray(cv2.warpAffine(light, way, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32)


def blurred(light: Float32, sigma: float, _: np.random.Generator) -> Float32:
    return light if sigma == 0 else np.asarray(cv2.GaussianBlur(light, (0, 0), sigma), dtype=np.float32)


def noisy(light: Float32, sigma: float, rng: np.random.Generator) -> Float32:
    return light + np.float32(sigma) * rng.standard_normal(light.shape, dtype=np.float32)


def coded(light: Float32, quality: float, _: np.random.Generator) -> Float32:
    if quality > 100:  # not coded at all
        return light
    picture = np.rint(255 * srgb_encode(light)).astype(np.uint8)
    file = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(quality)])[1]
    again = linear_light(np.asarray(cv2.imdecode(file, cv2.IMREAD_COLOR_RGB), dtype=np.uint8))
    return np.asarray(again.pixels, dtype=np.float32)


def gained(light: Float32, factor: float, _: np.random.Generator) -> Float32:
    return np.asarray(light * np.float32(factor), dtype=np.float32)


def veiled(light: Float32, strength: float, rng: np.random.Generator) -> Float32:
    """A soft reflection, ``strength`` of white in its middle, over about a third of the part."""
    height, width = light.shape[:2]
    x, y = rng.uniform(0.3, 0.7, 2) * (width, height)
    rows, columns = np.ogrid[:height, :width]
    spot = np.exp(-0.5 * ((columns - x) ** 2 + (rows - y) ** 2) / (0.15 * width) ** 2)
    return np.asarray(light + strength * spot[..., None], dtype=np.float32)


SPOILT: Mapping[str, tuple[Spoil | None, tuple[float, ...], str]] = {
    "displaced": (None, (0.0, 0.5, 1.0, 1.5, 2.0, 3.0), "px"),
    "blurred": (blurred, (0.0, 0.5, 1.0, 1.5, 2.0), "px, sigma added"),
    "noise": (noisy, (0.0, 0.003, 0.006, 0.012, 0.024), "of full scale, sigma added"),
    "JPEG": (coded, (101.0, 100.0, 95.0, 90.0, 80.0, 70.0), "quality, 101 is none"),
    "gain": (gained, (0.6, 0.8, 1.0, 1.2, 1.4), "times"),
    "reflection": (veiled, (0.0, 0.03, 0.06, 0.12, 0.25), "of white"),
}
"""How a picture is spoilt: by what (displacement also moves where the defects are), how much, and in what unit."""


def wishes(places: Places, rng: np.random.Generator) -> list[Wish]:
    """Defects of every kind in every kind of region that has it, in random order."""
    out = []
    for kind in SIZES_MM:
        for region in places.regions_of(kind):
            limit = limit_of(kind, region)
            size = limit * float(np.exp(rng.uniform(*np.log(OVER_LIMIT))))
            out.append(Wish(kind, region, min(size, places.largest_mm(kind, region))))
    return [out[i] for i in rng.permutation(len(out))[:WISHES]]


def spoil(rendering: Rendering, part: Bool, name: str, level: float, rng: np.random.Generator) -> Rendering:
    """The same unit, photographed worse; its noise on the part and its blur as the station would read them."""
    how, _, _ = SPOILT[name]
    clean, near = rendering.aligned, rendering.near
    if how is None:
        angle = rng.uniform(0, 2 * np.pi)
        shift = (level * float(np.cos(angle)), level * float(np.sin(angle)))
        light = displaced(clean.image.pixels, shift)
        near = displaced(near.astype(np.float32), shift, cv2.INTER_NEAREST).astype(np.uint8)
    else:
        light = how(clean.image.pixels, level, rng)
    clipped = np.asarray((light >= 1).any(axis=2), dtype=np.bool_)
    light = np.clip(light, 0, 1).astype(np.float32)
    blur = float(np.hypot(clean.blur_px, level)) if how is blurred else clean.blur_px
    aligned: Aligned = replace(
        clean, image=LinearRGB(light), clipped=clipped, noise=pixel_noise(light, part), blur_px=blur
    )
    return replace(rendering, aligned=aligned, near=near)


def sweep(designs: Sequence[str], units: int, models: Sequence[str]) -> Counts:
    counts: Counts = defaultdict(lambda: [0, 0, 0, 0])
    for number, design in enumerate(designs):
        master = sample_master(design)[0]
        places = places_of(master, ENVELOPE_RIM)
        for unit in range(units):
            rng = np.random.default_rng([SEED, number, unit])
            bad, good = render(places, wishes(places, rng), rng), render(places, [], rng)
            for name, (_, levels, _) in SPOILT.items():
                for level in levels:
                    spoilt, clean = (
                        spoil(r, master.labels != OUTSIDE, name, level, np.random.default_rng([SEED, number, unit, 1]))
                        for r in (bad, good)
                    )
                    for model in models:
                        found, false = (
                            [f for f in find_defects(aligned, master, defect_model(model)) if f.kind not in HARMLESS]
                            for aligned in (spoilt.aligned, clean.aligned)
                        )
                        hits = sum(bool(named) for named in spoilt.found(found, master))
                        cell = counts[model, name, level]
                        for i, more in enumerate((hits, len(spoilt.planted), len(false), 1)):
                            cell[i] += more
            if sys.stderr.isatty():
                print(f"  {design} {unit + 1} of {units}", file=sys.stderr)
    return counts


def print_sweep(counts: Counts, models: Sequence[str]) -> None:
    for name, (_, levels, unit) in SPOILT.items():
        print(f"\n{name} ({unit})")
        print(f"  {'':32s}" + "".join(f"{level:>9g}" for level in levels))
        for model in models:
            cells = [counts[model, name, level] for level in levels]
            print(f"  {model + ', recall':32s}" + "".join(f"{c[0] / max(c[1], 1):9.2f}" for c in cells))
            print(f"  {model + ', false a part':32s}" + "".join(f"{c[2] / max(c[3], 1):9.2f}" for c in cells))


def draw(counts: Counts, models: Sequence[str], path: Path) -> None:
    """The curves as a PNG: a column each disturbance, recall above and false alarms a part below."""
    side, room = 260, 46
    colours = [(200, 80, 20), (30, 30, 200), (40, 150, 40), (150, 40, 150)]
    sheet = np.full((2 * (side + room) + 40, len(SPOILT) * (side + room) + room, 3), 255, dtype=np.uint8)
    most = max([1.0, *(c[2] / max(c[3], 1) for c in counts.values())])
    for column, (name, (_, levels, unit)) in enumerate(SPOILT.items()):
        for row, (top, what) in enumerate(((1.0, "recall"), (most, "false a part"))):
            x0, y0 = room + column * (side + room), 40 + row * (side + room)
            cv2.rectangle(sheet, (x0, y0), (x0 + side, y0 + side), (180, 180, 180), 1)
            _write(sheet, f"{name}, {unit}" if row == 0 else "", (x0, y0 - 8))
            _write(sheet, f"{what}, 0 to {top:.3g}", (x0 + 6, y0 + 16))
            for i, level in enumerate(levels):
                _write(sheet, f"{level:g}", (x0 + i * side // (len(levels) - 1) - 8, y0 + side + 16))
            for model, colour in zip(models, colours, strict=False):
                cells = [counts[model, name, level] for level in levels]
                values = [c[0] / max(c[1], 1) if row == 0 else c[2] / max(c[3], 1) for c in cells]
                points = [
                    (x0 + i * side // (len(levels) - 1), y0 + side - round(side * v / top))
                    for i, v in enumerate(values)
                ]
                cv2.polylines(sheet, [np.array(points, dtype=np.int32)], False, colour, 2, cv2.LINE_AA)
    for i, (model, colour) in enumerate(zip(models, colours, strict=False)):
        _write(sheet, model, (room + 280 * i, 16), colour)
    if not cv2.imwrite(str(path), sheet):
        raise SystemExit(f"{path} cannot be written: name a PNG in a folder that is there")


def _write(sheet: UInt8, text: str, at: tuple[int, int], colour: tuple[int, int, int] = (60, 60, 60)) -> None:
    cv2.putText(sheet, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv2.LINE_AA)


def under_lights(design: str, count: int, folder: Path) -> list[Path]:
    """Photos of one good unit under so many settings; what is there already stays."""
    from sample_data.renderer.designs import design_named
    from sample_data.renderer.generate import write
    from sample_data.renderer.lamps import Lamp
    from sample_data.renderer.photos import RIG, pose_of, shooting_of
    from sample_data.renderer.scene import render as photograph
    from sample_data.renderer.units import manufacture, unit_plan

    drawn = design_named(design)
    plan = unit_plan(drawn, "good", SEED, 1, "")
    plan = replace(plan, variation=replace(plan.variation, defects=()))
    made = None
    paths = []
    (folder / design).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        rng = np.random.default_rng([SEED, number])
        layout = ("dome", "ring", "bars")[number % 3]
        path = folder / design / f"light-{number + 1:02d}-{layout}.jpg"
        paths.append(path)
        lamp = Lamp(layout, ambient_share=float(rng.uniform(0.04, 0.3)))
        place = (float(rng.uniform(-1, 1)), float(rng.uniform(-1, 1)))
        laid = replace(plan, seed=plan.seed + number, turn_deg=float(rng.uniform(-180, 180)), place=place)
        gradient = (float(rng.uniform(-0.12, 0.12)), float(rng.uniform(-0.12, 0.12)))
        if not path.exists():
            made = made or manufacture(drawn, plan)
            shooting = replace(shooting_of(laid.seed, number), lamp=lamp, gradient=gradient)
            write(path, photograph([(made.part, pose_of(drawn.outline, laid))], shooting, RIG).jpeg)
    return paths


def lights(designs: Sequence[str], count: int, folder: Path, models: Sequence[str]) -> None:
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    nonconforming: dict[tuple[str, str], list[int]] = defaultdict(list)
    refused: dict[str, int] = defaultdict(int)
    for design in designs:
        master, sheet = sample_master(design)
        for path in under_lights(design, count, folder):
            layout = path.stem.rpartition("-")[2]
            shot = read_photo(path)
            for model in models:
                document = pipeline.inspect(
                    shot, master, sheet, sample_calibration(), unit=path.stem, model=defect_model(model),
                    model_name=model, golden_digest="0" * 64, program="adversity", taken_at=None,
                ).document  # fmt: skip
                if document.alignment is None:
                    refused[layout] += model == models[0]
                    continue
                findings = [f for f in document.findings if f.kind not in HARMLESS]
                for key in ((model, design), (model, layout)):
                    found[key].append(len(findings))
                    nonconforming[key].append(sum(f.verdict == Verdict.NONCONFORMS for f in findings))
    print(f"{len(designs)} good units, {count} settings of the lamps: findings a photo, and those that do not conform")
    for (model, what), counts in sorted(found.items()):
        wrong = nonconforming[model, what]
        print(
            f"  {model:22s} {what:10s} {len(counts):3d} photos {np.mean(counts):7.2f} {np.mean(wrong):7.2f}, under "
            f"{rate_upper(sum(wrong), len(wrong)):.2f} (95 %); {sum(w == 0 for w in wrong)} without one"
        )
    for layout, number in refused.items():
        print(f"  {layout}: {number} photos not registered")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--design", action="append", choices=DESIGNS, help="repeat for several (default: all five)")
    parser.add_argument("--units", type=int, default=1, help="renderings of each design (default 1)")
    parser.add_argument("--model", action="append", help="a model's name or card; repeat for several")
    parser.add_argument("--picture", type=Path, help="draw the curves into this PNG")
    parser.add_argument("--lights", type=int, default=0, help="settings of the lamps, instead of spoilt pictures")
    parser.add_argument("--set", type=Path, help="where the photos under other lamps lie or are to lie")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    designs, models = options.design or DESIGNS, tuple(options.model or MODELS)
    if options.lights:
        folder = options.set or Path(tempfile.gettempdir()) / f"station-lights-{SEED}"
        lights(designs, options.lights, folder, models)
        return
    counts = sweep(designs, options.units, models)
    _, planted, _, parts = next(iter(counts.values()))
    print(f"{parts} renderings with {planted} defects, and as many without any")
    print_sweep(counts, models)
    if options.picture is not None:
        draw(counts, models, options.picture)


if __name__ == "__main__":
    main()
