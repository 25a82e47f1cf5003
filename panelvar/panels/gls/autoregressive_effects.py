"""Entity effects with first-order autoregressive errors: fixed and random (Baltagi and Wu 1999).

Both stand here, and not with other random effects, because their work is that of generalised least squares: rows are
freed of autocorrelation first, and effects are taken out of the whitened rows, along their transformed constant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.errors import InsufficientDataError, Note, NumericalError, SpecificationError
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.number_format import format_significant
from panelvar.core.tables.test_result import TestResult
from panelvar.data.formulas.design import Design, build_design
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.estimates.fit.transformed_model import TransformedModel
from panelvar.estimates.sizes.known_sizes import size_notes
from panelvar.panels.gls.ar1 import AR1, FreedRows, estimate_rho, transform
from panelvar.panels.gls.autoregression import find_runs
from panelvar.panels.gls.result import ErrorStructure, GLSResult
from panelvar.panels.gls.whitened_model import (
    check_levels,
    coefficients_of,
    demean,
    require_levels,
    residuals_of,
    whitened_model,
)
from panelvar.panels.static.effect_variances import EffectVariances
from panelvar.panels.static.finish import finish
from panelvar.panels.static.fit_statistics import f_of_gain
from panelvar.panels.static.result import LinearResult

WITHIN = AR1(rho="dw", weights="pooled", starts="drop")
"""What Stata's ``xtregar, fe`` does (on a panel without gaps)."""
RANDOM = AR1(rho="dw", weights="pooled", gaps="exact")
"""What Stata's ``xtregar, re`` does."""

_ROUNDS = 200
# With fewer rows of an entity than this, rho from within residuals is mostly bias.
_FEW_ROWS = 10
# A change of the autocorrelation, which has no units, below this counts as settled.
_SETTLED = 1e-10


@documented
def fit_fixed_effects_ar1(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    autocorrelation: AR1 = WITHIN,
    iterate: bool = True,
    constant: bool | None = None,
    cov: str | Covariance = "classical",
    convention: str | Convention = "default",
    missing: str = "drop",
    collinear: str = "drop",
) -> GLSResult:
    r"""Fit entity fixed effects with autoregressive errors (Stata's ``xtregar, fe``).

    .. math:: y_{it} = c + x_{it}'\beta + \alpha_i + e_{it}, \qquad e_{it} = \rho e_{i,t-1} + v_{it}

    :math:`\rho` is estimated from within residuals, and again from those of the transformed rows until it settles. The
    rows are transformed, :math:`\tilde v_{it} = v_{it} - \rho v_{i,t-1}`, and the effects taken out of them: with g the
    transformed constant, each entity's projection on its :math:`g_i`.

    Parameters
    ----------
    {data, y, x}
    autocorrelation : AR1
        One coefficient for all entities. The default is Stata's: from the Durbin-Watson statistic of all rows together,
        with first rows of runs dropped. ``AR1(..., starts="keep")`` keeps them, which makes it generalised least
        squares with a dummy for each entity. ``gaps="exact"`` uses rows after gaps as well.
    {iterate (rho), constant (within), cov, convention, missing, collinear}

    Returns
    -------
    GLSResult
        With ``rho``, ``variance_components``, and ``effects_test``, the F that all effects are zero. The constant is
        the mean effect, as in `fit_fixed_effects`, weighted by :math:`g_{it}^2`.

    Raises
    ------
    SpecificationError
        If you ask for a coefficient for each entity.
    InsufficientDataError
        If no periods are adjacent, or no degrees of freedom are left: every entity loses its effect, and its first row.
    DataError, CollinearityError, NumericalError
        See `panelvar.core.base.errors`.

    See Also
    --------
    fit_random_effects_ar1 : Effects uncorrelated with the regressors.
    fit_fixed_effects : Errors without a model, clustered by entity.
    bhargava_test : Tests for autocorrelation.

    Notes
    -----
    Stata prints the same constant with the standard error of :math:`c(1 - \rho)`, the constant of the transformed rows:
    it is too small by that factor.

    An estimate of :math:`\rho` from within residuals is biased downwards by about :math:`(1 + \rho) / T` (Nickell
    1981). With few periods, use `fit_fixed_effects` with ``cov="cluster"`` instead. `bhargava_test` returns the
    Durbin-Watson statistic of Bhargava et al. and the Baltagi-Wu LBI that Stata prints.

    References
    ----------
    Baltagi and Wu (1999), Econometric Theory 15, 814-823; Bhargava, Franzini and Narendranathan (1982), Review of
    Economic Studies 49, 533-549.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> fit = pv.fit_fixed_effects_ar1(firms, "invest ~ value + capital")
    >>> fit.params.round(4).to_dict()
    {'const': -59.6142, 'value': 0.095, 'capital': 0.3501}
    >>> print(round(fit.rho.iloc[0], 4))
    0.6721
    """
    chosen = as_convention(convention)
    source = build_design(data, y, x, constant=constant, missing=missing)
    freed = _free_rows(source, autocorrelation, iterate)
    model = _take_out_effects(source, freed, "Fixed effects ({}) with AR(1) errors")
    result = finish(model, cov, chosen, collinear)
    components, test = _describe_effects(result, freed.used), _test_effects(result, freed)
    return GLSResult(result.fit, result.covariance, chosen, result.estimator, freed.structure, components, test)


