"""Hypotheses on systems, their robust errors and plain frames, against dense algebra."""

import numpy as np
import pandas as pd
import pytest
from quiet import quietly

import panelvar as pv


def macro():
    return pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]].iloc[-90:]


LEFT_OUT = {"infl": ["L1.unemp", "L2.unemp"], "unemp": ["L1.infl"], "tbilrate": ["L2.infl", "const"]}


def dense(model, data, method):
    """Coefficients and White's covariance of a system with zero restrictions, equations stacked one below another."""
    y = data.to_numpy()
    x = np.column_stack([np.ones(len(y) - 2), y[1:-1], y[:-2]])
    right = y[2:]
    free = [[row for row in model.regressor_names if row not in LEFT_OUT[name]] for name in model.names]
    blocks = [x[:, [model.regressor_names.index(row) for row in rows]] for rows in free]
    full = right - x @ np.linalg.lstsq(x, right, rcond=None)[0]
    sigma = np.eye(3) if method == "ols" else full.T @ full
    weight = np.linalg.inv(sigma)
    for _ in range(300 if method == "ml" else 1):
        bread = np.block([[weight[i, j] * blocks[i].T @ blocks[j] for j in range(3)] for i in range(3)])
        cross = np.concatenate([sum(weight[i, j] * blocks[i].T @ right[:, j] for j in range(3)) for i in range(3)])
        b = np.linalg.solve(bread, cross)
        cuts = np.split(b, np.cumsum([block.shape[1] for block in blocks])[:-1])
        errors = right - np.column_stack([block @ part for block, part in zip(blocks, cuts, strict=True)])
        if method == "ml":
            weight = np.linalg.inv(errors.T @ errors)
    inverse = np.linalg.inv(bread)
    meat = np.zeros_like(bread)
    for row in range(len(right)):
        score = np.concatenate([(weight[i] @ errors[row]) * blocks[i][row] for i in range(3)])
        meat += np.outer(score, score)
    labels = [(name, row) for name, rows in zip(model.names, free, strict=True) for row in rows]
    return pd.Series(b, labels), pd.DataFrame(inverse @ meat @ inverse, labels, labels)


@pytest.mark.parametrize("method", ["fgls", "ols", "ml"])
def test_robust_errors_of_restricted_systems_are_those_of_stacked_equations(method):
    data = macro()
    model = pv.fit_restricted_var(data, restrictions=LEFT_OUT, lags=2, method=method)
    b, v = dense(model, data, method)
    found = model.with_cov("HC0")
    own = found.cov
    for left, right in (("infl", "unemp"), ("unemp", "tbilrate"), ("infl", "infl")):
        for row in ("L1.tbilrate", "L2.tbilrate"):
            assert own.loc[(left, row), (right, row)] == pytest.approx(
                v.loc[[(left, row)], [(right, row)]].iat[0, 0], rel=1e-6
            )
    for (name, row), value in b.items():
        assert found.params.loc[row, name] == pytest.approx(value, rel=1e-6)
        assert found.std_errors.loc[row, name] == pytest.approx(
            v.loc[[(name, row)], [(name, row)]].iat[0, 0] ** 0.5, rel=1e-6
        )
    assert found.std_errors.loc["L1.unemp", "infl"] == 0.0
    places = [("infl", "L1.tbilrate"), ("infl", "L2.tbilrate")]
    gap, block = b[places].to_numpy(), v.loc[places, places].to_numpy()
    expected = gap @ np.linalg.solve(block, gap) / 2.0
    for test in (
        found.granger_causality("infl", "tbilrate"),
        found.wald_test(["[infl]L1.tbilrate", "[infl]L2.tbilrate"]),
    ):
        assert test.statistic == pytest.approx(expected, rel=1e-6)
    assert found.joint_tests().loc[("infl", "tbilrate"), "statistic"] == pytest.approx(expected, rel=1e-6)
    factor = found.nobs / found.df_resid
    np.testing.assert_allclose(model.with_cov("HC1").cov, factor * found.cov, rtol=1e-10, atol=1e-300)


def test_a_system_without_restrictions_has_the_errors_of_least_squares():
    data = macro()
    free = pv.fit_restricted_var(data, restrictions={}, lags=2)
    groups = np.arange(len(data)) // 4
    for cov in ("HC0", "HC1", pv.Clustered(groups)):
        np.testing.assert_allclose(
            free.with_cov(cov).cov, pv.fit_var(data, lags=2).with_cov(cov).cov, rtol=1e-6, atol=1e-9
        )


