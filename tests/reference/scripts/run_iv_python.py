"""Instrumental variables on Grunfeld's data by linearmodels (pooled) and pyfixest (with firms' effects).

Run where the JSON is to be written: python run_iv_python.py FOLDER_OF_THE_DATA
"""

import json
import sys
import warnings
from pathlib import Path

import linearmodels as lm
import pandas as pd
import pyfixest as pf

folder = Path(sys.argv[1])
warnings.simplefilter("ignore")
frame = pd.read_csv(folder / "grunfeld.csv")
for k in (1, 2):
    frame[f"value{k}"] = frame.groupby("firm")["value"].shift(k)
frame = frame.dropna().reset_index(drop=True)
exog = frame[["capital"]].assign(const=1.0)
parts = (frame["inv"], exog, frame[["value"]], frame[["value1", "value2"]])
expected = {}
for name, model in (("2sls", lm.IV2SLS), ("liml", lm.IVLIML), ("gmm", lm.IVGMM)):
    fit = model(*parts).fit(cov_type="robust" if name == "gmm" else "unadjusted", debiased=name != "gmm")
    expected[f"linearmodels_{name}"] = {"coef": fit.params.to_dict(), "se": fit.std_errors.to_dict()}
    if name == "2sls":
        clustered = model(*parts).fit(cov_type="clustered", clusters=frame["firm"], debiased=False)
        expected["linearmodels_2sls"] |= {
            "se_clustered": clustered.std_errors.to_dict(),
            "sargan": fit.sargan.stat,
            "basmann": fit.basmann.stat,
            "wu_hausman": fit.wu_hausman().stat,
            "first_stage_f": float(fit.first_stage.diagnostics.loc["value", "f.stat"]),
            "partial_r2": float(fit.first_stage.diagnostics.loc["value", "partial.rsquared"]),
        }
    if name == "gmm":
        expected["linearmodels_gmm"]["j"] = fit.j_stat.stat
    if name == "liml":
        expected["linearmodels_liml"]["kappa"] = float(fit.kappa)
for vcov, key in (("iid", "se"), ({"CRV1": "firm"}, "se_clustered")):
    fit = pf.feols("inv ~ capital | firm | value ~ value1 + value2", frame, vcov=vcov)
    node = expected.setdefault("pyfixest_firm", {"coef": fit.coef().to_dict()})
    node[key] = fit.se().to_dict()
document = {
    "case": "grunfeld_iv_python",
    "software": f"linearmodels {lm.__version__}; pyfixest {pf.__version__}",
    "data": "grunfeld.csv",
    "script": "scripts/run_iv_python.py",
    "model": {"y": "inv", "exogenous": ["capital"], "endogenous": ["value"], "instruments": "value 1 and 2 years earlier"},
    "conventions": {
        "2sls, liml": "unadjusted, debiased; clustered by firm, not debiased",
        "gmm": "robust weights and covariance, not debiased",
        "first_stage_f": "the Wald statistic of the first stage with its default covariance",
    },
    "expected": expected,
}
Path("grunfeld_iv_python.json").write_text(json.dumps(document, indent=1) + "\n")
