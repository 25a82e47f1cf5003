"""The kernel is the dense twin, on small panels with gaps, late entries and missing values, in every combination."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from panels.dynamic.dense_gmm import Fit, LagColumns, Model, OwnColumns, fit, with_lags
from quiet import quietly

import panelvar as pv

ENTITIES, PERIODS = 40, 8
H = {"cross": "own", "block": "block", "identity": "identity", "stata": "grid"}
"""One-step weights as we and the twin call them; xtabond2's, which has deviations of an entity without gaps for all."""


def panel_of(seed: int, *, balanced: bool = False, entities: int = ENTITIES, periods: int = PERIODS) -> pd.DataFrame:
    """Rows of a dynamic panel with effects; unless balanced, with gaps, late entries and an instrument that misses."""
    rng = np.random.default_rng(seed)
    effect = rng.standard_normal(entities)
    x = 0.5 * effect[:, None] + rng.standard_normal((entities, periods)).cumsum(axis=1) * 0.5
    q = x + rng.standard_normal((entities, periods))
    y = np.zeros((entities, periods))
    level = effect + rng.standard_normal(entities)
    for t in range(periods):
        level = 0.5 * level + 0.4 * x[:, t] + effect + rng.standard_normal(entities)
        y[:, t] = level
    place = np.indices((entities, periods))
    rows = pd.DataFrame({"i": place[0].ravel(), "t": place[1].ravel() + 2000})
    rows = rows.assign(y=y.ravel(), x=x.ravel(), q=q.ravel(), g=rows["i"] % 30)
    if balanced:
        return rows
    rows.loc[rng.random(len(rows)) < 0.04, "q"] = np.nan
    first = rng.integers(0, 3, entities)
    kept = (rng.random(len(rows)) > 0.08) & (rows["t"] - 2000 >= first[rows["i"]])
    return rows[kept]


@dataclass(frozen=True)
class Call:
    """One way to estimate, said to both."""

    transform: str
    lags: int
    window: tuple[int, int | None]
    collapse: bool
    equation: str
    standard: tuple[str, str] | None
    level_equation: bool
    constant: bool
    time_effects: bool
    h: str
    changes: bool  # differences of x for the levels, beside the rest


@st.composite
def calls(draw: st.DrawFn) -> Call:
    level = draw(st.booleans())
    collapse = draw(st.booleans())
    first = draw(st.integers(2, 3))
    last = (
        draw(st.one_of(st.none(), st.integers(first, first + 2))) if collapse else draw(st.integers(first, first + 1))
    )
    places = ["transformed", "level", "both"] if level else ["transformed"]
    return Call(
        draw(st.sampled_from(["fd", "fod"])),
        draw(st.integers(1, 2)),
        (first, last),
        collapse,
        draw(st.sampled_from(["transformed", "both"])) if level else "transformed",
        draw(st.one_of(st.none(), st.tuples(st.sampled_from(["q", "x"]), st.sampled_from(places)))),
        level,
        level and draw(st.booleans()),
        draw(st.booleans()),
        draw(st.sampled_from(list(H))) if level else "cross",
        level and draw(st.booleans()),
    )


def ours(rows: pd.DataFrame, call: Call, steps: int | str, cov: object) -> pv.DynamicPanelResult:
    sets: list[pv.LagInstruments | pv.StandardInstruments] = [
        pv.LagInstruments("y", *call.window, collapse=call.collapse, equation=call.equation),
        pv.LagInstruments("x", 1, 2, collapse=True, equation=call.equation),
        *([pv.LagInstruments("x", 0, 1, collapse=True, equation="level")] if call.changes else []),
    ]
    if call.standard is not None:
        sets.append(pv.StandardInstruments(*call.standard))
    options = {
        "lags": call.lags,
        "instruments": sets,
        "transform": call.transform,
        "time_effects": call.time_effects,
        "constant": call.constant,
        "steps": steps,
        "cov": cov,
    }
    panel = pv.Panel(rows, "i", "t")
    if call.level_equation:
        if call.h == "stata":
            return quietly(pv.fit_blundell_bond, panel, "y", ["x"], convention="stata", **options)
        return quietly(pv.fit_blundell_bond, panel, "y", ["x"], h=call.h, **options)
    return quietly(pv.fit_arellano_bond, panel, "y", ["x"], **options)


