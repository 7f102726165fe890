"""What the flat field leaves, and what a card's correction leaves when the light drifts. Prints, asserts nothing.

Run: python tests/benchmarks/bench_light.py [--frames 16]

Flat field: grey frames of 8 bits under lamp and lens falling off by a fifth to the corners, with noise of 1 % and
three tone curves: sRGB's, the same with a further power, and one with an offset by flare. CIEDE2000 over a field of
four tones against the centre, before and after.

Drift: the renderer's spectra. 24 patches and 60 enamel colours read at 8 bits under the bench's LED, and under mixtures
of it with six other lamps; each reading corrected through its own card, by the family of the first. The error is the
enamel's CIEDE2000 between the two readings, which is 0 in truth.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from sample_data.renderer import materials, spectra
from sample_data.renderer.camera import colour_matrix
from sample_data.renderer.lamps import Lamp
from station.calibrate.correction import fit_correction
from station.calibrate.drift import shift
from station.calibrate.field import flat_field, gain_rows
from station.values.bench import CameraSpec, Rig
from station.values.colour import (
    SRGB_TO_XYZ,
    ColourCorrection,
    DeviceRGB,
    Lab,
    PhotoLight,
    linearise,
    srgb_decode,
    srgb_encode,
    xyz_to_lab,
)
from station.values.difference import delta_e_2000
from station.values.line import Shot

Float = NDArray[np.float64]

SIZE = (600, 450)
TONES = (0.05, 0.18, 0.4, 0.7)
CURVES: dict[str, Callable[[Float], Float]] = {
    "sRGB": srgb_encode,
    "power 1.15": lambda light: srgb_encode(np.clip(light, 0, 1) ** 1.15),
    "flare 2 %": lambda light: srgb_encode(0.98 * light + 0.02),
}


def falling_off() -> Float:
    """(450, 600) relative light, 1 at the centre, with a slope across it."""
    x, y = np.meshgrid(np.linspace(-1, 1, SIZE[0]), np.linspace(-1, 1, SIZE[1]))
    return np.asarray((1 - 0.1 * (x**2 + y**2)) * (1 + 0.04 * x))


def shot(light: Float, curve: Callable[[Float], Float], rng: np.random.Generator) -> Shot:
    """A grey picture of this light through a camera of this tone curve."""
    noisy = light[..., None] * (1 + rng.normal(0, 0.01, (*light.shape, 3)))
    return Shot(DeviceRGB(np.rint(255 * curve(noisy)).astype(np.uint8)), "0" * 64, "drawn")


def flat_fields(frames: int) -> None:
    rng = np.random.default_rng(1)
    rig = Rig(name="drawn", camera=CameraSpec(width=SIZE[0], height=SIZE[1], distance_mm=300.0))
    print(f"Flat field of {frames} frames: CIEDE2000 against the centre, mean and largest of 9 x 7 places")
    for name, curve in CURVES.items():
        greys = [shot(0.3 * falling_off(), curve, rng) for _ in range(frames)]
        light = flat_field(greys, rig, lux=None, made_at=datetime(2026, 1, 1, tzinfo=UTC))
        for tone in TONES:
            photo = shot(tone * falling_off(), curve, rng).photo
            evened = PhotoLight(photo, gain_rows(light, SIZE)).whole()
            before, after = (places(p.pixels) for p in (linearise(photo), evened))
            print(f"  {name:12} tone {tone:4.2f}: {before[0]:5.2f} {before[1]:5.2f} -> {after[0]:5.3f} {after[1]:5.3f}")


def places(pixels: NDArray[np.float32]) -> tuple[float, float]:
    """CIEDE2000 of means over 9 x 7 places against that in the middle."""
    h, w = pixels.shape[:2]
    cells = pixels[: h // 7 * 7, : w // 9 * 9].reshape(7, h // 7, 9, w // 9, 3).mean(axis=(1, 3), dtype=np.float64)
    lab = xyz_to_lab(cells @ SRGB_TO_XYZ.T)
    found = delta_e_2000(Lab(lab.values[3, 4]), lab)
    return float(found.mean()), float(found.max())


def drift() -> None:
    _, patches = spectra.card_patches()
    reference = spectra.lab(patches)
    lamp = Lamp()
    bench = sum(lamp.power())
    gains, matrix = colour_matrix(lamp)
    sensor = spectra.sensor()
    rng = np.random.default_rng(3)
    wanted = [(rng.uniform(25, 85), rng.uniform(-50, 60), rng.uniform(-50, 70)) for _ in range(60)]
    enamels = np.array([materials.reflectance_of(materials.recipe_for(lab)) for lab in wanted])

    def read(reflectance: Float, power: Float) -> Float:
        raw = reflectance @ (sensor * power[:, None]) / (sensor[:, 1] * bench).sum()
        coded = srgb_encode(np.clip(raw * gains @ matrix.T * 0.62, 0, 1))
        return srgb_decode(np.rint(255 * coded) / 255)

    def corrected(power: Float, model: str | None = None) -> ColourCorrection:
        rgb = read(patches, power)
        fitted = fit_correction(rgb, reference, (rgb.max(axis=1) < 0.975) & (np.arange(24) < 23), model=model)
        assert fitted is not None
        return fitted.correction

    first = corrected(bench)
    greys = patches[18:23]
    print(
        "Drift: tint and lightness of the grey patches; error that the card's correction leaves, median, p95, largest"
    )
    lights = [(f"level {level:g}", level * bench) for level in (0.8, 0.9, 1.1, 1.25)]
    for share in (0.05, 0.1, 0.2, 0.3, 0.5):
        for name in ("LED-B2", "LED-B3", "LED-B5", "D65", "FL11", "A"):
            other = spectra.illuminant(name)
            other = other * (bench * sensor[:, 1]).sum() / (other * sensor[:, 1]).sum()
            lights.append((f"{share:.0%} of {name}", (1 - share) * bench + share * other))
    for name, power in lights:
        lightness, tint = shift(first.lab(read(greys, bench)), first.lab(read(greys, power)))
        error = delta_e_2000(first.lab(read(enamels, bench)), corrected(power, first.method).lab(read(enamels, power)))
        print(
            f"  {name:14} tint {tint:5.2f} lightness {lightness:+5.2f}: "
            f"{np.median(error):.2f} {np.quantile(error, 0.95):.2f} {error.max():.2f}"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=16, help="grey frames; 0 leaves the flat field out")
    if frames := parser.parse_args().frames:
        flat_fields(frames)
    drift()
