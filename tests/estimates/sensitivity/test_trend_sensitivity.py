"""Sensitivity to trends: vertices by enumeration, programmes by SciPy, the shortest interval by search."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import linprog, minimize
from scipy.stats import foldnorm, truncnorm

import panelvar as pv
from panelvar.estimates.sensitivity.conditional_intervals import ConditionalTest, moments_of
from panelvar.estimates.sensitivity.fixed_length import _lasso_path, find_fixed_length, folded_quantile
from panelvar.estimates.sensitivity.trend_restrictions import RESTRICTIONS, bound_trends, difference_rows


def problem(seed: int, before: int, after: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimates, their covariance and the weights of an effect."""
    rng = np.random.default_rng(seed)
    size = before + after
    root = rng.normal(size=(size, size)) * 0.2 + np.eye(size)
    estimates = rng.normal(size=size) + np.where(np.arange(size) >= before, 2.0, 0.0)
    return estimates, root @ root.T * 0.05, rng.normal(size=after)


def inequalities(each: pv.trend_sensitivity, weights: np.ndarray):
    """A, d, the column of the effect and those of what else is free, of A delta <= d."""
    matrix = np.vstack([each.changes - each.limits, -each.changes - each.limits])
    constants = np.concatenate([each.constants, each.constants])
    after = len(weights)
    # A basis whose first coordinate is the effect.
    basis = np.vstack([weights, np.linalg.qr(weights[:, None], mode="complete")[0][:, 1:].T])
    turned = matrix[:, -after:] @ np.linalg.inv(basis)
    return matrix, constants, turned[:, 0], turned[:, 1:]


def rejected_slowly(values, moments_covariance, free, size, first=np.inf) -> bool:
    """The test by all basic solutions of the dual programme."""
    deviations = np.sqrt(np.diag(moments_covariance))
    columns = np.column_stack([deviations, free])
    vertices = []
    for chosen in combinations(range(len(values)), columns.shape[1]):
        square = columns[list(chosen)].T
        if abs(np.linalg.det(square)) > 1e-9:
            solution = np.linalg.solve(square, np.eye(columns.shape[1])[0])
            if (solution > -1e-12).all():
                vertex = np.zeros(len(values))
                vertex[list(chosen)] = np.maximum(solution, 0.0)
                vertices.append(vertex)
    best = max(vertices, key=lambda vertex: vertex @ values)
    statistic, variance = best @ values, best @ moments_covariance @ best
    if statistic > first:
        return True
    if variance < 1e-12:
        return bool(statistic > 0.0)
    pace = moments_covariance @ best / variance
    rest = values - pace * statistic
    low, high = -np.inf, first
    for vertex in vertices:
        slope, start = vertex @ pace, vertex @ rest
        if slope < 1.0 - 1e-8:
            low = max(low, start / (1.0 - slope))
        elif slope > 1.0 + 1e-8:
            high = min(high, start / (1.0 - slope))
    error = np.sqrt(variance)
    return bool(statistic > max(0.0, error * truncnorm.ppf(1.0 - size, low / error, high / error)))


@pytest.mark.parametrize("restriction", RESTRICTIONS)
@pytest.mark.parametrize("after", [1, 2, 3])
@pytest.mark.parametrize("hybrid", [False, True])
def test_the_test_by_all_vertices(restriction, after, hybrid):
    both = set()
    for seed in range(3):
        estimates, covariance, weights = problem(seed, 3, after)
        drawn = np.random.default_rng(1).multivariate_normal(np.zeros(len(estimates)), covariance, 500)
        for each in bound_trends(3, after, restriction, 0.4):
            test = ConditionalTest(
                moments_of(each, weights, covariance), estimates, covariance, 0.95, drawn if hybrid else None
            )
            matrix, constants, own, free = inequalities(each, weights)
            shaped, first, size = matrix @ covariance @ matrix.T, np.inf, 0.05
            if hybrid:
                size, deviations = 0.045 / 0.995, np.sqrt(np.diag(shaped))
                highest = [
                    linprog(-moment, A_eq=np.column_stack([deviations, free]).T, b_eq=np.eye(after)[0]).fun
                    for moment in drawn @ matrix.T
                ]
                first = np.quantile(-np.array(highest), 0.995)
                assert first == pytest.approx(test._first, rel=1e-9)
            centre = weights @ estimates[-after:]
            for value in centre + np.linspace(-4.0, 4.0, 25):
                slow = rejected_slowly(matrix @ estimates - constants - own * value, shaped, free, size, first)
                assert test.accept(np.array([value]))[0] == (not slow)
                both.add(slow)
            if hybrid:
                break
    assert both == {True, False}


