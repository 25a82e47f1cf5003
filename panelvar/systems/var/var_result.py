"""The result of `fit_var`, and tests of coefficients of systems fitted to one entity's data."""

from __future__ import annotations

from dataclasses import dataclass

from panelvar.core.base.errors import SpecificationError, emit
from panelvar.estimates.covariance.covariances import HC, Classical, Covariance, ScoredCovariance
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
    sigma : array (K, K)
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

    wald_test = system_tests.wald_test
    lincom = system_tests.lincom
    granger_causality = system_tests.granger_causality
    lag_exclusion_tests = system_tests.lag_exclusion_tests
    _table_columns = equation_columns

    def with_cov(self, cov: str | Covariance) -> VarResult:
        """Return the same estimates with other errors of the coefficients, and of tests of them.

        Parameters
        ----------
        cov : str, Classical, HC, Clustered or another covariance of scores
            ``"classical"``, ``"robust"`` (HC1), ``"HC0"`` to ``"HC5"``, or an object such as ``HC("HC3")``:
            homoskedastic errors, or heteroskedasticity-consistent ones, jointly over the equations.
            ``Clustered(values)`` lets errors be correlated within groups of periods, given by a Series matched by
            labels or a value for each row of the data. A covariance of one's own derives from
            `panelvar.estimates.covariance.covariances.ScoredCovariance`. Sigma, responses and their bands stay as they
            are: see `MovingBlockBootstrap` for bands under heteroskedasticity.

        Returns
        -------
        VarResult
            The same estimates.

        Raises
        ------
        SpecificationError
            The covariance is another one, or clusters have a name other than ``"time"``.
        DataError
            Groups are missing, or are not as many as the data have rows.

        Examples
        --------
        >>> import panelvar as pv
        >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
        >>> model.granger_causality("unemp", "tbilrate").in_a_line()
        'F(2, 390) = 5.9573, p = 0.0028'
        >>> model.with_cov("HC1").granger_causality("unemp", "tbilrate").in_a_line()
        'F(2, 390) = 3.3003, p = 0.0379'
        """
        from panelvar.estimates.covariance.named import specification_of

        found = specification_of(cov) or HC("HC1")
        if not isinstance(found, (Classical, ScoredCovariance)) or found.over_time:
            raise SpecificationError(
                f"cov={cov!r}: a vector autoregression takes 'classical', 'HC0' to 'HC5' and Clustered(...). Errors "
                "robust to correlation over time are not offered. Add lags instead."
            )
        changed = VarResult(self._problem, self.data, self.periods, self.terms, self.convention, self.notes, found)
        # Computed now, so that an impossible covariance is refused here and a misleading one warns here.
        if changed._robust is not None:
            emit(changed._robust.notes)
        return changed
