"""Which units of a lot are pulled: spread, chance, size, repetition, and the pulled sample against its list."""

from __future__ import annotations

import json
import random
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from entered_line import Clock
from hypothesis import given, settings
from hypothesis import strategies as st

from station.cli import app
from station.cli.conduct import run
from station.errors import NotFoundError, RequestError
from station.lots.draw import Carton, allocate, draw, even_cartons, integrity, receipt_sample, systematic
from station.service import Station
from station.service.draws import picks_as
from station.settings import Settings

CARTONS = "carton,units,lot_code,line\n" + "".join(
    f"C{i:02d},50,{'A' if i < 6 else 'B'},{1 + i % 2}\n" for i in range(12)
)


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    Path("cartons.csv").write_text(CARTONS)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station(Settings(home=tmp_path / "home"), clock=Clock()) as opened:
        yield opened


@settings(deadline=None)
@given(sizes=st.lists(st.integers(1, 40), min_size=1, max_size=12), share=st.floats(0, 1), seed=st.integers(0, 999))
def test_every_draw_has_n_units_once_each_within_their_cartons(sizes: list[int], share: float, seed: int) -> None:
    cartons = [Carton(f"c{i}", u, {"line": str(i % 3)}) for i, u in enumerate(sizes)]
    n = max(1, round(share * sum(sizes)))
    picks = draw(cartons, n, random.Random(seed))
    assert len({p.label for p in picks}) == n
    units = {c.name: c.units for c in cartons}
    assert all(1 <= p.position <= units[p.carton] for p in picks)
    assert picks == draw(cartons, n, random.Random(seed))


@settings(deadline=None)
@given(sizes=st.lists(st.integers(1, 20), min_size=1, max_size=8), data=st.data())
def test_a_later_sample_takes_no_unit_twice(sizes: list[int], data: st.DataObject) -> None:
    cartons = [Carton(f"c{i}", u, {"line": str(i % 3)}) for i, u in enumerate(sizes)]
    n = data.draw(st.integers(1, sum(sizes)))
    first = draw(cartons, n, random.Random(1))
    taken: dict[str, set[int]] = {}
    for p in first:
        taken.setdefault(p.carton, set()).add(p.position)
    more = sum(sizes) - n
    if not more:
        with pytest.raises(RequestError, match="from a lot of 0"):
            draw(cartons, 1, random.Random(2), taken)
        return
    m = data.draw(st.integers(1, more))
    second = draw(cartons, m, random.Random(2), taken)
    assert len({p.label for p in (*first, *second)}) == n + m
    assert all(1 <= p.position <= sizes[int(p.carton[1:])] for p in second)


def test_every_unit_that_is_left_has_the_same_chance() -> None:
    cartons = even_cartons(30, 3)
    taken = {"1": {1, 2}, "2": {9, 10}, "3": {4, 7}}
    rng = random.Random(5)
    counts = Counter(p.label for _ in range(2000) for p in draw(cartons, 12, rng, taken))
    assert len(counts) == 24
    assert all(abs(c - 1000) < 5 * 500**0.5 for c in counts.values())


@settings(deadline=None)
@given(sizes=st.lists(st.integers(1, 60), min_size=1, max_size=10), share=st.floats(0, 1), seed=st.integers(0, 99))
def test_shares_follow_the_sizes(sizes: list[int], share: float, seed: int) -> None:
    n = max(1, round(share * sum(sizes)))
    found = allocate(sizes, n, random.Random(seed))
    assert sum(found) == n
    assert all(f <= s for f, s in zip(found, sizes, strict=True))
    if n >= len(sizes):
        assert min(found) >= 1
    hits = systematic(sizes, n, random.Random(seed))
    assert all(abs(h - n * s / sum(sizes)) < 1 + 1e-9 for h, s in zip(hits, sizes, strict=True))


def test_a_unit_of_even_cartons_is_drawn_with_chance_n_over_the_lot() -> None:
    cartons = even_cartons(60, 6)
    rng = random.Random(5)
    counts = Counter(p.label for _ in range(3000) for p in draw(cartons, 12, rng))
    assert len(counts) == 60
    expected = 3000 * 12 / 60
    assert all(abs(c - expected) < 5 * (expected * 0.8) ** 0.5 for c in counts.values())


