"""What the analysis of a lot leaves: clusters and their extent, the map of its defects, the diagnosis of the cause."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from station.values.documents import Cause, ClusterDocument, Document, Extent, Verdict
from station.values.phrase import Phrase

State = Literal["supported", "contradicted", "open"]


def p_words(p: float) -> str:
    """A p as it is told to people: three digits, and below that only that it is."""
    return "p below 0.001" if p < 0.001 else f"p {p:.3f}"


class FactorDocument(Document):
    """A factor that was looked at: its levels with the units of each. ordered : its levels have an order, as dates
    do."""

    name: str
    levels: dict[str, int]
    ordered: bool


class RelationDocument(Document):
    """Two factors that are not independent of each other: ``same``, they split the units alike; ``within``, every level
    of ``factor`` lies in one level of ``other``."""

    factor: str
    other: str
    relation: Literal["same", "within"]


class FactorTestDocument(Document):
    """One test of one defect over one factor by permutation.

    test : ``level``, the worst level against the others; ``any``, chi-square over all levels; ``trend``, along the
    order; ``change``, before against after a place of the order; ``runs``, of units that each have a place of their
    own. p : mid-p. p_exact : of the plain exact test. q : false discovery rate over all tests. p_family : family-wise.
    """

    defect: str
    factor: str
    test: Literal["level", "any", "trend", "change", "runs"]
    p: float
    p_exact: float
    q: float
    p_family: float


class SmallestEffectDocument(Document):
    """What the sample could have shown of one factor. rate : smallest share of defective units in one level of
    ``level_units`` units that would have been called a cluster four times of five; None where no share would."""

    factor: str
    level_units: int
    rate: float | None


class OverdispersionDocument(Document):
    """How alike the units of a level are. rho : intra-group correlation between low and high (95 %). z, p : Tarone's.
    design_effect : by how much the sample tells less. n_effective : units that would tell as much at random.
    phi : Pearson's dispersion, 1 by chance."""

    factor: str
    z: float
    p: float
    rho: float
    low: float
    high: float
    design_effect: float
    n_effective: float
    phi: float


class ExtentDocument(Document):
    """The verdict on one defect. units of ``of`` show it, a share between low and high (95 %).

    factor, levels : what it follows, for carton and lot. inseparable : factors that explain it as well. adequate : the
    sample could have shown a cluster. reason : in words.
    """

    defect: str
    units: int
    of: int
    low: float
    high: float
    extent: Extent
    factor: str | None
    levels: tuple[str, ...]
    p_family: float | None
    inseparable: tuple[str, ...]
    adequate: bool
    smallest: tuple[SmallestEffectDocument, ...]
    overdispersion: tuple[OverdispersionDocument, ...]
    reason: str


class ClusterAnalysis(Document):
    """Where the defects of a lot lie together. extents : first the leading one, which is the lot's; ``nonconforming``
    is any defect. clusters : levels that stand out family-wise. first_look : further ones of which one in twenty is
    chance (false discovery rate): where to look next, nothing to claim. left_out : inspected units on which nothing
    could be measured."""

    units: int
    left_out: int
    permutations: int
    factors: tuple[FactorDocument, ...]
    relations: tuple[RelationDocument, ...]
    extents: tuple[ExtentDocument, ...]
    clusters: tuple[ClusterDocument, ...]
    first_look: tuple[ClusterDocument, ...] = ()
    tests: tuple[FactorTestDocument, ...]
    remarks: tuple[str, ...]

    @property
    def leading(self) -> ExtentDocument | None:
        """The lot's own verdict; None without a defect."""
        return self.extents[0] if self.extents else None


class MapRow(Document):
    """Units of one carton and one level of another factor: how many were inspected, how many do not conform, and how
    many show each defect."""

    level: str
    carton: str | None
    inspected: int
    nonconforming: int
    defects: dict[str, int]


