"""The analysis of a lot in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator

from station.lots.multiplicity import ALPHA
from station.values.documents import ClusterDocument
from station.values.lot_analysis import ClusterAnalysis, DiagnosisDocument, ExtentDocument, p_words

_MOST = 6
_MEANS = {
    "isolated": "Isolated",
    "carton": "Carton-specific",
    "lot": "Lot-specific",
    "systemic": "Systemic",
    "insufficient evidence": "Insufficient evidence",
}
_SPEAKS = {"for": "for", "against": "against", "open": "not known"}


def sentences(
    lot: str, inspected: int, nonconforming: int, clusters: ClusterAnalysis, diagnosis: DiagnosisDocument
) -> Iterator[str]:
    """What is wrong, where it lies, what it comes from, what to ask for: one sentence each."""
    are = "does" if nonconforming == 1 else "do"
    units = "unit" if inspected == 1 else "units"
    yield f"{nonconforming} of {inspected} inspected {units} of lot {lot} {are} not conform."
    yield from _where(clusters)
    yield from _measurement(diagnosis)
    begin = f"Cause: {diagnosis.cause}. " if diagnosis.cause else "Cause: not told. "
    yield f"{begin}{_sentence(diagnosis.reason)}"
    if diagnosis.ask_for:
        yield from _evidence(diagnosis)
    for k, record in enumerate(diagnosis.ask_for):
        yield f"{'Ask the factory for' if k == 0 else 'Then for'} {record}."
    if diagnosis.ask_for:
        yield (
            "What the factory cannot show is itself a risk for the next order: keep what came with "
            "station nc records NUMBER."
        )


def _where(clusters: ClusterAnalysis) -> Iterator[str]:
    for k, extent in enumerate(clusters.extents[:_MOST]):
        begin = f"{_MEANS[extent.extent]}: " if k == 0 or extent.extent != "insufficient evidence" else "Open: "
        yield f"{begin}{extent.reason}."
    if len(clusters.extents) > _MOST:
        yield f"{len(clusters.extents) - _MOST} rarer defects are in the document (--json)."
    if clusters.leading is not None:
        yield from _held_fixed(clusters.leading, clusters)
        yield from _alike(clusters.leading)
    yield from _first_look(clusters)
    for r in clusters.relations:
        yield (
            f"{_sentence(_plain(r.factor))[:-1]} and {_plain(r.other)} split the units alike and cannot be told apart."
            if r.relation == "same"
            else f"Every {_plain(r.factor)} lies in one {_plain(r.other)}."
        )
    for remark in clusters.remarks:
        yield _sentence(remark)


def _held_fixed(leading: ExtentDocument, clusters: ClusterAnalysis) -> Iterator[str]:
    """Whether the worst level still stands out among units that are alike in another factor."""
    worst = next((c for c in clusters.clusters if (c.defect, c.factor) == (leading.defect, leading.factor)), None)
    if worst is None:
        return
    still = {other: worst.odds_given.get(other) for other, p in worst.p_given.items() if p <= ALPHA}
    if not still:
        return
    odds = [o for o in still.values() if o is not None]
    times = "" if len(odds) < len(still) else f": the odds of {worst.defect} are {_times(odds)} there"
    listed = _listed([_plain(other) for other in still])
    yield f"Among units of the same {listed}, {_plain(worst.factor)} {worst.level} still stands out{times}."


def _alike(leading: ExtentDocument) -> Iterator[str]:
    """Of the factors whose units resemble each other, the one that costs the sample most."""
    alike = [o for o in leading.overdispersion if o.low > 0]
    if alike:
        o = min(alike, key=lambda o: o.n_effective)
        yield (
            f"Units of one {_plain(o.factor)} are alike (intra-group correlation {o.rho:.2f}): of {leading.defect} the "
            f"sample tells as much as {o.n_effective:.0f} units drawn at random."
        )


def _first_look(clusters: ClusterAnalysis) -> Iterator[str]:
    if not clusters.first_look:
        return
    listed = ", ".join(_level(c) for c in clusters.first_look[:_MOST])
    more = len(clusters.first_look) - _MOST
    tail = f" and {more} more" if more > 0 else ""
    yield f"Worth a look, but no claim, since up to one in twenty of such is chance: {listed}{tail}."


def _measurement(diagnosis: DiagnosisDocument) -> Iterator[str]:
    """Causes in the measurement, which come before those in the goods."""
    out = [m.name for m in diagnosis.measurement if m.state == "ruled out"]
    if out:
        yield f"Measurement: {_listed(out, 'and')} {'is' if len(out) == 1 else 'are'} ruled out as a cause."
    for m in diagnosis.measurement:
        if m.state != "ruled out":
            yield f"Measurement: {m.name} is {m.state}: {m.words}."


def _evidence(diagnosis: DiagnosisDocument) -> Iterator[str]:
    for cause in diagnosis.causes:
        yield f"{_sentence(cause.cause)[:-1]} is {cause.state}:"
        for e in cause.evidence:
            yield f"  {_SPEAKS[e.speaks]}: {e.words}."


def _level(c: ClusterDocument) -> str:
    return (
        f"{c.defect} in {_plain(c.factor)} {c.level} ({c.units} of {c.of}, elsewhere {c.elsewhere} of "
        f"{c.elsewhere_of}, {p_words(c.p)})"
    )


def _times(odds: list[float]) -> str:
    low, high = (f"{o:.0f}" if o >= 10 else f"{o:.1f}" for o in (min(odds), max(odds)))
    return f"{low} times as high" if low == high else f"{low} to {high} times as high"


def _listed(names: list[str], last: str = "or") -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _plain(name: str) -> str:
    return name.replace("_", " ")
