"""An order over HTTP as a factory's own program drives it: opened, confirmed, sampled, inspected, released, shipped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from entered_line import draw_line, photo
from gated_orders import ARTEFACTS, BUYER, KEY, NUMBER, ORDER, SHEET, SUPPLIER, UNITS, Home

from station.client import Client, Refused
from station.quality.signing import SIGN_OFF, public_of, sign
from station.service import Station
from station.settings import Settings


@pytest.fixture
def station(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serve: Callable[..., Any]) -> Iterator[Client]:
    """A client of a station with one golden sample, sealed over HTTP."""
    draw_line(monkeypatch)
    with serve(tmp_path / "home") as (address, _app), Client(address, timeout=120) as client:
        seal(client, tmp_path)
        yield client


def sheet(plus: float = 0.15) -> str:
    pit = '[[defects]]\nkind = "pit"\nlimit_mm = 0.15\n'
    return SHEET.format(type="pin", plus=plus, open_items="", defects=pit)


def seal(client: Client, folder: Path) -> None:
    assert client.seal(sheet(), photo(folder / "golden.png", 0, grain=399)).number == NUMBER


def signed_by_both(client: Client, home: Path, artefact: str = "product") -> None:
    """The buyer with the station's key, the supplier by a signature that was made elsewhere."""
    client.sign(NUMBER, party="buyer", name=BUYER, artefact=artefact)
    with Station(Settings(home=home)) as own:
        said = own.sign_off.statement(NUMBER, party="supplier", name=SUPPLIER, artefact=artefact, at=datetime.now(UTC))
    made = {"what": SIGN_OFF, "statement": said, "key": public_of(KEY), "signature": sign(KEY, SIGN_OFF, said)}
    assert client.import_signature(NUMBER, made, party="supplier").method == "detached"


def states(client: Client) -> dict[str, str]:
    return {g.gate: g.state for g in client.order(ORDER).gates}


def value(unit: str, name: str, amount: float, lot: str) -> dict[str, Any]:
    today = datetime.now(UTC).date().isoformat()
    return {"unit": unit, "name": name, "value": amount, "u": 0.05, "instrument": "S-3", "calibrated_on": today,
            "golden": NUMBER, "lot": lot}  # fmt: skip


def inspected(client: Client, folder: Path, lot: str, n: int, grain: int) -> list[Path]:
    """Units of a lot, each weighed."""
    shots = [photo(folder / lot / f"{lot}-{k}.png", 0, grain=grain + k) for k in range(n)]
    for shot in shots:
        client.inspect(shot, golden=NUMBER, lot=lot, unit=shot.stem)
    entered = client.enter([value(shot.stem, "weight", 34.0, lot) for shot in shots], by=BUYER)
    assert all(e.new and e.entered.judged.verdict == "conforms" for e in entered)
    return shots


