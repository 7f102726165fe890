"""What every document is made of."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict

DefectClass = Literal["critical", "major", "minor"]


class Verdict(StrEnum):
    """conforms | nonconforms | undecided."""

    CONFORMS = "conforms"
    NONCONFORMS = "nonconforms"
    UNDECIDED = "undecided"


class Document(BaseModel):
    """Base of every document: frozen, no unknown keys, finite numbers only."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)
