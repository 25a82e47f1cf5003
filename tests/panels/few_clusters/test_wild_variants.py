"""Several dimensions, subclusters, jackknife variants and tails of the wild bootstrap, by refits of drawn samples."""

import itertools

import numpy as np
import pytest
from streams import stream
from twins import X, dummy_twin, gappy_frame, pooled_twin

import panelvar as pv
from panelvar.estimates.fit.presets import as_convention
from panelvar.panels.few_clusters import wild_cluster as kernel

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
EACH = as_convention("default").but(multiway_factor="each", repair_multiway=False)
VALUE = 0.3
EFFECTS = {"entity": ["entity"], "time": ["year"], "twoway": ["entity", "year"]}


def fitted(frame, model, **options):
    panel = pv.Panel(frame, "entity", "year")
    if model == "pooled":
        return pv.fit_pooled(panel, "y", X, **options)
    return pv.fit_fixed_effects(panel, "y", X, effects=model, **options)


def joined(frame, names):
    return frame[list(names)].astype(str).agg("|".join, axis=1).to_numpy()


class Slow:
    """Draw residuals, refit, and take covariances apart cluster by cluster; R picks slopes."""

    def __init__(self, frame, model, dimensions, *, restrict=("x1",), weights=None, impose_null=True, variant="11"):
        given = None if weights is None else frame[weights]
        twin = pooled_twin(frame, weights=given) if model == "pooled" else dummy_twin(frame, EFFECTS[model], given)
        self.z, self.y, self.variant = twin.z, twin.target, variant
        self.inverse = twin.inverse
        self.restriction = np.array([np.eye(3)[1 + X.index(name)] for name in restrict]) @ twin.report
        self.frame, self.dimensions = frame, dimensions
        self.value = np.full(len(restrict), VALUE)
        self.imposed = impose_null
        self.beta = self.coefficients(np.ones(len(frame), dtype=bool))

    def coefficients(self, rows, y=None, restricted=None):
        """Least squares on some rows, with R b = value if restricted."""
        z, y = self.z[rows], (self.y if y is None else y)[rows]
        inverse = np.linalg.pinv(z.T @ z, rcond=1e-11, hermitian=True)
        b = inverse @ z.T @ y
        if self.imposed if restricted is None else restricted:
            r = self.restriction
            b = b - inverse @ r.T @ np.linalg.solve(r @ inverse @ r.T, r @ b - self.value)
        return b

    def covariance(self, y, factors):
        everything = np.ones(len(y), dtype=bool)
        b = self.coefficients(everything, y, restricted=False)
        if self.variant[1] == "3":
            labels = joined(self.frame, self.dimensions)
            gaps = [
                self.restriction @ (self.coefficients(labels != g, y, restricted=False) - b) for g in np.unique(labels)
            ]
            return np.array(gaps).T @ np.array(gaps)
        residuals = y - self.z @ b
        influence = self.restriction @ self.inverse
        total = np.zeros((len(self.value),) * 2)
        subsets = [s for k in (1, 2) for s in itertools.combinations(self.dimensions, k)]
        for subset, factor in zip(subsets, factors, strict=True):
            labels = joined(self.frame, subset)
            moves = np.array([influence[:, labels == g] @ residuals[labels == g] for g in np.unique(labels)])
            total += (-1) ** (len(subset) - 1) * factor * moves.T @ moves
        return total

    def statistic(self, y, centre, factors):
        """t of one restriction, the Wald statistic of several; NaN where the covariance is not positive."""
        matrix = self.covariance(y, factors)
        distance = self.restriction @ self.coefficients(np.ones(len(y), dtype=bool), y, restricted=False) - centre
        if np.linalg.eigvalsh(matrix)[0] <= 0.0:
            return np.nan
        return distance[0] / np.sqrt(matrix[0, 0]) if len(centre) == 1 else distance @ np.linalg.solve(matrix, distance)

    def draws(self, labels, signs, factors):
        """Statistic of the sample, and of every draw whose signs (by sorted label) are given."""
        names, position = np.unique(labels, return_inverse=True)
        residuals = self.y - self.z @ self.beta
        if self.variant[0] == "3":
            for g in names:
                rows = labels == g
                residuals[rows] = self.y[rows] - self.z[rows] @ self.coefficients(~rows)
        centre = self.restriction @ self.beta
        found = [
            self.statistic(self.z @ self.beta + residuals * v[position], centre, factors) for v in np.asarray(signs)
        ]
        return self.statistic(self.y, self.value, factors), np.array(found)


