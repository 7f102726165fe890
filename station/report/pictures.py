"""Annotated pictures: the golden beside the unit, with regions, offsets, sizes and findings drawn where they lie."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from station.values.colour import XYZ_TO_SRGB, ColourCorrection, Lab, LinearRGB, lab_to_xyz, srgb_encode
from station.values.documents import MeasurementDocument, UnitDocument, Verdict
from station.values.geometry import Frame
from station.values.line import OUTSIDE, Aligned, Master

RGB = NDArray[np.uint8]
Colour = tuple[int, int, int]

# Distinct under deuteranopia and protanopia, always beside a word and a shape (Okabe and Ito 2008).
COLOURS: dict[Verdict, Colour] = {
    Verdict.CONFORMS: (0, 114, 178),
    Verdict.NONCONFORMS: (213, 94, 0),
    Verdict.UNDECIDED: (240, 228, 66),
}
INK: Colour = (24, 24, 24)
PAPER: Colour = (245, 245, 243)
GREY: Colour = (128, 128, 128)
WHITE: Colour = (255, 255, 255)
_OVERSAMPLE = 2
_BAND = 64  # rows
_NAMED_FINDINGS = 8
_NEAR_PART_MM = 0.75  # of the bench that is left as it is
_PALE = 0.85  # of paper that the rest of it is made of


def display(image: LinearRGB, correction: ColourCorrection | None) -> RGB:
    """A picture for the screen, (H, W, 3) uint8 sRGB: through its colour correction where there is one."""
    codes = np.rint(srgb_encode(np.linspace(0.0, 1.0, 4096)) * 255).astype(np.uint8)
    out = np.empty(image.pixels.shape, dtype=np.uint8)
    for top in range(0, len(out), _BAND):  # the correction works in float64
        linear = image.pixels[top : top + _BAND]
        if correction is not None:
            linear = (correction.xyz(linear) @ XYZ_TO_SRGB.T).astype(np.float32)
        out[top : top + _BAND] = codes[np.clip(linear * 4095 + 0.5, 0, 4095).astype(np.uint16)]
    return out


def display_lab(lab: NDArray[np.float64]) -> RGB:
    """sRGB (..., 3) uint8 of Lab D50 (..., 3); colours outside the screen's gamut are clipped."""
    linear = lab_to_xyz(Lab(np.asarray(lab, dtype=np.float64))) @ XYZ_TO_SRGB.T
    return np.asarray(np.rint(srgb_encode(linear) * 255), dtype=np.uint8)


def png(picture: RGB) -> bytes:
    """PNG bytes of an (H, W, 3) uint8 picture."""
    ok, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 3])
    if not ok:
        raise ValueError("OpenCV could not encode the picture as PNG")
    return bytes(data.tobytes())


def jpeg(picture: RGB, quality: int = 90) -> bytes:
    """JPEG bytes of an (H, W, 3) uint8 picture, without chroma subsampling so that thin coloured lines stay."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=quality, subsampling=0)
    return out.getvalue()


def decoded(data: bytes) -> RGB:
    """(H, W, 3) uint8 of the bytes of a picture that :func:`png` or :func:`jpeg` made."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The drawing font (Pillow's built-in scalable one) at ``size`` pixels."""
    return ImageFont.load_default(size=size)


PANEL_PX: Final = 820
"""Width of the golden and of the unit in the picture of a unit."""
_GAP, _FOOT, _REASONS = 16, 44, 4  # pixels between and below the panels, reasons above them


