"""The tables of the control sheet, schema 1: strict, frozen, with limits that compare as decimals."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, Strict, StringConstraints, model_validator

from station.values.digest import digest
from station.values.documents import DefectClass

PREFERRED_AQL = (
    *(0.010, 0.015, 0.025, 0.040, 0.065, 0.10, 0.15, 0.25, 0.40, 0.65, 1.0, 1.5, 2.5, 4.0, 6.5, 10.0),
    *(15.0, 25.0, 40.0, 65.0, 100.0, 150.0, 250.0, 400.0, 650.0, 1000.0),
)
"""The AQL columns of the sampling standards; up to 10 per cent nonconforming, above it nonconformities per 100."""

DEFAULT_COLOUR_LIMITS = {"plating": (2.5, 4.0)}
"""CIEDE2000 (accept, reject) by surface where a sheet gives none; every other surface takes (2.0, 3.0)."""

ONE_POINT, TWO_POINTS = ("line", "recess"), ("distance", "angle")
"""Features that no name tells apart: the width of a raised line or of a recess at a place; what lies between two."""

LARGEST = 1e5
"""No pixel, millimetre or colour difference of a sheet is larger; what is, is a slip of the keyboard."""

Number = Annotated[float, Strict(), Field(ge=-LARGEST, le=LARGEST)]
Positive = Annotated[float, Strict(), Field(gt=0, le=LARGEST)]
NotNegative = Annotated[float, Strict(), Field(ge=0, le=LARGEST)]
Percent = Annotated[float, Strict(), Field(ge=0, le=100)]
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Identifier = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
UnitOfMeasure = Annotated[str, StringConstraints(max_length=16, pattern=r"^[^\s\d\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")]
Point = tuple[Number, Number]
Polygon = Annotated[tuple[Point, ...], Field(min_length=3)]
ProductType = Literal["pin", "coin", "keychain", "magnet", "medal", "pack", "other"]
Feature = Literal[
    "width", "height", "diameter", "max-feret", "min-feret", "roundness", "area", "hole-diameter", "position",
    "border", "line", "recess", "distance", "angle", "flat",
]  # fmt: skip
FEATURES: tuple[str, ...] = get_args(Feature)
"""What a size can be of."""
GuardBand = Literal["both", "consumer", "producer", "none"]
Surface = Literal["soft enamel", "hard enamel", "plating", "print", "other"]


def decimal_of(x: float) -> Decimal:
    """``x`` as the shortest decimal that reads back as it: 0.2 is exactly 0.2, and 20 - 0.2 exactly 19.8."""
    return Decimal(repr(float(x)))


@dataclass(frozen=True, slots=True)
class Limits:
    """Inclusive limits as exact decimals in the unit of the characteristic; None where a side is open."""

    nominal: Decimal | None
    lower: Decimal | None
    upper: Decimal | None


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True)


class Product(_Table):
    """What is made. ``thickness_mm``: height of the measured face over the bench; without it no mm are judged.
    ``thickness_tolerance_mm``: by how much a unit's may differ from it, plus or minus; 0.1 where it is not said."""

    sku: Name
    name: Text = ""
    type: ProductType = "other"
    finish: Text = ""
    thickness_mm: Positive | None = None
    thickness_tolerance_mm: Positive | None = None
    material: Text = ""
    supplier: Text = ""
    order: Text = Field(default="", description="purchase order or project")
    notes: Text = ""


class GoldenRecord(_Table):
    """Which sample is the standard, when it was approved and by whom. The number is made from the date when absent."""

    number: Identifier | None = None
    version: Annotated[int, Strict(), Field(ge=1)] | None = None
    received_on: date | None = None
    approved_on: date | None = None
    approved_by: Text = Field(default="", description="the buyer's approver")
    confirmed_by: Text = Field(default="", description="the supplier's contact")
    artwork: Text = Field(default="", description="artwork file and revision")
    open_items: tuple[Name, ...] = Field(default=(), description="items still to be confirmed")


class Region(_Table):
    """An enamel cell or a plated face, held to two tiers in CIEDE2000: conforms up to ``accept``, nonconforming
    above ``reject``, a person decides between. ``boundary_mm`` limits the shift of its colour boundary."""

    name: Name
    seed_px: Point | None = None
    seed_mm: Point | None = None
    polygon_px: Polygon | None = None
    polygon_mm: Polygon | None = None
    surface: Surface = "other"
    accept: Positive = Field(default_factory=lambda row: _default_colour_limits(row)[0])
    reject: Positive = Field(default_factory=lambda row: _default_colour_limits(row)[1])
    boundary_mm: Positive | None = None
    defect_class: Annotated[DefectClass, Field(alias="class")] = "major"
    note: Text = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        _exactly_one(self, ("seed_px", "seed_mm", "polygon_px", "polygon_mm"))
        if self.accept > self.reject:
            raise ValueError(f"accept {self.accept:g} is above reject {self.reject:g}; give reject >= accept")
        _check_polygons(self.polygon_px, self.polygon_mm)
        return self


