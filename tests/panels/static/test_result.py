"""The result of a linear estimator: covariances, hypotheses, effects, predictions, and what is refused."""

from __future__ import annotations

import pickle
from functools import cache

import numpy as np
import pandas as pd
import pytest
from quiet import quietly
from scipy import stats
from twins import X, dummy_twin, gappy_frame, indicator, pooled_twin

import panelvar as pv

ESTIMATORS = {
    "pooled": pv.fit_pooled,
    "between": pv.fit_between,
    "difference": pv.fit_first_difference,
    "fixed": pv.fit_fixed_effects,
    "random": pv.fit_random_effects,
}
COVARIANCES = ["classical", "robust", "HC0", "HC3", "cluster", pv.Clustered("time"), pv.Clustered("entity", "time")]


@cache
def frame():
    return gappy_frame(entities=30)


@cache
def panel():
    return pv.Panel(frame(), "entity", "year")


@cache
def fitted(name, **options):
    return quietly(ESTIMATORS[name], panel(), "y", X, **options)


@cache
def twoway():
    return quietly(pv.fit_fixed_effects, panel(), "y", X, effects="twoway")


# ---- covariances


@pytest.mark.parametrize(
    ("name", "cov"),
    # The rows of a between regression are the entities: it has no periods to cluster by.
    [(name, cov) for name in ESTIMATORS for cov in COVARIANCES if name != "between" or isinstance(cov, str)],
    ids=str,
)
def test_with_cov_equals_a_fresh_fit(name, cov):
    changed, fresh = quietly(fitted(name).with_cov, cov), quietly(ESTIMATORS[name], panel(), "y", X, cov=cov)
    np.testing.assert_array_equal(changed.cov, fresh.cov)
    np.testing.assert_array_equal(changed.pvalues, fresh.pvalues)
    assert changed.f_slopes == fresh.f_slopes
    assert (changed.cov_label, changed.df_inference) == (fresh.cov_label, fresh.df_inference)
    assert [note.code for note in changed.notes] == [note.code for note in fresh.notes]


def test_with_cov_never_refits(monkeypatch):
    result = fitted("fixed")
    for module in ("pooled", "fixed", "between", "first_difference"):
        monkeypatch.setattr(f"panelvar.panels.static.{module}.finish", None)
    monkeypatch.setattr("panelvar.panels.random_effects.random.finish", None)
    changed = quietly(result.with_cov, "cluster")
    assert changed.fit is result.fit
    assert not np.allclose(changed.cov, result.cov)


def test_with_cov_leaves_the_first_result_alone():
    result = pv.fit_pooled(panel(), "y", X)
    before = result.cov.copy()
    quietly(result.with_cov, "HC3")
    pd.testing.assert_frame_equal(result.cov, before)


def test_few_clusters_warn_here():
    with pytest.warns(pv.PanelVarWarning, match="Only 7 clusters") as caught:
        fitted("fixed").with_cov(pv.Clustered("time"))
    assert {warning.filename for warning in caught} == {__file__}


def test_the_classical_f_does_not_depend_on_the_covariance():
    result = quietly(fitted("fixed").with_cov, "cluster")
    twin = dummy_twin(frame(), ["entity"])
    restricted = (
        dummy_twin(frame(), ["entity"]).target
        - indicator(frame()["entity"]) @ (np.linalg.lstsq(indicator(frame()["entity"]), twin.target, rcond=None)[0])
    )
    statistic = (restricted @ restricted - twin.rss) / len(X) / (twin.rss / twin.df)
    assert result.f_classical.statistic == pytest.approx(statistic, rel=1e-11)
    assert result.f_slopes.statistic != pytest.approx(statistic, rel=1e-3)


# ---- without rows


@pytest.mark.parametrize("name", ESTIMATORS)
def test_without_rows_keeps_what_is_small(name):
    result = fitted(name)
    light = pickle.loads(pickle.dumps(result.without_rows()))
    pd.testing.assert_series_equal(light.params, result.params)
    pd.testing.assert_frame_equal(light.cov, result.cov)
    pd.testing.assert_frame_equal(light.conf_int(), result.conf_int())
    assert light.rsquared_table == result.rsquared_table
    for attribute in ("rss", "tss", "loglik", "nobs", "n_entities", "n_periods", "f_poolability", "notes"):
        assert getattr(light, attribute) == getattr(result, attribute), attribute
    for light_test, test in [(light.f_slopes, result.f_slopes), (light.wald_test("x1"), result.wald_test("x1"))]:
        assert light_test.statistic == pytest.approx(test.statistic, rel=1e-13)
        assert str(light_test) == str(test)
    assert str(light) == str(result)


def test_without_rows_is_small():
    data = pd.concat([frame().assign(entity=frame()["entity"] + f".{copy}") for copy in range(40)])
    result = pv.fit_pooled(pv.Panel(data, "entity", "year"), "y", X)
    assert len(pickle.dumps(result)) > 20 * len(pickle.dumps(result.without_rows()))


