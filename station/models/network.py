"""An ONNX file as a defect model: its hash checked, its answer checked, run over the part in tiles."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.errors import ModelError
from station.measure.rim import NETWORK_RIM
from station.models.card import Card
from station.models.providers import start
from station.values.colour import LinearRGB
from station.values.line import METAL, OUTSIDE, ScoreMaps

Float32 = NDArray[np.float32]
UInt8 = NDArray[np.uint8]

TILE = 768
"""Largest side of a tile in pixels."""
_OVERLAP = 96  # px that neighbouring tiles share; the network sees 118 px far, but little beyond 48 counts
_ROUNDED = 0.02  # that the shares of a network of 8 bits may be off
_MARGIN = 8  # px of bench kept round the part
_INPUTS = ("golden", "unit", "regions", "noise")
_METAL, _ENAMEL, _OTHER = 1, 2, 3


class OnnxModel:
    """A defect model of an ONNX file.

    Inputs ``golden`` and ``unit`` (n, 3, h, w) linear light, ``regions`` (n, 1, h, w) 0 outside, 1 metal, 2 enamel, 3
    other, ``noise`` (n, 1, 1, 1); output (n, 1 + kinds, h, w) scores that sum to 1, the first of what is as it should
    be. device, threads, remark : where it runs, as in :class:`station.models.providers.Started`. Raises ModelError
    where file, card and answer do not agree.
    """

    def __init__(self, folder: Path, card: Card, *, precision: str, threads: int, device: str = "cpu") -> None:
        self.card = card
        weights = card.weights_of(precision)
        path = folder / weights.path
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ModelError(
                f"the model file {path} cannot be read ({error.strerror})", "Put it beside its card."
            ) from None
        found = hashlib.sha256(data).hexdigest()
        if found != weights.sha256:
            raise ModelError(
                f"the model file {path} is not the one its card describes (sha256 {found[:12]}..., card "
                f"{weights.sha256[:12]}...)",
                "Restore the file, or give it a card of its own.",
            )
        started = start(data, path, device=device, threads=threads, probe=self._probe)
        self.session, self.device, self.threads = started.session, started.device, started.threads
        self.remark = started.remark
        self.weights = weights
        names, outputs = {i.name for i in self.session.get_inputs()}, len(self.session.get_outputs())
        if names != set(_INPUTS) or outputs != 1:
            raise ModelError(
                f"the model file {path} takes {', '.join(sorted(names))} and gives {outputs} output(s), not "
                f"{', '.join(_INPUTS)} and one",
                "Export it with the inputs and the output that the help page on models names.",
            )

    def __call__(self, golden: LinearRGB, unit: LinearRGB, labels: UInt8, noise: float) -> ScoreMaps:
        """Scores of every pixel; deterministic, and 0 outside the part and at its rim."""
        scores = np.zeros((len(self.card.kinds), *labels.shape), dtype=np.float32)
        part = labels != OUTSIDE
        if not part.any():
            return ScoreMaps(self.card.kinds, scores, self.card.least_scores, self.card.sure)
        regions = _regions(labels)
        for rows, columns, inner_rows, inner_columns in _tiles(part, self.card.multiple):
            window = (rows, columns)
            if not part[window].any():
                continue
            answer = self._run(golden.pixels[window], unit.pixels[window], regions[window], noise)
            kept = (
                slice(inner_rows.start - rows.start, inner_rows.stop - rows.start),
                slice(inner_columns.start - columns.start, inner_columns.stop - columns.start),
            )
            scores[:, inner_rows, inner_columns] = answer[1:, *kept]
        scores *= NETWORK_RIM.inside(labels).astype(np.float32)
        return ScoreMaps(self.card.kinds, scores, self.card.least_scores, self.card.sure)

    def _probe(self, session: Any) -> None:
        """Run a session once over a plain picture of the least size; raises what the session raises."""
        side = self.card.multiple
        feed = {name: np.zeros((1, 3, side, side), np.float32) for name in ("golden", "unit")}
        feed |= {"regions": np.ones((1, 1, side, side), np.float32), "noise": np.full((1, 1, 1, 1), 0.01, np.float32)}
        session.run(None, feed)

    def _run(self, golden: Float32, unit: Float32, regions: UInt8, noise: float) -> Float32:
        """(1 + kinds, h, w) for a window of any size, mirrored up to what the network takes."""
        h, w = regions.shape
        multiple = self.card.multiple
        more = ((0, -h % multiple), (0, -w % multiple))
        feed: dict[str, Float32] = {}
        for name, picture in (("golden", golden), ("unit", unit)):
            feed[name] = np.ascontiguousarray(np.pad(picture, (*more, (0, 0)), mode="edge").transpose(2, 0, 1)[None])
        feed["regions"] = np.pad(regions, more, mode="edge").astype(np.float32)[None, None]
        feed["noise"] = np.full((1, 1, 1, 1), max(noise, 1e-4), dtype=np.float32)
        try:
            answer = np.asarray(self.session.run(None, feed)[0])
        except Exception as error:
            if type(error).__module__.startswith("onnxruntime"):
                raise ModelError(
                    f"the model {self.card.name} failed on {self.device} ({error})",
                    "Use the model that is shipped, or export this one again: float32 inputs of any height and width."
                    if self.device == "cpu"
                    else "Set STATION_MODEL_DEVICE=cpu, or use the model that is shipped.",
                ) from None
            raise
        expected = (1, 1 + len(self.card.kinds), *(n + pad for n, (_, pad) in zip((h, w), more, strict=True)))
        if answer.shape != expected:
            raise ModelError(
                f"the model {self.card.name} answers {answer.shape}, its card promises {expected}",
                "Mend the card's kinds, or export the model again.",
            )
        least, most = float(answer.min()), float(answer.sum(axis=1).max())
        if not (least >= -_ROUNDED and most <= 1 + _ROUNDED):  # what is not a number is neither
            raise ModelError(
                f"the model {self.card.name} answers scores from {least:g} that sum to {most:g}, not shares of 1",
                "Export it with a softmax over the background and all kinds.",
            )
        return np.asarray(answer[0, :, :h, :w], dtype=np.float32)


def _regions(labels: UInt8) -> UInt8:
    """The network's region map. Without struck metal there is no enamel either, but print or what is not known."""
    metal = labels == METAL
    rest = _ENAMEL if metal.any() else _OTHER
    return np.where(labels == OUTSIDE, 0, np.where(metal, _METAL, rest)).astype(np.uint8)


