"""Pictures that were taken before, in the place of a camera: a folder of picture files, or a video."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from station.devices.camera import Camera, Description
from station.devices.photo import photo_files
from station.errors import DeviceError, FramesEndedError, PhotoError


def replay(path: Path) -> Camera:
    """A folder as :class:`FolderCamera`, a file as :class:`VideoCamera`."""
    return FolderCamera(path) if path.is_dir() else VideoCamera(path)


class FolderCamera(Camera):
    """The pictures directly in a folder, in natural order, their bytes untouched, each read when it is asked for."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._files: list[Path] = []
        self._at = 0
        self._next: tuple[tuple[int, int], bytes] | None = None  # size and time of the file that was read, its bytes

    def _open(self) -> None:
        try:
            files = photo_files([self._folder])
        except PhotoError as error:
            raise DeviceError(error.message, error.do) from error
        self._files, self._at, self._next = files, 0, None

    def _close(self) -> None:
        self._files, self._next = [], None

    def _capture(self) -> bytes:
        picture = self._preview()
        self._at, self._next = self._at + 1, None
        return picture

    def _preview(self) -> bytes:
        if self._at >= len(self._files):
            raise _ended(self._folder, len(self._files))
        file = self._files[self._at]
        try:
            found = file.stat()
            stamp = (found.st_size, found.st_mtime_ns)
            if self._next is None or self._next[0] != stamp:
                self._next = (stamp, file.read_bytes())
            return self._next[1]
        except OSError as error:
            raise DeviceError(
                f"{file.name} cannot be read ({error.strerror})", "Put it back and start again."
            ) from error

    def _describe(self) -> Description:
        return Description("replay", self._folder.name, None)


class VideoCamera(Camera):
    """The frames of a video file, each encoded anew as PNG without loss. FFV1 replays a recording bit for bit.

    OpenCV repeats parts of the frame before where a lossy video is damaged; record losslessly what is to be measured.
    """

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file
        self._video: Any = None
        self._count = 0
        self._next: bytes | None = None

    def _open(self) -> None:
        import cv2

        if not self._file.is_file():
            raise DeviceError(f"{self._file.name} does not exist", "Check the path of the folder or video to replay.")
        # The backend is named because others would take a name with % or digits for a sequence of pictures.
        video = cv2.VideoCapture(str(self._file), cv2.CAP_FFMPEG)
        if not video.isOpened():
            raise DeviceError(
                f"{self._file.name} is not a video that can be read", "Convert it to FFV1 in an AVI file."
            )
        self._video, self._count, self._next = video, 0, None

    def _close(self) -> None:
        self._video.release()
        self._video, self._next = None, None

    def _capture(self) -> bytes:
        picture = self._preview()
        self._next = None
        return picture

    def _preview(self) -> bytes:
        import cv2

        if self._next is not None:
            return self._next
        there, frame = self._video.read()
        if not there:
            raise _ended(self._file, self._count)
        self._count += 1
        encoded, png = cv2.imencode(".png", frame, [cv2.IMWRITE_PNG_COMPRESSION, 1])
        if not encoded:
            raise DeviceError(f"Frame {self._count} of {self._file.name} cannot be encoded", "Export the video again.")
        self._next = bytes(png)
        return self._next

    def _describe(self) -> Description:
        import cv2

        get: Callable[[int], float] = self._video.get
        return Description(
            "replay", self._file.name, (int(get(cv2.CAP_PROP_FRAME_WIDTH)), int(get(cv2.CAP_PROP_FRAME_HEIGHT)))
        )


def _ended(path: Path, count: int) -> FramesEndedError:
    frames = "1 frame" if count == 1 else f"{count} frames"
    return FramesEndedError(
        f"The end of {path.name} is reached after {frames}", "Open it again to start from the beginning."
    )
