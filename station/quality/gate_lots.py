"""Lots at the gates of an order: which of them count, and what each of them asks.

A lot counts for an order where its goods are the order's: held to the version of the golden sample that the order is
held to, and opened after production began. It opens a gate while its decision is what would be decided today: units,
values and reviews that came later may have changed the outcome, and then it is decided again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from station.quality.gate_history import History, need, record_item
from station.values.digest import digest
from station.values.gates import ControlGate, GateLot, PlannedGate, Requirement


def foreign(
    lot: str, *, version: int | None, held: int, golden: str, opened_at: datetime | None, since: datetime | None,
    ordered_at: datetime, since_began: bool,
) -> str:  # fmt: skip
    """Why the goods of a lot are not the order's, in words; "" where they may be.

    version : of the golden sample that the lot is held to. held : that the order is held to. opened_at : when the lot
    was. since : when production of the order began, None where it has not. ordered_at : when the order was opened.
    since_began : by the ledger the lot was opened after that, so that the clock was ahead then.
    """
    if version is not None and version != held:
        return f"lot {lot} is held to version {version} of golden {golden}, the order to version {held}"
    began = ordered_at if since is None else since
    if opened_at is not None and opened_at < began and not since_began:
        what = "the order was opened" if since is None else "production of the order began"
        return (
            f"lot {lot} was opened on {opened_at:%Y-%m-%d %H:%M} UTC, before {what} on {began:%Y-%m-%d %H:%M} UTC: "
            "its goods are others"
        )
    return ""


def foreign_to(h: History, x: GateLot) -> str:
    """Why the goods of a lot that was taken in are not the order's, in words; "" where they may be."""
    return foreign(
        x.lot, version=x.golden_version, held=h.golden_version, golden=h.record.golden, opened_at=x.opened_at,
        since=h.started_at, ordered_at=h.record.at, since_began=x.since_began,
    )  # fmt: skip


def is_accepted(h: History, x: GateLot) -> bool:
    """Whether the order's goods were accepted with this lot, and would be today."""
    return x.decision == "accepted" and not x.outdated and not foreign_to(h, x)


def replaced_since(h: History, gate: ControlGate | None, after: datetime, before: datetime) -> bool:
    """Whether goods of a gate were replaced between two times: a lot was taken in, in the place of a rejected one."""
    return any(
        x.gate == gate and x.replaces is not None and x.assigned_at is not None and after <= x.assigned_at <= before
        for x in h.facts.lots
    )


def quantity(h: History) -> Requirement:
    """Every unit of the order is in a lot that was decided at the final gate."""
    lots = [x for x in h.facts.lots if x.gate == "final" and x.replaced_by is None and not foreign_to(h, x)]
    decided = sum(x.size for x in lots if x.size is not None and x.decision is not None)
    lacking = h.record.units - decided
    reason = f"lots of {decided:,} of {h.record.units:,} units are decided" if lacking > 0 else ""
    return need("quantity", "every unit of the order is in a decided lot", reason,
                f"station gate lot {h.naming} final LOT --by WHO", fault=f"lacking#{lacking}")  # fmt: skip


def lots_of(h: History, planned: PlannedGate) -> Iterator[Requirement]:
    """That each lot of a gate is accepted; first pieces are held to their form instead."""
    for x in h.facts.lots:
        if x.gate == planned.gate and planned.gate != "first-off" and x.replaced_by is None:
            yield _lot(h, x)
    if planned.gate == "final" and not any(x.gate == "final" for x in h.facts.lots):
        yield need("lot", "the goods are inspected as a lot", "no lot is inspected at the final gate",
                    f"station gate lot {h.naming} final LOT --by WHO", fault="no-lot")  # fmt: skip


def _lot(h: History, x: GateLot) -> Requirement:
    key, words = f"lot {x.lot}", f"lot {x.lot} is accepted"
    evidence = record_item(key, "", x.decision or "")
    other = foreign_to(h, x)
    if other:
        command = f"station gate lot {h.naming} {x.gate} NEW --replaces {x.lot} --by WHO"
        return need(key, words, other, command, waivable=False, evidence=evidence)
    if x.outdated:
        command = f"station lot decide {x.lot} --size {x.size}"
        return need(key, words, x.outdated, command, waivable=False, evidence=evidence)
    reason = "" if x.decision == "accepted" else f"lot {x.lot} is {x.decision or 'not decided'}"
    if x.decision == "rejected" and x.reasons:
        reason += f": {x.reasons[0]}"
    return need(key, words, reason, f"station lot decide {x.lot} --size N",
                fault=f"{x.decision or 'open'}:{digest(list(x.reasons))[:16]}",
                waivable=x.decision == "rejected" and not x.critical, evidence=evidence)  # fmt: skip
