"""Instrumental variables in linearmodels and pyfixest. Run in this folder: python run_python_iv.py ../data ../json."""

import json
import sys
import warnings
from pathlib import Path

import linearmodels
import numpy as np
import pandas as pd
import pyfixest
from linearmodels.iv import IV2SLS, IVGMM, IVLIML

warnings.simplefilter("ignore")
data, out = Path(sys.argv[1]), Path(sys.argv[2])
X = ["lprbconv", "lprbpris", "lavgsen", "ldensity"]
W = ["lprbarr", "lpolpc"]
Z = ["ltaxpc", "lmix", "lwfed", "lwsta"]


def table(fit):
    """Coefficients and standard errors."""
    return {"coef": dict(fit.params), "se": dict(fit.std_errors)}


def linear():
    """IV2SLS, IVLIML and IVGMM, by both counts of degrees of freedom."""
    crime = pd.read_csv(data / "crime.csv").assign(const=1.0)
    parts = crime["lcrmrte"], crime[["const", *X]], crime[W], crime[Z]
    county = crime["county"]
    expected = {}
    kinds = {
        "unadjusted": {"cov_type": "unadjusted"},
        "robust": {"cov_type": "robust"},
        "clustered": {"cov_type": "clustered", "clusters": county},
    }
    for name, model in {
        "2sls": IV2SLS(*parts),
        "liml": IVLIML(*parts),
        "fuller": IVLIML(*parts, fuller=1),
        "gmm_robust": IVGMM(*parts, weight_type="robust"),
        "gmm_clustered": IVGMM(*parts, weight_type="clustered", clusters=county),
    }.items():
        for kind, options in kinds.items():
            if name.startswith("gmm") and not name.endswith(kind):
                continue
            for debiased in (True, False):
                fit = model.fit(debiased=debiased, **options)
                key = f"{name}_{kind}" if not name.startswith("gmm") else name
                expected[key + ("" if debiased else "_large")] = table(fit)
        if name.startswith("gmm"):
            expected[name]["J"] = fit.j_stat.stat
        if name in ("liml", "fuller"):
            expected[name + "_unadjusted"]["kappa"] = fit.kappa
    two = IV2SLS(*parts).fit(cov_type="unadjusted")
    first = two.first_stage.diagnostics
    expected["first_stage"] = {
        name: {"partial_r2": first.loc[name, "partial.rsquared"], "shea_r2": first.loc[name, "shea.rsquared"]}
        for name in W
    }
    expected["tests"] = {
        "sargan": two.sargan.stat,
        "basmann_f": two.basmann_f.stat,
        "durbin": two.durbin().stat,
        "durbin_lprbarr": two.durbin(["lprbarr"]).stat,
        "wu_hausman": two.wu_hausman().stat,
        "anderson_rubin_lr": two.anderson_rubin.stat if hasattr(two, "anderson_rubin") else None,
    }
    expected["tests"] = {k: v for k, v in expected["tests"].items() if v is not None}
    return {
        "case": "crime_linearmodels_iv",
        "software": f"linearmodels {linearmodels.__version__}",
        "data": "crime.csv",
        "script": "scripts/run_python_iv.py",
        "model": {"y": "lcrmrte", "exogenous": X, "endogenous": W, "instruments": Z},
        "conventions": {"_large": "debiased=False", "else": "debiased=True"},
        "expected": expected,
    }


def absorbed():
    """The feols estimates with effects and one endogenous regressor."""
    emp = pd.read_csv(data / "empluk.csv").sort_values(["firm", "year"])
    for k in (1, 2):
        emp[f"l{k}"] = emp.groupby("firm")["lwage"].shift(k)
    emp = emp.dropna().reset_index(drop=True)
    expected = {}
    for effects in ("firm", "firm + year"):
        formula = f"lemp ~ lcapital + loutput | {effects} | lwage ~ l1 + l2"
        for vcov, name in (("iid", "iid"), ("hetero", "hetero"), ({"CRV1": "firm"}, "cluster")):
            fit = pyfixest.feols(formula, emp, vcov=vcov)
            entry = {"coef": dict(fit.coef()), "se": dict(fit.se()), "n": fit._N}
            fit.IV_Diag()
            entry["first_stage_f"] = float(fit._f_stat_1st_stage)
            entry["effective_f"] = float(fit._eff_F)
            expected[f"{effects.replace(' + ', '_')}_{name}"] = entry
    return {
        "case": "empluk_pyfixest_iv",
        "software": f"pyfixest {pyfixest.__version__}",
        "data": "empluk.csv",
        "script": "scripts/run_python_iv.py",
        "model": {"formula": "lemp ~ lcapital + loutput | effects | lwage ~ lag of lwage + second lag of lwage"},
        "conventions": {"rows": "complete in both lags"},
        "expected": expected,
    }


for case in (linear(), absorbed()):
    text = json.dumps(case, indent=1, default=lambda x: float(x) if isinstance(x, np.floating) else int(x))
    (out / f"{case['case']}.json").write_text(text + "\n")
