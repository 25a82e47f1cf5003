"""Several levels of ``level=`` in one call: limits are those of each level by itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from quiet import quietly

import panelvar as pv


@pytest.fixture(scope="module")
def panel():
    return pv.load_data("employment")


@pytest.fixture(scope="module")
def macro():
    return pv.load_data("us_macro")[["infl", "unemp", "fedfunds"]]


QUESTIONS = {
    "coefficients": lambda panel, macro: quietly(pv.fit_fixed_effects, panel, "emp ~ wage + capital").conf_int,
    "joint": lambda panel, macro: (
        lambda level: quietly(pv.fit_pooled, panel, "emp ~ wage + capital").conf_int(level=level, joint="sup-t")
    ),
    "degrees of each coefficient": lambda panel, macro: (
        quietly(pv.fit_pooled, panel, "emp ~ wage + capital", cov=pv.BiasReduced("entity")).conf_int
    ),
    "predictions": lambda panel, macro: quietly(pv.fit_pooled, panel, "emp ~ wage + capital").predict_interval,
    "a system": lambda panel, macro: pv.fit_var(macro, lags=2).conf_int,
    "a structural form": lambda panel, macro: structural(macro).conf_int,
    "a structural form with a band": lambda panel, macro: (
        lambda level: structural(macro, bands=pv.ResidualBootstrap(100, seed=1), level=level).conf_int()
    ),
    "an event study": lambda panel, macro: studied(panel).conf_int,
    "an event study, all periods at once": lambda panel, macro: (
        lambda level: studied(panel).conf_int(level=level, joint="sup-t")
    ),
    "windows": lambda panel, macro: pv.fit_rolling_var(macro, window=80).conf_int,
    "a panel's system": lambda panel, macro: quietly(pv.fit_panel_var, panel, ["emp", "wage"]).conf_int,
    "a panel's forecasts": lambda panel, macro: (
        lambda level: quietly(quietly(pv.fit_panel_var, panel, ["emp", "wage"]).forecast, 2, level=level).to_frame()
    ),
}


def structural(macro, **options):
    free = np.nan
    scheme = pv.ShortRun(a=[[1, 0, 0], [free, 1, 0], [free, free, 1]], b=np.diag([free] * 3))
    return quietly(pv.fit_svar, pv.fit_var(macro, lags=1), scheme, **options)


def studied(panel):
    return quietly(pv.fit_pooled, panel, "emp ~ i(year, ref=1980) + wage").event_study("i(year, ref=1980)")


def limits(frame: pd.DataFrame, name: str) -> np.ndarray:
    """Columns of a limit, wherever among the labels of a column its name stands."""
    chosen = [label for label in frame.columns if name in (label if isinstance(label, tuple) else (label,))]
    assert chosen
    return frame[chosen].to_numpy()


@pytest.mark.parametrize("question", QUESTIONS)
def test_limits_at_several_levels_are_those_at_each(question, panel, macro):
    ask = QUESTIONS[question](panel, macro)
    both, wide, narrow = ask(level=(0.68, 0.95)), ask(level=0.95), ask(level=0.68)
    for side in ("lower", "upper"):
        np.testing.assert_array_equal(limits(both, side), limits(wide, side))
        np.testing.assert_array_equal(limits(both, f"{side}_68"), limits(narrow, side))
    assert len(wide.columns) < len(both.columns)
    with pytest.raises(pv.SpecificationError, match=r"did you mean level=0\.95"):
        ask(level=(0.68, 0.05))
    with pytest.raises(pv.SpecificationError, match="is empty"):
        ask(level=())
    with pytest.raises(pv.SpecificationError, match="must be a coverage"):
        ask(level=np.array(0.95 + 0j))
