"""A draw: the units of a lot that are to be pulled, and whether they were."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from station.values.documents import Document


class PickDocument(Document):
    """A unit to pull: the ``position``-th of its carton, counted from 1 as it is unpacked; named ``label``
    afterwards."""

    label: str
    carton: str
    position: int
    third: str
    identifiers: dict[str, str]


class DrawDocument(Document):
    """A pick list. rule : where n comes from. seed : gives the same list again. cover : units drawn for every value of
    what the cartons are marked with. remarks : values that no unit was drawn for, and what else should be known."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    lot: str
    size: int
    n: int
    rule: str
    seed: int
    at: AwareDatetime
    cartons: int
    picks: tuple[PickDocument, ...]
    cover: dict[str, dict[str, int]]
    remarks: tuple[str, ...]
    digest: str = ""


class IntegrityDocument(Document):
    """A pulled sample against its pick list."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    lot: str
    draw: str
    drawn: int
    pulled: int
    missing: tuple[str, ...]
    doubled: tuple[str, ...]
    foreign: tuple[str, ...]
    ok: bool
