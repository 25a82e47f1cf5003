"""What a formula needs of a stream: columns, and the levels of those that are categories, found in all chunks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from panelvar.core.base.limits import MOST_COLUMNS
from panelvar.data.formulas.factors import is_categorical
from panelvar.data.formulas.formula_parts import closed
from panelvar.data.panel.panel import Panel
from panelvar.data.sources.source import stored

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.data.chunks.chunks import Chunks

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


def read_levels(chunks: Chunks, wanted: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """Return the distinct values of columns, from a reading of all chunks; of several together their tuples."""
    found: dict[tuple[str, ...], pd.DataFrame] = {}
    for chunk in chunks.read([*dict.fromkeys(name for names in wanted for name in names)]):
        if chunk.n_rows:
            frame = chunk.frame()
            for names in wanted:
                own = frame[list(names)].drop_duplicates()
                if names not in found:
                    found[names] = own
                elif len(found[names]) <= _ENOUGH:
                    found[names] = _both(found[names], own)
    return {name: stored(table[name]) for table in found.values() for name in table.columns}


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
