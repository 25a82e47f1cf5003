"""Estimated effects with their errors, and prediction intervals, against the regression with all dummies."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from twins import Dense, X, gappy_frame, indicator

import panelvar as pv
from panelvar.kernels.absorption import level_system
from panelvar.panels.static.effects import effect_intervals

COLUMNS = {"entity": ["entity"], "time": ["year"], "twoway": ["entity", "year"], "swapped": ["year", "entity"]}
ASKED = {"swapped": ("time", "entity")}
CASES = [(effects, weighted) for effects in COLUMNS for weighted in (False, True)]


def islands():
    """Two blocks of entities that share no period."""
    frame = gappy_frame(seed=8, entities=10)
    frame.loc[frame["number"] >= 6, "year"] += 50
    return frame


class Twin:
    """The dummy-variable regression; every effect and prediction is a combination of its coefficients."""

    def __init__(self, frame, columns, weighted):
        self.frame, self.columns = frame, columns
        self.weights = np.asarray(frame["w"]) if weighted else np.ones(len(frame))
        self.blocks = [indicator(frame[column]) for column in columns]
        self.labels = [np.unique(frame[column]) for column in columns]
        self.k = sum(block.shape[1] for block in self.blocks)
        design = np.hstack([*self.blocks, frame[X]])
        weights = frame["w"] if weighted else None
        self.dense = Dense(design, frame["y"].to_numpy(), np.eye(design.shape[1]), weights)

    def mean_row(self, rows, block=None):
        """Weighted mean over rows of the effects (of one of them)."""
        out = np.zeros(self.dense.design.shape[1])
        start = 0
        for i, dummies in enumerate(self.blocks):
            stop = start + dummies.shape[1]
            if block is None or i == block:
                out[start:stop] = np.average(dummies[rows], axis=0, weights=self.weights[rows])
            start = stop
        return out

    def component_of(self, label, column):
        """Rows of the connected component of a level, found by walking."""
        rows = np.asarray(self.frame[column] == label)
        while True:
            grown = rows.copy()
            for name in self.columns:
                grown |= np.asarray(self.frame[name].isin(self.frame.loc[rows, name]))
            if (grown == rows).all():
                return rows
            rows = grown

    def level(self, block, label):
        """The level of an effect whose partner (the second) has mean zero over the component's rows."""
        out = np.zeros(self.dense.design.shape[1])
        out[sum(b.shape[1] for b in self.blocks[:block]) + list(self.labels[block]).index(label)] = 1.0
        if len(self.blocks) == 1:
            return out
        centre = self.mean_row(self.component_of(label, self.columns[block]), block=1)
        return out + centre if block == 0 else out - centre + self.mean_row(slice(None))

    def value(self, combination):
        return combination @ self.dense.coefficients

    def error(self, combination):
        scale = self.dense.rss / self.dense.df
        return np.sqrt(scale) * np.linalg.norm(combination @ self.dense.inverse)


def both(effects, weighted, frame=None):
    frame = gappy_frame() if frame is None else frame
    panel = pv.Panel(frame, "entity", "year")
    weights = "w" if weighted else None
    result = pv.fit_fixed_effects(panel, "y", X, effects=ASKED.get(effects, effects), weights=weights)
    return frame, result, Twin(frame, COLUMNS[effects], weighted)


@pytest.mark.parametrize("make", [gappy_frame, islands])
@pytest.mark.parametrize(("effects", "weighted"), CASES)
def test_effects_and_their_errors_in_both_forms(effects, weighted, make):
    _, result, twin = both(effects, weighted, make())
    table = result.estimated_effects()
    for block, column in enumerate(twin.columns):
        part = table if len(twin.columns) == 1 else table.loc[column]
        assert set(part.index) == set(twin.labels[block])
        for label, row in part.iterrows():
            level = twin.level(block, label)
            deviation = level - twin.mean_row(slice(None))
            assert row["level"] == pytest.approx(twin.value(level), rel=1e-8, abs=1e-9)
            assert row["deviation"] == pytest.approx(twin.value(deviation), rel=1e-8, abs=1e-9)
            assert row["std_error"] == pytest.approx(twin.error(level), rel=1e-7)
            assert row["std_error_deviation"] == pytest.approx(twin.error(deviation), rel=1e-7)


