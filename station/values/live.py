"""What happens at a station while somebody watches."""

from __future__ import annotations

from typing import Any

from pydantic import AwareDatetime, Field

from station.values.documents import Document


class EventDocument(Document):
    """One thing that was recorded: an entry of the ledger. sequence : its number, which goes up without a gap.

    kind : in words, such as ``unit inspected`` or ``unit reviewed``. rows : ids of the units, reviews and lot decisions
    that it recorded.
    """

    sequence: int = Field(examples=[42])
    kind: str = Field(examples=["unit inspected"])
    at: AwareDatetime
    by: str
    about: dict[str, Any]
    rows: dict[str, list[int]] = Field(examples=[{"units": [7]}])


class ProgressDocument(Document):
    """How far a lot is. drawn : units of its pick list, None without one. waiting : flagged units to be reviewed."""

    lot: str
    inspected: int
    drawn: int | None
    waiting: int


class CountsDocument(Document):
    """What the records hold now. verdicts : units by the line's own verdict."""

    verdicts: dict[str, int]
    reviews: int
    lots: int
    goldens: int
    sessions: int
    ledger_entries: int
