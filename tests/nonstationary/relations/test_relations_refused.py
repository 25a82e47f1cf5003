"""What has no cointegrating regression is refused in words, or left out and counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from nonstationary.panel_cointegration.systems import frame_of
from nonstationary.relations.relation_twins import endogenous, panel

import panelvar as pv

FITS = [pv.fit_fmols, pv.fit_ccr, pv.fit_dols]


def changed(frame: pd.DataFrame, **columns) -> pd.DataFrame:
    """Entity e1 with other values."""
    return frame.assign(**{name: frame[name].where(frame["i"] != "e1", values) for name, values in columns.items()})


def sample(regressors: int = 2) -> pd.DataFrame:
    return frame_of(endogenous(4, 30, regressors, seed=21))


def without(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["i"] != "e1"]


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize(
    ("change", "words", "kind"),
    [
        (lambda f: changed(f, x2=f["x1"] + 0.25 * f["t"]), "'e1' and its terms", pv.CollinearityError),
        (lambda f: changed(f, y=f["x1"] - f["x2"] + 0.5 * f["t"]), "no error to adjust for", pv.NumericalError),
        (lambda f: f[(f["i"] != "e1") | (f["t"] < 2006)], "'e1' has 6 periods", pv.InsufficientDataError),
        (lambda f: f[(f["i"] != "e1") | (f["t"] != 2006)], "'e1' lacks 1 period", pv.DataError),
        (lambda f: changed(f, x1=2.0), "'x1 of e1' does not vary", pv.DataError),
        (lambda f: changed(f, y=np.nan), "'e1' has no complete row", pv.DataError),
    ],
)
def test_an_entity_without_a_relation_is_named_or_left_out(fit, change, words, kind) -> None:
    frame = change(sample())
    with pytest.raises(kind, match=words):
        fit(panel(frame), "y", ["x1", "x2"], trend="ct", unusable="raise")
    with pytest.warns(pv.PanelVarWarning, match="1 of 4 entities are left out|rows? dropped"):
        found = fit(panel(frame), "y", ["x1", "x2"], trend="ct")
    expected = fit(panel(without(sample())), "y", ["x1", "x2"], trend="ct")
    pd.testing.assert_series_equal(found.params, expected.params)
    assert list(found.individual.index) == ["e0", "e2", "e3"]
    assert found.nobs == 90


@pytest.mark.parametrize("fit", [pv.fit_fmols, pv.fit_ccr])
def test_regressors_without_changes_of_their_own_are_refused(fit) -> None:
    frame = changed(sample(), x1=sample()["t"] - 1990.0)
    with pytest.raises(pv.CollinearityError, match="'x1' of 'e1' is a function of time"):
        fit(panel(frame), "y", ["x1", "x2"], regressor_trend="ct", unusable="raise")
    lagged = sample(1)
    # Levels that differ by a trend, which a relation with a constant can tell apart; its changes cannot.
    lagged["x2"] = lagged["x1"] + lagged["t"]
    with pytest.raises(pv.CollinearityError, match="The changes of 'x2' of 'e0' are a combination"):
        fit(panel(lagged), "y", ["x1", "x2"], regressor_trend="ct", unusable="raise")
    with pytest.raises(pv.CollinearityError, match="2 leads and 2 lags"):
        pv.fit_dols(panel(lagged), "y", ["x1", "x2"], unusable="raise")


def test_an_error_that_follows_the_changes_has_no_variance_of_its_own() -> None:
    rng = np.random.default_rng(5)
    x = rng.standard_normal((3, 40)).cumsum(axis=1)
    y = x.copy()
    y[:, 1:] += np.diff(x, axis=1)
    frame = frame_of(np.stack([y, x], axis=2))
    with pytest.raises(pv.NumericalError, match="no error whose variance could be estimated"):
        pv.fit_dols(panel(frame[frame["t"] > 2000]), "y", "x1", leads=0, lags=0)


def test_options_that_do_not_exist_or_do_not_go_together_are_refused() -> None:
    data = panel(sample())
    for fit in FITS:
        with pytest.raises(pv.SpecificationError, match="method='within'"):
            fit(data, "y", "x1", method="within")
        with pytest.raises(pv.SpecificationError, match="cov='heterogeneous'"):
            fit(data, "y", "x1", cov="heterogeneous")
        with pytest.raises(pv.SpecificationError, match="kernel='flat'"):
            fit(data, "y", "x1", kernel="flat")
        with pytest.raises(pv.SpecificationError, match="bandwidth='wide'"):
            fit(data, "y", "x1", bandwidth="wide")
        with pytest.raises(pv.PanelVarError, match="bandwidth=40"):
            fit(data, "y", "x1", kernel="bartlett", bandwidth=40)
        with pytest.raises(pv.SpecificationError, match="trend='t'"):
            fit(data, "y", "x1", trend="t")
        with pytest.raises(pv.SpecificationError, match="name of a term, 'trend'"):
            fit(panel(sample().rename(columns={"x1": "trend"})), "y", ["trend", "x2"], trend="ct")
        with pytest.raises(pv.SpecificationError, match="at least one regressor"):
            fit(data, "y ~ 1")
    with pytest.raises(pv.SpecificationError, match="cov='kernel'"):
        pv.fit_fmols(data, "y", "x1", cov="kernel")
    with pytest.raises(pv.SpecificationError, match="must name one criterion"):
        pv.fit_dols(data, "y", "x1", leads="aic", lags="bic")
    with pytest.raises(pv.SpecificationError, match="max_leads applies only when a criterion chooses"):
        pv.fit_dols(data, "y", "x1", max_leads=3)
    with pytest.raises(pv.SpecificationError, match="leads='t-stat'"):
        pv.fit_dols(data, "y", "x1", leads="t-stat")
    with pytest.raises(pv.SpecificationError, match="lags=-1"):
        pv.fit_dols(data, "y", "x1", lags=-1)
    with pytest.raises(pv.InsufficientDataError, match="'e0' has 30 periods"):
        pv.fit_dols(data, "y", "x1", leads=12, lags=12)


def test_no_entity_left_is_said_with_the_first_reason() -> None:
    frame = sample()
    with pytest.raises(pv.InsufficientDataError, match=r"No entity can be used\. Entity 'e0' has 5 periods"):
        pv.fit_fmols(panel(frame[frame["t"] < 2005]), "y", ["x1", "x2"], unusable="drop")


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("method", ["group-mean", "pooled", "weighted"])
def test_entities_that_do_not_differ_have_no_spread(fit, method) -> None:
    values = endogenous(1, 40, 1, seed=22)
    data = panel(frame_of(np.concatenate([values] * 3)))
    with pytest.warns(pv.PanelVarWarning, match="repeat"), pytest.warns(pv.PanelVarWarning, match="are equal"):
        found = fit(data, "y", "x1", method=method, cov="sandwich")
    assert np.isnan(found.std_errors["x1"])
    assert np.isnan(found.tstats["x1"])
    with pytest.warns(pv.PanelVarWarning, match="and 1 more entity repeats another"):
        found = fit(data, "y", "x1", method=method, cov="estimated")
    assert found.std_errors["x1"] > 0.0


@pytest.mark.parametrize("fit", FITS)
def test_outliers_that_dwarf_the_rest_are_refused_in_words(fit) -> None:
    frame = sample()
    hit = (frame["i"] == "e1") & (frame["t"] == 2010)
    far = frame.assign(x1=frame["x1"].where(~hit, 1e100))
    with pytest.raises(pv.NumericalError, match=r"look for outliers|rescale"):
        fit(panel(far), "y", ["x1", "x2"])


def test_columns_that_one_period_decides_have_no_long_run_covariances() -> None:
    frame = sample()
    hit = (frame["i"] == "e1") & (frame["t"] == 2010)
    together = frame.assign(**{name: frame[name].where(~hit, 1e10) for name in ("y", "x1", "x2")})
    for fit in (pv.fit_fmols, pv.fit_ccr):
        with pytest.raises(pv.NumericalError, match="'e1' and the changes of its regressors move as one"):
            fit(panel(together), "y", ["x1", "x2"], unusable="raise")
        with pytest.warns(pv.PanelVarWarning, match="1 of 4 entities are left out"):
            found = fit(panel(together), "y", ["x1", "x2"])
        assert found.n_entities == 3


@pytest.mark.parametrize("fit", [pv.fit_fmols, pv.fit_ccr])
def test_a_regressor_that_moves_in_its_first_period_alone_is_refused(fit):
    """The first period has no change, and leaves with it."""
    rng = np.random.default_rng(0)
    index = pd.MultiIndex.from_product([range(3), range(30)], names=["i", "t"])
    data = pd.DataFrame(rng.standard_normal((90, 2)).cumsum(axis=0), index, columns=["y", "x"])
    data["z"] = np.where(index.get_level_values("t") == 0, 1.0, 5.0)
    with pytest.raises(pv.CollinearityError, match="Without its first period, 'z' of 0 is a combination of the terms"):
        fit(data, "y", ["x", "z"], unusable="raise")


def test_a_number_of_5000_digits_beside_a_limit_is_refused() -> None:
    with pytest.raises(pv.SpecificationError, match="max_leads applies only when a criterion chooses leads; you gave"):
        pv.fit_dols(pv.load_data("grunfeld"), "invest", ["value"], leads=10**5000, lags=0, max_leads=1)
