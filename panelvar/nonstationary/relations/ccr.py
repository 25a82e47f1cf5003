"""Canonical cointegrating regressions."""

from __future__ import annotations

from collections.abc import Sequence

from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.nonstationary.relations.assembly import read_pooling
from panelvar.nonstationary.relations.modified import Modification, fit_modified
from panelvar.nonstationary.relations.relation_data import RelationSource
from panelvar.nonstationary.relations.result import CointegratingResult


@documented
def fit_ccr(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    method: str = "group-mean",
    trend: str = "c",
    regressor_trend: str | None = None,
    differenced: bool = True,
    kernel: str = "quadratic-spectral",
    bandwidth: float | str = "andrews",
    prewhiten: bool = True,
    cov: str | None = None,
    df_correction: bool = True,
    demean: bool = False,
    unusable: str = "raise",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> CointegratingResult:
    r"""Estimate a cointegrating relation by a canonical cointegrating regression (Park 1992).

    It is least squares of columns from which stationary parts of the errors and of the regressors' changes are taken,

    .. math:: x^\ast_{it} = x_{it} - \hat\Delta_{\cdot 2}'\hat\Sigma^{-1}\hat u_{it}, \qquad
       y^\ast_{it} = y_{it} - \hat\beta_i'\hat\Delta_{\cdot 2}'\hat\Sigma^{-1}\hat u_{it} - \hat\gamma_i'\hat u_{2it},

    with :math:`\hat u = (\hat u_1, \hat u_2')'` and :math:`\hat\beta_i` of least squares. In long samples it agrees
    with `fit_fmols`, whose notes hold here too.

    Parameters
    ----------
    {data (relation), y (relation), x (relation), method (relation), trend (terms)}
    {regressor_trend, differenced (regressors), kernel, bandwidth, prewhiten, cov (relation), df_correction (relation)}
    {demean, unusable (cointegrating regression), convention (entities), missing}

    Returns
    -------
    CointegratingResult

    Raises
    ------
    DataError, CollinearityError, NumericalError, InsufficientDataError, SpecificationError
        As `fit_fmols`.

    See Also
    --------
    fit_fmols, fit_dols : the other estimators of the same relation.
    johansen_test : whether there is a relation, and how many.

    Notes
    -----
    arch, EViews and Stata's ``cointreg`` have it for one series, and ``xtcointreg`` averages it over entities. A pooled
    relation transforms the columns as `fit_fmols` does: by averages of the covariances, and slopes that all entities
    share.

    Examples
    --------
    >>> import panelvar as pv
    >>> grunfeld = pv.load_data("grunfeld")
    >>> relation = pv.fit_ccr(grunfeld, "invest ~ value + capital")
    >>> relation.params.round(3)
    const     -28.601
    value       0.088
    capital     0.274
    Name: params, dtype: float64
    """
    return fit_modified(
        "ccr",
        RelationSource(data, y, x, trend, demean, unusable, missing),
        Modification(regressor_trend, differenced, kernel, bandwidth, prewhiten),
        read_pooling(method, cov, df_correction, scores=False),
        as_convention(convention),
    )
