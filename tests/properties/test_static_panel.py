"""What must hold for every static panel estimator, on panels drawn with gaps, islands, singletons and weights."""

import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from twins import EPS, Dense, X, dummy_twin

import panelvar as pv
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.moments import panel_moments

ESTIMATORS = {
    "pooled": pv.fit_pooled,
    "between": pv.fit_between,
    "difference": pv.fit_first_difference,
    "entity": partial(pv.fit_fixed_effects, effects="entity"),
    "time": partial(pv.fit_fixed_effects, effects="time"),
    "twoway": partial(pv.fit_fixed_effects, effects="twoway"),
    "random": pv.fit_random_effects,
}
NO_FACTOR = pv.Clustered("row", group_factor=False, dof_factor="none")


@st.composite
def frames(draw, islands=2, level=0.0):
    """A shuffled unbalanced panel: gaps, perhaps unconnected blocks and singletons; weights; a label for each row."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    parts = []
    for island in range(draw(st.integers(1, islands))):
        entities, periods = draw(st.integers(6, 9)), draw(st.integers(4, 7))
        present = rng.random((entities, periods)) < draw(st.sampled_from([0.6, 0.8, 1.0]))
        present[:, 0] |= ~present.any(axis=1)
        entity, year = np.nonzero(present)
        parts.append(pd.DataFrame({"entity": entity + 100 * island, "year": year + 2000 + 50 * island}))
    frame = pd.concat(parts, ignore_index=True)
    n = len(frame)
    effect = rng.standard_normal(400)[frame["entity"]]
    for name in X:
        frame[name] = rng.standard_normal(n) + 0.5 * effect + level
    frame["y"] = frame[X] @ [1.0, -0.5] + 2.0 * effect + rng.standard_normal(n)
    frame["w"] = rng.uniform(0.2, 4.0, n)
    frame["row"] = np.arange(n)
    return frame.iloc[rng.permutation(n)]


def fit(name, frame, **options):
    """The estimator on a frame; what it warns about does not matter here, too few rows drop the example."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        try:
            return ESTIMATORS[name](pv.Panel(frame, "entity", "year"), "y", X, **options)
        except pv.InsufficientDataError:
            assume(False)


def with_cov(result, cov):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return result.with_cov(cov)


def same(first, second, tolerance=1e-9):
    """Coefficients and standard errors agree; a coefficient is judged beside its standard error."""
    errors = second.std_errors.to_numpy()
    assert list(first.params.index) == list(second.params.index)
    np.testing.assert_array_less(np.abs(first.params - second.params), tolerance * (errors + np.abs(second.params)))
    np.testing.assert_allclose(first.std_errors, errors, rtol=tolerance)


@pytest.mark.parametrize("name", ESTIMATORS)
@given(frames())
@settings(max_examples=15)
def test_row_order_does_not_matter(name, frame):
    cov = pv.Clustered("entity") if name != "between" else "HC1"
    same(fit(name, frame, cov=cov), fit(name, frame.sort_values("row"), cov=cov))


@pytest.mark.parametrize("name", ESTIMATORS)
@given(frames())
@settings(max_examples=15)
def test_labels_do_not_matter(name, frame):
    """Entities renamed in another order, years as text."""
    cov = pv.Clustered("entity") if name != "between" else "HC1"
    renamed = frame.assign(entity=(frame["entity"] * 7919 % 1009).map("e{:04d}".format))
    if name != "difference":
        renamed["year"] = renamed["year"].map("y{}".format)
    ours, other = fit(name, frame, cov=cov), fit(name, renamed, cov=cov)
    same(ours, other)


@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("unit", [1e-9, 1e9])
@given(frames())
@settings(max_examples=10)
def test_units_change_nothing_but_units(name, unit, frame):
    cov = "classical" if name == "between" else "cluster"
    plain, scaled = fit(name, frame, cov=cov), fit(name, frame.assign(x1=frame["x1"] * unit), cov=cov)
    assert list(plain.params.index) == list(scaled.params.index)
    units = np.array([1.0 / unit if label == "x1" else 1.0 for label in plain.params.index])
    np.testing.assert_allclose(scaled.std_errors, plain.std_errors * units, rtol=1e-9)
    gap = np.abs(scaled.params - plain.params * units)
    np.testing.assert_array_less(gap, 1e-9 * (plain.std_errors + np.abs(plain.params)) * units)
    assert scaled.rss == pytest.approx(plain.rss, rel=1e-9)
    assert scaled.rsquared == pytest.approx(plain.rsquared, rel=1e-9)


