"""What the control sheet of a product type must say, and sheets to begin with that say it (T7-T9, T12-T16)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from station.errors import RequestError
from station.sheet.defects import USUAL_PIT_MM

if TYPE_CHECKING:
    from station.sheet.models import Sheet

TEMPLATES = ("pin", "coin", "keychain", "magnet", "medal", "pack")
PLATED = ("pin", "coin", "keychain", "medal")
"""Types of struck or cast metal with a plated face."""

DUAL_POSTS_MM = 32.0
"""From this overall size on a pin has two posts (T12; the source leaves 32 mm itself open)."""

_FOLDER = Path(__file__).with_name("templates")
_OVERALL = ("width", "height", "diameter", "max-feret")


@dataclass(frozen=True, slots=True)
class Need:
    """Something that a sheet must say. row : of the requirements. add : how to say it. words, defects, surfaces,
    fields : where it may stand. unseen : no camera sees it, so the notes may say it. no_default : nothing is usual.
    """

    item: str
    row: str
    add: str
    words: tuple[str, ...] = ()
    defects: tuple[str, ...] = ()
    surfaces: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    unseen: bool = False
    no_default: bool = False

    def met(self, sheet: Sheet) -> bool:
        """Whether the sheet says it; a row without a tolerance is L4's."""
        names = [name.casefold() for name in (*(s.name for s in sheet.sizes), *(e.name for e in sheet.entered))]
        if any(word in name for word in self.words for name in names):
            return True
        if any(d.kind in self.defects for d in sheet.defects):
            return True
        if any(surface in self.surfaces for surface in sheet.surfaces.values()):
            return True
        if any(getattr(sheet.product, f) for f in self.fields):
            return True
        notes = sheet.product.notes.casefold()
        return self.unseen and any(word in notes for word in self.words)


def needs(product_type: str) -> tuple[Need, ...]:
    """What a sheet of that type must say; of another type what every sheet must."""
    tables = ("all", *(("plated",) if product_type in PLATED else ()), product_type)
    return tuple(need for table in tables for need in _needs().get(table, ()))


def unmet(sheet: Sheet) -> tuple[Need, ...]:
    """What the sheet of a known type does not say."""
    if sheet.product.type not in TEMPLATES:
        return ()
    return tuple(need for need in needs(sheet.product.type) if not need.met(sheet))


def lacks_second_post(sheet: Sheet) -> bool:
    """Whether a pin of 32.0 mm or more has a place for fewer than two posts (T12)."""
    if sheet.product.type != "pin":
        return False
    nominals = [s.nominal_mm for s in sheet.sizes if s.kind in _OVERALL and isinstance(s.nominal_mm, float)]
    posts = [s for s in sheet.sizes if s.kind == "position"]
    count = len(posts) + sum("post" in e.name.casefold() for e in sheet.entered)
    return max(nominals, default=0.0) >= DUAL_POSTS_MM and count < 2


def template(product_type: str) -> str:
    """A control sheet to begin with, as TOML. Raises RequestError for a type without one."""
    plain = product_type.strip().lower()
    if plain not in TEMPLATES:
        raise RequestError(f"there is no template {product_type[:40]!r}", f"Use one of {', '.join(TEMPLATES)}.")
    text = (_FOLDER / f"{plain}.toml").read_text("utf-8")
    return text + ((_FOLDER / "plated.toml").read_text("utf-8") if plain in PLATED else "")


def said_of(missing: tuple[Need, ...], sheet: Sheet) -> Iterator[tuple[str, str]]:
    """What is missing, and what to do about it, in words: one by one what the sheet must say, then together what its
    notes may say."""
    for need in missing:
        if not need.unseen:
            usual = _usual_pits(sheet) if "pit" in need.defects else ""
            yield f"nothing is said about {need.item}", f"Add {need.add}{usual}."
    unseen = [need for need in missing if need.unseen]
    if unseen:
        free = [need.item for need in unseen if need.no_default]
        more = (
            f" {' and '.join(free).capitalize()} {'have' if len(free) > 1 else 'has'} no usual value." if free else ""
        )
        yield (
            f"no camera sees {', '.join(need.item for need in unseen)}",
            f"Add [[entered]] rows, or say in notes what was agreed, with its number.{more}",
        )


def _usual_pits(sheet: Sheet) -> str:
    """What is usual for the surfaces that the sheet has, as rows to be pasted; "" where it has none of them."""
    rows = [
        f'kind = "pit", limit_mm = {limit:.2f}, surface = "{surface}"'
        for surface, limit in USUAL_PIT_MM.items()
        if surface in sheet.surfaces.values()
    ]
    return f" (usual: {'; '.join(rows)})" if rows else ""


@cache
def _needs() -> dict[str, tuple[Need, ...]]:
    tables = tomllib.loads((_FOLDER / "needs.toml").read_text("utf-8"))
    return {name: tuple(_read(rows)) for name, rows in tables.items()}


def _read(rows: list[dict[str, object]]) -> Iterator[Need]:
    for row in rows:
        yield Need(**{k: tuple(v) if isinstance(v, list) else v for k, v in row.items()})  # type: ignore[arg-type]
