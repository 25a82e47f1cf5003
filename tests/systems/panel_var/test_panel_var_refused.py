"""What `fit_panel_var` and its results refuse, and in which words."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from quiet import quietly
from systems.panel_var.panel_var_twins import NAMES, panel_of

import panelvar as pv


def fit(frame, **options):
    return quietly(pv.fit_panel_var, frame, options.pop("columns", NAMES), lags=options.pop("lags", 1), **options)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"method": "hk"}, pv.SpecificationError, "hahn-kuersteiner"),
        ({"method": "lsdv"}, pv.SpecificationError, "within"),
        ({"steps": 1}, pv.SpecificationError, "steps= is an option of method='gmm'"),
        ({"instruments": pv.LagInstruments(collapse=True)}, pv.SpecificationError, "instruments= is an option of"),
        ({"columns": []}, pv.SpecificationError, "columns= is empty"),
        ({"columns": ["x", "x"]}, pv.SpecificationError, "named twice"),
        ({"columns": ["x", "q"]}, pv.DataError, "'q'"),
        ({"exogenous": ["x"]}, pv.SpecificationError, "named twice"),
        ({"exogenous": ["L1.x"]}, pv.SpecificationError, "have the same name: 'L1.x'"),
        ({"exogenous_lags": 1}, pv.SpecificationError, "needs exogenous variables"),
        ({"lags": 0}, pv.SpecificationError, "lags=0"),
        ({"lags": 14}, pv.InsufficientDataError, "lags=14 reaches past the data, which span 14 period"),
        ({"lags": 100_000}, pv.InsufficientDataError, "lags=100000 reaches past the data"),
        ({"lags": 13}, pv.InsufficientDataError, r"leave no degrees of freedom, .* or look for missing values"),
        ({"method": "system"}, pv.SpecificationError, "Did you mean 'gmm'"),
        ({"method": "mean-group", "lags": 6}, pv.InsufficientDataError, "there are 0 of 12"),
        (
            {"method": "half-panel-jackknife", "lags": 11},
            pv.InsufficientDataError,
            "at least two entities with four rows",
        ),
        ({"method": "mean-group", "time_effects": True}, pv.SpecificationError, "no time effects"),
        ({"method": "mean-group", "cov": "HC1"}, pv.SpecificationError, "spread of its entities"),
        ({"cov": "CR2"}, pv.SpecificationError, "Clustered"),
        ({"cov": "pcse"}, pv.SpecificationError, "Clustered"),
        ({"time_effects": 2}, pv.SpecificationError, "time_effects"),
        ({"missing": "raise", "holes": True}, pv.DataError, "1 missing value"),
    ],
)
def test_refused(options, error, words):
    frame = panel_of().rename(columns={"z": "L1.x"}) if "L1.x" in str(options.get("exogenous")) else panel_of()
    options = {"method": "within"} | options
    if options.pop("holes", False):
        frame.iloc[5, 0] = np.nan
    with pytest.raises(error, match=words):
        fit(frame, **options)


def test_entities_that_are_all_shorter_than_the_lags():
    frame = panel_of()
    entity, period = (pd.factorize(frame.index.get_level_values(level))[0] for level in (0, 1))
    halves = frame[(period < 7) == (entity % 2 == 0)]
    with pytest.raises(
        pv.InsufficientDataError, match=r"None of the 12 entities has a row with 8 lags .* the longest has 7 rows"
    ):
        fit(halves, lags=8)


def test_entities_with_rows_enough_whose_regressors_depend_on_one_another():
    frame = panel_of().assign(double=lambda f: 2.0 * f["x"])
    with pytest.raises(
        pv.CollinearityError, match=r"there are 0 of 12\. In the others regressors depend on one another"
    ):
        fit(frame, method="mean-group", columns=["x", "double"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"columns": ["c"]}, "'L1.c' does not vary within entities, so there is no autoregression"),
        ({"exogenous": ["const"]}, "'const' does not vary within entities.* level_equation=True of fit_panel_var"),
        ({"exogenous": ["const", "c"]}, "'const', 'c' do not vary within entities"),
    ],
)
def test_columns_that_deviations_leave_nothing_of(options, words):
    frame = panel_of(entities=40).assign(const=1.0)
    frame["c"] = frame.groupby("firm")["x"].transform("mean")
    with pytest.raises(pv.CollinearityError, match=words):
        fit(frame, method="gmm", **options)


def test_columns_that_do_not_vary_within_entities():
    frame = panel_of()
    frame["c"] = frame.groupby("firm")["x"].transform("mean")
    with pytest.raises(pv.CollinearityError, match="'c' does not vary within any of 12 entities"):
        fit(frame, method="within", exogenous=["c"])
    assert fit(frame, method="pooled", exogenous=["c"]).nobs == 156
    frame["t"] = frame.index.get_level_values("year").astype(float) ** 2
    with pytest.raises(pv.CollinearityError, match="'t' is the same for all entities in a period"):
        fit(frame, method="within", exogenous=["t"], time_effects=True)
    frame["w"] = frame["x"] + frame["y"]
    with pytest.raises(pv.CollinearityError, match=r"'L1.w' is a linear combination of L1.x, L1.y"):
        fit(frame, method="within", columns=["x", "y", "w"])
    frame["s"] = frame.groupby("firm")["x"].shift(1).fillna(0.3)
    with pytest.raises(pv.CollinearityError, match="equation of 's' fits exactly"):
        fit(frame, method="within", columns=["x", "s"])


def test_one_entity_and_data_that_do_not_say_who():
    frame = panel_of(entities=1)
    with pytest.raises(pv.InsufficientDataError, match="For one entity use fit_var"):
        fit(frame, method="within")
    with pytest.raises(pv.SpecificationError, match="which column is the entity"):
        fit(frame.reset_index(drop=True), method="within")
    frame = panel_of()
    frame.iloc[3, 0] = np.inf
    with pytest.raises(pv.DataError, match="infinite"):
        fit(frame, method="within")


def test_rows_lost_to_gaps_and_missing_values_are_counted():
    frame = panel_of()
    frame.iloc[5, 0] = np.nan
    with pytest.warns(pv.PanelVarWarning, match=r"1 missing value in \['x'\]\. 2 rows were dropped"):
        pv.fit_panel_var(frame, NAMES, method="pooled", cov="classical")
    with pytest.warns(
        pv.PanelVarWarning, match=r"Periods are absent from the data, so 2 rows without lags were dropped"
    ):
        model = pv.fit_panel_var(frame.drop(frame.index[5]), NAMES, lags=2, method="pooled", cov="classical")
    assert model.nobs == 12 * 12 - 3


OF_ONE_ENTITY = (
    r"of one entity, made by fit_var; of a panel it takes the model of one entity, fit_var_batch\(data, columns, "
    r"lags=\.\.\.\)\.member\(label\)\. residual_table has the tests that a panel's residuals have"
)


@pytest.mark.parametrize("test", [pv.portmanteau_test, pv.normality_test, pv.arch_test])
def test_tests_of_one_series_are_not_of_a_panel(test):
    """The message names the model that the test takes, and the table that takes this one."""
    model = fit(panel_of(), method="pooled")
    with pytest.raises(pv.SpecificationError, match=OF_ONE_ENTITY):
        test(model)
    assert 0.0 <= test(quietly(pv.fit_var_batch, panel_of(), NAMES, lags=1).member("e00")).pvalue <= 1.0
    tests = quietly(pv.residual_table, model).index
    assert set(tests.get_level_values(0)) == set(NAMES) and {"m2", "Serial portmanteau"} <= set(
        tests.get_level_values(1)
    )


@pytest.mark.parametrize(
    ("method", "alone"), [("pooled", pv.fit_pooled), ("within", pv.fit_fixed_effects)], ids=["pooled", "within"]
)
def test_few_clusters_are_warned_of_without_promising_what_a_panel_lacks(method, alone):
    """The errors that the warning names are not the system's, but those of one equation, fitted by itself."""
    words = (
        r"Only 12 clusters.* There are no better errors for a system\. For one equation there are: use "
        rf"{alone.__name__} with cov=BiasReduced\(\), or wild_bootstrap_test\.$"
    )
    with pytest.warns(pv.PanelVarWarning) as said:
        model = pv.fit_panel_var(panel_of(), NAMES, method=method)
    assert sum(re.search(words, str(each.message)) is not None for each in said) == 1
    with pytest.raises(pv.SpecificationError, match="takes 'classical'"):
        fit(panel_of(), method=method, cov=pv.BiasReduced("entity"))
    equation = quietly(alone, panel_of(), "x ~ L(x) + L(y)", cov=pv.BiasReduced())
    slopes = ["L1.x", "L1.y"]
    np.testing.assert_allclose(equation.params[["L(x)", "L(y)"]], model.params.loc[slopes, "x"], rtol=1e-9)
    assert 0.0 <= quietly(pv.wild_bootstrap_test, equation, "L(x)", draws=99, seed=1).pvalue <= 1.0


