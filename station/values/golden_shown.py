"""What is shown of a golden sample: its master in outlines, its limits beside what can be proven, a draft of one."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from station.values.documents import DefectClass, Document
from station.values.golden_record import LintDocument

Ring = tuple[tuple[float, float], ...]
"""A closed line, in millimetres of the golden frame; its first point is not repeated."""


class FrameDocument(Document):
    """The golden frame's raster: ``px = mm / pitch_mm + origin_px``, the centre of the first pixel at (0, 0)."""

    pitch_mm: float
    width: int
    height: int
    origin_px: tuple[float, float]


class ShownRegion(Document):
    """A region of the master. lab : CIE L*a*b* (D50, 2 degrees), None where the golden's photo tells none. u_lab : its
    expanded uncertainty in CIEDE2000 (k = 2). rings : its borders, holes among them, to be filled by the even-odd
    rule. area_mm2 : of its face."""

    name: str
    surface: str
    lab: tuple[float, float, float] | None
    u_lab: float
    centre_mm: tuple[float, float]
    area_mm2: float
    rings: tuple[Ring, ...]


class ShownMark(Document):
    """A logo or printed mark."""

    name: str
    polygon_mm: Ring


class MasterDocument(Document):
    """The measured twin of a golden sample, as it may be drawn over its picture.

    outline_mm : of the struck part; holes_mm : through it. bare : borders of enamel that no region is of. sizes_mm : of
    the golden, by name. noise : of a pixel at mid tone. u_scale : relative standard uncertainty of its lengths.
    """

    number: str
    version: int
    frame: FrameDocument
    outline_mm: Ring
    holes_mm: tuple[Ring, ...]
    regions: tuple[ShownRegion, ...]
    marks: tuple[ShownMark, ...]
    bare: tuple[Ring, ...]
    sizes_mm: dict[str, float]
    thickness_mm: float | None
    scale_source: str
    u_scale: float
    noise: float
    blur_px: float


class LimitRow(Document):
    """One limit of a control sheet beside what can be proven.

    what : kind of measurement, ``defect`` of a kind of defects, ``entered`` of values measured by hand. where : of a
    defect, where the limit holds, "" everywhere. review : of a colour, what is above it is refused. own : the golden's,
    lab of a colour. u : expanded uncertainty (k = 2) of that.
    tolerance : half the width of the limits, or the limit of what has one side only. proven_from : the smallest
    tolerance that a unit like the golden can be proven to keep; of a defect the a90/95.
    state : ``proven``, the tolerance is not below that; ``below``, it is, so that units stay undecided; ``unknown``,
    nothing tells; ``by hand``, a person measures it.
    """

    what: str = Field(examples=["colour"])
    name: str = Field(examples=["sky"])
    where: str
    unit: str = Field(examples=["CIEDE2000"])
    defect_class: Annotated[DefectClass, Field(alias="class")]
    nominal: float | None
    lower: float | None
    upper: float | None
    review: float | None
    own: float | None
    lab: tuple[float, float, float] | None
    u: float | None
    tolerance: float | None
    proven_from: float | None
    state: Literal["proven", "below", "unknown", "by hand"]
    reason: str


class LimitsDocument(Document):
    """Every limit of the control sheet of a sealed version. below : how many lie below what can be proven. study : when
    the capability study was made that defects are held to; None without one that holds, ``command`` makes one."""

    number: str
    version: int
    below: int
    study: str | None
    command: str
    rows: tuple[LimitRow, ...]


class DraftProposal(Document):
    """A size that the golden offers. toml : the row for the control sheet. u_mm : expanded uncertainty (k = 2)."""

    name: str
    feature: str
    value_mm: float
    u_mm: float
    at_mm: tuple[float, float] | None
    toml: str


class DraftDocument(Document):
    """A golden sample measured and not sealed: nothing of it is recorded. borders : by name, the corners of the regions
    that have a border in the sheet. warnings : as sealing would say."""

    sku: str
    master: MasterDocument
    borders: dict[str, Ring]
    warnings: tuple[str, ...]
    proposals: tuple[DraftProposal, ...]


class SheetLintDocument(Document):
    """A control sheet as it is written. error : why it cannot be read, with what to do; "" where it can. digest : of
    what is agreed, "" where it cannot be read."""

    error: str
    do: str
    digest: str
    sku: str
    regions: tuple[str, ...]
    remarks: tuple[LintDocument, ...]
