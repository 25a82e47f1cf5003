"""Tests of panel models against their formulas in loops over entities and pairs, on unbalanced panels with gaps."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, stats
from twins import X, gappy_frame, indicator

import panelvar as pv

CLOSE = {"rel": 1e-9}


@pytest.fixture(scope="module")
def frame():
    return gappy_frame(seed=3, entities=13, periods=10, kept=0.75).sort_values(["entity", "year"], ignore_index=True)


@pytest.fixture(scope="module")
def fits(frame):
    panel = pv.Panel(frame, "entity", "year")
    return {
        "pooled": pv.fit_pooled(panel, "y", X),
        "fixed": pv.fit_fixed_effects(panel, "y", X),
        "twoway": pv.fit_fixed_effects(panel, "y", X, effects="twoway"),
        "random": pv.fit_random_effects(panel, "y", X),
        "difference": pv.fit_first_difference(panel, "y", X),
    }


def ols(x, y):
    return y - x @ np.linalg.lstsq(x, y, rcond=None)[0]


def levels(frame):
    return np.column_stack([np.ones(len(frame)), frame[X]])


def pooled(frame):
    return ols(levels(frame), frame["y"].to_numpy())


def within(frame):
    return ols(np.column_stack([indicator(frame["entity"]), frame[X]]), frame["y"].to_numpy())


def pairs(frame, k=1):
    """Positions of (row, row k calendar years earlier) of the same entity."""
    place = {key: i for i, key in enumerate(zip(frame["entity"], frame["year"], strict=True))}
    return [(i, place[e, t - k]) for (e, t), i in place.items() if (e, t - k) in place]


def multiplier(frame, dimension):
    u = pooled(frame)
    groups = [u[(frame[dimension] == g).to_numpy()] for g in frame[dimension].unique()]
    n, mass = len(u), sum(len(g) ** 2 for g in groups)
    return n / np.sqrt(2 * (mass - n)) * (sum(g.sum() ** 2 for g in groups) / (u @ u) - 1), mass - n


def test_lagrange_multipliers_of_effects(frame, fits):
    (one, m_one), (two, m_two) = multiplier(frame, "entity"), multiplier(frame, "year")
    for model in ("pooled", "random", "fixed"):
        assert pv.effects_lm_test(fits[model]).statistic == pytest.approx(one**2, **CLOSE)
    assert pv.effects_lm_test(fits["pooled"], effects="time", statistic="honda").statistic == pytest.approx(
        two, **CLOSE
    )
    both = {
        "breusch-pagan": (one**2 + two**2, stats.chi2.sf(one**2 + two**2, 2)),
        "honda": ((one + two) / np.sqrt(2), stats.norm.sf((one + two) / np.sqrt(2))),
    }
    weighted = (np.sqrt(m_one) * one + np.sqrt(m_two) * two) / np.sqrt(m_one + m_two)
    both["king-wu"] = weighted, stats.norm.sf(weighted)
    mixed = max(one, 0) ** 2 + max(two, 0) ** 2
    both["gourieroux-holly-monfort"] = mixed, 0.5 * stats.chi2.sf(mixed, 1) + 0.25 * stats.chi2.sf(mixed, 2)
    for kind, (statistic, pvalue) in both.items():
        test = pv.effects_lm_test(fits["pooled"], effects="twoway", statistic=kind)
        assert test.statistic == pytest.approx(statistic, **CLOSE)
        assert test.pvalue == pytest.approx(pvalue, **CLOSE)
        assert str(test)
        assert str(test.summary())
    with pytest.raises(pv.SpecificationError, match="twoway"):
        pv.effects_lm_test(fits["pooled"], statistic="gourieroux-holly-monfort")


def test_poolability(frame, fits):
    y = frame["y"].to_numpy()
    rss = df = 0
    for entity in frame["entity"].unique():
        own = (frame["entity"] == entity).to_numpy()
        if own.sum() > 3:
            e = ols(levels(frame)[own], y[own])
            rss, df = rss + e @ e, df + own.sum() - 3
    for model, restricted in (("pooled", pooled(frame)), ("fixed", within(frame))):
        test = pv.slope_poolability_test(fits[model])
        difference = fits[model].df_resid - df
        assert (test.df, test.df_denominator) == (difference, df)
        assert test.statistic == pytest.approx((restricted @ restricted - rss) / difference / (rss / df), **CLOSE)
    nested = pv.nested_f_test(fits["pooled"], fits["fixed"])
    assert nested.statistic == pytest.approx(fits["fixed"].f_poolability.statistic, **CLOSE)
    with pytest.raises(pv.SpecificationError, match="not nested in"):
        pv.nested_f_test(fits["fixed"], fits["pooled"])


@pytest.mark.parametrize("cov", ["classical", "cluster"])
def test_hausman_by_regression_is_the_test_of_the_means(frame, fits, cov):
    """Mundlak's form, with entity means in place of within-demeaned regressors."""
    random = fits["random"]
    theta = random.variance_components.theta[random._design.entities.codes]
    mean = frame.groupby("entity")[[*X, "y"]].transform("mean")
    z = np.column_stack(
        [1 - theta, frame[X] - theta[:, None] * mean[X], (1 - theta)[:, None] * mean[X]],
    )
    y = (frame["y"] - theta * mean["y"]).to_numpy()
    e, bread = ols(z, y), np.linalg.inv(z.T @ z)
    b = np.linalg.lstsq(z, y, rcond=None)[0][3:]
    n, k = z.shape
    if cov == "classical":
        v = e @ e / (n - k) * bread
    else:
        parts = [
            z[(frame["entity"] == g).to_numpy()].T @ e[(frame["entity"] == g).to_numpy()] for g in set(frame["entity"])
        ]
        g = len(parts)
        v = bread @ sum(np.outer(p, p) for p in parts) @ bread * g / (g - 1) * (n - 1) / (n - k)
    test = pv.hausman_regression_test(random, cov=cov)
    assert test.statistic == pytest.approx(b @ np.linalg.solve(v[3:, 3:], b), rel=1e-8)
    assert test.df == 2
    if cov == "classical":
        assert pv.hausman_regression_test(random, scale="rows").statistic == pytest.approx(test.statistic * n / (n - k))
    assert pv.hausman_regression_test(random, regressors=["x1"]).df == 1


