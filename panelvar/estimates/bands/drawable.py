r"""What a source of bands asks of a model.

Every model says what it estimated, what it restricts, and along which directions its estimates vary: that is all that
`panelvar.estimates.bands.delta_method` reads. How parameters are *drawn* is a scheme, and a model offers the schemes it
can:

- from innovations (`FromInnovations`): data sets are generated from resampled residuals, each of them is fitted;
- from a posterior (`FromPosterior`): parameters are drawn around the estimates, and no data;
- from weights of entities (`FromEntities`): those of a panel are drawn, and the model is fitted to them again.

A source asks for the scheme it needs and says so where a model does not offer it. Another scheme is a protocol and a
subclass of `panelvar.estimates.bands.simulated.Simulated` that asks for it, in whatever room they are wanted:
statistics and rules see `Draws` alone.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, Self, runtime_checkable

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note
from panelvar.kernels.dynamics.reduced_form import ReducedForm


class Draws(NamedTuple):
    """A chunk of draws.

    Attributes
    ----------
    form : ReducedForm
        Parameters, with a leading axis for the draws.
    spread : array (B, m, m) or None
        Roots S of :math:`(X'X)^{-1} = S S'` in each draw's data; made only for studentised intervals.
    future : array (B, steps, K) or None
        Errors in the periods after the data; made only for forecasts.
    unsolved : int
        Draws in which the estimator has no solution, and what is nearest to one stands for it.
    """

    form: ReducedForm
    spread: Array | None = None
    future: Array | None = None
    unsolved: int = 0


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
    future: Array | None = None
    carried: Array | None = None


class Drawable(Protocol):
    """A fitted model whose parameters are uncertain."""

    @property
    def estimate(self) -> ReducedForm:
        """The reduced form at the estimates, without an axis for draws."""

    @property
    def restriction(self) -> str:
        """What is restricted, in words; empty if nothing is."""

    @property
    def nobs(self) -> int:
        """Rows explained."""

    @property
    def n_free(self) -> int:
        """Coefficients estimated in all equations together."""

    def chunk_size(self) -> int:
        """Draws made at once."""

    def directions(self, form: ReducedForm, spread: Array | None = None) -> Array:
        """Directions (..., D, m, K) whose outer products add up to the covariance of the coefficients.

        Parameters
        ----------
        form : ReducedForm
            The estimate, or a batch of draws.
        spread : array (..., m, m), optional
            Roots of the inverse moments in each draw's data (`Draws.spread`); the model's own by default.
        """


class HasResiduals(Protocol):
    """What residuals are resampled from."""

    @property
    def residuals(self) -> Array:
        """Residuals (n, K) of the equations that generate the data."""

    @property
    def df_resid(self) -> int:
        """Their degrees of freedom."""

    def chunk_size(self) -> int:
        """Data sets made at once."""


@runtime_checkable
class FromInnovations(Drawable, HasResiduals, Protocol):
    """A model that generates data from resampled residuals, and is fitted to them again."""

    def redrawn(self, drawn: Resampled, *, spreads: bool = False) -> Draws:
        """Fits to the data sets of these innovations, with the spread of their regressors if it is asked for.

        Raises
        ------
        NumericalError
            A data set has no fit.
        """

    def asymptotic_bias(self) -> Array:
        """Bias (p, K, K) of the lag coefficients by a formula.

        Raises
        ------
        SpecificationError
            The model has none.
        """

    def without_bias(self, bias: Array) -> Self:
        """The model less a bias (p, K, K): its data come from corrected coefficients, and its refits are corrected."""


@runtime_checkable
class FromPosterior(Drawable, Protocol):
    """A model whose parameters have a distribution around the estimates that can be drawn from."""

    @property
    def distribution(self) -> str:
        """The distribution in words."""

    def posterior(self, draws: int, future_steps: int, rng: np.random.Generator) -> Draws:
        """Parameters, and errors of so many periods after the data."""


@runtime_checkable
class FromEntities(Drawable, Protocol):
    """A model of a panel that is fitted again with other weights of its entities."""

    @property
    def n_entities(self) -> int:
        """Entities, N."""

    @property
    def doubts(self) -> tuple[Note, ...]:
        """What a reader of bands from such fits should know."""

    def entities_at_once(self) -> int:
        """Draws of entities made at once."""

    def reweighted(
        self, weights: Array, future_steps: int, rng: np.random.Generator, carried: Array | None = None
    ) -> Draws:
        """Fits with weights (B, N) of the entities, and errors of so many periods after the data.

        Whole weights are those of a panel in which an entity occurs so often, each time as an entity of its own. Series
        (n, k) that are carried, NaN where missing, are drawn with the rows that they belong to.

        Raises
        ------
        NumericalError
            A draw has no fit.
        SpecificationError
            The model cannot carry series.
        """