def all_signs(count):
    return [(1.0, *rest) for rest in itertools.product((1.0, -1.0), repeat=count - 1)]


def share(draws, statistic, alternative="two-sided"):
    """The p-value, ties counted; enumerated patterns stand for their negatives too."""
    draws = draws[~np.isnan(draws)]
    slack = 1e-7 * abs(statistic)
    if alternative == "two-sided":
        return np.mean(np.abs(draws) >= abs(statistic) - slack)
    both = np.concatenate((draws, -draws))
    upper, lower = np.mean(both >= statistic - slack), np.mean(both <= statistic + slack)
    return {"greater": upper, "less": lower, "equal-tailed": min(1.0, 2 * min(upper, lower))}[alternative]


@pytest.mark.parametrize("impose_null", [True, False])
@pytest.mark.parametrize("variant", ["11", "13", "31", "33"])
@pytest.mark.parametrize(("model", "by"), [("pooled", "batch"), ("entity", "entity"), ("twoway", "entity")])
def test_variants_leave_clusters_out_by_refitting(model, by, variant, impose_null):
    frame = gappy_frame(seed=5, entities=7, periods=6)
    result = fitted(frame, model)
    slow = Slow(frame, model, [by], impose_null=impose_null, variant=variant)
    statistic, draws = slow.draws(joined(frame, [by]), all_signs(frame[by].nunique()), [1.0])
    cov = pv.BiasReduced(by, kind="CR3", df="groups") if variant[1] == "3" else pv.Clustered(by)
    factor = result.with_cov(cov).covariance.factor
    for alternative in ("two-sided", "equal-tailed", "greater", "less"):
        found = pv.wild_bootstrap_test(
            result, f"x1 = {VALUE}", cluster=by, statistic=variant, impose_null=impose_null, alternative=alternative
        )
        assert found.statistic == pytest.approx(statistic / np.sqrt(factor), rel=1e-7)
        assert found.pvalue == pytest.approx(share(draws, statistic, alternative), abs=1e-12)


@pytest.mark.parametrize("restrict", [("x1",), ("x1", "x2")])
@pytest.mark.parametrize(
    ("drawn", "weights", "impose_null"), [("batch", "w", True), ("region", None, False), ("entity", None, True)]
)
@pytest.mark.parametrize("model", ["pooled", "entity", "time", "twoway"])
def test_two_dimensions_and_signs_of_any(model, drawn, weights, impose_null, restrict, monkeypatch):
    """Signs of a dimension, or of clusters finer than one: quadratic forms, cluster by cluster, by projections."""
    frame = gappy_frame(seed=5, entities=8, periods=6)
    result = fitted(frame, model, weights=weights, convention=EACH)
    options = {"bootstrap_cluster": drawn, "impose_null": impose_null, "draws": 31, "weights": "webb", "seed": 2}
    equations = [f"{name} = {VALUE}" for name in restrict]
    common = result.with_cov(pv.Clustered("batch", "region")).covariance.factor * 4 / 5
    groups = (5, 3, len(np.unique(joined(frame, ["batch", "region"]))))
    factors = [common * g / (g - 1) for g in groups]
    labels = list(result.fit.design.labels_of(drawn))
    _, _, chunks = kernel.signs("webb", len(labels), 31, stream(2))
    signs = np.concatenate(list(chunks), axis=1)[[labels.index(one) for one in np.unique(frame[drawn])]].T
    slow = Slow(frame, model, ["batch", "region"], restrict=restrict, weights=weights, impose_null=impose_null)
    statistic, draws = slow.draws(frame[drawn].to_numpy(), signs, factors)
    if np.isnan(statistic):
        with pytest.raises(pv.NumericalError, match="not positive"):
            pv.wild_bootstrap_test(result, equations, cluster=["batch", "region"], **options)
        return
    for few, levels in ((0, 1000), (300, 1000), (300, -1)):
        monkeypatch.setattr(kernel, "FEW", few)
        monkeypatch.setattr("panelvar.panels.few_clusters.crossed_levels.MOST_LEVELS", levels)
        monkeypatch.setattr("panelvar.estimates.covariance.crossing_basis.LEVEL_LIMIT", levels)
        found = pv.wild_bootstrap_test(result, equations, cluster=["batch", "region"], **options)
        assert found.statistic == pytest.approx(statistic / len(restrict), rel=1e-7)
        assert found.infeasible == np.isnan(draws).sum()
        # The sample counts as one more draw.
        assert found.pvalue == pytest.approx(share(np.append(draws, statistic), statistic))


