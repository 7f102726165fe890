"""From a unit's plan to its photo: where it lies on the bench, how the picture is shot, and what spoils it."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_data.renderer.bench import BenchRig
from sample_data.renderer.camera import Camera, Optics, Processing, jpeg
from sample_data.renderer.canvas import Points
from sample_data.renderer.part import Part, Surface
from sample_data.renderer.relief import Design
from sample_data.renderer.scene import (
    BoardPlacement,
    CardPlacement,
    Glare,
    Rendered,
    Shooting,
    render,
    render_board,
    render_grey,
)
from sample_data.renderer.shade import Pose
from sample_data.renderer.truth import View
from sample_data.renderer.units import Manufactured, UnitPlan
from station.values.geometry import CameraPlane, Similarity

RIG = BenchRig()
CARD = CardPlacement(21.8, -0.6, 90.0)
"""The card stands upright along the right edge and leaves the rest of the field to the parts."""
ROOM_MM = (-31.8, -23.4, 11.2, 19.0)
"""Left, top, right, bottom of the bench's free room, between the card, the ruler and the edges of the field."""
KEEP_OFF_MM = 4.2
"""Half side of the square round each marker's centre that parts stay out of (label and a margin)."""


def shooting_of(seed: int, minute: int) -> Shooting:
    """An ordinary exposure: the bench's own light and camera with the small changes from one picture to the next."""
    rng = np.random.default_rng([seed, 2])
    turned = 180.0 if rng.random() < 0.15 else 0.0
    card = CardPlacement(
        CARD.x_mm + float(rng.normal(0, 0.25)),
        CARD.y_mm + float(rng.normal(0, 0.5)),
        CARD.rotation_deg + turned + float(rng.normal(0, 1.2)),
    )
    ordinary = Shooting(seed=int(rng.integers(2**31)), card=card)
    return replace(
        ordinary,
        gradient=(
            ordinary.gradient[0] + float(rng.normal(0, 0.006)),
            ordinary.gradient[1] + float(rng.normal(0, 0.006)),
        ),
        optics=Optics(blur_px=float(rng.uniform(0.56, 0.74))),
        processing=Processing(
            exposure_ev=float(rng.normal(0, 0.03)),
            balance_error=(float(rng.normal(0, 0.010)), float(rng.normal(0, 0.010))),
            quality=int(rng.integers(80, 87)),
        ),
        taken_at=f"2026:05:{20 + minute // 480:02d} {9 + minute // 60 % 8:02d}:{minute % 60:02d}:00",
    )


def pose_of(outline: Points, plan: UnitPlan) -> Pose:
    """Where the unit lies: turned as planned, near its planned place, clear of card, markers, ruler and edges."""
    rng = np.random.default_rng([plan.seed, 3])
    turn = plan.turn_deg
    for attempt in range(4000):
        rotation = turn if attempt < 1500 else float(rng.uniform(-180, 180))
        moved = Similarity(0, 0, rotation, plan.variation.size).apply(outline)
        low, high = moved.min(axis=0), moved.max(axis=0)
        from_x, to_x = ROOM_MM[0] - low[0], ROOM_MM[2] - high[0]
        from_y, to_y = ROOM_MM[1] - low[1], ROOM_MM[3] - high[1]
        if from_x > to_x or from_y > to_y:
            turn = rotation
            continue
        at = (np.array(plan.place) + 1) / 2 if attempt == 0 else rng.random(2)
        x, y = from_x + at[0] * (to_x - from_x), from_y + at[1] * (to_y - from_y)
        if _clear(moved + (x, y)):
            return Pose(float(x), float(y), float((rotation + 180) % 360 - 180))
    raise ValueError(f"{plan.name} finds no free room on the bench")


def _clear(outline_mm: Points) -> bool:
    for marker in RIG.markers:
        near = np.abs(outline_mm - np.array(marker.centre_mm)).max(axis=1)
        if near.min() < KEEP_OFF_MM:
            return False
    return True


