"""Control charts and the trend of a golden sample's lots as documents."""

from __future__ import annotations

import math
from typing import Literal

from pydantic import Field

from station.values.documents import Document


class SignalDocument(Document):
    """A point that breaks a rule. rule : Nelson's 1 to 8, 0 beyond the limit of EWMA or CUSUM. words : what it says."""

    point: str
    rule: int
    words: str


class ChartPoint(Document):
    """One point. low : of CUSUM the lower sum. lower, upper : its control limits, None where there is none."""

    label: str
    value: float
    low: float | None
    lower: float | None
    upper: float | None


class ChartDocument(Document):
    """One chart. kind : i, mr, xbar, s, ewma, cusum, p or u."""

    kind: str
    centre: float
    points: tuple[ChartPoint, ...]
    signals: tuple[SignalDocument, ...]


class IndexDocument(Document):
    """A capability index between low and high (95 %)."""

    value: float
    low: float
    high: float


class ProcessDocument(Document):
    """The control charts of one characteristic over one stream of units, against the master and the limits.

    units : charted. stream : golden, lots and identifiers that the units were taken by. master : the golden's own
    value; nominal, lower, upper : of the control sheet. mean between mean_low and mean_high (95 %). shift : of the
    mean from the master. in_control : no chart has a signal. reason : why an index is None, or what makes it doubtful.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    characteristic: str
    unit: str
    stream: dict[str, str]
    units: int
    charts: tuple[ChartDocument, ...]
    in_control: bool
    mean: float | None
    mean_low: float | None
    mean_high: float | None
    master: float | None
    shift: float | None
    nominal: float | None
    lower: float | None
    upper: float | None
    cp: IndexDocument | None
    cpk: IndexDocument | None
    pp: IndexDocument | None
    ppk: IndexDocument | None
    reason: str
    remarks: tuple[str, ...]

    @property
    def mean_decimals(self) -> int:
        """Decimals in which the interval of the mean has two digits, 0 to 6; three where there is none."""
        half = 0.0 if self.mean_low is None or self.mean_high is None else (self.mean_high - self.mean_low) / 2
        return 3 if half <= 0 else min(6, max(0, 1 - math.floor(math.log10(half))))


class LotMean(Document):
    """One lot of a trend: its mean of the characteristic with its standard error, and the golden's version."""

    lot: str
    opened_at: str
    golden_version: int
    units: int
    mean: float
    error: float


class TrendDocument(Document):
    """One characteristic over the lots of a golden sample, oldest first. slope : a lot, between low and high (95 %).
    p : of the trend (Mann-Kendall), q : false discovery rate over the characteristics. change : the lot with which
    the level changes, where it does (Pettitt), with its p. limit : the one it runs towards; lots_left :
    lots until the mean reaches it at this slope, None where it does not. reason : why nothing is told, or what it
    means."""

    characteristic: str
    unit: str
    lots: tuple[LotMean, ...]
    slope: float | None
    low: float | None
    high: float | None
    p: float | None
    q: float | None
    drifts: bool
    change: str | None
    change_p: float | None
    limit: float | None
    lots_left: float | None
    reason: str


class LotTrendsDocument(Document):
    """Slow drift over the lots and reorders of one golden sample."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    golden: str
    trends: tuple[TrendDocument, ...]
    remarks: tuple[str, ...]
