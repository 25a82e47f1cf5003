"""Test that the coefficients of a vector autoregression are constant over time.

Residuals are cumulated, or added up over a moving window, and how far they stray is held against a Brownian motion or
bridge.

Recursive residuals: Brown, Durbin and Evans (1975), Techniques for testing the constancy of regression relationships
over time, J. Royal Statistical Society B 37, 149-163. Moving sums: Chu, Hornik and Kuan (1995), MOSUM tests for
parameter constancy, Biometrika 82, 603-617.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_number
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import (
    InsufficientDataError,
    Note,
    NumericalError,
    SpecificationError,
    check_level,
    choose,
)
from panelvar.core.base.labels import listed
from panelvar.core.base.quoting import one_line
from panelvar.core.base.scaling import columns_in_own_units
from panelvar.core.base.shared_parameters import documented
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.faces.number_format import pvalue_text
from panelvar.core.tables.table import Presented, Table
from panelvar.core.tables.test_result import TestResult, own_test, table_of_tests
from panelvar.systems.diagnostics.limit_processes import WIDEST, height, tail
from panelvar.systems.diagnostics.tested_residuals import require_freedom, warn, warn_of_gaps
from panelvar.systems.var.fitted_system import FittedSystem, require_fit
from panelvar.systems.var.restricted import RestrictedVarResult

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure


_NAMES = {"ols": "OLS", "recursive": "Rec"}


@dataclass(frozen=True, eq=False, repr=False)
class CusumTests(Presented):
    """Fluctuation tests of the equations of a vector autoregression.

    Attributes
    ----------
    tests : dict of str to TestResult
        For each equation, how far its process strays, and how likely that is if coefficients are constant.
    paths : DataFrame
        The processes by period; of moving sums, by the last period of the window.
    title : str
        Which test, such as ``"OLS-CUSUM"``.
    process : {"bridge", "motion", "bridge increments", "motion increments"}
        What the processes are in the limit.
    window : float or None
        Share of the residuals in a moving sum, or of the rows in a window.
    dimensions : int
        Independent processes, of which `paths` have the largest.

    See Also
    --------
    cusum_test, mosum_test, fluctuation_test : make it.
    plot_constancy : draws it.

    Examples
    --------
    >>> import panelvar as pv
    >>> tests = pv.cusum_test(pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2))
    >>> tests.title, round(tests.boundary(level=0.95), 3)
    ('OLS-CUSUM', 1.358)
    >>> tests.paths.abs().max().round(3)
    unemp       0.876
    tbilrate    1.170
    dtype: float64

    The cumulated residuals of each equation stay within their boundaries:

    >>> figure = tests.plot()
    """

    tests: dict[str, TestResult]
    paths: pd.DataFrame
    title: str
    process: str
    window: float | None = None
    dimensions: int = 1

    def boundary(self, *, level: float = 0.95) -> float:
        r"""Height within which the processes stay with a given probability, if coefficients are constant.

        For recursive cumulated sums it is :math:`\lambda`: the boundary is the line :math:`\lambda(1 + 2t)`, which
        rises to three times as much; see `boundaries`.

        Parameters
        ----------
        level : float
            Probability that a process of constant coefficients stays within, throughout.

        Returns
        -------
        float

        Raises
        ------
        SpecificationError
            For moving sums and windows, the level is beyond the simulated quantiles, which end at a thousandth for each
            process.
        """
        return height(check_level(level), self.process, self.window, self.dimensions)

    def boundaries(self, *, level: float = 0.95) -> pd.Series:
        """The boundary at every period of `paths`.

        Parameters
        ----------
        level : float
            Probability that a process of constant coefficients stays within, throughout.

        Returns
        -------
        Series
        """
        import pandas as pd

        return pd.Series(self.boundary(level=level) * _rise(len(self.paths), self.process), index=self.paths.index)

    def summary(self) -> Table:
        """Render the tests as a table."""
        return table_of_tests(*self.tests.values())

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
        """Draw the processes between their boundaries (`panelvar.plot_constancy`).

        Parameters
        ----------
        {of}
        level : float or sequence of float
            As in `boundary`.
        {ax (panels), figure, figsize, title, labels}

        Returns
        -------
        Figure
        """
        from panelvar.reporting.plots_of_systems.constancy import plot_constancy

        return plot_constancy(
            self, of=of, level=level, ax=ax, figure=figure, figsize=figsize, title=title, labels=labels
        )

    def __repr__(self) -> str:
        least = min(test.pvalue for test in self.tests.values())
        return one_line(f"<{self.title} tests of {listed(tuple(self.tests))}: smallest {pvalue_text(least)}>")

    def __str__(self) -> str:
        return "\n".join(map(str, self.tests.values()))


@answering
def cusum_test(
    model: FittedSystem,
    *,
    statistic: str = "ols",
) -> CusumTests:
    r"""Test by cumulated residuals that coefficients are constant, equation by equation.

    Parameters
    ----------
    model : FittedSystem
        For ``"ols"`` it needs a constant, so that residuals sum to zero. Without one the process does not end at zero
        and is no Brownian bridge under the null; a warning says so.
    statistic : {"ols", "recursive", "squares"}
        ``"ols"``: :math:`W_t = \sum_{s \le t} \hat u_s / (\hat\sigma \sqrt n)`, a Brownian bridge (Ploberger and
        Kraemer 1992). ``"recursive"``: the same of the n - m recursive residuals, a Brownian motion, whose statistic is
        :math:`\max |W_t| / (1 + 2t)` (Brown, Durbin and Evans 1975). ``"squares"``: of squares of recursive residuals
        over their sum, less t, times :math:`\sqrt{(n - m)/2}`: a bridge if errors are normal (the same).

    Returns
    -------
    CusumTests

    Raises
    ------
    InsufficientDataError
        The residuals of an equation have one degree of freedom, and the process is then the same for all errors.
    SpecificationError
        You ask for recursive residuals of equations with restrictions, which have different regressors.
    NumericalError
        An equation fits exactly.

    See Also
    --------
    mosum_test : moving sums, which see a shift that is undone later.
    fluctuation_test : coefficients of windows.
    plot_constancy : draws the process and its boundaries.

    Notes
    -----
    The first two are R's ``vars::stability(type="OLS-CUSUM")`` and ``"Rec-CUSUM"``, and after ``regress`` Stata's
    ``estat sbcusum, ols`` and ``estat sbcusum``. EViews has the last two among the views of an equation. Sums have
    little power against breaks late in the sample, or in coefficients whose regressors have mean zero. Squares see
    changes of the variance, but heavy tails too, which are no break. Sigma of recursive residuals is taken about zero;
    under ``convention="vars"`` it is taken about their mean.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> tests = pv.cusum_test(model)
    >>> {name: round(test.pvalue, 3) for name, test in tests.tests.items()}
    {'infl': 0.153, 'unemp': 0.486, 'tbilrate': 0.584}
    """
    require_fit(model)
    choose("statistic", statistic, ("ols", "recursive", "squares"))
    require_freedom("A CUSUM test", model.nobs, int(model.nobs - np.min(model._problem.degrees)), 2)
    if statistic == "ols":
        return _tests(
            model, _cumulate(model)[1:], "OLS-CUSUM", "bridge", _without_constant(model) + warn_of_gaps(model)
        )
    residuals = _recursive(model)
    count = len(residuals)
    if statistic == "squares":
        total = np.cumsum(residuals**2, axis=0)
        process = np.sqrt(0.5 * count) * (total / total[-1] - np.arange(1, count + 1)[:, None] / count)
        null = "the variance of the equation of {name} is constant"
        return _tests(model, process, "CUSUM of squares", "bridge", warn_of_gaps(model), null=null)
    process = np.cumsum(residuals, axis=0) / (_spread(model, residuals, 1) * np.sqrt(count))
    return _tests(model, process, "Rec-CUSUM", "motion", warn_of_gaps(model))


@answering
def mosum_test(
    model: FittedSystem,
    *,
    statistic: str = "ols",
    window: float = 0.15,
) -> CusumTests:
    r"""Test of constant coefficients by moving sums of residuals, equation by equation (Chu, Hornik and Kuan 1995).

    :math:`M_t = W_t - W_{t-h}`, of the processes of `cusum_test`: the statistic is its largest absolute value. A shift
    that is undone later hardly moves a cumulated sum, but a moving sum sees it.

    Parameters
    ----------
    model : FittedSystem
        For ``"ols"`` it needs a constant, so that residuals sum to zero; a warning says so where it has none.
    statistic : {"ols", "recursive"}
        Which residuals.
    window : float
        h, the share of the residuals in a sum, from 0.05 to 0.5.

    Returns
    -------
    CusumTests
        P-values from simulated quantiles (``systems/diagnostics/constants/mosum_quantiles.csv``), between 0.001 and
        0.999.

    Raises
    ------
    SpecificationError
        The window is outside these limits, or you ask for recursive residuals of equations with restrictions.
    InsufficientDataError
        The residuals of an equation have one degree of freedom, or a window has no residual.
    NumericalError
        An equation fits exactly.

    See Also
    --------
    cusum_test : cumulated sums, from the start of the sample.
    fluctuation_test : coefficients of windows.
    plot_constancy : draws the process and its boundaries.

    Notes
    -----
    R has the tests as ``vars::stability(type="OLS-MOSUM")`` and ``"Rec-MOSUM"``, and interpolates p-values in a table
    that begins at 0.2. Its variance of recursive residuals is their sum of squares about their mean over n - 2m, since
    it takes m degrees from n - m residuals once more. ``convention="vars"`` does so too; otherwise the sum is about
    zero and over n - m.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> tests = pv.mosum_test(model, window=0.2)
    >>> {name: round(test.statistic, 3) for name, test in tests.tests.items()}
    {'infl': 1.513, 'unemp': 0.787, 'tbilrate': 0.703}
    """
    require_fit(model)
    choose("statistic", statistic, tuple(_NAMES))
    window = read_number("window", window)
    if not WIDEST[0] <= window <= WIDEST[1]:
        raise SpecificationError(
            f"window={window:g}: expected a share of the rows between {WIDEST[0]:g} and {WIDEST[1]:g}."
        )
    require_freedom("A MOSUM test", model.nobs, int(model.nobs - np.min(model._problem.degrees)), 2)
    notes = warn_of_gaps(model)
    if statistic == "ols":
        process, totals = "bridge increments", _cumulate(model)
        notes = _without_constant(model) + notes
    else:
        residuals = _recursive(model)
        scale = _spread(model, residuals, model.n_regressors) * np.sqrt(len(residuals))
        process, totals = "motion increments", _add_up(residuals / scale)
    count = len(totals) - 1
    # A share such as 0.29 of 100 rows is 29 of them, whatever the last bit of the product says.
    length = int(window * count + 1e-9)
    if length == 0:
        raise InsufficientDataError(
            f"window={window:g} of {count} residuals is less than one residual. Use a larger window=."
        )
    sums = totals[length:] - totals[:-length]
    return _tests(model, sums, f"{_NAMES[statistic]}-MOSUM", process, notes, window)


def _tests(
    model: FittedSystem,
    paths: Array,
    title: str,
    process: str,
    notes: tuple[Note, ...],
    window: float | None = None,
    null: str = "the coefficients of the equation of {name} are constant",
) -> CusumTests:
    """Tests of processes, of which the last row belongs to the last period."""
    import pandas as pd

    frame = pd.DataFrame(paths, index=model.resids.index[-len(paths) :], columns=list(model.names))
    return tests_of_paths(frame, title, process, notes, window, null)


def tests_of_paths(
    paths: pd.DataFrame,
    title: str,
    process: str,
    notes: tuple[Note, ...],
    window: float | None,
    null: str,
    dimensions: int = 1,
) -> CusumTests:
    """Test how far the process of each equation, a column, strays; ``{name}`` in the null stands for the equation."""
    largest = (np.abs(paths.to_numpy()) / _rise(len(paths), process)[:, None]).max(axis=0).tolist()
    tests = {
        name: own_test(
            f"{title} of {name}", value, tail(value, process, window, dimensions), null.format(name=name), notes
        )
        for name, value in zip(paths.columns, largest, strict=True)
    }
    return CusumTests(tests, paths, title, process, window, dimensions)


def _rise(count: int, process: str) -> Array:
    """What the boundary is proportional to at each of ``count`` periods."""
    share = np.arange(1.0, count + 1.0) / count
    return np.asarray(1.0 + 2.0 * share if process == "motion" else np.ones(count))


def _refuse_exact(model: FittedSystem) -> None:
    exact = model._problem.exact_equations
    if exact.any():
        raise NumericalError(
            f"The equation of {model.names[int(exact.argmax())]!r} fits exactly, so its residuals are rounding and "
            "their sums say nothing of its coefficients."
        )


def _cumulate(model: FittedSystem) -> Array:
    r"""OLS-CUSUM processes :math:`\sum_{s \le t} \hat u_s / (\hat\sigma \sqrt n)`, (n + 1, K), zero first.

    Ploberger and Kraemer (1992), Econometrica 60; the limit is a Brownian bridge if residuals sum to zero. The
    convention may take sigma about the residuals' mean, which is zero with a constant.
    """
    _refuse_exact(model)
    residuals = columns_in_own_units(model._problem.residuals)
    spread = residuals - residuals.mean(axis=0) if "cusum" in model.convention.centred else residuals
    scale = np.sqrt((spread**2).sum(axis=0) / model._problem.degrees * len(residuals))
    return np.asarray(_add_up(residuals) / scale)


def _add_up(values: Array) -> Array:
    """Running sums of rows, zero first: (n + 1, K)."""
    return np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])


def _recursive(model: FittedSystem) -> Array:
    """Recursive residuals of all equations."""
    _refuse_exact(model)
    problem = model._problem
    if problem.restriction:
        raise SpecificationError(
            f"Recursive residuals need equations with the same regressors, but this model has {problem.restriction}. "
            "Use statistic='ols'."
        )
    m = problem.n_regressors
    found = recursive_residuals(problem.design[:, :m] @ problem.inverse_factor, problem.residuals)
    if len(found) < 2:
        raise InsufficientDataError(
            "The first rows that make the regressors linearly independent leave fewer than two recursive "
            "residuals. Use fewer regressors, or statistic='ols'."
        )
    return found


def _spread(model: FittedSystem, residuals: Array, taken: int) -> Array:
    """Standard deviation of recursive residuals, about their mean less ``taken`` degrees if the convention says so."""
    if "cusum" in model.convention.centred:
        gap = residuals - residuals.mean(axis=0)
        return np.asarray(np.sqrt((gap**2).sum(axis=0) / (len(residuals) - taken)))
    return np.asarray(np.sqrt((residuals**2).mean(axis=0)))


def _without_constant(model: FittedSystem) -> tuple[Note, ...]:
    """Warn where residuals do not sum to zero: equations without a constant, of the model or by restriction."""
    summed = np.full(model.n_vars, model.terms.has_constant)
    if isinstance(model, RestrictedVarResult):
        summed &= False if "const" not in model.free.index else model.free.loc["const"].to_numpy()
    where = [name for name, fine in zip(model.names, summed, strict=True) if not fine]
    if not where:
        return ()
    return warn(
        "no-constant",
        f"{'The equation' if len(where) == 1 else 'Equations'} of {', '.join(where)} "
        f"{'has' if len(where) == 1 else 'have'} no constant. The residuals then do not sum to zero, and the p-values, "
        "which are those of a Brownian bridge, do not hold.",
    )


def recursive_residuals(regressors: Array, left: Array) -> Array:
    r"""Standardised errors of predictions from the rows before (Brown, Durbin and Evans 1975).

    .. math:: w_t = \frac{y_t - x_t'b_{t-1}}{\sqrt{1 + x_t'(X_{t-1}'X_{t-1})^{-1}x_t}}

    The triangle of the rows so far is updated by one row after the other, so that nothing is inverted.

    Parameters
    ----------
    regressors : array (n, m)
        Well scaled: an orthonormal basis of them gives the same residuals.
    left : array (n, K)

    Returns
    -------
    array (n - s, K)
        s is m, or the first number of rows whose regressors are linearly independent.
    """
    n, m = regressors.shape
    rows = np.concatenate([regressors, left], axis=1)
    state: Array
    start = m
    while True:
        state = np.asarray(np.linalg.qr(rows[:start], mode="r"))[:m]
        pivots = np.abs(state[:, :m].diagonal())
        # An orthonormal basis has no units.
        if pivots.min() > 1e-10 * math.sqrt(start / n) or start == n:
            break
        start += 1
    out = np.empty((n - start, left.shape[1]))
    for place in range(start, n):
        x, y = rows[place, :m], rows[place, m:]
        along = np.linalg.solve(state[:, :m].T, x)
        out[place - start] = (y - along @ state[:, m:]) / math.sqrt(1.0 + along @ along)
        state = np.asarray(np.linalg.qr(np.concatenate([state, rows[place : place + 1]]), mode="r"))[:m]
    return out
