"""A draw: the units of a lot that are to be pulled, and whether they were."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from station.values.documents import DefectClass, Document


class PickDocument(Document):
    """A unit to pull: the ``position``-th of its carton, counted from 1 as it is unpacked; named ``label``
    afterwards. sample : of a double or multiple plan the one it was drawn for, from 1."""

    label: str
    carton: str
    position: int
    third: str
    identifiers: dict[str, str]
    sample: int = 1


class CartonDocument(Document):
    """A carton that units were drawn from."""

    carton: str
    units: int
    identifiers: dict[str, str]


class DrawDocument(Document):
    """A pick list. rule : where n comes from. seed : gives the same list again. cover : units drawn for every value of
    what the cartons are marked with. remarks : values that no unit was drawn for, and what else should be known.

    golden, golden_version : the lot is held to. stream : of lots, that it belongs to. severities, samples : of each
    class the severity that was in force and the first sample that its plan asks for. packing : the cartons, in pack
    order; not in records of earlier versions. A list with a second sample holds the first one too, as it was.
    """

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
    golden: str | None = None
    golden_version: int | None = None
    stream: str | None = None
    severities: dict[DefectClass, str] = Field(default_factory=dict)
    samples: dict[DefectClass, int] = Field(default_factory=dict)
    packing: tuple[CartonDocument, ...] = ()
    digest: str = ""

    @property
    def last(self) -> int:
        """The sample that was drawn last, from 1."""
        return max((p.sample for p in self.picks), default=1)


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
