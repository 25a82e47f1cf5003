"""Plain frames: each row is an entity of its own, and what needs entities or periods is refused in words."""

import numpy as np
import pandas as pd
import pytest

import panelvar as pv
from panelvar.panels.diagnostics.compared_models import same_rows

# Twelve states are few clusters, which is said in a warning.
pytestmark = pytest.mark.filterwarnings("ignore:Only")

STATES, YEARS = 12, range(2001, 2007)


def people(n=400, seed=26):
    """Repeated cross-sections: other people every year, treatment by state and year."""
    rng = np.random.default_rng(seed)
    state, year = rng.integers(0, STATES, n), rng.integers(YEARS.start, YEARS.stop, n)
    z, u = rng.normal(size=n), rng.normal(size=n)
    x = z + 0.5 * u + rng.normal(size=n)
    treated = ((state < 5) & (year >= 2004)).astype(float)
    y = 1 + 0.5 * x + 0.3 * treated + rng.normal(size=12)[state] + 0.1 * (year - 2000) + u * (1 + 0.3 * abs(x))
    columns = {"y": y.round(4), "x": x.round(4), "z": z.round(4), "treated": treated}
    return pd.DataFrame({**columns, "state": [f"s{k:02d}" for k in state], "year": year})


def dense(frame, names, effects=()):
    """Least squares with dummies, the slow way: coefficients, residuals, regressors and (X'X)^-1."""
    dummies = [pd.get_dummies(frame[name]).to_numpy(float)[:, 1:] for name in effects]
    x = np.column_stack([np.ones(len(frame)), frame[list(names)].to_numpy(), *dummies])
    inverse = np.linalg.inv(x.T @ x)
    b = inverse @ x.T @ frame["y"].to_numpy()
    return b, frame["y"].to_numpy() - x @ b, x, inverse


def test_pooled_rows_have_robust_errors_by_default():
    frame = people()
    fit = pv.fit_pooled(frame, "y ~ x + treated")
    b, e, x, inverse = dense(frame, ["x", "treated"])
    hc1 = inverse @ (x.T * e**2) @ x @ inverse * len(e) / (len(e) - 3)
    np.testing.assert_allclose(fit.params, b, rtol=1e-10)
    np.testing.assert_allclose(fit.cov, hc1, rtol=1e-9)
    # statsmodels 0.15, ols(...).fit(cov_type="HC1")
    np.testing.assert_allclose(fit.params, [1.4991287410021, 0.7546619326454254, 0.25589235952487416], rtol=1e-10)
    errors = [0.0991500066299178, 0.06732008745802699, 0.18896694549928572]
    np.testing.assert_allclose(fit.std_errors, errors, rtol=1e-10)
    text = str(fit)
    assert "The data name no entities, so each row counts as one." in text
    assert not any(word in text for word in ("Entities", "Periods", "Rows per entity", "R2 within", "R2 between"))
    assert (fit.nobs, fit.n_entities, fit.n_periods) == (400, 400, 1)
    assert fit.rsquared_table.overall == pytest.approx(fit.rsquared, rel=1e-12)
    classical = fit.with_cov("classical")
    assert "name no entities" not in str(classical)
    np.testing.assert_allclose(classical.cov, inverse * (e @ e) / (len(e) - 3), rtol=1e-9)
    assert list(fit.resids.index) == list(frame.index)
    table = pv.compare(fit, fit.with_cov(pv.Clustered("state")))
    assert "Entities" not in str(table)


