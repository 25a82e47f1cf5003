"""Long run, speed of adjustment and short run of an ARDL panel, as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from panelvar.heterogeneous.heterogeneous_summary import averaged_facts
from panelvar.static_panels.summary import coefficient_header, coefficient_rows
from panelvar.tables.number_format import check_digits, format_number
from panelvar.tables.table import Fact, Table
from panelvar.tables.test_table import statistic_text

if TYPE_CHECKING:
    from panelvar.heterogeneous.error_correction import ErrorCorrectionResult


def error_correction_table(result: ErrorCorrectionResult, *, level: float = 0.95, digits: int = 4) -> Table:
    """Tabulate an error-correction panel: what was estimated, long run, speed, short run, tests, and the notes.

    Parameters
    ----------
    result : ErrorCorrectionResult
    level : float
        Level of the confidence intervals.
    digits : int
        Decimals of estimates and statistics.
    """
    check_digits(digits)
    orders = result.orders.drop_duplicates()
    text = f"({', '.join(map(str, orders.iloc[0]))})" if len(orders) == 1 else f"{len(orders)} different"
    tests = {"No long-run relation": result.f_slopes}
    if result.likelihood is not None:
        tests["Same long run for all"] = result.homogeneity
    return Table(
        title=f"{result.estimator}: {result.dependent}",
        facts=(*averaged_facts(result), Fact("Lag orders", text)),
        header=(coefficient_header(result, level),),
        body=coefficient_rows(result, level, digits),
        statistics=(
            Fact("Log-likelihood", format_number(result.loglik, digits)),
            Fact("Root MSE", format_number(result.rmse, digits)),
            *(Fact(label, statistic_text(test, digits)) for label, test in tests.items() if test is not None),
        ),
        notes=tuple(dict.fromkeys(note.text for note in result.notes)),
    )
