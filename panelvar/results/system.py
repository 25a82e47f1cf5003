"""A linear system given by its coefficients: all that a published vector autoregression has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.typing as npt

from panelvar.bands.target import Band
from panelvar.errors import (
    MissingAttributeError,
    MissingInformationError,
    Note,
    NumericalError,
    SpecificationError,
    check_level,
    emit,
)
from panelvar.identification.scheme import Estimates, Identification, ReducedForm
from panelvar.kernels import dynamics
from panelvar.results.decomposition import VarianceDecomposition
from panelvar.results.hints import HintsAtNames, has_attribute, name_here
from panelvar.results.names import listed
from panelvar.results.published import check_names, checked_covariance, finite_array, in_order, labels_of
from panelvar.results.responses import Responses
from panelvar.results.shocks import Shocks, choose_shocks, positive_factor
from panelvar.results.var_terms import Terms, coefficient_axes, regressor_labels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from panelvar.report.table import Table

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, init=False, eq=False, repr=False)
class System(HintsAtNames):
    r"""A vector autoregression as published: coefficients, perhaps an intercept, perhaps the residual covariance.

    .. math:: y_t = \nu + \delta t + A_1 y_{t-1} + \dots + A_p y_{t-p} + u_t

    Roots, stability and responses to unit shocks need no more than the coefficients. Orthogonalised or
    one-standard-deviation shocks and variance decompositions need ``sigma``; everything else needs the data. What is
    missing is said in a `MissingInformationError` (for an attribute it is an AttributeError too: ``hasattr`` says no).

    Parameters
    ----------
    coefficients : array (p, K, K)
        Entry [j - 1, i, k] moves variable i by variable k, j periods earlier. (K, K) is one lag. Also a DataFrame, or
        one a lag: a row for each equation, a column for each variable.
    names : sequence of str, optional
        Variables; by default the columns of a DataFrame, else y1, y2, ... What has labels (coefficients, intercept,
        sigma) is put in this order.
    intercept : array (K,), optional
        Left out, it is taken as not known: `mean` asks for it. Zeros say that there is none.
    trend_slopes : array (K,) or (2, K), optional
        Slopes of t, or of t and its square. With an intercept (K,) is "ct" and (2, K) "ctt"; without, (K,) is "t".
    sigma : array (K, K), optional
        Residual covariance.

    Raises
    ------
    SpecificationError
        Shapes that do not fit, names that repeat, a sigma that is not symmetric positive definite.

    Examples
    --------
    >>> import panelvar as pv
    >>> system = pv.System([[[0.5, 0.1], [0.4, 0.5]]], names=["x", "y"], intercept=[0.0, 1.0])
    >>> system.is_stable
    True
    >>> system.moduli.round(3).tolist()
    [0.7, 0.3]
    """

    coefficients: Array
    names: tuple[str, ...]
    terms: Terms
    deterministics: Array
    sigma: Array | None

    def __init__(
        self,
        coefficients: npt.ArrayLike,
        names: Sequence[str] | None = None,
        *,
        intercept: npt.ArrayLike | None = None,
        trend_slopes: npt.ArrayLike | None = None,
        sigma: npt.ArrayLike | None = None,
    ) -> None:
        labels = labels_of(coefficients) if names is None else tuple(map(str, names))
        if labels is not None:
            coefficients = in_order("coefficients", coefficients, labels)
            intercept = in_order("intercept", intercept, labels)
            sigma = in_order("sigma", sigma, labels)
        lag_matrices = finite_array("coefficients", coefficients)
        if lag_matrices.ndim == 2:
            lag_matrices = lag_matrices[None]
        if lag_matrices.ndim != 3 or lag_matrices.shape[1] != lag_matrices.shape[2] or lag_matrices.size == 0:
            raise SpecificationError(
                f"coefficients have shape {lag_matrices.shape}; expected (lags, K, K): one square matrix a lag, rows "
                "for equations."
            )
        n_vars = lag_matrices.shape[1]
        if labels is None:
            labels = tuple(f"y{place + 1}" for place in range(n_vars))
        check_names(labels, n_vars)
        rows = []
        if intercept is not None:
            rows.append(finite_array("intercept", intercept, (n_vars,))[None])
        if trend_slopes is not None:
            slopes = np.atleast_2d(finite_array("trend_slopes", trend_slopes))
            if slopes.shape[1] != n_vars or slopes.shape[0] > 1 + (intercept is not None):
                raise SpecificationError(
                    f"trend_slopes have shape {slopes.shape}; expected ({n_vars},), or (2, {n_vars}) beside an "
                    "intercept."
                )
            rows.append(slopes)
        deterministics = np.concatenate(rows) if rows else np.zeros((0, n_vars))
        kinds = {(False, 0): "n", (True, 1): "c", (False, 1): "t", (True, 2): "ct", (True, 3): "ctt"}
        covariance = None if sigma is None else checked_covariance(sigma, n_vars)
        for array in (lag_matrices, deterministics, covariance):
            if array is not None:
                array.setflags(write=False)
        self._set(
            coefficients=lag_matrices,
            names=labels,
            terms=Terms(kinds[intercept is not None, deterministics.shape[0]]),
            deterministics=deterministics,
            sigma=covariance,
        )

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
        return self._by_equation(np.concatenate([self.deterministics, stacked]))

    def _by_equation(self, values: Array) -> pd.DataFrame:
        import pandas as pd

        rows, columns = self._axes
        return pd.DataFrame(values, index=rows, columns=columns)

    @cached_property
    def _axes(self) -> tuple[pd.Index, pd.Index]:
        # Views: naming the index of one result must not rename another's.
        rows, columns = coefficient_axes(self.names, self.lags, self.terms)
        return rows.view(), columns.view()

    @cached_property
    def roots(self) -> npt.NDArray[np.complex128]:
        """Eigenvalues of the companion matrix, largest modulus first (Luetkepohl 2005, 2.1.9).

        Stable when all lie inside the unit circle. Programs that print roots of the characteristic polynomial
        (statsmodels) print their reciprocals.
        """
        return dynamics.companion_roots(self.coefficients)

    @property
    def moduli(self) -> Array:
        """Absolute values of `roots`, largest first."""
        return np.abs(self.roots)

    @property
    def root_table(self) -> pd.DataFrame:
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
        return pd.DataFrame(columns, index=pd.RangeIndex(1, len(roots) + 1, name="root"))

    @property
    def is_stable(self) -> bool:
        """Whether every companion root lies inside the unit circle."""
        return bool((self.moduli < 1.0).all())

    def equations(self, digits: int = 4) -> str:
        """Write the system as a paper would, one line an equation.

        Parameters
        ----------
        digits : int
            Decimals of each coefficient.

        Returns
        -------
        str
            Such as ``log_gdp = 1.0322 + 0.1318 log_cii(-1) - 0.1517 log_cii(-2) + ...``: the constant, trends, then
            variable by variable, the shortest lag first.
        """
        digits = check_horizon(digits, 0, "digits")
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

    def impulse_responses(
        self,
        horizon: int = 10,
        *,
        identification: str | Identification = "cholesky",
        shock_size: str = "sd",
        ordering: Sequence[str] | None = None,
        cumulative: bool = False,
        level: float = 0.95,
    ) -> Responses:
        r"""Responses of every variable to every shock, periods 0 to ``horizon``.

        Parameters
        ----------
        horizon : int
            Last period; the result has ``horizon + 1`` rows.
        identification : {"cholesky", "reduced_form", "generalised", "long_run"} or scheme
            Shocks orthogonalised by the Cholesky factor of sigma; one reduced-form error moved by itself, which
            describes an experiment only if the errors are uncorrelated; generalised shocks; shocks whose summed
            responses are triangular; or an object such as `panelvar.Cholesky`, `panelvar.LongRun`.
        shock_size : {"sd", "unit"}
            One standard deviation of the shock, or the size that moves its own variable by one unit on impact.
            ``identification="reduced_form", shock_size="unit"`` gives the moving-average matrices
            :math:`\Phi_h` and needs no sigma.
        ordering : sequence of str, optional
            Ordering of the triangle, the most exogenous first; the order of the variables by default.
        cumulative : bool
            Sum the responses over periods.
        level : float
            Share of the models between the limits, for schemes that leave many (`panelvar.SignRestrictions`).

        Raises
        ------
        MissingInformationError
            The shock asked for needs sigma, and the system has none.
        """
        shocks = self._shocks(identification, shock_size, ordering)
        horizon = check_horizon(horizon)
        values = self._responses(shocks, horizon, cumulative)
        band = self._identified_set(shocks, horizon, cumulative, check_level(level))
        notes = self._stability_notes() + shocks.scheme.notes
        emit(notes)
        return described_responses(values, shocks, bool(cumulative), band, notes)

    def _identified_set(self, shocks: Shocks, horizon: int, cumulative: bool, level: float) -> Band | None:
        """Quantiles over the models that a set-valued scheme leaves at the estimates; None for other schemes."""
        models = shocks.models
        if models is None:
            return None
        draws = dynamics.responses(self.coefficients, horizon, models)
        return _quantiles(cumulated(draws, 1) if cumulative else draws, level)

    def variance_decomposition(
        self,
        horizon: int = 10,
        *,
        identification: str | Identification = "cholesky",
        ordering: Sequence[str] | None = None,
        normalised: bool = False,
        level: float = 0.95,
    ) -> VarianceDecomposition:
        """Shares of the shocks in the forecast error variances, horizons 1 to ``horizon``.

        Parameters
        ----------
        horizon : int
            Longest forecast horizon.
        identification, ordering
            As in `impulse_responses`; shocks of one standard deviation.
        normalised : bool
            Scale each row to sum to one: for generalised shocks, which are correlated, so that their raw shares do not
            (Diebold and Yilmaz 2012, eq. 2).
        level : float
            As in `impulse_responses`.

        Raises
        ------
        MissingInformationError
            The system has no sigma.
        SpecificationError
            Reduced-form errors by themselves share nothing out.
        """
        shocks = self._decomposing_shocks(identification, ordering)
        decomposed = self._decomposed(shocks, horizon, normalised, check_level(level))
        emit(decomposed.notes)
        return decomposed

    def _decomposing_shocks(self, identification: str | Identification, ordering: Sequence[str] | None) -> Shocks:
        """Check a request for the shocks that share out forecast error variances."""
        shocks = self._shocks(identification, "sd", ordering, "A variance decomposition")
        if not shocks.scheme.needs_sigma:
            raise SpecificationError(
                "Reduced-form errors are correlated, and one by itself has no share in a forecast error variance: use "
                "'cholesky', 'generalised' or another scheme."
            )
        return shocks

    def _decomposed(self, shocks: Shocks, horizon: int, normalised: bool, level: float) -> VarianceDecomposition:
        steps = check_horizon(horizon, 1) - 1
        values = self._responses(shocks, steps, False)
        whole = values if shocks.complete else self._responses(self._shocks("cholesky", "sd", None), steps, False)
        errors = _forecast_errors(whole)
        notes = self._stability_notes() + shocks.scheme.notes
        variances = None if shocks.complete else errors**2
        shares = shares_of(values, variances, normalised)
        plain = VarianceDecomposition(
            shares, self.names, shocks.names, shocks.scheme.words, shocks.ordering, errors, notes=notes
        )
        if shocks.models is None:
            return plain
        band = _quantiles(
            shares_of(dynamics.responses(self.coefficients, steps, shocks.models), variances, normalised), level
        )
        return replace(plain, lower=band.lower, upper=band.upper, level=level, draws=band.draws, band_label=band.label)

    def mean(self) -> pd.Series:
        r"""Unconditional mean :math:`(I - A_1 - \dots - A_p)^{-1} \nu` (Luetkepohl 2005, 2.1.10).

        A model fitted with ``trend="n"`` has mean zero. A system given without an intercept may be one whose
        intercept was not published: if it has none, say ``intercept=`` zeros.

        Raises
        ------
        MissingInformationError
            A system given without an intercept.
        NumericalError
            The system is not stable, or has a trend or exogenous variables: there is no mean.
        """
        import pandas as pd

        self._require_stable("an unconditional mean")
        if self.trend not in ("n", "c") or self.terms.exogenous:
            beside = list(self.terms.exogenous)
            what = f"exogenous variables {beside}" if beside else f"trend {self.trend!r}"
            raise NumericalError(f"A system with {what} has no constant mean.")
        intercept = self._no_intercept() if self.intercept is None else self.intercept
        return pd.Series(np.linalg.solve(dynamics.lag_sum(self.coefficients), intercept), index=self._axes[1])

    def _no_intercept(self) -> Array:
        raise MissingInformationError(
            f"A mean needs the intercept, and this system was given without one. If it has none, say "
            f"intercept={[0] * self.n_vars}."
        )

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
        identification, shock_size, ordering
            As in `impulse_responses`.

        Returns
        -------
        DataFrame
            Responses by shocks.

        Raises
        ------
        NumericalError
            The system is not stable: the sum does not exist.
        """
        import pandas as pd

        self._require_stable("long-run effects")
        shocks = self._shocks(identification, shock_size, ordering)
        effects = np.linalg.solve(
            dynamics.lag_sum(self.coefficients), shocks.system_impact(self.coefficients, self.sigma)
        )
        return pd.DataFrame(effects, index=self._axes[1], columns=list(shocks.names))

    def forecast(self, steps: int = 8, *, level: float = 0.95) -> Any:
        """Forecasts need data: refused on a system that has none."""
        self._lacks_data("A forecast")

    def granger_causality(self, caused: str | Sequence[str], causing: str | Sequence[str]) -> Any:
        """Granger causality is a test on estimates: refused on a system that has none."""
        self._lacks_data("A test of Granger causality")

    def exclusion_test(self, *, equations: Any = None, variables: Any = None, lags: Any = None) -> Any:
        """A test of exclusions needs estimates: refused on a system that has none."""
        self._lacks_data("A test of exclusions")

    def plot_roots(self, **options: Any) -> Axes:
        """Draw the companion roots in the unit circle; see `panelvar.plots.roots.plot_roots` for the options."""
        from panelvar.plots.roots import plot_roots

        return plot_roots(self, **options)

    def __repr__(self) -> str:
        return f"<{self._in_short()}>"

    def _in_short(self) -> str:
        return f"VAR({self.lags}) of {listed(self.names)}; trend {self.trend!r}"

    def summary(self, **options: Any) -> Table:
        """Render the coefficients as a table; see `panelvar.report.var_summary.var_table` for the options."""
        from panelvar.report.var_summary import var_table

        return var_table(self, **options)

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()

    def _no_attribute(self, name: str) -> AttributeError:
        from panelvar.results.var_result import VarResult

        own = has_attribute(VarResult, name) and not name.startswith("_")
        what = name if own else name_here(name, VarResult)
        if what is None or name_here(name, type(self)) is not None:
            return super()._no_attribute(name)
        asked = what if what == name else f"{what} ({name} elsewhere)"
        return MissingAttributeError(f"{asked} needs the data, and this system has coefficients only: use fit_var.")

    def _lacks_data(self, what: str) -> NoReturn:
        raise MissingInformationError(f"{what} needs the data, and this system has coefficients only: use fit_var.")

    def _require_stable(self, what: str) -> None:
        if not self.is_stable:
            raise NumericalError(
                f"The system is not stable (largest root modulus {self.moduli[0]:.6g}), so {what} does not exist."
                if what.startswith("an ")
                else f"The system is not stable (largest root modulus {self.moduli[0]:.6g}), so {what} do not exist."
            )

    def _stability_notes(self) -> tuple[Note, ...]:
        if self.is_stable:
            return ()
        text = (
            f"The system is not stable: its largest root has modulus {self.moduli[0]:.4f}. Shocks do not die out, and "
            "values at long horizons grow without bound."
        )
        return (Note("unstable", text, warn=True),)

    def _shocks(
        self, identification: str | Identification, shock_size: str, ordering: Sequence[str] | None, purpose: str = ""
    ) -> Shocks:
        """Check a request for shocks, and show the scheme the estimates."""
        shocks = choose_shocks(self.names, self.sigma, identification, shock_size, ordering, purpose)
        return shocks if self.sigma is None else shocks.bound(self._estimates(positive_factor(self.sigma)))

    def _estimates(self, factor: Array) -> Estimates:
        return Estimates(ReducedForm(self.coefficients, factor))

    def _responses(self, shocks: Shocks, horizon: int, cumulative: bool) -> Array:
        impact = shocks.system_impact(self.coefficients, self.sigma)
        values = dynamics.responses(self.coefficients, horizon, impact)
        if cumulative:
            values = cumulated(values, 0)
        if not np.isfinite(values).all():
            raise NumericalError(
                f"Responses overflow before period {horizon}: the system is explosive. Shorten the horizon."
            )
        return values


