"""The ledger and the keys, read; the records held to them; another station's key known."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import Field

from station.values.documents import Document
from station.values.sign_off import KeyDocument, LedgerEntryDocument, LedgerHeadDocument
from station.web.jobs import JobDocument
from station.web.routes.common import Cursor, Limit, Page, StationOf, after, page_of, refuses
from station.web.routes.jobs import JobsOf
from station.web.routes.signing import PublicKey

router = APIRouter(tags=["ledger"])


class NewRecordsCheck(Document):
    """head : of the ledger, as it was kept elsewhere."""

    head: Annotated[str, Field(pattern=r"^[0-9]{1,12}:[0-9a-f]{64}$", examples=[f"42:{'0' * 64}"])] | None = None


class NewKey(Document):
    """Another station's public key, in hexadecimal, and whose it is. Compare its fingerprint with theirs by
    telephone."""

    key: PublicKey
    name: str = Field(min_length=1, max_length=100, examples=["hongda"])


@router.get("/ledger", summary="Entries of the ledger in order; the cursor is the number of the entry before")
def entries(station: StationOf, cursor: Cursor = None, limit: Limit = 100) -> Page[LedgerEntryDocument]:
    found = station.ledger.entries(after(cursor) + 1, limit + 1)
    return page_of(found, limit, [e.sequence for e in found])


@router.get("/ledger/head", summary="The newest head, to be kept elsewhere")
def head(station: StationOf) -> LedgerHeadDocument:
    return station.ledger.head()


@router.post(
    "/ledger/checks",
    summary="Walk records, evidence and ledger: a job, whose result names what is missing, extra, changed or added",
    status_code=202,
)
def check(station: StationOf, jobs: JobsOf, new: NewRecordsCheck) -> JobDocument:
    return jobs.start("records check", new.head or "", lambda _: station.check(new.head))


@router.get("/keys", summary="The public keys that this home knows")
def keys(station: StationOf) -> list[KeyDocument]:
    return station.ledger.known_keys()


@router.get("/keys/own", summary="This station's public key, to hand out")
def own(station: StationOf) -> KeyDocument:
    return station.ledger.key()


@router.post("/keys", summary="Know another station's key", status_code=201, responses=refuses(409))
def trust(station: StationOf, new: NewKey) -> KeyDocument:
    return station.ledger.trust(new.key, new.name)