def test_differences_mean_something_only_within_a_component():
    frame, result, twin = both("twoway", False, islands())
    table = result.estimated_effects()
    assert table["component"].nunique() == 2
    early = table.loc["entity"].loc[["e00", "e05"], "component"]
    late = table.loc["entity"].loc[["e07", "e08"], "component"]
    assert early.nunique() == late.nunique() == 1 and early.iloc[0] != late.iloc[0]
    assert table.loc["year"].loc[2000, "component"] == early.iloc[0]
    panel = pd.DataFrame({"entity": ["e00"], "year": [2052], "x1": [1.0], "x2": [0.0]})
    with pytest.raises(pv.DataError, match="levels of unconnected blocks"):
        result.predict_interval(panel, effects=True)
    assert len(frame) == twin.dense.design.shape[0]


def test_errors_of_further_effects_are_refused_and_their_values_are_not():
    frame = gappy_frame(entities=20)
    frame["z"] = np.random.default_rng(0).standard_normal(len(frame))
    result = pv.fit_fixed_effects(pv.Panel(frame, "entity", "year"), "y", X, effects=("entity[z]", "time", "batch"))
    with pytest.raises(pv.SpecificationError, match="errors=False"):
        result.estimated_effects()
    table = result.estimated_effects(errors=False)
    values = frame[X].to_numpy() @ result.params[X].to_numpy()
    values += table.loc["entity"].loc[frame["entity"], "level"].to_numpy()
    values += table.loc["entity[z]"].loc[frame["entity"], "level"].to_numpy() * frame["z"].to_numpy()
    for column in ("year", "batch"):
        values += table.loc[column].loc[frame[column], "deviation"].to_numpy()
    np.testing.assert_allclose(values, result.fitted_values.loc[frame.index], atol=1e-10)
    np.testing.assert_allclose(result.predict(effects=True).loc[frame.index], values, atol=1e-10)
    again = result.predict(frame.drop(columns="y"), effects=True)
    np.testing.assert_allclose(again, values, atol=1e-10)
    for column in ("year", "batch"):
        assert table.loc[column].loc[frame[column], "deviation"].mean() == pytest.approx(0.0, abs=1e-11)
    with pytest.raises(pv.SpecificationError, match="one effect and for two"):
        result.predict_interval(effects=True)


def test_values_that_are_not_identified_are_announced():
    frame = gappy_frame(entities=20)
    panel = pv.Panel(frame, "entity", "year")
    result = pv.fit_fixed_effects(panel, "y", X, effects=("entity", "time", "region"))
    with pytest.warns(pv.PanelVarWarning, match="2 linear dependencies .* one solution of many"):
        result.estimated_effects(errors=False)


def test_too_many_levels_for_errors_are_refused(monkeypatch):
    _, result, _ = both("twoway", False)
    monkeypatch.setattr(level_system, "DIRECT_LIMIT", 3)
    with pytest.raises(pv.NumericalError, match=r"Standard errors of two effects .*errors=False"):
        result.estimated_effects()
    assert list(result.estimated_effects(errors=False).columns) == ["level", "deviation", "component"]


# ---- intervals


@pytest.mark.parametrize(("effects", "weighted"), CASES)
@pytest.mark.parametrize("kind", ["confidence", "prediction"])
def test_intervals_of_seen_levels(effects, weighted, kind):
    frame, result, twin = both(effects, weighted)
    table = result.predict_interval(frame, kind=kind, level=0.9, effects=True)
    s2 = twin.dense.rss / twin.dense.df
    expected = np.array([twin.error(row) for row in twin.dense.design])
    expected = np.sqrt(expected**2 + s2 * (kind == "prediction"))
    np.testing.assert_allclose(table["std_error"], expected, rtol=1e-8)
    np.testing.assert_allclose(table["predicted"], twin.dense.design @ twin.dense.coefficients, atol=1e-10)
    half = stats.t.ppf(0.95, twin.dense.df) * expected
    np.testing.assert_allclose(table["upper"] - table["predicted"], half, rtol=1e-8)
    np.testing.assert_allclose(table["predicted"] - table["lower"], half, rtol=1e-8)
    own = result.predict_interval(kind=kind, level=0.9, effects=True)
    np.testing.assert_allclose(own.loc[frame.index].to_numpy(), table.to_numpy(), rtol=1e-10)


@pytest.mark.filterwarnings("ignore:.* to unseen levels")
@pytest.mark.parametrize("effects", ["twoway", "swapped"])
def test_unseen_levels_add_the_variance_of_their_effect(effects):
    _, result, twin = both(effects, True)
    new = pd.DataFrame({"entity": ["e01", "new", "new"], "year": [2030, 2003, 2030], "x1": 1.5, "x2": -0.5})
    table = result.predict_interval(new, effects=True)
    parts = result.estimated_effects()["deviation"]
    spread = {name: parts.loc[name].var() for name in ("entity", "year")}
    mean = twin.mean_row(slice(None))
    place = {column: block for block, column in enumerate(twin.columns)}

    rows = [
        (twin.level(place["entity"], "e01"), spread["year"]),
        (twin.level(place["year"], 2003), spread["entity"]),
        (mean, spread["entity"] + spread["year"]),
    ]
    for (_, got), (combination, added) in zip(table.iterrows(), rows, strict=True):
        combination = combination.copy()
        combination[twin.k :] = [1.5, -0.5]
        assert got["predicted"] == pytest.approx(twin.value(combination), rel=1e-9)
        assert got["std_error"] == pytest.approx(np.sqrt(twin.error(combination) ** 2 + added), rel=1e-8)


