"""How long a plan with its curve takes, and the replay of a long history of lots.

    python tests/benchmarks/bench_plans.py [LOTS]

Prints the processor time of each beside its goal (5 ms for a plan with its operating characteristic, 10 s for 100,000
lots replayed), and the ratio of the two; asserts nothing.
"""

from __future__ import annotations

import itertools
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

from station.lots.plans import plan
from station.lots.requests import plan_from_request
from station.lots.scheme import SEVERITIES
from station.lots.streams import inspected, replay, stream_document
from station.lots.switching import LotResult, after_lot, after_word
from station.values.documents import DefectClass
from station.values.stream import ClassInspected, StreamEvent, StreamSettings

GOAL_PLAN_MS, GOAL_REPLAY_S = 5.0, 10.0


def times_ms(run: Callable[[], object], count: int = 30) -> list[float]:
    run()
    found = []
    for _ in range(count):
        start = time.process_time()
        run()
        found.append(1e3 * (time.process_time() - start))
    return found


def history(lots: int, seed: int = 1) -> tuple[StreamSettings, list[StreamEvent]]:
    """A stream whose quality wanders, with steady production and consent; what is discontinued is resumed at once."""
    settings = StreamSettings(
        name="s", sku="", supplier="", process="", edition="iso2859-1", level="II", type="single", fractional=False,
        aql={"major": 2.5, "minor": 4.0},
    )  # fmt: skip
    at, draw = datetime(2026, 1, 1, tzinfo=UTC), random.Random(seed)
    words = (("production", "steady"), ("consent", "agreed"))
    events = [StreamEvent.model_validate({"kind": k, "value": v, "at": at, "by": "b"}) for k, v in words]
    standing = replay(settings, events)
    results: dict[tuple[DefectClass, str, bool], ClassInspected] = {}
    start = dict(standing.states)
    for severity, bad in itertools.product(SEVERITIES, (False, True)):
        standing.states = {c: s._replace(severity=severity) for c, s in start.items()}
        event = inspected(settings, standing, lot="L", size=1000, found=dict.fromkeys(start, (30 * bad,)), at=at)
        results |= {(r.defect_class, severity, bad): r for r in event.results}
    states = start
    for i in range(lots):
        share = 0.15 if (i // 200) % 5 == 4 else 0.01
        said = tuple(results[c, s.severity, draw.random() < share] for c, s in states.items())
        events.append(StreamEvent(kind="lot", at=at, lot=f"L{i}", size=1000, results=said))
        for r in said:
            after, _ = after_lot(states[r.defect_class], LotResult(r.accepted, r.in_gap, r.points), settings.edition)
            if after.discontinued:
                resumed = {"kind": "resumed", "at": at, "by": "b", "reason": "r", "classes": (r.defect_class,)}
                events.append(StreamEvent.model_validate(resumed))
                after, _ = after_word(after, "resumed", settings.edition)
            states = states | {r.defect_class: after}
    return settings, events


def main() -> None:
    lots = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    for kind in ("single", "double", "multiple"):
        found = times_ms(lambda kind=kind: plan(letter="L", aql=2.5, type=kind))  # type: ignore[misc]
        middle = statistics.median(found)
        ratio = middle / GOAL_PLAN_MS
        print(f"plan with its curve, {kind:9s} {middle:7.2f} ms, goal {GOAL_PLAN_MS:g} ms, ratio {ratio:.2f}")
    full = statistics.median(times_ms(lambda: plan_from_request({"lot_size": 5000, "aql": 2.5})))
    print(f"plan with curve, ASN, AOQ and AOQL {full:.2f} ms")
    scheme = statistics.median(times_ms(lambda: plan_from_request({"scheme": True, "letter": "J", "aql": 2.5}), 5))
    print(f"whole scheme at 52 qualities {scheme:.0f} ms")
    settings, events = history(lots)
    texts = [e.model_dump_json(by_alias=True) for e in events]
    start = time.process_time()
    read = [StreamEvent.model_validate_json(t) for t in texts]
    parsed = time.process_time()
    standing = replay(settings, read)
    done = time.process_time()
    total = done - start
    changes = len(stream_document(settings, standing).changes)
    print(
        f"{lots} lots in two classes: read {parsed - start:.2f} s, replayed {done - parsed:.2f} s, goal "
        f"{GOAL_REPLAY_S:g} s, ratio {total / GOAL_REPLAY_S:.2f}; {changes} changes, {len(standing.remarks)} remarks"
    )


if __name__ == "__main__":
    main()