@pytest.mark.parametrize(
    "question",
    [
        lambda result: result.resids,
        lambda result: result.predict(),
        lambda result: result.with_cov("HC1"),
        lambda result: result.with_cov("cluster"),
        lambda result: result.estimated_effects(),
        lambda result: result.fitted_values,
    ],
)
@pytest.mark.parametrize("name", ["fixed", "random"])
def test_without_rows_refuses_politely(name, question):
    with pytest.raises(pv.MissingInformationError, match=r"needs the data rows.*[Rr]efit the model"):
        question(fitted(name).without_rows())


def test_without_rows_still_predicts_new_rows_from_columns():
    light = fitted("fixed").without_rows()
    np.testing.assert_array_equal(light.predict(new_rows()[X]), fitted("fixed").predict(new_rows()))
    for question in (lambda: light.predict(new_rows(), effects=True), lambda: lagged().without_rows().predict(frame())):
        with pytest.raises(pv.MissingInformationError, match=r"[Rr]efit"):
            question()


def test_without_rows_can_still_be_asked_for_the_classical_covariance():
    light = quietly(fitted("fixed").with_cov, "cluster").without_rows()
    np.testing.assert_array_equal(light.with_cov("classical").cov, fitted("fixed").cov)


# ---- hypotheses


def by_hand(result, matrix, target):
    gap = np.asarray(matrix) @ result.params.to_numpy() - target
    statistic = gap @ np.linalg.solve(np.asarray(matrix) @ result.cov.to_numpy() @ np.asarray(matrix).T, gap)
    return statistic, len(gap)


WAYS = {
    "a name": ("x1", [[0, 1, 0]], [0]),
    "names": (["x1", "x2"], [[0, 1, 0], [0, 0, 1]], [0, 0]),
    "a line of names": ("x1, x2", [[0, 1, 0], [0, 0, 1]], [0, 0]),
    "an equation": ("x1 = 2", [[0, 1, 0]], [2]),
    "both sides": ("x1 = -x2", [[0, 1, 1]], [0]),
    "numbers on both sides": ("2*x1 - 1 = x2/4 + const", [[-1, 2, -0.25]], [1]),
    "two equations": (["x1 = 1", "const + x2 = 0.5"], [[0, 1, 0], [1, 0, 1]], [1, 0.5]),
    "brackets": ("2*(x1 + x2) = 1", [[0, 2, 2]], [1]),
    "a mapping": ({"x1": 0.5, "x2": -1.0}, [[0, 1, 0], [0, 0, 1]], [0.5, -1.0]),
}


@pytest.mark.parametrize("way", WAYS)
def test_wald_in_every_way_of_writing(way):
    result = quietly(fitted("fixed").with_cov, "cluster")
    written, matrix, target = WAYS[way]
    test = result.wald_test(written)
    statistic, rank = by_hand(result, matrix, target)
    assert (test.distribution, test.df, test.df_denominator) == ("f", rank, 29)
    assert test.statistic == pytest.approx(statistic / rank, rel=1e-10)
    assert test.pvalue == pytest.approx(stats.f.sf(statistic / rank, rank, 29), rel=1e-9)
    as_matrix = result.wald_test(np.array(matrix, dtype=float), target)
    assert as_matrix.statistic == pytest.approx(test.statistic, rel=1e-12)


def test_wald_of_random_effects_is_chi_squared():
    test = fitted("random").wald_test(["x1", "x2"])
    statistic, rank = by_hand(fitted("random"), [[0, 1, 0], [0, 0, 1]], 0)
    assert (test.distribution, test.df, test.df_denominator) == ("chi2", rank, None)
    assert test.statistic == pytest.approx(statistic, rel=1e-10)
    assert test.pvalue == pytest.approx(stats.chi2.sf(statistic, rank), rel=1e-9)


def test_a_single_restriction_is_the_square_of_t():
    result = fitted("pooled")
    assert result.wald_test("x2").statistic == pytest.approx(result.tstats["x2"] ** 2, rel=1e-12)
    assert result.wald_test("x2").pvalue == pytest.approx(result.pvalues["x2"], rel=1e-9)


@cache
def lagged():
    return quietly(pv.fit_pooled, panel(), "y ~ x1 + L(x1, 1) + x1:x2")


def test_equalities_of_several_and_double_signs_are_read():
    result = fitted("pooled")
    both = result.wald_test(["x1 = x2", "x1 = 1"])
    chain = result.wald_test("x1 = x2 = 1")
    assert chain.df == 2
    assert chain.statistic == pytest.approx(both.statistic, rel=1e-12)
    assert result.wald_test("x1 == x2").statistic == result.wald_test("x1 = x2").statistic


def test_a_combination_that_is_an_equation_is_sent_to_the_test():
    with pytest.raises(pv.SpecificationError, match="'x1 = 1' is an equation, which wald_test tests"):
        fitted("pooled").lincom("x1 = 1")


