"""The root-polynomial of degree 2 against colour-science's, which follows Finlayson, Mackiewicz and Hurlbert (2015)."""

import numpy as np
import pytest

from station.values.colour import ColourCorrection, root_terms

pytestmark = pytest.mark.filterwarnings("ignore")


def test_the_terms_are_those_of_the_paper() -> None:
    from colour.characterisation import polynomial_expansion_Finlayson2015

    rgb = np.random.default_rng(11).random((400, 3))
    theirs = polynomial_expansion_Finlayson2015(rgb, degree=2, root_polynomial_expansion=True)
    ours = np.concatenate([rgb, root_terms(rgb)], axis=1)
    np.testing.assert_allclose(ours, theirs, atol=1e-14)


def test_a_correction_applies_the_paper_s_matrix_and_does_not_bend_with_exposure() -> None:
    from colour.characterisation import apply_matrix_colour_correction, matrix_colour_correction

    rng = np.random.default_rng(12)
    device, wanted = rng.random((24, 3)), rng.random((24, 3))
    matrix = matrix_colour_correction(device, wanted, "Finlayson 2015", degree=2, root_polynomial_expansion=True)
    theirs = apply_matrix_colour_correction(device, matrix, "Finlayson 2015", degree=2, root_polynomial_expansion=True)
    ours = ColourCorrection(np.zeros(3), np.ones(3), matrix[:, :3], "", 0.0, roots=matrix[:, 3:])
    np.testing.assert_allclose(ours.xyz(device), theirs, atol=1e-12)
    np.testing.assert_allclose(ours.xyz(0.25 * device), 0.25 * ours.xyz(device), atol=1e-12)
