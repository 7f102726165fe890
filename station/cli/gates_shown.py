"""Orders and their gates as the terminal shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from station.cli.conduct import document, emit, show, table

if TYPE_CHECKING:
    from station.values.gates import FirstArticleDocument, GateStatus, NextCheck, OrderGatesDocument


def tell(found: OrderGatesDocument, json: bool) -> None:
    """An order as it stands, for people or as its document."""
    if json:
        emit(document(found))
    else:
        show_order(found, None)


def show_orders(found: list[OrderGatesDocument]) -> None:
    """Where each order stands."""
    rows = []
    for one in found:
        stopped = next((g for g in one.gates if not g.passed), None)
        where = "may be shipped" if stopped is None else f"{stopped.gate} is {stopped.state}: {stopped.reason}"
        r = one.record
        rows.append([r.order, r.sku, f"{r.units:,}", f"{r.golden} v{one.golden_version}", r.profile, where])
    table("Orders", ["order", "SKU", "units", "golden", "profile", "where it stands"], rows)


def show_order(found: OrderGatesDocument, only: str | None) -> None:
    """One order in full. only : the gate of which everything that it asks is shown, in the place of the table."""
    r = found.record
    made = f", {found.made:,} made" if found.made else ""
    show(f"Order {r.order}, {r.units:,} units of {r.sku}{made}; golden {r.golden} version {found.golden_version}.")
    if only is None:
        rows = [[g.gate, g.state, _released(g), g.reason] for g in found.gates]
        table("Gates", ["gate", "state", "released by", "why not"], rows)
    for g in found.gates:
        if g.gate == only:
            table(
                f"What the {g.gate} gate asks", ["requirement", "state", "what", "why not, or by whom waived"],
                [[q.key, q.state, q.words, q.reason if q.state == "open" else _waiver(q.waived_by, q.waiver)]
                 for q in g.requirements],
            )  # fmt: skip
    if found.anomalies:
        table(
            "Anomalies", ["", "gate", "what", "with", "until", "state"],
            [[str(a.number), a.gate, a.text, f"{a.who} (level {a.level})", f"{a.due:%Y-%m-%d %H:%M} UTC",
              f"resolved: {a.resolution}" if a.resolved_at else "overdue" if a.overdue else "open"]
             for a in found.anomalies],
        )  # fmt: skip
    if found.next_check is not None:
        show(_next_check(found.next_check))
    for x in found.lots:
        instead = f", replaced by {x.replaced_by}" if x.replaced_by else ""
        show(f"Lot {x.lot}, {x.gate}: {x.inspected} inspected, {x.decision or 'not decided'}{instead}.")
    for remark in found.remarks:
        show(f"Note: {remark}.")
    stopped = next((g for g in found.gates if not g.passed and only in (None, g.gate)), None)
    if found.shippable:
        show("Every gate is passed: the goods may be shipped.")
    elif stopped is not None:
        show(f"Next: {stopped.command}")


def _next_check(due: NextCheck) -> str:
    if due.overdue:
        return f"The in-line check is overdue: {due.reason}."
    parts = [f"at {due.due_made:,} units made"] if due.due_made is not None else []
    parts += [f"by {due.due_at:%Y-%m-%d %H:%M} UTC"] if due.due_at is not None else []
    return f"Next in-line check: {' or '.join(parts)}." if parts else "All is made: no further in-line check is due."


def _released(g: GateStatus) -> str:
    return "" if g.release is None else f"{g.release.name} ({g.release.party}), {g.release.at:%Y-%m-%d %H:%M} UTC"


def _waiver(by: str, text: str) -> str:
    return f"{by}: {text}" if by else ""


def show_form(found: FirstArticleDocument) -> None:
    """The first-article form."""
    from station.report.words import with_u

    show(
        f"First article of order {found.order} ({found.sku}) against golden {found.golden} version "
        f"{found.golden_version}: {len(found.units)} of {found.needed} pieces, {found.verdict}."
    )
    rows = []
    for r in found.rows:
        read = ", ".join(f"{v.unit}: {'-' if v.value is None else with_u(v.value, v.u, '')}" for v in r.values[:3])
        more = f" and {len(r.values) - 3} more" if r.values[3:] else ""
        rows.append([str(r.number), r.characteristic, r.requirement, read + more, str(r.verdict), r.reason])
    table("Characteristics", ["", "characteristic", "requirement", "measured (k = 2)", "verdict", "why"], rows)
    show(f"Function: {found.functional or 'not tried yet'}.")