def test_wooldridge_effects(frame, fits):
    u = pooled(frame)
    for effects, dimension in (("entity", "entity"), ("time", "year")):
        w = np.array(
            [
                sum(a * b for a, b in itertools.combinations(u[(frame[dimension] == g).to_numpy()], 2))
                for g in frame[dimension].unique()
            ]
        )
        test = pv.wooldridge_effects_test(fits["fixed"], effects=effects)
        assert test.statistic == pytest.approx(w.sum() / np.sqrt(w @ w), rel=1e-8)


def clustered_t(frame, rows, x, y, value, place):
    """t of a coefficient with Stata's clustered error."""
    b = np.linalg.lstsq(x, y, rcond=None)[0]
    e, bread = y - x @ b, np.linalg.inv(x.T @ x)
    entities = frame["entity"].to_numpy()[rows]
    parts = [x[entities == g].T @ e[entities == g] for g in np.unique(entities)]
    g, (n, k) = len(parts), x.shape
    v = bread @ sum(np.outer(p, p) for p in parts) @ bread * g / (g - 1) * (n - 1) / (n - k)
    return (b[place] - value) / np.sqrt(v[place, place]), g


@pytest.mark.filterwarnings("ignore:Only 1. clusters")
def test_wooldridge_within_never_bridges_gaps(frame, fits):
    e = within(frame)
    rows, before = map(list, zip(*pairs(frame), strict=True))
    sizes = frame.groupby("entity")["y"].transform("size").to_numpy()[rows]
    shifted = e[rows] + e[before] / (sizes - 1)
    x = np.column_stack([np.ones(len(rows)), e[before]])
    t, groups = clustered_t(frame, rows, x, shifted, 0.0, 1)
    test = pv.wooldridge_within_test(fits["fixed"])
    assert test.statistic == pytest.approx(t**2, rel=1e-8)
    assert test.df_denominator == groups - 1
    assert pv.wooldridge_within_test(fits["fixed"], lag_by="rows").statistic != pytest.approx(t**2, rel=1e-3)


@pytest.mark.filterwarnings("ignore:Only 1. clusters")
def test_wooldridge_differences(frame, fits):
    index = pairs(frame)
    rows, before = map(list, zip(*index, strict=True))
    x, y = frame[X].to_numpy(), frame["y"].to_numpy()
    e = ols(x[rows] - x[before], y[rows] - y[before])
    at = {row: position for position, row in enumerate(rows)}
    lagged = [(at[i], at[j]) for i, j in index if j in at]
    now, past = map(list, zip(*lagged, strict=True))
    own = [rows[i] for i in now]
    t, groups = clustered_t(frame, own, e[past][:, None], e[now], -0.5, 0)
    test = pv.wooldridge_serial_test(fits["random"])
    assert test.statistic == pytest.approx(t**2, rel=1e-8)
    assert test.df_denominator == groups - 1
    for null, value in (("levels", -0.5), ("differences", 0.0)):
        t, _ = clustered_t(frame, own, np.column_stack([np.ones(len(now)), e[past]]), e[now], value, 1)
        assert pv.wooldridge_difference_test(fits["difference"], null=null).statistic == pytest.approx(t**2, rel=1e-8)


