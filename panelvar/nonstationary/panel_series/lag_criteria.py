"""The criterion that chooses lags and leads of every entity."""

from __future__ import annotations

from panelvar.core.base.errors import SpecificationError, choose
from panelvar.kernels.dynamics.criteria import CRITERIA


def shared_criterion(lags: object, leads: object) -> str | None:
    """Return the criterion that ``lags`` or ``leads`` name, or None where both are numbers.

    Raises
    ------
    SpecificationError
        A word is no criterion, or the two name different ones.
    """
    named = {
        choose(name, value, CRITERIA) for name, value in (("lags", lags), ("leads", leads)) if isinstance(value, str)
    }
    if len(named) > 1:
        raise SpecificationError(
            f"leads={leads!r} and lags={lags!r} must name one criterion, which chooses both together."
        )
    return named.pop() if named else None
