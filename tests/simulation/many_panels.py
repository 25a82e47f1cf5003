"""Many panels tested at once: which of them each statistic of a panel test rejects, test by test.

The tests that have a bootstrap get the panels in the place of what it draws; the others are evaluated by the same
functions of the library as one panel.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import pandas as pd
from scipy import stats

import panelvar as pv
from panelvar.estimates.sizes.panel_sizes import ENTITIES, PERIODS
from panelvar.kernels.linear.common_trends import changes
from panelvar.kernels.linear.principal_components import principal_components
from panelvar.nonstationary.cointegration.reduced_rank import likelihood_terms
from panelvar.nonstationary.panel_cointegration import (
    error_correction,
    johansen_fisher,
    kao,
    pedroni,
    rank_regressions,
    saikkonen_luetkepohl,
    trend_adjustment,
)
from panelvar.nonstationary.panel_cointegration.moments import variance_ratio_moments
from panelvar.nonstationary.panel_cointegration.residuals import relation_residuals
from panelvar.nonstationary.panel_cointegration.trend_adjustment import CASES, residuals_without_relations
from panelvar.nonstationary.panel_series import bootstrap, entity_regressions
from panelvar.nonstationary.panel_series.entity_regressions import orders_of_changes, prewhiten
from panelvar.nonstationary.panel_series.panel_series import panel_series
from panelvar.nonstationary.panel_series.panel_system import PanelSystem, panel_system
from panelvar.nonstationary.panel_series.pvalue_combinations import combined_statistics, normal_scores
from panelvar.nonstationary.panel_series.terms import detrend
from panelvar.nonstationary.panel_unit_roots import (
    breitung,
    demetrescu_hanck,
    hadri,
    harris_tzavalis,
    llc,
    panic,
)
from panelvar.nonstationary.panel_unit_roots.critical_values import t_bar_critical_values
from panelvar.nonstationary.panel_unit_roots.pooled_roots import numbers_of_factors
from panelvar.nonstationary.unit_roots.lag_orders import SHORTER, read_lags
from panelvar.nonstationary.unit_roots.one_series import POWERS
from panelvar.nonstationary.unit_roots.regressions import alike, lagged_differences, pieces

DRAWS = {5: 250, 10: 250, 25: 250, 50: 125, 100: 125}
"""Panels of so many entities in a round: its first ones, put together anew."""
POOL = max(entities * draws for entities, draws in DRAWS.items())
SEED = 2028
LEVEL = 0.05


class Case(NamedTuple):
    """A test with some of its options.

    Attributes
    ----------
    test : str
    options : str
        As a caller writes them, in one order.
    only : tuple of str
        Where not empty, statistics that depend on these options; those of other cases are left out.
    """

    test: str
    options: str
    only: tuple[str, ...] = ()


OF_RELATIONS = (
    "pedroni",
    "kao",
    "westerlund",
    "westerlund_variance_ratio",
    "johansen_fisher",
    "saikkonen_luetkepohl",
)
"""Tests of relations between a variable and one regressor."""
UPPER = ("PANIC", "Choi's Pm", "Pedroni panel v")
"""Statistics, by how their names begin, that reject where they are high, besides those that are chi-squared."""


class Cell(NamedTuple):
    """How many panels there were, how many the test rejected, and of how many it said nothing."""

    draws: int
    rejected: int
    unanswered: int

    @property
    def rate(self) -> float:
        """Share of those with an answer that were rejected; NaN where fewer than half had one."""
        answered = self.draws - self.unanswered
        return self.rejected / answered if 2 * answered > self.draws else math.nan


def options_of(case: Case) -> dict[str, Any]:
    """The options as a call has them."""
    return dict(eval(f"dict({case.options})"))


@lru_cache(maxsize=2)
def pool(periods: int, relation: bool, seed: int) -> np.ndarray:
    """Random walks (n, T, k) of all entities that are drawn."""
    rng = np.random.default_rng([seed, periods, relation])
    return rng.standard_normal((POOL, periods, 1 + relation)).cumsum(axis=1)


def walks(entities: int, periods: int, relation: bool, draws: int, seed: int = SEED) -> np.ndarray:
    """Random walks (B, N, T, k): the first of the pool."""
    return pool(periods, relation, seed)[: draws * entities].reshape(draws, entities, periods, -1)


def first_of(found: Any, count: int) -> Any:
    """What was found of the first entities, of arrays with a place for each."""
    if isinstance(found, np.ndarray):
        return found[:count]
    if isinstance(found, tuple):
        parts = [first_of(each, count) for each in found]
        return type(found)(*parts) if hasattr(found, "_fields") else tuple(parts)
    return found


class Remembered:
    """A function of entities, each by itself, whose answers of the first ones of the pool are those of fewer."""

    def __init__(self, function: Callable[..., Any], most: int) -> None:
        self.function, self.most = function, most
        self.found: dict[Any, tuple[int, Any]] = {}

    def __call__(self, key: Any, count: int, *arguments: Any, **options: Any) -> Any:
        """What the function finds of so many entities, computed where it was not before."""
        known, answer = self.found.get(key, (0, None))
        if known < count:
            if len(self.found) >= self.most:
                self.found.clear()
            answer = self.function(*arguments, **options)
            self.found[key] = count, answer
        return first_of(answer, count)


class Kept:
    """A function of arrays whose answers are kept: cases of a test differ in what comes after."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.found: dict[Any, Any] = {}

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        """What the function finds of these arrays."""
        key = (tuple(map(_identity, arguments)), tuple((name, _identity(own)) for name, own in options.items()))
        if key not in self.found:
            if len(self.found) >= 4 * len(PERIODS) * len(ENTITIES):
                self.found.clear()
            self.found[key] = self.function(*arguments, **options)
        return self.found[key]