class Canvas:
    """An antialiased drawing over a golden-frame raster; coordinates in millimetres of the golden frame."""

    def __init__(self, raster: RGB, frame: Frame, width_px: int) -> None:
        self._frame = frame
        self._zoom = width_px / raster.shape[1]
        size = (width_px, round(raster.shape[0] * self._zoom))
        self.base = Image.fromarray(raster).resize(size, Image.Resampling.LANCZOS)
        self._layer = Image.new("RGBA", (size[0] * _OVERSAMPLE, size[1] * _OVERSAMPLE), (0, 0, 0, 0))
        self._draw = ImageDraw.Draw(self._layer)
        self._plates: list[tuple[float, float, float, float]] = []
        self._labels: list[tuple[tuple[float, float], str, Colour]] = []
        self._balloons: list[tuple[tuple[float, float], str, Colour]] = []

    def px(self, mm: NDArray[np.float64] | Sequence[float]) -> NDArray[np.float64]:
        """(..., 2) millimetres to pixels of the oversampled layer."""
        raster = self._frame.to_px(np.asarray(mm, dtype=np.float64))
        return np.asarray(((raster + 0.5) * self._zoom) * _OVERSAMPLE)

    def length(self, mm: float) -> float:
        """A length in pixels of the oversampled layer."""
        return float(mm / self._frame.pitch_mm * self._zoom * _OVERSAMPLE)

    def line(self, points_mm: NDArray[np.float64], colour: Colour, width: float = 1.6, alpha: int = 255) -> None:
        points = [(float(x), float(y)) for x, y in self.px(points_mm)]
        self._draw.line(points, fill=(*colour, alpha), width=max(1, round(width * _OVERSAMPLE)), joint="curve")

    def ring(self, centre_mm: tuple[float, float], radius_mm: float, colour: Colour, width: float = 2.2) -> None:
        x, y = self.px(centre_mm)
        r = self.length(radius_mm)
        w = round(width * _OVERSAMPLE)
        halo = (x - r - _OVERSAMPLE, y - r - _OVERSAMPLE, x + r + _OVERSAMPLE, y + r + _OVERSAMPLE)
        self._draw.ellipse(halo, outline=(*INK, 150), width=w + 2 * _OVERSAMPLE)
        self._draw.ellipse((x - r, y - r, x + r, y + r), outline=(*colour, 255), width=w)

    def thin_ring(self, centre_mm: tuple[float, float], radius_mm: float) -> None:
        """A thin white ring between dark edges: seen on any colour, and of none itself."""
        x, y = self.px(centre_mm)
        r = self.length(radius_mm)
        for width, fill in ((4 * _OVERSAMPLE, INK), (2 * _OVERSAMPLE, WHITE)):
            half = r + width / 2
            self._draw.ellipse((x - half, y - half, x + half, y + half), outline=(*fill, 255), width=width)

    def bar(self, length_mm: float, text: str) -> None:
        """A bar of a length in the lower left corner, with its length in words."""
        pad, thick, edge = 12 * _OVERSAMPLE, 5 * _OVERSAMPLE, _OVERSAMPLE
        base, end = self._layer.height - pad, pad + self.length(length_mm)
        self._draw.rectangle((pad - edge, base - thick - edge, end + edge, base + edge), fill=(*INK, 255))
        self._draw.rectangle((pad, base - thick, end, base), fill=(*WHITE, 255))
        self._draw.text(
            (pad, base - thick - 5 * _OVERSAMPLE), text, font=font(17 * _OVERSAMPLE), fill=(*WHITE, 255), anchor="ls",
            stroke_width=2 * _OVERSAMPLE, stroke_fill=(*INK, 255),
        )  # fmt: skip

    def arrow(self, start_mm: tuple[float, float], end_mm: tuple[float, float], colour: Colour) -> None:
        a, b = self.px(start_mm), self.px(end_mm)
        self._draw.line([tuple(a), tuple(b)], fill=(*colour, 255), width=2 * _OVERSAMPLE)
        angle = math.atan2(b[1] - a[1], b[0] - a[0])
        for side in (math.radians(150), math.radians(-150)):
            tip = (b[0] + 11 * _OVERSAMPLE * math.cos(angle + side), b[1] + 11 * _OVERSAMPLE * math.sin(angle + side))
            self._draw.line([tuple(b), tip], fill=(*colour, 255), width=2 * _OVERSAMPLE)

    def small_arrow(self, start_mm: NDArray[np.float64], end_mm: NDArray[np.float64], colour: Colour) -> None:
        """One arrow among many, its head no longer than itself; a dot where it has no length to see."""
        a, b = self.px(start_mm), self.px(end_mm)
        length = float(np.hypot(*(b - a)))
        for halo, fill in ((1.5 * _OVERSAMPLE, (*WHITE, 170)), (0.0, (*colour, 255))):
            r = 2 * _OVERSAMPLE + halo
            self._draw.ellipse((a[0] - r, a[1] - r, a[0] + r, a[1] + r), fill=fill)
            if length < 3 * _OVERSAMPLE:
                continue
            width = round(2 * _OVERSAMPLE + 2 * halo)
            self._draw.line([tuple(a), tuple(b)], fill=fill, width=width)
            angle, head = math.atan2(b[1] - a[1], b[0] - a[0]), min(8 * _OVERSAMPLE, 0.6 * length)
            for side in (math.radians(150), math.radians(-150)):
                tip = (b[0] + head * math.cos(angle + side), b[1] + head * math.sin(angle + side))
                self._draw.line([tuple(b), tip], fill=fill, width=width)

    def label(self, at_mm: tuple[float, float], text: str, colour: Colour) -> None:
        """A text tag beside a point, inside the picture and above all lines: dark on light, framed in ``colour``."""
        self._labels.append((at_mm, text, colour))

    def _draw_label(self, at_mm: tuple[float, float], text: str, colour: Colour) -> None:
        face = font(19 * _OVERSAMPLE)
        left, top, right, bottom = self._draw.textbbox((0, 0), text, font=face)
        w, h, pad = right - left, bottom - top, 6 * _OVERSAMPLE
        x, y = self.px(at_mm)
        x = min(max(x, pad), self._layer.width - w - 2 * pad)
        y = min(max(y, pad), self._layer.height - h - 2 * pad)
        y = self._free(x, y, w + 2 * pad, h + 2 * pad)
        plate, edge = (x, y, x + w + 2 * pad, y + h + 2 * pad), _OVERSAMPLE
        self._plates.append(plate)
        outer = (plate[0] - edge, plate[1] - edge, plate[2] + edge, plate[3] + edge)
        self._draw.rounded_rectangle(outer, radius=pad, fill=(*INK, 255))  # parts a yellow border from a light part
        self._draw.rounded_rectangle(plate, radius=pad, fill=(*PAPER, 255), outline=(*colour, 255), width=3 * edge)
        self._draw.text((x + pad - left, y + pad - top), text, font=face, fill=(*INK, 255))

    def _free(self, x: float, y: float, w: float, h: float) -> float:
        """The top of a plate that covers no other: at ``y`` or as near as there is room above or below it."""
        step, gap = h / 2, 4 * _OVERSAMPLE
        tries = [y + side * k * step for k in range(40) for side in (1, -1)]
        for top in tries:
            inside = 0 <= top <= self._layer.height - h
            if inside and not any(
                x < right + gap and x + w > left - gap and top < bottom + gap and top + h > above - gap
                for left, above, right, bottom in self._plates
            ):
                return top
        return y

    def dimension(self, start_mm: NDArray[np.float64], end_mm: NDArray[np.float64], colour: Colour) -> None:
        """A dimension line with an arrowhead at both ends; outside, pointing in, where it is too short for them."""
        a, b = self.px(start_mm), self.px(end_mm)
        length = float(np.hypot(*(b - a)))
        unit = (b - a) / max(length, 1e-6)
        head = 11 * _OVERSAMPLE
        outside = length < 3 * head
        reach = 2 * head * unit if outside else np.zeros(2)
        for width, fill in ((4, (*WHITE, 200)), (2, (*colour, 255))):
            self._draw.line([tuple(a - reach), tuple(b + reach)], fill=fill, width=width * _OVERSAMPLE)
        across = np.array([-unit[1], unit[0]])
        for tip, inward in ((a, unit), (b, -unit)):
            back = tip + head * (-inward if outside else inward)
            corners = [tip, back + 0.32 * head * across, back - 0.32 * head * across]
            self._draw.polygon([(float(x), float(y)) for x, y in corners], fill=(*colour, 255))

    def balloon(self, at_mm: tuple[float, float], text: str, colour: Colour) -> None:
        """A number in a circle, as on an inspection drawing, above the lines."""
        self._balloons.append((at_mm, text, colour))

    def note(self, at_mm: NDArray[np.float64], text: str, colour: Colour, *, turn_deg: float = 0.0) -> None:
        """Text centred on a place, on paper; ``turn_deg`` : turned clockwise as seen, -90 reads from below to above."""
        face = font(16 * _OVERSAMPLE)
        left, top, right, bottom = self._draw.textbbox((0, 0), text, font=face)
        pad = 3 * _OVERSAMPLE
        plate = Image.new("RGBA", (int(right - left) + 2 * pad, int(bottom - top) + 2 * pad), (*PAPER, 235))
        ImageDraw.Draw(plate).text((pad - left, pad - top), text, font=face, fill=(*colour, 255))
        if turn_deg:
            plate = plate.rotate(-turn_deg, Image.Resampling.BICUBIC, expand=True)
        x, y = self.px(at_mm)
        x = min(max(x - plate.width / 2, 0), self._layer.width - plate.width)
        y = min(max(y - plate.height / 2, 0), self._layer.height - plate.height)
        self._layer.alpha_composite(plate, (round(max(x, 0)), round(max(y, 0))))

    def _draw_balloon(self, at_mm: tuple[float, float], text: str, colour: Colour) -> None:
        x, y = self.px(at_mm)
        r = 15 * _OVERSAMPLE
        x, y = min(max(x, r), self._layer.width - r), min(max(y, r), self._layer.height - r)
        self._draw.ellipse((x - r, y - r, x + r, y + r), fill=(*WHITE, 255), outline=(*INK, 255), width=_OVERSAMPLE)
        inner = r - 2 * _OVERSAMPLE
        box = (x - inner, y - inner, x + inner, y + inner)
        self._draw.ellipse(box, outline=(*colour, 255), width=2 * _OVERSAMPLE)
        self._draw.text((x, y), text, font=font(17 * _OVERSAMPLE), fill=(*INK, 255), anchor="mm")

    def dot(self, at_mm: tuple[float, float], colour: Colour) -> None:
        """A point with a halo: where a label beside it belongs."""
        x, y = self.px(at_mm)
        for radius, fill in ((7 * _OVERSAMPLE, INK), (5 * _OVERSAMPLE, colour)):
            self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(*fill, 255))

    def finish(self) -> Image.Image:
        """The drawing laid over the picture."""
        for balloon in self._balloons:
            self._draw_balloon(*balloon)
        for label in self._labels:
            self._draw_label(*label)
        layer = self._layer.resize(self.base.size, Image.Resampling.BOX)
        out = self.base.convert("RGBA")
        out.alpha_composite(layer)
        return out.convert("RGB")


