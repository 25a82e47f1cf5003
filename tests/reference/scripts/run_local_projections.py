"""Local projections by statsmodels' LocalProjections: a shock ordered first or second, trends, kernels, a control.
usage: run_local_projections.py FOLDER_OF_THE_DATA (writes a JSON file where it is run)"""
import json, sys
from pathlib import Path
import pandas as pd, statsmodels
from statsmodels.tsa.vector_ar.local_proj import LocalProjections
us = pd.read_csv(Path(sys.argv[1]) / "us_macro.csv").dropna().reset_index(drop=True)
GROWTH, RATES = ["dl_realgdp", "dl_realcons", "dl_realinv"], ["tbilrate", "infl", "unemp"]
MODELS = dict(
    growth=dict(names=GROWTH, shock_idx=[0], lags=2, trend="c", nw_lags=4),
    trend=dict(names=GROWTH, shock_idx=[0], lags=4, trend="ct", nw_lags=6),
    none=dict(names=GROWTH, shock_idx=[0], lags=1, trend="n", nw_lags=2),
    second=dict(names=GROWTH, shock_idx=[0, 1], lags=2, trend="c", nw_lags=4),
    rates=dict(names=RATES, shock_idx=[0], lags=3, trend="c", nw_lags=5),
    default=dict(names=RATES, shock_idx=[0], lags=2, trend="c", nw_lags=None),
    control=dict(names=GROWTH, shock_idx=[0], lags=2, trend="c", nw_lags=4, exog="unemp"))
expected = {}
for name, model in MODELS.items():
    options = {key: value for key, value in model.items() if key not in ("names", "exog")}
    exog = us[[model["exog"]]].to_numpy() if "exog" in model else None
    found = LocalProjections(us[model["names"]], horizons=8, exog=exog, **options).fit()
    expected[name] = dict(irfs=found.irfs.tolist(), stderr=found.stderr.tolist(), cumulative=found.cumulative_effects().tolist(), lower=found.conf_int(0.1)[..., 0].tolist(), upper=found.conf_int(0.1)[..., 1].tolist(), nobs=found.nobs)
document = dict(case="us_macro_statsmodels_lp", software=f"statsmodels {statsmodels.__version__}", data="us_macro.csv", script="scripts/run_local_projections.py", model=MODELS,
    conventions=dict(irfs="[period 0 to 8][response][shock], to one unit", limits="90 percent", nw_lags="None: the larger of the period and 2"), expected=expected)
Path("us_macro_statsmodels_lp.json").write_text(json.dumps(document, indent=1))
