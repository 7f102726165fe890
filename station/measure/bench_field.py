"""The light's field over the bench, read from the bench itself: what two parts lying apart do not have in common.

A plain bench shows how the light falls off between two places of one photo. A slope and a round falloff per channel are
fitted to the logarithm of its linear light, away from parts, card and their shadows; the ratio of the field at two
places is how much brighter, and of what other tint, the one is lit. A bench is mottled, and what is mottled is alike
over centimetres, so the fit's uncertainty is that of leaving out one sector of the photo after the other (jackknife).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.photo_window import reduced
from station.values.colour import LinearRGB, PhotoLight

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

_SIDE = 480  # px of the reduced picture
_TILE = 12  # px of it: tiles average the bench's own texture
_SHADOW = 0.12  # of a part's size: its shadow and what it mirrors onto the bench
_LEAST_TILES = 60
_SECTORS = (4, 3)  # columns and rows
_EVEN = 0.06  # tiles of a bench that can tell the light's field spread by less, relative
_TRUST = 0.2  # share of a correction that is doubted: the bench sees the lamps from other sides than a part does
_FLOOR = 0.004  # relative; paper and paint are not even to less


@dataclass(frozen=True, slots=True)
class BenchField:
    """The relative light over a photo. even : whether the bench can tell; where it cannot, nothing is corrected.

    coefficients : (4, 3) of 1, x, y, x^2 + y^2 in log light, x and y in half long sides from the photo's middle.
    left_out : (n, 4, 3) the same without one sector. spread : (3,) relative standard deviation of the tiles round the
    surface. size_px : (width, height) of the photo.
    """

    coefficients: Float
    left_out: Float
    spread: Float
    size_px: tuple[int, int]
    even: bool
    reason: str = ""

    def ratio(self, a_px: Float, b_px: Float) -> Float:
        """(3,) light at ``a_px`` (x, y) over the light at ``b_px``; 1 where the bench cannot tell."""
        if not self.even:
            return np.ones(3)
        step = self._terms(a_px) - self._terms(b_px)
        return np.asarray(np.exp(step @ self.coefficients), dtype=np.float64)

    def u_ratio(self, a_px: Float, b_px: Float) -> tuple[float, Float]:
        """Relative standard uncertainties of :meth:`ratio`: of its brightness, and (3,) of each channel beside it.

        Of a bench that cannot tell, the tiles' spread stands for the field that nobody knows.
        """
        step = self._terms(a_px) - self._terms(b_px)
        if not self.even:
            return float(max(self.spread.mean(), _EVEN)), np.maximum(self.spread / 4, _EVEN / 4)
        without = (step @ self.left_out).mean(axis=-1)  # (n,) brightness of the ratio without each sector
        fitted = math.sqrt((len(without) - 1) / len(without) * float(((without - without.mean()) ** 2).sum()))
        change = step @ self.coefficients
        brightness = math.hypot(_FLOOR, fitted, _TRUST * float(change.mean()))
        tint = np.hypot(_FLOOR / 4, _TRUST * np.asarray(change - float(change.mean())))
        return brightness, np.asarray(tint)

    def _terms(self, px: Float) -> Float:
        w, h = self.size_px
        return _terms((float(px[0]) + 0.5 - w / 2) * 2 / max(w, h), (float(px[1]) + 0.5 - h / 2) * 2 / max(w, h))


def _terms(x: float, y: float) -> Float:
    return np.array([1.0, x, y, x * x + y * y])


def bench_field(image: LinearRGB | PhotoLight, parts_px: Sequence[Float], exclude_px: Sequence[Float]) -> BenchField:
    """Read the light's field from the bench between and around the parts.

    Parameters
    ----------
    image
        The whole photo in linear light, flat-fielded where the bench is calibrated: then the field that is left.
    parts_px, exclude_px
        Outlines (n, 2) of the parts, and polygons of card and markers, in photo px.
    """
    h, w = image.shape
    factor = min(1.0, _SIDE / max(h, w))
    size = (max(_TILE, round(w * factor)), max(_TILE, round(h * factor)))
    small = reduced(image, (0, 0, w, h), size).astype(np.float64)
    scale = np.array([size[0] / w, size[1] / h])
    hidden = np.zeros((size[1], size[0]), dtype=np.uint8)
    for polygon in (*parts_px, *exclude_px):
        one = np.zeros_like(hidden)
        at = (np.asarray(polygon, dtype=np.float64) + 0.5) * scale - 0.5
        cv2.fillPoly(one, [np.round(np.clip(at, -1e4, 1e4)).astype(np.int32)], 1)
        reach = max(2, round(_SHADOW * float(np.sqrt(max(one.sum(), 1)))))
        hidden |= np.asarray(cv2.dilate(one, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)), dtype=np.uint8)
    terms, logs, sector = _tiles(small, hidden.astype(bool))
    if len(logs) < _LEAST_TILES:
        return _unknown((w, h), np.full(3, _EVEN), "too little of the bench is seen")
    keep: Bool = np.ones(len(logs), dtype=bool)
    fit: Float = np.zeros((4, 3))
    spread: Float = np.ones(3)
    for _ in range(6):
        fit = np.asarray(np.linalg.lstsq(terms[keep], logs[keep], rcond=None)[0])
        off = logs - terms @ fit
        spread = np.maximum(1.4826 * np.median(np.abs(off[keep]), axis=0), 1e-4)
        keep = np.asarray((np.abs(off) < 3 * spread).all(axis=1))
        if keep.sum() < _LEAST_TILES // 2:
            break
    if keep.sum() < max(_LEAST_TILES // 2, 0.6 * len(logs)) or float(spread.max()) > _EVEN:
        overall = 1.4826 * np.median(np.abs(logs - np.median(logs, axis=0)), axis=0)
        return _unknown(
            (w, h),
            np.minimum(overall, 0.5),
            f"the bench is not plain: its brightness varies by {100 * overall.max():.0f} %",
        )
    left_out = [
        np.linalg.lstsq(terms[keep & (sector != k)], logs[keep & (sector != k)], rcond=None)[0]
        for k in np.unique(sector[keep])
    ]
    return BenchField(fit, np.stack(left_out), spread, (w, h), True)


def _unknown(size_px: tuple[int, int], spread: Float, reason: str) -> BenchField:
    return BenchField(np.zeros((4, 3)), np.zeros((1, 4, 3)), spread, size_px, False, reason)


def _tiles(small: Float, hidden: Bool) -> tuple[Float, Float, NDArray[np.intp]]:
    """(n, 4) terms and (n, 3) log light of the tiles that show nothing but bench, and (n,) the sector each lies in."""
    h, w = hidden.shape
    terms, logs, sectors = [], [], []
    for top in range(0, h - _TILE + 1, _TILE):
        for left in range(0, w - _TILE + 1, _TILE):
            window = np.s_[top : top + _TILE, left : left + _TILE]
            if hidden[window].any():
                continue
            light = np.median(small[window].reshape(-1, 3), axis=0)
            if light.min() <= 1e-4:
                continue
            x, y = left + _TILE / 2, top + _TILE / 2
            terms.append(_terms((x - w / 2) * 2 / max(w, h), (y - h / 2) * 2 / max(w, h)))
            logs.append(np.log(light))
            sectors.append(int(x * _SECTORS[0] / w) + _SECTORS[0] * int(y * _SECTORS[1] / h))
    return np.array(terms).reshape(-1, 4), np.array(logs).reshape(-1, 3), np.array(sectors, dtype=np.intp)
