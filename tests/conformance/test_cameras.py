"""One suite that every camera passes, and what is particular to the replay."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from sample_data.renderer import generate
from station.devices.camera import Camera, open_camera
from station.devices.photo import read_photo
from station.errors import DeviceError, RequestError

FRAMES = 4


def picture(number: int) -> np.ndarray:
    """(72, 96, 3) blue-green-red frame, unlike any other number's."""
    return np.random.default_rng(number).integers(0, 256, (72, 96, 3), dtype=np.uint8)


def folder_spec(tmp_path: Path) -> str:
    folder = tmp_path / "shots"
    folder.mkdir(exist_ok=True)
    for i in range(FRAMES):
        cv2.imwrite(str(folder / f"unit{i + 8}.png"), picture(i))  # 8, 9, 10, 11: not in the order of the alphabet
    return f"replay:{folder}"


def video_spec(tmp_path: Path) -> str:
    path = tmp_path / "shots.avi"
    if not path.exists():
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"FFV1"), 5.0, (96, 72))
        for i in range(FRAMES):
            writer.write(picture(i))
        writer.release()
    return f"replay:{path}"


def simulated_spec(_: Path) -> str:
    return "simulated:alpine?seed=3"


@pytest.fixture(scope="module")
def rendered() -> Callable[[str, int, int], bytes]:
    """The real renderer, asked once for each frame, since one takes seconds; its own tests hold it to its seed."""
    return functools.cache(generate.photograph)


@pytest.fixture(params=[folder_spec, video_spec, simulated_spec], ids=["folder", "video", "simulated"])
def make(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Camera]:
    """Opens the same camera as often as it is called."""
    if request.param is simulated_spec:
        monkeypatch.setattr("sample_data.renderer.generate.photograph", request.getfixturevalue("rendered"))
    return lambda: open_camera(request.param(tmp_path))


def test_frames_decode_and_differ(make: Callable[[], Camera]) -> None:
    with make() as camera:
        size = camera.describe().size
        first, second = camera.capture(), camera.capture()
    shots = read_photo(first), read_photo(second)
    assert not np.array_equal(shots[0].photo.pixels, shots[1].photo.pixels)
    assert size is None or size == shots[0].size == shots[1].size


def test_the_same_camera_repeats_itself(make: Callable[[], Camera]) -> None:
    with make() as camera:
        before = [camera.capture(), camera.capture()]
    with make() as other:
        assert [other.capture(), other.capture()] == before
    with camera:  # a closed camera starts afresh
        assert camera.capture() == before[0]


def test_closed_cameras(make: Callable[[], Camera]) -> None:
    camera = make()
    camera.close()
    camera.close()
    for use in (camera.capture, camera.preview, camera.describe):
        with pytest.raises(DeviceError, match="closed"):
            use()


def test_opening_twice_loses_no_frame(make: Callable[[], Camera]) -> None:
    with make() as camera:
        first = camera.capture()
        camera.open()
        assert camera.capture() != first


def test_an_error_inside_the_block_closes_the_camera(make: Callable[[], Camera]) -> None:
    camera = make()
    with pytest.raises(ZeroDivisionError), camera:
        _ = 1 / 0
    with pytest.raises(DeviceError, match="closed"):
        camera.capture()


def test_a_preview_takes_no_frame_away(make: Callable[[], Camera]) -> None:
    with make() as camera:
        seen = camera.preview()
        assert camera.preview() is seen  # whoever aims sees at once that nothing has changed
        assert camera.capture() == seen
        following = camera.preview()
        assert following != seen
        assert camera.capture() == following


def test_description(make: Callable[[], Camera]) -> None:
    with make() as camera:
        seen = camera.describe()
    assert seen.kind in ("replay", "simulated")
    assert seen.name
    assert all(isinstance(v, float | str) for v in seen.controls.values())


def test_threads_share_a_camera_without_sharing_a_frame(make: Callable[[], Camera]) -> None:
    frames: list[bytes] = []
    with make() as camera:
        threads = [threading.Thread(target=lambda: frames.append(camera.capture())) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(set(frames)) == 2


# --- replay ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spec", [folder_spec, video_spec])
def test_replay_is_in_order_lossless_and_ends(spec: Callable[[Path], str], tmp_path: Path) -> None:
    with open_camera(spec(tmp_path)) as camera:
        for i in range(FRAMES):
            np.testing.assert_array_equal(read_photo(camera.capture()).photo.pixels, picture(i)[..., ::-1])
        for _ in range(2):
            with pytest.raises(DeviceError, match="after 4 frames"):
                camera.capture()


def test_a_folders_frame_is_read_after_the_call(tmp_path: Path) -> None:
    with open_camera(folder_spec(tmp_path)) as camera:
        late = tmp_path / "shots" / "unit8.png"
        late.write_bytes(b"written after the camera was opened")
        assert camera.capture() == late.read_bytes()
        (tmp_path / "shots" / "unit9.png").unlink()
        with pytest.raises(DeviceError, match=r"unit9\.png cannot be read"):
            camera.capture()


def test_material_that_cannot_be_replayed(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="does not exist"):
        open_camera(f"replay:{tmp_path / 'gone'}")
    with pytest.raises(DeviceError, match="no pictures"):
        open_camera(f"replay:{tmp_path}")
    (tmp_path / "text.avi").write_text("not a video")
    with pytest.raises(DeviceError, match="not a video"):
        open_camera(f"replay:{tmp_path / 'text.avi'}")


@pytest.mark.parametrize("spec", ["", "replay", "replay:", "webcam:0", "simulated:", "simulated:alpine?speed=3"])
def test_specs_that_name_no_camera(spec: str) -> None:
    with pytest.raises(RequestError):
        open_camera(spec)


def test_the_simulated_bench_knows_its_designs() -> None:
    with pytest.raises(DeviceError, match="no design 'unheard-of'"):
        open_camera("simulated:unheard-of")


def test_a_simulated_camera_without_its_renderer_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "colour", None)  # as if it were not installed
    with pytest.raises(DeviceError, match=r"colour-science.*pip install -e"):
        open_camera("simulated:fox").open()
