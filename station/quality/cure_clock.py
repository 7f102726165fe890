"""The cure clock of bonded parts: 24 hours to packing, 48 hours to the pull test (T15), also by a clock that was wrong.

A station knows the time by its own clock alone, and in what order things were recorded by its ledger. What was recorded
before something else happened no later than that; and a time that has not come was recorded by a clock that was ahead,
or is told by one that is behind. Goods are let go by neither, and what keeps them says which of the two is to be done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from station.quality.gate_rules import CURE, PULL_CURE
from station.quality.sign_off import CLOCK_SKEW
from station.values.gates import GateEvent

NO_BATCH = "no batch is on record with the time it was bonded"


def bonded_batches(events: Sequence[GateEvent], now: datetime) -> dict[str, datetime]:
    """When each batch was bonded, as it is told at a time: of several times that were given for one, the latest (T15).

    A time that had not come when the batch was recorded again, and has not by ``now``, gives way to that.
    """
    found: dict[str, datetime] = {}
    for e in events:
        if e.kind == "bonded" and e.bonded_at is not None:
            known = found.get(e.key)
            if known is None or known < e.bonded_at or known > max(now, e.at):
                found[e.key] = e.bonded_at
    return found


def cure_reason(events: Sequence[GateEvent], now: datetime) -> str:
    """Why bonded goods are not packed yet, "" where every batch has cured for 24 hours."""
    batches = bonded_batches(events, now)
    if not batches:
        return NO_BATCH
    batch, bonded = _last(batches)
    if now >= bonded + CURE or _had_cured(events, now):
        return ""
    return _told(batch, bonded, now) or (
        f"batch {batch}, bonded {bonded:%Y-%m-%d %H:%M} UTC, cures until {bonded + CURE:%Y-%m-%d %H:%M} UTC"
    )


def pull_reason(events: Sequence[GateEvent], at: datetime, now: datetime) -> str:
    """Why a bond could not be pulled at a time: every batch has cured for 48 hours by then (T15); "" where it could."""
    batches = bonded_batches(events, at)
    if not batches:
        return NO_BATCH
    batch, bonded = _last(batches)
    if at >= bonded + PULL_CURE:
        return ""
    return _told(batch, bonded, now) or (
        f"batch {batch}, bonded {bonded:%Y-%m-%d %H:%M} UTC, may be pulled from "
        f"{bonded + PULL_CURE:%Y-%m-%d %H:%M} UTC on"
    )


def has_not_come(events: Sequence[GateEvent], batch: str, now: datetime) -> bool:
    """Whether a time that was given for the bonding of a batch is later than now."""
    return any(e.kind == "bonded" and e.key == batch and e.bonded_at is not None and e.bonded_at > now for e in events)


def seen_at(events: Sequence[GateEvent], event: GateEvent, now: datetime) -> datetime:
    """The latest time at which an event can have happened: by its own word, and no later than what was recorded after
    it, or than now; stations whose clocks differ by :data:`CLOCK_SKEW` do not contradict each other."""
    least = now
    for e in reversed(events):
        if e is event:
            break
        least = min(least, e.at)
    return _no_later(event.at, least)


def _no_later(at: datetime, least: datetime) -> datetime:
    return least if least < at - CLOCK_SKEW else at


def _had_cured(events: Sequence[GateEvent], now: datetime) -> bool:
    """Whether something that was recorded after the last word on a batch happened when every batch had cured: a time
    that was given by a clock ahead of the others and comes later takes nothing back."""
    least = now
    for e in reversed(events):
        if e.kind == "bonded":
            break
        at = _no_later(e.at, least)
        if at >= _last(bonded_batches(events, at))[1] + CURE:
            return True
        least = min(least, e.at)
    return False


def _told(batch: str, bonded: datetime, now: datetime) -> str:
    """What is to be done about a time that has not come, "" where it has."""
    if bonded <= now:
        return ""
    return (
        f"batch {batch} is on record as bonded at {bonded:%Y-%m-%d %H:%M} UTC, which has not come by the clock of this "
        "station: set the clock right, or where it is right record the batch again, which cures from then on"
    )


def _last(batches: Mapping[str, datetime]) -> tuple[str, datetime]:
    """The batch that was bonded last, and when."""
    return max(batches.items(), key=lambda b: (b[1], b[0]))
