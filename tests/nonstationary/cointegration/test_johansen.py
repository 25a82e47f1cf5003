"""Johansen's rank tests against explicit moment matrices, a likelihood, published numbers and simulation."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from quiet import quietly
from reference_data import table
from simulation.trace_quantiles import trace_statistics
from streams import stream

import panelvar as pv
from panelvar.nonstationary.cointegration import reduced_rank
from panelvar.nonstationary.cointegration.johansen_distribution import critical_values, gamma_pvalues

CASES = ("n", "rc", "c", "rt", "ct")


def denmark():
    return table("denmark")[["lrm", "lry", "ibo", "ide"]]


quiet = partial(quietly, pv.johansen_test)


def by_moments(y, lags, trend, beside=None):
    """Eigenvalues and vectors by the textbook: products of moments of residuals (Johansen 1995, section 6.1)."""
    n_periods = len(y)
    t = np.arange(lags, n_periods)
    dy = np.diff(y, axis=0)
    z0 = y[t] - y[t - 1]
    z1 = [y[t - 1]]
    z2 = [dy[t - 1 - j] for j in range(1, lags)]
    time = t[:, None] + 1.0
    if trend in ("c", "rt", "ct"):
        z2.append(np.ones_like(time))
    if trend == "rc":
        z1.append(np.ones_like(time))
    if trend == "rt":
        z1.append(time - 1.0)
    if trend == "ct":
        z2.append(time)
    if beside is not None:
        z2.append(beside[t])
    z1 = np.column_stack(z1)
    r0, r1 = z0, z1
    if z2:
        z2 = np.column_stack(z2)
        r0, r1 = (z - z2 @ np.linalg.lstsq(z2, z, rcond=None)[0] for z in (z0, z1))
    n = len(t)
    s00, s11, s01 = r0.T @ r0 / n, r1.T @ r1 / n, r0.T @ r1 / n
    values, vectors = np.linalg.eig(np.linalg.solve(s11, s01.T @ np.linalg.solve(s00, s01)))
    order = np.argsort(-values.real)
    values, vectors = values.real[order], vectors.real[:, order]
    return values[: y.shape[1]], vectors[:, : y.shape[1]], s00, s01, s11, n


@pytest.mark.parametrize("trend", CASES)
@pytest.mark.parametrize("lags", [1, 2, 4])
def test_against_moment_matrices(trend, lags):
    data = denmark()
    result = quiet(data, lags=lags, trend=trend)
    values, vectors, _, s01, s11, n = by_moments(data.to_numpy(), lags, trend)
    assert_allclose(result.eigenvalues, values, rtol=1e-7)
    terms = -n * np.log(1.0 - values)
    assert_allclose(result.max_eigenvalue, terms, rtol=1e-7)
    assert_allclose(result.trace, [terms[r:].sum() for r in range(4)], rtol=1e-7)
    beta = result.candidates
    assert_allclose(beta / beta[0], vectors / vectors[0], rtol=1e-5)
    assert_allclose(beta.T @ s11 @ beta, np.eye(4), atol=1e-7)
    assert_allclose(result.weights, s01 @ beta, atol=1e-9)
    assert (beta[0] > 0).all()


def test_seasons_and_exogenous_variables_stand_beside():
    data = denmark()
    other = np.random.default_rng(4).standard_normal(len(data))
    seasons = (np.arange(len(data))[:, None] % 4 == np.arange(3)).astype(float)
    beside = np.column_stack([seasons, other])
    with pytest.warns(pv.PanelVarWarning, match="without exogenous"):
        result = pv.johansen_test(data.iloc[:, :2], lags=2, trend="c", seasons=4, exogenous=other)
    assert_allclose(result.eigenvalues, by_moments(data.iloc[:, :2].to_numpy(), 2, "c", beside)[0], rtol=1e-9)


def test_units_and_order_do_not_matter():
    data = denmark()
    base = quiet(data, lags=2, trend="rt")
    scaled = quiet(data * np.array([1e6, 1e-4, 3.0, 1e3]), lags=2, trend="rt")
    assert_allclose(scaled.trace, base.trace, rtol=1e-9)
    turned = quiet(data.iloc[:, ::-1], lags=2, trend="rt")
    assert_allclose(turned.eigenvalues, base.eigenvalues, rtol=1e-9)
    # Any nonsingular combination spans the same system.
    mixed = data.to_numpy() @ np.array([[1, 1, 0, 0], [0, 1, 2, 0], [0, 0, 1, 1], [1, 0, 0, 1.0]])
    assert_allclose(quiet(mixed, lags=2, trend="rt").trace, base.trace, rtol=1e-8)


def test_levels_far_from_zero_cost_no_digits():
    """Adding 1e6 to the levels leaves the statistics of a model with a constant as they are."""
    rng = np.random.default_rng(8)
    y = np.round(np.cumsum(rng.standard_normal((120, 3)), axis=0) * 1024) / 1024
    base, far = (pv.johansen_test(y + shift, lags=2, trend="c").trace for shift in (0.0, 2.0**20))
    assert_allclose(far, base, rtol=1e-9)


def test_kernel_takes_a_batch():
    rng = np.random.default_rng(3)
    right, corner = rng.standard_normal((6, 5, 3)), rng.standard_normal((6, 3, 3))
    batch = reduced_rank.canonical_correlations(right, corner)
    for place in range(6):
        single = reduced_rank.canonical_correlations(right[place], corner[place])
        assert_allclose(batch.eigenvalues[place], single.eigenvalues, rtol=1e-12)
        assert_allclose(
            reduced_rank.project(right, batch.left, 2)[place],
            reduced_rank.project(right[place], single.left, 2),
            atol=1e-12,
        )


def test_danish_money_demand_as_published():
    """Johansen and Juselius (1990): eigenvalues and the relation, with centred seasonals, as printed."""
    result = quiet(denmark(), lags=2, trend="rc", seasons=4)
    assert_allclose(result.eigenvalues, [0.433, 0.178, 0.113, 0.043], atol=5.1e-4)
    relation = result.vectors["ec1"] / result.vectors.loc["lrm", "ec1"]
    assert_allclose(relation, [1.0, -1.03, 5.21, -4.22, -6.06], atol=6e-3)


def test_chi_squared_where_one_trend_is_left():
    """With a drift in the data the last statistic is chi-squared with one degree of freedom: cases c and ct."""
    from scipy.stats import chi2

    values = np.array([0.5, 2.0, 6.0])
    for trend in ("c", "ct"):
        for statistic in ("trace", "max"):
            found = [gamma_pvalues(statistic, trend, np.array([value]))[0] for value in values]
            assert_allclose(found, chi2.sf(values, 1), rtol=2e-3)


@pytest.mark.parametrize("trend", CASES)
def test_gamma_approximation_against_tables(trend):
    """At the 5% values of MacKinnon, Haug and Michelis its p-values are 0.045 to 0.051."""
    for statistic, least in (("trace", 0.0475), ("max", 0.0449)):
        published = critical_values("mackinnon-haug-michelis", statistic, trend, 12, 0.95)
        pvalues = gamma_pvalues(statistic, trend, published)
        assert least < pvalues.min()
        assert pvalues.max() < 0.051
        own = critical_values("doornik", statistic, trend, 12, 0.95)
        assert_allclose(gamma_pvalues(statistic, trend, own), 0.05, rtol=1e-9)
        assert_allclose(own, published, rtol=0.02)
    # From the other source that has them.
    if trend in ("rc", "rt"):
        other = critical_values("osterwald-lenum", "trace", trend, 5, 0.95)
        assert_allclose(other, critical_values("mackinnon-haug-michelis", "trace", trend, 5, 0.95), rtol=0.025)


@pytest.mark.parametrize("directions", [3, 6])
def test_quantiles_without_a_drift_are_those_of_random_walks(directions):
    """For six variables urca has the 0.80 and 0.90 quantiles of the trace as its 0.90 and 0.95 (85.18, 90.39)."""
    drawn = trace_statistics(directions, 4000, 3)
    for level in (0.9, 0.95, 0.99):
        published = critical_values("osterwald-lenum", "trace", "c", directions, level)[0]
        assert (drawn < published).mean() == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / 4000))


@pytest.mark.parametrize("statistic", ["trace", "max"])
@pytest.mark.parametrize("trend", ["c", "rc", "rt"])
def test_published_quantiles_run_smoothly(statistic, trend):
    """A cell copied from a neighbour's column would stand out: second differences are those of a parabola."""
    for level in (0.9, 0.95, 0.99):
        quantiles = critical_values("osterwald-lenum", statistic, trend, 11, level)[::-1]
        bend = np.diff(quantiles, 2)
        assert_allclose(bend, 4.0 if statistic == "trace" else 0.0, atol=4.1)


