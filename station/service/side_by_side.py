"""Parts side by side in photos: one photo, two under two lights, or a matched set; and a lot's recorded sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from station.errors import RequestError
from station.service import comparing, matching, two_lights
from station.service.comparing import LEFTMOST, Choice, Standard

if TYPE_CHECKING:
    from station.report.pictures import RGB
    from station.service.station import Station
    from station.values.comparison import ComparisonDocument, SetDocument, TwoLightsDocument


def compared(
    station: Station, photos: Sequence[Path], standard: Standard, *, choices: Sequence[Choice] = (),
    lights: Sequence[str] = (), whole: bool = False, rig: str | None = None, card: str | None = None,
) -> tuple[ComparisonDocument | TwoLightsDocument | SetDocument, RGB | None]:  # fmt: skip
    """What a photo, two photos under two lights, or with ``whole`` a matched set says, and the picture of it.

    choices : how the golden is told in each photo; given once it holds for all, the leftmost part without any. lights :
    a name a photo, or none. Raises RequestError for too many photos or names, and what the comparison raises.
    """
    if len(photos) not in ((1,) if whole else (1, 2)):
        raise RequestError(f"{len(photos)} photos are given", "Give one photo, or, of no set, two under two lights.")
    if len(lights) not in (0, len(photos)) or len(choices) > len(photos):
        raise RequestError("lights and choices are not as many as photos", "Give one a photo, or none.")
    told = [choices[min(i, len(choices) - 1)] if choices else LEFTMOST for i in range(len(photos))]
    names = list(lights) or [""] * len(photos)
    if whole:
        return matching.match_photo(station, photos[0], standard, choice=told[0], rig=rig, card=card)[0], None
    if len(photos) == 1:
        one = comparing.compare(station, photos[0], standard, choice=told[0], rig=rig, card=card, light=names[0])
        return one.document, comparing.picture(one)
    both, (first, second) = two_lights.compare_lights(
        station, (photos[0], photos[1]), standard, choices=(told[0], told[1]), rig=rig, card=card,
        lights=(names[0], names[1]),
    )  # fmt: skip
    return both, _beside(comparing.picture(first), comparing.picture(second))


def _beside(left: RGB, right: RGB) -> RGB:
    """Two pictures side by side, the lower one filled with white."""
    import numpy as np

    height = max(len(left), len(right))
    white = [np.full((height - len(p), p.shape[1], 3), 255, dtype=np.uint8) for p in (left, right)]
    return np.hstack([np.vstack([p, w]) for p, w in zip((left, right), white, strict=True)])
