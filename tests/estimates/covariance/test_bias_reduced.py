"""CR0 to CR3 and their degrees of freedom, against explicit matrices and refits without a cluster."""

import warnings

import numpy as np
import pandas as pd
import pytest
from parity import clubsandwich_cases as clubsandwich
from reference_data import table
from scipy import stats
from twins import Dense, X, assert_matrix, dummy_twin, gappy_frame, indicator, pooled_twin

import panelvar as pv
from panelvar.estimates.fit.presets import as_convention

pytestmark = pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
POWERS = {"CR0": 0.0, "CR2": -0.5, "CR3": -1.0}


def root(matrix, power):
    """Symmetric power on the range, by eigenvectors."""
    values, vectors = np.linalg.eigh(matrix)
    good = values > 1e-9
    return (vectors[:, good] * values[good] ** power) @ vectors[:, good].T


class Twin:
    """Everything with n x n matrices: the whole hat matrix, dummies included."""

    def __init__(self, dense, clusters, kind):
        z = dense.z
        self.n = len(z)
        self.annihilator = np.eye(self.n) - z @ dense.inverse
        self.groups = [np.asarray(clusters) == label for label in pd.unique(np.asarray(clusters))]
        self.directions = []
        for rows in self.groups:
            a = np.zeros((self.n, len(dense.report)))
            block = self.annihilator[np.ix_(rows, rows)]
            adjustment = np.eye(rows.sum()) if kind == "CR0" else root(block, POWERS[kind])
            a[rows] = adjustment @ dense.influence[:, rows].T
            self.directions.append(a)
        moves = np.array([a.T @ dense.residuals for a in self.directions])
        self.cov = moves.T @ moves

    def df(self, contrast):
        """Satterthwaite, from the G x G covariance of the clusters' contributions."""
        a = np.array([direction @ contrast for direction in self.directions])
        p = a @ self.annihilator @ a.T
        return np.trace(p) ** 2 / np.square(p).sum()

    def eta(self, contrasts):
        """HTZ's eta, entry by entry: var(V_st) of quadratic forms in Gaussian errors is 2 tr(B S B S)."""
        a = [direction @ contrasts for direction in self.directions]
        mean = sum(one.T @ self.annihilator @ one for one in a)
        inverse = np.linalg.inv(np.linalg.cholesky(mean)).T
        a = [one @ inverse for one in a]
        r = contrasts.shape[1]
        total = 0.0
        for s in range(r):
            for t in range(r):
                form = sum(np.outer(one[:, s], one[:, t]) for one in a)
                form = 0.5 * (form + form.T)
                middle = self.annihilator @ form
                total += 2.0 * np.trace(middle @ middle)
        return r * (r + 1) / total


def results(frame, model, cov, weights=None):
    panel = pv.Panel(frame, "entity", "year")
    if model == "pooled":
        return pv.fit_pooled(panel, "y", X, cov=cov, weights=weights)
    return pv.fit_fixed_effects(panel, "y", X, effects=model, cov=cov, weights=weights)


def twin_of(frame, model, weights=None):
    weights = None if weights is None else frame[weights]
    if model == "pooled":
        return pooled_twin(frame, weights=weights)
    effects = {"entity": ["entity"], "time": ["year"], "twoway": ["entity", "year"]}[model]
    return dummy_twin(frame, effects, weights)


@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("kind", ["CR0", "CR2", "CR3"])
@pytest.mark.parametrize("by", ["entity", "year", "region", "batch"])
@pytest.mark.parametrize("model", ["pooled", "entity", "time", "twoway"])
def test_covariance_degrees_of_freedom_and_eta(model, by, kind, weights):
    frame = gappy_frame(seed=4, entities=8, periods=6)
    result = results(frame, model, pv.BiasReduced(by, kind=kind), weights)
    twin = Twin(twin_of(frame, model, weights), frame[by], kind)
    assert_matrix(result.cov.loc[X, X], twin.cov[1:, 1:], 1e-8)
    np.testing.assert_allclose(result.df_coefficients[X], [twin.df(unit) for unit in np.eye(3)[1:]], rtol=1e-7)
    pair = np.eye(3)[:, 1:]
    assert result.covariance.degrees(pair) == pytest.approx(twin.eta(pair), rel=1e-6)
    if model == "pooled":
        assert_matrix(result.cov, twin.cov, 1e-8)
        assert result.df_coefficients["const"] == pytest.approx(twin.df(np.eye(3)[0]), rel=1e-7)


