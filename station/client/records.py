"""The record of a golden sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from station.client.connection import Connection
from station.client.goldens import of_golden
from station.values.golden_record import ChecklistDocument, GoldenLintDocument, GoldenRecordDocument


class Records(Connection):
    """Records of golden samples. by : who says so; of an account its own name, or nothing. more : ``if_match``, the
    ``ETag`` of the record as it was read. Every change answers the record as it stands then. All raise Refused."""

    def record(self, number: str) -> GoldenRecordDocument:
        """The record of the version in force."""
        return self.one(GoldenRecordDocument, of_golden(number, "record"))

    def checklist(self, number: str) -> ChecklistDocument:
        """The twenty items that a record is complete with."""
        return self.one(ChecklistDocument, of_golden(number, "checklist"))

    def lint(self, number: str) -> GoldenLintDocument:
        """What would be argued about."""
        return self.one(GoldenLintDocument, of_golden(number, "lint"))

    def write_record(
        self, number: str, values: Mapping[str, str] | None = None, *, entry: str = "", by: str = "", **more: Any
    ) -> GoldenRecordDocument:
        """Write into the record. values : by their keys. entry : a whole one as TOML, in the place of the old one."""
        return self._say(number, "record", {"values": dict(values or {}), "entry": entry, "by": by}, **more)

    def add_photo(
        self, number: str, kind: str, photo: Path, *, light: str = "", by: str = "", **more: Any
    ) -> GoldenRecordDocument:
        """Put a photo into its slot."""
        body = {"kind": kind, "photo": self.upload(photo), "light": light, "by": by}
        return self._say(number, "photos", body, **more)

    def add_copy(
        self, number: str, name: str, *, role: str, holder: str, place: str, seal: str = "",
        every_days: int | None = None, by: str = "", **more: Any,
    ) -> GoldenRecordDocument:  # fmt: skip
        """Record a physical copy, or that it lies elsewhere now."""
        body = {"name": name, "role": role, "holder": holder, "place": place, "seal": seal, "every_days": every_days,
                "by": by}  # fmt: skip
        return self._say(number, "copies", body, **more)

    def check_copy(
        self, number: str, name: str, *, condition: str = "intact", seal_intact: bool | None = None,
        on: date | None = None, note: str = "", photo: Path | None = None, by: str = "", **more: Any,
    ) -> GoldenRecordDocument:  # fmt: skip
        """Record that somebody looked at a copy."""
        body = {"name": name, "condition": condition, "seal_intact": seal_intact, "on": on and on.isoformat(),
                "note": note, "photo": self.handed_in(photo), "by": by}  # fmt: skip
        return self._say(number, "copies/checked", body, **more)

    def use_copy(self, number: str, name: str, *, purpose: str, by: str = "", **more: Any) -> GoldenRecordDocument:
        """Record that the expendable copy is compared with."""
        return self._say(number, "copies/used", {"name": name, "purpose": purpose, "by": by}, **more)

    def remove_copy(self, number: str, name: str, *, reason: str, by: str = "", **more: Any) -> GoldenRecordDocument:
        """Record that a copy is no longer kept."""
        return self._say(number, "copies/removed", {"name": name, "reason": reason, "by": by}, **more)

    def open_item(self, number: str, text: str, *, by: str = "", **more: Any) -> GoldenRecordDocument:
        """Name something that is still to be confirmed."""
        return self._say(number, "items", {"text": text, "by": by}, **more)

    def settle_item(
        self, number: str, item: str, *, how: str, file: Path | None = None, by: str = "", **more: Any
    ) -> GoldenRecordDocument:
        """Confirm an open item, by its number or its words."""
        body = {"item": item, "how": how, "file": self.handed_in(file), "by": by}
        return self._say(number, "items/settled", body, **more)

    def resolve(
        self, number: str, feature: str, *, text: str, front: Path, back: Path, region: str = "", by: str = "",
        **more: Any,
    ) -> GoldenRecordDocument:  # fmt: skip
        """Resolve what the sample leaves ambiguous, with reference images of front and back."""
        body = {"feature": feature, "text": text, "front": self.upload(front), "back": self.upload(back),
                "region": region, "by": by}  # fmt: skip
        return self._say(number, "resolutions", body, **more)

    def change(
        self, number: str, attribute: str, text: str, *, files: Sequence[tuple[str, Path]] = (), by: str = "",
        **more: Any,
    ) -> GoldenRecordDocument:  # fmt: skip
        """Record a change. files : what shows it, each with its kind."""
        shown = [{"kind": kind, "file": self.upload(file)} for kind, file in files]
        return self._say(number, "changes", {"attribute": attribute, "text": text, "files": shown, "by": by}, **more)

    def acknowledge_change(
        self, number: str, change: int, *, text: str = "", file: Path | None = None, by: str = "", **more: Any
    ) -> GoldenRecordDocument:
        """Record that the supplier acknowledged a change. file : their reply."""
        body = {"text": text, "file": self.handed_in(file), "by": by}
        return self._say(number, f"changes/{change}/acknowledged", body, **more)

    def hold(
        self, number: str, reason: str, *, until: date | None = None, note: str = "", by: str = "", **more: Any
    ) -> GoldenRecordDocument:
        """Keep everything of a golden sample; open without a last day."""
        body = {"reason": reason, "until": until and until.isoformat(), "note": note, "by": by}
        return self._say(number, "holds", body, **more)

    def _say(
        self, number: str, what: str, body: dict[str, Any], *, if_match: str | None = None
    ) -> GoldenRecordDocument:
        return self.say(GoldenRecordDocument, of_golden(number, what), body, if_match=if_match)
