"""Registration beside what everybody uses: RMS grid error and time as ratios to the station's own.

scikit-image's photographs are warped by exact splines, given gain, bias, a light field and noise, and registered by the
station, by SIFT + RANSAC, by ECC (from the identity, filter 5) and, for pure shifts, by phase correlation.

    python tests/benchmarks/bench_align.py [--trials 2] [--noise 2]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from skimage import data
from skimage.registration import phase_cross_correlation

from station.measure.pair import register_pair
from station.values.colour import DeviceRGB, linearise

Float = NDArray[np.float64]
Picture = NDArray[np.uint8]
PHOTOS = ("astronaut", "camera", "coffee", "coins", "rocket", "chelsea", "brick", "moon", "page")


def photo(name: str) -> Float:
    picture = np.asarray(getattr(data, name)(), dtype=np.float64)
    return picture if picture.ndim == 2 else np.asarray(picture @ [0.25, 0.5, 0.25])


def by_station(g: Picture, u: Picture) -> Float | None:
    golden, unit = (linearise(DeviceRGB(np.repeat(p[..., None], 3, axis=2))) for p in (g, u))
    r = register_pair(golden, unit)
    return r.transform if r.registered else None


def by_sift(g: Picture, u: Picture) -> Float | None:
    sift = cv2.SIFT.create()
    (kg, dg), (ku, du) = sift.detectAndCompute(g, None), sift.detectAndCompute(u, None)
    matches = [m for m, n in cv2.BFMatcher().knnMatch(dg, du, k=2) if m.distance < 0.8 * n.distance]
    if len(matches) < 4:
        return None
    p = np.array([kg[m.queryIdx].pt for m in matches])
    q = np.array([ku[m.trainIdx].pt for m in matches])
    m, _ = cv2.estimateAffinePartial2D(p, q, method=cv2.RANSAC)
    return None if m is None else np.vstack([m, [0, 0, 1]])


def by_ecc(g: Picture, u: Picture) -> Float | None:
    m = np.eye(2, 3, dtype=np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 200, 1e-7)
    try:
        _, m = cv2.findTransformECC(g, u, m, cv2.MOTION_AFFINE, stop, None, 5)
    except cv2.error:
        return None
    return np.vstack([m, [0, 0, 1]]).astype(np.float64)


def by_phase(g: Picture, u: Picture) -> Float | None:
    shift, _, _ = phase_cross_correlation(g.astype(np.float64), u.astype(np.float64), upsample_factor=100)
    m = np.eye(3)
    m[0, 2], m[1, 2] = -shift[1], -shift[0]
    return m


METHODS: dict[str, Callable[[Picture, Picture], Float | None]] = {
    "station": by_station,
    "SIFT + RANSAC": by_sift,
    "ECC affine": by_ecc,
    "phase correlation": by_phase,
}
CASES = ("shift", "small turn", "any angle", "15 % changed")


def make(golden: Float, case: str, noise: float, rng: np.random.Generator) -> tuple[Picture, Picture, Float]:
    h, w = golden.shape
    angle = {"shift": 0.0, "any angle": rng.uniform(-180, 180)}.get(case, rng.uniform(-3, 3))
    scale = 1.0 if case == "shift" else 1 + rng.uniform(-0.02, 0.02)
    a = np.deg2rad(angle)
    r = scale * np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    centre = np.array([(w - 1) / 2, (h - 1) / 2])
    m = np.eye(3)
    m[:2, :2] = r
    m[:2, 2] = centre + rng.uniform(-8, 8, 2) - r @ centre
    y, x = np.mgrid[0:h, 0:w].astype(np.float64)
    q = np.stack([x, y, np.ones_like(x)], axis=-1) @ np.linalg.inv(m).T
    unit = map_coordinates(golden, [q[..., 1], q[..., 0]], order=5, mode="reflect")
    changed = np.zeros((h, w), dtype=bool)
    while case == "15 % changed" and changed.mean() < 0.15:
        disc = np.hypot(x - rng.uniform(0, w), y - rng.uniform(0, h)) < 0.04 * w
        unit[disc] = rng.uniform(0, 255)
        changed |= disc
    light = 1 if case == "shift" else 0.93 + 0.05 * (x / w - 0.5)
    unit = light * unit + (0 if case == "shift" else 5)

    def coded(p: Float) -> Picture:
        return np.clip(np.rint(p + rng.normal(0, noise, p.shape)), 0, 255).astype(np.uint8)

    return coded(golden), coded(unit), m


def rms(found: Float, true: Float, shape: tuple[int, ...]) -> float:
    x, y = np.meshgrid(np.linspace(20, shape[1] - 20, 9), np.linspace(20, shape[0] - 20, 9))
    p = np.stack([x, y, np.ones_like(x)], axis=-1)
    a, b = p @ found.T, p @ true.T
    return float(np.sqrt(((a / a[..., 2:] - b / b[..., 2:]) ** 2).sum(axis=-1).mean()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=2)
    parser.add_argument("--noise", type=float, default=2.0)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    rng = np.random.default_rng(args.seed)
    print(
        f"noise {args.noise:g}, {len(PHOTOS)} photographs, {args.trials} warps each; errors over 1 px count as failures"
    )
    print(f"{'case':14}{'method':20}{'median px':>10}{'p95 px':>9}{'ratio':>8}{'failed':>8}{'time ratio':>12}")
    for case in CASES:
        pairs = [make(photo(n), case, args.noise, rng) for n in PHOTOS for _ in range(args.trials)]
        own, own_time = float("nan"), float("nan")
        for name, method in METHODS.items():
            if name == "phase correlation" and case != "shift":
                continue
            start = time.process_time()
            found = [method(g, u) for g, u, _ in pairs]
            spent = time.process_time() - start
            errors = np.array(
                [np.inf if f is None else rms(f, m, g.shape) for f, (g, _, m) in zip(found, pairs, strict=True)]
            )
            good = errors[errors < 1]
            median, p95 = (np.quantile(good, [0.5, 0.95])) if len(good) else (np.nan, np.nan)
            if name == "station":
                own, own_time = float(median), spent
            failed = (len(errors) - len(good)) / len(errors)
            print(f"{case:14}{name:20}{median:10.4f}{p95:9.4f}{median / own:8.1f}{failed:8.0%}{spent / own_time:12.2f}")


if __name__ == "__main__":
    main()
