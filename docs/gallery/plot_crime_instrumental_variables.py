"""
Police and crime: instrumental variables, and weak instruments
==============================================================

**Question.** Do more police and more arrests reduce crime? 90 counties of North Carolina, 1981 to 1987 (Cornwell
and Trumbull 1994; Baltagi 2006).

**Answer in short.** Counties with more police have *more* crime, within counties and between them, because crime
brings police. Instruments were to mend that. Here two instruments do the work of one, so each elasticity by
itself may be anything. The published estimates that look precise owe it to an assumption.
"""

# sphinx_gallery_thumbnail_number = 3
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import panelvar as pv

# %%
# The data
# --------
#
# ``crmrte`` is crimes per head, ``polpc`` police per head, and ``prbarr``, ``prbconv`` and ``prbpris`` are the
# shares of crimes that end in an arrest, of arrests that end in a conviction, and of convictions that end in
# prison.

# The script may be started from the root of a clone or from its own folder.
folder = next(
    path
    for path in (Path("examples/data"), Path("../../examples/data"))
    if path.is_dir()
)
data = pd.read_csv(folder / "north_carolina_crime.csv")
data["crime"], data["police"] = np.log(data["crmrte"]), np.log(data["polpc"])
panel = pv.Panel(data, entity="county", time="year")
NAMES = {"crime": "Log crimes per head", "police": "Log police per head"}
figure = pv.plot_within_between(
    panel,
    "crime",
    "police",
    labels=NAMES,
    title="Crime and police: within counties, and between them",
)

# %%
# More police, more crime: the slope is positive on both sides. Nobody believes that officers commit the crimes.
# Counties hire police because they have crime. (One county, at the lower right, has by far the most police and
# the least crime. Least squares gives such a point great weight.)
#
# The published regressions
# -------------------------
#
# Everything is in logarithms, so coefficients are elasticities. Police and arrests are to be instrumented by two
# variables: taxes per head (``taxpc``: voters who dislike crime vote for taxes that pay for police) and the mix
# of offences (``mix``: crimes face to face over others: the police make more arrests where victims saw who did
# it).

WAGES = " + ".join(
    f"log({name})"
    for name in ("wcon", "wtuc", "wtrd", "wfir", "wser", "wmfg", "wfed", "wsta", "wloc")
)
OTHERS = (
    f"log(prbconv) + log(prbpris) + log(avgsen) + log(density) + {WAGES} + log(pctymle)"
)
CONSTANT = "log(pctmin) + i(region) + urban"  # what does not change about a county
ENDOGENOUS = "log(prbarr) + log(polpc)"
BY_INSTRUMENTS = f"{ENDOGENOUS} ~ log(taxpc) + log(mix)"

between = pv.fit_between(panel, f"log(crmrte) ~ {ENDOGENOUS} + {OTHERS} + {CONSTANT}")
fixed = pv.fit_fixed_effects(
    panel, f"log(crmrte) ~ {ENDOGENOUS} + {OTHERS} + i(year) | county"
)

# %%
# The next three warn, and the rest of this page is about that warning.

between_iv = pv.fit_iv_between(
    panel, f"log(crmrte) ~ {OTHERS} + {CONSTANT} | {BY_INSTRUMENTS}"
)
fixed_iv = pv.fit_iv_fixed_effects(
    panel, f"log(crmrte) ~ {OTHERS} + i(year) | county | {BY_INSTRUMENTS}"
)
random_iv = pv.fit_iv_random_effects(
    panel,
    f"log(crmrte) ~ {OTHERS} + i(year) + {CONSTANT} | {BY_INSTRUMENTS}",
    method="ec2sls",
)
results = {
    "Between": between,
    "Fixed effects": fixed,
    "Between, IV": between_iv,
    "Fixed effects, IV": fixed_iv,
    "Random effects, IV": random_iv,
}
LABELS = {
    "log(prbarr)": "Arrests",
    "log(polpc)": "Police",
    "log(prbconv)": "Convictions",
}
pv.compare(
    results, keep=list(LABELS), labels=LABELS, foot=["nobs"], stars=(), warnings=False
)

# %%
figure = pv.plot_coefficients(
    results,
    keep=list(LABELS),
    labels=LABELS,
    title="Elasticities of crime",
    figsize=(8, 4.4),
)

# %%
# How to read it
# --------------
#
# Arrests go with less crime and police with more, in all five. With fixed effects *and* instruments nothing is
# left of the precision: the error of the police coefficient is thirty times that of plain fixed effects. With
# random effects the errors are small again, and one might take that for the better estimator.
#
# What is wrong with the instruments?
# -----------------------------------
#
# Here are the two first stages of fixed effects with instruments.