def _identity(value: Any) -> Any:
    """What tells an array from others that are drawn."""
    if not isinstance(value, np.ndarray):
        return value
    ends = value.ravel()
    return value.shape, ends[:4].tobytes(), ends[-4:].tobytes(), float(value.sum())


KEPT = (
    (panic, "cumulated_components"),
    (panic, "numbers_of_factors"),
    (panic, "pooled_root"),
    (kao, "_residuals"),
    (kao, "entity_bandwidths"),
    (kao, "long_run_covariance"),
    (pedroni, "entity_bandwidths"),
    (pedroni, "long_run_variance"),
)
"""Functions whose answers several cases need."""

_kept = [(module, name, Kept(getattr(module, name))) for module, name in KEPT]
_regressions = Remembered(entity_regressions.stack_regressions, 8)
_beside_averages = Remembered(entity_regressions.stack_regressions, len(PERIODS) * len(ENTITIES))
_corrections = Remembered(error_correction._regress_entities, len(PERIODS))


def stack_regressions(stack: np.ndarray, *options: Any, averages: Any = None, **more: Any) -> Any:
    """`entity_regressions.stack_regressions`, remembered."""
    # Entities are in units of their own, powers of two.
    key = (options, tuple(more.items()), (stack[:2] / stack[:2, -1:]).tobytes())
    if averages is None:
        return _regressions(key, len(stack), stack, *options, **more)
    # Averages are those of the panel that an entity is in.
    beside = (averages.ndim, averages.ravel()[:2].tobytes(), len(stack))
    return _beside_averages((key, beside), len(stack), stack, *options, averages=averages, **more)


def regress_entities(values: Any, choice: Any, form: Any, panels: int = 1) -> Any:
    """`error_correction._regress_entities`, remembered."""
    key = (choice._replace(unit=0), form, values[0].tobytes(), values[1].tobytes())
    return _corrections(key, len(values), values, choice, form, panels)


REGRESSING = (entity_regressions, llc, breitung, pedroni)
"""Modules that regress entities by themselves."""


def as_data(values: np.ndarray) -> tuple[Any, ...]:
    """A panel (N, T, k) as tests take it."""
    entities, periods, columns = values.shape
    if columns == 1:
        return (pd.DataFrame(values[..., 0].T),)
    index = pd.MultiIndex.from_product([range(entities), range(periods)], names=["entity", "time"])
    return (pd.DataFrame({"y": values[..., 0].ravel(), "x": values[..., 1].ravel()}, index=index), "y", "x")


@contextmanager
def drawn_panels(panels: np.ndarray) -> Iterator[pv.PanelBootstrap]:
    """A bootstrap whose draws are these panels (B, N, T, k)."""

    def null_panels(*_: Any) -> Iterator[tuple[np.ndarray, str]]:
        yield panels, "signs"

    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(bootstrap, "null_panels", null_panels))
        for module in REGRESSING:
            stack.enter_context(mock.patch.object(module, "stack_regressions", stack_regressions))
        for module, name, function in _kept:
            stack.enter_context(mock.patch.object(module, name, function))
        stack.enter_context(mock.patch.object(error_correction, "_regress_entities", regress_entities))
        yield pv.PanelBootstrap(draws=len(panels))


