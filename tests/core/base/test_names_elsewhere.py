"""Options by the names that other programs give them are refused, and the message has the name here."""

from __future__ import annotations

import copy
import pickle
import re

import numpy as np
import pandas as pd
import pytest

import panelvar as pv

X = ["x1", "x2"]


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"i": np.repeat(np.arange(12), 10), "t": np.tile(np.arange(10), 12)})
    for name in (*X, "z", "y"):
        frame[name] = rng.standard_normal(len(frame))
    frame["x2"] += 2.0 * frame["z"]
    return pv.Panel(frame, "i", "t")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("white", "HC1"),
        ("white1", "HC0"),
        ("white2", r"PanelCorrected\(diagonal=True\)"),
        ("arellano", "cluster"),
        ("CRV1", "cluster"),
        ("CRV3", "CR3"),
        ("kernel", "driscoll-kraay"),
        ("xtscc", "driscoll-kraay"),
        ("HAC", "newey-west"),
        ("BK", "pcse"),
        ("bootstrap", "wild_bootstrap_test"),
        ("HC", "HC1"),
        (["entity", "time"], r"got list. For several dimensions of clusters write Clustered\('entity', 'time'\)"),
    ],
)
def test_covariances(panel, given, meant):
    with pytest.raises(pv.SpecificationError, match=meant):
        pv.fit_pooled(panel, "y", X, cov=given)


@pytest.mark.parametrize(
    ("formula", "meant"),
    [
        ("y ~ lag(x1)", "Did you mean 'L'"),
        ("y ~ lead(x1)", "Did you mean 'F'"),
        ("y ~ diff(x1)", "Did you mean 'D'"),
        ("y ~ factor(x1)", "Did you mean 'C'"),
        ("y ~ ln(x1)", "Did you mean 'log'"),
        ("c(y, z) ~ x1", "one dependent variable"),
        ("y ~ relevel(x1, ref=2)", "Did you mean 'C'"),
        ("y ~ csw(x1, x2)", r"those of fit_many\(\.\.\., steps"),
        ("y ~ as.factor(x1)", r"Categories are written C\(x\)"),
        ("y ~ c.x1##c.x2", r"interactions are written x:z, or x\*z"),
    ],
)
def test_functions_of_formulas(panel, formula, meant):
    with pytest.raises(pv.SpecificationError, match=meant):
        pv.fit_pooled(panel, formula)


@pytest.mark.parametrize(
    ("given", "meant"),
    [("xtreg", "stata"), ("reghdfe", "stata"), ("R", "plm"), ("fixest", "pyfixest"), ("PanelOLS", "linearmodels")],
)
def test_conventions(panel, given, meant):
    with pytest.raises(pv.SpecificationError, match=f"Did you mean '{meant}'"):
        pv.fit_pooled(panel, "y", X, convention=given)


def test_the_default_does_not_go_under_a_presets_name(panel):
    with pytest.raises(pv.SpecificationError, match="Pass convention='stata'"):
        pv.fit_pooled(panel, "y", X, convention=pv.Convention("stata"))
    assert pv.Convention("stata", robust="HC1").robust == "HC1"
    with pytest.raises(pv.SpecificationError, match="name of a convention must be a text"):
        pv.Convention(3)


@pytest.mark.parametrize(
    ("test", "given", "meant"),
    [
        (pv.effects_lm_test, "bp", "breusch-pagan"),
        (pv.effects_lm_test, "ghm", "gourieroux-holly-monfort"),
        (pv.cross_section_dependence_test, "sclm", "scaled-lm"),
        (pv.cross_section_dependence_test, "bcsclm", "bias-corrected-lm"),
        (pv.cross_section_dependence_test, "pesaran", "cd"),
        (pv.bera_sosa_yoon_test, "ar", "serial"),
        (pv.bhargava_test, "baltagi-wu", "lbi"),
    ],
)
def test_kinds_of_tests(panel, test, given, meant):
    with pytest.raises(pv.SpecificationError, match=f"Did you mean '{meant}'"):
        test(pv.fit_pooled(panel, "y", X), statistic=given)


