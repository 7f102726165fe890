"""The analysis of lots as a use case and as commands, over a drawn line: units file, findings, entered weights."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from entered_line import SHEET, Clock, a_master, an_inspection, draw_line, photo

from station import golden_line, pipeline
from station.batch.serial import Serial
from station.cli import app
from station.cli.conduct import run
from station.errors import NotFoundError, RequestError
from station.service import Station, lot_analysis, processes
from station.service.entering import NewValue
from station.settings import Settings
from station.values.digest import digest
from station.values.documents import FindingDocument, Verdict
from station.values.line import METAL

BAD_CARTON = "C3"
CARTONS, PER = 6, 8
SHEET_SIZES = SHEET.split('[[sizes]]\nname = "thickness"')[0] + "[[entered]]" + SHEET.split("[[entered]]", 1)[1]


def with_scratches(*args: Any, **names: Any) -> pipeline.Inspection:
    """As the drawn line, with a scratch at two o'clock on most units of the bad carton."""
    seen = an_inspection(*args, **names)
    unit = names["unit"]
    if not (unit.startswith(BAD_CARTON) and unit[-1] in "12345"):
        return seen
    jitter = int(unit[-1]) / 10
    scratch = FindingDocument(
        kind="scratch", x_mm=5.0 + jitter, y_mm=-3.0, size_mm=0.1, length_mm=1.5, area_mm2=0.15, region="metal",
        score=0.9, defect_class="major", verdict=Verdict.NONCONFORMS,
    )  # fmt: skip
    changed = seen.document.model_copy(update={"findings": (scratch,), "verdict": Verdict.NONCONFORMS, "digest": ""})
    content = changed.model_dump(mode="json", by_alias=True, exclude={"digest"})
    return replace(seen, document=changed.model_copy(update={"digest": digest(content)}))


