"""The ledger's rules: a chain of entries, each bound by SHA-256 to all before it, each head signed.

The hash of entry n is SHA-256 over the canonical JSON (RFC 8785) of its number, the hash of entry n - 1 and the SHA-256
of its content. So a stretch of the chain can be shown to somebody else with some contents left out. A chain alone does
not show that its end was cut off; a head that is kept elsewhere does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from station.quality.signing import LEDGER_HEAD, verify
from station.values.digest import digest, sha256_hex

GENESIS = "0" * 64
"""What stands for the hash before the first entry."""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain at some time. hash, key, signature : hexadecimal."""

    sequence: int
    hash: str
    key: str
    signature: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"sequence": self.sequence, "hash": self.hash, "key": self.key, "signature": self.signature}

    @property
    def signed(self) -> bool:
        """Whether its signature is that of its key."""
        return verify(self.key, LEDGER_HEAD, head_value(self.sequence, self.hash), self.signature)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it is stored. content : canonical JSON text; key : public key of the station that made the entry."""

    sequence: int
    content: str
    hash: str
    key: str
    signature: str

    @property
    def head(self) -> Head:
        """The head that the chain had with this entry."""
        return Head(self.sequence, self.hash, self.key, self.signature)


@dataclass(frozen=True, slots=True)
class Link:
    """One entry as a proof shows it: whole, or by the SHA-256 of its content alone."""

    content: str | None
    content_sha256: str


def head_value(sequence: int, hash: str) -> dict[str, Any]:
    """What is signed of a head."""
    return {"sequence": sequence, "hash": hash}


def link_hash(sequence: int, previous: str, content_sha256: str) -> str:
    """The hash of an entry, from its number, the hash of the one before it and the SHA-256 of its content."""
    return digest({"sequence": sequence, "previous": previous, "content": content_sha256})


def row_digest(table: str, values: Mapping[str, str | int]) -> str:
    """SHA-256 of a row. values : its columns that are not NULL, each as text or a whole number. Raises UnicodeError."""
    # of strings and integers alone, this is what RFC 8785 says, at a hundredth of the time
    text = json.dumps({"table": table, "row": values}, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256_hex(text.encode())


def cites_digest(cites: Iterable[tuple[str, str, str]]) -> str:
    """SHA-256 over what an entry cites: table, key and digest of each row, in order of table and key."""
    return sha256_hex("\n".join("\t".join(c) for c in sorted(cites)).encode())


def content_faults(text: str) -> str | None:
    """What is wrong with an entry's content as text, beside its hash; None where nothing is."""
    try:
        content = json.loads(text)
        datetime.fromisoformat(content["at"])
        rows = content["rows"]
        well = isinstance(content["kind"], str) and isinstance(rows["sha256"], str) and isinstance(rows["count"], int)
    except (ValueError, TypeError, KeyError, RecursionError):
        well = False
    return None if well else "its content cannot be read"


def chain_faults(entries: Sequence[Entry], trusted: Iterable[str]) -> list[tuple[str, str]]:
    """What is wrong with the chain from its beginning: pairs of ``missing`` or ``changed`` and the place in words.

    entries : in order of their numbers. trusted : public keys that may sign. One fault is said once: where an entry was
    changed, those after it are held to its hash as it is stored.
    """
    known, faults, previous, expected = set(trusted), [], GENESIS, 1
    strangers: dict[str, list[int]] = {}
    for e in entries:
        gap = e.sequence != expected
        if gap:
            faults.append(("missing", span(expected, e.sequence - 1)))
        name = f"ledger entry {e.sequence}"
        wrong = content_faults(e.content)
        if wrong is not None:
            faults.append(("changed", f"{name}: {wrong}"))
        elif not gap and link_hash(e.sequence, previous, sha256_hex(e.content.encode())) != e.hash:
            faults.append(("changed", f"{name}: its content or its hash, or entry {e.sequence - 1} before it"))
        if not e.head.signed:
            faults.append(("changed", f"{name}: its signature is not that of its hash and key"))
        elif e.key not in known:
            strangers.setdefault(e.key, []).append(e.sequence)
        previous, expected = e.hash, e.sequence + 1
    faults += [
        ("changed", f"ledger {_listed(numbers)}: signed by key {key}, which this home does not know")
        for key, numbers in strangers.items()
    ]
    return faults


