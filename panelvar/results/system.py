"""A linear system given by its coefficients: all that a published vector autoregression has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.typing as npt

from panelvar.errors import (
    MissingAttributeError,
    MissingInformationError,
    Note,
    NumericalError,
    SpecificationError,
    emit,
)
from panelvar.kernels import dynamics
from panelvar.results.decomposition import VarianceDecomposition
from panelvar.results.hints import HintsAtNames, has_attribute, name_here
from panelvar.results.names import listed
from panelvar.results.published import in_order, labels_of
from panelvar.results.responses import Responses
from panelvar.results.shocks import Shocks, choose_shocks

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from panelvar.report.table import Table

Array = npt.NDArray[np.float64]

# Powers of the time index behind each trend option, and their labels.
TREND_POWERS: dict[str, tuple[int, ...]] = {"n": (), "c": (0,), "t": (1,), "ct": (0, 1), "ctt": (0, 1, 2)}
# Other programs' words for them, for messages.
TRENDS_ELSEWHERE = dict.fromkeys(("none", "nc", "no", "false", "0"), "n")
TRENDS_ELSEWHERE |= dict.fromkeys(("const", "constant", "intercept", "drift", "true", "1"), "c")
TRENDS_ELSEWHERE |= {"trend": "t", "linear": "t", "both": "ct", "const+trend": "ct", "quadratic": "ctt", "cct": "ctt"}
POWER_LABELS = ("const", "trend", "trend_squared")


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
    trend: str
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
        lag_matrices = _finite("coefficients", coefficients)
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
            rows.append(_finite("intercept", intercept, (n_vars,))[None])
        if trend_slopes is not None:
            slopes = np.atleast_2d(_finite("trend_slopes", trend_slopes))
            if slopes.shape[1] != n_vars or slopes.shape[0] > 1 + (intercept is not None):
                raise SpecificationError(
                    f"trend_slopes have shape {slopes.shape}; expected ({n_vars},), or (2, {n_vars}) beside an "
                    "intercept."
                )
            rows.append(slopes)
        deterministics = np.concatenate(rows) if rows else np.zeros((0, n_vars))
        kinds = {(False, 0): "n", (True, 1): "c", (False, 1): "t", (True, 2): "ct", (True, 3): "ctt"}
        covariance = None if sigma is None else _covariance(sigma, n_vars)
        for array in (lag_matrices, deterministics, covariance):
            if array is not None:
                array.setflags(write=False)
        self._set(
            coefficients=lag_matrices,
            names=labels,
            trend=kinds[intercept is not None, deterministics.shape[0]],
            deterministics=deterministics,
            sigma=covariance,
        )

    def _set(self, **values: object) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def n_vars(self) -> int:
        """Number of variables, K."""
        return len(self.names)

    @property
    def lags(self) -> int:
        """Lag order, p."""
        return int(self.coefficients.shape[0])

    @property
    def intercept(self) -> Array | None:
        """Intercept of each equation, or None without one."""
        return self.deterministics[0] if 0 in TREND_POWERS[self.trend] else None

    @property
    def regressor_names(self) -> tuple[str, ...]:
        """Rows of `params`: "const", "trend", "trend_squared", then "L1.x", ..., "Lp.y"."""
        return regressor_labels(self.names, self.lags, self.trend)

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
        rows, columns = _indexes(self.names, self.lags, self.trend)
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
        lines = []
        for equation, name in enumerate(self.names):
            terms = [
                (self.deterministics[row, equation], ("", "t", "t^2")[power])
                for row, power in enumerate(TREND_POWERS[self.trend])
            ]
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
        identification: str = "cholesky",
        shock_size: str = "sd",
        ordering: Sequence[str] | None = None,
        cumulative: bool = False,
    ) -> Responses:
        r"""Responses of every variable to every shock, periods 0 to ``horizon``.

        Parameters
        ----------
        horizon : int
            Last period; the result has ``horizon + 1`` rows.
        identification : {"cholesky", "reduced_form"}
            Shocks orthogonalised by the Cholesky factor of sigma, or one reduced-form error moved by itself. The
            latter describes an experiment only if the errors are uncorrelated.
        shock_size : {"sd", "unit"}
            One standard deviation of the shock, or the size that moves its own variable by one unit on impact.
            ``identification="reduced_form", shock_size="unit"`` gives the moving-average matrices
            :math:`\Phi_h` and needs no sigma.
        ordering : sequence of str, optional
            Causal ordering for Cholesky, the most exogenous first; the order of the variables by default.
        cumulative : bool
            Sum the responses over periods.

        Raises
        ------
        MissingInformationError
            The shock asked for needs sigma, and the system has none.
        """
        shocks = choose_shocks(self.names, self.sigma, identification, shock_size, ordering)
        values = self._responses(shocks, check_horizon(horizon), cumulative)
        notes = self._stability_notes()
        emit(notes)
        return Responses(values, self.names, identification, shock_size, shocks.ordering, bool(cumulative), notes=notes)

    def variance_decomposition(
        self, horizon: int = 10, *, ordering: Sequence[str] | None = None
    ) -> VarianceDecomposition:
        """Shares of the orthogonalised shocks in the forecast error variances, horizons 1 to ``horizon``.

        Parameters
        ----------
        horizon : int
            Longest forecast horizon.
        ordering : sequence of str, optional
            Causal ordering of the Cholesky factor; the order of the variables by default.

        Raises
        ------
        MissingInformationError
            The system has no sigma.
        """
        shocks = choose_shocks(self.names, self.sigma, "cholesky", "sd", ordering, "A variance decomposition")
        values = self._responses(shocks, check_horizon(horizon, 1) - 1, False)
        errors = _forecast_errors(values)
        notes = self._stability_notes()
        emit(notes)
        return VarianceDecomposition(
            dynamics.variance_shares(values),
            self.names,
            shocks.ordering or self.names,
            errors,
            notes=notes,
        )

    def mean(self) -> pd.Series:
        r"""Unconditional mean :math:`(I - A_1 - \dots - A_p)^{-1} \nu` (Luetkepohl 2005, 2.1.10).

        A model fitted with ``trend="n"`` has mean zero. A system given without an intercept may be one whose
        intercept was not published: if it has none, say ``intercept=`` zeros.

        Raises
        ------
        MissingInformationError
            A system given without an intercept.
        NumericalError
            The system is not stable, or has a trend: there is no mean.
        """
        import pandas as pd

        self._require_stable("an unconditional mean")
        if self.trend not in ("n", "c"):
            raise NumericalError(f"A system with trend {self.trend!r} has no constant mean.")
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
        identification: str = "reduced_form",
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
        shocks = choose_shocks(self.names, self.sigma, identification, shock_size, ordering)
        effects = np.linalg.solve(dynamics.lag_sum(self.coefficients), shocks.system_impact(self.sigma, self.n_vars))
        return pd.DataFrame(effects, index=self._axes[1], columns=self._axes[1])

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

    def _responses(self, shocks: Shocks, horizon: int, cumulative: bool) -> Array:
        values = dynamics.responses(self.coefficients, horizon, shocks.system_impact(self.sigma, self.n_vars))
        if cumulative:
            values = cumulated(values, 0)
        if not np.isfinite(values).all():
            raise NumericalError(
                f"Responses overflow before period {horizon}: the system is explosive. Shorten the horizon."
            )
        return values


@lru_cache(maxsize=64)
def regressor_labels(names: tuple[str, ...], lags: int, trend: str) -> tuple[str, ...]:
    """Labels of an equation's regressors: deterministic terms, then "L1.x", ..., "Lp.y"."""
    deterministic = tuple(POWER_LABELS[power] for power in TREND_POWERS[trend])
    return deterministic + tuple(f"L{lag}.{name}" for lag in range(1, lags + 1) for name in names)


