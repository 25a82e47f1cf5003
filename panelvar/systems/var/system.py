"""A linear system given by its coefficients: all that a published vector autoregression has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import (
    finite_array,
    read_flag,
    read_generator,
    read_horizon,
    read_levels,
    read_whole,
    refuse_cells,
)
from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.elsewhere import has_attribute, name_here
from panelvar.core.base.errors import (
    MissingAttributeError,
    MissingInformationError,
    Note,
    NumericalError,
    SpecificationError,
    emit,
)
from panelvar.core.base.labels import listed
from panelvar.core.base.limits import LONGEST_SIMULATION
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
from panelvar.core.tables.frame_table import STATISTIC, FrameTable
from panelvar.core.tables.table import Presented, Table
from panelvar.estimates.bands.target import Band, refuse_idle_levels
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.kernels.dynamics.second_moments import autocovariances, correlations
from panelvar.kernels.dynamics.terms import TRENDS_IN_WORDS, Terms, coefficient_axes, regressor_labels
from panelvar.kernels.dynamics.unit_free_solves import summed_solve
from panelvar.systems.identification.scheme import Estimates, Identification
from panelvar.systems.responses.decomposition import (
    VarianceDecomposition,
    forecast_errors_of,
    shares_of,
)
from panelvar.systems.responses.responses import Responses, describe_responses, identified_set
from panelvar.systems.responses.shocks import Shocks, choose_shocks, cumulated, positive_factor, read_cumulative
from panelvar.systems.var.published import read_published
from panelvar.systems.var.simulation import draw_first_values, run_forward

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


@answering
@dataclass(frozen=True, init=False, eq=False, repr=False)
class System(Presented):
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
        Variables; by default the columns of coefficients or of sigma, where these are DataFrames, else y1, y2, ...
        Coefficients, intercept and sigma that have labels are put in this order.
    intercept : array (K,), optional
        If you leave it out, it is not known, and `mean` asks for it. Zeros say that there is none.
    trend_slopes : array (K,) or (2, K), optional
        Slopes of t, or of t and its square. With an intercept (K,) is "ct" and (2, K) "ctt"; without, (K,) is "t".
    sigma : array (K, K) or DataFrame, optional
        Residual covariance, such as the ``sigma`` of another system.

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

    coefficients: Array
    names: tuple[str, ...]
    terms: Terms
    deterministics: Array
    _sigma: Array | None

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

    def _set(self, **values: object) -> None:
        vars(self).update(values)

    @property
    def n_vars(self) -> int:
        """Number of variables, K."""
        return len(self.names)

    @property
    def lags(self) -> int:
        """Lag order, p."""
        return int(self.coefficients.shape[0])

    @property
    def trend(self) -> str:
        """Trends of every equation: "n", "c", "t", "ct" or "ctt"."""
        return self.terms.trend

    @property
    def intercept(self) -> Array | None:
        """Intercept of each equation, or None without one."""
        return self.deterministics[0] if self.terms.has_constant else None

    @property
    def regressor_names(self) -> tuple[str, ...]:
        """Rows of `params`: trends, seasons, exogenous variables ("const", "oil", ...), then "L1.x", ..., "Lp.y"."""
        return regressor_labels(self.names, self.lags, self.terms)

    @cached_property
    def params(self) -> pd.DataFrame:
        """Coefficients, a row for each regressor and a column for each equation."""
        stacked = self.coefficients.swapaxes(1, 2).reshape(-1, self.n_vars)
        return self._by_equation(np.concatenate([self.deterministics, stacked]), copy=False)

    def _by_variable(self, values: npt.ArrayLike) -> pd.Series:
        import pandas as pd

        return pd.Series(values, index=self._axes[1])

    def _of_variables(self, values: npt.NDArray[Any], columns: Sequence[str] | None = None) -> pd.DataFrame:
        """A row for each variable, and a column for each unless others are given."""
        import pandas as pd

        return pd.DataFrame(values, index=self._axes[1], columns=self._axes[1] if columns is None else list(columns))

    def _by_equation(self, values: npt.NDArray[Any], *, copy: bool = True) -> pd.DataFrame:
        """A row for each regressor, a column for each equation; without a copy what nobody else holds."""
        import pandas as pd

        rows, columns = self._axes
        return pd.DataFrame(values, index=rows, columns=columns, copy=copy)

    @cached_property
    def _axes(self) -> tuple[pd.Index, pd.Index]:
        # Views: naming the index of one result must not rename another's.
        rows, columns = coefficient_axes(self.names, self.lags, self.terms)
        return rows.view(), columns.view()

    @cached_property
    def roots(self) -> npt.NDArray[np.complex128]:
        """Eigenvalues of the companion matrix, largest modulus first (Luetkepohl 2005, section 2.1).

        Stable when all lie inside the unit circle. Programs that print roots of the characteristic polynomial
        (statsmodels) print their reciprocals.
        """
        return dynamics.companion_roots(self.coefficients)

    @property
    def moduli(self) -> Array:
        """Absolute values of `roots`, largest first."""
        return np.abs(self.roots)

    @property
    def root_table(self) -> FrameTable:
        r"""Companion roots: real and imaginary part, modulus, period of the cycle and half-life.

        A pair :math:`\lambda, \bar\lambda` makes a cycle of :math:`2\pi/|\arg\lambda|` periods (infinite for a positive
        real root); what a root contributes halves in :math:`\ln\frac12/\ln|\lambda|` periods (infinite where it does
        not die out).
        """
        import pandas as pd

        roots = self.roots
        columns = {
            "real": roots.real,
            "imaginary": roots.imag,
            "modulus": self.moduli,
            "period": dynamics.root_periods(roots),
            "half_life": dynamics.half_lives(roots),
        }
        frame = pd.DataFrame(columns, index=pd.RangeIndex(1, len(roots) + 1, name="root"))
        formats = {name: STATISTIC.called(name.replace("_", "-").capitalize()) for name in columns}
        stable = "All roots lie" if self.is_stable else "Not all roots lie"
        return FrameTable(frame, formats, "Roots of the companion matrix", notes=(f"{stable} inside the unit circle.",))

    @property
    def is_stable(self) -> bool:
        """Whether every companion root lies inside the unit circle."""
        return bool((self.moduli < 1.0).all())

    def equations(self, digits: int = 4) -> str:
        """Write the system as a paper would, a line for each equation.

        Parameters
        ----------
        digits : int
            Decimals of each coefficient.

        Returns
        -------
        str
            Such as ``log_gdp = 1.0322 + 0.1318 log_cii(-1) - 0.1517 log_cii(-2) + ...``: the constant, trends, then
            variable by variable, the shortest lag first.

        Examples
        --------
        >>> import panelvar as pv
        >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=1)
        >>> print(model.equations(digits=2))
        unemp = 0.07 + 0.98 unemp(-1) + 0.01 tbilrate(-1)
        tbilrate = 0.25 - 0.01 unemp(-1) + 0.96 tbilrate(-1)
        """
        digits = read_whole("digits", digits, 0, 15)
        lines = []
        for equation, name in enumerate(self.names):
            terms = list(zip(self.deterministics[:, equation], self.terms.spelled, strict=True))
            terms += [
                (self.coefficients[lag, equation, variable], f"{label}(-{lag + 1})")
                for variable, label in enumerate(self.names)
                for lag in range(self.lags)
            ]
            text = ""
            for value, label in terms:
                sign = "-" if value < 0 else "+"
                joint = f" {sign} " if text else ("-" if value < 0 else "")
                text += f"{joint}{abs(value):.{digits}f}{' ' + label if label else ''}"
            lines.append(f"{name} = {text}")
        return "\n".join(lines)

    def mean(self) -> pd.Series:
        r"""Unconditional mean :math:`(I - A_1 - \dots - A_p)^{-1} \nu` (Luetkepohl 2005, section 2.1).

        A model fitted with ``trend="n"`` has mean zero. A system given without an intercept may be one whose
        intercept was not published. If it has none, say so by ``intercept=`` zeros.

        Returns
        -------
        Series
            A number for each variable.

        Raises
        ------
        MissingInformationError
            The system was given without an intercept.
        NumericalError
            The system is not stable, or has a trend or exogenous variables: there is no mean.
        """
        self._require_stable("an unconditional mean")
        if self.trend not in ("n", "c") or self.terms.exogenous:
            beside = list(self.terms.exogenous)
            what = f"exogenous variables {beside}" if beside else f"trend {self.trend!r}"
            raise NumericalError(f"A system with {what} has no constant mean.")
        intercept = self._no_intercept() if self.intercept is None else self.intercept
        return self._by_variable(
            summed_solve(dynamics.lag_sum(self.coefficients), intercept[:, None], self._sizes)[:, 0]
        )

    @cached_property
    def sigma(self) -> pd.DataFrame | None:
        """Residual covariance, a row and a column for each variable; None if the system was given without one."""
        return None if self._sigma is None else self._of_variables(self._sigma)

    @property
    def _sizes(self) -> Array | None:
        """Standard deviations of the errors, where they are known."""
        return None if self._sigma is None else np.sqrt(self._sigma.diagonal())

    def _no_intercept(self) -> Array:
        raise MissingInformationError(
            f"A mean needs the intercept, and this system was given without one. If it has none, say "
            f"intercept={[0] * self.n_vars}."
        )

    def _require_stable(self, what: str) -> None:
        if not self.is_stable:
            verb = "does" if what.startswith("an ") else "do"
            raise NumericalError(
                f"The system is not stable (largest root modulus {self.moduli[0]:.6g}), so {what} {verb} not exist."
            )

    def _stability_notes(self) -> tuple[Note, ...]:
        if self.is_stable:
            return ()
        text = (
            f"The system is not stable: its largest root has modulus {self.moduli[0]:.4f}. Shocks do not die out, and "
            "values at long horizons grow without bound."
        )
        return (Note("unstable", text, warn=True),)

    def autocovariances(self, lags: int = 10) -> pd.DataFrame:
        r"""Autocovariances :math:`\Gamma_h = E (y_t - \mu)(y_{t-h} - \mu)'` that the system implies.

        Parameters
        ----------
        lags : int
            Longest lag h.

        Returns
        -------
        DataFrame
            Rows (lag, variable), lags from 0; a column for each variable, h periods earlier. ``.loc[h]`` is
            :math:`\Gamma_h`.

        Raises
        ------
        MissingInformationError
            The system was given without sigma.
        NumericalError
            The system is not stable: its variance is infinite.

        References
        ----------
        Luetkepohl (2005), section 2.1.4.
        """
        return self._by_lag(self._moments(lags))

    def autocorrelations(self, lags: int = 10) -> pd.DataFrame:
        r"""Autocorrelations that the system implies: `autocovariances` over standard deviations (section 2.1.4).

        Parameters
        ----------
        lags : int
            Longest lag h.

        Returns
        -------
        DataFrame
            Arranged like `autocovariances`.
        """
        return self._by_lag(correlations(self._moments(lags)))

    def _moments(self, lags: int) -> Array:
        lags = read_horizon("lags", lags, 0, self.n_vars**2)
        self._require_stable("an autocovariance")
        return autocovariances(self.coefficients, self._known_sigma("An autocovariance"), lags)

    def _by_lag(self, values: Array) -> pd.DataFrame:
        import pandas as pd

        index = pd.MultiIndex.from_product([range(len(values)), self.names], names=["lag", "variable"])
        return pd.DataFrame(values.reshape(-1, self.n_vars), index=index, columns=self._axes[1])

    def _known_sigma(self, what: str) -> Array:
        if self._sigma is None:
            raise MissingInformationError(f"{what} needs sigma, and this system was given without one. Give sigma=.")
        return self._sigma

    def simulate(
        self,
        periods: int,
        *,
        seed: int | np.random.Generator = 0,
        errors: npt.ArrayLike | None = None,
        initial: npt.ArrayLike | None = None,
        exogenous: npt.ArrayLike | None = None,
    ) -> pd.DataFrame:
        r"""Simulate a sample of the process, with normal errors or with given ones.

        Parameters
        ----------
        periods : int
            Rows of the sample.
        seed : int or Generator
            The same seed gives the same numbers; a Generator is used up.
        errors : array (periods, K), optional
            Errors :math:`u_t` to use; by default normal, mean zero, covariance ``sigma``.
        initial : array (p, K), optional
            The p values before the sample, the oldest first. By default drawn from the normal distribution that a
            stable system without trends settles in, so that no run-in is needed.
        exogenous : array (exogenous_lags + periods, M), optional
            Exogenous variables, from ``exogenous_lags`` periods before the sample on.

        Returns
        -------
        DataFrame
            ``periods`` rows, numbered from 0. Trends and seasons begin as they did in the data: with t = 1.

        Raises
        ------
        SpecificationError
            Shapes do not fit. Exogenous variables are missing, or the system has none. Initial values are not given and
            cannot be drawn, because the system has a trend, seasons, exogenous variables, or a root of modulus one or
            more.
        MissingInformationError
            Sigma or the intercept is needed and not known.
        NumericalError
            The path overflows.

        Examples
        --------
        >>> import panelvar as pv
        >>> system = pv.System([[[0.5, 0.1], [0.4, 0.5]]], names=["x", "y"], intercept=[0, 1], sigma=[[1, 0], [0, 1]])
        >>> system.simulate(200, seed=1).shape
        (200, 2)
        """
        import pandas as pd

        periods, k = read_whole("periods", periods, 1, LONGEST_SIMULATION), self.n_vars
        refuse_cells(f"periods={periods}", periods, k)
        rng = read_generator("seed", seed)
        if errors is None:
            factor = positive_factor(self._known_sigma("A simulation with normal errors"))
        beside = self._deterministic_part(periods, exogenous)
        first = self._first_values(rng) if initial is None else finite_array("initial", initial, (self.lags, k))
        if errors is None:
            shocks = rng.standard_normal((periods, k)) @ factor.T
        else:
            shocks = finite_array("errors", errors, (periods, k))
        with np.errstate(over="ignore", invalid="ignore"):
            path = run_forward(self.coefficients, first, beside + shocks)
        if not np.isfinite(path).all():
            raise NumericalError(
                "The simulated path overflows, because the system is explosive. Simulate fewer periods."
            )
        return pd.DataFrame(path[self.lags :], columns=self._axes[1])

    def _deterministic_part(self, periods: int, exogenous: npt.ArrayLike | None) -> Array:
        terms = self.terms
        values = None
        if terms.exogenous:
            if exogenous is None:
                raise SpecificationError(
                    f"The system has exogenous variables {list(terms.exogenous)}. Give exogenous= of shape "
                    f"({terms.exogenous_lags + periods}, {len(terms.exogenous)})."
                )
            values = finite_array("exogenous", exogenous, (terms.exogenous_lags + periods, len(terms.exogenous)))
        elif exogenous is not None:
            raise SpecificationError("The system has no exogenous variables. Leave out exogenous=.")
        if self.trend == "n" and not terms.count:
            return np.broadcast_to(self._no_intercept(), (periods, self.n_vars))
        return terms.rows(1, periods, values) @ self.deterministics

    def _first_values(self, rng: np.random.Generator) -> Array:
        if self.trend not in ("n", "c") or self.terms.seasons or self.terms.exogenous or not self.is_stable:
            raise SpecificationError(
                "Values before the sample can be drawn only from a stable system without trends, seasons and exogenous "
                f"variables. Give initial= of shape ({self.lags}, {self.n_vars})."
            )
        sigma = self._known_sigma("A distribution of initial values")
        return np.asarray(draw_first_values(self.coefficients, sigma, rng) + self.mean().to_numpy())

    # Shocks and their responses

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
        return describe_responses(values, shocks, summed, band, self._stability_notes())

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
            Errors of the reduced form are correlated, so no share belongs to one of them.
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
        errors = forecast_errors_of(whole)
        notes = self._stability_notes() + shocks.scheme.notes
        variances = None if shocks.complete else errors**2
        shares = shares_of(values, variances, normalised)
        plain = VarianceDecomposition(
            shares, self.names, shocks.names, shocks.scheme.words, shocks.ordering, errors, notes=notes
        )
        if plain.sums:
            text = (
                f"{shocks.scheme.words.capitalize()} shocks are correlated, so their shares overlap: they add up to "
                f"{plain.sums} and are no parts of a whole. normalised=True divides them by their sum (Diebold and "
                "Yilmaz 2012)."
            )
            notes = (*notes, Note("shares-overlap", text))
            plain = replace(plain, notes=notes)
        if shocks.models is None:
            return plain
        band = identified_set(
            shares_of(dynamics.responses(self.coefficients, steps, shocks.models), variances, normalised), levels
        )
        return replace(plain, **band.kept(), notes=notes)

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
            dynamics.lag_sum(self.coefficients), shocks.system_impact(self.coefficients, self._sigma), self._sizes
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

    def summary(self, *, level: float | None = None, stars: Levels = DEFAULT_STARS, digits: int = 4) -> Table:
        """Return a table of the equations side by side, with errors, stars and criteria where there are data; roots.

        Parameters
        ----------
        level : float, optional
            Coverage of confidence limits below each coefficient; none by default.
        stars : sequence of float, mapping of str to float, or bool
            Significance levels, one star each; or signs and their levels. False for p-values in their place.
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
            body=self._rows(levels, digits, level),
            foot=self._foot(digits),
            statistics=(Fact("Root moduli", moduli), Fact("Stability", verdict)),
            notes=self._table_notes(levels, level),
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

    def _rows(self, levels: Stars, digits: int, level: float | None) -> tuple[Row, ...]:
        if level is not None:
            raise MissingInformationError("level= needs standard errors, and this system has coefficients only.")
        rows = zip(self.regressor_names, self.params.to_numpy(), strict=True)
        return tuple(value_row(name, values, digits) for name, values in rows)

    def _foot(self, digits: int) -> tuple[Row, ...]:
        return ()

    def _table_notes(self, levels: Stars, level: float | None) -> tuple[str, ...]:
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
        shocks = choose_shocks(self.names, self._sigma, identification, shock_size, ordering, purpose)
        return shocks if self._sigma is None else shocks.bound(self._estimates(positive_factor(self._sigma)))

    def _estimates(self, factor: Array) -> Estimates:
        return Estimates(ReducedForm(self.coefficients, factor))

    def _responses(self, shocks: Shocks, horizon: int, cumulative: Mask | None = None) -> Array:
        impact = shocks.system_impact(self.coefficients, self._sigma)
        values = dynamics.responses(self.coefficients, horizon, impact)
        if cumulative is not None:
            values = cumulated(values, 0, cumulative)
        if not np.isfinite(values).all():
            raise NumericalError(
                f"Responses overflow before period {horizon}, because the system is explosive. Shorten the horizon."
            )
        return values
