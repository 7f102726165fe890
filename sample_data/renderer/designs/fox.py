"""A 30 mm fox's head in antique brass with an applied maple leaf on its brow: an outline that is no simple shape."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sample_data.renderer.canvas import Canvas, Mask, Points, depth_inside, ellipse, mirrored, rounded, spline
from sample_data.renderer.relief import Artwork, Cell, Design, Emblem, Line

CELLS = (
    Cell("coat", (60.0, 40.0, 56.0)),
    Cell("mane", (42.0, 36.0, 38.0)),
    Cell("cheeks", (90.0, 1.0, 12.0)),
    Cell("ears", (26.0, 6.0, 8.0)),
    Cell("eyes", (80.0, 4.0, 70.0)),
    Cell("nose", (16.0, 1.0, 1.0)),
)
_RIGHT = spline(
    [
        (0.0, -7.2),
        (2.6, -7.6),
        (4.6, -9.2),
        (7.4, -12.6),
        (10.6, -15.0),
        (10.6, -15.0),
        (12.2, -10.6),
        (12.7, -6.4),
        (12.6, -2.4),
        (13.6, 0.6),
        (15.2, 3.6),
        (15.2, 3.6),
        (12.9, 4.6),
        (13.4, 6.9),
        (13.4, 6.9),
        (10.9, 7.6),
        (10.6, 9.6),
        (10.6, 9.6),
        (6.6, 10.8),
        (3.4, 13.6),
        (0.0, 15.0),
    ],
    closed=False,
)
OUTLINE: Points = np.vstack([_RIGHT, mirrored(_RIGHT)[1:-1]])

_CHEEK = spline(
    [
        (1.9, 4.0),
        (4.3, 3.4),
        (7.4, 1.9),
        (10.9, 1.4),
        (15.4, 3.6),
        (15.4, 8.0),
        (11.0, 10.4),
        (7.0, 11.6),
        (3.4, 14.4),
        (0.9, 14.4),
        (2.3, 11.2),
        (2.5, 7.4),
    ]
)
_EAR = rounded(np.array([(5.6, -8.4), (9.9, -12.9), (11.3, -6.6), (8.4, -5.0)]), 0.5)
_EYE = spline([(2.7, 1.9), (2.7, 1.9), (3.9, 0.1), (6.3, -0.7), (6.3, -0.7), (5.3, 1.6)])


def _both(canvas: Canvas, shape: Points) -> Mask:
    return canvas.fill(shape) | canvas.fill(mirrored(shape))


def draw(canvas: Canvas) -> Artwork:
    """The head without its leaf."""
    pitch = canvas.pitch_mm
    body = canvas.fill(OUTLINE)
    inner = depth_inside(body, pitch) > 0.62
    line = 0.15
    cheeks_all = _both(canvas, _CHEEK) & inner
    ears_all = _both(canvas, _EAR)
    eyes_all = _both(canvas, _EYE)
    nose_all = canvas.fill(spline([(-2.0, 11.0), (0.0, 10.5), (2.0, 11.0), (1.4, 12.5), (0.0, 13.4), (-1.4, 12.5)]))
    # The mane: a darker flame from each brow down the side of the face.
    side = spline(
        [(13.2, -6.0), (10.2, -3.6), (8.6, -1.4), (7.3, 0.5), (10.0, 0.2), (12.6, 0.9), (15.5, 3.2), (15.0, -3.0)]
    )
    mane_all = _both(canvas, side) & inner & ~cheeks_all

    def apart(region: Mask, *others: Mask) -> Mask:
        out = depth_inside(region, pitch) > line
        for other in others:
            out &= depth_inside(~other, pitch) > line
        return np.asarray(out)

    fur = canvas.empty()
    for x, y, dx, dy in (
        (2.2, 4.9, 0.25, 2.0),
        (8.6, -3.7, -0.9, 1.1),
        (6.9, -4.6, -0.8, 1.2),
        (2.5, -5.6, -0.5, 1.0),
        (4.5, -6.0, -0.7, 1.1),
    ):
        for flip in (1.0, -1.0):
            fur |= canvas.stroke(np.array([(flip * x, y), (flip * (x + dx), y + dy)]), 0.2)
    tufts = canvas.empty()
    for x, y, dx, dy in (
        (9.2, 5.2, 1.7, 0.5),
        (7.2, 7.1, 1.5, 0.9),
        (5.0, 6.0, 1.2, 0.5),
        (5.0, 9.0, 1.2, 0.9),
        (10.6, 3.4, 1.8, 0.3),
    ):
        for flip in (1.0, -1.0):
            tufts |= canvas.stroke(np.array([(flip * x, y), (flip * (x + dx), y + dy)]), 0.2)
    pupil = _both(canvas, ellipse((4.6, 0.6), 0.42, 0.95, 20.0))
    coat = inner & (canvas.y < 11.4) & ~cheeks_all & ~ears_all & ~eyes_all & ~nose_all & ~mane_all
    cells: dict[str, Mask] = {
        "coat": apart(coat) & ~fur,
        "mane": apart(mane_all),
        "cheeks": apart(cheeks_all, nose_all, eyes_all) & ~tufts,
        "ears": apart(ears_all & inner),
        "eyes": apart(eyes_all) & ~pupil,
        "nose": apart(nose_all & inner),
    }
    return Artwork(body, cells)


def draw_leaf(canvas: Canvas) -> Mapping[str, Mask]:
    """An oak leaf with its midrib; the two halves in two greens."""
    half = [
        (0.0, -2.9),
        (0.62, -2.5),
        (0.55, -1.95),
        (1.25, -1.65),
        (1.15, -0.95),
        (1.75, -0.5),
        (1.45, 0.25),
        (1.8, 0.85),
    ]
    half += [(1.1, 1.35), (0.95, 1.9), (0.3, 2.1)]
    leaf = spline([*half, *[(-x, y) for x, y in reversed(half[1:])]])
    pitch = canvas.pitch_mm
    blade = canvas.fill(leaf)
    metal = blade | canvas.stroke(np.array([(0.0, 1.9), (0.35, 3.1)]), 0.42)
    veins = canvas.stroke(np.array([(0.0, -2.3), (0.0, 2.6)]), 0.22)
    for y in (-1.2, -0.1, 1.0):
        for flip in (1.0, -1.0):
            veins |= canvas.stroke(np.array([(0.0, y), (flip * 1.0, y - 0.62)]), 0.16)
    fill = (depth_inside(blade, pitch) > 0.2) & ~veins
    return {"metal": metal, "leaf-light": fill & (canvas.x > 0), "leaf-dark": fill & (canvas.x < 0)}


FOX = Design(
    name="fox",
    title="Woodland fox pin",
    sku="WLF-FOX-30",
    type="pin",
    metal="antique brass",
    enamel="soft enamel",
    thickness_mm=1.5,
    depth_mm=0.13,
    outline=OUTLINE,
    cells=CELLS,
    emblem=Emblem(
        name="leaf",
        kind="struck",
        centre_mm=(0.0, -2.9),
        reach_mm=3.3,
        polygon=ellipse((0, 0), 2.3, 3.4, n=24),
        layers=(Cell("leaf-light", (56.0, -36.0, 36.0)), Cell("leaf-dark", (40.0, -30.0, 22.0))),
        draw=draw_leaf,
    ),
    draw=draw,
    bevel_mm=0.20,
    seeds_mm={
        "coat": (0.0, 6.5),
        "mane": (11.2, -1.6),
        "cheeks": (8.0, 4.0),
        "ears": (9.3, -9.4),
        "eyes": (3.7, 1.2),
        "nose": (0.0, 12.0),
    },
    lines=(Line("nose-line", (0.0, 10.5), 90.0),),
)
