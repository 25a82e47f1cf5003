"""Local projections of panels against fixed-effects regressions of leads made by hand."""

import tracemalloc

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.kernels.linear.lag_windows import kernel_weights


def data(n: int = 25, periods: int = 28, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    index = pd.MultiIndex.from_product([range(n), range(1980, 1980 + periods)], names=["country", "year"])
    shock = rng.standard_normal((n, periods))
    y = np.zeros((n, periods))
    for t in range(1, periods):
        y[:, t] = 0.6 * y[:, t - 1] + shock[:, t] + rng.standard_normal(n)
    frame = pd.DataFrame({"y": y.ravel(), "s": shock.ravel()}, index=index)
    frame["z"] = frame["s"] + rng.standard_normal(len(frame))
    frame["x"] = rng.standard_normal(len(frame))
    frame["d"] = (rng.random(len(frame)) > 0.4).astype(float)
    return frame


def shifted(frame: pd.DataFrame, name: str, steps: int) -> pd.Series:
    """The value so many years earlier, by label: no period that is absent is bridged."""
    own = frame[name].to_dict()
    return pd.Series([own.get((i, t - steps), np.nan) for i, t in frame.index], frame.index)


GAPPED = data().drop(index=[(2, 1990), (2, 1991), (7, 2003)])


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.parametrize("cov", ["cluster", pv.DriscollKraay(lags=4), pv.Clustered("entity", "time"), "CR2", "HC1"])
@pytest.mark.parametrize("effects", ["entity", "twoway", None])
def test_a_horizon_is_a_regression_of_a_lead(cov, effects):
    lp = pv.fit_panel_local_projections(GAPPED, "y", "s", controls="x", lags=2, horizon=3, effects=effects, cov=cov)
    frame = GAPPED.copy()
    for name in ("y", "s"):
        for lag in (1, 2):
            frame[f"{name}{lag}"] = shifted(GAPPED, name, lag)
    regressors = ["s", "y1", "y2", "s1", "s2", "x"]
    for h in (0, 3):
        frame["lead"] = shifted(GAPPED, "y", -h)
        options = {} if effects is None else {"effects": effects}
        fit = (pv.fit_pooled if effects is None else pv.fit_fixed_effects)(
            frame, "lead", regressors, cov=cov, **options
        )
        assert lp.values[h, 0, 0] == pytest.approx(fit.params["s"], rel=1e-11)
        assert lp.std_errors[h, 0, 0] == pytest.approx(fit.std_errors["s"], rel=1e-11)
        assert lp.nobs_by_horizon[h] == fit.nobs
        low, high = fit.conf_int().loc["s"]
        assert lp.lower[h, 0, 0] == pytest.approx(low, rel=1e-9)
        assert lp.upper[h, 0, 0] == pytest.approx(high, rel=1e-9)
        assert lp.fits[h].params["s"] == lp.values[h, 0, 0]


def dense_scores(frame, horizon):
    """Rows' influences on the shock's coefficient at every horizon, with entity means taken out by hand."""
    out = []
    for h in range(horizon + 1):
        own = pd.DataFrame({"lead": shifted(frame, "y", -h), "s": frame["s"], "y1": shifted(frame, "y", 1)}).dropna()
        within = own - own.groupby(level=0).transform("mean")
        x = within[["s", "y1"]].to_numpy()
        inverse = np.linalg.inv(x.T @ x)
        residual = within["lead"].to_numpy() - x @ (inverse @ x.T @ within["lead"].to_numpy())
        out.append(pd.Series((x * residual[:, None]) @ inverse[0], own.index).reindex(frame.index, fill_value=0.0))
    return pd.concat(out, axis=1)


def correlation(matrix):
    scale = np.sqrt(np.diagonal(matrix))
    return matrix / np.outer(scale, scale)


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_the_joint_covariance_over_horizons_is_that_of_stacked_scores():
    influence = dense_scores(GAPPED, 3)
    by_entity = influence.groupby(level=0).sum().to_numpy()
    by_year = influence.groupby(level=1).sum().reindex(range(1980, 2008), fill_value=0.0).to_numpy()
    distance = np.abs(np.subtract.outer(np.arange(28), np.arange(28)))
    weights = np.where(
        distance > 0, kernel_weights(np.maximum(distance, 1).ravel(), "bartlett", 4).reshape(28, 28), 1.0
    )
    two_way = by_entity.T @ by_entity + by_year.T @ by_year - influence.to_numpy().T @ influence.to_numpy()
    own = np.zeros((4, 4))
    for _, rows in influence.groupby(level=0):
        dates = rows.index.get_level_values(1).to_numpy()
        near = np.abs(np.subtract.outer(dates, dates))
        own += rows.to_numpy().T @ np.maximum(1.0 - near / 5.0, 0.0) @ rows.to_numpy()
    cases = {
        "cluster": by_entity.T @ by_entity,
        pv.DriscollKraay(lags=4): by_year.T @ weights @ by_year,
        pv.Clustered("entity", "time"): two_way,
        pv.PanelNeweyWest(lags=4): own,
        "HC0": influence.to_numpy().T @ influence.to_numpy(),
    }
    for cov, expected in cases.items():
        lp = pv.fit_panel_local_projections(GAPPED, "y", "s", lags=1, shock_lags=0, horizon=3, cov=cov)
        joint = lp.joint_covariance("y", "s").to_numpy()
        np.testing.assert_allclose(correlation(joint), correlation(expected), rtol=0, atol=1e-9)
        np.testing.assert_allclose(np.sqrt(np.diagonal(joint)), lp.std_errors[:, 0, 0], rtol=1e-10)


def test_other_outcomes():
    frame = data()
    long = pv.fit_panel_local_projections(frame, "y", "s", lags=1, horizon=2, long_difference=True)
    total = pv.fit_panel_local_projections(frame, "y", "s", lags=1, horizon=2, cumulative=True)
    frame["before"] = shifted(frame, "y", 1)
    frame["change1"] = frame["before"] - shifted(frame, "y", 2)
    frame["s1"] = shifted(frame, "s", 1)
    frame["long"] = shifted(frame, "y", -2) - frame["before"]
    frame["sum"] = frame["y"] + shifted(frame, "y", -1) + shifted(frame, "y", -2)
    by_hand = pv.fit_fixed_effects(frame.dropna(), "long", ["s", "change1", "s1"], cov="cluster")
    assert long.values[2, 0, 0] == pytest.approx(by_hand.params["s"], rel=1e-11)
    by_hand = pv.fit_fixed_effects(frame.dropna(subset=["sum", "before"]), "sum", ["s", "before", "s1"], cov="cluster")
    assert total.values[2, 0, 0] == pytest.approx(by_hand.params["s"], rel=1e-11)
    assert total.cumulative
    # Given the level of the period before, changes and levels have one coefficient of the shock.
    level = pv.fit_panel_local_projections(frame, "y", "s", lags=1, horizon=2, sample="common")
    assert level.nobs_by_horizon.tolist() == [level.nobs_by_horizon[2]] * 3
    with pytest.raises(pv.SpecificationError, match="Choose one"):
        pv.fit_panel_local_projections(frame, "y", "s", cumulative=True, long_difference=True)


def test_an_instrumented_shock():
    frame = data()
    lp = pv.fit_panel_local_projections(frame, "y", "s", lags=1, shock_lags=0, horizon=2, instruments="z")
    frame["lead"], frame["y1"] = shifted(frame, "y", -2), shifted(frame, "y", 1)
    fit = pv.fit_iv_fixed_effects(frame.dropna(), "lead", "y1", endogenous="s", instruments="z", cov="cluster")
    assert lp.values[2, 0, 0] == pytest.approx(fit.params["s"], rel=1e-10)
    assert lp.std_errors[2, 0, 0] == pytest.approx(fit.std_errors["s"], rel=1e-10)


def test_states_are_interactions():
    frame = data()
    lp = pv.fit_panel_local_projections(frame, "y", "s", lags=1, shock_lags=0, horizon=1, state="d", cov="cluster")
    assert lp.shocks == ("s (d = 1)", "s (d = 0)")
    frame["lead"], frame["y1"] = shifted(frame, "y", -1), shifted(frame, "y", 1)
    for name in ("s", "y1"):
        frame[f"{name}_on"], frame[f"{name}_off"] = frame[name] * frame["d"], frame[name] * (1 - frame["d"])
    fit = pv.fit_fixed_effects(frame.dropna(), "lead", ["s_on", "s_off", "y1_on", "y1_off", "d"], cov="cluster")
    np.testing.assert_allclose(lp.values[1, 0], fit.params[["s_on", "s_off"]], rtol=1e-10)
    np.testing.assert_allclose(lp.std_errors[1, 0], fit.std_errors[["s_on", "s_off"]], rtol=1e-10)
    with pytest.raises(pv.DataError, match="zeros and ones"):
        pv.fit_panel_local_projections(frame, "y", "s", state="x")


@pytest.mark.parametrize(
    ("names", "meant"),
    [(("nw", "newey-west"), pv.PanelNeweyWest), (("dk", "driscoll-kraay"), pv.DriscollKraay)],
)
def test_every_name_of_a_covariance_has_the_lags_of_the_horizon(names, meant):
    """A short name and a long one are one covariance here too: at horizon h the larger of h and the rule."""
    by_hand = [
        pv.fit_panel_local_projections(data(), "y", "s", horizon=h, cov=meant(lags=max(h, 3))).std_errors[h]
        for h in (0, 5)
    ]
    for name in names:
        lp = pv.fit_panel_local_projections(data(), "y", "s", horizon=5, cov=name)
        np.testing.assert_array_equal(lp.std_errors[[0, 5]], by_hand)


def test_what_is_said():
    short = data(40, 12)
    with pytest.warns(pv.PanelVarWarning, match="Nickell"):
        lp = pv.fit_panel_local_projections(short, "y", "s", horizon=2)
    assert "clustered by country" in lp.covariance
    dk = pv.fit_panel_local_projections(data(), "y", "s", horizon=4, cov="driscoll-kraay")
    assert "4 lags" in dk.fits[4].covariance.label
    assert "3 lags" in dk.fits[0].covariance.label
    with pytest.raises(pv.SpecificationError, match="joint covariance"):
        pv.fit_panel_local_projections(data(), "y", "s", horizon=2, effects=None, cov="pcse")
    frame = data()
    frame["common"] = frame.index.get_level_values("year") * 0.1
    with pytest.raises(pv.SpecificationError, match="not identified"):
        pv.fit_panel_local_projections(frame, "y", "common", shock_lags=0, effects="twoway", horizon=1)


def test_one_entity_is_no_panel():
    frame = pd.DataFrame(np.random.default_rng(0).standard_normal((90, 2)), columns=["y", "s"])
    with pytest.raises(pv.InsufficientDataError, match="Name the entity and the time"):
        pv.fit_panel_local_projections(frame, "y", "s")
    two = frame.set_index(pd.MultiIndex.from_product([range(2), range(45)]))
    with pytest.raises(pv.SpecificationError, match="long_difference='no' must be True or False"):
        pv.fit_panel_local_projections(two, "y", "s", long_difference="no")


def test_names_that_are_no_texts_are_refused():
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"i": np.repeat(range(5), 20), "t": np.tile(range(20), 5), "y": rng.standard_normal(100)})
    frame[5] = rng.standard_normal(100)
    panel = pv.Panel(frame, entity="i", time="t")
    for options in ({"shock": 5}, {"shock": "y", "state": 5}, {"shock": "y", "controls": [5]}):
        with pytest.raises(pv.SpecificationError, match="text"):
            pv.fit_panel_local_projections(panel, "y", **options)


