"""Pictures that Pillow opens: JPEG, decoded by simplejpeg in strict mode; PNG and TIFF, 16 bits by OpenCV; WebP, AVIF.

EXIF orientation is applied once. Pillow refuses truncated files.
"""

from __future__ import annotations

import io
import logging
import struct
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image

from station.devices.icc import MatrixProfile
from station.devices.photo_header import read_metadata, webp_size
from station.devices.photo_heif import named_space
from station.devices.photo_limits import EXPORT, Decoded, Pixels, drop_opaque_alpha, refusing, vet_pixels, vet_sides
from station.errors import PhotoError

# More scans than any encoder writes: a small progressive file could otherwise keep the decoder busy for minutes.
_MAX_JPEG_SCANS = 200
_lock = threading.Lock()
logging.getLogger("PIL").addHandler(logging.NullHandler())  # what it logs of a bad file comes back as a PhotoError


def decode_by_pillow(data: bytes, kind: str, label: str, max_megapixels: float) -> Decoded:
    """Decode one picture of a format that Pillow knows as ``kind``. Raises PhotoError."""
    if kind == "WEBP":  # Pillow's decoder takes memory for the whole canvas on opening
        vet_pixels(*webp_size(data), label, max_megapixels)
    with refusing(label):
        with _pillow_warnings_are_errors():
            image = Image.open(io.BytesIO(data), formats=[kind])
            _vet_header(image, data, kind, label, max_megapixels)
            metadata = read_metadata(image)
            notes = list(metadata.notes)
            pixels = None if kind == "JPEG" else _decode(image, data, kind, label, notes)
        if pixels is None:
            pixels = _decode_jpeg(image, data, notes)
        if pixels.shape[:2] not in ((image.height, image.width), (image.width, image.height)):
            raise PhotoError(f"{label} has two sizes in its header", EXPORT)
        stored = pixels
        if kind != "TIFF":  # both TIFF decoders have already turned it
            pixels = _upright(pixels, metadata.orientation)
        if metadata.orientation != 1:
            notes.append(f"turned upright (EXIF orientation {metadata.orientation})")
    space = _avif_space(data, label) if kind == "AVIF" else None
    profile = image.info.get("icc_profile")
    if kind != "JPEG":
        return Decoded(pixels, metadata, tuple(notes), profile, space, orientation=metadata.orientation)
    tables: dict[int, list[int]] = getattr(image, "quantization", {})
    ducky = getattr(image, "app", {}).get("APP12", b"")[:5] == b"Ducky"
    return Decoded(
        pixels, metadata, tuple(notes), profile,
        stored=stored, tables=tables, ducky=ducky, orientation=metadata.orientation,
    )  # fmt: skip


def _avif_space(data: bytes, label: str) -> MatrixProfile | None:
    """The colour space in the header's ``colr`` box (ISO/IEC 14496-12, 12.1.5), which Pillow does not tell."""
    start = data.find(b"colrnclx", 0, 64_000)
    if start < 0 or start + 14 > len(data):
        return None
    primaries, transfer, _matrix = struct.unpack_from(">3H", data, start + 8)
    return named_space(primaries, transfer, label)


@contextmanager
def _pillow_warnings_are_errors() -> Iterator[None]:
    # Warning filters belong to the process: one thread at a time, and only Pillow's own warnings are touched.
    with _lock, warnings.catch_warnings():
        warnings.filterwarnings("error", module=r"PIL\..*")
        # A lost index of further embedded pictures, common after messengers, says nothing of the main picture.
        warnings.filterwarnings("ignore", message="Image appears to be a malformed MPO", module=r"PIL\..*")
        yield


