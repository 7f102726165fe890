"""HEIC, AVIF and camera raw behind the one door: right colours, orientation once, sizes vetted, nothing but PhotoError.

The HEIC files in ``photos/`` were encoded from this project's own rendered golden sample, and from a drawn gradient.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutated_files import CUT, EDITS, Edits, read_or_refused
from PIL import Image

from station.devices import apart, primaries
from station.devices.photo import read_photo
from station.devices.photo_header import recognise
from station.devices.photo_heif import named_space
from station.errors import PhotoError
from station.values.colour import SRGB_TO_XYZ, linearise

PHOTOS = Path(__file__).parent / "photos"
GOLDEN = Path(__file__).parents[2] / "sample_data" / "alpine" / "golden.jpg"


def original() -> np.ndarray:
    """What the HEIC files show, before they were encoded."""
    picture = Image.open(GOLDEN).convert("RGB").resize((200, 150), Image.Resampling.LANCZOS)
    return np.asarray(picture.crop((40, 20, 168, 116))).astype(float)


def refusal(data: bytes, **limits: float) -> str:
    with pytest.raises(PhotoError) as caught:
        read_photo(data, **limits)
    return str(caught.value)


def test_heic_is_turned_once_and_keeps_its_primaries() -> None:
    shot = read_photo(PHOTOS / "display-p3-turned.heic")  # both its EXIF and its own rotation say: a quarter turn
    assert shot.size == (96, 128)
    assert np.abs(shot.photo.pixels - np.rot90(original(), -1)).mean() < 6
    np.testing.assert_allclose(shot.photo.to_xyz, primaries.DISPLAY_P3, atol=4e-4)
    assert shot.metadata["model"] == "BL-3M"
    assert shot.taken_at == "2026-05-20T09:00:00"


def test_heic_of_ten_bits() -> None:
    shot = read_photo(PHOTOS / "ten-bits-p3.heic")
    assert shot.photo.pixels.dtype == np.uint16
    assert shot.photo.space == "Display P3"
    assert np.abs(shot.photo.pixels / 257 - original()).mean() < 6
    levels = np.unique(shot.photo.pixels)
    assert len(levels) > 256
    assert np.abs(levels * (1023 / 65535) - np.rint(levels * (1023 / 65535))).max() < 0.01
    assert "the file has 10 bits a channel" in shot.notes


def test_heic_of_a_usual_size() -> None:
    shot = read_photo(PHOTOS / "gradient-3-megapixels.heic")
    y, x = np.mgrid[0:1500, 0:2000]
    drawn = np.stack([40 + x * 160 / 2000, 60 + y * 140 / 1500, 200 - (x + y) * 120 / 3500], axis=-1)
    assert np.abs(shot.photo.pixels - drawn).mean() < 1.5


@pytest.mark.parametrize("name", ["display-p3-turned.heic", "ten-bits-p3.heic"])
def test_heic_is_vetted(name: str) -> None:
    data = (PHOTOS / name).read_bytes()
    assert "megapixels" in refusal(data, max_megapixels=0.01)
    for share in (0.1, 0.3, 0.6, 0.9, 0.98):
        refusal(data[: int(len(data) * share)])


def test_heic_that_says_it_is_huge() -> None:
    data = (PHOTOS / "ten-bits-p3.heic").read_bytes()
    place = data.index(b"ispe") + 8  # ISO/IEC 23008-12, 6.5.3: width and height follow the box's version and flags
    assert struct.unpack_from(">II", data, place) == (128, 96)
    assert "megapixels" in refusal(data[:place] + struct.pack(">II", 60000, 60000) + data[place + 8 :])
    refusal(data[:place] + struct.pack(">II", 128, 256) + data[place + 8 :])


def test_named_spaces() -> None:
    assert named_space(1, 13, "x") is None
    assert named_space(2, 2, "x") is None
    p3, wide, gamma = named_space(12, 13, "x"), named_space(9, 1, "x"), named_space(1, 4, "x")
    assert p3 is not None
    assert wide is not None
    assert gamma is not None
    np.testing.assert_allclose(p3.matrix, primaries.DISPLAY_P3)
    np.testing.assert_allclose(wide.matrix, primaries.REC_2020)
    assert p3.has_srgb_curve
    assert not gamma.has_srgb_curve
    assert gamma.has_srgb_primaries
    for primary, transfer, word in ((9, 16, "PQ"), (9, 18, "HLG"), (22, 13, "primaries"), (1, 9, "tone curve")):
        with pytest.raises(PhotoError, match=word):
            named_space(primary, transfer, "x")


def test_avif_names_its_space() -> None:
    out = io.BytesIO()
    Image.fromarray(original().astype(np.uint8)).save(out, "AVIF", quality=90)
    data = out.getvalue()
    shot = read_photo(data)
    assert shot.photo.space == "sRGB"
    assert np.abs(shot.photo.pixels - original()).mean() < 6
    place = data.index(b"colrnclx") + 8
    wide = data[:place] + struct.pack(">HH", 12, 13) + data[place + 4 :]
    assert read_photo(wide).photo.space == "Display P3"
    assert "HDR" in refusal(data[:place] + struct.pack(">HH", 9, 16) + data[place + 4 :])
    assert "megapixels" in refusal(data, max_megapixels=0.01)


@pytest.mark.parametrize(
    ("brands", "kind"),
    [
        ((b"heic", b"mif1"), "HEIF"),
        ((b"mif1", b"heic"), "HEIF"),
        ((b"avif", b"mif1"), "AVIF"),
        ((b"mif1", b"avif"), "AVIF"),
        ((b"crx ", b"isom"), "RAW"),
        ((b"isom", b"mp42"), None),
        ((b"msf1", b"hevc"), None),
    ],
)
def test_brands(brands: tuple[bytes, bytes], kind: str | None) -> None:
    data = struct.pack(">I4s4sI4s", 20, b"ftyp", brands[0], 0, brands[1]) + bytes(64)
    assert recognise(data)[0] == kind


# --- camera raw --------------------------------------------------------------------------------------------------


def dng(linear: np.ndarray, *, orientation: int = 1) -> bytes:
    """An uncompressed mosaic of a camera whose colours are those of linear sRGB (DNG 1.4).

    linear : (H, W, 3), 0-1.
    """
    height, width = linear.shape[:2]
    which = np.array([[0, 1], [1, 2]])[np.arange(height)[:, None] % 2, np.arange(width)[None, :] % 2]
    mosaic = np.take_along_axis(linear, which[..., None], axis=2)[..., 0]
    strip = np.rint(1024 + mosaic * (15360 - 1024)).astype("<u2").tobytes()
    # XYZ relative to D65 to linear sRGB, IEC 61966-2-1
    matrix = [3.2406, -1.5372, -0.4986, -0.9689, 1.8758, 0.0415, 0.0557, -0.2040, 1.0570]
    signed = b"".join(struct.pack("<ii", round(v * 10000), 10000) for v in matrix)
    entries: list[tuple[int, int, int, bytes]] = [
        (0x00FE, 4, 1, struct.pack("<I", 0)), (0x0100, 4, 1, struct.pack("<I", width)),
        (0x0101, 4, 1, struct.pack("<I", height)), (0x0102, 3, 1, struct.pack("<H", 16)),
        (0x0103, 3, 1, struct.pack("<H", 1)), (0x0106, 3, 1, struct.pack("<H", 32803)),
        (0x010F, 2, 10, b"Benchline\0"), (0x0110, 2, 6, b"BL-3M\0"), (0x0111, 4, 1, b"HERE"),
        (0x0112, 3, 1, struct.pack("<H", orientation)), (0x0115, 3, 1, struct.pack("<H", 1)),
        (0x0116, 4, 1, struct.pack("<I", height)), (0x0117, 4, 1, struct.pack("<I", len(strip))),
        (0x011C, 3, 1, struct.pack("<H", 1)), (0x828D, 3, 2, struct.pack("<HH", 2, 2)),
        (0x828E, 1, 4, bytes([0, 1, 1, 2])), (0xC612, 1, 4, bytes([1, 4, 0, 0])), (0xC614, 2, 6, b"BL-3M\0"),
        (0xC61A, 4, 1, struct.pack("<I", 1024)), (0xC61D, 4, 1, struct.pack("<I", 15360)),
        (0xC621, 10, 9, signed), (0xC628, 5, 3, struct.pack("<6I", 1, 1, 1, 1, 1, 1)),
        (0xC65A, 3, 1, struct.pack("<H", 21)),
    ]  # fmt: skip
    body, start = b"", 8 + 2 + 12 * len(entries) + 4
    table = struct.pack("<H", len(entries))
    data_at = start + sum(len(v) + len(v) % 2 for *_, v in entries if len(v) > 4)
    for tag, kind, count, value in entries:
        if value == b"HERE":
            value = struct.pack("<I", data_at)
        if len(value) > 4:
            table += struct.pack("<HHII", tag, kind, count, start + len(body))
            body += value + b"\0" * (len(value) % 2)
        else:
            table += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
    return b"II*\0" + struct.pack("<I", 8) + table + struct.pack("<I", 0) + body + strip


PATCHES = np.array([[0.5, 0.5, 0.5], [0.6, 0.1, 0.1], [0.1, 0.5, 0.2], [0.05, 0.1, 0.6]])


def test_raw_is_developed_without_a_curve() -> None:
    linear = np.repeat(np.repeat(PATCHES[:, None], 64, axis=0), 128, axis=1)
    shot = read_photo(dng(linear), name="unit.dng")
    assert shot.size == (128, 256)
    assert shot.photo.pixels.dtype == np.uint16
    assert shot.photo.space == "Rec. 2020"
    assert shot.metadata["model"] == "BL-3M"
    seen = linearise(shot.photo).pixels[32::64, 64] @ shot.photo.to_xyz.T
    np.testing.assert_allclose(seen, PATCHES @ SRGB_TO_XYZ.T, atol=0.006)
    assert read_photo(dng(linear, orientation=6)).size == (256, 128)
    assert "megapixels" in refusal(dng(linear), max_megapixels=0.01)
    assert "too small" in refusal(dng(linear[:40]))
    with contextlib.suppress(PhotoError):
        read_photo(dng(linear)[:-20000])


def test_raw_without_its_extra_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *more: None if name == "rawpy" else real(name, *more))
    assert "pip install -e '.[raw]'" in refusal(dng(np.full((80, 80, 3), 0.5)))


# --- hostile bytes -----------------------------------------------------------------------------------------------


def test_a_decoder_that_dies_or_hangs_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    data = (PHOTOS / "ten-bits-p3.heic").read_bytes()
    monkeypatch.setattr(apart, "SECONDS", 0.001)
    assert "took more than" in refusal(data)
    monkeypatch.undo()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert "decoder failed" in refusal(data)


_AVIF = io.BytesIO()
Image.fromarray(np.zeros((80, 80, 3), np.uint8) + 90).save(_AVIF, "AVIF")
_SEEDS = [
    (PHOTOS / "display-p3-turned.heic").read_bytes(),
    (PHOTOS / "ten-bits-p3.heic").read_bytes(),
    _AVIF.getvalue(),
    dng(np.full((80, 80, 3), 0.5)),
]


@settings(max_examples=24, deadline=None, derandomize=True)
@given(seed=st.sampled_from(_SEEDS), edits=EDITS, cut=CUT)
def test_mutated_files_are_read_or_refused(seed: bytes, edits: Edits, cut: float | None) -> None:
    read_or_refused(seed, edits, cut, header=700)
