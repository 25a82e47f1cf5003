"""How residuals are correlated with those before: a correlogram of every pair of equations, with limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_levels
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, emit
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import one_line
from panelvar.core.base.shared_parameters import documented
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.faces.layout import Fact, pairs
from panelvar.core.tables.table import Presented, Table
from panelvar.estimates.bands.limits import normal_limits
from panelvar.estimates.bands.target import Limits, limit_columns, nested
from panelvar.kernels.dynamics.second_moments import correlations, sample_autocovariances
from panelvar.systems.diagnostics.tested_residuals import whole_lags
from panelvar.systems.responses.horizon_tables import rows
from panelvar.systems.var.fitted_system import FittedSystem, require_fit

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


@dataclass(frozen=True, eq=False, repr=False)
class Correlogram(Presented):
    """Correlations of residuals with earlier ones.

    Parameters
    ----------
    values : array (lags, K, K)
        Entry [h - 1, i, k]: correlation of the residual of equation i with that of equation k, h periods earlier.
    std_errors : array (lags, K, K)
        Their standard errors where errors are not correlated over time.
    names : tuple of str
    nobs : int
    notes : tuple of Note

    See Also
    --------
    residual_correlogram : makes it.
    plot_correlogram : draws it.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> correlogram = pv.residual_correlogram(model, lags=3)
    >>> correlogram.values[:, 0, 0].round(3).tolist()
    [0.017, -0.024, 0.038]

    Correlations of the residuals at lags up to three, with limits of 95%:

    >>> figure = correlogram.plot()
    """

    values: Array
    std_errors: Array
    names: tuple[str, ...]
    nobs: int
    notes: tuple[Note, ...] = ()

    @property
    def lags(self) -> int:
        """Longest lag."""
        return int(self.values.shape[0])

    @answering
    def limits(self, *, level: float | Sequence[float] = 0.95) -> list[Limits]:
        """What a correlation stays within where errors are not correlated over time, the widest first.

        Parameters
        ----------
        level : float or sequence of float
            Probability with which each correlation by itself stays within.

        Returns
        -------
        list of Limits
            For each level a lower and an upper array like ``values``.
        """
        none = np.zeros_like(self.values)
        return nested(read_levels(level), lambda each: normal_limits(none, self.std_errors, each))

    @answering
    def to_frame(self, *, level: float | Sequence[float] = 0.95) -> pd.DataFrame:
        """Long table: index (residual, earlier, lag), columns correlation, std_error and the limits.

        Parameters
        ----------
        level : float or sequence of float
            As in `limits`.

        Returns
        -------
        DataFrame
        """
        import pandas as pd

        index = pd.MultiIndex.from_product(
            [self.names, self.names, range(1, self.lags + 1)], names=["residual", "earlier", "lag"]
        )
        columns = {"correlation": self.values, "std_error": self.std_errors, **limit_columns(self.limits(level=level))}
        return pd.DataFrame({name: part.transpose(1, 2, 0).ravel() for name, part in columns.items()}, index=index)

    def summary(self, *, digits: int = 4) -> Table:
        """Return a table with a column for each pair of equations, limits of 95% below.

        Parameters
        ----------
        digits : int
            Decimals.

        Returns
        -------
        Table
        """
        return Table(
            title="Residual correlations",
            facts=(Fact("In brackets", "95% limits without serial correlation"),),
            header=pairs(self.names, self.names, "Residual of", "With the earlier"),
            body=rows(range(1, self.lags + 1), self.values, self.limits(), digits),
            notes=tuple(dict.fromkeys(map(str, self.notes))),
        )

    @documented
    def plot(
        self,
        *,
        of: str | Sequence[str] | None = None,
        level: float | Sequence[float] = 0.95,
        ax: Axes | Sequence[Axes] | npt.NDArray[Any] | None = None,
        figure: Figure | SubFigure | None = None,
        figsize: Sequence[float] | None = None,
        title: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> Figure | SubFigure:
        """Draw the correlograms (`panelvar.plot_correlogram`).

        Parameters
        ----------
        {of}
        level : float or sequence of float
            As in `limits`.
        {ax (panels), figure, figsize, title, labels}

        Returns
        -------
        Figure
        """
        from panelvar.reporting.plots_of_systems.correlogram import plot_correlogram

        return plot_correlogram(
            self, of=of, level=level, ax=ax, figure=figure, figsize=figsize, title=title, labels=labels
        )

    def __repr__(self) -> str:
        outside = int((np.abs(self.values) > self.limits()[0].upper).sum())
        return one_line(
            f"<Residual correlations of {listed(self.names)}, lags 1 to {self.lags}: {outside} of {self.values.size} "
            "outside 95% limits>"
        )


@answering
def residual_correlogram(
    model: FittedSystem,
    *,
    lags: int = 12,
) -> Correlogram:
    r"""Correlations of the residuals with earlier ones, and their standard errors under no serial correlation.

    .. math:: r_{ik}(h) = \frac{n^{-1}\sum_t \hat u_{it} \hat u_{k,t-h}}{\hat s_i \hat s_k}, \qquad
        \operatorname{se}^2 = \frac{\sum_t \tilde u_{k,t-h}^2}{n \sum_t \hat u_{kt}^2},

    with :math:`\tilde u_{k,t-h}` what a regression on the regressors of the system leaves of the lagged residual.

    Parameters
    ----------
    model : FittedSystem
        What `fit_var` and its kin return.
    lags : int
        Longest lag.

    Returns
    -------
    Correlogram

    Raises
    ------
    InsufficientDataError
        There are no more rows than lags.

    See Also
    --------
    serial_lm_test, portmanteau_test : tests of many correlations together.
    plot_correlogram : draws it.

    Notes
    -----
    The standard errors are those of residuals, as in Luetkepohl (2005, section 4.4): at lags up to that of the
    system residuals' correlations are closer to zero than those of errors, and :math:`1/\sqrt n`, which EViews,
    statsmodels and R's vars draw, hides what correlation there is. Where coefficients are restricted, or a rank is,
    they are :math:`1/\sqrt n`, and a note says so. Products across gaps are left out.

    When to use something else: `serial_lm_test` and `portmanteau_test` judge many correlations together.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
    >>> correlogram = pv.residual_correlogram(model, lags=4)
    >>> correlogram.to_frame().round(3).head(2)
                          correlation  std_error  lower  upper
    residual earlier lag
    unemp    unemp   1          0.017      0.049 -0.096  0.096
                     2         -0.024      0.059 -0.116  0.116
    """
    require_fit(model)
    problem = model._problem
    residuals = problem.residuals
    count = whole_lags(lags, len(residuals))
    values = correlations(sample_autocovariances(residuals, count, problem.run_starts))[1:]
    notes: tuple[Note, ...] = ()
    if problem.restriction:
        errors = np.full(values.shape, 1.0 / np.sqrt(len(residuals)))
        text = (
            f"This model has {problem.restriction.lower()}. The standard errors are therefore those of correlations of "
            "errors, 1 / sqrt(n), and too large at short lags."
        )
        notes = (Note("errors-as-known", text),)
        emit(notes)
    else:
        basis = problem.design[:, : problem.n_regressors] @ problem.inverse_factor
        errors = np.empty(values.shape)
        for lag in range(1, count + 1):
            errors[lag - 1] = _errors(residuals, lag, basis, problem.run_starts)
    return Correlogram(values, errors, model.names, len(residuals), notes)


def _errors(residuals: Array, lag: int, basis: Array, run_starts: Sequence[int]) -> Array:
    """Standard errors (K,) of correlations with the residuals so many periods earlier, which none across gaps are."""
    earlier = np.zeros_like(residuals)
    for first, last in zip(run_starts, (*run_starts[1:], len(residuals)), strict=True):
        earlier[first + lag : last] = residuals[first : max(last - lag, first)]
    left = earlier - basis @ (basis.T @ earlier)
    squares = np.einsum("tk,tk->k", left, left) / np.einsum("tk,tk->k", residuals, residuals)
    return np.asarray(np.sqrt(squares / len(residuals)))
