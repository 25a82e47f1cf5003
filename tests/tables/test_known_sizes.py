"""Results say where the size of their test is known to be off, and only there."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import panelvar as pv
from panelvar.tables.known_sizes import KNOWN, rates, size_notes


def panel_of(entities, periods, seed=0):
    rng = np.random.default_rng(seed)
    x, effects = rng.standard_normal((entities, periods)), rng.standard_normal((entities, 1))
    y = x + effects + rng.standard_normal((entities, periods))
    index = {"i": np.repeat(np.arange(entities), periods), "t": np.tile(np.arange(periods), entities)}
    return pv.Panel({**index, "y": y.ravel(), "x": x.ravel()}, "i", "t")


def pooled(data):
    return pv.fit_pooled(data, "y", "x")


def fixed(data):
    return pv.fit_fixed_effects(data, "y", "x")


def random(data):
    return pv.fit_random_effects(data, "y", "x")


def walk(periods):
    return np.cumsum(np.random.default_rng(3).standard_normal(periods))


def walks(periods):
    return np.cumsum(np.random.default_rng(3).standard_normal((periods, 2)), axis=0)


# The test; a sample in which it says so, and one in which it does not.
CASES = {
    "wooldridge effects": (lambda n: pv.wooldridge_effects_test(pooled(panel_of(n, 5))), 30, 100),
    "wooldridge serial": (lambda n: pv.wooldridge_serial_test(fixed(panel_of(n, 5))), 15, 40),
    "wooldridge pooled": (lambda n: pv.wooldridge_pooled_test(pooled(panel_of(n, 5))), 15, 40),
    "born-breitung": (lambda n: pv.born_breitung_test(fixed(panel_of(n, 6))), 15, 40),
    "breusch-godfrey": (lambda t: pv.breusch_godfrey_test(fixed(panel_of(5, t))), 20, 50),
    "baltagi-li": (lambda t: pv.baltagi_li_test(fixed(panel_of(5, t)), kind="fixed"), 20, 50),
    "modified wald": (lambda t: pv.modified_wald_test(fixed(panel_of(5, t))), 30, 120),
    "mundlak": (lambda n: pv.mundlak_test(random(panel_of(n, 5))), 30, 120),
    "hausman regression": (lambda n: pv.hausman_regression(random(panel_of(n, 5)), cov="cluster"), 30, 120),
    "hausman": (lambda n: pv.hausman(fixed(panel_of(n, 5)), random(panel_of(n, 5)), sigma="own"), 30, 60),
    "panel granger": (lambda t: pv.panel_granger_test(panel_of(8, t), "y", "x"), 20, 60),
    "adf": (lambda t: pv.adf_test(walk(t)), 60, 150),
    "adf with a trend": (lambda t: pv.adf_test(walk(t), "t-stat", trend="ct"), 60, 150),
    "dfgls": (lambda t: pv.dfgls_test(walk(t), trend="ct"), 60, 150),
    "kpss": (lambda t: pv.kpss_test(walk(t), trend="ct"), 40, 150),
    "engle-granger": (lambda t: pv.engle_granger_test(walks(t)), 150, 300),
    "toda-yamamoto": (lambda t: pv.toda_yamamoto_test(walks(t), "y1", "y2", lags=3), 40, 150),
    "relations": (lambda t: pv.fit_vecm(walks(t), rank=1, lags=2).weak_exogeneity_test("y2"), 60, 250),
    "exclusion beside relations": (lambda t: pv.fit_vecm(walks(t), rank=1, lags=2).exclusion_test(), 60, 150),
    "robust causality": (
        lambda t: pv.fit_var(walks(t), lags=1).with_cov("HC1").granger_causality("y1", "y2"),
        60,
        200,
    ),
    "effects beside AR(1)": (lambda t: pv.fit_fixed_effects_ar1(panel_of(8, t), "y", "x").effects_test, 20, 80),
    "diebold-mariano": (
        lambda t: pv.evaluate_forecasts(walks(t), window=30, steps=4).diebold_mariano("y1", 4),
        50,
        100,
    ),
    "urzua": (lambda t: pv.normality_test(pv.fit_var(walks(t), lags=1), kind="urzua").joint, 100, 600),
}


@pytest.mark.parametrize("name", CASES)
def test_a_result_says_so_in_small_samples_alone(name):
    run, small, large = CASES[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        few, many = run(small), run(large)
    assert [note.code for note in few.notes].count("size") == 1
    assert "size" not in [note.code for note in many.notes]
    assert "of true nulls at 5%" in " ".join(str(few.summary()).split())


@pytest.mark.parametrize(
    "run",
    [
        lambda: pv.adf_test(walk(60), 1),
        lambda: pv.fit_var(walks(60), lags=1).with_cov("HC3").granger_causality("y1", "y2"),
        lambda: pv.mundlak_test(random(panel_of(30, 5)), cov=pv.BiasReduced("i")),
        lambda: pv.hausman(fixed(panel_of(30, 5)), random(panel_of(30, 5))),
        lambda: pv.breusch_godfrey_test(pooled(panel_of(30, 5))),
    ],
)
def test_what_holds_its_level_says_nothing(run):
    assert "size" not in [note.code for note in run().notes]


def test_a_regression_under_a_bias_reduced_covariance_has_the_f_of_its_degrees_of_freedom():
    """HTZ, as `mundlak_test`: with chi-squared it rejected 13 percent of true nulls with 15 entities."""
    model = random(panel_of(30, 5))
    test, other = (run(model, cov=pv.BiasReduced("i")) for run in (pv.hausman_regression, pv.mundlak_test))
    assert test.distribution == other.distribution == "f" and test.df == 1
    assert 4.0 < test.df_denominator < 30.0
    assert test.pvalue == pytest.approx(other.pvalue, abs=0.05)


def test_notes_are_short_and_sentences():
    assert set(rates()) == set(KNOWN)
    for test, known in KNOWN.items():
        (note,) = size_notes(test, 0.0)
        assert len(note.text) <= 200 and note.text.endswith("."), test
        assert note.warn == (known.warned > 0.0)
        assert size_notes(test, known.below) == ()
    assert size_notes("no such test", 3) == ()
