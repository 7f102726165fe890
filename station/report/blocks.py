"""What a document is put together from: one description, set as a page by ``paper`` and as tables by ``workbook``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from station.report.languages import Language

Tone = Literal["plain", "good", "bad", "open"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it is printed, and as it is calculated with. tone : of the verdict that it carries."""

    text: str
    value: float | None
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Flag:
    """A word that carries a verdict."""

    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class Code:
    """A digest or a key: in letters of one width."""

    text: str


@dataclass(frozen=True, slots=True)
class Formula:
    """A sum for the spreadsheet, ``{row}`` in it is the number of its own row; on the page an empty cell."""

    text: str


Cell = str | Figure | Flag | Code | Formula


@dataclass(frozen=True, slots=True)
class Column:
    """wide : the share of the free width, 0 for as wide as its cells. right : numbers, set to the right."""

    title: str
    wide: float = 0.0
    right: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """name : of its sheet in the spreadsheet, "" for none. note : a small line below. roomy : to be filled in."""

    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Cell]]
    name: str = ""
    note: str = ""
    roomy: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Pairs of a name and what it is, two beside each other where the page has room for them."""

    pairs: Sequence[tuple[str, Cell]]
    beside: int = 2


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph; framed is what is signed."""

    text: str
    style: Literal["plain", "small", "strong", "framed"] = "plain"


@dataclass(frozen=True, slots=True)
class Bullets:
    texts: Sequence[str]
    numbered: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """data : JPEG or PNG. lines : what stands under it."""

    data: bytes
    lines: tuple[str, ...] = ()
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Pictures:
    items: Sequence[Picture]
    across: int
    height_mm: float


@dataclass(frozen=True, slots=True)
class Curve:
    """points : (x, share 0-1), x in the unit of the chart's axis."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Chart:
    """Shares over a quality. groups : points (name, x, share) that are marked on it, those of a group near each other.
    x_end : where the axis ends."""

    curves: Sequence[Curve]
    groups: Sequence[Sequence[tuple[str, float, float]]]
    x_axis: str
    y_axis: str
    x_end: float


@dataclass(frozen=True, slots=True)
class Bars:
    """One bar a row: its name, its share 0-1, and what stands beside it."""

    title: str
    rows: Sequence[tuple[str, float, str]]


@dataclass(frozen=True, slots=True)
class Signature:
    """Where a party signs, or that it did. facts : what is known of its signature, none where it is to be signed."""

    title: str
    facts: Sequence[tuple[str, Cell]]
    under: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signatures:
    places: Sequence[Signature]


@dataclass(frozen=True, slots=True)
class Beside:
    """Blocks next to each other. left_mm : width of the left one, 0 for half of the page."""

    left: Sequence[Block]
    right: Sequence[Block]
    left_mm: float = 0.0


Block = Table | Facts | Words | Bullets | Pictures | Chart | Bars | Signatures | Beside


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Paper:
    """A document as it is to be set.

    on : its date, from the records. stamp : in the corner, of a tone. head : of the ledger, ``NUMBER:HASH``, "" for
    none; basis : digests that it rests on. one_page : letters are made smaller until it is one.
    """

    title: str
    subtitle: str
    stamp: str
    on: date
    sections: Sequence[Section]
    language: Language
    footer: str
    tone: Tone = "plain"
    head: str = ""
    basis: Sequence[tuple[str, str]] = field(default_factory=tuple)
    one_page: bool = False
