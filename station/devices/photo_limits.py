"""What every decoder of pictures vets before it decodes, and how its failures become one PhotoError."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from station.devices.apart import COPY
from station.devices.icc import MatrixProfile
from station.devices.photo_header import Metadata
from station.errors import PhotoError

Pixels = NDArray[Any]  # (H, W) or (H, W, C), uint8 or uint16

MIN_SIDE_PX = 64
"""A smaller picture is refused: nothing on it can be measured."""

EXPORT = "Export it again as JPEG or PNG and hand that in."


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a decoder hands over. pixels : (H, W, 3) uint8 or uint16, upright.

    profile : the embedded ICC profile, or None. space : the colour space that the container names instead of one.
    stored : a JPEG's pixels as the file has them, not set upright. tables : its quantisation tables, in rows.
    ducky : Photoshop saved it for the web. orientation : EXIF 1-8 before the picture was set upright.
    """

    pixels: Pixels
    metadata: Metadata
    notes: tuple[str, ...] = ()
    profile: bytes | None = None
    space: MatrixProfile | None = None
    stored: Pixels | None = None
    tables: Mapping[int, Sequence[int]] | None = None
    ducky: bool = False
    orientation: int = 1


def vet_pixels(width: int, height: int, label: str, max_megapixels: float) -> None:
    """Raises PhotoError for a picture over the cap; called before anything is decoded."""
    if width * height > max_megapixels * 1e6:
        raise PhotoError(
            f"{label} has {width * height / 1e6:.0f} megapixels ({width} x {height}), the limit is {max_megapixels:g}",
            "Scale it down, or raise STATION_MAX_MEGAPIXELS.",
        )


def vet_sides(width: int, height: int, label: str) -> None:
    """Raises PhotoError for a picture on which nothing can be measured."""
    if min(width, height) < MIN_SIDE_PX:
        raise PhotoError(
            f"{label} is {width} x {height} pixels, too small to measure",
            f"Hand in the photo as the camera wrote it, at least {MIN_SIDE_PX} pixels a side.",
        )


def drop_opaque_alpha(pixels: Pixels, label: str, notes: list[str]) -> Pixels:
    """(H, W, 3) of grey, colour or colour with alpha. Raises PhotoError where a pixel is not opaque."""
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


@contextmanager
def refusing(label: str) -> Iterator[None]:
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
        raise PhotoError(f"{label} is damaged, or stored in a way that cannot be read", EXPORT) from error
    except Exception as error:  # decoders raise nearly anything: struct.error, SyntaxError, EOFError, RuntimeError ...
        raise PhotoError(f"{label} is damaged or cut off", COPY) from error
