"""Signs of editing: found in pictures that were edited here, and not in those that were not."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageEnhance

from station.calibrate.light import correct
from station.devices.edited import comb_score
from station.devices.photo import read_photo
from station.devices.quantisation import standard_quality
from station.values.bench import Calibration

SAMPLES = Path(__file__).parents[2] / "sample_data"


def camera_picture(seed: int = 1, width: int = 960, height: int = 720) -> Image.Image:
    """Blurred coloured noise: smooth histograms, texture everywhere."""
    rng = np.random.default_rng(seed)
    small = rng.normal(0, 1, (height // 80, width // 80, 3)).astype(np.float32)
    fine = rng.normal(0, 1, (height, width, 3)).astype(np.float32)
    picture = 120 + 45 * cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    picture += 12 * cv2.GaussianBlur(fine, (0, 0), 1.0)
    return Image.fromarray(np.clip(np.rint(picture), 0, 255).astype(np.uint8))


def exif_of(picture: Image.Image, *, thumbnail: bool = True, **texts: str) -> bytes:
    """EXIF as a camera writes it, with a thumbnail in the second directory."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Benchline", "BL-3M"
    if "software" in texts:
        exif[0x0131] = texts["software"]
    inner = exif.get_ifd(0x8769)
    inner[0x829A], inner[0x829D], inner[0x8827], inner[0x927C] = 0.02, 8.0, 100, b"maker's own"
    inner[0xA002], inner[0xA003] = picture.size
    if not thumbnail:
        return exif.tobytes()
    out = io.BytesIO()
    picture.resize((160, 120), Image.Resampling.BOX).save(out, "JPEG", quality=85)
    raw = exif.tobytes()
    # the second directory goes behind the first, whose link to it Pillow leaves empty
    tiff = bytearray(raw[6:])
    order = "little" if tiff[:2] == b"II" else "big"

    def number(value: int, size: int) -> bytes:
        return value.to_bytes(size, order)  # type: ignore[arg-type]

    first = int.from_bytes(tiff[4:8], order)  # type: ignore[arg-type]
    entries = int.from_bytes(tiff[first : first + 2], order)  # type: ignore[arg-type]
    link = first + 2 + 12 * entries
    tiff += b"\0" * (len(tiff) % 2)
    start = len(tiff)
    tiff[link : link + 4] = number(start, 4)
    place = start + 2 + 2 * 12 + 4
    for tag, value in ((0x0201, place), (0x0202, len(out.getvalue()))):
        tiff += (
            (number(2, 2) if tag == 0x0201 else b"") + number(tag, 2) + number(4, 2) + number(1, 4) + number(value, 4)
        )
    return raw[:6] + bytes(tiff + number(0, 4) + out.getvalue())


def jpeg(picture: Image.Image, quality: int = 93, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, **options)
    return out.getvalue()


def signs(data: bytes | Path) -> dict[str, str]:
    return {s.name: s.grade for s in read_photo(data).edits}


def test_a_camera_picture_has_no_sign() -> None:
    picture = camera_picture()
    assert signs(jpeg(picture, exif=exif_of(picture))) == {}


@pytest.mark.parametrize(
    ("name", "grade"),
    [
        ("Adobe Photoshop 25.1 (Windows)", "strong"),
        ("Snapseed 2.21", "strong"),
        ("VSCO", "strong"),
        ("Meitu", "strong"),
        ("Adobe Photoshop Lightroom Classic 13.0", "suspect"),
        ("Windows Photo Editor 10.0.10011.16384", "suspect"),
        ("17.4.1", None),
        ("HDR+ 1.0.585804376zd", None),
        ("MediaTek Camera Application", None),
        ("ILCE-6400 v2.00", None),
    ],
)
def test_software(name: str, grade: str | None) -> None:
    picture = camera_picture()
    found = signs(jpeg(picture, exif=exif_of(picture, software=name)))
    assert found.get("software") == grade


def test_adjustments_of_camera_raw() -> None:
    picture = camera_picture()
    packet = '<rdf:Description crs:Saturation="{}" crs:Exposure2012="0.00" crs:Tint="+5"/>'
    assert signs(jpeg(picture, exif=exif_of(picture), xmp=packet.format("+25").encode()))["adjustments"] == "strong"
    assert "adjustments" not in signs(jpeg(picture, exif=exif_of(picture), xmp=packet.format("0").encode()))


def curve(picture: Image.Image) -> Image.Image:
    x = np.arange(256) / 255
    table = np.rint(255 * np.clip(x - 0.07 * np.sin(2 * np.pi * x), 0, 1)).astype(int).tolist()
    return picture.point(table * 3)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: ImageEnhance.Brightness(p).enhance(1.15),
        lambda p: ImageEnhance.Color(p).enhance(1.4),
        lambda p: ImageEnhance.Color(p).enhance(0.7),
        lambda p: ImageEnhance.Contrast(p).enhance(1.4),
    ],
)
def test_unlike_its_thumbnail(change: object) -> None:
    picture = camera_picture()
    exif = exif_of(picture)
    assert signs(jpeg(change(picture), exif=exif))["thumbnail"] == "strong"  # type: ignore[operator]
    assert "thumbnail" not in signs(jpeg(picture, quality=70, exif=exif))


