"""Unit-root tests: slow twins, invariances, size, bad input."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from reference_data import table
from simulation.dfgls_quantiles import ratios

import panelvar as pv
from panelvar import CollinearityError, NumericalError
from panelvar.kernels.linear.lag_windows import andrews_bandwidth, newey_west_bandwidth
from panelvar.kernels.linear.long_run import long_run_variance
from panelvar.nonstationary.unit_roots import regressions as dickey_fuller
from panelvar.nonstationary.unit_roots.distributions import (
    SERIES_OF_PVALUES,
    gls_critical_values,
    gls_pvalue,
    tau_critical_values,
    tau_pvalue,
)
from panelvar.nonstationary.unit_roots.lag_orders import lag_orders

COUNTS = {"n": 0, "c": 1, "ct": 2, "ctt": 3}


def walk(seed=0, n=120):
    return np.cumsum(np.random.default_rng(seed).standard_normal(n))


def least_squares(x, y):
    """Coefficients and errors by the normal equations."""
    inverse = np.linalg.inv(x.T @ x)
    beta = inverse @ x.T @ y
    left = y - x @ beta
    return beta, np.sqrt(np.diag(inverse) * (left @ left) / (len(y) - x.shape[1])), left


def dense_adf(y, lags, trend):
    """The regression row by row."""
    rows, left = [], []
    for t in range(lags + 1, len(y)):
        rows.append(
            [float(t) ** k for k in range(COUNTS[trend])]
            + [y[t - 1]]
            + [y[t - j] - y[t - j - 1] for j in range(1, lags + 1)]
        )
        left.append(y[t] - y[t - 1])
    beta, errors, residuals = least_squares(np.array(rows), np.array(left))
    place = COUNTS[trend]
    return beta[place], beta[place] / errors[place], residuals, np.array(rows)


@pytest.mark.parametrize("trend", ["n", "c", "ct", "ctt"])
@pytest.mark.parametrize("lags", [0, 3])
def test_adf_is_the_regression_written_out(trend, lags):
    y = walk()
    result = pv.adf_test(y, lags=lags, trend=trend)
    coefficient, tau, residuals, _ = dense_adf(y, lags, trend)
    np.testing.assert_allclose([result.coefficient, result.statistic], [coefficient, tau], rtol=1e-8)
    assert result.nobs == len(residuals)
    assert result.lags == lags


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
def test_one_triangle_compares_lags_as_separate_fits_do(trend):
    y, longest = walk(3), 6
    found = lag_orders(dickey_fuller.lagged_differences(y, COUNTS[trend]), longest)
    for lags in range(longest + 1):
        rows = dense_adf(y, lags, trend)[-1][longest - lags :]
        beta, errors, left = least_squares(rows, np.diff(y)[longest:])
        n, k = rows.shape
        base = n * np.log(left @ left / n)
        np.testing.assert_allclose(found.criteria("aic")[lags], base + 2 * k, rtol=1e-9)
        np.testing.assert_allclose(found.criteria("bic")[lags], base + np.log(n) * k, rtol=1e-9)
        np.testing.assert_allclose(found.criteria("hqic")[lags], base + 2 * np.log(np.log(n)) * k, rtol=1e-9)
        if lags:
            np.testing.assert_allclose(found.ratios()[lags], abs(beta[-1] / errors[-1]), rtol=1e-7)


@pytest.mark.parametrize("trend", ["n", "c", "ct", "ctt"])
@pytest.mark.parametrize("rule", ["aic", "hqic", "t-stat", 4])
@pytest.mark.parametrize("rows", ["all", "common"])
def test_a_long_series_goes_through_blocks_of_rows(trend, rule, rows, monkeypatch):
    y = walk(11, 900)
    laid_out = pv.adf_test(y, lags=rule, trend=trend, rows=rows)
    monkeypatch.setattr(dickey_fuller, "LAID_OUT", 0)
    monkeypatch.setattr(dickey_fuller, "BLOCK", 64)
    blocks = pv.adf_test(y, lags=rule, trend=trend, rows=rows)
    assert (blocks.lags, blocks.nobs) == (laid_out.lags, laid_out.nobs)
    assert blocks.statistic == pytest.approx(laid_out.statistic, rel=1e-10)
    assert blocks.coefficient == pytest.approx(laid_out.coefficient, rel=1e-10)
    with pytest.raises(pv.CollinearityError, match="nothing to test"):
        pv.adf_test(np.tile([1.0, 2.0], 100), lags=3)


def test_residuals_of_blocks_are_those_of_all_rows(monkeypatch):
    columns = dickey_fuller.lagged_differences(walk(12, 500), 2)
    expected = dickey_fuller.level_regressions(columns, 5, residuals=True)
    monkeypatch.setattr(dickey_fuller, "LAID_OUT", 0)
    monkeypatch.setattr(dickey_fuller, "BLOCK", 64)
    found = dickey_fuller.level_regressions(columns, 5, residuals=True)
    np.testing.assert_allclose(found.residuals, expected.residuals, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(found.level_left, expected.level_left, rtol=1e-9, atol=1e-11)


def test_memory_of_a_long_series(peak_megabytes):
    """100,000 rows and 69 columns: 55 MB laid out once, several times that while they are factored."""
    y = walk(13, 100_000)
    assert peak_megabytes(lambda: pv.adf_test(y)) < 40.0


def test_lags_from_below_and_on_common_rows():
    y = walk(5)
    chosen = pv.adf_test(y, lags="bic", max_lags=6)
    assert chosen.lags == 0
    assert pv.adf_test(y, lags="bic", max_lags=6, min_lags=2).lags >= 2
    common = pv.adf_test(y, lags="bic", max_lags=6, rows="common")
    assert common.nobs == len(y) - 1 - 6
    assert common.lags_rule == "bic, 0 to 6"


@pytest.mark.parametrize("trend", ["n", "c", "ct", "ctt"])
@pytest.mark.parametrize("length", range(8, 16))
def test_lags_by_default_fit_a_short_series(trend, length):
    series = np.random.default_rng(length).standard_normal(length).cumsum()
    result = pv.adf_test(series, trend=trend)
    assert result.nobs - (len(trend.replace("n", "")) + 1 + result.lags) >= 2


def test_kpss_and_phillips_perron_written_out():
    y, lags = walk(2), 4
    left = y - y.mean()
    variance = sum(
        (1.0 if j == 0 else 2.0 * (1 - j / (lags + 1))) * sum(left[t] * left[t - j] for t in range(j, len(y)))
        for j in range(lags + 1)
    ) / len(y)
    eta = sum(left[: t + 1].sum() ** 2 for t in range(len(y))) / len(y) ** 2 / variance
    np.testing.assert_allclose(pv.kpss_test(y, bandwidth=lags).statistic, eta, rtol=1e-10)

    x = np.column_stack([np.ones(len(y) - 1), y[:-1]])
    beta, errors, u = least_squares(x, y[1:])
    n = len(u)
    gamma = u @ u / n
    long_run = long_run_variance(u, "bartlett", lags)
    s = np.sqrt(u @ u / (n - 2))
    rho = n * (beta[1] - 1) - 0.5 * n**2 * errors[1] ** 2 / s**2 * (long_run - gamma)
    tau = np.sqrt(gamma / long_run) * (beta[1] - 1) / errors[1] - (long_run - gamma) / 2 * n * errors[1] / s / np.sqrt(
        long_run
    )
    np.testing.assert_allclose(pv.phillips_perron_test(y, bandwidth=lags, statistic="rho").statistic, rho, rtol=1e-8)
    np.testing.assert_allclose(pv.phillips_perron_test(y, bandwidth=lags).statistic, tau, rtol=1e-8)


def test_without_lags_phillips_perron_is_nearly_dickey_fuller():
    y = walk(4)
    tau = pv.phillips_perron_test(y, bandwidth=0).statistic
    n = len(y) - 1
    np.testing.assert_allclose(tau, pv.adf_test(y, lags=0).statistic, rtol=1e-10)
    assert pv.phillips_perron_test(y, bandwidth=0, statistic="rho").statistic == pytest.approx(
        n * pv.adf_test(y, lags=0).coefficient, rel=1e-9
    )


@pytest.mark.parametrize("kernel", ["bartlett", "parzen", "quadratic-spectral"])
def test_long_run_variance_as_a_double_sum(kernel):
    u, width = np.diff(walk(6)), 5

    def weight(j):
        if kernel == "quadratic-spectral":
            x = 6 * np.pi * j / (5 * width)
            return 3 / x**2 * (np.sin(x) / x - np.cos(x))
        z = j / (width + 1)
        if z >= 1:
            return 0.0
        if kernel == "bartlett":
            return 1 - z
        return 1 - 6 * z**2 + 6 * z**3 if z <= 0.5 else 2 * (1 - z) ** 3

    total = sum(
        u[s] * u[t] * (1.0 if s == t else weight(abs(s - t))) for s in range(len(u)) for t in range(len(u))
    ) / len(u)
    assert long_run_variance(u, kernel, width) == pytest.approx(total, rel=1e-10)


def test_a_whole_bandwidth_may_be_a_float():
    series = np.random.default_rng(3).standard_normal(60).cumsum()
    for test in (pv.kpss_test, pv.phillips_perron_test):
        assert test(series, bandwidth=2.0).statistic == test(series, bandwidth=2).statistic
        with pytest.raises(pv.SpecificationError, match=r"bandwidth=2\.5 must be a whole number"):
            test(series, bandwidth=2.5)
    assert pv.kpss_test(series, bandwidth=2.5, kernel="quadratic-spectral").statistic > 0.0


def test_bandwidths_grow_with_persistence():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(500)
    smooth = np.convolve(noise, np.ones(12) / 12, mode="valid")
    for rule in (newey_west_bandwidth, andrews_bandwidth):
        for kernel in ("bartlett", "quadratic-spectral"):
            assert rule(smooth, kernel) > rule(noise, kernel)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 1e4), st.floats(-1e3, 1e3), st.floats(-5, 5))
def test_units_level_and_slope_do_not_matter(seed, scale, shift, slope):
    y = walk(seed, 80)
    moved = scale * (y + shift + slope * np.arange(80))
    for test, option in ((pv.adf_test, "lags"), (pv.phillips_perron_test, "bandwidth"), (pv.dfgls_test, "lags")):
        first, second = (test(series, trend="ct", **{option: 2}).statistic for series in (moved, y))
        assert first == pytest.approx(second, rel=1e-5, abs=1e-6)
    assert pv.kpss_test(moved, bandwidth=2, trend="ct").statistic == pytest.approx(
        pv.kpss_test(y, bandwidth=2, trend="ct").statistic, rel=1e-5
    )


def test_pvalues_at_the_critical_values():
    """Two papers, seventeen years apart: the same distribution."""
    for trend, series in itertools.product(("n", "c", "ct", "ctt"), range(1, SERIES_OF_PVALUES + 1)):
        for level, value in tau_critical_values(trend, 10**9, series).items():
            assert tau_pvalue(value, trend, series) == pytest.approx(level, abs=0.0003)
    assert tau_pvalue(-30.0, "c") == 0.0
    assert tau_pvalue(5.0, "c") == 1.0


def test_critical_values_are_those_printed():
    """MacKinnon (2010), table 2, where other programs have other numbers; of 20 levels simulated -4.534 (0.008)."""
    periods = 19
    printed = {
        (2, 0.01): (-3.89644, -10.9519, -22.527, 0.0),
        (3, 0.05): (-3.74066, -8.5631, -10.852, 27.982),
        (5, 0.05): (-4.41519, -14.0406, -12.575, 0.0),
        (7, 0.10): (-4.69648, -15.7315, -6.922, 67.721),
    }
    for (series, level), weights in printed.items():
        value = tau_critical_values("c", periods, series)[level]
        assert value == pytest.approx(sum(weight / periods**power for power, weight in enumerate(weights)), rel=1e-12)
    assert tau_critical_values("c", periods, 2)[0.01] == pytest.approx(-4.534, abs=0.008)


@pytest.mark.parametrize("trend", ["n", "c", "ct", "ctt"])
def test_pvalues_rise_with_the_statistic_and_join(trend):
    """One is reached where the polynomial of the centre turns; the two polynomials meet between them."""
    grid = np.linspace(-8.0, 6.0, 2801)
    for series in range(1, SERIES_OF_PVALUES + 1):
        values = np.array([tau_pvalue(value, trend, series) for value in grid])
        steps = np.diff(values)
        assert steps.min() > -0.004
        assert (steps[grid[1:] > 0.1] >= -1e-5).all()
        assert steps.max() < 0.02


@pytest.mark.parametrize(("trend", "periods"), [("c", 60), ("ct", 30), ("c", 25), ("ct", 120)])
def test_dfgls_pvalues_are_those_of_its_size(trend, periods):
    """Drawn anew, between the lengths of the table and on them."""
    found = np.array([pv.dfgls_test(walk(seed, periods), lags=0, trend=trend).pvalue for seed in range(20)])
    assert ((found > 0) & (found < 1)).all()
    drawn = ratios(periods, 40_000, trend, np.random.default_rng(3))
    for level, value in gls_critical_values(trend, periods).items():
        assert (drawn < value).mean() == pytest.approx(level, abs=5 * np.sqrt(level / 40_000) + 0.02 * level)
    for value in (-4.5, -2.3, -1.2, -0.4, 0.9):
        assert gls_pvalue(value, trend, periods)[0] == pytest.approx((drawn < value).mean(), abs=0.012)


def test_dfgls_against_published_tables_and_gretl():
    """Elliott, Rothenberg and Stock (1996), table 1 C; gretl's p-value of an Australian exchange rate, 77 quarters."""
    # Their one percent rests on few draws.
    published = {50: (-3.77, -3.46, -3.19, -2.89), 100: (-3.58, -3.29, -3.03, -2.74), 200: (-3.46, -3.18, -2.93, -2.64)}
    for periods, values in published.items():
        assert_allclose(list(gls_critical_values("ct", periods).values()), values, rtol=0.02)
    assert gls_pvalue(-0.378283, "c", 77)[0] == pytest.approx(0.719, abs=0.005)
    # In the limit that of the ratio without terms.
    assert_allclose(
        [gls_critical_values("c", 10**6)[level] for level in (0.01, 0.05, 0.10)],
        [tau_critical_values("n", 10**6)[level] for level in (0.01, 0.05, 0.10)],
        atol=0.03,
    )
    # Beyond the quantiles there are bounds.
    for statistic, end, bound in ((-60.0, 0.001, "<"), (60.0, 0.999, ">")):
        pvalue, said = gls_pvalue(statistic, "c", 50)
        assert (pvalue, said) == (pytest.approx(end), bound)


