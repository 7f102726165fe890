"""Names and identifiers of the units: from the photos' names, or from a CSV file that lists them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from station.errors import RigError
from station.values.names import plain_spaces
from station.values.spreadsheet import unguarded

MAX_ROWS = 100_000
MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class UnitEntry:
    """One photo to inspect and what is known of the unit on it."""

    path: Path
    unit: str
    carton: str | None = None
    identifiers: dict[str, str] = field(default_factory=dict)


def name_units(photos: Sequence[Path], units_file: Path | None = None) -> tuple[list[UnitEntry], tuple[str, ...]]:
    """One entry a photo, in order, and what a person should know of the file.

    Without a row in ``units_file`` the unit is called as its photo, with as much of suffix and folders as tells photos
    of one name apart. Rows of photos that were not handed in are left out with a remark, since a lot may arrive in
    parts.

    Raises
    ------
    RigError
        The file cannot be read, lacks the columns ``unit`` and ``photo``, names a photo twice or none handed in.
    """
    rows = read_units(units_file) if units_file is not None else {}
    own = _own_names(photos)
    entries, used = [], set()
    for photo in photos:
        key = next((k for k in (photo.as_posix(), f"{photo.parent.name}/{photo.name}", photo.name) if k in rows), None)
        if key is not None:
            used.add(key)
            row = rows[key]
            extra = {k: v for k, v in row.items() if k not in ("unit", "photo", "carton") and v}
            entries.append(UnitEntry(photo, row["unit"], row.get("carton") or None, extra))
        else:
            entries.append(UnitEntry(photo, own[photo]))
    left = [k for k in rows if k not in used]
    if units_file is None or not left:
        return entries, ()
    if not used:
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        raise RigError(
            f"{units_file}: photo {left[0]!r}{more} is not among the pictures given",
            "Hand in the folder that holds it, or correct the column photo.",
        )
    remark = f"{len(left)} of {len(rows)} rows of {units_file.name} name photos not given, such as {left[0]!r}"
    without = len(entries) - len(used)
    return entries, (f"{remark}; {without} of {len(entries)} photos have no row" if without else remark,)


def _own_names(photos: Sequence[Path]) -> dict[Path, str]:
    """A name of its own for every photo: its stem, else its file's name, else with the names of folders before it."""
    groups: dict[str, list[Path]] = {}
    for photo in photos:
        groups.setdefault(photo.stem[:MAX_TEXT], []).append(photo)
    names = {}
    for stem, group in groups.items():
        if len(group) == 1:
            names[group[0]] = stem
            continue
        whole = [p.absolute().parts[1:] for p in group]
        deepest = max(len(parts) for parts in whole)
        forms: list[list[str]] = [[p.name[-MAX_TEXT:] for p in group]]
        for depth in range(2, deepest + 1):
            folders = ["/".join(parts[-depth:-1]) for parts in whole]
            forms += [
                [f"{f}/{end}"[-MAX_TEXT:] for f, end in zip(folders, ends, strict=True)]
                for ends in ([p.stem for p in group], [p.name for p in group])
            ]
        apart = (form for form in forms if len(set(form)) == len(group) and groups.keys().isdisjoint(form))
        names |= dict(zip(group, next(apart, forms[-1]), strict=True))
    return names


def read_units(path: Path) -> dict[str, dict[str, str]]:
    """Rows of a units file by photo. Columns ``unit`` and ``photo``; ``carton`` and any identifier beside them."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, restkey="?")
            columns = [c.strip().lower() for c in reader.fieldnames or ()]
            if not {"unit", "photo"} <= set(columns):
                raise RigError(
                    f"{path} has no columns unit and photo", "Its first line must read, with commas: unit,photo,carton"
                )
            if len(set(columns)) != len(columns) or "" in columns:
                raise RigError(f"{path} has a column without a name or twice", "Give every column one name of its own.")
            reader.fieldnames = columns
            rows: dict[str, dict[str, str]] = {}
            for row in reader:
                where = f"{path} line {reader.line_num}"
                if "?" in row or None in row.values():
                    raise RigError(f"{where} has not {len(columns)} fields", "Quote texts that hold a comma.")
                clean = {k: _text(where, k, v) for k, v in row.items()}
                photo = clean["photo"].replace("\\", "/")
                if not photo or not clean["unit"]:
                    raise RigError(f"{where} lacks the unit or the photo", "Fill in both or take the row out.")
                if photo in rows:
                    raise RigError(f"{where} names photo {photo!r} a second time", "Give every photo one row.")
                if len(rows) >= MAX_ROWS:
                    raise RigError(f"{path} has more than {MAX_ROWS} rows", "Hand the units in by lots.")
                rows[photo] = clean
    except OSError as error:
        raise RigError(f"{path} cannot be read: {error.strerror}", "Give the path of a CSV file.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise RigError(f"{path} is not CSV in UTF-8: {error}", "Save it as CSV, UTF-8.") from error
    return rows


def _text(where: str, column: str, value: str) -> str:
    text = unguarded(plain_spaces(value).strip())
    if len(text) > MAX_TEXT or not text.isprintable():
        raise RigError(f"{where}: {column} is too long or has control characters", f"Use {MAX_TEXT} plain characters.")
    return text
