"""Effects that cut across clusters in the wild bootstrap: sparse sums against dummies, a draw at a time."""

import numpy as np
import pytest
from streams import stream
from twins import Dense, X, gappy_frame, indicator

import panelvar as pv
from panelvar.estimates.covariance import crossing_basis, projected_blocks
from panelvar.estimates.fit.presets import as_convention
from panelvar.panels.few_clusters import crossed_levels, wild_scores
from panelvar.panels.few_clusters import wild_cluster as kernel
from panelvar.panels.few_clusters.wild_dimensions import Clustering

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
KEEP = as_convention("default").but(singletons="keep")
DRAWS, VALUE = 24, 0.3
EFFECTS = {
    "firm": (["firm"], []),
    "entity + firm": (["entity", "firm"], []),
    "entity + island": (["entity", "island"], []),
    "entity + nested": (["entity", "nested"], []),
    "entity + firm + batch": (["entity", "firm", "batch"], []),
    "entity + firm + same": (["entity", "firm", "same"], []),
    "entity[t] + firm": (["entity", "firm"], ["entity"]),
    "entity + firm[t]": (["entity", "firm"], ["firm"]),
}


def frame_of(seed=3):
    frame = gappy_frame(seed=seed, entities=26, periods=6, kept=0.7)
    rng = np.random.default_rng(seed)
    frame["t"] = frame["year"] - 2002 + frame["w"]
    frame["firm"] = rng.integers(0, 9, len(frame))
    frame["same"] = frame["firm"] // 2
    # Two groups of entities and of their levels with nothing in common, and levels that are groups of entities.
    frame["island"] = 4 * (frame["number"] % 2) + rng.integers(0, 4, len(frame))
    frame["nested"] = frame["number"] % 5
    frame["mover"] = np.where((frame["number"] % 4 == 0) & (frame["year"] > 2002), 0, frame["number"] % 7)
    return frame


def fitted(frame, effects, weights=None):
    levels, slopes = EFFECTS[effects]
    names = [f"{name}[t]" if name in slopes else name for name in levels]
    panel = pv.Panel(frame, "entity", "year")
    return pv.fit_fixed_effects(panel, "y", X, effects=names, weights=weights, convention=KEEP)


def draws_of(result, by, impose_null=True, bootstrap=None):
    """What is known of each draw: its estimate and variance as polynomials of the gap."""
    clustering = Clustering(result, by, bootstrap)
    matrix = np.eye(len(result.params))[-2:-1]
    given = [(grouping, 1.0) for grouping in clustering.groupings]
    found, _ = wild_scores.scores(
        result.fit, clustering.finest, given, clustering.bootstrap, matrix, impose_null=impose_null
    )
    groups = clustering.bootstrap.n_groups
    _, _, chunks = kernel.signs("webb", groups, DRAWS, stream(2), found.rows)
    return kernel.one_restriction(found, chunks), float(result.params[X[0]]) - VALUE


def loop(result, frame, effects, by, weights, impose_null):
    """t of every draw, by dummies."""
    levels, slopes = EFFECTS[effects]
    dummies = [indicator(frame[name]) for name in levels]
    dummies += [indicator(frame[name]) * frame["t"].to_numpy()[:, None] for name in slopes]
    design = np.hstack([*dummies, frame[X]])
    report = np.eye(design.shape[1])[-2:-1]
    twin = Dense(design, frame["y"].to_numpy(), report, None if weights is None else frame[weights].to_numpy())
    names = list(result.fit.design.labels_of(by))
    position = np.array([names.index(label) for label in frame[by]])
    _, _, chunks = kernel.signs("webb", len(names), DRAWS, stream(2))
    signs = np.concatenate(list(chunks), axis=1).T
    influence = twin.influence[0]
    gap = float(twin.params[0]) - VALUE if impose_null else 0.0
    residuals = twin.residuals + influence / (influence @ influence) * gap
    found = []
    for v in signs:
        drawn = residuals * v[position]
        left = drawn - twin.z @ (twin.inverse @ drawn)
        moves = np.bincount(position, influence * left)
        found.append(influence @ drawn / np.sqrt(moves @ moves))
    return np.array(found)


@pytest.mark.parametrize(("weights", "impose_null"), [(None, True), ("w", True), ("w", False)])
@pytest.mark.parametrize("by", ["entity", "batch", "mover"])
@pytest.mark.parametrize("effects", EFFECTS)
def test_every_draw_is_one_with_dummies(effects, by, weights, impose_null, monkeypatch):
    frame = frame_of()
    result = fitted(frame, effects, weights)
    slow = loop(result, frame, effects, by, weights, impose_null)
    # Products for every pair of a few clusters, and draw by draw.
    for few in (kernel.FEW, 0):
        monkeypatch.setattr(kernel, "FEW", few)
        found, gap = draws_of(result, by, impose_null)
        np.testing.assert_allclose(found.statistics(gap if impose_null else 0.0), slow, rtol=1e-8)


def both_ways(result, by, monkeypatch, bootstrap=None):
    """The draws from sparse sums and from a basis."""
    sparse, _ = draws_of(result, by, bootstrap=bootstrap)
    with monkeypatch.context() as careful:
        careful.setattr(wild_scores, "crossed_levels", lambda *_: None)
        return sparse, draws_of(result, by, bootstrap=bootstrap)[0]


def assert_draws_agree(found, expected, tolerance):
    for one, other in ((found.estimate, expected.estimate), (found.variance, expected.variance)):
        scale = np.abs(other).max(axis=1, keepdims=True)
        np.testing.assert_allclose(one / scale, other / scale, rtol=0.0, atol=tolerance)


