"""Random effects of factors that are codes are those of arrays of indicators."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from factor_twins import assert_same_fit

import panelvar as pv
from panelvar.kernels.absorption import factor_rows as kernel

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")


def _data(firms: int = 150, years: int = 8) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = firms * years
    effect = np.repeat(rng.normal(size=firms), years)
    data = pd.DataFrame(
        {
            "firm": np.repeat(np.arange(firms), years),
            "year": np.tile(np.arange(2000, 2000 + years), firms),
            "g": rng.integers(0, 12, n),
            "x": rng.normal(size=n) + 1.0,
        }
    )
    data["y"] = data["x"] * (1.0 + 0.1 * (data["g"] % 3)) + effect + rng.normal(size=n)
    # Unbalanced.
    return data.drop(index=rng.choice(n, n // 10, replace=False))


@pytest.fixture
def sums(monkeypatch):
    """Whether products were sums by level, one an answer."""
    found = []

    def answer(*given, **options):
        rows = factor_rows(*given, **options)
        found.append(rows is not None)
        return rows

    factor_rows = kernel.factor_rows
    monkeypatch.setattr(kernel, "factor_rows", answer)
    return found


def _stays(frame):
    """Levels that no firm leaves."""
    frame["g"] = np.where(frame["firm"] < 60, frame["firm"] % 5 + 20, frame["g"])


def _is_nearly_a_level(frame):
    frame["x"] = (frame["g"] == 3) + 1e-6 * frame["x"]


@pytest.mark.parametrize("cov", ["classical", "cluster"])
@pytest.mark.parametrize("components", ["swamy-arora", "wallace-hussain", "ml"])
@pytest.mark.parametrize("spoil", [None, _stays, _is_nearly_a_level])
def test_random_effects_are_those_of_indicators(by_codes, sums, spoil, components, cov):
    frame = _data()
    if spoil is not None:
        spoil(frame)
    data = pv.Panel(frame, entity="firm", time="year")

    def fit():
        return pv.fit_random_effects(data, "y ~ C(g) + C(g):x", variance_components=components, cov=cov)

    plain = fit()
    assert not any(sums)
    by_codes()
    assert_same_fit(fit(), plain)
    assert any(sums) == (spoil is None)


def test_r_squared_of_pooled_rows_is_that_of_indicators(by_codes, sums):
    data = pv.Panel(_data(), entity="firm", time="year")
    plain = pv.fit_pooled(data, "y ~ C(g) + x")
    expected = plain.rsquared_table
    by_codes()
    coded = pv.fit_pooled(data, "y ~ C(g) + x")
    sums.clear()
    for kind in ("within", "between", "overall"):
        np.testing.assert_allclose(getattr(coded.rsquared_table, kind), getattr(expected, kind), rtol=1e-12)
    assert all(sums) and sums
