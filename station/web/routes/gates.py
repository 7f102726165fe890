"""What is said at the gates of an order: answers with their evidence, samples, checks, lots, anomalies; and the
releases and waivers, which are signed with the station's key."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import AwareDatetime, Field

from station.service.gate_release import vet_texts
from station.values.documents import DefectClass, Document
from station.values.gates import ControlPlan, LadderLevel, OrderGatesDocument, PhotoKind, SampleKind
from station.web.etags import IfMatch
from station.web.routes.common import RECORDED, StationOf, WhoOf, speaker
from station.web.routes.jobs import UploadId, UploadsOf
from station.web.routes.orders import OrderName, Sku
from station.web.routes.saying import Kind, Said, Text, Word

router = APIRouter(tags=["orders"])

GateName = Annotated[Kind, Field(examples=["final"])]
Count = Annotated[int, Field(ge=1, le=10**9)]
AnomalyNumber = Annotated[int, Path(ge=1, le=100_000, description="of the anomaly in its order, from 1")]


class PhotoOf(Document):
    """A photo that was handed in, and what it shows."""

    what: PhotoKind = Field(examples=["overall"])
    photo: UploadId


Photos = Annotated[tuple[PhotoOf, ...], Field(max_length=40)]


class NewGateAnswer(Said):
    """The answer to a question of pre-production confirmation. file : that shows it, handed in before; it must be the
    newest version on record. unit : a measured unit that shows it."""

    question: Kind = Field(examples=["quantity-delivery"])
    text: Text = Field(examples=["1500 units, delivered on 2026-12-01"])
    file: UploadId | None = None
    unit: Word | None = None


class NewSample(Said):
    """A sample with its photos and measured units."""

    kind: SampleKind = Field(examples=["pre-production-sample"])
    n: Count = Field(examples=[3])
    photos: Photos = ()
    units: Annotated[tuple[Word, ...], Field(max_length=500)] = ()
    text: Text = ""


class NewRung(Document):
    """A level of the ladder: who decides, and within how many hours."""

    who: str = Field(min_length=1, max_length=120, examples=["line leader"])
    hours: float = Field(gt=0, le=720, examples=[2.0])


class NewControlPlan(Said):
    """How incoming goods or the line are inspected. ratio : share inspected. frequency : in line, in words, such as
    every 200 pieces or 4 hours; every_pieces, every_hours : as numbers."""

    gate: GateName
    what: Annotated[tuple[Word, ...], Field(max_length=100)] = Field(default=(), examples=[["plating thickness"]])
    standard: Word = ""
    ratio: float | None = Field(default=None, gt=0, le=1, examples=[0.1])
    frequency: Word = ""
    every_pieces: Count | None = None
    every_hours: float | None = Field(default=None, gt=0, le=10_000)
    signer: Word = ""
    keeper: Word = ""
    sop: Word = ""
    ladder: Annotated[tuple[NewRung, ...], Field(max_length=20)] = ()


class NewMade(Said):
    """Units made since production began."""

    units: int = Field(ge=0, le=10**9, examples=[180])


class NewBonded(Said):
    """A batch of bonded parts, whose cure clock starts. at : when they were bonded, now without it."""

    batch: str = Field(min_length=1, max_length=120, examples=["B-12"])
    at: AwareDatetime | None = None


class NewTest(Said):
    """The result of a test at a gate. test : as the order's requirements name it. lux, cct : the light on the bench,
    for verdicts by eye."""

    gate: GateName
    test: Word = Field(examples=["appearance"])
    n: Count = Field(examples=[32])
    wrong: int = Field(ge=0, le=10**9, examples=[0])
    defect_class: Annotated[DefectClass | None, Field(alias="class")] = None
    lux: float | None = Field(default=None, ge=0, le=200_000, examples=[900.0])
    cct: float | None = Field(default=None, ge=0, le=100_000, examples=[5000.0])
    photos: Photos = ()
    text: Text = ""


class NewGateLot(Said):
    """A lot to be inspected at a gate. replaces : the rejected lot whose sorted or remade goods it is."""

    gate: GateName
    lot: str = Field(min_length=1, max_length=200, examples=["L-0711"])
    replaces: Word | None = None


class NewRelease(Said):
    """A gate to be released for a party, signed with the station's key. by : the person who signs."""

    gate: GateName
    party: Kind = Field(examples=["buyer"])
    role: Word = ""
    text: Text = ""


class NewWaiver(Said):
    """What a gate asks, excused. requirement : its key in the order's document. by : the person who signs."""

    gate: GateName
    requirement: Word = Field(examples=["first-50"])
    reason: Text = Field(examples=["3 of 50 pieces left the line unmeasured, agreed on 12 May"])
    party: Kind = "buyer"
    role: Word = ""


class NewAnomaly(Said):
    """Something odd in the process."""

    gate: GateName = "in-line"
    text: Text = Field(examples=["2 of 20 posts bent"])


class NewLevel(Said):
    """The level that an anomaly is taken up to."""

    level: int = Field(ge=1, le=20, examples=[2])


class NewResolution(Said):
    """What was done about an anomaly."""

    text: Text = Field(examples=["jig replaced, 0 of 50 bent"])


class _Order:
    """The order that a request speaks of."""

    def __init__(self, station: StationOf, who: WhoOf, order: OrderName, if_match: IfMatch, sku: Sku = None) -> None:
        self.gates, self.releases = station.gates, station.releases
        self.name, self.sku, self._who, self._if_match = order, sku, who, if_match

    def by(self, new: Said) -> str:
        return speaker(self._who, new.by)

    def unchanged(self) -> AbstractContextManager[None]:
        return self._if_match.of(lambda: self.gates.show(self.name, self.sku))


