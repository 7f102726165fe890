"""What is true of each picture, in plain data ready for TOML, and the verdict that the control sheet implies."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_data.renderer import materials
from sample_data.renderer.canvas import Points
from sample_data.renderer.defects import HARMLESS, Made
from sample_data.renderer.measures import circle_of, shape_table
from sample_data.renderer.relief import Design
from sample_data.renderer.shape import AS_DESIGNED, Shape, outline_of
from sample_data.renderer.units import DISTURBANCES, TURNED, Manufactured, UnitPlan
from sample_data.renderer.workpiece import PITCH_MM, Workpiece, golden_piece
from station.values.colour import srgb_decode
from station.values.geometry import CameraPlane, Similarity

Table = dict[str, Any]
Float = NDArray[np.float64]

GATES: Mapping[str, str] = {**DISTURBANCES, **TURNED}
ACCEPT, REJECT = 2.0, 3.0
OFFSET_MM, ROTATION_DEG, SCALE = 0.30, 1.5, 0.015
SIZE_MM = 0.15
DEFECT_LIMITS_MM: Mapping[str, tuple[float, float]] = {
    "pit": (0.20, 0.15),
    "scratch": (1.5, 1.5),
    "missing-enamel": (0.50, 0.50),
    "speck": (0.20, 0.20),
    "overflow": (0.35, 0.35),
    "bubble": (0.30, 0.30),
    "plating-spot": (0.50, 0.50),
}
"""Limits by kind for soft and for hard enamel: diameter, or length for scratches."""


@dataclass(frozen=True, slots=True)
class View:
    """A photo and how to get from a part's millimetres to its pixels. pose : part frame (mm of the unit) to bench."""

    photo: NDArray[np.uint8]
    plane: CameraPlane
    pose: Similarity
    height_mm: float

    def to_photo(self, part_mm: Float) -> Float:
        """(..., 2) mm of the part frame on the face to (..., 2) photo pixels."""
        return self.plane.to_photo(self.pose.apply(part_mm), self.height_mm)

    def to_part(self, px: Float) -> Float:
        """(..., 2) photo pixels to (..., 2) mm of the part frame on the face."""
        return self.pose.inverse().apply(self.plane.to_plane(px, self.height_mm))


def limit_of(kind: str, enamel: str) -> float:
    """Limit in mm of a defect kind."""
    soft, hard = DEFECT_LIMITS_MM[kind]
    return soft if enamel == "soft enamel" else hard


def sizes_of(design: Design, size: float = 1.0, shape: Shape = AS_DESIGNED) -> dict[str, float]:
    """True sizes in mm of the outline (and hole), by the control sheet's names. Of a round part that is not, the
    diameter is that of the least-squares circle."""
    outline = outline_of(design, shape) * size
    low, high = outline.min(axis=0), outline.max(axis=0)
    widths = _widths(outline)
    out = {
        "width": float(high[0] - low[0]),
        "height": float(high[1] - low[1]),
        "max-feret": float(widths.max()),
        "min-feret": float(widths.min()),
    }
    if design.round:
        out["diameter"] = out["width"] if shape == AS_DESIGNED else circle_of(outline)[0]
    if design.holes:
        out["hole-diameter"] = float((np.ptp(design.holes[0][:, 0]) + shape.hole_growth_mm) * size)
    return out


def _widths(outline: Points) -> Float:
    """(720,) widths of the outline between parallel tangents, every quarter degree over half a turn."""
    a = np.arange(720) * (math.pi / 720)
    across = outline @ np.stack([np.cos(a), np.sin(a)])
    return np.asarray(across.max(axis=0) - across.min(axis=0), dtype=np.float64)


def regions_of(piece: Workpiece, golden: Workpiece) -> list[Table]:
    """Lab (D50 and D65) of every enamel and of the plating, with CIEDE2000 (D50) against the golden."""
    labels = {c.name: piece.cell_label(c.name) for c in piece.design.cells}
    labels |= {name: label for name, label in piece.emblem_labels.items() if name != "emblem metal"}
    labels["plating"] = 1
    out: list[Table] = []
    for name, label in labels.items():
        lab, was = (np.array(materials.lab(w.surfaces[label - 1], "D50")) for w in (piece, golden))
        d65 = materials.lab(piece.surfaces[label - 1], "D65")
        out.append(
            {
                "name": name,
                "lab_d50": [round(float(v), 3) for v in lab],
                "lab_d65": [round(float(v), 3) for v in d65],
                "delta_e_2000": round(float(materials.delta_e_2000(lab, was)), 3),
            }
        )
    return out


