"""
Oil price shocks and US inflation: a historical decomposition
=============================================================

**Question.** From the spring of 2007 to that of 2008 the price of oil nearly doubled. Within a year it then
fell by two thirds, and inflation in the United States went up and down with it. How much of that was the doing
of oil? A historical decomposition of a structural VAR takes each quarter apart into the contributions of the
shocks.

**Answer in short.** With oil taken as given, oil explains nearly half of the fall of inflation at the end of
2008. But signs of responses say that the fall of the price of oil was itself made by demand, for the most part.
The decomposition turns on what is called an oil shock.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

import panelvar as pv

# The script may be started from the root of the project or from its own folder.
folder = next(
    path
    for path in (Path("examples/data"), Path("../../examples/data"))
    if path.is_dir()
)
oil = pd.read_csv(folder / "oil_price.csv", index_col="quarter")["wti"]
oil.index = pd.PeriodIndex(oil.index, freq="Q")
us = pv.load_data("us_macro")

data = pd.DataFrame(
    {
        "oil": 100 * np.log(oil / us["cpi"]).diff(),  # real price, percent a quarter
        "output": 100 * np.log(us["realgdp"]).diff(),  # percent a quarter
        "inflation": us["infl"],  # percent a year
    }
).loc["1986Q2":"2009Q3"]

fig, axes = plt.subplots(2, 1, figsize=(7, 4.5), sharex=True)
fig.suptitle("The price of oil and inflation, 1986 to 2009")
oil.loc[:"2009Q3"].plot(
    ax=axes[0], color="tab:blue", xlabel="", ylabel="Oil, dollars a barrel"
)
data["inflation"].plot(
    ax=axes[1], color="tab:blue", xlabel="", ylabel="Inflation, % a year"
)
plt.tight_layout()

# %%
# The price is that of West Texas Intermediate (US Energy Information Administration), averaged over the
# quarter; consumer prices are of the end of the quarter. The sample begins with the price series and ends
# with the macroeconomic data.
#
# Oil first
# ---------
# The usual short cut takes the price of oil as given within the quarter: it is made in a world market, and
# American output and inflation move it only later. That is a recursive order with
# oil first.

model = pv.fit_var(data, lags=3)
first = pv.Cholesky(shocks=("oil price", "activity", "other prices"))
responses = model.impulse_responses(
    12,
    identification=first,
    cumulative=["oil", "output"],
    bands=pv.ResidualBootstrap(draws=500, seed=1),
    level=(0.68, 0.95),
)
names = {"oil": "Real price of oil", "output": "Output", "inflation": "Inflation"}
_ = responses.plot(shocks="oil price", labels=names, figsize=(6, 6))

# %%
# A shock raises the real price of oil by 13 percent, for good. Inflation of the quarter is 1.4 points higher,
# at an annual rate, and back to normal in the next: gasoline is in the index, and little follows from it.
# Output does not move: its 95 percent band holds zero throughout.

model.variance_decomposition(8, identification=first)

# %%
# So oil accounts for 38 percent of the variance of inflation two years ahead and for 7 percent of that of
# output.
#
# What happened in 2008?
# ----------------------
# The decomposition writes inflation as a baseline (what would have come without shocks since 1986) and what
# each shock contributed.

history = model.historical_decomposition(identification=first)
# sphinx_gallery_thumbnail_number = 3
_ = history.plot(of="inflation", labels={"inflation": "Inflation"}, figsize=(8, 4.2))

# %%

quarters = history.to_frame()["inflation"].loc["2007Q3":]
quarters.assign(total=quarters.sum(axis=1)).round(1)

# %%
# In the last quarter of 2008 prices fell at an annual rate of 8.8 percent, where the baseline is a rise of
# 2.9. Oil accounts for 5.0 points of the gap, and the shock to other prices, which is all that the first two
# are not, for 4.9.
#
# A referee's question: whose shock was it?
# -----------------------------------------
# In that quarter the real price of oil fell by half. The decomposition calls three quarters of that a shock
# *of oil*. But Lehman Brothers had failed in September, and the world stopped buying. A fall in the demand
# for everything moves oil first, because oil is traded daily, and the order calls that an oil shock. Kilian
# (2009) made the point: not all oil price shocks are alike.
#
# Signs can tell the two apart. A shock to oil supply that raises the price lowers output and raises
# inflation; a shock to demand that raises the price raises all three. The third shock is left alone.

signs = pv.SignRestrictions(
    {
        ("oil", "oil supply"): "+",
        ("output", "oil supply"): "-",
        ("inflation", "oil supply"): "+",
        ("oil", "demand"): "+",
        ("output", "demand"): "+",
        ("inflation", "demand"): "+",
    },
    seed=1,
)
by_signs = model.historical_decomposition(identification=signs)
_ = by_signs.plot(
    of="oil", labels={"oil": "Change of the real price of oil"}, figsize=(8, 4.2)
)

# %%
# And a third scheme turns the first round: oil last, so that it answers American output and inflation at
# once. Beside one another, for the fall of the real price of oil in the fourth quarter of 2008:

last = pv.Cholesky(
    ["output", "inflation", "oil"], shocks=("activity", "other prices", "oil price")
)
schemes = {"oil first": first, "signs": signs, "oil last": last}
parts = {
    name: model.historical_decomposition(identification=scheme)
    .to_frame()["oil"]
    .loc["2008Q4"]
    for name, scheme in schemes.items()
}
columns = [
    "baseline",
    "oil price",
    "oil supply",
    "demand",
    "activity",
    "other prices",
    "other shocks",
]
table = pd.DataFrame(parts).T[columns]
table.map("{:.0f}".format).replace("nan", "")

# %%

ax = table.drop(columns="baseline").iloc[::-1].plot.barh(stacked=True, figsize=(8, 3))
ax.figure.suptitle("Three histories of one fall of the price of oil")
ax.set_xlabel(
    "contribution to the change of the real price of oil in 2008Q4 (100 x log)"
)
ax.legend(
    frameon=False,
    loc="lower center",
    bbox_to_anchor=(0.45, 1.0),
    ncols=6,
    fontsize=8,
    columnspacing=1,
)
plt.tight_layout()

# %%
# One number, three histories: of a fall by 68, a shock of oil made 51; or oil supply made 23 and demand 50;
# or a shock of oil made 6. With oil last, the shock to other prices takes nearly all, which only says that
# errors of oil and inflation are highly correlated and that whichever comes first is given what they share.
#
# Of the three, the history by signs deserves the most trust, because its shocks have an economic meaning. But
# it shows *one* of the models that have the signs, the one closest to the median responses; 18 percent of all
# rotations have them, and their histories differ.
#
# What to conclude
# ----------------
# Oil prices reach American inflation at once and for a quarter, and hardly move output in these years (they
# did more in the 1970s, from before the sample begins). In 2008 oil carried inflation up and down, but by the
# history to trust, most of its fall was a fall in demand. A decomposition always adds up, and so says nothing
# about whether its shocks deserve their names.
#
# What is missing here: world oil production, stocks and world activity, which Kilian's model has and which
# would tell supply from demand by more than signs; and the years before 1986.
#
# **Read next**
#
# - :doc:`/guide/var_responses` on decompositions, :doc:`/guide/structural_vars` on signs.
# - :doc:`plot_monetary_policy_signs` on what signs leave open.
# - :func:`panelvar.fit_var`, :class:`panelvar.Cholesky`, :class:`panelvar.SignRestrictions`,
#   :func:`panelvar.plot_historical`.
#
# Data: Cushing, Oklahoma, spot price of West Texas Intermediate, US Energy Information Administration (a work
# of the US government, in the public domain), from the Federal Reserve Bank of St. Louis (DCOILWTICO) as the
# Python package arch distributes it. Reference: Kilian, L. (2009), Not all oil price shocks are
# alike, American Economic Review 99, 1053-1069.
