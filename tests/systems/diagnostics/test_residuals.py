"""Residual tests of a vector autoregression, against their definitions written out."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy import stats

import panelvar as pv
from panelvar import InsufficientDataError, NumericalError, SpecificationError
from panelvar.systems.diagnostics import limit_processes
from panelvar.systems.diagnostics import residual_statistics as residual_tests


@pytest.fixture(scope="module", params=["c", "n", "ct"])
def model(request):
    rng = np.random.default_rng(5)
    y = np.zeros((90, 3))
    for t in range(1, 90):
        y[t] = 0.1 + 0.5 * y[t - 1] + np.array([[1, 0, 0], [0.4, 1, 0], [0.1, -0.3, 1]]) @ rng.standard_t(6, 3)
    return pv.fit_var(pd.DataFrame(y, columns=["x", "y", "z"]), lags=2, trend=request.param)


def test_portmanteau_is_a_sum_of_traces(model):
    u, n = model._problem.residuals, model.nobs
    first = np.linalg.inv(u.T @ u / n)
    plain = adjusted = 0.0
    for lag in range(1, 9):
        c = sum(np.outer(u[t], u[t - lag]) for t in range(lag, n)) / n
        trace = np.trace(c.T @ first @ c @ first)
        plain += n * trace
        adjusted += n**2 / (n - lag) * trace
    for kind, value in (("plain", plain), ("adjusted", adjusted), ("ljung-box", adjusted * (n + 2) / n)):
        test = pv.portmanteau_test(model, lags=8, statistic=kind)
        assert test.statistic == pytest.approx(value, rel=1e-11)
        assert test.df == 9 * 6
        assert test.pvalue == pytest.approx(stats.chi2.sf(value, 54), rel=1e-9)


@pytest.mark.parametrize("lags", [1, 3])
def test_serial_lm_is_an_auxiliary_regression(model, lags):
    u, n = model._problem.residuals, model.nobs
    x = model._problem.design[:, : model.n_regressors]
    past = np.array(
        [np.concatenate([u[t - h] if t >= h else np.zeros(3) for h in range(1, lags + 1)]) for t in range(n)]
    )
    wide = np.concatenate([x, past], axis=1)
    left = u - wide @ np.linalg.lstsq(wide, u, rcond=None)[0]
    restricted, unrestricted = u.T @ u / n, left.T @ left / n
    lm = n * (3 - np.trace(np.linalg.inv(restricted) @ unrestricted))
    test = pv.serial_lm_test(model, lags=lags)
    assert test.statistic == pytest.approx(lm, rel=1e-9)
    assert test.df == 9 * lags
    m = 3 * lags
    s = np.sqrt((9 * m**2 - 4) / (9 + m**2 - 5))
    rows = n - model.n_regressors - m - 0.5 * (3 - m + 1)
    ratio = (np.linalg.det(restricted) / np.linalg.det(unrestricted)) ** (1 / s)
    f = pv.serial_lm_test(model, lags=lags, statistic="f")
    denominator = rows * s - 0.5 * 3 * m + 1
    assert f.statistic == pytest.approx((ratio - 1) * denominator / (3 * m), rel=1e-8)
    assert f.df_denominator == pytest.approx(denominator)
    assert f.pvalue == pytest.approx(stats.f.sf(f.statistic, 3 * m, denominator), rel=1e-8)


@pytest.mark.parametrize("lag", [1, 4])
def test_one_lag_alone_is_a_wider_regression(model, lag):
    """Regressors, and the residuals of one lag, equation by equation."""
    u, n = model._problem.residuals, model.nobs
    wide = np.array([np.r_[model._problem.design[t, : model.n_regressors], u[t - lag] if t >= lag else np.zeros(3)]
                     for t in range(n)])  # fmt: skip
    left = np.column_stack([u[:, k] - wide @ np.linalg.lstsq(wide, u[:, k], rcond=None)[0] for k in range(3)])
    ratio = np.log(np.linalg.det(u.T @ u) / np.linalg.det(left.T @ left))
    # Johansen (1995), p. 22: as many rows as are left in the wider regression, less one half.
    expected = (n - wide.shape[1] - 0.5) * ratio
    test = pv.serial_lm_test(model, lags=lag, statistic="lr", alone=True)
    assert test.statistic == pytest.approx(expected, rel=1e-9)
    assert test.df == 9
    assert test.pvalue == pytest.approx(stats.chi2.sf(expected, 9), rel=1e-8)
    assert f"at lag {lag}" in test.null
    trace = np.trace(np.linalg.solve(u.T @ u, left.T @ left))
    assert pv.serial_lm_test(model, lags=lag, alone=True).statistic == pytest.approx(n * (3 - trace), rel=1e-9)
    for form in ("lm", "lr", "f"):
        first, joint = (
            pv.serial_lm_test(model, lags=1, statistic=form, alone=True),
            pv.serial_lm_test(model, lags=1, statistic=form),
        )
        assert (first.statistic, first.pvalue) == (joint.statistic, joint.pvalue)


def test_the_corrected_ratio_and_rao_f_agree_closely(model):
    """Both are second-order corrections of one ratio: their tails differ by little where the uncorrected do by much."""
    f, ratio, lm = (pv.serial_lm_test(model, lags=4, statistic=form).pvalue for form in ("f", "lr", "lm"))
    assert abs(f - ratio) < 0.01 < abs(f - lm)


@pytest.mark.parametrize("form", ["lm", "lr", "f"])
def test_the_table_holds_single_tests(model, form):
    frame = pv.serial_lm_table(model, lags=3, statistic=form)
    assert list(frame.index) == [1, 2, 3]
    for lag in frame.index:
        for column, alone in (("alone", True), ("together", False)):
            test = pv.serial_lm_test(model, lags=lag, statistic=form, alone=alone)
            row = frame.loc[lag, column]
            assert (row["statistic"], row["df"], row["pvalue"]) == (test.statistic, test.df, test.pvalue)
            assert ("df_denominator" in row) == (form == "f")
    with pytest.raises(InsufficientDataError, match=r"28 lags add 84"):
        pv.serial_lm_table(model, lags=28, statistic=form)
    with pytest.raises(SpecificationError, match="alone"):
        pv.serial_lm_test(model, lags=2, alone="yes")


def test_rao_is_exact_for_one_equation():
    """With one equation it is the ordinary F test of the added regressors."""
    rng = np.random.default_rng(1)
    x, added, y = rng.standard_normal((40, 3)), rng.standard_normal((40, 2)), rng.standard_normal((40, 1))
    restricted, unrestricted = residual_tests.added_regressors(x, added, y)
    found = residual_tests.rao_f(restricted, unrestricted, 2, 40 - 3 - 2 - 0.5 * (1 - 2 + 1))
    wide = np.concatenate([x, added], axis=1)
    rss = [float(np.linalg.lstsq(design, y, rcond=None)[1][0]) for design in (x, wide)]
    assert found.statistic == pytest.approx((rss[0] - rss[1]) / 2 / (rss[1] / 35))
    assert (found.df, found.df_denominator) == (2, pytest.approx(35))


def test_arch_of_one_equation_is_engles_regression(model):
    u = model._problem.residuals[:, 1] ** 2
    left = u[2:]
    x = np.column_stack([np.ones(len(left)), u[1:-1], u[:-2]])
    fit = x @ np.linalg.lstsq(x, left, rcond=None)[0]
    rsquared = 1 - ((left - fit) ** 2).sum() / ((left - left.mean()) ** 2).sum()
    test = pv.arch_test(model, lags=2, equation="y")
    assert test.statistic == pytest.approx(len(left) * rsquared, rel=1e-9)
    assert test.df == 2
    joint = pv.arch_test(model, lags=1)
    assert joint.df == 36
    assert pv.arch_test(pv.fit_var(model.data.values, lags=2, convention="gretl"), lags=1).statistic > 0


def test_normality_of_one_series_is_jarque_and_bera(model):
    tests = pv.normality_test(model)
    u = model._problem.residuals[:, 0] - model._problem.residuals[:, 0].mean()
    expected = stats.jarque_bera(u).statistic
    assert tests.by_equation["x"].statistic == pytest.approx(expected, rel=1e-10)
    assert tests.statistic == pytest.approx(tests.skewness.statistic + tests.kurtosis.statistic)
    assert tests.df == 6
    assert "normality" in str(tests)


def test_doornik_hansen_does_not_depend_on_the_order(model):
    turned = pv.fit_var(model.data.values[:, [2, 0, 1]], ["z", "x", "y"], lags=2, trend=model.trend)
    first, second = (pv.normality_test(m, statistic="doornik-hansen") for m in (model, turned))
    assert first.statistic == pytest.approx(second.statistic, rel=1e-9)
    assert pv.normality_test(model).statistic != pytest.approx(pv.normality_test(turned).statistic)


@pytest.mark.parametrize("scheme", ["cholesky", pv.LongRun()])
@pytest.mark.parametrize("convention", ["default", "stata"])
def test_normality_of_the_shocks_of_a_scheme(model, scheme, convention):
    """Cholesky's are the default; any exactly identified scheme is a rotation of them."""
    fitted = pv.fit_var(model.data.values, ["x", "y", "z"], lags=2, trend=model.trend, convention=convention)
    found = pv.normality_test(fitted, identification=scheme)
    shocks = fitted.structural_shocks(identification=scheme).to_numpy()
    white = shocks / np.sqrt((shocks[:, 0] ** 2).mean())
    assert_allclose(white.T @ white / model.nobs, np.eye(3), atol=1e-10)
    skewness, kurtosis = (white**3).mean(axis=0), (white**4).mean(axis=0) - 3
    parts = model.nobs * (skewness**2 / 6 + kurtosis**2 / 24)
    assert found.statistic == pytest.approx(parts.sum(), rel=1e-9)
    assert_allclose([test.statistic for test in found.by_equation.values()], parts, rtol=1e-9)
    if scheme == "cholesky":
        # Without a constant the default is about the residuals' means.
        same = found.statistic == pytest.approx(pv.normality_test(fitted).statistic, rel=1e-9)
        assert same == (model.trend != "n")
        with pytest.raises(SpecificationError, match="belongs to statistic='jarque-bera'"):
            pv.normality_test(fitted, statistic="urzua", identification=scheme)


