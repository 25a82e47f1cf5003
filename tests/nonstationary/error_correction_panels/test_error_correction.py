"""Pooled mean group, mean group and dynamic fixed effects: against loops, the full likelihood and dense matrices."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from quiet import quietly
from reference_data import table
from scipy import optimize, stats
from twins import indicator

import panelvar as pv
from panelvar.nonstationary.error_correction_panels.ardl_rows import grid, read_orders
from panelvar.nonstationary.error_correction_panels.pooled_long_run import LongRunProblem, newton_raphson

X = ["x1", "x2"]


def frame(seed=1, entities=6, periods=40, kept=0.93, theta=(1.0, -0.5), shuffled=True):
    """Entities that return to a common long run at their own speeds; some rows missing."""
    rng = np.random.default_rng(seed)
    rows = []
    for entity in range(entities):
        x = np.cumsum(rng.standard_normal((periods, 2)), axis=0)
        speed, pull = -rng.uniform(0.25, 0.7), 0.3 * rng.standard_normal(2)
        y = np.zeros(periods)
        y[0] = x[0] @ theta
        for t in range(1, periods):
            gap = y[t - 1] - x[t] @ theta - entity
            y[t] = y[t - 1] + speed * gap + pull @ (x[t] - x[t - 1]) + (0.3 + 0.1 * entity) * rng.standard_normal()
        rows += [
            (f"e{entity}", 1980 + int(t), y[t], *x[t], rng.standard_normal(), entity % 3)
            for t in np.flatnonzero(rng.random(periods) < kept)
        ]
    out = pd.DataFrame(rows, columns=["entity", "year", "y", *X, "z", "region"])
    return out.sample(frac=1.0, random_state=seed).reset_index(drop=True) if shuffled else out


def panel(data):
    return pv.Panel(data, "entity", "year")


def warned(message, call, *args, **options):
    """The result of a call that must warn so, whatever else it warns of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call(*args, **options)
    assert any(re.search(message, str(each.message)) for each in caught), [str(each.message) for each in caught]
    return result


def pmg(data, **options):
    return quietly(pv.fit_pooled_mean_group, panel(data), "y", X, **options)


def close(ours, twin, rtol=1e-8):
    twin = np.asarray(twin, dtype=float)
    np.testing.assert_allclose(np.asarray(ours, dtype=float), twin, rtol=rtol, atol=rtol * np.abs(twin).max())


def codes(result):
    return {note.code for note in result.notes}


# ---- the twin: dictionaries of dated values, the whole likelihood, explicit inverses


def dated_rows(data, p=1, q=(1, 1), extra=(), constant=True):
    """Rows of each entity, every lag looked up by date: dy, short-run matrix, its names, levels, lagged y."""
    parts = {}
    for label, own in data.groupby("entity"):
        values = {name: dict(zip(own["year"], own[name], strict=True)) for name in ["y", *X, *extra]}

        def at(name, t, values=values):
            return values[name].get(t, np.nan)

        def step(name, t, at=at):
            return at(name, t) - at(name, t - 1)

        rows, names = [], []
        for t in sorted(own["year"]):
            columns = {f"y{j}": step("y", t - j) for j in range(1, p)}
            columns |= {f"{name}{j}": step(name, t - j) for name, n in zip(X, q, strict=True) for j in range(n)}
            columns |= {name: at(name, t) for name in extra}
            names = list(columns)
            rows.append([step("y", t), at("y", t - 1), *(at(name, t) for name in X), *columns.values()])
        rows = np.array(rows)
        rows = rows[np.isfinite(rows).all(axis=1)]
        short = np.column_stack((rows[:, 4:], np.ones(len(rows)))) if constant else rows[:, 4:]
        parts[label] = {"dy": rows[:, 0], "lag": rows[:, 1], "x": rows[:, 2:4], "w": short, "names": names}
    return parts


def concentrated(theta, parts, gamma=(), shared=()):
    """Log-likelihood with own coefficients concentrated out by normal equations; analytic, so complex steps work."""
    total = 0.0
    for part in parts.values():
        gap = part["lag"] - part["x"] @ theta
        keep = [j for j in range(part["w"].shape[1]) if j not in shared]
        aim = part["dy"] - part["w"][:, list(shared)] @ np.asarray(gamma) if len(shared) else part["dy"]
        z = np.column_stack((gap, part["w"][:, keep]))
        left = aim - z @ np.linalg.solve(z.T @ z, z.T @ aim)
        total += -0.5 * len(aim) * (np.log(2.0 * np.pi * (left @ left) / len(aim)) + 1.0)
    return total


def gradient(function, point, step=1e-30):
    out = np.empty(len(point))
    for j in range(len(point)):
        moved = np.asarray(point, dtype=complex)
        moved[j] += 1j * step
        out[j] = function(moved).imag / step
    return out


def hessian(function, point, step=1e-5):
    columns = []
    for j, scale in enumerate(np.maximum(np.abs(point), 0.1)):
        up, down = np.array(point, dtype=float), np.array(point, dtype=float)
        up[j] += step * scale
        down[j] -= step * scale
        columns.append((gradient(function, up) - gradient(function, down)) / (2.0 * step * scale))
    return np.array(columns)


def climbed(function, start):
    """The maximum, by a general-purpose optimiser and then a root of the gradient."""
    near = optimize.minimize(lambda b: -function(b), start, jac=lambda b: -gradient(function, b)).x
    found = optimize.root(lambda b: gradient(function, b), near, tol=1e-14)
    return found.x


