"""Three and more effects, and slopes that differ by level, against the regression on dense dummies."""

import numpy as np
import pytest
from scipy import stats
from twins import Dense, X, allowed, assert_matrix, gappy_frame, indicator

import panelvar as pv
from panelvar.kernels.absorption import effect_iterations, many_effects, orthonormal_block

PLAIN = pv.Convention("bare", repair_multiway=False, cluster_group_factor=False, cluster_dof_factor="none")
# As asked for; then (column, whether it has a level, variables it has slopes on).
MODELS = {
    "three": (("entity", "time", "batch"), [("entity", 1, []), ("year", 1, []), ("batch", 1, [])]),
    "nested": (("region", "entity", "time"), [("region", 1, []), ("entity", 1, []), ("year", 1, [])]),
    "trends": ("entity[trend]", [("entity", 1, ["trend"])]),
    "trends and years": (("entity[trend]", "year"), [("entity", 1, ["trend"]), ("year", 1, [])]),
    "regional trends": (
        ("entity", "time", "region[trend]"),
        [("entity", 1, []), ("year", 1, []), ("region", 1, ["trend"])],
    ),
    "slope alone": (("batch[[z]]", "entity"), [("batch", 0, ["z"]), ("entity", 1, [])]),
    "two slopes": (("region[z, trend]", "batch"), [("region", 1, ["z", "trend"]), ("batch", 1, [])]),
    "in two parts": (("region", "region[[z]]", "batch"), [("region", 1, ["z"]), ("batch", 1, [])]),
}
CASES = [(model, weighted) for model in MODELS for weighted in (False, True)]


def long_frame(seed=3, entities=24, kept=0.85):
    frame = gappy_frame(seed=seed, entities=entities, periods=9, kept=kept)
    frame["trend"] = frame["year"] - 2003.0
    frame["z"] = np.random.default_rng(seed).standard_normal(len(frame)) + 1.0
    return frame


def dense_effects(frame, spec):
    parts = []
    for column, level, slopes in spec:
        dummies = indicator(frame[column])
        parts += [dummies] * level + [dummies * frame[slope].to_numpy()[:, None] for slope in slopes]
    return np.hstack(parts)


def twin_of(frame, spec, weights=None):
    effects = dense_effects(frame, spec)
    k = effects.shape[1]
    report = np.zeros((1 + len(X), k + len(X)))
    report[0, :k] = np.average(effects, axis=0, weights=weights)
    report[1:, k:] = np.eye(len(X))
    return Dense(np.hstack([effects, frame[X]]), frame["y"].to_numpy(), report, weights)


def both(model, weighted, **options):
    frame = long_frame()
    effects, spec = MODELS[model]
    weights = frame["w"] if weighted else None
    result = pv.fit_fixed_effects(
        pv.Panel(frame, "entity", "year"), "y", X, effects=effects, weights="w" if weighted else None, **options
    )
    return frame, result, twin_of(frame, spec, weights)


@pytest.fixture(params=["factored", "iterated"])
def route(request, monkeypatch):
    """Both ways to the solution."""
    if request.param == "iterated":
        monkeypatch.setattr(many_effects, "FACTOR_LIMIT", 0)
        monkeypatch.setattr(orthonormal_block, "DENSE_CELLS", 0)
    return request.param


@pytest.mark.parametrize(("model", "weighted"), CASES)
def test_estimates_equal_those_with_dummies(model, weighted, route):
    frame, result, twin = both(model, weighted)
    np.testing.assert_allclose(result.params, twin.params, rtol=10 * allowed(twin), atol=1e-13)
    assert result.rss == pytest.approx(twin.rss, rel=1e-11)
    plain = frame["y"] - twin.design @ twin.coefficients
    np.testing.assert_allclose(result.resids.loc[frame.index], plain, atol=1e-10)
    if route == "factored" or result.fit.absorbed.rank_is_exact:
        assert (result.nobs, result.df_resid) == (len(frame), twin.df)
        assert_matrix(result.cov, twin.classical())
    else:
        assert result.df_resid <= twin.df
        assert "rank-bound" in {note.code for note in result.notes}
        assert_matrix(result.cov * result.df_resid / twin.df, twin.classical())


