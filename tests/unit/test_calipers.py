"""Border, lines and recesses of drawn parts of known geometry, on golden and unit, and how they are judged."""

from __future__ import annotations

import math
import tomllib
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from station.errors import SheetError
from station.judge import judge_unit
from station.measure import own_values
from station.measure.features import measure_features
from station.measure.golden_features import FeatureRequest, place_features
from station.measure.outline import measure_outline, struck_outline
from station.measure.outline_sizes import measure_golden_sizes
from station.measure.polyline import nearest_on_closed, nearest_on_run
from station.measure.proposals import propose_features
from station.sheet import Sheet, Size
from station.store.masters import load_master, master_digest, save_master
from station.values.colour import LinearRGB
from station.values.documents import Verdict
from station.values.geometry import Frame, Similarity
from station.values.line import FIRST_REGION, METAL, OUTSIDE, Aligned, Master, Measurement, RegionMaster

Float = NDArray[np.float64]

PITCH = 0.033
FRAME = Frame(PITCH, 701, 701, (350.0, 350.0))
RADIUS = 10.0
BENCH, METAL_LIGHT, BLUE, CREAM = (0.22, 0.22, 0.22), (0.45, 0.42, 0.36), (0.03, 0.09, 0.30), (0.60, 0.55, 0.42)
OVER = 4  # sub-samples a side of a pixel
LINE_AT, RECESS_AT = (-4.0, 0.0), (4.0, 4.0)


@cache
def _grid() -> tuple[Float, Float]:
    n = FRAME.width * OVER
    s = ((np.arange(n) + 0.5) / OVER - 0.5 - 350.0) * PITCH
    x, y = np.meshgrid(s, s)
    return x, y


def _layers(
    border: float = 0.8, left: float | None = None, line: float = 0.4, recess: float = 0.6
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Masks of part, blue and cream: a disc with a blue face inside a border, a raised horizontal line on its left and
    a metal square with a vertical cream recess on its right. left : the border's width at the far left."""
    x, y = _grid()
    part = np.hypot(x, y) < RADIUS
    thin = border if left is None else left
    # the face's circle moved to the left and grown, so that the border is thin there and whole at the right
    inner, shift = RADIUS - (border + thin) / 2, (thin - border) / 2
    face = np.hypot(x - shift, y) < inner
    metal = (np.abs(y) < line / 2) & (x < 0)
    square = (np.abs(x - 4.0) < 1.5) & (np.abs(y - 4.0) < 2.0)
    slot = (np.abs(x - 4.0) < recess / 2) & (np.abs(y - 4.0) < 1.4)
    blue = face & ~metal & ~square
    return part, blue, slot & square


def _picture(seed: int = 1, glints: float = 0.0, **shape: float) -> LinearRGB:
    x = _grid()[0]
    part, blue, cream = _layers(**shape)
    image = np.full((*x.shape, 3), BENCH, dtype=np.float32)
    image[part] = METAL_LIGHT
    if glints:  # metal mirrors the surroundings: lighter on one side, darker on the other
        image[part] *= (1 + glints * x[part] / RADIUS)[:, None].astype(np.float32)
    image[blue] = BLUE
    image[cream] = CREAM
    small = cv2.resize(image, (FRAME.width, FRAME.height), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), 0.9)
    noise = np.random.default_rng(seed).normal(0, 0.003, small.shape)
    return LinearRGB((small + noise).astype(np.float32))


def _labels() -> NDArray[np.uint8]:
    part, blue, cream = (
        cv2.resize(m.astype(np.float32), (FRAME.width, FRAME.height), interpolation=cv2.INTER_AREA) > 0.5
        for m in _layers()
    )
    labels = np.where(part, METAL, OUTSIDE).astype(np.uint8)
    labels[blue], labels[cream] = FIRST_REGION, FIRST_REGION + 1
    return labels


ROWS = (
    Size(name="border", nominal_mm=0.8, minus_mm=0.15, plus_mm=0.15, golden_mm=0.8),
    Size(name="bar", feature="line", at_mm=LINE_AT, nominal_mm=0.4, minus_mm=0.15),
    Size(name="slot", feature="recess", at_mm=RECESS_AT, nominal_mm=0.6, minus_percent=50.0),
)


