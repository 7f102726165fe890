"""The decoder against Pillow, littleCMS and hostile bytes."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mutated_files import CUT, EDITS, Edits, read_or_refused
from PIL import Image, ImageCms, ImageOps

from station.devices import icc_tables, primaries
from station.devices.photo import photo_files, read_photo
from station.errors import PhotoError
from station.values.colour import SRGB_TO_XYZ, in_srgb_primaries, linearise, srgb_encode, xyz_to_lab
from station.values.line import Shot


def scene(width: int = 96, height: int = 72) -> np.ndarray:
    """A smooth picture without any symmetry."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 2, y * 3, (x + 2 * y) % 200], axis=-1).astype(np.uint8)


def encode(pixels: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind, **options)
    return out.getvalue()


def refusal(data: bytes | Path, **limits: float) -> str:
    with pytest.raises(PhotoError) as caught:
        read_photo(data, **limits)
    assert "\n" not in str(caught.value)
    assert caught.value.do
    return str(caught.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_once_as_pillow_does(kind: str, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encode(scene(), kind, exif=exif, **options)
    shot = read_photo(data)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))
    np.testing.assert_array_equal(shot.photo.pixels, expected)
    assert shot.size == ((96, 72) if orientation < 5 else (72, 96))
    assert any("upright" in n for n in shot.notes) == (orientation != 1)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_of_a_16_bit_tiff(orientation: int) -> None:
    grey = scene()[..., 0].astype(np.uint16) * 257 + scene()[..., 1]
    out = io.BytesIO()
    Image.fromarray(grey).save(out, "TIFF", tiffinfo={274: orientation})
    exif = Image.Exif()
    exif[0x0112] = orientation
    png = Image.open(io.BytesIO(encode(grey, "PNG", exif=exif)))
    expected = np.asarray(ImageOps.exif_transpose(png))
    np.testing.assert_array_equal(read_photo(out.getvalue()).photo.pixels[..., 1], expected)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_16_bits_are_kept(suffix: str) -> None:
    deep = np.random.default_rng(1).integers(0, 65536, (70, 90, 3), dtype=np.uint16)
    data = cv2.imencode(suffix, deep[..., ::-1])[1].tobytes()
    shot = read_photo(data)
    assert shot.photo.pixels.dtype == np.uint16
    np.testing.assert_array_equal(shot.photo.pixels, deep)


def test_jpeg_decodes_as_pillow_and_is_hashed() -> None:
    data = encode(scene(), "JPEG", quality=90)
    shot = read_photo(data, name="../../front\x1b[31m.jpg")
    np.testing.assert_array_equal(shot.photo.pixels, np.asarray(Image.open(io.BytesIO(data))))
    assert shot.sha256 == hashlib.sha256(data).hexdigest()
    assert shot.name == "front?[31m.jpg"
    assert shot.notes == ()


def test_grey_palette_and_alpha() -> None:
    grey = read_photo(encode(scene()[..., 0], "JPEG"))
    assert "grey" in grey.notes[0]
    assert (np.ptp(grey.photo.pixels, axis=2) == 0).all()
    palette = io.BytesIO()
    Image.fromarray(scene()).quantize(64).save(palette, "PNG")
    assert "palette" in read_photo(palette.getvalue()).notes[0]
    opaque = np.dstack([scene(), np.full((72, 96), 255, np.uint8)])
    shot = read_photo(encode(opaque))
    np.testing.assert_array_equal(shot.photo.pixels, scene())
    assert shot.notes == ("opaque alpha channel dropped",)
    opaque[0, 0, 3] = 254
    assert "transparent" in refusal(encode(opaque))


