"""Which lags instrument an equation: what a caller says, read once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from panelvar.core.base.arguments import read_flag, read_names, read_sequence, read_whole
from panelvar.core.base.errors import SpecificationError, choose
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
        Transform them in the transformed equation, or (False) leave them as they are there (xtabond2's ``passthru``).

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
