"""Drawn products, small windows of them: what is metal, enamel or print, how high it stands and what colour it has.

Nothing here is taken from the project's rendered designs, so that those stay unseen: artwork is made of random cells,
lines, discs, letters and smooth relief, in finishes that struck, plated, enamelled and printed goods come in.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]

OVER = 2
"""Sub-samples of a side of a pixel that artwork is drawn and lit with."""

FINISHES = ("soft", "hard", "relief", "print", "drawing", "dome", "glitter")
_SHARES = (0.18, 0.12, 0.10, 0.12, 0.40, 0.04, 0.04)
_METALS = np.array(
    [
        [0.95, 0.72, 0.38],
        [0.80, 0.78, 0.74],
        [0.24, 0.23, 0.23],
        [0.90, 0.58, 0.42],
        [0.62, 0.50, 0.30],
        [0.90, 0.90, 0.88],
    ],
    dtype=np.float32,
)
"""Reflectance at normal incidence of gold, nickel, black nickel, copper, antique brass and silver, linear RGB."""


@dataclass
class Artwork:
    """A window of a product on a grid of ``OVER`` samples a pixel, (H, W) unless said otherwise.

    metal : true on struck metal. cells : int32, number of the enamel or print cell, 0 on metal. height : in samples,
    struck metal at the top. albedo : (H, W, 3) linear, of what is not metal. tint : (3,) reflectance of the metal.
    wall : distance in samples to the nearest border of metal and cell. coat : strength of the clear surface's mirror.
    rough : 0-1 of the metal. finish : one of ``FINISHES``.
    """

    metal: Bool
    cells: NDArray[np.int32]
    height: Float32
    albedo: Float32
    tint: Float32
    wall: Float32
    coat: float
    rough: float
    finish: str


def draw(rng: np.random.Generator, side: int) -> Artwork:
    """A random window of ``side`` x ``side`` pixels, drawn at ``OVER`` times that."""
    n = side * OVER
    finish = str(rng.choice(FINISHES, p=_SHARES))
    metal = pattern(rng, n, flat=finish in ("print", "drawing"))
    if finish == "relief":
        metal = np.ones((n, n), dtype=bool)
    count, cells = cv2.connectedComponents((~metal).astype(np.uint8), connectivity=4, ltype=cv2.CV_32S)
    cells = np.asarray(cells, dtype=np.int32)
    albedo = _palette(rng, count, finish)[cells]
    if finish == "drawing":  # two tones and hard edges, as scanned artwork has
        ink, ground = _two_tones(rng)
        albedo = np.where(metal[..., None], ink, ground).astype(np.float32)
    elif finish == "print":
        albedo = np.where(metal[..., None], _palette(rng, 1, finish)[0], albedo).astype(np.float32)
    if finish == "glitter":
        flakes = (rng.random((n // 3 + 1, n // 3 + 1)) < 0.15).astype(np.float32) * rng.uniform(0.2, 0.7)
        large = cv2.resize(flakes, (n + 3, n + 3), interpolation=cv2.INTER_NEAREST)[:n, :n]
        albedo = albedo + np.where(metal, 0, large)[..., None] * rng.uniform(0.3, 1.0, 3)
    wall = _wall_distance(metal)
    height = _height(rng, metal, wall, finish)
    tint = _METALS[rng.integers(len(_METALS))] * rng.uniform(0.85, 1.1, 3)
    flat = finish in ("print", "drawing")
    return Artwork(
        metal=np.zeros_like(metal) if flat else metal,
        cells=(cells + 1 if flat else cells).astype(np.int32),
        height=height,
        albedo=np.clip(albedo, 0.004, 0.95).astype(np.float32),
        tint=np.clip(tint, 0.02, 0.98).astype(np.float32),
        wall=wall,
        coat=float(rng.uniform(0.0, 0.02) if flat else rng.uniform(0.02, 0.09)),
        rough=float(rng.uniform(0.05, 0.6)),
        finish=finish,
    )


def blurred(values: NDArray[np.generic], sigma: float) -> Float32:
    """Gaussian blur of (H, W) or (H, W, 3) values, sigma in samples."""
    return np.asarray(cv2.GaussianBlur(values.astype(np.float32), (0, 0), sigma), dtype=np.float32)


def smooth_noise(rng: np.random.Generator, n: int, scale: float) -> Float32:
    """(n, n) noise of zero mean and unit deviation that is even over about ``scale`` samples."""
    k = max(int(n / scale) + 3, 4)
    small = rng.normal(0, 1, (k, k)).astype(np.float32)
    big = cv2.resize(small, (n, n), interpolation=cv2.INTER_CUBIC)
    return np.asarray((big - big.mean()) / max(float(big.std()), 1e-6), dtype=np.float32)


def pattern(rng: np.random.Generator, n: int, *, flat: bool) -> Bool:
    """(n, n) true on lines, borders and shapes of metal (or ink)."""
    image = np.zeros((n, n), dtype=np.uint8)
    kind = rng.random()
    width = int(rng.integers(4, 26))
    if kind < 0.45:  # cells parted by ridges
        warp = [smooth_noise(rng, n, n / rng.uniform(1.5, 5)) * rng.uniform(0, 0.15) * n for _ in "xy"]
        points = rng.uniform(-0.2 * n, 1.2 * n, (int(rng.integers(2, 12)), 2))
        y, x = np.mgrid[0:n, 0:n].astype(np.float32)
        far = np.stack([np.hypot(x + warp[0] - a, y + warp[1] - b) for a, b in points])
        near = np.partition(far, 1, axis=0)
        image[(near[1] - near[0]) < width] = 1
    if kind > 0.35:
        for _ in range(int(rng.integers(1, 7))):
            _shape(rng, image, n, width)
    if flat and rng.random() < 0.6:
        for _ in range(int(rng.integers(2, 9))):
            _route(rng, image, n, int(rng.integers(4, 24)))
    if rng.random() < 0.15:
        image = 1 - image
    return image.astype(bool)


def _shape(rng: np.random.Generator, image: NDArray[np.uint8], n: int, width: int) -> None:
    """A ring, disc, polygon, letter or curve, raised or sunk."""
    centre = tuple(int(v) for v in rng.uniform(-0.1 * n, 1.1 * n, 2))
    size = int(rng.uniform(0.05, 0.6) * n)
    value = int(rng.random() < 0.75)
    fill = -1 if rng.random() < 0.35 else width
    match rng.integers(5):
        case 0:
            cv2.circle(image, centre, max(size // 2, 3), value, fill)
        case 1:
            turns = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 8))))
            corners = np.array(centre) + size * np.stack([np.cos(turns), np.sin(turns)], 1) * rng.uniform(
                0.4, 1.0, (len(turns), 1)
            )
            points = [np.round(corners).astype(np.int32)]
            cv2.fillPoly(image, points, value) if fill < 0 else cv2.polylines(image, points, True, value, width)
        case 2:
            text = "".join(rng.choice(list("ABCDEFGHKLMNPRSTUVXYZ0123456789&@"), int(rng.integers(1, 5))))
            face = int(rng.choice([cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX]))
            cv2.putText(image, text, centre, face, rng.uniform(0.8, 5.0), value, max(width // 2, 2))
        case 3:
            t = np.linspace(0, 1, 40)[:, None]
            a, b, c = rng.uniform(-0.2 * n, 1.2 * n, (3, 2))
            curve = (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c
            cv2.polylines(image, [np.round(curve).astype(np.int32)], False, value, width)
        case _:
            half = np.array([size // 2, int(size * rng.uniform(0.2, 1.0)) // 2 + 2])
            box = cv2.boxPoints((centre, tuple(2.0 * half), float(rng.uniform(0, 180)) * (rng.random() < 0.5)))
            cv2.fillPoly(image, [np.round(box).astype(np.int32)], value)


def _route(rng: np.random.Generator, image: NDArray[np.uint8], n: int, width: int) -> None:
    """A line that turns at right or half-right angles and ends in a disc, perhaps with a hole."""
    at = rng.uniform(0, n, 2)
    way = int(rng.integers(8))
    for _ in range(int(rng.integers(1, 5))):
        step = rng.uniform(0.1, 0.6) * n * np.array([np.cos(way * np.pi / 4), np.sin(way * np.pi / 4)])
        start, end = (tuple(round(float(v)) for v in p) for p in (at, at + step))
        cv2.line(image, start, end, 1, width)
        at, way = at + step, way + int(rng.choice([-2, -1, 1, 2]))
    if rng.random() < 0.5:
        centre = tuple(round(float(v)) for v in at)
        cv2.circle(image, centre, int(width * rng.uniform(0.8, 2.0)), 1, -1)
        if rng.random() < 0.5:
            cv2.circle(image, centre, max(int(width * 0.5), 2), 0, -1)


def _palette(rng: np.random.Generator, count: int, finish: str) -> Float32:
    """(count + 1, 3) linear albedos; enamel from black to white, mostly saturated."""
    hue = rng.uniform(0, 1, (count + 1, 3)) ** rng.uniform(0.8, 3.0)
    grey = rng.uniform(0, 1, (count + 1, 1)) ** 2
    mixed = hue * rng.uniform(0.1, 0.9) + grey * rng.uniform(0, 0.5)
    if finish in ("print", "drawing"):
        mixed = np.maximum(mixed, 0.02)
    return np.clip(mixed, 0.005, 0.9).astype(np.float32)


def _two_tones(rng: np.random.Generator) -> tuple[Float32, Float32]:
    dark, light = np.sort(rng.uniform(0, 1, 2) ** 1.5)
    if light - dark < 0.15:
        dark, light = 0.02, max(light, 0.4)
    tones = [
        np.full(3, v, dtype=np.float32) * (1 + rng.uniform(-0.1, 0.1, 3) * (rng.random() < 0.5)) for v in (dark, light)
    ]
    first, second = tones if rng.random() < 0.5 else tones[::-1]
    return first.astype(np.float32), second.astype(np.float32)


def _wall_distance(metal: Bool) -> Float32:
    inside = cv2.distanceTransform(metal.astype(np.uint8), cv2.DIST_L2, 3)
    outside = cv2.distanceTransform((~metal).astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(np.where(metal, inside, outside), dtype=np.float32)


def _height(rng: np.random.Generator, metal: Bool, wall: Float32, finish: str) -> Float32:
    """Height in samples: metal with rounded shoulders, enamel sunk with a meniscus, flush, domed, or relief."""
    n = len(metal)
    if finish in ("print", "drawing"):
        return smooth_noise(rng, n, n / 3) * np.float32(rng.uniform(0, 0.3))
    if finish == "relief":
        high = sum(smooth_noise(rng, n, n / k) * (rng.uniform(0.3, 1.5) * n / (12 * k)) for k in (2, 4, 8))
        steps = pattern(rng, n, flat=False).astype(np.float32)
        return np.asarray(high + rng.uniform(2, 12) * blurred(steps, rng.uniform(1.5, 5)), dtype=np.float32)
    depth = rng.uniform(3, 14) if finish in ("soft", "glitter") else rng.uniform(0, 1.2)
    shoulder = rng.uniform(3, 9)
    sunk = np.where(metal, 0.0, -depth).astype(np.float32)
    sunk = blurred(sunk, rng.uniform(0.8, 2.5))
    round_off = np.clip(1 - wall / shoulder, 0, 1) ** 2 * shoulder * rng.uniform(0.15, 0.6)
    meniscus = np.exp(-wall / rng.uniform(3, 9)) * depth * rng.uniform(0.0, 0.7)
    height = sunk + np.where(metal, -round_off, meniscus)
    if finish == "dome":
        y, x = np.mgrid[0:n, 0:n].astype(np.float32) / n - rng.uniform(0.2, 0.8, 2)[:, None, None]
        height = height * 0.3 - (x**2 + y**2) * n * rng.uniform(0.05, 0.25)
    brushed = rng.uniform(0, 0.12) if rng.random() < 0.5 else 0.0
    grain = cv2.blur(rng.normal(0, 1, (n, n)).astype(np.float32), (int(rng.integers(1, 40)), 1)) * brushed * 4
    return np.asarray(
        height + np.where(metal, grain, smooth_noise(rng, n, n / 5) * rng.uniform(0, 0.5)), dtype=np.float32
    )
