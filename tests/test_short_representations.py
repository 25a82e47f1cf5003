"""What a console shows of any object is one short line, whatever the size of the data behind it."""

from __future__ import annotations

import numpy as np
import pytest
from twins import X, gappy_frame

import panelvar as pv


@pytest.fixture(scope="module")
def objects():
    frame = gappy_frame(entities=30)
    for seed, name in enumerate(("z1", "z2")):
        frame[name] = frame[X[1]] + np.random.default_rng(seed).standard_normal(len(frame))
    panel = pv.Panel(frame, "entity", "year")
    pooled = pv.fit_pooled(panel, "y", X)
    fixed, random = pv.fit_fixed_effects(panel, "y", X), pv.fit_random_effects(panel, "y", X)
    instrumental = pv.fit_iv_pooled(panel, "y", X[:1], endogenous=X[1:], instruments=["z1", "z2"])
    return {
        "instrumental": instrumental,
        "fit of instruments": instrumental.fit,
        "design": fixed._design,
        "means": pv.fit_between(panel, "y", X).fit.design,
        "fit": random.fit,
        "variances": random.variance_components,
        "clusters": pv.cluster_diagnostics(fixed),
        "bootstrap": pv.wild_bootstrap_test(pooled, X[0], draws=99, seed=1),
        "causality": pv.panel_granger_test(pv.Panel(_long(), "i", "t"), "y", "x"),
        "convention": fixed.convention,
        "stata": pv.fit_pooled(panel, "y", X, convention="stata").convention,
    }


def _long():
    rng = np.random.default_rng(2)
    return {
        "i": np.repeat(np.arange(8), 20),
        "t": np.tile(np.arange(20), 8),
        **dict(zip("xy", rng.standard_normal((2, 160)), strict=True)),
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("instrumental", "<Pooled 2SLS: y on const, x1, x2; n = "),
        ("fit of instruments", "<Fit (pooled): y on x1, x2>"),
        ("design", "<Design: y on x1, x2; n = "),
        ("means", "<MeansDesign: y on x1, x2; n = 30>"),
        ("fit", "<Fit (random): y on x1, x2>"),
        ("variances", "<Variance components: sigma_u = "),
        ("clusters", "<Cluster leverages: 30 clusters, effective number at least "),
        ("bootstrap", "<Wild cluster bootstrap (rademacher, 99 draws, seed 1, 30 clusters by entity): t = "),
        ("causality", "<Dumitrescu-Hurlin (z-tilde): z = "),
        ("convention", "Convention(name='default')"),
        ("stata", "Convention(name='stata', "),
    ],
)
def test_representations_are_short(objects, name, text):
    found = repr(objects[name])
    assert found.startswith(text)
    assert "\n" not in found
    assert len(found) < (1000 if name == "stata" else 120)


def test_a_convention_is_rebuilt_from_what_is_shown(objects):
    assert eval(repr(objects["stata"]), {"Convention": pv.Convention}) == objects["stata"]
