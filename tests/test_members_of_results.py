"""Which members every result of a single equation has, and why some have not: rule by rule, class by class."""

import importlib
import pkgutil
import warnings

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
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
ABSENT = {
    "HeterogeneousResult": {"with_cov": SPREAD, "predict": OWN, "marginal_effects": OWN},
    "CointegratingResult": {"with_cov": SPREAD, "predict": OWN, "marginal_effects": OWN},
    # with_cov is there for dynamic fixed effects, and refuses the others in words.
    "ErrorCorrectionResult": {"predict": OWN, "marginal_effects": OWN},
}
NO_LIKELIHOOD = {
    "HeterogeneousResult": "a regression for each entity, of which averages are reported",
    "CointegratingResult": "corrected for the long run of errors that no likelihood describes",
    "DynamicPanelResult": "moments, no distribution",
    "CorrectedResult": "moments, no distribution",
}
CLASSES = {
    *("LinearResult", "GLSResult", "InstrumentalResult", "HeterogeneousResult", "ErrorCorrectionResult"),
    *("CointegratingResult", "DynamicPanelResult", "CorrectedResult"),
}


def classes() -> dict[str, type]:
    for module in pkgutil.walk_packages(pv.__path__, "panelvar."):
        importlib.import_module(module.name)
    found, left = {}, [EquationEstimates]
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
    assert result.fitted_values.index.equals(result.resids.index)
    table = result.augment()
    assert table.index.equals(result.resids.index)
    np.testing.assert_allclose(table[".fitted"] + table[".resid"], table.iloc[:, 0], atol=1e-8)
    for member in absent:
        with pytest.raises(pv.SpecificationError, match=r"coefficients of their own|no other covariance"):
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
