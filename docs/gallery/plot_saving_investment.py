"""
Panel unit roots and cointegration: saving and investment (Feldstein and Horioka)
=================================================================================

**Question.** If capital moves freely between countries, a country that saves more need not invest more at home.
Do saving and investment move together all the same? Feldstein and Horioka (1980, *Economic Journal*) regressed
one on the other across countries and found a slope near one, which became a puzzle with their names. 25 rich
countries, 1973 to 2013.

**Answer in short.** They are tied, loosely: the long-run slope is 0.2 to 0.4, and far from one. On the way come
the steps that panels with long series need: unit roots, cointegration, and a slope, in countries that share
shocks. Across countries, one of 25 decides the answer.

Saving and gross fixed investment are shares of gross domestic product, in percent.
"""

from pathlib import Path

import pandas as pd
from matplotlib import pyplot as plt

import panelvar as pv

# The script may be started from the root of the project or from its own folder.
folder = next(
    path
    for path in (Path("examples/data"), Path("../../examples/data"))
    if path.is_dir()
)
shares = pd.read_csv(folder / "saving_investment.csv")
panel = pv.Panel(shares, entity="country", time="year")

# %%
# Across countries
# ----------------
# Feldstein and Horioka averaged over years and compared countries of the OECD. From 1960 to 1974 their slope was
# 0.89. Here it is hardly there.

between = pv.fit_between(panel, "investment ~ saving")
between.summary()

# %%
# One country has much to do with that. Luxembourg, a financial centre, saves 41 percent and invests 19.

means = shares.groupby("country")[["saving", "investment"]].mean()
without = pv.fit_between(
    pv.Panel(shares[shares["country"] != "LUX"], "country", "year"),
    "investment ~ saving",
)

fig, ax = plt.subplots(figsize=(7, 4.5))
ax.scatter(means["saving"], means["investment"], color="tab:blue")
for country, row in means.iterrows():
    ax.annotate(
        country,
        (row["saving"], row["investment"]),
        xytext=(4, 3),
        textcoords="offset points",
        fontsize=8,
    )
for result, style, label in (
    (between, "-", "all 25 countries"),
    (without, "--", "without Luxembourg"),
):
    ends = pd.Series([10.0, 43.0])
    ax.plot(
        ends,
        result.params["const"] + result.params["saving"] * ends,
        style,
        color="black",
        label=label,
    )
ax.set_title("Saving and investment of 25 countries")
ax.set_xlabel("Saving, % of GDP, mean of 1973 to 2013")
ax.set_ylabel("Investment, % of GDP, mean")
ax.legend(frameon=False)
plt.tight_layout()
pd.DataFrame(
    {
        "slope": [between.params["saving"], without.params["saving"]],
        "standard error": [
            between.std_errors["saving"],
            without.std_errors["saving"],
        ],
    },
    index=["all", "without LUX"],
).round(2)

# %%
# Over time within countries
# --------------------------
# Do a country's saving and investment move together over the years? Before regressing one on the other, ask
# two things. Do the countries share shocks, and do the series have unit roots?

print(pv.cross_section_exponent(panel, "investment", changes=True).reading())
print(pv.cross_section_exponent(panel, "saving", changes=True).reading())
pv.panel_unit_root_table(
    panel, ["investment", "saving"], tests=["ips", "cips", "hadri"], lags=1
)

# %%
# They do share shocks, so that CIPS is the test to read and IPS, which takes countries to be independent, is
# not. For investment, CIPS rejects that every country has a unit root; for saving it does not. Hadri's test,
# which has the opposite null hypothesis, rejects that all countries are stationary, but the note says that it
# nearly always does with this few years.
#
# The evidence is mixed, as it should be: a share of GDP cannot drift for ever, but over forty years it may
# look as if it did. We go on as if both had unit roots, and look at the end whether it matters.
#
# Is there a long-run relation?
# -----------------------------

pv.panel_cointegration_table(
    panel, "investment", "saving", tests=["pedroni", "kao", "westerlund"]
)

# %%
# Fifteen of sixteen statistics reject that no country is cointegrated. Do not count them as fifteen
# witnesses: they read the same data, most take countries to be independent, and the notes say how often they
# reject what is true with few periods. Westerlund's tests can draw panels that keep the shocks that countries
# share:

pv.westerlund_test(
    panel, "investment", "saving", lags=1, leads=0, draws=399, seed=1
).summary()

