"""R plm: Hausman-Taylor, Amemiya-MaCurdy and Breusch-Mizon-Schmidt on the wages of Cornwell and Rupert."""

from __future__ import annotations

from functools import cache

import numpy as np
from parity.runner import Case, Comparison
from reference_data import table

import panelvar as pv

METHODS = {"baltagi": "hausman-taylor", "am": "amemiya-macurdy", "bms": "breusch-mizon-schmidt"}
# In R's order.
REGRESSORS = ["wks", "south", "smsa", "married", "exp", "exp2", "bluecol", "ind", "union", "female", "black", "ed"]
ENDOGENOUS = ["wks", "married", "exp", "exp2", "union", "ed"]


@cache
def fit(sample: str, method: str, convention: str = "plm") -> pv.InstrumentalResult:
    """One of the models."""
    wages = table("wages")
    wages = wages.assign(exp2=wages["exp"] ** 2)
    if sample == "unbalanced":
        wages = wages[(7 * wages["id"] + 3 * wages["year"]) % 11 > 2]
    return pv.fit_hausman_taylor(
        pv.Panel(wages, "id", "year"),
        "lwage",
        REGRESSORS,
        endogenous=ENDOGENOUS,
        method=METHODS[method],
        convention=convention,
    )


def covariance(sample: str, method: str) -> np.ndarray:
    """The covariance matrix in R's order."""
    names = ["const", *REGRESSORS]
    return fit(sample, method).cov.loc[names, names].to_numpy()


def comparisons(sample: str, method: str) -> list[Comparison]:
    """All numbers of one model."""
    path = f"{sample}/{method}"
    return [
        Comparison(f"{path}/coef", lambda: fit(sample, method).params),
        Comparison(f"{path}/se", lambda: fit(sample, method).std_errors),
        Comparison(f"{path}/vcov", lambda: covariance(sample, method)),
        Comparison(f"{path}/sigma2/idios", lambda: fit(sample, method).variance_components.idiosyncratic),
        Comparison(f"{path}/sigma2/id", lambda: fit(sample, method).variance_components.effect),
        Comparison(f"{path}/theta", lambda: fit(sample, method).variance_components.theta[0]),
        Comparison(f"{path}/df", lambda: fit(sample, method).df_resid),
    ]


def old_components() -> dict[str, float]:
    """Components of plm's old function, which are the default's here."""
    components = fit("unbalanced", "baltagi", "default").variance_components
    sizes = fit("unbalanced", "baltagi").fit.source.entities.sizes
    harmonic = len(sizes) / np.sum(1.0 / sizes)
    one = components.idiosyncratic + harmonic * components.effect
    return {"one": one, "idios": components.idiosyncratic, "id": components.effect}


CASES = [
    Case(
        "wages_plm_ht",
        preset="plm",
        names={"(Intercept)": "const"},
        comparisons=[
            *(
                item
                for sample in ("balanced", "unbalanced")
                for method in METHODS
                for item in comparisons(sample, method)
            ),
            Comparison("pht_balanced/coef", lambda: fit("balanced", "baltagi").params),
            Comparison("pht_balanced/se", lambda: fit("balanced", "baltagi").std_errors),
            Comparison("pht_unbalanced/sigma2", old_components),
        ],
    ),
]
