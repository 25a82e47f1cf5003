"""Regressors of a vector autoregression that are not lags of its variables: trends, seasons, exogenous variables."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arguments import refuse_beyond
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError
from panelvar.core.base.quoting import shown

if TYPE_CHECKING:
    import pandas as pd


# Powers of the time index behind each trend option, and their labels.
TREND_POWERS: dict[str, tuple[int, ...]] = {"n": (), "c": (0,), "t": (1,), "ct": (0, 1), "ctt": (0, 1, 2)}
TRENDS_IN_WORDS = {
    "n": "no deterministic terms",
    "c": "constant",
    "t": "trend",
    "ct": "constant, trend",
    "ctt": "constant, quadratic trend",
}
POWER_LABELS = ("const", "trend", "trend_squared")


@dataclass(frozen=True)
class Terms:
    """What stands beside the lags in every equation, in the order of the columns.

    Attributes
    ----------
    trend : {"n", "c", "t", "ct", "ctt"}
        Powers of the time index, which is 1 in the first period of the data.
    seasons : int
        Periods of a seasonal pattern (4 for quarters), 0 for none. All but the last season have a dummy, less
        1 / seasons, so that the constant keeps its meaning; the first period of the data is of season 1.
    exogenous : tuple of str
        Exogenous variables.
    exogenous_lags : int
        Each of them enters with lags 0 to this.
    """

    trend: str = "c"
    seasons: int = 0
    exogenous: tuple[str, ...] = ()
    exogenous_lags: int = 0

    @property
    def has_constant(self) -> bool:
        """Whether a constant is among the terms."""
        return 0 in TREND_POWERS[self.trend]

    @property
    def labels(self) -> tuple[str, ...]:
        """Names: "const", "trend", "trend_squared", "season1", ..., then "x" and "L1.x" of exogenous variables."""
        return _labels(self)

    @property
    def grouped(self) -> dict[str, tuple[str, ...]]:
        """Labels by what they are of, the constant left out: "trend", "seasons", then each exogenous variable's."""
        labels = self.labels
        first = len(TREND_POWERS[self.trend])
        groups = {
            "trend": tuple(label for label in labels[:first] if label != POWER_LABELS[0]),
            "seasons": labels[first : self.n_deterministic],
            **{
                name: labels[self.n_deterministic + place :: len(self.exogenous)]
                for place, name in enumerate(self.exogenous)
            },
        }
        return {name: group for name, group in groups.items() if group}

    @property
    def spelled(self) -> tuple[str, ...]:
        """The same as an equation prints them: nothing for the constant, "t", "t^2", "season1", "x", "x(-1)"."""
        trends = tuple(("", "t", "t^2")[power] for power in TREND_POWERS[self.trend])
        later = tuple(f"{name}(-{lag})" for lag in range(1, self.exogenous_lags + 1) for name in self.exogenous)
        return trends + self.labels[len(trends) : self.n_deterministic] + self.exogenous + later

    @property
    def count(self) -> int:
        """How many there are."""
        return len(_labels(self))

    @property
    def n_deterministic(self) -> int:
        """How many of them are known for any period: trends and seasons."""
        return len(TREND_POWERS[self.trend]) + max(self.seasons - 1, 0)

    def rows(self, first: int, count: int, exogenous: Array | None = None) -> Array:
        """Values of the terms, one row a period, column-major.

        Parameters
        ----------
        first : int
            Time index of the first row; the data start at 1.
        count : int
            Number of rows.
        exogenous : array (exogenous_lags + count, M) or None
            Exogenous variables from ``exogenous_lags`` periods before the first row on.

        Returns
        -------
        array (count, d)
        """
        powers = TREND_POWERS[self.trend]
        if powers == (0,) and not self.seasons and exogenous is None:
            return np.ones((count, 1))
        out = np.empty((count, self.count), order="F")
        time = np.arange(first, first + count, dtype=np.float64)
        for column, power in enumerate(powers):
            out[:, column] = time**power
        used = len(powers)
        if self.seasons:
            season = (np.arange(first, first + count) - 1) % self.seasons
            out[:, used : self.n_deterministic] = -1.0 / self.seasons
            inside = np.flatnonzero(season < self.seasons - 1)
            out[inside, used + season[inside]] += 1.0
            used = self.n_deterministic
        if exogenous is not None:
            width = exogenous.shape[1]
            for lag in range(self.exogenous_lags + 1):
                start = self.exogenous_lags - lag
                out[:, used + lag * width : used + (lag + 1) * width] = exogenous[start : start + count]
        return out

    def over(self, periods: int, exogenous: Array | None) -> Array:
        """Values of the terms in every period of data, NaN where lags of exogenous variables begin before them.

        Parameters
        ----------
        periods : int
        exogenous : array (periods, M) or None

        Returns
        -------
        array (periods, d)
        """
        if exogenous is not None:
            before = np.full((self.exogenous_lags, exogenous.shape[1]), np.nan)
            exogenous = np.concatenate([before, exogenous])
        return self.rows(1, periods, exogenous)


def terms_within(periods: int, trend: str, seasons: int, exogenous: tuple[str, ...], exogenous_lags: int) -> Terms:
    """Terms of data that span so many periods.

    Raises
    ------
    InsufficientDataError
        The seasonal pattern is longer than the data, or lags of exogenous variables reach past them.
    """
    if seasons > periods:
        raise InsufficientDataError(
            f"seasons={shown(seasons)} is a pattern longer than the data, which span {count_of(periods, 'period')}."
        )
    refuse_beyond("exogenous_lags", exogenous_lags, periods)
    return Terms(trend, int(seasons), exogenous, int(exogenous_lags))


@lru_cache(maxsize=64)
def _labels(terms: Terms) -> tuple[str, ...]:
    deterministic = tuple(POWER_LABELS[power] for power in TREND_POWERS[terms.trend])
    seasonal = tuple(f"season{place}" for place in range(1, terms.seasons))
    later = tuple(f"L{lag}.{name}" for lag in range(1, terms.exogenous_lags + 1) for name in terms.exogenous)
    return deterministic + seasonal + terms.exogenous + later


@lru_cache(maxsize=64)
def regressor_labels(names: tuple[str, ...], lags: int, terms: Terms) -> tuple[str, ...]:
    """Labels of an equation's regressors: the terms, then "L1.x", ..., "Lp.y"."""
    return terms.labels + tuple(f"L{lag}.{name}" for lag in range(1, lags + 1) for name in names)


@lru_cache(maxsize=64)
def coefficient_axes(names: tuple[str, ...], lags: int, terms: Terms) -> tuple[pd.Index, pd.Index]:
    """Row and column labels of a coefficient table. Kept: making them costs as much as a small fit."""
    import pandas as pd

    return pd.Index(regressor_labels(names, lags, terms)), pd.Index(names)


def stacked_labels(names: tuple[str, ...], regressors: tuple[str, ...]) -> pd.MultiIndex:
    """Labels of all coefficients in one vector: (equation, regressor), equation by equation."""
    import pandas as pd

    return pd.MultiIndex.from_product([names, regressors], names=["equation", "regressor"])
