"""Variances of the error components: of the effects, of the idiosyncratic error, and of each random effect."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import MissingInformationError, choose
from panelvar.core.base.quoting import one_line
from panelvar.core.faces.layout import Fact, Row, number, words
from panelvar.core.faces.number_format import check_digits, format_number
from panelvar.core.tables.table import Presented, Table
from panelvar.core.tables.test_result import TestResult, chibar2_test
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit
from panelvar.kernels.absorption.crossed_components import CrossedComponents
from panelvar.kernels.linear.variance_components import Likelihood
from panelvar.panels.static.effects import level_tables
from panelvar.panels.static.rsquared import counts_rows, row_correlation


@dataclass(frozen=True, eq=False)
class DimensionVariance:
    """Variance of one random effect.

    Attributes
    ----------
    label : str
        The dimension.
    variance, variance_raw : float
        The variance used, and the variance before truncation at zero (NaN where not estimable).
    theta : (G,) array
        One-way quasi-demeaning weight of each level.
    """

    label: str
    variance: float
    variance_raw: float
    theta: Array

    @property
    def sigma(self) -> float:
        """Standard deviation."""
        return float(np.sqrt(self.variance))


@dataclass(frozen=True, eq=False, repr=False)
class EffectVariances(Presented):
    r"""Variances of the error components.

    Attributes
    ----------
    idiosyncratic : float
        Variance of the idiosyncratic error.
    effect : float
        Variance of the effect: estimated (random effects; zero if negative; the sum of both, two-way) or the sample
        variance over levels of the estimated effects (fixed effects, as Stata's ``sigma_u``).
    effect_raw : float
        The variance before truncation at zero; NaN where not estimable.
    theta : (G,) array or None
        Quasi-demeaning weight of each level (one-way random effects).
    correlation : float or None
        Correlation over the rows of the estimated fixed effects with :math:`x'\hat\beta` (Stata's
        ``corr(u_i, Xb)``); None for random effects, which assume it is zero.
    dimensions : tuple of DimensionVariance
        Each random effect by itself: one, or two of a two-way model; empty for fixed effects.
    likelihood : Likelihood or None
        After maximum likelihood, the log-likelihoods and the covariance of the variances.

    See Also
    --------
    fit_random_effects : Makes it, as ``variance_components``.

    Examples
    --------
    >>> import panelvar as pv
    >>> variances = pv.fit_random_effects(pv.load_data("grunfeld"), "invest ~ value + capital").variance_components
    >>> round(variances.sigma_u, 3), round(variances.sigma_e, 3), round(variances.rho, 3)
    (78.752, 50.3, 0.71)
    """

    idiosyncratic: float
    effect: float
    effect_raw: float
    theta: Array | None = None
    correlation: float | None = None
    dimensions: tuple[DimensionVariance, ...] = ()
    likelihood: Likelihood | None = None

    def summary(self, *, digits: int = 4) -> Table:
        """Return variances, standard deviations and shares of the variance as a table.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        check_digits(digits)
        parts = {f"Effect ({d.label})": d.variance for d in self.dimensions} or {"Effect": self.effect}
        parts["Idiosyncratic"] = self.idiosyncratic
        total = sum(parts.values())
        body = tuple(
            Row(
                label,
                (
                    number(variance, digits),
                    number(math.sqrt(variance), digits),
                    number(variance / total if total > 0.0 else math.nan, digits),
                ),
            )
            for label, variance in parts.items()
        )
        facts = []
        if self.theta is not None:
            facts.append(Fact("Mean theta", format_number(float(np.mean(self.theta)), digits)))
        if self.correlation is not None:
            facts.append(Fact("Correlation with x'b", format_number(self.correlation, digits)))
        header = Row("", (words("Variance"), words("Std. deviation"), words("Share")))
        return Table("Variance components", (header,), body, facts=tuple(facts))

    def __repr__(self) -> str:
        own = {d.label: d.variance for d in self.dimensions} if len(self.dimensions) > 1 else {"u": self.effect}
        parts = [f"sigma_{name} = {float(np.sqrt(value)):.4g}" for name, value in own.items()]
        return one_line(
            f"<Variance components: {', '.join(parts)}, sigma_e = {self.sigma_e:.4g}, rho = {self.rho:.4g}>"
        )

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
        """Share of the variance due to the effect; NaN with a single level, which has no variance of effects."""
        total = self.effect + self.idiosyncratic
        return self.effect / total if total > 0.0 else float("nan")

    def std_errors(self) -> dict[str, float]:
        r"""Return standard errors of sigma_u, sigma_e and rho after maximum likelihood, by the delta method.

        They come from the observed information of all parameters, as in Stata's ``xtreg, mle``. With two effects,
        sigma_u and rho are of both together, and each effect's own is called ``sigma_`` and its dimension. They are NaN
        at the boundary :math:`\hat\sigma = 0`, where no normal approximation holds.

        Raises
        ------
        MissingInformationError
            If the variances were not estimated by maximum likelihood.
        """
        if self.likelihood is None:
            raise MissingInformationError(
                "Moment estimates of variances have no standard errors. Fit with variance_components='ml' or 'reml'."
            )
        s, cov = self.idiosyncratic, self.likelihood.variance_cov
        ratios = np.array([d.variance for d in self.dimensions]) / s
        total = float(ratios.sum())

        def deviation(chosen: Array) -> float:
            """Standard error of the root of the sum of the chosen effects' variances."""
            ratio = float(chosen @ ratios)
            if ratio == 0.0:
                return float("nan")
            return _delta(np.concatenate(([0.5 * np.sqrt(ratio * s)], chosen * (0.5 * np.sqrt(s / ratio)))), cov)

        ones = np.ones(len(ratios))
        out = {"sigma_u": deviation(ones)}
        if len(ratios) > 1:
            units = np.eye(len(ratios))
            out |= {f"sigma_{d.label}": deviation(unit) for d, unit in zip(self.dimensions, units, strict=True)}
        out["sigma_e"] = _delta(np.concatenate(([0.5 * np.sqrt(s)], 0.0 * ones)), cov)
        out["rho"] = _delta(np.concatenate(([0.0], ones / (1.0 + total) ** 2)), cov)
        return out

    def likelihood_ratio(self, effect: str | None = None) -> TestResult:
        r"""Test that variances are zero, by twice the gain in log-likelihood.

        Parameters
        ----------
        effect : str, optional
            One dimension of a two-way model, while the other's variance stays free. By default all effects, against
            pooled OLS.

        Returns
        -------
        TestResult

        Notes
        -----
        The null is on the boundary. For one variance, the statistic is zero with probability one half and chi2(1)
        otherwise (chibar2(01); Self and Liang 1987), so the p-value is half the chi2 tail, and 1 at a statistic of
        zero. For two variances it is zero, chi2(1) and chi2(2) with probabilities 1/4, 1/2 and 1/4, because the
        information on the ratios is diagonal at the null: any pair of levels meets once at most (Self and Liang 1987).

        Raises
        ------
        MissingInformationError
            If the variances were not estimated by maximum likelihood.
        SpecificationError
            If the model has no such effect.
        """
        if self.likelihood is None:
            raise MissingInformationError("A likelihood-ratio test needs variance_components='ml' or 'reml'.")
        labels = [d.label for d in self.dimensions]
        if effect is None:
            below, tested = self.likelihood.pooled, labels
        else:
            tested = [choose("effect", effect, labels)]
            below = self.likelihood.without[labels.index(tested[0])]
        statistic = max(0.0, 2.0 * (self.likelihood.value - below))
        name = "Restricted likelihood ratio" if self.likelihood.restricted else "Likelihood ratio"
        null = " = ".join(f"sigma_{label}" for label in tested) if len(labels) > 1 else "sigma_u"
        return chibar2_test(name, statistic, len(tested), f"{null} = 0")


def _delta(gradient: Array, cov: Array) -> float:
    """Return the standard error of a function of the variances; those with a derivative of zero may be missing."""
    used = np.flatnonzero(gradient)
    return float(np.sqrt(gradient[used] @ cov[np.ix_(used, used)] @ gradient[used]))


def effect_variances(fit: Fit, convention: Convention) -> EffectVariances | None:
    """Return the variances of a random-effects fit, or of a one-way fixed-effects fit."""
    if fit.components is not None:
        c = fit.components
        if isinstance(c, CrossedComponents):
            both = zip(fit.effects, c.effects, c.effects_raw, c.thetas, strict=True)
            dimensions = tuple(DimensionVariance(name, float(v), float(raw), theta) for name, v, raw, theta in both)
            raw_sum = float(c.effects_raw.sum())
            return EffectVariances(c.idiosyncratic, c.effect, raw_sum, dimensions=dimensions, likelihood=c.likelihood)
        one = DimensionVariance(fit.effects[0], c.effect, c.effect_raw, c.theta)
        return EffectVariances(
            c.idiosyncratic, c.effect, c.effect_raw, c.theta, dimensions=(one,), likelihood=c.likelihood
        )
    if fit.absorbed is None or len(fit.absorbed.groupings) != 1:
        return None
    levels = level_tables(fit)[0]
    # This is the classical residual variance, whatever the covariance of the coefficients is.
    variance = float(levels.var(ddof=1)) if len(levels) > 1 else float("nan")
    return EffectVariances(fit.residual_variance, variance, variance, correlation=_correlation(fit, levels, convention))


def _correlation(fit: Fit, levels: Array, convention: Convention) -> float:
    """Return the correlation of the effects with x'b over the rows; NaN where one of them does not vary."""
    assert fit.absorbed is not None
    if counts_rows(fit, convention):
        return row_correlation(fit, fit.absorbed.groupings[0], levels)
    moments = fit.entity_moments
    # The effects sum to zero up to rounding, which the level of the regressors would multiply.
    means = (fit.regressor_rows("An estimated effect").tables[0] - fit.centre)[:, :-1][:, fit.kept] @ fit.slopes
    mass = fit.absorbed.groupings[0].mass(fit.absorbed.weights)
    effects = levels - mass @ levels / mass.sum()
    within = moments.r[:, :-1][:, fit.kept] @ fit.slopes
    between = (moments.means - fit.centre)[:, :-1][:, fit.kept] @ fit.slopes
    # The roots come first, because a product of squares may leave the range of floating-point numbers.
    spread = np.sqrt(mass @ effects**2) * np.sqrt(within @ within + moments.weights @ between**2)
    return float((mass * effects) @ means / spread) if spread > 0.0 else float("nan")