def test_metadata_is_capped_and_stripped() -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker\x07 \x1b[31mred" + "x" * 500
    exif[0x0110] = "Model\0hidden"
    exif[0x0131] = "Editor\r\n  3"
    exif[0x0132] = "2026:11:21 08:00:00"
    inner = exif.get_ifd(0x8769)
    inner[0x9003], inner[0x9011] = "2026:11:20 10:11:12", "+01:00"
    shot = read_photo(encode(scene(), "JPEG", exif=exif))
    assert shot.taken_at == "2026-11-20T10:11:12+01:00"
    assert shot.metadata["maker"].startswith("Maker [31mred")
    assert len(shot.metadata["maker"]) == 100
    assert shot.metadata["model"] == "Model"
    assert shot.metadata["software"] == "Editor 3"
    assert shot.metadata["date"] == "2026-11-21T08:00:00"


@pytest.mark.parametrize("date", ["0000:00:00 00:00:00", "2026:13:40 99:00:00", "yesterday", ""])
def test_impossible_dates_are_left_out(date: str) -> None:
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = date
    assert read_photo(encode(scene(), "JPEG", exif=exif)).taken_at is None


# --- colour profiles ---------------------------------------------------------------------------------------------


def icc_file(tags: dict[str, bytes], space: bytes = b"RGB ", pcs: bytes = b"XYZ ") -> bytes:
    """A minimal ICC version 2 profile."""
    tags = tags | {"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)}
    table, body, start = b"", b"", 132 + 12 * len(tags)
    for name, tag in tags.items():
        table += struct.pack(">4sII", name.encode(), start + len(body), len(tag))
        body += tag + b"\0" * (-len(tag) % 4)
    head = struct.pack(">I4sI4s4s4s12s4s", start + len(body), b"lcms", 0x02400000, b"mntr", space, pcs, b"", b"acsp")
    head = head.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def profile(to_xyz: np.ndarray, curve: bytes) -> bytes:
    """A profile of three primaries and one curve."""
    fixed = [b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in column)) for column in to_xyz.T]
    return icc_file(
        dict(zip(("rXYZ", "gXYZ", "bXYZ"), fixed, strict=True)) | dict.fromkeys(("rTRC", "gTRC", "bTRC"), curve)
    )


