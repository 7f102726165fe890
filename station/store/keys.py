"""The keys of one home: its own Ed25519 key, the public keys it trusts, and the ledger's newest head as a witness.

``keys/station.pem``   the private key (PKCS 8, not encrypted), made on first use, readable by its owner alone
``keys/station.pub``   its public half, to hand out
``keys/trusted/*.pub`` public keys of other stations
``keys/head.json``     the newest head of the ledger: outside the database, so that a cut end is noticed
``keys/head-*.json``   heads that the ledger contradicted when it went on
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from station.errors import ConflictError, StoreError, disk_error
from station.quality.ledger import GENESIS, Head, head_value
from station.quality.signing import LEDGER_HEAD, public_of, public_pem, read_public, sign
from station.store.durable import TEMPORARY, flush_folder, sweep, write_whole

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
    def _public_file(self) -> Path:
        return self.folder / "station.pub"

    @property
    def head_file(self) -> Path:
        """Where the newest head is kept."""
        return self.folder / "head.json"

    @property
    def public(self) -> str:
        """This station's public key in hexadecimal; the key is made where there is none."""
        return public_of(self._key())

    @property
    def made(self) -> bool:
        """Whether this home has, or had, a key."""
        return any((self.folder / name).exists() for name in ("station.pem", "station.pub"))

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
            write_whole(target, public_pem(public).encode("ascii"))

    def keep_head(self, head: Head) -> None:
        """Keep the newest head. A full disk or a loss of power only leaves an older one: the next entry brings it up to
        date."""
        with contextlib.suppress(OSError):
            write_whole(self.head_file, _text(head), lasting=False)

    def set_head_aside(self) -> None:
        """Keep a head that the ledger contradicts beside the next ones: it shows what was taken from the ledger."""
        with contextlib.suppress(OSError):
            os.replace(self.head_file, self.folder / f"head-{secrets.token_hex(4)}.json")  # noqa: PTH105

    def head_files(self) -> list[Path]:
        """The newest head's file, there or not, and those that were set aside."""
        return [self.head_file, *sorted(self.folder.glob("head-*.json"))]

    def head(self, file: Path | None = None) -> Head | None:
        """The head that is kept, None where none is. Raises StoreError where it cannot be read."""
        file = file or self.head_file
        try:
            data = file.read_bytes()
            head = Head(**json.loads(data))
            if type(head.sequence) is not int or _text(head) != data:
                raise ValueError("it is not as it was written")
            return head
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise StoreError(f"{file} is not as it was written", "Restore the home from a copy.") from error

    def sweep(self) -> None:
        """Remove what processes that died left half-written."""
        sweep(self.folder, f"{TEMPORARY}*")

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
            if not self._file.exists() or not self._public_file.exists():
                self._make()
            self._private = self._load()
        return self._private

    def _load(self) -> Ed25519PrivateKey:
        try:
            key = load_pem_private_key(self._file.read_bytes(), password=None)
        except OSError as error:
            raise disk_error(error) from error
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise StoreError(f"{self._file} is no private key: {error}", _RESTORE) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise StoreError(f"{self._file} is a key of another kind than Ed25519", _RESTORE)
        return key

    def _make(self) -> None:
        """Make the key, or finish what was begun before a disk was full or the power went: the public half is written
        last. Of two processes that do so at once one wins, and both use its key."""
        with _translated():
            if not self._file.exists():
                if self._public_file.exists():  # a new key would not be the one that signed the past
                    raise StoreError(f"{self._file} is missing, and its public half is there", _RESTORE)
                self._folder(self.folder)
                made = Ed25519PrivateKey.generate()
                pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
                write_whole(self._file, pem, mode=0o600, fresh=True)
            private = self._load()
            before = Head(0, GENESIS, public_of(private), sign(private, LEDGER_HEAD, head_value(0, GENESIS)))
            write_whole(self.head_file, _text(before), fresh=True)  # so that none is missing, whenever the power goes
            write_whole(self._public_file, public_pem(public_of(private)).encode("ascii"))

    def _folder(self, folder: Path) -> None:
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            flush_folder(folder.parent)


def _text(head: Head) -> bytes:
    return json.dumps(head.as_dict()).encode("ascii")


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise disk_error(error) from error
