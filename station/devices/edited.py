"""Signs that a photo was edited, filtered or sent through a messenger after its camera wrote it.

Evidence, never proof. Each sign is graded: ``note`` says what is known and blames nobody; ``suspect`` means that the
file is not the camera's own, though its colours may be; ``strong`` means that colours or tones were changed on
purpose. A file without any sign may still be edited: whoever wants to hide it can.

What each threshold costs in false alarms, and what it finds, is measured by ``tests/benchmarks/bench_edited.py``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import cv2
import numpy as np
import simplejpeg
from numpy.typing import NDArray

from station.devices.photo_header import Metadata
from station.devices.quantisation import block_grid, double_quantisation, standard_quality
from station.values.line import EditSign

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Float = NDArray[np.float64]

# Programs whose purpose is to change how a photo looks.
_EDITORS = re.compile(
    r"photoshop|snapseed|vsco|meitu|beautyplus|beauty ?cam|b612|\bsnow\b|faceu|picsart|facetune|remini|lightleap|"
    r"instagram|tiktok|snapchat|canva|fotor|polarr|prisma|afterlight|photoscape|photodirector|paintshop|paint\.net|"
    r"affinity|pixelmator|luminar|topaz|gimp|befunky|lightx|youcam|photo ?grid|inshot|photo effect",
    re.IGNORECASE,
)
# Programs that develop raw files or hold photo collections: they may leave a JPEG's colours alone.
_DEVELOPERS = re.compile(
    r"lightroom|camera raw|capture one|darktable|rawtherapee|dxo|photolab|aperture|iphoto|picasa|acdsee|viewnx|"
    r"capture nx|nx studio|photo professional|silkypix|irfanview|xnview|imagemagick|graphicsmagick|photos \d|"
    r"windows photo|microsoft photo|photo editor|photo viewer|faststone|fastone|quicktime|preview|idimager",
    re.IGNORECASE,
)
# Adjustments that Camera Raw and Lightroom write into XMP, and that change colours or tones.
_ADJUSTMENTS = re.compile(
    r"crs:(Exposure2012|Exposure|Contrast2012|Contrast|Saturation|Vibrance|Highlights2012|Shadows2012|Whites2012|"
    r"Blacks2012|Clarity2012|Dehaze|Brightness|IncrementalTemperature|IncrementalTint)"
    r"(?:=\"|>)\s*([+-]?\d+(?:\.\d+)?)"
)
_SCREEN_WIDTHS = frozenset(
    {640, 720, 750, 828, 1080, 1125, 1170, 1179, 1206, 1242, 1284, 1290, 1320, 1440, 1536, 1620, 1640, 1668, 2048}
)
_SCREENS = frozenset({(1366, 768), (1440, 900), (1600, 900), (1680, 1050), (1920, 1080), (1920, 1200), (2560, 1440)})
_PHONE_SCREEN = 1.7  # longer side over shorter from which a PNG looks like a phone's screen
_MESSENGER_SIDES = frozenset({960, 1080, 1280, 1440, 1600, 2048, 2560, 4096})

_LOW_QUALITY = 88
_TONE_SUSPECT, _TONE_STRONG = 9.0, 12.0  # levels of 255; up to 7.4 between honest pictures and their thumbnails
_CHROMA_SUSPECT, _CHROMA_STRONG = 1.15, 1.25  # ratio; up to 1.18 between honest ones
_LEAST_CHROMA = 8.0  # levels of 255, mean: a greyer picture does not show its saturation
_SAME_PICTURE = 0.9
_COMB_SUSPECT, _COMB_STRONG = 0.3, 0.4
_LOSSLESS = ("PNG", "TIFF")
_COMB_LOSSLESS_SUSPECT, _COMB_LOSSLESS_STRONG = 0.15, 0.3  # up to 0.14 in pixels of cameras that leave no comb
_TWICE = 0.6
_GRID = 5.0  # Student's t; up to 2.7 in pictures scaled or shifted after their JPEG was decoded


def edit_signs(
    kind: str,
    stored: Pixels,
    metadata: Metadata,
    *,
    tables: Mapping[int, Sequence[int]] | None = None,
    ducky: bool = False,
) -> tuple[EditSign, ...]:
    """Everything about one picture that speaks of editing, worst first.

    kind : format of the file, as ``recognise`` names it. stored : (H, W, 3) as the file stores them, before they are
    set upright. tables : a JPEG's quantisation tables in the order of rows, the first for lightness. ducky : Photoshop
    saved it for the web.
    """
    found = [
        *_software(metadata, ducky),
        *_screenshot(kind, stored, metadata),
        *_size(kind, stored, metadata),
        *_camera(kind, metadata),
        *_format(kind, stored, metadata),
        *_thumbnail(stored, metadata.thumbnail),
        *_comb(kind, stored),
    ]
    if tables:
        found += _tables(stored, metadata, tables)
    return tuple(sorted(found, key=lambda s: ("strong", "suspect", "note").index(s.grade)))


def _software(metadata: Metadata, ducky: bool) -> list[EditSign]:
    signs = []
    creator = re.findall(r"(?:CreatorTool|softwareAgent)(?:=\"|>)([^\"<]{1,80})", metadata.xmp)
    for name in dict.fromkeys([metadata.texts.get("software", ""), *creator]):
        if _DEVELOPERS.search(name):
            signs.append(EditSign("software", "suspect", f"written by {name[:60]}, not by the camera"))
        elif _EDITORS.search(name):
            signs.append(EditSign("software", "strong", f"written by {name[:60]}, a program that edits photos"))
    if ducky and not signs:
        signs.append(EditSign("software", "strong", "saved for the web by Photoshop"))
    moved = {name: value for name, value in _ADJUSTMENTS.findall(metadata.xmp) if float(value) != 0}
    if moved:
        listed = ", ".join(f"{name.removesuffix('2012')} {value}" for name, value in list(moved.items())[:4])
        signs.append(EditSign("adjustments", "strong", f"its XMP lists changes of colour or tone: {listed}"))
    return signs[:3]


def _camera(kind: str, metadata: Metadata) -> list[EditSign]:
    named = "model" in metadata.texts or "maker" in metadata.texts
    if kind == "RAW" or (named and metadata.exposure):
        return []
    if named:
        return [EditSign("camera", "note", "names a camera but no exposure")]
    return [
        EditSign("camera", "note", "names no camera: messengers and screenshots leave such files, and some cameras")
    ]


def _format(kind: str, stored: Pixels, metadata: Metadata) -> list[EditSign]:
    if kind not in _LOSSLESS:
        return []
    if metadata.exposure and ("model" in metadata.texts or "maker" in metadata.texts):
        whose = "no camera writes PNG" if kind == "PNG" else "hardly a camera writes TIFF"
        words = f"a {kind} with a camera's exposure data: {whose}, so a program saved it again"
        return [EditSign("format", "suspect", words)]
    if block_grid(stored) > _GRID:
        # no more than a note, since the frames of many webcams are decoded from JPEG
        words = f"a {kind} with the blocks of a JPEG in its pixels: it was decoded from one and saved again"
        return [EditSign("format", "note", words)]
    return []


def _size(kind: str, stored: Pixels, metadata: Metadata) -> list[EditSign]:
    height, width = stored.shape[:2]
    said = metadata.said_size
    if said and min(said) >= 64 and sorted(said) != sorted((width, height)):
        # cameras that write the sensor's size differ by a margin of at most 2 %
        if max(abs(a / b - 1) for a, b in zip(sorted(said), sorted((width, height)), strict=True)) < 0.02:
            return []
        words = f"is {width} x {height} px, the camera wrote {said[0]} x {said[1]}: cropped or scaled"
        return [EditSign("size", "suspect", words)]
    if kind == "JPEG" and not metadata.exposure and max(width, height) in _MESSENGER_SIDES:
        words = f"its longer side of {max(width, height)} px is one that messengers scale to"
        return [EditSign("size", "note", words)]
    return []


def _screenshot(kind: str, stored: Pixels, metadata: Metadata) -> list[EditSign]:
    height, width = stored.shape[:2]
    if "screenshot" in metadata.xmp.lower() or metadata.comment.lower() == "screenshot":
        return [EditSign("screenshot", "strong", "a screenshot: it shows a screen's rendering, not the camera's")]
    short, long = sorted((width, height))
    phone = short in _SCREEN_WIDTHS and long >= _PHONE_SCREEN * short
    if kind == "PNG" and not metadata.exposure and (phone or (long, short) in _SCREENS):
        return [EditSign("screenshot", "suspect", f"a PNG of a screen's size, {width} x {height} px: a screenshot?")]
    return []


def _tables(stored: Pixels, metadata: Metadata, tables: Mapping[int, Sequence[int]]) -> list[EditSign]:
    signs = []
    quality = standard_quality(tables)
    if quality is not None and not metadata.exposure:
        low = quality < _LOW_QUALITY
        whose = ", as messengers and web sites do" if low else ", which few cameras use"
        words = f"written with libjpeg's own tables at quality {quality}{whose}"
        signs.append(EditSign("tables", "suspect" if low else "note", words))
    if double_quantisation(stored, tables[0]) > _TWICE:
        signs.append(EditSign("recompressed", "suspect", "its JPEG coefficients were rounded twice: saved again"))
    return signs


def _thumbnail(stored: Pixels, jpeg: bytes) -> list[EditSign]:
    if not jpeg:
        return []
    try:
        small = simplejpeg.decode_jpeg(jpeg, colorspace="RGB")
    except ValueError:
        return []
    found = compare_thumbnail(stored, small)
    if found is None:
        return []
    tone, chroma, likeness = found
    if tone < _TONE_SUSPECT and 1 / _CHROMA_SUSPECT < chroma < _CHROMA_SUSPECT:
        return []
    seen = f"tones differ by {tone:.0f} of 255 levels, saturation by {100 * abs(chroma - 1):.0f} %"
    if likeness < _SAME_PICTURE:
        return [EditSign("thumbnail", "note", f"its embedded thumbnail is another view, cropped or replaced: {seen}")]
    strong = tone >= _TONE_STRONG or not 1 / _CHROMA_STRONG < chroma < _CHROMA_STRONG
    words = f"unlike its embedded thumbnail, which the camera wrote: {seen}"
    return [EditSign("thumbnail", "strong" if strong else "suspect", words)]


def compare_thumbnail(stored: Pixels, small: NDArray[np.uint8]) -> tuple[float, float, float] | None:
    """A picture against the thumbnail in its header, or None where either is too small.

    Returns the mean difference of their nine deciles over the channels in levels of 255, the ratio of their mean
    saturation (distance of the channels from grey), and the correlation of what they show. Deciles and means do not
    mind that a thumbnail is sharpened or a little shifted. Black bars beside a thumbnail of another shape are cut off.
    """
    shape, own = stored.shape[1] / stored.shape[0], small.shape[1] / small.shape[0]
    if shape > 1.01 * own:
        small = _without_bars(small, (small.shape[0] - small.shape[1] / shape) / 2)
    elif own > 1.01 * shape:
        turned = np.swapaxes(small, 0, 1)
        small = np.swapaxes(_without_bars(turned, (small.shape[1] - small.shape[0] * shape) / 2), 0, 1)
    if min(*small.shape[:2], *stored.shape[:2]) < 24:
        return None
    step = max(1, min(stored.shape[0] // 480, stored.shape[1] // 640))
    sample = stored[step // 2 :: step, step // 2 :: step].astype(np.float32) * (255 / np.iinfo(stored.dtype).max)
    a, b = (
        np.asarray(cv2.resize(v, (32, 24), interpolation=cv2.INTER_AREA), np.float64).reshape(-1, 3)
        for v in (sample, np.ascontiguousarray(small, np.float32))
    )
    levels = np.linspace(0.1, 0.9, 9)
    tone = float(np.abs(np.quantile(a, levels, axis=0) - np.quantile(b, levels, axis=0)).mean())
    vivid = [float(np.abs(v - v.mean(axis=1, keepdims=True)).mean()) for v in (a, b)]
    chroma = vivid[0] / vivid[1] if min(vivid) >= _LEAST_CHROMA else 1.0
    spread = float(a.std() * b.std())
    likeness = float(((a - a.mean()) * (b - b.mean())).mean()) / spread if spread > 1 else 1.0
    return tone, chroma, likeness


def _without_bars(small: NDArray[np.uint8], bar: float) -> NDArray[np.uint8]:
    """Rows cut off above and below where they are a black bar. bar : its height in px."""
    cut = round(bar)
    black = cut >= 1 and small[: max(1, cut - 2)].max() < 40
    return small[cut + 1 : len(small) - cut - 1] if black else small


def _comb(kind: str, stored: Pixels) -> list[EditSign]:
    score = comb_score(stored)
    lossless = kind in _LOSSLESS  # compression fills the gaps that a curve leaves
    suspect, strong_from = (
        (_COMB_LOSSLESS_SUSPECT, _COMB_LOSSLESS_STRONG) if lossless else (_COMB_SUSPECT, _COMB_STRONG)
    )
    if score < suspect:
        return []
    strong = score >= strong_from and kind != "JPEG"  # a few old cameras leave combs themselves
    words = "its histogram has gaps and peaks, as a tone curve leaves in finished pixels"
    return [EditSign("comb", "strong" if strong else "suspect", words)]


def comb_score(stored: Pixels) -> float:
    """How far neighbouring levels of the histogram disagree, beyond what chance does: 0 for a smooth one, 1 for a comb.

    The median of the three channels; a picture of 16 bits is looked at in its upper 8.
    """
    step = max(1, round((stored.shape[0] * stored.shape[1] / 1.5e6) ** 0.5))
    sample = stored[::step, ::step]
    sample = (sample >> 8).astype(np.uint8) if stored.dtype == np.uint16 else sample
    scores = []
    for channel in range(3):
        plane = np.ascontiguousarray(sample[..., channel], np.uint8)
        count = np.asarray(cv2.calcHist([plane], [0], None, [256], [0, 256]), np.float64).ravel()
        total = count.cumsum()
        low, high = np.searchsorted(total, (0.02 * total[-1], 0.98 * total[-1]))
        low, high = max(int(low), 2), min(int(high), 253)
        if high - low < 24:
            continue
        middle, beside = count[low:high], (count[low - 1 : high - 1] + count[low + 1 : high + 1]) / 2
        if not middle.any():  # a drawing in two tones
            continue
        by_chance = np.sqrt(1.5 * (middle + beside) / 2 + 1)
        scores.append(np.maximum(np.abs(middle - beside) - 2 * by_chance, 0).sum() / middle.sum())
    return float(np.median(scores)) if scores else 0.0
