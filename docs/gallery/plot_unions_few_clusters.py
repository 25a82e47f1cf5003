"""
Unions and wages: clustered standard errors with few clusters
=============================================================

**Question.** Do unions raise wages, and how sure can we be if the errors of a whole industry move together? Young
American women, interviewed between 1970 and 1988 (National Longitudinal Survey, 1968 cohort).

**Answer in short.** Members earn some 16 per cent more than others, and some 10 per cent more than the same women
do without membership. The ordinary standard error is a seventh of the one that takes industries as clusters. With
twelve industries, of which two or three dominate, even that one is too small, and you need its corrections.
"""

# sphinx_gallery_thumbnail_number = 2
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

import panelvar as pv

# %%
# The data
# --------
#
# 18,923 interviews of women who said whether a union covered them. ``ln_wage`` is the logarithm of the real
# hourly wage, ``grade`` years of schooling, ``ttl_exp`` years of work and ``tenure`` years in the job.

INDUSTRIES = [
    "Agriculture",
    "Mining",
    "Construction",
    "Manufacturing",
    "Transport and utilities",
    "Trade",
    "Finance",
    "Business services",
    "Personal services",
    "Entertainment",
    "Professional services",
    "Public administration",
]
# The script may be started from the root of a clone or from its own folder.
folder = next(path for path in (Path("examples/data"), Path("../../examples/data")) if path.is_dir())
data = pd.read_csv(folder / "nls_women.csv.gz")
data["industry"] = data["industry"].map(dict(enumerate(INDUSTRIES, start=1)))
panel = pv.Panel(data, entity="woman", time="year")

shares = data.groupby("industry").agg(interviews=("union", "size"), members=("union", "mean"))
figure, ax = plt.subplots(figsize=(7.5, 4.2), layout="constrained")
shares = shares.sort_values("interviews")
bars = ax.barh(shares.index, shares["interviews"])
ax.bar_label(bars, [f"{share:.0%} members" for share in shares["members"]], padding=4)
ax.set(title="Interviews by industry, and the share of union members", xlim=(0, 8200))
_ = ax.set_xlabel("Interviews")

# %%
# Twelve industries, from 37 interviews to 6,300. One of them is a third of the data.
#
# Who are the clusters?
# ---------------------
#
# Two women of an industry share its booms, its strikes and its bargaining. If errors are related within
# industries, and union membership is too, then 19,000 rows are not 19,000 pieces of information.

FORMULA = "ln_wage ~ union + grade + ttl_exp + I(ttl_exp**2) + tenure"
pooled = pv.fit_pooled(panel, f"{FORMULA} + i(year)")
by_woman = pooled.with_cov("cluster")

# %%
# Clustering by industry warns, and the correction warns as well. Both warnings are the subject of this page.

by_industry = pooled.with_cov(pv.Clustered("industry"))
corrected = pooled.with_cov(pv.BiasReduced("industry"))
NAMES = {"union": "Union member"}
pv.compare(
    {"Classical": pooled, "By woman": by_woman, "By industry": by_industry, "By industry, CR2": corrected},
    keep="union",
    labels=NAMES,
    below=["std_errors", "conf_int"],
    foot=["nobs", "cov"],
    stars=(),
)

# %%
# How to read it
# --------------
#
# The estimate is the same in all columns. Its error nearly doubles when the interviews of a woman may be related,
# and is seven times the first when those of an industry may. CR2 adds a little to the error and a good deal to
# the interval, as it counts the degrees of freedom anew: not 11, as twelve clusters would suggest, but fewer than
# four. Why so few?

diagnostics = pv.cluster_diagnostics(pooled, "industry")
diagnostics.effective_clusters.head(5).round(2).rename("of 12 clusters").to_frame()

# %%
# Of twelve clusters fewer than five count for the union coefficient. (This warns too.) Which?

diagnostics.table["union"].sort_values(ascending=False).head(4).round(2).rename("share of the information").to_frame()

