"""Hypotheses on error-correction models, against regressions on the relations that were found."""

import numpy as np
import pandas as pd
import pytest

import panelvar as pv


def money(rank=1, **options):
    data = pv.load_data("danish_money")[["lrm", "lry", "ibo", "ide"]]
    return pv.fit_vecm(data, rank=rank, lags=2, trend="rc", seasons=4, **options)


def regression(model):
    """The equations of the differences by least squares on the relations, one row at a time."""
    levels = model.data.values
    relations = model.relations.to_numpy()
    rows, right = [], []
    for period in range(2, len(levels)):
        season = [float(period % 4 == place) - 0.25 for place in range(3)]
        rows.append([*relations[period - 1], *season, *(levels[period - 1] - levels[period - 2])])
        right.append(levels[period] - levels[period - 1])
    return np.array(rows), np.array(right)


def stacked(model):
    """Coefficients, equation by equation, their classical covariance and that of White, by dense algebra."""
    x, y = regression(model)
    inverse = np.linalg.inv(x.T @ x)
    coefficients = inverse @ x.T @ y
    errors = y - x @ coefficients
    sigma = errors.T @ errors / (len(x) - x.shape[1])
    white = np.zeros((coefficients.size, coefficients.size))
    for row, error in zip(x, errors, strict=True):
        score = np.kron(error, inverse @ row)
        white += np.outer(score, score)
    return coefficients.T.ravel(), np.kron(sigma, inverse), white


def wald(coefficients, covariance, matrix):
    gap = matrix @ coefficients
    return gap @ np.linalg.solve(matrix @ covariance @ matrix.T, gap) / len(matrix)


@pytest.mark.parametrize("rank", [1, 2])
@pytest.mark.parametrize("cov", ["classical", "HC0"])
def test_hypotheses_on_the_equations_are_those_of_a_regression_on_the_relations(rank, cov):
    model = money(rank).with_cov(cov)
    b, classical, white = stacked(model)
    v = classical if cov == "classical" else white
    names = [f"[{equation}]{term}" for equation in model.names for term in model.short_run_names]
    np.testing.assert_allclose(model.short_run_std_errors.to_numpy().T.ravel(), np.sqrt(v.diagonal()), rtol=1e-8)
    unit = dict(zip(names, np.eye(len(names)), strict=True))
    asked = {
        "[lrm]ec1 + [lry]ec1 = 0": [unit["[lrm]ec1"] + unit["[lry]ec1"]],
        "[ibo]ec1, [ide]ec1": [unit["[ibo]ec1"], unit["[ide]ec1"]],
        "[lrm]L(D(lry)) = [lry]L(D(lrm)), [ibo]season1 = 0": [
            unit["[lrm]L(D(lry))"] - unit["[lry]L(D(lrm))"],
            unit["[ibo]season1"],
        ],
    }
    for text, rows in asked.items():
        test = model.wald_test(text)
        assert test.distribution == "f" and test.df_denominator == 4 * model.df_resid
        assert test.statistic == pytest.approx(wald(b, v, np.array(rows)), rel=1e-7)
    weights = unit["[lrm]ec1"] - 2.0 * unit["[ide]L(D(ibo))"]
    combined = model.lincom("[lrm]ec1 - 2 * [ide]L(D(ibo))")
    assert combined.estimate == pytest.approx(weights @ b, rel=1e-8)
    assert combined.std_error == pytest.approx(np.sqrt(weights @ v @ weights), rel=1e-8)
    assert combined.df == model.df_resid
    exclusion = model.exclusion_test(equations="lrm", variables=["lry", "ibo"])
    rows = np.array([unit["[lrm]L(D(lry))"], unit["[lrm]L(D(ibo))"]])
    assert exclusion.statistic == pytest.approx(wald(b, v, rows), rel=1e-7)
    ratio = model.nonlinear("[lry]ec1 / [lrm]ec1")
    first, second = b[names.index("[lry]ec1")], b[names.index("[lrm]ec1")]
    slope = (unit["[lry]ec1"] - first / second * unit["[lrm]ec1"]) / second
    assert ratio.params.iloc[0] == pytest.approx(first / second, rel=1e-8)
    assert ratio.std_errors.iloc[0] == pytest.approx(np.sqrt(slope @ v @ slope), rel=1e-7)


