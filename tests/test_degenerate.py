"""Inputs that leave nothing to estimate or to test: numbers that exist, a note where they do not, or a refusal."""

from __future__ import annotations

import re
import warnings
from functools import cache
from itertools import product

import numpy as np
import pandas as pd
import pytest

import panelvar as pv

FITS = {
    "pooled": pv.fit_pooled,
    "difference": pv.fit_first_difference,
    "fixed": pv.fit_fixed_effects,
    "twoway": lambda *a, **k: pv.fit_fixed_effects(*a, effects="twoway", **k),
    "random": pv.fit_random_effects,
    "fixed-ar1": pv.fit_fixed_effects_ar1,
    "general": lambda *a, **k: pv.fit_general_fgls(*a, model="difference", **k),
}
COVARIANCES = {
    "classical": "classical",
    "HC1": "HC1",
    "HC2": "HC2",
    "HC3": "HC3",
    "HC4": "HC4",
    "cluster": "cluster",
    "CR2": "CR2",
    "CR3": "CR3",
    "CR1p": "CR1p",
    "driscoll-kraay": "driscoll-kraay",
    "newey-west": "newey-west",
    "pcse": "pcse",
    "time": pv.Clustered("time"),
    "two-way": pv.Clustered("entity", "time"),
    "CR2-time": pv.BiasReduced("time"),
    "CR2-two-way": pv.BiasReduced("entity", "time"),
}
ALIKE = {"HC2", "HC4", "CR3", "CR1p", "newey-west", "time", "CR2-time"}
"""Covariances that another one here resembles."""
OUTCOMES = {"y": "noise", "constant": "does not vary", "entity": "constant within entities", "exact": "a line"}


@cache
def panel(entities: int = 8, periods: int = 6, seed: int = 0) -> pv.Panel:
    rng = np.random.default_rng(seed)
    n = entities * periods
    i, t = np.repeat(np.arange(entities), periods), np.tile(np.arange(periods), entities)
    data = pd.DataFrame({"i": i, "t": t, "x": rng.normal(size=n), "z": rng.normal(size=n)})
    data["absorbed"] = rng.normal(size=entities)[i]
    data["y"] = data["x"] + rng.normal(size=entities)[i] + rng.normal(size=n)
    data["constant"], data["entity"], data["exact"] = 5.0, rng.normal(size=entities)[i], 3.0 + 2.0 * data["x"]
    return pv.Panel(data, "i", "t")


def slow(*values):
    """One more case of a kind that is tried anyway."""
    return pytest.param(*values, marks=pytest.mark.slow)


def quietly(call):
    """Return the result, or None where the library refuses; any other exception or warning fails the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        try:
            return call()
        except pv.PanelVarError as error:
            assert str(error)
            return None


def warned(match, call):
    """Return the result of a call that warns of this among other things."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        result = call()
    assert any(re.search(match, str(each.message)) for each in found), [str(each.message) for each in found]
    assert all(issubclass(each.category, pv.PanelVarWarning) for each in found)
    return result


def printed(value) -> None:
    """In every form."""
    assert repr(value) and str(value) and value._repr_html_() and value.summary().to_latex()


def read(result) -> None:
    """Print it, and find no number that is rounding or that is missing without a note."""
    assert str(result)
    ratios = result.tstats.to_numpy()
    assert not (np.abs(ratios) > 1e9).any()
    for name in ("std_errors", "tstats", "loglik", "aic", "rsquared"):
        value = quietly(lambda name=name: getattr(result, name, None))
        if value is not None and not np.isfinite(np.asarray(value)).all():
            assert {note.code for note in result.notes} & EXPLANATIONS, name


EXPLANATIONS = {"exact-fit", "no-variation", "no-variance", "no-slopes", "negative-variance"}


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("cov", [slow(cov) if cov in ALIKE else cov for cov in COVARIANCES])
@pytest.mark.parametrize("name", FITS)
def test_every_estimator_under_every_covariance(name, cov, outcome):
    for x in ([], ["absorbed"], ["x"]):
        result = quietly(lambda x=x: FITS[name](panel(), outcome, x, cov=COVARIANCES[cov]))
        # General FGLS mixes the rows, which most covariances refuse.
        assert result is not None or outcome != "y" or name == "general"
        if result is not None:
            read(result)


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("name", FITS)
def test_every_form_of_what_is_degenerate(name, outcome):
    for cov, x in product(("classical", "cluster"), ([], ["absorbed"], ["x"])):
        result = quietly(lambda cov=cov, x=x: FITS[name](panel(), outcome, x, cov=cov))
        if result is not None:
            printed(result)


