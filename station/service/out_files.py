"""Files that people name for what they want written: whole or not at all."""

from __future__ import annotations

from pathlib import Path

from station.errors import DISK_FULL, RequestError, disk_error
from station.store.durable import TEMPORARY, write_whole


def write_file(out: Path, data: bytes, suffix: str = "") -> None:
    """Write a whole file or none, durable on return; what is no file, such as /dev/stdout, is written to as it is.

    suffix : with which the name has to end. Raises RequestError for a name or place that does not do, StorageFullError
    for a full disk.
    """
    if suffix and out.suffix.lower() != suffix:
        raise RequestError(f"{out.name} is no {suffix[1:].upper()} by its name", f"End the name in {suffix}.")
    if out.is_dir() or not out.parent.is_dir():
        raise RequestError(f"{out} cannot be written", "Give a file name in a folder that is there.")
    try:
        if out.exists() and not out.is_file():
            out.write_bytes(data)
        else:
            write_whole(out, data, prefix=f".{out.name}{TEMPORARY}")
    except OSError as error:
        if error.errno in DISK_FULL:
            raise disk_error(error) from error
        raise RequestError(f"{out} cannot be written: {error.strerror}", "Give another place.") from error
