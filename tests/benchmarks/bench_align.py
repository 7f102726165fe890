"""Registration beside what everybody uses and against the Cramer-Rao bound, through ``station align``.

Photographs are warped by exact splines and given noise, gain, bias and a light field; the RMS error over a 9 x 9 grid
is divided by the least any unbiased method could reach, with gain, bias and a linear light field unknown too. With
``--unlike`` pairs that show different things, or the golden mirrored, are registered instead and every answer that is
handed out as right is counted.

    python tests/benchmarks/bench_align.py [--trials 1] [--cases shift turn ...] [--station-only] [--unlike]
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates
from skimage import data
from skimage.registration import phase_cross_correlation

Float = NDArray[np.float64]
Picture = NDArray[np.uint8]
PHOTOS = ("astronaut", "camera", "coffee", "coins", "rocket", "chelsea", "brick", "moon", "page", "grass", "gravel")
PHOTOS += ("retina", "motorcycle_left", "hubble_deep_field")
LONGEST = 1000  # px; larger photographs are reduced


@dataclass(frozen=True)
class Case:
    """angle, shear, perspective : half-widths of uniform draws; scale relative. light : with gain, bias and field."""

    model: str = "similarity"
    angle: float = 3.0
    scale: float = 0.02
    shear: float = 0.0
    perspective: float = 0.0
    noise: float = 2.0
    light: float = 0.05
    changed: float = 0.0
    blur: float = 0.0
    contrast: float = 1.0


CASES = {
    "shift": Case(angle=0, scale=0, light=0),
    "shift, noise 6": Case(angle=0, scale=0, light=0, noise=6),
    "turn": Case(),
    "turn, noise 6": Case(noise=6),
    "any angle, 5 %": Case(angle=180, scale=0.05),
    "any, noise 6": Case(angle=180, scale=0.05, noise=6),
    "affine": Case("affine", angle=20, shear=0.05),
    "homography": Case("homography", angle=20, shear=0.03, perspective=0.03),
    "15 % changed": Case(changed=0.15),
    "gradient of light": Case(light=0.5),
    "blurred by 1.5 px": Case(blur=1.5),
    "contrast 0.2": Case(contrast=0.2),
}


@dataclass(frozen=True)
class Pair:
    """truth : (3, 3) golden px to unit px. bound : the least RMS error in px."""

    golden: Picture
    unit: Picture
    truth: Float
    bound: float


def photo(name: str) -> Float:
    if name == "motorcycle_left":
        picture = cv2.imread(str(Path(data.__file__).parent / "motorcycle_left.png"))[..., ::-1].astype(np.float64)
    else:
        picture = np.asarray(getattr(data, name)(), dtype=np.float64)
    grey = picture if picture.ndim == 2 else np.asarray(picture[..., :3] @ [0.25, 0.5, 0.25])
    factor = LONGEST / max(grey.shape)
    if factor < 1:
        grey = np.asarray(cv2.resize(grey, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))
    return grey


def draw_map(shape: tuple[int, ...], case: Case, rng: np.random.Generator) -> Float:
    h, w = shape
    a = np.deg2rad(rng.uniform(-case.angle, case.angle))
    r = (1 + rng.uniform(-case.scale, case.scale)) * np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    r = r @ (np.eye(2) + rng.uniform(-case.shear, case.shear, (2, 2)))
    centre = np.array([(w - 1) / 2, (h - 1) / 2])
    m = np.eye(3)
    m[:2, :2] = r
    m[:2, 2] = rng.uniform(-8, 8, 2)
    m[2, :2] = rng.uniform(-case.perspective, case.perspective, 2) / (max(h, w) / 2)
    about = np.eye(3)
    about[:2, 2] = centre
    m = about @ m @ np.linalg.inv(about)
    return m / m[2, 2]


def moved(points: Float, m: Float) -> Float:
    q = points @ m[:, :2].T + m[:, 2]
    return np.asarray(q[..., :2] / q[..., 2:])


def raster(shape: tuple[int, ...]) -> Float:
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float64)
    return np.stack([x, y], axis=-1)


def make(golden: Float, case: Case, rng: np.random.Generator) -> Pair:
    h, w = golden.shape
    golden = 128 + case.contrast * (golden - 128)
    m = draw_map(golden.shape, case, rng)
    at = raster(golden.shape)
    seen = gaussian_filter(golden, case.blur) if case.blur else golden
    q = moved(at, np.linalg.inv(m))
    unit = map_coordinates(seen, [q[..., 1], q[..., 0]], order=5, mode="reflect")
    changed = np.zeros((h, w), dtype=bool)
    while changed.mean() < case.changed:
        disc = np.hypot(*np.moveaxis(at - rng.uniform(0, [w, h]), -1, 0)) < 0.04 * w
        unit[disc] = rng.uniform(0, 255)
        changed |= disc
    gain, bias = (0.93, 5.0) if case.light else (1.0, 0.0)
    unit = (gain + case.light * (at[..., 0] / w - 0.5)) * unit + bias

    def coded(p: Float) -> Picture:
        return np.clip(np.rint(p + rng.normal(0, case.noise, p.shape)), 0, 255).astype(np.uint8)

    return Pair(coded(golden), coded(unit), m, least_error(golden, seen, m, case, gain))


def grid(shape: tuple[int, ...]) -> Float:
    x, y = np.meshgrid(np.linspace(20, shape[1] - 20, 9), np.linspace(20, shape[0] - 20, 9))
    return np.stack([x, y], axis=-1).reshape(-1, 2)


def rms(found: Float, true: Float, shape: tuple[int, ...]) -> float:
    g = grid(shape)
    return float(np.sqrt(((moved(g, found) - moved(g, true)) ** 2).sum(axis=-1).mean()))


def warp_jacobian(points: Float, shape: tuple[int, ...], model: str) -> Float:
    """(n, 2, k) displacement of golden points by small parameters of the model, all of the size of pixels."""
    h, w = shape
    half = max(h, w) / 2
    u, v = ((points - [(w - 1) / 2, (h - 1) / 2]) / half).T
    one, zero = np.ones_like(u), np.zeros_like(u)
    if model == "shift":
        columns = [(one, zero), (zero, one)]
    elif model == "similarity":
        columns = [(one, zero), (zero, one), (u, v), (-v, u)]
    else:
        columns = [(one, zero), (zero, one), (u, zero), (v, zero), (zero, u), (zero, v)]
        if model == "homography":
            columns += [(u * u, u * v), (u * v, v * v)]
    return np.stack([np.stack(c, axis=-1) for c in columns], axis=-1)


def least_error(golden: Float, seen: Float, m: Float, case: Case, gain: float) -> float:
    """Cramer-Rao bound of :func:`rms` for normal noise, gain, bias and a linear light field being unknown.

    The scene is unknown but for the two pictures: the golden's noise adds to the unit's, which is divided by gain and
    area scale. Rounding counts as noise; pixels that are clipped or not shown by both give nothing.
    """
    h, w = golden.shape
    at = raster(golden.shape)
    there = moved(at, m)
    inside = (there >= 0).all(axis=-1) & (there <= [w - 1, h - 1]).all(axis=-1)
    inside &= (golden > 2 * case.noise) & (golden < 255 - 2 * case.noise)
    gy, gx = (
        map_coordinates(seen, [at[..., 1] + dy, at[..., 0] + dx], order=5, mode="reflect")
        for dx, dy in ((0, 0.01), (0.01, 0))
    )
    sy, sx = (
        map_coordinates(seen, [at[..., 1] + dy, at[..., 0] + dx], order=5, mode="reflect")
        for dx, dy in ((0, -0.01), (-0.01, 0))
    )
    gradient = np.stack([(gx - sx), (gy - sy)], axis=-1)[inside] / 0.02
    p = at[inside]
    u, v = ((p - [(w - 1) / 2, (h - 1) / 2]) / (max(h, w) / 2)).T
    # a pure shift is registered as the similarity that the command offers
    warp = np.einsum("nd,ndk->nk", gradient, warp_jacobian(p, golden.shape, case.model))
    level = seen[inside]
    light = np.stack([level, level * u, level * v, np.ones_like(u), u, v], axis=-1)
    columns = np.concatenate([warp, light], axis=1)
    area = float(np.linalg.det(m[:2, :2]))
    variance = case.noise**2 + 1 / 12
    normal = columns.T @ columns / (variance * (1 + 1 / (gain**2 * area)))
    k = warp.shape[1]
    covariance = np.linalg.inv(normal)[:k, :k]
    g = grid(golden.shape)
    # displacements in the golden, carried into the unit by the map's scale
    spread = np.einsum(
        "ndk,kl,ndl->",
        warp_jacobian(g, golden.shape, case.model),
        covariance,
        warp_jacobian(g, golden.shape, case.model),
    )
    return float(np.sqrt(spread / len(g) * area))


# --- the methods -----------------------------------------------------------------------------------------------------


def by_sift(g: Picture, u: Picture, model: str) -> Float | None:
    sift = cv2.SIFT.create(enable_precise_upscale=True)
    return by_matches(sift, cv2.NORM_L2, g, u, model)


def by_akaze(g: Picture, u: Picture, model: str) -> Float | None:
    return by_matches(cv2.AKAZE_create(), cv2.NORM_HAMMING, g, u, model)


def by_matches(detector: cv2.Feature2D, norm: int, g: Picture, u: Picture, model: str) -> Float | None:
    (kg, dg), (ku, du) = detector.detectAndCompute(g, None), detector.detectAndCompute(u, None)
    if dg is None or du is None:
        return None
    matches = [
        m[0] for m in cv2.BFMatcher(norm).knnMatch(dg, du, k=2) if len(m) == 2 and m[0].distance < 0.8 * m[1].distance
    ]
    if len(matches) < 4:
        return None
    p = np.array([kg[m.queryIdx].pt for m in matches])
    q = np.array([ku[m.trainIdx].pt for m in matches])
    if model == "homography":
        return cv2.findHomography(p, q, cv2.USAC_MAGSAC, 2.0, maxIters=5000)[0]
    m, inside = cv2.estimateAffine2D(p, q, method=cv2.USAC_MAGSAC, ransacReprojThreshold=2.0, maxIters=5000)
    if m is not None and model == "similarity":
        keep = inside.ravel() > 0
        m, _ = cv2.estimateAffinePartial2D(p[keep], q[keep], method=cv2.LMEDS)
    return None if m is None else np.vstack([m, [0, 0, 1]])


def by_ecc(g: Picture, u: Picture, model: str, start: Float | None = None, smooth: int = 5) -> Float | None:
    homography = model == "homography"
    m = np.eye(3) if start is None else start
    m = (m if homography else m[:2]).astype(np.float32)
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 200, 1e-7)
    kind = cv2.MOTION_HOMOGRAPHY if homography else cv2.MOTION_AFFINE
    try:
        _, m = cv2.findTransformECC(g, u, m, kind, stop, None, smooth)
    except cv2.error:
        return None
    return (m if homography else np.vstack([m, [0, 0, 1]])).astype(np.float64)


def by_sift_ecc(g: Picture, u: Picture, model: str) -> Float | None:
    start = by_sift(g, u, model)
    return None if start is None else by_ecc(g, u, model, start, 1)


def by_phase(g: Picture, u: Picture, _: str) -> Float | None:
    hann = np.outer(np.hanning(g.shape[0]), np.hanning(g.shape[1]))
    a, b = ((p - p.mean()) * hann for p in (g.astype(np.float64), u.astype(np.float64)))
    shift, _, _ = phase_cross_correlation(a, b, upsample_factor=200, normalization=None)
    m = np.eye(3)
    m[0, 2], m[1, 2] = -shift[1], -shift[0]
    return m


METHODS: dict[str, Callable[[Picture, Picture, str], Float | None]] = {
    "SIFT + MAGSAC": by_sift,
    "ECC": by_ecc,
    "SIFT, then ECC": by_sift_ecc,
    "phase correlation": by_phase,
}
if hasattr(cv2, "AKAZE_create"):
    METHODS["AKAZE + MAGSAC"] = by_akaze


def by_command(pairs: list[tuple[Picture, Picture]], model: str) -> list[dict[str, object]]:
    """Answers of ``station align --pairs`` for pictures written as PNG."""
    with tempfile.TemporaryDirectory() as folder:
        lines = []
        for i, (g, u) in enumerate(pairs):
            for name, picture in ((f"{i}-golden.png", g), (f"{i}-unit.png", u)):
                cv2.imwrite(f"{folder}/{name}", picture if picture.ndim == 2 else picture[..., ::-1])
            lines.append(json.dumps({"golden": f"{i}-golden.png", "unit": f"{i}-unit.png"}))
        listed = Path(folder) / "pairs.jsonl"
        listed.write_text("\n".join(lines) + "\n")
        command = [
            str(Path(sys.executable).with_name("station")),
            "align",
            "--pairs",
            str(listed),
            "--model",
            model,
            "--json",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    if len(answers) != len(pairs):
        raise SystemExit(f"{len(answers)} answers to {len(pairs)} pairs: {done.stderr}")
    return answers


# --- what is printed -------------------------------------------------------------------------------------------------


def report(case: str, method: str, errors: list[float], bounds: list[float], seconds: float) -> None:
    e, b = np.array(errors), np.array(bounds)
    good = e < 1
    ratio = np.quantile(e[good] / b[good], [0.5, 0.95]) if good.any() else (np.nan, np.nan)
    px = np.quantile(e[good], [0.5, 0.95]) if good.any() else (np.nan, np.nan)
    wrong = float(np.mean(np.isfinite(e) & ~good))
    none = float(np.mean(~np.isfinite(e)))
    print(
        f"{case:18}{method:18}{px[0]:9.4f}{px[1]:9.4f}{ratio[0]:8.2f}{ratio[1]:8.2f}{none:8.0%}{wrong:7.0%}"
        f"{1000 * seconds / len(e):8.0f}",
        flush=True,
    )


def coverage(answers: list[dict[str, object]], pairs: list[Pair], model: str) -> list[float]:
    """Normalised squared errors over their degrees of freedom (1 is right): e' C^-1 e of the map's own entries."""
    found = []
    k = {"similarity": 4, "affine": 6, "homography": 8}[model]
    for answer, pair in zip(answers, pairs, strict=True):
        if not answer["registered"] or rms(np.array(answer["transform"]), pair.truth, pair.golden.shape) > 1:
            continue
        e = (np.array(answer["transform"]) - pair.truth).ravel()[:8]
        size = np.sqrt(np.maximum(np.diag(np.array(answer["covariance"])), 1e-300))
        scaled = np.array(answer["covariance"]) / np.outer(size, size)
        values, vectors = np.linalg.eigh(scaled)
        main = slice(8 - k, 8)
        found.append(float((((vectors.T @ (e / size))[main]) ** 2 / np.maximum(values[main], 1e-12)).sum() / k))
    return found


def single(answers: list[dict[str, object]], pairs: list[Pair]) -> list[float]:
    """Errors at the centre and two corners over their standard uncertainties, in x and in y."""
    out: list[float] = []
    for answer, pair in zip(answers, pairs, strict=True):
        if not answer["registered"] or rms(np.array(answer["transform"]), pair.truth, pair.golden.shape) > 1:
            continue
        m, c = np.array(answer["transform"]), np.array(answer["covariance"])
        h, w = pair.golden.shape
        for p in ([(w - 1) / 2, (h - 1) / 2], [20, 20], [w - 20, h - 20]):
            x, y = p
            q = m @ [x, y, 1]
            j = np.zeros((2, 8))
            j[0, :3] = j[1, 3:6] = np.array([x, y, 1]) / q[2]
            j[:, 6:] = -np.outer(q[:2], [x, y]) / q[2] ** 2
            e = moved(np.array(p), m) - moved(np.array(p), pair.truth)
            out.extend(e / np.sqrt(np.diag(j @ c @ j.T)))
    return out


def unlike(limit: int) -> None:
    """Pairs that show different things: what is handed out as registered is wrong."""
    names = list(itertools.permutations(PHOTOS, 2))[:: max(1, 182 // limit)][:limit]

    def levels(name: str) -> Picture:
        return np.clip(np.rint(photo(name)), 0, 255).astype(np.uint8)

    tests = {"different photographs": [(levels(a), levels(b)) for a, b in names]}
    tests["the golden mirrored"] = [(levels(n), np.ascontiguousarray(levels(n)[:, ::-1])) for n in PHOTOS]
    for name, pairs in tests.items():
        for model in ("similarity", "affine", "homography"):
            answers = by_command(pairs, model)
            wrong = sum(bool(a["registered"]) for a in answers)
            print(f"{name:24}{model:12} {wrong} of {len(answers)} registered wrongly", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1)
    parser.add_argument("--cases", nargs="*", default=list(CASES), choices=list(CASES))
    parser.add_argument("--station-only", action="store_true")
    parser.add_argument("--unlike", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.unlike:
        unlike(28)
        return
    print(f"{len(PHOTOS)} photographs, {args.trials} warps each; a registered answer off by over 1 px is wrong")
    heads = f"{'median':>9}{'p95 px':>9}{'/bound':>8}{'p95':>8}{'refused':>8}{'wrong':>7}{'ms':>8}"
    print(f"{'case':18}{'method':18}{heads}")
    every: list[float] = []
    for name in args.cases:
        case = CASES[name]
        rng = np.random.default_rng(args.seed)
        pairs = [make(photo(n), case, rng) for n in PHOTOS for _ in range(args.trials)]
        bounds = [p.bound for p in pairs]
        start = time.perf_counter()
        answers = by_command([(p.golden, p.unit) for p in pairs], case.model)
        spent = time.perf_counter() - start
        found = [np.array(a["transform"]) if a["registered"] else None for a in answers]
        errors = [np.inf if f is None else rms(f, p.truth, p.golden.shape) for f, p in zip(found, pairs, strict=True)]
        report(name, "station align", errors, bounds, spent)
        z = np.array(single(answers, pairs))
        every.extend(z)
        chi = coverage(answers, pairs, case.model)
        size, within = np.sqrt(np.mean(z**2)), np.mean(np.abs(z) < 2)
        print(f"{'':18}errors over their u: rms {size:.2f}, {within:.1%} within 2 u; chi2 / k {np.mean(chi):.2f}")
        for p, a, e in zip(pairs, answers, errors, strict=True):
            if e > 1:
                print(f"{'':18}{PHOTOS[pairs.index(p) // args.trials]}: {e:.3g} px {a['reason']}")
        for method, register in {} if args.station_only else METHODS.items():
            if method == "phase correlation" and not name.startswith("shift"):
                continue
            start = time.perf_counter()
            peers = [register(p.golden, p.unit, case.model) for p in pairs]
            spent = time.perf_counter() - start
            errors = [
                np.inf if f is None else rms(f, p.truth, p.golden.shape) for f, p in zip(peers, pairs, strict=True)
            ]
            report(name, method, errors, bounds, spent)
    print(f"all cases: {np.mean(np.abs(every) < 2):.1%} of the errors lie within 2 u (k = 2)")


if __name__ == "__main__":
    main()
