"""The between regression against loops over entities."""

import numpy as np
import pytest
from twins import Dense, X, assert_matrix, gappy_frame

import panelvar as pv


def loop_means(frame, dimension, weights):
    """One row a level: weighted means of y and x, number of rows and sum of weights."""
    out = []
    for level in sorted(frame[dimension].unique()):
        part = frame[frame[dimension] == level]
        w = np.ones(len(part)) if weights is None else part[weights].to_numpy()
        means = [sum(w * part[name]) / sum(w) for name in ["y", *X]]
        out.append([*means, len(part), sum(w)])
    return np.array(out)


@pytest.mark.parametrize("dimension", ["entity", "time"])
@pytest.mark.parametrize("constant", [True, False])
@pytest.mark.parametrize(("wls", "weights"), [(False, None), (True, None), (False, "w")])
def test_against_a_loop(dimension, constant, wls, weights):
    frame = gappy_frame(seed=3)
    panel = pv.Panel(frame, "entity", "year")
    result = pv.fit_between(panel, "y", X, effects=dimension, wls=wls, constant=constant, weights=weights)
    table = loop_means(frame, {"entity": "entity", "time": "year"}[dimension], weights)
    design = np.column_stack((np.ones(len(table)), table[:, 1:3])) if constant else table[:, 1:3]
    mass = table[:, 4] if weights else table[:, 3] if wls else None
    twin = Dense(design, table[:, 0], np.eye(design.shape[1]), mass)
    np.testing.assert_allclose(result.params, twin.params, rtol=1e-10)
    assert_matrix(result.cov, twin.classical())
    assert_matrix(result.with_cov("HC1").cov, twin.hc("HC1"))
    assert (result.nobs, result.df_resid) == (len(table), twin.df)
    assert result.rss == pytest.approx(twin.rss, rel=1e-10)


def test_wls_differs_on_an_unbalanced_panel():
    panel = pv.Panel(gappy_frame(seed=3), "entity", "year")
    plain, weighted = (pv.fit_between(panel, "y", X, wls=wls) for wls in (False, True))
    assert abs(plain.params["x1"] - weighted.params["x1"]) > 1e-3


def test_r2_is_that_of_the_means():
    frame = gappy_frame(seed=3)
    result = pv.fit_between(pv.Panel(frame, "entity", "year"), "y", X)
    table = loop_means(frame, "entity", None)
    total = ((table[:, 0] - table[:, 0].mean()) ** 2).sum()
    assert result.rsquared == pytest.approx(1 - result.rss / total, rel=1e-11)
    assert result.r2.between == pytest.approx(result.rsquared, rel=1e-11)


def test_rows_are_labelled_by_entity():
    frame = gappy_frame(seed=3)
    result = pv.fit_between(pv.Panel(frame, "entity", "year"), "y", X)
    labels = [label[0] if isinstance(label, tuple) else label for label in result.resids.index]
    assert sorted(labels) == sorted(frame["entity"].unique())


def test_one_entity_is_refused():
    frame = gappy_frame()
    one = frame[frame["entity"] == "e00"]
    with pytest.raises(pv.InsufficientDataError, match="at least two levels"):
        pv.fit_between(pv.Panel(one, "entity", "year"), "y", X)