def test_names_that_are_not_identifiers():
    result = lagged()
    assert list(result.names) == ["const", "x1", "L(x1, 1)", "x1:x2"]
    for written, matrix, target in [
        ("L(x1, 1)", [[0, 0, 1, 0]], [0]),
        ("L(x1, 1) = x1", [[0, -1, 1, 0]], [0]),
        ("x1 + L(x1, 1) = 1", [[0, 1, 1, 0]], [1]),
        ("`L(x1, 1)` = 2*`x1:x2`", [[0, 0, 1, -2]], [0]),
        ("x1:x2, L(x1, 1)", [[0, 0, 0, 1], [0, 0, 1, 0]], [0, 0]),
        (["x1:x2", "L(x1, 1)"], [[0, 0, 0, 1], [0, 0, 1, 0]], [0, 0]),
    ]:
        statistic, rank = by_hand(result, matrix, target)
        assert result.wald_test(written).statistic == pytest.approx(statistic / rank, rel=1e-10), written


def test_names_that_are_numbers_or_operators_are_written_in_backticks():
    """Columns of years are named so, and numbers must stay numbers."""
    rng = np.random.default_rng(4)
    names = ["x", "0", "1", "2000", "20-30", "*", "e5"]
    rows = pd.DataFrame(rng.normal(size=(60, 7)), columns=names).assign(i=np.arange(60) // 6, t=np.arange(60) % 6)
    result = pv.fit_pooled(pv.Panel(rows.assign(y=rng.normal(size=60)), "i", "t"), "y", names)
    b = result.params
    for written, value in (
        ("2000*x - 1", 2000.0 * b["x"] - 1.0),
        ("`2000` - 10*`0` + `1`", b["2000"] - 10.0 * b["0"] + b["1"]),
        ("2*`*` + 1e5*e5", 2.0 * b["*"] + 1e5 * b["e5"]),
        ("20-30", b["20-30"]),
    ):
        assert result.lincom(written).estimate == pytest.approx(value, rel=1e-12), written
    assert result.nonlinear("x ** 2").params.iloc[0] == pytest.approx(b["x"] ** 2, rel=1e-12)
    assert result.wald_test("x = 2000").statistic == result.wald_test({"x": 2000.0}).statistic
    assert result.wald_test("2000").null == "2000 = 0"
    with pytest.raises(pv.SpecificationError, match="'2000 = 0' involves no coefficient"):
        result.wald_test("2000 = 0")


@pytest.mark.parametrize(
    ("restrictions", "values", "message"),
    [
        (["x1 = 1", "2*x1 = 2"], None, "redundant"),
        (["x1", "x1 = 2"], None, "redundant or contradict"),
        (np.array([[0.0, 1.0, 0.0], [0.0, 2.0, 0.0]]), None, "redundant"),
        ("x3", None, "'x3' is not a coefficient.*const, x1, x2"),
        ("x1*x2 = 1", None, "not linear"),
        ("x1**2", None, "not linear"),
        ("1 = 2", None, "no coefficient"),
        ("x1 +", None, "not an expression"),
        ("x1 =", None, "nothing on one side of its '='"),
        ("= 1", None, "nothing on one side of its '='"),
        ("x1 = x2 =", None, "nothing on one side of its '='"),
        ("x1 = x1 = x2", None, "no coefficient"),
        ("x1 > 1", None, "not an equation"),
        ("x1 != 1", None, "not an equation"),
        ([], None, "No restriction is given"),
        ({}, None, "No restriction is given"),
        (None, None, "got NoneType"),
        (["x1", 3], None, "3 is not a restriction"),
        ({1: 2.0}, None, "names of coefficients; got int"),
        ("__import__('os')", None, "is not a coefficient"),
        (np.ones((1, 2)), None, "2 columns, but the model has 3"),
        ("x1 = 1", [1.0], "values= belongs to a restriction matrix"),
        ({"z": 1.0}, None, "'z' is not a coefficient"),
    ],
)
def test_restrictions_that_make_no_sense_are_refused(restrictions, values, message):
    with pytest.raises(pv.SpecificationError, match=message):
        fitted("pooled").wald_test(restrictions, values)


def test_more_restrictions_than_clusters_allow_have_no_statistic():
    result = quietly(fitted("pooled").with_cov, pv.Clustered(frame()["region"].eq("north").to_numpy()))
    with pytest.warns(pv.PanelVarWarning, match="2 clusters give it no higher"):
        test = result.wald_test(["const", "x1", "x2"])
    assert np.isnan(test.statistic) and np.isnan(test.pvalue) and test.df == 3
    assert [note.code for note in test.notes] == ["rank-deficient-test"]


@pytest.mark.parametrize(
    "cov", ["pcse", pv.Clustered("time"), pv.Clustered("entity", "time"), "cluster", "HC1"], ids=str
)
def test_no_joint_test_depends_on_the_base_category(cov):
    """The covariance says nothing about dummies of the dimension that it clusters by, whatever their base."""
    rng = np.random.default_rng(0)
    data = pd.DataFrame({"i": np.repeat(np.arange(10), 8), "t": np.tile(np.arange(8), 10)})
    data["x"] = rng.standard_normal(80)
    data["y"] = data["x"] + rng.standard_normal(80)
    found = []
    for base in (0, 3, 7):
        dummies = {f"d{t}": (data["t"] == t) * 1.0 for t in range(8) if t != base}
        panel = pv.Panel(data.assign(**dummies), "i", "t")
        result = quietly(pv.fit_pooled, panel, "y", ["x", *dummies], cov=cov)
        test = quietly(result.wald_test, list(dummies))
        found.append((test.statistic, test.df, test.pvalue, result.f_slopes.statistic))
        assert np.isfinite(test.statistic) or test.notes[-1].code == "rank-deficient-test"
    np.testing.assert_allclose(found[1:], [found[0]] * 2, rtol=1e-8)
    assert np.isfinite(found[0][0]) == (cov in ("cluster", "HC1"))


def test_how_a_restriction_is_written_decides_nothing():
    result = fitted("pooled")
    plain = result.wald_test(["x1 = 0.5", "x1 = x2"])
    for written in (["1e-200*x1 = 5e-201", "x1 = x2"], ["x1 = 0.5", "1e200*x1 = 1e200*x2"], ["2*x1 = 1", "-x1 = -x2"]):
        assert result.wald_test(written).statistic == pytest.approx(plain.statistic, rel=1e-12)
    names = list(result.names)
    small = np.zeros((2, len(names)))
    small[0, names.index("x1")], small[1, names.index("x2")] = 1e-290, 1e290
    assert result.wald_test(small).statistic == pytest.approx(result.wald_test(["x1", "x2"]).statistic, rel=1e-12)
    one, other = result.lincom("x1 + 2*x2"), result.lincom("1e-200*x1 + 2e-200*x2")
    assert (other.statistic, other.pvalue) == pytest.approx((one.statistic, one.pvalue), rel=1e-12)
    scaled = [value * 1e-200 for value in (one.estimate, one.std_error, one.lower, one.upper)]
    assert [other.estimate, other.std_error, other.lower, other.upper] == pytest.approx(scaled, rel=1e-12, abs=0.0)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda r: r.wald_test("x1 = 1e400"), "too large"),
        (lambda r: r.wald_test("x1 = " + "9" * 400), "too large"),
        (lambda r: r.wald_test(np.array([[0.0, 1.0, 0.0]]), [np.nan]), "finite"),
        (lambda r: r.wald_test(np.array([[0.0, 1.0, 0.0]]), np.inf), "finite"),
        (lambda r: r.lincom("1"), "no coefficient"),
        (lambda r: r.lincom("0*x1"), "no coefficient"),
        (lambda r: r.lincom("x1 - x1"), "no coefficient"),
    ],
)
def test_what_is_no_number_or_no_combination_is_refused(ask, message):
    with pytest.raises(pv.SpecificationError, match=message):
        ask(fitted("pooled"))


