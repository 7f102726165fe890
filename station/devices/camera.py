"""What every camera promises, and the factory that makes one from a line of text."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl

from station.errors import DeviceError, RequestError

_KINDS = "Use replay:FOLDER, replay:VIDEO or simulated:DESIGN?seed=NUMBER."


@dataclass(frozen=True, slots=True)
class Description:
    """kind : ``replay``, ``simulated`` ... name : which one, for people. size : (width, height) of a frame in pixels,
    None where frames differ. controls : the locked controls as read back from the device (exposure, gain ...)."""

    kind: str
    name: str
    size: tuple[int, int] | None
    controls: Mapping[str, float | str] = field(default_factory=dict)


class Camera(ABC):
    """A source of encoded frames. One thread at a time is let through; the others wait.

    A subclass gives ``_open``, ``_close``, ``_capture``, ``_preview`` and ``_describe``; it is never asked for a frame
    while closed.
    A control that does not hold its value is a ``DeviceError`` of :meth:`open`, so an open camera has kept its word.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._is_open = False

    def open(self) -> None:
        """Connect, lock the controls and read them back. Does nothing where it is open; a closed one starts afresh.

        Raises ``DeviceError`` where the device is missing, busy, or does not keep a control.
        """
        with self._lock:
            if not self._is_open:
                self._open()
                self._is_open = True

    def close(self) -> None:
        """Let go of the device. Does nothing where it is closed; never raises."""
        with self._lock:
            if self._is_open:
                self._is_open = False
                self._close()

    def capture(self) -> bytes:
        """The bytes of a picture file whose exposure began after this call; no frame is handed out twice.

        They are evidence: ``devices.photo.read_photo`` decodes them. Raises ``DeviceError`` where the camera is closed,
        gone, or has no further frame.
        """
        with self._lock:
            self._require_open()
            return self._capture()

    def preview(self) -> bytes:
        """The bytes of a picture file of what lies under the camera now, to aim by; it is no evidence.

        It takes nothing away: of recorded or rendered frames it is the one that the next capture hands out, and the
        same bytes object as long as that stays so. Raises ``DeviceError`` as a capture does.
        """
        with self._lock:
            self._require_open()
            return self._preview()

    def describe(self) -> Description:
        """What the camera is and how it is set now. Raises ``DeviceError`` where it is closed."""
        with self._lock:
            self._require_open()
            return self._describe()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _require_open(self) -> None:
        if not self._is_open:
            raise DeviceError("The camera is closed", "Open it before taking a picture.")

    @abstractmethod
    def _open(self) -> None: ...

    @abstractmethod
    def _close(self) -> None: ...

    @abstractmethod
    def _capture(self) -> bytes: ...

    @abstractmethod
    def _preview(self) -> bytes: ...

    @abstractmethod
    def _describe(self) -> Description: ...


def open_camera(spec: str) -> Camera:
    """The camera named by ``spec``, open: ``replay:FOLDER``, ``replay:VIDEO``, ``simulated:DESIGN?seed=3``.

    Raises ``RequestError`` for a text that names no camera and ``DeviceError`` where it cannot be opened.
    """
    kind, _, rest = spec.partition(":")
    camera: Camera
    if kind == "replay" and rest:
        from station.devices.replay import replay

        camera = replay(Path(rest))
    elif kind == "simulated" and rest:
        from station.devices.simulated import SimulatedCamera

        design, _, query = rest.partition("?")
        camera = SimulatedCamera(design, seed=_seed(spec, query))
    else:
        raise RequestError(f"{spec!r} names no camera", _KINDS)
    camera.open()
    return camera


def _seed(spec: str, query: str) -> int:
    options = parse_qsl(query, keep_blank_values=True)
    if not query:
        return 0
    if len(options) != 1 or options[0][0] != "seed" or not options[0][1].isdecimal():
        raise RequestError(f"{spec!r} has an option that makes no sense", "The one option is seed=NUMBER.")
    return int(options[0][1])