@pytest.mark.parametrize("by", ["year", "batch"])
def test_the_constant_of_crossing_effects_has_its_errors_too(by):
    frame = gappy_frame(seed=4, entities=8, periods=6)
    result = results(frame, "entity", pv.BiasReduced(by))
    assert_matrix(result.cov, Twin(twin_of(frame, "entity"), frame[by], "CR2").cov, 1e-8)


@pytest.mark.parametrize("model", ["pooled", "entity", "time", "twoway"])
@pytest.mark.parametrize("by", ["entity", "year", "batch"])
def test_cr3_is_the_jackknife_that_refits_without_each_cluster(model, by):
    frame = gappy_frame(seed=6, entities=8, periods=6, kept=0.9)
    full = results(frame, model, pv.BiasReduced(by, kind="CR3"))
    left = np.array([results(frame[frame[by] != label], model, "classical").params[X] for label in frame[by].unique()])
    gaps = left - full.params[X].to_numpy()
    assert_matrix(full.cov.loc[X, X], gaps.T @ gaps, 1e-8)
    groups = len(left)
    centred = left - left.mean(axis=0)
    jackknife = full.with_cov(pv.BiasReduced(by, kind="CR3J"))
    assert_matrix(jackknife.cov.loc[X, X], (groups - 1) / groups * centred.T @ centred, 1e-8)
    assert jackknife.df_inference == groups - 1
    scaled = full.with_cov(pv.BiasReduced(by, kind="CR3", factor="(G-1)/G"))
    assert_matrix(scaled.cov, (groups - 1) / groups * full.cov.to_numpy())


@pytest.mark.parametrize("by", ["year", "block"])
def test_refits_settle_where_clubsandwich_inverts_singular_blocks(by):
    """Its CR3 of the file's regression with dummies is decided by rounding: state and year effects, gaps."""
    full = clubsandwich.fit("fatalities", "twoway_effects")
    y, x, entity, time, _ = clubsandwich.MODELS["fatalities"]
    rows = clubsandwich.frame("fatalities")
    left = [
        pv.fit_fixed_effects(pv.Panel(rows[rows[by] != label], entity, time), y, x, effects="twoway").params[x]
        for label in rows[by].unique()
    ]
    gaps = np.array(left) - full.params[x].to_numpy()
    assert_matrix(full.with_cov(pv.BiasReduced(by, kind="CR3")).cov.loc[x, x], gaps.T @ gaps, 1e-8)


@pytest.mark.parametrize("model", ["pooled", "entity", "twoway"])
def test_cr2_is_unbiased_when_errors_are_independent(model):
    """The expectation over all errors of unit variance, taken exactly: E(a'ee'a) = a'(I - H)a."""
    frame = gappy_frame(seed=4, entities=8, periods=6)
    dense = twin_of(frame, model)
    twin = Twin(dense, frame["entity"], "CR2")
    mean = sum(a.T @ twin.annihilator @ a for a in twin.directions)
    assert_matrix(mean[1:, 1:], (dense.influence @ dense.influence.T)[1:, 1:], 1e-9)
    degrees = results(frame, model, pv.BiasReduced("entity")).covariance.degrees
    assert_matrix(degrees.adjusted.expected[1:, 1:], mean[1:, 1:], 1e-8)


