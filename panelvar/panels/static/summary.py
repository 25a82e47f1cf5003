"""Lines of the summary of a linear result: R2 measures, variances of effects, rows per entity."""

from __future__ import annotations

from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import NOT_AVAILABLE, format_count, format_number, format_significant
from panelvar.panels.static.effect_variances import EffectVariances
from panelvar.panels.static.rsquared import RSquared


def rows_per_entity(spread: tuple[int, float, int]) -> str:
    """Print the fewest, mean and most rows of an entity; one number where all have as many."""
    fewest, mean, most = spread
    if fewest == most:
        return format_count(fewest)
    return f"{format_count(fewest)} to {format_count(most)}, mean {format_significant(mean)}"


def rsquared_facts(
    headline: tuple[float, float, str], measures: RSquared, with_dummies: float | None, digits: int
) -> tuple[Fact, ...]:
    """Print the headline R2 with its adjustment, and the others that say something else."""
    value, adjusted, label = headline
    printed = format_number(value, digits)
    others = {
        "R2 within entities": measures.within,
        "R2 between entities": measures.between,
        "R2 overall": measures.overall,
    }
    if with_dummies is not None:
        others["R2 with dummies"] = with_dummies
    facts = [Fact(label, printed), Fact("Adjusted", format_number(adjusted, digits))]
    for name, other in others.items():
        text = format_number(other, digits)
        # The headline is not repeated, and a dimension without variation has no R2.
        repeated = text == printed and set(label.lower().split()) <= set(name.lower().split())
        if text != NOT_AVAILABLE and not repeated:
            facts.append(Fact(name, text))
    return tuple(facts)


def component_facts(components: EffectVariances | None, digits: int) -> tuple[Fact, ...]:
    """Print the standard deviations of effects and of the rest."""
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
