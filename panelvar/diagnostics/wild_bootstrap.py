"""Wild cluster bootstrap tests, with confidence sets by inversion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.cluster_basis import ClusterBasis
from panelvar.covariances import Clustered
from panelvar.errors import InsufficientDataError, Note, SpecificationError, check_level, choose, emit
from panelvar.kernels import wild_cluster as kernel
from panelvar.results.linear import LinearResult
from panelvar.results.restrictions import restriction_matrix
from panelvar.results.test_result import TestResult

FloatArray = NDArray[np.float64]

WEIGHTS = ("rademacher", "webb", "mammen")


@dataclass(frozen=True)
class WildBootstrapResult(TestResult):
    """A wild cluster bootstrap test: a `TestResult` whose p-value comes from the draws.

    Parameters
    ----------
    estimate : float
        Estimate of the restricted combination (NaN for several restrictions).
    lower, upper : float
        Limits of the confidence set by inversion: the values around the estimate that the test does not reject;
        infinite where no finite value is rejected, NaN for several restrictions.
    level : float
        Coverage of the set.
    draws : int
        Draws behind the p-value.
    enumerated : bool
        Whether they are all possible ones.
    clusters : int
        Number of clusters.
    weights : str
        Distribution of the signs.
    """

    estimate: float = float("nan")
    lower: float = float("nan")
    upper: float = float("nan")
    level: float = 0.95
    draws: int = 0
    enumerated: bool = False
    clusters: int = 0
    weights: str = "rademacher"

    def __str__(self) -> str:
        head = f"{self.name}: {'t' if self.df == 1 else 'F'} = {self.statistic:.4f}, p = {self.pvalue:.4f}"
        limits = f", {100 * self.level:g}% [{self.lower:.6g}, {self.upper:.6g}]" if self.df == 1 else ""
        return f"{head}{limits}. Null: {self.null}"


def wild_bootstrap(
    result: LinearResult,
    restriction: str | Sequence[str] | FloatArray | Mapping[str, float],
    *,
    cluster: str | NDArray[Any] = "entity",
    weights: str = "rademacher",
    draws: int = 9999,
    impose_null: bool = True,
    ties: str = "count",
    level: float = 0.95,
    seed: int | np.random.Generator | None = None,
) -> WildBootstrapResult:
    r"""Test restrictions by the wild cluster bootstrap of the t (or Wald) statistic.

    :math:`y^* = Z\tilde\gamma + v_g \tilde e`: residuals, restricted unless ``impose_null=False``, keep their order
    within a cluster and change sign together. Each draw is re-estimated, absorbed effects included, and studentised by
    its own clustered covariance; the p-value is the share of draws with :math:`|t^*| \ge |t|`.

    Parameters
    ----------
    result : LinearResult
        Pooled, between, first-difference, fixed- or random-effects estimates (random effects: theta is kept).
    restriction : str, sequence of str, mapping or matrix
        As in ``wald_test``: ``"x1"``, ``"x1 = 0.5"``, ``["x1", "x2"]``.
    cluster : str or array
        The dimension that is clustered on and whose signs are drawn.
    weights : {"rademacher", "webb", "mammen"}
        Two points, six points (for few clusters, so that draws differ), or Mammen's two.
    draws : int
        Number of draws. Rademacher signs are enumerated instead when there are no more than that.
    impose_null : bool
        Restrict the residuals (WCR, recommended) or not (WCU).
    ties : {"count", "strict"}
        Whether draws that equal the statistic count. The sample itself is one of the sign patterns, so that the test
        has its level only if it counts; ``"strict"`` is what boottest prints.
    level : float
        Coverage of the confidence set.
    seed : int, Generator or None

    Returns
    -------
    WildBootstrapResult

    Raises
    ------
    SpecificationError
        An unknown option, or a restriction on the constant of absorbed effects.
    InsufficientDataError
        Fewer than two clusters.

    Notes
    -----
    The statistic carries the convention's clustered factor; the p-value does not depend on it. The confidence set
    is the interval around the estimate on which the same draws do not reject.

    When to use something else: with G clusters there are :math:`2^{G-1}` values of :math:`|t^*|`, so that five or fewer
    never reject at 5%, which the notes say; more weights do not add information. With few *treated* clusters the
    restricted test rarely rejects and the unrestricted one far too often (MacKinnon and Webb 2017): when both disagree,
    believe neither. See `cluster_diagnostics`.

    References
    ----------
    Cameron, Gelbach and Miller (2008), Review of Economics and Statistics 90(3), 414-427; Roodman, MacKinnon, Nielsen
    and Webb (2019), Stata Journal 19(1), 4-60; Webb (2023), Canadian J. of Economics 56(3), 839-858.
    """
    choose("weights", weights, WEIGHTS)
    choose("ties", ties, ("count", "strict"))
    coverage = check_level(level)
    if isinstance(draws, bool) or not isinstance(draws, (int, np.integer)) or draws < 1:
        raise SpecificationError(f"draws={draws!r} must be a positive whole number.")
    fit = result.fit
    fit.rows_or_refuse("A wild cluster bootstrap")
    fit.refuse_instruments(
        "The wild cluster bootstrap",
        "it would hold the first stage fixed, which is wrong where instruments are weak. InstrumentalResult."
        "anderson_rubin is valid with weak instruments.",
    )
    matrix, target, text = restriction_matrix(restriction, None, result.names)
    if fit.constant and fit.absorbed is not None and matrix[:, 0].any():
        raise SpecificationError(
            "The constant of absorbed effects is a mean of estimated effects, not a coefficient of the regression that "
            "is bootstrapped: restrict slopes."
        )
    clusters, label = fit.design.group_by(cluster)
    if clusters.n_groups < 2:
        raise InsufficientDataError(f"A wild cluster bootstrap by {label} needs at least two clusters; found 1.")
    basis = ClusterBasis(fit, clusters)
    scores = kernel.hypothesis(basis.parts, basis.targets @ matrix.T, impose_null=impose_null)
    count, enumerated, chunks = kernel.signs(weights, clusters.n_groups, int(draws), np.random.default_rng(seed))
    factor = Clustered(cluster)(fit, result.convention).factor
    gap = matrix @ fit.coefficients - target
    r = len(gap)
    sample = kernel.sample_matrix(scores)
    estimate = lower = upper = float("nan")
    if r == 1:
        variance = float(sample[0, 0])
        quadratics = kernel.one_restriction(scores, chunks)

        def pvalue_at(distance: float) -> float:
            return kernel.tail_share(quadratics.squared(distance), distance**2 / variance, ties=ties == "count")

        statistic = float(gap[0] / np.sqrt(factor * variance))
        pvalue = pvalue_at(float(gap[0]))
        estimate = float(matrix[0] @ fit.coefficients)
        error = float(np.sqrt(factor * variance))
        lower = estimate - _last_accepted(pvalue_at, 1.0 - coverage, error)
        upper = estimate + _last_accepted(lambda distance: pvalue_at(-distance), 1.0 - coverage, error)
    else:
        found = kernel.joint_statistics(scores, gap, chunks)
        wald = float(gap @ np.linalg.pinv(sample, rcond=1e-12, hermitian=True) @ gap)
        statistic = wald / (factor * r)
        pvalue = kernel.tail_share(found, wald, ties=ties == "count")
    notes = _notes(clusters.n_groups, label, weights, count, enumerated, 1.0 - coverage)
    emit(notes)
    return WildBootstrapResult(
        name=f"Wild cluster bootstrap ({weights}, {'all ' if enumerated else ''}{count} draws, {clusters.n_groups} "
        f"clusters by {label}{'' if impose_null else ', null not imposed'})",
        statistic=statistic,
        pvalue=pvalue,
        distribution="bootstrap",
        df=r,
        null=text,
        notes=notes,
        estimate=estimate,
        lower=lower,
        upper=upper,
        level=coverage,
        draws=count,
        enumerated=enumerated,
        clusters=clusters.n_groups,
        weights=weights,
    )


def _last_accepted(pvalue_at: Callable[[float], float], alpha: float, error: float) -> float:
    """Return the distance from the estimate at which the test begins to reject; infinite if it never does."""
    inside, outside = 0.0, 2.0 * error
    for _ in range(40):
        if pvalue_at(outside) <= alpha:
            break
        inside, outside = outside, 1.5 * outside
    else:
        return float("inf")
    while outside - inside > 1e-9 * outside:
        middle = 0.5 * (inside + outside)
        if pvalue_at(middle) <= alpha:
            outside = middle
        else:
            inside = middle
    return 0.5 * (inside + outside)


def _notes(groups: int, label: str, weights: str, count: int, enumerated: bool, alpha: float) -> tuple[Note, ...]:
    notes = []
    patterns = 2.0 ** min(groups - 1, 1000)
    if patterns * alpha <= 1.0:
        smallest = f"{1.0 / patterns:.4g}"
        if weights == "rademacher":
            text = (
                f"{groups} clusters by {label}: Rademacher signs give {patterns:g} distinct values of |t|, the "
                f"smallest possible p-value is {smallest}, and the confidence set is unbounded."
            )
        else:
            text = (
                f"{groups} clusters by {label}: {weights} weights give more distinct draws than the {patterns:g} of "
                "Rademacher signs, but no more information; the p-value depends on the weights chosen."
            )
        notes.append(
            Note(
                "no-method-can-help",
                text + " No bootstrap and no small-sample correction makes inference from so few clusters reliable.",
                warn=True,
            )
        )
    elif enumerated and patterns * alpha < 20.0:
        notes.append(
            Note(
                "few-distinct-draws",
                f"{groups} clusters give {count} distinct values of |t|: p-values move in steps of {1.0 / count:.4g}. "
                "weights='webb' makes more.",
            )
        )
    return tuple(notes)
