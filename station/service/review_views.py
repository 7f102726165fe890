"""What the use cases answer for the page of the reviewer alone: the queue in columns, layers, sources, claims."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from station.values.documents import Document, Verdict


class QueueDocument(Document):
    """The queue of a reviewer in columns, so that ten thousand units are one small answer; what else is known of them
    is asked for where it is looked at.

    margins : as of the units, to four places. reviews, decisions, reviewers, disputes : the newest review of each unit,
    what it says, whose it is and which other one it contradicts; 0 and "" for a unit without one. An acceptance that a
    value entered later speaks against says nothing any more: "".
    """

    ids: tuple[int, ...] = Field(examples=[(4, 2)])
    units: tuple[str, ...] = Field(examples=[("unit-4", "unit-2")])
    verdicts: tuple[Verdict, ...] = Field(examples=[("undecided", "nonconforms")])
    reviews: tuple[int, ...] = Field(examples=[(0, 7)])
    decisions: tuple[str, ...] = Field(examples=[("", "defer")])
    reviewers: tuple[str, ...] = Field(examples=[("", "Li Wei")])
    disputes: tuple[int, ...] = Field(examples=[(0, 0)])
    margins: tuple[float | None, ...] = Field(examples=[(0.41, -1.2)])


class UnitClaimView(Document):
    """Who looks at a unit now, and since when. ``until`` : the claim ends then unless it is renewed."""

    unit_id: int
    unit: str
    reviewer: str
    since: datetime
    until: datetime


class LayerMark(Document):
    """A limit on the scale of a layer."""

    value: float = Field(examples=[2.0])
    name: str = Field(examples=["accept"])


class LayerView(Document):
    """A layer that can be laid over a unit. href : its picture, in the golden frame, "" where there is none; ``reason``
    then says why. covers_px : pixels of the frame that it covers, across and down. top : the value at the upper end of
    its scale, and beyond. note : what it shows and what it does not.
    """

    kind: Literal["heat"]
    quantity: str = Field(examples=["CIEDE2000"])
    top: float = Field(examples=[6.0])
    marks: tuple[LayerMark, ...]
    averaged_mm: float = Field(examples=[0.4])
    note: str
    href: str = Field(examples=["/api/v1/units/7/layers/heat"])
    covers_px: tuple[int, int] = Field(examples=[(1000, 1000)])
    reason: str = Field(default="", examples=["the unit was not laid over the golden: not the golden's product"])


class SourceDate(Document):
    """A calibration with its dates. figure : how good it is, in words."""

    kind: Literal["lens", "light"]
    made_at: datetime
    expires_at: datetime
    figure: str = Field(examples=["reprojection 0.21 px, from 16 pictures"])


class SheetRowView(Document):
    """The row of the control sheet behind a characteristic, as it is written there."""

    characteristic: str = Field(examples=["colour:sky"])
    text: str = Field(examples=['[[regions]]\nname = "sky"\naccept = 2.0'])


class SourcesView(Document):
    """Where a unit's numbers come from. rig : None without one. told : what the records say of bench and calibration.
    dates : of its lens and its light as they were when the unit was inspected, empty without a bench."""

    rig: str | None
    told: str
    dates: tuple[SourceDate, ...]
    golden_sealed_at: datetime
    golden_rig: str | None
    rows: tuple[SheetRowView, ...]
