"""Finding the part: the one piece of metal and enamel lying on a matt bench beside card, markers and ruler.

The bench is modelled from the picture itself (a robust quadratic field per channel in log light). What differs from
it in chromaticity, is brighter, or has hard edges is the part; what is only darker, with the bench's own
chromaticity, is its shadow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from station.errors import AlignmentError
from station.measure.bench_model import bench_residual
from station.measure.morphology import disc
from station.measure.photo_window import reduced
from station.measure.polygon import (
    centroid,
    outward_normals,
    polygon_mask,
    resample_closed,
    signed_area,
    smooth_closed,
)
from station.measure.sampling import sample, spline_coefficients
from station.values.colour import LinearRGB, PhotoLight

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
UInt8 = NDArray[np.uint8]
Light = LinearRGB | PhotoLight

_LONG_SIDE = 560  # px of the reduced picture the search runs on
_RIM = 0.06  # of the part's size: a plain metal rim this wide may have been taken for the part's shadow
_INNER_COST = 0.35  # how much an edge at the inner end of the search must be better than one at the outer end
_AS_EXPECTED = 0.1  # log of the area over the expected one up to which no further treatment is tried
_UNLIKE = 0.3  # log of the area over the expected one from which the bench is suspected to be modelled wrongly
_SPREAD = (0.25, 0.08, 0.08)  # first guess of the bench's own variation in log light: generous
# and one that takes no grey part for the bench: two rendered grey backs that fill a fifth of the picture and are lost
# with the generous guess are found with 0.04 to 0.12 and 0.01 to 0.04
_NARROW = (0.08, 0.02, 0.02)
_CARD_FRAME = 1.14  # a card's body reaches this far beyond the polygon of its patches


@dataclass(frozen=True, slots=True)
class PartOutline:
    """The part as found in one photo.

    mask : (H, W) true on the part, its holes filled. contour_px : (n, 2) closed outline in photo px, located on the
    strongest edge. centre_px : its centroid. area_px : its area. touches_border : the picture's edge cuts the part.
    """

    mask: Bool
    contour_px: Float
    centre_px: tuple[float, float]
    area_px: float
    touches_border: bool


def find_part(
    image: Light,
    exclude_px: Sequence[Float] = (),
    *,
    area_px: float | None = None,
    bench: BenchView | None = None,
) -> PartOutline:
    """Find the part in a photo.

    Parameters
    ----------
    image
        The whole photo in linear light.
    exclude_px
        Polygons (n, 2) in photo px of the colour card's patches and of the markers.
    area_px
        The part's expected area where it is known; a candidate of this size is preferred.
    bench
        The photo as :func:`look_at_bench` sees it, where that is at hand.

    Raises
    ------
    AlignmentError
        Nothing on the bench looks like a part, or the picture is too small to tell.
    """
    bench = look_at_bench(image, exclude_px) if bench is None else bench
    expected = None if area_px is None else area_px * float(bench.scale.prod())
    component = _plausible(bench, expected)
    if component is None or (expected is not None and abs(np.log(component.sum() / expected)) > _UNLIKE):
        # a large part in a colour near the bench's may have been modelled as bench
        narrow = _modelled(bench, _NARROW)
        again = _plausible(narrow, expected)
        if again is not None and (component is None or _more_like(again, component, expected)):
            bench, component = narrow, again
    if component is None:
        raise AlignmentError(
            "No part was found in the photo",
            "Lay one part on the plain bench, clear of the card, the markers and the picture's edge.",
        )
    return outline_of(image, bench, component)


@dataclass(frozen=True, slots=True)
class BenchView:
    """A photo reduced to the search's size (h, w), its bench modelled and taken out.

    scale : (2,) reduced px a photo px. light : (h, w, 3) the reduced picture. excluded : what is known not to be a
    part. lum, chroma : (h, w) and (h, w, 2) log light against the bench's, and ``spread`` the bench's own of both.
    coloured : not the bench's by colour or brightness. evidence : that, and the hard edges.
    """

    scale: Float
    light: Float32
    excluded: Bool
    lum: Float32
    chroma: Float32
    spread: tuple[float, float]
    coloured: Bool
    evidence: Bool


def look_at_bench(image: Light, exclude_px: Sequence[Float] = ()) -> BenchView:
    """Reduce a photo and model its bench. Raises AlignmentError for a picture of less than 48 px a side."""
    h, w = image.shape
    if min(h, w) < 48:
        raise AlignmentError(
            f"A picture of {w} x {h} pixels is too small to show a part",
            "Hand in the photo at its full size, at least 48 pixels a side.",
        )
    factor = min(1.0, _LONG_SIDE / max(h, w))
    size = (max(8, round(w * factor)), max(8, round(h * factor)))
    # of the many rows that a pixel of the reduced picture covers, two or three tell its mean
    step = max(1, int(0.5 / factor))
    small = reduced(image, (0, 0, w, h), size, step)
    scale = np.array([size[0] / w, size[1] / h])
    excluded = _excluded(exclude_px, scale, (size[1], size[0]))
    lum, chroma, spread = bench_residual(small, excluded, _SPREAD)
    coloured, evidence = _evidence(lum, chroma, spread, excluded)
    return BenchView(scale, small, excluded, lum, chroma, spread, coloured, evidence)


def _modelled(bench: BenchView, start: tuple[float, float, float]) -> BenchView:
    """The same picture with its bench modelled from another first guess of its spread."""
    lum, chroma, spread = bench_residual(bench.light, bench.excluded, start)
    coloured, evidence = _evidence(lum, chroma, spread, bench.excluded)
    return replace(bench, lum=lum, chroma=chroma, spread=spread, coloured=coloured, evidence=evidence)


def _more_like(one: Bool, other: Bool, expected: float | None) -> bool:
    return expected is not None and bool(abs(np.log(one.sum() / expected)) < abs(np.log(other.sum() / expected)))


def outline_of(image: Light, bench: BenchView, component: Bool) -> PartOutline:
    """The part whose rough place is a component (h, w) of the bench's view, located on its edge in the photo."""
    h, w = image.shape
    scale = bench.scale
    cut = _cut(bench.lum, bench.chroma, bench.spread, component, bench.excluded)
    contour = (_largest_contour(cut) + 0.5) / scale - 0.5
    contour = _with_rim(image, contour, 1.6 / float(scale.min()))
    centre = centroid(contour)
    touches = _touches(contour, (h, w), 2 / float(scale.min()))
    return PartOutline(
        mask=polygon_mask(contour, (h, w)),
        contour_px=contour,
        centre_px=(float(centre[0]), float(centre[1])),
        area_px=abs(signed_area(contour)),
        touches_border=touches,
    )