def test_differences_in_differences_of_repeated_cross_sections():
    frame = people()
    fit = pv.fit_fixed_effects(frame, "y ~ x + treated | state + year")
    clustered = fit.with_cov(pv.Clustered("state"))
    b, e, x, inverse = dense(frame, ["x", "treated"], ["state", "year"])
    k = x.shape[1]
    np.testing.assert_allclose(fit.params[["x", "treated"]], b[1:3], rtol=1e-10)
    hc1 = inverse @ (x.T * e**2) @ x @ inverse * len(e) / (len(e) - k)
    np.testing.assert_allclose(fit.std_errors[["x", "treated"]], np.sqrt(np.diag(hc1))[1:3], rtol=1e-9)
    sums = np.array([(x * e[:, None])[frame["state"] == each].sum(axis=0) for each in sorted(set(frame["state"]))])
    meat = inverse @ sums.T @ sums @ inverse
    ours = clustered.std_errors[["x", "treated"]] / np.sqrt(np.diag(meat))[1:3]
    assert ours.iloc[0] == pytest.approx(ours.iloc[1], rel=1e-10)
    # pyfixest 0.60, feols(..., vcov="hetero", fixef_tol=1e-14) and vcov={"CRV1": "state"}
    np.testing.assert_allclose(fit.params[["x", "treated"]], [0.8383868458992634, 0.3334853174988224], rtol=1e-10)
    pyfixest = pv.fit_fixed_effects(frame, "y ~ x + treated | state + year", convention="pyfixest")
    np.testing.assert_allclose(pyfixest.std_errors.iloc[1:], [0.05424567086483822, 0.2689495800134663], rtol=1e-10)
    errors = [0.06109308322619992, 0.17358105588393935]
    np.testing.assert_allclose(pyfixest.with_cov(pv.Clustered("state")).std_errors.iloc[1:], errors, rtol=1e-10)
    codes = {note.code: note.text for note in fit.notes}
    assert "cov=Clustered('state') (12 clusters) or Clustered('year') (6 clusters)" in codes["clusters-to-consider"]
    assert "hc-inconsistent" not in codes
    assert "clusters-to-consider" not in {note.code for note in clustered.notes}
    ours = fit.predict(frame.iloc[[5, 3]], effects=True)
    np.testing.assert_allclose(ours, (frame["y"] - fit.resids).iloc[[5, 3]], rtol=1e-10)


def test_instruments_of_plain_rows():
    frame = people()
    fit = pv.fit_iv_fixed_effects(
        frame, "y ~ treated + [x ~ z] | state + year", cov=pv.Clustered("state"), convention="pyfixest"
    )
    # pyfixest 0.60, feols("y ~ treated | state + year | x ~ z", vcov={"CRV1": "state"})
    assert fit.params["treated"] == pytest.approx(0.2738195484532915, rel=1e-9)
    assert fit.params["x"] == pytest.approx(0.5361814459369185, rel=1e-9)
    assert fit.std_errors["treated"] == pytest.approx(0.203951648403055, rel=1e-10)
    assert fit.std_errors["x"] == pytest.approx(0.07459753523372442, rel=1e-10)
    pooled = pv.fit_iv_pooled(frame, "y", ["treated"], endogenous=["x"], instruments=["z"])
    assert "HC1" in pooled.cov_label


def test_every_kind_of_table_is_taken_as_it_is():
    frame = people()
    polars, pyarrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    columns = {name: frame[name].to_list() for name in frame}
    arrays = {name: frame[name].to_numpy() for name in frame}
    dated = frame.set_index(pd.date_range("2001-01-01", periods=len(frame)))
    named = frame.set_index("state")
    expected = pv.fit_fixed_effects(frame, "y ~ x + treated | state + year")
    for data in (polars.DataFrame(columns), pyarrow.table(columns), arrays, dated, named):
        fit = pv.fit_fixed_effects(data, "y ~ x + treated | state + year")
        np.testing.assert_allclose(fit.params, expected.params, rtol=1e-13)
        np.testing.assert_allclose(fit.std_errors, expected.std_errors, rtol=1e-12)
    many = pv.fit_many(pv.fit_fixed_effects, frame, ["y ~ x | state", "y ~ x + treated | state + year"])
    assert many["(2)"].params["x"] == expected.params["x"]
    parts = pv.fit_many(pv.fit_pooled, frame, "y ~ x", by="year")
    assert parts["year = 2001"].nobs == (frame["year"] == 2001).sum()