def test_signs_of_the_intersection_and_of_rows():
    frame = gappy_frame(seed=5, entities=8, periods=6).assign(row=lambda f: np.arange(len(f)))
    result = fitted(frame, "twoway")
    both = pv.wild_bootstrap_test(
        result, "x1", cluster=["entity", "time"], bootstrap_cluster="intersection", draws=49, seed=1
    )
    rows = pv.wild_bootstrap_test(result, "x1", cluster=["entity", "time"], bootstrap_cluster="row", draws=49, seed=1)
    assert (both.clusters, rows.clusters) == (len(frame),) * 2
    assert both.statistic == pytest.approx(rows.statistic)
    # The default draws by the dimension with the fewest clusters.
    few = pv.wild_bootstrap_test(result, "x1", cluster=["entity", "time"], seed=1)
    assert few.clusters == 6
    assert "6 clusters by year, errors by entity and year" in few.name
    one = pv.wild_bootstrap_test(result, "x1", cluster=["time"], seed=1)
    assert one.pvalue == pv.wild_bootstrap_test(result, "x1", cluster="time").pvalue


@pytest.mark.parametrize("alternative", ["two-sided", "equal-tailed", "greater", "less"])
@pytest.mark.parametrize("cluster", ["entity", ["entity", "region"]])
def test_confidence_sets_are_the_values_that_are_not_rejected(cluster, alternative):
    frame = gappy_frame(seed=5, entities=11, periods=6)
    result = fitted(frame, "pooled")
    options = {"cluster": cluster, "seed": 1, "draws": 199, "alternative": alternative, "bootstrap_cluster": "entity"}
    found = pv.wild_bootstrap_test(result, "x1", level=0.9, **options)
    assert (found.lower, found.upper) == (found.confidence_set[0][0], found.confidence_set[-1][1])
    error = result.with_cov("cluster").std_errors["x1"]
    ends = sorted(end for piece in found.confidence_set for end in piece if np.isfinite(end))
    edges = [ends[0] - 5 * error, *ends, ends[-1] + 5 * error]
    for low, high in itertools.pairwise(edges):
        for value in np.linspace(low, high, 9)[1:-1].tolist():
            inside = any(piece[0] < value < piece[1] for piece in found.confidence_set)
            assert (pv.wild_bootstrap_test(result, f"x1 = {value!r}", **options).pvalue > 0.1) == inside
    one_sided = {"greater": (True, False), "less": (False, True)}.get(alternative, (True, True))
    assert (np.isfinite(found.lower), np.isfinite(found.upper)) == one_sided


def test_a_set_of_several_intervals_is_found_and_announced():
    result = fitted(gappy_frame(seed=18, entities=6, periods=6), "pooled")
    with pytest.warns(pv.PanelVarWarning, match="3 intervals"):
        found = pv.wild_bootstrap_test(result, "x1", level=0.9)
    assert len(found.confidence_set) == 3
    assert " or " in str(found)
    for (_, left), (right, _) in itertools.pairwise(found.confidence_set):
        for value, inside in ((left - 1e-6, True), (left + 1e-6, False), (right - 1e-6, False), (right + 1e-6, True)):
            assert (pv.wild_bootstrap_test(result, f"x1 = {value!r}").pvalue > 0.1) == inside


