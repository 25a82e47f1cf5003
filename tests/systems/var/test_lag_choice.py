"""Sequential tests of the lag order, and tests that a lag can go."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import panelvar as pv
from panelvar import SpecificationError


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(7)
    y = np.zeros((150, 2))
    for t in range(3, 150):
        y[t] = 0.4 * y[t - 1] + 0.35 * y[t - 3] + rng.standard_normal(2)
    return pd.DataFrame(y, columns=["a", "b"])


def test_sequential_likelihood_ratios(frame):
    selection = pv.select_lags(frame, max_lags=6)
    table = selection.table
    fits = [pv.fit_var(frame.iloc[6 - p :], lags=p) for p in range(1, 7)]
    for p in range(2, 7):
        ratio = selection.nobs * np.log(np.linalg.det(fits[p - 2].sigma_ml) / np.linalg.det(fits[p - 1].sigma_ml))
        assert table.loc[p, "lr"] == pytest.approx(ratio, rel=1e-8)
        assert table.loc[p, "lr_pvalue"] == pytest.approx(stats.chi2.sf(ratio, 4), rel=1e-8)
    longest = max((p for p in range(2, 7) if table.loc[p, "lr_pvalue"] < 0.05), default=1)
    assert selection.order("lr") == longest == 3
    assert selection.order("lr", level=0.5) >= 3
    assert selection.order("lr", level=1 - 1e-12) < 3
    assert pv.fit_var(frame, lags="lr", max_lags=6).lags == 3
    assert "lr 3" in repr(selection)
    assert "LR" in str(selection)


def test_the_ratio_corrected_for_coefficients(frame):
    plain, corrected = (pv.select_lags(frame, max_lags=4, min_lags=0, convention=c) for c in ("default", "eviews"))
    share = 1 - (1 + 2 * np.arange(1, 5)) / plain.nobs
    assert_allclose(corrected.lr_statistic[1:], plain.lr_statistic[1:] * share)


def test_lag_exclusion_table(frame):
    model = pv.fit_var(frame, lags=3, convention="eviews")
    table = model.lag_exclusion_tests()
    assert list(table.index) == [1, 2, 3]
    for lag in (1, 3):
        names = [f"L{lag}.a", f"L{lag}.b"]
        b = model.params.loc[names, "b"].to_numpy()
        v = model.cov.loc["b", "b"].loc[names, names].to_numpy()
        wald = b @ np.linalg.solve(v, b)
        assert table.loc[lag, ("b", "statistic")] == pytest.approx(wald)
        assert table.loc[lag, ("b", "pvalue")] == pytest.approx(stats.chi2.sf(wald, 2))
    assert table.loc[2, ("joint", "pvalue")] > 0.01 > table.loc[3, ("joint", "pvalue")]
    with pytest.raises(SpecificationError, match="criterion"):
        pv.select_lags(frame, max_lags=2).order("cv")
