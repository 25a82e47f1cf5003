"""
The return to schooling: fixed effects, random effects, Hausman-Taylor
======================================================================

**Question.** What is a year of schooling worth? Wages of 595 Americans from 1976 to 1982 (Cornwell and Rupert
1988).

**Answer in short.** Random effects say ten per cent, Hausman and Taylor say fourteen, and fixed effects say
nothing: schooling does not change while people work. The fourteen per cent rest on assumptions. Change one of
them, and they become twelve, or twenty.
"""

# sphinx_gallery_thumbnail_number = 1
from pathlib import Path

import pandas as pd

import panelvar as pv

# %%
# The data
# --------
#
# From the Panel Study of Income Dynamics. ``lwage`` is the logarithm of the wage, ``exp`` are years of full-time
# work, ``ed`` years of schooling.

# The script may be started from the root of a clone or from its own folder.
folder = next(
    path
    for path in (Path("examples/data"), Path("../../examples/data"))
    if path.is_dir()
)
data = pd.read_csv(folder / "psid_wages.csv")
data["exp2"] = data["exp"] ** 2
panel = pv.Panel(data, entity="id", time="year")
panel.describe()

# %%
# Look at how much varies within people. Schooling, sex and race do not vary at all, and residence and union
# membership hardly do. Whatever takes people's means out has only the rest to work with.
#
# Random or fixed effects?
# ------------------------

CHANGING = "exp + exp2 + wks + bluecol + ind + south + smsa + married + union"
EVERYTHING = f"lwage ~ {CHANGING} + female + black + ed"
pooled = pv.fit_pooled(panel, EVERYTHING)
random = pv.fit_random_effects(panel, EVERYTHING)
fixed = pv.fit_fixed_effects(panel, f"lwage ~ {CHANGING}")
pv.hausman_test(fixed, random)

# %%
# Random effects are rejected beyond doubt: people whose wages are high for reasons not in the data have other
# experience, other jobs and other marriages than the rest. Fixed effects are the safe answer for all that
# changes. They have no answer for schooling, as it disappears with the means.
#
# Hausman and Taylor's way out
# ----------------------------
#
# Say which regressors go along with people's unobserved ability: here experience, weeks worked, marriage, union
# membership, and schooling. Say that the others do not: occupation, industry, the South, the city, sex and race.
# Then the *means* over time of occupation, industry, South and city are instruments for schooling, and no
# instrument from outside is needed.

ENDOGENOUS = ["exp", "exp2", "wks", "married", "union", "ed"]
taylor = pv.fit_hausman_taylor(panel, EVERYTHING, endogenous=ENDOGENOUS)
amemiya = pv.fit_hausman_taylor(
    panel, EVERYTHING, endogenous=ENDOGENOUS, method="amemiya-macurdy"
)
results = {
    "Pooled": pooled,
    "Random": random,
    "Fixed": fixed,
    "Hausman-Taylor": taylor,
    "Amemiya-MaCurdy": amemiya,
}
NAMES = {
    "ed": "Schooling, years",
    "exp": "Experience",
    "exp2": "Experience squared",
    "union": "Union",
    "wks": "Weeks",
}
NAMES |= {
    "bluecol": "Blue collar",
    "ind": "Manufacturing",
    "south": "South",
    "smsa": "City",
    "married": "Married",
}
NAMES |= {"female": "Female", "black": "Black"}
pv.compare(results, labels=NAMES, drop="const", stars=(), foot=["nobs", "entities"])

# %%
figure = pv.plot_coefficients(
    {name: result for name, result in results.items() if name != "Fixed"},
    keep=["ed", "female", "black", "union"],
    labels=NAMES,
    title="Log wage: what changes little or not at all",
    figsize=(8, 4.4),
)

# %%
# How to read it
# --------------
#
# A year of schooling goes with 5.7% more pay in the pooled regression, 10.0% with random effects, and 13.8% after
# Hausman and Taylor. The interval of the last is nearly four times as wide as that of random effects. That is the
# price of asking the instruments alone.
#
# The coefficients of what changes are nearly those of fixed effects: 0.113 for a year of experience. That is
# built in.
#
# That the return *rises* when schooling is taken for endogenous is a puzzle. If able people stay longer at
# school, the simple estimate should be too high and not too low. Instrumental variables for schooling often have
# this habit. Read it as a reason to doubt the instruments and not as a fact about schools.
#
# Can the assumptions be tested?
# ------------------------------
#
# In part. There are four instruments for one endogenous regressor, so three can be tested if one is believed.

pv.hausman_test(fixed, taylor)

# %%
# They are not rejected at ten per cent (p = 0.16). This test compares the instruments with each other. If all are
# wrong in the same direction, it sees nothing. So let one of the four be endogenous at a time, with errors
# clustered by person, and see what becomes of schooling:

choices = {"As above": taylor.with_cov("cluster")}
for name in ("south", "smsa", "ind", "bluecol"):
    fit = pv.fit_hausman_taylor(
        panel, EVERYTHING, endogenous=[*ENDOGENOUS, name], cov="cluster"
    )
    choices[f"{NAMES[name]} endogenous too"] = fit
choices["Effects of years added"] = pv.fit_hausman_taylor(
    panel, f"{EVERYTHING} + i(year)", endogenous=ENDOGENOUS, cov="cluster"
)
figure = pv.plot_coefficients(
    choices,
    keep="ed",
    labels=NAMES,
    title="A year of schooling, by what is assumed",
    values=True,
    figsize=(9, 3.4),
)

# %%
# Two of these fits warn. By errors that are clustered by person their instruments are weak: most of all with effects
# of years, which take away the change of experience as an instrument. Read those two with the more doubt.
#
# If blue-collar work goes along with ability, which is hard to deny, a year of schooling is worth twenty per
# cent. With effects of years it is worth twelve. Wages are in current dollars, and in these years they rose by
# nearly ten per cent a year. Everybody's experience also rises by one a year. Without effects of years, the 11%
# for a year of experience are therefore mostly inflation. The published regressions leave them out, and the first
# ones on this page follow.
#
# Caveats
# -------
#
# * **The assumptions decide.** Twelve to twenty per cent is the range for reasonable people, and random effects
#   lie below it.
# * **Clustered errors matter for what changes.** The union coefficient of 0.033 has a classical interval clear of
#   zero. With errors clustered by person it has not:

pv.compare(
    {"Classical": taylor, "Clustered by person": choices["As above"]},
    keep=["ed", "exp", "union"],
    labels=NAMES,
    below="conf_int",
    foot=["cov"],
    stars=(),
)

# %%
# * **The sample is of people who had a wage in all seven years.** Those who lost theirs are not in it.
#
# **As published.** The tests of this library hold both estimators to R's ``plm``, whose documentation says that it
# replicates table 7.4 of Baltagi's *Econometric Analysis of Panel Data* (2005, 2013).
#
# **Read next.** :doc:`/guide/hausman_taylor`, :doc:`/guide/random_effects` and
# :doc:`/guide/instrumental_variables`. The functions: :func:`panelvar.fit_hausman_taylor`,
# :func:`panelvar.fit_random_effects`, :func:`panelvar.hausman_test` and
# :func:`panelvar.fit_correlated_random_effects`. Sources: Hausman and Taylor (1981), *Econometrica* 49,
# 1377-1398; Amemiya and MaCurdy (1986), *Econometrica* 54, 869-880; Cornwell and Rupert (1988), *Journal of
# Applied Econometrics* 3, 149-155; Baltagi and Khanti-Akom (1990), *Journal of Applied Econometrics* 5, 401-406.