def test_sample_size_distributions():
    """The distribution of a sample lies to the right of the asymptotic one, and tends to it."""
    values = np.array([50.0, 25.0, 8.0])
    limit = gamma_pvalues("trace", "rc", values)
    small = gamma_pvalues("trace", "rc", values, 40.0)
    assert (small > limit).all()
    # Constants for q = 1, 2, 3 that do not vanish are of the order of the approximation's error.
    assert_allclose(gamma_pvalues("trace", "rc", values, 1e9), limit, atol=0.001)


def test_corrections():
    data = denmark()
    plain, corrected = (
        quiet(data, lags=2, trend="rc"),
        pv.johansen_test(data, lags=2, trend="rc", correction="reinsel-ahn"),
    )
    assert_allclose(corrected.trace, plain.trace * (53 - 8) / 53)
    doornik = pv.johansen_test(data, lags=2, trend="rc", correction="doornik")
    assert_allclose(doornik.trace, plain.trace)
    assert doornik.rows == 53 - 9
    assert (doornik.trace_pvalues > plain.trace_pvalues).all()
    assert_allclose(doornik.max_pvalues, plain.max_pvalues)


def test_rank_is_the_first_not_rejected():
    result = quiet(denmark(), lags=2, trend="rc")
    assert result.rank == 0
    assert result.chosen_rank("max") == 1
    assert result.chosen_rank(level=0.9) == 1
    rng = np.random.default_rng(2)
    noise = pv.johansen_test(rng.standard_normal((200, 3)), lags=1)
    assert noise.rank == 3
    assert any(note.code == "full-rank" for note in noise.notes)
    walks = pv.johansen_test(np.cumsum(rng.standard_normal((300, 3)), axis=0), lags=1)
    assert walks.rank == 0
    assert any(note.code == "no-relation" for note in walks.notes)


