"""Camera raw files, by LibRaw through rawpy, which comes with the extra ``raw``.

Developed as a measurement wants it: the camera's own white balance and nothing else; no automatic brightness, no tone
curve, 16 bits, coded with the sRGB curve in the primaries of Rec. 2020, in which no enamel is clipped.
"""

from __future__ import annotations

import dataclasses
import io

import numpy as np
from PIL import Image

from station.devices.icc import srgb_curve_profile
from station.devices.photo_header import Metadata, exif_metadata
from station.devices.photo_limits import Decoded, refusing, vet_pixels, vet_sides
from station.devices.primaries import REC_2020
from station.errors import PhotoError
from station.values.colour import srgb_encode


def decode_raw(data: bytes, label: str, max_megapixels: float) -> Decoded:
    """Develop a raw file. Raises PhotoError; the size is vetted before anything is unpacked."""
    try:
        import rawpy
    except ImportError as error:
        raise PhotoError(
            f"{label} is a camera raw file, and the raw developer is not installed",
            "In the station's folder run: pip install -e '.[raw]'; or hand in the camera's own JPEG of it.",
        ) from error
    with refusing(label), rawpy.RawPy() as raw:
        raw.open_buffer(io.BytesIO(data))
        sizes = raw.sizes
        vet_pixels(sizes.raw_width, sizes.raw_height, label, max_megapixels)
        vet_sides(sizes.width, sizes.height, label)
        raw.unpack()
        linear = raw.postprocess(
            use_camera_wb=True,
            no_auto_bright=True,
            output_bps=16,
            gamma=(1, 1),
            output_color=rawpy.ColorSpace.Rec2020,
        )
        code = np.rint(srgb_encode(np.arange(65536) / 65535) * 65535).astype(np.uint16)
        pixels = code[linear]
        if pixels.ndim != 3 or pixels.shape[2] != 3:
            raise PhotoError(f"{label} comes from a camera without colours", "Hand in a colour photo.")
        metadata = _metadata(data)
    return Decoded(
        pixels=np.ascontiguousarray(pixels),
        metadata=dataclasses.replace(metadata, orientation=1, adobe_rgb=False),
        notes=("camera raw developed: the camera's white balance, no brightness or tone curve",),
        space=srgb_curve_profile(REC_2020, "Rec. 2020"),
    )


def _metadata(data: bytes) -> Metadata:
    """EXIF of raw files that are TIFF at heart; others keep none."""
    exif = Image.Exif()
    if data[:2] in (b"II", b"MM"):
        fixed = data[:2] + (b"*\0" if data[:2] == b"II" else b"\0*") + data[4:]  # Olympus and Panasonic write their own
        try:
            exif.load(fixed)
        except Exception:  # Pillow's reader raises nearly anything on vendors' directories
            exif = Image.Exif()
    return exif_metadata(exif, b"")
