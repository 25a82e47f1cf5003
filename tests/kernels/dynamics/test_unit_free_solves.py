"""Systems solved in units of the errors."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.unit_free_solves import impact_solve, lower_inverse, summed_solve


@pytest.mark.parametrize("power", [-300, -40, 40, 300])
def test_units_cost_no_digits(power):
    rng = np.random.default_rng(1)
    units = np.ldexp(1.0, [power, 0, -power])
    lower = np.tril(rng.standard_normal((5, 3, 3))) + 2.0 * np.eye(3)
    assert_allclose(lower_inverse(lower * units[:, None]) * units, np.linalg.inv(lower), rtol=1e-12, atol=1e-15)
    lags = 0.3 * rng.standard_normal((2, 3, 3))
    total, right = dynamics.lag_sum(lags), rng.standard_normal((3, 2))
    moved = dynamics.lag_sum(lags * (units[:, None] / units))
    expected = np.linalg.solve(total, right) * units[:, None]
    for sizes in (units, None):
        assert_allclose(summed_solve(moved, right * units[:, None], sizes), expected, rtol=1e-10)
    a, b = rng.standard_normal((3, 3)) + 3.0 * np.eye(3), rng.standard_normal((3, 3))
    rows = np.ldexp(1.0, [0, power, -power])[:, None]
    found = impact_solve(a * rows / units, b * rows, units)
    assert_allclose(found, np.linalg.solve(a, b) * units[:, None], rtol=1e-10)
