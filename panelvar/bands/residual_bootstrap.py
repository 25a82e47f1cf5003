"""Bootstraps that generate data recursively from resampled residuals and refit the model to each."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from panelvar.bands.simulated import Simulated, reduced_form
from panelvar.bands.target import Draws, Target
from panelvar.base.arrays import Array
from panelvar.base.errors import NumericalError, SpecificationError
from panelvar.dynamics.lag_problem import LagProblem, Refits
from panelvar.identification.instruments_of_shocks import orthonormal_instruments


class Resampled(NamedTuple):
    """A chunk of resampled data sets.

    Attributes
    ----------
    innovations : array (B, n, K)
    future : array (B, steps, K) or None
        Errors of the periods after the data.
    carried : array (B, n, k) or None
        What was resampled along with the residuals: demeaned and orthonormal over the rows that have it, zero in
        the others.
    """

    innovations: Array
    future: Array | None
    carried: Array | None


@dataclass(frozen=True)
class Recursive(Simulated):
    """Bootstraps of one recursion: what differs is how residuals are resampled."""

    def chunks(self, target: Target, rng: np.random.Generator) -> Iterator[Draws]:
        """Yield the refits of resampled data, chunk by chunk."""
        problem = target.problem
        if self.interval == "studentised" and problem.restriction:
            raise SpecificationError("Studentised intervals of restricted systems are not offered: use 'hall'.")
        for drawn in self.innovations(problem, problem.residuals, self.draws, target.future_steps, rng, target.carried):
            refits = refit_or_refuse(problem, drawn.innovations, None, drawn.carried)
            spread = refits.spread(problem) if self.interval == "studentised" else None
            factor = refits.scatter_factor / np.sqrt(target.divisor)
            yield Draws(reduced_form(problem, refits.params, factor, refits.beside), spread, drawn.future)

    def innovations(
        self,
        problem: LagProblem,
        residuals: Array,
        draws: int,
        future_steps: int,
        rng: np.random.Generator,
        carried: Array | None = None,
    ) -> Iterator[Resampled]:
        """Yield resampled data sets, chunk by chunk."""
        size = problem.chunk_size()
        rows = problem.nobs
        for first in range(0, draws, size):
            count = min(size, draws - first)
            drawn, beside = self.resample(residuals, problem.df_resid, count, rows + future_steps, rng, carried)
            future = drawn[:, rows:] if future_steps else None
            yield Resampled(drawn[:, :rows], future, None if beside is None else orthonormal(beside[:, :rows]))

    @abstractmethod
    def resample(
        self,
        residuals: Array,
        df_resid: int,
        draws: int,
        length: int,
        rng: np.random.Generator,
        carried: Array | None = None,
    ) -> tuple[Array, Array | None]:
        """Return resampled residuals (draws, length, K) and, of the same rows, what is carried (draws, length, k).

        ``length`` is the number of rows of the data or more.
        """


def orthonormal(carried: Array) -> Array:
    """Demeaned, orthonormal columns of resampled series, or say that some do not vary."""
    try:
        return orthonormal_instruments(carried)
    except np.linalg.LinAlgError:
        raise NumericalError(
            "In a bootstrap data set the instrument does not vary: it has too few values. Use longer blocks, or an "
            "instrument observed more often."
        ) from None


def refit_or_refuse(
    problem: LagProblem, innovations: Array, params: Array | None = None, carried: Array | None = None
) -> Refits:
    """Refit, or say why a data set has no fit."""
    try:
        return problem.refit(innovations, params, carried)
    except np.linalg.LinAlgError:
        raise NumericalError(
            "A bootstrap data set has linearly dependent regressors: there are too few rows for this many "
            "coefficients. Use fewer lags."
        ) from None


@dataclass(frozen=True)
class ResidualBootstrap(Recursive):
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
    interval : {"percentile", "hall", "studentised"}
        How draws become limits (`panelvar.bands.limits`). Studentised intervals need the delta method's formula.
    joint : {"sup-t", "bonferroni"} or None
        Cover many cells at once, or each by itself (None).
    over : {"path", "all"}
        What a joint band covers: the periods of one response, or all responses together.

    Notes
    -----
    The percentile band inherits the small-sample bias of autoregressive estimates; `BootstrapAfterBootstrap` corrects
    it. Residuals are treated as independent over time: conditional heteroskedasticity is not respected, see
    `MovingBlockBootstrap`.
    """

    @property
    def kind(self) -> str:
        """How the draws are made, in words."""
        return "residual bootstrap"

    def resample(
        self,
        residuals: Array,
        df_resid: int,
        draws: int,
        length: int,
        rng: np.random.Generator,
        carried: Array | None = None,
    ) -> tuple[Array, Array | None]:
        """Rows of the centred, rescaled residuals, drawn independently."""
        pool = residuals - residuals.mean(axis=0)
        pool *= np.sqrt(len(residuals) / df_resid)
        # 32-bit draws halve the cost; the generator keeps unused halves, so chunks do not change the stream.
        chosen = rng.integers(0, len(pool), (draws, length), dtype=np.uint32)
        return np.take(pool, chosen, axis=0), None if carried is None else np.take(carried, chosen, axis=0)
