"""Many vector autoregressions of one shape: one for each entity, window or simulated data set."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_horizon, read_levels
from panelvar.core.base.arrays import Array
from panelvar.core.base.distributions import quantiles, ratios
from panelvar.core.base.errors import Note, NumericalError, SpecificationError
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import one_line, shown
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import check_digits, format_count, format_number
from panelvar.core.tables.frame_table import COUNT, STATISTIC, WORDS, FrameTable
from panelvar.core.tables.table import Presented, Table
from panelvar.data.calendar.time_labels import as_text
from panelvar.estimates.bands.limits import normal_limits
from panelvar.estimates.bands.target import limit_columns, nested
from panelvar.kernels.dynamics import dynamics
from panelvar.kernels.dynamics.batched_lags import BatchFit
from panelvar.kernels.dynamics.lag_problem import coefficient_errors, lag_matrices
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.kernels.dynamics.terms import TRENDS_IN_WORDS, Terms, regressor_labels, stacked_labels
from panelvar.systems.identification.scheme import Identification
from panelvar.systems.responses.shocks import choose_shocks, cumulated, positive_factor, read_cumulative
from panelvar.systems.var.var import fit_var
from panelvar.systems.var.var_convention import VarConvention
from panelvar.systems.var.var_result import VarResult

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of one sample, and the whole of it.

    Attributes
    ----------
    length : int
        Rows of a window; of the first, where they expand.
    expanding : bool
    whole : BatchFit or None
        The fit to all rows that any window has; None where orders differ between windows.
    """

    length: int
    expanding: bool
    whole: BatchFit | None


