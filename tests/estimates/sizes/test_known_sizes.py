"""Results say where the size of their test is known to be off, and only there."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pytest
from simulation.sizes_of_panel_tests import with_effects

import panelvar as pv
from panelvar.estimates.sizes.known_sizes import KNOWN, rates, size_notes


@cache
def sample(entities, periods):
    return with_effects(np.random.default_rng(0), entities, periods)


def walk(periods):
    return np.cumsum(np.random.default_rng(3).standard_normal(periods))


def walks(periods):
    return np.cumsum(np.random.default_rng(3).standard_normal((periods, 2)), axis=0)


# The test; a sample in which it says so, and one in which it does not.
CASES = {
    "wooldridge effects": (lambda n: pv.wooldridge_effects_test(sample(n, 5).pooled), 30, 100),
    "wooldridge serial": (lambda n: pv.wooldridge_serial_test(sample(n, 5).fixed), 15, 40),
    "wooldridge pooled": (lambda n: pv.wooldridge_pooled_test(sample(n, 5).pooled), 15, 40),
    "born-breitung": (lambda n: pv.born_breitung_test(sample(n, 6).fixed), 15, 40),
    "breusch-godfrey": (lambda t: pv.breusch_godfrey_test(sample(5, t).fixed), 20, 50),
    "baltagi-li": (lambda t: pv.baltagi_li_test(sample(5, t).fixed, statistic="fixed"), 20, 50),
    "modified wald": (lambda t: pv.modified_wald_test(sample(5, t).fixed), 30, 120),
    "mundlak": (lambda n: pv.mundlak_test(sample(n, 5).random), 30, 120),
    "hausman regression": (lambda n: pv.hausman_regression_test(sample(n, 5).random, cov="cluster"), 30, 120),
    "hausman": (lambda n: pv.hausman_test(sample(n, 5).fixed, sample(n, 5).random, sigma="own"), 30, 60),
    "panel granger": (lambda t: pv.panel_granger_test(sample(8, t).panel, "y", "x1"), 20, 60),
    "adf": (lambda t: pv.adf_test(walk(t)), 60, 150),
    "adf with a trend": (lambda t: pv.adf_test(walk(t), lags="t-stat", trend="ct"), 60, 150),
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
    "effects beside AR(1)": (lambda t: sample(8, t).fixed_ar1.effects_test, 20, 80),
    "diebold-mariano": (
        lambda t: pv.evaluate_forecasts(walks(t), window=30, steps=4).diebold_mariano("y1", 4),
        50,
        100,
    ),
    "urzua": (lambda t: pv.normality_test(pv.fit_var(walks(t), lags=1), statistic="urzua").joint, 100, 600),
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
        lambda: pv.adf_test(walk(60), lags=1),
        lambda: pv.fit_var(walks(60), lags=1).with_cov("HC3").granger_causality("y1", "y2"),
        lambda: pv.mundlak_test(sample(30, 5).random, cov=pv.BiasReduced("i")),
        lambda: pv.hausman_test(sample(30, 5).fixed, sample(30, 5).random),
        lambda: pv.breusch_godfrey_test(sample(30, 5).pooled),
    ],
)
def test_what_holds_its_level_says_nothing(run):
    assert "size" not in [note.code for note in run().notes]


def test_a_regression_under_a_bias_reduced_covariance_has_the_f_of_its_degrees_of_freedom():
    """HTZ, as `mundlak_test`: with chi-squared it rejected 13 percent of true nulls with 15 entities."""
    model = sample(30, 5).random
    test, other = (run(model, cov=pv.BiasReduced("i")) for run in (pv.hausman_regression_test, pv.mundlak_test))
    assert test.distribution == other.distribution == "f" and test.df == 2
    assert 4.0 < test.df_denominator < 30.0
    assert test.pvalue == pytest.approx(other.pvalue, rel=1e-9)


def test_notes_are_short_and_sentences():
    assert set(rates()) == set(KNOWN)
    for test, known in KNOWN.items():
        (note,) = size_notes(test, 0.0)
        assert len(note.text) <= 200 and note.text.endswith("."), test
        assert note.warn == (known.warned > 0.0)
        assert size_notes(test, known.below) == ()
    assert size_notes("no such test", 3) == ()
