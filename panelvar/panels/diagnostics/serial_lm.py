"""Lagrange multiplier tests of serial correlation and random effects: Baltagi-Li, Bera-Sosa-Yoon."""

from __future__ import annotations

import math

import numpy as np

from panelvar.core.base.arguments import read_flag
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import InsufficientDataError, NumericalError, SpecificationError, choose
from panelvar.core.base.shared_parameters import documented
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.tables.test_result import TestResult, chi2_test, z_test
from panelvar.estimates.sizes.known_sizes import size_notes
from panelvar.panels.diagnostics.auxiliary import (
    ROUNDING,
    adjacency,
    centre,
    dependent,
    find_lags,
    level_matrix,
    level_rows,
    pooled_residuals,
    refuse_rounding,
    small_regression,
)
from panelvar.panels.static.result import LinearResult


@documented
def bera_sosa_yoon_test(
    result: LinearResult,
    *,
    statistic: str = "serial",
    one_sided: bool = False,
    lag_by: str | None = None,
) -> TestResult:
    r"""Test serial correlation or random effects, each robust to a little of the other (plm ``pbsytest``).

    From pooled residuals, with n rows, m pairs of adjacent rows, :math:`a = \sum_i T_i^2`,
    :math:`A = 1 - \sum_i (\sum_t \hat u_{it})^2 / \sum \hat u^2` and
    :math:`B = \sum \hat u_{it} \hat u_{i,t-1} / \sum \hat u^2`:

    .. math::
        RS^*_\rho &= \left(B + \tfrac{m}{a - n} A\right)^2 \frac{(a - n) n^2}{m (a - n - 2m)}, \\
        RS^*_\mu &= \frac{n^2 (A + 2B)^2}{2 (a - n - 2m)}, \qquad
        RS_{\mu\rho} = n^2 \left(\frac{(A + 2B)^2}{2 (a - n - 2m)} + \frac{B^2}{m}\right)

    (Bera, Sosa-Escudero and Yoon 2001; unbalanced: Sosa-Escudero and Bera 2008; the joint test is Baltagi
    and Li's of 1991).

    Parameters
    ----------
    result : LinearResult
        Pooled OLS; other models in levels are refitted.
    statistic : {"serial", "effects", "joint"}
        AR(1) errors, allowing for random effects; random effects, allowing for AR(1); or either. The statistics are
        chi2 with 1, 1 and 2 degrees of freedom.
    one_sided : bool
        With ``"effects"``: the signed root, upper tail of the normal (a variance cannot be negative).
    {lag_by (predecessors)}
        plm also divides B by the squares of the rows that have a predecessor only, so its statistics are larger in
        short panels.

    Returns
    -------
    TestResult

    Raises
    ------
    SpecificationError
        If the model is a between or first-difference regression, or has weights.
    InsufficientDataError
        If no entity has three rows.

    See Also
    --------
    baltagi_li_test : Strong random effects, balanced panels.
    effects_lm_test : Effects, without autocorrelation.

    Notes
    -----
    The tests are robust to *local* departures only. With strong random effects the test of serial correlation
    over-rejects: use `baltagi_li_test` or `wooldridge_serial_test` then. Errors must be homoskedastic and normal.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> pooled = pv.fit_pooled(states, "frate ~ beertax + unemp")
    >>> pv.bera_sosa_yoon_test(pooled)
    <Bera-Sosa-Yoon (serial): chi2(1) = 1.9949, p = 0.1578>
    >>> pv.bera_sosa_yoon_test(pooled, statistic="effects", one_sided=True)
    <Bera-Sosa-Yoon (effects, one-sided): z = 21.2228, p < 0.0001>
    """
    design = level_rows(result, "The Bera-Sosa-Yoon test", ("pooled", "fixed", "random"))
    choose("statistic", statistic, ("serial", "effects", "joint"))
    lag_by = adjacency(result, lag_by)
    if read_flag("one_sided", one_sided) and statistic != "effects":
        raise SpecificationError("one_sided=True belongs to statistic='effects'.")
    u = pooled_residuals(result)
    rows, before = find_lags(result, design, 1, lag_by)
    n, pairs = len(u), len(rows)
    total = float(u @ u)
    a = float(np.square(design.entities.sizes.astype(np.float64)).sum())
    rest = a - n - 2 * pairs
    if pairs == 0 or rest <= 0.0:
        raise InsufficientDataError(
            "No entity has three rows, so random effects and serial correlation cannot be told apart."
        )
    big_a = 1.0 - float(np.square(design.entities.sums(u)).sum()) / total
    big_b = float(u[rows] @ u[before]) / (float(u[rows] @ u[rows]) if lag_by == "rows" else total)
    title = "Bera-Sosa-Yoon"
    if statistic == "serial":
        observed = (big_b + pairs / (a - n) * big_a) ** 2 * (a - n) * n**2 / (pairs * rest)
        null, df = "no serial correlation, whatever the (local) random effects", 1.0
    elif statistic == "effects":
        root = -math.sqrt(n**2 / (2.0 * rest)) * (big_a + 2.0 * big_b)
        null, df = "no random effects, whatever the (local) serial correlation", 1.0
        if one_sided:
            return z_test(f"{title} (effects, one-sided)", root, null, sides=1)
        observed = root**2
    else:
        observed = n**2 * ((big_a + 2.0 * big_b) ** 2 / (2.0 * rest) + big_b**2 / pairs)
        title, null, df = "Baltagi-Li", "neither random effects nor serial correlation", 2.0
    return chi2_test(f"{title} ({statistic})", observed, df, null)