def unit_picture(master: Master, aligned: Aligned, document: UnitDocument, *, panel_px: int = PANEL_PX) -> RGB:
    """The golden beside the unit in one frame, annotated; the verdict and its reasons above. (H, W, 3) uint8."""
    golden = Canvas(_quiet_bench(display(master.image, master.correction), master), master.frame, panel_px)
    unit = Canvas(_quiet_bench(display(aligned.image, aligned.correction), master), master.frame, panel_px)
    judged = {m.characteristic: m for m in document.measurements}
    _draw_regions(golden, unit, master, judged)
    _draw_marks(golden, unit, master, judged)
    _draw_sizes(unit, master, judged)
    _draw_findings(golden, unit, document)
    return _sheet_of(golden.finish(), unit.finish(), document)


def panels_of(sheet: RGB, frame: Frame) -> RGB:
    """The two panels of a :func:`unit_picture` in this frame, without the English words above and below them, for a
    document in another language; a picture of another layout as it is."""
    high, wide = sheet.shape[:2]
    panel = round(frame.height * PANEL_PX / frame.width)
    head = high - panel - _FOOT
    if wide != 2 * PANEL_PX + 3 * _GAP or head not in [_head(n) for n in range(_REASONS + 1)]:
        return sheet
    return sheet[head : head + panel]