def test_the_sample_is_spread_over_all_cartons_and_marks() -> None:
    """S1."""
    cartons = [Carton(str(i), 100, {"line": "1" if i < 9 else "2"}) for i in range(10)]
    picks = draw(cartons, 40, random.Random(1))
    assert {p.carton for p in picks} == {str(i) for i in range(10)}
    assert {p.third for p in picks} == {"early", "mid", "late"}
    assert {p.identifiers["line"] for p in picks} == {"1", "2"}


@pytest.mark.parametrize(
    ("size", "strata", "n"),
    [(4999, 3, 32), (4999, 41, 41), (4999, 90, 50), (20, 3, 20), (5000, 3, 50), (20_000, 99, 80)],
)
def test_receipt_sizes(size: int, strata: int, n: int) -> None:
    """S1."""
    assert receipt_sample(size, strata) == n
    assert receipt_sample(20_001, strata) is None


def test_integrity_names_missing_doubled_and_foreign() -> None:
    found = integrity(["a-001", "a-002", "b-001"], ["a-001", "a-001", "c-009"])
    assert (found.missing, found.doubled, found.foreign) == (("a-002", "b-001"), ("a-001",), ("c-009",))
    assert not found.ok
    assert integrity(["a-001"], ["a-001"]).ok


def test_a_draw_is_kept_with_its_seed(station: Station) -> None:
    first = station.draws.draw("L1", cartons=Path("cartons.csv"), rule="receipt")
    assert (first.size, first.n, first.cartons) == (600, 32, 12)
    assert set(first.cover["lot_code"]) == {"A", "B"}
    assert min(first.cover["line"].values()) > 0
    again = station.draws.draw("L1", cartons=Path("cartons.csv"), rule="receipt", seed=first.seed)
    assert again.picks == first.picks
    assert station.draws.newest("L1") == again
    assert station.check().ok
    with pytest.raises(NotFoundError, match="no sample was drawn"):
        station.draws.newest("L2")


def test_the_sample_of_the_standard(station: Station) -> None:
    """S1: above 20,000 units the standard's sample."""
    found = station.draws.draw("L1", size=1200, cartons=20)
    assert (found.n, found.rule) == (80, "z1.4, level II, normal, AQL 2.5 and 4.0")
    large = station.draws.draw("L2", size=30_000, rule="receipt")
    assert large.n == 315
    assert "sampled by the standard" in large.remarks[0]
    few = station.draws.draw("L3", cartons=Path("cartons.csv"), units=1)
    assert any(r.startswith("no unit is drawn of lot_code") for r in few.remarks)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("carton,units\nA,10\nA,5\n", "listed twice"),
        ("carton,units\nA,0\n", "no units of a carton"),
        ("carton,units\nA,2.5\n", "no units of a carton"),
        ("carton\nA\n", "no column units"),
    ],
)
def test_carton_files_that_cannot_be_used(station: Station, text: str, words: str) -> None:
    Path("bad.csv").write_text(text)
    with pytest.raises(RequestError, match=words):
        station.draws.draw("L1", cartons=Path("bad.csv"), units=1)


def test_sizes_that_do_not_agree(station: Station) -> None:
    with pytest.raises(RequestError, match="hold 600 units, the lot 500"):
        station.draws.draw("L1", size=500, cartons=Path("cartons.csv"))
    with pytest.raises(RequestError, match="size of the lot is not given"):
        station.draws.draw("L1")
    with pytest.raises(RequestError, match="cannot be drawn"):
        station.draws.draw("L1", size=20, units=21)
    with pytest.raises(RequestError, match="Unknown rule"):
        station.draws.draw("L1", size=20, rule="any")


