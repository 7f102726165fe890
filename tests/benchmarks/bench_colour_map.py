"""A 12-megapixel pair to a CIEDE2000 map: the station's kernel beside colour-science, scikit-image and a copy.

    python tests/benchmarks/bench_colour_map.py [THREADS]

The pair is two synthetic sRGB pictures (4000 x 3000, uint8) of enamel-like cells with noise. The bound is a compiled
loop that reads both pictures and writes one float32 a pixel into a new array, as a map is, and does nothing else; the
second bound writes into one that was written before. CPU seconds of all threads together
are given beside wall-clock time: on a busy machine the former is the steadier figure. colour-science and scikit-image
run on a fifth of the rows, scaled up by five; both get the pixels as float64 in 0..1, as their documentation asks.
Root-polynomials of degree 2 are timed beside colour-science's own (Finlayson 2015). Prints; asserts nothing.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numba
import numpy as np

from station.measure.colour_map import colour_map, lab_planes, spans_of
from station.values.colour import ColourCorrection, DeviceRGB, srgb_decode
from station.values.difference import delta_e_2000

HEIGHT, WIDTH, STRIP = 3000, 4000, 600
# IEC 61966-2-1 primaries, adapted to D50 by Bradford's matrix: ICC.1:2022, annex E.
SRGB_TO_XYZ_D50 = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
# Of RG, GB and BR, as the sample bench's golden has them; less the same in the matrix, which leaves greys grey.
ROOTS = np.array([[0.011, -0.144, 0.074], [0.011, 0.012, 0.0], [0.064, 0.021, -0.014]])


def pictures(seed: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Golden and unit (H, W, 3) uint8, and a mask (H, W) of cells that cover about a quarter of the frame."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    cells = (y // 250) * 20 + x // 200
    colours = rng.integers(20, 236, (cells.max() + 1, 3))
    golden = colours[cells] + rng.integers(-6, 7, (HEIGHT, WIDTH, 3))
    unit = golden + rng.integers(-9, 10, (HEIGHT, WIDTH, 3)) + rng.integers(-12, 13, colours.shape)[cells]
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for row in range(4):
        for column in range(5):
            cv2.circle(mask, (400 + 800 * column, 375 + 750 * row), 220, 1, -1)
    return (*(np.clip(p, 0, 255).astype(np.uint8) for p in (golden, unit)), mask > 0)


@numba.njit(nogil=True)
def traffic(one: Any, other: Any, out: Any) -> None:  # pragma: no cover - compiled
    """The same bytes in and out as a map of a pair, and next to no arithmetic."""
    a, b, c = one.reshape(-1), other.reshape(-1), out.reshape(-1)
    n = c.size
    for i in range(n):
        c[i] = np.float32(a[i] ^ b[i]) + np.float32(a[n + i] ^ b[n + i]) + np.float32(a[2 * n + i] ^ b[2 * n + i])


def timed(function: Callable[[], Any], rounds: int = 5) -> tuple[float, float]:
    """Least CPU and wall-clock milliseconds of the rounds, after one that compiles and warms caches."""
    function()
    cpu, wall = [], []
    for _ in range(rounds):
        began = time.process_time(), time.perf_counter()
        function()
        cpu.append(time.process_time() - began[0])
        wall.append(time.perf_counter() - began[1])
    return 1e3 * min(cpu), 1e3 * min(wall)


def main() -> None:
    threads = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    golden, unit, mask = pictures()
    correction = ColourCorrection(np.zeros(3), np.ones(3), SRGB_TO_XYZ_D50, "sRGB", 0.0)
    kept = lab_planes(DeviceRGB(golden), correction)
    rooted = replace(correction, matrix=SRGB_TO_XYZ_D50 - ROOTS, roots=ROOTS)
    kept_rooted = lab_planes(DeviceRGB(golden), rooted)
    spans = spans_of(mask)
    used = np.ones((HEIGHT, WIDTH), np.float32)
    rows: list[tuple[str, float, float]] = []

    def add(name: str, function: Callable[[], Any], scale: float = 1.0, rounds: int = 5) -> tuple[float, float]:
        cpu, wall = timed(function, rounds)
        rows.append((name, cpu * scale, wall * scale))
        return cpu * scale, wall * scale

    def new_array() -> None:
        traffic(golden, unit, np.zeros((HEIGHT, WIDTH), np.float32))

    bound = add("bound: read both pictures, write a new float32", new_array, rounds=9)
    add("the same into memory in use", lambda: traffic(golden, unit, used), rounds=9)
    first, both = DeviceRGB(golden), DeviceRGB(unit)
    add(
        "full frame, both pictures from pixels",
        lambda: colour_map(both, correction, lab_planes(first, correction, threads=threads), threads=threads),
    )
    add("full frame, golden's Lab kept", lambda: colour_map(both, correction, kept, threads=threads))
    add(
        f"regions only ({100 * mask.mean():.0f} % of the frame), Lab kept",
        lambda: colour_map(both, correction, kept, spans, threads=threads),
    )
    add(
        "root-polynomial, both pictures from pixels",
        lambda: colour_map(both, rooted, lab_planes(first, rooted, threads=threads), threads=threads),
    )
    add("root-polynomial, golden's Lab kept", lambda: colour_map(both, rooted, kept_rooted, threads=threads))
    strip = golden[:STRIP] / 255.0, unit[:STRIP] / 255.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import colour
        import skimage.color

        def by_colour_science(to_xyz: Callable[[Any], Any]) -> Any:
            white = colour.XYZ_to_xy([0.96422, 1, 0.82521])
            lab = [colour.XYZ_to_Lab(to_xyz(colour.cctf_decoding(p, function="sRGB")), white) for p in strip]
            return colour.difference.delta_E_CIE2000(*lab)

        def by_matrix() -> Any:
            return by_colour_science(lambda rgb: rgb @ SRGB_TO_XYZ_D50.T)

        def by_root_polynomial() -> Any:
            correct = colour.characterisation.apply_matrix_colour_correction_Finlayson2015
            matrix = np.hstack([rooted.matrix, ROOTS])
            return by_colour_science(lambda rgb: correct(rgb, matrix, root_polynomial_expansion=True, degree=2))

        reference = add("colour-science, float64", by_matrix, HEIGHT / STRIP, 2)
        add("colour-science, root-polynomial, float64", by_root_polynomial, HEIGHT / STRIP, 2)
        add(
            "scikit-image, float64",
            lambda: skimage.color.deltaE_ciede2000(
                *(skimage.color.rgb2lab(p, illuminant="D50") for p in strip), channel_axis=-1
            ),
            HEIGHT / STRIP,
            2,
        )
    print(f"{WIDTH} x {HEIGHT} px, {threads} thread(s); least of the rounds")
    print(f"{'':52}{'CPU ms':>9}{'wall ms':>9}{'x bound':>9}{'times colour-science':>22}")
    for name, cpu, wall in rows:
        print(f"  {name:50}{cpu:9.1f}{wall:9.1f}{cpu / bound[0]:9.1f}{reference[0] / cpu:22.1f}")
    lab1, lab2 = (correction.lab(srgb_decode(p)) for p in strip)
    exact = delta_e_2000(lab1, lab2)
    seen = colour_map(both, correction, kept)[:STRIP]
    print(f"  largest deviation from float64 over {exact.size} pixels: {np.abs(seen - exact).max():.5f} CIEDE2000")
    off = np.abs(colour_map(both, rooted, kept_rooted)[:STRIP] - by_root_polynomial())
    print(f"  root-polynomial, from colour-science: {off.max():.5f}")
    rng = np.random.default_rng(1)
    hard = rng.integers(0, 256, (STRIP, WIDTH, 3)).astype(np.uint8)
    hard[::3] = hard[::3, :, :1]  # greys
    random = correction.lab(srgb_decode(hard / 255))
    exact = delta_e_2000(lab1, random)
    off = np.abs(colour_map(DeviceRGB(hard), correction, np.ascontiguousarray(kept[:, :STRIP])) - exact)
    # Where hues stand opposite to within the rounding of a float32 Lab, the formula itself jumps by up to 10.
    (a1, b1), (a2, b2) = (np.moveaxis(lab.values[..., 1:], -1, 0) for lab in (lab1, random))
    jumps = (np.abs(a1 * b2 - a2 * b1) < 1e-5 * np.hypot(a1, b1) * np.hypot(a2, b2)) & (a1 * a2 + b1 * b2 < 0)
    print(
        f"  the same, against random colours and greys: {off[~jumps].max():.5f} ({jumps.sum()} opposite hues left out)"
    )
    own = np.moveaxis(lab2.values, -1, 0).astype(np.float32)
    print(f"  Lab planes: largest deviation {np.abs(lab_planes(both, correction)[:, :STRIP] - own).max():.5f}")


if __name__ == "__main__":
    main()