def dense(rows: pd.DataFrame, call: Call, names: tuple[str, ...], clusters: list[int] | None = None) -> Fit:
    """The twin's model, with the dummies of periods that the estimate names."""
    calendar = range(rows["t"].min(), rows["t"].max() + 1)
    entities = []
    dummies = tuple(name for name in names if name.startswith("C(t)[T."))
    for _, each in rows.groupby("i"):
        columns = each.set_index("t").reindex(calendar)
        entity = with_lags({name: columns[name].to_numpy(dtype=float) for name in ("y", "x", "q")}, 2)
        for name in dummies:
            entity[name] = np.array([float(f"C(t)[T.{period}]" == name) for period in calendar])
        entities.append(entity)
    instruments: list[LagColumns | OwnColumns] = [
        LagColumns("y", *call.window, call.collapse, call.equation),
        LagColumns("x", 1, 2, True, call.equation),
        *([LagColumns("x", 0, 1, True, "level")] if call.changes else []),
    ]
    if call.standard is not None:
        instruments.append(OwnColumns((call.standard[0],), call.standard[1]))
    if dummies:
        instruments.append(OwnColumns(dummies, "level" if call.level_equation else "transformed"))
    x = (*(f"L{lag}.y" for lag in range(1, call.lags + 1)), "x", *dummies)
    model = Model("y", x, tuple(instruments), call.transform, call.level_equation, call.constant, h=H[call.h])
    return fit(entities, model, clusters)


def counted(twin: Fit) -> int:
    """Coefficients that the error variance costs: xtabond2 divides by all rows."""
    return 0 if twin.model.h == "grid" else len(twin.model.names)


def order_of(found: pv.DynamicPanelResult, twin: Fit) -> list[int]:
    """Where each of our coefficients stands in the twin."""
    words = {"L(y)": "L1.y", "L(y, 2)": "L2.y", "const": "_cons"}
    return [twin.model.names.index(words.get(name, name)) for name in found.names]


def agree(found: pv.DynamicPanelResult, twin: Fit, steps: int, covariance: np.ndarray, sigma2: float | None) -> None:
    places = order_of(found, twin)
    errors = np.sqrt(np.diag(covariance))
    scaled = (found.params.to_numpy() - twin.step(steps).coef[places]) / errors[places]
    assert np.abs(scaled).max() < 1e-8
    unit = np.outer(errors, errors)[np.ix_(places, places)]
    assert np.abs((found.cov.to_numpy() - covariance[np.ix_(places, places)]) / unit).max() < 1e-8
    assert found.sigma2 == pytest.approx(twin.sigma2(steps, minus=counted(twin)), rel=1e-8)
    assert found.n_instruments == twin.n_instruments
    assert found.nobs == twin.count(level=twin.model.level_equation)
    for order in (1, 2):
        assert found.ar_test(order).statistic == pytest.approx(
            twin.ar_test(order, steps, covariance, sigma2), rel=1e-8, abs=1e-9
        )


def same_criterion(found: pv.TestResult, criterion: float, twin: Fit, digits: float = 1e-8) -> None:
    """The statistic, or none where there are as many moments as coefficients."""
    if twin.n_instruments == len(twin.model.names):
        assert np.isnan(found.statistic) and abs(criterion) < 1e-12
    else:
        assert found.statistic == pytest.approx(criterion, rel=digits)


def well_posed(twin: Fit) -> bool:
    """No moment depends on others, in either weight, and none of what is weighed is nearly nothing."""
    h = sum(rows.z.T @ rows.h @ rows.z for rows in twin.made)
    for matrix in (h, twin.first.moment_covariance):
        sizes = np.sqrt(np.diag(matrix))
        if not sizes.all() or np.linalg.cond(matrix / np.outer(sizes, sizes)) > 1e7:
            return False
    return True


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), call=calls())
def test_the_kernel_is_the_dense_twin(seed, call):
    rows = panel_of(seed)
    first = ours(rows, call, 1, "robust")
    twin = dense(rows, call, first.names)
    assume(well_posed(twin))
    agree(first, twin, 1, twin.robust(), None)
    sigma2 = twin.sigma2(1, minus=counted(twin))
    same_criterion(first.sargan, twin.first.criterion / sigma2, twin)
    same_criterion(first.hansen_j, twin.second.criterion, twin)
    agree(ours(rows, call, 1, "classical"), twin, 1, sigma2 * twin.first.bread, sigma2)
    agree(ours(rows, call, 2, "uncorrected"), twin, 2, twin.second.bread, None)
    agree(ours(rows, call, 2, "robust"), twin, 2, twin.windmeijer(), None)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), call=calls())
