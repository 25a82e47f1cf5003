"""A vector error-correction model as a table: relations, and the equations of the differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from panelvar.cointegration.cases import CASES
from panelvar.tables.layout import Fact, Row, number, words
from panelvar.tables.number_format import check_digits, check_stars, format_count, format_number, star_legend, stars_for
from panelvar.tables.table import Table

if TYPE_CHECKING:
    from panelvar.cointegration.vecm_result import VecmResult


def vecm_table(result: VecmResult, *, stars: Sequence[float] = (0.1, 0.05, 0.01), digits: int = 4) -> Table:
    """Tabulate an error-correction model.

    Parameters
    ----------
    result : VecmResult
    stars : sequence of float
        Significance levels, one star each.
    digits : int
        Decimals.
    """
    check_digits(digits)
    levels = check_stars(stars)
    estimates, errors = result.short_run.to_numpy(), result.short_run_std_errors.to_numpy()
    pvalues = result.short_run_pvalues.to_numpy()
    body = []
    for row, name in enumerate(result.short_run_names):
        cells = (
            number(value, digits, stars=stars_for(pvalue, levels))
            for value, pvalue in zip(estimates[row], pvalues[row], strict=True)
        )
        body.append(Row(name, tuple(cells), "estimate"))
        below = tuple(number(value, digits, brackets="()") for value in errors[row])
        body.append(Row(name, below, "std. error", continues=True))
    facts = (
        Fact("Observations", format_count(result.nobs)),
        Fact("Rank", format_count(result.rank)),
        Fact("Lags of the levels", format_count(result.lags)),
        Fact("Residual df", format_count(result.df_resid)),
        Fact("Deterministic", CASES[result.case].description),
        Fact("Log likelihood", format_number(result.loglik, digits)),
        Fact("AIC", format_number(result.aic, digits)),
        Fact("BIC", format_number(result.bic, digits)),
        Fact("Convention", result.convention.name),
    )
    relations = tuple(Fact(name, _relation(result, place, digits)) for place, name in enumerate(result.beta.columns))
    moduli = ", ".join(format_number(modulus, digits) for modulus in result.moduli)
    legend = f" {star_legend(levels)}." if levels else ""
    return Table(
        title=f"Vector error-correction model: {', '.join(result.names)}",
        facts=facts,
        header=(Row("", tuple(words(f"D({name})") for name in result.names)),),
        body=tuple(body),
        foot=(Row("R2", tuple(number(value, digits) for value in result.rsquared)),),
        statistics=(*relations, Fact("Root moduli", moduli)),
        notes=(
            "Relations with standard errors in parentheses, equations with theirs below (the relations taken as known)."
            + legend,
            *dict.fromkeys(note.text for note in result.notes),
        ),
    )


def _relation(result: VecmResult, place: int, digits: int) -> str:
    """One relation as a paper would write it: ``lrm - 0.9691 (0.1445) lry + ...``."""
    errors = None if result.normalised_on is None else result.beta_std_errors.to_numpy()[:, place]
    text = ""
    for row, (name, value) in enumerate(zip(result.relation_names, result.beta.to_numpy()[:, place], strict=True)):
        error = 0.0 if errors is None else float(errors[row])
        if value == 0.0 and error == 0.0:
            continue
        joint = (" - " if value < 0 else " + ") if text else ("-" if value < 0 else "")
        size = "" if value == 1.0 and error == 0.0 else f"{format_number(abs(value), digits)} "
        spread = f"({format_number(error, digits)}) " if error else ""
        text += f"{joint}{size}{spread}{name}"
    return text
