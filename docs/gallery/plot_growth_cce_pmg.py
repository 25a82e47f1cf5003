"""
Capital and growth: common correlated effects, pooled mean group
================================================================

**Question.** How much output does capital bring? If a worker has one per cent more of it, by how many per cent
does output per worker rise? 24 OECD countries from 1960 to 2017, from the Penn World Table.

**Answer in short.** Between 0.5 and 0.9, depending on what you assume about three things: whether countries share
the effect, whether they share shocks, and whether they share a long run. Estimators that allow for shared shocks
find about 0.5. The national accounts pay capital a third of income.
"""

# sphinx_gallery_thumbnail_number = 1
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

import panelvar as pv

# %%
# The data
# --------
#
# Output and capital at constant national prices, divided by the number of people at work, in logarithms.

# The script may be started from the root of a clone or from its own folder.
folder = next(
    path
    for path in (Path("examples/data"), Path("../../examples/data"))
    if path.is_dir()
)
data = pd.read_csv(folder / "penn_world_table.csv")
data["output"] = np.log(data["gdp"] / data["employment"])
data["capital"] = np.log(data["capital"] / data["employment"])
panel = pv.Panel(
    data[["country", "year", "output", "capital"]], entity="country", time="year"
)
NAMES = {"output": "Log output per worker", "capital": "Log capital per worker"}
figure = pv.plot_scatter(
    panel,
    x="capital",
    y="output",
    labels=NAMES,
    title="Each country with its own line, and all with one",
)

# %%
# Every country moves up along its own line. The lines are steep, and partly for a reason that has nothing to
# do with capital: knowledge grew everywhere, and raised output while capital was built.
#
# Three questions, six answers
# ----------------------------

FORMULA = "output ~ capital"
by_country = pv.Clustered("entity")
fits = {
    "Country effects": pv.fit_fixed_effects(panel, FORMULA, cov=by_country),
    "Country and year effects": pv.fit_fixed_effects(
        panel, FORMULA, effects="twoway", cov=by_country
    ),
    "Mean group": pv.fit_mean_group(panel, FORMULA),
    "Mean group with trends": pv.fit_mean_group(panel, FORMULA, trend="ct"),
    "Common correlated effects": pv.fit_common_correlated_effects(panel, FORMULA),
    "Common correlated, pooled": pv.fit_common_correlated_effects(
        panel, FORMULA, pooled=True
    ),
}
pv.compare(
    fits, keep="capital", labels=NAMES, foot=["nobs", "entities", "cov"], stars=()
)

# %%
# *Country effects* give all countries one slope and no shared shocks: 0.83. *Mean groups* give each its own slope
# and average the slopes. With a trend for each country as well, 0.90 becomes 0.61.
#
# *Common correlated effects* go further. World shocks, such as knowledge or oil, may hit each country with a
# different force. The averages over countries stand in for these shocks, with a coefficient for each country
# (Pesaran 2006): 0.54.
#
# How alike are the errors?
# -------------------------
#
# If countries share shocks that the model leaves out, residuals of different countries are correlated. Pesaran's
# CD statistic is standard normal if they are not.


def cd(result):
    """Pesaran's test, of the residuals of any fit of these rows."""
    rows = data[["country", "year"]].assign(residual=np.asarray(result.resids))
    return pv.cross_section_dependence_test(
        pv.Panel(rows, entity="country", time="year"), column="residual"
    ).statistic


pd.Series({name: cd(result) for name, result in fits.items()}, name="CD").round(
    1
).to_frame()

# %%
# Three of the first four are far above zero. Clusters by country do not cover that, so the intervals are too
# narrow, and the slopes are biased if the shared shocks also moved capital. (With effects of years, residuals sum
# to zero in every year, which pulls the statistic below zero by itself.) Common correlated effects leave little.
#
# Do countries share the effect?
# ------------------------------