def test_urzua_adds_cross_moments(model):
    found = pv.normality_test(model, statistic="urzua")
    assert (found.df, found.skewness.df, found.kurtosis.df) == (25, 3, 3)
    assert found.statistic > found.skewness.statistic + found.kurtosis.statistic
    # Of one series it is Jarque and Bera's with exact mean and variances (Urzua 1996).
    u = model._problem.residuals[:, 0] - model._problem.residuals[:, 0].mean()
    n = len(u)
    z = u / u.std()
    skewness = (z**3).mean() ** 2 * (n + 1) * (n + 3) / (6 * (n - 2))
    kurtosis = (
        ((z**4).mean() - 3 * (n - 1) / (n + 1)) ** 2 * (n + 1) ** 2 * (n + 3) * (n + 5) / (24 * n * (n - 2) * (n - 3))
    )
    assert found.by_equation["x"].statistic == pytest.approx(skewness + kurtosis, rel=1e-10)


def test_urzua_sees_errors_that_are_normal_one_by_one():
    rng = np.random.default_rng(4)
    y = rng.standard_normal((600, 2))
    sign = rng.choice([-1.0, 1.0], 600)
    y[:, 1] = sign * y[:, 0]  # both normal, uncorrelated, and not normal together
    model = pv.fit_var(y, ["a", "b"], lags=1)
    found = pv.normality_test(model, statistic="urzua")
    assert found.pvalue < 1e-10
    assert min(test.pvalue for test in found.by_equation.values()) > 0.05


