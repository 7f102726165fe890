"""Names, numbers and verdicts as every document prints them."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Final

from station.report.blocks import Cell, Figure, Flag, Tone
from station.report.languages import Language
from station.values.documents import FindingDocument, Verdict

TONES: Final[dict[Verdict, Tone]] = {
    Verdict.CONFORMS: "good", Verdict.NONCONFORMS: "bad", Verdict.UNDECIDED: "open",
}  # fmt: skip
EDITIONS: Final = {
    "z1.4": "ANSI/ASQ Z1.4", "z1.4-1993": "ANSI/ASQC Z1.4-1993", "z1.4-2003": "ANSI/ASQ Z1.4-2003",
    "mil-std-105e": "MIL-STD-105E", "iso2859-1": "ISO 2859-1",
}  # fmt: skip
"""Of the sampling plans, as they are cited."""
_UNITS: Final = {"deg": "°", "CIEDE2000": "ΔE00", "1": ""}
_MOST_DIGITS: Final = 4


def characteristic(name: str, language: Language) -> str:
    """``KIND:NAME`` of a characteristic, or the kind of a finding, in words."""
    kind, colon, rest = name.partition(":")
    if not colon:
        return defect(kind, language)
    return language.texts.get(f"char.{kind}", language.texts["char.other"]).replace("{name}", rest)


def defect(kind: str, language: Language) -> str:
    """A kind of finding in words; one that a control sheet alone knows keeps its name."""
    found = language.texts.get(f"kind.{kind}") or language.texts.get(f"found_kind.{kind}")
    return found or kind.replace("-", " ")


def place(region: str, language: Language) -> str:
    """Where on the part: a region keeps its name, what lies in none is said in the language."""
    return language.texts.get(f"place.{region.replace(' ', '-')}", region)


def unit_of(unit: str) -> str:
    """A unit as it is printed."""
    return _UNITS.get(unit, unit)


def figure(value: float | None, *, u: float = 0.0, digits: int | None = None) -> Figure:
    """A value with the digits that its uncertainty leaves: two of the uncertainty, at most four after the point."""
    if value is None:
        return Figure("—", None)
    if digits is None:
        digits = digits_of(u)
    return Figure(_minus(f"{value:.{digits}f}" if digits >= 0 else f"{value:g}"), float(value))


def limit(value: object) -> Figure:
    """A limit as it was agreed, without digits that nobody wrote."""
    return Figure("", None) if value is None else Figure(_minus(f"{float(str(value)):.10g}"), float(str(value)))


def with_u(value: float, u: float | None, unit: str) -> str:
    """``27.961 ± 0.014 mm``; without an uncertainty the value alone."""
    digits = digits_of(u or 0.0)
    said = unit_of(unit)
    told = _minus(f"{value:.{digits}f}") + ("" if not u else f" ± {u:.{digits}f}")
    return f"{told} {said}".rstrip()


def digits_of(u: float) -> int:
    """Digits after the point that an uncertainty leaves."""
    return 2 if u <= 0 else max(0, min(_MOST_DIGITS, 1 - math.floor(math.log10(u))))


def verdict(v: Verdict, language: Language) -> Flag:
    """A verdict in words, with its tone."""
    return Flag(language.text(f"verdict.{v.value}"), TONES[v])


def defect_class(name: str | None, language: Language) -> str:
    """A class in words."""
    return language.text(f"class.{name or 'none'}")


def extent_mm(f: FindingDocument) -> float:
    """What of a finding is held to its limit: of a scratch the length, else the size."""
    return f.length_mm if f.kind == "scratch" else f.size_mm


def time_of(at: datetime) -> str:
    """A moment as the records have it."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def or_not_said(text: str, language: Language) -> Cell:
    """A text of the control sheet, or that it says nothing."""
    return text or language.text("fact.not-said")


def p_figure(p: float) -> str:
    """A p as it is printed: three digits, and below that only that it is."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _minus(text: str) -> str:
    return text.replace("-", "−")
