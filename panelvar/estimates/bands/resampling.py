"""Bootstraps that generate data recursively from resampled residuals and refit the model to each data set.

They differ in how residuals are resampled: drawn independently (`ResidualBootstrap`), from a normal distribution
(`ParametricBootstrap`), in blocks (`MovingBlockBootstrap`), or each kept in its period and multiplied at random
(`RecursiveWildBootstrap`).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_whole
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note, NumericalError, SpecificationError, choose
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.bands.drawable import Drawable, Draws, FromEntities, FromInnovations, HasResiduals, Resampled
from panelvar.estimates.bands.simulated import Simulated, chunked
from panelvar.estimates.bands.target import Target
from panelvar.kernels.dynamics.orthonormal_instruments import orthonormal_instruments
from panelvar.kernels.linear.draws import wild_multipliers


class Pool(NamedTuple):
    """What is resampled.

    Attributes
    ----------
    residuals : array (n, K)
    df_resid : int
        Their degrees of freedom.
    carried : array (n, k) or None
        Series of the same rows that go along with them.
    of_entities : bool
        Whether rows are of several entities.
    """

    residuals: Array
    df_resid: int
    carried: Array | None = None
    of_entities: bool = False

    def carried_of(self, chosen: npt.NDArray[np.integer[Any]]) -> Array | None:
        """What is carried by rows (B, length)."""
        return None if self.carried is None else np.take(self.carried, chosen, axis=0)


@dataclass(frozen=True)
class Recursive(Simulated):
    """Bootstraps that share one recursion and differ in how they resample residuals."""

    def chunks(self, target: Target, rng: np.random.Generator) -> Iterator[Draws]:
        """Yield the refits of resampled data, chunk by chunk."""
        model, studentised = regenerated(target.model), self.interval == "studentised"
        if studentised and model.restriction:
            raise SpecificationError("A restricted system has no studentised intervals here. Use interval='hall'.")
        for drawn in self.innovations(model, self.draws, rng, target.future_steps, target.carried):
            yield model.redrawn(drawn, spreads=studentised)

    def innovations(
        self,
        model: HasResiduals,
        draws: int,
        rng: np.random.Generator,
        future_steps: int = 0,
        carried: Array | None = None,
    ) -> Iterator[Resampled]:
        """Yield resampled data sets, chunk by chunk."""
        pool = Pool(model.residuals, model.df_resid, carried, isinstance(model, FromEntities))
        rows = len(pool.residuals)
        for count in chunked(draws, model.chunk_size()):
            drawn, beside = self.resample(pool, count, rows + future_steps, rng)
            future = drawn[:, rows:] if future_steps else None
            yield Resampled(drawn[:, :rows], future, None if beside is None else orthonormal(beside[:, :rows]))

    @abstractmethod
    def resample(self, pool: Pool, draws: int, length: int, rng: np.random.Generator) -> tuple[Array, Array | None]:
        """Return resampled residuals (draws, length, K) and, of the same rows, what is carried (draws, length, k).

        ``length`` is the number of rows of the data or more.
        """


def regenerated(model: Drawable) -> FromInnovations:
    """The model as one that generates data, or say that it does not."""
    if not isinstance(model, FromInnovations):
        raise SpecificationError(
            "This bootstrap resamples residuals to generate data, which this model cannot do. MonteCarlo draws "
            "coefficients instead, and EntityBootstrap draws the entities of a panel."
        )
    return model


def orthonormal(carried: Array) -> Array:
    """Demeaned, orthonormal columns of resampled series, or say that some do not vary."""
    try:
        return orthonormal_instruments(carried)
    except np.linalg.LinAlgError:
        raise NumericalError(
            "In a bootstrap data set the instrument does not vary: it has too few values. Use longer blocks, or an "
            "instrument observed more often."
        ) from None


@documented
@dataclass(frozen=True)
class ResidualBootstrap(Recursive):
    r"""Residual bootstrap of a vector autoregression.

    Residuals are centred, rescaled by :math:`\sqrt{n / (n - m)}`, drawn with replacement (whole rows, so that
    contemporaneous correlation stays), and run through the estimated recursion from the observed first p values; each
    data set is refitted (Luetkepohl 2005, appendix D).

    Parameters
    ----------
    {draws, seed, interval, joint, over}

    See Also
    --------
    BootstrapAfterBootstrap : corrects the bias of the estimates.
    MovingBlockBootstrap : holds under conditional heteroskedasticity.
    MonteCarlo, DeltaMethod : bands without data sets, which cost less.

    Notes
    -----
    The percentile band inherits the small-sample bias of autoregressive estimates; `BootstrapAfterBootstrap` corrects
    it. It treats residuals as independent over time. If their variance changes with the past, use
    `MovingBlockBootstrap`.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> irf = model.impulse_responses(4, bands=pv.ResidualBootstrap(draws=200, seed=1))
    >>> irf.response("unemp", "tbilrate").round(3).tail(1)
             value  lower  upper  std_error
    horizon
    4        0.053 -0.013   0.16      0.044
    """

    @property
    def kind(self) -> str:
        """How the draws are made, in words."""
        return "residual bootstrap"

    def resample(self, pool: Pool, draws: int, length: int, rng: np.random.Generator) -> tuple[Array, Array | None]:
        """Rows of the centred, rescaled residuals, drawn independently."""
        residuals = pool.residuals - pool.residuals.mean(axis=0)
        residuals *= np.sqrt(len(residuals) / pool.df_resid)
        # 32-bit draws halve the cost; the generator keeps unused halves, so chunks do not change the stream.
        chosen = rng.integers(0, len(residuals), (draws, length), dtype=np.uint32)
        return np.take(residuals, chosen, axis=0), pool.carried_of(chosen)


MULTIPLIERS = ("rademacher", "normal", "mammen")


@documented
@dataclass(frozen=True)
class RecursiveWildBootstrap(Recursive):
    r"""Wild bootstrap: each period keeps its residual, times a random number of mean zero and variance one.

    :math:`u_t^* = \eta_t \hat u_t`, run through the estimated recursion (Goncalves and Kilian 2004, J. Econometrics
    123; Hafner and Herwartz 2009 for vectors). It respects conditional heteroskedasticity of unknown form
    in the coefficients' distribution.

    Parameters
    ----------
    {draws, seed, interval, joint, over}
    multiplier : {"rademacher", "normal", "mammen"}
        Distribution of :math:`\eta_t`: 1 or -1, the standard normal, or Mammen's two points.

    See Also
    --------
    MovingBlockBootstrap : bands that count the residual covariance too.
    granger_bootstrap_test : a wild bootstrap of a test.

    Notes
    -----
    When to use something else: for responses to orthogonalised or one-standard-deviation shocks use
    `MovingBlockBootstrap`. The draws here do not reproduce the variance of the residual covariance (with Rademacher's
    numbers it hardly varies at all), so bands of what depends on it are not consistent (Bruggemann, Jentsch and
    Trenkler 2016, J. Econometrics 191); a warning says so.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> bands = pv.RecursiveWildBootstrap(draws=200, seed=1)
    >>> irf = model.impulse_responses(4, identification="reduced_form", shock_size="unit", bands=bands)
    >>> irf.response("unemp", "tbilrate").round(3).tail(1)
             value  lower  upper  std_error
    horizon
    4        0.066 -0.123  0.236      0.084
    """

    multiplier: str = "rademacher"

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        super().__post_init__()
        choose("multiplier", self.multiplier, MULTIPLIERS)

    @property
    def kind(self) -> str:
        """How the draws are made, in words."""
        return f"recursive wild bootstrap ({self.multiplier.capitalize()})"

    def notes(self, target: Target) -> tuple[Note, ...]:
        """Warn where the residual covariance matters."""
        if target.carried is not None:
            text = (
                "A wild bootstrap multiplies residuals and instrument by the same numbers. Their covariance stays the "
                "same in every draw, so the band is far too narrow (Jentsch and Lunsford 2019). Use "
                "MovingBlockBootstrap."
            )
            return (Note("wild-instrument", text, warn=True),)
        if not target.uses_sigma:
            return ()
        text = (
            "A wild bootstrap does not reproduce the sampling variation of the residual covariance, on which "
            "these responses depend, so the band is too narrow at short horizons. Use MovingBlockBootstrap, which "
            "is consistent here."
        )
        return (Note("wild-sigma", text, warn=True),)

    def resample(self, pool: Pool, draws: int, length: int, rng: np.random.Generator) -> tuple[Array, Array | None]:
        """Residuals times multipliers; the future's are residuals of periods drawn at random."""
        residuals, carried = pool.residuals, pool.carried
        ahead = length - len(residuals)
        signs = wild_multipliers(self.multiplier, (draws, length), rng)
        rows: Array = residuals
        if ahead:
            later = rng.integers(0, len(residuals), (draws, ahead), dtype=np.uint32)
            rows = np.concatenate([np.broadcast_to(residuals, (draws, *residuals.shape)), residuals[later]], axis=1)
        moved: Array = signs[..., None] * rows
        if carried is None:
            return moved, None
        # The same multiplier, as Mertens and Ravn (2013) have it; rows of the future are not asked for.
        return moved, signs[:, : len(carried), None] * carried


