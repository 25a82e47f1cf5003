"""What the caller gives beside the data is matched with its rows by label, wherever it is given."""

import warnings

import numpy as np
import pandas as pd
import pytest

import panelvar as pv


def quarters(n=90, seed=3):
    rng = np.random.default_rng(seed)
    index = pd.period_range("2000Q1", periods=n, freq="Q")
    return pd.DataFrame(rng.normal(size=(n, 4)), index=index, columns=["y1", "y2", "z", "w"])


def firms(seed=1):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"firm": np.repeat(np.arange(12), 6), "year": np.tile(np.arange(6), 12)})
    frame["x"] = rng.normal(size=72)
    frame["y"] = frame["x"] + rng.normal(size=72)
    frame["w"] = rng.uniform(1.0, 2.0, 72)
    frame["region"] = frame["firm"] % 5
    return frame.sample(frac=1.0, random_state=4).set_axis([f"row{place}" for place in range(72)])


def mixed(values):
    return values.sample(frac=1.0, random_state=2)


def of_panel(**options):
    frame = firms()
    make = {"entity": "firm", "time": "year"} | {key: options.pop(key) for key in ("entity", "time") if key in options}
    fit = {key: value(frame) if callable(value) else value for key, value in options.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        panel = pv.Panel(frame, **{key: value(frame) if callable(value) else value for key, value in make.items()})
        return pv.fit_pooled(panel, "y", ["x"], **fit).std_errors.to_numpy()


@pytest.mark.parametrize(
    ("option", "given"),
    [
        ("weights", lambda f: f["w"]),
        ("cov", lambda f: f["region"]),
        ("entity", lambda f: f["firm"]),
        ("time", lambda f: f["year"]),
    ],
)
@pytest.mark.parametrize("more", [False, True], ids=["same rows", "more rows"])
def test_a_series_beside_a_panel_may_come_in_any_order(option, given, more):
    def shuffled(frame):
        values = given(frame)
        if more:
            values = pd.concat([values, values.set_axis("other" + values.index)])
        values = mixed(values)
        return pv.Clustered(values) if option == "cov" else values

    def in_order(frame):
        values = given(frame).to_numpy()
        return pv.Clustered(values) if option == "cov" else values

    np.testing.assert_allclose(of_panel(**{option: shuffled}), of_panel(**{option: in_order}), rtol=1e-13)


def test_columns_added_to_a_panel_are_matched_by_label():
    frame = firms()
    panel = pv.Panel(frame, "firm", "year")
    np.testing.assert_array_equal(panel.with_columns(v=mixed(frame["w"])).column("v"), panel.column("w"))
    np.testing.assert_array_equal(panel.lag(mixed(frame["w"])), panel.lag("w"))
    part = panel.with_columns(v=frame["w"].iloc[:70])
    assert np.isnan(part.column("v")).sum() == 2
    with pytest.warns(pv.PanelVarWarning, match=r"2 of 72 rows dropped for missing values: v \(2\)"):
        pv.fit_pooled(part, "y", ["v"])


def test_series_among_arrays_are_matched_with_one_another():
    frame = firms()
    whole = pv.fit_pooled(pv.Panel(frame, "firm", "year"), "y", ["x"])
    series = {name: frame[name] for name in ("firm", "year", "y")} | {"x": mixed(frame["x"])}
    found = pv.fit_pooled(pv.Panel(series, "firm", "year"), "y", ["x"])
    np.testing.assert_array_equal(found.params, whole.params)
    assert found.resids.index.equals(whole.resids.index)
    with pytest.raises(pv.DataError, match="'y' and 'x' have their rows in different orders, so nothing says"):
        pv.Panel({**series, "firm": frame["firm"].to_numpy(), "year": frame["year"].to_numpy()}, "firm", "year")
    # Arrays without labels take those of the entities.
    arrays = {"y": frame["y"].to_numpy(), "x": frame["x"].to_numpy()}
    found = pv.fit_pooled(pv.Panel(arrays, frame["firm"], mixed(frame["year"])), "y", ["x"], weights=mixed(frame["w"]))
    expected = pv.fit_pooled(pv.Panel(frame, "firm", "year"), "y", ["x"], weights="w")
    np.testing.assert_array_equal(found.params, expected.params)


@pytest.mark.parametrize(
    "fit",
    [
        lambda f, z: pv.fit_var(f[["y1", "y2"]], lags=1, exogenous=z).params,
        lambda f, z: pv.fit_var(f[["y1", "y2"]], lags=1).with_cov(pv.Clustered(z.round())).std_errors,
        lambda f, z: pv.fit_local_projections(f[["y1", "y2"]], shock=z, horizon=2, lags=1).values,
        lambda f, z: pv.fit_local_projections(f, ["y1", "y2"], shock="y1", instruments=z, horizon=1, lags=1).values,
        lambda f, z: (
            pv.fit_var(f[["y1", "y2"]], lags=1)
            .impulse_responses(2, identification=pv.ExternalInstrument(z, "y1"))
            .values
        ),
    ],
    ids=["exogenous", "groups", "shock", "instruments", "external instrument"],
)
def test_a_series_beside_a_system_may_come_in_any_order(fit):
    frame = quarters()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        np.testing.assert_array_equal(fit(frame, mixed(frame["z"])), fit(frame, frame["z"]))
        elsewhere = frame["z"].set_axis(frame.index - 1000)
        with pytest.raises(pv.DataError, match=r"No label of .* is in the index of the data. The first is"):
            fit(frame, elsewhere)
        twice = pd.concat([frame["z"], frame["z"].iloc[:1]])
        with pytest.raises(pv.DataError, match="repeats labels, such as"):
            fit(frame, twice)


def test_the_future_may_come_in_any_order():
    frame = quarters()
    model = pv.fit_var(frame[["y1", "y2"]], lags=1, exogenous=frame["z"])
    ahead = pd.Series([1.0, 2.0, 3.0], index=frame.index[-1] + 1 + np.arange(3), name="z")
    expected = model.forecast(3, exogenous=ahead.to_numpy()).values
    np.testing.assert_array_equal(model.forecast(3, exogenous=ahead.iloc[[2, 0, 1]]).values, expected)
    given = pd.DataFrame({"y1": [0.5, np.nan, 1.0]}, index=ahead.index)
    expected = model.conditional_forecast(given, exogenous=ahead).values
    found = model.conditional_forecast(given.iloc[::-1], exogenous=ahead.iloc[::-1]).values
    np.testing.assert_array_equal(found, expected)
    with pytest.raises(pv.SpecificationError, match="Give the rows of these periods"):
        model.forecast(3, exogenous=ahead.set_axis(ahead.index + 1))


def test_labels_have_no_place_beside_arrays_that_have_none():
    frame = quarters()
    values = frame[["y1", "y2"]].to_numpy()
    with pytest.raises(pv.DataError, match="No label of exogenous"):
        pv.fit_var(values, lags=1, exogenous=frame["z"])
    counted = frame["z"].reset_index(drop=True)
    expected = pv.fit_var(values, lags=1, exogenous=frame["z"].to_numpy()).params
    np.testing.assert_array_equal(pv.fit_var(values, lags=1, exogenous=mixed(counted)).params, expected)


def test_labelled_restrictions_may_name_coefficients_in_any_order():
    frame = firms()
    result = pv.fit_pooled(pv.Panel(frame, "firm", "year"), "y", ["x", "w"])
    matrix = pd.DataFrame([[0.0, 1.0, 0.0]], columns=list(result.params.index))
    named = result.wald_test(f"{result.params.index[1]} = 0").statistic
    assert result.wald_test(matrix).statistic == pytest.approx(named, rel=1e-12)
    assert result.wald_test(matrix.iloc[:, ::-1]).statistic == pytest.approx(named, rel=1e-12)
    assert result.wald_test(matrix.iloc[0, ::-1]).statistic == pytest.approx(named, rel=1e-12)
    with pytest.raises(pv.SpecificationError, match=r"restriction matrix has columns \['a', 'x', 'w'\]; expected"):
        result.wald_test(matrix.set_axis(["a", "x", "w"], axis=1))


def test_known_relations_may_name_variables_in_any_order():
    levels = quarters()[["y1", "y2"]].cumsum()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        model = pv.fit_vecm(levels, lags=2, rank=1, trend="c")
        known = pd.DataFrame({"ec": [1.0, -0.5]}, index=["y1", "y2"])
        expected = model.restriction_test(known={"y1": 1.0, "y2": -0.5}).statistic
        assert model.restriction_test(known=known.iloc[::-1]).statistic == pytest.approx(expected, rel=1e-12)
        rows = pd.DataFrame([[1.0, 0.0]], columns=["y1", "y2"])
        found = [model.restriction_test(alpha=each).statistic for each in (rows, rows.iloc[:, ::-1], "y1 = 0")]
        assert found == pytest.approx([found[2]] * 3, rel=1e-12)


# ---- what a Series is called


def test_groups_computed_from_a_column_do_not_pass_for_it():
    frame = firms().assign(region=lambda f: "r" + f["region"].astype(str))
    result = pv.fit_pooled(pv.Panel(frame, "firm", "year"), "y", ["x"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        label = {
            name: result.with_cov(pv.Clustered(groups)).covariance.label
            for name, groups in {
                "itself": mixed(frame["region"]),
                "coded": frame["region"].astype("category"),
                "computed": frame["region"].str[:1] + (frame["firm"] % 2).astype(str),
                "own name": (frame["firm"] % 3).rename("thirds"),
                "unnamed": (frame["firm"] % 3).rename(None),
            }.items()
        }
    assert {name: text.split("by ")[1] for name, text in label.items()} == {
        "itself": "region",
        "coded": "region",
        "computed": "given groups",
        "own name": "thirds",
        "unnamed": "given groups",
    }


def test_periods_grouped_by_what_is_computed_from_a_variable():
    frame = quarters()[["y1", "y2"]]
    model = pv.fit_var(frame, lags=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        robust = model.with_cov(pv.Clustered(frame["y1"].round()))
        assert robust._robust.label == "clustered by given groups"


@pytest.mark.parametrize("kind", [pv.Clustered, pv.BiasReduced])
def test_a_specification_by_groups_is_one_line(kind):
    text = repr(kind("entity", firms()["region"]))
    assert text.startswith(f"{kind.__name__}(by=('entity', <Series>), ")
    assert "\n" not in text
    assert repr(kind("firm")).startswith(f"{kind.__name__}(by=('firm',), ")


def test_a_shock_computed_from_a_variable_is_not_the_variable():
    """`frame["y1"].diff()` is called y1: it neither passes for y1 nor takes its place in the system."""
    frame = quarters()[["y1", "y2"]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        result = pv.fit_local_projections(frame, shock=frame["y1"].diff(), horizon=1, lags=1)
        assert list(result.names) == ["y1", "y2"]
        assert list(result.shocks) == ["shock"]
        model = pv.fit_var(frame, lags=1, exogenous=frame["y1"].shift(3))
        assert "x1" in model.params.index
