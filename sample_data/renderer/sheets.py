"""The files beside the pictures: control sheet, rig, card and the list of units."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np

from sample_data.renderer.bench import BenchRig
from sample_data.renderer.measures import shape_table
from sample_data.renderer.relief import Design
from sample_data.renderer.shape import AS_DESIGNED
from sample_data.renderer.tomltext import toml_text
from sample_data.renderer.truth import (
    ACCEPT,
    DEFECT_LIMITS_MM,
    OFFSET_MM,
    REJECT,
    ROTATION_DEG,
    SCALE,
    SIZE_MM,
    View,
    limit_of,
    photo_of,
    sheet_sizes,
    sizes_of,
)
from sample_data.renderer.units import UnitPlan

BOUNDARY_MM, BORDER_MM, ROUNDNESS_MM, LINE_MM = 0.15, 0.20, 0.15, 0.08
POSITION_MM, POST_POSITION_MM = 0.20, 0.40
"""Tolerances of a measured set's sheet."""
APPROVED_ON = date(2026, 5, 10)
NOTES = (
    "Agreed, and measured by hand: thickness +-0.10 mm, enamel at most 0.15 mm below the line, clutch retention at "
    "least 15 N, card slot position +-1.0 mm, polybag 0.04 to 0.05 mm."
)
"""What a control sheet for a pin says about properties that the camera does not see."""


def control_sheet(design: Design, view: View, *, measured: bool = False) -> str:
    """The control sheet of a design, its places given in pixels of the golden photo that ``view`` describes.

    measured : with rows for everything that the truth of a measured set tells, and limits of the boundaries.
    """

    def px(point: tuple[float, float]) -> list[float]:
        return [round(float(v), 1) for v in view.to_photo(np.asarray(point, dtype=np.float64))]

    emblem = design.emblem
    nominal = sizes_of(design)
    sheet: dict[str, Any] = {
        "schema": 1,
        "product": {
            "sku": design.sku,
            "name": design.title,
            "type": design.type,
            "finish": f"{design.enamel}, {design.metal}",
            "thickness_mm": design.thickness_mm,
            "notes": NOTES if design.type == "pin" else None,
        },
        "golden": {"number": f"GS-{design.name.upper()}-01", "approved_on": APPROVED_ON},
        "regions": [
            {
                "name": cell.name,
                "seed_px": px(design.seeds_mm[cell.name]),
                "surface": design.enamel,
                "accept": ACCEPT,
                "reject": REJECT,
                "boundary_mm": BOUNDARY_MM if measured else None,
                "class": "major",
            }
            for cell in design.cells
        ],
        "marks": [
            {
                "name": emblem.name,
                "polygon_px": [px((float(p[0]), float(p[1]))) for p in emblem.polygon + np.array(emblem.centre_mm)],
                "offset_mm": OFFSET_MM,
                "rotation_deg": ROTATION_DEG,
                "scale": SCALE,
                "class": "major",
            }
        ],
        "sizes": [
            {
                "name": name,
                "nominal_mm": round(nominal[name], 3),
                "plus_mm": SIZE_MM,
                "minus_mm": SIZE_MM,
                "golden_mm": round(nominal[name], 2),
                "class": "major",
            }
            for name in (*sheet_sizes(design), *(_further_outline(design) if measured else ()))
        ]
        + (_further_sizes(design, px) if measured else []),
        "defects": [
            {"kind": kind, "limit_mm": limit_of(kind, design.enamel), "class": "major"} for kind in DEFECT_LIMITS_MM
        ],
        "aql": {"level": "II", "critical": 0, "major": 2.5, "minor": 4.0},
    }
    return toml_text(sheet)


def _further_outline(design: Design) -> tuple[str, ...]:
    return tuple(n for n in ("width", "height", "max-feret", "min-feret") if n not in sheet_sizes(design))


def _further_sizes(design: Design, px: Callable[[tuple[float, float]], list[float]]) -> list[dict[str, Any]]:
    """Rows for border, roundness, lines, recesses, and the places of hole and posts."""
    truth = shape_table(design, AS_DESIGNED, 1.0)
    least = round(truth["border"]["minimum_mm"], 2)
    rows: list[dict[str, Any]] = [{"name": "border", "nominal_mm": least, "minus_mm": BORDER_MM}]
    if design.round:
        rows.append({"name": "roundness", "nominal_mm": 0.0, "plus_mm": ROUNDNESS_MM})
    for line, true in zip(design.lines, truth["lines"], strict=True):
        rows.append(
            {
                "name": line.name,
                "feature": "recess" if line.sunk else "line",
                "at_px": px(line.at_mm),
                "nominal_mm": round(true["width_mm"], 2),
                "plus_mm": LINE_MM,
                "minus_mm": LINE_MM,
            }
        )
    if design.holes:
        rows.append({"name": "position", "nominal_mm": 0.0, "plus_mm": POSITION_MM})
    for post in design.posts:
        at = px(post.at_mm)
        rows.append(
            {"name": post.name, "feature": "position", "at_px": at, "nominal_mm": 0.0, "plus_mm": POST_POSITION_MM}
        )
    return [row | {"class": "major"} for row in rows]


def rig_file(rig: BenchRig) -> str:
    """The rig as the station reads it."""
    return toml_text(
        {
            "name": rig.name,
            "camera": {"width": rig.width, "height": rig.height, "distance_mm": rig.distance_mm},
            "markers": [
                {"dictionary": m.dictionary, "id": m.id, "centre_mm": list(m.centre_mm), "side_mm": m.side_mm}
                for m in rig.markers
            ],
            "board": {
                "squares": list(rig.board.squares),
                "square_mm": rig.board.square_mm,
                "marker_mm": rig.board.marker_mm,
                "dictionary": rig.board.dictionary,
            },
            "grey": {"reflectance": rig.grey_reflectance},
        }
    )


def units_table(design: Design, plans: Sequence[UnitPlan], seed: int) -> str:
    """CSV of the lot's units: unit, photo, carton, lot code, plating date."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["unit", "photo", "carton", "lot_code", "plating_date"])
    for p in plans:
        writer.writerow([p.name, photo_of(p), f"C{p.carton:02d}", f"{design.sku}-L{seed:03d}", p.plated_on])
    return out.getvalue()
