"""The files beside the pictures: control sheet, rig, card and the list of units."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np

from sample_data.renderer.bench import BenchRig
from sample_data.renderer.relief import Design
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

APPROVED_ON = date(2026, 5, 10)
NOTES = (
    "Agreed, and measured by hand: thickness +-0.10 mm, enamel at most 0.15 mm below the line, clutch retention at "
    "least 15 N, card slot position +-1.0 mm, polybag 0.04 to 0.05 mm."
)
"""What a control sheet for a pin says about properties that the camera does not see."""


def control_sheet(design: Design, view: View) -> str:
    """The control sheet of a design, its places given in pixels of the golden photo that ``view`` describes."""

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
            for name in sheet_sizes(design)
        ],
        "defects": [
            {"kind": kind, "limit_mm": limit_of(kind, design.enamel), "class": "major"} for kind in DEFECT_LIMITS_MM
        ],
        "aql": {"level": "II", "critical": 0, "major": 2.5, "minor": 4.0},
    }
    return toml_text(sheet)


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
