"""Places of the control sheet that no golden photo holds are refused before the photo is measured."""

from __future__ import annotations

import numpy as np
import pytest

from station.errors import SheetError
from station.golden_line import measure_master
from station.sheet import load_sheet
from station.values.colour import DeviceRGB, LinearRGB
from station.values.line import Corrected, Shot

PRODUCT = 'schema = 1\n[product]\nsku = "A"\nthickness_mm = 1.6\n'


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ('[[regions]]\nname = "sky"\nseed_px = [200, 50]', "the seed of region 'sky' at 200, 50"),
        ('[[regions]]\nname = "sky"\nseed_px = [50, -1]', "the seed of region 'sky' at 50, -1"),
        (
            '[[regions]]\nname = "sky"\npolygon_px = [[0, 0], [99999, 0], [9, 9]]',
            "a corner of region 'sky' at 99999, 0",
        ),
        ('[[marks]]\nname = "logo"\npolygon_px = [[0, 0], [9, 0], [9, 150]]', "a corner of mark 'logo' at 9, 150"),
    ],
)
def test_a_place_outside_the_golden_photo_is_named(row: str, says: str) -> None:
    shot = Shot(DeviceRGB(np.zeros((150, 200, 3), dtype=np.uint8)), "0" * 64, "golden.png")
    image = LinearRGB(np.zeros((150, 200, 3), dtype=np.float32))
    corrected = Corrected(shot, image, np.zeros((150, 200), dtype=bool), None, None, None)
    with pytest.raises(SheetError, match=f"{says} lies outside the golden photo of 200 x 150 px"):
        measure_master(corrected, load_sheet((PRODUCT + row).encode()), number="G", version=1)