def test_joint_tests_are_exclusions_and_tests_of_terms():
    data = macro()
    oil = pd.Series(np.sin(np.arange(len(data))), data.index, name="oil")
    model = pv.fit_var(data, lags=2, trend="ct", seasons=4, exogenous=oil.to_frame(), exogenous_lags=1)
    table = model.joint_tests()
    assert table.index.get_level_values(1).unique().tolist() == [*data, "all lags", "trend", "seasons", "oil"]
    one = model.exclusion_test(equations="unemp", variables="infl")
    assert table.loc[("unemp", "infl"), "statistic"] == one.statistic and one.df == 2
    assert table.loc[("joint", "all lags"), "statistic"] == model.exclusion_test().statistic
    assert table.loc[("unemp", "oil"), "statistic"] == pytest.approx(
        model.wald_test(["[unemp]oil", "[unemp]L1.oil"]).statistic
    )
    seasons = [f"[{name}]season{place}" for name in data for place in (1, 2, 3)]
    assert table.loc[("joint", "seasons"), "statistic"] == pytest.approx(model.wald_test(seasons).statistic)


def test_more_restrictions_than_rows_leave_one_row_of_the_table_empty():
    model = quietly(pv.fit_var, macro().iloc[:16], lags=2).with_cov("HC0")
    table = model.joint_tests()
    assert np.isnan(table.loc[("joint", "all lags"), "statistic"])
    assert table.loc[("unemp", "infl"), "pvalue"] < 1.0
    assert any("too few rows" in note for note in table.notes)


def test_functions_of_coefficients_have_the_errors_of_the_delta_method():
    model = pv.fit_var(macro(), lags=1).with_cov("HC1")
    top, below = model.params.loc["L1.tbilrate", "infl"], 1.0 - model.params.loc["L1.infl", "infl"]
    pair = [("infl", "L1.tbilrate"), ("infl", "L1.infl")]
    slope = np.array([1.0 / below, top / below**2])
    found = model.nonlinear({"long run": "[infl]L1.tbilrate / (1 - [infl]L1.infl)"})
    assert found.params["long run"] == pytest.approx(top / below)
    assert found.std_errors["long run"] ** 2 == pytest.approx(slope @ model.cov.loc[pair, pair].to_numpy() @ slope)
    assert found.df_inference == model.df_resid and found.nobs == model.nobs


def panel():
    states = pv.load_data("public_capital")
    return np.log(states[["gsp", "emp"]]).groupby("state").diff().dropna()


def systems():
    firms = pv.load_data("employment")
    wages = np.log(firms[["emp", "wage"]])
    return {
        "var": pv.fit_var(macro(), lags=2),
        "restricted": pv.fit_restricted_var(macro(), restrictions=LEFT_OUT, lags=2),
        "vecm": pv.fit_vecm(macro(), rank=1, lags=2),
        "least squares": pv.fit_panel_var(panel(), ["emp", "gsp"], method="within"),
        "moments": pv.fit_panel_var(wages, ["emp", "wage"], method="gmm", instruments=pv.LagInstruments(collapse=True)),
        "mean group": pv.fit_panel_var(panel(), ["emp", "gsp"], method="mean-group"),
    }


@pytest.fixture(scope="module", params=["var", "restricted", "vecm", "least squares", "moments", "mean group"])
def model(request):
    return quietly(systems)[request.param]


def test_plain_frames_hold_what_the_result_has(model):
    tidy = model.tidy(level=0.9)
    numbers = tidy.set_index(["equation", "term"])
    for equation in model.names:
        for term in model.short_run_names if isinstance(model, pv.VecmResult) else model.regressor_names:
            combined = None
            if numbers.loc[(equation, term), "std.error"] > 0.0:
                combined = model.lincom(f"[{equation}]{term}")
                assert numbers.loc[(equation, term), "std.error"] == pytest.approx(combined.std_error, rel=1e-9)
                assert numbers.loc[(equation, term), "estimate"] == pytest.approx(combined.estimate, rel=1e-9)
    assert (numbers["conf.low"] <= numbers["estimate"]).all()
    row = model.glance().iloc[0]
    assert row["nobs"] == model.nobs and row["lag.order"] == model.lags and row["n.periods"] == model.n_periods
    table = model.augment()
    assert table.index.equals(model.fitted_values.index)
    for name in model.names:
        np.testing.assert_allclose(table[name][".fitted"] + table[name][".resid"], table[name]["value"], atol=1e-12)
        np.testing.assert_array_equal(table[name][".fitted"], model.fitted_values[name])


