"""What every picture is drawn with: colours, fonts, encoding, and a canvas over the golden frame."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from station.values.colour import XYZ_TO_SRGB, ColourCorrection, Lab, LinearRGB, lab_to_xyz, srgb_encode
from station.values.documents import Verdict
from station.values.geometry import Frame

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
OVERSAMPLE: Final = 2
"""Of what is drawn, against jagged lines."""
_BAND = 64  # rows
_CJK_FONT: Final = Path(__file__).with_name("fonts") / "NotoSansTC-subset.otf"
_CJK: Final = 0x2E80
"""First of the characters that only that font has."""


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


def font(size: float, text: str) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """The font that a text is drawn with at ``size`` pixels: Pillow's built-in scalable one, and the documents' own for
    a text with Chinese characters, which the other one has not."""
    return _cjk_font(size) if any(ord(c) >= _CJK for c in text) else ImageFont.load_default(size=size)


@lru_cache(maxsize=32)
def _cjk_font(size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_CJK_FONT), size)


def write(
    draw: ImageDraw.ImageDraw, at: tuple[float, float], text: str, size: float, *, fill: Colour = INK,
    anchor: str = "la", width: float = math.inf,
) -> None:  # fmt: skip
    """A line of text, as much of it as ``width`` px hold; ``at`` is its upper left corner, or what Pillow's ``anchor``
    says. Every picture's words go through here, or ask :func:`font` for theirs: names may be Chinese in all of them."""
    draw.text(at, fit_text(draw, text, width, size), font=font(size, text), fill=fill, anchor=anchor)


