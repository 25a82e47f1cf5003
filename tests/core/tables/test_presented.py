"""What every result that is a table offers, and where its words come from."""

from __future__ import annotations

import ast
import math
from pathlib import Path

import numpy as np
import pytest
from twins import gappy_frame

import panelvar as pv
from panelvar.core.faces.layout import Row, number, words
from panelvar.core.faces.number_format import pvalue_text
from panelvar.core.tables.table import Presented, Table
from panelvar.core.tables.test_result import chi2_test, chibar2_test, f_test, own_test, t_test, z_test
from panelvar.estimates.bands.confidence_set import ConfidenceSet

PACKAGE = Path(pv.__file__).resolve().parent


class Shown(Presented):
    """A result of one number."""

    def summary(self) -> Table:
        return Table("Shown", header=(Row("", (words("value"),)),), body=(Row("x", (number(1.5),)),))


def test_every_form_is_the_summarys():
    shown, table = Shown(), Shown().summary()
    assert str(shown) == shown.to_text() == table.to_text() == str(table)
    assert shown._repr_html_() == shown.to_html() == table.to_html() == table._repr_html_()
    assert shown.to_markdown() == table.to_markdown()
    assert shown.to_latex(label="tab:x") == table.to_latex(label="tab:x")
    assert shown.to_text(40) == table.to_text(width=40)
    assert table.summary() is table


def test_a_result_without_a_summary_cannot_be_made():
    with pytest.raises(TypeError, match="abstract"):
        Presented()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.03142, "p = 0.0314"),
        (0.00006, "p = 0.0001"),
        (1e-9, "p < 0.0001"),
        (1.0, "p = 1.0000"),
        (math.nan, "no p-value"),
    ],
)
def test_a_pvalue_in_a_sentence(value, text):
    assert pvalue_text(value) == text


@pytest.mark.parametrize(
    ("test", "line", "reference"),
    [
        (chi2_test("a", 3.84, 1), "chi2(1) = 3.8400, p = 0.0500", "chi2(1)"),
        (f_test("a", 90.2041, 2, 36), "F(2, 36) = 90.2041, p < 0.0001", "F(2, 36)"),
        (t_test("a", -2.0, 12.5), "t(12.50) = -2.0000, p = 0.0677", "t(12.50)"),
        (z_test("a", 1.645, sides=1), "z = 1.6450, p = 0.0500", "N(0, 1)"),
        (chibar2_test("a", 2.706, 1, ""), "chibar2(01) = 2.7060, p = 0.0500", "chibar2(01)"),
        (chibar2_test("a", 0.0, 2, ""), "chibar2(012) = 0.0000, p = 1.0000", "chibar2(012)"),
        (own_test("a", 1.9, math.nan, ""), "statistic = 1.9000, no p-value", "its own"),
        (chi2_test("a", math.nan, 0), "chi2(0) = n/a, no p-value", "chi2(0)"),
    ],
)
def test_a_statistic_in_one_line(test, line, reference):
    assert test.in_a_line() == line
    assert repr(test) == f"<a: {line}>"
    assert test.reference == reference
    assert reference in test.to_text()


def test_small_findings_are_tables_too():
    frame = gappy_frame(entities=30)
    frame["z1"], frame["z2"] = np.random.default_rng(0).standard_normal((2, len(frame)))
    frame["z1"] += frame["x2"]
    panel = pv.Panel(frame, "entity", "year")
    found = pv.fit_iv_pooled(panel, "y", ["x1"], endogenous=["x2"], instruments=["z1", "z2"])

    combination = found.lincom("x1 + x2", level=0.9)
    row = combination.summary().to_frame().loc["x1 + x2"]
    assert row["estimate"] == combination.estimate
    assert row["pvalue"] == combination.pvalue
    assert (row["lower"], row["upper"]) == (combination.lower, combination.upper)
    assert repr(combination).startswith("<x1 + x2 = ")

    limits = found.anderson_rubin_set(level=0.9)
    assert tuple(limits.summary().to_frame().loc["x2"]) == limits.intervals[0]
    assert "Empty" in ConfidenceSet("x2", (), 0.9).to_text()

    strength = found.effective_f
    assert strength.summary().to_frame()["Critical value"].tolist() == list(strength.critical_values.values())

    clusters = pv.cluster_diagnostics(pv.fit_pooled(panel, "y", ["x1", "x2"]))
    assert clusters.summary().to_frame()["Effective number"].to_dict() == clusters.effective_clusters.to_dict()

    random = pv.fit_random_effects(panel, "y", ["x1", "x2"])
    variances = random.variance_components
    shares = variances.summary().to_frame()["Share"]
    assert shares.sum() == pytest.approx(1.0)
    assert shares["Effect (entity)"] == pytest.approx(variances.rho)
    correlations = pv.residual_correlations(random)
    assert correlations.summary().to_frame().loc["Correlation", "Mean"] == correlations.mean
    measures = random.rsquared_table.summary().to_frame()["R2"]
    assert measures[["Within", "Between", "Overall"]].tolist() == [
        random.rsquared_table.within,
        random.rsquared_table.between,
        random.rsquared_table.overall,
    ]
    for small in (combination, limits, strength, clusters, variances, correlations, random.rsquared_table):
        assert repr(small).startswith("<") and "\n" not in repr(small)
        assert small._repr_html_() == small.summary().to_html()


def test_no_other_class_renders_itself():
    """Notebook form and file forms are written once: results say what is in the table, not how it is shown."""
    once = {"_repr_html_", "to_text", "to_markdown", "to_html", "to_latex"}
    found = {
        f"{path.name}: {node.name}"
        for path in PACKAGE.rglob("*.py")
        if path != PACKAGE / "core" / "tables" / "table.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and node.name in once
    }
    assert found == set()
