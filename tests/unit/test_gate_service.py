"""Orders through their gates, with the station's own records: nothing goes past a closed one (W1-W10, W16, T15, G3)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from entered_line import draw_line, photo
from gated_orders import ARTEFACTS, BUYER, NUMBER, ORDER, SUPPLIER, UNITS, Home

from station.errors import ConflictError, NotFoundError, RequestError
from station.lots.orders import Order
from station.quality.gate_rules import QUESTIONS
from station.quality.signing import GATE, verify
from station.values.gates import ControlPlan


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    draw_line(monkeypatch)
    made = Home(tmp_path)
    made.seal()
    made.sign()
    made.open()
    yield made
    made.station.close()


def test_an_order_goes_through_its_gates_and_may_be_shipped(home: Home) -> None:
    """W1, W2, W3, W4, W6, W8, W10, W12, W16: from pre-production confirmation to the final inspection."""
    gates = home.station.gates.show(ORDER)
    assert [g.gate for g in gates.gates] == ["pre-production", "first-off", "final"]  # 120 pieces: the simple profile
    assert home.states() == {"pre-production": "closed", "first-off": "locked", "final": "locked"}
    asked = {r.key for r in gates.gates[0].requirements}
    assert set(QUESTIONS) <= asked
    home.confirm()
    assert home.states() == {"pre-production": "released", "first-off": "closed", "final": "locked"}
    home.first_off()
    before = home.final()
    assert home.states() == {"pre-production": "released", "first-off": "released", "final": "ready"}
    assert not before.shippable
    done = home.release("final")
    assert done.shippable
    release = done.gates[-1].release
    assert release is not None
    assert (release.name, release.party, release.basis) == (BUYER, "buyer", done.gates[-1].basis)
    again = home.release("final")
    assert len(home.station.gates.events(home.station.gates.stand(ORDER, None)[0])) > 10
    assert again.digest == done.digest  # releasing twice is releasing once
    assert home.station.check().ok


def test_a_pilot_run_is_neither_a_sample_nor_the_first_article(home: Home) -> None:
    """W2: three things that are not the same; a pilot run is kept and stands in for neither of the others."""
    shot = photo(home.folder / "pilot" / "p.png", 0, grain=11)
    given = [f"{what}={shot}" for what in ("overall", "dimensions", "detail")]
    home.station.gates.task(ORDER, "pilot-run", n=20, photos=given, text="20 of 20 alike", by=BUYER)
    row, _, _ = home.station.gates.stand(ORDER, None)
    (run,) = [e for e in home.station.gates.events(row) if e.kind == "sample"]
    assert (run.key, run.gate, run.n, len(run.evidence)) == ("pilot-run", None, 20, 3)
    assert home.requirement("pre-production", "pre-production-sample").state == "open"
    assert home.requirement("first-off", "first-article").state == "open"
    with pytest.raises(RequestError, match="is no kind of sample"):
        home.station.gates.task(ORDER, "trial", n=20, by=BUYER)


def test_a_release_is_signed_and_needs_the_party_whose_key_it_is(home: Home) -> None:
    """W5: who signed, when, on what; the supplier's gates are not the buyer's."""
    home.confirm()
    row, _, _ = home.station.gates.stand(ORDER, None)
    (event,) = [e for e in home.station.gates.events(row) if e.kind == "released"]
    assert event.statement is not None
    said = event.statement.model_dump(mode="json", by_alias=True)
    assert verify(event.public_key, GATE, said, event.signature)
    assert not verify(event.public_key, GATE, {**said, "gate": "final"}, event.signature)
    home.station.gates.assign(ORDER, "first-off", "F-1", by=BUYER)
    with pytest.raises(ConflictError, match="is not released"):
        home.release("first-off", party="supplier", by=SUPPLIER)


def test_a_closed_gate_stops_inspecting_entering_and_deciding(home: Home) -> None:
    """W6, W8: the batch is locked until the first article is released; reason and command are told."""
    home.station.gates.assign(ORDER, "final", "L-1", by=BUYER)
    shot = photo(home.folder / "L-1" / "a.png", 0, grain=60)
    reason = r"lot L-1 is not inspected: the pre-production gate of order PO-7 \(MAS\) is closed: .*Open it: station"
    with pytest.raises(ConflictError, match=reason):
        home.station.inspect(shot, golden=NUMBER, lot="L-1")
    with pytest.raises(ConflictError, match="the pre-production gate of order PO-7"):
        home.station.entered.enter([home.value("a", "weight", 34.0, "L-1")])
    home.confirm()
    with pytest.raises(ConflictError, match="the first-off gate of order PO-7"):
        home.station.inspect(shot, golden=NUMBER, lot="L-1")
    with pytest.raises(ConflictError, match="the final gate is not inspected: the first-off"):
        home.station.gates.check(ORDER, "final", "assembly", n=20, wrong=0, by=BUYER)
    home.first_off()
    home.inspect("L-1", 5, grain=40)
    home.artefact("label", "second")
    with pytest.raises(ConflictError, match=r"lot L-1 is not decided: the pre-production gate .* is lapsed: the label"):
        home.station.decide_lot("L-1", UNITS)
    assert home.station.lot_tally("L-1", UNITS).inspected == 5  # what was done is not lost


def test_a_closed_gate_stops_drawing_and_counting(home: Home) -> None:
    """W6, W8: neither a pick list nor a stream goes past it; a lot that names no order is held to no gate."""
    station = home.station
    station.streams.open("pins", sku="MAS", supplier="S", process="stamping", aql={"major": 2.5})
    home.station.gates.assign(ORDER, "final", "L-1", by=BUYER)
    closed = "the pre-production gate of order PO-7"
    with pytest.raises(ConflictError, match=f"lot L-1 is not drawn: {closed} .* is closed: .*Open it: station"):
        station.draws.draw("L-1", size=UNITS, golden=NUMBER)
    with pytest.raises(ConflictError, match=f"lot L-1 is not counted: {closed}"):
        station.streams.record_lot("pins", "L-1", size=UNITS, found={"major": [0]})
    assert station.streams.events("pins") == []
    with pytest.raises(NotFoundError):
        station.draws.newest("L-1")
    assert station.draws.draw("FREE", size=UNITS, golden=NUMBER).n > 0
    assert station.streams.record_lot("pins", "FREE", size=UNITS, found={"major": [0]}).lots == 1
    home.confirm()
    home.first_off()
    assert station.draws.draw("L-1", size=UNITS, golden=NUMBER).lot == "L-1"
    station.streams.record_lot("pins", "L-1", size=UNITS, found={"major": [0]})
    assert len(station.streams.events("pins")) == 2


def test_an_order_tells_what_its_supplier_could_not_show(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """D4."""
    assert not any("sourcing risk" in r for r in home.station.gates.show(ORDER).remarks)
    told = ("Hongda could not show production lot dates of lot L0 (NC-1)",)
    monkeypatch.setattr(home.station.traceability, "sourcing_risk", lambda supplier: told)
    assert f"sourcing risk: {told[0]}" in home.station.gates.show(ORDER).remarks


def test_the_logo_file_must_be_the_artwork_to_the_last_byte(home: Home) -> None:
    """G11, W1."""
    file = home.folder / "alpine-r4.ai"
    file.write_bytes(b"the approved artwork")
    home.station.record.artwork(NUMBER, file, by=BUYER)
    file.write_bytes(b"another file of that name")
    with pytest.raises(ConflictError, match="is another file than the artwork of golden GS-1: its SHA-256 begins"):
        home.station.gates.answer(ORDER, "logo", "revision 4", file=file, by=BUYER)
    file.write_bytes(b"the approved artwork")
    home.station.gates.answer(ORDER, "logo", "revision 4", file=file, by=BUYER)
    assert home.requirement("pre-production", "logo").state == "met"


def test_a_lot_with_units_is_not_taken_in_past_a_closed_gate(home: Home) -> None:
    shot = photo(home.folder / "free" / "a.png", 0, grain=60)
    home.station.inspect(shot, golden=NUMBER, lot="FREE")
    with pytest.raises(ConflictError, match="which has units already, is not taken in"):
        home.station.gates.assign(ORDER, "final", "FREE", by=BUYER)
    result = home.station.releases.remarks(NUMBER, "OTHER")
    assert "belongs to no order, so no gate is asked" in result[0]


def test_files_must_be_the_newest_version_on_record(home: Home) -> None:
    """W1, G3, C6: an old label, an unknown one and one that only the buyer signed are told apart."""
    gates = home.station.gates
    old = home.artefact("label")
    other = home.folder / "other.pdf"
    other.write_bytes(b"%PDF-1.7 other")
    with pytest.raises(ConflictError, match="is no version of the label of golden GS-1"):
        gates.answer(ORDER, "label", "here", file=other, by=BUYER)
    gates.answer(ORDER, "label", "here", file=old, by=BUYER)
    assert home.requirement("pre-production", "label").state == "met"
    home.artefact("label", "second")
    assert home.requirement("pre-production", "label").reason == (
        "the label that was shown is version 1, in force is version 2"
    )
    with pytest.raises(ConflictError, match="is version 1 of the label of golden GS-1, in force is version 2"):
        gates.answer(ORDER, "label", "here", file=old, by=BUYER)
    home.station.sign_off.add_artefact(NUMBER, "packaging", other, by=BUYER)
    gates.answer(ORDER, "packaging", "here", file=other, by=BUYER)
    assert "is not signed by the buyer and the supplier" in home.requirement("pre-production", "packaging").reason


@pytest.mark.parametrize(
    ("question", "text", "message"),
    [
        ("golden", "yes", "golden is answered by the records"),
        ("open-items", "none", "open-items is answered by the records"),
        ("factory", "synced", "factory is answered by the records"),
        ("logo", "yes", "answered with evidence"),
        ("weather", "fine", "none of the questions"),
        ("quantity-delivery", "many soon", "does not name the order's 120 units"),
        ("quantity-delivery", "120 units on 2026-01-05", "is past"),
    ],
)
def test_an_answer_without_evidence_is_refused(home: Home, question: str, text: str, message: str) -> None:
    """W1: evidence, and no word where the records know."""
    with pytest.raises(RequestError, match=message):
        home.station.gates.answer(ORDER, question, text, by=BUYER)


def test_the_logo_file_is_the_artwork_of_the_sheet_and_the_sheet_is_the_sealed_one(home: Home) -> None:
    """W1: questions 2 and 4."""
    file = home.folder / "alpine-r3.ai"
    file.write_bytes(b"old")
    with pytest.raises(ConflictError, match="names the artwork 'alpine-r4'"):
        home.station.gates.answer(ORDER, "logo", "final", file=file, by=BUYER)
    text = (home.folder / "sheet.toml").read_text().replace("plus_mm = 0.15", "plus_mm = 0.30")
    (home.folder / "other.toml").write_text(text)
    with pytest.raises(ConflictError, match="agrees on something else"):
        home.station.gates.answer(ORDER, "spec", "here", file=home.folder / "other.toml", by=BUYER)


def test_open_items_keep_the_gate_closed_and_nobody_waives_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G6, W1: question 9."""
    draw_line(monkeypatch)
    home = Home(tmp_path)
    home.seal(open_items='"clutch colour"')
    home.sign()
    home.open()
    assert home.requirement("pre-production", "open-items").reason == "still to be confirmed: clutch colour"
    with pytest.raises(ConflictError, match="open-items of the pre-production gate is never waived"):
        home.station.releases.waive(ORDER, "pre-production", "open-items", reason="decided next week", party="buyer",
                                    by=BUYER)  # fmt: skip
    home.station.close()