def whole(vector, parts):
    """The likelihood of all parameters: theta, then (speed, short run, variance) of each entity."""
    theta, at, total = vector[:2], 2, 0.0
    for part in parts.values():
        w = part["w"].shape[1]
        speed, short, variance = vector[at], vector[at + 1 : at + 1 + w], vector[at + 1 + w]
        at += w + 2
        left = part["dy"] - speed * (part["lag"] - part["x"] @ theta) - part["w"] @ short
        total += -0.5 * len(left) * np.log(2.0 * np.pi * variance) - 0.5 * (left @ left) / variance
    return total


def own_given(theta, parts):
    """(speed, short run, variance) of each entity at given long-run coefficients."""
    out = []
    for part in parts.values():
        z = np.column_stack((part["lag"] - part["x"] @ theta, part["w"]))
        b = np.linalg.lstsq(z, part["dy"], rcond=None)[0]
        out.append([*b, np.mean((part["dy"] - z @ b) ** 2)])
    return np.array(out)


def information(theta, parts):
    """Eq. 13 for all entities at once, dense: xtpmg's matrix."""
    own = own_given(theta, parts)
    w = own.shape[1] - 1
    size = 2 + w * len(parts)
    out = np.zeros((size, size))
    for i, (part, b) in enumerate(zip(parts.values(), own, strict=True)):
        z = np.column_stack((part["lag"] - part["x"] @ theta, part["w"]))
        at = slice(2 + i * w, 2 + (i + 1) * w)
        out[:2, :2] += b[0] ** 2 * part["x"].T @ part["x"] / b[-1]
        out[:2, at] = -b[0] * part["x"].T @ z / b[-1]
        out[at, :2] = out[:2, at].T
        out[at, at] = z.T @ z / b[-1]
    return out


CASES = {
    "(1, 1, 1)": (1, (1, 1)),
    "(2, 1, 2)": (2, (1, 2)),
    "(1, 0, 1)": (1, (0, 1)),
}


@pytest.mark.parametrize("algorithm", ["newton-raphson", "back-substitution"])
@pytest.mark.parametrize(("p", "q"), CASES.values(), ids=CASES)
def test_the_maximum_of_the_likelihood(p, q, algorithm):
    data = frame(1)
    parts = dated_rows(data, p, q)
    theta = climbed(lambda b: concentrated(b, parts), np.array([0.8, -0.3]))
    result = pmg(data, lags=(p, *q), algorithm=algorithm)
    close(result.long_run, theta)
    assert result.nobs == sum(len(part["dy"]) for part in parts.values()) < len(data)
    assert result.loglik == pytest.approx(concentrated(theta, parts), rel=1e-12)
    own = own_given(theta, parts)
    close(result.individual["ec"], own[:, 0])
    close(result.individual.iloc[:, 3:], own[:, 1:-1])
    close(result.individual_variances, own[:, -1])
    # Averages and their errors.
    n = len(own)
    close(result.params.iloc[2:], own[:, :-1].mean(axis=0))
    apart = own[:, :-1] - own[:, :-1].mean(axis=0)
    close(result.cov.iloc[2:, 2:], apart.T @ apart / (n * (n - 1)))
    assert (result.cov.iloc[:2, 2:] == 0.0).all(axis=None)
    # The covariance of everything.
    dense = np.linalg.inv(information(theta, parts))
    close(result.cov.iloc[:2, :2], dense[:2, :2])
    order = ["ec", *result.names[3:]]
    keys = [("shared", name) for name in X] + [(label, name) for label in parts for name in order]
    close(result.joint_cov.loc[keys, keys], dense)
    close(np.square(result.individual_std_errors[order].to_numpy().ravel()), np.diagonal(dense)[2:])
    close(result.joint_params[keys], np.concatenate((theta, own[:, :-1].ravel())))
    # Likelihood ratio against unrestricted regressions.
    free = sum(
        -0.5 * len(part["dy"]) * (np.log(2.0 * np.pi * rss / len(part["dy"])) + 1.0)
        for part, rss in zip(parts.values(), unrestricted(parts)["rss"], strict=True)
    )
    assert result.homogeneity.statistic == pytest.approx(2.0 * (free - result.loglik), rel=1e-8)
    assert result.homogeneity.df == 2 * (n - 1)
    assert result.homogeneity.pvalue == pytest.approx(stats.chi2.sf(result.homogeneity.statistic, 2 * (n - 1)))
    assert result.df_resid == result.nobs - 2 - n * (1 + own.shape[1] - 2)


def test_observed_information_is_the_hessian_of_the_whole_likelihood():
    data = frame(2)
    parts = dated_rows(data)
    result = pmg(data, information="observed")
    theta = result.long_run.to_numpy()
    vector = np.concatenate((theta, own_given(theta, parts).ravel()))
    dense = np.linalg.inv(-hessian(lambda b: whole(b, parts), vector))
    close(result.cov.iloc[:2, :2], dense[:2, :2], 1e-7)
    close(result.cov.iloc[:2, :2], np.linalg.inv(-hessian(lambda b: concentrated(b, parts), theta)), 1e-7)
    own = [j for j in range(len(vector)) if j < 2 or (j - 2) % 5 != 4]
    order = ["ec", *result.names[3:]]
    keys = [("shared", name) for name in X] + [(label, name) for label in parts for name in order]
    close(result.joint_cov.loc[keys, keys], dense[np.ix_(own, own)], 1e-7)
    expected = pmg(data)
    close(result.params, expected.params, 1e-12)
    assert not np.allclose(result.std_errors.iloc[:2], expected.std_errors.iloc[:2], rtol=1e-4)


