"""Results as columns of a table: what may be compared, under which labels and headings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from panelvar.core.base.counting import kind_of
from panelvar.core.base.errors import SpecificationError
from panelvar.estimates.coefficients.result_column import HasColumns, ResultColumn

Several: TypeAlias = Mapping[Any, HasColumns] | Sequence[HasColumns]
Results: TypeAlias = HasColumns | Several | Mapping[Any, Several]


class Column(NamedTuple):
    """What a result shows, and where it stands.

    Attributes
    ----------
    heading : str
        Over the columns of a group; empty where results are not in groups.
    label : str
    model : ResultColumn
    """

    heading: str
    label: str
    model: ResultColumn

    @property
    def name(self) -> str:
        """What notes call the column."""
        return f"{self.heading}, {self.label}" if self.heading else self.label


class Block(NamedTuple):
    """Columns that are read side by side, with a heading where blocks stand one below another.

    Attributes
    ----------
    heading : str
    columns : tuple of Column or None
        One for each column of the table; None where the block has no result for it.
    """

    heading: str
    columns: tuple[Column | None, ...]

    @property
    def models(self) -> tuple[ResultColumn | None, ...]:
        """The results."""
        return tuple(None if column is None else column.model for column in self.columns)


def read_columns(results: Results, more: tuple[HasColumns, ...]) -> list[Column]:
    """Read what a caller compares.

    Raises
    ------
    SpecificationError
        If there are no results, or one of them cannot stand in a column.
    """
    if more and isinstance(results, (Mapping, Sequence)):
        raise SpecificationError("Give the results one by one, or in one mapping or list, but not both.")
    if more or hasattr(results, "_table_columns"):
        results = [results, *more]  # type: ignore[list-item]
    if not isinstance(results, (Mapping, Sequence)) or isinstance(results, str):
        raise SpecificationError(
            f"results is {kind_of(results)}: expected a mapping of labels to results, or a list of results."
        )
    if not results:
        raise SpecificationError("results is empty. Give at least one result to compare.")
    found: list[Column] = []
    given = list(_each(results))
    for place, (heading, label, result) in enumerate(given, start=1):
        # Unlabelled columns are counted through all groups, as papers count them.
        called = f"({place})" if label is None else label
        whole = f"{heading}, {called}" if heading else called
        if not hasattr(result, "_table_columns"):
            raise SpecificationError(
                f"results[{whole!r}] is {kind_of(result)}, but compare() takes results of single equations and "
                "fitted vector autoregressions. Print another system with its own summary()."
            )
        # The equations of a system have columns of their own, under the label of the system.
        over = "" if len(given) == 1 and label is None else whole
        found += [
            Column(over, model.equation, model) if model.equation else Column(heading, called, model)
            for model in result._table_columns()
        ]
    return found


def _each(results: Any) -> Iterator[tuple[str, str | None, Any]]:
    """Heading, label and result of each column; no label where none is given."""
    if not isinstance(results, Mapping):
        yield from (("", None, result) for result in results)
        return
    for key, value in results.items():
        grouped = isinstance(value, (Mapping, Sequence)) and not isinstance(value, str)
        if grouped and not value:
            raise SpecificationError(f"results[{str(key)!r}] is empty. A group needs at least one result.")
        if isinstance(value, Mapping):
            yield from ((str(key), str(label), result) for label, result in value.items())
        elif grouped:
            yield from ((str(key), None, result) for result in value)
        elif isinstance(key, tuple) and len(key) > 1:
            yield ", ".join(map(str, key[:-1])), str(key[-1]), value
        else:
            yield "", str(key), value


def one_below_another(columns: Sequence[Column]) -> tuple[list[str], list[Block]]:
    """Make a block of each group, columns of the same label below one another; unlabelled ones by their place.

    Raises
    ------
    SpecificationError
        If results are not in groups, or a group has a label twice.
    """
    groups: dict[str, list[Column]] = {}
    for column in columns:
        groups.setdefault(column.heading, []).append(column)
    if "" in groups:
        raise SpecificationError(
            "stack=True puts groups of results one below another. Give a mapping of headings to mappings or lists, "
            "such as {'Men': [first, second], 'Women': [third, fourth]}."
        )
    numbered = all(column.label == f"({k})" for k, column in enumerate(columns, start=1))
    named = {
        heading: {(f"({k})" if numbered else column.label): column for k, column in enumerate(group, start=1)}
        for heading, group in groups.items()
    }
    for heading, group in groups.items():
        if len(named[heading]) < len(group):
            raise SpecificationError(
                f"Two columns of {heading!r} have one label, of: {', '.join(column.label for column in group)}. "
                "stack=True puts columns of the same label in line, so each needs its own label."
            )
    labels = list(dict.fromkeys(label for group in named.values() for label in group))
    return labels, [Block(heading, tuple(map(group.get, labels))) for heading, group in named.items()]