def test_hypotheses_on_relations_have_the_covariance_of_generalised_least_squares():
    """Luetkepohl (2005), 7.2.21: (R_f'R_f)^-1, with what the differences explain taken out, times (a'S^-1 a)^-1."""
    model = money(2)
    x, _ = regression(model)
    short = x[:, 2:]
    levels = np.column_stack([model.data.values[1:-1], np.ones(len(x))])
    left = levels - short @ np.linalg.lstsq(short, levels, rcond=None)[0]
    free = [model.relation_names.index(name) for name in ("ibo", "ide", "const")]
    alpha = model.alpha.to_numpy()
    sigma = model.sigma_ml.to_numpy() * model.nobs / model.df_resid
    v = np.kron(np.linalg.inv(alpha.T @ np.linalg.solve(sigma, alpha)), np.linalg.inv(left[:, free].T @ left[:, free]))
    b = model.beta.to_numpy()[free].T.ravel()
    names = [f"[{relation}]{name}" for relation in ("ec1", "ec2") for name in ("ibo", "ide", "const")]
    assert model.lincom("[ec1]ibo").std_error == pytest.approx(model.beta_std_errors.loc["ibo", "ec1"], rel=1e-10)
    test = model.wald_test("[ec1]ibo = [ec2]ibo, [ec1]ide + [ec1]ibo = 0")
    rows = np.array([[1, 0, 0, -1, 0, 0], [1, 1, 0, 0, 0, 0]])
    assert test.distribution == "chi2" and test.df == 2
    assert test.statistic == pytest.approx(2.0 * wald(b, v, rows), rel=1e-6)
    tidy = model.tidy().set_index(["equation", "term"])
    np.testing.assert_allclose(tidy.loc[["ec1", "ec2"], "std.error"], np.sqrt(v.diagonal()), rtol=1e-6)
    assert [f"[{equation}]{term}" for equation, term in tidy.index[-6:]] == names
    table = model.joint_tests()
    assert table.loc[("all relations", "ibo"), "statistic"] == pytest.approx(wald(b, v, np.eye(6)[[0, 3]]), rel=1e-6)
    assert np.isinf(table.loc[("all relations", "ibo"), "df_denominator"])


def test_both_kinds_are_independent_and_normal():
    model = money(1)
    alpha, beta = model.lincom("[lrm]ec1"), model.lincom("[ec1]lry")
    both = model.lincom("[lrm]ec1 + [ec1]lry")
    assert both.std_error == pytest.approx(np.hypot(alpha.std_error, beta.std_error), rel=1e-10)
    assert alpha.df == model.df_resid and beta.df is None and both.df is None
    assert model.nonlinear("[lrm]ec1 * [ec1]lry").distribution == "normal"


def test_wald_tests_of_relations_agree_with_likelihood_ratios_in_long_samples():
    rng = np.random.default_rng(3)
    steps = rng.standard_normal((4000, 2))
    trend = np.cumsum(steps[:, 0])
    gap = np.zeros(4000)
    for period in range(1, 4000):
        gap[period] = 0.6 * gap[period - 1] + steps[period, 1]
    data = pd.DataFrame({"x": trend + gap, "y": trend})
    model = pv.fit_vecm(data, rank=1, lags=1)
    wald_of, ratio = model.wald_test("[ec1]y = -1.002"), model.restriction_test(beta=[[1.002, 1.0]])
    assert wald_of.statistic == pytest.approx(ratio.statistic, rel=0.05)


def test_robust_errors_at_full_rank_are_those_of_the_levels():
    data = pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]]
    levels, model = pv.fit_var(data, lags=2), pv.fit_vecm(data, rank=3, lags=2)
    for cov in ("HC0", "HC1", "HC3", pv.Clustered(np.arange(len(data)) // 8)):
        found, expected = model.with_cov(cov), levels.with_cov(cov)
        np.testing.assert_allclose(found.std_errors, expected.std_errors, rtol=1e-6)
        np.testing.assert_allclose(found.cov, expected.cov, rtol=1e-5, atol=1e-8)
        assert found.cov_label == expected.cov_label
    assert "HC1" in str(model.with_cov("HC1")) and "HC1" in str(levels.with_cov("HC1"))
    assert "Standard errors     " not in str(model)


def test_the_canonical_normalisation_has_no_hypotheses_on_relations():
    model = money(1, normalise="canonical")
    assert all(not name.startswith("[ec1]") for name in model._stacked.names)
    assert len(model.tidy()) == 4 * len(model.short_run_names)
    assert "all relations" not in model.joint_tests().index.get_level_values(0)


def test_a_rank_of_zero_has_differences_alone():
    table = money(0).joint_tests()
    assert "relations" not in table.index.get_level_values(1)


def test_random_walks_without_coefficients_print():
    model = pv.fit_vecm(pv.load_data("danish_money")[["lrm", "lry"]], rank=0, lags=1, trend="n")
    assert "Rank" in str(model) and model.tidy().empty
    with pytest.raises(pv.SpecificationError, match="no term to test"):
        model.joint_tests()


def test_a_variable_with_the_name_of_a_relation_is_refused():
    data = pv.load_data("danish_money")[["lrm", "lry"]].rename(columns={"lry": "ec1"})
    model = pv.fit_vecm(data, rank=1, lags=2)
    with pytest.raises(pv.SpecificationError, match="has the name of a relation"):
        model.wald_test("[ec1]ec1")
    assert "lrm" in str(model)
