"""What a dynamic panel predicts in levels, its marginal effects, and its other standard errors, each made by hand."""

import warnings

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.panels.dynamic.level_rows import level_fit

FEW = pv.LagInstruments(collapse=True)
FORMULA = "log(emp) ~ log(wage) * log(capital) + L(log(wage))"
FITS = {
    "fd": lambda data, **more: pv.fit_arellano_bond(data, FORMULA, instruments=FEW, **more),
    "fod": lambda data, **more: pv.fit_arellano_bond(data, FORMULA, instruments=FEW, transform="fod", **more),
    "constant": lambda data, **more: pv.fit_arellano_bond(data, FORMULA, instruments=FEW, constant=True, **more),
    "periods": lambda data, **more: pv.fit_blundell_bond(data, FORMULA, instruments=FEW, time_effects=True, **more),
    "anderson-hsiao": lambda data, **more: pv.fit_anderson_hsiao(data, FORMULA, **more),
}


def frame_of_levels() -> pd.DataFrame:
    """Regressors of the employment data, made by pandas."""
    firms = pv.load_data("employment")
    logs = np.log(firms[["emp", "wage", "capital"]])
    # No firm of these data has a gap, so that a shift is a lag.
    before = logs.groupby("firm").shift()
    return pd.DataFrame(
        {
            "log(emp)": logs["emp"],
            "L(log(emp))": before["emp"],
            "log(wage)": logs["wage"],
            "log(capital)": logs["capital"],
            "L(log(wage))": before["wage"],
            "log(wage):log(capital)": logs["wage"] * logs["capital"],
            "const": 1.0,
        }
    ).join(pd.get_dummies(firms.index.get_level_values("year")).set_axis(firms.index).astype(float).add_prefix("year"))


@pytest.fixture(scope="module", params=list(FITS))
def fit(request) -> pv.DynamicPanelResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return FITS[request.param](pv.load_data("employment"))


def matrix_of(fit: pv.DynamicPanelResult) -> pd.DataFrame:
    levels = frame_of_levels()
    own = [name.replace("C(year)[T.", "year").rstrip("]") for name in fit.names]
    return levels[own].set_axis(list(fit.names), axis=1)


def test_predictions_are_of_the_levels_under_the_labels_of_the_data(fit):
    expected = (matrix_of(fit) @ fit.params).dropna().sort_index()
    found = fit.predict()
    pd.testing.assert_series_equal(found, expected.rename("predicted"), check_index_type=False)
    # A mixed order of the rows, with a column of labels in the place of an index.
    frame = pv.load_data("employment").sample(frac=1.0, random_state=1)
    again = fit.predict(frame)
    assert again.index.equals(frame.index)
    pd.testing.assert_series_equal(again.dropna().sort_index(), expected.rename("predicted"), check_index_type=False)
    plain = fit.predict(frame.reset_index())
    assert plain.index.equals(pd.RangeIndex(len(frame))) and np.array_equal(plain, again, equal_nan=True)


def test_fitted_values_and_residuals_add_up_to_the_transformed_rows(fit):
    table = fit.augment()
    assert table.index.equals(fit.resids.index) and table.index.names == ["firm", "year"]
    np.testing.assert_allclose(table[".fitted"] + table[".resid"], table["log(emp)"], atol=1e-14)
    np.testing.assert_allclose(table[list(fit.names)] @ fit.params, table[".fitted"], atol=1e-12)
    if "forward" not in str(fit.summary()):
        changes = frame_of_levels()["log(emp)"].groupby("firm").diff()
        np.testing.assert_allclose(table["log(emp)"], changes.loc[table.index], atol=1e-14)
        in_levels = frame_of_levels()["log(emp)"] - fit.predict()
        np.testing.assert_allclose(fit.resids, in_levels.groupby("firm").diff().loc[fit.resids.index], atol=1e-10)
    rows = fit.predict() if "Blundell" in fit.estimator else fit.resids
    assert len(rows) == fit.nobs and len(rows.index.unique("year")) == fit.n_periods


def test_marginal_effects_go_through_every_term(fit):
    firms = pv.load_data("employment").loc[fit.predict().index]
    b = fit.params
    weights = pd.DataFrame(0.0, index=["wage", "capital"], columns=list(fit.names))
    weights.loc["wage", "log(wage)"] = (1.0 / firms["wage"]).mean()
    weights.loc["wage", "log(wage):log(capital)"] = (np.log(firms["capital"]) / firms["wage"]).mean()
    weights.loc["capital", "log(capital)"] = (1.0 / firms["capital"]).mean()
    weights.loc["capital", "log(wage):log(capital)"] = (np.log(firms["wage"]) / firms["capital"]).mean()
    found = fit.marginal_effects()
    np.testing.assert_allclose(found.params[["wage", "capital"]], weights @ b, rtol=1e-10)
    np.testing.assert_allclose(found.cov.loc[weights.index, weights.index], weights @ fit.cov @ weights.T, rtol=1e-8)
    before = np.log(pv.load_data("employment")["wage"]).groupby("firm").shift()
    lagged = (1.0 / np.exp(before.loc[firms.index])).mean() * b["L(log(wage))"]
    np.testing.assert_allclose(fit.marginal_effects("L(wage)").params.iloc[0], lagged, rtol=1e-10)


