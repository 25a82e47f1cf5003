"""
Unions and wages: clustered standard errors with few clusters
=============================================================

**Question.** Do unions raise wages, and how sure can you be if the errors of one man, or of a whole occupation, move
together? The data are 545 young American men, interviewed every year from 1980 to 1987 (Vella and Verbeek 1998).

**Answer in short.** Members earn some 20 per cent more than others, and some 8 per cent more than the same men do
without membership. The standard error doubles if you cluster by occupation instead of not at all. There are only nine
occupations, so this error needs corrections. Whether you should cluster by occupation at all is a question of design,
and here the case for clustering by man is stronger.
"""

# sphinx_gallery_thumbnail_number = 1
import matplotlib.pyplot as plt

import panelvar as pv

# %%
# The data
# --------
#
# 4,360 interviews. ``lwage`` is the logarithm of the hourly wage, ``union`` says whether collective bargaining set
# it, ``educ`` is years of schooling and ``exper`` years in the labour market.

OCCUPATIONS = [
    "Professionals",
    "Managers",
    "Sales",
    "Clerks",
    "Craftsmen",
    "Operatives",
    "Labourers",
    "Farm labourers",
    "Services",
]
data = pv.load_data("wage_panel")
data["occupation"] = data["occupation"].map(dict(enumerate(OCCUPATIONS, start=1)))

shares = data.groupby("occupation").agg(
    interviews=("union", "size"), members=("union", "mean")
)
shares = shares.sort_values("interviews")
figure, ax = plt.subplots(figsize=(7.5, 3.8), layout="constrained")
bars = ax.barh(shares.index, shares["interviews"])
ax.bar_label(bars, [f"{share:.0%} members" for share in shares["members"]], padding=4)
ax.set(title="Interviews by occupation, and the share of union members", xlim=(0, 1180))
_ = ax.set_xlabel("Interviews")

# %%
# The nine occupations differ in size, from 64 interviews to 934, and in membership.
#
# Three answers to one question
# -----------------------------
#
# Two interviews of one man share his ability and his luck. Two men of one occupation share its booms and its
# strikes. If such errors are related, and union membership is too, then 4,360 rows are not 4,360 pieces of
# information. Clustered standard errors allow for any relation within a cluster, and for none between clusters.
#
# Clustering by occupation warns, here and further down. The warning is the subject of this page.

CONTROLS = "educ + black + hisp + married + exper + I(exper**2) + i(year)"
pooled = pv.fit_pooled(data, f"lwage ~ union + {CONTROLS}")
by_man = pooled.with_cov("cluster")
by_occupation = pooled.with_cov(pv.Clustered("occupation"))
man_cr2 = pooled.with_cov(pv.BiasReduced("person"))
occupation_cr2 = pooled.with_cov(pv.BiasReduced("occupation"))
SHOWN = {
    "keep": "union",
    "labels": {"union": "Union member"},
    "below": ["std_errors", "conf_int"],
    "foot": ["clusters"],
    "rows": {
        "Degrees of freedom": lambda result: f"{result.df_coefficients['union']:.1f}"
    },
    "stars": (),
    "warnings": False,
}
pv.compare(
    {
        "Classical": pooled,
        "By man": by_man,
        "By man, CR2": man_cr2,
        "By occupation": by_occupation,
        "By occupation, CR2": occupation_cr2,
    },
    **SHOWN,
)

# %%
# How to read it
# --------------
#
# The estimate is the same in all columns. Its error grows by more than half when you cluster by man, and doubles
# when you cluster by occupation.
#
# CR2 corrects the error for the pull of each cluster on its own residuals, and Satterthwaite's method counts the
# degrees of freedom anew for each coefficient. With 545 men this changes nothing that you would notice. With nine
# occupations it does: there are not 8 degrees of freedom, as nine clusters would suggest, but about 5, and the
# interval is wider by a seventh. Why so few?

diagnostics = pv.cluster_diagnostics(pooled, cluster="occupation")
diagnostics.effective_clusters.head(5).round(1).rename("of 9 clusters").to_frame()

# %%
# Of nine clusters about six count for the union coefficient. (This warns too.) Which?

diagnostics.table["union"].sort_values(ascending=False).head(4).round(2).rename(
    "share of the information"
).to_frame()

# %%
# Nearly half of what the data say of the premium comes from operatives and craftsmen.
#
# The wild cluster bootstrap
# --------------------------
#
# The bootstrap does without degrees of freedom. It gives the residuals of each occupation a random sign, estimates
# anew, and asks how often the t statistic is as large as the one of the data. Nine clusters have 256 patterns of
# signs, if you count a pattern and its mirror image once. So every pattern is taken, and nothing is random.

wild = pv.wild_bootstrap_test(pooled, "union", cluster="occupation")
wild.summary()

# %%
# The variant below first leaves each cluster out of its own residuals. This helps when clusters are unequal.

left_out = pv.wild_bootstrap_test(pooled, "union", cluster="occupation", statistic="31")
left_out.summary()

