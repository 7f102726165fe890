"""What a photo shows that is not the golden's product: drawn faces, seen through the search's own maps."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from station.measure.coarse import GRID, CoarseMaster, build_coarse, feature_maps, grid_mm, tint_spread
from station.measure.identity import MIRRORED, mismatch, outline_overlap, preference
from station.measure.master_index import LEVELS, templates_of
from station.measure.mirror import MirrorImage, mirror_image
from station.measure.polygon import polygon_mask
from station.measure.refine import pyramid
from station.measure.signal import EDGES, tint_signal
from station.values.geometry import Frame, Similarity
from station.values.line import Gate

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Spot = tuple[float, float, float, tuple[float, float, float]]

FRAME = Frame(0.1, 321, 321, (160.0, 160.0))
RED, GREEN, OTHER_GREEN, METAL = (0.5, 0.04, 0.05), (0.05, 0.3, 0.08), (0.12, 0.42, 0.1), (0.45, 0.42, 0.36)
AROUND = np.linspace(0, 2 * np.pi, 240, endpoint=False)
DISC = 13.0 * np.stack([np.cos(AROUND), np.sin(AROUND)], axis=-1)
SHIELD = np.array([[-11.0, -13], [11, -13], [13, 0], [3, 13], [-5, 9], [-11, 0]])
FACE: list[Spot] = [(-5, -4, 3.0, RED), (6, -2, 2.0, GREEN), (0, 6, 2.5, (0.1, 0.1, 0.5)), (2, -8, 1.5, RED)]


def picture(outline_mm: Float, spots: list[Spot]) -> tuple[Float32, NDArray[np.bool_]]:
    """A face of metal with spots of enamel (x mm, y mm, radius mm, colour) in ``FRAME``, and where it is."""
    body = polygon_mask(FRAME.to_px(outline_mm), (FRAME.height, FRAME.width))
    image = np.full((FRAME.height, FRAME.width, 3), 0.19, dtype=np.float32)
    image[body] = METAL
    for x, y, radius, colour in spots:
        px = FRAME.to_px(np.array([x, y]))
        cv2.circle(image, (round(px[0]), round(px[1])), round(radius / FRAME.pitch_mm), colour, cv2.FILLED, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 1.0)), body


def golden(outline_mm: Float, spots: list[Spot]) -> CoarseMaster:
    return build_coarse(*picture(outline_mm, spots), FRAME, np.zeros(2))


def seen(image: Float32, turn_deg: float, n: int, pitch: float) -> Float32:
    """(n, n, 3) of the picture as it looks when the part is turned by that, on the search's grid."""
    at = FRAME.to_px(Similarity(0.0, 0.0, turn_deg, 1.0).inverse().apply(grid_mm(pitch, n)))
    return np.asarray(cv2.remap(image, at[..., 0].astype(np.float32), at[..., 1].astype(np.float32), cv2.INTER_LINEAR))


def told(outline_mm: Float, spots: list[Spot], shown: Float, on_it: list[Spot], size: float = 1.0) -> Gate:
    """What is said of a part of the outline ``shown`` with the spots ``on_it`` under the golden of the first two."""
    c = golden(outline_mm, spots)
    image, _ = picture(shown, on_it)
    view = seen(image, 70.0, GRID, c.pitch_mm)
    contour = Similarity(0.0, 0.0, 70.0, 1.0).apply(shown)
    mask = polygon_mask(contour / c.pitch_mm + (GRID - 1) / 2, (GRID, GRID))
    maps = feature_maps(view, mask)
    return mismatch(c, outline_mm, maps, tint_spread(view, mask), size * contour, 0.2, size)


def mirrored(spots: list[Spot]) -> list[Spot]:
    return [(-x, y, radius, colour) for x, y, radius, colour in spots]


def test_a_mirror_image_is_named() -> None:
    assert told(SHIELD, FACE, SHIELD * (-1.0, 1.0), mirrored(FACE)).reason == MIRRORED
    assert told(DISC, FACE, DISC, mirrored(FACE)).reason == MIRRORED


def test_a_bare_back_is_named_by_its_outline_turned_over() -> None:
    stamp: list[Spot] = [(1.0, 3.0, 1.0, (0.1, 0.09, 0.08))]
    assert "upside down" in told(SHIELD, FACE, SHIELD * (-1.0, 1.0), stamp).reason
    assert "upside down" in told(DISC, FACE, DISC, stamp).reason


def test_another_design_is_not_taken_for_a_back_nor_a_mirror_image() -> None:
    other: list[Spot] = [(-6, 6, 2.0, GREEN), (5, 5, 4.0, RED), (-2, -7, 2.0, (0.1, 0.1, 0.5))]
    same_outline = told(DISC, FACE, DISC, other).reason
    assert "its outline is the same" in same_outline
    assert "seems to lie" not in same_outline
    another = told(SHIELD, FACE, DISC, other).reason
    assert another.startswith("This is not the golden's product: its design correlates only 0.20")


def test_another_size_is_named_with_its_ratio() -> None:
    other: list[Spot] = [(-6, 6, 2.0, GREEN), (5, 5, 4.0, RED)]
    assert "1.25 times as large" in told(DISC, FACE, DISC, other, size=1.25).reason


