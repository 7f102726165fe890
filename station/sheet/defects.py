"""Limits of local defects: for a kind as a whole, for one surface, or for one region. The most specific row holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from station.sheet.fields import Name, NotNegative, Table, Text
from station.sheet.functional import counted_class, is_functional
from station.values.documents import DefectClass

Surface = Literal["soft enamel", "hard enamel", "plating", "print", "other"]

METAL_PLACE = "metal"
"""Where a finding lies that is on struck metal and in no region of the sheet: its surface is plating."""
PLACES = (METAL_PLACE, "other enamel", "edge")
"""What a row's ``region`` may name besides the sheet's own regions: struck metal, enamel that no region is of, the
part's edge."""

USUAL_PIT_MM = {"soft enamel": 0.20, "hard enamel": 0.15}
"""Diameter of the largest pit that is usually tolerated on a front face, by surface."""


class DefectLimit(Table):
    """The largest allowed diameter of a defect kind in mm, for scratches the length; 0 allows none. ``surface`` and
    ``region``: where the row holds, everywhere without them; of several rows of one kind the most specific one holds,
    a region before a surface."""

    kind: Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z][a-z0-9-]*$")]
    limit_mm: NotNegative
    surface: Surface | None = None
    region: Name | None = None
    defect_class: Annotated[DefectClass, Field(alias="class")] = "major"
    note: Text = ""

    @property
    def where(self) -> str:
        """Where it holds, in words; "" where it holds everywhere."""
        if self.region is None:
            return self.surface or ""
        return self.region if self.surface is None else f"{self.surface} in {self.region}"

    @property
    def by_length(self) -> bool:
        """Whether the limit is of a length; of all else it is of a diameter."""
        return self.kind == "scratch"

    @property
    def counted_class(self) -> DefectClass:
        """The class that counts: of function or safety at least major."""
        return counted_class(self.defect_class, functional=is_functional(self.kind))

    @property
    def label(self) -> str:
        """The kind and where the limit holds, in words."""
        return f"{self.kind} for {self.where}" if self.where else self.kind

    def holds(self, region: str, surface: Surface | None) -> bool:
        """Whether it holds in a region of that surface, None where the surface is not known."""
        return self.region in (None, region) and self.surface in (None, surface)


def check_defects(rows: Iterable[DefectLimit], surfaces: dict[str, Surface]) -> None:
    """Raises ValueError for two rows of one kind and place, and for a row that can hold nowhere.

    surfaces : of every region of the sheet, by its name.
    """
    seen: set[tuple[str, str | None, str | None]] = set()
    for row in rows:
        key = (row.kind, row.surface, row.region)
        label = row.label
        if key in seen:
            raise ValueError(f'two [[defects]] have the kind "{label}"; rename or remove one')
        seen.add(key)
        if row.region is None:
            continue
        if row.region not in surfaces and row.region not in PLACES:
            known = ", ".join((*surfaces, *PLACES))
            raise ValueError(f'[[defects]] "{label}" names no region of the sheet; give one of {known}')
        own = surface_of(row.region, surfaces)
        if row.surface is not None and row.surface != own:
            raise ValueError(
                f'[[defects]] "{label}" holds nowhere, since {row.region} is {own or "of no known surface"}; '
                "remove surface or region"
            )


def surface_of(region: str, surfaces: dict[str, Surface]) -> Surface | None:
    """The surface of a place that a finding names, None where the sheet does not say it."""
    return surfaces.get(region, "plating" if region == METAL_PLACE else None)
