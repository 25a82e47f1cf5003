"""Mean group, common correlated effects, random coefficients: against a loop over entities and dense matrices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from quiet import quietly
from reference_data import table
from scipy import stats
from twins import EPS, X, gappy_frame

import panelvar as pv
from panelvar.kernels.linear.unit_regressions import DEPENDENT, ESTIMATED, SHORT, unit_regressions


def frame(seed=1, entities=12, periods=14, shuffled=True):
    """An unbalanced, gappy panel with slopes that differ by entity and a common shock."""
    out = gappy_frame(seed, entities, periods, kept=0.8, shuffled=shuffled)
    rng = np.random.default_rng(seed + 100)
    slopes = 1.0 + rng.standard_normal((entities, 2))
    loading = 1.0 + rng.standard_normal(entities)
    shock = rng.standard_normal(periods)
    number, year = out["number"].to_numpy(), out["year"].to_numpy() - 2000
    out["x1"] += 0.5 * loading[number] * shock[year]
    out["y"] = (out[X].to_numpy() * slopes[number]).sum(axis=1) + loading[number] * (shock[year] + 2.0)
    out["y"] += 0.5 * rng.standard_normal(len(out))
    return out


@dataclass
class Loop:
    """One least-squares fit an entity, in a loop, with explicit inverses and residual makers."""

    data: pd.DataFrame
    regressors: list[str]
    y: str = "y"
    constant: bool = True

    def __post_init__(self):
        self.b, self.v, self.rss, self.labels, self.parts = [], [], [], [], []
        for label, rows in self.data.groupby("entity"):
            z = rows[self.regressors].to_numpy()
            if self.constant:
                z = np.column_stack((np.ones(len(z)), z))
            if len(z) < z.shape[1] + 1:
                continue
            coefficients = np.linalg.lstsq(z, rows[self.y].to_numpy(), rcond=None)[0]
            residuals = rows[self.y].to_numpy() - z @ coefficients
            s2 = residuals @ residuals / (len(z) - z.shape[1])
            self.b.append(coefficients)
            self.v.append(s2 * np.linalg.inv(z.T @ z))
            self.rss.append(residuals @ residuals)
            self.labels.append(label)
            self.parts.append(rows)
        self.b, self.v = np.array(self.b), np.array(self.v)

    def mean_group(self):
        n = len(self.b)
        mean = sum(self.b) / n
        return mean, sum(np.outer(b - mean, b - mean) for b in self.b) / (n * (n - 1))

    def pooled(self, out):
        """Slopes of ``out`` pooled, everything else partialled out entity by entity."""
        first = int(self.constant)
        at = [first + self.regressors.index(name) for name in out]
        total, target, inner = 0.0, 0.0, 0.0
        mean = self.b[:, at].mean(axis=0)
        n = len(self.b)
        for b, rows in zip(self.b, self.parts, strict=True):
            h = rows[[name for name in self.regressors if name not in out]].to_numpy()
            h = np.column_stack((np.ones(len(rows)), h)) if self.constant else h
            maker = np.eye(len(rows)) - h @ np.linalg.pinv(h)
            x = rows[out].to_numpy()
            a = x.T @ maker @ x
            total = total + a
            target = target + x.T @ maker @ rows[self.y].to_numpy()
            inner = inner + a @ np.outer(b[at] - mean, b[at] - mean) @ a * n / (n - 1)
        bread = np.linalg.inv(total)
        return bread @ target, bread @ inner @ bread

    def swamy(self, unbiased):
        n = len(self.b)
        delta = np.cov(self.b.T)
        if unbiased:
            delta = delta - self.v.mean(axis=0)
        weights = np.array([np.linalg.inv(delta + v) for v in self.v])
        cov = np.linalg.inv(weights.sum(axis=0))
        mean = cov @ np.einsum("iab,ib->a", weights, self.b)
        blup = np.array([mean + delta @ w @ (b - mean) for w, b in zip(weights, self.b, strict=True)])
        precision = np.array([np.linalg.inv(v) for v in self.v])
        star = np.linalg.solve(precision.sum(axis=0), np.einsum("iab,ib->a", precision, self.b))
        chi2 = sum((b - star) @ p @ (b - star) for p, b in zip(precision, self.b, strict=True))
        return mean, cov, delta, blup, chi2, n

    def gls(self, unbiased):
        """Swamy's estimate from the stacked rows and their explicit covariance, block by block."""
        delta = self.swamy(unbiased)[2]
        left, right = 0.0, 0.0
        for v, rows in zip(self.v, self.parts, strict=True):
            z = np.column_stack((np.ones(len(rows)), rows[self.regressors]))
            s2 = v[0, 0] / np.linalg.inv(z.T @ z)[0, 0]
            omega = np.linalg.inv(z @ delta @ z.T + s2 * np.eye(len(rows)))
            left = left + z.T @ omega @ z
            right = right + z.T @ omega @ rows[self.y].to_numpy()
        return np.linalg.solve(left, right), np.linalg.inv(left)


