"""A photo of the bench: parts, card, markers and ruler put together, with the exact truth of where everything is."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_data.renderer import bench, camera, lamps, paint, shade
from sample_data.renderer.bench import BenchRig
from sample_data.renderer.camera import Camera, Optics, Processing
from sample_data.renderer.lamps import Lamp
from sample_data.renderer.part import Part
from sample_data.renderer.shade import Pose

Float = NDArray[np.float64]
Single = NDArray[np.float32]

RELIEF_MM = 0.075
"""Raster of the shadow computation."""


@dataclass(frozen=True, slots=True)
class CardPlacement:
    """Place of the colour card's centre on the bench in mm and its rotation, clockwise as seen."""

    x_mm: float = 17.0
    y_mm: float = 0.0
    rotation_deg: float = 0.0


@dataclass(frozen=True, slots=True)
class Glare:
    """A soft reflection over part of the field: centre and radius in mm, radiance added at its centre (white = 1)."""

    x_mm: float
    y_mm: float
    radius_mm: float
    strength: float


@dataclass(frozen=True, slots=True)
class Shooting:
    """Everything about one exposure. Angles in degrees, lengths in mm, blur and motion in pixels.

    gradient : relative change of the light per field width in x and y. falloff : loss at the corner of the field.
    scale : picture size against the rig's.
    """

    seed: int
    lamp: Lamp = field(default_factory=Lamp)
    gradient: tuple[float, float] = (0.06, -0.04)
    falloff: float = 0.05
    tilt_deg: tuple[float, float] = (0.8, -0.6)
    roll_deg: float = 0.3
    aim_mm: tuple[float, float] = (0.0, 0.0)
    k1: float = -0.06
    optics: Optics = field(default_factory=Optics)
    processing: Processing = field(default_factory=Processing)
    card: CardPlacement | None = field(default_factory=CardPlacement)
    markers: bool = True
    ruler: bool = True
    glare: Glare | None = None
    taken_at: str = "2026:05:10 10:00:00"
    scale: float = 1.0
    subsamples: int = 5


@dataclass(frozen=True, slots=True)
class Rendered:
    """A picture and its truth.

    jpeg : the file. picture : (h, w, 3) uint8 before compression. clean : (h, w, 3) float32 raw light before the lens.
    labels : (h, w) uint8, 0 bench, 1 + index of the part's surface, ``SIDE_WALL``. owner : (h, w) uint8, 0 or 1 + index
    of the part. card_labels : (h, w) uint8, 1 + patch, 100 frame, 101 edge. All by the pixel's centre.
    markers_px : id to (4, 2) corners. card_centres_px : (24, 2) or None.
    """

    jpeg: bytes
    picture: NDArray[np.uint8]
    clean: Single
    camera: Camera
    labels: NDArray[np.uint8]
    owner: NDArray[np.uint8]
    card_labels: NDArray[np.uint8]
    markers_px: dict[int, Float]
    card_centres_px: Float | None


def part_to_bench(points_mm: Float, pose: Pose) -> Float:
    """(n, 2) points of the part frame in bench mm."""
    a = math.radians(pose.rotation_deg)
    turn = np.array([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]])
    return np.asarray(np.asarray(points_mm) @ turn + np.array([pose.x_mm, pose.y_mm]), dtype=np.float64)


def camera_of(shooting: Shooting, rig: BenchRig) -> Camera:
    """The camera of an exposure."""
    return camera.look(
        rig.width,
        rig.height,
        rig.focal_px,
        rig.distance_mm,
        tilt_deg=shooting.tilt_deg,
        roll_deg=shooting.roll_deg,
        aim_mm=shooting.aim_mm,
        k1=shooting.k1,
        centre_offset_px=(3.7, -2.9),
    ).scaled(shooting.scale)


def light_field(shooting: Shooting, rig: BenchRig) -> Float:
    """(5,) polynomial 1, x, y, x^2, y^2 of the lamp field over bench mm, 1 at the centre."""
    w, h = rig.width * rig.pixel_mm, rig.height * rig.pixel_mm
    loss = shooting.falloff / ((w / 2) ** 2 + (h / 2) ** 2)
    return np.array([1.0, shooting.gradient[0] / w, shooting.gradient[1] / h, -loss, -loss])


