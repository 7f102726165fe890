"""Matched sets, of one photo and of the records."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from drawn_scenes import (
    GOLDEN_AT,
    sheet_text,
)

from station.errors import NotFoundError
from station.measure.sets import PairDifference, coverage_factor, odd_one, worst_pair
from station.service import Station, comparing, matching
from station.service.comparing import sealed_with_digest
from station.service.matching import region_of_set
from station.service.station import open_database
from station.settings import Settings
from station.sheet import Sets, Sheet, load_sheet
from station.store import inspections
from station.store import records as store_records
from station.store.database import Database
from station.store.evidence import Evidence
from station.store.rows import File, NewUnit
from station.values.colour import Lab
from station.values.difference import delta_e_2000
from station.values.documents import Verdict


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return Station(Settings(home=tmp_path / "home"))


def test_the_widest_of_many_pairs_needs_more_proof() -> None:
    assert coverage_factor(1) == pytest.approx(2.0)
    assert 2.3 < coverage_factor(3) < 2.5
    assert coverage_factor(45) > 3.2
    with pytest.raises(ValueError, match="at least one pair"):
        coverage_factor(0)


def test_the_odd_one_of_a_set_is_named() -> None:
    pairs = [PairDifference("a", "b", 0.4, 0.2), PairDifference("a", "c", 3.0, 0.2), PairDifference("b", "c", 3.2, 0.2)]
    assert worst_pair(pairs).b == "c"
    assert odd_one(pairs) == "c"
    assert odd_one(pairs[1:2]) == ""
    spread = [
        PairDifference("a", "b", 1.6, 0.2),
        PairDifference("a", "c", 3.2, 0.2),
        PairDifference("b", "c", 1.6, 0.2),
    ]
    assert odd_one(spread) == ""


def with_band(band: str, accept: float = 2.0, reject: float = 2.0) -> Sheet:
    limits = f'[decision]\nguard_band = "{band}"\n[sets]\naccept = {accept}\nreject = {reject}\n'
    return load_sheet((sheet_text(GOLDEN_AT) + limits).encode())


def test_the_verdict_on_a_set_weighs_every_pair() -> None:
    """C1."""

    def verdict(*pairs: tuple[str, str, float, float], why: str = "", gate: str = "") -> Verdict:
        return region_of_set("sky", [PairDifference(*p) for p in pairs], with_band("both"), why=why, gate=gate).verdict

    near, far = ("a", "b", 0.5, 0.3), ("a", "c", 4.0, 0.3)
    assert verdict(near) is Verdict.CONFORMS
    assert verdict(near, far) is Verdict.NONCONFORMS
    assert verdict(("a", "b", 1.6, 0.3)) is Verdict.UNDECIDED
    # beyond the limit with k = 2, but not for the widest of so many
    edge = ("a", "z", 2.7, 0.34)
    assert verdict(edge) is Verdict.NONCONFORMS
    assert verdict(edge, *(("a", f"u{i}", 0.3, 0.3) for i in range(40))) is Verdict.UNDECIDED
    assert verdict(near, why="glare") is Verdict.UNDECIDED
    assert verdict(near, far, gate="card: none") is Verdict.UNDECIDED
    assert verdict() is Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("value", "u", "both", "consumer", "producer", "none"),
    [
        (0.5, 0.3, "conforms", "conforms", "conforms", "conforms"),
        (1.6, 0.3, "undecided", "nonconforms", "conforms", "conforms"),
        (2.4, 0.3, "undecided", "nonconforms", "conforms", "nonconforms"),
        (4.0, 0.3, "nonconforms", "nonconforms", "nonconforms", "nonconforms"),
    ],
)
def test_the_sheets_guard_band_holds_for_sets(
    value: float, u: float, both: str, consumer: str, producer: str, none: str
) -> None:
    pair = [PairDifference("a", "b", value, u, 0.2)]
    for band, verdict in (("both", both), ("consumer", consumer), ("producer", producer), ("none", none)):
        row = region_of_set("sky", pair, with_band(band))
        assert row.verdict == verdict, band
        if band == "consumer" and both == "undecided":
            assert "guard band is the consumer's" in row.reason


def test_the_producer_is_guarded_against_the_widest_of_many_pairs() -> None:
    many = [PairDifference("a", "z", 2.7, 0.34), *(PairDifference("a", f"u{i}", 0.3, 0.3) for i in range(40))]
    assert region_of_set("sky", many[:1], with_band("producer")).verdict is Verdict.NONCONFORMS
    assert region_of_set("sky", many, with_band("producer")).verdict is Verdict.CONFORMS
    assert region_of_set("sky", many, with_band("consumer")).verdict is Verdict.NONCONFORMS


@pytest.mark.parametrize("band", ["both", "consumer", "producer", "none"])
def test_between_the_two_tiers_of_a_set_a_person_decides(band: str) -> None:
    row = region_of_set("sky", [PairDifference("a", "b", 2.5, 0.1)], with_band(band, 2.0, 3.0))
    assert row.verdict is Verdict.UNDECIDED
    assert "a person decides" in row.reason


@pytest.mark.parametrize("band", ["both", "consumer", "producer", "none"])
def test_photos_too_poor_for_the_limit_decide_no_set(band: str) -> None:
    row = region_of_set("sky", [PairDifference("a", "b", 1.0, 1.2, 1.1)], with_band(band))
    assert row.verdict is Verdict.UNDECIDED
    assert "a limit of 2.2 at best" in row.reason
    assert region_of_set("sky", [PairDifference("a", "b", 9.0, 1.2, 1.1)], with_band(band)).verdict == "nonconforms"


def test_parts_of_one_photo_are_held_to_each_other(station: Station, scenes: Path) -> None:
    """C1."""
    standard = comparing.standard_of(station, None, scenes / "sheet.toml")
    found, _ = matching.match_photo(station, scenes / "card.png", standard, card="colorchecker24")
    rows = {r.region: r for r in found.regions}
    assert len(rows["sky"].pairs) == 3
    assert rows["sky"].odd == "part 2"
    assert rows["sky"].verdict is Verdict.NONCONFORMS
    assert rows["wood"].verdict is Verdict.CONFORMS
    assert found.verdict is Verdict.NONCONFORMS
    assert found.sheet_digest == standard.sheet.digest
    assert found.calibration == station.bench.calibration(None, "colorchecker24").digest
    assert found.sha256 == hashlib.sha256((scenes / "card.png").read_bytes()).hexdigest()
    assert found.sealed is None
    assert "ISO 14253-1" in found.decision_rule


@dataclass(frozen=True)
class Lot:
    """Lot L/1, to which units of a set can be added."""

    station: Station
    home: Path
    db: Database

    def add(self, unit: str, a: float, *, gate: str = "", verdict: Verdict = Verdict.CONFORMS, photo: str = "") -> str:
        """Record a unit of set A whose sky has this a*; gate : that forbade to judge it. Answers the unit's digest."""
        model = next(u for u in self.station.units(lot="L/1") if u.verdict is Verdict.CONFORMS)
        document = self.station.unit_document(model.id)
        colour = document.measurements[0].model_copy(update={"lab": (60.0, a, -30.0), "u": 0.4, "detail": {}})
        if gate:
            told = {"verdict": Verdict.UNDECIDED, "reason": f"not judged, {gate}: spoilt", "detail": {"blocked": gate}}
            colour = colour.model_copy(update=told)
        of_unit = {"unit": unit, "verdict": verdict, "measurements": (colour,)}
        own = sealed_with_digest(document.model_copy(update=of_unit))
        photo = photo or f"{unit}.jpg"
        file = File(Evidence(self.home / "evidence").put(photo.encode()), len(photo), "image/jpeg")
        inspections.add_unit(
            self.db,
            NewUnit(
                ingest_key=f"{photo} {a} {gate}", unit=unit, photo=photo, photo_file=file, frame_file=None,
                annotated_file=None, golden_id=store_records.golden(self.db, "GS-1").id, lot="L/1", verdict=verdict,
                margin=None, document=own.model_dump_json(by_alias=True), digest=own.digest,
                inspected_at=model.inspected_at, identifiers={"set": "A"},
            ),
        )  # fmt: skip
        return own.digest


