"""Instrumental variables in pooled, between, fixed-effects and first-difference models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import ONE_WAY
from panelvar.core.base.errors import choose
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.effects_after_bar import read_one_or_two_effects
from panelvar.data.formulas.formula_parts import with_effects
from panelvar.data.formulas.frequencies import Frequencies
from panelvar.data.formulas.instrument_columns import Names, build_instrumented
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.panels.instruments.finish_instrumental import finish_instrumental
from panelvar.panels.instruments.methods import Method
from panelvar.panels.instruments.result import InstrumentalResult
from panelvar.panels.static.between import means_model
from panelvar.panels.static.first_difference import differenced_model
from panelvar.panels.static.fixed import within_model
from panelvar.panels.static.pooled import centred_model


@documented
def fit_iv_pooled(
    data: object,
    y: str,
    x: Names = None,
    *,
    endogenous: Names = None,
    instruments: Names = None,
    method: Method = "2sls",
    constant: bool | None = None,
    weights: str | NDArray[Any] | None = None,
    weights_are: str = "analytic",
    cov: str | Covariance | None = None,
    convention: str | Convention = "default",
    missing: str = "drop",
    collinear: str = "drop",
) -> InstrumentalResult:
    r"""Fit pooled instrumental variables, :math:`y_{it} = c + x_{it}'\beta + p_{it}'\gamma + u_{it}`.

    By default this is two-stage least squares, :math:`b = (\hat X'\hat X)^{-1}\hat X'y`, with :math:`\hat X` the
    projection of all regressors on the instruments z and the exogenous regressors x (Wooldridge 2010, chapter 5).

    Parameters
    ----------
    {data (rows), y (instrumented), x (exogenous), endogenous, instruments, method}
    {constant, weights, weights_are, cov (instrumented rows), convention, missing, collinear}

    Returns
    -------
    InstrumentalResult
        It has the first stages and tests of whether instruments are weak, valid and needed.

    Raises
    ------
    SpecificationError
        If a column plays two parts, or there are fewer instruments than endogenous regressors.
    CollinearityError
        If too few instruments are left, or they do not identify every endogenous regressor.
    DataError, InsufficientDataError, NumericalError
        See `panelvar.core.base.errors`.

    See Also
    --------
    fit_iv_fixed_effects : With effects absorbed.
    fit_iv_random_effects : With random effects.
    fit_iv_first_difference : In differences.

    Notes
    -----
    The classical covariance is :math:`s^2(\hat X'\hat X)^{-1}`, with :math:`s^2` from the residuals :math:`y - Xb` of
    the regressors themselves. Instruments that depend on others are dropped with a warning.

    If the entity effects are correlated with the instruments, use `fit_iv_fixed_effects`. If instruments are weak, 2SLS
    is biased towards OLS and its tests over-reject: see ``first_stage`` and ``anderson_rubin``.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> firms["before"] = firms.groupby("firm")["value"].shift()
    >>> fit = pv.fit_iv_pooled(firms.dropna(), "invest ~ capital + [value ~ before]")
    >>> fit.params.round(4).to_dict()
    {'const': -41.3561, 'capital': 0.2222, 'value': 0.118}
    >>> fit.wu_hausman
    <Wu-Hausman: F(1, 205) = 2.9443, p = 0.0877>
    """
    rows = Frequencies(data, weights, weights_are)
    design, layout = build_instrumented(
        rows.data, y, x, endogenous, instruments, constant=constant, weights=rows.weights, missing=missing, plain=True
    )
    used = rows.repeated(design)
    layout = layout.of_columns(np.isin(design.names, used.names))
    return finish_instrumental(centred_model(used), layout, method, cov, as_convention(convention), collinear)


@documented
def fit_iv_between(
    data: object,
    y: str,
    x: Names = None,
    *,
    endogenous: Names = None,
    instruments: Names = None,
    effects: str = "entity",
    wls: bool = False,
    method: Method = "2sls",
    constant: bool | None = None,
    weights: str | NDArray[Any] | None = None,
    cov: str | Covariance = "classical",
    convention: str | Convention = "default",
    missing: str = "drop",
    collinear: str = "drop",
) -> InstrumentalResult:
    r"""Fit instrumental variables to the means over entities (BE2SLS).

    Parameters
    ----------
    {data, y (instrumented), x (exogenous), endogenous, instruments, effects (means), wls, method}
    {constant, weights (means), cov (instrumented), convention, missing, collinear}

    Returns
    -------
    InstrumentalResult

    Raises
    ------
    SpecificationError, CollinearityError, DataError, InsufficientDataError, NumericalError
        As `fit_iv_pooled`.

    See Also
    --------
    fit_between : All regressors exogenous.
    fit_iv_random_effects : Between and within variation together.

    Notes
    -----
    The estimates are consistent only if the means of the instruments are uncorrelated with the entity effects.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> firms["before"] = firms.groupby("firm")["value"].shift()
    >>> fit = pv.fit_iv_between(firms.dropna(), "invest ~ capital + [value ~ before]")
    >>> fit.params.round(4).to_dict()
    {'const': -7.8472, 'capital': 0.0275, 'value': 0.1364}
    >>> fit.nobs
    11
    """
    data, y, effects = read_one_or_two_effects(data, y, x, effects, instrumented=True)
    choose("effects", effects, ONE_WAY)
    design, layout = build_instrumented(
        data, y, x, endogenous, instruments, constant=constant, weights=weights, missing=missing
    )
    model = means_model(design, effects, wls=wls)
    return finish_instrumental(model, layout, method, cov, as_convention(convention), collinear)


@documented
def fit_iv_fixed_effects(
    data: object,
    y: str,
    x: Names = None,
    *,
    endogenous: Names = None,
    instruments: Names = None,
    effects: str | Sequence[str] | None = None,
    method: Method = "2sls",
    constant: bool | None = None,
    weights: str | NDArray[Any] | None = None,
    weights_are: str = "analytic",
    cov: str | Covariance | None = None,
    convention: str | Convention = "default",
    missing: str = "drop",
    collinear: str = "drop",
) -> InstrumentalResult:
    r"""Fit instrumental variables with fixed effects (FE2SLS).

    .. math:: y_{it} = \alpha_i + x_{it}'\beta + p_{it}'\gamma + u_{it}

    The effects are taken out of regressors and instruments alike. The estimates are those of 2SLS with a dummy for
    every level among the exogenous regressors (Baltagi 2013, chapter 7).

    Parameters
    ----------
    {data (rows), y (instrumented), x (exogenous), endogenous, instruments, effects, method}
    {constant (within), weights, weights_are, cov (instrumented rows), convention, missing, collinear}

    Returns
    -------
    InstrumentalResult

    Raises
    ------
    SpecificationError, CollinearityError, DataError, InsufficientDataError, NumericalError
        As `fit_iv_pooled`.

    See Also
    --------
    fit_fixed_effects : All regressors exogenous.
    fit_iv_first_difference : For predetermined regressors, with lagged levels.
    fit_arellano_bond : A lagged dependent variable, by GMM.

    Notes
    -----
    The instruments may be correlated with the effects, but not with the error of any period of the entity. Lags of the
    dependent variable are therefore not valid instruments in short panels: use `fit_arellano_bond`. Residual degrees of
    freedom are n minus the slopes minus the rank of the absorbed effects.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("public_capital")
    >>> formula = "log(gsp) ~ log(pcap) + log(pc) + [log(emp) ~ unemp]"
    >>> fit = pv.fit_iv_fixed_effects(states, formula, cov="cluster")
    >>> fit.params.round(4).to_dict()
    {'const': 3.3765, 'log(pcap)': -0.1468, 'log(pc)': 0.1106, 'log(emp)': 1.0583}
    >>> fit.wu_hausman
    <Wu-Hausman: F(1, 47) = 4.3900, p = 0.0416>
    """
    chosen = as_convention(convention)
    y, effects = with_effects(y, x, effects, instrumented=True)
    rows = Frequencies(data, weights, weights_are)
    design, layout = build_instrumented(
        rows.data, y, x, endogenous, instruments, constant=constant, weights=rows.weights, missing=missing, plain=True
    )
    model = within_model(rows.repeated(design), effects, chosen)
    layout = layout.of_columns(np.isin(design.names, model.design.names))
    return finish_instrumental(model, layout, method, cov, chosen, collinear)


@documented
def fit_iv_first_difference(
    data: object,
    y: str,
    x: Names = None,
    *,
    endogenous: Names = None,
    instruments: Names = None,
    method: Method = "2sls",
    constant: bool | None = None,
    weights: str | NDArray[Any] | None = None,
    cov: str | Covariance = "classical",
    convention: str | Convention = "default",
    missing: str = "drop",
    collinear: str = "drop",
) -> InstrumentalResult:
    r"""Fit instrumental variables in first differences (FD2SLS).

    .. math:: \Delta y_{it} = \Delta x_{it}'\beta + \Delta p_{it}'\gamma + \Delta u_{it}

    Parameters
    ----------
    {data, y (instrumented), x (exogenous), endogenous, instruments}
        Instruments are differenced like the regressors.
    {method, constant (differences), weights (differences), cov (instrumented), convention, missing, collinear}

    Returns
    -------
    InstrumentalResult

    Raises
    ------
    SpecificationError, CollinearityError, DataError, InsufficientDataError, NumericalError
        As `fit_iv_pooled`.

    See Also
    --------
    fit_iv_fixed_effects : Effects are taken out by means.
    fit_anderson_hsiao : A lagged dependent variable, instruments in levels.
    fit_arellano_bond : The same with all lags.

    Notes
    -----
    Only adjacent periods are differenced, except under the ``"plm"`` convention. To use instruments in levels (Anderson
    and Hsiao 1981), difference by a formula in a pooled model without constant:
    ``fit_iv_pooled(data, "D(y) ~ 0 + [L(D(y)) ~ L(y, 2)]")``.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("public_capital")
    >>> formula = "log(gsp) ~ log(pcap) + log(pc) + [log(emp) ~ unemp]"
    >>> fit = pv.fit_iv_first_difference(states, formula, cov="cluster")
    >>> fit.params.round(4).to_dict()
    {'log(pcap)': -0.0616, 'log(pc)': -0.0524, 'log(emp)': 1.2413}
    """
    chosen = as_convention(convention)
    source, layout = build_instrumented(
        data, y, x, endogenous, instruments, constant=constant, weights=weights, missing=missing
    )
    model = differenced_model(source, chosen, constant)
    return finish_instrumental(model, layout, method, cov, chosen, collinear)