def test_random_effects_in_transformed_rows_or_with_the_root_of_the_original_block():
    frame = gappy_frame(seed=2, entities=14, periods=9, shuffled=False)
    panel = pv.Panel(frame, "entity", "year")
    design = np.column_stack((np.ones(len(frame)), frame[X]))
    same = frame["entity"].to_numpy()[:, None] == frame["entity"].to_numpy()
    for convention in ("default", as_convention("default").but(bias_reduced_root="original")):
        result = pv.fit_random_effects(panel, "y", X, cov=pv.BiasReduced("region"), convention=convention)
        parts = result.variance_components
        phi = parts.idiosyncratic * np.eye(len(frame)) + parts.effect * same
        precision = np.linalg.inv(phi)
        bread = np.linalg.inv(design.T @ precision @ design)
        residuals = frame["y"] - design @ result.params
        moves = []
        for label in frame["region"].unique():
            g = (frame["region"] == label).to_numpy()
            block, x = phi[np.ix_(g, g)], design[g]
            half = root(block, 0.5)
            left = block - x @ bread @ x.T
            if convention == "default":
                middle = half @ root(np.linalg.inv(half) @ left @ np.linalg.inv(half), -0.5) @ np.linalg.inv(half)
            else:
                middle = half @ root(half @ left @ half, -0.5) @ half
            moves.append(bread @ x.T @ np.linalg.inv(block) @ middle @ residuals[g])
        moves = np.array(moves)
        assert_matrix(result.cov, moves.T @ moves, 1e-8)


def test_series_and_eigenvectors_agree():
    """Many small clusters take the power series, few large ones the eigenvectors."""
    frame = gappy_frame(seed=3, entities=150, periods=9)
    for kind in ("CR2", "CR3"):
        result = results(frame, "pooled", pv.BiasReduced("entity", kind=kind))
        twin = Twin(pooled_twin(frame), frame["entity"], kind)
        assert_matrix(result.cov, twin.cov, 1e-10)
        np.testing.assert_allclose(result.df_coefficients, [twin.df(unit) for unit in np.eye(3)], rtol=1e-8)


@pytest.mark.parametrize("by", ["entity", "batch"])
@pytest.mark.parametrize("limits", [{"SMALL_BASIS": 0}, {"BATCH_ROWS": 1}, {"BATCH_ROWS": 7}, {"DENSE_ROWS": 0}])
def test_gram_matrices_rows_and_batches_agree(limits, by, monkeypatch):
    frame = gappy_frame(seed=4, entities=8, periods=6)
    usual = results(frame, "twoway", pv.BiasReduced(by), "w")
    for name, value in limits.items():
        module = {"SMALL_BASIS": "crossing_basis", "DENSE_ROWS": "local_blocks"}.get(name, "cluster_basis")
        monkeypatch.setattr(f"panelvar.estimates.covariance.{module}.{name}", value)
    other = results(frame, "twoway", pv.BiasReduced(by), "w")
    assert_matrix(other.cov, usual.cov.to_numpy(), 1e-10)
    np.testing.assert_allclose(other.df_coefficients, usual.df_coefficients, rtol=1e-9)


def test_order_labels_and_units_of_the_rows_do_not_matter():
    frame = gappy_frame(seed=4, entities=8, periods=6)
    plain = results(frame, "twoway", pv.BiasReduced("batch"))
    moved = frame.sample(frac=1.0, random_state=3).assign(x1=lambda f: 1e6 * f["x1"], batch=lambda f: -3 * f["batch"])
    other = results(moved, "twoway", pv.BiasReduced("batch"))
    np.testing.assert_allclose(other.df_coefficients, plain.df_coefficients, rtol=1e-8)
    np.testing.assert_allclose(other.std_errors[X], plain.std_errors[X] * [1e-6, 1.0], rtol=1e-9)


def test_one_cluster_a_row_is_hc2_and_hc3():
    frame = gappy_frame().assign(row=lambda f: np.arange(len(f)))
    for kind in ("2", "3"):
        result = results(frame, "pooled", pv.BiasReduced("row", kind=f"CR{kind}"))
        assert_matrix(result.cov, result.with_cov(f"HC{kind}").cov.to_numpy())


def test_a_coefficient_that_one_cluster_alone_identifies_is_announced():
    frame = gappy_frame(seed=4, entities=8, periods=6)
    frame["x2"] = np.where(frame["number"] == 0, frame["x2"], 0.0)
    with pytest.warns(pv.PanelVarWarning, match="alone identif"):
        result = results(frame, "pooled", pv.BiasReduced("entity"))
    twin = Twin(pooled_twin(frame), frame["entity"], "CR2")
    assert_matrix(result.cov.loc[["const", "x1"], ["const", "x1"]], twin.cov[:2, :2], 1e-7)
    assert np.isfinite(result.cov.to_numpy()).all()


# ---- what is made of the degrees of freedom


