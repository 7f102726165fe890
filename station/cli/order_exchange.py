"""``order export``, ``verify``, ``import``, ``received``, ``compare``: whole orders between two stations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import NONCONFORMING, FailOn, Json, context_of, document, emit, progress, show, table
from station.cli.signing_off import Keys, read_keys

if TYPE_CHECKING:
    from station.values.order_exchange import OrderComparisonDocument, OrderContents

_SHOWN = 20

File = Annotated[Path, typer.Argument(metavar="FILE.zip", help="The archive that the other station exported.")]
Known = Annotated[
    list[str] | None,
    typer.Option("--key", metavar="PUB", help="Public key of the other station; not needed once orders came from it."),
]


def register(order: typer.Typer) -> None:
    """Add the commands of this room to ``order``."""
    for name, command in (
        ("export", export), ("verify", verify), ("import", receive), ("received", received), ("compare", compare),
    ):  # fmt: skip
        order.command(name)(command)


def export(
    context: typer.Context,
    order: Annotated[
        str,
        typer.Argument(metavar="ORDER", help="Purchase order as opened or as sheets name it, or a golden's number."),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.zip", help="Where the archive goes.")],
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="With the units' photos, or their digests alone.")
    ] = False,
    costs: Annotated[
        bool, typer.Option("--costs", help="With your prices and losses by remedy; not for the other party.")
    ] = False,
    json: Json = False,
) -> None:
    """Write everything about an order as one sealed archive."""
    with context_of(context).open() as station, progress("Sealing the archive"):
        made = station.packages.orders.export(order, out, pictures=pictures, costs=costs)
    if json:
        emit(document(made))
        return
    show(f"{_words(made.contents)}: {made.file}, {made.size / 1e6:.1f} MB, SHA-256 {made.sha256}")
    show(f"Sealed with key {made.fingerprint}. Whoever gets it needs that key: station key show --out FILE.pub")


def verify(file: File, key: Keys, json: Json = False, fail: FailOn = False) -> None:
    """Verify an archive with nothing but the file and a public key."""
    from station.service.order_exchange import verify as hold

    found = hold(file, read_keys(key))
    if json:
        emit(document(found))
    elif found.ok and found.contents is not None:
        show(f"{found.file} holds: {_words(found.contents)}, {found.files} files.")
        for gate in found.contents.released:
            show(f"  released: {gate}")
        show(f"Sealed with key {found.sealed_by_fingerprint}; head of that station's ledger: {found.head}")
    else:
        show(f"{found.file} DOES NOT HOLD. Trust nothing in it; ask for it again.")
        for fault in found.faults[:_SHOWN]:
            show(f"  {fault.where}: {fault.what}")
        if len(found.faults) > _SHOWN:
            show(f"  and {len(found.faults) - _SHOWN} more: --json lists them all.")
    if fail and not found.ok:
        raise typer.Exit(NONCONFORMING)


def receive(
    context: typer.Context,
    file: File,
    party: Annotated[str, typer.Option("--from", metavar="NAME", help="Whose records these are, such as hongda.")],
    key: Known = None,
    json: Json = False,
) -> None:
    """Keep another station's archive beside the own records; nothing of them is changed."""
    with context_of(context).open() as station, progress("Verifying the archive"):
        made = station.packages.orders.receive(file, party=party, keys=read_keys(key or []))
    if json:
        emit(document(made))
        return
    state = "Kept" if made.new else "Kept already"
    show(f"{state} as the records of {made.party}: {_words(made.contents)}.")
    show(f"Compare: station order compare {made.contents.order!r}")


def received(context: typer.Context, json: Json = False) -> None:
    """Orders as other stations recorded them."""
    with context_of(context).open() as station:
        found = station.packages.orders.received()
    if json:
        for one in found:
            emit(document(one))
        return
    rows = [
        [r.contents.order, r.party, r.received_at.date().isoformat(), str(r.contents.counts["units"]),
         ", ".join(r.contents.lots), str(len(r.contents.released)), r.head.partition(":")[0], r.fingerprint]
        for r in found
    ]  # fmt: skip
    table(
        "Orders of other stations",
        ["order", "of", "received", "units", "lots", "gates released", "ledger entry", "key"],
        rows,
    )


def compare(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="FILE|ORDER", help="An archive, or an order that was received.")],
    key: Known = None,
    json: Json = False,
    fail: FailOn = False,
) -> None:
    """The other station's records beside this one's: versions, values with their uncertainties, verdicts."""
    with context_of(context).open() as station, progress("Comparing"):
        found = station.packages.orders.compare(what, keys=read_keys(key or []))
    if json:
        emit(document(found))
    else:
        _show(found)
    if fail and not found.agrees:
        raise typer.Exit(NONCONFORMING)


def _words(contents: OrderContents) -> str:
    counts = contents.counts
    return (
        f"order {contents.order} with {counts['goldens']} golden versions, {counts['lots']} lots, "
        f"{counts['units']} units, {counts['nonconformities']} nonconformities, "
        f"{f'{len(contents.released)} released gates, ' if contents.released else ''}"
        f"{'with' if contents.pictures else 'without'} pictures"
    )


def _show(found: OrderComparisonDocument) -> None:
    show(f"Order {found.order}: this station beside {found.other}, by {len(found.units)} units that both have.")
    table("Versions that differ", ["what", "here", found.other], [[v.what, v.own, v.other] for v in found.versions])
    gates = [[g.order, g.sku, g.gate, g.own or "not on record", g.other or "not on record"] for g in found.gates]
    table("Gates released", ["order", "SKU", "gate", "here", found.other], gates)
    lots = [[x.lot, x.own or "none", x.other or "none"] for x in found.lots]
    table("Lots", ["lot", "here", found.other], lots)
    rows = [
        [c.characteristic, str(c.n), _number(c.mean_difference), _number(c.sd_difference), c.unit,
         f"{c.beyond} of {c.compared}", _number(c.worst_en), c.worst_unit or "", str(c.verdicts_differ)]
        for c in found.characteristics
    ]  # fmt: skip
    columns = ["characteristic", "units", "mean difference", "its scatter", "unit", "|En| above 1", "worst En", "at",
               "verdicts differ"]  # fmt: skip
    table("Characteristics", columns, rows)
    apart = [
        [u.unit, v.characteristic, _value(v.own, v.own_u), _value(v.other, v.other_u), v.unit, _number(v.en),
         f"{v.own_verdict} / {v.other_verdict}"]
        for u in found.units for v in u.values
        if v.agrees is False or (v.own_verdict and v.other_verdict and v.own_verdict != v.other_verdict)
    ]  # fmt: skip
    columns = ["unit", "characteristic", "here", found.other, "unit of measure", "En", "verdicts"]
    table("Values that differ", columns, apart[:_SHOWN])
    if len(apart) > _SHOWN:
        show(f"... and {len(apart) - _SHOWN} more: --json lists them all.")
    differ = [
        [u.unit, u.own_lot or "", u.own_standing, u.other_standing]
        for u in found.units
        if u.own_standing != u.other_standing
    ]
    table("Units that stand otherwise", ["unit", "lot", "here", found.other], differ[:_SHOWN])
    for words, names in (("Only here", found.only_own), (f"Only with {found.other}", found.only_other)):
        if names:
            show(f"{words}: {', '.join(names[:_SHOWN])}{' ...' if len(names) > _SHOWN else ''} ({len(names)} units)")
    for remark in found.remarks:
        show(f"Note: {remark}.")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _value(value: float | None, u: float | None) -> str:
    return "" if value is None else f"{value:.4g} ± {u:.2g}"