def witness_faults(head: Head, entries: Sequence[Entry], *, where: str) -> list[tuple[str, str]]:
    """What a head that was kept elsewhere says of the chain: an end that was cut off, or a past written anew.

    where : is the head kept, for the message. A head without a key is one that a person noted, number and hash alone.
    """
    last = entries[-1].sequence if entries else 0
    if head.key and not head.signed:
        return [("changed", f"{where}: its signature is not that of its hash and key")]
    if head.sequence > last:
        return [("missing", f"{span(last + 1, head.sequence)}: {where} was signed with entry {head.sequence}")]
    met = next((e for e in entries if e.sequence == head.sequence), None)
    if met is not None and met.hash != head.hash:
        return [("changed", f"ledger up to entry {head.sequence}: {where} names another hash for it")]
    return []


def clock_remarks(entries: Iterable[Entry]) -> list[str]:
    """Where the clock went back between two entries. Their order is that of their numbers, whatever the clock said."""
    said: list[str] = []
    latest: datetime | None = None
    for e in entries:
        try:
            at = datetime.fromisoformat(json.loads(e.content)["at"])
            back = None if latest is None else (latest - at).total_seconds()
        except (ValueError, TypeError, KeyError, RecursionError):
            continue  # named by the chain
        if back is not None and back > 0:
            said.append(
                f"ledger entry {e.sequence}: the clock was set back by {_seconds(back)}; entries go by their numbers"
            )
        latest = at
    return said


def past_remarks(entries: Iterable[Entry]) -> list[str]:
    """What the chain cannot show: what was before a home was taken over, and whether an end was cut off where the head
    outside the database was missing."""
    said = []
    for e in entries:
        try:
            content = json.loads(e.content)
            kind, day, head = content["kind"], str(content["at"])[:10], content.get("head")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            continue  # named by the chain
        if kind == "taken over":
            said.append(
                f"ledger entry {e.sequence}: on {day} the records that there were were taken over; what happened "
                "to them before is not known"
            )
        if head == "missing":
            said.append(
                f"ledger entry {e.sequence}: on {day} keys/head.json was missing; were entries cut off before it, "
                "nothing here shows it: hold the ledger to a head that was kept elsewhere (--head)"
            )
    return said


def proof_faults(first: int, previous: str, links: Sequence[Link], head: Head) -> list[str]:
    """What is wrong with a stretch of the chain that is to lead from entry ``first`` to ``head``."""
    hash, faults = previous, []
    for sequence, link in enumerate(links, first):
        if link.content is not None:
            wrong = content_faults(link.content)
            if wrong is not None:
                faults.append(f"entry {sequence}: {wrong}")
            if sha256_hex(link.content.encode()) != link.content_sha256:
                faults.append(f"entry {sequence}: its content is not the one that is in the chain")
        hash = link_hash(sequence, hash, link.content_sha256)
    if first + len(links) - 1 != head.sequence or hash != head.hash:
        faults.append(f"the chain does not lead to its head, entry {head.sequence}")
    if not head.signed:
        faults.append(f"the head, entry {head.sequence}, is not signed by its key")
    return faults


def span(first: int, last: int) -> str:
    """Entries by their numbers, in words."""
    return f"ledger entry {first}" if first >= last else f"ledger entries {first} to {last}"


def _listed(numbers: Sequence[int]) -> str:
    """Numbers with runs drawn together, the first ten runs."""
    runs: list[list[int]] = []
    for n in numbers:
        if runs and runs[-1][-1] == n - 1:
            runs[-1][1:] = [n]
        else:
            runs.append([n])
    words = [str(r[0]) if len(r) == 1 else f"{r[0]} to {r[-1]}" for r in runs[:10]]
    return f"{'entry' if len(numbers) == 1 else 'entries'} {', '.join(words)}{' ...' if len(runs) > 10 else ''}"


def _seconds(value: float) -> str:
    return f"{value:.3g} s" if value < 120 else f"{value / 60:.3g} min" if value < 7200 else f"{value / 3600:.3g} h"
