"""A system as a process: what its coefficients say by themselves, its second moments, and samples of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import finite_array, read_generator, read_horizon, read_whole, refuse_cells
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import MissingInformationError, Note, NumericalError, SpecificationError
from panelvar.core.base.hints import HintsAtNames
from panelvar.core.base.limits import LONGEST_SIMULATION
from panelvar.core.tables.frame_table import STATISTIC, FrameTable
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.second_moments import autocovariances, correlations, stacked_variance
from panelvar.kernels.dynamics.terms import Terms, coefficient_axes, regressor_labels
from panelvar.kernels.dynamics.unit_free_solves import summed_solve
from panelvar.kernels.linear.least_squares import covariance_root
from panelvar.systems.responses.shocks import positive_factor

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, init=False, eq=False, repr=False)
class SystemProcess(HintsAtNames):
    """Coefficients of a vector autoregression: equations, roots, stability, moments, simulation.

    What `System` adds are shocks; its documentation lists the parameters.
    """

    coefficients: Array
    names: tuple[str, ...]
    terms: Terms
    deterministics: Array
    sigma: Array | None

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

    @property
    def _sizes(self) -> Array | None:
        """Standard deviations of the errors, where they are known."""
        return None if self.sigma is None else np.sqrt(self.sigma.diagonal())

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
        if self.sigma is None:
            raise MissingInformationError(f"{what} needs sigma, and this system was given without one. Give sigma=.")
        return self.sigma

    def simulate(
        self,
        periods: int,
        *,
        seed: int | np.random.Generator | None = None,
        errors: npt.ArrayLike | None = None,
        initial: npt.ArrayLike | None = None,
        exogenous: npt.ArrayLike | None = None,
    ) -> pd.DataFrame:
        r"""Simulate a sample of the process, with normal errors or with given ones.

        Parameters
        ----------
        periods : int
            Rows of the sample.
        seed : int, Generator or None
            Seed of `numpy.random.default_rng`.
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
        path = np.empty((self.lags + periods, k))
        path[: self.lags] = self._first_values(rng) if initial is None else self._read("initial", initial, self.lags)
        if errors is None:
            shocks = rng.standard_normal((periods, k)) @ factor.T
        else:
            shocks = self._read("errors", errors, periods)
        # Newest lag first, as the coefficients are laid out.
        advance = self.coefficients.swapaxes(1, 2).reshape(-1, k)
        moved = beside + shocks
        with np.errstate(over="ignore", invalid="ignore"):
            for row in range(periods):
                past = path[row : row + self.lags][::-1].ravel()
                path[self.lags + row] = moved[row] + past @ advance
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
        root = covariance_root(stacked_variance(self.coefficients, sigma))
        drawn = (root @ rng.standard_normal(len(root))).reshape(-1, self.n_vars)[: self.lags]
        first: Array = drawn[::-1] + self.mean().to_numpy()
        return first

    def _read(self, option: str, values: npt.ArrayLike, rows: int) -> Array:
        return finite_array(option, values, (rows, self.n_vars))
