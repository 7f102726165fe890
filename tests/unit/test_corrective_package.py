"""From a complaint to its end: actions verified by a later lot, recurrence, the corrective package, the next order."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from claimed_lots import LOGO, SHEET, SIZE, Days, draw_claimed, inspect_lot, make_home, value
from entered_line import photo

from station.batch.serial import Serial
from station.cli import app
from station.cli.conduct import run
from station.errors import ConflictError, NotFoundError, RequestError
from station.lots.orders import Order
from station.quality.signing import GATE, verify
from station.report.paper import paper_data
from station.service import Station, order_exchange
from station.service.corrective_package import corrective_package, reorder
from station.service.nonconformity_reporting import in_words
from station.service.papers import set_in
from station.settings import Settings
from station.sheet import load_sheet
from station.store import gates, package_file
from station.values.nonconformity import NonconformityDocument, Share

DAYS = Days()
BY = "M. Weber"
SKU = "MAS-PIN-30"
REVISED = SHEET.replace("offset_mm = 0.3", "offset_mm = 0.25") + '\n[[sizes]]\nname = "height"\nnominal_mm = 30.0\n'
REVISED += "plus_mm = 0.15\nminus_mm = 0.15\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_home(tmp_path_factory.mktemp("package"), DAYS, (LOGO,))


@pytest.fixture
def clock() -> Days:
    found = Days()
    found.now = DAYS.now
    return found


@pytest.fixture
def station(made: Path, tmp_path: Path, clock: Days, monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    draw_claimed(monkeypatch)
    home = shutil.copytree(made, tmp_path / "home")
    with Station(Settings(home=home), clock=clock) as opened:
        yield opened


@pytest.fixture
def number(station: Station) -> str:
    return station.nonconformities.draft(LOGO, by=BY, use="retail").number


def four_actions(station: Station, number: str) -> NonconformityDocument:
    """One action of each kind, all done."""
    texts = {
        "root-cause": ("Measure the jigs of lines 1 and 2 at 3 places each.", "Jig 2 holds the plate 5.0 mm off."),
        "containment": ("Hold 3,000 units in the warehouse.", "3,000 units held on 1 June."),
        "correction": ("Remake 3,000 units on jig 1.", "3,000 units remade, 20 measured."),
        "prevention": ("Pin the plate with 2 dowels of 2 mm.", "2 dowels set on jig 2 on 2 June."),
    }
    for n, (kind, (text, result)) in enumerate(texts.items(), 1):
        station.corrective.add(number, kind, text, owner="Chen Wei", due=date(2026, 6, 12), points=[1], by=BY)
        station.corrective.done(number, n, result, by="Chen Wei")
    return station.nonconformities.show(number)


def test_a_claim_is_closed_when_a_later_lot_shows_that_it_works(
    station: Station, number: str, clock: Days, tmp_path: Path
) -> None:
    """N13, W9: root cause, containment, correction, prevention; the later lot's measured data close it."""
    nc, ca = station.nonconformities, station.corrective
    four_actions(station, number)
    nc.send(number, by=BY)
    nc.dispose(number, [Share(disposition="replace", quantity=SIZE)], by=BY)
    with pytest.raises(RequestError, match="is a prevention, which only a later lot can verify"):
        ca.verify(number, 4, by=BY, text="Seen on site.")
    with pytest.raises(RequestError, match="the word is empty"):
        ca.verify(number, 1, by=BY)
    for n in (1, 2, 3):
        ca.verify(number, n, by=BY, text="Report of 3 June with 12 values seen.")
    with pytest.raises(RequestError, match="L-LOGO is no lot of this product that was opened after L-LOGO"):
        ca.verify(number, 4, lots=[LOGO], by=BY)
    clock.pass_days(10)
    inspect_lot(station, tmp_path, "L-NEXT", 100)
    with pytest.raises(ConflictError, match=r"corrective action 4 \(prevention\) is done, not verified"):
        nc.close(number, by=BY)
    verified = ca.verify(number, 4, lots=["L-NEXT"], by=BY).actions[3]
    assert verified.effect is not None
    assert (verified.state, verified.effect.verdict) == ("verified", "effective")
    before, (after,) = verified.effect.before, verified.effect.after
    assert ((before.units, before.of), (after.units, after.of, after.accepted)) == ((20, 20), (0, 20, True))
    assert before.shift == pytest.approx(5.02, abs=0.01)
    assert after.shift == pytest.approx(0.02, abs=0.01)
    assert "L-LOGO 20/20 (+5.02) → L-NEXT 0/20 (+0.02)" in "\n".join(in_words(nc.show(number), "en"))
    clock.pass_days(30)
    assert nc.show(number).answer_by == date(2026, 6, 15)  # as it was sent
    closed = nc.close(number, by=BY)
    assert (closed.status, closed.to_close) == ("closed", ())
    assert nc.close(number, by=BY).digest == closed.digest
    with pytest.raises(ConflictError, match="is closed"):
        nc.ask(number, ["Send 20 values."], by=BY)