def test_an_order_goes_from_its_opening_to_the_shipment_over_http(station: Client, tmp_path: Path) -> None:
    home = tmp_path / "home"
    signed_by_both(station, home)
    opened = station.open_order(ORDER, golden=NUMBER, units=[UNITS], by=BUYER)
    assert [g.gate for g in opened.gates] == ["pre-production", "first-off", "final"]
    assert station.open_order(ORDER, golden=NUMBER, units=[UNITS], by=BUYER).record == opened.record
    # pre-production confirmation: every question with its evidence
    station.acknowledge(NUMBER, party="factory", name=SUPPLIER)
    (tmp_path / "sheet.toml").write_text(sheet())
    station.answer_gate(ORDER, "spec", "as sealed", file=tmp_path / "sheet.toml", by=BUYER)
    logo = tmp_path / "alpine-r4.ai"
    logo.write_bytes(b"artwork")
    station.answer_gate(ORDER, "logo", "revision 4", file=logo, by=BUYER)
    station.answer_gate(ORDER, "material-colour", "swatch approved", file=logo, by=BUYER)
    station.answer_gate(ORDER, "quantity-delivery", f"{UNITS} units, delivered on 2099-12-01", by=BUYER)
    for question, artefact in ARTEFACTS.items():
        file = tmp_path / f"{question}.pdf"
        file.write_bytes(f"%PDF-1.7 {question}".encode())
        assert station.add_artefact(NUMBER, artefact, file, by=BUYER).version == 1
        signed_by_both(station, home, artefact)
        station.answer_gate(ORDER, question, "as signed", file=file, by=BUYER)
    shots = [photo(tmp_path / f"s{k}.png", k, grain=1 + k) for k in range(3)]
    for shot in shots:
        station.inspect(shot, golden=NUMBER, unit=shot.stem)
    with pytest.raises(Refused, match="not released") as closed:
        station.release_gate(ORDER, "pre-production", party="buyer", by=BUYER)
    assert closed.value.status == 409
    station.record_sample(
        ORDER, "pre-production-sample", 3, photos={"overall": shots[0], "dimensions": shots[1]},
        units=["s0", "s1", "s2"], by=BUYER,
    )  # fmt: skip
    station.release_gate(ORDER, "pre-production", party="buyer", by=BUYER)
    assert station.start_production(ORDER, by=BUYER).started_at is not None
    assert states(station) == {"pre-production": "released", "first-off": "closed", "final": "locked"}
    # the first pieces
    station.assign_lot(ORDER, "first-off", "F-1", by=BUYER)
    pieces = inspected(station, tmp_path, "F-1", 5, grain=20)
    station.enter([value("F-1-0", "pull force", 24.0, "F-1")], by=BUYER)
    station.check_gate(ORDER, "first-off", "function", n=5, wrong=0, by=BUYER)
    station.record_sample(ORDER, "first-article", 1, photos={"overall": pieces[0], "detail": pieces[1]}, by=BUYER)
    form = station.first_article(ORDER)
    assert (form.verdict, len(form.units)) == ("conforms", 5)
    assert station.first_article_paper(ORDER, language="zh-Hant").startswith(b"%PDF-")
    assert station.first_article_paper(ORDER, form="xlsx").startswith(b"PK")
    station.release_gate(ORDER, "first-off", party="buyer", by=BUYER)
    assert station.units_made(ORDER, 100, by=BUYER).made == 100
    # the goods
    station.assign_lot(ORDER, "final", "L-1", by=BUYER)
    goods = inspected(station, tmp_path, "L-1", 5, grain=40)
    assert station.decide("L-1", UNITS).decision == "accepted"
    kinds = ("packaging", "logo", "appearance")
    station.record_sample(ORDER, "first-50", 50, photos=dict.fromkeys(kinds, goods[0]), by=BUYER)
    for test in ("appearance", "dimensions", "assembly", "count", "packaging", "post-alignment", "clutch-fit"):
        station.check_gate(ORDER, "final", test, n=20, wrong=0, lux=900.0 if test == "appearance" else None, by=BUYER)
    done = station.release_gate(ORDER, "final", party="buyer", by=BUYER)
    assert done.shippable
    assert station.check_records().ok


def test_anomalies_go_up_the_ladder_and_are_resolved_over_http(station: Client) -> None:
    station.open_order(ORDER, golden=NUMBER, units=[UNITS], by=BUYER)
    found = station.anomaly(ORDER, "2 of 20 posts bent", gate="final", by="Chen")
    assert [a.who for a in found.anomalies] == ["line leader"]
    assert station.escalate(ORDER, 1, 3, by="Chen").anomalies[0].level == 3
    resolved = station.resolve_anomaly(ORDER, 1, "jig replaced, 0 of 50 bent", by="Li")
    assert resolved.anomalies[0].resolution == "jig replaced, 0 of 50 bent"
    with pytest.raises(Refused, match="anomaly 9"):
        station.resolve_anomaly(ORDER, 9, "jig replaced, 0 of 50 bent", by="Li")


