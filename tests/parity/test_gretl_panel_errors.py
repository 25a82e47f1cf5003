"""Where gretl is wrong after panel estimation: its numbers rebuilt from ours by the algebra of the error."""

from __future__ import annotations

import numpy as np
import pytest
from parity.gretl_cases import by_unit
from parity.runner import expected_tree


@pytest.mark.parametrize("data", ["grunfeld", "gasoline", "scattered", "staggered"])
def test_wald_statistic_of_weighted_rows_off_their_centre(data):
    """(sum of squares of weighted fitted values - (sum of weighted y)^2 / n) / s^2: the constant is weighted too."""
    expected = expected_tree(f"{data}_gretl")["wls_unit_weights_iterate"]
    result = by_unit(data, "wls_unit_weights_iterate")["result"]()
    design = result._design
    weights = 1.0 / np.sqrt(result.error_variances.to_numpy())[design.entities.codes]
    fitted = weights * (np.column_stack([np.ones(result.nobs), *design.x]) @ result.params.to_numpy())
    centre = (weights * design.y).sum() ** 2 / result.nobs
    assert (fitted @ fitted - centre) / (result.rss / result.nobs) == pytest.approx(expected["chisq"], rel=1e-10)
