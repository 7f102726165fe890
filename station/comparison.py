"""The line for parts that lie side by side in one photo: find, order, register, compare with the golden among them.

Correct once, then every part through the same correction and under the same light. No file, clock or random number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.calibrate.card_finding import find_card
from station.calibrate.light import correct
from station.calibrate.orientation import light_for
from station.errors import AlignmentError, RequestError
from station.golden_line import measure_master, of_edition
from station.judge import is_blocked, judge_measurement
from station.measure.align import align
from station.measure.bench_field import BenchField, bench_field
from station.measure.colour import measure_regions
from station.measure.frame import exclusions
from station.measure.parts import FoundPart, find_parts
from station.measure.side_by_side import SeenDifference, SeenRegion, assumed, differences, see_regions
from station.sheet import Sheet
from station.values.bench import Calibration
from station.values.colour import ColourCorrection, Lab, rounded
from station.values.difference import delta_e_2000
from station.values.documents import MeasurementDocument, Verdict
from station.values.geometry import Similarity
from station.values.line import Aligned, Corrected, Gate, Master, Measurement, Shot

Float = NDArray[np.float64]

NOMINAL_WIDTH_MM = 30.0
"""The golden's width where nothing gives a scale: only colours are compared, and only the search for cells uses it."""

_LAID = 0.9  # overlap of the outlines
_SAME_COLOUR = 2.0  # CIEDE2000 between like petals of the golden, whose light and walls are not the same
_SIDES = ("left", "right", "top", "bottom")
_PLACED = ("part", "identity", "alignment")  # another product cannot be laid over the golden either: say the first


@dataclass(frozen=True, slots=True)
class Placed:
    """One part of the photo, registered and seen. gates : of its place and product. seen : empty where one fails."""

    found: FoundPart
    aligned: Aligned | None
    gates: tuple[Gate, ...]
    seen: tuple[SeenRegion, ...]

    @property
    def usable(self) -> bool:
        """Whether its regions were seen."""
        return all(g.ok for g in self.gates)


@dataclass(frozen=True, slots=True)
class Look:
    """One photo of several parts: what was found, registered to one master and seen.

    gates : of the photo as a whole. carded : whether a colour card gives the correction; else the file's own primaries
    are taken at their word.
    """

    corrected: Corrected
    correction: ColourCorrection
    carded: bool
    field: BenchField
    master: Master
    parts: tuple[Placed, ...]
    gates: tuple[Gate, ...]

    @property
    def basis(self) -> str:
        """What the colours rest on: ``card``, or ``assumed`` and the primaries that the file names."""
        return "card" if self.carded else f"assumed {self.corrected.shot.photo.space}"

    @property
    def fault(self) -> str:
        """The gate that forbids to judge any colour of the photo, with its reason, or nothing."""
        failed = (g for g in self.gates if not g.ok and (not g.blocks or "colour" in g.blocks))
        return next((f"{g.name}: {g.reason}" for g in failed), "")

    def difference(self, a: Placed, b: Placed) -> tuple[SeenDifference, ...]:
        """Every region of ``b`` against the same region of ``a``."""
        return differences(a.seen, b.seen, self.correction, self.field)


def photo_of_parts(shot: Shot, calibration: Calibration, card: str | None) -> tuple[Corrected, tuple[FoundPart, ...]]:
    """Correct a photo and find the parts in it. card : edition that the sealed golden was read through, if one is.

    Raises AlignmentError where there is no part.
    """
    corrected = correct(shot, of_edition(calibration, card))
    return corrected, find_parts(corrected.image, exclusions(corrected))


