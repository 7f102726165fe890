"""The simulated bench: a camera over units that were never struck, rendered by ``sample_data.renderer``.

The renderer brings spectra, lens, sensor noise and JPEG of its own; it is imported when the camera is opened.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from station.devices.camera import Camera, Description
from station.errors import DeviceError


class SimulatedCamera(Camera):
    """Photographs unit 0, 1, 2 ... of a lot. The same design, seed and number give the same bytes.

    Parameters
    ----------
    design
        Name of one of the renderer's designs (``alpine`` ...).
    seed
        Which lot, 0 or more.
    """

    def __init__(self, design: str, *, seed: int = 0) -> None:
        super().__init__()
        self._design = design
        self._seed = seed
        self._unit = 0
        self._size = (0, 0)
        self._next: bytes | None = None
        self._photograph: Callable[[str, int, int], bytes] | None = None

    def _open(self) -> None:
        if find_spec("colour") is None:  # the renderer itself asks for it only when it draws
            raise DeviceError(
                "The simulated bench needs colour-science, which is not installed",
                "In the station's folder run: pip install -e '.[render]'",
            )
        from sample_data.renderer.designs import DESIGN_NAMES
        from sample_data.renderer.generate import PHOTO_SIZE_PX, photograph

        if self._design not in DESIGN_NAMES:
            raise DeviceError(f"The simulated bench has no design {self._design!r}", f"Use {', '.join(DESIGN_NAMES)}.")
        self._unit, self._size, self._photograph, self._next = 0, PHOTO_SIZE_PX, photograph, None

    def _close(self) -> None:
        self._photograph = None

    def _capture(self) -> bytes:
        picture = self._preview()
        self._unit, self._next = self._unit + 1, None
        return picture

    def _preview(self) -> bytes:
        assert self._photograph is not None  # no closed camera is asked
        if self._next is None:
            self._next = self._photograph(self._design, self._seed, self._unit)
        return self._next

    def _describe(self) -> Description:
        return Description("simulated", f"{self._design}, seed {self._seed}", self._size)
