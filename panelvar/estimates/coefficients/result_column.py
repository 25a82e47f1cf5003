"""What a result gives to stand in a table of results."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from panelvar.core.base.errors import Note

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class ResultColumn:
    """What `panelvar.compare` shows of a result, or of one of its equations.

    Attributes
    ----------
    result : object
        The result itself, which the caller's functions get.
    dependent, estimator : str
        Dependent variable, and what was estimated in words.
    params, std_errors, tstats, pvalues : Series
    conf_int : callable
        Limits of the coefficients, with ``level=``.
    distribution : {"t", "normal"}
        Of the ratios.
    cov_label, convention : str
        How errors were made, and the rules.
    notes : tuple of Note
    statistic : callable
        Gives what stands in the foot by its name, such as ``"rsquared"`` or ``"f_statistic"``; None where there is
        none.
    effects : tuple of str
    clusters : mapping of str to int
        How many clusters there are of what errors are clustered by.
    long_run : collection of str
        Coefficients of the long run, which do not stand in the rows of slopes.
    equation : str
        Name of the equation, of a result that has a column for each.
    """

    result: object
    dependent: str
    estimator: str
    params: pd.Series
    std_errors: pd.Series
    tstats: pd.Series
    pvalues: pd.Series
    conf_int: Callable[..., pd.DataFrame]
    distribution: str
    cov_label: str
    convention: str
    notes: tuple[Note, ...]
    statistic: Callable[[str], Any]
    effects: tuple[str, ...] = ()
    clusters: Mapping[str, int] = field(default_factory=dict)
    long_run: Collection[str] = ()
    equation: str = ""


class HasColumns(Protocol):
    """A result that can stand in a table of results."""

    def _table_columns(self) -> Sequence[ResultColumn]:
        """Give the columns."""
