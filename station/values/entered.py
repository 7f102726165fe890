"""Values that a person measured with an instrument and entered."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from station.values.documents import Document, MeasurementDocument


class EnteredDocument(Document):
    """One entered value, judged by the control sheet that the golden sample was sealed with.

    ``judged`` is the value as a measurement of the unit, characteristic ``entered:NAME``; its ``u`` is the expanded
    uncertainty (k = 2) that was entered. ``golden_version`` is the version whose sheet judged it. ``digest`` covers all
    but itself.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    unit: str
    golden: str
    golden_version: int
    lot: str | None
    name: str
    judged: MeasurementDocument
    instrument: str
    calibrated_on: date
    due_on: date = Field(description="a year after the calibration where none was given")
    measured_on: date
    by: str
    note: str
    entered_at: datetime
    digest: str = ""
