"""Schemes with a shock for each variable, named like the variable unless the caller names it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from panelvar.core.base.arguments import read_sequence
from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.labels import repeated
from panelvar.core.base.quoting import one_line, shown
from panelvar.systems.identification.scheme import Identification, Names, position

ShockNames = tuple[Any, ...] | None
"""As many names as there are variables, in an order of theirs; or pairs of a variable and the name of its shock."""


@dataclass(frozen=True, repr=False)
class NamedShocks(Identification):
    """A scheme with a shock for each variable."""

    shock_names: ShockNames = None

    def __init__(self, *, shocks: Sequence[str] | Mapping[str, str] | None = None) -> None:
        self._set(shock_names=_read_shock_names(shocks))

    def check(self, names: Names) -> None:
        """Raise a SpecificationError unless the names of the shocks fit the variables."""
        self.shocks(names)

    def shocks(self, names: Names) -> Names:
        """Names of the shocks, in the order of the variables."""
        return _name_shocks(self.shock_names, self.ordering_of(names) or names, names)

    def __repr__(self) -> str:
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        # `shocks` is a method here, so the caller's shocks= is stored under another name.
        names = given.pop("shock_names")
        given["shocks"] = dict(names) if names and not isinstance(names[0], str) else names
        said = ", ".join(f"{name}={value!r}" for name, value in given.items() if value is not None)
        return one_line(f"{type(self).__name__}({said})")


def _read_shock_names(shocks: Any) -> ShockNames:
    """What a scheme is told to call its shocks: names in an order, pairs of variable and name, or None.

    Raises
    ------
    SpecificationError
        It is neither a sequence nor a mapping of names.
    """
    if isinstance(shocks, Mapping):
        pairs = tuple((str(variable), name) for variable, name in shocks.items())
        _refuse_nameless(name for _, name in pairs)
        return pairs
    named = read_sequence("shocks", shocks, "names")
    _refuse_nameless(named or ())
    return named


def _refuse_nameless(shocks: Iterable[object]) -> None:
    for name in shocks:
        if not isinstance(name, str) or not name:
            raise SpecificationError(f"shocks: {shown(name)} is not a name for a shock; expected a text.")


def _name_shocks(shocks: ShockNames, order: Names, names: Names) -> Names:
    """What the shock of each variable is called.

    Parameters
    ----------
    shocks : as `_read_shock_names` returns them
    order : tuple of str
        The variables in the order in which shocks are named.
    names : tuple of str
        The variables.

    Raises
    ------
    SpecificationError
        There are not as many shocks as variables, a variable does not exist, or names repeat.
    """
    if shocks is None:
        return names
    if shocks and isinstance(shocks[0], str):
        if len(shocks) != len(order):
            raise SpecificationError(
                f"shocks={list(shocks)}: expected {len(order)} names, one for the shock of each of {list(order)}."
            )
        called = dict(zip(order, shocks, strict=True))
    else:
        called = {names[position(names, variable)]: name for variable, name in shocks}
    found = tuple(str(called.get(name, name)) for name in names)
    if repeated(found):
        raise SpecificationError(f"shocks={list(found)}: names of shocks must differ.")
    return found