@pytest.mark.parametrize("counts", ["none", "constant", "slopes", "all"])
@pytest.mark.parametrize("name", ["pooled", "fixed"])
def test_the_joint_test_of_the_slopes_is_their_wald_test_whatever_is_counted(name, counts):
    result = fitted(name, cov="classical", convention=pv.Convention("default").but(classical_counts=counts))
    test = result.wald_test(X)
    assert result.f_slopes.statistic == pytest.approx(test.statistic, rel=1e-10)
    assert (result.f_slopes.df, result.f_slopes.df_denominator) == (test.df, test.df_denominator)


def test_lincom_by_hand():
    result = quietly(fitted("fixed").with_cov, "cluster")
    found = result.lincom("x1 - 2*x2 + 1", level=0.9)
    weights = np.array([0.0, 1.0, -2.0])
    error = np.sqrt(weights @ result.cov.to_numpy() @ weights)
    estimate = weights @ result.params.to_numpy() + 1.0
    half = stats.t.ppf(0.95, 29) * error
    assert found.estimate == pytest.approx(estimate, rel=1e-12)
    assert found.std_error == pytest.approx(error, rel=1e-12)
    assert (found.lower, found.upper) == pytest.approx((estimate - half, estimate + half), rel=1e-9)
    assert found.pvalue == pytest.approx(2 * stats.t.sf(abs(estimate / error), 29), rel=1e-9)
    assert (found.level, found.df) == (0.9, 29)
    assert lagged().lincom("x1 + L(x1, 1)").estimate == pytest.approx(lagged().params[["x1", "L(x1, 1)"]].sum())


@pytest.mark.parametrize("level", [0.05, 0.1, 0.0, 1.0, 95])
def test_a_significance_level_is_not_a_coverage(level):
    with pytest.raises(pv.SpecificationError, match="coverage"):
        fitted("pooled").conf_int(level=level)
    with pytest.raises(pv.SpecificationError, match="coverage"):
        fitted("pooled").lincom("x1", level=level)


def test_level_is_a_keyword():
    with pytest.raises(TypeError):
        fitted("pooled").conf_int(0.95)


