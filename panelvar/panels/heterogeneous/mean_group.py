"""The mean group estimator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from panelvar.core.base.arguments import read_entity_terms, read_flag
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.design import Design, build_design
from panelvar.data.formulas.effects_after_bar import read_period_effects
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.panels.heterogeneous.random_coefficients import mean_group
from panelvar.panels.heterogeneous.result import HeterogeneousResult
from panelvar.panels.heterogeneous.unit_fits import fit_units, with_trend


@documented
def fit_mean_group(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    trend: str | None = None,
    demean: bool = False,
    min_rows: int | None = None,
    unusable: str = "drop",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> HeterogeneousResult:
    r"""Average the coefficients of a regression for each entity.

    .. math:: y_{it} = c_i + x_{it}'\beta_i + u_{it}, \qquad
              \bar b = \frac1N\sum_i b_i, \qquad
              \hat V = \frac{1}{N(N-1)}\sum_i (b_i - \bar b)(b_i - \bar b)'

    Parameters
    ----------
    {data, y, x}
        Each must vary within the entities.
    {trend (entities)}
    demean : bool
        Take out each period's mean over entities first (plm's ``model = "dmg"``). This removes a common shock only if
        all entities have the same slopes; `fit_common_correlated_effects` does not need that.
    {min_rows, unusable, convention (entities), missing}

    Returns
    -------
    HeterogeneousResult
        ``params`` and ``std_errors`` of the averages; ``individual`` has the coefficients of each entity.

    Raises
    ------
    DataError, SpecificationError, CollinearityError, InsufficientDataError
        See `panelvar.core.base.errors`.

    See Also
    --------
    fit_common_correlated_effects : Allows for shocks that all entities share.
    fit_swamy : Weights entities by precision.
    slope_homogeneity_test : Tests that slopes are the same.
    fit_ardl_mean_group : Long run and short run.

    Notes
    -----
    The estimator is consistent for the mean of the coefficients as N and T grow, also with a lagged dependent variable
    (Pesaran and Smith 1995, Journal of Econometrics 68). Pooled and fixed-effects slopes are not if a lagged dependent
    variable has coefficients that differ. The covariance assumes nothing about the errors within an entity, but
    entities must be independent.

    Do not use it for short panels: an entity with few rows has the same weight as any other, one wild regression moves
    the mean, and a lagged dependent variable biases every regression by a term of order 1/T. If shocks are common to
    all entities, use `fit_common_correlated_effects`.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("public_capital")
    >>> fit = pv.fit_mean_group(states, "log(gsp) ~ log(pcap) + log(pc) + log(emp)")
    >>> fit.params.round(4).to_dict()
    {'const': 3.151, 'log(pcap)': -0.1716, 'log(pc)': 0.1478, 'log(emp)': 1.0552}
    >>> fit.individual.shape
    (48, 4)
    """
    constant, trended = read_entity_terms(trend)
    chosen = as_convention(convention)
    data, y, demean = read_period_effects(data, y, x, read_flag("demean", demean))
    source = build_design(data, y, x, constant=constant, missing=missing)
    model = with_trend(_demean_periods(source) if demean else source, trended)
    fits = fit_units(model, min_rows=min_rows, unusable=unusable, exact=chosen.exact_entities)
    mean, matrix = mean_group(fits.units.coefficients)
    title = "Mean group (periods demeaned)" if demean else "Mean group"
    return fits.average(source, mean, matrix, "dispersion over entities", chosen, title)


def _demean_periods(design: Design) -> Design:
    """Return the design with each period's mean taken out of every column."""
    times = design.times
    *x, y = (column - times.means(column)[times.codes] for column in design.arrays)
    return replace(design, x=tuple(x), y=y)
