"""
Supply and demand shocks by long-run restrictions (Blanchard and Quah)
======================================================================

**Question.** Are recessions made by demand or by supply? Blanchard and Quah (1989, *American Economic Review*)
told the two apart with one assumption: demand has no lasting effect on the level of output.

**Answer in short.** Their structural VAR of output growth and unemployment, on data to 2009, gives a firm shape
to demand: a hump that is gone in five years. How much of fluctuations it makes is not firm. The share of demand
in growth is 84 or 34 percent, depending on how trends are taken out beforehand.
"""

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

import panelvar as pv

us = pv.load_data("us_macro")
raw = pd.DataFrame(
    {"output": 100 * np.log(us["realgdp"]).diff(), "unemployment": us["unemp"]}
).loc["1960Q1":]
raw.describe().loc[["mean", "std", "min", "max"]].round(2)

# %%
# The treatment of trends
# -----------------------
# The method needs two stationary series. Blanchard and Quah saw that growth had slowed after 1973 and that
# unemployment had drifted upwards. They took a mean of growth before and another after that date, and a
# linear trend out of unemployment. We do the same. Their sample was 1950 to 1987 and of gross national
# product; ours is 1960 to 2009 and of gross domestic product, in a later vintage. They took eight lags, as we
# do.


def treat(data, growth_break=True, unemployment_trend=True):
    """Take means out of growth, and a linear trend out of unemployment."""
    early = data.index < pd.Period("1974Q1", freq="Q")
    means = (
        data["output"]
        .groupby(early if growth_break else np.zeros(len(data)))
        .transform("mean")
    )
    time = np.arange(len(data))
    trend = np.polyval(
        np.polyfit(time, data["unemployment"], 1 if unemployment_trend else 0), time
    )
    return pd.DataFrame(
        {
            "output": data["output"] - means,
            "unemployment": data["unemployment"] - trend,
        }
    )


treated = treat(raw)
axes = treated.plot(
    subplots=True,
    figsize=(7, 4.2),
    legend=False,
    xlabel="",
    title="Growth and unemployment, means and trend taken out",
)
axes[0].set_ylabel("Growth, less\nits mean, %")
axes[1].set_ylabel("Unemployment,\nless its trend, %")
plt.tight_layout()

# %%
# The responses
# -------------
# :class:`panelvar.LongRun` makes the sum of all responses triangular: the second shock does not move the
# first variable for good. Growth is cumulated, so that the upper row shows the level of output. The sign of a
# shock is a convention. Here a shock has the sign of its own variable, so that the second one raises
# unemployment: it is *weak* demand.

scheme = pv.LongRun(shocks=("supply", "weak demand"))
model = pv.fit_var(treated, lags=8)
responses = model.impulse_responses(
    40,
    identification=scheme,
    cumulative=["output"],
    bands=pv.ResidualBootstrap(draws=500, seed=1),
    level=(0.68, 0.95),
)
names = {"output": "Output", "unemployment": "Unemployment"}
# sphinx_gallery_thumbnail_number = 2
_ = responses.plot(labels=names, figsize=(8, 5.5))

# %%
# Weak demand has the shape that Blanchard and Quah describe. Output falls for a year, to 1.13 percent below
# its path, and comes back within five years; unemployment is its mirror image, half as large. (The working
# paper says: a peak after a year, gone after two to five.)
#
# Supply moves output for good, by about half a percent, and slowly. A good supply shock *raises* unemployment
# at first. They found the same. But look at the bands: in its first two years nothing that supply does can be
# told from zero at 95 percent.

table = pd.concat(
    {
        (name, shock): responses.response(name, shock=shock)["value"]
        for shock in ("supply", "weak demand")
        for name in ("output", "unemployment")
    },
    axis=1,
)
table.loc[[0, 1, 4, 8, 12, 20, 40]].round(2)

# %%
# How much of a recession is demand?
# ----------------------------------
# The variance decomposition answers, and here the referee has a question. The table gives the share of demand
# in the variance of growth and of unemployment, eight quarters ahead, under four treatments of the same data:
# with and without the break in growth, with and without the trend in unemployment. A fifth row ends the
# sample in 1987, as theirs did.

cases = {
    "break and trend": treated,
    "break, no trend": treat(raw, unemployment_trend=False),
    "no break, trend": treat(raw, growth_break=False),
    "no break, no trend": treat(raw, growth_break=False, unemployment_trend=False),
    "break and trend, to 1987": treat(raw.loc[:"1987Q4"]),
}
shares = {}
for name, data in cases.items():
    fitted = pv.fit_var(data, lags=8)
    demand = fitted.variance_decomposition(8, identification=scheme).to_frame()[
        "weak demand"
    ]
    moved = fitted.impulse_responses(40, identification=scheme, cumulative=["output"])
    shares[name] = {
        "demand in growth": demand["output", 8],
        "demand in unemployment": demand["unemployment", 8],
        "demand, unemployment after a year": moved.response(
            "unemployment", shock="weak demand"
        )["value"][4],
        "supply, output after a year": moved.response("output", shock="supply")[
            "value"
        ][4],
        "supply, unemployment at once": moved.response("unemployment", shock="supply")[
            "value"
        ][0],
    }
shares = pd.DataFrame(shares).T
shares.round(2)

# %%

ax = shares.iloc[::-1, 1::-1].plot.barh(
    figsize=(7, 3.6), xlim=(0, 1), color=["tab:orange", "tab:blue"]
)
ax.figure.suptitle("Demand in the variance, under five treatments of the data")
ax.set_xlabel("share of demand in the variance eight quarters ahead")
ax.legend(
    loc="lower left", bbox_to_anchor=(0, 1.0), ncols=2, frameon=False, reverse=True
)
plt.tight_layout()

# %%
# What to conclude
# ----------------
# The shape of demand shocks is firm. A year after one, unemployment is 0.43 to 0.55 points higher in every
# row. How much of fluctuations is demand is not. Without the break in growth its share in growth falls from
# 84 to 37 percent, because the slowdown after 1973 then looks like a row of bad supply shocks. The trend in
# unemployment hardly matters on this sample. With data to 1987 the share in unemployment is 53 percent and no
# longer 91, and supply *lowers* output for a year, which is hard to believe. Blanchard and Quah warned of
# this themselves: the data are not specific about the relative contributions.
#
# Three more doubts. Two variables have two shocks, and a shift in, say, the labour force must be called one
# or the other. That demand leaves no trace on output is an assumption, which long slumps that scar workers
# would break. And the long run is a sum of all lag coefficients, which no sample determines well (Faust and
# Leeper 1997): a lag more or less moves it.
#
# The shares here are of growth; Blanchard and Quah's tables are of the level of output.
#
# **Read next**
#
# - :doc:`/guide/structural_vars` on this and every other way to identify shocks.
# - :doc:`plot_macro_var` on a VAR that is identified by an order instead.
# - :class:`panelvar.LongRun`, :class:`panelvar.ShortRun` (zeros in the long run and on impact together),
#   :func:`panelvar.fit_svar`, :func:`panelvar.fit_var`.
#
# Sources: Blanchard, O. J. and Quah, D. (1989), The dynamic effects of aggregate demand and supply
# disturbances, American Economic Review 79, 655-673; what is quoted is from the abstract of its working paper
# (NBER 2737), their sample from memory. Faust, J. and Leeper, E. M. (1997), When do long-run
# identifying restrictions give reliable results?, Journal of Business and Economic Statistics 15, 345-353.
