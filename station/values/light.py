"""What a light calibration says beside its flat field: flicker, warm-up, the lux meter's readings. Plain, frozen."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from statistics import fmean
from typing import Any

LIGHT_DAYS = 30
"""How long a light calibration holds where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Flicker:
    """Whether the light pulsates in the pictures. All levels are linear and relative, 0-1.

    temporal : largest departure of a frame's level from the frames' trend, None with a single frame.
    banding : amplitude of the strongest periodic brightness along the rows or columns of a frame, as a rolling shutter
        makes it. period_px : its period. along : ``rows`` or ``columns``, whichever it runs across.
    frames : pictures looked at, in all. exposure_s : exposure time in s that the pictures name, or None.
    rates : frame rates or exposures looked at: one alone is blind to a light that pulsates in step with it.
    second_temporal, second_banding : the same in the pictures at the other rates; None where there are none.
    """

    temporal: float | None
    banding: float
    period_px: float
    along: str
    frames: int
    exposure_s: float | None
    rates: int
    second_temporal: float | None = None
    second_banding: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """JSON-compatible form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> Flicker:
        """Inverse of :meth:`as_dict`."""
        return cls(**d)


@dataclass(frozen=True, slots=True)
class WarmUp:
    """The trend of the light over the frames.

    minutes : from the first to the last frame. level_per_minute : relative change of the level, signed.
    tint_per_minute : CIEDE2000 at equal lightness. settled : None where the frames span too little time to say.
    """

    minutes: float
    level_per_minute: float
    tint_per_minute: float
    settled: bool | None

    def as_dict(self) -> dict[str, Any]:
        """JSON-compatible form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> WarmUp:
        """Inverse of :meth:`as_dict`."""
        return cls(**d)


@dataclass(frozen=True, slots=True)
class MeterReading:
    """What a person read from a lux meter, one reading a position. instrument : its name and number. cct_k : correlated
    colour temperature in kelvin where the meter tells it, None where it does not (T17)."""

    readings_lux: tuple[float, ...]
    measured_on: date
    instrument: str = ""
    cct_k: float | None = None

    @property
    def lux(self) -> float:
        """Mean of the positions."""
        return fmean(self.readings_lux)

    @property
    def uniformity(self) -> float | None:
        """Lowest reading over the highest; None with a single position."""
        return min(self.readings_lux) / max(self.readings_lux) if len(self.readings_lux) > 1 else None

    def as_dict(self) -> dict[str, Any]:
        """JSON-compatible form."""
        return {
            "readings_lux": list(self.readings_lux),
            "measured_on": self.measured_on.isoformat(),
            "instrument": self.instrument,
            **({} if self.cct_k is None else {"cct_k": self.cct_k}),
        }

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> MeterReading:
        """Inverse of :meth:`as_dict`."""
        return cls(tuple(d["readings_lux"]), date.fromisoformat(d["measured_on"]), d["instrument"], d.get("cct_k"))


@dataclass(frozen=True, slots=True)
class LightCheck:
    """One look at the bench light through the colour card's grey patches, held against the first after a calibration.

    rgb : linear, flat-fielded RGB of each grey patch by its name. correction : how the card was read then, as a dict,
        with which later checks are compared. settings : the camera settings that the photo names.
    lightness : mean change of L*, signed; tint : mean CIEDE2000 at equal lightness; both 0 for the reference itself.
    level : light now over light then. lux : estimated, None where it cannot be; ``lux_reason`` then says why.
    tone : slope of log level over log reflectance around the grey card's; 1 where the camera's tone curve is sRGB's.
    reason : why the light is out of bounds; empty where it is not.
    """

    at: datetime
    edition: str
    rgb: dict[str, tuple[float, float, float]]
    correction: dict[str, Any]
    settings: dict[str, str]
    lightness: float
    tint: float
    level: float
    lux: float | None
    lux_reason: str
    tone: float
    reference: bool
    reason: str

    @property
    def ok(self) -> bool:
        """Whether the light is within bounds."""
        return not self.reason

    def as_dict(self) -> dict[str, Any]:
        """JSON-compatible form."""
        return {**asdict(self), "at": self.at.isoformat(), "rgb": {k: list(v) for k, v in self.rgb.items()}}

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> LightCheck:
        """Inverse of :meth:`as_dict`."""
        rgb = {k: (v[0], v[1], v[2]) for k, v in d["rgb"].items()}
        return cls(**{**d, "at": datetime.fromisoformat(d["at"]), "rgb": rgb})
