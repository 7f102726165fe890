"""The record of a golden sample: rows G1, G6-G8, G12-G15, G18-G20, C4, C6."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from signed_home import NOON, NUMBER, SHEET, build, seal

from station.errors import ConflictError, NotFoundError, PhotoError, RequestError
from station.lots.orders import Order
from station.quality.golden_record import LARGEST_BLUR_PX, LEAST_SIDE_PX, SLOTS, photo_fault
from station.service import Station
from station.settings import Settings
from station.store.golden_events import add_event

BY = "M. Weber"


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with two versions, both signatures, two labels and a decided lot; nothing is changed in it."""
    home = tmp_path_factory.mktemp("built") / "home"
    build(home)
    return home


@pytest.fixture
def station(built: Path, tmp_path: Path, clock: Clock) -> Iterator[Station]:
    shutil.copytree(built, tmp_path / "home")
    with Station(Settings(home=tmp_path / "home"), clock=clock) as made:
        yield made


def photo(path: Path, *, side: int = 1100, blur: float = 0.0, seed: int = 0) -> Path:
    """A photo of squares, whose edges have a blur in px of 1,000."""
    rng = np.random.default_rng(seed)
    tiles = rng.integers(40, 220, (16, 20), dtype=np.uint8)
    picture = cv2.resize(tiles, (side * 5 // 4, side), interpolation=cv2.INTER_NEAREST)
    if blur:
        picture = cv2.GaussianBlur(picture, (0, 0), blur * side / 1000)
    assert cv2.imwrite(str(path), picture)
    return path


def count(station: Station) -> int:
    return len(station.ledger.entries())


# --- the nineteen fields (G6) ----------------------------------------------------------------------------------------


def test_the_nineteen_fields_come_from_where_they_are_known(station: Station) -> None:
    """G6: number, date, version, approver and colour are derived; what nobody said is missing by name."""
    found = station.record.show(NUMBER)
    assert len(found.fields) == 19
    known = {f.field: (f.value, f.source) for f in found.fields if f.value}
    assert known == {
        "sample name": ("Alpine society pin", "sheet"),
        "sample number": (NUMBER, "seal"),
        "approval date": ("2026-05-10", "signatures"),
        "approved version": ("2", "signatures"),
        "approver": (BY, "signatures"),
        "supplier contact": ("Li Wei", "signatures"),
        "colour": ("sky Lab 61.0 -8.0 -32.0", "master"),
    }
    assert [f.field for f in found.fields if bool(f.do) == bool(f.value)] == []
    assert not found.complete
    assert "packing method" in found.missing
    assert "special notes" not in found.missing  # optional


def test_what_people_write_is_kept_and_carried_to_the_next_version(station: Station, tmp_path: Path) -> None:
    """G1, G6, G12, G14, C4, C6, P2: aliases, packing and what it consists of, carton, master file, material."""
    file = tmp_path / "record.toml"
    file.write_text(
        'aliases = ["sealed sample"]\npacking = "each in a polybag of 0.04 mm, 24 in a carton"\n'
        'packaging_components = ["backing card", "polybag", "insert"]\n'
        'accessories = ["butterfly clutch, 1"]\nhardware = "one post, butterfly clutch"\n'
        "[carton]\nquantity = 24\ngross_kg = 3.2\nnet_kg = 2.8\nsize_cm = [30.0, 20.0, 15.0]\n"
        '[master]\nplating = "bright nickel"\npantone = ["286 C"]\nweight_g = [9.0, 11.0]\nbarcode_version = "2"\n'
        'rim_mm = 2.0\ncentre_mm = 1.6\nattachment = "post, 4 mm above the middle"\n'
        'card_orientation = "summit up"\ninsert_revision = "3"\n'
        '[material]\ngrade = "zinc alloy 3"\ncare = ["children"]\n'
    )
    may_vary = 'acceptable=["crease of the carton up to 20 mm"]'
    found = station.record.write(NUMBER, by=BY, file=file, values=["carton.origin=Taiwan", may_vary])
    values = {f.field: f.value for f in found.fields}
    assert found.aliases == ("sealed sample",)
    assert values["outer-carton information"] == "24 units, gross 3.2 kg, net 2.8 kg, 30 x 20 x 15 cm, Taiwan"
    assert values["accessory list"] == "butterfly clutch, 1"
    master = found.entry.master.model_dump(exclude={"pantone", "weight_g"})
    assert found.entry.master.weight_g == (9.0, 11.0)
    assert master == {
        "rim_mm": 2.0, "centre_mm": 1.6, "attachment": "post, 4 mm above the middle", "plating": "bright nickel",
        "card_orientation": "summit up", "insert_revision": "3", "barcode_version": "2",
    }  # fmt: skip
    assert found.entry.acceptable == ("crease of the carton up to 20 mm",)
    assert found.entry.packaging_components == ("backing card", "polybag", "insert")
    assert any("no camera tells the material (zinc alloy 3)" in r for r in found.remarks)
    assert any("children needs a certificate" in r for r in found.remarks)
    seal(station._db, station._evidence, 3)
    later = station.record.show(NUMBER)
    assert (later.version, later.entry, later.entry_version) == (3, found.entry, 2)
    assert "approver" in later.missing  # nobody has signed version 3


def test_written_again_is_recorded_once_and_an_empty_value_takes_it_back(station: Station) -> None:
    first = station.record.write(NUMBER, by=BY, values=["packing=in bags of 0.04 mm", "carton.quantity=24"])
    before = count(station)
    assert station.record.write(NUMBER, by="another", values=["carton.quantity = 24"]) == first
    assert count(station) == before
    assert station.record.write(NUMBER, by=BY, values=["packing="]).entry.packing == ""
    assert station.record.show(NUMBER).entry.carton.quantity == 24


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("cartn.quantity=24", "has no key 'cartn'. Did you mean \"carton\""),
        ("carton.quantty=24", 'Did you mean "quantity"'),
        ("carton.quantity=many", "carton.quantity"),
        ('aliases=["my sample"]', "aliases"),
        ("packing", "is no KEY=VALUE"),
        ('acceptable=["looks good"]', '"looks good", which nobody can measure'),
        ('unacceptable=["unacceptable"]', "which nobody can measure"),
        ("carton.gross_kg=nan", "carton.gross_kg"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_kept(station: Station, value: str, says: str) -> None:
    """G10: criteria in vague words are refused."""
    before = count(station)
    with pytest.raises(RequestError) as refused:
        station.record.write(NUMBER, by=BY, values=[value])
    assert says in str(refused.value)
    assert count(station) == before


def test_what_the_sheet_says_is_not_typed_again() -> None:
    """G6: one place for one thing."""
    from station.quality.record_fields import refuse_typed_twice
    from station.sheet import load_sheet
    from station.values.golden_record import RecordEntry

    sheet = load_sheet('schema = 1\n[product]\nsku = "A"\norder = "PO 7"\n')
    with pytest.raises(RequestError, match="says order = 'PO 7' already"):
        refuse_typed_twice(RecordEntry(order="PO 8"), sheet)
    refuse_typed_twice(RecordEntry(notes="a note"), sheet)


# --- photos (G8) -----------------------------------------------------------------------------------------------------


def test_eight_slots_are_filled_by_photos_that_are_large_and_sharp(station: Station, tmp_path: Path) -> None:
    """G8."""
    for i, kind in enumerate(SLOTS):
        found = station.record.add_photo(NUMBER, kind.upper(), photo(tmp_path / f"{i}.jpg", seed=i), by=BY)
    assert len(SLOTS) == 8
    assert [s.filled for s in found.slots] == [True] * 8 + [False] * 2
    assert next(f for f in found.fields if f.field == "product photos").value == ", ".join(SLOTS)
    seal(station._db, station._evidence, 3)  # a photo of version 2 does not show version 3
    assert not any(s.filled for s in station.record.show(NUMBER).slots)
    assert station.check().ok


def test_a_blurred_and_a_small_photo_are_kept_and_do_not_count(station: Station, tmp_path: Path) -> None:
    """G8."""
    station.record.add_photo(NUMBER, "label", photo(tmp_path / "blurred.jpg", blur=6.0), by=BY)
    found = station.record.add_photo(NUMBER, "label", photo(tmp_path / "small.jpg", side=600), by=BY)
    slot = next(s for s in found.slots if s.kind == "label")
    assert not slot.filled
    assert len(slot.photos) == 2
    assert "blurred.jpg: its edges are blurred by" in slot.reasons[0]
    assert slot.reasons[1] == "small.jpg: 750 x 600 px, at least 1,000 px on the shorter side are needed"
    before = count(station)
    station.record.add_photo(NUMBER, "label", tmp_path / "small.jpg", by=BY)
    assert count(station) == before
    assert station._evidence.read(slot.photos[0].sha256) == (tmp_path / "blurred.jpg").read_bytes()
    with pytest.raises(PhotoError):
        station.record.add_photo(NUMBER, "label", Path(__file__), by=BY)
    with pytest.raises(RequestError, match="is no kind of photo"):
        station.record.add_photo(NUMBER, "selfie", tmp_path / "small.jpg", by=BY)


@settings(deadline=None)
@given(st.integers(1, 9000), st.integers(1, 9000), st.none() | st.floats(0, 50))
def test_a_photo_counts_exactly_where_it_is_large_and_sharp(width: int, height: int, blur: float | None) -> None:
    """G8."""
    good = min(width, height) >= LEAST_SIDE_PX and blur is not None and blur <= LARGEST_BLUR_PX
    assert (photo_fault(width, height, blur) == "") == good


# --- physical copies (G7, G13) ---------------------------------------------------------------------------------------


def add_copy(station: Station, name: str = "F1", role: str = "factory_sealed", **more: Any) -> Any:
    given = {"holder": "Li Wei", "place": "sample room", "seal": "S-0012", "by": BY, **more}
    return station.record.add_copy(NUMBER, name, role=role, **given)


def test_a_copy_is_kept_checked_overdue_and_moved(station: Station, clock: Clock) -> None:
    """G7, G13: holder, place, seal number, condition, last check, overdue."""
    (copy,) = add_copy(station, every_days=90).copies
    assert (copy.role, copy.version, copy.good, copy.due) == ("factory-sealed", 2, True, date(2026, 8, 8))
    clock.now += timedelta(days=91)
    assert station.record.show(NUMBER).copies[0].overdue
    (copy,) = station.record.check_copy(NUMBER, "f1", condition="worn", seal_intact=True, by="Li Wei").copies
    assert (copy.overdue, copy.good, copy.condition, copy.checked_on) == (False, True, "worn", date(2026, 8, 9))
    (copy,) = station.record.check_copy(NUMBER, "F1", condition="intact", seal_intact=False, by="Li Wei").copies
    assert not copy.good
    (copy,) = add_copy(station, every_days=90, place="safe").copies
    assert (copy.place, copy.seal_intact) == ("safe", False)
    seal(station._db, station._evidence, 3)
    (copy,) = add_copy(station, every_days=90, place="vault").copies  # moved, and still a copy of version 2
    assert (copy.place, copy.version, copy.current, copy.good) == ("vault", 2, False, False)
    for broken in ({"condition": "fine"}, {"condition": "intact", "on": date(2030, 1, 1)}):
        with pytest.raises(RequestError):
            station.record.check_copy(NUMBER, "F1", by=BY, **broken)  # type: ignore[arg-type]
    with pytest.raises(RequestError, match=r"has no copy 'F2'\. Its copies: F1"):
        station.record.check_copy(NUMBER, "F2", condition="intact", by=BY)


def test_a_copy_has_one_name_whatever_its_case(station: Station) -> None:
    """G7: "f1" is not another copy beside "F1" that no later word would find."""
    add_copy(station)
    (copy,) = add_copy(station, "f1", place="safe").copies
    assert (copy.name, copy.place) == ("F1", "safe")
    station.record.remove_copy(NUMBER, "f1", reason="worn out", by=BY)
    (copy,) = add_copy(station, "f1", place="drawer").copies
    assert (copy.place, copy.removed) == ("drawer", False)
    (copy,) = station.record.check_copy(NUMBER, "f1", condition="worn", by=BY).copies
    assert copy.condition == "worn"


def test_in_line_only_the_expendable_copy_is_used(station: Station, clock: Clock) -> None:
    """G13: and how often, since it wears."""
    add_copy(station)
    add_copy(station, "B1", "buyer-retained", seal="")
    add_copy(station, "E1", "expendable inline", seal="")
    for kept in ("F1", "B1"):
        with pytest.raises(ConflictError, match="which is kept and never used in line"):
            station.record.use_copy(NUMBER, kept, purpose="L-1", by=BY)
    found = station.record.use_copy(NUMBER, "E1", purpose="L-1", by=BY)
    assert {c.name: c.used for c in found.copies} == {"F1": (), "B1": (), "E1": ("L-1",)}
    assert station.record.use_copy(NUMBER, "E1", purpose="L-1", by=BY).copies[2].used == ("L-1",)  # the command again
    for _ in range(2):
        clock.now += timedelta(days=1)
        found = station.record.use_copy(NUMBER, "E1", purpose="L-1", by=BY)
    assert found.copies[2].used == ("L-1",) * 3
    with pytest.raises(RequestError, match="needs the number of its seal"):
        add_copy(station, "F2", seal=" ")


# --- retention holds (G18) -------------------------------------------------------------------------------------------


def test_no_command_overrides_a_hold(station: Station, clock: Clock) -> None:
    """G18: while any hold is in force nothing is given away; it ends with its last day alone."""
    add_copy(station)
    station.record.hold(NUMBER, "order", until=date(2026, 6, 1), by=BY)
    found = station.record.hold(NUMBER, "restocked", until=date(2026, 12, 31), text="until restocked", by=BY)
    before = count(station)
    station.record.hold(NUMBER, "restocked", until=date(2026, 12, 31), text="until restocked", by=BY)
    station.record.hold(NUMBER, "restocked", until=date(2026, 7, 1), by=BY)  # a shorter one shortens nothing
    assert count(station) == before + 1
    assert len(found.holds) == 2
    for day in (date(2026, 5, 10), date(2026, 12, 31)):
        clock.now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        with pytest.raises(ConflictError, match=r"is kept until 2026-12-31.*by no command"):
            station.record.remove_copy(NUMBER, "F1", reason="moved", by=BY)
    clock.now += timedelta(days=1)
    assert station.record.remove_copy(NUMBER, "F1", reason="order ended", by=BY).copies[0].removed
    with pytest.raises(RequestError, match="is past"):
        station.record.hold(NUMBER, "custom", until=date(2026, 12, 31), by=BY)


def test_the_records_cannot_be_deleted_from_the_database(station: Station, tmp_path: Path) -> None:
    """G18: the delete guard of the tables."""
    station.record.hold(NUMBER, "custom", by=BY)
    with sqlite3.connect(tmp_path / "home" / "station.db") as c:
        for statement in ("DELETE FROM golden_events", "UPDATE golden_events SET kind = 'x'", "DELETE FROM goldens"):
            with pytest.raises(sqlite3.IntegrityError, match="is append-only"):
                c.execute(statement)
    c.close()


def test_the_seven_things_that_are_kept(station: Station, tmp_path: Path) -> None:
    """G18."""
    kept = {r.what: r.kept for r in station.record.show(NUMBER).retained}
    assert len(kept) == 7
    assert kept["label files"]
    assert kept["final specification sheet"]
    assert not kept["approved sample"]
    assert not kept["first-article photos"]
    add_copy(station)
    station.record.add_photo(NUMBER, "first-article", photo(tmp_path / "fa.jpg"), by=BY)
    kept = {r.what: r.kept for r in station.record.show(NUMBER).retained}
    assert kept["approved sample"]
    assert kept["first-article photos"]


# --- open items, resolutions, changes (G6, G15, G19, G20) ------------------------------------------------------------


def gate_on_open_items(station: Station) -> tuple[str, str, bool]:
    """How the gate before production stands to open items: state, reason, whether a reason excuses them."""
    asked = station.gates.show("PO-7").gates[0].requirements
    one = next(r for r in asked if r.key == "open-items")
    return one.state, one.reason, one.waivable


def test_an_open_item_makes_the_approval_conditional_and_keeps_the_gate_closed(station: Station) -> None:
    """G6: the gate of an order, as long as the item is open."""
    assert station.sign_off.status(NUMBER).state == "approved"
    station.gates.open("PO-7", Order(units=(120,)), golden=NUMBER, by=BY)
    assert gate_on_open_items(station)[0] == "met"
    found = station.record.open_item(NUMBER, "clutch  colour", by=BY)
    assert not found.settled
    status = station.sign_off.status(NUMBER)
    assert status.state == "conditionally approved"
    assert "still to be confirmed: clutch colour" in status.remarks
    assert gate_on_open_items(station) == ("open", "still to be confirmed: clutch colour", False)
    with pytest.raises(ConflictError, match="open-items of the pre-production gate is never waived"):
        station.releases.waive("PO-7", "pre-production", "open-items", reason="1 week", party="buyer", by=BY)
    before = count(station)
    station.record.open_item(NUMBER, "Clutch colour", by=BY)
    assert count(station) == before
    with pytest.raises(NotFoundError, match="Open are: 1 clutch colour"):
        station.record.settle_item(NUMBER, "2", how="black", by=BY)
    found = station.record.settle_item(NUMBER, "1", how="black nickel", attach=Path(__file__), by=BY)
    assert (found.open_items, found.settled_items[0].how) == ((), "black nickel")
    assert station.record.settle_item(NUMBER, "clutch colour", how="black nickel", by=BY) == found
    assert gate_on_open_items(station)[0] == "met"
    assert station.record.open_item(NUMBER, "clutch colour", by=BY).open_items  # asked again, it is open again
    assert gate_on_open_items(station)[0] == "open"


def test_an_open_item_of_the_sheet_is_settled_for_its_version_alone() -> None:
    """G6."""
    from station.quality.golden_record import Standing, item_key
    from station.values.golden_record import RecordEvent

    settled = RecordEvent(kind="item settled", key=item_key("Post angle"), version=1, at=NOON, by=BY, text="90 degrees")
    for version, open_items in ((1, []), (2, ["post angle"])):
        stands = Standing(NUMBER, version, (settled,), NOON.date(), sheet_items=("post angle",))
        assert [i.text for i in stands.open_items()] == open_items


def test_an_ambiguity_is_resolved_by_words_and_images_and_held_by_the_next_version(
    station: Station, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G15: the source's own note passes; vague words do not."""
    note = (
        "Recessed fields retain visible oxidation; raised logo polished brighter; overall tone medium-dark antique, "
        "not bright brass."
    )
    images = {"front": photo(tmp_path / "front.jpg", seed=1), "back": photo(tmp_path / "back.jpg", seed=2)}
    found = station.record.resolve(NUMBER, "antique tone", text=note, region="sky", by=BY, **images)
    (one,) = found.resolutions
    assert (one.feature, one.region, one.version, one.sealed_in) == ("antique tone", "sky", 2, None)
    assert [f.what for f in one.files] == ["front", "back"]
    assert found.open_items[0].text == "no version holds what was resolved of antique tone"
    assert f'write its very words, "{note}", into notes' in found.open_items[0].do
    seal(station._db, station._evidence, 3)  # a limit changed, and no word of the tone
    found = station.record.show(NUMBER)
    assert (found.resolutions[0].sealed_in, found.settled) == (None, False)
    seal(station._db, station._evidence, 4, notes=f"Carded. {note.replace('; ', ';  ')}")
    found = station.record.show(NUMBER)
    assert (found.resolutions[0].sealed_in, found.settled) == (4, True)
    seal(station._db, station._evidence, 5)  # and dropped again
    assert not station.record.show(NUMBER).settled
    with monkeypatch.context() as patched:  # as the command says of a resolution with a region
        patched.setattr("signed_home.SHEET", SHEET.replace('name = "sky"', f'name = "sky"\nnote = "{note}"'))
        seal(station._db, station._evidence, 6)
    assert station.record.show(NUMBER).resolutions[0].sealed_in == 4
    assert station.record.show(NUMBER).settled
    with pytest.raises(RequestError, match="nobody can measure"):
        station.record.resolve(NUMBER, "tone", text="a good antique effect", by=BY, **images)
    with pytest.raises(RequestError, match="the sheet has no region 'rim'"):
        station.record.resolve(NUMBER, "tone", text=note, region="rim", by=BY, **images)
    with pytest.raises(PhotoError):
        station.record.resolve(NUMBER, "tone", text=note, front=Path(__file__), back=images["back"], by=BY)


def test_a_change_of_a_controlled_attribute_waits_for_the_supplier(station: Station, tmp_path: Path) -> None:
    """G19, G20: all twelve are controlled unless the record names fewer."""
    mail = tmp_path / "mail.eml"
    mail.write_text("We confirm.")
    station.record.write(NUMBER, by=BY, values=['controlled=["label", "colour"]'])
    given = f"customer-confirmation={mail}"
    found = station.record.change(NUMBER, "label", "SKU line from 3 mm to 5 mm", attach=[given], by=BY)
    found = station.record.change(NUMBER, "manual", "page 2 says 230 V", by=BY)
    before = count(station)
    station.record.change(NUMBER, "label", "SKU line from 3 mm to 5 mm", attach=[given], by=BY)
    assert count(station) == before
    assert [(c.number, c.needs_acknowledgement) for c in found.changes] == [(1, True), (2, False)]
    assert [i.source for i in found.open_items] == ["change"]
    assert station.sign_off.status(NUMBER).state == "conditionally approved"
    found = station.record.acknowledge_change(NUMBER, 1, attach=mail, by="Li Wei")
    assert found.settled
    assert [f.what for f in found.changes[0].files] == ["customer-confirmation", "supplier-reply"]
    assert found.changes[0].acknowledged_by == "Li Wei"
    with pytest.raises(RequestError, match="is no attribute"):
        station.record.change(NUMBER, "smell", "none", by=BY)
    with pytest.raises(RequestError, match="is no record of a change"):
        station.record.change(NUMBER, "label", "new text 5 mm", attach=[f"gossip={mail}"], by=BY)
    with pytest.raises(NotFoundError):
        station.record.acknowledge_change(NUMBER, 9, by=BY)


# --- the ledger ------------------------------------------------------------------------------------------------------


def test_any_changed_byte_of_an_event_is_named(station: Station, tmp_path: Path) -> None:
    station.record.open_item(NUMBER, "clutch colour", by=BY)
    assert station.check().ok
    assert station.ledger.entries()[-1].kind == "golden record: item"
    with sqlite3.connect(tmp_path / "home" / "station.db") as c:
        c.execute("DROP TRIGGER golden_events_no_update")
        c.execute("UPDATE golden_events SET document = replace(document, 'clutch', 'plate')")
    c.close()
    found = station.check()
    assert not found.ok
    assert any("event of a golden record 1" in x for x in found.changed)


def test_two_who_write_at_once_do_not_overwrite_one_another(station: Station) -> None:
    station.record.open_item(NUMBER, "clutch colour", by=BY)
    row = {"kind": "item", "document": "{}", "digest": "0" * 64}
    with pytest.raises(ConflictError, match="in the meantime"):
        add_event(station._db, NUMBER, row, after=0, by=BY, at=NOON)
    assert [i.text for i in station.record.show(NUMBER).open_items] == ["clutch colour"]
    with pytest.raises(RequestError):
        station.record.hold(NUMBER, "custom", by="  ")
    with pytest.raises(NotFoundError):
        station.record.show("GS-1")
