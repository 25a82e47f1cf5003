"""Estimated effects and their variances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from panelvar.errors import SpecificationError
from panelvar.fit import Fit, FloatArray

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.results.linear import LinearResult


@dataclass(frozen=True, eq=False)
class EffectVariances:
    r"""Variances of the error components.

    Attributes
    ----------
    idiosyncratic : float
        Variance of the idiosyncratic error.
    effect : float
        Variance of the effect: estimated (random effects; zero if negative) or the sample variance over levels of the
        estimated effects (fixed effects, as Stata's ``sigma_u``).
    effect_raw : float
        Before truncation at zero; NaN where not estimable.
    theta : (G,) array or None
        Quasi-demeaning weight of each level (random effects).
    correlation : float or None
        Correlation over the rows of the estimated fixed effects with :math:`x'\hat\beta` (Stata's
        ``corr(u_i, Xb)``); None for random effects, which assume it is zero.
    """

    idiosyncratic: float
    effect: float
    effect_raw: float
    theta: FloatArray | None = None
    correlation: float | None = None

    @property
    def sigma_e(self) -> float:
        """Standard deviation of the idiosyncratic error."""
        return float(np.sqrt(self.idiosyncratic))

    @property
    def sigma_u(self) -> float:
        """Standard deviation of the effect."""
        return float(np.sqrt(self.effect))

    @property
    def rho(self) -> float:
        """Share of the variance due to the effect."""
        total = self.effect + self.idiosyncratic
        return self.effect / total if total > 0.0 else float("nan")


def effect_variances(fit: Fit) -> EffectVariances | None:
    """Variances of a random-effects fit, or of a one-way fixed-effects fit."""
    if fit.components is not None:
        c = fit.components
        return EffectVariances(c.idiosyncratic, c.effect, c.effect_raw, c.theta)
    if fit.absorbed is None or len(fit.absorbed.groupings) != 1:
        return None
    levels = level_tables(fit)[0]
    # The classical residual variance, whatever the covariance of the coefficients.
    variance = float(levels.var(ddof=1)) if len(levels) > 1 else float("nan")
    return EffectVariances(fit.residual_variance, variance, variance, correlation=_correlation(fit, levels))


def _correlation(fit: Fit, levels: FloatArray) -> float:
    """Correlation of the effects with x'b over the rows; NaN where one of them does not vary."""
    assert fit.absorbed is not None
    moments = fit.entity_moments
    means = fit.rows_or_refuse("Estimated effects").tables[0][:, :-1][:, fit.kept] @ fit.slopes
    mass = fit.absorbed.groupings[0].mass(fit.absorbed.weights)
    effects = levels - mass @ levels / mass.sum()
    within = moments.r[:, :-1][:, fit.kept] @ fit.slopes
    between = (moments.means - fit.centre)[:, :-1][:, fit.kept] @ fit.slopes
    spread = (mass @ effects**2) * (within @ within + moments.weights @ between**2)
    return float((mass * effects) @ means / np.sqrt(spread)) if spread > 0.0 else float("nan")


def level_tables(fit: Fit) -> tuple[FloatArray, ...]:
    r"""Levels of each absorbed effect: :math:`\hat c + \hat\alpha_i` first, deviations :math:`\hat\lambda_t` second."""
    assert fit.absorbed is not None
    rows = fit.rows_or_refuse("Estimated effects")
    kept = fit.kept
    return tuple(table[:, -1] - table[:, :-1][:, kept] @ fit.slopes for table in rows.tables)


def blup(fit: Fit) -> FloatArray:
    r"""Best linear unbiased predictions of random effects.

    :math:`\hat\mu_i = \frac{\sigma_\mu^2 T_i}{\sigma_\varepsilon^2 + T_i \sigma_\mu^2}
    (\bar y_i - \hat c - \bar x_i'\hat\beta)` (Baltagi 2013, eq. 2.40).
    """
    assert fit.components is not None
    rows = fit.rows_or_refuse("Estimated effects")
    grouping = rows.groupings[0]
    counts = grouping.sizes.astype(np.float64)
    columns = [*(fit.source.x[i] for i in fit.kept), fit.source.y]
    means = grouping.means_of(columns)
    level = fit.coefficients[0] if fit.constant else 0.0
    residual = means[:, -1] - level - means[:, :-1] @ fit.slopes
    c = fit.components
    total = c.idiosyncratic + counts * c.effect
    return counts * c.effect / np.where(total > 0.0, total, 1.0) * residual


def effects_table(result: LinearResult) -> pd.DataFrame:
    """Build the table behind ``LinearResult.estimated_effects``."""
    import pandas as pd

    fit = result.fit
    if fit.effects:
        fit.rows_or_refuse("Estimated effects")
    if fit.components is not None:
        labels = _labels(fit, 0)
        return pd.DataFrame({"effect": blup(fit)}, index=labels)
    if fit.absorbed is None:
        raise SpecificationError(f"{result.estimator} has no effects to estimate: use fit_fixed_effects.")
    tables = level_tables(fit)
    centre, kept = fit.centre, fit.kept
    constant = float(centre[-1] - centre[:-1][kept] @ fit.slopes)
    if len(tables) == 1:
        means = fit.rows_or_refuse("Estimated effects").tables[0][:, :-1][:, kept]
        first = int(fit.constant)
        slope_cov = result.covariance.matrix[first:, first:]
        mass = fit.absorbed.groupings[0].mass(fit.absorbed.weights)
        # The level is a mean of its own errors plus x-bar times the slopes' error (Stata, plm: same formula).
        variance = fit.residual_variance / mass + np.einsum("ij,jk,ik->i", means, slope_cov, means)
        return pd.DataFrame(
            {"level": tables[0], "deviation": tables[0] - constant, "std_error": np.sqrt(variance)},
            index=_labels(fit, 0),
        )
    frames = {
        fit.effects[0]: pd.DataFrame({"level": tables[0], "deviation": tables[0] - constant}, index=_labels(fit, 0)),
        fit.effects[1]: pd.DataFrame({"level": tables[1] + constant, "deviation": tables[1]}, index=_labels(fit, 1)),
    }
    return pd.concat(frames, names=["effect", "label"])


def _labels(fit: Fit, dimension: int) -> pd.Index:
    return fit.source.labels_of(fit.effects[dimension])
