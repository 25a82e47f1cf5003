"""Estimates under the weights of their own errors: iterated until they settle, and continuously updated."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import panelvar as pv

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")


def persistent(seed: int, entities: int = 60, periods: int = 8) -> pd.DataFrame:
    """A persistent series with errors of unequal variances, in few entities for so many moments."""
    rng = np.random.default_rng(seed)
    effect = rng.standard_normal(entities)
    value, rows = effect / 0.2 + 1.5 * rng.standard_normal(entities), []
    for _ in range(periods):
        value = 0.8 * value + effect + rng.standard_normal(entities) * np.exp(0.5 * rng.standard_normal(entities))
        rows.append(value)
    index = pd.MultiIndex.from_product([range(entities), range(periods)], names=["id", "t"])
    return pd.DataFrame({"y": np.array(rows).T.ravel()}, index=index)


# In 207 and 234 Newton's steps lead from the path of the rounds to estimates that the rounds never come to; in 66 they
# do not end at all; in 3 they save most of 180 rounds.
@pytest.mark.parametrize("seed", [3, 66, 207, 234])
def test_iterated_estimates_are_those_that_weights_and_estimates_in_turn_come_to(seed):
    found = pv.fit_arellano_bond(persistent(seed), "y", steps="iterated")
    problem = found.fit.estimate.problem
    at = problem.one_step.params
    for _ in range(400):
        errors = (problem.products[:, 1:] - problem.products[:, :1] * at[0, 0])[:, 0]
        weight = np.linalg.inv(errors @ errors.T)
        slopes, target = problem.total.T
        at, before = np.array([[slopes @ weight @ target / (slopes @ weight @ slopes)]]), at
        if abs(at - before).max() < 1e-11:
            break
    else:
        raise AssertionError("the rounds do not settle")
    assert_allclose(found.params["L(y)"], at[0, 0], rtol=1e-7)


# Each of these has a minimum near the two-step estimates that is not the lowest.
@pytest.mark.parametrize("seed", [3, 17, 43])
def test_continuously_updated_estimates_are_at_the_lowest_minimum(seed):
    found = pv.fit_arellano_bond(persistent(seed), "y", steps="cu")
    slopes, targets = found.fit.estimate.problem.products.transpose(1, 0, 2)

    def criterion(value: float) -> float:
        errors = targets - value * slopes
        total = errors.sum(axis=1)
        return float(total @ np.linalg.solve(errors @ errors.T, total))

    grid = np.linspace(-3.0, 3.0, 1201)
    heights = np.array([criterion(value) for value in grid])
    assert abs(found.params["L(y)"] - grid[heights.argmin()]) <= 0.005
    assert found.hansen_j.statistic <= heights.min()
    assert_allclose(found.hansen_j.statistic, criterion(found.params["L(y)"]), rtol=1e-8)
    # Other minima on the grid that are hardly higher are reported.
    inner = (heights[1:-1] < heights[:-2]) & (heights[1:-1] < heights[2:])
    near = np.sort(heights[1:-1][inner])[1:]
    noted = [note.text for note in found.notes if note.code == "several-minima"]
    assert len(noted) == bool((near < heights.min() + 3.84).any())
