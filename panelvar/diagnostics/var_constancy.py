"""Test that the coefficients of a vector autoregression are constant over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from panelvar.diagnostics.var_residuals import gaps, require_freedom, warned
from panelvar.errors import Note, check_level
from panelvar.kernels import residual_tests
from panelvar.results.names import listed
from panelvar.results.restricted_var import RestrictedVarResult
from panelvar.results.test_result import TestResult
from panelvar.results.var_result import VarResult, require_fit

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.report.table import Table

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class CusumTests:
    """CUSUM tests of the equations of a vector autoregression.

    Attributes
    ----------
    tests : dict of str to TestResult
        By equation: the largest absolute value of its process, with the tail of a Brownian bridge's.
    paths : DataFrame
        The processes by period.
    """

    tests: dict[str, TestResult]
    paths: pd.DataFrame

    def boundary(self, *, level: float = 0.95) -> float:
        """Height that the processes stay within with a probability, if coefficients are constant."""
        low, high = 0.2, 4.0
        for _ in range(100):
            middle = 0.5 * (low + high)
            low, high = (
                (middle, high) if residual_tests.bridge_tail(middle) > 1.0 - check_level(level) else (low, middle)
            )
        return high

    def summary(self) -> Table:
        """Render the tests as a table."""
        from panelvar.report.tests import test_table

        return test_table(*self.tests.values())

    def __repr__(self) -> str:
        least = min(test.pvalue for test in self.tests.values())
        return f"<OLS-CUSUM tests of {listed(tuple(self.tests))}: smallest p = {least:.4f}>"

    def __str__(self) -> str:
        return "\n".join(map(str, self.tests.values()))

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def cusum_test(model: VarResult) -> CusumTests:
    r"""OLS-CUSUM test of constant coefficients, equation by equation (Ploberger and Kraemer 1992).

    :math:`W_t = \sum_{s \le t} \hat u_s / (\hat\sigma \sqrt n)` wanders off zero after a break; :math:`\max_t |W_t|`
    has the distribution of a Brownian bridge's maximum.

    Parameters
    ----------
    model : VarResult
        With a constant, so that residuals sum to zero: without one the process does not end at zero, is no Brownian
        bridge under the null, and a warning says so.

    Returns
    -------
    CusumTests

    Raises
    ------
    InsufficientDataError
        One degree of freedom in the residuals of an equation: the process is then the same for all errors.

    Notes
    -----
    As R's ``vars::stability(type="OLS-CUSUM")``. It has little power against breaks late in the sample, or of
    coefficients whose regressors have mean zero.
    """
    import pandas as pd

    require_fit(model)
    require_freedom("A CUSUM test", model.nobs, int(model.nobs - np.min(model.problem.degrees)), 2)
    centred = "cusum" in model.convention.centred
    process = residual_tests.cumulated_residuals(model.problem.residuals, model.problem.degrees, centred=centred)
    notes = _without_constant(model) + gaps(model)
    tests = {}
    for place, name in enumerate(model.names):
        largest = float(np.abs(process[:, place]).max())
        null = f"the coefficients of the equation of {name} are constant"
        tests[name] = TestResult(
            f"OLS-CUSUM of {name}", largest, residual_tests.bridge_tail(largest), "none", None, None, null, notes
        )
    paths = pd.DataFrame(process[1:], index=model.resids.index, columns=list(model.names))
    return CusumTests(tests, paths)


def _without_constant(model: VarResult) -> tuple[Note, ...]:
    """Warn where residuals do not sum to zero: equations without a constant, of the model or by restriction."""
    summed = np.ones(model.n_vars, dtype=bool) if model.terms.has_constant else np.zeros(model.n_vars, dtype=bool)
    if isinstance(model, RestrictedVarResult):
        summed &= False if "const" not in model.free.index else model.free.loc["const"].to_numpy()
    where = [name for name, fine in zip(model.names, summed, strict=True) if not fine]
    if not where:
        return ()
    return warned(
        "no-constant",
        f"The equation(s) of {where} have no constant: their residuals do not sum to zero, and the p-values of a "
        "Brownian bridge do not hold.",
    )
