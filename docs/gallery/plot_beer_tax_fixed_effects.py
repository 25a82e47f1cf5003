"""
Beer taxes and traffic deaths: the sign turns with fixed effects
================================================================

**Question.** Do higher taxes on beer save lives on the road? Stock and Watson's textbook asks it of 48 US states
from 1982 to 1988.

**Answer in short.** Across states, higher taxes go with *more* deaths. Within a state they go with fewer. The
states differ in ways that go along with the tax, and fixed effects take those differences out. What is left is
negative and uncertain.
"""

# sphinx_gallery_thumbnail_number = 2
import numpy as np

import panelvar as pv

# %%
# The data
# --------
#
# ``frate`` is traffic deaths per 10,000 inhabitants and ``beertax`` the tax on a case of beer, in dollars of
# 1988.

data = pv.load_data("fatalities")
NAMES = {"frate": "Deaths per 10,000", "beertax": "Beer tax"}
figure = pv.plot_scatter(
    data,
    x="beertax",
    y="frate",
    labels=NAMES,
    title="Every state with its own line, and all with one",
)

# %%
# The line through all rows rises. Most of the short lines, one for each state, fall.
#
# First regressions
# -----------------
#
# The same formula three times: all rows alike, a constant for each state, and one for each year as well. Errors
# are clustered by state wherever states have effects, as a state's bad years come together.

pooled = pv.fit_pooled(data, "frate ~ beertax", cov="HC1")
state = pv.fit_fixed_effects(data, "frate ~ beertax | state", cov="cluster")
both = pv.fit_fixed_effects(data, "frate ~ beertax | state + year", cov="cluster")
first = {"Pooled": pooled, "State effects": state, "State and year effects": both}
pv.compare(
    first, drop="const", labels=NAMES, foot=["nobs", "rsquared", "rsquared_kind", "cov"]
)

# %%
# How to read it
# --------------
#
# Across states a dollar of tax goes with 0.36 *more* deaths per 10,000 people. Within states it goes with 0.66
# fewer, out of about two. (The first column has HC1 errors, which suit rows that are independent, and the others
# are clustered by state.) The two panels below show why: on the left each row less its state's mean, on the right
# the means themselves.

figure = pv.plot_within_between(
    data,
    "frate",
    "beertax",
    labels=NAMES,
    title="Traffic deaths and the beer tax: within states, and between them",
)

# %%
# Georgia, South Carolina and Alabama have the highest taxes on beer, and they also have long rural roads, on
# which people die for other reasons. The comparison of states blames the tax for the roads. The comparison of a
# state with itself does not, as its roads hardly change in seven years. It has another weakness: the cloud
# on the left is narrow. Taxes are fixed in dollars, and inflation lowers them in all states by three or four per
# cent a year. How many states ever changed their tax by something else?

growth = np.log(data["beertax"]).groupby("state").diff().unstack()
other_than_inflation = (growth - growth.median()).abs() > 0.01
print(
    f"{other_than_inflation.any(axis=1).sum()} of {len(growth)} states, "
    f"{other_than_inflation.to_numpy().sum()} changes"
)

# %%
# Twenty states, and 44 changes of more than one per cent. The column with effects of years uses these alone,
# since inflation is common to all states.
#
# Do laws or the economy explain it?
# ----------------------------------
#
# A state that raises its tax may also raise the drinking age, or its people may drive less because its economy is
# weak. The next columns hold such things constant. They are columns 4 to 6 of the textbook's table.

data["age"] = data["drinkage"].astype(int).astype(str)
data["punish"] = ((data["jail"] == 1) | (data["service"] == 1)).astype(float)
data["miles"] = data["miles"] / 1000
LAWS, ECONOMY = "i(age, ref=21) + punish + miles", "unemp + log(income)"

results = {
    **first,
    "All": pv.fit_fixed_effects(
        data, f"frate ~ beertax + {LAWS} + {ECONOMY} | state + year", cov="cluster"
    ),
    "No economy": pv.fit_fixed_effects(
        data, f"frate ~ beertax + {LAWS} | state + year", cov="cluster"
    ),
    "Age as a number": pv.fit_fixed_effects(
        data,
        f"frate ~ beertax + drinkage + punish + miles + {ECONOMY} | state + year",
        cov="cluster",
    ),
}
pv.compare(
    results,
    drop="const",
    labels=NAMES
    | {
        "i(age, ref=21)": "Age to drink",
        "log(income)": "Log income",
        "unemp": "Unemployment",
        "punish": "Jail or service",
        "miles": "Miles, 1000 a driver",
        "drinkage": "Drinking age",
    },
    foot=["nobs", "cov"],
    title="Beer taxes and traffic deaths",
)

# %%
# With everything in, the tax has a coefficient of -0.45 and a standard error of 0.30. That is not significant at
# ten per cent. Do the drinking ages matter together?

results["All"].joint_test("i(age, ref=21)")

# %%
# They do not. The economy does: people who have work and money drive more, and die more.

results["All"].joint_test(["unemp", "log(income)"])

# %%
figure = pv.plot_coefficients(
    results,
    keep="beertax",
    labels=NAMES,
    title="The beer tax in six regressions",
    figsize=(8, 3.4),
)

# %%
# Caveats
# -------
#
# * **Effects of years cost certainty.** From the second column to the third the estimate hardly moves, and its
#   error grows by a fifth: the part of the tax's movement that all states share no longer counts.
# * **Fixed effects answer one objection.** They remove what does not change about a state. A campaign against
#   drunk driving that comes *with* the tax is still in the estimate.
# * **The tax moves little.** What a doubled tax would do is not in these data.
# * **48 clusters are many, and the states that changed their tax are few.** The correction for few clusters
#   widens the interval:

corrected = both.with_cov(pv.BiasReduced("entity"))
pv.compare(
    {"Clustered": both, "CR2": corrected},
    keep="beertax",
    labels=NAMES,
    below="conf_int",
    foot=["cov"],
    stars=(),
)

# %%
# **As published.** Stock and Watson, *Introduction to Econometrics* (third edition, its table of traffic deaths),
# prints for the beer tax 0.36 (0.05), -0.66 (0.29), -0.64 (0.36), -0.45 (0.30), -0.69 (0.35) and -0.46 (0.31):
# the six estimates above, to every printed digit. A test of this library holds them to it.
#
# **Read next.** :doc:`/guide/fixed_effects`, :doc:`/guide/covariances`, :doc:`/guide/few_clusters` and
# :doc:`/guide/questions`. The functions: :func:`panelvar.fit_fixed_effects`,
# :func:`panelvar.plot_within_between`, :func:`panelvar.plot_scatter` and :func:`panelvar.compare`. The data:
# :func:`panelvar.load_data`.
