"""Functions of coefficients, Fieller's sets, joint tests by term, and plain frames."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from quiet import quietly
from reference_data import table

import panelvar as pv


@pytest.fixture(scope="module")
def panel():
    return pv.Panel(table("fatalities"), "state", "year")


@pytest.fixture(scope="module")
def result(panel):
    return quietly(pv.fit_pooled, panel, "fatal ~ beertax + unrate + perinck + C(year)", cov="HC1")


# ---- functions of coefficients


EXPRESSIONS = [
    ("beertax / unrate", lambda b: b["beertax"] / b["unrate"]),
    ("beertax * unrate - perinck", lambda b: b["beertax"] * b["unrate"] - b["perinck"]),
    ("exp(beertax) ** 2 / 3", lambda b: math.exp(b["beertax"]) ** 2 / 3),
    ("log(const) - sqrt(beertax)", lambda b: math.log(b["const"]) - math.sqrt(b["beertax"])),
    ("abs(perinck) ** unrate", lambda b: abs(b["perinck"]) ** b["unrate"]),
    ("-`C(year)[T.1984]` / (1 - beertax)", lambda b: -b["C(year)[T.1984]"] / (1 - b["beertax"])),
    ("beertax * unrate = 1", lambda b: b["beertax"] * b["unrate"] - 1),
    ("beertax / unrate = perinck / const", lambda b: b["beertax"] / b["unrate"] - b["perinck"] / b["const"]),
]


@pytest.mark.parametrize(("text", "value"), EXPRESSIONS, ids=[text for text, _ in EXPRESSIONS])
def test_derivatives_are_those_of_finite_differences(result, text, value):
    found = quietly(result.nonlinear, text)
    assert found.params.iloc[0] == pytest.approx(value(result.params), rel=1e-13)
    gradient = []
    for name in result.names:
        h = 1e-3 * abs(result.params[name])

        def moved(k, name=name, h=h):
            return value({**result.params, name: result.params[name] + k * h})

        gradient.append((8.0 * (moved(1) - moved(-1)) - (moved(2) - moved(-2))) / (12.0 * h))
    assert found.jacobian.iloc[0].tolist() == pytest.approx(gradient, rel=1e-8, abs=1e-12)
    gradient = found.jacobian.to_numpy()[0]
    assert found.std_errors.iloc[0] == pytest.approx(math.sqrt(gradient @ result.cov.to_numpy() @ gradient), rel=1e-12)


@pytest.mark.parametrize("power", [-400, 0, 400])
def test_units_near_the_ends_of_the_range_change_no_digit(panel, power):
    """A product's variance is then far beyond the range, and is refused; a ratio's is not."""
    frame = pd.DataFrame(table("fatalities")).assign(fatal=lambda f: np.ldexp(f["fatal"], power))
    names = ("fatal", ["beertax", "unrate"])
    plain = pv.fit_pooled(panel, *names)
    moved = pv.fit_pooled(pv.Panel(frame, "state", "year"), *names)
    ratio = "beertax / unrate"
    for each in ("params", "std_errors"):
        assert getattr(moved.nonlinear(ratio), each).tolist() == getattr(plain.nonlinear(ratio), each).tolist()
    assert np.ldexp(moved.nonlinear("3 * beertax").std_errors, -power).tolist() == (
        plain.nonlinear("3 * beertax").std_errors.tolist()
    )
    if power:
        with pytest.raises(pv.NumericalError, match=r"leaves the range of floating-point numbers"):
            moved.nonlinear("beertax * unrate")


def test_what_never_varies_is_said_to(result):
    with pytest.warns(pv.PanelVarWarning, match="have no sampling variation"):
        found = result.nonlinear("beertax = beertax")
    assert found.params.iloc[0] == 0.0


def test_several_are_estimated_jointly(result):
    found = quietly(result.nonlinear, {"ratio": "beertax / unrate", "product": "beertax * perinck"})
    assert list(found.names) == ["ratio", "product"]
    variance = found.cov.to_numpy()
    by_hand = found.params.to_numpy() @ np.linalg.solve(variance, found.params.to_numpy()) / 2
    assert found.joint.statistic == pytest.approx(by_hand, rel=1e-10)
    assert found.joint.df == 2 and found.joint.df_denominator == result.df_inference
    assert found.lincom("ratio - product").estimate == pytest.approx(found.params["ratio"] - found.params["product"])
    assert "All zero" in found.to_text() and "Fieller" in found.to_text()
    assert found.to_frame()["expression"].tolist() == ["beertax / unrate", "beertax * perinck"]


def test_a_linear_function_is_lincom(panel):
    result = quietly(pv.fit_pooled, panel, "fatal", ["beertax", "unrate"], cov=pv.BiasReduced("entity"))
    found, by_hand = result.nonlinear("beertax - 2*unrate"), result.lincom("beertax - 2*unrate")
    assert found.std_errors.iloc[0] == pytest.approx(by_hand.std_error, rel=1e-12)
    assert found.df_coefficients.iloc[0] == pytest.approx(by_hand.df, rel=1e-10)
    assert found.pvalues.iloc[0] == pytest.approx(by_hand.pvalue, rel=1e-9)
    assert not found.fieller


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("beertax / gone", "'gone' is not a coefficient"),
        ("2 + 3", "involves no coefficient"),
        ("sin(beertax)", "is not understood"),
        ("beertax if unrate else 1", "is not understood"),
        ("beertax /", "is not an expression"),
        ("beertax = 1 = 2", "more than one '='"),
        ("beertax =", "nothing on one side"),
        ("beertax > 1", "is not an equation"),
        ("beertax / 0", "has no finite value"),
        ("log(-beertax)", "has no finite value"),
        ("", "is not an expression"),
        ([], "nonlinear needs"),
        (3, "an expression such as"),
        ([3], "an expression such as"),
    ],
)
def test_refused_in_words(result, text, words):
    with pytest.raises(pv.PanelVarError) as error:
        result.nonlinear(text)
    assert words in str(error.value)


def test_a_negative_variance_has_no_error(result):
    """As a multi-way matrix may have one that a convention leaves as it is."""
    matrix = result.cov.to_numpy().copy()
    matrix[1, 1] = -matrix[1, 1]
    spoiled = replace(result, covariance=replace(result.covariance, matrix=matrix))
    found = spoiled.lincom("beertax")
    assert found.estimate == result.params["beertax"]
    assert all(math.isnan(each) for each in (found.std_error, found.statistic, found.pvalue, found.lower, found.upper))


# ---- Fieller's sets


def ratio_of(rho, d, n=1.0, v=(1.0, 1.0), seed=3):
    """A regression whose two slopes are n and d, with the errors and the correlation that are asked for, nearly."""
    rng = np.random.default_rng(seed)
    size = 400
    a, b, e = np.linalg.qr(rng.standard_normal((size, 3)))[0].T
    # The inverse of the cross product is the covariance of the slopes, in units of the error's variance.
    root = np.linalg.cholesky(np.linalg.inv(np.array([[v[0], rho], [rho, v[1]]])))
    x = np.column_stack([a, b]) @ root.T
    y = x @ np.array([n, d]) + e * math.sqrt(size - 2)
    frame = {"i": np.arange(size), "t": np.ones(size, int), "y": y, "n": x[:, 0], "d": x[:, 1]}
    return pv.fit_pooled(pv.Panel(frame, "i", "t"), "y", ["n", "d"], constant=False)


def rejected(fit, value, text):
    """The p-value of numerator less value times denominator."""
    return fit.wald_test(text.format(repr(float(value)))).pvalue


@pytest.mark.parametrize(
    ("n", "d", "kind"),
    [
        (1.0, 9.0, "an interval"),
        (5.0, -3.0, "an interval"),
        (3.0, 1.0, "unbounded: the values outside an interval"),
        (-4.0, 0.3, "unbounded: the values outside an interval"),
        (1.0, 1.0, "the whole line: no value is rejected"),
    ],
)
@pytest.mark.parametrize("rho", [0.0, 0.8, -0.8])
def test_the_set_is_what_the_test_accepts(n, d, kind, rho):
    fit = ratio_of(rho, d, n)
    found = quietly(fit.nonlinear, "n / d").fieller["n / d"]
    for value in np.concatenate([np.linspace(-30, 30, 241), [n / d]]):
        accepted = rejected(fit, value, "n - {0}*d = 0") > 0.05
        assert (value in found) == accepted, value
    ends = [end for interval in found.intervals for end in interval if math.isfinite(end)]
    for end in ends:
        assert rejected(fit, end, "n - {0}*d = 0") == pytest.approx(0.05, abs=1e-9)
    if rho == 0.0:
        assert found.in_words == kind
        assert found.bounded == (kind == "an interval")
        warned = quietly(fit.nonlinear, "n / d").notes
        assert [note.code for note in warned] == ([] if found.bounded else ["weak-denominator"])


def test_ratios_that_are_scaled_and_shifted():
    fit = ratio_of(0.3, 6.0, 2.0)
    plain = fit.nonlinear("n / d").fieller["n / d"].intervals[0]
    for text, change in (
        ("-n / d", lambda t: -t),
        ("2 * (n / d) + 1", lambda t: 2 * t + 1),
        ("1 - n / (2*d)", lambda t: 1 - t / 2),
        ("(n / d) / 4 - 3", lambda t: t / 4 - 3),
        ("3 + n / d", lambda t: 3 + t),
        ("2 + -(+n / d)", lambda t: 2 - t),
        ("n / d / 4 * 2 - 1 - 1", lambda t: t / 2 - 2),
        ("n / d" + " + 1" * 2400, lambda t: t + 2400),
        ("(n + 2*d) / d", lambda t: t + 2),
    ):
        found = fit.nonlinear(text).fieller[text].intervals[0]
        assert found == pytest.approx(sorted(map(change, plain)), rel=1e-10), text
    for text in ("n * d", "n / d ** 2", "exp(n / d)", "n / d + d", "n / d = 2", "1 / (n / d)", "n / d - d / n"):
        assert not fit.nonlinear(text).fieller, text
    # A constant is part of a linear combination.
    one = fit.nonlinear("(n + 1) / (d - 2)").fieller["(n + 1) / (d - 2)"]
    for end in one.intervals[0]:
        assert rejected(fit, end, "n + 1 - {0}*d + 2*{0} = 0") == pytest.approx(0.05, abs=1e-9)


def test_units_scale_the_set():
    fit = ratio_of(0.5, 4.0, 1.0)
    plain = fit.nonlinear("n / d").fieller["n / d"].intervals[0]
    panel = fit._design.panel
    for power in (-400, 400):
        scaled = panel.with_columns(panel_order=True, n=np.ldexp(panel.column("n"), -power))
        other = pv.fit_pooled(scaled, "y", ["n", "d"], constant=False).nonlinear("n / d").fieller["n / d"]
        assert np.ldexp(other.intervals[0], -power) == pytest.approx(plain, rel=1e-10)


# ---- joint tests


def test_joint_tests_are_wald_tests(result):
    years = [f"C(year)[T.{year}]" for year in range(1983, 1989)]
    found = result.joint_test("C(year)")
    assert found.statistic == result.wald_test(years).statistic and found.df == 6
    equal = result.joint_test("C(year)", equal=True)
    pairs = [f"`{years[0]}` = `{name}`" for name in years[1:]]
    assert equal.statistic == pytest.approx(result.wald_test(pairs).statistic, rel=1e-10)
    late = result.joint_test("C(year)", above=1985)
    assert late.statistic == result.wald_test(years[3:]).statistic
    middle = result.joint_test("C(year)", above=1983, below=1986)
    assert middle.statistic == result.wald_test(years[1:3]).statistic
    assert result.joint_test(["beertax", "un*"]).statistic == result.wald_test(["beertax", "unrate"]).statistic


def test_pretrends_of_an_event_study(panel):
    rows = table("fatalities")
    treated = rows["state"] % 2
    data = pv.Panel(rows.assign(since=rows["year"] - 1985, treated=treated), "state", "year")
    result = quietly(pv.fit_fixed_effects, data, "fatal ~ i(since, treated, ref=-1)", effects="twoway")
    found = result.joint_test("i(since, treated, ref=-1)", below=-1)
    # The term once, and its levels.
    assert found.null == "i(since, treated, ref=-1) at -3, -2 are zero"
    assert result.joint_test("i(since, treated, ref=-1)[T.0]").null == "i(since, treated, ref=-1)[T.0] is zero"
    leads = [f"i(since, treated, ref=-1)[T.{k}]" for k in (-3, -2)]
    assert found.statistic == pytest.approx(result.wald_test(leads).statistic, rel=1e-12)


def test_a_table_of_every_term_by_the_normal(panel):
    robust = quietly(pv.fit_random_effects, panel, "fatal ~ beertax + C(year)")
    tests = robust.joint_tests()
    assert list(tests.columns) == ["statistic", "df", "pvalue"] and "chi2" in str(tests)
    assert tests.loc["C(year)", "statistic"] == robust.joint_test("C(year)").statistic


def test_a_table_of_every_term(result):
    table_of_terms = result.joint_tests()
    frame = table_of_terms.to_frame()
    assert frame.index.tolist() == ["beertax", "unrate", "perinck", "C(year)"]
    years = result.joint_test("C(year)")
    assert frame.loc["C(year)"].tolist() == [years.statistic, years.df, years.df_denominator, years.pvalue]
    assert table_of_terms["pvalue"]["beertax"] == pytest.approx(result.pvalues["beertax"], rel=1e-10)
    assert table_of_terms.summary().header[0].cells[0].text == "F"
    assert max(map(len, table_of_terms.to_text().splitlines())) <= 80


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"terms": "C(county)"}, "C(year)[T.1983]"),
        ({"terms": "nothing*"}, "beertax"),
        ({"terms": []}, "names no coefficient"),
        ({"terms": "beertax", "equal": True}, "Name two or more"),
        ({"terms": "beertax", "below": 0}, "has none"),
        ({"terms": "C(year)", "below": 0}, "No level"),
        ({"terms": "C(year)", "below": "x"}, "must be a number"),
        ({"terms": "C(year)", "equal": 1}, "must be True or False"),
    ],
)
def test_joint_tests_refused_in_words(result, asked, words):
    with pytest.raises(pv.SpecificationError) as error:
        result.joint_test(**asked)
    assert words in str(error.value)


# ---- frames


def test_tidy_glance_and_augment(result):
    tidy = result.tidy(level=0.9)
    assert list(tidy.columns) == ["term", "estimate", "std.error", "statistic", "p.value", "conf.low", "conf.high"]
    assert tidy["term"].tolist() == list(result.names)
    assert tidy["conf.low"].tolist() == result.conf_int(level=0.9)["lower"].tolist()
    glance = result.glance()
    assert len(glance) == 1
    assert glance.loc[0, "r.squared"] == result.rsquared and glance.loc[0, "nobs"] == result.nobs
    rows = result.augment()
    assert (rows[".fitted"] + rows[".resid"]).tolist() == pytest.approx(rows["fatal"].tolist())
    assert rows.index.equals(result.resids.index)


def test_every_result_of_one_equation_has_them(panel):
    fits = {
        "fixed": pv.fit_fixed_effects(panel, "fatal", ["beertax", "unrate"]),
        "differences": quietly(pv.fit_first_difference, panel, "fatal", ["beertax", "unrate"]),
        "between": quietly(pv.fit_between, panel, "fatal", ["beertax", "unrate"]),
        "random": pv.fit_random_effects(panel, "fatal", ["beertax", "unrate"]),
        "instruments": quietly(pv.fit_iv_pooled, panel, "fatal ~ beertax + [unrate ~ perinck]"),
        "fgls": quietly(pv.fit_fgls, panel, "fatal", ["beertax", "unrate"]),
        "mean group": quietly(pv.fit_mean_group, panel, "fatal", ["beertax"]),
        "corrected": quietly(pv.fit_bias_corrected_moments, panel, "fatal", ["beertax"]),
        "dynamic": quietly(pv.fit_arellano_bond, panel, "fatal", ["beertax"]),
    }
    frames = []
    for name, fit in fits.items():
        glance, tidy = fit.glance(), fit.tidy()
        assert not glance.isna().any(axis=None) and glance.loc[0, "nobs"] == fit.nobs, name
        assert tidy["estimate"].tolist() == fit.params.tolist(), name
        assert quietly(fit.nonlinear, "2 * beertax").params.iloc[0] == pytest.approx(2 * fit.params["beertax"]), name
        assert fit.joint_test("beertax").pvalue == pytest.approx(fit.pvalues["beertax"], rel=1e-8), name
        if name != "dynamic":
            rows = fit.augment()
            assert (rows[".fitted"] + rows[".resid"]).tolist() == pytest.approx(rows.iloc[:, 0].tolist()), name
        frames.append(glance.assign(model=name))
    assert len(pd.concat(frames)) == len(fits)


def test_glance_of_a_fit_without_a_test(panel):
    alone = pv.fit_pooled(panel, "fatal ~ 1")
    assert alone.f_statistic is None
    assert not {"statistic", "p.value", "df"} & set(alone.glance().columns)


def test_glance_of_released_rows(panel):
    fit = pv.fit_fixed_effects(panel, "fatal", ["beertax", "unrate"])
    light = fit.without_rows().glance()
    assert light.loc[0, "r.squared"] == fit.rsquared
    assert set(light.columns) <= set(fit.glance().columns)