def test_result_reads():
    with pytest.warns(pv.PanelVarWarning, match="roughly 18%"):
        result = pv.johansen_test(denmark(), lags=2, trend="rc")
    assert list(result.table.columns) == ["eigenvalue", "trace", "trace_pvalue", "max", "max_pvalue"]
    assert list(result.vectors.index) == ["lrm", "lry", "ibo", "ide", "const"]
    assert list(result.loadings.index) == ["lrm", "lry", "ibo", "ide"]
    text = str(result)
    assert "case 2" in text
    assert "52.7109" in text
    assert "<= 3" in text
    assert "<i>r</i>\u2009≤\u20093" in result._repr_html_() and r"$r\leq 3$" in result.to_latex()
    assert "r <= 1" in str(result.summary(source="osterwald-lenum"))
    assert "rank 0 at 0.05" in repr(result)
    levels = result.critical_values(level=0.99, source="osterwald-lenum")
    assert levels.loc[0, "trace"] == 60.16
    many = critical_values("osterwald-lenum", "trace", "c", 13, 0.9)
    assert np.isnan(many[:2]).all()
    assert many[-1] == 6.5
    with pytest.raises(AttributeError, match="max_eigenvalue"):
        _ = result.lr2
    with pytest.raises(AttributeError, match="eigenvalues"):
        _ = result.eig


@pytest.mark.parametrize(("trend", "rank"), [("rc", 0), ("c", 1), ("rt", 2), ("n", 3)])
def test_bootstrap_is_a_loop_of_tests(trend, rank):
    """Data generated recursively from the estimates at a rank, each tested by itself."""
    data = denmark()
    source = pv.ResidualBootstrap(draws=5, seed=3)
    result = pv.johansen_test(data, lags=2, trend=trend, bootstrap=source)
    assert result.drawn.shape == (4, 5, 2)
    rng = stream(3)
    for place in range(rank + 1):
        fit = pv.fit_vecm(data, rank=place, lags=2, trend=trend)
        problem = fit._problem
        ((shocks, _, _),) = source.innovations(problem, 5, rng)
    terms = problem.design[:, : problem.n_deterministic]
    for draw in range(5):
        path = data.to_numpy().copy()
        for row in range(fit.nobs):
            path[row + 2] = np.concatenate([terms[row], path[row + 1], path[row]]) @ problem.params + shocks[draw, row]
        again = quiet(path, lags=2, trend=trend)
        assert_allclose(result.drawn[rank, draw], [again.trace[rank], again.max_eigenvalue[rank]], rtol=1e-7)
    above = (result.drawn[rank, :, 0] >= result.trace[rank]).sum()
    assert result.trace_pvalues[rank] == (1 + above) / 6
    above = (result.drawn[rank, :, 1] >= result.max_eigenvalue[rank]).sum()
    assert result.max_pvalues[rank] == (1 + above) / 6
    assert_allclose(result.critical_values(level=0.8)["max"], np.quantile(result.drawn[:, :, 1], 0.8, axis=1))
    assert result.critical_values(source="doornik").loc[3, "trace"] > 0


