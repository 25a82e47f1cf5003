"""Wages of young men: Wooldridge, Introductory Econometrics, table 14.2 and what a year of experience is worth."""

from pathlib import Path

import panelvar as pv

OUTPUT = Path("output", "textbooks")
OUTPUT.mkdir(parents=True, exist_ok=True)

data = pv.load_data("wage_panel")
changing = "exper + I(exper**2) + married + union"
every = f"lwage ~ educ + black + hisp + {changing} + i(year)"
pooled, random = pv.fit_pooled(data, every), pv.fit_random_effects(data, every)
# Experience grows by one each year: beside effects of men and years its level has no slope of its own.
fixed = pv.fit_fixed_effects(data, "lwage ~ I(exper**2) + married + union + i(year) | person")

table = pv.compare(
    {"Pooled": pooled, "Random": random, "Fixed": fixed},
    drop=["i(year)", "const"],
    order=["educ", "black", "hisp", "exper", "I(exper**2)"],
    labels={"lwage": "Log wage", "I(exper**2)": pv.Math("exper^2")},
    foot=["nobs", "entities", "rsquared"],
    title="Wages of young men",
)
print(table)
print(random.marginal_effects("exper", at={"exper": [1, 5, 10]}))
print(random.nonlinear("-exper / (2 * I(exper**2))"))
for suffix in ("tex", "docx", "html"):
    table.save(OUTPUT / f"wages.{suffix}")
figure = pv.plot_coefficients({"Pooled": pooled, "Random": random, "Fixed": fixed}, keep=["union", "married"])
figure.savefig(OUTPUT / "wages.png")
