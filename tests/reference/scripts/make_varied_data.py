"""Data of the varied series from statsmodels: python make_varied_data.py (writes data/*.csv).

macro_growth: 100 times log differences of statsmodels' macrodata, beside its rates; interest_inflation: statsmodels'.
"""
import numpy as np, pandas as pd, statsmodels.api as sm
from statsmodels.datasets import interest_inflation
m = sm.datasets.macrodata.load_pandas().data
logs = np.log(m[["realgdp", "realcons", "realinv", "realgovt", "realdpi", "m1", "cpi"]])
growth = (100 * logs.diff()).round(6).assign(tbilrate=m.tbilrate, unemp=m.unemp).iloc[1:]
growth.to_csv("data/macro_growth.csv", index=False)
interest_inflation.load_pandas().data.to_csv("data/interest_inflation.csv", index=False)
