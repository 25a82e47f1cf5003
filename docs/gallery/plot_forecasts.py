"""
VAR forecasts with fan charts, evaluated against naive forecasts
================================================================

**Question.** How good are the forecasts of a vector autoregression, and do its fan charts hold what they
promise? Growth, inflation, unemployment and the federal funds rate of the United States, forecast again and
again from 1985 to 2009.

**Answer in short.** Better than "no change", and for most series no better than a model of each alone. Most
fans hold more than they promise, because the years after 1985 were calmer than those before.
"""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

import panelvar as pv

us = pv.load_data("us_macro")
us["growth"] = 400 * np.log(us["realgdp"]).diff()  # percent a year
data = us.loc["1960Q1":, ["growth", "infl", "unemp", "fedfunds"]]
names = {
    "growth": "Growth",
    "infl": "Inflation",
    "unemp": "Unemployment",
    "fedfunds": "Funds rate",
}

# %%
# A forecast with a fan
# ---------------------
# Suppose that it is the end of 2006. A model with two lags, fitted to all that is known, forecasts eight
# quarters ahead. The fan shows intervals of 50, 80 and 95 percent: where the future should lie in one of two,
# four of five and nineteen of twenty cases.

known = data.loc[:"2006Q4"]
model = pv.fit_var(known, lags=2)
forecast = model.forecast(8, level=(0.5, 0.8, 0.95))
figure = forecast.plot(past=24, labels=names)
for axis, name in zip(figure.axes, data.columns, strict=True):
    came = data.loc["2006Q4":"2008Q4", name]
    axis.plot(came.index.to_timestamp(), came, "o", color="black", markersize=3)

# %%
# The dots are what came. Inflation of 2008 first left the fan at the top with the price of oil and then at
# the bottom; unemployment left it when the recession came. One episode proves nothing. So do the same again
# and again.
#
# Forecasting as time goes by
# ---------------------------
# :func:`panelvar.evaluate_forecasts` fits the model to the first 100 quarters, forecasts the next eight, adds
# a quarter, and so on to the end. What it compares with is a random walk ("no change") or the mean of the
# past.

walk = pv.evaluate_forecasts(data, window=100, steps=8, lags=2, benchmark="random walk")
mean = pv.evaluate_forecasts(data, window=100, steps=8, lags=2, benchmark="mean")
walk.summary()

# %%
# The column *relative* is the root mean squared error of the model over that of the naive forecast (Theil's
# U): below one the model is better. Drawn for both benchmarks:

fig, axes = plt.subplots(1, 2, figsize=(8, 3.4), sharey=True)
for ax, accuracy, title in zip(
    axes, (walk, mean), ("against no change", "against the mean"), strict=True
):
    accuracy.relative_rmse.rename(columns=names).plot(
        ax=ax, marker="o", markersize=3, title=title, legend=False
    )
    ax.axhline(1, color="black", linewidth=0.8)
    ax.set_xlabel("quarters ahead")
axes[0].set_ylabel("relative RMSE")
axes[1].legend(frameon=False)
plt.tight_layout()

# %%
# Against no change the model wins nearly everywhere, most of all for unemployment. The exception is growth in
# the next two quarters. "No change" is a bad forecast of growth, which returns to its mean. Against the mean,
# the model loses for growth up to six quarters ahead: it forecasts growth worse than an average does. Compare
# with the naive forecast that suits the series.
#
# Do the other variables help?
# ----------------------------
# A harder rival is a model of each variable by itself, with as many lags. The table has the error of the
# system over that of the single equation.

alone = {
    name: pv.evaluate_forecasts(data[[name]], window=100, steps=8, lags=2).rmse[name]
    for name in data.columns
}
(walk.rmse / pd.DataFrame(alone)).rename(columns=names).loc[[1, 2, 4, 8]].round(2)

# %%
# Mostly they do not. For growth, inflation and (up to a year ahead) unemployment a single equation does
# better. The system has 36 coefficients to estimate and the four single equations have 12. What the other 24
# say is worth less than the error in estimating them. The funds rate gains, by up to 8 percent. Tests of
# Granger causality say what holds on average over a sample; forecasting asks for more.
#
# Is the gain more than luck?
# ---------------------------
# The test of Diebold and Mariano compares squared errors. Here it is against no change; negative is better
# than the random walk.

