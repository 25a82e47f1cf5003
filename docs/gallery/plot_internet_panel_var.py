"""
Internet and income in 152 countries: a panel VAR
=================================================

**Question.** Does the spread of the internet make countries richer, or do richer countries go online? 152
countries from 2000 to 2018.

**Answer in short.** Rich countries are online, and countries got richer while they went online. But years in
which more people than usual go online do not come before years of more growth, and years of growth come before a
little more spread, if at all.
"""

# sphinx_gallery_thumbnail_number = 2
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import panelvar as pv

# %%
# The data
# --------
#
# Internet users in per cent of the population, and GDP per head in constant US dollars.

# The script may be started from the root of a clone or from its own folder.
folder = next(
    path
    for path in (Path("examples/data"), Path("../../examples/data"))
    if path.is_dir()
)
data = pd.read_csv(folder / "world_internet_income.csv")
data["log_income"] = np.log(data["gdp_per_capita"])
levels = pv.Panel(data, entity="country", time="year")
NAMES = {"internet_users": "Internet users, %", "log_income": "Log income per head"}
figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for ax, name in zip(axes, NAMES, strict=True):
    pv.plot_series(levels, name, ax=ax, labels={name: NAMES[name]}, title=NAMES[name])

# %%
# Both rise nearly everywhere. Two series that rise in every country are correlated, whatever their business with
# each other. Regressions of levels show how little such a correlation is worth:

formula = "log_income ~ internet_users"
by_country = pv.Clustered("entity")
pv.compare(
    {
        "Between countries": pv.fit_between(levels, formula),
        "Country effects": pv.fit_fixed_effects(levels, formula, cov=by_country),
        "Country and year effects": pv.fit_fixed_effects(
            levels, formula, effects="twoway", cov=by_country
        ),
    },
    drop="const",
    labels=NAMES,
    foot=["nobs", "cov"],
    stars=(),
)

# %%
# Across countries one more point of users goes with 5.6% more income, in the same country over time with 0.6%,
# and against other countries in the same year with nothing that could be told from zero.
#
# A panel VAR of changes
# ----------------------
#
# The levels have unit roots, and the tests that allow for what countries share do not show that they are
# cointegrated (:doc:`/studies/internet_and_income` has them). So ask about changes: the points by which users rose,
# and the growth of income in per cent. Effects of countries and of years take out what lasts and what all
# countries share.

countries = data.groupby("country")
data["spread"] = countries["internet_users"].diff()
data["growth"] = 100 * countries["log_income"].diff()
changes = pv.Panel(
    data[["country", "year", "spread", "growth"]].dropna(),
    entity="country",
    time="year",
)
model = pv.fit_panel_var(
    changes,
    ["spread", "growth"],
    lags=1,
    method="half-panel-jackknife",
    time_effects=True,
)
model.summary()

# %%
# Least squares with effects is biased in short panels, as the effects contain the errors that lags respond to
# (Nickell 1981). The half-panel jackknife takes the larger part of the bias out: from twice the estimate of all
# years it subtracts the average of the estimates of both halves, whose bias is twice as large.
#
# Which comes first?
# ------------------

pv.granger_table(model)

# %%
# Growth helps to predict spread (p = 0.03) and spread hardly helps to predict growth (p = 0.08). Look at the
# signs in the first table before believing either: a point more of users comes before *less* growth, and a per
# cent of growth before four hundredths of a point of users. The first has the wrong sign for the story that was
# to be told, and the second is small.
#
# Impulse responses
# -----------------
#
# Cumulative responses turn changes back into levels: by how much are users and income higher so many years after
# a shock? The bands draw countries, with all their years, and estimate again.

responses = model.impulse_responses(
    8, cumulative=True, bands=pv.EntityBootstrap(draws=499, seed=1)
)
figure = responses.plot(
    labels={"spread": "Users, points", "growth": "Income, per cent"}
)

# %%
# A shock to spread adds five points of users within eight years. It adds nothing to income that could be told
# from zero, as the panel at the lower left shows. A shock to growth adds five per cent to income and less than
# half a point to users, at the upper right.
#
# Does the estimator matter?
# --------------------------
#
# Five estimators of the same system, for the two coefficients in question. (Least squares, ``"within"``, warns of
# its bias.)

METHODS = [
    "within",
    "hahn-kuersteiner",
    "half-panel-jackknife",
    "corrected-moments",
    "gmm",
]
fits = {}
for method in METHODS:
    instruments = pv.LagInstruments(collapse=True) if method == "gmm" else None
    fits[method] = pv.fit_panel_var(
        changes,
        ["spread", "growth"],
        lags=1,
        method=method,
        instruments=instruments,
        time_effects=True,
    )
print(f"GMM: Hansen's test, p = {fits['gmm'].hansen_j.pvalue:.3f}")
figure = pv.plot_coefficients(
    fits,
    keep=["[growth]L1.spread", "[spread]L1.growth"],
    title="Each on the other, a year before",
    figsize=(8, 4),
)

# %%
# They agree on the first coefficient: no estimator finds that spread comes before growth. On the second GMM finds
# nothing where the others find a little. GMM has its own trouble here, as Hansen's test rejects its moments.
# Countries that differ in their dynamics would explain that.
#
# Caveats
# -------
#
# * **Granger causality is about prediction.** That spread does not announce growth within a year or so does not
#   say that access to the internet is worth nothing. An effect that takes a decade, or one that all countries had
#   at once, is not in this.
# * **One lag, one set of coefficients for all.** The study linked below tries up to four lags.
# * **Spread is slow, then fast, then slow again.** A linear system does not know that.
# * **Users are counted by surveys and by subscriptions**, and much of a poor country's series is the
#   statisticians' estimate.
#
# Nothing here is published elsewhere, so there is nothing to compare with.
#
# **Read next.** :doc:`/studies/internet_and_income` is the long version of this story, with unit roots and
# cointegration. :doc:`/guide/panel_vars`, :doc:`/guide/var_responses` and :doc:`/guide/var_bands` explain the
# methods. The functions: :func:`panelvar.fit_panel_var`, :func:`panelvar.granger_table`,
# :class:`panelvar.EntityBootstrap` and :func:`panelvar.plot_coefficients`. Data: Gapminder, *Systema Globalis*,
# from the World Bank's World Development Indicators, CC BY 4.0. Sources: Nickell (1981), *Econometrica* 49,
# 1417-1426; Dhaene and Jochmans (2015), *Review of Economic Studies* 82, 991-1030; Holtz-Eakin, Newey and Rosen
# (1988), *Econometrica* 56, 1371-1395.
