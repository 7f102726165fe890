"""What the camera sees before the shot: one reader for all who look, its pace, a camera that goes and comes back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from sample_data import renderer
from station.devices.photo import read_photo
from station.errors import DeviceError, NotFoundError
from station.report.live_picture import LONGEST_PX, small_picture
from station.report.pictures import COLOURS, decoded
from station.service import Station
from station.service.live_view import AGAIN_S, REST
from station.settings import Settings
from station.values.colour import DeviceRGB
from station.values.documents import Verdict

SAMPLES = Path(renderer.__file__).parents[1]
CARD = SAMPLES / "bench" / "card.toml"


class Hands:
    """A clock that is set by hand, and the work that a look is said to take."""

    def __init__(self) -> None:
        self.now, self.work = 100.0, 0.0
        self.asked = 0

    def worked(self) -> float:
        self.asked += 1
        return self.work * self.asked  # each pair of questions finds one ``work`` between them


@pytest.fixture
def roll(tmp_path: Path) -> Path:
    folder = tmp_path / "roll"
    folder.mkdir()
    for name in ("unit-01.jpg", "unit-02.jpg"):
        shutil.copy(SAMPLES / "alpine" / "units" / name, folder)
    return folder


@pytest.fixture
def station(tmp_path: Path, roll: Path) -> Iterator[Station]:
    with Station(Settings(home=tmp_path / "home", camera=f"replay:{roll}", card=str(CARD))) as found:
        yield found


@pytest.fixture
def hands(station: Station, monkeypatch: pytest.MonkeyPatch) -> Hands:
    found = Hands()
    monkeypatch.setattr(station.viewfinder, "_clock", lambda: found.now)
    monkeypatch.setattr(station.viewfinder, "_worked", found.worked)
    return found


def test_card_part_sharpness_and_exposure_are_told_without_taking_a_picture(
    station: Station, roll: Path, tmp_path: Path
) -> None:
    seen = station.viewfinder.look()
    assert (seen.width, seen.height) == (2000, 1500)
    assert {g.name: g.ok for g in seen.gates} == {"card": True, "part": True}
    assert seen.card_found
    card, part = np.array(seen.card_px), np.array(seen.part_px)
    assert part[:, 0].max() < card[:, 0].min()  # the pin lies left of the card
    assert seen.blur_px is not None
    assert 0 <= seen.blur_px < 1
    clipped = read_photo(roll / "unit-01.jpg").photo.clipped()
    assert seen.clipped_share == pytest.approx(clipped.mean())
    assert sum(seen.histogram) == pytest.approx(1)
    taken = station.camera.capture(tmp_path, "shot")
    assert taken.read_bytes() == (roll / "unit-01.jpg").read_bytes()


def test_all_who_look_share_one_reader_whose_rest_grows_with_its_work(
    station: Station, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    real = station.camera.look

    def counted() -> bytes:
        nonlocal asked
        asked += 1
        return bytes(bytearray(real()))  # as a camera does: never the same object twice

    monkeypatch.setattr(station.camera, "look", counted)
    hands.work = 0.4
    first = station.viewfinder.look()
    assert first.every_ms == pytest.approx(1000 * REST * hands.work, abs=2)
    assert station.viewfinder.look().frame == first.frame
    assert asked == 1
    hands.now += 0.9 * REST * hands.work
    station.viewfinder.look()
    assert asked == 1
    hands.now += 0.2 * REST * hands.work
    station.viewfinder.look()
    assert asked == 2
    hands.now += 3600  # nobody looks, nothing is read
    assert asked == 2


def test_a_camera_that_is_unplugged_says_so_and_comes_back(station: Station, hands: Hands, roll: Path) -> None:
    before = station.viewfinder.look()
    away = roll.with_name("away")
    roll.rename(away)
    hands.now += 60
    gone = station.viewfinder.look()
    assert gone.frame is None
    assert "unit-01.jpg cannot be read" in gone.reason
    away.rename(roll)
    assert station.viewfinder.look().frame is None  # asked again no sooner than it may be
    hands.now += AGAIN_S
    back = station.viewfinder.look()
    assert (back.frame, back.reason) == (before.frame, "")


def test_the_end_of_a_recording_is_looked_at_without_beginning_it_again(
    station: Station, hands: Hands, tmp_path: Path
) -> None:
    for n in range(2):
        station.camera.capture(tmp_path, f"shot-{n}")
    for _ in range(3):
        seen = station.viewfinder.look()
        assert seen.frame is None
        assert "The end of roll is reached after 2 frames" in seen.reason
        hands.now += 60
    with pytest.raises(DeviceError, match="The end of roll"):
        station.camera.capture(tmp_path, "shot-2")


def test_a_station_without_a_camera_and_a_picture_that_is_gone(tmp_path: Path) -> None:
    with Station(Settings(home=tmp_path / "home")) as station:
        with pytest.raises(NotFoundError, match="has no camera"):
            station.viewfinder.look()
        with pytest.raises(NotFoundError, match="that picture is gone"):
            station.viewfinder.picture("0" * 24, zebra=True)


def test_clipped_pixels_lie_under_stripes_and_nothing_else_does() -> None:
    photo = np.full((1500, 2240, 3), 90, np.uint8)
    cv2.rectangle(photo, (400, 400), (799, 799), (255, 255, 255), -1)
    picture = DeviceRGB(photo)
    small = small_picture(picture, picture.clipped())
    assert small.pixels.shape == (750, LONGEST_PX, 3)
    assert small.share == pytest.approx(400 * 400 / (1500 * 2240))
    assert small.histogram[-1] == pytest.approx(small.share, rel=0.02)
    plain, striped = (decoded(small.jpeg(zebra=z)).astype(int) for z in (False, True))
    changed = np.abs(plain - striped).max(axis=2) > 60
    ys, xs = np.nonzero(changed)
    assert (xs.min(), ys.min(), xs.max(), ys.max()) == pytest.approx((200, 200, 399, 399), abs=2)
    orange = np.abs(striped - COLOURS[Verdict.NONCONFORMS]).max(axis=2) < 50
    assert 0.25 < orange[210:390, 210:390].mean() < 0.75
