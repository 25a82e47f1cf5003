"""The bootstrap of panel tests: its panels by loops, its statistics by the public tests, one draw after another."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from streams import stream

import panelvar as pv
from panelvar.nonstationary.panel_series.null_panels import (
    blocked_panels,
    common_root,
    on_calendar,
    signed_panels,
    without_averages,
)
from panelvar.nonstationary.panel_series.result import PanelTestResult

ENTITIES = 6
SPANS = ((0, 16), (2, 16), (0, 12), (3, 15))


def walks(entities: int, periods: int, columns: int = 1, seed: int = 3) -> np.ndarray:
    """Random walks (N, T, k) that share shocks."""
    rng = np.random.default_rng(seed)
    steps = rng.standard_normal((entities, periods, columns)) + rng.standard_normal((1, periods, columns))
    return steps.cumsum(axis=1) + 5.0


def table_of(values: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(values[..., 0].T, columns=[f"e{place}" for place in range(len(values))])


def relation_of(values: np.ndarray) -> pd.DataFrame:
    index = pd.MultiIndex.from_product([range(len(values)), range(values.shape[1])], names=["entity", "time"])
    return pd.DataFrame(values.reshape(-1, values.shape[2]), index=index, columns=["y", "x"])


def drawn_panels(values: np.ndarray, trend: str, bootstrap: pv.PanelBootstrap) -> Iterator[np.ndarray]:
    """The panels that the library draws, from its own functions and a generator of the same seed."""
    spans = on_calendar(list(values), np.zeros(len(values), dtype=np.intp))
    periods = values.shape[1]
    if bootstrap.scheme == "blocks" or (bootstrap.scheme is None and periods >= 30):
        draw = blocked_panels(spans, trend, bootstrap.block_length or round(1.75 * periods ** (1 / 3)))
    else:
        draw = signed_panels(spans, trend)
    rng = stream(bootstrap.seed)
    for _ in range(bootstrap.draws):
        yield draw(1, rng)[0]


UNIT_ROOTS = {
    "llc": (pv.llc_test, {"lags": 1}),
    "llc by rule": (pv.llc_test, {"lags": "aic", "convention": "gretl", "trend": "ct"}),
    "ips": (pv.ips_test, {"lags": 0}),
    "ips by rule": (pv.ips_test, {"trend": "ct"}),
    "fisher": (pv.fisher_test, {"statistic": "P"}),
    "fisher pp": (pv.fisher_test, {"test": "pp", "trend": "ct"}),
    "simes": (pv.simes_test, {"lags": 1}),
    "breitung": (pv.breitung_test, {"lags": "aic", "trend": "ct"}),
    "breitung robust": (pv.breitung_test, {"lags": 1, "robust": True}),
    "cips": (pv.cips_test, {"lags": "bic"}),
    "cips truncated": (pv.cips_test, {"truncated": True}),
    "panic": (pv.panic_test, {}),
    "panic by rule": (pv.panic_test, {"trend": "ct", "lags": "aic", "factors": 1}),
    "moon-perron": (pv.moon_perron_test, {}),
    "moon-perron ct": (pv.moon_perron_test, {"trend": "ct", "criterion": "IC2"}),
}

RELATIONS = {
    "pedroni": (pv.pedroni_test, {}),
    "pedroni unweighted": (pv.pedroni_test, {"trend": "ct", "lags": 1, "weighted": False}),
    "kao": (pv.kao_test, {}),
    "kao published": (pv.kao_test, {"lags": "aic", "convention": "published"}),
    "westerlund": (pv.westerlund_test, {}),
    "westerlund by rule": (pv.westerlund_test, {"lags": "aic", "leads": "aic", "max_leads": 1, "trend": "ct"}),
    "westerlund stata": (pv.westerlund_test, {"lags": "aic", "max_lags": 2, "convention": "stata"}),
}


def statistics_of(found: pv.PanelTestResult, names: list[str]) -> list[float]:
    own = {found.name.partition(" (trend")[0]: found.statistic, **{part.name: part.statistic for part in found.parts}}
    return [own[name] for name in names]


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.parametrize("scheme", ["signs", "blocks"])
@pytest.mark.parametrize("case", [*UNIT_ROOTS, *RELATIONS])
def test_each_draw_has_the_statistics_of_the_public_test(case, scheme):
    function, options = {**UNIT_ROOTS, **RELATIONS}[case]
    of_relation = case in RELATIONS
    entities = 10 if "cips" in case else ENTITIES
    values = walks(entities, 18, 2 if of_relation else 1)
    form = (lambda panel: (relation_of(panel), "y", "x")) if of_relation else (lambda panel: (table_of(panel),))
    bootstrap = pv.PanelBootstrap(draws=4, seed=11, scheme=scheme)
    found = function(*form(values), bootstrap=bootstrap, **options)
    terms = options.get("trend", "c")
    names = list(found.drawn)
    slow = np.array(
        [statistics_of(function(*form(panel), **options), names) for panel in drawn_panels(values, terms, bootstrap)]
    )
    np.testing.assert_allclose(np.column_stack(list(found.drawn.values())), slow, rtol=1e-7, atol=1e-8)
    own = function(*form(values), **options)
    assert statistics_of(found, names) == pytest.approx(statistics_of(own, names), rel=1e-10)
    # P-values count the draws at least as far out, and the published ones stay at hand.
    for name, observed in zip(names, statistics_of(own, names), strict=True):
        high = "Maddala" in name or "Pm" in name or name in ("PANIC", "Pedroni panel v")
        beyond = (
            slow[:, names.index(name)] >= observed - 1e-9 if high else slow[:, names.index(name)] <= observed + 1e-9
        )
        tests = {found.name.partition(" (trend")[0]: found, **{part.name: part for part in found.parts}}
        assert tests[name].pvalue == pytest.approx((1 + beyond.sum()) / 5)
    published = {own.name.partition(" (trend")[0]: own.pvalue, **{part.name: part.pvalue for part in own.parts}}
    assert dict(found.published_pvalues) == pytest.approx({name: published[name] for name in names})


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
@pytest.mark.parametrize("periods", [7, 14])
def test_signed_panels_follow_the_recursion(trend, periods):
    """Signs of periods, and an order of them where they are few, number by number."""
    values = walks(ENTITIES, periods, 2)
    values[..., 0] += 0.8 * np.roll(values[..., 0], 1, axis=1)
    spans = on_calendar(list(values), np.zeros(ENTITIES, dtype=np.intp))
    found = signed_panels(spans, trend)(3, stream(4))
    changes = np.diff(values, axis=1)
    if trend == "ct":
        changes -= changes.mean(axis=1, keepdims=True)
    sizes = np.sqrt(np.square(changes).mean(axis=1, keepdims=True))
    changes /= sizes
    root = common_root(changes, trend)
    count = periods - 1
    shuffled = count - (trend == "ct") < 7
    residuals = changes.copy()
    for t in range(1, count):
        for place in range(ENTITIES):
            residuals[place, t] = changes[place, t] - root @ changes[place, t - 1]
    first = np.sqrt(np.square(residuals[:, 1:]).mean() / np.square(changes).mean()) if shuffled else 1.0
    residuals[:, 0] *= first
    numbers = stream(4).random((3, 1 + shuffled, count))
    for b in range(3):
        signs = np.where(numbers[b, 0] < 0.5, -1.0, 1.0)
        order = np.argsort(numbers[b, 1]) if shuffled else np.arange(count)
        for place in range(ENTITIES):
            own = residuals[place]
            if trend == "ct":
                own = own - own.mean(axis=0)
            own = own[order]
            if trend == "ct":
                # Forward orthogonal deviations, each with a sign, and the changes that have these.
                deviations = np.array(
                    [
                        np.sqrt((count - t - 1) / (count - t)) * (own[t] - own[t + 1 :].mean(axis=0))
                        for t in range(count - 1)
                    ]
                )
                rows = np.zeros((count - 1, count))
                for t in range(count - 1):
                    rows[t, t] = np.sqrt((count - t - 1) / (count - t))
                    rows[t, t + 1 :] = -rows[t, t] / (count - t - 1)
                own = rows.T @ (signs[: count - 1, None] * deviations)
            else:
                own = signs[:, None] * own
            own[0] /= first
            level = values[place, 0].copy()
            change = np.zeros(2)
            for t in range(count):
                change = own[t] + (root @ change if t else 0.0)
                level = level + change * sizes[place, 0]
                np.testing.assert_allclose(found[b, place, t + 1], level, rtol=1e-9, atol=1e-9)


def test_the_autoregression_is_zero_unless_it_is_significant():
    rng = np.random.default_rng(0)
    white = rng.standard_normal((30, 12, 1))
    assert common_root(white, "c").tolist() == [[0.0]]
    dependent = white.copy()
    for t in range(1, 12):
        dependent[:, t] += 0.5 * dependent[:, t - 1]
    assert 0.35 < float(common_root(dependent, "c")[0, 0]) < 0.65
    about_means = dependent - dependent.mean(axis=1, keepdims=True)
    assert 0.3 < float(common_root(about_means, "ct")[0, 0]) < 0.65


@pytest.mark.parametrize("trend", ["n", "c", "ct"])
def test_blocks_are_laid_end_to_end(trend):
    """Each entity's regressions by dummies of terms, and blocks about the means of their places."""
    values, length = walks(4, 20, 2), 3
    spans = on_calendar(list(values), np.zeros(4, dtype=np.intp))
    found = blocked_panels(spans, trend, length)(2, stream(9))
    count = values.shape[1] - 1
    starts = np.floor(stream(9).random((2, 7)) * (count - length + 1)).astype(int)
    powers = {"n": 0, "c": 1, "ct": 2}[trend]
    terms = np.arange(20.0)[:, None] ** np.arange(powers)
    for place in range(4):
        y, x = values[place].T
        beta = np.linalg.lstsq(np.column_stack([x, terms]), y, rcond=None)[0]
        error = y - np.column_stack([x, terms]) @ beta
        lagged = np.column_stack([error[:-1], terms[1:]])
        left = error[1:] - lagged @ np.linalg.lstsq(lagged, error[1:], rcond=None)[0]
        rows = np.column_stack([left, np.diff(x)])
        for b in range(2):
            walk, level_x = 0.0, x[0]
            for t in range(count):
                block, place_in_block = divmod(t, length)
                can_stand = np.array([rows[i + place_in_block] for i in range(count - length + 1)])
                step = rows[starts[b, block] + place_in_block] - can_stand.mean(axis=0)
                walk, level_x = walk + step[0], level_x + step[1]
                expected = y[0] + beta[0] * (level_x - x[0]) + walk, level_x
                np.testing.assert_allclose(found[b, place, t + 1], expected, rtol=1e-9, atol=1e-9)