def render(parts: Sequence[tuple[Part, Pose]], shooting: Shooting, rig: BenchRig | None = None) -> Rendered:
    """One photo of the bench. The same arguments give the same bytes."""
    rig = BenchRig() if rig is None else rig
    rng = np.random.default_rng(shooting.seed)
    cam = camera_of(shooting, rig)
    eye = cam.centre_mm
    lamp, tables = shooting.lamp, lamps.tables(shooting.lamp.layout)
    shadows = shade.cast_shadows(*_relief(parts, shooting, rig), tables)
    image = np.empty((cam.height, cam.width, 3), dtype=np.float32)
    light = np.empty_like(image)
    _paint_mat(image, light, cam, shooting, rig, shadows)
    sub = shooting.subsamples
    markers_px = {}
    for marker in rig.markers if shooting.markers else ():
        _paint_print(image, light, cam, bench.marker_print(marker), bench.inks(0.82, 0.045, lamp), sub)
        square = bench.corners((marker.side_mm, marker.side_mm), *marker.centre_mm, 0.0)
        markers_px[marker.id] = cam.project(np.pad(square, ((0, 0), (0, 1))))
    if shooting.ruler:
        _paint_print(image, light, cam, bench.ruler_print(), bench.inks(bench.tinted(0.46, 0.05), 0.04, lamp), sub)
    card_labels = np.zeros(image.shape[:2], dtype=np.uint8)
    card_px = (
        None if shooting.card is None else _paint_card(image, light, card_labels, cam, shooting.card, rig, lamp, sub)
    )
    labels, owner = np.zeros_like(card_labels), np.zeros_like(card_labels)
    mean_bench = bench.MAT_REFLECTANCE
    for number, (part, pose) in enumerate(parts, start=1):
        radiance = shade.shade_part(part, pose, eye * [1, 1, -1], lamp, tables, shadows, mean_bench, rng)
        _paint_part(image, labels, owner, number, cam, part, pose, radiance, lamp, max(3, sub - 1))
        del radiance
    image *= light[..., 2:3]
    if shooting.glare is not None:
        _add_glare(image, shooting.glare, cam, lamp)
    picture = camera.expose(image, cam, lamp, _scaled(shooting.optics, shooting.scale), shooting.processing, rng)
    data = camera.jpeg(picture, shooting.processing.quality, shooting.taken_at)
    return Rendered(data, picture, image, cam, labels, owner, card_labels, markers_px, card_px)


def _scaled(optics: Optics, scale: float) -> Optics:
    blur, motion = max(optics.blur_px * scale, 0.6), optics.motion_px * scale
    return Optics(blur, motion, optics.motion_deg, optics.vignetting, optics.flare)


def _relief(
    parts: Sequence[tuple[Part, Pose]], shooting: Shooting, rig: BenchRig
) -> tuple[Single, float, tuple[float, float]]:
    """Heights of everything on the bench on one raster: (h, w) mm, its pitch, bench mm of its first pixel."""
    w, h = rig.width * rig.pixel_mm + 6, rig.height * rig.pixel_mm + 6
    corner = (-w / 2, -h / 2)
    shape = (round(h / RELIEF_MM), round(w / RELIEF_MM))
    relief = part_heights(parts, shape, corner)
    if shooting.card is not None:
        place = shooting.card
        square = bench.corners(rig.card.size_mm, place.x_mm, place.y_mm, place.rotation_deg)
        plate = np.zeros(shape, dtype=np.float32)
        points = np.round((square - corner) / RELIEF_MM * 16).astype(np.int32)
        cv2.fillConvexPoly(plate, points, rig.card.height_mm, cv2.LINE_AA, 4)
        relief = np.maximum(relief, plate)
    return relief, RELIEF_MM, corner


