"""A unit in the making: the relief of its design with emblem, colours and defects applied one after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from sample_data.renderer import materials, metamers
from sample_data.renderer.canvas import Canvas, Mask, Raster, depth_inside, smooth
from sample_data.renderer.part import NOTHING, Part, Surface
from sample_data.renderer.relief import (
    FIRST_CELL,
    GROUND,
    METAL,
    SHADE,
    Design,
    Labels,
    Relief,
    build_relief,
    round_off,
)
from sample_data.renderer.shape import AS_DESIGNED, Shape

PITCH_MM = 0.01
FLOOR_MM = 0.30
"""Depth of the struck floor under the enamel, below the metal plateau."""
EMBLEM_RISE_MM = 0.16
"""Height of an applied emblem's metal over the plateau it is soldered to."""


@dataclass(frozen=True, slots=True)
class LogoShift:
    """Displacement of the emblem against the body: mm in the golden frame, degrees clockwise, scale (1 = golden)."""

    x_mm: float = 0.0
    y_mm: float = 0.0
    rotation_deg: float = 0.0
    scale: float = 1.0


@dataclass
class Workpiece:
    """Mutable on purpose: each defect cuts into what the ones before left."""

    design: Design
    canvas: Canvas
    height_mm: Raster
    labels: Labels
    coverage: Raster
    wall_mm: Raster
    surfaces: list[Surface]
    emblem_labels: dict[str, int]

    def add(self, surface: Surface) -> int:
        """The label of a further surface."""
        if surface in self.surfaces:
            return self.surfaces.index(surface) + 1
        self.surfaces.append(surface)
        if len(self.surfaces) > 254:
            raise ValueError("a part has room for 254 surfaces")
        return len(self.surfaces)

    def cell_label(self, name: str) -> int:
        """Label of an enamel cell; ``KeyError`` for an unknown name."""
        for i, cell in enumerate(self.design.cells):
            if cell.name == name:
                return FIRST_CELL + i
        raise KeyError(name)

    def label_of(self, region: str) -> int:
        """Label of an enamel cell or a layer of the emblem; ``KeyError`` for an unknown name."""
        return self.emblem_labels[region] if region in self.emblem_labels else self.cell_label(region)

    def region_at(self, x_mm: float, y_mm: float) -> str:
        """Name of what the design shows at a place: a cell, ``metal``, the emblem's name or ``outside``."""
        column = round(x_mm / self.canvas.pitch_mm + self.canvas.origin_px[0])
        row = round(y_mm / self.canvas.pitch_mm + self.canvas.origin_px[1])
        if not (0 <= column < self.canvas.width and 0 <= row < self.canvas.height):
            return "outside"
        return self.region_of(int(self.labels[row, column]))

    def region_of(self, label: int) -> str:
        """Name of the region that a label of the untouched unit belongs to."""
        if label == NOTHING:
            return "outside"
        if label in self.emblem_labels.values():
            return self.design.emblem.name
        if FIRST_CELL <= label < FIRST_CELL + len(self.design.cells):
            return self.design.cells[label - FIRST_CELL].name
        return "metal"

    def shift_colour(self, region: str, delta_e: float, direction: str | None, rng: np.random.Generator) -> None:
        """Changes the recipe of a cell or an emblem layer by a CIEDE2000 amount."""
        label = self.label_of(region)
        old = self.surfaces[label - 1]
        self.surfaces[label - 1] = replace(old, recipe=materials.shift_recipe(old.recipe, delta_e, direction, rng))

    def make_metameric(self, region: str, alike: str, apart: str, delta_e: float) -> None:
        """Gives a cell or an emblem layer a spectrum that matches its present one under the illuminant ``alike`` and
        lies ``delta_e`` CIEDE2000 off under ``apart``. ``RequestError`` where there is none."""
        label = self.label_of(region)
        old = self.surfaces[label - 1]
        other = metamers.metamer(materials.diffuse_reflectance(old), alike, apart, delta_e)
        self.surfaces[label - 1] = replace(old, spectrum=tuple(other.tolist()))

    def tarnish(self, oxide: float) -> None:
        """Darkens the whole plating."""
        for i, s in enumerate(self.surfaces):
            if materials.is_metallic(s):
                self.surfaces[i] = replace(s, recipe={"oxide": s.recipe.get("oxide", 0.0) + oxide})

    def part(self, name: str, size: float) -> Part:
        """The finished unit, ``size`` times as large as the design."""
        surface = np.where(self.coverage > 0, np.maximum(self.labels, METAL), NOTHING).astype(np.uint8)
        return Part(
            name=name,
            pitch_mm=self.canvas.pitch_mm * size,
            origin_px=self.canvas.origin_px,
            height_mm=self.height_mm,
            surface=surface,
            surfaces=tuple(self.surfaces),
            thickness_mm=self.design.thickness_mm,
            coverage=self.coverage,
        )


@lru_cache(maxsize=2)
def relief_of(design: Design, pitch_mm: float = PITCH_MM, shape: Shape = AS_DESIGNED) -> Relief:
    """The relief of a design, kept while the same one is asked for."""
    return build_relief(design, design.canvas(pitch_mm), shape)


@lru_cache(maxsize=2)
def golden_piece(design: Design) -> Workpiece:
    """The golden, to look at only."""
    return start(design, LogoShift())