@lru_cache(maxsize=64)
def _indexes(names: tuple[str, ...], lags: int, trend: str) -> tuple[pd.Index, pd.Index]:
    """Row and column labels of a coefficient table. Kept: making them costs as much as a small fit."""
    import pandas as pd

    return pd.Index(regressor_labels(names, lags, trend)), pd.Index(names)


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


def check_names(names: tuple[str, ...], n_vars: int) -> None:
    """Refuse names that are too few, too many, or repeated."""
    if len(names) != n_vars:
        raise SpecificationError(f"{len(names)} names for {n_vars} variables: {list(names)}.")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise SpecificationError(f"Variable names repeat: {repeated}.")


def _finite(what: str, values: npt.ArrayLike, shape: tuple[int, ...] | None = None) -> Array:
    try:
        given = np.asarray(values)
    except ValueError:
        given = np.empty(0, dtype=object)
    if given.dtype.kind not in "fiu":
        raise SpecificationError(f"{what} must be real numbers in a rectangular array.")
    array = np.array(given, dtype=np.float64)
    if shape is not None and array.shape != shape:
        raise SpecificationError(f"{what} has shape {array.shape}; expected {shape}.")
    if not np.isfinite(array).all():
        raise SpecificationError(f"{what} holds NaN or infinite values.")
    return array


def _covariance(sigma: npt.ArrayLike, n_vars: int) -> Array:
    array = _finite("sigma", sigma, (n_vars, n_vars))
    scale = np.sqrt(np.outer(np.abs(array.diagonal()), np.abs(array.diagonal())))
    if (np.abs(array - array.T) > 1e-8 * scale).any():
        raise SpecificationError("sigma is not symmetric.")
    try:
        np.linalg.cholesky(array)
    except np.linalg.LinAlgError:
        raise SpecificationError("sigma is not positive definite.") from None
    return array
