"""Records of golden samples and releases of gates, as packages and archives show them: rules over their documents.

What people said is one chain of events, numbered from 1 (decisions 0039, 0040), so that a gap shows. A release and a
waiver carry the statement that was signed, with key and signature.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from station.quality.signing import GATE, verify
from station.values.gates import GateStatement

SIGNED = ("released", "waived")
"""Kinds of an order's events that are signed."""


def gaps(sequences: Iterable[int]) -> list[int]:
    """Numbers that lack in a chain of events from 1 to its last."""
    known = set(sequences)
    return sorted(set(range(1, max(known, default=0) + 1)) - known)


def statement_fault(event: Mapping[str, Any], order: Mapping[str, Any]) -> str | None:
    """What is wrong with the signed statement of a release or a waiver; None where it holds.

    event, order : documents of the event and of its order. Raises KeyError, TypeError where they lack something.
    """
    said = event["statement"]
    if said is None or not verify(event["public_key"], GATE, said, event["signature"]):
        return "its signature does not belong to what it says"
    try:
        GateStatement.model_validate(said, strict=True)
    except ValidationError as error:
        return f"its {error.errors()[0]['loc'][0]} is not of the kind that it should be"
    act = "release" if event["kind"] == "released" else "waiver"
    expected = {
        "order": order["order"], "sku": order["sku"], "golden": order["golden"], "act": act, "gate": event["gate"],
        "requirement": event["key"], "name": event["by"],
    }  # fmt: skip
    if any(said[k] != v for k, v in expected.items()):
        return "what was signed is about something else"
    return None


def releases(orders: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Every release and waiver with its order: ``{order, event}``, documents, in the events' order.

    orders, events : rows of ``orders`` and ``order_events``.
    """
    known = {r["id"]: json.loads(r["document"]) for r in orders}
    return [
        {"order": known[r["order_id"]], "event": json.loads(r["document"])}
        for r in sorted(events, key=lambda r: (int(r["order_id"]), int(r["sequence"])))
        if r["kind"] in SIGNED
    ]


def gate_faults(orders: Sequence[Mapping[str, Any]], events: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """What is wrong with rows of orders and their events: pairs of the table and what is wrong."""
    known = {r["id"]: r for r in orders}
    for order_id, row in known.items():
        document = json.loads(row["document"])
        if (document["order"], document["sku"], document["golden"]) != (row["name"], row["sku"], row["golden"]):
            yield "orders", f"row {order_id}: its document is about another order"
        mine = [r for r in events if r["order_id"] == order_id]
        for n in gaps(int(r["sequence"]) for r in mine):
            yield "order_events", f"event {n} of order {row['name']} ({row['sku']}) is missing"
        for r in mine:
            event = json.loads(r["document"])
            if event["kind"] != r["kind"]:
                yield "order_events", f"row {r['id']}: its document is another event"
            elif r["kind"] in SIGNED and (wrong := statement_fault(event, document)) is not None:
                yield "order_events", f"row {r['id']}: {wrong}"