def test_joint_limits_are_wider_and_choose_what_they_cover(model):
    alone = model.conf_int(of=f"[{model.names[0]}]*")
    assert set(alone.index.get_level_values(0)) == {model.names[0]}
    pd.testing.assert_frame_equal(alone, model.conf_int().loc[alone.index])
    together = model.conf_int(of=f"[{model.names[0]}]*", joint="sup-t")
    varies = (alone["upper"] > alone["lower"]).to_numpy()
    widths = [(each["upper"] - each["lower"]).to_numpy()[varies] for each in (alone, together)]
    assert (widths[1] > widths[0]).all() and together.index.equals(alone.index)
    first = f"[{model.names[0]}]{model.regressor_names[-1]}"
    one = model.conf_int(of=first, joint="bonferroni")
    assert one.index.tolist() == [(model.names[0], model.regressor_names[-1])]


def test_a_system_draws_its_coefficients():
    pytest.importorskip("matplotlib")
    figure = pv.fit_var(macro(), lags=1).plot(keep="[unemp]*", title="")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert any("L1.infl" in label for label in labels)


ZEROS = {("infl", "unemp"): 0, ("infl", "tbilrate"): 0, ("unemp", "infl"): 0, ("unemp", "tbilrate"): 0}


def likelihood(free, sigma):
    a = np.array([[free[0], 0.0, 0.0], [0.0, free[2], 0.0], [free[1], free[3], free[4]]])
    return np.linalg.slogdet(a)[1] - 0.5 * np.trace(a @ sigma @ a.T)


def test_entries_of_a_structural_form_have_the_covariance_of_the_information():
    model = pv.fit_var(macro(), lags=2)
    svar = pv.fit_svar(model, pv.ShortRun(a=ZEROS))
    at = svar.params.to_numpy()
    assert svar.params.index.tolist() == [
        *(("A", "infl", "infl"), ("A", "tbilrate", "infl"), ("A", "unemp", "unemp")),
        *(("A", "tbilrate", "unemp"), ("A", "tbilrate", "tbilrate")),
    ]
    # The information is what the model expects: the Hessian at the covariance that it implies.
    implied = svar.sigma.to_numpy()
    steps = 1e-4 * np.maximum(np.abs(at), 0.1)
    hessian = np.empty((5, 5))
    for row in range(5):
        for column in range(5):
            total = 0.0
            for one, other in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
                moved = at.copy()
                moved[row] += one * steps[row]
                moved[column] += other * steps[column]
                total += one * other * likelihood(moved, implied)
            hessian[row, column] = total / (4.0 * steps[row] * steps[column])
    np.testing.assert_allclose(np.linalg.inv(-hessian) / model.nobs, svar.cov, rtol=1e-4, atol=1e-8)
    np.testing.assert_allclose(np.sqrt(np.diag(svar.cov)), svar.std_errors, rtol=1e-10)
    weights, v = np.array([0.0, 1.0, 0.0, -1.0, 0.0]), svar.cov.to_numpy()
    test = svar.wald_test("A[tbilrate, infl] = A[tbilrate, unemp]")
    assert test.statistic == pytest.approx((weights @ at) ** 2 / (weights @ v @ weights))
    assert svar.lincom("A[tbilrate, infl] - A[tbilrate, unemp]").std_error == pytest.approx(
        (weights @ v @ weights) ** 0.5
    )
    assert svar.nonlinear("A[tbilrate, infl] / A[tbilrate, tbilrate]").params.iloc[0] == pytest.approx(at[1] / at[4])
    assert svar.tidy()["std.error"].tolist() == pytest.approx(svar.std_errors.tolist())
    wide = svar.conf_int(of="A[tbilrate*", joint="bonferroni")
    assert (wide["upper"] > svar.conf_int(of="A[tbilrate*")["upper"]).all() and len(wide) == 3


@pytest.mark.parametrize("bands", [pv.DeltaMethod(), pv.ResidualBootstrap(draws=200)])
def test_entries_with_a_band_have_its_errors(bands):
    svar = pv.fit_svar(pv.fit_var(macro(), lags=2), pv.ShortRun(a=ZEROS), bands=bands)
    np.testing.assert_allclose(np.sqrt(np.diag(svar.cov)), svar.std_errors, rtol=1e-9)
    errors = svar.band.std_errors[:2].swapaxes(1, 2)[svar.pair_errors.swapaxes(1, 2) > 0.0]
    np.testing.assert_allclose(svar.std_errors, errors, rtol=1e-9)
    assert svar.lincom("A[infl, infl]").std_error == pytest.approx(svar.std_errors.iloc[0])
    for asked in ("with_cov", "joint_tests", "aic"):
        with pytest.raises(pv.SpecificationError):
            getattr(svar, asked)
    with pytest.raises(pv.SpecificationError, match="come from its band"):
        svar.conf_int(joint="sup-t")
