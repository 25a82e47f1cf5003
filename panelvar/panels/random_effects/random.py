"""Random effects: feasible generalised least squares and maximum likelihood of error-components models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panelvar.core.base.arguments import ONE_OR_TWO_WAY
from panelvar.core.base.errors import (
    InsufficientDataError,
    Note,
    NumericalError,
    SpecificationError,
    choose,
    needing_rows,
)
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.design import Design, build_design
from panelvar.data.formulas.effects_after_bar import read_one_or_two_effects
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit_checks import check_scale
from panelvar.estimates.fit.presets import as_convention
from panelvar.estimates.fit.transformed_model import TransformedModel
from panelvar.kernels.absorption.factor_rows import moments_of
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.moments import PanelMoments, quasi_demeaning_weight
from panelvar.kernels.linear.qr import solve, triangularize
from panelvar.kernels.linear.rows import transformed_rows
from panelvar.kernels.linear.variance_components import Components, swamy_arora
from panelvar.panels.random_effects.crossed import crossed_model
from panelvar.panels.random_effects.random_notes import boundary_note, refuse_single_level, variance_notes
from panelvar.panels.random_effects.variance_components_likelihood import maximum_likelihood
from panelvar.panels.random_effects.variance_components_quadratic import WithinRegression, pooled_solution
from panelvar.panels.static.finish import finish
from panelvar.panels.static.result import LinearResult

METHODS = {
    "swamy-arora": "Swamy-Arora",
    "baltagi-chang": "Swamy-Arora, Baltagi-Chang",
    "harmonic": "Swamy-Arora, harmonic mean",
    "stata-sa": "Swamy-Arora, Stata's sa",
    "wallace-hussain": "Wallace-Hussain",
    "amemiya": "Amemiya",
    "nerlove": "Nerlove",
    "ml": "maximum likelihood",
    "reml": "restricted maximum likelihood",
}
_VERSIONS = ("baltagi-chang", "harmonic", "stata-sa")


@documented
def fit_random_effects(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    effects: str = "entity",
    variance_components: str = "swamy-arora",
    constant: bool | None = None,
    weights: None = None,
    cov: str | Covariance = "classical",
    convention: str | Convention = "default",
    missing: str = "drop",
    collinear: str = "drop",
) -> LinearResult:
    r"""Fit random effects, :math:`y_{it} = c + x_{it}'\beta + \mu_i (+ \lambda_t) + \varepsilon_{it}`, by GLS or ML.

    With one effect this is OLS of :math:`v_{it} - \theta_i \bar v_i`, with
    :math:`\theta_i = 1 - \sqrt{\sigma_\varepsilon^2 / (\sigma_\varepsilon^2 + T_i\sigma_\mu^2)}` (Baltagi 2013). With
    two it is least squares of Henderson's equations (`panelvar.kernels.absorption.crossed_effects`), which is exact GLS
    on unbalanced panels of any size.

    Parameters
    ----------
    {data, y, x}
    effects : {"entity", "time", "twoway"}
        The random dimension, or both.
    {variance_components, constant, weights (refused), cov, convention, missing, collinear}

    Returns
    -------
    LinearResult
        ``variance_components`` holds the variances and theta (each dimension's in ``dimensions``); after maximum
        likelihood also their standard errors and likelihood-ratio tests of zero variances.

    Raises
    ------
    SpecificationError
        If you give weights, ask for Amemiya's components with a regressor that does not vary within, or ask for a
        version that two effects do not have.
    InsufficientDataError
        If the effect has fewer than two levels, or no degrees of freedom are left within.
    NumericalError
        If both effects have more than 2,000 levels under the two-way likelihood, or are so weakly connected that
        conjugate gradients do not converge.

    See Also
    --------
    fit_fixed_effects : Consistent also if effects and regressors are correlated.
    hausman_test : Compares the two.
    fit_hausman_taylor : Some regressors are correlated with the effects.

    Notes
    -----
    The estimates are consistent only if the effects are uncorrelated with the regressors: test it by `mundlak_test` or
    `hausman_test`, or use `fit_correlated_random_effects`. A variance that is negative or cannot be estimated is set to
    zero with a warning. Another warning says where one rests on fewer than five degrees of freedom.

    The classical covariance is :math:`s^2(X'\Omega^{-1}X)^{-1}`. Here :math:`s^2` is the GLS residual variance, RSS
    over n - k; after maximum likelihood it is :math:`\hat\sigma_\varepsilon^2 = RSS/n`. Robust covariances are computed
    from rows transformed by the symmetric root :math:`\Omega^{-1/2}` (`panelvar.kernels.absorption.crossed_rows`). With
    two effects, clustering by one dimension leaves the other's correlation to the estimated variances.

    Examples
    --------
    >>> import panelvar as pv
    >>> men = pv.load_data("wage_panel")
    >>> fit = pv.fit_random_effects(men, "lwage ~ union + exper + educ", cov="cluster")
    >>> fit.params.round(4).to_dict()
    {'const': -0.0942, 'union': 0.1089, 'exper': 0.0624, 'educ': 0.1113}
    >>> pv.mundlak_test(fit)
    <Mundlak: chi2(2) = 17.8149, p = 0.0001>
    """
    refuse_weights(weights)
    data, y, effects = read_one_or_two_effects(data, y, x, effects)
    design = build_design(data, y, x, constant=constant, missing=missing)
    chosen = as_convention(convention)
    with needing_rows(f"variance_components={variance_components!r} with effects={effects!r}"):
        model = components_model(design, effects, variance_components, chosen)
    return finish(model, cov, chosen, collinear)


def refuse_weights(weights: object) -> None:
    """Refuse analytic weights."""
    if weights is not None:
        raise SpecificationError(
            "Analytic weights are not defined for random effects, because the quasi-demeaning weight would differ "
            "within an entity. Use fit_fixed_effects or fit_pooled with weights."
        )


def components_model(
    design: Design,
    effects: str,
    variance_components: str,
    convention: Convention,
    kind: str = "Random effects",
    given: Components | None = None,
    moments: PanelMoments | None = None,
) -> TransformedModel:
    """Estimate the components of a design and transform it by them (see `fit_random_effects`).

    With ``given``, one-way components are taken as they are instead of being estimated; with ``moments`` by the random
    dimension, the rows are not read for them.
    """
    method = choose("variance_components", variance_components, METHODS)
    if choose("effects", effects, ONE_OR_TWO_WAY) == "twoway":
        return crossed_model(design, method, METHODS[method], convention, kind)
    method = convention.unbalanced_components if method == "swamy-arora" else method
    grouping, label = design.group_by(effects)
    refuse_single_level(grouping, label)
    columns = design.columns
    moments = moments_of(columns, grouping) if moments is None else moments
    raw_norms = moments.raw_norms
    check_scale(design, raw_norms)
    notes: list[Note] = []
    components = given
    if components is None:
        by_rows = convention.unbalanced_nerlove == "rows"
        components, notes = _estimate_components(design, method, grouping, label, moments, by_rows)
    theta = components.theta
    if theta.max() == 1.0:
        raise NumericalError(
            "The within regression fits exactly, so the idiosyncratic variance is 0 and quasi-demeaning removes the "
            "constant. Nothing is left for random effects to estimate. Use fit_fixed_effects."
        )
    centre, mass = moments.centre(theta)
    triangle = moments.triangle(theta, centre=centre if design.constant else None)
    table = theta[:, None] * moments.means
    if design.constant:
        table += np.outer(1.0 - theta, centre)
    z = grouping.spread(1.0 - theta) if design.constant else None
    rows = transformed_rows(columns, groupings=(grouping,), tables=(np.asfortranarray(table),), constant=z)
    balanced = bool((moments.counts == moments.counts[0]).all())
    tss = None
    if design.constant and convention.transformed_total == "mean":
        levels = (1.0 - theta) * moments.means[:, -1]
        mean = moments.weights @ levels / moments.weights.sum()
        tss = float(np.square(moments.r[:, -1]).sum() + moments.weights @ (levels - mean) ** 2)
    return TransformedModel(
        family="random",
        estimator=f"{kind} ({label}; {METHODS['swamy-arora' if balanced and method in _VERSIONS else method]})",
        source=design,
        design=design,
        rows=rows,
        triangle=triangle,
        raw_norms=raw_norms,
        centre=centre,
        constant_mass=mass,
        effects=(label,),
        components=components,
        moments=moments if grouping is design.entities else None,
        generalised=True,
        asymptotic=True,
        tss=tss,
        notes=tuple(notes),
    )


def _estimate_components(
    design: Design, method: str, grouping: Grouping, label: str, moments: PanelMoments, by_rows: bool
) -> tuple[Components, list[Note]]:
    """Estimate one-way components, with notes on what is wrong with them."""
    constant, groups, raw_norms = design.constant, grouping.n_groups, moments.raw_norms[:-1]
    within = solve(moments.r, raw_norms)
    notes: list[Note] = []
    if method in _VERSIONS:
        components = swamy_arora(moments, within, raw_norms, version=method, constant=constant)
    else:
        pooled = pooled_solution(moments, raw_norms, constant=constant)
        if method in ("ml", "reml"):
            kept = np.append(pooled.kept, len(raw_norms))
            used = moments._replace(
                means=moments.means[:, kept], r=triangularize(np.asfortranarray(moments.r[:, kept]))
            )
            components = maximum_likelihood(used, within, constant=constant, restricted=method == "reml")
        else:
            centre = moments.centre()[0] if constant else np.zeros(len(design.columns))
            means, tables = [grouping.means_of(design.columns) - centre], [moments.means]
            regression = WithinRegression(
                design, (grouping,), means, tables, groups, raw_norms, moments.r, within, pooled
            )
            variances, notes = regression.estimate(method, label, by_rows=by_rows)
            raw = float(variances.effects[0])
            effect = raw if raw > 0.0 else 0.0
            theta = quasi_demeaning_weight(variances.idiosyncratic, effect, moments.counts)
            degrees = variances.df_within, variances.df_between[0]
            components = Components(variances.idiosyncratic, effect, raw, theta, *degrees)
    if not (np.isfinite(components.idiosyncratic) and components.df_within > 0):
        raise InsufficientDataError(
            f"The within regression has {components.df_within} degrees of freedom. Random effects need more rows than "
            f"levels of {label!r} plus time-varying regressors."
        )
    if components.likelihood is not None:
        notes += boundary_note([label], np.array([components.effect]))
    notes += variance_notes(
        label, groups, components.effect_raw, components.df_between, "pooled OLS", components.likelihood
    )
    return components, notes
