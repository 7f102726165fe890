"""The light of a photo: a Shot to a Corrected, through the colour card in it and the bench's flat field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.calibrate.camera_settings import EXPOSURE, differences, settings_of
from station.calibrate.card_finding import find_card
from station.calibrate.field import gain_rows
from station.calibrate.orientation import bench_turn, lens_for, light_for, turned_against
from station.calibrate.plane import locate_plane, plane_from_card
from station.values.bench import Calibration
from station.values.colour import PhotoLight
from station.values.geometry import PlaneMap
from station.values.line import SCALED, CardReading, Corrected, Gate, Shot

GLARE_WIDTH, GLARE_SHARE = 0.012, 0.002
"""Width of a clipped area as part of the photo's longer side, and the share of the photo in such areas, that no bench
photo has: 0.0 % over goldens and units, 1.3 % with a lamp mirrored in the enamel."""


def correct(shot: Shot, calibration: Calibration, *, model: str | None = None) -> Corrected:
    """A photo in linear light, flat-fielded, with its colour correction, its millimetres and the gates they passed.

    Nothing is raised for a photo that cannot be measured: the gate that failed says why and what it blocks. A bench out
    of bounds (``calibration.faults``) still evens the light and locates the part; its gates say what is not judged.
    model : family of the colour correction, a golden's ``ColourCorrection.method``; None chooses the best.
    """
    light = light_for(shot, calibration.light)
    reading = find_card(shot, calibration.cards, light, model=model)
    gates = _card_gates(reading)
    if all(g.name != "light" for g in gates):
        gates = [*_light_gates(shot, calibration), *gates]

    plane: PlaneMap | None = None
    if calibration.rig is not None and calibration.lens is not None:
        plane, gate = locate_plane(shot, calibration.rig, lens_for(shot, calibration.lens))
        turn = bench_turn(shot, calibration.rig, plane)
        if gate.ok and (turned := turned_against(shot, calibration.lens.orientation, turn)):
            gate = Gate("scale", False, turned, SCALED)
        gates.append(_fault(calibration, "scale") or gate if gate.ok else gate)
    else:
        turn = bench_turn(shot, calibration.rig, None) if calibration.rig is not None else None
        card = next((c for c in calibration.cards if c.name == reading.edition), None)
        if reading.found and not reading.mirrored and card is not None and card.pitch_mm is not None:
            distance = None if calibration.rig is None else calibration.rig.camera.distance_mm
            plane = plane_from_card(reading, card, distance)
        if calibration.rig is not None:
            reason = f"rig {calibration.rig.name!r} has no lens calibration: run `station calibrate lens`"
            gates.append(Gate("scale", plane is not None, "" if plane is not None else reason, SCALED))

    if calibration.light is not None and (turned := turned_against(shot, calibration.light.orientation, turn)):
        gates = [Gate("light", False, turned, ("colour",)) if g.name == "light" and g.ok else g for g in gates]

    clipped = shot.photo.clipped()
    if calibration.rig is not None and all(g.name != "clipping" for g in gates):
        gates.append(_glare_gate(clipped))
    return Corrected(
        shot=shot,
        image=PhotoLight(shot.photo, None if light is None else gain_rows(light, shot.size)),
        clipped=clipped,
        correction=reading.correction if reading.usable else None,
        plane=plane,
        card=reading,
        gates=(*gates, *_photo_gates(shot)),
        bench=calibration.rig.digest if calibration.rig is not None else None,
    )


def _glare_gate(clipped: NDArray[np.bool_]) -> Gate:
    """Highlights on metal are thin; a wide clipped area is a lamp seen in the gloss, or overexposure."""
    shrunk = cv2.resize(clipped.astype(np.uint8) * 255, None, fx=1 / 8, fy=1 / 8, interpolation=cv2.INTER_AREA)
    width = max(3, round(GLARE_WIDTH * max(clipped.shape) / 8))
    wide = cv2.morphologyEx(
        (np.asarray(shrunk) > 204).astype(np.uint8), cv2.MORPH_OPEN, np.ones((width, width), np.uint8)
    )
    share = float(np.mean(wide))
    if share <= GLARE_SHARE:
        return Gate("clipping", True)
    reason = f"{100 * share:.1f} % of the photo is glare or overexposed: move the lamp or the part, or expose shorter"
    return Gate("clipping", False, reason)


def _photo_gates(shot: Shot) -> list[Gate]:
    """What the file says of editing. Strong evidence takes colour down; weaker signs are remarks for whoever reads."""
    if not shot.edits:
        return []
    strong = [s.words for s in shot.edits if s.grade == "strong"]
    if strong:
        reason = f"{'; '.join(strong)}. Evidence, no proof: hand in the file as the camera wrote it, without a filter"
        return [Gate("photo", False, reason, ("colour",))]
    doubts = ("colour",) if any(s.grade == "suspect" for s in shot.edits) else ()
    return [Gate("photo", True, "; ".join(s.words for s in shot.edits), doubts=doubts)]


def _light_gates(shot: Shot, calibration: Calibration) -> list[Gate]:
    light = calibration.light
    if calibration.rig is None:
        return []
    if light is None:
        reason = f"rig {calibration.rig.name!r} has no light calibration: run `station calibrate light`"
        return [Gate("light", False, reason, ("colour",))]
    if light.photo_size != shot.size:
        w, h = light.photo_size
        reason = f"the photo is {shot.size[0]} x {shot.size[1]} px, the light was calibrated at {w} x {h} px"
        return [Gate("light", False, reason, ("colour",))]
    if light_for(shot, light) is None:
        reason = (
            f"the photo has the EXIF orientation {shot.orientation}, the light was calibrated at {light.orientation}: "
            "hand it in as the camera wrote it"
        )
        return [Gate("light", False, reason, ("colour",))]
    changed = differences(light.settings, settings_of(shot))
    if changed:
        reason = (
            f"the photo was taken with other camera settings than the light was calibrated with: {', '.join(changed)}. "
            f"Lock the camera, or run `station calibrate light --rig {calibration.rig.name} GREY.jpg ...` with these"
        )
        return [Gate("light", False, reason, ("colour",))]
    return [_fault(calibration, "light") or Gate("light", True, _not_compared(light.settings, settings_of(shot)))]


def _not_compared(calibrated: Mapping[str, str], photo: Mapping[str, str]) -> str:
    """The remark on a photo that leaves open whether it was exposed as the calibration was; "" where it does not."""
    if any(name in calibrated and name not in photo for name in EXPOSURE):
        return "the photo does not name its exposure, so its settings could not be compared"
    return ""


def _fault(calibration: Calibration, name: str) -> Gate | None:
    """The bench's own faults of one name as one gate, None where there is none."""
    faults = [g for g in calibration.faults if g.name == name]
    return replace(faults[0], reason="; ".join(g.reason for g in faults)) if faults else None


def _card_gates(reading: CardReading) -> list[Gate]:
    """The reading's gate; a faulty exposure spoils more than colour."""
    if not reading.usable:
        name, _, reason = reading.reason.partition(": ")
        if name in ("light", "clipping"):
            return [Gate(name, False, reason)]
        return [Gate("card", False, reason, ("colour",))]
    return [Gate("card", True)]