@documented
@dataclass(frozen=True)
class ParametricBootstrap(Recursive):
    r"""Parametric bootstrap: errors drawn from a normal distribution with the estimated covariance.

    :math:`u_t^* \sim N(0, \hat\Sigma)` with :math:`\hat\Sigma = U'U / (n - m)`, run through the estimated recursion
    from the observed first p values; each data set is refitted. Stata calls it ``bsp``, and statsmodels ``errband_mc``.

    Parameters
    ----------
    {draws, seed, interval, joint, over}

    Raises
    ------
    SpecificationError
        An instrument identifies the shocks, and its distribution is not estimated.
    NumericalError
        The residual covariance is singular.

    See Also
    --------
    ResidualBootstrap : resamples residuals instead of a normal distribution.
    MonteCarlo : draws parameters instead of data sets.

    Notes
    -----
    When to use something else: where errors are not normal, their fourth moments set the spread of the residual
    covariance, and `ResidualBootstrap` keeps their distribution. The parametric bootstrap pays where rows are so few
    that their residuals are a poor picture of it. Unlike `MonteCarlo`, which moves the parameters about the estimates,
    it carries the small-sample bias of refits.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> bands = pv.ParametricBootstrap(draws=200, seed=1)
    >>> model.impulse_responses(4, bands=bands).response("unemp", "tbilrate").round(3).tail(1)
             value  lower  upper  std_error
    horizon
    4        0.053 -0.032  0.164      0.047
    """

    @property
    def kind(self) -> str:
        """How the draws are made, in words."""
        return "parametric bootstrap (normal)"

    def resample(self, pool: Pool, draws: int, length: int, rng: np.random.Generator) -> tuple[Array, Array | None]:
        """Normal errors with covariance U'U over the degrees of freedom."""
        if pool.carried is not None:
            raise SpecificationError(
                "A parametric bootstrap draws errors but no instrument. Use MovingBlockBootstrap or "
                "ResidualBootstrap, which resample both."
            )
        sigma = pool.residuals.T @ pool.residuals / pool.df_resid
        try:
            factor = np.linalg.cholesky(sigma).astype(np.float64, copy=False)
        except np.linalg.LinAlgError:
            raise NumericalError(
                "The residual covariance is singular, so there is no normal density to draw errors from. Use "
                "ResidualBootstrap."
            ) from None
        return rng.standard_normal((draws, length, len(factor))) @ factor.T, None


