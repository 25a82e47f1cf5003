"""Wild cluster bootstrap tests, with confidence sets by inversion."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import is_number, read_flag, read_generator, read_whole, say_draws
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import NumericalError, SpecificationError, check_level, choose, emit
from panelvar.core.base.limits import MOST_DRAWS
from panelvar.core.base.quoting import printable, shown
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.faces.layout import Cell, Fact, Row, number, probability, words
from panelvar.core.faces.number_format import check_digits, format_number, pvalue_text
from panelvar.core.tables.table import Table
from panelvar.core.tables.test_result import TestResult
from panelvar.estimates.coefficients.linear_combinations import in_units_of_errors
from panelvar.estimates.coefficients.restrictions import restriction_matrix
from panelvar.estimates.covariance.bias_reduced import BiasReduced
from panelvar.kernels.linear.quadratic_form import quadratic_form
from panelvar.panels.diagnostics.auxiliary import linear_result
from panelvar.panels.few_clusters import wild_cluster as kernel
from panelvar.panels.few_clusters.wild_dimensions import Clustering, small_sample_notes
from panelvar.panels.few_clusters.wild_scores import jackknife_scores, scores
from panelvar.panels.static.result import LinearResult

_FARTHEST = 1e100
"""A gap below this, in units of about a standard error, has powers that stay in range."""
VARIANTS = ("11", "13", "31", "33")
ALTERNATIVES = ("two-sided", "equal-tailed", "greater", "less")

# The search for a change of the test's verdict steps through these distances from the estimate, in standard errors.
_GRID = np.concatenate((np.arange(0.0, 8.0, 0.05), 8.0 * 1.5 ** np.arange(46)))


@dataclass(frozen=True, repr=False)
class WildBootstrapResult(TestResult):
    """A wild cluster bootstrap test: a `TestResult` whose p-value comes from the draws.

    Parameters
    ----------
    estimate : float
        Estimate of the restricted combination (NaN for several restrictions).
    lower, upper : float
        Ends of the confidence set; infinite where no finite value is rejected, NaN for several restrictions.
    confidence_set : tuple of (lower, upper)
        The values that the test does not reject: usually one interval, sometimes several.
    level : float
        Coverage of the set.
    draws : int
        Draws behind the p-value.
    enumerated : bool
        Whether they are all possible ones.
    clusters : int
        Number of clusters whose signs are drawn.
    weights : str
        Distribution of the signs.
    alternative : str
        Which tails the p-value covers.
    variant : str
        Whether the residuals, or the covariance, leave each cluster out in turn.
    infeasible : int
        Draws without a statistic, which do not count.

    See Also
    --------
    wild_bootstrap_test : Makes one.
    TestResult : What all tests have.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> fixed = pv.fit_fixed_effects(states, "frate ~ beertax + unemp", cov="cluster")
    >>> test = pv.wild_bootstrap_test(fixed, "unemp = -0.05", draws=499, seed=1)
    >>> print(round(test.pvalue, 3), test.draws, test.clusters)
    0.004 499 48
    >>> len(test.confidence_set)
    1
    """

    estimate: float = float("nan")
    lower: float = float("nan")
    upper: float = float("nan")
    confidence_set: tuple[tuple[float, float], ...] = ()
    level: float = 0.95
    draws: int = 0
    enumerated: bool = False
    clusters: int = 0
    weights: str = "rademacher"
    alternative: str = "two-sided"
    variant: str = "11"
    infeasible: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be printed."""
        super().__post_init__()
        pairs = self.confidence_set
        if not (
            isinstance(pairs, tuple)
            and all(isinstance(pair, tuple) and len(pair) == 2 and all(map(is_number, pair)) for pair in pairs)
        ):
            raise SpecificationError(f"confidence_set={shown(pairs)} must be a tuple of pairs of limits.")
        for option in ("estimate", "lower", "upper", "level", "draws", "clusters"):
            if not is_number(value := getattr(self, option)):
                raise SpecificationError(f"{option}={shown(value)} must be a number.")

    def in_a_line(self, digits: int = 4) -> str:
        """Print the test without its name; where no draw is beyond the statistic, p is less than 1 / B, not zero.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        str
        """
        check_digits(digits)
        statistic, pvalue = format_number(self.statistic, digits), pvalue_text(self.pvalue, digits)
        if self._none_beyond:
            pvalue = f"p < {self._least(digits)}"
        return f"{'t' if self.df == 1 else 'F'} = {statistic}, {pvalue}"

    @property
    def _none_beyond(self) -> bool:
        return self.pvalue == 0.0 and self.draws > 0

    def _least(self, digits: int) -> str:
        """The smallest p-value that the draws can tell from zero."""
        return format_number(1.0 / self.draws, digits)

    def summary(self, *, digits: int = 4) -> Table:
        """Return the statistic, the p-value of the draws and the confidence set as a table.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        check_digits(digits)
        pvalue = Cell(f"<{self._least(digits)}", 0.0) if self._none_beyond else probability(self.pvalue, digits)
        statistics = [("t" if self.df == 1 else "F", number(self.statistic, digits)), ("p", pvalue)]
        if self.df == 1:
            statistics.insert(0, ("Estimate", number(self.estimate, digits)))
        set_of_values = " or ".join(
            f"[{format_number(low, digits)}, {format_number(high, digits)}]" for low, high in self.confidence_set
        )
        label = f"{100 * self.level:g}% confidence set"
        return Table(
            title=self.name,
            header=(Row("", tuple(words(name, "right") for name, _ in statistics)),),
            body=(Row(self.null, tuple(cell for _, cell in statistics)),),
            statistics=(Fact(label, set_of_values),) if self.df == 1 else (),
            notes=("The p-value is the share of draws as large as the statistic.", *(n.text for n in self.notes)),
        )

    def __str__(self) -> str:
        pieces = " or ".join(f"[{low:.6g}, {high:.6g}]" for low, high in self.confidence_set)
        limits = f", {100 * self.level:g}% {pieces}" if self.df == 1 else ""
        return printable(f"{self.name}: {self.in_a_line()}{limits}. Null: {self.null}")


@answering
def wild_bootstrap_test(
    result: LinearResult,
    restriction: str | Sequence[str] | Array | Mapping[str, float],
    *,
    cluster: str | NDArray[Any] | Sequence[str | NDArray[Any]] | None = None,
    bootstrap_cluster: str | NDArray[Any] | Sequence[str | NDArray[Any]] | None = None,
    weights: str = "rademacher",
    draws: int = 999,
    impose_null: bool = True,
    statistic: str = "11",
    alternative: str = "two-sided",
    ties: str = "count",
    level: float = 0.95,
    seed: int | np.random.Generator = 0,
) -> WildBootstrapResult:
    r"""Test restrictions by the wild cluster bootstrap of the t (or Wald) statistic.

    A draw is :math:`y^* = Z\tilde\gamma + v_g \tilde e`: all residuals of a cluster change sign together. They are
    those of the restricted model unless ``impose_null=False``. Each draw is estimated again, absorbed effects included,
    and studentised by its own clustered covariance. The p-value is the share of draws with :math:`|t^*| \ge |t|`. The
    sample itself is one of the patterns of signs and counts among them: if k of B draws are as large, the p-value is
    :math:`(1 + k) / (1 + B)`.

    Parameters
    ----------
    result : LinearResult
        Pooled, between, first-difference, fixed- or random-effects estimates (random effects: theta is kept).
    restriction : str, sequence of str, mapping or matrix
        Coefficients that are zero, or equations of theirs: ``"x1"``, ``"x1 = 0.5"``, ``["x1", "x2"]``; named as in
        ``wald_test``, terms and patterns among them.
    cluster : str, array, sequence of them, or None
        The dimension, or dimensions, of the clustered covariance of sample and draws. None takes those of the result's
        own covariance, or entities if it has none.
    bootstrap_cluster : str, array, sequence of them, "intersection" or None
        The clusters whose signs are drawn. Several dimensions mean their intersection, and
        ``"intersection"`` means that of all of ``cluster`` (boottest's default). None takes the only dimension, or the
        one with the fewest clusters. A dimension finer than ``cluster`` makes the subcluster bootstrap.
    weights : {"rademacher", "webb", "mammen", "normal", "gamma"}
        Rademacher's have two points, Webb's six (so that draws differ with few clusters), Mammen's two; the others are
        continuous.
    draws : int
        Number of draws. If there are no more patterns of Rademacher signs than that, all are used once instead.
    impose_null : bool
        Restrict the residuals (WCR, recommended) or not (WCU).
    statistic : {"11", "13", "31", "33"}
        If the first digit is 3, each cluster's residuals are those of the estimates without it. If the second digit is
        3, sample and draws are studentised by CR3. They are MacKinnon, Nielsen and Webb's WCR-C, WCR-V, WCR-S and
        WCR-B.
    alternative : {"two-sided", "equal-tailed", "greater", "less"}
        Both tails together, twice the smaller tail, or one tail.
    ties : {"count", "strict"}
        Whether draws that equal the statistic, and the sample itself, count. The test has its level only if they do.
        ``"strict"``, :math:`k / B`, is what boottest prints.
    level : float
        Coverage of the confidence set.
    seed : int or Generator
        Seed of the draws: the same seed gives the same draws.

    Returns
    -------
    WildBootstrapResult

    Raises
    ------
    SpecificationError
        If an option is unknown, the restriction is on the constant of absorbed effects, or you ask for one tail of
        several restrictions or for a jackknife variant of several dimensions.
    InsufficientDataError
        If there are fewer than two clusters.
    NumericalError
        If several dimensions give no positive variance, or there are too many effects (see `BiasReduced`).

    See Also
    --------
    BiasReduced : Another way with few clusters.
    cluster_diagnostics : Says how unequal clusters are.
    Clustered : The errors that it improves on.

    Notes
    -----
    The statistic carries the convention's clustered factor (variants "13" and "33": that of CR3). With one dimension
    the p-value does not depend on it. With several, covariances add and subtract, and a draw whose variance is not
    positive does not count (boottest and fwildclusterboot leave it out too).

    The confidence set holds every value that the same draws do not reject. It is searched in steps of a twentieth of a
    standard error, and its ends are then found exactly. It may be several intervals, or unbounded.

    With G clusters there are :math:`2^{G-1}` values of :math:`|t^*|`, so five clusters or fewer never reject at 5%.
    Other weights add no information. With few *treated* clusters the restricted test rarely rejects and the
    unrestricted one far too often (MacKinnon and Webb 2017): if they disagree, trust neither. See
    `cluster_diagnostics`.

    References
    ----------
    Cameron, Gelbach and Miller (2008), Review of Economics and Statistics 90(3), 414-427; Roodman, MacKinnon, Nielsen
    and Webb (2019), Stata Journal 19(1), 4-60; Webb (2023), Canadian J. of Economics 56(3), 839-858; MacKinnon,
    Nielsen and Webb (2021), JBES 39(2), 505-519, on two dimensions; (2023), J. of Applied Econometrics 38(5), 671-694,
    on the variants; MacKinnon and Webb (2018), Econometrics Journal 21(2), 114-135, on subclusters.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> fixed = pv.fit_fixed_effects(states, "frate ~ beertax + unemp", cov="cluster")
    >>> test = pv.wild_bootstrap_test(fixed, "beertax", draws=999, seed=1)
    >>> test
    <Wild cluster bootstrap (rademacher, 999 draws, seed 1, 48 clusters by state): t = -1.6136, p = 0.1560>
    >>> print(round(test.lower, 3), round(test.upper, 3))
    -1.049 0.244
    """
    choose("weights", weights, kernel.KINDS)
    choose("ties", ties, ("count", "strict"))
    choose("statistic", statistic, VARIANTS)
    choose("alternative", alternative, ALTERNATIVES)
    coverage = check_level(level)
    draws, impose_null = read_whole("draws", draws, 1, MOST_DRAWS), read_flag("impose_null", impose_null)
    linear_result("A wild cluster bootstrap", result)
    result.fit.rows_or_refuse("A wild cluster bootstrap")
    result.fit.refuse_exact("A wild cluster bootstrap")
    matrix, target, text = restriction_matrix(restriction, None, result.names)
    _check_restrictions(result, matrix, alternative)
    matrix, target, powers = in_units_of_errors(matrix, target, result.covariance.matrix)
    given = list(result.covariance.by or ("entity",)) if cluster is None else cluster
    clustering = Clustering(result, given, bootstrap_cluster)
    sample = _sample(result, clustering, matrix, statistic, impose_null=impose_null)
    gap = matrix @ result.fit.coefficients - target
    if not (np.abs(gap) < _FARTHEST).all():
        raise NumericalError(
            "The hypothesis is so many standard errors from the estimates that its statistic overflows."
        )
    usual = np.diagonal(matrix @ result.fit.bread @ matrix.T) * (result.rss / result.nobs)
    if (np.diagonal(sample.variance) <= result.fit.rounding * usual).any() and len(clustering.dimensions) == 1:
        raise NumericalError(
            f"There is no statistic to bootstrap: clustered by {clustering.label}, the variance of {text} is zero, "
            "because its scores add up to zero in every cluster."
        )
    _check_variance(sample.variance, gap, len(clustering.dimensions))
    groups = clustering.bootstrap.n_groups
    count, enumerated, chunks = kernel.signs(weights, groups, draws, read_generator("seed", seed), sample.scores.rows)
    if len(gap) == 1:
        found = kernel.one_restriction(sample.scores, chunks)
        test, distance = _Single(sample, found, alternative, ties == "count", enumerated), float(gap[0])
        observed, pvalue = distance / test.error, test.pvalue(distance)
        infeasible = int(np.isnan(found.statistics(distance)).sum())
        estimate, power = float(matrix[0] @ result.fit.coefficients), int(powers[0])
        accepted = reversed(test.accepted(1.0 - coverage))
        pieces = tuple(
            (math.ldexp(estimate - high, power), math.ldexp(estimate - low, power)) for low, high in accepted
        )
        estimate = math.ldexp(estimate, power)
    else:
        joint = kernel.joint_statistics(sample.scores, gap, chunks)
        wald = float(kernel.wald(sample.variance[None], gap[None], simple=len(clustering.groupings) == 1)[0])
        observed, pvalue = wald / len(gap), kernel.tail_share(joint, wald, ties=ties == "count", complete=enumerated)
        infeasible = int(np.isnan(joint).sum())
        estimate, pieces = float("nan"), ()
    notes = small_sample_notes(clustering, weights, count, enumerated, 1.0 - coverage, infeasible, pieces)
    emit(notes)
    counted = f"all {count} draws" if enumerated else say_draws(count, seed)
    imposed = "" if impose_null else ", null not imposed"
    which = "" if statistic == "11" else f", variant {statistic}"
    tail = "" if alternative == "two-sided" else f", {alternative}"
    return WildBootstrapResult(
        name=f"Wild cluster bootstrap ({weights}, {counted}, {groups} clusters by {clustering.label}"
        f"{clustering.covariance_text}{imposed}{which}{tail})",
        statistic=observed,
        pvalue=pvalue,
        distribution="bootstrap",
        df=len(gap),
        null=text,
        notes=notes,
        estimate=estimate,
        lower=pieces[0][0] if pieces else float("nan"),
        upper=pieces[-1][1] if pieces else float("nan"),
        confidence_set=pieces,
        level=coverage,
        draws=count,
        enumerated=enumerated,
        clusters=groups,
        weights=weights,
        alternative=alternative,
        variant=statistic,
        infeasible=infeasible,
    )


def _check_restrictions(result: LinearResult, matrix: Array, alternative: str) -> None:
    fit = result.fit
    fit.refuse_instruments(
        "The wild cluster bootstrap",
        "it would hold the first stage fixed, which is wrong where instruments are weak. Use anderson_rubin, which is "
        "valid then.",
    )
    fit.refuse_mixed("The wild cluster bootstrap")
    if fit.constant and fit.absorbed is not None and matrix[:, 0].any():
        raise SpecificationError(
            "The constant of absorbed effects is a mean of estimated effects, not a coefficient of the regression that "
            "is bootstrapped. Restrict slopes instead."
        )
    if len(matrix) > 1 and alternative != "two-sided":
        raise SpecificationError(
            f"alternative={alternative!r} needs a single restriction, because a Wald statistic of {len(matrix)} has no "
            "sign."
        )


def _check_variance(variance: Array, gap: Array, dimensions: int) -> None:
    form = quadratic_form(gap, variance)
    if dimensions > 1 and not (form.positive and form.rank == len(gap)):
        raise NumericalError(
            f"There is no statistic to bootstrap: the covariance of {count_of(len(variance), 'restriction')}, "
            f"clustered by {dimensions} dimensions, is not positive definite. Cluster by one dimension."
        )
    if not form.determined:
        raise NumericalError(
            f"The clustered covariance of {count_of(len(variance), 'restriction')} has rank {int(form.rank)}, so every "
            "statistic would depend on how the restrictions are written. Test fewer restrictions."
        )


@dataclass(frozen=True, eq=False)
class _Sample:
    """Scores of the draws, and the covariance (r, r) of the restrictions in the sample, factors included."""

    scores: kernel.Scores
    variance: Array
    factor: float


def _sample(result: LinearResult, clustering: Clustering, matrix: Array, variant: str, *, impose_null: bool) -> _Sample:
    fit = result.fit
    if variant == "11":
        factors = clustering.factors(result)
        found, moves = scores(
            fit,
            clustering.finest,
            list(zip(clustering.groupings, factors, strict=True)),
            clustering.bootstrap,
            matrix,
            impose_null=impose_null,
        )
        variance = np.sum([f * one.T @ one for f, one in zip(factors, moves, strict=True)], axis=0)
        return _Sample(found, variance, 1.0)
    if len(clustering.dimensions) > 1 or clustering.bootstrap is not clustering.groupings[0]:
        raise SpecificationError(
            f"statistic={variant!r} leaves out each cluster of the one dimension whose signs are drawn. Give one "
            "cluster= and no bootstrap_cluster=, or use statistic='11'."
        )
    found, one = jackknife_scores(fit, clustering.bootstrap, matrix, impose_null=impose_null, variant=variant)
    if variant[1] == "3":
        factor = BiasReduced(clustering.given[0], kind="CR3", df="groups")(fit, result.convention).factor
    else:
        factor = clustering.factors(result)[0]
    return _Sample(found, factor * one.T @ one, factor)


@dataclass(frozen=True, eq=False)
class _Single:
    """The test of one restriction at any gap between estimate and hypothesis."""

    sample: _Sample
    draws: kernel.Quadratics
    alternative: str
    ties: bool
    mirrored: bool

    @cached_property
    def error(self) -> float:
        """Standard error of the estimate."""
        return float(np.sqrt(self.sample.variance[0, 0]))

    @cached_property
    def _scale(self) -> float:
        """Standard error on the scale of the draws, which carry no factor where there is one dimension."""
        return self.error / float(np.sqrt(self.sample.factor))

    def pvalue(self, gap: float) -> float:
        """Return the p-value at a gap."""
        statistics = self.draws.statistics(gap)
        return kernel.pvalue(statistics, gap / self._scale, self.alternative, ties=self.ties, mirrored=self.mirrored)

    def accepted(self, alpha: float) -> list[tuple[float, float]]:
        """Return the gaps that are not rejected, as intervals in increasing order."""
        # A share that equals the level (50 of 1,000 draws) rejects, and 1 - 0.95 is a little less than 0.05.
        alpha += 1e-12
        grid = self.error * np.concatenate((-_GRID[:0:-1], _GRID))
        inside = np.array([self.pvalue(gap) > alpha for gap in grid])
        changes = np.flatnonzero(inside[1:] != inside[:-1])
        ends = [
            _boundary(self.pvalue, alpha, float(grid[i]), float(grid[i + 1]), inside=bool(inside[i])) for i in changes
        ]
        edges = [*([-np.inf] if inside[0] else []), *ends, *([np.inf] if inside[-1] else [])]
        return [(edges[i], edges[i + 1]) for i in range(0, len(edges), 2)]


def _boundary(pvalue: Callable[[float], float], alpha: float, left: float, right: float, *, inside: bool) -> float:
    """Return where between two gaps the verdict changes, ``inside`` being that at the left."""
    for _ in range(200):
        middle = 0.5 * (left + right)
        if right - left <= 1e-9 * max(abs(left), abs(right)) or middle in (left, right):
            break
        if (pvalue(middle) > alpha) == inside:
            left = middle
        else:
            right = middle
    return 0.5 * (left + right)