def test_gradient_and_hessian_away_from_the_maximum():
    rng = np.random.default_rng(3)
    n, k, c = 5, 2, 1
    m = k + c + 1
    problem = LongRunProblem(
        rng.standard_normal((n, m, k)),
        rng.standard_normal((n, m)),
        rng.standard_normal((n, m, c)),
        rng.standard_normal((n, m)),
        rng.uniform(1.0, 2.0, n),
        rng.integers(10, 20, n).astype(float),
    )

    def value(b):
        gaps = problem.lagged - problem.levels @ b[:k]
        aims = problem.target - problem.pooled @ b[k:]
        speeds = (gaps * aims).sum(axis=1) / (gaps * gaps).sum(axis=1)
        left = aims - speeds[:, None] * gaps
        rss = problem.rss + (left * left).sum(axis=1)
        return (-0.5 * problem.rows * (np.log(2.0 * np.pi * rss / problem.rows) + 1.0)).sum()

    b = np.array([0.3, -0.2, 0.4])
    point = problem.at(b)
    assert point.loglik == pytest.approx(value(b), rel=1e-13)
    close(problem.score(point), gradient(value, b), 1e-11)
    close(problem.observed(point), -hessian(value, b), 1e-8)
    end = newton_raphson(problem, b, 200)
    assert end.converged
    assert np.abs(gradient(value, end.point.shared)).max() < 1e-8


def test_a_short_run_coefficient_that_entities_share():
    data = frame(4)
    parts = dated_rows(data)
    best = climbed(lambda b: concentrated(b[:2], parts, b[2:], (0,)), np.array([0.8, -0.3, 0.0]))
    for algorithm in ("newton-raphson", "back-substitution"):
        result = pmg(data, common="D(x1)", algorithm=algorithm)
        close(result.params[[*X, "D(x1)"]], best)
        assert result.individual["D(x1)"].nunique() == 1
        inverse = np.linalg.inv(-hessian(lambda b: concentrated(b[:2], parts, b[2:], (0,)), best))
        observed = pmg(data, common="D(x1)", information="observed")
        close(observed.cov.loc[[*X, "D(x1)"], [*X, "D(x1)"]], inverse, 1e-7)
        assert result.homogeneity.df == 3 * 5
        assert list(result.joint_params["shared"].index) == [*X, "D(x1)"]


# ---- mean group and dynamic fixed effects


def unrestricted(parts):
    out = {"theta": [], "theta_errors": [], "own": [], "own_errors": [], "rss": [], "levels": []}
    for part in parts.values():
        z = np.column_stack((part["x"], part["lag"], part["w"]))
        b = np.linalg.lstsq(z, part["dy"], rcond=None)[0]
        left = part["dy"] - z @ b
        cov = left @ left / (len(z) - z.shape[1]) * np.linalg.inv(z.T @ z)
        jacobian = np.array([gradient(lambda c, j=j: -c[j] / c[2], b) for j in range(2)])
        out["theta"].append(-b[:2] / b[2])
        out["theta_errors"].append(np.sqrt(np.diagonal(jacobian @ cov @ jacobian.T)))
        out["own"].append(b[2:])
        out["own_errors"].append(np.sqrt(np.diagonal(cov)[2:]))
        out["rss"].append(left @ left)
        out["levels"].append(b[:2])
    return out


@pytest.mark.parametrize("convention", ["default", "stata"])
def test_mean_group(convention):
    data = frame(5)
    twin = unrestricted(dated_rows(data, 2, (1, 2)))
    result = quietly(pv.fit_ardl_mean_group, panel(data), "y", X, lags=(2, 1, 2), convention=convention)
    every = np.column_stack((twin["theta"], twin["own"]))
    close(result.individual, every)
    close(result.individual_std_errors, np.column_stack((twin["theta_errors"], twin["own_errors"])))
    close(result.params, every.mean(axis=0))
    apart = every - every.mean(axis=0)
    close(result.cov, apart.T @ apart / 30.0)
    assert result.rss == pytest.approx(sum(twin["rss"]), rel=1e-10)
    assert result.distribution == ("t" if convention == "default" else "normal")
    assert result.df_resid == result.nobs - every.size
    close(result.individual_variances, twin["rss"] / (result._design.entities.sizes - every.shape[1]))


def test_mean_group_by_the_ratio_of_averages():
    data = frame(6)
    twin = unrestricted(dated_rows(data))
    raw = np.column_stack((twin["levels"], twin["own"]))
    mean, apart = raw.mean(axis=0), raw - raw.mean(axis=0)

    def solved(b):
        return np.concatenate((-b[:2] / b[2], b[2:]))

    jacobian = np.array([gradient(lambda b, j=j: solved(b)[j], mean) for j in range(len(mean))])
    result = quietly(pv.fit_ardl_mean_group, panel(data), "y", X, long_run="ratio")
    close(result.params, solved(mean))
    close(result.cov, jacobian @ (apart.T @ apart / 30.0) @ jacobian.T)


