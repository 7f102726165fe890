"""The golden sample's number, version and approval statement."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date

from station.errors import RequestError
from station.values.names import dated_number

CONTROLLED = ("color", "logo position", "size", "material", "packaging method")
"""What an approval covers unless the record names other attributes (the source's own list)."""

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def golden_number(approved_on: date, taken: Collection[str] = ()) -> str:
    """``GS-YYYYMMDD`` of the approval date; the second sample of a day is ``-2``, and so on.

    ``taken`` are the numbers in use. Letter case does not tell numbers apart.
    """
    return dated_number("GS", approved_on, taken)


def next_version(sealed: Iterable[int]) -> int:
    """The version after the highest that was ever sealed under a number; the first is 1. Versions are never reused."""
    return max(sealed, default=0) + 1


def approval_statement(*, number: str, version: int, received_on: date, controlled: Sequence[str] = CONTROLLED) -> str:
    """The sentence in which the buyer approves a sample, instead of a single "OK".

    Raises
    ------
    RequestError
        A version below 1, or nothing controlled.
    """
    if version < 1:
        raise RequestError(f"Version {version} cannot be approved", "Give the version of the sample, 1 or more.")
    if not controlled:
        raise RequestError("The approval names no attribute", "Name what mass production is held to, size for example.")
    listed = controlled[0] if len(controlled) == 1 else f"{', '.join(controlled[:-1])} and {controlled[-1]}"
    return (
        f"We confirm the {_ordinal(version)}-version sample received on {received_on:%Y-%m-%d} as the mass-production "
        f"standard. Please use sample number {number} as the Golden Sample. Please execute mass production according "
        f"to this version's {listed}. If any detail needs changing before mass production, please first provide photos "
        "or a sample for re-confirmation."
    )


def _ordinal(n: int) -> str:
    if n <= len(_ORDINALS):
        return _ORDINALS[n - 1]
    ending = "th" if n % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending}"