def test_normal_data_have_normal_scores():
    """Both parts of Doornik and Hansen's statistic have mean K, in samples of 20 too, where Jarque-Bera has not."""
    rng = np.random.default_rng(0)
    parts = np.array([residual_tests.doornik_hansen(_centred(rng.standard_normal((20, 2)))) for _ in range(4000)])
    assert_allclose(parts.mean(axis=0), 2.0, atol=0.15)
    rejections = (parts.sum(axis=1) > stats.chi2.ppf(0.95, 4)).mean()
    assert abs(rejections - 0.05) < 0.02


def _centred(values):
    return values - values.mean(axis=0)


def test_instantaneous_causality_with_the_duplication_matrix(model):
    k = 3
    rows, columns = np.tril_indices(k)
    duplication = np.zeros((k * k, len(rows)))
    for place, (i, j) in enumerate(zip(rows, columns, strict=True)):
        duplication[[i * k + j, j * k + i], place] = 1.0
    inverse = np.linalg.pinv(duplication)
    sigma = model.sigma_ml.to_numpy()
    spread = 2 * inverse @ np.kron(sigma, sigma) @ inverse.T
    chosen = [p for p, (i, j) in enumerate(zip(rows, columns, strict=True)) if {i, j} in ({0, 1}, {1, 2})]
    gap = sigma[rows, columns][chosen]
    expected = model.nobs * gap @ np.linalg.solve(spread[np.ix_(chosen, chosen)], gap)
    test = pv.instantaneous_causality_test(model, "y")
    assert test.statistic == pytest.approx(expected, rel=1e-10)
    assert test.df == 2
    back = pv.instantaneous_causality_test(model, ["x", "z"], "y")
    assert back.statistic == pytest.approx(expected, rel=1e-10)
    with pytest.raises(SpecificationError, match="disjoint"):
        pv.instantaneous_causality_test(model, ["x", "y"], ["y"])


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_robust_errors_equation_by_equation(model, kind):
    """As OLS of each equation, and jointly as the stacked system."""
    robust = model.with_cov(kind)
    x, u = model._problem.design[:, : model.n_regressors], model._problem.residuals
    inverse = np.linalg.inv(x.T @ x)
    h = np.einsum("ij,jk,ik->i", x, inverse, x)
    scale = {"HC0": 1.0, "HC1": np.sqrt(model.nobs / model.df_resid), "HC2": 1 / np.sqrt(1 - h), "HC3": 1 / (1 - h)}[
        kind
    ]
    w = u * np.reshape(scale, (-1, 1) if np.ndim(scale) else ())
    big = np.zeros((3 * x.shape[1],) * 2)
    for t in range(model.nobs):
        s = np.kron(w[t], x[t])
        big += np.outer(s, s)
    bread = np.kron(np.eye(3), inverse)
    full = bread @ big @ bread
    assert_allclose(robust.cov, full, rtol=1e-8, atol=1e-16)
    assert_allclose(robust.std_errors.T.to_numpy().ravel(), np.sqrt(np.diagonal(full)), rtol=1e-9)
    assert_allclose(robust.params, model.params)
    names = [f"L{lag}.x" for lag in (1, 2)]
    places = [1 * x.shape[1] + model.regressor_names.index(name) for name in names]
    b = robust.params["y"][names].to_numpy()
    wald = b @ np.linalg.solve(full[np.ix_(places, places)], b)
    assert robust.granger_causality("y", "x").statistic == pytest.approx(wald / 2, rel=1e-8)