@pytest.mark.parametrize("name", ["pooled", "difference", "entity", "time", "twoway", "random"])
@given(frames(), st.booleans())
@settings(max_examples=15)
def test_one_cluster_a_row_is_hc0(name, frame, weighted):
    options = {"weights": "w"} if weighted and name != "random" else {}
    result = fit(name, frame, **options)
    clustered, white = with_cov(result, NO_FACTOR), with_cov(result, "HC0")
    np.testing.assert_allclose(clustered.cov, white.cov, rtol=0, atol=1e-12 * np.abs(white.cov.to_numpy()).max())
    g = result.nobs
    stata = with_cov(result, pv.Clustered("row", group_factor=True, dof_factor="none"))
    np.testing.assert_allclose(stata.std_errors, np.sqrt(g / (g - 1)) * white.std_errors, rtol=1e-10)


@given(frames(islands=3), st.booleans())
def test_two_way_effects_equal_the_dummy_regression(frame, weighted):
    """Within 100 eps cond, on unbalanced, gappy and unconnected panels; standard errors included."""
    result = fit("twoway", frame, weights="w" if weighted else None)
    assume(list(result.params.index) == ["const", *X])
    twin = dummy_twin(frame, ["entity", "year"], frame["w"] if weighted else None)
    singular = np.linalg.svd(twin.z, compute_uv=False)
    condition = singular[0] / singular[twin.rank - 1]
    assert result.df_resid == twin.df
    # The dense twin's own rounding is of the same size: coefficients on the scale of the solution.
    size = np.linalg.norm(twin.target) / singular[twin.rank - 1]
    np.testing.assert_allclose(result.params, twin.params, rtol=0, atol=100 * EPS * condition * max(size, 1.0))
    np.testing.assert_allclose(result.std_errors, np.sqrt(np.diagonal(twin.classical())), rtol=100 * EPS * condition)


@pytest.mark.parametrize("name", ESTIMATORS)
@given(frames(islands=1))
@settings(max_examples=15)
def test_a_common_level_that_is_exactly_representable_changes_no_slope(name, frame):
    """2^20 added to every column; the level is common, so that estimators that use it keep their slopes too."""
    exact = frame.copy()
    exact[["y", *X]] = np.round(exact[["y", *X]] * 2.0**20) / 2.0**20
    lifted = exact.copy()
    lifted[["y", *X]] += 2.0**20
    assert (lifted[["y", *X]] - 2.0**20 == exact[["y", *X]]).all(axis=None)
    before, after = fit(name, exact), fit(name, lifted)
    slopes = [label for label in before.params.index if label != "const"]
    np.testing.assert_array_less(
        np.abs(after.params[slopes] - before.params[slopes]),
        1e-9 * (np.abs(before.params[slopes]) + before.std_errors[slopes]),
    )
    np.testing.assert_allclose(after.std_errors[slopes], before.std_errors[slopes], rtol=1e-9)


@pytest.mark.parametrize("name", ["entity", "twoway", "difference"])
@given(frames(islands=1), st.integers(0, 2**32))
@settings(max_examples=15)
def test_each_entity_may_have_a_level_of_its_own(name, frame, seed):
    """Multiples of 2^20 that differ by entity and column, where the effects absorb them."""
    exact = frame.copy()
    exact[["y", *X]] = np.round(exact[["y", *X]] * 2.0**20) / 2.0**20
    levels = np.random.default_rng(seed).integers(-8, 8, (400, 3)) * 2.0**20
    lifted = exact.copy()
    lifted[["y", *X]] += levels[frame["entity"]]
    before, after = fit(name, exact), fit(name, lifted)
    slopes = [label for label in before.params.index if label != "const"]
    np.testing.assert_array_less(
        np.abs(after.params[slopes] - before.params[slopes]),
        1e-9 * (np.abs(before.params[slopes]) + before.std_errors[slopes]),
    )
    np.testing.assert_allclose(after.std_errors[slopes], before.std_errors[slopes], rtol=1e-9)


