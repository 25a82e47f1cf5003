"""Feasible GLS against dense matrices: the errors' whole covariance, row by row, and its inverse."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from twins import EPS, X, gappy_frame
from twins import autocorrelated_frame as frame

import panelvar as pv

PANELS = ("homoskedastic", "heteroskedastic", "correlated")


def panel_of(data):
    return pv.Panel(data, entity="entity", time="year")


def estimate_rho(e, follows, method, k):
    """One unit's coefficient, by a loop over its rows; ``follows`` says which rows are the next period's."""
    pairs = [(e[t], e[t - 1]) for t in range(1, len(e)) if follows[t]]
    if not pairs:
        return np.nan
    n, m = len(e), len(pairs)
    product = sum(now * before for now, before in pairs)
    everything = sum(value**2 for value in e)
    correlation = product / everything
    durbin = 1.0 - 0.5 * sum((now - before) ** 2 for now, before in pairs) / everything
    return {
        "regress": product / sum(before**2 for _, before in pairs),
        "freg": product / sum(now**2 for now, _ in pairs),
        "tscorr": correlation,
        "dw": durbin,
        "theil": correlation * (n - k) / n,
        "nagar": (durbin * n**2 + k**2) / (n**2 - k**2),
        "onestep": correlation * n / m,
    }[method]


@dataclass
class DenseGLS:
    """The steps of `fit_fgls` with n x n matrices; rows sorted by entity and year."""

    data: pd.DataFrame
    panels: str
    ar: pv.AR1 | None
    pairwise: bool = True
    rounds: int = 1

    def __post_init__(self):
        data = self.data.sort_values(["entity", "year"], kind="stable")
        self.entity = pd.factorize(data["entity"])[0]
        self.year = data["year"].to_numpy()
        self.z = np.column_stack((np.ones(len(data)), data[X].to_numpy()))
        self.y = data["y"].to_numpy()
        self.n, self.k = self.z.shape
        b = np.linalg.lstsq(self.z, self.y, rcond=None)[0]
        for count in range(self.rounds):
            self.rho = self.coefficients(self.y - self.z @ b)
            p = self.transform()
            z, y = p @ self.z, p @ self.y
            rows = np.flatnonzero(np.abs(p).sum(axis=1) > 0)
            z, y = z[rows], y[rows]
            if count == 0 and self.ar is not None:
                b = np.linalg.lstsq(z, y, rcond=None)[0]
            omega = self.innovations(y - z @ b, rows)
            inverse = np.linalg.inv(omega)
            self.v = np.linalg.inv(z.T @ inverse @ z)
            b = self.v @ z.T @ inverse @ y
        self.b = b
        left = y - z @ b
        self.kept = len(rows)
        jacobian = np.linalg.slogdet(p)[1] if len(rows) == self.n else np.nan
        self.loglik = jacobian - 0.5 * (
            len(rows) * np.log(2 * np.pi) + np.linalg.slogdet(omega)[1] + left @ inverse @ left
        )
        # Of the whole problem: the whitened rows, and the covariance that whitens them.
        self.condition = np.linalg.cond(np.linalg.cholesky(inverse).T @ z) ** 2 * np.linalg.cond(omega)

    def previous(self):
        """Row before each row, and how many periods before; None at the start of a run."""
        out = [None] * self.n
        for row in range(1, self.n):
            if self.entity[row] != self.entity[row - 1]:
                continue
            gap = int(self.year[row] - self.year[row - 1])
            if self.ar.gaps == "consecutive":
                gap = 1
            if gap == 1 or self.ar.gaps == "exact":
                out[row] = gap
        return out

    def coefficients(self, e):
        if self.ar is None:
            return None
        if not isinstance(self.ar.rho, str):
            return np.full(self.entity.max() + 1, self.ar.rho)
        follows = np.array([gap == 1 for gap in self.previous()])
        if self.ar.weights == "pooled":
            return np.full(self.entity.max() + 1, estimate_rho(e, follows, self.ar.rho, self.k))
        groups = [np.flatnonzero(self.entity == i) for i in range(self.entity.max() + 1)]
        found = np.array([estimate_rho(e[g], follows[g], self.ar.rho, self.k) for g in groups])
        if self.ar.bounded:
            found = np.clip(found, -1, 1)
        if self.ar.by_entity:
            return found
        size = {
            "pairs": [follows[g].sum() for g in groups],
            "rows": [len(g) for g in groups],
            "equal": [1.0] * len(groups),
        }[self.ar.weights]
        return np.full(len(groups), np.average(found, weights=size))

    def transform(self):
        if self.ar is None:
            return np.eye(self.n)
        p = np.zeros((self.n, self.n))
        for row, gap in enumerate(self.previous()):
            r = self.rho[self.entity[row]]
            if gap is None:
                p[row, row] = np.sqrt(1 - r**2) if self.ar.starts == "keep" and abs(r) < 1 else 0.0
            else:
                gain = np.sqrt(1.0 / sum(r ** (2 * s) for s in range(gap)))
                p[row, row], p[row, row - 1] = gain, -gain * r**gap
        return p

    def innovations(self, u, rows):
        """Covariance of the transformed rows' errors."""
        entity, year = self.entity[rows], self.year[rows]
        if self.panels == "homoskedastic":
            return np.eye(len(u)) * (u @ u) / len(u)
        n_entities = self.entity.max() + 1
        sigma = np.zeros((n_entities, n_entities))
        every = [t for t in np.unique(year) if (year == t).sum() == n_entities]
        by_year = [dict(zip(year[entity == i], u[entity == i], strict=True)) for i in range(n_entities)]
        for i, j in itertools.product(range(n_entities), repeat=2):
            own, other = by_year[i], by_year[j]
            dates = [t for t in own if t in other] if self.pairwise else every
            sigma[i, j] = sum(own[t] * other[t] for t in dates) / len(dates)
        if self.panels == "heteroskedastic":
            sigma = np.diag(np.diag(sigma))
        return np.where(year[:, None] == year, sigma[entity][:, entity], 0.0)


