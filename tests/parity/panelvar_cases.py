"""Vector autoregressions of a panel as R's panelvar fits them, on Swedish municipalities and British firms."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from parity.dynamic_gmm_cases import quietly
from parity.runner import Case, Comparison, Exclusion, expected_tree
from reference_data import table

import panelvar as pv

NAMES = ["expenditures", "revenues", "grants"]
DATA = {"dahlberg": (["id", "year"], NAMES), "empluk": (["firm", "year"], ["lemp", "lwage"])}


def frame(data: str) -> pd.DataFrame:
    return table(data).set_index(DATA[data][0])


@cache
def within(lags: int, data: str = "dahlberg") -> pv.PanelVarResult:
    return quietly(pv.fit_panel_var, frame(data), DATA[data][1], lags=lags, method="within")


@cache
def by_moments(data: str, case: str) -> pv.PanelVarResult:
    """The model that panelvar's arguments mean: ``max_instr`` is the oldest lag."""
    spec = expected_tree(f"{data}_panelvar")[case]["spec"]
    return quietly(
        pv.fit_panel_var,
        frame(data),
        DATA[data][1],
        lags=spec["lags"],
        method="gmm",
        transform=spec["transformation"],
        steps=1 if spec["steps"] == "onestep" else 2,
        instruments=pv.LagInstruments(last=spec.get("max_instr"), collapse=spec["collapse"]),
    )


def by_equation(values: pd.DataFrame) -> pd.DataFrame:
    """A row for each equation, as panelvar prints them."""
    return values.T


def labels(data: str) -> dict[str, str]:
    """``fd_lag1_lemp`` is L1.lemp, and ``fd_lemp`` the equation of lemp."""
    names = DATA[data][1]
    kinds = ("demeaned", "fd", "fod")
    made = {f"{kind}_lag{lag}_{name}": f"L{lag}.{name}" for kind in kinds for lag in (1, 2) for name in names}
    return made | {f"{kind}_{name}": name for kind in kinds for name in names}


def responses(data: str, case: str, shock: str, *, first: bool) -> np.ndarray:
    """Of panelvar's size: its covariance is of transformed errors, which differences make twice that of the errors.

    A generalised response is that of the variable which is ordered first.
    """
    model = by_moments(data, case)
    names = list(model.names)
    ordering = [shock, *(name for name in names if name != shock)] if first else names
    found = quietly(model.impulse_responses, 7, ordering=ordering)
    twice = 2.0 if "fd" in case else 1.0
    rows = [list(found.names).index(name) for name in names]
    return np.sqrt(twice) * found.values[:, rows, list(found.shocks).index(shock)]


def shares(data: str, case: str, name: str) -> np.ndarray:
    found = quietly(by_moments(data, case).variance_decomposition, 8)
    return found.values[-8:, list(by_moments(data, case).names).index(name)]


def comparisons(data: str, case: str) -> list[Comparison]:
    tree = expected_tree(f"{data}_panelvar")[case]
    found = lambda: by_moments(data, case)  # noqa: E731
    hansen = lambda: found().hansen_j  # noqa: E731
    values: dict[str, Any] = {
        "coef": lambda: by_equation(found().params),
        "se/values": lambda: by_equation(found().std_errors).to_numpy(),
        "nobs/nobs": lambda: found().nobs,
        "nobs/nof_groups": lambda: found().n_entities,
        "nobs/instrument_rows": lambda: found().n_instruments * found().n_vars,
        "hansen/parameter": lambda: hansen().df,
        "hansen/nof_instruments": lambda: found().n_instruments * found().n_vars,
        "stability/modulus": lambda: found().moduli,
        "stability/re": lambda: found().roots.real,
        "stability/im": lambda: found().roots.imag,
    }
    if tree["spec"]["steps"] == "twostep":
        values |= {"hansen/statistic": lambda: hansen().statistic, "hansen/p.value": lambda: hansen().pvalue}
    for name in DATA[data][1]:
        values[f"oirf/{name}/values"] = lambda name=name: responses(data, case, name, first=False)
        values[f"girf/{name}/values"] = lambda name=name: responses(data, case, name, first=True)
        values[f"fevd/{name}/values"] = lambda name=name: shares(data, case, name)
    return [Comparison(f"{case}/{key}", value) for key, value in values.items()]