def test_p_values_intervals_and_combinations_use_their_own_degrees():
    frame = gappy_frame(seed=4, entities=8, periods=6)
    result = results(frame, "entity", pv.BiasReduced("entity"))
    df = result.df_coefficients
    np.testing.assert_allclose(result.pvalues, 2 * stats.t.sf(np.abs(result.tstats), df), rtol=1e-12)
    half = stats.t.ppf(0.95, df) * result.std_errors
    np.testing.assert_allclose(result.conf_int(level=0.9)["upper"], result.params + half, rtol=1e-12)
    assert result.df_inference == df.min()
    twin = Twin(twin_of(frame, "entity"), frame["entity"], "CR2")
    combination = result.lincom("x1 - 2*x2")
    assert combination.df == pytest.approx(twin.df(np.array([0.0, 1.0, -2.0])), rel=1e-7)
    single = result.wald_test("x1 = 2*x2")
    assert single.df_denominator == pytest.approx(combination.df, rel=1e-10)
    assert single.pvalue == pytest.approx(combination.pvalue, rel=1e-9)
    joint = result.wald_test(X)
    eta = twin.eta(np.eye(3)[:, 1:])
    b, v = result.params[X], result.cov.loc[X, X]
    assert joint.statistic == pytest.approx((eta - 1) / (eta * 2) * b @ np.linalg.solve(v, b), rel=1e-6)
    assert joint.df_denominator == pytest.approx(eta - 1, rel=1e-6)
    assert "Satterthwaite" in str(result)


def test_a_joint_test_without_degrees_of_freedom_says_so():
    frame = gappy_frame(seed=4, entities=4, periods=6)
    frame["x3"] = (frame["number"] == 0) + 0.01 * frame["x1"] ** 2
    result = pv.fit_pooled(pv.Panel(frame, "entity", "year"), "y", [*X, "x3"], cov=pv.BiasReduced("entity"))
    test = result.wald_test([*X, "x3"])
    assert np.isnan(test.pvalue)
    assert "too few for 3 restrictions" in test.notes[-1].text


def test_factors_by_name():
    frame = gappy_frame(seed=4, entities=8, periods=6)
    base = results(frame, "pooled", pv.BiasReduced("entity", kind="CR0"))
    n, g, p = len(frame), 8, 3
    for kind, factor in {
        "CR1": g / (g - 1),
        "CR1p": g / (g - p),
        "CR1S": g / (g - 1) * (n - 1) / (n - p),
    }.items():
        other = base.with_cov(pv.BiasReduced("entity", kind=kind))
        np.testing.assert_allclose(other.cov, factor * base.cov, rtol=1e-12)
        np.testing.assert_allclose(other.df_coefficients, base.df_coefficients, rtol=1e-12)
    clustered = base.with_cov("cluster").covariance.factor
    cr3 = base.with_cov(pv.BiasReduced("entity", kind="CR3"))
    scaled = base.with_cov(pv.BiasReduced("entity", kind="CR3", factor="clustered", df="groups"))
    np.testing.assert_allclose(scaled.cov, clustered * cr3.cov, rtol=1e-12)
    assert (scaled.df_inference, scaled.covariance.degrees) == (g - 1, None)


def test_several_dimensions_add_and_subtract():
    frame = gappy_frame(seed=4, entities=12, periods=8)
    frame["both"] = frame["region"] + frame["batch"].astype(str)
    bare = as_convention("default").but(repair_multiway=False)
    panel = pv.Panel(frame, "entity", "year")
    result = pv.fit_pooled(panel, "y", X, cov=pv.BiasReduced("region", "batch"), convention=bare)
    parts = [result.with_cov(pv.BiasReduced(by)).cov for by in ("region", "batch", "both")]
    np.testing.assert_allclose(result.cov, parts[0] + parts[1] - parts[2], atol=1e-12)
    assert result.df_inference == 2