@pytest.mark.parametrize("name", ["pooled", "random"])
def test_confidence_limits(name):
    result = fitted(name)
    df = np.inf if result.df_inference is None else result.df_inference
    half = stats.t.ppf(0.995, df) * result.std_errors
    limits = result.conf_int(level=0.99)
    assert list(limits.columns) == ["lower", "upper"]
    np.testing.assert_allclose(limits["lower"], result.params - half, rtol=1e-9)
    np.testing.assert_allclose(limits["upper"], result.params + half, rtol=1e-9)


# ---- F statistics against dummy-variable sums of squares


@pytest.mark.parametrize("effects", [["entity"], ["year"], ["entity", "year"]], ids="-".join)
def test_f_statistics_are_those_of_the_dummy_variable_regression(effects):
    result = quietly(pv.fit_fixed_effects, panel(), "y", X, effects=effects)
    full, pooled = dummy_twin(frame(), effects), pooled_twin(frame())
    y = frame()["y"].to_numpy()
    total = ((y - y.mean()) ** 2).sum()
    effects_only = np.hstack([indicator(frame()[effect]) for effect in effects])
    slopes_zero = y - effects_only @ np.linalg.lstsq(effects_only, y, rcond=None)[0]
    s2, rank = full.rss / full.df, full.rank - len(X) - 1
    for test, restricted, numerator in [
        (result.f_slopes, slopes_zero @ slopes_zero, len(X)),
        (result.f_classical, slopes_zero @ slopes_zero, len(X)),
        (result.f_with_dummies, total, full.rank - 1),
        (result.f_poolability, pooled.rss, rank),
    ]:
        assert (test.df, test.df_denominator) == (numerator, full.df), test.name
        statistic = (restricted - full.rss) / numerator / s2
        assert test.statistic == pytest.approx(statistic, rel=1e-10), test.name
        assert test.pvalue == pytest.approx(stats.f.sf(statistic, numerator, full.df), rel=1e-8), test.name
    assert result.rsquared_table.with_dummies == pytest.approx(1.0 - full.rss / total, rel=1e-12)
    assert result.rsquared_table.transformed == pytest.approx(1.0 - full.rss / (slopes_zero @ slopes_zero), rel=1e-11)


def test_poolability_with_weights_and_without_a_constant():
    weights = frame()["w"].to_numpy()
    full, pooled = dummy_twin(frame(), ["entity"], weights), pooled_twin(frame(), weights=weights)
    for constant in (True, False):
        result = pv.fit_fixed_effects(panel(), "y", X, weights="w", constant=constant)
        expected = (pooled.rss - full.rss) / 29 / (full.rss / full.df)
        assert result.f_poolability.statistic == pytest.approx(expected, rel=1e-10)
        assert result.f_poolability.df == 29


@pytest.mark.parametrize("name", ["pooled", "between", "difference", "random"])
def test_there_is_no_poolability_test_without_absorbed_effects(name):
    assert fitted(name).f_poolability is None
    assert fitted(name).f_with_dummies is None
    assert fitted(name).f_statistic == fitted(name).f_slopes


def test_the_convention_chooses_the_headline():
    within = fitted("fixed")
    dummies = pv.fit_fixed_effects(panel(), "y", X, convention="eviews")
    assert (within.rsquared, within.rsquared_label) == (within.rsquared_table.transformed, "Within R2")
    assert (dummies.rsquared, dummies.rsquared_label) == (dummies.rsquared_table.with_dummies, "R2 with dummies")
    assert dummies.f_statistic == dummies.f_with_dummies
    assert within.f_statistic == within.f_slopes


# ---- effects


def test_effects_of_entities_are_those_of_the_dummies():
    twin = dummy_twin(frame(), ["entity"])
    table = fitted("fixed").estimated_effects()
    labels = np.unique(frame()["entity"])
    assert list(table.index) == list(labels)
    np.testing.assert_allclose(table["level"], twin.coefficients[: len(labels)], rtol=1e-10)
    np.testing.assert_allclose(table["deviation"], table["level"] - fitted("fixed").params["const"], rtol=1e-12)
    # The dummies are a full set, so the pseudo-inverse is the inverse and their errors are the table's.
    covariance = twin.rss / twin.df * (twin.inverse @ twin.inverse.T)
    errors = np.sqrt(np.diagonal(covariance)[: len(labels)])
    np.testing.assert_allclose(table["std_error"], errors, rtol=1e-10)


def test_twoway_effects_are_those_of_the_dummies():
    y = frame()["y"].to_numpy()
    dummies = np.hstack([indicator(frame()["entity"]), indicator(frame()["year"])[:, 1:]])
    beta = np.linalg.lstsq(np.hstack([dummies, frame()[X]]), y, rcond=None)[0]
    entity, time = beta[:30], np.concatenate(([0.0], beta[30:36]))
    table = twoway().estimated_effects()
    ours = table.loc["entity", "level"].to_numpy(), table.loc["year", "deviation"].to_numpy()
    assert list(table.loc["year"].index) == list(np.unique(frame()["year"]))
    # Two sets are identified up to one constant between them; differences and row sums are not affected.
    np.testing.assert_allclose(ours[0] - ours[0][0], entity - entity[0], atol=1e-10)
    np.testing.assert_allclose(ours[1] - ours[1][0], time - time[0], atol=1e-10)
    np.testing.assert_allclose(ours[0][0] + ours[1][0], entity[0] + time[0], atol=1e-10)


