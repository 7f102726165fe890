"""What the registration needs of a master, computed once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.errors import AlignmentError
from station.measure.coarse import CoarseMaster, build_coarse
from station.measure.mirror import MirrorImage, mirror_image
from station.measure.morphology import disc
from station.measure.per_master import PerMaster
from station.measure.polygon import centroid, polygon_mask, signed_area
from station.measure.refine import Template, detail, make_template, pyramid
from station.measure.signal import EDGES, Signal, chroma_signal, tint_signal
from station.values.geometry import Frame
from station.values.line import METAL, Master

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

_FINE_POINTS = 15000
_MARK_MARGIN_MM = 0.5  # a mark may be displaced this far without its edges entering the body's registration
_RIM_MM = 0.6  # shoulder of the outline, whose colour is not the face's
LEVELS = 4
"""Levels of the pyramids of golden and unit."""
PLACING_LEVELS = 2
"""Levels that the last steps are taken in."""


@dataclass(frozen=True, slots=True)
class MasterIndex:
    """What the registration needs of a master, computed once: templates by pyramid level, coarse maps, area.

    signal : tint, or edges where colours do not tell. placing : with tint, the chroma that the last steps are taken in.
    """

    signal: Signal
    templates: tuple[tuple[int, Template], ...]
    placing: tuple[Signal, tuple[tuple[int, Template], ...]] | None
    coarse: CoarseMaster
    mirror: MirrorImage | None
    body: Bool
    area_mm2: float
    centre_mm: Float
    radius_mm: float


def index_master(master: Master) -> MasterIndex:
    """Build the golden's own part of the registration."""
    frame = master.frame
    shape = (frame.height, frame.width)
    body = polygon_mask(frame.to_px(master.outline_mm), shape)
    if int(body.sum()) < 400:
        raise AlignmentError("The master's outline is too small to register by", "Seal the golden sample again.")
    usable = cv2.dilate(body.astype(np.uint8), disc(0.25 / frame.pitch_mm)).astype(bool)
    marks = np.zeros(shape, dtype=bool)
    for mark in master.marks:
        marks |= polygon_mask(frame.to_px(mark.polygon_mm), shape)
    if marks.any():
        usable &= ~cv2.dilate(marks.astype(np.uint8), disc(_MARK_MARGIN_MM / frame.pitch_mm)).astype(bool)
    pixels = master.image.pixels
    tint = tint_signal(pixels, usable)
    signal = tint or EDGES
    masks = pyramid(usable.astype(np.float32), LEVELS)
    templates = templates_of(signal.of(pixels), masks, frame)
    placing = None
    if tint is not None:
        inner = cv2.erode(body.astype(np.uint8), disc(_RIM_MM / frame.pitch_mm)).astype(bool)
        chroma = chroma_signal(pixels, inner if inner.any() else body, master.labels == METAL)
        placing = chroma, templates_of(chroma.of(pixels), masks[:PLACING_LEVELS], frame)
    if not templates:
        raise AlignmentError("The master has no edges to register by", "Seal the golden sample from a sharper photo.")
    centre = centroid(master.outline_mm)
    coarse = build_coarse(pixels, body, frame, centre)
    return MasterIndex(
        signal,
        templates,
        placing,
        coarse,
        mirror_image(pixels, body, frame, coarse, signal, templates),
        body,
        abs(signed_area(master.outline_mm)),
        centre,
        float(np.hypot(*(master.outline_mm - centre).T).max()),
    )


def templates_of(scalar: Float32, masks: Sequence[Float32], frame: Frame) -> tuple[tuple[int, Template], ...]:
    """Templates of the levels of a pyramid, as many as there are masks, that have enough edges."""
    out: list[tuple[int, Template]] = []
    for level, (picture, mask) in enumerate(zip(pyramid(scalar, len(masks)), masks, strict=True)):
        if min(picture.shape) < 40:
            break
        template = make_template(
            detail(picture),
            mask > 0.9,
            points_wanted=_FINE_POINTS >> level,
            origin_px=(frame.origin_px[0] / 2**level, frame.origin_px[1] / 2**level),
            pitch=frame.pitch_mm * 2**level,
        )
        if template is not None:
            out.append((level, template))
    return tuple(out)


_index = PerMaster(index_master)


def index_of(master: Master) -> MasterIndex:
    """The index of a master, kept for the last four master objects."""
    return _index(master)
