"""What sealed packages and archives of orders share: sealing their manifest, unpacking, and holding to the rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from station.errors import RequestError, StationError, StoreError
from station.quality import package as rules
from station.quality.signing import PACKAGE
from station.store import package_file
from station.store.keys import KeyRing
from station.store.masters import load_master
from station.values.digest import canonical_json


def seal(files: dict[str, bytes], keys: KeyRing) -> None:
    """Sign the manifest among the files."""
    signature = keys.sign(PACKAGE, rules.sealed(files[rules.MANIFEST]))
    files[rules.SEAL] = canonical_json({"key": keys.public, "signature": signature})


def vet_keys(keys: Sequence[str]) -> None:
    """Raises RequestError where there is no key to trust."""
    if not keys:
        raise RequestError("no key is named", "Give the public key of the station that exported it: --key FILE.pub")


def refuse_faults(what: str, faults: Sequence[rules.Fault]) -> None:
    """Raises StoreError where a station's own records do not hold together: nothing doubtful is sealed."""
    if faults:
        where, wrong = faults[0]
        raise StoreError(f"the records of {what} do not hold together: {where}: {wrong}", "Run: station check")


def unpacked(data: bytes, keys: Sequence[str]) -> rules.Contents:
    """The contents of a package's bytes with what is wrong with them."""
    files, faults = package_file.unpack(data)
    found = vet(files, keys)
    found.faults[:0] = faults
    return found


def vet(files: dict[str, bytes], keys: Sequence[str]) -> rules.Contents:
    """A package's files held to :func:`station.quality.package.vet_contents`."""
    from station.sheet import load_sheet

    return rules.vet_contents(
        files, keys, sheet_digest=lambda data: load_sheet(data).digest, master_fault=_master_fault
    )


def _master_fault(data: bytes, document: dict[str, Any], sealed: str) -> str | None:
    try:
        load_master(data, document, sealed)
    except StationError as error:
        return error.message
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return "its record cannot be read"
    return None
