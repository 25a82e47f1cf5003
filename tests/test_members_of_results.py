"""Which members every result has, of single equations and of systems, and why some have not: rule by rule."""

import importlib
import pkgutil
import warnings

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.core.tables.table import Presented
from panelvar.estimates.coefficients.equation_estimates import EquationEstimates

ESTIMATES = (
    *(
        "params",
        "std_errors",
        "tstats",
        "pvalues",
        "cov",
        "cov_label",
        "conf_int",
        "wald_test",
        "joint_tests",
        "lincom",
    ),
    *("nonlinear", "with_cov", "nobs", "n_entities", "n_periods", "notes", "tidy", "glance", "summary", "to_html"),
    *("to_latex", "to_markdown", "save", "plot"),
)
REGRESSIONS = ("predict", "fitted_values", "resids", "augment", "marginal_effects")
LIKELIHOODS = ("loglik", "aic", "bic", "hqic")

OWN = "entities have coefficients of their own, which predict and move; individual has them"
SPREAD = "errors are from the spread of the entities' coefficients, from their long-run variances or their likelihood"
EFFECTS = "effects of a treatment are no prediction of the outcome, and no column has a slope"
ABSENT = {
    "TreatmentEffects": dict.fromkeys(REGRESSIONS, EFFECTS),
    "AverageEffects": {"with_cov": "of the effects that are averaged", **dict.fromkeys(REGRESSIONS, EFFECTS)},
    "HeterogeneousResult": {"with_cov": SPREAD, "predict": OWN, "marginal_effects": OWN},
    "CointegratingResult": {"with_cov": SPREAD, "predict": OWN, "marginal_effects": OWN},
    # with_cov is there for dynamic fixed effects, and refuses the others in words.
    "ErrorCorrectionResult": {"predict": OWN, "marginal_effects": OWN},
}
NO_LIKELIHOOD = {
    "TreatmentEffects": "some coefficients of a regression",
    "AverageEffects": "averages of coefficients",
    "HeterogeneousResult": "a regression for each entity, of which averages are reported",
    "CointegratingResult": "corrected for the long run of errors that no likelihood describes",
    "DynamicPanelResult": "moments, no distribution",
    "CorrectedResult": "moments, no distribution",
}
CLASSES = {
    *("LinearResult", "GLSResult", "InstrumentalResult", "HeterogeneousResult", "ErrorCorrectionResult"),
    *("CointegratingResult", "DynamicPanelResult", "CorrectedResult", "TreatmentEffects", "AverageEffects"),
}


def classes(base: type = EquationEstimates) -> dict[str, type]:
    """The classes derived from one, by their names."""
    for module in pkgutil.walk_packages(pv.__path__, "panelvar."):
        importlib.import_module(module.name)
    found, left = {}, [base]
    while left:
        left += (below := left.pop().__subclasses__())
        found |= {each.__name__: each for each in below if each.__name__ != "AveragedResult"}
    return found


def test_every_class_of_results_is_listed():
    assert classes().keys() == CLASSES


def test_what_is_missing_is_listed_with_its_reason():
    for name, each in classes().items():
        missing = [member for member in (*ESTIMATES, *REGRESSIONS) if not hasattr(each, member)]
        assert missing == list(ABSENT.get(name, {})), name
        if name != "ErrorCorrectionResult":
            assert all(hasattr(each, member) for member in LIKELIHOODS) == (name not in NO_LIKELIHOOD)


@pytest.fixture(scope="module")
def results() -> dict[str, object]:
    """One result of each class, and of some a second."""
    firms, grunfeld = pv.load_data("employment"), pv.load_data("grunfeld")
    counties = pv.load_data("minimum_wage")
    formula, small = "invest ~ value + capital", "log(emp) ~ log(wage) + log(capital)"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return {
            "LinearResult": pv.fit_fixed_effects(grunfeld, formula),
            "GLSResult": pv.fit_fgls(grunfeld, formula, panels="heteroskedastic"),
            "InstrumentalResult": pv.fit_iv_pooled(
                firms, "emp", ["capital"], endogenous=["wage"], instruments=["output"]
            ),
            "HeterogeneousResult": pv.fit_mean_group(grunfeld, formula),
            "ErrorCorrectionResult": pv.fit_dynamic_fixed_effects(grunfeld, formula),
            "CointegratingResult": pv.fit_fmols(grunfeld, formula),
            "DynamicPanelResult": pv.fit_blundell_bond(firms, small, instruments=pv.LagInstruments(collapse=True)),
            "CorrectedResult": pv.fit_bias_corrected_moments(firms, small),
            "TreatmentEffects": (effects := pv.fit_sun_abraham(counties, "lemp", cohort="first_treat")),
            "AverageEffects": effects.aggregate("cohort"),
            "pooled mean group": pv.fit_pooled_mean_group(grunfeld, formula),
        }