@documented
def fit_random_effects_ar1(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    autocorrelation: AR1 = RANDOM,
    iterate: bool = True,
    constant: bool | None = None,
    cov: str | Covariance = "classical",
    convention: str | Convention = "default",
    missing: str = "drop",
    collinear: str = "drop",
) -> GLSResult:
    r"""Fit entity random effects with autoregressive errors (Stata's ``xtregar, re``).

    .. math:: y_{it} = c + x_{it}'\beta + \mu_i + e_{it}, \qquad e_{it} = \rho e_{i,t-1} + v_{it}

    Rows freed of autocorrelation have errors :math:`g_{it}\mu_i + v_{it}`, g the transformed constant. With u the
    residuals of their least squares, :math:`P_i = g_ig_i'/g_i'g_i`, n rows and N entities,

    .. math:: \hat\sigma_v^2 = \frac{\sum_i u_i'(I - P_i)u_i}{n - N}, \qquad
              \hat\sigma_\mu^2 = \frac{\sum_i u_i'P_iu_i - N\hat\sigma_v^2}{\sum_i g_i'g_i}, \qquad
              \theta_i = 1 - \frac{\hat\sigma_v}{(g_i'g_i\hat\sigma_\mu^2 + \hat\sigma_v^2)^{1/2}}

    (Baltagi and Wu 1999), and :math:`\theta_i P_i` times the rows are taken out of them.

    Parameters
    ----------
    {data, y, x}
    autocorrelation : AR1
        One coefficient for all entities. The default is Stata's: from the Durbin-Watson statistic of the within
        residuals of all rows together, with rows after a gap at their true distance.
    {iterate (rho), constant, cov, convention, missing, collinear}

    Returns
    -------
    GLSResult
        With ``rho``; ``variance_components`` has the standard deviations and theta.

    Raises
    ------
    SpecificationError
        If you ask for a coefficient for each entity.
    DataError, CollinearityError, InsufficientDataError, NumericalError
        See `panelvar.core.base.errors`.

    See Also
    --------
    fit_fixed_effects_ar1 : Effects may be correlated with the regressors.
    fit_random_effects : Errors without autocorrelation.
    baltagi_li_test : Tests autocorrelation beside random effects.

    Notes
    -----
    The effects must be uncorrelated with the regressors: compare with `fit_fixed_effects_ar1`. A negative estimate of
    their variance is set to zero with a warning. With few periods, effects and autocorrelation are hard to tell apart.

    References
    ----------
    Baltagi and Wu (1999), Econometric Theory 15, 814-823.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> fit = pv.fit_random_effects_ar1(firms, "invest ~ value + capital")
    >>> fit.params.round(4).to_dict()
    {'const': -41.8819, 'value': 0.0947, 'capital': 0.3193}
    >>> print(round(fit.rho.iloc[0], 4))
    0.6721
    """
    chosen = as_convention(convention)
    source = build_design(data, y, x, constant=constant, missing=missing)
    freed = _free_rows(source, autocorrelation, iterate)
    components = _estimate_components(freed)
    words = "Random effects ({}) with AR(1) errors (Baltagi-Wu)"
    result = finish(_take_out_effects(source, freed, words, components), cov, chosen, collinear)
    return GLSResult(result.fit, result.covariance, chosen, result.estimator, freed.structure, components)


class _FreedSample(NamedTuple):
    """Rows freed of autocorrelation, the rows of the source that they are, and how."""

    rows: FreedRows
    used: Design
    structure: ErrorStructure
    notes: list[Note]


