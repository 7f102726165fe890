"""TOML of strangers, read within bounds: the library's reader takes memory with the square of a key's length."""

from __future__ import annotations

import re
import tomllib
from typing import Any

MAX_PARTS = 10
"""Parts of a dotted key; the deepest of the station's files has 3. One of 15,000 would take a gigabyte."""

_STRING = re.compile(
    r'"""(?:[^"\\]++|\\[\s\S]|"(?!""))*+(?:"{3,5}|\Z)'
    r"|'''(?:[^']++|'(?!''))*+(?:'{3,5}|\Z)"
    r'|"(?:[^"\\\n]++|\\[^\n])*+"?'
    r"|'[^'\n]*+'?"
    r"|\#[^\n]*+"
)
_PART = r"[A-Za-z0-9_\-]++[ \t]*+"
_LONG_KEY = re.compile(rf"(?<![A-Za-z0-9_\-])(?:{_PART}\.[ \t]*+){{{MAX_PARTS}}}{_PART}")


def read_toml(text: str) -> dict[str, Any]:
    """The table of a TOML text.

    Raises tomllib.TOMLDecodeError, also for a key of more than :data:`MAX_PARTS` parts and a number that no field could
    hold; RecursionError where it is nested too deep.
    """
    plain = _STRING.sub(_placeholder, text)
    found = _LONG_KEY.search(plain)
    if found is not None:
        line = plain.count("\n", 0, found.start()) + 1
        raise tomllib.TOMLDecodeError(f"a key of more than {MAX_PARTS} parts (at line {line})")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:  # a whole number of more than 4,300 digits
        raise tomllib.TOMLDecodeError(str(error)) from error
    inner: list[Any] = [table]
    while inner:
        value = inner.pop()
        if isinstance(value, int) and value.bit_length() > 63:  # one in hexadecimal may be too long even to be shown
            raise tomllib.TOMLDecodeError("a whole number of more than 64 bits")
        inner += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return table


def _placeholder(found: re.Match[str]) -> str:
    """What stands for a text or a comment: a part of a key, or nothing, with the lines that it has."""
    text = found.group()
    return ("" if text.startswith("#") else "s") + "\n" * text.count("\n")