def pick(parts: Sequence[FoundPart], at_px: tuple[float, float] | None, which: str | None) -> tuple[FoundPart, str]:
    """The golden among the parts, and in words how it was told from them.

    at_px : a point (x, y) on it. which : left, right, top, bottom, or its number.

    Raises RequestError, which lists the parts, where none is meant.
    """
    told = "; ".join(f"{p.number} at {p.outline.centre_px[0]:.0f}, {p.outline.centre_px[1]:.0f}" for p in parts)
    if at_px is not None and which is not None:
        raise RequestError("--golden-at and --golden-is are both given", "Give one of them.")
    if at_px is not None:
        x, y = (round(v) for v in at_px)
        for p in parts:
            h, w = p.outline.mask.shape
            if 0 <= x < w and 0 <= y < h and p.outline.mask[y, x]:
                return p, f"part {p.number} is the golden: it lies at {x}, {y} px, as given"
        raise RequestError(f"no part lies at {x}, {y} px", f"Give a point on the golden; the parts are {told}.")
    if which is None:
        first = min(parts, key=lambda p: p.outline.centre_px[0])
        return first, f"part {first.number}, the leftmost, is taken for the golden, as nothing else was given"
    if which in _SIDES:
        axis, sign = (0, 1) if which in ("left", "right") else (1, 1)
        sign = sign if which in ("left", "top") else -1
        chosen = min(parts, key=lambda p: sign * p.outline.centre_px[axis])
        return chosen, f"part {chosen.number} is the golden: the one at the {which}, as given"
    number = int(which) if which.isascii() and which.isdigit() else 0
    for p in parts:
        if p.number == number:
            return p, f"part {number} is the golden, as given"
    raise RequestError(
        f"{which[:40]!r} is none of the parts in the photo",
        f"Use {', '.join(_SIDES)} or a number; the parts are {told}.",
    )


def master_of_photo(corrected: Corrected, golden: FoundPart, sheet: Sheet) -> Master:
    """A master for this photo only, measured on the golden that lies in it.

    Raises SheetError where the sheet's places are not on it, AlignmentError where it cannot be measured.
    """
    if golden.fault:
        raise AlignmentError(f"part {golden.number}, the golden, cannot be measured", f"{golden.fault.capitalize()}.")
    return measure_master(
        corrected, sheet, number="in-photo", version=1, found=golden.outline, width_mm=NOMINAL_WIDTH_MM
    )


def look(corrected: Corrected, parts: Sequence[FoundPart], master: Master, unmet: Sequence[Gate] = ()) -> Look:
    """Register every part to the master and see its regions through the photo's own correction.

    unmet : gates of what the sheet asks of the light and the bench does not give.
    """
    carded = corrected.correction is not None
    correction = corrected.correction if corrected.correction is not None else assumed(corrected.shot.photo)
    contours = [p.outline.contour_px for p in parts]
    field = bench_field(corrected.image, contours, exclusions(corrected))
    placed = tuple(_place(p, corrected, master, correction) for p in parts)
    gates = [*(g for g in corrected.gates if _counts(g)), *unmet]
    if not carded and all(g.ok for g in gates if g.name == "card"):
        gates.append(Gate("card", False, "the photo has no usable colour card", ("colour",)))
    return Look(corrected, correction, carded, field, master, placed, tuple(gates))


def _counts(gate: Gate) -> bool:
    """A bench's own scale and light matter between photos, not within one."""
    return gate.name != "scale" and not (gate.name == "light" and gate.blocks)


def _place(found: FoundPart, corrected: Corrected, master: Master, correction: ColourCorrection) -> Placed:
    if found.fault:
        return Placed(found, None, (Gate("part", False, found.fault),), ())
    aligned = align(corrected, master, part=found.outline)
    gates = tuple(sorted((g for g in aligned.gates if g.name in _PLACED), key=lambda g: _PLACED.index(g.name)))
    read_through = master.correction if master.correction is not None else correction
    twins = aligned.rival is not None and same_colours(master, aligned.similarity, aligned.rival, read_through)
    if twins and aligned.overlap >= _LAID:
        gates = tuple(Gate(g.name, True) if g.name == "alignment" else g for g in gates)
    if any(not g.ok for g in gates):
        return Placed(found, aligned, gates, ())
    return Placed(found, aligned, gates, see_regions(aligned, master, corrected, found.outline, correction))


