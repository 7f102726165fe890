"""The golden with its regions outlined and named, for a person to confirm them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from station.report.pictures import INK, RGB, WHITE, Colour, font
from station.values.colour import LinearRGB, srgb_encode
from station.values.line import FIRST_REGION, OTHER, OUTSIDE

Bool = NDArray[np.bool_]
Labels = NDArray[np.uint8]

_NAME = 1 / 46  # height of a name, of the picture's width
_LEAST_PX = 14.0
_PAD = 4


def region_picture(image: LinearRGB, labels: Labels, names: Sequence[str], uncovered: Bool | None = None) -> RGB:
    """(H, W, 3) uint8 sRGB picture with every region outlined and named.

    names : of the labels FIRST_REGION, FIRST_REGION + 1 ... Metal is outlined thinly, unnamed enamel is hatched, as is
    what the map takes for metal and ``uncovered`` (H, W) for enamel.
    """
    picture = np.round(srgb_encode(image.pixels) * 255).astype(np.uint8)
    height, width = labels.shape
    y, x = np.mgrid[0:height, 0:width]
    unnamed = labels == OTHER if uncovered is None else (labels == OTHER) | uncovered
    picture[unnamed & ((x + y) % 12 < 2)] = (255, 0, 255)
    at: list[tuple[str, int, int]] = []
    for index, name in enumerate(names):
        mask = (labels == FIRST_REGION + index).astype(np.uint8)
        if not mask.any():
            continue
        contours, _ = cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(picture, contours, -1, (0, 0, 0), 3, cv2.LINE_AA)
        cv2.drawContours(picture, contours, -1, _tone(index), 1, cv2.LINE_AA)
        depth = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 5)[1:-1, 1:-1]
        cy, cx = np.unravel_index(int(np.argmax(depth)), depth.shape)
        at.append((name, int(cx), int(cy)))
    outline, _ = cv2.findContours((labels != OUTSIDE).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(picture, outline, -1, (0, 255, 255), 1, cv2.LINE_AA)
    sheet = Image.fromarray(picture)
    draw = ImageDraw.Draw(sheet)
    for name, middle_x, middle_y in at:
        face = font(max(width * _NAME, _LEAST_PX), name)
        left, top, right, bottom = draw.textbbox((0, 0), name, font=face)
        w, h = right - left + 2 * _PAD, bottom - top + 2 * _PAD
        px, py = (
            min(max(c - s / 2, 0), max(size - s, 0)) for c, s, size in ((middle_x, w, width), (middle_y, h, height))
        )
        draw.rectangle((px, py, px + w, py + h), fill=INK)
        draw.text((px + _PAD - left, py + _PAD - top), name, font=face, fill=WHITE)
    return np.asarray(sheet)


def _tone(index: int) -> Colour:
    """A bright colour per region, far from its neighbours (golden-angle steps of hue)."""
    hsv = np.array([[[int(index * 137.508 / 2) % 180, 255, 255]]], dtype=np.uint8)
    r, g, b = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0]
    return int(r), int(g), int(b)
