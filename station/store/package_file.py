"""The file of a sealed package: a ZIP archive in one spelling, so that no byte of it can be changed unseen.

Nothing is compressed, dated or commented, and names are plain: an archive has exactly one right form for its contents,
to which :func:`unpack` holds every byte. What was not written by :func:`pack` is named and never unpacked to disk.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from glob import escape as glob_escape
from pathlib import Path

from station.errors import RequestError, disk_error
from station.store.durable import TEMPORARY, sweep, write_whole
from station.values.names import require_text_name

MAX_BYTES = 600_000_000
"""A larger package is refused before it is read; that of a golden photographed with 12 megapixels has about 100 MB."""
MAX_FILES = 20_000

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,70}(/[a-z0-9][a-z0-9._-]{0,70})?")
_LOCAL, _CENTRAL, _END = struct.Struct("<4s5H3I2H"), struct.Struct("<4s6H3I5H2I"), struct.Struct("<4s4H2IH")
_DATE, _TIME = 0x21, 0  # 1 January 1980, the first that the format knows
_MODE = 0o100644 << 16
_VERSION, _MADE_BY = 20, (3 << 8) | 20
DIRECTORY = "the archive's directory"


@dataclass(frozen=True, slots=True)
class _Part:
    """A file of the archive: where its header begins and what that says of it."""

    name: str
    crc: int
    size: int
    offset: int

    @property
    def header(self) -> bytes:
        name = self.name.encode()
        return _LOCAL.pack(
            b"PK\3\4", _VERSION, 0, 0, _TIME, _DATE, self.crc, self.size, self.size, len(name), 0
        ) + name  # fmt: skip

    @property
    def central(self) -> bytes:
        name = self.name.encode()
        return _CENTRAL.pack(
            b"PK\1\2", _MADE_BY, _VERSION, 0, 0, _TIME, _DATE, self.crc, self.size, self.size, len(name), 0, 0, 0, 0,
            _MODE, self.offset,
        ) + name  # fmt: skip

    @property
    def begin(self) -> int:
        """Where its content begins."""
        return self.offset + _LOCAL.size + len(self.name)

    @property
    def end(self) -> int:
        return self.begin + self.size


def pack(files: Mapping[str, bytes], smaller: str = "Record smaller files as artefacts.") -> bytes:
    """The archive of these files, in order of their names.

    Raises RequestError where they are too many or too large; smaller : what makes the archive smaller.
    """
    pieces, parts, offset = [], [], 0
    for name in sorted(files):
        if not _NAME.fullmatch(name):
            raise RequestError(f"{name[:80]!r} is no name of a package", "Use plain lower-case names.")
        part = _Part(name, zlib.crc32(files[name]), len(files[name]), offset)
        parts.append(part)
        pieces += [part.header, files[name]]
        offset = part.end
    if offset > MAX_BYTES or len(files) > MAX_FILES:
        raise RequestError(
            f"the package would have {offset / 1e6:.0f} MB in {len(files)} files, at most "
            f"{MAX_BYTES / 1e6:.0f} MB in {MAX_FILES} are allowed",
            smaller,
        )
    return b"".join([*pieces, _directory(parts, offset)])


def unpack(data: bytes) -> tuple[dict[str, bytes], list[tuple[str, str]]]:
    """The files of an archive, and what is wrong with it beside their contents: pairs of place and fault."""
    faults: list[tuple[str, str]] = []
    parts = _by_directory(data)
    if parts is None:
        parts = _by_headers(data)
        faults.append((DIRECTORY, "it is not as the station writes it, or something was cut off or added at the end"))
        if not parts:
            return {}, faults
    seen: set[str] = set()
    files: dict[str, bytes] = {}
    for listed in parts:
        content = data[listed.begin : listed.end]
        part = _Part(listed.name, zlib.crc32(content), listed.size, listed.offset)
        header = data[listed.offset : listed.begin]
        before = _part_at(data, listed.offset)
        if before is not None and before != listed and before.header == header and before.crc == part.crc:
            part = before
            faults.append((DIRECTORY, f"it says other things of {before.name[:80]} than stand before it"))
        elif header != listed.header:
            faults.append((part.name[:80], "its header in the archive was changed"))
        elif listed.crc != part.crc:
            faults.append((part.name[:80], "its content does not have the archive's checksum"))
        if part.name in seen or not _NAME.fullmatch(part.name):
            faults.append((part.name[:80], "its name is there twice, or is none that a package may have"))
            continue
        seen.add(part.name)
        files[part.name] = content
    return files, faults


def read(path: Path) -> bytes:
    """A package's bytes. Raises RequestError for what is no file, or too large a one."""
    require_text_name(path)
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise RequestError(f"{path} is no file", "Give the file that a station exported.")
        if size > MAX_BYTES:
            raise RequestError(f"{path} has {size / 1e6:.0f} MB, at most {MAX_BYTES / 1e6:.0f} are read",
                               "Ask the other station for what it exported.")  # fmt: skip
        return path.read_bytes()
    except OSError as error:
        raise RequestError(f"{path} cannot be read: {error.strerror}", "Check the path.") from error


def write(path: Path, data: bytes, before: Callable[[], None] | None = None) -> None:
    """Write a file whole or not at all. before : as of :func:`write_whole`. Raises StorageFullError, StoreError."""
    prefix = f".{path.name}{TEMPORARY}"
    try:
        sweep(path.parent, f"{glob_escape(prefix)}*")
        write_whole(path, data, prefix=prefix, before=before)
    except OSError as error:
        raise disk_error(error) from error


def _directory(parts: list[_Part], offset: int) -> bytes:
    central = b"".join(p.central for p in parts)
    return central + _END.pack(b"PK\5\6", 0, 0, len(parts), len(parts), len(central), offset, 0)


def _by_directory(data: bytes) -> list[_Part] | None:
    """The layout by the archive's directory; None where that is not in the one form that it may have."""
    if len(data) < _END.size:
        return None
    signature, _, _, _, count, size, offset, _ = _END.unpack(data[-_END.size :])
    if signature != b"PK\5\6" or count > MAX_FILES or offset + size + _END.size != len(data):
        return None
    parts, at = [], offset
    for _ in range(count):
        if at + _CENTRAL.size > len(data):
            return None
        row = _CENTRAL.unpack_from(data, at)
        name = data[at + _CENTRAL.size : at + _CENTRAL.size + row[10]].decode("ascii", "replace")
        parts.append(_Part(name, row[7], row[9], row[16]))
        at += _CENTRAL.size + row[10]
    ends = [0, *(p.end for p in parts)]
    if [*(p.offset for p in parts), offset] != ends or not all(_NAME.fullmatch(p.name) for p in parts):
        return None
    return parts if _directory(parts, offset) == data[offset:] else None


def _by_headers(data: bytes) -> list[_Part]:
    """The layout by the headers before the files, as far as they can be followed."""
    parts: list[_Part] = []
    at = 0
    while len(parts) < MAX_FILES and (part := _part_at(data, at)) is not None:
        parts.append(part)
        at = part.end
    return parts


def _part_at(data: bytes, at: int) -> _Part | None:
    """The file whose header stands at a place; None where none does, or it would reach beyond the end."""
    if at + _LOCAL.size > len(data):
        return None
    row = _LOCAL.unpack_from(data, at)
    name = data[at + _LOCAL.size : at + _LOCAL.size + row[9]].decode("ascii", "replace")
    part = _Part(name, row[6], row[8], at)
    return part if row[0] == b"PK\3\4" and row[3] == 0 and part.end <= len(data) else None
