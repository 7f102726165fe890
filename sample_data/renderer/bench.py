"""The bench: mat, printed markers, ruler, colour card, ChArUco board and grey card, all flat and all from spectra.

Printed things are rasters of ink share whose cells end exactly on the printed edges; they are sampled bilinearly at 25
points a photo pixel, so an edge in the picture lies where the geometry says.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_data.renderer import spectra
from sample_data.renderer.lamps import Lamp

Float = NDArray[np.float64]
Single = NDArray[np.float32]

MAT_PITCH_MM: Final = 0.05
MAT_REFLECTANCE: Final = 0.30
"""Mean reflectance of the mat, for what metal mirrors of it."""


@dataclass(frozen=True, slots=True)
class BenchMarker:
    """An ArUco marker on the bench; centre and side in mm."""

    id: int
    centre_mm: tuple[float, float]
    side_mm: float = 5.0
    dictionary: str = "DICT_4X4_50"


@dataclass(frozen=True, slots=True)
class BoardSpec:
    """The ChArUco board: squares across and down, sides in mm."""

    squares: tuple[int, int] = (12, 9)
    square_mm: float = 5.0
    marker_mm: float = 3.6
    dictionary: str = "DICT_5X5_100"


@dataclass(frozen=True, slots=True)
class CardSpec:
    """The colour card ``micro 24``: 6 x 4 patches, face ``height_mm`` over the bench."""

    name: str = "micro 24"
    columns: int = 6
    rows: int = 4
    patch_mm: float = 4.0
    pitch_mm: float = 4.7
    margin_mm: float = 1.1
    height_mm: float = 0.8

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of the whole card."""
        gap = self.pitch_mm - self.patch_mm
        return (
            self.columns * self.pitch_mm - gap + 2 * self.margin_mm,
            self.rows * self.pitch_mm - gap + 2 * self.margin_mm,
        )

    def centres_mm(self) -> Float:
        """(24, 2) patch centres about the card's centre, row by row."""
        x = (np.arange(self.columns) - (self.columns - 1) / 2) * self.pitch_mm
        y = (np.arange(self.rows) - (self.rows - 1) / 2) * self.pitch_mm
        return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)

    def toml(self) -> str:
        """The card's certificate: a colour card file of the station, Lab D50 from the spectra it is printed with."""
        names, reflectance = spectra.card_patches()
        lines = [
            f'name = "{self.name}"',
            f"columns = {self.columns}",
            f"rows = {self.rows}",
            f"patch_mm = {self.patch_mm}",
            f"pitch_mm = {self.pitch_mm}",
            f"height_mm = {self.height_mm}",
        ]
        for name, lab in zip(names, spectra.lab(reflectance), strict=True):
            lines += ["", "[[patches]]", f'name = "{name}"', f"lab = [{lab[0]:.3f}, {lab[1]:.3f}, {lab[2]:.3f}]"]
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class BenchRig:
    """A bench and its camera; the defaults are the sample set's ``bench-a``."""

    name: str = "bench-a"
    width: int = 2000
    height: int = 1500
    distance_mm: float = 300.0
    pixel_mm: float = 0.033
    markers: tuple[BenchMarker, ...] = (
        BenchMarker(0, (-29.6, -21.2)),
        BenchMarker(1, (29.6, -21.2)),
        BenchMarker(2, (29.6, 21.2)),
        BenchMarker(3, (-29.6, 21.2)),
    )
    board: BoardSpec = field(default_factory=BoardSpec)
    card: CardSpec = field(default_factory=CardSpec)
    grey_reflectance: float = 0.184

    @property
    def focal_px(self) -> float:
        """Focal length in pixels."""
        return self.distance_mm / self.pixel_mm


@dataclass(frozen=True, slots=True)
class Inks:
    """Raw of paper and ink under main and ambient light: (2, 2, 3) paper/ink, main/ambient, channel."""

    raw: Single


def inks(paper: float | Float, ink: float | Float, lamp: Lamp) -> Inks:
    """Raw of two reflectances, given as numbers or spectra."""
    main, ambient = lamp.power()
    out = np.empty((2, 2, 3), dtype=np.float32)
    for i, r in enumerate((paper, ink)):
        spectrum = np.broadcast_to(np.asarray(r, dtype=np.float64), main.shape)
        for j, power in enumerate((main, ambient)):
            out[i, j] = absolute_raw(spectrum, power)
    return Inks(out)


