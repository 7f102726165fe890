"""Sealed packages of golden samples and archives of whole orders: made, verified, received, compared, as jobs."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from station.errors import RequestError
from station.service import order_exchange, packages
from station.values.documents import Document
from station.values.order_exchange import ReceivedOrder
from station.values.sign_off import PackageDocument
from station.web.jobs import JobDocument, Progress
from station.web.routes.common import Limit, Page, StationOf, TextCursor, page_after, refuses
from station.web.routes.jobs import JobsOf, UploadId, UploadsOf
from station.web.routes.signing import PublicKeys

router = APIRouter(tags=["exchange"])


class NewPackage(Document):
    """version : of the golden sample, the newest without it."""

    version: int | None = Field(default=None, ge=1, le=10**6, examples=[1])


class GivenPackage(Document):
    """A package or archive, as it was handed in, and the public keys that one trusts."""

    file: UploadId
    keys: PublicKeys = Field(min_length=1, examples=[["0" * 64]])


class NewArchive(Document):
    """order : purchase order as the control sheets name it, or a golden sample's number. pictures : with the units'
    photos, or their digests alone."""

    order: str = Field(min_length=1, max_length=200, examples=["PO-4711"])
    pictures: bool = False


class NewReceived(Document):
    """Another station's archive, as it was handed in. party : whose records these are. keys : of that station; not
    needed once orders came from it."""

    file: UploadId
    party: str = Field(min_length=1, max_length=120, examples=["hongda"])
    keys: PublicKeys = ()


class NewArchiveComparison(Document):
    """What this station's records are held against: an archive that is handed in, or an order that was received."""

    file: UploadId | None = None
    order: str | None = Field(default=None, max_length=200, examples=["PO-4711"])
    keys: PublicKeys = ()


@router.post(
    "/goldens/{number}/packages",
    tags=["goldens"],
    summary="Write the sealed package: a job, whose file it is",
    status_code=202,
)
def export_package(station: StationOf, jobs: JobsOf, number: str, new: NewPackage) -> JobDocument:
    version = station.golden(number, new.version).version

    def work(progress: Progress) -> BaseModel:
        out = progress.place(f"{_plain(number)}-v{version}.zip")
        return station.packages.export(number, out, version=version).model_copy(update={"file": out.name})

    return jobs.start("package", number, work)


@router.post("/packages/verified", summary="Verify a sealed package with nothing but the file and a public key")
def verify_package(uploads: UploadsOf, new: GivenPackage) -> PackageDocument:
    return packages.verify(uploads.path(new.file), new.keys)


@router.post("/archives", summary="Write everything about an order as one sealed archive: a job, whose file it is",
             status_code=202)  # fmt: skip
def export_archive(station: StationOf, jobs: JobsOf, new: NewArchive) -> JobDocument:
    def work(progress: Progress) -> BaseModel:
        out = progress.place(f"order-{_plain(new.order)}.zip")
        made = station.packages.orders.export(new.order, out, pictures=new.pictures)
        return made.model_copy(update={"file": out.name})

    return jobs.start("archive", new.order, work)


@router.post("/archives/verified", summary="Verify an archive with nothing but the file and a public key: a job",
             status_code=202)  # fmt: skip
def verify_archive(jobs: JobsOf, uploads: UploadsOf, new: GivenPackage) -> JobDocument:
    file = uploads.path(new.file)
    return jobs.start("archive check", file.name, lambda _: order_exchange.verify(file, new.keys), uploads)


@router.get("/archives/received", summary="Orders as other stations recorded them, the newest state of a ledger first")
def received(station: StationOf, cursor: TextCursor = None, limit: Limit = 50) -> Page[ReceivedOrder]:
    items, after = page_after(sorted(station.packages.orders.received(), key=_place), _place, cursor, limit)
    return Page(items=tuple(items), next=after)


def _place(found: ReceivedOrder) -> str:
    """Where an order stands in the list, whatever is received meanwhile: behind those of newer heads."""
    number = int(found.head.partition(":")[0])
    return f"{10**12 - number:013d} {found.archive_sha256} {found.party} {found.contents.order}"


@router.post("/archives/received", summary="Keep another station's archive beside the own records: a job",
             status_code=202)  # fmt: skip
def receive(station: StationOf, jobs: JobsOf, uploads: UploadsOf, new: NewReceived) -> JobDocument:
    file = uploads.path(new.file)
    return jobs.start(
        "archive received", new.party, lambda _: station.packages.orders.receive(file, party=new.party, keys=new.keys),
        uploads,
    )  # fmt: skip


@router.post("/archives/comparisons", summary="Another station's records beside this one's: a job", status_code=202,
             responses=refuses(409))  # fmt: skip
def compare(station: StationOf, jobs: JobsOf, uploads: UploadsOf, new: NewArchiveComparison) -> JobDocument:
    if (new.file is None) == (new.order is None):
        raise RequestError("either an archive is compared or an order that was received", "Send file or order.")
    file, exchange = uploads.given(new.file), station.packages.orders

    def work(_: Progress) -> BaseModel:
        if file is None:
            return exchange.compare_received(str(new.order), keys=new.keys)
        return exchange.compare(file, keys=new.keys)

    return jobs.start("archive compared", new.order or (file.name if file else ""), work, uploads)


def _plain(name: str) -> str:
    """A name of a file from whatever a number or order is called."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in name).strip(".-")[:60] or "order"
