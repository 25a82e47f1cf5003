"""Johansen's tests and vector error-correction models by statsmodels.
usage: run_cointegration.py FOLDER_OF_THE_DATA (writes JSON files where it is run)"""
import json, sys, warnings
import numpy as np, pandas as pd, statsmodels
from statsmodels.tsa.vector_ar.vecm import VECM, coint_johansen
warnings.simplefilter("ignore")
folder = sys.argv[1]
SERIES = dict(denmark=["lrm", "lry", "ibo", "ide"], canada=["e", "prod", "rw", "U"])
def plain(value):
    return np.asarray(value, dtype=float).tolist()
for data, names in SERIES.items():
    y = pd.read_csv(f"{folder}/{data}.csv")[names].to_numpy()
    expected = {}
    for order in (-1, 0, 1):
        for k in (1, 2):
            r = coint_johansen(y, order, k)
            expected[f"johansen_{order}_{k}"] = dict(eig=plain(r.eig), trace=plain(r.lr1), max=plain(r.lr2), trace_crit=plain(r.cvt), max_crit=plain(r.cvm))
    for case in ("n", "ci", "co", "coli", "colo"):
        for k, rank, seasons in ((1, 1, 0), (2, 2, 0), (1, 1, 4)):
            fit = VECM(y, k_ar_diff=k, coint_rank=rank, deterministic=case, seasons=seasons).fit()
            own = {name: plain(getattr(fit, name)) for name in ("alpha", "beta", "gamma", "det_coef", "det_coef_coint", "stderr_alpha", "stderr_gamma", "stderr_det_coef", "stderr_det_coef_coint", "pvalues_alpha", "sigma_u", "llf", "var_rep")}
            own["stderr_beta"] = plain(fit.stderr_beta)
            own["pvalues_beta"] = plain(fit.pvalues_beta)
            middle, lower, upper = fit.predict(steps=4, alpha=0.05)
            own["forecast"], own["lower"], own["upper"] = plain(middle), plain(lower), plain(upper)
            ir = fit.irf(5)
            own["irf"], own["orth_irf"] = plain(ir.irfs), plain(ir.orth_irfs)
            w = fit.test_whiteness(nlags=8)
            own["whiteness"] = dict(statistic=float(w.test_statistic), pvalue=float(w.pvalue), df=int(w.df))
            w = fit.test_whiteness(nlags=8, adjusted=True)
            own["whiteness_adjusted"] = dict(statistic=float(w.test_statistic), pvalue=float(w.pvalue))
            t = fit.test_normality()
            own["normality"] = dict(statistic=float(t.test_statistic), pvalue=float(t.pvalue), df=int(t.df))
            g = fit.test_granger_causality(caused=[0], causing=[1])
            own["granger"] = dict(statistic=float(g.test_statistic), pvalue=float(g.pvalue))
            expected[f"vecm_{case}_{k}_{rank}_{seasons}"] = own
    document = dict(case=f"{data}_cointegration_statsmodels", software=f"statsmodels {statsmodels.__version__}", data=f"{data}.csv", script="scripts/run_cointegration.py",
        model=dict(names="johansen_DETORDER_KARDIFF; vecm_DETERMINISTIC_KARDIFF_RANK_SEASONS", variables=names), conventions=dict(sigma="U'U / n"), expected=expected)
    with open(f"{data}_cointegration_statsmodels.json", "w") as stream:
        json.dump(document, stream, indent=1)
