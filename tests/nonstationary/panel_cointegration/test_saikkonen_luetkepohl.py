"""Against moment matrices and Kronecker products entity by entity, published numbers, and what the test refuses."""

from __future__ import annotations

import numpy as np
import pytest
from nonstationary.panel_cointegration.systems import frame_of, panel_of, system
from scipy.linalg import eigh
from scipy.special import gammaincc

import panelvar as pv
from panelvar.nonstationary.panel_cointegration.rank_regressions import choose_lags
from panelvar.nonstationary.panel_cointegration.rank_tests import rank_tests
from panelvar.nonstationary.panel_cointegration.saikkonen_luetkepohl import cain, score_correlation, trace_moments


def reduced_rank(y, lags, restricted, free):
    """Johansen by moment matrices: eigenvalues, vectors, and coefficients at a rank."""
    periods, k = y.shape
    rows = np.arange(lags, periods)
    dy = np.diff(y, axis=0, prepend=np.nan)
    z0 = dy[rows]
    z1 = np.hstack([y[rows - 1], restricted[rows - 1]])
    z2 = np.hstack([free[rows], *(dy[rows - j] for j in range(1, lags))])
    project = np.linalg.pinv(z2) if z2.shape[1] else np.empty((0, len(rows)))
    r0, r1 = z0 - z2 @ (project @ z0), z1 - z2 @ (project @ z1)
    n = len(rows)
    s00, s11, s01 = r0.T @ r0 / n, r1.T @ r1 / n, r0.T @ r1 / n
    values, vectors = eigh(s01.T @ np.linalg.solve(s00, s01), s11)
    values, vectors = values[::-1][:k], vectors[:, ::-1]

    def at(rank):
        beta = vectors[:, :rank]
        pi = s01 @ beta @ beta.T
        gamma = (project @ (z0 - z1 @ pi.T)).T
        errors = z0 - z1 @ pi.T - z2 @ gamma.T
        past = [gamma[:, free.shape[1] + k * j : free.shape[1] + k * (j + 1)] for j in range(lags - 1)]
        a = [np.zeros((k, k)) for _ in range(lags)]
        a[0] += np.eye(k) + pi[:, :k]
        for j, each in enumerate(past):
            a[j] += each
            a[j + 1] -= each
        return a, errors.T @ errors / n, errors

    return values, vectors, at


def adjusted(y, lags, trend, rank):
    """The trace statistic of a rank, and the residuals of the system without relations."""
    periods, k = y.shape
    time = np.arange(1.0, periods + 1.0)[:, None]
    none = np.empty((periods, 0))
    restricted, free = (np.ones((periods, 1)), none) if trend == "c" else (time, np.ones((periods, 1)))
    _, vectors, at = reduced_rank(y, lags, restricted, free)
    a, omega, _ = at(rank)
    terms = np.hstack([np.ones((periods, 1)), time][: 1 + (trend == "ct")])
    rows, left = [], []
    inverse = np.linalg.inv(omega)
    for t in range(periods):
        row, value = np.kron(terms[t], np.eye(k)), y[t].copy()
        for j in range(1, lags + 1):
            if t - j >= 0:
                row -= np.kron(terms[t - j], a[j - 1])
                value -= a[j - 1] @ y[t - j]
        rows.append(row)
        left.append(value)
    cross = sum(row.T @ inverse @ row for row in rows)
    right = sum(row.T @ inverse @ value for row, value in zip(rows, left, strict=True))
    mu = np.linalg.solve(cross, right).reshape(terms.shape[1], k)
    eigenvalues, _, _ = reduced_rank(y - terms @ mu, lags, none, none)
    statistic = -(periods - lags) * np.log1p(-eigenvalues[rank:]).sum()
    return statistic, vectors[:k, :rank], at(0)[2]


@pytest.mark.parametrize("trend", ["c", "ct"])
@pytest.mark.parametrize(("lags", "regressors"), [(1, 1), (2, 2), (3, 1)])
def test_every_step_entity_by_entity(trend, lags, regressors):
    values = system(5, 40, regressors, root=0.6, seed=3) * np.array([1.0, *[30.0] * regressors]) + 7.0
    options = {"trend": trend, "lags": lags, "factors": 0}
    x = [f"x{j + 1}" for j in range(regressors)]
    found = pv.saikkonen_luetkepohl_test(panel_of(values), "y", x, **options)
    plain = pv.saikkonen_luetkepohl_test(panel_of(values), "y", x, convention="pvars", **options)
    k = 1 + regressors
    for rank in range(k):
        expected = [adjusted(own, lags, trend, rank)[0] for own in values]
        np.testing.assert_allclose(plain.individual[f"trace_{rank}"], expected, rtol=1e-6)
        short = (40 - lags - lags * k) / (40 - lags)
        np.testing.assert_allclose(found.individual[f"trace_{rank}"], short * np.array(expected), rtol=1e-6)
        mean, variance = (each[rank] for each in trace_moments(trend, k))
        np.testing.assert_allclose(
            found.individual[f"trace_{rank}_pvalue"],
            gammaincc(mean**2 / variance, short * np.array(expected) * mean / variance),
            rtol=1e-5,
        )
    residuals = np.stack([adjusted(own, lags, trend, 0)[2] for own in values])
    pairs = np.tril_indices(5, -1)
    correlations = [np.abs(np.corrcoef(residuals[..., j])[pairs]).mean() for j in range(k)]
    assert found.choices["Correlation of residuals"] == f"{np.mean(correlations):.4f}"