def test_a_later_lot_that_shows_it_again_refutes_the_action_and_recurrence_is_named(
    station: Station, number: str, clock: Days, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W9: recurrence."""
    four_actions(station, number)
    clock.pass_days(10)
    inspect_lot(station, tmp_path, "L-NEXT", 100)
    station.corrective.verify(number, 4, lots=["L-NEXT"], by=BY)
    assert station.nonconformities.show(number).recurrences == ()
    monkeypatch.setattr("claimed_lots.LOGO", "L-BACK")
    inspect_lot(station, tmp_path, "L-BACK", 140)
    (again,) = station.nonconformities.show(number).recurrences
    assert (again.key, again.lot, again.units, again.of) == ("mark-place:logo", "L-BACK", 20, 20)
    refuted = station.corrective.verify(number, 4, lots=["L-NEXT", "L-BACK"], by=BY).actions[3]
    assert (refuted.state, refuted.overdue) == ("not effective", True)
    assert station.corrective.all(overdue=True) == [(number, refuted)]
    for _ in range(2):
        anew = station.corrective.done(number, 4, "2 dowels set on jig 2 on 2 June.", by="Chen Wei").actions[3]
        assert anew.state == "done"  # in the same words, and done anew
    assert len([e for e in station.nonconformities.events(number) if e.kind == "done" and e.number == 4]) == 2


@pytest.mark.parametrize("closing", [False, True])
def test_what_is_sent_or_closed_is_what_was_seen(
    station: Station, number: str, clock: Days, monkeypatch: pytest.MonkeyPatch, closing: bool
) -> None:
    """S11, N13: an answer that another station records in between is neither sent nor closed over unseen."""
    nc = station.nonconformities
    claims = type(nc)
    record = claims.record
    if closing:
        four_actions(station, number)
        nc.send(number, by=BY)
        nc.dispose(number, [Share(disposition="replace", quantity=SIZE)], by=BY)
        for n in (1, 2, 3):
            station.corrective.verify(number, n, by=BY, text="Report of 3 June with 12 values seen.")
        station.corrective.withdraw(number, 4, by=BY, reason="Action 5 replaces it.")
        monkeypatch.setattr("station.quality.claim.lacking", lambda _: [])

    def between(self: Any, *given: Any, **more: Any) -> bool:
        monkeypatch.setattr(claims, "record", record)
        with Station(station.settings, clock=clock) as second:
            words = "The logo is on the front; 20 of 20 units cannot be displayed."
            second.nonconformities.answer(number, "sales", words, point=1, by="other")
        return record(self, *given, **more)

    monkeypatch.setattr(claims, "record", between)
    with pytest.raises(ConflictError, match="something else was recorded of it in the meantime"):
        (nc.close if closing else nc.send)(number, by=BY)
    if not closing:
        seen = nc.show(number).digest
        nc.send(number, by=BY)
        assert nc.events(number)[-1].document_digest == seen
    assert nc.show(number).status == ("draft" if closing else "sent")


def test_two_prices_at_once_do_not_forget_each_other(
    station: Station, number: str, clock: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    """N10: what was given before holds on, also where it was given at this moment."""
    nc = station.nonconformities
    nc.price(number, {"price": "0.80"}, by=BY)
    claims = type(nc)
    record = claims.record

    def between(self: Any, *given: Any, **more: Any) -> bool:
        monkeypatch.setattr(claims, "record", record)
        with Station(station.settings, clock=clock) as second:
            second.nonconformities.price(number, {"sort": "0.03"}, by="other")
        return record(self, *given, **more)

    monkeypatch.setattr(claims, "record", between)
    with pytest.raises(ConflictError, match="in the meantime"):
        nc.price(number, {"freight": "220"}, by=BY)
    nc.price(number, {"freight": "220"}, by=BY)
    cost = next(e.cost for e in reversed(nc.events(number)) if e.cost is not None)
    assert (str(cost.sort), str(cost.freight)) == ("0.03", "220")


def test_actions_are_vetted_put_off_and_withdrawn(station: Station, number: str, clock: Days) -> None:
    """N13, W9."""
    ca = station.corrective
    with pytest.raises(RequestError, match='says "Be more careful"'):
        ca.add(number, "prevention", "Be more careful.", owner="Chen", due=date(2026, 6, 9), by=BY)
    with pytest.raises(NotFoundError, match="has no point 7"):
        ca.add(number, "prevention", "Pin it with 2 dowels.", owner="Chen", due=date(2026, 6, 9), points=[7], by=BY)
    for _ in range(2):  # the same again adds nothing
        d = ca.add(number, "prevention", "Pin it with 2 dowels.", owner="Chen", due=date(2026, 6, 9), by=BY)
    assert [(a.number, a.state, a.overdue) for a in d.actions] == [(1, "open", False)]
    clock.pass_days(9)
    assert [a.number for _, a in ca.all(overdue=True)] == [1]
    with pytest.raises(RequestError, match="no reason is given"):
        ca.put_off(number, 1, date(2026, 6, 20), by=BY, reason=" ")
    d = ca.put_off(number, 1, date(2026, 6, 20), by=BY, reason="Dowels arrive on 18 June.")
    assert (d.actions[0].overdue, d.actions[0].delays) == (False, 1)
    with pytest.raises(ConflictError, match=r"is open\. Say what was done first"):
        ca.verify(number, 1, by=BY, text="Seen 2 dowels.")
    ca.withdraw(number, 1, by=BY, reason="Action 2 replaces it.")
    assert ca.withdraw(number, 1, by=BY, reason="Action 2 replaces it.").actions[0].state == "withdrawn"
    for _ in range(2):  # what was withdrawn may be asked for again, in the same words
        d = ca.add(number, "prevention", "Pin it with 4 dowels.", owner="Chen", due=date(2026, 6, 29), by=BY)
    ca.withdraw(number, d.actions[-1].number, by=BY, reason="2 dowels are enough.")
    again = ca.add(number, "prevention", "Pin it with 4 dowels.", owner="Chen", due=date(2026, 6, 29), by=BY)
    assert len(again.actions) == len(d.actions) + 1


def test_the_package_holds_the_five_parts_and_releases_the_next_order(
    station: Station, number: str, tmp_path: Path
) -> None:
    """N14, N15, N16, N17, N18, W10, W14, W15, W16."""
    blocked = reorder(station, SKU)
    assert blocked.blocked
    assert f"{number} has no corrective package" in blocked.reasons[0]
    sheet = tmp_path / "revised.toml"
    sheet.write_text(REVISED)
    written: list[bytes] = []
    data, found = corrective_package(station, number, sheet, by=BY, write=written.append)
    again, _ = corrective_package(station, number, sheet, by=BY, write=written.append)
    assert written == [data, again]
    assert again == data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    assert {
        "defect-map.json", "defect-map.png", "control-sheet.toml", "master-references.json", "golden.jpg",
        "acceptance-criteria.csv", "inspection-plan.json", "nonconformity.json", "nonconformity.pdf", "index.json",
        "request-for-quotation.pdf", "request-for-quotation.xlsx", "golden-record.json",
    } == set(files)  # fmt: skip
    assert files["control-sheet.toml"].decode() == REVISED
    assert json.loads(files["master-references.json"])["sizes_mm"] == {"width": 30.0}
    assert "marks,logo,offset,0,,0.25,mm,major" in files["acceptance-criteria.csv"].decode()
    plan = json.loads(files["inspection-plan.json"])
    assert plan["final"]["tests"][-2:] == ["post alignment", "clutch fit on 20 units"]
    assert plan["in_line"] == {"at_completion": "10-20 %", "check": ["logo (marks: logo)"]}
    assert {p.get("severity") for p in plan["plans"]} == {None, "tightened"}
    sheets = zipfile.ZipFile(io.BytesIO(files["request-for-quotation.xlsx"]))
    assert "upgraded plating control" in "".join(sheets.read(n).decode() for n in sheets.namelist())
    annex = station.papers.next_quotation(found, load_sheet(REVISED.encode()), "en")
    assert set_in(annex, "pdf") == files["request-for-quotation.pdf"]
    quotation = json.dumps(paper_data(annex, {}), ensure_ascii=False)
    for wanted in (
        "packing mockup, carton assortment plan and barcode map", "clutch retention",
        "Lot L-LOGO", "20 of 20 inspected units",
        load_sheet(REVISED.encode()).digest[:16],
    ):  # fmt: skip
        assert wanted in quotation
    index = json.loads(files["index.json"])
    assert set(index["files"]) == set(files) - {"index.json"}
    assert found.package is not None
    open_ = reorder(station, SKU)
    assert not open_.blocked
    assert f"order by the corrective package of {number}" in open_.reasons[0]
    assert station.check().ok


def test_what_the_remedies_cost_the_buyer_and_the_strength_are_not_in_the_package(
    station: Station, number: str, tmp_path: Path
) -> None:
    """N14: the supplier gets it, as it gets the report."""
    sheet = tmp_path / "revised.toml"
    sheet.write_text(REVISED)
    prices = {"price": "0.80", "sort": "0.03", "loss": "2.50", "discount": "0.2", "remake": "0.85"}
    station.nonconformities.price(number, prices, by=BY)
    data, _ = corrective_package(station, number, sheet, by=BY, write=lambda _: None)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        said = json.loads(archive.read("nonconformity.json"))
        texts = b"".join(archive.read(n) for n in archive.namelist() if n.endswith((".json", ".csv")))
    assert not {"costs", "evidence", "package", "remarks", "faults", "to_close"} & said.keys()
    assert said["points"][0]["item"]["units"] == 20
    assert b"2.50" not in texts


def test_an_order_s_archive_holds_no_costs_unless_they_are_asked_for(
    station: Station, number: str, tmp_path: Path
) -> None:
    """N12: what the remedies cost the buyer is not for the supplier; the archive holds without them."""
    station.nonconformities.price(number, {"price": "0.80", "loss": "2.50", "late_loss": "4321.5"}, by=BY)
    station.nonconformities.ask(number, ["Send 20 values."], by=BY)
    for costs in (False, True):
        file = tmp_path / "order.zip"
        made = station.packages.orders.export("PO-4711", file, costs=costs)
        assert order_exchange.verify(file, [made.key]).ok
        events = json.loads(package_file.unpack(file.read_bytes())[0]["records/nonconformity_events.json"])
        assert [e["kind"] for e in events if e["kind"] in ("cost", "ask")] == (["cost"] * costs) + ["ask"]
        assert ("4321.5" in json.dumps(events)) is costs


@pytest.mark.parametrize(
    ("change", "answers"),
    [
        (('order = "PO-4711"', 'order = "PO-4711"\nnotes = "improve the QC"\nmaterial = "brass"'), False),
        (("PO-4711", "PO-4712"), False),
        (("reject = 3.0", "reject = 2.8"), False),  # of the colour, where the logo failed
        (("major = 2.5", "major = 1.5"), True),
        (("offset_mm = 0.3", "offset_mm = 0.3\nrotation_deg = 2.0"), True),
        (("[aql]", '[[entered]]\nname = "jig"\nunit = "mm"\nnominal = 1.0\nplus = 0.1\nminus = 0.1\n[aql]'), True),
    ],
)
def test_a_revision_changes_what_the_complaint_is_about(
    station: Station, number: str, tmp_path: Path, change: tuple[str, str], answers: bool
) -> None:
    """N18: notes, material and the order's number make no other agreement."""
    sheet = tmp_path / "revised.toml"
    sheet.write_text(SHEET.replace(*change))
    if answers:
        corrective_package(station, number, sheet, by=BY, write=lambda _: None)
    else:
        with pytest.raises(RequestError, match=r"agrees nothing else on what the complaint is about \(marks: logo\)"):
            corrective_package(station, number, sheet, by=BY, write=lambda _: None)
    assert reorder(station, SKU).blocked is not answers


def test_the_package_shows_what_was_released_at_the_gates_of_its_order(
    station: Station, number: str, tmp_path: Path
) -> None:
    """N14, W8: the order that the failed lot belongs to, what people said at its gates, and of the golden sample."""
    sheet = tmp_path / "revised.toml"
    sheet.write_text(REVISED)
    golden = station.golden("GS-20260510").number
    station.record.write(golden, by=BY, values=["packing=polybag"])
    corrective_package(station, number, sheet, by=BY, write=lambda _: None)  # without it nothing is ordered again
    station.gates.open("PO-9", Order(units=(SIZE,)), golden=golden, by=BY)
    station.releases.waive("PO-9", "pre-production", "label", reason="packed without a label", party="buyer", by=BY)
    row = gates.order(station._db, "PO-9", None)
    gates.add_lot(station._db, row, LOGO, "final", by=BY, at=DAYS.now)  # as it was before the lot failed
    data, _ = corrective_package(station, number, sheet, by=BY, write=lambda _: None)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        shown, record = (json.loads(archive.read(n)) for n in ("gates.json", "golden-record.json"))
    assert (shown["order"]["order"], shown["order"]["golden"]) == ("PO-9", golden)
    (waiver,) = shown["events"]
    assert verify(waiver["public_key"], GATE, waiver["statement"], waiver["signature"])
    assert [e["entry"]["packing"] for e in record["events"]] == ["polybag"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SHEET, "agrees the same as the one that the lot failed by"),
        (SHEET.replace("MAS-PIN-30", "OTHER"), "is of OTHER, the lot of MAS-PIN-30"),
        (SHEET.replace('name = "logo"', 'name = "crest"'), "has no row marks: logo for point 1"),
    ],
)
def test_a_sheet_that_does_not_answer_the_complaint_makes_no_package(
    station: Station, number: str, tmp_path: Path, text: str, says: str
) -> None:
    """N18: never "same as last time"."""
    sheet = tmp_path / "revised.toml"
    sheet.write_text(text)
    written: list[bytes] = []
    with pytest.raises(RequestError, match=says):
        corrective_package(station, number, sheet, by=BY, write=written.append)
    assert written == []
    assert reorder(station, SKU).blocked


