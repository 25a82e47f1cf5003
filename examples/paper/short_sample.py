"""What thirteen years allow: bands by method, tests of residuals, unit roots and cointegration."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import panelvar as pv
from panelvar.core.base.errors import InsufficientDataError
from panelvar.core.faces.layout import Cell, Fact, Row, count, interval, number, probability, words
from panelvar.core.tables.table import Table
from paper.autoregressions import HORIZON, estimated
from paper.source import LABELS, PANEL, THREE, TWO

if TYPE_CHECKING:
    from collections.abc import Callable

    from panelvar.core.base.arrays import Array
    from panelvar.core.tables.test_result import TestResult
    from panelvar.nonstationary.panel_series.battery import PanelTestTable
    from panelvar.systems.responses.responses import Responses
    from panelvar.systems.var.var_result import VarResult
    from paper.source import Paper

DRAWS, SEED, LEVEL = 2000, 2021, 0.95
SOURCES = {
    "residual bootstrap": pv.ResidualBootstrap(DRAWS, SEED),
    "the same, sup-t": pv.ResidualBootstrap(DRAWS, SEED, joint="sup-t"),
    "after bootstrap": pv.BootstrapAfterBootstrap(DRAWS, SEED),
    "the same, sup-t ": pv.BootstrapAfterBootstrap(DRAWS, SEED, joint="sup-t"),
}
ROOTS = (1.0, 0.9, 0.5)
SIMULATED = 2000
SIMULATED_PANELS = 500


class Bands(NamedTuple):
    """What the bands say about the responses to CII.

    ``off_zero`` counts, for each source, the cells of all responses whose band excludes zero; ``wider`` is the mean
    width of the sup-t band over the pointwise one, of GDP; ``positive`` and ``peaks`` are shares of the bias-corrected
    draws of GDP's response: above zero in year 1, and largest in each year.
    """

    table: Table
    off_zero: dict[str, int]
    cells: int
    wider: float
    positive: float
    peaks: tuple[float, ...]
    largest_root: float


def responses(model: VarResult, source: str) -> Responses:
    """Responses with the bands of a source."""
    return model.impulse_responses(HORIZON, bands=SOURCES[source], level=LEVEL)


def bands(paper: Paper) -> Bands:
    """Bands of every method around the responses of the other variables to CII, both autoregressions."""
    body: list[Row] = []
    off_zero = dict.fromkeys(SOURCES, 0)
    found: dict[str, Responses] = {}
    cells = 0
    for names in (TWO, THREE):
        model = estimated(paper, names)
        by_source = {source: responses(model, source) for source in SOURCES}
        found = found or by_source
        for name in names[1:]:
            cells += HORIZON + 1
            for place, (source, each) in enumerate(by_source.items()):
                frame = each.response(name, names[0])
                years = frame.index[(frame["lower"] > 0) | (frame["upper"] < 0)]
                off_zero[source] += len(years)
                label = LABELS[name.removeprefix("log_")] + (" of three" if names == THREE else " of two")
                shown = ", ".join(map(str, years)) or "none"
                first = frame.loc[1]
                body.append(
                    Row(
                        label if place == 0 else "",
                        (
                            words(source.strip(), "left"),
                            number(float(first["value"]), 3) if place == 0 else Cell(),
                            interval(float(first["lower"]), float(first["upper"]), 3),
                            words(shown),
                        ),
                        continues=place > 0,
                    )
                )
    pointwise, path, corrected, _ = found.values()
    place = TWO.index("log_gdp"), 0
    width = [float(np.mean((each.upper - each.lower)[:, *place])) for each in (path, pointwise)]
    assert corrected.draws is not None
    draws = corrected.draws[:, :, *place]
    peaks = draws.argmax(axis=1)
    heads = ("band", "year 1", f"{LEVEL:.0%} limits, year 1", "years without zero")
    table = Table(
        title="Responses to one standard deviation of CII, by band",
        facts=(Fact("Draws", str(DRAWS)), Fact("Years of a path", f"0 to {HORIZON}")),
        header=(Row("Response of", tuple(words(head) for head in heads)),),
        body=tuple(body),
        notes=(
            "residual bootstrap: percentiles, each year by itself. after bootstrap: bias corrected (Kilian 1998). "
            "sup-t: all years of a response at once.",
        ),
    )
    return Bands(
        table=table,
        off_zero=off_zero,
        cells=cells,
        wider=width[0] / width[1],
        positive=float((draws[:, 1] > 0).mean()),
        peaks=tuple(float((peaks == year).mean()) for year in range(HORIZON + 1)),
        largest_root=float(estimated(paper, THREE).moduli[0]),
    )


def residual_tests(paper: Paper) -> Table:
    """Tests of the residuals of both autoregressions, or that there are too few rows for one."""
    tests: dict[str, Callable[[VarResult], TestResult]] = {
        "Portmanteau, adjusted, 4 lags": lambda model: pv.portmanteau_test(model, lags=4),
        "Breusch-Godfrey LM, 1 lag": lambda model: pv.serial_lm_test(model, lags=1),
        "Breusch-Godfrey, Rao's F": lambda model: pv.serial_lm_test(model, lags=1, statistic="f"),
        "Normality, Doornik-Hansen": lambda model: pv.normality_test(model, statistic="doornik-hansen").joint,
        "ARCH, 1 lag": lambda model: pv.arch_test(model, lags=1),
    }
    models = [estimated(paper, names) for names in (TWO, THREE)]
    rows = []
    for label, run in tests.items():
        cells: list[Cell] = []
        for model in models:
            try:
                test = run(model)
            except InsufficientDataError:
                cells += [words("too few rows"), Cell()]
            else:
                cells += [words(f"{test.statistic:.2f} ({test.df:g})"), probability(test.pvalue)]
        rows.append(Row(label, tuple(cells)))
    heads = ("two: statistic (df)", "p-value", "three: statistic (df)", "p-value")
    return Table(
        title="Tests of the residuals",
        facts=(Fact("Rows, coefficients an equation", "; ".join(f"{m.nobs}, {m.n_regressors}" for m in models)),),
        header=(Row("", tuple(words(head) for head in heads)),),
        body=tuple(rows),
    )


def unit_roots(paper: Paper) -> Table:
    """Unit-root tests of the four series, a constant and a trend, one lag."""
    body = []
    for name, series in paper.liangshan.items():
        adf = pv.adf_test(series, lags=1, trend="ct")
        kpss = pv.kpss_test(series, bandwidth=1, trend="ct")
        body.append(
            Row(
                LABELS[str(name).removeprefix("log_")],
                (
                    number(adf.statistic, 2),
                    number(adf.critical_values[0.05], 2),
                    words("rejected" if adf.statistic < adf.critical_values[0.05] else "not rejected"),
                    number(kpss.statistic, 3),
                    number(kpss.critical_values[0.05], 3),
                    words("rejected" if kpss.statistic > kpss.critical_values[0.05] else "not rejected"),
                    count(adf.nobs),
                ),
            )
        )
    heads = ("ADF", "5%", "unit root", "KPSS", "5%", "no unit root", "rows")
    return Table(
        title="Unit-root tests, logarithms, Liangshan",
        facts=(Fact("Terms", "constant and trend"), Fact("Lags", "1")),
        header=(Row("", tuple(words(head) for head in heads)),),
        body=tuple(body),
        notes=("ADF's critical values are for the rows used (MacKinnon 2010), KPSS's asymptotic.",),
    )


class Power(NamedTuple):
    """How often a test of thirteen years at 5 percent rejects a unit root, by the root that there is."""

    rejected: dict[float, float]
    by_pvalue: float


def power(periods: int) -> Power:
    """Simulate the Dickey-Fuller test of the audit: normal errors, fifty periods before the first."""
    rng = np.random.default_rng(SEED)
    rejected = {}
    by_pvalue = 0
    for root in ROOTS:
        errors = rng.standard_normal((50 + periods, SIMULATED))
        series = np.zeros_like(errors)
        for t in range(1, len(errors)):
            series[t] = root * series[t - 1] + errors[t]
        tests = [pv.adf_test(column, lags=1, trend="ct") for column in series[-periods:].T]
        rejected[root] = float(np.mean([test.statistic < test.critical_values[0.05] for test in tests]))
        if root == 1.0:
            by_pvalue = float(np.mean([test.pvalue < 0.05 for test in tests]))
    return Power(rejected, by_pvalue)


class Relations(NamedTuple):
    """Johansen's trace of both autoregressions: p-values of no relation, by system and source of the distribution."""

    table: Table
    two: tuple[float, ...]
    three: tuple[float, ...]


