"""Several workpieces side by side in one photo with the colour card, as a supplier takes it, under one light.

The bench is bare: no markers, no ruler. The camera is the bench's own, raised until all lies in its field, so the
scale comes from the card. The light is one of a booth's (``lamps.LIGHTS``), alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_data.renderer import bench, lamps, materials, metamers, spectra
from sample_data.renderer.bench import BenchRig
from sample_data.renderer.canvas import Points
from sample_data.renderer.photos import RIG, decode, plane_of, shooting_of
from sample_data.renderer.relief import Design
from sample_data.renderer.scene import CardPlacement, Rendered, Shooting, render
from sample_data.renderer.shade import Pose
from sample_data.renderer.truth import Table, View, camera_truth, sizes_of
from sample_data.renderer.units import Manufactured, UnitPlan
from sample_data.renderer.workpiece import Workpiece
from station.values.geometry import Similarity

SIZE_PX = (2800, 2100)
GAP_MM = 3.0
"""Least distance between any two things on the bench, and of anything from the edges of the field."""
CELL_MM = 0.25
"""Raster on which things are kept apart."""
PIXELS_MM = (0.033, 0.036, 0.039, 0.042, 0.046, 0.050, 0.055, 0.060)
"""Pixel sizes on the bench that are tried, nearest first."""


@dataclass(frozen=True, slots=True)
class Together:
    """A photo of several workpieces. rendered : the picture. views : of each workpiece, in the order given.

    light : its name in ``lamps.LIGHTS``. rig : the raised camera. card : where the card lies.
    """

    rendered: Rendered
    views: tuple[View, ...]
    light: str
    rig: BenchRig
    card: CardPlacement


def shoot_together(
    design: Design,
    made: Sequence[Manufactured],
    *,
    light: str = "d50",
    layout: str = "dome",
    seed: int,
    minute: int = 0,
    scale: float = 1.0,
) -> Together:
    """The workpieces of one design in one photo. They lie as ``seed`` throws them, turned by any angle.

    light : one of ``lamps.LIGHTS`` (``KeyError`` otherwise). layout : of the lamps (``dome``, ``ring``, ``bars``).
    scale : picture size against 2800 x 2100. ``ValueError`` where they do not find room.
    """
    rig, card, poses = _lay(design, made, seed)
    ordinary = shooting_of(seed, minute)
    shooting: Shooting = replace(
        ordinary, lamp=lamps.booth(light, layout), card=card, markers=False, ruler=False, scale=scale
    )
    rendered = render([(m.part, pose) for m, pose in zip(made, poses, strict=True)], shooting, rig)
    picture, plane = decode(rendered.jpeg), plane_of(rendered.camera)
    views = tuple(
        View(picture, plane, Similarity(p.x_mm, p.y_mm, p.rotation_deg, 1.0), design.thickness_mm) for p in poses
    )
    return Together(rendered, views, light, rig, card)


def again_plan(plan: UnitPlan, number: int) -> UnitPlan:
    """The plan of the same workpiece taken off the bench and laid down again, the ``number``-th time (from 1): another
    place and turn, another exposure. Its workpiece is the one that the first plan made."""
    rng = np.random.default_rng([plan.seed, 4, number])
    place = (float(rng.uniform(-1, 1)), float(rng.uniform(-1, 1)))
    turn = float(rng.uniform(-180, 180))
    name = f"{plan.name}-again-{number}"
    return replace(plan, name=name, seed=int(rng.integers(2**31)), place=place, turn_deg=turn)


def _lay(design: Design, made: Sequence[Manufactured], seed: int) -> tuple[BenchRig, CardPlacement, list[Pose]]:
    """The camera's height, the card and the workpieces, thrown one by one where there is room."""
    outlines = [design.outline * m.part.pitch_mm / m.piece.canvas.pitch_mm for m in made]
    for pixel_mm in PIXELS_MM:
        rng = np.random.default_rng([seed, 5])
        rig = BenchRig(
            "hand-held",
            *SIZE_PX,
            distance_mm=RIG.distance_mm * pixel_mm / RIG.pixel_mm,
            pixel_mm=pixel_mm,
            markers=(),
        )
        half = np.array(SIZE_PX) * pixel_mm / 2
        taken = np.zeros(np.ceil(2 * half[::-1] / CELL_MM).astype(int), dtype=np.uint8)
        side = float(rng.choice([-1.0, 1.0]))
        card = CardPlacement(
            side * (float(half[0]) - rig.card.size_mm[1] / 2 - GAP_MM - 1.0),
            float(rng.uniform(-0.3, 0.3)) * float(half[1]),
            90.0 * side + float(rng.normal(0, 2.0)),
        )
        corners = bench.corners(rig.card.size_mm, card.x_mm, card.y_mm, card.rotation_deg)
        _take(taken, corners, half)
        poses = []
        for outline in outlines:
            pose = _throw(taken, outline, half, rng)
            if pose is None:
                break
            _take(taken, _placed(outline, pose), half)
            poses.append(pose)
        if len(poses) == len(made):
            return rig, card, poses
    raise ValueError(f"{len(made)} workpieces find no room in one photo")


