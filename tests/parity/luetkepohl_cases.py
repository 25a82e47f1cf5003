"""Vector autoregressions: numbers of Luetkepohl (2005), chapter 3, on the West German data."""

from __future__ import annotations

from functools import cache

from parity.runner import Case, Comparison, printed
from parity.var_cases import fit
from quiet import quietly

import panelvar as pv

THREE, FIVE = printed(decimals=3), printed(decimals=5)


def model():
    return fit("wgmacro", 2, "c", "default")


@cache
def errors(cumulative: bool, horizon: int):
    """Standard errors of responses to one unit of each error."""
    return quietly(
        model().impulse_responses,
        horizon,
        identification="reduced_form",
        shock_size="unit",
        cumulative=cumulative,
        bands=pv.DeltaMethod(),
    ).std_errors


COMPARISONS = [
    Comparison("section_3_2_3/coefficients", lambda: model().params.to_numpy(), THREE),
    Comparison("section_3_2_3/sigma", lambda: model().sigma, printed(significant=6)),
    Comparison("equation_3_5_18/mse2/0/0", lambda: 1e4 * model().approximate_mse(2)[1, 0, 0], printed(decimals=2)),
    *(
        Comparison(
            f"equation_3_5_18/mse2/{row}/{column}",
            lambda row=row, column=column: 1e4 * model().approximate_mse(2)[1, row, column],
            THREE,
        )
        for row in range(3)
        for column in range(3)
        if row or column
    ),
    Comparison("page_120/irf_stderr", lambda: errors(False, 3)[1:], THREE),
    Comparison("page_120/cum_irf_stderr", lambda: errors(True, 3)[1:], THREE),
    Comparison("sas_varmax/constant", lambda: model().params.loc["const"].to_numpy(), FIVE),
    Comparison("sas_varmax/lag_1", lambda: model().coefficients[0], FIVE),
    Comparison("sas_varmax/lag_2", lambda: model().coefficients[1], FIVE),
    # The sum over all lags has converged long before this one.
    Comparison("page_120/lr_stderr", lambda: errors(True, 80)[-1], THREE),
]

CASES = [Case("published_luetkepohl", COMPARISONS, preset="default")]
