"""What each window of a sample estimates, drawn over time."""

from __future__ import annotations

import re

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from reference_data import table

import panelvar as pv
from panelvar import SpecificationError


@pytest.fixture(scope="module")
def growth():
    frame = table("us_macro")[["dl_realgdp", "dl_realcons", "dl_realinv"]]
    return frame.set_axis(pd.period_range("1959Q2", periods=len(frame), freq="Q"))


@pytest.fixture(scope="module")
def windows(growth):
    return pv.fit_rolling_var(growth, window=60, lags=1)


def lines(ax):
    """Paths of an axes that are longer than two points."""
    return [line for line in ax.get_lines() if len(line.get_xdata()) > 2]


def test_every_coefficient_has_a_panel_with_its_path_interval_and_whole_sample(windows, growth):
    figure = windows.plot()
    assert len(figure.axes) == 12
    whole = pv.fit_var(growth, lags=1).params
    for ax, (equation, regressor) in zip(figure.axes, windows.params.columns, strict=True):
        assert ax.get_title() == f"[{equation}]{regressor}"
        (path,) = lines(ax)
        assert_allclose(path.get_ydata(), windows.params[equation, regressor])
        band = ax.collections[0].get_paths()[0].vertices
        assert band[:, 1].min() == pytest.approx(windows.conf_int()["lower"][equation, regressor].min())
        assert band[:, 1].max() == pytest.approx(windows.conf_int()["upper"][equation, regressor].max())
        flat = [line.get_ydata()[0] for line in ax.get_lines() if line.get_linestyle() == "--"]
        assert flat == [pytest.approx(whole.loc[regressor, equation])]
    assert figure.get_suptitle() == "Estimates in moving windows"
    foot = " ".join(figure.get_supxlabel().split())
    assert foot == "Windows of 60 rows, each drawn at its last period, with 95% intervals; dashed: the whole sample."


def test_intervals_are_those_of_single_fits(windows):
    normal = pv.fit_rolling_var(table("us_macro")[["dl_realgdp"]], window=60, convention="stata")
    for batch in (windows, normal):
        for label in batch.labels[::30]:
            found, own = batch.conf_int(level=0.9).loc[label], batch.member(label).conf_int(level=0.9)
            for limit in ("lower", "upper"):
                assert list(found[limit].index) == list(own.index)
                assert_allclose(found[limit], own[limit], rtol=1e-9, atol=1e-12)


def test_coefficients_are_chosen_renamed_and_given_several_levels(windows):
    figure = windows.plot(
        keep=["[dl_realgdp]*", re.compile("const")],
        drop="*L1.dl_realinv",
        level=(0.68, 0.95),
        labels={"[dl_realgdp]const": "Output: constant"},
        title="Chosen",
    )
    titles = [ax.get_title() for ax in figure.axes]
    assert titles == [
        "Output: constant",
        "[dl_realgdp]L1.dl_realgdp",
        "[dl_realgdp]L1.dl_realcons",
        "[dl_realcons]const",
        "[dl_realinv]const",
    ]
    wide, narrow = (np.ptp(band.get_paths()[0].vertices[:, 1]) for band in figure.axes[1].collections)
    assert wide > narrow
    assert figure.get_suptitle() == "Chosen"
    assert "68% and 95% intervals" in " ".join(figure.get_supxlabel().split())


def test_roots_are_drawn_where_coefficients_are_many_or_where_asked_for(windows, growth):
    many = pv.fit_rolling_var(growth, window=60, lags=2)
    for figure, batch in ((many.plot(), many), (windows.plot(what="roots"), windows)):
        (ax,) = figure.axes
        assert ax.get_title() == "Largest modulus of the companion roots"
        assert_allclose(lines(ax)[0].get_ydata(), batch.moduli[:, 0])
    assert len(many.plot(what="coefficients").axes) == 21
    wide = pv.fit_rolling_var(growth, window=60, lags=3)
    with pytest.raises(SpecificationError, match=r"30 coefficients need more panels than the 24.*\[dl_realgdp\]\*"):
        wide.plot(what="coefficients")


def test_explosive_windows_are_marked():
    rng = np.random.default_rng(0)
    walks = np.cumsum(rng.standard_normal((80, 2)), axis=0) + 1.05 ** np.arange(80)[:, None]
    batch = pv.fit_rolling_var(walks, window=40)
    (ax,) = batch.plot(what="roots").axes
    explosive = batch.moduli[:, 0] >= 1.0
    assert explosive.any()
    (marks,) = [line for line in ax.get_lines() if line.get_marker() == "X"]
    assert_allclose(marks.get_ydata(), batch.moduli[explosive, 0])


def test_an_order_of_each_window_leaves_holes_and_no_whole_sample(growth):
    batch = pv.fit_rolling_var(growth, window=60, lags="aic", max_lags=3, min_lags=0)
    assert batch.orders.min() < batch.orders.max()
    figure = pv.plot_rolling(batch, keep=f"[dl_realgdp]L{batch.lags}.dl_realgdp")
    (ax,) = figure.axes
    assert np.isnan(lines(ax)[0].get_ydata()).sum() == np.count_nonzero(batch.orders < batch.lags)
    assert not [line for line in ax.get_lines() if line.get_linestyle() == "--"]
    assert "whole sample" not in figure.get_supxlabel()


def test_a_sample_that_expands_says_so_and_order_0_has_no_roots(growth):
    batch = pv.fit_rolling_var(growth, window=60, lags=0, expanding=True)
    figure = batch.plot()
    assert figure.get_suptitle() == "Estimates as the sample expands"
    assert figure.get_supxlabel().startswith("Samples that begin with 60 rows and expand")
    (ax,) = batch.plot(what="roots").axes
    assert not lines(ax)[0].get_ydata().any()


def test_it_is_drawn_where_it_is_asked_to(windows):
    figure, axes = plt.subplots(1, 2)
    assert windows.plot(keep="*L1.dl_realgdp", drop="[dl_realinv]*", ax=axes) is figure
    assert len(figure.axes) == 2
    assert figure.get_suptitle() == ""


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keep": "[nobody]*"}, "matches none"),
        ({"drop": "*"}, "leave no coefficient to draw"),
        ({"what": "root"}, "Did you mean 'roots'"),
        ({"level": 0.05}, "did you mean"),
        ({"labels": {"x": "y"}}, "labels="),
    ],
)
def test_what_cannot_be_drawn_is_refused(windows, options, message):
    with pytest.raises(SpecificationError, match=message):
        windows.plot(**options)


def test_members_that_are_no_windows_have_no_time(growth):
    with pytest.raises(SpecificationError, match="draws windows of one sample over time"):
        pv.plot_rolling(pv.fit_var_batch(np.stack([growth, growth])))
    with pytest.raises(SpecificationError, match="takes the result of fit_rolling_var"):
        pv.plot_rolling(pv.fit_var(growth, lags=1))
