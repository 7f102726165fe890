"""How strong a claim is, 0-100: what makes it hard to refuse, piece by piece (N12, S10, S13).

The points are a judgement, the same for every claim: 40 for numbers beyond a signed limit, 20 for the sample, 20 for
photos and instruments, 20 for the documents behind the standard. From 75 a claim is called strong, from 45 fair.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from station.values.nonconformity import Evidence, EvidencePart, Facts, Item, Phrase

STRONG: Final = 75
FAIR: Final = 45


def strength(facts: Facts, items: Sequence[Item], shown: Sequence[str | None] = ()) -> Evidence:
    """The parts in their order, and their sum.

    shown : for every item, what the photo that a person handed in for it shows sizes by, "" where it shows nothing,
    None where there is none but the station's own (S10).
    """
    parts = (
        *(_measured(items), _proven(items), _sample(facts), _drawn(facts), _scale(facts, shown), _study(facts)),
        *(_method(facts), _signed(facts), _papers(facts)),
    )
    score = sum(p.points for p in parts)
    level: Literal["strong", "fair", "weak"] = "strong" if score >= STRONG else "fair" if score >= FAIR else "weak"
    return Evidence(score=score, level=level, parts=parts)


def _part(name: str, share: float, most: int, **values: object) -> EvidencePart:
    points = round(most * share)
    key = f"evidence.{name}-{'yes' if points == most else 'no' if points == 0 else 'partly'}"
    words = Phrase(key=key, values={k: str(v) for k, v in values.items()})
    return EvidencePart(name=name, points=points, most=most, words=words)


def _measured(items: Sequence[Item]) -> EvidencePart:
    numbers = sum(i.value is not None and i.limit is not None and bool(i.clause) for i in items)
    return _part("measured", numbers / len(items) if items else 0.0, 20, units=numbers, of=len(items))


def _proven(items: Sequence[Item]) -> EvidencePart:
    units = sum(i.units for i in items if i.value is not None)
    proven = sum(i.proven for i in items)
    return _part("proven", proven / units if units else 0.0, 20, units=proven, of=units)


def _sample(facts: Facts) -> EvidencePart:
    return _part("sample", float(facts.decision == "rejected"), 12, inspected=facts.inspected, size=f"{facts.size:,}")


def _drawn(facts: Facts) -> EvidencePart:
    return _part("drawn", 1.0 if facts.drawn else 0.5 if len(facts.cartons) > 1 else 0.0, 8, cartons=len(facts.cartons))


def _scale(facts: Facts, shown: Sequence[str | None]) -> EvidencePart:
    """Each point counts by the photo that stands for it: the station's own by the share of them that have a scale, a
    person's by whether it shows one."""
    own = facts.scaled / facts.photos if facts.photos else 0.0
    handed = [s for s in shown if s is not None]
    if not handed:
        return _part("scale", own, 10, units=facts.scaled, of=facts.photos)
    share = sum(own if s is None else float(bool(s)) for s in shown) / len(shown)
    part = _part("scale", share, 10, units=facts.scaled, of=facts.photos)
    bare = sum(not s for s in handed)
    told = {"units": str(bare or len(handed)), "of": str(len(handed))}
    key = "evidence.scale-bare" if bare else "evidence.scale-handed"
    return part.model_copy(update={"words": Phrase(key=key, values=told)})


def _study(facts: Facts) -> EvidencePart:
    return _part(
        "study", facts.studied / facts.photos if facts.photos else 0.0, 5, units=facts.studied, of=facts.photos
    )


def _method(facts: Facts) -> EvidencePart:
    return _part(
        "method", float(not facts.suspect), 5, words="|".join(f"@suspect.{s.replace(' ', '-')}" for s in facts.suspect)
    )


def _signed(facts: Facts) -> EvidencePart:
    named = (facts.approved_by, facts.confirmed_by)
    return _part("signed", sum(map(bool, named)) / 2, 10, buyer=named[0] or "—", supplier=named[1] or "—")


def _papers(facts: Facts) -> EvidencePart:
    """Purchase order and artwork revision beside control sheet and golden sample (S13)."""
    papers = (facts.order, facts.artwork)
    return _part("papers", sum(map(bool, papers)) / 2, 10, order=papers[0] or "—", artwork=papers[1] or "—")
