"""Where on the bench, and how turned? The rotation is searched all round by correlating colour and edge maps.

Every rotation of the golden's maps is held as a spectrum, so that one transform of the unit's maps and one inverse
transform a rotation answer for all shifts at once (normalised cross-correlation inside the parts' outlines).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numba
import numpy as np
from numpy.typing import NDArray

from station.measure.sampling import sample, spline_coefficients
from station.values.geometry import Frame

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

GRID = 96
"""Side of the square grid of the search, px."""
_PART_PX = 66  # the part's largest extent on that grid; the rest is room for shifts and against wrap-around
_ROTATIONS = 90
_WITHIN = 0.2
_MEAN = np.full(3, 1 / 3, dtype=np.float32)
_WEIGHTS = np.array([0.7, 1.0, 1.0, 1.0], dtype=np.float32)
# spread below which a map says nothing: luminance, red and blue chromaticity (log), edge strength
_FLOORS = np.array([0.02, 0.04, 0.04, 0.008], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class CoarseMaster:
    """The golden's maps for the search.

    pitch_mm : of the search grid, whose middle is ``centre_mm``, the outline's centroid. spectra : (rotations, maps,
    GRID, GRID // 2 + 1). fine_maps : (maps, n, n) at half the pitch for comparing the warped pair; fine_mask : (n, n).
    tint : see :func:`tint_spread`.
    """

    pitch_mm: float
    centre_mm: Float
    maps: Float32
    mask: Bool
    spectra: NDArray[np.complex64]
    fine_maps: Float32
    fine_mask: Bool
    tint: float


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One pose the search proposes: rotation in degrees, shift of the centroid in golden mm, correlation 0-1."""

    rotation_deg: float
    shift_mm: tuple[float, float]
    score: float


def grid_mm(pitch_mm: float, n: int) -> Float:
    """(n, n, 2) millimetres of a centred square grid."""
    axis = (np.arange(n) - (n - 1) / 2) * pitch_mm
    return np.stack(np.meshgrid(axis, axis), axis=-1)


def feature_maps(image: Float32, mask: Bool) -> Float32:
    """(4, H, W) local luminance, red and blue chromaticity and edge strength, of zero mean and about unit spread in
    ``mask``.

    image : (H, W, 3) linear light; NaN outside the photo.
    """
    light = np.nan_to_num(np.maximum(image, 0))
    light = np.asarray(cv2.GaussianBlur(light, (0, 0), 0.8), dtype=np.float32)
    luminance = np.sqrt(light @ _MEAN)
    weight = mask.astype(np.float32)
    reach = 0.1 * float(np.sqrt(max(weight.sum(), 1.0)))
    around = cv2.GaussianBlur(luminance * weight, (0, 0), reach) / np.maximum(
        cv2.GaussianBlur(weight, (0, 0), reach), 1e-3
    )
    local = luminance - around  # the lamps' reflections change with the part's place; what is local is the design's
    red, green, blue = cv2.split(np.log(light + np.float32(0.02)))
    gx = cv2.Sobel(luminance, cv2.CV_32F, 1, 0, scale=0.125)
    gy = cv2.Sobel(luminance, cv2.CV_32F, 0, 1, scale=0.125)
    inner = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
    edges = np.where(inner, np.sqrt(cv2.magnitude(gx, gy)), 0)  # the outline's own edge says nothing of the rotation
    maps = np.stack([local, red - green, blue - green, edges])
    usable = inner if np.count_nonzero(inner) > 50 else mask
    seen = maps.reshape(4, -1)[:, np.flatnonzero(usable)]
    mean, spread = seen.mean(axis=1), seen.std(axis=1)
    scaled = (maps - mean[:, None, None]) * (_WEIGHTS / np.hypot(spread, _FLOORS))[:, None, None]
    return np.asarray(np.where(usable, np.clip(scaled, -4, 4), 0), dtype=np.float32)


def tint_spread(image: Float32, mask: Bool) -> float:
    """How much a face differs in colour from place to place: standard deviation of its two log chromaticities.

    image : (H, W, 3) linear light; NaN outside the photo. mask : (H, W) the part, whose rim is left out.
    """
    log = np.log(np.nan_to_num(np.maximum(cv2.GaussianBlur(image, (0, 0), 0.8), 0)) + 0.02)
    depth = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 3)
    face = log[depth > 0.1 * depth.max()]
    if len(face) < 2:
        return 0.0
    return float(np.hypot((face[:, 0] - face[:, 1]).std(), (face[:, 2] - face[:, 1]).std()))


def build_coarse(image: Float32, body: Bool, frame: Frame, centre_mm: Float) -> CoarseMaster:
    """Maps and spectra of the golden. image : (H, W, 3) in ``frame``; body : (H, W) the part."""
    ys, xs = np.nonzero(body)
    rim = frame.to_mm(np.stack([xs, ys], axis=-1).astype(np.float64)) - centre_mm
    radius = float(np.hypot(rim[:, 0], rim[:, 1]).max())
    pitch = 2 * radius / _PART_PX
    view, mask = _golden_view(image, body, frame, centre_mm, pitch, GRID)
    maps = feature_maps(view, mask)
    fine_view, fine_mask = _golden_view(image, body, frame, centre_mm, pitch / 2, 2 * _PART_PX + 8)
    fine_maps = feature_maps(fine_view, fine_mask)
    spread = tint_spread(view, mask)
    return CoarseMaster(pitch, centre_mm, maps, mask, _spectra(maps), fine_maps, fine_mask, spread)


