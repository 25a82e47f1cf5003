"""Results as columns of a table: what may be compared, under which labels and headings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from panelvar.core.base.errors import SpecificationError

if TYPE_CHECKING:
    from panelvar.panels.bias_corrected.corrected_result import CorrectedResult
    from panelvar.panels.dynamic.dynamic_result import DynamicPanelResult
    from panelvar.panels.heterogeneous.averaged import AveragedResult
    from panelvar.panels.static.result import LinearResult
    from panelvar.reporting.comparison.dynamic_column import DynamicColumn
    from panelvar.reporting.comparison.equation_column import EquationColumn
    from panelvar.systems.panel_var.result import PanelVarResult
    from panelvar.systems.panel_var.side_by_side import StackedColumn
    from panelvar.systems.var.restricted import RestrictedVarResult
    from panelvar.systems.var.var_result import VarResult

    Fitted: TypeAlias = LinearResult | AveragedResult | DynamicColumn | StackedColumn | EquationColumn
    OfPanel: TypeAlias = LinearResult | AveragedResult | DynamicPanelResult | CorrectedResult | PanelVarResult
    Given: TypeAlias = OfPanel | VarResult | RestrictedVarResult
    Several: TypeAlias = Mapping[Any, Given] | Sequence[Given]
    Results: TypeAlias = Given | Several | Mapping[Any, Several]


class Column(NamedTuple):
    """A result and where it stands.

    Attributes
    ----------
    heading : str
        Over the columns of a group; empty where results are not in groups.
    label : str
    model : Fitted
    """

    heading: str
    label: str
    model: Fitted

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
    def models(self) -> tuple[Fitted | None, ...]:
        """The results."""
        return tuple(None if column is None else column.model for column in self.columns)


def read_columns(results: Results, more: tuple[Given, ...]) -> list[Column]:
    """Read what a caller compares.

    Raises
    ------
    SpecificationError
        If there are no results, or one of them cannot stand in a column.
    """
    if more and isinstance(results, (Mapping, Sequence)):
        raise SpecificationError("Give the results one by one, or in one mapping or list, but not both.")
    if more or _is_result(results) or _is_system(results):
        results = [results, *more]  # type: ignore[list-item]
    if not isinstance(results, (Mapping, Sequence)) or isinstance(results, str):
        raise SpecificationError(
            f"results is a {type(results).__name__}: expected a mapping of labels to results, or a list of results."
        )
    if not results:
        raise SpecificationError("results is empty. Give at least one result to compare.")
    found: list[Column] = []
    given = list(_each(results))
    for place, (heading, label, result) in enumerate(given, start=1):
        # Unlabelled columns are counted through all groups, as papers count them.
        called = f"({place})" if label is None else label
        whole = f"{heading}, {called}" if heading else called
        if _is_system(result):
            alone = len(given) == 1 and label is None
            found += [Column("" if alone else whole, equation.equation, equation) for equation in _equations(result)]
        else:
            found.append(Column(heading, called, _fitted(whole, result)))
    return found


def _each(results: Any) -> Iterator[tuple[str, str | None, object]]:
    """Heading, label and result of each column; no label where none is given."""
    if not isinstance(results, Mapping):
        yield from (("", None, result) for result in results)
        return
    for key, value in results.items():
        if isinstance(value, Mapping):
            _not_empty(key, value)
            yield from ((str(key), str(label), result) for label, result in value.items())
        elif isinstance(value, Sequence) and not isinstance(value, str):
            _not_empty(key, value)
            yield from ((str(key), None, result) for result in value)
        elif isinstance(key, tuple) and len(key) > 1:
            yield ", ".join(map(str, key[:-1])), str(key[-1]), value
        else:
            yield "", str(key), value


def _not_empty(key: object, group: Any) -> None:
    if not group:
        raise SpecificationError(f"results[{str(key)!r}] is empty. A group needs at least one result.")


def _is_result(value: object) -> bool:
    from panelvar.panels.bias_corrected.corrected_result import CorrectedResult
    from panelvar.panels.dynamic.dynamic_result import DynamicPanelResult
    from panelvar.panels.heterogeneous.averaged import AveragedResult
    from panelvar.panels.static.result import LinearResult
    from panelvar.systems.panel_var.result import PanelVarResult

    return isinstance(value, (LinearResult, AveragedResult, PanelVarResult, DynamicPanelResult, CorrectedResult))


def _is_system(value: object) -> bool:
    from panelvar.systems.var.restricted import RestrictedVarResult
    from panelvar.systems.var.var_result import VarResult

    return isinstance(value, (VarResult, RestrictedVarResult))


def _equations(result: Any) -> list[EquationColumn]:
    from panelvar.reporting.comparison.equation_column import EquationColumn

    return [EquationColumn(result, name) for name in result.names]


def _fitted(name: str, result: Any) -> Fitted:
    """The result as a column."""
    from panelvar.panels.heterogeneous.averaged import AveragedResult
    from panelvar.panels.static.result import LinearResult
    from panelvar.reporting.comparison.dynamic_column import DynamicColumn
    from panelvar.systems.panel_var.result import PanelVarResult
    from panelvar.systems.panel_var.side_by_side import StackedColumn

    if not _is_result(result):
        raise SpecificationError(
            f"results[{name!r}] is a {type(result).__name__}, but compare() takes results of single equations and "
            "fitted vector autoregressions. Print another system with its own summary()."
        )
    if isinstance(result, PanelVarResult):
        return StackedColumn(result)
    return result if isinstance(result, (LinearResult, AveragedResult)) else DynamicColumn(result)


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
                "stack=True puts columns of the same label in line, so each needs a label of its own."
            )
    labels = list(dict.fromkeys(label for group in named.values() for label in group))
    return labels, [Block(heading, tuple(map(group.get, labels))) for heading, group in named.items()]