@pytest.mark.parametrize(("model", "weighted"), CASES)
@pytest.mark.parametrize("kind", ["HC1", "HC2", "HC3"])
def test_robust_covariances_with_the_full_leverage(model, weighted, kind):
    _, result, twin = both(model, weighted, cov=kind)
    assert twin.leverage.max() < 0.9999
    assert_matrix(result.cov, twin.hc(kind), 1e-8)


@pytest.mark.parametrize("model", MODELS)
def test_clustered(model):
    frame, result, twin = both(model, True, cov=pv.Clustered("entity"), convention=PLAIN)
    assert_matrix(result.cov, twin.clustered(frame["entity"]))


@pytest.mark.parametrize(("model", "weighted"), CASES)
def test_f_tests_and_r2(model, weighted):
    frame, result, twin = both(model, weighted)
    w = np.asarray(frame["w"] / frame["w"].mean()) if weighted else np.ones(len(frame))
    only = twin_of(frame.assign(x1=0.0, x2=0.0), MODELS[model][1], frame["w"] if weighted else None)
    total = float(w @ (frame["y"] - np.average(frame["y"], weights=w)) ** 2)
    pooled = pv.fit_pooled(pv.Panel(frame, "entity", "year"), "y", X, weights="w" if weighted else None)
    absorbed = only.rank - 1
    for test, restricted, numerator in (
        (result.f_slopes, only.rss, 2),
        (result.f_with_dummies, total, 2 + absorbed),
        (result.f_poolability, pooled.rss, absorbed),
    ):
        statistic = (restricted - twin.rss) / numerator / (twin.rss / twin.df)
        assert test.statistic == pytest.approx(statistic, rel=1e-9)
        assert test.pvalue == pytest.approx(stats.f.sf(statistic, numerator, twin.df), rel=1e-6)
    assert result.rsquared == pytest.approx(1 - twin.rss / only.rss, rel=1e-10)
    assert result.rsquared_table.with_dummies == pytest.approx(1 - twin.rss / total, rel=1e-10)


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.parametrize("model", MODELS)
def test_bias_reduced_clusters_see_slopes_and_every_effect(model):
    """CR2 by its definition: (I - H_gg)^(-1/2) with the hat matrix of the regression with all dummies."""
    frame, result, twin = both(model, False, cov=pv.BiasReduced("entity"))
    hat = twin.z @ twin.inverse
    expected = np.zeros((3, 3))
    for entity in frame["entity"].unique():
        rows = np.flatnonzero(frame["entity"] == entity)
        values, vectors = np.linalg.eigh(np.eye(len(rows)) - hat[np.ix_(rows, rows)])
        good = values > 1e-9
        root = (vectors[:, good] / np.sqrt(values[good])) @ vectors[:, good].T
        move = twin.influence[:, rows] @ (root @ twin.residuals[rows])
        expected += np.outer(move, move)
    assert_matrix(result.cov.loc[X, X], expected[1:, 1:], 1e-7)


@pytest.mark.filterwarnings("ignore:Only .* clusters")
def test_effects_and_slopes_nested_in_clusters_are_not_counted():
    """Levels and trends of entities are constant within entity clusters; the other effects count."""
    frame = long_frame()
    panel = pv.Panel(frame, "entity", "year")
    n, clusters = len(frame), frame["entity"].nunique()
    for effects, free in (("entity[trend]", 0), (("entity[trend]", "batch"), frame["batch"].nunique() - 1)):
        options = {"effects": effects, "cov": pv.Clustered("entity")}
        default = pv.fit_fixed_effects(panel, "y", X, **options)
        bare = pv.fit_fixed_effects(panel, "y", X, **options, convention=PLAIN)
        k = len(X) + 1 + free
        factor = clusters / (clusters - 1) * (n - 1) / (n - k)
        np.testing.assert_allclose(default.cov, factor * bare.cov, rtol=1e-12)


def test_a_level_without_variation_in_its_variable_has_no_slope():
    frame = long_frame()
    frame.loc[frame["entity"] == "e03", "z"] = 5.0
    frame.loc[frame["entity"] == "e04", "z"] = 0.0
    result = pv.fit_fixed_effects(pv.Panel(frame, "entity", "year"), "y", X, effects=("entity[z]", "time"))
    twin = twin_of(frame, [("entity", 1, ["z"]), ("year", 1, [])])
    assert result.df_resid == twin.df
    np.testing.assert_allclose(result.params, twin.params, rtol=allowed(twin))
    assert_matrix(result.cov, twin.classical())


