"""Nonconformities: drafted, said of, photographed, sent, with their papers; the corrective package."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

from station.client.connection import Connection
from station.values.claim_words import ClaimWords
from station.values.nonconformity import KindDocument, NonconformityDocument, ReorderDocument
from station.values.sourcing import SourcingRisk


class Nonconformities(Connection):
    """Nonconformities. by : who says so; of an account its own name, or nothing. more : ``if_match``, the ``ETag`` of
    the nonconformity as it was read, and ``pin`` where something is signed. All raise Refused."""

    def nonconformities(self, *, lot: str | None = None) -> Iterator[NonconformityDocument]:
        """Every nonconformity as it stands; that of a lot alone, if it has one."""
        return self.pages("/nonconformities", NonconformityDocument, lot=lot)

    def nonconformity(self, number: str) -> NonconformityDocument:
        """One nonconformity as it stands."""
        return self.one(NonconformityDocument, f"/nonconformities/{quote(number)}")

    def draft(self, lot: str, *, by: str = "", **context: Any) -> NonconformityDocument:
        """Draft the nonconformity of a decided lot. context : use, face, carton and the like."""
        return self.say(NonconformityDocument, "/nonconformities", {"lot": lot, "by": by, **context})

    def say_of(self, number: str, what: str, *, by: str = "", **said: Any) -> NonconformityDocument:
        """What is said of a nonconformity. what : the end of the address, such as answers, classes, asks, dispositions,
        costs, sent or closed; said : the fields of its body, and if_match, pin."""
        held = {k: said.pop(k, None) for k in ("if_match", "pin")}
        path = f"/nonconformities/{quote(number)}/{what}"
        return self.say(NonconformityDocument, path, {"by": by, **said}, **held)

    def factory_record(
        self, number: str, record: str, step: str, *, on: date | None = None, text: str = "", file: Path | None = None,
        by: str = "", **more: Any,
    ) -> NonconformityDocument:  # fmt: skip
        """Say what became of a record of the factory."""
        said = {"record": record, "step": step, "on": on and on.isoformat(), "text": text, "file": self.handed_in(file)}
        return self.say_of(number, "records", by=by, **said, **more)

    def factory_record_file(self, number: str, sha256: str) -> bytes:
        """A record of the factory as it was handed in."""
        return self.file(f"/nonconformities/{quote(number)}/records/{sha256}")

    def cause(
        self, number: str, cause: str, *, holds: bool, text: str, by: str = "", **more: Any
    ) -> NonconformityDocument:
        """Confirm a cause of variance, or rule it out."""
        return self.say_of(number, "causes", by=by, cause=cause, holds=holds, text=text, **more)

    def point_photo(
        self, number: str, point: int, photo: Path, *, scale: str = "", by: str = "", **more: Any
    ) -> NonconformityDocument:
        """Put a photo of one's own to a point."""
        return self.say_of(number, "photos", by=by, point=point, photo=self.upload(photo), scale=scale, **more)

    def seen_table(self, number: str, file: Path, *, by: str = "", **more: Any) -> NonconformityDocument:
        """Add what people saw and counted, a CSV file."""
        return self.say_of(number, "seen/table", by=by, file=self.upload(file), **more)

    def supplier_message(self, number: str, *, language: str = "en") -> str:
        """The message to the supplier."""
        return self.file(f"/nonconformities/{quote(number)}/message", language=language).decode()

    def claim_words(self, number: str, *, language: str = "en") -> ClaimWords:
        """Its points, nine answers and requests in words."""
        return ClaimWords.model_validate(self.get(f"/nonconformities/{quote(number)}/words", language=language))

    def claim_report(self, number: str, *, language: str = "en", internal: bool = False) -> bytes:
        """The report as PDF."""
        return self.file(f"/nonconformities/{quote(number)}/report", language=language, internal=internal)

    def corrective_package(self, number: str, sheet: str, *, by: str = "") -> tuple[NonconformityDocument, bytes]:
        """The corrective package as an archive. sheet : the revised control sheet as TOML."""
        return self.made(NonconformityDocument, f"/nonconformities/{quote(number)}/package", {"sheet": sheet, "by": by})

    def kinds(self, word: str | None = None, *, language: str = "en") -> Sequence[KindDocument]:
        """The kinds of nonconformity, or what a word means."""
        return [KindDocument.model_validate(k) for k in self.get("/nonconformity-kinds", word=word, language=language)]

    def sourcing_risk(self, supplier: str) -> tuple[str, ...]:
        """Why a supplier is a risk for the next order, in sentences."""
        return tuple(self.get("/sourcing-risk", supplier=supplier)["reasons"])

    def sourcing_history(self, *, golden: str, version: int | None = None) -> SourcingRisk:
        """The same of the supplier that a golden sample's control sheet names, with the records it is counted from."""
        return self.one(SourcingRisk, "/sourcing-risk", golden=golden, version=version)

    def reorder(self, sku: str) -> ReorderDocument:
        """May this product be ordered again?"""
        return self.one(ReorderDocument, "/reorder", sku=sku)