def averaged(data, lags=0):
    """The frame with period averages and their calendar lags, incomplete rows gone."""
    out = data.copy()
    names = []
    for name in ["y", *X]:
        by_year = out.groupby("year")[name].mean()
        for lag in range(lags + 1):
            column = f"mean({name})" if lag == 0 else f"L{lag}.mean({name})"
            out[column] = (out["year"] - lag).map(by_year)
    for lag in range(lags + 1):
        names += [f"mean({name})" if lag == 0 else f"L{lag}.mean({name})" for name in ["y", *X]]
    return out.dropna(), names


def panel(data):
    return pv.Panel(data, "entity", "year")


def close(ours, twin, rtol=1e-10):
    twin = np.asarray(twin)
    np.testing.assert_allclose(np.asarray(ours), twin, rtol=rtol, atol=rtol * np.abs(twin).max())


# ---- each against its twin


@pytest.mark.parametrize("constant", [True, False])
@pytest.mark.parametrize("seed", [1, 2])
def test_mean_group(seed, constant):
    data = frame(seed)
    twin = Loop(data, X, constant=constant)
    result = pv.fit_mean_group(panel(data), "y", X, trend="c" if constant else "n")
    mean, cov = twin.mean_group()
    close(result.params, mean)
    close(result.cov, cov)
    close(result.individual, twin.b)
    close(result.individual_std_errors**2, np.diagonal(twin.v, axis1=1, axis2=2))
    assert list(result.individual.index) == twin.labels
    assert result.rss == pytest.approx(sum(twin.rss), rel=1e-10)
    assert result.df_resid == len(data) - len(twin.b) * (2 + constant)
    # e = y - z'b_i, row by row of the caller's frame.
    own = pd.DataFrame(twin.b, twin.labels).loc[data["entity"]].to_numpy()
    z = np.column_stack((*((np.ones(len(data)),) if constant else ()), data[X]))
    close(result.resids.loc[data.index], data["y"] - (z * own).sum(axis=1), 1e-9)
    close(result.resids + result.fitted_values, data.loc[result.resids.index, "y"])


def test_mean_group_with_trend_and_periods_demeaned():
    data = frame(3)
    data["trend"] = data["year"] - data["year"].min() + 1.0
    close(
        pv.fit_mean_group(panel(data.drop(columns="trend")), "y", X, trend="ct").params,
        Loop(data, [*X, "trend"]).mean_group()[0],
    )
    apart = data.copy()
    apart[["y", *X]] -= data.groupby("year")[["y", *X]].transform("mean")
    result = pv.fit_mean_group(panel(data), "y", X, demean=True)
    mean, cov = Loop(apart, X).mean_group()
    close(result.params, mean, 1e-9)
    close(result.cov, cov, 1e-9)


