"""What fits whose factors are codes have in common with those of arrays of indicators."""

from __future__ import annotations

import numpy as np

from panelvar.kernels.absorption.factor_rows import FactorRows


def coded_and_plain(by_codes, fit, sums=True):
    """Return what ``fit`` makes of codes, by sums of them or not, and before that of arrays."""
    plain = fit()
    by_codes()
    coded = fit()
    assert not isinstance(_rows(plain), FactorRows)
    assert isinstance(_rows(coded), FactorRows) == sums
    return coded, plain


def _rows(result):
    return (result.fit.instrumented or result.fit).rows


def assert_same_fit(coded, plain, tolerance=1e-12):
    """Compare the fits to a tolerance, times the condition number of the regressors."""
    scale = tolerance * max(plain.fit.solution.condition, 1.0)
    assert coded.fit.names == plain.fit.names
    assert [note.text for note in coded.notes] == [note.text for note in plain.notes]
    size = np.abs(plain.params).max()
    np.testing.assert_allclose(coded.params, plain.params, rtol=scale, atol=scale * size)
    np.testing.assert_allclose(coded.std_errors, plain.std_errors, rtol=scale)
    np.testing.assert_allclose(coded.cov, plain.cov, rtol=scale, atol=scale * np.abs(plain.cov).max().max())
    np.testing.assert_allclose(coded.fit.rss, plain.fit.rss, rtol=scale)
    np.testing.assert_allclose(coded.resids, plain.resids, atol=scale * size)
    for kind in ("within", "between", "overall"):
        np.testing.assert_allclose(
            getattr(coded.rsquared_table, kind), getattr(plain.rsquared_table, kind), rtol=scale, atol=scale
        )
    assert coded.df_resid == plain.df_resid
