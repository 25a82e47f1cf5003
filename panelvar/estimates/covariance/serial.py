"""Covariances for errors correlated over time: Driscoll-Kraay across entities, Newey-West within them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import is_number
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of, noun_after
from panelvar.core.base.errors import InsufficientDataError, Note, SpecificationError, choose
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.covariance import serial_scores
from panelvar.estimates.covariance.cluster_terms import one_way_factor
from panelvar.estimates.covariance.covariances import (
    KINDS,
    CovarianceEstimate,
    ScoredCovariance,
    inference_df,
    scores,
    symmetric,
)
from panelvar.estimates.covariance.protocol import Scored
from panelvar.estimates.fit.conventions import Convention, SerialFactor
from panelvar.estimates.fit.small_samples import clustered_factor, heteroskedastic_factor
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.lag_windows import KERNELS

FACTORS = ("none", "n/(n-k)", "T/(T-1)*(n-1)/(n-k)", "clustered")
FEW_PERIODS = 20
"""Below this many periods a covariance whose asymptotics are in T is a poor guide; a warning says so."""


@dataclass(frozen=True)
class SerialCovariance(ScoredCovariance):
    """Options of a covariance with a kernel over time, and what is made of its meat."""

    over_time: ClassVar[bool] = True

    lags: float | None = None
    kernel: str = "bartlett"
    residuals: str = "HC0"
    factor: SerialFactor | None = None

    def __post_init__(self) -> None:
        """Refuse unknown options."""
        choose("kernel", self.kernel, KERNELS)
        choose("residuals", self.residuals, KINDS)
        if self.factor is not None:
            choose("factor", self.factor, FACTORS)
        lags, spectral = self.lags, self.kernel == "quadratic-spectral"
        if lags is None:
            return
        if not is_number(lags) or not 0 <= lags < np.inf or not (spectral or lags == int(lags)):
            kind = "a bandwidth" if spectral else "a whole number"
            raise SpecificationError(f"lags={shown(lags)} must be {kind}, zero or larger, or None.")

    def unadjusted(self) -> Self:
        """Return the same kernel over scores of the residuals as they are."""
        return replace(self, residuals="HC0")

    def lags_of(self, fit: Scored, convention: Convention) -> float:
        """Return the lags asked for, or those of the convention's rule."""
        lags, periods = self.lags, fit.design.times.n_groups
        if lags is None:
            length = _periods(fit, convention.kernel_periods)
            # A whisker more, or the fourth root of 81 is 2.999.
            rules = {
                "4(T/100)^(2/9)": 4.0 * (length / 100.0) ** (2.0 / 9.0),
                "T^(1/4)": length**0.25,
                "3/4 T^(1/3)": 0.75 * length ** (1.0 / 3.0),
            }
            lags = float(np.floor(rules[convention.kernel_lags] + 1e-10))
            lags = min(lags, periods - 1.0)
        if lags >= periods:
            raise InsufficientDataError(
                f"lags={lags:g} is too long for {periods} periods. The lags must be fewer than the periods."
            )
        return float(lags)

    def _estimate(
        self,
        fit: Scored,
        convention: Convention,
        name: str,
        meat: Array,
        lags: float,
        apart: NDArray[np.bool_],
        clusters: Grouping,
    ) -> CovarianceEstimate:
        """Put factor, degrees of freedom and notes to a meat; ``clusters`` are those of the factor "clustered"."""
        across = clusters is fit.design.times
        rule = self.factor or (convention.kraay_factor if across else convention.newey_west_factor)
        factor = self._factor(fit, convention, rule, clusters, across)
        df_rule = convention.kraay_df if across else convention.newey_west_df
        df: float = fit.counts.residual_df
        if df_rule != "residual":
            df = (fit.design.times if df_rule == "periods" else fit.design.entities).n_groups - 1
        if self.kernel == "quadratic-spectral":
            words = f"quadratic spectral, bandwidth {lags:g}"
        else:
            words = f"{self.kernel.capitalize()}, {lags:g} {noun_after(lags, 'lag')}"
        notes = [Note("factor", f"{name}: {words}; small-sample factor {factor:.6g}.")]
        # Neighbours that are more than a period apart count as adjacent, where the convention has it so.
        count = int(np.count_nonzero(apart))
        if convention.kernel_distance != "calendar" and lags != 0 and count != 0:
            text = (
                f"Lags bridge {count_of(count, 'gap')} in time: the {convention.name} convention counts rows that "
                "follow each other as one period apart."
            )
            notes.append(Note("gaps-bridged", text, warn=True))
        if across and clusters.n_groups < FEW_PERIODS:
            text = (
                f"Only {clusters.n_groups} periods: Driscoll-Kraay standard errors are biased downward and t tests "
                "over-reject, because these errors need many periods."
            )
            notes.append(Note("few-periods", text, warn=True))
        return CovarianceEstimate(
            symmetric(factor * fit.sandwich(meat)),
            f"{name} ({words})",
            inference_df(fit, convention, df),
            factor,
            notes=tuple(notes),
        )

    def _factor(self, fit: Scored, convention: Convention, rule: str, clusters: Grouping, across: bool) -> float:
        counts, periods = fit.counts, _periods(fit, convention.kraay_periods)
        extra = heteroskedastic_factor(convention, counts, "HC1") if self.residuals == "HC1" else 1.0
        if rule == "none":
            return extra
        if rule == "clustered":
            return extra * one_way_factor(fit, convention, clusters, periods if across else clusters.n_groups)
        small = rule == "n/(n-k)"
        k, dof_factor = counts.number(convention.hc1_counts), "n/(n-k)" if small else "(n-1)/(n-k)"
        return extra * clustered_factor(counts, k, periods, group_factor=not small, dof_factor=dof_factor)


