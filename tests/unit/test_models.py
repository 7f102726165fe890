from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from tiny_onnx import own_model, tiny_model

from station.errors import ModelError
from station.models import (
    REFERENCE_DIFFERENCE,
    SHIPPED,
    as_run,
    capability_warnings,
    defect_model,
    model_use,
    network,
    seldom_found,
    shipped,
)
from station.models.card import read_card
from station.models.network import TILE, OnnxModel
from station.models.providers import start
from station.values.colour import LinearRGB
from station.values.line import FIRST_REGION, METAL, OTHER, OUTSIDE

NETWORK = "golden-unit-net"


def _pair(height: int, width: int) -> tuple[LinearRGB, LinearRGB]:
    """Two colours parted by a line, and the same with a pale spot of 12 px in the middle of the left one."""
    rng = np.random.default_rng(1)
    picture = np.full((height, width, 3), (0.10, 0.30, 0.55), dtype=np.float32)
    picture[:, width // 2 :] = (0.50, 0.10, 0.08)
    y, x = np.mgrid[0:height, 0:width]
    spoilt = picture.copy()
    spoilt[np.hypot(x - width // 4, y - height // 2) < 6] = (0.75, 0.72, 0.70)
    golden, unit = (p + rng.normal(0, 0.002, p.shape) for p in (picture, spoilt))
    return LinearRGB(golden.astype(np.float32)), LinearRGB(unit.astype(np.float32))


def _row_of_spots(width: int) -> tuple[LinearRGB, LinearRGB]:
    """A plain strip, and the same with a slightly paler spot of 12 px every 40 px."""
    rng = np.random.default_rng(2)
    plain = np.full((64, width, 3), (0.10, 0.30, 0.55), dtype=np.float32)
    y, x = np.mgrid[0:64, 0:width]
    spots = plain.copy()
    spots[np.hypot((x - 24 + 20) % 40 - 20, y - 32) < 6] *= 1.15
    golden, unit = (p + rng.normal(0, 0.004, p.shape) for p in (plain, spots))
    return LinearRGB(golden.astype(np.float32)), LinearRGB(unit.astype(np.float32))


def _card_at(folder: Path, **changes: str) -> Path:
    """A copy of the shipped card and its weights with parts of the text replaced."""
    for path in SHIPPED.glob("defects*"):
        shutil.copy(path, folder)
    card = folder / "defects.toml"
    text = card.read_text("utf-8")
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    card.write_text(text, "utf-8")
    return card


def test_unknown_model_is_refused_by_name() -> None:
    with pytest.raises(ModelError, match="no defect model 'other'"):
        defect_model("other")


def test_kinds_that_are_seldom_found_are_named() -> None:
    warnings = capability_warnings(REFERENCE_DIFFERENCE, ["speck", "plating-spot", "burn-mark"])
    assert [w.split(":")[0] for w in warnings] == ["plating-spot", "burn-mark"]
    assert "0 of 44" in warnings[0]
    assert "does not know" in warnings[1]
    assert "never tried" in capability_warnings(NETWORK, ["burn-mark"])[0]


def test_the_silence_of_a_model_counts_only_for_kinds_it_was_tried_with() -> None:
    seldom = seldom_found(NETWORK)
    assert {"burn-mark", "exposed-metal"} <= seldom
    assert "missing-enamel" not in seldom


def test_every_finding_of_a_kind_that_was_never_tried_is_for_a_person(tmp_path: Path) -> None:
    card = read_card(_card_at(tmp_path))
    assert card.sure["burn-mark"] > 1 > card.sure["pit"]
    without = card.model_copy(update={"trials": (), "sure_scores": {}})
    assert without.sure == {}  # whoever gives no trials answers for all kinds alike


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_the_network_that_is_shipped_finds_a_spot_and_nothing_else(precision: str) -> None:
    assert NETWORK in shipped()
    golden, unit = _pair(160, 200)
    labels = np.full((160, 200), OTHER, dtype=np.uint8)
    maps = defect_model(NETWORK, precision=precision)(golden, unit, labels, 0.002)
    flagged = maps.scores.sum(axis=0) > 0.5
    y, x = np.nonzero(flagged)
    assert abs(float(x.mean()) - 50) < 1.5
    assert abs(float(y.mean()) - 80) < 1.5
    assert 60 < flagged.sum() < 200
    clean = defect_model(NETWORK, precision=precision)(golden, golden, labels, 0.002)
    assert clean.scores.sum(axis=0).max() < 0.5


@pytest.mark.parametrize("precision", ["int8", "fp32"])
def test_threads_and_repetition_do_not_change_an_answer(precision: str) -> None:
    golden, unit = _pair(160, 200)
    labels = np.full((160, 200), OTHER, dtype=np.uint8)
    one, two, again = (
        defect_model(NETWORK, precision=precision, threads=n)(golden, unit, labels, 0.002).scores for n in (1, 2, 1)
    )
    assert one.max() > 0.5
    assert np.array_equal(one, again)
    assert np.array_equal(one, two)


def test_tiles_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    width = TILE + 160
    golden, unit = _row_of_spots(width)
    labels = np.full((64, width), OTHER, dtype=np.uint8)
    model = defect_model(NETWORK, precision="fp32")
    assert isinstance(model, OnnxModel)
    tiled = model(golden, unit, labels, 0.002).scores
    monkeypatch.setattr(network, "TILE", 2 * TILE)
    whole = model(golden, unit, labels, 0.002).scores
    assert tiled.shape == whole.shape == (len(model.card.kinds), 64, width)
    there = whole.sum(axis=0) > 0.5
    assert all(there[:, x - 8 : x + 8].any() for x in range(24, width, 40))
    assert np.mean((tiled.sum(axis=0) > 0.5) != there) < 0.0001


def test_what_lies_outside_the_part_and_at_its_rim_is_left_out() -> None:
    golden, unit = _pair(160, 200)
    labels = np.full((160, 200), OUTSIDE, dtype=np.uint8)
    labels[60:100, 46:150] = METAL  # the spot lies across the part's edge
    labels[70:90, 80:120] = FIRST_REGION
    scores = defect_model(NETWORK)(golden, unit, labels, 0.002).scores
    assert scores[:, labels == OUTSIDE].max() == 0
    assert scores[:, :, 46:50].max() == 0
    empty = defect_model(NETWORK)(golden, unit, np.full_like(labels, OUTSIDE), 0.002).scores
    assert not empty.any()


def test_a_file_that_is_not_the_cards_is_refused(tmp_path: Path) -> None:
    card = _card_at(tmp_path)
    weights = tmp_path / read_card(card).weights_of("int8").path
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelError, match="not the one its card describes"):
        defect_model(str(card))
    weights.unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        defect_model(str(card))


def test_a_card_that_promises_other_kinds_is_found_out(tmp_path: Path) -> None:
    model = defect_model(str(_card_at(tmp_path, **{'"burn-mark",': ""})))
    golden, unit = _pair(64, 64)
    with pytest.raises(ModelError, match="its card promises"):
        model(golden, unit, np.full((64, 64), OTHER, dtype=np.uint8), 0.002)


@pytest.mark.parametrize("multiple", [1, 16, 256])
@pytest.mark.parametrize("length", [769, 1200, 1636, 5000])
def test_tiles_are_no_longer_than_promised_and_join(length: int, multiple: int) -> None:
    pieces = network._runs(7, 7 + length, multiple)
    assert max(whole.stop - whole.start for whole, _ in pieces) <= TILE
    assert all((whole.start - 7) % multiple == 0 for whole, _ in pieces)
    assert [kept.start for _, kept in pieces[1:]] == [kept.stop for _, kept in pieces[:-1]]
    assert (pieces[0][1].start, pieces[-1][1].stop) == (7, 7 + length)


@pytest.mark.parametrize("answer", [5.0, -0.5, np.nan])
def test_scores_that_are_no_shares_are_refused(answer: float) -> None:
    model = OnnxModel.__new__(OnnxModel)
    model.card = read_card(SHIPPED / "defects.toml")
    model.device = "cpu"
    model.session = _Answers(np.full((1, 1 + len(model.card.kinds), 64, 64), answer, np.float32))
    golden, unit = _pair(64, 64)
    with pytest.raises(ModelError, match="not shares of 1"):
        model(golden, unit, np.full((64, 64), OTHER, dtype=np.uint8), 0.002)


class _Answers:
    """A session that always answers the same."""

    def __init__(self, answer: np.ndarray) -> None:
        self.answer = answer

    def run(self, outputs: object, feed: object) -> list[np.ndarray]:
        return [self.answer]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("multiple", "multipel", "multipel: is no key of a card"),
        ('version = "0.6"', "version = 1", 'version: 1 is a number, .* Put the version in quotes: version = "1"'),
        ('path = "defects.onnx"', 'paht = "defects.onnx"', "path: is missing. Add path to the card"),
        ("plating-spot = 0.92", "rust = 0.92", "rust, none of its kinds"),
        ('"speck"', '"pit"', "named twice"),
        ("kinds = [", "kinds = [[", "no TOML"),
    ],
)
def test_a_card_with_a_mistake_is_refused_where_it_is(tmp_path: Path, old: str, new: str, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        read_card(_card_at(tmp_path, **{old: new}))


def test_a_card_that_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    card = tmp_path / "big.toml"
    card.write_text(f"kinds = {'[' * 20_000}", "utf-8")
    with pytest.raises(ModelError, match="nested too deep"):
        read_card(card)


def test_a_file_replaced_under_its_card_is_the_one_that_runs_and_is_named(tmp_path: Path) -> None:
    """In one process: the answer is the new file's, and what is said of a model that was loaded before stays true."""
    golden = LinearRGB(np.full((32, 32, 3), 0.3, np.float32))
    unit = LinearRGB(np.full((32, 32, 3), 0.42, np.float32))
    labels = np.full((32, 32), OTHER, np.uint8)
    name = str(own_model(tmp_path))
    before = defect_model(name)
    first = model_use(name)
    assert before(golden, unit, labels, 0.01).scores.sum(axis=0)[16, 16] == pytest.approx(0.5, abs=1e-3)
    own_model(tmp_path, gain=1 / 48, version="2")
    after, second = defect_model(name), model_use(name)
    assert first.weights != second.weights
    assert after(golden, unit, labels, 0.01).scores.sum(axis=0)[16, 16] == pytest.approx(0.25, abs=1e-3)
    assert (as_run(second, before).weights, as_run(second, before).version) == (first.weights, "1")
    assert (as_run(second, after).weights, as_run(second, after).version) == (second.weights, "2")


def test_a_model_that_fails_writes_no_lines_of_its_own(capfd: pytest.CaptureFixture[str]) -> None:
    session = start(tiny_model(1.0), Path("own.onnx"), device="cpu", threads=1, probe=lambda _: None).session
    feed = {
        "golden": np.zeros((1, 3, 16, 16), np.float32),
        "unit": np.zeros((1, 3, 16, 17), np.float32),  # cannot be subtracted
        "regions": np.ones((1, 1, 16, 16), np.float32),
        "noise": np.ones((1, 1, 1, 1), np.float32),
    }
    with pytest.raises(Exception, match="Sub"):
        session.run(None, feed)
    assert capfd.readouterr() == ("", "")


def test_a_placeholder_in_place_of_a_hash_says_which_command_prints_it(tmp_path: Path) -> None:
    card = _card_at(tmp_path)
    text = card.read_text("utf-8").replace(read_card(card).weights_of("fp32").sha256, "...")
    card.write_text(text)
    with pytest.raises(ModelError, match=r"'\.\.\.' is no SHA-256\. Put in what `sha256sum defects\.onnx` prints"):
        read_card(card)
