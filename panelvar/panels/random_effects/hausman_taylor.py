"""Models in which some regressors are correlated with the entity effects: Hausman and Taylor's and two larger sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arguments import read_names
from panelvar.core.base.arrays import Array
from panelvar.core.base.chosen_names import fitting_names
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import CollinearityError, InsufficientDataError, Note, SpecificationError, choose
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.design import Design, build_design
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit_checks import check_scale
from panelvar.estimates.fit.presets import as_convention
from panelvar.kernels.linear.k_class import Layout
from panelvar.kernels.linear.moments import PanelMoments, panel_moments, quasi_demeaning_weight
from panelvar.kernels.linear.qr import RANK_TOLERANCE, solve
from panelvar.kernels.linear.variance_components import Components
from panelvar.panels.instruments.finish_instrumental import finish_instrumental, two_stage_fit
from panelvar.panels.instruments.result import InstrumentalResult
from panelvar.panels.random_effects.random import components_model, refuse_weights
from panelvar.panels.random_effects.random_notes import refuse_single_level, variance_notes
from panelvar.panels.static.pooled import centred_model

_METHODS = {
    "hausman-taylor": "Hausman-Taylor",
    "amemiya-macurdy": "Amemiya-MaCurdy",
    "breusch-mizon-schmidt": "Breusch-Mizon-Schmidt",
}


class _RegressorKinds(NamedTuple):
    """Positions of the regressors: by whether they vary within entities, and are correlated with the effects."""

    varying_exogenous: list[int]
    invariant_exogenous: list[int]
    varying_endogenous: list[int]
    invariant_endogenous: list[int]


@documented
def fit_hausman_taylor(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    endogenous: Sequence[str] | str,
    method: str = "hausman-taylor",
    constant: bool | None = None,
    weights: None = None,
    cov: str | Covariance = "classical",
    convention: str | Convention = "default",
    missing: str = "drop",
    collinear: str = "drop",
) -> InstrumentalResult:
    r"""Fit a random-effects model in which some regressors are correlated with the entity effects.

    .. math:: y_{it} = c + x_{1it}'\beta_1 + x_{2it}'\beta_2 + z_{1i}'\gamma_1 + z_{2i}'\gamma_2 + \mu_i
              + \varepsilon_{it},

    The regressors :math:`x_2` and :math:`z_2` may be correlated with :math:`\mu_i`; none is correlated with
    :math:`\varepsilon_{it}`, and z does not vary over time. The estimator is two-stage least squares of quasi-demeaned
    rows. Its instruments come from inside the model:

    ============================  ===========================================================  =========================
    ``"hausman-taylor"``          :math:`x_{1it}-\bar x_{1i},\; x_{2it}-\bar x_{2i},\; \bar    ``xthtaylor``; plm's
                                  x_{1i},\; z_{1i}`                                            ``"baltagi"``
    ``"amemiya-macurdy"``         and :math:`x_{1i1}, \dots, x_{1iT}`, each for all rows of i  ``amacurdy``; ``"am"``
    ``"breusch-mizon-schmidt"``   and :math:`x_{2is}-\bar x_{2i}` for all s likewise           ``"bms"``
    ============================  ===========================================================  =========================

    Parameters
    ----------
    {data}
    y : str
        Dependent variable; or, with ``x`` omitted, a formula of all regressors, such as ``"y ~ x1 + z1"``.
    x : str or sequence of str
        All regressors. The function finds out which of them vary within entities.
    endogenous : str or sequence of str
        The regressors that are correlated with the effects (Stata's ``endog()``), named as they were typed; a term or a
        pattern stands for all its columns.
    method : {"hausman-taylor", "amemiya-macurdy", "breusch-mizon-schmidt"}
        Each assumes more than the one before, and is more precise where that holds. The effect is uncorrelated with the
        means of :math:`x_1`; with its values in every period; and its correlation with :math:`x_2` is the same in every
        period.
    {constant, weights (refused), cov, convention}
        The convention's field ``hausman_taylor_periods`` says how unbalanced panels count.
    {missing, collinear}

    Returns
    -------
    InstrumentalResult
        ``variance_components`` holds the variances and theta.

    Raises
    ------
    SpecificationError
        If an endogenous regressor is not among x, or there is none.
    CollinearityError
        If there are fewer time-varying exogenous regressors than time-invariant endogenous ones, or they are too weakly
        related to these.
    DataError, InsufficientDataError, NumericalError
        See `panelvar.core.base.errors`.

    See Also
    --------
    fit_fixed_effects : If only slopes of time-varying regressors matter.
    fit_iv_random_effects : Instruments from outside.
    hausman_test : Compares it with fixed effects.

    Notes
    -----
    With :math:`\hat d_i = \bar y_i - \bar x_i'\hat\beta_W` and e the residuals of its 2SLS regression on z with
    instruments :math:`x_1, z_1` over all rows, :math:`\hat\sigma_\varepsilon^2 = RSS_W/(n - N)`,
    :math:`\hat\sigma_1^2 = \frac1N\sum_{it}e_i^2` and
    :math:`\hat\sigma_\mu^2 = (\hat\sigma_1^2 - \hat\sigma_\varepsilon^2)/\bar T`, :math:`\bar T` the harmonic mean of
    the :math:`T_i`. Instruments that do not vary within entities are quasi-demeaned like the regressors.

    The two larger sets enter as deviations from the entity's mean. On a balanced panel these span the same space as the
    levels in the table. Where an entity has no row in a period, its instrument of that period is zero. The two larger
    sets therefore mean little on very unbalanced panels.

    Do not use this estimator if you can take no regressor as uncorrelated with the effects, because nothing then
    identifies :math:`\gamma_2`. Compare it with `fit_fixed_effects` by `hausman_test`; with as many :math:`x_1` as
    :math:`z_2` there is nothing to test.

    References
    ----------
    Hausman and Taylor (1981), Econometrica 49(6), 1377-1398; Amemiya and MaCurdy (1986), Econometrica 54(4), 869-880;
    Breusch, Mizon and Schmidt (1989), Econometrica 57(3), 695-700.

    Examples
    --------
    >>> import panelvar as pv
    >>> men = pv.load_data("wage_panel")
    >>> fit = pv.fit_hausman_taylor(men, "lwage ~ exper + married + union + educ", endogenous=["union", "educ"])
    >>> fit.params.round(4).to_dict()
    {'const': -0.4866, 'exper': 0.0592, 'married': 0.0743, 'union': 0.0843, 'educ': 0.1442}
    """
    refuse_weights(weights)
    choose("method", method, _METHODS)
    chosen = as_convention(convention)
    design = build_design(data, y, x, constant=constant, missing=missing)
    grouping = design.entities
    label = str(design.panel.entity_name or "entity")
    refuse_single_level(grouping, label)
    if design.nobs == grouping.n_groups:
        raise InsufficientDataError(
            f"Every level of {label!r} has a single row, so there is no variation within entities to estimate from."
        )
    moments = panel_moments(design.columns, grouping)
    check_scale(design, moments.raw_norms)
    parts = _sort_regressors(design, moments, endogenous)
    components, notes = _estimate_components(design, moments, parts, chosen, label)
    instrumented, layout = _add_instruments(design, moments, parts, method)
    between = layout.excluded - len(parts.varying_exogenous) - len(parts.varying_endogenous)
    if between + len(parts.invariant_exogenous) >= grouping.n_groups:
        text = (
            f"{between} instruments are values of single periods, for "
            f"{count_of(grouping.n_groups, 'entity', 'entities')}. They explain the regressors' means exactly, so 2SLS "
            "is least squares. Use method='hausman-taylor'."
        )
        notes.append(Note("many-instruments", text, warn=True))
    model = components_model(instrumented, "entity", "harmonic", chosen, given=components)
    model = replace(model, estimator=f"{_METHODS[method]} ({label})", notes=(*model.notes, *notes))
    result = finish_instrumental(model, layout, "2sls", cov, chosen, collinear, derived=True)
    return replace(result, fit=replace(result.fit, notes=_count_redundant(result.fit.notes, layout.excluded)))


def _count_redundant(notes: tuple[Note, ...], made: int) -> tuple[Note, ...]:
    """Count the instruments that add nothing instead of naming each."""
    redundant = sum(note.code == "instrument-redundant" for note in notes)
    if not redundant:
        return notes
    text = (
        f"{redundant} of the {count_of(made, 'instrument')} made from the regressors depend on the others, so they are "
        "left out."
    )
    return (*(note for note in notes if note.code != "instrument-redundant"), Note("instrument-redundant", text))


def _sort_regressors(design: Design, moments: PanelMoments, endogenous: Sequence[str] | str) -> _RegressorKinds:
    """Sort the regressors into four kinds."""
    given: list[str] = []
    for name in read_names("endogenous", endogenous):
        fitting = fitting_names(name, design.names)
        given += fitting
        if not fitting:
            raise SpecificationError(
                f"endogenous names {name!r}, which is not among the regressors ({', '.join(design.names)}). x holds "
                "all regressors, and endogenous those of them that are correlated with the effects."
            )
    if not given:
        raise SpecificationError(
            "endogenous names no regressor that is correlated with the effects. Without one, use fit_random_effects."
        )
    within, raw_norms = np.sqrt(np.square(moments.r).sum(axis=0)), moments.raw_norms
    parts = _RegressorKinds([], [], [], [])
    for j, name in enumerate(design.names):
        varies = bool(within[j] > RANK_TOLERANCE * raw_norms[j])
        parts[2 * (name in given) + (not varies)].append(j)
    needed, usable = parts.invariant_endogenous, parts.varying_exogenous
    if len(usable) < len(needed):
        raise CollinearityError(
            f"The time-invariant regressors in endogenous ({', '.join(design.names[j] for j in needed)}) need as many "
            f"time-varying regressors that are not in endogenous. The model has {len(needed)} of the first and "
            f"{len(usable)} of the second ({', '.join(design.names[j] for j in usable) or 'none'})."
        )
    return parts


def _estimate_components(
    design: Design, moments: PanelMoments, parts: _RegressorKinds, convention: Convention, label: str
) -> tuple[Components, list[Note]]:
    """Estimate the variances from the within residuals and from the residuals of the entities' means."""
    grouping, counts, n_groups = design.entities, moments.counts, design.entities.n_groups
    df_within = design.nobs - n_groups
    within = solve(moments.r, moments.raw_norms[:-1])
    if df_within <= len(within.kept):
        raise InsufficientDataError(
            f"The within regression has {df_within - len(within.kept)} degrees of freedom. The variance components "
            f"need more rows than levels of {label!r} plus time-varying regressors."
        )
    left = (moments.means[:, -1] - moments.means[:, :-1] @ within.coefficients)[grouping.codes]
    order = [*parts.invariant_exogenous, *parts.varying_exogenous, *parts.invariant_endogenous]
    means = replace(
        design, names=tuple(design.names[j] for j in order), x=tuple(design.x[j] for j in order), y=left, formula=None
    )
    layout = Layout(len(parts.invariant_exogenous), len(parts.varying_exogenous), len(parts.invariant_endogenous))
    if layout.endogenous:
        try:
            rss = two_stage_fit(centred_model(means), layout, "2sls", "drop", convention, derived=True).rss
        except CollinearityError as error:
            raise CollinearityError(
                "The variance components need the regression of the entities' means on the time-invariant regressors, "
                f"which failed. {error}"
            ) from None
    else:
        first = layout.exogenous
        model = centred_model(replace(means, names=means.names[:first], x=means.x[:first]))
        rss = solve(model.triangle, model.raw_norms[:-1]).rss
    idiosyncratic, level = within.rss / df_within, rss / n_groups
    if convention.hausman_taylor_periods == "panel":
        counts = np.full(n_groups, float(design.times.n_groups))
    raw = float((level - idiosyncratic) / (n_groups / np.sum(1.0 / counts)))
    df_between = n_groups - int(design.constant) - layout.exogenous - layout.endogenous
    effect = max(raw, 0.0) if df_between > 0 else 0.0
    notes = variance_notes(label, n_groups, raw, df_between, "pooled 2SLS", None)
    theta = quasi_demeaning_weight(idiosyncratic, effect, counts)
    return Components(idiosyncratic, effect, raw, theta, df_within, df_between), notes


def _add_instruments(
    design: Design, moments: PanelMoments, parts: _RegressorKinds, method: str
) -> tuple[Design, Layout]:
    """Add the instruments: within parts, and values of single periods repeated over the rows of an entity."""
    codes = design.entities.codes
    columns: dict[str, Array] = {}
    for j in (*parts.varying_exogenous, *parts.varying_endogenous):
        columns[f"within({design.names[j]})"] = design.x[j] - moments.means[codes, j]
    repeated = list(parts.varying_exogenous) if method != "hausman-taylor" else []
    if method == "breusch-mizon-schmidt":
        repeated += parts.varying_endogenous
    times = design.times
    for j in repeated:
        table = np.zeros((len(moments.counts), times.n_groups))
        table[codes, times.codes] = columns[f"within({design.names[j]})"]
        # The deviations of an entity add up to zero, so the others imply that of the last period.
        for p, period in enumerate(design.time_labels[:-1]):
            columns[f"{design.names[j]}[{period}]"] = table[codes, p]
    exogenous = [*parts.varying_exogenous, *parts.invariant_exogenous]
    endogenous = [*parts.varying_endogenous, *parts.invariant_endogenous]
    first, last = sorted(exogenous), sorted(endogenous)
    instrumented = replace(
        design,
        names=(*(design.names[j] for j in first), *columns, *(design.names[j] for j in last)),
        x=(*(design.x[j] for j in first), *columns.values(), *(design.x[j] for j in last)),
    )
    return instrumented, Layout(len(first), len(columns), len(last))