def test_dfgls_prints_a_bound_beyond_its_quantiles():
    noise = np.random.default_rng(1).standard_normal(200)
    test = pv.dfgls_test(noise, lags=0)
    assert (test.bound, round(test.pvalue, 12)) == ("<", 0.001) and test.in_a_line().endswith("p < 0.001")


def test_dfgls_of_fewer_periods_than_its_quantiles_says_so():
    (note,) = pv.dfgls_test(walk(3, 12), lags=0).notes
    assert note.text.startswith("The simulated quantiles begin at 20 periods; there are 12.")


def test_a_bounded_pvalue_says_so():
    noise = np.random.default_rng(1).standard_normal(200)
    calm = pv.kpss_test(noise)
    assert (calm.bound, calm.pvalue) == (">", 0.10)
    assert "p > 0.1" in str(calm)
    wild = pv.kpss_test(np.cumsum(noise), bandwidth="short")
    assert (wild.bound, wild.pvalue) == ("<", 0.01)
    assert "p < 0.01" in str(wild)
    assert [note.code for note in wild.notes] == ["pvalue-bound"]


def test_a_table_of_series_and_of_entities():
    denmark = table("denmark").drop(columns="obs")
    levels = pv.unit_root_table(denmark)
    assert levels.loc[("lrm", "adf"), "statistic"] == pv.adf_test(denmark["lrm"]).statistic
    assert levels.loc[("ibo", "kpss"), "pvalue"] == pv.kpss_test(denmark["ibo"]).pvalue
    changes = pv.unit_root_table(denmark, tests="adf", differences=1)
    assert changes.loc[("lry", "adf"), "statistic"] == pv.adf_test(denmark["lry"].diff().dropna()).statistic
    assert (changes["pvalue"] < 0.05).sum() == 4  # prices may be integrated twice

    long = denmark.rename_axis("quarter").stack().rename("value").rename_axis(["quarter", "who"]).reset_index()
    panel = pv.Panel(long, "who", "quarter")
    by_entity = pv.unit_root_table(panel, tests=["adf", "dfgls"], column="value", trend="ct")
    assert list(by_entity.index.names) == ["entity", "test"]
    assert by_entity.loc[("lrm", "dfgls"), "statistic"] == pytest.approx(
        pv.dfgls_test(denmark["lrm"], trend="ct").statistic
    )