@pytest.mark.parametrize(("entities", "periods"), [(1, 2), (1, 8), (8, 1), (8, 2), (2, 2), (3, 3)])
@pytest.mark.parametrize("name", FITS)
def test_every_estimator_on_the_smallest_panels(name, entities, periods):
    for outcome, x in product(OUTCOMES, ([], ["x"])):
        result = quietly(lambda outcome=outcome, x=x: FITS[name](panel(entities, periods), outcome, x))
        if result is not None:
            read(result)


@pytest.mark.parametrize("cov", ["cluster", "CR2", "CR3"])
def test_a_constant_that_clusters_know_nothing_of_has_no_standard_error(cov):
    result = warned("const has no variance", lambda: pv.fit_fixed_effects(panel(30), "y", [], cov=cov))
    assert np.isnan(result.std_errors["const"])
    assert np.isnan(result.pvalues["const"])
    assert result.params["const"] == pytest.approx(panel(30).column("y").mean(), rel=1e-12)


def test_regressors_that_are_there_keep_the_standard_error_of_the_constant():
    data = panel(30)
    result = pv.fit_fixed_effects(data, "y", ["x"], cov="cluster")
    mean = data.column("x").mean()
    assert result.std_errors["const"] == pytest.approx(abs(mean) * result.std_errors["x"], rel=1e-12)


def test_a_dummy_of_one_cluster_has_no_clustered_variance():
    data = panel(30)
    dummy = data.with_columns(first=(data.column("absorbed") == data.column("absorbed")[0]).astype(float))
    result = warned(
        "first has no variance", lambda: pv.fit_pooled(dummy, "y", ["first"], constant=False, cov="cluster")
    )
    assert np.isnan(result.tstats["first"])


@pytest.mark.parametrize("cov", ["classical", "HC1", "cluster"])
@pytest.mark.parametrize("name", ["pooled", "difference", "fixed", "random"])
def test_the_residuals_of_an_exact_fit_are_zero(name, cov):
    result = warned("fits exactly", lambda: FITS[name](panel(30), "exact", ["x", "z"], cov=cov))
    assert result.rss == 0.0 and not result.covariance.matrix.any()
    if name != "random":
        assert not result.resids.any()
    assert np.isnan(result.tstats).all() and np.isnan(result.aic)
    test = result.wald_test("x = 2")
    assert np.isnan(test.pvalue) and "exact-fit" in {note.code for note in test.notes}


@pytest.mark.parametrize("name", ["pooled", "difference", "fixed", "random"])
def test_nothing_explains_a_constant_outcome(name):
    result = warned("does not vary", lambda: FITS[name](panel(30), "constant", ["x"]))
    assert result.params["x"] == 0.0
    assert result.f_slopes is not None and np.isnan(result.f_slopes.pvalue)
    assert "exact-fit" in {note.code for note in result.f_slopes.notes}


@pytest.mark.parametrize("convention", ["plm", "pyfixest", "linearmodels"])
def test_an_indefinite_covariance_is_said_to_be_so(convention):
    rng = np.random.default_rng(0)
    for seed in range(100):
        data = panel(6, 5, seed)
        grouped = data.with_columns(one=rng.integers(0, 3, data.nobs), other=rng.integers(0, 3, data.nobs))
        fitted = quietly(
            lambda grouped=grouped: pv.fit_pooled(
                grouped, "y", ["x", "z"], cov=pv.Clustered("one", "other"), convention=convention
            )
        )
        matrix = fitted.covariance.matrix
        scale = np.sqrt(np.abs(np.diagonal(matrix)))
        lowest = np.linalg.eigvalsh(matrix / np.outer(scale, scale))[0]
        assert ("covariance-indefinite" in {note.code for note in fitted.notes}) == (lowest < -1e-12)
        if lowest < -1e-3 and (np.diagonal(matrix) > 0.0).all():
            with pytest.warns(pv.PanelVarWarning, match="not positive definite, so the statistic has no valid p-value"):
                fitted.wald_test(["const", "x", "z"])
            return
    pytest.fail("no draw gave an indefinite matrix with positive variances")


