"""Pairs of pictures of the same thing: registered onto each other, and looked at by the defect model."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from station.errors import RequestError, StationError
from station.service.json_lines import lines
from station.service.tools import read
from station.settings import Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from station.measure.boxes import Compared
    from station.measure.prepared import PreparedGolden
    from station.service.views import AlignDocument, BoxesDocument


MODELS = ("similarity", "affine", "homography")
_MUCH = 0.25  # of the compared pixels; what registration leaves along edges covers less


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures of the same thing."""

    golden: Path
    unit: Path


@dataclass(frozen=True, slots=True)
class AlignPair:
    """Registers a pair; can be sent to a worker process. model : similarity, affine or homography."""

    model: str
    settings: Settings

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise RequestError(f"{self.model!r} is no alignment model", f"Use one of {', '.join(MODELS)}.")

    def __call__(self, pair: Pair) -> AlignDocument:
        """The map from golden pixels to unit pixels. Raises PhotoError."""
        from station.measure.pair import register_pair
        from station.service.views import AlignDocument

        golden = _prepared(pair.golden, _version(pair.golden), self.settings)
        found = register_pair(golden, read(pair.unit, self.settings).photo, cast(Any, self.model))
        known = math.isfinite(found.rms_px)  # else nothing was found, and JSON knows no infinity
        return AlignDocument(
            transform=_rows(found.transform) if known else None,
            model=found.model,
            rms_px=found.rms_px if known else None,
            covariance=_rows(found.covariance) if known else None,
            registered=found.registered,
            reason=found.reason,
            method=found.method,
        )


def _version(path: Path) -> tuple[int, int]:
    """What tells that a file was written anew; zeros where reading it will say what is wrong."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=2)
def _prepared(golden: Path, version: tuple[int, int], settings: Settings) -> PreparedGolden:
    """The golden picture of a pair, ready; ``version`` parts what was written to one path at different times.

    Lists of pairs hold many units of the same golden one after another; two are kept in each process.
    """
    from station.measure.prepared import prepare

    del version  # it is part of the key alone
    return prepare(read(golden, settings).photo)


@dataclass(frozen=True, slots=True)
class RunModel:
    """Runs the defect model on a pair; can be sent to a worker process."""

    settings: Settings
    model: str | None = None  # by name or by the path of its card; PAIR_MODEL where it is left out

    def __call__(self, pair: Pair) -> BoxesDocument:
        """Boxes in pixels of the golden picture. Raises PhotoError, ModelError, and RequestError for one too long."""
        from station.measure.boxes import compare_pair
        from station.models import PAIR_MODEL, as_run, defect_model, model_use
        from station.service.views import BoxDocument, BoxesDocument
        from station.values.colour import in_srgb_primaries

        golden, unit = (in_srgb_primaries(read(p, self.settings).photo) for p in (pair.golden, pair.unit))
        name = self.model or PAIR_MODEL
        model = defect_model(name, device=self.settings.model_device, threads=self.settings.model_threads)
        found = compare_pair(golden, unit, model)
        remark = as_run(model_use(name), model).remark
        return BoxesDocument(
            remarks=(remark,) if remark else (),
            boxes=tuple(BoxDocument(x=b.x, y=b.y, w=b.w, h=b.h, kind=b.kind, score=b.score) for b in found.boxes),
            doubts=tuple(_doubts(found, golden.pixels.shape, unit.pixels.shape)),
            registered=not found.unregistered,
            differ_as_a_whole=found.differ_as_a_whole,
            golden_share=found.golden_share,
            unit_share=found.unit_share,
            left_out=found.left_out,
            left_out_share=found.left_out_share,
        )


def _doubts(found: Compared, golden: tuple[int, ...], unit: tuple[int, ...]) -> Iterator[str]:
    """Why boxes do not tell all that differs. golden, unit : shapes of the pictures."""
    if found.unregistered:
        yield f"not registered: {found.unregistered}; the pictures were compared as they lie"
    if golden[:2] != unit[:2]:
        yield (
            f"sizes differ ({golden[1]} x {golden[0]} and {unit[1]} x {unit[0]} px): {found.golden_share:.1%} of the "
            f"golden and {found.unit_share:.1%} of the unit compared"
        )
    if found.differ_as_a_whole:
        yield "the pictures differ as a whole"
    if found.left_out_share > _MUCH:
        yield f"{left_out_words(found.left_out, found.left_out_share)}, which is too much to be that alone"


def left_out_words(count: int, share: float) -> str:
    """That marked places are no boxes. share : of the compared pixels, 0-1."""
    places = f"{count} marked places, {share:.1%} of what was compared, are"
    if count == 1:
        places = f"1 marked place, {share:.1%} of what was compared, is"
    return f"{places} left out as what registration leaves"


def read_pairs(path: Path) -> list[Pair]:
    """Pairs of a JSON lines file; a path that is not there from the working folder is taken from the file's own."""
    pairs = []
    for where, row in lines(path):
        if isinstance(row, StationError):
            raise row
        if not isinstance(row, dict) or not all(isinstance(row.get(k), str) and row[k] for k in ("golden", "unit")):
            raise RequestError(f"{where} is no pair", 'Write {"golden": "a.jpg", "unit": "b.jpg"}.')
        given = [Path(row["golden"]), Path(row["unit"])]
        pairs.append(Pair(*(p if p.exists() or not (path.parent / p).exists() else path.parent / p for p in given)))
    if not pairs:
        raise RequestError(f"{path} holds no pairs", 'Write a line {"golden": "a.jpg", "unit": "b.jpg"} for each.')
    return pairs


def _rows(matrix: NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(float(v) for v in row) for row in matrix)