def part_heights(parts: Sequence[tuple[Part, Pose]], shape: tuple[int, int], corner: tuple[float, float]) -> Single:
    """(h, w) heights in mm of parts on the bench, a raster of ``RELIEF_MM``; corner : bench mm of its first pixel."""
    relief = np.zeros(shape, dtype=np.float32)
    for part, pose in parts:
        k = max(1, round(RELIEF_MM / part.pitch_mm))
        solid = np.where(part.mask, part.height_mm, 0).astype(np.float32)
        small = cv2.resize(solid, (solid.shape[1] // k, solid.shape[0] // k), interpolation=cv2.INTER_AREA)
        a = math.radians(pose.rotation_deg)
        c, s, q = math.cos(a), math.sin(a), part.pitch_mm * k / RELIEF_MM
        ox, oy = (part.origin_px[0] - (k - 1) / 2) / k, (part.origin_px[1] - (k - 1) / 2) / k
        tx, ty = (pose.x_mm - corner[0]) / RELIEF_MM, (pose.y_mm - corner[1]) / RELIEF_MM
        m = np.array([[q * c, -q * s, tx - q * (c * ox - s * oy)], [q * s, q * c, ty - q * (s * ox + c * oy)]])
        relief = np.maximum(relief, cv2.warpAffine(small, m, shape[::-1], flags=cv2.INTER_LINEAR))
    return relief


@functools.cache
def _mat_raw(lamp: Lamp) -> Single:
    raw = bench.inks(bench.tinted(bench.MAT_REFLECTANCE, -0.06), 0.0, lamp).raw
    return np.asarray(raw[0], dtype=np.float32)


def _paint_mat(
    image: Single, light: Single, cam: Camera, shooting: Shooting, rig: BenchRig, shadows: shade.Shadows
) -> None:
    paint.paint_mat(
        image,
        cam.packed(),
        cam.centre_mm,
        _mat_raw(shooting.lamp),
        bench.mat_under(rig.width * rig.pixel_mm, rig.height * rig.pixel_mm),
        bench.MAT_PITCH_MM,
        light_field(shooting, rig),
        shadows.share,
        shadows.pitch_mm,
        np.array(shadows.corner_mm),
        light,
    )


def _paint_print(image: Single, light: Single, cam: Camera, sheet: bench.Print, ink: bench.Inks, sub: int) -> None:
    size = (sheet.ink.shape[1] * sheet.cell_mm, sheet.ink.shape[0] * sheet.cell_mm)
    square = bench.corners(size, sheet.x_mm, sheet.y_mm, sheet.rotation_deg)
    box = bench.box_of(cam.project(np.pad(square, ((0, 0), (0, 1)))), cam.width, cam.height)
    pose = np.array([sheet.x_mm, sheet.y_mm, math.radians(sheet.rotation_deg)])
    paint.paint_print(
        image,
        light,
        box,
        cam.packed(),
        cam.centre_mm,
        pose,
        sheet.ink,
        sheet.cell_mm,
        ink.raw,
        bench.sheet_texture(sheet.streaks),
        bench.MAT_PITCH_MM,
        sub,
    )


def _paint_card(
    image: Single,
    light: Single,
    labels: NDArray[np.uint8],
    cam: Camera,
    place: CardPlacement,
    rig: BenchRig,
    lamp: Lamp,
    sub: int,
) -> Float:
    card = rig.card
    square = bench.corners(card.size_mm, place.x_mm, place.y_mm, place.rotation_deg)
    both = np.concatenate([np.pad(square, ((0, 0), (0, 1)), constant_values=z) for z in (0.0, -card.height_mm)])
    box = bench.box_of(cam.project(both), cam.width, cam.height)
    pose = np.array([place.x_mm, place.y_mm, math.radians(place.rotation_deg)])
    size = np.array([*card.size_mm, card.height_mm])
    grid = np.array([card.columns, card.rows, card.patch_mm, card.pitch_mm])
    paint.paint_card(
        image, labels, box, cam.packed(), cam.centre_mm, pose, size, grid, bench.card_raw(lamp), light, sub
    )
    centres = part_to_bench(card.centres_mm(), Pose(place.x_mm, place.y_mm, place.rotation_deg))
    return cam.project(np.pad(centres, ((0, 0), (0, 1)), constant_values=-card.height_mm))


def _paint_part(
    image: Single,
    labels: NDArray[np.uint8],
    owner: NDArray[np.uint8],
    number: int,
    cam: Camera,
    part: Part,
    pose: Pose,
    radiance: Single,
    lamp: Lamp,
    sub: int,
) -> None:
    top = float(part.height_mm.max())
    rows, cols = part.height_mm.shape
    ends = (np.array([[0, 0], [cols, 0], [cols, rows], [0, rows]]) - part.origin_px) * part.pitch_mm
    square = part_to_bench(ends, pose)
    both = np.concatenate([np.pad(square, ((0, 0), (0, 1)), constant_values=z) for z in (0.0, -top)])
    box = bench.box_of(cam.project(both), cam.width, cam.height)
    coverage = part.mask.astype(np.float32) if part.coverage is None else part.coverage
    optical = shade.optical_table(part.surfaces, lamp)
    # A side wall mirrors the bench (metal) or scatters what little light gets there.
    wall = (
        optical[:, 6:9] * optical[:, 15:16] * bench.MAT_REFLECTANCE * 0.8 + (optical[:, 9:12] + optical[:, 12:15]) * 0.4
    )
    paint.paint_part(
        image,
        labels,
        owner,
        number,
        box,
        cam.packed(),
        cam.centre_mm,
        np.array([pose.x_mm, pose.y_mm, math.radians(pose.rotation_deg)]),
        part.height_mm,
        coverage,
        np.asarray(cv2.dilate(part.surface, np.ones((7, 7), np.uint8)), dtype=np.uint8),
        radiance,
        wall.astype(np.float32),
        part.pitch_mm,
        np.array(part.origin_px, dtype=np.float64),
        top,
        part.lift_mm,
        sub,
    )


def _add_glare(image: Single, glare: Glare, cam: Camera, lamp: Lamp) -> None:
    """The reflection, added to the light in place."""
    white = bench.inks(1.0, 0.0, lamp).raw[0].sum(axis=0)
    centre = cam.project(np.array([[glare.x_mm, glare.y_mm, 0.0]]))[0]
    radius = glare.radius_mm * cam.matrix[0, 0] / cam.translation_mm[2]
    y = np.exp(-0.5 * ((np.arange(cam.height) - centre[1]) / radius) ** 2)
    x = np.exp(-0.5 * ((np.arange(cam.width) - centre[0]) / (1.4 * radius)) ** 2)
    image += (glare.strength * y[:, None] * x[None, :]).astype(np.float32)[..., None] * white


@dataclass(frozen=True, slots=True)
class BoardPlacement:
    """Pose of the ChArUco board: its centre in bench mm, height over the bench, tilts about x and y and rotation."""

    x_mm: float = 0.0
    y_mm: float = 0.0
    lift_mm: float = 0.0
    tilt_deg: tuple[float, float] = (0.0, 0.0)
    rotation_deg: float = 0.0


def render_board(place: BoardPlacement, shooting: Shooting, rig: BenchRig | None = None) -> Rendered:
    """A picture of the ChArUco board, flat or tilted; ``Rendered.camera`` is the camera in the *board's* frame
    (OpenCV's: origin at the top left corner, x right, y down, z away from the camera)."""
    rig = BenchRig() if rig is None else rig
    rng = np.random.default_rng(shooting.seed)
    bench_cam = camera_of(shooting, rig)
    turn = camera.look(1, 1, 1.0, 0.0, tilt_deg=place.tilt_deg, roll_deg=place.rotation_deg).rotation
    spec = rig.board
    middle = np.array([spec.squares[0] * spec.square_mm / 2, spec.squares[1] * spec.square_mm / 2, 0.0])
    at = np.array([place.x_mm, place.y_mm, -place.lift_mm]) - turn @ middle
    cam = Camera(
        bench_cam.width,
        bench_cam.height,
        bench_cam.matrix,
        bench_cam.distortion,
        bench_cam.rotation @ turn,
        bench_cam.rotation @ at + bench_cam.translation_mm,
    )
    tables = lamps.tables(shooting.lamp.layout)
    flat = np.zeros((64, 64), dtype=np.float32)
    image = np.empty((cam.height, cam.width, 3), dtype=np.float32)
    light = np.empty_like(image)
    _paint_mat(image, light, bench_cam, shooting, rig, shade.cast_shadows(flat, 2.0, (-64.0, -64.0), tables))
    _paint_print(
        image, light, cam, bench.board_print(spec), bench.inks(0.80, 0.045, shooting.lamp), shooting.subsamples
    )
    image *= light[..., 2:3]
    empty = np.zeros(image.shape[:2], dtype=np.uint8)
    return _finish(image, cam, shooting, rng, empty)


def render_grey(shooting: Shooting, rig: BenchRig | None = None) -> Rendered:
    """A picture of the uniform grey card filling the field."""
    rig = BenchRig() if rig is None else rig
    rng = np.random.default_rng(shooting.seed)
    cam = camera_of(shooting, rig)
    tables = lamps.tables(shooting.lamp.layout)
    flat = np.zeros((64, 64), dtype=np.float32)
    image = np.empty((cam.height, cam.width, 3), dtype=np.float32)
    light = np.empty_like(image)
    _paint_mat(image, light, cam, shooting, rig, shade.cast_shadows(flat, 2.0, (-64.0, -64.0), tables))
    grey = bench.inks(rig.grey_reflectance, 0.0, shooting.lamp).raw[0].sum(axis=0)
    grain = 1 + np.float32(0.004) * cv2.GaussianBlur(
        rng.standard_normal(image.shape[:2], dtype=np.float32), (0, 0), 1.5
    )
    image = (light[..., 2:3] * grain[..., None] * grey).astype(np.float32)
    return _finish(image, cam, shooting, rng, np.zeros(image.shape[:2], dtype=np.uint8))


def _finish(
    image: Single, cam: Camera, shooting: Shooting, rng: np.random.Generator, empty: NDArray[np.uint8]
) -> Rendered:
    picture = camera.expose(
        image, cam, shooting.lamp, _scaled(shooting.optics, shooting.scale), shooting.processing, rng
    )
    data = camera.jpeg(picture, shooting.processing.quality, shooting.taken_at)
    return Rendered(data, picture, image, cam, empty, empty, empty, {}, None)
