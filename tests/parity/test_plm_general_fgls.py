"""What plm's ``pggls`` does where there are more periods than entities: it uses the first N periods only."""

from __future__ import annotations

import numpy as np
import pytest
from parity.runner import expected_tree
from reference_data import table


def transformed(model):
    """Regressors and dependent variable, (firms, periods, k + 1)."""
    columns = table("grunfeld")[["value", "capital", "inv"]].to_numpy().reshape(10, 20, 3)
    if model == "within":
        return columns - columns.mean(axis=1, keepdims=True)
    if model == "fd":
        columns = np.diff(columns, axis=1)
    return np.concatenate((np.ones((*columns.shape[:2], 1)), columns), axis=2)


@pytest.mark.parametrize("model", ["pooling", "within", "fd"])
def test_pggls_drops_the_periods_beyond_the_number_of_firms(model):
    reference = expected_tree("grunfeld_extra")[f"pggls_{model}"]
    rows = transformed(model)
    x, y = rows[:, :, :-1], rows[:, :, -1]
    flat = x.reshape(-1, x.shape[2])
    residuals = y - x @ np.linalg.lstsq(flat, y.ravel(), rcond=None)[0]
    omega = residuals.T @ residuals / 10
    assert np.linalg.matrix_rank(omega) <= 10 < len(omega)
    inverse = np.linalg.inv(omega[:10, :10])
    cross = np.einsum("its,tu,iur->sr", x[:, :10], inverse, x[:, :10])
    coefficients = np.linalg.solve(cross, np.einsum("its,tu,iu->s", x[:, :10], inverse, y[:, :10]))
    np.testing.assert_allclose(coefficients, list(reference["coef"].values()), rtol=1e-8)
    np.testing.assert_allclose(np.sqrt(np.diag(np.linalg.inv(cross))), list(reference["se"].values()), rtol=1e-8)