def test_a_package_is_recorded_of_the_complaint_that_it_holds(
    station: Station, number: str, tmp_path: Path, clock: Days
) -> None:
    """N14: what another station records while it is made is not in it."""
    sheet = tmp_path / "revised.toml"
    sheet.write_text(REVISED)

    def write(_: bytes) -> None:
        with Station(station.settings, clock=clock) as second:
            words = "The logo is on the front; 20 of 20 units cannot be displayed."
            second.nonconformities.answer(number, "sales", words, point=1, by="other")

    with pytest.raises(ConflictError, match="something else was recorded of it in the meantime"):
        corrective_package(station, number, sheet, by=BY, write=write)
    assert station.nonconformities.show(number).package is None
    _, found = corrective_package(station, number, sheet, by=BY, write=lambda _: None)
    assert found.package is not None


def test_an_order_is_blocked_only_by_the_newest_lot(station: Station, tmp_path: Path, clock: Days) -> None:
    """N18."""
    assert "nothing was claimed for it" in reorder(station, SKU).reasons[0]
    clock.pass_days(3)
    inspect_lot(station, tmp_path, "L-GOOD", 180)
    found = reorder(station, SKU)
    assert (found.blocked, found.last_lot, found.reasons) == (
        False, "L-GOOD", ("its newest decided lot, L-GOOD, is accepted",),
    )  # fmt: skip
    station.entered.enter([value("L-GOOD_00", "pull force", 1.0, "L-GOOD", "N")])  # critical, after its decision
    assert reorder(station, SKU).blocked
    with pytest.raises(NotFoundError, match="no lot of 'NO'"):
        reorder(station, "NO")


