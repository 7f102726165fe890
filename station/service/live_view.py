"""What the camera sees, for whoever aims it: picture, sharpness, exposure, and the conditions that a shot will meet.

All who look share one reader: whoever asks when the next look is due has the camera looked through, the others get what
it saw. Where nobody asks nothing is read. The pause between looks grows with the processor time that a look takes, so
that all of it takes less than half a core.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from station.errors import DeviceError, NotFoundError, PhotoError
from station.service.bench_views import LiveView, SeenMarker
from station.service.camera import Camera
from station.values.digest import sha256_hex
from station.values.documents import GateDocument

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from station.measure.aiming import Window
    from station.report.live_picture import SmallPicture
    from station.service.station import Station
    from station.values.geometry import PlaneMap
    from station.values.line import Corrected, Gate, Master, Shot

EVERY_S, AGAIN_S = 0.2, 1.0
"""Shortest time between looks; between attempts to reach a camera that gives nothing."""
REST = 3.5
"""A look that took the thread t seconds of the processor is followed by a rest of at least REST times t. OpenCV's own
threads take a quarter more: 28 % of a core in all."""
AIM_REST = 9.0
"""The same of the conditions, which take longer: 14 % of a core more."""
KEPT = 4
"""Pictures, and sets of conditions, that are kept."""
_ORDER = {name: i for i, name in enumerate(("card", "light", "clipping", "sharpness", "part", "scale", "photo"))}

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Seen:
    """One look. data : the file it was decoded from. window : where blur, in px, was read."""

    id: str
    data: bytes
    shot: Shot
    clipped: NDArray[np.bool_]
    small: SmallPicture
    window: Window
    blur_px: float | None


@dataclass(frozen=True, slots=True)
class _Aim:
    """The conditions as one look met them. seen : its id."""

    seen: str
    corrected: Corrected
    gates: tuple[Gate, ...]
    part_px: NDArray[np.float64] | None
    markers: tuple[SeenMarker, ...]
    master: Master | None


class Viewfinder:
    """The use cases. Reached as ``Station.viewfinder``. clock : seconds that only go on. worked : seconds of the
    processor that the thread which asks has taken."""

    def __init__(
        self, station: Station, camera: Camera, clock: Callable[[], float] = time.monotonic,
        worked: Callable[[], float] = time.thread_time,
    ) -> None:  # fmt: skip
        self._station, self._camera, self._clock, self._worked = station, camera, clock, worked
        self._lock = threading.Lock()
        self._due = self._aim_due = 0.0
        self._seen: _Seen | None = None
        self._error: DeviceError | PhotoError | None = None
        self._aims: OrderedDict[Key, _Aim] = OrderedDict()
        self._small: OrderedDict[str, SmallPicture] = OrderedDict()
        self._master: tuple[str, Master] | None = None

    def look(self, *, golden: str | None = None, rig: str | None = None, card: str | None = None) -> LiveView:
        """What the camera sees now. A camera that gives nothing is named, with what to do, and tried again.

        golden, rig, card : what a shot would be held to; without a golden nothing is said of focus but a number.
        Raises NotFoundError where the station has no camera, or no such golden or bench.
        """
        if not self._camera.present:
            raise NotFoundError("this station has no camera", "Start it with STATION_CAMERA, or hand in pictures.")
        with self._lock:
            if self._clock() >= self._due:
                self._refresh()
            seen = self._seen
            if seen is None:
                assert self._error is not None  # a look either sees something or says why not
                return LiveView(frame=None, reason=self._error.message, do=self._error.do, every_ms=self._wait_ms())
            key = (golden or "", rig or "", card or "")
            aim = self._aims.get(key)
            if aim is None or (aim.seen != seen.id and self._clock() >= self._aim_due):
                aim = self._aims[key] = self._aimed(seen, golden, rig, card)
                self._aims.move_to_end(key)
                while len(self._aims) > KEPT:
                    self._aims.popitem(last=False)
                seen = self._seen = self._focused(seen, aim)
            return self._view(seen, aim)

    def picture(self, frame: str, *, zebra: bool) -> bytes:
        """The picture of a look as JPEG; ``zebra`` : clipped pixels under stripes. Raises NotFoundError."""
        found = self._small.get(frame)  # without the lock, which a slow camera holds for long
        if found is None:
            raise NotFoundError("that picture is gone", "Ask for the newest: pictures of the live view are not kept.")
        return found.jpeg(zebra=zebra)

    def _refresh(self) -> None:
        from station.devices.photo import read_photo
        from station.report.live_picture import small_picture

        began, before, settings = self._clock(), self._worked(), self._station.settings
        try:
            data = self._camera.look()
            if self._seen is None or data is not self._seen.data:
                before = self._worked()  # what a simulated camera draws a picture with is not of the look
                shot = read_photo(
                    data, name="live view", max_megapixels=settings.max_megapixels, max_photo_mb=settings.max_photo_mb
                )
                clipped = shot.photo.clipped()
                small = small_picture(shot.photo, clipped)
                part = next((a.part_px for a in reversed(self._aims.values())), None)
                self._seen = self._measured(sha256_hex(data)[:24], data, shot, clipped, small, part)
                self._small[self._seen.id] = small
                while len(self._small) > KEPT:
                    self._small.popitem(last=False)
        except (DeviceError, PhotoError) as error:
            self._seen, self._error = None, error
            self._due = self._clock() + AGAIN_S
        else:
            self._error = None
            self._due = max(began + EVERY_S, self._clock() + REST * (self._worked() - before))

    def _measured(
        self, name: str, data: bytes, shot: Shot, clipped: NDArray[np.bool_], small: SmallPicture,
        part_px: NDArray[np.float64] | None,
    ) -> _Seen:  # fmt: skip
        from station.measure.aiming import blur_in, focus_window
        from station.values.colour import PhotoLight

        h, w = clipped.shape
        window = focus_window(part_px, (h, w))
        return _Seen(name, data, shot, clipped, small, window, blur_in(PhotoLight(shot.photo, None), clipped, window))

    def _focused(self, seen: _Seen, aim: _Aim) -> _Seen:
        """The same look, its sharpness read where the part is now known to lie."""
        from station.measure.aiming import focus_window

        if focus_window(aim.part_px, seen.clipped.shape) == seen.window:
            return seen
        return self._measured(seen.id, seen.data, seen.shot, seen.clipped, seen.small, aim.part_px)

    def _aimed(self, seen: _Seen, golden: str | None, rig: str | None, card: str | None) -> _Aim:
        from station.calibrate.light import correct
        from station.calibrate.markers import find_markers
        from station.measure.aiming import part_in_view

        before = self._worked()
        calibration = self._station.bench.calibration(rig, card)
        master = None if golden is None else self._master_of(golden)
        corrected = correct(seen.shot, calibration)
        part, gate = part_in_view(corrected, master)
        bench = calibration.rig.markers if calibration.rig is not None else ()
        found = find_markers(seen.shot.photo, bench)
        markers = tuple(SeenMarker(id=m.id, corners_px=_points(m.corners_px)) for m in found)
        self._aim_due = self._clock() + AIM_REST * (self._worked() - before)
        return _Aim(seen.id, corrected, (*corrected.gates, gate), part, markers, master)

    def _master_of(self, golden: str) -> Master:
        digest = self._station.golden(golden).digest
        if self._master is None or self._master[0] != digest:
            self._master = (digest, self._station.master(golden))
        return self._master[1]

    def _view(self, seen: _Seen, aim: _Aim) -> LiveView:
        from station.measure.aiming import focus_gate

        gates = list(aim.gates)
        plane: PlaneMap | None = aim.corrected.plane
        if aim.master is not None and (focus := focus_gate(seen.blur_px, seen.window, plane, aim.master)) is not None:
            gates.append(focus)
        gates.sort(key=lambda g: _ORDER.get(g.name, len(_ORDER)))
        card = aim.corrected.card
        corners = None if card is None or not card.found else card.corners_px
        h, w = seen.clipped.shape
        return LiveView(
            frame=seen.id, every_ms=self._wait_ms(), width=w, height=h, blur_px=seen.blur_px, focus_px=seen.window,
            clipped_share=seen.small.share, histogram=seen.small.histogram, card_found=corners is not None,
            card_px=() if corners is None else _points(corners), markers=aim.markers,
            part_px=() if aim.part_px is None else _points(aim.part_px[:: max(1, len(aim.part_px) // 160)]),
            gates=tuple(GateDocument(name=g.name, ok=g.ok, reason=g.reason) for g in gates),
        )  # fmt: skip

    def _wait_ms(self) -> int:
        return max(50, round(1000 * (self._due - self._clock())))


def _points(px: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in px)