@pytest.mark.parametrize("trend", ["c", "ct"])
@pytest.mark.parametrize("differences", [0, 1])
def test_the_table_is_the_tests_one_by_one(trend, differences):
    """Entities of several lengths, missing at the ends, and some that no test takes: in their order."""
    single = {"adf": pv.adf_test, "dfgls": pv.dfgls_test, "pp": pv.phillips_perron_test, "kpss": pv.kpss_test}
    series = {
        "long": walk(1, 90),
        "short": walk(2, 40),
        "line": 0.1 * np.arange(40.0),
        "constant": np.ones(30),
        "ends": np.concatenate([[np.nan] * 3, walk(3, 40), [np.nan]]),
        "hole": np.concatenate([walk(4, 20), [np.nan], walk(4, 20)]),
        "also long": walk(5, 90),
        "seven": walk(6, 7),
        "huge": 1e151 * walk(7, 40),
        "empty": np.full(20, np.nan),
    }
    frame = pd.concat([pd.DataFrame({"who": who, "t": range(len(y)), "y": y}) for who, y in series.items()])
    panel = pv.Panel(frame, "who", "t")
    with pytest.warns(pv.PanelVarWarning, match="could not be tested: ") as caught:
        found = pv.unit_root_table(panel, tests=list(single), column="y", trend=trend, differences=differences)
    rows, reasons = {}, {}
    for who in panel.entity_labels:
        try:
            tests = {name: test(np.diff(series[who], differences), trend=trend) for name, test in single.items()}
        except pv.PanelVarError as error:
            reasons[who] = str(error).replace("'y1'", repr(who))
            continue
        for name, test in tests.items():
            rows[who, name] = [getattr(test, column) for column in found.columns]
    expected = pd.DataFrame.from_dict(rows, orient="index", columns=found.columns)
    expected.index = pd.MultiIndex.from_tuples(expected.index, names=["entity", "test"])
    pd.testing.assert_frame_equal(found.to_frame(), expected, rtol=1e-10)
    assert {"long", "short", "ends", "also long"} <= set(found.index.get_level_values("entity"))
    assert len(reasons) >= 5
    assert str(caught[0].message).startswith(
        f"{len(reasons)} entities could not be tested: {', '.join(list(reasons)[:5])}"
    )
    assert str(caught[0].message).endswith(next(iter(reasons.values())))


