"""
Minimum wages and jobs: an event study, and staggered adoption
==============================================================

**Question.** What happens to the jobs of teenagers when a state raises its minimum wage? The counties of Callaway
and Sant'Anna (2021): 500 of them, 2003 to 2007.

**Answer in short.** Teen employment is two per cent lower in the year of the rise, and some ten per cent lower
two and three years later. Those ten per cent are the experience of a single state. States started in different
years, so a regression with county and year effects needs a second look as well, which is in the box below.
"""

# sphinx_gallery_thumbnail_number = 1
import panelvar as pv

# %%
# The data
# --------
#
# ``lemp`` is the logarithm of teen employment. ``first_treat`` is the first year with a state minimum wage above
# the federal one, and 0 where there was none until 2007.

data = pv.load_data("minimum_wage")
rows = data.reset_index()
rows["state"] = rows["county"] // 1000  # a county's code begins with its state's
rows.groupby("first_treat")[["state", "county"]].nunique()

# %%
# An event study with county and year effects
# -------------------------------------------
#
# ``since`` counts the years since the rise. Its value for counties that never raise their minimum wage does not
# matter, as ``treat`` is zero there. The year before the rise is the reference.

year = data.index.get_level_values("year")
data["since"] = (year - data["first_treat"]).where(data["treat"] == 1, -1)
SINCE = "i(since, treat, ref=-1)"
study = pv.fit_fixed_effects(data, f"lemp ~ {SINCE} | county + year", cov="cluster")
events = study.event_study(SINCE)
events.summary()

# %%
figure = events.plot(title="Log teen employment around a rise of the minimum wage")

# %%
# How to read it
# --------------
#
# Before the event the effects are small, and a joint test finds none of them (p = 0.18). In the year of the rise
# employment is 0.018 log points lower, about two per cent. Two years later it is 0.13 lower. The inner lines are
# intervals for one year at a time. The capped ones hold all years at once, and only the last two effects stay
# clear of zero by that measure.
#
# .. admonition:: Staggered adoption: what two-way fixed effects get wrong
#    :class: warning
#
#    Counties raised the minimum wage in 2004, 2006 and 2007. A regression with county and year effects compares,
#    among others, counties that raised theirs late with counties that raised theirs *early*. If the effect of the
#    early rise is still growing, the comparison counts that growth against the late rise. The coefficients are
#    then weighted sums of the effects of all groups and years. Some weights may be negative, and the effect of
#    one period can leak into the coefficient of another (Goodman-Bacon 2021; de Chaisemartin and D'Haultfœuille
#    2020; Sun and Abraham 2021).
#
#    The next section therefore lets every group have its own effects.
#
# One effect for each group and year
# ----------------------------------
#
# Each group of counties gets its own effects, measured from the year before its rise. Counties that never rise
# are the comparison. Nothing is forced to be alike, so nothing is mixed: the estimator of Sun and Abraham.

effects = pv.fit_sun_abraham(data, "lemp", cohort="first_treat")
effects.to_frame()["estimate"].unstack().round(4)

# %%
# Now average them by the years since the rise, weighting groups by their counties.

effects.summary()

# %%
# Beside the two-way coefficients:

figure = pv.plot_event_study(
    {"County and year effects": events, "Each group its own": effects},
    title="Log teen employment around a rise of the minimum wage",
)

# %%
# The two agree here, because the groups' effects are alike and most counties never rise, so that few comparisons
# are of the bad kind. That is a fact about these counties and not about the method.
#
# A minimum wage is a law of a state
# ----------------------------------
#
# The counties of a state share its law and its luck. The errors above take counties for independent. Clustering
# by state does not:

by_state = study.with_cov(pv.Clustered(rows["state"].to_numpy()))
by_state.event_study(SINCE)

# %%
# Three things happen. The errors before the rise grow by half or more, as they should. The effect one year after
# the rise is no longer clear of zero. And the errors of the effects two and three years after *fall*, which is no
# good news: those effects come from the counties that rose in 2004, and the first table says that all 20 are in
# one state, Illinois. A clustered error cannot learn from one cluster how much states differ. It measures how
# alike the counties of Illinois are, and no correction for few clusters mends that.
#
# Caveats
# -------
#
# * **The large effects are one state's.** Something else that happened to young workers in Illinois in 2006 and
#   2007 would look the same.
# * **Parallel trends are assumed.** The effects before the rise do not speak against them, and with five years
#   they could not say much.
# * **The size of the rise is ignored.** A state that went a few cents above the federal minimum counts like one
#   that went a dollar above it.
# * **No covariates.** Callaway and Sant'Anna let trends differ by population, region and more.
#
# **As published.** R's package ``did`` prints, on the same data and without covariates, -0.0199, -0.0510, -0.1373
# and -0.1008 for the years since the rise: the numbers of the second table, to every digit. Its errors come from a
# bootstrap and differ in the third decimal.
#
# **Read next.** :doc:`/guide/plots` for event-study plots, :doc:`/guide/fixed_effects` and
# :doc:`/guide/few_clusters`. The functions: :func:`panelvar.fit_event_study`, :func:`panelvar.fit_sun_abraham` and
# :func:`panelvar.plot_event_study`. Sources: Callaway and Sant'Anna (2021), *Journal of Econometrics* 225,
# 200-230; Goodman-Bacon (2021), *Journal of Econometrics* 225, 254-277; Sun and Abraham (2021), *Journal of
# Econometrics* 225, 175-199; de Chaisemartin and D'Haultfœuille (2020), *American Economic Review* 110,
# 2964-2996.
