"""Calls as users of other programs write them: what is wrong, and what to write instead."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv

RNG = np.random.default_rng(4)
FRAME = pd.DataFrame({"firm": np.repeat(range(6), 10), "year": np.tile(range(2000, 2010), 6)})
for _name in ("y", "x", "z"):
    FRAME[_name] = RNG.standard_normal(len(FRAME))
PANEL = pv.Panel(FRAME, "firm", "year")
FIXED = pv.fit_fixed_effects(PANEL, "y", ["x"], cov="classical")
SERIES = RNG.standard_normal((60, 2))
MODEL = pv.fit_var(SERIES, ["x", "y"], lags=1)


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (
            lambda: pv.fit_pooled("y ~ x", FRAME),
            "'y ~ x' is a text. Give the data first, and names or a formula after them.",
        ),
        (
            lambda: pv.fit_pooled("y ~ x", data=FRAME),
            "given data twice, as 'y ~ x' and by name. It takes data, y, x without their names.",
        ),
        (lambda: pv.fit_pooled(PANEL, "y", "x", cov="firm"), "For clusters by a column write Clustered('firm')."),
        (lambda: pv.fit_pooled(PANEL, "y", "x", cov="cluster firm"), "by a column write Clustered('firm')."),
        (
            lambda: pv.fit_pooled(PANEL, "y", "x + z"),
            "Write several columns as a list, ['x', 'z']; a formula has a '~'.",
        ),
        (lambda: pv.fit_pooled(PANEL, "y", "x z"), "Write several columns as a list, ['x', 'z'];"),
        (lambda: pv.Panel(FRAME, ["firm", "year"]), "Name the two columns separately: entity='firm', time='year'."),
        (lambda: pv.fit_vecm(SERIES, rank="auto", lags=2), "must be a whole number, such as johansen_test(...).rank."),
        (
            lambda: pv.fit_var("x ~ y", FRAME),
            "'x ~ y' is a text. Give the data first, and names or a formula after them.",
        ),
        (
            lambda: pv.fit_var(FRAME, "x + y", lags=1),
            "Write several columns as a list, ['x', 'y']; a formula has a '~'.",
        ),
        (lambda: pv.fit_var(FRAME, ["x", "yaer"], lags=1), "Did you mean 'year'?"),
        (lambda: pv.fit_var(SERIES, lags="2"), "As a number it is lags=2."),
        (lambda: pv.fit_var(SERIES, lags=[1, 2]), "Lags 1 to 2 are lags=2."),
        (lambda: pv.fit_var(SERIES, lags=range(1, 5)), "Lags 1 to 4 are lags=4."),
        (lambda: pv.fit_var(SERIES, lags=[1, 4]), "To leave out lags, use fit_restricted_var."),
        (lambda: pv.HC(3), "Did you mean 'HC3'?"),
        (lambda: MODEL.impulse_responses(4, identification="chol"), "Did you mean 'cholesky'?"),
        (lambda: pv.adf_test(FRAME.set_index(["firm", "year"])["y"]), "panel_unit_root_table has the tests of panels."),
    ],
)
def test_calls_are_answered(call, answer):
    with pytest.raises(pv.PanelVarError) as caught:
        call()
    assert answer in str(caught.value)


def test_what_is_no_column_is_not_taken_for_one():
    for cov in ("HC9", "CR7", "hc2b", ""):
        with pytest.raises(pv.SpecificationError) as caught:
            pv.fit_pooled(PANEL, "y", "x", cov=cov)
        assert "Clustered" not in str(caught.value)
    with pytest.raises(pv.DataError, match=r"Column 'x \+ w' is not in the data\. Columns"):
        pv.fit_pooled(PANEL, "y", "x + w")
    with pytest.raises(pv.DataError, match=r"entity has 2 labels for 60 rows of data\.$"):
        pv.Panel(FRAME, ["firm", "month"])


@pytest.mark.parametrize(
    ("thing", "name", "answer"),
    [
        (MODEL.forecast(2), "mean", "Here it is values, or to_frame()."),
        (MODEL.variance_decomposition(2), "table", "Here it is to_frame()."),
        (MODEL, "A", "Here it is coefficients."),
        (FIXED, "linearHypothesis", "Here it is wald_test()."),
        (FIXED, "vcovHC", "Here it is with_cov()."),
        (FIXED, "cluster", "Here it is with_cov(Clustered(...))."),
        (FIXED, "robust", "Here it is with_cov()."),
        (FIXED, "coefplot", "Here it is panelvar.plot_coefficients(result)."),
        (FIXED, "esttab", "Here it is panelvar.compare(result)."),
        (FIXED, "pooltest", "Here it is f_poolability."),
        (FIXED, "estat", "panelvar.breusch_godfrey_test(result), panelvar.modified_wald_test(result), and so on."),
        (MODEL, "estat", "panelvar.portmanteau_test(result), panelvar.normality_test(result), and so on."),
        (PANEL, "values", "Here it is column(name), of one, or to_frame()."),
        (PANEL, "dropna", "Rows with a missing value are left out by every estimator; others by where(condition)."),
        (PANEL, "set_index", "Entity and time are named once: Panel(data, entity=..., time=...)."),
        (pv.fit_rolling_var(SERIES, window=30, lags=1), "irf", "Here it is impulse_responses()."),
        (
            pv.fit_rolling_var(SERIES, window=30, lags=1),
            "to_frame",
            "Here it is summary(rows=None).to_frame(), or params and its like.",
        ),
        (FIXED.lincom("2 * x"), "coef", "Here it is estimate."),
        (FIXED.lincom("2 * x"), "conf_int", "Here it is lower and upper."),
    ],
)
def test_attributes_are_answered(thing, name, answer):
    with pytest.raises(AttributeError) as caught:
        getattr(thing, name)
    assert str(caught.value).endswith(answer)