@pytest.mark.parametrize("cov", ["classical", "cluster"])
def test_dynamic_fixed_effects(cov):
    data = frame(7)
    parts = dated_rows(data, 2, (1, 2))
    entity = np.concatenate([[label] * len(part["dy"]) for label, part in parts.items()])
    slopes = np.vstack([np.column_stack((part["x"], part["lag"], part["w"][:, :-1])) for part in parts.values()])
    dy = np.concatenate([part["dy"] for part in parts.values()])
    z = np.column_stack((slopes, indicator(entity)))
    b = np.linalg.lstsq(z, dy, rcond=None)[0]
    left, bread = dy - z @ b, np.linalg.inv(z.T @ z)
    n, k, groups = len(dy), slopes.shape[1], len(parts)
    if cov == "classical":
        matrix = left @ left / (n - k - groups) * bread
    else:
        sums = np.array([z[entity == label].T @ left[entity == label] for label in parts])
        matrix = groups / (groups - 1) * (n - 1) / (n - k - 1) * bread @ (sums.T @ sums) @ bread
    jacobian = np.array([gradient(lambda c, j=j: -c[j] / c[2] if j < 2 else c[j], b[:k]) for j in range(k)])
    result = quietly(pv.fit_dynamic_fixed_effects, panel(data), "y", X, lags=(2, 1, 2), cov=cov)
    close(result.params.iloc[:-1], [*(-b[:2] / b[2]), *b[2:k]])
    close(result.cov.iloc[:-1, :-1], jacobian @ matrix[:k, :k] @ jacobian.T)
    assert result.rss == pytest.approx(left @ left, rel=1e-10)
    assert result.reduced_form.params["L(y)"] == pytest.approx(b[2], rel=1e-10)
    # The constant is the mean of the effects over rows, as in the fixed-effects regression itself.
    weights = np.array([(entity == label).mean() for label in sorted(parts)])
    assert result.params["const"] == pytest.approx(weights @ b[k:], rel=1e-8)
    with pytest.raises(pv.MissingInformationError, match="same coefficients for all"):
        _ = result.individual_std_errors
    with pytest.raises(pv.MissingInformationError, match="fit_pooled_mean_group"):
        _ = result.homogeneity


def test_residuals_and_deviations_row_by_row():
    data = frame(8)
    result = pmg(data)
    lag = {(row.entity, row.year + 1): row.y for row in data.itertuples()}
    previous = {(row.entity, row.year + 1): (row.x1, row.x2) for row in data.itertuples()}
    for row, gap in result.error_correction.items():
        own = data.loc[row]
        key = own["entity"], own["year"]
        b = result.individual.loc[own["entity"]]
        assert gap == pytest.approx(lag[key] - own["x1"] * b["x1"] - own["x2"] * b["x2"], rel=1e-9, abs=1e-9)
        short = b["D(x1)"] * (own["x1"] - previous[key][0]) + b["D(x2)"] * (own["x2"] - previous[key][1]) + b["const"]
        left = own["y"] - lag[key] - b["ec"] * gap - short
        assert result.resids[row] == pytest.approx(left, rel=1e-9, abs=1e-9)
    change = [data.loc[row, "y"] - lag[(data.loc[row, "entity"], data.loc[row, "year"])] for row in result.resids.index]
    close(result.resids + result.fitted_values, change)


# ---- orders


@pytest.mark.parametrize("criterion", ["aic", "bic", "hqic"])
def test_orders_chosen_entity_by_entity(criterion):
    data = frame(9, periods=45)
    largest = dated_rows(data, 2, (2, 1))
    names = largest["e0"]["names"]
    values = {label: {} for label in largest}
    for orders in grid(read_orders("max_lags", (2, 2, 1), "y", ("x1", "x2"))):
        kept = [j for j, name in enumerate(names) if int(name[-1]) < dict(y=orders.y, x1=orders.x[0], x2=orders.x[1])[
            name[:-1]]]  # fmt: skip
        for label, part in largest.items():
            z = np.column_stack((part["x"], part["lag"], part["w"][:, [*kept, -1]]))
            t = len(z)
            rss = np.sum((part["dy"] - z @ np.linalg.lstsq(z, part["dy"], rcond=None)[0]) ** 2)
            penalty = {"aic": 2.0, "bic": np.log(t), "hqic": 2.0 * np.log(np.log(t))}[criterion]
            values[label][(orders.y, *orders.x)] = t * np.log(rss / t) + penalty * z.shape[1]
    result = pmg(data, lags=criterion, max_lags=(2, 2, 1))
    for label, each in values.items():
        assert tuple(result.orders.loc[label]) == min(each, key=each.get)
    total = {orders: sum(each[orders] for each in values.values()) for orders in next(iter(values.values()))}
    common = pmg(data, lags=criterion, max_lags=(2, 2, 1), common_orders=True)
    assert set(map(tuple, common.orders.to_numpy())) == {min(total, key=total.get)}
    close(common.params, pmg(data, lags=tuple(int(n) for n in common.orders.iloc[0])).params, 1e-10)