def _quiet_bench(raster: RGB, master: Master) -> RGB:
    """A picture whose bench is pale: markers, rulers and cards at its corners are no part of the product."""
    outside = (master.labels == OUTSIDE).astype(np.uint8)
    if not outside.any() or outside.all():
        return raster
    far = cv2.distanceTransform(outside, cv2.DIST_L2, 3) * master.frame.pitch_mm
    pale = np.clip((far - _NEAR_PART_MM) / _NEAR_PART_MM, 0, 1)[..., None] * _PALE
    return np.asarray(np.rint(raster * (1 - pale) + np.array(PAPER) * pale), dtype=np.uint8)


def _draw_findings(golden: Canvas, unit: Canvas, document: UnitDocument) -> None:
    """Circles around what counts, the gravest first; names only as long as they stay readable."""
    flagged = [f for f in document.findings if f.verdict is not Verdict.CONFORMS]
    flagged.sort(key=lambda f: (-gravity(f.verdict), -f.size_mm, f.x_mm, f.y_mm))
    for i, finding in enumerate(flagged):
        colour = COLOURS[finding.verdict]
        radius = max(0.9, finding.size_mm * 0.9, finding.length_mm * 0.6)
        unit.ring((finding.x_mm, finding.y_mm), radius, colour)
        golden.thin_ring((finding.x_mm, finding.y_mm), radius)
        if i < _NAMED_FINDINGS:
            size = finding.length_mm if finding.kind == "scratch" else finding.size_mm
            at = (finding.x_mm + radius * 0.8, finding.y_mm + radius * 0.6)
            unit.label(at, f"{finding.kind} {size:.2f} mm", colour)


