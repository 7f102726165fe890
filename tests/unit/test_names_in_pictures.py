"""Names that people gave in Chinese, in every picture: drawn in the font that has their characters, never as boxes."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import test_capability_charts as capability
import test_colour_pictures as colours
import test_drawings as drawing
import test_finding_pictures as found
import test_residual as residuals
import test_tally as tallies
from PIL import ImageDraw

from station.lots.decide import decide
from station.report.capability_charts import capability_picture
from station.report.colour_pictures import Series, drift_picture, map_picture, uniformity_picture, vectors_picture
from station.report.control_charts import process_picture, trends_picture
from station.report.drawings import drawing_picture
from station.report.findings import findings_picture, heat_picture
from station.report.pair_boxes import pair_picture
from station.report.pictures import font
from station.report.plan_charts import CurveLine, QualityMark, plan_picture
from station.report.region_pictures import region_picture
from station.report.residuals import residual_picture
from station.report.side_by_side import parts_picture
from station.report.stream_charts import stream_picture
from station.report.tally_charts import tally_picture
from station.sheet import Aql
from station.values.charts import ChartDocument, ChartPoint, LotMean, LotTrendsDocument, ProcessDocument, TrendDocument
from station.values.colour import LinearRGB
from station.values.documents import Verdict
from station.values.line import FIRST_REGION
from station.values.stream import StreamDocument

NAME = "天藍"
RASTER = np.full((80, 100, 3), 120, np.uint8)


def _process() -> ProcessDocument:
    points = tuple(ChartPoint(label=f"{NAME}-{k}", value=30.0 + k / 10, low=None, lower=29, upper=31) for k in range(3))
    return ProcessDocument.model_construct(
        characteristic=f"colour:{NAME}", units=3, stream={"golden": NAME}, in_control=True, cpk=None, ppk=None,
        shift=None, mean=None, lower=None, upper=None, master=None,
        charts=(ChartDocument(kind="i", centre=30.0, points=points, signals=()),),
    )  # fmt: skip


def _trends() -> LotTrendsDocument:
    lots = tuple(
        LotMean(lot=f"{NAME}-{k}", opened_at="", golden_version=1, units=3, mean=1.0 + k, error=0.1) for k in range(3)
    )
    trend = TrendDocument.model_construct(
        characteristic=f"colour:{NAME}", unit="", lots=lots, limit=None, drifts=False, slope=None, reason=NAME
    )
    return LotTrendsDocument(golden=NAME, trends=(trend,), remarks=())


def _colour() -> np.ndarray:
    measured = colours.measured(4.2, Verdict.NONCONFORMS, (50.0, 17.0, -30.0))
    return vectors_picture([measured.model_copy(update={"characteristic": f"colour:{NAME}"})], title=NAME)


def _drawing() -> np.ndarray:
    row = drawing.measured(f"size:{NAME}", 30.0, None)
    return drawing_picture(drawing.RASTER, drawing.FRAME, drawing.document(row), title=NAME, panel_px=400)


def _heat() -> np.ndarray:
    scores = np.zeros((160, 200), np.float32)
    return heat_picture(found.rasters()[1], found.FRAME, scores, [], title=NAME, threshold=0.5, notes=[NAME])


def _residuals() -> np.ndarray:
    raster = np.full((residuals.FRAME.height, residuals.FRAME.width, 3), 120, np.uint8)
    shifts = residuals.a_map(np.full((4, 2), 0.008))
    return residual_picture(raster, residuals.FRAME, shifts, title=NAME, remark=NAME)


def _map() -> np.ndarray:
    return map_picture(np.ones((80, 100), np.float32), np.ones((80, 100), bool), RASTER, [], title=NAME, notes=[NAME])


def _regions() -> np.ndarray:
    labels = np.full((80, 100), FIRST_REGION, np.uint8)
    return region_picture(LinearRGB(RASTER.astype(np.float32) / 255), labels, [NAME])


PICTURES: dict[str, Callable[[], np.ndarray]] = {
    "vectors": _colour,
    "map": _map,
    "uniformity": lambda: uniformity_picture(np.ones((3, 3)), title=NAME, least=0.75),
    "drift": lambda: drift_picture([], [Series("tint", [], 1.5)], title=NAME),
    "drawing": _drawing,
    "residual": _residuals,
    "findings": lambda: findings_picture(*found.rasters(), found.FRAME, [found.finding(region=NAME)], title=NAME),
    "heat": _heat,
    "regions": _regions,
    "pair": lambda: pair_picture(RASTER, RASTER, [(10, 10, 20, 20)], title=NAME, notes=[NAME]),
    "parts": lambda: parts_picture(
        RASTER, [np.array([[10.0, 10], [60, 10], [60, 60]])], [(f"2  nonconforms\n{NAME}", None)], [NAME]
    ),
    "tally": lambda: tally_picture(decide(NAME, "GS", [tallies.unit("u1")], Aql(), 1200)),
    "stream": lambda: stream_picture(
        StreamDocument.model_construct(stream=SimpleNamespace(name=NAME), lots=1, classes=()), []
    ),
    "control": lambda: process_picture(_process()),
    "trends": lambda: trends_picture(_trends()),
    "plan": lambda: plan_picture(
        [CurveLine(NAME, [0.0, 10.0], [0.5, 0.5])], [QualityMark(5.0, NAME)], title=NAME, notes=[NAME], axis="x"
    ),
    "capability": lambda: capability_picture(capability.study([capability.curve("pit", NAME)], [])),
}


@pytest.mark.parametrize("picture", PICTURES)
def test_a_chinese_name_is_drawn_in_a_font_that_has_it(picture: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, Any]] = []
    draw = ImageDraw.ImageDraw.text

    def drawn(
        self: ImageDraw.ImageDraw, xy: Any, text: str, fill: Any = None, font: Any = None, *a: Any, **b: Any
    ) -> None:
        seen.append((text, font))
        draw(self, xy, text, fill, font, *a, **b)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", drawn)
    PICTURES[picture]()
    named = [face.getname() for text, face in seen if NAME in text]
    assert named
    assert set(named) == {font(10, NAME).getname()}
