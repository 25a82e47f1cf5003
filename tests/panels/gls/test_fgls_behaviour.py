"""Feasible GLS: what must not change its numbers, what it refuses, what it warns about, what its results offer."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from reference_data import table
from twins import X, gappy_frame
from twins import autocorrelated_frame as frame

import panelvar as pv
from panelvar.kernels.linear.groups import Grouping
from panelvar.panels.gls.autoregression import remove_autoregression
from panelvar.panels.gls.error_covariance import contrasts, unit_covariances, whiten

FITS = {
    "heteroskedastic": lambda p, x=X, **o: pv.fit_fgls(p, "y", x, panels="heteroskedastic", **o),
    "correlated": lambda p, x=X, **o: pv.fit_fgls(p, "y", x, panels="correlated", **o),
    "autoregressive": lambda p, x=X, **o: pv.fit_fgls(p, "y", x, autocorrelation="ar1", **o),
    "fixed": lambda p, x=X, **o: pv.fit_fixed_effects_ar1(p, "y", x, **o),
    "random": lambda p, x=X, **o: pv.fit_random_effects_ar1(p, "y", x, **o),
    "general": lambda p, x=X, **o: pv.fit_general_fgls(p, "y", x, model="pooled", within="time", **o),
}
quiet = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
every_fit = pytest.mark.parametrize("name", FITS)


def panel_of(data):
    return pv.Panel(data, entity="entity", time="year")


def full(seed=1):
    """Five entities, 40 periods, nothing missing."""
    return frame(seed, periods=40, kept=1.1)


@quiet
@every_fit
def test_rows_in_any_order_give_the_same_numbers(name):
    data = frame(periods=40, kept=0.95)
    one, other = FITS[name](panel_of(data)), FITS[name](panel_of(data.iloc[::-1]))
    assert one.params.equals(other.params) and one.cov.equals(other.cov)
    pd.testing.assert_series_equal(one.resids.sort_index(), other.resids.sort_index())


@quiet
@every_fit
def test_units_do_not_matter(name):
    data = full()
    scaled = data.assign(x1=data["x1"] * 2.0**20, y=data["y"] * 2.0**-10)
    one, other = FITS[name](panel_of(data)), FITS[name](panel_of(scaled))
    factor = np.array([2.0**-10, 2.0**-30, 2.0**-10][: len(one.params)])
    np.testing.assert_allclose(other.params, one.params * factor, rtol=1e-11)
    np.testing.assert_allclose(other.std_errors, one.std_errors * factor, rtol=1e-11)


@quiet
@every_fit
def test_labels_of_entities_and_a_shift_of_the_calendar_do_not_matter(name):
    data = full()
    moved = data.assign(entity="z" + data["entity"], year=data["year"] - 1500)
    np.testing.assert_allclose(FITS[name](panel_of(moved)).params, FITS[name](panel_of(data)).params, rtol=1e-13)


@quiet
@every_fit
def test_a_dependent_regressor_is_left_out_and_named(name):
    data = full().assign(x3=lambda rows: rows["x1"] - rows["x2"])
    with pytest.warns(pv.PanelVarWarning, match="'x3' dropped"):
        result = FITS[name](panel_of(data), [*X, "x3"])
    np.testing.assert_allclose(result.params, FITS[name](panel_of(data)).params, rtol=1e-9)
    with pytest.raises(pv.CollinearityError, match="x3"):
        FITS[name](panel_of(data), [*X, "x3"], collinear="raise")


@quiet
@pytest.mark.parametrize("fit", [pv.fit_fixed_effects_ar1, pv.fit_general_fgls])
def test_a_regressor_constant_in_time_is_absorbed(fit):
    data = gappy_frame(3, 60, 5, kept=1.1).assign(size=lambda rows: 0.1 * rows["number"] + 3.7)
    with pytest.warns(pv.PanelVarWarning, match="'size' dropped"):
        result = fit(panel_of(data), "y", [*X, "size"])
    np.testing.assert_allclose(result.params[X], fit(panel_of(data), "y", X).params[X], rtol=1e-10)


def test_no_structure_is_pooled_least_squares():
    data = full()
    pooled = pv.fit_pooled(panel_of(data), "y", X)
    result = pv.fit_fgls(panel_of(data), "y", X, small_sample=True)
    np.testing.assert_allclose(result.params, pooled.params, rtol=1e-12)
    np.testing.assert_allclose(result.cov, pooled.cov, rtol=1e-11)
    assert result.loglik == pytest.approx(pooled.loglik, rel=1e-12)
    assert any("pooled OLS" in note.text for note in result.notes)
    corrected = pv.fit_fgls(panel_of(data), "y", X, cov="pcse")
    np.testing.assert_allclose(corrected.cov, pv.fit_pooled(panel_of(data), "y", X, cov="pcse").cov, rtol=1e-10)


def test_a_given_rho_of_zero_changes_nothing():
    data = full()
    zero = pv.AR1(rho=0.0)
    fixed = pv.fit_fixed_effects(panel_of(data), "y", X)
    np.testing.assert_allclose(
        pv.fit_fixed_effects_ar1(panel_of(data), "y", X, autocorrelation=zero).cov.loc[X, X],
        fixed.cov.loc[X, X],
        rtol=1e-10,
    )
    random = pv.fit_random_effects_ar1(panel_of(data), "y", X, autocorrelation=zero)
    assert random.variance_components.sigma_e > 0.0
    np.testing.assert_allclose(
        pv.fit_fgls(panel_of(data), "y", X, autocorrelation=zero).params, pv.fit_pooled(panel_of(data), "y", X).params
    )


@quiet
def test_iterations_settle_at_the_maximum_of_the_likelihood():
    data = frame(7, periods=40, kept=0.9)
    result = pv.fit_fgls(panel_of(data), "y", X, panels="heteroskedastic", iterate=True)
    assert result.converged and result.iterations > 2
    z = np.column_stack((np.ones(len(data)), data[X].to_numpy()))

    def likelihood(b):
        e = pd.Series(data["y"].to_numpy() - z @ b)
        groups = e.pow(2).groupby(data["entity"].to_numpy())
        return -0.5 * (groups.size() * (np.log(2 * np.pi * groups.mean()) + 1)).sum()

    best = result.params.to_numpy()
    assert result.loglik == pytest.approx(likelihood(best), rel=1e-10)
    for step in np.vstack((np.eye(3), -np.eye(3))):
        assert likelihood(best + 0.01 * step * result.std_errors.to_numpy()) < result.loglik
    other = pv.fit_fgls(panel_of(data), "y", X, panels="heteroskedastic")
    assert other.loglik < result.loglik and other.iterations == 1 and other.converged


def test_the_constant_of_stata_and_its_error():
    panel = pv.Panel(table("grunfeld"), "firm", "year")
    result = pv.fit_fixed_effects_ar1(panel, "inv", ["value", "capital"])
    rho = result.rho.iloc[0]
    assert result.std_errors["const"] * (1 - rho) == pytest.approx(5.648271, abs=1e-5)
    # Of the transformed rows: their mean plus what is left of each column is a regression with that constant.
    assert result.variance_components.correlation == pytest.approx(-0.0454, abs=5e-5)


@quiet
def test_singletons_and_lonely_rows():
    data = frame(2)
    alone = data[data["entity"] == "e00"].iloc[[0]].assign(entity="alone")
    more = pd.concat((data, alone), ignore_index=True)
    with pytest.warns(pv.PanelVarWarning, match="1 of 6 entities have too few adjacent rows to estimate rho"):
        result = pv.fit_fgls(panel_of(more), "y", X, autocorrelation="psar1")
    assert result.rho["alone"] == 0.0 and result.nobs == len(more)
    dropped = pv.fit_fgls(
        panel_of(more), "y", X, panels="heteroskedastic", autocorrelation=pv.AR1(starts="drop", rho="dw")
    )
    assert np.isnan(dropped.error_variances["alone"]) and dropped.nobs < len(more)
    assert len(dropped.resids) == len(more)
    np.testing.assert_allclose((dropped.resids + dropped.fitted_values).sort_index(), more["y"])
    with pytest.raises(pv.MissingInformationError, match="every row"):
        _ = dropped.loglik


def test_a_root_outside_the_circle_drops_first_rows_with_a_warning():
    data = pd.DataFrame({"entity": np.repeat(["a", "b"], 12), "year": np.tile(np.arange(12), 2)})
    rng = np.random.default_rng(1)
    data["x1"] = rng.standard_normal(24)
    data["y"] = data["x1"] + np.where(data["entity"] == "a", 1.4 ** data["year"], rng.standard_normal(24))
    with pytest.warns(pv.PanelVarWarning, match=r"not inside .-1, 1. for 1 of 2 entities"):
        result = pv.fit_fgls(panel_of(data), "y", "x1", autocorrelation="psar1", constant=False)
    assert result.rho["a"] > 1.0 and result.nobs == 23
    with pytest.warns(pv.PanelVarWarning, match="first row of a run"):
        bounded = pv.fit_fgls(
            panel_of(data), "y", "x1", autocorrelation=pv.AR1(by_entity=True, bounded=True), constant=False
        )
    assert bounded.rho["a"] == 1.0


REFUSED = {
    "panels='random' is not known": {"panels": "random"},
    "Did you mean 'heteroskedastic'": {"panels": "hetero"},
    "Did you mean 'none'": {"autocorrelation": "independent"},
    "iterate=1 must be True or False": {"iterate": 1},
    "max_iterations=0 must be": {"max_iterations": 0},
    "tolerance=0 must be": {"tolerance": 0},
    "belongs to all of them": {"panels": "correlated", "cov": "cluster"},
}


@pytest.mark.parametrize("message", REFUSED)
def test_options_that_make_no_sense_are_refused(message):
    with pytest.raises(pv.SpecificationError, match=message):
        pv.fit_fgls(panel_of(full()), "y", X, **REFUSED[message])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rho": "durbin"}, "rho='durbin' is not known"),
        ({"rho": 1.0}, "between -1 and 1"),
        ({"gaps": "force"}, "Did you mean 'consecutive'"),
        ({"starts": "cochrane-orcutt"}, "Did you mean 'drop'"),
        ({"weights": "np1"}, "Did you mean 'rows'"),
        ({"by_entity": "yes"}, "True or False"),
    ],
)
def test_autoregressive_options_are_checked(options, message):
    with pytest.raises(pv.SpecificationError, match=message):
        pv.AR1(**options)


def test_effects_with_a_coefficient_each_are_refused():
    with pytest.raises(pv.SpecificationError, match="by_entity"):
        pv.fit_fixed_effects_ar1(panel_of(full()), "y", X, autocorrelation=pv.AR1(by_entity=True))
    with pytest.raises(pv.SpecificationError, match="must be an AR1"):
        pv.fit_random_effects_ar1(panel_of(full()), "y", X, autocorrelation="ar1")


def test_too_few_periods_are_refused_or_warned_about():
    wide = gappy_frame(2, 12, 8, kept=1.1)
    with pytest.raises(pv.InsufficientDataError, match=r"8 periods cannot give an invertible covariance .* of 12"):
        pv.fit_fgls(panel_of(wide), "y", X, panels="correlated")
    with pytest.warns(pv.PanelVarWarning, match="Beck and Katz"):
        pv.fit_fgls(panel_of(gappy_frame(2, 8, 12, kept=1.1)), "y", X, panels="correlated")
    with pytest.warns(pv.PanelVarWarning, match="Each entity has its own error variance, estimated from 8 rows"):
        pv.fit_fgls(panel_of(wide), "y", X, panels="heteroskedastic")
    with pytest.warns(pv.PanelVarWarning, match="biased downwards"):
        pv.fit_fixed_effects_ar1(panel_of(wide), "y", X)
    with pytest.raises(pv.InsufficientDataError, match=r"12 x 12 covariance .* rank 8 at most"):
        pv.fit_general_fgls(panel_of(wide), "y", X, model="pooled", within="time")
    with pytest.raises(pv.InsufficientDataError, match="does what plm's pggls does"):
        pv.fit_general_fgls(panel_of(gappy_frame(2, 5, 20, kept=1.1)), "y", X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        stata = pv.fit_fgls(panel_of(wide), "y", X, panels="correlated", convention="stata")
    assert any("no weight" in note.text for note in stata.notes)


def test_estimators_that_divide_by_all_squares_are_warned_about_where_pairs_are_few():
    rng = np.random.default_rng(5)
    e = np.zeros((40, 400))
    for t in range(1, 400):
        e[:, t] = 0.5 * e[:, t - 1] + rng.standard_normal(40)
    number, year = np.nonzero((np.arange(400) % 5 < 2) & (e == e))
    data = pd.DataFrame({"entity": number, "year": year, "x1": rng.standard_normal(len(year)), "y": e[number, year]})
    panel = pv.Panel(data, "entity", "year")
    limits = {"tscorr": 0.25, "dw": 0.75, "onestep": 0.5, "regress": 0.5}
    for method, limit in limits.items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", pv.PanelVarWarning)
            result = pv.fit_fgls(panel, "y", "x1", autocorrelation=pv.AR1(rho=method))
        assert result.rho.iloc[0] == pytest.approx(limit, abs=0.07)
        assert any("draws the estimate towards" in str(each.message) for each in caught) == (limit != 0.5)


def test_no_adjacent_periods_no_autocorrelation():
    data = gappy_frame(1, 6, 5, kept=1.1)
    data = data[data["year"] % 2 == 0]
    with pytest.raises(pv.InsufficientDataError, match="two adjacent periods"):
        pv.fit_fgls(panel_of(data.assign(year=data["year"] + (data["year"] == 2004))), "y", X, autocorrelation="ar1")


@quiet
def test_entities_that_fit_exactly_are_refused():
    data = full()
    exact = data["entity"] == "e01"
    data.loc[exact, "y"] = 0.0
    data.loc[exact, X] = 0.0
    with pytest.raises(pv.NumericalError, match=r"1 entity fits exactly .first e01"):
        pv.fit_fgls(panel_of(data), "y", X, panels="heteroskedastic", constant=False)


@quiet
def test_an_indefinite_pairwise_covariance_is_refused_with_a_way_out():
    frame = table("empluk")
    panel = pv.Panel(frame, "firm", "year")
    with pytest.raises(pv.NumericalError, match=r"not positive definite.*pairwise=False"):
        pv.fit_general_fgls(panel, "lemp", ["lwage", "lcapital"], model="pooled")
    result = pv.fit_general_fgls(panel, "lemp", ["lwage", "lcapital"], model="pooled", pairwise=False)
    assert np.linalg.eigvalsh(result.error_covariance)[0] > 0.0


@quiet
def test_errors_clustered_by_period_are_the_sandwich_of_dense_gls():
    data = full().sort_values(["entity", "year"])
    result = pv.fit_fgls(panel_of(data), "y", X, panels="correlated")
    clustered = result.with_cov(pv.Clustered("time", group_factor=False, dof_factor="none"))
    z = np.column_stack((np.ones(len(data)), data[X].to_numpy()))
    year, number = data["year"].to_numpy(), data["number"].to_numpy()
    omega = np.where(year[:, None] == year, result.error_covariance.to_numpy()[number][:, number], 0.0)
    inverse = np.linalg.inv(omega)
    e = data["y"].to_numpy() - z @ result.params.to_numpy()
    scores = z * (inverse @ e)[:, None]
    # Sums over a period: row by row the scores are not those of the whitened rows.
    sums = pd.DataFrame(scores).groupby(year).sum().to_numpy()
    bread = np.linalg.inv(z.T @ inverse @ z)
    np.testing.assert_allclose(clustered.cov, bread @ sums.T @ sums @ bread, rtol=1e-8)
    with pytest.raises(pv.SpecificationError, match="belongs to all of them"):
        result.with_cov("HC1")
    with pytest.raises(pv.SpecificationError, match="wild cluster bootstrap cannot be used here"):
        pv.wild_bootstrap_test(result, "x1")
    with pytest.raises(pv.SpecificationError, match="leverage of clusters cannot be used here"):
        pv.cluster_diagnostics(result)
    assert isinstance(result.with_cov("classical"), pv.GLSResult)


@quiet
def test_robust_errors_of_autoregressive_rows_are_clustered_by_entity():
    data = frame(3, entities=25, periods=20)
    result = pv.fit_fgls(panel_of(data), "y", X, autocorrelation=pv.AR1(rho=0.5), cov="cluster")
    e = data.assign(e=result.resids).sort_values(["entity", "year"])
    z = np.column_stack((np.ones(len(e)), e[X].to_numpy()))
    follows = (e["entity"] == e["entity"].shift()) & (e["year"].diff() == 1)
    p = np.diag(np.where(follows, 1.0, np.sqrt(0.75)))
    p[np.flatnonzero(follows), np.flatnonzero(follows) - 1] = -0.5
    moved, u = p @ z, p @ e["e"].to_numpy()
    sums = pd.DataFrame(moved * u[:, None]).groupby(e["entity"].to_numpy()).sum().to_numpy()
    bread = np.linalg.inv(moved.T @ moved)
    n, k = moved.shape
    factor = 25 / 24 * (n - 1) / (n - k)
    np.testing.assert_allclose(result.cov, factor * bread @ sums.T @ sums @ bread, rtol=1e-9)


@quiet
@every_fit
def test_results_print_pickle_predict_and_compare(name):
    data = full()
    result = FITS[name](panel_of(data))
    text = str(result.summary())
    assert "y" in text and result.estimator in text
    light = pickle.loads(pickle.dumps(result.without_rows()))
    assert light.params.equals(result.params) and light.rsquared_table == result.rsquared_table
    np.testing.assert_allclose((result.predict() + result.resids).sort_index(), data["y"], rtol=1e-10)
    assert "x1" in str(pv.compare({"gls": result, "ols": pv.fit_pooled(panel_of(data), "y", X)}))
    assert result.wald_test(["x1", "x2"]).statistic == pytest.approx(result.f_slopes.statistic, rel=1e-9)
    assert (result.predict_interval()["std_error"] > 0.0).all()
    with pytest.raises(pv.SpecificationError, match="kind='prediction'"):
        result.predict_interval(kind="prediction")
    for ask in (result.predict, result.predict_interval):
        with pytest.raises(pv.SpecificationError, match="Add estimated_effects"):
            ask(effects=True)
    for each in (result, light):
        if not result.effects:
            with pytest.raises(pv.SpecificationError, match="has no effects"):
                each.estimated_effects()
    if result.effects:
        with pytest.raises(pv.MissingInformationError, match="An estimated effect needs the data rows"):
            light.estimated_effects()
    assert repr(result).startswith("<") and len(repr(result)) < 200


def test_kernels_with_units_and_dates_exchanged():
    rng = np.random.default_rng(3)
    units = Grouping.from_codes(np.repeat(np.arange(4), 30), 4)
    dates = Grouping.from_codes(np.tile(np.arange(30), 4), 30)
    e = rng.standard_normal(120)
    sigma = unit_covariances(e, units, dates, pairwise=True)
    wide = e.reshape(4, 30)
    np.testing.assert_allclose(sigma, wide @ wide.T / 30)
    (moved,), logs, dropped = whiten([e], sigma, units, dates)
    np.testing.assert_allclose(moved @ moved, np.einsum("it,ij,jt->", wide, np.linalg.inv(sigma), wide))
    assert dropped == 0 and logs == pytest.approx(30 * np.linalg.slogdet(sigma)[1])
    basis = contrasts(5)
    np.testing.assert_allclose(basis.T @ basis, np.eye(4), atol=1e-15)
    np.testing.assert_allclose(basis.sum(axis=0), 0.0, atol=1e-15)


def test_the_transform_near_and_beyond_a_unit_root():
    from panelvar.panels.gls.autoregression import Runs

    runs = Runs(np.array([-1, 0, 1]), np.array([1.0, 3.0, 1.0]), np.array([False, False, True]))
    column = np.array([1.0, 2.0, 3.0])
    for rho in (0.0, 1e-9, 0.999999, 1.0, 1.3, -0.5):
        (moved,), rows, _ = remove_autoregression([column], runs, np.full(3, rho), keep_starts=True)
        gain = 1.0 / np.sqrt(1 + rho**2 + rho**4)
        expected = [np.sqrt(abs(1 - rho**2)), gain * (2 - rho**3), 3 - 2 * rho]
        np.testing.assert_allclose(moved, expected[1:] if abs(rho) >= 1 else expected, rtol=1e-9)
        assert list(rows) == ([1, 2] if abs(rho) >= 1 else [0, 1, 2])


def test_directions_of_negative_variance_have_no_weight():
    """R's bdsmatrix: of A = L D L', L unit lower triangular, the inverse is L^-T D+ L^-1 with 1/d where d > 0."""
    rng = np.random.default_rng(3)
    lower = np.tril(rng.standard_normal((5, 5)), -1) + np.eye(5)
    d = np.array([2.0, 1.5, -0.7, 0.0, 3.0])
    lower[2, :2] = 0.9, 0.8
    lower[4, 3] = 0.0  # nothing is taken from a row of which nothing is left
    matrix = lower @ np.diag(d) @ lower.T
    own = np.diagonal(matrix)
    assert (own > 0).all()
    columns = rng.standard_normal((15, 2))
    units, dates = (Grouping.from_codes(codes) for codes in (np.tile(range(5), 3), np.repeat(range(3), 5)))
    whitened, logs, dropped = whiten(list(columns.T), matrix, units, dates, singular="drop")
    inverse = np.linalg.inv(lower).T @ np.diag([0.5, 1 / 1.5, 0.0, 0.0, 1 / 3.0]) @ np.linalg.inv(lower)
    expected = sum(columns[5 * t : 5 * t + 5].T @ inverse @ columns[5 * t : 5 * t + 5] for t in range(3))
    moved = np.column_stack(whitened)
    np.testing.assert_allclose(moved.T @ moved, expected, rtol=1e-10)
    assert dropped == 6
    assert logs == pytest.approx(3 * np.log(2.0 * 1.5 * 3.0))
    with pytest.raises(pv.NumericalError, match="not positive definite"):
        whiten(list(columns.T), matrix, units, dates)


@quiet
@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize(
    ("fit", "growth"),
    [
        (pv.fit_fixed_effects_ar1, 2.0),
        (pv.fit_random_effects_ar1, 2.0),
        (lambda *given, autocorrelation: pv.fit_fgls(*given, autocorrelation=autocorrelation), 10.0),
    ],
    ids=["fixed", "random", "fgls"],
)
def test_a_rho_of_one_leaves_neither_constant_nor_effects(fit, growth):
    periods = np.arange(8)
    data = pd.DataFrame(
        {
            "i": np.repeat([0, 1, 2, 3], 8),
            "t": np.tile(periods, 4),
            "y": np.concatenate([sign * growth**periods for sign in (1.0, -1.0, 2.0, -2.0)]),
            "x1": np.random.default_rng(2).standard_normal(32),
        }
    )
    clipped = pv.AR1(rho="regress", bounded=True)
    with pytest.raises(pv.NumericalError, match="rho is 1, so rows freed of autocorrelation are differences"):
        fit(pv.Panel(data, "i", "t"), "y", ["x1"], autocorrelation=clipped)


def test_beside_a_lagged_dependent_variable_only_a_true_rho_is_consistent():
    """What the guide says of dynamic models: the estimate of rho comes from inconsistent residuals."""
    rng = np.random.default_rng(1)
    errors, y = np.zeros((2, 60, 300))
    for t in range(1, 60):
        errors[t] = 0.5 * errors[t - 1] + rng.standard_normal(300)
        y[t] = 0.5 * y[t - 1] + errors[t]
    times, entities = np.indices(y.shape)
    data = pv.Panel({"i": entities.ravel(), "t": times.ravel(), "y": y.ravel()}, "i", "t")
    slopes = {
        rho: pv.fit_fgls(data, "y ~ L(y)", autocorrelation=pv.AR1(rho=rho)).params["L(y)"]
        for rho in (0.0, "regress", 0.5)
    }
    assert slopes[0.0] > slopes["regress"] > 0.7
    assert abs(slopes[0.5] - 0.5) < 0.02
