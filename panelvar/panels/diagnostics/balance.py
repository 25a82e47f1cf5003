"""Means of columns by group, beside how they differ: whether the treated are like the others."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import read_labels, refuse_other
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.distributions import f_tail, t_tail
from panelvar.core.base.errors import DataError, InsufficientDataError, SpecificationError
from panelvar.core.base.labels import listed
from panelvar.core.base.scaling import exponents
from panelvar.core.base.shared_parameters import documented
from panelvar.core.tables.frame_table import COUNT, DEGREES, OPTIONAL, PVALUE, FrameTable
from panelvar.data.calendar.time_labels import as_text
from panelvar.data.formulas.expressions import variable
from panelvar.data.panel.panel import Panel
from panelvar.data.panel.plain_rows import rows_of
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.panels.static.pooled import fit_pooled

_MOST_GROUPS = 20
"""Groups side by side that anybody reads."""


@documented
def balance_table(
    data: object,
    columns: Hashable | Sequence[Hashable] | None = None,
    *,
    by: str,
    cov: str | Covariance | None = None,
) -> FrameTable:
    r"""Compare means of columns between groups: between treated and untreated, say.

    With two groups each column has the difference of their means, second less first, its t test, and the normalised
    difference :math:`(\bar x_1 - \bar x_0) / \sqrt{(s_1^2 + s_0^2) / 2}` (Imbens and Rubin 2015, equation 14.1). With
    more groups it has Welch's F that all means are equal.

    Parameters
    ----------
    {data (rows)}
    columns : str or sequence of str, optional
        What to compare: columns, or expressions such as ``"exp(x)"``. The default is every numeric column.
    by : str
        Column that names the groups, such as ``"treated"``.
    cov : str or covariance object, optional
        Errors of the differences, as `fit_pooled` takes them, such as ``Clustered("state")`` where rows of one state
        depend on one another. The default are unequal variances of independent rows (Welch 1951).

    Returns
    -------
    FrameTable
        A row for each column of the data: mean, standard deviation and number of rows of each group, and the test.

    Raises
    ------
    SpecificationError
        If ``by`` has one value, or more than 20.
    DataError
        If a column is unknown or not numeric.
    InsufficientDataError
        If a group has fewer than two values of a column.

    See Also
    --------
    Panel.describe : Variation between and within entities.
    fit_fixed_effects : Differences with effects and other regressors held fixed.

    Notes
    -----
    A test of balance answers whether a difference may be chance, which with many rows no difference is. The normalised
    difference does not grow with the rows: beyond a quarter, a regression that adjusts for the column depends on its
    functional form (Imbens and Rubin 2015, chapter 14).

    Examples
    --------
    >>> import panelvar as pv
    >>> men = pv.load_data("wage_panel")
    >>> table = pv.balance_table(men, ["lwage", "exper"], by="union", cov="cluster")
    >>> table["Difference", "difference"].round(4).to_dict()
    {'lwage': 0.1793, 'exper': 0.0751}
    """
    refuse_other("by", by, str, "the name of a column")
    rows = rows_of(data)
    codes, levels = _groups(rows, by)
    names = _numeric(rows, by) if columns is None else read_labels("columns", columns)
    if not names:
        raise SpecificationError("There is no column to compare. Name numeric columns in columns=.")
    found = [_compared(rows, name, codes, levels, by, cov) for name in names]
    return _table(names, found, [f"{by} = {level}" for level in levels], cov)


class _Compared(NamedTuple):
    """One column: moments of each group, and the test that their means are equal."""

    means: Array
    deviations: Array
    counts: NDArray[np.intp]
    error: float
    statistic: float
    df: float
    pvalue: float
    normalised: float
    errors_in_words: str


def _groups(rows: Panel, by: str) -> tuple[NDArray[np.intp], list[str]]:
    import pandas as pd

    codes, levels = pd.factorize(np.asarray(rows.raw_column(by)), sort=True)
    if not 2 <= len(levels) <= _MOST_GROUPS:
        raise SpecificationError(
            f"by={by!r} has {count_of(len(levels), 'value')}; groups to compare are 2 to {_MOST_GROUPS}."
        )
    return codes, [as_text(level) for level in levels]


def _numeric(rows: Panel, by: str) -> list[Hashable]:
    names = []
    for name in rows.names:
        try:
            rows.column(name)
        except DataError:
            continue
        if name != by:
            names.append(name)
    return names


def _compared(
    rows: Panel,
    name: Hashable,
    codes: NDArray[np.intp],
    levels: Sequence[str],
    by: str,
    cov: str | Covariance | None,
) -> _Compared:
    values = variable(rows, name)
    used = np.isfinite(values) & (codes >= 0)
    x, mine = values[used], codes[used]
    counts = np.bincount(mine, minlength=len(levels))
    if counts.min() < 2:
        raise InsufficientDataError(
            f"{name!r} has {counts.min()} values where {by} = {levels[int(counts.argmin())]}; a group needs two."
        )
    # Fourth powers are taken on the way, so the column is measured in units in which these are in range.
    unit = int(exponents(x))
    x = np.ldexp(x, -unit)
    means = np.bincount(mine, x) / counts
    variances = np.bincount(mine, np.square(x - means[mine])) / (counts - 1)
    variances[variances <= (1e-13 * np.abs(x).max()) ** 2] = 0.0
    scale = math.sqrt(float(variances.mean()))
    two = len(levels) == 2
    normalised = float(means[1] - means[0]) / scale if two and scale > 0.0 else math.nan
    if cov is None:
        error, statistic, df, pvalue = _welch(means, variances, counts)
        words = "unequal variances"
    else:
        error, statistic, df, pvalue, words = _regressed(rows, used, x, mine, levels, by, cov)
    means, deviations = np.ldexp(means, unit), np.ldexp(np.sqrt(variances), unit)
    return _Compared(means, deviations, counts, math.ldexp(error, unit), statistic, df, pvalue, normalised, words)


def _welch(means: Array, variances: Array, counts: NDArray[np.intp]) -> tuple[float, float, float, float]:
    """Standard error, statistic, degrees of freedom and p-value of Welch's test: t of two groups, F of more."""
    nan = math.nan
    squares = variances / counts
    if len(means) == 2:
        total = float(squares.sum())
        if total == 0.0:
            return 0.0, nan, nan, nan
        error = math.sqrt(total)
        df = total**2 / float((squares**2 / (counts - 1)).sum())
        statistic = float(means[1] - means[0]) / error
        return error, statistic, df, t_tail(statistic, df)
    if squares.min() == 0.0:
        return nan, nan, nan, nan
    k, w = len(means), 1.0 / squares
    centre = w @ means / w.sum()
    spread = float(((1.0 - w / w.sum()) ** 2 / (counts - 1)).sum())
    statistic = float(w @ (means - centre) ** 2) / (k - 1) / (1.0 + 2.0 * (k - 2) / (k * k - 1) * spread)
    df = (k * k - 1) / (3.0 * spread)
    return nan, statistic, df, f_tail(statistic, k - 1, df)