def test_what_is_drawn_does_not_depend_on_how_many_are_drawn_together(monkeypatch):
    data = table_of(walks(ENTITIES, 12))
    together = pv.ips_test(data, lags=0, bootstrap=pv.PanelBootstrap(draws=30, seed=2))
    monkeypatch.setattr("panelvar.nonstationary.panel_series.bootstrap._AT_ONCE", 1)
    apart = pv.ips_test(data, lags=0, bootstrap=pv.PanelBootstrap(draws=30, seed=2))
    for name, values in together.drawn.items():
        np.testing.assert_allclose(values, apart.drawn[name], rtol=1e-10)


def test_entities_with_periods_of_their_own_keep_them():
    values = [own[:, 0][start:stop] for own, (start, stop) in zip(walks(4, 16), SPANS, strict=True)]
    starts = np.array([0, 2, 0, 3])
    frame = pd.concat(
        {f"e{k}": pd.Series(v, index=range(s, s + len(v))) for k, (v, s) in enumerate(zip(values, starts, strict=True))}
    ).rename_axis(["entity", "time"])
    data = frame.to_frame("y")
    bootstrap = pv.PanelBootstrap(draws=5, seed=1)
    found = pv.fisher_test(data, "y", lags=0, bootstrap=bootstrap)
    assert found.choices["P-values"] == "bootstrap: signs common to all entities, 5 draws, seed 1"
    drawn = signed_panels(on_calendar(values, starts), "c")(5, stream(1))
    for b in range(5):
        own = {f"e{k}": drawn[b, k, s : s + len(v), 0] for k, (v, s) in enumerate(zip(values, starts, strict=True))}
        copy = data.copy()
        copy["y"] = np.concatenate(list(own.values()))
        statistic = pv.fisher_test(copy, "y", lags=0).statistic
        assert found.drawn["Choi's Z (inverse normal) of Dickey-Fuller tests"][b] == pytest.approx(statistic, rel=1e-9)
    with pytest.raises(pv.DataError, match="A bootstrap by blocks needs the same periods for every entity"):
        pv.fisher_test(data, "y", lags=0, bootstrap=pv.PanelBootstrap(scheme="blocks"))
    short = data[data.index.get_level_values("time") < 7].drop("e3")
    with pytest.raises(pv.InsufficientDataError, match="needs 8 periods where entities have different periods"):
        pv.fisher_test(short, "y", lags=0, bootstrap=bootstrap)


