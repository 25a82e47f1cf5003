"""What the calls of the table of panel unit roots and cointegration use, and the same numbers written out."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from nonstationary.panel_unit_roots.test_cips import fitted
from parity.runner import expected_tree
from reference_data import table

import panelvar as pv

INDEPENDENT = "Unit roots of independent entities"
FACTORS = "Unit roots under common factors"
STATIONARY = "Stationarity as the null hypothesis"
COINTEGRATION = "Tests of cointegration"
RELATIONS = "Cointegrating relations"
BATTERIES = "Many tests in one table"

POWERS = {"n": 0, "c": 1, "ct": 2}
"""Powers of time among the terms."""

COUNTRIES = [0.829, 0.404, 0.878, 0.565, 0.478, 0.621, 0.776, 0.897, 0.284, 0.736, 0.837, 0.351, 0.417, 0.049, 0.975]
"""P-values of countries, printed by Oersal and Arsova (2016, table 7)."""


RELATION = ["lgaspcar", "lincomep", "lrpmg"]
"""A dependent variable and its regressors."""


@cache
def investment() -> pv.Panel:
    """Investment of 10 firms in 20 years, balanced."""
    return pv.Panel(table("grunfeld"), "firm", "year")


def unequal() -> pd.DataFrame:
    """Rows of the same, without the first years of firm 2 and the last of firm 5."""
    frame = table("grunfeld")
    late, early = (frame["firm"] == 2) & (frame["year"] < 1938), (frame["firm"] == 5) & (frame["year"] > 1952)
    return frame[~(late | early)]


@cache
def gasoline() -> pv.Panel:
    """Gasoline per car, income and price in 18 countries, 19 years."""
    return pv.Panel(table("gasoline"), "firm", "year")


def series(column: str = "inv", of: Callable[[], pd.DataFrame] = lambda: table("grunfeld")) -> np.ndarray:
    """A variable, a row an entity."""
    return of().pivot(index="firm", columns="year", values=column).to_numpy(dtype=float)


def fuel(column: str = "lgaspcar") -> np.ndarray:
    """A variable of the countries, a row each."""
    return series(column, lambda: table("gasoline"))


def stretches(column: str = "inv") -> list[np.ndarray]:
    """The series of `unequal`."""
    return [rows[column].to_numpy(dtype=float) for _, rows in unequal().groupby("firm")]


def left(columns: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Residuals of least squares."""
    return y - columns @ np.linalg.lstsq(columns, y, rcond=None)[0]


def time_powers(rows: int, trend: str) -> np.ndarray:
    """Terms, a column each."""
    return np.arange(rows, dtype=float)[:, None] ** np.arange(POWERS[trend])


def dickey_fuller(y: np.ndarray, lags: int, trend: str, first: int | None = None) -> tuple[float, float, int, int]:
    """Ratio of the lagged level, residual squares, rows and columns of the regression, from a period on."""
    start = lags if first is None else first
    change = np.diff(y)
    rows = len(change) - start
    x = np.column_stack(
        [
            y[start:-1],
            time_powers(rows, trend),
            *(change[start - j : len(change) - j] for j in range(1, lags + 1)),
        ]
    )
    b = np.linalg.lstsq(x, change[start:], rcond=None)[0]
    squares = float(np.sum((change[start:] - x @ b) ** 2))
    variance = squares / (rows - x.shape[1]) * np.linalg.inv(x.T @ x)[0, 0]
    return float(b[0] / np.sqrt(variance)), squares, *x.shape


def chosen(y: np.ndarray, most: int, trend: str, weight: Callable[[int], float]) -> int:
    """Lags with the smallest criterion, compared on the same rows."""
    fits = [dickey_fuller(y, lags, trend, most) for lags in range(most + 1)]
    return int(np.argmin([n * np.log(squares / n) + weight(n) * k for _, squares, n, k in fits]))


def ratios(of: Sequence[np.ndarray], lags: int | Sequence[int], trend: str) -> np.ndarray:
    """Dickey and Fuller's ratio of each series."""
    orders = [lags] * len(of) if isinstance(lags, int) else lags
    return np.array([dickey_fuller(y, p, trend)[0] for y, p in zip(of, orders, strict=True)])


def beside_averages(values: np.ndarray, lags: int, trend: str) -> list[float]:
    """Ratios of regressions that have the averages over the entities as columns."""
    return [fitted(values, entity, lags, trend, lags + 1)[0] for entity in range(len(values))]


def chosen_beside_averages(values: np.ndarray, most: int, trend: str, weight: Callable[[int], float]) -> list[float]:
    """The same, each with the lags of the smallest criterion on common rows."""
    found = []
    for entity in range(len(values)):
        fits = [fitted(values, entity, lags, trend, most + 1) for lags in range(most + 1)]
        lags = int(np.argmin([n * np.log(squares / n) + weight(n) * k for _, squares, n, k in fits]))
        found.append(fitted(values, entity, lags, trend, lags + 1)[0])
    return found


def system() -> np.ndarray:
    """Gasoline per car, income and price, (18, 19, 3)."""
    return np.stack([fuel(column) for column in RELATION], axis=2)


def demeaned(values: np.ndarray) -> np.ndarray:
    """Less the means of the periods."""
    return values - values.mean(axis=0)


NAMES: dict[str, Callable[[], Any]] = {
    "grunfeld": investment,
    "unequal": lambda: pv.Panel(unequal(), "firm", "year"),
    "gasoline": gasoline,
    "relation": lambda: (gasoline(), RELATION[0], RELATION[1:]),
    "firms": lambda: (investment(), "inv", ["value", "capital"]),
    "plain": lambda: {"kernel": "bartlett", "bandwidth": 3, "prewhiten": False, "small_sample": False},
    "pvalues": lambda: COUNTRIES,
    "firm_pvalues": lambda: expected_tree("grunfeld_fisher")["inv_intercept"]["lags1"]["individual_adf_p"],
}

SHOWN = {
    "grunfeld, firms": "investment, value and capital of 10 firms in 20 years, balanced; "
    '`(panel, "inv", ["value", "capital"])`',
    "plain": '`kernel="bartlett", bandwidth=3, prewhiten=False, small_sample=False`',
    "unequal": "the same without the first years of one firm and the last of another",
    "gasoline, relation": "gasoline per car, income, price and cars of 18 countries in 19 years, balanced; "
    '`(panel, "lgaspcar", ["lincomep", "lrpmg"])`: the first, on income and price',
    "pvalues, firm_pvalues": "p-values of fifteen countries, printed by Örsal and Arsova (2016); of unit roots of "
    "the firms' investment",
}


def statistic(test: Any) -> float:
    """A test's statistic."""
    return test.statistic


def pvalue(test: Any) -> float:
    """A test's p-value."""
    return test.pvalue


def part(name: str) -> Callable[[Any], float]:
    """Statistic of the one part of that name, with or without what it has after a comma or in parentheses."""

    def look_up(test: Any) -> float:
        (found,) = [each.statistic for each in test.parts if name in (each.name, re.split(r",| \(", each.name)[0])]
        return found

    return look_up


def own(column: str, place: int = 0) -> Callable[[Any], float]:
    """What one entity contributed."""
    return lambda test: test.individual[column].iloc[place]