def test_what_a_result_cannot_say():
    frame = panel_of(entities=20, periods=16)
    pooled, average = fit(frame, method="pooled"), fit(frame, method="mean-group")
    timed = fit(frame, method="within", time_effects=True)
    for call, words in [
        (pooled.estimated_effects, "no entity effects"),
        (pooled.period_effects, "time_effects=True"),
        (pooled.dispersion, "method='mean-group' has a dispersion"),
        (average.forecast, "its own coefficients"),
        (timed.forecast, "future periods"),
        (lambda: average.with_cov("HC1"), "only one covariance"),
        (lambda: pooled.forecast(2, exogenous=frame), "no exogenous variables"),
        (lambda: pooled.multipliers(), "no exogenous variables"),
        (lambda: pooled.individual, "their own coefficients"),
        (lambda: pv.EntityBootstrap(interval="studentised"), "has no meaning"),
        (lambda: pooled.granger_causality("x", "x"), "disjoint"),
        (lambda: pooled.wald_test("[x]L9.x = 0"), "L9.x"),
    ]:
        with pytest.raises(pv.SpecificationError, match=words):
            call()
    assert not hasattr(pooled, "aic") and not hasattr(pooled, "historical_decomposition")
    with pytest.raises(AttributeError, match="without a likelihood"):
        pooled.aic  # noqa: B018


