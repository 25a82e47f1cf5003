"""
Pooled, fixed effects, random effects and more: one equation by ten panel estimators
====================================================================================

**Question.** How much does the choice of a panel estimator change the answer? Grunfeld (1958) explained the
investment of large US corporations by what the stock market says they are worth (``value``) and by the equipment
they already own (``capital``). This story takes one formula through ten estimators and puts the answers into one
figure.

**Answer in short.** The effect of a firm's value hardly depends on the estimator. The effect of its capital does:
it is anything from next to nothing to a third of a dollar for a dollar. Each difference has a reason, and you
choose by the reasons.
"""

# sphinx_gallery_thumbnail_number = 1
import panelvar as pv

# %%
# The data
# --------
#
# Ten firms from 1935 to 1954, in millions of 1947 dollars. The library brings eleven firms. Textbooks and other
# programs leave out American Steel, and so does this page.

data = pv.load_data("grunfeld").drop(index="American Steel", level="firm")
figure = pv.plot_series(data, "invest", title="Gross investment of ten firms")

# %%
# Here are the means of the firms. General Motors invests two hundred times what Diamond Match does. An estimator
# that compares *firms* compares giants with small firms. One that compares *the years of a firm* does not.

data.groupby("firm").mean().round(1).sort_values("invest", ascending=False)

# %%
# One formula, ten estimators
# ---------------------------

FORMULA = "invest ~ value + capital"
fits = {
    "Pooled": pv.fit_pooled(data, FORMULA),
    "Between firms": pv.fit_between(data, FORMULA),
    "Random effects": pv.fit_random_effects(data, FORMULA),
    "Fixed effects": pv.fit_fixed_effects(data, FORMULA),
    "Firm and year effects": pv.fit_fixed_effects(data, FORMULA, effects="twoway"),
    "First differences": pv.fit_first_difference(data, FORMULA),
    "GLS": pv.fit_fgls(data, FORMULA, panels="heteroskedastic", autocorrelation="ar1"),
    "Mean group": pv.fit_mean_group(data, FORMULA),
    "Common correlated effects": pv.fit_common_correlated_effects(data, FORMULA),
    "Fama-MacBeth": pv.fit_fama_macbeth(data, FORMULA),
}
NAMES = {"value": "Market value", "capital": "Capital"}
pv.compare(
    fits, keep=["value", "capital"], labels=NAMES, foot=["nobs", "cov"], stars=()
)

# %%
# The figure shows the same numbers. Each mark is an estimate, each line its 95% interval.

figure = pv.plot_coefficients(
    fits,
    keep=["value", "capital"],
    labels=NAMES,
    title="Ten estimates of two slopes",
    figsize=(8, 5),
)

# %%
# How to read it
# --------------
#
# **Value.** A dollar more of market value goes with 7 to 13 cents more of investment, whoever is asked.
#
# **Capital.** The answers fall into three groups.
#
# * *Within firms* (random effects, fixed effects, firm and year effects, first differences): 0.28 to 0.36. A firm
#   invests more in the years in which it owns more equipment. Part of gross investment replaces worn equipment,
#   so this is no surprise.
# * *Across firms* (between, Fama-MacBeth): 0.03 and 0.07. The ten means say almost nothing about capital, as the
#   long interval of the between estimate shows: two slopes from ten points.
# * *A slope for each firm, averaged* (mean group, common correlated effects): 0.21 and 0.08, with wide intervals.
#   Ten firms are few, and their slopes differ a great deal.
#
# The pooled estimate mixes the comparison of firms with the comparison of years. It lies between the two and
# estimates neither. GLS reweights the same mixture: it trusts small, steady firms more, and works with changes
# because it finds that errors last from one year to the next.
#
# The slopes of each firm make the third group plain.

slopes = fits["Mean group"].individual
ax = slopes.plot.scatter(
    "value",
    "capital",
    figsize=(7, 4.6),
    title="One regression for each firm: its two slopes",
)
ax.margins(0.14)
for firm, row in slopes.iterrows():
    ax.annotate(
        firm,
        (row["value"], row["capital"]),
        xytext=(4, 4),
        textcoords="offset points",
        fontsize=8,
    )

# %%
# Which one, then?
# ----------------
#
# Four tests narrow the choice down. Do the firms differ in level?

fits["Fixed effects"].f_poolability.summary()

# %%
# They do, so pooled least squares is out. Are the firms' effects related to the regressors?

pv.hausman_test(fits["Fixed effects"], fits["Random effects"])

# %%
# The data do not say so. Fixed and random effects agree to two decimals here, and you may use either. Do the
# firms share one slope?

pv.slope_homogeneity_test(fits["Fixed effects"])

# %%
# They do not. The fixed-effects slope is then a weighted mean of different slopes, and large firms, whose
# regressors move most, have most of the weight. Are the errors of a firm related over time? (The test warns,
# rightly, that ten firms are few for it.)

pv.wooldridge_within_test(fits["Fixed effects"])

# %%
# They are. The intervals above assume that they are not. Clustering by firm is the usual cure, and with ten
# clusters it needs a correction for few of them. Even that one warns, as the estimate rests on few firms.

robust = fits["Fixed effects"].with_cov(pv.BiasReduced("entity"))
pv.compare(
    {"Classical": fits["Fixed effects"], "Clustered, CR2": robust},
    keep=["value", "capital"],
    labels=NAMES,
    below="conf_int",
    foot=["cov"],
    stars=(),
)

# %%
# The honest summary
# ------------------
#
# Within firms, investment rises with capital by about 0.3. Textbooks print an error of 0.02 for that number. The
# corrected interval, which lets a firm's errors be related, reaches from -0.09 to 0.71. General Motors alone
# holds two thirds of what is known about it, and one firm is no sample. (The table warns too.)

pv.cluster_diagnostics(robust, cluster="entity").table[
    ["value", "capital"]
].sort_values("capital").tail(3).round(2)

# %%
# "The" slope of capital does not exist in these data either, as firms differ. And none of the ten estimators
# makes the regression causal. Whoever expects good years buys the firm's shares, or builds its plants, today.
#
# **As published.** Fixed effects give 0.1101 (0.0119) for value and 0.3101 (0.0174) for capital, as Stata's
# ``xtreg, fe`` prints them.
#
# **Read next.** :doc:`/guide/fixed_effects`, :doc:`/guide/random_effects`, :doc:`/guide/heterogeneous` and
# :doc:`/guide/few_clusters`. The functions: :func:`panelvar.fit_pooled`, :func:`panelvar.fit_fixed_effects`,
# :func:`panelvar.fit_random_effects`, :func:`panelvar.fit_mean_group`, :func:`panelvar.compare` and
# :func:`panelvar.plot_coefficients`.
