"""R panelAR: Prais-Winsten with panel-corrected errors, weighted least squares and Parks, with and without gaps."""

from __future__ import annotations

import warnings
from functools import cache

from parity.runner import Case, Comparison, Exclusion
from reference_data import table

import panelvar as pv

NAMES = {"(Intercept)": "const"}
RHO = {"breg": "regress", "scorr": "tscorr", "freg": "freg", "dw": "dw", "theil-nagar": "nagar"}


def data(shape: str, firms: int) -> pv.Panel:
    """All rows, or those that the script keeps; the first so many firms."""
    frame = table("grunfeld")
    kept = frame["firm"] <= firms
    if shape == "gaps":
        kept &= (7 * frame["firm"] + 5 * frame["year"]) % 11 != 0
    return pv.Panel(frame[kept], "firm", "year")


@cache
def fit(name: str) -> pv.GLSResult:
    """The model that a name in the file stands for."""
    shape, auto, across, *rest = name.split("_")
    rho = {"ar1": "scorr", "psar1": "scorr"}.get(auto, "breg")
    if across == "bounded" or (rest and rest[0] in RHO):
        rho = rest[0] if rest else "breg"
    if rest == ["t"]:
        rho = "dw"
    model = None if auto == "none" else pv.AR1(auto == "psar1", RHO[rho], bounded=across == "bounded")
    panels = {"pwls": "heteroskedastic", "parks": "correlated"}.get(across, "homoskedastic")
    corrected = pv.PanelCorrected(pairwise="casewise" not in rest, diagonal=across == "phet")
    cov = corrected if across in ("pcse", "phet") else "classical"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        return pv.fit_fgls(
            data(shape, 4 if across == "parks" else 10),
            "inv",
            ["value", "capital"],
            panels=panels,
            autocorrelation=model or "none",
            cov=cov,
        )


def coefficients(name: str) -> object:
    """One number, or those of the firms in the order of their names as texts."""
    rho = fit(name).rho
    assert rho is not None
    return list(rho.sort_index(key=lambda labels: labels.map(str))) if "_psar1_" in name else rho.iloc[0]


METHODS = [
    "none_pcse",
    *(f"ar1_pcse_{rho}" for rho in RHO),
    "ar1_none_t",
    "ar1_bounded",
    "psar1_pcse",
    "psar1_pcse_casewise",
    "psar1_phet",
    "ar1_pwls",
    "none_parks",
    "ar1_parks",
    "psar1_parks",
]
MODELS = [f"{shape}_{method}" for shape in ("full", "gaps") for method in METHODS]
LEFT_OUT = ("gaps_ar1_none_t",)

CASES = [
    Case(
        "grunfeld_panelar",
        preset="default",
        names=NAMES,
        comparisons=[
            comparison
            for name in MODELS
            if name not in LEFT_OUT
            for comparison in (
                Comparison(f"{name}/coef", lambda name=name: fit(name).params),
                Comparison(f"{name}/se", lambda name=name: fit(name).std_errors),
                *([] if "_none_p" in name else [Comparison(f"{name}/rho", lambda name=name: coefficients(name))]),
            )
        ],
        exclusions=[Exclusion("gaps_ar1_none_t", "weights by pairs + 1, which are a firm's rows only without gaps")],
    ),
]
