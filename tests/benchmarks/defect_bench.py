"""What the benchmarks of defect models share: figures of score maps, matching of findings, and the parts to try.

Not run by itself.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment
from scipy.stats import rankdata

from models.train.samples import METAL as TRAINED_METAL
from models.train.samples import SIDE, make_pair
from station.calibrate.light import correct
from station.devices.photo import read_photo
from station.golden_line import measure_master
from station.models import REFERENCE_DIFFERENCE, SHIPPED, shipped
from station.models.card import read_card
from station.service import Station
from station.settings import Settings
from station.sheet import Sheet, load_sheet
from station.values.bench import Calibration
from station.values.colour import LinearRGB, srgb_decode
from station.values.geometry import Frame, Similarity
from station.values.line import METAL, OTHER, OUTSIDE, Aligned, Master

Bool = NDArray[np.bool_]
Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
UInt8 = NDArray[np.uint8]

SAMPLES = Path(__file__).parents[2] / "sample_data"
DESIGNS = ("alpine", "shield", "keychain", "fox", "hexagon")
MODELS = (REFERENCE_DIFFERENCE, *shipped())
LEAST_REACH_MM = 0.3
"""A finding matches a defect whose centre is no further than this, or than half the defect's extent."""

_DROPPED_BITS = 15  # of a score's 32: bins 0.4 % wide, whatever the score's scale
_BINS = 1 << (32 - _DROPPED_BITS - 1)


class PixelFigures:
    """Figures of score maps over the pixels of any number of pictures, in bounded memory.

    Scores are at least 0 and of any scale; those that agree within 0.4 % count as ties. Between two thresholds, and
    over ties, curves run straight.
    """

    def __init__(self) -> None:
        self._good = np.zeros(_BINS)
        self._bad = np.zeros(_BINS)
        self._of_regions = np.zeros(_BINS)
        self.regions = 0

    def add(self, scores: Float32, truth: Bool) -> None:
        """One picture. scores : (H, W) at least 0. truth : (H, W) true where it is bad; every 8-connected piece is a
        region."""
        bins = np.ascontiguousarray(scores, dtype=np.float32).view(np.uint32) >> _DROPPED_BITS
        self._good += np.bincount(bins[~truth], minlength=_BINS)
        self._bad += np.bincount(bins[truth], minlength=_BINS)
        count, pieces = cv2.connectedComponents(truth.astype(np.uint8), connectivity=8)
        areas = np.bincount(pieces.ravel(), minlength=count)
        self._of_regions += np.bincount(bins[truth], weights=1 / areas[pieces[truth]], minlength=_BINS)
        self.regions += count - 1

    def average_precision(self) -> float:
        """Sum over thresholds of precision times the step in recall, of pixels; NaN without a bad one."""
        right, wrong = (np.cumsum(counts[::-1]) for counts in (self._bad, self._good))
        if not right[-1]:
            return math.nan
        precision = right / np.maximum(right + wrong, 1)
        return float((np.diff(right, prepend=0) * precision).sum() / right[-1])

    def aupro(self, limit: float) -> float:
        """Area under the per-region overlap up to a false-positive rate, over that rate: 1 is perfect, ``limit`` / 2
        chance.

        The overlap of a threshold is the mean over regions of the share of a region's pixels that it takes; its
        false-positive rate the share of all good pixels, those of good pictures among them (Bergmann et al., MVTec
        AD, IJCV 129, 2021, section 5.2). limit : above 0, 1 at most. NaN without a region or a good pixel.
        """
        good = np.cumsum(self._good[::-1])
        if not self.regions or not good[-1]:
            return math.nan
        rate = np.concatenate([[0.0], good / good[-1]])
        overlap = np.concatenate([[0.0], np.cumsum(self._of_regions[::-1]) / self.regions])
        within = int(np.searchsorted(rate, limit, side="right"))
        if within < len(rate):
            step = (limit - rate[within - 1]) / (rate[within] - rate[within - 1])
            last = overlap[within - 1] + step * (overlap[within] - overlap[within - 1])
            rate, overlap = np.append(rate[:within], limit), np.append(overlap[:within], last)
        return float(np.trapezoid(overlap, rate) / limit)


