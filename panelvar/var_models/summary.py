"""Lag order selection as a table."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from panelvar.tables.number_format import check_digits, format_count, format_significant
from panelvar.tables.table import Cell, Fact, Row, Table, number, probability

if TYPE_CHECKING:
    from panelvar.var_models.lag_selection import LagSelection

_HEADINGS = {"llf": "Log lik.", "lr": "LR", "lr_pvalue": "p of LR", "aic": "AIC", "bic": "BIC", "hqic": "HQIC"}


def lag_table(selection: LagSelection, *, digits: int = 4) -> Table:
    """Tabulate the criteria of every lag order, a star at each criterion's choice."""
    check_digits(digits)
    columns, selected = list(selection.table.columns), {**selection.selected, "lr": selection.order("lr")}
    body = []
    for order, values in zip(selection.orders, selection.table.to_numpy(), strict=True):
        cells = []
        for name, value in zip(columns, values, strict=True):
            stars = "*" if selected.get(name) == order else ""
            if name.startswith("lr") and math.isnan(value):
                # The shortest order has none below it to be tested against.
                cells.append(Cell())
            elif name == "lr_pvalue":
                cells.append(probability(value, digits))
            elif name == "fpe":
                cells.append(Cell(format_significant(value, digits), float(value), stars))
            else:
                cells.append(number(value, digits, stars=stars))
        body.append(Row(format_count(order), tuple(cells)))
    header = Row("Lags", tuple(Cell(_HEADINGS.get(name, name.upper()), name, align="center") for name in columns))
    return Table(
        title="Lag order selection",
        facts=(Fact("Observations", format_count(selection.nobs)), Fact("Trend", selection.trend)),
        header=(header,),
        body=tuple(body),
        notes=(
            "* smallest value of the criterion, or last order that a 5% test against the one below does not give up, "
            "from the longest down (LR). All orders use the same rows.",
            *dict.fromkeys(note.text for note in selection.notes),
        ),
    )