def test_averages_are_taken_out_of_what_is_drawn():
    data = table_of(walks(ENTITIES, 14))
    bootstrap = pv.PanelBootstrap(draws=3, seed=5)
    found = pv.ips_test(data, lags=0, demean=True, bootstrap=bootstrap)
    values = walks(ENTITIES, 14)
    demeaned = values - values.mean(axis=0)
    for b, panel in enumerate(drawn_panels(demeaned, "c", bootstrap)):
        spans = on_calendar(list(panel), np.zeros(ENTITIES, dtype=np.intp))
        again = without_averages(panel[None], spans)[0]
        statistic = pv.ips_test(table_of(panel), lags=0, demean=True).statistic
        assert pv.ips_test(table_of(again), lags=0).statistic == pytest.approx(statistic, rel=1e-8)
        assert found.drawn["Im-Pesaran-Shin W"][b] == pytest.approx(statistic, rel=1e-8)


def test_the_scheme_goes_by_the_periods_and_is_said():
    words = {12: "signs common to all entities", 6: "signs common to all entities and periods in another order"}
    words[40] = "moving blocks of 6 periods"
    for periods, expected in words.items():
        test = pv.fisher_test(table_of(walks(8, periods)), lags=0, bootstrap=pv.PanelBootstrap(draws=9))
        assert test.choices["P-values"] == f"bootstrap: {expected}, 9 draws, seed 0"
        assert expected in str(test.summary())
        assert test.distribution == "none" and set(test.published_pvalues) == set(test.drawn)
        assert test.notes == ()


