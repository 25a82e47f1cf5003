"""Against regressions entity by entity and period by period, published output, and what the test refuses."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
from nonstationary.panel_cointegration.systems import frame_of, panel_of, system

import panelvar as pv
from panelvar.nonstationary.panel_cointegration import error_correction
from panelvar.nonstationary.panel_cointegration.error_correction_bootstrap import null_models, samples
from panelvar.nonstationary.panel_cointegration.moments import error_correction_moments

POWERS = {"n": 0, "c": 1, "ct": 2}
NAMES = ("Gt", "Ga", "Pt", "Pa")


def long_run(series, lags):
    n = len(series)
    return series @ series / n + 2 * sum(
        (1 - j / (lags + 1)) * (series[j:] @ series[:-j]) / n for j in range(1, lags + 1)
    )


def design(own, trend, p, q, rows):
    """Terms, lagged levels and short run of the rows, and the changes of y."""
    y, x = own[:, 0], own[:, 1:]
    dy, dx = np.diff(y, prepend=np.nan), np.diff(x, axis=0, prepend=np.nan)
    parts = [rows[:, None] ** np.arange(POWERS[trend]), y[rows - 1, None], x[rows - 1]]
    parts += [dy[rows - j, None] for j in range(1, p + 1)]
    short = np.hstack([dx[rows - j] for j in range(-q, p + 1)])
    return np.hstack(parts), short, dy[rows]


def slow(values, orders, trend, width):
    """The four statistics, entity by entity."""
    ratios, scaled, top, bottom, variances, lengths = [], [], 0.0, 0.0, [], []
    for own, (p, q) in zip(values, orders, strict=True):
        rows = np.arange(p + 1, len(own) - q)
        base, short, change = design(own, trend, p, q, rows)
        whole = np.hstack([base, short])
        found = np.linalg.lstsq(whole, change, rcond=None)[0]
        e = change - whole @ found
        df = len(rows) - whole.shape[1]
        place = POWERS[trend]
        u = change - base @ found[: base.shape[1]]
        centre = trend == "ct"
        one = np.sqrt(long_run(u - centre * u.mean(), width) / long_run(change - centre * change.mean(), width))
        others = np.delete(whole, place, axis=1)
        level = whole[:, place] - others @ np.linalg.lstsq(others, whole[:, place], rcond=None)[0]
        left = change - others @ np.linalg.lstsq(others, change, rcond=None)[0]
        ratios.append(found[place] / np.sqrt(e @ e / df / (level @ level)))
        scaled.append(df * found[place] / one)
        top, bottom = top + (level @ left) / one, bottom + level @ level
        variances.append(e @ e / one**2)
        lengths.append(df)
    pooled = top / bottom
    error = np.sqrt(np.sum(variances) / np.sum(lengths) / bottom)
    return np.mean(ratios), np.mean(scaled), pooled / error, np.mean(lengths) * pooled


def chosen(own, trend, lags, leads, penalty):
    """Orders by a criterion on the rows that the most of them leave."""
    rows = np.arange(lags[1] + 1, len(own) - leads[1])
    found = {}
    for p, q in product(range(lags[0], lags[1] + 1), range(leads[0], leads[1] + 1)):
        base, short, change = design(own, trend, p, q, rows)
        whole = np.hstack([base, short])
        e = change - whole @ np.linalg.lstsq(whole, change, rcond=None)[0]
        found[p, q] = len(rows) * np.log(e @ e / len(rows)) + penalty(len(rows)) * whole.shape[1]
    return min(found, key=found.get)


def scores(raw, trend, regressors, entities):
    moments, root = error_correction_moments(trend, regressors), np.sqrt(entities)
    scale = {"Pt": 1.0}
    return [
        (scale.get(name, root) * value - root * moments[name].mean) / np.sqrt(moments[name].variance)
        for name, value in zip(NAMES, raw, strict=True)
    ]


def statistics(found):
    return [found.statistic, *(part.statistic for part in found.parts)]


def pvalues(found):
    return [found.pvalue, *(part.pvalue for part in found.parts)]


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
@pytest.mark.parametrize(("lags", "leads", "regressors"), [(0, 0, 1), (2, 1, 1), (1, 0, 3), (1, 2, 2)])
def test_every_step_entity_by_entity(trend, lags, leads, regressors):
    values = system(6, 40, regressors, root=0.7, seed=3) * np.array([1.0, *[50.0] * regressors]) + 20.0
    found = pv.westerlund_test(
        panel_of(values),
        "y",
        [f"x{j + 1}" for j in range(regressors)],
        trend=trend,
        lags=lags,
        leads=leads,
        bandwidth=3,
    )
    raw = slow(values, [(lags, leads)] * 6, trend, 3)
    assert list(found.values.values()) == pytest.approx(raw, rel=1e-9)
    assert statistics(found) == pytest.approx(scores(raw, trend, regressors, 6), rel=1e-8)
    assert found.individual["rows"].tolist() == [39 - lags - leads] * 6


@pytest.mark.parametrize(
    ("criterion", "penalty"),
    [("aic", lambda n: 2.0), ("bic", np.log), ("hqic", lambda n: 2.0 * np.log(np.log(n)))],
)
def test_each_entity_has_lags_and_leads_of_its_own(criterion, penalty):
    values = system(9, 40, 2, root=0.7, seed=5)
    values[:5, 1:, 0] += 0.9 * values[:5, :-1, 0]
    lags, leads = (0, 3), (0, 2)
    found = pv.westerlund_test(
        panel_of(values), "y ~ x1 + x2", lags=criterion, leads=criterion, max_lags=3, max_leads=2, bandwidth=2
    )
    orders = [chosen(own, "c", lags, leads, penalty) for own in values]
    assert found.individual[["lags", "leads"]].to_numpy().tolist() == [list(pair) for pair in orders]
    assert len(set(orders)) > 1
    assert list(found.values.values()) == pytest.approx(slow(values, orders, "c", 2), rel=1e-9)
    assert f"({criterion})" in found.choices["Lags"]


def test_entities_may_have_periods_of_their_own():
    values = list(system(4, 40, 1, root=0.5, seed=1))
    frame = frame_of(np.stack(values)).drop(index=[0, 1, 2, 3, 78, 79])
    values[0], values[1] = values[0][4:], values[1][:-2]
    found = pv.westerlund_test(pv.Panel(frame, "i", "t"), "y", "x1", lags=1, leads=1, bandwidth=2)
    assert list(found.values.values()) == pytest.approx(slow(values, [(1, 1)] * 4, "c", 2), rel=1e-9)
    assert found.nobs == sum(len(own) - 3 for own in values)
    with pytest.raises(pv.DataError, match="bootstrap of this test needs the same periods"):
        pv.westerlund_test(pv.Panel(frame, "i", "t"), "y", "x1", draws=9)


def as_xtwest(values, orders, trend, *, option):
    """The four statistics from columns over all rows of the panel, as xtwest 1.5 makes them; the option westerlund."""
    average = [int(np.mean(numbers)) for numbers in zip(*orders, strict=True)]
    parts = []
    for own, pair in zip(values, orders, strict=True):
        columns = {"ti": np.full(len(own), len(own))}
        for pooled, (p, q) in enumerate((pair, average)):
            rows = np.arange(p + 1, len(own) - q)
            base, short, change = design(own, trend, p, q, rows)
            whole, place = np.hstack([base, short]), POWERS[trend]
            found = np.linalg.lstsq(whole, change, rcond=None)[0]
            e = change - whole @ found
            late = np.arange(p + 1, len(own))
            base, _, changes = design(own, trend, p, 0, late)
            u, dy = (changes - base @ found[: base.shape[1]])[: len(rows) if option else None], np.diff(own[:, 0])
            dy = dy[p : len(dy) - q] if option else dy - (trend == "ct") * dy.mean()
            one = np.sqrt(long_run(u, 2) / long_run(dy, 2))
            others = np.delete(whole, place, axis=1)
            level, left = (
                each - others @ np.linalg.lstsq(others, each, rcond=None)[0] for each in (whole[:, place], change)
            )
            norm = len(own) - p - q - 1 - (0 if option else whole.shape[1])
            if pooled:
                columns |= {"top": level @ left / one, "bottom": level @ level, "esq": e @ e, "pool": one, "norm": norm}
            else:
                columns |= {
                    "gai": norm * found[place] / one,
                    "t": found[place] / np.sqrt(e @ e / norm / (level @ level)),
                }
        parts.append(pd.DataFrame(columns | {"first": np.arange(len(own)) == 0}))
    rows = pd.concat(parts)
    each = rows[rows["first"]]
    speed = each["top"].sum() / each["bottom"].sum()
    length = rows["ti"].mean() - (each["ti"] - each["norm"]).iloc[0]
    error = np.sqrt((each["esq"] / length / each["pool"] ** 2).mean() / each["bottom"].sum())
    return each["t"].mean(), rows["gai"].mean(), speed / error, length * speed


@pytest.mark.parametrize(
    ("convention", "trend"),
    [("stata", "n"), ("stata", "c"), ("stata", "ct"), ("stata-westerlund", "c"), ("stata-westerlund", "ct")],
)
@pytest.mark.parametrize("orders", [{"lags": 1, "leads": 1}, {"lags": "aic", "leads": 0, "max_lags": 3}])
def test_conventions_of_xtwest_weigh_entities_by_their_rows(convention, trend, orders):
    values = list(system(5, 60, 1, root=0.7, seed=4))
    values[3][2:, 0] += values[3][1:-1, 0]
    values = [own[: 25 + 8 * place] for place, own in enumerate(values)]
    frame = pd.concat(
        pd.DataFrame({"i": place, "t": np.arange(len(own)), "y": own[:, 0], "x1": own[:, 1]})
        for place, own in enumerate(values)
    )
    found = pv.westerlund_test(pv.Panel(frame, "i", "t"), "y ~ x1", trend=trend, convention=convention, **orders)
    chosen = found.individual[["lags", "leads"]].to_numpy().tolist()
    expected = as_xtwest(values, chosen, trend, option=convention == "stata-westerlund")
    assert list(found.values.values()) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("convention", ["default", "stata"])
def test_with_a_trend_drifts_of_y_decide_nothing_and_by_default_those_of_x_do_not_either(convention):
    values = system(5, 30, 1, root=0.5, seed=2)
    time = np.arange(30.0)
    of_y, of_x = values.copy(), values.copy()
    of_y[..., 0] += 3.0 * time
    of_x[..., 1] += 3.0 * time
    options = {"trend": "ct", "lags": 1, "bandwidth": 2, "convention": convention}
    plain, other, drifting = (pv.westerlund_test(panel_of(each), "y", "x1", **options) for each in (values, of_y, of_x))
    assert statistics(other) == pytest.approx(statistics(plain), rel=1e-8)
    assert (statistics(drifting) == pytest.approx(statistics(plain), rel=1e-8)) == (convention == "default")


def test_the_rule_for_the_bandwidth_is_over_the_rows():
    values = system(5, 104, 1, root=0.5, seed=2)
    by_rule, given, stata = (
        pv.westerlund_test(panel_of(values), "y", "x1", lags=2, leads=1, **options)
        for options in ({}, {"bandwidth": 4}, {"convention": "stata"})
    )
    assert by_rule.values == given.values
    assert stata.choices["Bandwidth"] == "2"


@pytest.mark.parametrize(
    ("values", "printed"),
    [
        ((-4.082, -27.702, -12.969, -22.470), (-9.613, -10.626, -4.100, -10.119)),
        ((-3.150, -31.274, -13.809, -26.770), (-4.424, -13.027, -5.079, -13.339)),
    ],
)
def test_moments_of_the_option_connect_the_two_columns_that_stata_prints(values, printed):
    """Output of ``xtwest loghex loggdp, westerlund constant trend`` with lags (1 3) and (1), 20 countries."""
    moments, root = error_correction_moments("ct", 1, "xtwest"), np.sqrt(20.0)
    for name, value, score in zip(NAMES, values, printed, strict=True):
        mean, variance = moments[name]
        scale = 1.0 if name == "Pt" else root
        # Half a unit of the last digit printed, of either.
        assert (scale * value - root * mean) / np.sqrt(variance) == pytest.approx(
            score, abs=0.0005 * (1.0 + scale / np.sqrt(variance))
        )


# ---- draws


def test_panels_that_are_drawn_follow_the_recursion():
    """Of rows of periods drawn from a generator of the same seed, coefficient by coefficient and period by period."""
    values = system(3, 30, 2, root=0.8, seed=4)
    lags, leads = np.array([1, 2, 0]), np.array([0, 1, 1])
    models = null_models(values, "c", lags, leads)
    drawn = samples(models, 30, 2, np.random.default_rng(7))
    common = np.arange(3, 29)
    pool = np.empty((len(common), 3, 3))
    coefficients = []
    for place, own in enumerate(values):
        p, q = lags[place], leads[place]
        rows = np.arange(p + 1, 30 - q)
        base, short, change = design(own, "c", p, q, rows)
        known = np.hstack([base[:, :1], base[:, 4:], short])
        found = np.linalg.lstsq(known, change, rcond=None)[0]
        errors = dict(zip(rows.tolist(), change - known @ found, strict=True))
        pool[:, place, 0] = [errors[t] for t in common.tolist()]
        pool[:, place, 1:] = np.diff(own[:, 1:], axis=0)[common - 1]
        coefficients.append((found[1 : 1 + p], found[1 + p :].reshape(p + q + 1, 2)))
    pool -= pool.mean(axis=0)
    length = drawn.shape[2] + 22
    picked = pool[np.random.default_rng(7).integers(0, len(pool), (2, length))]
    for panel, place in product(range(2), range(3)):
        own, others = coefficients[place]
        p, q = lags[place], leads[place]
        e, dx = picked[panel, :, place, 0], picked[panel, :, place, 1:]
        dy = np.zeros(length)
        # Two periods, the most lags, come before the first change.
        for t in range(2, length - 1):
            dy[t] = e[t] + sum(others[j] @ dx[t + q - j] for j in range(p + q + 1))
            dy[t] += sum(own[j - 1] * dy[t - j] for j in range(1, p + 1) if t - j >= 2)
        start = length - 1 - 29
        np.testing.assert_allclose(np.diff(drawn[panel, place, :, 0]), dy[start : length - 1], rtol=0, atol=1e-12)
        np.testing.assert_allclose(
            np.diff(drawn[panel, place, :, 1:], axis=0), dx[start : length - 1], rtol=0, atol=1e-12
        )


@pytest.mark.parametrize(
    ("convention", "orders"),
    [
        ("default", {"lags": 1, "leads": 1}),
        ("default", {"lags": "aic", "max_lags": 2, "leads": "aic", "max_leads": 1}),
        ("stata", {"lags": 1}),
        ("stata-westerlund", {"lags": "aic", "max_lags": 2, "leads": "aic", "max_leads": 1}),
    ],
)
def test_pvalues_count_drawn_panels_whose_statistics_are_not_above(monkeypatch, convention, orders):
    """Each drawn panel through the public function, whatever the number drawn together."""
    values = system(4, 30, 1, root=0.8, seed=6)
    options = {"bandwidth": 2, "convention": convention, **orders}
    found = pv.westerlund_test(panel_of(values), "y", "x1", draws=19, seed=3, **options)
    monkeypatch.setattr(error_correction, "_AT_ONCE", 4 * 240)
    again = pv.westerlund_test(panel_of(values), "y", "x1", draws=19, seed=3, **options)
    assert pvalues(again) == pvalues(found)
    kept = []
    monkeypatch.setattr(error_correction, "samples", lambda *args: kept.append(samples(*args)) or kept[-1])
    pv.westerlund_test(panel_of(values), "y", "x1", draws=19, seed=3, **options)
    panels = np.concatenate(kept)
    below = np.zeros(4)
    for panel in panels:
        one = pv.westerlund_test(panel_of(panel), "y", "x1", **options)
        below += np.array(list(one.values.values())) <= np.array(list(found.values.values()))
    assert len(panels) == 19
    np.testing.assert_allclose(pvalues(found), (1.0 + below) / 20.0)
    assert found.distribution == "none"
    assert found.choices["P-values"] == "whole periods, 19 draws, seed 3"


def test_a_seed_decides_the_draws():
    panel = panel_of(system(4, 30, 1, root=0.8, seed=6))
    first, again, other = (pvalues(pv.westerlund_test(panel, "y", "x1", draws=199, seed=s)) for s in (1, 1, 2))
    assert first == again
    assert first != other
    assert pv.westerlund_test(panel, "y", "x1", draws=1, seed=1).pvalue in (0.5, 1.0)


def test_what_entities_share_stays_together_in_the_draws():
    """Of unrelated walks with one shock for all, the normal distribution finds cointegration and the draws do not."""
    rng = np.random.default_rng(11)
    values = (3.0 * rng.standard_normal((1, 50, 2)) + rng.standard_normal((20, 50, 2))).cumsum(axis=1)
    normal, drawn = (pv.westerlund_test(panel_of(values), "y", "x1", draws=d, seed=1) for d in (None, 199))
    shared = np.corrcoef(values[0, :, 0], values[1, :, 0])[0, 1]
    assert shared > 0.8
    assert abs(normal.pvalue - 0.5) > abs(drawn.pvalue - 0.5)
    assert statistics(normal) == statistics(drawn)


def test_cointegration_is_found():
    panel = panel_of(system(10, 50, 1, root=0.3, seed=8))
    for draws in (None, 199):
        found = pv.westerlund_test(panel, "y", "x1", draws=draws, seed=1)
        assert max(pvalues(found)) <= (1.0 / 200.0 if draws else 1e-6)
        assert found.reading() == "Rejected at 5 percent: some entities are cointegrated."
    text = str(found.summary())
    assert "Gt, before standardisation" in text and "whole periods, 199 draws, seed 1" in text
    assert found.individual["speed"].lt(0.0).all()


def _short(values):
    return pv.Panel(frame_of(values).drop(index=range(60, 85)), "i", "t")


def _exact(values):
    """The third entity corrects errors without an error of its own."""
    out = values.copy()
    for t in range(1, out.shape[1]):
        change = 0.5 * (out[2, t, 1] - out[2, t - 1, 1])
        out[2, t, 0] = out[2, t - 1, 0] + change - 0.3 * (out[2, t - 1, 0] - out[2, t - 1, 1])
    return panel_of(out)


def _late(values):
    """The second entity's y changes in its last period alone, which a lead leaves out."""
    out = values.copy()
    out[1, :, 0] = 2.0
    out[1, -1, 0] = 3.0
    return panel_of(out)


