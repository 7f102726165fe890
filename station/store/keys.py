"""The keys of one home: its own Ed25519 key, the public keys it trusts, and the ledger's newest head as a witness.

``keys/station.pem``   the private key (PKCS 8, not encrypted), made on first use, readable by its owner alone
``keys/station.pub``   its public half, to hand out
``keys/trusted/*.pub`` public keys of other stations
``keys/head.json``     the newest head of the ledger: outside the database, so that a cut end is noticed
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from station.errors import ConflictError, StoreError
from station.quality.ledger import Head
from station.quality.signing import public_of, public_pem, read_public, sign
from station.store.evidence import TEMPORARY, disk_error, flush_folder

_RESTORE = "Put keys/station.pem back from a copy of the home."


class KeyRing:
    """The keys folder of one home. Nothing is made before the first signature."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._private: Ed25519PrivateKey | None = None

    @property
    def _file(self) -> Path:
        return self.folder / "station.pem"

    @property
    def head_file(self) -> Path:
        """Where the newest head is kept."""
        return self.folder / "head.json"

    @property
    def public(self) -> str:
        """This station's public key in hexadecimal; the key is made where there is none."""
        return public_of(self._key())

    def sign(self, purpose: str, value: Any) -> str:
        """Sign with this station's key, which is made where there is none. Raises StoreError."""
        return sign(self._key(), purpose, value)

    def trusted(self) -> dict[str, str]:
        """Public keys that this home knows, each with its name; the station's own, if it was made, is ``this station``.

        Raises StoreError where one cannot be read.
        """
        found: dict[str, str] = {}
        folder = self.folder / "trusted"
        for file in sorted(folder.glob("*.pub")) if folder.is_dir() else ():
            try:
                found[read_public(file.read_text("ascii"), name=str(file))] = file.stem
            except (OSError, UnicodeDecodeError) as error:
                raise StoreError(f"{file} cannot be read: {error}", "Put the public key back, or remove it.") from error
        if self._file.exists():
            found[public_of(self._load())] = "this station"
        return found

    def trust(self, public: str, name: str) -> None:
        """Keep the public key of another station under a name that is free. Raises ConflictError, StorageFullError."""
        target = self.folder / "trusted" / f"{name}.pub"
        with _translated():
            if target.exists() and read_public(target.read_text("ascii"), name=str(target)) != public:
                raise ConflictError(f"another key is trusted as {name}", "Give this one another name.")
            self._folder(self.folder / "trusted")
            _write(target, public_pem(public).encode("ascii"), mode=0o644)

    def keep_head(self, head: Head) -> None:
        """Keep the newest head. A disk that is full only leaves the older one: the next entry brings it up to date."""
        with contextlib.suppress(OSError):
            _write(self.head_file, json.dumps(head.as_dict()).encode("ascii"), mode=0o644)

    def head(self) -> Head | None:
        """The head that is kept, None where none is. Raises StoreError where it cannot be read."""
        try:
            found = json.loads(self.head_file.read_bytes().decode("ascii"))
            if found.keys() != {"sequence", "hash", "key", "signature"} or type(found["sequence"]) is not int:
                raise ValueError("it names no head")
            return Head(found["sequence"], str(found["hash"]), str(found["key"]), str(found["signature"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, AttributeError) as error:
            raise StoreError(f"{self.head_file} cannot be read", "Restore the home from a copy.") from error

    def remarks(self) -> list[str]:
        """What a person should know of the key file."""
        if os.name == "nt" or not self._file.exists():
            return []
        mode = stat.S_IMODE(self._file.stat().st_mode)
        if mode & 0o077:
            return [f"{self._file} can be read by others (mode {mode:04o}): whoever has it can sign. Run: chmod 600"]
        return []

    def _key(self) -> Ed25519PrivateKey:
        if self._private is None:
            if not self._file.exists():
                self._make()
            self._private = self._load()
        return self._private

    def _load(self) -> Ed25519PrivateKey:
        try:
            key = load_pem_private_key(self._file.read_bytes(), password=None)
        except OSError as error:
            raise disk_error(error) from error
        except (ValueError, TypeError) as error:
            raise StoreError(f"{self._file} is no private key: {error}", _RESTORE) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise StoreError(f"{self._file} is a key of another kind than Ed25519", _RESTORE)
        return key

    def _make(self) -> None:
        """Make the key. Of two processes that do so at once one wins, and both use its key."""
        with _translated():
            if (self.folder / "station.pub").exists():  # a new key would not be the one that signed the past
                raise StoreError(f"{self._file} is missing, and its public half is there", _RESTORE)
            self._folder(self.folder)
            private = Ed25519PrivateKey.generate()
            pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            _write(self._file, pem, mode=0o600, fresh=True)
            _write(self.folder / "station.pub", public_pem(public_of(self._load())).encode("ascii"), mode=0o644)

    def _folder(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flush_folder(folder.parent)


def _write(target: Path, data: bytes, *, mode: int, fresh: bool = False) -> None:
    """Write a file whole or not at all. fresh : leave a file that is there as it is."""
    temporary = target.parent / f"{TEMPORARY}{secrets.token_hex(8)}"
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            os.write(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if fresh:
            with contextlib.suppress(FileExistsError):
                os.link(temporary, target)
            temporary.unlink()
        else:
            os.replace(temporary, target)  # noqa: PTH105 - the tests of crashes stop the process at these calls
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    flush_folder(target.parent)


@contextlib.contextmanager
def _translated() -> Any:
    try:
        yield
    except OSError as error:
        raise disk_error(error) from error