def _placed(outline: Points, pose: Pose) -> Points:
    return Similarity(pose.x_mm, pose.y_mm, pose.rotation_deg, 1.0).apply(outline)


def _mask(shape: tuple[int, ...], ring: Points, half: Points) -> NDArray[np.uint8]:
    drawn = np.zeros(shape, dtype=np.uint8)
    cv2.fillPoly(drawn, [np.rint((ring + half) / CELL_MM).astype(np.int32)], 1)
    return drawn


def _take(taken: NDArray[np.uint8], ring: Points, half: Points) -> None:
    """Marks a ring and the gap round it as taken, in place."""
    n = 2 * math.ceil(GAP_MM / CELL_MM) + 1
    round_it = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (n, n))
    np.maximum(taken, cv2.dilate(_mask(taken.shape, ring, half), round_it), out=taken)


def _throw(taken: NDArray[np.uint8], outline: Points, half: Points, rng: np.random.Generator) -> Pose | None:
    for _ in range(600):
        turn = float(rng.uniform(-180, 180))
        ring = _placed(outline, Pose(0.0, 0.0, turn))
        low, high = -half + GAP_MM - ring.min(axis=0), half - GAP_MM - ring.max(axis=0)
        if (low > high).any():
            continue
        x, y = low + rng.random(2) * (high - low)
        if not (_mask(taken.shape, ring + (x, y), half) & taken).any():
            return Pose(float(x), float(y), turn)
    return None


def regions_under(piece: Workpiece, light: str, layout: str = "dome") -> dict[str, tuple[Points, Points, Points]]:
    """By region (cells, emblem layers, ``plating``): Lab under the light, Lab under D50, and Lab as the noise-free
    camera shows it."""
    labels = {c.name: piece.cell_label(c.name) for c in piece.design.cells}
    labels |= {name: label for name, label in piece.emblem_labels.items() if name != "emblem metal"}
    labels["plating"] = 1
    lamp = lamps.booth(light, layout)
    out = {}
    for name, label in labels.items():
        r = materials.colour_reflectance(piece.surfaces[label - 1])
        out[name] = (spectra.lab(r, lamps.LIGHTS[light]), spectra.lab(r), metamers.seen_by_camera(r, lamp))
    return out


def together_truth(
    design: Design, plans: Sequence[UnitPlan], made: Sequence[Manufactured], shot: Together, photo: str
) -> Table:
    """What is true of one photo.

    parts : role, where it lies (bench mm, pixels of its origin and outline), sizes. pairs : for each two parts
    and region CIEDE2000 under the light, under D50, and as the noise-free camera sees it.
    """
    colours = [regions_under(m.piece, shot.light) for m in made]
    parts: list[Table] = []
    for plan, m, view, own in zip(plans, made, shot.views, colours, strict=True):
        size = m.part.pitch_mm / m.piece.canvas.pitch_mm
        ring = view.to_photo(design.outline[:: max(1, len(design.outline) // 96)] * size)
        parts.append(
            {
                "name": plan.name,
                "role": "golden" if plan.name == "golden" else "unit",
                "x_mm": round(view.pose.x, 4),
                "y_mm": round(view.pose.y, 4),
                "rotation_deg": round(view.pose.rotation_deg, 4),
                "origin_px": [round(float(v), 2) for v in view.to_photo(np.zeros(2))],
                "outline_px": [[round(float(v), 1) for v in p] for p in ring],
                "size_factor": round(size, 6),
                "sizes_mm": {k: round(s, 4) for k, s in sizes_of(design, size).items()},
                "defects": [d.kind for d in m.defects],
                "metameric": sorted(plan.variation.metamers),
                "regions": [
                    {"name": name, "lab_light": _rounded(lit), "lab_d50": _rounded(d50)}
                    for name, (lit, d50, _) in own.items()
                ],
            }
        )
    pairs: list[Table] = []
    for i in range(len(plans)):
        for j in range(i + 1, len(plans)):
            for name in colours[i]:
                lit, d50, camera = (
                    round(float(materials.delta_e_2000(a, b)), 3)
                    for a, b in zip(colours[i][name], colours[j][name], strict=True)
                )
                pairs.append(
                    {
                        "first": plans[i].name,
                        "second": plans[j].name,
                        "region": name,
                        "delta_e_2000_light": lit,
                        "delta_e_2000_d50": d50,
                        "delta_e_2000_camera": camera,
                    }
                )
    card = shot.rendered.card_centres_px
    return {
        "photo": photo,
        "design": design.name,
        "light": shot.light,
        "illuminant": lamps.LIGHTS[shot.light],
        "pixel_mm": shot.rig.pixel_mm,
        "card_centres_px": [] if card is None else [_rounded(p) for p in card],
        "camera": camera_truth(plane_of(shot.rendered.camera)),
        "parts": parts,
        "pairs": pairs,
    }


def _rounded(values: Points) -> list[float]:
    return [round(float(v), 3) for v in values]