@pytest.mark.parametrize("bootstrap", [None, "entity", "batch"])
@pytest.mark.parametrize("by", [["entity"], ["mover"], ["batch", "region"]])
@pytest.mark.parametrize("effects", EFFECTS)
@pytest.mark.parametrize("few", [0, 300])
def test_sparse_sums_and_a_basis_give_the_same_draws(effects, by, bootstrap, few, monkeypatch):
    monkeypatch.setattr(kernel, "FEW", few)
    found, expected = both_ways(fitted(frame_of(), effects, "w"), by, monkeypatch, bootstrap)
    assert_draws_agree(found, expected, 1e-12)


def chained(levels, stay):
    """Entities in a row: each shares a level with the next, most of its rows with one of them."""
    rng = np.random.default_rng(1)
    entity = np.repeat(np.arange(levels), stay + 1)
    firm = entity + (np.tile(np.arange(stay + 1), levels) == stay)
    n = len(entity)
    data = {"entity": entity, "year": np.tile(np.arange(stay + 1), levels), "firm": firm}
    data |= {"x1": rng.standard_normal(n), "x2": rng.standard_normal(n), "y": rng.standard_normal(n)}
    return pv.Panel(data, "entity", "year")


@pytest.mark.parametrize(("levels", "taken"), [(40, True), (400, False)])
def test_effects_that_hardly_meet_take_the_careful_way(levels, taken, monkeypatch):
    result = pv.fit_fixed_effects(chained(levels, 5), "y", X, effects=["entity", "firm"], convention=KEEP)
    clusters = result.fit.design.group_by("entity")[0]
    assert (crossed_levels.crossed_levels(result.fit, clusters) is not None) == taken
    # What is beyond the limit would lose digits.
    monkeypatch.setattr(crossed_levels, "CONNECTED", 0.0)
    found, expected = both_ways(result, "entity", monkeypatch)
    assert_draws_agree(found, expected, 1e-12 if taken else 1e-9)


def test_links_of_tiny_weight_take_the_careful_way():
    frame = frame_of()
    frame["w"] *= np.where((frame["firm"] < 4) == (frame["number"] < 12), 1.0, 1e-8)
    result = fitted(frame, "entity + firm", "w")
    assert crossed_levels.crossed_levels(result.fit, result.fit.design.group_by("entity")[0]) is None
    slow = loop(result, frame, "entity + firm", "entity", "w", True)
    found, gap = draws_of(result, "entity")
    np.testing.assert_allclose(found.statistics(gap), slow, rtol=1e-6)


def test_more_levels_than_a_basis_may_have():
    rng = np.random.default_rng(2)
    entity, period = (each.ravel() for each in np.indices((1500, 6)))
    data = {"entity": entity, "year": period, "firm": rng.integers(0, 1200, entity.size)}
    data |= {name: rng.standard_normal(entity.size) for name in ("x1", "x2", "y")}
    result = pv.fit_fixed_effects(pv.Panel(data, "entity", "year"), "y", X, effects=["entity", "firm"])
    test = pv.wild_bootstrap_test(result, "x1", draws=99)
    errors = result.with_cov("cluster").std_errors["x1"]
    assert test.upper - test.lower == pytest.approx(3.92 * errors, rel=0.4)
    with pytest.raises(pv.SpecificationError, match=r"few levels .* Use statistic='11'"):
        pv.wild_bootstrap_test(result, "x1", draws=99, statistic="33")


def test_too_many_levels_are_refused_in_words(monkeypatch):
    result = fitted(frame_of(), "entity + firm")
    monkeypatch.setattr(crossed_levels, "MOST_LEVELS", 8)
    monkeypatch.setattr(crossing_basis, "LEVEL_LIMIT", 8)
    expected = pv.wild_bootstrap_test(result, "x1", draws=99)
    monkeypatch.setattr(projected_blocks, "WORK", 1)
    with pytest.raises(pv.NumericalError, match=r"9 coefficients.* one by one only if there are at most"):
        pv.wild_bootstrap_test(result, "x1", draws=99)
    monkeypatch.undo()
    assert pv.wild_bootstrap_test(result, "x1", draws=99).pvalue == expected.pvalue


def test_chunks_of_draws_do_not_matter(monkeypatch):
    result = fitted(frame_of(), "entity + firm")
    monkeypatch.setattr(kernel, "FEW", 0)
    whole, _ = draws_of(result, "entity")
    monkeypatch.setattr(kernel, "CHUNK", 60)
    parts, _ = draws_of(result, "entity")
    assert_draws_agree(parts, whole, 1e-13)


@pytest.mark.parametrize("cov", ["CR2", "CR3"])
@pytest.mark.parametrize("by", ["batch", "mover"])
def test_an_effect_that_is_nested_in_another_adds_nothing(by, cov):
    frame = frame_of()
    one = pv.fit_fixed_effects(pv.Panel(frame, "entity", "year"), "y", X, effects="entity", weights="w")
    two = fitted(frame, "entity + nested", "w")
    adjusted = pv.BiasReduced(by, kind=cov, factor="none")
    np.testing.assert_allclose(two.with_cov(adjusted).cov.loc[X, X], one.with_cov(adjusted).cov.loc[X, X], rtol=1e-10)
    assert two.with_cov(adjusted).df_coefficients[X[0]] == pytest.approx(
        one.with_cov(adjusted).df_coefficients[X[0]], rel=1e-9
    )
