"""The golden sample's number and version."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from station.values.names import dated_number

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def golden_number(approved_on: date, taken: Collection[str] = ()) -> str:
    """``GS-YYYYMMDD`` of the approval date; the second sample of a day is ``-2``, and so on.

    ``taken`` are the numbers in use. Letter case does not tell numbers apart.
    """
    return dated_number("GS", approved_on, taken)


def next_version(sealed: Iterable[int]) -> int:
    """The version after the highest that was ever sealed under a number; the first is 1. Versions are never reused."""
    return max(sealed, default=0) + 1


def ordinal(n: int) -> str:
    """The number of a version as the approval statement names it in English: "third", "11th"."""
    if n <= len(_ORDINALS):
        return _ORDINALS[n - 1]
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