def test_missing_values_and_columns_called_as_dimensions_are():
    frame = people().rename(columns={"state": "entity", "year": "time"})
    frame.loc[3, "x"] = np.nan
    with pytest.warns(pv.PanelVarWarning, match="1 of 400 rows dropped"):
        fit = pv.fit_fixed_effects(frame, "y ~ x + treated", effects="twoway", cov="cluster")
    assert fit.cov_label == "clustered by entity"
    b = dense(frame.dropna(), ["x", "treated"], ["entity", "time"])[0]
    np.testing.assert_allclose(fit.params[["x", "treated"]], b[1:3], rtol=1e-10)
    again = fit.predict(frame.iloc[:3], effects=True)
    np.testing.assert_allclose(again, (frame["y"] - fit.resids).iloc[:3], rtol=1e-9)
    assert fit.without_rows().summary().facts == fit.summary().facts


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda data: pv.fit_pooled(data, "y ~ L(x)"), "A lag, lead or difference needs to know"),
        (lambda data: pv.fit_pooled(data, "y ~ D(x)"), "A lag, lead or difference needs to know"),
        (lambda data: pv.fit_pooled(data, "y ~ F(x)"), "A lag, lead or difference needs to know"),
        (
            lambda data: pv.fit_fixed_effects(data, "y ~ x"),
            r"do not say which rows belong .*effects=\['state', 'year'\]",
        ),
        (lambda data: pv.fit_fixed_effects(data, "y ~ x", effects="time"), "do not say when the rows were"),
        (lambda data: pv.fit_pooled(data, "y ~ x", cov="cluster"), r"cov=Clustered\('state'\)"),
        (lambda data: pv.fit_pooled(data, "y ~ x", cov="CR2"), r"cov=Clustered\('state'\)"),
        (lambda data: pv.fit_pooled(data, "y ~ x", cov="driscoll-kraay"), "needs to know which rows"),
        (lambda data: pv.fit_pooled(data, "y ~ x", cov="newey-west"), "needs to know which rows"),
        (lambda data: pv.fit_pooled(data, "y ~ x", cov="pcse"), "needs to know which rows"),
        (lambda data: pv.cross_section_dependence_test(pv.fit_pooled(data, "y ~ x")), "needs to know which rows"),
        (lambda data: pv.wooldridge_serial_test(pv.fit_pooled(data, "y ~ x")), "which rows|which column"),
        (lambda data: pv.fit_random_effects(data, "y ~ x"), "which column is the entity"),
        (lambda data: pv.fit_first_difference(data, "y ~ x"), "which column is the entity"),
        (lambda data: pv.fit_between(data, "y ~ x"), "which column is the entity"),
        (lambda data: pv.fit_many(pv.fit_random_effects, data, "y ~ x"), "which column is the entity"),
    ],
)
def test_what_needs_entities_or_a_calendar_says_how_to_name_them(call, words):
    with pytest.raises(pv.SpecificationError, match=words) as caught:
        call(people())
    assert "Panel(data, entity=..., time=...)" in str(caught.value)


def test_repeated_cross_sections_are_sent_to_a_call_that_works():
    frame = people()
    with pytest.raises(pv.DataError, match="repeated cross-sections") as caught:
        pv.Panel(frame, entity="state", time="year")
    call = str(caught.value).partition("Give the rows as they are: ")[2].partition(". If the same")[0]
    assert call == "fit_fixed_effects(data, 'y ~ x | state + year', cov=Clustered('state'))"
    assert eval(call, {"data": frame, "fit_fixed_effects": pv.fit_fixed_effects, "Clustered": pv.Clustered}).nobs == 400
    with pytest.raises(pv.DataError, match=r"fit_fixed_effects\(data\.reset_index\(\)"):
        pv.Panel(frame.set_index(["state", "year"]))


@pytest.mark.parametrize("convention", ["default", "stata", "plm", "pyfixest", "linearmodels", "gretl", "eviews"])
def test_every_convention_takes_plain_rows(convention):
    frame = people()
    for fit, formula in ((pv.fit_pooled, "y ~ x"), (pv.fit_fixed_effects, "y ~ x | state + year")):
        for cov in (None, "robust"):
            result = fit(frame, formula, convention=convention, cov=cov)
            assert "HC1" in result.cov_label
            assert str(result.without_rows()) == str(result)


def test_results_of_plain_rows_answer_as_those_of_panels_do():
    frame = people()
    fit = pv.fit_fixed_effects(frame, "y ~ x + treated | state + year", cov=pv.Clustered("state"))
    pooled = pv.fit_pooled(frame, "y ~ x + treated + C(state) + C(year)", cov=pv.Clustered("state"))
    np.testing.assert_allclose(fit.params[["x", "treated"]], pooled.params[["x", "treated"]], rtol=1e-9)
    np.testing.assert_allclose(fit.resids, pooled.resids, atol=1e-9)
    assert fit.glance()["nobs"].iloc[0] == 400 and len(fit.augment()) == 400
    assert len(fit.estimated_effects()) and fit.marginal_effects() is not None
    assert 0.0 <= pv.wild_bootstrap_test(fit, "x", draws=99).pvalue <= 1.0
    assert same_rows(fit, pooled) and not same_rows(fit, pv.fit_pooled(frame[::-1], "y ~ x"))
