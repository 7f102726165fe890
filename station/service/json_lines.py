"""Files of JSON lines: a request a line, and its answer as a line again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from station.errors import RequestError, StationError

MAX_LINES = 1_000_000


def answer_lines(path: Path, answer: Callable[[Any], Any]) -> Iterator[tuple[str, StationError | None]]:
    """One line of JSON for each request of a JSON lines file, in order; a refused request answers its error."""
    for where, row in lines(path):
        try:
            if isinstance(row, StationError):
                raise row
            if not isinstance(row, dict):
                raise RequestError(f"{where} is no request", 'Write {"lot_size": 1200, "aql": 2.5}.')
            yield answer(row).model_dump_json(by_alias=True), None
        except StationError as error:
            yield error_line(error), error


def error_line(error: StationError) -> str:
    """An error as one line of JSON, the shape that the API answers too."""
    return json.dumps({"error": {"code": error.code, "message": error.message, "do": error.do}}, ensure_ascii=False)


def lines(path: Path) -> list[tuple[str, Any]]:
    """Where each line that is not blank stands, and what it holds: for one that is not JSON, the error."""
    try:
        texts = path.read_text("utf-8-sig").split("\n")  # U+2028 may stand inside a JSON string
    except OSError as error:
        raise RequestError(f"{path} cannot be read: {error.strerror}", "Give the path of a JSON lines file.") from error
    except UnicodeDecodeError as error:
        raise RequestError(f"{path} is not UTF-8 text", "Save it as UTF-8.") from error
    if len(texts) > MAX_LINES:
        raise RequestError(f"{path} has more than {MAX_LINES} lines", "Split it.")
    rows = []
    for number, text in enumerate(texts, 1):
        if text.strip():
            where = f"{path} line {number}"
            try:
                rows.append((where, json.loads(text, object_pairs_hook=_once)))
            except RequestError as error:
                rows.append((where, error))
            except (ValueError, RecursionError) as error:
                rows.append((where, RequestError(f"{where} is not JSON: {error}", "Correct that line.")))
    return rows


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of which no key stands twice: JSON would keep the last one silently. Raises RequestError."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise RequestError(f'The request has "{key}" twice', "Give it once.")
        found[key] = value
    return found