def shoot(design: Design, plan: UnitPlan, made: Manufactured, minute: int) -> tuple[Rendered, View]:
    """The photo of a unit and the way from its millimetres to the photo's pixels (before a photo is ``mirrored``)."""
    shooting = shooting_of(plan.seed, minute)
    pose = Pose(-10.5, -2.0, 0.0) if plan.name == "golden" else pose_of(design.outline, plan)
    parts: list[tuple[Part, Pose]] = [(made.part, pose)]
    match plan.disturbance:
        case "blurred":
            shooting = replace(shooting, optics=Optics(blur_px=3.2, motion_px=7.0, motion_deg=35.0))
        case "overexposed":
            shooting = replace(shooting, processing=replace(shooting.processing, exposure_ev=1.25))
        case "underexposed":
            shooting = replace(shooting, processing=replace(shooting.processing, exposure_ev=-2.8))
        case "no-card":
            shooting = replace(shooting, card=None)
        case "glare":
            shooting = replace(shooting, glare=Glare(pose.x_mm + 3.0, pose.y_mm - 4.0, 5.5, 0.9))
        case "card-covered" if shooting.card is not None:
            parts.append((_paper(), Pose(shooting.card.x_mm + 3.0, shooting.card.y_mm + 6.0, 12.0)))
        case "out-of-frame":
            pose = Pose(RIG.markers[0].centre_mm[0] + 1.5, -1.0, pose.rotation_deg)
            parts = [(made.part, pose)]
        case "mirrored-part":
            parts = [(made.part.flipped(), pose)]
        case _:
            pass
    if plan.veil is not None:
        x, y, radius, strength = plan.veil
        shooting = replace(shooting, glare=Glare(pose.x_mm + x, pose.y_mm + y, radius, strength))
    rendered = render(parts, shooting, RIG)
    if plan.disturbance == "mirrored":
        flipped = np.ascontiguousarray(rendered.picture[:, ::-1])
        data = jpeg(flipped, shooting.processing.quality, shooting.taken_at)
        rendered = replace(rendered, picture=flipped, jpeg=data)
    plane = plane_of(rendered.camera)
    truly = Similarity(pose.x_mm, pose.y_mm, pose.rotation_deg, 1.0)
    return rendered, View(decode(rendered.jpeg), plane, truly, design.thickness_mm)


def plane_of(camera: Camera) -> CameraPlane:
    """The renderer's camera as the station writes one; its lengths are exact."""
    return CameraPlane(camera.matrix, camera.distortion, camera.rotation, camera.translation_mm, 0.0)


def decode(jpeg: bytes) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB of a file's bytes."""
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR_RGB), dtype=np.uint8)


def _paper() -> Part:
    """A slip of paper that lies over a corner of the card."""
    pitch, w, h = 0.05, 12.0, 15.0
    shape = (round((h + 1) / pitch), round((w + 1) / pitch))
    inside = np.zeros(shape, dtype=np.bool_)
    inside[10:-10, 10:-10] = True
    height = np.full(shape, RIG.card.height_mm + 0.15, dtype=np.float32)
    paper = Surface("slip", "paper", {}, 0.9)
    origin = ((shape[1] - 1) / 2, (shape[0] - 1) / 2)
    coverage = inside.astype(np.float32)
    return Part("slip", pitch, origin, height, inside.astype(np.uint8), (paper,), float(height[0, 0]), coverage)


def board_photo(number: int, count: int, seed: int) -> bytes:
    """JPEG of the ChArUco board, the ``number``-th (from 1) of ``count``: the first flat, the rest tilted all round."""
    shooting = replace(shooting_of(seed * 1000 + number, number), card=None, markers=False, ruler=False)
    if number == 1:
        return render_board(BoardPlacement(0.0, 0.0, 0.0, (0.0, 0.0), 0.6), shooting, RIG).jpeg
    heading = 2 * math.pi * (number - 2) / max(count - 1, 1)
    lean = 17.0 + 4.0 * (number % 3)
    tilt = (lean * math.sin(heading), lean * math.cos(heading))
    lift = 15.0 * math.sin(math.radians(lean))
    return render_board(BoardPlacement(0.0, 0.0, lift, tilt, 4.0 * (number % 3 - 1)), shooting, RIG).jpeg


def grey_photo(number: int, seed: int) -> bytes:
    """JPEG of the grey card filling the field, the ``number``-th from 1."""
    return render_grey(shooting_of(seed * 1000 + 500 + number, 30 + number), RIG).jpeg