def test_what_a_gate_does_not_take_is_refused_and_leaves_nothing(station: Client) -> None:
    station.open_order(ORDER, golden=NUMBER, units=[UNITS], by=BUYER)
    before = station.order(ORDER)
    for attempt, text in (
        (lambda: station.answer_gate(ORDER, "mood", "good", by=BUYER), "none of the questions"),
        (lambda: station.answer_gate(ORDER, "spec", "as sealed", by=BUYER), "answered with evidence"),
        (lambda: station.start_production(ORDER, by=BUYER), "does not begin"),
        (lambda: station.units_made(ORDER, 10, by=BUYER), "not recorded as made"),
        (lambda: station.check_gate(ORDER, "final", "count", n=20, wrong=0, by=BUYER), "not inspected"),
        (lambda: station.batch_bonded(ORDER, "B-1", by=BUYER), "has not begun|bonds nothing"),
        (lambda: station.plan_gate(ORDER, "in-line", {"what": ["fill depth"]}, by=BUYER), "in-line"),
        (lambda: station.waive(ORDER, "final", "mood", reason="agreed on 12 May", by=BUYER), "'mood'|mood"),
        (lambda: station.waive(ORDER, "final", "first-50", reason="", by=BUYER), "reason"),
        (lambda: station.assign_lot(ORDER, "pre-production", "L-9", by=BUYER), "no lot is inspected"),
        (lambda: station.release_gate("PO-0", "final", party="buyer", by=BUYER), "no order"),
        (lambda: station.start_production(ORDER, by=BUYER, sku="other"), "no order"),
    ):
        with pytest.raises(Refused, match=text):
            attempt()
    assert station.order(ORDER) == before
    answer = station.request("POST", "/api/v1/orders", {"order": "PO-8", "golden": NUMBER, "units": [0]})
    assert answer.status == 422


def test_a_change_made_on_an_old_reading_is_refused(station: Client) -> None:
    station.open_order(ORDER, golden=NUMBER, units=[UNITS], by=BUYER)
    seen = station.request("GET", f"/api/v1/orders/{ORDER}").etag
    station.anomaly(ORDER, "2 of 20 posts bent", gate="final", by="Chen", if_match=seen)
    with pytest.raises(Refused, match="changed in the meantime") as late:
        station.anomaly(ORDER, "5 of 20 posts bent", gate="final", by="Chen", if_match=seen)
    assert late.value.status == 412


def test_orders_are_listed_page_by_page_and_only_those_are_computed(
    station: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from station.service import gates

    for n in range(5):
        station.open_order(f"PO-{n}", golden=NUMBER, units=[UNITS], by=BUYER)
    looked = []
    real = gates.gate_facts
    monkeypatch.setattr(gates, "gate_facts", lambda *given: looked.append(given[2].name) or real(*given))
    first = station.get("/orders", limit=2)
    assert [o["record"]["order"] for o in first["items"]] == ["PO-0", "PO-1"]
    assert looked == ["PO-0", "PO-1"]
    rest = station.get("/orders", limit=3, cursor=first["next"])
    assert [o["record"]["order"] for o in rest["items"]] == ["PO-2", "PO-3", "PO-4"]
    assert rest["next"] is None
    assert [o.record.order for o in station.orders()] == [f"PO-{n}" for n in range(5)]


def test_advice_before_an_order_is_placed(station: Client) -> None:
    found = station.check_order([80], product="pin", finish="antique brass", sample_days=3)
    assert (found.level, found.points, found.plausible) == ("low", 2, False)
    with pytest.raises(Refused, match="sample_days"):
        station.check_order([80], sample_days=0)
    planned = station.plan_order([1500], carded=True, golden=NUMBER)
    assert planned.profile == "carded"
    drawn = station.request("POST", "/api/v1/orders/plan/picture", {"units": [1500], "golden": NUMBER})
    assert drawn.body.startswith(b"\x89PNG")


def test_an_approver_releases_with_the_pin_and_in_nobody_elses_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serve: Callable[..., Any]
) -> None:
    draw_line(monkeypatch)
    password, pin = "four plain words together", "402817"
    made = Home(tmp_path)
    for step in (made.seal, made.sign, made.open, made.answers, made.samples):
        step()
    for name, role in (("A. Keller", "administrator"), (BUYER, "approver"), ("Chen Wei", "inspector")):
        made.station.accounts.add(name, role, password, pin=pin if role == "approver" else None)
    made.station.close()
    with serve(tmp_path / "home") as (address, _app), Client(address, timeout=120) as client:
        client.sign_in("Chen Wei", password)
        with pytest.raises(Refused, match="an inspector may not") as refused:
            client.release_gate(ORDER, "pre-production", party="buyer", pin=pin)
        assert refused.value.status == 403
        client.sign_in(BUYER, password)
        with pytest.raises(Refused, match="PIN"):
            client.release_gate(ORDER, "pre-production", party="buyer")
        with pytest.raises(Refused, match="is signed in, not"):
            client.release_gate(ORDER, "pre-production", party="buyer", by="Chen Wei", pin=pin)
        release = client.release_gate(ORDER, "pre-production", party="buyer", pin=pin).gates[0].release
        assert release is not None
        assert (release.name, release.party) == (BUYER, "buyer")
