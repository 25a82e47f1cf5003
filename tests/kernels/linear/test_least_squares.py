"""Fits and roots on columns of length one."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from panelvar.kernels.linear.least_squares import covariance_root, least_squares


@pytest.mark.parametrize("power", [-300, -40, 0, 40, 300])
def test_units_of_the_columns_do_not_decide_which_depend_on_others(power):
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((30, 3)), rng.standard_normal(30)
    x = np.column_stack([x, x[:, 0] + x[:, 1]])
    units = np.ldexp(1.0, [power, 0, -power, 0])
    fitted = (x * units) @ least_squares(x * units, y)
    assert_allclose(fitted, x @ least_squares(x, y), rtol=1e-9)
    assert_allclose(x.T @ (y - fitted), 0.0, atol=1e-12)


def test_many_targets_and_columns_of_zeros():
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((20, 2)), rng.standard_normal((20, 3))
    assert_allclose(least_squares(x, y), np.linalg.lstsq(x, y, rcond=None)[0], rtol=1e-10)
    assert least_squares(np.zeros((20, 1)), y).tolist() == [[0.0, 0.0, 0.0]]


@pytest.mark.parametrize("power", [-300, 0, 300])
def test_the_root_is_cholesky_s_factor_where_that_exists(power):
    rng = np.random.default_rng(3)
    units = np.ldexp(1.0, [power, 0, -power, 5])
    covariance = np.cov(rng.standard_normal((4, 50))) * units * units[:, None]
    root = covariance_root(covariance)
    assert_allclose(root / units[:, None], np.linalg.cholesky(covariance / units / units[:, None]), atol=1e-12)


def test_the_root_of_a_singular_covariance():
    part = np.random.default_rng(4).standard_normal((4, 2))
    covariance = part @ part.T
    covariance[3] = covariance[:, 3] = 0.0
    root = covariance_root(covariance)
    assert_allclose(root @ root.T, covariance, atol=1e-13)
    assert not np.triu(root, 1).any()
    assert not root[3].any()