def test_outlines_overlap_by_what_they_share() -> None:
    assert outline_overlap(SHIELD, Similarity(0.0, 0.0, 40.0, 1.0).apply(SHIELD), 40.0, 1.0) > 0.98
    assert outline_overlap(DISC, 0.8 * DISC, 0.0, 0.8) > 0.98
    assert outline_overlap(DISC, 0.8 * DISC, 0.0, 1.0) == pytest.approx(0.64, abs=0.02)


def test_the_pose_that_predicts_the_face_is_preferred() -> None:
    c = golden(DISC, FACE)
    image, _ = picture(DISC, FACE)
    n = len(c.fine_mask)
    right = feature_maps(seen(image, 0.0, n, c.pitch_mm / 2), c.fine_mask)
    quarter = feature_maps(seen(image, -90.0, n, c.pitch_mm / 2), c.fine_mask)
    between = Similarity(0.0, 0.0, 90.0, 1.0)
    assert preference(c, right, c.fine_mask, between) > 0.3
    assert preference(c, quarter, c.fine_mask, between) < 0
    assert preference(c, right, c.fine_mask, Similarity()) == 0.5  # both poses predict the same


ALIKE: list[Spot] = [(-6, -4, 3.0, RED), (6, -4, 3.0, RED), (0, 6, 3.0, (0.1, 0.1, 0.5))]
"""A face that is its own mirror image but for what is added to it."""


def mirror_of(outline_mm: Float, spots: list[Spot]) -> MirrorImage | None:
    image, body = picture(outline_mm, spots)
    signal = tint_signal(image, body) or EDGES
    templates = templates_of(signal.of(image), pyramid(body.astype(np.float32), LEVELS), FRAME)
    return mirror_image(image, body, FRAME, golden(outline_mm, spots), signal, templates)


def shown(mirror: MirrorImage, spots: list[Spot]) -> Float32:
    """The light of a disc with these spots where the mirror image asks for it."""
    at = FRAME.to_px(mirror.mm).astype(np.float32)
    return np.asarray(cv2.remap(picture(DISC, spots)[0], at[..., 0], at[..., 1], cv2.INTER_LINEAR))


GREY = (0.25, 0.23, 0.2)


@pytest.mark.parametrize(
    "told",
    [
        [(-2, -1, 1.6, GREEN), (2, -1, 1.6, OTHER_GREEN)],  # one cell's tone
        [(3, 0, 0.3, METAL), (-3.5, 1, 0.3, METAL)],  # two short strokes, finer than a pixel of the search's grid
    ],
)
def test_a_design_much_like_its_own_mirror_image_is_told_by_what_differs(told: list[Spot]) -> None:
    spots = [*ALIKE, (0, -1, 4.5, GREEN), *told]
    m = mirror_of(DISC, spots)
    assert m is not None
    assert not m.is_seen(shown(m, spots))
    assert m.is_seen(shown(m, mirrored(spots)))


def test_a_bare_face_much_like_its_mirror_image_is_told_by_its_edges() -> None:
    spots: list[Spot] = [(-6, -4, 3.0, GREY), (6, -4, 3.0, GREY), (0, 6, 3.0, GREY), (2, 0, 0.8, GREY)]
    m = mirror_of(DISC, spots)
    assert m is not None
    assert not m.coloured
    assert not m.is_seen(shown(m, spots))
    assert m.is_seen(shown(m, mirrored(spots)))


def leaf(x: float, y: float, lean: float) -> list[Spot]:
    """A mark that is nearly its own mirror image: a row of spots, which ``lean`` makes lean to one side."""
    return [(x + lean * k, y + 0.55 * k, 0.9 - 0.1 * abs(k), OTHER_GREEN) for k in range(-3, 4)]


def test_a_part_whose_telling_enamel_is_missing_is_not_called_mirrored() -> None:
    bare: list[Spot] = [*ALIKE, (0, -1, 4.5, RED)]
    mark = leaf(0.0, -1.0, 0.18)
    off = [(x + 0.4, y + 0.3, radius, colour) for x, y, radius, colour in mirrored(mark)]
    m = mirror_of(DISC, [*bare, *mark])
    assert m is not None
    right, gone, turned, moved = (shown(m, [*bare, *spots]) for spots in (mark, [], mirrored(mark), off))
    for seed in range(6):
        noise = np.random.default_rng(seed).normal(0, 0.004, right.shape[:2])[..., None].astype(np.float32)
        assert not m.is_seen(right + noise)
        assert not m.is_seen(gone + noise)
        assert m.is_seen(turned + noise)
        assert m.is_seen(moved + noise)


def test_what_was_not_seen_does_not_tell() -> None:
    spots = [*ALIKE, (-2, -1, 1.6, GREEN), (2, -1, 1.6, OTHER_GREEN)]
    m = mirror_of(DISC, spots)
    assert m is not None
    light = shown(m, spots)
    light[:, : light.shape[1] // 3] = np.nan
    assert not m.is_seen(light)


def test_a_symmetric_design_has_no_mirror_image_to_be_refused_for() -> None:
    assert mirror_of(DISC, ALIKE) is None


def test_a_design_unlike_its_mirror_image_is_never_asked() -> None:
    assert mirror_of(SHIELD, [(-6, -6, 4.0, RED), (-6, 6, 4.0, GREEN)]) is None