def compare(result, twin):
    allowed = 100 * EPS * twin.condition
    assert allowed < 1e-8
    np.testing.assert_allclose(result.params, twin.b, rtol=0, atol=allowed * np.abs(twin.b).max())
    np.testing.assert_allclose(result.cov, twin.v, rtol=0, atol=allowed * np.abs(twin.v).max())
    assert result.nobs == twin.kept
    if not np.isnan(twin.loglik):
        assert result.loglik == pytest.approx(twin.loglik, rel=allowed)


MODELS = {
    "none": None,
    "common": pv.AR1(),
    "by entity": pv.AR1(by_entity=True, rho="tscorr"),
    "exact": pv.AR1(gaps="exact", rho="dw"),
    "exact by entity": pv.AR1(gaps="exact", by_entity=True, rho="dw"),
    "consecutive": pv.AR1(gaps="consecutive", weights="rows"),
    "dropped": pv.AR1(starts="drop", weights="equal"),
    "pooled": pv.AR1(weights="pooled", rho="onestep"),
    "given": pv.AR1(rho=-0.3, gaps="exact"),
}


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.parametrize("panels", PANELS)
@pytest.mark.parametrize("model", MODELS)
def test_every_structure_is_dense_gls(panels, model):
    ar = MODELS[model]
    data = frame()
    result = pv.fit_fgls(panel_of(data), "y", X, panels=panels, autocorrelation=ar or "none")
    compare(result, DenseGLS(data, panels, ar))


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("panels", PANELS)
def test_iterations_are_dense_gls_repeated(panels, seed):
    data = frame(seed, kept=0.9)
    ar = pv.AR1(by_entity=seed == 1, rho="tscorr")
    result = pv.fit_fgls(
        panel_of(data), "y", X, panels=panels, autocorrelation=ar, iterate=True, max_iterations=4, tolerance=1e-300
    )
    compare(result, DenseGLS(data, panels, ar, rounds=4))
    assert result.iterations == 4 and not result.converged


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.parametrize("method", ["regress", "freg", "tscorr", "dw", "theil", "nagar", "onestep"])
def test_each_estimator_of_rho_is_its_loop(method):
    data = frame(4)
    ar = pv.AR1(by_entity=True, rho=method)
    result = pv.fit_fgls(panel_of(data), "y", X, autocorrelation=ar)
    twin = DenseGLS(data, "homoskedastic", ar)
    np.testing.assert_allclose(result.rho, twin.rho, rtol=1e-12)
    compare(result, twin)


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
def test_casewise_covariances_come_from_complete_periods():
    data = frame(2, periods=40, kept=0.9)
    result = pv.fit_fgls(panel_of(data), "y", X, panels="correlated", pairwise=False)
    compare(result, DenseGLS(data, "correlated", None, pairwise=False))
    assert np.linalg.eigvalsh(result.error_covariance)[0] > 0
    assert list(result.error_covariance.index) == sorted(set(data["entity"]))


