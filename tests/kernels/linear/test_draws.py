"""Draws that are counted against the sample's statistic."""

from __future__ import annotations

import numpy as np
import pytest

from panelvar.kernels.linear.draws import reach


@pytest.mark.parametrize("statistic", [1e-3, 2.7, 4e5])
def test_draws_that_repeat_the_sample_count_as_large(statistic):
    rounded = statistic * (1.0 + np.array([-1e-12, 0.0, 1e-12]))
    assert reach(rounded, statistic).all()
    assert reach(-rounded, -statistic).all()
    apart = statistic + max(statistic, 1.0) * np.array([-1e-6, 1e-6])
    assert reach(apart, statistic).tolist() == [False, True]
    assert not reach(np.array([np.nan, -np.inf]), statistic).any()
