"""``golden artefact``, ``sign``, ``approval-sheet``, ``countersign``, ``acknowledge``, ``status``, and packages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from station.cli.conduct import (
    NONCONFORMING,
    FailOn,
    GoldenNumber,
    Json,
    context_of,
    document,
    emit,
    progress,
    show,
    table,
)
from station.errors import RequestError

if TYPE_CHECKING:
    from station.values.sign_off import ArtefactStatus, GoldenStatusDocument, PackageDocument, SignOffDocument

artefact = typer.Typer(
    help="Packaging, label, carton mark, manual and accessories, each with its own versions.", no_args_is_help=True,
    rich_markup_mode=None,
)  # fmt: skip

Party = Annotated[str, typer.Option("--party", metavar="PARTY", help="buyer or supplier.")]
Name = Annotated[str, typer.Option("--name", metavar="WHO", help="The person who decides.")]
Role = Annotated[str, typer.Option("--role", metavar="TITLE", help="That person's role.")]
Kind = Annotated[
    str,
    typer.Option("--artefact", metavar="KIND", help="product, packaging, label, carton-mark, manual or accessories."),
]
Keys = Annotated[
    list[str],
    typer.Option("--key", metavar="PUB", help="Public key that you trust: its file, or its 64 digits. Any number."),
]


def register(golden: typer.Typer) -> None:
    """Add the commands of this room to ``golden``."""
    golden.add_typer(artefact, name="artefact")
    for name, command in (
        ("sign", sign), ("countersign", countersign), ("acknowledge", acknowledge), ("status", status),
        ("export", export), ("verify", verify), ("approval-sheet", approval_sheet),
    ):  # fmt: skip
        golden.command(name)(command)


@artefact.command("add")
def add_artefact(
    context: typer.Context,
    number: GoldenNumber,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="packaging, label, carton-mark, manual or accessories.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The artwork, photo, manual or list.")],
    by: Annotated[str, typer.Option("--by", metavar="WHO", help="Who hands it in.")],
    version: Annotated[
        int | None, typer.Option("--version", min=1, metavar="N", help="Its own version number.")
    ] = None,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="What changed.")] = "",
    json: Json = False,
) -> None:
    """Record a version of an artefact; it is in force from then on."""
    with context_of(context).open() as station:
        made = station.sign_off.add_artefact(number, kind, file, by=by, version=version, note=note)
    if json:
        emit(document(made))
        return
    show(f"The {made.kind} of golden {number} has version {made.version} now: {made.name}, {made.digest}")


def sign(
    context: typer.Context,
    number: GoldenNumber,
    party: Party,
    name: Annotated[str, typer.Option("--name", metavar="WHO", help="The person who signs.")] = "",
    role: Role = "",
    artefact: Kind = "product",
    signature: Annotated[
        Path | None,
        typer.Option("--signature", metavar="FILE", help="A signature made elsewhere with `golden countersign`."),
    ] = None,
    sheet_photo: Annotated[
        Path | None, typer.Option("--sheet-photo", metavar="PHOTO", help="Photo of the printed sheet, signed by hand.")
    ] = None,
    json: Json = False,
) -> None:
    """Sign the version in force: with this station's key, by a signature made elsewhere, or on paper."""
    if signature is not None and sheet_photo is not None:
        raise RequestError("--signature and --sheet-photo are two ways to sign", "Give one of them.")
    with context_of(context).open() as station:
        if signature is not None:
            if name or role or artefact != "product":
                raise RequestError("the signature says who signed what", "Leave out --name, --role and --artefact.")
            made = station.sign_off.import_signature(number, signature, party=party)
        else:
            made = station.sign_off.sign(
                number, party=party, name=name, role=role, artefact=artefact, sheet_photo=sheet_photo
            )
    if json:
        emit(document(made))
        return
    show(_signed(made))
    if made.fingerprint:
        show(f"Key: {made.fingerprint}")
    for remark in made.remarks:
        show(f"Warning: {remark}")


def approval_sheet(
    context: typer.Context,
    number: GoldenNumber,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.pdf", help="Where the page goes.")],
) -> None:
    """The page that both parties sign by hand, as PDF."""
    from station.service.out_files import write_file
    from station.service.reporting import approval_sheet as write

    if out.suffix.lower() != ".pdf" or out.is_dir():
        raise RequestError(f"{out} is no .pdf file", "Name the file of the page with -o FILE.pdf.")
    with context_of(context).open() as station:
        page = write(station, number)
    write_file(out, page)
    show(f"Print {out}, have both parties sign it, and photograph it once for each signature.")


def countersign(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="The package that the other party exported.")],
    key: Keys,
    party: Party,
    name: Name,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.json", help="Where the signature goes.")],
    role: Role = "",
    artefact: Kind = "product",
    json: Json = False,
) -> None:
    """Sign another station's package with this station's key; send the file back."""
    keys = read_keys(key)
    with context_of(context).open() as station:
        made = station.packages.countersign(
            file, out, keys=keys, party=party, name=name, role=role, artefact=artefact
        )  # fmt: skip
    if json:
        emit(document(made))
        return
    said = made.statement
    show(f"Signed {said['artefact']} version {said['version']} of {said['number']} for the {said['party']}: {out}")
    show(f"Send {out} back; there: station golden sign {said['number']} --party {said['party']} --signature {out.name}")


