"""Tests of the moments of a system of equations: those of one equation, with the weights of all."""

from __future__ import annotations

import numpy as np
import pytest
from panels.dynamic.test_arellano_bond import FRAME

import panelvar as pv

COLLAPSED = pv.LagInstruments(collapse=True)
NAMES = ["y", "w"]


def fit(**options):
    return pv.fit_panel_var(FRAME, NAMES, method="gmm", exogenous="x", **{"instruments": COLLAPSED, **options})


def criterion(moments, weight, m):
    """The least criterion of both equations together in given moments, by the formula."""
    total = moments.sum(axis=0)
    inverse = np.linalg.inv(weight)
    slopes, target = np.kron(np.eye(2), total[:, :m]), total[:, m:].T.ravel()
    params = np.linalg.solve(slopes.T @ inverse @ slopes, slopes.T @ inverse @ target)
    left = target - slopes @ params
    return float(left @ inverse @ left)


def subset(found):
    """Half of the lags, and which moments are left without them."""
    names = [name for name in found.instrument_names if name.startswith(("L3", "L5"))]
    return names, np.array([name not in names for name in found.instrument_names])


def test_under_joint_weights_the_difference_is_of_both_equations():
    found = fit(transform="fd")
    names, kept = subset(found)
    problem = found.fit.gmm.problem
    moments, m = problem.products.transpose(2, 0, 1), problem.n_regressors
    left = moments[:, :, m:] - moments[:, :, :m] @ problem.one_step.params
    errors = np.hstack([left[:, :, 0], left[:, :, 1]])
    weight, both = errors.T @ errors, np.tile(kept, 2)
    rest = criterion(moments[:, kept], weight[np.ix_(both, both)], m)
    test = found.difference_in_hansen(names)
    assert test.statistic == pytest.approx(criterion(moments, weight, m) - rest, rel=1e-7)
    assert test.remaining.statistic == pytest.approx(rest, rel=1e-7)
    assert test.df == 2 * len(names)


def test_by_equation_the_differences_add_up():
    found = fit(transform="fd", joint=False)
    names, kept = subset(found)
    problem = found.fit.gmm.problem
    moments, m = problem.products.transpose(2, 0, 1), problem.n_regressors
    expected = 0.0
    for equation in (0, 1):
        own = np.concatenate([moments[:, :, :m], moments[:, :, m + equation : m + equation + 1]], axis=2)
        errors = own[:, :, m] - own[:, :, :m] @ problem.one_step.params[:, equation]
        weight = errors.T @ errors
        for part, sign in ((np.ones_like(kept), 1.0), (kept, -1.0)):
            total, inverse = own[:, part].sum(axis=0), np.linalg.inv(weight[np.ix_(part, part)])
            params = np.linalg.solve(total[:, :m].T @ inverse @ total[:, :m], total[:, :m].T @ inverse @ total[:, m])
            left = total[:, m] - total[:, :m] @ params
            expected += sign * left @ inverse @ left
    assert found.difference_in_hansen(names).statistic == pytest.approx(expected, rel=1e-7)


def test_all_equations_have_the_same_regressors_and_one_test_of_underidentification():
    found = fit(transform="fd")
    alone = pv.fit_arellano_bond(
        FRAME.assign(ly=FRAME["y"].groupby("i").shift(1), lw=FRAME["w"].groupby("i").shift(1)),
        "y",
        "x",
        predetermined="L(w)",
        instruments=[pv.LagInstruments(NAMES, 2, collapse=True), pv.StandardInstruments("x")],
    )
    assert alone.n_instruments == found.n_instruments
    assert found.underidentification.statistic == pytest.approx(alone.underidentification.statistic, rel=1e-6)
    assert [each.name for each in found.underidentification.parts] == ["L1.y", "L1.w", "x"]


def test_the_portmanteau_test_is_of_one_equation():
    joint = fit(transform="fd", joint=False)
    alone = pv.fit_arellano_bond(
        FRAME,
        "y",
        "x",
        predetermined="L(w)",
        instruments=[pv.LagInstruments(NAMES, 2, collapse=True), pv.StandardInstruments("x")],
    )
    assert joint.serial_portmanteau("y", collapse=True).statistic == pytest.approx(
        alone.serial_portmanteau(collapse=True).statistic, rel=1e-7
    )
    with pytest.raises(pv.SpecificationError, match="Name one of them by equation=: 'y', 'w'"):
        joint.serial_portmanteau()


def test_numbers_of_lags_are_compared_by_all_equations():
    found = fit(lags=2)
    selection = found.lag_selection()
    row = selection.table.loc[2]
    assert row["hansen"] == pytest.approx(found.hansen_j.statistic, rel=1e-9)
    assert row["df"] == found.hansen_j.df
    assert selection.table.loc[1, "df"] == found.hansen_j.df + 4
    assert tuple(selection.criteria[1]) == pytest.approx(tuple(found.moment_criteria()), rel=1e-9)
    assert selection.table.loc[1, "hansen"] >= 0.0


def test_least_squares_has_none_of_these():
    found = pv.fit_panel_var(FRAME, NAMES, method="pooled")
    for ask in (found.instrument_tests, found.moment_criteria):
        with pytest.raises(pv.PanelVarError, match="moments"):
            ask()
