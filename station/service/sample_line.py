"""The sample data as a line to look around in, in a home that is empty: bench, golden sample, units, decided lot."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from pydantic import Field

from station.errors import ConflictError, RequestError
from station.service.inspecting import Engine
from station.service.steps import OnStep, silent
from station.values.documents import Document
from station.values.samples import DESIGN, LOT, LOT_SIZE, samples_folder

if TYPE_CHECKING:
    from station.service.station import Station

_SEALING: Final = 3
"""Steps of sealing from one picture."""


class SampleLine(Document):
    """What of the sample data is in the home. stopped : before all of it was."""

    golden: str = Field(examples=["GS-ALPINE-01"])
    lot: str = Field(examples=[LOT])
    units: int
    stopped: bool = False


class SampleOffer(Document):
    """Whether the sample data may be laid out in this home, and why not."""

    offered: bool
    reason: str


class Samples:
    """The use cases. Reached as ``Station.samples``."""

    def __init__(self, station: Station) -> None:
        self._station = station

    def offer(self) -> SampleOffer:
        """Whether :meth:`lay_out` would begin."""
        try:
            self.require()
        except (ConflictError, RequestError) as error:
            return SampleOffer(offered=False, reason=f"{error.message}. {error.do}")
        return SampleOffer(offered=True, reason="")

    def lay_out(
        self, engine: Engine, *, on_step: OnStep = silent, stop: threading.Event | None = None, units: int | None = None
    ) -> SampleLine:
        """Register and calibrate the sample bench, seal its golden sample, inspect its units, decide their lot.

        units : how many, all by default. A run that was stopped leaves what is whole; the lot is then not decided.
        Raises ConflictError where the home holds anything already, RequestError without the sample pictures.
        """
        self.require()
        samples, station = samples_folder(), self._station
        bench, folder = samples / "bench", samples / DESIGN
        card = str(bench / "card.toml")
        photos = sorted((folder / "units").glob("*.jpg"))[:units]
        boards, greys = sorted(bench.glob("board-*.jpg")), sorted(bench.glob("grey-*.jpg"))
        shares = {"lens": len(boards) + 1, "light": len(greys), "sealing": _SEALING, "inspecting": len(photos)}
        of, done = sum(shares.values()) + 1, 0

        def part(what: str) -> OnStep:
            """Hears the steps of one part as steps of the whole; the part's last step is left to the next one."""
            nonlocal done
            before, done = done, done + shares[what]
            on_step(what, before, of)
            return lambda _step, n, _of: on_step(what, before + min(n, shares[what] - 1), of)

        steps = part("lens")
        rig = station.bench.add_rig(bench / "rig.toml").name
        station.bench.calibrate_lens(rig, boards, on_step=steps)
        station.bench.calibrate_light(rig, greys, lux=[900], on_step=part("light"))
        number = station.seal_golden(
            folder / "sheet.toml", folder / "golden.jpg", rig=rig, card=card, on_step=part("sealing")
        ).number
        begun = done
        on_step("inspecting", begun, of)

        def one(_found: object) -> None:
            nonlocal done
            done += 1
            on_step("inspecting", done, of)

        result = station.inspect_many(
            photos, golden=number, engine=engine, on_done=one, rig=rig, card=card, lot=LOT,
            units_file=folder / "units.csv", stop=stop,
        )  # fmt: skip
        inspected = done - begun
        if result.stopped:
            return SampleLine(golden=number, lot=LOT, units=inspected, stopped=True)
        on_step("deciding", of - 1, of)
        station.decide_lot(LOT, LOT_SIZE)
        return SampleLine(golden=number, lot=LOT, units=inspected)

    def require(self) -> None:
        """Raises ConflictError where the home holds anything, RequestError without the sample pictures."""
        samples_folder()
        station = self._station
        if station.bench.rigs() or station.goldens() or station.lots() or station.units(limit=1):
            raise ConflictError(
                "this home holds records, and the sample data would stand among them",
                "Look around in a home of its own: station demo, then station --home station-demo/home serve.",
            )