# %%
# The same man with and without a union
# -------------------------------------
#
# Members may differ from others in ability, ambition or town. A constant for each man takes out what lasts. Then
# only men who joined or left a union say something about the premium. How many did, and how many ever changed
# their occupation?

men = data.groupby("person")[["union", "occupation"]].nunique()
(men > 1).mean().round(2).rename("share of men who changed").to_frame()

# %%
within = pv.fit_fixed_effects(
    data, "lwage ~ union + married + I(exper**2) | person + year"
)
within_by_man = within.with_cov("cluster")
pv.compare(
    {
        "Classical": within,
        "By man": within_by_man,
        "By occupation": within.with_cov(pv.Clustered("occupation")),
        "By occupation, CR2": within.with_cov(pv.BiasReduced("occupation")),
        "By man and occupation": within.with_cov(pv.Clustered("person", "occupation")),
    },
    **SHOWN,
)

# %%
# The premium falls to 8 per cent. And now the error by occupation is *smaller* than the one by man. This is no good
# news about occupations. Nearly nine men in ten change theirs, and with each change their interviews move to
# another cluster. The error by occupation takes those interviews for unrelated. Two-way clustering, in the last
# column, allows for both relations, but it learns about occupations from nine sums, and so it comes out small too.
# An error from nine clusters is itself a rough estimate.

within_wild = pv.wild_bootstrap_test(within, "union", cluster="occupation")
within_wild.summary()

# %%
# All intervals in one figure:

intervals = {
    "Classical": pooled.conf_int().loc["union"],
    "Clustered by man": by_man.conf_int().loc["union"],
    "Clustered by occupation": by_occupation.conf_int().loc["union"],
    "CR2 by occupation": occupation_cr2.conf_int().loc["union"],
    "Wild bootstrap by occupation": (wild.lower, wild.upper),
    "Wild bootstrap, variant 31": (left_out.lower, left_out.upper),
    "Same man: clustered by man": within_by_man.conf_int().loc["union"],
    "Same man: wild bootstrap by occupation": (within_wild.lower, within_wild.upper),
}
figure, ax = plt.subplots(figsize=(8, 3.8), layout="constrained")
for place, (name, (low, high)) in enumerate(intervals.items()):
    of_man = name.startswith("Same")
    ax.plot(
        [low, high],
        [place, place],
        color="#d55e00" if of_man else "#0072b2",
        linewidth=2,
    )
    ax.plot((within if of_man else pooled).params["union"], place, "o", color="black")
ax.axvline(0, color="grey", linewidth=0.9)
ax.set_yticks(range(len(intervals)), list(intervals))
ax.invert_yaxis()
_ = ax.set(title="The union premium: two estimates, many intervals", xlabel="Log wage")

# %%
# Should you cluster by occupation?
# ---------------------------------
#
# Ask how the sample was drawn and how the treatment came about (Abadie, Athey, Imbens and Wooldridge 2023).
#
# * **For clustering by man.** The survey follows persons, and a man joins or leaves a union on his own. All that
#   lasts with him, his membership included, stays in his cluster, and 545 clusters are many.
# * **For clustering by occupation.** Bargaining covers groups of workers, so membership and wages of colleagues
#   may move together. The first figure shows that membership differs between occupations.
# * **Against it.** The occupations are broad, a bargaining unit is a plant or a firm, and men leave their cluster.
#   If you fear lasting differences between occupations only, put them into the model:

pv.compare(
    {
        "Without occupations": by_man,
        "With occupations": pv.fit_pooled(
            data, f"lwage ~ union + {CONTROLS} + C(occupation)", cov="cluster"
        ),
    },
    **SHOWN,
)

# %%
# The premium rises a little, because members are in occupations that pay less. The error by man hardly changes.
#
# We would report the errors by man, and the bootstrap by occupation as a check. Both say that there is a premium.
# They disagree about how large it may be, and a referee should hear that.
#
# Caveats
# -------
#
# * **Joining a union is a choice.** Men who join when their prospects improve make the within estimate too large.
#   Errors in recorded membership make it too small, and for changes of status they weigh most. Vella and Verbeek
#   (1998) model the choice.
# * **The sample is selected.** Every man has a wage in each of the eight years.
# * **The names of the occupations** are short forms of those in the R package plm, which has the same rows
#   (``Males``).
#
# **Read next.** :doc:`/guide/few_clusters`, :doc:`/guide/covariances` and :doc:`/guide/fixed_effects`. The
# functions: :class:`panelvar.Clustered`, :class:`panelvar.BiasReduced`, :func:`panelvar.wild_bootstrap_test`,
# :func:`panelvar.cluster_diagnostics` and :func:`panelvar.load_data`. Sources: Vella and Verbeek (1998), *Journal of
# Applied Econometrics* 13, 163-183; Cameron, Gelbach and Miller (2008), *Review of Economics and
# Statistics* 90, 414-427; Pustejovsky and Tipton (2018), *Journal of Business & Economic Statistics* 36, 672-683;
# MacKinnon, Nielsen and Webb (2023), *Journal of Econometrics* 232, 272-299; Abadie, Athey, Imbens and Wooldridge
# (2023), *Quarterly Journal of Economics* 138, 1-35.
