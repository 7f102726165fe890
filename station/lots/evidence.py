"""Pieces of evidence, as drift, substitution and screening share them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from station.lots.against_master import LEAST_VALUES, TESTS, MasterStanding, against_master, phrase
from station.lots.characteristics import Characteristic, Kind
from station.values.lot_analysis import EvidenceDocument
from station.values.phrase import Phrase

_TOLD = 3


@dataclass(frozen=True, slots=True)
class Held:
    """All characteristics of one kind against the master. what : the kind in words."""

    kind: Kind
    what: str
    standings: tuple[MasterStanding, ...]

    @property
    def off(self) -> tuple[MasterStanding, ...]:
        """Those that are surely beyond their margin."""
        return tuple(s for s in self.standings if s.state == "off")

    @property
    def same(self) -> bool:
        """Whether all are proven to be the master's, and there is one."""
        return bool(self.standings) and all(s.state == "same" for s in self.standings)

    @property
    def evidence(self) -> EvidenceDocument:
        """For a cause that takes the master's: for, against, or open where it is not known."""
        if not self.standings:
            return open_evidence(
                f"{self.what} were not measured on {LEAST_VALUES} units or more",
                phrase("not-measured", what=self.kind, least=LEAST_VALUES),
            )
        if self.off:
            words = f"{named(self.off)} beyond the margin of the master"
            off = (phrase("off-margin", **names_of(self.off)),)
            return EvidenceDocument(speaks="against", words=words, p=self.off[0].p, test=TESTS["off"], said=off)
        unproven = [s for s in self.standings if s.state == "open"]
        if unproven:
            return open_evidence(
                f"{named(unproven)} not proven to be the master's", phrase("unproven", **names_of(unproven))
            )
        count = len(self.standings)
        words = f"{self.what} are the master's within their margins ({count} characteristic{'s' * (count > 1)})"
        p = max(s.p for s in self.standings)
        said = (phrase("same", what=self.kind, count=count),)
        return EvidenceDocument(speaks="for", words=words, p=p, test=TESTS["same"], said=said)


def held(characteristics: Sequence[Characteristic], kind: Kind, what: str) -> Held:
    """All characteristics of a kind by the one rule of :mod:`station.lots.against_master`."""
    return Held(kind, what, tuple(against_master([c for c in characteristics if c.kind == kind])))


def named(standings: Sequence[MasterStanding]) -> str:
    """The first few by name, with their verb."""
    names = [s.characteristic.name for s in standings]
    more = len(names) - _TOLD
    listed = [*names[:_TOLD], *([f"{more} more"] if more > 0 else [])]
    if len(listed) == 1:
        return f"{listed[0]} is"
    return f"{', '.join(listed[:-1])} and {listed[-1]} are"


def names_of(standings: Sequence[MasterStanding]) -> dict[str, str]:
    """The same for a phrase: the first few by name, and how many more there are."""
    names = [s.characteristic.name for s in standings]
    return {"names": "|".join(names[:_TOLD]), "more": str(max(0, len(names) - _TOLD))}


def open_evidence(words: str, *said: Phrase) -> EvidenceDocument:
    """Evidence that speaks neither way. said : the words in no language."""
    return EvidenceDocument(speaks="open", words=words, said=said)


def plain(factor: str) -> str:
    """A factor's name in words."""
    return factor.replace("_", " ")