def acknowledge(
    context: typer.Context,
    number: GoldenNumber,
    party: Annotated[
        str,
        typer.Option(
            "--party", metavar="PARTY", help="buyer, procurement, sales, supplier, factory, packing or inspection."
        ),
    ],
    name: Name,
    artefact: Kind = "product",
    version: Annotated[
        int | None,
        typer.Option("--version", min=1, metavar="N", help="The version they hold, else that in force."),
    ] = None,
    note: Annotated[str, typer.Option("--note", metavar="TEXT", help="How they said so.")] = "",
    attach: Annotated[
        Path | None, typer.Option("--attach", metavar="FILE", help="Their reply, kept as evidence.")
    ] = None,
    json: Json = False,
) -> None:
    """Record which version of an artefact a party holds."""
    with context_of(context).open() as station:
        made = station.sign_off.acknowledge(
            number, party=party, name=name, artefact=artefact, version=version, note=note, attach=attach
        )
    if json:
        emit(document(made))
        return
    show(f"{made.name} ({made.party}) holds version {made.version} of the {made.artefact} of golden {number}.")
    for remark in made.remarks:
        show(f"Warning: {remark}.")


def status(context: typer.Context, number: GoldenNumber, json: Json = False) -> None:
    """Who signed and who holds which version of each artefact."""
    with context_of(context).open() as station:
        found = station.sign_off.status(number)
    if json:
        emit(document(found))
        return
    _show_status(found)


def export(
    context: typer.Context,
    number: GoldenNumber,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.zip", help="Where the package goes.")],
    version: Annotated[int | None, typer.Option("--version", min=1, metavar="N", help="Without it the newest.")] = None,
    json: Json = False,
) -> None:
    """Write the sealed package: sheet, photos, master, signatures, proof of the ledger."""
    with context_of(context).open() as station, progress("Sealing the package"):
        made = station.packages.export(number, out, version=version)
    if json:
        emit(document(made))
        return
    show(f"Golden {made.number} version {made.version}: {made.file}, {made.size / 1e6:.1f} MB, SHA-256 {made.sha256}")
    show(f"Sealed with key {made.fingerprint}. Whoever gets it needs that key: station key show --out FILE.pub")


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE.zip", help="The package.")],
    key: Keys,
    json: Json = False,
    fail: FailOn = False,
) -> None:
    """Verify a sealed package with nothing but the file and a public key."""
    from station.service.packages import verify as hold

    found = hold(file, read_keys(key))
    if json:
        emit(document(found))
    else:
        _show_package(found)
    if fail and not found.ok:
        raise typer.Exit(NONCONFORMING)


def read_keys(given: list[str]) -> list[str]:
    """Public keys of ``--key`` options."""
    from station.service.ledger_view import read_key

    return [read_key(k) for k in given]


def _signed(made: SignOffDocument) -> str:
    said = made.statement
    state = "signed" if made.new else "had signed already"
    return (
        f"{said.name} {state} {said.artefact} version {said.version} of golden {said.number} for the {said.party} "
        f"({made.method}): {made.digest}"
    )


def _show_status(found: GoldenStatusDocument) -> None:
    state = f"superseded by {found.superseded_by}" if found.superseded_by else found.state
    show(f"Golden {found.number} version {found.version}, {found.product} ({found.sku}): {state}.")
    rows = [_row(a) for a in found.artefacts]
    table("Artefacts", ["artefact", "in force", "file", "signed by", "held"], rows)
    if found.reason:
        show(f"Nobody inspects: {found.reason}")
    for remark in found.remarks:
        show(f"Note: {remark}.")


def _row(a: ArtefactStatus) -> list[str]:
    if a.version is None:
        return [a.artefact, "none", "", "", ""]
    signed = ", ".join(f"{p} ({how})" for p, how in a.signed_by.items()) or "nobody"
    held = ", ".join(f"{h.party} {h.version}{'' if h.current else ' (old)'}" for h in a.held)
    return [a.artefact, str(a.version), a.name, signed, held or "nobody said"]


def _show_package(found: PackageDocument) -> None:
    if found.ok:
        show(f"{found.file} holds: golden {found.number} version {found.version} ({found.sku}), {found.files} files.")
        show(f"Sealed with key {found.sealed_by_fingerprint}; head of that station's ledger: {found.head}")
        rows = [
            [s.party, f"{s.artefact} {s.version}", f"{s.name}{f', {s.role}' if s.role else ''}", s.at[:10], s.method,
             s.fingerprint or ""]
            for s in found.signers
        ]  # fmt: skip
        table("Signatures", ["party", "artefact", "name", "on", "method", "key"], rows)
        released = [
            [g.order, g.sku, g.gate, g.requirement or g.act, f"{g.name} ({g.party})", g.at[:10], g.fingerprint]
            for g in found.gates
        ]
        columns = ["order", "SKU", "gate", "release, or waived", "name", "on", "key"]
        table("Gates released on this version", columns, released)
        show(f"The golden's record: {found.recorded} events.")
    else:
        show(f"{found.file} DOES NOT HOLD. Trust nothing in it; ask for it again.")
        for fault in found.faults:
            show(f"  {fault.where}: {fault.what}")
    for remark in found.remarks:
        show(f"Note: {remark}.")