def _line(values):
    out = values.copy()
    out[1, :, 1] = np.arange(out.shape[1])
    return panel_of(out)


def _trend(values):
    out = values.copy()
    out[1, :, 0] = 2.0 * np.arange(out.shape[1]) + 1.0
    return panel_of(out)


@pytest.mark.parametrize(
    ("change", "options", "error", "match"),
    [
        (
            panel_of,
            {"lags": "aic", "min_lags": 2, "max_lags": 1},
            pv.SpecificationError,
            "min_lags=2 is above",
        ),
        (panel_of, {"lags": (0, 1)}, pv.SpecificationError, r"lags=\(0, 1\) must be a whole number"),
        (panel_of, {"leads": 1, "max_leads": 2}, pv.SpecificationError, "apply only when a criterion chooses leads"),
        (panel_of, {"lags": "aic", "leads": "bic"}, pv.SpecificationError, "must name one criterion"),
        (panel_of, {"lags": True}, pv.SpecificationError, "lags"),
        (panel_of, {"lags": -1}, pv.SpecificationError, "at least 0"),
        (panel_of, {"leads": "aic", "max_leads": 0.5}, pv.SpecificationError, "max_leads"),
        (panel_of, {"lags": "t-stat"}, pv.SpecificationError, "lags"),
        (panel_of, {"trend": "ctt"}, pv.SpecificationError, "trend"),
        (panel_of, {"convention": "eviews"}, pv.SpecificationError, "convention"),
        (panel_of, {"convention": "stata-westerlund", "lags": "bic"}, pv.SpecificationError, "its own criterion"),
        (panel_of, {"convention": "stata-westerlund", "trend": "n"}, pv.SpecificationError, "trend"),
        (panel_of, {"convention": "stata-westerlund", "x": ["x1", "x2"]}, pv.SpecificationError, "one regressor"),
        (panel_of, {"draws": 0}, pv.SpecificationError, "draws"),
        (panel_of, {"draws": 9, "seed": -1}, pv.SpecificationError, "seed"),
        (panel_of, {"bandwidth": 28}, pv.InsufficientDataError, "bandwidth"),
        (panel_of, {"bandwidth": "wide"}, pv.SpecificationError, "bandwidth"),
        (
            panel_of,
            {"lags": 10},
            pv.InsufficientDataError,
            "'e0' has 30 periods, of which 10 lags and 0 leads leave 19",
        ),
        (panel_of, {"lags": "aic", "max_lags": 40}, pv.InsufficientDataError, "leave 0 rows"),
        (_short, {"lags": 1}, pv.InsufficientDataError, "'e2' has 5 periods"),
        (_exact, {"lags": 0}, pv.NumericalError, r"'e2' follows its regression exactly\. In all, 1 of 4"),
        (_late, {"leads": 1, "lags": 0, "trend": "n"}, pv.NumericalError, "'e1' follows its regression exactly"),
        (_line, {"trend": "ct"}, pv.CollinearityError, "'e1' has lagged levels"),
        (_trend, {"trend": "ct"}, pv.CollinearityError, "'e1' has lagged levels"),
    ],
)
def test_what_cannot_be_tested_is_refused(change, options, error, match):
    panel = change(system(4, 30, 2, root=0.5, seed=9))
    with pytest.raises(error, match=match):
        pv.westerlund_test(panel, "y", **{"x": "x1", **options})


