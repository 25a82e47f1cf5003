r"""Whether errors of a panel vector autoregression by least squares are correlated over time.

The tests are those of moments (`panelvar.panels.dynamic.serial_correlation`), which hold for any estimator whose errors
are sums over entities. With :math:`\psi_i` what an entity adds to the coefficients and :math:`D` the derivative of
the summed products along them, an entity adds

.. math:: w_i = r_i + D'\psi_i, \qquad m_j = \sum_i r_i \Big/ \sqrt{\textstyle\sum_i w_i^2}, \qquad
    r_i = \sum_t \Delta\hat e_{it}\,\Delta\hat e_{i,t-j}

to Arellano and Bond's (1991) statistic. Differences have no effects, and lags of an order above one share no error with
them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from panelvar.core.base.arguments import read_flag, read_whole
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.distributions import normal_tail
from panelvar.core.base.errors import InsufficientDataError, Note, SpecificationError
from panelvar.core.base.scaling import exponents
from panelvar.core.tables.test_result import TestResult
from panelvar.kernels.dynamics.gaps import lag_positions
from panelvar.panels.dynamic.cube import Laid
from panelvar.panels.dynamic.serial_correlation import portmanteau_of, products_of_levels
from panelvar.systems.panel_var.fit import PanelVarFit


def serial_correlation(fit: PanelVarFit, order: int, equation: int) -> TestResult:
    """Arellano and Bond's m of the differenced residuals of an equation, from least squares.

    Raises
    ------
    InsufficientDataError
        No entity has differences so far apart.
    """
    order = read_whole("order", order, 1)
    rows, (errors, x, added, notes) = fit.rows, _errors(fit, equation)
    codes, periods = rows.entities.codes, rows.design.time_positions
    before = lag_positions(codes, periods, 1)
    changed = before >= 0
    changes = np.where(changed, errors - errors[before], 0.0)
    moves = np.where(changed[:, None], x - x[before], 0.0)
    earlier = lag_positions(codes, periods, order)
    both = changed & (earlier >= 0) & changed[earlier]
    if not both.any():
        raise InsufficientDataError(
            f"No entity has differences that are {count_of(order, 'period')} apart, so there is no m{order}."
        )
    lagged = np.where(both, changes[earlier], 0.0)
    slopes = -(moves.T @ lagged + np.where(both[:, None], moves[earlier], 0.0).T @ changes)
    products = np.bincount(codes, changes * lagged, minlength=rows.n_entities)
    statistic = float(products.sum() / np.sqrt(np.square(products + added @ slopes).sum()))
    null = f"no correlation of order {order} in the differenced errors"
    return TestResult(f"m{order}", statistic, float(normal_tail(statistic)), "normal", None, None, null, notes)


def serial_portmanteau(fit: PanelVarFit, equation: int, *, max_order: int | None, collapse: bool) -> TestResult:
    """Jochmans' portmanteau test of an equation's residuals, from least squares.

    Raises
    ------
    InsufficientDataError
        No entity has three periods in a row, or there are as many products as entities.
    """
    if max_order is not None:
        read_whole("max_order", max_order, 1)
    read_flag("collapse", collapse)
    rows, (errors, x, added, notes) = fit.rows, _errors(fit, equation)
    columns = np.column_stack([errors - errors.mean(), x.mean(axis=0) - x])
    codes, periods = rows.entities.codes, rows.design.time_positions
    first = int(periods.min())
    levels = np.zeros((int(periods.max()) - first + 1, rows.n_entities, columns.shape[1]))
    there = np.zeros(levels.shape[:2], dtype=bool)
    levels[periods - first, codes], there[periods - first, codes] = columns, True
    longest = len(levels) - 1 if max_order is None else min(max_order, len(levels) - 1)
    laid = Laid(levels, there, np.arange(len(levels)))
    products, slopes, seen = products_of_levels(laid, range(2, longest + 1), collapse=collapse)
    moved = products + added @ slopes.T
    found = portmanteau_of(products.sum(axis=0), moved, seen, max_order, rows.n_entities, collapse=collapse)
    return replace(found, notes=notes)


class _Tested(NamedTuple):
    """What the tests of an equation are of, each variable in a unit of its own, on which no statistic depends.

    Attributes
    ----------
    errors : (n,) array
    x : (n, m) array
    added : (N, m) array
        What each entity adds to the coefficients.
    notes : tuple of Note
    """

    errors: Array
    x: Array
    added: Array
    notes: tuple[Note, ...]


def _errors(fit: PanelVarFit, equation: int) -> _Tested:
    """Errors of an equation, and what is needed to know how they move with its coefficients."""
    if fit.tested is None:
        raise SpecificationError(
            f"method={fit.method!r} has no test of all entities together, since each has its own coefficients. "
            "fit_var_batch(...).member(label) is the model of one, which serial_lm_test takes."
            if fit.individual is not None
            else "A stream keeps no rows to test. Fit the panel in memory."
        )
    tested = fit.tested()
    own = tested.influence[:, :, equation]
    added = np.zeros((fit.rows.n_entities, own.shape[1]))
    np.add.at(added, fit.rows.entities.codes, own)
    errors, x = tested.errors[:, equation], fit.rows.x
    unit, units = exponents(errors), exponents(x, axis=0)
    return _Tested(np.ldexp(errors, -unit), np.ldexp(x, -units), np.ldexp(added, units - unit), tested.notes)