def test_bootstrap_by_other_schemes_and_in_words():
    data = denmark()
    for source in (
        pv.RecursiveWildBootstrap(draws=99, seed=1),
        pv.MovingBlockBootstrap(draws=99, seed=1),
        pv.ParametricBootstrap(draws=99, seed=1),
    ):
        result = pv.johansen_test(data, lags=2, trend="rc", bootstrap=source)
        assert (result.trace_pvalues > 0).all()
        assert source.kind in str(result).replace("\n", " ")
    # The same seed, the same p-values; no warning of a small sample, nor of exogenous variables.
    other = np.random.default_rng(4).standard_normal(len(data))
    options = {"lags": 2, "exogenous": other, "bootstrap": pv.ResidualBootstrap(draws=99, seed=1)}
    first, second = (pv.johansen_test(data, **options).trace_pvalues for _ in range(2))
    assert_allclose(first, second)
    explosive = np.column_stack([1.1 ** np.arange(40), np.cumsum(np.ones(40))])
    explosive = explosive + np.random.default_rng(1).standard_normal((40, 2))
    with pytest.warns(pv.PanelVarWarning, match="explosive"):
        pv.johansen_test(explosive, lags=1, trend="n", bootstrap=pv.ResidualBootstrap(draws=19, seed=1))


@pytest.mark.slow
def test_size_of_the_bootstrap():
    """Two unrelated walks of 30 periods, two lags: rejections of rank 0 at 5%, 1,000 samples of 199 draws."""
    hits, plain = 0, 0
    for seed in range(1000):
        y = np.cumsum(np.random.default_rng(seed).standard_normal((30, 2)), axis=0)
        # Some samples look explosive at some rank, with a warning.
        result = quiet(y, lags=2, trend="rc", bootstrap=pv.ResidualBootstrap(draws=199, seed=seed))
        hits += result.trace_pvalues[0] <= 0.05
        plain += gamma_pvalues("trace", "rc", result.trace)[0] <= 0.05
    # Four standard errors of 1,000 samples.
    assert abs(hits / 1000 - 0.05) < 4 * 0.007
    assert plain / 1000 > 0.08