@pytest.mark.parametrize("name", [*sorted(CLASSES), "pooled mean group"])
def test_members_answer(results, name):
    """Each gives what the others give, under the same labels."""
    result = results[name]
    kind = type(result).__name__
    absent = ABSENT.get(kind, {})
    assert list(result.params.index) == list(result.std_errors.index) == list(result.cov.columns)
    assert isinstance(result.cov_label, str) and isinstance(result.n_periods, int) and result.n_entities > 1
    first = result.params.index[0]
    assert result.lincom(f"`{first}`").estimate == pytest.approx(result.params[first])
    assert result.nonlinear(f"`{first}` * 2").params.iloc[0] == pytest.approx(2 * result.params[first])
    assert len(result.joint_tests()) and len(result.glance()) == 1 and len(result.tidy()) == len(result.params)
    if "fitted_values" not in absent:
        assert result.fitted_values.index.equals(result.resids.index)
        table = result.augment()
        assert table.index.equals(result.resids.index)
        np.testing.assert_allclose(table[".fitted"] + table[".resid"], table.iloc[:, 0], atol=1e-8)
    why = r"(their own|different) coefficients|no other covariance|predict no outcome|ask the effects"
    for member in absent:
        with pytest.raises((pv.SpecificationError, AttributeError), match=why):
            getattr(result, member)
    if "predict" not in absent:
        assert isinstance(result.predict(), pd.Series)
        assert result.marginal_effects().params.notna().all()
    if name == "pooled mean group":
        with pytest.raises(pv.SpecificationError, match="there is no other covariance"):
            result.with_cov("cluster")
    elif "with_cov" not in absent:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pv.PanelVarWarning)
            other = result.with_cov("robust")
        pd.testing.assert_series_equal(other.params, result.params)


def test_dynamic_fixed_effects_change_their_errors():
    grunfeld, formula = pv.load_data("grunfeld"), "invest ~ value + capital"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        plain, clustered = (
            pv.fit_dynamic_fixed_effects(grunfeld, formula, cov=cov) for cov in ("classical", "cluster")
        )
        found = plain.with_cov("cluster")
    pd.testing.assert_frame_equal(found.cov, clustered.cov)
    assert found.cov_label == clustered.cov_label and found.reduced_form.cov_label == clustered.reduced_form.cov_label


def test_a_result_draws_its_own_coefficients(results):
    pytest.importorskip("matplotlib")
    figure = results["DynamicPanelResult"].plot(drop="log(wage)", title="")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["L(log(emp))", "log(capital)"]


# ---- systems

ONE_ENTITY = "a system of one entity"
NO_ROWS = "shocks and responses have no rows to predict, to fit or to leave residuals"
BY_HORIZON = "each horizon has rows of its own, which nobs_by_horizon counts"
OF_MOMENTS = "least squares or moments, without a likelihood"
MOVES = "what a variable changes is traced by impulse_responses() and multipliers()"
FORECASTS = "a system predicts by forecast(), and fitted_values are one period ahead within the data"
DEGREES = "its likelihood is at a covariance that may be corrected for degrees of freedom"
OF_SYSTEMS = {"predict": FORECASTS, "marginal_effects": MOVES}
WITHOUT_ROWS = dict.fromkeys(REGRESSIONS, NO_ROWS)
SYSTEMS = {
    "VarResult": {"n_entities": ONE_ENTITY, **OF_SYSTEMS},
    "RestrictedVarResult": {"n_entities": ONE_ENTITY, **OF_SYSTEMS},
    "VecmResult": {"n_entities": ONE_ENTITY, **OF_SYSTEMS},
    "PanelVarResult": {**OF_SYSTEMS, **dict.fromkeys(LIKELIHOODS, OF_MOMENTS)},
    "SvarResult": {
        "joint_tests": "entries of matrices are no terms",
        "with_cov": "errors come from the likelihood, or from bands=",
        "n_entities": ONE_ENTITY,
        **WITHOUT_ROWS,
        **dict.fromkeys(("aic", "bic", "hqic"), DEGREES),
    },
    "ProjectedResponses": {
        "with_cov": "they keep what dates add to the estimates, and no rows",
        "n_entities": BY_HORIZON,
        "n_periods": BY_HORIZON,
        **WITHOUT_ROWS,
        **dict.fromkeys(LIKELIHOODS, "regressions horizon by horizon, without a joint likelihood"),
    },
}
NO_ESTIMATES = {
    **dict.fromkeys(
        ("Responses", "VarianceDecomposition", "HistoricalDecomposition"),
        "what a system answers: values, limits and to_frame() at the horizons asked for",
    ),
    **dict.fromkeys(("Forecast", "PanelForecast"), "what a system expects: values, limits and to_frame()"),
    "ForecastAccuracy": "errors of forecasts made again and again",
    "LagSelection": "a table of criteria",
    "VarBatch": "many systems at once, whose members are results",
    "CusumTests": "paths and their bounds",
    "Correlogram": "correlations and their bounds",
    "JohansenResult": "a table of tests of ranks; fit_vecm estimates at a rank",
    "System": "coefficients that are given, without data or errors",
    "EstimatedSystem": "what systems share",
    "FittedSystem": "what systems of one entity share",
}


