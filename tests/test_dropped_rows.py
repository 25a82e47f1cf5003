"""Wherever rows are left out for missing values, a note says how many."""

import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import panelvar as pv

mpl.use("Agg")


def system(where):
    rng = np.random.default_rng(5)
    index = pd.period_range("1980Q1", periods=120, freq="Q")
    frame = pd.DataFrame(rng.normal(size=(120, 2)).cumsum(axis=0), index=index, columns=["a", "b"])
    frame.iloc[{"first": slice(0, 3), "last": slice(-3, None), "inside": slice(50, 53)}[where], 0] = np.nan
    return frame


def panel():
    rng = np.random.default_rng(6)
    frame = pd.DataFrame({"i": np.repeat(np.arange(12), 14), "t": np.tile(np.arange(14), 12)})
    frame[["y", "x", "z"]] = rng.normal(size=(168, 3))
    frame["s"] = (rng.normal(size=168) > 0.0) * 1.0
    frame.loc[[5, 60], "x"] = np.nan
    frame.loc[100, "y"] = np.nan
    return pv.Panel(frame, "i", "t")


OF_ONE_SERIES = {
    "adf": lambda f: pv.adf_test(f["a"]),
    "dfgls": lambda f: pv.dfgls_test(f["a"]),
    "pp": lambda f: pv.phillips_perron_test(f["a"]),
    "kpss": lambda f: pv.kpss_test(f["a"]),
    "engle-granger": lambda f: pv.engle_granger_test(f),
}


@pytest.mark.parametrize("where", ["first", "last"])
@pytest.mark.parametrize("test", OF_ONE_SERIES.values(), ids=OF_ONE_SERIES)
def test_of_a_series_that_begins_later_or_ends_sooner(test, where):
    notes = [note.text for note in test(system(where)).notes if note.code == "ends-missing"]
    assert len(notes) == 1
    assert "missing in 3 of 120 periods at the ends, which are left out" in notes[0]
    whole = system(where).dropna()
    assert "ends-missing" not in [note.code for note in test(whole).notes]


OF_PANELS = {
    "batch": (
        lambda p: pv.fit_var_batch(p, ["y", "x"]),
        r"3 missing values in \['y', 'x'\]\. 6 rows were dropped",
    ),
    "causality": (lambda p: pv.panel_granger_test(p, "y", "x"), r"3 of 168 rows dropped .*: y \(1\), x \(2\)"),
    "projections": (
        lambda p: pv.fit_panel_local_projections(p, "y", "x", horizon=2),
        r"3 of 168 rows have missing values: y \(1\), x \(2\). Each horizon drops the rows",
    ),
    "scatter": (lambda p: pv.plot_scatter(p, x="x", y="y"), r"3 of 168 rows lack 'x' or 'y' and are not drawn"),
}


@pytest.mark.parametrize(("call", "words"), OF_PANELS.values(), ids=OF_PANELS)
@pytest.mark.filterwarnings("ignore:Only 12 clusters", "ignore:.* an entity has 10.6 rows")
def test_of_a_panel(call, words):
    with pytest.warns(pv.PanelVarWarning, match=words) as caught:
        result = call(panel())
    assert all(warning.filename == __file__ for warning in caught)
    if hasattr(result, "notes"):
        assert sum(np.isin([note.code for note in result.notes], ["rows-missing", "rows-dropped"])) == 1


def test_members_count_what_they_lose_as_a_single_fit_does():
    data = panel()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        batch = pv.fit_var_batch(data, ["y", "x"], lags=2)
        frame = pd.DataFrame({name: data.column(name) for name in ("i", "t", "y", "x")})
        single = [pv.fit_var(own.set_index("t")[["y", "x"]], lags=2) for _, own in frame.groupby("i")]
    assert int(batch.nobs.sum()) == sum(model.nobs for model in single)
    lost = sum(
        int(note.text.split(". ")[1].split()[0]) for m in single for note in m.notes if note.code == "rows-missing"
    )
    assert f". {lost} rows were dropped" in batch.notes[0].text


def test_members_with_gaps_say_so():
    data = panel()
    frame = pd.DataFrame({name: data.column(name) for name in ("i", "t", "z", "s")})
    with pytest.warns(pv.PanelVarWarning, match="1 row after a gap has no lags"):
        pv.fit_var_batch(pv.Panel(frame.drop(index=[20]), "i", "t"))
    frame.loc[3, "z"] = np.inf
    with pytest.raises(pv.DataError, match="infinite values in the column 'z': "):
        pv.fit_var_batch(pv.Panel(frame, "i", "t"))


def test_a_flat_table_is_not_taken_for_one_entity():
    """Its entities would be stacked into one autoregression."""
    data = panel()
    frame = pd.DataFrame({name: data.column(name) for name in ("i", "t", "z", "s")})
    with pytest.raises(pv.SpecificationError, match="which column is the entity and which is the time"):
        pv.fit_var_batch(frame, ["z", "s"])
    assert len(pv.fit_var_batch(frame.set_index(["i", "t"])).labels) == 12
