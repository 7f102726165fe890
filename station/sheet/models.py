"""The tables of the control sheet, schema 1: strict, frozen, with limits that compare as decimals."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, Strict, StringConstraints, model_validator

from station.sheet.defects import DefectLimit, Surface, check_defects, surface_of
from station.sheet.fields import (
    Identifier,
    Limits,
    Name,
    NotNegative,
    Point,
    Polygon,
    Positive,
    Table,
    Text,
    check_polygons,
    decimal_of,
    exactly_one,
    no_duplicates,
    without_empty,
)
from station.sheet.plating import Lacquer, PlatingLayer
from station.sheet.sizes import Entered, Size
from station.values.digest import digest
from station.values.documents import DefectClass

PREFERRED_AQL = (
    *(0.010, 0.015, 0.025, 0.040, 0.065, 0.10, 0.15, 0.25, 0.40, 0.65, 1.0, 1.5, 2.5, 4.0, 6.5, 10.0),
    *(15.0, 25.0, 40.0, 65.0, 100.0, 150.0, 250.0, 400.0, 650.0, 1000.0),
)
"""The AQL columns of the sampling standards; up to 10 per cent nonconforming, above it nonconformities per 100."""

DEFAULT_COLOUR_LIMITS = {"plating": (2.5, 4.0)}
"""CIEDE2000 (accept, reject) by surface where a sheet gives none; every other surface takes (2.0, 3.0)."""

Kelvin = Annotated[float, Strict(), Field(ge=1000, le=25000)]
Digest = Annotated[str, StringConstraints(to_lower=True, pattern=r"^[0-9a-fA-F]{64}$")]
ProductType = Literal["pin", "coin", "keychain", "magnet", "medal", "pack", "other"]
GuardBand = Literal["both", "consumer", "producer", "none"]


class Product(Table):
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


class GoldenRecord(Table):
    """Which sample is the standard, when it was approved and by whom. The number is made from the date when absent."""

    number: Identifier | None = None
    version: Annotated[int, Strict(), Field(ge=1)] | None = None
    received_on: date | None = None
    approved_on: date | None = None
    approved_by: Text = Field(default="", description="the buyer's approver")
    confirmed_by: Text = Field(default="", description="the supplier's contact")
    artwork: Text = Field(default="", description="artwork file and revision")
    artwork_sha256: Digest | None = Field(default=None, description="SHA-256 of the artwork file")
    cloned_from: Text = Field(default="", description="the sealed version that this sheet was made from")
    open_items: tuple[Name, ...] = Field(default=(), description="items still to be confirmed")


class Region(Table):
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
        exactly_one(self, ("seed_px", "seed_mm", "polygon_px", "polygon_mm"))
        if self.accept > self.reject:
            raise ValueError(f"accept {self.accept:g} is above reject {self.reject:g}; give reject >= accept")
        check_polygons(self.polygon_px, self.polygon_mm)
        return self


class Mark(Table):
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
        exactly_one(self, ("polygon_px", "polygon_mm"))
        check_polygons(self.polygon_px, self.polygon_mm)
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


class Aql(Table):
    """Sampling by class; ``critical = 0`` means acceptance number 0 on the whole sample. ``type``: of the plans, double
    and multiple ones not of ISO 2859-1."""

    level: Literal["S-1", "S-2", "S-3", "S-4", "I", "II", "III"] = "II"
    critical: NotNegative = 0.0
    major: NotNegative = 2.5
    minor: NotNegative = 4.0
    severity: Literal["normal", "tightened", "reduced"] = "normal"
    edition: Literal["z1.4", "z1.4-1993", "z1.4-2003", "mil-std-105e", "iso2859-1"] = "z1.4"
    type: Literal["single", "double", "multiple"] = "single"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.edition == "iso2859-1" and self.type != "single":
            raise ValueError(f"of iso2859-1 only single plans are at hand, not {self.type}; edition z1.4 has them")
        for key in ("critical", "major", "minor"):
            value = getattr(self, key)
            if value != 0 and value not in PREFERRED_AQL:
                near = min(PREFERRED_AQL, key=lambda a: abs(math.log(a / value)))
                raise ValueError(f"{key} = {value:g} is not an AQL of the standards; the nearest is {near:g}")
        return self


class Decision(Table):
    """Who bears the doubt that the uncertainty leaves. ``guard_band``: ``both`` leaves it undecided (ISO 14253-1),
    ``consumer`` accepts only what is proven to conform, ``producer`` rejects only what is proven not to, ``none`` lets
    the value decide (JCGM 106:2012, 8.2 and 8.3). ``undecided``: what a lot makes of a unit that stays undecided;
    ``review`` leaves the lot open until it is reviewed, ``nonconforming`` counts it at its worst."""

    guard_band: GuardBand = "both"
    undecided: Literal["review", "nonconforming"] = "review"


class Viewing(Table):
    """The light that colour is judged in. ``lux``: lowest and highest illuminance on the bench, by a meter; without it
    none is asked for. ``cct_k``: lowest and highest correlated colour temperature in kelvin, by a meter (T17): neutral
    white is about 4,000 to 6,500. ``lux_days``: how old the meter's readings may be, 90 days where the sheet does not
    say."""

    lux: tuple[Positive, Positive] | None = None
    cct_k: tuple[Kelvin, Kelvin] | None = None
    lux_days: Annotated[int, Strict(), Field(gt=0, le=3650)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.lux is not None and self.lux[0] > self.lux[1]:
            raise ValueError(f"lux {self.lux[0]:g} to {self.lux[1]:g} is no band; give the lower value first")
        if self.cct_k is not None and self.cct_k[0] > self.cct_k[1]:
            raise ValueError(f"cct_k {self.cct_k[0]:g} to {self.cct_k[1]:g} is no band; give the lower value first")
        return self


class Sets(Table):
    """How far the members of a matched set may lie apart: CIEDE2000 of every pair in every region, in two tiers."""

    accept: Positive = 2.0
    reject: Positive = Field(default_factory=lambda row: float(row.get("accept", 2.0)))

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.accept > self.reject:
            raise ValueError(f"accept {self.accept:g} is above reject {self.reject:g}; give reject >= accept")
        return self


class Sheet(Table):
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
    plating: tuple[PlatingLayer, ...] = ()
    lacquer: Lacquer | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        no_duplicates("regions", "name", (r.name for r in self.regions))
        no_duplicates("marks", "name", (m.name for m in self.marks))
        no_duplicates("sizes", "name", (s.name for s in self.sizes))
        no_duplicates("entered", "name", (e.name for e in self.entered))
        shared = {s.name.casefold() for s in self.sizes} & {e.name.casefold() for e in self.entered}
        if shared:
            raise ValueError(f'"{min(shared)}" is in [[sizes]] and in [[entered]]; rename or remove one')
        check_defects(self.defects, self.surfaces)
        return self

    @property
    def digest(self) -> str:
        """SHA-256 of the canonical JSON of all that is agreed; layout and order of keys in the file do not matter."""
        return digest(self.agreed(mode="json"))

    def agreed(self, mode: Literal["json", "python"]) -> dict[str, Any]:
        """The sheet as nested dicts and lists under the TOML's keys, defaults spelled out, what is empty left out.

        Tables that came after the first sheets were agreed are left out while they say nothing but their defaults, so
        that the digest of those sheets stays what it was."""
        dumped: dict[str, Any] = without_empty(self.model_dump(mode=mode, by_alias=True))
        if self.decision == Decision():
            del dumped["decision"]
        return dumped

    @property
    def classes(self) -> frozenset[DefectClass]:
        """The classes that anything in the sheet counts in."""
        used = {r.defect_class for r in self.regions} | {m.defect_class for m in self.marks}
        used |= {e.counted_class for e in self.entered}
        return frozenset(used | {s.defect_class for s in self.sizes} | {d.counted_class for d in self.defects})

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

    @property
    def surfaces(self) -> dict[str, Surface]:
        """The surface of every region, by its name."""
        return {r.name: r.surface for r in self.regions}

    def defect(self, kind: str, region: str) -> DefectLimit | None:
        """The limit of a defect kind in that region, or None; a row for the region before one for its surface, and that
        before one for neither."""
        surface = surface_of(region, self.surfaces)
        rows = [d for d in self.defects if d.kind == kind and d.holds(region, surface)]
        return max(rows, key=lambda d: (d.region is not None, d.surface is not None), default=None)


def _default_colour_limits(row: dict[str, Any]) -> tuple[float, float]:
    return DEFAULT_COLOUR_LIMITS.get(row.get("surface", "other"), (2.0, 3.0))


def agreed_aql(sheet: Sheet) -> Aql | None:
    """The sampling that a sheet agrees on, None where it says nothing of it and its ``aql`` holds defaults alone."""
    return sheet.aql if "aql" in sheet.model_fields_set else None
