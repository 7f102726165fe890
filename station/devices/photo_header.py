"""What a picture file says of itself: its format by its first bytes, and the few EXIF fields the station keeps."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from PIL import Image

_MAKER, _MODEL, _ORIENTATION, _SOFTWARE, _DATE = 0x010F, 0x0110, 0x0112, 0x0131, 0x0132
_EXIF_IFD, _INTEROP_IFD = 0x8769, 0xA005
_ORIGINAL, _DIGITISED, _OFFSET_ORIGINAL, _OFFSET_DIGITISED = 0x9003, 0x9004, 0x9011, 0x9012
_INTEROP_INDEX = 0x0001
_EXPOSURE_TIME, _F_NUMBER, _ISO, _WHITE_BALANCE, _FOCAL_LENGTH = 0x829A, 0x829D, 0x8827, 0xA403, 0x920A
_TEXT_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Metadata:
    """orientation : EXIF 1-8. taken_at : ISO 8601, with an offset only where the camera wrote one.

    texts : maker, model, software, date (of the last change), each capped and free of control characters;
        exposure_time in s, f_number, iso, focal_length in mm as numbers; white_balance, ``auto`` or ``manual``.
    adobe_rgb : the camera says Adobe RGB without embedding a profile (DCF 2.0, interoperability index R03).
    """

    orientation: int
    taken_at: str | None
    texts: dict[str, str]
    adobe_rgb: bool
    notes: tuple[str, ...] = ()


def recognise(data: bytes) -> tuple[str | None, str]:
    """Pillow's name of the format, or None, and a description in words ("a JPEG picture", "a text file" ...)."""
    if data[:3] == b"\xff\xd8\xff":
        return "JPEG", "a JPEG picture"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG", "a PNG picture"
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        if data[8:10] == b"CR":
            return None, "a camera raw file"
        return "TIFF", "a TIFF picture"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP", "a WebP picture"
    return None, _other_kind(data)


def webp_size(data: bytes) -> tuple[int, int]:
    """(width, height) of a WebP file's canvas, by RFC 9649, sections 2.5 to 2.7; (0, 0) where it has no such header."""
    kind, head = data[12:16], data[20:30]
    if kind == b"VP8X" and len(head) == 10:
        return 1 + int.from_bytes(head[4:7], "little"), 1 + int.from_bytes(head[7:10], "little")
    if kind == b"VP8L" and len(head) >= 5:
        bits = int.from_bytes(head[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and len(head) == 10:
        return int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF
    return 0, 0


def _other_kind(data: bytes) -> str:
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        if brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis"):
            return "a HEIC or AVIF picture, which the station does not decode"
        return "a camera raw file" if brand == b"crx " else "a video"
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "a GIF picture, which holds too few colours to measure"
    if data[:2] == b"BM":
        return "a BMP picture, which the station does not decode"
    if data[:4] == b"%PDF":
        return "a PDF document"
    if data[:2] == b"PK":
        return "an archive"
    if data[:8] == b"FUJIFILM" or data[:4] in (b"IIRO", b"IIU\0"):
        return "a camera raw file"
    head = data[:512]
    if b"\0" not in head and sum(b < 9 for b in head) == 0:
        try:
            head.decode("utf-8")
        except UnicodeDecodeError as error:
            if error.start < len(head) - 4:
                return "not a picture"
        return "a text file, not a picture"
    return "not a picture"


def read_metadata(image: Image.Image) -> Metadata:
    """The kept EXIF fields of an opened picture. Damaged EXIF costs the fields, not the picture, and leaves a note."""
    try:
        exif = image.getexif()
        orientation = exif.get(_ORIENTATION, 1)
        inner = exif.get_ifd(_EXIF_IFD)
        interop = None
        with suppress(KeyError):  # Pillow's answer where there is none
            interop = exif.get_ifd(_INTEROP_IFD).get(_INTEROP_INDEX)
    except Exception:  # a damaged directory makes Pillow raise nearly anything, its own warnings included
        return Metadata(1, None, {}, False, ("EXIF is damaged: orientation and date are unknown",))
    fields = {"maker": exif.get(_MAKER), "model": exif.get(_MODEL), "software": exif.get(_SOFTWARE)}
    texts = {name: text for name, raw in fields.items() if (text := clean_text(raw))}
    if changed := _iso(exif.get(_DATE), None):
        texts["date"] = changed
    texts |= _settings(inner)
    taken = _iso(inner.get(_ORIGINAL), inner.get(_OFFSET_ORIGINAL))
    taken = taken or _iso(inner.get(_DIGITISED), inner.get(_OFFSET_DIGITISED))
    known = isinstance(orientation, int) and 1 <= orientation <= 8
    return Metadata(orientation if known else 1, taken, texts, clean_text(interop) == "R03")


def _settings(exif: Mapping[int, object]) -> dict[str, str]:
    """The camera's settings as EXIF 2.32 names them; a value that is no positive number is left out."""
    fields = {"exposure_time": _EXPOSURE_TIME, "f_number": _F_NUMBER, "iso": _ISO, "focal_length": _FOCAL_LENGTH}
    found = {}
    for name, tag in fields.items():
        raw = exif.get(tag)
        with suppress(TypeError, ValueError, ZeroDivisionError, OverflowError, IndexError):
            if isinstance(raw, tuple):  # some cameras write the ISO twice, some programs a ratio as two numbers
                raw = raw[0] if tag == _ISO or len(raw) == 1 else raw[0] / raw[1]
            value = float(raw)  # type: ignore[arg-type]
            if math.isfinite(value) and value > 0:
                found[name] = f"{value:.6g}"
    balance = {0: "auto", 1: "manual"}.get(exif.get(_WHITE_BALANCE))  # type: ignore[call-overload]
    return found | ({"white_balance": balance} if balance else {})


def clean_text(raw: object) -> str:
    """Untrusted text: control and other unprintable characters removed, blanks joined, at most 100 characters."""
    if isinstance(raw, bytes):
        raw = raw.decode("utf-8", "replace")
    if not isinstance(raw, str):
        return ""
    text = "".join(c for c in raw[: 4 * _TEXT_LIMIT].split("\0")[0] if c.isprintable())
    return " ".join(text.split())[:_TEXT_LIMIT].strip()


def _iso(date: object, offset: object) -> str | None:
    """EXIF ``2026:11:20 10:11:12`` and ``+01:00`` to ISO 8601; None where there is no such date."""
    match = re.fullmatch(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d:\d\d:\d\d)", clean_text(date), re.ASCII)
    if not match:
        return None
    zone = clean_text(offset)
    zone = zone if re.fullmatch(r"[+-]\d\d:\d\d|Z", zone, re.ASCII) else ""
    try:
        return datetime.fromisoformat("{}-{}-{}T{}".format(*match.groups()) + zone).isoformat()
    except ValueError:
        return None