@pytest.fixture(scope="module")
def master() -> Master:
    image = _picture()
    a = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    outline = struck_outline(image, FRAME, RADIUS * np.stack([np.cos(a), np.sin(a)], axis=1))
    regions = tuple(
        RegionMaster(name, "soft enamel", FIRST_REGION + i, None, 0.1, (0.0, 0.0), 1.0)
        for i, name in enumerate(("blue", "cream"))
    )
    bare = Master(
        number="GS-1", version=1, sheet_digest="", photo_sha256="", frame=FRAME, image=image, correction=None,
        labels=_labels(), outline_mm=outline, holes_mm=(), thickness_mm=1.6, regions=regions, marks=(),
        sizes_mm=measure_golden_sizes(image, FRAME, outline), u_scale=1e-4, scale_source="rig", noise=0.003,
        blur_px=0.9, pose=Similarity(),
    )  # fmt: skip
    return replace(bare, features=place_features(bare, [FeatureRequest(s.name, s.kind, s.at_mm) for s in ROWS]))


def _aligned(image: LinearRGB, *, source: str = "rig") -> Aligned:
    shape = image.pixels.shape[:2]
    return Aligned(
        image=image, clipped=np.zeros(shape, dtype=bool), valid=np.ones(shape, dtype=bool), similarity=Similarity(),
        rms_px=0.1, overlap=1.0, u_offset_mm=0.001, u_rotation_deg=0.005, u_scale=2e-4, correction=None,
        scale_source=source, noise=0.003, blur_px=0.9,
    )  # fmt: skip


def _measure(master: Master, image: LinearRGB, rows: tuple[Size, ...] = ROWS) -> dict[str, Measurement]:
    return {m.characteristic: m for m in measure_features(_aligned(image), master, rows)}


def _sheet(*rows: Size) -> Sheet:
    return Sheet.model_validate(
        {
            "schema": 1,
            "product": {"sku": "A", "thickness_mm": 1.6},
            "sizes": [r.model_dump(by_alias=True) for r in rows],
        }
    )


def test_the_golden_gives_its_border_line_and_recess(master: Master) -> None:
    values = {f.name: f.value for f in master.features}
    assert values["bar"] == pytest.approx(0.4, abs=0.01)
    assert values["slot"] == pytest.approx(0.6, abs=0.01)
    # a rounded shoulder of 0.03 mm is taken for granted, which the drawn part has not
    assert values["border"] == pytest.approx(0.83, abs=0.01)


@pytest.mark.parametrize(
    "shape", [{}, {"border": 0.7}, {"border": 0.9}, {"line": 0.3}, {"line": 0.55}, {"recess": 0.35}, {"recess": 0.75}]
)
def test_a_unit_is_read_to_a_hundredth_of_a_millimetre_from_the_golden(master: Master, shape: dict[str, float]) -> None:
    """T8: border, raised line, recess."""
    seen = _measure(master, _picture(seed=7, **shape))
    for name, key, nominal in (
        ("border:border", "border", 0.8),
        ("size:bar", "line", 0.4),
        ("size:slot", "recess", 0.6),
    ):
        m = seen[name]
        assert m.value is not None
        golden = m.detail["golden_mm"]
        assert isinstance(golden, float)
        assert m.value - golden == pytest.approx(shape.get(key, nominal) - nominal, abs=0.01), name
        assert len(np.asarray(m.detail["points_mm"])) == 2
        assert m.u == pytest.approx(2 * math.hypot(*dict(m.detail["budget"]).values()), abs=1e-4)  # type: ignore[call-overload]


def test_light_that_metal_mirrors_from_one_side_does_not_move_the_edges(master: Master) -> None:
    for glints in (0.6, -0.6):
        for name, m in _measure(master, _picture(seed=3, glints=glints), ROWS[1:]).items():
            assert m.value is not None
            assert abs(m.value - float(str(m.detail["golden_mm"]))) < 0.012, name