first = fixed_iv.first_stages
pv.compare(
    {"Arrests": first["log(prbarr)"], "Police": first["log(polpc)"]},
    keep=["log(taxpc)", "log(mix)"],
    labels={"log(taxpc)": "Taxes per head", "log(mix)": "Mix of offences"},
    foot=["nobs"],
    stars=(),
)

# %%
# The mix of offences explains arrests and police, both with errors a fifth of the coefficient or less. Taxes
# explain neither. So there are two endogenous variables, and the one instrument that works moves both alike.
# Whoever looks at one first stage at a time is content, as both have an F above ten. The statistic that looks at
# both together is not:

for name, stage in first.items():
    print(f"{name}: F = {stage.wald_test(['log(taxpc)', 'log(mix)']).statistic:.1f}")
print(f"Both together, Cragg-Donald: F = {fixed_iv.cragg_donald:.2f}")
fixed_iv.stock_yogo.summary()

# %%
# The F of both together is 0.25. Stock and Yogo ask for 7.03, so that a test at five per cent rejects what is
# true in no more than ten per cent of samples. A test that the model is not identified at all does not reject:

fixed_iv.underidentification.summary()

# %%
# A region that is honest with weak instruments
# ---------------------------------------------
#
# Anderson and Rubin's test holds its level however weak the instruments are. The next figure asks it of every
# pair of elasticities in a wide window, and shades what it rejects at five per cent.

arrests, police = np.linspace(-4, 4, 25), np.linspace(-4, 4, 25)


def pvalues(result):
    """Of each pair."""
    pairs = [[{"log(prbarr)": a, "log(polpc)": p} for a in arrests] for p in police]
    return np.array(
        [[result.anderson_rubin(pair).pvalue for pair in row] for row in pairs]
    )


figure, axes = plt.subplots(1, 2, figsize=(9, 4.2), sharey=True, layout="constrained")
for ax, (name, result) in zip(
    axes,
    {"Fixed effects, IV": fixed_iv, "Between, IV": between_iv}.items(),
    strict=True,
):
    ax.contourf(
        arrests,
        police,
        pvalues(result),
        levels=[0, 0.05, 1],
        colors=["#bbbbbb", "#ffffff"],
    )
    ax.plot(
        result.params["log(prbarr)"], result.params["log(polpc)"], "o", color="#0072b2"
    )
    ax.set(title=f"{name}: white is not rejected", xlabel="Elasticity of arrests")
_ = axes[0].set_ylabel("Elasticity of police")

# %%
# Both white regions run out of the window. Within counties and between them, an elasticity of arrests of -2 is
# possible, and so is one of +2. What the data know is a line: if arrests deter less, police deter more. One
# working instrument gives one equation, and two unknowns solve it in many ways. The intervals of the table know
# nothing of this.
#
# Caveats
# -------
#
# * **Random effects buy precision with an assumption:** that whatever makes a county a place of crime has nothing
#   to do with its police and taxes. It is the assumption that fixed effects were invented to avoid. Its test of
#   instruments rejects:

random_iv.overidentification.summary()

# %%
# * **Crimes are on both sides.** The crime rate is crimes over people. The probability of arrest is arrests over
#   *crimes*, and the mix is a ratio of crimes. An error in counting crimes makes the first of these coefficients
#   negative by itself.
# * **Taxes are no lottery.** A county that taxes more differs in much else.
# * **Errors are classical**, as published. Clustered by county, every one of them is larger.
#
# **As published.** The estimators are those of Baltagi (2006). The tests of this library hold them to R's ``plm``
# on these counties, whose documentation says that it replicates them as Baltagi's book prints them (2013, table
# 7.1).
#
# **Read next.** :doc:`/guide/instrumental_variables`. The functions: :func:`panelvar.fit_iv_fixed_effects`,
# :func:`panelvar.fit_iv_between`, :func:`panelvar.fit_iv_random_effects` and
# :func:`panelvar.plot_within_between`. Sources: Cornwell and Trumbull (1994), *Review of Economics and
# Statistics* 76, 360-366; Baltagi (2006), *Journal of Applied Econometrics* 21, 543-547; Stock and Yogo (2005),
# in Andrews and Stock (eds.), *Identification and Inference for Econometric Models*; Anderson and Rubin (1949),
# *Annals of Mathematical Statistics* 20, 46-63.
