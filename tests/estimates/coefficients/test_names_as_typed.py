"""Coefficients named in tests and combinations as they were typed: written otherwise, by term, by pattern."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import panelvar as pv


@pytest.fixture(scope="module")
def result():
    rng = np.random.default_rng(8)
    n = 240
    frame = pd.DataFrame({"firm": np.repeat(np.arange(20), 12), "t": np.tile(np.arange(12), 20)})
    frame["x"], frame["gdp per capita"], frame["y"] = rng.uniform(1, 2, n), rng.normal(size=n), rng.normal(size=n)
    frame["treated"], frame["since"] = frame["firm"] % 2, frame["t"] - 6
    frame["region"] = np.array(["north", "old town", "west"])[frame["firm"] % 3]
    formula = (
        "y ~ x + log(x) + I(x**2) + `gdp per capita` + x:`gdp per capita` + C(region) + C(region):x + L(x, 0:2) "
        "+ i(since, treated, ref=[-1, 5])"
    )
    return pv.fit_pooled(pv.Panel(frame, "firm", "t"), formula, cov="HC1")


def places(result, *names):
    matrix = np.zeros((len(names), len(result.params)))
    for row, name in enumerate(names):
        matrix[row, list(result.params.index).index(name)] = 1.0
    return matrix


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("I(x**2)", "I(x ** 2)"),
        ("np.log(x)", "log(x)"),
        ("log( x )", "log(x)"),
        ("gdp per capita", "gdp per capita"),
        ("`gdp per capita`", "gdp per capita"),
        ("gdp  per capita", "gdp per capita"),
        ("`gdp per capita`:x", "x:gdp per capita"),
        ("x : gdp per capita", "x:gdp per capita"),
        ("L(x, 1)", "L(x)"),
        ("L(x,k=1)", "L(x)"),
        ("L(x,2)", "L(x, 2)"),
        ("C(region)[T.old town]", "C(region)[T.old town]"),
        ("x:C(region)[T.old town]", "C(region)[T.old town]:x"),
        ("i(since,treated,ref=[-1,5])[T.-3]", "i(since, treated, ref=[-1, 5])[T.-3]"),
    ],
)
def test_a_coefficient_is_found_however_it_is_written(result, written, name):
    matrix = places(result, name)
    for line, target in ((written, 0.0), (f"{written} = 0.5", 0.5), (f"0.5={written}", 0.5), (f"2*{written} = 1", 0.5)):
        expected = result.wald_test(matrix, target)
        np.testing.assert_allclose(result.wald_test(line).statistic, expected.statistic, rtol=1e-10)
    assert result.wald_test({written: 0.5}).statistic == pytest.approx(result.wald_test(matrix, 0.5).statistic)
    assert result.lincom(f"3*{written} - x + 1").estimate == pytest.approx(
        3 * result.params[name] - result.params["x"] + 1
    )


def test_names_written_otherwise_stand_together(result):
    matrix = places(result, "I(x ** 2)") - places(result, "log(x)")
    expected = result.wald_test(matrix).statistic
    for line in ("I(x**2) = np.log(x)", "I(x**2) - np.log( x )", "`I(x ** 2)` = log(x)"):
        assert result.wald_test(line).statistic == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("C(region)", ["C(region)[T.old town]", "C(region)[T.west]"]),
        ("C( region )", ["C(region)[T.old town]", "C(region)[T.west]"]),
        ("x:C(region)", ["C(region)[T.old town]:x", "C(region)[T.west]:x"]),
        ("L(x, 1:2)", ["L(x)", "L(x, 2)"]),
        ("i(since, treated, ref=[-1,5])[T.-?]", [f"i(since, treated, ref=[-1, 5])[T.{k}]" for k in range(-4, -1)]),
        ("*[T.west]", ["C(region)[T.west]"]),
        ("C(region)[*]", ["C(region)[T.old town]", "C(region)[T.west]"]),
    ],
)
def test_a_term_or_a_pattern_tests_all_its_coefficients(result, written, names):
    expected = result.wald_test(places(result, *names))
    found = result.wald_test(written)
    assert found.df == len(names)
    np.testing.assert_allclose(found.statistic, expected.statistic, rtol=1e-10)
    assert found.null == (f"all {len(names)} of {written} = 0" if len(names) > 1 else f"{names[0]} = 0")
    both = result.wald_test([written, "log(x) = 1"])
    assert both.df == len(names) + 1


def test_an_expression_is_no_pattern(result):
    with pytest.raises(pv.SpecificationError, match="not linear"):
        result.wald_test("x*log(x)")
    assert result.wald_test("x*2").df == 1
    for line in ("C(nothing)", "I(x**3)", "gdppercapita", "C(region)[5]", "I(x**3) = log(x)"):
        with pytest.raises(pv.SpecificationError, match="is not a coefficient of the model, which has: const, x"):
            result.wald_test(line)
    with pytest.raises(pv.SpecificationError, match="names of coefficients, which are: const, x"):
        result.wald_test("zz*")
    with pytest.raises(pv.SpecificationError, match="is not a coefficient of the model, which has: const, x"):
        result.wald_test({"I(x**3)": 0.0})


def test_the_wild_bootstrap_reads_names_in_the_same_way(result):
    one = pv.wild_bootstrap_test(result, "np.log(x)", draws=99, seed=1)
    other = pv.wild_bootstrap_test(result, "log(x) = 0", draws=99, seed=1)
    assert one.pvalue == other.pvalue
    term = pv.wild_bootstrap_test(result, "C(region)", draws=99, seed=1)
    assert term.df == 2


@pytest.mark.filterwarnings("ignore:.*dropped for missing")
@pytest.mark.filterwarnings("ignore:Weak instruments")
def test_regressors_are_chosen_as_they_were_typed():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"firm": np.repeat(np.arange(30), 6), "t": np.tile(np.arange(6), 30)})
    frame["x"], frame["w"], frame["z"], frame["v"] = rng.normal(size=(4, 180))
    frame["fixed"] = np.repeat(rng.normal(size=30), 6)
    frame["region"] = rng.choice(list("abc"), 180)
    frame["y"] = frame["x"] + rng.normal(size=180) + frame["fixed"] + np.repeat(3.0 * rng.normal(size=30), 6)
    panel = pv.Panel(frame, "firm", "t")
    formula = "y ~ x + I(w**2) + C(region) + fixed"
    typed = pv.fit_hausman_taylor(panel, formula, endogenous=["I(w**2)", "C(region)"])
    names = ["I(w ** 2)", "C(region)[T.b]", "C(region)[T.c]"]
    printed = pv.fit_hausman_taylor(panel, formula, endogenous=names)
    pd.testing.assert_series_equal(typed.params, printed.params)
    random = pv.fit_random_effects(panel, formula)
    assert pv.hausman_regression_test(random, regressors="C(region)").df == 2
    with pytest.raises(pv.SpecificationError, match="regressors='I\\(v\\*\\*2\\)' matches none of the names"):
        pv.hausman_regression_test(random, regressors="I(v**2)")
    iv = pv.fit_iv_pooled(panel, "y ~ x + [I(w**2) + L(w) ~ z + v + L(z, 1:2)]", missing="drop")
    assert iv.endogeneity_test("I(w**2)").df == 1
    assert iv.difference_in_sargan("L(z, 2)").df == 1
    assert iv.anderson_rubin({"I(w**2)": 0.0, "L(w,1)": 0.0}).statistic == iv.anderson_rubin(0.0).statistic
    with pytest.raises(pv.SpecificationError, match=r"variables='q' matches none of the names.* 'I\(w \*\* 2\)'"):
        iv.endogeneity_test("q")


@pytest.mark.parametrize(
    ("written", "here"),
    [
        ("_b[x] = 0.5", "x = 0.5"),
        ("2*_b[x] - _b[_cons]", "2*x - const"),
        ("_coef[L(x, 1)] = _b[L(x, 2)]", "L(x) = L(x, 2)"),
        ("_b[C(region)[T.old town]] = _b[x:gdp per capita]", "C(region)[T.old town] = x:gdp per capita"),
        ("_b[`gdp per capita`] + _b[log(x)]/2", "gdp per capita + log(x)/2"),
    ],
)
def test_stata_s_notation_of_coefficients_is_read(result, written, here):
    assert result.wald_test(written).statistic == pytest.approx(result.wald_test(here).statistic, rel=1e-10)
    ours, theirs = (result.nonlinear(text.replace("=", "-")) for text in (here, written))
    assert theirs.params.iloc[0] == ours.params.iloc[0]
    assert theirs.std_errors.iloc[0] == ours.std_errors.iloc[0]


def test_equations_in_stata_s_notation():
    rng = np.random.default_rng(3)
    fit = pv.fit_var(pd.DataFrame(rng.normal(size=(80, 2)), columns=["infl", "rate"]), lags=2)
    expected = fit.wald_test("[infl]L1.rate = [rate]const").statistic
    for written in ("_b[infl:L1.rate] = _b[rate:_cons]", "[infl]_b[L1.rate] = [rate]_b[_cons]"):
        assert fit.wald_test(written).statistic == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("asked", ["wald_test", "lincom", "nonlinear"])
def test_an_unknown_coefficient_of_stata_s_is_refused_by_its_name(result, asked):
    with pytest.raises(pv.SpecificationError, match="'q' is not a coefficient of the model, which has: const, x"):
        getattr(result, asked)("_b[q]/2")
    with pytest.raises(pv.SpecificationError, match="'_b\\[x' has a bracket that is not closed"):
        getattr(result, asked)("_b[x")