def test_a_border_thin_on_one_side_is_found_there(master: Master) -> None:
    """T6."""
    seen = _measure(master, _picture(seed=5, left=0.52))
    m = seen["border:border"]
    assert m.value is not None
    assert m.where_mm is not None
    assert m.value - float(str(m.detail["golden_mm"])) == pytest.approx(0.52 - 0.8, abs=0.012)
    assert m.where_mm[0] == pytest.approx(-9.7, abs=0.4)
    assert abs(m.where_mm[1]) < 2.5
    assert m.detail["max_mm"] == pytest.approx(0.8, abs=0.03)
    # width(angle) of a circle moved by 0.14 and grown by it: 0.66 + 0.14 cos(angle) is below 0.65 over 47.7 %
    assert m.detail["share_below"] == pytest.approx(math.acos(0.01 / 0.14) / math.pi, abs=0.04)
    judged = judge_unit(list(seen.values()), (), (), _sheet(*ROWS))
    assert judged.verdict is Verdict.NONCONFORMS
    assert "at the left edge" in judged.reasons[0]
    assert "limit 0.65" in judged.reasons[0]


def test_the_whole_border_may_lie_within(master: Master) -> None:
    judged = judge_unit(list(_measure(master, _picture(seed=6)).values()), (), (), _sheet(*ROWS))
    assert judged.verdict is Verdict.CONFORMS, judged.reasons


def test_a_share_of_the_border_may_be_narrow(master: Master) -> None:
    """T6."""
    seen = list(_measure(master, _picture(seed=5, left=0.52)).values())[:1]
    verdicts = []
    for share in (70.0, 47.0, 10.0):
        row = Size(name="border", nominal_mm=0.8, minus_mm=0.15, golden_mm=0.8, share_percent=share)
        verdicts.append(judge_unit(seen, (), (), _sheet(row)).verdict)
    assert verdicts == [Verdict.CONFORMS, Verdict.UNDECIDED, Verdict.NONCONFORMS]


def test_the_widest_place_is_held_to_the_upper_limit(master: Master) -> None:
    rows = (Size(name="border", nominal_mm=0.8, plus_mm=0.1, golden_mm=0.8),)
    seen = _measure(master, _picture(seed=8, border=1.0), rows)
    assert set(seen) == {"border:border", "border-max:border"}
    judged = judge_unit(list(seen.values()), (), (), _sheet(*rows))
    by_name = {m.characteristic: m.verdict for m in judged.measurements}
    assert by_name == {"border:border": Verdict.CONFORMS, "border-max:border": Verdict.NONCONFORMS}


def test_a_calliper_size_of_the_golden_takes_its_own_misreading_out(master: Master) -> None:
    row = Size(name="border", nominal_mm=0.8, minus_mm=0.1, golden_mm=0.8)
    m = _measure(master, _picture(seed=9, border=0.7), (row,))["border:border"]
    assert m.value == pytest.approx(0.7, abs=0.01)
    plain = _measure(master, _picture(seed=9, border=0.7), (Size(name="border", nominal_mm=0.8, minus_mm=0.1),))[
        "border:border"
    ]
    assert m.u < plain.u


def test_where_the_outline_is_in_doubt_the_border_is_bridged(master: Master) -> None:
    image = _picture(seed=15)
    outline = measure_outline(image, master, master.outline_mm)
    dent = (np.arange(len(outline.shift)) > 100) & (np.arange(len(outline.shift)) < 120)
    inward = np.where(dent, outline.shift - 0.3, outline.shift)
    seen = []
    for u in (outline.u, np.where(dent, 0.05, outline.u)):
        led = replace(outline, shift=inward, u=u)
        m = measure_features(_aligned(image), master, ROWS[:1], outline=led)[0]
        assert m.value is not None
        seen.append(m.value)
    assert seen[0] < 0.6  # a dent that is surely there is narrow
    assert seen[1] == pytest.approx(0.8, abs=0.015)


def test_a_golden_far_from_its_own_limits_is_not_what_the_row_means(master: Master) -> None:
    row = Size(name="border", nominal_mm=1.4, minus_mm=0.1)
    (m,) = measure_features(_aligned(_picture(seed=16)), master, (row,))
    assert m.value is None
    assert "far from what the sheet holds it to" in m.why
    (m,) = measure_features(_aligned(_picture(seed=16)), master, (row.model_copy(update={"minus_mm": 0.6}),))
    assert m.value is not None


