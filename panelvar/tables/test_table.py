"""Test statistics as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from panelvar.tables.number_format import format_count, format_number, format_pvalue
from panelvar.tables.table import Row, Table, number, probability, words

if TYPE_CHECKING:
    from panelvar.tables.test_result import TestResult


def distribution_text(result: TestResult) -> str:
    """Name the reference distribution of a test with its degrees of freedom, such as ``F(2, 36)``."""
    names = {"chi2": "chi2", "f": "F", "t": "t", "normal": "N(0, 1)", "chibar2": "chibar2(01)"}
    names |= {"chibar2-two": "chibar2(012)", "none": "its own"}
    name = names.get(result.distribution, result.distribution)
    if result.df is None:
        return name
    degrees = [format_count(result.df)]
    if result.df_denominator is not None:
        degrees.append(format_count(result.df_denominator))
    return f"{name}({', '.join(degrees)})"


def statistic_text(result: TestResult, digits: int = 4) -> str:
    """Print a test in one line: ``F(2, 36) = 90.2041, p <0.0001``."""
    pvalue = format_pvalue(result.pvalue, digits)
    sign = "" if pvalue.startswith("<") else "= "
    return f"{distribution_text(result)} = {format_number(result.statistic, digits)}, p {sign}{pvalue}"


def test_table(result: TestResult, *more: TestResult, digits: int = 4) -> Table:
    """Tabulate one test or several: statistic, reference distribution, p-value, and the null hypotheses below."""
    results = (result, *more)
    body = tuple(
        Row(
            each.name,
            (
                number(each.statistic, digits),
                words(distribution_text(each), "right"),
                probability(each.pvalue, digits),
            ),
        )
        for each in results
    )
    notes = []
    for each in results:
        if each.null:
            which = "" if len(results) == 1 else f" of {each.name}"
            notes.append(f"Null hypothesis{which}: {each.null}.".replace("..", "."))
        notes.extend(note.text for note in each.notes)
    header = Row("", (words("Statistic", "right"), words("Distribution", "right"), words("p", "right")))
    return Table(header=(header,), body=body, notes=tuple(dict.fromkeys(notes)))


test_table.__test__ = False  # type: ignore[attr-defined]  # keeps pytest from collecting it
