"""Detached signatures, photos and keys as a stranger hands them in: refused before anything of them is recorded; a home
of an earlier version that recorded one is still read."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from signed_home import NOON, NUMBER, ORDER, SUPPLIER, add_gates, build, detached, picture, seal

from station.errors import ConflictError, NotFoundError, RequestError
from station.lots.orders import Order
from station.quality import sign_off as rules
from station.quality.page_code import page_fault, page_text
from station.quality.shown_records import statement_fault
from station.quality.signing import GATE, SIGN_OFF, public_of, sign, verify
from station.report.qr import qr_svg
from station.service import Station
from station.service.packages import verify as verify_package
from station.service.signatures import MAX_DETACHED
from station.settings import Settings
from station.store import gates, records, sign_offs
from station.values.digest import digest


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station(Settings(home=tmp_path / "home"), clock=lambda: NOON) as made:
        seal(made._db, made._evidence, 1)
        yield made


def signed(station: Station, path: Path, **change: Any) -> Path:
    """A signature of the supplier under a statement with other values."""
    detached(station, path)
    made = json.loads(path.read_text())
    made["statement"] |= change
    path.write_text(json.dumps(made | {"signature": sign(SUPPLIER, SIGN_OFF, made["statement"])}))
    return path


@pytest.mark.parametrize(
    "change",
    [
        {"role": 5}, {"role": ["a"]}, {"at": 5}, {"at": "2026-05-10"}, {"at": "2026-05-10T12:00:00.000000"},
        {"at": "2026-05-10T12:00:00\x1b[2J"}, {"at": "2026-05-10T12:00:00Z"}, {"name": "Li\n\nWei\t"}, {"name": ""},
        {"name": "x" * 121}, {"role": " QA"}, {"version": 1.0}, {"version": True}, {"schema": True}, {"party": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_statement_of_the_wrong_kinds_is_refused_and_nothing_is_recorded(
    station: Station, tmp_path: Path, change: dict[str, Any]
) -> None:
    before = len(station.ledger.entries())
    with pytest.raises(RequestError, match="does not hold: its"):
        station.sign_off.import_signature(NUMBER, signed(station, tmp_path / "li.json", **change), party="supplier")
    assert len(station.ledger.entries()) == before
    assert station.sign_off.status(NUMBER).sign_offs == ()


def test_a_signature_is_not_from_the_future(station: Station, tmp_path: Path) -> None:
    for ahead, fits in ((timedelta(minutes=11), False), (timedelta(minutes=9), True)):
        at = (NOON + ahead).isoformat(timespec="microseconds")
        path = signed(station, tmp_path / "li.json", at=at)
        if fits:
            assert station.sign_off.import_signature(NUMBER, path, party="supplier").new
            continue
        with pytest.raises(RequestError, match="which has not come yet here: 11 min from now, and at most 10 min"):
            station.sign_off.import_signature(NUMBER, path, party="supplier")


def test_a_large_file_is_no_signature(station: Station, tmp_path: Path) -> None:
    path = signed(station, tmp_path / "li.json", at="2026" + "A" * MAX_DETACHED)
    with pytest.raises(RequestError, match="is no file of 1 byte to 20 kB"):
        station.sign_off.import_signature(NUMBER, path, party="supplier")
    longest = "\N{CJK UNIFIED IDEOGRAPH-9673}" * 120
    path = signed(station, tmp_path / "li.json", name=longest, role=longest)
    assert path.stat().st_size < MAX_DETACHED / 4
    assert station.sign_off.import_signature(NUMBER, path, party="supplier").new


def test_a_key_has_one_spelling() -> None:
    key = public_of(SUPPLIER)
    signature = sign(SUPPLIER, SIGN_OFF, {})
    assert verify(key, SIGN_OFF, {}, signature)
    assert not verify(key.upper(), SIGN_OFF, {}, signature)
    assert not verify(" ".join(key[i : i + 2] for i in range(0, 64, 2)), SIGN_OFF, {}, signature)


def damage(station: Station, artefact: str = "product", **change: Any) -> None:
    """A row as an earlier version recorded it: of a statement that it did not read."""
    said = station.sign_off.statement(NUMBER, party="supplier", name="Li Wei", role="QA", at=NOON, artefact=artefact)
    said |= change
    values = {k: said[k] for k in ("number", "artefact", "version", "party")} | {
        "method": "detached", "document": json.dumps({**said, "digest": digest(said)}), "digest": digest(said),
        "key": public_of(SUPPLIER), "signature": sign(SUPPLIER, SIGN_OFF, said),
    }  # fmt: skip
    sign_offs.add_sign_off(station._db, values, None, NOON, lambda _: None)


@pytest.mark.parametrize("change", [{"role": 5}, {"at": 5}, {"at": "2099-01-01T00:00:00\x1b[2J"}], ids=str)
def test_a_home_with_a_damaged_signature_is_read_and_names_it(tmp_path: Path, change: dict[str, Any]) -> None:
    home = tmp_path / "home"
    build(home, clock=lambda: NOON)
    add_gates(home)
    with Station(Settings(home=home), clock=lambda: NOON) as station:
        damage(station, "label", **change)
        status = station.sign_off.status(NUMBER)
        named = [r for r in status.remarks if "is damaged and counts for nothing: its" in r]
        assert len(named) == 1
        assert "for the supplier under label version 2 of golden" in named[0]
        label = next(a for a in status.artefacts if a.artefact == "label")
        assert "supplier" not in label.signed_by
        assert station.gates.show(ORDER).gates
        assert station.papers.certificate(NUMBER, "en")
        assert station.packages.export(NUMBER, tmp_path / "golden.zip").size
        found = station.check()
        assert found.ok
        assert named[0] in found.remarks
        assert "\x1b" not in "".join(found.remarks)
        with pytest.raises(ConflictError, match="label version 2 has a damaged signature for the supplier"):
            station.sign_off.import_signature(NUMBER, _label(station, tmp_path / "li.json"), party="supplier")


def _label(station: Station, path: Path) -> Path:
    said = station.sign_off.statement(NUMBER, party="supplier", name="Li Wei", at=NOON, artefact="label")
    made = {
        "what": SIGN_OFF,
        "statement": said,
        "key": public_of(SUPPLIER),
        "signature": sign(SUPPLIER, SIGN_OFF, said),
    }
    path.write_text(json.dumps(made))
    return path


# --- a photo stands for one signature --------------------------------------------------------------------------------


def test_the_photo_of_a_page_stands_for_one_signature(station: Station, tmp_path: Path) -> None:
    page = tmp_path / "page.jpg"
    page.write_bytes(picture())
    first = station.sign_off.sign(NUMBER, party="supplier", name="Li Wei", sheet_photo=page)
    again = station.sign_off.sign(NUMBER, party="supplier", name="Li Wei", sheet_photo=page)
    assert (again.new, again.digest) == (False, first.digest)
    says = f"on record already, as the page that the supplier signed for product version 1 of golden {NUMBER}"
    with pytest.raises(ConflictError, match=says):
        station.sign_off.sign(NUMBER, party="buyer", name="M. Weber", sheet_photo=page)
    seal(station._db, station._evidence, 2)
    with pytest.raises(ConflictError, match=says):
        station.sign_off.sign(NUMBER, party="supplier", name="Li Wei", sheet_photo=page)
    assert station.sign_off.status(NUMBER).state == "sealed"


# --- a key is of one party -------------------------------------------------------------------------------------------


def test_a_key_that_released_a_gate_signs_nothing_for_the_other_party(tmp_path: Path) -> None:
    home = tmp_path / "home"
    build(home, clock=lambda: NOON)
    add_gates(home)
    with Station(Settings(home=home), clock=lambda: NOON) as station:
        seal(station._db, station._evidence, 3)
        with pytest.raises(ConflictError, match="this key has signed for the buyer"):
            station.sign_off.sign(NUMBER, party="supplier", name="Li Wei")


def test_a_key_is_of_one_party_in_an_order_with_several_products(station: Station) -> None:
    other = "GS-OTHER"
    seal(station._db, station._evidence, 1, number=other, sku="MAS-2")
    for number in (NUMBER, other):
        station.gates.open("PO-1", Order(units=(1200,)), golden=number, by="M. Weber")
    station.sign_off.sign(NUMBER, party="buyer", name="M. Weber")
    with pytest.raises(ConflictError, match="this key has signed for the buyer"):
        station.sign_off.sign(other, party="supplier", name="M. Weber")


def test_a_key_of_two_parties_in_different_orders_is_remarked(station: Station) -> None:
    seal(station._db, station._evidence, 1, number="GS-OTHER", sku="MAS-2")
    station.sign_off.sign(NUMBER, party="buyer", name="M. Weber")
    made = station.sign_off.sign("GS-OTHER", party="supplier", name="M. Weber")
    assert made.remarks == (
        f"this key signed for the buyer under product version 1 of golden {NUMBER}: ask whose it is",
    )


def test_a_station_that_countersigned_for_one_party_signs_nothing_for_the_other(
    station: Station, tmp_path: Path
) -> None:
    package = tmp_path / "golden.zip"
    station.packages.export(NUMBER, package)
    key = station.ledger.key().key
    with Station(Settings(home=tmp_path / "supplier"), clock=lambda: NOON) as theirs:
        theirs.packages.countersign(package, tmp_path / "li.json", keys=[key], party="supplier", name="Li Wei")
        with pytest.raises(ConflictError, match="this key has signed for the supplier"):
            theirs.packages.countersign(package, tmp_path / "b.json", keys=[key], party="buyer", name="Li Wei")


# --- versions, copies, names -----------------------------------------------------------------------------------------


def test_a_version_that_never_was_is_not_called_superseded(station: Station) -> None:
    seal(station._db, station._evidence, 2)
    with pytest.raises(NotFoundError, match=rf"golden {NUMBER} has no version 3\. In force is version 2"):
        station.sign_off.require_inspectable(records.golden(station._db, NUMBER), 3)
    with pytest.raises(ConflictError, match="is superseded by version 2"):
        station.sign_off.require_inspectable(records.golden(station._db, NUMBER), 1)


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("role", ["factory-sealed", "buyer-retained"])
def test_a_sealed_copy_stays_one(station: Station, role: str, held: bool) -> None:
    """G13, G18: the role of a copy that is kept sealed is fixed, so that no hold is got round."""
    where = {"holder": "Li Wei", "seal": "S-1", "by": "M. Weber"}
    station.record.add_copy(NUMBER, "A-1", role=role, place="sample room", **where)
    if held:
        station.record.hold(NUMBER, "restocked", by="M. Weber")
    for name in ("A-1", "a-1"):
        with pytest.raises(ConflictError, match=r"A-1 is the .* copy, which stays one"):
            station.record.add_copy(NUMBER, name, role="expendable-inline", place="line 2", **where)
    moved = station.record.add_copy(NUMBER, "A-1", role=role, place="safe", **where)
    assert [(c.name, c.role, c.place) for c in moved.copies] == [("A-1", role, "safe")]
    with pytest.raises(ConflictError, match="never used in line"):
        station.record.use_copy(NUMBER, "A-1", purpose="L-1", by="Li Wei")


def test_a_file_whose_name_is_no_text_is_refused_before_it_is_kept(station: Station, tmp_path: Path) -> None:
    file = Path(os.fsdecode(bytes(tmp_path) + b"/la\xffbel.jpg"))
    file.write_bytes(picture())
    before = len(list(station._evidence.files()))
    for take in (
        lambda: station.sign_off.add_artefact(NUMBER, "label", file, by="M. Weber"),
        lambda: station.sign_off.acknowledge(NUMBER, party="factory", name="Li Wei", attach=file),
        lambda: station.record.add_photo(NUMBER, "label", file, by="M. Weber"),
        lambda: station.record.artwork(NUMBER, file, by="M. Weber"),
        lambda: station.record.change(NUMBER, "colour", "0.3 mm", attach=[f"sample-photo={file}"], by="M. Weber"),
    ):
        with pytest.raises(RequestError, match=r"the name 'la\?bel\.jpg' is not written in Unicode"):
            take()
    assert len(list(station._evidence.files())) == before
    with pytest.raises(RequestError, match=r"the name 'la\?bel\.jpg' is not written in Unicode"):
        verify_package(file, [station.ledger.key().key])


def test_the_allowed_skew_is_said_in_the_help() -> None:
    text = (Path(__file__).parents[2] / "station/docs/golden-life.md").read_text("utf-8")
    assert f"{rules.CLOCK_SKEW.total_seconds() / 60:.0f} minutes" in text


# --- the code of the page ---------------------------------------------------------------------------------------------


def page(path: Path, text: str, *, tone: int = 255) -> Path:
    """A photo of a page with a code, a little turned."""
    parameters = cv2.QRCodeEncoder.Params()
    parameters.correction_level = cv2.QRCODE_ENCODER_CORRECT_LEVEL_M
    code = cv2.QRCodeEncoder.create(parameters).encode(text)
    code = cv2.resize(code, None, fx=7, fy=7, interpolation=cv2.INTER_NEAREST)
    sheet = np.full((1100, 800), tone, np.uint8)
    sheet[60 : 60 + code.shape[0], 300 : 300 + code.shape[1]] = np.minimum(code, tone)
    turn = cv2.getRotationMatrix2D((400, 550), 3, 1.0)
    shown = cv2.warpAffine(sheet, turn, (800, 1100), borderValue=90)
    assert cv2.imwrite(str(path), cv2.cvtColor(shown, cv2.COLOR_GRAY2BGR))
    return path


def test_a_page_that_says_it_is_of_something_else_is_refused(station: Station, tmp_path: Path) -> None:
    label = tmp_path / "label.pdf"
    label.write_bytes(b"%PDF-1.7 a label")
    made = station.sign_off.add_artefact(NUMBER, "label", label, by="M. Weber")
    golden = station.golden(NUMBER)
    right = {"product": (1, golden.digest), "label": (1, made.digest)}
    for number, artefacts, says in (
        ("GS-OTHER", right, "the page is of golden GS-OTHER"),
        (NUMBER, right | {"product": (4, golden.digest)}, "the page is of product version 4"),
        (NUMBER, right | {"product": (1, "0" * 64)}, "the page is of another product, by its digest"),
        (NUMBER, {"label": right["label"]}, "the page names no product"),
    ):
        photo = page(tmp_path / "page.png", page_text(number, artefacts))
        with pytest.raises(ConflictError, match=rf"page\.png is not the page of product version 1 .*: {says}"):
            station.sign_off.sign(NUMBER, party="supplier", name="Li Wei", sheet_photo=photo)
    photo = page(tmp_path / "page.png", page_text(NUMBER, right))
    signed = station.sign_off.sign(NUMBER, party="supplier", name="Li Wei", sheet_photo=photo)
    assert (signed.new, signed.remarks) == (True, ())
    photo = page(tmp_path / "page.png", page_text(NUMBER, right), tone=250)
    assert station.sign_off.sign(NUMBER, party="supplier", name="Li Wei", artefact="label", sheet_photo=photo).new


@pytest.mark.parametrize("text", ["https://example.org", "412:5ab809b6", ""])
def test_a_page_whose_code_is_not_read_is_remarked(station: Station, tmp_path: Path, text: str) -> None:
    photo = tmp_path / "page.png"
    if text:
        page(photo, text)
    else:
        photo.write_bytes(picture())
    signed = station.sign_off.sign(NUMBER, party="supplier", name="Li Wei", sheet_photo=photo)
    assert signed.remarks == (
        "no code of an approval sheet could be read in the photo: look whether it is the page of this version",
    )


def test_the_code_of_a_page_with_every_artefact_fits() -> None:
    """With every artefact and long names the code of the sheet still is one that a phone reads."""
    artefacts = dict.fromkeys(rules.ARTEFACTS, (123, "f" * 64))
    text = page_text("GS-20260510-LONG-NUMBER", artefacts)
    assert qr_svg(text).startswith(b"<svg")
    said = {"number": "GS-20260510-LONG-NUMBER", "artefact": "manual", "version": 123, "artefact_digest": "f" * 64}
    assert page_fault(text, said) is None


@pytest.mark.parametrize(("key", "value"), [("role", 5), ("at", 5), ("golden_version", "2"), ("basis", None)])
def test_a_release_of_the_wrong_kinds_is_named(tmp_path: Path, key: str, value: object) -> None:
    home = tmp_path / "home"
    build(home, clock=lambda: NOON)
    add_gates(home)
    with Station(Settings(home=home), clock=lambda: NOON) as station:
        order = gates.orders(station._db)[0]
        document = json.loads(order.document)
        events = [json.loads(text) for text in gates.events(station._db, order.id)]
    event = next(e for e in events if e["kind"] == "released")
    assert statement_fault(event, document) is None
    event["statement"][key] = value
    event |= {"public_key": public_of(SUPPLIER), "signature": sign(SUPPLIER, GATE, event["statement"])}
    assert statement_fault(event, document) == f"its {key} is not of the kind that it should be"
