"""Do countries get richer when more of their people use the internet? A panel of 152 countries, 2000 to 2018.

    python examples/internet_and_income.py [--output DIR]

prints everything and writes it as text, LaTeX and figures. Data: Gapminder, CC BY 4.0 (`examples/data/README.md`).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from writing.page import Page, draw_to_files, refresh, use_utf8

import panelvar as pv
from panelvar.core.faces.layout import Row, number, probability, words
from panelvar.core.tables.table import Table
from panelvar.reporting.plots_of_panels.scatter import plot_scatter

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from panelvar.panels.static.result import LinearResult

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "examples" / "data" / "world_internet_income.csv"
DOCUMENT = ROOT / "docs" / "studies" / "internet_and_income.md"
SOURCE = "Data: Gapminder, Systema Globalis, from the World Bank's World Development Indicators; CC BY 4.0."
LABELS = {
    "log_income": "log GDP per capita",
    "users": "Internet users, %",
    "const": "Constant",
    **{f"L(users, {k})": f"Internet users, {k} year{'s' * (k > 1)} before" for k in (1, 3, 5)},
}
BY_COUNTRY = pv.Clustered("entity")
LAGS = (1, 3, 5)
FORMS = ("level", "difference")
ROOTS = ("llc", "breitung", "ips", "fisher-adf", "cips", "demetrescu-hanck", "hadri")
RELATIONS = ("pedroni", "westerlund")
DRAWS = 999
BOTH = ["spread", "growth"]
COLLAPSED = pv.LagInstruments(collapse=True)
METHODS = ("within", "hahn-kuersteiner", "half-panel-jackknife", "corrected-moments", "gmm")
YEARS_AHEAD = 8


def main(arguments: list[str] | None = None) -> Page:
    """Run everything and return what was printed."""
    parser = argparse.ArgumentParser(description="Internet use and income in 152 countries.")
    parser.add_argument("--output", type=Path, default=Path("output", "internet_and_income"), help="folder")
    parser.add_argument("--refresh-docs", action="store_true", help="rewrite the generated parts of the docs page")
    options = parser.parse_args(arguments)
    use_utf8()
    draw_to_files()
    panel = read()
    page = Page(options.output, "internet_and_income", SOURCE)
    page.title("Internet use and income in 152 countries, 2000 to 2018")
    the_data(page, panel)
    models = estimate(page, panel)
    which(page, panel, models)
    lags(page, panel)
    persistence(page, panel)
    preceding(page)
    reading(page, models)
    page.close()
    if options.refresh_docs:
        DOCUMENT.write_text(refresh(DOCUMENT, page.blocks), encoding="utf-8")
    return page


def rows() -> pd.DataFrame:
    """Read log GDP per head (constant US dollars) and internet users (% of the population)."""
    frame = pd.read_csv(DATA)
    frame["log_income"] = np.log(frame["gdp_per_capita"])
    return frame.rename(columns={"internet_users": "users"})[["country", "year", "users", "log_income"]]


def read() -> pv.Panel:
    """Read the panel."""
    return pv.Panel(rows(), entity="country", time="year")


def changes() -> pv.Panel:
    """Read the growth of income in percent, and the points by which internet users rose, year by year."""
    frame = rows()
    by_country = frame.groupby("country")
    frame["spread"] = by_country["users"].diff()
    frame["growth"] = 100.0 * by_country["log_income"].diff()
    return pv.Panel(frame[["country", "year", *BOTH]].dropna(), entity="country", time="year")


def the_data(page: Page, panel: pv.Panel) -> None:
    with page.section("The data"):
        page.table(panel.describe().summary(), "data")
        page.prose(
            "Look at the last columns of variation: internet use varies about as much within countries over time as "
            "between them, income hardly at all within. An estimate that compares countries and one that follows them "
            "will use different facts."
        )
        caption = "Each country with its own line, and all of them with one."
        page.figure(plot_scatter(panel, x="users", y="log_income"), "scatter", caption)


def estimate(page: Page, panel: pv.Panel) -> dict[str, LinearResult]:
    formula = "log_income ~ users"
    with page.section("One question, five answers"):
        models = {
            "Between": pv.fit_between(panel, formula),
            "Pooled": pv.fit_pooled(panel, formula, cov=BY_COUNTRY),
            "Random": pv.fit_random_effects(panel, formula, cov=BY_COUNTRY),
            "Fixed": pv.fit_fixed_effects(panel, formula, cov=BY_COUNTRY),
            "Two-way": pv.fit_fixed_effects(panel, formula, effects="twoway", cov=BY_COUNTRY),
        }
        page.table(table_of(models, "Log GDP per capita on internet users"), "estimators")
        page.figure(
            coefficients(models),
            "coefficients",
            "Log points (about percent) of income for one more point of internet users, 95% intervals.",
        )
    return models


def table_of(models: dict[str, LinearResult], title: str) -> Table:
    table: Table = pv.compare(
        models,
        labels=LABELS,
        stars=(0.05, 0.01, 0.001),
        foot=("nobs", "entities", "rsquared", "rsquared_kind", "cov"),
        title=title,
    )
    return table


def which(page: Page, panel: pv.Panel, models: dict[str, LinearResult]) -> None:
    with page.section("Which of them?"):
        fixed = pv.fit_fixed_effects(panel, "log_income ~ users")
        random = pv.fit_random_effects(panel, "log_income ~ users")
        assert fixed.f_poolability is not None
        page.table(fixed.f_poolability.summary(), "poolability")
        page.prose(
            "Countries differ in ways that internet use does not explain, so pooled OLS is out. Random effects assume "
            "that those differences are unrelated to internet use. The textbook form of Hausman's test, in which each "
            "estimator has its own residual variance, gives a negative statistic here, and so no p-value:"
        )
        page.table(pv.hausman_test(fixed, random, sigma="own").summary(), "hausman_own")
        page.prose("With one variance for both, which is the default, it is:")
        page.table(pv.hausman_test(fixed, random).summary(), "hausman_efficient")
        gap = float(models["Random"].params["users"] - models["Fixed"].params["users"])
        page.prose(
            f"Hausman's test rejects clearly, although the two coefficients, the smaller of which is "
            f"{lowest(models):.4f}, differ by only {gap:.4f}: with {fixed.nobs} rows it finds differences that do not "
            f"matter. It also assumes classical errors, which these are not. What matters is the step from there to "
            f"two-way effects.",
            block="hausman_reading",
        )


def lowest(models: dict[str, LinearResult]) -> float:
    """The smaller of the random- and fixed-effects coefficients."""
    return min(float(models[label].params["users"]) for label in ("Random", "Fixed"))


def lags(page: Page, panel: pv.Panel) -> None:
    with page.section("Does it take time?"):
        models = {
            f"Lag {k}": pv.fit_fixed_effects(panel, f"log_income ~ L(users, {k})", effects="twoway", cov=BY_COUNTRY)
            for k in LAGS
        }
        page.table(table_of(models, "Two-way effects, internet users some years before"), "lags")
        page.prose(
            "It does not get better with time: the longer the lag, the lower the coefficient. A coefficient below zero "
            "is no harm done by the internet: countries that were online early may have been rich ones with less "
            "growth left to catch up on, which is what two-way effects cannot take out."
        )


def persistence(page: Page, panel: pv.Panel) -> None:
    """Unit roots and cointegration: whether levels may be regressed on levels at all."""
    with page.section("Unit roots and cointegration"):
        exponent = pv.cross_section_exponent(panel, "log_income", changes=True)
        page.table(exponent.summary(), "exponent")
        page.prose(
            f"Changes of income share a factor: the exponent is {exponent.exponent:.2f}. It is 0.5 or less for "
            f"independent countries, and 1 when a factor moves all of them. Tests for independent entities come first "
            f"below because papers print them; read CIPS and those after it.",
            block="exponent_reading",
        )
        roots = pv.panel_unit_root_table(panel, ["log_income", "users"], tests=ROOTS, trend=("ct", "c"), lags=1)
        page.table(roots.summary(), "panel_unit_roots")
        cips = {(name, form): roots.result("cips", name, form) for name in ("log_income", "users") for form in FORMS}
        assert all((result.bound == "<") == (form == "difference") for (_, form), result in cips.items())
        page.prose(
            "CIPS does not reject a unit root in the levels of both and rejects one in their changes; so do the other "
            "tests of a unit root. A regression of one level on the other may find a slope by chance, however small "
            "its standard error, unless the two are cointegrated.",
            block="panel_unit_roots_reading",
        )
        tests = pv.panel_cointegration_table(
            panel, "log_income", "users", tests=RELATIONS, trend="ct", lags=1, draws=DRAWS, seed=1
        )
        page.table(tests.summary(), "panel_cointegration")
        pooled = tests.to_frame()["pvalue"]
        drawn = [float(pooled[name]) for name in pooled.index if name.startswith("westerlund:") or name == "westerlund"]
        page.prose(
            f"Pedroni's ADF and panel PP statistics reject, but they assume independent countries, and with 19 "
            f"periods and a trend they reject true nulls too often (the page on sizes). Westerlund's tests, with "
            f"p-values from {DRAWS} panels that keep what countries share in a year, do not reject: p from "
            f"{min(drawn):.2f} to {max(drawn):.2f}. Nineteen years do not show that income and internet use are "
            f"cointegrated, and the slopes above would need it.",
            block="panel_cointegration_reading",
        )


def preceding(page: Page) -> None:
    """Ask a panel vector autoregression of changes whether either comes before the other."""
    panel = changes()
    with page.section("Which comes first?"):
        page.prose(
            "The levels look non-stationary and not cointegrated, so we use first differences: the estimators of short "
            "panels are not made for unit roots. Do years in which more people went online come before years of more "
            "growth, in the same country and against other countries in the same year? Year effects take out what all "
            "countries share."
        )
        page.table(panel.describe().summary(), "changes")
        chosen = fit_changes(panel, "gmm", lags=4).lag_selection()
        page.table(chosen.summary(), "lag_selection")
        models = {method: fit_changes(panel, method) for method in METHODS}
        page.table(both_ways(models), "granger")
        longer = {
            method: fit_changes(panel, method, lags=chosen.order("aic")).granger_causality("growth", "spread").pvalue
            for method in METHODS
        }
        assert all(model.params.loc["L1.spread", "growth"] < 0.0 for model in models.values())
        rise = [float(models[method].params.loc["L1.growth", "spread"]) for method in METHODS if method != "gmm"]
        income = [models[method].granger_causality("growth", "spread").pvalue for method in METHODS]
        internet = [models[method].granger_causality("spread", "growth").pvalue for method in METHODS]
        page.prose(
            f"No estimator finds that more spread comes before more growth: the coefficients are below zero, with p "
            f"from {min(income):.2f} to {max(income):.2f}, and p is {min(longer.values()):.2f} to "
            f"{max(longer.values()):.2f} with {chosen.order('aic')} lags, the choice of the AIC. In the other "
            f"direction least squares and its corrections find a little: one percent of growth comes before "
            f"{min(rise):.2f} to {max(rise):.2f} points more users (p from {min(internet):.2f}); GMM finds nothing "
            f"(p = {max(internet):.2f}). With {models['within'].periods_per_entity[0]} rows a country least squares "
            f"is biased, mostly in the coefficients of a variable on its past; the corrections agree on these "
            f"coefficients. GMM is doubtful too: Hansen's test rejects its moments (p = "
            f"{models['gmm'].hansen_j.pvalue:.3f}), perhaps because countries differ in their dynamics.",
            block="granger_reading",
        )
        model = models["half-panel-jackknife"]
        bands = pv.EntityBootstrap(draws=DRAWS, seed=1)
        responses = model.impulse_responses(YEARS_AHEAD, cumulative=True, bands=bands)
        page.figure(
            responses.plot(),
            "responses",
            "Cumulative responses to shocks of one standard deviation: points of internet users and percent of income. "
            f"Half-panel jackknife; 95% bands from {DRAWS} draws of countries, each estimated again.",
        )
        assert responses.lower is not None
        assert responses.upper is not None
        place = (YEARS_AHEAD, 1, 0)
        page.prose(
            f"A shock that brings {responses.values[YEARS_AHEAD, 0, 0]:.1f} points more users within {YEARS_AHEAD} "
            f"years changes income by {responses.values[place]:.2f}% until then, with limits of "
            f"{responses.lower[place]:.2f}% and {responses.upper[place]:.2f}%. Errors of the two in the same year are "
            f"almost uncorrelated ({correlation(model):.2f}), so their order matters little. So these data do not "
            f"show that changes in use come before changes in growth. Nor do they show that access has no effect: an "
            f"effect that takes a decade, that comes with a level of use, or that all countries had at once is not in "
            f"these numbers. Spread is slow, then fast, then slow again, which a linear system cannot follow.",
            block="responses_reading",
        )


def fit_changes(panel: pv.Panel, method: str, lags: int = 1) -> pv.PanelVarResult:
    """The system of changes, with effects of countries and years."""
    instruments = COLLAPSED if method == "gmm" else None
    return pv.fit_panel_var(panel, BOTH, lags=lags, method=method, instruments=instruments, time_effects=True)


def both_ways(models: dict[str, pv.PanelVarResult]) -> Table:
    """The coefficient of each on the other a year before, with its error and p-value, by estimator."""
    pairs = (("growth", "spread"), ("spread", "growth"))
    body = []
    for name, model in models.items():
        cells = []
        for caused, causing in pairs:
            regressor = f"L1.{causing}"
            cells += [
                number(model.params.loc[regressor, caused], 3),
                number(model.std_errors.loc[regressor, caused], 3, brackets="()"),
                probability(model.pvalues.loc[regressor, caused], 3),
            ]
        body.append(Row(name, tuple(cells)))
    heads = tuple(words(head) for head in ("Growth on spread", "Error", "p", "Spread on growth", "Error", "p"))
    return Table(
        title="Each on the other, a year before",
        header=(Row("", heads),),
        body=tuple(body),
        notes=(
            "Spread: points of internet users in a year. Growth: percent of income. Effects of countries and years. "
            "Errors are clustered by country; those of gmm have Windmeijer's correction.",
        ),
    )


def correlation(model: pv.PanelVarResult) -> float:
    """Correlation of the errors of both equations."""
    first, second = model.names
    sigma = model.sigma
    return float(sigma.loc[first, second] / np.sqrt(sigma.loc[first, first] * sigma.loc[second, second]))


def reading(page: Page, models: dict[str, LinearResult]) -> None:
    gain = {label: ten_points(float(model.params["users"])) for label, model in models.items()}
    limits = models["Two-way"].conf_int(level=0.95)
    low, high = ten_points(float(limits["lower"]["users"])), ten_points(float(limits["upper"]["users"]))
    with page.section("An honest reading"):
        page.prose(
            f"Across countries, ten more people in a hundred online go with {gain['Between']} more income; following a "
            f"country over time, with {gain['Fixed']}. Most of that is common to all: everywhere more people went "
            f"online and incomes grew. Compared with other countries in the same year {gain['Two-way']} is left, with "
            f"an interval from {low} to {high}. These data do not show that internet use raises income. They do not "
            f"show that it does not: the interval allows a relevant effect, income also buys internet access, and a "
            f"share of users says little about what they do online.",
            block="reading",
        )


def ten_points(slope: float) -> str:
    """Percent of income that ten points of internet users go with, from a coefficient on log income."""
    return f"{100.0 * np.expm1(10.0 * slope):.1f}%"


def coefficients(models: dict[str, LinearResult]) -> Figure:
    """Draw the coefficient of each model with its 95% interval."""
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
    for place, model in enumerate(reversed(models.values())):
        bounds = 100.0 * model.conf_int(level=0.95)
        ax.plot([bounds["lower"]["users"], bounds["upper"]["users"]], [place, place], color="#0072B2", linewidth=2)
        ax.plot(100.0 * model.params["users"], place, "o", color="#0072B2")
    ax.axvline(0.0, color="#767676", linewidth=0.8)
    ax.set_yticks(range(len(models)), list(models)[::-1])
    ax.set_xlabel("100 x log GDP per capita, for one point of internet users")
    ax.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    main()