def test_wooldridge_pooled(frame, fits):
    u = pooled(frame)
    rows, before = map(list, zip(*pairs(frame), strict=True))
    t, groups = clustered_t(frame, rows, np.column_stack([u[before], levels(frame)[rows]]), u[rows], 0.0, 0)
    test = pv.wooldridge_pooled_test(fits["pooled"])
    assert test.statistic == pytest.approx(t, rel=1e-8)
    assert test.pvalue == pytest.approx(2 * stats.t.sf(abs(t), groups - 1), rel=1e-8)


def test_bera_sosa_yoon_is_the_score_test(frame, fits):
    """Scores and information of (effect variance, rho) at pooled OLS, by matrices; Bera and Yoon's adjustment."""
    u = pooled(frame)
    n = len(u)
    s2 = u @ u / n
    same = indicator(frame["entity"]) @ indicator(frame["entity"]).T
    beside = np.zeros((n, n))
    for i, j in pairs(frame):
        beside[i, j] = beside[j, i] = 1.0
    # d Omega / d parameter at the null: variance of the effect, rho (times s2), error variance.
    derivatives = [same, s2 * beside, np.eye(n)]
    score = np.array([0.5 * (u @ d @ u / s2**2 - np.trace(d) / s2) for d in derivatives])
    information = np.array([[0.5 * np.trace(a @ b) / s2**2 for b in derivatives] for a in derivatives])
    assert score[2] == pytest.approx(0.0, abs=1e-8)
    joint = information[:2, :2] - np.outer(information[:2, 2], information[2, :2]) / information[2, 2]
    expected = {"joint": score[:2] @ np.linalg.solve(joint, score[:2])}
    for place, kind in enumerate(("effects", "serial")):
        other = 1 - place
        adjusted = score[place] - joint[place, other] / joint[other, other] * score[other]
        expected[kind] = adjusted**2 / (joint[place, place] - joint[place, other] ** 2 / joint[other, other])
    for kind, value in expected.items():
        assert pv.bera_sosa_yoon_test(fits["pooled"], statistic=kind).statistic == pytest.approx(value, rel=1e-8)
    one = pv.bera_sosa_yoon_test(fits["pooled"], statistic="effects", one_sided=True)
    assert one.statistic**2 == pytest.approx(expected["effects"], rel=1e-8)


@pytest.fixture(scope="module")
def balanced():
    frame = gappy_frame(seed=8, entities=8, periods=6, kept=1.1).sort_values(["entity", "year"], ignore_index=True)
    return frame, pv.Panel(frame, "entity", "year")


def test_baltagi_li_given_random_effects_is_the_score_test(balanced):
    """At the likelihood's maximum under rho = 0, found by a general optimiser: score and information by matrices."""
    from scipy.optimize import minimize

    frame, panel = balanced
    x, y = levels(frame), frame["y"].to_numpy()
    n = len(y)
    same = indicator(frame["entity"]) @ indicator(frame["entity"]).T

    def parts(logs):
        effect, error = np.exp(logs)
        omega = effect * same + error * np.eye(n)
        inverse = np.linalg.inv(omega)
        u = y - x @ np.linalg.solve(x.T @ inverse @ x, x.T @ inverse @ y)
        return effect, error, omega, inverse, u

    def deviance(logs):
        _, _, omega, inverse, u = parts(logs)
        return np.linalg.slogdet(omega)[1] + u @ inverse @ u

    best = minimize(
        deviance, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-10, "fatol": 1e-13, "maxiter": 4000}
    )
    _, error, _, inverse, u = parts(best.x)
    beside = np.zeros((n, n))
    for i, j in pairs(frame):
        beside[i, j] = beside[j, i] = 1.0
    derivatives = [error * beside, same, np.eye(n)]
    score = 0.5 * (u @ inverse @ derivatives[0] @ inverse @ u - np.trace(inverse @ derivatives[0]))
    information = np.array([[0.5 * np.trace(inverse @ a @ inverse @ b) for b in derivatives] for a in derivatives])
    statistic = score**2 * np.linalg.inv(information)[0, 0]
    result = pv.fit_pooled(panel, "y", X)
    assert pv.baltagi_li_test(result).statistic == pytest.approx(statistic, rel=1e-6)
    assert pv.baltagi_li_test(result, one_sided=True).statistic == pytest.approx(
        np.sign(score) * np.sqrt(statistic), rel=1e-6
    )


