"""Powers of two as units, and matrices whose rows and columns have none."""

from __future__ import annotations

import numpy as np
import pytest

from panelvar.core.base.errors import NumericalError
from panelvar.core.base.scaling import columns_in_own_units, equilibrated, exponents, in_own_units, refuse_far_apart

RNG = np.random.default_rng(3)


def test_own_units_change_no_digit():
    values = RNG.standard_normal((6, 3))
    far = np.ldexp(values, [900, -900, 0])
    np.testing.assert_array_equal(columns_in_own_units(far), columns_in_own_units(values))
    assert 0.5 <= np.abs(in_own_units(far[:, 0])).max() < 1.0
    assert exponents(np.zeros(3)) == 0
    assert exponents(np.empty(0)) == 0


def test_equilibrated_matrices_forget_the_units_of_rows_and_columns():
    matrix = RNG.standard_normal((3, 5)) * RNG.integers(0, 2, (3, 5))
    matrix[:, 0] = 1.0
    scaled = matrix * np.exp2(RNG.integers(-60, 60, 3))[:, None] * np.exp2(RNG.integers(-60, 60, 5))
    np.testing.assert_allclose(equilibrated(scaled), equilibrated(matrix), rtol=1e-10)
    np.testing.assert_array_equal(equilibrated(np.zeros((2, 2))), np.zeros((2, 2)))


def test_sizes_at_the_ends_of_the_range_are_compared_without_overflow():
    names = ["a", "b"]
    for near in ([3e300, 2e299], [3e-300, 2e-301], [1e-300, 1e-166]):
        refuse_far_apart(names, np.array(near))
    for far in ([1e-100, 1e200], [1e-300, 1e-160]):
        with pytest.raises(NumericalError, match="sizes of 'b' and 'a' are"):
            refuse_far_apart(names, np.array(far))
