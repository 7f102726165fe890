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
import numba
import numpy as np
from numpy.typing import NDArray

from sample_data.renderer import spectra
from sample_data.renderer.camera import ray
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


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def paint_mat(
    image: Single,
    cam: Float,
    eye: Float,
    raw: Single,
    texture: Single,
    pitch: float,
    field: Float,
    share: Single,
    share_pitch: float,
    share_corner: Float,
    light: Single,
) -> None:
    """Bench of every pixel into ``image``; ``light`` gets the light field times the shadow shares (main, ambient) and
    the field itself (third channel) at bench level."""
    rows, cols = image.shape[:2]
    tr, tc = texture.shape
    sr, sc = share.shape[:2]
    for v in range(rows):
        for u in range(cols):
            dx, dy, dz = ray(cam, u, v)
            x, y = eye[0] - eye[2] * dx / dz, eye[1] - eye[2] * dy / dz
            e = field[0] + field[1] * x + field[2] * y + field[3] * x * x + field[4] * y * y
            fx = min(max((x - share_corner[0]) / share_pitch, 0.0), sc - 1.001)
            fy = min(max((y - share_corner[1]) / share_pitch, 0.0), sr - 1.001)
            i, j = int(fx), int(fy)
            fx -= i
            fy -= j
            m = (share[j, i, 0] * (1 - fx) + share[j, i + 1, 0] * fx) * (1 - fy)
            m += (share[j + 1, i, 0] * (1 - fx) + share[j + 1, i + 1, 0] * fx) * fy
            a = (share[j, i, 1] * (1 - fx) + share[j, i + 1, 1] * fx) * (1 - fy)
            a += (share[j + 1, i, 1] * (1 - fx) + share[j + 1, i + 1, 1] * fx) * fy
            light[v, u, 0], light[v, u, 1], light[v, u, 2] = m, a, e
            fx = min(max(x / pitch + tc / 2, 0.0), tc - 1.001)
            fy = min(max(y / pitch + tr / 2, 0.0), tr - 1.001)
            i, j = int(fx), int(fy)
            fx -= i
            fy -= j
            t = (texture[j, i] * (1 - fx) + texture[j, i + 1] * fx) * (1 - fy)
            t += (texture[j + 1, i] * (1 - fx) + texture[j + 1, i + 1] * fx) * fy
            for c in range(3):
                image[v, u, c] = t * (raw[0, c] * m + raw[1, c] * a)


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def paint_print(
    image: Single,
    light: Single,
    box: NDArray[np.int64],
    cam: Float,
    eye: Float,
    pose: Float,
    ink: Single,
    cell: float,
    raw: Single,
    texture: Single,
    texel: float,
    sub: int,
) -> None:
    """A printed sheet on the bench plane; ``raw`` as in `Inks`, ``eye`` with z down. Light is taken per pixel."""
    rows, cols = ink.shape
    mask = texture.shape[0] - 1
    cr, sr = math.cos(pose[2]), math.sin(pose[2])
    for v in range(box[1], box[3]):
        for u in range(box[0], box[2]):
            inside, dark, grain = 0.0, 0.0, 0.0
            for n in range(sub * sub):
                dx, dy, dz = ray(cam, u + (n % sub + 0.5) / sub - 0.5, v + (n // sub + 0.5) / sub - 0.5)
                wx = eye[0] - eye[2] * dx / dz - pose[0]
                wy = eye[1] - eye[2] * dy / dz - pose[1]
                x = (cr * wx + sr * wy) / cell + cols / 2 - 0.5
                y = (-sr * wx + cr * wy) / cell + rows / 2 - 0.5
                if x < -0.5 or y < -0.5 or x > cols - 0.5 or y > rows - 0.5:
                    continue
                x = min(max(x, 0.0), cols - 1.001)
                y = min(max(y, 0.0), rows - 1.001)
                i, j = int(x), int(y)
                fx, fy = x - i, y - j
                inside += 1.0
                grain += texture[int(y * cell / texel) & mask, int(x * cell / texel) & mask]
                dark += (ink[j, i] * (1 - fx) + ink[j, i + 1] * fx) * (1 - fy)
                dark += (ink[j + 1, i] * (1 - fx) + ink[j + 1, i + 1] * fx) * fy
            if inside > 0:
                a, d, t = inside / (sub * sub), dark / (sub * sub), grain / inside
                for c in range(3):
                    paper = t * (raw[0, 0, c] * light[v, u, 0] + raw[0, 1, c] * light[v, u, 1])
                    black = raw[1, 0, c] * light[v, u, 0] + raw[1, 1, c] * light[v, u, 1]
                    image[v, u, c] = image[v, u, c] * (1 - a) + paper * (a - d) + black * d


@numba.njit(cache=True)  # type: ignore[untyped-decorator]
def paint_card(
    image: Single,
    labels: NDArray[np.uint8],
    box: NDArray[np.int64],
    cam: Float,
    eye: Float,
    pose: Float,
    size: Float,
    grid: Float,
    raw: Single,
    light: Single,
    sub: int,
) -> None:
    """The colour card with its thickness. size : width, height, thickness mm. grid : columns, rows, patch, pitch.
    raw : (26, 2, 3) patches, frame, core under main and ambient. Labels: 1 + patch, 100 frame, 101 edge."""
    cr, sr = math.cos(pose[2]), math.sin(pose[2])
    cols, rows = int(grid[0]), int(grid[1])
    acc = np.zeros(3)
    for v in range(box[1], box[3]):
        for u in range(box[0], box[2]):
            acc[:] = 0.0
            total = 0.0
            for n in range(sub * sub):
                dx, dy, dz = ray(cam, u + (n % sub + 0.5) / sub - 0.5, v + (n // sub + 0.5) / sub - 0.5)
                qx, qy = dx / dz, dy / dz
                found = -1
                depth = 1.0
                for k in range(9):  # face first, then down the edge
                    h = size[2] * (1 - k / 8.0)
                    wx, wy = eye[0] - (eye[2] + h) * qx - pose[0], eye[1] - (eye[2] + h) * qy - pose[1]
                    x, y = cr * wx + sr * wy, -sr * wx + cr * wy
                    if abs(x) > size[0] / 2 or abs(y) > size[1] / 2:
                        continue
                    if k > 0:
                        found, depth = 25, 1 - k / 8.0
                        break
                    found = 24
                    gx, gy = x / grid[3] + cols / 2.0, y / grid[3] + rows / 2.0
                    i, j = int(math.floor(gx)), int(math.floor(gy))
                    if 0 <= i < cols and 0 <= j < rows:
                        half = 0.5 * grid[2] / grid[3]
                        if abs(gx - i - 0.5) <= half and abs(gy - j - 0.5) <= half:
                            found = j * cols + i
                    break
                if found >= 0:
                    total += 1.0
                    m = 1.0 if found < 25 else 0.25 + 0.35 * depth
                    for c in range(3):
                        acc[c] += m * (raw[found, 0, c] + raw[found, 1, c])
                    if n == (sub * sub) // 2:
                        labels[v, u] = 1 + found if found < 24 else 76 + found
            if total > 0:
                k2 = 1.0 / (sub * sub)
                for c in range(3):
                    image[v, u, c] = image[v, u, c] * (1 - total * k2) + acc[c] * k2
                if total > 0.5 * sub * sub:
                    light[v, u, 0] = 1.0
                    light[v, u, 1] = 1.0


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
    return np.array([[-w, -h], [w, -h], [w, h], [-w, h]]) @ turn + np.array([x_mm, y_mm])
