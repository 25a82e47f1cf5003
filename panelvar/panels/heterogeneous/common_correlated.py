"""Common correlated effects, mean group and pooled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from panelvar.core.base.arguments import read_entity_terms, read_flag, read_whole, refuse_beyond
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note, SpecificationError
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.design import Design, build_design
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.panels.heterogeneous.random_coefficients import mean_group, pooled_slopes
from panelvar.panels.heterogeneous.result import HeterogeneousResult
from panelvar.panels.heterogeneous.unit_fits import fit_units, with_trend

_SAME = 1e-12  # a column this close to its average over entities, relative to its size, is common to them


@documented
def fit_common_correlated_effects(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    pooled: bool = False,
    average_lags: int = 0,
    trend: str | None = None,
    min_rows: int | None = None,
    unusable: str = "drop",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> HeterogeneousResult:
    r"""Fit slopes that differ by entity, with common shocks taken out by averages over entities.

    .. math:: y_{it} = c_i + x_{it}'\beta_i + \lambda_i'f_t + u_{it}

    The period averages :math:`\bar y_t, \bar x_t` stand in for the unobserved :math:`f_t`. They join every entity's
    regression, and each entity has its own coefficients on them. The mean group form averages the :math:`b_i`, with
    :math:`\hat V = \frac{1}{N(N-1)}\sum_i (b_i - \bar b)(b_i - \bar b)'`. The pooled form is

    .. math:: b_P = \Big(\sum_i X_i'M_iX_i\Big)^{-1} \sum_i X_i'M_iy_i, \qquad
              \hat V_P = \Psi^{-1} \Big[\frac{N}{N-1} \sum_i A_i (b_i - \bar b)(b_i - \bar b)' A_i\Big] \Psi^{-1},

    with :math:`M_i` the residual maker of constant, trend and averages over the periods of entity i,
    :math:`A_i = X_i'M_iX_i` and :math:`\Psi = \sum_i A_i`.

    Parameters
    ----------
    {data, y, x}
        A regressor that is the same for all entities in every period (an oil price) is an observed common factor: it
        has no separate average, and the pooled form refuses it.
    pooled : bool
        Use the pooled form, which is more efficient where slopes differ little.
    average_lags : int
        Lags of the averages to add. A model with a lagged dependent variable needs some: Chudik and Pesaran (2015)
        suggest the cube root of T. Periods whose lags are not in the sample are lost.
    {trend (entities), min_rows}
        The averages count as coefficients of every entity.
    {unusable, convention (entities), missing}

    Returns
    -------
    HeterogeneousResult
        Mean group: ``params`` holds constant, slopes, and the averages' coefficients (``"mean(x1)"``), which estimate
        nothing by themselves. Pooled: the slopes.

    Raises
    ------
    DataError, SpecificationError, CollinearityError, InsufficientDataError
        See `panelvar.core.base.errors`.

    See Also
    --------
    fit_mean_group : Without common shocks.
    cross_section_dependence_test : Tests whether residuals are correlated across entities.
    cd_star_test : The test that stays valid with common factors.

    Notes
    -----
    These are the mean group and pooled estimators of Pesaran (2006, Econometrica 74), with equal weights. Averages are
    over all rows of a period, those of entities that are too short for a regression among them. In the pooled form
    entities weigh by their rows, as in least squares.

    Do not use it for a handful of entities: the averages stand for the factors up to an error of order
    :math:`N^{-1/2}`. Do not use it for short T either: every entity spends a degree of freedom on each average. There
    must not be more factors than averages, unless loadings are independent of the regressors. With a lagged dependent
    variable and no ``average_lags`` the averages do not span the factors.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("public_capital")
    >>> fit = pv.fit_common_correlated_effects(states, "log(gsp) ~ log(pcap) + log(pc) + log(emp)")
    >>> fit.params[["log(pcap)", "log(pc)", "log(emp)"]].round(4).to_dict()
    {'log(pcap)': 0.1324, 'log(pc)': 0.0142, 'log(emp)': 0.7522}
    """
    constant, trended = read_entity_terms(trend)
    chosen = as_convention(convention)
    pooled, average_lags = read_flag("pooled", pooled), read_whole("average_lags", average_lags, 0)
    source = build_design(data, y, x, constant=constant, missing=missing)
    if pooled and not source.names:
        raise SpecificationError("The pooled form needs at least one regressor, whose slope it pools.")
    augmented, notes = _add_averages(source, average_lags, pooled)
    model = with_trend(augmented, trended)
    # Levels may have lost their rows to the lags of the averages.
    source = source.select(np.flatnonzero(np.isin(source.names, augmented.names)))
    k = len(source.names)
    if pooled:
        # The columns that are partialled out come first, so that each triangle ends with what is left of the
        # regressors.
        model = replace(model, names=(*model.names[k:], *model.names[:k]), x=(*model.x[k:], *model.x[:k]))
    fits = fit_units(model, min_rows=min_rows, unusable=unusable, exact=chosen.exact_entities)
    units = fits.units
    if pooled:
        average, matrix = pooled_slopes(units.triangles[:, -k:, -k:], units.targets[:, -k:], units.coefficients[:, -k:])
        names, label = source.names, "nonparametric (Pesaran 2006)"
    else:
        average, matrix = mean_group(units.coefficients)
        names, label = fits.names, "dispersion over entities"
    title = f"Common correlated effects ({'pooled' if pooled else 'mean group'})"
    return fits.average(source, average, matrix, label, chosen, title, names=names, notes=notes)


def _add_averages(source: Design, lags: int, pooled: bool) -> tuple[Design, list[Note]]:
    """Add the averages over entities, and their lags, to the regressors."""
    refuse_beyond("average_lags", lags, source.panel.calendar.n_positions)
    if source.entities.n_groups < 2:
        raise InsufficientDataError(
            "Averages over entities need at least two entities, and there is one. Use fit_pooled."
        )
    times, notes = source.times, []
    varying = []
    for name, column in ((source.dependent, source.y), *zip(source.names, source.x, strict=True)):
        average = times.means(column)
        if np.abs(column - average[times.codes]).max() > _SAME * np.abs(column).max():
            varying.append((name, average))
            continue
        if name == source.dependent or pooled:
            raise SpecificationError(
                f"{name!r} is the same for all entities in every period. "
                + (
                    "There is nothing left to explain once its average is taken out."
                    if name == source.dependent
                    else "The pooled form partials such factors out with slopes that differ by entity. Leave the "
                    "regressor out, or use pooled=False, which reports its mean slope."
                )
            )
        text = f"{name!r} is the same for all entities in every period. It is its own average, so none was added."
        notes.append(Note("common-regressor", text))
    positions = np.unique(source.time_positions)
    extra = [(name, f"mean({name})", average[times.codes]) for name, average in varying]
    for lag in range(1, lags + 1):
        earlier = np.searchsorted(positions, positions - lag)
        known = positions[earlier] == positions - lag
        for name, average in varying:
            extra.append((name, f"L{lag}.mean({name})", np.where(known, average[earlier], np.nan)[times.codes]))
    design = replace(
        source,
        names=(*source.names, *(name for _, name, _ in extra)),
        x=(*source.x, *(column for _, _, column in extra)),
    )
    sizes = times.sizes
    if sizes.min() < sizes.max():
        text = f"Periods have {sizes.min()} to {sizes.max()} entities. Each average is over those present."
        notes.append(Note("uneven-averages", text))
    if lags:
        complete = np.flatnonzero(np.all([np.isfinite(column) for _, _, column in extra], axis=0))
        if len(complete) == 0:
            raise InsufficientDataError(
                f"average_lags={lags} leaves no row, because no period has its {lags} predecessors in the sample."
            )
        text = f"{source.nobs - len(complete)} of {count_of(source.nobs, 'row')} dropped for the lags of the averages."
        notes.append(Note("rows-dropped", text, warn=len(complete) < source.nobs))
        design = design.take(complete)
        if gone := design.empty_levels():
            of = (*source.names, *(name for name, _, _ in extra))
            design = design.select(np.flatnonzero([name not in gone for name in of]))
    return design, notes
