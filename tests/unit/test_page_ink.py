"""The same photo of a signed page, saved again, is told from one that somebody else signed (G9)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from signed_home import NOON, NUMBER, seal

from station.devices.page_ink import ALIKE, new_ink
from station.service import Station
from station.settings import Settings
from station.values.colour import DeviceRGB

Grey = NDArray[np.uint8]


def page() -> Grey:
    """A page of print, 1,000 px wide, with room for two signatures below."""
    made = np.full((1400, 1000), 255, np.uint8)
    for line in range(22):
        text = "We confirm this version as the mass-production standard."[line % 9 :]
        cv2.putText(made, text, (70, 120 + 40 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 20, 2, cv2.LINE_AA)
    for x in (60, 520):
        cv2.rectangle(made, (x, 1080), (x + 420, 1330), 0, 2)
    return made


def signed(sheet: Grey, left: int, *, seed: int, width: int = 3, darkness: float = 0.85, long: int = 300) -> Grey:
    """A page with a scribble that begins so many pixels from the left."""
    rng = np.random.default_rng(seed)
    xs, ys = np.linspace(left, left + long, 24), 1180 + rng.uniform(-40, 40, 24)
    ink = np.zeros_like(sheet)
    cv2.polylines(ink, [np.stack([xs, ys], axis=1).astype(np.int32)], False, 255, width, cv2.LINE_AA)
    return np.asarray(sheet * (1 - darkness * (ink / 255.0)), dtype=np.uint8)


def photographed(sheet: Grey, seed: int, *, turned: float = 2.0) -> Grey:
    """A photo of a page: turned, in uneven light, blurred and noisy."""
    rng = np.random.default_rng(seed)
    h, w = sheet.shape
    turn = cv2.getRotationMatrix2D((w / 2, h / 2), turned, 0.93)
    light = np.linspace(0.75, 0.97, w)[None, :]
    shown = cv2.warpAffine(sheet, turn, (w, h), borderValue=80) * light
    return np.clip(cv2.GaussianBlur(shown, (0, 0), 1.0) + rng.normal(0, 4, sheet.shape), 0, 255).astype(np.uint8)


def saved(picture: Grey, *, quality: int = 85, share: float = 1.0, gamma: float = 1.0, cut: float = 0.0) -> Grey:
    """A picture saved again as JPEG, smaller, of another brightness, or cut at its edges."""
    h, w = picture.shape
    rim_y, rim_x = int(cut * h), int(cut * w)
    inner = picture[rim_y : h - rim_y, rim_x : w - rim_x]
    small = cv2.resize(inner, None, fx=share, fy=share, interpolation=cv2.INTER_AREA) if share < 1 else inner
    ok, data = cv2.imencode(".jpg", (255 * (small / 255.0) ** gamma).astype(np.uint8), [1, quality])
    assert ok
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def rgb(picture: Grey) -> DeviceRGB:
    return DeviceRGB(np.ascontiguousarray(np.repeat(picture[..., None], 3, axis=2)))


def ink(one: Grey, other: Grey) -> float:
    found = new_ink(rgb(one), rgb(other))
    assert found is not None
    return found


BUYERS = signed(page(), 100, seed=1)


@pytest.mark.parametrize(
    "again",
    [{"quality": 30}, {"quality": 95}, {"share": 0.5}, {"gamma": 0.8}, {"share": 0.7, "quality": 50, "gamma": 1.2},
     {"cut": 0.02}],
)  # fmt: skip
def test_a_photo_that_was_saved_again_shows_no_new_ink(again: dict[str, float]) -> None:
    shot = saved(photographed(BUYERS, 1))
    assert ink(shot, saved(shot, **again)) < ALIKE  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "hand", [{"darkness": 0.85}, {"long": 60}, {"darkness": 0.3}, {"darkness": 0.3, "long": 60, "width": 2}]
)
def test_a_signature_is_new_ink_however_small_or_faint(hand: dict[str, float]) -> None:
    """Also where the second photo is taken from the same place."""
    shot = saved(photographed(BUYERS, 1))
    both = signed(BUYERS, 560, seed=2, **hand)  # type: ignore[arg-type]
    assert ink(shot, saved(photographed(both, 2))) > ALIKE
    assert ink(saved(photographed(both, 2)), shot) > ALIKE


def test_photos_that_have_nothing_in_common_are_not_compared() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (600, 800)).astype(np.uint8)
    found = new_ink(rgb(BUYERS), rgb(noise))
    assert found is None or found > ALIKE


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with Station(Settings(home=tmp_path / "home"), clock=lambda: NOON) as made:
        seal(made._db, made._evidence, 1)
        yield made


def test_one_photo_that_would_sign_for_both_is_remarked(station: Station, tmp_path: Path) -> None:
    """G9: it is recorded all the same, since two photos of a page that both have signed look so too."""
    shot = photographed(BUYERS, 1)
    for name, picture in (("buyer", saved(shot)), ("again", saved(shot, quality=70, share=0.9))):
        assert cv2.imwrite(str(tmp_path / f"{name}.png"), picture)
    station.sign_off.sign(NUMBER, party="buyer", name="M. Weber", sheet_photo=tmp_path / "buyer.png")
    made = station.sign_off.sign(NUMBER, party="supplier", name="Li Wei", sheet_photo=tmp_path / "again.png")
    assert made.new
    assert made.remarks[-1] == (
        "the photo shows no ink beside that of the page which the buyer signed: look whether the supplier's signature "
        "is on it"
    )


def test_a_page_with_another_signature_is_not_remarked(station: Station, tmp_path: Path) -> None:
    for name, sheet in (("buyer", BUYERS), ("both", signed(BUYERS, 560, seed=2))):
        assert cv2.imwrite(str(tmp_path / f"{name}.png"), photographed(sheet, 1))
    station.sign_off.sign(NUMBER, party="buyer", name="M. Weber", sheet_photo=tmp_path / "buyer.png")
    made = station.sign_off.sign(NUMBER, party="supplier", name="Li Wei", sheet_photo=tmp_path / "both.png")
    assert not any("no ink" in r for r in made.remarks)