class Mark(_Table):
    """A logo or printed mark; limits of its centre's distance, its rotation (either way) and its relative scale."""

    name: Name
    polygon_px: Polygon | None = None
    polygon_mm: Polygon | None = None
    offset_mm: Positive | None = None
    rotation_deg: Positive | None = None
    scale: Annotated[float, Strict(), Field(gt=0, lt=1)] | None = None
    defect_class: Annotated[DefectClass, Field(alias="class")] = "major"
    note: Text = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        _exactly_one(self, ("polygon_px", "polygon_mm"))
        _check_polygons(self.polygon_px, self.polygon_mm)
        return self

    @property
    def limited(self) -> bool:
        """Whether the sheet gives any limit at all."""
        return any(x is not None for x in (self.offset_mm, self.rotation_deg, self.scale))

    def limits(self, kind: str) -> Limits | None:
        """Limits of a measurement kind (offset, offset-x, offset-y, rotation, scale), or None without one."""
        if kind in ("offset", "offset-x", "offset-y") and self.offset_mm is not None:
            bound = decimal_of(self.offset_mm)
            return Limits(Decimal(0), None if kind == "offset" else -bound, bound)
        if kind == "rotation" and self.rotation_deg is not None:
            bound = decimal_of(self.rotation_deg)
            return Limits(Decimal(0), -bound, bound)
        if kind == "scale" and self.scale is not None:
            bound = decimal_of(self.scale)
            return Limits(Decimal(1), 1 - bound, 1 + bound)
        return None


class Size(_Table):
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


class Entered(_Table):
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
    note: Text = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        for side in ("plus", "minus"):
            if getattr(self, side) is not None and getattr(self, f"{side}_percent") is not None:
                raise ValueError(f"{side} and {side}_percent are both given; keep one of them")
        return self

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


class DefectLimit(_Table):
    """The largest allowed diameter of a defect kind in mm, for scratches the length; 0 allows none."""

    kind: Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z][a-z0-9-]*$")]
    limit_mm: NotNegative
    defect_class: Annotated[DefectClass, Field(alias="class")] = "major"
    note: Text = ""


class Aql(_Table):
    """Sampling by class; ``critical = 0`` means acceptance number 0 on the whole sample."""

    level: Literal["S-1", "S-2", "S-3", "S-4", "I", "II", "III"] = "II"
    critical: NotNegative = 0.0
    major: NotNegative = 2.5
    minor: NotNegative = 4.0
    severity: Literal["normal", "tightened", "reduced"] = "normal"
    edition: Literal["z1.4", "iso2859-1"] = "z1.4"

    @model_validator(mode="after")
    def _check(self) -> Self:
        for key in ("critical", "major", "minor"):
            value = getattr(self, key)
            if value != 0 and value not in PREFERRED_AQL:
                near = min(PREFERRED_AQL, key=lambda a: abs(math.log(a / value)))
                raise ValueError(f"{key} = {value:g} is not an AQL of the standards; the nearest is {near:g}")
        return self


class Decision(_Table):
    """Who bears the doubt that the uncertainty leaves. ``guard_band``: ``both`` leaves it undecided (ISO 14253-1),
    ``consumer`` accepts only what is proven to conform, ``producer`` rejects only what is proven not to, ``none`` lets
    the value decide (JCGM 106:2012, 8.2 and 8.3)."""

    guard_band: GuardBand = "both"