@pytest.mark.parametrize("kind", ["normal", "gamma"])
def test_continuous_weights_have_mean_zero_and_variance_one(kind):
    _, _, chunks = kernel.signs(kind, 40, 20_000, np.random.default_rng(1))
    values = np.concatenate(list(chunks), axis=1)
    assert abs(values.mean()) < 5 / np.sqrt(values.size)
    assert abs(np.square(values).mean() - 1.0) < 0.01
    assert (values**3).mean() == pytest.approx({"normal": 0.0, "gamma": 1.0}[kind], abs=0.03)


def test_what_is_refused():
    frame = gappy_frame(seed=5, entities=9, periods=6).assign(all=1)
    result = fitted(frame, "twoway")
    for options, message in (
        ({"statistic": "21"}, "statistic='21'"),
        ({"alternative": "two-tailed"}, "alternative='two-tailed'"),
        ({"statistic": "31", "cluster": ["entity", "batch"]}, "each cluster of the one dimension"),
        ({"statistic": "33", "bootstrap_cluster": "batch"}, "each cluster of the one dimension"),
        ({"statistic": "31", "cluster": "batch"}, "effects that are nested in the clusters"),
    ):
        with pytest.raises(pv.SpecificationError, match=message):
            pv.wild_bootstrap_test(result, "x1", **options)
    with pytest.raises(pv.SpecificationError, match="has no sign"):
        pv.wild_bootstrap_test(result, X, alternative="greater")
    with pytest.raises(pv.InsufficientDataError, match="at least two clusters"):
        pv.wild_bootstrap_test(result, "x1", bootstrap_cluster="all")


def test_few_clusters_of_the_errors_are_not_helped_by_finer_signs():
    result = fitted(gappy_frame(seed=5, entities=12, periods=6), "pooled")
    with pytest.warns(pv.PanelVarWarning, match="3 clusters are too few to estimate a variance"):
        pv.wild_bootstrap_test(result, "x1", cluster="region", bootstrap_cluster="entity", draws=99, seed=1)


def test_order_labels_and_units_of_the_rows_do_not_matter():
    frame = gappy_frame(seed=5, entities=8, periods=6)
    options = {"cluster": ["batch", "region"], "bootstrap_cluster": "entity", "impose_null": True}
    plain = pv.wild_bootstrap_test(fitted(frame, "twoway"), "x1", **options)
    moved = frame.sample(frac=1.0, random_state=7).assign(
        x1=lambda f: 1e5 * f["x1"], batch=lambda f: "b" + f["batch"].astype(str), y=lambda f: -f["y"]
    )
    other = pv.wild_bootstrap_test(fitted(moved, "twoway"), "x1", **options)
    assert other.pvalue == plain.pvalue
    np.testing.assert_allclose(
        [-1e5 * end for piece in other.confidence_set[::-1] for end in piece[::-1]],
        [end for piece in plain.confidence_set for end in piece],
        rtol=1e-7,
    )


def test_one_treated_cluster_is_beyond_either_bootstrap():
    """What the guide warns of: a true null is not rejected with the null imposed, and far too often without."""
    rng = np.random.default_rng(3)
    clusters, periods = (each.ravel() for each in np.indices((14, 10)))
    fits = []
    for _ in range(20):
        y = (0.5 * rng.standard_normal((14, 1)) + rng.standard_normal((14, 10))).ravel()
        data = {"g": clusters, "t": periods, "y": y, "d": (clusters == 0) * 1.0}
        fits.append(pv.fit_pooled(pv.Panel(data, "g", "t"), "y ~ d"))
    options = {"cluster": "g", "draws": 99, "seed": 1}
    free = np.array([pv.wild_bootstrap_test(fit, "d", impose_null=False, **options).pvalue < 0.05 for fit in fits])
    assert free.sum() >= 6
    assert all(pv.wild_bootstrap_test(fits[at], "d", **options).pvalue > 0.05 for at in np.flatnonzero(free)[:1])