def test_the_level_is_known_where_there_is_a_constant(fit):
    if "const" not in fit.names:
        with pytest.raises(pv.SpecificationError, match="without a constant the level is in the absorbed effects"):
            fit.adjusted_predictions()
        return
    np.testing.assert_allclose(fit.adjusted_predictions().params.iloc[0], fit.predict().mean(), rtol=1e-10)


def test_periods_that_the_model_has_not_seen_have_no_prediction():
    firms = pv.load_data("employment")
    old = firms[firms.index.get_level_values("year") < 1984]
    fit = FITS["periods"](old)
    found = fit.predict(firms)
    years = found.index.get_level_values("year")
    assert found[years == 1984].isna().all() and found[years == 1983].notna().any()


@pytest.mark.parametrize("steps", [1, 2, "iterated"])
@pytest.mark.parametrize("cov", ["robust", "cluster", "classical", "uncorrected", pv.Clustered("sector")])
def test_other_errors_are_those_of_a_fit_with_them(steps, cov):
    firms, formula = pv.load_data("employment"), "log(emp) ~ log(wage) + log(capital)"
    plain = pv.fit_arellano_bond(firms, formula, instruments=FEW, steps=steps)
    alone = {"classical": steps == 1, "uncorrected": steps != 1, "robust": True, "cluster": True}
    if not (alone[cov] if isinstance(cov, str) else steps == 1):
        with pytest.raises(pv.SpecificationError, match=r"one-step|two-step|of one step"):
            plain.with_cov(cov)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        fitted = pv.fit_arellano_bond(firms, formula, instruments=FEW, steps=steps, cov=cov)
        found = plain.with_cov(cov)
    pd.testing.assert_series_equal(found.params, plain.params)
    pd.testing.assert_frame_equal(found.cov, fitted.cov, rtol=1e-12)
    assert found.cov_label == fitted.cov_label
    assert set(found.notes) == set(fitted.notes)
    assert found.ar_test(2).statistic == pytest.approx(fitted.ar_test(2).statistic, rel=1e-10)


def test_small_samples_stay_small_and_clusters_of_weights_stay():
    firms, formula = pv.load_data("employment"), "log(emp) ~ log(wage) + log(capital)"
    fit = pv.fit_arellano_bond(firms, formula, instruments=FEW, small_sample=True)
    fitted = pv.fit_arellano_bond(firms, formula, instruments=FEW, small_sample=True, cov="uncorrected")
    other = fit.with_cov("uncorrected")
    assert other.df_inference == fitted.df_inference == 139
    pd.testing.assert_frame_equal(other.cov, fitted.cov)
    with pytest.raises(pv.SpecificationError, match="'HC1' is not known"):
        fit.with_cov("HC1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        clustered = pv.fit_arellano_bond(firms, formula, instruments=FEW, cov=pv.Clustered("sector"))
        assert clustered.with_cov("robust").cov.equals(clustered.cov)
        one = pv.fit_arellano_bond(firms, formula, instruments=FEW, cov=pv.Clustered("sector"), steps=1)
    plain = pv.fit_arellano_bond(firms, formula, instruments=FEW, steps=1)
    pd.testing.assert_frame_equal(one.with_cov("robust").cov, plain.cov)


def test_products_of_columns_are_regressors_of_dynamic_panels():
    firms = pv.load_data("employment")
    named = pv.fit_arellano_bond(firms, "log(emp) ~ log(wage) * log(capital)", instruments=FEW)
    by_hand = pv.fit_arellano_bond(
        firms.assign(both=np.log(firms["wage"]) * np.log(firms["capital"])),
        "log(emp) ~ log(wage) + log(capital) + both",
        instruments=FEW,
    )
    np.testing.assert_allclose(named.params, by_hand.params, rtol=1e-10)


@pytest.mark.parametrize("kept", ["my emp", "`my emp` ~ `the wage`"])
def test_names_that_are_no_identifiers(kept):
    firms = pv.load_data("employment").rename(columns={"emp": "my emp", "wage": "the wage"})
    fit = pv.fit_blundell_bond(firms, kept, None if "~" in kept else ["the wage"], instruments=FEW)
    assert fit.marginal_effects().params["the wage"] == pytest.approx(fit.params.iloc[1])
    known = level_fit(fit._gmm.model, fit.fit.coefficients, exact=False)
    np.testing.assert_allclose(
        known.source.x[0] * fit.params.iloc[0] + known.source.x[1] * fit.params.iloc[1] + fit.params["const"],
        fit.predict(),
        rtol=1e-12,
    )


def test_a_stream_keeps_no_rows_to_predict(tmp_path):
    firms = pv.load_data("employment").reset_index()
    stream = pv.PanelStream(lambda: iter([firms]), entity="firm", time="year")
    fit = pv.fit_arellano_bond(stream, "emp", ["wage"], instruments=FEW)
    for ask in (fit.predict, fit.augment, fit.marginal_effects, lambda: fit.fitted_values):
        with pytest.raises(pv.MissingInformationError, match="stream"):
            ask()
    assert fit.with_cov("uncorrected").cov_label == "two-step, uncorrected"