@pytest.mark.parametrize("horizon", [1, 2])
def test_scores_that_add_up_to_zero_in_every_cluster_leave_no_responses(horizon):
    """With effects of periods, two entities have opposite scores: clusters of entities have no variance."""
    with pytest.raises(pv.NumericalError, match="At horizon 0 the response to the shock 's' has no standard error"):
        pv.fit_panel_local_projections(data(2, 14), "y", "s", horizon=horizon, effects="twoway")


@pytest.mark.parametrize("options", [{}, {"cumulative": True}, {"long_difference": True}])
def test_a_common_sample_leaves_the_data_as_they_are(options):
    panel = pv.Panel(data())
    before = {name: panel.column(name).copy() for name in ("y", "s")}
    found = pv.fit_panel_local_projections(panel, "y", "s", horizon=3, sample="common", **options)
    assert len(set(found.nobs_by_horizon.tolist())) == 1
    for name, values in before.items():
        np.testing.assert_array_equal(panel.column(name), values)
    # The sample is that of the last horizon, whose regression alone is the same.
    alone = pv.fit_panel_local_projections(panel, "y", "s", horizon=3, **options)
    assert found.values[3] == pytest.approx(alone.values[3], rel=1e-12)
    assert found.nobs_by_horizon[0] == alone.nobs_by_horizon[3]


def test_a_horizon_more_takes_the_memory_of_one_column():
    """Of every row what it adds to the response is kept; outcomes and regressions are made one at a time."""
    panel = pv.Panel(data(n=1_000, periods=40))
    peaks = []
    for horizon in (2, 2, 10):
        tracemalloc.start()
        pv.fit_panel_local_projections(panel, "y", "s", horizon=horizon)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    column = 8 * panel.nobs
    assert peaks[2] - peaks[1] < 8 * 1.5 * column