def test_tests_without_a_table_for_so_few_rows_have_draws():
    data = table_of(walks(8, 8))
    with pytest.raises(pv.InsufficientDataError, match="begins at 10 rows"):
        pv.ips_test(data, lags=0)
    found = pv.ips_test(data, lags=0, bootstrap=pv.PanelBootstrap(draws=19))
    assert found.name.startswith("Average ratio (t-bar)") and 0.05 <= found.pvalue <= 1.0
    llc = pv.llc_test(data, lags=1, bootstrap=pv.PanelBootstrap(draws=19))
    assert 0.05 <= llc.pvalue <= 1.0 and llc.published_pvalues == {}
    cips = pv.cips_test(data, bootstrap=pv.PanelBootstrap(draws=19))
    assert cips.critical_values == {} and cips.bound == "" and 0.05 <= cips.pvalue <= 1.0
    assert cips.published_pvalues == {}


def test_what_the_draws_do_not_say_is_said_to_be_published():
    """Critical values, and the number of trends among factors."""
    data = table_of(walks(12, 20))
    cips = pv.cips_test(data, bootstrap=pv.PanelBootstrap(draws=19)).summary().to_text(width=300)
    assert "Published critical values" in cips
    assert "\nCritical values" in "\n" + pv.cips_test(data).summary().to_text(width=300).replace("  ", "\n")
    panic = pv.panic_test(data, factors=2, lags=1, bootstrap=pv.PanelBootstrap(draws=19))
    assert "MQ_f (2): not by the bootstrap, but by published distributions." in panic.summary().to_text(width=300)
    alone = pv.panic_test(data, factors=0, lags=1, bootstrap=pv.PanelBootstrap(draws=19))
    assert "not by the bootstrap" not in str(alone.summary())