def master_of_metal(*args: Any, **names: Any) -> Any:
    return replace(a_master(*args, **names), labels=np.full((40, 40), METAL, dtype=np.uint8))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A lot of six cartons, one of them scratched, with a line for each carton."""
    folder = tmp_path_factory.mktemp("lots")
    with pytest.MonkeyPatch.context() as patch:
        draw_line(patch)
        patch.setattr(golden_line, "measure_master", master_of_metal)
        patch.setattr(pipeline, "inspect", with_scratches)
        (folder / "sheet.toml").write_text(SHEET_SIZES)
        rows = ["unit,photo,carton,line"]
        for c in range(CARTONS):
            for u in range(PER):
                name = f"C{c + 1}-{u + 1}"
                photo(folder / "lot" / f"{name}.png", 3 + (7 * u + 3 * c) % 5, grain=1 + c * PER + u)
                rows.append(f"{name},{name}.png,C{c + 1},{'AB'[c % 2]}")
        (folder / "units.csv").write_text("\n".join(rows))
        with Station(Settings(home=folder / "home"), clock=Clock()) as station:
            station.seal_golden(folder / "sheet.toml", photo(folder / "golden.png", 0, grain=399))
            station.inspect_many([folder / "lot"], golden="GS-1", lot="L1", engine=Serial(), on_done=lambda _: None,
                                 units_file=folder / "units.csv")  # fmt: skip
            weights = [
                NewValue(where="w", unit=f"C{c}-{u}", name="weight", value=34.0 + 0.01 * (u - 3), u=0.05,
                         instrument="scale", calibrated_on=date(2026, 5, 1), golden="GS-1", lot="L1")
                for c in (1, 2) for u in range(1, 9)
            ]  # fmt: skip
            station.entered.enter(weights)
            for k in range(2, 7):  # five more lots, each a little wider
                for u in range(4):
                    photo(folder / f"lot{k}" / f"L{k}-{u}.png", 4 * k + u, grain=60 + 4 * k + u)
                station.inspect_many([folder / f"lot{k}"], golden="GS-1", lot=f"L{k}", engine=Serial(),
                                     on_done=lambda _: None)  # fmt: skip
        yield folder / "home"


@pytest.fixture
def station(home: Path) -> Iterator[Station]:
    with Station(Settings(home=home), clock=Clock()) as opened:
        yield opened


def test_the_decision_names_carton_and_extent(station: Station) -> None:
    decided = station.lot_tally("L1", 48)
    assert decided.extent == "carton"
    worst = decided.clusters[0]
    assert (worst.defect, worst.factor, worst.level, worst.units, worst.of) == ("scratch", "carton", "C3", 5, 8)
    assert decided == station.lot_tally("L1", 48)
    clean = station.lot_tally("L2", 4)
    assert (clean.clusters, clean.extent, clean.cause) == ((), None, None)


def test_the_map_has_tables_and_the_place_on_the_part(station: Station) -> None:
    found = station.analysis.map("L1")
    assert (found.inspected, found.nonconforming) == (48, 5)
    carton, line = found.tables
    assert {r.level: r.nonconforming for r in carton.rows}["C3"] == 5
    assert [(r.level, r.carton) for r in line.rows][:2] == [("A", "C1"), ("A", "C3")]
    (place,) = found.places
    assert place.together
    assert place.spot is not None
    assert place.spot.clock == "2 o'clock"
    assert place.spot.units == 5


def test_the_explanation_in_sentences(station: Station) -> None:
    """S2, D4, V1."""
    found = station.analysis.explain("L1")
    assert found.sentences[0] == "5 of 48 inspected units of lot L1 do not conform."
    assert found.sentences[1].startswith("Carton-specific: scratch: 5 of 8 units in carton C3, 0 of 40 elsewhere")
    assert any(s == "Every carton lies in one line." for s in found.sentences)
    assert any(s.startswith("Ask the factory for ") for s in found.sentences)
    assert {m.name for m in found.diagnosis.measurement} == {"light", "white point", "repeatability", "standard"}
    assert found.diagnosis.causes[1].state == "contradicted"  # the weights are the master's
    assert found.diagnosis.cause is None
    assert station.analysis.explain("L2").sentences[0] == "0 of 4 inspected units of lot L2 do not conform."


def test_an_unknown_lot_is_refused(station: Station) -> None:
    for ask in (station.analysis.map, station.analysis.explain):
        with pytest.raises(NotFoundError, match="no lot"):
            ask("nowhere")


def test_a_control_chart_against_the_master(station: Station) -> None:
    found = station.processes.chart("size:width", golden="GS-1", lots=["L1"])
    assert [c.kind for c in found.charts] == ["i", "mr"]
    assert found.units == 48
    assert found.master == 30.0
    assert found.shift == pytest.approx(0.01, abs=0.003)
    assert found.cpk is not None
    assert found.cp is not None
    assert found.cp.low < found.cp.value < found.cp.high
    grouped = station.processes.chart("size:width", golden="GS-1", lots=["L1"], by="carton")
    assert [c.kind for c in grouped.charts] == ["xbar", "s"]
    assert [p.label for p in grouped.charts[0].points] == [f"C{k}" for k in range(1, 7)]
    only = station.processes.chart("size:width", golden="GS-1", lots=["L1"], where={"line": "B"}, kind="cusum")
    assert only.units == 24
    assert station.processes.chart("size:width", golden="GS-1", kind="ewma").charts[0].signals


def test_shares_and_numbers_by_carton(station: Station) -> None:
    found = station.processes.chart("nonconforming", golden="GS-1", lots=["L1"])
    assert found.stream["by"] == "carton"
    assert [s.point for s in found.charts[0].signals if s.rule == 1] == ["C3"]
    assert not found.in_control
    number = station.processes.chart("findings", golden="GS-1", lots=["L1"])
    assert number.charts[0].kind == "u"
    scratches = station.processes.chart("scratch", golden="GS-1", lots=["L1"], kind="p")
    assert scratches.mean == pytest.approx(5 / 48)


def test_a_decision_and_an_explanation_are_drawn(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(home, tmp_path / "home")
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    for words in (["decide", "L1", "--size", "48"], ["explain", "L1"]):
        out = tmp_path / f"{words[0]}.png"
        assert run(app, ["lot", *words, "--picture", str(out)]) == 0
        assert cv2.imread(str(out)) is not None


def test_thirds_of_the_pick_list_are_an_ordered_factor(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home, tmp_path / "home")
    with Station(Settings(home=tmp_path / "home"), clock=Clock()) as station:
        drawn = station.draws.draw("L1", size=48, cartons=6, units=48, seed=1)
        names = dict(zip(sorted(u.unit for u in station.standing_units("L1")), drawn.picks, strict=True))
        picks = tuple(p.model_copy(update={"label": unit}) for unit, p in names.items())
        listed = drawn.model_copy(update={"picks": picks})
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lot_analysis, "draw_of_lot", lambda *_: listed)
            factors = {f.name: f for f in station.analysis.explain("L1").clusters.factors}
    assert factors["third"].ordered
    assert sorted(factors["third"].levels) == ["early", "late", "mid"]


def test_a_finding_that_a_reviewer_refused_is_on_neither_chart(home: Path, tmp_path: Path) -> None:
    copied = tmp_path / "home"
    shutil.copytree(home, copied)
    with Station(Settings(home=copied), clock=Clock()) as station:
        scratched = [r for r in station.standing_units("L1") if r.standing is Verdict.NONCONFORMS]
        station.review(scratched[0].id, "accept", "a hair, brushed off", "QA")
        for kind, names in (("u", "findings"), ("u", "scratch"), ("p", "scratch")):
            found = station.processes.chart(names, golden="GS-1", lots=["L1"], by="carton", kind=kind).charts[0]
            assert found.centre == pytest.approx(4 / 48), (kind, names)


def test_limits_of_shares_are_named_for_what_they_are(station: Station) -> None:
    chart = station.processes.chart("nonconforming", golden="GS-1", lots=["L1"]).charts[0]
    assert {s.words for s in chart.signals} == {"beyond the limit that chance passes once in 741 times"}


def test_a_mean_has_the_digits_of_its_interval(station: Station) -> None:
    found = station.processes.chart("size:width", golden="GS-1", lots=["L1"])
    assert found.mean_low is not None
    assert found.mean_high is not None
    assert found.mean_decimals in (4, 5)
    told = [f"{v:.{found.mean_decimals}f}" for v in (found.mean_low, found.mean_high)]
    assert told[0] != told[1]
    assert found.model_copy(update={"mean_low": None}).mean_decimals == 3


@pytest.mark.parametrize("kind", ["cusum", "ewma"])
def test_without_spread_there_is_no_sum(station: Station, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    read = processes._values
    monkeypatch.setattr(processes, "_values", lambda *args: [replace(v, value=30.0) for v in read(*args)])
    assert not station.processes.chart("size:width", golden="GS-1", lots=["L1"]).charts[0].signals
    with pytest.raises(RequestError, match="the same from unit to unit"):
        station.processes.chart("size:width", golden="GS-1", lots=["L1"], kind=kind)


def test_neighbouring_points_beyond_a_limit_are_one_row(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["--home", str(home), "chart", "control", "size:width", "--golden", "GS-1", "--type", "ewma"]) == 0
    out = capsys.readouterr().out
    assert " to L6-3" in out
    assert out.count("beyond the decision limit") <= 4


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"characteristic": "size:height"}, "no unit of this stream has the characteristic"),
        ({"kind": "r"}, "is no type of a chart"),
        ({"component": "dE"}, "is no component"),
        ({"component": "dL"}, "Only colours have"),
        ({"where": {"line": "Z"}}, "no inspected unit"),
        ({"by": "line", "where": {"line": "A"}}, "1 subgroup by line"),
        ({"characteristic": "nonconforming", "kind": "xbar-s"}, "has no chart of type"),
    ],
)
def test_charts_that_cannot_be_are_refused(station: Station, options: dict[str, Any], says: str) -> None:
    with pytest.raises(RequestError, match=says):
        station.processes.chart(**{"characteristic": "size:width", "golden": "GS-1", "lots": ["L1"], **options})


def test_slow_drift_over_lots_is_told_with_the_lots_left(station: Station) -> None:
    """G16."""
    found = station.processes.trends("GS-1")
    width = next(t for t in found.trends if t.characteristic == "size:width")
    assert [m.lot for m in width.lots] == ["L1", "L2", "L3", "L4", "L5", "L6"]
    assert width.drifts
    assert width.slope == pytest.approx(0.008, abs=1e-3)
    assert width.lots_left is not None
    assert width.lots_left == pytest.approx((30.15 - width.lots[-1].mean) / width.slope)
    assert "drifts by +0.008 mm a lot" in width.reason
    weight = next(t for t in found.trends if t.characteristic == "entered:weight")
    assert (weight.drifts, weight.p) == (False, None)


def test_commands_print_documents_and_draw_pictures(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = ["--home", str(home)]

    def ran(*words: str) -> str:
        assert run(app, [*base, *words]) == 0
        return capsys.readouterr().out

    picture = tmp_path / "map.png"
    found = json.loads(ran("lot", "map", "L1", "--json", "--picture", str(picture)))
    assert found["nonconforming"] == 5
    drawn = cv2.imread(str(picture))
    assert drawn is not None
    assert drawn.shape[1] > 400
    assert "2 o'clock" in ran("lot", "map", "L1")
    assert json.loads(ran("lot", "explain", "L1", "--json"))["clusters"]["extents"][0]["extent"] == "carton"
    assert ran("lot", "explain", "L1").startswith("5 of 48")
    chart = json.loads(ran("chart", "control", "size:width", "--golden", "GS-1", "--lot", "L1", "--where", "line=A",
                           "--json", "--picture", str(tmp_path / "chart.jpg")))  # fmt: skip
    assert chart["units"] == 24
    assert (tmp_path / "chart.jpg").stat().st_size > 1000
    assert "Signals" in ran("chart", "control", "nonconforming", "--golden", "GS-1", "--lot", "L1")
    assert "drifts by" in ran("chart", "trend", "--golden", "GS-1", "--picture", str(tmp_path / "trend.png"))
    assert json.loads(ran("chart", "trend", "--golden", "GS-1", "--json"))["trends"][0]["drifts"]
    assert "Extent: carton" in ran("lot", "decide", "L1", "--size", "48")


@pytest.mark.parametrize(
    "words",
    [
        ["lot", "map", "L1", "--picture", "map.gif"],
        ["chart", "control", "size:width", "--golden", "GS-1", "--where", "line"],
        ["chart", "trend", "--golden", "GS-9"],
        ["lot", "explain", "nowhere"],
    ],
)
def test_commands_refuse_in_one_line(home: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["--home", str(home), *words]) == 2
    err = capsys.readouterr().err
    assert err.startswith("station: ")
    assert err.count("\n") == 1
