"""Defect-free and defective units rendered out of the golden's own raster, to learn what this bench finds.

A rendering is the golden resampled by a part of a pixel, with defects of known kind, place and size laid over it as the
bench's blur leaves them, at a slightly other exposure and with new grain. It knows what the master knows of the bench:
pitch, blur and noise; it does not know what turning the part under the lamps does to relief, so it tells the best that
can be expected. :mod:`station.measure.planted_kinds` says how each kind looks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.morphology import disc
from station.measure.per_master import PerMaster
from station.measure.planted_kinds import FINE, Ground, Paint, paint
from station.measure.rim import ENVELOPE_RIM, NETWORK_RIM, Rim
from station.measure.surface import hole_shoulders
from station.values.colour import LinearRGB
from station.values.geometry import Similarity
from station.values.line import METAL, OTHER, OUTSIDE, Aligned, Finding, Master

F32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

OTHERS = "other surfaces"
"""Enamel that the sheet does not name, and regions of no surface that it names."""
ENAMEL = ("soft enamel", "hard enamel", OTHERS)
WHERE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "pit": (*ENAMEL, "print"),
        "scratch": (*ENAMEL, "print", "metal"),
        "missing-enamel": ENAMEL,
        "speck": (*ENAMEL, "print"),
        "overflow": ("metal",),
        "bubble": ENAMEL,
        "plating-spot": ("metal",),
    }
)
"""Kinds of defect that can be planted, and the kinds of region that each occurs in."""

SIZES_MM: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "pit": (0.06, 1.0),
        "scratch": (0.3, 6.0),
        "missing-enamel": (0.1, 2.0),
        "speck": (0.06, 1.0),
        "overflow": (0.08, 1.5),
        "bubble": (0.1, 1.2),
        "plating-spot": (0.08, 1.5),
    }
)
"""Least and largest size planted: diameter of a disc of the same area, of scratches the length."""

_CALLED = {"plating": "metal", "other": OTHERS}
_WITHIN = ("pit", "speck", "bubble")  # lie in one cell as a whole; the others end at its edge
_TRIES = 60
_APART_PX = 26  # between two defects: pieces of a scratch are joined over up to 22
_NEAR_PX = 2  # a finding so near to a defect is taken for it
_SHIFT_PX = 0.5  # registration is off by up to so much in x and in y
_GAIN, _TINT = 0.03, 0.01  # exposure of a photo against the golden's, and of one channel against the others
_MID = 0.3  # linear light at which a pixel has the master's noise; photons make its square grow with light
_LEAST_PX = 1.5  # diameter of the smallest that is planted
_LEAST_BLUR_PX = 0.4  # mosaic and resampling leave so much where edges tell of none
_UNKNOWN_BLUR_PX = 1.0  # of a golden without an edge that tells it
_ALONG = 0.8  # share of a scratch that lies in its kind of region


@dataclass(frozen=True, slots=True)
class Wish:
    """A defect to be planted. region : kind of region. size_mm : as :data:`SIZES_MM`."""

    kind: str
    region: str
    size_mm: float


@dataclass(frozen=True, slots=True)
class Planted:
    """A defect that was planted. size_mm : as it came out. contrast_to_noise : root mean square change over its
    area, in standard deviations of a pixel, in the channel that changes most."""

    kind: str
    region: str
    x_mm: float
    y_mm: float
    size_mm: float
    contrast_to_noise: float


@dataclass(frozen=True, slots=True)
class Rendering:
    """A rendered unit as the line has it after registration, what was planted in it, (H, W) which pixels are near
    the n-th defect, as n + 1, and the wishes that there was no room for."""

    aligned: Aligned
    planted: tuple[Planted, ...]
    near: NDArray[np.uint8]
    left: tuple[Wish, ...] = ()

    def found(self, findings: Sequence[Finding], master: Master) -> tuple[tuple[str, ...], ...]:
        """For every planted defect the kinds of the findings on it, in their order; empty where it was missed."""
        return tuple(tuple(f.kind for f in there) for there in self.on_each(findings, master))

    def on_each(self, findings: Sequence[Finding], master: Master) -> tuple[tuple[Finding, ...], ...]:
        """For every planted defect the findings on it, in their order."""
        on: list[list[Finding]] = [[] for _ in self.planted]
        for finding in findings:
            corners = np.round(master.frame.to_px(finding.polygon_mm)).astype(np.int32)
            x, y, w, h = cv2.boundingRect(corners)
            filled = np.zeros((h, w), dtype=np.uint8)
            cv2.fillPoly(filled, [corners - (x, y)], 1)
            window = self.near[y : y + h, x : x + w]
            for n in np.unique(window[filled[: window.shape[0], : window.shape[1]] > 0]):
                if n:
                    on[int(n) - 1].append(finding)
        return tuple(map(tuple, on))


class Places:
    """The master's raster by kind of region. searched : (H, W) where the station looks for defects at all. kind_of :
    kind of region of every region, by the name that findings in it bear. rim : what the defect model leaves out.

    A few pixels along the part's edge belong to its outline, and the rounded edges of holes mirror other lamps: nothing
    is planted there, and no capability is told of it.
    """

    def __init__(self, master: Master, rim: Rim = ENVELOPE_RIM) -> None:
        self.master = master
        self.searched: Bool = rim.inside(master.labels) & ~hole_shoulders(master)
        surface = {r.label: _CALLED.get(r.surface, r.surface) for r in master.regions}
        surface |= {METAL: "metal", OTHER: OTHERS}
        self.names = {r.label: r.name for r in master.regions}
        self.kind_of = {r.name: surface[r.label] for r in master.regions} | {"metal": "metal", "other enamel": OTHERS}
        self._masks: dict[str, Bool] = {}
        for label, name in surface.items():
            here = (master.labels == label) & self.searched
            if here.any():
                self._masks[name] = self._masks.get(name, np.zeros_like(here)) | here
        self._depth = {name: _depth(mask) for name, mask in self._masks.items()}
        metal = (master.labels == METAL) & self.searched
        enamel = (master.labels != METAL) & (master.labels != OUTSIDE)
        self.shore: Bool = metal & (cv2.dilate(enamel.astype(np.uint8), disc(3)) > 0)
        self.metal = np.median(master.image.pixels[metal], axis=0).astype(np.float32) if metal.any() else None

    def region_of(self, planted: Planted) -> str:
        """The region that a planted defect lies in, by the name that findings in it bear."""
        x, y = (round(float(v)) for v in self.master.frame.to_px(np.array([planted.x_mm, planted.y_mm])))
        label = int(self.master.labels[y, x])
        return {METAL: "metal", OTHER: "other enamel"}.get(label) or self.names[label]

    @property
    def searched_share(self) -> float:
        """Share of the part, 0-1, that defects are looked for on."""
        return float(self.searched.sum()) / max(int((self.master.labels != OUTSIDE).sum()), 1)

    def regions_of(self, kind: str) -> tuple[str, ...]:
        """Kinds of region of this part in which defects of ``kind`` can be planted."""
        needed = self.shore.any() if kind == "overflow" else kind != "missing-enamel" or self.metal is not None
        return tuple(r for r in WHERE.get(kind, ()) if r in self._masks) if needed else ()

    def mask(self, region: str) -> Bool:
        """(H, W) pixels of a kind of region where defects are looked for."""
        return self._masks[region]

    def depth(self, region: str) -> F32:
        """(H, W) px from there to the nearest pixel of another cell, 0 outside this kind of region."""
        return self._depth[region]

    def largest_mm(self, kind: str, region: str) -> float:
        """The largest defect that a kind of region has room for; infinite for a kind that ends at its edge."""
        if kind not in _WITHIN:
            return float("inf")
        return 1.8 * float(self._depth[region].max()) * self.master.frame.pitch_mm


_PLACES = {rim: PerMaster(partial(Places, rim=rim)) for rim in (ENVELOPE_RIM, NETWORK_RIM)}


def places_of(master: Master, rim: Rim) -> Places:
    """The places of a master for models that leave out ``rim``, worked out once."""
    return _PLACES[rim](master)


def plan(
    places: Places,
    kinds: Sequence[str],
    limits_mm: Mapping[str, Sequence[float]],
    trials: int,
    rng: np.random.Generator,
) -> list[Wish]:
    """``trials`` wishes for every kind in every kind of region, in random order.

    Sizes are spread over their logarithm, the more densely the larger they are: small ones bend the curve, and it takes
    many large ones, next to all of them found, to prove that 90 % are found. Half of them lie in the upper 30 %.

    limits_mm : the sheet's limits of a kind; the sizes reach from a third of each to three times it at least.
    """
    wishes = []
    for kind in kinds:
        for region in places.regions_of(kind):
            low, high = SIZES_MM[kind]
            limits = [limit for limit in limits_mm.get(kind, ()) if limit > 0]
            low = max(min([low, *(limit / 3 for limit in limits)]), _LEAST_PX * places.master.frame.pitch_mm)
            high = min(max([high, *(3 * limit for limit in limits)]), places.largest_mm(kind, region))
            if high <= low:
                continue
            steps = (np.arange(trials) + rng.random(trials)) / trials
            wishes += [Wish(kind, region, float(s)) for s in low * (high / low) ** np.sqrt(steps)]
    return [wishes[i] for i in rng.permutation(len(wishes))]


def render(places: Places, wishes: Sequence[Wish], rng: np.random.Generator) -> Rendering:
    """A unit with the wished defects; one that there is no room for is left out.

    wishes : at most 255. The same generator state gives the same rendering.
    """
    master = places.master
    shape = master.labels.shape
    dx, dy = rng.uniform(-_SHIFT_PX, _SHIFT_PX, 2)
    moved = cv2.warpAffine(
        master.image.pixels, np.array([[1.0, 0, dx], [0, 1.0, dy]]), (shape[1], shape[0]), flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    light = np.maximum(moved, 0).astype(np.float32)
    near = np.zeros(shape, dtype=np.uint8)
    free = np.ones(shape, dtype=bool)
    planted: list[Planted] = []
    left: list[Wish] = []
    for wish in wishes:
        one = _plant(light, places, free, wish, rng)
        if one is None:
            left.append(wish)
            continue
        what, rows, columns, mask = one
        planted.append(what)
        near[rows, columns][cv2.dilate(mask.astype(np.uint8), disc(_NEAR_PX)) > 0] = len(planted)
        y, x = max(rows.start - _APART_PX, 0), max(columns.start - _APART_PX, 0)
        free[y : rows.stop + _APART_PX, x : columns.stop + _APART_PX] = False
    gain = np.exp(rng.uniform(-_GAIN, _GAIN)) * np.exp(rng.uniform(-_TINT, _TINT, 3))
    light = light * gain.astype(np.float32)
    sigma = master.noise * np.sqrt(np.clip(light / _MID, 0.05, 4.0))
    grain = rng.standard_normal(light.shape, dtype=np.float32)
    image = np.maximum(light + sigma * grain, 0).astype(np.float32)
    everywhere = np.ones(shape, dtype=bool)
    aligned = Aligned(
        image=LinearRGB(image), clipped=~everywhere, valid=everywhere, similarity=Similarity(), rms_px=0.0, overlap=1.0,
        u_offset_mm=0.0, u_rotation_deg=0.0, u_scale=master.u_scale, correction=master.correction,
        scale_source=master.scale_source, noise=master.noise, blur_px=master.blur_px,
    )  # fmt: skip
    return Rendering(aligned, tuple(planted), near, tuple(left))


def _plant(
    light: F32, places: Places, free: Bool, wish: Wish, rng: np.random.Generator
) -> tuple[Planted, slice, slice, Bool] | None:
    """Lays one defect over ``light``, in place; answers it, its window and (h, w) its area there."""
    master, region = places.master, places.mask(wish.region)
    pitch = master.frame.pitch_mm
    size_px = wish.size_mm / pitch
    allowed = free & (places.shore if wish.kind == "overflow" else region)
    if wish.kind in _WITHIN:
        allowed &= places.depth(wish.region) >= size_px / 2
    candidates = np.flatnonzero(allowed)
    if not len(candidates):
        return None
    reach = int(np.ceil(size_px / 2 * (1.0 if wish.kind in (*_WITHIN, "scratch") else 1.6) + 4 * _blur(master))) + 3
    for _ in range(_TRIES):
        row, column = (int(v) for v in np.unravel_index(int(rng.choice(candidates)), region.shape))
        rows, columns = slice(row - reach, row + reach + 1), slice(column - reach, column + reach + 1)
        if row < reach or column < reach or row + reach >= region.shape[0] or column + reach >= region.shape[1]:
            continue
        label = master.labels[row, column]
        cell = region[rows, columns] if wish.region == "metal" else master.labels[rows, columns] == label
        ground = Ground(_colour(light[rows, columns], cell), places.metal, cell, _beside(places, rows, columns), pitch)
        made = paint(wish.kind, size_px, ground, rng)
        if made is None or not free[rows, columns][_coarse(made.mask) > 0].all():
            continue
        share = _coarse(made.mask)
        if wish.kind == "scratch" and float(share[region[rows, columns]].sum()) < _ALONG * float(share.sum()):
            continue
        area = share >= 0.5 if (share >= 0.5).any() else share > 0
        before = light[rows, columns].copy()
        light[rows, columns] = _laid_over(before, made, _blur(master))
        change = np.sqrt(((light[rows, columns] - before)[area] ** 2).mean(axis=0))
        size = wish.size_mm if wish.kind == "scratch" else 2 * float(np.sqrt(share.sum() / np.pi)) * pitch
        x, y = (float(v) for v in master.frame.to_mm(np.array([column, row], dtype=np.float64)))
        cnr = float(change.max()) / max(master.noise, 1e-6)
        return Planted(wish.kind, wish.region, x, y, size, cnr), rows, columns, area
    return None


def _laid_over(before: F32, made: Paint, blur_px: float) -> F32:
    """(h, w, 3) light under a defect that is drawn ``FINE`` times finer, as the bench's blur leaves it."""
    cover = made.cover[..., None]
    through = _seen(made.shade * (1 - cover), blur_px)
    return np.asarray(before * through + _seen(made.light * cover, blur_px), dtype=np.float32)