TESTS = {
    **{
        name: getattr(pv, name)
        for name in (
            "baltagi_li_test",
            "bera_sosa_yoon_test",
            "bhargava_test",
            "born_breitung_test",
            "breusch_godfrey_test",
            "cd_star_test",
            "cross_section_dependence_test",
            "durbin_watson_test",
            "effects_lm_test",
            "hausman_regression_test",
            "modified_wald_test",
            "mundlak_test",
            "slope_homogeneity_test",
            "slope_poolability_test",
            "wooldridge_difference_test",
            "wooldridge_effects_test",
            "wooldridge_pooled_test",
            "wooldridge_serial_test",
            "wooldridge_within_test",
        )
    },
    "baltagi_li_fixed": lambda r: pv.baltagi_li_test(r, statistic="fixed"),
    "bb-lm": lambda r: pv.born_breitung_test(r, statistic="lm"),
    "bb-hr": lambda r: pv.born_breitung_test(r, statistic="hr"),
    "bg-f": lambda r: pv.breusch_godfrey_test(r, statistic="f"),
    "dw-approximate": lambda r: pv.durbin_watson_test(r, exact=False),
    "effects-time": lambda r: pv.wooldridge_effects_test(r, effects="time"),
    "wild": lambda r: pv.wild_bootstrap_test(r, r.names[-1], draws=19, seed=1),
    "wild-two-way": lambda r: pv.wild_bootstrap_test(r, r.names[-1], cluster=["entity", "time"], draws=19, seed=1),
}


@pytest.mark.parametrize(("entities", "periods"), [(8, 6), (2, 4), slow(3, 3), (5, 2), slow(3, 2), (2, 2)])
@pytest.mark.parametrize("name", TESTS)
def test_every_test_on_every_outcome(name, entities, periods):
    tests = [quietly(lambda fitted=fitted: TESTS[name](fitted)) for fitted in fits_of(entities, periods)]
    for test in tests:
        judge(test)
    if (entities, periods) == (8, 6):
        answered = [test for test in tests if test is not None]
        assert answered
        for test in answered:
            printed(test)


@cache
def fits_of(entities: int, periods: int) -> list:
    """Results of every outcome on a regressor that varies, and on one that does not, where there are any."""
    data = panel(entities, periods)
    families = ("pooled", "difference", "fixed", "random")
    results = [
        quietly(lambda: FITS[family](data, outcome, [x]))  # noqa: B023
        for outcome, family, x in product(OUTCOMES, families, ("x", "absorbed"))
    ]
    return [result for result in results if result is not None and result.names]


def judge(test) -> None:
    """The statistic is a number and no rounding, and so is its p-value, or a note says why there is none."""
    if test is None:
        return
    assert str(test)
    assert np.isfinite([test.statistic, test.pvalue]).all() or test.notes
    assert np.isnan(test.statistic) or abs(test.statistic) < 1e9


@pytest.mark.parametrize("outcome", ["entity", "constant"])
def test_nothing_is_left_of_what_is_constant_within_entities(outcome):
    fitted = quietly(lambda: pv.fit_pooled(panel(30), outcome, ["x"]))
    for test in (pv.wooldridge_serial_test, pv.slope_poolability_test):
        with pytest.raises(pv.NumericalError, match="exactly"):
            test(fitted)


def test_two_periods_leave_no_distribution_to_the_durbin_watson_of_fixed_effects():
    fitted = pv.fit_fixed_effects(panel(5, 2), "y", ["x"])
    for exact in (True, False):
        with pytest.raises(pv.NumericalError, match="the same whatever the errors"):
            pv.durbin_watson_test(fitted, exact=exact)


def test_tests_that_need_more_entities_or_rows_say_so():
    with pytest.raises(pv.SpecificationError, match="leaves nothing to correlate of 2 entities"):
        pv.cd_star_test(pv.fit_pooled(panel(2, 8), "y", ["x"]))
    with pytest.raises(pv.InsufficientDataError, match="cannot identify the 3 coefficients"):
        pv.wooldridge_pooled_test(pv.fit_pooled(panel(3, 2), "y", ["x"]))


def test_the_average_of_wald_statistics_says_why_it_has_no_p_value():
    test = pv.panel_granger_test(panel(8, 12), "y", "x", statistic="w-bar")
    assert np.isnan(test.pvalue) and "no-pvalue" in {note.code for note in test.notes}
    assert "no p-value" in str(test.summary())


