"""The picture of a comparison: the photo with every part numbered, and beside it what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from station.report.pictures import COLOURS, GREY, INK, PAPER, RGB, WHITE, display, font, write
from station.values.comparison import ComparisonDocument
from station.values.documents import Verdict

if TYPE_CHECKING:
    from station.comparison import Look

_LONG_SIDE = 1600
Float = NDArray[np.float64]


def comparison_picture(look: Look, document: ComparisonDocument) -> RGB:
    """The photo with the parts numbered and what was said of them, (h, w, 3) uint8."""
    labels: list[tuple[str, Verdict | None]] = []
    for part in document.parts:
        if part.role == "golden":
            labels.append((f"{part.number}  golden", None))
            continue
        measured = [m for m in part.regions if m.value is not None]
        widest = max(measured, key=lambda m: m.value or 0.0, default=None)
        verdict = part.verdict or Verdict.UNDECIDED
        text = f"{part.number}  {verdict.value}"
        if widest is not None:
            text += f"\n{widest.characteristic.partition(':')[2]} dE00 {widest.value:.1f} (u {widest.u:.1f})"
        labels.append((text, verdict))
    basis = f"through {document.card}" if document.card else f"in {document.basis}, not certified"
    lines = [f"{document.photo}: {document.verdict.value}; CIEDE2000 against part {document.golden_part}, {basis}"]
    lines += [f"part {p.number}: {reason}" for p in document.parts for reason in p.reasons[:1]]
    photo = display(look.corrected.image.whole(), look.correction)
    return parts_picture(photo, [p.found.outline.contour_px for p in look.parts], labels, lines[:6])


def parts_picture(
    photo: RGB, outlines_px: Sequence[Float], labels: Sequence[tuple[str, Verdict | None]], lines: Sequence[str]
) -> RGB:
    """The photo with the parts outlined and labelled, and lines of text below; (h, w, 3) uint8.

    photo : (H, W, 3) uint8 sRGB. outlines_px : (n, 2) contours in its px. labels : a text a part and its verdict; None
    is the golden. lines : what is said below the picture.
    """
    h, w = photo.shape[:2]
    factor = min(1.0, _LONG_SIDE / max(h, w))
    size = (round(w * factor), round(h * factor))
    base = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    for outline, (_, verdict) in zip(outlines_px, labels, strict=True):
        ring = np.round(((outline + 0.5) * factor - 0.5) * 16).astype(np.int32)
        cv2.polylines(base, [ring], True, INK, 5, cv2.LINE_AA, 4)
        cv2.polylines(base, [ring], True, WHITE if verdict is None else COLOURS[verdict], 2, cv2.LINE_AA, 4)
    sheet = Image.new("RGB", (size[0], size[1] + 16 + 26 * len(lines)), PAPER)
    sheet.paste(Image.fromarray(base), (0, 0))
    draw = ImageDraw.Draw(sheet)
    for outline, (text, verdict) in zip(outlines_px, labels, strict=True):
        face = font(18, text)
        left, top, right, bottom = draw.multiline_textbbox((0, 0), text, font=face)
        x = float(outline[:, 0].mean() * factor - (right - left) / 2)
        y = float(outline[:, 1].max() * factor + 8)
        x = min(max(x, 8), size[0] - (right - left) - 8)
        y = min(max(y, 8), size[1] - (bottom - top) - 10)
        box = (x - 6, y - 4, x + right - left + 6, y + bottom - top + 6)
        draw.rounded_rectangle(box, radius=5, fill=INK, outline=GREY if verdict is None else COLOURS[verdict], width=2)
        draw.multiline_text((x - left, y - top), text, font=face, fill=WHITE)
    for i, line in enumerate(lines):
        write(draw, (10, size[1] + 10 + 26 * i), line, 18)
    return np.asarray(sheet)
