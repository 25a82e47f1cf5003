"""What a formula needs of a stream: columns, and the levels of those that are categories, found in all chunks."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from panelvar.core.base.arrays import Mask, Positions
from panelvar.core.base.limits import MOST_COLUMNS
from panelvar.data.formulas.design import read_weights, without_weight
from panelvar.data.formulas.factors import is_categorical
from panelvar.data.formulas.formula_parts import advising_backticks, closed
from panelvar.data.formulas.instrument_columns import formulas_of
from panelvar.data.panel.panel import Panel
from panelvar.data.sources.source import stored

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.data.chunks.chunks import Chunk, Chunks

_CALLS = re.compile(r"(?<![\w.`])(?P<function>C|i)\s*\(")
"""Functions that make indicators of the levels of a column."""

_ENOUGH = MOST_COLUMNS + 2
"""Levels from which on a model is refused, whatever others there are."""

_SHIFTS = re.compile(r"(?<![\w.`])[LFD]\s*\(")


def shifts_rows(formula: str) -> bool:
    """Whether a lag, a lead or a difference stands on either side of the tilde, so that entities are needed whole."""
    return _SHIFTS.search(formula) is not None


def columns_in(formula: str, names: Iterable[str]) -> list[str]:
    """Return the columns that a formula names, or may name: one more that is read does no harm."""
    return [name for name in names if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", formula)]


def levels_wanted(formula: str, first: Panel, names: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the columns whose levels a formula asks for; together where it asks which pairs of them occur.

    Parameters
    ----------
    formula : str
    first : Panel
        Rows of the stream.
    names : sequence of str
        The columns the formula names.
    """
    texts = [name for name in names if is_categorical(first.raw_column(name))]
    alone, together = set(texts), set[str]()
    for call in _CALLS.finditer(formula):
        inside = formula[call.end() : closed(formula, call.end() - 1) - 1]
        named = sorted(columns_in(inside, names), key=inside.index)
        alone.update(named[:1])
        others = [name for name in named[1:] if name in texts or re.search(rf"\bi\.{re.escape(name)}\b", inside)]
        if others and call["function"] == "i":
            together.update((named[0], *others))
    return [(name,) for name in names if name in alone - together] + ([tuple(sorted(together))] if together else [])


@dataclass(frozen=True, eq=False)
class StreamLevels:
    """The levels of columns of a stream, those that rows of a model have first.

    Attributes
    ----------
    names : list of str
        Columns of the stream.
    few : mapping of str to array
        Some values of each column that a formula names.
    found : mapping of str to array
        The distinct values of columns whose levels a formula asks for; together where it asks for pairs of them.
    used : mapping of str to int
        How many of these, the first, are values of rows of the model.
    """

    names: list[str]
    few: Mapping[str, Any]
    found: Mapping[str, Any]
    used: Mapping[str, int]
    panel: None = None

    def raw_column(self, name: Hashable) -> Any:
        """Return values of a column, every level among them where a formula asks for levels."""
        return self.found[str(name)] if name in self.found else self.few[str(name)]

    def used_rows(self, name: Hashable) -> Positions | None:
        """Return the places of values that rows of the model have."""
        return np.arange(self.used[str(name)], dtype=np.intp) if name in self.used else None


def read_levels(
    chunks: Chunks,
    formula: str,
    first: Panel,
    names: list[str],
    weights: str | None,
    panel_of: Callable[[Chunk], Panel],
    place_of: Callable[[Chunk], AbstractContextManager[None]],
) -> StreamLevels:
    """Return the levels of a formula's columns, from a reading of all chunks.

    Parameters
    ----------
    chunks : Chunks
    formula : str
    first : Panel
        Rows of the stream.
    names : list of str
        Columns of the stream.
    weights : str, optional
        The column of the weights: a row without one has no levels.
    panel_of, place_of : callable
        Makes a panel of a chunk; says in errors which chunk it is.
    """
    needed = columns_in(formula, names)
    # An unknown name is refused before all rows are read.
    _absent(formula, first, weights)
    few = {name: first.raw_column(name)[:0] for name in needed}
    wanted = levels_wanted(formula, first, needed)
    every: dict[tuple[str, ...], pd.DataFrame] = {}
    used: dict[tuple[str, ...], pd.DataFrame] = {}
    if wanted:
        import pandas as pd

        for chunk in chunks.read([*dict.fromkeys((*needed, *([] if weights is None else [weights])))]):
            if not chunk.n_rows:
                continue
            with place_of(chunk):
                panel = panel_of(chunk)
                absent = _absent(formula, panel, weights)
            for group in wanted:
                frame = pd.DataFrame({name: panel.raw_column(name) for name in group})
                _add(every, group, frame)
                _add(used, group, frame if absent is None else frame[~absent])
    found: dict[str, Any] = {}
    counts: dict[str, int] = {}
    for group, own in used.items():
        table = _both(own, every[group])
        found |= {name: stored(table[name]) for name in group}
        # Without any row there is no model, which is said elsewhere.
        counts |= dict.fromkeys(group, len(own) or len(table))
    return StreamLevels(names, few, found, counts)


def _absent(formula: str, panel: Panel, weights: str | None) -> Mask | None:
    """Return the rows in which a variable of the formula or the weight is missing."""
    from panelvar.data.formulas.factors import Factors
    from panelvar.data.formulas.formula import absent_rows

    with advising_backticks(formula, panel.names):
        left_out = without_weight(read_weights(panel, weights))
        return absent_rows(formulas_of(formula, panel), Factors(panel), left_out)


def _add(tables: dict[tuple[str, ...], pd.DataFrame], names: tuple[str, ...], rows: pd.DataFrame) -> None:
    """Take in the distinct rows of a table, until there are more than a model can have."""
    if names not in tables:
        tables[names] = rows.drop_duplicates(ignore_index=True)
    elif len(tables[names]) <= _ENOUGH:
        tables[names] = _both(tables[names], rows.drop_duplicates(ignore_index=True))


def _both(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of either table, each once; categories of both where files differ in them."""
    import pandas as pd

    columns: dict[str, Any] = {}
    for name in first.columns:
        pair = [first[name], second[name]]
        if all(str(part.dtype) == "category" for part in pair):
            columns[name] = pd.api.types.union_categoricals(pair, ignore_order=True)
        else:
            columns[name] = stored(pd.concat(pair, ignore_index=True))
    return pd.DataFrame(columns).drop_duplicates(ignore_index=True)