@pytest.mark.parametrize("lags", [0, 1])
@pytest.mark.parametrize("trend", ["c", "ct"])
def test_common_correlated_effects(lags, trend):
    data = frame(4, entities=15, periods=30)
    full, averages = averaged(data, lags)
    regressors = [*X, *averages]
    if trend == "ct":
        full["trend"] = full["year"] - 1999.0
        regressors.append("trend")
    twin = Loop(full, regressors)
    mean, cov = twin.mean_group()
    result = quietly(pv.fit_common_correlated_effects, panel(data), "y", X, average_lags=lags, trend=trend)
    assert result.names == ("const", *regressors)
    assert result.nobs == len(full)
    close(result.params, mean, 1e-9)
    close(result.cov, cov, 1e-9)
    pooled = quietly(pv.fit_common_correlated_effects, panel(data), "y", X, average_lags=lags, trend=trend, pooled=True)
    slopes, cov = twin.pooled(X)
    assert pooled.names == tuple(X)
    close(pooled.params, slopes, 1e-9)
    close(pooled.cov, cov, 1e-9)
    close(pooled.individual[["const", *regressors]], twin.b, 1e-8)
    close(pooled.resids, result.resids.loc[pooled.resids.index], 1e-8)


@pytest.mark.parametrize("dispersion", ["unbiased", "sample"])
def test_swamy(dispersion):
    data = frame(5, entities=20, periods=25)
    twin = Loop(data, X)
    mean, cov, delta, blup, chi2, n = twin.swamy(dispersion == "unbiased")
    assert np.linalg.eigvalsh(delta)[0] > 0.0
    result = pv.fit_swamy(panel(data), "y", X, dispersion=dispersion)
    close(result.params, mean)
    close(result.cov, cov)
    close(result.dispersion, delta)
    close(result.predicted, blup)
    assert result.constancy.statistic == pytest.approx(chi2, rel=1e-9)
    assert result.constancy.df == 3 * (n - 1)
    assert result.constancy.pvalue == pytest.approx(stats.chi2.sf(chi2, 3 * (n - 1)), rel=1e-8, abs=1e-300)
    # The weighted mean of entity estimates is GLS on the stacked rows.
    gls, variance = twin.gls(dispersion == "unbiased")
    close(result.params, gls, 1e-9)
    close(result.cov, variance, 1e-9)


def test_constancy_is_the_chow_test_with_entity_variances():
    """Swamy's statistic is the gain in weighted sums of squares, each entity's rows over its own s_i."""
    data = frame(6)
    twin = Loop(data, X)
    scaled = []
    for rss, rows in zip(twin.rss, twin.parts, strict=True):
        z = np.column_stack((np.ones(len(rows)), rows[X], rows["y"]))
        scaled.append(z / np.sqrt(rss / (len(rows) - 3)))
    stacked = np.vstack(scaled)
    left = stacked[:, -1] - stacked[:, :-1] @ np.linalg.lstsq(stacked[:, :-1], stacked[:, -1], rcond=None)[0]
    gain = left @ left - (len(data) - 3 * len(twin.b))
    assert pv.fit_swamy(panel(data), "y", X).constancy.statistic == pytest.approx(gain, rel=1e-9)


def test_indefinite_dispersion_falls_back_with_a_warning():
    grunfeld = pv.Panel(table("grunfeld"), "firm", "year")
    with pytest.warns(pv.PanelVarWarning, match="not positive semi-definite"):
        result = pv.fit_swamy(grunfeld, "inv", ["value", "capital"])
    sample = pv.fit_swamy(grunfeld, "inv", ["value", "capital"], dispersion="sample")
    stata = pv.fit_swamy(grunfeld, "inv", ["value", "capital"], convention="stata")
    for other in (sample, stata):
        close(result.params, other.params, 1e-14)
        close(result.cov, other.cov, 1e-14)
    assert "dispersion-indefinite" in {note.code for note in result.notes}
    assert {note.code for note in stata.notes} == {"constancy-oversized"}


