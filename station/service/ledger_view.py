"""The ledger and the keys, to be read: entries, the newest head, the station's public key, keys of other stations."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from station.errors import NotFoundError, RequestError
from station.quality.ledger import Head
from station.quality.signing import fingerprint, public_pem, read_public
from station.service.lots import vet_lot_id
from station.store import ledger
from station.store.database import Database
from station.store.package_file import write
from station.values.sign_off import KeyDocument, LedgerEntryDocument, LedgerHeadDocument


class LedgerView:
    """What a home's ledger says. Reached as ``Station.ledger``."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def entries(self, first: int = 1, limit: int | None = None) -> list[LedgerEntryDocument]:
        """Up to ``limit`` entries from number ``first`` on, in order, as they are stored; `station check` says whether
        they hold."""
        with self._db.read() as c:
            found = ledger.entries(c, first=first, limit=limit)
        documents = []
        for e in found:
            content = json.loads(e.content)
            documents.append(
                LedgerEntryDocument(
                    sequence=e.sequence, at=datetime.fromisoformat(content["at"]), kind=content["kind"],
                    by=content["by"], about=content["about"], rows=content["rows"]["count"], hash=e.hash, key=e.key,
                )
            )  # fmt: skip
        return documents

    def head(self) -> LedgerHeadDocument:
        """The newest head. Raises NotFoundError where nothing was entered yet."""
        with self._db.read() as c:
            head = ledger.newest(c)
        if head is None:
            raise NotFoundError("the ledger is empty", "Seal a golden sample first.")
        return LedgerHeadDocument(**head.as_dict(), head=f"{head.sequence}:{head.hash}")

    def key(self) -> KeyDocument:
        """This station's public key, made where there is none yet."""
        return _key("this station", self._db.ledger.keys.public)

    def known_keys(self) -> list[KeyDocument]:
        """Every public key that this home knows."""
        return [_key(name, key) for key, name in self._db.ledger.keys.trusted().items()]

    def trust(self, file: Path | str, name: str) -> KeyDocument:
        """Know the public key of another station from now on. file : of it, or its 64 digits. Raises RequestError,
        ConflictError."""
        vet_lot_id(name)
        if "/" in name or name.startswith("."):
            raise RequestError(f"{name[:40]!r} reads like a path", "Give the key a plain name, such as factory.")
        public = read_key(file)
        self._db.ledger.keys.trust(public, name)
        return _key(name, public)


def read_key(given: Path | str) -> str:
    """A public key from a file, or from its 64 hexadecimal digits; answers these. Raises RequestError."""
    text = str(given)
    if len(text) == 64 and not Path(text).exists():
        return read_public(text, name="the key")
    path = Path(given)
    try:
        if path.stat().st_size > 10_000:
            raise RequestError(f"{path} is no public key", "Give the file that `station key show --out FILE` wrote.")
        return read_public(path.read_text("ascii"), name=str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"{path} is no public key: {error}", "Check the path.") from error


def write_key(path: Path, pem: str) -> None:
    """Write a public key to a file. Raises RequestError for a file that holds something else."""
    if path.exists():
        read_key(path)  # what is no key is never written over
    write(path, pem.encode("ascii"))


def read_head(text: str | None) -> Head | None:
    """A head that was kept as ``NUMBER:HASH``. Raises RequestError."""
    if text is None:
        return None
    number, _, hash = text.strip().lower().partition(":")
    if (
        not number.isascii()
        or not number.isdigit()
        or len(number) > 12
        or len(hash) != 64
        or set(hash) - set("0123456789abcdef")
    ):
        raise RequestError(
            f"{text[:90]!r} is no head of a ledger", "Give NUMBER:HASH as `station ledger head` prints it."
        )
    return Head(int(number), hash, "", "")


def _key(name: str, public: str) -> KeyDocument:
    return KeyDocument(name=name, key=public, fingerprint=fingerprint(public), pem=public_pem(public))