AVERAGES = {
    "mean-group": pv.fit_mean_group,
    "fama-macbeth": pv.fit_fama_macbeth,
    "cce": pv.fit_common_correlated_effects,
    "cce-pooled": lambda *a: pv.fit_common_correlated_effects(*a, pooled=True),
    "swamy": pv.fit_swamy,
    "ardl": pv.fit_ardl_mean_group,
    "pooled-mean-group": pv.fit_pooled_mean_group,
    "fmols": pv.fit_fmols,
    "fmols-pooled": lambda *a: pv.fit_fmols(*a, method="pooled"),
    "ccr-weighted": lambda *a: pv.fit_ccr(*a, method="weighted"),
    "dols": pv.fit_dols,
    "dols-pooled": lambda *a: pv.fit_dols(*a, method="pooled", cov="sandwich"),
}


@pytest.mark.parametrize(("entities", "periods"), [(6, 14), (2, 2), (3, 3), (8, 2)])
@pytest.mark.parametrize("name", AVERAGES)
def test_every_average_of_regressions(name, entities, periods):
    for outcome, x in product(OUTCOMES, ([], ["x"], ["absorbed"])):
        result = quietly(lambda outcome=outcome, x=x: AVERAGES[name](panel(entities, periods), outcome, x))
        assert result is not None or (periods, outcome, x) != (14, "y", ["x"])
        if result is not None:
            read(result)
            printed(result)


@pytest.mark.parametrize("name", ["mean-group", "fama-macbeth"])
def test_coefficients_that_do_not_differ_have_no_dispersion(name):
    result = warned("are the same in all regressions", lambda: AVERAGES[name](panel(), "exact", ["x"]))
    np.testing.assert_allclose(result.params, [3.0, 2.0], rtol=1e-12)
    assert np.isnan(result.pvalues).all()
    constant = warned("are the same in all regressions", lambda: AVERAGES[name](panel(), "constant", ["x"]))
    assert constant.params["x"] == 0.0 and np.isnan(constant.rsquared)


@pytest.mark.parametrize(("entities", "periods"), [(8, 6), (2, 2), (3, 3), slow(3, 2)])
@pytest.mark.parametrize("effects", ["entity", "twoway"])
@pytest.mark.parametrize("method", ["ml", "reml", "swamy-arora", "wallace-hussain", "amemiya", "nerlove"])
def test_every_kind_of_random_effects(method, effects, entities, periods):
    options = {"effects": effects, "variance_components": method}
    for outcome, x in product(OUTCOMES, ([], ["x"])):
        result = quietly(
            lambda outcome=outcome, x=x: pv.fit_random_effects(panel(entities, periods), outcome, x, **options)
        )
        assert result is not None or (periods, outcome) != (6, "y")
        if result is not None:
            read(result)


def test_random_effects_without_an_error_have_no_likelihood():
    for outcome in ("constant", "exact"):
        with pytest.raises(pv.NumericalError, match="fits exactly, so the likelihood of random effects has no maximum"):
            pv.fit_random_effects(panel(30), outcome, ["x"], variance_components="ml")


INSTRUMENTAL = {
    "pooled": pv.fit_iv_pooled,
    "fixed": pv.fit_iv_fixed_effects,
    "between": pv.fit_iv_between,
    "difference": pv.fit_iv_first_difference,
    "random": pv.fit_iv_random_effects,
}
METHODS = [
    *product(("pooled", "fixed", "between", "difference"), ("2sls", "liml", "gmm")),
    *product(("random",), ("g2sls", "ec2sls")),
]


@pytest.mark.filterwarnings("ignore:The covariance .* restrictions has rank")
@pytest.mark.parametrize(("entities", "periods"), [(8, 6), slow(3, 3), (2, 4)])
@pytest.mark.parametrize(("name", "method"), METHODS)
def test_every_estimator_with_instruments(name, method, entities, periods):
    data = panel(entities, periods)
    data = data.with_columns(w=np.random.default_rng(1).normal(size=data.nobs))
    for outcome, cov in product(OUTCOMES, ("HC1", "cluster", "CR2")):
        result = quietly(
            lambda outcome=outcome, cov=cov: INSTRUMENTAL[name](
                data, outcome, endogenous="x", instruments=["z", "w"], method=method, cov=cov
            )
        )
        assert result is not None or (periods, outcome, cov) != (6, "y", "HC1")
        if result is None:
            continue
        read(result)
        if cov == "HC1":
            printed(result)
        for question in ("overidentification", "wu_hausman", "underidentification", "first_stage"):
            found = quietly(lambda question=question, result=result: getattr(result, question))
            if isinstance(found, pv.TestResult):
                judge(found)
        quietly(lambda result=result: result.anderson_rubin_set())
        quietly(lambda result=result: result.anderson_rubin(0.0))
