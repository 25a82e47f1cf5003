"""A system of equations as a table, one column an equation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from panelvar.base.errors import NumericalError
from panelvar.tables.layout import Cell, Fact, Row, number, words
from panelvar.tables.number_format import (
    NOT_AVAILABLE,
    check_digits,
    check_stars,
    format_count,
    format_number,
    format_significant,
    star_legend,
    stars_for,
)
from panelvar.tables.table import Table
from panelvar.var_models.fitted_system import FittedSystem
from panelvar.var_models.restricted import RestrictedVarResult

if TYPE_CHECKING:
    from panelvar.var_models.system import System


_TRENDS = {
    "n": "no deterministic terms",
    "c": "constant",
    "t": "trend",
    "ct": "constant, trend",
    "ctt": "constant, quadratic trend",
}


def var_table(system: System, *, stars: Sequence[float] = (0.1, 0.05, 0.01), digits: int = 4) -> Table:
    """Tabulate a vector autoregression: equations side by side, criteria, roots.

    Parameters
    ----------
    system : System
        Given coefficients are shown alone; estimated ones (`FittedSystem`) with standard errors, stars and fit.
    stars : sequence of float
        Significance levels, one star each.
    digits : int
        Decimals.
    """
    check_digits(digits)
    levels = check_stars(stars)
    fitted = system if isinstance(system, FittedSystem) else None
    notes = []
    if fitted is not None:
        notes.append(" ".join(["Standard errors in parentheses.", *([f"{star_legend(levels)}."] if levels else [])]))
        if isinstance(fitted, RestrictedVarResult) and not fitted.free.to_numpy().all():
            notes.append("Coefficients without a standard error are restricted to zero.")
        notes.extend(dict.fromkeys(note.text for note in fitted.notes))
    return Table(
        title=f"Vector autoregression: {', '.join(system.names)}",
        facts=_facts(system, fitted, digits),
        header=(Row("", tuple(map(words, system.names))),),
        body=_coefficients(system, fitted, levels, digits),
        foot=() if fitted is None else _fit(fitted, digits),
        statistics=_roots(system, digits),
        notes=tuple(notes),
    )


def _facts(system: System, fitted: FittedSystem | None, digits: int) -> tuple[Fact, ...]:
    facts = [Fact("Lags", format_count(system.lags)), Fact("Deterministic", _TRENDS[system.trend])]
    if fitted is None:
        return (*facts, Fact("Estimates", "coefficients given, no data"))
    return (
        *facts,
        Fact("Observations", format_count(fitted.nobs)),
        Fact("Residual df", format_count(fitted.df_resid)),
        Fact("AIC", _text(lambda: fitted.aic, digits)),
        Fact("BIC", _text(lambda: fitted.bic, digits)),
        Fact("HQIC", _text(lambda: fitted.hqic, digits)),
        Fact("FPE", _text(lambda: fitted.fpe, digits, format_significant)),
        Fact("Log likelihood", _text(lambda: fitted.loglik, digits)),
        Fact("Convention", fitted.convention.name),
    )


def _text(read: Callable[[], float], digits: int, printed: Callable[[float, int], str] = format_number) -> str:
    """Print a statistic; one that does not exist because an equation fits exactly is not available."""
    try:
        return printed(read(), digits)
    except NumericalError:
        return NOT_AVAILABLE


def _coefficients(system: System, fitted: FittedSystem | None, levels: Sequence[float], digits: int) -> tuple[Row, ...]:
    estimates = system.params.to_numpy()
    names = system.regressor_names
    if fitted is None:
        return tuple(
            Row(name, tuple(number(value, digits) for value in row)) for name, row in zip(names, estimates, strict=True)
        )
    errors = fitted.std_errors.to_numpy()
    try:
        pvalues = fitted.pvalues.to_numpy()
        starred = levels
    except NumericalError:
        pvalues, starred = errors, ()
    free = fitted.free.to_numpy() if isinstance(fitted, RestrictedVarResult) else np.ones(errors.shape, dtype=bool)
    rows = []
    for r, name in enumerate(names):
        cells = [
            number(value, digits, stars=stars_for(pvalue, starred))
            for value, pvalue in zip(estimates[r], pvalues[r], strict=True)
        ]
        below = [
            number(value, digits, brackets="()") if estimated else Cell()
            for value, estimated in zip(errors[r], free[r], strict=True)
        ]
        rows.append(Row(name, tuple(cells), "estimate"))
        rows.append(Row(name, tuple(below), "std. error", continues=True))
    return tuple(rows)


def _fit(fitted: FittedSystem, digits: int) -> tuple[Row, ...]:
    def row(label: str, values: Sequence[float]) -> Row:
        return Row(label, tuple(number(value, digits) for value in values))

    return (
        row("R2", fitted.rsquared.to_list()),
        row("Adjusted R2", fitted.rsquared_adjusted.to_list()),
        row("Root MSE", fitted.rmse.to_list()),
    )


def _roots(system: System, digits: int) -> tuple[Fact, ...]:
    moduli = ", ".join(format_number(modulus, digits) for modulus in system.moduli)
    verdict = "stable" if system.is_stable else "not stable: a root lies on or outside the unit circle"
    return (Fact("Root moduli", moduli), Fact("Stability", verdict))
