"""Defects as geometry and material: each cuts into the height field of a workpiece and leaves its own surfaces there.

Sizes are those of the finished cut: ``apply`` rasterises, measures and returns what it made, so truth is not the wish.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from sample_data.renderer import materials
from sample_data.renderer.canvas import Canvas, Mask, Points, Raster, depth_inside, noise, smooth, spline
from sample_data.renderer.part import NOTHING, Surface
from sample_data.renderer.workpiece import FLOOR_MM, Workpiece

HARMLESS = ("dust", "lint")
"""Kinds that lie on a part and can be blown away; no defect."""


@dataclass(frozen=True, slots=True)
class Defect:
    """A wanted defect. x_mm, y_mm : golden frame. size_mm : equivalent diameter, or width for scratch and lint.

    length_mm : along the curve, for scratch and lint. angle_deg : its heading. bare : goes down to metal.
    """

    kind: str
    x_mm: float
    y_mm: float
    size_mm: float
    seed: int
    length_mm: float = 0.0
    angle_deg: float = 0.0
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """What a defect became, as :class:`Defect` says it. rows, columns : its window on the raster; mask : its samples
    there. area_mm2, region : of what was cut."""

    kind: str
    x_mm: float
    y_mm: float
    size_mm: float
    length_mm: float
    area_mm2: float
    region: str
    bare: bool
    rows: slice
    columns: slice
    mask: Mask


@dataclass(frozen=True, slots=True)
class _Patch:
    """The window a defect works in: views of the workpiece's rasters and the defect's own polar frame."""

    piece: Workpiece
    canvas: Canvas
    height: Raster
    labels: np.ndarray[tuple[int, int], np.dtype[np.uint8]]
    wall: Raster
    x: Raster
    y: Raster
    rng: np.random.Generator

    def wobble(self, radius: float, harmonics: tuple[float, ...]) -> Raster:
        """Distance from the middle over the radius of an irregular round shape: below 1 is inside."""
        angle = np.arctan2(self.y, self.x)
        r = np.ones_like(angle)
        for n, amplitude in enumerate(harmonics, start=2):
            r += amplitude * self.rng.normal() * np.cos(n * angle + self.rng.uniform(0, 2 * math.pi))
        inside = np.hypot(self.x, self.y) / np.maximum(radius * r, 0.3 * radius)
        area = float((inside < 1).sum()) * self.canvas.pitch_mm**2
        return np.asarray(inside * math.sqrt(max(area, 1e-9) / (math.pi * radius**2)), dtype=np.float32)

    def coat(self) -> int:
        """Label at the middle of the defect."""
        column, row = (round(v) for v in self.canvas.origin_px)
        return int(self.labels[row, column])

    def bare_metal(self) -> int:
        """Label of the struck floor seen through a hole in the enamel."""
        metal = self.piece.design.metal
        return self.piece.add(Surface(f"{metal} floor", "sandblasted metal", {"oxide": 0.12}, 0.4, metal=metal))


def apply(piece: Workpiece, defect: Defect) -> Made:
    """Cuts the defect into the workpiece and says what came of it."""
    reach = 0.75 * max(defect.size_mm, defect.length_mm) + 0.35
    ys, xs, window = piece.canvas.window((defect.x_mm, defect.y_mm), reach)
    pitch = window.pitch_mm
    local = replace(
        window, origin_px=(window.origin_px[0] + defect.x_mm / pitch, window.origin_px[1] + defect.y_mm / pitch)
    )
    x, y = np.broadcast_arrays(local.x, local.y)
    patch = _Patch(
        piece,
        local,
        piece.height_mm[ys, xs],
        piece.labels[ys, xs],
        piece.wall_mm[ys, xs],
        np.asarray(x, dtype=np.float32),
        np.asarray(y, dtype=np.float32),
        np.random.default_rng(defect.seed),
    )
    region = piece.region_at(defect.x_mm, defect.y_mm)
    mask, length = _MAKERS[defect.kind](patch, defect)
    mask = mask & (piece.coverage[ys, xs] > 0.5)
    rows, columns = np.nonzero(mask)
    area = len(rows) * pitch**2
    middle = (defect.x_mm, defect.y_mm)
    if len(rows):
        middle = (float(window.x[0, columns].mean()), float(window.y[rows, 0].mean()))
    size = 2 * math.sqrt(area / math.pi) if not length else area / length
    return Made(defect.kind, *middle, size, length, area, region, defect.bare, ys, xs, mask)


def _pit(p: _Patch, d: Defect) -> tuple[Mask, float]:
    """A hole left by a burst bubble: steep round wall, a low lip, sometimes metal at its bottom."""
    rho = p.wobble(d.size_mm / 2, (0.10, 0.06, 0.035, 0.02))
    deep = FLOOR_MM - p.piece.design.depth_mm - 0.02 if d.bare else min(0.75 * d.size_mm, 0.16)
    bowl = np.where(rho < 1, deep * np.sqrt(np.clip(1 - rho * rho, 0, 1)) ** 0.8, 0)
    lip = (
        0.05
        * d.size_mm
        * np.exp(-(((rho - 1.12) / 0.16) ** 2))
        * (1 + 0.5 * np.cos(np.arctan2(p.y, p.x) - d.angle_deg))
    )
    enamel = p.labels == p.coat()
    p.height[enamel] += (lip - bowl)[enamel]
    mask = (rho < 1) & enamel
    if d.bare:
        p.labels[(rho < 0.72) & enamel] = p.bare_metal()
    return np.asarray(mask), 0.0


def _bubble(p: _Patch, d: Defect) -> tuple[Mask, float]:
    """A dome of trapped gas under a thin skin, with a dimple where it cooled."""
    rho = p.wobble(d.size_mm / 2, (0.05, 0.03))
    dome = np.clip(1 - rho * rho, 0, 1) * 0.26 * d.size_mm
    dimple = 0.05 * d.size_mm * np.exp(-(((rho - 0.1) / 0.25) ** 2))
    mask = (rho < 1) & (p.labels == p.coat())
    p.height[mask] += (dome - dimple)[mask]
    return np.asarray(mask), 0.0


def _course(p: _Patch, d: Defect, wander: float) -> tuple[Raster, Raster, float]:
    """Across and along coordinates (mm) of a slightly bent line through the middle, and its true length."""
    n = 5
    a = math.radians(d.angle_deg)
    t = np.linspace(-0.5, 0.5, n) * d.length_mm
    off = p.rng.normal(0, wander * d.length_mm, n)
    off -= off.mean()
    knots = [
        (ti * math.cos(a) - o * math.sin(a), ti * math.sin(a) + o * math.cos(a)) for ti, o in zip(t, off, strict=True)
    ]
    line: Points = spline(knots, closed=False, per_span=max(6, round(d.length_mm / 0.08)))
    step = np.linalg.norm(np.diff(line, axis=0), axis=1)
    start = np.concatenate([[0], np.cumsum(step)])
    across = np.full(p.x.shape, np.inf, dtype=np.float32)
    along = np.zeros(p.x.shape, dtype=np.float32)
    for (x0, y0), (x1, y1), s0, ds in zip(line[:-1], line[1:], start[:-1], step, strict=True):
        u = np.clip(((p.x - x0) * (x1 - x0) + (p.y - y0) * (y1 - y0)) / max(ds * ds, 1e-12), 0, 1)
        far = np.hypot(p.x - x0 - u * (x1 - x0), p.y - y0 - u * (y1 - y0))
        near = far < np.abs(across)
        side = np.sign((x1 - x0) * (p.y - y0) - (y1 - y0) * (p.x - x0))
        across = np.where(near, far * np.where(side == 0, 1, side), across)
        along = np.where(near, s0 + u * ds, along)
    return across, along, float(start[-1])


def _scratch(p: _Patch, d: Defect) -> tuple[Mask, float]:
    """A groove with a burr on both sides; matt in enamel, bright in metal, tapering and skipping."""
    across, along, length = _course(p, d, 0.012)
    s = np.clip(along / length, 0, 1)
    taper = np.clip(np.minimum(s, 1 - s) * 9, 0, 1) ** 0.6
    chatter = np.interp(along, np.linspace(0, length, 40), 1 + 0.22 * p.rng.standard_normal(40))
    half = np.maximum(0.5 * d.size_mm * taper * np.clip(chatter, 0.45, 1.6), 1e-4)
    v = np.abs(across) / half
    groove = np.clip(1 - v * v, 0, 1) * 0.55 * half
    burr = 0.22 * half * np.exp(-(((v - 1.3) / 0.3) ** 2)) * (taper > 0.05)
    solid = p.labels != NOTHING
    p.height[solid] += (burr - groove)[solid]
    mask = (v < 1) & (taper > 0.05) & solid
    for label in np.unique(p.labels[mask]):
        old = p.piece.surfaces[label - 1]
        if materials.is_metallic(old):
            fresh = replace(old, name=f"{old.name} scratched", roughness=0.42, metal=old.metal or old.name)
        else:  # crazed enamel scatters: the binder's broken surface looks paler
            pale = dict(old.recipe)
            pale["white"] = pale.get("white", 0.0) + 0.22 * sum(pale.values())
            fresh = replace(old, name=f"{old.name} scratched", recipe=pale, roughness=0.75, clearcoat=0.0)
        p.labels[mask & (p.labels == label)] = p.piece.add(fresh)
    return np.asarray(mask), length


def _missing(p: _Patch, d: Defect) -> tuple[Mask, float]:
    """Enamel that did not run into its cell: a sunken shore and the sandblasted floor beyond it."""
    coat = p.coat()
    cell = p.labels == coat
    rho = p.wobble(d.size_mm / 2, (0.20, 0.12, 0.07, 0.04))
    hole = (rho < 1) & cell
    shore = depth_inside(np.asarray(~hole), p.canvas.pitch_mm)
    floor = p.piece.design.thickness_mm - FLOOR_MM
    inside = smooth(depth_inside(np.asarray(hole), p.canvas.pitch_mm), 1.2)
    level = p.height.copy()
    sag = np.exp(-shore / 0.12) * 0.45  # the fill thins towards its shore
    p.height[cell] = (level - sag * (level - floor))[cell]
    edge = floor + 0.55 * (level - floor) * np.clip(1 - inside / 0.05, 0, 1) ** 2
    p.height[hole] = edge[hole]
    p.labels[hole & (inside > 0.02)] = p.bare_metal()
    return np.asarray(hole), 0.0


def _overflow(p: _Patch, d: Defect) -> tuple[Mask, float]:
    """Enamel that stands over its line: a tongue of the nearest cell on the metal, with a rounded brim."""
    cells = (p.labels >= 4) & (p.labels < 4 + len(p.piece.design.cells))
    here = np.where(cells, np.hypot(p.x, p.y), np.inf)
    coat = int(p.labels[np.unravel_index(int(np.argmin(here)), here.shape)])
    body = p.labels == coat
    from_cell = depth_inside(np.asarray(~body), p.canvas.pitch_mm)
    rho = p.wobble(d.size_mm / 2, (0.15, 0.10, 0.05))
    tongue = (rho < 1) & (p.labels < 4) & (p.labels != NOTHING) & (from_cell < 0.45)
    brim = smooth(depth_inside(np.asarray(tongue | body), p.canvas.pitch_mm), 1.2)
    dome = p.piece.design.thickness_mm + 0.035 * np.sqrt(np.clip(brim / 0.12, 0, 1))
    near = body & (rho < 1.3)
    p.height[tongue] = dome[tongue]
    lift = np.clip(1.3 - rho, 0, 0.3) / 0.3
    p.height[near] += (lift * (p.piece.design.depth_mm * 0.7))[near]
    p.labels[tongue] = coat
    return np.asarray(tongue), 0.0


def _speck(p: _Patch, d: Defect) -> tuple[Mask, float]:
    """Foreign pigment fired into the enamel: a ragged crumb with a satellite or two, flush with the face."""
    host = p.labels == p.coat()
    grain = noise((p.canvas.height, p.canvas.width), 0.22 * d.size_mm / p.canvas.pitch_mm, p.rng)
    rho = p.wobble(d.size_mm / 2, (0.18, 0.12, 0.08, 0.05)) + 0.16 * grain
    r = np.hypot(p.x, p.y) / (d.size_mm / 2)
    crumbs = (grain > 1.75) & (r < 2.0)
    order = np.sort(rho[host])
    wanted = round(math.pi * (d.size_mm / 2) ** 2 / p.canvas.pitch_mm**2)
    limit = float(order[min(wanted, len(order) - 1)])
    mask = (rho < limit) & host
    recipe = {"black": 1.0, "brown": 1.4, "white": 0.12} if p.rng.random() < 0.7 else {"white": 1.0, "yellow": 0.02}
    old = p.piece.surfaces[p.coat() - 1]
    dark = p.piece.add(replace(old, name=f"speck {d.seed}", recipe=recipe, roughness=0.3, clearcoat=0.4))
    stained = {k: v * 0.7 for k, v in old.recipe.items()}
    for k, v in recipe.items():
        stained[k] = stained.get(k, 0.0) + 0.25 * v * sum(old.recipe.values()) / sum(recipe.values())
    halo = p.piece.add(replace(old, name=f"speck halo {d.seed}", recipe=stained))
    p.labels[(rho < limit * 1.12) & host] = halo
    p.labels[(mask | crumbs) & host] = dark
    p.height[mask] += 0.006
    return np.asarray(mask), 0.0


def _plating_spot(p: _Patch, d: Defect) -> tuple[Mask, float]:
    """A stain in the plating: dull, browned, in two tones with a ragged shore."""
    grain = noise((p.canvas.height, p.canvas.width), 0.3 * d.size_mm / p.canvas.pitch_mm, p.rng)
    rho = p.wobble(d.size_mm / 2, (0.2, 0.12, 0.08)) + 0.22 * grain
    mask = p.labels == NOTHING
    for limit, oxide, rough in ((1.0, 0.30, 0.34), (0.6, 0.62, 0.45)):
        zone = rho < limit
        for label in np.unique(p.labels[zone]):
            old = p.piece.surfaces[label - 1] if label else None
            if old is None or not materials.is_metallic(old):
                continue
            stain = replace(
                old, name=f"{old.metal} stain {oxide}", recipe={"oxide": oxide}, roughness=rough, metal=old.metal
            )
            part = zone & (p.labels == label)
            p.labels[part] = p.piece.add(stain)
            mask = mask | part
    return np.asarray(mask & (p.labels != NOTHING)), 0.0


def _dust(p: _Patch, d: Defect) -> tuple[Mask, float]:
    """A grain lying on the face."""
    rho = p.wobble(d.size_mm / 2, (0.25, 0.18, 0.10))
    mask = (rho < 1) & (p.labels != NOTHING)
    p.height[mask] += (0.5 * d.size_mm * np.sqrt(np.clip(1 - rho * rho, 0, 1)) + 0.01)[mask]
    p.labels[mask] = p.piece.add(Surface("dust", "dust", {}, 0.9))
    return np.asarray(mask), 0.0


def _lint(p: _Patch, d: Defect) -> tuple[Mask, float]:
    """A textile fibre, curled, mostly lying on the face."""
    across, along, length = _course(p, d, 0.09)
    half = d.size_mm / 2
    v = np.abs(across) / half
    mask = (v < 1) & (p.labels != NOTHING)
    ends = np.minimum(along, length - along) > 0
    mask &= ends
    rise = half * np.sqrt(np.clip(1 - v * v, 0, 1)) + 0.02
    plateau = max(p.piece.design.thickness_mm - p.piece.design.depth_mm, 0)
    p.height[mask] = (np.maximum(p.height, plateau) + rise)[mask]
    colour = ({"white": 1.0}, {"blue": 0.3, "white": 0.6}, {"black": 0.5, "white": 0.3})[int(p.rng.integers(3))]
    p.labels[mask] = p.piece.add(Surface(f"lint {d.seed}", "fibre", colour, 0.9))
    return np.asarray(mask), length


_MAKERS: dict[str, Callable[[_Patch, Defect], tuple[Mask, float]]] = {
    "pit": _pit,
    "bubble": _bubble,
    "scratch": _scratch,
    "missing-enamel": _missing,
    "overflow": _overflow,
    "speck": _speck,
    "plating-spot": _plating_spot,
    "dust": _dust,
    "lint": _lint,
}
KINDS = tuple(_MAKERS)
