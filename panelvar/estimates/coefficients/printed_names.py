"""What coefficients, variables and effects are called in a table or a picture."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile

from panelvar.core.base.arguments import refuse_other
from panelvar.core.base.chosen_names import (
    canonical,
    chosen_names,
    factors_of,
    fitting_names,
    in_a_text,
    level_of,
    split_outside,
)
from panelvar.core.faces.mathematics import joined

# C(region) and i(year, x, ref=2000) hold variables, then options.
_OF_LEVELS = re.compile(r"(?P<function>C|i)\((?P<arguments>.*)\)", re.DOTALL)
_OPTION = re.compile(r"\s*\w+\s*=(?!=)")
# [equation]L1.x: what a system puts before the name of a variable.
_IN_A_SYSTEM = re.compile(r"(?:\[(?P<equation>[^\]]*)\])?(?P<lag>[LFD][0-9]*\.)?(?P<variable>.*)", re.DOTALL)
# A text that holds words and is not a pattern of many names.
_NAMING = re.compile(r"[^*?]*\w[^*?]*")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
# How alike a name must be to one that has no label, to count as a misspelling of it.
_NEAR = 0.8
TIMES = " \N{MULTIPLICATION SIGN} "


class PrintedNames:
    """Printed names by ``labels=``: of names, of terms for all their columns, of variables wherever they stand.

    A name that has a label of its own is printed as that label; otherwise each factor of a product is, by its own label
    or by that of the term whose level it is. A factor without a label is printed with the labels of the variables in
    it.

    Parameters
    ----------
    labels : mapping of str to str, or None
        The caller's mapping. A name that does not occur is passed over, so that one mapping may serve many tables.
    known : iterable of str
        All names there are: coefficients, dependent variables, effects.

    Raises
    ------
    SpecificationError
        If labels is not a mapping of texts to texts, if none of its names exists, or if one that does not exist looks
        like a misspelling of a name without a label.
    """

    def __init__(self, labels: Mapping[str, str] | None, known: Iterable[str]) -> None:
        self._own: dict[str, str] = {}
        self._parts: dict[str, str] = {}
        self._within: dict[str, str] = {}
        if labels is None:
            return
        refuse_other("labels", labels, Mapping, "a mapping of names to printed names")
        names = list(dict.fromkeys(known))
        parts = {part for name in names for part in _parts(name)}
        texts = {text for name in names for factor in factors_of(name) for text in _texts(factor)}
        nowhere: list[str] = []
        alike: dict[str, str] = {}
        for key, label in labels.items():
            refuse_other("labels, the name", key, str, "a text")
            refuse_other(f"labels={{{key!r}: ...}}", label, str, "a text")
            if key in names:
                self._own[key] = label
            if canonical(key) in parts:
                self._parts[canonical(key)] = label
            if any(_places(key, text) for text in texts):
                self._within[key] = label
            elif key not in names and canonical(key) not in parts:
                # A pattern names several alike, but none that has a label of its own.
                found = fitting_names(key, names)
                alike |= dict.fromkeys(found, label)
                nowhere += [] if found else [key]
        self._own = alike | self._own
        plain = [canonical(name) for name in names if self.of(name) == name]
        for key in nowhere:
            if len(nowhere) == len(labels) or difflib.get_close_matches(canonical(key), plain, 1, _NEAR):
                chosen_names("labels", key, names)  # refuses it, with the names there are

    def of(self, name: str) -> str:
        """The printed name of a coefficient, a variable or an effect."""
        if name in self._own:
            return self._own[name]
        factors = factors_of(name)
        printed = [self._factor(factor) for factor in factors]
        return name if printed == factors else joined(TIMES, printed)

    def given(self, name: str) -> str | None:
        """The label of a name itself, or of a term; None where only what stands in it may have one."""
        return self._own.get(name, self._parts.get(canonical(name)))

    def _factor(self, factor: str) -> str:
        term, level = level_of(factor)
        if canonical(factor) in self._parts:
            return self._parts[canonical(factor)]
        if not level:
            equation, lag, variable = _of_a_system(factor)
            before = () if equation is None else ("[", self._text(equation), "]")
            return joined("", (*before, lag, self._text(variable)))
        if canonical(term) in self._parts:
            return joined(": ", (self._parts[canonical(term)], level))
        variables = _variables(term)
        printed = [self._text(variable) for variable in variables]
        if printed != variables:
            return joined(TIMES, (joined(": ", (printed[0], level)), *printed[1:]))
        return joined("", (self._text(term), factor[len(term) :]))

    def _text(self, text: str) -> str:
        """Put labels in the place of the names in a text that have one; of two that overlap, the longer counts."""
        places = [(*place, label) for key, label in self._within.items() for place in _places(key, text)]
        pieces, done = [], 0
        for start, end, label in sorted(places, key=lambda place: (place[0], -place[1])):
            if start >= done:
                pieces += [text[done:start], label]
                done = end
        return joined("", [*pieces, text[done:]])


def _parts(name: str) -> Iterator[str]:
    """Factors of a name, and the terms whose levels they are."""
    for factor in factors_of(name):
        yield canonical(factor)
        term, level = level_of(factor)
        if level:
            yield canonical(term)


def _texts(factor: str) -> Iterator[str]:
    """Where variables may stand: in a factor, but not in its level."""
    term, _ = level_of(factor)
    equation, _, variable = _of_a_system(term)
    yield from (variable,) if equation is None else (equation, variable)


def _of_a_system(factor: str) -> tuple[str | None, str, str]:
    """Take an equation and a lag, such as ``L1.``, off the name of a variable."""
    found = _IN_A_SYSTEM.fullmatch(factor)
    assert found is not None  # each part may be missing
    return found["equation"], found["lag"] or "", found["variable"]


def _variables(term: str) -> list[str]:
    """Return the variables of a term of levels: ``C(region)`` has one, ``i(year, x)`` has one times another."""
    found = _OF_LEVELS.fullmatch(term)
    if found is None:
        return []
    given = takewhile(lambda argument: not _OPTION.match(argument), split_outside(found["arguments"], ","))
    variables = [argument.strip() for argument in given]
    return variables if len(variables) <= (2 if found["function"] == "i" else 1) else []


def _places(key: str, text: str) -> list[tuple[int, int]]:
    """Return where a name stands in a text, however it is written there; names of options and quotes do not count."""
    pattern = in_a_text(key, text) if _NAMING.fullmatch(key) else None
    if pattern is None:
        return []
    quoted = [found.span() for found in _QUOTED.finditer(text)]
    return [
        found.span()
        for found in pattern.finditer(text)
        if not _OPTION.match(text, found.start()) and not any(start < found.start() < end for start, end in quoted)
    ]
