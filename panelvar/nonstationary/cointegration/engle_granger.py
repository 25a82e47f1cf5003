"""Engle and Granger's test of cointegration from the residuals of one regression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from panelvar.core.base.arguments import read_labels, read_names
from panelvar.core.base.errors import DataError, NumericalError, SpecificationError, emit
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.data.panel.series import read_var_data
from panelvar.estimates.sizes.known_sizes import size_notes
from panelvar.kernels.linear.least_squares import least_squares
from panelvar.nonstationary.unit_roots.dickey_fuller import adf_test
from panelvar.nonstationary.unit_roots.distributions import SERIES_OF_PVALUES, tau_critical_values, tau_pvalue
from panelvar.nonstationary.unit_roots.one_series import POWERS, check_trend, ends_note
from panelvar.nonstationary.unit_roots.regressions import trend_columns
from panelvar.nonstationary.unit_roots.result import UnitRootResult


@documented
def engle_granger_test(
    data: Any,
    y: str | None = None,
    x: str | Sequence[str] | None = None,
    *,
    lags: int | str = "aic",
    trend: str = "c",
    max_lags: int | None = None,
) -> UnitRootResult:
    r"""Test no cointegration, by a Dickey-Fuller regression of least-squares residuals (Engle and Granger 1987).

    :math:`y_t = d_t'\delta + x_t'\beta + e_t` is fitted, and :math:`\hat e_t` tested for a unit root without terms.

    Parameters
    ----------
    data : DataFrame, array (T, K) or Panel of one entity
        At least two variables.
    y : str, optional
        The variable on the left; the first by default. The answer depends on it.
    x : str or sequence of str, optional
        The variables on the right; all others by default.
    lags : int or {"aic", "bic", "hqic", "t-stat"}
        p of the Dickey-Fuller regression, or a rule that chooses it among 0 to ``max_lags`` on the rows the longest can
        use: the smallest criterion, or the longest lag whose t ratio exceeds 1.645.
    trend : {"n", "c", "ct", "ctt"}
        Terms of the relation.
    {max_lags (Dickey-Fuller)}

    Returns
    -------
    UnitRootResult
        P-value of MacKinnon (1994) for up to six variables, NaN beyond; critical values (2010) for up to twelve.
        ``coefficient`` is that of the lagged residual.

    Raises
    ------
    NumericalError
        The variables are exactly collinear.

    See Also
    --------
    johansen_test : the number of relations, whatever stands on the left.
    fit_dols, fit_fmols : estimates of the relation, with errors.
    adf_test : a unit root of one series.

    Notes
    -----
    It knows one relation only, and one variable on its left. With three variables or more use `johansen_test`.

    Examples
    --------
    >>> import panelvar as pv
    >>> money = pv.load_data("danish_money")
    >>> test = pv.engle_granger_test(money[["lrm", "lry", "ibo", "ide"]], lags=1)
    >>> round(test.statistic, 3), round(test.pvalue, 3)
    (-2.418, 0.714)
    """
    check_trend(trend)
    table = read_var_data(data, _columns(y, x))
    if len(table.names) < 2:
        raise SpecificationError("Cointegration needs at least two variables.")
    left = table.names[0] if y is None else str(*read_labels("y", (y,), "a variable"))
    if left not in table.names:
        raise SpecificationError(f"y={shown(y)} is not among the variables {list(table.names)}.")
    complete = np.flatnonzero(np.isfinite(table.values).all(axis=1))
    if complete.size == 0 or complete[-1] - complete[0] + 1 != complete.size:
        raise DataError(
            "The variables have gaps or missing values. Select consecutive periods in which you observe all of them."
        )
    values = table.values[complete]
    notes = (*table.notes, *ends_note("One variable or another is", len(table.values), len(values)))
    place = table.names.index(left)
    n, count = values.shape
    regressors = np.column_stack([np.delete(values, place, axis=1), trend_columns(POWERS[trend], n)])
    residuals = values[:, place] - regressors @ least_squares(regressors, values[:, place])
    # The residuals are compared with the size of the variable itself.
    if np.abs(residuals).max() <= 1e-12 * np.abs(values[:, place]).max():
        raise NumericalError(f"{left!r} is an exact combination of the other variables, so there is nothing to test.")
    inner = adf_test(residuals, lags=lags, trend="n", max_lags=max_lags)
    emit(notes)
    known = count <= SERIES_OF_PVALUES
    return replace(
        inner,
        name=f"Engle-Granger ({inner.lags} lags, trend {trend!r})",
        pvalue=float(tau_pvalue(inner.statistic, trend, count)) if known else float("nan"),
        null=f"{left} is not cointegrated with {', '.join(name for name in table.names if name != left)}",
        notes=(*notes, *size_notes(f"engle-granger, {lags}", n)),
        trend=trend,
        critical_values=tau_critical_values(trend, n - 1, count),
    )


def _columns(y: str | None, x: str | Sequence[str] | None) -> list[str] | None:
    """Columns of the relation, y first; None for all."""
    if x is None:
        return None
    if y is None:
        raise SpecificationError("x is given without y, the variable on the left.")
    return [y, *read_names("x", x)]
