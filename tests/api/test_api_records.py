"""The record of a golden sample, what the parties say of it, its papers, re-orders and artwork over HTTP."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from entered_line import draw_line, photo
from gated_orders import BUYER, NUMBER, SHEET

from station.client import Client, Refused

CHANGED = "alpine-r5 in place of alpine-r4"


@pytest.fixture
def station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serve: Callable[..., Any]) -> Iterator[Client]:
    """A client of a station with one golden sample with an open item."""
    draw_line(monkeypatch)
    with serve(tmp_path / "home") as (address, _app), Client(address, timeout=120) as client:
        sheet = SHEET.format(type="pin", plus=0.15, open_items='"shade of the sky"', defects="")
        client.seal(sheet, photo(tmp_path / "golden.png", 0, grain=399))
        yield client


def sharp(path: Path) -> Path:
    """A photo that is large and sharp enough for a slot."""
    rng = np.random.default_rng(5)
    blocks = rng.integers(0, 255, (60, 80, 3), dtype=np.uint8)
    cv2.imwrite(str(path), np.kron(blocks, np.ones((20, 20, 1), dtype=np.uint8)))
    return path


def test_the_record_is_written_and_completed_over_http(station: Client, tmp_path: Path) -> None:
    shot = sharp(tmp_path / "packing.png")
    found = station.write_record(NUMBER, {"packing": "one a bag", "carton.quantity": "200"}, by=BUYER)
    assert (found.entry.packing, found.entry.carton.quantity) == ("one a bag", 200)
    found = station.write_record(NUMBER, {"light": "D50"}, entry='packing = "two a bag"\n', by=BUYER)
    assert (found.entry.packing, found.entry.carton.quantity, found.entry.light) == ("two a bag", None, "D50")
    assert station.write_record(NUMBER, {"light": ""}, by=BUYER).entry.light == ""
    slots = station.add_photo(NUMBER, "packing", shot, light="D50", by=BUYER).slots
    assert [s.kind for s in slots if s.filled] == ["packing"]
    small = station.add_photo(NUMBER, "logo", photo(tmp_path / "small.png", 1), by=BUYER)
    assert next(s.reasons for s in small.slots if s.kind == "logo" and not s.filled)
    copies = station.add_copy(
        NUMBER, "master", role="factory-sealed", holder="Li", place="QC", seal="S-1", every_days=30, by=BUYER
    ).copies
    assert [(c.name, c.seal, c.due) for c in copies] == [("master", "S-1", date.today() + timedelta(days=30))]
    station.add_copy(NUMBER, "spare", role="expendable-inline", holder="Li", place="line 2", by=BUYER)
    checked = station.check_copy(NUMBER, "master", condition="worn", seal_intact=True, photo=shot, by=BUYER)
    assert checked.copies[0].condition == "worn"
    station.use_copy(NUMBER, "spare", purpose="L-1", by=BUYER)
    with pytest.raises(Refused, match="master"):
        station.use_copy(NUMBER, "master", purpose="L-1", by=BUYER)
    removed = station.remove_copy(NUMBER, "spare", reason="worn in use", by=BUYER)
    assert [c.removed for c in removed.copies] == [False, True]
    proof = tmp_path / "mail.pdf"
    proof.write_bytes(b"%PDF-1.7 agreed")
    station.open_item(NUMBER, "backing card", by=BUYER)
    settled = station.settle_item(NUMBER, "shade of the sky", how="as sealed", file=proof, by=BUYER)
    assert [i.text for i in settled.open_items] == ["backing card"]
    resolved = station.resolve(NUMBER, "antique tone", text="L* 38 to 42", front=shot, back=shot, by=BUYER)
    assert [r.feature for r in resolved.resolutions] == ["antique tone"]
    change = station.change(NUMBER, "logo", CHANGED, files=[("customer-confirmation", proof)], by=BUYER).changes[0]
    assert (change.attribute, [f.name for f in change.files], change.acknowledged_by) == ("logo", ["mail.pdf"], "")
    acknowledged = station.acknowledge_change(NUMBER, 1, text="agreed", file=proof, by="Li Wei").changes[0]
    assert acknowledged.acknowledged_by == "Li Wei"
    last = date.today() + timedelta(days=90)
    held = station.hold(NUMBER, "order", until=last, note="PO-7", by=BUYER)
    assert [(h.reason, h.until, h.in_force) for h in held.holds] == [("order", last, True)]
    with pytest.raises(Refused, match=r"hold|held"):
        station.remove_copy(NUMBER, "master", reason="lost", by=BUYER)
    assert station.record(NUMBER) == held
    assert station.checklist(NUMBER).of == 20
    assert station.lint(NUMBER).number == NUMBER
    assert station.check_records().ok


def test_what_the_record_does_not_take_is_refused(station: Client, tmp_path: Path) -> None:
    before = station.record(NUMBER)
    text = tmp_path / "notes.csv"
    text.write_text("no photo")
    for attempt in (
        lambda: station.write_record(NUMBER, {"mood": "good"}, by=BUYER),
        lambda: station.write_record(NUMBER, {}, by=BUYER),
        lambda: station.write_record(NUMBER, {"packing": "x"}, entry="packing = ", by=BUYER),
        lambda: station.write_record(NUMBER, {"packing": "one a bag"}),
        lambda: station.add_photo(NUMBER, "packing", text, by=BUYER),
        lambda: station.add_photo(NUMBER, "mood", text, by=BUYER),
        lambda: station.add_copy(NUMBER, "m", role="factory-sealed", holder="Li", place="QC", by=BUYER),
        lambda: station.check_copy(NUMBER, "none", by=BUYER),
        lambda: station.acknowledge_change(NUMBER, 7, by="Li"),
        lambda: station.hold(NUMBER, "order", until=date(2020, 1, 1), by=BUYER),
        lambda: station.record("GS-0"),
    ):
        with pytest.raises(Refused) as refused:
            attempt()
        assert refused.value.status in (404, 415, 422)
    assert station.record(NUMBER) == before
    seen = station.request("GET", f"/api/v1/goldens/{NUMBER}/record").etag
    station.open_item(NUMBER, "backing card", by=BUYER, if_match=seen)
    with pytest.raises(Refused, match="changed in the meantime"):
        station.open_item(NUMBER, "clutch", by=BUYER, if_match=seen)


@pytest.mark.parametrize("path", ["/etc/hostname", "overall=/etc/hostname", "u-../../etc"])
def test_no_request_names_a_file_of_the_station(station: Client, path: str) -> None:
    body = {"kind": "packing", "photo": path, "by": BUYER}
    answer = station.request("POST", f"/api/v1/goldens/{NUMBER}/photos", body)
    assert answer.status == 422
    for address, key in (("/archives/comparisons", "order"), ("/archives", "order")):
        job = station.post(address, {key: path})
        with pytest.raises(Refused, match=r"no order|names order"):
            station.done(job, every_s=0.02)


def test_parties_sign_on_paper_and_say_what_they_hold(station: Client, tmp_path: Path) -> None:
    shot = sharp(tmp_path / "signed.png")
    made = station.sign(NUMBER, party="buyer", name=BUYER, role="head of quality", sheet_photo=shot)
    assert (made.method, made.new, made.statement.role) == ("printed sheet", True, "head of quality")
    label = tmp_path / "label.pdf"
    label.write_bytes(b"%PDF-1.7 label")
    assert station.add_artefact(NUMBER, "label", label, version=3, note="new barcode", by=BUYER).version == 3
    with pytest.raises(Refused, match="version 3"):
        station.acknowledge(NUMBER, party="packing", name="Chen", artefact="label", version=2)
    said = station.acknowledge(NUMBER, party="packing", name="Chen", artefact="label", file=label)
    assert (said.version, said.attached_sha256 is not None) == (3, True)
    matrix = {a.artefact: a for a in station.golden_status(NUMBER).artefacts}
    assert matrix["label"].version == 3
    assert [(h.party, h.current) for h in matrix["label"].held] == [("packing", True)]
    assert [s.number for s in station.statuses()] == [NUMBER]


@pytest.mark.parametrize("language", ["en", "zh-Hant"])
@pytest.mark.parametrize("kind", ["control-sheet", "certificate", "approval", "message", "rfq"])
def test_every_paper_of_a_golden_sample_is_sent_in_both_forms(station: Client, kind: str, language: str) -> None:
    assert station.golden_paper(NUMBER, kind, language=language).startswith(b"%PDF-")
    table = station.golden_paper(NUMBER, kind, language=language, form="xlsx")
    assert "xl/workbook.xml" in zipfile.ZipFile(io.BytesIO(table)).namelist()
    if kind in ("approval", "message"):
        assert NUMBER in station.golden_paper(NUMBER, kind, language=language, form="txt").decode()
    else:
        with pytest.raises(Refused, match="no letter"):
            station.golden_paper(NUMBER, kind, language=language, form="txt")


def test_the_annex_to_a_quotation_has_its_own_words(station: Client) -> None:
    plain = station.golden_paper(NUMBER, "rfq", form="xlsx")
    more = station.golden_paper(NUMBER, "rfq", form="xlsx", use="retail", budget="USD 0.80 FOB", quantity=[777, 888])
    texts = zipfile.ZipFile(io.BytesIO(more)).read("xl/sharedStrings.xml").decode()
    assert "USD 0.80 FOB" in texts
    assert more != plain
    assert station.approval_sheet(NUMBER).startswith(b"%PDF-")
    assert NUMBER in station.approval_statement(NUMBER)


def test_a_reorder_is_made_from_it_and_its_artwork_is_held(station: Client, tmp_path: Path) -> None:
    clone = station.clone(NUMBER, sku="MAS-32", order="PO-8", changes={"sizes.width.nominal_mm": "32.0"})
    assert clone.clone.origin == NUMBER
    assert any("nominal" in c.where for c in clone.clone.changes)
    assert 'sku = "MAS-32"' in clone.sheet
    with pytest.raises(Refused, match="made from no other"):
        station.origin(NUMBER)
    with pytest.raises(Refused):
        station.clone(NUMBER, changes={"sizes.height.nominal_mm": "32.0"})
    again = clone.sheet.replace('number = "GS-1"', 'number = "GS-2"')
    if "GS-2" not in again:
        again = again.replace("[golden]", '[golden]\nnumber = "GS-2"', 1)
    sealed = station.seal(again, photo(tmp_path / "second.png", 1, grain=400))
    assert station.origin(sealed.number).origin == NUMBER
    artwork = tmp_path / "alpine-r4.ai"
    artwork.write_bytes(b"artwork")
    with pytest.raises(Refused, match="no digest"):
        station.artwork(NUMBER, artwork)
    assert station.artwork(NUMBER, artwork, by=BUYER, record=True).recorded
    assert not station.artwork(NUMBER, artwork).recorded
    artwork.write_bytes(b"another")
    with pytest.raises(Refused, match="is not the artwork"):
        station.artwork(NUMBER, artwork)


def test_thresholds_are_proposed_from_reviews_and_nothing_is_set_without(station: Client) -> None:
    assert station.proposed_thresholds(NUMBER).groups == ()
    assert station.threshold_history(NUMBER) == []
    with pytest.raises(Refused, match="no threshold"):
        station.set_thresholds(NUMBER, "apply", reason="all refused were dust", by=BUYER)
    with pytest.raises(Refused, match="no reviewed thresholds"):
        station.set_thresholds(NUMBER, "reset", reason="a new light", by=BUYER)
    with pytest.raises(Refused):
        station.learned_tolerance("GS-0")
