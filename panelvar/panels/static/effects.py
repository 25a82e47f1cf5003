"""Estimated effects, level by level, with their errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.distributions import quantile
from panelvar.core.base.errors import Note, SpecificationError, choose, emit
from panelvar.estimates.bands.limits import normal_limits
from panelvar.estimates.bands.target import Limits, nested
from panelvar.estimates.fit.fit import Fit
from panelvar.kernels.absorption.crossed_rows import CrossedRows
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.least_squares import covariance_root
from panelvar.kernels.linear.variance_components import Components
from panelvar.panels.static.effect_precision import level_variances
from panelvar.panels.static.fitted_model import FittedModel

if TYPE_CHECKING:
    import pandas as pd


def level_tables(fit: Fit) -> tuple[Array, ...]:
    r"""Return the coefficients of each absorbed effect, one table for each of ``fit.effects``.

    The first table of levels carries the constant, :math:`\hat c + \hat\alpha_i`; other tables of levels are deviations
    :math:`\hat\lambda_t`; tables of slopes are slopes on the variables as they were given.
    """
    assert fit.absorbed is not None
    rows = fit.regressor_rows("An estimated effect")
    kept = fit.kept
    tables = [table[:, -1] - table[:, :-1][:, kept] @ fit.slopes for table in rows.tables]
    return tuple(table[:, 0] for table in fit.absorbed.original([table[:, None] for table in tables]))


def leading_table(fit: Fit) -> int:
    """Return the position of the table that carries the constant: the first with levels."""
    assert fit.absorbed is not None
    return fit.absorbed.slopes.index(None)


def dimension_of(fit: Fit, position: int) -> str:
    """Return the dimension of a table as `Design.group_by` names it: its label without the slope's variable."""
    label = fit.effects[position]
    if fit.absorbed is None or fit.absorbed.slopes[position] is None:
        return label
    return label[: label.rindex("[")]


def blup(fit: Fit) -> tuple[Array, ...]:
    r"""Return the best linear unbiased predictions of random effects, a table for each effect.

    One way :math:`\hat\mu_i = \frac{\sigma_\mu^2 T_i}{\sigma_\varepsilon^2 + T_i \sigma_\mu^2} (\bar y_i - \hat c -
    \bar x_i'\hat\beta)` (Baltagi 2013); two-way :math:`\sigma_d^2 D_d'\Sigma^{-1}(y - \hat c - X\hat\beta)`.
    """
    assert fit.components is not None
    rows = fit.regressor_rows("An estimated effect")
    c = fit.components
    if isinstance(rows, CrossedRows):
        residual = fit.source.y - fit.coefficients[0] if fit.constant else fit.source.y
        for position, slope in zip(fit.kept, fit.slopes, strict=True):
            residual = residual - slope * fit.source.x[position]
        return rows.predictions(residual)
    assert isinstance(c, Components)
    grouping = rows.groupings[0]
    means = grouping.means_of(fit.source.columns)
    level = fit.coefficients[0] if fit.constant else 0.0
    residual = means[:, -1] - level - means[:, fit.kept] @ fit.slopes
    return (shares_of_effect(c, grouping) * residual,)


def shares_of_effect(components: Components, grouping: Grouping) -> Array:
    """Return the share of each level's mean error that its random effect makes, by which predictions are shrunk."""
    effects = grouping.sizes * components.effect
    total = components.idiosyncratic + effects
    return np.asarray(effects / np.where(total > 0.0, total, 1.0))


def _prediction_variances(fit: Fit, components: Components, cov: Array) -> Array:
    """Mean squared errors of predicted effects (see ``LinearResult.estimated_effects``)."""
    grouping = fit.rows_or_refuse("An estimated effect").groupings[0]
    share = shares_of_effect(components, grouping)
    means = grouping.means_of(fit.source.columns)[:, fit.kept]
    if fit.constant:
        means = np.hstack([np.ones((len(means), 1)), means])
    moved = means @ covariance_root(cov)
    out: Array = components.effect * (1.0 - share) + share**2 * np.einsum("ij,ij->i", moved, moved)
    return out


@dataclass(frozen=True, eq=False)
class EffectIntervals:
    """Estimated effects of one dimension with their limits.

    Attributes
    ----------
    dimension : str
    kind : str
        ``"deviation"`` from the mean, ``"level"``, or ``"effect"``, the prediction of a random effect.
    labels : Index
    in_time : bool
        Whether they are the panel's periods.
    estimates : (G,) array
    limits : list of Limits
        Limits at each level, the widest first; empty where no errors are known (more than two effects, slopes by level,
        two random effects).
    """

    dimension: str
    kind: str
    labels: pd.Index
    in_time: bool
    estimates: Array
    limits: list[Limits]


