"""Digits of VAR estimates: against the exact rational solution of the data as rounded to double."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from reference_data import table

from panelvar.kernels.dynamics.lag_problem import LagProblem, stack_lags


def exact_least_squares(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Solve the normal equations in rational arithmetic."""
    columns = [[Fraction(value) for value in column] for column in np.column_stack([x, y]).T]
    width = x.shape[1]
    system = [[sum(map(Fraction.__mul__, left, right)) for right in columns] for left in columns[:width]]
    for pivot in range(width):
        row = system[pivot]
        system[pivot] = row = [value / row[pivot] for value in row]
        for other in range(width):
            if other != pivot and system[other][pivot]:
                factor = system[other][pivot]
                system[other] = [a - factor * b for a, b in zip(system[other], row, strict=True)]
    return np.array([[float(value) for value in row[width:]] for row in system])


@pytest.mark.parametrize(
    ("name", "columns", "lags", "digits"),
    [
        ("klein", ["C", "P"], 2, 12.0),
        ("wgmacro", ["dl_investment", "dl_income", "dl_consumption"], 2, 12.0),
        # Levels around 400 and 900 that move by a few units: condition number 1.5e4 with scaled columns.
        ("canada", ["e", "prod", "rw", "U"], 2, 10.0),
    ],
)
def test_digits_of_the_coefficients(name, columns, lags, digits):
    y = table(name)[columns].to_numpy(float)
    problem = LagProblem(stack_lags(y, lags, np.ones((len(y), 1))), 1, lags, len(columns))
    m = problem.n_regressors
    exact = exact_least_squares(problem.design[:, :m], problem.design[:, m:])
    error = np.abs(problem.params - exact) / np.abs(exact)
    assert -np.log10(max(error.max(), 1e-16)) >= digits