@documented
@dataclass(frozen=True)
class DriscollKraay(SerialCovariance):
    r"""Covariance of errors that are correlated across all entities and over time, whatever the pattern.

    .. math:: M = \sum_t \sum_s w(|t - s|)\, S_t S_s', \qquad S_t = \sum_i s_{it},

    Scores are summed by period, and the products of two periods weighted by a kernel of their distance on the calendar.
    The Bartlett weight is :math:`w(d) = 1 - d / (L + 1)` up to L lags. A period without rows counts as a period. With
    no lags this is the covariance clustered by period.

    Parameters
    ----------
    {lags (kernel), kernel, residuals (kernel)}
    factor : {"none", "n/(n-k)", "T/(T-1)*(n-1)/(n-k)", "clustered"} or None
        None follows the convention (``kraay_factor``).

    Raises
    ------
    SpecificationError
        If an option is unknown, lags are negative, or the fit is a regression of entity means, which has no periods.
    InsufficientDataError
        If there are fewer than two periods, or no more periods than lags.

    See Also
    --------
    PanelNeweyWest : Correlated over time only.
    PanelCorrected : Across entities only.
    Clustered : Many entities, few periods.

    Notes
    -----
    The asymptotics are in T. With fewer than 20 periods these standard errors are too small, the more so the more lags:
    a warning says so. By default t has T - 1 degrees of freedom.

    With many entities and few periods, cluster by entity (and, with 20 periods or more, by period too). Time effects
    already remove shocks that all entities share alike.

    References
    ----------
    Driscoll and Kraay (1998), Review of Economics and Statistics 80(4), 549-560; Hoechle (2007), Stata Journal 7(3),
    281-312, on unbalanced panels.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> fit = pv.fit_pooled(firms, "invest ~ value + capital", cov=pv.DriscollKraay(lags=2))
    >>> fit.std_errors.round(4).to_dict()
    {'const': 11.2585, 'value': 0.0118, 'capital': 0.0501}
    """

    def __call__(self, fit: Scored, convention: Convention) -> CovarianceEstimate:
        """Estimate the covariance."""
        positions = fit.periods("A Driscoll-Kraay covariance")
        times = fit.design.times
        lags = self.lags_of(fit, convention)
        apart = np.diff(positions) > 1
        if convention.kernel_distance != "calendar":
            positions = np.arange(times.n_groups)
        (sums,) = scores(fit, convention, self.residuals).sums([times])
        meat = serial_scores.lagged_gram(sums, positions, self.kernel, lags)
        return self._estimate(fit, convention, "Driscoll-Kraay", meat, lags, apart, times)


@documented
@dataclass(frozen=True)
class PanelNeweyWest(SerialCovariance):
    r"""Covariance of errors correlated over time within entities, up to a number of lags, and not across entities.

    .. math:: M = \sum_i \sum_t \sum_s w(|t - s|)\, s_{it} s_{is}'

    with the weights and the calendar distances of `DriscollKraay`. With no lags this is HC0; with weights of one at all
    distances it would be the covariance clustered by entity.

    Parameters
    ----------
    {lags (kernel), kernel, residuals (kernel)}
    factor : {"none", "n/(n-k)", "T/(T-1)*(n-1)/(n-k)", "clustered"} or None
        None follows the convention (``newey_west_factor``): n / (n - k) as Stata's ``newey, force`` has it, none in
        plm's ``vcovNW``. "clustered" is the factor of a covariance clustered by entity.

    Raises
    ------
    SpecificationError, InsufficientDataError
        As in `DriscollKraay`.

    See Also
    --------
    DriscollKraay : Across entities too.
    Clustered : Any correlation within entities.

    Notes
    -----
    The kernel discounts every autocovariance and leaves out those beyond the last lag. With persistent errors and few
    periods it misses most of the correlation, and standard errors are too small.

    Nearly always cluster by entity instead: that needs no lags and is consistent for any correlation within entities as
    their number grows. Newey-West is for few long series.

    References
    ----------
    Newey and West (1987), Econometrica 55(3), 703-708; Petersen (2009), Review of Financial Studies 22(1), 435-480, on
    panels.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> fit = pv.fit_fixed_effects(firms, "invest ~ value + capital", cov=pv.PanelNeweyWest(lags=2))
    >>> fit.std_errors.round(4).to_dict()
    {'const': 25.6391, 'value': 0.0221, 'capital': 0.0506}
    """

    def __call__(self, fit: Scored, convention: Convention) -> CovarianceEstimate:
        """Estimate the covariance."""
        dates = fit.dates("A Newey-West covariance")
        entities = fit.design.entities
        lags = self.lags_of(fit, convention)
        distances = {"calendar": dates, "periods": fit.design.times.codes, "rows": np.arange(len(dates))}
        counted_dates = distances[convention.kernel_distance]
        same = entities.codes[1:] == entities.codes[:-1]
        apart = same & (np.diff(dates) > np.diff(counted_dates))
        own = scores(fit, convention, self.residuals)
        meat = serial_scores.lagged_gram_within(own, entities.codes, counted_dates, self.kernel, lags)
        return self._estimate(fit, convention, "Newey-West within entities", meat, lags, apart, entities)


def _periods(fit: Scored, which: str) -> int:
    """Return the T of lag rules and factors: all periods, or those of the longest entity."""
    return fit.longest if which == "longest" else fit.design.times.n_groups
