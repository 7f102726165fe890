"""What the residual map needs of a golden, worked out once: its edges, and the windows that they are read in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from station.measure.master_index import MasterIndex, index_of
from station.measure.morphology import disc
from station.measure.per_master import PerMaster
from station.measure.polygon import polygon_mask
from station.measure.refine import LOCAL_SIGMA, spline_gradient
from station.measure.residual_kernels import halved_chroma, halved_light
from station.measure.sampling import spline_coefficients
from station.measure.signal import Signal, steepness
from station.measure.threads import thread_count, together
from station.values.line import Master

Float = NDArray[np.float64]
Float32 = NDArray[np.float32]
Bool = NDArray[np.bool_]
Index = NDArray[np.int64]

STEP_MM = 1.5
"""Between two nodes of the grid of windows."""
_REACH_MM = 1.6  # half a window: of its edges some hundred are seen, and neighbours share half of them
_LEVELS = (2, 4)  # raster pixels averaged a side: at the second the fit finds shifts of a third of a millimetre
_CELL_MM = 1.0  # of a cell's edges the steepest ...
_CELL_POINTS = (60, 30)  # ... so many by level: a long bright wall takes none of the places of a faint one elsewhere
_LEAST_POINTS = (24, 12)  # of a window, by level
_STEEPEST = 0.2  # of the golden's steep edges: what is flatter is the grain of metal, which has another light each time
# energy of gradients along straight edges over that across them: below it the shifts of warped units stayed behind
_ALONG = 0.04
_LEAST_TOLD = 0.02  # of a direction that nothing tells of
_BLOCK_MM = 0.5  # residuals this near to one another are correlated
_RIM_MM = 0.6  # shoulder of the outline, whose light changes with every turn; outline and sizes are measured themselves
_MARK_MARGIN_MM = 0.5  # edges of a mark that may be displaced; marks are measured themselves


@dataclass(frozen=True, slots=True)
class Level:
    """Edges at one size of the picture.

    pitch_mm : of its pixels. px : (n, 2) in them. values : (n,) and gradient : (n, 2) per mm of the golden's signal.
    windows : see :func:`station.measure.residual_kernels.solve_windows`. loss : (k, 2, 2) by which what is known of
    each window's shift seems better than it is, see :func:`_loss`. between : nodes (n, 4) and shares (n, 4) by which
    the field at an edge is that of the four nodes about it.
    """

    pitch_mm: float
    px: Float
    values: Float
    gradient: Float
    windows: tuple[Index, Index, Float, Index]
    loss: Float
    between: tuple[Index, Float]


@dataclass(frozen=True, slots=True)
class ResidualTemplate:
    """The golden's part of the residual map.

    nodes_mm : (rows, columns, 2) middles of the windows. at_mm : (rows * columns, 2) middle of each window's edges, and
    ``between`` of it as in :class:`Level`. asked : (rows * columns,) windows with edges enough. levels : finest first.
    """

    signal: Signal
    nodes_mm: Float
    at_mm: Float
    between: tuple[Index, Float]
    asked: Bool
    levels: tuple[Level, ...]


def signal_picture(pixels: Float32, signal: Signal) -> Float32:
    """(H // 2, W // 2) the registered signal of a raster (H, W, 3) in linear light, at half its size: two of its pixels
    hardly blur an edge more than the lens does, and a quarter of them is compared."""
    h, w = pixels.shape[0] // 2, pixels.shape[1] // 2
    out = np.empty((h, w), dtype=np.float32)
    cuts = [int(c) for c in np.linspace(0, h, thread_count() + 1)]
    if signal.kind == "chroma":
        axis, level = signal.axis.astype(np.float32), np.float32(signal.level)
        together(*(partial(halved_chroma, pixels, axis, level, a, b, out) for a, b in pairwise(cuts)))
        return out
    together(*(partial(halved_light, pixels, a, b, out) for a, b in pairwise(cuts)))
    return steepness(out, 2.0)


def signal_levels(picture: Float32) -> list[Float32]:
    """The picture of :func:`signal_picture` at the levels' sizes, each blurred by a pixel and less its local mean."""
    out = []
    for level in (picture, cv2.pyrDown(picture)):
        calm = cv2.GaussianBlur(level, (7, 7), 1.0)
        out.append(np.asarray(calm - cv2.GaussianBlur(calm, (0, 0), LOCAL_SIGMA), dtype=np.float32))
    return out


def build_template(master: Master) -> ResidualTemplate:
    """Find the golden's edges and share them out among the windows."""
    index, frame = index_of(master), master.frame
    signal = index.signal if index.placing is None else index.placing[0]
    outline = master.outline_mm
    middle = (outline.min(axis=0) + outline.max(axis=0)) / 2
    columns, rows = (int(n) for n in np.ceil(np.ptp(outline, axis=0) / STEP_MM) + 1)
    xs, ys = (middle[k] + (np.arange(n) - (n - 1) / 2) * STEP_MM for k, n in ((0, columns), (1, rows)))
    nodes = np.stack(np.meshgrid(xs, ys), axis=-1)
    usable = _usable(master, index)
    at = nodes.reshape(-1, 2).copy()
    asked = np.zeros(len(at), dtype=bool)
    levels = []
    for i, picture in enumerate(signal_levels(signal_picture(master.image.pixels, signal))):
        factor = _LEVELS[i]
        px, values, gradient = _edges(picture, usable, factor, round(_CELL_MM / (factor * frame.pitch_mm)), i)
        mm = frame.to_mm(factor * px + 0.5)  # both pictures' first pixel has its centre between the raster's first two
        windows = _windows(nodes.reshape(-1, 2), mm, _LEAST_POINTS[i])
        if i == 0:
            start, member, share, _ = windows
            strength = share * (gradient[member] ** 2).sum(axis=1)
            window = np.repeat(np.arange(len(at)), np.diff(start))
            total = np.bincount(window, strength, len(at))
            asked = total > 0
            for k in range(2):
                moment = np.bincount(window, strength * mm[member, k], len(at))
                at[asked, k] = moment[asked] / total[asked]
        pitch = factor * frame.pitch_mm
        loss = _loss(windows, gradient)
        levels.append(Level(pitch, px, values, gradient / pitch, windows, loss, _between(mm, nodes)))
    return ResidualTemplate(signal, nodes, at, _between(at, nodes), asked, tuple(levels))


template_of = PerMaster(build_template)
"""The template of a master, kept for the last four master objects."""


def _usable(master: Master, index: MasterIndex) -> Bool:
    """(H, W) raster pixels of the body whose edges tell of it."""
    frame = master.frame
    out = cv2.erode(index.body.astype(np.uint8), disc(_RIM_MM / frame.pitch_mm))
    for mark in master.marks:
        mask = polygon_mask(frame.to_px(mark.polygon_mm), out.shape).astype(np.uint8)
        out[cv2.dilate(mask, disc(_MARK_MARGIN_MM / frame.pitch_mm)) > 0] = 0
    return out.astype(bool)


def _edges(picture: Float32, usable: Bool, factor: int, cell: int, level: int) -> tuple[Float, Float, Float]:
    """Places (n, 2) px, values (n,) and gradients (n, 2) per px of the steepest edges of every cell."""
    gx, gy = spline_gradient(spline_coefficients(picture))
    strength = np.hypot(gx, gy)
    h, w = picture.shape
    rows, columns = (np.minimum(factor * np.arange(n) + 1, usable.shape[k] - 1) for k, n in ((0, h), (1, w)))
    border = 4
    strength[~usable[np.ix_(rows, columns)]] = 0
    strength[:border] = strength[-border:] = strength[:, :border] = strength[:, -border:] = 0
    steep = float(np.quantile(strength[strength > 0], 0.98)) if (strength > 0).any() else np.inf
    chosen = np.flatnonzero(strength.ravel() > _STEEPEST * steep)
    y, x = np.divmod(chosen, w)
    cells = (y // cell) * (w // cell + 1) + x // cell
    order = np.lexsort((-strength.ravel()[chosen], cells))
    rank = np.arange(len(order)) - np.searchsorted(cells[order], cells[order])
    kept = np.sort(order[rank < _CELL_POINTS[level]])
    chosen = chosen[kept]
    px = np.stack([x[kept], y[kept]], axis=-1).astype(np.float64)
    gradient = np.stack([gx.ravel()[chosen], gy.ravel()[chosen]], axis=-1).astype(np.float64)
    return px, picture.ravel()[chosen].astype(np.float64), gradient


def _windows(nodes: Float, mm: Float, least: int) -> tuple[Index, Index, Float, Index]:
    """Of every node (k, 2) the edges (n, 2) mm within reach, those in its middle counting most."""
    tile = np.floor(mm / _BLOCK_MM).astype(np.int64)
    tile_of = (tile[:, 1] - tile[:, 1].min(initial=0)) * 4096 + tile[:, 0] - tile[:, 0].min(initial=0)
    start, members, shares, blocks = [0], [], [], []
    for node in nodes:
        far = ((mm - node) ** 2).sum(axis=1) / _REACH_MM**2
        some = np.flatnonzero(far < 1)
        some = some if len(some) >= least else some[:0]
        members.append(some)
        shares.append(1 - far[some])
        blocks.append(np.unique(tile_of[some], return_inverse=True)[1])
        start.append(start[-1] + len(some))
    return (
        np.array(start, dtype=np.int64),
        np.concatenate(members).astype(np.int64),
        np.concatenate(shares),
        np.concatenate(blocks).astype(np.int64),
    )


def _loss(windows: tuple[Index, Index, Float, Index], gradient: Float) -> Float:
    """(k, 2, 2) symmetric, by which a window's standard uncertainty is to be multiplied either side of its covariance.

    Along a straight edge the only gradients are those of noise and of the grid of pixels. They pull the fit to no shift
    at all, and its normal matrix takes them for edges that hold it: of a window's share of such gradients only what
    exceeds ``_ALONG`` of those across counts.
    """
    start, member, share, _ = windows
    window = np.repeat(np.arange(len(start) - 1), np.diff(start))
    products = share[:, None] * gradient[member][:, (0, 0, 1)] * gradient[member][:, (0, 1, 1)]
    xx, xy, yy = (np.bincount(window, products[:, k], len(start) - 1) for k in range(3))
    size, axes = np.linalg.eigh(np.stack([xx, xy, xy, yy], axis=-1).reshape(-1, 2, 2))
    spurious = _ALONG * size[:, 1:]
    told = np.clip((size - spurious) / np.maximum(size, 1e-30), _LEAST_TOLD, 1.0)
    told[:, 1] = 1.0
    return np.asarray((axes / told[:, None, :]) @ axes.transpose(0, 2, 1))


def _between(mm: Float, nodes: Float) -> tuple[Index, Float]:
    """For places (n, 2) the four nodes about each and their bilinear shares, (n, 4) each."""
    rows, columns = nodes.shape[:2]
    at = np.clip((mm - nodes[0, 0]) / STEP_MM, 0, np.array([columns, rows]) - 1.001)
    corner = at.astype(np.int64)
    x, y = (at - corner).T
    first = corner[:, 1] * columns + corner[:, 0]
    index = np.stack([first, first + 1, first + columns, first + columns + 1], axis=1)
    return index, np.stack([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y], axis=1)