# %%
# They still reject at the 5 percent level. So there is a relation, in some countries at least. What is its
# slope?
#
# The long-run slope
# ------------------
# Dynamic least squares (DOLS) and fully modified least squares (FMOLS) estimate it country by country, free
# of the bias that ordinary least squares has when saving answers investment. The group mean averages the
# countries' slopes, and its error comes from how far they lie apart. ``demean`` takes out what all countries
# share in a year.

results = {
    "Fixed effects": pv.fit_fixed_effects(panel, "investment ~ saving", cov="cluster"),
    "FMOLS": pv.fit_fmols(panel, "investment", "saving"),
    "DOLS": pv.fit_dols(panel, "investment", "saving"),
    "DOLS, years out": pv.fit_dols(panel, "investment", "saving", demean=True),
    "CCE": pv.fit_common_correlated_effects(panel, "investment ~ saving"),
}
pv.compare(results)

# %%
# All of them put the slope between 0.2 and 0.4 or a little more: far below one, and above zero (FMOLS at the
# 10 percent level only). The countries differ so much that the average describes few of them:

# sphinx_gallery_thumbnail_number = 1
individual = results["DOLS"].individual["saving"].sort_values()
ax = individual.plot.barh(
    figsize=(7, 5.5), color="tab:blue", label="one country", ylabel=""
)
ax.set_title("Long-run slopes, country by country")
ax.set_xlabel("long-run slope of investment on saving (DOLS)")
ax.axvline(
    results["DOLS"].params["saving"],
    color="black",
    linestyle="--",
    label="mean of the countries",
)
ax.axvline(0, color="black", linewidth=0.8)
ax.legend(frameon=False)
plt.tight_layout()

# %%
# Has the link weakened?
# ----------------------
# If capital has become freer, the slope should have fallen. The sample in two halves:

halves = {}
for first, last in ((1973, 1992), (1993, 2013)):
    half = pv.Panel(shares[shares["year"].between(first, last)], "country", "year")
    halves[f"{first} to {last}"] = pv.fit_dols(
        half, "investment", "saving", leads=1, lags=1
    )
pv.compare(halves)

# %%
# It has fallen from 0.47 to 0.17. Is that more than chance? The difference of the two, with the error that it
# has if the halves are independent of one another:

early, late = halves.values()
difference = early.params["saving"] - late.params["saving"]
error = (early.std_errors["saving"] ** 2 + late.std_errors["saving"] ** 2) ** 0.5
pd.Series(
    {"difference": difference, "standard error": error, "ratio": difference / error}
).round(2)

# %%
# It is 1.3 standard errors: suggestive, no more. Twenty years a country are also few for an estimator that
# needs a lead and a lag of every change.
#
# What to conclude
# ----------------
# In these countries investment and saving are tied, loosely: of one more percent of GDP that is saved, some
# 0.2 to 0.4 are invested at home in the long run. The famous slope near one is not in these data, across
# countries or over time.
#
# What a referee would say:
#
# - *The slope is not a measure of how free capital is.* Saving less investment is about the current account,
#   and a country cannot owe ever more. That alone ties the two in the long run, with free capital as well as
#   without. And a good year raises both.
# - *The data are gross domestic saving*, GDP less consumption, and not national saving. Where foreigners own
#   much of production, as in Luxembourg and Ireland, the difference is large.
# - *Unit roots are in doubt*, as the tests said. The slopes by fixed effects and CCE do not need them, and
#   are much the same.
# - *Which countries are in the sample* decides the slope across countries. One of 25 moves it from 0.24 to
#   0.07.
#
# **Read next**
#
# - :doc:`/guide/panel_unit_roots`, :doc:`/guide/panel_cointegration` and
#   :doc:`/guide/cointegrating_regressions`.
# - :func:`panelvar.panel_unit_root_table`, :func:`panelvar.cips_test`,
#   :func:`panelvar.panel_cointegration_table`, :func:`panelvar.westerlund_test`, :func:`panelvar.fit_dols`,
#   :func:`panelvar.fit_fmols`, :func:`panelvar.fit_common_correlated_effects`.
#
# Data: World Bank, World Development Indicators NE.GDI.FTOT.ZS and NY.GDS.TOTL.ZS (CC BY 4.0), as the R
# package pco 1.0.1 distributes them. Reference: Feldstein, M. and Horioka, C. (1980), Domestic saving and
# international capital flows, Economic Journal 90, 314-329.