def test_baltagi_li_fixed_and_joint(balanced, fits):
    frame, panel = balanced
    result = pv.fit_fixed_effects(panel, "y", X)
    e = within(frame)
    ratio = sum(e[i] * e[j] for i, j in pairs(frame)) / (e @ e)
    test = pv.baltagi_li_test(result, statistic="fixed")
    assert test.statistic == pytest.approx(8 * 36 / 5 * ratio**2, **CLOSE)
    joint = pv.baltagi_li_test(result, statistic="joint")
    assert joint.statistic == pv.bera_sosa_yoon_test(result, statistic="joint").statistic
    with pytest.raises(pv.SpecificationError, match="balanced"):
        pv.baltagi_li_test(fits["fixed"])


def test_durbin_watson_of_bhargava_and_baltagi_wu(frame, fits):
    e, index = within(frame), pairs(frame)
    have_before, have_after = {i for i, _ in index}, {j for _, j in index}
    first = {i for i in range(len(e)) if i == 0 or frame["entity"][i] != frame["entity"][i - 1]}
    last = {i for i in range(len(e)) if i == len(e) - 1 or frame["entity"][i] != frame["entity"][i + 1]}
    rows = set(range(len(e)))
    d = sum((e[i] - e[j]) ** 2 for i, j in index) + sum(e[i] ** 2 for i in rows - have_before - first)
    lbi = d + sum(e[i] ** 2 for i in rows - have_after - last) + sum(e[i] ** 2 for i in [*first, *last])
    for model in ("fixed", "random"):
        test = pv.bhargava_test(fits[model])
        assert test.statistic == pytest.approx(d / (e @ e), **CLOSE)
        assert np.isnan(test.pvalue)
        assert "no p-value" in str(test)
        assert pv.bhargava_test(fits[model], statistic="lbi").statistic == pytest.approx(lbi / (e @ e), **CLOSE)


@pytest.mark.parametrize("model", ["pooled", "fixed"])
def test_durbin_watson_moments(frame, fits, model):
    """Mean and variance of the ratio of quadratic forms, with the dense residual maker."""
    n = len(frame)
    d = levels(frame) if model == "pooled" else np.column_stack([indicator(frame["entity"]), frame[X]])
    maker = np.eye(n) - d @ np.linalg.pinv(d)
    a = np.zeros((n, n))
    for i, j in pairs(frame):
        a[[i, j], [i, j]] += 1.0
        a[i, j] -= 1.0
        a[j, i] -= 1.0
    e = maker @ frame["y"].to_numpy()
    df = n - np.linalg.matrix_rank(d)
    mean = np.trace(maker @ a) / df
    variance = 2 / (df * (df + 2)) * (np.trace(maker @ a @ maker @ a) - df * mean**2)
    test = pv.durbin_watson_test(fits[model], exact=False)
    assert test.statistic == pytest.approx(e @ a @ e / (e @ e), **CLOSE)
    assert test.pvalue == pytest.approx(stats.norm.cdf((test.statistic - mean) / np.sqrt(variance)), rel=1e-8)


@pytest.mark.parametrize("lags", ["calendar", "stacked"])
@pytest.mark.parametrize("model", ["pooled", "fixed"])
def test_exact_durbin_watson(frame, fits, model, lags):
    """Imhof's integral by adaptive quadrature, with the dense residual maker; what ratios drawn at random say."""
    test = pv.durbin_watson_test(fits[model], lag_by=lags, exact=True)
    n = len(frame)
    assert (pv.durbin_watson_test(fits[model], lag_by=lags) == test) is (n < 100)
    if model == "pooled":
        d = levels(frame)
    elif lags == "stacked":
        d = (frame[X] - frame.groupby("entity")[X].transform("mean")).to_numpy()
    else:
        d = np.column_stack([indicator(frame["entity"]), frame[X]])
    maker = np.eye(n) - d @ np.linalg.pinv(d)
    steps = [(i, i - 1) for i in range(1, n)] if lags == "stacked" else pairs(frame)
    changes = np.zeros((len(steps), n))
    for row, (i, j) in enumerate(steps):
        changes[row, [i, j]] = 1.0, -1.0
    weights = np.linalg.eigvalsh(maker @ (changes.T @ changes - test.statistic * np.eye(n)) @ maker)

    def integrand(u):
        return np.sin(0.5 * np.arctan(weights * u).sum()) / u * np.exp(-0.25 * np.log1p((weights * u) ** 2).sum())

    integral = sum(integrate.quad(integrand, *ends, limit=300)[0] for ends in ((1e-12, 0.3), (0.3, 3.0), (3.0, 300.0)))
    assert test.pvalue == pytest.approx(0.5 - integral / np.pi, abs=1e-9)
    drawn = np.random.default_rng(5).standard_normal((20_000, n)) ** 2 @ weights < 0.0
    assert abs(drawn.mean() - test.pvalue) < 4.0 * np.sqrt(0.25 / 20_000)