@pytest.mark.filterwarnings("ignore:.* to unseen levels")
def test_intervals_of_one_unseen_level():
    _, result, twin = both("entity", False)
    new = pd.DataFrame({"entity": ["new", "e01"], "year": [2003, 2003], "x1": [1.5, 0.2], "x2": [-0.5, 0.0]})
    table = result.predict_interval(new, effects=True)
    combination = twin.mean_row(slice(None))
    combination[twin.k :] = [1.5, -0.5]
    added = result.variance_components.effect
    assert table["std_error"].iloc[0] == pytest.approx(np.sqrt(twin.error(combination) ** 2 + added), rel=1e-9)
    missing = result.predict_interval(new, effects=True, unseen="missing")
    assert missing.iloc[0].isna().all() and missing.iloc[1].equals(table.iloc[1])
    with pytest.raises(pv.DataError, match="has not seen"):
        result.predict_interval(new, effects=True, unseen="raise")


@pytest.mark.parametrize("weighted", [False, True])
def test_intervals_of_the_average_level(weighted):
    frame, result, twin = both("entity", weighted)
    for kind, added in (("confidence", 0.0), ("prediction", result.sigma2 + result.variance_components.effect)):
        table = result.predict_interval(frame, kind=kind)
        combination = np.tile(twin.mean_row(slice(None)), (len(frame), 1))
        combination[:, twin.k :] = frame[X]
        expected = [np.sqrt(twin.error(row) ** 2 + added) for row in combination]
        np.testing.assert_allclose(table["std_error"], expected, rtol=1e-8)


def test_intervals_of_pooled_models_are_the_textbook_ones():
    frame = gappy_frame()
    result = pv.fit_pooled(pv.Panel(frame, "entity", "year"), "y", X)
    z = np.column_stack([np.ones(len(frame)), frame[X]])
    hat = np.einsum("ij,ij->i", z @ np.linalg.inv(z.T @ z), z)
    np.testing.assert_allclose(result.predict_interval(frame)["std_error"], np.sqrt(result.sigma2 * hat), rtol=1e-9)
    wide = result.predict_interval(frame, kind="prediction")["std_error"]
    np.testing.assert_allclose(wide, np.sqrt(result.sigma2 * (1 + hat)), rtol=1e-9)
    with pytest.raises(pv.SpecificationError, match="no effects"):
        result.predict_interval(frame, effects=True)


@pytest.mark.filterwarnings("ignore:.* to unseen levels")
def test_intervals_of_random_effects_are_those_of_the_mixed_model():
    """The prediction error of z'b + mu by Henderson's mixed-model equations, with the variances as estimated."""
    frame = gappy_frame(entities=14)
    result = pv.fit_random_effects(pv.Panel(frame, "entity", "year"), "y", X)
    parts = result.variance_components
    assert parts.effect > 0
    z, dummies = np.column_stack([np.ones(len(frame)), frame[X]]), indicator(frame["entity"])
    ratio = parts.idiosyncratic / parts.effect
    both_sides = np.hstack([z, dummies])
    system = both_sides.T @ both_sides
    system[3:, 3:] += ratio * np.eye(dummies.shape[1])
    error = parts.idiosyncratic * np.linalg.inv(system)
    # The result's covariance has the residual variance of the quasi-demeaned rows: compare under the within one.
    same = pv.fit_random_effects(pv.Panel(frame, "entity", "year"), "y", X, convention="eviews")
    table = same.predict_interval(frame, effects=True)
    expected = np.sqrt(np.einsum("ij,jk,ik->i", both_sides, error, both_sides))
    np.testing.assert_allclose(table["std_error"], expected, rtol=1e-7)
    new = pd.DataFrame({"entity": ["new"], "year": [2003], "x1": [1.5], "x2": [-0.5]})
    row = np.array([1.0, 1.5, -0.5])
    unseen = same.predict_interval(new, effects=True, kind="prediction")["std_error"].iloc[0]
    total = row @ same.cov.to_numpy() @ row + parts.effect + parts.idiosyncratic
    assert unseen == pytest.approx(np.sqrt(total), rel=1e-9)
    assert same.predict_interval(new, kind="prediction")["std_error"].iloc[0] == pytest.approx(unseen, rel=1e-12)


