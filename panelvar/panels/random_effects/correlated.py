"""Correlated random effects: Mundlak's regression, with the means of the regressors beside the regressors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from panelvar.core.base.arguments import ONE_WAY
from panelvar.core.base.errors import Note, SpecificationError, choose
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.design import Design, build_design
from panelvar.data.formulas.effects_after_bar import read_one_or_two_effects
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit_checks import check_scale
from panelvar.estimates.fit.presets import as_convention
from panelvar.kernels.linear.moments import panel_moments
from panelvar.kernels.linear.qr import RANK_TOLERANCE
from panelvar.panels.random_effects.random import components_model, refuse_weights
from panelvar.panels.random_effects.variance_components_quadratic import pooled_solution
from panelvar.panels.static.finish import finish
from panelvar.panels.static.result import LinearResult


@documented
def fit_correlated_random_effects(
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
    r"""Fit correlated random effects, :math:`y_{it} = c + x_{it}'\beta + \bar x_i'\delta + \mu_i + \varepsilon_{it}`.

    Each entity's means of the regressors take up the correlation that its effect has with them (Mundlak 1978). The
    slopes of time-varying regressors therefore equal those of fixed effects, on balanced and unbalanced panels,
    whatever the variance components: quasi-demeaning leaves
    :math:`x_{it} - \theta_i\bar x_i = (x_{it} - \bar x_i) + (1 - \theta_i)\bar x_i`, and the second part is the
    transformed mean (Wooldridge 2019, J. Econometrics 211, 137-150). Time-invariant regressors keep a coefficient.

    Parameters
    ----------
    {data, y, x}
    effects : {"entity", "time"}
        The random dimension, over which the means are taken.
    {variance_components, constant, weights (refused), cov, convention, missing, collinear}

    Returns
    -------
    LinearResult
        Coefficients of the means are called ``mean(x)``. `mundlak_test` tests them.

    Raises
    ------
    SpecificationError
        If no regressor varies within, or as in `fit_random_effects`.

    See Also
    --------
    fit_fixed_effects : The same slopes of what varies over time.
    mundlak_test : Tests that the coefficients of the means are zero.
    fit_hausman_taylor : Instruments from inside the model.

    Notes
    -----
    On a balanced panel :math:`\delta` is the between slope less the within slope. Means are over the rows of the model,
    after missing values are dropped: means over the whole panel would not reproduce fixed effects. The coefficients of
    time-invariant regressors are consistent only if the effects are uncorrelated with them given the means, which no
    test can tell from these data. To predict for new rows, give them columns called ``mean(x)``.

    Examples
    --------
    >>> import panelvar as pv
    >>> men = pv.load_data("wage_panel")
    >>> fit = pv.fit_correlated_random_effects(men, "lwage ~ union + exper + educ")
    >>> fit.params.round(4).to_dict()
    {'const': 0.2492, 'union': 0.0856, 'exper': 0.0635, 'educ': 0.0955, 'mean(union)': 0.163, 'mean(exper)': -0.0304}
    >>> pv.fit_fixed_effects(men, "lwage ~ union + exper").params.round(4).to_dict()
    {'const': 1.2143, 'union': 0.0856, 'exper': 0.0635}
    """
    refuse_weights(weights)
    data, y, effects = read_one_or_two_effects(data, y, x, effects)
    choose("effects", effects, ONE_WAY)
    design = build_design(data, y, x, constant=constant, missing=missing)
    augmented, _ = with_means(design, effects)
    chosen = as_convention(convention)
    model = components_model(augmented, effects, variance_components, chosen, "Correlated random effects")
    return finish(model, cov, chosen, collinear)


def with_means(design: Design, effects: str) -> tuple[Design, tuple[str, ...]]:
    """Return the design with the means of its regressors over a dimension added, and their names.

    Means are left out where the regressor does not vary within (it is its own mean) or where the mean adds nothing to
    the constant and the regressors (a time dummy's on a balanced panel).
    """
    grouping, label = design.group_by(effects)
    moments = panel_moments(design.columns, grouping)
    check_scale(design, moments.raw_norms)
    spread = np.sqrt(np.square(moments.r).sum(axis=0))
    varying = np.flatnonzero(spread[:-1] > RANK_TOLERANCE * moments.raw_norms[:-1]).tolist()
    columns = [np.ascontiguousarray(moments.means[:, j])[grouping.codes] for j in varying]
    both = panel_moments((*design.x, *columns, design.y), grouping)
    kept = set(pooled_solution(both, both.raw_norms[:-1], constant=design.constant).kept.tolist())
    used = [i for i in range(len(varying)) if len(design.x) + i in kept]
    if not used:
        raise SpecificationError(
            f"There is no mean over {label!r} to add: no regressor varies within it, or the means are among the "
            "regressors already."
        )
    names = tuple(f"mean({design.names[varying[i]]})" for i in used)
    taken = sorted(set(names) & set(design.names))
    if taken:
        raise SpecificationError(f"Regressors are already called {', '.join(map(repr, taken))}. Rename them.")
    left = [design.names[varying[i]] for i in range(len(varying)) if i not in used]
    notes = design.notes
    if left:
        text = (
            f"The means of {', '.join(map(repr, left))} over {label} add nothing to the other regressors, so they are "
            "left out."
        )
        notes = (*notes, Note("mean-redundant", text))
    added = tuple(columns[i] for i in used)
    return replace(design, names=(*design.names, *names), x=(*design.x, *added), formula=None, notes=notes), names