def test_thirteen_years_are_too_few():
    """Two variables and thirteen rows: the warning says by how much the statistics are too large."""
    rng = np.random.default_rng(0)
    y = np.cumsum(rng.standard_normal((13, 2)), axis=0)
    with pytest.warns(pv.PanelVarWarning) as caught:
        pv.johansen_test(y, lags=2)
    texts = [str(warning.message) for warning in caught]
    assert any("roughly 57%" in text for text in texts)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: pv.johansen_test(denmark(), lags=2, trend="const"), pv.SpecificationError, "Did you mean 'rc'"),
        (lambda: pv.johansen_test(denmark(), lags=2, trend="coli"), pv.SpecificationError, "Did you mean 'rt'"),
        (lambda: pv.johansen_test(denmark(), lags=2, trend="none"), pv.SpecificationError, "In urca"),
        (lambda: pv.johansen_test(denmark(), lags=2, trend=3), pv.SpecificationError, "Did you mean 'c'"),
        (lambda: pv.johansen_test(denmark(), lags=0), pv.SpecificationError, "at least 1"),
        (lambda: pv.johansen_test(denmark()[["lrm"]], lags=1), pv.SpecificationError, "at least two"),
        (lambda: pv.johansen_test(denmark(), lags=2, level=0.05), pv.SpecificationError, "did you mean level=0.95"),
        (lambda: pv.johansen_test(denmark(), lags=2, correction="bartlett"), pv.SpecificationError, "not offered"),
        (
            lambda: pv.johansen_test(denmark(), lags=2, bootstrap=pv.MonteCarlo(draws=99)),
            pv.SpecificationError,
            "such as ResidualBootstrap",
        ),
        (
            lambda: pv.johansen_test(denmark(), lags=2, bootstrap=pv.ResidualBootstrap(draws=99), correction="doornik"),
            pv.SpecificationError,
            "needs no correction",
        ),
        (lambda: pv.johansen_test(denmark().head(12), lags=3), pv.InsufficientDataError, "usable rows"),
        (lambda: quiet(denmark(), lags=2).critical_values(source="urca"), pv.SpecificationError, "osterwald-lenum"),
        (
            lambda: quiet(denmark(), lags=2, trend="rc").critical_values(source="mackinnon-haug-michelis", level=0.99),
            pv.SpecificationError,
            "n: 0.9, 0.95, 0.99; rc: 0.95",
        ),
        (lambda: quiet(denmark(), lags=2).chosen_rank("eigen"), pv.SpecificationError, "Did you mean 'max'"),
    ],
)
def test_bad_input(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_identities_are_refused():
    walk = np.cumsum(np.random.default_rng(1).standard_normal((60, 2)), axis=0)
    with pytest.raises(pv.CollinearityError, match="linear combination"):
        pv.johansen_test(np.column_stack([walk, walk.sum(axis=1)]), lags=1)
    later = np.column_stack([walk[1:], walk[:-1, 0]])
    with pytest.warns(pv.PanelVarWarning, match="fits exactly"), pytest.raises(pv.NumericalError, match="identity"):
        pv.johansen_test(later, lags=1)


def test_a_period_that_is_missing_is_not_bridged():
    walk = pd.DataFrame(np.cumsum(np.random.default_rng(6).standard_normal((80, 2)), axis=0), columns=["a", "b"])
    walk.index = pd.RangeIndex(1900, 1980)
    with pytest.warns(pv.PanelVarWarning, match="absent"):
        result = pv.johansen_test(walk.drop(1940), lags=2, trend="rc")
    assert result.nobs == 75 + 2 - 2


@pytest.mark.slow
@pytest.mark.parametrize(("trend", "rank"), [("rc", 0), ("rc", 1), ("rt", 0), ("rt", 1)])
def test_size_of_the_trace_test(trend, rank):
    """Rejections at 5% of the true rank, 400 periods, three variables, 4,000 samples in one batch."""
    draws, n = 4000, 400
    rng = np.random.default_rng(12)
    shocks = rng.standard_normal((draws, n + 1, 3))
    y = np.cumsum(shocks, axis=1)
    if rank:
        y[:, :, 2] = y[:, :, 0] - 0.5 * y[:, :, 1] + rng.standard_normal((draws, n + 1))
    if trend == "rt":
        y = y + 0.3 * np.arange(n + 1)[:, None]
    one, time = np.ones((draws, n, 1)), np.broadcast_to(np.arange(n)[:, None] + 0.0, (draws, n, 1))
    parts = [y[:, :-1], one, np.diff(y, axis=1)] if trend == "rc" else [one, y[:, :-1], time, np.diff(y, axis=1)]
    upper = np.linalg.qr(np.concatenate(parts, axis=2), mode="r")
    short = 0 if trend == "rc" else 1
    m = upper.shape[-1] - 3
    found = reduced_rank.canonical_correlations(upper[:, short:m, m:], upper[:, m:, m:])
    statistic = n * reduced_rank.likelihood_terms(found.eigenvalues[:, rank:3]).sum(axis=1)
    critical = critical_values("doornik", "trace", trend, 3, 0.95)[rank]
    share = float((statistic > critical).mean())
    # Four standard errors of Monte Carlo, and the excess that samples of this size still have.
    assert 0.05 - 4 * 0.0035 < share < 0.06 + 4 * 0.0035


@pytest.mark.parametrize(("trend", "unit"), [("ct", 1e9), ("ct", 1e-9), ("ctt", 1e-8), ("ctt", 1e12), ("c", 1e-12)])
def test_engle_granger_does_not_depend_on_units(trend, unit):
    rng = np.random.default_rng(5)
    common = 1000.0 + np.cumsum(rng.standard_normal(200))
    levels = np.column_stack([common + rng.standard_normal(200), 2.0 * common + rng.standard_normal(200)])
    plain = pv.engle_granger_test(levels, trend=trend, lags=1)
    for units in (unit, np.array([unit, 1.0]), np.array([1.0, unit])):
        moved = pv.engle_granger_test(levels * units, trend=trend, lags=1)
        assert moved.statistic == pytest.approx(plain.statistic, rel=1e-7)


def test_another_source_of_critical_values_is_refused_by_name():
    result = pv.johansen_test(np.random.default_rng(0).standard_normal((60, 2)).cumsum(axis=0), lags=1)
    for wrong in (pd.DataFrame(), np.ones(3), 0, "", "nobody"):
        with pytest.raises(pv.SpecificationError, match="source"):
            result.summary(source=wrong)
