"""Whether a photo of a page shows ink that another photo of the page does not.

Two photos of a page that two people sign differ in a signature. The same photo, saved once more, smaller, lighter or
cut a little, does not, and nor do two photos of a page that both have signed: somebody has to look at what is alike.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from station.devices.qr_reading import grey_of
from station.values.colour import DeviceRGB

ALIKE = 0.12
"""Ink below this is none. On renders of the approval sheet, scanned and photographed, 6 of each: a photo that was saved
again (quality 25 to 95, down to 40 % of its size, gamma 0.8 to 1.25) showed up to 0.07, cut by 3 % besides or turned
by 2 degrees up to 0.15; another signature, or initials of 9 mm, in ink 0.47 and more, in a pencil of 30 % 0.17 and
more. A page that nothing was added to, taken again from the same place, showed 0.01 to 0.03, as the same photo does."""

_LONG_SIDE = 1000
_PAPER = 0.85
"""Of the light of the paper around it; darker is ink or its rim."""
_MARGIN = 0.03
"""Of the longer side: what lies at the edge of a photo is not looked at."""


def new_ink(one: DeviceRGB, other: DeviceRGB) -> float | None:
    """The darkest ink that either photo of a page shows where the other shows plain paper, as a share of the paper's
    light, 0 to 1; None where the two cannot be laid over each other."""
    a, b = _paper_share(grey_of(one)), _paper_share(grey_of(other))
    laid, seen = _laid_over(a, b)
    if laid is None:
        return None
    x, y = (np.asarray(cv2.GaussianBlur(page, (0, 0), 1.5), dtype=np.float32) for page in (a, laid))
    on_one = np.where(_plain(y) & seen, y - x, 0.0)
    on_other = np.where(_plain(x) & seen, x - y, 0.0)
    return float(max(on_one.max(), on_other.max(), 0.0))


def _paper_share(grey: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The light of a page as a share of that of the paper around it, on at most 1,000 px."""
    share = _LONG_SIDE / max(grey.shape)
    scaled = cv2.resize(grey, None, fx=share, fy=share, interpolation=cv2.INTER_AREA if share < 1 else cv2.INTER_CUBIC)
    light = np.asarray(scaled, dtype=np.float32)
    paper = cv2.GaussianBlur(cv2.dilate(light, np.ones((15, 15), np.uint8)), (0, 0), 12)
    return np.clip(light / np.maximum(paper, 20), 0, 1.2).astype(np.float32)


def _laid_over(a: NDArray[np.float32], b: NDArray[np.float32]) -> tuple[NDArray[np.float32] | None, NDArray[np.bool_]]:
    """``b`` in the frame of ``a``, by the homography that maximises their correlation (ECC, Evangelidis and Psarakis
    2008), and where both are seen; None where there is none."""
    small = [cv2.resize(x, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for x in (a, b)]
    warp = np.diag([small[1].shape[1] / small[0].shape[1], small[1].shape[0] / small[0].shape[0], 1.0])
    stop = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 80, 1e-5)
    seen = np.zeros(a.shape, dtype=bool)
    try:
        everywhere = np.full(small[0].shape, 255, np.uint8)
        start = warp.astype(np.float32)
        _, found = cv2.findTransformECC(small[0], small[1], start, cv2.MOTION_HOMOGRAPHY, stop, everywhere, 5)
    except cv2.error:  # it says so where the two have nothing in common
        return None, seen
    double = np.diag([2.0, 2.0, 1.0])
    whole = double @ found @ np.linalg.inv(double)
    laid = cv2.warpPerspective(
        b, whole, (a.shape[1], a.shape[0]), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=-1
    )
    margin = round(_MARGIN * _LONG_SIDE)
    both = cv2.erode((laid > -0.01).astype(np.uint8), np.ones((25, 25), np.uint8)) > 0
    seen[margin:-margin, margin:-margin] = both[margin:-margin, margin:-margin]
    return np.asarray(laid, dtype=np.float32), seen


def _plain(light: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where a page is plain paper, with some distance to what is not."""
    return np.asarray(cv2.erode((light > _PAPER).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0)
