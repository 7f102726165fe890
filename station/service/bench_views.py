"""What the use cases of a bench answer beside the views that commands and pages share."""

from __future__ import annotations

from datetime import datetime

from station.values.documents import Document


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
