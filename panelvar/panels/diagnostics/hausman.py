"""Hausman's specification test, the quadratic form of the difference of two estimators: of slopes, or of long runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, SpecificationError, choose, emit
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.tables.test_result import TestResult, chi2_test
from panelvar.data.formulas.design import CONSTANT
from panelvar.estimates.fit.conventions import HausmanSigma
from panelvar.estimates.sizes.known_sizes import size_notes
from panelvar.kernels.linear.quadratic_form import quadratic_form
from panelvar.panels.diagnostics.compared_models import differences, refuse_other_dependent, samples_note
from panelvar.panels.heterogeneous.averaged import AveragedResult
from panelvar.panels.static.fit_statistics import classical_note
from panelvar.panels.static.result import LinearResult

if TYPE_CHECKING:
    import pandas as pd

_SIGMAS = get_args(HausmanSigma)
_OTHER_FORM = "mundlak_test"
_ONE_VARIANCE = f"sigma='efficient', or {_OTHER_FORM}"
_COINCIDES = 1e-10
"""A difference of variances below this share of the consistent estimator's variance is rounding."""


@answering
def hausman_test(
    consistent: LinearResult | AveragedResult,
    efficient: LinearResult | AveragedResult,
    *,
    sigma: str | None = None,
) -> TestResult:
    r"""Test whether two estimators differ by more than sampling error.

    .. math:: H = (b_c - b_e)' (V_c - V_e)^{-} (b_c - b_e) \sim \chi^2(\mathrm{rank}),

    over the slopes both have (Hausman 1978). The typical use is ``hausman_test(fixed, random)``: under the null the
    entity effects are uncorrelated with the regressors and both are consistent. Fixed effects and the between
    regression of the same dimension use orthogonal parts of the data, so for these two the covariances are added
    (Hausman and Taylor 1981). Of error-correction panels the long-run coefficients are compared:
    ``hausman_test(mean_group, pooled_mean_group)`` tests that entities share them.

    Parameters
    ----------
    consistent : LinearResult or ErrorCorrectionResult
        Consistent under the alternative too (fixed effects; mean group).
    efficient : LinearResult or ErrorCorrectionResult
        Efficient under the null (random effects; pooled mean group, dynamic fixed effects).
    sigma : {"efficient", "own", "consistent"}, optional
        Residual variance of the two covariances: the efficient estimator's for both (Stata's ``sigmamore``, which is
        understood too); each its own; or the consistent estimator's for both (``sigmaless``). The default is the
        convention's ``hausman_sigma``: ``"efficient"``, except under the presets of programs that print the other form.
        Where the two residual variances are of different things (rows and their means, rows and their differences,
        errors and whitened errors, long runs), the default is ``"own"``, and no other is accepted.

    Returns
    -------
    TestResult
        A negative statistic is reported as it is, with a warning and no p-value: the difference of the covariances is
        not positive definite, and the asymptotics fail on these data. (plm returns the absolute value, and so does its
        convention, with the warning.) Another warning says where the two results differ for another reason than the
        effects tested: in their rows, weights, regressors (those that the effects absorb aside) or effects (two-way
        against one-way).

    Raises
    ------
    SpecificationError
        If one of the two is not a result of a linear estimator, if they share no slope or explain different variables,
        or if ``sigma`` asks for one residual variance where the two are of different things.

    See Also
    --------
    mundlak_test : Robust, and never negative.
    hausman_regression_test : Hausman's test by a regression.
    fit_correlated_random_effects : The slopes of both in one model.

    Notes
    -----
    The test is valid under classical errors only: it uses classical covariances whatever the results have. With
    heteroskedastic or correlated errors use `mundlak_test`, which clusters.

    If each covariance has its own residual variance, the two differ by more than the gain in efficiency. The statistic
    can then be negative, and it rejects too often in small panels. At 5 percent it rejects 11, 8 and 6 of 100 true
    nulls (15 x 5, 30 x 6, 60 x 10), where ``sigma="efficient"`` rejects 6, 6 and 5. The guide's page on sizes describes
    the samples.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> fixed = pv.fit_fixed_effects(states, "frate ~ beertax + unemp")
    >>> random = pv.fit_random_effects(states, "frate ~ beertax + unemp")
    >>> pv.hausman_test(fixed, random)
    <Hausman: chi2(2) = 20.2017, p < 0.0001>
    """
    if isinstance(sigma, str):
        sigma = {"sigmamore": "efficient", "sigmaless": "consistent"}.get(sigma, sigma)
    if sigma is not None:
        choose("sigma", sigma, _SIGMAS)
    if isinstance(consistent, AveragedResult) and isinstance(efficient, AveragedResult):
        # Models of levels and changes, which rooms to the right of this one fit, have a long run.
        first, second = getattr(consistent, "long_run", None), getattr(efficient, "long_run", None)
        if first is not None and second is not None:
            return _long_run_hausman(consistent, efficient, first, second, sigma)
    if not isinstance(consistent, LinearResult) or not isinstance(efficient, LinearResult):
        other = efficient if isinstance(consistent, LinearResult) else consistent
        raise SpecificationError(
            "hausman_test compares two fitted results of one kind, as in hausman_test(fixed, random) or "
            f"hausman_test(mean_group, pooled_mean_group); got {type(other).__name__}."
        )
    refuse_other_dependent(consistent, efficient)
    shared = [n for n in consistent.names if n in efficient.names and n != CONSTANT]
    if not shared:
        raise SpecificationError("The two results share no slope to compare.")
    families = {consistent.fit.family, efficient.fit.family}
    orthogonal = families == {"fixed", "between"}
    # Where these hold, both residual variances estimate one number, the variance of a row's error.
    one_variance = families <= {"pooled", "fixed", "random"} or (len(families) == 1 and "gls" not in families)
    if families <= {"gls", "gls-within"}:
        one_variance |= None not in (consistent.variance_components, efficient.variance_components)
    if not one_variance and sigma not in (None, "own"):
        raise SpecificationError(
            f"sigma={sigma!r} asks for one residual variance, but those of {consistent.estimator} and "
            f"{efficient.estimator} are of different things (rows, their means, their differences, or whitened rows). "
            "Use sigma='own'."
        )
    sigma = sigma or (efficient.convention.hausman_sigma if one_variance else "own")
    scales = {
        "own": (_residual_variance(consistent), _residual_variance(efficient)),
        "efficient": (efficient.sigma2, efficient.sigma2),
        "consistent": (consistent.sigma2, consistent.sigma2),
    }[sigma]
    places = [consistent.names.index(name) for name in shared]
    others = [efficient.names.index(name) for name in shared]
    gap = consistent.fit.coefficients[places] - efficient.fit.coefficients[others]
    sign = 1.0 if orthogonal else -1.0
    first_block = scales[0] * consistent.fit.bread[np.ix_(places, places)]
    notes = []
    if efficient.fit.family == "fixed" and consistent.fit.family in ("random", "pooled"):
        text = (
            f"The consistent estimator comes first, and {efficient.estimator} is consistent whenever "
            f"{consistent.estimator} is. Write hausman_test(fixed, random)."
        )
        notes.append(Note("hausman-order", text, warn=True))
    notes += differences(consistent, efficient, "estimates")
    notes += classical_note("The Hausman test", consistent.covariance, efficient.covariance)
    if sigma == "own" and one_variance:
        notes += size_notes("hausman, own variances", consistent.fit.source.entities.n_groups)
    return contrast_test(
        gap,
        first_block + sign * scales[1] * efficient.fit.bread[np.ix_(others, others)],
        np.sqrt(np.diagonal(first_block)),
        notes,
        null="both estimators are consistent (effects uncorrelated with the regressors)",
        advice=f"use {_OTHER_FORM if sigma == 'efficient' or not one_variance else _ONE_VARIANCE}",
        absolute=efficient.convention.hausman_negative == "absolute",
    )