def test_random_effects_are_shrunken_mean_residuals():
    result = fitted("random")
    parts = result.variance_components
    residual = frame()["y"] - result.params["const"] - frame()[X] @ result.params[X].to_numpy()
    mean = residual.groupby(frame()["entity"]).agg(["mean", "size"])
    shrink = mean["size"] * parts.effect / (mean["size"] * parts.effect + parts.idiosyncratic)
    np.testing.assert_allclose(result.estimated_effects()["effect"], shrink * mean["mean"], rtol=1e-10)


def test_variance_components_of_fixed_effects():
    parts, effects = fitted("fixed").variance_components, fitted("fixed").estimated_effects()
    assert parts.sigma_u == pytest.approx(effects["deviation"].std(ddof=1), rel=1e-12)
    assert parts.sigma_e == pytest.approx(fitted("fixed").rmse, rel=1e-12)
    assert parts.rho == pytest.approx(parts.sigma_u**2 / (parts.sigma_u**2 + parts.sigma_e**2), rel=1e-12)
    of_rows = effects["deviation"].loc[frame()["entity"]].to_numpy()
    index = frame()[X] @ fitted("fixed").params[X].to_numpy()
    assert parts.correlation == pytest.approx(np.corrcoef(of_rows, index)[0, 1], rel=1e-10)
    assert twoway().variance_components is None
    assert fitted("pooled").variance_components is None
    assert fitted("random").variance_components.correlation is None


def test_a_model_without_effects_says_so():
    with pytest.raises(pv.SpecificationError, match="no effects to estimate"):
        fitted("pooled").estimated_effects()
    with pytest.raises(pv.SpecificationError, match="no effects to add"):
        fitted("pooled").predict(effects=True)


# ---- predictions


@pytest.mark.parametrize("name", ["pooled", "fixed", "random"])
def test_predictions_of_the_models_own_rows(name):
    result = fitted(name)
    expected = result.params["const"] + frame()[X] @ result.params[X].to_numpy()
    ours = result.predict()
    np.testing.assert_allclose(ours.loc[frame().index], expected, rtol=1e-12)
    np.testing.assert_allclose(result.predict(frame()), expected, rtol=1e-12)


@pytest.mark.parametrize("result", [lambda: fitted("fixed"), twoway], ids=["entity", "twoway"])
def test_predictions_with_effects_are_the_fitted_values(result):
    result = result()
    np.testing.assert_allclose(result.predict(effects=True), result.fitted_values, rtol=1e-11)
    again = result.predict(frame(), effects=True)
    assert list(again.index) == list(frame().index)
    np.testing.assert_allclose(again, result.fitted_values.loc[frame().index], rtol=1e-11)


def test_residuals_and_fitted_values_add_up():
    for name in ("pooled", "fixed", "random"):
        total = fitted(name).resids + fitted(name).fitted_values
        np.testing.assert_allclose(total.loc[frame().index], frame()["y"], rtol=1e-12)


def new_rows():
    return pd.DataFrame(
        {"entity": ["e03", "new", "e00"], "year": [2003, 2003, 2020], "x1": [1.0, 2.0, 3.0], "x2": [0.0, 1.0, -1.0]},
        index=["a", "b", "c"],
    )


def test_predictions_for_seen_and_unseen_entities():
    result = fitted("fixed")
    plain = result.predict(new_rows())
    expected = result.params["const"] + new_rows()[X].to_numpy() @ result.params[X].to_numpy()
    assert list(plain.index) == ["a", "b", "c"]
    np.testing.assert_allclose(plain, expected, rtol=1e-12)
    deviation = result.estimated_effects()["deviation"]
    with pytest.warns(pv.PanelVarWarning, match=r"1 row belongs to unseen levels") as caught:
        ours = result.predict(new_rows(), effects=True)
    assert caught[0].filename == __file__
    np.testing.assert_allclose(ours - expected, [deviation["e03"], 0.0, deviation["e00"]], atol=1e-12)
    missing = result.predict(new_rows(), effects=True, unseen="missing")
    assert list(missing.isna()) == [False, True, False]
    with pytest.raises(pv.DataError, match="1 row"):
        result.predict(new_rows(), effects=True, unseen="raise")
    with pytest.raises(pv.SpecificationError, match="unseen='ignore' is not known"):
        result.predict(new_rows(), effects=True, unseen="ignore")


def test_predictions_of_random_effects_add_the_predicted_effect():
    result = fitted("random")
    effect = result.estimated_effects()["effect"]
    ours = quietly(result.predict, new_rows(), effects=True)
    np.testing.assert_allclose(ours - result.predict(new_rows()), [effect["e03"], 0.0, effect["e00"]], atol=1e-12)