def test_bands_of_one_entity_have_no_entities_to_draw():
    frame = panel_of(entities=1, periods=40)
    model = pv.fit_var(frame.loc["e00", NAMES])
    with pytest.raises(pv.SpecificationError, match="EntityBootstrap draws the entities of a panel"):
        model.impulse_responses(3, bands=pv.EntityBootstrap(draws=9, seed=1))


def test_few_entities_are_warned_about():
    model = fit(panel_of(entities=8, periods=25), method="within")
    with pytest.warns(pv.PanelVarWarning, match="draws of only 8 entities"):
        model.impulse_responses(2, bands=pv.EntityBootstrap(draws=400, seed=1))


def test_corrections_that_leave_the_unit_circle_are_kept_and_said():
    frame = panel_of(seed=2, entities=60, periods=7)
    frame["x"] = frame.groupby("firm")["x"].cumsum()
    with pytest.warns(pv.PanelVarWarning, match="corrected estimates have a root of modulus 1"):
        model = pv.fit_panel_var(frame, ["x"], method="half-panel-jackknife")
    assert model.moduli[0] >= 1.0 and not model.is_stable


def test_what_is_of_one_entity_says_what_a_panel_has_instead():
    model = fit(panel_of(), method="within")
    scheme = pv.ShortRun(b=np.where(np.tri(len(NAMES)) > 0, np.nan, 0.0))
    with pytest.raises(pv.SpecificationError, match="of a panel's take the scheme itself, identification="):
        pv.fit_svar(model, scheme)
    np.testing.assert_allclose(
        model.impulse_responses(2, identification=scheme).values, model.impulse_responses(2).values, atol=1e-6
    )
    with pytest.raises(pv.SpecificationError, match=OF_ONE_ENTITY):
        pv.residual_correlogram(model)
    assert quietly(pv.residual_correlogram, quietly(pv.fit_var_batch, panel_of(), NAMES).member("e00"), lags=2)
    with pytest.raises(pv.MissingInformationError, match="This needs the residuals, and the system has coefficients"):
        pv.fit_svar(pv.System(model.coefficients, sigma=model.sigma), scheme)
