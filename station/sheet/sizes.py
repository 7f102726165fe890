"""What the control sheet has measured: sizes by photo, and values that a person enters, each with its limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, Strict, model_validator

from station.sheet.fields import (
    Limits,
    Name,
    NotNegative,
    Number,
    Percent,
    Point,
    Positive,
    Table,
    Text,
    UnitOfMeasure,
    decimal_of,
)
from station.sheet.functional import counted_class, measures_function
from station.sheet.plating import Matter
from station.values.documents import DefectClass

ONE_POINT, TWO_POINTS = ("line", "recess"), ("distance", "angle")
"""Features that no name tells apart: the width of a raised line or of a recess at a place; what lies between two."""

Feature = Literal[
    "width", "height", "diameter", "max-feret", "min-feret", "roundness", "area", "hole-diameter", "position",
    "border", "line", "recess", "distance", "angle", "flat",
]  # fmt: skip
FEATURES: tuple[str, ...] = get_args(Feature)
"""What a size can be of."""


class Size(Table):
    """A length or an angle. Tolerances in mm, degrees or per cent of the nominal; a side left out is open. A
    ``position`` is the distance from the golden's place, so its nominal is 0, and so is the golden's.

    ``feature`` is what is measured; where it is left out the name says it (``border``, ``position-2``). Which border,
    line or hole is meant is said by a point on it (``at_*``), where it takes two by a second one (``to_*``).

    With ``golden_mm`` a unit is measured as its difference from the golden: what the camera misreads on both, such as a
    rounded shoulder or the tip of a corner, then cancels."""

    name: Name
    feature: Feature | None = Field(default=None, description="what is measured; by default the name says it")
    nominal_mm: NotNegative | Literal["golden"] | None = None
    plus_mm: NotNegative | None = None
    minus_mm: NotNegative | None = None
    nominal_deg: NotNegative | Literal["golden"] | None = Field(default=None, description="of an angle")
    plus_deg: NotNegative | None = None
    minus_deg: NotNegative | None = None
    plus_percent: Percent | None = None
    minus_percent: Percent | None = None
    share_percent: Percent | None = Field(
        default=None,
        description="largest share of a border's length below its lower limit that is allowed; 0 if absent",
    )
    at_px: Point | None = Field(default=None, description="a point on the feature, in the golden photo")
    at_mm: Point | None = None
    to_px: Point | None = Field(default=None, description="the second point of a distance or an angle")
    to_mm: Point | None = None
    golden_mm: Positive | None = Field(default=None, description="the golden sample's own size by calliper")
    defect_class: Annotated[DefectClass, Field(alias="class")] = "major"
    matters: tuple[Matter, ...] = Field(default=(), description="what it has to fit")
    why: Text = Field(default="", description="why it matters, such as: the lid has to close")
    note: Text = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        for end in ("at", "to"):
            if getattr(self, f"{end}_px") is not None and getattr(self, f"{end}_mm") is not None:
                raise ValueError(f"{end}_px and {end}_mm are both given; keep one of them")
        unit, other = ("deg", "mm") if self.kind == "angle" else ("mm", "deg")
        if getattr(self, f"nominal_{unit}") is None:
            raise ValueError(f'nominal_{unit} is missing; add it, a number or "golden"')
        for side in ("nominal", "plus", "minus"):
            if getattr(self, f"{side}_{other}") is not None:
                raise ValueError(f"{side}_{other} is given for {_a(self.kind)}; give {side}_{unit}")
        for side in ("plus", "minus"):
            if getattr(self, f"{side}_{unit}") is not None and getattr(self, f"{side}_percent") is not None:
                raise ValueError(f"{side}_{unit} and {side}_percent are both given; keep one of them")
        self._check_points()
        return self

    def _check_points(self) -> None:
        if self.feature in ONE_POINT and not self.placed("at"):
            raise ValueError(f"{_a(self.feature)} needs a place; give at_px, a point on it in the golden photo")
        if self.feature in TWO_POINTS and not (self.placed("at") and self.placed("to")):
            raise ValueError(f"{_a(self.feature)} needs two places; give at_px and to_px, points of the golden photo")
        if self.placed("to") and self.kind not in TWO_POINTS:
            raise ValueError(f"to_px is given for {_a(self.kind)}, which has one place; remove it")
        if self.share_percent is not None and self.kind != "border":
            raise ValueError(f"share_percent is given for {_a(self.kind)}; only a border has a share of its length")
        if self.golden_mm is not None and self.kind == "angle":
            raise ValueError("golden_mm is given for an angle; remove it")

    def placed(self, end: str) -> bool:
        """Whether the point ``at`` or ``to`` is given."""
        return getattr(self, f"{end}_px") is not None or getattr(self, f"{end}_mm") is not None

    @property
    def kind(self) -> str:
        """What is measured: ``feature``, or the one of ``FEATURES`` that the name begins with, or the name itself."""
        if self.feature is not None:
            return self.feature
        for feature in sorted(FEATURES, key=len, reverse=True):
            begins = self.name == feature or self.name.startswith((f"{feature}-", f"{feature} "))
            if begins and (feature not in (*ONE_POINT, *TWO_POINTS) or self.placed("at")):
                return feature
        return self.name

    @property
    def characteristic(self) -> str:
        """``KIND:NAME`` of its measurement."""
        return f"{self.kind if self.kind in ('border', 'position') else 'size'}:{self.name}"

    @property
    def limited(self) -> bool:
        """Whether the sheet gives a tolerance on either side."""
        sides = (self.plus_mm, self.minus_mm, self.plus_deg, self.minus_deg, self.plus_percent, self.minus_percent)
        return any(x is not None for x in sides)

    def limits(self, golden_mm: float | None) -> Limits:
        """Limits in mm or degrees; ``golden_mm`` is the golden's own size, for the nominal ``golden`` (None:
        unknown)."""
        nominal: Decimal | None
        given = self.nominal_deg if self.kind == "angle" else self.nominal_mm
        if given == "golden" and self.kind == "position":
            nominal = Decimal(0)
        elif given == "golden":
            nominal = None if golden_mm is None else decimal_of(round(golden_mm, 4))  # no photo tells more
        else:
            nominal = None if given is None else decimal_of(given)
        if nominal is None:
            return Limits(None, None, None)
        plus, minus = (self.plus_deg, self.minus_deg) if self.kind == "angle" else (self.plus_mm, self.minus_mm)
        above = _tolerance(nominal, plus, self.plus_percent)
        below = _tolerance(nominal, minus, self.minus_percent)
        return Limits(nominal, None if below is None else nominal - below, None if above is None else nominal + above)


class Entered(Table):
    """What a person measures with an instrument and enters: weight, pull force, plating thickness ... Tolerances in
    ``unit`` or in per cent of the nominal; a side left out is open, so ``nominal = 10.0, minus = 0.0`` is "10 or more".
    ``units_per_lot``: of how many units of a lot a value is needed before the lot is accepted."""

    name: Name
    unit: UnitOfMeasure
    nominal: Number
    plus: NotNegative | None = None
    minus: NotNegative | None = None
    plus_percent: Percent | None = None
    minus_percent: Percent | None = None
    units_per_lot: Annotated[int, Strict(), Field(ge=0, le=10**6)] = 1
    defect_class: Annotated[DefectClass, Field(alias="class")] = "major"
    matters: tuple[Matter, ...] = Field(default=(), description="what it has to fit")
    why: Text = Field(default="", description="why it matters, such as: the lid has to close")
    note: Text = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        for side in ("plus", "minus"):
            if getattr(self, side) is not None and getattr(self, f"{side}_percent") is not None:
                raise ValueError(f"{side} and {side}_percent are both given; keep one of them")
        return self

    @property
    def counted_class(self) -> DefectClass:
        """The class that counts: of function or safety at least major."""
        return counted_class(self.defect_class, functional=measures_function(self.name))

    @property
    def limited(self) -> bool:
        """Whether the sheet gives a tolerance on either side."""
        return any(x is not None for x in (self.plus, self.minus, self.plus_percent, self.minus_percent))

    def limits(self) -> Limits:
        """Limits in the unit of the row."""
        nominal = decimal_of(self.nominal)
        plus = _tolerance(abs(nominal), self.plus, self.plus_percent)
        minus = _tolerance(abs(nominal), self.minus, self.minus_percent)
        return Limits(nominal, None if minus is None else nominal - minus, None if plus is None else nominal + plus)


def _a(kind: str | None) -> str:
    return f"an {kind}" if kind == "angle" else f"a {kind}"


def _tolerance(nominal: Decimal, mm: float | None, percent: float | None) -> Decimal | None:
    if mm is not None:
        return decimal_of(mm)
    return None if percent is None else nominal * decimal_of(percent) / 100
