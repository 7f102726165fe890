"""What varies over pictures of a good part is no defect there; a pit on top of it still is."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from station.measure.surface import find_defects
from station.measure.variation import MEAN_LEAST, MEAN_STEP, SIGMA_STEP, channels, damped, learn_variation
from station.store.masters import load_master, master_digest, save_master
from station.values.colour import LinearRGB
from station.values.geometry import Frame, Similarity
from station.values.line import METAL, OUTSIDE, Aligned, Finding, Master, ScoreMaps

SIZE, PITCH, NOISE = 200, 0.03, 0.002
FRAME = Frame(PITCH, SIZE, SIZE, ((SIZE - 1) / 2, (SIZE - 1) / 2))
YS, XS = np.mgrid[:SIZE, :SIZE]
GLINTS = (
    (70, 80, 0.30), (72, 83, 0.05), (69, 78, 0.22), (73, 81, 0.12), (71, 84, 0.28), (71, 79, 0.08), (72, 80, 0.25),
)  # fmt: skip


def _picture(k: int, *, pit: tuple[int, int, float] | None = None, dust: tuple[int, int] | None = None) -> LinearRGB:
    """Metal with a lamp's mirror image that stands a little elsewhere, and more or less bright, in every picture."""
    x, y, strength = GLINTS[k]
    light = np.full((SIZE, SIZE), 0.3)
    light += strength * np.exp(-((XS - x) ** 2 + (YS - y) ** 2) / (2 * 9.0**2))
    if pit is not None:
        light[np.hypot(XS - pit[0], YS - pit[1]) < pit[2] / PITCH / 2] = 0.03
    if dust is not None:
        light[np.hypot(XS - dust[0], YS - dust[1]) < 5] = 0.9
    light = cv2.GaussianBlur(light, (0, 0), 0.8)
    grain = np.random.default_rng(k).normal(0, NOISE, (SIZE, SIZE, 3))
    return LinearRGB((light[..., None] * (1.0, 0.9, 0.7) + grain).astype(np.float32))


def _aligned(image: LinearRGB) -> Aligned:
    everywhere = np.ones((SIZE, SIZE), dtype=bool)
    return Aligned(
        image=image, clipped=~everywhere, valid=everywhere, similarity=Similarity(), rms_px=0.1, overlap=1.0,
        u_offset_mm=0.003, u_rotation_deg=0.01, u_scale=1e-4, correction=None, scale_source="rig", noise=NOISE,
        blur_px=0.8,
    )  # fmt: skip


def _master(again: int) -> Master:
    """Sealed with that many further pictures of the golden."""
    labels = np.full((SIZE, SIZE), METAL, dtype=np.uint8)
    labels[:5], labels[-5:], labels[:, :5], labels[:, -5:] = OUTSIDE, OUTSIDE, OUTSIDE, OUTSIDE
    box = 2.8 * np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    master = Master(
        number="GS-TEST-01", version=1, sheet_digest="", photo_sha256="", frame=FRAME, image=_picture(0),
        correction=None, labels=labels, outline_mm=box, holes_mm=(), thickness_mm=1.5, regions=(), marks=(),
        sizes_mm={}, u_scale=1e-4, scale_source="rig", noise=NOISE, blur_px=0.8, pose=Similarity(),
    )  # fmt: skip
    seen = [_aligned(_picture(k)) for k in range(1, again + 1)]
    return replace(master, variation=learn_variation(master, seen))


def _model(golden: LinearRGB, unit: LinearRGB, labels: np.ndarray, noise: float) -> ScoreMaps:
    """Everything that differs by more than its noise is a pit."""
    off = np.abs(np.cbrt(unit.pixels) - np.cbrt(golden.pixels)).max(axis=2) - 3 * noise
    scores = np.clip(off / 0.1, 0, 1) * (labels != OUTSIDE)
    return ScoreMaps(("pit",), scores[None].astype(np.float32))


def _find(master: Master, image: LinearRGB) -> tuple[Finding, ...]:
    return find_defects(_aligned(image), master, _model)


def test_a_glint_that_moves_over_the_goldens_pictures_is_no_finding() -> None:
    unit = _picture(5)  # the lamp is faint there, as on one of the further pictures
    assert _find(_master(0), unit) != ()
    assert _find(_master(4), unit) == ()


@pytest.mark.parametrize("at", [(70, 80), (140, 130)])
def test_a_pit_is_still_found_on_what_varies_and_beside_it(at: tuple[int, int]) -> None:
    (found,) = _find(_master(4), _picture(3, pit=(*at, 0.3)))
    where = FRAME.to_mm(np.array(at, dtype=np.float64))
    assert (found.x_mm, found.y_mm) == pytest.approx(tuple(where), abs=0.03)
    assert found.size_mm == pytest.approx(0.3, abs=0.06)


