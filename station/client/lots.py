"""Lots, pick lists, sampling plans, streams, and the course of a process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from station.client.connection import Connection
from station.values.charts import LotTrendsDocument, ProcessDocument
from station.values.comparison import SetDocument
from station.values.documents import LotDocument, PlanDocument
from station.values.draw import DrawDocument, IntegrityDocument
from station.values.stream import StreamDocument


class Lots(Connection):
    """Lots, plans, streams. A lot's id may hold slashes."""

    def tally(self, lot: str, size: int | None = None, *, stream: str | None = None) -> LotDocument:
        """The decision of a lot as it would be now."""
        return self.one(LotDocument, f"/lots/{quote(lot)}/tally", size=size, stream=stream)

    def decide(
        self, lot: str, size: int | None = None, *, stream: str | None = None, pin: str | None = None
    ) -> LotDocument:
        """Decide a lot and record it."""
        return self.say(LotDocument, f"/lots/{quote(lot)}/decisions", {"size": size, "stream": stream}, pin=pin)

    def draw(
        self, lot: str, *, size: int | None = None, carton_file: Path | None = None, if_match: str | None = None,
        **more: Any,
    ) -> DrawDocument:  # fmt: skip
        """Draw which units of a lot are pulled. carton_file : CSV of its cartons. more : cartons, rule, golden, stream,
        units, seed."""
        body = {"size": size, "carton_file": self.handed_in(carton_file), **more}
        return self.say(DrawDocument, f"/lots/{quote(lot)}/draws", body, if_match=if_match)

    def picks(self, lot: str, *, form: str = "pdf") -> bytes:
        """The pick list in force as pdf, or csv."""
        return self.file(f"/lots/{quote(lot)}/picks", form=form)

    def pulled(self, lot: str, file: Path | None = None) -> IntegrityDocument:
        """The inspected units, or those of a CSV file, against the pick list."""
        path = f"/lots/{quote(lot)}/pulled"
        if file is None:
            return self.one(IntegrityDocument, path)
        return self.say(IntegrityDocument, path, {"file": self.upload(file)})

    def lot_report(self, lot: str, *, language: str = "en", form: str = "pdf") -> bytes:
        """The report of a decided lot as pdf, or xlsx."""
        return self.file(f"/lots/{quote(lot)}/report", language=language, form=form)

    def lot_picture(self, lot: str, kind: str = "map") -> bytes:
        """Its map over the golden, or its running tally, as PNG."""
        return self.file(f"/lots/{quote(lot)}/picture", kind=kind)

    def sets(self, lot: str) -> list[SetDocument]:
        """The matched sets of a lot's units."""
        return [SetDocument.model_validate(s) for s in self.get(f"/lots/{quote(lot)}/sets")]

    def plan(self, *, lot_size: int, aql: float, **more: Any) -> PlanDocument:
        """A sampling plan."""
        return PlanDocument.model_validate(self.get("/plan", lot_size=lot_size, aql=aql, **more))

    def stream(self, name: str) -> StreamDocument:
        """A stream of lots as it stands."""
        return StreamDocument.model_validate(self.get(f"/streams/{quote(name)}"))

    def any_plan(self, **request: Any) -> dict[str, Any]:
        """Any plan, its options as keys; the document that belongs to its kind."""
        return dict(self.post("/plans", {k: v for k, v in request.items() if v is not None}))

    def control_chart(
        self, characteristic: str, *, golden: str, lots: Sequence[str] = (), where: Mapping[str, str] | None = None,
        **more: Any,
    ) -> ProcessDocument:  # fmt: skip
        """Control charts of one characteristic. more : by, type, component."""
        pairs = [f"{k}={v}" for k, v in (where or {}).items()]
        return self.one(
            ProcessDocument, "/charts/control", characteristic=characteristic, golden=golden, lot=list(lots),
            where=pairs, **more,
        )  # fmt: skip

    def trends(self, golden: str) -> LotTrendsDocument:
        """Slow drift over the lots of a golden sample."""
        return self.one(LotTrendsDocument, "/charts/trend", golden=golden)
