"""What the use cases of a bench answer beside the views that commands and pages share."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from station.values.documents import Document, GateDocument


class CardResidualView(Document):
    """How well the colour card of one unit's photo was fitted: residuals in CIEDE2000, mean and largest, and leaving
    one patch out. taken_at : as the camera says, else None."""

    unit_id: int
    unit: str
    at: datetime
    taken_at: str | None
    mean: float
    max: float
    loo_mean: float


class CardResidualsView(Document):
    """The newest photos of a bench whose card was fitted, oldest first, and the largest residuals that still do."""

    rig: str
    most_mean: float
    most_max: float
    photos: tuple[CardResidualView, ...]


class DriftBoundsView(Document):
    """By how much the light of a bench may differ from its reference: in L* either way, in CIEDE2000 of tint."""

    lightness: float
    tint: float


class CameraView(Document):
    """The camera of the bench. width, height : of a picture, None where pictures differ. reason : why it gives none."""

    present: bool
    kind: str
    name: str
    width: int | None
    height: int | None
    reason: str


class SeenMarker(Document):
    """A marker of the bench as the camera sees it: its corners in pixels of the photo."""

    id: int
    corners_px: tuple[tuple[float, float], ...]


class LiveView(Document):
    """What the camera sees now, in pixels of the photo that it would take.

    frame : names the look and its picture; None where the camera gives nothing, with ``reason`` and ``do``.
    every_ms : in how many milliseconds there is something new. blur_px : sigma of the sharpest edges within
    ``focus_px`` (left, top, right, bottom), None where no edge is seen. clipped_share : of all pixels, 0 to 1.
    histogram : shares of the pixels by their brightest channel, from dark to bright. card_px : corners of the colour
    card; part_px : rough outline of the part. gates : the conditions as a shot would meet them.
    """

    frame: str | None = Field(examples=["5b1f0c9a2f3d4e5f60718293"])
    reason: str = ""
    do: str = ""
    every_ms: int
    width: int = 0
    height: int = 0
    blur_px: float | None = None
    focus_px: tuple[int, int, int, int] | None = None
    clipped_share: float = 0.0
    histogram: tuple[float, ...] = ()
    card_found: bool = False
    card_px: tuple[tuple[float, float], ...] = ()
    markers: tuple[SeenMarker, ...] = ()
    part_px: tuple[tuple[float, float], ...] = ()
    gates: tuple[GateDocument, ...] = ()