def exact(data: str) -> list[str]:
    """Models by moments whose second step panelvar does not cut short."""
    trees = expected_tree(f"{data}_panelvar")
    return [
        case
        for case, tree in trees.items()
        if "spec" in tree
        and not tree["spec"]["system"]
        and (data == "empluk" or tree["spec"]["steps"] == "onestep" or tree["spec"]["collapse"])
    ]


def case(data: str) -> Case:
    file = f"{data}_panelvar"
    trees = expected_tree(file)
    inexact = [name for name, tree in trees.items() if "spec" in tree and name not in exact(data)]
    made = [comparison for name in exact(data) for comparison in comparisons(data, name)]
    return Case(
        file,
        preset="default",
        names=labels(data),
        comparisons=[Comparison("pvarfeols_lag1/coef", lambda: by_equation(within(1, data).params)), *made],
        exclusions=[
            *(Exclusion(f"{name}/spec", "the arguments") for name in exact(data)),
            *(
                Exclusion(
                    f"pvarfeols_lag1/{key}",
                    "panelvar's residuals keep a mean in every entity: y is demeaned over other rows than its lags; "
                    "and effects cost no degrees of freedom (rebuilt in tests/parity/test_panelvar_errors.py)",
                )
                for key in ("se", "oirf", "fevd")
            ),
            Exclusion(
                "pvarfeols_lag2",
                "panelvar demeans every column over its own rows, which with two lags changes the coefficients too "
                "(rebuilt in tests/parity/test_panelvar_errors.py)",
            ),
            *(
                Exclusion(
                    f"{name}/hansen/{key}", "the criterion of one-step weights without a variance: no chi-squared"
                )
                for name in exact(data)
                if trees[name]["spec"]["steps"] == "onestep"
                for key in ("statistic", "p.value")
            ),
            *(
                Exclusion(
                    f"{name}/andrews_lu",
                    "panelvar takes one equation's regressors off the moments of all, and rows for entities",
                )
                for name in exact(data)
            ),
            *(
                Exclusion(
                    name,
                    "panelvar's second step leaves out what it takes for zeros of the weight by an absolute threshold, "
                    "and in a system a singular one is inverted its own way (the dense twin in tests/panels/dynamic)",
                )
                for name in inexact
            ),
        ],
    )


# ---- the same by R's plm, one equation at a time


@cache
def one_by_one(steps: int) -> pv.PanelVarResult:
    options: dict[str, Any] = {"transform": "fd", "steps": steps, "joint": False}
    return quietly(pv.fit_panel_var, frame("empluk"), DATA["empluk"][1], lags=1, method="gmm", **options)


def by_plm(steps: int, equation: str) -> dict[str, Any]:
    found = one_by_one(steps)
    return {
        "coef": found.params[equation],
        "se_robust": found.std_errors[equation],
        "n_instruments": found.n_instruments,
    }


PLM = {f"lag({name}, 1)": f"L1.{name}" for name in DATA["empluk"][1]}

CASES = [
    case("dahlberg"),
    case("empluk"),
    Case(
        "empluk_pvar_pgmm",
        preset="default",
        names=PLM,
        comparisons=[
            *(
                Comparison(f"{word}_eq_{name}", lambda steps=steps, name=name: by_plm(steps, name))
                for word, steps in (("onestep", 1), ("twosteps", 2))
                for name in DATA["empluk"][1]
            ),
            *(
                Comparison(f"within_eq_{name}/coef", lambda name=name: within(1, "empluk").params[name])
                for name in DATA["empluk"][1]
            ),
            *(
                Comparison(
                    f"within_eq_{name}/se",
                    lambda name=name: within(1, "empluk").with_cov("classical").std_errors[name],
                )
                for name in DATA["empluk"][1]
            ),
        ],
    ),
]