def unit_truth(design: Design, plan: UnitPlan, made: Manufactured, view: View, *, foreign: bool) -> Table:
    """The whole truth of one picture. ``foreign`` : the picture shows another product than the golden."""
    v = plan.variation
    regions = regions_of(made.piece, golden_piece(design))
    sizes = sizes_of(design, v.size, v.shape)
    defects = [_defect_truth(design, d, view, v.size) for d in made.defects]
    logo = {
        "name": design.emblem.name,
        "offset_x_mm": round(v.logo.x_mm, 4),
        "offset_y_mm": round(v.logo.y_mm, 4),
        "offset_mm": round(math.hypot(v.logo.x_mm, v.logo.y_mm), 4),
        "rotation_deg": round(v.logo.rotation_deg, 4),
        "scale": round(v.logo.scale, 5),
    }
    values = readings(design, regions, sizes, logo, defects)
    verdict, reasons = judge(plan, values)
    table: Table = {
        "name": plan.name,
        "photo": photo_of(plan),
        "planned_fault": plan.fault,
        "verdict": verdict,
        "reasons": reasons,
        "closest": closest(values),
        "size_factor": round(v.size, 6),
        "pose": {
            "x_mm": round(view.pose.x, 4),
            "y_mm": round(view.pose.y, 4),
            "rotation_deg": round(view.pose.rotation_deg, 4),
        },
        "camera": camera_truth(view.plane),
        "logo": logo,
        "sizes_mm": {k: round(s, 4) for k, s in sizes.items()},
        "regions": regions,
        "defects": defects,
    }
    if plan.measured:
        table |= shape_table(design, v.shape, v.size)
    if plan.disturbance:
        table |= {"disturbance": plan.disturbance, "gate": GATES[plan.disturbance]}
    if foreign:
        table["shows"] = design.name
    return table


def photo_of(plan: UnitPlan) -> str:
    """Path of a plan's photo within its design's folder: spoilt photos lie apart from the lot."""
    if plan.disturbance:
        return f"disturbed/{plan.disturbance}.jpg"
    return f"units/{plan.name}.jpg"


def camera_truth(plane: CameraPlane) -> Table:
    """Camera matrix, distortion and pose, row by row."""
    return {
        "matrix": [round(float(x), 5) for x in plane.camera_matrix.ravel()],
        "distortion": [round(float(x), 8) for x in plane.distortion],
        "rotation": [round(float(x), 9) for x in plane.rotation.ravel()],
        "translation_mm": [round(float(x), 5) for x in plane.translation_mm],
    }


def readings(
    design: Design, regions: list[Table], sizes: Mapping[str, float], logo: Table, defects: list[Table]
) -> list[tuple[str, float, float]]:
    """Every characteristic of the sheet with its true value (deviations signed) and its limit (reject, for colours)."""
    cells = {c.name for c in design.cells}
    mark, nominal = logo["name"], sizes_of(design)
    out = [(f"colour:{r['name']}", float(r["delta_e_2000"]), REJECT) for r in regions if r["name"] in cells]
    out += [
        (f"offset:{mark}", logo["offset_mm"], OFFSET_MM),
        (f"rotation:{mark}", logo["rotation_deg"], ROTATION_DEG),
        (f"scale:{mark}", logo["scale"] - 1, SCALE),
    ]
    out += [(f"size:{name}", sizes[name] - nominal[name], SIZE_MM) for name in sheet_sizes(design)]
    for d in defects:
        if d["kind"] not in HARMLESS:
            value = d["length_mm"] if d["kind"] == "scratch" else d["size_mm"]
            out.append((f"{d['kind']}:{d['region']}", value, limit_of(d["kind"], design.enamel)))
    return out


