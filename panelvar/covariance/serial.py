"""Covariances for errors correlated over time: Driscoll-Kraay across entities, Newey-West within them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from panelvar.base.errors import InsufficientDataError, Note, SpecificationError, choose
from panelvar.covariance import serial_scores
from panelvar.covariance.cluster_terms import lies_within
from panelvar.covariance.covariances import KINDS, CovarianceEstimate, inference_df, scores, symmetric
from panelvar.fit import scores as sandwich
from panelvar.fit.conventions import Convention, SerialFactor
from panelvar.fit.fit import Fit
from panelvar.fit.small_samples import clustered_factor, counted, heteroskedastic_factor
from panelvar.kernels.groups import Grouping

FACTORS = ("none", "n/(n-k)", "T/(T-1)*(n-1)/(n-k)", "clustered")
FEW_PERIODS = 20
"""Below this many periods a covariance whose asymptotics are in T is a poor guide; a warning says so."""


@dataclass(frozen=True)
class DriscollKraay:
    r"""Errors correlated across all entities and over time, whatever the pattern.

    .. math:: M = \sum_t \sum_s w(|t - s|)\, S_t S_s', \qquad S_t = \sum_i s_{it},

    the scores summed by period, and their products at two periods weighted by a kernel of the distance between them on
    the calendar: the Bartlett weight is :math:`w(d) = 1 - d / (L + 1)` up to L lags. A period without rows counts as a
    period. With no lags it is the covariance clustered by period.

    Parameters
    ----------
    lags : float or None
        L of `panelvar.covariance.serial_scores.kernel_weights`: the last lag of the Bartlett and Parzen kernels
        (Stata's ``ivreg2, bw()`` is one more), the bandwidth of the quadratic spectral one. None follows the
        convention: :math:`\lfloor 4 (T/100)^{2/9} \rfloor` (Newey and West 1994; xtscc, linearmodels),
        :math:`\lfloor T^{1/4} \rfloor` (plm, pyfixest) or :math:`\lfloor \tfrac34 T^{1/3} \rfloor` (gretl).
    kernel : {"bartlett", "parzen", "quadratic-spectral"}
    residuals : {"HC0", "HC1", "HC2", "HC3", "HC4", "HC4m", "HC5"}
        Row-wise adjustment of the residuals before scores are summed (plm's ``vcovSCC(type=)``).
    factor : {"none", "n/(n-k)", "T/(T-1)*(n-1)/(n-k)", "clustered"} or None
        None follows the convention (``kraay_factor``).

    Raises
    ------
    SpecificationError
        An unknown option, negative lags, or a regression of entity means, which has no periods.
    InsufficientDataError
        Fewer than two periods, or not more periods than lags.

    Notes
    -----
    The asymptotics are in T. Under 20 periods the errors are too small, the more so the more lags; a warning says so.
    Inference is by t with T - 1 degrees of freedom by default.

    When to use something else: with many entities and few periods cluster by entity (and, with 20 periods or more, by
    period too). Time effects already remove shocks that all entities share alike.

    References
    ----------
    Driscoll and Kraay (1998), Review of Economics and Statistics 80(4), 549-560; Hoechle (2007), Stata Journal 7(3),
    281-312, on unbalanced panels.
    """

    lags: float | None = None
    kernel: str = "bartlett"
    residuals: str = "HC0"
    factor: SerialFactor | None = None

    def __post_init__(self) -> None:
        """Refuse unknown options."""
        _check(self.lags, self.kernel, self.residuals, self.factor)

    def __call__(self, fit: Fit, convention: Convention) -> CovarianceEstimate:
        """Estimate the covariance."""
        dates = dated_rows(fit, "A Driscoll-Kraay covariance")
        times = fit.design.times
        lags = _lags(self.lags, self.kernel, fit, convention)
        positions = np.unique(dates)
        gaps = _bridged(convention, lags, np.diff(positions) > 1)
        if convention.kernel_distance != "calendar":
            positions = np.arange(times.n_groups)
        (sums,) = sandwich.score_sums(scores(fit, convention, self.residuals), [times])
        meat = serial_scores.lagged_gram(sums, positions, self.kernel, lags)
        factor = _factor(fit, convention, self.factor or convention.kraay_factor, times, self.residuals)
        df = _degrees(fit, convention.kraay_df)
        notes = [_described("Driscoll-Kraay", self.kernel, lags, factor), *gaps]
        if times.n_groups < FEW_PERIODS:
            notes.append(
                Note(
                    "few-periods",
                    f"Only {times.n_groups} periods: Driscoll-Kraay errors, whose asymptotics are in the number of "
                    "periods, are biased downward and t tests over-reject.",
                    warn=True,
                )
            )
        return CovarianceEstimate(
            symmetric(factor * (fit.spread @ meat @ fit.spread.T)),
            f"Driscoll-Kraay ({_kernel_label(self.kernel, lags)})",
            inference_df(fit, convention, df),
            factor,
            notes=tuple(notes),
        )


@dataclass(frozen=True)
class PanelNeweyWest:
    r"""Errors correlated over time within entities, up to a number of lags, and not across entities.

    .. math:: M = \sum_i \sum_t \sum_s w(|t - s|)\, s_{it} s_{is}'

    with the weights and the calendar distances of `DriscollKraay`. With no lags it is HC0; with weights of one at all
    distances it would be the covariance clustered by entity.

    Parameters
    ----------
    lags, kernel, residuals
        As in `DriscollKraay`.
    factor : {"none", "n/(n-k)", "T/(T-1)*(n-1)/(n-k)", "clustered"} or None
        None follows the convention (``newey_west_factor``): n / (n - k) as Stata's ``newey, force`` has it, none in
        plm's ``vcovNW``. "clustered" is the factor of a covariance clustered by entity.

    Raises
    ------
    SpecificationError, InsufficientDataError
        As in `DriscollKraay`.

    Notes
    -----
    The kernel discounts every autocovariance, and leaves out those beyond the last lag: with persistent errors and few
    periods most of the correlation is lost, and the errors are too small.

    When to use something else: nearly always cluster by entity instead, which needs no lags and is consistent for any
    correlation within entities as their number grows. Newey-West is for few long series.

    References
    ----------
    Newey and West (1987), Econometrica 55(3), 703-708; Petersen (2009), Review of Financial Studies 22(1), 435-480, on
    panels.
    """

    lags: float | None = None
    kernel: str = "bartlett"
    residuals: str = "HC0"
    factor: SerialFactor | None = None

    def __post_init__(self) -> None:
        """Refuse unknown options."""
        _check(self.lags, self.kernel, self.residuals, self.factor)

    def __call__(self, fit: Fit, convention: Convention) -> CovarianceEstimate:
        """Estimate the covariance."""
        dates = dated_rows(fit, "A Newey-West covariance")
        entities = fit.design.entities
        lags = _lags(self.lags, self.kernel, fit, convention)
        same = entities.codes[1:] == entities.codes[:-1]
        distances = {"calendar": dates, "periods": fit.design.times.codes, "rows": np.arange(len(dates))}
        counted_dates = distances[convention.kernel_distance]
        gaps = _bridged(convention, lags, same & (np.diff(dates) > np.diff(counted_dates)))
        meat = serial_scores.lagged_gram_within(
            scores(fit, convention, self.residuals), entities.codes, counted_dates, self.kernel, lags
        )
        factor = _factor(fit, convention, self.factor or convention.newey_west_factor, entities, self.residuals)
        return CovarianceEstimate(
            symmetric(factor * (fit.spread @ meat @ fit.spread.T)),
            f"Newey-West within entities ({_kernel_label(self.kernel, lags)})",
            inference_df(fit, convention, _degrees(fit, convention.newey_west_df)),
            factor,
            notes=(_described("Newey-West within entities", self.kernel, lags, factor), *gaps),
        )


def dated_rows(fit: Fit, what: str) -> NDArray[np.int64]:
    """Return the calendar position of each row.

    Raises
    ------
    SpecificationError
        For a between regression, whose rows are means over the periods or the entities.
    InsufficientDataError
        With a single period.
    """
    fit.rows_or_refuse(what)
    if fit.family == "between":
        raise SpecificationError(f"{what} needs rows with dates: those of a between regression are means.")
    if fit.design.times.n_groups < 2:
        raise InsufficientDataError(f"{what} needs at least two periods.")
    return fit.design.time_positions


def _check(lags: float | None, kernel: str, residuals: str, factor: str | None) -> None:
    choose("kernel", kernel, serial_scores.KERNELS, serial_scores.KERNELS_ELSEWHERE)
    choose("residuals", residuals, KINDS)
    if factor is not None:
        choose("factor", factor, FACTORS)
    if lags is None:
        return
    number = isinstance(lags, (int, float, np.integer, np.floating)) and not isinstance(lags, bool)
    if not number or not 0 <= lags < np.inf or (kernel != "quadratic-spectral" and lags != int(lags)):
        kind = "a bandwidth" if kernel == "quadratic-spectral" else "a whole number"
        raise SpecificationError(f"lags={lags!r} must be {kind}, zero or larger, or None.")


def _periods(fit: Fit, which: str) -> int:
    """Return the T of lag rules and factors: all periods, or those of the longest entity."""
    design = fit.design
    return int(design.entities.sizes.max()) if which == "longest" else design.times.n_groups


def _lags(lags: float | None, kernel: str, fit: Fit, convention: Convention) -> float:
    """Return the lags asked for, or those of the convention's rule."""
    periods = fit.design.times.n_groups
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
        raise InsufficientDataError(f"{lags:g} lags need more than {periods} periods: lags must be below their number.")
    return float(lags)


def _factor(fit: Fit, convention: Convention, rule: str, clusters: Grouping, residuals: str) -> float:
    """Return the small-sample factor; ``clusters`` are those whose covariance "clustered" refers to."""
    counts, k = fit.counts, fit.counts.number(convention.hc1_counts)
    extra = heteroskedastic_factor(convention, counts, "HC1") if residuals == "HC1" else 1.0
    if rule == "none":
        return extra
    if rule == "clustered":
        effects = fit.absorbed.groupings if fit.absorbed is not None else ()
        k = counted(convention, counts, tuple((lies_within(effect, clusters),) for effect in effects))
        groups = _periods(fit, convention.kraay_periods) if clusters is fit.design.times else clusters.n_groups
        return extra * clustered_factor(
            counts,
            k,
            groups,
            group_factor=convention.cluster_group_factor,
            dof_factor=convention.cluster_dof_factor,
        )
    small = rule == "n/(n-k)"
    return extra * clustered_factor(
        counts,
        k,
        _periods(fit, convention.kraay_periods),
        group_factor=not small,
        dof_factor="n/(n-k)" if small else "(n-1)/(n-k)",
    )


def _bridged(convention: Convention, lags: float, apart: NDArray[np.bool_]) -> list[Note]:
    """Say how many neighbours that are more than a period apart count as adjacent, where the convention has it so."""
    count = int(np.count_nonzero(apart))
    if convention.kernel_distance == "calendar" or lags == 0 or count == 0:
        return []
    text = f"Lags bridge {count} gap(s) in time ({convention.name} convention)."
    return [Note("gaps-bridged", text, warn=True)]


def _degrees(fit: Fit, rule: str) -> float:
    if rule == "residual":
        return fit.residual_df
    return (fit.design.times if rule == "periods" else fit.design.entities).n_groups - 1


def _kernel_label(kernel: str, lags: float) -> str:
    if kernel == "quadratic-spectral":
        return f"quadratic spectral, bandwidth {lags:g}"
    return f"{kernel.capitalize()}, {lags:g} lag{'' if lags == 1 else 's'}"


def _described(name: str, kernel: str, lags: float, factor: float) -> Note:
    return Note("factor", f"{name}: {_kernel_label(kernel, lags)}; small-sample factor {factor:.6g}.")
