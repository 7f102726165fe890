"""What the parties say of a golden sample: artefacts, signatures, acknowledgements, and a package countersigned."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from station.values.documents import Document
from station.values.sign_off import (
    AcknowledgementDocument,
    ArtefactDocument,
    DetachedSignature,
    SignOffDocument,
)
from station.web.etags import IfMatch
from station.web.routes.common import RECORDED, By, StationOf, WhoOf, speaker
from station.web.routes.jobs import UploadId, UploadsOf
from station.web.routes.receiving import written
from station.web.routes.saying import Kind, Said

router = APIRouter(tags=["goldens"])

Party = Literal["buyer", "supplier"]
Short = Annotated[str, Field(max_length=120)]
PublicKey = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", examples=["0" * 64])]
PublicKeys = Annotated[tuple[PublicKey, ...], Field(max_length=50)]
"""Public keys that one trusts, in hexadecimal."""


class NewArtefact(Said):
    """A version of an artefact, in force from then on. kind : packaging, label, carton-mark, manual or accessories.
    file : as it was handed in. version : its own number, the next without it."""

    kind: Kind = Field(examples=["label"])
    file: UploadId
    version: int | None = Field(default=None, ge=1, le=10**6)
    note: Short = ""


class NewSignOff(Document):
    """A party's signature under the version in force. name : the person who signs; of an account its own. sheet_photo :
    of the printed sheet that the person signed, in the place of the station's key."""

    party: Party = Field(examples=["buyer"])
    name: By = ""
    role: Short = Field(default="", examples=["head of quality"])
    artefact: Kind = Field(default="product", examples=["product"])
    sheet_photo: UploadId | None = None


class NewDetachedSignOff(Document):
    """A signature that was made on another station."""

    party: Party = Field(examples=["supplier"])
    signature: DetachedSignature = Field(
        examples=[
            {"what": "sign-off of a golden sample", "statement": {"number": "GS-20260510"}, "key": "0" * 64,
             "signature": "0" * 128}
        ]
    )  # fmt: skip


class NewCountersignature(Document):
    """Another station's package, as it was handed in, to be signed for a party with this station's key. keys : that one
    trusts; one of them sealed the package."""

    package: UploadId
    keys: PublicKeys = Field(min_length=1, examples=[["0" * 64]])
    party: Party = Field(examples=["supplier"])
    name: By = ""
    role: Short = ""
    artefact: Kind = Field(default="product", examples=["product"])


class NewAcknowledgement(Document):
    """Which version of an artefact a party holds, that in force without ``version``. name : of the party's person.
    file : their reply."""

    party: Kind = Field(examples=["factory"])
    name: Short = Field(examples=["Li Wei"])
    artefact: Kind = Field(default="product", examples=["product"])
    version: int | None = Field(default=None, ge=1, le=10**6)
    note: Short = ""
    file: UploadId | None = None


@router.post("/goldens/{number}/artefacts", summary="Record a version of its packaging, label or the like", **RECORDED)
def add_artefact(
    station: StationOf, who: WhoOf, uploads: UploadsOf, number: str, new: NewArtefact, if_match: IfMatch
) -> ArtefactDocument:
    file, by = uploads.path(new.file), speaker(who, new.by)
    with if_match.of(lambda: station.sign_off.status(number)):
        return station.sign_off.add_artefact(number, new.kind, file, by=by, version=new.version, note=new.note)


@router.post(
    "/goldens/{number}/sign-offs",
    summary="Sign the version in force for a party, with the station's key or on paper",
    **RECORDED,
)
def sign(
    station: StationOf, who: WhoOf, uploads: UploadsOf, number: str, new: NewSignOff, if_match: IfMatch
) -> SignOffDocument:
    photo = uploads.given(new.sheet_photo)
    with if_match.of(lambda: station.sign_off.status(number)):
        return station.sign_off.sign(
            number, party=new.party, name=speaker(who, new.name), role=new.role, artefact=new.artefact,
            sheet_photo=photo,
        )  # fmt: skip


@router.post(
    "/goldens/{number}/sign-offs/detached", summary="Record a signature that was made on another station", **RECORDED
)
def import_signature(station: StationOf, number: str, new: NewDetachedSignOff, if_match: IfMatch) -> SignOffDocument:
    text = json.dumps(new.signature.model_dump(mode="python"))  # escapes what is no Unicode text: the reader names it
    with if_match.of(lambda: station.sign_off.status(number)), written(text, "signature.json") as file:
        return station.sign_off.import_signature(number, file, party=new.party)


@router.post(
    "/countersignatures",
    summary="Sign another station's package with this station's key; send the answer back to it",
    **RECORDED,
)
def countersign(station: StationOf, who: WhoOf, uploads: UploadsOf, new: NewCountersignature) -> DetachedSignature:
    package = uploads.path(new.package)
    return station.packages.countersign(
        package, keys=new.keys, party=new.party, name=speaker(who, new.name), role=new.role, artefact=new.artefact
    )


@router.post(
    "/goldens/{number}/acknowledgements", summary="Record which version of an artefact a party holds", **RECORDED
)
def acknowledge(
    station: StationOf, uploads: UploadsOf, number: str, new: NewAcknowledgement, if_match: IfMatch
) -> AcknowledgementDocument:
    file = uploads.given(new.file)
    with if_match.of(lambda: station.sign_off.status(number)):
        return station.sign_off.acknowledge(
            number, party=new.party, name=new.name, artefact=new.artefact, version=new.version, note=new.note,
            attach=file,
        )  # fmt: skip
