"""What leaves the station as JSON of parts that were compared with one another: ``comparison``, ``two-lights``,
``set``. ``u`` and ``U`` are expanded uncertainties, k = 2, in CIEDE2000."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from station.values.documents import AlignmentDocument, Document, GateDocument, MeasurementDocument, Verdict


class DriftDocument(Document):
    """One region of the golden in this photo against its sealed measurement."""

    region: str
    value: float | None
    u: float
    reason: str = ""


class PlacedPart(Document):
    """A part in the photo, numbered in reading order. ``box_px``: left, top, right, bottom."""

    number: int
    role: Literal["golden", "unit"]
    centre_px: tuple[float, float]
    box_px: tuple[float, float, float, float]
    rotation_deg: float | None = Field(description="clockwise against the golden")
    alignment: AlignmentDocument | None
    gates: tuple[GateDocument, ...]
    verdict: Verdict | None = Field(description="of a unit; the golden has none")
    reasons: tuple[str, ...]
    regions: tuple[MeasurementDocument, ...]


class LightDocument(Document):
    """How even the light is over the parts, read from the bench. ``difference``: largest between two parts, relative.
    ``veil``: largest white light taken out of a part, of white = 1."""

    known: bool
    difference: float
    veil: float
    reason: str = ""


class ComparisonDocument(Document):
    """Parts in one photo, each against the golden lying beside it."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    photo: str
    sha256: str
    light: str
    basis: str = Field(description="card, or assumed and the primaries that the file names")
    card: str | None
    sealed: str | None = Field(description="number of the sealed golden that the regions come from")
    golden_version: int | None
    golden_digest: str | None
    sheet_digest: str
    calibration: str
    program: str
    golden_part: int
    chosen: str = Field(description="how the golden was told from the units, in words")
    gates: tuple[GateDocument, ...]
    field: LightDocument
    drift: tuple[DriftDocument, ...]
    parts: tuple[PlacedPart, ...]
    verdict: Verdict
    remarks: tuple[str, ...]
    digest: str = ""


class MetamerismDocument(Document):
    """One region of one unit under both lights. ``index``: special index of metamerism with additive correction.

    ``judged``: whether a warning could have been given; where not, ``reason`` says why.
    """

    part: int
    region: str
    first: float | None
    u_first: float
    second: float | None
    u_second: float
    index: float | None
    u: float
    judged: bool
    warning: bool
    reason: str = ""


class TwoLightsDocument(Document):
    """The same golden and units under two lights. ``part`` numbers are those of the units in the first photo."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    lights: tuple[str, str]
    comparisons: tuple[ComparisonDocument, ComparisonDocument]
    metamerism: tuple[MetamerismDocument, ...]
    warnings: tuple[str, ...]
    digest: str = ""


class PairDocument(Document):
    """Two members of a set in one region."""

    a: str
    b: str
    value: float
    u: float


class SetRegionDocument(Document):
    """One region over a set: every pair, the worst of them and what the limit says of it.

    ``odd``: the one member that the others agree against, or nothing. ``k``: coverage factor of the guard band beyond
    ``reject``; 0 where the sheet asks for none.
    """

    region: str
    pairs: tuple[PairDocument, ...]
    worst: PairDocument | None
    odd: str
    accept: float
    reject: float
    k: float
    verdict: Verdict
    reason: str = ""


class SetDocument(Document):
    """A matched set: parts of one photo, or recorded units that share a set identifier.

    ``sha256`` and ``calibration`` are of the one photo; of a lot each unit's document names its own, and
    ``unit_digests`` are the digests of those documents, in the order of ``members``.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    name: str
    source: str = Field(description="the photo, or the lot")
    basis: str = Field(description="card, assumed and the primaries that the file names, or records")
    sha256: str | None
    calibration: str | None
    sealed: str | None = Field(description="number of the sealed golden that the regions come from")
    golden_version: int | None
    golden_digest: str | None
    sheet_digest: str
    members: tuple[str, ...]
    unit_digests: tuple[str, ...] = ()
    regions: tuple[SetRegionDocument, ...]
    verdict: Verdict
    reasons: tuple[str, ...]
    remarks: tuple[str, ...] = ()
    decision_rule: str
    program: str
    digest: str = ""
