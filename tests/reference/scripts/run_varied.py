"""Vector autoregressions on varied series with statsmodels: python scripts/run_varied.py (reads scripts/varied.json and data/; then finalize.py)."""
import json, warnings
import numpy as np, pandas as pd, statsmodels
from statsmodels.tsa.api import VAR
from pycommon import save, tr
warnings.filterwarnings("ignore")
CONVENTIONS = {"exogenous": "between the trends and the lags, lag l as Ll.x; forecasts repeat their last 8 values", "mean": "of stable systems without exogenous variables only", "others": "as canada_statsmodels.json"}
def hyp(t): return dict(statistic=t.test_statistic, df=t.df, pvalue=t.pvalue)
def dump(s):
    d = pd.read_csv(f"data/{s['data']}.csv").iloc[s["rows"][0]:s["rows"][1]].reset_index(drop=True)
    y, p, h = d[s["variables"]], s["lags"], 10
    x = future = None
    if s["exogenous"]:
        k = s["exogenous_lags"]; raw = d[s["exogenous"]]; whole = pd.concat([raw, raw.iloc[-8:]], ignore_index=True)
        lagged = pd.concat([whole] + [whole.shift(l).add_prefix(f"L{l}.") for l in range(1, k + 1)], axis=1).fillna(0.0)
        x, future = lagged.iloc[: len(d)], lagged.iloc[len(d):].to_numpy()
    m = VAR(y, exog=x); r = m.fit(p, trend=s["trend"]); names = list(y)
    # statsmodels puts exogenous variables between the trends and the lags
    o = dict(nobs=r.nobs, df_resid=r.df_resid, df_model=r.df_model, params=r.params, stderr=r.stderr, tvalues=r.tvalues, pvalues=r.pvalues, sigma_u=r.sigma_u, sigma_u_mle=r.sigma_u_mle, resid_corr=r.resid_corr,
       llf=r.llf, aic=r.aic, bic=r.bic, hqic=r.hqic, fpe=r.fpe, detomega=r.detomega, roots=r.roots.astype(complex), roots_modulus=np.abs(r.roots))
    ir = r.irf(h)
    o.update(irf=ir.irfs, orth_irf=ir.orth_irfs, cum_effects=ir.cum_effects, orth_cum_effects=ir.orth_cum_effects)
    o["irf_stderr"] = tr(lambda: ir.stderr(orth=False)); o["orth_irf_stderr"] = tr(lambda: ir.stderr(orth=True)); o["cum_irf_stderr"] = tr(lambda: ir.cum_effect_stderr(orth=False)); o["orth_cum_irf_stderr"] = tr(lambda: ir.cum_effect_stderr(orth=True))
    if s["trend"] == "c" and x is None and r.is_stable():
        o["long_run_effects"] = tr(r.long_run_effects); o["mean"] = tr(r.mean)
    o["fevd"] = r.fevd(h).decomp
    o["causality_pairwise"] = {f"{b}->{a}": {k: tr(lambda: hyp(r.test_causality(a, [b], kind=k))) for k in ("f", "wald")} for a in names for b in names if a != b}
    if len(names) > 2: o["causality_one_causes_rest"] = {b: {k: tr(lambda: hyp(r.test_causality([a for a in names if a != b], [b], kind=k))) for k in ("f", "wald")} for b in names}
    o["inst_causality"] = {b: tr(lambda: hyp(r.test_inst_causality([b]))) for b in names}
    for n in s["pts"]:
        if p < n < r.nobs:
            for adj in (False, True): o[f"whiteness_nlags{n}_adjusted{adj}"] = tr(lambda: hyp(r.test_whiteness(nlags=n, adjusted=adj)))
    o["normality"] = tr(lambda: hyp(r.test_normality()))
    fc = tr(lambda: r.forecast_interval(y.values[-p:], 8, alpha=0.05, exog_future=future))
    o["forecast"] = fc if isinstance(fc, dict) else dict(point=fc[0], lower=fc[1], upper=fc[2])
    o["forecast_mse"] = tr(lambda: r.mse(4)); o["acorr_resid"] = tr(lambda: r.resid_acorr(2))
    q = tr(lambda: m.select_order(s["max_lags"], trend=s["trend"]))
    o["select_order"] = q if isinstance(q, dict) else dict(maxlags=s["max_lags"], ics={k: [float(v) for v in w] for k, w in q.ics.items()}, selected=q.selected_orders)
    return o
specs = json.load(open("scripts/varied.json")); E = {}
for name, s in specs.items():
    if s["trend"] == "t" or s["seasons"]: continue
    try: E[name] = dump(s)
    except Exception as e: print(name, type(e).__name__, e)
save("varied_statsmodels", f"Python statsmodels {statsmodels.__version__}", "the csv that model names", {k: specs[k] for k in E}, E, CONVENTIONS, "scripts/run_varied.py (+ pycommon.py, varied.json)")