def test_exact_durbin_watson_has_a_limit(monkeypatch, fits):
    monkeypatch.setattr("panelvar.panels.diagnostics.durbin_watson.MOST_ROWS", 50)
    with pytest.raises(pv.SpecificationError, match="dense 101 x 101 matrix"):
        pv.durbin_watson_test(fits["pooled"], exact=True)


def test_two_rows_an_entity_say_nothing_about_within_correlation(frame):
    short = frame[frame.groupby("entity").cumcount() < 2]
    for convention in ("default", "plm"):
        result = pv.fit_fixed_effects(pv.Panel(short, "entity", "year"), "y", ["x1"], convention=convention)
        with pytest.raises(pv.InsufficientDataError, match="three rows"):
            pv.wooldridge_within_test(result, lag_by="rows")


def test_breusch_godfrey(frame, fits):
    e = within(frame)
    d = np.column_stack([indicator(frame["entity"]), frame[X]])
    z = np.zeros((len(e), 2))
    for k in (1, 2):
        for i, j in pairs(frame, k):
            z[i, k - 1] = e[j]
    demeaned = frame[X] - frame.groupby("entity")[X].transform("mean")
    left = ols(np.column_stack([demeaned, z]), e)
    test = pv.breusch_godfrey_test(fits["fixed"], lags=2)
    assert test.statistic == pytest.approx(len(e) * (1 - left @ left / (e @ e)), rel=1e-8)
    df = len(e) - d.shape[1] - 2
    f = pv.breusch_godfrey_test(fits["fixed"], lags=2, statistic="f")
    assert f.statistic == pytest.approx((e @ e - left @ left) / 2 / (left @ left / df), rel=1e-8)
    assert (f.df, f.df_denominator) == (2, df)


def test_born_breitung(frame, fits):
    e = within(frame)
    entities = list(frame["entity"].unique())
    owner = frame["entity"].to_numpy()
    sizes = {g: (owner == g).sum() for g in entities}
    z = np.zeros((len(entities), 2))
    lm = np.zeros(len(entities))
    for place, g in enumerate(entities):
        for k in (1, 2):
            own = [(i, j) for i, j in pairs(frame, k) if owner[i] == g]
            z[place, k - 1] = sum(e[i] * e[j] for i, j in own)
            z[place, k - 1] += len(own) / (sizes[g] * (sizes[g] - 1)) * sum(e[owner == g] ** 2)
            if k == 1:
                lm[place] = sum(e[i] * e[j] + e[j] ** 2 / (sizes[g] - 1) for i, j in own)
    hr = np.zeros(len(entities))
    u = frame["y"].to_numpy() - frame[X].to_numpy() @ fits["fixed"].params[X].to_numpy()  # the effect does not matter
    for i, j in pairs(frame):
        own = np.flatnonzero(owner == owner[i])
        hr[entities.index(owner[i])] += (u[j] - u[own[own <= j]].mean()) * (u[i] - u[own[own >= i]].mean())
    total = z.sum(axis=0)
    q = total @ np.linalg.solve(z.T @ z - np.outer(total, total) / len(z), total)
    assert pv.born_breitung_test(fits["fixed"]).statistic == pytest.approx(q, rel=1e-8)
    for kind, w in (("lm", lm), ("hr", hr)):
        expected = w.sum() / np.sqrt(w @ w - w.sum() ** 2 / len(w))
        assert pv.born_breitung_test(fits["fixed"], statistic=kind).statistic == pytest.approx(expected, rel=1e-8)


