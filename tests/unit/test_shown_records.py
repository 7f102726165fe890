"""Records of golden samples and releases of gates in sealed packages and archives of orders: shown, verified with a key
alone, received, compared; what the sealing station changes itself is named.

Requirements G6, G20 (the record and its changes), W1, W8 (who released, on what), G3 (on which versions), N12.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from signed_home import NOON, NUMBER, ORDER, SUPPLIER, add_gates, build
from test_order_exchange import resealed

from station.cli import app
from station.cli.conduct import run
from station.quality import order_archive, package
from station.quality.signing import GATE, PACKAGE, public_of, sign
from station.service import Station
from station.service.order_exchange import verify as verify_order
from station.service.packages import verify
from station.settings import Settings
from station.store.package_file import pack, unpack
from station.values.digest import canonical_json, digest
from station.values.golden_record import RecordEvent

GATE_OF = f"pre-production gate of {ORDER} (MAS-PIN-30)"


class Made:
    """A home with a record and a released gate, its package and its archive."""

    def __init__(self, folder: Path) -> None:
        self.home, self.package, self.order = folder / "home", folder / "golden.zip", folder / "order.zip"
        build(self.home)
        add_gates(self.home)
        with Station(Settings(home=self.home), clock=lambda: NOON) as station:
            self.key = station.packages.export(NUMBER, self.package).key
            self.exported = station.packages.orders.export(NUMBER, self.order, pictures=True)
            self.private = station._db.ledger.keys._key()

    def files(self, file: Path) -> dict[str, bytes]:
        return dict(unpack(file.read_bytes())[0])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("shown"))


def sealed_anew(files: dict[str, bytes], private: Any, format: str = package.FORMAT) -> bytes:
    """A package as the holder of its key would seal it after changing it."""
    listed = json.loads(files[package.MANIFEST])
    rest = {n: d for n, d in files.items() if n not in (package.MANIFEST, package.SEAL)}
    about = {k: listed[k] for k in ("number", "version", "digest", "head")}
    manifest = package.listing(rest, format, **about)
    seal = {"key": public_of(private), "signature": sign(private, PACKAGE, package.sealed(manifest))}
    return pack({**rest, package.MANIFEST: manifest, package.SEAL: canonical_json(seal)})


def faults_of(path: Path, data: bytes, key: str, *, order: bool = False) -> list[str]:
    path.write_bytes(data)
    found = (verify_order if order else verify)(path, [key])
    assert found.ok == (not found.faults)
    return [f"{f.where}: {f.what}" for f in found.faults]


def edited(files: dict[str, bytes], name: str, change: Callable[[Any], object]) -> dict[str, bytes]:
    content = json.loads(files[name])
    change(content)
    return {**files, name: canonical_json(content)}


def test_a_package_shows_the_record_and_who_released_what(made: Made) -> None:
    """G6, G20, W1, W8: with the file and the key alone, with the files of the record."""
    found = verify(made.package, [made.key])
    assert (found.ok, found.recorded) == (True, 4)
    released = [(g.gate, g.order, g.party, g.name, g.trusted) for g in found.gates if g.act == "release"]
    assert released == [("pre-production", ORDER, "buyer", "M. Weber", True)]
    assert {g.requirement for g in found.gates if g.act == "waiver"} >= {"label", "packaging"}
    files = made.files(made.package)
    events = [RecordEvent.model_validate({k: v for k, v in e.items() if k != "sequence"})
              for e in json.loads(files["record.json"])]  # fmt: skip
    assert [e.kind for e in events] == ["copy", "entry", "change", "change acknowledged"]
    attached = {f.sha256 for e in events for f in e.files}
    assert attached
    assert {n.partition("/")[2] for n in files if n.startswith("record/")} == attached


def put_right(event: dict[str, Any]) -> None:
    event["digest"] = digest({k: v for k, v in event.items() if k not in ("digest", "sequence")})


def reword(events: Any) -> None:
    """A copy said to lie elsewhere, with its digest put right."""
    events[0]["sample"]["place"] = "nowhere"
    put_right(events[0])


def another_signer(gates: Any) -> None:
    """A release in another name, its digest put right, signed with nobody's key."""
    event = gates[-1]["event"]
    event["by"] = event["statement"]["name"] = "Somebody"
    put_right(event)


