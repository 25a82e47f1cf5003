r"""The one band engine: where uncertainty comes from, what it is asked about, and how draws become a band.

A **source** delivers draws of the parameters (`ResidualBootstrap`, `MonteCarlo`) or first derivatives (`DeltaMethod`).
A **statistic** is a function of a `ReducedForm` of many draws that returns one array a draw (responses, shares).
A **rule** turns the draws of the statistic into a lower and an upper limit (`percentile`). The three combine freely; a
`Target` carries the statistic, its value at the estimate and what a source needs to know about the fit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from panelvar.errors import Note, NumericalError, SpecificationError
from panelvar.identification.scheme import ReducedForm
from panelvar.kernels.lag_problem import LagProblem, lag_matrices

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Target:
    """What a band is wanted for.

    Parameters
    ----------
    problem : LagProblem
        The fit whose parameters are uncertain.
    divisor : int
        Sigma is U'U over this.
    estimate : array
        The statistic at the estimates.
    statistic : callable
        `ReducedForm` of B draws to an array of one leading axis more than ``estimate``.
    variance : callable or None
        The delta-method variance of the statistic, an array like ``estimate``; None where no formula exists.
    """

    problem: LagProblem
    divisor: int
    estimate: Array
    statistic: Callable[[ReducedForm], Array]
    variance: Callable[[], Array] | None = None


@dataclass(frozen=True, eq=False)
class Band:
    """Limits of a statistic, and what they were made from.

    Parameters
    ----------
    lower, upper : array
        Like the statistic.
    level : float
        Confidence level of each entry.
    label : str
        How the band was made, for the foot of a table or figure.
    std_errors : array
        Delta-method standard errors, or the standard deviation of the draws.
    draws : array (B, ...) or None
        The statistic of every draw.
    notes : tuple of Note
    """

    lower: Array
    upper: Array
    level: float
    label: str
    std_errors: Array
    draws: Array | None = None
    notes: tuple[Note, ...] = ()


class BandSource(Protocol):
    """Anything that can put a band around a `Target`."""

    def band(self, target: Target, level: float) -> Band:
        """Return limits of the target's statistic at a confidence level."""
        ...


Rule = Callable[[Array, Array, float], tuple[Array, Array]]


def percentile(estimate: Array, draws: Array, level: float) -> tuple[Array, Array]:
    """Pointwise limits: the (1 - level) / 2 and (1 + level) / 2 quantiles of the draws (Luetkepohl, appendix D.3)."""
    # One sort of contiguous columns costs a fifth of np.quantile along the first axis; same interpolation.
    ordered = np.sort(np.ascontiguousarray(draws.reshape(draws.shape[0], -1).T), axis=1)
    tail = (1.0 - level) / 2.0
    lower, upper = (_between(ordered, share).reshape(estimate.shape) for share in (tail, 1.0 - tail))
    return lower, upper


def _between(ordered: Array, share: float) -> Array:
    """Quantile of each row of sorted values, interpolated linearly between order statistics."""
    place = share * (ordered.shape[1] - 1)
    below = min(int(place), ordered.shape[1] - 2)
    left, right = ordered[:, below], ordered[:, below + 1]
    value: Array = left + (place - below) * (right - left)
    return value


RULES: dict[str, Rule] = {"percentile": percentile}


def _reduced_form(problem: LagProblem, params: Array, factor: Array) -> ReducedForm:
    d = problem.n_deterministic
    return ReducedForm(lag_matrices(params, d), factor, params[..., :d, :])


def _finite_errors(errors: Array) -> Array:
    if not np.isfinite(errors).all():
        raise NumericalError("The variances of the responses overflow: the system is explosive. Shorten the horizon.")
    return errors


@dataclass(frozen=True)
class _Simulated:
    """Sources that deliver draws: how many, from which seed, and the rule that reads them."""

    draws: int = 1000
    seed: int | None = None
    rule: str = "percentile"

    def __post_init__(self) -> None:
        if isinstance(self.draws, bool) or not isinstance(self.draws, (int, np.integer)) or self.draws < 2:
            raise SpecificationError(f"draws={self.draws!r}: expected an integer of at least 2.")
        if self.rule not in RULES:
            raise SpecificationError(f"rule={self.rule!r} is not known. Choose one of: {', '.join(RULES)}.")
        if self.seed is not None and (
            isinstance(self.seed, bool) or not isinstance(self.seed, (int, np.integer)) or self.seed < 0
        ):
            raise SpecificationError(f"seed={self.seed!r}: expected a non-negative integer or None.")

    @property
    def label(self) -> str:
        """One line for the foot of a table or figure."""
        raise NotImplementedError

    def parameters(self, problem: LagProblem, divisor: int) -> Iterator[ReducedForm]:
        """Yield the draws chunk by chunk."""
        raise NotImplementedError

    def band(self, target: Target, level: float) -> Band:
        """Evaluate the statistic on every draw and apply the rule."""
        chunks = [target.statistic(chunk) for chunk in self.parameters(target.problem, target.divisor)]
        draws = np.concatenate(chunks)
        broken = int(np.count_nonzero(~np.isfinite(draws.reshape(draws.shape[0], -1)).all(axis=1)))
        if broken:
            raise NumericalError(
                f"{broken} of {draws.shape[0]} draws have responses that are not finite; the system is explosive. "
                "Shorten the horizon or model the data in differences."
            )
        lower, upper = RULES[self.rule](target.estimate, draws, level)
        notes = []
        if self.draws * (1.0 - level) < 10.0:
            notes.append(
                Note(
                    "few-draws",
                    f"A {level:.0%} band from {self.draws} draws rests on {self.draws * (1.0 - level) / 2.0:.1f} draws "
                    "in each tail.",
                    warn=True,
                )
            )
        if self.seed is None:
            notes.append(Note("no-seed", "The draws were not seeded: the same call gives a slightly different band."))
        with np.errstate(over="ignore", invalid="ignore"):
            errors = draws.std(axis=0, ddof=1)
        return Band(lower, upper, level, self.label, _finite_errors(errors), draws, tuple(notes))


