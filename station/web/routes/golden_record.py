"""The record of a golden sample: what people write into it, photos, copies, open items, resolutions, changes, holds."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import Field

from station.values.documents import Document
from station.values.golden_record import (
    Attribute,
    ChecklistDocument,
    Condition,
    GoldenLintDocument,
    GoldenRecordDocument,
    HoldReason,
    PhotoKind,
    Proof,
    Role,
)
from station.web.etags import IfMatch
from station.web.routes.common import RECORDED, StationOf, WhoOf, speaker
from station.web.routes.jobs import UploadId, UploadsOf
from station.web.routes.receiving import written
from station.web.routes.saying import Said, Text, Word

router = APIRouter(tags=["goldens"])

CopyName = Annotated[str, Field(min_length=1, max_length=120, examples=["factory master"])]
ChangeNumber = Annotated[int, Path(ge=1, le=100_000, description="of the change in its record, from 1")]
Key = Annotated[str, Field(pattern=r"^[a-z_]{1,40}(\.[a-z0-9_]{1,40})?$")]
Short = Annotated[str, Field(max_length=120)]


class NewEntry(Said):
    """What no sheet or signature says. entry : a whole record as TOML, in the place of the old one. values : single
    values above it, by their keys; an empty one takes the key back."""

    entry: str = Field(default="", max_length=60_000, examples=['packing = "one a bag, silica gel"\n'])
    values: dict[Key, Text] = Field(default_factory=dict, max_length=100, examples=[{"carton.quantity": "200"}])


class NewPhoto(Said):
    """A photo for its slot. light : that it was taken in."""

    kind: PhotoKind = Field(examples=["packing"])
    photo: UploadId
    light: Short = Field(default="", examples=["D50, 900 lx"])


class NewCopy(Said):
    """A physical copy of the version in force; said again with another place, it lies there now."""

    name: CopyName
    role: Role = Field(examples=["factory-sealed"])
    holder: Short = Field(examples=["Li Wei"])
    place: Short = Field(examples=["QC room, shelf 2"])
    seal: Short = Field(default="", examples=["S-0042"])
    every_days: int | None = Field(default=None, ge=1, le=3650)


class NewCopyCheck(Said):
    """That somebody looked at a copy. on : the day, today without it. seal_intact : None where it has no seal."""

    name: CopyName
    condition: Condition = "intact"
    seal_intact: bool | None = None
    on: date | None = None
    note: Short = ""
    photo: UploadId | None = None


class NewCopyUse(Said):
    """That the expendable copy is compared with. purpose : the lot or gate."""

    name: CopyName
    purpose: Short = Field(examples=["L-0711"])


class NewCopyRemoval(Said):
    """That a copy is no longer kept."""

    name: CopyName
    reason: Short = Field(examples=["worn in use"])


class NewItem(Said):
    """Something that is still to be confirmed."""

    text: str = Field(min_length=1, max_length=120, examples=["shade of the sky"])


class SettledItem(Said):
    """What was agreed on an open item. item : its words, or its number in the record. file : that shows it."""

    item: str = Field(min_length=1, max_length=500, examples=["shade of the sky"])
    how: str = Field(min_length=1, max_length=120, examples=["as on the sealed sample, mail of 12 May"])
    file: UploadId | None = None


class NewRecordResolution(Said):
    """How what the sample leaves open is to be, with reference images of front and back."""

    feature: Short = Field(examples=["antique tone"])
    text: Text = Field(examples=["as dark as the reference image, not darker than L* 42"])
    front: UploadId
    back: UploadId
    region: Word = ""


class ProofFile(Document):
    """A file that was handed in, and what it shows."""

    kind: Proof = Field(examples=["customer-confirmation"])
    file: UploadId


class NewChange(Said):
    """A change, from what to what. files : what shows it."""

    attribute: Attribute = Field(examples=["logo"])
    text: Text = Field(examples=["alpine-r4 in place of alpine-r3"])
    files: Annotated[tuple[ProofFile, ...], Field(max_length=20)] = ()


class NewAcknowledgedChange(Said):
    """That the supplier acknowledged a change. by : who of the supplier. file : their reply."""

    text: Short = ""
    file: UploadId | None = None


class NewHold(Said):
    """Why everything of it is kept. until : the last day; open without it."""

    reason: HoldReason = Field(examples=["order"])
    until: date | None = None
    note: Short = ""


class _Golden:
    """The record that a request speaks of."""

    def __init__(self, station: StationOf, who: WhoOf, number: str, if_match: IfMatch) -> None:
        self.record, self.number, self._who, self._if_match = station.record, number, who, if_match

    def by(self, new: Said) -> str:
        return speaker(self._who, new.by)

    def unchanged(self) -> AbstractContextManager[None]:
        return self._if_match.of(lambda: self.record.show(self.number))


Of = Annotated[_Golden, Depends()]


@router.get("/goldens/{number}/record", summary="The record of the version in force")
def record(station: StationOf, number: str) -> GoldenRecordDocument:
    return station.record.show(number)


@router.get("/goldens/{number}/checklist", summary="The twenty items that a record is complete with")
def checklist(station: StationOf, number: str) -> ChecklistDocument:
    return station.record.checklist(number)


@router.get("/goldens/{number}/lint", summary="What would be argued about: mistakes, vague words, what is missing")
def lint(station: StationOf, number: str) -> GoldenLintDocument:
    return station.record.lint(number)


@router.post("/goldens/{number}/record", summary="Write into the record what no sheet or signature says", **RECORDED)
def write(of: Of, new: NewEntry) -> GoldenRecordDocument:
    entry = written(new.entry, "record.toml") if new.entry.strip() else nullcontext()
    with of.unchanged(), entry as file:
        values = [f"{key}={value}" for key, value in new.values.items()]
        return of.record.write(of.number, by=of.by(new), file=file, values=values)


@router.post("/goldens/{number}/photos", summary="Put a photo into its slot", **RECORDED)
def photo(of: Of, uploads: UploadsOf, new: NewPhoto) -> GoldenRecordDocument:
    file = uploads.path(new.photo)
    with of.unchanged():
        return of.record.add_photo(of.number, new.kind, file, by=of.by(new), light=new.light)


@router.post("/goldens/{number}/copies", summary="Record a physical copy of the version in force", **RECORDED)
def add_copy(of: Of, new: NewCopy) -> GoldenRecordDocument:
    with of.unchanged():
        return of.record.add_copy(
            of.number, new.name, role=new.role, holder=new.holder, place=new.place, seal=new.seal,
            every_days=new.every_days, by=of.by(new),
        )  # fmt: skip


@router.post("/goldens/{number}/copies/checked", summary="Record that somebody looked at a copy", **RECORDED)
def check_copy(of: Of, uploads: UploadsOf, new: NewCopyCheck) -> GoldenRecordDocument:
    file = uploads.given(new.photo)
    with of.unchanged():
        return of.record.check_copy(
            of.number, new.name, condition=new.condition, seal_intact=new.seal_intact, on=new.on, note=new.note,
            photo=file, by=of.by(new),
        )  # fmt: skip


@router.post("/goldens/{number}/copies/used", summary="Record that the expendable copy is compared with", **RECORDED)
def use_copy(of: Of, new: NewCopyUse) -> GoldenRecordDocument:
    with of.unchanged():
        return of.record.use_copy(of.number, new.name, purpose=new.purpose, by=of.by(new))


@router.post("/goldens/{number}/copies/removed", summary="Record that a copy is no longer kept", **RECORDED)
def remove_copy(of: Of, new: NewCopyRemoval) -> GoldenRecordDocument:
    with of.unchanged():
        return of.record.remove_copy(of.number, new.name, reason=new.reason, by=of.by(new))


@router.post("/goldens/{number}/items", summary="Name something that is still to be confirmed", **RECORDED)
def open_item(of: Of, new: NewItem) -> GoldenRecordDocument:
    with of.unchanged():
        return of.record.open_item(of.number, new.text, by=of.by(new))


@router.post("/goldens/{number}/items/settled", summary="Confirm an open item", **RECORDED)
def settle_item(of: Of, uploads: UploadsOf, new: SettledItem) -> GoldenRecordDocument:
    file = uploads.given(new.file)
    with of.unchanged():
        return of.record.settle_item(of.number, new.item, how=new.how, attach=file, by=of.by(new))


@router.post("/goldens/{number}/resolutions", summary="Resolve what the sample leaves ambiguous", **RECORDED)
def resolve(of: Of, uploads: UploadsOf, new: NewRecordResolution) -> GoldenRecordDocument:
    front, back = uploads.path(new.front), uploads.path(new.back)
    with of.unchanged():
        return of.record.resolve(
            of.number, new.feature, text=new.text, front=front, back=back, region=new.region, by=of.by(new)
        )


@router.post("/goldens/{number}/changes", summary="Record a change, with what shows it", **RECORDED)
def change(of: Of, uploads: UploadsOf, new: NewChange) -> GoldenRecordDocument:
    files = [f"{x.kind}={uploads.path(x.file)}" for x in new.files]
    with of.unchanged():
        return of.record.change(of.number, new.attribute, new.text, attach=files, by=of.by(new))


@router.post(
    "/goldens/{number}/changes/{change}/acknowledged", summary="Record that the supplier acknowledged a change",
    **RECORDED,
)  # fmt: skip
def acknowledge_change(
    of: Of, uploads: UploadsOf, change: ChangeNumber, new: NewAcknowledgedChange
) -> GoldenRecordDocument:
    file = uploads.given(new.file)
    with of.unchanged():
        return of.record.acknowledge_change(of.number, change, text=new.text, attach=file, by=of.by(new))


@router.post("/goldens/{number}/holds", summary="Keep everything of it; nothing ends a hold early", **RECORDED)
def hold(of: Of, new: NewHold) -> GoldenRecordDocument:
    with of.unchanged():
        return of.record.hold(of.number, new.reason, until=new.until, text=new.note, by=of.by(new))