@pytest.mark.parametrize("effects", ["entity", "twoway"])
def test_unadjusted_clusters_of_several_dimensions_are_clustered_errors(effects):
    """CR0 is `Clustered` without factors, also where absorbed effects leave the constant's own block negative."""
    bare = {"group_factor": False, "dof_factor": "none"}
    for seed in range(12):
        frame = gappy_frame(seed=seed, entities=12, periods=8)
        result = pv.fit_fixed_effects(pv.Panel(frame, "entity", "year"), "y", X, effects=effects)
        clustered = result.with_cov(pv.Clustered("entity", "time", **bare))
        unadjusted = result.with_cov(pv.BiasReduced("entity", "time", kind="CR0"))
        assert_matrix(unadjusted.cov, clustered.cov.to_numpy(), 1e-8)
        codes = [
            [note.code for note in each.covariance.notes if note.code == "covariance-repaired"]
            for each in (clustered, unadjusted)
        ]
        assert codes[0] == codes[1]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "CR4"}, "kind='CR4'"),
        ({"factor": "half"}, "factor='half'"),
        ({"df": "normal"}, "df='normal'"),
        ({"kind": "CR1", "factor": "none"}, "has its own factor"),
    ],
)
def test_what_is_refused(options, message):
    with pytest.raises(pv.SpecificationError, match=message):
        pv.BiasReduced("entity", **options)


def test_what_a_fit_makes_impossible():
    frame = gappy_frame(seed=4, entities=8, periods=6).assign(all=1)
    with pytest.raises(pv.InsufficientDataError, match="at least two clusters"):
        results(frame, "pooled", pv.BiasReduced("all"))
    with pytest.raises(pv.InsufficientDataError, match="more clusters than coefficients"):
        results(frame, "pooled", pv.BiasReduced("region", kind="CR1p"))
    with pytest.raises(pv.SpecificationError, match="one cluster dimension"):
        results(frame, "pooled", pv.BiasReduced("entity", "year", df="satterthwaite"))


KEEP = as_convention("default").but(singletons="keep")
CROSSING = {
    "entity + year": (["entity", "year"], []),
    "entity + year + batch": (["entity", "year", "batch"], []),
    "entity[t] + year": (["entity", "year"], ["entity"]),
    "entity + year[t] + batch": (["entity", "year", "batch"], ["year"]),
}


def crossing_twin(frame, levels, slopes, weights):
    dummies = [indicator(frame[name]) for name in levels]
    dummies += [indicator(frame[name]) * frame["t"].to_numpy()[:, None] for name in slopes]
    absorbed = np.hstack(dummies)
    k = absorbed.shape[1]
    report = np.hstack((np.zeros((2, k)), np.eye(2)))
    return Dense(np.hstack((absorbed, frame[X])), frame["y"].to_numpy(), report, weights)


@pytest.mark.parametrize(("dense_rows", "kind", "weights"), [(0, "CR2", "w"), (150, "CR2", None), (0, "CR3", None)])
@pytest.mark.parametrize("by", ["year", "batch", "mover"])
@pytest.mark.parametrize("effects", CROSSING)
def test_the_largest_effect_may_cut_across_the_clusters(effects, by, kind, weights, dense_rows, monkeypatch):
    """Small blocks are decomposed whole, large ones by Lanczos' method; slopes and singletons included."""
    monkeypatch.setattr("panelvar.estimates.covariance.local_blocks.DENSE_ROWS", dense_rows)
    frame = gappy_frame(seed=8, entities=22, periods=6, kept=0.5)
    frame["t"] = frame["year"] - 2002 + frame["w"]
    # Most entities stay in one group, a few change: some levels lie within clusters and some do not.
    frame["mover"] = np.where((frame["number"] % 4 == 0) & (frame["year"] > 2002), 0, frame["number"] % 3)
    levels, slopes = CROSSING[effects]
    names = [name if name not in slopes else f"{name}[t]" for name in levels]
    named = {"entity": "entity", "year": "time"}
    names = [named.get(name, name).replace("year[", "time[") for name in names]
    panel = pv.Panel(frame, "entity", "year")
    result = pv.fit_fixed_effects(
        panel, "y", X, effects=names, cov=pv.BiasReduced(by, kind=kind), weights=weights, convention=KEEP
    )
    twin = Twin(crossing_twin(frame, levels, slopes, None if weights is None else frame[weights]), frame[by], kind)
    assert_matrix(result.cov.loc[X, X], twin.cov, 1e-8)
    np.testing.assert_allclose(result.df_coefficients[X], [twin.df(unit) for unit in np.eye(2)], rtol=1e-7)
    degrees = result.covariance.degrees(np.eye(len(result.params))[:, -2:])
    assert degrees == pytest.approx(twin.eta(np.eye(2)), rel=1e-6)