def test_thumbnail_with_black_bars() -> None:
    tall = camera_picture().resize((960, 640))
    barred = Image.new("RGB", (160, 120))
    barred.paste(tall.resize((160, 107)), (0, 6))
    exif = exif_of(barred.resize((640, 480)))
    found = signs(jpeg(tall, exif=exif))
    assert "thumbnail" not in found
    assert found["size"] == "suspect"


def test_a_curve_leaves_a_comb() -> None:
    picture = camera_picture()
    edited, honest = io.BytesIO(), io.BytesIO()
    curve(picture).save(edited, "PNG")
    picture.save(honest, "PNG")
    assert signs(edited.getvalue())["comb"] == "strong"
    assert "comb" not in signs(honest.getvalue())
    assert comb_score(np.asarray(picture)) < 0.05


def test_a_drawing_in_two_tones_has_no_comb() -> None:
    stored = np.zeros((60, 80, 3), np.uint8)
    stored[:, 40:] = 255
    assert comb_score(stored) == 0.0


@pytest.mark.parametrize("change", [lambda x: 0.9 * x, lambda x: x**0.8, lambda x: min(1.0, 1.1 * x)])
@pytest.mark.parametrize("sample", ["alpine/units/unit-31.jpg", "fox/golden.jpg"])
def test_weak_curves_on_sample_photos_saved_as_png(sample: str, change: Callable[[float], float]) -> None:
    picture = Image.open(SAMPLES / sample)
    edited, honest = io.BytesIO(), io.BytesIO()
    table = [round(255 * change(v / 255)) for v in range(256)]
    picture.point(table * 3).save(edited, "PNG", compress_level=1)
    picture.save(honest, "PNG", compress_level=1)
    assert signs(edited.getvalue())["comb"] in ("suspect", "strong")
    assert "comb" not in signs(honest.getvalue())


def test_blocks_of_a_jpeg_in_a_png() -> None:
    picture = camera_picture()
    decoded, honest, shifted = io.BytesIO(), io.BytesIO(), io.BytesIO()
    opened = Image.open(io.BytesIO(jpeg(picture, 85)))
    opened.save(decoded, "PNG")
    picture.save(honest, "PNG")
    opened.crop((3, 5, 900, 700)).save(shifted, "PNG")
    assert signs(decoded.getvalue())["format"] == "note"
    assert "format" not in signs(honest.getvalue())
    assert "format" not in signs(shifted.getvalue())


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_lossless_file_with_exposure_data_is_no_cameras_own(kind: str) -> None:
    picture = camera_picture()
    with_data, without = io.BytesIO(), io.BytesIO()
    picture.save(with_data, kind, exif=exif_of(picture, thumbnail=False))
    picture.save(without, kind)
    assert signs(with_data.getvalue())["format"] == "suspect"
    assert "format" not in signs(without.getvalue())


def test_cropped_or_scaled() -> None:
    picture = camera_picture()
    exif = exif_of(picture, thumbnail=False)
    assert signs(jpeg(picture.crop((0, 0, 700, 700)), exif=exif))["size"] == "suspect"
    assert "size" not in signs(jpeg(picture.transpose(Image.Transpose.ROTATE_90), exif=exif))


def test_messenger() -> None:
    found = signs(jpeg(camera_picture(width=1600, height=1200), quality=75))
    assert found == {"tables": "suspect", "size": "note", "camera": "note"}


def test_screenshots() -> None:
    out = io.BytesIO()
    Image.new("RGB", (1170, 2532), (20, 30, 40)).save(out, "PNG")
    assert signs(out.getvalue())["screenshot"] == "suspect"
    picture = camera_picture()
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0Screenshot"
    assert signs(jpeg(picture, exif=exif))["screenshot"] == "strong"


def test_saved_twice() -> None:
    picture = camera_picture()
    exif = exif_of(picture, thumbnail=False)
    once = jpeg(picture, quality=75, exif=exif)
    twice = jpeg(Image.open(io.BytesIO(once)), quality=92, exif=exif)
    assert "recompressed" not in signs(once)
    assert "recompressed" not in signs(jpeg(picture, quality=92, exif=exif))
    assert signs(twice)["recompressed"] == "suspect"


@pytest.mark.parametrize("quality", [30, 50, 75, 95, 100])
def test_standard_tables(quality: int) -> None:
    tables = Image.open(io.BytesIO(jpeg(camera_picture(), quality=quality))).quantization  # type: ignore[attr-defined]
    assert standard_quality(tables) == quality
    assert standard_quality({0: [v + (i == 9) for i, v in enumerate(tables[0])]}) is None


def test_sample_photos_have_no_strong_sign() -> None:
    photos = [*SAMPLES.glob("*/golden.jpg"), *sorted(SAMPLES.glob("*/units/*.jpg"))[::25]]
    assert len(photos) >= 5
    for photo in photos:
        assert {s.grade for s in read_photo(photo).edits} <= {"note"}


def test_only_strong_evidence_takes_colour_down() -> None:
    """C2: no filters."""
    picture = camera_picture()

    def gates(data: bytes) -> list[tuple[bool, tuple[str, ...]]]:
        found = correct(read_photo(data), Calibration(cards=())).gates
        return [(g.ok, g.blocks) for g in found if g.name == "photo"]

    assert gates(jpeg(picture, exif=exif_of(picture))) == []
    assert gates(jpeg(picture)) == [(True, ())]
    assert gates(jpeg(picture, exif=exif_of(picture, software="Snapseed 2.0"))) == [(False, ("colour",))]
