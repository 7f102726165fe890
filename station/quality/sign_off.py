"""Who agreed to what: artefacts of a golden sample, sign-offs by both parties, and who holds which version.

Six artefacts are versioned and approved apart, so that nobody has to say "per the sample". Both parties sign a version;
whoever works by it acknowledges that it holds it. As long as two of them hold different versions, nobody inspects.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from station.errors import ConflictError, RequestError
from station.quality.signing import SIGN_OFF, verify
from station.sheet import Sheet
from station.values.sign_off import StatementDocument

PRODUCT = "product"
ARTEFACTS = (PRODUCT, "packaging", "label", "carton-mark", "manual", "accessories")
"""Product golden sample, packaging sample, label artwork, outer carton mark, instruction manual, accessory list."""

SIGNERS = ("buyer", "supplier")
PARTIES = ("buyer", "procurement", "sales", "supplier", "factory", "packing", "inspection")
"""Who may hold a version. sales : the salesperson who passes it on; packing : the plant that packs."""

STATEMENT_KEYS = (
    *("schema", "number", "sku", "artefact", "version", "artefact_digest"),
    *("party", "name", "role", "at", "text"),
)

CLOCK_SKEW = timedelta(minutes=10)
"""How far the clock of the station where a statement was signed may be ahead of this one's."""


@dataclass(frozen=True, slots=True)
class Held:
    """That a party holds a version of an artefact, by its signature or by its acknowledgement."""

    party: str
    artefact: str
    version: int
    signed: bool
    name: str
    at: datetime


def vet(kind: str, value: str, allowed: Sequence[str]) -> str:
    """``value`` in lower case, if it is one of those allowed. Raises RequestError."""
    plain = value.strip().lower().replace(" ", "-")
    if plain not in allowed:
        raise RequestError(f"{value[:40]!r} is no {kind}", f"Use one of {', '.join(allowed)}.")
    return plain


def vet_person(name: str, *, what: str = "--name", empty: bool = False) -> str:
    """A person's name or role, without blanks around it. Raises RequestError."""
    found = " ".join(name.split())
    if (not found and not empty) or len(found) > 120 or not found.isprintable():
        raise RequestError(f"{what} is {'empty' if not found else 'no name'}", "Give the person who decides, by name.")
    return found


def lacking_approval(sheet: Sheet, *, version: int, photo: bool) -> list[str]:
    """What an approval needs and a sealed version does not say, each with where it belongs: "OK" alone is no approval
    (G4). photo : whether the golden sample's photo
    is there."""
    limited = [s.limited for s in sheet.sizes] + [m.limited for m in sheet.marks] + [e.limited for e in sheet.entered]
    specified = bool(sheet.regions or sheet.defects) or any(limited)
    needs = (
        (version >= 1, "its version"),
        (bool(sheet.golden.received_on or sheet.golden.approved_on), "its day (received_on or approved_on)"),
        (photo, "its photo"),
        (specified, "its specification (a limit in [[regions]], [[marks]], [[sizes]], [[entered]] or [[defects]])"),
    )
    return [what for there, what in needs if not there]


def require_approvable(number: str, sheet: Sheet, *, version: int, photo: bool) -> None:
    """Raises ConflictError, naming what is missing, where a version has no day, photo or specification."""
    lacking = lacking_approval(sheet, version=version, photo=photo)
    if lacking:
        raise ConflictError(
            f"golden {number} version {version} cannot be approved without {' and '.join(lacking)}",
            "Add what is missing and seal it anew: station golden seal --sheet SHEET.toml --photo PHOTO",
        )


def confirmation(*, number: str, artefact: str, version: int) -> str:
    """What a signature under an artefact says, where no longer approval statement was agreed."""
    return (
        f"We confirm version {version} of the {artefact.replace('-', ' ')} of golden sample {number} as the "
        "mass-production standard. Any change needs a new version and both signatures."
    )


def statement(
    *, number: str, sku: str, artefact: str, version: int, digest: str, party: str, name: str, role: str, at: datetime,
    text: str,
) -> dict[str, Any]:  # fmt: skip
    """What a party signs. digest : of the sealed golden version, or of the artefact's version."""
    return {
        "schema": 1, "number": number, "sku": sku, "artefact": artefact, "version": version, "artefact_digest": digest,
        "party": party, "name": name, "role": role, "at": at.isoformat(timespec="microseconds"), "text": text,
    }  # fmt: skip


