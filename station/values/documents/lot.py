"""The ``lot`` document: the decision on a lot."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field

from station.values.documents.base import DefectClass, Document
from station.values.documents.plan import PlanDocument

Extent = Literal["isolated", "carton", "lot", "systemic", "insufficient evidence"]
Cause = Literal["drift", "substitution", "screening"]


class ClassTally(Document):
    """Where a class stands while its sample is inspected.

    inspected, missing : units of its sample. standing : rejected, accepted, ``cannot be rejected`` (accepted whatever
    the missing and undecided units turn out to be), open. to_accept : further units after which, all of them
    conforming, it can no longer be rejected; None where only a decision on undecided units helps, or nothing.
    to_reject : further nonconforming ones that reject it, None where no number does. settled : units that are still to
    come cannot take the place of counted ones. found_at, undecided_at : the counted units in the order in which they
    were inspected, from 1, that are nonconforming (several times over, where nonconformities are counted) or undecided.
    """

    inspected: int
    missing: int
    standing: Literal["rejected", "accepted", "cannot be rejected", "open"]
    to_accept: int | None
    to_reject: int | None
    settled: bool
    found_at: tuple[int, ...]
    undecided_at: tuple[int, ...]


class ClassDecision(Document):
    """The decision for one class: nonconforming units against Ac and Re, nonconformities where the plan counts per 100
    units. ``plan`` is absent where Ac is 0 by rule, ``tally`` in records of earlier versions.

    stage, stages : the sample of a double or multiple plan that the class has reached, from 1, of how many at most; n,
    ac and re are cumulative up to it, ac -1 where it cannot accept. found : up to the end of each sample so far.
    """

    defect_class: Annotated[DefectClass, Field(alias="class")]
    aql: float
    n: int
    ac: int
    re: int
    nonconforming: int
    undecided: int
    accepted: bool | None
    reason: str
    plan: PlanDocument | None
    tally: ClassTally | None = None
    stage: int = 1
    stages: int = 1
    found: tuple[int, ...] = ()

    @property
    def limit(self) -> int:
        """Counts below it are accepted at the end of the sample."""
        return self.re if self.stage == self.stages else self.ac + 1

    @property
    def accepts(self) -> str:
        """Ac as it is printed: a dash where the sample cannot accept."""
        return str(self.ac) if self.ac >= 0 else "-"

    @property
    def next_due(self) -> int:
        """Units of the sample it has reached after its first that are still to be inspected."""
        return self.tally.missing if self.stage > 1 and self.tally is not None else 0


class ClusterDocument(Document):
    """A level of a factor, such as one carton, in which a defect was found more often than chance brings about.

    defect : characteristic or finding kind, ``nonconforming`` for any. units of ``of`` inspected show it there,
    ``elsewhere`` of ``elsewhere_of`` in all other levels. p : one-sided mid-p of this level against all others.
    p_holm : among the levels of its factor. q : false discovery rate among all defects, factors and levels of the lot.
    p_family : family-wise among all of them. p_given : by other factor, of this level against the others of the same
    level of that factor (mid-p, defects dealt within those levels); a factor that leaves nothing to compare is not in
    it. odds_given : by how many times the odds of the defect are larger here then (Mantel and Haenszel's common odds
    ratio), where units speak on both sides.
    """

    defect: str
    factor: str
    level: str
    units: int
    of: int
    elsewhere: int
    elsewhere_of: int
    p: float
    p_holm: float
    q: float | None = None
    p_family: float
    p_given: dict[str, float] = Field(default_factory=dict)
    odds_given: dict[str, float] = Field(default_factory=dict)


class PreferenceDocument(Document):
    """What somebody would rather have otherwise on a unit that was accepted: no nonconformity, and counted nowhere."""

    unit: str
    words: str
    by: str


REJECTED_AT_REVIEW: Final = "rejected-at-review"
"""What a unit does not conform in that a reviewer rejected without a row or kind that says for what."""


class LotDocument(Document):
    """The decision on a lot: accepted, rejected, or open while units are missing or undecided.

    clusters : where defects lie together more than chance brings about. extent : isolated, carton, lot, systemic or
    insufficient evidence; None without a nonconforming unit. cause : drift, substitution or screening; None where the
    evidence does not tell one from the others. draw : digest of the pick list whose units are counted. stream : of
    lots, whose severities are those of the plans.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    lot: str
    golden: str
    size: int
    sample: int
    inspected: int
    conforms: int
    nonconforms: int
    undecided: int
    decision: Literal["accepted", "rejected", "open"]
    reasons: tuple[str, ...]
    classes: tuple[ClassDecision, ...]
    counts: dict[str, int] = Field(description="units a characteristic or finding kind was nonconforming in")
    clusters: tuple[ClusterDocument, ...] = ()
    extent: Extent | None = None
    cause: Cause | None = None
    draw: str | None = None
    stream: str | None = None
    preferences: tuple[PreferenceDocument, ...] = ()
    digest: str = ""
