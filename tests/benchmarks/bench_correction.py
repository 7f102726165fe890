"""Colour corrections on real photographs and published swatches: CIEDE2000 leaving out one patch, beside other methods.

    python tests/benchmarks/bench_correction.py MIRRORS [--no-nested]

MIRRORS is a folder with bare git repositories OWNER+NAME/repo; what it lacks is named and left out. The photographs
are the whole, genuine cards of ``card_photos.toml`` at their own size. Priors, smoothing and margins were chosen on
those of ``TUNED_ON`` whose SHA-256 ends in an even digit; no other photograph had a part in that: "held out".
"Better lit": at least 22 patches neither clipped nor black nor otherwise left out, the white patch between 30 % and
97 % of full scale and its channels within a factor of 1.6.

Every error is of a patch that took no part in its own correction. "Nested" leaves the patch out of the choice among the
families too. The edition of the card is settled before, by one family for all methods. Prints figures; asserts nothing.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import subprocess
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from station.calibrate.card import load_cards
from station.calibrate.card_finding import find_card
from station.calibrate.correction import MIN_PATCHES, fit_correction, gate_residual
from station.devices.photo import read_photo
from station.errors import StationError
from station.values.colour import SRGB_TO_XYZ, Lab, lab_to_xyz, root_terms, srgb_decode, srgb_encode, xyz_to_lab
from station.values.difference import delta_e_2000

Float = NDArray[np.float64]
TUNED_ON = {
    "JTvD/arcu_colorchecker",
    "QiuJueqin/color-checker-extraction",
    "danforthcenter/plantcv",
    "karnehen/ColorChecker",
    "luimoli/ColorcheckerCalibration",
    "mathandy/python-macduff-colorchecker-detector",
    "pedrodiamel/colorchecker-detection",
    "pierrre1618/colorchecker_jpg",
}
SWATCHES = "colour-science/colour-checker-detection"
TESTS = "colour_checker_detection/detection/tests/test_segmentation.py"
PLACES = np.stack(np.meshgrid(np.linspace(-1, 1, 6), np.linspace(-0.6, 0.6, 4)), axis=-1).reshape(-1, 2)


@dataclass(frozen=True)
class Card:
    """rgb : (24, 3) linear. lab : (24, 3) reference of its edition. use : (24,)."""

    name: str
    rgb: Float
    lab: Float
    use: NDArray[np.bool_]
    held_out: bool = False
    better: bool = True


def blob(mirrors: Path, repository: str, path: str) -> bytes | None:
    """A file at the newest commit of a mirror, None where it is not there."""
    folder = mirrors / repository.replace("/", "+") / "repo"
    shown = subprocess.run(["git", "-C", str(folder), "show", f"HEAD:{path}"], capture_output=True, check=False)
    return shown.stdout if shown.returncode == 0 else None


def with_edition(name: str, rgb: Float, use: NDArray[np.bool_], **what: bool) -> Card | None:
    """The reading with the edition that fits better."""
    fits = [(float(g[use].mean()), c.lab) for c in load_cards() if (g := gate_residual(rgb, c.lab, use)) is not None]
    return Card(name, rgb, min(fits, key=lambda f: f[0])[1], use, **what) if fits else None


def photographs(mirrors: Path) -> Iterator[Card]:
    listed = tomllib.loads((Path(__file__).parent / "card_photos.toml").read_text("utf-8"))["photo"]
    for photo in listed:
        if photo["set"] != "classic" or "longest" in photo or photo.get("mirrored", False):
            continue
        name = f"{photo['repository']} {photo['path']}"
        data = blob(mirrors, photo["repository"], photo["path"])
        if data is None or hashlib.sha256(data).hexdigest() != photo["sha256"]:
            print(f"  not there: {name}")
            continue
        try:
            reading = find_card(read_photo(data, name=Path(photo["path"]).name), load_cards())
        except StationError as error:
            print(f"  {name}: {error}")
            continue
        rgb = np.array([p.rgb for p in reading.patches]).reshape(-1, 3)
        use = np.array([p.used for p in reading.patches], dtype=bool)
        if not reading.found or use.sum() < MIN_PATCHES:
            print(f"  not read: {name}: {reading.reason}")
            continue
        white = rgb[18]
        better = use.sum() >= 22 and 0.3 <= white.max() < 0.97 and white.max() < 1.6 * white.min()
        held = photo["repository"] not in TUNED_ON or int(photo["sha256"][-1], 16) % 2 == 1
        card = with_edition(name, rgb, use, held_out=held, better=bool(better))
        if card is not None:
            yield card


def published_swatches(mirrors: Path, *, decode: bool) -> Iterator[Card]:
    """The six sets in the test; as published they are still coded, so that a gamma has to be found."""
    source = blob(mirrors, SWATCHES, TESTS)
    if source is None:
        print(f"  not there: {SWATCHES}")
        return
    arrays = [
        np.array(ast.literal_eval(node.args[0]))
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") == "array"
        and isinstance(node.args[0], ast.List)
        if len(node.args[0].elts) == 24 and ast.unparse(node.args[0]).count(",") == 71
    ]
    for i, coded in enumerate(a for a in arrays if a.dtype == np.float64):
        rgb = srgb_decode(coded) if decode else coded
        card = with_edition(f"swatches {i}", rgb, (coded < 0.975).all(axis=1))
        if card is not None:
            yield card


Method = Callable[[Float, Float, Float], Float]
"""(rgb, lab, rgb of the patches left out) to their Lab."""


def least_squares(rgb: Float, lab: Float, unseen: Float) -> Float:
    matrix, *_ = np.linalg.lstsq(rgb, lab_to_xyz(Lab(lab)), rcond=None)
    return xyz_to_lab(unseen @ matrix).values


def root_polynomial(rgb: Float, lab: Float, unseen: Float) -> Float:
    def expand(v: Float) -> Float:
        return np.concatenate([v, root_terms(v)], axis=1)

    return least_squares(expand(rgb), lab, expand(unseen))


def opencv_affine(rgb: Float, lab: Float, unseen: Float) -> Float:
    """cv2.ccm as its tutorial sets it, affine, gamma 2.2 on the coded values."""
    coded = srgb_encode(rgb).reshape(-1, 1, 3)
    model = cv2.ccm.ColorCorrectionModel(coded, lab.reshape(-1, 1, 3), cv2.ccm.COLOR_SPACE_LAB_D50_2)
    model.setRGB(True)
    model.setCcmType(cv2.ccm.CCM_AFFINE)
    model.setLinearization(cv2.ccm.LINEARIZATION_GAMMA)
    model.setLinearizationGamma(2.2)
    matrix = model.compute()
    linear = srgb_encode(unseen) ** 2.2
    srgb = np.concatenate([linear, np.ones((len(linear), 1))], axis=1) @ matrix
    return xyz_to_lab(np.clip(srgb, 0, None) @ SRGB_TO_XYZ.T).values


def leave_one_out(method: Method, card: Card) -> Float:
    errors = []
    for i in np.flatnonzero(card.use):
        kept = card.use & (np.arange(len(card.use)) != i)
        seen = method(card.rgb[kept], card.lab[kept], card.rgb[i][None])
        errors.append(float(delta_e_2000(Lab(card.lab[i][None]), Lab(seen))[0]))
    return np.array(errors)


def ours(card: Card, **how: object) -> Float:
    fitted = fit_correction(card.rgb, card.lab, card.use, **how)  # type: ignore[arg-type]
    assert fitted is not None
    return fitted.loo[card.use]


def nested(card: Card) -> Float:
    """The choice itself made again without the patch; NaN for a card that then has too few."""
    errors = []
    if card.use.sum() <= MIN_PATCHES:
        return np.array([np.nan])
    for i in np.flatnonzero(card.use):
        fitted = fit_correction(card.rgb, card.lab, card.use & (np.arange(len(card.use)) != i), places=PLACES)
        assert fitted is not None
        errors.append(float(delta_e_2000(Lab(card.lab[i][None]), Lab(fitted.lab[i][None]))[0]))
    return np.array(errors)


METHODS: dict[str, Callable[[Card], Float]] = {
    "3x3, least squares": lambda c: leave_one_out(least_squares, c),
    "root-polynomial 2, least squares": lambda c: leave_one_out(root_polynomial, c),
    "cv2.ccm, affine, gamma 2.2": lambda c: leave_one_out(opencv_affine, c),
    "3x3, perceptual, even light": lambda c: ours(c, model="3x3, perceptual"),
    "curve a channel, perceptual, even light": lambda c: ours(c, model="offset and gamma per channel, 3x3, perceptual"),
    "chosen, even light": lambda c: ours(c),
    "chosen": lambda c: ours(c, places=PLACES),
    "chosen, nested": nested,
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("mirrors", type=Path)
    options.add_argument("--no-nested", action="store_true", help="leave out the slow nested figures")
    given = options.parse_args()
    photos = list(photographs(given.mirrors))
    groups = {
        "photos": photos,
        "better lit": [c for c in photos if c.better],
        "tuned on": [c for c in photos if not c.held_out],
        "held out": [c for c in photos if c.held_out],
        "held out, better lit": [c for c in photos if c.held_out and c.better],
        "swatches": list(published_swatches(given.mirrors, decode=False)),
        "swatches, decoded": list(published_swatches(given.mirrors, decode=True)),
    }
    print(f"{'mean over cards of LOO CIEDE2000 (largest card)':48}" + "".join(f"{g:>22}" for g in groups))
    print(f"{'cards':48}" + "".join(f"{len(cards):22d}" for cards in groups.values()))
    cards = [*photos, *groups["swatches"], *groups["swatches, decoded"]]
    for name, method in METHODS.items():
        if name == "chosen, nested" and given.no_nested:
            continue
        means = {id(c): float(method(c).mean()) for c in cards}
        row = ""
        for members in groups.values():
            values = [means[id(c)] for c in members]
            row += f"{np.nanmean(values):14.2f} ({np.nanmax(values):5.2f})" if values else f"{'-':>22}"
        print(f"{name:48}{row}", flush=True)
    chosen: Counter[str] = Counter()
    ratios, ranges, spent = [], [], time.process_time()
    for card in cards:
        fitted = fit_correction(card.rgb, card.lab, card.use, places=PLACES)
        assert fitted is not None
        chosen[fitted.correction.method] += 1
        ratios.append(fitted.correction.loo_mean / float(fitted.fit[card.use].mean()))
        ranges.append(float(fitted.light.max() / fitted.light.min()))
    spent = (time.process_time() - spent) / max(len(cards), 1)
    print(f"LOO over fit of what was chosen: median {np.median(ratios):.2f}, largest {max(ratios):.2f}")
    print(
        f"brightest over darkest light on a card: median {np.median(ranges):.2f}, p95 {np.percentile(ranges, 95):.2f}"
    )
    print(f"fit, leave-one-out and choice: {1000 * spent:.0f} ms CPU a card")
    for method_name, count in chosen.most_common():
        print(f"  {count:3d} {method_name}")


if __name__ == "__main__":
    main()
