"""The sample data, for whoever looks around in a home that is still empty."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from station.batch import choose_engine
from station.service.sample_line import SampleOffer
from station.values.documents import Document
from station.values.samples import LOT
from station.web.jobs import JobDocument, Progress
from station.web.routes.common import StationOf, refuses
from station.web.routes.jobs import JobsOf

router = APIRouter(tags=["station"])


class NewSampleLine(Document):
    """units : how many of the lot's are inspected, all by default."""

    units: int | None = Field(default=None, ge=1, le=200, examples=[32])


@router.get("/sample-line", summary="Whether the sample data may be laid out in this home")
def offer(station: StationOf) -> SampleOffer:
    return station.samples.offer()


@router.post(
    "/sample-line",
    summary="Lay out the sample data in an empty home: bench, golden sample, units, a decided lot; a job",
    status_code=202,
    responses=refuses(409),
)
def lay_out(station: StationOf, jobs: JobsOf, new: NewSampleLine) -> JobDocument:
    station.samples.require()

    def work(progress: Progress) -> BaseModel | None:
        found = station.samples.lay_out(choose_engine(1), on_step=progress.tell, stop=progress.stop, units=new.units)
        return None if found.stopped else found

    return jobs.start("sample", LOT, work)
