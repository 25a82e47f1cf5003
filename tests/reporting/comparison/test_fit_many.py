"""Several fits in one call are the fits one by one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from quiet import quietly
from reference_data import table

import panelvar as pv


@pytest.fixture(scope="module")
def panel():
    rows = table("empluk")
    return pv.Panel(rows.assign(kind=np.where(rows["sector"] < 5, "goods", "others")), "firm", "year")


X = ["lwage", "lcapital", "loutput"]


def same(found, expected):
    assert found.params.equals(expected.params)
    assert found.std_errors.equals(expected.std_errors)
    assert found.nobs == expected.nobs


@pytest.mark.parametrize(
    ("steps", "lists"),
    [
        (None, [X]),
        ("cumulative", [X[:1], X[:2], X]),
        ("separate", [[name] for name in X]),
        ("cumulative from none", [[], X[:1], X[:2], X]),
        ("separate and none", [[], *[[name] for name in X]]),
    ],
)
@pytest.mark.parametrize("always", [(), "output"])
def test_steps_are_the_fits_one_by_one(panel, steps, lists, always):
    found = pv.fit_many(pv.fit_pooled, panel, "lemp", X, steps=steps, always=always, options={"cov": "HC1"})
    assert list(found) == [f"({k})" for k in range(1, len(lists) + 1)]
    for fit, regressors in zip(found.values(), lists, strict=True):
        regressors = [always, *regressors] if always else regressors
        terms = " + ".join(regressors) or "1"
        same(fit, pv.fit_pooled(panel, f"lemp ~ {terms}", cov="HC1"))


def test_outcomes_parts_and_steps(panel):
    found = quietly(
        pv.fit_many, pv.fit_fixed_effects, panel, ["lemp", "emp"], X, steps="cumulative", by="kind", whole=True
    )
    assert len(found) == 2 * 3 * 3
    assert list(found)[:4] == [
        ("lemp, all", "(1)"),
        ("lemp, all", "(2)"),
        ("lemp, all", "(3)"),
        ("lemp, kind = goods", "(1)"),
    ]
    rows = table("empluk").query("sector < 5").set_index(["firm", "year"])
    same(found["emp, kind = goods", "(2)"], quietly(pv.fit_fixed_effects, rows, "emp", X[:2]))
    text = pv.compare(found, foot=["nobs"]).to_text(120)
    assert "kind = goods" in text
    assert max(map(len, found.to_text().splitlines())) <= 80
    assert "lwage" in found.to_latex() and "18 fits" in repr(found)


def test_formulas_and_terms(panel):
    formulas = ["lemp ~ lwage", "lemp ~ lwage + L(lcapital) | firm"]
    found = quietly(pv.fit_many, pv.fit_fixed_effects, panel, formulas)
    assert list(found) == ["(1)", "(2)"]
    same(found["(2)"], quietly(pv.fit_fixed_effects, panel, formulas[1]))
    terms = quietly(pv.fit_many, pv.fit_pooled, panel, "log(emp)", ["lwage", "L(lcapital)"], steps="cumulative")
    same(terms["(2)"], quietly(pv.fit_pooled, panel, "log(emp) ~ lwage + L(lcapital)"))


def test_parts_by_entity_and_time(panel):
    found = quietly(pv.fit_many, pv.fit_pooled, panel, "lemp", ["lwage"], by="time")
    assert next(iter(found)) == "year = 1976" and len(found) == 9
    same(found["year = 1980"], pv.fit_pooled(panel.where(panel["year"] == 1980), "lemp", ["lwage"]))
    few = panel.where(panel["firm"] < 4)
    assert list(quietly(pv.fit_many, pv.fit_pooled, few, "lemp", ["lwage"], by="entity")) == [
        "firm = 1",
        "firm = 2",
        "firm = 3",
    ]


def test_names_with_blanks_and_unsorted_rows(panel):
    rows = table("empluk").rename(columns={"lwage": "log wage"}).sample(frac=1.0, random_state=1)
    rows["kind"] = np.where(rows["sector"] < 5, "goods", "others")
    data = pv.Panel(rows, "firm", "year")
    found = quietly(
        pv.fit_many, pv.fit_pooled, data, "lemp", ["log wage", "L(lcapital)"], steps="cumulative", by="kind"
    )
    goods = panel.where(panel["kind"] == "goods")
    expected = quietly(pv.fit_pooled, goods, "lemp ~ lwage + L(lcapital)")
    assert found["kind = goods", "(2)"].params.tolist() == pytest.approx(expected.params.tolist(), rel=1e-12)


def test_labels(panel):
    found = pv.fit_many(pv.fit_pooled, panel, "lemp", X, steps="separate", labels=["wage", "capital", "output"])
    assert list(found) == ["wage", "capital", "output"]
    assert "wage" in found and ("wage",) not in found
    assert isinstance(pv.compare(found).to_frame(), pd.DataFrame)


def test_other_estimators(panel):
    found = quietly(
        pv.fit_many, pv.fit_iv_pooled, panel, ["lemp ~ lcapital + [lwage ~ loutput]", "emp ~ [lwage ~ loutput]"]
    )
    assert found["(1)"].endogenous == ("lwage",)
    dynamic = quietly(pv.fit_many, pv.fit_arellano_bond, panel, "lemp", ["lwage", "lcapital"], steps="cumulative")
    same(dynamic["(1)"], quietly(pv.fit_arellano_bond, panel, "lemp", ["lwage"]))
    assert "L(lemp)" in dynamic.to_text() or "lemp" in dynamic.to_text()


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (("ols", "lemp", X), {}, "must be an estimator"),
        ((pv.HC(), "lemp", X), {}, "must be an estimator"),
        ((object, "lemp", X), {}, "such as fit_fixed_effects, which takes data and an outcome"),
        (
            (
                lambda data: data,
                "lemp ~ lwage",
            ),
            {},
            "which takes data and an outcome or a formula: too many positional",
        ),
        ((pv.fit_pooled, [], X), {}, "names no outcome"),
        ((pv.fit_pooled, "lemp"), {}, "Regressors are missing"),
        ((pv.fit_pooled, ["lemp ~ lwage", "emp"], None), {}, "Formulas hold their regressors"),
        ((pv.fit_pooled, "lemp ~ lwage", X), {}, "Formulas hold their regressors"),
        ((pv.fit_pooled, "lemp ~ lwage"), {"steps": "cumulative"}, "Formulas hold their regressors"),
        ((pv.fit_pooled, "lemp", X), {"steps": "stepwise"}, "'cumulative', 'separate'"),
        ((pv.fit_pooled, "lemp", []), {"steps": "separate"}, "and x is not given"),
        ((pv.fit_pooled, "lemp", X), {"whole": True}, "so it needs by="),
        ((pv.fit_pooled, "lemp", X), {"whole": 1}, "must be True or False"),
        ((pv.fit_pooled, "lemp", X), {"by": "nothing"}, "nothing"),
        ((pv.fit_pooled, "lemp", X), {"by": ["kind"]}, "by"),
        ((pv.fit_pooled, ["lemp", "emp"], X), {"by": "output", "steps": "separate"}, "fits at once; the limit"),
        ((pv.fit_pooled, "lemp", X), {"options": ["cov"]}, "a mapping of arguments"),
        ((pv.fit_pooled, "lemp", X), {"options": {"y": 1}}, "not an argument of the estimator"),
        ((pv.fit_pooled, "lemp", X), {"options": {"vcov": "HC1"}}, "Fit (1): "),
        ((pv.fit_pooled, "lemp", X), {"labels": ["one", "two"]}, "1 different texts"),
        ((pv.fit_pooled, "lemp", X), {"labels": ["one", "one"]}, "1 different texts"),
        ((pv.fit_pooled, "lemp", X), {"labels": [["one"]]}, "1 different texts"),
        ((pv.fit_pooled, "lemp", X), {"steps": "separate", "labels": "abc"}, "3 different texts"),
        ((pv.fit_pooled, ["lemp", "lemp"], X), {}, "named twice"),
        ((pv.fit_pooled, ["lemp", "gone"], X), {}, "Fit gone: "),
        ((pv.fit_fixed_effects, "lemp", X), {"by": "entity", "options": {"effects": "time"}}, "Fit firm = 1: "),
    ],
)
def test_refused_in_words(panel, arguments, options, words):
    with pytest.raises(pv.PanelVarError) as error:
        quietly(pv.fit_many, arguments[0], panel, *arguments[1:], **options)
    assert words in str(error.value)


def test_a_label_that_is_none(panel):
    found = pv.fit_many(pv.fit_pooled, panel, "lemp", X)
    with pytest.raises(pv.SpecificationError, match=r"not one of the 1 fits, which are: '\(1\)'"):
        found["(2)"]
    assert found.get("(2)") is None and found.get("(1)") is found["(1)"]


def test_missing_values_are_in_no_part(panel):
    missing = panel.with_columns(panel_order=True, part=np.where(panel.column("sector") < 3, np.nan, 1.0))
    with pytest.raises(pv.SpecificationError, match="is missing in"):
        pv.fit_many(pv.fit_pooled, missing, "lemp", X, by="part")