def test_a_waiver_has_a_reason_and_covers_what_was_known(home: Home) -> None:
    """A label that there is none of may be waived; once there is one, it is asked for again."""
    waive = home.station.releases.waive
    with pytest.raises(RequestError, match="the reason is empty"):
        waive(ORDER, "pre-production", "label", reason=" ", party="buyer", by=BUYER)
    with pytest.raises(ConflictError, match="only the buyer waives"):
        waive(ORDER, "pre-production", "label", reason="bulk goods without a label", party="supplier", by=SUPPLIER)
    waive(ORDER, "pre-production", "label", reason="bulk goods without a label", party="buyer", by=BUYER)
    told = home.requirement("pre-production", "label")
    assert (told.state, told.waived_by, told.waiver) == ("waived", BUYER, "bulk goods without a label")
    file = home.artefact("label")
    home.station.gates.answer(ORDER, "label", "here", file=file, by=BUYER)
    home.artefact("label", "second")
    assert home.requirement("pre-production", "label").state == "open"


def test_a_new_version_makes_the_releases_lapse_and_moves_with_the_order(home: Home) -> None:
    """G3, T4: what was released for version 1 is not released for version 2."""
    home.confirm()
    home.first_off()
    home.seal(plus=0.1)
    home.sign()
    assert home.states() == {"pre-production": "lapsed", "first-off": "lapsed", "final": "locked"}
    assert home.requirement("pre-production", "golden").reason == (
        "the order is held to version 1 of golden GS-1, in force is version 2"
    )
    moved = home.open()
    assert moved.golden_version == 2
    home.station.releases.waive(
        ORDER, "final", "lot", reason="inspected at the buyer's, 1 lot", party="buyer", by=BUYER
    )
    row, _, facts = home.station.gates.stand(ORDER, None)
    said = home.station.gates.events(row)[-1].statement
    assert said is not None
    assert (said.golden_version, said.golden_digest) == (2, facts.golden_digest)
    assert [e.kind for e in home.station.gates.events(row)].count("golden") == 1
    home.open()
    assert [e.kind for e in home.station.gates.events(row)].count("golden") == 1
    home.confirm_anew()
    status = home.station.gates.show(ORDER).gates[0]
    assert status.state == "lapsed"
    assert "version 1 of the product, in force is version 2; release it anew" in status.reason
    assert home.release("pre-production").gates[0].passed
    form = home.station.gates.first_article(ORDER)
    assert (form.golden_version, form.lots) == (2, ())  # pieces of version 1 say nothing of version 2


