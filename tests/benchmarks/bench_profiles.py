"""What reading a Display P3 photo costs in colour, by the way its profile is applied, on enamel whose Lab is known.

    python tests/benchmarks/bench_profiles.py

A drawn P3 camera photographs 600 saturated colours (chroma 45 up to the gamut of P3) and a 24-patch card, in 8 and in
16 bits. Four ways to read the file are compared: as if it were sRGB; littleCMS to 8-bit sRGB; floating point to sRGB,
clipped to its gamut; in the file's own primaries, as the station does. Without a card, Lab comes from the profile
alone. With a card, the light and the camera's own mixing are unknown to the reader, and the card's correction is
fitted. Prints mean, 95th percentile and largest CIEDE2000, and the share of colours read as clipped that were not.
"""

from __future__ import annotations

import io
import struct

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from station.calibrate.card import load_cards
from station.calibrate.correction import fit_correction
from station.devices.primaries import DISPLAY_P3
from station.values.colour import SRGB_TO_XYZ, Lab, lab_to_xyz, srgb_decode, srgb_encode, xyz_to_lab
from station.values.difference import delta_e_2000

Float = NDArray[np.float64]
SIDE = 24
"""Pixels across a patch: the means of a patch average the noise and the rounding."""


def enamels(rng: np.random.Generator, count: int) -> Float:
    """(count, 3) Lab of saturated colours that Display P3 holds, even in hue."""
    found: list[Float] = []
    while len(found) < count:
        hue = 2 * np.pi * rng.random()
        chroma = rng.uniform(45, 130)
        lab = np.array([rng.uniform(25, 80), chroma * np.cos(hue), chroma * np.sin(hue)])
        linear = np.linalg.solve(DISPLAY_P3, lab_to_xyz(Lab(lab)))
        if linear.min() > 0.001 and linear.max() < 0.93:
            found.append(lab)
    return np.stack(found)


def photograph(linear: Float, bits: int, rng: np.random.Generator) -> Float:
    """(n, SIDE * SIDE, 3) coded values 0-1 of patches of linear P3 light, with noise and rounding."""
    coded = srgb_encode(np.clip(linear, 0, 1))[:, None] + rng.normal(0, 1 / 255, (len(linear), SIDE * SIDE, 3))
    top = (1 << bits) - 1
    return np.asarray(np.clip(np.rint(coded * top), 0, top) / top)


def p3_profile() -> bytes:
    """A matrix profile of Display P3, as phones embed it."""
    curve = b"para\0\0\0\0\0\3\0\0" + struct.pack(
        ">5i", *(round(v * 65536) for v in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
    )
    tags = {f"{c}TRC".encode(): curve for c in "rgb"}
    for c, column in zip("rgb", DISPLAY_P3.T, strict=True):
        tags[f"{c}XYZ".encode()] = b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in column))
    tags[b"wtpt"] = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, start + len(body), len(tag))
        body += tag
    head = struct.pack(
        ">I4sI4s4s4s12s4s", start + len(body), b"lcms", 0x02400000, b"mntr", b"RGB ", b"XYZ ", b"", b"acsp"
    )
    head = head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def by_littlecms(coded: Float) -> Float:
    """Linear sRGB through littleCMS in 8 bits."""
    picture = Image.fromarray(np.rint(coded * 255).astype(np.uint8))
    done = ImageCms.profileToProfile(
        picture, io.BytesIO(p3_profile()), ImageCms.createProfile("sRGB"), ImageCms.Intent.RELATIVE_COLORIMETRIC, "RGB"
    )
    return srgb_decode(np.asarray(done) / 255)


def to_srgb(coded: Float) -> tuple[Float, Float]:
    """Linear sRGB in floating point: clipped to its gamut, and not."""
    linear = srgb_decode(coded) @ np.linalg.solve(SRGB_TO_XYZ, DISPLAY_P3).T
    return np.clip(linear, 0, 1), linear


WAYS = {
    "read as sRGB": (srgb_decode, SRGB_TO_XYZ),
    "littleCMS, 8 bits": (by_littlecms, SRGB_TO_XYZ),
    "floating point, clipped to sRGB": (lambda c: to_srgb(c)[0], SRGB_TO_XYZ),
    "its own primaries": (srgb_decode, DISPLAY_P3),
}


def show(name: str, lab: Float, truth: Float, clipped: float) -> None:
    off = delta_e_2000(Lab(lab), Lab(truth))
    print(f"    {name:34}{off.mean():7.2f}{np.quantile(off, 0.95):7.2f}{off.max():7.2f}{100 * clipped:9.1f}")


def main() -> None:
    """Print the tables."""
    rng = np.random.default_rng(20260520)
    truth = enamels(rng, 600)
    xyz = lab_to_xyz(Lab(truth))
    outside = (np.linalg.solve(SRGB_TO_XYZ, xyz.T) < 0).any(axis=0)
    card = next(c for c in load_cards("colorchecker24-after-2014"))
    patches = np.array([p.lab for p in card.patches], dtype=np.float64)
    print(
        f"{len(truth)} colours, {100 * outside.mean():.0f} % of them outside sRGB; CIEDE2000 mean, p95, max; clipped %"
    )
    for bits in (8, 16):
        coded = photograph(np.linalg.solve(DISPLAY_P3, xyz.T).T, bits, rng)
        pixel = photograph(np.linalg.solve(DISPLAY_P3, xyz.T).T, bits, np.random.default_rng(1))[:, 0]
        print(f"\n{bits} bits, no card: Lab by the profile\n  one pixel, with 1 level of noise")
        for name, (read, to_xyz) in WAYS.items():
            linear = read(pixel[None])[0]
            show(name, xyz_to_lab(linear @ to_xyz.T).values, truth, (linear.max(axis=1) > 0.956).mean())
        print("  the mean of a region")
        for name, (read, to_xyz) in WAYS.items():
            linear = read(coded).mean(axis=1)
            show(name, xyz_to_lab(linear @ to_xyz.T).values, truth, (linear.max(axis=1) > 0.956).mean())
        # the light, the exposure and the camera's mixing: what a card is for
        mixing = np.diag([0.93, 0.86, 0.78]) @ np.array([[0.93, 0.06, 0.01], [0.03, 0.93, 0.04], [0.01, 0.07, 0.92]])
        seen = [np.linalg.solve(DISPLAY_P3, lab_to_xyz(Lab(v)).T).T @ mixing.T for v in (patches, truth)]
        shots = [photograph(v, bits, rng) for v in seen]
        print("  through a card")
        for name, (read, _to_xyz) in WAYS.items():
            device, linear = (read(s).mean(axis=1) for s in shots)
            fitted = fit_correction(device, patches, np.ones(len(patches), dtype=bool))
            if fitted is None:
                print(f"    {name:34}  no correction fits")
                continue
            lab = fitted.correction.lab(linear).values
            show(f"{name} ({fitted.correction.method})", lab, truth, (linear.max(axis=1) > 0.956).mean())


if __name__ == "__main__":
    main()
