"""The colour correction: what it recovers, what it refuses, what it does not let disturb it, how sure it is."""

import json
from dataclasses import replace

import numpy as np
import pytest

from station.calibrate.card import load_cards
from station.calibrate.card_finding import find_card
from station.calibrate.card_reading import card_document
from station.calibrate.colour_fits import SMOOTHINGS, bend, fit_family
from station.calibrate.colour_models import MODELS, Patches, fit, light_basis, metric, predict
from station.calibrate.correction import HARMLESS, MAX_LOO_OVER_FIT, fit_correction
from station.calibrate.light import correct
from station.values.bench import Calibration
from station.values.colour import ColourCorrection, DeviceRGB, Lab, lab_to_xyz, srgb_encode, xyz_to_lab
from station.values.difference import delta_e_2000
from station.values.line import Shot

CARD = load_cards("colorchecker24-after-2014")[0].lab
XYZ = lab_to_xyz(Lab(CARD))
ALL = np.ones(24, dtype=bool)
PLACES = np.stack(np.meshgrid(np.linspace(-1, 1, 6), np.linspace(-0.6, 0.6, 4)), axis=-1).reshape(-1, 2)
MATRIX = np.array([[0.45, 0.36, 0.15], [0.23, 0.70, 0.07], [0.02, 0.11, 0.70]])
CURVE = "offset and gamma per channel, 3x3, perceptual"
SHOULDER = "offset and gamma per channel, shoulder, 3x3, perceptual"
BENT = f"{SHOULDER} + spline in Lab, smoothing 4"
FAMILIES = [m.name for m in MODELS] + [f"3x3, perceptual + spline in Lab, smoothing {s:g}" for s in SMOOTHINGS] + [BENT]


def camera(xyz: np.ndarray, gamma: tuple[float, float, float] = (1.0, 1.0, 1.0), haze: float = 0.0) -> np.ndarray:
    """What a camera with ``MATRIX``, a tone curve and haze makes of XYZ."""
    light = np.maximum(xyz @ np.linalg.inv(MATRIX).T, 1e-4)
    return np.asarray(light ** (1 / np.array(gamma)) + haze)


def other_colours() -> np.ndarray:
    """Lab (40, 3) inside the card's gamut that are none of its patches."""
    weight = np.random.default_rng(5).dirichlet(np.full(24, 0.4), 40)
    return np.asarray(weight @ CARD)


def noisy(seed: int, lab_noise: float) -> np.ndarray:
    """The card's patches as a camera sees them whose colours are off by ``lab_noise`` in Lab, each on its own."""
    rng = np.random.default_rng(seed)
    lab = CARD + rng.normal(0, lab_noise, CARD.shape)
    return camera(lab_to_xyz(Lab(np.clip(lab, [8, -70, -70], [96, 70, 85]))))


@pytest.mark.parametrize(
    ("gamma", "haze", "expected"),
    [((1.0, 1.0, 1.0), 0.0, "3x3, perceptual"), ((1.3, 1.15, 1.05), 0.01, CURVE)],
)
def test_a_known_camera_is_recovered(gamma, haze, expected) -> None:
    fitted = fit_correction(camera(XYZ, gamma, haze), CARD, ALL, places=PLACES)
    assert fitted is not None
    assert fitted.correction.method == expected
    unseen = other_colours()
    seen = fitted.correction.lab(camera(lab_to_xyz(Lab(unseen)), gamma, haze))
    assert delta_e_2000(Lab(unseen), seen).max() < 0.12
    assert fitted.why.startswith(f"{expected}: the best of")


def test_a_shoulder_and_square_roots_are_recovered() -> None:
    curved = ColourCorrection(np.full(3, 0.004), np.array([1.1, 1.05, 0.95]), MATRIX, "", 0.0, shoulder=0.4)
    rooted = ColourCorrection(
        np.zeros(3),
        np.ones(3),
        MATRIX,
        "",
        0.0,
        roots=np.array([[0.05, -0.02, 0.03], [-0.04, 0.03, 0.0], [0, 0.02, 0]]),
    )
    device = camera(XYZ)
    for true, family in ((curved, SHOULDER), (rooted, "root-polynomial 2, perceptual")):
        fitted = fit_correction(device, true.lab(device).values, ALL, model=family)
        assert fitted is not None
        assert fitted.correction.method == family
        unseen = camera(lab_to_xyz(Lab(other_colours())))
        assert delta_e_2000(true.lab(unseen), fitted.correction.lab(unseen)).max() < 0.15