def test_requests_for_limits_that_do_not_exist_are_refused():
    frame = gappy_frame()
    panel = pv.Panel(frame, "entity", "year")
    between = pv.fit_between(panel, "y", X)
    with pytest.raises(pv.SpecificationError, match="does not estimate the variance of an observation"):
        between.predict_interval(frame, kind="prediction")
    with pytest.raises(pv.SpecificationError, match="kind='mean' is not known"):
        between.predict_interval(frame, kind="mean")
    bare = pv.fit_fixed_effects(panel, "y", X, constant=False)
    new = pd.DataFrame({"entity": ["new"], "year": [2003], "x1": [1.5], "x2": [-0.5]})
    with pytest.warns(pv.PanelVarWarning, match="unseen"), pytest.raises(pv.SpecificationError, match="constant=True"):
        bare.predict_interval(new, effects=True)


@pytest.mark.parametrize("fit", [pv.fit_pooled, pv.fit_fixed_effects, pv.fit_random_effects, pv.fit_fixed_effects_ar1])
@pytest.mark.parametrize("errors", ["no", np.zeros(0), pd.DataFrame({"a": [1, 2]})])
@pytest.mark.filterwarnings("ignore:Only .* rows follow another", "ignore:rho is estimated from within residuals")
def test_whether_errors_are_wanted_is_true_or_false(fit, errors):
    result = fit(pv.Panel(gappy_frame(), "entity", "year"), "y", X)
    with pytest.raises(pv.SpecificationError, match=r"errors=.* must be True or False"):
        result.estimated_effects(errors=errors)


def uneven():
    rng = np.random.default_rng(5)
    rows = [(f"e{i}", t) for i in range(9) for t in range(i % 4 + 3)]
    frame = pd.DataFrame(rows, columns=["entity", "time"])
    own = frame["entity"].str[1:].astype(float)
    frame["x"] = own + rng.normal(size=len(frame))
    frame["y"] = 2.0 * own - 0.7 * frame["x"] + rng.normal(size=len(frame))
    return pv.Panel(frame, "entity", "time")


@pytest.mark.parametrize("kind", ["deviation", "level"])
def test_effects_have_the_intervals_of_their_errors(kind):
    result = pv.fit_fixed_effects(uneven(), "y", "x")
    found = effect_intervals(result, None, kind, (0.9, 0.68))
    table = result.estimated_effects()
    errors = table["std_error_deviation" if kind == "deviation" else "std_error"]
    reach = stats.t.ppf(0.95, result.df_inference) * errors
    np.testing.assert_allclose(found.estimates, table[kind])
    np.testing.assert_allclose(found.limits[0].upper - table[kind], reach, rtol=1e-10)
    np.testing.assert_allclose(table[kind] - found.limits[0].lower, reach, rtol=1e-10)
    ratio = stats.t.ppf(0.84, result.df_inference) / stats.t.ppf(0.95, result.df_inference)
    np.testing.assert_allclose(table[kind] - found.limits[1].lower, ratio * reach, rtol=1e-10)


def test_predicted_random_effects_have_hendersons_errors():
    """Against the mixed-model equations, whose inverse holds the mean squared errors of the predictions."""
    result = pv.fit_random_effects(uneven(), "y", "x")
    parts, data = result.variance_components, uneven()
    x = np.column_stack([np.ones(data.nobs), data.column("x")])
    z = np.eye(data.n_entities)[data.entity_codes]
    w = np.hstack([x, z])
    lhs = w.T @ w / parts.idiosyncratic
    lhs[2:, 2:] += np.eye(data.n_entities) / parts.effect
    inverse = np.linalg.inv(lhs)
    scale = result.cov.to_numpy() / inverse[:2, :2]
    np.testing.assert_allclose(scale, scale[0, 0], rtol=1e-8)
    # The covariance of the coefficients may carry another estimate of the variance: its share is scaled accordingly.
    gamma = inverse[2:, :2] @ np.linalg.inv(inverse[:2, :2])
    shift = np.einsum("ij,jk,ik->i", gamma, inverse[:2, :2] * (scale[0, 0] - 1.0), gamma)
    expected = np.sqrt(np.diagonal(inverse)[2:] + shift)
    np.testing.assert_allclose(result.estimated_effects()["std_error"], expected, rtol=1e-8)
    assert list(result.estimated_effects(errors=False).columns) == ["effect"]