@pytest.mark.parametrize("function", [pv.fisher_test, pv.cips_test, pv.llc_test, pv.breitung_test])
def test_a_panel_without_a_test_is_refused_as_it_is_without_draws(function):
    data = table_of(walks(8, 2))
    said = []
    for bootstrap in (None, pv.PanelBootstrap(draws=9)):
        with pytest.raises(pv.InsufficientDataError) as refused:
            function(data, trend="ct", bootstrap=bootstrap)
        said.append(str(refused.value))
    assert said[0] == said[1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"draws": 0}, "draws=0"),
        ({"seed": -1}, "seed=-1"),
        ({"scheme": "wild"}, "scheme='wild'"),
        ({"block_length": 0}, "block_length=0"),
        ({"scheme": "signs", "block_length": 3}, "block_length= is for scheme='blocks'"),
    ],
)
def test_what_cannot_be_is_refused(options, words):
    with pytest.raises(pv.SpecificationError, match=words):
        pv.PanelBootstrap(**options)


def test_other_things_are_no_bootstrap():
    data = table_of(walks(4, 20))
    with pytest.raises(pv.SpecificationError, match="expected an object such as PanelBootstrap"):
        pv.ips_test(data, bootstrap=True)
    with pytest.raises(pv.InsufficientDataError, match="Blocks of 15 periods are too long for 20 periods"):
        pv.ips_test(data, bootstrap=pv.PanelBootstrap(block_length=15))
    with pytest.raises(pv.SpecificationError, match="two bootstraps"):
        pv.westerlund_test(relation_of(walks(4, 20, 2)), "y", "x", draws=9, bootstrap=pv.PanelBootstrap())


def test_all_tests_have_it():
    for function, _ in (*UNIT_ROOTS.values(), *RELATIONS.values()):
        assert "bootstrap" in inspect.signature(function).parameters


def test_averages_of_few_entities_are_warned_of():
    """In draws too the averages are taken out, so that their p-values allow for it."""
    for entities in (2, 5):
        with pytest.warns(pv.PanelVarWarning, match=f"takes out the average of only {entities} entities"):
            pv.ips_test(table_of(walks(entities, 20)), lags=0, demean=True)
    with pytest.warns(pv.PanelVarWarning, match="takes out the average of only 3 entities"):
        pv.kao_test(relation_of(walks(3, 20, 2)), "y", "x", lags=0, demean=True)
    assert pv.ips_test(table_of(walks(6, 20)), lags=0, demean=True).notes == ()


def test_statistics_that_disagree_are_counted():
    """The sentence on rejection is about the first statistic; the others may say something else."""
    parts = tuple(pv.TestResult(name, -1.0, p, "normal", null="no root") for name, p in (("B", 0.01), ("C", 0.05)))
    odd = pv.TestResult("D", 1.0, 0.001, "normal", null="other")
    first = PanelTestResult("A (trend 'c')", 0.0, 0.5, "normal", null="no root", parts=(*parts, odd))
    assert "That is about A. At 5 percent, 2 of 3 statistics of this null reject: B, C." in first.summary().notes
    rejected = PanelTestResult("A", 0.0, 0.01, "normal", null="no root", parts=parts)
    assert "That is about" not in str(rejected.summary())
