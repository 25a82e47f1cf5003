"""What pictures of residuals show, computed anew by loops."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import panelvar as pv
from panelvar.panels.static.residual_views import QUANTILES, binned_means, normal_scores, quantiles_by, standardised


def test_normal_scores_are_bloms():
    residuals = np.random.default_rng(1).normal(size=41) ** 3
    scores = normal_scores(residuals, 0.9)
    n = len(residuals)
    for i, value in enumerate(sorted(residuals), start=1):
        assert scores.expected[i - 1] == pytest.approx(stats.norm.ppf((i - 0.375) / (n + 0.25)), abs=1e-12)
        assert scores.observed[i - 1] == pytest.approx((value - residuals.mean()) / residuals.std(ddof=1), rel=1e-12)
        low, high = stats.norm.ppf(stats.beta.ppf([0.05, 0.95], i, n + 1 - i))
        assert (scores.lower[i - 1], scores.upper[i - 1]) == pytest.approx((low, high), rel=1e-9)


def test_normal_scores_hold_their_share_of_normal_samples():
    rng = np.random.default_rng(2)
    ordered = np.sort(rng.standard_normal((4000, 25)), axis=1)
    scores = normal_scores(ordered[0], 0.9)
    inside = ((ordered >= scores.lower) & (ordered <= scores.upper)).mean(axis=0)
    np.testing.assert_allclose(inside, 0.9, atol=0.025)


def test_binned_means_are_means_of_bins():
    rng = np.random.default_rng(3)
    along = np.round(rng.normal(size=400), 1)
    residuals = rng.normal(size=400)
    bins = binned_means(along, residuals)
    assert 3 <= len(bins.places) <= 20
    assert np.all(np.diff(bins.places) > 0)
    counted = 0
    for place, mean, error in zip(bins.places, bins.means, bins.errors, strict=True):
        # The bin is the run of distinct values whose mean is its place.
        values = sorted(set(along))
        runs = [(a, b) for a in range(len(values)) for b in range(a + 1, len(values) + 1)]
        inside = next(
            mask
            for a, b in runs
            if abs(along[mask := np.isin(along, values[a:b])].mean() - place) < 1e-12
            and abs(residuals[mask].mean() - mean) < 1e-12
        )
        counted += int(inside.sum())
        assert inside.sum() >= 5
        assert error == pytest.approx(residuals[inside].std(ddof=1) / np.sqrt(inside.sum()), rel=1e-10)
    assert counted == 400


def test_a_bin_has_five_rows_however_many_share_a_value():
    along = np.repeat([0.0, 1.0, 2.0, 3.0, 4.0], [2, 9, 3, 30, 1])
    bins = binned_means(along, np.random.default_rng(6).normal(size=45))
    np.testing.assert_allclose(bins.places, [(9 + 2 * 3) / 14.0, (3 * 30 + 4) / 31.0])
    assert np.isfinite(bins.errors).all()


def test_few_rows_have_no_bins():
    assert len(binned_means(np.arange(9.0), np.ones(9)).places) == 0


def test_quantiles_by_level_leave_missing_values_out():
    rng = np.random.default_rng(4)
    codes = rng.integers(0, 4, size=200)
    codes[codes == 2] = 3
    values = rng.normal(size=200)
    values[::7] = np.nan
    found = quantiles_by(codes, 5, values)
    for level in range(5):
        own = values[(codes == level) & np.isfinite(values)]
        expected = np.quantile(own, QUANTILES) if len(own) else np.full(5, np.nan)
        np.testing.assert_array_equal(found[:, level], expected)


def test_residuals_without_a_distribution_are_refused():
    with pytest.raises(pv.InsufficientDataError, match="2 residual"):
        standardised(np.ones(2))
    with pytest.raises(pv.NumericalError, match="exact"):
        standardised(np.zeros(5))