def test_few_rows_inflate_the_constancy_statistic_as_the_note_says():
    """Equal coefficients, 8 residual degrees of freedom: each term has mean p 8 / 6, a third above p."""
    rng = np.random.default_rng(21)
    entities, periods = 20_000, 10
    index = pd.MultiIndex.from_product([range(entities), range(periods)], names=["entity", "year"])
    x = rng.standard_normal(len(index))
    data = pd.DataFrame({"x": x, "y": 1.0 + x + rng.standard_normal(len(index))}, index=index)
    result = quietly(pv.fit_swamy, data, "y", ["x"])
    (note,) = (note for note in result.constancy.notes if note.code == "constancy-oversized")
    assert "With 8 residual degrees of freedom" in note.text
    assert "by about 33 percent" in note.text
    assert result.constancy.statistic / result.constancy.df == pytest.approx(4.0 / 3.0, rel=0.04)
    assert note in result.notes
    long = frame(22, entities=12, periods=70)
    assert pv.fit_swamy(panel(long), "y", X).constancy.notes == ()


# ---- the batches


def test_batches_equal_single_regressions():
    rng = np.random.default_rng(8)
    sizes = np.array([3, 9, 4, 9, 30, 4, 2, 5])
    starts = np.r_[0, np.cumsum(sizes)]
    columns = [rng.standard_normal(starts[-1]) for _ in range(3)]
    units = unit_regressions(columns, starts, constant=True)
    assert units.status.tolist() == [SHORT, *[ESTIMATED] * 5, SHORT, ESTIMATED]
    for i in np.flatnonzero(units.status == ESTIMATED):
        rows = slice(starts[i], starts[i + 1])
        z = np.column_stack((np.ones(sizes[i]), columns[0][rows], columns[1][rows]))
        b = np.linalg.lstsq(z, columns[2][rows], rcond=None)[0]
        close(units.coefficients[i], b)
        close(units.triangles[i].T @ units.triangles[i], z.T @ z)
        close(units.triangles[i] @ units.coefficients[i], units.targets[i])
    assert np.isnan(units.coefficients[units.status != ESTIMATED]).all()


def test_digits_survive_a_large_level():
    """A regressor at 10^6 costs its own conditioning and no more; the twin works in long double."""
    rng = np.random.default_rng(9)
    starts = np.array([0, 12, 24])
    x, noise = rng.standard_normal(24), rng.standard_normal(24)
    shifted = x + 1e6
    exact = shifted - 1e6
    y = 2.0 * exact + noise
    units = unit_regressions([shifted, y], starts, constant=True)
    for i in range(2):
        rows = slice(12 * i, 12 * i + 12)
        a = exact[rows].astype(np.longdouble)
        b = y[rows].astype(np.longdouble)
        slope = float(((a - a.mean()) * (b - b.mean())).sum() / ((a - a.mean()) ** 2).sum())
        assert units.coefficients[i, 1] == pytest.approx(slope, rel=1e4 * EPS)


@pytest.mark.parametrize("unit", [2.0**-400, 2.0**400])
def test_units_of_a_column_change_nothing_else(unit):
    data = frame(10)
    scaled = data.assign(x1=data["x1"] * unit)
    plain, other = pv.fit_swamy(panel(data), "y", X), pv.fit_swamy(panel(scaled), "y", X)
    close(other.params * [1.0, unit, 1.0], plain.params, 1e-13)
    close(other.tstats, plain.tstats, 1e-11)
    assert other.constancy.statistic == pytest.approx(plain.constancy.statistic, rel=1e-11)


def test_dependence_is_judged_within_each_entity():
    rng = np.random.default_rng(11)
    starts = np.array([0, 8, 16, 24, 32])
    a, b, y = (rng.standard_normal(32) for _ in range(3))
    a[8:16] = 3.0  # constant in the second
    b[16:24] = 2.0 * a[16:24] - 1.0  # and dependent in the third
    b[24:32] = 0.0
    units = unit_regressions([a, b, y], starts, constant=True)
    assert units.status.tolist() == [ESTIMATED, DEPENDENT, DEPENDENT, DEPENDENT]
    assert unit_regressions([a, y], starts, constant=False).status.tolist() == [ESTIMATED] * 4


