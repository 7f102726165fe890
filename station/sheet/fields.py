"""What the cells of the control sheet may hold, and the checks that its tables share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, Strict, StringConstraints

LARGEST = 1e5
"""No pixel, millimetre or colour difference of a sheet is larger; what is, is a slip of the keyboard."""

Number = Annotated[float, Strict(), Field(ge=-LARGEST, le=LARGEST)]
Positive = Annotated[float, Strict(), Field(gt=0, le=LARGEST)]
NotNegative = Annotated[float, Strict(), Field(ge=0, le=LARGEST)]
Percent = Annotated[float, Strict(), Field(ge=0, le=100)]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Identifier = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
UnitOfMeasure = Annotated[str, StringConstraints(max_length=16, pattern=r"^[^\s\d\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")]
Point = tuple[Number, Number]
Polygon = Annotated[tuple[Point, ...], Field(min_length=3)]


def decimal_of(x: float) -> Decimal:
    """``x`` as the shortest decimal that reads back as it: 0.2 is exactly 0.2, and 20 - 0.2 exactly 19.8."""
    return Decimal(repr(float(x)))


@dataclass(frozen=True, slots=True)
class Limits:
    """Inclusive limits as exact decimals in the unit of the characteristic; None where a side is open."""

    nominal: Decimal | None
    lower: Decimal | None
    upper: Decimal | None


class Table(BaseModel):
    """A table of the sheet: frozen, strict about what it may hold."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


def without_empty(value: Any) -> Any:
    """The value without what says nothing: None, empty texts, lists and tables."""
    if isinstance(value, dict):
        kept = {k: without_empty(v) for k, v in value.items()}
        return {k: v for k, v in kept.items() if v not in (None, "", [], {})}
    return [without_empty(v) for v in value] if isinstance(value, list | tuple) else value


def exactly_one(row: BaseModel, keys: tuple[str, ...]) -> None:
    """Raises ValueError unless one of the keys is given, and no other."""
    given = [k for k in keys if getattr(row, k) is not None]
    if len(given) != 1:
        said = " and ".join(given) if given else "no position"
        raise ValueError(f"{said} given; give exactly one of {', '.join(keys)}")


def check_polygons(*polygons: tuple[Point, ...] | None) -> None:
    """Raises ValueError for a polygon that encloses nothing."""
    for p in polygons:
        if p is None:
            continue
        area = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(p, (*p[1:], p[0]), strict=True)) / 2
        if abs(area) == 0:
            raise ValueError("the polygon encloses no area; give at least three corners that are not on one line")


def no_duplicates(table: str, key: str, names: Iterable[str]) -> None:
    """Raises ValueError for two rows of a table under one name, whatever their case."""
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise ValueError(f'two [[{table}]] have the {key} "{name}"; rename or remove one')
        seen.add(name.casefold())