def ar1_covariance(entity, year, rho):
    """Stationary autoregressive errors at unequal dates, independent across entities."""
    apart = np.abs(year[:, None] - year[None, :]).astype(float)
    return np.where(entity[:, None] == entity[None, :], rho**apart / (1 - rho**2), 0.0)


@pytest.mark.parametrize("rho", [0.6, -0.4])
def test_exact_gaps_are_gls_with_the_stationary_covariance(rho):
    """Not the transform again: the autocovariances of the process, inverted."""
    data = frame(3).sort_values(["entity", "year"])
    result = pv.fit_fgls(panel_of(data), "y", X, autocorrelation=pv.AR1(rho=rho, gaps="exact"))
    z = np.column_stack((np.ones(len(data)), data[X].to_numpy()))
    inverse = np.linalg.inv(ar1_covariance(pd.factorize(data["entity"])[0], data["year"].to_numpy(), rho))
    b = np.linalg.solve(z.T @ inverse @ z, z.T @ inverse @ data["y"].to_numpy())
    np.testing.assert_allclose(result.params, b, rtol=1e-11)


@pytest.mark.parametrize("gaps", ["restart", "exact"])
def test_fixed_effects_that_keep_first_rows_are_gls_with_dummies(gaps):
    data = frame(5, kept=0.7).sort_values(["entity", "year"])
    model = pv.AR1(rho=0.45, gaps=gaps)
    result = pv.fit_fixed_effects_ar1(panel_of(data), "y", X, autocorrelation=model)
    entity, year = pd.factorize(data["entity"])[0], data["year"].to_numpy()
    run = entity if gaps == "exact" else np.cumsum((np.diff(entity, prepend=-1) != 0) | (np.diff(year, prepend=0) != 1))
    omega = ar1_covariance(run, year, 0.45)
    dummies = (entity[:, None] == np.unique(entity)).astype(float)
    z = np.column_stack((data[X].to_numpy(), dummies))
    inverse = np.linalg.inv(omega)
    v = np.linalg.inv(z.T @ inverse @ z)
    b = v @ z.T @ inverse @ data["y"].to_numpy()
    left = data["y"].to_numpy() - z @ b
    s2 = left @ inverse @ left / (len(z) - z.shape[1])
    np.testing.assert_allclose(result.params[X], b[:2], rtol=1e-11)
    np.testing.assert_allclose(result.cov.loc[X, X], s2 * v[:2, :2], rtol=1e-10)
    assert result.df_resid == len(z) - z.shape[1] and result.distribution == "t"
    # The constant is the mean effect in the weights of the transformed constant.
    mass = dummies.T @ inverse @ dummies
    weight = np.diag(mass) / np.trace(mass)
    mean = np.concatenate((np.zeros(2), weight))
    assert result.params["const"] == pytest.approx(mean @ b, rel=1e-10)
    effects = result.estimated_effects()
    np.testing.assert_allclose(effects["level"], b[2:], rtol=1e-9)
    np.testing.assert_allclose(effects["level"] - effects["deviation"], result.params["const"])
    assert result.std_errors["const"] == pytest.approx(np.sqrt(s2 * mean @ v @ mean), rel=1e-10)


