"""The structural form of a vector autoregression as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from panelvar.report.number_format import check_digits, format_count, format_number
from panelvar.report.table import Cell, Fact, Row, Table, number, words
from panelvar.report.tests import statistic_text

if TYPE_CHECKING:
    from panelvar.results.svar_result import SvarResult


def svar_table(result: SvarResult, *, digits: int = 4) -> Table:
    """Tabulate the free entries of A and B: estimate and standard error; known entries are in the notes."""
    check_digits(digits)
    body = []
    for letter, which, columns in (("A", 0, result.names), ("B", 1, result.shocks)):
        for column, shock in enumerate(columns):
            for row, name in enumerate(result.names):
                error = result.pair_errors[which, row, column]
                value = result.pair[which, row, column]
                if error > 0.0:
                    body.append(Row(f"{letter}[{name}, {shock}]", (number(value, digits), number(error, digits))))
                elif value not in (0.0, 1.0):
                    body.append(Row(f"{letter}[{name}, {shock}]", (number(value, digits), Cell())))
    facts = [Fact("Observations", format_count(result.nobs)), Fact("Log likelihood", format_number(result.llf, digits))]
    test = result.overidentification
    facts.append(Fact("Over-identification", "just identified" if test is None else statistic_text(test, digits)))
    zeros = int(np.sum((result.pair_errors == 0.0) & np.isin(result.pair, (0.0, 1.0))))
    return Table(
        title="Structural form A u = B e",
        facts=tuple(facts),
        header=(Row("", (words("Estimate", "right"), words("Std. error", "right"))),),
        body=tuple(body),
        notes=(f"{zeros} entries known to be 0 or 1 are left out.", *(note.text for note in result.notes)),
    )
