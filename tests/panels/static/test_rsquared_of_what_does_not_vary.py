"""R2 in a dimension that has no variation: none, in memory and in streams, whatever the level of the data."""

import itertools

import numpy as np
import pandas as pd
import pytest

import panelvar as pv

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")

FITS = [pv.fit_pooled, pv.fit_random_effects]


def constant_in_one_dimension(level, entities=300):
    """A balanced panel whose columns vary over entities alone, over periods alone, or over both."""
    rng, periods = np.random.default_rng(4), 7
    frame = pd.DataFrame({"i": np.repeat(np.arange(entities), periods), "t": np.tile(np.arange(periods), entities)})
    for name in ("a", "b"):
        frame[name] = level / 3 + rng.normal(size=entities).repeat(periods)
    for name in ("p", "q"):
        frame[name] = level + np.tile(rng.normal(size=periods), entities)
    frame["x"] = level + rng.normal(size=len(frame)) + 0.3 * rng.normal(size=entities).repeat(periods)
    frame["y"] = frame["a"] + 5 * frame["p"] + rng.normal(size=entities).repeat(periods) + rng.normal(size=len(frame))
    return frame


def both(frame):
    """Return the data in memory and in a stream of uneven chunks."""
    cuts = [0, 47, 1000, len(frame)]
    chunks = [frame.iloc[first:last] for first, last in itertools.pairwise(cuts)]
    return pv.Panel(frame, "i", "t"), pv.PanelStream(chunks, "i", "t")


@pytest.mark.parametrize("convention", ["default", "stata"])
@pytest.mark.parametrize("fit", FITS, ids=lambda fit: fit.__name__)
@pytest.mark.parametrize("level", [0.1, 1e3, 1e6])
def test_regressors_that_vary_over_one_dimension_have_no_r2_in_the_other(level, fit, convention):
    frame = constant_in_one_dimension(level)
    for data in both(frame):
        over_entities = fit(data, "y", ["a", "b"], convention=convention).rsquared_table
        assert np.isnan(over_entities.within)
        assert 0.0 < over_entities.overall < over_entities.between
        over_periods = fit(data, "y", ["p", "q"], convention=convention).rsquared_table
        assert np.isnan(over_periods.between)
        assert 0.0 < over_periods.overall < over_periods.within
        r2 = fit(data, "y", ["a", "p"], convention=convention).rsquared_table
        assert r2.within == pytest.approx(fit(data, "y", "p", convention=convention).rsquared_table.within, rel=1e-6)
        assert 0.1 < r2.between < r2.overall


def test_many_rows_of_regressors_that_do_not_vary_over_time():
    frame = constant_in_one_dimension(1e6, entities=1500)
    for data in both(frame):
        for fit in (*FITS, pv.fit_between):
            assert np.isnan(fit(data, "y", "a").rsquared_table.within), fit.__name__


@pytest.mark.parametrize("convention", ["default", "stata", "linearmodels"])
@pytest.mark.parametrize("level", [0.1, 1e6])
def test_a_dependent_variable_that_varies_over_one_dimension_has_no_r2_in_the_other(level, convention):
    frame = constant_in_one_dimension(level)
    for data in both(frame):
        assert np.isnan(pv.fit_pooled(data, "a", "x", convention=convention).rsquared_table.within)
        r2 = pv.fit_pooled(data, "p", "x", convention=convention).rsquared_table
        assert np.isnan(r2.between)
        assert 0.0 <= r2.within < 0.1