@pytest.mark.parametrize("gaps", ["restart", "exact"])
def test_random_effects_are_gls_with_effect_and_autoregression(gaps):
    data = frame(6, entities=9, kept=0.7, rho=0.3)
    data["y"] += 2.0 * data["number"]
    data = data.sort_values(["entity", "year"])
    model = pv.AR1(rho=0.3, gaps=gaps)
    result = pv.fit_random_effects_ar1(panel_of(data), "y", X, autocorrelation=model)
    components = result.variance_components
    entity, year = pd.factorize(data["entity"])[0], data["year"].to_numpy()
    run = entity if gaps == "exact" else np.cumsum((np.diff(entity, prepend=-1) != 0) | (np.diff(year, prepend=0) != 1))
    same = entity[:, None] == entity[None, :]
    z = np.column_stack((np.ones(len(data)), data[X].to_numpy()))
    autoregressive = ar1_covariance(run, year, 0.3)
    # The components, by dense projections of the freed rows.
    root = np.linalg.inv(np.linalg.cholesky(autoregressive))
    freed_z, freed_y, g = root @ z, root @ data["y"].to_numpy(), root @ np.ones(len(z))
    u = freed_y - freed_z @ np.linalg.lstsq(freed_z, freed_y, rcond=None)[0]
    blocks = (entity[:, None] == np.unique(entity)) * g[:, None]
    projection = blocks @ np.linalg.pinv(blocks)
    within = u @ (np.eye(len(u)) - projection) @ u / (len(u) - 9)
    effect = (u @ projection @ u - 9 * within) / (g @ g)
    assert components.idiosyncratic == pytest.approx(within, rel=1e-11)
    assert components.effect == pytest.approx(effect, rel=1e-11)
    inverse = np.linalg.inv(within * autoregressive + effect * same)
    v = np.linalg.inv(z.T @ inverse @ z)
    b = v @ z.T @ inverse @ data["y"].to_numpy()
    left = data["y"].to_numpy() - z @ b
    scale = left @ inverse @ left / (len(z) - 3)
    np.testing.assert_allclose(result.params, b, rtol=1e-10)
    np.testing.assert_allclose(result.cov, scale * v, rtol=1e-9)
    # Best linear unbiased prediction: the covariance of effects and rows times the inverse times the residuals.
    predicted = effect * (entity[None, :] == np.unique(entity)[:, None]) @ inverse @ left
    np.testing.assert_allclose(result.estimated_effects()["effect"], predicted, rtol=1e-8, atol=1e-10)


@pytest.mark.filterwarnings("ignore::panelvar.PanelVarWarning")
@pytest.mark.parametrize("within", ["entity", "time"])
@pytest.mark.parametrize("model", ["pooled", "within", "difference"])
def test_general_fgls_is_a_loop_over_blocks(model, within):
    if (model, within) == ("difference", "time"):
        return
    shape = (120, 5) if within == "entity" else (5, 120)
    data = gappy_frame(3, *shape, kept=0.95, shuffled=False).sort_values(["entity", "year"])
    result = pv.fit_general_fgls(panel_of(data), "y", X, model=model, within=within)
    columns = data[[*X, "y"]].to_numpy()
    entity, year = pd.factorize(data["entity"])[0], data["year"].to_numpy() - 2000
    if model == "difference":
        rows = np.flatnonzero((np.diff(entity, prepend=-1) == 0) & (np.diff(year, prepend=-9) == 1))
        columns, entity, year = columns[rows] - columns[rows - 1], entity[rows], year[rows]
    block, side = (entity, year) if within == "entity" else (year, entity)
    if model == "within":
        columns = columns - pd.DataFrame(columns).groupby(block).transform("mean").to_numpy()
    z, y = columns[:, :2], columns[:, 2]
    if model == "pooled":
        z = np.column_stack((np.ones(len(z)), z))
    u = y - z @ np.linalg.lstsq(z, y, rcond=None)[0]
    labels = np.unique(side)
    wide = np.full((block.max() + 1, len(labels)), np.nan)
    wide[block, np.searchsorted(labels, side)] = u
    omega = np.nanmean(wide[:, :, None] * wide[:, None, :], axis=0)
    cross, target = 0.0, 0.0
    for b in np.unique(block):
        rows = block == b
        own = np.searchsorted(labels, side[rows])
        inner = omega[np.ix_(own, own)]
        if model == "within":
            # Inverted on the space of rows that sum to zero.
            middle = np.eye(len(own)) - 1.0 / len(own)
            inverse = np.linalg.pinv(middle @ inner @ middle, rcond=1e-10)
        else:
            inverse = np.linalg.inv(inner)
        cross = cross + z[rows].T @ inverse @ z[rows]
        target = target + z[rows].T @ inverse @ y[rows]
    np.testing.assert_allclose(result.error_covariance, omega, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(result.params, np.linalg.solve(cross, target), rtol=1e-9)
    np.testing.assert_allclose(result.cov, np.linalg.inv(cross), rtol=1e-8)