def test_dependence(frame, fits):
    e = within(frame)
    by = {g: dict(zip(part["year"], e[part.index], strict=True)) for g, part in frame.groupby("entity")}
    cd = lm = count = 0
    for one, two in itertools.combinations(by.values(), 2):
        common = sorted(set(one) & set(two))
        if len(common) >= 3:
            rho = np.corrcoef([one[t] for t in common], [two[t] for t in common])[0, 1]
            cd, lm, count = cd + np.sqrt(len(common)) * rho, lm + len(common) * rho**2, count + 1
    test = pv.cross_section_dependence_test(fits["fixed"])
    assert test.statistic == pytest.approx(cd / np.sqrt(count), rel=1e-8)
    with pytest.warns(pv.PanelVarWarning, match="over-reject"):
        test = pv.cross_section_dependence_test(fits["fixed"], statistic="lm")
    assert (test.statistic, test.df) == (pytest.approx(lm, rel=1e-8), count)
    with pytest.warns(pv.PanelVarWarning, match="time effects"):
        pv.cross_section_dependence_test(fits["twoway"])
    assert pv.residual_correlations(fits["fixed"]).pairs == count


def test_dependence_of_pairs_with_two_periods():
    """Blocks of entities in different periods; pairs that share two, or none."""
    spans = [range(0, 4), range(2, 6), range(2, 7), range(10, 14), range(12, 15), range(9, 12)]
    frame = pd.DataFrame([(i, t) for i, span in enumerate(spans) for t in span], columns=["entity", "year"])
    rng = np.random.default_rng(4)
    frame["x"], frame["y"] = rng.standard_normal((2, len(frame)))
    series = {i: part.set_index("year") for i, part in frame.groupby("entity")}
    pairs = {(i, j): sorted(set(series[i].index) & set(series[j].index)) for i, j in itertools.combinations(series, 2)}
    for convention, fewest in (("default", 3), ("plm", 2), ("gretl", 2)):
        result = pv.fit_pooled(pv.Panel(frame, "entity", "year"), "y", ["x"], convention=convention)
        u = result.resids
        kept = {pair: years for pair, years in pairs.items() if len(years) >= fewest}
        rho = {
            (i, j): np.corrcoef(
                u[frame["entity"].eq(i) & frame["year"].isin(years)],
                u[frame["entity"].eq(j) & frame["year"].isin(years)],
            )[0, 1]
            for (i, j), years in kept.items()
        }
        total = sum(np.sqrt(len(kept[pair])) * rho[pair] for pair in kept)
        count = len(kept)
        if convention == "gretl":
            # The entities with a later partner, and one more: two blocks have one last entity each.
            entities = len({i for i, _ in kept}) + 1
            assert entities < len({i for pair in kept for i in pair})
            count = entities * (entities - 1) // 2
        found = pv.cross_section_dependence_test(result)
        assert found.statistic == pytest.approx(total / np.sqrt(count), rel=1e-10)
        assert pv.residual_correlations(result).pairs == len(kept)
        assert pv.residual_correlations(result).mean == pytest.approx(np.mean(list(rho.values())), rel=1e-10)
    short = frame[frame.groupby("entity").cumcount() < 2]
    with pytest.raises(pv.InsufficientDataError, match="three periods in common"):
        pv.cross_section_dependence_test(pv.fit_pooled(pv.Panel(short, "entity", "year"), "y", ["x"]))


def test_bias_correction_takes_the_longest_entity(frame, fits):
    longest = frame["entity"].value_counts().max()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        scaled, corrected = (
            pv.cross_section_dependence_test(fits["fixed"], statistic=kind).statistic
            for kind in ("scaled-lm", "bias-corrected-lm")
        )
    assert scaled - corrected == pytest.approx(frame["entity"].nunique() / (2 * (longest - 1)), rel=1e-10)


def test_cd_star(balanced):
    frame, panel = balanced
    result = pv.fit_fixed_effects(panel, "y", X)
    v = within(frame).reshape(8, 6)
    gamma = np.sqrt(8) * np.linalg.eigh(v @ v.T)[1][:, -1]
    left = v - np.outer(gamma, gamma @ v / 8)
    sigma = np.sqrt((left**2).mean(axis=1))
    phi = (gamma / sigma).mean()
    theta = 1 - np.mean([(1 - s * phi * g) ** 2 for s, g in zip(sigma, gamma, strict=True)])
    rho = sum(left[i] @ left[j] / (6 * sigma[i] * sigma[j]) for i, j in itertools.combinations(range(8), 2))
    expected = (np.sqrt(2 * 6 / (8 * 7)) * rho + np.sqrt(3) * theta) / (1 - theta)
    assert pv.cd_star_test(result).statistic == pytest.approx(expected, rel=1e-8)
    with pytest.raises(pv.SpecificationError, match="fewer"):
        pv.cd_star_test(result, factors=5)


