"""One comparison a second time: regressions and logits by definition, and influences as derivatives by weights."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from panelvar.panels.treatments.propensities import fit_propensities
from panelvar.panels.treatments.two_by_two import (
    ADJUSTMENTS,
    NO_OVERLAP,
    TOO_FEW,
    TOO_FEW_TREATED,
    compare_changes,
    compare_levels,
)


def sample(seed=0, units=80, covariates=2):
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(units), rng.standard_normal((units, covariates))])
    treated = rng.random(units) < 1.0 / (1.0 + np.exp(-x[:, 1:].sum(axis=1) / 2.0))
    late = rng.random(units) < 0.5
    y = rng.standard_normal(units) + x.sum(axis=1) * late + treated * late
    return y, x, treated, late, rng.uniform(0.5, 1.5, units)


def least_squares(y, x, weights):
    root = np.sqrt(weights)
    return np.linalg.lstsq(root[:, None] * x, root * y, rcond=None)[0]


def logit(treated, x, weights):
    """Maximum likelihood by a general optimiser."""

    def loss(gamma):
        index = x @ gamma
        return (weights * (np.logaddexp(0.0, index) - treated * index)).sum()

    def slope(gamma):
        return x.T @ (weights * (1.0 / (1.0 + np.exp(-x @ gamma)) - treated))

    return minimize(loss, np.zeros(x.shape[1]), jac=slope, method="BFGS", options={"gtol": 1e-10}).x


def test_propensities_by_an_optimiser():
    _, x, treated, _, weights = sample()
    found = fit_propensities(treated, x, weights)
    values = 1.0 / (1.0 + np.exp(-x @ logit(treated, x, weights)))
    np.testing.assert_allclose(found.values, values, rtol=1e-6)
    np.testing.assert_allclose(found.scores.sum(axis=0), 0.0, atol=1e-12)


@pytest.mark.parametrize("adjustment", ADJUSTMENTS)
def test_changes_by_definition(adjustment):
    y, x, treated, _, weights = sample()
    found = compare_changes(y[:, None], x, treated, weights, adjustment)
    left = y.copy()
    if adjustment != "ipw":
        left = left - x @ least_squares(y[~treated], x[~treated], weights[~treated])
    expected = np.average(left[treated], weights=weights[treated])
    if adjustment != "reg":
        odds = np.exp(x @ logit(treated, x, weights)) * weights
        expected -= np.average(left[~treated], weights=odds[~treated])
    np.testing.assert_allclose(found.effects, expected, rtol=1e-6)


@pytest.mark.parametrize("adjustment", ADJUSTMENTS)
def test_levels_by_definition(adjustment):
    y, x, treated, late, weights = sample()
    found = compare_levels(y, x, treated, late, weights, adjustment)
    odds = np.exp(x @ logit(treated, x, weights)) * weights
    expected = 0.0
    for sign, now in ((1.0, late), (-1.0, ~late)):
        one, other = treated & now, ~treated & now
        controls = x @ least_squares(y[other], x[other], weights[other])
        own = x @ least_squares(y[one], x[one], weights[one])
        level = {
            "reg": np.average(y[one], weights=weights[one]) - np.average(controls[treated], weights=weights[treated]),
            "ipw": np.average(y[one], weights=weights[one]) - np.average(y[other], weights=odds[other]),
            "dr": np.average((own - controls)[treated], weights=weights[treated])
            - np.average((y - controls)[other], weights=odds[other]),
        }
        expected += sign * level[adjustment]
    np.testing.assert_allclose(found.effects, expected, rtol=1e-6)


@pytest.mark.parametrize("covariates", [0, 2])
@pytest.mark.parametrize("adjustment", ADJUSTMENTS)
@pytest.mark.parametrize("levels", [False, True])
def test_influences_are_derivatives_by_weights(levels, adjustment, covariates):
    # DRDID's drdid_rc differs from these by a thousandth: it adds the regressions of the first period with one sign.
    y, x, treated, late, weights = sample(covariates=covariates)

    def compare(weights):
        if levels:
            return compare_levels(y, x, treated, late, weights, adjustment)
        return compare_changes(y[:, None], x, treated, weights, adjustment)

    slopes = []
    for unit in range(len(y)):
        step = np.zeros(len(y))
        step[unit] = 1e-5
        slopes.append((compare(weights + step).effects - compare(weights - step).effects) / 2e-5 * weights[unit])
    np.testing.assert_allclose(compare(weights).influence, slopes, atol=1e-9)


@pytest.mark.parametrize("levels", [False, True])
def test_what_cannot_be_compared_is_said(levels):
    y, x, treated, late, weights = sample()

    def compare(x, adjustment):
        if levels:
            return compare_levels(y, x, treated, late, weights, adjustment)
        return compare_changes(y[:, None], x, treated, weights, adjustment)

    separated = np.column_stack([np.ones(len(y)), treated + 0.01 * x[:, 1]])
    assert compare(separated, "ipw") == NO_OVERLAP
    same = np.column_stack([x, x[:, 1] + x[:, 2]])
    assert compare(same, "reg") == TOO_FEW
    # Levels ask for the propensity first.
    assert compare(np.column_stack([x, treated]), "dr") == (NO_OVERLAP if levels else TOO_FEW)
    if levels:
        # The last column is one for all treated of the first period, which leaves their regression open.
        column = np.where(treated & ~late, 1.0, x[:, 1] ** 2)
        assert compare(np.column_stack([x, column]), "dr") == TOO_FEW_TREATED


@pytest.mark.parametrize("nobody", [True, False])
def test_a_side_without_units_is_named(nobody):
    y, x, treated, late, weights = sample()
    who = "no control has" if nobody else "nobody treated has"
    assert compare_changes(y[:, None], x, np.full(len(y), nobody), weights, "dr") == f"{who} both periods"
    kept = late | treated if nobody else ~late | ~treated
    found = compare_levels(y[kept], x[kept], treated[kept], late[kept], weights[kept], "dr")
    assert found == f"{who} each period"
