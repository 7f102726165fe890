"""What a picture file says of itself: its format by its first bytes, and the few EXIF fields the station keeps."""

from __future__ import annotations

import re
import struct
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from PIL import ExifTags, Image

from station.devices.exif_settings import exposure_settings

_MAKER, _MODEL, _ORIENTATION, _SOFTWARE, _DATE, _XMP = 0x010F, 0x0110, 0x0112, 0x0131, 0x0132, 0x02BC
_EXIF_IFD, _INTEROP_IFD = 0x8769, 0xA005
_ORIGINAL, _DIGITISED, _OFFSET_ORIGINAL, _OFFSET_DIGITISED = 0x9003, 0x9004, 0x9011, 0x9012
_EXPOSURE, _APERTURE, _ISO, _FOCAL = 0x829A, 0x829D, 0x8827, 0x920A
_WIDTH, _HEIGHT, _USER_COMMENT = 0xA002, 0xA003, 0x9286
_INTEROP_INDEX = 0x0001
_DNG_VERSION, _SUB_IFDS, _NEW_SUBFILE, _PHOTOMETRIC, _COMPRESSION = 0xC612, 0x014A, 0x00FE, 0x0106, 0x0103
_CFA, _LINEAR_RAW = 32803, 34892
_THUMBNAIL_START, _THUMBNAIL_SIZE = 0x0201, 0x0202
_TEXT_LIMIT, _XMP_LIMIT, _THUMBNAIL_LIMIT = 100, 64_000, 128_000


@dataclass(frozen=True, slots=True)
class Metadata:
    """orientation : EXIF 1-8. taken_at : ISO 8601, with an offset only where the camera wrote one.

    texts : maker, model, software, date (of the last change), each capped and free of control characters;
        and the exposure's settings (see ``exif_settings``).
    adobe_rgb : the camera says Adobe RGB without embedding a profile (DCF 2.0, interoperability index R03).
    exposure : how many of exposure time, aperture, sensitivity and focal length stand in the file, 0-4.
    said_size : (width, height) that EXIF gives, or None.
    xmp : the start of the XMP packet, as text. comment : the user comment. thumbnail : the embedded JPEG, or empty.
    """

    orientation: int
    taken_at: str | None
    texts: dict[str, str]
    adobe_rgb: bool
    notes: tuple[str, ...] = ()
    exposure: int = 0
    said_size: tuple[int, int] | None = None
    xmp: str = ""
    comment: str = ""
    thumbnail: bytes = b""


def recognise(data: bytes) -> tuple[str | None, str]:
    """Name of the format, or None where it is not read, and a description in words ("a JPEG picture" ...).

    The names are Pillow's, and ``HEIF`` and ``RAW``.
    """
    if data[:3] == b"\xff\xd8\xff":
        return "JPEG", "a JPEG picture"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG", "a PNG picture"
    if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return ("RAW", "a camera raw file") if _is_raw_tiff(data) else ("TIFF", "a TIFF picture")
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP", "a WebP picture"
    if data[4:8] == b"ftyp":
        return _isobmff(data)
    if data[:8] == b"FUJIFILM" or data[:4] in (b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"\0MRM", b"FOVb"):
        return "RAW", "a camera raw file"
    return None, _other_kind(data)


def _isobmff(data: bytes) -> tuple[str | None, str]:
    """ISO/IEC 14496-12, 4.3: the major brand, then the compatible ones."""
    size = min(max(int.from_bytes(data[:4], "big"), 16), 256)
    brand, others = data[8:12], [data[i : i + 4] for i in range(16, min(size, len(data)) - 3, 4)]
    brands = (brand, *others)
    if brand == b"crx ":
        return "RAW", "a camera raw file"
    if b"avif" in brands:
        return "AVIF", "an AVIF picture"
    if any(b in brands for b in (b"heic", b"heix", b"heim", b"heis")):
        return "HEIF", "a HEIC picture"
    if brand in (b"hevc", b"hevx", b"msf1", b"avis"):
        return None, "a sequence of pictures"
    if b"mif1" in brands:
        return "HEIF", "a HEIF picture"
    return None, "a video"


def _is_raw_tiff(data: bytes) -> bool:
    """Whether a TIFF is a camera's raw file: it says so, or its first picture is a thumbnail beside mosaic data."""
    if data[8:10] == b"CR":
        return True
    with suppress(struct.error, IndexError):
        tags = _first_directory(data)
        if _DNG_VERSION in tags or tags.get(_PHOTOMETRIC) in (_CFA, _LINEAR_RAW):
            return True
        # NEF, ARW, PEF and SRW: a reduced picture first, the sensor's own in a directory below
        return bool(tags.get(_NEW_SUBFILE, 0) & 1) and (_SUB_IFDS in tags or 0xC634 in tags)
    return False


