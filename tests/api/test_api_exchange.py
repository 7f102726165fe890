"""Packages and archives between two stations over HTTP, the ledger and the keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from signed_home import NUMBER, add_gates, build

from station.client import Client, Refused
from station.values.order_exchange import OrderContents, ReceivedOrder
from station.web.routes.exchange import received


@pytest.fixture
def both(tmp_path: Path, serve: Callable[..., Any]) -> Iterator[tuple[Client, Client]]:
    """Clients of a buyer's station and of a factory's, who sealed the same golden sample."""
    build(tmp_path / "buyer")
    build(tmp_path / "factory")
    with (
        serve(tmp_path / "buyer") as (first, _a),
        serve(tmp_path / "factory") as (second, _b),
        Client(first, timeout=120) as buyer,
        Client(second, timeout=120) as factory,
    ):
        yield buyer, factory


def saved(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_package_is_exported_verified_and_countersigned(
    both: tuple[Client, Client], tmp_path: Path, serve: Callable[..., Any]
) -> None:
    buyer, factory = both
    made, data = buyer.export_package(NUMBER)
    assert (made.number, made.version, made.size, made.file) == (NUMBER, 2, len(data), "GS-20260510-v2.zip")
    file = saved(tmp_path / "package.zip", data)
    key = buyer.own_key().key
    assert key == made.key
    checked = factory.verify_package(file, keys=[key])
    assert (checked.ok, checked.number, checked.version) == (True, NUMBER, 2)
    assert not factory.verify_package(file, keys=[factory.own_key().key]).ok
    assert not factory.verify_package(saved(tmp_path / "cut.zip", data[:-40]), keys=[key]).ok
    first, older = buyer.export_package(NUMBER, version=1)
    assert (first.version, older != data) == (1, True)
    with serve(tmp_path / "supplier") as (address, _app), Client(address, timeout=120) as supplier:
        label = supplier.countersign(file, keys=[key], party="supplier", name="Chen", artefact="label")
    assert label.statement["artefact"] == "label"
    assert buyer.import_signature(NUMBER, label, party="supplier").method == "detached"
    with pytest.raises(Refused, match="does not hold"):
        factory.countersign(file, keys=["0" * 64], party="supplier", name="Chen")
    with pytest.raises(Refused, match="not for the buyer"):
        buyer.import_signature(NUMBER, label, party="buyer")
    with pytest.raises(Refused, match="keys"):
        factory.verify_package(file, keys=["/etc/hostname"])


def test_an_order_goes_to_another_station_and_is_compared_there(both: tuple[Client, Client], tmp_path: Path) -> None:
    buyer, factory = both
    made, data = buyer.export_archive(NUMBER)
    assert (made.size, made.file, made.contents.order) == (len(data), f"order-{NUMBER}.zip", NUMBER)
    file, key = saved(tmp_path / "order.zip", data), buyer.own_key().key
    assert factory.verify_archive(file, keys=[key]).ok
    assert not factory.verify_archive(file, keys=["1" * 64]).ok
    with pytest.raises(Refused, match="no key is named"):
        factory.receive_archive(file, party="buyer")
    received = factory.receive_archive(file, party="buyer", keys=[key])
    assert (received.party, received.new) == ("buyer", True)
    assert not factory.receive_archive(file, party="buyer").new
    assert [r.contents.order for r in factory.received_archives()] == [NUMBER]
    found = factory.compare_archive(order=NUMBER)
    assert (found.order, found.other) == (NUMBER, "buyer")
    assert factory.compare_archive(file=file).units == found.units
    for wrong in ({}, {"order": NUMBER, "file": file}):
        with pytest.raises(Refused, match="either"):
            factory.compare_archive(**wrong)
    with pytest.raises(Refused, match="was received"):
        factory.compare_archive(order=str(file))  # a name, never a file of the station's machine
    with pytest.raises(Refused, match="PO-0"):
        buyer.export_archive("PO-0")
    with_pictures, more = buyer.export_archive(NUMBER, pictures=True)
    assert with_pictures.contents.pictures
    assert len(more) > len(data)


def test_the_ledger_is_read_page_by_page_and_held_to_a_kept_head(both: tuple[Client, Client]) -> None:
    buyer, factory = both
    head = buyer.ledger_head()
    entries = list(buyer.ledger())
    assert [e.sequence for e in entries] == list(range(1, head.sequence + 1))
    page = buyer.get("/ledger", limit=2, cursor="3")
    assert ([e["sequence"] for e in page["items"]], page["next"]) == ([4, 5], "5")
    buyer.open_item(NUMBER, "backing card", by="M. Weber")
    assert buyer.ledger_head().sequence == head.sequence + 1
    assert buyer.check_records(head.head).ok
    other = buyer.check_records(f"{head.sequence}:{'0' * 64}")
    assert not other.ok
    with pytest.raises(Refused, match="head"):
        buyer.check_records("yesterday")
    known = buyer.trust_key(factory.own_key().key, "hongda")
    assert "hongda" in {k.name for k in buyer.known_keys()}
    assert known.fingerprint == factory.own_key().fingerprint


def test_the_first_gate_is_released_and_its_release_goes_with_the_package(
    tmp_path: Path, serve: Callable[..., Any]
) -> None:
    build(tmp_path / "home")
    add_gates(tmp_path / "home")
    with serve(tmp_path / "home") as (address, _app), Client(address, timeout=120) as client:
        _, data = client.export_package(NUMBER)
        found = client.verify_package(saved(tmp_path / "p.zip", data), keys=[client.own_key().key])
        assert {(g.order, g.gate) for g in found.gates} == {("PO-4711", "pre-production")}
        job = client.post("/archives", {"order": NUMBER})
        client.done(job, every_s=0.05)
        answer = client.request("GET", f"/api/v1/jobs/{job['id']}/file")
        assert "order-GS-20260510.zip" in answer.headers["content-disposition"]
        again = client.request("GET", f"/api/v1/jobs/{job['id']}/file", headers={"If-None-Match": str(answer.etag)})
        assert (again.status, again.body) == (304, b"")
        seen = client.post("/ledger/checks", {})
        client.done(seen, every_s=0.05)
        assert client.request("GET", f"/api/v1/jobs/{seen['id']}/file").status == 404


def test_what_is_received_meanwhile_moves_no_page() -> None:
    """The newest head comes first: what comes in front shows nothing twice and hides nothing that was there."""

    def order(number: int, name: str) -> ReceivedOrder:
        contents = OrderContents.model_construct(order=name)
        return ReceivedOrder.model_construct(
            head=f"{number}:{'0' * 64}", archive_sha256=f"{number:064d}", party="hongda", contents=contents
        )

    there = [order(n, "PO-1") for n in (112, 40, 9, 2)]
    station: Any = SimpleNamespace(packages=SimpleNamespace(orders=SimpleNamespace(received=lambda: there)))
    heads: list[str] = []
    cursor, first = None, True
    while first or cursor is not None:
        page = received(station, cursor, 2)
        heads += [found.head.partition(":")[0] for found in page.items]
        cursor = page.next
        if first:
            there = [order(113, "PO-2"), *there, order(1, "PO-1")]
        first = False
    assert heads == ["112", "40", "9", "2", "1"]