@pytest.mark.parametrize("trend", ["c", "ct"])
def test_what_factors_leave_is_tested_without_the_relations(trend):
    """Step by step: standardised changes, components, levels less them, and combinations orthogonal to relations."""
    rng = np.random.default_rng(4)
    values = system(6, 50, 1, root=0.4, seed=4) + 2.0 * rng.standard_normal((1, 50, 1)).cumsum(axis=1)
    values *= np.array([1.0, 20.0])
    found = pv.saikkonen_luetkepohl_test(panel_of(values), "y", "x1", trend=trend, lags=2, factors=1)
    panel = values.transpose(1, 0, 2).reshape(50, 12)
    change = np.diff(panel, axis=0)
    change = change - change.mean(axis=0) if trend == "ct" else change
    size = np.sqrt((change**2).mean(axis=0))
    left, sizes, right = np.linalg.svd(change / size)
    common = np.outer(np.r_[0.0, left[:, 0].cumsum()], sizes[0] * right[0])
    own = (panel / size - common).reshape(50, 6, 2).transpose(1, 0, 2)
    short = (48 - 4) / 48
    for place, each in enumerate(own):
        statistic, _, _ = adjusted(each, 2, "ct", 0)
        assert found.individual["trace_0"].iloc[place] == pytest.approx(short * statistic, rel=1e-7)
        beta = adjusted(each, 2, "ct", 1)[1]
        across = np.array([[-beta[1, 0]], [beta[0, 0]]])
        statistic, _, _ = adjusted(each @ across, 2, "ct", 0)
        assert found.individual["trace_1"].iloc[place] == pytest.approx(short * statistic, rel=1e-6)
    assert found.choices["Factors"] == "1"
    assert found.choices["Taken out"] == "levels and trends"


def test_published_example_of_correlated_entities():
    """Arsova and Oersal: seven countries, three variables, residuals correlated by 0.63; p-values to two decimals."""
    pvalues = np.array(
        [
            [0.02, 0.04, 0.02, 0.01, 0.04, 0.03, 0.15],
            [0.25, 0.40, 0.03, 0.06, 0.04, 0.10, 0.60],
            [0.43, 0.22, 0.67, 0.89, 0.79, 0.41, 0.73],
        ]
    ).T
    tests = rank_tests(pvalues, pvalues, pvalues, pvalues)
    found = [cain(tests, rank, 0.63) for rank in range(3)]
    for test, printed in zip(found, (0.00, 0.02, 0.70), strict=True):
        assert test.pvalue == pytest.approx(printed, abs=0.008)


def test_scores_of_independent_entities_are_not_correlated():
    assert score_correlation(0.0, 3, 1) == 0.0
    assert 0.0 < score_correlation(0.3, 3, 1) < score_correlation(0.9, 3, 1) < 1.0


def test_moments_are_those_that_are_printed_elsewhere():
    """Arsova and Oersal (2018, table A1), by a surface of their own: means and variances of one to four directions."""
    means, variances = (each[::-1] for each in trace_moments("ct", 4))
    assert means.tolist() == pytest.approx([2.689, 8.924, 19.011, 33.036], rel=0.002)
    assert variances.tolist() == pytest.approx([4.396, 13.725, 28.501, 48.837], rel=0.015)


def test_every_statistic_of_every_rank():
    panel = panel_of(system(6, 50, 2, root=0.6, seed=3))
    for statistic in ("Z", "P", "Pm", "L*", "hartung", "cain", "lr-bar"):
        found = pv.saikkonen_luetkepohl_test(panel, "y ~ x1 + x2", factors=0, statistic=statistic)
        tests = [found, *found.parts]
        assert len(tests) == 3 * len({statistic, "Z", "cain", "Pm", "lr-bar"})
        columns, correlation = found.individual, float(found.choices["Correlation of residuals"])
        for rank, one in enumerate(tests[:3]):
            pvalues = columns[f"trace_{rank}_pvalue"]
            if statistic == "lr-bar":
                mean, variance = (each[rank] for each in trace_moments("ct", 3))
                assert one.statistic == pytest.approx(
                    np.sqrt(6.0 / variance) * (columns[f"trace_{rank}"].mean() - mean)
                )
            elif statistic == "cain":
                scores = pv.combine_pvalues(pvalues, statistic="Z").statistic * np.sqrt(6.0)
                spread = np.sqrt(6.0 + 30.0 * score_correlation(correlation, 3, rank))
                assert one.statistic == pytest.approx(scores / spread, rel=1e-3)
            else:
                again = pv.combine_pvalues(pvalues, statistic=statistic)
                assert (one.statistic, one.pvalue) == (pytest.approx(again.statistic), pytest.approx(again.pvalue))