def forged(gates: Any) -> None:
    """A release of another gate, properly signed with another key."""
    event = gates[-1]["event"]
    event["gate"] = event["statement"]["gate"] = "final"
    event["public_key"], event["signature"] = public_of(SUPPLIER), sign(SUPPLIER, GATE, event["statement"])
    put_right(event)


def swap_signatures(gates: Any) -> None:
    a, b = gates[0]["event"], gates[1]["event"]
    a["signature"], b["signature"] = b["signature"], a["signature"]
    put_right(a)
    put_right(b)


@pytest.mark.parametrize(
    ("name", "change", "named"),
    [
        ("record.json", lambda e: e[1].update(by="x"), "record.json: event 2 of the golden's record was changed"),
        ("record.json", reword, "ledger.json: 1 event of the package stand in no entry"),
        ("record.json", lambda e: e.pop(1), "record.json: event 2 of the golden's record is missing"),
        ("record.json", lambda e: [x["files"].clear() for x in e], "it is not a file that the golden's record names"),
        ("gates.json", lambda g: g[0]["event"].update(text="x"), "pre-production gate of order PO-4711"),
        ("gates.json", another_signer, "its signature does not belong to what it says"),
        ("gates.json", forged, "ledger.json: 1 gate of the package stand in no entry"),
        ("gates.json", swap_signatures, "its signature does not belong to what it says"),
        ("gates.json", lambda g: g[0]["order"].update(units=9), "was changed"),
        ("gates.json", lambda g: g[-1]["event"]["statement"].update(golden_version=1), "for another golden sample"),
    ],
)  # fmt: skip
def test_what_is_changed_in_a_package_under_its_own_seal_is_named(
    made: Made, tmp_path: Path, name: str, change: Callable[[Any], object], named: str
) -> None:
    data = sealed_anew(edited(made.files(made.package), name, change), made.private)
    found = faults_of(tmp_path / "p.zip", data, made.key)
    assert any(named in line for line in found), found


def test_packages_and_archives_of_the_first_format_are_read(made: Made, tmp_path: Path) -> None:
    """What was handed on before records and gates were in it stays good, and no second format passes without them."""
    files = made.files(made.package)
    less = {n: d for n, d in files.items() if n not in ("record.json", "gates.json") and not n.startswith("record/")}
    assert faults_of(tmp_path / "p.zip", sealed_anew(less, made.private, package.FORMATS[1]), made.key) == []
    assert faults_of(tmp_path / "p2.zip", sealed_anew(less, made.private), made.key) == [
        "record.json: it is missing", "gates.json: it is missing",
    ]  # fmt: skip
    files = made.files(made.order)
    added = {order_archive.records_file(t) for t in order_archive.ADDED}
    kept = {json.loads(files["records/units.json"])[k]["photo_sha256"] for k in range(3)}
    less = {n: d for n, d in files.items() if n not in added and (n[:9] != "evidence/" or n[9:] in kept)}

    def first(contents: Any) -> None:
        del contents["orders"], contents["released"]
        contents["counts"] = {k: v for k, v in contents["counts"].items() if k not in order_archive.ADDED}

    less = edited(less, "order.json", first)
    old = resealed(less, made.private, order_archive.FORMATS[1])
    assert faults_of(tmp_path / "o.zip", old, made.key, order=True) == []
    found = faults_of(tmp_path / "o2.zip", resealed(less, made.private), made.key, order=True)
    assert "records/orders.json: it is missing" in found


def test_an_archive_has_the_rows_of_the_record_and_of_the_gates(made: Made) -> None:
    """G6, W1, W8: and with pictures the files that they rest on."""
    found = verify_order(made.order, [made.key])
    assert found.ok
    assert found.contents is not None
    assert (found.contents.orders, found.contents.released) == ((f"{ORDER} (MAS-PIN-30)",), (GATE_OF,))
    counts = {t: found.contents.counts[t] for t in order_archive.ADDED}
    assert counts["golden_events"] == 4
    assert counts["orders"] == counts["order_lots"] == 1
    assert counts["order_events"] >= 4
    files = made.files(made.order)
    events = [json.loads(r["document"]) for r in json.loads(files["records/order_events.json"])]
    named = {e["sha256"] for event in events for e in event["evidence"] if e["kind"] == "file"}
    assert named
    assert all(f"evidence/{sha256}" in files for sha256 in named)


