"""
A textbook macro VAR: inflation, unemployment and the federal funds rate
========================================================================

**Question.** What happens to inflation and unemployment after the Federal Reserve raises its rate, and how far
can three variables tell? The vector autoregression (VAR) of Stock and Watson (2001, *Journal of Economic
Perspectives*) is the example that most textbooks use.

**Answer in short.** A policy surprise raises unemployment a year and a half later, by a tenth of a point.
Inflation first rises, which is not what economists expect of it. The answer depends on the order of the
variables and averages two regimes. The page shows Granger causality, impulse responses and a variance
decomposition, and then answers what a referee would ask.

The variables are those of the article in a later vintage of the data: consumer price inflation (theirs is of
the deflator of GDP), unemployment and the federal funds rate, by quarter from 1960 to 2000.
"""

import pandas as pd
from matplotlib import pyplot as plt

import panelvar as pv

macro = pv.load_data("us_macro")[["infl", "unemp", "fedfunds"]]
data = macro.loc["1960Q1":"2000Q4"]
names = {"infl": "Inflation", "unemp": "Unemployment", "fedfunds": "Funds rate"}
axes = data.plot(
    subplots=True,
    figsize=(7, 5),
    legend=False,
    xlabel="",
    title="Inflation, unemployment and the funds rate, 1960 to 2000",
)
for axis, name in zip(axes, names.values(), strict=True):
    axis.set_ylabel(f"{name}, %")
plt.tight_layout()

# %%
# How many lags?
# --------------
# The article takes four. The criteria do not agree, as usual: they choose between three and eight.

pv.select_lags(data, max_lags=8)

# %%

model = pv.fit_var(data, lags=4)
pv.granger_table(model)

# %%
# Granger causality asks whether the lags of one variable help to predict another. Unemployment helps to
# predict inflation, and both help to predict the funds rate, which is what a central bank that watches them
# looks like. The funds rate helps to predict unemployment at the 5 percent level, and inflation at none of
# the usual ones. Inflation helps to predict unemployment.
#
# None of this is causality in the ordinary sense. Umbrellas in the morning help to predict rain, and do not
# bring it.
#
# What does a surprise in policy do?
# ----------------------------------
# For that the errors of the three equations must be taken apart into shocks. The order is that of the
# article: policy sees inflation and unemployment of the same quarter, and they answer policy a quarter later
# or after that. This is an assumption, and the data cannot check it. The bands come from a residual bootstrap
# with 500 draws and say how far the estimates could be off in other samples of this length, at 68 and 95
# percent.

scheme = pv.Cholesky(shocks=("price", "demand", "policy"))
responses = model.impulse_responses(
    24,
    identification=scheme,
    bands=pv.ResidualBootstrap(draws=500, seed=1),
    level=(0.68, 0.95),
)
_ = responses.plot(labels=names)

# %%
# Read the last column (a *demand* shock has the sign of unemployment here: it is bad news). A policy shock of
# one standard deviation raises the funds rate by 0.75 points. Unemployment answers slowly: it rises by about
# 0.11 points, a year and a half later, and its 95 percent band lies above zero then. Inflation falls a little
# in the second year.

# sphinx_gallery_thumbnail_number = 3
_ = responses.plot(
    of="unemp", shocks="policy", labels=names, figsize=(5, 3.5), title=""
)

# %%
# Look at inflation in the first quarter after the shock: it *rises*, by 0.19 points. This is the price
# puzzle. The usual explanation (Sims 1992) is that the central bank knows more about coming
# inflation than these three variables do. It raises its rate because it sees inflation coming, and the model
# takes that for a surprise.

responses.response("infl", shock="policy").loc[[0, 1, 2, 4, 8, 12, 24]].round(2)

# %%
# Which shocks cause forecast errors?
# -----------------------------------
# The variance decomposition says what share of the error of a forecast each shock accounts for.

model.variance_decomposition(12, identification=scheme)

# %%
# Three years ahead, policy shocks account for 5 percent of the variance of inflation and 8 percent of that of
# unemployment. This does **not** mean that policy does not matter. Most of policy is the systematic answer to
# the economy, and a shock is only what is left of the funds rate after that.
#
# What a referee would ask
# ------------------------
# *Is the order innocent?* The order of inflation and unemployment does not matter for the policy shock, which
# comes after both in any case. That policy comes last does matter: its error is correlated with those of the
# other two.

model.residual_correlation.round(2)

# %%
# With policy first, the bank sees nothing of its own quarter, and the other two may answer at once. A
# surprise then goes with *falling* unemployment in the same quarter, which is the bank's answer to the
# economy read backwards. The assumption carries the result.

first = pv.Cholesky(["fedfunds", "infl", "unemp"], shocks=("policy", "price", "demand"))
reversed_order = model.impulse_responses(24, identification=first)
pd.DataFrame(
    {
        "policy last": responses.response("unemp", shock="policy")["value"],
        "policy first": reversed_order.response("unemp", shock="policy")["value"],
    }
).loc[[0, 1, 2, 4, 6, 8, 12, 24]].round(2)

# %%
# *Is it one regime?* The Federal Reserve of Paul Volcker changed course in October 1979. The table fits the
# same model before and after, and shows the largest response of unemployment to a policy shock that raises
# the funds rate by one point, when it comes, and what inflation does in the first quarter.

rows = {}
for first, last in (("1960Q1", "2000Q4"), ("1960Q1", "1979Q3"), ("1979Q4", "2000Q4")):
    part = pv.fit_var(macro.loc[first:last], lags=4)
    answer = part.impulse_responses(24, identification=scheme, shock_size="unit")
    unemployment = answer.response("unemp", shock="policy")["value"]
    inflation = answer.response("infl", shock="policy")["value"]
    rows[f"{first} to {last}"] = {
        "unemployment at most": unemployment.max(),
        "after quarters": unemployment.idxmax(),
        "inflation in the first quarter": inflation[1],
    }
pd.DataFrame(rows).T.round(2)

# %%
# Before 1979 a point of the funds rate cost 0.41 points of unemployment, afterwards 0.12; the whole sample
# averages two regimes. The price puzzle is there in both halves, and four times as large in the first one. So
# the picture above describes an average of two worlds, and its bands do not know that.
#
# *Are the residuals clean?* Tests of serial correlation still find something at the third lag. Four lags are
# the article's choice, and not the end of the matter.

pv.serial_lm_table(model)

# %%
# What to conclude
# ----------------
# A VAR describes how the three series move together, and it does that well. The step to "what policy does"
# rests on the order of the variables, and the price puzzle says that the step is not safe with so few of
# them. Bands measure the error of estimation, never that of an assumption.
#
# **Read next**
#
# - :doc:`/guide/var` on estimation and lags, :doc:`/guide/var_responses` on responses and decompositions, and
#   :doc:`/guide/var_bands` on which bands to trust.
# - :doc:`plot_monetary_policy_signs` asks the same question without an order of the variables.
# - Every table here saves itself for a paper: ``pv.granger_table(model).save("granger.docx")``, or ``.tex``,
#   or ``.html``.
# - :func:`panelvar.fit_var`, :func:`panelvar.granger_table`, :class:`panelvar.Cholesky`,
#   :class:`panelvar.ResidualBootstrap`.
#
# Sources: Stock, J. H. and Watson, M. W. (2001), Vector autoregressions, Journal of Economic Perspectives
# 15(4), 101-115. Sims, C. A. (1992), Interpreting the macroeconomic time series facts: the effects of monetary
# policy, European Economic Review 36, 975-1000.
