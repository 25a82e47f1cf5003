"""Where R's panelvar departs from least squares with entity effects; rebuilt, number by number."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from parity.panelvar_cases import NAMES, within
from parity.runner import expected_tree
from reference_data import table

EXPECTED = expected_tree("dahlberg_panelvar")


def rebuilt(lags):
    """Every column less its mean over the rows that it has itself: the dependent variables' first rows count too."""
    frame = table("dahlberg").set_index(["id", "year"])[NAMES]
    columns = [frame.groupby("id").shift(lag) for lag in range(lags + 1)]
    apart = [column - column.groupby("id").transform("mean") for column in columns]
    whole = np.concatenate([column.to_numpy() for column in apart], axis=1)
    whole = whole[np.isfinite(whole).all(axis=1)]
    y, x = whole[:, :3], whole[:, 3:]
    params = np.linalg.solve(x.T @ x, x.T @ y)
    residuals = y - x @ params
    sigma = residuals.T @ residuals / (len(y) - x.shape[1])
    errors = np.sqrt(np.outer(sigma.diagonal(), np.linalg.inv(x.T @ x).diagonal()))
    return params, errors, sigma, residuals


@pytest.mark.parametrize("lags", [1, 2])
def test_panelvar_demeans_columns_over_their_own_rows(lags):
    found = EXPECTED[f"pvarfeols_lag{lags}"]
    params, errors, _, _ = rebuilt(lags)
    assert_allclose(params.T, found["coef"]["values"], rtol=1e-9)
    assert_allclose(errors, found["se"]["values"], rtol=1e-9)


def test_panelvars_residuals_keep_means_that_effects_take_out():
    _, _, sigma, residuals = rebuilt(1)
    impact = np.linalg.cholesky(sigma)
    first = EXPECTED["pvarfeols_lag1"]["oirf"]["expenditures"]["values"][0]
    assert_allclose(impact[:, 0], first, rtol=1e-9)
    model = within(1)
    apart = residuals.reshape(265, 8, 3)
    apart = apart - apart.mean(axis=1, keepdims=True)
    assert_allclose(apart.reshape(-1, 3), model.resids, rtol=0, atol=1e-14)
    assert_allclose(apart.reshape(-1, 3).T @ apart.reshape(-1, 3) / (2120 - 265 - 3), model.sigma, rtol=1e-9)
