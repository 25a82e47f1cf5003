"""Covariances: what each name means, which factor it carries, and what it refuses."""

import ast
import functools
import inspect
import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from twins import X, assert_matrix, dummy_twin, gappy_frame, pooled_twin

import panelvar as pv
from panelvar.estimates.covariance import named
from panelvar.estimates.covariance.covariances import HC, Clustered, CovarianceEstimate, ScoredCovariance
from panelvar.estimates.covariance.serial import DriscollKraay, PanelNeweyWest
from panelvar.systems.identification.named import IDENTIFICATIONS
from panelvar.systems.var.var_result import VarResult

FEW = pytest.mark.filterwarnings("ignore:Only .* clusters")
NO_FACTOR = {"group_factor": False, "dof_factor": "none"}


def pooled(frame=None, **options):
    frame = gappy_frame() if frame is None else frame
    return frame, pv.fit_pooled(pv.Panel(frame, "entity", "year"), "y", X, **options)


def fixed(frame=None, **options):
    frame = gappy_frame() if frame is None else frame
    return frame, pv.fit_fixed_effects(pv.Panel(frame, "entity", "year"), "y", X, **options)


# ---- against loops


@pytest.mark.parametrize("constant", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
def test_heteroskedasticity_consistent(constant, weighted, kind):
    frame, result = pooled(cov=kind, constant=constant, weights="w" if weighted else None)
    assert_matrix(result.cov, pooled_twin(frame, constant, frame["w"] if weighted else None).hc(kind))


@FEW
@pytest.mark.parametrize("constant", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("kind", ["HC0", "HC1", "HC2", "HC3"])
@pytest.mark.parametrize("by", ["entity", "year", "region", "batch"])
def test_one_way_clusters(constant, weighted, kind, by):
    cov = pv.Clustered(by, residuals=kind, **NO_FACTOR)
    frame, result = pooled(cov=cov, constant=constant, weights="w" if weighted else None)
    twin = pooled_twin(frame, constant, frame["w"] if weighted else None)
    factor = len(frame) / twin.df if kind == "HC1" else 1.0
    assert_matrix(result.cov, factor * twin.clustered(frame[by], kind))


@FEW
@pytest.mark.filterwarnings("ignore:The multi-way")
@pytest.mark.parametrize("by", [["entity", "year"], ["region", "batch"], ["region", "batch", "year"]])
@pytest.mark.parametrize("rule", ["smallest", "each"])
def test_several_dimensions_by_inclusion_and_exclusion(by, rule):
    convention = pv.Convention("test", repair_multiway=False, multiway_factor=rule)
    frame, result = pooled(cov=pv.Clustered(*by), convention=convention)
    twin = pooled_twin(frame)
    n, k = len(frame), 3
    smallest = min(frame[column].nunique() for column in by)
    expected = np.zeros((3, 3))
    for size in range(1, len(by) + 1):
        for subset in itertools.combinations(by, size):
            groups = frame[list(subset)].astype(str).agg("/".join, axis=1)
            count = smallest if rule == "smallest" else groups.nunique()
            expected += (-1) ** (size + 1) * count / (count - 1) * (n - 1) / (n - k) * twin.clustered(groups)
    scale = np.sqrt(np.abs(np.outer(np.diagonal(expected), np.diagonal(expected))))
    np.testing.assert_array_less(np.abs(result.cov - expected), 1e-10 * scale)


@FEW
def test_leverage_of_the_transformed_regressors_alone():
    """plm leaves the dummies out of the leverage: x_i' (X'X)^-1 x_i of the demeaned rows."""
    frame = gappy_frame(kept=0.9)
    _, result = fixed(frame, cov="HC3", convention="plm")
    demeaned = (frame[X] - frame.groupby("entity")[X].transform("mean")).to_numpy()
    inverse = np.linalg.inv(demeaned.T @ demeaned)
    leverage = np.einsum("ij,jk,ik->i", demeaned, inverse, demeaned)
    residuals = dummy_twin(frame, ["entity"]).residuals / (1 - leverage)
    scores = demeaned * residuals[:, None]
    assert_matrix(result.cov.loc[X, X], inverse @ scores.T @ scores @ inverse)


@FEW
@FEW
@pytest.mark.filterwarnings(
    "ignore:Only .* periods",
    "ignore:The .* covariances of",
    "ignore:.* alone identif",
    "ignore:Only .* of the variation of",
)
@pytest.mark.parametrize("model", ["pooled", "entity", "twoway", "random", "difference"])
@pytest.mark.parametrize(
    "cov",
    ["HC0", "HC3", "cluster", "CR2", "CR3", pv.Clustered("time"), pv.DriscollKraay(2), pv.PanelNeweyWest(2), "pcse"],
    ids=str,
)
def test_nearly_collinear_regressors_cost_the_condition_number_once(model, cov):
    """x2 is x1 + d / 2^30 without rounding: the coefficients are those of x1 and d, and so are their covariances."""
    rng = np.random.default_rng(6)
    frame = pd.DataFrame({"entity": np.repeat(np.arange(12), 6), "year": np.tile(np.arange(6), 12)})
    frame["x1"], frame["d"] = rng.integers(-64, 64, (2, len(frame))) / 8.0
    frame["x2"] = frame["x1"] + frame["d"] / 2.0**30
    frame["y"] = rng.integers(-64, 64, len(frame)) / 8.0 + frame["x1"] * (1.0 + 0.25 * (frame["entity"] % 3))
    fit = {
        "pooled": pv.fit_pooled,
        "entity": pv.fit_fixed_effects,
        "twoway": functools.partial(pv.fit_fixed_effects, effects="twoway"),
        "random": functools.partial(pv.fit_random_effects, variance_components="nerlove"),
        "difference": pv.fit_first_difference,
    }[model]
    panel = pv.Panel(frame, "entity", "year")
    apart, near = (fit(panel, "y", x, cov=cov) for x in (["x1", "d"], ["x1", "x2"]))
    assert "regressors-nearly-collinear" in {note.code for note in near.notes}
    assert "regressors-nearly-collinear" not in {note.code for note in apart.notes}
    move = np.eye(len(near.params))
    move[-1, -1] = 2.0**30
    move[-2, -1] = -(2.0**30)
    once = np.finfo(float).eps * 2.0**30
    np.testing.assert_allclose(near.params, move @ apart.params, rtol=4.0 * once)
    expected = move @ apart.cov.to_numpy() @ move.T
    np.testing.assert_allclose(np.diag(near.cov), np.diag(expected), rtol=1e-5)


@FEW
def test_clusters_given_as_an_array_are_in_the_callers_order():
    frame = gappy_frame()
    named, given = (pooled(frame, cov=pv.Clustered(by))[1] for by in ("batch", frame["batch"].to_numpy()))
    pd.testing.assert_frame_equal(named.cov, given.cov)
    frame.loc[3, "x1"] = np.nan
    with pytest.warns(pv.PanelVarWarning, match="missing"):
        short = pooled(frame, cov=pv.Clustered(frame["batch"].to_numpy()))[1]
    twin = pooled_twin(frame.dropna())
    bare = short.with_cov(pv.Clustered("batch", **NO_FACTOR))
    assert_matrix(bare.cov, twin.clustered(frame.dropna()["batch"]))
    assert short.covariance.clusters == (("given groups", 5),)


# ---- factors and degrees of freedom


def factor(result, cov):
    """The factor a covariance carries, measured."""
    whole = result.with_cov(cov).cov.loc["x1", "x1"]
    return whole / result.with_cov(pv.Clustered(*cov.by, **NO_FACTOR)).cov.loc["x1", "x1"]


@FEW
@pytest.mark.filterwarnings("ignore:The multi-way")
@pytest.mark.parametrize(
    ("effects", "by", "absorbed"),
    [
        ("entity", "entity", 0),  # nested
        ("entity", "region", 0),  # entities lie within regions
        ("entity", "year", 8),  # 9 entities, one of them in the constant
        ("twoway", "entity", 6),  # the years are not nested
        ("twoway", "year", 8),
        ("twoway", "batch", 14),
    ],
)
def test_nested_effects_are_not_counted(effects, by, absorbed):
    frame, result = fixed(effects=effects)
    n, groups = len(frame), frame[by].nunique()
    expected = groups / (groups - 1) * (n - 1) / (n - 3 - absorbed)
    assert factor(result, pv.Clustered(by)) == pytest.approx(expected, rel=1e-12)


@FEW
def test_explicit_factors_beat_the_convention():
    frame, result = pooled(convention="plm")
    n = len(frame)
    groups = frame["entity"].nunique()
    assert factor(result, pv.Clustered("entity")) == pytest.approx(1.0)
    for name, value in {"n/(n-k)": n / (n - 3), "(n-1)/(n-k)": (n - 1) / (n - 3), "(n-1)/n": (n - 1) / n}.items():
        found = factor(result, pv.Clustered("entity", group_factor=True, dof_factor=name))
        assert found == pytest.approx(value * groups / (groups - 1), rel=1e-12)


@FEW
def test_hc1_counts_the_effects_unless_the_convention_does_not():
    frame, result = fixed()
    n, groups = len(frame), frame["entity"].nunique()
    ratio = result.with_cov("HC1").cov.loc["x1", "x1"] / result.with_cov("HC0").cov.loc["x1", "x1"]
    assert ratio == pytest.approx(n / (n - groups - 2), rel=1e-12)
    _, as_plm = fixed(convention="plm")
    ratio = as_plm.with_cov("HC1").cov.loc["x1", "x1"] / as_plm.with_cov("HC0").cov.loc["x1", "x1"]
    assert ratio == pytest.approx(n / (n - 2), rel=1e-12)


@FEW
def test_degrees_of_freedom_of_the_t():
    frame, result = pooled()
    assert result.with_cov("cluster").df_inference == frame["entity"].nunique() - 1
    assert result.with_cov(pv.Clustered("entity", "region")).df_inference == frame["region"].nunique() - 1
    assert result.with_cov("HC3").df_inference == len(frame) - 3
    _, as_plm = pooled(convention="plm")
    assert as_plm.with_cov("cluster").df_inference == len(frame) - 3


def test_gls_or_within_variance_in_random_effects():
    frame = gappy_frame(seed=2, entities=14, periods=9)
    panel = pv.Panel(frame, "entity", "year")
    own, within = (pv.fit_random_effects(panel, "y", X, convention=name) for name in ("default", "eviews"))
    ratio = within.variance_components.idiosyncratic / own.sigma2
    np.testing.assert_allclose(within.cov, ratio * own.cov, rtol=1e-12)
    assert (own.distribution, within.distribution) == ("normal", "t")
    assert within.cov_label == "classical (within residual variance)"


# ---- names


@FEW
@pytest.mark.parametrize(
    ("convention", "labels"),
    [
        ("default", ["clustered by entity"] * 3),
        ("stata", ["heteroskedasticity-robust (HC1)"] + ["clustered by entity"] * 2),
        ("linearmodels", ["heteroskedasticity-robust (HC1)"] * 3),
    ],
)
def test_what_robust_means(convention, labels):
    frame = gappy_frame(seed=2, entities=14, periods=9)
    panel = pv.Panel(frame, "entity", "year")
    estimators = (pv.fit_pooled, pv.fit_fixed_effects, pv.fit_random_effects)
    fits = [fit(panel, "y", X, convention=convention) for fit in estimators]
    assert [result.with_cov("robust").cov_label for result in fits] == labels


def test_robust_between_is_by_row():
    result = pv.fit_between(pv.Panel(gappy_frame(), "entity", "year"), "y", X, cov="robust")
    assert result.cov_label == "heteroskedasticity-robust (HC1)"


@FEW
def test_aliases_and_objects_are_the_same():
    _, result = pooled()
    for name, cov in {"unadjusted": pv.Classical(), "hc3": pv.HC("HC3"), "clustered": pv.Clustered()}.items():
        pd.testing.assert_frame_equal(result.with_cov(name).cov, result.with_cov(cov).cov)


def test_anything_callable_on_a_fit_is_a_covariance():
    def identity(fit, convention):
        return CovarianceEstimate(np.eye(len(fit.coefficients)), "identity", np.inf)

    _, result = pooled(cov=identity)
    assert result.cov_label == "identity"
    assert result.distribution == "normal"


@dataclass(frozen=True)
class Doubled(ScoredCovariance):
    """Twice HC0: a covariance of one's own, which reads no more than scores."""

    def __call__(self, fit, convention):
        return CovarianceEstimate(2.0 * fit.sandwich(fit.scores().gram()), "doubled", np.inf)


class Kernel(Doubled):
    """One that claims to allow for correlation over time."""

    over_time = True


@dataclass(frozen=True)
class Projecting:
    """One that reads more than scores, and says what it is without its adjustment."""

    def __call__(self, fit, convention):
        return CovarianceEstimate(fit.bread, "projecting", np.inf)

    def unadjusted(self):
        return Doubled()


def test_a_covariance_of_scores_serves_every_model_without_being_listed():
    _, result = pooled(cov=Doubled())
    assert_matrix(result.cov, 2.0 * result.with_cov("HC0").cov.to_numpy())

    rng = np.random.default_rng(0)
    model = pv.fit_var(pd.DataFrame(rng.standard_normal((60, 2)), columns=["a", "b"]), lags=1)
    doubled = model.with_cov(Doubled())
    assert doubled.cov_label == "doubled"
    assert_matrix(doubled.cov, 2.0 * model.with_cov("HC0").cov.to_numpy())
    for refused in (Kernel(), Projecting(), pv.DriscollKraay(), pv.PanelCorrected(), pv.BiasReduced()):
        with pytest.raises(pv.SpecificationError, match="a vector autoregression takes"):
            model.with_cov(refused)


def test_joint_inference_over_horizons_takes_what_a_covariance_is_without_adjustment():
    rng = np.random.default_rng(1)
    index = pd.MultiIndex.from_product([range(12), range(30)], names=["entity", "year"])
    frame = pd.DataFrame(rng.standard_normal((360, 2)), index, columns=["y", "s"])

    def correlations(cov):
        joint = (
            pv.fit_panel_local_projections(frame, "y", "s", horizon=2, cov=cov).joint_covariance("y", "s").to_numpy()
        )
        root = np.sqrt(joint.diagonal())
        return joint / np.outer(root, root)

    expected = correlations("HC0")
    for cov in (Doubled(), Projecting()):
        np.testing.assert_allclose(correlations(cov), expected, rtol=1e-10, atol=1e-14)


def test_every_name_is_documented():
    text = inspect.getdoc(pv.fit_pooled)
    names = list(named._NAMES)
    written = set(re.findall(r'``"([^"]+)"``', text))
    for first, last in re.findall(r'``"([^"]+)"`` to ``"([^"]+)"``', text):
        written.update(names[names.index(first) : names.index(last) + 1])
    assert set(names) <= written

    (line,) = re.findall(r"^identification : \{(.*)\}", inspect.getdoc(VarResult.impulse_responses), re.MULTILINE)
    assert re.findall(r'"([^"]+)"', line) == list(IDENTIFICATIONS)


@pytest.mark.parametrize("bad", ["HC6", "clusterd"])
def test_unknown_names_are_refused(bad):
    with pytest.raises(pv.SpecificationError, match="cov"):
        pooled(cov=bad)
    with pytest.raises(pv.SpecificationError, match="cov must be"):
        pooled(cov=3)
    with pytest.raises(pv.SpecificationError):
        pv.HC("HC9")
    with pytest.raises(pv.SpecificationError):
        pv.Clustered(dof_factor="n-1")


# ---- what cannot be had


@pytest.mark.parametrize("kind", ["HC2", "HC3", "HC4"])
def test_leverages_of_two_large_effects_are_refused_with_the_reason(kind, monkeypatch):
    monkeypatch.setattr("panelvar.kernels.absorption.level_system.DIRECT_LIMIT", 3)
    frame = gappy_frame(seed=4, entities=8, periods=6)
    result = pv.fit_fixed_effects(pv.Panel(frame, "entity", "year"), "y", X, effects="twoway", cov="HC1")
    with pytest.raises(
        pv.NumericalError, match=r"smaller effect, which has 6 levels; the limit is 3\. Use a covariance"
    ):
        result.with_cov(kind)


def test_leverage_one_is_refused_with_advice():
    frame = gappy_frame()
    lone = frame[(frame["number"] != 0) | ~frame["number"].duplicated()]
    with pytest.raises(pv.NumericalError, match=r"HC3 divides by .* the leverage is 1 in 1 row"):
        fixed(lone, cov="HC3")


def test_missing_clusters_are_refused():
    frame = gappy_frame()
    frame["batch"] = frame["batch"].astype(float)
    frame.loc[[2, 5], "batch"] = np.nan
    with pytest.raises(pv.DataError, match="'batch' is missing in 2"):
        pooled(frame, cov=pv.Clustered("batch"))


def test_one_cluster_is_refused_and_few_warn():
    frame = gappy_frame()
    frame["all"] = 1
    with pytest.raises(pv.InsufficientDataError, match="at least two clusters"):
        pooled(frame, cov=pv.Clustered("all"))
    with pytest.warns(pv.PanelVarWarning, match="Only 3 clusters.*no correction and no bootstrap"):
        pooled(frame, cov=pv.Clustered("region"))


def test_a_matrix_that_is_not_positive_is_repaired_with_a_warning():
    """Half the seeds of a small panel give one; negative eigenvalues relative to HC0 are set to zero."""
    repaired = 0
    for seed in range(12):
        frame = gappy_frame(seed=seed, entities=4, periods=4, kept=0.9)
        bare = pv.Convention("bare", repair_multiway=False)
        with pytest.warns(pv.PanelVarWarning):
            raw = pooled(frame, cov=pv.Clustered("entity", "year"), convention=bare)[1].cov.to_numpy()
        with pytest.warns(pv.PanelVarWarning):
            result = pooled(frame, cov=pv.Clustered("entity", "year"))[1]
        codes = {note.code for note in result.notes}
        root = np.sqrt(np.abs(np.diagonal(raw)))
        scaled = raw / np.outer(root, root)
        if np.linalg.eigvalsh(scaled)[0] < -1e-10:
            repaired += 1
            assert "covariance-repaired" in codes
            factor = np.linalg.cholesky(pooled(frame, cov="HC0")[1].cov.to_numpy())
            values, vectors = np.linalg.eigh(np.linalg.solve(factor, np.linalg.solve(factor, raw).T))
            moved = factor @ vectors
            expected = (moved * np.maximum(values, 0.0)) @ moved.T
            np.testing.assert_allclose(result.cov, expected, rtol=0, atol=1e-10 * np.abs(expected).max())
        else:
            assert "covariance-repaired" not in codes
            np.testing.assert_allclose(result.cov, raw, rtol=1e-12)
    assert 0 < repaired < 12


# ---- changing it


@FEW
def test_with_cov_does_not_refit():
    frame, result = fixed()
    again = result.with_cov("cluster")
    assert again.fit is result.fit
    pd.testing.assert_frame_equal(again.cov, fixed(frame, cov="cluster")[1].cov)


def test_without_rows_keeps_the_covariance_and_refuses_another():
    _, result = fixed()
    light = result.without_rows()
    pd.testing.assert_frame_equal(light.cov, result.cov)
    with pytest.raises(pv.MissingInformationError, match="needs the data rows"):
        light.with_cov("HC1")


def test_the_factor_is_noted():
    frame, result = pooled(cov="HC1")
    (note,) = [note for note in result.notes if note.code == "factor"]
    assert f"{len(frame) / (len(frame) - 3):.6g}" in note.text


@FEW
def test_joint_tests_use_the_covariance():
    _, result = pooled(cov=pv.Clustered("batch"))
    slopes = result.params[X].to_numpy()
    wald = slopes @ np.linalg.solve(result.cov.loc[X, X], slopes)
    assert result.f_statistic.statistic == pytest.approx(wald / 2, rel=1e-11)
    assert result.f_statistic.df_denominator == 4
    assert result.wald_test(X).statistic == pytest.approx(wald / 2, rel=1e-11)


# ---- one table of names, one protocol

ROOM = Path(pv.__file__).parent
NAMES = {"newey-west", "nw", "driscoll-kraay", "dk", "pcse"}
OTHER_MEANINGS = {
    "nonstationary/unit_roots/long_run.py": "a default bandwidth",
    "nonstationary/panel_unit_roots/hadri.py": "a default bandwidth",
    "nonstationary/panel_cointegration/kao.py": "a default bandwidth",
    "nonstationary/panel_cointegration/pedroni.py": "a default bandwidth",
    "kernels/linear/lag_windows.py": "bandwidths",
}


def test_names_of_covariances_are_resolved_in_one_place():
    """Where a name is spelled out in code, it could come to mean something else there."""
    found = set()
    for path in ROOM.rglob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if NAMES & {node.value for node in nodes if isinstance(node, ast.Constant)}:
            found.add(path.relative_to(ROOM).as_posix())
    assert found - set(OTHER_MEANINGS) == {"estimates/covariance/named.py"}


def test_covariances_of_scores_see_the_protocol_and_not_the_fit():
    """Many models take these. What needs the transformed regression is for panels, and names their `Fit`."""
    of_scores = ["protocol", "cluster_terms", "serial", "serial_scores", "influenced"]
    room = ROOM / "estimates" / "covariance"
    wrong = [name for name in of_scores if "panelvar.estimates.fit.fit import" in (room / f"{name}.py").read_text()]
    assert wrong == []
    for covariance in (HC, Clustered, DriscollKraay, PanelNeweyWest):
        assert inspect.signature(covariance.__call__).parameters["fit"].annotation == "Scored"


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.parametrize("name", ["nw", "newey-west", "dk", "hc3", "HC3", "robust"])
def test_a_name_is_known_wherever_covariances_are(name):
    """Regressions, local projections and vector autoregressions read the same names, or say why not."""
    _, result = pooled(gappy_frame(), cov=name)
    series = np.random.default_rng(1).standard_normal((80, 2)).cumsum(axis=0)
    if name == "dk":
        with pytest.raises(pv.SpecificationError, match="Driscoll"):
            pv.fit_local_projections(series, lags=1, horizon=2, cov=name)
    else:
        assert pv.fit_local_projections(series, lags=1, horizon=2, cov=name).covariance
    model = pv.fit_var(series, lags=1)
    if "heteroskedasticity" in result.cov_label or name == "robust":
        assert model.with_cov(name).cov_label.startswith("HC")
    else:
        with pytest.raises(pv.SpecificationError, match="Add lags"):
            model.with_cov(name)


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.parametrize("seed", [18, 21, 26, 28])
def test_a_dummy_of_one_row_has_no_two_way_clustered_variance_but_rounding(seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"i": np.repeat(np.arange(3000), 7), "t": np.tile(np.arange(7), 3000)})
    frame["d"] = (frame.index == 10_500) * 1.0
    frame["y"] = rng.normal(size=21_000) + np.repeat(rng.normal(size=3000), 7)
    result = pv.fit_fixed_effects(pv.Panel(frame, "i", "t"), "y", ["d"], cov=pv.Clustered("entity", "time"))
    assert any("d has no variance" in note.text for note in result.notes)
    assert np.isnan(result.std_errors["d"])
