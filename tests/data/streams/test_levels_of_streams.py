"""Levels of categorical factors in streams are those of the rows in use, as in memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from data.streams.chunked_panels import assert_same, cut, make, panel_of, stream_of

import panelvar as pv

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")


def world():
    """A level that rows without z alone have, and one of rows that have no weight."""
    frame = make().sort_values(["firm", "year"]).reset_index(drop=True)
    frame["region"] = frame["region"].astype(object)
    frame.loc[5::23, "region"], frame.loc[5::23, "z"] = "A", np.nan
    frame.loc[7::31, "region"] = "B"
    frame["weight"] = np.where(frame["region"] == "B", np.nan, 1.0 + frame["x"] ** 2)
    return frame


FORMULAS = [
    ("y ~ z + region", {}),
    ("y ~ 0 + z + C(region)", {}),
    ("y ~ L(x) + C(year) + region:z", {}),
    ("y ~ x + C(region) + i(year, z)", {"weights": "weight"}),
    ("y ~ z + i(region, i.year)", {}),
    ("y ~ L(x) + C(year, ref=[2000, 2003])", {}),
]


@pytest.mark.parametrize(("formula", "options"), FORMULAS)
def test_levels_of_a_stream_are_those_of_the_panel(formula, options):
    frame = world()
    for fit in (pv.fit_pooled, pv.fit_first_difference) if "L(" in formula else (pv.fit_pooled,):
        held = fit(panel_of(frame), formula, **options)
        read = fit(stream_of(cut(frame, [1, 50, 51, 120])), formula, **options)
        assert_same(read, held)
        assert read.names == held.names
        assert not any(text in name for name in read.names for text in ("[T.A]", "[A]", "[A:", "[T.2000]"))
        assert not any("no variation" in note.text for note in read.notes if fit is pv.fit_pooled)


def test_levels_of_instruments_are_those_of_the_panel():
    frame = world()
    formula = "y ~ C(year) + [x ~ region + L(z)]"
    held = pv.fit_iv_pooled(panel_of(frame), formula)
    assert_same(pv.fit_iv_pooled(stream_of(cut(frame, [40, 41])), formula), held)


def test_one_stream_has_the_levels_of_each_formula():
    frame = world()
    stream, panel = stream_of(cut(frame, [60, 130])), panel_of(frame)
    for formula in ("y ~ z + region", "y ~ x + region", "y ~ z + region"):
        assert pv.fit_pooled(stream, formula).names == pv.fit_pooled(panel, formula).names


def test_predictions_of_a_stream_have_the_levels_of_the_fit(tmp_path):
    frame = world()
    stream, panel = stream_of(cut(frame, [60, 130])), panel_of(frame)
    fit = pv.fit_pooled(stream, "y ~ z + region")
    data = pd.DataFrame({"z": [0.5, 0.5, np.nan], "region": ["c", "B", "A"]})
    found = fit.predict(data)
    np.testing.assert_allclose(found, pv.fit_pooled(panel, "y ~ z + region").predict(data))
    assert found.isna().tolist() == [False, False, True]
    with pytest.raises(pv.DataError, match=r"'region' has categories that the model has not seen \('A'\)"):
        fit.predict(data.assign(z=1.0))
    # Rows that miss a regressor may have any level.
    stream.write_predictions(fit, tmp_path / "predicted.parquet")
    written = pd.read_parquet(tmp_path / "predicted.parquet")["predicted"]
    np.testing.assert_array_equal(written.isna(), frame["z"].isna())


def test_a_reference_without_a_row_is_refused():
    with pytest.raises(pv.SpecificationError, match="ref='A' names a level of 'region' that no row of the model has"):
        pv.fit_pooled(stream_of(cut(world(), [60])), "y ~ z + C(region, ref='A')")