@given(frames())
def test_random_effects_between_pooled_and_within(frame):
    """Theta 0 is pooled OLS, theta 1 the within regression: the triangle of the moments says both."""
    grouping = Grouping.from_codes(np.unique(frame["entity"], return_inverse=True)[1])
    columns = [frame[name].to_numpy() for name in [*X, "y"]]
    moments = panel_moments(columns, grouping)
    centre, _ = moments.centre(0.0)

    def slopes(triangle):
        return np.linalg.lstsq(triangle[:, :-1], triangle[:, -1], rcond=None)[0]

    pooled = fit("pooled", frame)
    np.testing.assert_allclose(slopes(moments.triangle(0.0, centre=centre)), pooled.params[X], rtol=1e-9)
    within = Dense(np.hstack([np.eye(grouping.n_groups)[grouping.codes], frame[X]]), columns[-1], np.eye(1))
    assume(within.rank == grouping.n_groups + 2)
    expected = within.coefficients[-2:]
    np.testing.assert_allclose(slopes(moments.triangle(1.0, centre=centre)), expected, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(slopes(moments.triangle(1.0, centre=None)), expected, rtol=1e-9, atol=1e-10)


@given(frames(), st.integers(0, 2**32), st.booleans())
def test_moments_merge_to_those_of_one_pass(frame, seed, weighted):
    """However the rows are split, entities that straddle the parts included."""
    codes = np.unique(frame["entity"], return_inverse=True)[1]
    groups = codes.max() + 1
    columns = [frame[name].to_numpy() for name in [*X, "y"]]
    weights = frame["w"].to_numpy() if weighted else None
    whole = panel_moments(columns, Grouping.from_codes(codes), weights)
    part = np.random.default_rng(seed).integers(0, 3, len(frame))
    merged = None
    for number in np.unique(part):
        rows = part == number
        there, local = np.unique(codes[rows], return_inverse=True)
        local_moments = panel_moments(
            [column[rows] for column in columns], Grouping.from_codes(local), None if weights is None else weights[rows]
        )
        counts, mass, means = np.zeros(groups), np.zeros(groups), np.zeros((groups, 3))
        counts[there], mass[there], means[there] = local_moments.counts, local_moments.weights, local_moments.means
        local_moments = local_moments._replace(counts=counts, weights=mass, means=means)
        merged = local_moments if merged is None else merged.merge(local_moments)
    np.testing.assert_array_equal(merged.counts, whole.counts)
    np.testing.assert_allclose(merged.weights, whole.weights, rtol=1e-13)
    np.testing.assert_allclose(merged.means, whole.means, atol=1e-12)
    gram = whole.r.T @ whole.r
    np.testing.assert_allclose(merged.r.T @ merged.r, gram, rtol=0, atol=1e-12 * np.abs(gram).max())


@given(frames(islands=1))
def test_theta_grows_with_the_number_of_rows_and_stays_in_the_unit_interval(frame):
    result = fit("random", frame)
    theta = result.variance_components.theta
    assert ((theta >= 0.0) & (theta < 1.0)).all()
    counts = frame.groupby("entity").size().to_numpy()
    order = np.argsort(counts, kind="stable")
    assert (np.diff(theta[order]) >= -1e-15).all()


@given(frames(islands=1))
def test_residuals_are_orthogonal_to_the_regressors_and_effects(frame):
    for name in ("pooled", "entity", "time", "twoway"):
        result = fit(name, frame, weights="w")
        rows = frame.loc[result.resids.index]
        weighted = result.resids * rows["w"]
        scale = float(np.abs(weighted).sum())
        for label in result.params.index.drop("const"):
            assert float(weighted @ rows[label]) == pytest.approx(0.0, abs=1e-10 * scale)
        if name != "pooled":
            for column in {"entity": ["entity"], "time": ["year"], "twoway": ["entity", "year"]}[name]:
                np.testing.assert_allclose(weighted.groupby(rows[column]).sum(), 0.0, atol=1e-10 * scale)
