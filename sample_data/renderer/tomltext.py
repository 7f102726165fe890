"""Plain data as TOML text: tables, arrays of tables, and values on one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date


def toml_text(table: Mapping[str, object]) -> str:
    """TOML of a nested mapping; keys with None are left out. ``TypeError`` for a value TOML does not know."""
    lines: list[str] = []
    _table(lines, "", table)
    return "\n".join(lines).strip() + "\n"


def _table(lines: list[str], path: str, table: Mapping[str, object]) -> None:
    later: list[tuple[str, object]] = []
    for key, value in table.items():
        if value is None:
            continue
        if isinstance(value, Mapping) or (isinstance(value, list) and value and isinstance(value[0], Mapping)):
            later.append((key, value))
        else:
            lines.append(f"{_key(key)} = {_value(value)}")
    for key, value in later:
        name = f"{path}.{_key(key)}" if path else _key(key)
        if isinstance(value, Mapping):
            lines.append(f"\n[{name}]")
            _table(lines, name, value)
            continue
        for item in value if isinstance(value, list) else []:
            lines.append(f"\n[[{name}]]")
            _table(lines, name, item)


def _key(key: str) -> str:
    return key if key and all(c.isascii() and (c.isalnum() or c in "-_") for c in key) else _text(key)


def _text(value: str) -> str:
    out = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{out}"'


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        text = f"{value:.10g}"
        return text if any(c in text for c in ".en") else f"{text}.0"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Sequence):
        return "[" + ", ".join(_value(v) for v in value) + "]"
    raise TypeError(f"TOML has no form for {type(value).__name__}")
