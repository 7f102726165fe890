"""A control sheet and record made from a sealed golden sample, and what differs from it (G16)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from station.values.documents import Document


class SheetChange(Document):
    """A value that differs. where : ``sizes.width.plus_mm``. was, now : as TOML, "" where there is none."""

    where: str
    was: str
    now: str


class CloneDocument(Document):
    """A golden sample or a sheet that was made from a sealed version. number, version : of what was sealed from it;
    None where it is a sheet yet. state : of its approval; a clone carries no signature of its origin over."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    origin: str
    origin_version: int
    origin_digest: str
    number: str | None
    version: int | None
    sku: str
    state: str
    changes: tuple[SheetChange, ...]
    record_changes: tuple[SheetChange, ...]
