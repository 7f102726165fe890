"""What every photo pixel sees: compiled loops that follow each sub-sample's ray to bench, print, card or
part.

``cam`` is `Camera.packed`, ``eye`` the entrance pupil in the bench frame (z away from the camera, so negative), ``box``
a half-open pixel box, ``pose`` x mm, y mm, rotation in radians. Everything is written into ``image`` (h, w, 3), raw.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
Single = NDArray[np.float32]


@numba.njit(cache=True, inline="always")
def ray(cam: Float, px: float, py: float) -> tuple[float, float, float]:
    """Direction in the bench frame (not normalised) seen by photo position (px, py); ``cam`` is `Camera.packed`."""
    tx, ty = (px - cam[2]) / cam[0], (py - cam[3]) / cam[1]
    x, y = tx, ty
    for _ in range(3):  # fixed point; converges by the factor 3 k1 r^2 < 0.01 a round
        r2 = x * x + y * y
        radial = 1 + r2 * (cam[4] + r2 * (cam[5] + r2 * cam[8]))
        dx = 2 * cam[6] * x * y + cam[7] * (r2 + 2 * x * x)
        dy = cam[6] * (r2 + 2 * y * y) + 2 * cam[7] * x * y
        x, y = (tx - dx) / radial, (ty - dy) / radial
    return (
        cam[9] * x + cam[12] * y + cam[15],
        cam[10] * x + cam[13] * y + cam[16],
        cam[11] * x + cam[14] * y + cam[17],
    )


@numba.njit(cache=True)
def paint_mat(
    image: Single,
    cam: Float,
    eye: Float,
    raw: Single,
    texture: Single,
    pitch: float,
    field: Float,
    share: Single,
    share_pitch: float,
    share_corner: Float,
    light: Single,
) -> None:
    """Bench of every pixel into ``image``; ``light`` gets the light field times the shadow shares (main, ambient) and
    the field itself (third channel) at bench level."""
    rows, cols = image.shape[:2]
    tr, tc = texture.shape
    sr, sc = share.shape[:2]
    for v in range(rows):
        for u in range(cols):
            dx, dy, dz = ray(cam, u, v)
            x, y = eye[0] - eye[2] * dx / dz, eye[1] - eye[2] * dy / dz
            e = field[0] + field[1] * x + field[2] * y + field[3] * x * x + field[4] * y * y
            fx = min(max((x - share_corner[0]) / share_pitch, 0.0), sc - 1.001)
            fy = min(max((y - share_corner[1]) / share_pitch, 0.0), sr - 1.001)
            i, j = int(fx), int(fy)
            fx -= i
            fy -= j
            m = (share[j, i, 0] * (1 - fx) + share[j, i + 1, 0] * fx) * (1 - fy)
            m += (share[j + 1, i, 0] * (1 - fx) + share[j + 1, i + 1, 0] * fx) * fy
            a = (share[j, i, 1] * (1 - fx) + share[j, i + 1, 1] * fx) * (1 - fy)
            a += (share[j + 1, i, 1] * (1 - fx) + share[j + 1, i + 1, 1] * fx) * fy
            light[v, u, 0], light[v, u, 1], light[v, u, 2] = m, a, e
            fx = min(max(x / pitch + tc / 2, 0.0), tc - 1.001)
            fy = min(max(y / pitch + tr / 2, 0.0), tr - 1.001)
            i, j = int(fx), int(fy)
            fx -= i
            fy -= j
            t = (texture[j, i] * (1 - fx) + texture[j, i + 1] * fx) * (1 - fy)
            t += (texture[j + 1, i] * (1 - fx) + texture[j + 1, i + 1] * fx) * fy
            for c in range(3):
                image[v, u, c] = t * (raw[0, c] * m + raw[1, c] * a)


@numba.njit(cache=True)
def paint_print(
    image: Single,
    light: Single,
    box: NDArray[np.int64],
    cam: Float,
    eye: Float,
    pose: Float,
    ink: Single,
    cell: float,
    raw: Single,
    texture: Single,
    texel: float,
    sub: int,
) -> None:
    """A printed sheet on the bench plane; ``raw`` as in `Inks`, ``eye`` with z down. Light is taken per pixel."""
    rows, cols = ink.shape
    mask = texture.shape[0] - 1
    cr, sr = math.cos(pose[2]), math.sin(pose[2])
    for v in range(box[1], box[3]):
        for u in range(box[0], box[2]):
            inside, dark, grain = 0.0, 0.0, 0.0
            for n in range(sub * sub):
                dx, dy, dz = ray(cam, u + (n % sub + 0.5) / sub - 0.5, v + (n // sub + 0.5) / sub - 0.5)
                wx = eye[0] - eye[2] * dx / dz - pose[0]
                wy = eye[1] - eye[2] * dy / dz - pose[1]
                x = (cr * wx + sr * wy) / cell + cols / 2 - 0.5
                y = (-sr * wx + cr * wy) / cell + rows / 2 - 0.5
                if x < -0.5 or y < -0.5 or x > cols - 0.5 or y > rows - 0.5:
                    continue
                x = min(max(x, 0.0), cols - 1.001)
                y = min(max(y, 0.0), rows - 1.001)
                i, j = int(x), int(y)
                fx, fy = x - i, y - j
                inside += 1.0
                grain += texture[int(y * cell / texel) & mask, int(x * cell / texel) & mask]
                dark += (ink[j, i] * (1 - fx) + ink[j, i + 1] * fx) * (1 - fy)
                dark += (ink[j + 1, i] * (1 - fx) + ink[j + 1, i + 1] * fx) * fy
            if inside > 0:
                a, d, t = inside / (sub * sub), dark / (sub * sub), grain / inside
                for c in range(3):
                    paper = t * (raw[0, 0, c] * light[v, u, 0] + raw[0, 1, c] * light[v, u, 1])
                    black = raw[1, 0, c] * light[v, u, 0] + raw[1, 1, c] * light[v, u, 1]
                    image[v, u, c] = image[v, u, c] * (1 - a) + paper * (a - d) + black * d


@numba.njit(cache=True)
def paint_card(
    image: Single,
    labels: NDArray[np.uint8],
    box: NDArray[np.int64],
    cam: Float,
    eye: Float,
    pose: Float,
    size: Float,
    grid: Float,
    raw: Single,
    light: Single,
    sub: int,
) -> None:
    """The colour card with its thickness. size : width, height, thickness mm. grid : columns, rows, patch, pitch.
    raw : (26, 2, 3) patches, frame, core under main and ambient. Labels: 1 + patch, 100 frame, 101 edge."""
    cr, sr = math.cos(pose[2]), math.sin(pose[2])
    cols, rows = int(grid[0]), int(grid[1])
    acc = np.zeros(3)
    for v in range(box[1], box[3]):
        for u in range(box[0], box[2]):
            acc[:] = 0.0
            total = 0.0
            for n in range(sub * sub):
                dx, dy, dz = ray(cam, u + (n % sub + 0.5) / sub - 0.5, v + (n // sub + 0.5) / sub - 0.5)
                qx, qy = dx / dz, dy / dz
                found = -1
                depth = 1.0
                for k in range(9):  # face first, then down the edge
                    h = size[2] * (1 - k / 8.0)
                    wx, wy = eye[0] - (eye[2] + h) * qx - pose[0], eye[1] - (eye[2] + h) * qy - pose[1]
                    x, y = cr * wx + sr * wy, -sr * wx + cr * wy
                    if abs(x) > size[0] / 2 or abs(y) > size[1] / 2:
                        continue
                    if k > 0:
                        found, depth = 25, 1 - k / 8.0
                        break
                    found = 24
                    gx, gy = x / grid[3] + cols / 2.0, y / grid[3] + rows / 2.0
                    i, j = math.floor(gx), math.floor(gy)
                    if 0 <= i < cols and 0 <= j < rows:
                        half = 0.5 * grid[2] / grid[3]
                        if abs(gx - i - 0.5) <= half and abs(gy - j - 0.5) <= half:
                            found = j * cols + i
                    break
                if found >= 0:
                    total += 1.0
                    m = 1.0 if found < 25 else 0.25 + 0.35 * depth
                    for c in range(3):
                        acc[c] += m * (raw[found, 0, c] + raw[found, 1, c])
                    if n == (sub * sub) // 2:
                        labels[v, u] = 1 + found if found < 24 else 76 + found
            if total > 0:
                k2 = 1.0 / (sub * sub)
                for c in range(3):
                    image[v, u, c] = image[v, u, c] * (1 - total * k2) + acc[c] * k2
                if total > 0.5 * sub * sub:
                    light[v, u, 0] = 1.0
                    light[v, u, 1] = 1.0


@numba.njit(cache=True, inline="always")
def _lerp(a: Single, y: int, x: int, fy: float, fx: float) -> float:
    upper: float = a[y, x] * (1 - fx) + a[y, x + 1] * fx
    lower: float = a[y + 1, x] * (1 - fx) + a[y + 1, x + 1] * fx
    return upper * (1 - fy) + lower * fy


@numba.njit(cache=True)
def paint_part(
    image: Single,
    labels: NDArray[np.uint8],
    owner: NDArray[np.uint8],
    number: int,
    box: NDArray[np.int64],
    cam: Float,
    eye: Float,
    pose: Float,
    height: Single,
    coverage: Single,
    surface: NDArray[np.uint8],
    radiance: Single,
    wall: Single,
    pitch: float,
    origin: Float,
    top: float,
    lift: float,
    sub: int,
) -> None:
    """Adds a part to ``image``: every sub-sample's ray is followed down to the relief, so faces at different heights
    shift against one another and side walls show, as in a real pinhole picture. ``eye``: camera centre, z down."""
    rows, cols = height.shape
    cr, sr = math.cos(pose[2]), math.sin(pose[2])
    acc = np.zeros(3)
    last = sub * sub  # one ray more, through the pixel's centre, for the labels alone
    soft = 1.0 / min(max(0.55, -eye[2] / cam[0] / pitch / sub), 1.0)
    for v in range(box[1], box[3]):
        for u in range(box[0], box[2]):
            acc[:] = 0.0
            total = 0.0
            for n in range(last + 1):
                du = (n % sub + 0.5) / sub - 0.5 if n < last else 0.0
                dv = (n // sub + 0.5) / sub - 0.5 if n < last else 0.0
                dx, dy, dz = ray(cam, u + du, v + dv)
                qx, qy = dx / dz, dy / dz
                wx, wy = eye[0] - eye[2] * qx - pose[0], eye[1] - eye[2] * qy - pose[1]
                x0, y0 = (cr * wx + sr * wy) / pitch + origin[0], (-sr * wx + cr * wy) / pitch + origin[1]
                kx, ky = (cr * qx + sr * qy) / pitch, (-sr * qx + cr * qy) / pitch
                steps = math.ceil(top * max(abs(kx), abs(ky)) / 0.8) + 1
                dh = top / steps
                most, last_gap = 0.0, 0.0
                crossed = False
                for step in range(steps + 1):
                    h = top - step * dh
                    if h < lift:
                        break
                    x, y = x0 - h * kx, y0 - h * ky
                    i, j = math.floor(x), math.floor(y)
                    if i < 1 or j < 1 or i >= cols - 2 or j >= rows - 2:
                        continue
                    fx, fy = x - i, y - j
                    gap = h - _lerp(height, j, i, fy, fx)
                    if gap > 0 and step < steps:
                        last_gap = gap
                        continue
                    a = min(max((_lerp(coverage, j, i, fy, fx) - 0.5) * soft + 0.5, 0.0), 1.0)
                    if not crossed:
                        crossed = True
                        if last_gap > 0:  # between two samples: go back to where the ray met the relief
                            back = dh * -gap / (last_gap - gap)
                            x, y = x - back * kx, y - back * ky
                            i = min(max(math.floor(x), 1), cols - 3)
                            j = min(max(math.floor(y), 1), rows - 3)
                            fx, fy = x - i, y - j
                            a = min(max((_lerp(coverage, j, i, fy, fx) - 0.5) * soft + 0.5, 0.0), 1.0)
                        if a > 0 and n < last:
                            for c in range(3):
                                p = radiance[j, i, c] * (1 - fx) + radiance[j, i + 1, c] * fx
                                q = radiance[j + 1, i, c] * (1 - fx) + radiance[j + 1, i + 1, c] * fx
                                acc[c] += a * (p * (1 - fy) + q * fy)
                        if n == last and a > 0.5:
                            labels[v, u] = surface[int(y + 0.5), int(x + 0.5)]
                            owner[v, u] = number
                        most = a
                    elif a > most:
                        depth = h / top
                        s = surface[int(y + 0.5), int(x + 0.5)]
                        for c in range(3):
                            acc[c] += (a - most) * wall[s, c] * (0.25 + 0.75 * depth) * (1.0 if n < last else 0.0)
                        if n == last and a > 0.5 and most <= 0.5:
                            labels[v, u] = 254
                            owner[v, u] = number
                        most = a
                    if most >= 1.0:
                        break
                if n < last:
                    total += most
            if total > 0:
                k = 1.0 / (sub * sub)
                for c in range(3):
                    image[v, u, c] = image[v, u, c] * (1 - total * k) + acc[c] * k
