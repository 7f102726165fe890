"""Backs: what the camera sees of a part that lies upside down; the alpine pin's is a product of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

import numpy as np

from sample_data.renderer.canvas import Canvas, Mask, depth_inside, mirrored, rounded_box
from sample_data.renderer.designs.alpine import ALPINE
from sample_data.renderer.relief import Artwork, Cell, Design, Emblem, Post

RIM_MM = 0.9
"""Width of the flat rim round the sunk, rolled back."""


def draw_stamp(canvas: Canvas) -> Mapping[str, Mask]:
    """The maker's mark, burnt in by a laser."""
    mark = canvas.text("METRIC", (0, -0.75), 0.95, weight_mm=0.14, tracking_mm=0.1)
    mark |= canvas.text("1923", (0, 1.05), 1.0, weight_mm=0.14, tracking_mm=0.12)
    return {"burnt": mark, "frame": canvas.fill(rounded_box(6.0, 4.0, 0.5), rounded_box(5.6, 3.6, 0.35))}


@cache
def back_of(front: Design) -> Design:
    """The plain stamped back of a design, with a post where a pin has one. Its frame is the front's turned over about
    the y axis."""
    outline = mirrored(front.outline)
    holes = tuple(mirrored(h) for h in front.holes)

    def draw(canvas: Canvas) -> Artwork:
        body = canvas.fill(outline, *holes)
        sunk = depth_inside(body, canvas.pitch_mm) > RIM_MM
        return Artwork(body, {}, ground=np.asarray(sunk))

    return replace(
        front,
        name=f"{front.name}-back",
        title=f"{front.title}, back",
        sku=f"{front.sku}-B",
        outline=outline,
        holes=holes,
        cells=(),
        seeds_mm={},
        lines=(),
        draw=draw,
        posts=(Post("post", (0.0, -4.4)),) if front.type == "pin" else (),
        emblem=Emblem(
            name="backstamp",
            kind="printed",
            centre_mm=(0.0, 2.6),
            reach_mm=3.9,
            polygon=rounded_box(6.6, 4.6, 0.6)[::12],
            layers=(Cell("burnt", (14.0, 1.0, 2.0)), Cell("frame", (14.0, 1.0, 2.0))),
            draw=draw_stamp,
        ),
    )


BACK = replace(back_of(ALPINE), name="back")


def other_side(design: Design) -> Design:
    """What the camera sees of a part that was laid down the wrong way up."""
    return ALPINE if design is BACK else back_of(design)
