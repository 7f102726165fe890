"""What placing a part on the bench again does to its colours: metal mirrors other things, gloss a little."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from station.measure.colour import measure_regions
from station.values.colour import Lab
from station.values.difference import delta_e_2000
from station.values.line import Aligned, Master, Measurement, RegionMaster

KNOWN_FROM_SURFACE = 4
"""Degrees of freedom that what is known of a surface counts for beside the placements that were photographed."""


def with_placements(master: Master, again: Sequence[Aligned]) -> Master:
    """The master with every region's spread from one placement to the next, from further photos of the same golden.

    The spread is the standard deviation of CIEDE2000 about the mean colour of all placements, the golden's own among
    them. A few placements say little of a spread, so it is pooled with what the surface is known for.
    """
    seen = [measure_regions(a, master) for a in again]
    regions = []
    for i, region in enumerate(master.regions):
        measured = [m[i] for m in seen if m[i].value is not None]
        regions.append(region if not measured or region.lab is None else _pooled(region, measured))
    return replace(master, regions=tuple(regions))


def _pooled(region: RegionMaster, measured: Sequence[Measurement]) -> RegionMaster:
    labs = np.array([region.lab, *(m.detail["lab"] for m in measured)], dtype=np.float64)
    squares = delta_e_2000(Lab(labs.mean(axis=0)), Lab(labs)) ** 2
    # A budget's placement is that of a difference, of two placements.
    known = float(np.mean([_placement(m) ** 2 for m in measured])) / 2
    degrees = KNOWN_FROM_SURFACE + len(measured)
    return replace(region, u_placement=math.sqrt((KNOWN_FROM_SURFACE * known + float(squares.sum())) / degrees))


def _placement(m: Measurement) -> float:
    parts = m.detail["u_parts"]
    assert isinstance(parts, dict)
    return float(parts["placement"])


def supported_limits(master: Master) -> dict[str, float]:
    """By region, the smallest CIEDE2000 limit that a unit photographed as the golden was could be proven to keep: the
    expanded uncertainty of the golden against itself. Regions without a colour are left out."""
    shape = master.labels.shape
    itself = Aligned(
        image=master.image,
        clipped=np.zeros(shape, dtype=bool),
        valid=np.ones(shape, dtype=bool),
        similarity=master.pose,
        rms_px=0.0,
        overlap=1.0,
        u_offset_mm=0.0,
        u_rotation_deg=0.0,
        u_scale=0.0,
        correction=master.correction,
        scale_source=master.scale_source,
        noise=master.noise,
        blur_px=master.blur_px,
        card_light=master.card_light,
        coding_step=master.coding_step,
        bench=master.bench,
    )
    found = zip(master.regions, measure_regions(itself, master), strict=True)
    return {r.name: float(str(m.detail["best_limit"])) for r, m in found if m.value is not None}
