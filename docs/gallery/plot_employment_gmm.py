"""
Employment dynamics by GMM: Arellano-Bond and Blundell-Bond
===========================================================

**Question.** How long do firms take to adjust their employment? 140 British firms, 1976 to 1984 (Arellano and
Bond 1991).

**Answer in short.** Slowly. How slowly depends on the estimator: between 0.6 and 0.96 of last year's employment
is carried over. Least squares is biased upwards and fixed effects downwards. GMM lies between, and the number of
instruments moves it from one end to the other.
"""

# sphinx_gallery_thumbnail_number = 3
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import panelvar as pv

# %%
# The data
# --------
#
# Logarithms of employment ``n``, of the real wage ``w`` and of the capital stock ``k``.

data = pv.load_data("employment")
for name, column in {"n": "emp", "w": "wage", "k": "capital"}.items():
    data[name] = np.log(data[column])
firms = pv.Panel(data[["n", "w", "k"]])
figure = pv.plot_series(
    firms, "n", title="Log employment of 140 firms", labels={"n": "Log employment"}
)

# %%
# Firms differ far more from each other than from their own past, and each line is nearly flat. With a lag of the
# dependent variable on the right, this is where two familiar estimators go wrong in opposite directions.
#
# Four estimates of one number
# ----------------------------
#
# All have the wage, capital, and their lags as further regressors, and effects of the years. (Least squares and
# fixed effects warn that each firm's first year has no year before it.)

REGRESSORS = ["w", "L(w)", "k", "L(k)"]
FORMULA = "n ~ L(n) + w + L(w) + k + L(k)"
LAGS = [pv.LagInstruments(["n", "w", "k"], 2)]
pooled = pv.fit_fixed_effects(
    firms, FORMULA, effects="time", cov=pv.Clustered("entity")
)
within = pv.fit_fixed_effects(
    firms, FORMULA, effects="twoway", cov=pv.Clustered("entity")
)
differences = pv.fit_arellano_bond(
    firms, "n", REGRESSORS, instruments=LAGS, time_effects=True
)
system = pv.fit_blundell_bond(
    firms, "n", REGRESSORS, instruments=LAGS, time_effects=True
)
fits = {
    "Least squares": pooled,
    "Fixed effects": within,
    "Arellano-Bond": differences,
    "Blundell-Bond": system,
}
NAMES = {
    "n": "Log employment",
    "L(n)": "Employment, year before",
    "w": "Wage",
    "k": "Capital",
}
NAMES |= {"L(w)": "Wage, year before", "L(k)": "Capital, year before"}
pv.compare(
    fits,
    keep=["L(n)", *REGRESSORS],
    labels=NAMES,
    foot=["nobs", "entities", "cov"],
    stars=(),
)

# %%
figure = pv.plot_coefficients(
    fits,
    keep="L(n)",
    labels=NAMES,
    title="How much of last year's employment stays",
    values=True,
    figsize=(9, 3),
)

# %%
# How to read it
# --------------
#
# *Least squares*, 0.96, takes the lasting difference between large and small firms for slow adjustment. It is too
# high.
#
# *Fixed effects*, 0.63, take each firm's mean out. That mean contains the shocks to which the lag already
# answered, and seven years are too few for them to average out (Nickell 1981). It is too low.
#
# *Arellano and Bond*, 0.68, take first differences and use employment two years back and earlier as instruments.
# That is consistent, and yet close to the biased end: if employment is persistent, its old levels hardly predict
# its changes, and weak instruments lean towards least squares of the same rows.
#
# *Blundell and Bond*, 0.93, add the levels, with old *changes* as instruments. That needs firms that had settled
# down before the sample began, which is a claim about Britain before 1976.
#
# Is the model fit to be read?
# ----------------------------
#
# First-differenced errors are correlated with those one year before, by construction, and must not be with those
# two years before. Otherwise instruments two years back are invalid.

pd.DataFrame.from_dict(
    {
        name: {
            "moments": fit.n_instruments,
            "order 1, p": fit.ar_test(1).pvalue,
            "order 2, p": fit.ar_test(2).pvalue,
            "Hansen, p": fit.hansen_j.pvalue,
        }
        for name, fit in (("Arellano-Bond", differences), ("Blundell-Bond", system))
    },
    orient="index",
).round(3)

# %%
# Nothing is rejected that should not be. That says less than it seems to: with so many moments for 140 firms,
# Hansen's test has little power left.
#
# How many instruments?
# ---------------------
#
# By default every lag in every year is a separate instrument. You can take fewer lags, or *collapse* them, so
# that a lag is one instrument for all years.