def restate(rows: Any) -> None:
    """A waiver with another reason, every digest of the row put right."""
    row = next(r for r in rows if r["kind"] == "waived")
    document = json.loads(row["document"])
    document["text"] = document["statement"]["text"] = "agreed"
    row["digest"] = document["digest"] = digest({k: v for k, v in document.items() if k != "digest"})
    row["document"] = json.dumps(document)


def without(kind: str) -> Callable[[Any], None]:
    def change(rows: Any) -> None:
        rows[:] = [r for r in rows if r["kind"] != kind]

    return change


@pytest.mark.parametrize(
    ("table", "change", "named"),
    [
        ("golden_events", lambda r: r[0].update(kind="hold"), "golden_events.json: row 1 is not one that the ledger"),
        ("golden_events", lambda r: r.pop(1), "event 2 of the record of golden GS-20260510 is missing"),
        ("golden_events", lambda r: r[0].update(number="GS-9"), "golden GS-9 is not there"),
        ("orders", lambda r: r[0].update(name="PO-9"), "orders.json: row 1: its document is about another order"),
        ("orders", lambda r: r.clear(), "belongs to no row of orders that is there"),
        ("order_lots", lambda r: r[0].update(gate="in-line"), "order_lots.json: row 1 is not one that the ledger"),
        ("order_lots", lambda r: r.clear(), "order_lots.json: it has 0 rows, order.json says 1"),
        ("order_events", restate, "its signature does not belong to what it says"),
        ("order_events", lambda r: r.pop(0), "event 1 of order PO-4711 (MAS-PIN-30) is missing"),
        ("order_events", without("released"), "the orders or released gates that it names are not those"),
    ],
)  # fmt: skip
def test_rows_of_gates_and_records_that_are_changed_under_the_seal_are_named(
    made: Made, tmp_path: Path, table: str, change: Callable[[Any], object], named: str
) -> None:
    """N12: a row is one that the ledger cites, a chain has no gap, a release is signed as it stands."""
    files = edited(made.files(made.order), f"records/{table}.json", change)
    found = faults_of(tmp_path / "o.zip", resealed(files, made.private), made.key, order=True)
    assert any(named in line for line in found), found


def test_received_and_compared_gates_and_records(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """G3, W8: what the other party released stands beside one's own; on other versions it is a difference."""
    home = tmp_path / "supplier"
    build(home)
    monkeypatch.setenv("STATION_HOME", str(home))
    with Station(Settings(home=home), clock=lambda: NOON) as station:
        station.record.write(NUMBER, by="Li Wei", values=["packing=carton"])
        got = station.packages.orders.receive(made.order, party="buyer", keys=[made.key])
        assert got.contents.released == (GATE_OF,)
        found = station.packages.orders.compare(NUMBER)
    (gate,) = found.gates
    assert (gate.order, gate.gate, gate.own, gate.differs) == (ORDER, "pre-production", "", False)
    assert gate.other == "M. Weber (buyer), 2026-05-10: label 2, product 2"
    said = {(v.what, v.own, v.other) for v in found.versions}
    assert (f"golden {NUMBER}, packing of the record", "carton", "polybag") in said
    assert run(app, ["order", "received"]) == 0
    assert "gates" in capsys.readouterr().out
    assert run(app, ["order", "compare", NUMBER]) == 0
    assert "label 2, product 2" in " ".join(capsys.readouterr().out.split())
    add_gates(home)
    with Station(Settings(home=home), clock=lambda: NOON) as station:
        assert not any(g.differs for g in station.packages.orders.compare(NUMBER).gates)
        label = home / "label.pdf"
        label.write_bytes(b"%PDF-1.7 a third label")
        station.sign_off.add_artefact(NUMBER, "label", label, by="Li Wei")
        station.sign_off.acknowledge(NUMBER, party="packing", name="Chen", artefact="label")
        station.releases.release(ORDER, "pre-production", party="buyer", by="Li Wei")
        found = station.packages.orders.compare(NUMBER)
    assert [g.differs for g in found.gates] == [True]
    assert not found.agrees
    assert run(app, ["golden", "verify", str(made.package), "--key", made.key]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "Gates released on this version" in text
    assert "record: 4 events" in text
