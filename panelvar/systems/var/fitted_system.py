"""What every system fitted to data says of shocks: responses with bands, shares, the shocks themselves, histories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import MissingInformationError, NumericalError, SpecificationError, emit
from panelvar.core.base.shared_parameters import documented
from panelvar.kernels.dynamics.unit_free_solves import lower_solve
from panelvar.systems.identification.scheme import Identification
from panelvar.systems.responses.decomposition import HistoricalDecomposition
from panelvar.systems.responses.shocks import Shocks, positive_factor
from panelvar.systems.var.forecasts import VarForecasts
from panelvar.systems.var.system import System
from panelvar.systems.var.system_tests import SystemTests

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, init=False, eq=False, repr=False)
class FittedSystem(VarForecasts):
    r"""A `System` with the data that it was fitted to: what `VarResult`, `RestrictedVarResult` and `VecmResult` share.

    All of `System` is here too (``roots``, ``moduli``, ``is_stable``, ``equations()``, ``mean()``,
    ``long_run_effects()``).

    Parameters
    ----------
    problem, data, periods, terms, convention, notes
        As in `VarResult`.

    See Also
    --------
    fit_var, fit_restricted_var, fit_vecm : what makes fitted systems.
    System : the same without data.

    Examples
    --------
    >>> import panelvar as pv
    >>> macro = pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]]
    >>> model = pv.fit_var(macro, lags=2)
    >>> isinstance(model, pv.FittedSystem)
    True
    >>> model.structural_shocks().std().round(2).tolist()
    [0.98, 0.98, 0.98]
    """

    @documented
    def structural_shocks(
        self, *, identification: str | Identification = "cholesky", ordering: Sequence[str] | None = None
    ) -> pd.DataFrame:
        r"""Estimated shocks of variance one, by period: :math:`\hat\varepsilon_t = B^{-1}\hat u_t`.

        A scheme with fewer shocks than variables gives :math:`\hat\varepsilon_{st} = b_s'\Sigma^{-1}\hat u_t`, with
        :math:`b_s` the column of its impact matrix: the same numbers where the shocks are complete.

        Parameters
        ----------
        {identification, ordering}

        Returns
        -------
        DataFrame
            A row for each period, a column for each shock.

        Raises
        ------
        SpecificationError
            The shocks are correlated.
        """
        shocks = self._shocks(identification, "sd", ordering)
        emit(shocks.scheme.notes)
        return self._by_period(self._shock_values(shocks), shocks.names)

    def _shock_values(self, shocks: Shocks) -> Array:
        if not shocks.scheme.orthogonal:
            raise SpecificationError(
                f"{shocks.scheme.words} shocks are correlated, so the errors cannot be split into them. Use "
                "'cholesky', 'long_run' or another scheme of orthogonal shocks."
            )
        impact = shocks.system_impact(self.coefficients, self.sigma)
        residuals = self.problem.residuals
        if shocks.complete:
            # Rows in units of the errors.
            sizes = np.sqrt(self.sigma.diagonal())
            solved = np.linalg.solve(impact / sizes[:, None], (residuals / sizes).T)
            return np.asarray(solved.T, dtype=np.float64)
        factor = positive_factor(self.sigma)
        return np.asarray(lower_solve(factor, residuals.T).T @ lower_solve(factor, impact))

    @documented
    def historical_decomposition(
        self, *, identification: str | Identification = "cholesky", ordering: Sequence[str] | None = None
    ) -> HistoricalDecomposition:
        """Take each variable apart into a baseline and what each shock has contributed since the start of the sample.

        Parameters
        ----------
        {identification}
            The shocks must be orthogonal. Where they are fewer than the variables, ``others`` holds what the other
            shocks contributed.
        {ordering}

        Returns
        -------
        HistoricalDecomposition

        Raises
        ------
        NumericalError
            Contributions overflow: the system is explosive.

        See Also
        --------
        plot_historical : draws it.

        Notes
        -----
        Shocks before the sample are in the baseline, with the initial values: early periods say little. After a gap the
        decomposition starts again.

        Examples
        --------
        >>> import panelvar as pv
        >>> model = pv.fit_var(pv.load_data("us_macro")[["unemp", "tbilrate"]], lags=2)
        >>> model.historical_decomposition().to_frame()["unemp"].round(2).tail(1)
        part     baseline  unemp  tbilrate
        quarter
        2009Q3       5.92    4.6     -0.92
        """
        shocks = self._shocks(identification, "sd", ordering)
        values = self._shock_values(shocks)
        parts = values[:, None, :] * shocks.system_impact(self.coefficients, self.sigma)
        partial = parts.shape[2] < self.n_vars
        if partial:
            # The part of the residuals that the identified shocks leave belongs to all others together.
            rest = self.problem.residuals - parts.sum(axis=2)
            parts = np.concatenate([parts, rest[:, :, None]], axis=2)
        starts = np.array(self.problem.run_starts)
        actual = self.problem.design[:, self.n_regressors :]
        with np.errstate(over="ignore", invalid="ignore"):
            for row in range(len(parts)):
                first = starts[starts <= row].max()
                for lag in range(1, min(self.lags, row - first) + 1):
                    parts[row] += self.coefficients[lag - 1] @ parts[row - lag]
            baseline = actual - parts.sum(axis=2)
        if not (np.isfinite(parts).all() and np.isfinite(baseline).all()):
            raise NumericalError(
                f"Contributions of shocks overflow within {len(parts)} periods, because the system is explosive. Look "
                "for outliers, or fit fewer periods."
            )
        notes = self._stability_notes() + shocks.scheme.notes
        emit(notes)
        count = len(shocks.names)
        return HistoricalDecomposition(
            parts[:, :, :count],
            baseline,
            self.names,
            shocks.names,
            values,
            self.data.labels(self.periods),
            shocks.scheme.words,
            notes,
            parts[:, :, count] if partial else None,
        )


def require_fit(model: object, of_panels: str = "a panel's by moments has ar_test() and serial_portmanteau()") -> None:
    """Say what was expected if something else than a fitted vector autoregression is given.

    Parameters
    ----------
    model : object
    of_panels : str
        What a panel's has instead.

    Raises
    ------
    MissingInformationError
        The system has no data.
    SpecificationError
        It is the system of a panel, or something else.
    """
    if isinstance(model, FittedSystem):
        return
    if isinstance(model, SystemTests):
        raise SpecificationError(f"This is for a vector autoregression of one entity, made by fit_var; {of_panels}.")
    if isinstance(model, System):
        raise MissingInformationError("This needs the residuals, and the system has coefficients only: use fit_var.")
    raise SpecificationError(f"model is a {type(model).__name__}; expected the result of fit_var.")
