"""An order's events with the facts beside them, and how a requirement is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from station.quality.sign_off import PRODUCT
from station.values.gates import (
    Anomaly,
    ControlGate,
    EventKind,
    EvidenceItem,
    GateEvent,
    GateFacts,
    OrderRecord,
    Requirement,
)


@dataclass(frozen=True, slots=True)
class History:
    """An order's events with the facts beside them."""

    record: OrderRecord
    events: tuple[GateEvent, ...]
    facts: GateFacts
    now: datetime
    anomalies: tuple[Anomaly, ...]

    def last(self, kind: EventKind, gate: ControlGate | None = None, key: str | None = None) -> GateEvent | None:
        """The newest event of a kind, of a gate and of a key where these are given."""
        return next(
            (
                e
                for e in reversed(self.events)
                if e.kind == kind and gate in (None, e.gate) and (key is None or e.key == key)
            ),
            None,
        )

    @property
    def golden_version(self) -> int:
        """The version of the golden sample that the order is held to."""
        moved = self.last("golden")
        return self.record.golden_version if moved is None or moved.golden_version is None else moved.golden_version

    def version_at(self, event: GateEvent) -> int:
        """The version that the order was held to when something happened."""
        version = self.record.golden_version
        for e in self.events:
            if e is event:
                break
            if e.kind == "golden" and e.golden_version is not None:
                version = e.golden_version
        return version

    def opened_anomalies(self, among: Sequence[GateEvent]) -> set[int]:
        """Numbers of the anomalies that these of the order's events opened."""
        opened = [e for e in self.events if e.kind == "anomaly" and e.gate is not None]
        return {number for number, e in enumerate(opened, 1) if e in among}

    @property
    def started_at(self) -> datetime | None:
        """When production began."""
        found = next((e for e in self.events if e.kind == "started"), None)
        return None if found is None else found.at

    @property
    def made(self) -> int:
        """Units made so far."""
        found = self.last("made")
        return 0 if found is None else found.n

    @property
    def naming(self) -> str:
        """The order as a command names it."""
        return f"{self.record.order} --sku {self.record.sku}"

    @property
    def in_force(self) -> dict[str, int]:
        """The versions in force, of the product and of every artefact."""
        return {PRODUCT: self.golden_version, **{k: a.version for k, a in self.facts.artefacts.items()}}

    def moved(self, gate: ControlGate, release: GateEvent) -> str:
        """Versions that a release rests on and that are in force no more, in words; "" where all are. Pre-production
        confirmation rests on all of them, every other gate on the product's."""
        now = self.in_force
        for name, version in release.versions.items():
            if now.get(name, version) != version and (name == PRODUCT or gate == "pre-production"):
                return f"version {version} of the {name.replace('-', ' ')}, in force is version {now[name]}"
        if gate == "pre-production" and set(now) - set(release.versions):
            name = min(set(now) - set(release.versions))
            return f"the versions there were, and there is a {name.replace('-', ' ')} now"
        return ""


def need(
    key: str, words: str, reason: str, command: str = "", *, fault: str = "", waivable: bool = True,
    evidence: tuple[EvidenceItem, ...] = (),
) -> Requirement:  # fmt: skip
    """A requirement, met where there is no reason against it. fault : by what a waiver knows the reason again, whatever
    its words: see :func:`covered`."""
    return Requirement(
        key=key, words=words, state="open" if reason else "met", reason=reason, command=command if reason else "",
        fault=fault if reason else "", waivable=waivable, evidence=evidence,
    )  # fmt: skip


def record_item(name: str, sha256: str, about: str) -> tuple[EvidenceItem, ...]:
    """Evidence that is a record of the station itself."""
    return (EvidenceItem(kind="record", name=name, sha256=sha256, about=about),)


def measured_against(item: EvidenceItem) -> int | None:
    """The version of the golden sample that a unit was measured against, None where nothing says it. Evidence of
    earlier versions of the station says it in words alone, ``GS-1 v2``."""
    if item.version is not None:
        return item.version
    told = item.about.rpartition(" v")[2]
    return int(told) if item.kind == "unit" and told.isdecimal() else None


def covered(basis: str, r: Requirement) -> bool:
    """Whether a waiver that was given for ``basis`` excuses a requirement as it stands.

    It does where the fault is the same, or the same in kind and no greater: faults that grow are written ``KIND#HOW
    MANY``. Waivers from before faults had names were given for the reason's words.
    """
    if basis in (r.fault, r.reason):
        return bool(basis)
    then, now = basis.rpartition("#"), r.fault.rpartition("#")
    if not then[1] or then[0] != now[0] or not (then[2].isdecimal() and now[2].isdecimal()):
        return False
    return int(now[2]) <= int(then[2])