def of_systems() -> dict[str, type]:
    rooms = ("panelvar.systems.", "panelvar.nonstationary.cointegration.")
    tests = classes(pv.TestResult) | {"JointTests": None, "WhiteTests": None, "NormalityTests": None}
    return {
        name: each
        for name, each in classes(Presented).items()
        if each.__module__.startswith(rooms) and name not in tests
    }


def test_every_result_of_systems_is_listed():
    assert of_systems().keys() == SYSTEMS.keys() | NO_ESTIMATES.keys()
    assert all(NO_ESTIMATES.values()) and all(reason for listed in SYSTEMS.values() for reason in listed.values())


def test_what_systems_lack_is_listed_with_its_reason():
    for name, absent in SYSTEMS.items():
        each = of_systems()[name]
        # Fields of a frozen class are on its instances.
        fields = {field for owner in each.__mro__ for field in getattr(owner, "__annotations__", {})}
        asked = {*ESTIMATES, *REGRESSIONS, *LIKELIHOODS} - fields
        missing = {member for member in asked if not hasattr(each, member)}
        assert missing == absent.keys(), name


@pytest.fixture(scope="module")
def systems() -> dict[str, object]:
    """One result of each class of systems, and of panels a second."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return make_systems()


def make_systems() -> dict[str, object]:
    macro, states = pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]].iloc[-100:], pv.load_data("public_capital")
    growth = np.log(states[["gsp", "emp"]]).groupby("state").diff().dropna()
    var = pv.fit_var(macro, lags=2)
    scheme = pv.ShortRun(a={("infl", "unemp"): 0, ("infl", "tbilrate"): 0, ("unemp", "tbilrate"): 0})
    return {
        "VarResult": var,
        "RestrictedVarResult": pv.fit_restricted_var(macro, restrictions={"unemp": ["L1.infl"]}, lags=2),
        "VecmResult": pv.fit_vecm(macro, rank=1, lags=2),
        "PanelVarResult": pv.fit_panel_var(growth, ["emp", "gsp"], method="within"),
        "corrected panel": pv.fit_panel_var(growth, ["emp", "gsp"], method="corrected-moments"),
        "SvarResult": pv.fit_svar(var, scheme),
        "ProjectedResponses": pv.fit_local_projections(macro, lags=2, horizon=2),
    }


FIRST = {"SvarResult": "A[infl, infl]", "ProjectedResponses": "[infl]h0.infl", "VecmResult": "[infl]ec1"}


@pytest.mark.parametrize("name", [*SYSTEMS, "corrected panel"])
def test_members_of_systems_answer(systems, name):
    result = systems[name]
    first = FIRST.get(name, f"[{result.names[0]}]L1.{result.names[0]}")
    combined, doubled = result.lincom(first), result.nonlinear(f"2 * `{first}`")
    assert doubled.params.iloc[0] == pytest.approx(2.0 * combined.estimate)
    assert result.wald_test(f"{first} = 0").pvalue == pytest.approx(combined.pvalue, abs=5e-3)
    tidy = result.tidy()
    assert (np.abs(tidy["estimate"] - combined.estimate) < 1e-12 * abs(combined.estimate)).any()
    assert isinstance(result.cov_label, str) and len(result.glance()) == 1 and result.nobs > 0
    assert len(result.cov) == len(result.conf_int()) and result.cov.index.equals(result.conf_int().index)
    chosen = result.conf_int(of="*", joint="bonferroni")
    assert len(chosen) == len(result.conf_int())
    absent = SYSTEMS.get(name, SYSTEMS["PanelVarResult"])
    for member in absent:
        with pytest.raises((AttributeError, pv.SpecificationError)):
            getattr(result, member)
    if "joint_tests" not in absent:
        assert len(result.joint_tests())
    if "augment" not in absent:
        assert result.augment().index.equals(result.fitted_values.index)
    if "with_cov" not in absent:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pv.PanelVarWarning)
            other = result.with_cov("HC0")
        pd.testing.assert_frame_equal(other.params, result.params)
        assert not np.allclose(other.std_errors, result.std_errors)


def test_covariances_of_errors_of_systems_have_the_names_of_variables_on_both_axes(systems):
    for name, result in systems.items():
        if name != "ProjectedResponses":
            found = [result.sigma]
            found += [result.sigma_df, result.sigma_ml] if isinstance(result, pv.FittedSystem) else []
            for sigma in found:
                assert list(sigma.index) == list(sigma.columns) == list(result.names), name
    np.testing.assert_array_equal(systems["PanelVarResult"].sigma, systems["PanelVarResult"].fit.sigma)
    # An entry by its names is the covariance of these two errors, whatever their order in the data.
    var = systems["VarResult"]
    by_hand = var.resids["unemp"] @ var.resids["tbilrate"] / var.df_resid
    assert var.sigma.loc["unemp", "tbilrate"] == pytest.approx(by_hand, rel=1e-10)