def cointegration(paper: Paper) -> Relations:
    """Test whether the variables are related in the long run: asymptotic, corrected, from data sets as short."""
    options = {
        "asymptotic": {},
        "corrected for rows": {"correction": "reinsel-ahn"},
        "residual bootstrap": {"bootstrap": pv.ResidualBootstrap(DRAWS, SEED)},
        "wild bootstrap": {"bootstrap": pv.RecursiveWildBootstrap(DRAWS, SEED)},
    }
    pvalues: list[tuple[float, ...]] = []
    body: list[Row] = []
    for names in (TWO, THREE):
        tests = [pv.johansen_test(paper.liangshan[list(names)], lags=2, **how) for how in options.values()]
        pvalues.append(tuple(float(test.trace_pvalues[0]) for test in tests))
        which = ", ".join(LABELS[name.removeprefix("log_")] for name in names)
        for place, (source, test) in enumerate(zip(options, tests, strict=True)):
            body.append(
                Row(
                    which if place == 0 else "",
                    (
                        words(source, "left"),
                        number(float(test.trace[0]), 2),
                        number(float(test.critical_values(level=LEVEL)["trace"].iloc[0]), 2),
                        probability(float(test.trace_pvalues[0])),
                        count(test.rank),
                    ),
                    continues=place > 0,
                )
            )
    heads = ("distribution", "trace", "5%", "p-value", "rank")
    table = Table(
        title="Johansen's trace test of no relation",
        facts=(Fact("Lags", "2"), Fact("Draws", str(DRAWS))),
        header=(Row("", tuple(words(head) for head in heads)),),
        body=tuple(body),
        notes=("rank: relations found by the whole sequence of trace tests at 5%.",),
    )
    return Relations(table, *pvalues)


