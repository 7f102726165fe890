"""Sizes that a golden sample offers to be held to, as rows for its control sheet."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np

from station.errors import SheetError
from station.measure.golden_features import FeatureRequest, place_features, shapes_of
from station.measure.lines import narrowest_strips
from station.measure.own_values import own_sizes
from station.measure.polygon import centroid, signed_area
from station.sheet import Size
from station.values.line import FeatureMaster, Master

_LINE_MM, _RECESS_MM = 0.25, 0.30  # least widths that a 30 mm pin is held to (T8)
_CANDIDATES = 3  # narrowest places that are tried
_BORDER_MM = 0.15  # T6 holds a border of 0.80 mm to 0.65


@dataclass(frozen=True, slots=True)
class Proposal:
    """feature : as found on the golden, with its own value in mm. u_mm : expanded uncertainty (k = 2) of that value; of
    a position, which is 0 by definition, of reading it again. toml : the row, ready to be pasted; where no agreed
    practice gives a tolerance it is left for the user to fill in, as a comment."""

    feature: FeatureMaster
    u_mm: float
    toml: str


def propose_features(master: Master) -> tuple[Proposal, ...]:
    """Border, narrowest raised line and recess, diameter where the part is round, holes with diameter and position.

    What cannot be read on the golden's own picture as on a unit's, no unit could be held to: it is not proposed, and of
    lines and recesses the next one is taken. A position, and a line or recess that is narrower on the golden than what
    is usual, is proposed with its tolerance open: the user decides. Nothing is proposed without millimetres.
    """
    if master.scale_source == "part":
        return ()
    shapes = shapes_of(master)
    requests = [FeatureRequest("border", "border")]
    for name, raised in (("line", True), ("recess", False)):
        for k, (middle, _) in enumerate(narrowest_strips(shapes.edges, raised=raised, count=_CANDIDATES)):
            at = (round(float(middle[0]), 2), round(float(middle[1]), 2))
            requests.append(FeatureRequest(f"{name} {k}", name, at))
    requests.append(FeatureRequest("diameter", "diameter"))
    for k, hole in enumerate(sorted(master.holes_mm, key=lambda h: -abs(signed_area(h)))):
        ending = "" if k == 0 else f"-{k + 1}"
        x, y = (round(float(v), 2) for v in np.asarray(centroid(hole)))
        requests += [FeatureRequest(f"{kind}{ending}", kind, (x, y)) for kind in ("hole-diameter", "position")]
    found: list[FeatureMaster] = []
    for request in requests:
        with suppress(SheetError):  # at the rounded point the lines run together
            found += place_features(master, [request])
    known = _uncertainties(replace(master, features=tuple(found)))
    offered: dict[str, Proposal] = {}
    for f in found:
        name = f.feature if f.feature in ("line", "recess") else f.name
        if f.name in known and name not in offered:
            named = replace(f, name=name)
            offered[name] = Proposal(named, known[f.name], _row(named))
    return tuple(offered.values())


def _uncertainties(master: Master) -> dict[str, float]:
    """Expanded uncertainty (k = 2) of each of the master's features that is read, by name."""
    rows = [
        Size.model_validate({"name": f.name, "feature": f.feature, "at_mm": f.at_mm, "nominal_mm": f.value,
                             "minus_mm": 0.0, **({"plus_mm": 0.0} if f.feature == "position" else {})})
        for f in master.features
    ]  # fmt: skip
    told = {m.characteristic: m for m in own_sizes(master, rows)}
    own = [(row.name, told[row.characteristic]) for row in rows]
    return {name: round(m.u, 4) for name, m in own if m.value is not None}


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
