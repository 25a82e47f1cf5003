"""Probabilities of weighted sums of chi-squares against the distributions that have a name."""

import numpy as np
import pytest
from scipy import stats

from panelvar.core.base.distributions import probability_below_zero


@pytest.mark.parametrize(
    ("one", "other", "m", "k"), [(1.0, 0.5, 4, 6), (2.0, 0.1, 3, 9), (1.0, 1.0, 10, 80), (1e-9, 2e-11, 2, 60)]
)
def test_a_difference_of_two_chi_squares_is_an_f(one, other, m, k):
    weights = np.concatenate((np.full(m, one), np.full(k, -other)))
    expected = stats.f.cdf(other * k / (one * m), m, k)
    assert probability_below_zero(weights) == pytest.approx(expected, abs=1e-12)
    assert probability_below_zero(-weights) == pytest.approx(1.0 - expected, abs=1e-12)


def test_one_sign_needs_no_integral():
    assert probability_below_zero(np.array([0.0, 1.0, 2.0])) == 0.0
    assert probability_below_zero(np.array([0.0, -1.0, -2.0])) == 1.0
    assert probability_below_zero(np.zeros(3)) == 0.0


def test_chi_squares_of_more_degrees_are_that_many_of_one():
    weights = np.array([-2.0, -0.5, 0.7, 1.0])
    expected = probability_below_zero(np.repeat(weights, 7))
    assert probability_below_zero(weights, df=7) == pytest.approx(expected, abs=1e-13)