# %%
# More than a third of what is known about the premium comes from professional services: schools and hospitals.
#
# The wild cluster bootstrap
# --------------------------
#
# The bootstrap does without degrees of freedom. It gives the residuals of each industry a random sign, estimates
# anew, and asks how often the t statistic is as large as ours. Twelve clusters have 2,048 patterns of signs, up
# to one sign for all, so every one is taken and nothing is random.

wild = pv.wild_bootstrap(pooled, "union", cluster="industry")
wild.summary()

# %%
# The variant below first leaves each cluster out of its own residuals, which helps when one cluster dominates.

left_out = pv.wild_bootstrap(pooled, "union", cluster="industry", variant="31")
left_out.summary()

# %%
# The same woman with and without a union
# ---------------------------------------
#
# Members may differ from others in ability, ambition or town. A constant for each woman takes out what lasts.
# Only women who joined or left a union then say something.

within = pv.fit_fixed_effects(panel, "ln_wage ~ union + ttl_exp + I(ttl_exp**2) + tenure | woman + year")
within_wild = pv.wild_bootstrap(within, "union", cluster="industry")
within_wild.summary()

# %%
# The premium falls to ten per cent, and is still clear of zero. (CR2 would take its time here: women change
# industries, so that the 4,000 effects cut across the clusters. The bootstrap takes a tenth of a second.)
#
# All intervals in one figure:

intervals = {
    "Classical": pooled.conf_int().loc["union"],
    "Clustered by woman": by_woman.conf_int().loc["union"],
    "Clustered by industry": by_industry.conf_int().loc["union"],
    "CR2 by industry": corrected.conf_int().loc["union"],
    "Wild bootstrap by industry": (wild.lower, wild.upper),
    "Wild bootstrap, variant 31": (left_out.lower, left_out.upper),
    "Same woman: clustered by woman": within.with_cov("cluster").conf_int().loc["union"],
    "Same woman: wild bootstrap by industry": (within_wild.lower, within_wild.upper),
}
figure, ax = plt.subplots(figsize=(8, 3.8), layout="constrained")
for place, (name, (low, high)) in enumerate(intervals.items()):
    of_woman = name.startswith("Same")
    ax.plot([low, high], [place, place], color="#d55e00" if of_woman else "#0072b2", linewidth=2)
    ax.plot((within if of_woman else pooled).params["union"], place, "o", color="black")
ax.axvline(0, color="grey", linewidth=0.9)
ax.set_yticks(range(len(intervals)), list(intervals))
ax.invert_yaxis()
_ = ax.set(title="The union premium: one estimate, many intervals", xlabel="Log wage")

# %%
# Caveats
# -------
#
# * **Whether to cluster by industry is a question of design.** If women were drawn at random and joined unions on
#   their own, the errors by woman would do (Abadie, Athey, Imbens and Wooldridge 2023). Bargaining covers plants
#   and industries, which speaks against it.
# * **Bootstrap and CR2 disagree about the margin.** At five per cent the bootstrap's interval is well above zero,
#   and CR2's touches it. With five effective clusters that is the state of knowledge, and a referee should hear
#   both.
# * **Joining a union is a choice.** Women who join when their prospects improve make the within estimate too
#   large. Errors in recorded membership make it too small, and for changes of status they weigh most.
# * **A third of the interviews have no answer.** The question was not put in 1968, 1969 and 1975, and some did
#   not say in other years.
#
# **Read next.** :doc:`/guide/few_clusters`, :doc:`/guide/covariances` and :doc:`/guide/fixed_effects`. The
# functions: :class:`panelvar.Clustered`, :class:`panelvar.BiasReduced`, :func:`panelvar.wild_bootstrap` and
# :func:`panelvar.cluster_diagnostics`. Sources: Cameron, Gelbach and Miller (2008), *Review of Economics and
# Statistics* 90, 414-427; Pustejovsky and Tipton (2018), *Journal of Business & Economic Statistics* 36, 672-683;
# MacKinnon, Nielsen and Webb (2023), *Journal of Econometrics* 232, 272-299; Abadie, Athey, Imbens and Wooldridge
# (2023), *Quarterly Journal of Economics* 138, 1-35.
