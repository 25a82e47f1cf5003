"""Effects of entities and periods after the bar of a formula, for functions that have no other effects."""

from __future__ import annotations

from typing import Any

from panelvar.core.base.errors import SpecificationError
from panelvar.data.formulas.design import dated_panel
from panelvar.data.formulas.formula_parts import with_effects


def read_period_effects(data: Any, y: str, x: object, asked: bool) -> tuple[Any, str, bool]:
    """Take ``| year`` out of a formula: return panel, formula, and whether it or the caller ``asked`` for periods.

    Entities may stand there too: these models allow for their effects without being told.

    Raises
    ------
    SpecificationError
        There are other effects than of entities and periods.
    """
    source, bare, named = _take_effects(data, y, x, None, instrumented=False)
    return source, bare, asked or "time" in named


def read_one_or_two_effects(
    data: Any, y: str, x: object, effects: str, *, instrumented: bool = False
) -> tuple[Any, str, str]:
    """Take effects out of a formula: return panel, formula, and "entity", "time" or "twoway".

    Raises
    ------
    SpecificationError
        There are other effects than of entities and periods, or ``effects`` names some beside those of the formula.
    """
    beside = None if isinstance(effects, str) and effects == "entity" else effects
    source, bare, named = _take_effects(data, y, x, beside, instrumented=instrumented)
    if named:
        effects = "twoway" if len(named) > 1 else named.pop()
    return source, bare, effects


def _take_effects(data: Any, y: str, x: object, beside: str | None, *, instrumented: bool) -> tuple[Any, str, set[str]]:
    bare, named = with_effects(y, x, beside, instrumented=instrumented)
    if bare is y:
        return data, y, set()
    source = data if hasattr(data, "time_name") else dated_panel(data)
    dimensions = {"entity": "entity", source.entity_name: "entity", "time": "time", source.time_name: "time"}
    for name in named:
        if name not in dimensions:
            raise SpecificationError(
                f"{name!r} after the bar is neither the entity nor the time, which are the only effects that this "
                "function takes. fit_fixed_effects and fit_iv_fixed_effects absorb others."
            )
    return source, bare, {dimensions[name] for name in named}