def test_only_a_later_lot_of_its_size_takes_the_place_of_one_that_failed(
    station: Station, tmp_path: Path, clock: Days
) -> None:
    """N18: neither a lot of two units, nor one that is empty, undecided or decided as a larger one."""
    clock.pass_days(3)
    for n in range(2):
        photo(tmp_path / "tiny" / f"L-TINY_{n:02}.png", 0, grain=333 + n)
    station.inspect_many(
        [tmp_path / "tiny"], golden="GS-20260510", lot="L-TINY", engine=Serial(), on_done=lambda _: None
    )
    pulls = [value(f"L-TINY_{n:02}", "pull force", 24.0, "L-TINY", "N") for n in range(2)]
    labels = [value(f"c{n}", "carton label fields", 7.0, "L-TINY", "fields") for n in range(8)]
    station.entered.enter([*pulls, *labels])
    assert station.decide_lot("L-TINY", 2).decision == "accepted"
    found = reorder(station, SKU)
    assert (found.blocked, found.last_lot) == (True, LOGO)
    assert "at most 2 units were inspected, and 20 take its place" in found.reasons[0]
    station.entered.enter([value("L-EMPTY_00", "pull force", 24.0, "L-EMPTY", "N")])
    with pytest.raises(ConflictError, match="lot L-EMPTY is not decided: no unit of it was inspected"):
        station.decide_lot("L-EMPTY", SIZE)
    assert reorder(station, SKU).blocked
    station.decide_lot(LOGO, 500_000)
    assert reorder(station, SKU).blocked


