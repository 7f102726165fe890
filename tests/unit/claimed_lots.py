"""Three lots drawn for the tests of complaints: a logo that lies 5 mm to the right, carton labels without SKU and
carton number, a colour that is off."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from entered_line import a_master, an_inspection, draw_line, photo

from station import golden_line, pipeline
from station.batch.serial import Serial
from station.judge import judge_unit
from station.service import Station
from station.service.entering import NewValue
from station.settings import Settings
from station.values.digest import digest
from station.values.documents import MeasurementDocument, UnitDocument, Verdict
from station.values.line import METAL, Measurement

SHEET = """schema = 1
[product]
sku = "MAS-PIN-30"
name = "Alpine society pin"
type = "pin"
finish = "imitation hard enamel, bright nickel"
thickness_mm = 1.6
supplier = "Hongda Metal Crafts"
order = "PO-4711"
[golden]
number = "GS-20260510"
approved_on = 2026-05-10
approved_by = "M. Weber"
confirmed_by = "Chen Wei"
artwork = "alpine-r4.ai"
[[regions]]
name = "sky"
polygon_mm = [[-8, -8], [-2, -8], [-2, -2], [-8, -2]]
surface = "hard enamel"
accept = 2.0
reject = 3.0
[[marks]]
name = "logo"
polygon_mm = [[0, 0], [4, 0], [4, 4], [0, 4]]
offset_mm = 0.3
[[sizes]]
name = "width"
nominal_mm = 30.0
plus_mm = 0.15
minus_mm = 0.15
[[entered]]
name = "carton label fields"
unit = "fields"
nominal = 7
minus = 0
class = "major"
[[entered]]
name = "pull force"
unit = "N"
nominal = 20.0
minus = 0.0
class = "critical"
[aql]
level = "S-3"
major = 2.5
minor = 4.0
"""
SIZE, SAMPLE, CARTONS = 3000, 20, 4
LOGO, LABEL, COLOUR, LATER = "L-LOGO", "L-LABEL", "L-COLOUR", "L-LATER"


class Days:
    """A second later at every look, and days later when asked."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now

    def pass_days(self, days: int) -> None:
        self.now += timedelta(days=days)


def inspect_claimed(shot: Any, master: Any, sheet: Any, calibration: Any, **names: Any) -> pipeline.Inspection:
    """A unit that shows what its lot, the first part of its name, is about."""
    seen = an_inspection(shot, master, sheet, calibration, **names)
    lot, n = names["unit"].split("_")[0], int(names["unit"].split("_")[1])
    off = 5.0 + 0.02 * (n % 3) if lot == LOGO else 0.02
    measured = (
        Measurement("offset-x:logo", "offset-x", off, "mm", 0.06, "drawn"),
        Measurement("offset-y:logo", "offset-y", 0.01, "mm", 0.06, "drawn"),
        Measurement("offset:logo", "offset", float(np.hypot(off, 0.01)), "mm", 0.06, "drawn"),
        Measurement("size:width", "size", 30.0 + 0.002 * n, "mm", 0.02, "drawn"),
    )
    judged = judge_unit(measured, (), (), sheet, golden_sizes_mm=master.sizes_mm)
    measurements = (*judged.measurements, colour_of_sky(lot == COLOUR, n))
    wrong = any(m.verdict is Verdict.NONCONFORMS for m in measurements)
    told = {"measurements": measurements, "verdict": Verdict.NONCONFORMS if wrong else Verdict.CONFORMS, "digest": ""}
    document = seen.document.model_copy(update={**told, "reasons": judged.reasons if wrong else ()})
    content = document.model_dump(mode="json", by_alias=True, exclude={"digest"})
    return replace(seen, document=document.model_copy(update={"digest": digest(content)}))