def _quantiles(draws: Array, level: float) -> Band:
    """Limits that hold the middle share of many models at each point."""
    lower, upper = np.quantile(draws, [(1.0 - level) / 2.0, (1.0 + level) / 2.0], axis=0)
    return Band(lower, upper, level, f"{len(draws)} models at the estimates", None, draws)


def shares_of(values: Array, variances: Array | None, normalised: bool) -> Array:
    """Shares (..., H, K, S) of responses in forecast error variances, rows scaled to sum to one if asked for."""
    shares = dynamics.variance_shares(values, variances)
    return shares / shares.sum(axis=-1, keepdims=True) if normalised else shares


def described_responses(
    values: Array, shocks: Shocks, cumulative: bool, band: Band | None = None, notes: tuple[Note, ...] = ()
) -> Responses:
    """Say what responses are of, and put their band around them."""
    described = Responses(
        values,
        shocks.variables,
        shocks.names,
        shocks.scheme.name,
        shocks.scheme.words,
        shocks.size,
        shocks.ordering,
        cumulative,
        notes=notes,
    )
    if band is None:
        return described
    return replace(
        described,
        lower=band.lower,
        upper=band.upper,
        level=band.level,
        std_errors=band.std_errors,
        draws=band.draws,
        band_label=band.label,
    )


def cumulated(values: Array, axis: int) -> Array:
    """Running sums over periods; past the range of floating-point numbers they are not finite, without a warning."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.cumsum(values, axis=axis)


def _forecast_errors(orthogonal: Array) -> Array:
    """Forecast standard errors (H, K) from orthogonalised responses of periods 0 to H - 1."""
    with np.errstate(over="ignore"):
        errors: Array = np.sqrt(np.cumsum((orthogonal**2).sum(axis=2), axis=0))
    if not np.isfinite(errors).all():
        raise NumericalError(
            f"Forecast error variances overflow before horizon {errors.shape[0]}: the system is explosive. Shorten the "
            "horizon."
        )
    return errors


def check_horizon(horizon: int, smallest: int = 0, option: str = "horizon") -> int:
    """Return a horizon as int, or say what was expected."""
    if isinstance(horizon, bool) or not isinstance(horizon, (int, np.integer)) or horizon < smallest:
        raise SpecificationError(f"{option}={horizon!r}: expected an integer of at least {smallest}.")
    return int(horizon)
