"""CR2 and CR3 of streams with so many clusters that sums over them pay."""

import numpy as np
import pandas as pd
import pytest
from data.streams.chunked_panels import assert_same, cut, panel_of, stream_of

import panelvar as pv
from panelvar.estimates.covariance.bias_reduced import MANY
from panelvar.estimates.covariance.cluster_adjustment import SCATTERED

FITS = {
    "pooled": lambda data, **options: pv.fit_pooled(data, "y", ["x", "z"], **options),
    "entity": lambda data, **options: pv.fit_fixed_effects(data, "y", ["x", "z"], **options),
    "random": lambda data, **options: pv.fit_random_effects(data, "y", ["x", "z"], **options),
    "difference": lambda data, **options: pv.fit_first_difference(data, "y", ["x", "z"], **options),
    "iv entity": lambda data, **options: pv.fit_iv_fixed_effects(
        data, "y", ["x"], endogenous=["z"], instruments=["v"], **options
    ),
}


def many_entities(entities, periods):
    """A panel with gaps, each two of whose entities are in one town."""
    rng = np.random.default_rng(entities)
    rows = entities * periods
    frame = pd.DataFrame({
        "firm": np.repeat(np.arange(entities), periods), "year": np.tile(np.arange(periods), entities)
    })  # fmt: skip
    frame["town"] = frame["firm"] // 2
    for name in "xzv":
        frame[name] = rng.normal(size=rows) + rng.normal(size=entities).repeat(periods)
    frame["z"] += 0.6 * frame["v"]
    frame["y"] = frame["x"] - frame["z"] + rng.normal(size=rows) + rng.normal(size=entities).repeat(periods)
    return frame[rng.random(rows) < 0.9].reset_index(drop=True)


@pytest.mark.parametrize("kind", ["CR2", "CR3", "CR3J"])
@pytest.mark.parametrize("name", FITS)
def test_many_clusters_are_adjusted_as_in_memory(name, kind):
    frame = many_entities(450, 5)
    assert frame["firm"].nunique() > MANY
    cov = pv.BiasReduced("entity", kind=kind)
    held = FITS[name](panel_of(frame), cov=cov)
    streamed = FITS[name](stream_of(cut(frame, [1, 700, 702])), cov=cov)
    assert_same(streamed, held)
    assert streamed.covariance.df == pytest.approx(held.covariance.df, rel=1e-11)


@pytest.mark.parametrize("entities", [900, 2 * SCATTERED + 2])
@pytest.mark.parametrize("name", ["pooled", "entity", "random"])
def test_neither_the_order_of_rows_nor_a_leverage_of_one_matter(name, entities):
    frame = many_entities(entities, 3)
    # A town of its own kind has all the leverage for one coefficient.
    frame["z"] = np.where(frame["town"] == 7, frame["z"], 0.0)
    frame = frame.sample(frac=1.0, random_state=3)
    cov = pv.BiasReduced("town")
    with pytest.warns(pv.PanelVarWarning, match="alone identif"):
        held = FITS[name](panel_of(frame), cov=cov)
    with pytest.warns(pv.PanelVarWarning, match="alone identif"):
        streamed = FITS[name](stream_of(cut(frame, [500, 501, 2000])), cov=cov)
    assert_same(streamed, held)