def test_what_follows_the_noise_is_refused_and_says_so() -> None:
    few = np.arange(24) % 3 != 1  # 16 patches
    refused = 0
    for seed in range(6):
        fitted = fit_correction(noisy(seed, 5.0), CARD, few, places=PLACES)
        assert fitted is not None
        for c in fitted.candidates:
            overfits = c.loo_mean > max(MAX_LOO_OVER_FIT * c.fit_mean, HARMLESS)
            assert c.reason.startswith("refused") == overfits
            if overfits:
                refused += 1
                assert c.method != fitted.correction.method
            assert (c.reason == "") == (c.method == fitted.correction.method)
    assert refused >= 4


def test_the_errors_left_out_are_those_of_refitting_without_the_patch() -> None:
    rgb = noisy(3, 2.0)
    for family in (CURVE, BENT):
        whole = fit_correction(rgb, CARD, ALL, places=PLACES, model=family)
        assert whole is not None
        for i in (1, 9, 20):
            rest = fit_correction(rgb, CARD, np.arange(24) != i, places=PLACES, model=family)
            assert rest is not None
            assert whole.loo[i] == pytest.approx(delta_e_2000(Lab(CARD[i]), Lab(rest.lab[i])), rel=0.1, abs=0.1)


def test_patches_left_out_do_not_matter() -> None:
    rgb, use = noisy(1, 2.0), np.arange(24) % 7 != 3
    spoilt = np.where(use[:, None], rgb, 1.0)
    noise = np.full((24, 3), 0.001)
    one = fit_correction(rgb, CARD, use, noise, places=PLACES)
    other = fit_correction(spoilt, CARD, use, noise, places=PLACES)
    assert one is not None
    assert other is not None
    assert json.dumps(one.correction.as_dict()) == json.dumps(other.correction.as_dict())
    assert np.isnan(one.loo[~use]).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_can_be_forced(family) -> None:
    fitted = fit_correction(noisy(2, 4.0), CARD, ALL, places=PLACES, model=family)
    assert fitted is not None
    assert fitted.correction.method == family
    assert [c.method for c in fitted.candidates if c.reason == ""] == [family]
    assert "golden" in fitted.why


def test_an_unknown_family_leaves_the_choice_free() -> None:
    rgb = noisy(2, 1.0)
    free, unknown = fit_correction(rgb, CARD, ALL), fit_correction(rgb, CARD, ALL, model="polynomial of old")
    assert free is not None
    assert unknown is not None
    assert free.correction.method == unknown.correction.method


def test_light_that_falls_off_over_the_card_is_told_from_the_camera() -> None:
    falling = np.exp(0.12 * PLACES[:, 0] - 0.08 * PLACES[:, 1] - 0.05 * (PLACES**2).sum(axis=1))
    rgb = 0.9 * noisy(4, 0.5) * (falling / falling.mean())[:, None]
    with_places, without = fit_correction(rgb, CARD, ALL, places=PLACES), fit_correction(rgb, CARD, ALL)
    assert with_places is not None
    assert without is not None
    assert with_places.correction.loo_mean < 0.5 * without.correction.loo_mean
    assert np.abs(with_places.light / falling - np.median(with_places.light / falling)).max() < 0.04  # of 0.79 to 1.11
    assert without.light == pytest.approx(np.ones(24))


def test_a_patch_in_glare_hardly_moves_the_others() -> None:
    rgb = noisy(6, 1.0)
    spoilt = rgb.copy()
    spoilt[15] = 0.6 * spoilt[15] + 0.3  # a lamp mirrored in the yellow patch
    unseen = camera(lab_to_xyz(Lab(other_colours())))
    clean, glaring = (fit_correction(v, CARD, ALL, model="3x3, perceptual") for v in (rgb, spoilt))
    assert clean is not None
    assert glaring is not None
    moved = delta_e_2000(clean.correction.lab(unseen), glaring.correction.lab(unseen))
    assert np.median(moved) < 0.3
    assert glaring.fit[15] > 10


@pytest.mark.parametrize("family", [*(m.name for m in MODELS), BENT])
def test_every_family_survives_json_exactly(family) -> None:
    fitted = fit_correction(noisy(7, 2.0), CARD, ALL, np.full((24, 3), 0.001), places=PLACES, model=family)
    assert fitted is not None
    back = ColourCorrection.from_dict(json.loads(json.dumps(fitted.correction.as_dict())))
    rgb = np.random.default_rng(0).random((5, 4, 3))
    np.testing.assert_array_equal(back.lab(rgb).values, fitted.correction.lab(rgb).values)
    np.testing.assert_array_equal(back.u_lab(rgb), fitted.correction.u_lab(rgb))
    np.testing.assert_array_equal(back.parameters(), fitted.correction.parameters())
    same = back.with_parameters(back.parameters())
    np.testing.assert_array_equal(same.xyz(rgb), back.xyz(rgb))


