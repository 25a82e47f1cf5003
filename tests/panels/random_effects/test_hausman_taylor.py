"""Hausman-Taylor, Amemiya-MaCurdy and Breusch-Mizon-Schmidt against dense projections."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from reference_data import table

import panelvar as pv

X = ["a", "b", "p", "z", "w"]
ENDOGENOUS = ["p", "w"]
METHODS = ["hausman-taylor", "amemiya-macurdy", "breusch-mizon-schmidt"]


def frame(seed=1, entities=40, periods=6, kept=0.8, shuffled=True):
    """a, b exogenous, p endogenous; z exogenous, w endogenous and constant in time."""
    rng = np.random.default_rng(seed)
    effect, z = rng.standard_normal((2, entities))
    level = rng.standard_normal((2, entities))
    w = 0.8 * level[0] + 0.6 * level[1] + 0.7 * effect + 0.3 * rng.standard_normal(entities)
    rows = []
    for i in range(entities):
        years = np.flatnonzero(rng.random(periods) < kept)
        years = years if len(years) > 1 else np.array([0, periods - 1])
        for t in years:
            a, b = level[:, i] + rng.standard_normal(2) + [0.2 * t, 0.0]
            p = 0.5 * a + effect[i] + rng.standard_normal()
            y = 1.0 + 0.5 * a - 0.4 * b + 0.3 * p + 0.6 * z[i] + 0.8 * w[i] + effect[i] + 0.7 * rng.standard_normal()
            rows.append((f"e{i:02d}", 2000 + int(t), y, a, b, p, z[i], w[i]))
    out = pd.DataFrame(rows, columns=["entity", "year", "y", *X])
    return out.sample(frac=1.0, random_state=seed).reset_index(drop=True) if shuffled else out


def panel(data):
    return pv.Panel(data, "entity", "year")


def fit(data, method="hausman-taylor", **options):
    return pv.fit_hausman_taylor(panel(data), "y", X, endogenous=ENDOGENOUS, method=method, **options)


def close(ours, twin, rtol=1e-9):
    twin = np.asarray(twin, dtype=float)
    np.testing.assert_allclose(np.asarray(ours, dtype=float), twin, rtol=rtol, atol=rtol * np.abs(twin).max())


def projected(z, v):
    return z @ np.linalg.lstsq(z, v, rcond=None)[0]


class Dense:
    """Every step on dense matrices: dummies, projections, explicit weights."""

    def __init__(self, data, method, periods="entity", constant=True, cov="classical"):
        data = data.sort_values(["entity", "year"])
        codes = data["entity"].astype("category").cat.codes.to_numpy()
        d = (codes[:, None] == np.unique(codes)[None, :]).astype(float)
        counts = d.sum(axis=0)
        mean = d @ np.diag(1.0 / counts) @ d.T
        n, groups = d.shape
        y = data["y"].to_numpy()
        varying, invariant = data[["a", "b", "p"]].to_numpy(), data[["z", "w"]].to_numpy()
        slopes = np.linalg.lstsq(varying - mean @ varying, y - mean @ y, rcond=None)[0]
        left = y - mean @ y - (varying - mean @ varying) @ slopes
        self.idiosyncratic = left @ left / (n - groups)
        ones = np.ones((n, int(constant)))
        right = np.column_stack((ones, invariant))
        tools = np.column_stack((ones, data[["a", "b", "z"]]))
        level = mean @ (y - varying @ slopes)
        hat = projected(tools, right)
        rest = level - right @ np.linalg.lstsq(hat, level, rcond=None)[0]
        used = counts if periods == "entity" else np.full(groups, float(data["year"].nunique()))
        harmonic = groups / np.sum(1.0 / used)
        self.effect = (rest @ rest / groups - self.idiosyncratic) / harmonic
        theta = 1.0 - np.sqrt(self.idiosyncratic / (self.idiosyncratic + used * self.effect))
        shrink = np.eye(n) - np.diag(theta[codes]) @ mean

        within = varying - mean @ varying
        wide = []
        if method != "hausman-taylor":
            years = np.unique(data["year"])
            columns = within[:, : 2 if method == "amemiya-macurdy" else 3]
            for column in columns.T:
                for year in years:
                    own = np.zeros(groups)
                    there = data["year"].to_numpy() == year
                    own[codes[there]] = column[there]
                    wide.append(own[codes])
        names = ["a", "b", "z", "p", "w"]
        x = shrink @ np.column_stack((ones, data[names]))
        levels = np.column_stack((ones, mean @ varying[:, :2], data["z"], *wide))
        z = np.column_stack((within, shrink @ levels))
        hat = projected(z, x)
        b = np.linalg.lstsq(hat, shrink @ y, rcond=None)[0]
        e = shrink @ y - x @ b
        bread = np.linalg.inv(hat.T @ hat)
        self.params = b
        if cov == "classical":
            self.cov = e @ e / (n - x.shape[1]) * bread
        else:
            sums = d.T @ (hat * e[:, None])
            self.cov = groups / (groups - 1) * (n - 1) / (n - x.shape[1]) * bread @ (sums.T @ sums) @ bread


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kept", [1.0, 0.75])
@pytest.mark.parametrize("convention", ["default", "plm"])
def test_against_dense_projections(method, kept, convention):
    data = frame(1, kept=kept)
    twin = Dense(data, method, "panel" if convention == "plm" else "entity")
    result = fit(data, method, convention=convention)
    assert result.names == ("const", "a", "b", "z", "p", "w")
    close(result.params, twin.params)
    close(result.cov, twin.cov)
    assert result.variance_components.idiosyncratic == pytest.approx(twin.idiosyncratic, rel=1e-10)
    assert result.variance_components.effect == pytest.approx(twin.effect, rel=1e-10)


@pytest.mark.filterwarnings("ignore:Weak instruments")
@pytest.mark.parametrize("method", METHODS)
def test_clustered_errors_and_no_constant(method):
    data = frame(2)
    twin = Dense(data, method, cov="cluster")
    close(fit(data, method, cov="cluster").cov, twin.cov)
    without = Dense(data, method, constant=False)
    result = fit(data, method, constant=False)
    close(result.params, without.params)
    close(result.cov, without.cov)


def test_as_many_instruments_as_needed_reproduce_fixed_effects():
    """Just identified (one a for one w), the slopes of what varies are those of fixed effects."""
    data = frame(3)
    x = ["a", "p", "w"]
    result = pv.fit_hausman_taylor(panel(data), "y", x, endogenous=ENDOGENOUS)
    within = pv.fit_fixed_effects(panel(data), "y", ["a", "p"])
    close(result.params[["a", "p"]], within.params[["a", "p"]])


def test_lists_and_formulas():
    data = frame(4)
    result = fit(data)
    formula = pv.fit_hausman_taylor(panel(data), "y ~ a + b + p + z + w", endogenous=ENDOGENOUS)
    close(formula.params, result.params, 1e-13)
    only = pv.fit_hausman_taylor(panel(data), "y", ["a", "b", "w"], endogenous="w")
    assert only.names == ("const", "a", "b", "w")
    varying = pv.fit_hausman_taylor(panel(data), "y", ["a", "p"], endogenous="p")
    assert varying.names == ("const", "a", "p")
    assert "Hausman-Taylor 2SLS (entity)" in str(result)
    assert "Amemiya-MaCurdy" in str(fit(data, "amemiya-macurdy"))


def test_hausman_against_fixed_effects_runs_and_row_order_does_not_matter():
    data = frame(5)
    result = fit(data)
    close(fit(data.sort_values("y")).params, result.params, 1e-12)
    within = pv.fit_fixed_effects(panel(data), "y", ["a", "b", "p"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        test = pv.hausman_test(within, result, sigma="efficient")
    names = ["a", "b", "p"]
    gap = (within.params - result.params)[names].to_numpy()
    difference = result.sigma2 * (within.cov / within.sigma2).loc[names, names] - result.cov.loc[names, names]
    values, vectors = np.linalg.eigh(difference.to_numpy())
    # One over-identifying restriction: two exogenous that vary for one endogenous that does not.
    assert values[-1] > 1e6 * np.abs(values[:-1]).max()
    assert test.df == 1
    assert test.statistic == pytest.approx((vectors[:, -1] @ gap) ** 2 / values[-1], rel=1e-5)


def test_redundant_instruments_are_counted():
    """A trend deviates alike in all entities: its values by period say nothing."""
    data = frame(6, kept=1.0).assign(b=lambda d: d["year"] - 2000.0)
    result = fit(data, "amemiya-macurdy")
    (note,) = (note for note in result.notes if note.code == "instrument-redundant")
    assert re.match(r"\d+ of the 13 instruments", note.text)
    assert not note.warn


def test_more_instruments_than_entities_are_warned_about():
    data = frame(7, entities=12, periods=6)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit(data, "breusch-mizon-schmidt")
    assert any("values of single periods" in str(each.message) for each in caught)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"endogenous": ["q"]}, pv.SpecificationError, "'q', which is not among the regressors"),
        ({"endogenous": []}, pv.SpecificationError, "use fit_random_effects"),
        ({"method": "amacurdy"}, pv.SpecificationError, "amemiya-macurdy"),
        ({"weights": "a"}, pv.SpecificationError, "weights"),
        ({"endogenous": ["a", "b", "w", "z"]}, pv.CollinearityError, r"1 of the second \(p\)"),
        ({"endogenous": ["a", "b", "p", "w"]}, pv.CollinearityError, r"0 of the second \(none\)"),
    ],
)
def test_refusals(options, error, message):
    with pytest.raises(error, match=message):
        pv.fit_hausman_taylor(panel(frame(8)), "y", X, **{"endogenous": ENDOGENOUS, **options})


def test_other_refusals():
    data = frame(9)
    with pytest.raises(pv.InsufficientDataError, match="at least two levels"):
        fit(data[data["entity"] == "e00"])
    with pytest.raises(pv.InsufficientDataError, match="single row"):
        fit(data.groupby("entity").head(1))
    few = data.groupby("entity").head(1)
    more = data[(data["entity"] == "e00")].iloc[[1]]
    with pytest.raises(pv.InsufficientDataError, match="degrees of freedom"):
        pv.fit_hausman_taylor(panel(pd.concat([few, more])), "y", ["a", "p"], endogenous="p")
    flat = data.assign(a=data["a"] - data.groupby("entity")["a"].transform("mean"))
    flat = flat.assign(b=flat["b"] - flat.groupby("entity")["b"].transform("mean"))
    with pytest.raises(pv.CollinearityError, match="components need the regression"):
        # Exogenous regressors whose means are all zero say nothing of w.
        fit(flat)


def test_wages_of_cornwell_and_rupert():
    """The reference data hold what they are said to hold."""
    wages = table("wages")
    assert len(wages) == 4165
    assert wages["id"].nunique() == 595
    assert wages["lwage"].mean() == pytest.approx(6.676346, abs=5e-7)


@pytest.mark.slow
def test_the_effect_of_what_does_not_vary_is_estimated_without_bias():
    """Random effects are biased by the correlation of w with the effect; Hausman and Taylor are not."""
    errors, biased, covered, draws = [], [], 0, 200
    for draw in range(draws):
        data = frame(100 + draw, entities=200, periods=5, kept=0.9, shuffled=False)
        result = fit(data)
        errors.append(result.params["w"] - 0.8)
        limits = result.conf_int().loc["w"]
        covered += limits["lower"] <= 0.8 <= limits["upper"]
        biased.append(pv.fit_random_effects(panel(data), "y", X).params["w"] - 0.8)
    assert abs(np.mean(errors)) < 4.0 * np.std(errors) / np.sqrt(draws)
    assert np.mean(biased) > 10.0 * np.std(biased) / np.sqrt(draws)
    assert 0.90 <= covered / draws <= 0.99