def test_another_colour_is_found_where_only_the_lightness_varies() -> None:
    """Enamel that ran onto the metal is no brighter or darker than the metal has been seen, but blue."""
    blue = _picture(3).pixels.copy()
    spot = np.hypot(XS - 71, YS - 80) < 7
    light = blue[spot].mean(axis=1, keepdims=True)
    blue[spot] = light * np.array([0.6, 1.0, 1.4], dtype=np.float32)
    assert _find(_master(4), _picture(3)) == ()
    (found,) = _find(_master(4), LinearRGB(blue))
    assert found.size_mm == pytest.approx(14 * PITCH, abs=0.08)


def test_two_pictures_tell_no_spread() -> None:
    assert _master(1).variation is None
    three = _master(2).variation
    assert three is not None
    assert three.count == 3


def test_where_nothing_varies_scores_stay_as_they_are() -> None:
    master, unit = _master(4), _picture(3, pit=(140, 130, 0.3))
    maps = _model(master.image, unit, master.labels, NOISE)
    kept = damped(maps, master, master.image, unit, NOISE)
    assert np.array_equal(kept.scores[:, 110:], maps.scores[:, 110:])
    assert not np.array_equal(kept.scores, maps.scores)
    assert damped(maps, replace(master, variation=None), master.image, unit, NOISE) is maps


def test_where_the_golden_follows_a_mark_the_variation_says_nothing() -> None:
    master, unit = _master(4), _picture(5)
    followed = master.image.pixels.copy()
    followed[40:120, 40:120] *= 1.5
    golden = LinearRGB(followed)
    maps = _model(golden, unit, master.labels, NOISE)
    kept = damped(maps, master, golden, unit, NOISE)
    assert np.array_equal(kept.scores[:, 45:115, 45:115], maps.scores[:, 45:115, 45:115])


def test_mean_and_sigma_are_those_of_the_pictures() -> None:
    variation = _master(3).variation
    assert variation is not None
    seen = np.stack([channels(_picture(k).pixels)[80, 70] for k in range(4)])
    middle = np.median(seen, axis=0)
    sigma = np.sqrt(((seen - middle) ** 2).sum(axis=0) / 3)
    assert (np.abs(variation.mean[80, 70] * MEAN_STEP + MEAN_LEAST - middle) <= MEAN_STEP).all()
    assert variation.sigma[80, 70] * SIGMA_STEP == pytest.approx(sigma, abs=float(SIGMA_STEP))
    assert sigma[0] > 10 * sigma[1]  # a mirror keeps its colour


def test_dust_on_one_of_many_pictures_is_not_taken_for_normal() -> None:
    master = _master(0)
    dusty = [_aligned(_picture(k, dust=(140, 60) if k == 2 else None)) for k in range(1, 7)]
    variation = learn_variation(master, dusty)
    assert variation is not None
    assert variation.sigma[60, 140].max() * SIGMA_STEP < 0.03


def test_another_exposure_of_a_picture_is_no_variation() -> None:
    master = _master(0)
    darker = [_aligned(LinearRGB(_picture(k).pixels * np.float32(0.5))) for k in (1, 2)]
    variation = learn_variation(master, darker)
    assert variation is not None
    assert variation.sigma[130:190, 130:190].max() * SIGMA_STEP < 0.03


def test_what_a_picture_does_not_cover_adds_nothing() -> None:
    master = _master(0)
    seen = [_aligned(LinearRGB(_picture(k).pixels * (XS < 120)[..., None].astype(np.float32))) for k in (1, 2)]
    for a in seen:
        a.valid[:, 119:] = False
    variation = learn_variation(master, seen)
    assert variation is not None
    assert variation.sigma[130:190, 125:190].max() == 0


def test_the_seal_covers_the_variation_and_gives_it_back() -> None:
    bare, master = _master(0), _master(4)
    data, document = save_master(master)
    digest = master_digest(document)
    again = load_master(data, document, digest)
    assert again.variation is not None
    assert master.variation is not None
    assert np.array_equal(again.variation.mean, master.variation.mean)
    assert np.array_equal(again.variation.sigma, master.variation.sigma)
    assert again.variation.count == 5
    plain, plain_document = save_master(bare)
    assert "variation" not in plain_document  # the digest of goldens sealed before is what it was
    assert load_master(plain, plain_document, master_digest(plain_document)).variation is None
    assert len(data) < 1.5 * len(plain)
