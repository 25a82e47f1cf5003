"""Tables of tests, as a notebook and a document show them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv

NAMES = ["<i>output</i>", "R&D_share"]


@pytest.fixture(scope="module")
def model():
    values = np.random.default_rng(3).standard_normal((80, 2))
    return pv.fit_var(pd.DataFrame(values, columns=NAMES), lags=1)


def test_a_test_is_a_table_in_a_notebook(model):
    test = model.granger_causality(NAMES[0], NAMES[1])
    html = test._repr_html_()
    assert html == test.summary().to_html()
    assert f"{test.statistic:.4f}" in html
    assert "F(1, 152)" in html
    assert "&lt;i&gt;output&lt;/i&gt;" in html
    assert "R&amp;D_share" in html
    assert "<i>" not in html


def test_whatever_stands_in_a_test_is_escaped():
    note = pv.Note("odd", "a < b & <script>alert(1)</script>")
    test = pv.TestResult("x > <b>y</b>", 1.0, 0.25, "chi2", 1, null="<u>none</u> & all", notes=(note,))
    html = test._repr_html_()
    for escaped in (
        "x &gt; &lt;b&gt;y&lt;/b&gt;",
        "&lt;u&gt;none&lt;/u&gt; &amp; all",
        "a &lt; b &amp; &lt;script&gt;",
    ):
        assert escaped in html
    for raw in ("<b>", "<u>", "<script>"):
        assert raw not in html
    assert r"x \textgreater{} \textless{}b\textgreater{}y" in test.summary().to_latex()


def test_tests_that_come_together_are_one_table(model):
    normality, cusum = pv.normality_test(model), pv.cusum_test(model)
    frame = normality.summary().to_frame()
    assert len(frame) == 5
    assert frame["Statistic"].tolist() == [
        test.statistic
        for test in (normality.joint, normality.skewness, normality.kurtosis, *normality.by_equation.values())
    ]
    assert cusum.summary().to_frame()["p"].tolist() == [test.pvalue for test in cusum.tests.values()]
    for found in (normality, cusum):
        # In the row, and twice in the words of the hypothesis.
        html = found._repr_html_()
        assert html.count("&lt;i&gt;output&lt;/i&gt;") == 3
        assert "<i>" not in html


def test_a_bootstrap_shows_itself_as_other_tests_do():
    rng = np.random.default_rng(1)
    data = {"i": np.repeat(np.arange(12), 5), "t": np.tile(np.arange(5), 12)}
    data |= dict(zip(("<y>", "<x>"), rng.standard_normal((2, 60)), strict=True))
    test = pv.wild_bootstrap_test(pv.fit_pooled(pv.Panel(data, "i", "t"), "<y>", ["<x>"]), "<x>", draws=99, seed=1)
    html = test._repr_html_()
    assert f"{test.statistic:.4f}" in html
    assert "&lt;x&gt;" in html
    assert "<x>" not in html


def test_a_test_of_any_distribution_prints():
    test = pv.TestResult("Mine", 2.0, 0.25, "bootstrap")
    assert repr(test) == "<Mine: statistic = 2.0000, p = 0.2500>"
    assert "bootstrap" in str(test.summary())
