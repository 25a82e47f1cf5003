"""Means and variances that standardise panel cointegration statistics: printed tables, own draws and closed forms."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from panelvar.core.base.arguments import finite_array, read_whole
from panelvar.core.base.arrays import Array
from panelvar.core.base.constants import numbers_by
from panelvar.core.base.errors import SpecificationError, choose
from panelvar.nonstationary.panel_series.terms import check_terms

CONVENTIONS = ("default", "published")
"""Drawn moments where they are better than the printed ones, or all as printed."""

_SOURCES = {"default": ("printed", "drawn"), "published": ("printed",), "xtwest": ("xtwest",)}
"""Rows of a table, those that replace others last."""


class Moments(NamedTuple):
    """Mean and variance of a statistic of an entity, or of what a pooled one tends to."""

    mean: float
    variance: float


class MomentsOfPanels(NamedTuple):
    """Mean and variance of what a statistic tends to, of each of several panels."""

    mean: Array
    variance: Array


@cache
def _moments(table: str, convention: str) -> dict[tuple[str, int], dict[str, Moments]]:
    """Moments by trend and regressors, and by statistic; drawn rows stand after printed ones and replace them."""
    found: dict[tuple[str, int], dict[str, Moments]] = {}
    rows = numbers_by("nonstationary/panel_cointegration", table, "source", "trend", "regressors", "statistic")
    for (source, trend, regressors, statistic), moments in rows.items():
        if source in _SOURCES[convention]:
            found.setdefault((trend, int(regressors)), {})[statistic] = Moments(*moments.tolist())
    return found


def _find_moments(what: str, table: str, trend: str, regressors: int, convention: str) -> dict[str, Moments]:
    cells = _moments(table, convention)
    check_terms(trend, tuple(dict.fromkeys(terms for terms, _ in cells)))
    count, most = read_whole("regressors", regressors, 1), max(number for _, number in cells)
    if count > most:
        known = "one regressor" if most == 1 else f"{most} regressors"
        raise SpecificationError(f"The moments of {what} are known up to {known}; there are {count}.")
    return dict(cells[trend, count])


def pedroni_moments(trend: str, regressors: int, convention: str = "default") -> dict[str, Moments]:
    """Moments of the statistics of Pedroni (1999, table 2, and 2004).

    Parameters
    ----------
    trend : {"n", "c", "ct"}
    regressors : int
        From 1 to 7.
    convention : {"default", "published"}
        Printed moments, but for those that draws refute, or all as printed.

    Returns
    -------
    dict
        Of ``panel_v``, ``panel_rho``, ``panel_t``, ``group_rho`` and ``group_t``; statistics with lagged differences
        have the moments of ``panel_t`` and ``group_t``.

    Raises
    ------
    SpecificationError
        There are more than 7 regressors.
    """
    choose("convention", convention, CONVENTIONS)
    return _find_moments("Pedroni's statistics", "pedroni", trend, regressors, convention)


def error_correction_moments(trend: str, regressors: int, convention: str = "default") -> dict[str, Moments]:
    """Moments of Gt, Ga, Pt and Pa (Westerlund 2007, table 1).

    Parameters
    ----------
    trend : {"n", "c", "ct"}
    regressors : int
        From 1 to 6.
    convention : {"default", "published", "xtwest"}
        Drawn moments, or the printed ones, which Stata's xtwest has and which are from far fewer draws, or those that
        it has under its option ``westerlund``, of one regressor with a constant or a trend.

    Raises
    ------
    SpecificationError
        There are more than 6 regressors.
    """
    choose("convention", convention, (*CONVENTIONS, "xtwest"))
    return _find_moments("Westerlund's error-correction statistics", "error_correction", trend, regressors, convention)


def variance_ratio_moments(trend: str, regressors: int) -> dict[str, Moments]:
    """Moments of the variance ratios of Westerlund (2005), drawn.

    Parameters
    ----------
    trend : {"n", "c", "ct"}
    regressors : int
        From 1 to 7.

    Returns
    -------
    dict
        Of ``panel`` and ``group``.

    Raises
    ------
    SpecificationError
        There are more than 7 regressors.
    """
    return _find_moments("Westerlund's variance ratios", "variance_ratio", trend, regressors, "default")


def kao_moments(short_over_long: float | Array = 1.0) -> dict[str, MomentsOfPanels]:
    r"""Moments of the statistics of Kao (1999).

    For a demeaned Brownian motion, :math:`\int \tilde W dW` has the mean -1/2 and the variance 1/12,
    :math:`\int \tilde W^2` has 1/6 and 1/45, and they are uncorrelated. T times the pooled root less one tends to their
    ratio, which has the mean -3 and, by the delta method, the variance 36/12 + 6^4 / (4 * 45) = 3 + 36/5. The first
    over the root of the second has :math:`-\sqrt 6/2` and 1/2 + 3/10. With
    :math:`r = \sigma_v^2 / \sigma_{0v}^2`, the short-run over the long-run variance of the changes given those of the
    regressors, only the mean of the first varies:

    .. math:: -3r, \quad 3 + \tfrac{36}{5} r^2; \qquad
        -\tfrac{\sqrt 6}{2} \sqrt r, \quad \tfrac{1}{2r} + \tfrac{3}{10} r

    Parameters
    ----------
    short_over_long : float or array
        r; 1 for the statistics that assume strictly exogenous regressors and errors without serial correlation.

    Returns
    -------
    dict
        Of ``rho`` and ``t``.
    """
    ratio = finite_array("short_over_long", short_over_long)
    if (ratio <= 0.0).any():
        raise SpecificationError(f"short_over_long={ratio.min():g} must be positive.")
    return {
        "rho": MomentsOfPanels(-3.0 * ratio, 3.0 + 36.0 / 5.0 * ratio**2),
        "t": MomentsOfPanels(-(1.5**0.5) * ratio**0.5, 0.5 / ratio + 0.3 * ratio),
    }