def _tiles(part: NDArray[np.bool_], multiple: int) -> list[tuple[slice, slice, slice, slice]]:
    """Rows and columns of every tile over the part, and of what is kept of it. multiple : of px that tiles are apart,
    so that the network's coarser grids lie on each other."""
    x, y, w, h = cv2.boundingRect(part.astype(np.uint8))
    rows, columns = part.shape
    down = _runs(max(y - _MARGIN, 0), min(y + h + _MARGIN, rows), multiple)
    across = _runs(max(x - _MARGIN, 0), min(x + w + _MARGIN, columns), multiple)
    return [(r, c, ir, ic) for r, ir in down for c, ic in across]


def _runs(start: int, stop: int, multiple: int) -> list[tuple[slice, slice]]:
    """Overlapping pieces of ``start`` to ``stop`` of ``TILE`` at most, and what is kept of each."""
    length = stop - start
    if length <= TILE:
        return [(slice(start, stop), slice(start, stop))]
    longest = (TILE - _OVERLAP) // multiple * multiple
    count = -(-(length - _OVERLAP) // longest)
    step = math.ceil((length - _OVERLAP) / count / multiple) * multiple
    pieces = []
    for k in range(count):
        first = start + k * step
        last = min(first + step + _OVERLAP, stop)
        kept = slice(first if k == 0 else first + _OVERLAP // 2, last if k == count - 1 else last - _OVERLAP // 2)
        pieces.append((slice(first, last), kept))
    return pieces