def test_an_unseen_period_of_a_twoway_model():
    table = twoway().estimated_effects()
    entity, time = table.loc["entity", "deviation"], table.loc["year", "deviation"]
    ours = quietly(twoway().predict, new_rows(), effects=True)
    expected = [entity["e03"] + time[2003], time[2003], entity["e00"]]
    np.testing.assert_allclose(ours - twoway().predict(new_rows()), expected, atol=1e-12)


def test_new_rows_need_the_regressors_and_for_effects_the_index():
    with pytest.raises(pv.DataError, match="'x2' is not in the data"):
        fitted("fixed").predict(new_rows().drop(columns="x2"))
    bare = new_rows()[X]
    np.testing.assert_allclose(fitted("fixed").predict(bare), fitted("fixed").predict(new_rows()), rtol=1e-14)
    twice = pd.concat([bare, bare])
    assert list(fitted("fixed").predict(twice).index) == [*bare.index, *bare.index]
    np.testing.assert_allclose(fitted("fixed").predict({"x1": [1.0], "x2": [0.0]}), fitted("fixed").predict(bare)[:1])
    with pytest.raises(pv.DataError, match=r"must say their .entity., because its effect"):
        fitted("fixed").predict(bare, effects=True)


def test_scenarios_need_no_more_of_the_index_than_the_model_uses():
    """Rows that do not depend on one another may repeat an entity and period, or say neither."""
    stacked = pd.concat([new_rows(), new_rows().assign(x1=9.0)])
    fixed = fitted("fixed")
    twice = np.tile(fixed.estimated_effects()["deviation"].reindex(["e03", "new", "e00"]), 2)
    for data in (stacked, stacked.drop(columns="year"), stacked.set_index(["entity", "year"])):
        ours = fixed.predict(data, effects=True, unseen="missing")
        assert list(ours.index) == list(data.index)
        np.testing.assert_allclose(ours - fixed.predict(data).to_numpy(), twice, atol=1e-12)
    ours = twoway().predict(stacked.iloc[[0, 3]], effects=True)
    single = twoway().predict(new_rows().iloc[[0]], effects=True)
    assert ours.iloc[0] == pytest.approx(single.iloc[0], rel=1e-13)
    formula = pv.fit_pooled(panel(), "y ~ x1 + C(entity)")
    plain = formula.predict(pd.DataFrame({"x1": [1.0, 2.0, 1.0], "entity": ["e03", "e00", "e03"]}))
    assert plain.iloc[0] == plain.iloc[2]
    assert plain.iloc[1] == pytest.approx(formula.params["const"] + 2.0 * formula.params["x1"], rel=1e-13)
    with pytest.raises(pv.DataError, match=r"Column 'entity' \(effect\) is missing in 1 of 6 rows"):
        fixed.predict(stacked.assign(entity=["e03", None, *stacked["entity"][2:]]), effects=True)


@pytest.mark.parametrize("convention", ["default", "plm"])
@pytest.mark.parametrize("formula", [False, True])
def test_predictions_of_first_differences_are_differences(convention, formula):
    call = ("y ~ x1 + x2",) if formula else ("y", X)
    result = quietly(pv.fit_first_difference, panel(), *call, convention=convention)
    own = result.predict()
    assert list(own.index) == list(result.fitted_values.index)
    np.testing.assert_allclose(own, result.fitted_values, rtol=1e-10, atol=1e-12)
    again = result.predict(frame())
    assert list(again.index) == list(frame().index)
    assert again.notna().sum() == result.nobs
    np.testing.assert_allclose(again[own.index], own, rtol=1e-12)
    with pytest.raises(pv.DataError, match="must say their entity and time"):
        result.predict(frame()[X])
    with pytest.raises(pv.MissingInformationError, match="of differences"):
        result.without_rows().predict(frame())


def test_predictions_from_a_two_level_index_and_a_panel():
    indexed = new_rows().set_index(["entity", "year"])
    np.testing.assert_allclose(
        fitted("fixed").predict(indexed, effects=True, unseen="missing"),
        fitted("fixed").predict(new_rows(), effects=True, unseen="missing"),
    )
    np.testing.assert_allclose(
        fitted("fixed").predict(pv.Panel(new_rows(), "entity", "year")), fitted("fixed").predict(new_rows())
    )


def test_predictions_of_a_formula_lag_on_the_calendar():
    data = frame().drop(columns="y")
    lag = data.set_index(["entity", "year"])["x1"].to_dict()
    before = np.array([lag.get((entity, year - 1), np.nan) for entity, year in data[["entity", "year"]].to_numpy()])
    terms = np.column_stack((np.ones(len(data)), data["x1"], before, data["x1"] * data["x2"]))
    assert np.isnan(before).sum() > 30
    np.testing.assert_allclose(lagged().predict(data), terms @ lagged().params.to_numpy(), rtol=1e-12)


def test_predictions_keep_the_categories_of_the_model():
    result = pv.fit_pooled(panel(), "y ~ x1 + C(region)")
    everywhere = result.predict(frame())
    for region in ("north", "south", "west"):
        there = frame()[frame()["region"] == region]
        np.testing.assert_allclose(result.predict(there), everywhere.loc[there.index], rtol=1e-14)
    with pytest.raises(pv.DataError, match=r"'region' has categories that the model has not seen \('moon'\)"):
        result.predict(frame().assign(region="moon"))