def test_groupwise_variances_and_slopes(frame, fits):
    e = within(frame)
    wald = 0.0
    for g in frame["entity"].unique():
        own = e[(frame["entity"] == g).to_numpy()] ** 2
        if len(own) > 2:
            wald += (own.mean() - (e @ e) / len(e)) ** 2 / (own.var() / (len(own) - 1))
    with pytest.warns(pv.PanelVarWarning, match="rejects far too often"):
        test = pv.modified_wald_test(fits["fixed"])
    assert test.statistic == pytest.approx(wald, rel=1e-8)
    b = fits["fixed"].params[X].to_numpy()
    parts = []
    for _, part in frame.groupby("entity"):
        x, y = (part[c] - part[c].mean() for c in (X, "y"))
        x, y = x.to_numpy(), y.to_numpy()
        if len(y) > 3:
            parts.append((x, y, np.sum((y - x @ b) ** 2) / (len(y) - 1)))
    common = np.linalg.solve(sum(x.T @ x / s for x, _, s in parts), sum(x.T @ y / s for x, y, s in parts))
    d = [(gap := np.linalg.lstsq(x, y, rcond=None)[0] - common) @ (x.T @ x / s) @ gap for x, y, s in parts]
    variance = sum(4 * (len(y) - 3) / (len(y) + 1) for _, y, _ in parts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        adjusted = pv.slope_homogeneity_test(fits["fixed"])
        plain = pv.slope_homogeneity_test(fits["fixed"], statistic="plain")
    assert adjusted.statistic == pytest.approx((sum(d) - 2 * len(d)) / np.sqrt(variance), rel=1e-8)
    assert plain.statistic == pytest.approx((sum(d) - 2 * len(d)) / np.sqrt(4 * len(d)), rel=1e-8)


def test_panel_causality(frame):
    rng = np.random.default_rng(5)
    years = [np.flatnonzero(rng.random(30) < 0.95) for _ in range(5)]
    rows = [(g, int(t)) for g, own in enumerate(years) for t in own]
    long = {"i": [r[0] for r in rows], "t": [r[1] for r in rows]}
    long |= {name: rng.standard_normal(len(rows)).cumsum() * 0.1 + rng.standard_normal(len(rows)) for name in "yx"}
    place = {row: k for k, row in enumerate(rows)}
    w, e, v = [], 0.0, 0.0
    for g in range(5):
        own = [k for (i, t), k in place.items() if i == g and (g, t - 1) in place]
        past = [place[g, rows[k][1] - 1] for k in own]
        y, x = long["y"], long["x"]
        less = np.column_stack([np.ones(len(own)), y[past]])
        full = np.column_stack([less, x[past]])
        short, rss = (np.sum(ols(z, y[own]) ** 2) for z in (less, full))
        w.append((short - rss) / (rss / (len(own) - 3)))
        t = len(own)
        e += (t - 3) / (t - 5)
        v += 2 * (t - 3) ** 2 * (t - 4) / ((t - 5) ** 2 * (t - 7))
    test = pv.panel_granger_test(pv.Panel(long, "i", "t"), "y", "x")
    assert test.wald == pytest.approx(w, rel=1e-8)
    assert test.statistic == pytest.approx((sum(w) - e) / np.sqrt(v), rel=1e-8)
    bar = pv.panel_granger_test(pv.Panel(long, "i", "t"), "y", "x", statistic="z-bar")
    assert bar.statistic == pytest.approx(np.sqrt(5 / 2) * (np.mean(w) - 1), rel=1e-8)
    with pytest.raises(pv.InsufficientDataError, match="too few periods"):
        pv.panel_granger_test(pv.Panel(frame, "entity", "year"), "y", "x1", lags=4)


def test_refusals(frame, fits):
    panel = pv.Panel(frame, "entity", "year")
    weighted = pv.fit_pooled(panel, "y", X, weights="w")
    for test in (pv.effects_lm_test, pv.wooldridge_serial_test, pv.cross_section_dependence_test):
        with pytest.raises(pv.SpecificationError, match="weights"):
            test(weighted)
    with pytest.raises(pv.SpecificationError, match="derived for fixed"):
        pv.wooldridge_within_test(fits["pooled"])
    with pytest.raises(pv.SpecificationError, match="derived for random"):
        pv.hausman_regression_test(fits["fixed"])
    with pytest.raises(pv.MissingInformationError, match=r"[Rr]efit"):
        pv.born_breitung_test(fits["fixed"].without_rows())
    with pytest.raises(pv.SpecificationError, match="whole number"):
        pv.breusch_godfrey_test(fits["fixed"], lags=0)
    with pytest.warns(pv.PanelVarWarning, match="fits exactly"):
        exact = pv.fit_pooled(panel.with_columns(sum=panel.column("x1") + panel.column("x2")), "sum", X)
    with pytest.raises(pv.NumericalError, match="fits exactly"):
        pv.effects_lm_test(exact)


def test_the_level_of_the_data_costs_no_digits():
    frame = gappy_frame(seed=8, entities=12, periods=8, kept=1.1)
    far = frame.assign(y=frame["y"] + 2.0**24, x1=frame["x1"] - 2.0**23)
    near = far.assign(y=far["y"] - 2.0**24, x1=far["x1"] + 2.0**23)  # exact: the same rounded data
    results = [pv.fit_fixed_effects(pv.Panel(data, "entity", "year"), "y", X) for data in (far, near)]
    for test in (
        pv.effects_lm_test,
        pv.bera_sosa_yoon_test,
        pv.baltagi_li_test,
        pv.slope_poolability_test,
        pv.wooldridge_pooled_test,
        pv.wooldridge_serial_test,
        pv.born_breitung_test,
        pv.cross_section_dependence_test,
        pv.slope_homogeneity_test,
    ):
        one, two = (test(result).statistic for result in results)
        assert one == pytest.approx(two, rel=1e-9, abs=1e-9), test.__name__


def test_least_squares_tests_refuse_instruments():
    from instrumental_twins import COLUMNS, instrumented_frame

    panel = pv.Panel(instrumented_frame(entities=12), "entity", "year")
    fixed = pv.fit_iv_fixed_effects(panel, "y", ["x1"], **COLUMNS)
    pooled = pv.fit_iv_pooled(panel, "y", ["x1"], **COLUMNS)
    random = pv.fit_iv_random_effects(panel, "y", ["x1"], **COLUMNS)
    for refused in (
        lambda: pv.breusch_godfrey_test(fixed),
        lambda: pv.effects_lm_test(pooled),
        lambda: pv.hausman_regression_test(random),
        lambda: pv.mundlak_test(random),
        lambda: pv.wild_bootstrap_test(fixed, "x1"),
        lambda: pv.cluster_diagnostics(fixed),
        lambda: pv.nested_f_test(pooled, fixed),
        lambda: pv.slope_poolability_test(pooled),
    ):
        with pytest.raises(pv.SpecificationError, match="instrumental variables"):
            refused()
    with pytest.warns(pv.PanelVarWarning, match="few"):
        assert pv.modified_wald_test(fixed).pvalue < 1.0
    assert np.isfinite(pv.hausman_test(fixed, random).statistic)


@pytest.mark.parametrize("unit", [2.0**300, 2.0**-300, 1e60, 1e-60, 1e80])
@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_no_test_changes_with_the_units_of_the_dependent_variable(unit):
    """Squares and fourth powers of residuals stay in the range of numbers wherever those of the data do."""
    rng = np.random.default_rng(6)
    frame = pd.DataFrame({"i": np.repeat(np.arange(12), 8), "t": np.tile(np.arange(8), 12)})
    frame["x"] = rng.standard_normal(96)
    frame["y"] = 0.5 * frame["x"] + rng.standard_normal(12)[frame["i"]] + rng.standard_normal(96)
    found = []
    for scale in (1.0, unit):
        panel = pv.Panel(frame.assign(y=frame["y"] * scale), "i", "t")
        pooled, fixed = pv.fit_pooled(panel, "y", "x"), pv.fit_fixed_effects(panel, "y", "x")
        tests = [
            pv.wooldridge_effects_test(pooled),
            pv.wooldridge_serial_test(pooled),
            pv.wooldridge_pooled_test(pooled),
            pv.modified_wald_test(fixed),
            *(pv.born_breitung_test(fixed, statistic=kind) for kind in ("q", "lm", "hr")),
            *(pv.baltagi_li_test(pooled, statistic=kind) for kind in ("joint", "random", "fixed")),
        ]
        found.append([(test.statistic, test.pvalue) for test in tests])
        for rule in ("ml", "reml"):
            random = pv.fit_random_effects(panel, "y", "x", variance_components=rule)
            errors = random.variance_components.std_errors()
            found[-1].append((errors["sigma_e"] / scale, errors["sigma_u"] / scale))
            found[-1].append((errors["rho"], random.tstats["x"]))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-9)
