"""What has no corrected estimate is refused in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panels.bias_corrected.corrected_twins import sample

import panelvar as pv

FITS = [pv.fit_bias_corrected_moments, pv.fit_lsdvc]


def panel(frame: pd.DataFrame) -> pv.Panel:
    return pv.Panel(frame, "i", "t")


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize(
    ("change", "x", "words", "kind"),
    [
        (lambda f: f[f["t"] == 2005], ["x"], "lags=1 reaches|at most", pv.PanelVarError),
        (
            lambda f: f[f["t"].isin([2000, 2002, 2005, 2007])],
            ["x"],
            "needs 2 consecutive periods .* None of the",
            pv.InsufficientDataError,
        ),
        (lambda f: f[f["t"].isin([2000, 2001])], ["x"], "only one row left", pv.InsufficientDataError),
        (lambda f: f.assign(y=f["i"].str[1:].astype(float)), ["x"], "does not vary", pv.PanelVarError),
        (lambda f: f.assign(**{"L(y)": 1.0}), ["x", "L(y)"], r"You named L\(y\) twice", pv.SpecificationError),
        (lambda f: f.assign(x=np.inf), ["x"], "infinite", pv.DataError),
        (lambda f: f.assign(x=np.nan), ["x"], "No complete row", pv.InsufficientDataError),
        (lambda f: f, ["nowhere"], "nowhere", pv.DataError),
    ],
)
def test_data_without_an_estimate(fit, change, x, words, kind) -> None:
    with pytest.raises(kind, match=words):
        fit(panel(change(sample(24, 8))), "y", x)


@pytest.mark.parametrize("fit", FITS)
def test_a_regressor_that_does_not_vary_is_left_out_with_a_warning(fit) -> None:
    frame = sample(30, 9)
    frame["fixed"] = frame["i"].str[1:].astype(float)
    with pytest.warns(pv.PanelVarWarning, match="'fixed'"):
        found = fit(panel(frame), "y", ["fixed", "x"])
    assert list(found.params.index) == ["L(y)", "x"]
    expected = fit(panel(frame), "y", ["x"])
    pd.testing.assert_series_equal(found.params, expected.params)


@pytest.mark.parametrize("fit", FITS)
def test_missing_values_are_counted_or_refused(fit) -> None:
    frame = sample(30, 9)
    frame.loc[[5, 40], "x"] = np.nan
    with pytest.warns(pv.PanelVarWarning, match="2 of .* rows dropped"):
        found = fit(panel(frame), "y", ["x"])
    # Their y still is a lag.
    whole = fit(panel(sample(30, 9)), "y", ["x"])
    assert found.nobs == whole.nobs - 2
    with pytest.raises(pv.DataError, match="missing"):
        fit(panel(frame), "y", ["x"], missing="raise")


def test_covariances_of_moments_are_robust_or_clustered() -> None:
    frame = sample(30, 9)
    with pytest.raises(pv.SpecificationError, match="not available for corrected moments"):
        pv.fit_bias_corrected_moments(panel(frame), "y", ["x"], cov="classical")
    with pytest.raises(pv.SpecificationError, match="one dimension"):
        pv.fit_bias_corrected_moments(panel(frame), "y", ["x"], cov=pv.Clustered("g", "t"))
    with pytest.raises(pv.SpecificationError, match="changes within 30 entities"):
        pv.fit_bias_corrected_moments(panel(frame), "y", ["x"], cov=pv.Clustered("t"))
    with pytest.raises(pv.SpecificationError, match="lags"):
        pv.fit_bias_corrected_moments(panel(frame), "y", ["x"], lags=0)
    with pytest.raises(pv.InsufficientDataError, match="lags=30 reaches past"):
        pv.fit_bias_corrected_moments(panel(frame), "y", ["x"], lags=30)