def test_a_correction_of_before_is_still_read() -> None:
    old = {"offset": [0.01] * 3, "gamma": [1.1] * 3, "matrix": MATRIX.tolist(), "method": CURVE, "loo_mean": 0.7}
    correction = ColourCorrection.from_dict(old)
    assert correction.as_dict() == old
    rgb = np.random.default_rng(1).random((6, 3))
    np.testing.assert_allclose(correction.xyz(rgb), (rgb + 0.01) ** 1.1 @ MATRIX.T, rtol=1e-12)
    assert not correction.u_lab(rgb).any()


def test_curves_and_matrix_are_a_separable_correction() -> None:
    fitted = fit_correction(noisy(7, 2.0), CARD, ALL, places=PLACES, model=BENT)
    assert fitted is not None
    correction = fitted.correction
    assert correction.spline is not None
    coded = np.linspace(0, 1, 4096)
    table = correction.curves(np.repeat(coded[:, None], 3, axis=1))
    index = np.random.default_rng(2).integers(0, 4096, (50, 3))
    curved = np.take_along_axis(table, index, axis=0)
    plain = xyz_to_lab(curved @ correction.matrix.T).values
    np.testing.assert_allclose(plain + correction.spline(plain), correction.lab(coded[index]).values, atol=1e-9)
    assert np.abs(correction.spline(np.array([[50.0, 300.0, -300.0]]))).max() < 1e-6


@pytest.mark.parametrize("family", [0, 3, 4, "bent"])
def test_the_uncertainty_is_the_scatter_of_repeated_readings(family) -> None:
    model = MODELS[3 if family == "bent" else family]
    rgb = noisy(8, 2.0)
    noise = 0.002 + 0.01 * rgb
    name = BENT if family == "bent" else model.name
    fitted = fit_correction(rgb, CARD, ALL, noise, places=PLACES, model=name)
    assert fitted is not None
    unseen = camera(lab_to_xyz(Lab(other_colours()[:12])))
    expected = fitted.correction.u_lab(unseen)
    assert expected.shape == (12, 3, 3)
    rng = np.random.default_rng(9)
    patches = Patches(rgb, CARD, metric(CARD), light_basis(PLACES, 24))
    first = fit_family(model, patches, ALL)
    assert first is not None
    labs = []
    for _ in range(160):
        again = replace(patches, rgb=rgb + rng.normal(0, noise))
        p = fit(model, first.p[None], again, np.ones((1, 24)), first.loss, rounds=20, enough=1e-6)
        refitted = replace(first, p=p[0], lab=predict(model, p, again)[0])
        if family == "bent":
            refitted = bend(refitted, again, (4.0,))[0]
        labs.append(refitted.correction(0.0).lab(unseen).values)
    scatter = np.array(labs)
    total = np.sqrt(scatter.var(axis=0, ddof=1).sum(axis=1))
    ratio = np.sqrt(np.trace(expected, axis1=1, axis2=2)) / total
    assert 0.9 < np.median(ratio) < 1.1
    assert (np.abs(ratio - 1) < 0.2).all()


def drawn(gamma: float) -> Shot:
    """A photo of the card, 60 px a patch, from a camera with that tone curve."""
    patches = np.kron(camera(XYZ, (gamma,) * 3).reshape(4, 6, 3), np.ones((70, 70, 1)))
    gaps = np.kron(np.ones((4, 6)), np.pad(np.ones((60, 60)), 5))[..., None]
    light = np.pad(np.where(gaps > 0, patches, 0.01), ((60, 60), (60, 60), (0, 0)), constant_values=0.25)
    light += np.random.default_rng(3).normal(0, 0.004, light.shape)
    return Shot(DeviceRGB(np.rint(255 * srgb_encode(light)).astype(np.uint8)), "0" * 64, "drawn.png")


def test_the_document_says_what_was_tried_and_a_unit_is_read_like_its_golden() -> None:
    cards = load_cards("colorchecker24-after-2014")
    shot = drawn(1.0)
    free = card_document(shot, find_card(shot, cards)).fit
    assert free is not None
    assert [c.method for c in free.candidates if c.reason == ""] == [free.method]
    assert {c.method for c in free.candidates} >= {m.name for m in MODELS}
    assert free.why.startswith(free.method)
    assert free.light_range == pytest.approx(1.0, abs=0.05)
    other = next(c.method for c in free.candidates if c.reason)
    corrected = correct(shot, Calibration(cards=cards), model=other)
    assert corrected.correction is not None
    assert corrected.correction.method == other
    assert np.trace(corrected.correction.u_lab(np.array([0.3, 0.3, 0.3]))) > 0
