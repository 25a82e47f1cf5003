"""Serial correlation of panel vector autoregressions by least squares, against loops and derivatives by differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from quiet import quietly
from scipy import stats
from systems.panel_var.panel_var_twins import NAMES, panel_of, rows_of

import panelvar as pv

CORRECTED = ["hahn-kuersteiner", "half-panel-jackknife", "corrected-moments"]


def fit(frame, method, **options):
    return quietly(pv.fit_panel_var, frame, NAMES, method=method, **options)


def by_entity(frame, lags):
    """Rows (period, regressors, values) of each entity."""
    out: dict[str, dict[int, tuple[np.ndarray, np.ndarray]]] = {}
    for entity, period, x, y in ((row[0], row[1], row[2], row[3]) for row in rows_of(frame, lags, ())):
        out.setdefault(entity, {})[period] = (np.asarray(x), np.asarray(y))
    return out


def products(entities, params, equation, order):
    """Products of differenced errors with earlier ones, summed over the periods of each entity."""
    sums = []
    for own in entities.values():
        errors = {t: y[equation] - x @ params[:, equation] for t, (x, y) in own.items()}
        changes = {t: errors[t] - errors[t - 1] for t in errors if t - 1 in errors}
        sums.append(sum(changes[t] * changes[t - order] for t in changes if t - order in changes))
    return np.array(sums, dtype=float)


@pytest.mark.parametrize("method", [*CORRECTED, "pooled"])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_m_is_a_sum_over_entities_and_counts_the_coefficients(method, order):
    frame = panel_of(seed=5, gaps=0.08)
    model = fit(frame, method)
    entities = by_entity(frame, 1)
    constant = method == "pooled"
    if constant:
        entities = {
            key: {t: (np.concatenate([[1.0], x]), y) for t, (x, y) in own.items()} for key, own in entities.items()
        }
    params, step = model.params.to_numpy(), 1e-6
    codes = pd.factorize(model.resids.index.get_level_values(0))[0]
    influence = model.fit.tested().influence
    for place, name in enumerate(NAMES):
        own = products(entities, params, place, order)
        slopes = np.empty(len(params))
        for row in range(len(params)):
            moved = [params.copy(), params.copy()]
            moved[0][row, place] += step
            moved[1][row, place] -= step
            slopes[row] = (
                products(entities, moved[0], place, order).sum() - products(entities, moved[1], place, order).sum()
            ) / (2 * step)
        added = np.stack([influence[codes == entity, :, place].sum(axis=0) for entity in range(len(own))])
        statistic = own.sum() / np.sqrt(((own + added @ slopes) ** 2).sum())
        test = model.ar_test(order, name)
        assert test.statistic == pytest.approx(statistic, rel=1e-5)
        assert test.pvalue == pytest.approx(2 * stats.norm.sf(abs(statistic)), rel=1e-4)


@pytest.mark.parametrize("method", ["within", *CORRECTED, "pooled"])
def test_effects_of_entities_and_levels_of_variables_move_nothing(method):
    frame = panel_of(seed=6)
    shifts = pd.Series(3.0 * np.arange(len(frame.index.levels[0])), frame.index.levels[0])
    moved = frame.copy()
    if method != "pooled":
        moved[NAMES[0]] += shifts.reindex(frame.index.get_level_values(0)).to_numpy()
    moved[NAMES[1]] += 7.0
    for time_effects in (False, True):
        model, other = (fit(each, method, time_effects=time_effects) for each in (frame, moved))
        for name in NAMES:
            assert other.ar_test(2, name).statistic == pytest.approx(model.ar_test(2, name).statistic, rel=1e-6)
            both = [each.serial_portmanteau(name, collapse=True, max_order=3) for each in (model, other)]
            if method == "pooled":
                assert both[1].statistic == pytest.approx(both[0].statistic, rel=1e-6)


def test_errors_of_within_are_those_of_corrected_coefficients():
    frame = panel_of(seed=7)
    within, corrected = fit(frame, "within"), fit(frame, "hahn-kuersteiner")
    for calls in (
        lambda model: model.ar_test(2, NAMES[0]),
        lambda model: model.serial_portmanteau(NAMES[0], collapse=True, max_order=4),
    ):
        assert calls(within).statistic == pytest.approx(calls(corrected).statistic, rel=1e-12)
        assert [note.code for note in calls(within).notes] == ["tested-corrected"]
        assert not calls(corrected).notes


def test_too_few_lags_are_found():
    rng = np.random.default_rng(3)
    errors, y = rng.standard_normal((80, 41, 2)), np.zeros((80, 40, 2))
    for t in range(1, 40):
        y[:, t] = 0.4 * y[:, t - 1] + errors[:, t] + 0.5 * errors[:, t - 1]
    index = pd.MultiIndex.from_product([range(80), range(40)], names=["i", "t"])
    model = fit(pd.DataFrame(y.reshape(-1, 2), index, NAMES), "within")
    for name in NAMES:
        assert model.ar_test(2, name).pvalue < 1e-4
        assert model.serial_portmanteau(name, collapse=True, max_order=4).pvalue < 1e-4


@pytest.mark.parametrize("method", [*CORRECTED, "within", "pooled"])
@pytest.mark.parametrize("powers", [(300, 300), (-300, -300), (0, 300), (-200, 200), (490, 490)])
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_units_move_no_statistic(method, powers):
    """Products of errors have the units of a variable squared, and their variances these to the fourth power."""
    frame = panel_of(seed=5)
    other = frame.assign(**{name: np.ldexp(frame[name], power) for name, power in zip(NAMES, powers, strict=True)})
    models = [fit(data, method) for data in (frame, other)]
    for equation in NAMES:
        for ask in (
            lambda m, equation=equation: m.ar_test(2, equation=equation),
            lambda m, equation=equation: m.serial_portmanteau(equation, collapse=True, max_order=3),
        ):
            first, second = (ask(model) for model in models)
            assert second.statistic == pytest.approx(first.statistic, rel=1e-9)
            assert second.df == first.df


def test_what_is_refused():
    frame = panel_of(seed=5)
    with pytest.raises(pv.SpecificationError, match="Name one of them by equation="):
        fit(frame, "within").ar_test(2)
    with pytest.raises(pv.SpecificationError, match=r"fit_var_batch\(...\)\.member\(label\)"):
        fit(frame, "mean-group").ar_test(2, NAMES[0])
    with pytest.raises(pv.InsufficientDataError, match="apart"):
        fit(frame, "within").ar_test(90, NAMES[0])
    model = fit(frame, "within")
    with pytest.raises(pv.InsufficientDataError, match="collapse=True"):
        model.serial_portmanteau(NAMES[0])
    with pytest.raises(pv.InsufficientDataError, match="Use max_order="):
        model.serial_portmanteau(NAMES[0], collapse=True)


@pytest.mark.parametrize("method", ["within", "gmm", "mean-group"])
def test_residuals_are_a_panel(method):
    frame = panel_of(seed=8).rename_axis(["firm", "year"])
    options = {"instruments": pv.LagInstruments(last=3, collapse=True)} if method == "gmm" else {}
    model = fit(frame, method, **options)
    assert model.resids.index.names == ["firm", "year"]
    flat = fit(pv.Panel(frame.reset_index(), "firm", "year"), method, **options)
    pd.testing.assert_index_equal(flat.resids.index, model.resids.index)
    pd.testing.assert_index_equal(flat.fitted_values.index, model.fitted_values.index)
    test = pv.cross_section_dependence_test(pv.Panel(flat.resids), NAMES[0])
    assert 0.0 <= test.pvalue <= 1.0
    assert pv.plot_series(flat.resids, NAMES[0]).axes