own = fits["Common correlated effects"].individual["capital"].sort_values()
errors = fits["Common correlated effects"].individual_std_errors["capital"][own.index]
figure, ax = plt.subplots(figsize=(7, 6), layout="constrained")
ax.errorbar(own, own.index, xerr=1.96 * errors, fmt="o", color="#0072b2", markersize=4)
ax.axvline(
    fits["Common correlated effects"].params["capital"], color="black", linestyle="--"
)
_ = ax.set(
    title="The effect of capital, country by country (CCE)",
    xlabel="Elasticity of output",
)

# %%
# Not in this picture. The dashed line is the average. Nobody believes in a negative effect of capital in Denmark.
# A regression with three slopes and 58 serially correlated years says little about one country. The average over
# countries says more, and its error of 0.14 comes from this dispersion.
#
# Do they share the long run?
# ---------------------------
#
# The pooled mean group lets countries differ in the short run and ties them together in the long run (Pesaran,
# Shin and Smith 1999). ``ec`` is the share of a gap to the long run that closes in a year.

pooled_mean_group = pv.fit_pooled_mean_group(panel, FORMULA)
own_long_runs = pv.fit_ardl_mean_group(panel, FORMULA)
pv.compare(
    {"Pooled mean group": pooled_mean_group, "Own long runs": own_long_runs},
    labels=NAMES
    | {
        "capital": "Long run",
        "ec": "Share of the gap closed, ec",
        "D(capital)": "In the first year",
    },
    drop="const",
    foot=["nobs", "entities"],
    stars=(),
)

# %%
# The long-run effect is 0.52. With own long runs the average is 0.48, six times less precisely. Hausman's test
# does not object to the common one:

pv.hausman_test(own_long_runs, pooled_mean_group)

# %%
# Seven per cent of a gap close in a year, so half of it is gone after ten.
#
# That presumes that there *is* a long run. If output and capital are not cointegrated, there is no gap to close:

pv.westerlund_test(panel, "output", ["capital"])

# %%
# One of the four statistics sees a relation, and three do not. That is thin. A referee would ask for a third
# variable: what would tie output to capital is knowledge, and knowledge is not in the data.
#
# All estimates in one figure, beside the third that national accounts pay to capital:

every = {**fits, "Pooled mean group": pooled_mean_group}
figure = pv.plot_coefficients(
    every,
    keep="capital",
    labels=NAMES,
    title="One per cent more capital: per cent of output",
    figsize=(8.5, 4),
)
_ = figure.axes[0].axvline(1 / 3, color="black", linestyle="--")

# %%
# Caveats
# -------
#
# * **Capital is no experiment.** Countries build when they expect growth. Common correlated effects remove shocks
#   that are shared, not a country's own good news.
# * **The capital stock is made by accountants** from past investment, with depreciation they choose. Errors in it
#   that last are taken out with the country, and others pull slopes towards zero.
# * **Common correlated effects ask for many countries.** The averages of 24 countries are noisy stand-ins for
#   world shocks.
# * **Human capital and hours are left out.** The table has them. Adding them takes two more slopes from each
#   country.
#
# There is no published table to compare with: the sample and the model are this page's. Pesaran, Shin and Smith
# (1999) use the pooled mean group on the consumption of 24 OECD countries, and the tests of this library hold the
# estimators to R's ``plm`` and ``PooledMeanGroup`` on Grunfeld's data.
#
# **Read next.** :doc:`/guide/heterogeneous`, :doc:`/guide/error_correction` and
# :doc:`/guide/panel_cointegration`. The functions: :func:`panelvar.fit_common_correlated_effects`,
# :func:`panelvar.fit_pooled_mean_group`, :func:`panelvar.fit_mean_group`,
# :func:`panelvar.cross_section_dependence_test` and :func:`panelvar.westerlund_test`. Data: Feenstra, Inklaar and
# Timmer (2015), *American Economic Review* 105, 3150-3182, Penn World Table 9.1, CC BY 4.0. Sources: Pesaran
# (2006), *Econometrica* 74, 967-1012; Pesaran, Shin and Smith (1999), *Journal of the American Statistical
# Association* 94, 621-634; Pesaran (2021), *Empirical Economics* 60, 13-50.