def _free_rows(source: Design, model: AR1, iterate: bool) -> _FreedSample:
    """Estimate rho from within residuals, those of Prais-Winsten least squares of demeaned rows once there is one."""
    if not isinstance(model, AR1):
        raise SpecificationError(
            f"autocorrelation={shown(model)} must be an AR1 object, such as AR1(rho='dw', weights='pooled'), because "
            "this model has autoregressive errors."
        )
    if model.by_entity:
        raise SpecificationError(
            "Models with entity effects take one autoregressive coefficient for all entities: AR1(by_entity=False)."
        )
    read_flag("iterate", iterate)
    check_levels(source)
    entities = source.entities
    runs = find_runs(entities.codes, source.time_positions, model.gaps)
    # As Stata's prais would: the demeaned rows are a regression without constant.
    inside = demean(source.arrays, entities)
    k = len(source.names)
    rho, notes = estimate_rho(model, residuals_of(inside, None), runs, entities, k)
    rounds, settled = 1, not iterate or not isinstance(model.rho, str)
    keep = replace(model, starts="keep")
    while not settled and rounds < _ROUNDS:
        before = rho
        b = coefficients_of(transform(keep, inside, runs, rho[entities.codes]).columns, None)[0]
        rho, notes = estimate_rho(model, residuals_of(inside, None, b), runs, entities, k)
        rounds += 1
        settled = bool(np.abs(rho - before).max() <= _SETTLED)
    if not settled:
        text = f"rho has not settled after {rounds} rounds. iterate=False takes the first estimate."
        notes.append(Note("not-converged", text, warn=True))
    rows = transform(model, source.arrays, runs, rho[entities.codes])
    require_levels(rows.ones)
    used = source if len(rows.ones) == source.nobs else source.take(rows.rows)
    words = (("Errors within entities", model.words), ("rho", format_significant(rho[0], 6)))
    structure = ErrorStructure(words, source.entity_labels, rho, iterations=rounds, converged=settled)
    return _FreedSample(rows, used, structure, notes)


def _take_out_effects(
    source: Design, freed: _FreedSample, words: str, components: EffectVariances | None = None
) -> TransformedModel:
    """Take the effects out of rows freed of autocorrelation: all of them, or the shares theta."""
    notes = list(freed.notes)
    if components is not None and components.effect_raw < 0.0:
        text = f"The estimated variance of the effects is negative ({components.effect_raw:.4g}), so zero is used."
        notes.append(Note("negative-variance", text, warn=True))
    mean = source.nobs / source.entities.n_groups
    if mean < _FEW_ROWS:
        text = (
            f"rho is estimated from within residuals, of {mean:.3g} rows per entity on average, so it is biased "
            "downwards by about (1 + rho) / T. With few periods, use fit_fixed_effects with cov='cluster'."
        )
        notes.append(Note("few-rows", text, warn=True))
    return whitened_model(
        source,
        freed.rows,
        estimator=words.format(source.panel.entity_name or "entity"),
        share=1.0 if components is None else components.theta,
        notes=tuple(notes),
    )


def _estimate_components(freed: _FreedSample) -> EffectVariances:
    """Baltagi and Wu's variance components, from least squares of the transformed rows."""
    ones, groups = freed.rows.ones, freed.used.entities
    u = residuals_of(freed.rows.columns, ones if freed.used.constant else None)
    mass = groups.sums(ones * ones)
    along = np.square(groups.sums(ones * u)) / mass
    df = len(u) - groups.n_groups
    if df <= 0:
        raise InsufficientDataError("Every entity has a single row, so effects and errors cannot be told apart.")
    idiosyncratic = (float(u @ u) - float(along.sum())) / df
    if not idiosyncratic > 0.0:
        raise NumericalError("The errors vary only between entities, so their variance within is zero.")
    raw = (float(along.sum()) - groups.n_groups * idiosyncratic) / float(mass.sum())
    effect = max(raw, 0.0)
    theta = 1.0 - np.sqrt(idiosyncratic / (mass * effect + idiosyncratic))
    return EffectVariances(idiosyncratic, effect, raw, theta)


def _describe_effects(result: LinearResult, used: Design) -> EffectVariances:
    """Variance over entities of mean residuals of the rows used, as Stata's ``sigma_u``; and of the innovations."""
    fit = result.fit
    entities = used.entities
    fitted = np.zeros(used.nobs)
    for position, slope in zip(fit.kept, fit.slopes, strict=True):
        fitted += slope * used.x[position]
    effects = entities.means(used.y - fitted)
    variance = float(effects.var(ddof=1)) if len(effects) > 1 else 0.0
    levels = effects[entities.codes]
    spread = float(levels.std() * fitted.std())
    correlation = float(np.mean((levels - levels.mean()) * (fitted - fitted.mean()))) / spread if spread else np.nan
    return EffectVariances(fit.residual_variance, variance, variance, correlation=correlation)


def _test_effects(result: LinearResult, freed: _FreedSample) -> TestResult | None:
    """Return the F of the effects: the comparison is with the same rows and the constant alone."""
    fit = result.fit
    if fit.counts.absorbed == 0:
        return None
    columns = [freed.rows.columns[j] for j in (*fit.kept, len(freed.rows.columns) - 1)]
    u = residuals_of(columns, freed.rows.ones if fit.constant else None)
    test = f_of_gain(fit, "Effects zero", float(u @ u) - fit.rss, fit.counts.absorbed, "no entity effects")
    periods = fit.source.nobs / fit.source.entities.n_groups
    return replace(test, notes=(*test.notes, *size_notes("effects, autoregressive", periods)))
