"""Cointegrating regressions of each firm of grunfeld and of Danish money by arch.
usage: run_cointegrating_regressions.py FOLDER_OF_THE_DATA (writes JSON files where it is run)"""
import json, sys
import arch, pandas as pd
from arch.unitroot.cointegration import CanonicalCointegratingReg, DynamicOLS, FullyModifiedOLS
folder = sys.argv[1]
grunfeld, denmark = pd.read_csv(f"{folder}/grunfeld.csv"), pd.read_csv(f"{folder}/denmark.csv", index_col=0)
samples = {
    "grunfeld": ({str(firm): rows.reset_index(drop=True) for firm, rows in grunfeld.groupby("firm")}, "inv", ["value", "capital"]),
    "denmark": ({"denmark": denmark.reset_index(drop=True)}, "lrm", ["lry", "ibo"]),
}
# Trend, trend of the regressors, differenced, kernel, bandwidth, degrees of freedom counted.
modified = {
    "c_bartlett_3": ("c", None, True, "bartlett", 3, False),
    "n_parzen_4": ("n", None, True, "parzen", 4, False),
    "ct_qs_2.5_levels": ("ct", None, False, "quadraticspectral", 2.5, False),
    "ct_bartlett_2_counted": ("ct", None, True, "bartlett", 2, True),
    "c_ct_bartlett_3": ("c", "ct", True, "bartlett", 3, False),
    "ctt_bartlett_0": ("ctt", None, True, "bartlett", 0, False),
}
# Trend, leads, lags (or the criterion), errors, kernel, bandwidth, degrees of freedom counted.
dynamic = {
    "c_1_1_bartlett_3": ("c", 1, 1, "unadjusted", "bartlett", 3, False),
    "c_1_1_robust_bartlett_2": ("c", 1, 1, "robust", "bartlett", 2, False),
    "ct_0_2_qs_2.5_counted": ("ct", 0, 2, "unadjusted", "quadraticspectral", 2.5, True),
    "n_1_0_robust_parzen_3_counted": ("n", 1, 0, "robust", "parzen", 3, True),
    "c_aic": ("c", "aic", 2, "unadjusted", "bartlett", 3, False),
    "ct_bic": ("ct", "bic", 1, "unadjusted", "bartlett", 3, False),
}
def numbers(found):
    return dict(params=dict(found.params), std_errors=dict(found.std_errors), long_run_variance=float(found.long_run_variance))
for data, (entities, y, x) in samples.items():
    expected = {}
    for entity, rows in entities.items():
        own = expected.setdefault(entity, {})
        for kind, estimator in (("fmols", FullyModifiedOLS), ("ccr", CanonicalCointegratingReg)):
            for name, (trend, x_trend, diff, kernel, bandwidth, counted) in modified.items():
                model = estimator(rows[y], rows[x], trend=trend, x_trend=x_trend)
                found = model.fit(kernel=kernel, bandwidth=bandwidth, force_int=False, diff=diff, df_adjust=counted)
                own[f"{kind}_{name}"] = numbers(found) | dict(rsquared=found.rsquared, rsquared_adj=found.rsquared_adj)
        for name, (trend, leads, lags, errors, kernel, bandwidth, counted) in dynamic.items():
            options = dict(leads=leads, lags=lags) if leads in (0, 1) else dict(method=leads, max_lead=lags, max_lag=lags)
            found = DynamicOLS(rows[y], rows[x], trend=trend, **options).fit(cov_type=errors, kernel=kernel, bandwidth=bandwidth, df_adjust=counted)
            own[f"dols_{name}"] = numbers(found) | dict(leads=found.leads, lags=found.lags)
    document = dict(case=f"{data}_cointegrating_arch", software=f"arch {arch.__version__}", data=f"{data}.csv", script="scripts/run_cointegrating_regressions.py",
        model=dict(y=y, x=x, names="ENTITY/ESTIMATOR_TREND_...: options in the script"), conventions=dict(ccr="df_adjust multiplies Omega_11 alone"), expected=expected)
    with open(f"{data}_cointegrating_arch.json", "w") as stream:
        json.dump(document, stream, indent=1, default=float)
