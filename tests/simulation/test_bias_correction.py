"""Variants of the bias-corrected bootstrap: the two that are offered are the library's; a part is computed again."""

from __future__ import annotations

import re

import numpy as np
import pytest
from simulation import bias_correction as study
from simulation.var_coverage import HORIZON, LEVEL, Design
from streams import stream

import panelvar as pv

NAMES = list(study.VARIANTS)


def table() -> dict[str, list[float]]:
    """Coverages by variant, designs in order."""
    rows = [line for line in study.TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")][1:]
    cells = [line.strip("| ").split(" | ") for line in rows]
    return {name: [float(re.match(r"[\d.]+", cell)[0]) for cell in rest] for name, *rest in cells}


@pytest.mark.parametrize(("name", "bias"), list(zip(NAMES[:2], ("bootstrap", "pope"), strict=True)))
@pytest.mark.parametrize("persistence", [0.5, 0.97])
def test_variants_that_are_offered_are_the_librarys(name, bias, persistence):
    """The same rows of residuals give the same band: draws are generated and fitted a second, plain way."""
    series = Design(100, persistence, "all").sample(np.random.default_rng(3)) + 5.0
    model = pv.fit_var(series, lags=1)
    source = pv.BootstrapAfterBootstrap(300, seed=4, bias_draws=200, bias=bias)
    band = model.impulse_responses(HORIZON, bands=source, level=LEVEL)
    rng = stream(4)
    first = rng.integers(0, 99, (200, 99), dtype=np.uint32) if bias == "bootstrap" else None
    second = rng.integers(0, 99, (300, 99), dtype=np.uint32)
    lower, upper = study.band(series, study.VARIANTS[name], [first, second], np.zeros(300, dtype=int))
    np.testing.assert_allclose(lower, band.lower, rtol=0, atol=1e-9)
    np.testing.assert_allclose(upper, band.upper, rtol=0, atol=1e-9)


def test_the_table_says_what_the_page_says():
    found = table()
    assert list(found) == NAMES
    assert {len(row) for row in found.values()} == {len(study.DESIGNS)}
    usual, formula, anew, programs, bare, _, _, unshrunk = (np.array(row) for row in found.values())
    short = study.DESIGNS.index(Design(100, 0.97, "all"))
    near = np.array([design.persistence for design in study.DESIGNS]) < 0.98
    assert (formula[near] > usual[near] - 0.002).all()
    assert np.round(formula - usual, 3)[~near].tolist() == [-0.006]
    assert usual[short] < formula[short] < 0.87
    assert programs[short] < anew[short] < usual[short]
    assert bare[short] < usual[short] - 0.1
    assert usual[short] + 0.02 < unshrunk[short]
    assert (unshrunk > usual - 0.002).all()


@pytest.mark.slow
def test_a_part_of_the_table_is_found_again():
    """Other samples of one design, within four standard errors of the difference."""
    design, count = Design(100, 0.97, "all"), 40
    covered = study.shares(design, count, first=100_000)[0]
    spread = covered.std(axis=0) * np.sqrt(1 / count + 1 / study.SAMPLES)
    committed = np.array([row[study.DESIGNS.index(design)] for row in table().values()])
    assert (np.abs(covered.mean(axis=0) - committed) < 4 * spread).all()
