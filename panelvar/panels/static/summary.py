"""One linear result as a table."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import (
    NOT_AVAILABLE,
    check_digits,
    format_count,
    format_degrees,
    format_number,
    format_significant,
)
from panelvar.core.tables.coefficients import coefficient_header
from panelvar.core.tables.table import Table
from panelvar.core.tables.test_result import tests_in_lines
from panelvar.estimates.coefficients.coefficients import coefficient_rows

if TYPE_CHECKING:
    from panelvar.core.base.errors import Note
    from panelvar.panels.static.fit_statistics import FitStatistics


def linear_table(
    result: FitStatistics, level: float, digits: int, statistics: Iterable[Fact] = (), notes: Iterable[str] = ()
) -> Table:
    """Tabulate a linear result: what was estimated, coefficients, fit and notes, with further statistics and notes."""
    check_digits(digits)
    return Table(
        title=f"{result.estimator}: {result.dependent}",
        facts=_facts(result),
        header=(coefficient_header(result.distribution, level),),
        body=coefficient_rows(result, level, digits),
        statistics=(*_rsquared(result, digits), *_components(result, digits), *_tests(result, digits), *statistics),
        notes=tuple(dict.fromkeys((*notes, *(note.text for note in (*result.notes, *_test_notes(result)))))),
    )


def rows_per_entity(spread: tuple[int, float, int]) -> str:
    """Print the fewest, mean and most rows of an entity; one number where all have as many."""
    fewest, mean, most = spread
    if fewest == most:
        return format_count(fewest)
    return f"{format_count(fewest)} to {format_count(most)}, mean {format_significant(mean)}"


def _facts(result: FitStatistics) -> tuple[Fact, ...]:
    inference = "normal" if result.distribution == "normal" else f"t({format_degrees(result.df_inference or math.inf)})"
    if result.covariance.degrees is not None and result.names:
        degrees = result.covariance.coefficient_df
        least, most = (format_significant(value, 3) for value in (degrees.min(), degrees.max()))
        inference = f"t({least} to {most}), Satterthwaite"
    facts = [
        Fact("Dependent", result.dependent),
        Fact("Observations", format_count(result.nobs)),
        Fact("Convention", result.convention.name),
        Fact("Entities", format_count(result.n_entities)),
        Fact("Std. errors", result.cov_label),
        Fact("Periods", format_count(result.n_periods)),
        Fact("Inference", inference),
        Fact("Residual df", format_degrees(result.df_resid)),
    ]
    if result.effects:
        facts.append(Fact("Effects", ", ".join(result.effects)))
    facts.append(Fact("Rows per entity", rows_per_entity(result.periods_per_entity)))
    facts.extend(Fact(label, text) for label, text in result.error_words)
    return tuple(facts)


def _rsquared(result: FitStatistics, digits: int) -> tuple[Fact, ...]:
    label, headline = result.rsquared_label, format_number(result.rsquared, digits)
    others = {
        "R2 within entities": result.r2.within,
        "R2 between entities": result.r2.between,
        "R2 overall": result.r2.overall,
    }
    if result.f_with_dummies is not None:
        others["R2 with dummies"] = result.r2.with_dummies
    facts = [Fact(label, headline), Fact("Adjusted", format_number(result.rsquared_adjusted, digits))]
    for name, value in others.items():
        text = format_number(value, digits)
        # The headline is not repeated, and a dimension without variation has no R2.
        repeated = text == headline and set(label.lower().split()) <= set(name.lower().split())
        if text != NOT_AVAILABLE and not repeated:
            facts.append(Fact(name, text))
    return tuple(facts)


def _components(result: FitStatistics, digits: int) -> tuple[Fact, ...]:
    components = result.variance_components
    if components is None:
        return ()
    sigmas = {"effect": components.sigma_u}
    if len(components.dimensions) > 1:
        sigmas = {each.label: each.sigma for each in components.dimensions}
    sigmas |= {"the rest": components.sigma_e}
    facts = [Fact(f"Std. dev. of {name}", format_number(value, digits)) for name, value in sigmas.items()]
    if components.theta is not None:
        low, high = float(components.theta.min()), float(components.theta.max())
        theta = format_number(low, digits)
        if format_number(high, digits) != theta:
            theta = f"{theta} to {format_number(high, digits)}"
        facts.append(Fact("Theta", theta))
    return tuple(facts)


def _test_notes(result: FitStatistics) -> tuple[Note, ...]:
    return () if result.f_slopes is None else result.f_slopes.notes


def _tests(result: FitStatistics, digits: int) -> tuple[Fact, ...]:
    tests = {
        "All slopes zero": result.f_slopes,
        "Slopes and effects zero": result.f_with_dummies,
        "Effects zero": result.f_poolability or result.effects_test,
    }
    return tests_in_lines(tests, digits)