@pytest.mark.parametrize(("kind", "weights"), [("CR2", "w"), ("CR3", None), ("CR0", None)])
@pytest.mark.parametrize("by", ["batch", "mover", "year"])
@pytest.mark.parametrize("effects", CROSSING)
def test_effects_of_any_number_are_projected_cluster_by_cluster(effects, by, kind, weights, monkeypatch):
    monkeypatch.setattr("panelvar.estimates.covariance.crossing_basis.LEVEL_LIMIT", 0)
    test_the_largest_effect_may_cut_across_the_clusters(effects, by, kind, weights, 150, monkeypatch)


@pytest.mark.parametrize("limit", [0, 1000])
def test_the_constant_of_effects_is_no_loss(limit, monkeypatch):
    """A period's dummy takes the constant along within the period: nothing that other clusters should know."""
    monkeypatch.setattr("panelvar.estimates.covariance.crossing_basis.LEVEL_LIMIT", limit)
    frame = gappy_frame(seed=4, entities=12, periods=6)
    result = results(frame, "twoway", pv.BiasReduced("year"))
    assert "cluster-leverage-one" not in [note.code for note in result.notes]
    twin = Twin(twin_of(frame, "twoway"), frame["year"], "CR2")
    assert_matrix(result.cov.loc[X, X], twin.cov[1:, 1:], 1e-8)


def test_effects_that_are_too_many_are_refused_with_a_reason(monkeypatch):
    frame = gappy_frame(seed=4, entities=8, periods=6)
    monkeypatch.setattr("panelvar.estimates.covariance.projected_blocks.WORK", 400)
    monkeypatch.setattr("panelvar.estimates.covariance.crossing_basis.LEVEL_LIMIT", 5)
    message = r"largest \(which has 8 levels\). These are 6 columns.* at most 4 of them.* 5\."
    with pytest.raises(pv.NumericalError, match=message):
        results(frame, "twoway", pv.BiasReduced("batch"))
    monkeypatch.setattr("panelvar.estimates.covariance.crossing_basis.LEVEL_LIMIT", 6)
    monkeypatch.setattr("panelvar.estimates.covariance.crossing_basis.TABLE_LIMIT", 40)
    with pytest.raises(pv.NumericalError, match=r"tables of the 6 coefficients .* by its 8 levels"):
        results(frame, "twoway", pv.BiasReduced("batch"))


def test_degrees_of_freedom_of_too_many_pairs_are_refused(monkeypatch):
    monkeypatch.setattr("panelvar.estimates.covariance.cell_sums.PAIRS", 3)
    frame = gappy_frame(seed=4, entities=8, periods=6)
    with pytest.raises(pv.NumericalError, match="covariance of every pair of clusters"):
        results(frame, "entity", pv.BiasReduced("batch"))
    assert results(frame, "entity", pv.BiasReduced("batch", df="groups")).df_inference == 4


def test_lanczos_says_when_it_does_not_converge(monkeypatch):
    monkeypatch.setattr("panelvar.estimates.covariance.local_blocks.DENSE_ROWS", 0)
    monkeypatch.setattr("panelvar.estimates.covariance.local_blocks.MOST_STEPS", 2)
    with pytest.raises(pv.NumericalError, match="was not inverted in 2 steps"):
        results(gappy_frame(seed=4, entities=8, periods=6), "twoway", pv.BiasReduced("batch"))


def test_few_degrees_of_freedom_warn():
    frame = gappy_frame(seed=4, entities=8, periods=6)
    with warnings.catch_warnings():
        warnings.simplefilter("error", pv.PanelVarWarning)
        with pytest.raises(pv.PanelVarWarning, match=r"fewer than 4 Satterthwaite.*No bootstrap does better with 3"):
            results(frame, "pooled", pv.BiasReduced("region"))


