"""What economists write in formulas, in fixest's notation: i(), effects and instruments after bars, pairs, polynomials.

Run where the JSON is to be written: python run_pyfixest_formulas.py FOLDER_OF_THE_DATA FOLDER_OF_THE_TEACHING_DATA
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyfixest as pf

folder, teaching = Path(sys.argv[1]), Path(sys.argv[2])
warnings.simplefilter("ignore")

deaths = pd.read_csv(folder / "fatalities.csv")
firms = pd.read_csv(folder / "empluk.csv")
firms["size"] = np.where(firms["capital"] > 1.0, "large", "small")
counties = pd.read_csv(teaching / "minimum_wage.csv.gz")
counties["since"] = np.where(counties["first_treat"] > 0, counties["year"] - counties["first_treat"], 0)
counties["treated"] = (counties["first_treat"] > 0).astype(float)

SETS = {
    "fatalities": (
        deaths,
        "fatalities.csv",
        "state",
        {
            "interaction": "fatal ~ i(year, beertax, ref=1982) | state + year",
            "reference": "fatal ~ beertax + i(year, ref=1985) | state",
            "every_level": "fatal ~ i(year, unrate) | state",
            "first_level": "fatal ~ beertax + i(year)",
        },
    ),
    "empluk": (
        firms,
        "empluk.csv; size is large where capital > 1, else small",
        "firm",
        {
            "interaction": "lemp ~ lcapital + i(sector, lwage, ref=1) | firm + year",
            "pairs": "lemp ~ lwage + i(sector, size)",
            "crossed_effects": "lemp ~ lwage + lcapital | firm + sector^year",
            "instruments": "lemp ~ lcapital | firm + year | lwage ~ loutput",
            "polynomial": "lemp ~ lcapital + poly(lwage, 3)",
        },
    ),
    "minimum_wage": (
        counties,
        "minimum_wage of the library's teaching data; since is year - first_treat of the treated, else 0",
        "county",
        {
            "event_study": "lemp ~ i(since, treated, ref=-1) | county + year",
            "other_reference": "lemp ~ lpop + i(since, treated, ref=-3) | year",
        },
    ),
}


def errors(formula, frame, cov):
    fit = pf.feols(formula, frame, vcov=cov, fixef_tol=1e-13)
    return {"coef": fit.coef().to_dict(), "se": fit.se().to_dict(), "nobs": int(fit._N)}


for name, (frame, data, entity, models) in SETS.items():
    document = {
        "case": f"{name}_pyfixest_formulas",
        "software": f"pyfixest {pf.__version__}",
        "data": data,
        "script": "scripts/run_pyfixest_formulas.py",
        "model": models,
        "conventions": {"se": "defaults; fixef_tol 1e-13", "CRV1": f"clusters by {entity}"},
        "expected": {
            key: {
                label: errors(formula, frame, cov)
                for label, cov in (("iid", "iid"), ("hetero", "hetero"), ("CRV1", {"CRV1": entity}))
            }
            for key, formula in models.items()
        },
    }
    Path(f"{name}_pyfixest_formulas.json").write_text(json.dumps(document, indent=1) + "\n")
