"""A linear system given by its coefficients: all that a published vector autoregression has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_flag, read_horizon, read_levels
from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.elsewhere import has_attribute, name_here
from panelvar.core.base.errors import (
    MissingAttributeError,
    NumericalError,
    SpecificationError,
    emit,
)
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import one_line
from panelvar.core.base.shared_parameters import documented
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.faces.layout import Fact, Row, words
from panelvar.core.faces.number_format import (
    DEFAULT_STARS,
    Levels,
    Stars,
    check_digits,
    check_stars,
    format_count,
    format_number,
)
from panelvar.core.tables.coefficients import value_row
from panelvar.core.tables.table import Presented, Table
from panelvar.estimates.bands.target import Band, refuse_idle_levels
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.kernels.dynamics.terms import TRENDS_IN_WORDS
from panelvar.kernels.dynamics.unit_free_solves import summed_solve
from panelvar.systems.identification.scheme import Estimates, Identification
from panelvar.systems.responses.decomposition import VarianceDecomposition, shares_of, within_limits
from panelvar.systems.responses.responses import Responses, described_responses, identified_set
from panelvar.systems.responses.shocks import Shocks, choose_shocks, cumulated, positive_factor, read_cumulative
from panelvar.systems.var.process import SystemProcess
from panelvar.systems.var.published import read_published

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


@answering
@dataclass(frozen=True, init=False, eq=False, repr=False)
class System(SystemProcess, Presented):
    r"""A vector autoregression as published: coefficients, perhaps an intercept, perhaps the residual covariance.

    .. math:: y_t = \nu + \delta t + A_1 y_{t-1} + \dots + A_p y_{t-p} + u_t

    Roots, stability and responses to unit shocks need no more than the coefficients. Orthogonalised or
    one-standard-deviation shocks and variance decompositions need ``sigma``; everything else needs the data. A
    `MissingInformationError` says what is missing (of an attribute it is an AttributeError too: ``hasattr`` says no).

    Parameters
    ----------
    coefficients : array (p, K, K)
        Entry [j - 1, i, k] says how variable k moves variable i, j periods later. (K, K) is one lag. A DataFrame will
        do too, or one for each lag: a row for each equation, a column for each variable.
    names : sequence of str, optional
        Variables; by default the columns of a DataFrame, else y1, y2, ... Coefficients, intercept and sigma that have
        labels are put in this order.
    intercept : array (K,), optional
        If you leave it out, it is not known, and `mean` asks for it. Zeros say that there is none.
    trend_slopes : array (K,) or (2, K), optional
        Slopes of t, or of t and its square. With an intercept (K,) is "ct" and (2, K) "ctt"; without, (K,) is "t".
    sigma : array (K, K), optional
        Residual covariance.

    Raises
    ------
    SpecificationError
        Shapes do not fit, names repeat, or sigma is not symmetric positive definite.

    See Also
    --------
    fit_var : estimates a system from data.
    plot_roots : draws the roots in the unit circle.

    Examples
    --------
    >>> import panelvar as pv
    >>> system = pv.System([[[0.5, 0.1], [0.4, 0.5]]], names=["x", "y"], intercept=[0.0, 1.0])
    >>> system.is_stable
    True
    >>> system.moduli.round(3).tolist()
    [0.7, 0.3]

    Both roots lie inside the unit circle:

    >>> figure = system.plot_roots()
    """

    def __init__(
        self,
        coefficients: npt.ArrayLike,
        names: Sequence[str] | None = None,
        *,
        intercept: npt.ArrayLike | None = None,
        trend_slopes: npt.ArrayLike | None = None,
        sigma: npt.ArrayLike | None = None,
    ) -> None:
        self._set(**read_published(coefficients, names, intercept, trend_slopes, sigma))

    @documented
    def impulse_responses(
        self,
        horizon: int = 10,
        *,
        identification: str | Identification = "cholesky",
        shock_size: str = "sd",
        ordering: Sequence[str] | None = None,
        cumulative: bool | str | Sequence[str] = False,
        level: float | Sequence[float] = 0.95,
    ) -> Responses:
        r"""Responses of every variable to every shock, periods 0 to ``horizon``.

        Parameters
        ----------
        {horizon, identification, shock_size, ordering, cumulative, level (models)}

        Returns
        -------
        Responses
            Without bands: there are no data.

        Raises
        ------
        MissingInformationError
            The shock asked for needs sigma, and the system has none.
        """
        summed = read_cumulative(cumulative, self.names)
        levels = read_levels(level)
        shocks = self._shocks(identification, shock_size, ordering)
        horizon = read_horizon("horizon", horizon, 0, self.n_vars**2)
        values = self._responses(shocks, horizon, summed)
        band = self._identified_set(shocks, horizon, summed, levels)
        return self._described(values, shocks, summed, band)

    def _described(self, values: Array, shocks: Shocks, cumulative: Mask, band: Band | None) -> Responses:
        notes = self._stability_notes() + (band.notes if band else ()) + shocks.scheme.notes
        emit(notes)
        return described_responses(values, shocks, cumulative, band, notes)

    def _identified_set(self, shocks: Shocks, horizon: int, cumulative: Mask, levels: Sequence[float]) -> Band | None:
        """Quantiles over the models that a set-valued scheme leaves at the estimates; None for other schemes."""
        models = shocks.models
        if models is None:
            refuse_idle_levels(levels, self._what_has_limits)
            return None
        draws = dynamics.responses(self.coefficients, horizon, models)
        return identified_set(cumulated(draws, 1, cumulative), levels)

    @documented
    def variance_decomposition(
        self,
        horizon: int = 10,
        *,
        identification: str | Identification = "cholesky",
        ordering: Sequence[str] | None = None,
        normalised: bool = False,
        level: float | Sequence[float] = 0.95,
    ) -> VarianceDecomposition:
        """Shares of the shocks in the forecast error variances, horizons 1 to ``horizon``.

        Parameters
        ----------
        horizon : int
            Longest forecast horizon.
        {identification}
            They are of one standard deviation.
        {ordering, normalised, level (models)}

        Returns
        -------
        VarianceDecomposition

        Raises
        ------
        MissingInformationError
            The system has no sigma.
        SpecificationError
            Errors of the reduced form are correlated, so none has a share of its own.
        """
        normalised = read_flag("normalised", normalised)
        shocks = self._decomposing_shocks(identification, ordering)
        levels = read_levels(level)
        decomposed = self._decomposed(shocks, horizon, normalised, levels)
        if not decomposed.limits:
            refuse_idle_levels(levels, self._what_has_limits)
        emit(decomposed.notes)
        return decomposed

    def _decomposing_shocks(self, identification: str | Identification, ordering: Sequence[str] | None) -> Shocks:
        """Check a request for the shocks that share out forecast error variances."""
        shocks = self._shocks(identification, "sd", ordering, "A variance decomposition")
        if not shocks.scheme.shares_out:
            raise SpecificationError(
                f"{shocks.scheme.words} shocks are correlated, and one by itself has no share in a forecast error "
                "variance. Use 'cholesky', 'generalised' or another scheme."
            )
        return shocks

    def _decomposed(
        self, shocks: Shocks, horizon: int, normalised: bool, levels: Sequence[float]
    ) -> VarianceDecomposition:
        if normalised and shocks.scheme.orthogonal and not shocks.complete:
            raise SpecificationError(
                f"normalised=True is for correlated shocks. There are fewer {shocks.scheme.words} shocks than "
                "variables, and the rest of a forecast error variance belongs to other shocks. Leave out "
                "normalised=True."
            )
        steps = read_horizon("horizon", horizon, 1, self.n_vars**2) - 1
        values = self._responses(shocks, steps)
        whole = values if shocks.complete else self._responses(self._shocks("cholesky", "sd", None), steps)
        errors = _forecast_errors(whole)
        notes = self._stability_notes() + shocks.scheme.notes
        variances = None if shocks.complete else errors**2
        shares = shares_of(values, variances, normalised)
        plain = VarianceDecomposition(
            shares, self.names, shocks.names, shocks.scheme.words, shocks.ordering, errors, notes=notes
        )
        if shocks.models is None:
            return plain
        band = identified_set(
            shares_of(dynamics.responses(self.coefficients, steps, shocks.models), variances, normalised), levels
        )
        return within_limits(plain, band, notes)

    @documented
    def long_run_effects(
        self,
        *,
        identification: str | Identification = "reduced_form",
        shock_size: str = "unit",
        ordering: Sequence[str] | None = None,
    ) -> pd.DataFrame:
        r"""Responses summed over all periods: :math:`(I - A_1 - \dots - A_p)^{-1}` times the impact.

        Parameters
        ----------
        {identification, shock_size, ordering}

        Returns
        -------
        DataFrame
            Responses by shocks.

        Raises
        ------
        NumericalError
            The system is not stable: the sum does not exist.
        """
        self._require_stable("long-run effects")
        shocks = self._shocks(identification, shock_size, ordering)
        effects = summed_solve(
            dynamics.lag_sum(self.coefficients), shocks.system_impact(self.coefficients, self.sigma), self._sizes
        )
        return self._of_variables(effects, shocks.names)

    @documented
    def plot_roots(
        self,
        *,
        annotate: bool = True,
        ax: Axes | None = None,
        figure: Figure | SubFigure | None = None,
        figsize: Sequence[float] | None = None,
        title: str | None = None,
    ) -> Figure | SubFigure:
        """Draw the companion roots in the unit circle (`panelvar.plot_roots`).

        Parameters
        ----------
        annotate : bool
            Whether to write each modulus beside its root.
        {ax, figure, figsize, title}

        Returns
        -------
        Figure
        """
        from panelvar.reporting.plots_of_systems.roots import plot_roots

        return plot_roots(self, annotate=annotate, ax=ax, figure=figure, figsize=figsize, title=title)

    def __repr__(self) -> str:
        return one_line(f"<{self._in_short()}>")

    def _in_short(self) -> str:
        return f"VAR({self.lags}) of {listed(self.names)}; trend {self.trend!r}"

    def summary(self, *, stars: Levels = DEFAULT_STARS, digits: int = 4) -> Table:
        """Return a table of the equations side by side, with errors, stars and criteria where there are data; roots.

        Parameters
        ----------
        stars : sequence of float, mapping of str to float, or False
            Significance levels, one star each; or signs and their levels. False for no stars.
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        check_digits(digits)
        levels = check_stars(stars)
        moduli = ", ".join(format_number(modulus, digits) for modulus in self.moduli) or "none"
        verdict = "stable" if self.is_stable else "not stable: a root lies on or outside the unit circle"
        return Table(
            title=f"{self._title}: {', '.join(self.names)}",
            facts=(
                Fact("Lags", format_count(self.lags)),
                Fact("Deterministic", self._deterministic),
                *self._facts(digits),
            ),
            header=(Row("", tuple(map(words, self.names))),),
            body=self._rows(levels, digits),
            foot=self._foot(digits),
            statistics=(Fact("Root moduli", moduli), Fact("Stability", verdict)),
            notes=self._table_notes(levels),
        )

    _title: ClassVar[str] = "Vector autoregression"
    _what_has_limits: ClassVar[str] = (
        "coefficients that are given have no errors, and limits are of the models that SignRestrictions(...) leaves"
    )

    @property
    def _deterministic(self) -> str:
        """What stands beside the lags and exogenous variables, in words."""
        return TRENDS_IN_WORDS[self.trend]

    def _facts(self, digits: int) -> tuple[Fact, ...]:
        return (Fact("Estimates", "coefficients given, no data"),)

    def _rows(self, levels: Stars, digits: int) -> tuple[Row, ...]:
        rows = zip(self.regressor_names, self.params.to_numpy(), strict=True)
        return tuple(value_row(name, values, digits) for name, values in rows)

    def _foot(self, digits: int) -> tuple[Row, ...]:
        return ()

    def _table_notes(self, levels: Stars) -> tuple[str, ...]:
        return ()

    def _no_attribute(self, name: str) -> AttributeError:
        if has_attribute(type(self), "nobs"):
            return super()._no_attribute(name)
        from panelvar.systems.var.var_result import VarResult

        own = has_attribute(VarResult, name) and not name.startswith("_")
        what = name if own else name_here(name, VarResult)
        if what is None or name_here(name, type(self)) is not None:
            return super()._no_attribute(name)
        asked = what if what == name else f"{what} ({name} elsewhere)"
        return MissingAttributeError(f"{asked} needs the data, and this system has coefficients only. Use fit_var.")

    def _shocks(
        self, identification: str | Identification, shock_size: str, ordering: Sequence[str] | None, purpose: str = ""
    ) -> Shocks:
        """Check a request for shocks, and show the scheme the estimates."""
        shocks = choose_shocks(self.names, self.sigma, identification, shock_size, ordering, purpose)
        return shocks if self.sigma is None else shocks.bound(self._estimates(positive_factor(self.sigma)))

    def _estimates(self, factor: Array) -> Estimates:
        return Estimates(ReducedForm(self.coefficients, factor))

    def _responses(self, shocks: Shocks, horizon: int, cumulative: Mask | None = None) -> Array:
        impact = shocks.system_impact(self.coefficients, self.sigma)
        values = dynamics.responses(self.coefficients, horizon, impact)
        if cumulative is not None:
            values = cumulated(values, 0, cumulative)
        if not np.isfinite(values).all():
            raise NumericalError(
                f"Responses overflow before period {horizon}, because the system is explosive. Shorten the horizon."
            )
        return values


def _forecast_errors(orthogonal: Array) -> Array:
    """Forecast standard errors (H, K) from orthogonalised responses of periods 0 to H - 1."""
    with np.errstate(over="ignore"):
        errors: Array = np.sqrt(np.cumsum((orthogonal**2).sum(axis=2), axis=0))
    if not np.isfinite(errors).all():
        raise NumericalError(
            f"Forecast error variances overflow before horizon {errors.shape[0]}, because the system is explosive. "
            "Shorten the horizon."
        )
    return errors
