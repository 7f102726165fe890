"""The fingerprint of a locked camera: the settings that a photo names, and how two photos differ in them."""

from __future__ import annotations

from collections.abc import Mapping

from station.values.line import Shot

SETTINGS = ("maker", "model", "exposure_time", "f_number", "iso", "white_balance", "focal_length")
"""Texts of :attr:`station.values.line.Shot.metadata` that a locked camera keeps from photo to photo."""
EXPOSURE = ("exposure_time", "iso")
"""Settings without which a level says nothing of the light."""

_WORDS = {
    "exposure_time": "exposure time",
    "f_number": "f-number",
    "iso": "ISO",
    "white_balance": "white balance",
    "focal_length": "focal length",
}
_TOLERANCE = 0.01
"""Relative: cameras write 1/50 s now as 0.02, now as 0.0199."""


def settings_of(shot: Shot) -> dict[str, str]:
    """What the photo says of its camera and of the camera's settings; empty where its header was stripped."""
    return {name: shot.metadata[name] for name in SETTINGS if name in shot.metadata}


def differences(calibrated: Mapping[str, str], photo: Mapping[str, str]) -> list[str]:
    """Each setting that both name and that differs, in words: ``ISO 400 instead of 100``."""
    both = [name for name in SETTINGS if name in calibrated and name in photo]
    return [
        f"{_WORDS.get(name, name)} {_shown(name, photo[name])} instead of {_shown(name, calibrated[name])}"
        for name in both
        if not _same(calibrated[name], photo[name])
    ]


def _same(a: str, b: str) -> bool:
    try:
        return abs(float(a) - float(b)) <= _TOLERANCE * abs(float(a))
    except ValueError:
        return a == b


def _shown(name: str, value: str) -> str:
    if name == "exposure_time":
        return exposure_text(float(value))
    return {"f_number": f"f/{value}", "focal_length": f"{value} mm"}.get(name, value)


def exposure_text(seconds: float) -> str:
    """An exposure time as photographers write it: ``1/50 s``, ``2 s``."""
    whole = abs(1 / seconds - round(1 / seconds)) < 0.05 / seconds and seconds < 1
    return f"1/{round(1 / seconds)} s" if whole else f"{seconds:g} s"
