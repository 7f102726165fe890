"""The camera of the bench: opened when the first picture is asked for, asked for one picture at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from station.errors import DeviceError, FramesEndedError, NotFoundError
from station.service.bench_views import CameraView
from station.settings import Settings

if TYPE_CHECKING:
    from station.devices.camera import Camera as Device


class Camera:
    """The use cases. Reached as ``Station.camera``. Which one it is the settings say (``STATION_CAMERA``)."""

    def __init__(self, settings: Settings) -> None:
        self._spec = settings.camera
        self._lock = threading.Lock()
        self._device: Device | None = None
        self._told: CameraView | None = None

    @property
    def present(self) -> bool:
        """Whether the settings name a camera."""
        return bool(self._spec)

    def status(self) -> CameraView:
        """Which camera there is. One that cannot be opened is there, with the reason.

        While it is at work what it said last is answered.
        """
        if not self._spec:
            return CameraView(present=False, kind="", name="", width=None, height=None, reason="")
        told = self._told
        if told is not None and self._lock.locked():
            return told
        try:
            with self._opened() as device:
                found = device.describe()
        except DeviceError as error:
            return CameraView(present=True, kind="", name=self._spec, width=None, height=None, reason=str(error))
        width, height = found.size or (None, None)
        self._told = CameraView(present=True, kind=found.kind, name=found.name, width=width, height=height, reason="")
        return self._told

    def look(self) -> bytes:
        """The bytes of what lies under the camera now, to aim by; the next picture stays the one it would have been.

        Raises DeviceError where the camera gives nothing; it is opened afresh at the next look, but where a recording
        has come to its end, which a look does not begin again.
        """
        with self._opened(looking=True) as device:
            return device.preview()

    def capture(self, folder: Path, name: str) -> Path:
        """Take a picture into a folder, as ``name`` with the ending of its format.

        Raises NotFoundError where the station has no camera, DeviceError where it gives no picture; the next picture is
        asked of a camera that was opened afresh.
        """
        from station.devices.photo_header import recognise

        if not self._spec:
            raise NotFoundError("this station has no camera", "Start it with STATION_CAMERA, or hand in pictures.")
        with self._opened() as device:
            data = device.capture()
        kind, _ = recognise(data)
        suffix = {"PNG": ".png", "TIFF": ".tif", "WEBP": ".webp"}.get(kind or "", ".jpg")
        path = folder / f"{name}{suffix}"
        path.write_bytes(data)
        return path

    def close(self) -> None:
        """Let go of the device."""
        with self._lock:
            self._let_go()

    @contextmanager
    def _opened(self, *, looking: bool = False) -> Iterator[Device]:
        from station.devices.camera import open_camera

        with self._lock:
            try:
                if self._device is None:
                    self._device = open_camera(self._spec)
                yield self._device
            except DeviceError as error:
                if not (looking and isinstance(error, FramesEndedError)):
                    self._let_go()
                raise

    def _let_go(self) -> None:
        if self._device is not None:
            self._device.close()
            self._device = None
