"""The ``tolerance`` document: what accepted units teach of a colour, beside the control sheet's round limit."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from station.values.documents import Document

Triple = tuple[float, float, float]


class AxisLimitDocument(Document):
    """Lower and upper limit of one difference, unit minus golden, in Lab units."""

    lower: float
    upper: float


class EllipsoidDocument(Document):
    """Holds the share ``content`` of units like the accepted ones with ``confidence``. limits : the box round it."""

    content: float
    confidence: float
    factor: float = Field(description="(x - mean)' inverse(covariance) (x - mean) <= factor")
    half_axes: Triple
    axes: tuple[Triple, Triple, Triple]
    limits: dict[str, AxisLimitDocument]


class RegionToleranceDocument(Document):
    """What the accepted units say of one region; where they are too few, only ``reason`` and the counts.

    accept : the sheet's limit in CIEDE2000. over_limit : accepted units above it. outside : accepted units outside the
    first ellipsoid; within_limit_only : of them those within the sheet's limit, which the ellipsoid would refuse.
    within_ellipsoid_only : above the sheet's limit and inside the ellipsoid. shift : CIEDE2000 of the mean unit from
    the golden; u : median expanded uncertainty of a unit's CIEDE2000.
    """

    region: str
    units: int
    reason: str = ""
    lab_golden: Triple | None = None
    accept: float
    over_limit: int
    mean: Triple | None = None
    covariance: tuple[Triple, Triple, Triple] | None = None
    shift: float | None = None
    shift_p: float | None = None
    u: float | None = None
    drift: bool = False
    warning: str = ""
    ellipsoids: tuple[EllipsoidDocument, ...] = ()
    outside: int | None = None
    within_limit_only: int | None = None
    within_ellipsoid_only: int | None = None


class ToleranceDocument(Document):
    """The learned colour tolerance of a golden sample. left_out : units that were not used, by reason."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    golden: str
    golden_version: int
    lot: str | None
    units: int
    left_out: dict[str, int]
    method: str
    regions: tuple[RegionToleranceDocument, ...]
    statement: str
