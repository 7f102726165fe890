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
UNLIKE = 1.5
"""Times its own uncertainty that the colour of a golden laid down again is not off by: coverage is about 95 % at 1."""


def unlike_enamel(master: Master, again: Aligned) -> str:
    """What tells that a photo shows another part than the golden, in words: two regions that are no metal and differ by
    more than laying the golden down again explains, one of them by far. Nothing where it may be the golden."""
    metal = {f"colour:{r.name}" for r in master.regions if r.surface == "plating"}
    seen = [(m, m.value) for m in measure_regions(again, master) if m.characteristic not in metal]
    beyond = [(value / m.u, m, value) for m, value in seen if value is not None and value > m.u > 0]
    if len(beyond) < 2 or max(ratio for ratio, _, _ in beyond) <= UNLIKE:
        return ""
    _, worst, value = max(beyond, key=lambda b: b[0])
    name = worst.characteristic.partition(":")[2]
    return f"{name} is {value:.2f} CIEDE2000 from it (u {worst.u:.2f}), and {len(beyond) - 1} more differ"


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
