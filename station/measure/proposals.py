"""Sizes that a golden sample offers to be held to, as rows for its control sheet."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from station.errors import SheetError
from station.measure.features import FeatureRequest, place_features, shapes_of
from station.measure.lines import narrowest_strips
from station.measure.polygon import centroid, signed_area
from station.values.line import FeatureMaster, Master

_LINE_MM, _RECESS_MM = 0.25, 0.30  # least widths that a 30 mm pin is held to (T8)
_BORDER_MM = 0.15  # T6 holds a border of 0.80 mm to 0.65


@dataclass(frozen=True, slots=True)
class Proposal:
    """feature : as found on the golden, with its own value in mm. toml : the row, ready to be pasted; where no agreed
    practice gives a tolerance it is left for the user to fill in, as a comment."""

    feature: FeatureMaster
    toml: str


def propose_features(master: Master) -> tuple[Proposal, ...]:
    """Border, narrowest raised line and recess, diameter where the part is round, holes with diameter and position.

    A position, and a line or recess that is narrower on the golden than what is usual, is proposed with its tolerance
    open: the user decides. Nothing is proposed without millimetres.
    """
    if master.scale_source == "part":
        return ()
    shapes = shapes_of(master)
    requests = [FeatureRequest("border", "border")]
    for name, raised in (("line", True), ("recess", False)):
        for middle, _ in narrowest_strips(shapes.edges, raised=raised):
            requests.append(FeatureRequest(name, name, (round(float(middle[0]), 2), round(float(middle[1]), 2))))
    requests.append(FeatureRequest("diameter", "diameter"))
    for k, hole in enumerate(sorted(master.holes_mm, key=lambda h: -abs(signed_area(h)))):
        ending = "" if k == 0 else f"-{k + 1}"
        x, y = (round(float(v), 2) for v in np.asarray(centroid(hole)))
        requests += [FeatureRequest(f"{kind}{ending}", kind, (x, y)) for kind in ("hole-diameter", "position")]
    found: list[FeatureMaster] = []
    for request in requests:
        with suppress(SheetError):  # at the rounded point the lines run together
            found += place_features(master, [request])
    return tuple(Proposal(f, _row(f)) for f in found)


def _row(f: FeatureMaster) -> str:
    lines = ["[[sizes]]", f'name = "{f.name}"', f'feature = "{f.feature}"']
    if f.at_mm is not None:
        lines.append(f"at_mm = [{f.at_mm[0]:g}, {f.at_mm[1]:g}]")
    value = round(f.value, 2)
    if f.feature == "border":
        # on a narrow border that much would pass nearly anything
        least = f"minus_mm = {_BORDER_MM:g}" if value >= 4 * _BORDER_MM else "# minus_mm ="
        lines += [f"nominal_mm = {value:g}", least]
    elif f.feature in ("line", "recess"):
        narrowest = _LINE_MM if f.feature == "line" else _RECESS_MM
        if f.value < narrowest:  # a limit that the golden misses would fail the units that are like it
            lines += [f"nominal_mm = {value:g}  # the golden's own; usual is {narrowest:g} at least", "# minus_mm ="]
        else:
            lines += [f"nominal_mm = {narrowest:g}  # the least; the golden has {value:g}", "minus_mm = 0.0"]
    elif f.feature == "position":
        lines += ["nominal_mm = 0.0", "# plus_mm ="]
    else:
        lines += [f"nominal_mm = {value:g}", "# plus_mm =", "# minus_mm ="]
    return "\n".join([*lines, 'class = "major"'])