def test_clubsandwich_cr3_with_crossing_effects_is_not_the_jackknife():
    """Its leverage blocks leave the effects out; refits without each firm give ours, and pyfixest's CRV3."""
    panel = pv.Panel(table("grunfeld"), "firm", "year")
    regressors = ["value", "capital"]
    full = pv.fit_fixed_effects(panel, "inv", regressors, effects="twoway", cov=pv.BiasReduced("entity", kind="CR3"))
    data = table("grunfeld")
    left = [
        pv.fit_fixed_effects(
            pv.Panel(data[data["firm"] != firm], "firm", "year"), "inv", regressors, effects="twoway"
        ).params[regressors]
        for firm in data["firm"].unique()
    ]
    gaps = np.array(left) - full.params[regressors].to_numpy()
    assert_matrix(full.cov.loc[regressors, regressors], gaps.T @ gaps, 1e-9)
    as_club = full.convention.but(leverage="transformed")
    theirs = pv.BiasReduced("entity", kind="CR3")(full.fit, as_club).matrix
    assert full.std_errors["value"] == pytest.approx(0.05516088710436673, rel=1e-10)
    assert np.sqrt(theirs[1, 1]) == pytest.approx(0.03169234963910017, rel=1e-10)


def test_the_root_of_the_original_block_with_weights():
    """Working variances are the inverse weights: A Phi A' restores them, in rows that no weight has touched."""
    frame = gappy_frame(seed=4, entities=8, periods=6, shuffled=False)
    original = as_convention("default").but(bias_reduced_root="original")
    panel = pv.Panel(frame, "entity", "year")
    result = pv.fit_pooled(panel, "y", X, weights="w", cov=pv.BiasReduced("entity"), convention=original)
    weights = (frame["w"] / frame["w"].mean()).to_numpy()
    design = np.column_stack((np.ones(len(frame)), frame[X]))
    bread = np.linalg.inv(design.T @ (weights[:, None] * design))
    residuals = (frame["y"] - design @ result.params).to_numpy()
    moves = []
    for label in frame["entity"].unique():
        g = (frame["entity"] == label).to_numpy()
        x, half = design[g], np.diag(weights[g] ** -0.5)
        middle = half @ root(half @ (half @ half - x @ bread @ x.T) @ half, -0.5) @ half
        moves.append(bread @ x.T @ (weights[g] * (middle @ residuals[g])))
    moves = np.array(moves)
    assert_matrix(result.cov, moves.T @ moves, 1e-8)


def test_names_stand_for_clusters_by_entity():
    frame = gappy_frame(seed=4, entities=8, periods=6)
    named = results(frame, "entity", "cr2")
    pd.testing.assert_frame_equal(named.cov, results(frame, "entity", pv.BiasReduced("entity")).cov)
    assert named.cov_label == "CR2, clustered by entity"


@pytest.mark.parametrize("kind", ["CR2", "CR3"])
@pytest.mark.parametrize("effects", ["twoway", ["entity", "time", "k"], ["k", "m"]], ids=str)
@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_large_clusters_are_adjusted_whatever_the_units(effects, kind):
    """Clusters too large to decompose, and effects that no cluster holds: each coefficient is compared with its own."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"i": np.repeat(np.arange(200), 4), "t": np.tile(np.arange(4), 200)})
    frame["x"], frame["z"] = rng.standard_normal((2, 800))
    frame["y"] = frame["x"] + rng.standard_normal(800)
    frame["r"], frame["k"], frame["m"] = frame["i"] // 50, rng.integers(0, 30, 800), rng.integers(0, 25, 800)
    found = []
    for unit in (1.0, 2.0**60):
        panel = pv.Panel(frame.assign(z=frame["z"] * unit), "i", "t")
        cov = pv.BiasReduced("r", kind=kind)
        result = pv.fit_fixed_effects(panel, "y", ["x", "z"], effects=effects, cov=cov)
        found.append(result.std_errors.to_numpy() * [1.0, 1.0, unit])
    np.testing.assert_allclose(found[1], found[0], rtol=1e-9)


@pytest.mark.parametrize("kind", ["CR1", "CR2", "CR3"])
def test_a_model_whose_regressors_are_all_absorbed_has_an_empty_covariance(kind):
    frame = gappy_frame(seed=4, entities=8, periods=6)
    frame["fixed"] = frame.groupby("entity")["y"].transform("first")
    panel = pv.Panel(frame, "entity", "year")
    result = pv.fit_fixed_effects(panel, "y", ["fixed"], effects="twoway", constant=False)
    assert result.with_cov(kind).cov.shape == (0, 0)
