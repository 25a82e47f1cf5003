"""Scores of a fit, residuals adjusted for the leverage of their rows."""

from __future__ import annotations

import numpy as np

from panelvar.base.arrays import Array
from panelvar.base.errors import NumericalError
from panelvar.covariance import sandwich
from panelvar.fit.conventions import Convention
from panelvar.fit.fit import Fit

KINDS = ("HC0", "HC1", "HC2", "HC3", "HC4", "HC4m", "HC5")
"""Adjustments of residuals; HC1 is a factor and leaves them alone."""


def scores(fit: Fit, convention: Convention, kind: str) -> sandwich.Scores:
    """Return the scores of a fit, each residual multiplied by its `multiplier`."""
    rows = fit.rows_or_refuse("A robust covariance")
    constant = fit.constant_column if fit.constant else None
    solution = fit.solution
    adjusted = multiplier(fit, convention, kind)
    return sandwich.Scores(rows, fit.kept, solution.coefficients, constant, solution.inverse_r, adjusted)


def multiplier(fit: Fit, convention: Convention, kind: str) -> Array | None:
    r"""Return :math:`(1 - h_i)^{-d_i}`, or None where it is one (`panelvar.HC` lists the exponents).

    Raises
    ------
    NumericalError
        Where a leverage is one: the row is fitted exactly and its residual carries no information.
    """
    if kind in ("HC0", "HC1"):
        return None
    refuse_weighted_instruments(fit, f"{kind}")
    leverage = leverages(fit, convention)
    remaining = 1.0 - leverage
    if remaining.min() < 1e-10:
        where = int((remaining < 1e-10).sum())
        raise NumericalError(
            f"{where} row(s) have leverage 1 (singletons or dummies for one row): {kind} divides by 1 - leverage. "
            "Drop these rows or use HC1."
        )
    exponent: Array | float
    # The sum is the rank of the regression; rounding it leaves no error of the leverages behind.
    relative = leverage * (len(leverage) / round(float(leverage.sum())))
    if kind == "HC2":
        exponent = 0.5
    elif kind == "HC3":
        exponent = 1.0
    elif kind == "HC4":
        exponent = 0.5 * np.minimum(4.0, relative)
    elif kind == "HC4m":
        exponent = 0.5 * (np.minimum(1.0, relative) + np.minimum(1.5, relative))
    else:
        exponent = 0.25 * np.minimum(relative, max(4.0, 0.7 * float(relative.max())))
    adjusted: Array = remaining**-exponent
    return adjusted


def refuse_weighted_instruments(fit: Fit, what: str) -> None:
    """Refuse adjustments for leverage where the coefficients are no least squares on what instruments explain.

    Raises
    ------
    SpecificationError
        After LIML, other k-class estimators and GMM.
    """
    if fit.instrumented is not None and fit.instrumented.method != "2sls":
        fit.refuse_instruments(
            f"{what}, except by 2SLS,", "there is no hat matrix. Use HC0, HC1, or errors clustered without adjustment."
        )


def leverages(fit: Fit, convention: Convention) -> Array:
    """Return the diagonal of the hat matrix, with the absorbed effects unless the convention leaves them out."""
    rows = fit.rows_or_refuse("A leverage")
    out = sandwich.leverage(rows, fit.kept, fit.solution.inverse_r)
    if fit.absorbed is not None:
        if convention.leverage == "full":
            out += fit.absorbed.leverage()
    elif fit.constant_column is not None:
        out += np.square(fit.constant_column) / fit.constant_mass
    return out