def rough_part(bench: BenchView, shape: tuple[int, int], area_px: float | None) -> tuple[Float, bool] | None:
    """The part's outline (n, 2) px, found in the reduced picture alone, and whether the border cuts it; None where no
    part is seen.

    shape : (H, W) of the photo. area_px : the part's expected area, where it is known. Good to tell where to look for a
    product: a shadow that is taken for the part is not cut off, and the edge is known to a part of a reduced pixel.
    """
    component = _plausible(bench, None if area_px is None else area_px * float(bench.scale.prod()))
    if component is None:
        return None
    contour = _to_edges(
        LinearRGB(bench.light), _largest_contour(component), 4.0, 1.0
    )  # closing and blur have made it too large
    contour = (contour + 0.5) / bench.scale - 0.5
    return contour, _touches(contour, shape, 2 / float(bench.scale.min()))


def _touches(contour: Float, shape: tuple[int, int], margin: float) -> bool:
    low, high = contour.min(axis=0), contour.max(axis=0)
    return bool(low.min() < margin or (high > np.array(shape[::-1]) - 1 - margin).any())


def _excluded(polygons: Sequence[Float], scale: Float, shape: tuple[int, int]) -> Bool:
    out = np.zeros(shape, dtype=np.uint8)
    for polygon in polygons:
        p = np.asarray(polygon, dtype=np.float64)
        if p.ndim != 2 or p.shape[1] != 2 or len(p) < 3:
            raise ValueError(f"a polygon to exclude needs (n, 2) points, n >= 3, got {p.shape}")
        centre = p.mean(axis=0)
        p = (centre + _CARD_FRAME * (p - centre) + 0.5) * scale - 0.5
        cv2.fillPoly(out, [np.round(np.clip(p, -1e4, 1e4)).astype(np.int32)], 1)
    return cv2.dilate(out, np.ones((5, 5), np.uint8)).astype(bool)