def _residual_variance(result: LinearResult) -> float:
    components = result.fit.components
    within_scale = result.convention.random_scale == "within"
    if components is not None and (within_scale or components.likelihood is not None):
        return components.idiosyncratic
    return result.sigma2


def contrast_test(
    gap: Array,
    difference: Array,
    units: Array,
    notes: Sequence[Note],
    *,
    null: str,
    advice: str,
    absolute: bool = False,
) -> TestResult:
    r"""Test that a difference of estimates is noise, :math:`d'\hat V_d^{-}d \sim \chi^2(\mathrm{rank})`, and warn.

    Parameters
    ----------
    gap : (k,) array
        d.
    difference : (k, k) array
        Its covariance, as the difference of those of the estimators.
    units : (k,) array
        Errors of the consistent estimator, by which the rest is scaled so that units do not decide what counts as zero.
    notes : sequence of Note
    null : str
        The hypothesis, in words.
    advice : str
        What to do where the covariance is not positive definite, as an imperative without a capital.
    absolute : bool
        Report the absolute value of a negative statistic, as plm does, instead of the value without a p-value.

    Returns
    -------
    TestResult
    """
    form = quadratic_form(gap, difference, units=units, tolerance=_COINCIDES)
    statistic, rank = float(form.statistic), int(form.rank)
    doubts, act = list(notes), f"{advice[0].upper()}{advice[1:]}."
    # These are in units of the consistent estimator's errors, as the form is.
    if (np.abs(np.diagonal(difference)) <= _COINCIDES * np.square(units)).all():
        doubts.append(Note("estimators-equal", "The two covariances coincide, so there is nothing to test.", warn=True))
        statistic, rank = 0.0, 0
    elif not form.determined:
        text = (
            f"The difference of the covariances has rank {rank} of {len(gap)}, and the estimates differ where it has "
            f"no variance. A statistic would depend on how the regressors are coded, so none is given. {act}"
        )
        doubts.append(Note("rank-deficient-test", text, warn=True))
        statistic, rank = float("nan"), len(gap)
    elif not form.positive:
        text = "The difference of the covariances is not positive definite"
        if statistic >= 0.0:
            text += f". Read the statistic with care, or {advice}."
        elif absolute:
            text += (
                f", and the statistic is negative ({statistic:.4g}). What is reported is its absolute value, as plm "
                f"does, but that has no null distribution. {act}"
            )
        else:
            text += f", and the statistic is negative ({statistic:.4g}), so it has no p-value. {act}"
        doubts.append(Note("hausman-not-positive", text, warn=True))
    emit(doubts)
    statistic = abs(statistic) if absolute else statistic
    test = chi2_test("Hausman", statistic, rank, null, doubts)
    return test if rank and statistic >= 0.0 else replace(test, pvalue=float("nan"))