At = Annotated[_Order, Depends()]


@router.post("/orders/{order}/answers", summary="Answer a question of pre-production confirmation", **RECORDED)
def answer(at: At, uploads: UploadsOf, new: NewGateAnswer) -> OrderGatesDocument:
    file = uploads.given(new.file)
    with at.unchanged():
        return at.gates.answer(
            at.name, new.question, new.text, sku=at.sku, file=file, unit=new.unit or None, by=at.by(new)
        )


@router.post("/orders/{order}/samples", summary="Record a sample with its photos and measured units", **RECORDED)
def sample(at: At, uploads: UploadsOf, new: NewSample) -> OrderGatesDocument:
    photos = _photos(uploads, new.photos)
    with at.unchanged():
        return at.gates.task(
            at.name, new.kind, sku=at.sku, n=new.n, photos=photos, units=new.units, text=new.text, by=at.by(new)
        )


@router.post("/orders/{order}/plans", summary="Record how incoming goods are inspected, or the line", **RECORDED)
def plan(at: At, new: NewControlPlan) -> OrderGatesDocument:
    whos = vet_texts("who of a level of the ladder", [x.who for x in new.ladder])
    ladder = tuple(LadderLevel(who=who, hours=x.hours) for who, x in zip(whos, new.ladder, strict=True))
    what = vet_texts("what is inspected", list(new.what))
    given = new.model_dump(exclude={"by", "gate", "ladder", "what"})
    with at.unchanged():
        made = ControlPlan(**given, what=what, ladder=ladder)
        return at.gates.plan(at.name, new.gate, made, sku=at.sku, by=at.by(new))


@router.post("/orders/{order}/started", summary="Record that mass production begins", **RECORDED)
def start(at: At, new: Said) -> OrderGatesDocument:
    with at.unchanged():
        return at.gates.start(at.name, sku=at.sku, by=at.by(new))


@router.post("/orders/{order}/made", summary="Record how many units are made", **RECORDED)
def made(at: At, new: NewMade) -> OrderGatesDocument:
    with at.unchanged():
        return at.gates.made(at.name, new.units, sku=at.sku, by=at.by(new))


@router.post("/orders/{order}/bonded", summary="Start the cure clock of a batch of bonded parts", **RECORDED)
def bonded(at: At, new: NewBonded) -> OrderGatesDocument:
    with at.unchanged():
        return at.gates.bonded(at.name, new.batch, sku=at.sku, at=new.at, by=at.by(new))


@router.post("/orders/{order}/checks", summary="Record the result of a test at a gate; the newest counts", **RECORDED)
def check(at: At, uploads: UploadsOf, new: NewTest) -> OrderGatesDocument:
    photos = _photos(uploads, new.photos)
    with at.unchanged():
        return at.gates.check(
            at.name, new.gate, new.test, sku=at.sku, n=new.n, wrong=new.wrong, defect_class=new.defect_class,
            lux=new.lux, cct_k=new.cct, photos=photos, text=new.text, by=at.by(new),
        )  # fmt: skip


@router.post("/orders/{order}/lots", summary="Have a lot inspected at a gate", **RECORDED)
def lot(at: At, new: NewGateLot) -> OrderGatesDocument:
    with at.unchanged():
        return at.gates.assign(at.name, new.gate, new.lot, sku=at.sku, replaces=new.replaces, by=at.by(new))


@router.post("/orders/{order}/releases", summary="Release a gate, signed, when all that it asks is met", **RECORDED)
def release(at: At, new: NewRelease) -> OrderGatesDocument:
    with at.unchanged():
        return at.releases.release(
            at.name, new.gate, sku=at.sku, party=new.party, by=at.by(new), role=new.role, text=new.text
        )


@router.post("/orders/{order}/waivers", summary="Excuse what a gate asks, with the reason, signed", **RECORDED)
def waive(at: At, new: NewWaiver) -> OrderGatesDocument:
    with at.unchanged():
        return at.releases.waive(
            at.name, new.gate, new.requirement, sku=at.sku, reason=new.reason, party=new.party, by=at.by(new),
            role=new.role,
        )  # fmt: skip


@router.post("/orders/{order}/anomalies", summary="Record something odd in the process", **RECORDED)
def anomaly(at: At, new: NewAnomaly) -> OrderGatesDocument:
    with at.unchanged():
        return at.releases.anomaly(at.name, new.gate, new.text, sku=at.sku, by=at.by(new))


@router.post("/orders/{order}/anomalies/{number}/levels", summary="Take an anomaly up the ladder", **RECORDED)
def escalate(at: At, number: AnomalyNumber, new: NewLevel) -> OrderGatesDocument:
    with at.unchanged():
        return at.releases.escalate(at.name, number, new.level, sku=at.sku, by=at.by(new))


@router.post("/orders/{order}/anomalies/{number}/resolutions", summary="Record what was done about an anomaly",
             **RECORDED)  # fmt: skip
def resolve(at: At, number: AnomalyNumber, new: NewResolution) -> OrderGatesDocument:
    with at.unchanged():
        return at.releases.resolve(at.name, number, new.text, sku=at.sku, by=at.by(new))


def _photos(uploads: UploadsOf, given: Photos) -> list[str]:
    return [f"{p.what}={uploads.path(p.photo)}" for p in given]