def test_a_line_or_recess_that_is_gone_is_missing_and_not_undecided(master: Master) -> None:
    seen = _measure(master, _picture(seed=11, line=0.0, recess=0.0))
    for name in ("size:bar", "size:slot"):
        assert seen[name].detail["missing"] is True
        assert seen[name].value is None
    judged = judge_unit(list(seen.values()), (), (), _sheet(*ROWS))
    assert judged.verdict is Verdict.NONCONFORMS
    assert any("bar is missing" in r for r in judged.reasons)


def test_a_place_without_a_line_is_refused_by_its_name(master: Master) -> None:
    with pytest.raises(SheetError, match=r"'bar'.*no raised line"):
        place_features(master, [FeatureRequest("bar", "line", (-1.0, -5.0))])
    with pytest.raises(SheetError, match=r"'ring'.*no through hole"):
        place_features(master, [FeatureRequest("ring", "hole-diameter", (0.0, 5.0))])


def test_the_golden_proposes_rows_that_a_sheet_takes(master: Master) -> None:
    offered = {p.feature.feature: p for p in propose_features(master)}
    assert set(offered) == {"border", "line", "recess", "diameter"}
    assert offered["line"].feature.value == pytest.approx(0.4, abs=0.01)
    assert offered["recess"].feature.value == pytest.approx(0.6, abs=0.01)
    for name in ("border", "line", "recess"):  # as a unit like the golden is told, whose registration adds nothing
        row = next(r for r in ROWS if r.kind == name).model_copy(update={"golden_mm": None})
        told = _measure(master, master.image, (row,))[row.characteristic]
        assert told.u > 0.02
        assert offered[name].u_mm == pytest.approx(told.u, abs=0.003)
    assert 0 < offered["diameter"].u_mm < 0.1
    rows = [tomllib.loads(p.toml)["sizes"][0] for p in offered.values()]
    kinds = [s.kind for s in _sheet(*(Size.model_validate(r) for r in rows)).sizes]
    assert kinds == list(offered)
    bare = replace(master, labels=np.where(master.labels == OUTSIDE, OUTSIDE, METAL).astype(np.uint8))
    assert [p.feature.feature for p in propose_features(bare)] == ["diameter"]
    assert propose_features(replace(master, scale_source="part")) == ()