def test_other_options(panel):
    pooled = pv.fit_pooled(panel, "y", X)
    with pytest.raises(pv.SpecificationError, match="Did you mean '31'"):
        pv.wild_bootstrap_test(pooled, "x1", statistic="WCR31", draws=99)
    with pytest.raises(pv.SpecificationError, match="Did you mean 'quadratic-spectral'"):
        pv.DriscollKraay(kernel="qs")
    with pytest.raises(pv.SpecificationError, match="Did you mean 'ec2sls'"):
        pv.fit_iv_random_effects(panel, "y", ["x1"], endogenous=["x2"], instruments=["z"], method="baltagi")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda result, panel: result.lincom(["x1", "x2"]), "lincom takes an expression"),
        (lambda result, panel: result.wald_test(np.full((1, 3), np.nan)), "must be finite"),
        (lambda result, panel: result.wald_test(np.eye(3), values=[1.0, 2.0]), "one for each of the 3 restrictions"),
        (lambda result, panel: result.wald_test(np.eye(3), values="a"), "values must be one number"),
        (lambda result, panel: result.wald_test({"x1": "a"}), "must be a finite number"),
        (lambda result, panel: panel.column(["x1"]), "by its name, which is a text; got list"),
        (lambda result, panel: panel.lag(["x1"]), "by its name, which is a text; got list"),
        (lambda result, panel: panel.with_columns(panel_order="no", x9=panel.column("x1")), "must be True or False"),
        (lambda result, panel: pv.compare(result, keep=3), "keep=3 must be the name of a coefficient"),
        (lambda result, panel: pv.compare(result, level=95), "level=95 must be a coverage"),
    ],
)
def test_arguments_of_methods(panel, call, message):
    with pytest.raises(pv.PanelVarError, match=message):
        call(pv.fit_pooled(panel, "y", X), panel)


def test_one_name_may_stand_alone(panel):
    result = pv.fit_pooled(panel, "y", X)
    table = pv.compare(result, keep="x1", order="x1", foot="nobs").to_frame()
    assert "x1" in str(table) and "x2" not in str(table)


@pytest.mark.parametrize(
    ("term", "here"),
    [
        ("i.x1", "C(x1)"),
        ("ib3.x1", "C(x1, ref=3)"),
        ("c.x1", "x1"),
        ("L.x1", "L(x1)"),
        ("L2.x1", "L(x1, 2)"),
        ("F.x1", "F(x1)"),
        ("D.x1", "D(x1)"),
    ],
)
def test_operators_before_a_variable(panel, term, here):
    with pytest.raises(pv.DataError, match=re.escape(f"{term!r} is not in the data. In a formula write {here}.")):
        pv.fit_pooled(panel, f"y ~ {term}")


def test_an_operator_before_what_is_no_column_is_not_explained(panel):
    with pytest.raises(pv.DataError, match=r"'L\.w' is not in the data\. Columns"):
        pv.fit_pooled(panel, "y ~ L.w")


@pytest.mark.parametrize("name", ["_cons", "(Intercept)", "Intercept"])
def test_the_constant(panel, name):
    with pytest.raises(pv.SpecificationError, match=r"matches none of the names\. Did you mean 'const'"):
        pv.compare(pv.fit_pooled(panel, "y", X), drop=name)
    with pytest.raises(pv.SpecificationError, match=r"matches none of the names\. The names are"):
        pv.compare(pv.fit_pooled(panel, "y", X, constant=False), drop=name)


def test_functions_asked_for_as_methods(panel):
    result = pv.fit_pooled(panel, "y", X)
    for owner, name, call in [
        (result, "wild_bootstrap_test", "panelvar.wild_bootstrap_test(result, ...)"),
        (result, "compare", "panelvar.compare(results, ...)"),
        (panel, "fit_pooled", "panelvar.fit_pooled(data, ...)"),
    ]:
        assert not hasattr(owner, name)
        with pytest.raises(AttributeError, match=re.escape(f"It is a function: {call}.")):
            getattr(owner, name)
    with pytest.raises(AttributeError, match=r"no attribute 'Fuller'$"):
        result.Fuller  # noqa: B018


def test_a_table(panel):
    table = pv.compare(pv.fit_pooled(panel, "y", X))
    for name, here in [("to_csv", "save('table.csv')"), ("as_text", "to_text()")]:
        with pytest.raises(AttributeError, match=re.escape(f"Here it is {here}.")):
            getattr(table, name)
    for owner in (panel, table):
        assert str(copy.deepcopy(owner)) == str(pickle.loads(pickle.dumps(owner))) == str(owner)


def test_a_condition_in_words(panel):
    with pytest.raises(pv.SpecificationError, match=r"is a text. Write a comparison of columns"):
        panel.where("x1 > 0")


@pytest.mark.parametrize(
    ("option", "given", "meant"),
    [("below", "t", "tstats"), ("below", "ci", "conf_int"), ("foot", "r2", "rsquared"), ("foot", "N", "nobs")],
)
def test_what_stands_in_a_table(panel, option, given, meant):
    asked = given if option == "below" else [given]
    with pytest.raises(pv.SpecificationError, match=f"Did you mean '{meant}'"):
        pv.compare(pv.fit_pooled(panel, "y", X), **{option: asked})
