"""The summary of one linear result."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv


def test_fixed_effects(fixed: pv.results.linear.LinearResult) -> None:
    assert (
        str(fixed)
        == """\
Fixed effects (firm): invest
=================================================================
Dependent        invest      Observations     24
Convention       default     Entities         4
Std. errors      classical   Periods          6
Inference        t(18)       Residual df      18
Effects          firm        Rows per entity  6
-----------------------------------------------------------------
         Estimate  Std. error        t        p   [0.025   0.975]
-----------------------------------------------------------------
const     1.4438     0.0257    56.2495  <0.0001   1.3899   1.4977
value     0.4855     0.0319    15.2278  <0.0001   0.4185   0.5525
capital  -0.2005     0.0252    -7.9456  <0.0001  -0.2536  -0.1475
-----------------------------------------------------------------
Within R2                0.9470   Adjusted             0.9323
R2 between entities      0.0296   R2 overall           0.5562
R2 with dummies          0.9606   Std. dev. of effect  0.3556
Std. dev. of the rest    0.1025
All slopes zero          F(2, 18) = 160.8044, p < 0.0001
Slopes and effects zero  F(5, 18) = 87.7638, p < 0.0001
Effects zero             F(3, 18) = 61.4772, p < 0.0001
================================================================="""
    )


def test_random_effects(random: pv.results.linear.LinearResult) -> None:
    text = str(random)
    assert "z        p" in text
    assert "Inference        normal" in text
    assert f"Theta                  {random.variance_components.theta[0]:.4f}" in text
    assert "All slopes zero        chi2(2) = " in text


def test_the_frame_is_the_result(fixed: pv.results.linear.LinearResult) -> None:
    frame = fixed.summary().to_frame()
    assert list(frame.columns) == ["estimate", "std_error", "t", "pvalue", "lower", "upper"]
    assert (frame.dtypes == np.float64).all()
    for column, values in {
        "estimate": fixed.params,
        "std_error": fixed.std_errors,
        "t": fixed.tstats,
        "pvalue": fixed.pvalues,
    }.items():
        assert frame[column].to_dict() == values.to_dict()
    assert frame["upper"].to_dict() == fixed.conf_int()["upper"].to_dict()


def test_level_and_digits(pooled: pv.results.linear.LinearResult) -> None:
    text = str(pooled.summary(level=0.9, digits=2))
    assert "[0.05" in text
    assert "0.95]" in text
    assert f"{pooled.params['value']:.2f} " in text
    with pytest.raises(pv.SpecificationError, match="level"):
        pooled.summary(level=0.05)


def test_warnings_stand_under_the_table(few_clusters: pv.results.linear.LinearResult) -> None:
    text = str(few_clusters)
    assert "Only 4 clusters" in text.rsplit("=====", 1)[1]
    assert "clustered by firm" in text


def test_notebook_view(fixed: pv.results.linear.LinearResult) -> None:
    assert fixed._repr_html_() == fixed.summary().to_html()


def test_unbalanced_rows_are_described(panel: pv.Panel) -> None:
    frame = panel.with_columns(invest2=np.where(np.arange(24) < 2, np.nan, panel.column("invest")))
    with pytest.warns(pv.PanelVarWarning):
        result = pv.fit_pooled(frame, "invest2", ["value"])
    assert "Rows per entity  4 to 6, mean 5.5" in str(result)


NAMES = {"y": "<b>y</b> & $y_1$", "x": "x|_^{\\alpha}%#", "const": "const"}


def test_names_are_escaped_everywhere(panel: pv.Panel) -> None:
    data = {"i": np.repeat(np.arange(4), 6), "t": np.tile(np.arange(6), 4)}
    data |= {NAMES["y"]: panel.column("invest"), NAMES["x"]: panel.column("value")}
    result = pv.fit_fixed_effects(pv.Panel(data, entity="i", time="t"), NAMES["y"], [NAMES["x"]])
    for table in (result.summary(), pv.compare([result])):
        assert NAMES["x"] in table.to_text()
        html = table.to_html()
        assert "&lt;b&gt;y&lt;/b&gt; &amp; $y_1$" in html
        assert "<b>" not in html
        latex = table.to_latex()
        assert r"x\textbar{}\_\textasciicircum{}\{\textbackslash{}alpha\}\%\#" in latex
        assert r"\textless{}b\textgreater{}y\textless{}/b\textgreater{} \& \$y\_1\$" in latex
        assert r"x\|\_\^{\\alpha}%#" in table.to_markdown()


@pytest.mark.parametrize("fit", [pv.fit_pooled, pv.fit_fixed_effects, pv.fit_between, pv.fit_first_difference])
def test_a_weighted_fit_names_its_weights(panel: pv.Panel, fit) -> None:
    weights = 1.0 + np.arange(panel.nobs) % 3
    weighted = panel.with_columns(size=weights)
    assert "Weights" not in str(fit(weighted, "invest", ["value"]))
    for given, named in (("size", "size"), (weights, "an array"), (pd.Series(weights, name="mass"), "mass")):
        result = fit(weighted, "invest", ["value"], weights=given)
        facts = {fact.label: fact.text for fact in result.summary().facts}
        assert facts["Weights"] == named
        assert {fact.label: fact.text for fact in result.without_rows().summary().facts}["Weights"] == named


def test_weights_of_instruments_and_of_streams_are_named(panel: pv.Panel) -> None:
    weighted = panel.with_columns(size=1.0 + np.arange(panel.nobs) % 3)
    formula = "invest ~ 1 | value ~ capital"
    with pytest.warns(pv.PanelVarWarning, match="Weak instruments"):
        instrumented = pv.fit_iv_pooled(weighted, formula, weights="size")
    facts = {fact.label: fact.text for fact in instrumented.summary().facts}
    assert facts["Weights"] == "size"
    frame = weighted.to_frame().reset_index()
    stream = pv.PanelStream(frame, entity=frame.columns[0], time=frame.columns[1])
    result = pv.fit_pooled(stream, "invest ~ value", weights="size")
    for each in (result, result.without_rows()):
        assert {fact.label: fact.text for fact in each.summary().facts}["Weights"] == "size"