def _draw_regions(golden: Canvas, unit: Canvas, master: Master, judged: dict[str, MeasurementDocument]) -> None:
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
            value = "not measured" if measured.value is None else f"dE00 {measured.value:.2f}"
            unit.dot(region.centre_mm, COLOURS[verdict])
            beside = 12 * _OVERSAMPLE / unit.length(1.0)
            at = (region.centre_mm[0] + beside, region.centre_mm[1] + beside)
            unit.label(at, f"{region.name}: {value}", COLOURS[verdict])


def _draw_marks(golden: Canvas, unit: Canvas, master: Master, judged: dict[str, MeasurementDocument]) -> None:
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
            text = f"{mark.name}: {math.hypot(dx, dy):.2f} mm, {values.get('rotation') or 0.0:+.1f} deg (arrow x5)"
            unit.label((x - 2.5, float(moved[:, 1].max()) + 0.4), text, COLOURS[verdict])


def _draw_sizes(unit: Canvas, master: Master, judged: dict[str, MeasurementDocument]) -> None:
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
                unit.label((float(at[0]), float(at[1])), f"{name} {m.value:.2f} mm", COLOURS[m.verdict])


def _pen(verdict: Verdict) -> tuple[Colour, float, int]:
    """Colour, width and opacity of a line that carries a verdict."""
    return (WHITE, 0.9, 120) if verdict is Verdict.CONFORMS else (COLOURS[verdict], 2.3, 255)


def gravity(verdict: Verdict) -> int:
    """Order of verdicts, the gravest last."""
    return [Verdict.CONFORMS, Verdict.UNDECIDED, Verdict.NONCONFORMS].index(verdict)


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
    face = font(24)
    left, top, right, bottom = draw.textbbox((0, 0), badge, font=face)
    draw.rounded_rectangle((gap, 14, gap + right - left + 28, 14 + bottom - top + 18), radius=6, fill=colour)
    draw.text((gap + 14 - left, 23 - top), badge, font=face, fill=text_colour)
    title = f"{document.unit}   against golden {document.golden} version {document.golden_version}"
    draw.text((gap + right - left + 46, 19), title, font=font(22), fill=INK)
    for i, reason in enumerate(document.reasons[:_REASONS]):
        more = len(document.reasons) - _REASONS
        tail = f"   (and {more} more)" if i == _REASONS - 1 and more > 0 else ""
        draw.text((gap, 60 + 26 * i), fit_text(draw, reason + tail, width - 2 * gap, 18), font=font(18), fill=INK)
    sheet.paste(golden, (gap, head))
    sheet.paste(unit, (2 * gap + golden.width, head))
    foot = head + golden.height + 12
    draw.text((gap, foot), "golden sample", font=font(18), fill=INK)
    draw.text(
        (2 * gap + golden.width, foot),
        f"unit {document.unit}, resampled into the golden frame",
        font=font(18),
        fill=INK,
    )
    return np.asarray(sheet)


def fit_text(draw: ImageDraw.ImageDraw, text: str, width: float, size: int) -> str:
    """``text``, or as much of it as ``width`` px hold at ``size`` px, with three dots."""
    face = font(size)
    if draw.textlength(text, font=face) <= width:
        return text
    while text and draw.textlength(text + " ...", font=face) > width:
        text = text[:-1]
    return text.rstrip() + " ..."