def golden_beside_unit(_master: Any, _aligned: Any, document: UnitDocument) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """The two parts as plain shapes, the unit's logo and sky where and as the document has them."""
    sheet = np.full((640, 1280, 3), 250, dtype=np.uint8)
    found = {m.characteristic: m for m in document.measurements}
    for x, unit in ((320, False), (960, True)):
        off = found["offset-x:logo"].value if unit else 0.0
        sky = (58, 88, 120) if unit and (found["colour:sky"].value or 0.0) > 1 else (52, 110, 165)
        cv2.circle(sheet, (x, 320), 270, (196, 200, 204), -1)
        cv2.circle(sheet, (x, 320), 250, sky, -1)
        left = x - 60 + round(18 * (off or 0.0))
        cv2.rectangle(sheet, (left, 330), (left + 110, 440), (235, 235, 235), -1)
    return sheet


def colour_of_sky(off: bool, n: int) -> MeasurementDocument:
    """The colour of the sky, 4.8 CIEDE2000 darker and yellower where it is off."""
    golden = (48.0, -4.0, -32.0)
    lab = (43.8 - 0.05 * (n % 4), -3.8, -26.5) if off else (48.1, -4.0, -31.9)
    value = 4.81 + 0.03 * (n % 4) if off else 0.14
    return MeasurementDocument.model_validate(
        {
            "characteristic": "colour:sky", "kind": "colour", "value": value, "unit": "CIEDE2000", "u": 0.42,
            "nominal": 0.0, "lower": None, "upper": 3.0, "class": "major", "lab": lab, "lab_golden": golden,
            "verdict": "nonconforms" if off else "conforms", "where_mm": (-5.0, -5.0),
        }
    )  # fmt: skip


def inspect_lot(station: Station, folder: Path, lot: str, grain: int) -> None:
    """Twenty units of a lot from four cartons, decided."""
    rows = ["unit,photo,carton,plating_date"]
    for n in range(SAMPLE):
        name = f"{lot}_{n:02}"
        photo(folder / lot / f"{name}.png", 0, grain=grain + n)
        rows.append(f"{name},{name}.png,C{1 + n % CARTONS},2026-05-{18 + n % 2}")
    units = folder / f"{lot}.csv"
    units.write_text("\n".join(rows))
    station.inspect_many(
        [folder / lot], golden="GS-20260510", lot=lot, engine=Serial(), on_done=lambda _: None, units_file=units
    )
    pulls = [value(f"{lot}_{n:02}", "pull force", 24.0, lot, "N") for n in range(3)]
    fields = 5.0 if lot == LABEL else 7.0
    note = "SKU and carton number are missing, old label format" if lot == LABEL else ""
    labels = [value(f"{lot} carton {n}", "carton label fields", fields, lot, "fields", note) for n in range(1, 9)]
    station.entered.enter([*pulls, *labels])
    station.decide_lot(lot, SIZE)


def value(unit: str, name: str, amount: float, lot: str, unit_of_measure: str, note: str = "") -> NewValue:
    """An entered value of a lot."""
    return NewValue(
        where=name, unit=unit, name=name, value=amount, u=0.0, instrument="by eye", calibrated_on=date(2026, 5, 1),
        golden="GS-20260510", lot=lot, unit_of_measure=unit_of_measure, note=note, by="QA",
    )  # fmt: skip


def make_home(folder: Path, clock: Days, lots: tuple[str, ...] = (LOGO, LABEL, COLOUR)) -> Path:
    """A home with these lots inspected and decided."""
    with pytest.MonkeyPatch.context() as patch:
        draw_claimed(patch)
        (folder / "sheet.toml").write_text(SHEET)
        with Station(Settings(home=folder / "home"), clock=clock) as station:
            station.seal_golden(folder / "sheet.toml", photo(folder / "golden.png", 0, grain=399))
            for k, lot in enumerate(lots):
                inspect_lot(station, folder, lot, 1 + 20 * k)
    return folder / "home"


def draw_claimed(patch: pytest.MonkeyPatch) -> None:
    """Put the drawn line in the place of the real one."""
    draw_line(patch)
    patch.setattr(golden_line, "measure_master", _metal)
    patch.setattr(pipeline, "inspect", inspect_claimed)
    patch.setattr("station.report.unit_pictures.unit_picture", golden_beside_unit)


def _metal(*args: Any, **names: Any) -> Any:
    return replace(a_master(*args, **names), labels=np.full((40, 40), METAL, dtype=np.uint8))