def test_a_prevention_is_judged_by_every_later_lot(
    station: Station, number: str, clock: Days, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W9: a good lot is not picked out, a lot of the same morning was made before, and what came back does not
    close."""
    nc, ca = station.nonconformities, station.corrective
    inspect_lot(station, tmp_path, "L-EARLY", 60)
    four_actions(station, number)
    with pytest.raises(RequestError, match=r"lot L-EARLY was opened on 2026-06-01 .*, before the action was done on"):
        ca.verify(number, 4, lots=["L-EARLY"], by=BY)
    clock.pass_days(10)
    inspect_lot(station, tmp_path, "L-GOOD", 100)
    nc.send(number, by=BY)
    nc.dispose(number, [Share(disposition="replace", quantity=SIZE)], by=BY)
    for n in (1, 2, 3):
        ca.verify(number, n, by=BY, text="Report of 3 June with 12 values seen.")
    assert ca.verify(number, 4, lots=["L-GOOD"], by=BY).to_close == ()
    monkeypatch.setattr("claimed_lots.LOGO", "L-BACK")
    inspect_lot(station, tmp_path, "L-BACK", 140)
    (said,) = nc.show(number).to_close
    assert said.startswith("logo came back in lot L-BACK, in 20 of 20 units: verify its prevention with that lot")
    with pytest.raises(ConflictError, match="came back in lot L-BACK"):
        nc.close(number, by=BY)
    judged = ca.verify(number, 4, lots=["L-GOOD"], by=BY).actions[3]
    assert judged.effect is not None
    assert [x.lot for x in judged.effect.after] == ["L-GOOD", "L-BACK"]
    assert judged.state == "not effective"


def test_a_claim_is_closed_on_every_unit_of_the_lot_as_it_is(station: Station, number: str) -> None:
    """N13: a lot that is decided again as a larger one is drafted again, and disposed of anew."""
    nc = station.nonconformities
    four_actions(station, number)
    nc.send(number, by=BY)
    nc.dispose(number, [Share(disposition="replace", quantity=SIZE)], by=BY)
    station.decide_lot(LOGO, 5000)
    said = nc.show(number).to_close
    assert said[0].startswith(f"lot {LOGO} was decided again since the draft, as one of 5,000 units (rejected)")
    with pytest.raises(ConflictError, match="was decided again since the draft"):
        nc.close(number, by=BY)
    found = nc.draft(LOGO, by=BY)
    assert f"the dispositions are of {SIZE:,} units, the lot has 5,000: give them anew" in found.to_close
    nc.dispose(number, [Share(disposition="replace", quantity=5000)], by=BY)
    assert not any("dispositions" in x or "decided again" in x for x in nc.show(number).to_close)


@pytest.mark.parametrize(("units", "of"), [(1, 10**9), (10**30, 10**30), (1, SIZE + 1)])
def test_nobody_sees_more_units_than_the_lot_has(station: Station, number: str, units: int, of: int) -> None:
    """S3."""
    nc = station.nonconformities
    with pytest.raises(RequestError, match=rf"cannot have been seen: lot {LOGO} has 3,000 units"):
        nc.seen(number, by=BY, kind="wrong-card", note="card of version 2 in place of version 3", units=units, of=of)
    before = nc.show(number).points
    nc.seen(number, by=BY, kind="wrong-card", note="card of version 2 in place of version 3", units=SIZE, of=SIZE)
    assert len(nc.show(number).points) == len(before) + 1


def test_the_commands_of_actions_and_orders(
    station: Station, number: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """N13, N14, N18."""
    monkeypatch.setenv("STATION_HOME", str(station.settings.home))
    add = ["ca", "add", number, "prevention", "Pin it with 2 dowels.", "--owner", "Chen", "--by", BY]
    assert run(app, [*add, "--due", "2999-01-01"]) == 0
    assert "1  prevention, Chen, due 2999-01-01: open" in capsys.readouterr().out
    assert run(app, [*add, "--due", "tomorrow"]) == 2
    assert run(app, ["ca", "done", number, "1", "2 dowels set.", "--by", "Chen"]) == 0
    assert run(app, ["ca", "verify", number, "1", "--by", BY]) == 2
    assert "which only a later lot can verify" in capsys.readouterr().err
    assert run(app, ["ca", "list", "--overdue", "--fail-on-nonconforming"]) == 0
    assert run(app, ["nc", "reorder", SKU, "--fail-on-nonconforming"]) == 1
    assert "do not reorder yet" in capsys.readouterr().out
    sheet = tmp_path / "revised.toml"
    sheet.write_text(REVISED)
    out = tmp_path / "package.zip"
    package = ["nc", "package", number, "--sheet", str(sheet), "--by", BY, "-o", str(out), "--language", "zh-Hant"]
    assert run(app, package) == 0
    with (
        zipfile.ZipFile(out) as archive,
        zipfile.ZipFile(io.BytesIO(archive.read("request-for-quotation.xlsx"))) as xlsx,
    ):
        assert "請報價" in "".join(xlsx.read(n).decode() for n in xlsx.namelist())
    capsys.readouterr()
    assert run(app, ["nc", "reorder", SKU, "--json", "--fail-on-nonconforming"]) == 0
    assert json.loads(capsys.readouterr().out)["blocked"] is False
