"""Small results to print, from numbers anyone can make again."""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import panelvar as pv


def frame() -> pd.DataFrame:
    """Four firms, six years."""
    rng = np.random.default_rng(7)
    firm, year = np.repeat(np.arange(4), 6), np.tile(np.arange(2001, 2007), 4)
    value, capital = rng.normal(size=24), rng.normal(size=24)
    invest = 1.0 + 0.5 * value - 0.2 * capital + 0.3 * firm + 0.1 * rng.normal(size=24)
    return pd.DataFrame({"firm": firm, "year": year, "invest": invest, "value": value, "capital": capital})


@pytest.fixture(scope="session")
def panel() -> pv.Panel:
    return pv.Panel(frame(), entity="firm", time="year")


@pytest.fixture(scope="session")
def pooled(panel: pv.Panel) -> object:
    return pv.fit_pooled(panel, "invest", ["value", "capital"])


@pytest.fixture(scope="session")
def fixed(panel: pv.Panel) -> object:
    return pv.fit_fixed_effects(panel, "invest", ["value", "capital"])


@pytest.fixture(scope="session")
def fixed_value(panel: pv.Panel) -> object:
    return pv.fit_fixed_effects(panel, "invest", ["value"])


@pytest.fixture(scope="session")
def random(panel: pv.Panel) -> object:
    with pytest.warns(pv.PanelVarWarning, match="comes from 4 levels, with 1 degree of freedom"):
        return pv.fit_random_effects(panel, "invest", ["value", "capital"])


@pytest.fixture(scope="session")
def few_clusters(panel: pv.Panel) -> object:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_pooled(panel, "capital", ["value"], cov=pv.Clustered("entity"))


@pytest.fixture(scope="session")
def var() -> object:
    rng = np.random.default_rng(3)
    path = np.zeros((60, 2))
    for t in range(1, 60):
        path[t] = np.array([[0.5, 0.1], [0.2, 0.4]]) @ path[t - 1] + rng.normal(size=2)
    return pv.fit_var(pd.DataFrame(path, columns=["gdp", "cii"]), lags=2)


@pytest.fixture(scope="session")
def terminal_width() -> Callable[[str], int]:
    """Columns a line takes, counted apart from the library's own count."""

    def width(text: str) -> int:
        wide = sum(unicodedata.east_asian_width(character) in ("W", "F") for character in text)
        none = sum(unicodedata.category(character) in ("Mn", "Me", "Cf") for character in text)
        return len(text) + wide - none

    return width
