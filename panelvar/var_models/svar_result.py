"""A short-run structural form: A, B, their errors, and the test of what they restrict too much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.bands.target import Band
from panelvar.base.arrays import Array
from panelvar.base.errors import Note, SpecificationError
from panelvar.base.hints import HintsAtNames
from panelvar.base.labels import listed
from panelvar.identification.short_run import ShortRun
from panelvar.tables.test_result import TestResult

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.tables.table import Table


@dataclass(frozen=True, eq=False, repr=False)
class SvarResult(HintsAtNames):
    r"""Structural form :math:`A u_t = B \varepsilon_t` at the maximum of its likelihood.

    Parameters
    ----------
    identification : ShortRun
        The scheme with its estimates: pass it on to `VarResult.impulse_responses` and the like.
    names, shocks : tuple of str
        Variables and shocks.
    pair : array (2, K, K)
        A and B.
    pair_errors : array (2, K, K)
        Their standard errors, from the information matrix or the source of the band; zero where an entry is known.
    nobs : int
    llf : float
        Gaussian log likelihood, at the residual covariance of the convention.
    overidentification : TestResult or None
        Likelihood-ratio test against an unrestricted residual covariance; None if the model is just identified.
    iterations : int
        Steps of the longest search.
    lasting, lasting_errors : array (K, K) or None
        Long-run effects of the shocks and their errors, where they are restricted or the system has unit roots.
    band : Band or None
        Limits, draws (if any) and label of A, B and the long-run effects, (3, K, K).
    notes : tuple of Note
    """

    identification: ShortRun
    names: tuple[str, ...]
    shocks: tuple[str, ...]
    pair: Array
    pair_errors: Array
    nobs: int
    llf: float
    overidentification: TestResult | None
    iterations: int
    lasting: Array | None = None
    lasting_errors: Array | None = None
    band: Band | None = None
    notes: tuple[Note, ...] = ()

    def _frame(self, values: Array, columns: tuple[str, ...]) -> pd.DataFrame:
        import pandas as pd

        return pd.DataFrame(values, index=list(self.names), columns=list(columns))

    @property
    def a(self) -> pd.DataFrame:
        """A, equations by variables."""
        return self._frame(self.pair[0], self.names)

    @property
    def b(self) -> pd.DataFrame:
        """B, equations by shocks."""
        return self._frame(self.pair[1], self.shocks)

    @property
    def a_std_errors(self) -> pd.DataFrame:
        """Standard errors of A; zero where an entry is known."""
        return self._frame(self.pair_errors[0], self.names)

    @property
    def b_std_errors(self) -> pd.DataFrame:
        """Standard errors of B; zero where an entry is known."""
        return self._frame(self.pair_errors[1], self.shocks)

    @property
    def long_run(self) -> pd.DataFrame:
        r"""Long-run effects :math:`\Xi B` of one standard deviation of each shock, variables by shocks.

        Where the shocks lead in an error-correction model; elsewhere the sum of all responses.

        Raises
        ------
        SpecificationError
            Nothing is said of them: `VarResult.long_run_effects` has those of a stable system.
        """
        return self._frame(self._of_the_long_run(self.lasting), self.shocks)

    @property
    def long_run_std_errors(self) -> pd.DataFrame:
        """Standard errors of `long_run`; zero where an entry is known."""
        return self._frame(self._of_the_long_run(self.lasting_errors), self.shocks)

    def _of_the_long_run(self, values: Array | None) -> Array:
        if values is None:
            raise SpecificationError(
                "This structural form says nothing of the long run: long_run_effects(identification=...) of a stable "
                "model has the sums of its responses."
            )
        return values

    @property
    def impact(self) -> pd.DataFrame:
        """Responses on impact to one standard deviation of each shock: the inverse of A times B."""
        return self._frame(np.linalg.solve(self.pair[0], self.pair[1]), self.shocks)

    @property
    def sigma(self) -> pd.DataFrame:
        """Residual covariance that the structural form implies."""
        impact = self.impact.to_numpy()
        return self._frame(impact @ impact.T, self.names)

    def summary(self, **options: Any) -> Table:
        """Render A and B with their errors; see `panelvar.var_models.svar_summary.svar_table` for the options."""
        from panelvar.var_models.svar_summary import svar_table

        return svar_table(self, **options)

    def __repr__(self) -> str:
        return f"<Structural form of {listed(self.names)}: log likelihood {self.llf:.4f}, n = {self.nobs}>"

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