def _golden_view(
    image: Float32, body: Bool, frame: Frame, centre_mm: Float, pitch: float, n: int
) -> tuple[Float32, Bool]:
    at = frame.to_px(grid_mm(pitch, n) + centre_mm)
    sigma = 0.45 * pitch / frame.pitch_mm
    view = sample(_blurred_spline(image, sigma), at)
    mask = sample(_blurred_spline(body.astype(np.float32), sigma), at) > 0.5
    return view, mask


def _blurred_spline(image: Float32, sigma: float) -> Float32:
    return spline_coefficients(np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), dtype=np.float32))


def _spectra(maps: Float32) -> NDArray[np.complex64]:
    from scipy.fft import rfft2

    middle = (GRID - 1) / 2
    layers = np.ascontiguousarray(np.moveaxis(maps, 0, -1))
    out = np.empty((_ROTATIONS, len(maps), GRID, GRID // 2 + 1), dtype=np.complex64)
    for i in range(_ROTATIONS):
        turn = cv2.getRotationMatrix2D(
            (middle, middle), -360.0 * i / _ROTATIONS, 1.0
        )  # OpenCV: positive is anticlockwise
        turned = cv2.warpAffine(layers, turn, (GRID, GRID), flags=cv2.INTER_LINEAR)
        out[i] = np.conj(rfft2(np.moveaxis(turned, -1, 0)))
    return out


def search(master: CoarseMaster, maps: Float32, *, mirrored: bool = False, keep: int = 12) -> list[Hypothesis]:
    """The best rotations and shifts, best first: the local maxima within 0.2 of the best.

    maps : (4, GRID, GRID) of the unit about its centroid. mirrored : look for the golden's mirror image instead.
    """
    from scipy.fft import rfft2

    spectra = _spectra(np.ascontiguousarray(master.maps[:, :, ::-1])) if mirrored else master.spectra
    golden_norm = float(np.sqrt((master.maps.astype(np.float64) ** 2).sum()))
    unit_norm = float(np.sqrt((maps.astype(np.float64) ** 2).sum()))
    reach = int(0.12 * _PART_PX) + 1
    index = np.arange(-reach, reach + 1)
    correlation = _correlations(np.asarray(rfft2(maps)), spectra, index).reshape(_ROTATIONS, -1)
    at = np.argmax(correlation, axis=1)
    scores = correlation[np.arange(_ROTATIONS), at].astype(np.float64)
    shifts = np.stack([index[at % len(index)], index[at // len(index)]], axis=1).astype(np.float64)
    scores /= max(golden_norm * unit_norm, 1e-9)
    best = float(scores.max())
    out: list[Hypothesis] = []
    step = 360.0 / _ROTATIONS
    peaks = np.flatnonzero((scores >= np.roll(scores, 1)) & (scores > np.roll(scores, -1)) & (scores >= best - _WITHIN))
    for i in peaks[np.argsort(-scores[peaks], kind="stable")][:keep]:
        shift = shifts[i] * master.pitch_mm
        out.append(Hypothesis(float(i * step), (float(shift[0]), float(shift[1])), float(scores[i])))
    return out


def _correlations(unit: NDArray[np.complex64], spectra: NDArray[np.complex64], index: NDArray[np.int_]) -> Float32:
    """(rotations, n, n) correlations at the shifts ``index`` (n,) alone: down by one product of matrices, and across.

    unit : (maps, GRID, GRID // 2 + 1) spectrum; spectra : (rotations, maps, GRID, GRID // 2 + 1).
    """
    turn = 2j * np.pi / GRID
    down = (np.exp(turn * np.outer(index, np.arange(GRID))) / GRID**2).astype(np.complex64)
    half = np.arange(GRID // 2 + 1)
    twice = np.where((half == 0) | (half == GRID // 2), 1, 2)  # the half of the spectrum that is not held
    across = (np.exp(turn * np.outer(half, index)) * twice[:, None]).astype(np.complex64)
    seen = down @ _products(unit, spectra)
    return np.asarray((seen @ across).real, dtype=np.float32)


@numba.njit(cache=True, nogil=True, fastmath={"contract", "reassoc"})
def _products(
    unit: NDArray[np.complex64], spectra: NDArray[np.complex64]
) -> NDArray[np.complex64]:  # pragma: no cover - compiled
    """(rotations, rows, columns) sums over the maps of the unit's spectrum times every rotation's."""
    rotations, maps, rows, columns = spectra.shape
    out = np.empty((rotations, rows, columns), dtype=np.complex64)
    for r in range(rotations):
        for y in range(rows):
            line = out[r, y]
            line[:] = 0
            for m in range(maps):
                a, b = unit[m, y], spectra[r, m, y]
                for x in range(columns):
                    line[x] += a[x] * b[x]
    return out


def pair_correlation(master: CoarseMaster, unit_maps: Float32, unit_seen: Bool) -> float:
    """Correlation of the golden's maps with the unit's, warped into the golden frame; both (4, n, n) at half pitch."""
    g = np.where(unit_seen, master.fine_maps, 0).astype(np.float64)
    u = np.where(master.fine_mask, unit_maps, 0).astype(np.float64)
    return float((g * u).sum() / max(math.sqrt((g * g).sum() * (u * u).sum()), 1e-9))