def test_row_order_does_not_matter():
    data = frame(12)
    sorted_rows = pv.fit_common_correlated_effects(panel(data.sort_values(["entity", "year"])), "y", X)
    close(pv.fit_common_correlated_effects(panel(data), "y", X).params, sorted_rows.params, 1e-13)


# ---- who is left out


def short_and_flat():
    data = frame(13)
    first, second = sorted(data["entity"].unique())[:2]
    data = data[(data["entity"] != first) | (data.groupby("entity").cumcount() < 3)].copy()
    data.loc[data["entity"] == second, "x2"] = 7.0
    return data, [first, second]


def test_entities_without_a_regression_are_left_out_counted_and_named():
    data, gone = short_and_flat()
    with pytest.warns(
        pv.PanelVarWarning, match=r"2 of 12 entities left out .first e00, e01.: 1 with fewer than 4 rows; 1 whose"
    ):
        result = pv.fit_mean_group(panel(data), "y", X)
    rest = pv.fit_mean_group(panel(data[~data["entity"].isin(gone)]), "y", X)
    close(result.params, rest.params, 1e-14)
    assert result.n_entities == 10 == len(result.individual)
    assert result.nobs == rest.nobs == len(result.resids)
    with pytest.raises(pv.InsufficientDataError, match="unusable='drop'"):
        pv.fit_mean_group(panel(data), "y", X, unusable="raise")


def test_averages_count_the_rows_of_entities_left_out():
    data, gone = short_and_flat()
    full, averages = averaged(data)
    kept = full[~full["entity"].isin(gone)]
    result = quietly(pv.fit_common_correlated_effects, panel(data), "y", X)
    close(result.params, Loop(kept, [*X, *averages]).mean_group()[0], 1e-9)


@pytest.mark.parametrize("call", [pv.fit_mean_group, pv.fit_swamy, pv.fit_common_correlated_effects])
def test_a_lagged_dependent_variable_is_warned_about_where_entities_are_short(call):
    for periods, warned in ((25, True), (60, False)):
        result = quietly(call, panel(frame(23, entities=10, periods=periods)), "y ~ L(y) + x1")
        (note,) = (note for note in result.notes if note.code == "lagged-dependent")
        assert note.warn is warned
        assert f"T is {result.nobs / result.n_entities:.4g}" in note.text
    assert "lagged-dependent" not in {note.code for note in quietly(call, panel(frame(23)), "y ~ L(x1) + x2").notes}


def test_min_rows():
    data = frame(14)
    sizes = data.groupby("entity").size()
    few = int(sizes.min()) + 1
    result = quietly(pv.fit_mean_group, panel(data), "y", X, min_rows=few)
    assert result.n_entities == int((sizes >= few).sum()) < len(sizes)
    for wrong in (10**5000, 2, 4.5, True):
        with pytest.raises(pv.SpecificationError, match="min_rows"):
            pv.fit_mean_group(panel(data), "y", X, min_rows=wrong)


def test_refusals():
    data = frame(15)
    with pytest.raises(pv.CollinearityError, match="x2"):
        pv.fit_mean_group(panel(data.assign(x2=data["number"])), "y", X)
    with pytest.raises(pv.InsufficientDataError, match="at least two"):
        pv.fit_mean_group(panel(data[data["number"] == 0]), "y", X)
    with pytest.raises(pv.InsufficientDataError, match="at least two"):
        pv.fit_common_correlated_effects(panel(data[data["number"] == 0]), "y", X)
    with pytest.raises(pv.InsufficientDataError, match="fewer than"):
        pv.fit_mean_group(panel(data[data["year"] < 2003]), "y", X)
    with pytest.raises(pv.NumericalError, match="fit exactly"):
        pv.fit_swamy(panel(data.assign(y=1.0 + 2.0 * data["x1"])), "y", X)
    with pytest.raises(pv.SpecificationError, match="Did you mean 'sample'"):
        pv.fit_swamy(panel(data), "y", X, dispersion="samples")
    with pytest.raises(pv.SpecificationError, match="average_lags"):
        pv.fit_common_correlated_effects(panel(data), "y", X, average_lags=-1)
    with pytest.raises(pv.SpecificationError, match="trend"):
        pv.fit_mean_group(panel(data.assign(trend=data["x1"])), "y", ["trend"], trend="ct")
    with pytest.raises(pv.SpecificationError, match="regressor, whose slope it pools"):
        pv.fit_common_correlated_effects(panel(data), "y", [], pooled=True)