WINDOWS = {
    "All lags": pv.LagInstruments(["n", "w", "k"], 2),
    "Lags 2 to 4": pv.LagInstruments(["n", "w", "k"], 2, 4),
    "Lags 2 and 3": pv.LagInstruments(["n", "w", "k"], 2, 3),
    "All, collapsed": pv.LagInstruments(["n", "w", "k"], 2, collapse=True),
    "Lags 2 to 4, collapsed": pv.LagInstruments(["n", "w", "k"], 2, 4, collapse=True),
}
rows = {}
for name, window in WINDOWS.items():
    options = {"instruments": [window], "time_effects": True}
    fit = pv.fit_arellano_bond(firms, "n", REGRESSORS, **options)
    plain = pv.fit_arellano_bond(firms, "n", REGRESSORS, cov="uncorrected", **options)
    low, high = fit.conf_int().loc["L(n)"]
    rows[name] = {
        "moments": fit.n_instruments,
        "lag of n": fit.params["L(n)"],
        "error": fit.std_errors["L(n)"],
        "uncorrected": plain.std_errors["L(n)"],
        "low": low,
        "high": high,
        "Hansen p": fit.hansen_j.pvalue,
    }
counts = pd.DataFrame.from_dict(rows, orient="index")
counts.round(3)

# %%
figure, ax = plt.subplots(figsize=(7.5, 4), layout="constrained")
ax.errorbar(
    counts["moments"],
    counts["lag of n"],
    yerr=[counts["lag of n"] - counts["low"], counts["high"] - counts["lag of n"]],
    fmt="o",
    color="#0072b2",
)
for name, row in counts.iterrows():
    ax.annotate(
        name,
        (row["moments"], row["lag of n"]),
        xytext=(6, 6),
        textcoords="offset points",
        fontsize=8,
    )
ax.axhline(within.params["L(n)"], color="grey", linestyle="--", label="Fixed effects")
ax.axhline(pooled.params["L(n)"], color="grey", linestyle=":", label="Least squares")
ax.set(
    title="Arellano-Bond: the lag of employment by the number of moments",
    xlabel="Moments",
    ylabel="Coefficient",
)
ax.margins(x=0.12)
_ = ax.legend(loc="upper right", ncols=2)

# %%
# With all 91 moments the estimate sits at fixed effects' end. With few it is near Blundell and Bond's, and its
# interval reaches from one biased estimator to the other. The small interval of many moments is not knowledge.
# Many moments of few firms fit the endogenous regressors too well, and the estimate moves towards least squares
# of the differences.
#
# The column of uncorrected errors shows a second cost. Two-step weights are estimated from the errors that they
# weigh, and formulas that ignore this print errors that are too small: with all lags a fifth of the honest one.
# Windmeijer's correction is the default here.
#
# Can differences instrument levels?
# ----------------------------------
#
# Blundell and Bond need that. The difference of Hansen's statistics with and without the moments of the levels
# asks the data:

system.instrument_tests().summary()

# %%
# Not rejected, at 113 moments for 140 firms, where hardly anything is.
#
# Caveats
# -------
#
# * **The honest answer is an interval from about 0.6 to 1.** Collapsed instruments say so, and whoever reports
#   one number with all instruments leaves this out.
# * **The firms are no sample of firms.** They are companies that reported for seven years or more, and in the
#   recession of these years the median one lost more than a fifth of its employment from 1979 to 1982.
# * **The wage is taken for endogenous** by instruments of its own lags. Whether a wage of two years ago is
#   unrelated to this year's surprise is a matter of how firms and unions bargain, not of tests.
#
# **As published.** The tests of this library hold 52 numbers of Arellano and Bond's (1991) table 4 and 20 numbers
# of the authors' own program for this model to every printed digit; :doc:`/studies/employment_and_grants` shows
# them. The Blundell-Bond column above has another first step than that program, hence another estimate, and the
# study says why.
#
# **Read next.** :doc:`/guide/dynamic_panels`, :doc:`/guide/bias_corrected_panels` and
# :doc:`/studies/employment_and_grants`. The functions: :func:`panelvar.fit_arellano_bond`,
# :func:`panelvar.fit_blundell_bond`, :class:`panelvar.LagInstruments` and :func:`panelvar.fit_lsdvc`. Sources:
# Arellano and Bond (1991), *Review of Economic Studies* 58, 277-297; Blundell and Bond (1998), *Journal of
# Econometrics* 87, 115-143; Nickell (1981), *Econometrica* 49, 1417-1426; Roodman (2009), *Oxford Bulletin of
# Economics and Statistics* 71, 135-158; Windmeijer (2005), *Journal of Econometrics* 126, 25-51.