@answering
def baltagi_li_test(
    result: LinearResult,
    *,
    statistic: str = "random",
    one_sided: bool = False,
) -> TestResult:
    r"""Test AR(1) or MA(1) errors (Baltagi and Li 1991, 1995; plm ``pbltest`` is ``statistic="random"``).

    Parameters
    ----------
    result : LinearResult
        A model in levels; what each kind needs is estimated from its regressors.
    statistic : {"joint", "random", "fixed"}
        ``"joint"``: random effects or serial correlation, from pooled OLS, chi2(2) (1991).
        ``"random"``: serial correlation given random effects estimated by maximum likelihood, chi2(1) or its signed
        root (1995, LM4).
        ``"fixed"``: serial correlation given fixed effects,
        :math:`\frac{N T^2}{T - 1} (\tilde e'\tilde e_{-1} / \tilde e'\tilde e)^2`, chi2(1), for large T (1995, LM5).
    one_sided : bool
        With ``"random"`` and ``"fixed"``: the signed root against the upper tail of the normal.

    Returns
    -------
    TestResult

    Raises
    ------
    SpecificationError
        If the panel is unbalanced or has gaps, for which the statistics are not derived. (plm computes ``"random"``
        from the average T there, which has no justification.) For the joint test use `bera_sosa_yoon_test`.

    See Also
    --------
    bera_sosa_yoon_test : Unbalanced panels.
    wooldridge_serial_test : Asks for no distribution.
    born_breitung_test : Fixed effects, few periods.

    Notes
    -----
    AR(1) and MA(1) alternatives have the same statistic. ``"fixed"`` ignores that within residuals have correlation
    -1/(T-1), and over-rejects with small T: use `wooldridge_within_test` or `born_breitung_test` there.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> random = pv.fit_random_effects(states, "frate ~ beertax + unemp")
    >>> pv.baltagi_li_test(random)
    <Baltagi-Li (random effects): chi2(1) = 47.3929, p < 0.0001>
    """
    design = level_rows(result, "The Baltagi-Li test", ("pooled", "fixed", "random"))
    choose("statistic", statistic, ("joint", "random", "fixed"))
    one_sided = read_flag("one_sided", one_sided)
    periods = design.times.n_groups
    entities = design.entities.n_groups
    pairs = len(find_lags(result, design, 1, "calendar")[0])
    if design.nobs != entities * periods or pairs != entities * (periods - 1):
        raise SpecificationError(
            "The Baltagi-Li tests are derived for balanced panels without gaps. Use bera_sosa_yoon_test (after pooled "
            "OLS), wooldridge_serial_test or born_breitung_test."
        )
    if periods < 3:
        raise InsufficientDataError(
            f"The Baltagi-Li tests need at least three periods, and there {'is' if periods == 1 else 'are'} {periods}."
        )
    if statistic == "joint":
        if one_sided:
            raise SpecificationError("The joint test has two restrictions, so it has no one-sided form.")
        return bera_sosa_yoon_test(result, statistic="joint", lag_by="calendar")
    panel_y = centre(dependent(result)).reshape(entities, periods)
    panel_x = centre(level_matrix(result)).reshape(entities, periods, -1)
    within_x = (panel_x - panel_x.mean(axis=1, keepdims=True)).reshape(design.nobs, -1)
    within_y = (panel_y - panel_y.mean(axis=1, keepdims=True)).ravel()
    within = small_regression(within_x, within_y).residuals
    # The likelihood of random effects is unbounded there, too.
    refuse_rounding("The Baltagi-Li test", "the within regression fits", within, dependent(result))
    if statistic == "fixed":
        e = within.reshape(entities, periods)
        ratio = float((e[:, 1:] * e[:, :-1]).sum() / (e * e).sum())
        root = math.sqrt(entities * periods**2 / (periods - 1)) * ratio
    else:
        root = _score_given_random_effects(_likelihood_residuals(panel_y, panel_x))
    null = f"no serial correlation, given {statistic} effects"
    title = f"Baltagi-Li ({statistic} effects{', one-sided' if one_sided else ''})"
    notes = size_notes("within residuals", periods / entities) if statistic == "fixed" else ()
    if one_sided:
        return z_test(title, root, null, notes, sides=1)
    return chi2_test(title, root**2, 1.0, null, notes)