@pytest.fixture
def lot(review_home: Path) -> Iterator[Lot]:
    db = open_database(Settings(home=review_home))
    with Station(Settings(home=review_home)) as station:
        yield Lot(station, review_home, db)
    db.close()


def test_recorded_units_that_share_a_set_are_held_to_each_other(lot: Lot) -> None:
    """Three units: two alike, one with another sky."""
    with pytest.raises(NotFoundError, match="names a set"):
        matching.match_lot(lot.station, "L/1")
    digests = [lot.add("s-1", -8.0), lot.add("s-2", -8.2), lot.add("s-3", -14.0)]
    (found,) = matching.match_lot(lot.station, "L/1")
    with pytest.raises(NotFoundError, match="no set 'B'"):
        matching.match_lot(lot.station, "L/1", "B")
    assert found.members == ("s-1", "s-2", "s-3")
    assert found.unit_digests == tuple(digests)
    golden = lot.station.golden("GS-1")
    assert (found.sealed, found.golden_version, found.golden_digest) == ("GS-1", golden.version, golden.digest)
    assert len(found.sheet_digest) == 64
    (sky,) = found.regions
    assert sky.odd == "s-3"
    assert sky.worst is not None
    assert {sky.worst.a, sky.worst.b} == {"s-1", "s-3"}
    assert found.verdict is Verdict.NONCONFORMS
    pair = next(p for p in sky.pairs if (p.a, p.b) == ("s-1", "s-2"))
    assert pair.u == pytest.approx(0.4 * math.sqrt(2))
    assert pair.value == pytest.approx(
        float(delta_e_2000(Lab(np.array([60.0, -8.0, -30.0])), Lab(np.array([60.0, -8.2, -30.0]))))
    )


