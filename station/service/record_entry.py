"""What people write into a golden sample's record, from a TOML file and from single values."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from station.errors import RequestError
from station.service.signing_off import read_file
from station.values import golden_record as v
from station.values.faults import wrong
from station.values.toml_text import read_toml


def entry_file(path: Path) -> dict[str, Any]:
    """The table of a record's TOML file. Raises RequestError."""
    try:
        return read_toml(read_file(path).decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise RequestError(f"{path.name} is not UTF-8 text", "Save it as UTF-8.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise RequestError(f"{path.name} is not TOML: {error}", "Correct the line named, then run again.") from error


def set_value(table: dict[str, Any], text: str) -> None:
    """Put ``KEY=VALUE`` or ``TABLE.KEY=VALUE`` into a table; an empty value takes the key out."""
    path, equals, value = text.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys) or len(keys) > 2:
        raise RequestError(f"{text[:60]!r} is no KEY=VALUE", "Write it as packing=TEXT or carton.quantity=24.")
    inner = table
    for key in keys[:-1]:
        found = inner.setdefault(key, {})
        if not isinstance(found, dict):
            raise RequestError(f"{key} has no keys of its own", "Write it as KEY=VALUE.")
        inner = found
    if not value.strip():
        inner.pop(keys[-1], None)
        return
    try:
        inner[keys[-1]] = read_toml(f"x = {value}")["x"]
    except tomllib.TOMLDecodeError:
        inner[keys[-1]] = value.strip()


def entry_of(table: Mapping[str, Any]) -> v.RecordEntry:
    """The entry that a table says. Raises RequestError for an unknown key or a value that makes no sense."""
    try:
        return v.RecordEntry.model_validate(table)
    except ValidationError as error:
        problems = sorted(error.errors(include_url=False), key=lambda p: p["type"] != "extra_forbidden")
        first = problems[0]
        key = ".".join(str(k) for k in first["loc"])
        if first["type"] == "extra_forbidden":
            model = v.RecordEntry.model_fields.get(str(first["loc"][0])) if len(first["loc"]) > 1 else None
            inner = getattr(model.annotation, "model_fields", {}) if model else v.RecordEntry.model_fields
            near = difflib.get_close_matches(str(first["loc"][-1]), list(inner), n=1)
            do = f'Did you mean "{near[0]}"?' if near else f"The keys are {', '.join(inner)}."
            raise RequestError(f"the record has no key {key!r}", do) from error
        raise RequestError(f"{key}: {wrong(first)}, not {str(first['input'])[:40]!r}", "Correct it.") from error
