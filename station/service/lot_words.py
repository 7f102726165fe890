"""The analysis of a lot in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator

from station.values.lot_analysis import ClusterAnalysis, DiagnosisDocument

_MOST = 6
_MEANS = {
    "isolated": "Isolated",
    "carton": "Carton-specific",
    "lot": "Lot-specific",
    "systemic": "Systemic",
    "insufficient evidence": "Insufficient evidence",
}


def sentences(
    lot: str, inspected: int, nonconforming: int, clusters: ClusterAnalysis, diagnosis: DiagnosisDocument
) -> Iterator[str]:
    """What is wrong, where it lies, what it comes from, what to ask for: one sentence each."""
    are = "does" if nonconforming == 1 else "do"
    yield f"{nonconforming} of the {inspected} inspected units of lot {lot} {are} not conform."
    leading = clusters.leading
    if leading is not None:
        for k, extent in enumerate(clusters.extents[:_MOST]):
            begin = f"{_MEANS[extent.extent]}: " if k == 0 or extent.extent != "insufficient evidence" else "Open: "
            yield f"{begin}{extent.reason}."
        if len(clusters.extents) > _MOST:
            yield f"{len(clusters.extents) - _MOST} rarer defects are in the document (--json)."
        for o in leading.overdispersion:
            if o.low > 0:
                yield (
                    f"Units of one {_plain(o.factor)} are alike (intra-group correlation {o.rho:.2f}): the sample "
                    f"tells as much as {o.n_effective:.0f} units drawn at random."
                )
    for r in clusters.relations:
        yield (
            f"{_plain(r.factor)} and {_plain(r.other)} split the units alike and cannot be told apart."
            if r.relation == "same"
            else f"Every {_plain(r.factor)} lies in one {_plain(r.other)}."
        )
    for remark in clusters.remarks:
        yield f"{remark[:1].upper()}{remark[1:]}."
    begin = f"Cause: {diagnosis.cause}. " if diagnosis.cause else "Cause: not told. "
    yield f"{begin}{diagnosis.reason[:1].upper()}{diagnosis.reason[1:]}."
    if nonconforming:
        for cause in diagnosis.causes:
            for e in cause.evidence:
                speaks = {"for": "for", "against": "against", "open": "open for"}[e.speaks]
                yield f"  {speaks} {cause.cause}: {e.words}."
    for m in diagnosis.measurement:
        if m.state != "ruled out":
            yield f"Measurement ({m.name}) {m.state}: {m.words}."
    for k, record in enumerate(diagnosis.ask_for):
        yield f"{'Ask the factory for' if k == 0 else 'Then for'} {record}."


def _plain(name: str) -> str:
    return name.replace("_", " ")