ROOTS_OF_PANELS = ("llc", "breitung", "ips", "fisher-adf", "fisher-pp", "hadri")
RELATIONS_OF_PANELS = ("pedroni", "kao", "westerlund-ratio")


def panel_unit_roots(paper: Paper) -> PanelTestTable:
    """Tests of the five variables of the panel, about trends in levels and about constants in differences."""
    return pv.panel_unit_root_table(paper.panel, list(PANEL), tests=ROOTS_OF_PANELS, trend=("ct", "c"), lags=1)


def pvalues_of_roots(roots: PanelTestTable) -> Table:
    """P-values of the variables beside one another."""
    frame = roots.to_frame()["pvalue"]
    labels = {entry.test: entry.label for entry in roots.entries}
    return Table(
        title="Panel unit roots: p-values",
        facts=(
            Fact("Level", "a constant and a trend for each prefecture"),
            Fact("Difference", "a constant for each"),
            Fact("Lags", "1"),
        ),
        header=(Row("", tuple(words(LABELS[name]) for name in PANEL)),),
        body=tuple(
            Row(f"{label}, {form}", tuple(probability(float(frame[name, form, test])) for name in PANEL))
            for form in ("level", "difference")
            for test, label in labels.items()
        ),
        notes=("H0 of Hadri: every prefecture is stationary. H0 of the others: every prefecture has a unit root.",),
    )


def panel_power(entities: int, periods: int) -> Table:
    """Simulate tests of a panel of the paper's size: in how many they reject a unit root, by the root there is."""
    rng = np.random.default_rng(SEED)
    names = ("llc", "breitung", "ips", "fisher-adf")
    labels: dict[str, str] = {}
    rejected: dict[str, list[float]] = {name: [] for name in names}
    for root in ROOTS:
        counts = dict.fromkeys(names, 0)
        for _ in range(SIMULATED_PANELS):
            errors = rng.standard_normal((50 + periods, entities))
            series = np.zeros_like(errors)
            for t in range(1, len(errors)):
                series[t] = root * series[t - 1] + errors[t]
            table = quiet(series[-periods:], names)
            for entry in table.entries:
                labels[entry.test] = entry.label
                counts[entry.test] += entry.result is not None and entry.result.pvalue < 0.05
        for name in names:
            rejected[name].append(counts[name] / SIMULATED_PANELS)
    return Table(
        title=f"Unit roots rejected at 5% in simulated panels of {entities} entities and {periods} periods",
        facts=(Fact("Terms", "constant and trend"), Fact("Lags", "1"), Fact("Panels", str(SIMULATED_PANELS))),
        header=(Row("", tuple(words(f"root {root:g}") for root in ROOTS)),),
        body=tuple(Row(labels[name], tuple(Cell(f"{share:.0%}", share) for share in rejected[name])) for name in names),
        notes=("A root of 1 is the null: 5% should be rejected. The others are false nulls: the more the better.",),
    )


def quiet(series: Array, names: tuple[str, ...]) -> PanelTestTable:
    """Tests of one simulated panel, whose warnings are beside the point."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.panel_unit_root_table(series, tests=names, trend="ct", lags=1, differences=0)


def panel_cointegration(paper: Paper) -> dict[str, PanelTestTable]:
    """Tests of the three relations of the paper's tables 2 and 3: incomes and revenue on CII and GDP."""
    return {
        name: pv.panel_cointegration_table(paper.panel, name, ["cii", "gdp"], tests=RELATIONS_OF_PANELS, lags=1)
        for name in ("pcir", "pciv", "lgr")
    }


def side_by_side(tables: dict[str, PanelTestTable]) -> Table:
    """P-values of the relations beside one another."""
    frames = {name: table.to_frame()["pvalue"] for name, table in tables.items()}
    first = next(iter(tables.values()))
    return Table(
        title="No cointegration with CII and GDP: p-values",
        facts=(Fact("Terms", "a constant for each prefecture"), Fact("Lags", "1")),
        header=(Row("", tuple(words(LABELS[name]) for name in tables)),),
        body=tuple(
            Row(entry.label, tuple(probability(float(frames[name][entry.test])) for name in tables))
            for entry in first.entries
        ),
        notes=("H0: no prefecture is cointegrated.",),
    )