def auroc(good: ArrayLike, bad: ArrayLike) -> float:
    """How often a bad one scores higher than a good one, ties counted half (Mann-Whitney); NaN where either lacks."""
    below, above = (np.asarray(v, dtype=np.float64).ravel() for v in (good, bad))
    if not len(below) or not len(above):
        return math.nan
    ranks = rankdata(np.concatenate([below, above]))[len(below) :]
    return float((ranks.sum() - len(above) * (len(above) + 1) / 2) / (len(below) * len(above)))


@dataclass(frozen=True, slots=True)
class Spot:
    """A defect or a finding: its middle in the golden frame, and its diameter or its length, in mm."""

    x_mm: float
    y_mm: float
    extent_mm: float = 0.0


def extent_of(kind: str, size_mm: float, length_mm: float) -> float:
    """What of a defect is held to a limit, in mm: its diameter, of a scratch or lint its length."""
    return length_mm if kind in ("scratch", "lint") else size_mm


def matched(truth: Sequence[Spot], found: Sequence[Spot]) -> dict[int, int]:
    """Which finding is which defect: indices of ``truth`` to those of ``found``, one to one.

    A pair is allowed where the finding's middle lies within ``LEAST_REACH_MM`` or half the defect's extent of the
    defect's, whichever is more. As many pairs as possible, then the least sum of distances.
    """
    if not truth or not found:
        return {}
    distance = np.array([[math.hypot(t.x_mm - f.x_mm, t.y_mm - f.y_mm) for f in found] for t in truth])
    reach = np.array([max(LEAST_REACH_MM, t.extent_mm / 2) for t in truth])
    allowed = distance <= reach[:, None]
    far = 1 + float(reach.max()) * len(truth)  # more than all distances of allowed pairs together
    rows, columns = linear_sum_assignment(np.where(allowed, distance, far))
    return {int(t): int(f) for t, f in zip(rows, columns, strict=True) if allowed[t, f]}


def linear_light(picture: UInt8) -> LinearRGB:
    """An (H, W, 3) sRGB picture as linear light."""
    table = srgb_decode(np.arange(256) / 255.0).astype(np.float32)
    return LinearRGB(table[picture])