def test_entities_of_different_orders_share_the_long_run():
    """Each entity has the rows and terms of its own order; a term it does not have counts as zero."""
    data = frame(10, periods=45)
    result = pmg(data, lags="aic", max_lags=2)
    assert len(result.orders.drop_duplicates()) > 1
    parts = {}
    for label, orders in result.orders.iterrows():
        parts[label] = dated_rows(data[data["entity"] == label], orders["y"], (orders["x1"], orders["x2"]))[label]
    theta = climbed(lambda b: concentrated(b, parts), np.array([0.9, -0.4]))
    close(result.long_run, theta)
    sizes = result.resids.groupby(data.loc[result.resids.index, "entity"]).size()
    assert sizes.to_dict() == {label: len(part["dy"]) for label, part in parts.items()}
    labels = {"y": "L(D(y))", "x10": "D(x1)", "x11": "L(D(x1))", "x20": "D(x2)", "x21": "L(D(x2))", "y1": "L(D(y))"}
    for label, part in parts.items():
        z = np.column_stack((part["lag"] - part["x"] @ theta, part["w"]))
        b = np.linalg.lstsq(z, part["dy"], rcond=None)[0]
        has = [labels[name] for name in part["names"]]
        close(result.individual.loc[label, ["ec", *has, "const"]], b)
        close(result.resids[data.loc[result.resids.index, "entity"] == label], part["dy"] - z @ b, 1e-7)
        absent = [name for name in result.names[3:-1] if name not in has]
        assert (result.individual.loc[label, absent] == 0.0).all()
        assert (result.individual_std_errors.loc[label, absent] == 0.0).all()
    speeds = [i for i, key in enumerate(result.joint_cov.index) if key[1] == "ec"]
    close(np.square(result.individual_std_errors["ec"]), np.diagonal(result.joint_cov)[speeds])
    group = quietly(pv.fit_ardl_mean_group, panel(data), "y", X, lags="aic", max_lags=2)
    close(group.individual[X], unrestricted(parts)["theta"])
    pd.testing.assert_frame_equal(group.orders, result.orders)


def test_ways_to_write_orders():
    data = frame(11)
    first = pmg(data, lags=(2, 1, 1))
    for lags in ([2, 1, 1], (2, 1), {"y": 2, "x1": 1, "x2": 1}):
        close(pmg(data, lags=lags).params, first.params, 1e-14)
    formula = quietly(pv.fit_pooled_mean_group, panel(data), "y ~ x1 + x2", lags=(2, 1))
    close(formula.params, first.params, 1e-14)
    assert first.names == ("x1", "x2", "ec", "L(D(y))", "D(x1)", "D(x2)", "const")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"lags": 0}, pv.SpecificationError, "at least one"),
        ({"lags": 1.5}, pv.SpecificationError, "lags has 1.5"),
        ({"lags": (1, 2, 3, 4)}, pv.SpecificationError, "has 4 numbers"),
        ({"lags": {"y": 1, "x1": 1}}, pv.SpecificationError, "does not name 'x2'"),
        ({"lags": {"y": 1, "x1": 1, "x3": 1}}, pv.SpecificationError, "lags names 'x3'"),
        ({"lags": (1, -1)}, pv.SpecificationError, "0 or more"),
        ({"lags": "sbc"}, pv.SpecificationError, "bic"),
        ({"lags": "aic", "max_lags": (9, 29, 29)}, pv.SpecificationError, "5000"),
        ({"lags": "aic", "common": ["D(x1)"]}, pv.SpecificationError, "needs lags= to give the orders"),
        ({"common": ["D(x3)"]}, pv.SpecificationError, r"Choose one of: 'D\(x1\)', 'D\(x2\)'"),
        ({"common": ["D(x1)", "D(x1)"]}, pv.SpecificationError, "twice"),
        ({"algorithm": "newton"}, pv.SpecificationError, "newton-raphson"),
        ({"information": "hessian"}, pv.SpecificationError, "observed"),
        ({"max_iterations": 0}, pv.SpecificationError, "max_iterations"),
        ({"max_iterations": 1}, pv.NumericalError, "1 iteration of newton-raphson did not reach"),
        ({"start": {"x1": 1.0}}, pv.SpecificationError, "one number for each"),
        ({"short_run": ["x1"]}, pv.SpecificationError, "twice"),
        ({"lags": 45}, pv.InsufficientDataError, "lags=45 reaches past the data, which span 40"),
        ({"lags": 9}, pv.InsufficientDataError, "fewer than"),
        ({"min_rows": 3}, pv.SpecificationError, "min_rows"),
    ],
)
def test_refusals(options, error, message):
    with pytest.raises(error, match=message):
        pmg(frame(12), **options)


def test_other_refusals():
    data = frame(13)
    with pytest.raises(pv.SpecificationError, match="no long-run regressor"):
        pv.fit_pooled_mean_group(panel(data), "y", [])
    with pytest.raises(pv.SpecificationError, match="'ec'"):
        pv.fit_pooled_mean_group(panel(data.assign(ec=data["x1"])), "y", ["ec"])
    with pytest.raises(pv.SpecificationError, match="'trend'"):
        pv.fit_pooled_mean_group(panel(data.assign(trend=data["x1"])), "y", ["trend"], trend="ct")
    with pytest.raises(pv.InsufficientDataError, match="at least two"):
        pv.fit_ardl_mean_group(panel(data[data["entity"] == "e0"]), "y", X)
    with pytest.raises(pv.NumericalError, match="fit exactly"):
        exact = data.sort_values(["entity", "year"])
        exact["y"] = exact.groupby("entity")["x1"].transform(lambda x: x.ewm(alpha=0.5, adjust=False).mean())
        quietly(pv.fit_pooled_mean_group, panel(exact), "y", X)
    with pytest.raises(pv.CollinearityError, match="cannot be estimated"):
        quietly(pv.fit_dynamic_fixed_effects, panel(data.assign(x2=data["region"])), "y", X, lags=(1, 1, 0))
    with pytest.raises(pv.DataError, match="'x3' is not in the data"):
        pv.fit_dynamic_fixed_effects(panel(data), "y", ["x3"])
    with pytest.raises(pv.InsufficientDataError, match="lags=45 reaches past the data"):
        pv.fit_dynamic_fixed_effects(panel(data), "y", X, lags=45)
    # Two stretches of at most twenty years are within the calendar, and none has thirty years before it.
    cut = panel(data[data["year"] != data["year"].min() + 20])
    for fit in (pv.fit_dynamic_fixed_effects, pv.fit_pooled_mean_group):
        with pytest.raises(pv.InsufficientDataError, match="None of the 215 rows is left"):
            fit(cut, "y", X, lags=30)