def test_a_table_without_a_testable_series():
    with pytest.warns(pv.PanelVarWarning, match=r"2 series could not be tested: a, b\. The first: 'a' does not vary"):
        found = pv.unit_root_table(pd.DataFrame({"a": np.ones(30), "b": np.zeros(30)}))
    assert found.empty
    assert list(found.columns) == ["statistic", "pvalue", "bound", "lags", "nobs", "null"]


def test_entities_with_gaps_are_left_out_and_named():
    frame = pd.DataFrame({"who": ["a"] * 60 + ["b"] * 59, "t": [*range(60), *range(30), *range(31, 60)]})
    frame["y"] = np.concatenate([walk(1, 60), walk(2, 59)])
    with pytest.warns(pv.PanelVarWarning, match=r"1 entity could not be tested: b"):
        result = pv.unit_root_table(pv.Panel(frame, "who", "t"), tests="adf", column="y")
    assert list(result.index.get_level_values("entity")) == ["a"]


def test_engle_granger_by_hand_and_its_choice_of_left_side():
    y = walk(8, 150)
    frame = pd.DataFrame({"a": y + np.random.default_rng(9).standard_normal(150), "b": y})
    result = pv.engle_granger_test(frame)
    _, _, left = least_squares(np.column_stack([frame["b"], np.ones(150)]), frame["a"].to_numpy())
    inner = pv.adf_test(left, trend="n")
    assert result.statistic == pytest.approx(inner.statistic)
    assert result.pvalue < 0.01
    assert pv.engle_granger_test(frame, "b").statistic != result.statistic
    assert result.null == "a is not cointegrated with b"