def test_factors_are_counted_and_lags_chosen_of_what_they_leave():
    rng = np.random.default_rng(6)
    shock = 3.0 * rng.standard_normal((1, 60, 1)).cumsum(axis=1)
    values = system(8, 60, 1, root=1.0, seed=5) + shock * rng.uniform(0.5, 1.5, (8, 1, 2))
    found = pv.saikkonen_luetkepohl_test(panel_of(values), "y", "x1", lags="bic", max_lags=3)
    count, how = found.choices["Factors"].split(" ", 1)
    assert how == "(BIC3, 0 to 5)" and int(count) > 0
    given = pv.saikkonen_luetkepohl_test(panel_of(values), "y", "x1", lags="bic", max_lags=3, factors=int(count))
    assert given.statistic == found.statistic
    plain = pv.saikkonen_luetkepohl_test(panel_of(values), "y", "x1", lags="bic", max_lags=3, factors=0)
    expected = choose_lags(values, "rt", "bic", 3)
    assert plain.individual["lags"].tolist() == expected.tolist()
    assert float(given.choices["Correlation of residuals"]) < float(plain.choices["Correlation of residuals"])


def test_relations_are_found():
    found = pv.saikkonen_luetkepohl_test(panel_of(system(12, 80, 1, root=0.2, seed=7)), "y", "x1", factors=0, lags=1)
    assert found.pvalue < 1e-6
    assert found.choices["Rank at 5 percent"] == "1"
    assert "LR-bar (r <= 1)" in str(found.summary())


def _short(values):
    return pv.Panel(frame_of(values).drop(index=range(60, 85)), "i", "t")


def _line(values):
    out = values.copy()
    out[1, :, 1] = 3.0 + 2.0 * np.arange(out.shape[1])
    return panel_of(out)


def _shared(values):
    """All variables of all entities are multiples of one."""
    out = np.empty_like(values)
    out[:] = values[0, :, 0][None, :, None]
    out[..., 1] += values[1, :, 0]
    return panel_of(out)


def _follows(values):
    out = values.copy()
    out[1, 1:, 1] = out[1, :-1, 0]
    return panel_of(out)


def _outlier(values):
    """The last value of the second entity is all that its variable has: nothing before it varies."""
    out = values.copy()
    out[1, :, 1] = 0.0
    out[1, -1, 1] = 1e9
    return panel_of(out)


@pytest.mark.parametrize(
    ("change", "options", "error", "match"),
    [
        (panel_of, {"trend": "n"}, pv.SpecificationError, "trend"),
        (panel_of, {"lags": 0}, pv.SpecificationError, "lags"),
        (panel_of, {"statistic": "simes"}, pv.SpecificationError, "statistic"),
        (panel_of, {"convention": "stata"}, pv.SpecificationError, "convention"),
        (panel_of, {"criterion": "AIC"}, pv.SpecificationError, "criterion"),
        (panel_of, {"factors": 1, "max_factors": 3}, pv.SpecificationError, "max_factors"),
        (panel_of, {"factors": 20}, pv.InsufficientDataError, "factors=20 is too many"),
        (panel_of, {"lags": 12}, pv.InsufficientDataError, "'e0' has 30 periods"),
        (_short, {}, pv.DataError, "same periods for every entity"),
        (_line, {}, pv.NumericalError, "'x1' of 'e1' changes by its terms alone"),
        (_shared, {"factors": 2}, pv.NumericalError, "'y' of 'e0' is a combination of the factors"),
        (_follows, {"factors": 0, "lags": 1}, pv.NumericalError, "'e1' has a combination"),
        (_follows, {"factors": 0, "lags": 2}, pv.CollinearityError, "'e1' has levels, lagged changes"),
        (_outlier, {"factors": 0}, pv.CollinearityError, "'e1' has levels, lagged changes"),
    ],
)
def test_what_cannot_be_tested_is_refused(change, options, error, match):
    panel = change(system(4, 30, 1, root=0.5, seed=9))
    with pytest.raises(error, match=match):
        pv.saikkonen_luetkepohl_test(panel, "y", "x1", **options)