def _seen(fine: F32, blur_px: float) -> F32:
    blurred = cv2.GaussianBlur(fine, (0, 0), FINE * blur_px, borderType=cv2.BORDER_REPLICATE)
    return _coarse(blurred)


def _coarse(fine: NDArray[np.generic]) -> F32:
    """Means over ``FINE`` x ``FINE`` samples."""
    h, w = fine.shape[0] // FINE, fine.shape[1] // FINE
    return np.asarray(cv2.resize(fine.astype(np.float32), (w, h), interpolation=cv2.INTER_AREA), dtype=np.float32)


def _blur(master: Master) -> float:
    return max(master.blur_px, _LEAST_BLUR_PX) if np.isfinite(master.blur_px) else _UNKNOWN_BLUR_PX


def _colour(light: F32, cell: Bool) -> F32:
    return np.asarray(np.median(light[cell], axis=0), dtype=np.float32)


def _beside(places: Places, rows: slice, columns: slice) -> F32 | None:
    """Colour of the largest cell of enamel in a window, None without one."""
    labels = places.master.labels[rows, columns]
    found, counts = np.unique(labels[(labels != METAL) & (labels != OUTSIDE)], return_counts=True)
    if not len(found):
        return None
    return _colour(places.master.image.pixels[rows, columns], labels == found[int(counts.argmax())])


def _depth(mask: Bool) -> F32:
    return np.asarray(cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5), dtype=np.float32)
