"""The result of `fit_var`, and tests of coefficients of systems fitted to one entity's data."""

from __future__ import annotations

from dataclasses import dataclass

from panelvar.systems.var import system_tests
from panelvar.systems.var.equation_columns import equation_columns
from panelvar.systems.var.fitted_system import FittedSystem


@dataclass(frozen=True, init=False, eq=False, repr=False)
class VarResult(FittedSystem):
    r"""A vector autoregression estimated by least squares: a `FittedSystem` with tests of its coefficients.

    Made by `panelvar.fit_var`. All of `System` is here too (``roots``, ``moduli``, ``is_stable``, ``equations()``,
    ``mean()``, ``long_run_effects()``).

    Parameters
    ----------
    problem : LagProblem
        The least-squares problem; its attributes are the arrays behind the labelled ones.
    data : VarData
    periods : array of int (n,)
        Calendar periods explained.
    terms : Terms
    convention : VarConvention
    notes : tuple of Note
        Rows dropped, and whatever else a reader should know.
    specification : Classical or ScoredCovariance
        Errors of the coefficients: see `with_cov`.

    Attributes
    ----------
    sigma : DataFrame (K, K)
        Residual covariance of the convention: behind responses, decompositions and forecast intervals.

    See Also
    --------
    fit_var : makes it.
    FittedSystem : what it shares with restricted and error-correction models.
    PanelVarResult : the result for panels.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> model.moduli.round(3)[:3].tolist()
    [0.955, 0.829, 0.829]
    >>> model.granger_causality("unemp", "tbilrate").in_a_line()
    'F(2, 579) = 1.6778, p = 0.1877'
    >>> model.impulse_responses(8).response("unemp", "tbilrate").round(3).iloc[-1].tolist()
    [0.114]

    The responses of each variable to each shock, with bands of 95%:

    >>> figure = model.impulse_responses(12, bands=pv.DeltaMethod()).plot()
    """

    granger_causality = system_tests.granger_causality
    lag_exclusion_tests = system_tests.lag_exclusion_tests
    _table_columns = equation_columns