def test_commands_draw_and_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["lot", "draw", "L1", "--carton-file", "cartons.csv", "--units", "8", "--out", "picks.csv"]) == 0
    assert "pull 8 of 600 units from 12 cartons" in capsys.readouterr().out
    labels = [line.split(",")[0] for line in Path("picks.csv").read_text().splitlines()]
    assert labels[0] == "unit"
    assert run(app, ["lot", "pulled", "L1", "--file", "picks.csv", "--fail-on-nonconforming"]) == 0
    assert "all 8 units" in capsys.readouterr().out
    Path("pulled.csv").write_text("\n".join(["unit", *labels[1:]]) + "\n")
    assert run(app, ["lot", "pulled", "L1", "--file", "pulled.csv", "--fail-on-nonconforming"]) == 0
    assert "all 8 units" in capsys.readouterr().out
    Path("pulled.csv").write_text("\n".join(["unit", *labels[2:], labels[2]]) + "\n")
    assert run(app, ["lot", "pulled", "L1", "--file", "pulled.csv", "--json", "--fail-on-nonconforming"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["missing"], answer["doubled"]) == ([labels[1]], [labels[2]])
    assert run(app, ["lot", "draw", "L1", "--show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 8


def test_a_class_with_a_smaller_sample_counts_units_from_all_over_the_lot(station: Station) -> None:
    """In the order of their names the first 32 of 80 units would be those of the first eight cartons."""
    drawn = station.draws.draw("L1", size=1200, cartons=20, seed=5)
    order = station.draws.in_drawn_order("L1")
    assert sorted(order) == sorted(p.label for p in drawn.picks)
    assert len({name.split("-")[0] for name in order[:32]}) > 14
    assert station.draws.in_drawn_order("L2") == ()


def test_a_list_in_force_stays_where_the_new_one_cannot_be_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request = ["lot", "draw", "L1", "--size", "400", "--cartons", "8"]
    assert run(app, [*request, "--seed", "1"]) == 0
    assert run(app, [*request, "--seed", "2", "--out", str(tmp_path / "none" / "picks.csv")]) == 2
    assert run(app, [*request, "--seed", "9" * 30]) == 2
    assert "not between 0 and" in capsys.readouterr().err
    assert run(app, ["lot", "draw", "L1", "--show", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["seed"] == 1


def test_a_pick_list_is_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """S1: a PDF with every unit of the list, from the command."""
    monkeypatch.setenv("STATION_HOME", str(tmp_path / "home"))
    out = tmp_path / "picks.pdf"
    asked = ["lot", "draw", "L1", "--size", "600", "--cartons", "6", "--units", "20", "--print", str(out)]
    assert run(app, asked) == 0
    text = subprocess.run(["pdftotext", "-layout", str(out), "-"], capture_output=True, check=True, text=True).stdout
    with Station(Settings(home=tmp_path / "home")) as station:
        picks = station.draws.newest("L1").picks
    assert len(picks) == 20
    assert all(p.label in text for p in picks)
    assert "抽樣清單" in text
    assert run(app, [*asked[:-1], str(tmp_path / "nowhere" / "picks.pdf")]) == 2


def test_samples_are_drawn_one_after_another_and_printed_alone(station: Station, tmp_path: Path) -> None:
    """S1: each from what is left, the same again from the same seed; the printed list holds only the newest."""
    first = station.draws.draw("L1", cartons=Path("cartons.csv"), units=13, seed=7)
    second = station.draws.draw_next("L1", 26)
    third = station.draws.draw_next("L1", 39)
    assert second is not None
    assert third is not None
    assert station.draws.draw_next("L1", 39) is None
    assert Counter(p.sample for p in third.picks) == {1: 13, 2: 13, 3: 13}
    assert len({p.label for p in third.picks}) == 39
    assert sum(third.cover["carton"].values()) == 39
    assert {p.label for p in third.picks if p.sample == 1} == {p.label for p in first.picks}
    order = station.draws.in_drawn_order("L1")
    assert [{p.label: p.sample for p in third.picks}[label] for label in order] == [1] * 13 + [2] * 13 + [3] * 13
    station.draws.draw("L2", cartons=Path("cartons.csv"), units=13, seed=7)
    again = station.draws.draw_next("L2", 26)
    assert again is not None
    assert again.picks == second.picks
    (tmp_path / "third.pdf").write_bytes(picks_as(third, "pdf"))
    text = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / "third.pdf"), "-"], capture_output=True, check=True, text=True
    ).stdout
    assert {p.sample for p in third.picks if p.label in text} == {3}
    (tmp_path / "third.csv").write_bytes(picks_as(third, "csv"))
    assert station.draws.pulled("L1", tmp_path / "third.csv").ok
    assert station.check().ok


def test_a_list_that_does_not_know_its_cartons_is_not_continued(station: Station) -> None:
    before = station.draws.draw("L1", size=60, cartons=5, units=13)
    station.draws._keep(before.model_copy(update={"packing": ()}))
    assert station.draws.draw_next("L1", 26) is None
    assert station.draws.newest("L1").n == 13