def plain_name(test: Any) -> str:
    """Name of a statistic without its terms."""
    return str(test.name).split(" (trend ")[0]


def critical(test: Any, name: str, entities: int, periods: int, trend: str) -> tuple[float, bool]:
    """Five percent critical value of a statistic, and whether it rejects above it."""
    if test.distribution == "normal":
        upper = name.startswith(UPPER)
        return float(stats.norm.ppf(1.0 - LEVEL if upper else LEVEL)), upper
    if test.distribution == "chi2":
        return float(stats.chi2.ppf(1.0 - LEVEL, test.df)), True
    if test.distribution == "t":
        return float(stats.t.ppf(LEVEL, test.df)), False
    if name == "Average ratio (t-bar)":
        return t_bar_critical_values(trend, entities, periods - 1, "default")[LEVEL], False
    if name.startswith("Simes"):
        return LEVEL, False
    return test.critical_values[LEVEL], False


def rejections(case: Case, entities: int, periods: int, draws: int, seed: int = SEED) -> dict[str, Cell]:
    """Of each statistic of a case, how often it rejects."""
    own = OWN.get(case.test, by_bootstrap)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = own(case, walks(entities, periods, case.test in OF_RELATIONS, draws, seed), seed)
    if not found:
        return {"": Cell(draws, 0, draws)}
    return {
        name: Cell(draws, int(rejected.sum()), draws - len(rejected))
        for name, rejected in found.items()
        if not case.only or name in case.only
    }


