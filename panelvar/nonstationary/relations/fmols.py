"""Fully modified least squares of a cointegrating relation."""

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
def fit_fmols(
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
    r"""Estimate a cointegrating relation by fully modified least squares (Phillips and Hansen 1990).

    .. math:: y_{it} = d_t'\delta_i + x_{it}'\beta_i + u_{1it}, \qquad \Delta x_{it} = u_{2it} + \text{terms}

    It is least squares of :math:`y^+_{it} = y_{it} - \hat\gamma_i'\hat u_{2it}` on :math:`d_t` and :math:`x_{it}`, with
    :math:`\hat\gamma_i = \hat\Omega_{22}^{-1}\hat\Omega_{21}`. From the products of :math:`y^+` and :math:`x` it takes,
    for each row, the shift :math:`\hat\lambda^+_i = \hat\Delta_{12} - \hat\gamma_i'\hat\Delta_{22}`. The first
    correction is for errors and regressors that move together in the long run, the second for errors that follow the
    regressors' changes.

    Parameters
    ----------
    {data (relation), y (relation), x (relation), method (relation), trend (terms)}
    {regressor_trend, differenced (regressors), kernel, bandwidth, prewhiten, cov (relation), df_correction (relation)}
    {demean, unusable (cointegrating regression), convention (entities), missing}

    Returns
    -------
    CointegratingResult
        ``params`` and errors; each entity's ``individual`` estimates; ``long_run_covariances``; ``group_tests``.

    Raises
    ------
    DataError, CollinearityError, NumericalError
        An entity has gaps, does not vary, has regressors that depend on one another or on time, or has no error.
    InsufficientDataError
        Entities are too short, or you asked for errors from the spread over entities, and there is one.
    SpecificationError
        Options do not exist, or do not go together.

    See Also
    --------
    fit_dols : leads and lags in place of corrections.
    fit_ccr : transforms the regressors instead.
    pedroni_test : whether there is a relation.

    Notes
    -----
    The estimator assumes that regressors are I(1) and not cointegrated with one another, and that the relation's error
    is stationary: run unit-root tests (`cips_test` and its kin) and tests of cointegration first. Entities must be
    independent (``demean=True`` takes out a time effect of the same size for all).

    ``method="pooled"`` modifies the columns by averages of the long-run covariances over entities (Phillips and Moon
    1999). ``"weighted"`` modifies them by each entity's own, and entities count by the precision of their errors. The
    weighted form of Pedroni (2000) and Kao and Chiang (2000), which scales regressors by :math:`\Omega_{22i}^{-1/2}`
    too, is not offered: it needs the slopes beforehand and depends on the units of measurement (see the guide).

    In short panels a part of the bias of least squares stays, and errors are too small: the guide has the rates.
    `fit_dols` has leads and lags in place of the corrections. `fit_pooled_mean_group` fits dynamic models with a common
    long run, for regressors that the error does not move, I(0) or I(1).

    Examples
    --------
    >>> import panelvar as pv
    >>> grunfeld = pv.load_data("grunfeld")
    >>> relation = pv.fit_fmols(grunfeld, "invest ~ value + capital")
    >>> relation.params.round(3)
    const     -44.409
    value       0.100
    capital     0.263
    Name: params, dtype: float64
    """
    return fit_modified(
        "fmols",
        RelationSource(data, y, x, trend, demean, unusable, missing),
        Modification(regressor_trend, differenced, kernel, bandwidth, prewhiten),
        read_pooling(method, cov, df_correction, scores=False),
        as_convention(convention),
    )
