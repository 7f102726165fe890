"""Run by test_inspect_killed in a process of its own: inspects a folder over a drawn line, dies after some units."""

from __future__ import annotations

import os
import runpy
import signal
import sys
from pathlib import Path

from station import pipeline
from station.batch.serial import Serial
from station.calibrate import light
from station.service import Station
from station.service.views import Inspected
from station.settings import Settings
from station.values.line import Corrected


def main(home: Path, folder: Path, die_after: int) -> None:
    drawn = runpy.run_path(str(Path(__file__).parents[1] / "unit" / "test_service.py"))
    light.correct = lambda shot, _calibration: Corrected(shot, drawn["RASTER"], None, None, None, None)
    pipeline.measure_master = drawn["a_master"]
    pipeline.inspect = drawn["an_inspection"]
    from station.report import pictures

    pictures.unit_picture = lambda *_args: drawn["RASTER"].pixels.astype("uint8")
    done = 0

    def on_done(one: Inspected) -> None:
        nonlocal done
        print(one.unit, one.new, flush=True)
        done += 1
        if done == die_after:
            os.kill(os.getpid(), signal.SIGKILL)

    with Station(Settings(home=home)) as station:
        if not station.goldens():
            drawn["seal"](station, home)
        station.inspect_many([folder], golden="GS-1", engine=Serial(), on_done=on_done, lot="L1")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