def by_bootstrap(case: Case, panels: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """Whether each statistic rejects panels, of tests that have a bootstrap."""
    test, options = getattr(pv, f"{case.test}_test"), options_of(case)
    entities, periods = panels.shape[1:3]
    for first in panels[:5]:
        try:
            plain = test(*as_data(first), **options)
            break
        except pv.PanelVarError:
            # Some have no test of the factor that they find.
            continue
    else:
        return {}

    def statistics(some: np.ndarray) -> list[dict[str, np.ndarray]]:
        try:
            with drawn_panels(some) as bootstrapped:
                return [dict(test(*as_data(first), **options, bootstrap=bootstrapped).drawn)]
        except pv.PanelVarError:
            # One panel without a test is no reason to leave the others out.
            half = len(some) // 2
            return [*statistics(some[:half]), *statistics(some[half:])] if half else []

    parts = statistics(panels)
    out = {}
    for each in (plain, *plain.parts):
        name = plain_name(each)
        if parts and name in parts[0]:
            limit, upper = critical(each, name, entities, periods, options.get("trend", "c"))
            values = np.concatenate([part[name] for part in parts])
            out[name] = values >= limit if upper else values <= limit
    return out


def below(values: np.ndarray) -> np.ndarray:
    """Whether standard normal statistics are below their five percent quantile."""
    return values <= stats.norm.ppf(LEVEL)


def pooled_system(panels: np.ndarray) -> PanelSystem:
    """Panels (B, N, T, 2) as one."""
    entities = panels.reshape(-1, *panels.shape[2:])
    small = panel_system(*as_data(entities[:2]))
    labels = tuple(range(len(entities)))
    return replace(small, labels=labels, values=tuple(entities), starts=np.zeros(len(entities), dtype=np.intp))


def of_harris_tzavalis(case: Case, panels: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    trend = options_of(case)["trend"]
    count, entities, periods = panels.shape[:3]
    if periods - 1 < harris_tzavalis.FEWEST[trend]:
        return {}
    values = panels[..., 0].reshape(-1, periods)
    before, after = values[:, :-1], values[:, 1:]
    if powers := POWERS[trend]:
        before, after = detrend(before, powers), detrend(after, powers)
    sums = [each.sum(axis=1).reshape(count, -1).sum(axis=1) for each in (before * after, np.square(before))]
    mean, variance = harris_tzavalis.moments(trend, periods - 1)
    score = math.sqrt(entities / variance) * (sums[0] / sums[1] - 1.0 - mean)
    return {"Harris-Tzavalis": below(score)}


def of_hadri(case: Case, panels: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    options = options_of(case)
    root = options.pop("root", 0.0)
    count, entities, periods = panels.shape[:3]
    values = np.diff(panels[..., 0], axis=2, prepend=0.0)
    # The first is drawn from the stationary distribution.
    values[:, :, 0] /= math.sqrt(1.0 - root**2)
    for period in range(1, periods):
        values[:, :, period] += root * values[:, :, period - 1]
    whole = values.reshape(-1, periods)
    series = panel_series(pd.DataFrame(whole[:2].T), None)
    series = replace(series, labels=tuple(range(len(whole))), values=tuple(whole), starts=np.zeros(len(whole), int))
    pooled = options["errors"] == "homoskedastic"
    if pooled:
        # The average variance is that of a panel.
        options["errors"] = "heteroskedastic"
    with mock.patch.object(hadri, "panel_series", lambda *_, **__: series):
        columns = pv.hadri_test(None, **options).columns
    statistic, variance = (columns[name].reshape(count, entities) for name in ("statistic", "variance"))
    if pooled:
        statistic = statistic * variance / variance.mean(axis=1, keepdims=True)
    mean, spread = hadri.MOMENTS[options["trend"]]
    score = math.sqrt(entities / spread) * (statistic.mean(axis=1) - mean)
    return {"Hadri": score >= stats.norm.ppf(1.0 - LEVEL)}


def of_demetrescu_hanck(case: Case, panels: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    options = options_of(case)
    trend, lags = options["trend"], options["lags"]
    try:
        pv.demetrescu_hanck_test(*as_data(panels[0]), **options)
    except pv.PanelVarError:
        return {}
    count, entities, periods = panels.shape[:3]
    values = panels[..., 0].reshape(-1, periods)
    powers = POWERS["c" if trend == "ct" else "n"]
    choice = read_lags(lags, (0, None), periods, powers, reach=SHORTER)
    orders = orders_of_changes(lagged_differences(values, powers), choice)
    tested = demetrescu_hanck
    found: dict[str, np.ndarray] = {
        name: np.empty(count) for key, name in tested.KINDS.items() if key != "hmw" or trend == "ct"
    }
    for _, same in alike(orders.reshape(count, -1).max(axis=1)):
        units = (same[:, None] * entities + np.arange(entities)).ravel()
        starts, left = prewhiten(values[units], orders[units], trend)
        if left.shape[1] < tested.FEWEST_CHANGES:
            found = {name: np.where(np.isin(np.arange(count), same), np.nan, each) for name, each in found.items()}
            continue
        centred = left - left.mean(axis=1, keepdims=True) if trend == "ct" else left
        levels = np.cumsum(left, axis=1) - left[:, :1]
        if trend == "n":
            levels += (starts + left[:, 0])[:, None]
        elif trend == "ct":
            levels = tested._detrend_recursively(levels)
        for key, instrument in (("dh", np.sign(levels)), ("hs", levels)):
            products = (instrument[:, :-1] * centred[:, 1:]).reshape(len(same), entities, -1).sum(axis=1)
            found[tested.KINDS[key]][same] = products.sum(axis=1) / np.sqrt(np.square(products).sum(axis=1))
        if trend == "ct":
            each = zip(levels.reshape(len(same), entities, -1), centred.reshape(len(same), entities, -1), strict=True)
            found[tested.KINDS["hmw"]][same] = [_or_nan(tested._centre_and_scale, *both) for both in each]
    return {name: below(each[~np.isnan(each)]) for name, each in found.items()}


def _or_nan(statistic: Callable[..., float], *arguments: np.ndarray) -> float:
    try:
        return statistic(*arguments)
    except pv.NumericalError:
        return math.nan


def of_variance_ratios(case: Case, panels: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    trend = options_of(case)["trend"]
    count, entities, periods = panels.shape[:3]
    try:
        (stack,) = relation_residuals(pooled_system(panels), trend)
    except pv.InsufficientDataError:
        return {}
    levels = np.ldexp(stack.levels, stack.exponents[:, None])
    cumulated = np.square(levels.cumsum(axis=1)).sum(axis=1).reshape(count, entities) / periods**2
    squares = np.square(levels).sum(axis=1).reshape(count, entities)
    moments = variance_ratio_moments(trend, 1)
    ratios = {"group": (cumulated / squares).mean(axis=1), "panel": cumulated.sum(axis=1) / squares.sum(axis=1)}
    return {
        f"Westerlund {name} variance ratio": below(
            math.sqrt(entities / moments[name].variance) * (each - moments[name].mean)
        )
        for name, each in ratios.items()
    }


@lru_cache(maxsize=len(PERIODS))
def canonical(trend: str, lags: int | str, periods: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues (n, K) and lags (n,) of all entities."""
    # A constant alone is for levels that drift.
    whole = pool(periods, True, seed) + np.arange(periods)[:, None] * (trend == "c")
    system = pooled_system(whole[None])
    values = rank_regressions.variables_in_own_units(system.values, trend)
    orders = rank_regressions.read_system_lags(system, values, trend, lags, None)
    return rank_regressions.eigenvalues(np.stack(values), trend, orders)[0], orders


def of_johansen_fisher(case: Case, panels: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    options = options_of(case)
    trend, correction = options["trend"], options["correction"]
    count, entities, periods, k = panels.shape
    try:
        pv.johansen_fisher_test(*as_data(panels[0]), **options)
    except pv.PanelVarError:
        return {}
    correlations, orders = first_of(canonical(trend, options["lags"], periods, seed), count * entities)
    rows = periods - orders
    terms = rows[:, None] * likelihood_terms(correlations)
    if correction == "reinsel-ahn":
        terms *= ((rows - orders * k) / rows)[:, None]
    sizes = rows - np.array([rank_regressions.count_coefficients(trend, k, lag) for lag in orders.tolist()])
    trace = johansen_fisher._tests("trace", trend, terms[:, ::-1].cumsum(axis=1)[:, ::-1], sizes, correction)
    largest = johansen_fisher._tests("max", trend, terms, sizes, correction)
    out = combined(trace.pvalues[:, 0].reshape(count, -1), ("P", "Z"), "{} (r = 0, trace)")
    out |= combined(largest.pvalues[:, 0].reshape(count, -1), ("P",), "{} (r = 0, max)")
    gap = (trace.statistics - trace.mean)[:, 0].reshape(count, -1).mean(axis=1)
    score = math.sqrt(entities) * gap / np.sqrt(trace.variance[:, 0].reshape(count, -1).mean(axis=1))
    return out | {"LR-bar (r = 0, trace)": score >= stats.norm.ppf(1.0 - LEVEL)}


def combined(pvalues: np.ndarray, among: tuple[str, ...], named: str) -> dict[str, np.ndarray]:
    """Whether combinations of p-values (B, N) reject."""
    values = combined_statistics(pvalues, among).T
    limits = {"P": stats.chi2.ppf(1.0 - LEVEL, 2 * pvalues.shape[1]), "Pm": stats.norm.ppf(1.0 - LEVEL)}
    return {
        named.format(name): own >= limits[name] if name in limits else below(own)
        for name, own in zip(among, values, strict=True)
    }


class Traces(NamedTuple):
    """Of panels with the same number of factors: statistics, lags and rows (B, N), correlations (B,), and terms."""

    statistics: np.ndarray
    orders: np.ndarray
    correlations: np.ndarray
    taken: str


def in_units_of_changes(levels: np.ndarray, trend: str) -> np.ndarray:
    """Levels (T, n) about their means, over the root mean squares of their changes."""
    centred = levels - levels.mean(axis=0)
    return centred / np.sqrt(np.square(changes(centred, trend)).mean(axis=0))


def rank_zero(stack: np.ndarray, taken: str, lags: int | str) -> tuple[np.ndarray, np.ndarray]:
    """Saikkonen and Luetkepohl's statistics of rank 0, not corrected, of systems (M, T, K), and lags."""
    orders = rank_regressions.read_system_lags(pooled_system(stack[None]), list(stack), CASES[taken], lags, None)
    statistics = np.empty(len(stack))
    for lag, units in alike(orders):
        for some in pieces(units, stack.shape[1] * 20):
            found = rank_regressions.rank_regressions(stack[some], CASES[taken], lag)
            terms = trend_adjustment._terms(stack[some], taken, *trend_adjustment._estimates(found, lag, 0))
            left = rank_regressions.rank_regressions(stack[some] - terms, "n", lag)
            statistics[some] = (stack.shape[1] - lag) * likelihood_terms(left.eigenvalues).sum(axis=1)
    return statistics, orders


@lru_cache(maxsize=2 * len(PERIODS))
def rank_zero_of_pool(trend: str, lags: int | str, periods: int, seed: int) -> tuple[np.ndarray, ...]:
    """Systems of all entities without factors (n, T, K), their statistics and lags."""
    whole = pool(periods, True, seed)
    levels = whole.swapaxes(0, 1).reshape(periods, -1)
    stack = in_units_of_changes(levels, trend).reshape(periods, *whole.shape[::2]).swapaxes(0, 1)
    return (stack, *rank_zero(stack, trend, lags))


@lru_cache(maxsize=len(PERIODS) * len(ENTITIES))
def traces(trend: str, lags: int | str, shape: tuple[int, ...], seed: int) -> tuple[Traces, ...]:
    """Saikkonen and Luetkepohl's statistics of rank 0, not corrected, of panels of this shape."""
    count, entities, periods, k = shape
    stack, statistics, orders = (
        each[: count * entities].reshape(count, entities, *each.shape[1:])
        for each in rank_zero_of_pool(trend, lags, periods, seed)
    )
    levels = stack.swapaxes(1, 2).reshape(count, periods, entities * k)
    differences = np.stack([changes(each, trend) for each in levels])
    rank = min(differences.shape[1] - (trend == "ct"), entities * k)
    factors, _ = numbers_of_factors(differences, rank, None, "BIC3", None)
    parts = []
    for number, same in alike(factors):
        if not number:
            found = stack[same], statistics[same], orders[same]
        else:
            components = principal_components(differences[same], number)
            common = components.factors.cumsum(axis=1) @ components.loadings.swapaxes(1, 2)
            own = levels[same] - np.concatenate([np.zeros_like(common[:, :1]), common], axis=1)
            own = own.reshape(len(same), periods, entities, k).swapaxes(1, 2)
            ranked = rank_zero(own.reshape(-1, periods, k), "ct", lags)
            found = own, *(each.reshape(len(same), entities) for each in ranked)
        taken = "ct" if number else trend
        parts.append(Traces(found[1], found[2], _correlations(found[0], taken, found[2]), taken))
    return tuple(parts)


def of_saikkonen_luetkepohl(case: Case, panels: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    options, tested = options_of(case), saikkonen_luetkepohl
    entities, periods, k = panels.shape[1:]
    try:
        pv.saikkonen_luetkepohl_test(*as_data(panels[0]), **options)
    except pv.PanelVarError:
        return {}
    out: dict[str, list[np.ndarray]] = {}
    for statistics, orders, correlations, taken in traces(options["trend"], options["lags"], panels.shape, seed):
        rows = periods - orders
        used = statistics if "convention" in options else statistics * (rows - orders * k) / rows
        mean, variance = (each[0] for each in tested.trace_moments(taken, k))
        pvalues = np.clip(tested.gamma_tail(used, mean, variance), np.finfo(float).tiny, 1.0 - 2.0**-53)
        found = combined(pvalues, ("Z", "Pm"), "{} (r = 0)")
        augmented = np.array([tested.score_correlation(each, k, 0) for each in correlations.tolist()])
        scores = normal_scores(pvalues).sum(axis=1)
        found["CAIN (r = 0)"] = below(scores / np.sqrt(entities + entities * (entities - 1) * augmented))
        score = math.sqrt(entities / variance) * (used.mean(axis=1) - mean)
        found["LR-bar (r = 0)"] = score >= stats.norm.ppf(1.0 - LEVEL)
        for name, rejected in found.items():
            out.setdefault(name, []).append(rejected)
    return {name: np.concatenate(parts) for name, parts in out.items()}


def _correlations(stack: np.ndarray, trend: str, orders: np.ndarray) -> np.ndarray:
    """Average correlations (B,), in absolute value, of residuals of systems (B, N, T, K) with lags (B, N)."""
    count, entities, periods, k = stack.shape
    flat, own = stack.reshape(-1, periods, k), orders.ravel()
    residuals = np.full(flat.shape, np.nan)
    for lag, units in alike(own):
        residuals[units, lag:] = residuals_without_relations(flat[units], trend, lag)
    residuals = residuals.reshape(stack.shape)
    pairs = np.tril_indices(entities, -1)
    out = np.empty(count)
    for place, longest in enumerate(orders.max(axis=1).tolist()):
        kept = residuals[place, :, longest:]
        out[place] = np.mean([np.abs(np.corrcoef(kept[..., each])[pairs]) for each in range(k)])
    return out


OWN: dict[str, Callable[[Case, np.ndarray, int], dict[str, np.ndarray]]] = {
    "harris_tzavalis": of_harris_tzavalis,
    "hadri": of_hadri,
    "demetrescu_hanck": of_demetrescu_hanck,
    "westerlund_variance_ratio": of_variance_ratios,
    "johansen_fisher": of_johansen_fisher,
    "saikkonen_luetkepohl": of_saikkonen_luetkepohl,
}
"""Tests without a bootstrap, and what evaluates many of their panels at once."""
