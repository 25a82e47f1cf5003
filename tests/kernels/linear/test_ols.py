"""The array entry against a dense textbook computation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from panelvar.core.base.errors import CollinearityError, DataError, InsufficientDataError
from panelvar.kernels.linear.ols import ols


def textbook(x, y, constant):
    design = np.column_stack((np.ones(len(y)), x)) if constant else x
    inverse = np.linalg.inv(design.T @ design)
    coefficients = np.linalg.lstsq(design, y, rcond=None)[0]
    residuals = y - design @ coefficients
    df = len(y) - design.shape[1]
    covariance = residuals @ residuals / df * inverse
    total = y - y.mean() if constant else y
    return coefficients, covariance, residuals @ residuals, total @ total, df


@pytest.mark.parametrize("constant", [True, False])
@pytest.mark.parametrize(("n", "k"), [(57, 2), (20, 5), (500, 1)])
def test_equals_the_textbook(n, k, constant):
    rng = np.random.default_rng(n + k)
    x = rng.normal(size=(n, k)) + 3.0
    y = x.sum(axis=1) + rng.normal(size=n)
    got = ols(x, y, constant=constant)
    coefficients, covariance, rss, tss, df = textbook(x, y, constant)
    np.testing.assert_allclose(got.coefficients, coefficients, rtol=1e-11)
    np.testing.assert_allclose(got.covariance_root @ got.covariance_root.T, covariance, rtol=1e-10)
    np.testing.assert_allclose(got.std_errors, np.sqrt(np.diag(covariance)), rtol=1e-11)
    np.testing.assert_allclose(got.pvalues, 2 * stats.t.sf(np.abs(coefficients) / got.std_errors, df), rtol=1e-9)
    f = (tss - rss) / k / (rss / df)
    np.testing.assert_allclose(
        [got.rss, got.tss, got.rsquared, got.f_statistic, got.f_pvalue],
        [rss, tss, 1 - rss / tss, f, stats.f.sf(f, k, df)],
        rtol=1e-9,
    )
    assert got.residual_df == df


def test_refuses_what_has_no_answer():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(10, 2)), rng.normal(size=10)
    with pytest.raises(DataError, match="same length"):
        ols(x[:9], y)
    with pytest.raises(DataError, match="missing, infinite"):
        ols(x, np.where(np.arange(10) == 3, np.nan, y))
    with pytest.raises(CollinearityError, match="do not vary: column 1"):
        ols(np.column_stack((x[:, 0], 2 * x[:, 0])), y)
    with pytest.raises(InsufficientDataError, match="3 rows"):
        ols(x[:3], y[:3])


def test_does_not_touch_its_arguments():
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(10, 2)), rng.normal(size=10)
    before = x.copy(), y.copy()
    ols(x, y)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])


def test_imaginary_parts_masks_and_texts_are_refused():
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(20, 2)), rng.normal(size=20)
    masked = np.ma.masked_greater(y, 1.0)
    assert masked.mask.any()
    for bad_x, bad_y, message in (
        (x + 1j, y, "complex128"),
        (x, y + 1j, "complex128"),
        (x.astype(str), y, "real numbers"),
        (x.astype(object), y, "object"),
        (x, masked, "masked values"),
        (np.ma.masked_greater(x, 1.0), y, "masked values"),
    ):
        with pytest.raises(DataError, match=message):
            ols(bad_x, bad_y)
    unmasked = np.ma.MaskedArray(y, mask=False)
    np.testing.assert_array_equal(ols(x, unmasked).coefficients, ols(x, y).coefficients)
    whole = rng.integers(0, 9, (20, 2))
    np.testing.assert_array_equal(ols(whole, y).coefficients, ols(whole.astype(float), y).coefficients)
