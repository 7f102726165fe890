"""Stretches of a rough outline that strayed onto the bench, as along a shadow or a dark spot beside a part.

The rough outline knows areas, not edges. Where it lies on the bench there is no edge under it; the chord between the
ends of a stretch that goes out and comes back lies nearer to the part's own edge, which shows once it is looked for
there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from station.measure.edges import SPACING_MM, Places, edge_strength, places_along, profiles, steepest_path
from station.values.colour import LinearRGB
from station.values.geometry import Frame

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]

_REACH_MM = 0.45
_NO_EDGE = 0.15  # of the contour's usual edge strength; dim edges of seven rendered goldens have a fifth and more
_LEAST_MM = 1.0  # of a stretch that is looked at; shorter ones are bridged when outliers are left out
_APART_MM = 0.5  # two stretches nearer to each other than this are one
_BENT = 1.2  # length of a stretch over its chord: one that strayed goes out and comes back, a dim edge goes on
_AROUND_MM = 0.4  # either side of a stretch, where the outline already turns away from the part
_CLEARER = 3.0  # times the strength under the chord must be that under the stretch, to be the part's edge


def without_strays(image: LinearRGB, frame: Frame, contour_mm: Float) -> Float:
    """(n, 2) mm closed contour with the stretches that strayed onto the bench brought back to the part's edge."""
    places = places_along(contour_mm)
    strength = _strength(image, frame, places)[1]
    usual = float(np.median(strength))
    for begin, length in _runs(strength < _NO_EDGE * usual):
        near = (begin + np.arange(length)) % len(places.points)
        chord_mm = float(np.hypot(*(places.points[near[-1]] - places.points[near[0]])))
        if (length - 1) * SPACING_MM < _BENT * chord_mm:
            continue
        kept = np.ones(len(places.points), dtype=bool)
        kept[near[1:-1]] = False
        straight = places_along(places.points[kept])
        offset, found = _strength(image, frame, straight)
        ends = places.points[near[0]], places.points[near[-1]]
        chord = _between(straight.points, *ends)
        if len(chord) and float(np.median(found[chord])) > _CLEARER * float(np.median(strength[near])):
            moved = np.zeros(len(straight.points))
            moved[chord] = offset[chord]
            return without_strays(image, frame, straight.moved(moved))
    return contour_mm


def _strength(image: LinearRGB, frame: Frame, places: Places) -> tuple[Float, Float]:
    """(n,) mm to the strongest edge near each place and (n,) how strong it is."""
    s, values = profiles(image, frame, places, (-_REACH_MM, _REACH_MM))
    edge = steepest_path(s, values, prefer_outer=0.0, width_mm=0.25)
    return np.nan_to_num(edge), edge_strength(s, values, edge)


def _runs(flags: Bool) -> list[tuple[int, int]]:
    """Begin and length of every closed run of true places that is long enough, gaps closed, longest first."""
    n = len(flags)
    if flags.all() or not flags.any():
        return []
    start = int(np.flatnonzero(~flags)[0])
    turned = np.roll(flags, -start)
    steps = np.flatnonzero(np.diff(np.concatenate([[0], turned.astype(np.int8), [0]])))
    runs = [[int(a), int(b)] for a, b in zip(steps[::2], steps[1::2], strict=True)]
    joined = runs[:1]
    for run in runs[1:]:
        if (run[0] - joined[-1][1]) * SPACING_MM < _APART_MM:
            joined[-1][1] = run[1]
        else:
            joined.append(run)
    around = round(_AROUND_MM / SPACING_MM)
    long = [(a, b) for a, b in joined if (b - a) * SPACING_MM >= _LEAST_MM and b - a + 2 * around < n // 4]
    long.sort(key=lambda r: r[0] - r[1])
    return [((a + start - around) % n, b - a + 2 * around) for a, b in long]


def _between(points: Float, a: Float, b: Float) -> NDArray[np.intp]:
    """Indices of the evenly spaced places of a closed contour from ``a`` to ``b``, the shorter way round."""
    i, j = (int(np.argmin(((points - p) ** 2).sum(axis=1))) for p in (a, b))
    n = len(points)
    ahead = (j - i) % n
    return (i + np.arange(ahead + 1)) % n if ahead <= n // 2 else (j + np.arange(n - ahead + 1)) % n