def absolute_raw(reflectance: Float, power: Float) -> Float:
    """Raw response against the green of the perfect diffuser under the reference lamp."""
    green = (spectra.illuminant("LED-B4") * spectra.sensor()[:, 1]).sum()
    return np.asarray(reflectance @ (spectra.sensor() * power[:, None]) / green, dtype=np.float64)


def tinted(level: float, warmth: float) -> Float:
    """(81,) a near-neutral reflectance that rises by ``warmth`` (relative) from 400 to 700 nm."""
    return np.asarray(level * (1 + warmth * (spectra.WAVELENGTHS_NM - 550.0) / 300.0), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Print:
    """A printed sheet lying on the bench: (h, w) ink share, cell size, place of its centre, rotation.

    streaks : relative spread of the sheet's own brushed or fibrous texture, along x.
    """

    ink: Single
    cell_mm: float
    x_mm: float
    y_mm: float
    rotation_deg: float = 0.0
    streaks: float = 0.0


def marker_print(marker: BenchMarker) -> Print:
    """A marker on its white label (quiet zone of one cell)."""
    dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, marker.dictionary))
    cells = dictionary.markerSize + 2
    bits = cv2.aruco.generateImageMarker(dictionary, marker.id, cells, borderBits=1)
    fine = 64
    label = np.pad((bits == 0).astype(np.float32), 1)
    return Print(np.kron(label, np.ones((fine, fine), np.float32)), marker.side_mm / cells / fine, *marker.centre_mm)


