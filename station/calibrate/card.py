"""Colour card references: the classic 24 in both editions and three sizes, others, and the user's own (TOML)."""

from __future__ import annotations

import math
import tomllib
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from station.calibrate.correction import MIN_PATCHES
from station.errors import RigError
from station.values.bench import CardReference
from station.values.faults import first_fault
from station.values.toml_text import read_toml

BUILT_IN: dict[str, tuple[str, ...]] = {
    "colorchecker24": ("colorchecker24-after-2014", "colorchecker24-before-2014"),
    "colorchecker24-passport": ("colorchecker24-passport-after-2014", "colorchecker24-passport-before-2014"),
    "colorchecker24-nano": ("colorchecker24-nano-after-2014", "colorchecker24-nano-before-2014"),
    "spydercheckr24": ("spydercheckr24",),
}
"""Names that stand for both editions of a card; each edition can be named alone too."""


def load_cards(name_or_path: str | None = None) -> tuple[CardReference, ...]:
    """The references a photo's card is held against; the one that fits better is used and named.

    Parameters
    ----------
    name_or_path
        A built-in name (``colorchecker24``, ``colorchecker24-passport-after-2014`` ...), a card TOML ending in
        ``.toml``, or None for both editions of ``colorchecker24``.

    Raises
    ------
    RigError
        The name is not built in, or the file cannot be read, has an unknown key, a wrong type, a number of patches
        other than columns x rows, too few patches for a colour correction, or a Lab that no surface has.
    """
    name = "colorchecker24" if name_or_path is None else name_or_path
    if name.lower().endswith(".toml"):
        path = Path(name)
        try:
            text = path.read_bytes()
        except OSError as error:
            raise RigError(
                f"the colour card {path} cannot be read: {error.strerror}", "Give the path of a card TOML."
            ) from None
        return (parse_card(text, path.name),)
    singles = [edition for editions in BUILT_IN.values() for edition in editions]
    if name not in BUILT_IN and name not in singles:
        raise RigError(
            f"there is no built-in colour card {name!r}",
            f"Use one of {', '.join(dict.fromkeys([*BUILT_IN, *singles]))}, or a path ending in .toml.",
        )
    folder = resources.files("calibration")
    return tuple(
        parse_card(folder.joinpath(f"{n}.toml").read_bytes(), f"{n}.toml") for n in BUILT_IN.get(name, (name,))
    )


def parse_card(text: bytes, source: str) -> CardReference:
    """One card from the bytes of its TOML; ``source`` names it in errors. Raises RigError as :func:`load_cards`."""
    try:
        card = CardReference.model_validate(read_toml(text.decode("utf-8-sig")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RigError(f"{source} is not TOML: {error}", "Correct the file.") from None
    except ValidationError as error:
        raise RigError(f"{source}: {first_fault(error, 'the file')}", "Correct the key in the card file.") from None
    expected = card.columns * card.rows
    if len(card.patches) != expected:
        raise RigError(
            f"{source}: patches has {len(card.patches)} entries, but columns x rows is {expected}",
            "List every patch once, row by row.",
        )
    if expected < MIN_PATCHES:
        raise RigError(
            f"{source}: the card has {expected} patches, a colour correction needs {MIN_PATCHES} and more",
            "Use a card with more patches.",
        )
    for i, patch in enumerate(card.patches):
        lightness, a, b = patch.lab
        if not all(map(math.isfinite, patch.lab)) or not 0 <= lightness <= 100 or max(abs(a), abs(b)) > 160:
            raise RigError(
                f"{source}: patches.{i}.lab of {patch.name!r} is {list(patch.lab)}, which is no surface colour",
                "Give L* 0 to 100 and a*, b* of the D50, 2 degree Lab.",
            )
    if not all(0 < f <= 1.1 for pair in card.fill for f in pair):
        raise RigError(
            f"{source}: fill is {[list(f) for f in card.fill]}", "Give pairs of patch width and height over the pitch."
        )
    if card.patch_mm and card.pitch_mm and card.patch_mm > card.pitch_mm:
        raise RigError(f"{source}: patch_mm is larger than pitch_mm", "The pitch is from patch centre to patch centre.")
    return card
