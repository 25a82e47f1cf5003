"""Which lags instrument an equation: what a caller says, read once."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from panelvar.core.base.arguments import read_flag, read_names, read_sequence, read_whole
from panelvar.core.base.errors import Note, SpecificationError, choose
from panelvar.core.base.expressions import syntax_tree
from panelvar.core.base.labels import listed
from panelvar.core.base.unknown_arguments import answering

EQUATIONS = ("transformed", "level", "both")


@answering
@dataclass(frozen=True)
class LagInstruments:
    r"""Lags of variables as instruments, one set of moments for every period (Holtz-Eakin, Newey and Rosen 1988).

    In the transformed equation of period t the instruments are the levels of periods :math:`t - \mathrm{first}` to
    :math:`t - \mathrm{last}`. In the level equation they are differences: of period :math:`t - \mathrm{first} + 1`
    alone where the set is for both equations, since older ones repeat what the transformed equation says (Arellano and
    Bover 1995); of all lags named where the set is for levels alone. A lag that was not observed is zero in its moment,
    and the row stays.

    Parameters
    ----------
    columns : str or sequence of str, optional
        Variables. Without them it changes the estimator's own set: that of the dependent variable and of all
        predetermined and endogenous regressors.
    first : int, optional
        Shortest lag, from the period of the equation. It is by default 2 for a variable that the error of its own
        period moves (the dependent variable, say), 1 for a predetermined one, 0 for an exogenous one.
    last : int, optional
        Longest lag; by default all there are.
    collapse : bool
        Sum moments over periods: one for each lag, however long the panel, instead of one for each lag and period
        (Roodman 2009).
    equation : {"transformed", "level", "both"}, optional
        By default the transformed one, or both where the estimator has both.

    Raises
    ------
    SpecificationError
        Lags are no whole numbers, or the longest comes before the shortest.

    See Also
    --------
    StandardInstruments : Columns that instrument themselves.
    fit_arellano_bond : Takes it as ``instruments``.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("employment")
    >>> every = pv.fit_arellano_bond(firms, "log(emp) ~ log(wage)")
    >>> window = pv.LagInstruments(last=3, collapse=True)
    >>> few = pv.fit_arellano_bond(firms, "log(emp) ~ log(wage)", instruments=window)
    >>> every.n_instruments, few.n_instruments
    (29, 3)
    """

    columns: str | Sequence[str] | None = None
    first: int | None = None
    last: int | None = None
    collapse: bool = False
    equation: str | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if self.columns is not None:
            object.__setattr__(self, "columns", read_names("columns", self.columns))
        if self.first is not None:
            read_whole("first", self.first, 0)
        if self.last is not None:
            read_whole("last", self.last, 0)
        if self.last is not None and self.first is not None and self.last < self.first:
            raise SpecificationError(f"The window of lags is empty: last={self.last} is before first={self.first}.")
        read_flag("collapse", self.collapse)
        if self.equation is not None:
            choose("equation", self.equation, EQUATIONS)

    @property
    def names(self) -> tuple[str, ...]:
        """The variables."""
        return () if self.columns is None else tuple(self.columns)


@answering
@dataclass(frozen=True)
class StandardInstruments:
    """Columns that instrument themselves: one moment each.

    Parameters
    ----------
    columns : str or sequence of str
        Variables.
    equation : {"transformed", "level", "both"}, optional
        Which equation they belong to: the transformed one (the default), or the level one, as they are. ``"both"`` is
        one moment over both.
    transform : bool
        Transform them in the transformed equation, or (False) leave them as they are there (xtabond2's ``passthru``):
        the value of the row's own period, which for a deviation is the period after the one it deviates from. Where
        that was not observed, at a gap, the instrument is zero and the row stays.

    See Also
    --------
    LagInstruments : Lags as instruments.
    fit_blundell_bond : Takes them as ``instruments``.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("employment")
    >>> chosen = [pv.LagInstruments("log(emp)", first=2, last=3), pv.StandardInstruments("log(wage)")]
    >>> fit = pv.fit_blundell_bond(firms, "log(emp) ~ log(wage)", instruments=chosen)
    >>> fit.params.round(4).to_dict()
    {'L(log(emp))': 0.9998, 'log(wage)': -0.5653, 'const': 1.7266}
    """

    columns: str | Sequence[str]
    equation: str | None = None
    transform: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        object.__setattr__(self, "columns", read_names("columns", self.columns))
        if not self.columns:
            raise SpecificationError("StandardInstruments needs at least one column.")
        read_flag("transform", self.transform)
        if self.equation is not None:
            choose("equation", self.equation, EQUATIONS)

    @property
    def names(self) -> tuple[str, ...]:
        """The variables."""
        return tuple(self.columns)


Instruments = LagInstruments | StandardInstruments


@dataclass(frozen=True)
class Specification:
    """What a dynamic panel model is, before any data.

    Attributes
    ----------
    dependents : tuple of str
    lag_names : tuple of str
        Names of the lags of the dependent variables, the first lag of all of them first.
    lags : int
    regressors : tuple of str
        The others, columns or expressions such as ``"L(w)"``.
    sets : tuple of LagInstruments or StandardInstruments
        All instruments but those of the constant and the periods.
    transform : {"fd", "fod"}
    level_equation : bool
        Whether the levels are rows too.
    constant, time_effects : bool
    h : {"cross", "block", "identity"}
        How the one-step weight is made.
    older, current : tuple of str
        Regressors that errors of the past move, and those that the error of their own period moves too.
    """

    dependents: tuple[str, ...]
    lag_names: tuple[str, ...]
    lags: int
    regressors: tuple[str, ...]
    sets: tuple[Instruments, ...]
    transform: str = "fd"
    level_equation: bool = False
    constant: bool = False
    time_effects: bool = False
    h: str = "cross"
    older: tuple[str, ...] = ()
    current: tuple[str, ...] = ()


def lag_names(dependent: str, lags: int) -> tuple[str, ...]:
    """Names of the lags of a dependent variable, as a formula would write them."""
    return tuple(f"L({dependent})" if lag == 1 else f"L({dependent}, {lag})" for lag in range(1, lags + 1))


def read_instruments(
    dependents: Sequence[str],
    exogenous: Sequence[str],
    older: Sequence[str],
    current: Sequence[str],
    given: object,
) -> tuple[Instruments, ...]:
    """The sets of instruments that a caller asks for: spelled out, or the classic ones, changed or not.

    Parameters
    ----------
    dependents, exogenous, older, current : sequence of str
        Dependent variables, and the regressors that are exogenous, predetermined and endogenous.
    given : LagInstruments, sequence of instruments, or None

    Raises
    ------
    SpecificationError
        Something in the list is no set of instruments, or names no variable.
    """
    if given is None or isinstance(given, LagInstruments):
        return _classic(dependents, exogenous, older, current, given or LagInstruments())
    sets = read_sequence("instruments", given, "LagInstruments and StandardInstruments") or ()
    for each in sets:
        if not isinstance(each, (LagInstruments, StandardInstruments)):
            raise SpecificationError(
                f"instruments= takes LagInstruments and StandardInstruments; got {type(each).__name__}."
            )
        if not each.names:
            raise SpecificationError(
                "LagInstruments in a list must name columns, as LagInstruments('y', 2, None) does."
            )
    return sets


def _classic(
    dependents: Sequence[str],
    exogenous: Sequence[str],
    older: Sequence[str],
    current: Sequence[str],
    wanted: LagInstruments,
) -> tuple[Instruments, ...]:
    """Each variable from the first lag that is valid; its window and form changed as asked."""
    beside = (StandardInstruments(tuple(exogenous)),) if exogenous else ()
    if wanted.names:
        return (wanted, *beside)
    out: list[Instruments] = []
    for names, first in (((*dependents, *current), 2), (tuple(older), 1)):
        if names:
            least = first if wanted.first is None else max(first, wanted.first)
            out.append(replace(wanted, columns=names, first=least))
    return (*out, *beside)


class _Moved(NamedTuple):
    """A variable in an instrument that errors move.

    Attributes
    ----------
    name : str
    lag : int
        How many periods before the instrument's own it stands there.
    first : int
        Its first lag that the errors of a transformed row do not move.
    effects : bool
        Whether levels of a dependent variable stand there, which hold the entities' effects.
    """

    name: str
    lag: int
    first: int
    effects: bool


def invalid_instruments(spec: Specification) -> tuple[Note, ...]:
    """Warn of instruments that the errors of their own equation move.

    The errors of a transformed row are those of its period and of the one before (of all later ones in a deviation). A
    variable that the error of its own period moves is valid from lag 2 on, a predetermined one from lag 1 on; in the
    levels, changes of them are valid one lag earlier, and levels of the dependent variables hold the entities' effects.
    """
    found: dict[str, list[str]] = {}
    for each in spec.sets:
        lagged = isinstance(each, LagInstruments)
        both = "both" if spec.level_equation and lagged else "transformed"
        equation = each.equation or both
        for name in each.names:
            for moved in _moved_by_errors(name, spec):
                if isinstance(each, LagInstruments):
                    texts = _of_lags(each, equation, moved)
                else:
                    texts = _of_columns(each, equation, moved, spec.transform)
                for text in texts:
                    found.setdefault(text, []).append(name)
    return tuple(
        Note("invalid-lag", text.replace("{}", listed([repr(name) for name in dict.fromkeys(names)], 3)), warn=True)
        for text, names in found.items()
    )


def _of_lags(each: LagInstruments, equation: str, moved: _Moved) -> Iterator[str]:
    """Say which lags of a set are not valid; the braces stand for the names."""
    first, valid = 2 if each.first is None else each.first, moved.first - moved.lag
    if equation != "level" and first < valid:
        yield (
            f"Lag {first} of {{}} is an instrument, but it is correlated with the error of the transformed "
            f"equation. The first valid lag is {valid}."
        )
    if equation == "level" and first < valid - 1:
        yield (
            f"The change of {{}} at lag {first} is an instrument of the levels, but it is correlated with their "
            f"error. The first valid lag is {valid - 1}."
        )


def _of_columns(each: StandardInstruments, equation: str, moved: _Moved, transform: str) -> Iterator[str]:
    """Say which columns are no valid instruments of themselves; the braces stand for their names."""
    # Deviations hold all later values.
    ahead = each.transform and transform == "fod"
    if equation != "level" and (ahead or moved.lag < moved.first):
        yield (
            "{} is its own instrument in the transformed equation, but the errors of these rows move it. Use "
            f"LagInstruments({moved.name!r}, first={moved.first})."
        )
    if equation != "transformed" and moved.effects:
        yield (
            "{} is its own instrument in the levels, but it is correlated with their error, which holds the "
            f"entities' effects. Use changes: LagInstruments({moved.name!r}, first=1, last=1, equation='level')."
        )
    elif equation != "transformed" and moved.lag < moved.first - 1:
        yield (
            "{} is its own instrument in the levels, but it is correlated with their error. Use changes: "
            f"LagInstruments({moved.name!r}, first={moved.first - 1}, last={moved.first - 1}, equation='level')."
        )


_OWN = 2
"""First valid lag of a variable that the error of its own period moves."""


def _moved_by_errors(text: str, spec: Specification) -> Iterator[_Moved]:
    """Yield what errors move in a column or expression: dependent variables, and regressors that are not exogenous."""
    known: dict[str, int] = {}
    names_of: dict[str, str] = {}
    for names, first in ((spec.older, 1), (spec.current, _OWN), (spec.dependents, _OWN)):
        for name in names:
            tree = syntax_tree(name, name)
            known[name if tree is None else ast.unparse(tree)] = first
            names_of[name if tree is None else ast.unparse(tree)] = name
    tree = syntax_tree(text, text)
    if tree is None:
        if text in known:
            yield _Moved(text, 0, known[text], text in spec.dependents)
        return
    waiting: list[tuple[ast.AST, int, bool]] = [(tree, 0, False)]
    while waiting:
        node, lag, changes = waiting.pop()
        written = ast.unparse(node)
        if written in known:
            name = names_of[written]
            yield _Moved(name, lag, known[written], name in spec.dependents and not changes)
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in "LFD" and node.args:
            steps = node.args[1].value if len(node.args) > 1 and isinstance(node.args[1], ast.Constant) else 1
            moved = {"L": 1, "F": -1, "D": 0}[node.func.id] * (steps if isinstance(steps, int) else 1)
            waiting.append((node.args[0], lag + moved, changes or node.func.id == "D"))
            continue
        waiting += [(child, lag, changes) for child in ast.iter_child_nodes(node)]