def test_iterated_estimates_settle_where_the_twin_does(seed, call):
    rows = panel_of(seed)
    twin = dense(rows, call, ours(rows, call, 1, "robust").names)
    assume(well_posed(twin))
    try:
        found = ours(rows, call, "iterated", "uncorrected")
    except pv.NumericalError:  # goes round and round
        assert twin.moved_after(200) > 1e-6
        return
    last = twin.iterated()
    places = order_of(found, twin)
    errors = np.sqrt(np.diag(last.bread))[places]
    assert np.abs((found.params.to_numpy() - last.coef[places]) / errors).max() < 1e-7
    assert found.std_errors.to_numpy() == pytest.approx(errors, rel=1e-6)
    same_criterion(found.hansen_j, last.criterion, twin, 1e-6)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10**6), call=calls())
def test_continuous_updating_finds_a_minimum_of_the_twins_criterion(seed, call):
    rows = panel_of(seed)
    twin = dense(rows, call, ours(rows, call, 1, "robust").names)
    assume(well_posed(twin) and twin.n_instruments > len(twin.model.names))
    try:
        found = ours(rows, call, "cu", "uncorrected")
    except pv.NumericalError:  # falls for ever
        reject()
    places = np.argsort(order_of(found, twin))
    coef, errors = found.params.to_numpy()[places], found.std_errors.to_numpy()[places]
    lowest = twin.updated_criterion(coef)
    same_criterion(found.hansen_j, lowest, twin)
    # Within rounding, nothing is lower a hundredth of a standard error away, and less by the square of the way.
    for direction in (*np.eye(len(coef)), np.ones(len(coef))):
        for sign in (1.0, -1.0):
            assert twin.updated_criterion(coef + 0.01 * sign * direction * errors) > lowest - 1e-8
            assert twin.updated_criterion(coef + 1e-4 * sign * direction * errors) > lowest - 1e-8


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), call=calls())
def test_clusters_of_entities_sum_their_moments(seed, call):
    rows = panel_of(seed)
    found = ours(rows, call, 2, pv.Clustered("g"))
    clusters = [entity % 30 for entity in sorted(rows["i"].unique())]
    twin = dense(rows, call, found.names, clusters)
    assume(well_posed(twin))
    places = order_of(found, twin)
    errors = np.sqrt(np.diag(twin.windmeijer()))[places]
    assert np.abs((found.params.to_numpy() - twin.second.coef[places]) / errors).max() < 1e-8
    assert found.std_errors.to_numpy() == pytest.approx(errors, rel=1e-8)
    same_criterion(found.hansen_j, twin.second.criterion, twin)


@pytest.mark.parametrize(("lags", "seed"), list(itertools.product((1, 2), (0, 1, 2))))
def test_differences_and_deviations_agree_on_balanced_panels_with_all_lags(lags, seed):
    """Arellano and Bover (1995): deviations are differences by a nonsingular matrix that the moments absorb."""
    panel = pv.Panel(panel_of(seed, balanced=True, entities=80, periods=7), "i", "t")
    sets = [pv.LagInstruments(["y", "x"], 2)]
    for steps in (1, 2):
        fits = [
            quietly(pv.fit_arellano_bond, panel, "y", ["x"], lags=lags, instruments=sets, transform=each, steps=steps)
            for each in ("fd", "fod")
        ]
        assert fits[0].n_instruments < 80
        assert fits[0].params.to_numpy() == pytest.approx(fits[1].params.to_numpy(), rel=1e-8)
        assert fits[0].hansen_j.statistic == pytest.approx(fits[1].hansen_j.statistic, rel=1e-8)