def _edges(lum: Float32, chroma: Float32, spread: tuple[float, float]) -> Float32:
    """Gradient of luminance and chromaticity in units of the bench's own spread."""
    total = np.zeros(lum.shape, dtype=np.float32)
    for channel, s in ((lum, spread[0]), (chroma[..., 0], spread[1]), (chroma[..., 1], spread[1])):
        g = cv2.GaussianBlur(np.ascontiguousarray(channel), (0, 0), 1.0)
        gx, gy = cv2.Sobel(g, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(g, cv2.CV_32F, 0, 1, scale=0.125)
        total += (gx * gx + gy * gy) / np.float32(s * s)
    return np.asarray(np.sqrt(total))


def _evidence(lum: Float32, chroma: Float32, spread: tuple[float, float], excluded: Bool) -> tuple[Bool, Bool]:
    """Pixels that are not the bench's by colour or brightness; and those with the hard edges besides."""
    blur = [cv2.GaussianBlur(np.ascontiguousarray(c), (0, 0), 0.8) for c in (lum, chroma[..., 0], chroma[..., 1])]
    distance = np.asarray(cv2.magnitude(blur[1], blur[2])) / spread[1]
    edges = _edges(lum, chroma, spread)
    quiet = float(np.median(edges[~excluded])) if (~excluded).any() else 0.0
    coloured = ((distance > 7) | (blur[0] > max(5 * spread[0], 0.15)) | (blur[0] < -1.6)) & ~excluded
    return coloured, coloured | ((edges > max(6 * quiet, 1.2)) & ~excluded)


def _morph(mask: UInt8, operation: int, radius: int) -> UInt8:
    return np.asarray(cv2.morphologyEx(mask, operation, disc(radius)), dtype=np.uint8)


def _fill_holes(mask: UInt8) -> UInt8:
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    out = np.zeros_like(mask)
    cv2.drawContours(out, contours, -1, 1, cv2.FILLED)
    return out


def _plausible(bench: BenchView, expected: float | None) -> Bool | None:
    """The component that is most like one part: large, compact, clear of the border, not a ruler, not a card's rim."""
    best, best_score = None, 0.0
    # a part almost touching the ruler is joined to it by a gentle treatment and parted from it by a harsher one
    for found, close, open_ in (
        (bench.evidence, 4, 4),
        (bench.evidence, 2, 4),
        (bench.evidence, 2, 9),
        (bench.coloured, 1, 9),
        (bench.coloured, 1, 16),
    ):
        for component, score in candidates(bench, found, close, open_, expected):
            if score > 1.02 * best_score:
                best, best_score = component, score
        if best is not None and expected is not None and abs(np.log(best.sum() / expected)) < _AS_EXPECTED:
            break
    return best


def candidates(
    bench: BenchView, found: Bool, close: int, open_: int, expected: float | None = None
) -> Iterator[tuple[Bool, float]]:
    """Components (h, w) of ``found``, closed and opened by these radii, that may be a part, with their plausibility.

    expected : area of a part in reduced px, where it is known.
    """
    h, w = found.shape
    excluded = bench.excluded
    closed = _morph(found.astype(np.uint8), cv2.MORPH_CLOSE, close)
    closed[excluded] = 0
    filled = _fill_holes(closed)
    filled[excluded] = 0
    count, labels, stats, _ = cv2.connectedComponentsWithStats(_morph(filled, cv2.MORPH_OPEN, open_))
    for i in range(1, count):
        x, y, bw, bh, area = (int(v) for v in stats[i])
        if area < (0.01 * h * w if expected is None else min(0.01 * h * w, 0.25 * expected)):
            continue
        component = labels == i
        contour = max(
            cv2.findContours(component.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0], key=len
        )
        (_, (a, b), _) = cv2.minAreaRect(contour)
        elongation = max(a, b) / max(min(a, b), 1.0)
        solidity = area / max(cv2.contourArea(cv2.convexHull(contour)), 1.0)
        sides = (x <= 1) + (y <= 1) + (x + bw >= w - 1) + (y + bh >= h - 1)
        near_excluded = float((cv2.dilate(component.astype(np.uint8), disc(3)).astype(bool) & excluded).sum()) / len(
            contour
        )
        score = area * solidity**2 / (1 + max(0.0, elongation - 2.5) ** 2) * 0.25**sides / (1 + 2 * near_excluded)
        if expected is not None:
            score *= float(np.exp(-(np.log(area / expected) ** 2) / (2 * 0.35**2)))
        if elongation > 6 or sides >= 3:
            continue
        yield component, score


def _cut(lum: Float32, chroma: Float32, spread: tuple[float, float], component: Bool, excluded: Bool) -> Bool:
    """Settle the component's rim by a graph cut on the bench-corrected picture, its shadow counted as bench."""
    features = np.stack(
        [
            np.clip(128 + 12 * lum / spread[0], 0, 255),
            np.clip(128 + 6 * chroma[..., 0] / spread[1], 0, 255),
            np.clip(128 + 6 * chroma[..., 1] / spread[1], 0, 255),
        ],
        axis=-1,
    ).astype(np.uint8)
    radius = max(3, int(np.sqrt(component.sum()) * 0.06))
    c = component.astype(np.uint8)
    inner, outer = cv2.erode(c, disc(radius)), cv2.dilate(c, disc(radius))
    if not inner.any():
        return component
    ys, xs = np.nonzero(outer)
    pad = 3 * radius
    y0, y1 = max(0, int(ys.min()) - pad), int(ys.max()) + pad + 1
    x0, x1 = max(0, int(xs.min()) - pad), int(xs.max()) + pad + 1
    window = (slice(y0, y1), slice(x0, x1))
    trimap = np.full(component.shape, cv2.GC_BGD, dtype=np.uint8)
    trimap[outer > 0] = cv2.GC_PR_BGD
    trimap[component] = cv2.GC_PR_FGD
    shadow = (np.hypot(chroma[..., 0], chroma[..., 1]) < 5 * spread[1]) & (lum < 2 * spread[0]) & (lum > -1.2)
    shadow &= _edges(lum, chroma, spread) < 1.0
    trimap[component & shadow] = cv2.GC_PR_BGD
    trimap[inner > 0] = cv2.GC_FGD
    trimap[excluded] = cv2.GC_BGD
    cut = np.ascontiguousarray(trimap[window])
    cv2.setRNGSeed(0)  # grabCut's k-means draws from OpenCV's generator; the same photo gives the same part
    picture = np.ascontiguousarray(features[window])
    cv2.grabCut(picture, cut, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), 3, cv2.GC_INIT_WITH_MASK)
    out = np.zeros(component.shape, dtype=np.uint8)
    out[window] = ((cut == cv2.GC_FGD) | (cut == cv2.GC_PR_FGD)).astype(np.uint8)
    out = _morph(_fill_holes(out), cv2.MORPH_OPEN, 2)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(out)
    if count < 2:
        return component
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return np.asarray(labels == largest)


