"""The control sheet's TOML, in and out. Every refusal is one line that names table and key and says what to do."""

from __future__ import annotations

import difflib
import json
import tomllib
import typing
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from station.errors import SheetError
from station.sheet.models import Sheet
from station.values.faults import wrong
from station.values.toml_text import read_toml

MAX_BYTES = 1_000_000
TABLES = ("product", "golden", "aql", "decision", "viewing", "sets", "lacquer")
"""Tables that there is one of."""


def load_sheet(source: Path | bytes | str) -> Sheet:
    """Read a control sheet.

    Parameters
    ----------
    source
        A file's path, its bytes, or a text: a text of more than one line is the TOML itself, of one line a path.

    Raises
    ------
    SheetError
        Unreadable, not UTF-8, not TOML, an unknown key, a wrong type, a limit or position that makes no sense.
    """
    return _parse(*_read(source))


def read_sheet_file(path: Path) -> tuple[Sheet, str]:
    """A control sheet and the very text it was read from. Raises as :func:`load_sheet`."""
    name, data = _read(path)
    return _parse(name, data), data.decode("utf-8-sig")


@lru_cache(maxsize=64)  # the sheet in force is asked for with every decision, and no sheet is ever changed
def _parse(name: str, data: bytes) -> Sheet:
    try:
        table = read_toml(data.decode("utf-8-sig"))
    except UnicodeDecodeError as e:
        raise SheetError(f"{name} is not UTF-8 text (byte {e.start})", "Save the control sheet as UTF-8.") from e
    except (tomllib.TOMLDecodeError, RecursionError) as e:
        raise SheetError(f"{name} is not TOML: {e}", "Correct the line named, then run again.") from e
    try:
        return Sheet.model_validate(table)
    except ValidationError as e:
        raise _refusal(name, table, e) from e


def dump_sheet(sheet: Sheet) -> str:
    """The sheet as TOML, with the defaults spelled out; ``load_sheet`` reads it back with the same digest."""
    return dump_table(sheet.agreed(mode="python"))


def dump_table(table: dict[str, Any]) -> str:
    """A table of values, tables and lists of tables as TOML; values come before tables, as TOML wants them."""
    lines: list[str] = []
    for key, value in sorted(table.items(), key=lambda pair: _is_table(pair[1])):
        if isinstance(value, dict):
            lines += ["", f"[{key}]", *_pairs(value)]
        elif _is_table(value):
            for row in value:
                lines += ["", f"[[{key}]]", *_pairs(row)]
        else:
            lines.append(f"{key} = {toml_value(value)}")
    return "\n".join(lines) + "\n"


def _is_table(value: Any) -> bool:
    return isinstance(value, dict) or (
        isinstance(value, list | tuple) and bool(value) and all(isinstance(row, dict) for row in value)
    )


def _pairs(table: dict[str, Any]) -> list[str]:
    return [f"{key} = {toml_value(value)}" for key, value in table.items()]


def toml_value(value: Any) -> str:
    """A text, number, date or list of them as TOML writes it."""
    if isinstance(value, str):
        # JSON's escapes are TOML's too, except that TOML also wants DEL escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list | tuple):
        return f"[{', '.join(toml_value(v) for v in value)}]"
    if isinstance(value, float):
        return repr(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _read(source: Path | bytes | str) -> tuple[str, bytes]:
    if isinstance(source, str) and "\n" in source:
        source = source.encode()
    if isinstance(source, bytes):
        if len(source) > MAX_BYTES:
            raise SheetError(f"The control sheet has {len(source)} bytes", f"Give at most {MAX_BYTES} bytes of TOML.")
        return "The control sheet", source
    path = Path(source)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise SheetError(
                f"{path.name} has {path.stat().st_size} bytes", f"Give a control sheet of at most {MAX_BYTES} bytes."
            )
        return path.name, path.read_bytes()
    except OSError as e:
        raise SheetError(
            f"The control sheet {path} cannot be read: {e.strerror}", "Give the path of a TOML file."
        ) from e


def _refusal(name: str, table: dict[str, Any], error: ValidationError) -> SheetError:
    # An unknown key is reported before what its absence under the right name causes elsewhere.
    problems = sorted(error.errors(include_url=False), key=lambda p: p["type"] != "extra_forbidden")
    first = problems[0]
    loc = first["loc"]
    more = f" ({len(problems) - 1} more)" if len(problems) > 1 else ""
    where = _where(table, loc)
    if first["type"] == "extra_forbidden":
        known = _known_keys(loc[:-1])
        near = difflib.get_close_matches(str(loc[-1]), known, n=1)
        do = f'Did you mean "{near[0]}"?' if near else f"The keys here are {', '.join(known)}."
        return SheetError(f'{name}: {where}: unknown key "{loc[-1]}"{more}', do)
    path = _key_path(loc)
    key = f": {'.'.join(path)}" if path else ""
    if first["type"] == "missing":
        if isinstance(loc[-1], int):
            return SheetError(f"{name}: {where}: {path[0]} is too short{more}", "Give x and y of every point.")
        return SheetError(f"{name}: {where}: {loc[-1]} is missing{more}", f'Add "{loc[-1]}".')
    if first["type"] == "value_error":
        problem, _, do = str(first["ctx"]["error"]).partition("; ")
        return SheetError(f"{name}: {where}{key}: {problem}{more}", f"{do[:1].upper()}{do[1:]}.")
    if first["type"] in ("model_type", "tuple_type") and len(loc) == 1:
        heading = f"[{loc[0]}]" if first["type"] == "model_type" else f"[[{loc[0]}]]"
        return SheetError(f"{name}: {loc[0]} is not written as {heading}{more}", f"Head the table with {heading}.")
    given = repr(first["input"])
    given = given if len(given) <= 40 else given[:37] + "..."
    problem = wrong(first)
    if "nominal_mm" in path:
        problem, more = 'should be a number >= 0 or "golden"', ""
    return SheetError(f"{name}: {where}{key}: {problem}, not {given}{more}", "Correct the value and run again.")


def _where(table: dict[str, Any], loc: tuple[int | str, ...]) -> str:
    """``[product]`` or ``[[regions]] 2 "sky"``; the row's own name helps more than its number."""
    if not loc:
        return "the sheet"
    head = str(loc[0])
    if len(loc) > 1 and isinstance(loc[1], int):
        row = table[head][loc[1]] if isinstance(table.get(head), list | tuple) else None
        label = row.get("name", row.get("kind")) if isinstance(row, dict) else None
        return f"[[{head}]] {loc[1] + 1}" + (f' "{label}"' if isinstance(label, str) else "")
    return f"[{head}]" if head in TABLES else "the sheet"


def _key_path(loc: tuple[int | str, ...]) -> list[str]:
    """The keys below the table; validator branches of a union (``literal[...]``, ``constrained-float``) left out."""
    rest = loc[2:] if len(loc) > 1 and isinstance(loc[1], int) else loc[1:]
    if len(loc) == 1 and loc[0] not in TABLES:
        rest = loc
    return [str(k) for k in rest if isinstance(k, int) or k.replace("_", "").isalnum()]


def _known_keys(loc: tuple[int | str, ...]) -> list[str]:
    model: type[BaseModel] = Sheet
    for key in loc:
        if isinstance(key, int):
            continue
        field = next(f for n, f in model.model_fields.items() if key in (n, f.alias))
        inner = [a for a in (field.annotation, *typing.get_args(field.annotation)) if isinstance(a, type)]
        model = next((a for a in inner if issubclass(a, BaseModel)), model)
    return [f.alias or n for n, f in model.model_fields.items()]
