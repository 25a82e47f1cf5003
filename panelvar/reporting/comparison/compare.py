"""Several results side by side, as journals print them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TypeAlias

from panelvar.core.base.arguments import read_flag, read_names, refuse_other
from panelvar.core.base.errors import check_level
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.faces.layout import Cell, Fact, Row, spanning, words
from panelvar.core.faces.number_format import DEFAULT_STARS, Levels, check_digits, check_stars, star_legend
from panelvar.core.tables.table import Table
from panelvar.estimates.coefficients.printed_names import PrintedNames
from panelvar.estimates.coefficients.result_column import HasColumns, ResultColumn
from panelvar.reporting.comparison.coefficient_rows import (
    Chosen,
    coefficient_rows,
    in_one_spelling,
    legend_of,
    read_below,
    terms_of,
)
from panelvar.reporting.comparison.columns import Block, Column, Results, one_below_another, read_columns
from panelvar.reporting.comparison.foot_rows import (
    FOOT,
    Missing,
    Own,
    foot_rows,
    in_text,
    own_row,
    read_foot,
    read_own_rows,
)

Shared: TypeAlias = Callable[[ResultColumn, PrintedNames], str]


@answering
def compare(
    results: Results,
    *more: HasColumns,
    below: str | Sequence[str] = "std_errors",
    stars: Levels = DEFAULT_STARS,
    digits: int = 4,
    level: float = 0.95,
    keep: Chosen | None = None,
    drop: Chosen = (),
    order: Chosen = (),
    labels: Mapping[str, str] | None = None,
    foot: Sequence[str] | Mapping[str, str] = FOOT,
    rows: Mapping[str, Own] | None = None,
    stack: bool = False,
    title: str = "",
    notes: str | Sequence[str] = (),
    warnings: bool = True,
    estimators: bool = True,
) -> Table:
    """Put estimates side by side, each with its precision below.

    Parameters
    ----------
    results : mapping of label to result, or sequence of results, or one
        One column each, in the order given; without labels they are (1), (2), ... Results of single equations:
        LinearResult, HeterogeneousResult, ErrorCorrectionResult, CointegratingResult,
        DynamicPanelResult, CorrectedResult; or a PanelVarResult, its equations one below another, coefficients named
        ``"[equation]regressor"``; or a VarResult or RestrictedVarResult, a column for each equation. A mapping of
        headings to mappings or lists makes groups: columns under a common heading, or with ``stack=True`` one below
        another. Labels that are tuples are a heading and a label.
    *more : results
        Further columns, as in ``compare(pooled, fixed, random)``.
    below : {"std_errors", "tstats", "pvalues", "conf_int", "none"}, or several
        What stands under each estimate, a line each.
    stars : sequence of float, mapping of str to float, or False
        Significance levels: an estimate gets one star for each that its p-value is below; or signs and their levels,
        such as ``{"+": 0.1, "*": 0.05}``. False or ``()`` for none.
    digits : int
        Decimals. A number that they would print as zero has so many significant digits.
    level : float
        Level of the intervals of ``below="conf_int"``.
    keep, drop : str, compiled pattern, or sequence of them
        Coefficients to show (all by default), and to leave out: names, terms for all their columns
        (``"C(region)"``), patterns (``"L(*"``, in which ``*`` and ``?`` stand for any characters).
    order : str, compiled pattern, or sequence of them
        Coefficients to show first, in this order. The others follow as they appear, the constant last.
    labels : mapping of str to str, optional
        Printed names of coefficients, dependent variables (also where they are headings), effects, and what errors are
        clustered by. They also stand in the head, in the foot and in the note on dropped rows. A name that is not
        in the mapping takes the labels of its variables: ``{"x": "Income"}`` makes "L(Income, 2)", "log(Income)",
        "L1.Income" and "Income × z"; ``{"region": "Region"}`` makes "Region: Asia". Names that are not in the table are
        passed over, so that one mapping may serve many tables; misspelled names are refused.
    foot : sequence of str, or mapping of str to str
        Rows under the coefficients, of: ``dependent_mean``, ``dependent_sd`` (of the rows in use, each counted once),
        ``nobs``, ``entities``, ``periods``, ``effects``, ``each_effect`` (a row for each, yes or no, those of dummies
        that the table does not show among them), ``rsquared``,
        ``rsquared_adjusted``, ``rsquared_kind``, ``f``, ``f_pvalue``, ``f_kind``, ``chi2``, ``chi2_pvalue``,
        ``chi2_kind``, ``first_stage_f`` (the smallest conditional one), ``overidentification_pvalue``,
        ``overidentification_kind``; of dynamic panels ``instruments`` (how many), ``ar1``, ``ar2`` (Arellano and Bond's
        z), ``sargan``, ``hansen``, ``difference_in_hansen`` (of the lagged differences that instrument the level
        equation: the statistic), each also with ``_pvalue``, the last three with ``_df``; ``loglik``, ``aic``,
        ``bic``, ``rmse``, ``df_resid``, ``theta``, ``cov``, ``clusters``, ``convention``; or a mapping of these to what
        they are called. Rows that you do not name are left out, and so is a row no result has anything for. Where a row
        holds statistics of several kinds (a plain and a within R2, F's of other hypotheses, Sargan's and Hansen's test)
        the row that says which is added below it;
        without ``rsquared``, say, no kind of R2 is named.
    rows : mapping of str to list or function, optional
        Rows of your own above the foot: a value for each column (a text, a number, True or False, None for an empty
        cell), or a function of the result. Where a result does not have what the function asks for, the cell is empty
        and a note says why.
    stack : bool
        Stack groups of results one below another, with columns of the same label in line. Foot rows that differ between
        groups stand under each, the others under all.
    title : str
        Line over the table.
    notes : str or sequence of str
        Sentences under the table, before those about results.
    warnings : bool
        Whether warnings of the results stand under the table, with the columns they are about. Rows that were dropped
        for missing values are among them.
    estimators : bool
        Whether the head of the table says how each column was estimated.

    Returns
    -------
    Table

    Raises
    ------
    SpecificationError
        If there are no results, one is of another kind, a name or pattern fits no coefficient (the message lists them),
        or an option is unknown.

    See Also
    --------
    fit_many : Fits the columns of a table in one call.
    save_tables : Writes tables to a file.
    plot_coefficients : The same as a plot.

    Notes
    -----
    No row mixes two kinds of numbers: F and chi-squared, kinds of R2, and tests of moments have separate rows, or a
    row that says which. A long-run coefficient of an error-correction model does not stand in the row of a slope.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> formula = "invest ~ value + capital"
    >>> pooled, fixed = pv.fit_pooled(firms, formula), pv.fit_fixed_effects(firms, formula)
    >>> pv.compare({"Pooled": pooled, "Fixed": fixed}, foot=["nobs"])
    ===========================================
    Dependent  invest
    -------------------------------------------
                Pooled            Fixed
              Pooled OLS   Fixed effects (firm)
    -------------------------------------------
    value      0.11453***        0.1101***
              (0.00552)         (0.0113)
    capital    0.2275***         0.3100***
              (0.0242)          (0.0165)
    const    -38.4101***       -55.2715***
              (8.4134)         (10.8910)
    -------------------------------------------
    N        220               220
    ===========================================
    Standard errors in parentheses. * p < 0.1, ** p < 0.05, *** p < 0.01.
    """
    columns = read_columns(results, more)
    digits = check_digits(digits)
    marks = check_stars(stars)
    lines = read_below(below)
    level = check_level(level)
    wanted = read_foot(foot)
    refuse_other("title", title, str, "a text")
    told = read_names("notes", notes, "sentences")
    models = in_one_spelling([column.model for column in columns])
    columns = [column._replace(model=model) for column, model in zip(columns, models, strict=True)]
    names = PrintedNames(labels, _names_of(models))
    columns = [_by_label(column, names) for column in columns]
    if read_flag("stack", stack):
        over, blocks = one_below_another(columns)
    else:
        over, blocks = [column.label for column in columns], [Block("", tuple(columns))]
    own = read_own_rows(rows, over)
    terms = terms_of(models, keep, drop, order)
    shared = _SHARED if read_flag("estimators", estimators) else {"Dependent": _SHARED["Dependent"]}
    header, facts = _header(over, blocks, names, shared)
    bodies = [coefficient_rows(terms, block.models, lines, marks, digits, level, names) for block in blocks]
    missing: Missing = []
    feet = [
        foot_rows(wanted, own, block.models, names, digits, missing, {term.name for term in terms}) for block in blocks
    ]
    called = {column.model: column.name for column in columns}
    common = [row for row in feet[0] if all(row in foot for foot in feet)]
    given = [own_row(label, values, digits) for label, values in own.items() if not callable(values)]
    body: list[Row] = []
    for block, coefficients, beneath in zip(blocks, bodies, feet, strict=True):
        blank = (Cell(),) * len(over)
        if block.heading:
            body.append(Row(block.heading, blank, heading=True, rule=bool(body)))
        body += [*_about(block, blocks, names, shared), *coefficients]
        apart = [row for row in beneath if row not in common]
        body += [replace(row, rule=not place) for place, row in enumerate(apart)]
    legend = legend_of(lines, columns, level)
    if marks:
        legend = f"{legend} {star_legend(marks)}.".strip()
    return Table(
        title=title,
        facts=facts,
        header=header,
        body=tuple(body),
        foot=(*given, *common),
        notes=(
            *([legend] if legend else []),
            *told,
            *_say_once(_warnings(columns, names) if read_flag("warnings", warnings) else ()),
            *_say_once((called[model], text) for model, text in missing),
        ),
    )


def _names_of(models: Sequence[ResultColumn]) -> list[str]:
    """All names that may be printed under another."""
    known = [str(name) for model in models for name in model.params.index]
    known += [model.dependent for model in models]
    return [*known, *(name for model in models for name in (*model.effects, *model.clusters))]


def _by_label(column: Column, names: PrintedNames) -> Column:
    """Give a column that is called after its dependent variable, or stands under it, the printed name of that."""
    dependent = column.model.dependent
    heading, label = (names.of(dependent) if text == dependent else text for text in (column.heading, column.label))
    return Column(heading, label, column.model)


def _header(
    over: Sequence[str], blocks: Sequence[Block], names: PrintedNames, shared: Mapping[str, Shared]
) -> tuple[tuple[Row, ...], tuple[Fact, ...]]:
    """Headings, and facts that all columns share: dependent variable and estimator."""
    header: list[Row] = [Row("", tuple(map(words, over)))]
    facts: list[Fact] = []
    said = [list(over)]
    if len(blocks) == 1 and not blocks[0].heading:
        headings = [column.heading for column in blocks[0].columns if column is not None]
        if any(headings):
            header.insert(0, Row("", spanning((text, len(list(run))) for text, run in groupby(headings))))
            said.append(headings)
    models = [model for block in blocks for model in block.models if model is not None]
    for label, read in shared.items():
        by_column = _by_column(blocks, names, read)
        told = {read(model, names) for model in models}
        if len(told) == 1 and (label == "Dependent" or len(models) > 1):
            facts.append(Fact(label, told.pop()))
        elif by_column is not None and by_column not in said:
            header.append(Row(label if label == "Dependent" else "", tuple(map(words, by_column))))
    return tuple(header), tuple(facts)


_SHARED: dict[str, Shared] = {
    "Dependent": lambda model, names: names.of(model.dependent),
    "Estimator": lambda model, names: in_text(model.estimator, "(", model.effects, names),
}


def _by_column(blocks: Sequence[Block], names: PrintedNames, read: Shared) -> list[str] | None:
    """What the results of each column share; None where those of one column differ."""
    found = []
    for models in zip(*(block.models for block in blocks), strict=True):
        told = {read(model, names) for model in models if model is not None}
        if len(told) != 1:
            return None
        found.append(told.pop())
    return found


def _about(block: Block, blocks: Sequence[Block], names: PrintedNames, shared: Mapping[str, Shared]) -> list[Row]:
    """Dependent variables and estimators of one block, where they differ between blocks within a column."""
    return [
        Row(
            label,
            tuple(Cell() if model is None else words(read(model, names)) for model in block.models),
        )
        for label, read in shared.items()
        if _by_column(blocks, names, read) is None
    ]


def _warnings(columns: Sequence[Column], names: PrintedNames) -> Iterator[tuple[str, str]]:
    """Yield each warning, and which rows are not used, with the column it is about.

    Plain notes stay with each result's summary.
    """
    for column in columns:
        for note in column.model.notes:
            if note.code == "rows-dropped":
                variables = (column.model.dependent, *map(str, column.model.params.index))
                yield column.name, in_text(note.text, ": ", variables, names)
            elif note.warn:
                yield column.name, note.text


def _say_once(said: Iterable[tuple[str, str]]) -> list[str]:
    """Write each text once, after the columns it is about."""
    about: dict[str, dict[str, None]] = {}
    for column, text in said:
        about.setdefault(text, {})[column] = None
    return [f"{', '.join(columns)}: {text}" for text, columns in about.items()]
