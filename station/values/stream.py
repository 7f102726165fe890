"""A stream of lots: what was agreed for it, what happened to it, and where its switching between severities stands."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from station.values.documents import DefectClass, Document

EventKind = Literal["lot", "production", "consent", "resumed", "directed", "void"]


class StreamSettings(Document):
    """Lots of one product from one supplier and process, which are inspected one after another.

    aql : of each class that is switched. fractional : plans of ISO 2859-1 with Ac 1/2, 1/3, 1/5 are used.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    name: str
    sku: str
    supplier: str
    process: str
    edition: str
    level: str
    type: str
    fractional: bool
    aql: dict[DefectClass, float]


class ClassInspected(Document):
    """What a lot said in one class, under the plan that was in force. found : up to the end of each stage inspected.

    fraction : of a fractional plan, whose ``ac`` and ``re`` are those that applied to this lot. points : gained for the
    switching score.
    """

    defect_class: Annotated[DefectClass, Field(alias="class")]
    severity: str
    n: tuple[int, ...]
    ac: tuple[int, ...]
    re: tuple[int, ...]
    found: tuple[int, ...]
    accepted: bool
    in_gap: bool
    points: int
    fraction: str | None = None


class StreamEvent(Document):
    """One thing that happened to a stream. It is never changed; a later ``void`` takes it out of the count.

    value : of ``production`` steady or irregular, of ``consent`` agreed or not agreed, of ``directed`` the severity.
    classes : that ``resumed`` and ``directed`` are for. removed : units taken out of a resubmitted lot. voids : number
    of the event that ``void`` takes out.
    """

    schema_version: Literal[1] = Field(default=1, alias="schema")
    kind: EventKind
    at: AwareDatetime
    lot: str | None = None
    size: int | None = None
    resubmitted: bool = False
    removed: int = 0
    results: tuple[ClassInspected, ...] = ()
    value: str = ""
    classes: tuple[DefectClass, ...] = ()
    voids: int | None = None
    by: str = ""
    reason: str = ""
    digest: str = ""


class StreamChange(Document):
    """A switch of one class. event : number of the event after which it came about. ``after`` binds the next lot."""

    event: int
    lot: str | None
    defect_class: Annotated[DefectClass, Field(alias="class")]
    before: str
    after: str
    reason: str


class StreamClass(Document):
    """Where one class stands before its next lot.

    severity : normal, tightened, reduced or ``discontinued``. score : ISO 2859-1's switching score. run : lots accepted
    in a row under this severity, counted no further than the rules need. acceptance_score : of fractional plans.
    waits_for : what is lacking for reduced inspection, or under tightened for normal inspection.
    """

    defect_class: Annotated[DefectClass, Field(alias="class")]
    aql: float
    severity: str
    score: int
    run: int
    acceptance_score: int
    waits_for: tuple[str, ...]


class StreamDocument(Document):
    """A stream as it stands. lots : counted ones, resubmitted and void ones not among them. remarks : what a reader
    should know, such as a lot that was inspected under another severity than was due."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    stream: StreamSettings
    events: int
    lots: int
    steady: bool
    agreed: bool
    classes: tuple[StreamClass, ...]
    changes: tuple[StreamChange, ...]
    remarks: tuple[str, ...]


class LotPlan(Document):
    """The plan of one class for the next lot of a stream."""

    defect_class: Annotated[DefectClass, Field(alias="class")]
    severity: str
    n: tuple[int, ...]
    ac: tuple[int, ...]
    re: tuple[int, ...]
    type: str
    fraction: str | None
    hundred_percent: bool


class NextLotDocument(Document):
    """What the next lot of a stream, of ``size`` units, is inspected with."""

    schema_version: Literal[1] = Field(default=1, alias="schema")
    stream: str
    size: int
    plans: tuple[LotPlan, ...]