class Viewing(_Table):
    """The light that colour is judged in. ``lux``: lowest and highest illuminance on the bench, by a meter; without it
    none is asked for. ``lux_days``: how old the meter's reading may be, 90 days where the sheet does not say."""

    lux: tuple[Positive, Positive] | None = None
    lux_days: Annotated[int, Strict(), Field(gt=0, le=3650)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.lux is not None and self.lux[0] > self.lux[1]:
            raise ValueError(f"lux {self.lux[0]:g} to {self.lux[1]:g} is no band; give the lower value first")
        return self


class Sets(_Table):
    """How far the members of a matched set may lie apart: CIEDE2000 of every pair in every region, in two tiers."""

    accept: Positive = 2.0
    reject: Positive = Field(default_factory=lambda row: float(row.get("accept", 2.0)))

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.accept > self.reject:
            raise ValueError(f"accept {self.accept:g} is above reject {self.reject:g}; give reject >= accept")
        return self


class Sheet(_Table):
    """The control sheet: what buyer and supplier agreed, as the contract's TOML."""

    schema_version: Annotated[Literal[1], Field(alias="schema")]
    product: Product
    golden: GoldenRecord = Field(default_factory=GoldenRecord)
    regions: tuple[Region, ...] = ()
    marks: tuple[Mark, ...] = ()
    sizes: tuple[Size, ...] = ()
    entered: tuple[Entered, ...] = ()
    defects: tuple[DefectLimit, ...] = ()
    aql: Aql = Field(default_factory=Aql)
    decision: Decision = Field(default_factory=Decision)
    viewing: Viewing = Field(default_factory=Viewing)
    sets: Sets | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        _no_duplicates("regions", "name", (r.name for r in self.regions))
        _no_duplicates("marks", "name", (m.name for m in self.marks))
        _no_duplicates("sizes", "name", (s.name for s in self.sizes))
        _no_duplicates("entered", "name", (e.name for e in self.entered))
        shared = {s.name.casefold() for s in self.sizes} & {e.name.casefold() for e in self.entered}
        if shared:
            raise ValueError(f'"{min(shared)}" is in [[sizes]] and in [[entered]]; rename or remove one')
        _no_duplicates("defects", "kind", (d.kind for d in self.defects))
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of all that is agreed; layout and order of keys in the file do not matter."""
        return digest(self.agreed(mode="json"))

    def agreed(self, mode: Literal["json", "python"]) -> dict[str, Any]:
        """The sheet as nested dicts and lists under the TOML's keys, defaults spelled out, what is empty left out.

        Tables that came after the first sheets were agreed are left out while they say nothing but their defaults, so
        that the digest of those sheets stays what it was."""
        dumped: dict[str, Any] = _without_empty(self.model_dump(mode=mode, by_alias=True))
        if self.decision == Decision():
            del dumped["decision"]
        return dumped

    @property
    def classes(self) -> frozenset[DefectClass]:
        """The classes that anything in the sheet has."""
        used = {r.defect_class for r in self.regions} | {m.defect_class for m in self.marks}
        used |= {e.defect_class for e in self.entered}
        return frozenset(used | {s.defect_class for s in self.sizes} | {d.defect_class for d in self.defects})

    def region(self, name: str) -> Region | None:
        """The region of that name, or None."""
        return next((r for r in self.regions if r.name == name), None)

    def mark(self, name: str) -> Mark | None:
        """The mark of that name, or None."""
        return next((m for m in self.marks if m.name == name), None)

    def size(self, name: str) -> Size | None:
        """The size of that name, or None."""
        return next((s for s in self.sizes if s.name == name), None)

    def entered_value(self, name: str) -> Entered | None:
        """The row of [[entered]] of that name, or None."""
        return next((e for e in self.entered if e.name == name), None)

    def defect(self, kind: str) -> DefectLimit | None:
        """The limit of that defect kind, or None."""
        return next((d for d in self.defects if d.kind == kind), None)


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {k: _without_empty(v) for k, v in value.items()}
        return {k: v for k, v in kept.items() if v not in (None, "", [], {})}
    return [_without_empty(v) for v in value] if isinstance(value, list | tuple) else value


def _default_colour_limits(row: dict[str, Any]) -> tuple[float, float]:
    return DEFAULT_COLOUR_LIMITS.get(row.get("surface", "other"), (2.0, 3.0))


def _a(kind: str | None) -> str:
    return f"an {kind}" if kind == "angle" else f"a {kind}"


def _tolerance(nominal: Decimal, mm: float | None, percent: float | None) -> Decimal | None:
    if mm is not None:
        return decimal_of(mm)
    return None if percent is None else nominal * decimal_of(percent) / 100


def _exactly_one(row: BaseModel, keys: tuple[str, ...]) -> None:
    given = [k for k in keys if getattr(row, k) is not None]
    if len(given) != 1:
        said = " and ".join(given) if given else "no position"
        raise ValueError(f"{said} given; give exactly one of {', '.join(keys)}")


def _check_polygons(*polygons: tuple[Point, ...] | None) -> None:
    for p in polygons:
        if p is None:
            continue
        area = sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(p, (*p[1:], p[0]), strict=True)) / 2
        if abs(area) == 0:
            raise ValueError("the polygon encloses no area; give at least three corners that are not on one line")


def _no_duplicates(table: str, key: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name.casefold() in seen:
            raise ValueError(f'two [[{table}]] have the {key} "{name}"; rename or remove one')
        seen.add(name.casefold())