def _regressed(
    rows: Panel,
    used: NDArray[np.bool_],
    x: Array,
    mine: NDArray[np.intp],
    levels: Sequence[str],
    by: str,
    cov: str | Covariance,
) -> tuple[float, float, float, float, str]:
    """The same, of a regression on indicators of the groups."""
    part = rows.where(used, panel_order=True) if not used.all() else rows
    names = [f"{by} = {level}" for level in levels[1:]]
    indicators = {name: (mine == place).astype(float) for place, name in enumerate(names, start=1)}
    part = part.with_columns(panel_order=True, **{_OUTCOME: x}, **indicators)
    fit = fit_pooled(part, _OUTCOME, names, cov=cov)
    test = fit.f_slopes
    if len(names) > 1 and test is not None:
        return math.nan, test.statistic, float(test.df_denominator or math.nan), test.pvalue, fit.cov_label
    return (
        float(fit.std_errors.iloc[1]),
        float(fit.tstats.iloc[1]),
        float(fit.covariance.df),
        float(fit.pvalues.iloc[1]),
        fit.cov_label,
    )


_OUTCOME = "compared column"


def _table(
    names: Sequence[Hashable], found: Sequence[_Compared], groups: Sequence[str], cov: str | Covariance | None
) -> FrameTable:
    import pandas as pd

    two = len(groups) == 2
    values: dict[tuple[str, str], list[Any]] = {}
    for place, group in enumerate(groups):
        values[group, "mean"] = [each.means[place] for each in found]
        values[group, "sd"] = [each.deviations[place] for each in found]
        values[group, "n"] = [each.counts[place] for each in found]
    head = "Difference" if two else "All means equal"
    if two:
        values[head, "difference"] = [each.means[1] - each.means[0] for each in found]
        values[head, "std_error"] = [each.error for each in found]
    values[head, "statistic"] = [each.statistic for each in found]
    values[head, "df"] = [each.df for each in found]
    values[head, "pvalue"] = [each.pvalue for each in found]
    if two:
        values[head, "normalised"] = [each.normalised for each in found]
    index = pd.Index([str(name) for name in names], dtype=object)
    frame = pd.DataFrame(values, index=index)
    formats = {
        "mean": OPTIONAL.called("Mean"),
        "sd": OPTIONAL.called("SD"),
        "n": COUNT,
        "difference": OPTIONAL.called("Estimate"),
        "std_error": OPTIONAL.called("Std. error"),
        "statistic": OPTIONAL.called("t" if two else "F"),
        "df": DEGREES,
        "pvalue": PVALUE,
        "normalised": OPTIONAL.called("Normalised"),
    }
    notes = [f"Errors of the {'differences' if two else 'tests'}: {found[0].errors_in_words}."]
    if two:
        notes.append(
            f"Differences are {groups[1]} less {groups[0]}. Normalised, they are over the root of the mean of the two "
            "groups' variances."
        )
    constant = [str(name) for name, each in zip(names, found, strict=True) if math.isnan(each.statistic)]
    if constant:
        notes.append(f"No test, because the column does not vary within groups or clusters: {listed(constant)}.")
    return FrameTable(frame, formats, f"Means by group: {groups[0].partition(' = ')[0]}", notes=tuple(notes))
