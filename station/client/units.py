"""Who is signed in, units, what happens at the station."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from station.client.connection import API, Connection, settled
from station.service import views
from station.values.account import SessionDocument
from station.values.documents import UnitDocument
from station.values.live import EventDocument, ProgressDocument


class Units(Connection):
    """Sessions, units, events."""

    def session(self) -> SessionDocument:
        """Who is signed in."""
        return SessionDocument.model_validate(self.get("/session"))

    def sign_in(self, name: str, password: str) -> SessionDocument:
        """Sign in; the session's cookie is kept for what follows. Raises Refused."""
        body = {"name": name, "password": password}
        return SessionDocument.model_validate(settled(self.request("POST", f"{API}/session", body)).json())

    def sign_out(self) -> None:
        """Sign out."""
        settled(self.request("DELETE", f"{API}/session"))

    def units(self, *, lot: str | None = None, verdict: str | None = None) -> Iterator[views.UnitView]:
        """Inspected units in the order of inspection."""
        return self.pages("/units", views.UnitView, lot=lot, verdict=verdict)

    def unit_document(self, unit_id: int) -> UnitDocument:
        """What the station said of a unit."""
        return UnitDocument.model_validate(self.get(f"/units/{unit_id}/document"))

    def inspect(
        self, photo: Path, *, golden: str, unit: str | None = None, lot: str | None = None, rig: str | None = None
    ) -> tuple[int, UnitDocument]:
        """Inspect a unit by its picture: its id and its document. Sent again, the same picture is one unit."""
        query = {"golden": golden, "photo": photo.name, "unit": unit, "lot": lot, "rig": rig}
        kind = "image/png" if photo.suffix.lower() == ".png" else "image/jpeg"
        answer = self.request(
            "POST", f"{API}/inspections", photo.read_bytes(), query=query, content_type=kind, again=True
        )
        found = settled(answer).json()
        return int(found["id"]), UnitDocument.model_validate(found["unit"])

    def events(self, *, after: int = 0) -> Iterator[EventDocument | ProgressDocument]:
        """What was recorded behind an event, and how far its lots are, until there is nothing more; remember the newest
        ``sequence`` and ask again from there. What else a stream tells, of jobs and claims, is told where it is asked
        for: it is passed over."""
        answer = settled(self.request("GET", f"{API}/events", query={"after": after, "once": True}))
        for block in answer.body.decode().split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            if "data" not in fields:  # where the stream begins
                continue
            if "id" in fields:  # the number of an entry: what was recorded has one, whatever its name
                yield EventDocument.model_validate_json(fields["data"])
            elif fields.get("event") == "progress":
                yield ProgressDocument.model_validate_json(fields["data"])

    def unit_paper(self, unit_id: int, *, language: str = "en", form: str = "pdf") -> bytes:
        """One unit beside its golden sample as pdf, or xlsx."""
        return self.file(f"/units/{unit_id}/paper", language=language, form=form)