@pytest.mark.parametrize("bound", [0.0, 0.02, 0.1, 0.6])
@pytest.mark.parametrize(("before", "after"), [(1, 1), (2, 3), (5, 4)])
def test_the_fixed_length_is_the_shortest(before, after, bound):
    estimates, covariance, weights = problem(before, before, after)
    found = find_fixed_length(estimates, covariance, weights, bound, 0.9)
    rows = difference_rows(before, after, 2)
    # The bias by a linear programme over all differences in trends within the bound.
    matrix = np.vstack([rows, -rows])
    most = linprog(-found.weights, A_ub=matrix, b_ub=np.full(len(matrix), bound), bounds=(None, None))
    assert -most.fun == pytest.approx(found.bias, rel=1e-7, abs=1e-9)
    error = np.sqrt(found.weights @ covariance @ found.weights)
    assert found.half_length == pytest.approx(error * foldnorm.ppf(0.9, found.bias / error), rel=1e-10)
    assert found.centre == pytest.approx(found.weights @ estimates)

    given = np.linalg.solve(rows[-after:, -after:].T, weights)

    def half(parts: np.ndarray) -> float:
        # What is free, as its positive and its negative part: smooth.
        positive, negative = np.split(parts, 2)
        combined = np.concatenate([positive - negative, given])
        spread = np.sqrt(combined @ rows @ covariance @ rows.T @ combined)
        return spread * folded_quantile(bound * (parts.sum() + np.abs(given).sum()) / spread, 0.9)

    if before > 1:
        start = np.full(2 * (before - 1), 0.1)
        searched = minimize(half, start, method="SLSQP", bounds=[(0.0, None)] * len(start), options={"ftol": 1e-14})
        assert found.half_length <= searched.fun * (1.0 + 1e-12)
        assert searched.fun == pytest.approx(found.half_length, rel=1e-6)


def test_the_path_satisfies_its_conditions():
    rng = np.random.default_rng(3)
    for size in (1, 2, 5, 9):
        root = rng.normal(size=(size, size)) + 0.3
        square, slope = root @ root.T + 0.05 * np.eye(size), rng.normal(size=size) * 3.0
        knots, path = _lasso_path(square, slope)
        assert knots[0] == 0.0
        np.testing.assert_allclose(path[0], -np.linalg.solve(square, slope), rtol=1e-8)
        for penalty in np.linspace(0.0, knots[-1], 41):
            chosen = np.array([np.interp(penalty, knots, each) for each in path.T])
            gradient = square @ chosen + slope
            assert np.abs(gradient).max() <= penalty + 1e-9
            moved = np.abs(chosen) > 1e-9
            np.testing.assert_allclose(gradient[moved], -penalty * np.sign(chosen[moved]), atol=1e-8)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
@pytest.mark.parametrize("mean", [0.0, 0.01, 1.0, 5.0, 80.0])
def test_the_folded_quantile(level, mean):
    assert folded_quantile(mean, level) == pytest.approx(foldnorm.ppf(level, mean), rel=1e-9)


@pytest.mark.parametrize(
    ("restriction", "method"),
    [(each, method) for each in RESTRICTIONS for method in ("conditional", "conditional-least-favorable")]
    + [("smoothness", "fixed-length")],
)
def test_breakdown_is_where_zero_comes_in(restriction, method):
    estimates, covariance, _ = problem(1, 3, 3)
    options = {"covariance": covariance, "n_before": 3, "restriction": restriction, "method": method}
    found = pv.trend_sensitivity(estimates, **options)
    assert 0.0 < found.breakdown < np.inf
    near = pv.trend_sensitivity(estimates, bounds=[0.999 * found.breakdown, 1.001 * found.breakdown], **options)
    outside, inside = near.limits
    assert outside[0] * outside[1] > 0.0
    assert inside[0] <= 0.0 <= inside[1]


def test_an_interval_far_from_the_estimate_is_found():
    """A steep line before the event: what it says of the effect lies thousands of errors from the estimate."""
    line = np.array([-3.0, -2.0, -1.0, 1.0, 2.0])
    options = {"covariance": 1e-6 * np.eye(5), "n_before": 3, "of": [0.0, 1.0], "restriction": "smoothness"}
    for method in ("conditional", "conditional-least-favorable", "fixed-length"):
        found = pv.trend_sensitivity(line, bounds=[0.0, 0.001], method=method, **options)
        assert (found.limits[:, 0] < 0.0).all()
        assert (found.limits[:, 1] > 0.0).all()
        assert np.abs(found.limits).max() < 0.02


def test_breakdown_does_not_depend_on_the_bounds_asked_for():
    estimates, covariance, _ = problem(1, 3, 3)
    for restriction in RESTRICTIONS:
        options = {"covariance": 1e-8 * covariance, "n_before": 3, "restriction": restriction}
        one, other = (pv.trend_sensitivity(1e-4 * estimates, bounds=each, **options) for each in ([0.0], None))
        assert 0.0 < one.breakdown < np.inf
        assert one.breakdown == pytest.approx(other.breakdown, rel=1e-5)


