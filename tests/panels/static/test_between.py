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
    assert result.rsquared_table.between == pytest.approx(result.rsquared, rel=1e-11)


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


@pytest.mark.parametrize("dimension", ["entity", "time"])
def test_clusters_of_means_are_columns_of_the_rows(dimension):
    """A cluster that does not vary within an entity (or a period) is that of its mean."""
    frame = gappy_frame(seed=3, entities=12)
    frame["half"] = np.where(frame["year"] < 2003, "early", "late")
    name, own = ("region", "entity") if dimension == "entity" else ("half", "year")
    panel = pv.Panel(frame, "entity", "year")
    result = pv.fit_between(panel, "y", X, effects=dimension)
    labels = frame.groupby(own)[name].first().to_numpy()
    spec = dict(group_factor=False, dof_factor="none")
    with pytest.warns(pv.PanelVarWarning, match="clusters"):
        expected = result.with_cov(pv.Clustered(labels, **spec))
    table = loop_means(frame, own, None)
    twin = Dense(np.column_stack((np.ones(len(table)), table[:, 1:3])), table[:, 0], np.eye(3), None)
    assert_matrix(expected.cov, twin.clustered(labels))
    for given in (name, frame[name], frame[name].to_numpy(), frame[name].astype("category")):
        with pytest.warns(pv.PanelVarWarning, match="clusters"):
            ours = result.with_cov(pv.Clustered(given, **spec))
        np.testing.assert_array_equal(ours.cov, expected.cov)
        assert ours.cov_label == f"clustered by {'given groups' if isinstance(given, np.ndarray) else name}"
    with pytest.warns(pv.PanelVarWarning, match="clusters"):
        each = [result.with_cov(pv.Clustered(by, **spec)).cov for by in (own, "entity")]
    np.testing.assert_array_equal(*each)


def test_clusters_that_vary_within_an_entity_are_refused():
    panel = pv.Panel(gappy_frame(seed=3), "entity", "year")
    result = pv.fit_between(panel, "y", X)
    with pytest.raises(pv.DataError, match=r"'batch' varies within \d of the 9 levels of 'entity'"):
        result.with_cov(pv.Clustered("batch"))
    with pytest.raises(pv.DataError, match="'year' varies within"):
        pv.fit_between(panel, "y", X, cov=pv.Clustered("time"))
    with pytest.raises(pv.DataError, match="'nowhere' is not in the data"):
        result.with_cov(pv.Clustered("nowhere"))
    with pytest.raises(pv.PanelVarError, match="needs the data rows"):
        result.without_rows().with_cov(pv.Clustered("region"))
