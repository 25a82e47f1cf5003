"""Johansen's rank tests as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from panelvar.tables.number_format import check_digits, format_count
from panelvar.tables.table import Fact, Row, Table, number, probability, words

if TYPE_CHECKING:
    from panelvar.cointegration.johansen import JohansenResult

CASES = {
    "n": "no deterministic terms (case 1)",
    "rc": "constant in the relations only (case 2)",
    "c": "constant (case 3)",
    "rt": "constant, trend in the relations only (case 4)",
    "ct": "constant, trend (case 5)",
}
_CORRECTIONS = {
    None: "none",
    "reinsel-ahn": "statistics times (n - pK) / n (Reinsel and Ahn)",
    "doornik": "trace distributions for the sample size (Doornik)",
}


def johansen_table(result: JohansenResult, *, source: str | None = None, digits: int = 4) -> Table:
    """Tabulate the tests: a row for each rank under the null, both statistics with critical values and p-values.

    Parameters
    ----------
    result : JohansenResult
    source : str, optional
        Of the critical values, as in `JohansenResult.critical_values`.
    digits : int
        Decimals.
    """
    check_digits(digits)
    limits = result.critical_values(level=result.level, source=source).to_numpy()
    body = []
    for rank, (eigenvalue, trace, trace_p, largest, largest_p) in enumerate(result.table.to_numpy()):
        cells = (
            number(eigenvalue, digits),
            number(trace, digits),
            number(limits[rank, 0], 2),
            probability(trace_p, digits),
            number(largest, digits),
            number(limits[rank, 1], 2),
            probability(largest_p, digits),
        )
        body.append(Row(f"r <= {rank}" if rank else "r = 0", cells))
    size = f"{100.0 * (1.0 - result.level):.3g}%"
    heading = ("Eigenvalue", "Trace", size, "p", "Max. eigenvalue", size, "p")
    return Table(
        title=f"Johansen tests of cointegration: {', '.join(result.names)}",
        facts=(
            Fact("Observations", format_count(result.nobs)),
            Fact("Lags of the levels", format_count(result.lags)),
            Fact("Deterministic", CASES[result.trend]),
            Fact("Correction", _CORRECTIONS[result.correction]),
        ),
        header=(Row("Rank", tuple(words(text, "right") for text in heading)),),
        body=tuple(body),
        statistics=(
            Fact("Rank by trace", format_count(result.rank)),
            Fact("Rank by max. eigenvalue", format_count(result.chosen_rank("max", level=result.level))),
        ),
        notes=(
            f"Columns {size}: critical values ({source or result.source}). Ranks are the first that is not rejected, "
            "from 0 up.",
            *dict.fromkeys(note.text for note in result.notes),
        ),
    )