class Canvas:
    """An antialiased drawing over a golden-frame raster; coordinates in millimetres of the golden frame."""

    def __init__(self, raster: RGB, frame: Frame, width_px: int) -> None:
        self._frame = frame
        self._zoom = width_px / raster.shape[1]
        size = (width_px, round(raster.shape[0] * self._zoom))
        self.base = Image.fromarray(raster).resize(size, Image.Resampling.LANCZOS)
        self._layer = Image.new("RGBA", (size[0] * OVERSAMPLE, size[1] * OVERSAMPLE), (0, 0, 0, 0))
        self._draw = ImageDraw.Draw(self._layer)
        self._plates: list[tuple[float, float, float, float]] = []
        self._labels: list[tuple[tuple[float, float], str, Colour]] = []
        self._balloons: list[tuple[tuple[float, float], str, Colour]] = []

    def px(self, mm: NDArray[np.float64] | Sequence[float]) -> NDArray[np.float64]:
        """(..., 2) millimetres to pixels of the oversampled layer."""
        raster = self._frame.to_px(np.asarray(mm, dtype=np.float64))
        return np.asarray(((raster + 0.5) * self._zoom) * OVERSAMPLE)

    def length(self, mm: float) -> float:
        """A length in pixels of the oversampled layer."""
        return float(mm / self._frame.pitch_mm * self._zoom * OVERSAMPLE)

    def line(self, points_mm: NDArray[np.float64], colour: Colour, width: float = 1.6, alpha: int = 255) -> None:
        points = [(float(x), float(y)) for x, y in self.px(points_mm)]
        self._draw.line(points, fill=(*colour, alpha), width=max(1, round(width * OVERSAMPLE)), joint="curve")

    def ring(self, centre_mm: tuple[float, float], radius_mm: float, colour: Colour, width: float = 2.2) -> None:
        x, y = self.px(centre_mm)
        r = self.length(radius_mm)
        w = round(width * OVERSAMPLE)
        halo = (x - r - OVERSAMPLE, y - r - OVERSAMPLE, x + r + OVERSAMPLE, y + r + OVERSAMPLE)
        self._draw.ellipse(halo, outline=(*INK, 150), width=w + 2 * OVERSAMPLE)
        self._draw.ellipse((x - r, y - r, x + r, y + r), outline=(*colour, 255), width=w)

    def thin_ring(self, centre_mm: tuple[float, float], radius_mm: float) -> None:
        """A thin white ring between dark edges: seen on any colour, and of none itself."""
        x, y = self.px(centre_mm)
        r = self.length(radius_mm)
        for width, fill in ((4 * OVERSAMPLE, INK), (2 * OVERSAMPLE, WHITE)):
            half = r + width / 2
            self._draw.ellipse((x - half, y - half, x + half, y + half), outline=(*fill, 255), width=width)

    def bar(self, length_mm: float, text: str) -> None:
        """A bar of a length in the lower left corner, with its length in words."""
        pad, thick, edge = 12 * OVERSAMPLE, 5 * OVERSAMPLE, OVERSAMPLE
        base, end = self._layer.height - pad, pad + self.length(length_mm)
        self._draw.rectangle((pad - edge, base - thick - edge, end + edge, base + edge), fill=(*INK, 255))
        self._draw.rectangle((pad, base - thick, end, base), fill=(*WHITE, 255))
        self._draw.text(
            (pad, base - thick - 5 * OVERSAMPLE), text, font=font(17 * OVERSAMPLE, text), fill=(*WHITE, 255),
            anchor="ls", stroke_width=2 * OVERSAMPLE, stroke_fill=(*INK, 255),
        )  # fmt: skip

    def arrow(self, start_mm: tuple[float, float], end_mm: tuple[float, float], colour: Colour) -> None:
        a, b = self.px(start_mm), self.px(end_mm)
        self._draw.line([tuple(a), tuple(b)], fill=(*colour, 255), width=2 * OVERSAMPLE)
        angle = math.atan2(b[1] - a[1], b[0] - a[0])
        for side in (math.radians(150), math.radians(-150)):
            tip = (b[0] + 11 * OVERSAMPLE * math.cos(angle + side), b[1] + 11 * OVERSAMPLE * math.sin(angle + side))
            self._draw.line([tuple(b), tip], fill=(*colour, 255), width=2 * OVERSAMPLE)

    def small_arrow(self, start_mm: NDArray[np.float64], end_mm: NDArray[np.float64], colour: Colour) -> None:
        """One arrow among many, its head no longer than itself; a dot where it has no length to see."""
        a, b = self.px(start_mm), self.px(end_mm)
        length = float(np.hypot(*(b - a)))
        for halo, fill in ((1.5 * OVERSAMPLE, (*WHITE, 170)), (0.0, (*colour, 255))):
            r = 2 * OVERSAMPLE + halo
            self._draw.ellipse((a[0] - r, a[1] - r, a[0] + r, a[1] + r), fill=fill)
            if length < 3 * OVERSAMPLE:
                continue
            width = round(2 * OVERSAMPLE + 2 * halo)
            self._draw.line([tuple(a), tuple(b)], fill=fill, width=width)
            angle, head = math.atan2(b[1] - a[1], b[0] - a[0]), min(8 * OVERSAMPLE, 0.6 * length)
            for side in (math.radians(150), math.radians(-150)):
                tip = (b[0] + head * math.cos(angle + side), b[1] + head * math.sin(angle + side))
                self._draw.line([tuple(b), tip], fill=fill, width=width)

    def label(self, at_mm: tuple[float, float], text: str, colour: Colour) -> None:
        """A text tag beside a point, inside the picture and above all lines: dark on light, framed in ``colour``."""
        self._labels.append((at_mm, text, colour))

    def _draw_label(self, at_mm: tuple[float, float], text: str, colour: Colour) -> None:
        face = font(19 * OVERSAMPLE, text)
        left, top, right, bottom = self._draw.textbbox((0, 0), text, font=face)
        w, h, pad = right - left, bottom - top, 6 * OVERSAMPLE
        x, y = self.px(at_mm)
        x = min(max(x, pad), self._layer.width - w - 2 * pad)
        y = min(max(y, pad), self._layer.height - h - 2 * pad)
        y = self._free(x, y, w + 2 * pad, h + 2 * pad)
        plate, edge = (x, y, x + w + 2 * pad, y + h + 2 * pad), OVERSAMPLE
        self._plates.append(plate)
        outer = (plate[0] - edge, plate[1] - edge, plate[2] + edge, plate[3] + edge)
        self._draw.rounded_rectangle(outer, radius=pad, fill=(*INK, 255))  # parts a yellow border from a light part
        self._draw.rounded_rectangle(plate, radius=pad, fill=(*PAPER, 255), outline=(*colour, 255), width=3 * edge)
        self._draw.text((x + pad - left, y + pad - top), text, font=face, fill=(*INK, 255))

    def _free(self, x: float, y: float, w: float, h: float) -> float:
        """The top of a plate that covers no other: at ``y`` or as near as there is room above or below it."""
        step, gap = h / 2, 4 * OVERSAMPLE
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
        head = 11 * OVERSAMPLE
        outside = length < 3 * head
        reach = 2 * head * unit if outside else np.zeros(2)
        for width, fill in ((4, (*WHITE, 200)), (2, (*colour, 255))):
            self._draw.line([tuple(a - reach), tuple(b + reach)], fill=fill, width=width * OVERSAMPLE)
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
        face = font(16 * OVERSAMPLE, text)
        left, top, right, bottom = self._draw.textbbox((0, 0), text, font=face)
        pad = 3 * OVERSAMPLE
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
        r = 15 * OVERSAMPLE
        x, y = min(max(x, r), self._layer.width - r), min(max(y, r), self._layer.height - r)
        self._draw.ellipse((x - r, y - r, x + r, y + r), fill=(*WHITE, 255), outline=(*INK, 255), width=OVERSAMPLE)
        inner = r - 2 * OVERSAMPLE
        box = (x - inner, y - inner, x + inner, y + inner)
        self._draw.ellipse(box, outline=(*colour, 255), width=2 * OVERSAMPLE)
        self._draw.text((x, y), text, font=font(17 * OVERSAMPLE, text), fill=(*INK, 255), anchor="mm")

    def dot(self, at_mm: tuple[float, float], colour: Colour) -> None:
        """A point with a halo: where a label beside it belongs."""
        x, y = self.px(at_mm)
        for radius, fill in ((7 * OVERSAMPLE, INK), (5 * OVERSAMPLE, colour)):
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


def gravity(verdict: Verdict) -> int:
    """Order of verdicts, the gravest last."""
    return [Verdict.CONFORMS, Verdict.UNDECIDED, Verdict.NONCONFORMS].index(verdict)


def fit_text(draw: ImageDraw.ImageDraw, text: str, width: float, size: float) -> str:
    """``text``, or as much of it as ``width`` px hold at ``size`` px, with three dots."""
    face = font(size, text)
    if draw.textlength(text, font=face) <= width:
        return text
    while text and draw.textlength(text + " ...", font=face) > width:
        text = text[:-1]
    return text.rstrip() + " ..."