# ---- what is warned about


def test_entities_that_do_not_return_are_named():
    data = frame(14)
    rng = np.random.default_rng(14)
    away = data["entity"] == "e3"
    order = data[away].sort_values("year").index
    growth = np.cumprod(1.05 + 0.02 * rng.standard_normal(len(order)))
    data.loc[order, "y"] = growth
    result = warned(
        r"speed of error correction of zero or more \(first e3\)", pv.fit_ardl_mean_group, panel(data), "y", X
    )
    assert result.individual.loc["e3", "ec"] >= 0.0
    assert result.moduli["e3"] >= 1.0
    assert (result.moduli.drop("e3") < 1.0).all()


def test_overshooting_entities_are_named():
    rng = np.random.default_rng(15)
    data = frame(15, kept=1.0)
    order = data[data["entity"] == "e2"].sort_values("year").index
    y = np.zeros(len(order))
    for t in range(1, len(order)):
        y[t] = -1.08 * y[t - 1] + 0.3 * data.loc[order[t], "x1"] + 0.1 * rng.standard_normal()
    data.loc[order, "y"] = y
    result = warned(r"so fast that they explode \(first e2\)", pv.fit_ardl_mean_group, panel(data), "y", X)
    assert result.moduli["e2"] == pytest.approx(abs(1.0 + result.individual.loc["e2", "ec"]))


def test_moduli_are_those_of_the_autoregression_in_levels():
    data = frame(16)
    result = pmg(data, lags=(3, 1, 1))
    for label, b in result.individual.iterrows():
        first, second = b["L(D(y))"], b["L(D(y), 2)"]
        roots = np.roots([1.0, -(1.0 + b["ec"] + first), -(second - first), second])
        assert result.moduli[label] == pytest.approx(np.abs(roots).max(), rel=1e-8)
    pooled = quietly(pv.fit_dynamic_fixed_effects, panel(data), "y", X, lags=(3, 1, 1))
    first, second = pooled.params["L(D(y))"], pooled.params["L(D(y), 2)"]
    roots = np.roots([1.0, -(1.0 + pooled.speed + first), -(second - first), second])
    assert pooled.moduli.iloc[0] == pytest.approx(np.abs(roots).max(), rel=1e-8)


def test_short_entities_are_warned_about():
    short = frame(17, entities=8, periods=12, kept=1.0)
    result = warned("order 1/T", pv.fit_ardl_mean_group, panel(short), "y", X, lags=(2, 1, 1))
    assert {"lagged-dependent", "few-degrees"} <= codes(result)
    assert not {"lagged-dependent", "few-degrees"} & codes(pmg(frame(17, periods=50)))


def test_a_wild_long_run_is_warned_about():
    data = frame(18, entities=8)
    result = quietly(pv.fit_ardl_mean_group, panel(data), "y", X)
    assert "outlying-long-run" not in codes(result)
    rng = np.random.default_rng(1)
    order = data[data["entity"] == "e3"].sort_values("year").index
    # A random walk that hardly corrects.
    data.loc[order, "y"] = 50.0 * np.cumsum(rng.standard_normal(len(order)))
    wild = quietly(pv.fit_ardl_mean_group, panel(data), "y", X)
    assert "outlying-long-run" in codes(wild)
    ratio = quietly(pv.fit_ardl_mean_group, panel(data), "y", X, long_run="ratio")
    assert "outlying-long-run" not in codes(ratio)


def test_grunfeld_has_more_than_one_maximum():
    """The higher is found from the default starts; start= and the warning say where the others are."""
    grunfeld = pv.Panel(table("grunfeld"), "firm", "year")
    best = warned("more than one maximum", pv.fit_pooled_mean_group, grunfeld, "inv", ["value", "capital"])
    other = quietly(
        pv.fit_pooled_mean_group, grunfeld, "inv", ["value", "capital"], start={"value": 0.25, "capital": 0.16}
    )
    assert best.loglik > other.loglik + 4.0
    assert best.likelihood.algorithm == "newton-raphson"


def test_entities_without_a_regression_are_left_out():
    data = frame(19)
    data = data[(data["entity"] != "e1") | (data["year"] < 1985)]
    result = warned(
        "1 of 6 entities left out .first e1.: 1 with fewer than", pv.fit_pooled_mean_group, panel(data), "y", X
    )
    close(result.params, pmg(data[data["entity"] != "e1"]).params, 1e-9)
    assert result.n_entities == 5
    with pytest.raises(pv.InsufficientDataError, match="unusable='drop'"):
        quietly(pv.fit_pooled_mean_group, panel(data), "y", X, unusable="raise")