def start(design: Design, logo: LogoShift, pitch_mm: float = PITCH_MM, shape: Shape = AS_DESIGNED) -> Workpiece:
    """The body of a shape, the golden's unless told, with its emblem set on it where ``logo`` says."""
    relief = relief_of(design, pitch_mm, shape)
    gloss = 0.9 if design.enamel == "soft enamel" else 1.0
    rough = 0.12 if design.enamel == "soft enamel" else 0.06
    antique = 0.55 if design.metal == "antique brass" else 0.0
    surfaces = [
        Surface(design.metal, "metal", {"oxide": 0.0}, 0.16, metal=design.metal),
        Surface(f"{design.metal} ground", "sandblasted metal", {"oxide": antique}, 0.5, metal=design.metal),
        Surface(f"{design.metal} shade", "metal", {"oxide": 0.6 * antique}, 0.35, metal=design.metal),
    ]
    if (1, 2, 3, len(surfaces) + 1) != (METAL, GROUND, SHADE, FIRST_CELL):
        raise AssertionError("labels and surfaces out of step")
    for cell in design.cells:
        surfaces.append(Surface(f"enamel:{cell.name}", design.enamel, materials.recipe_for(cell.lab), rough, gloss))
    piece = Workpiece(
        design,
        relief.canvas,
        relief.height_mm.copy(),
        relief.labels.copy(),
        relief.coverage,
        relief.wall_mm,
        surfaces,
        {},
    )
    _set_emblem(piece, logo)
    return piece


def emblem_canvas(canvas: Canvas, design: Design, logo: LogoShift) -> tuple[slice, slice, Canvas, Canvas]:
    """The window the emblem lies in: rows, columns, its canvas in the part frame, and one in the emblem's own
    millimetres before turning and scaling."""
    emblem = design.emblem
    centre = (emblem.centre_mm[0] + logo.x_mm, emblem.centre_mm[1] + logo.y_mm)
    ys, xs, window = canvas.window(centre, emblem.reach_mm * 1.1 + 0.6)
    pitch = window.pitch_mm / logo.scale
    origin = (window.origin_px[0] + centre[0] / window.pitch_mm, window.origin_px[1] + centre[1] / window.pitch_mm)
    return ys, xs, window, Canvas(pitch, window.width, window.height, origin)


def emblem_masks(canvas: Canvas, design: Design, logo: LogoShift) -> tuple[slice, slice, dict[str, Mask]]:
    """Rows, columns and the emblem's layers there, sampled where the turned and shifted emblem lies."""
    import cv2

    ys, xs, window, own = emblem_canvas(canvas, design, logo)
    if logo.rotation_deg == 0:
        return ys, xs, dict(design.emblem.draw(own))
    fine = Canvas(own.pitch_mm / 2, own.width * 2, own.height * 2, (own.origin_px[0] * 2, own.origin_px[1] * 2))
    turn = cv2.getRotationMatrix2D(own.origin_px, -logo.rotation_deg, 1.0)  # OpenCV turns anticlockwise
    half = np.array([[0.5, 0, 0], [0, 0.5, 0], [0, 0, 1]])
    to_window = turn @ half
    layers = {}
    for name, mask in design.emblem.draw(fine).items():
        soft = cv2.warpAffine(mask.astype(np.float32), to_window, (window.width, window.height), flags=cv2.INTER_LINEAR)
        layers[name] = np.asarray(soft >= 0.5)
    return ys, xs, layers


def _set_emblem(piece: Workpiece, logo: LogoShift) -> None:
    design, emblem, pitch = piece.design, piece.design.emblem, piece.canvas.pitch_mm
    ys, xs, layers = emblem_masks(piece.canvas, design, logo)
    labels, height = piece.labels[ys, xs], piece.height_mm[ys, xs]
    names = [layer.name for layer in emblem.layers]
    if emblem.kind == "printed":
        for layer in emblem.layers:
            ink = Surface(f"print:{layer.name}", "print", materials.recipe_for(layer.lab), 0.45, 0.15)
            piece.emblem_labels[layer.name] = piece.add(ink)
            labels[layers[layer.name]] = piece.emblem_labels[layer.name]
            height[layers[layer.name]] += 0.008
        return
    plate = layers["metal"]
    top = design.thickness_mm + EMBLEM_RISE_MM
    enamel = np.logical_or.reduce([layers[n] for n in names]) & plate
    fine = 0.012 / pitch
    rim = smooth(depth_inside(plate, pitch), fine)
    wall = smooth(depth_inside(enamel, pitch), fine)
    crest = smooth(depth_inside(plate & ~enamel, pitch), fine)
    raised = top - round_off(rim, 0.09) - round_off(crest, 0.05)
    filled = top - 0.08 + 0.05 * np.exp(-wall / 0.1)
    height[plate] = np.where(enamel, filled, raised)[plate]
    metal = piece.add(Surface("emblem metal", "metal", {"oxide": 0.0}, 0.14, metal=design.metal))
    piece.emblem_labels["emblem metal"] = metal
    labels[plate] = metal
    for layer in emblem.layers:
        coat = Surface(f"enamel:{layer.name}", design.enamel, materials.recipe_for(layer.lab), 0.12, 0.9)
        piece.emblem_labels[layer.name] = piece.add(coat)
        labels[layers[layer.name] & plate] = piece.emblem_labels[layer.name]
