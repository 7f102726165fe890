"""The quantiser of a photo's file: read from its tables, none where nothing was lost."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from station.devices.coding import LOSSY_STEP, coding_step
from station.devices.photo import read_photo


def coded(kind: str, **options: object) -> bytes:
    rng = np.random.default_rng(1)
    out = io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (96, 128, 3), dtype=np.uint8)).save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("quality", [60, 83, 90, 100])
def test_a_jpeg_tells_its_steps(quality: int) -> None:
    data = coded("JPEG", quality=quality)
    tables = Image.open(io.BytesIO(data)).quantization
    assert coding_step(data, "JPEG") == (tables[0][0] / 8, tables[1][0] / 8)
    assert read_photo(data, name="a.jpg").coding_step == coding_step(data, "JPEG")


def test_a_file_without_loss_has_no_step_and_an_unknown_one_a_usual_one() -> None:
    assert coding_step(coded("PNG"), "PNG") == (0.0, 0.0)
    assert read_photo(coded("PNG"), name="a.png").coding_step == (0.0, 0.0)
    assert coding_step(b"", "WEBP") == LOSSY_STEP
    assert coding_step(b"\xff\xd8\xff\xd9", "JPEG") == LOSSY_STEP
    assert coding_step(coded("JPEG")[:24], "JPEG") == LOSSY_STEP