def test_an_order_is_not_opened_twice_with_other_terms(home: Home) -> None:
    with pytest.raises(ConflictError, match="is open with other terms"):
        home.open(premium=True)
    assert len(home.station.gates.all()) == 1
    with pytest.raises(NotFoundError, match="there is no order 'PO-8'"):
        home.station.gates.show("PO-8")


def test_a_first_article_is_filled_item_by_item(home: Home) -> None:
    """W6: numbered characteristics, limits, value with uncertainty, instrument, verdict, unit."""
    home.confirm()
    gates = home.station.gates
    gates.assign(ORDER, "first-off", "F-1", by=BUYER)
    home.inspect("F-1", 5, grain=20)
    form = gates.first_article(ORDER)
    assert [(r.number, r.characteristic) for r in form.rows] == [
        (1, "width"),
        (2, "weight"),
        (3, "pull force"),
        (4, "pit"),
    ]
    width, weight, pull, pit = form.rows
    assert (width.lower, width.upper, width.unit, len(width.values)) == (29.85, 30.15, "mm", 5)
    assert (weight.values[0].instrument[:3], weight.values[0].u) == ("S-3", 0.05)
    assert (pull.needed, pull.reason) == (1, "measured on 0 of 1 units")
    assert (pit.verdict, pit.requirement) == ("conforms", "none above 0.15 mm")
    assert form.verdict == "undecided"
    home.station.entered.enter([home.value("F-1-0", "pull force", 24.0, "F-1")])
    assert gates.first_article(ORDER).verdict == "conforms"
    home.station.entered.enter([home.value("F-1-1", "pull force", 11.0, "F-1")])
    assert gates.first_article(ORDER).verdict == "nonconforms"
    with pytest.raises(ConflictError, match="form of the first-off gate is never waived"):
        home.station.releases.waive(ORDER, "first-off", "form", reason="the clutch holds by hand", party="buyer",
                                    by=BUYER)  # fmt: skip