def judge(plan: UnitPlan, values: list[tuple[str, float, float]]) -> tuple[str, list[str]]:
    """Verdict of the true values under the sheet's limits, and what speaks against the unit, each with its limit.

    A colour between accept and reject is ``undecided``, and so is a picture that a gate should stop.
    """
    if plan.disturbance:
        return "undecided", [f"gate {GATES[plan.disturbance]}"]
    against = [f"{name} {value:.3f} over {limit:g}" for name, value, limit in values if abs(value) > limit]
    doubtful = [
        f"{name} {value:.3f} between {ACCEPT:g} and {REJECT:g}"
        for name, value, _ in values
        if name.startswith("colour:") and ACCEPT < value <= REJECT
    ]
    return ("nonconforms", against + doubtful) if against else ("undecided" if doubtful else "conforms", doubtful)


def closest(values: list[tuple[str, float, float]]) -> Table:
    """The characteristic nearest to its limit or furthest beyond it; ``share`` is value over limit."""
    name, value, limit = max(values, key=lambda v: abs(v[1]) / v[2])
    return {"characteristic": name, "value": round(value, 4), "limit": limit, "share": round(abs(value) / limit, 3)}


def sheet_sizes(design: Design) -> tuple[str, ...]:
    """Sizes that the control sheet of a design asks for."""
    names = ("diameter",) if design.round else ("width", "height")
    return (*names, "hole-diameter") if design.holes else names


def _defect_truth(design: Design, d: Made, view: View, size: float) -> Table:
    table: Table = {
        "kind": d.kind,
        "x_mm": round(d.x_mm, 4),
        "y_mm": round(d.y_mm, 4),
        "size_mm": round(d.size_mm * size, 4),
        "length_mm": round(d.length_mm * size, 4),
        "area_mm2": round(d.area_mm2 * size**2, 5),
        "region": d.region,
        "harmless": d.kind in HARMLESS,
    }
    if d.kind in DEFECT_LIMITS_MM:
        table["limit_mm"] = limit_of(d.kind, design.enamel)
    ratio = contrast_to_noise(d, view, size)
    if ratio is not None:
        table["contrast_to_noise"] = round(ratio, 2)
    return table


def contrast_to_noise(d: Made, view: View, size: float) -> float | None:
    """Greatest difference, over the channels, of the mean linear light in the defect and in a ring of 0.1-0.3 mm round
    it, over the ring's standard deviation (from its median absolute deviation). None where too little is in the photo.
    """
    rows, columns = np.nonzero(d.mask)
    if not len(rows):
        return None
    pitch = PITCH_MM * size
    near = cv2.distanceTransform(1 - np.pad(d.mask.astype(np.uint8), 40), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) * pitch
    middle_row, middle_column = rows.mean() + 40, columns.mean() + 40
    at = np.array([d.x_mm, d.y_mm]) * size
    corners = (
        at
        + (np.array([[0, 0], [near.shape[1], 0], [0, near.shape[0]], near.shape[::-1]]) - (middle_column, middle_row))
        * pitch
    )
    px = view.to_photo(corners)
    low, high = np.floor(px.min(axis=0)).astype(int), np.ceil(px.max(axis=0)).astype(int) + 1
    h, w = view.photo.shape[:2]
    if low.min() < 0 or high[0] >= w or high[1] >= h:
        return None
    y, x = np.mgrid[low[1] : high[1], low[0] : high[0]]
    part = view.to_part(np.stack([x, y], axis=-1).astype(np.float64))
    index = np.rint((part - at) / pitch + (middle_column, middle_row)).astype(int)
    inside = (index >= 0).all(axis=-1) & (index[..., 0] < near.shape[1]) & (index[..., 1] < near.shape[0])
    far = np.where(
        inside, near[np.clip(index[..., 1], 0, near.shape[0] - 1), np.clip(index[..., 0], 0, near.shape[1] - 1)], np.inf
    )
    light = srgb_decode(view.photo[low[1] : high[1], low[0] : high[0]] / 255)
    hit, ring = light[far == 0], light[(far > 0.1) & (far < 0.3)]
    if len(hit) < 2 or len(ring) < 12:
        return None
    centre = np.median(ring, axis=0)
    spread = np.maximum(1.4826 * np.median(np.abs(ring - centre), axis=0), 1e-4)
    return float(np.max(np.abs(hit.mean(axis=0) - centre) / spread))
