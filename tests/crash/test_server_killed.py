"""The server dies under twenty clients that decide, and comes again: nothing acknowledged is lost or doubled."""

from __future__ import annotations

from pathlib import Path

from killed_server import Server, decide, held_to_records

from station.client import Client

CLIENTS, EACH = 20, 8


def test_what_a_killed_server_acknowledged_is_recorded_once(review_home: Path) -> None:
    server = Server(review_home)
    try:
        with Client(server.address) as client:
            client.claim(3, reviewer="M. Weber", window="window-of-weber")
        found = decide(server, clients=CLIENTS, each=EACH, units=2, kills=2)
        with Client(server.address) as client:
            assert [c.reviewer for c in client.claims()] == ["M. Weber"]  # a claim outlives the server too
    finally:
        server.stop()
    assert (len(found.acknowledged), found.kills) == (CLIENTS * EACH, 2)
    assert found.broken > 0  # it did die under requests
    assert held_to_records(review_home, found) == (0, 0)
