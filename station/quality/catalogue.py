"""Kinds of nonconformity: what each touches, and what is usually done about it.

The failure words are S3's, S4's and S15's, the remedies those of the disposition matrix N6 to N8; kinds that the
station measures or finds by itself are among them. What else people call them is in
:mod:`station.quality.kind_words`. A kind says what is usual. Class and context may change it
(:mod:`station.quality.disposition`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from station.sheet import FUNCTIONAL
from station.values.nonconformity import Category, Disposition


@dataclass(frozen=True, slots=True)
class Kind:
    """remedy : what the matrix gives it. reworkable : None where it depends on the part. functional : it touches
    function or safety, so that it is never minor (S7). unacceptable : no use of the goods and no price makes it good
    (S15). unsound : of these, that the article itself is spoilt, whatever is around it. slight : a deviation that is
    classed minor may pass all the same (S14)."""

    name: str
    category: Category
    remedy: Disposition
    reworkable: bool | None
    functional: bool = False
    unacceptable: bool = False
    unsound: bool = False
    slight: bool = False


_REPLACE: Final[dict[Category, tuple[str, ...]]] = {
    "mark": ("mark-place", "mark-size", "wrong-backstamp", "missing-mark"),
    "colour": ("colour", "plating-tone", "brand-colour", "boundary"),
    "size": ("size", "post-position", "off-centre-hardware", "closed-hole"),
    "surface": (
        *("scratch", "front-scratch", "pit", "missing-enamel", "low-enamel-fill", "overflow", "bubble"),
        *("epoxy-bubble", "exposed-base-metal", "burn-mark", "plating-spot", "trapped-contamination"),
        "transit-damage",
    ),
    "material": ("wrong-material", "weight"),
    "count": ("count-shortage",),
}
_REPLACE_FUNCTIONAL: Final = (
    *("detached-post", "broken-post", "weak-clutch", "ring-opening", "ring-deformation", "pull-force"),
    *("detached-magnet", "magnet-detachment", "sharp-burr", "burr"),
)
_REWORK: Final[dict[Category, tuple[str, ...]]] = {
    "assembly": ("missing-clutch", "loose-ring", "loose-screw-back", "uncured-magnet", "missing-accessory"),
    "surface": ("removable-contamination", "speck"),
    "packaging": ("wrong-card", "missing-insert", "wrong-packing"),
    "label": ("carton-label", "label", "wrong-barcode"),
}
_DISCOUNT: Final[dict[Category, tuple[str, ...]]] = {
    "surface": ("back-scuff", "face-scuff"),
    "packaging": ("carton-print", "polybag-wrinkle", "carton-crease"),
}
_UNSOUND: Final = (
    Kind("crack", "function", "replace", False, functional=True, unsound=True),
    Kind("leak", "function", "replace", None, functional=True, unsound=True),
    Kind("odour", "material", "replace", None, unsound=True),
    Kind("contamination", "surface", "replace", None, unsound=True),
    Kind("deformation", "size", "replace", False, unsound=True),
)
"""Of the ten that may not pass (S15) those that no other list has; contamination that wipes off has its own kind."""
_NEVER_PASS: Final = (
    *("wrong-material", "missing-mark", "wrong-backstamp", "label", "carton-label", "wrong-barcode"),
    *("wrong-packing", "missing-accessory"),
)
"""The others of the ten: material, missing or misprinted logo, text, warning and barcode, packing method, accessory.
Sizes, colours and functions are held to their limits and to the use of the goods."""
_SLIGHT: Final = ("label", "carton-label")
_NOT_FUNCTIONAL: Final = ("missing-accessory",)


def _kinds() -> Iterator[Kind]:
    for kind in _listed():
        never = kind.unsound or kind.name in _NEVER_PASS
        yield replace(kind, unacceptable=never, slight=kind.name in _SLIGHT)


def _listed() -> Iterator[Kind]:
    for category, names in _REPLACE.items():
        yield from (Kind(n, category, "replace", False, n in FUNCTIONAL) for n in names)
    yield from (Kind(n, "function", "replace", None, True) for n in _REPLACE_FUNCTIONAL)
    for category, names in _REWORK.items():
        functional = category == "assembly"
        yield from (Kind(n, category, "rework", True, functional and n not in _NOT_FUNCTIONAL) for n in names)
    for category, names in _DISCOUNT.items():
        yield from (Kind(n, category, "discount", None) for n in names)
    yield from _UNSOUND


KINDS: Final[dict[str, Kind]] = {k.name: k for k in _kinds()}
"""By name. What is in none of them is an :data:`OTHER`."""
OTHER: Final = Kind("other", "surface", "sort", None)

_MEASURED: Final = {
    "offset": "mark-place", "offset-x": "mark-place", "offset-y": "mark-place", "rotation": "mark-place",
    "scale": "mark-size", "colour": "colour", "boundary-shift": "boundary", "blur": "missing-mark",
    "barcode": "wrong-barcode", "text": "label",
}  # fmt: skip
_ENTERED: Final = (
    ("carton-label", ("carton label", "carton mark", "outer label", "outer carton")),
    ("wrong-barcode", ("barcode", "ean", "qr code")),
    ("label", ("label",)),
    ("weak-clutch", ("clutch",)),
    ("pull-force", ("force", "pull", "retention", "torque", "bond", "adhesion", "opening", "grip")),
    ("count-shortage", ("count", "pieces", "quantity")),
    ("leak", ("leak", "tightness")),
    ("odour", ("odour", "odor", "smell")),
    ("weight", ("weight", "mass", "grade", "plating", "hardness", "material")),
)


def kind_of(name: str) -> Kind:
    """The kind of that name; :data:`OTHER` for one that the catalogue does not have."""
    return KINDS.get(name, OTHER)


def kind_of_measurement(kind: str, name: str) -> Kind:
    """The kind behind a measurement of a unit document. kind : of the measurement; name : the sheet's for it, which for
    an entered value is all that tells what was measured."""
    if kind == "entered":
        words = name.casefold()
        found = next((k for k, parts in _ENTERED if any(p in words for p in parts)), "size")
        return KINDS[found]
    return KINDS[_MEASURED.get(kind, "size")]
