"""
Monetary policy by sign restrictions, a recursive order and an external instrument
==================================================================================

**Question.** What does a surprise of monetary policy do to output? The answer depends on how the surprise is
told apart from everything else: by an order of the variables (Cholesky), by signs of responses (Uhlig 2005,
*Journal of Monetary Economics*), or by a series from outside that moves with policy alone, an external
instrument or proxy (Mertens and Ravn 2013; Stock and Watson 2018).

**Answer in short.** An order says that output falls, and that prices rise at first. Signs that rule out the
rise of prices leave the effect on output open. An instrument made of five famous dates is weak and not valid.
Each answer is mostly its assumption.

The series are real output and consumer prices (100 times logarithms) and the federal funds rate of the United
States, by quarter from 1965 to 2007.
"""

import textwrap
import warnings

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt

import panelvar as pv

us = pv.load_data("us_macro")
data = pd.DataFrame(
    {
        "output": 100 * np.log(us["realgdp"]),
        "prices": 100 * np.log(us["cpi"]),
        "funds rate": us["fedfunds"],
    }
).loc["1965Q1":"2007Q4"]
model = pv.fit_var(data, lags=4)


def draw(answer, title):
    """Draw the responses to the policy shock side by side."""
    figure, axes = plt.subplots(1, 3, figsize=(9, 2.9))
    answer.plot(shocks="policy", ax=axes)
    figure.suptitle(title)
    figure.tight_layout()


# %%
# An order
# --------
# Policy sees output and prices of the quarter; they answer it in the next quarter or after that. The bands
# here and below are of 68 percent, as is the custom for sign restrictions.

order = pv.Cholesky(shocks=("output", "prices", "policy"))
recursive = model.impulse_responses(
    20,
    identification=order,
    bands=pv.ResidualBootstrap(draws=500, seed=1),
    level=0.68,
)
draw(recursive, "A recursive order")
recursive.response("output", shock="policy").loc[[0, 2, 4, 8, 12, 20]].round(2)

# %%
# Output falls, by 0.44 percent after two years. Prices *rise* for more than a year: the price puzzle. If you
# do not believe that a higher interest rate raises prices, the shock is not policy, or not policy alone.
#
# Signs
# -----
# Uhlig's idea was to ask for what economists agree on and for nothing else. A policy shock raises the funds
# rate and does not raise prices, for four quarters (periods 0 to 3). About output nothing is asked: that is
# the question. Every shock that fits is kept.

signs = pv.SignRestrictions(
    {("funds rate", "policy"): ("+", 3), ("prices", "policy"): ("-", 3)},
    seed=1,
)
agnostic = model.impulse_responses(
    20, identification=signs, level=0.68, bands=pv.MonteCarlo(1000, seed=1)
)
print(textwrap.fill(agnostic.notes[0].text, 80))
draw(agnostic, "Signs of the funds rate and of prices, none of output")

# %%
# The puzzle is gone, by assumption. And so is the fall of output: its band holds zero everywhere, and
# most of the models that fit have output *rise* at first. Uhlig found the same and called the effect on
# output not settled.
#
# How many of the models have output fall?

output = agnostic.draws[:, :, list(data.columns).index("output"), 0]
pd.Series((output < 0).mean(axis=0)).rename_axis("quarters").loc[[0, 4, 8, 12]].rename(
    "share with lower output"
).round(2)

# %%
# These shares are not probabilities that the data give by themselves. Data cannot choose between models that
# fit equally well. Within the set the rotations were drawn uniformly, and the shares say as much about that
# as about the world (Baumeister and Hamilton 2015).
#
# Now ask in addition that output falls for four quarters. The result looks like a textbook, because it was
# told to:

told = pv.SignRestrictions(
    {
        ("funds rate", "policy"): ("+", 3),
        ("prices", "policy"): ("-", 3),
        ("output", "policy"): ("-", 3),
    },
    seed=1,
)
textbook = model.impulse_responses(
    20, identification=told, level=0.68, bands=pv.MonteCarlo(1000, seed=1)
)
draw(textbook, "Output is told to fall, too")

# %%
# An external instrument
# ----------------------
# A third way looks outside the model. Romer and Romer (1989, and 1994 for the last one) read the records of
# the Federal Reserve and dated the meetings at which it decided to lower inflation even at the cost of a
# recession: in our sample (from memory) December 1968, April 1974, August 1978, October 1979 and December
# 1988. A series that is one in these quarters is an instrument, if it moves with policy shocks (it is
# *relevant*) and with no other shock (it is *exogenous*).

