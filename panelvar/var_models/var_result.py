"""The result of `fit_var`: a vector autoregression estimated by least squares."""

from __future__ import annotations

from dataclasses import dataclass

from panelvar.base.errors import SpecificationError, choose
from panelvar.var_models.coefficient_tests import CoefficientTests

COVARIANCES = ("classical", "HC0", "HC1", "HC2", "HC3")


@dataclass(frozen=True, init=False, eq=False, repr=False)
class VarResult(CoefficientTests):
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
    cov_kind : str
        Errors of the coefficients: see `with_cov`.

    Attributes
    ----------
    sigma : array (K, K)
        Residual covariance of the convention: behind responses, decompositions and forecast intervals.
    """

    def with_cov(self, kind: str) -> VarResult:
        """Return the same estimates with other errors of the coefficients, and of tests of them.

        Parameters
        ----------
        kind : {"classical", "HC0", "HC1", "HC2", "HC3"}
            Homoskedastic errors, or heteroskedasticity-consistent ones, jointly over the equations. Sigma, responses
            and their bands stay as they are: see `MovingBlockBootstrap` for bands under heteroskedasticity.
        """
        if not isinstance(kind, str) and hasattr(kind, "kind"):
            raise SpecificationError(f"kind={kind!r}: give its name, with_cov({kind.kind!r}).")
        choose("kind", kind, COVARIANCES)
        return VarResult(self.problem, self.data, self.periods, self.terms, self.convention, self.notes, kind)