@pytest.mark.parametrize("restriction", RESTRICTIONS)
def test_units_and_signs(restriction):
    estimates, covariance, weights = problem(2, 3, 2)
    options = {"n_before": 3, "of": weights, "restriction": restriction, "method": "conditional"}
    one = pv.trend_sensitivity(estimates, covariance=covariance, bounds=[0.3], **options)
    unit = 1e-6
    scaled = pv.trend_sensitivity(
        -unit * estimates,
        covariance=unit**2 * covariance,
        bounds=[0.3 * (unit if restriction == "smoothness" else 1.0)],
        **options,
    )
    np.testing.assert_allclose(scaled.limits[0] / -unit, one.limits[0][::-1], rtol=1e-9)


def test_the_method_of_a_study_is_the_function_of_its_estimates():
    counties = pv.load_data("minimum_wage")
    study = pv.fit_callaway_santanna(counties, "lemp", cohort="first_treat").event_study(level=0.9)
    kept = ~study.references
    names = [name for name in study.names if name]
    found = study.sensitivity(of="average")
    other = pv.trend_sensitivity(
        study.estimates[kept],
        covariance=study.result.cov.loc[names, names],
        n_before=int(study.before.sum()) - 1,
        of="average",
        level=0.9,
    )
    np.testing.assert_allclose(found.limits, other.limits)
    assert found.effect == "average of periods 0 to 3"
    assert study.sensitivity(of=1).effect == "period 1"
    assert study.sensitivity().effect == "period 0"
    text = str(found)
    assert max(map(len, text.splitlines())) <= 80
    assert f"Breakdown: the effect differs from zero for bounds below {found.breakdown:.4f}" in text


def test_what_a_study_must_have():
    counties = pv.load_data("minimum_wage")
    with pytest.raises(pv.SpecificationError, match="one period between them; left out here: -4"):
        pv.fit_imputation(counties, "lemp", cohort="first_treat").event_study().sensitivity()
    with pytest.raises(pv.SpecificationError, match="Imputation and two stages measure effects before the event in an"):
        pv.fit_two_stage(counties, "lemp", cohort="first_treat").event_study().sensitivity()
    study = pv.fit_callaway_santanna(counties, "lemp", cohort="first_treat").event_study()
    with pytest.raises(pv.SpecificationError, match="of=9 must be 'average' or a period with an effect: 0, 1, 2, 3"):
        study.sensitivity(of=9)
    one = pv.fit_fixed_effects(
        counties.query("first_treat in (0, 2004)"), "lemp ~ i(year, treat, ref=2003)", effects="twoway"
    ).event_study(event=2004)
    with pytest.raises(pv.SpecificationError, match="one period between them; left out here: 2003"):
        one.sensitivity()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"n_before": 4}, "n_before"),
        ({"n_before": 0}, "n_before"),
        ({"of": "mean"}, "must be 'average' or weights"),
        ({"of": [1.0]}, "2 weights"),
        ({"of": [0.0, 0.0]}, "weights of zero"),
        ({"restriction": "flat"}, "restriction"),
        ({"method": "fixed-length"}, "is for restriction='smoothness'"),
        ({"bounds": [-1.0]}, "not negative"),
        ({"bounds": []}, "must be numbers"),
        ({"restriction": "smoothness", "n_before": 1, "of": None}, "Give bounds="),
        ({"restriction": "relative smoothness", "n_before": 1, "of": None}, "needs two periods"),
    ],
)
def test_misfits_are_refused(changes, says):
    options = {"covariance": np.eye(4), "n_before": 2} | changes
    with pytest.raises(pv.SpecificationError, match=says):
        pv.trend_sensitivity([0.1, 0.2, 1.0, 2.0], **options)


@pytest.mark.parametrize(
    ("estimates", "covariance", "says"),
    [
        ([0.1, 0.2, np.nan], np.eye(3), "finite"),
        ([0.1, 0.2, 0.3], np.eye(2), "shapes"),
        ([0.1, 0.2, 0.3], np.diag([1.0, -1.0, 1.0]), "positive semidefinite"),
        ([0.1, 0.2, 0.3], np.diag([1.0, 0.0, 1.0]), "variance of zero"),
        ([0.1, 0.2, 0.3], np.ones((3, 3)), "move together exactly"),
        (["a", "b"], np.eye(2), "arrays of numbers"),
    ],
)
def test_bad_estimates_are_refused(estimates, covariance, says):
    with pytest.raises(pv.DataError, match=says):
        pv.trend_sensitivity(estimates, covariance=covariance, n_before=1)
