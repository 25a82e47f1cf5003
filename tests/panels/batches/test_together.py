"""Models that share a pass over the panel are the models fitted one by one."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from quiet import quietly
from rational import exact_least_squares

import panelvar as pv
from panelvar.panels.batches import together
from panelvar.panels.batches.shared_rows import SelectedRows

N_FIRMS, X = 900, ["x0", "x1", "x2", "x3", "x4"]


def made(balanced: bool = True, seed: int = 3) -> dict[str, np.ndarray]:
    """Rows enough that models share a pass, in blocks that do not end with an entity."""
    rng = np.random.default_rng(seed)
    sizes = np.full(N_FIRMS, 11) if balanced else rng.integers(1, 24, N_FIRMS)
    firm = np.repeat(np.arange(N_FIRMS), sizes)
    year = np.concatenate([np.arange(size) for size in sizes])
    own = rng.normal(size=N_FIRMS)[firm]
    columns = {name: rng.normal(size=len(firm)) + own + 3.0 for name in X}
    data = {"firm": firm, "year": year, **columns, "state": firm % 40, "w": rng.uniform(0.5, 2.0, len(firm))}
    for k in range(4):
        noise = rng.normal(size=len(firm)) * (1.0 + abs(columns["x1"]))
        data[f"y{k}"] = 0.3 * columns["x0"] - 0.1 * k * columns["x1"] + own + noise
    return data


PANELS = {kind: pv.Panel(made(kind == "balanced"), "firm", "year") for kind in ("balanced", "unbalanced")}
FORMULAS = [
    "y0 ~ x0 + x1",
    "y0 ~ x1 + x3 + x4",
    "y1 ~ x0 + x1 + x2 + x3 + x4",
    "y2 ~ x3",
    "y0 ~ x4 + log(x0**2 + 1) + x1:x2",
    "y0 ~ x1 + log(x0**2 + 1)",
]


def alike(found, expected):
    """Estimates to the last digits, everything that is counted or said exactly."""
    assert found.notes == expected.notes
    assert found.params.index.equals(expected.params.index)
    scale = np.abs(expected.cov.to_numpy().diagonal()) ** 0.5
    np.testing.assert_allclose(found.params, expected.params, rtol=1e-11, atol=1e-11 * scale.max())
    np.testing.assert_allclose(found.cov, expected.cov, rtol=1e-10, atol=1e-11 * np.outer(scale, scale).max())
    assert (found.nobs, found.df_resid, found.n_entities) == (expected.nobs, expected.df_resid, expected.n_entities)
    assert found.covariance.df == pytest.approx(expected.covariance.df, rel=1e-10)
    assert found.covariance.label == expected.covariance.label
    for name in ("within", "between", "overall", "transformed"):
        assert getattr(found.rsquared_table, name) == pytest.approx(getattr(expected.rsquared_table, name), rel=1e-10)


@pytest.mark.parametrize("kind", PANELS)
@pytest.mark.parametrize(
    "cov",
    [
        "classical",
        "HC1",
        "cluster",
        pv.Clustered("entity", residuals="HC1"),
        pv.Clustered("state"),
        pv.Clustered("entity", "time"),
        "driscoll-kraay",
        "CR2",
    ],
    ids=str,
)
@pytest.mark.parametrize(
    ("fit", "options"),
    [
        (pv.fit_pooled, {}),
        (pv.fit_pooled, {"constant": False, "weights": "w"}),
        (pv.fit_fixed_effects, {}),
        (pv.fit_fixed_effects, {"weights": "w", "constant": False}),
        (pv.fit_fixed_effects, {"effects": "twoway"}),
        (pv.fit_fixed_effects, {"convention": "pyfixest"}),
    ],
)
def test_specifications_are_those_one_by_one(kind, fit, options, cov):
    options = {**options, "cov": cov}
    found = quietly(pv.fit_many, fit, PANELS[kind], FORMULAS, options=options)
    for formula, result in zip(FORMULAS, found.values(), strict=True):
        alike(result, quietly(fit, PANELS[kind], formula, **options))


@pytest.mark.parametrize("cov", ["classical", "cluster"])
def test_outcomes_are_those_one_by_one(cov):
    panel = PANELS["unbalanced"]
    outcomes = ["y0", "y1", "x4", "y2", "y3"]
    found = quietly(pv.fit_many, pv.fit_fixed_effects, panel, outcomes, X[:4], options={"cov": cov})
    for name in outcomes:
        alike(found[name], quietly(pv.fit_fixed_effects, panel, name, X[:4], cov=cov))
        np.testing.assert_allclose(
            found[name].resids, quietly(pv.fit_fixed_effects, panel, name, X[:4]).resids, atol=1e-11
        )


def shared(result):
    return isinstance(result.fit.rows, SelectedRows)


def test_what_is_out_of_the_ordinary_is_fitted_by_itself():
    data = made()
    data["gap"] = np.where(np.arange(len(data["firm"])) % 7 == 0, np.nan, data["x2"])
    panel = pv.Panel(data, "firm", "year")
    formulas = ["y0 ~ x0 + x1", "y0 ~ x0 + gap", "y1 ~ x1 | year", "y1 ~ x2 + L(x3)", "y0 ~ 1", "y0 ~ x0 + x2"]
    found = quietly(pv.fit_many, pv.fit_fixed_effects, panel, formulas)
    assert [shared(result) for result in found.values()] == [True, False, False, False, False, True]
    for formula, result in zip(formulas, found.values(), strict=True):
        if formula != "y0 ~ 1":
            alike(result, quietly(pv.fit_fixed_effects, panel, formula))
    assert not any(map(shared, quietly(pv.fit_many, pv.fit_between, panel, ["y0 ~ x0", "y1 ~ x0"]).values()))


def test_dependent_and_nearly_dependent_columns_go_through_one_qr():
    data = made()
    data["double"] = 2.0 * data["x0"]
    data["near"] = data["x1"] + 1e-5 * data["x2"]
    panel = pv.Panel(data, "firm", "year")
    formulas = ["y0 ~ x0 + double", "y0 ~ x0 + x1 + near", "y1 ~ x1 + near", "y0 ~ x0 + x1"]
    found = quietly(pv.fit_many, pv.fit_fixed_effects, panel, formulas, options={"cov": "cluster"})
    assert all(map(shared, found.values()))
    assert found["(1)"].params.index.tolist() == ["const", "x0"]
    for formula, result in zip(formulas, found.values(), strict=True):
        expected = quietly(pv.fit_fixed_effects, panel, formula, cov="cluster")
        assert [note.code for note in result.notes] == [note.code for note in expected.notes]
        np.testing.assert_allclose(result.params, expected.params, rtol=1e-8)
        np.testing.assert_allclose(result.std_errors, expected.std_errors, rtol=1e-8)
    with pytest.raises(pv.CollinearityError, match=r"Fit \(1\): "):
        pv.fit_many(pv.fit_fixed_effects, panel, formulas, options={"collinear": "raise"})


def test_warnings_are_those_of_the_fits():
    data = made()
    data["double"] = 2.0 * data["x0"]
    panel = pv.Panel(data, "firm", "year")
    with pytest.warns(pv.PanelVarWarning, match="'double' dropped") as caught:
        pv.fit_many(pv.fit_pooled, panel, ["y0 ~ x0 + double", "y1 ~ x0 + double"])
    assert len(caught) == 2 and {warning.filename for warning in caught} == {__file__}


def test_an_option_that_is_refused_is_refused_for_the_first_fit():
    for options in ({"convention": "nobody"}, {"missing": "keep"}, {"effects": 3}, {"cov": "HC9"}, {"cov": 3}):
        with pytest.raises(pv.SpecificationError, match=r"Fit \(1\): "):
            pv.fit_many(pv.fit_fixed_effects, PANELS["balanced"], FORMULAS, options=options)


def test_a_result_is_stored_without_the_columns_of_others():
    found = quietly(pv.fit_many, pv.fit_fixed_effects, PANELS["unbalanced"], FORMULAS)
    result = found["(2)"]
    assert shared(result)
    again = pickle.loads(pickle.dumps(result))
    assert not shared(again) and len(again.fit.rows.columns) == 4
    assert again.resids.equals(result.resids) and again.rsquared_table.within == result.rsquared_table.within
    alike(result.with_cov("HC1"), quietly(pv.fit_fixed_effects, PANELS["unbalanced"], FORMULAS[1], cov="HC1"))
    assert result.without_rows().rsquared_table.between == result.rsquared_table.between


def test_clusters_of_any_size_and_order():
    data = made()
    n = len(data["firm"])
    rng = np.random.default_rng(1)
    # A few large ones that stand together, many that do not, one that holds nearly all rows.
    data["half"] = np.arange(n) * 30 // n
    data["anywhere"] = rng.integers(0, 500, n)
    data["most"] = np.where(np.arange(n) < 300, np.arange(n) // 3, 100)
    panel = pv.Panel(data, "firm", "year")
    for by in ("half", "anywhere", "most"):
        cov = pv.Clustered(by)
        found = quietly(pv.fit_many, pv.fit_fixed_effects, panel, FORMULAS[:3], options={"cov": cov})
        for formula, result in zip(FORMULAS, found.values(), strict=False):
            assert shared(result)
            alike(result, quietly(pv.fit_fixed_effects, panel, formula, cov=cov))


def test_rows_in_any_order():
    data = made(balanced=False)
    order = np.random.default_rng(5).permutation(len(data["firm"]))
    panel = pv.Panel({name: column[order] for name, column in data.items()}, "firm", "year")
    options = {"cov": "cluster"}
    found = quietly(pv.fit_many, pv.fit_fixed_effects, panel, "y0", X, steps="cumulative", options=options)
    for k, result in enumerate(found.values(), start=1):
        assert shared(result)
        alike(result, quietly(pv.fit_fixed_effects, panel, "y0", X[:k], cov="cluster"))


@pytest.mark.parametrize("kind", PANELS)
@pytest.mark.parametrize(
    ("fit", "options"),
    [
        (pv.fit_fixed_effects, {}),
        (pv.fit_fixed_effects, {"weights": "w"}),
        (pv.fit_fixed_effects, {"effects": "twoway", "constant": False}),
        (pv.fit_pooled, {}),
        (pv.fit_pooled, {"constant": False, "cov": "HC1"}),
    ],
)
def test_outcomes_of_every_kind_are_those_one_by_one(kind, fit, options):
    """Levels far above the variation, outcomes that are fitted exactly or do not vary, beside ordinary ones."""
    data = made(kind == "balanced")
    firm = data["firm"]
    data["high"] = data["y0"] + 1e6
    data["far"] = data["y1"] + 1e3 * np.random.default_rng(9).normal(size=N_FIRMS)[firm]
    data["exact"] = data["x0"] - 2.0 * data["x1"]
    data["level"] = firm * 1.0
    data["small"], data["large"] = 1e-120 * data["y2"], 1e120 * data["y2"]
    data["tight"] = data["x0"] + 1e-3 * data["y3"]
    panel = pv.Panel(data, "firm", "year")
    outcomes = ["y0", "high", "far", "exact", "level", "small", "large", "tight", "y1", "y2", "y3", "x4"]
    found = quietly(pv.fit_many, fit, panel, outcomes, X[:3], options=options)
    assert all(map(shared, found.values()))
    for name in outcomes:
        own = quietly(fit, panel, name, X[:3], **options)
        assert found[name].notes == own.notes, name
        scale = 1.0 if name == "level" else float(np.abs(own.params).max())
        np.testing.assert_allclose(found[name].params, own.params, rtol=1e-9, atol=1e-11 * scale, err_msg=name)
        np.testing.assert_allclose(found[name].std_errors, own.std_errors, rtol=1e-9, err_msg=name)
        assert found[name].rsquared == pytest.approx(own.rsquared, rel=1e-9, nan_ok=True), name
        assert (found[name].nobs, found[name].df_resid) == (own.nobs, own.df_resid)


def test_outcomes_at_a_high_level_are_those_of_whole_numbers():
    """Columns at a level of 1e4 in units of 1/1,024: deviations from the means of 8 periods are exact in integers."""
    rng = np.random.default_rng(41)
    firms, periods, outcomes = 1_001, 8, 2
    firm = np.repeat(np.arange(firms), periods)
    own = rng.integers(-2048, 2048, firms)[firm]
    x = [10_240_000 + own + rng.integers(-2048, 2048, len(firm)) for _ in range(3)]
    ys = [x[0] - 2 * x[1] + own + rng.integers(-4096, 4096, len(firm)) for _ in range(outcomes)]
    names = ["a", "b", "c", *(f"y{k}" for k in range(outcomes))]
    data = {name: column / 1024 for name, column in zip(names, (*x, *ys), strict=True)}
    panel = pv.Panel({"firm": firm, "year": np.tile(np.arange(periods), firms), **data}, "firm", "year")
    found = pv.fit_many(pv.fit_fixed_effects, panel, names[3:], names[:3])
    whole = np.array([*x, *ys]).reshape(3 + outcomes, firms, periods)
    apart = (periods * whole - whole.sum(axis=2, keepdims=True)).reshape(3 + outcomes, -1)
    for k in range(outcomes):
        exact, rss, _ = exact_least_squares(apart[:3].T, apart[3 + k])
        assert shared(found[f"y{k}"])
        np.testing.assert_allclose(found[f"y{k}"].params[["a", "b", "c"]], exact, rtol=1e-12)
        assert found[f"y{k}"].rss == pytest.approx(rss / (periods * 1024) ** 2, rel=1e-12)


def test_many_outcomes_have_their_own_criteria():
    outcomes = ["y0", "y1", "y2", "y3", "x4"]
    found = quietly(pv.fit_many, pv.fit_fixed_effects, PANELS["balanced"], outcomes, X[:3])
    assert found["y2"].bic == pytest.approx(pv.fit_fixed_effects(PANELS["balanced"], "y2", X[:3]).bic, rel=1e-12)


@pytest.mark.parametrize("cov", ["classical", "cluster", "HC1"])
@pytest.mark.parametrize(
    ("fit", "options"),
    [(pv.fit_fixed_effects, {}), (pv.fit_fixed_effects, {"convention": "pyfixest"}), (pv.fit_pooled, {"weights": "w"})],
)
def test_models_that_miss_the_same_rows_share_them(fit, options, cov):
    data = made(balanced=False)
    gone = np.random.default_rng(2).random(len(data["firm"])) < 0.1
    for name in ("y1", "x2"):
        data[name] = np.where(gone, np.nan, data[name])
    data["x3"] = np.where(np.arange(len(gone)) == 17, np.nan, data["x3"])
    panel = pv.Panel(data, "firm", "year")
    formulas = {
        "y0 ~ x0 + x2": True,
        "y1 ~ x0 + x1": True,
        "y1 ~ x2": True,
        "y0 ~ x0": True,
        "y2 ~ x0 + L(x1)": True,
        "y3 ~ L(x1) + L(x0)": True,
        "y0 ~ x3": False,
        "y2 ~ x0 + x4": True,
    }
    options = {**options, "cov": cov}
    found = quietly(pv.fit_many, fit, panel, list(formulas), options=options)
    for (formula, together_with), result in zip(formulas.items(), found.values(), strict=True):
        own = quietly(fit, panel, formula, **options)
        assert shared(result) == together_with, formula
        alike(result, own)
        assert result.resids.index.equals(own.resids.index)
        np.testing.assert_allclose(result.resids, own.resids, atol=1e-10)
    outcomes = quietly(pv.fit_many, fit, panel, ["y0", "y1", "y2", "y3", "x4"], ["x0", "x2"], options=options)
    for name, result in outcomes.items():
        assert shared(result)
        alike(result, quietly(fit, panel, name, ["x0", "x2"], **options))
    refused = {**options, "missing": "raise"}
    with pytest.raises(pv.DataError, match=r"Fit y0: There are missing values"):
        pv.fit_many(fit, panel, ["y0", "y1"], ["x0", "x2"], options=refused)


@pytest.mark.parametrize("kind", PANELS)
@pytest.mark.parametrize("cov", ["classical", "cluster", "HC1"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"effects": "time"},
        {"variance_components": "wallace-hussain", "convention": "plm"},
        {"variance_components": "ml"},
        {"constant": False, "convention": "pyfixest"},
    ],
    ids=str,
)
def test_random_effects_share_the_moments_of_their_columns(kind, cov, options):
    data = made(kind == "balanced")
    data["fixed"] = np.random.default_rng(6).normal(size=N_FIRMS)[data["firm"]]
    data["y1"] = np.where(np.arange(len(data["firm"])) % 9 == 4, np.nan, data["y1"])
    panel = pv.Panel(data, "firm", "year")
    formulas = [
        "y0 ~ x0 + x1 + fixed",
        "y0 ~ x1 + x3",
        "y1 ~ x0 + x1",
        "y1 ~ fixed + x2",
        "y2 ~ x3 + x4",
        "y3 ~ fixed + x0",
    ]
    options = {**options, "cov": cov}
    found = quietly(pv.fit_many, pv.fit_random_effects, panel, formulas, options=options)
    for formula, result in zip(formulas, found.values(), strict=True):
        own = quietly(pv.fit_random_effects, panel, formula, **options)
        alike(result, own)
        assert result.estimator == own.estimator
        np.testing.assert_allclose(result.variance_components.theta, own.variance_components.theta, rtol=1e-9)
    models = [(formula,) for formula in formulas]
    assert len(together.fit_together(pv.fit_random_effects, panel, models, options)) == len(formulas)
    assert not together.fit_together(pv.fit_random_effects, panel, models, {"effects": "twoway"})


@pytest.mark.parametrize("apart", [1e2, 1e5, 1e8])
def test_regressors_whose_means_lie_far_apart_lose_nothing(apart):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"entity": np.repeat(np.arange(3000), 6), "year": np.tile(np.arange(6), 3000)})
    level = np.repeat(rng.normal(size=3000), 6)
    frame["x"], frame["z"] = apart * level + rng.normal(size=18_000), rng.normal(size=18_000)
    frame["y"] = frame["x"] - apart * level + level + rng.normal(size=18_000)

    def demeaned(name):
        values = frame[name].to_numpy().astype(np.longdouble).reshape(-1, 6)
        return (values - values.mean(axis=1, keepdims=True)).ravel()

    x, y = demeaned("x"), demeaned("y")
    panel = pv.Panel(frame, "entity", "year")
    found = pv.fit_many(pv.fit_fixed_effects, panel, ["y", "z"], ["x"], options={"effects": "entity"})["y"]
    assert found.params["x"] == pytest.approx(float(x @ y / (x @ x)), rel=1e-13)


def test_random_effects_of_regressors_that_do_not_vary_over_time_have_no_r2_within():
    rng = np.random.default_rng(32)
    frame = pd.DataFrame({"entity": np.repeat(np.arange(10), 1800), "year": np.tile(np.arange(1800), 10)})
    frame["x"] = np.repeat(rng.normal(size=10), 1800)
    for name in ("y", "w"):
        frame[name] = frame["x"] + np.repeat(rng.normal(size=10), 1800) + rng.normal(size=18_000)
    for result in pv.fit_many(pv.fit_random_effects, pv.Panel(frame, "entity", "year"), ["y", "w"], ["x"]).values():
        assert np.isnan(result.rsquared_table.within)
