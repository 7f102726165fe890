"""The golden frame: laid over the golden sample once, and filled from a photo by one interpolation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.errors import AlignmentError
from station.measure.blur import edge_blur_px, pixel_noise
from station.measure.holes import through_holes
from station.measure.part import PartOutline, find_part
from station.measure.photo_window import rows_of
from station.measure.polygon import polygon_mask
from station.measure.resampling import NODES, resample_rows
from station.values.colour import LinearRGB
from station.values.geometry import FlatPlane, Frame, PlaneMap, Similarity
from station.values.line import Corrected

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

U_PART_SCALE = 0.01
"""Relative standard uncertainty of a scale taken from the part itself: its stated width, or the golden's size."""

FINEST_PITCH_MM = 0.03
"""Pitch below which the frame does not go, however fine the photo: what is looked for on surfaces is known in pixels of
about this size, edges are found to a small part of one, and memory and time stay those of a part, not of a sensor."""

_AS_FINE = 1.25  # photo pixels a pixel of the frame up to which nothing is blurred


@dataclass(frozen=True, slots=True)
class GoldenFrame:
    """The golden sample's photo resampled into its own frame, ready to be measured into a master.

    image, clipped, valid : rasters of ``frame``. outline_mm : (n, 2) outline found in the photo. holes_mm : coarse
    outlines of through holes. pose : golden millimetres to bench millimetres. plane : the map used; where the photo had
    none, one made from the part's stated width. height_mm : of the measured face. noise, blur_px : as ``Master`` wants
    them.
    """

    frame: Frame
    pose: Similarity
    image: LinearRGB
    clipped: Bool
    valid: Bool
    outline_mm: Float
    holes_mm: tuple[Float, ...]
    plane: PlaneMap
    height_mm: float
    noise: float
    blur_px: float

    @property
    def u_scale(self) -> float:
        """Relative standard uncertainty of a length in this frame."""
        return self.plane.u_scale_at(np.array([self.pose.x, self.pose.y]), self.height_mm)

    @property
    def scale_source(self) -> str:
        """Where the millimetres come from: ``rig``, ``card`` or ``part``."""
        return self.plane.source


def golden_frame(
    corrected: Corrected,
    *,
    thickness_mm: float | None,
    pitch_mm: float | None = None,
    width_mm: float | None = None,
    margin_mm: float = 1.5,
    part: PartOutline | None = None,
) -> GoldenFrame:
    """Find the golden sample and lay the golden frame over it.

    Parameters
    ----------
    thickness_mm
        Height of the measured face over the bench; None is taken for 0.
    pitch_mm
        Pixel pitch of the frame; by default the photo's own at the part, rounded to a micrometre, and no finer than
        ``FINEST_PITCH_MM``.
    width_mm
        The part's extent along the photo's x axis; gives the scale where the photo has neither rig nor card.
    margin_mm
        Bench kept around the part.
    part
        The golden sample as found among several parts in the photo; None looks for the one there is.

    Raises
    ------
    AlignmentError
        No part is seen, it is cut by the picture's edge, or nothing gives a scale.
    """
    if part is None:
        part = find_part(corrected.image, exclusions(corrected))
    if part.touches_border:
        raise AlignmentError(
            "The golden sample reaches over the edge of its photo", "Photograph it whole, with bench all around it."
        )
    plane = corrected.plane
    if plane is None:
        if width_mm is None:
            told = [g.reason for g in corrected.gates if not g.ok and g.name in ("scale", "card") and g.reason]
            raise AlignmentError(
                "Nothing in the golden's photo gives a scale" + (f" ({'; '.join(told)})" if told else ""),
                "Name the rig, put a colour card beside the part, or give the part's width in the control sheet.",
            )
        extent = float(np.ptp(part.contour_px[:, 0]))
        px_per_mm = extent / width_mm
        plane = FlatPlane(np.diag([px_per_mm, px_per_mm, 1.0]), U_PART_SCALE, "part")
    height = thickness_mm or 0.0
    centre_px = np.array(part.centre_px)
    here = plane.to_plane(np.stack([centre_px, centre_px + np.array([1.0, 0.0])]), height)
    direction = here[1] - here[0]
    rotation = math.degrees(math.atan2(direction[1], direction[0]))
    turned = Similarity(float(here[0, 0]), float(here[0, 1]), rotation, 1.0)
    outline = turned.inverse().apply(plane.to_plane(part.contour_px, height))
    low, high = outline.min(axis=0), outline.max(axis=0)
    middle = (low + high) / 2
    origin = turned.apply(middle)
    pose = Similarity(float(origin[0]), float(origin[1]), rotation, 1.0)
    own = round(float(np.hypot(*direction)), 3)
    pitch = pitch_mm or (max(own, FINEST_PITCH_MM) if own > 0 else own)
    if not pitch > 0:
        raise AlignmentError("The photo's scale is finer than a micrometre a pixel", "Check the rig and the card.")
    size = np.ceil((high - low + 2 * margin_mm) / pitch).astype(int) | 1  # odd, so that the origin is a pixel's centre
    frame = Frame(pitch, int(size[0]), int(size[1]), ((int(size[0]) - 1) / 2, (int(size[1]) - 1) / 2))
    image, clipped, valid = resample(corrected, plane, pose, frame, height)
    mask = polygon_mask(frame.to_px(outline - middle), (frame.height, frame.width))
    return GoldenFrame(
        frame=frame,
        pose=pose,
        image=image,
        clipped=clipped,
        valid=valid,
        outline_mm=outline - middle,
        holes_mm=through_holes(image, frame, mask & valid),
        plane=plane,
        height_mm=height,
        noise=pixel_noise(image.pixels, mask & valid),
        blur_px=edge_blur_px(image.pixels, mask & valid & ~clipped),
    )


