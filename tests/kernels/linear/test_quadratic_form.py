"""Quadratic forms in the inverse of a covariance: units and bases decide nothing, and singular ones say so."""

from __future__ import annotations

import numpy as np
import pytest

from panelvar.kernels.linear.quadratic_form import quadratic_form

RNG = np.random.default_rng(5)


def covariance(k: int, rank: int) -> np.ndarray:
    root = RNG.standard_normal((k, rank))
    return root @ root.T


def test_a_regular_form_is_that_of_the_inverse():
    variance, gap = covariance(4, 4), RNG.standard_normal(4)
    form = quadratic_form(gap, variance)
    assert form.statistic == pytest.approx(gap @ np.linalg.solve(variance, gap), rel=1e-9)
    assert (form.rank, form.positive, form.determined) == (4, True, True)


def test_units_decide_nothing():
    variance, gap = covariance(4, 4), RNG.standard_normal(4)
    units = np.exp2([300.0, -200.0, 0.0, 40.0])
    scaled = quadratic_form(gap * units, variance * units[:, None] * units)
    assert scaled.statistic == quadratic_form(gap, variance).statistic
    assert scaled.rank == 4


def test_a_gap_in_the_range_of_a_singular_matrix_has_one_form_whatever_the_basis():
    variance = covariance(4, 2)
    gap, turn = variance @ RNG.standard_normal(4), RNG.standard_normal((4, 4))
    form, turned = quadratic_form(gap, variance), quadratic_form(turn @ gap, turn @ variance @ turn.T)
    assert form.determined and turned.determined and form.rank == turned.rank == 2
    assert turned.statistic == pytest.approx(form.statistic, rel=1e-8)


def test_a_gap_outside_it_has_none():
    assert not quadratic_form(RNG.standard_normal(4), covariance(4, 2)).determined
    assert not quadratic_form(np.array([1e-300, 1.0]), np.diag([0.0, 1.0])).determined
    assert quadratic_form(np.array([0.0, 1.0]), np.diag([0.0, 1.0])).determined


def test_an_indefinite_matrix_is_inverted_as_it_is():
    form = quadratic_form(np.array([1.0, 2.0]), np.diag([-1.0, 4.0]))
    assert (float(form.statistic), bool(form.positive)) == (0.0, False)


def test_batches():
    variances, gaps = np.stack([covariance(3, 3) for _ in range(5)]), RNG.standard_normal((5, 3))
    forms = quadratic_form(gaps, variances)
    assert forms.statistic.shape == forms.rank.shape == forms.determined.shape == (5,)
    for i in range(5):
        assert forms.statistic[i] == quadratic_form(gaps[i], variances[i]).statistic