def test_a_common_regressor_is_its_own_average():
    data = frame(16, periods=20)
    data["oil"] = np.sin(data["year"])
    result = pv.fit_common_correlated_effects(panel(data), "y", ["x1", "oil"])
    assert result.names == ("const", "x1", "oil", "mean(y)", "mean(x1)")
    assert "common-regressor" in {note.code for note in result.notes}
    full, _ = averaged(data)
    close(result.params, Loop(full, ["x1", "oil", "mean(y)", "mean(x1)"]).mean_group()[0], 1e-9)
    with pytest.raises(pv.SpecificationError, match="'oil' is the same for all entities"):
        pv.fit_common_correlated_effects(panel(data), "y", ["x1", "oil"], pooled=True)
    with pytest.raises(pv.SpecificationError, match="'oil' is the same for all entities"):
        pv.fit_common_correlated_effects(panel(data), "oil", ["x1"])


# ---- the result


def test_inference_by_t_or_normal():
    data = frame(17)
    t, z = pv.fit_mean_group(panel(data), "y", X), pv.fit_mean_group(panel(data), "y", X, convention="stata")
    assert (t.distribution, t.df_inference) == ("t", 11)
    assert (z.distribution, z.df_inference) == ("normal", None)
    close(t.pvalues, 2.0 * stats.t.sf(np.abs(t.tstats), 11), 1e-9)
    close(z.pvalues, 2.0 * stats.norm.sf(np.abs(z.tstats)), 1e-9)
    close(t.conf_int(level=0.9)["upper"], t.params + stats.t.ppf(0.95, 11) * t.std_errors)
    with pytest.raises(pv.SpecificationError, match="coverage"):
        t.conf_int(level=0.05)
    assert (t.f_slopes.distribution, z.f_slopes.distribution) == ("f", "chi2")


def test_questions_and_reading():
    data = frame(18, periods=20)
    result = pv.fit_common_correlated_effects(panel(data), "y ~ x1 + x2")
    gap = result.params["x1"] - result.params["x2"]
    weights = np.array([0.0, 1.0, -1.0, 0.0, 0.0, 0.0])
    error = np.sqrt(weights @ result.cov.to_numpy() @ weights)
    combination = result.lincom("x1 - x2")
    assert combination.estimate == pytest.approx(gap)
    assert combination.std_error == pytest.approx(error)
    assert result.wald_test("x1 = x2").statistic == pytest.approx((gap / error) ** 2)
    # The joint test is of what the caller named, not of the averages.
    slopes, block = result.params.iloc[1:3].to_numpy(), result.cov.iloc[1:3, 1:3].to_numpy()
    assert result.f_slopes.statistic == pytest.approx(slopes @ np.linalg.solve(block, slopes) / 2.0)
    text = str(result)
    for words in ("Common correlated effects (mean group): y", "mean(x1)", "t(11)", "All slopes zero on average"):
        assert words in text
    assert "<table" in result._repr_html_()
    assert result.summary().to_frame()["estimate"].to_numpy() == pytest.approx(result.params.to_numpy())
    assert repr(result) == "<Common correlated effects (mean group): y on " + ", ".join(result.names) + "; N = 12>"
    assert result.predicted is None and result.dispersion is None and result.constancy is None
    assert "Coefficients equal" in str(pv.fit_swamy(panel(data), "y", X))


def test_rsquared_and_comparison_with_other_estimators():
    data = frame(20)
    result, pooled = pv.fit_mean_group(panel(data), "y", X), pv.fit_pooled(panel(data), "y", X)
    assert result.rsquared == pytest.approx(1.0 - sum(Loop(data, X).rss) / pooled.tss)
    assert result.rsquared_adjusted == pytest.approx(1.0 - result.sigma2 / (pooled.tss / (len(data) - 1)))
    table_ = pv.compare({"pooled": pooled, "mean group": result})
    assert table_.to_frame().loc[("x1", "estimate"), "mean group"] == result.params["x1"]
    assert "by entity" in str(table_)
    assert "mean group" in str(pv.compare({"mean group": result}))


