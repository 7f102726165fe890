"""HEIC, the iPhone's format: decoded by libheif and libde265 through pi-heif, which has no GPL parts.

The file's own rotation and mirroring are applied by libheif; the orientation in its EXIF says the same once more and is
left alone (ISO/IEC 23008-12, 6.5.10 and A.2.1). Files of 10 or 12 bits come out as 16 bits.
"""

from __future__ import annotations

import base64
import dataclasses

import numpy as np

from station.devices.apart import decode_apart
from station.devices.icc import MatrixProfile, gamma_profile, srgb_curve_profile
from station.devices.photo_header import exif_metadata, load_exif
from station.devices.photo_limits import Decoded, Pixels, drop_opaque_alpha, refusing, vet_pixels, vet_sides
from station.devices.primaries import BT_470_BG, DISPLAY_P3, REC_2020, SMPTE_170M
from station.errors import PhotoError
from station.values.colour import SRGB_TO_XYZ

# ITU-T H.273, table 2: colour primaries, all with a D65 white.
# 1 (BT.709) is sRGB's own, 2 means that nobody named any.
_SRGB_PRIMARIES = (1, 2)
_PRIMARIES = {
    5: ("BT.470 BG", BT_470_BG),
    6: ("SMPTE 170M", SMPTE_170M),
    7: ("SMPTE 240M", SMPTE_170M),
    9: ("Rec. 2020", REC_2020),
    12: ("Display P3", DISPLAY_P3),
}
# Table 3: transfer characteristics. Phones write those of video (1, 6, 14, 15) and mean the curve of sRGB.
_SRGB_CURVES = (1, 2, 6, 13, 14, 15)
_POWERS = {4: 2.2, 5: 2.8, 8: 1.0}
_SCREEN_CURVES = {16: "PQ", 18: "HLG"}


def decode_heif(data: bytes, label: str, max_megapixels: float) -> Decoded:
    """The main picture of a HEIC file. Raises PhotoError; the size is vetted before anything is decoded."""
    header, raw = decode_apart("HEIF", data, label, max_megapixels)
    notes: list[str] = []
    with refusing(label):
        width, height, bits = header["width"], header["height"], header["bits"]
        vet_pixels(width, height, label, max_megapixels)
        vet_sides(width, height, label)
        nclx = header["nclx"]
        space = nclx and named_space(nclx["color_primaries"], nclx["transfer_characteristics"], label)
        pixels: Pixels = np.frombuffer(raw, np.uint16 if bits > 8 else np.uint8)
        channels = len(header["mode"].split(";")[0])  # L, LA, RGB, RGBA
        pixels = pixels.reshape(height, width) if channels == 1 else pixels.reshape(height, width, channels)
        if channels == 2:
            pixels = np.concatenate([pixels[..., :1]] * 3 + [pixels[..., 1:]], axis=2)
        if bits > 8:
            top = (1 << bits) - 1
            pixels = np.rint(np.arange(top + 1) * (65535 / top)).astype(np.uint16)[np.minimum(pixels, top)]
            notes.append(f"the file has {bits} bits a channel")
        pixels = drop_opaque_alpha(pixels, label, notes)
        if header["pictures"] > 1:
            notes.append(f"only the main picture of {header['pictures']} was read")
        exif, xmp, profile = (base64.b64decode(header[name]) for name in ("exif", "xmp", "icc_profile"))
        metadata = exif_metadata(load_exif(exif), exif, xmp=xmp)
    return Decoded(
        pixels=pixels,
        metadata=dataclasses.replace(metadata, orientation=1),
        notes=(*metadata.notes, *notes),
        profile=profile or None,
        space=space,
        orientation=metadata.orientation,
    )


def named_space(primaries: int, transfer: int, label: str) -> MatrixProfile | None:
    """The colour space that a file names by two numbers of ITU-T H.273, or None for sRGB. Raises PhotoError."""
    if transfer in _SCREEN_CURVES:
        raise PhotoError(
            f"{label} is coded for HDR screens ({_SCREEN_CURVES[transfer]}), which re-render a scene's light",
            "Switch HDR off in the camera, or hand in a JPEG of the same shot.",
        )
    if transfer not in _SRGB_CURVES and transfer not in _POWERS:
        raise PhotoError(f"{label} names a tone curve that the station does not know", "Export it as sRGB.")
    if primaries not in _SRGB_PRIMARIES and primaries not in _PRIMARIES:
        raise PhotoError(f"{label} names primaries that the station does not know", "Export it as sRGB.")
    name, to_xyz = "sRGB", SRGB_TO_XYZ
    if primaries in _PRIMARIES:
        name, to_xyz = _PRIMARIES[primaries]
    elif transfer in _SRGB_CURVES:
        return None
    return gamma_profile(_POWERS[transfer], to_xyz, name) if transfer in _POWERS else srgb_curve_profile(to_xyz, name)
