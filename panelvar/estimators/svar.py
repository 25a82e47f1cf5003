"""The structural form of a fitted vector autoregression, by maximum likelihood."""

from __future__ import annotations

import numpy as np

from panelvar.errors import SpecificationError, emit
from panelvar.identification.scheme import Estimates, ReducedForm
from panelvar.identification.short_run import ShortRun, fit_short_run
from panelvar.kernels.distributions import chi2_tail
from panelvar.results.shocks import positive_factor
from panelvar.results.svar_result import SvarResult
from panelvar.results.test_result import TestResult
from panelvar.results.var_result import VarResult, require_fit


def fit_svar(model: VarResult, identification: ShortRun) -> SvarResult:
    r"""Estimate A and B of :math:`A u_t = B \varepsilon_t` and test what they restrict beyond need.

    .. math:: \ln L = -\frac{nK}{2} \ln 2\pi + n\left[\ln|\det W| - \tfrac12 \operatorname{tr}(W\Sigma W')\right],
        \qquad W = B^{-1} A

    Standard errors are roots of the diagonal of :math:`N (n N' I N)^{-1} N'`, with I the information of one observation
    and N what the restrictions leave free. The likelihood-ratio statistic :math:`2n[\ell(\Sigma) - \ell(A, B)]` is
    chi-squared with as many degrees of freedom as there are restrictions beyond K(K + 1)/2 free entries
    (Luetkepohl 2005, proposition 9.5 and section 9.3.2).

    Parameters
    ----------
    model : VarResult
        Its residual covariance is fitted: divided by n - m by default (also R's vars and, with ``dfk``, Stata), by n
        under a convention that says so.
    identification : ShortRun

    Returns
    -------
    SvarResult

    Raises
    ------
    SpecificationError
        Restrictions that do not identify A and B.
    NumericalError
        No start of the search converged.

    Notes
    -----
    The residual covariance is taken as what the reduced form gave; the coefficients are not restricted. The errors of
    long-run restrictions take the coefficients as known: bands of responses do not.
    """
    require_fit(model)
    if not isinstance(identification, ShortRun):
        raise SpecificationError(f"identification={identification!r}: expected ShortRun(a=..., b=...).")
    names = model.names
    identification.check(names)
    factor = positive_factor(model.sigma)
    form = ReducedForm(model.coefficients, factor)
    fit = fit_short_run(identification, form, names)
    size, nobs = len(names), model.nobs
    errors = np.sqrt(np.einsum("ducv,de,eucv->ucv", fit.basis, fit.covariance, fit.basis) / nobs)
    unrestricted = -np.log(factor.diagonal()).sum() - 0.5 * size
    spare = size * (size + 1) // 2 - len(fit.basis)
    test = None
    if spare:
        statistic = max(0.0, 2.0 * nobs * (unrestricted - fit.value))
        test = TestResult(
            "Over-identification (LR)",
            statistic,
            float(chi2_tail(statistic, spare)),
            "chi2",
            float(spare),
            null="the restrictions beyond those needed hold",
        )
    emit(fit.notes)
    return SvarResult(
        identification.bound(Estimates(form), names),
        names,
        identification.shocks(names),
        fit.pair,
        errors,
        nobs,
        float(nobs * (fit.value - 0.5 * size * np.log(2.0 * np.pi))),
        test,
        fit.iterations,
        fit.notes,
    )