class MapTable(Document):
    """Defect x carton x identifier, for one identifier; ``carton`` itself has one row a carton."""

    factor: str
    rows: tuple[MapRow, ...]


class HotSpotDocument(Document):
    """Where on the part findings of one kind lie together. units of ``of`` with such a finding have it within radius_mm
    of (x_mm, y_mm) in the golden frame; clock : the direction from the middle, as on a clock face, "" at the middle.
    expected : units that chance would put there."""

    x_mm: float
    y_mm: float
    radius_mm: float
    units: int
    of: int
    expected: float
    clock: str


class PlaceTestDocument(Document):
    """Whether findings of one kind lie together on the part more than chance brings about. p : Monte-Carlo p of the
    largest excess of close pairs. q : false discovery rate over the kinds. reason : why there is no test.
    """

    kind: str
    findings: int
    units: int
    p: float | None
    q: float | None
    together: bool
    spot: HotSpotDocument | None
    reason: str


class RepeatedPlaceDocument(Document):
    """A place on the golden where a kind of finding is seen on several units, whatever its verdict: x_mm, y_mm in the
    golden frame."""

    kind: str
    x_mm: float
    y_mm: float
    units: int

    @property
    def words(self) -> str:
        """The place as a question to whoever knows the golden."""
        return (
            f"a {self.kind} near x {self.x_mm:.1f}, y {self.y_mm:.1f} mm on {self.units} units: "
            "the golden or its light there?"
        )


class LotMapDocument(Document):
    """The defect map of a lot. findings : on the part, of units as they stand; ``reason`` of a place test says why
    it has none. repeated : places where one kind is found on unit after unit."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    lot: str
    golden: str
    golden_version: int
    inspected: int
    nonconforming: int
    defects: dict[str, int]
    tables: tuple[MapTable, ...]
    places: tuple[PlaceTestDocument, ...]
    remarks: tuple[str, ...]
    repeated: tuple[RepeatedPlaceDocument, ...] = ()


class LotUnitDocument(Document):
    """A unit as its lot counts it. id : of the inspection that stands. factors : carton, identifiers and, of a drawn
    unit, the third of the lot it lay in. defects : characteristics and finding kinds in which it does not conform."""

    id: int
    unit: str
    standing: Verdict
    factors: dict[str, str]
    defects: tuple[str, ...]


class EvidenceDocument(Document):
    """One piece of evidence. speaks : for or against the cause, or neither, which is said where a record is missing.
    p : where it was tested, and ``test`` : by what. said : the words in no language, phrases one after another."""

    speaks: Literal["for", "against", "open"]
    words: str
    p: float | None = None
    test: str = ""
    said: tuple[Phrase, ...] = ()


class CauseDocument(Document):
    """One cause and what speaks for and against it. state : ``supported`` where everything it takes was found."""

    cause: Cause
    state: State
    evidence: tuple[EvidenceDocument, ...]


class MeasurementCauseDocument(Document):
    """A cause that lies in the measurement, to be ruled out before the goods are blamed."""

    name: str
    state: Literal["ruled out", "not ruled out", "suspect"]
    words: str


class DiagnosisDocument(Document):
    """Drift, substitution or screening. cause : the one that is supported, None where none or several are, or where a
    measurement cause is suspect; ``reason`` says which. ask_for : records to ask the factory for, the telling one
    first."""

    cause: Cause | None
    reason: str
    measurement: tuple[MeasurementCauseDocument, ...]
    causes: tuple[CauseDocument, ...]
    ask_for: tuple[str, ...]


class LotExplanationDocument(Document):
    """What lies behind a lot's nonconforming units, in plain sentences and in figures. sourcing_risk : records that its
    supplier could not show or owes, for any lot."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    lot: str
    golden: str
    golden_version: int
    inspected: int
    nonconforming: int
    sentences: tuple[str, ...]
    clusters: ClusterAnalysis
    diagnosis: DiagnosisDocument
    sourcing_risk: tuple[str, ...] = ()