def _long_run_hausman(
    consistent: AveragedResult, efficient: AveragedResult, first: pd.Series, second: pd.Series, sigma: str | None
) -> TestResult:
    r"""Compare the long-run coefficients of two estimators of an ARDL panel.

    .. math:: H = (\theta_c - \theta_e)'(V_c - V_e)^{-}(\theta_c - \theta_e) \sim \chi^2(k)

    Parameters
    ----------
    consistent : ErrorCorrectionResult
        Consistent whatever the dispersion of the long run: the mean group.
    efficient : ErrorCorrectionResult
        Efficient if all entities share it: pooled mean group, dynamic fixed effects.
    first, second : Series
        Their long-run coefficients.
    sigma : str or None
        ``"own"`` or None, which means the same: the mean group's covariance is not a multiple of a residual variance.
    """
    if sigma not in (None, "own"):
        raise SpecificationError(
            f"sigma={sigma!r} rescales covariances to one residual variance, but those of long-run coefficients are "
            "dispersions over entities or inverse information. Use sigma='own'."
        )
    refuse_other_dependent(consistent, efficient)
    shared = [name for name in first.index if name in second.index]
    if not shared:
        raise SpecificationError("The two results share no long-run coefficient to compare.")
    one, other = consistent._design, efficient._design
    notes = samples_note(one.nobs, other.nobs, one.index.equals(other.index), "long runs")
    if set(consistent.names) != set(efficient.names):
        text = "The two results have different terms or lag orders, so their long runs may differ for that reason."
        notes.append(Note("compared-regressors", text, warn=True))
    for result in (consistent, efficient):
        regression = getattr(result, "reduced_form", None)
        if regression is not None and not regression.covariance.classical:
            text = (
                "The test takes the second estimator as efficient. With robust errors it is not, so the difference of "
                "the covariances is not the covariance of the difference. Fit it with cov='classical'."
            )
            notes.append(Note("classical-covariances", text, warn=True))
    return contrast_test(
        np.asarray(first[shared] - second[shared], dtype=np.float64),
        consistent.cov.loc[shared, shared].to_numpy() - efficient.cov.loc[shared, shared].to_numpy(),
        np.asarray(consistent.std_errors[shared], dtype=np.float64),
        notes,
        null="all entities have the same long run (both estimators are consistent)",
        advice=(
            "compare the entities' long runs with the pooled one, or use homogeneity, the likelihood-ratio test of the "
            "result"
        ),
    )