def bare_master(image: LinearRGB, labels: UInt8, *, noise: float, pitch_mm: float = 0.04) -> Master:
    """A master that knows its picture and its region map alone. noise : of a pixel, linear light."""
    height, width = labels.shape
    frame = Frame(pitch_mm, width, height, ((width - 1) / 2, (height - 1) / 2))
    corners = frame.to_mm(np.array([[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]))
    return Master(
        number="GS-BARE", version=1, sheet_digest="", photo_sha256="", frame=frame, image=image, correction=None,
        labels=labels, outline_mm=corners, holes_mm=(), thickness_mm=None, regions=(), marks=(), sizes_mm={},
        u_scale=0.0, scale_source="part", noise=noise, blur_px=0.8, pose=Similarity(),
    )  # fmt: skip


def bare_aligned(image: LinearRGB, *, noise: float) -> Aligned:
    """A picture as a unit that lies where the golden lies."""
    everywhere = np.ones(image.pixels.shape[:2], dtype=bool)
    return Aligned(
        image=image, clipped=~everywhere, valid=everywhere, similarity=Similarity(), rms_px=0.0, overlap=1.0,
        u_offset_mm=0.0, u_rotation_deg=0.0, u_scale=0.0, correction=None, scale_source="part", noise=noise,
        blur_px=0.8,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Drawn:
    """Golden and unit of a procedural product, the region map, the noise of a pixel."""

    golden: LinearRGB
    unit: LinearRGB
    labels: UInt8
    noise: float


def drawn_pair(rng: np.random.Generator) -> Drawn:
    """A pair as the network is trained on, 128 x 128 px, the whole of it part."""
    pair = make_pair(rng)
    labels = np.where(pair.regions == TRAINED_METAL, METAL, OTHER).astype(np.uint8)
    return Drawn(linear_light(pair.golden), linear_light(pair.unit), labels, pair.noise)


def drawn_part(rng: np.random.Generator, side_px: int) -> Drawn:
    """A round part that just fits ``side_px`` x ``side_px``, put together of such pairs."""
    count = -(-side_px // SIDE)
    tiles = [[drawn_pair(rng) for _ in range(count)] for _ in range(count)]
    golden, unit = (
        np.ascontiguousarray(np.block([[[getattr(t, name).pixels] for t in row] for row in tiles])[:side_px, :side_px])
        for name in ("golden", "unit")
    )
    labels = np.block([[t.labels for t in row] for row in tiles])[:side_px, :side_px]
    y, x = np.mgrid[:side_px, :side_px] - (side_px - 1) / 2
    labels = np.where(np.hypot(x, y) <= side_px / 2, labels, OUTSIDE).astype(np.uint8)
    noise = float(np.median([t.noise for row in tiles for t in row]))
    return Drawn(LinearRGB(golden), LinearRGB(unit), labels, noise)


@lru_cache(maxsize=1)
def sample_calibration() -> Calibration:
    """The bench of the sample data, calibrated."""
    bench = SAMPLES / "bench"
    with tempfile.TemporaryDirectory() as home, Station(Settings(home=Path(home))) as station:
        rig = station.bench.add_rig(bench / "rig.toml").name
        station.bench.calibrate_lens(rig, sorted(bench.glob("board-*.jpg")))
        station.bench.calibrate_light(rig, sorted(bench.glob("grey-*.jpg"))[:1])
        return station.bench.calibration(rig, str(bench / "card.toml"))


@lru_cache(maxsize=len(DESIGNS))
def sample_master(design: str) -> tuple[Master, Sheet]:
    """The golden of a design of the sample data, measured, and its control sheet."""
    sheet = load_sheet(SAMPLES / design / "sheet.toml")
    golden = correct(read_photo(SAMPLES / design / "golden.jpg"), sample_calibration())
    return measure_master(golden, sheet, number=f"GS-{design.upper()}", version=1), sheet


@contextmanager
def card_of_precision(name: str, precision: str) -> Iterator[str]:
    """The path of a card, while it is needed, that has this model's weights of one precision alone."""
    source = SHIPPED if not name.endswith(".toml") else Path(name).parent
    cards = [Path(name)] if name.endswith(".toml") else sorted(SHIPPED.glob("*.toml"))
    card = next(c for c in map(read_card, cards) if name.endswith(".toml") or c.name == name)
    weights = card.weights_of(precision)
    if weights.precision != precision:
        raise SystemExit(f"{name} has no weights in {precision}")
    kinds = ", ".join(f'"{k}"' for k in card.kinds)
    text = (
        f'name = "{card.name}"\nversion = "{card.version}"\nkinds = [{kinds}]\nmultiple = {card.multiple}\n'
        f'[[weights]]\nprecision = "{precision}"\npath = "{weights.path}"\nsha256 = "{weights.sha256}"\n'
    )
    # what is left to a person, and which kinds are seldom found, decides on verdicts
    text += "".join(f'[[trials]]\nkind = "{t.kind}"\nfound = {t.found}\nof = {t.of}\n' for t in card.trials)
    for table in ("least_scores", "sure_scores"):
        text += f"[{table}]\n" + "".join(f"{kind} = {score}\n" for kind, score in getattr(card, table).items())
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(source / weights.path, folder)
        path = Path(folder) / f"{card.name}-{precision}.toml"
        path.write_text(text, "utf-8")
        yield str(path)