def test_what_is_judged_by_eye_needs_the_light(home: Home) -> None:
    """T10, T17: 800 to 1,000 lux, read and recorded."""
    home.confirm()
    home.first_off()
    check = home.station.gates.check
    with pytest.raises(RequestError, match="a verdict by eye needs the light"):
        check(ORDER, "final", "appearance", n=20, wrong=0, by=BUYER)
    with pytest.raises(RequestError, match="620 lux is outside the agreed 800 to 1000 lux"):
        check(ORDER, "final", "appearance", n=20, wrong=0, lux=620.0, by=BUYER)
    check(ORDER, "final", "appearance", n=20, wrong=0, lux=850.0, by=BUYER)


def test_a_critical_finding_is_never_waived_and_a_major_one_may_be(home: Home) -> None:
    """S7, T12, W16: a post that breaks is critical; clutches are tried on twenty units."""
    home.confirm()
    home.first_off()
    check, waive = home.station.gates.check, home.station.releases.waive
    with pytest.raises(RequestError, match="nothing says what was found"):
        check(ORDER, "final", "clutch-fit", n=20, wrong=1, defect_class="critical", by=BUYER)
    with pytest.raises(RequestError, match="have no class"):
        check(ORDER, "final", "clutch-fit", n=20, wrong=1, text="1 post broke off", by=BUYER)
    check(ORDER, "final", "clutch-fit", n=20, wrong=1, defect_class="critical", text="1 post broke off", by=BUYER)
    with pytest.raises(ConflictError, match="clutch-fit of the final gate is never waived"):
        waive(ORDER, "final", "clutch-fit", reason="1 of 20 is little", party="buyer", by=BUYER)
    check(ORDER, "final", "clutch-fit", n=19, wrong=0, by=BUYER)
    assert home.requirement("final", "clutch-fit").reason == "clutch fit on 20 units: 19 of 20 units were tried"
    check(ORDER, "final", "assembly", n=20, wrong=1, defect_class="major", text="1 clutch is missing", by=BUYER)
    waive(ORDER, "final", "assembly", reason="1 spare clutch for each carton is packed", party="buyer", by=BUYER)
    assert home.requirement("final", "assembly").state == "waived"


