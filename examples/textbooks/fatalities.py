"""Beer taxes and traffic deaths: Stock and Watson, Introduction to Econometrics (3rd ed.), table 10.1."""

from pathlib import Path

import panelvar as pv

OUTPUT = Path("output", "textbooks")
OUTPUT.mkdir(parents=True, exist_ok=True)

data = pv.load_data("fatalities")
data["age"] = data["drinkage"].astype(int).astype(str)
data["punish"] = ((data["jail"] == 1) | (data["service"] == 1)).astype(float)
data["miles"] = data["miles"] / 1000

laws, economy = "i(age, ref=21) + punish + miles", "unemp + log(income)"
results = [
    pv.fit_pooled(data, "frate ~ beertax", cov="HC1"),
    pv.fit_fixed_effects(data, "frate ~ beertax | state", cov="cluster"),
    pv.fit_fixed_effects(data, "frate ~ beertax | state + year", cov="cluster"),
    pv.fit_fixed_effects(data, f"frate ~ beertax + {laws} + {economy} | state + year", cov="cluster"),
    pv.fit_fixed_effects(data, f"frate ~ beertax + {laws} | state + year", cov="cluster"),
    pv.fit_fixed_effects(
        data, f"frate ~ beertax + drinkage + punish + miles + {economy} | state + year", cov="cluster"
    ),
]
table = pv.compare(
    results,
    drop="const",
    labels={"beertax": "Beer tax", "i(age, ref=21)": "Drinking age", "log(income)": "Log income"},
    rows={"State effects": ["no", *["yes"] * 5], "Time effects": ["no", "no", *["yes"] * 4]},
    foot=["nobs", "rsquared"],
    title="Beer taxes and traffic deaths",
)
print(table)
for terms in ("i(age, ref=21)", ["unemp", "log(income)"]):
    print(results[3].joint_test(terms).summary())
for suffix in ("tex", "docx", "html"):
    table.save(OUTPUT / f"fatalities.{suffix}")
pv.plot_within_between(data, "frate", "beertax").savefig(OUTPUT / "fatalities.png")
