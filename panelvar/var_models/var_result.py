"""The result of `fit_var`: a vector autoregression estimated by least squares."""

from __future__ import annotations

from dataclasses import dataclass

from panelvar.base.errors import SpecificationError
from panelvar.covariance.covariances import HC, Classical, Clustered, Covariance
from panelvar.var_models.coefficient_tests import CoefficientTests


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
    specification : Classical, HC or Clustered
        Errors of the coefficients: see `with_cov`.

    Attributes
    ----------
    sigma : array (K, K)
        Residual covariance of the convention: behind responses, decompositions and forecast intervals.
    """

    def with_cov(self, cov: str | Covariance) -> VarResult:
        """Return the same estimates with other errors of the coefficients, and of tests of them.

        Parameters
        ----------
        cov : str, Classical, HC or Clustered
            ``"classical"``, ``"robust"`` (HC1), ``"HC0"`` to ``"HC5"``, or an object such as ``HC("HC3")``:
            homoskedastic errors, or heteroskedasticity-consistent ones, jointly over the equations.
            ``Clustered(values)`` lets errors be correlated within groups of periods, given by a Series matched by
            labels or a value for each row of the data. Sigma, responses and their bands stay as they are: see
            `MovingBlockBootstrap` for bands under heteroskedasticity.
        """
        from panelvar.covariance.named import specification_of

        found = specification_of(cov) or HC("HC1")
        if not isinstance(found, (Classical, HC, Clustered)):
            raise SpecificationError(
                f"cov={cov!r}: a vector autoregression takes 'classical', 'HC0' to 'HC5' and Clustered(...). Errors "
                "robust to correlation over time are not offered: add lags."
            )
        return VarResult(self.problem, self.data, self.periods, self.terms, self.convention, self.notes, found)
