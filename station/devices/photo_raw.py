"""Camera raw files, by LibRaw through rawpy, which comes with the extra ``raw``.

Developed as a measurement wants it: the camera's own white balance and nothing else; no automatic brightness, no tone
curve, 16 bits, coded with the sRGB curve in the primaries of Rec. 2020, in which no enamel is clipped.
"""

from __future__ import annotations

import dataclasses
import importlib.util

import numpy as np

from station.devices.apart import decode_apart
from station.devices.icc import srgb_curve_profile
from station.devices.photo_header import Metadata, exif_metadata, load_exif
from station.devices.photo_limits import Decoded, refusing, vet_pixels, vet_sides
from station.devices.primaries import REC_2020
from station.errors import PhotoError
from station.values.colour import srgb_encode


def decode_raw(data: bytes, label: str, max_megapixels: float) -> Decoded:
    """Develop a raw file. Raises PhotoError; the size is vetted before anything is unpacked."""
    if importlib.util.find_spec("rawpy") is None:
        raise PhotoError(
            f"{label} is a camera raw file, and the raw developer is not installed",
            "In the station's folder run: pip install -e '.[raw]'; or hand in the camera's own JPEG of it.",
        )
    header, raw = decode_apart("RAW", data, label, max_megapixels)
    vet_pixels(header["width"], header["height"], label, max_megapixels)
    vet_sides(header["width"], header["height"], label)
    with refusing(label):
        shape = header["shape"]
        if len(shape) != 3 or shape[2] != 3:
            raise PhotoError(f"{label} comes from a camera without colours", "Hand in a colour photo.")
        code = np.rint(srgb_encode(np.arange(65536) / 65535) * 65535).astype(np.uint16)
        pixels = code[np.frombuffer(raw, np.uint16).reshape(shape)]
        metadata = _metadata(data)
    return Decoded(
        pixels=pixels,
        metadata=dataclasses.replace(metadata, orientation=1, adobe_rgb=False),
        notes=("camera raw developed: the camera's white balance, no brightness or tone curve",),
        space=srgb_curve_profile(REC_2020, "Rec. 2020"),
        orientation=metadata.orientation,
    )


def _metadata(data: bytes) -> Metadata:
    """EXIF of raw files that are TIFF at heart; others keep none."""
    if data[:2] not in (b"II", b"MM"):
        return exif_metadata(load_exif(b""), b"")
    fixed = data[:2] + (b"*\0" if data[:2] == b"II" else b"\0*") + data[4:]  # Olympus and Panasonic write their own
    return exif_metadata(load_exif(fixed), b"")