def exclusions(corrected: Corrected) -> tuple[Float, ...]:
    """Polygons (n, 2) px of what lies on the bench and is not the part: the colour card."""
    card = corrected.card
    return () if card is None or not card.found or card.corners_px is None else (card.corners_px,)


def resample(
    corrected: Corrected, plane: PlaneMap, pose: Similarity, frame: Frame, height_mm: float
) -> tuple[LinearRGB, Bool, Bool]:
    """The photo in the golden frame by one cubic spline interpolation: image, clipped, valid.

    A photo that is finer than the frame is first blurred to what the frame's pixels see.
    """
    nodes = _nodes(plane, pose, frame, height_mm)
    middle = nodes[nodes.shape[0] // 2, nodes.shape[1] // 2 - 1 : nodes.shape[1] // 2 + 1]
    finer = float(np.hypot(*(middle[1] - middle[0]))) / NODES  # photo pixels a pixel of the frame
    blur = round(0.5 * math.sqrt(finer**2 - 1), 2) if finer > _AS_FINE else 0.0
    values, clipped, valid = resample_rows(
        rows_of(corrected.image), corrected.clipped, nodes, (frame.height, frame.width), blur
    )
    return LinearRGB(values), clipped, valid


def _nodes(plane: PlaneMap, pose: Similarity, frame: Frame, height_mm: float) -> Float:
    """(rows, columns, 2) photo px of every 16th raster pixel; the map is smooth, linear between to 1e-3 px."""
    xs = np.arange(0, frame.width + NODES, NODES, dtype=np.float64)
    ys = np.arange(0, frame.height + NODES, NODES, dtype=np.float64)
    nodes = frame.to_mm(np.stack(np.meshgrid(xs, ys), axis=-1))
    return plane.to_photo(pose.apply(nodes), height_mm)


def window(points: Float, shape: tuple[int, int], pad: int) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 of the part of a picture (H, W) that holds ``points`` (n, 2) and ``pad`` px more, at least 16
    px a side."""
    h, w = shape
    low = np.floor(points.min(axis=0)).astype(int) - pad
    high = np.ceil(points.max(axis=0)).astype(int) + pad + 1
    x0, y0 = int(np.clip(low[0], 0, max(0, w - 16))), int(np.clip(low[1], 0, max(0, h - 16)))
    return x0, y0, int(np.clip(high[0], x0 + min(16, w), w)), int(np.clip(high[1], y0 + min(16, h), h))