def test_no_production_without_a_signed_defect_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """W8: the classes are in writing, and signed, before production begins; what is refused says the way out."""
    draw_line(monkeypatch)
    home = Home(tmp_path)
    home.seal(defects="")
    home.sign()
    home.open()
    home.answers()
    home.samples()
    home.release("pre-production")
    start = home.station.gates.start
    with pytest.raises(ConflictError, match=r"version 1 names no defects with their classes.*Write \[\[defects\]\]"):
        start(ORDER, by=BUYER)
    assert home.station.gates.show(ORDER).started_at is None
    home.seal()
    home.sign()
    home.open()
    home.confirm_anew()
    home.release("pre-production")
    assert start(ORDER, by=BUYER).started_at is not None
    assert home.requirement("final", "catalogue").state == "met"
    home.station.close()


def test_a_catalogue_that_one_party_signed_begins_no_production(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W8: the missing signature may be waived before production, the catalogue not."""
    draw_line(monkeypatch)
    home = Home(tmp_path)
    home.seal()
    home.station.sign_off.sign(NUMBER, party="buyer", name=BUYER)
    home.open()
    home.answers()
    home.samples()
    waive = home.station.releases.waive
    waive(ORDER, "pre-production", "golden", reason="the supplier signs on 2 June", party="buyer", by=BUYER)
    home.release("pre-production")
    with pytest.raises(ConflictError, match=r"the defect catalogue .* version 1 is not signed by the supplier"):
        home.station.gates.start(ORDER, by=BUYER)
    home.sign()
    assert home.station.gates.start(ORDER, by=BUYER).started_at is not None
    home.station.close()


def test_bonded_parts_cure_before_they_are_packed_and_pulled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """T15: 24 hours before packing, 48 before the pull test; no reason excuses it. W5: the named person releases the
    incoming goods."""
    draw_line(monkeypatch)
    home = Home(tmp_path)
    home.seal("magnet")
    home.sign()
    home.open(hardware=True)
    gates = home.station.gates
    plan = ControlPlan(what=("blanks",), standard="S-2", ratio=0.05, signer=SUPPLIER, keeper=SUPPLIER)
    home.answers()
    home.samples()
    home.release("pre-production")
    gates.plan(ORDER, "incoming", plan, by=SUPPLIER)
    n = next(g.n for g in gates.show(ORDER).record.gates if g.gate == "incoming")
    gates.check(ORDER, "incoming", "sample", n=n, wrong=0, by=SUPPLIER)
    gates.check(ORDER, "incoming", "substitution", n=1, wrong=0, by=SUPPLIER)
    with pytest.raises(ConflictError, match="names Li Wei to sign the release, not M"):
        home.release("incoming")
    with pytest.raises(ConflictError, match="this key has signed for the buyer, so it cannot sign for the supplier"):
        home.release("incoming", party="supplier", by=SUPPLIER)
    home.release("incoming", by=SUPPLIER)  # the named person, at this station
    gates.start(ORDER, by=BUYER)
    gates.assign(ORDER, "first-off", "F-1", by=BUYER)
    with pytest.raises(ConflictError, match="no batch of order PO-7 is on record"):
        home.station.entered.enter([home.value("F-1-0", "pull force", 24.0, "F-1")])
    bonded = gates.bonded(ORDER, "B-1", by=SUPPLIER)
    cure = next(r for g in bonded.gates if g.gate == "pre-pack" for r in g.requirements if r.key == "cure")
    assert (cure.state, cure.waivable) == ("open", False)
    assert "batch B-1, bonded 2026-05-10" in cure.reason
    with pytest.raises(ConflictError, match="may be pulled from 2026-05-12"):
        home.station.entered.enter([home.value("F-1-0", "pull force", 24.0, "F-1")])
    home.clock.now += timedelta(hours=24)
    assert home.requirement("pre-pack", "cure").state == "met"
    with pytest.raises(ConflictError, match="may be pulled from"):
        home.station.entered.enter([home.value("F-1-0", "pull force", 24.0, "F-1")])
    home.clock.now -= timedelta(hours=20)  # a clock that is set back cures nothing
    assert home.requirement("pre-pack", "cure").state == "open"
    home.clock.now += timedelta(hours=44)
    home.station.entered.enter([home.value("F-1-0", "pull force", 24.0, "F-1")])
    home.station.close()


def test_a_replaced_lot_counts_no_more(home: Home) -> None:
    """N7, N18: what was sorted or remade comes as a lot of its own; a new order waits for the corrective package."""
    home.confirm()
    home.first_off()
    home.final(steps=100)
    assert home.requirement("final", "lot L-1").reason.startswith("lot L-1 is rejected")
    gates = home.station.gates
    with pytest.raises(ConflictError, match="order PO-8 of MAS is not opened: lot L-1 was rejected"):
        gates.open("PO-8", Order(units=(100,)), golden=NUMBER, by=BUYER)
    with pytest.raises(ConflictError, match="lot L-9 is no lot of this gate"):
        gates.assign(ORDER, "final", "L-2", replaces="L-9", by=BUYER)
    gates.assign(ORDER, "final", "L-2", replaces="L-1", by=BUYER)
    gates.assign(ORDER, "final", "L-2", replaces="L-1", by=BUYER)
    with pytest.raises(ConflictError, match="lot L-1 was replaced by L-2"):
        gates.assign(ORDER, "final", "L-3", replaces="L-1", by=BUYER)
    home.inspect("L-2", 5, grain=80)
    home.station.decide_lot("L-2", UNITS)
    assert home.release("final").shippable


def test_entering_against_a_superseded_version_is_refused_as_inspecting_is(home: Home) -> None:
    """G3: `station enter` is held to what `station inspect` is held to."""
    home.station.sign_off.acknowledge(NUMBER, party="packing", name="Chen")
    home.seal(plus=0.1)
    message = "golden GS-1 is held in different versions"
    with pytest.raises(ConflictError, match=message):
        home.station.inspect(photo(home.folder / "a.png", 0, grain=60), golden=NUMBER)
    with pytest.raises(ConflictError, match=message):
        home.station.entered.enter([home.value("a", "weight", 34.0, None)])


def test_a_changed_byte_of_an_order_is_found(home: Home) -> None:
    """All of it is in the ledger."""
    home.confirm()
    with closing(sqlite3.connect(home.folder / "home" / "station.db")) as c:
        c.execute("DROP TRIGGER order_events_no_update")
        c.execute("UPDATE order_events SET document = replace(document, 'M. Weber', 'N. Weber') WHERE sequence = 3")
        c.execute("DROP TRIGGER order_lots_no_update")
        c.commit()
    found = home.station.check()
    assert not found.ok
    assert any("of order_events: not as ledger entry" in x for x in found.changed)
    assert any(x.startswith("event of an order") for x in found.changed)


def test_the_artefacts_of_the_questions_are_those_of_the_golden_sample() -> None:
    from station.quality.sign_off import ARTEFACTS as KNOWN

    assert set(ARTEFACTS.values()) <= set(KNOWN)
