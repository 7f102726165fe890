"""A changed photo of the same workpiece keeps its verdict or becomes undecided; it never gets the opposite one.

A few units and the commoner changes; tests/benchmarks/bench_metamorphic.py has them all.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

from station.devices.photo import read_photo
from station.values.documents import UnitDocument, Verdict

ROOT = Path(__file__).parents[2]
ALPINE = ROOT / "sample_data" / "alpine"


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    """The changes and setups live in the benchmark."""
    folder = str(ROOT / "tests" / "benchmarks")
    sys.path.insert(0, folder)
    try:
        return importlib.import_module("bench_metamorphic")
    finally:
        sys.path.remove(folder)


class Changed:
    """Goldens sealed on the rig and with the card alone; photos as they are and changed, each inspected once."""

    def __init__(self, bench: ModuleType) -> None:
        self.bench = bench
        self.setups = {mode: bench.sealed(ALPINE, found) for mode, found in bench.calibrations(bench.SAMPLES).items()}
        self._done: dict[tuple[str, str, str], UnitDocument] = {}

    def inspect(self, mode: str, unit: str, change: str = "") -> UnitDocument:
        key = mode, unit, change
        if key not in self._done:
            path = ALPINE / "units" / f"{unit}.jpg"
            source = self.bench.CHANGES[change](self.bench.Photo.read(path)) if change else path
            shot = read_photo(source, name=f"{unit}.jpg")
            self._done[key] = self.setups[mode].inspect(shot)
        return self._done[key]


@pytest.fixture(scope="module")
def changed(bench: ModuleType) -> Changed:
    return Changed(bench)


def failed(document: UnitDocument) -> set[str]:
    return {gate.name for gate in document.gates if not gate.ok}


def hold(changed: Changed, mode: str, unit: str, change: str) -> tuple[UnitDocument, UnitDocument]:
    """The verdict is not turned round, and colour moves no further than its uncertainty."""
    before, after = changed.inspect(mode, unit), changed.inspect(mode, unit, change)
    assert not changed.bench.opposite(before.verdict, after.verdict), changed.bench.differing(before, after)
    if not failed(after) & {"card", "light", "clipping"}:
        moved = changed.bench.colour_changes(before, after)
        assert moved
        assert not [m for m in moved if abs(m[1]) > m[2]]
    return before, after


@pytest.mark.parametrize("unit", ["unit-16", "unit-31"])
@pytest.mark.parametrize("change", ["JPEG 70", "noise 2", "16-bit PNG"])
def test_a_bench_photo_may_suffer_this_without_a_gate_failing(changed: Changed, unit: str, change: str) -> None:
    before, after = hold(changed, "rig", unit, change)
    assert before.verdict is not Verdict.UNDECIDED
    assert failed(after) == set()
    if before.verdict is Verdict.NONCONFORMS:  # a conforming one may come too near to a limit
        assert after.verdict is Verdict.NONCONFORMS


@pytest.mark.parametrize("unit", ["unit-16", "unit-31"])
@pytest.mark.parametrize(
    ("change", "gates"),
    [
        ("warmer", {"light"}),
        ("turned 90", {"light", "scale"}),
        ("cropped", {"light", "scale"}),
    ],
)
def test_a_bench_photo_that_is_not_as_calibrated_is_not_judged_on_colour(
    changed: Changed, unit: str, change: str, gates: set[str]
) -> None:
    _, after = hold(changed, "rig", unit, change)
    assert failed(after) & gates
    colours = {m.verdict for m in after.measurements if m.kind == "colour"}
    assert colours <= {Verdict.UNDECIDED}


@pytest.mark.parametrize("unit", ["unit-16", "unit-11"])
def test_a_bench_photo_upside_down_is_not_judged_on_colour_and_length(changed: Changed, unit: str) -> None:
    before, after = hold(changed, "rig", unit, "turned 180")
    assert before.verdict is not Verdict.UNDECIDED
    assert failed(after) >= {"light", "scale"}
    assert {m.verdict for m in after.measurements if m.kind in ("colour", "size")} <= {Verdict.UNDECIDED}
    assert after.verdict is Verdict.UNDECIDED


@pytest.mark.parametrize("unit", ["unit-16", "unit-31"])
def test_a_bench_photo_that_the_camera_calls_upside_down_measures_the_same(changed: Changed, unit: str) -> None:
    before, after = hold(changed, "rig", unit, "flagged 180")
    assert after.verdict is before.verdict
    assert failed(after) == failed(before)
    for was, now in zip(before.measurements, after.measurements, strict=True):
        assert now.characteristic == was.characteristic
        if was.kind == "colour":
            assert now.value == pytest.approx(was.value, abs=0.15)


@pytest.mark.parametrize("change", ["darker 0.5 EV", "warmer", "turned 90", "rotated -17", "cropped", "resized 0.7"])
def test_with_the_card_alone_a_photo_may_be_taken_in_any_way(changed: Changed, change: str) -> None:
    before, after = hold(changed, "card", "unit-11", change)
    assert before.verdict is Verdict.NONCONFORMS
    assert after.verdict is Verdict.NONCONFORMS
    assert failed(after) <= failed(before)


def test_sixteen_bits_of_the_same_values_measure_the_same(changed: Changed) -> None:
    before, after = changed.inspect("rig", "unit-16"), changed.inspect("rig", "unit-16", "16-bit PNG")
    for was, now in zip(before.measurements, after.measurements, strict=True):
        assert now.characteristic == was.characteristic
        assert now.value == pytest.approx(was.value, abs=0.01)


@pytest.mark.parametrize(("change", "gate"), [("JPEG 40", "compression"), ("noise 6", "noise")])
def test_the_pattern_of_compression_or_noise_is_no_defect(changed: Changed, change: str, gate: str) -> None:
    _, after = hold(changed, "rig", "unit-16", change)
    assert gate in failed(after)
    assert all(f.verdict is not Verdict.NONCONFORMS for f in after.findings)
