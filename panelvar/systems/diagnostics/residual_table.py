"""All tests of the residuals of a vector autoregression, of one series or of a panel, in one table."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arguments import read_whole, refuse_beyond
from panelvar.core.base.errors import CollinearityError, InsufficientDataError, NumericalError, PanelVarWarning
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.faces.layout import Cell, count
from panelvar.core.tables.frame_table import OPTIONAL, PVALUE, Column, FrameTable
from panelvar.core.tables.test_result import TestResult
from panelvar.data.panel.panel import as_panel
from panelvar.panels.diagnostics.cross_section_dependence import cross_section_dependence_test
from panelvar.systems.diagnostics.arch import arch_test
from panelvar.systems.diagnostics.normality import normality_test
from panelvar.systems.diagnostics.serial import portmanteau_test, serial_lm_test
from panelvar.systems.diagnostics.white import white_test
from panelvar.systems.panel_var.result import PanelVarResult
from panelvar.systems.var.fitted_system import FittedSystem, require_fit


def _freedom(value: float, digits: int) -> Cell:
    del digits
    return Cell() if value != value else count(value)


FREEDOM = Column("df", _freedom)
"""Degrees of freedom; an empty cell where a test has none."""


class Asked(NamedTuple):
    """A test to be run.

    Attributes
    ----------
    equation : str
        Whose residuals, or "all".
    subject : str
        What is tested.
    run : callable
    """

    equation: str
    subject: str
    run: Callable[[], TestResult]


@answering
def residual_table(model: FittedSystem | PanelVarResult, *, lags: int = 4) -> FrameTable:
    """Run all tests of the residuals of a vector autoregression: correlation over time, variances, normality.

    Parameters
    ----------
    model : FittedSystem or PanelVarResult
        What `fit_var`, `fit_panel_var` and their kin return.
    lags : int
        Lags of the tests. The portmanteau test of a system takes as many beyond those of the model; the differenced
        errors of a panel are tested at orders 2 to this.

    Returns
    -------
    FrameTable
        Rows test, or (equation, test) of a panel; columns "subject", "statistic", "df", "df_denominator" (NaN unless
        F), "pvalue". Tests that the data are too few for, or that do not exist, are left out, and a note says which and
        why.

    Raises
    ------
    SpecificationError
        It is another kind of model, or each entity has other coefficients, as in a mean group.
    InsufficientDataError
        ``lags`` reaches past the periods of a panel.

    See Also
    --------
    serial_lm_test, portmanteau_test, arch_test, white_test, normality_test : each by itself, with its formula.
    PanelVarResult.ar_test, PanelVarResult.serial_portmanteau : those of panels.

    Notes
    -----
    Of one series the tests are of all equations together: Rao's F of Breusch and Godfrey's regression, the adjusted
    portmanteau, ARCH-LM with one lag, White's test without cross terms, and the two tests of normality. Of a panel they
    are of each equation: Arellano and Bond's m of orders from 2 on, Jochmans' portmanteau with covariances added up by
    lag, and Pesaran's CD between entities. They need no normal errors and no equal variances, so there are no tests of
    either.

    Of many tests some reject by chance: with six at 5% one in four tables has a p-value below it.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=4)
    >>> pv.residual_table(model, lags=2)["pvalue"].round(3).tolist()
    [0.097, 0.021, 0.0, 0.0, 0.0, 0.0]
    """
    import pandas as pd

    lags = read_whole("lags", lags, 1)
    if isinstance(model, PanelVarResult):
        asked = _of_panel(model, lags)
    else:
        require_fit(model)
        asked = _of_system(model, lags)
    index, rows, notes = [], [], []
    for equation, subject, run in asked:
        try:
            with warnings.catch_warnings(record=True) as said:
                warnings.simplefilter("always", PanelVarWarning)
                test = run()
        except (InsufficientDataError, NumericalError, CollinearityError) as error:
            notes.append(f"No test of {subject}{'' if equation == 'all' else f' of {equation}'}: {error}")
            continue
        notes += [f"{test.name}: {each.message}" for each in said]
        notes += [f"{test.name}: {note.text}" for note in test.notes if not note.warn]
        index.append((equation, test.name))
        numbers = (test.statistic, test.df, test.df_denominator, test.pvalue)
        rows.append((subject, *(np.nan if value is None else value for value in numbers)))
    columns = ["subject", "statistic", "df", "df_denominator", "pvalue"]
    labels = pd.MultiIndex.from_tuples(index, names=["equation", "test"])
    frame = pd.DataFrame(rows, index=labels, columns=columns)
    if isinstance(model, FittedSystem):
        frame = frame.droplevel("equation")
    formats = {
        "statistic": OPTIONAL,
        "df": FREEDOM,
        "df_denominator": FREEDOM.called("df of errors"),
        "pvalue": PVALUE,
    }
    subjects = ", ".join(dict.fromkeys(frame["subject"]))
    null = f"Each null hypothesis is that the errors have none of what the test is for: {subjects}."
    of_orders = "m2 tests for correlation of order 2 in the differenced errors (Arellano and Bond 1991), m3 of order 3."
    nulls = (null, of_orders) if isinstance(model, PanelVarResult) else (null,)
    return FrameTable(frame, formats, "Tests of residuals", notes=(*nulls, *dict.fromkeys(notes)))


def _of_system(model: FittedSystem, lags: int) -> list[Asked]:
    serial = "serial correlation"
    return [
        Asked("all", serial, lambda: serial_lm_test(model, lags=lags, statistic="f")),
        Asked("all", serial, lambda: portmanteau_test(model, lags=model.lags + lags)),
        Asked("all", "conditional heteroskedasticity", lambda: arch_test(model)),
        Asked("all", "heteroskedasticity", lambda: white_test(model).joint),
        Asked("all", "skewness and excess kurtosis", lambda: normality_test(model, statistic="doornik-hansen").joint),
        Asked("all", "skewness and excess kurtosis", lambda: normality_test(model).joint),
    ]


def _of_panel(model: PanelVarResult, lags: int) -> list[Asked]:
    asked, longest, serial, panel = [], max(lags, 2), "serial correlation", as_panel(model.resids)
    refuse_beyond("lags", lags, panel.calendar.n_positions)
    for name in model.names:
        portmanteau = partial(model.serial_portmanteau, name, max_order=longest, collapse=True)
        asked += [
            *(Asked(name, serial, partial(model.ar_test, order, name)) for order in range(2, longest + 1)),
            Asked(name, serial, portmanteau),
            Asked(name, "dependence of entities", partial(cross_section_dependence_test, panel, name)),
        ]
    return asked