def test_a_set_is_judged_from_the_rows_that_its_lot_counts(lot: Lot) -> None:
    lot.add("s-1", -8.0)
    lot.add("s-2", -14.0)
    assert matching.match_lot(lot.station, "L/1")[0].verdict is Verdict.NONCONFORMS
    again = lot.add("s-2", -8.2, photo="s-2.jpg")  # the same picture, inspected under a newer calibration
    (found,) = matching.match_lot(lot.station, "L/1")
    assert found.verdict is Verdict.CONFORMS
    assert found.unit_digests[1] == again
    # a nonconforming photo of the unit stands before a better one
    bad = lot.add("s-2", -13.0, photo="other.jpg", verdict=Verdict.NONCONFORMS)
    lot.add("s-2", -8.1, photo="third.jpg")
    (found,) = matching.match_lot(lot.station, "L/1")
    assert found.verdict is Verdict.NONCONFORMS
    assert found.unit_digests[1] == bad


def test_a_colour_that_a_gate_forbade_to_judge_is_none(lot: Lot) -> None:
    lot.add("s-1", -8.0)
    lot.add("s-2", -8.2)
    lot.add("s-3", -14.0, gate="card", verdict=Verdict.UNDECIDED)
    (found,) = matching.match_lot(lot.station, "L/1")
    (sky,) = found.regions
    assert [(p.a, p.b) for p in sky.pairs] == [("s-1", "s-2")]
    assert sky.verdict is Verdict.UNDECIDED
    assert "the colour of s-3 cannot be used: not judged, card: spoilt" in sky.reason


def test_sets_keep_the_digest_of_sheets_without_them() -> None:
    text = sheet_text(GOLDEN_AT)
    plain, with_sets = load_sheet(text.encode()), load_sheet((text + "[sets]\naccept = 1.5\n").encode())
    assert "sets" not in plain.agreed(mode="json")
    assert plain.digest != with_sets.digest
    assert with_sets.sets == Sets(accept=1.5, reject=1.5)


def test_without_a_row_of_the_sheet_a_pair_of_a_set_may_differ_by_two() -> None:
    """C1: CIEDE2000, with limits of one's own from the sheet alone."""
    sheet = load_sheet(sheet_text(GOLDEN_AT).encode())
    assert sheet.sets is None
    for value, verdict in ((1.9, Verdict.CONFORMS), (2.1, Verdict.NONCONFORMS)):
        assert region_of_set("sky", [PairDifference("a", "b", value, 0.01)], sheet).verdict is verdict