def effect_intervals(result: FittedModel, dimension: str | None, kind: str, levels: Sequence[float]) -> EffectIntervals:
    """Estimate the effects of one dimension, by default the first, with limits where there are errors.

    Raises
    ------
    SpecificationError
        If the model has no effects, or not the dimension asked for.
    """
    fit = result.fit
    if not fit.effects:
        raise SpecificationError(f"{result.estimator} has no effects to estimate. Use fit_fixed_effects.")
    fit.rows_or_refuse("An estimated effect")
    known = fit.effects[0] if dimension is None else choose("effect", dimension, fit.effects)
    choose("kind", kind, ("deviation", "level"))
    random = fit.components is not None
    pair = fit.absorbed is not None and (len(fit.absorbed.groupings) == 1 or fit.absorbed.pair is not None)
    table = estimated_effects(result, errors=random or pair)
    own = table.loc[known] if len(fit.effects) > 1 else table
    column = "effect" if random else kind
    estimates = own[column].to_numpy()
    error = "std_error_deviation" if column == "deviation" else "std_error"
    limits: list[Limits] = []
    if error in own.columns:
        errors, df = own[error].to_numpy(), result.covariance.df
        limits = nested(levels, lambda each: normal_limits(estimates, errors, each, quantile(each, df)))
    in_time = dimension_of(fit, fit.effects.index(known)) in ("time", fit.source.panel.time_name)
    return EffectIntervals(known, column, own.index, in_time, estimates, limits)


def estimated_effects(self: FittedModel, *, errors: bool = True) -> pd.DataFrame:
    r"""Return the estimated effects by level, with their standard errors in level and deviation form.

    Parameters
    ----------
    errors : bool
        Add standard errors. Of fixed effects they exist for one and two effects without slopes by level. Of one
        random effect they are the root of the mean squared error of its prediction.

    Returns
    -------
    DataFrame
        Fixed effects: ``level`` is :math:`\hat c + \hat\alpha_i`, ``deviation`` :math:`\hat\alpha_i`; ``std_error``
        and ``std_error_deviation`` are theirs. Two effects: a block of rows for each effect, and ``component``.
        Slopes by level: ``level`` is the slope. Random effects: ``effect`` has the best linear unbiased
        predictions, ``std_error`` (of one effect) their errors.

    Raises
    ------
    SpecificationError
        If the model has no effects, or standard errors of its effects do not exist.
    MissingInformationError
        If rows were released.

    Notes
    -----
    Two effects are identified up to one constant in each connected component: levels of different components cannot
    be compared. The values returned are those whose second effect has (weighted) mean zero over the rows of every
    component. Deviations are from the mean over rows.

    A combination f of the effects has variance :math:`s^2 f'(D'WD)^+ f + \bar x_f' V \bar x_f`, with V the
    covariance of the slopes and :math:`\bar x_f` the same combination of the regressors. The first term is
    classical whatever V is. If V is classical too, the sum is the variance of the dummy-variable regression. The
    error of an effect shrinks with its own rows, not with the number of entities.

    The prediction of a random effect with share :math:`\gamma_i` (`predict_interval`) has the mean squared error
    :math:`\sigma_\mu^2 (1 - \gamma_i) + \gamma_i^2 \bar z_i' V \bar z_i` (Henderson 1975), with the variances taken
    as known.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> fit = pv.fit_fixed_effects(states, "frate ~ beertax")
    >>> fit.estimated_effects()["level"].head(2).round(3).to_dict()
    {'al': 3.478, 'ar': 2.823}
    """
    import pandas as pd

    fit, cov = self.fit, self.covariance.matrix
    errors = read_flag("errors", errors)
    if fit.effects:
        fit.rows_or_refuse("An estimated effect")
    if fit.components is not None:
        tables = blup(fit)
        random = {
            label: pd.DataFrame({"effect": table}, index=_labels(fit, i))
            for i, (label, table) in enumerate(zip(fit.effects, tables, strict=True))
        }
        if len(tables) > 1:
            return pd.concat(random, names=["effect", "label"])
        if errors and isinstance(fit.components, Components):
            random[fit.effects[0]]["std_error"] = np.sqrt(_prediction_variances(fit, fit.components, cov))
        return random[fit.effects[0]]
    if fit.absorbed is None:
        raise SpecificationError(f"{self.estimator} has no effects to estimate. Use fit_fixed_effects.")
    constant = float(fit.centre[-1] - fit.centre[:-1][fit.kept] @ fit.slopes)
    lead = leading_table(fit)
    frames = {}
    for i, (label, values) in enumerate(zip(fit.effects, level_tables(fit), strict=True)):
        if fit.absorbed.slopes[i] is not None:
            mass = fit.absorbed.groupings[i].mass(fit.absorbed.weights)
            level, deviation = values, values - mass @ values / mass.sum()
        elif i == lead:
            level, deviation = values, values - constant
        else:
            level, deviation = values + constant, values
        frames[label] = pd.DataFrame({"level": level, "deviation": deviation}, index=_labels(fit, i))
    if errors:
        for frame, variances in zip(frames.values(), _effect_variances(fit, cov), strict=True):
            frame["std_error"], frame["std_error_deviation"] = (np.sqrt(np.maximum(v, 0.0)) for v in variances)
    pair = fit.absorbed.pair
    if pair is not None:
        first_is_large = fit.absorbed.groupings[0] is pair.large
        components = (pair.large_components, pair.small_components)
        for frame, component in zip(frames.values(), components if first_is_large else components[::-1], strict=True):
            frame["component"] = component
    _note_unidentified(fit)
    return frames[fit.effects[0]] if len(frames) == 1 else pd.concat(frames, names=["effect", "label"])