def _vet_header(image: Image.Image, data: bytes, kind: str, label: str, max_megapixels: float) -> None:
    width, height = image.size
    vet_pixels(width, height, label, max_megapixels)
    vet_sides(width, height, label)
    if image.mode == "CMYK":
        raise PhotoError(
            f"{label} is a CMYK picture, made for printing: its colours are inks, not light",
            "Hand in the camera's own RGB file.",
        )
    if image.mode == "1":
        raise PhotoError(f"{label} has only black and white pixels", "Hand in a colour photo.")
    if kind != "JPEG" and getattr(image, "n_frames", 1) > 1:
        raise PhotoError(f"{label} holds several pictures (pages or animation)", "Save the one to measure by itself.")
    if kind == "JPEG":
        jpeg_height, jpeg_width, *_ = simplejpeg.decode_jpeg_header(data)
        if (jpeg_width, jpeg_height) != (width, height):
            raise PhotoError(f"{label} has two sizes in its header", EXPORT)
        if data.count(b"\xff\xda") > _MAX_JPEG_SCANS:
            raise PhotoError(f"{label} has more than {_MAX_JPEG_SCANS} JPEG scans", EXPORT)


def _decode_jpeg(image: Image.Image, data: bytes, notes: list[str]) -> Pixels:
    if image.mode == "L":
        notes.append("grey picture: its three channels are alike")
    if getattr(image, "n_frames", 1) > 1:
        notes.append("only the main picture of several embedded ones was read")
    pixels: Pixels = simplejpeg.decode_jpeg(data, colorspace="RGB", strict=True)
    return pixels


def _decode(image: Image.Image, data: bytes, kind: str, label: str, notes: list[str]) -> Pixels:
    if kind == "PNG":
        # Every chunk's checksum; and verify() leaves the picture unusable, so a second one is opened for it.
        Image.open(io.BytesIO(data), formats=["PNG"]).verify()
    if _bit_depth(image, data, kind, label) == 16:
        return drop_opaque_alpha(_decode_16_bit(data), label, notes)
    image.load()
    if image.mode in ("L", "LA"):
        notes.append("grey picture: its three channels are alike")
    if image.mode in ("P", "PA"):
        notes.append("palette picture: at most 256 different colours")
    if image.mode not in ("RGB", "RGBA", "L", "LA", "P", "PA", "YCbCr", "RGBX"):
        raise PhotoError(f"{label} is stored in an unusual way (mode {image.mode})", EXPORT)
    has_alpha = image.has_transparency_data
    pixels = np.asarray(image.convert("RGBA" if has_alpha else "RGB"))
    return drop_opaque_alpha(pixels, label, notes)


def _bit_depth(image: Image.Image, data: bytes, kind: str, label: str) -> int:
    """8 or 16 bits a channel; Pillow's mode does not tell, since it reads 16-bit colour as 8."""
    if kind == "PNG":
        return 16 if data[24] == 16 else 8
    if kind != "TIFF":
        return 8
    tags: Any = image.tag_v2  # type: ignore[attr-defined]
    bits, formats = set(tags.get(258, (1,))), set(tags.get(339, (1,)))
    if bits not in ({8}, {16}) or formats != {1}:
        raise PhotoError(f"{label} has neither 8 nor 16 bits a channel", "Export it as an 8- or 16-bit picture.")
    if bits == {16} and (tags.get(262) not in (1, 2) or tags.get(277, 1) not in (1, 3, 4)):
        raise PhotoError(f"{label} is stored in an unusual way", EXPORT)
    return int(bits.pop())


def _decode_16_bit(data: bytes) -> NDArray[np.uint16]:
    import cv2

    before = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    finally:
        cv2.utils.logging.setLogLevel(before)
    if decoded is None or decoded.dtype != np.uint16:
        raise ValueError("not decoded")
    if decoded.ndim == 3 and decoded.shape[2] == 4:
        decoded = cv2.cvtColor(decoded, cv2.COLOR_BGRA2RGBA)
    elif decoded.ndim == 3 and decoded.shape[2] == 3:
        decoded = cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB)
    return np.asarray(decoded, dtype=np.uint16)


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    """EXIF 2.32, tag 0x0112: which rows and columns of the file the 0th row and column show."""
    turned = np.swapaxes(pixels, 0, 1) if orientation >= 5 else pixels
    flip_x, flip_y = orientation in (2, 3, 6, 7), orientation in (3, 4, 7, 8)
    upright: Pixels = np.ascontiguousarray(turned[:: -1 if flip_y else 1, :: -1 if flip_x else 1])
    return upright
