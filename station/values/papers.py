"""What a written document tells of itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from station.values.documents import Document

PaperKind = Literal["control-sheet", "certificate", "unit", "lot", "approval", "message", "rfq", "first-article"]


class PaperFile(Document):
    """A file that was written. The same records give the same bytes, so the same SHA-256."""

    file: str
    sha256: str
    size: int


class PaperDocument(Document):
    """A document that was written. about : number, unit, lot or order. head : of the ledger, as its QR code has it."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    kind: PaperKind
    about: str
    language: str
    head: str
    files: tuple[PaperFile, ...]
    remarks: tuple[str, ...] = ()
