"""Re-orders and sibling products: control sheet and record made from a sealed golden sample, and what differs (G16)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from station.errors import ConflictError, NotFoundError, RequestError
from station.quality import cloning as rules
from station.sheet import Sheet, dump_sheet, load_sheet
from station.sheet.reading import dump_table
from station.store import package_file
from station.values.cloning import CloneDocument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from station.service.station import Station
    from station.service.views import GoldenView
    from station.values.cloning import SheetChange

SHEET, RECORD = "sheet.toml", "record.toml"


def made_clone(
    station: Station, number: str, *, version: int | None = None, sku: str = "", name: str = "", order: str = "",
    changes: Sequence[str] = (),
) -> tuple[CloneDocument, dict[str, str]]:  # fmt: skip
    """What ``sheet.toml`` and ``record.toml`` of a re-order or sibling say, by their names, and what differs.

    changes : ``TABLE.ROW.KEY=VALUE``. Nothing is sealed or signed by it. Raises NotFoundError for a version that there
    is none of, RequestError for a change that makes no sheet.
    """
    before = station.golden(number, version)
    was = load_sheet(station.golden_sheet(number, before.version).encode())
    origin = rules.origin_words(before.number, before.version, before.digest)
    made = rules.clone(was, origin, sku=sku.strip(), name=name.strip(), order=order.strip(), changes=changes)
    entry = _entry(station, number)
    kept = {k: v for k, v in entry.items() if k != "order"}  # the order of the origin is not this one's
    told = _document(station, before, was, made, None, rules.differences(entry, kept))
    return told, {SHEET: dump_sheet(made), RECORD: dump_table(kept)}


def write_clone(
    station: Station, number: str, folder: Path, *, version: int | None = None, sku: str = "", name: str = "",
    order: str = "", changes: Sequence[str] = (),
) -> CloneDocument:  # fmt: skip
    """Write :func:`made_clone` into a folder that is not there yet. Raises RequestError also for one that cannot be
    written."""
    told, files = made_clone(station, number, version=version, sku=sku, name=name, order=order, changes=changes)
    _write(folder, files)
    return told


def origin(station: Station, number: str) -> CloneDocument:
    """What a sealed golden sample was made from, and every value that differs.

    Raises ConflictError where it is no clone, or where the origin is not the one that it was made from.
    """
    row = station.golden(number)
    now = load_sheet(station.golden_sheet(number).encode())
    found = rules.origin_of(now)
    if found is None:
        raise ConflictError(
            f"golden {number} version {row.version} was made from no other",
            f"Make a sheet from one: station golden clone {number} --out FOLDER",
        )
    before = station.golden(found[0], found[1])
    if before.digest[:12] != found[2]:
        raise ConflictError(
            f"golden {number} was made from {now.golden.cloned_from}, and this home has another {found[0]} version "
            f"{found[1]}",
            "Compare it in the home where it was made.",
        )
    changed = rules.differences(_entry(station, before.number), _entry(station, number))
    was = load_sheet(station.golden_sheet(before.number, before.version).encode())
    return _document(station, before, was, now, row, changed)


def _document(
    station: Station, before: GoldenView, was: Sheet, now: Sheet, row: GoldenView | None,
    record: tuple[SheetChange, ...],
) -> CloneDocument:  # fmt: skip
    state = "a sheet, not sealed" if row is None else station.sign_off.status(row.number).state
    return CloneDocument(
        origin=before.number, origin_version=before.version, origin_digest=before.digest,
        number=None if row is None else row.number, version=None if row is None else row.version,
        sku=now.product.sku, state=state, changes=rules.sheet_differences(was, now), record_changes=record,
    )  # fmt: skip


def _entry(station: Station, number: str) -> dict[str, Any]:
    """What people wrote into a golden sample's record by now."""
    found: dict[str, Any] = station.record.show(number).entry.model_dump(exclude_defaults=True)
    return found


def _write(folder: Path, files: dict[str, str]) -> None:
    """Every file, or no folder at all."""
    if folder.exists():
        raise RequestError(f"{folder} is there already", "Name a new folder.")
    if not folder.parent.is_dir():
        raise NotFoundError(f"{folder.parent} is no folder", "Name one that is there.")
    made = folder.with_name(f".{folder.name}.writing")
    try:
        made.mkdir()
        for name, text in files.items():
            package_file.write(made / name, text.encode())
        made.replace(folder)
    except OSError as error:
        for name in files:
            (made / name).unlink(missing_ok=True)
        if made.is_dir():
            made.rmdir()
        raise RequestError(f"{folder} cannot be written: {error.strerror}", "Give another place.") from error