def same_colours(master: Master, pose: Similarity, other: Similarity, correction: ColourCorrection) -> bool:
    """Whether two poses of a part that fit about equally well read the same colours off the golden, as of a design of
    like petals: whichever it is, each region is compared with the same colour. correction : of the golden's photo."""
    frame = master.frame
    for region in master.regions:
        mask = cv2.erode((master.labels == region.label).astype(np.uint8), np.ones((9, 9), np.uint8))
        y, x = np.nonzero(mask)
        if not len(x):
            continue
        at = frame.to_mm(np.stack([x, y], axis=-1).astype(np.float64))
        moved = np.rint(frame.to_px(other.inverse().apply(pose.apply(at)))).astype(np.intp)
        inside = (moved >= 0).all(axis=1) & (moved[:, 0] < frame.width) & (moved[:, 1] < frame.height)
        if not inside.all():
            return False
        own = np.median(master.image.pixels[y, x], axis=0)
        twin = np.median(master.image.pixels[moved[:, 1], moved[:, 0]], axis=0)
        lab = correction.lab(np.stack([own, twin])).values
        if float(delta_e_2000(Lab(lab[0]), Lab(lab[1]))) > _SAME_COLOUR:
            return False
    return True


def judged(look: Look, golden: Placed, unit: Placed, sheet: Sheet) -> tuple[MeasurementDocument, ...]:
    """Every region of a unit against the golden beside it, by the sheet's limits.

    Without a colour card nothing is certified: the difference is given, the verdict is undecided.
    """
    gates = (*look.gates, *unit.gates)
    return tuple(judge_measurement(_measurement(d, look), sheet, gates=gates) for d in look.difference(golden, unit))


def _measurement(d: SeenDifference, look: Look) -> Measurement:
    method = f"CIEDE2000, side by side, {look.basis}"
    where = next(r.centre_mm for r in look.master.regions if r.name == d.name)
    if d.value is None or d.lab_a is None or d.lab_b is None or d.parts is None:
        return Measurement(
            f"colour:{d.name}", "colour", None, "CIEDE2000", 0.0, method, where, d.why, {"side_by_side": True}
        )
    detail: dict[str, object] = {
        "side_by_side": True,
        "lab": rounded(d.lab_b),
        "lab_golden": rounded(d.lab_a),
        "dL": round(d.parts[0], 4),
        "dC": round(d.parts[1], 4),
        "dH": round(d.parts[2], 4),
        "budget": {name: round(share, 4) for name, share in d.budget.items()},
        "best_limit": round(2 * d.u_none, 4),
        "veil": round(d.veil, 5),
    }
    return Measurement(f"colour:{d.name}", "colour", d.value, "CIEDE2000", 2 * d.u, method, where, "", detail)


def part_verdict(look: Look, part: Placed, regions: Sequence[MeasurementDocument]) -> tuple[Verdict, tuple[str, ...]]:
    """A unit's verdict in colour and the reasons, worst first."""
    failed = [f"{g.name}: {g.reason}" for g in (*part.gates, *look.gates) if not g.ok]
    wrong = [m.reason for m in regions if m.verdict is Verdict.NONCONFORMS]
    undecided = [m.reason for m in regions if m.verdict is Verdict.UNDECIDED and not is_blocked(m)]
    reasons = tuple(dict.fromkeys([*wrong, *failed, *undecided]))
    if wrong:
        return Verdict.NONCONFORMS, reasons
    return (Verdict.UNDECIDED if reasons or not regions else Verdict.CONFORMS), reasons


def against_sealed(look: Look, master: Master, calibration: Calibration) -> Mapping[int, tuple[Measurement, ...]]:
    """Every part of the photo that can be used against the sealed golden, by its number, measured as a unit's own photo
    would be: through this photo's card and that of the sealed photo.

    The card is read in the master's own family of corrections, as two families bend one colour in two ways. Empty where
    there is no card, or where it cannot be read so.
    """
    correction = look.corrected.correction
    if correction is None or master.correction is None:
        return {}
    if correction.method != master.correction.method:
        shot = look.corrected.shot
        cards = of_edition(calibration, master.card).cards
        again = find_card(shot, cards, light_for(shot, calibration.light), model=master.correction.method)
        if not again.usable or again.correction is None:
            return {}
        correction = again.correction
    return {
        p.found.number: measure_regions(replace(p.aligned, correction=correction), master)
        for p in look.parts
        if p.usable and p.aligned is not None
    }
