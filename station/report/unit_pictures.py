"""Annotated pictures of units: the golden beside the unit, with regions, offsets, sizes and findings drawn where they
lie."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from PIL import Image, ImageDraw

from station.report.languages import Language, language
from station.report.pictures import (
    COLOURS,
    INK,
    OVERSAMPLE,
    PAPER,
    RGB,
    WHITE,
    Canvas,
    Colour,
    display,
    font,
    gravity,
    write,
)
from station.report.words import defect, extent_mm
from station.values.documents import MeasurementDocument, UnitDocument, Verdict
from station.values.line import OUTSIDE, Aligned, Master

PANEL_PX: Final = 820
"""Width of the golden and of the unit."""
_PRINTED_PX: Final = 480
"""The same in a document, where both are some 100 mm wide: labels of 19 px can be read there."""
_GAP, _FOOT, _REASONS = 16, 44, 4  # pixels between and below the panels, reasons above them
_NAMED_FINDINGS = 8
_NEAR_PART_MM = 0.75  # of the bench that is left as it is
_PALE = 0.85  # of paper that the rest of it is made of


def unit_picture(master: Master, aligned: Aligned, document: UnitDocument, *, panel_px: int = PANEL_PX) -> RGB:
    """The golden beside the unit in one frame, annotated; the verdict and its reasons above. (H, W, 3) uint8."""
    raster = display(aligned.image, aligned.correction)
    return _sheet_of(*_panels(master, raster, document, language("en"), panel_px), document)


def unit_panels(master: Master, raster: RGB, document: UnitDocument, tongue: Language) -> RGB:
    """The golden beside the unit without words around them, labelled in a language. (H, W, 3) uint8.

    raster : (h, w, 3) uint8 picture of the unit in the frame of ``master``.
    """
    golden, unit = _panels(master, raster, document, tongue, _PRINTED_PX)
    sheet = Image.new("RGB", (golden.width + unit.width + 3 * _GAP, golden.height), PAPER)
    sheet.paste(golden, (_GAP, 0))
    sheet.paste(unit, (2 * _GAP + golden.width, 0))
    return np.asarray(sheet)


def _panels(
    master: Master, raster: RGB, document: UnitDocument, tongue: Language, panel_px: int
) -> tuple[Image.Image, Image.Image]:
    golden = Canvas(_quiet_bench(display(master.image, master.correction), master), master.frame, panel_px)
    unit = Canvas(_quiet_bench(raster, master), master.frame, panel_px)
    judged = {m.characteristic: m for m in document.measurements}
    _draw_regions(golden, unit, master, judged, tongue)
    _draw_marks(golden, unit, master, judged, tongue)
    _draw_sizes(unit, master, judged, tongue)
    _draw_findings(golden, unit, document, tongue)
    return golden.finish(), unit.finish()


def _quiet_bench(raster: RGB, master: Master) -> RGB:
    """A picture whose bench is pale: markers, rulers and cards at its corners are no part of the product."""
    outside = (master.labels == OUTSIDE).astype(np.uint8)
    if not outside.any() or outside.all():
        return raster
    far = cv2.distanceTransform(outside, cv2.DIST_L2, 3) * master.frame.pitch_mm
    pale = np.clip((far - _NEAR_PART_MM) / _NEAR_PART_MM, 0, 1)[..., None] * _PALE
    return np.asarray(np.rint(raster * (1 - pale) + np.array(PAPER) * pale), dtype=np.uint8)


def _draw_findings(golden: Canvas, unit: Canvas, document: UnitDocument, tongue: Language) -> None:
    """Circles around what counts, the gravest first; names only as long as they stay readable."""
    flagged = [f for f in document.findings if f.verdict is not Verdict.CONFORMS]
    flagged.sort(key=lambda f: (-gravity(f.verdict), -f.size_mm, f.x_mm, f.y_mm))
    for i, finding in enumerate(flagged):
        colour = COLOURS[finding.verdict]
        radius = max(0.9, finding.size_mm * 0.9, finding.length_mm * 0.6)
        unit.ring((finding.x_mm, finding.y_mm), radius, colour)
        golden.thin_ring((finding.x_mm, finding.y_mm), radius)
        if i < _NAMED_FINDINGS:
            at = (finding.x_mm + radius * 0.8, finding.y_mm + radius * 0.6)
            told = {"kind": defect(finding.kind, tongue), "size": f"{extent_mm(finding):.2f}"}
            unit.label(at, tongue.text("picture.finding", **told), colour)


def _draw_regions(
    golden: Canvas, unit: Canvas, master: Master, judged: dict[str, MeasurementDocument], tongue: Language
) -> None:
    for region in master.regions:
        outlines, _ = cv2.findContours(
            (master.labels == region.label).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
        )
        measured = judged.get(f"colour:{region.name}")
        verdict = measured.verdict if measured else Verdict.CONFORMS
        for outline in outlines:
            if len(outline) < 12:
                continue
            closed = master.frame.to_mm(np.vstack([outline[:, 0], outline[:1, 0]]).astype(np.float64))
            golden.line(closed, WHITE, 0.8, 110)
            unit.line(closed, *_pen(verdict))
        if verdict is not Verdict.CONFORMS and measured is not None:
            key = "picture.region" if measured.value is not None else "picture.region-unmeasured"
            text = tongue.text(key, name=region.name, value=f"{measured.value or 0.0:.2f}")
            unit.dot(region.centre_mm, COLOURS[verdict])
            beside = 12 * OVERSAMPLE / unit.length(1.0)
            at = (region.centre_mm[0] + beside, region.centre_mm[1] + beside)
            unit.label(at, text, COLOURS[verdict])


def _draw_marks(
    golden: Canvas, unit: Canvas, master: Master, judged: dict[str, MeasurementDocument], tongue: Language
) -> None:
    for mark in master.marks:
        closed = np.vstack([mark.polygon_mm, mark.polygon_mm[:1]])
        golden.line(closed, WHITE, 1.2, 170)
        parts = [judged.get(f"{kind}:{mark.name}") for kind in ("offset-x", "offset-y", "offset", "rotation", "scale")]
        known = [m for m in parts if m is not None]
        values = {m.kind: m.value for m in known}
        dx, dy = values.get("offset-x"), values.get("offset-y")
        if dx is None or dy is None:
            continue
        turn, scale = math.radians(values.get("rotation") or 0.0), values.get("scale") or 1.0
        centre = mark.polygon_mm.mean(axis=0)
        c, s = scale * math.cos(turn), scale * math.sin(turn)
        moved = (closed - centre) @ np.array([[c, s], [-s, c]]) + centre + (dx, dy)
        verdict = max((m.verdict for m in known), key=gravity, default=Verdict.CONFORMS)
        unit.line(closed, WHITE, 1.0, 150)
        unit.line(moved, *_pen(verdict))
        if verdict is not Verdict.CONFORMS:
            x, y = float(centre[0]), float(centre[1])
            unit.arrow((x, y), (x + 5 * dx, y + 5 * dy), COLOURS[verdict])
            told = {"offset": f"{math.hypot(dx, dy):.2f}", "turn": f"{values.get('rotation') or 0.0:+.1f}"}
            text = tongue.text("picture.mark", name=mark.name, **told)
            unit.label((x - 2.5, float(moved[:, 1].max()) + 0.4), text, COLOURS[verdict])


def _draw_sizes(unit: Canvas, master: Master, judged: dict[str, MeasurementDocument], tongue: Language) -> None:
    low, high = master.outline_mm.min(axis=0), master.outline_mm.max(axis=0)
    lines = {
        "width": (np.array([[low[0], high[1] + 0.55], [high[0], high[1] + 0.55]]), (-2.2, high[1] + 0.3)),
        "height": (np.array([[low[0] - 0.55, low[1]], [low[0] - 0.55, high[1]]]), (low[0] - 0.9, 0.0)),
    }
    for m in judged.values():
        if m.kind != "size" or m.value is None:
            continue
        name = m.characteristic.partition(":")[2]
        if name in lines:
            points, at = lines[name]
            unit.line(points, *_pen(m.verdict))
            if m.verdict is not Verdict.CONFORMS:
                text = tongue.text("picture.size", name=f"@own_size.{name}", value=f"{m.value:.2f}")
                unit.label((float(at[0]), float(at[1])), text, COLOURS[m.verdict])


def _pen(verdict: Verdict) -> tuple[Colour, float, int]:
    """Colour, width and opacity of a line that carries a verdict."""
    return (WHITE, 0.9, 120) if verdict is Verdict.CONFORMS else (COLOURS[verdict], 2.3, 255)


def _head(reasons: int) -> int:
    """Pixels above the panels, for the verdict and so many reasons."""
    return 64 + 26 * max(1, min(_REASONS, reasons))


def _sheet_of(golden: Image.Image, unit: Image.Image, document: UnitDocument) -> RGB:
    gap, head = _GAP, _head(len(document.reasons))
    width = golden.width + unit.width + 3 * gap
    sheet = Image.new("RGB", (width, head + golden.height + _FOOT), PAPER)
    draw = ImageDraw.Draw(sheet)
    badge = document.verdict.value.upper()
    colour = COLOURS[document.verdict]
    text_colour = INK if document.verdict is Verdict.UNDECIDED else WHITE
    face = font(24, badge)
    left, top, right, bottom = draw.textbbox((0, 0), badge, font=face)
    draw.rounded_rectangle((gap, 14, gap + right - left + 28, 14 + bottom - top + 18), radius=6, fill=colour)
    draw.text((gap + 14 - left, 23 - top), badge, font=face, fill=text_colour)
    title = f"{document.unit}   against golden {document.golden} version {document.golden_version}"
    write(draw, (gap + right - left + 46, 19), title, 22)
    for i, reason in enumerate(document.reasons[:_REASONS]):
        more = len(document.reasons) - _REASONS
        tail = f"   (and {more} more)" if i == _REASONS - 1 and more > 0 else ""
        write(draw, (gap, 60 + 26 * i), reason + tail, 18, width=width - 2 * gap)
    sheet.paste(golden, (gap, head))
    sheet.paste(unit, (2 * gap + golden.width, head))
    foot = head + golden.height + 12
    write(draw, (gap, foot), "golden sample", 18)
    write(draw, (2 * gap + golden.width, foot), f"unit {document.unit}, resampled into the golden frame", 18)
    return np.asarray(sheet)
