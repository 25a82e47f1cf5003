"""What coefficients, variables and effects are called in a table."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping

from panelvar.base.arguments import refuse_other
from panelvar.base.chosen_names import canonical, chosen_names, factors_of, level_of
from panelvar.base.errors import SpecificationError
from panelvar.tables.mathematics import joined

# C(region), i(year, ref=2000): one variable, and options.
_OF_ONE = re.compile(r"(?:C|i)\(\s*([^(),=]+?)\s*(?:,[^,=]*=.*)?\)")
# How alike a name and one that has no label are, for it to be a misspelling.
_NEAR = 0.8
TIMES = " \N{MULTIPLICATION SIGN} "


class PrintedNames:
    """Printed names by ``labels=``: of names, of terms for all their columns, of variables within interactions.

    Parameters
    ----------
    labels : mapping of str to str, or None
        As the caller gives them.
        A name that is nowhere is passed over, so that one mapping may serve many tables.
    known : iterable of str
        All names there are: coefficients, dependent variables, effects.

    Raises
    ------
    SpecificationError
        No mapping of texts to texts; none of its names is anywhere, or one that is not is nearly one that has no label.
    """

    def __init__(self, labels: Mapping[str, str] | None, known: Iterable[str]) -> None:
        self._own: dict[str, str] = {}
        self._parts: dict[str, str] = {}
        if labels is None:
            return
        refuse_other("labels", labels, Mapping, "a mapping of names to printed names")
        names = list(dict.fromkeys(known))
        parts = {part for name in names for part in _parts(name)}
        nowhere = []
        for key, label in labels.items():
            refuse_other("labels, the name", key, str, "a text")
            refuse_other(f"labels={{{key!r}: ...}}", label, str, "a text")
            if key in names:
                self._own[key] = label
            if canonical(key) in parts:
                self._parts[canonical(key)] = label
            elif key not in names:
                try:
                    # A pattern names several alike.
                    self._own |= dict.fromkeys(chosen_names("labels", key, names), label)
                except SpecificationError as unknown:
                    nowhere.append((key, unknown))
        plain = [canonical(name) for name in names if self.of(name) == name]
        for key, refusal in nowhere:
            if len(nowhere) == len(labels) or difflib.get_close_matches(canonical(key), plain, 1, _NEAR):
                raise refusal

    def of(self, name: str) -> str:
        """The printed name of a coefficient, a variable or an effect."""
        if name in self._own or not self._parts:
            return self._own.get(name, name)
        factors = factors_of(name)
        printed = [self._factor(factor) for factor in factors]
        return name if printed == factors else joined(TIMES, printed)

    def _factor(self, factor: str) -> str:
        if canonical(factor) in self._parts:
            return self._parts[canonical(factor)]
        _, level = level_of(factor)
        called = next((self._parts[term] for term in _terms(factor) if term in self._parts), None)
        return factor if called is None else joined(": ", (called, level))


def _parts(name: str) -> Iterable[str]:
    """Factors of a name, and the terms whose levels they are."""
    for factor in factors_of(name):
        yield canonical(factor)
        yield from _terms(factor)


def _terms(factor: str) -> Iterable[str]:
    """The term whose level a factor is, and the variable of a term of one: ``C(region)`` and ``region``."""
    term, level = level_of(factor)
    if level:
        yield canonical(term)
        if variable := _OF_ONE.fullmatch(term):
            yield canonical(variable[1])
