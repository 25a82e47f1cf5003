"""The structural form of a vector autoregression as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from panelvar.tables.number_format import check_digits, format_count, format_number
from panelvar.tables.table import Cell, Fact, Row, Table, number, words
from panelvar.tables.test_table import statistic_text

if TYPE_CHECKING:
    from panelvar.var_models.svar_result import SvarResult


def svar_table(result: SvarResult, *, digits: int = 4) -> Table:
    """Tabulate the free entries of A, B and long-run effects with their errors; known entries are in the notes."""
    check_digits(digits)
    body = []
    parts = [("A", result.pair[0], result.pair_errors[0], result.names)]
    parts.append(("B", result.pair[1], result.pair_errors[1], result.shocks))
    if result.lasting is not None and result.lasting_errors is not None:
        parts.append(("Long run", result.lasting, result.lasting_errors, result.shocks))
    for letter, values, errors, columns in parts:
        for column, shock in enumerate(columns):
            for row, name in enumerate(result.names):
                error, value = errors[row, column], values[row, column]
                if error > 0.0:
                    body.append(Row(f"{letter}[{name}, {shock}]", (number(value, digits), number(error, digits))))
                elif value not in (0.0, 1.0):
                    body.append(Row(f"{letter}[{name}, {shock}]", (number(value, digits), Cell())))
    facts = [Fact("Observations", format_count(result.nobs)), Fact("Log likelihood", format_number(result.llf, digits))]
    test = result.overidentification
    facts.append(Fact("Over-identification", "just identified" if test is None else statistic_text(test, digits)))
    zeros = sum(int(np.sum((errors == 0.0) & np.isin(values, (0.0, 1.0)))) for _, values, errors, _ in parts)
    if result.band is not None:
        facts.append(Fact("Standard errors", result.band.label))
    return Table(
        title="Structural form A u = B e",
        facts=tuple(facts),
        header=(Row("", (words("Estimate", "right"), words("Std. error", "right"))),),
        body=tuple(body),
        notes=(f"{zeros} entries known to be 0 or 1 are left out.", *(note.text for note in result.notes)),
    )