@dataclass(frozen=True, eq=False, repr=False)
class VarBatch(Presented):
    """Estimates of many vector autoregressions, as arrays with a leading axis for the members.

    Attributes
    ----------
    fits : BatchFit
        The arrays behind the labelled ones; only members that can be estimated. Zero at lags that a member of a shorter
        order does not have.
    labels : Index
        Names of the members: entities, or the last periods of windows.
    names : tuple of str
        Variables.
    lags : int
        Lag order; the longest, where members differ.
    terms : Terms
    convention : VarConvention
    sample : callable
        Gives the data of one member, and its exogenous variables, from its label and its order.
    notes : tuple of Note
    orders : array of int (B,)
        Lag order of each member.
    windows : Windows or None
        What members are windows of.

    See Also
    --------
    fit_var_batch : makes it, a member for each entity.
    fit_rolling_var : makes it, a member for each window.

    Examples
    --------
    >>> import panelvar as pv
    >>> batch = pv.fit_var_batch(pv.load_data("grunfeld"), ["invest", "value"], lags=1)
    >>> batch.params["invest"]["L1.value"].round(3).head(2)
    firm
    American Steel      -0.069
    Atlantic Refining    0.198
    Name: L1.value, dtype: float64
    >>> batch.member("General Electric").nobs
    19

    A coefficient in windows of 80 quarters, with intervals of 95% and the estimate from the whole sample:

    >>> windows = pv.fit_rolling_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], window=80, lags=1)
    >>> figure = windows.plot(keep="[unemp]L1.unemp")
    """

    _in_brackets: ClassVar[str] = (
        "member({key}) is the result of one member. params, std_errors and so on are those of all members."
    )

    fits: BatchFit
    labels: pd.Index
    names: tuple[str, ...]
    lags: int
    terms: Terms
    convention: VarConvention
    sample: Callable[[Any, int], tuple[Any, Any]]
    notes: tuple[Note, ...]
    orders: npt.NDArray[np.intp]
    windows: Windows | None = None

    def __len__(self) -> int:
        return len(self.fits.params)

    def __repr__(self) -> str:
        least = int(self.orders.min())
        order = f"VAR({self.lags})" if least == self.lags else f"of {least} to {self.lags} lags"
        return one_line(f"<{len(self)} vector autoregressions {order} of {listed(self.names)}>")

    def summary(self, *, digits: int = 4, rows: int | None = 20) -> Table:
        """Return a table of the members: rows behind each, its lags where they differ, its largest root.

        Parameters
        ----------
        digits : int
            Decimals.
        rows : int or None
            Print no more members than these, the first and the last ones; None for all.

        Returns
        -------
        Table
        """
        import pandas as pd

        check_digits(digits)
        called = "last period" if self.windows is not None else self.labels.name or "member"
        columns: dict[str, Any] = {"nobs": self.nobs}
        formats = {"nobs": COUNT.called("Observations")}
        facts = [
            Fact("Members", format_count(len(self))),
            Fact("Observations", _range(*map(format_count, (self.nobs.min(), self.nobs.max())))),
            Fact("Lags", _range(*map(format_count, (self.orders.min(), self.orders.max())))),
            Fact("Deterministic", TRENDS_IN_WORDS[self.terms.trend]),
            *self._further_terms,
        ]
        if self.orders.min() < self.lags:
            columns["lags"], formats["lags"] = self.orders, COUNT.called("Lags")
        if self.lags:
            largest, stable = self.moduli[:, 0], self.is_stable.to_numpy()
            columns |= {"modulus": largest, "stable": np.where(stable, "yes", "no")}
            formats |= {"modulus": STATISTIC.called("Largest root"), "stable": WORDS.called("Stable")}
            facts += [
                Fact("Largest root", _range(*(format_number(end, digits) for end in (largest.min(), largest.max())))),
                Fact("Stable", f"{format_count(stable.sum())} of {format_count(len(self))}"),
            ]
        facts.append(Fact("Convention", self.convention.name))
        return FrameTable(
            pd.DataFrame(columns, index=pd.Index(list(map(as_text, self.labels)), name=called)),
            formats,
            f"Vector autoregressions: {', '.join(self.names)}",
            tuple(facts),
            tuple(dict.fromkeys(map(str, self.notes))),
        ).summary(digits=digits, rows=rows)

    @property
    def _further_terms(self) -> list[Fact]:
        """Terms beside lags and deterministic terms, and what members are windows of."""
        terms, facts = self.terms, []
        if terms.seasons:
            facts.append(Fact("Seasons", format_count(terms.seasons)))
        if terms.exogenous:
            lags = f", lags 0 to {terms.exogenous_lags}" if terms.exogenous_lags else ""
            facts.append(Fact("Exogenous", f"{', '.join(terms.exogenous)}{lags}"))
        if self.windows is not None:
            rows = f"{format_count(self.windows.length)} rows"
            facts.append(Fact("Windows", f"expanding from {rows}" if self.windows.expanding else f"of {rows}"))
        return facts

    @property
    def regressor_names(self) -> tuple[str, ...]:
        """Names of an equation's regressors."""
        return regressor_labels(self.names, self.lags, self.terms)

    @property
    def nobs(self) -> npt.NDArray[np.intp]:
        """Rows behind each member, (B,)."""
        return self.fits.nobs

    @property
    def df_resid(self) -> npt.NDArray[np.intp]:
        """Residual degrees of freedom of an equation, (B,)."""
        return self.fits.nobs - self.terms.count - self.orders * len(self.names)

    @property
    def coefficients(self) -> Array:
        """Lag matrices, (B, p, K, K)."""
        return lag_matrices(self.fits.params, self.terms.count)

    @cached_property
    def sigma(self) -> Array:
        """Residual covariances of the convention, (B, K, K)."""
        divisor = self.df_resid if self.convention.sigma == "df" else self.nobs
        factor = self.fits.scatter_factor
        return np.asarray(factor @ factor.swapaxes(1, 2) / divisor[:, None, None])

    @cached_property
    def _errors(self) -> Array:
        divisor = self.df_resid if self.convention.coefficient_sigma == "df" else self.nobs
        return coefficient_errors(self.fits.inverse_factor, self.fits.scatter_factor, divisor[:, None])

    @cached_property
    def params(self) -> pd.DataFrame:
        """Coefficients: a row for each member, columns (equation, regressor); NaN at lags that it does not have."""
        return self._by_member(self.fits.params)

    @cached_property
    def std_errors(self) -> pd.DataFrame:
        """Standard errors, arranged like `params`."""
        return self._by_member(self._errors)

    @cached_property
    def tstats(self) -> pd.DataFrame:
        """Coefficients over their standard errors, arranged like `params`; NaN where an equation fits exactly."""
        return self._by_member(ratios(self.fits.params, self._errors))

    def conf_int(self, *, level: float | Sequence[float] = 0.95) -> pd.DataFrame:
        """Confidence intervals of every member's coefficients, by itself.

        Parameters
        ----------
        level : float or sequence of float
            Confidence level, at least 0.5; or several, such as ``(0.68, 0.95)``.

        Returns
        -------
        DataFrame
            Columns (limit, equation, regressor): ``conf_int()["lower"]`` is arranged like `params`. Limits are lower
            and upper at the highest level, and lower_68, upper_68 at another.
        """
        import pandas as pd

        exact = self.convention.distribution == "t"

        def limits_at(each: float) -> tuple[Array, Array]:
            critical = quantiles(each, self.df_resid.astype(np.float64))[:, None, None] if exact else None
            return normal_limits(self.fits.params, self._errors, each, critical)

        limits = limit_columns(nested(read_levels(level), limits_at))
        return pd.concat({name: self._by_member(values) for name, values in limits.items()}, axis=1, names=["limit"])

    def _by_member(self, values: Array) -> pd.DataFrame:
        import pandas as pd

        columns = stacked_labels(self.names, self.regressor_names)
        absent = np.arange(values.shape[1]) >= self.terms.count + self.orders[:, None] * len(self.names)
        values = np.where(absent[:, :, None], np.nan, values)
        return pd.DataFrame(values.swapaxes(1, 2).reshape(len(values), -1), index=self.labels, columns=columns)

    @cached_property
    def roots(self) -> npt.NDArray[np.complex128]:
        """Companion eigenvalues of each member, largest modulus first, (B, pK)."""
        return dynamics.companion_roots(self.coefficients)

    @property
    def moduli(self) -> Array:
        """Absolute values of `roots`."""
        return np.abs(self.roots)

    @property
    def is_stable(self) -> pd.Series:
        """Whether every companion root lies inside the unit circle, by member."""
        import pandas as pd

        return pd.Series((self.moduli < 1.0).all(axis=1), index=self.labels, name="is_stable")

    @documented
    def impulse_responses(
        self,
        horizon: int = 10,
        *,
        identification: str | Identification = "cholesky",
        shock_size: str = "sd",
        ordering: Sequence[str] | None = None,
        cumulative: bool | str | Sequence[str] = False,
    ) -> Array:
        """Responses of every member, (B, horizon + 1, K, S).

        Parameters
        ----------
        {horizon, identification, shock_size, ordering, cumulative}

        Returns
        -------
        array (B, horizon + 1, K, S)

        Raises
        ------
        NumericalError
            If the responses of an explosive member leave the range of numbers.
        """
        shocks = choose_shocks(self.names, self.sigma, identification, shock_size, ordering)
        form = ReducedForm(self.coefficients, positive_factor(self.sigma))
        horizon = read_horizon("horizon", horizon, 0, len(self) * len(self.names) ** 2)
        values = dynamics.responses(form.coefficients, horizon, shocks.impact(form))
        values = cumulated(values, 1, read_cumulative(cumulative, self.names))
        beyond = np.flatnonzero(~np.isfinite(values).all(axis=(1, 2, 3)))
        if len(beyond):
            raise NumericalError(
                f"Responses of {len(beyond)} of {len(self)} members overflow before period {horizon}, such as those "
                f"of {self.labels[beyond[0]]!r}, because these members are explosive. Give a shorter horizon."
            )
        return values

    @documented
    def plot(
        self,
        *,
        what: str | None = None,
        keep: str | re.Pattern[str] | Sequence[str | re.Pattern[str]] | None = None,
        drop: str | re.Pattern[str] | Sequence[str | re.Pattern[str]] | None = None,
        level: float | Sequence[float] = 0.95,
        ax: Axes | Sequence[Axes] | None = None,
        figure: Figure | SubFigure | None = None,
        figsize: Sequence[float] | None = None,
        title: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Figure | SubFigure:
        """Draw the coefficients of windows, or the largest root, over time: `panelvar.plot_rolling`.

        Parameters
        ----------
        what : {"coefficients", "roots"}, optional
            By default coefficients if they are chosen, or twelve at most, and else roots.
        keep, drop : str, pattern or sequence of them, optional
            Coefficients to show, or to leave out, such as ``"[income]L1.price"`` or ``"[income]*"``.
        level : float or sequence of float
            Coverage of the intervals, one level or several.
        {ax (panels), figure, figsize, title, labels}

        Returns
        -------
        Figure
        """
        from panelvar.reporting.plots_of_systems.rolling_estimates import plot_rolling

        return plot_rolling(
            self,
            what=what,
            keep=keep,
            drop=drop,
            level=level,
            ax=ax,
            figure=figure,
            figsize=figsize,
            title=title,
            labels=labels,
        )

    def member(self, label: Hashable) -> VarResult:
        """The full result of one member, with tests, bands and forecasts.

        Parameters
        ----------
        label : label
            Of the member: of an entity, of a window's last period, or a number.

        Returns
        -------
        VarResult

        Raises
        ------
        SpecificationError
            If there is no such member.
        """
        try:
            hash(label)
            place = self.labels.get_loc(label)
        except (KeyError, TypeError, ValueError):
            place = None
        if not isinstance(place, int):
            such = ", ".join(map(repr, self.labels[:5].tolist()))
            raise SpecificationError(f"{shown(label)} is not a member; there are {len(self)}, such as {such}.")
        order = int(self.orders[place])
        sample, beside = self.sample(self.labels[place], order)
        return fit_var(
            sample,
            self.names,
            lags=order,
            trend=self.terms.trend,
            seasons=self.terms.seasons,
            exogenous=beside,
            exogenous_lags=self.terms.exogenous_lags,
            convention=self.convention,
        )


def _range(low: str, high: str) -> str:
    return low if low == high else f"{low} to {high}"
