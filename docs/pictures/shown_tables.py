"""The tables that are photographed: what a notebook, a LaTeX document, a workbook and a Word document have to hold."""

from __future__ import annotations

import numpy as np
import pandas as pd

import panelvar as pv
from panelvar.core.faces.layout import Cell, Row, words
from panelvar.core.tables.table import Presented, Table


def panel_data(seed: int = 3) -> pd.DataFrame:
    """Forty firms over twelve years."""
    rng = np.random.default_rng(seed)
    firms, years = 40, 12
    firm, year = np.repeat(np.arange(firms), years), np.tile(np.arange(2001, 2001 + years), firms)
    effect = rng.normal(size=firms)[firm]
    capital, wage, age = rng.normal(size=(3, firms * years)) + 0.5 * effect
    output = 0.6 * capital - 0.2 * wage + effect + 0.03 * (year - 2001) + rng.normal(scale=0.7, size=firms * years)
    frame = pd.DataFrame({"firm": firm, "year": year, "output": output, "capital": capital, "wage": wage, "age": age})
    frame["log_of_real_expenditure_per_head"] = rng.normal(size=firms * years)
    return frame


def system_data(variables: int, seed: int = 7) -> pd.DataFrame:
    """A stationary system of so many quarterly series."""
    rng = np.random.default_rng(seed)
    names = ["output", "prices", "money", "rate", "credit", "exchange_rate", "wages", "spread"][:variables]
    values = np.zeros((160, variables))
    for t in range(1, 160):
        values[t] = 0.6 * values[t - 1] + 0.1 * np.roll(values[t - 1], 1) + rng.normal(size=variables)
    return pd.DataFrame(values, columns=names, index=pd.period_range("1980Q1", periods=160, freq="Q"))


def static_tables() -> dict[str, Presented]:
    """Regressions, one and several."""
    panel = pv.Panel(panel_data(), entity="firm", time="year")
    y, x = "output", ["capital", "wage", "age"]
    fixed = pv.fit_fixed_effects(panel, y, x)
    fits = {
        "Pooled": pv.fit_pooled(panel, y, x, cov="HC1"),
        "Between": pv.fit_between(panel, y, x),
        "First differences": pv.fit_first_difference(panel, y, x),
        "Fixed effects": fixed,
        "Two-way": pv.fit_fixed_effects(panel, y, [*x, "log_of_real_expenditure_per_head"], effects="twoway"),
        "Random effects": pv.fit_random_effects(panel, y, x),
    }
    mathematics = {
        "capital": pv.Math(r"\beta_K"),
        "wage": pv.Math(r"\hat\beta_{w,t-1}"),
        "output": pv.Math(r"\log y_{it}"),
    }
    return {
        "panel": panel.describe(),
        "regression": fixed,
        "comparison": pv.compare({name: fits[name] for name in ("Pooled", "Fixed effects")}, title="Two estimators"),
        "comparison_of_six": pv.compare(fits, title="Six estimators of a production function"),
        "mathematics": pv.compare(
            {"(1)": fits["Pooled"], "(2)": fixed},
            labels=mathematics,
            title=pv.Math(r"\text{Estimates of } \beta \text{ in } y = x'\beta + u"),
        ),
        "intervals": pv.compare(fits, below="conf_int", title="Intervals below the estimates"),
        "groups": pv.compare(
            {"Levels": {"Pooled": fits["Pooled"], "Within": fixed}, "Changes": {"(3)": fits["First differences"]}},
            below=("std_errors", "pvalues"),
            rows={"Controls": [True, False, True]},
            stars={"+": 0.1, "†": 0.05},
            title="Groups of columns",
        ),
        "panels": pv.compare(
            {
                "A. All firms": [fits["Pooled"], fixed],
                "B. Changes & levels": [fits["First differences"], fits["Between"]],
            },
            stack=True,
            title="Panels of a table",
        ),
        "hausman": pv.hausman_test(fixed, fits["Random effects"]),
    }


def system_tables() -> dict[str, Presented]:
    """A vector autoregression of three variables and one of eight."""
    small = pv.fit_var(system_data(3), lags=2)
    large = pv.fit_var(system_data(8), lags=1)
    responses = pv.fit_var(system_data(6), lags=1).impulse_responses(horizon=12)
    tables = {
        "system": small,
        "responses_of_three": small.impulse_responses(horizon=8, bands=pv.DeltaMethod()),
        "large_system": large,
        "wide_responses": responses,
        "shares": small.variance_decomposition(10),
        "lags": pv.select_lags(system_data(3), max_lags=6),
        "granger": pv.granger_table(small),
        "roots": small.root_table,
        "unit_roots": pv.unit_root_table(system_data(3)),
        "forecast": small.forecast(8),
    }
    return {name: table for name, table in tables.items() if isinstance(table, Presented)}


def hostile_table() -> Table:
    """Names that would be markup, commands, formulas or links if any output took them for such."""
    names = (
        r"</td><script>document.title='broken'</script>",
        r"\input{/etc/passwd} & \end{tabular}",
        '=HYPERLINK("http://example.com")',
        "$x$ %&#_{}~^\\",
        "[link](http://example.com) *x* `y`",
        "a_very_long_name_of_a_variable_without_a_single_blank_in_it_that_no_page_is_wide_enough_for",
    )
    rows = tuple(Row(name, (words(name, "left"), Cell("-1.5", -1.5, "***"))) for name in names)
    return Table(title=names[3], header=(Row("", (words(names[0]), words("x"))),), body=rows, notes=names)


def shown_tables() -> dict[str, Presented]:
    """Every table that is photographed, by name."""
    return {**static_tables(), **system_tables(), "hostile_names": hostile_table()}
