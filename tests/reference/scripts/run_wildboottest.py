"""The wild cluster bootstrap of pyfixest (package wildboottest): all signs enumerated, and drawn weights.

Run where the JSON is to be written: python run_wildboottest.py FOLDER_OF_THE_DATA
"""

import importlib.metadata
import json
import sys
import warnings
from pathlib import Path

import pandas as pd
import pyfixest as pf

folder = Path(sys.argv[1])
warnings.simplefilter("ignore")
fit = pf.feols("inv ~ value + capital", pd.read_csv(folder / "grunfeld.csv"), vcov={"CRV1": "firm"})
expected = {}
for param in ("value", "capital"):
    for weights, reps, variant in (
        ("rademacher", 9999, "11"),
        ("rademacher", 9999, "31"),
        ("webb", 99999, "11"),
        ("mammen", 99999, "11"),
    ):
        for null in (True, False):
            found = fit.wildboottest(
                reps=reps, param=param, weights_type=weights, impose_null=null, bootstrap_type=variant, seed=1
            )
            key = f"{param}_{weights}_{variant}_{'imposed' if null else 'not_imposed'}"
            expected[key] = {"t": float(found["t value"]), "p": float(found["Pr(>|t|)"])}
document = {
    "case": "grunfeld_wildboottest",
    "software": f"pyfixest {pf.__version__}; wildboottest {importlib.metadata.version('wildboottest')}",
    "data": "grunfeld.csv",
    "script": "scripts/run_wildboottest.py",
    "model": {"formula": "inv ~ value + capital", "cluster": "firm", "hypothesis": "the coefficient is zero"},
    "conventions": {
        "rademacher": "9,999 draws asked for: all 2^10 sign patterns, ties not counted",
        "webb, mammen": "99,999 draws, seed 1",
        "keys": "coefficient_weights_variant_null",
    },
    "expected": expected,
}
Path("grunfeld_wildboottest.json").write_text(json.dumps(document, indent=1) + "\n")
