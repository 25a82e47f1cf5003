"""Dumitrescu and Hurlin's test of Granger non-causality in heterogeneous panels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from panelvar.core.base.arguments import read_whole, refuse_beyond
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.distributions import normal_tail
from panelvar.core.base.errors import InsufficientDataError, Note, choose, emit
from panelvar.core.base.scaling import in_own_units
from panelvar.core.base.shared_parameters import documented
from panelvar.core.tables.test_result import TestResult
from panelvar.data.formulas.design import build_design
from panelvar.estimates.sizes.known_sizes import size_notes
from panelvar.kernels.dynamics.gaps import rows_with_lags
from panelvar.panels.diagnostics.auxiliary import refuse_rounding, small_regression


@dataclass(frozen=True, eq=False, repr=False)
class PanelCausalityResult(TestResult):
    """The test, with the Wald statistic of every entity.

    Attributes
    ----------
    wald : (N,) array
        Statistics of the entities used, chi2(lags) under the null for long T.
    average : float
        Mean of the statistics (W-bar).
    entities : tuple
        Labels of the entities used.

    See Also
    --------
    panel_granger_test : Makes it.

    Examples
    --------
    >>> import panelvar as pv
    >>> test = pv.panel_granger_test(pv.load_data("grunfeld"), "invest", "value", lags=1)
    >>> test.in_a_line()
    'z = 3.5443, p = 0.0004'
    """

    wald: Array = None  # type: ignore[assignment]
    average: float = float("nan")
    entities: tuple[object, ...] = ()


@documented
def panel_granger_test(
    data: object,
    caused: str,
    causing: str,
    *,
    lags: int = 1,
    statistic: str = "z-tilde",
    missing: str = "drop",
) -> PanelCausalityResult:
    r"""Test that one variable Granger-causes another in no entity (plm ``pgrangertest``, Stata ``xtgcause``).

    Each entity has its own regression of y on a constant, K lags of y and K of x; :math:`W_i` is the Wald statistic of
    the lags of x. With T rows in the regressions,

    .. math::
        \bar Z = \sqrt{\tfrac{N}{2K}}\, (\bar W - K), \qquad
        \tilde Z = \sqrt{\tfrac{N}{2K} \tfrac{T - 2K - 5}{T - K - 3}}
        \left(\tfrac{T - 2K - 3}{T - 2K - 1} \bar W - K\right)

    (Dumitrescu and Hurlin 2012). On unbalanced panels each entity has its own mean and variance.

    Parameters
    ----------
    {data}
    caused, causing : str
        Columns: y, which may be caused, and x, which may cause it.
    lags : int
        K.
    statistic : {"z-tilde", "z-bar", "w-bar"}
        ``"z-tilde"`` standardises by the moments of W at the T of these data, which are those of an F distribution and
        approximate. ``"z-bar"`` takes the limit moments, for T much larger than N. ``"w-bar"`` is the average itself,
        without a p-value.
    {missing}

    Returns
    -------
    PanelCausalityResult
        A TestResult with ``wald`` and ``average``. Its p-value is of both tails of the normal, as in plm and in what
        xtgcause prints. The alternative makes Z large, so half the p-value is that of the upper tail.

    Raises
    ------
    InsufficientDataError
        If no entity has more than 2K + 5 usable rows (``"z-tilde"``), or more than 2K + 1.

    See Also
    --------
    fit_panel_var : One system for all entities: ``granger_causality``.
    granger_table : One series.
    cips_test : Tests whether a variable is stationary.

    Notes
    -----
    The alternative is causality in *some* entities. Variables must be stationary, and cross-section dependence makes
    the test over-reject. Lags are on the calendar: a row after a gap is not used (plm uses the row before).

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> pv.panel_granger_test(firms, "invest", "value")
    <Dumitrescu-Hurlin (z-tilde): z = 3.5443, p = 0.0004>
    """
    k = read_whole("lags", lags, 1)
    choose("statistic", statistic, ("z-tilde", "z-bar", "w-bar"))
    design = build_design(data, caused, [causing], missing=missing)
    # The statistics do not depend on units.
    x, y = in_own_units(design.x[0]), in_own_units(design.y)
    refuse_beyond("lags", k, design.panel.calendar.n_positions)
    codes, positions = design.entities.codes, design.time_positions
    rows = rows_with_lags(positions, k, codes)
    needed = 2 * k + (5 if statistic == "z-tilde" else 1)
    bounds = np.searchsorted(codes[rows], np.arange(design.entities.n_groups + 1))
    statistics, sizes, labels = [], [], []
    left_out = 0
    for code, (start, stop) in enumerate(pairwise(bounds)):
        used = rows[start:stop]
        if len(used) <= needed:
            left_out += 1
            continue
        past_y, past_x = (np.column_stack([column[used - step] for step in range(1, k + 1)]) for column in (y, x))
        # The columns are centred because the constant is in both regressions, and levels would cost digits.
        past_y, past_x = past_y - past_y.mean(axis=0), past_x - past_x.mean(axis=0)
        target = y[used] - y[used].mean()
        full = small_regression(np.column_stack([past_y, past_x]), target)
        less = small_regression(past_y, target)
        if full.rank < 2 * k:
            left_out += 1
            continue
        refuse_rounding("The panel Granger test", "for some entity, the lags fit", full.residuals, y[used])
        rss = float(full.residuals @ full.residuals)
        statistics.append((float(less.residuals @ less.residuals) - rss) / (rss / (len(used) - 2 * k - 1)))
        sizes.append(len(used))
        labels.append(design.entity_labels[code])
    if not statistics:
        raise InsufficientDataError(
            f"There are too few periods: no entity has more than {needed} rows with {count_of(k, 'lag')} and "
            "regressors that vary."
        )
    notes = list(design.notes)
    if left_out:
        text = (
            f"{count_of(left_out, 'entity is', 'entities are')} left out, with {needed} usable rows or fewer, or with "
            "collinear lags."
        )
        notes.append(Note("entities-left-out", text, warn=True))
    wald, t = np.array(statistics), np.array(sizes, dtype=np.float64)
    if statistic == "w-bar":
        text = (
            "There is no p-value, because the average has no tabulated distribution (plm gives none either). "
            "statistic='z-tilde' and statistic='z-bar' standardise it to the normal."
        )
        notes.append(Note("no-pvalue", text))
    else:
        notes += size_notes(f"panel granger, {statistic}", float(np.median(t)) + k)
    emit(notes)
    observed = average = float(wald.mean())
    if statistic == "z-bar":
        observed = math.sqrt(len(wald) / (2.0 * k)) * (average - k)
    elif statistic == "z-tilde":
        means = k * (t - 2 * k - 1) / (t - 2 * k - 3)
        variances = 2.0 * k * (t - 2 * k - 1) ** 2 * (t - k - 3) / ((t - 2 * k - 3) ** 2 * (t - 2 * k - 5))
        observed = float((wald - means).sum() / math.sqrt(variances.sum()))
    return PanelCausalityResult(
        f"Dumitrescu-Hurlin ({statistic})",
        observed,
        float("nan") if statistic == "w-bar" else normal_tail(observed),
        "none" if statistic == "w-bar" else "normal",
        null=f"{causing} Granger-causes {caused} in no entity",
        notes=tuple(notes),
        wald=wald,
        average=average,
        entities=tuple(labels),
    )
