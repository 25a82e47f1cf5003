"""Where plm is wrong: its numbers rebuilt from ours by the algebra of the error, so that the exclusions are proved."""

from __future__ import annotations

import functools

import numpy as np
import pandas as pd
import pytest
from parity.panels import MODELS, UNBALANCED
from parity.plm_cases import NAMES, fit, robust
from parity.runner import load
from reference_data import table

import panelvar as pv

DATA = sorted(MODELS)
GAPPY = sorted(UNBALANCED)


@pytest.mark.parametrize("data", DATA)
def test_hc1_of_first_differences_counts_the_levels(data):
    """n_differences / (n_levels - k) where HC1 is n / (n - k): below one on Grunfeld, so HC1 is below HC0."""
    expected = load(f"{data}_plm_cov")["expected"]["fd"]
    result = fit(data, "fd")
    factor = result.nobs / (len(table(data)) - len(result.params))
    for name, cov in {
        "vcovHC_white1": pv.HC("HC0"),
        "vcovHC_white2": pv.PanelCorrected(diagonal=True),
        "vcovSCC/maxlag1": pv.DriscollKraay(1),
        "vcovHC_arellano_group": pv.Clustered("entity"),
        "vcovHC_arellano_time": pv.Clustered("time"),
        "vcovDC": pv.Clustered("entity", "time"),
    }.items():
        ours = robust(data, "fd", cov).std_errors * np.sqrt(factor)
        node = functools.reduce(dict.__getitem__, name.split("/"), expected)
        numbers = {NAMES.get(key, key): value for key, value in node["HC1"].items()}
        assert set(ours.index[ours.notna()]) == set(numbers)
        np.testing.assert_allclose(ours[list(numbers)], list(numbers.values()), rtol=1e-9)
    assert factor < 1.0 or data == "threefirms"


@pytest.mark.parametrize("data", DATA)
def test_residual_sum_of_squares_without_the_intercept(data):
    """sum (e + c)^2 = RSS + n c^2, since the residuals of a regression with an intercept add up to zero."""
    expected = load(f"{data}_plm_fits")["expected"]["fd"]
    result = fit(data, "fd")
    inflated = result.rss + result.nobs * result.params["const"] ** 2
    assert 1.0 - inflated / result.tss == pytest.approx(expected["r2_rss"], rel=1e-10)
    assert result.rsquared == pytest.approx(expected["r2_cor"], rel=1e-10)


@pytest.mark.parametrize("data", GAPPY)
@pytest.mark.parametrize("diagonal", [False, True])
@pytest.mark.parametrize("in_order", [False, True])
def test_periods_of_an_unbalanced_panel_in_order_of_first_occurrence(data, diagonal, in_order):
    """vcovBK(cluster="group"): an entity's sorted residuals go to places that are numbered by first occurrence."""
    y, x = MODELS[data]
    frame = table(data).sort_values(["firm", "year"])
    design = np.column_stack([np.ones(len(frame)), frame[x]])
    inverse = np.linalg.pinv(design)
    residuals = frame[y].to_numpy() - design @ (inverse @ frame[y].to_numpy())
    years = np.array(sorted(frame["year"].unique()) if in_order else list(dict.fromkeys(frame["year"])))
    rows = [np.flatnonzero(frame["firm"] == firm) for firm in frame["firm"].unique()]
    places = [np.flatnonzero(np.isin(years, frame["year"].to_numpy()[own])) for own in rows]
    products = np.full((len(rows), len(years), len(years)), np.nan)
    for i, (own, place) in enumerate(zip(rows, places, strict=True)):
        products[np.ix_([i], place, place)] = np.outer(residuals[own], residuals[own])
    sigma = np.nanmean(products, axis=0)
    cov = np.zeros((len(x) + 1,) * 2)
    for own, place in zip(rows, places, strict=True):
        block = sigma[np.ix_(place, place)]
        cov += inverse[:, own] @ (np.diag(np.diag(block)) if diagonal else block) @ inverse[:, own].T
    if in_order:
        # In calendar order the same computation gives ours.
        expected = robust(data, "pooling", pv.PanelCorrected(cluster="entity", diagonal=diagonal)).std_errors
    else:
        name = f"vcovBK_group{'_diagonal' if diagonal else ''}"
        numbers = load(f"{data}_plm_cov")["expected"]["pooling"]
        if name not in numbers:
            pytest.skip("plm stops where a firm has one row")
        expected = list(numbers[name]["HC0"].values())
    np.testing.assert_allclose(np.sqrt(np.diag(cov)), expected, rtol=1e-9)


def dummy_regression(data):
    """Two-way effects by least squares on dense dummies, the first period's effect zero."""
    y, x = MODELS[data]
    frame = table(data).sort_values(["firm", "year"])
    firms = pd.get_dummies(frame["firm"], dtype=float)
    years = pd.get_dummies(frame["year"], dtype=float).iloc[:, 1:]
    design = np.hstack([firms, years, frame[x]])
    solution = np.linalg.lstsq(design, frame[y], rcond=None)[0]
    return frame, solution[: firms.shape[1]], np.insert(solution[firms.shape[1] : -len(x)], 0, 0.0), solution[-len(x) :]


