"""The learned colour tolerance: its geometry, which units teach it, and the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from station.cli import app
from station.cli.conduct import run
from station.errors import NotFoundError, RequestError
from station.lots.tolerance import FLOOR, LEAST_UNITS, learn_tolerance, tolerance_factor
from station.service import Station
from station.settings import Settings
from station.store import inspections, records
from station.store.rows import File, NewUnit
from station.values.digest import digest
from station.values.documents import UnitDocument, Verdict

GOLDEN = np.array([61.0, -8.0, -32.0])
MAY = datetime(2026, 5, 10, 12, 0, tzinfo=UTC)


def differences(n: int, shift: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> NDArray[np.float64]:
    spread = np.array([0.6, 0.3, 0.2])
    drawn: NDArray[np.float64] = np.random.default_rng(4).standard_normal((n, 3))
    return np.asarray(drawn * spread + np.array(shift), dtype=np.float64)


def test_the_ellipsoid_lies_round_the_units_it_was_learned_from() -> None:
    x = differences(40, (0.5, 0.0, 0.0))
    learned = learn_tolerance(x, GOLDEN)
    assert learned.n == 40
    assert learned.mean == pytest.approx(x.mean(axis=0))
    assert learned.covariance == pytest.approx(np.cov(x, rowvar=False) + FLOOR**2 * np.eye(3))
    narrow, wide = learned.ellipsoids
    assert (narrow.half_axes < wide.half_axes).all()
    assert (learned.distance(x) <= narrow.factor).mean() >= 0.95
    # a point at the end of an axis lies on the ellipsoid
    ends = learned.mean + narrow.half_axes[:, None] * narrow.axes
    assert learned.distance(ends) == pytest.approx([narrow.factor] * 3)


def test_the_box_encloses_the_ellipsoid_along_lightness_chroma_and_hue() -> None:
    learned = learn_tolerance(differences(25), GOLDEN)
    narrow = learned.ellipsoids[0]
    rng = np.random.default_rng(2)
    sphere = rng.standard_normal((40_000, 3))
    sphere /= np.linalg.norm(sphere, axis=1, keepdims=True)
    surface = learned.mean + sphere * narrow.half_axes @ narrow.axes
    hue = np.arctan2(GOLDEN[2], GOLDEN[1])
    along = {"dL": (1, 0, 0), "dC": (0, np.cos(hue), np.sin(hue)), "dH": (0, -np.sin(hue), np.cos(hue))}
    for name, direction in along.items():
        reached = surface @ np.array(direction)
        assert narrow.limits[name] == pytest.approx((reached.min(), reached.max()), abs=0.01)


def test_few_units_and_impossible_factors_are_refused() -> None:
    with pytest.raises(RequestError, match="12 accepted units"):
        learn_tolerance(differences(LEAST_UNITS - 1), GOLDEN)
    with pytest.raises(RequestError, match="4 samples"):
        tolerance_factor(4, 3, 0.95, 0.95)
    with pytest.raises(RequestError, match="content 1"):
        tolerance_factor(20, 3, 1.0, 0.95)


def test_units_that_hardly_differ_still_leave_a_volume() -> None:
    learned = learn_tolerance(np.zeros((20, 3)), GOLDEN)
    assert learned.ellipsoids[0].half_axes == pytest.approx([FLOOR * learned.ellipsoids[0].factor ** 0.5] * 3)


Add = Callable[..., None]


@pytest.fixture
def add(review_home: Path) -> Add:
    """Records units of the golden with the given differences of their region."""
    made = 0

    def call(
        rows: NDArray[np.float64],
        *,
        verdict: str = "conforms",
        lot: str = "L/2",
        gate: bool = True,
        value: float | None = None,
    ) -> None:
        nonlocal made
        from station.service.station import open_database
        from station.store.evidence import Evidence

        db = open_database(Settings(home=review_home))
        evidence = Evidence(review_home / "evidence")
        golden_id = records.golden(db, "GS-1").id
        for row in rows:
            made += 1
            data = f"photo {made}".encode()
            photo = File(evidence.put(data), len(data), "image/jpeg")
            far = float(np.linalg.norm(row)) if value is None else value
            colour = {
                "characteristic": "colour:sky", "kind": "colour", "value": far, "unit": "CIEDE2000", "u": 0.4,
                "nominal": 0.0, "lower": None, "upper": 3.0, "class": "major", "verdict": verdict,
                "lab": tuple(GOLDEN + row), "lab_golden": tuple(GOLDEN),
            }  # fmt: skip
            content = {
                "schema": 1, "unit": f"tol-{made}", "photo": f"{made}.jpg", "sha256": photo.sha256, "golden": "GS-1",
                "golden_version": 1, "golden_digest": "d" * 64, "sheet_digest": "5" * 64, "calibration": "c" * 64,
                "model": "reference-difference", "program": "p", "taken_at": None, "verdict": verdict, "reasons": [],
                "pose": None, "gates": [{"name": "card", "ok": gate, "reason": "" if gate else "none"}],
                "alignment": None, "measurements": [colour], "findings": [],
            }  # fmt: skip
            document = UnitDocument.model_validate({**content, "digest": digest(content)})
            new = NewUnit(
                ingest_key=f"tolerance {made}", unit=f"tol-{made}", photo=f"{made}.jpg", photo_file=photo,
                frame_file=None, annotated_file=None, golden_id=golden_id, lot=lot, verdict=Verdict(verdict),
                margin=0.5, document=document.model_dump_json(by_alias=True), digest=document.digest,
                inspected_at=MAY,
            )  # fmt: skip
            inspections.add_unit(db, new)
        db.close()

    return call


def test_only_accepted_units_teach(review_home: Path, add: Add) -> None:
    add(differences(20))
    add(differences(6) + 9, verdict="nonconforms")
    add(differences(3) + 9, gate=False)
    add(differences(1), verdict="undecided")
    with Station(Settings(home=review_home)) as station:
        before = station.learned_tolerance("GS-1", lot="L/2")
        waiting = next(u for u in station.units(lot="L/2", verdict=Verdict.UNDECIDED))
        station.review(waiting.id, "accept", "fine by eye", "Ada")
        after = station.learned_tolerance("GS-1", lot="L/2")
    assert (before.units, after.units) == (20, 21)
    assert before.left_out == {"not accepted": 7, "accepted on a photo in which a gate failed": 3}
    region = before.regions[0]
    assert region.mean == pytest.approx(differences(20).mean(axis=0))
    assert not region.drift
    assert [e.content for e in region.ellipsoids] == [0.95, 0.99]


def test_the_round_limit_is_held_against_the_ellipsoid(review_home: Path, add: Add) -> None:
    x = differences(30)
    x[0] = (2.9, 0, 0)  # within the ellipsoid that this very unit stretches, over accept 2.0
    add(x)
    with Station(Settings(home=review_home)) as station:
        region = station.learned_tolerance("GS-1", lot="L/2").regions[0]
    learned = learn_tolerance(x, GOLDEN)
    outside = learned.distance(x) > learned.ellipsoids[0].factor
    over = np.linalg.norm(x, axis=1) > 2.0
    assert region.over_limit == over.sum() == 1
    assert region.outside == outside.sum()
    assert region.within_limit_only == (outside & ~over).sum()
    assert region.within_ellipsoid_only == (~outside & over).sum()


def test_a_drift_is_named_only_beyond_what_a_reading_is_good_to(review_home: Path, add: Add) -> None:
    add(differences(20, (2.0, 0.0, 0.0)), lot="L/far")
    add(differences(40, (0.35, 0.0, 0.0)), lot="L/near")
    with Station(Settings(home=review_home)) as station:
        far, near = (station.learned_tolerance("GS-1", lot=lot).regions[0] for lot in ("L/far", "L/near"))
    assert far.drift
    assert "drift away from the golden" in far.warning
    assert not near.drift
    assert "within what one reading" in near.warning


def test_the_command_says_what_it_learned_and_that_nothing_is_judged_by_it(
    review_home: Path, add: Add, capsys: pytest.CaptureFixture[str]
) -> None:
    add(differences(20, (2.0, 0.0, 0.0)))
    home = ["--home", str(review_home)]
    assert run(app, [*home, "golden", "tolerance", "GS-1", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["units"] == 21  # unit-3 of the home is accepted too
    assert document["regions"][0]["units"] == 21
    assert run(app, [*home, "golden", "tolerance", "GS-1", "--lot", "L/2"]) == 0
    text = capsys.readouterr().out
    assert "Warning: sky: the accepted units drift" in text
    assert "Nothing is judged by this" in text
    assert "signed" in text


def test_too_few_units_and_unknown_names_are_said(review_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["--home", str(review_home), "golden", "tolerance", "GS-1"]) == 0
    assert "too few" in capsys.readouterr().out
    with Station(Settings(home=review_home)) as station:
        with pytest.raises(RequestError, match="no region"):
            station.learned_tolerance("GS-1", region="moss")
        with pytest.raises(NotFoundError):
            station.learned_tolerance("GS-9")
        with pytest.raises(NotFoundError):
            station.learned_tolerance("GS-1", lot="L/9")
