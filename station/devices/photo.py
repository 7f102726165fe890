"""The one decoder of image files: every picture enters the station here.

Order of work: size of the file, format by its first bytes, header, pixel cap, and only then the decode
(:mod:`photo_pillow`, :mod:`photo_heif`, :mod:`photo_raw`). EXIF orientation and the colour profile's tone curve are
applied once; what was done stands in the shot's notes.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable
from pathlib import Path

from station.devices import icc
from station.devices.apart import COPY
from station.devices.coding import coding_step
from station.devices.edited import edit_signs
from station.devices.photo_header import recognise
from station.devices.photo_heif import decode_heif
from station.devices.photo_limits import Decoded, Pixels, refusing
from station.devices.photo_pillow import decode_by_pillow
from station.devices.photo_raw import decode_raw
from station.devices.primaries import REC_2020
from station.errors import PhotoError
from station.values.colour import DeviceRGB
from station.values.digest import sha256_hex
from station.values.line import Shot
from station.values.names import natural_key

RAW_SUFFIXES = (".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf", ".rw2", ".pef", ".srw")
READABLE_SUFFIXES = (".jpg", ".jpeg", ".jpe", ".heic", ".heif", ".hif", ".avif", ".png", ".tif", ".tiff", ".webp")
REFUSED_SUFFIXES = (".gif", ".bmp")
PICTURE_SUFFIXES = frozenset(READABLE_SUFFIXES + RAW_SUFFIXES + REFUSED_SUFFIXES)
"""What counts as a picture in a folder. Kinds that are refused are among them, so that none is skipped in silence."""


def read_photo(
    source: Path | bytes, *, name: str | None = None, max_megapixels: float = 60.0, max_photo_mb: float = 120.0
) -> Shot:
    """Vet, decode and set upright one picture.

    Parameters
    ----------
    source
        A file or the bytes of one: JPEG, HEIC, AVIF, PNG, TIFF, WebP or camera raw, recognised by content.
    name
        What to call it in messages and records; the file's own name by default. Never used as a path.
    max_megapixels
        A larger picture is refused before it is decoded; above 89 it has no effect, as Pillow refuses first.
    max_photo_mb
        A larger file, in 10^6 bytes, is refused before it is read.

    Returns
    -------
    Shot with (H, W, 3) pixels coded with the sRGB curve in the file's own primaries: uint8, or uint16 where the file
    has more than 8 bits or a tone curve was replaced.

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
    if kind == "HEIF":
        decoded = decode_heif(data, label, max_megapixels)
    elif kind == "RAW":
        decoded = decode_raw(data, label, max_megapixels)
    else:
        decoded = decode_by_pillow(data, kind, label, max_megapixels)
    metadata, notes = decoded.metadata, list(decoded.notes)
    with refusing(label):
        stored = decoded.pixels if decoded.stored is None else decoded.stored
        edits = edit_signs(kind, stored, metadata, tables=decoded.tables, ducky=decoded.ducky)
        photo = _to_srgb_curve(decoded, label, notes)
    return Shot(
        photo=photo,
        sha256=sha256_hex(data),
        name=label,
        taken_at=metadata.taken_at,
        notes=tuple(notes),
        metadata=metadata.texts,
        coding_step=coding_step(data, kind),
        edits=edits,
        orientation=decoded.orientation,
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
            raise _no_pictures(path)
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


def _no_pictures(folder: Path) -> PhotoError:
    label = _clean_name(folder.name or str(folder.absolute()))
    deeper = sorted((p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith(".")), key=natural_key)
    if not deeper:
        return PhotoError(
            f"The folder {label} has no pictures in it", "Name a folder that holds JPEG, HEIC, PNG, TIFF or WebP files."
        )
    named = ", ".join(_clean_name(name) for name in deeper[:3]) + (" ..." if len(deeper) > 3 else "")
    return PhotoError(
        f"The folder {label} has no pictures of its own, and the folders inside it ({named}) are not searched",
        f"Name the folders that hold the pictures, or all at once: {folder}/*/",
    )


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
    return PhotoError(f"{label} cannot be read ({error.strerror or 'input error'})", COPY)


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
        raise PhotoError(f"{label} is empty", COPY)
    if len(data) > limit:
        raise _too_large(label, max_photo_mb)
    return data


def _too_large(label: str, max_photo_mb: float) -> PhotoError:
    return PhotoError(
        f"{label} is larger than {max_photo_mb:g} MB", "Hand in a smaller file, or raise STATION_MAX_PHOTO_MB."
    )


def _what_to_do_instead(known_as: str) -> str:
    if known_as.startswith("a sequence"):
        return "Hand in the single photo: on a phone, switch off the live or burst mode."
    return "Hand in a photo as JPEG, HEIC, PNG, TIFF or WebP."


def _to_srgb_curve(decoded: Decoded, label: str, notes: list[str]) -> DeviceRGB:
    """The picture with the tone curve of sRGB; what it says of its primaries goes along."""
    pixels, profile = decoded.pixels, decoded.profile
    if not profile:
        space = icc.adobe_rgb() if decoded.metadata.adobe_rgb else decoded.space
        return DeviceRGB(pixels) if space is None else _by_curves(pixels, space, notes)
    try:
        kind = icc.colour_space(profile)
        if kind not in ("RGB", "GRAY"):
            raise icc.ProfileError("it describes another kind of picture")
        if kind == "GRAY" and not _is_grey(pixels):
            raise icc.ProfileError("it describes a grey picture")
        matrix = icc.read_matrix_profile(profile)
        if matrix is not None:
            return _by_curves(pixels, matrix, notes)
        from station.devices.icc_tables import read_table_profile, recode_by_tables

        recoded, outside = recode_by_tables(pixels, read_table_profile(profile))
    except icc.ProfileError as error:
        raise PhotoError(f"The colour profile in {label} cannot be used: {error}", "Export it as sRGB.") from error
    share = f"{outside:.1%}" if outside >= 0.001 else "less than 0.1%"
    clipped = f"; {share} of the pixels lay outside it and were clipped" if outside else ""
    notes.append(
        f"colour profile {icc.profile_name(profile)}, built on tables, applied: primaries of Rec. 2020{clipped}"
    )
    return DeviceRGB(recoded, "Rec. 2020", REC_2020)


def _by_curves(pixels: Pixels, space: icc.MatrixProfile, notes: list[str]) -> DeviceRGB:
    if not space.has_srgb_curve:
        pixels = icc.recode(pixels, space)
        notes.append(f"colour profile {space.name}: its tone curve replaced by that of sRGB")
    if space.has_srgb_primaries:
        return DeviceRGB(pixels)
    notes.append(f"primaries of {space.name} kept")
    return DeviceRGB(pixels, space.name, space.matrix)


def _is_grey(pixels: Pixels) -> bool:
    return bool((pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 0] == pixels[..., 2]).all())