# ---- Hausman


def test_hausman_by_hand():
    fixed, random = fitted("fixed"), fitted("random")
    gap = (fixed.params - random.params)[X].to_numpy()
    for sigma, first, second in [("own", 1.0, 1.0), (None, random.sigma2 / fixed.sigma2, 1.0)]:
        difference = first * fixed.cov.loc[X, X].to_numpy() - second * random.cov.loc[X, X].to_numpy()
        expected = gap @ np.linalg.solve(difference, gap)
        test = quietly(pv.hausman_test, fixed, random, sigma=sigma)
        assert test.statistic == pytest.approx(expected, rel=1e-8)
        assert (test.distribution, test.df) == ("chi2", 2)
        if expected >= 0.0:
            assert test.pvalue == pytest.approx(stats.chi2.sf(expected, 2), rel=1e-8)


def test_hausman_uses_classical_covariances_and_says_so():
    robust = quietly(fitted("fixed").with_cov, "cluster")
    with pytest.warns(pv.PanelVarWarning, match="classical covariances") as caught:
        test = pv.hausman_test(robust, fitted("random"))
    assert caught[0].filename == __file__
    assert test.statistic == quietly(pv.hausman_test, fitted("fixed"), fitted("random")).statistic


def test_a_negative_hausman_statistic_is_reported_as_such():
    # The arguments the wrong way round make the difference of the covariances negative definite.
    with pytest.warns(pv.PanelVarWarning) as caught:
        test = pv.hausman_test(fitted("random"), fitted("fixed"), sigma="efficient")
    assert {warning.filename for warning in caught} == {__file__}
    assert test.statistic < 0.0
    assert np.isnan(test.pvalue)
    assert [note.code for note in test.notes] == ["hausman-order", "hausman-not-positive"]
    assert "not positive definite, and the statistic is negative" in str(test.notes[1])


def test_hausman_compares_what_the_results_share():
    time_invariant = quietly(pv.fit_random_effects, panel(), "y", [*X, "number"])
    test = quietly(pv.hausman_test, fitted("fixed"), time_invariant)
    assert test.df == 2


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (lambda: quietly(pv.fit_random_effects, panel(), "x1", ["x2"]), "different variables, 'y' and 'x1'"),
        (lambda: quietly(pv.fit_random_effects, panel(), "y", ["w"]), "share no slope"),
    ],
)
def test_hausman_refuses_what_cannot_be_compared(second, message):
    with pytest.raises(pv.SpecificationError, match=message):
        pv.hausman_test(fitted("fixed"), second())


def test_hausman_options_are_checked():
    with pytest.raises(pv.SpecificationError, match=r"sigma='more' is not known"):
        pv.hausman_test(fitted("fixed"), fitted("random"), sigma="more")
    stata = pv.hausman_test(fitted("fixed"), fitted("random"), sigma="sigmamore")
    assert stata == pv.hausman_test(fitted("fixed"), fitted("random"), sigma="efficient")


def test_stata_leaves_the_effects_out_of_a_robust_root_mean_squared_error():
    """``xtreg, fe vce(robust)``: e(rmse) and e(r2_a) use N - K - 1; without it N - G - K."""
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"i": np.repeat(range(24), 5), "t": np.tile(range(5), 24)})
    frame["x"], frame["y"] = rng.standard_normal((2, 120))
    panel = pv.Panel(frame, "i", "t")
    plain = pv.fit_fixed_effects(panel, "y", "x", convention="stata")
    robust = plain.with_cov("robust")
    assert plain.rmse == pytest.approx(np.sqrt(plain.rss / (120 - 24 - 1)))
    assert robust.rmse == pytest.approx(np.sqrt(plain.rss / (120 - 1 - 1)))
    assert robust.rsquared_adjusted == pytest.approx(1 - (1 - plain.rsquared) * 119 / 118)
    assert robust.variance_components.sigma_e == plain.variance_components.sigma_e
    own = pv.fit_fixed_effects(panel, "y", "x", cov="cluster")
    assert own.rmse == pytest.approx(plain.rmse)


def test_a_kind_of_prediction_is_answered_with_the_calls():
    frame = pd.DataFrame({"i": [1, 1, 2, 2], "t": [1, 2, 1, 2], "y": [1.0, 2, 3, 5], "x": [1.0, 2, 2, 1]})
    result = pv.fit_pooled(pv.Panel(frame, "i", "t"), "y", ["x"])
    with pytest.raises(pv.SpecificationError, match=r"data='xb' is a text. predict\(\) predicts the fit's own rows"):
        result.predict("xb")


def test_rows_that_are_not_kept_are_not_augmented():
    firms = pv.load_data("grunfeld")
    fitted = pv.fit_first_difference(firms, "invest ~ value").without_rows()
    with pytest.raises(pv.MissingInformationError, match="rows"):
        fitted.augment()