@dataclass(frozen=True)
class ResidualBootstrap(_Simulated):
    r"""Residual bootstrap of a vector autoregression.

    Residuals are centred, rescaled by :math:`\sqrt{n / (n - m)}`, drawn with replacement (whole rows, so that
    contemporaneous correlation stays), and run through the estimated recursion from the observed first p values; each
    data set is refitted (Luetkepohl 2005, appendix D.3).

    Parameters
    ----------
    draws : int
        Number of data sets.
    seed : int or None
        Seed of `numpy.random.default_rng`; the same seed gives the same band.
    rule : {"percentile"}
        How draws become limits.

    Notes
    -----
    The percentile band inherits the small-sample bias of autoregressive estimates. Residuals are treated as
    independent over time: conditional heteroskedasticity is not respected.
    """

    @property
    def label(self) -> str:
        """One line for the foot of a table or figure."""
        return f"residual bootstrap, {self.draws} draws, {self.rule} limits"

    def parameters(self, problem: LagProblem, divisor: int) -> Iterator[ReducedForm]:
        """Yield the refits of resampled data, chunk by chunk."""
        rng = np.random.default_rng(self.seed)
        n_rows = problem.nobs
        pool = problem.residuals - problem.residuals.mean(axis=0)
        pool *= np.sqrt(n_rows / problem.df_resid)
        size = problem.chunk_size()
        for first in range(0, self.draws, size):
            count = min(size, self.draws - first)
            # 32-bit draws halve the cost; the generator keeps unused halves, so chunks do not change the stream.
            chosen = rng.integers(0, n_rows, (count, n_rows), dtype=np.uint32)
            try:
                refits = problem.refit(np.take(pool, chosen, axis=0))
            except np.linalg.LinAlgError:
                raise NumericalError(
                    "A bootstrap data set has linearly dependent regressors: there are too few rows for this many "
                    "coefficients. Use fewer lags."
                ) from None
            yield _reduced_form(problem, refits.params, refits.scatter_factor / np.sqrt(divisor))


@dataclass(frozen=True)
class MonteCarlo(_Simulated):
    r"""Draws from the normal-inverse-Wishart distribution of the parameters.

    :math:`\Sigma \sim IW(U'U, n - m)` and, given it, :math:`\mathrm{vec} B \sim N(\mathrm{vec} \hat B, \Sigma \otimes
    (X'X)^{-1})`: the posterior under the usual flat prior, and the integration most programs call Monte Carlo (Kadiyala
    and Karlsson 1997, section 2; Sims and Zha 1999). No data set is generated, so it is the fastest simulated band.

    Parameters
    ----------
    draws, seed, rule
        As in `ResidualBootstrap`.
    """

    @property
    def label(self) -> str:
        """One line for the foot of a table or figure."""
        return f"Monte Carlo (normal-inverse-Wishart), {self.draws} draws, {self.rule} limits"

    def parameters(self, problem: LagProblem, divisor: int) -> Iterator[ReducedForm]:
        """Yield draws from the normal-inverse-Wishart distribution, chunk by chunk."""
        rng = np.random.default_rng(self.seed)
        m, n_vars, degrees = problem.n_regressors, problem.n_vars, problem.df_resid
        size = problem.chunk_size()
        for first in range(0, self.draws, size):
            count = min(size, self.draws - first)
            # Bartlett: A A' is Wishart(I, degrees), hence C A^-T A^-1 C' is inverse Wishart with scale C C'.
            bartlett = np.tril(rng.standard_normal((count, n_vars, n_vars)), -1)
            diagonal = np.arange(n_vars)
            bartlett[:, diagonal, diagonal] = np.sqrt(rng.chisquare(degrees - diagonal, (count, n_vars)))
            scale = np.broadcast_to(problem.scatter_factor.T, bartlett.shape)
            solved = np.linalg.solve(bartlett, scale).astype(np.float64, copy=False)
            root = solved.swapaxes(1, 2)
            factor = np.linalg.cholesky(root @ solved).astype(np.float64, copy=False)
            noise = rng.standard_normal((count, m, n_vars)) @ factor.swapaxes(1, 2)
            params = problem.params + problem.inverse_factor @ noise
            yield _reduced_form(problem, params, factor)


@dataclass(frozen=True)
class DeltaMethod:
    """Asymptotic normal bands: the estimate plus and minus a normal quantile times its delta-method standard error.

    Notes
    -----
    Luetkepohl (2005), proposition 3.6. Symmetric by construction; poor at long horizons of persistent systems, where
    `ResidualBootstrap` is to be preferred.
    """

    def band(self, target: Target, level: float) -> Band:
        """Return symmetric limits.

        Raises
        ------
        SpecificationError
            No formula for this statistic.
        NumericalError
            The variances overflow.
        """
        from scipy.special import ndtri

        if target.variance is None:
            raise SpecificationError("No delta-method formula for this statistic: use ResidualBootstrap.")
        errors = _finite_errors(np.sqrt(target.variance()))
        reach = float(ndtri((1.0 + level) / 2.0)) * errors
        return Band(target.estimate - reach, target.estimate + reach, level, "asymptotic normal (delta method)", errors)