def _note_unidentified(fit: Fit) -> None:
    """Warn where more than the usual constants are free, so that the values are one solution of many."""
    absorbed = fit.absorbed
    assert absorbed is not None
    free = sum(count - 1 for count in absorbed.counts) + 1 - absorbed.rank
    if absorbed.n_components is None and (free or not absorbed.rank_is_exact):
        how = "an unknown number of linear dependencies"
        if absorbed.rank_is_exact:
            how = count_of(free, "linear dependency", "linear dependencies")
        text = (
            f"The effects have {how} beyond the constant they share, so their values are one solution of many. Their "
            "sums over the rows (fitted values, predictions of seen levels) are identified."
        )
        emit([Note("effects-unidentified", text, warn=True)])


def unit_variances(fit: Fit) -> tuple[Array, ...]:
    """Return the variances of the levels of one or two effects (`level_tables`) for a unit error variance."""
    absorbed = fit.absorbed
    assert absorbed is not None
    if len(absorbed.groupings) == 1:
        return (1.0 / absorbed.groupings[0].mass(absorbed.weights),)
    if absorbed.pair is None:
        raise SpecificationError(
            "Standard errors of effects exist for one effect and for two, without slopes. Further effects are "
            "identified only up to combinations that depend on the data. Use errors=False for the values alone."
        )
    first_is_large = absorbed.groupings[0] is absorbed.pair.large
    large, small = level_variances(absorbed.pair, larger_is_centred=not first_is_large)
    return (large, small) if first_is_large else (small, large)


def _effect_variances(fit: Fit, cov: Array) -> list[tuple[Array, Array]]:
    r"""Variances of levels and of deviations, for each effect.

    The effect is a linear function f of the dummies' regression: its own errors have variance
    :math:`s^2 f'(D'WD)^+ f`, and the slopes move it by :math:`\bar x_f'(\hat\beta - \beta)`.
    """
    first, kept = int(fit.constant), fit.kept
    slope_cov = cov[first:, first:]
    centre, per_row = fit.centre[:-1][kept], 1.0 / fit.counts.rows

    def total(unit: Array, lever: Array) -> Array:
        moved: Array = np.einsum("ij,jk,ik->i", lever, slope_cov, lever)
        return fit.residual_variance * unit + moved

    out = []
    tables = fit.regressor_rows("An estimated effect").tables
    for i, (unit, table) in enumerate(zip(unit_variances(fit), tables, strict=True)):
        lever = table[:, :-1][:, kept]
        if i == 0:
            # The grand mean is part of the level, so the deviation is less uncertain by its share.
            out.append((total(unit, lever), total(unit - per_row, lever - centre)))
        else:
            out.append((total(unit + per_row, lever + centre), total(unit, lever)))
    return out


def _labels(fit: Fit, position: int) -> pd.Index:
    return fit.source.labels_of(dimension_of(fit, position))