def test_more_regressors_than_moments_are_refused():
    values = system(3, 60, 7, seed=1)
    with pytest.raises(pv.SpecificationError, match="up to 6 regressors; there are 7"):
        pv.westerlund_test(panel_of(values), "y", [f"x{j}" for j in range(1, 8)], lags=0)


def test_an_explosive_short_run_is_refused_in_the_draws():
    """Changes that grow by five at the end make those of a drawn panel grow so throughout."""
    values = system(3, 30, 1, root=0.8, seed=5)
    values[1, -6:, 0] += (5.0 ** np.arange(1, 7)).cumsum()
    assert pv.westerlund_test(panel_of(values), "y", "x1").pvalue <= 1.0
    with pytest.raises(pv.NumericalError, match="In a panel drawn without cointegration, 'e1' has no regression"):
        pv.westerlund_test(panel_of(values), "y", "x1", draws=3, seed=1)


def test_an_entity_left_out_is_counted():
    frame = frame_of(system(5, 30, 1, root=0.5, seed=1))
    frame.loc[frame["i"] == "e3", "x1"] = 1.0
    with pytest.warns(pv.PanelVarWarning, match="1 of 5 entities are left out"):
        found = pv.westerlund_test(pv.Panel(frame, "i", "t"), "y", "x1", unusable="drop")
    assert found.n_entities == 4
    assert isinstance(found.individual, pd.DataFrame)
