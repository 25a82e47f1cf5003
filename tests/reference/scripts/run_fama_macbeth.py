"""linearmodels' FamaMacBeth on four panels. Run where the JSON is to be written: python run_fama_macbeth.py DATA_FOLDER."""

import json
import sys
import warnings
from pathlib import Path

import linearmodels
import pandas as pd
from linearmodels.panel import FamaMacBeth

folder = Path(sys.argv[1])
warnings.simplefilter("ignore")
MODELS = {
    "grunfeld": ("inv", ["value", "capital"]),
    "empluk": ("lemp", ["lwage", "lcapital", "loutput"]),
    "gasoline": ("lgaspcar", ["lincomep", "lrpmg", "lcarpcap"]),
    "scattered": ("y", ["x1", "x2"]),
}
COVARIANCES = {
    "unadjusted": {},
    "not_debiased": {"debiased": False},
    "bartlett2": {"cov_type": "kernel", "bandwidth": 2},
    "parzen3": {"cov_type": "kernel", "bandwidth": 3, "kernel": "parzen"},
    "qs1.5": {"cov_type": "kernel", "bandwidth": 1.5, "kernel": "qs"},
}
expected = {}
for name, (y, x) in MODELS.items():
    frame = pd.read_csv(folder / f"{name}.csv").set_index(["firm", "year"])
    model = FamaMacBeth(frame[y], frame[x].assign(const=1.0)[["const", *x]])
    expected[name] = {}
    for key, options in COVARIANCES.items():
        fit = model.fit(**options)
        expected[name][key] = {
            "params": fit.params.to_dict(),
            "std_errors": fit.std_errors.to_dict(),
            "pvalues": fit.pvalues.to_dict(),
            "cov": fit.cov.to_numpy().tolist(),
        }
    expected[name]["nobs"] = int(fit.nobs)
    expected[name]["all_params"] = {str(year): row.to_dict() for year, row in model.fit().all_params.iterrows()}
document = {
    "case": "four_linearmodels_fama_macbeth",
    "software": f"Python linearmodels {linearmodels.__version__}",
    "data": "grunfeld.csv, empluk.csv, gasoline.csv, scattered.csv",
    "script": "scripts/run_fama_macbeth.py",
    "model": MODELS,
    "conventions": {"keys": COVARIANCES},
    "expected": expected,
}
Path("four_linearmodels_fama_macbeth.json").write_text(json.dumps(document, indent=1) + "\n")
