"""First differences of a regressor that is zero in all rows but the first of each entity."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import panelvar as pv


@pytest.mark.parametrize("streamed", [False, True])
def test_a_regressor_of_first_rows_has_differences(streamed):
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"id": np.repeat(np.arange(30), 6), "t": np.tile(np.arange(6), 30)})
    data["x"] = rng.standard_normal(180)
    data["z"] = np.where(data["t"] == 0, rng.standard_normal(180), 0.0)
    data["y"] = data["x"] + 2.0 * data["z"] + rng.standard_normal(180)
    source = pv.PanelStream([data], entity="id", time="t") if streamed else data.set_index(["id", "t"])
    found = pv.fit_first_difference(source, "y ~ x + z")
    changes = data.groupby("id")[["y", "x", "z"]].diff().dropna().to_numpy()
    assert_allclose(found.params[["x", "z"]], np.linalg.lstsq(changes[:, 1:], changes[:, 0], rcond=None)[0], rtol=1e-9)
