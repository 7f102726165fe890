"""What a supplier's history says of the risk of ordering from it again (D4)."""

from __future__ import annotations

from pydantic import Field

from station.values.documents import Document
from station.values.nonconformity import FactoryRecord


class SupplierRecord(Document):
    """A record that a supplier was asked for in a complaint, as it stands. nonconformity : its number; lot : of it."""

    nonconformity: str = Field(examples=["NC-20260711"])
    lot: str = Field(examples=["L-0711"])
    record: FactoryRecord


class SourcingRisk(Document):
    """Why a supplier is a risk for the next order, in sentences, none where it is none, and what that rests on.

    nonconformities : of its lots. came, awaited, overdue, refused : how many of ``records`` stand so; each that is
    overdue or refused is one of ``reasons``. records : oldest nonconformity first. supplier : "" where the control
    sheet names none, of whom nothing is known.
    """

    supplier: str
    reasons: tuple[str, ...]
    nonconformities: int = 0
    came: int = 0
    awaited: int = 0
    overdue: int = 0
    refused: int = 0
    records: tuple[SupplierRecord, ...] = ()