def test_missing_values_are_counted_and_their_rows_still_serve_as_lags():
    data = frame(20, shuffled=False)
    hole = data.index[data["entity"] == "e2"][10]
    spoiled = data.assign(x1=data["x1"].where(data.index != hole))
    result = warned(
        r"1 of \d+ rows dropped for missing values: x1 \(1\)", pv.fit_pooled_mean_group, panel(spoiled), "y", X
    )
    # The difference of x1 is missing in two rows; y of the spoiled row is still a lag where no difference is taken.
    assert pmg(data).nobs - result.nobs == 2
    levels = quietly(pv.fit_pooled_mean_group, panel(spoiled), "y", X, lags=(1, 0, 0))
    assert pmg(data, lags=(1, 0, 0)).nobs - levels.nobs == 1
    with pytest.raises(pv.DataError, match="missing values"):
        pv.fit_pooled_mean_group(panel(spoiled), "y", X, missing="raise")


# ---- invariances


@settings(max_examples=15, deadline=None)
@given(
    unit=st.sampled_from([2.0**-20, 2.0**15]),
    level=st.sampled_from([0.0, 1000.0]),
    seed=st.integers(0, 1000),
)
def test_units_levels_labels_and_row_order(unit, level, seed):
    data = frame(21, entities=4, periods=35)
    plain = pmg(data)
    other = data.assign(y=data["y"] * unit + level, x1=data["x1"] * 4.0 - level, entity="f" + data["entity"])
    other = other.sample(frac=1.0, random_state=seed)
    result = pmg(other)
    close(result.long_run * [4.0 / unit, 1.0 / unit], plain.long_run, 1e-7)
    close(result.individual["ec"], plain.individual["ec"], 1e-7)
    close(result.tstats.iloc[:5], plain.tstats.iloc[:5], 1e-6)
    assert result.loglik == pytest.approx(plain.loglik - plain.nobs * np.log(unit), rel=1e-8)


def test_a_lag_never_crosses_a_gap():
    """A stretch moved ten years away is the same as an entity broken in two, but for its coefficients."""
    data = frame(22, kept=1.0)
    late = (data["entity"] == "e0") & (data["year"] >= 2000)
    moved = data.assign(year=data["year"] + 10 * late)
    result = pmg(moved)
    assert result.nobs == pmg(data).nobs - 1
    parts = dated_rows(moved)
    close(result.long_run, climbed(lambda b: concentrated(b, parts), np.array([0.8, -0.3])))


# ---- extras, the result, and tests


def test_short_run_extras_trend_and_no_constant():
    data = frame(23)
    data["trend"] = data["year"] - 1979.0
    parts = dated_rows(data, extra=("z", "trend"))
    result = quietly(pv.fit_pooled_mean_group, panel(data.drop(columns="trend")), "y", X, short_run="z", trend="ct")
    close(result.long_run, climbed(lambda b: concentrated(b, parts), np.array([0.8, -0.3])))
    assert result.names == (*X, "ec", "D(x1)", "D(x2)", "z", "trend", "const")
    bare = dated_rows(data, constant=False)
    without = pmg(data, trend="n")
    close(without.long_run, climbed(lambda b: concentrated(b, bare), without.long_run.to_numpy() + 0.01))
    assert without.names == (*X, "ec", "D(x1)", "D(x2)")
    fixed = quietly(pv.fit_dynamic_fixed_effects, panel(data), "y", X, short_run=["z"])
    assert fixed.names == (*X, "ec", "D(x1)", "D(x2)", "z", "const")


def test_hausman_of_the_long_run():
    data = frame(24, entities=12, periods=40)
    group = quietly(pv.fit_ardl_mean_group, panel(data), "y", X)
    pooled = pmg(data)
    fixed = quietly(pv.fit_dynamic_fixed_effects, panel(data), "y", X)
    for efficient in (pooled, fixed):
        gap = (group.long_run - efficient.long_run).to_numpy()
        difference = (group.cov - efficient.cov).loc[X, X].to_numpy()
        test = quietly(pv.hausman_test, group, efficient)
        assert test.statistic == pytest.approx(gap @ np.linalg.solve(difference, gap), rel=1e-8)
        assert test.df == 2
    assert "same long run" in test.null
    with pytest.raises(pv.SpecificationError, match="sigma='own'"):
        pv.hausman_test(group, pooled, sigma="sigmamore")
    with pytest.raises(pv.SpecificationError, match="of one kind"):
        pv.hausman_test(group, pv.fit_fixed_effects(panel(data), "y", X))
    with pytest.raises(pv.SpecificationError, match="no long-run coefficient"):
        pv.hausman_test(group, quietly(pv.fit_pooled_mean_group, panel(data), "y", ["z"]))
    warned("estimated on", pv.hausman_test, group, pmg(data[data["year"] > 1981]))
    warned(
        "not efficient|it is not",
        pv.hausman_test,
        group,
        quietly(pv.fit_dynamic_fixed_effects, panel(data), "y", X, cov="cluster"),
    )
    warned("lag orders", pv.hausman_test, group, pmg(data, lags=(1, 0, 0)))