def _likelihood_residuals(y: Array, x: Array) -> Array:
    r"""Return :math:`y - \hat c - x'\hat\beta` of random effects by maximum likelihood (Breusch 1987's iteration).

    :math:`\phi^2 = \sigma_e^2 / \sigma_1^2` and the coefficients are solved for in turn; the likelihood rises with
    every step.
    """
    entities, periods = y.shape
    design = np.concatenate([np.ones((entities, periods, 1)), x], axis=2)
    means, mean_y = design.mean(axis=1), y.mean(axis=1)
    within, within_y = design - means[:, None, :], y - mean_y[:, None]
    ratio, step = 0.0, math.inf
    for _ in range(10_000):
        root = math.sqrt(ratio)
        stacked = (within + root * means[:, None, :]).reshape(entities * periods, -1)
        coefficients = small_regression(stacked, (within_y + root * mean_y[:, None]).ravel()).coefficients
        u = y - design @ coefficients
        level = u.mean(axis=1)
        if ratio == 0.0:
            # The within step leaves the constant, and whatever else varies only between entities, undetermined.
            level = small_regression(means, mean_y - means @ coefficients).residuals
        between = periods * float(level @ level) / entities
        inside = float(np.square(u - u.mean(axis=1, keepdims=True)).sum()) / (entities * (periods - 1))
        if between == 0.0:
            raise NumericalError("The entity means fit exactly, so the likelihood of random effects has no maximum.")
        updated = min(inside / between, 1.0)
        # Steps become smaller by a factor, until they are rounding: of the regressors' digits, if these nearly depend
        # on one another, or of the residuals', if they are small beside the outcome.
        last, step = step, abs(updated - ratio)
        rounding = max(1e-9, ROUNDING * float(np.linalg.norm(y) / np.linalg.norm(u)))
        if step <= 1e-14 * updated or last <= step <= rounding * updated:
            return np.asarray(u)
        ratio = updated
    raise NumericalError(
        "The maximum likelihood of random effects, which the Baltagi-Li test needs, did not converge. Use "
        "statistic='fixed' or another test."
    )


def _score_given_random_effects(u: Array) -> float:
    """Return the signed root of Baltagi and Li's (1995) LM statistic of rho = 0 given random effects."""
    entities, periods = u.shape
    level = u.mean(axis=1, keepdims=True)
    inside = u - level
    first = periods * float((level**2).sum()) / entities
    error = float((inside**2).sum()) / (entities * (periods - 1))
    if min(first, error) <= ROUNDING * max(first, error):
        raise NumericalError(
            "The Baltagi-Li test has no statistic, because one of the two variances of random effects is zero."
        )
    scaled = level / first + inside / error
    score = entities * (periods - 1) / periods * (first - error) / first + error * float(
        (scaled[:, 1:] * scaled[:, :-1]).sum()
    )
    a = (error - first) / (periods * first)
    information = np.empty((3, 3))
    information[0, 0] = entities * (2 * a**2 * (periods - 1) ** 2 + 2 * a * (2 * periods - 3) + periods - 1)
    information[0, 1] = information[1, 0] = entities * (periods - 1) * error / first**2
    information[0, 2] = information[2, 0] = (
        entities * (periods - 1) / periods * error * (1.0 / first**2 - 1.0 / error**2)
    )
    information[1, 1] = entities * periods**2 / (2.0 * first**2)
    information[1, 2] = information[2, 1] = entities * periods / (2.0 * first**2)
    information[2, 2] = entities / 2.0 * (1.0 / first**2 + (periods - 1) / error**2)
    # The matrix is scaled to a unit diagonal because the parameters are in different units.
    units = np.sqrt(np.diagonal(information))
    information /= np.outer(units, units)
    if np.linalg.eigvalsh(information)[0] <= ROUNDING:
        raise NumericalError(
            "The Baltagi-Li test has no statistic, because the information on variances and correlation is singular."
        )
    inverse = np.linalg.inv(information) / np.outer(units, units)
    return float(score * math.sqrt(inverse[0, 0]))
