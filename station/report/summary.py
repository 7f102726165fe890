"""The one-page summary of a lot, as PDF: decision, classes, counts, the worst units in pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from station.report.typesetting import CJK_FONT, LATIN_FONT, typeset
from station.values.documents import FindingDocument, LotDocument, UnitDocument, Verdict

_TEMPLATE = Path(__file__).with_name("summary.typ")
_ROWS = 10
_REASONS = 4
_COUNTS = 7
_LINE = 105
"""Rows of the tables and letters of a row; with the pictures' fixed height they keep the page one page."""
FINDINGS, PICTURES = 8, 4
"""Findings and annotated pictures that have room; beside findings only half of the pictures."""


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding of a unit for the summary. picture : JPEG bytes, golden and unit side by side. confirmed : reviewers
    say that it is a defect."""

    unit: str
    finding: FindingDocument
    picture: bytes
    confirmed: bool = False


def lot_summary(
    lot: LotDocument,
    units: Sequence[UnitDocument],
    *,
    title: str,
    sheet_number: str,
    on: date,
    pictures: Sequence[bytes],
    findings: Sequence[ShownFinding] = (),
) -> bytes:
    """PDF bytes of the summary; the same inputs give the same bytes.

    units : every inspected unit of the lot. on : when it was decided. pictures : JPEG bytes of annotated pictures,
    findings : of flagged units, the worst first; the first ``PICTURES`` and ``FINDINGS`` are shown.
    """
    flagged = [u for u in units if u.verdict is not Verdict.CONFORMS]
    flagged.sort(key=lambda u: (u.verdict is not Verdict.NONCONFORMS, u.unit))
    shown = flagged[:_ROWS]
    first = units[0] if units else None
    room = PICTURES // 2 if findings else PICTURES
    files = {f"picture-{i}.jpg": picture for i, picture in enumerate(pictures[:room])}
    names = list(files)
    files |= {f"finding-{i}.jpg": found.picture for i, found in enumerate(findings[:FINDINGS])}
    data = {
        "date": [on.year, on.month, on.day],
        "fonts": [LATIN_FONT, CJK_FONT],
        "title": title,
        "subtitle": f"Lot {lot.lot}: {lot.size} units, {lot.inspected} inspected against golden {lot.golden}",
        "decision": lot.decision,
        "reasons": list(lot.reasons[:_REASONS]),
        "classes": [
            [
                c.defect_class,
                f"{c.aql:g}",
                str(c.n),
                c.accepts,
                str(c.re),
                str(c.nonconforming) + (f" (+{c.undecided} undecided)" if c.undecided else ""),
                {True: "accepted", False: "rejected", None: "open"}[c.accepted],
            ]
            for c in lot.classes
        ],
        "counts": [[k, str(v)] for k, v in sorted(lot.counts.items(), key=lambda kv: (-kv[1], kv[0]))[:_COUNTS]],
        "pictures": names,
        "findings": [{"picture": f"finding-{i}.jpg", **_caption(found)} for i, found in enumerate(findings[:FINDINGS])],
        "units": [{"unit": u.unit, "verdict": u.verdict.value, "why": _first_reason(u)} for u in shown],
        "more": len(flagged) - len(shown),
        "footer": _footer(lot, first, sheet_number),
    }
    return typeset(_TEMPLATE, data, files)


def _first_reason(unit: UnitDocument) -> str:
    """The worst reason, cut to what one line of the table holds."""
    more = f" (and {len(unit.reasons) - 1} more)" if len(unit.reasons) > 1 else ""
    first = unit.reasons[0] if unit.reasons else ""
    room = _LINE - len(more)
    return (first if len(first) <= room else first[: room - 3].rstrip() + "...") + more


def _caption(found: ShownFinding) -> dict[str, str]:
    """What stands under a finding: whose it is, what it is and how large, what it may be."""
    f = found.finding
    extent, what = (f.length_mm, "long") if f.kind == "scratch" else (f.size_mm, "across")
    limit = "no limit" if f.limit_mm is None else f"limit {f.limit_mm:g} mm"
    return {
        "verdict": f.verdict.value,
        "what": f"{f.kind} {extent:.2f} mm {what}",
        "unit": found.unit + (", confirmed" if found.confirmed else ""),
        "limit": ", ".join(part for part in (limit, f.region) if part),
    }


def _footer(lot: LotDocument, unit: UnitDocument | None, sheet_number: str) -> str:
    parts = [f"Decision {lot.digest[:16]}"] if lot.digest else []
    if unit is not None:
        parts += [
            f"golden {unit.golden} version {unit.golden_version} ({unit.golden_digest[:16]})",
            f"control sheet {sheet_number} ({unit.sheet_digest[:16]})",
            f"calibration {unit.calibration[:16]}",
            f"defect model {unit.model}",
            f"program {unit.program}",
        ]
    parts.append("colour differences are CIEDE2000, CIE D50, 2 degrees; uncertainties are expanded, k = 2")
    return "  |  ".join(parts)