def test_a_line_that_a_unit_could_not_be_held_to_is_passed_over(
    master: Master, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = next(p for p in propose_features(master) if p.feature.feature == "line")
    read = own_values.measure_features

    def unseen(aligned: Aligned, golden: Master, rows: list[Size]) -> tuple[Measurement, ...]:
        told = read(aligned, golden, rows)
        return tuple(replace(m, value=None) if m.characteristic == "size:line 0" else m for m in told)

    monkeypatch.setattr(own_values, "measure_features", unseen)
    second = next(p for p in propose_features(master) if p.feature.feature == "line")
    assert first.feature.name == second.feature.name == "line"
    assert first.feature.at_mm != second.feature.at_mm


def test_the_border_of_bare_metal_is_not_measured(master: Master) -> None:
    bare = replace(master, labels=np.where(master.labels == OUTSIDE, OUTSIDE, METAL).astype(np.uint8), features=())
    (m,) = measure_features(_aligned(master.image), bare, ROWS[:1])
    assert m.value is None
    assert "no metal border" in m.why


def test_the_widest_place_is_compared_with_the_goldens_own_widest(master: Master) -> None:
    row = Size(name="border", nominal_mm="golden", plus_mm=0.05, minus_mm=0.05)
    m = _measure(master, _picture(seed=12), (row,))
    judged = judge_unit(
        list(m.values()), (), (), _sheet(row), golden_sizes_mm={f.name: f.value for f in master.features}
    )
    upper = {d.characteristic: d.upper for d in judged.measurements}
    assert upper["border-max:border"] == pytest.approx(float(str(m["border-max:border"].detail["golden_mm"])) + 0.05)


def test_a_master_keeps_its_features(master: Master) -> None:
    arrays, document = save_master(master)
    assert load_master(arrays, document, master_digest(document)).features == master.features


def test_a_distance_and_an_angle_between_edges(master: Master) -> None:
    # from the slot's left edge, x 3.7, to its right one at 4.3; between its long side and its short one
    rows = (
        Size(name="across", feature="distance", at_mm=(3.7, 4.0), to_mm=(4.3, 4.4), nominal_mm=0.6, plus_mm=0.1),
        Size(name="corner", feature="angle", at_mm=(3.7, 4.2), to_mm=(-4.0, 0.2), nominal_deg=90.0, plus_deg=3.0,
             minus_deg=3.0),
    )  # fmt: skip
    features = place_features(master, [FeatureRequest(s.name, s.kind, s.at_mm, s.to_mm) for s in rows])
    assert [f.value for f in features] == [pytest.approx(0.6, abs=0.01), pytest.approx(90.0, abs=0.5)]
    seen = _measure(replace(master, features=features), _picture(seed=13, recess=0.75), rows)
    assert seen["size:across"].value == pytest.approx(0.75, abs=0.01)
    assert seen["size:corner"].value == pytest.approx(90.0, abs=0.5)
    assert seen["size:corner"].unit == "deg"
    assert len(np.asarray(seen["size:corner"].detail["points_mm"])) == 3
    turn = seen["size:across"].detail["direction_deg"]
    assert min(turn, 180 - turn) < 3  # type: ignore[call-overload, operator, type-var]  # across, though the points lie askew
    judged = judge_unit(list(seen.values()), (), (), _sheet(*rows))
    verdicts = {m.characteristic: m.verdict for m in judged.measurements}
    assert verdicts == {"size:across": Verdict.NONCONFORMS, "size:corner": Verdict.CONFORMS}
    with pytest.raises(SheetError, match="no straight edge"):
        place_features(master, [FeatureRequest("corner", "angle", (-1.0, -5.0), (4.0, 4.0))])


def test_without_a_scale_there_are_no_millimetres(master: Master) -> None:
    for m in measure_features(_aligned(_picture(), source="part"), master, ROWS):
        assert m.value is None
        assert "no scale" in m.why


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"name": "a", "feature": "line", "nominal_mm": 0.3}, "a line needs a place; give at_px"),
        ({"name": "a", "feature": "angle", "at_mm": (0.0, 0.0), "nominal_deg": 90.0}, "an angle needs two places"),
        ({"name": "border", "to_px": (1.0, 1.0), "nominal_mm": 0.8}, "to_px is given for a border"),
        ({"name": "width", "nominal_mm": 30.0, "share_percent": 2.0}, "only a border has a share"),
        ({"name": "width", "nominal_mm": 30.0, "plus_deg": 2.0}, "plus_deg is given for a width; give plus_mm"),
        ({"name": "border", "at_px": (1.0, 1.0), "at_mm": (1.0, 1.0), "nominal_mm": 0.8}, "both given"),
        ({"name": "border"}, "nominal_mm is missing"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused_with_what_to_do(row: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Size.model_validate(row)


def test_the_name_says_what_is_measured_and_a_sheet_without_features_keeps_its_digest() -> None:
    names = {"border-left": "border", "hole-diameter-2": "hole-diameter", "position": "position", "rim": "rim"}
    for name, kind in names.items():
        assert Size(name=name, nominal_mm=1.0).kind == kind
    assert Size(name="line-top", nominal_mm=1.0).kind == "line-top"  # of many lines none is meant
    assert Size(name="position", nominal_mm=0.0).characteristic == "position:position"
    assert set(_sheet(Size(name="width", nominal_mm=30.0)).agreed("json")["sizes"][0]) == {
        "name",
        "nominal_mm",
        "class",
    }


def test_distances_to_a_line_reach_between_its_points() -> None:
    square = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]])
    distance, foot = nearest_on_closed(np.array([[1.5, 1.0], [5.0, 3.0]]), square)
    assert distance == pytest.approx([1.0, 1.0])
    assert foot == pytest.approx(np.array([[1.5, 0.0], [4.0, 3.0]]))
    assert nearest_on_run(np.array([[-0.5, 2.0]]), square)[0] == pytest.approx([math.hypot(0.5, 2.0)])
