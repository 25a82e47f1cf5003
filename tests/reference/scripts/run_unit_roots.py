"""Unit-root tests of the Danish and Canadian series by statsmodels and arch.
usage: run_unit_roots.py FOLDER_OF_THE_DATA (writes JSON files where it is run)"""
import json, sys, warnings
import arch, numpy as np, pandas as pd, statsmodels
from arch.unitroot import DFGLS, PhillipsPerron
from statsmodels.tsa.stattools import adfuller, coint, kpss
warnings.simplefilter("ignore")
folder = sys.argv[1]
for data in ("denmark", "canada"):
    table = pd.read_csv(f"{folder}/{data}.csv", index_col=0)
    sm, ar = {}, {}
    for name in table:
        y, own = table[name].to_numpy(), {}
        for trend in ("n", "c", "ct", "ctt"):
            for rule in ("AIC", "BIC", "t-stat", 3):
                r = adfuller(y, regression=trend, **(dict(maxlag=3, autolag=None) if rule == 3 else dict(autolag=rule)))
                own[f"adf_{trend}_{rule}"] = dict(statistic=r[0], pvalue=r[1], lags=int(r[2]), nobs=int(r[3]), critical=[r[4][k] for k in ("1%", "5%", "10%")])
        for trend in ("c", "ct"):
            for rule in ("auto", "legacy", 4):
                r = kpss(y, regression=trend, nlags=rule)
                own[f"kpss_{trend}_{rule}"] = dict(statistic=r[0], pvalue=r[1], lags=int(r[2]))
        sm[name], own = own, {}
        for trend in ("n", "c", "ct"):
            for kind in ("tau", "rho"):
                t = PhillipsPerron(y, lags=5, trend=trend, test_type=kind)
                own[f"pp_{trend}_{kind}"] = dict(statistic=t.stat, pvalue=t.pvalue)
        for trend in ("c", "ct"):
            t = DFGLS(y, lags=3, trend=trend)
            own[f"dfgls_{trend}"] = dict(statistic=t.stat, pvalue=t.pvalue)
        ar[name] = own
    names = list(table)
    sm["coint"] = {}
    for trend in ("n", "c", "ct", "ctt"):
        r = coint(table[names[0]], table[names[1:4]], trend=trend)
        sm["coint"][trend] = dict(statistic=r[0], pvalue=r[1], critical=[float(v) for v in r[2]])
    for program, version, expected in (("statsmodels", statsmodels.__version__, sm), ("arch", arch.__version__, ar)):
        document = dict(case=f"{data}_unit_roots_{program}", software=f"{program} {version}", data=f"{data}.csv", script="scripts/run_unit_roots.py",
            model=dict(names="SERIES/TEST_TREND_LAGS; coint: the first column on the next three"), conventions=dict(kpss="p-values end at 0.01 and 0.1"), expected=expected)
        with open(f"{data}_unit_roots_{program}.json", "w") as stream:
            json.dump(document, stream, indent=1, default=float)
