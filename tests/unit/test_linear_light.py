"""Linear light of large photos: exact for every code, and the flat field in place, some rows at a time."""

from __future__ import annotations

from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from station.calibrate.field import gain_rows
from station.values.bench import LightCalibration
from station.values.colour import DeviceRGB, PhotoLight, even_out, linearise, srgb_decode


@pytest.mark.parametrize(("kind", "top"), [(np.uint8, 255), (np.uint16, 65535)])
def test_every_code_is_exact_whatever_the_memory_layout(kind: type, top: int) -> None:
    coded = np.random.default_rng(1).integers(0, top + 1, (90, 70, 3)).astype(kind)
    coded[0, 0] = 0, top, top // 2
    table = srgb_decode(np.arange(top + 1) / top).astype(np.float32)
    for view in (coded, coded[::2, ::3], coded[:, :, ::-1], coded.transpose(1, 0, 2)):
        np.testing.assert_array_equal(linearise(DeviceRGB(view)).pixels, table[view])


@pytest.mark.parametrize(("kind", "top"), [(np.uint8, 255), (np.uint16, 65535)])
def test_clipped_is_where_the_largest_channel_is_saturated(kind: type, top: int) -> None:
    coded = np.random.default_rng(6).integers(0.9 * top, top + 1, (90, 70, 3)).astype(kind)
    for view in (coded, coded[::-1, ::2], coded.transpose(1, 0, 2)):
        photo = DeviceRGB(view)
        np.testing.assert_array_equal(photo.clipped(), view.max(axis=2) >= photo.saturated)


def light(width: int, height: int) -> LightCalibration:
    noon = datetime(2026, 5, 10, 12, tzinfo=UTC)
    gain = np.random.default_rng(2).uniform(0.7, 1.3, (36, 48, 3)).astype(np.float32)
    return LightCalibration(
        rig="bench", gain=gain, photo_size=(width, height), uniformity=0.9, residual=0.0, lux=None, images=1,
        made_at=noon, expires_at=noon,
    )  # fmt: skip


@pytest.mark.parametrize("size", [(200, 150), (48, 36), (640, 37)])
def test_flat_field_is_the_stretched_gain(size: tuple[int, int]) -> None:
    width, height = size
    field = light(width, height)
    pixels = np.random.default_rng(3).uniform(0, 1, (height, width, 3)).astype(np.float32)
    stretched = np.asarray(cv2.resize(field.gain, (width, height), interpolation=cv2.INTER_LINEAR))
    rows = gain_rows(field, size)
    coded = DeviceRGB(np.random.default_rng(4).integers(0, 256, (height, width, 3)).astype(np.uint8))
    photo = PhotoLight(coded, rows)
    np.testing.assert_allclose(photo.whole().pixels, stretched * linearise(coded).pixels, rtol=1e-6, atol=1e-6)
    x0, y0, x1, y1 = width // 5, height // 4, width // 2, height - 3
    np.testing.assert_array_equal(photo.window(x0, y0, x1, y1), photo.whole().pixels[y0:y1, x0:x1])
    for top, end in ((0, height), (height // 3, height // 2 + 1)):
        part = pixels[top:end].copy()
        even_out(part, rows, top, height)
        np.testing.assert_allclose(part, (stretched * pixels)[top:end], rtol=1e-6, atol=1e-6)
