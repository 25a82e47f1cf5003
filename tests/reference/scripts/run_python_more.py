"""What the other Python files leave out: three effects, singletons, and linearmodels' CD test.

Run where the JSON is to be written: python run_python_more.py FOLDER_OF_THE_DATA
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

women = pd.read_csv(folder / "nlswork.csv")
fit = pf.feols("ln_wage ~ ttl_exp + tenure | grade + year + south", women, fixef_tol=1e-13, fixef_rm="none")
single = pf.feols("ln_wage ~ ttl_exp + tenure | idcode", women, fixef_tol=1e-13)
pyfixest = {
    "case": "nlswork_pyfixest",
    "software": f"pyfixest {pf.__version__}",
    "data": "nlswork.csv",
    "script": "scripts/run_python_more.py",
    "model": {
        "three_effects": "ln_wage ~ ttl_exp + tenure | grade + year + south, fixef_rm none",
        "singletons": "ln_wage ~ ttl_exp + tenure | idcode, fixef_rm singleton",
    },
    "conventions": {"se": "iid, defaults; fixef_tol 1e-13"},
    "expected": {
        "three_effects": {"coef": fit.coef().to_dict(), "se": fit.se().to_dict(), "nobs": int(fit._N)},
        "singletons": {"coef": single.coef().to_dict(), "se": single.se().to_dict(), "nobs": int(single._N)},
    },
}
Path("nlswork_pyfixest.json").write_text(json.dumps(pyfixest, indent=1) + "\n")

MODELS = {"grunfeld": ("inv", ["value", "capital"]), "empluk": ("lemp", ["lwage", "lcapital", "loutput"])}
for name, (y, x) in MODELS.items():
    frame = pd.read_csv(folder / f"{name}.csv").set_index(["firm", "year"])
    exog = frame[x].assign(const=1.0)
    fits = {
        "pooled": lm.PooledOLS(frame[y], exog).fit(),
        "fe_entity": lm.PanelOLS(frame[y], exog, entity_effects=True).fit(),
        "random": lm.RandomEffects(frame[y], exog).fit(small_sample=True),
    }
    expected = {
        key: {"statistic": float(each.pesaran_cd.stat), "p.value": float(each.pesaran_cd.pval)} for key, each in fits.items()
    }
    document = {
        "case": f"{name}_linearmodels_cd",
        "software": f"linearmodels {lm.__version__}",
        "data": f"{name}.csv",
        "script": "scripts/run_python_more.py",
        "model": {"y": y, "x": x, "random": "small_sample=True"},
        "conventions": {"statistic": "pesaran_cd of the result"},
        "expected": {"cd": expected},
    }
    Path(f"{name}_linearmodels_cd.json").write_text(json.dumps(document, indent=1) + "\n")
