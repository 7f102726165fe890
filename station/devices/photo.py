"""The one decoder of image files: every picture enters the station here.

Order of work: size of the file, format by its first bytes, header, pixel cap, and only then the decode. EXIF
orientation and the colour profile are applied once; what was done stands in the shot's notes. JPEG is decoded by
simplejpeg in strict mode, 16-bit files by OpenCV, the rest by Pillow, which refuses truncated files.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import re
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from station.devices import icc
from station.devices.photo_header import Metadata, read_metadata, recognise, webp_size
from station.errors import PhotoError
from station.values.colour import DeviceRGB
from station.values.digest import sha256_hex
from station.values.line import Shot
from station.values.names import natural_key

Pixels = NDArray[Any]  # (H, W) or (H, W, C), uint8 or uint16

MIN_SIDE_PX = 64
"""A smaller picture is refused: nothing on it can be measured."""

READABLE_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".png", ".tif", ".tiff", ".webp")
REFUSED_SUFFIXES = (".heic", ".heif", ".avif", ".gif", ".bmp", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf")
PICTURE_SUFFIXES = frozenset(READABLE_SUFFIXES + REFUSED_SUFFIXES)
"""What counts as a picture in a folder. Kinds that are refused are among them, so that none is skipped in silence."""

# More scans than any encoder writes: a small progressive file could otherwise keep the decoder busy for minutes.
_MAX_JPEG_SCANS = 200
_EXPORT = "Export it again as JPEG or PNG and hand that in."
_COPY = "Copy it again from the camera or ask the sender for it again."
_lock = threading.Lock()
logging.getLogger("PIL").addHandler(logging.NullHandler())  # what it logs of a bad file comes back as a PhotoError


def read_photo(
    source: Path | bytes, *, name: str | None = None, max_megapixels: float = 60.0, max_photo_mb: float = 120.0
) -> Shot:
    """Vet, decode and set upright one picture.

    Parameters
    ----------
    source
        A file or the bytes of one: JPEG, PNG, TIFF or WebP, recognised by content.
    name
        What to call it in messages and records; the file's own name by default. Never used as a path.
    max_megapixels
        A larger picture is refused before it is decoded; above 89 it has no effect, as Pillow refuses first.
    max_photo_mb
        A larger file, in 10^6 bytes, is refused before it is read.

    Returns
    -------
    Shot with (H, W, 3) pixels coded with the sRGB curve: uint8, or uint16 where the file has 16 bits or a colour
    profile was applied.

    Raises
    ------
    PhotoError
        Whatever is wrong with the file; the text names it and says what to do.
    """
    label = _clean_name(name if name is not None else source.name if isinstance(source, Path) else "photo")
    data = _read_bytes(source, label, max_photo_mb)
    kind, known_as = recognise(data)
    if kind is None:
        raise PhotoError(f"{label} is {known_as}", _what_to_do_instead(known_as))
    if kind == "WEBP":  # Pillow's decoder takes memory for the whole canvas on opening
        _vet_pixels(*webp_size(data), label, max_megapixels)
    with _refusing(label):
        with _pillow_warnings_are_errors():
            image = Image.open(io.BytesIO(data), formats=[kind])
            _vet_header(image, data, kind, label, max_megapixels)
            metadata = read_metadata(image)
            notes = list(metadata.notes)
            pixels = None if kind == "JPEG" else _decode(image, data, kind, label, notes)
        if pixels is None:
            pixels = _decode_jpeg(image, data, notes)
        if pixels.shape[:2] not in ((image.height, image.width), (image.width, image.height)):
            raise PhotoError(f"{label} has two sizes in its header", _EXPORT)
        if kind != "TIFF":  # both TIFF decoders have already turned it
            pixels = _upright(pixels, metadata.orientation)
        if metadata.orientation != 1:
            notes.append(f"turned upright (EXIF orientation {metadata.orientation})")
        pixels = _to_srgb(pixels, image.info.get("icc_profile"), metadata, label, notes)
    return Shot(
        photo=DeviceRGB(pixels),
        sha256=sha256_hex(data),
        name=label,
        taken_at=metadata.taken_at,
        notes=tuple(notes),
        metadata=metadata.texts,
    )


def photo_files(paths: Iterable[Path]) -> list[Path]:
    """Pictures to read: files as given, folders replaced by the pictures in them in natural order (2 before 10).

    Folders are not searched deeper; a file named twice is listed once. Raises ``PhotoError`` for a path that does not
    exist, for a folder without pictures and for a name that is not Unicode and so cannot be recorded.
    """
    found: dict[str, Path] = {}
    for path in paths:
        try:
            if not path.is_dir():
                path.stat()
                found.setdefault(os.path.normpath(path.absolute()), path)
                continue
            inside = [p for p in path.iterdir() if p.suffix.lower() in PICTURE_SUFFIXES and p.is_file()]
        except OSError as error:
            raise _cannot_read(_clean_name(str(path)), error) from error
        inside = [p for p in inside if not p.name.startswith(".")]
        if not inside:
            raise PhotoError(
                f"The folder {_clean_name(path.name or str(path))} has no pictures in it",
                "Name a folder that holds JPEG, PNG, TIFF or WebP files; folders inside it are not searched.",
            )
        for picture in sorted(inside, key=lambda p: natural_key(p.name)):
            found.setdefault(os.path.normpath(picture.absolute()), picture)
    for picture in found.values():
        try:
            str(picture).encode()
        except UnicodeEncodeError as error:
            raise PhotoError(
                f"The name {_clean_name(picture.name)} is not written in Unicode", "Give the file another name."
            ) from error
    return list(found.values())


def _clean_name(name: str) -> str:
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    return "".join(c if c.isprintable() else "?" for c in last)[:200] or "photo"


def _cannot_read(label: str, error: OSError) -> PhotoError:
    if isinstance(error, FileNotFoundError):
        return PhotoError(f"{label} does not exist", "Check the path and its spelling.")
    if isinstance(error, PermissionError):
        return PhotoError(f"{label} may not be read", "Give your account permission to read it, or copy it elsewhere.")
    if error.errno == errno.EISDIR:
        return PhotoError(f"{label} is a folder, not a photo", "Name one picture in it.")
    return PhotoError(f"{label} cannot be read ({error.strerror or 'input error'})", _COPY)


def _read_bytes(source: Path | bytes, label: str, max_photo_mb: float) -> bytes:
    limit = int(max_photo_mb * 1e6)
    if isinstance(source, bytes):
        data = source
    else:
        try:
            if not source.is_file():  # a pipe or device would block for ever
                if source.is_dir():
                    raise IsADirectoryError(errno.EISDIR, "is a folder")
                source.stat()
                raise PhotoError(f"{label} is not a regular file", "Name a picture file.")
            if source.stat().st_size > limit:
                raise _too_large(label, max_photo_mb)
            data = source.read_bytes()
        except (OSError, ValueError) as error:
            raise _cannot_read(label, error if isinstance(error, OSError) else FileNotFoundError()) from error
    if not data:
        raise PhotoError(f"{label} is empty", _COPY)
    if len(data) > limit:
        raise _too_large(label, max_photo_mb)
    return data


def _too_large(label: str, max_photo_mb: float) -> PhotoError:
    return PhotoError(
        f"{label} is larger than {max_photo_mb:g} MB", "Hand in a smaller file, or raise STATION_MAX_PHOTO_MB."
    )


def _what_to_do_instead(known_as: str) -> str:
    if known_as.startswith("a HEIC"):
        return "Convert it to JPEG, or set the phone's camera to save JPEG (Most Compatible), and hand that in."
    if known_as.startswith("a camera raw"):
        return "Develop it to a 16-bit TIFF or a JPEG and hand that in."
    return "Hand in a photo as JPEG, PNG, TIFF or WebP."


@contextmanager
def _refusing(label: str) -> Iterator[None]:
    """Whatever a decoder throws at hostile bytes becomes one PhotoError."""
    try:
        yield
    except PhotoError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoError(
            f"{label} has far more megapixels than the station decodes",
            "Photograph the unit alone, or scale the picture down.",
        ) from error
    except MemoryError as error:
        raise PhotoError(f"{label} needs more memory than there is", "Hand in a smaller picture.") from error
    except UnidentifiedImageError as error:
        raise PhotoError(f"{label} is damaged, or stored in a way that cannot be read", _EXPORT) from error
    except Exception as error:  # Pillow's plugins raise nearly anything: struct.error, SyntaxError, EOFError ...
        raise PhotoError(f"{label} is damaged or cut off", _COPY) from error


@contextmanager
def _pillow_warnings_are_errors() -> Iterator[None]:
    # Warning filters belong to the process: one thread at a time, and only Pillow's own warnings are touched.
    with _lock, warnings.catch_warnings():
        warnings.filterwarnings("error", module=r"PIL\..*")
        # A lost index of further embedded pictures, common after messengers, says nothing of the main picture.
        warnings.filterwarnings("ignore", message="Image appears to be a malformed MPO", module=r"PIL\..*")
        yield


def _vet_pixels(width: int, height: int, label: str, max_megapixels: float) -> None:
    if width * height > max_megapixels * 1e6:
        raise PhotoError(
            f"{label} has {width * height / 1e6:.0f} megapixels ({width} x {height}), the limit is {max_megapixels:g}",
            "Scale it down, or raise STATION_MAX_MEGAPIXELS.",
        )


def _vet_header(image: Image.Image, data: bytes, kind: str, label: str, max_megapixels: float) -> None:
    width, height = image.size
    _vet_pixels(width, height, label, max_megapixels)
    if min(width, height) < MIN_SIDE_PX:
        raise PhotoError(
            f"{label} is {width} x {height} pixels, too small to measure",
            f"Hand in the photo as the camera wrote it, at least {MIN_SIDE_PX} pixels a side.",
        )
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
            raise PhotoError(f"{label} has two sizes in its header", _EXPORT)
        if data.count(b"\xff\xda") > _MAX_JPEG_SCANS:
            raise PhotoError(f"{label} has more than {_MAX_JPEG_SCANS} JPEG scans", _EXPORT)


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
        return _drop_opaque_alpha(_decode_16_bit(data), label, notes)
    image.load()
    if image.mode in ("L", "LA"):
        notes.append("grey picture: its three channels are alike")
    if image.mode in ("P", "PA"):
        notes.append("palette picture: at most 256 different colours")
    if image.mode not in ("RGB", "RGBA", "L", "LA", "P", "PA", "YCbCr", "RGBX"):
        raise PhotoError(f"{label} is stored in an unusual way (mode {image.mode})", _EXPORT)
    has_alpha = image.has_transparency_data
    pixels = np.asarray(image.convert("RGBA" if has_alpha else "RGB"))
    return _drop_opaque_alpha(pixels, label, notes)


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
        raise PhotoError(f"{label} is stored in an unusual way", _EXPORT)
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


def _drop_opaque_alpha(pixels: Pixels, label: str, notes: list[str]) -> Pixels:
    if pixels.ndim == 2:
        notes.append("grey picture: its three channels are alike")
        return np.dstack([pixels] * 3)
    if pixels.shape[2] == 4:
        if int(pixels[..., 3].min()) < np.iinfo(pixels.dtype).max:
            raise PhotoError(
                f"{label} is partly transparent, so part of it is not a photo",
                "Hand in the photo as the camera wrote it, not cut out.",
            )
        notes.append("opaque alpha channel dropped")
    return np.ascontiguousarray(pixels[..., :3])


def _upright(pixels: Pixels, orientation: int) -> Pixels:
    """EXIF 2.32, tag 0x0112: which rows and columns of the file the 0th row and column show."""
    turned = np.swapaxes(pixels, 0, 1) if orientation >= 5 else pixels
    flip_x, flip_y = orientation in (2, 3, 6, 7), orientation in (3, 4, 7, 8)
    upright: Pixels = np.ascontiguousarray(turned[:: -1 if flip_y else 1, :: -1 if flip_x else 1])
    return upright


def _to_srgb(pixels: Pixels, profile: bytes | None, metadata: Metadata, label: str, notes: list[str]) -> Pixels:
    if not profile and not metadata.adobe_rgb:
        return pixels
    try:
        if profile and icc.colour_space(profile) not in ("RGB", "GRAY"):
            raise icc.ProfileError("it describes another kind of picture")
        if profile and icc.colour_space(profile) == "GRAY" and not _is_grey(pixels):
            raise icc.ProfileError("it describes a grey picture")
        matrix = icc.read_matrix_profile(profile) if profile else icc.adobe_rgb()
        if matrix is None:
            if pixels.dtype == np.uint16:
                raise icc.ProfileError("it is built on tables, which are applied to 8-bit pictures only")
            notes.append("colour profile built on tables applied by littleCMS")
            return icc.to_srgb_by_tables(np.asarray(pixels, np.uint8), profile or b"")
    except icc.ProfileError as error:
        raise PhotoError(f"The colour profile in {label} cannot be used: {error}", "Export it as sRGB.") from error
    if matrix.is_srgb:
        return pixels
    converted, outside = icc.to_srgb(pixels, matrix)
    share = f"{outside:.1%}" if outside >= 0.001 else "less than 0.1%"
    clipped = f"; {share} of the pixels lay outside sRGB and were clipped" if outside else ""
    notes.append(f"colour profile {matrix.name} converted to sRGB{clipped}")
    return converted


def _is_grey(pixels: Pixels) -> bool:
    return bool((pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 0] == pixels[..., 2]).all())