def test_two_way_effects_of_an_unbalanced_panel():
    """What plm takes for the other effect contains the mean effect of those present; its labels are shuffled."""
    expected = load("empluk_plm_fits")["expected"]["within_twoways"]
    frame, firm_levels, year_effects, slopes = dummy_regression("empluk")
    effects = fit("empluk", "within_twoways").estimated_effects()

    # Ours are those of the dummy regression.
    reference = effects.loc["year", "deviation"].iloc[0]
    np.testing.assert_allclose(effects.loc["firm", "level"] + reference, firm_levels, rtol=1e-10)
    np.testing.assert_allclose(effects.loc["year", "deviation"] - reference, year_effects, atol=1e-11)

    y, x = MODELS["empluk"]
    rest = frame[y] - frame[x] @ slopes
    both = pd.Series(
        effects.loc["firm", "level"].loc[frame["firm"]].to_numpy()
        + effects.loc["year", "deviation"].loc[frame["year"]].to_numpy(),
        index=frame.index,
    )
    for dimension, other, key in (("firm", "year", "individual"), ("year", "firm", "time")):
        crude = rest.groupby(frame[other]).mean()
        crude -= crude.iloc[0]
        first_rows = ~frame[dimension].duplicated()
        theirs = (both - crude.loc[frame[other]].to_numpy())[first_rows]
        np.testing.assert_allclose(theirs, list(expected[f"fixef_level_{key}"].values()), rtol=1e-9)
        labels = [int(label) for label in expected[f"fixef_level_{key}"]]
        in_order = labels == frame[dimension][first_rows].tolist()
        assert in_order is (dimension == "firm")


@pytest.mark.parametrize("data", GAPPY)
@pytest.mark.parametrize("method", ["swar", "walhus", "amemiya"])
def test_two_way_random_effects_without_the_error_variance(data, method):
    """plm's covariance of the unbalanced model is (X' Omega^-1 X)^-1, ours times 1 / s^2; its RSS is untransformed."""
    expected = load(f"{data}_plm_fits")["expected"].get(f"random_twoways_{method}")
    if expected is None:
        pytest.skip("plm has no such number")
    result = fit(data, f"random_twoways_{method}")
    np.testing.assert_allclose(result.cov / result.sigma2, expected["vcov"]["values"], rtol=1e-7)
    assert float(result.resids @ result.resids) == pytest.approx(expected["rss"], rel=1e-9)


@pytest.mark.parametrize("data", ["scattered", "staggered"])
def test_most_firms_of_any_period_for_the_number_of_firms(data):
    """pbsytest takes n - max_t N_t for the number of adjacent pairs of rows, which is n - N."""
    expected = load(f"{data}_plm_tests")["expected"]["pbsytest"]
    frame = table(data).sort_values(["firm", "year"], ignore_index=True)
    result = fit(data, "pooling")
    u = result.resids.loc[frame.index].to_numpy()
    firm = frame["firm"].to_numpy()
    n, squares = len(frame), (frame["firm"].value_counts() ** 2).sum()
    a = 1.0 - (frame.assign(u=u).groupby("firm")["u"].sum() ** 2).sum() / (u @ u)
    later = np.flatnonzero(firm[1:] == firm[:-1]) + 1
    b = (u[later] @ u[later - 1]) / (u[later] @ u[later])
    statistics = {}
    for name, firms in (("theirs", frame["year"].value_counts().max()), ("ours", frame["firm"].nunique())):
        pairs = n - firms
        rest = squares - n - 2 * pairs
        serial = (b + pairs / (squares - n) * a) ** 2 * (squares - n) * n**2 / (pairs * rest)
        joint = n**2 * ((a + 2 * b) ** 2 / (2 * rest) + b**2 / pairs)
        statistics[name] = serial, n**2 * (a + 2 * b) ** 2 / (2 * rest), joint
    theirs = [expected[kind]["statistic"]["chisq"] for kind in ("ar", "re_twosided", "j")]
    np.testing.assert_allclose(statistics["theirs"], theirs, rtol=1e-9)
    ours = [pv.bera_sosa_yoon_test(result, statistic=kind).statistic for kind in ("serial", "effects", "joint")]
    np.testing.assert_allclose(statistics["ours"], ours, rtol=1e-9)


def test_hausman_regression_of_the_wrong_coefficients():
    """phtest(method = "aux") skips as many coefficients as it tests, not as many as the model has."""
    expected = load("staggered_plm_tests")["expected"]["phtest"]["aux"]["statistic"]["chisq"]
    random = fit("staggered", "random_individual_swar")
    design = random._design
    theta = random.variance_components.theta[design.entities.codes]
    mean = [design.entities.means(column)[design.entities.codes] for column in design.columns]
    *x, y = (column - theta * m for column, m in zip(design.columns, mean, strict=True))
    within = [column - m for column, m in zip(design.x[:2], mean, strict=False)]
    everything = np.column_stack([np.ones(design.nobs), *x, *within])
    solution, rss = np.linalg.lstsq(everything, y, rcond=None)[:2]
    cov = rss[0] / (design.nobs - 6) * np.linalg.inv(everything.T @ everything)
    # z and the within x1, instead of the within x1 and x2
    tested = [3, 4]
    statistic = solution[tested] @ np.linalg.solve(cov[np.ix_(tested, tested)], solution[tested])
    assert statistic == pytest.approx(expected, rel=1e-9)