# With 100 rows and six blocks bands cover three to eight points less than the residual bootstrap's.
FEWEST_BLOCKS = 10


@documented
@dataclass(frozen=True)
class MovingBlockBootstrap(Recursive):
    r"""Moving block bootstrap of residuals, which is consistent under conditional heteroskedasticity of unknown form.

    Blocks of :math:`\ell` consecutive residuals are drawn with replacement and laid end to end; what stands at place s
    of a block is centred by the mean of all residuals that can stand there,

    .. math:: u^*_{j\ell + s} = \hat u_{i_j + s} - \frac{1}{n - \ell + 1} \sum_{r=0}^{n-\ell} \hat u_{s + r},

    and run through the estimated recursion (Bruggemann, Jentsch and Trenkler 2016, J. Econometrics 191, 69-85, section
    4). As in that paper the residuals are not rescaled for the coefficients they cost, as `ResidualBootstrap` rescales
    its own. Unlike a wild bootstrap it reproduces the joint distribution of coefficients and residual covariance.

    Parameters
    ----------
    {draws, seed, interval, joint, over}
    block_length : int or None
        :math:`\ell`; None takes :math:`\lceil 5.03\, n^{1/4} \rceil` (Jentsch and Lunsford 2019).

    See Also
    --------
    ResidualBootstrap : for errors that are independent over time.
    RecursiveWildBootstrap : for the coefficients alone.
    ExternalInstrument : shocks whose bands it makes.

    Notes
    -----
    With few periods there are few blocks, and bands are too narrow. You want twenty blocks or more; under ten a warning
    says so.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> bands = pv.MovingBlockBootstrap(draws=200, block_length=10, seed=1)
    >>> model.impulse_responses(4, bands=bands).response("unemp", "tbilrate").round(3).tail(1)
             value  lower  upper  std_error
    horizon
    4        0.053 -0.079  0.187      0.065
    """

    block_length: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        super().__post_init__()
        if self.block_length is not None:
            read_whole("block_length", self.block_length, 1)

    @property
    def kind(self) -> str:
        """How the draws are made, in words."""
        blocks = "" if self.block_length is None else f" (blocks of {self.block_length})"
        return f"moving block bootstrap{blocks}"

    def notes(self, target: Target) -> tuple[Note, ...]:
        """Warn of few blocks."""
        rows = target.model.nobs
        length = self.length_for(rows)
        if rows >= FEWEST_BLOCKS * length:
            return ()
        text = (
            f"{rows} rows make only {rows / length:.1f} blocks of {length} residuals, so the band is too narrow. "
            "You need about twenty blocks. Give a shorter block_length=, or use another bootstrap."
        )
        return (Note("few-blocks", text, warn=True),)

    def length_for(self, rows: int) -> int:
        """Block length for a number of rows.

        Raises
        ------
        InsufficientDataError
            Blocks are as long as the data or longer.
        """
        length = int(np.ceil(5.03 * rows**0.25)) if self.block_length is None else int(self.block_length)
        if length > rows:
            raise InsufficientDataError(
                f"Blocks of {length} periods do not fit into {count_of(rows, 'row')}. Give a shorter block_length=."
            )
        if length == rows:
            raise InsufficientDataError(
                f"With one block of all {rows} periods, centring the residuals leaves only zeros, so every draw "
                "would fit exactly. Give a shorter block_length=, or use another bootstrap."
            )
        return length

    def resample(self, pool: Pool, draws: int, length: int, rng: np.random.Generator) -> tuple[Array, Array | None]:
        """Blocks laid end to end, the last one cut."""
        if pool.of_entities:
            raise SpecificationError(
                "MovingBlockBootstrap draws blocks of one entity's periods: for a panel use EntityBootstrap, which "
                "keeps an entity's periods together."
            )
        residuals, rows = pool.residuals, len(pool.residuals)
        block = self.length_for(rows)
        starts = rows - block + 1
        total = np.concatenate([np.zeros((1, residuals.shape[1])), np.cumsum(residuals, axis=0)])
        centres = (total[starts : starts + block] - total[:block]) / starts
        count = -(-length // block)
        first = rng.integers(0, starts, (draws, count), dtype=np.uint32).astype(np.intp)
        chosen = (first[:, :, None] + np.arange(block)).reshape(draws, -1)[:, :length]
        drawn: Array = residuals[chosen]
        drawn -= np.tile(centres, (count, 1))[:length]
        return drawn, pool.carried_of(chosen)