def test_questions_and_reading():
    data = frame(25)
    result = pmg(data)
    theta, block = result.long_run.to_numpy(), result.cov.iloc[:2, :2].to_numpy()
    assert result.f_slopes.statistic == pytest.approx(theta @ np.linalg.solve(block, theta))
    test = result.wald_test("x1 = 1")
    assert test.statistic == pytest.approx(((theta[0] - 1.0) / result.std_errors["x1"]) ** 2)
    assert result.lincom("x1 + x2").estimate == pytest.approx(theta.sum())
    assert result.speed == result.params["ec"] == pytest.approx(result.individual["ec"].mean())
    assert list(result.short_run.index) == ["D(x1)", "D(x2)", "const"]
    text = str(result)
    for words in ("Pooled mean group: D(y)", "Lag orders", "(1, 1, 1)", "Same long run for all", "Log-likelihood"):
        assert words in text
    assert "<table" in result._repr_html_()
    assert repr(result).startswith("<Pooled mean group: D(y) on x1, x2, ec")
    group = quietly(pv.fit_ardl_mean_group, panel(data), "y", X)
    fixed = quietly(pv.fit_dynamic_fixed_effects, panel(data), "y", X)
    compared = pv.compare({"PMG": result, "MG": group, "DFE": fixed})
    assert compared.to_frame().loc[("x1", "estimate"), "MG"] == group.params["x1"]
    with pytest.raises(AttributeError, match="Here it is params"):
        _ = result.coef
    mixed = pmg(frame(10, periods=45), lags="aic", max_lags=2)
    assert "different" in str(mixed)


@pytest.mark.slow
def test_coverage_and_size_with_a_common_long_run():
    """With long panels intervals of the pooled long run cover, and Hausman's test and the ratio keep their size."""
    inside, rejected, draws = 0, 0, 300
    for draw in range(draws):
        data = frame(1000 + draw, entities=10, periods=120, kept=1.0, shuffled=False)
        result = pmg(data)
        limits = result.conf_int()
        inside += limits.loc["x1", "lower"] <= 1.0 <= limits.loc["x1", "upper"]
        rejected += result.homogeneity.pvalue < 0.05
    assert 0.91 <= inside / draws <= 0.98
    assert rejected / draws < 0.15


def walks(seed):
    """Levels that have nothing to do with one another."""
    rng = np.random.default_rng(seed)
    entities, periods = int(rng.integers(3, 9)), int(rng.integers(12, 30))
    steps = np.cumsum(rng.standard_normal((entities, periods, 3)), axis=1)
    index = pd.MultiIndex.from_product([range(entities), range(periods)], names=["entity", "year"])
    return pd.DataFrame(steps.reshape(-1, 3), index=index, columns=["y", *X])


@pytest.mark.parametrize("seed", range(12))
def test_both_searches_end_at_the_same_maximum_where_there_is_no_long_run(seed):
    data = walks(seed)
    newton = quietly(pv.fit_pooled_mean_group, data, "y", X)
    slow = quietly(pv.fit_pooled_mean_group, data, "y", X, algorithm="back-substitution")
    assert newton.loglik == pytest.approx(slow.loglik, abs=1e-6)
    assert np.abs((newton.params - slow.params) / newton.std_errors).max() < 1e-6


def test_a_start_from_which_the_climb_fails_is_left_for_the_others(monkeypatch):
    from panelvar.nonstationary.error_correction_panels import pooled_mean_group as module

    calls = []

    def failing(problem, start, most):
        calls.append(start)
        if len(calls) == 1:
            raise pv.NumericalError("not identified")
        return newton_raphson(problem, start, most)

    expected = pmg(frame(26))
    monkeypatch.setitem(module._SEARCHES, "newton-raphson", failing)
    close(pmg(frame(26)).params, expected.params)
    assert len(calls) == 3
    monkeypatch.setitem(module._SEARCHES, "newton-raphson", lambda *_: failing(calls.clear() or None, None, None))
    with pytest.raises(pv.NumericalError, match="not identified"):
        pmg(frame(26))


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_a_lag_that_no_entity_has_is_not_in_the_joint_covariance():
    rng = np.random.default_rng(3)
    x = np.cumsum(rng.normal(size=(11, 13)), axis=1)
    y = np.zeros_like(x)
    y[:, 0] = x[:, 0]
    for s in range(1, 13):
        y[:, s] = 0.5 * y[:, s - 1] + 0.5 * x[:, s] + rng.normal(size=11)
    i, t = np.repeat(np.arange(11), 13), np.tile(np.arange(13), 11)
    panel = pv.Panel(pd.DataFrame({"i": i, "t": t, "x": x.ravel(), "y": y.ravel()}), "i", "t")
    result = pv.fit_pooled_mean_group(panel, "y", "x", lags="bic")
    assert result.orders["x"].max() < 2  # the longest that could be chosen
    own = [key for key in result.joint_cov.index if key[0] == 0]
    errors = result.individual_std_errors.loc[0, [name for _, name in own]].to_numpy()
    close(np.sqrt(np.diagonal(result.joint_cov.loc[own, own])), errors)


def test_a_climb_that_only_rounding_moves_ends():
    """The long run of a relation that holds to the last digits but few is no matter of more iterations."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"i": np.repeat(range(12), 12), "t": np.tile(range(12), 12)})
    frame["x"], frame["z"], noise = rng.standard_normal((3, 144))
    frame["y"] = 3.0 * frame["x"] + 1e-8 * noise
    with pytest.raises(pv.NumericalError, match=r"\d{1,3} iterations of .* did not reach the maximum"):
        pv.fit_pooled_mean_group(pv.Panel(frame, "i", "t"), "y", ["x", "z"])


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.parametrize("level", [len, "high", {}, 0.05])
def test_the_level_of_a_summary_is_checked(level):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"i": np.repeat(range(6), 20), "t": np.tile(range(20), 6)})
    frame["x"], frame["y"] = rng.standard_normal((2, 120))
    for fit in (pv.fit_dynamic_fixed_effects, pv.fit_mean_group):
        with pytest.raises(pv.SpecificationError, match="level"):
            fit(pv.Panel(frame, "i", "t"), "y", ["x"]).summary(level=level)
