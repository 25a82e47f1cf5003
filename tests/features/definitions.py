"""Lines that make what the calls of the feature tables use: a reader of the pages of commands runs them, then any row.

The tests run them too, and what they make must be what the calls themselves are run on.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

IMPORTS = "import numpy as np\nimport pandas as pd\nimport panelvar as pv\nfrom panelvar import *"

GRUNFELD = 'pv.Panel(pd.read_csv("tests/reference/data/grunfeld.csv"), "firm", "year")'
BRITISH = 'pv.Panel(pd.read_csv("tests/reference/data/empluk.csv"), "firm", "year")'
GASOLINE = 'pv.Panel(pd.read_csv("tests/reference/data/gasoline.csv"), "firm", "year")'

DEFINITIONS: dict[str, dict[str, str]] = {
    "features": {
        "grunfeld_panel": """pv.Panel(
    pd.read_csv("tests/reference/data/grunfeld.csv"), "firm", "year"
)""",
        "grunfeld": '(grunfeld_panel, "inv", ["value", "capital"])',
        "empluk_panel": BRITISH,
        "empluk": '(empluk_panel, "lemp", ["lwage", "lcapital", "loutput"])',
        "women": """(
    pv.Panel(pd.read_csv("tests/reference/data/nlswork.csv"), "idcode", "year"),
    "ln_wage",
    ["ttl_exp", "tenure"],
)""",
        "castle": 'pv.Panel(pd.read_csv("tests/reference/data/castle.csv"), "state", "year")',
        "deaths": 'pv.Panel(pd.read_csv("tests/reference/data/fatalities.csv"), "state", "year")',
        "four_firms": """(
    pv.Panel(
        pd.read_csv("tests/reference/data/grunfeld.csv").query("firm < 5"),
        "firm",
        "year",
    ),
    "inv",
    ["value", "capital"],
)""",
        "three_firms": """pv.fit_pooled(
    pv.Panel(
        pd.read_csv("tests/reference/data/grunfeld.csv").query("firm < 4"),
        "firm",
        "year",
    ),
    "inv",
    ["value", "capital"],
)""",
        "pooled": "pv.fit_pooled(*grunfeld)",
        "within": "pv.fit_fixed_effects(*grunfeld)",
        "twoway": 'pv.fit_fixed_effects(*grunfeld, effects="twoway")',
        "random": "pv.fit_random_effects(*grunfeld)",
        "between": "pv.fit_between(*grunfeld)",
        "differenced": "pv.fit_first_difference(*grunfeld)",
        "uk_pooled": "pv.fit_pooled(*empluk)",
        "uk_within": "pv.fit_fixed_effects(*empluk)",
        "uk_random": "pv.fit_random_effects(*empluk)",
        "traffic": 'pv.fit_pooled(deaths, "fatal ~ beertax * unrate + I(perinck ** 2) + C(year)")',
        "lagged_traffic": 'pv.fit_pooled(deaths, "fatal ~ beertax + L(beertax) + unrate")',
    },
    "features_var": {
        "names": '["dl_realgdp", "dl_realcons", "dl_realinv"]',
        "growth": 'pd.read_csv("tests/reference/data/us_macro.csv")[names]',
        "german": """pd.read_csv("tests/reference/data/wgmacro.csv")[
    ["dl_investment", "dl_income", "dl_consumption"]
].iloc[:75]""",
        "rates": 'pd.read_csv("tests/reference/data/us_macro.csv")[["unemp", "infl", "tbilrate"]]',
        "with_bills": 'pd.read_csv("tests/reference/data/us_macro.csv")[[*names, "tbilrate"]]',
        "money_demand": """pd.read_csv("tests/reference/data/denmark.csv")[
    ["lrm", "lry", "ibo", "ide"]
]""",
        "money": 'money_demand["lrm"]',
        "denmark": 'pd.read_csv("tests/reference/data/denmark.csv").iloc[:, 1:5]',
        "canada": 'pd.read_csv("tests/reference/data/canada.csv")[["prod", "e", "U", "rw"]]',
        "model": "pv.fit_var(growth, lags=2)",
        "nan": "np.nan",
        "triangle": """pv.ShortRun(
    [[1, 0, 0], [np.nan, 1, 0], [np.nan, np.nan, 1]], np.diag([np.nan] * 3)
)""",
        "restricted": """pv.ShortRun(
    [[1, 0, 0], [np.nan, 1, 0], [0, np.nan, 1]], np.diag([np.nan] * 3)
)""",
        "experiment": "np.array([[1.0, 0.2], [0.5, -1.0], [3.0, 0.0]])",
    },
    "features_dynamic_panels": {
        "table_4": """(
    pv.Panel(pd.read_csv("tests/reference/data/empluk.csv"), "firm", "year"),
    "lemp",
    [
        "lwage",
        "L(lwage)",
        "lcapital",
        "L(lcapital)",
        "L(lcapital, 2)",
        "loutput",
        "L(loutput)",
        "L(loutput, 2)",
    ],
)""",
        "without_output": """(
    pv.Panel(pd.read_csv("tests/reference/data/empluk.csv"), "firm", "year"),
    "lemp",
    ["lwage", "L(lwage)", "lcapital", "L(lcapital)"],
)""",
        "twelve": '[pv.LagInstruments(name, 2) for name in ("lemp", "lwage", "lcapital")]',
        "purse": """(
    pv.Panel(pd.read_csv("tests/reference/data/dahlberg.csv"), "id", "year"),
    ["grants", "revenues", "expenditures"],
)""",
        "grants_alone": '(purse[0], "grants")',
        "by_moments": 'pv.fit_panel_var(*purse, lags=2, transform="fod", steps=2)',
        "by_least_squares": 'pv.fit_panel_var(*purse, method="within")',
    },
    "features_panel_roots": {
        "grunfeld": GRUNFELD,
        "firms": '(grunfeld, "inv", ["value", "capital"])',
        "gasoline": GASOLINE,
        "relation": '(gasoline, "lgaspcar", ["lincomep", "lrpmg"])',
        "plain": """{
    "kernel": "bartlett",
    "bandwidth": 3,
    "prewhiten": False,
    "small_sample": False,
}""",
    },
}
"""Table -> name -> the expression that makes it, which may use the names before it."""


def lines_for(table: str, wanted: Iterable[str]) -> list[str]:
    """Lines that define the names wanted, as far as they are defined, and those that these need."""
    needed = set(wanted)
    lines: list[str] = []
    for name, expression in reversed(DEFINITIONS[table].items()):
        if name in needed:
            lines.append(f"{name} = {expression}")
            needed |= {other for other in DEFINITIONS[table] if _uses(expression, other)}
    return lines[::-1]


def _uses(expression: str, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(ast.parse(expression)))