dates = pd.PeriodIndex(["1968Q4", "1974Q2", "1978Q3", "1979Q4", "1988Q4"], freq="Q")
decisions = pd.Series(data.index.isin(dates).astype(float), index=data.index)
instrument = pv.ExternalInstrument(decisions, "funds rate", shock="policy")
pv.instrument_relevance_test(model, instrument)

# %%
# The F statistic of the first stage is 2.6, where 10 is the usual minimum: the instrument is weak. The
# library warns of that whenever it is used; here the warning is printed.

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    narrative = model.impulse_responses(20, identification=instrument)
print(*(textwrap.fill(str(warning.message), 80) for warning in caught), sep="\n")
draw(narrative, "The dates of Romer and Romer as an instrument")

# %%
# There is no band, because five dates cannot give an honest one: bootstrap samples without any of them exist.
#
# And the instrument is hardly exogenous. Prices rise at once and go on rising. The Federal Reserve decided as
# it did *because* inflation was high. A series that inflation shocks move, too, identifies a mixture of them
# and of policy. That is why later work uses surprises of interest rates in a short time around an
# announcement, which are no answer to the news of the month (Gertler and Karadi 2015). Jarocinski and Karadi
# (2020) publish theirs; with it, the code stays as it is.
#
# The answers side by side
# ------------------------

# sphinx_gallery_thumbnail_number = 5
answers = {
    "order": recursive,
    "signs": agnostic,
    "signs, output told": textbook,
    "instrument": narrative,
}
fig, axes = plt.subplots(1, 2, figsize=(6.5, 4))
for ax, name in zip(axes, ("output", "prices"), strict=True):
    for label, answer in answers.items():
        path = answer.response(name, shock="policy")["value"]
        size = answer.response("funds rate", shock="policy")["value"][0]
        ax.plot(path.index, path / size, label=label)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set_title(f"{name}, percent")
    ax.set_xlabel("quarters")
fig.legend(
    *axes[0].get_legend_handles_labels(), frameon=False, ncols=4, loc="lower center"
)
fig.suptitle("Four answers to a funds rate one point higher")
fig.tight_layout(rect=(0, 0.06, 1, 1))

# %%
# What to conclude
# ----------------
# All four answers come from the same fitted equations. They differ in what was assumed.
#
# - The *order* assumes that the economy does not answer within a quarter, and pays with a price puzzle.
# - *Signs* assume that the puzzle does not exist. What they leave open about output stays open; its fall
#   comes back only when it is assumed as well.
# - The *instrument* assumes a source of policy shocks that nothing else moves. These dates are weak and not
#   of that kind. With a good one, this is the assumption that needs the least theory and the most history.
#
# So "policy lowers output" is, in these data, nearer to an assumption than to a finding. A paper should show
# the answer under more than one scheme, since no band says which one is right.
#
# **Read next**
#
# - :doc:`/guide/structural_vars` on all schemes and on what their bands are.
# - :doc:`plot_macro_var` on the order alone, :doc:`plot_oil_shocks` on signs and history.
# - :class:`panelvar.SignRestrictions`, :class:`panelvar.ExternalInstrument`, :class:`panelvar.Cholesky`,
#   :class:`panelvar.MonteCarlo`, :func:`panelvar.instrument_relevance_test`.
#
# References: Uhlig, H. (2005), What are the effects of monetary policy on output?, Journal of Monetary
# Economics 52, 381-419. Romer, C. D. and Romer, D. H. (1989), Does monetary policy matter?, NBER
# Macroeconomics Annual 4, 121-170; (1994), Monetary policy matters, Journal of Monetary Economics 34, 75-88.
# Baumeister, C. and Hamilton, J. D. (2015), Sign restrictions, structural vector autoregressions, and useful
# prior information, Econometrica 83, 1963-1999. Gertler, M. and Karadi, P. (2015), Monetary policy surprises,
# credit costs, and economic activity, American Economic Journal: Macroeconomics 7(1), 44-76. Jarocinski, M.
# and Karadi, P. (2020), Deconstructing monetary policy surprises, American Economic Journal: Macroeconomics
# 12(2), 1-43.