@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3", "HC4", "HC5"])
def test_a_covariance_is_one_by_name_and_as_an_object(model, kind):
    named, given = model.with_cov(kind), model.with_cov(pv.HC(kind))
    assert_allclose(given.cov, named.cov, rtol=0)
    assert given.cov_label == named.cov_label == kind
    single = pv.fit_pooled(one_entity(model), "left", list(model.regressor_names), constant=False, cov=kind)
    m = model.n_regressors
    assert_allclose(named.cov.to_numpy()[:m, :m], single.cov.to_numpy(), rtol=1e-9, atol=1e-16)


def one_entity(model):
    """The first equation as a regression of one entity's rows."""
    columns = dict(zip(model.regressor_names, model._problem.design.T, strict=False))
    frame = pd.DataFrame({"left": model._problem.design[:, model.n_regressors], **columns})
    return pv.Panel(frame.assign(unit=0, date=range(len(frame))), "unit", "date")


def test_errors_clustered_by_groups_of_periods(model):
    """Scores of all equations are summed within groups; by period it is HC0, and a Series is matched by labels."""
    count = len(model.data.observed_periods())
    values = pd.Series(np.arange(count) // 4, index=model.data.labels(model.data.observed_periods()), name="year")
    bare = {"group_factor": False, "dof_factor": "none"}
    clustered = model.with_cov(pv.Clustered(values.to_numpy(), **bare))
    x, u = model._problem.design[:, : model.n_regressors], model._problem.residuals
    inverse = np.kron(np.eye(model.n_vars), np.linalg.inv(x.T @ x))
    scores = pd.DataFrame((u[:, :, None] * x[:, None, :]).reshape(len(x), -1))
    sums = scores.groupby(values.reindex(model.resids.index).to_numpy()).sum().to_numpy()
    assert_allclose(clustered.cov, inverse @ sums.T @ sums @ inverse, rtol=1e-7, atol=1e-16)
    shuffled = model.with_cov(pv.Clustered(values.sample(frac=1.0, random_state=1), **bare))
    assert_allclose(shuffled.cov, clustered.cov, rtol=0)
    assert shuffled.cov_label == "clustered by year"
    assert_allclose(model.with_cov(pv.Clustered("time", **bare)).cov, model.with_cov("HC0").cov, rtol=1e-12)
    with pytest.raises(SpecificationError, match="clustered by year"):
        pv.granger_bootstrap_test(shuffled, "x", "y", draws=9)
    with pytest.raises(pv.DataError, match="3 values"):
        model.with_cov(pv.Clustered([1, 2, 3]))
    with pytest.raises(SpecificationError, match="'entity' is not a dimension"):
        model.with_cov("cluster")
    with pytest.warns(pv.PanelVarWarning, match="Only 3 clusters"):
        model.with_cov(pv.Clustered(np.arange(count) * 3 // count))


def test_robust_needs_leverage_below_one():
    y = np.random.default_rng(0).standard_normal((40, 1))
    dummy = np.zeros(40)
    dummy[20] = 1.0
    model = pv.fit_var(y, lags=1, exogenous=dummy)
    assert np.isfinite(model.with_cov("HC1").std_errors.to_numpy()).all()
    with pytest.raises(NumericalError, match="the leverage is 1 in 1 row"):
        model.with_cov("HC3")
    assert model.with_cov("robust").cov_label == "HC1"


def test_toda_yamamoto_leaves_the_last_lags_alone():
    rng = np.random.default_rng(3)
    y = rng.standard_normal((150, 2)).cumsum(axis=0)
    frame = pd.DataFrame(y, columns=["a", "b"])
    test = pv.toda_yamamoto_test(frame, "a", "b", lags=2, integration=1)
    model = pv.fit_var(frame, lags=3, convention="eviews")
    expected = model.exclusion_test(equations="a", variables="b", lags=[1, 2])
    assert test.statistic == pytest.approx(expected.statistic)
    assert (test.distribution, test.df) == ("chi2", 2)
    assert "VAR(3) in levels" in test.null
    with pytest.raises(SpecificationError, match="disjoint"):
        pv.toda_yamamoto_test(frame, "a", "a", lags=1)


def test_cusum_sees_a_break():
    rng = np.random.default_rng(2)
    y = rng.standard_normal((200, 2))
    y[100:, 0] += 1.5
    model = pv.fit_var(
        pd.DataFrame(y, columns=["a", "b"], index=pd.period_range("1990Q1", periods=200, freq="Q")), lags=1
    )
    found = pv.cusum_test(model)
    assert found.tests["a"].pvalue < 0.01
    assert found.tests["b"].pvalue > 0.05
    u = model.resids["a"]
    path = u.cumsum() / (np.sqrt((u**2).sum() / model.df_resid) * np.sqrt(model.nobs))
    assert_allclose(found.paths["a"], path, atol=1e-12)
    assert found.tests["a"].statistic == pytest.approx(path.abs().max())
    # Kolmogorov's distribution: its 5 % point is 1.358.
    assert found.boundary() == pytest.approx(1.3581, abs=1e-4)
    assert limit_processes.bridge_tail(1.6276) == pytest.approx(0.01, abs=1e-5)
    assert_allclose(
        [limit_processes.bridge_tail(x) for x in (0.3, 0.8, 2.0)], stats.kstwobign.sf([0.3, 0.8, 2.0]), rtol=1e-9
    )


def test_cusum_without_a_constant():
    """Residuals that do not sum to zero make no bridge: said aloud; R scales by their spread about the mean."""
    y = np.random.default_rng(3).standard_normal((80, 2)) + 0.4
    with pytest.warns(pv.PanelVarWarning, match=r"Equations of a, b have no constant"):
        found = pv.cusum_test(pv.fit_var(y, ["a", "b"], lags=1, trend="n"))
    assert found.tests["a"].notes[0].code == "no-constant"
    with pytest.warns(pv.PanelVarWarning, match="no constant"):
        theirs = pv.cusum_test(pv.fit_var(y, ["a", "b"], lags=1, trend="n", convention="vars"))
    u = pv.fit_var(y, ["a", "b"], lags=1, trend="n").resids
    assert_allclose(theirs.paths, u.cumsum() / (u.std(ddof=2) * np.sqrt(79)), rtol=1e-12)
    assert_allclose(found.paths, u.cumsum() / np.sqrt((u**2).sum() / 77 * 79), rtol=1e-12)
    one = pv.fit_restricted_var(y, restrictions={"b": ["const", "L1.a"]}, columns=["a", "b"], lags=1, method="ols")
    with pytest.warns(pv.PanelVarWarning, match=r"The equation of b has no constant"):
        restricted = pv.cusum_test(one)
    v = one.resids
    degrees = np.array([76, 78])
    assert_allclose(restricted.paths, v.cumsum() / np.sqrt((v**2).sum() / degrees * 79), rtol=1e-12)


@pytest.mark.parametrize(
    "test",
    [
        lambda model: pv.portmanteau_test(model, lags=10),
        pv.serial_lm_test,
        pv.arch_test,
        pv.normality_test,
        pv.cusum_test,
        lambda model: pv.instantaneous_causality_test(model, "a"),
        lambda model: pv.fit_svar(model, pv.ShortRun(b=np.full((2, 2), np.nan))),
        lambda model: pv.instrument_relevance_test(model, pv.ExternalInstrument(np.zeros(9), "a")),
    ],
)
def test_something_else_than_a_fit_is_named(test):
    with pytest.raises(SpecificationError, match="model is a DataFrame; expected the result of fit_var"):
        test(pd.DataFrame({"a": [1.0], "b": [2.0]}))
    with pytest.raises(pv.MissingInformationError, match="coefficients only: use fit_var"):
        test(pv.System(np.zeros((2, 2)), ["a", "b"], sigma=np.eye(2)))


def test_orders_that_are_no_orders_are_named():
    y = np.random.default_rng(5).standard_normal((60, 2))
    model = pv.fit_var(y, ["a", "b"], lags=2)
    restricted = pv.fit_restricted_var(y, restrictions={"a": ["L1.b"]}, columns=["a", "b"], lags=2)
    for fitted in (model, restricted):
        for lags in (True, 1.0, [], [1, 2.0], 3, 0, "1", [1, True]):
            with pytest.raises(SpecificationError, match="expected lags between 1 and 2"):
                fitted.exclusion_test(lags=lags)
        assert fitted.exclusion_test(lags=[2, 1, 1]).df == fitted.exclusion_test().df
        assert fitted.exclusion_test(lags=np.int64(2)).df == fitted.exclusion_test(lags=[2]).df
    with pytest.raises(SpecificationError, match=r"^max_lags='8': expected an integer of at least 1\.$"):
        pv.select_lags(y, max_lags="8")
    with pytest.raises(SpecificationError, match=r"^lags='aic': expected an integer of at least 1\.$"):
        pv.toda_yamamoto_test(y, "y1", "y2", lags="aic")
    with pytest.raises(SpecificationError, match=r"^integration=0: expected"):
        pv.toda_yamamoto_test(y, "y1", "y2", lags=1, integration=0)
    with pytest.raises(SpecificationError, match="or a criterion"):
        pv.fit_var(y, lags=2.0)
    for series in (["x"] * 60, pd.Series(["x"] * 60), pd.DataFrame({"z": np.ones(60), "w": ["x"] * 60})):
        with pytest.raises(pv.DataError, match="values that are not numbers"):
            model.impulse_responses(2, identification=pv.ExternalInstrument(series, "a"))


def test_what_cannot_be_tested_is_refused(model):
    with pytest.raises(SpecificationError, match="Use serial_lm_test"):
        pv.portmanteau_test(model, lags=2)
    with pytest.raises(SpecificationError, match=r"lags=0 must be a whole number of at least 1\."):
        pv.serial_lm_test(model, lags=0)
    with pytest.raises(InsufficientDataError, match=r"needs 9[345] rows, and there are 88"):
        pv.serial_lm_test(model, lags=28)
    with pytest.raises(InsufficientDataError, match=r"This needs \d+ rows, and there are"):
        pv.arch_test(model, lags=14)
    with pytest.raises(SpecificationError, match="'jarque-bera'"):
        pv.normality_test(model, statistic="jb")
    with pytest.raises(SpecificationError, match="not a variable"):
        pv.arch_test(model, equation="w")


def made_of(n, order, k, seed=0, **options):
    """A system of white noise in n rows with a constant."""
    y = np.random.default_rng(seed).standard_normal((n + order, k))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_var(y, lags=order, **options)


def test_with_as_many_degrees_of_freedom_as_series_residuals_say_nothing():
    """The span of the residuals is then what the regressors leave of the rows, whatever is on the left."""
    rng = np.random.default_rng(4)
    regressors = rng.standard_normal((9, 7))
    basis = np.linalg.qr(regressors)[0]
    found = []
    for _ in range(2):
        errors = rng.standard_normal((9, 2))
        found.append(residual_tests.portmanteau(errors - basis @ (basis.T @ errors), 4))
    assert_allclose(found[0], found[1], rtol=1e-10)
    none = made_of(9, 3, 2)
    assert none.df_resid == none.n_vars == 2
    for test in (lambda model: pv.portmanteau_test(model, lags=4), pv.normality_test):
        with pytest.raises(InsufficientDataError, match=r"needs 3 degrees of freedom.* leave 2"):
            test(none)
        with pytest.warns(pv.PanelVarWarning, match="7 coefficients for 10 rows"):
            assert np.isfinite(test(made_of(10, 3, 2)).statistic)
    # One equation: the process of its residuals is one of two, each the other's negative.
    one = made_of(7, 5, 1)
    with pytest.raises(InsufficientDataError, match="A CUSUM test needs 2"):
        pv.cusum_test(one)
    assert np.isfinite(pv.cusum_test(made_of(8, 5, 1)).tests["y1"].statistic)


@pytest.mark.parametrize("left", [0, 2, 5])
def test_arch_fits_products_exactly_where_too_few_rows_are_left_over(left):
    """With w products and fewer rows left over, the difference is how many combinations are fitted exactly, always."""
    rows = 7 + left
    for seed in range(20):
        residuals = np.random.default_rng(seed).standard_normal((rows + 1, 3))
        statistic, df = residual_tests.arch_lm(residuals, 1)
        assert df == 36
        assert rows * (6 - left) * (1 - 1e-9) <= statistic <= rows * 6 * (1 + 1e-9)


def test_arch_wants_as_many_rows_left_over_as_products():
    with pytest.raises(InsufficientDataError, match="needs 8 rows, and there are 7"):
        pv.arch_test(made_of(8, 1, 3))
    # 13 rows less the first, a constant and 6 regressors leave 5 for 6 products.
    with pytest.warns(pv.PanelVarWarning, match=r"12 rows leave 5 .* the statistic is at least 12 whatever"):
        floored = pv.arch_test(made_of(13, 1, 3))
    assert floored.statistic >= 12.0
    assert floored.notes[-1].code == "exact-products"
    with pytest.warns(pv.PanelVarWarning, match=r"for 13 rows\. Its statistic then has only 25% of"):
        few = pv.arch_test(made_of(14, 1, 3))
    assert few.notes[-1].code == "few-rows"
    # gretl keeps the first row.
    with pytest.warns(pv.PanelVarWarning, match="for 13 rows"):
        pv.arch_test(made_of(13, 1, 3, convention="gretl"))
    # (1 - 6/21)^2 is more than a half, (1 - 6/20)^2 is less.
    assert pv.arch_test(made_of(23, 1, 3)).notes == ()
    with pytest.warns(pv.PanelVarWarning, match="49%"):
        pv.arch_test(made_of(22, 1, 3))


@pytest.mark.parametrize(("series", "added", "taken"), [(6, 6, 1), (3, 3, 7), (2, 4, 1)])
def test_moments_of_lagrange_multipliers_in_short_samples(series, added, taken):
    """Of normal series: the mean is n / (n - m) times that of chi-squared, the variance the share that is stated."""
    rng = np.random.default_rng(8)
    n, draws = 20, 4000
    values = np.empty(draws)
    for place in range(draws):
        x, more, y = (rng.standard_normal((n, width)) for width in (taken, added, series))
        restricted, unrestricted = residual_tests.added_regressors(x, more, y)
        values[place] = residual_tests.lagrange_multiplier(n, restricted, unrestricted)
    df, freedom = series * added, n - taken
    assert values.mean() / df == pytest.approx(n / freedom, abs=0.02)
    share = (1 - series / freedom) * (1 - added / freedom)
    assert values.var() / (2 * df) == pytest.approx(share * (n / freedom) ** 2, rel=0.1)


def test_many_coefficients_are_said():
    crowded, roomy = made_of(21, 2, 3), made_of(22, 2, 3)
    assert (crowded.n_regressors, crowded.nobs) == (7, 21)
    tests = [lambda model: pv.portmanteau_test(model, lags=6), pv.serial_lm_test]
    for test in tests:
        with pytest.warns(pv.PanelVarWarning, match=r"7 coefficients for 21 rows\. Chi-squared limits are far too low"):
            assert [note.code for note in test(crowded).notes] == ["few-rows"]
        assert test(roomy).notes == ()
    assert pv.serial_lm_test(crowded, statistic="f").notes == ()
    with pytest.warns(pv.PanelVarWarning, match="near normal whatever the errors are"):
        assert pv.normality_test(made_of(14, 2, 3)).skewness.notes[0].code == "few-rows"
    assert pv.normality_test(made_of(15, 2, 3)).joint.notes == ()


def test_residuals_of_many_coefficients_are_near_normal():
    """Errors that are far from normal are found where coefficients are few, hardly where they take half of the rows."""
    rng = np.random.default_rng(6)
    rejected = np.zeros(2)
    for _ in range(300):
        regressors, errors = rng.standard_normal((30, 16)), rng.exponential(size=(30, 1))
        for place, count in enumerate((1, 16)):
            basis = np.linalg.qr(np.column_stack([np.ones(30), regressors[:, : count - 1]]))[0]
            left = errors - basis @ (basis.T @ errors)
            rejected[place] += sum(residual_tests.jarque_bera(left)) > stats.chi2.ppf(0.95, 2)
    assert rejected[0] / 300 > 0.7
    assert rejected[1] / 300 < 0.25


def test_a_constant_that_a_convention_adds_needs_a_row():
    """Without a constant in the model it is among the regressors added to it, by gretl's convention."""
    enough, short = (made_of(n, 1, 2, trend="n", convention="gretl") for n in (7, 6))
    with pytest.raises(InsufficientDataError, match=r"1 lag adds 3 regressors to 2\. .* 7 rows, and there are 6"):
        pv.serial_lm_test(short, statistic="f")
    u, x = enough._problem.residuals, enough._problem.design[:, :2]
    wide = np.column_stack([x, np.ones(7), np.concatenate([np.zeros((1, 2)), u[:-1]])])
    left = u - wide @ np.linalg.lstsq(wide, u, rcond=None)[0]
    ratio = np.linalg.det(u.T @ u) / np.linalg.det(left.T @ left)
    # Rao's s is 2 for two equations and two regressors; the denominator is (7 - 3 - 2 - 1/2) 2 - 2 + 1.
    test = pv.serial_lm_test(enough, statistic="f")
    assert (test.df, test.df_denominator) == (4, 2.0)
    assert test.statistic == pytest.approx((np.sqrt(ratio) - 1) * 2 / 4, rel=1e-9)


def test_restricted_systems_are_tested_against_all_regressors():
    """The auxiliary regression has every regressor of the system, however many an equation keeps."""
    y = np.random.default_rng(2).standard_normal((12, 2))
    with pytest.warns(pv.PanelVarWarning, match="10 rows less 5 coefficients in each equation"):
        model = pv.fit_restricted_var(
            y, restrictions={"y1": ["L2.y1", "L2.y2", "L1.y2"], "y2": ["L2.y1", "L2.y2"]}, lags=2
        )
    assert model.df_resid == 7
    assert np.isfinite(pv.serial_lm_test(model, statistic="f").statistic)
    with pytest.raises(InsufficientDataError, match=r"2 lags add 4 regressors to 5\. .* 11 rows, and there are 10"):
        pv.serial_lm_test(model, lags=2, statistic="f")


def test_gaps_are_said():
    frame = pd.DataFrame(np.random.default_rng(0).standard_normal((60, 2)), columns=["a", "b"], index=range(1950, 2010))
    with pytest.warns(pv.PanelVarWarning):
        model = pv.fit_var(frame.drop(index=[1975]), lags=1)
    with pytest.warns(pv.PanelVarWarning, match="1 gap"):
        pv.serial_lm_test(model)


@pytest.mark.parametrize("unit", [1e-100, 1e-12, 1e12, 1e100])
def test_units_change_no_test(model, unit):
    scaled = pv.fit_var(model.data.values * unit, ["x", "y", "z"], lags=2, trend=model.trend)
    for test in (pv.arch_test, pv.serial_lm_test, pv.instantaneous_causality_test):
        asked = ("x",) if test is pv.instantaneous_causality_test else ()
        assert test(scaled, *asked).statistic == pytest.approx(test(model, *asked).statistic, rel=1e-8)
    assert pv.normality_test(scaled).statistic == pytest.approx(pv.normality_test(model).statistic, rel=1e-8)
    assert str(scaled.nobs) in str(scaled)


def test_the_final_prediction_error_is_refused_where_it_overflows(model):
    scaled = pv.fit_var(model.data.values * 1e120, ["x", "y", "z"], lags=2)
    with pytest.raises(NumericalError, match="leaves the range of numbers"):
        _ = scaled.fpe
    assert np.isfinite(scaled.aic)
    assert "n/a" in str(scaled)


@pytest.mark.parametrize("unit", [1e-120, 1e120])
def test_orders_are_compared_by_the_logarithm_of_the_final_prediction_error(model, unit):
    plain, scaled = (pv.select_lags(model.data.values * each, max_lags=4) for each in (1.0, unit))
    assert scaled.selected == plain.selected
    assert unit < 1.0 or scaled.notes[-1].code == "fpe-overflow"


def test_groups_of_tests_show_themselves_in_one_line(model):
    assert repr(pv.normality_test(model)) == repr(pv.normality_test(model).joint)
    if model.terms.has_constant:
        least = min(test.pvalue for test in pv.cusum_test(model).tests.values())
        assert repr(pv.cusum_test(model)) == f"<OLS-CUSUM tests of x, y, z: smallest p = {least:.4f}>"


def test_other_programs_words_for_tests(model):
    with pytest.raises(SpecificationError, match="Did you mean 'plain'"):
        pv.portmanteau_test(model, statistic="PT.asymptotic")
    with pytest.raises(SpecificationError, match="serial_lm_test"):
        pv.portmanteau_test(model, statistic="BG")
    for cov in ("nw", pv.DriscollKraay(), "CR2", "pcse"):
        with pytest.raises(SpecificationError, match="not offered"):
            model.with_cov(cov)
    with pytest.raises(SpecificationError, match="newey-west"):
        model.with_cov("HAC")
    with pytest.raises(SpecificationError, match="not a dimension"):
        _ = model.with_cov("cluster").std_errors
    with pytest.raises(SpecificationError, match="is a DataFrame"):
        pv.granger_table(model.params)


@pytest.mark.parametrize("apart", [1e-3, 3e-4, 1e-4, 1e-6])
def test_nearly_collinear_errors_cost_no_digits(apart):
    """These statistics do not change under linear transformations of the errors, however near to singular."""
    z = np.random.default_rng(0).standard_normal((80, 2))
    plain, near = (pv.fit_var(z @ np.array([[1.0, 2.0], [0.0, e]]), lags=1) for e in (1.0, apart))
    tests = (
        pv.arch_test,
        lambda model: pv.white_test(model, cross_terms=True),
        pv.serial_lm_test,
        lambda model: pv.serial_lm_test(model, statistic="f"),
        lambda model: pv.portmanteau_test(model, lags=4),
        pv.normality_test,
    )
    for test in tests:
        one, other = test(plain), test(near)
        assert other.df == one.df
        assert other.statistic == pytest.approx(one.statistic, rel=1e-13 / apart**1.5)


def test_residuals_that_depend_on_one_another_are_refused():
    rng = np.random.default_rng(1)
    u = rng.standard_normal((40, 2))
    with pytest.raises(NumericalError, match="linearly dependent"):
        residual_tests.standardised(np.column_stack([u, u[:, 0] - u[:, 1]]))
    with pytest.raises(NumericalError, match="linearly dependent"):
        residual_tests.symmetrically_standardised(np.column_stack([u, u[:, 0]]))


def test_products_of_residuals_that_do_not_vary_have_no_test():
    data = np.column_stack([np.tile([1.0, -1.0], 20), np.random.default_rng(0).standard_normal(40)])
    model = pv.fit_var(data, lags=0)
    for equation in (None, "y1"):
        with pytest.raises(NumericalError, match="of one size in all"):
            pv.arch_test(model, lags=1, equation=equation)
    assert 0 < pv.arch_test(model, lags=1, equation="y2").pvalue < 1


def test_products_of_residuals_that_are_zero_in_all_rows_but_one_have_no_test():
    residuals = np.column_stack([np.eye(1, 40, 3)[0], np.random.default_rng(0).standard_normal(40)])
    with pytest.raises(NumericalError, match="zero in almost every row"):
        residual_tests.arch_lm(residuals, 1)
    with pytest.raises(NumericalError, match="zero in almost every row"):
        residual_tests.arch_lm(residuals[:, :1], 4)
