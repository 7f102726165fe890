"""The camera's settings as EXIF names them: what a locked camera keeps from photo to photo."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress

_ISO, _WHITE_BALANCE = 0x8827, 0xA403
_NUMBERS = {"exposure_time": 0x829A, "f_number": 0x829D, "iso": _ISO, "focal_length": 0x920A}


def exposure_settings(exif: Mapping[int, object]) -> dict[str, str]:
    """exposure_time in s, f_number, iso and focal_length in mm as numbers, white_balance as ``auto`` or ``manual``.

    exif : the Exif directory of a picture (EXIF 2.32, section 4.6.5). What is missing or not positive is left out.
    """
    found = {}
    for name, tag in _NUMBERS.items():
        raw = exif.get(tag)
        with suppress(TypeError, ValueError, ZeroDivisionError, OverflowError, IndexError):
            if isinstance(raw, tuple):  # some cameras write the ISO twice, some programs a ratio as two numbers
                raw = raw[0] if tag == _ISO or len(raw) == 1 else raw[0] / raw[1]
            value = float(raw)  # type: ignore[arg-type]
            if math.isfinite(value) and value > 0:
                found[name] = f"{value:.6g}"
    balance = {"0": "auto", "1": "manual"}.get(str(exif.get(_WHITE_BALANCE)))
    return found | ({"white_balance": balance} if balance else {})