def test_hausman_regression_with_a_plain_constant():
    """plm's auxiliary regression of an unbalanced panel: a column of ones where the model has 1 - theta_i."""
    expected = load("empluk_plm_tests")["expected"]["phtest"]["aux"]["statistic"]["chisq"]
    random = fit("empluk", "random_individual_swar")
    design = random._design
    theta = random.variance_components.theta[design.entities.codes]
    mean = [design.entities.means(column)[design.entities.codes] for column in design.columns]
    moved = [column - theta * m for column, m in zip(design.columns, mean, strict=True)]
    within = [column - m for column, m in zip(design.x, mean, strict=False)]
    statistics = []
    for constant in (np.ones(design.nobs), 1.0 - theta):
        short = np.column_stack([constant, *moved[:-1]])
        rss = [np.linalg.lstsq(z, moved[-1], rcond=None)[1][0] for z in (short, np.column_stack([short, *within]))]
        statistics.append((rss[0] - rss[1]) / rss[1] * (design.nobs - 7))
    assert statistics[0] == pytest.approx(expected, rel=1e-9)
    assert statistics[1] == pytest.approx(pv.hausman_regression_test(random).statistic, rel=1e-9)
    assert abs(statistics[0] - statistics[1]) > 8.0


def wages_with_a_fraction():
    """Gaps, and a regressor that does not vary within workers and is no whole number."""
    wages = table("wages")
    wages = wages[(7 * wages["id"] + 3 * wages["year"]) % 11 > 2].sort_values(["id", "year"], ignore_index=True)
    return wages.assign(exp2=wages["exp"] ** 2, z=wages["id"] % 13 / 7.0)


@pytest.mark.parametrize("method", ["amemiya-macurdy", "breusch-mizon-schmidt"])
def test_rounding_noise_as_instruments(method):
    """plm(inst.method = "am", "bms") keeps the demeaned columns of time-invariant regressors, a period each.

    They are zero but for rounding, which leaves 1e-16 where a mean of copies is not the copy; a rank that is judged on
    each column's own size takes them for instruments, and the estimates follow the rounding. Without them: ours.
    """
    names, endogenous = ["wks", "south", "exp", "exp2", "bluecol", "z", "ed"], ["exp", "exp2", "ed"]
    varying, moved, fixed = ["wks", "south", "bluecol"], ["exp", "exp2"], ["z"]

    def estimates(scale, noise):
        frame = wages_with_a_fraction()
        frame["z"] *= scale
        ours = pv.fit_hausman_taylor(
            pv.Panel(frame, "id", "year"), "lwage", names, endogenous=endogenous, method=method, convention="plm"
        )
        codes, periods = pd.factorize(frame["id"])[0], pd.factorize(frame["year"], sort=True)[0]
        theta = np.asarray(ours.variance_components.theta)[codes]

        def mean(column):
            return (np.bincount(codes, column) / np.bincount(codes))[codes]

        def deviations(name):
            return frame[name].to_numpy(float) - mean(frame[name].to_numpy(float))

        def by_period(name):
            table_of = np.zeros((codes.max() + 1, periods.max() + 1))
            table_of[codes, periods] = deviations(name)
            return table_of[codes]

        columns = [np.ones(len(frame)), *(frame[name].to_numpy(float) for name in (*names, "lwage"))]
        *x, y = (column - theta * mean(column) for column in columns)
        repeated = varying + moved * (method == "breusch-mizon-schmidt") + fixed * noise
        instruments = np.column_stack(
            [
                *(deviations(name) for name in varying + moved),
                columns[0],
                *(mean(frame[name].to_numpy(float)) for name in varying + fixed),
                *(by_period(name) for name in repeated),
            ]
        )
        sizes = np.linalg.norm(instruments, axis=0)
        basis, values = np.linalg.svd(instruments[:, sizes > 0] / sizes[sizes > 0], full_matrices=False)[:2]
        basis = basis[:, values > 1e-7 * values[0]]
        x = np.column_stack(x)
        found = np.linalg.lstsq(basis @ (basis.T @ x), y, rcond=None)[0]
        units = np.array([1.0, *(scale if name == "z" else 1.0 for name in names)])
        return found * units, ours.params[["const", *names]].to_numpy() * units

    clean, ours = estimates(1.0, noise=False)
    np.testing.assert_allclose(ours, clean, rtol=1e-9)
    np.testing.assert_allclose(estimates(0.3, noise=False)[1], ours, rtol=1e-9)
    in_two_units = [estimates(scale, noise=True)[0] for scale in (1.0, 0.3)]
    # The relative gap in the schooling coefficient, of the numbers among themselves and from ours.
    assert abs(in_two_units[0][-1] / ours[-1] - 1) > 1e-3
    assert abs(in_two_units[0][-1] / in_two_units[1][-1] - 1) > 1e-3