@pytest.mark.slow
def test_coverage_of_the_mean_with_ten_entities():
    """t(N - 1) intervals of the mean group cover as they should where slopes are normal; those of the normal do not."""
    rng = np.random.default_rng(19)
    inside = {"default": 0, "stata": 0}
    draws, entities, periods = 1000, 10, 20
    index = pd.MultiIndex.from_product([range(entities), range(periods)], names=["entity", "year"])
    for _ in range(draws):
        x = rng.standard_normal((entities, periods))
        slopes = 1.0 + rng.standard_normal((entities, 1))
        y = slopes * x + rng.standard_normal((entities, 1)) + rng.standard_normal((entities, periods))
        data = pd.DataFrame({"x": x.ravel(), "y": y.ravel()}, index=index)
        for name in inside:
            limits = pv.fit_mean_group(data, "y", ["x"], convention=name).conf_int().loc["x"]
            inside[name] += limits["lower"] <= 1.0 <= limits["upper"]
    assert 0.93 <= inside["default"] / draws <= 0.97
    assert inside["stata"] / draws < 0.93


@pytest.mark.parametrize("options", [{"convention": "plm"}, {"min_rows": 4}])
def test_averages_can_keep_entities_with_as_many_rows_as_coefficients(options):
    """As plm's pcce does: the regression of four rows on four coefficients is exact, and counts like any other."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame([(i, t) for i in range(8) for t in range(12)], columns=["i", "t"])
    frame["x"] = rng.standard_normal(96)
    frame["y"] = 1.5 * frame["x"] + frame["i"] + rng.standard_normal(96)
    frame = frame[(frame["i"] != 3) | (frame["t"] < 4)]
    averages = frame.groupby("t")[["y", "x"]].transform("mean")
    design = np.column_stack([np.ones(len(frame)), frame["x"], averages])
    each = [
        np.linalg.lstsq(design[rows], frame["y"].to_numpy()[rows], rcond=None)[0]
        for rows in (np.flatnonzero(frame["i"] == i) for i in range(8))
    ]
    data = pv.Panel(frame, "i", "t")
    with pytest.warns(pv.PanelVarWarning, match="1 of 8 entities have as many rows as coefficients"):
        kept = pv.fit_common_correlated_effects(data, "y", ["x"], **options)
    np.testing.assert_allclose(kept.params, np.mean(each, axis=0), rtol=1e-10)
    assert kept.individual_std_errors.loc[3].isna().all()
    assert kept.individual_std_errors.drop(3).notna().all(axis=None)
    assert str(kept.summary())
    with pytest.warns(pv.PanelVarWarning, match="1 of 8 entities left out"):
        left = pv.fit_common_correlated_effects(data, "y", ["x"])
    np.testing.assert_allclose(left.params, np.mean(each[:3] + each[4:], axis=0), rtol=1e-10)
    with pytest.raises(pv.SpecificationError, match="at least 4"):
        pv.fit_common_correlated_effects(data, "y", ["x"], min_rows=3)
    with pytest.raises(pv.SpecificationError, match="residual variance"):
        pv.fit_swamy(data, "y", ["x"], min_rows=2)
    # One row for one coefficient, no constant.
    single = pv.Panel(frame[(frame["i"] != 2) | (frame["t"] < 1)], "i", "t")
    with pytest.warns(pv.PanelVarWarning, match="as many rows as coefficients"):
        ratio = pv.fit_mean_group(single, "y", ["x"], trend="n", min_rows=1)
    first = frame[(frame["i"] == 2) & (frame["t"] == 0)]
    assert ratio.individual.loc[2, "x"] == pytest.approx(float((first["y"] / first["x"]).iloc[0]), rel=1e-12)
