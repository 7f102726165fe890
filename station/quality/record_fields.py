"""The nineteen fields of a golden sample's record (G6), each from where it is known, typed only where it is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Final

from station.errors import RequestError
from station.quality.golden_record import Standing
from station.quality.sign_off import SIGNERS
from station.sheet import Sheet
from station.values.golden_record import Carton, FieldDocument, Label, MaterialFacts, RecordEntry, RetainedDocument

_SUPPLY: Final[Mapping[str, str]] = {
    "sample name": "name under [product] of the control sheet, sealed",
    "sample number": "number under [golden] of the control sheet, sealed",
    "approval date": "approved_on under [golden] of the control sheet, or both signatures",
    "approved version": "station golden sign {to_sign} --party {lacking} --name WHO",
    "approver": "station golden sign {to_sign} --party buyer --name WHO",
    "supplier contact": "station golden sign {to_sign} --party supplier --name WHO",
    "purchase order or project": "station golden record {number} --set order=ORDER --by WHO",
    "product photos": "station golden photo {number} KIND PHOTO --by WHO",
    "dimensional specifications": "[[sizes]] of the control sheet, sealed",
    "material": "material under [product] of the control sheet, sealed",
    "colour": "[[regions]] of the control sheet, sealed",
    "surface finish": "finish under [product] of the control sheet, sealed",
    "logo position": "[[marks]] of the control sheet, sealed",
    "printing content": 'station golden record {number} --set printing="WHAT" --by WHO',
    "packing method": 'station golden record {number} --set packing="HOW" --by WHO',
    "outer-carton information": "station golden record {number} --set carton.quantity=N --by WHO",
    "accessory list": "station golden record {number} --set 'accessories=[\"none\"]' --by WHO",
    "special notes": 'station golden record {number} --set notes="WORDS" --by WHO',
    "items still to be confirmed": 'station golden item add {number} "TEXT" --by WHO',
}
"""What supplies each of the nineteen fields: a command, or the part of the control sheet that says it."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the records say of a golden sample's version in force.

    signed : who signed the product, by party. approved_at : when the second party signed. artefacts : kind to what is
    in force, such as ``label.pdf (version 2)``. supplier_holds : who on the supplier's side holds the version in force,
    as long as nobody there holds another one; supplier_apart : who does. reconfirmed : who of them said so after the
    approval and before the first lot of the version, which is ``begun`` and was opened at first_lot_at. criteria_at :
    when it was first recorded what passes. decided : lots decided against this version. colours, logos : as measured on
    the golden, by the sheet's names. lit : on a bench whose light was calibrated.
    """

    standing: Standing
    sheet: Sheet
    number: str
    version: int
    superseded_by: str | None
    signed: Mapping[str, str]
    approved_at: datetime | None
    artefacts: Mapping[str, str]
    one_version: bool
    reason: str
    supplier_holds: str
    reconfirmed: str
    first_lot_at: datetime | None
    criteria_at: datetime | None
    decided: tuple[str, ...]
    colours: Mapping[str, str]
    logos: Mapping[str, str]
    lit: bool
    supplier_apart: str = ""
    begun: str = ""

    @property
    def entry(self) -> RecordEntry:
        """What people wrote."""
        return self.standing.entry

    @property
    def approved_on(self) -> date | None:
        """The day that the sheet gives, else that of the second signature."""
        return self.sheet.golden.approved_on or (self.approved_at.date() if self.approved_at else None)

    @property
    def both_signed(self) -> bool:
        """Whether both parties signed the version in force."""
        return self.approved_at is not None

    @property
    def to_sign(self) -> str:
        """The number that is signed: of the golden sample that superseded this one, where one did."""
        return self.number if self.superseded_by is None else self.superseded_by.rpartition(" version ")[0]


def fields(f: Facts) -> tuple[FieldDocument, ...]:
    """The nineteen, in the order of the source."""
    return tuple(
        FieldDocument(
            field=name, required=required, value=value, source=source if value else "",
            do="" if value else supply(f, name),
        )
        for name, required, (value, source) in _fields(f)
    )  # fmt: skip


def supply(f: Facts, field: str) -> str:
    """What supplies a field of the record: a command, or the part of the control sheet that says it."""
    lacking = next((p for p in SIGNERS if p not in f.signed), SIGNERS[0])
    return _SUPPLY[field].format(number=f.number, to_sign=f.to_sign, lacking=lacking)


def _fields(f: Facts) -> Iterator[tuple[str, bool, tuple[str, str]]]:
    sheet, golden, product, entry = f.sheet, f.sheet.golden, f.sheet.product, f.entry
    yield "sample name", True, (product.name, "sheet")
    yield "sample number", True, (f.number, "seal")
    source = "sheet" if golden.approved_on else "signatures"
    yield "approval date", True, (str(f.approved_on or ""), source)
    yield "approved version", True, (str(f.version) if f.both_signed else "", "signatures")
    yield "approver", True, _first((f.signed.get("buyer", ""), "signatures"), (golden.approved_by, "sheet"))
    yield (
        "supplier contact",
        True,
        _first(
            (f.signed.get("supplier", ""), "signatures"),
            (golden.confirmed_by, "sheet"),
            (entry.supplier_contact, "record"),
        ),
    )
    yield "purchase order or project", False, _first((product.order, "sheet"), (entry.order, "record"))
    filled = [s.kind for s in f.standing.slots() if s.filled]
    yield "product photos", True, (", ".join(filled), "photos")
    sizes = [s.name for s in sheet.sizes if s.limited] + [e.name for e in sheet.entered if e.limited]
    yield "dimensional specifications", True, (", ".join(sizes), "sheet")
    yield "material", True, (_joined(product.material, entry.material.grade), "sheet")
    yield "colour", True, ("; ".join(f"{k} {v}" for k, v in f.colours.items()), "master")
    yield "surface finish", True, (product.finish, "sheet")
    yield "logo position", True, ("; ".join(f"{k} {v}" for k, v in f.logos.items()), "master")
    yield "printing content", False, _first((entry.printing, "record"), (golden.artwork, "sheet"))
    yield "packing method", True, _first((entry.packing, "record"), (f.artefacts.get("packaging", ""), "artefact"))
    yield (
        "outer-carton information",
        True,
        _first((carton_words(entry.carton), "record"), (f.artefacts.get("carton-mark", ""), "artefact")),
    )
    yield (
        "accessory list",
        False,
        _first((", ".join(entry.accessories), "record"), (f.artefacts.get("accessories", ""), "artefact")),
    )
    yield "special notes", False, _first((product.notes, "sheet"), (entry.notes, "record"))
    yield "items still to be confirmed", False, ("; ".join(i.text for i in f.standing.open_items()), "record")


def missing(found: tuple[FieldDocument, ...]) -> tuple[str, ...]:
    """Required fields without a value."""
    return tuple(x.field for x in found if x.required and not x.value)


def refuse_typed_twice(entry: RecordEntry, sheet: Sheet) -> None:
    """Raises RequestError where the record would say what the sealed sheet says already."""
    known: tuple[tuple[str, str, str], ...] = (
        ("supplier_contact", "confirmed_by", sheet.golden.confirmed_by),
        ("order", "order", sheet.product.order),
        ("notes", "notes", sheet.product.notes),
        ("artwork.sha256", "artwork_sha256", sheet.golden.artwork_sha256 or ""),
    )
    for key, there, said in known:
        if attrgetter(key)(entry) and said:
            raise RequestError(
                f"{key}: the sealed control sheet says {there} = {said[:60]!r} already",
                f"Leave {key} out; to change it, change the sheet and seal a new version.",
            )


def carton_words(carton: Carton) -> str:
    """An outer carton in one line."""
    size = "" if carton.size_cm is None else " x ".join(f"{x:g}" for x in carton.size_cm) + " cm"
    parts = (
        "" if carton.quantity is None else f"{carton.quantity} units",
        "" if carton.gross_kg is None else f"gross {carton.gross_kg:g} kg",
        "" if carton.net_kg is None else f"net {carton.net_kg:g} kg",
        size, carton.mark, carton.numbering, carton.origin, carton.notes,
    )  # fmt: skip
    return _joined(*parts)


def label_words(label: Label) -> str:
    """A label in one line."""
    size = "" if label.size_mm is None else f"{label.size_mm[0]:g} x {label.size_mm[1]:g} mm"
    return _joined(label.file, label.text, label.logo, label.print_colour, label.barcode, size, label.position)


def label_gaps(f: Facts) -> tuple[str, ...]:
    """Which of the nine things about label and outer label nobody said (C6)."""
    label, carton = f.entry.label, f.entry.carton
    logo = label.logo or ", ".join(f.logos)
    said: dict[str, object] = {
        "final artwork file": label.file or f.sheet.golden.artwork or f.artefacts.get("label"),
        "logo size and position": logo, "print colour": label.print_colour, "text": label.text,
        "barcode": label.barcode or f.entry.master.barcode_version, "label size": label.size_mm,
        "label position": label.position, "outer label format": carton.mark or f.artefacts.get("carton-mark"),
        "carton number, quantity, weights, origin":
            carton.numbering and carton.quantity and carton.gross_kg and carton.net_kg and carton.origin,
    }  # fmt: skip
    return tuple(what for what, value in said.items() if not value)


def material_remarks(material: MaterialFacts, name: str) -> Iterator[str]:
    """What no camera verifies of a material, and what it needs (C4)."""
    if name or material.grade:
        shown = f"{material.certificate} shows it" if material.certificate else "ask for a certificate"
        yield f"no camera tells the material ({_joined(name, material.grade)}): {shown}"
    if material.care and not material.certificate:
        yield f"a material for {', '.join(material.care)} needs a certificate: set material.certificate"
    if "food contact" in material.care and not material.coating:
        yield "nothing is said of a coating on a material that touches food: set material.coating"


def retained(f: Facts) -> tuple[RetainedDocument, ...]:
    """The seven things that are kept until the order's end and through every restocking (G18)."""
    kept = [c for c in f.standing.copies() if not c.removed and c.role != "expendable-inline"]
    slots = {s.kind: [p.name for p in s.photos] for s in f.standing.slots()}
    versions = len(f.standing.sealed)
    rows: tuple[tuple[str, str], ...] = (
        ("approved sample", ", ".join(f"{c.name}: {c.holder}, {c.place}" for c in kept)),
        ("first-article photos", ", ".join(slots["first-article"])),
        ("packaging-confirmation photos", ", ".join(slots["packing"])),
        ("label files", f.artefacts.get("label", "")),
        ("pre-shipment inspection photos", ", ".join((*slots["pre-shipment"], *(f"lot {x}" for x in f.decided)))),
        ("final specification sheet", f"sealed with version {f.version}"),
        ("revision record", f"versions: {versions}, changes: {len(f.standing.changes())}"),
    )
    return tuple(RetainedDocument(what=what, kept=bool(where), where=where) for what, where in rows)


def _first(*found: tuple[str, str]) -> tuple[str, str]:
    return next((x for x in found if x[0]), ("", ""))


def _joined(*parts: str) -> str:
    return ", ".join(p for p in parts if p)


Rule = Callable[[Facts], tuple[str, str]]
"""What shows an item, "" where nothing does, and the command that supplies it."""