def board_print(spec: BoardSpec) -> Print:
    """The ChArUco board; its origin (OpenCV's) is the sheet's top left corner."""
    fine = 70 / 5.0  # cells a mm: squares, margins and marker bits are whole numbers of them for 5 / 3.6 mm, 7 bits
    cell = 1 / (fine * 5)
    side, mark = round(spec.square_mm / cell), round(spec.marker_mm / cell)
    dictionary = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, spec.dictionary))
    bits, margin = dictionary.markerSize + 2, (side - mark) // 2
    columns, rows = spec.squares
    ink = np.zeros((rows * side, columns * side), dtype=np.float32)
    number = 0
    for r in range(rows):
        for c in range(columns):
            square = ink[r * side : (r + 1) * side, c * side : (c + 1) * side]
            if (r + c) % 2 == 0:
                square[:] = 1.0
                continue
            pattern = (cv2.aruco.generateImageMarker(dictionary, number, bits, borderBits=1) == 0).astype(np.float32)
            block = np.kron(pattern, np.ones((mark // bits, mark // bits), np.float32))
            square[margin : margin + block.shape[0], margin : margin + block.shape[1]] = block
            number += 1
    return Print(ink, cell, columns * spec.square_mm / 2, rows * spec.square_mm / 2)


@functools.cache
def ruler_print(length_mm: int = 50) -> Print:
    """A ruler with millimetre ticks and printed digits along the lower edge of the field."""
    cell, wide = 0.02, 4.6
    ink = np.zeros((round(wide / cell), round((length_mm + 3) / cell)), dtype=np.uint8)
    for mm in range(length_mm + 1):
        tall = 2.0 if mm % 10 == 0 else 1.5 if mm % 5 == 0 else 1.0
        x = round((mm + 1.5) / cell)
        ink[: round(tall / cell), x - 3 : x + 3] = 255
        if mm % 10 == 0:
            text = str(mm)
            (w, h), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 2.6, 9)
            at = (x - w // 2, round(2.35 / cell) + h)
            cv2.putText(ink, text, at, cv2.FONT_HERSHEY_SIMPLEX, 2.6, 255, 9, cv2.LINE_AA)
    return Print((ink / 255.0).astype(np.float32), cell, 0.0, 22.0, streaks=0.05)


@functools.cache
def sheet_texture(streaks: float) -> Single:
    """(512, 512) periodic relative reflectance, one texel a `MAT_PITCH_MM`: paper grain, or brushed along x."""
    rng = np.random.default_rng(57)
    grain = np.tile(rng.standard_normal((512, 512), dtype=np.float32), (3, 3))

    def smooth(sx: float, sy: float) -> Single:
        field = cv2.GaussianBlur(grain, (0, 0), sigmaX=sx, sigmaY=sy)[512:1024, 512:1024]
        return np.asarray(field / field.std(), dtype=np.float32)

    out = 1 + 0.008 * smooth(1.2, 1.2) + 0.006 * smooth(14.0, 14.0)
    if streaks:
        out += streaks * (0.6 * smooth(40.0, 0.7) + 0.4 * smooth(90.0, 2.0))
    return np.asarray(out, dtype=np.float32)


@functools.cache
def mat_texture(width_mm: float = 100.0, height_mm: float = 80.0) -> Single:
    """(h, w) relative reflectance of the mat, mean 1: a fine leather grain, mottling, rubbed spots, a few fibres."""
    rng = np.random.default_rng(31)
    h, w = round(height_mm / MAT_PITCH_MM), round(width_mm / MAT_PITCH_MM)

    def noise(sigma: float) -> Single:
        field = cv2.GaussianBlur(rng.standard_normal((h, w), dtype=np.float32), (0, 0), sigma)
        return np.asarray(field / field.std(), dtype=np.float32)

    pebble = noise(2.6) + 0.6 * np.abs(noise(5.5))  # an embossed grain, lit from the upper left
    relief = cv2.Sobel(pebble, cv2.CV_32F, 1, 0, ksize=3) + cv2.Sobel(pebble, cv2.CV_32F, 0, 1, ksize=3)
    relief /= relief.std()
    out = 1 + 0.038 * relief + 0.022 * noise(1.1) + 0.018 * noise(9.0) + 0.022 * noise(60.0) + 0.02 * noise(220.0)
    marks = np.zeros((h, w), dtype=np.float32)
    for _ in range(38):  # hairline scratches and fibres
        x, y = rng.uniform(0, w), rng.uniform(0, h)
        a, bend, n = rng.uniform(0, 2 * math.pi), rng.normal(0, 0.02), int(rng.uniform(20, 160))
        angle = a + bend * np.arange(n)
        path = np.stack([x + np.cumsum(np.cos(angle)), y + np.cumsum(np.sin(angle))], axis=-1)
        value = float(rng.choice([-0.16, 0.14, 0.30]))
        cv2.polylines(marks, [np.round(path * 16).astype(np.int32)], False, value, 1, cv2.LINE_AA, 4)
    for _ in range(160):  # specks
        x, y, r = rng.uniform(0, w), rng.uniform(0, h), rng.uniform(0.3, 1.4)
        centre = (round(x * 16), round(y * 16))
        cv2.circle(marks, centre, round(r * 16), float(rng.choice([-0.40, -0.2, 0.35])), -1, cv2.LINE_AA, 4)
    return np.asarray(out + cv2.GaussianBlur(marks, (0, 0), 0.8), dtype=np.float32)


@functools.cache
def mat_under(width_mm: float, height_mm: float) -> Single:
    """(h, w) texture of a mat that goes beyond a field of this size; a wide one repeats the mat by mirroring."""
    mat = mat_texture()
    missing = [1.15 * size / MAT_PITCH_MM - n for size, n in zip((height_mm, width_mm), mat.shape, strict=True)]
    if max(missing) <= 0:
        return mat
    return np.pad(mat, [(max(0, math.ceil(m / 2)),) * 2 for m in missing], mode="reflect")


def card_raw(lamp: Lamp) -> Single:
    """(26, 2, 3) raw of the 24 patches, the black frame and the grey core."""
    main, ambient = lamp.power()
    r = np.concatenate([spectra.card_patches()[1], tinted(0.042, 0.1)[None], tinted(0.35, 0.3)[None]])
    return np.stack([absolute_raw(r, main), absolute_raw(r, ambient)], axis=1).astype(np.float32)


def box_of(points_px: Float, width: int, height: int, border: int = 3) -> NDArray[np.int64]:
    """Pixel box (x0, y0, x1, y1), half open, round projected points, cut to the picture."""
    low, high = np.floor(points_px.min(axis=0)) - border, np.ceil(points_px.max(axis=0)) + border + 1
    limits = np.array([width, height])
    return np.concatenate([np.clip(low, 0, limits), np.clip(high, 0, limits)]).astype(np.int64)


def corners(size_mm: Sequence[float], x_mm: float, y_mm: float, rotation_deg: float) -> Float:
    """(4, 2) bench corners of a rectangle, from its top left clockwise as seen."""
    a = math.radians(rotation_deg)
    w, h = size_mm[0] / 2, size_mm[1] / 2
    turn = np.array([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]])
    square = np.array([[-w, -h], [w, -h], [w, h], [-w, h]])
    return np.asarray(square @ turn + np.array([x_mm, y_mm]), dtype=np.float64)
