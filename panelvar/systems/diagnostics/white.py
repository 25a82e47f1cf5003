"""White's test that the errors' variances and covariances do not depend on the regressors of the system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.counting import count_of
from panelvar.core.base.distributions import f_tail
from panelvar.core.base.errors import InsufficientDataError, SpecificationError
from panelvar.core.base.scaling import columns_in_own_units
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.tables.joint_tests import JointTests
from panelvar.core.tables.test_result import TestResult, chi2_test
from panelvar.systems.diagnostics import residual_statistics as residual_tests
from panelvar.systems.var.fitted_system import FittedSystem, require_fit

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False)
class WhiteTests(JointTests):
    """White's test of a system, and of each variance and covariance.

    Attributes
    ----------
    joint : TestResult
        The test of all products of two residuals.
    products : dict of (str, str) to TestResult
        The test of each product, which is a variance where both names are the same.
    table : DataFrame
        A row a product: R squared, its F with p-value, its chi-squared with p-value.

    See Also
    --------
    white_test : makes it.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> tests = pv.white_test(model)
    >>> tests.products["unemp", "unemp"].in_a_line()
    'chi2(8) = 51.0500, p < 0.0001'
    """

    products: dict[tuple[str, str], TestResult]
    table: pd.DataFrame

    @property
    def parts(self) -> tuple[TestResult, ...]:
        """Every product."""
        return tuple(self.products.values())


@answering
def white_test(model: FittedSystem, *, cross_terms: bool = False) -> WhiteTests:
    r"""Test that variances and covariances do not depend on the regressors (White 1980; Kelejian 1982; Doornik 1996).

    The w = K (K + 1) / 2 products :math:`\hat u_{it}\hat u_{jt}` are regressed on a constant and r terms: the
    regressors, their squares, and with ``cross_terms`` their products. With covariances of these products
    :math:`\hat\Omega_0` about their means and :math:`\hat\Omega` about the regression,

    .. math:: LM = n\left(w - \mathrm{tr}(\hat\Omega_0^{-1}\hat\Omega)\right) \sim \chi^2(w r);

    of one product it is :math:`n R^2 \sim \chi^2(r)`, or the F of the regression.

    Parameters
    ----------
    model : FittedSystem
        The system whose residuals are tested.
    cross_terms : bool
        Products of different regressors too. Without them it is EViews' test without cross terms, which R has as
        ``het.test::whites.htest``.

    Returns
    -------
    WhiteTests

    Raises
    ------
    SpecificationError
        No regressor varies.
    InsufficientDataError
        There are fewer than r + w + 1 rows, so some combination of products would be fitted exactly whatever the errors
        are.
    NumericalError
        Products of residuals are linearly dependent or do not vary.

    See Also
    --------
    arch_test : variances that depend on past errors.
    VarResult.with_cov : errors of the coefficients that hold under heteroskedasticity.

    Notes
    -----
    Terms that are combinations of others (the square of a dummy variable, products of seasonal dummies) are left out
    and not counted. The chi-squared is far off where r and w are not small against n: with cross terms the test is for
    long samples. After a rejection the estimates are still consistent, but their classical errors are not: see
    ``with_cov("HC1")``. For variances that depend on past errors use `arch_test`.

    References
    ----------
    Doornik, J. A. (1996). Testing vector error autocorrelation and heteroscedasticity. Nuffield College, Oxford.

    Kelejian, H. H. (1982). An extension of a standard test for heteroskedasticity to a systems framework. *Journal of
    Econometrics* 20, 325-333.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> test = pv.white_test(model).joint
    >>> test.in_a_line()
    'chi2(72) = 239.2358, p < 0.0001'
    """
    import pandas as pd

    require_fit(model)
    terms = residual_tests.quadratic_terms(
        model._problem.tested_regressors, cross=read_flag("cross_terms", cross_terms)
    )
    n, r = terms.shape
    pairs = [(i, j) for i in range(model.n_vars) for j in range(i + 1)]
    width = len(pairs)
    if r == 0:
        raise SpecificationError("White's test needs a regressor that varies, but the model has only a constant.")
    if n - 1 - r < width:
        raise InsufficientDataError(
            f"The test regresses {count_of(width, 'product')} of residuals on {r} terms and a constant. This needs "
            f"{r + width + 1} rows, and there are {n}. Use fewer lags or cross_terms=False."
        )
    left, right = np.array(pairs).T
    # Linear transformations of the residuals leave the joint statistic as it is; those of single products change.
    white = residual_tests.standardised(model._problem.residuals)
    joint = residual_tests.lagrange_multiplier(
        n, *residual_tests.added_regressors(np.ones((n, 1)), terms, white[:, left] * white[:, right])
    )
    residuals = columns_in_own_units(model._problem.residuals)
    restricted, unrestricted = residual_tests.added_regressors(
        np.ones((n, 1)), terms, residuals[:, left] * residuals[:, right]
    )
    label = "White" + (" with cross terms" if cross_terms else "")
    df = width * r
    null = "the errors' variances and covariances do not depend on the regressors"
    shares = 1.0 - np.square(unrestricted).sum(axis=0) / np.square(restricted).sum(axis=0)
    singles, rows = {}, []
    for (i, j), share in zip(pairs, shares.tolist(), strict=True):
        both = (model.names[j], model.names[i])
        what = f"variance of {both[0]}" if i == j else f"covariance of {both[0]} and {both[1]}"
        value, f = n * share, share / r / ((1.0 - share) / (n - 1 - r))
        singles[both] = chi2_test(f"{label}, {what}", value, r, f"the {what} does not depend on them")
        rows.append((share, f, f_tail(f, r, n - 1 - r), value, singles[both].pvalue))
    index = pd.MultiIndex.from_tuples(list(singles), names=["first", "second"])
    table = pd.DataFrame(rows, index=index, columns=["rsquared", "f", "f_pvalue", "chi2", "pvalue"])
    return WhiteTests(chi2_test(label, joint, df, null), singles, table)