def _first_directory(data: bytes) -> dict[int, int]:
    """Tags of the first image file directory with their value where that is one short or long number, else 0."""
    order = "<" if data[:2] == b"II" else ">"
    if data[2:4] in (b"+\0", b"\0+"):  # BigTIFF, which no camera writes
        return {}
    start = struct.unpack_from(order + "I", data, 4)[0]
    count = struct.unpack_from(order + "H", data, start)[0]
    found = {}
    for i in range(count):
        tag, kind, number = struct.unpack_from(order + "HHI", data, start + 2 + 12 * i)
        form = {3: "H", 4: "I"}.get(kind)
        plain = form is not None and number == 1
        found[tag] = struct.unpack_from(order + str(form), data, start + 10 + 12 * i)[0] if plain else 0
    return found


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
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return "a GIF picture, which holds too few colours to measure"
    if data[:2] == b"BM":
        return "a BMP picture, which the station does not decode"
    if data[:4] == b"%PDF":
        return "a PDF document"
    if data[:2] == b"PK":
        return "an archive"
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
    except Exception:  # a damaged directory makes Pillow raise nearly anything, its own warnings included
        return _DAMAGED
    raw = image.info.get("exif") if image.format != "TIFF" else None
    return exif_metadata(exif, raw if isinstance(raw, bytes) else b"", xmp=image.info.get("xmp"))


def load_exif(raw: bytes) -> Image.Exif:
    """EXIF of bytes that start with ``Exif`` or a TIFF header; empty where they cannot be read."""
    exif = Image.Exif()
    try:
        exif.load(raw)
    except Exception:  # Pillow raises nearly anything on damaged directories
        return Image.Exif()
    return exif


_DAMAGED = Metadata(1, None, {}, False, ("EXIF is damaged: orientation and date are unknown",))


def exif_metadata(exif: Image.Exif, raw: bytes, *, xmp: object = None) -> Metadata:
    """The kept fields of EXIF data. raw : the same as bytes, where an embedded thumbnail is to be kept."""
    try:
        orientation = exif.get(_ORIENTATION, 1)
        inner = exif.get_ifd(_EXIF_IFD)
        interop = None
        with suppress(KeyError):  # Pillow's answer where there is none
            interop = exif.get_ifd(_INTEROP_IFD).get(_INTEROP_INDEX)
    except Exception:
        return _DAMAGED
    fields = {"maker": exif.get(_MAKER), "model": exif.get(_MODEL), "software": exif.get(_SOFTWARE)}
    texts = {name: text for name, raw in fields.items() if (text := clean_text(raw))}
    if changed := _iso(exif.get(_DATE), None):
        texts["date"] = changed
    texts |= exposure_settings(inner)
    taken = _iso(inner.get(_ORIGINAL), inner.get(_OFFSET_ORIGINAL))
    taken = taken or _iso(inner.get(_DIGITISED), inner.get(_OFFSET_DIGITISED))
    known = isinstance(orientation, int) and 1 <= orientation <= 8
    width, height = inner.get(_WIDTH), inner.get(_HEIGHT)
    packet = xmp if xmp is not None else exif.get(_XMP)
    packet = packet[:_XMP_LIMIT].decode("utf-8", "replace") if isinstance(packet, bytes) else str(packet or "")
    thumbnail = b""
    with suppress(Exception):  # as above; a broken thumbnail says nothing of the picture
        thumbnail = _thumbnail(exif, raw) if raw else b""
    return Metadata(
        orientation if known else 1,
        taken,
        texts,
        clean_text(interop) == "R03",
        exposure=sum(tag in inner for tag in (_EXPOSURE, _APERTURE, _ISO, _FOCAL)),
        said_size=(width, height) if isinstance(width, int) and isinstance(height, int) else None,
        xmp=packet[:_XMP_LIMIT],
        comment=_comment(inner.get(_USER_COMMENT)),
        thumbnail=thumbnail,
    )


def _comment(raw: object) -> str:
    """The user comment; its first eight bytes name the character code (EXIF 2.32, 4.6.5, UserComment)."""
    if isinstance(raw, bytes) and raw[:8] in (b"ASCII\0\0\0", b"UNICODE\0", bytes(8)):
        raw = raw[8:].replace(b"\0", b"")
    return clean_text(raw)


def _thumbnail(exif: Image.Exif, raw: bytes) -> bytes:
    """The JPEG that the second directory points at, counted from the TIFF header (EXIF 2.32, 4.5.8)."""
    tiff = raw.removeprefix(b"Exif\0\0")
    second = exif.get_ifd(ExifTags.IFD.IFD1)
    start, size = second.get(_THUMBNAIL_START), second.get(_THUMBNAIL_SIZE)
    if not (isinstance(start, int) and isinstance(size, int) and start > 0 and 0 < size <= _THUMBNAIL_LIMIT):
        return b""
    return tiff[start : start + size]


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
