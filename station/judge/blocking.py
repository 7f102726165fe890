"""Gates that failed: what they take the verdict from."""

from __future__ import annotations

from collections.abc import Iterable

from station.values.documents import MeasurementDocument
from station.values.line import Gate

FINDINGS = "findings"
"""The name under which :attr:`Gate.blocks` takes down findings."""

BLOCKED = "blocked"  # in a document's detail: name of the gate that took the verdict down
_NOT_JUDGED = "not judged, "


def is_blocked(judged: MeasurementDocument) -> bool:
    """Whether a failed gate took the verdict down, so that the value is not to be relied on either."""
    # documents recorded before there was a flag say it in the reason alone
    return BLOCKED in judged.detail or judged.reason.startswith(_NOT_JUDGED)


def blocking(gates: Iterable[Gate], kind: str) -> Gate | None:
    """The first gate that failed and takes down a kind of measurement, or ``FINDINGS``."""
    return next((g for g in gates if not g.ok and (not g.blocks or kind in g.blocks)), None)


def blocked_reason(gate: Gate) -> str:
    """Why nothing is said of what it took down."""
    return _NOT_JUDGED + (f"{gate.name}: {gate.reason}" if gate.reason else f"the gate {gate.name} failed")
