"""Random effects: feasible generalised least squares of the one-way error-components model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panelvar.conventions import Convention, as_convention
from panelvar.covariances import Covariance
from panelvar.design import build_design
from panelvar.errors import InsufficientDataError, Note, NumericalError, SpecificationError, choose
from panelvar.estimators.finish import finish
from panelvar.fit import FloatArray, check_scale
from panelvar.kernels.moments import PanelMoments, panel_moments
from panelvar.kernels.qr import solve
from panelvar.kernels.rows import TransformedRows, restored_norms
from panelvar.kernels.variance_components import swamy_arora
from panelvar.results.linear import LinearResult

_VERSIONS = {
    "baltagi-chang": "Swamy-Arora, Baltagi-Chang",
    "harmonic": "Swamy-Arora, harmonic mean",
    "stata-sa": "Swamy-Arora, Stata's sa",
}


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
    r"""Fit random effects by feasible GLS, :math:`y_{it} = c + x_{it}'\beta + \mu_i + \varepsilon_{it}`.

    OLS of :math:`v_{it} - \theta_i \bar v_i` with
    :math:`\theta_i = 1 - \sqrt{\sigma_\varepsilon^2 / (\sigma_\varepsilon^2 + T_i\sigma_\mu^2)}`
    (Baltagi 2013, section 9.2).

    Parameters
    ----------
    data, y, x, constant, cov, convention, missing, collinear
        As in `fit_pooled`.
    effects : {"entity", "time"}
        The random dimension.
    variance_components : {"swamy-arora", "baltagi-chang", "harmonic", "stata-sa"}
        Swamy-Arora in the convention's unbalanced version, or one version by name
        (`panelvar.kernels.variance_components.swamy_arora`). All agree on balanced panels.
    weights : None
        Analytic weights are not defined for this estimator and are refused.

    Returns
    -------
    LinearResult
        ``variance_components`` holds the variances and theta.

    Notes
    -----
    Consistent only if the entity effects are uncorrelated with the regressors: compare with fixed effects by
    `hausman`. A negative or inestimable variance is set to zero with a warning, which makes the estimates pooled OLS.
    """
    chosen = as_convention(convention)
    name = choose("variance_components", variance_components, ("swamy-arora", *_VERSIONS))
    version = chosen.unbalanced_components if name == "swamy-arora" else name
    choose("effects", effects, ("entity", "time"))
    if weights is not None:
        raise SpecificationError(
            "Analytic weights are not defined for random effects: the quasi-demeaning weight would differ within an "
            "entity. Use fit_fixed_effects or fit_pooled with weights."
        )
    design = build_design(data, y, x, constant=constant, missing=missing)
    grouping, label = design.group_by(effects)
    if grouping.n_groups < 2:
        raise InsufficientDataError(f"Random effects need at least two levels of {label!r}; found {grouping.n_groups}.")
    columns = design.columns
    moments = panel_moments(columns, grouping)
    raw_norms = restored_norms(moments.r, [(moments.weights, moments.means)])
    check_scale(design, raw_norms)
    within = solve(moments.r, raw_norms[:-1])
    components = swamy_arora(moments, within, raw_norms[:-1], version=version, constant=design.constant)
    if not np.isfinite(components.idiosyncratic):
        raise InsufficientDataError(
            f"The within regression has {components.df_within} degrees of freedom: random effects need more rows than "
            f"levels of {label!r} plus time-varying regressors."
        )
    if components.theta.max() == 1.0:
        raise NumericalError(
            "The within regression fits exactly: the idiosyncratic variance is 0 and quasi-demeaning removes the "
            "constant. There is nothing for random effects to estimate; see fit_fixed_effects."
        )
    notes = []
    if components.df_between <= 0:
        notes.append(
            Note(
                "effect-variance-inestimable",
                f"The variance of the {label} effect is not estimable: {grouping.n_groups} levels and "
                f"{grouping.n_groups - components.df_between} between coefficients leave no degrees of freedom. It is "
                "set to 0, so the coefficients equal pooled OLS.",
                warn=True,
            )
        )
    elif components.effect_raw <= 0.0:
        notes.append(
            Note(
                "effect-variance-negative",
                f"The estimated variance of the {label} effect is {components.effect_raw:.6g}; it is set to 0, so the "
                "coefficients equal pooled OLS.",
                warn=True,
            )
        )
    theta = components.theta
    centre, mass = moments.centre(theta)
    triangle = moments.triangle(theta, centre=centre if design.constant else None)
    table = theta[:, None] * moments.means
    if design.constant:
        table += (1.0 - theta)[:, None] * centre
    rows = TransformedRows(columns, groupings=(grouping,), tables=(np.asfortranarray(table),))
    balanced = bool((moments.counts == moments.counts[0]).all())
    tss = _about_mean(moments, theta) if design.constant and chosen.transformed_total == "mean" else None
    return finish(
        "random",
        source=design,
        design=design,
        rows=rows,
        triangle=triangle,
        raw_norms=raw_norms,
        centre=centre,
        constant=design.constant,
        constant_column=(1.0 - theta)[grouping.codes] if design.constant else None,
        constant_mass=mass,
        estimator=f"Random effects ({label}; {'Swamy-Arora' if balanced else _VERSIONS[version]})",
        cov=cov,
        convention=chosen,
        collinear=collinear,
        effects=(label,),
        tss=tss,
        components=components,
        moments=moments if grouping is design.entities else None,
        notes=tuple(notes),
    )


def _about_mean(moments: PanelMoments, theta: FloatArray) -> float:
    """Sum of squares of the quasi-demeaned dependent variable about its mean."""
    levels = (1.0 - theta) * moments.means[:, -1]
    mean = moments.weights @ levels / moments.weights.sum()
    return float(np.square(moments.r[:, -1]).sum() + moments.weights @ (levels - mean) ** 2)