def test_a_variable_far_from_zero_costs_no_digits():
    frame = long_frame()
    near = pv.fit_fixed_effects(pv.Panel(frame, "entity", "year"), "y", X, effects="entity[trend]")
    frame["trend"] += 1e6
    far = pv.fit_fixed_effects(pv.Panel(frame, "entity", "year"), "y", X, effects="entity[trend]")
    np.testing.assert_allclose(far.params, near.params, rtol=1e-11)
    assert far.df_resid == near.df_resid


def test_singletons_go_until_none_is_left_in_any_effect():
    frame = long_frame(entities=8)
    # Dropping the lone batch leaves an entity of one row, whose loss leaves a year of one row.
    rows = [("a", 2001, 0), ("a", 2090, 99), ("b", 2091, 1), ("b", 2092, 2), ("c", 2091, 77)]
    tail = frame.iloc[:5].copy()
    for (entity, year, batch), label in zip(rows, tail.index, strict=True):
        tail.loc[label, ["entity", "year", "batch"]] = [entity, year, batch]
    joined = np.concatenate([np.arange(len(frame)), np.arange(5)])
    grown = frame.iloc[joined].reset_index(drop=True)
    for column in ("entity", "year", "batch"):
        grown.loc[len(frame) :, column] = tail[column].to_numpy()
    options = {"effects": ("entity", "time", "batch"), "convention": "pyfixest"}
    clean = pv.fit_fixed_effects(pv.Panel(frame, "entity", "year"), "y", X, **options)
    result = pv.fit_fixed_effects(pv.Panel(grown, "entity", "year"), "y", X, **options)
    assert result.nobs == clean.nobs == len(frame)
    np.testing.assert_allclose(result.params, clean.params, rtol=1e-13)
    assert "singletons-dropped" in {note.code for note in result.notes}


@pytest.mark.parametrize(
    ("effects", "message"),
    [
        (("entity[[z]]", "batch[[z]]"), "slopes but no levels"),
        ("entity[z", "cannot be read"),
        ("entity[[z]", "brackets"),
        ("entity[z, z]", "the same slope twice"),
        (("entity", "entity[z]"), "names the same effect twice"),
        ("entity[nothing]", "nothing"),
        ("entity[holes]", "missing or infinite in 1 row"),
    ],
)
def test_effects_that_cannot_be_read_are_refused(effects, message):
    frame = long_frame()
    frame["holes"] = frame["z"]
    frame.loc[3, "holes"] = np.nan
    with pytest.raises(pv.PanelVarError, match=message):
        pv.fit_fixed_effects(pv.Panel(frame, "entity", "year"), "y", X, effects=effects)


def test_what_iterations_cannot_give_is_refused(monkeypatch):
    frame = long_frame()
    panel = pv.Panel(frame, "entity", "year")
    monkeypatch.setattr(many_effects, "FACTOR_LIMIT", 0)
    with pytest.raises(pv.NumericalError, match=r"too many to compute leverages.* HC1 or clustered"):
        pv.fit_fixed_effects(panel, "y", X, effects=("entity", "time", "batch"), cov="HC3")
    monkeypatch.setattr(effect_iterations, "MOST_ITERATIONS", 1)
    with pytest.raises(pv.NumericalError, match="did not reach a relative residual of 1e-13 in 1 iterations"):
        pv.fit_fixed_effects(panel, "y", X, effects=("entity", "time", "batch"))


@pytest.mark.parametrize("unit", [2.0**-600, 2.0**600])
def test_slopes_on_a_variable_are_absorbed_whatever_its_units(unit):
    frame = long_frame()
    found = []
    for scale in (1.0, unit):
        panel = pv.Panel(frame.assign(z=frame["z"] * scale), "entity", "year")
        found.append(pv.fit_fixed_effects(panel, "y", X, effects=("entity[z]", "time")))
    near, far = found
    np.testing.assert_array_equal(far.params, near.params)
    assert far.df_resid == near.df_resid
    slopes = [result.estimated_effects(errors=False).loc["entity[z]", "level"] for result in found]
    np.testing.assert_array_equal(slopes[1] * unit, slopes[0])
