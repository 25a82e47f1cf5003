"""Weights of effects in a two-way coefficient, a second time by dense regression, and their spreads by minimizing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panels.decompositions.test_two_way_comparisons import residual
from panels.treatments.test_cell_regressions import staggered
from scipy.optimize import minimize

import panelvar as pv


def doses():
    frame = staggered()
    rng = np.random.default_rng(8)
    # Up and down, zero in places.
    frame["dose"] = np.where(rng.uniform(size=len(frame)) < 0.4, 0.0, rng.integers(1, 4, len(frame)))
    return frame


@pytest.mark.parametrize("formula", ["y | unit + year", "y ~ x | unit + year"])
@pytest.mark.parametrize("by", ["cohort", "treatment"])
def test_weights_by_dense_regression(by, formula):
    frame = doses()
    given = {"cohort": "first"} if by == "cohort" else {"treatment": "dose"}
    found = pv.weigh_two_way_effects(frame, formula, **given)
    treatment = (frame["year"] >= frame["first"]).astype(float) if by == "cohort" else frame["dose"]
    values = treatment.to_numpy()
    left = residual(values, frame, ["x"] if "x" in formula else [])
    rows = pd.DataFrame({"treatment": values, "weight": left * values / (left @ values)})
    rows.index = pd.MultiIndex.from_frame(frame[["unit", "year"]])
    rows = rows[rows["treatment"] != 0].sort_index()
    table = found.to_frame().sort_index()
    assert list(table.index) == list(rows.index)
    np.testing.assert_array_equal(table["treatment"], rows["treatment"])
    np.testing.assert_allclose(table["weight"], rows["weight"], rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(found.coefficient, left @ frame["y"].to_numpy() / (left @ values), rtol=1e-10)
    assert found.n_negative == (rows["weight"] < -1e-12).sum()
    np.testing.assert_allclose(found.weights.sum(), 1.0, rtol=1e-13)


def test_the_coefficient_is_the_weighted_sum_of_effects():
    """Without errors, whatever the effects are."""
    frame = doses()
    effects = np.random.default_rng(2).standard_normal(len(frame))
    frame["y"] = 0.3 * frame["unit"] + 0.1 * (frame["year"] - 2000) ** 2 + effects * frame["dose"]
    found = pv.weigh_two_way_effects(frame, "y | unit + year", treatment="dose")
    by_row = pd.Series(effects, index=pd.MultiIndex.from_frame(frame[["unit", "year"]]))
    np.testing.assert_allclose(found.weights @ by_row.loc[found.index].to_numpy(), found.coefficient, rtol=1e-9)


def test_spreads_are_the_smallest():
    """No effects with less spread have an average of zero, or no effect of the coefficient's sign."""
    unit, year = np.repeat(np.arange(9), 7), np.tile(np.arange(2000, 2007), 9)
    first = np.array([2001, 2003, 2005])[unit % 3]
    y = np.random.default_rng(4).standard_normal(len(unit)) + (year >= first)
    frame = pd.DataFrame({"unit": unit, "year": year, "first": first, "y": y})
    found = pv.weigh_two_way_effects(frame, "y | unit + year", cohort="first")
    assert found.n_negative
    shares, weights, target = found.shares, found.weights, abs(found.coefficient)

    def smallest(bounds, average):
        conditions = [{"type": "eq", "fun": lambda effects: weights @ effects - target}]
        if average:
            conditions.append({"type": "eq", "fun": lambda effects: shares @ effects})
        start = target * weights / (weights @ weights)
        answer = minimize(
            lambda effects: shares @ (effects - shares @ effects) ** 2,
            np.minimum(start, 0.0) if bounds else start,
            jac=lambda effects: 2 * shares * (effects - shares @ effects),
            bounds=[(None, 0.0)] * len(shares) if bounds else None,
            constraints=conditions,
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 2000},
        )
        assert answer.success
        return np.sqrt(answer.fun)

    np.testing.assert_allclose(found.spread_for_zero, smallest(False, True), rtol=1e-5)
    np.testing.assert_allclose(found.spread_for_opposite_signs, smallest(True, False), rtol=1e-5)


def test_tables_and_figures():
    frame = doses()
    signed = frame.assign(dose=frame["dose"] - 1.0)
    for data, given in ((frame, {"cohort": "first"}), (frame, {"treatment": "dose"}), (signed, {"treatment": "dose"})):
        found = pv.weigh_two_way_effects(data, "y | unit + year", **given)
        assert max(map(len, str(found).splitlines())) <= 80
        assert found.summary().to_frame().loc["Negative", "Treated rows"] == found.n_negative
        assert len(found.plot().axes) == 1
    assert np.isnan(found.spread_for_zero) and np.isnan(found.spread_for_opposite_signs)
    assert "Treatment is negative in some rows" in str(found)
    rows = staggered(gaps=False)
    few = pv.weigh_two_way_effects(
        rows[rows["first"].isna() | (rows["first"] == 2005)], "y | unit + year", cohort="first"
    )
    assert few.n_negative == 0 and np.isnan(few.spread_for_opposite_signs)
    assert "No weight is negative" in str(few)


def test_bad_input_is_named():
    frame = doses()
    call = pv.weigh_two_way_effects
    for given in ({}, {"cohort": "first", "treatment": "dose"}):
        with pytest.raises(pv.SpecificationError, match="Say who is treated when"):
            call(frame, "y | unit + year", **given)
    gone = frame.assign(dose=frame["dose"].where(frame.index > 2))
    with pytest.raises(pv.DataError, match="treatment='dose' is missing or infinite in 3 rows"):
        call(gone, "y | unit + year", treatment="dose")
    with pytest.raises(pv.InsufficientDataError, match="The effects explain the treatment"):
        call(frame.assign(dose=1.0), "y | unit + year", treatment="dose")
    with pytest.raises(pv.InsufficientDataError, match=r"regressors \(copy\) explain the treatment"):
        call(frame.assign(copy=3 * frame["dose"]), "y ~ copy | unit + year", treatment="dose")