def _softened(mask: Bool) -> UInt8:
    """The mask smoothed over a few pixels; nothing is left of what is narrower than that."""
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.0)
    return np.asarray(soft > 0.5, dtype=np.uint8)


def _largest_contour(mask: Bool) -> Float:
    """Closed contour of the mask, smoothed over a few pixels and evenly spaced."""
    contours, _ = cv2.findContours(_softened(mask), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    c = max(contours, key=cv2.contourArea)[:, 0].astype(np.float64)
    return smooth_closed(resample_closed(c, 1.0), 1.5)


def _with_rim(image: Light, contour: Float, reach: float) -> Float:
    """The contour on the part's outermost plain edge, to which it is within ``reach`` px but for a grey rim.

    Grey metal has the chromaticity of a grey bench's shadow, but a shadow ends softly: beyond the contour a plain edge
    is looked for as far out as a rim is wide, and then, from there, the edge itself.
    """
    wide = _to_edges(image, contour, reach, _RIM * float(np.sqrt(abs(signed_area(contour)))))
    low = np.floor(np.minimum(wide.min(axis=0), contour.min(axis=0))) - 4
    high = np.ceil(np.maximum(wide.max(axis=0), contour.max(axis=0))) + 5
    shape = (int(high[1] - low[1]), int(high[0] - low[0]))
    # normals cross where they start from a hollow of the contour: the loops go with the union's inner contours
    both = polygon_mask(wide - low, shape) | polygon_mask(contour - low, shape)
    calm = _morph(both.astype(np.uint8), cv2.MORPH_OPEN, max(1, round(reach))).astype(bool)
    # a part of a few pixels, in a tiny picture, has no rim to be told from its shadow, and opening leaves nothing of it
    start = _largest_contour(calm) + low if _softened(calm).any() else contour
    return _to_edges(image, start, reach, reach)


def _to_edges(image: Light, contour: Float, inwards: float, outwards: float) -> Float:
    """Move each point along its normal to the outermost plain edge within reach (px), neighbours held together."""
    h, w = image.shape
    pad = int(outwards) + 4
    x0, y0 = (max(0, int(v) - pad) for v in contour.min(axis=0))
    x1, y1 = (int(v) + pad + 2 for v in contour.max(axis=0))
    crop = np.maximum(image.window(x0, y0, min(w, x1), min(h, y1)), 0)
    coefficients = spline_coefficients(np.sqrt(crop, out=crop), 1.2, reuse=True)
    length = float(np.hypot(*np.diff(contour, axis=0).T).sum())
    base = resample_closed(contour, max(1.0, length / 1440))
    count = len(base)
    normal = outward_normals(smooth_closed(base, 2.0))
    offsets = np.arange(-inwards, outwards + 0.25, 0.5)
    probe = base[:, None, :] + offsets[None, :, None] * normal[:, None, :] - (x0, y0)
    profile = sample(coefficients, probe)
    slope = np.sqrt((np.diff(profile, axis=1) ** 2).sum(axis=-1))
    slope = np.nan_to_num(slope)
    outer = slope[:, -max(4, slope.shape[1] // 5) :]
    plain = max(6 * float(np.median(outer)), 0.12 * float(np.median(slope.max(axis=1))), 1e-6)
    crest = (slope >= np.roll(slope, 1, axis=1)) & (slope >= np.roll(slope, -1, axis=1))
    crest[:, [0, -1]] = False
    # any plain edge will do, the outermost is wanted: a rim is often fainter than the relief inside it
    cost = 1 - np.where(crest, 1.0, 0.6) * np.minimum(slope / plain, 1.0) + np.linspace(_INNER_COST, 0, slope.shape[1])
    at = _shortest_closed_path(cost.astype(np.float64))
    rows = np.arange(count)
    inner = np.clip(at, 1, slope.shape[1] - 2)
    left, mid, right = slope[rows, inner - 1], slope[rows, inner], slope[rows, inner + 1]
    curvature = left - 2 * mid + right
    shift = np.where(curvature < -1e-6, 0.5 * (left - right) / np.where(curvature < -1e-6, curvature, -1.0), 0.0)
    position = offsets[inner] + 0.25 + 0.5 * np.clip(shift, -1, 1)
    return np.asarray(base + smooth_closed(position, 1.5)[:, None] * normal)


@numba.njit(cache=True, nogil=True)
def _shortest_closed_path(cost: Float) -> NDArray[np.int64]:  # pragma: no cover - compiled
    """Column of every row, (n,), of least cost with steps of at most one column a row; run twice round to close."""
    n, m = cost.shape
    total = np.zeros(m)
    back = np.zeros((2 * n, m), dtype=np.int8)
    for i in range(2 * n):
        before = total.copy()
        for k in range(m):
            best, step = before[k], 0
            if k > 0 and before[k - 1] + 0.15 < best:
                best, step = before[k - 1] + 0.15, -1
            if k < m - 1 and before[k + 1] + 0.15 < best:
                best, step = before[k + 1] + 0.15, 1
            total[k] = best + cost[i % n, k]
            back[i, k] = step
    column = int(np.argmin(total))
    out = np.empty(n, dtype=np.int64)
    for i in range(2 * n - 1, -1, -1):
        if n // 2 <= i < n // 2 + n:  # the turn away from both loose ends
            out[i % n] = column
        column += back[i, column]
    return out
