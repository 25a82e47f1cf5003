"""The lags of panel vector autoregressions, against regressions with dummies on the rows of the longest order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from quiet import quietly
from systems.panel_var.panel_var_twins import NAMES, dummy_regression, panel_of, rows_of

import panelvar as pv

LONG = panel_of(seed=2, entities=8, periods=40, second=0.25)


def common_rows(frame, order, longest):
    """Rows that the longest order can use, with the lags of a shorter one."""
    return [(entity, year, x[: 2 * order], y) for entity, year, x, y in rows_of(frame, longest)]


@pytest.mark.parametrize("time_effects", [False, True])
def test_criteria_are_those_of_regressions_with_dummies(time_effects):
    longest = 3
    selection = pv.select_lags(LONG, NAMES, max_lags=longest, time_effects=time_effects)
    assert "Effects  entity" in str(selection)
    for order in (1, 2, 3):
        rows = common_rows(LONG, order, longest)
        _, residuals, whole, _ = dummy_regression(rows, time_effects=time_effects)
        n = len(rows)
        assert selection.nobs == n
        log_det = np.linalg.slogdet(residuals.T @ residuals / n)[1]
        count = 2 * whole.shape[1]
        own = selection.table.loc[order]
        assert own["loglik"] == pytest.approx(-n / 2 * (2 * (1 + np.log(2 * np.pi)) + log_det), rel=1e-10)
        for name, penalty in (("aic", 2.0), ("bic", np.log(n)), ("hqic", 2 * np.log(np.log(n)))):
            assert own[name] == pytest.approx(log_det + penalty * count / n, rel=1e-9)
        assert own["fpe"] == pytest.approx(
            np.exp(log_det) * ((n + whole.shape[1]) / (n - whole.shape[1])) ** 2, rel=1e-9
        )
    assert selection.selected["bic"] == 2


@pytest.mark.parametrize(
    "method", ["within", "hahn-kuersteiner", "half-panel-jackknife", "corrected-moments", "pooled"]
)
def test_a_criterion_chooses_the_lags_of_least_squares(method):
    model = quietly(pv.fit_panel_var, LONG, NAMES, lags="bic", max_lags=3, method=method)
    assert "BIC of least squares chose 2 lags among 1 to 3" in str(model.notes)
    np.testing.assert_array_equal(model.params, quietly(pv.fit_panel_var, LONG, NAMES, lags=2, method=method).params)
    longest = quietly(pv.fit_panel_var, LONG, NAMES, lags=3, method=method)
    selection = quietly(longest.lag_selection)
    assert selection.order("bic") == 2
    if method != "pooled":
        expected = pv.select_lags(LONG, NAMES, max_lags=3)
        pd.testing.assert_frame_equal(selection.table, expected.table)


def test_a_criterion_of_moments_chooses_the_lags_of_gmm():
    frame = panel_of(seed=3, entities=80, periods=9)
    few = {"method": "gmm", "instruments": pv.LagInstruments(last=4, collapse=True)}
    model = quietly(pv.fit_panel_var, frame, NAMES, lags="bic", max_lags=2, **few)
    selection = quietly(pv.fit_panel_var, frame, NAMES, lags=2, **few).lag_selection()
    assert model.lags == selection.order("bic")
    assert "BIC of moments chose" in str(model.notes)
    with pytest.raises(pv.SpecificationError, match="Moments have aic, bic, hqic"):
        pv.fit_panel_var(frame, NAMES, lags="lr", max_lags=2, **few)


def test_all_columns_of_a_panel_are_the_system():
    panel = pv.Panel(LONG.reset_index(), "firm", "year")
    one, other = (
        pv.select_lags(panel, exogenous="z", max_lags=2),
        pv.select_lags(LONG, NAMES, exogenous="z", max_lags=2),
    )
    pd.testing.assert_frame_equal(one.table, other.table)
    assert pv.select_lags(LONG, NAMES).orders.tolist() == list(range(1, 10))


def test_entities_that_outnumber_their_rows_are_warned_of():
    frame = panel_of(seed=4, entities=30, periods=12)
    with pytest.warns(pv.PanelVarWarning, match=r"30 entities of 10 rows.*lags=2, method='gmm'\)\.lag_selection"):
        pv.select_lags(frame, NAMES, max_lags=2)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: pv.select_lags(LONG, NAMES, trend="ct"), "trend= is for one series"),
        (lambda: pv.select_lags(LONG, NAMES, seasons=4), "seasons= is for one series"),
        (lambda: pv.select_lags(LONG, NAMES, min_lags=1), "min_lags= is for one series"),
        (lambda: pv.select_lags(LONG.loc["e00"], NAMES, time_effects=True), "time_effects= is for panels"),
        (lambda: pv.fit_panel_var(LONG, NAMES, max_lags=2), "lags= names a criterion"),
        (lambda: pv.fit_panel_var(LONG, NAMES, lags="ic"), "lags='ic'"),
        (lambda: pv.fit_panel_var(LONG, NAMES, lags="bic", method="mean-group"), "fit_var_batch"),
        (lambda: pv.fit_panel_var(LONG, NAMES, lags=2, method="mean-group").lag_selection(), "fit_var_batch"),
        (lambda: pv.fit_panel_var(LONG, NAMES, method="within").lag_selection(), "say lags=4"),
        (
            lambda: pv.fit_panel_var(
                pv.PanelStream([LONG.reset_index()], entity="firm", time="year"), NAMES, lags="bic"
            ),
            "in memory",
        ),
    ],
)
def test_what_is_refused(call, words):
    with pytest.raises(pv.SpecificationError, match=words):
        quietly(call)
