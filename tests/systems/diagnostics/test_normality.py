"""Moments of standardised normal series, stated in closed form, against draws of them."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest
from scipy import stats

from panelvar.systems.diagnostics.normality import exact_moments, urzua

EXAMPLES = {(3,): [0, 0, 0], (2, 1): [0, 0, 1], (1, 1, 1): [0, 1, 2], (4,): [0, 0, 0, 0], (3, 1): [0, 0, 0, 1],
            (2, 2): [0, 0, 1, 1], (2, 1, 1): [0, 0, 1, 2], (1, 1, 1, 1): [0, 1, 2, 3]}  # fmt: skip


def standardised(n: int, draws: int, seed: int) -> np.ndarray:
    """Normal series about their means, in the symmetric root of their covariance: (draws, n, 4)."""
    u = np.random.default_rng(seed).standard_normal((draws, n, 4))
    u -= u.mean(axis=1, keepdims=True)
    values, vectors = np.linalg.eigh(u.swapaxes(1, 2) @ u / n)
    return u @ (vectors / np.sqrt(values)[:, None, :] @ vectors.swapaxes(1, 2))


@pytest.mark.parametrize("n", [9, 25])
def test_every_moment_has_the_mean_and_variance_stated(n):
    """Within four standard errors of 60,000 draws."""
    white = standardised(n, 60_000, n)
    for kind, places in EXAMPLES.items():
        found = white[:, :, places].prod(axis=2).mean(axis=1)
        mean, variance = exact_moments(n)[kind]
        assert abs(found.mean() - mean) < 4 * found.std() / np.sqrt(len(found)), kind
        squares = (found - mean) ** 2
        assert abs(squares.mean() - variance) < 4 * squares.std() / np.sqrt(len(found)), kind


def test_the_statistics_are_sums_over_distinct_moments():
    rng = np.random.default_rng(0)
    u = rng.standard_t(5, (50, 3))
    centred = u - u.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(u.T, ddof=0))
    white = centred @ (vectors @ np.diag(values**-0.5) @ vectors.T)
    total, count = 0.0, 0
    for order in (3, 4):
        for places in combinations_with_replacement(range(3), order):
            kind = tuple(sorted(np.unique(places, return_counts=True)[1].tolist(), reverse=True))
            mean, variance = exact_moments(50)[kind]
            average = sum(np.prod([row[place] for place in places]) for row in white) / 50
            total += (average - mean) ** 2 / variance
            count += 1
    found = urzua(u)
    assert count == 3 * 4 * 5 * 10 // 24
    assert found.joint == pytest.approx(total, rel=1e-10)
    assert found.skewness + found.kurtosis < found.joint


def test_in_large_samples_they_are_those_of_hermite_polynomials():
    for kind, variance in {(3,): 6, (2, 1): 2, (1, 1, 1): 1, (4,): 24, (3, 1): 6, (2, 2): 4, (2, 1, 1): 2,
                           (1, 1, 1, 1): 1}.items():  # fmt: skip
        assert 1e6 * exact_moments(10**6)[kind][1] == pytest.approx(variance, rel=1e-4)


def test_the_joint_statistic_has_the_mean_of_its_distribution():
    rng = np.random.default_rng(7)
    values = np.array([urzua(rng.standard_normal((40, 2))).joint for _ in range(2000)])
    assert values.mean() == pytest.approx(9.0, abs=4 * values.std() / np.sqrt(2000))
    # Its tail is fatter, as the docstring of normality_test says.
    assert abs((values > stats.chi2.ppf(0.95, 9)).mean() - 0.10) < 0.02
