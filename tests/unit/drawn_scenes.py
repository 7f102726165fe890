"""Drawn photos of round pins with four cells on a grey bench, for the tests of comparing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from station.calibrate.card import load_cards
from station.measure.side_by_side import SeenRegion, assumed
from station.values.colour import DeviceRGB, Lab, LinearRGB, lab_to_xyz, srgb_encode
from station.values.difference import delta_e_2000

Float = NDArray[np.float64]

SIZE = (960, 560)
RADIUS = 118.0
GOLD, SKY, HILL, WOOD, SUN, SNOW = (
    (0.60, 0.42, 0.16),
    (0.10, 0.32, 0.62),
    (0.42, 0.05, 0.05),
    (0.05, 0.22, 0.09),
    (0.72, 0.42, 0.06),
    (0.66, 0.64, 0.58),
)
CELLS = {
    "sky": (SKY, (0.0, -0.45)),
    "hill": (HILL, (-0.35, 0.3)),
    "wood": (WOOD, (0.45, 0.25)),
    "sun": (SUN, (0.0, 0.7)),
}
SRGB = assumed(DeviceRGB(np.zeros((1, 1, 3), dtype=np.uint8)))
XYZ_TO_SRGB = np.linalg.inv(SRGB.matrix)

RGB = tuple[float, float, float]
Colours = dict[str, RGB]
Part = tuple[Colours, tuple[float, float], float]


def art(colours: Colours, *, other_design: bool = False) -> NDArray[np.float32]:
    """(n, n, 4) linear light and coverage of a round pin with four cells and a white star off its middle."""
    n = 2 * round(RADIUS) + 8
    made = np.zeros((n, n, 4), dtype=np.float32)

    def px(points: Sequence[tuple[float, float]]) -> NDArray[np.int32]:
        return np.round((np.array(points) * RADIUS + n / 2) * 16).astype(np.int32)

    def fill(points: Sequence[tuple[float, float]], colour: tuple[float, float, float]) -> None:
        cv2.fillPoly(made, [px(points)], (*colour, 1.0), lineType=cv2.LINE_AA, shift=4)

    ring = [(math.cos(a), math.sin(a)) for a in np.linspace(0, 2 * np.pi, 120, endpoint=False)]
    fill(ring, GOLD)
    if other_design:
        fill([(-0.6, -0.6), (0.6, -0.6), (0.6, 0.6), (-0.6, 0.6)], WOOD)
        fill([(-0.4, -0.1), (0.4, -0.1), (0.4, 0.1), (-0.4, 0.1)], SNOW)
        return made
    tone = {name: colours.get(name, colour) for name, (colour, _) in CELLS.items()}
    fill([(0.9 * x, 0.9 * y) for x, y in ring], tone["sky"])
    for name, corners in (
        ("hill", [(-0.84, 0.1), (-0.3, -0.15), (0.05, 0.1), (0.0, 0.5), (-0.55, 0.62)]),
        ("wood", [(0.12, 0.05), (0.5, -0.2), (0.86, 0.1), (0.62, 0.55), (0.12, 0.5)]),
        ("sun", [(-0.45, 0.68), (0.45, 0.62), (0.2, 0.86), (-0.2, 0.86)]),
    ):
        mx, my = (float(v) for v in np.mean(corners, axis=0))
        fill([(mx + 1.14 * (x - mx), my + 1.14 * (y - my)) for x, y in corners], GOLD)
        fill(corners, tone[name])
    fill([(-0.55, -0.62), (-0.3, -0.5), (-0.42, -0.3), (-0.62, -0.4)], SNOW)
    return made


def photo(
    path: Path,
    parts: Sequence[Part],
    *,
    card: bool = False,
    slope: float = 0.0,
    other: int | None = None,
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0),
    mixed: float = 0.0,
    size: tuple[int, int] = SIZE,
) -> Path:
    """A photo (PNG) of parts on a grey bench: colours that differ from the golden's, middle in px, turn in degrees.

    slope : relative change of the light from left to right. mixed : share of every channel that the mean of all takes,
    as under a lamp that a camera sees less colour in. other : index of a part of another design.
    """
    w, h = size
    rng = np.random.default_rng(4)
    picture: NDArray[np.float32] = np.full((h, w, 3), 0.22, dtype=np.float32)
    for index, (colours, (x, y), turn) in enumerate(parts):
        drawn = art(colours, other_design=index == other)
        n = len(drawn)
        m = np.asarray(cv2.getRotationMatrix2D((n / 2, n / 2), -turn, 1.0), dtype=np.float64)
        m[:, 2] += np.array([x - n / 2, y - n / 2])
        shadow = cv2.GaussianBlur(cv2.warpAffine(drawn[..., 3], m, (w, h)), (0, 0), 4.0)
        picture *= 1 - 0.35 * shadow[..., None]
        layer = cv2.warpAffine(drawn, m, (w, h), flags=cv2.INTER_AREA)
        picture = picture * (1 - layer[..., 3:]) + layer[..., :3] * layer[..., 3:]
    if card:
        _draw_card(picture, (w - 190, 60))
    picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.7), dtype=np.float32)
    picture *= (1 + slope * (np.arange(w) / w - 0.5)).astype(np.float32)[None, :, None]
    picture += mixed * (picture.mean(axis=2, keepdims=True) - picture)
    picture = picture * np.array(tint, dtype=np.float32) + rng.normal(0, 0.003, picture.shape).astype(np.float32)
    coded = np.round(srgb_encode(picture) * 255).astype(np.uint8)
    assert cv2.imwrite(str(path), coded[..., ::-1])
    return path


def _draw_card(picture: NDArray[np.float32], at: tuple[int, int]) -> None:
    """The classic card, upright: four columns of six, 40 px a patch."""
    patches = load_cards("colorchecker24")[0].patches
    x, y = at
    picture[y - 8 : y + 6 * 44 + 4, x - 8 : x + 4 * 44 + 4] = 0.02
    for i, patch in enumerate(patches):
        row, column = divmod(i, 6)
        light = lab_to_xyz(Lab(np.array(patch.lab))) @ XYZ_TO_SRGB.T
        left, top = x + (3 - row) * 44, y + column * 44
        picture[top : top + 40, left : left + 40] = np.clip(light, 0.0, 1.0)


def sheet_text(golden_px: tuple[float, float], extra: str = "") -> str:
    rows = ['schema = 1\n[product]\nsku = "PIN"\nthickness_mm = 1.0\n' + extra]
    for name, (_, (x, y)) in CELLS.items():
        seed = (golden_px[0] + x * RADIUS, golden_px[1] + y * RADIUS)
        rows.append(
            f'[[regions]]\nname = "{name}"\nseed_px = [{seed[0]:.1f}, {seed[1]:.1f}]\nsurface = "soft enamel"\n'
        )
    return "".join(rows)


def true_difference(name: str, colour: tuple[float, float, float]) -> float:
    return float(delta_e_2000(SRGB.lab(np.array(CELLS[name][0])), SRGB.lab(np.array(colour))))


OTHER_SKY, NEAR_HILL = (0.15, 0.28, 0.42), (0.43, 0.052, 0.051)
GOLDEN_AT = (150.0, 210.0)
THREE: list[Part] = [
    ({}, GOLDEN_AT, 8.0),
    ({"sky": OTHER_SKY}, (420.0, 230.0), 75.0),
    ({"hill": NEAR_HILL}, (660.0, 420.0), -140.0),
]


def seen(path: Path) -> LinearRGB:
    coded = np.asarray(cv2.imread(str(path)))[..., ::-1] / 255
    return LinearRGB(np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4).astype(np.float32))


def regions(colours: Colours, x: float) -> list[SeenRegion]:
    """The cells as seen at x px."""
    tone = {name: colours.get(name, colour) for name, (colour, _) in CELLS.items()}
    return [SeenRegion(n, "soft enamel", np.array(c), np.array([x, 200.0]), 0.05, 0.5, 900) for n, c in tone.items()]
