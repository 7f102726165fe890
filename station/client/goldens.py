"""Golden samples: sealed, signed, held by the parties, their papers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from station.client.connection import Connection
from station.service import views
from station.service.sample_line import SampleLine
from station.values.cloning import CloneDocument
from station.values.documents import Document
from station.values.golden_record import ArtworkDocument
from station.values.reviewed import RecalibrationDocument, ThresholdsDocument
from station.values.sign_off import (
    AcknowledgementDocument,
    ArtefactDocument,
    DetachedSignature,
    GoldenStatusDocument,
    SignOffDocument,
)
from station.values.tolerance import ToleranceDocument


class Clone(Document):
    """What differs from the origin, and the control sheet and record as TOML."""

    clone: CloneDocument
    sheet: str
    record: str


class Thresholds(Document):
    """A record of thresholds and its number."""

    id: int
    thresholds: ThresholdsDocument


def of_golden(number: str, *parts: str) -> str:
    """The address of a golden sample and what is of it."""
    return "/".join([f"/goldens/{quote(number, safe='')}", *parts])


class Goldens(Connection):
    """Golden samples. by, name : who says so; of an account its own name, or nothing. All raise Refused."""

    def goldens(self) -> list[views.GoldenView]:
        """Every sealed version, newest first."""
        return [views.GoldenView.model_validate(g) for g in self.get("/goldens")]

    def seal(
        self, sheet: str, photo: Path, *, again: Sequence[Path] = (), rig: str | None = None, old_sheet: bool = False,
        pin: str | None = None,
    ) -> views.GoldenView:  # fmt: skip
        """Seal a golden sample; sheet : its control sheet as TOML; old_sheet : that of a superseded version is meant.
        Answers when it is sealed."""
        files = {"photo": self.upload(photo), "again": [self.upload(p) for p in again]}
        body = {"sheet": sheet, **files, "rig": rig, "old_sheet": old_sheet}
        return self.made(views.GoldenView, "/goldens", body, pin=pin)[0]

    def lay_out_samples(self, units: int | None = None, *, pin: str | None = None) -> SampleLine | None:
        """Lay out the sample data in an empty home; units : how many, all by default. None where it was stopped."""
        found = self.result(self.post("/sample-line", {"units": units}, pin=pin))
        return None if found is None else SampleLine.model_validate(found)

    def statuses(self) -> Iterator[GoldenStatusDocument]:
        """Where every golden sample stands, by number."""
        return self.pages("/sign-offs", GoldenStatusDocument)

    def golden_status(self, number: str) -> GoldenStatusDocument:
        """Who signed which version, and who holds it."""
        return self.one(GoldenStatusDocument, of_golden(number, "status"))

    def sign(
        self, number: str, *, party: str, name: str = "", role: str = "", artefact: str = "product",
        sheet_photo: Path | None = None, pin: str | None = None,
    ) -> SignOffDocument:  # fmt: skip
        """Sign the version in force for a party. sheet_photo : of the printed sheet, in the place of the key."""
        body = {"party": party, "name": name, "role": role, "artefact": artefact,
                "sheet_photo": self.handed_in(sheet_photo)}  # fmt: skip
        return self.say(SignOffDocument, of_golden(number, "sign-offs"), body, pin=pin)

    def import_signature(
        self, number: str, signature: DetachedSignature | Mapping[str, Any], *, party: str, pin: str | None = None
    ) -> SignOffDocument:
        """Record a signature that was made on another station."""
        made = signature.model_dump() if isinstance(signature, DetachedSignature) else dict(signature)
        body = {"party": party, "signature": made}
        return self.say(SignOffDocument, of_golden(number, "sign-offs", "detached"), body, pin=pin)

    def countersign(
        self, package: Path, *, keys: Sequence[str], party: str, name: str = "", role: str = "",
        artefact: str = "product", pin: str | None = None,
    ) -> DetachedSignature:  # fmt: skip
        """Sign another station's package. keys : public keys that are trusted, in hexadecimal."""
        body = {"package": self.upload(package), "keys": list(keys), "party": party, "name": name, "role": role,
                "artefact": artefact}  # fmt: skip
        return self.say(DetachedSignature, "/countersignatures", body, pin=pin)

    def add_artefact(
        self, number: str, kind: str, file: Path, *, by: str = "", version: int | None = None, note: str = ""
    ) -> ArtefactDocument:
        """Record a version of an artefact."""
        body = {"kind": kind, "file": self.upload(file), "by": by, "version": version, "note": note}
        return self.say(ArtefactDocument, of_golden(number, "artefacts"), body)

    def acknowledge(
        self, number: str, *, party: str, name: str, artefact: str = "product", version: int | None = None,
        note: str = "", file: Path | None = None,
    ) -> AcknowledgementDocument:  # fmt: skip
        """Record which version of an artefact a party holds. file : their reply."""
        body = {"party": party, "name": name, "artefact": artefact, "version": version, "note": note,
                "file": self.handed_in(file)}  # fmt: skip
        return self.say(AcknowledgementDocument, of_golden(number, "acknowledgements"), body)

    # --- papers, re-orders, thresholds -------------------------------------------------------------------------------

    def golden_paper(
        self, number: str, kind: str = "certificate", *, language: str = "en", form: str = "pdf", **more: Any
    ) -> bytes:
        """Control sheet, certificate, approval, message or rfq as pdf, xlsx or, of the letters, txt. more : use,
        budget, quantity of the rfq."""
        return self.file(of_golden(number, "paper"), kind=kind, language=language, form=form, **more)

    def approval_sheet(self, number: str) -> bytes:
        """The page that both parties sign by hand, as PDF."""
        return self.file(of_golden(number, "approval-sheet"))

    def approval_statement(self, number: str) -> str:
        """The sentence in which the buyer approves the sample."""
        return self.file(of_golden(number, "statement")).decode()

    def learned_tolerance(self, number: str, *, lot: str | None = None, region: str | None = None) -> ToleranceDocument:
        """A colour tolerance learned from the accepted units."""
        return self.one(ToleranceDocument, of_golden(number, "tolerance"), lot=lot, region=region)

    def clone(
        self, number: str, *, version: int | None = None, sku: str = "", name: str = "", order: str = "",
        changes: Mapping[str, str] | None = None,
    ) -> Clone:  # fmt: skip
        """The control sheet and record of a re-order or sibling; nothing is recorded."""
        body = {"version": version, "sku": sku, "name": name, "order": order, "changes": dict(changes or {})}
        return self.say(Clone, of_golden(number, "clones"), body)

    def origin(self, number: str) -> CloneDocument:
        """What it was made from, and every value that differs."""
        return self.one(CloneDocument, of_golden(number, "origin"))

    def artwork(self, number: str, file: Path, *, by: str | None = None, record: bool = False) -> ArtworkDocument:
        """Is this file the artwork on record? With ``record`` it is put there where none is."""
        path = of_golden(number, "artwork") if record else of_golden(number, "artwork", "checks")
        return self.say(ArtworkDocument, path, {"file": self.upload(file), "by": by if record else None})

    def proposed_thresholds(self, number: str) -> RecalibrationDocument:
        """What the reviewed findings propose."""
        return self.one(RecalibrationDocument, of_golden(number, "thresholds"))

    def threshold_history(self, number: str) -> list[Thresholds]:
        """Who set thresholds or took them back, and why, newest first."""
        return [Thresholds.model_validate(t) for t in self.get(of_golden(number, "thresholds", "history"))]

    def set_thresholds(self, number: str, action: str, *, reason: str, by: str = "") -> Thresholds:
        """Apply the proposed thresholds, or reset them."""
        return self.say(Thresholds, of_golden(number, "thresholds"), {"action": action, "reason": reason, "by": by})
