"""Strength of instruments under two dimensions of clusters whose covariance of the first stage had to be repaired."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from quiet import quietly

import panelvar as pv


def fitted(seed, formula="y ~ 1 + [x ~ z1 + z2 + z3 + z4]", cov=None):
    rng = np.random.default_rng(seed)
    index = pd.MultiIndex.from_product([range(7), range(6)], names=["firm", "year"])
    frame = pd.DataFrame(rng.standard_normal((42, 6)), index=index, columns=["y", "x", "z1", "z2", "z3", "z4"])
    frame["x"] += frame["z1"] + frame["z2"]
    frame["y"] += frame["x"]
    return quietly(pv.fit_iv_pooled, frame, formula, cov=cov or pv.Clustered("firm", "year"))


def added_and_subtracted(result):
    """The first stage's covariance of the instruments, by sums over firms, years and rows, nothing repaired."""
    frame = result.fit.design.panel
    names = ["z1", "z2", "z3", "z4"]
    z = np.column_stack([np.ones(42), *(frame.column(name) for name in names)])
    x = frame.column("x")
    bread = np.linalg.inv(z.T @ z)
    scores = z * (x - z @ (bread @ (z.T @ x)))[:, None]
    firms, years = frame.entity_codes, frame.time_positions

    def meat(codes):
        sums = np.array([scores[codes == code].sum(axis=0) for code in np.unique(codes)])
        groups = len(sums)
        return groups / (groups - 1) * sums.T @ sums

    total = meat(firms) + meat(years) - meat(np.arange(42))
    return (bread @ total @ bread)[1:, 1:]


@pytest.mark.parametrize(("seed", "repaired"), [(5, True), (3, True), (11, False)])
def test_a_repaired_first_stage_is_said_where_its_statistics_stand(seed, repaired):
    result = fitted(seed)
    assert (np.linalg.eigvalsh(added_and_subtracted(result)).min() < 0.0) == repaired
    said = "the covariance of the first stage (clustered by firm and year) was not positive semi-definite"
    assert any(note.code == "strength-repaired" and note.warn for note in result.notes) == repaired
    # A test of more directions than the covariance has warns by itself.
    for table in (quietly(result.summary), quietly(lambda: result.first_stage)):
        assert (said in " ".join(str(table).split())) == repaired
    for name in ("firm", "year"):
        assert "strength-repaired" not in [note.code for note in fitted(seed, cov=pv.Clustered(name)).notes]


def test_a_test_of_identification_carries_the_note():
    result = fitted(0)
    test = pv.InstrumentalResult.underidentification.func(result)
    covariance = added_and_subtracted(result)
    assert np.linalg.eigvalsh(covariance).min() < 0.0
    (note,) = [note for note in test.notes if note.code == "strength-repaired"]
    assert note.text.startswith("Kleibergen-Paap rk LM: the covariance")
