"""Born and Breitung's tests of serial correlation in fixed-effects models: Q(p), LM(k), HR."""

from __future__ import annotations

import numpy as np

from panelvar.core.base.arguments import read_whole, refuse_beyond
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note, choose, emit
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.tables.test_result import TestResult, chi2_test, z_test
from panelvar.estimates.sizes.known_sizes import size_notes
from panelvar.kernels.linear.quadratic_form import quadratic_form
from panelvar.panels.diagnostics.auxiliary import ROUNDING, find_lags, level_rows, own_residuals
from panelvar.panels.static.result import LinearResult


@answering
def born_breitung_test(
    result: LinearResult,
    *,
    statistic: str = "q",
    lags: int | None = None,
) -> TestResult:
    r"""Test serial correlation given fixed effects, without large T (Stata ``xtqptest``, ``xthrtest``).

    Let :math:`\hat e` be the residuals less their entity mean. Every entity adds a term of mean zero under the null,
    and the sum is compared with its variance across entities:

    .. math::
        LM(k):&\quad z_i = \sum_t \hat e_{it} \hat e_{i,t-k} + \tfrac{1}{T_i - 1} \hat e_{i,t-k}^2, \\
        Q(p):&\quad z_{ik} = \sum_t \hat e_{it} \hat e_{i,t-k} + \tfrac{m_{ik}}{T_i (T_i - 1)} \sum_t \hat e_{it}^2,
        \quad k = 1, \dots, p, \\
        HR:&\quad z_i = \sum_t (u_{i,t-1} - \bar u_{i, \le t-1}) (u_{it} - \bar u_{i, \ge t}),

    with :math:`m_{ik}` the pairs k periods apart (Born and Breitung 2016; unbalanced: Wursten 2018). LM and HR are
    standard normal, Q is chi2(p).

    Parameters
    ----------
    result : LinearResult
        Fixed, pooled or random effects; the residuals are demeaned by entity.
    statistic : {"q", "lm", "hr"}
        Q: all orders up to p. LM: order k alone. HR: order one, with variances that may change over time.
    lags : int, optional
        p or k; default 2 for ``"q"`` (as xtqptest), 1 for ``"lm"``. HR has order one.

    Returns
    -------
    TestResult

    Raises
    ------
    InsufficientDataError
        If there are no more entities than orders, or no pair of rows that far apart.

    See Also
    --------
    wooldridge_within_test : By one regression.
    breusch_godfrey_test : Many periods.
    wooldridge_serial_test : Stata's ``xtserial``.

    Notes
    -----
    T may be small, but N must be large, since the variance is estimated across entities. Q and LM allow variances that
    differ between entities, not over time within them. Pairs are on the calendar: a gap loses its pairs and biases
    nothing (Stata refuses gaps in Q and LM).

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> fixed = pv.fit_fixed_effects(states, "frate ~ beertax + unemp")
    >>> pv.born_breitung_test(fixed)
    <Born-Breitung Q(2): chi2(2) = 13.5500, p = 0.0011>
    >>> pv.born_breitung_test(fixed, statistic="hr")
    <Born-Breitung HR: z = -1.0660, p = 0.2864>
    """
    design = level_rows(result, "The Born-Breitung test", ("fixed", "pooled", "random"))
    choose("statistic", statistic, ("q", "lm", "hr"))
    p = read_whole("lags", (2 if statistic == "q" else 1) if lags is None else lags, 1)
    refuse_beyond("lags", p, design.panel.calendar.n_positions)
    entities = design.entities
    notes: list[Note] = []
    if statistic == "hr" and p != 1:
        notes.append(Note("hr-order-one", "The HR test is of first order, so lags= is ignored.", warn=True))
    values = own_residuals(result)
    e = values - entities.means(values)[entities.codes]
    sizes = entities.sizes.astype(np.float64)
    if statistic == "hr":
        z = _split_sums(result, e)[:, None]
        title, null = "Born-Breitung HR", "no serial correlation of order 1"
    else:
        orders = range(1, p + 1) if statistic == "q" else (p,)
        parts = []
        squares = entities.sums(np.square(e))
        room = np.maximum(sizes - 1.0, 1.0)
        for k in orders:
            rows, before = find_lags(result, design, k, "calendar")
            if len(rows) == 0:
                raise InsufficientDataError(f"No entity has rows {k} periods apart.")
            product = np.zeros(len(e))
            product[rows] = e[rows] * e[before]
            count = np.bincount(entities.codes[rows], minlength=entities.n_groups)
            if statistic == "q":
                parts.append(entities.sums(product) + count / (sizes * room) * squares)
            else:
                product[rows] += np.square(e[before]) / room[entities.codes[rows]]
                parts.append(entities.sums(product))
        z = np.column_stack(parts)
        title = f"Born-Breitung {statistic.upper()}({p})"
        null = f"no serial correlation {'up to' if statistic == 'q' else 'of'} order {p}"
    z[np.abs(z) <= ROUNDING * entities.sums(np.square(e))[:, None]] = 0.0
    active = int((z != 0.0).any(axis=1).sum())
    if active <= z.shape[1]:
        raise InsufficientDataError(
            f"{count_of(active, 'entity has', 'entities have')} pairs of residuals to compare, and the test needs more "
            f"than {z.shape[1]}."
        )
    if statistic == "q":
        notes += size_notes("born-breitung q", active)
    emit(notes)
    total = z.sum(axis=0)
    variance = z.T @ z - np.outer(total, total) / len(z)
    if statistic == "q":
        form = quadratic_form(total, variance)
        if form.rank < p:
            raise InsufficientDataError(
                f"The terms of {len(z)} entities have a covariance of rank {int(form.rank)}, so Q({p}) has no "
                "statistic. Take a smaller order."
            )
        return chi2_test(title, float(form.statistic), p, null, notes)
    if variance[0, 0] <= ROUNDING * float(z[:, 0] @ z[:, 0]):
        raise InsufficientDataError(
            f"The terms of the {count_of(active, 'entity', 'entities')} that have any do not vary, so there is no "
            "variance to test by."
        )
    observed = float(total[0] / np.sqrt(variance[0, 0]))
    return z_test(title, observed, null, notes)


def _split_sums(result: LinearResult, e: Array) -> Array:
    """Sum, for every entity, the residual less the mean up to it times the next one less the mean from it on."""
    design = result.fit.source
    codes, starts = design.entities.codes, design.entity_starts
    begin, end, place = starts[:-1][codes], starts[1:][codes], np.arange(len(e))
    # These running sums start anew with every entity, where e has mean zero, so differences lose no digits.
    running = np.cumsum(e)
    base = np.where(begin > 0, running[np.maximum(begin - 1, 0)], 0.0)
    up_to = (running - base) / (place - begin + 1)
    from_on = (running[end - 1] - running + e) / (end - place)
    rows, _ = find_lags(result, design, 1, "calendar")
    # The first row equals its mean up to it, and the last row its mean from it on, so these leave nothing.
    rows = rows[(place - begin >= 2)[rows] & (end - place >= 2)[rows]]
    product = np.zeros(len(e))
    product[rows] = (e[rows - 1] - up_to[rows - 1]) * (e[rows] - from_on[rows])
    return design.entities.sums(product)
