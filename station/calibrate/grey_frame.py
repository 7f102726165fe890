"""One picture of the grey card, reduced to what a light calibration asks of it. In linear light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import cv2
import numpy as np
from numpy.typing import NDArray

from station.calibrate.camera_settings import settings_of
from station.errors import CalibrationError
from station.values.colour import linearise
from station.values.line import Shot

Float = NDArray[np.float64]

GRID = (48, 36)
"""Columns and rows of the cells, and of the stored gain field; its detail is that of the fitted surface."""
LUMINANCE: Float = np.array([0.2126, 0.7152, 0.0722])
"""Weights of linear sRGB for luminance (IEC 61966-2-1)."""
HIGHEST_SHARE_CLIPPED = 0.001
MID_GREY = 0.184
"""Reflectance of a grey card where the rig does not name its own."""


@dataclass(frozen=True, slots=True)
class GreyFrame:
    """cells : (36, 48, 3) mean linear RGB. rows, columns : (h,) and (w,) mean luminance of each row and column.

    rgb : (3,) mean linear RGB. taken_at : as the camera wrote it, or None. settings : see ``settings_of``.
    orientation : EXIF 1-8.
    """

    name: str
    cells: Float
    rows: Float
    columns: Float
    rgb: Float
    taken_at: datetime | None
    settings: dict[str, str]
    orientation: int = 1

    @property
    def level(self) -> float:
        """Mean luminance, linear, 1 at the top of the scale."""
        return float(self.rgb @ LUMINANCE)

    @property
    def exposure_s(self) -> float | None:
        """Exposure time in seconds, where the picture names it."""
        return float(self.settings["exposure_time"]) if "exposure_time" in self.settings else None


def grey_frame(shot: Shot) -> GreyFrame:
    """Reduce a picture. Raises CalibrationError for an overexposed one."""
    if float(shot.photo.clipped().mean()) > HIGHEST_SHARE_CLIPPED:
        raise CalibrationError(f"{shot.name} is overexposed", "Expose shorter: no channel may reach its top.")
    linear = linearise(shot.photo).pixels
    cells = cv2.resize(linear, GRID, interpolation=cv2.INTER_AREA).astype(np.float64)
    return GreyFrame(
        name=shot.name,
        cells=cells,
        rows=linear.mean(axis=1, dtype=np.float64) @ LUMINANCE,
        columns=linear.mean(axis=0, dtype=np.float64) @ LUMINANCE,
        rgb=linear.mean(axis=(0, 1), dtype=np.float64),
        taken_at=None if shot.taken_at is None else datetime.fromisoformat(shot.taken_at),
        settings=settings_of(shot),
        orientation=shot.orientation,
    )


def in_order(frames: Sequence[GreyFrame]) -> tuple[list[GreyFrame], Float | None]:
    """The frames in the order they were taken, and their minutes since the first.

    As given, and None for the minutes, where one does not name its time or only some name their time zone.
    """
    times = [f.taken_at for f in frames]
    known = [t for t in times if t is not None]
    if len(known) < len(frames) or len({t.tzinfo is None for t in known}) > 1:
        return list(frames), None
    order = sorted(range(len(frames)), key=lambda i: known[i])
    first = known[order[0]]
    return [frames[i] for i in order], np.array([(known[i] - first).total_seconds() / 60 for i in order])