def test_rows_are_put_in_order_and_ends_trimmed():
    index = pd.period_range("2000Q1", periods=100, freq="Q")
    series = pd.Series(walk(3, 100), index, name="y")
    shuffled = series.sample(frac=1.0, random_state=0)
    assert pv.adf_test(shuffled, lags=2).statistic == pv.adf_test(series, lags=2).statistic
    padded = np.concatenate([[np.nan] * 3, series, [np.nan]])
    assert pv.adf_test(padded, lags=2).statistic == pv.adf_test(series, lags=2).statistic
    assert pv.adf_test(pd.DataFrame({"x": series, "y": series**2}), lags=2, column="x").statistic == pytest.approx(
        pv.adf_test(series, lags=2).statistic
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: pv.adf_test(np.ones(50)), pv.DataError, "does not vary"),
        (lambda: pv.adf_test(np.arange(50.0), lags=0, trend="ct"), pv.CollinearityError, "nothing to test"),
        (lambda: pv.phillips_perron_test(np.arange(50.0), trend="ct"), pv.CollinearityError, "nothing to test"),
        (lambda: pv.adf_test(np.r_[walk(), np.nan, walk()]), pv.DataError, "no value in 1 period"),
        (lambda: pv.adf_test(np.r_[walk(), np.inf]), pv.DataError, "infinite values"),
        (lambda: pv.adf_test(np.full(5, np.nan)), pv.DataError, "no values"),
        (lambda: pv.adf_test(walk(0, 6), lags=4), pv.InsufficientDataError, "Use fewer lags"),
        (lambda: pv.adf_test(walk(), lags=-1), pv.SpecificationError, "at least 0"),
        (lambda: pv.adf_test(walk(), lags="sic"), pv.SpecificationError, "Did you mean 'bic'"),
        (lambda: pv.adf_test(walk(), lags=2, max_lags=4), pv.SpecificationError, "names a rule"),
        (lambda: pv.adf_test(walk(), trend="const"), pv.SpecificationError, "Did you mean 'c'"),
        (lambda: pv.adf_test(np.column_stack([walk(), walk(1)])), pv.SpecificationError, "unit_root_table"),
        (lambda: pv.kpss_test(walk(), trend="n"), pv.SpecificationError, "trend"),
        (lambda: pv.kpss_test(walk(), bandwidth="hobijn"), pv.SpecificationError, "Did you mean 'newey-west'"),
        (lambda: pv.kpss_test(walk(), bandwidth=2.5), pv.SpecificationError, "bandwidth"),
        (lambda: pv.phillips_perron_test(walk(), statistic="Z-alpha"), pv.SpecificationError, "Did you mean 'rho'"),
        (lambda: pv.unit_root_table(np.column_stack([walk()]), tests="za"), pv.SpecificationError, "not offered"),
        (
            lambda: pv.unit_root_table(np.column_stack([walk()]), tests="dfgls", trend="n"),
            pv.SpecificationError,
            "trend",
        ),
        (lambda: pv.engle_granger_test(walk()[:, None]), pv.SpecificationError, "at least two"),
        (lambda: pv.engle_granger_test(np.column_stack([walk(), 2 * walk()])), pv.NumericalError, "exact combination"),
    ],
)
def test_bad_input(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.slow
@pytest.mark.parametrize("series", [np.arange(60.0), 0.1 * np.arange(80.0), 3.0 - 1e6 * np.arange(50.0)])
@pytest.mark.parametrize("trend", ["c", "ct"])
def test_a_straight_line_is_not_tested(series, trend):
    """Statistics of rounding noise: refused, whichever test and however lags are chosen."""
    calls = [pv.adf_test, pv.phillips_perron_test]
    calls += [pv.dfgls_test, pv.kpss_test] if trend == "ct" else []
    calls += [functools.partial(pv.adf_test, lags=lags) for lags in (0, 2, "bic", "t-stat")]
    for call in calls:
        with pytest.raises((CollinearityError, NumericalError), match=r"nothing (to|is left to) test|deterministic"):
            call(series, trend=trend)
    rough = series + 1e-9 * np.abs(series).max() * np.random.default_rng(1).standard_normal(len(series))
    assert np.isfinite(pv.adf_test(rough, lags=0, trend=trend).statistic)


@pytest.mark.slow
def test_size_under_a_random_walk():
    """5 percent tests of 2,000 random walks of 200 periods: within four standard errors (0.02) of 0.05."""
    rng = np.random.default_rng(20)
    draws = 2000
    hits = dict.fromkeys(("adf", "pp", "dfgls", "eg"), 0)
    for _ in range(draws):
        y = np.cumsum(rng.standard_normal((200, 2)), axis=0)
        hits["adf"] += pv.adf_test(y[:, 0], lags=1).pvalue < 0.05
        hits["pp"] += pv.phillips_perron_test(y[:, 0]).pvalue < 0.05
        test = pv.dfgls_test(y[:, 0], lags=1, trend="ct")
        hits["dfgls"] += test.statistic < test.critical_values[0.05]
        hits["eg"] += pv.engle_granger_test(y, lags=1).pvalue < 0.05
    for name, count in hits.items():
        assert abs(count / draws - 0.05) < 0.02, (name, count / draws)


@pytest.mark.slow
def test_kpss_size_under_white_noise():
    rng = np.random.default_rng(21)
    rejected = (
        sum(pv.kpss_test(rng.standard_normal(300), bandwidth="short").statistic > 0.463 for _ in range(2000)) / 2000
    )
    assert abs(rejected - 0.05) < 0.02


@pytest.mark.parametrize("column", [{}, ["x"]])
def test_a_column_that_no_label_can_be(column):
    frame = pd.DataFrame({"x": np.arange(20.0), "y": np.arange(20.0)})
    with pytest.raises(pv.SpecificationError, match="column must be"):
        pv.adf_test(frame, column=column)
