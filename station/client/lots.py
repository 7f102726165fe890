"""Lots, sampling plans and streams."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from station.client.connection import Connection
from station.values.documents import LotDocument, PlanDocument
from station.values.stream import StreamDocument


class Lots(Connection):
    """Lots, plans, streams. A lot's id may hold slashes."""

    def tally(self, lot: str, size: int | None = None) -> LotDocument:
        """The decision of a lot as it would be now."""
        return LotDocument.model_validate(self.get(f"/lots/{quote(lot)}/tally", size=size))

    def decide(self, lot: str, size: int, *, pin: str | None = None) -> LotDocument:
        """Decide a lot and record it."""
        return LotDocument.model_validate(self.post(f"/lots/{quote(lot)}/decisions", {"size": size}, pin=pin))

    def plan(self, *, lot_size: int, aql: float, **more: Any) -> PlanDocument:
        """A sampling plan."""
        return PlanDocument.model_validate(self.get("/plan", lot_size=lot_size, aql=aql, **more))

    def stream(self, name: str) -> StreamDocument:
        """A stream of lots as it stands."""
        return StreamDocument.model_validate(self.get(f"/streams/{quote(name)}"))
