"""A control sheet for a re-order or a sibling product, made from a sealed version, and what differs from it (G16).

What was agreed is carried over to the last digit. What was not agreed yet is not: date of receipt and approval, the
names under it, the version. A clone says in ``[golden] cloned_from`` what it was made from, so that the sealed sheet
itself leads back to its origin.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from station.errors import RequestError
from station.sheet import Sheet
from station.sheet.reading import toml_value
from station.values.cloning import SheetChange
from station.values.faults import wrong
from station.values.toml_text import read_toml

APPROVAL: Final = ("version", "received_on", "approved_on", "approved_by", "confirmed_by", "cloned_from", "number")
"""Keys of ``[golden]`` that belong to one approval and are no part of what is made."""
_ORIGIN: Final = re.compile(r"(?P<number>\S+) version (?P<version>\d+) \((?P<digest>[0-9a-f]{12})\)")


def origin_words(number: str, version: int, digest: str) -> str:
    """``GS-20260510 version 2 (1f2e3d4c5b6a)``."""
    return f"{number} version {version} ({digest[:12]})"


def origin_of(sheet: Sheet) -> tuple[str, int, str] | None:
    """Number, version and the first twelve digits of the digest that a sheet was made from; None for no clone."""
    found = _ORIGIN.fullmatch(sheet.golden.cloned_from)
    return None if found is None else (found["number"], int(found["version"]), found["digest"])


def clone(
    sheet: Sheet, origin: str, *, sku: str = "", name: str = "", order: str = "", changes: Sequence[str] = ()
) -> Sheet:
    """The sheet of a re-order, or of a sibling where another SKU is given.

    origin : of :func:`origin_words`. changes : ``TABLE.KEY=VALUE`` or ``TABLE.ROW.KEY=VALUE``, an empty value takes the
    key out. A re-order keeps the golden sample's number, so that it is sealed as its next version; a sibling gets its
    own. Raises RequestError for a table, row or key that there is none of, and for what makes no sheet.
    """
    table = sheet.agreed(mode="python")
    golden = {k: v for k, v in table.get("golden", {}).items() if k not in APPROVAL}
    sibling = bool(sku) and sku != sheet.product.sku
    if not sibling and sheet.golden.number is not None:
        golden["number"] = sheet.golden.number
    table["golden"] = {**golden, "cloned_from": origin}
    given = {"sku": sku, "name": name, "order": order}
    table["product"] = {**table["product"], **{k: v for k, v in given.items() if v}}
    if not order:
        table["product"].pop("order", None)  # the order of the origin is not this one's
    for change in changes:
        _change(table, change)
    try:
        return Sheet.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(k) for k in first["loc"])
        raise RequestError(f"{where}: {wrong(first)}", "Correct the change and run it again.") from error


def _change(table: dict[str, Any], text: str) -> None:
    path, equals, value = text.partition("=")
    keys = [k.strip() for k in path.split(".")]
    if not equals or not 2 <= len(keys) <= 3 or not all(keys):
        raise RequestError(f"{text[:60]!r} is no change", "Write TABLE.KEY=VALUE or TABLE.ROW.KEY=VALUE.")
    inner = table.setdefault(keys[0], {})
    if isinstance(inner, list):
        row = next((r for r in inner if len(keys) == 3 and _label(r) == keys[1]), None)
        if row is None:
            known = ", ".join(_label(r) for r in inner)
            raise RequestError(f"[[{keys[0]}]] has no row {keys[1][:40]!r}", f"Its rows are {known}.")
        inner = row
    elif len(keys) == 3:
        raise RequestError(f"[{keys[0]}] has no rows", f"Write {keys[0]}.KEY=VALUE.")
    if keys[0] == "golden" and keys[-1] in APPROVAL:
        raise RequestError(f"golden.{keys[-1]} is not carried over", "It is given when the new sample is approved.")
    if not value.strip():
        inner.pop(keys[-1], None)
        return
    try:
        inner[keys[-1]] = read_toml(f"x = {value}")["x"]
    except tomllib.TOMLDecodeError:
        inner[keys[-1]] = value.strip()


def differences(was: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[SheetChange, ...]:
    """Every value that differs between two tables, by its path: rows are told by their name or kind."""
    before, after = dict(_flat(was)), dict(_flat(now))
    return tuple(
        SheetChange(where=where, was=before.get(where, ""), now=after.get(where, ""))
        for where in dict.fromkeys((*before, *after))
        if before.get(where) != after.get(where)
    )


def sheet_differences(was: Sheet, now: Sheet) -> tuple[SheetChange, ...]:
    """:func:`differences` of two sheets, without what belongs to one approval."""
    return differences(_made(was), _made(now))


def _made(sheet: Sheet) -> dict[str, Any]:
    table = sheet.agreed(mode="python")
    golden = {k: v for k, v in table.get("golden", {}).items() if k not in APPROVAL}
    return {**table, "golden": golden}


def _flat(table: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        here = f"{path}.{key}" if path else key
        if isinstance(value, dict):
            yield from _flat(value, here)
        elif isinstance(value, list | tuple) and value and isinstance(value[0], dict):
            for row in value:
                yield from _flat(row, f"{here}.{_label(row)}")
        else:
            yield here, toml_value(value)


def _label(row: Mapping[str, Any]) -> str:
    places = [str(row[k]) for k in ("region", "surface") if k in row and "kind" in row]
    return " ".join([str(row.get("name", row.get("kind", ""))), *places])
