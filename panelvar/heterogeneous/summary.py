"""Long run, speed of adjustment and short run of an ARDL panel, as a table.

Averages of coefficients that differ by entity, as a table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from panelvar.static_panels.summary import coefficient_header, coefficient_rows
from panelvar.tables.layout import Fact
from panelvar.tables.number_format import check_digits, format_count, format_number
from panelvar.tables.table import Table
from panelvar.tables.test_result import tests_in_lines

if TYPE_CHECKING:
    from panelvar.heterogeneous.averaged import AveragedResult
    from panelvar.heterogeneous.error_correction import ErrorCorrectionResult
    from panelvar.heterogeneous.result import HeterogeneousResult


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
            *tests_in_lines(tests, digits),
        ),
        notes=tuple(dict.fromkeys(note.text for note in result.notes)),
    )


def averaged_facts(result: AveragedResult) -> tuple[Fact, ...]:
    """Say what was averaged over which rows, with which errors."""
    fewest, mean, most = result.periods_per_entity
    df = result.df_inference
    return (
        Fact("Dependent", result.dependent),
        Fact("Observations", format_count(result.nobs)),
        Fact("Convention", result.convention.name),
        Fact("Entities", format_count(result.n_entities)),
        Fact("Std. errors", result.cov_label),
        Fact("Periods", format_count(result.n_periods)),
        Fact("Inference", "normal" if df is None else f"t({format_count(df)})"),
        Fact("Rows per entity", str(fewest) if fewest == most else f"{fewest} to {most}, mean {mean:.4g}"),
    )


def heterogeneous_table(result: HeterogeneousResult, *, level: float = 0.95, digits: int = 4) -> Table:
    """Tabulate averages over entities: what was estimated, the averages, tests, and the notes.

    Parameters
    ----------
    result : HeterogeneousResult
    level : float
        Level of the confidence intervals.
    digits : int
        Decimals of estimates and statistics.
    """
    check_digits(digits)
    tests = {"All slopes zero on average": result.f_slopes, "Coefficients equal": result.constancy}
    return Table(
        title=f"{result.estimator}: {result.dependent}",
        facts=averaged_facts(result),
        header=(coefficient_header(result, level),),
        body=coefficient_rows(result, level, digits),
        statistics=(
            Fact(result.rsquared_label, format_number(result.rsquared, digits)),
            Fact("Root MSE", format_number(result.rmse, digits)),
            *tests_in_lines(tests, digits),
        ),
        notes=tuple(dict.fromkeys(note.text for note in result.notes)),
    )