def statement_fault(said: Mapping[str, Any]) -> str | None:
    """What is wrong with a statement itself, whoever signed it; None where nothing is.

    Its fields are of their types, name and role as :func:`vet_person` leaves them, its time as :func:`statement` writes
    it.
    """
    known = "its statement is not one that this version of the station knows"
    if set(said) != set(STATEMENT_KEYS) or type(said["schema"]) is not int:
        return known
    try:
        read = StatementDocument.model_validate(dict(said), strict=True)
        if read.party not in SIGNERS or read.artefact not in ARTEFACTS:
            return known
        for what, text, empty in (("name", read.name, False), ("role", read.role, True)):
            if vet_person(text, empty=empty) != text:
                return f"its {what} is not written as the station writes one"
        at = datetime.fromisoformat(read.at)
        if at.tzinfo is None or at.isoformat(timespec="microseconds") != read.at:
            raise ValueError(read.at)
    except ValidationError as error:
        return f"its {error.errors()[0]['loc'][0]} is not of the kind that it should be"
    except RequestError:
        return "its name or its role is none"
    except (ValueError, OverflowError):
        return "its time is no time"
    return None


def ahead(said: Mapping[str, Any], now: datetime) -> timedelta | None:
    """How far a statement's time lies in the future, where that is more than :data:`CLOCK_SKEW`."""
    found = datetime.fromisoformat(said["at"]) - now
    return found if found > CLOCK_SKEW else None


def signature_fault(said: Mapping[str, Any], key: str, signature: str) -> str | None:
    """What is wrong with a signature under a statement; None where nothing is."""
    wrong = statement_fault(said)
    if wrong is not None:
        return wrong
    if not verify(key, SIGN_OFF, dict(said), signature):
        return f"it was not made for this statement with key {key[:64]}"
    return None


def require_own_key(key: str, party: str, others: Iterable[tuple[str, str]]) -> None:
    """Raises ConflictError where the key has signed for the other party: one key is one party's word.

    others : party and key of what was signed before under the golden sample: any version, artefact or gate.
    """
    for other, used in others:
        if used == key and other != party:
            raise ConflictError(
                f"this key has signed for the {other}, so it cannot sign for the {party}",
                f"Let the {party} sign on their own station (station golden countersign), or sign the printed sheet.",
            )


def newest_held(held: Iterable[Held]) -> dict[tuple[str, str], Held]:
    """What each party holds of each artefact: the last that it signed or acknowledged. held : oldest first."""
    return {(h.artefact, h.party): h for h in held}


def differing(held: Iterable[Held], in_force: Mapping[str, int]) -> dict[str, list[Held]]:
    """Artefacts of which somebody holds another version than the one in force, each with all who hold it."""
    by_artefact: dict[str, list[Held]] = {}
    for h in newest_held(held).values():
        by_artefact.setdefault(h.artefact, []).append(h)
    return {
        artefact: sorted(by_artefact[artefact], key=lambda h: PARTIES.index(h.party))
        for artefact in ARTEFACTS
        if artefact in by_artefact and any(h.version != in_force.get(artefact) for h in by_artefact[artefact])
    }


def who_holds(held: Iterable[Held]) -> str:
    """``buyer version 4, sales version 3``."""
    return ", ".join(f"{h.party} version {h.version}" for h in held)


def require_one_version(number: str, held: Sequence[Held], in_force: Mapping[str, int]) -> None:
    """Raises ConflictError, naming each party's version, where the parties do not all hold the versions in force.

    A golden sample that nobody signed or acknowledged is held to nothing.
    """
    apart = differing(held, in_force)
    if not apart:
        return
    said = "; ".join(
        f"{artefact}: {who_holds(rows)}, in force is version {in_force.get(artefact, 'none')}"
        for artefact, rows in apart.items()
    )
    behind = [(h, in_force[a]) for a, rows in apart.items() for h in rows if a in in_force and h.version != in_force[a]]
    first = behind[0][0] if behind else next(iter(apart.values()))[0]
    raise ConflictError(
        f"golden {number} is held in different versions: {said}",
        f"Give {_whom([h for h, _ in behind] or [first])} the version in force and record that they have it: "
        f"station golden acknowledge {number} --party {first.party} --artefact {first.artefact} --name WHO",
    )


def require_in_force(number: str, version: int, newest: int, held: Sequence[Held]) -> None:
    """Raises ConflictError, naming each party's version, where a version was superseded."""
    if version == newest:
        return
    rows = sorted(
        (h for h in newest_held(held).values() if h.artefact == PRODUCT), key=lambda h: PARTIES.index(h.party)
    )
    by = f" ({who_holds(rows)})" if rows else ""
    raise ConflictError(
        f"version {version} of golden {number} is superseded by version {newest}{by}",
        f"Take version {newest}: station golden status {number} shows who holds which.",
    )


def _whom(held: Sequence[Held]) -> str:
    names = list(dict.fromkeys(h.party for h in held))
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