tests = {
    (names[name], horizon): walk.diebold_mariano(name, horizon=horizon)
    for name in data.columns
    for horizon in (1, 4, 8)
}
pd.DataFrame(
    {key: {"t": test.statistic, "p": test.pvalue} for key, test in tests.items()}
).T.round(3)

# %%
# For unemployment the gain is hardly luck one and eight quarters ahead; for the funds rate it may be. Twelve
# tests were made, and one in twenty rejects what is true. The random walk is also a special case of the model
# when the model has a unit root, so that the p-values are descriptions.
#
# Do the fans hold what they promise?
# -----------------------------------
# At each of the 97 origins the model is fitted to what was known and draws its fan. The table counts how
# often the truth lay inside.

levels = {"50%": "_50", "80%": "_80", "95%": ""}
held = []
for origin in walk.origins:
    fan = (
        pv.fit_var(data.loc[:origin], lags=2)
        .forecast(8, level=(0.5, 0.8, 0.95))
        .to_frame()
    )
    truth = data.reindex(fan.index)
    for level, ending in levels.items():
        lower, upper = (
            fan.xs(side + ending, axis=1, level=1)[data.columns]
            for side in ("lower", "upper")
        )
        inside = (
            ((lower <= truth) & (truth <= upper)).astype(float).where(truth.notna())
        )
        held.append(
            inside.set_axis(range(1, 9)).rename(columns=names).assign(interval=level)
        )
held = pd.concat(held).rename_axis("quarters ahead").set_index("interval", append=True)
coverage = held.groupby(level=["quarters ahead", "interval"]).mean()
coverage.unstack("interval").loc[[1, 2, 4, 8]].round(2).transpose()

# %%

fig, axes = plt.subplots(1, 4, figsize=(9, 2.8), sharey=True)
for ax, name in zip(axes, names.values(), strict=True):
    coverage[name].unstack("interval").plot(ax=ax, title=name, legend=False)
    for level, line in zip((0.5, 0.8, 0.95), ax.get_lines()[:3], strict=True):
        ax.axhline(level, color=line.get_color(), linestyle=":", linewidth=1)
axes[0].set_ylabel("share inside (dotted: promised)")
axes[0].legend(frameon=False, loc="lower right")
plt.tight_layout()

# %%
# The fan of the funds rate is far too wide: one quarter ahead, the interval of 50 percent held the truth 90
# times in a hundred. That of growth is too wide as well. The reason is in the sample, which begins with the
# wild 1970s and the turn of policy after 1979. Here are standard deviations of the residuals of one model for
# all years:

residuals = pv.fit_var(data, lags=2).resids.rename(columns=names)
pd.DataFrame(
    {
        "to 1984": residuals.loc[:"1984Q4"].std(),
        "from 1985": residuals.loc["1985Q1":].std(),
    }
).round(2)

# %%
# The forecasts are of calmer years than those that the variance was learned from, for all but inflation.
# Inflation has errors as large as before, but of another shape: mostly small, and a few very large, as in
# 2008. Its inner interval holds the truth too often, and one quarter ahead the outer one not often enough: a
# normal distribution is not the right fan for it. The fan of unemployment is nearest to what it promises.
#
# The intervals take the coefficients as known, which makes them too *narrow*, and this is the smaller fault
# here. A bootstrap mends that one (``bands=pv.BootstrapAfterBootstrap()``), and nothing mends a future unlike
# the past.
#
# What to conclude
# ----------------
# This VAR forecasts unemployment and interest rates decently and growth not at all, and on the whole it is
# hardly better than each series' own past. Most of its fans held more than they promise, but only because
# times grew calm until 2008. Judge a forecast by rivals and by a count, never by how well the model fits.
#
# Two limits. The data are as revised since, so that the model knew more than a forecaster of the day. And 97
# forecasts eight quarters ahead overlap: they are worth about twelve separate ones.
#
# **Read next**
#
# - :doc:`/guide/var_forecasting` on forecasts, conditional forecasts and their evaluation.
# - :func:`panelvar.fit_var`, :func:`panelvar.evaluate_forecasts`, :func:`panelvar.fit_rolling_var`,
#   :func:`panelvar.plot_forecast`, :class:`panelvar.BootstrapAfterBootstrap`.