# Display P3: primaries of SMPTE EG 432-1 with the D65 white, adapted to D50 by Bradford (published by the ICC).
P3 = np.array([[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])
SRGB_CURVE = b"para\0\0\0\0\0\3\0\0" + struct.pack(
    ">5i", *(round(v * 65536) for v in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
)
GAMMA_18 = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(1.8 * 256))
GAMMA_22 = b"curv\0\0\0\0" + struct.pack(">IH", 1, round(2.19921875 * 256))


@pytest.mark.parametrize(("primaries", "curve"), [(P3, SRGB_CURVE), (P3, GAMMA_22), (SRGB_TO_XYZ, GAMMA_22)])
def test_matrix_profiles_agree_with_littlecms(primaries: np.ndarray, curve: bytes) -> None:
    embedded = profile(primaries, curve)
    pixels = np.random.default_rng(2).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    shot = read_photo(encode(pixels, icc_profile=embedded))
    theirs = ImageCms.profileToProfile(
        Image.fromarray(pixels), io.BytesIO(embedded), ImageCms.createProfile("sRGB"),
        ImageCms.Intent.RELATIVE_COLORIMETRIC, "RGB",
        flags=ImageCms.Flags.HIGHRESPRECALC | ImageCms.Flags.NOOPTIMIZE,
    )  # fmt: skip
    ours = as_srgb(shot) * 255
    assert np.abs(ours - np.asarray(theirs)).max() <= 1.1
    assert np.abs(ours - pixels).max() > 5
    assert (shot.photo.space == "sRGB") == (primaries is SRGB_TO_XYZ)
    assert any("tone curve" in n for n in shot.notes) == (curve is GAMMA_22)


@pytest.mark.parametrize("gamma", [-1.0, 0.0, 0.1, 30000.0])
def test_a_curve_that_no_picture_has_is_refused(gamma: float) -> None:
    curve = b"para\0\0\0\0\0\0\0\0" + struct.pack(">i", round(gamma * 65536))
    pixels = np.zeros((80, 80, 3), dtype=np.uint8)
    with pytest.raises(PhotoError, match=r"cannot be used: a tone curve has the gamma .*, which no picture has"):
        read_photo(encode(pixels, icc_profile=profile(SRGB_TO_XYZ, curve)))
    sampled = b"curv\0\0\0\0" + struct.pack(">IH", 1, 0)
    with pytest.raises(PhotoError, match="the gamma 0, which no picture has"):
        read_photo(encode(pixels, icc_profile=profile(SRGB_TO_XYZ, sampled)))


def as_srgb(shot: Shot) -> np.ndarray:
    """Coded sRGB values, 0-1, clipped as a screen does."""
    return srgb_encode(in_srgb_primaries(shot.photo).pixels)


@pytest.mark.parametrize("deep", [False, True])
def test_display_p3_is_not_touched(deep: bool) -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    data = encode(pixels, icc_profile=profile(P3, SRGB_CURVE))
    if deep:
        pixels = pixels.astype(np.uint16) * 251
        data = deep_png(pixels, profile(P3, SRGB_CURVE))
    shot = read_photo(data)
    np.testing.assert_array_equal(shot.photo.pixels, pixels)
    np.testing.assert_allclose(shot.photo.to_xyz, P3, atol=2e-5)
    assert shot.notes == ("primaries of an unnamed profile kept",)


def test_p3_red_is_the_published_colour() -> None:
    # CSS Color Module Level 4, section 10.11: linear Display P3 to linear sRGB. The red lies outside sRGB.
    css = np.array([[1.2249401763, -0.2249401763, 0], [-0.0420569547, 1.0420569547, 0], [-0.0196375546, -0.0786360456, 1.0982736001]])  # fmt: skip  # noqa: E501
    for colour in ([200, 100, 80], [230, 10, 20]):
        linear = ((np.array(colour) / 255 + 0.055) / 1.055) ** 2.4
        linear = np.where(np.array(colour) > 10, linear, np.array(colour) / 255 / 12.92)
        pixels = np.tile(np.array(colour, np.uint8), (64, 64, 1))
        got = in_srgb_primaries(read_photo(encode(pixels, icc_profile=profile(P3, SRGB_CURVE))).photo).pixels[0, 0]
        np.testing.assert_allclose(got, css @ linear, atol=2e-4)


def deep_png(pixels: np.ndarray, embedded: bytes) -> bytes:
    """A 16-bit PNG with a profile."""
    deep = cv2.imencode(".png", pixels[..., ::-1])[1].tobytes()
    chunk = b"iCCP" + b"x\0\0" + zlib.compress(embedded)
    chunk = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return deep[:33] + chunk + deep[33:]


def test_published_primaries() -> None:
    np.testing.assert_allclose(primaries.DISPLAY_P3, P3, atol=4e-4)
    # Lindbloom's Bradford-adapted matrix of Adobe RGB (1998)
    adobe = [[0.6097559, 0.2052401, 0.1492240], [0.3111242, 0.6256560, 0.0632197], [0.0194811, 0.0608902, 0.7448387]]
    np.testing.assert_allclose(primaries.ADOBE_RGB, adobe, atol=1e-4)


def test_srgb_profile_changes_nothing() -> None:
    embedded = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    shot = read_photo(encode(scene(), icc_profile=embedded))
    np.testing.assert_array_equal(shot.photo.pixels, scene())
    assert shot.notes == ()


def test_camera_that_names_adobe_rgb_without_a_profile() -> None:
    def directory(tag: int, kind: int, count: int, value: bytes) -> bytes:
        return struct.pack(">HHHI4sI", 1, tag, kind, count, value, 0)

    exif = b"Exif\0\0MM\0*" + struct.pack(">I", 8)
    exif += directory(0x8769, 4, 1, struct.pack(">I", 26)) + directory(0xA005, 4, 1, struct.pack(">I", 44))
    exif += directory(0x0001, 2, 4, b"R03\0")
    shot = read_photo(encode(scene(), exif=exif))
    assert shot.photo.space == "Adobe RGB (1998)"
    assert "Adobe RGB" in shot.notes[-1]
    grey = (scene() // 2 + 64)[..., :1].repeat(3, axis=2)
    neutral = read_photo(encode(grey, exif=exif)).photo.pixels.astype(int)
    assert np.ptp(neutral, axis=2).max() < 30  # of 65535: greys stay grey


def test_grey_profile_agrees_with_littlecms() -> None:
    embedded = icc_file({"kTRC": GAMMA_18}, space=b"GRAY")
    grey = scene()[..., 0]
    shot = read_photo(encode(grey, icc_profile=embedded))
    theirs = ImageCms.profileToProfile(
        Image.fromarray(grey), io.BytesIO(embedded), ImageCms.createProfile("sRGB"), outputMode="RGB"
    )
    off = np.abs(shot.photo.pixels / 257 - np.asarray(theirs))
    assert off[grey >= 16].max() <= 1.1  # littleCMS rounds its 8-bit curve in the shadows
    np.testing.assert_allclose(shot.photo.pixels[0, 1] / 257, 12.92 * 255 * (2 / 255) ** (461 / 256), atol=0.1)
    assert np.abs(shot.photo.pixels / 257 - grey[..., None]).max() > 5
    assert "grey picture" in refusal(encode(scene(), icc_profile=embedded))


def test_grey_profile_of_lightness() -> None:
    embedded = icc_file({"kTRC": b"curv\0\0\0\0" + struct.pack(">I", 0)}, space=b"GRAY", pcs=b"Lab ")
    grey = np.tile(np.arange(256, dtype=np.uint8), (64, 1))
    lab = xyz_to_lab(linearise(read_photo(encode(grey, icc_profile=embedded)).photo).pixels[0] @ SRGB_TO_XYZ.T).values
    np.testing.assert_allclose(lab[:, 0], np.arange(256) * (100 / 255), atol=0.02)


IDENTITY = struct.pack(">9i", *(65536 * v for v in (1, 0, 0, 0, 1, 0, 0, 0, 1)))


def table_profile(kind: str, pcs: bytes, seed: int = 7) -> bytes:
    """A profile on a smooth, bent 5 x 5 x 5 table whose curves are bent too."""
    rng = np.random.default_rng(seed)
    r, g, b = np.meshgrid(*[np.linspace(0, 1, 5)] * 3, indexing="ij")
    light = 0.25 * r + 0.6 * g + 0.15 * b
    if pcs == b"Lab ":
        grid = np.stack([light, 0.5 + 0.3 * (r - g), 0.5 + 0.3 * ((r + g) / 2 - b)], axis=-1)
    else:
        grid = np.stack([0.4 * r + 0.1 * b, light * 0.5, 0.05 * g + 0.35 * b], axis=-1)
    grid = np.clip(grid + rng.normal(0, 0.01, grid.shape), 0, 1)
    bend = np.linspace(0, 1, 256) ** 1.3
    if kind == "mft1":
        body = b"".join(np.rint(255 * v).astype("u1").tobytes() for v in (bend, bend, bend, grid, bend, bend, bend))
        return icc_file({"A2B0": b"mft1\0\0\0\0" + bytes([3, 3, 5, 0]) + IDENTITY + body}, pcs=pcs)
    if kind == "mft2":
        parts = (bend, bend, bend, grid, bend, bend, bend)
        body = b"".join(np.rint(65535 * v).astype(">u2").tobytes() for v in parts)
        head = b"mft2\0\0\0\0" + bytes([3, 3, 5, 0]) + IDENTITY + struct.pack(">HH", 256, 256)
        return icc_file({"A2B0": head + body}, pcs=pcs)
    b_curves = 3 * (b"curv\0\0\0\0" + struct.pack(">I", 0))
    m_curves = 3 * (b"para\0\0\0\0" + struct.pack(">HHi", 0, 0, round(1.1 * 65536)))
    matrix = struct.pack(">12i", *(round(65536 * v) for v in (0.9, 0.05, 0, 0, 0.95, 0, 0.02, 0, 0.9, 0.01, 0.02, 0)))
    a_curves = 3 * (b"curv\0\0\0\0" + struct.pack(">IHH", 1, round(1.2 * 256), 0))
    clut = bytes([5, 5, 5]).ljust(16, b"\0") + b"\2\0\0\0" + np.rint(65535 * grid).astype(">u2").tobytes()
    clut += b"\0" * (-len(clut) % 4)
    starts = np.cumsum([32, len(b_curves), len(matrix), len(m_curves), len(clut)])
    head = b"mAB \0\0\0\0" + bytes([3, 3, 0, 0]) + struct.pack(">5I", *starts)
    return icc_file({"A2B1": head + b_curves + matrix + m_curves + clut + a_curves}, pcs=pcs)


@pytest.mark.parametrize("pcs", [b"Lab ", b"XYZ "])
@pytest.mark.parametrize("kind", ["mft1", "mft2", "mAB "])
def test_tables_agree_with_littlecms(kind: str, pcs: bytes) -> None:
    embedded = table_profile(kind, pcs)
    pixels = np.random.default_rng(6).integers(0, 256, (80, 80, 3), dtype=np.uint8)
    theirs = ImageCms.profileToProfile(
        Image.fromarray(pixels), io.BytesIO(embedded), ImageCms.createProfile("LAB"),
        ImageCms.Intent.RELATIVE_COLORIMETRIC, "LAB", flags=ImageCms.Flags.HIGHRESPRECALC | ImageCms.Flags.NOOPTIMIZE,
    )  # fmt: skip
    coded = np.asarray(theirs)
    expected = np.dstack([coded[..., 0] * (100 / 255), coded[..., 1:].view(np.int8)]).astype(float)
    within = (np.abs(expected[..., 1:]) < 126).all(axis=2)  # 8 bits end there
    table = icc_tables.read_table_profile(embedded)
    ours = xyz_to_lab(table.xyz(pixels.reshape(-1, 3) / 255)).values.reshape(expected.shape)
    off = np.abs(ours - expected)[within]
    assert within.mean() > 0.8
    assert (off.max(axis=0) < [0.26, 0.6, 0.6]).all()  # half of their step, and their own 16-bit roundings
    shot = read_photo(encode(pixels, icc_profile=embedded))
    assert shot.photo.space == "Rec. 2020"
    seen = xyz_to_lab(linearise(shot.photo).pixels @ shot.photo.to_xyz.T).values
    inside = within & (shot.photo.pixels.min(axis=2) > 0) & (shot.photo.pixels.max(axis=2) < 65535)
    assert np.abs(seen - ours)[inside].max() < 0.1
    deep = read_photo(deep_png(pixels.astype(np.uint16) * 257, embedded))
    assert np.abs(deep.photo.pixels.astype(int) - shot.photo.pixels).max() <= 1
    large = np.tile(pixels, (13, 13, 1))  # computed colour by colour instead of pixel by pixel
    got, outside = icc_tables.recode_by_tables(large, table)
    np.testing.assert_array_equal(got[:80, :80], shot.photo.pixels)
    assert outside == pytest.approx(icc_tables.recode_by_tables(pixels, table)[1])


def test_grey_tables() -> None:
    ramp = np.rint(65535 * np.linspace(0, 1, 17)).astype(">u2").tobytes()
    grid = np.zeros((9, 3))
    grid[:, 0], grid[:, 1:] = np.linspace(0, 65280, 9), 32768
    head = b"mft2\0\0\0\0" + bytes([1, 3, 9, 0]) + IDENTITY + struct.pack(">HH", 17, 17)
    embedded = icc_file({"A2B0": head + ramp + grid.astype(">u2").tobytes() + 3 * ramp}, space=b"GRAY", pcs=b"Lab ")
    shot = read_photo(encode(np.tile(np.arange(256, dtype=np.uint8), (64, 1)), icc_profile=embedded))
    lab = xyz_to_lab(linearise(shot.photo).pixels[0].astype(float) @ shot.photo.to_xyz.T).values
    np.testing.assert_allclose(lab[:, 0], np.arange(256) * (100 / 255), atol=0.02)  # L* is the grey value itself
    np.testing.assert_allclose(lab[:, 1:], 0, atol=0.05)


@pytest.mark.parametrize("kind", ["mft1", "mft2", "mAB "])
def test_damaged_tables_are_refused_or_read(kind: str) -> None:
    good = table_profile(kind, b"Lab ")
    place = good.index(kind.encode())
    assert "tables" in refusal(encode(scene(), icc_profile=good[:place] + b"mpet" + good[place + 4 :]))
    for size in (place + 20, place + 60, len(good) - 8):
        assert "profile" in refusal(encode(scene(), icc_profile=good[:size]))
    for at in range(place + 8, place + 56, 3):
        for value in (0, 255):
            with contextlib.suppress(PhotoError):
                read_photo(encode(scene(), icc_profile=good[:at] + bytes([value]) + good[at + 1 :]))


def test_damaged_profiles_are_refused() -> None:
    good = profile(P3, SRGB_CURVE)
    for bad in (b"nonsense", good[:200], good.replace(b"rTRC", b"xxxx"), good.replace(b"para", b"what")):
        assert "profile" in refusal(encode(scene(), icc_profile=bad))


# --- refusals ----------------------------------------------------------------------------------------------------


def one_bit_png(side: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    squeeze = zlib.compressobj(9)
    row = b"\0" * (1 + side // 8)
    body = b"".join(squeeze.compress(row) for _ in range(side)) + squeeze.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


_LIMITED = """
import resource, sys
from pathlib import Path
from station.devices.photo import read_photo
from station.errors import PhotoError
size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 32_000_000,) * 2)
for path in sys.argv[1:]:
    try:
        read_photo(Path(path))
    except PhotoError as error:
        print(error)
"""


def test_bombs_are_refused_with_32_mb_of_memory(tmp_path: Path) -> None:
    vp8x = b"VP8X" + struct.pack("<I", 10) + bytes(4) + (16382).to_bytes(3, "little") * 2
    bombs = {
        "huge.png": one_bit_png(30000),
        "large.png": one_bit_png(9000),
        "huge.webp": b"RIFF" + struct.pack("<I", 4 + len(vp8x)) + b"WEBP" + vp8x,
        "huge.jpg": encode(scene(), "JPEG").replace(struct.pack(">HH", 72, 96), b"\xff\xdc\xff\xdc"),
    }
    for name, data in bombs.items():
        (tmp_path / name).write_bytes(data)
    command = [sys.executable, "-c", _LIMITED, *(str(tmp_path / n) for n in bombs)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert ["megapixels" in line for line in lines] == [True] * 4
    assert "81 megapixels (9000 x 9000)" in lines[1]


def test_bad_files(tmp_path: Path) -> None:
    assert "is empty" in refusal(b"")
    note = tmp_path / "front.jpg"
    note.write_text("this is not a picture, it is a note\n")
    assert "front.jpg is a text file" in refusal(note)
    assert "too small" in refusal(encode(np.zeros((1, 1, 3), np.uint8)))
    assert "does not exist" in refusal(tmp_path / "gone.jpg")
    assert "is a folder" in refusal(tmp_path)
    assert "damaged" in refusal(b"\0\0\0\x18ftypheic" + b"\0" * 100)
    assert "PDF" in refusal(b"%PDF-1.7\n")
    assert "megapixels" in refusal(encode(scene()), max_megapixels=0.001)
    assert "larger than" in refusal(encode(scene()), max_photo_mb=0.0001)
    assert "larger than" in refusal(note, max_photo_mb=0.00001)
    fifo = tmp_path / "pipe.jpg"
    os.mkfifo(fifo)
    assert "not a regular file" in refusal(fifo)


def test_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "locked.jpg"
    path.write_bytes(encode(scene(), "JPEG"))

    def deny(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", deny)  # root reads everything, so the mode of the file cannot show it
    assert "may not be read" in refusal(path)


def test_kinds_that_cannot_be_measured() -> None:
    cmyk = io.BytesIO()
    Image.fromarray(scene()).convert("CMYK").save(cmyk, "JPEG")
    assert "CMYK" in refusal(cmyk.getvalue())
    assert "black and white" in refusal(one_bit_png(80))
    frames = [Image.fromarray(scene()), Image.fromarray(255 - scene())]
    for kind in ("TIFF", "PNG", "WEBP"):
        several = io.BytesIO()
        frames[0].save(several, kind, save_all=True, append_images=frames[1:])
        assert "several pictures" in refusal(several.getvalue())
    real = io.BytesIO()
    Image.fromarray(scene()[..., 0].astype(np.float32)).save(real, "TIFF")
    assert "8 nor 16 bits" in refusal(real.getvalue())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_cut_off_files(kind: str) -> None:
    data = encode(np.random.default_rng(3).integers(0, 256, (80, 80, 3), dtype=np.uint8), kind)
    for share in (0.02, 0.3, 0.6, 0.9, 0.99):
        refusal(data[: int(len(data) * share)])


def test_cut_off_16_bit_files() -> None:
    deep = np.random.default_rng(4).integers(0, 65536, (70, 90, 3), dtype=np.uint16)
    for suffix in (".png", ".tiff"):
        data = cv2.imencode(suffix, deep)[1].tobytes()
        for share in (0.3, 0.6, 0.95):
            refusal(data[: int(len(data) * share)])


_SEEDS = [
    encode(scene(), "JPEG", quality=80),
    encode(scene(), "JPEG", progressive=True, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0\0\0\0\0"),
    encode(scene(), icc_profile=profile(P3, SRGB_CURVE)),
    cv2.imencode(".png", scene().astype(np.uint16) * 200)[1].tobytes(),
    encode(scene(), "TIFF"),
    cv2.imencode(".tiff", scene().astype(np.uint16) * 200)[1].tobytes(),
    encode(scene(), "WEBP"),
]


@settings(max_examples=400, deadline=None, derandomize=True)
@given(seed=st.sampled_from(_SEEDS), edits=EDITS, cut=CUT)
def test_mutated_files_are_read_or_refused(seed: bytes, edits: Edits, cut: float | None) -> None:
    read_or_refused(seed, edits, cut, header=400)


# --- folders -----------------------------------------------------------------------------------------------------


def test_photo_files(tmp_path: Path) -> None:
    for name in ("unit10.JPG", "unit2.jpg", "unit1.png", "notes.txt", "._unit1.png", "x.heic"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "unit0.jpg").write_bytes(b"x")
    found = photo_files([tmp_path / "unit2.jpg", tmp_path, tmp_path / "notes.txt"])
    assert [p.name for p in found] == ["unit2.jpg", "unit1.png", "unit10.JPG", "x.heic", "notes.txt"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(PhotoError, match="no pictures"):
        photo_files([tmp_path / "empty"])
    (tmp_path / "empty" / "lot-2").mkdir()
    with pytest.raises(
        PhotoError, match=r"no pictures of its own, and the folders inside it \(lot-2\) are not searched"
    ):
        photo_files([tmp_path / "empty"])
    with pytest.raises(PhotoError, match="does not exist"):
        photo_files([tmp_path / "gone"])


def test_one_file_by_two_paths_is_one_photo(tmp_path: Path) -> None:
    (tmp_path / "lot").mkdir()
    (tmp_path / "lot" / "unit1.jpg").write_bytes(b"x")
    roundabout = tmp_path / "lot" / ".." / "lot" / "unit1.jpg"
    assert photo_files([roundabout, tmp_path / "lot"]) == [roundabout]


@pytest.mark.skipif(sys.platform != "linux", reason="disks of other systems keep Unicode names only")
def test_a_name_that_no_record_can_hold_is_refused(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"unit\xff.jpg")).write_bytes(b"x")
    with pytest.raises(PhotoError, match=r"The name unit\?\.jpg is not written in Unicode"):
        photo_files([tmp_path])
