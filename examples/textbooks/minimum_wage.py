"""Minimum wages and teen employment: the counties of Callaway and Sant'Anna (2021) as a two-way event study."""

from pathlib import Path

import panelvar as pv

OUTPUT = Path("output", "textbooks")
OUTPUT.mkdir(parents=True, exist_ok=True)

data = pv.load_data("minimum_wage")
years = data.index.get_level_values("year")
# Counties that never raise their minimum wage have no event: any period does, as `treat` is zero.
data["since"] = (years - data["first_treat"]).where(data["treat"] == 1, -1)

SINCE = "i(since, treat, ref=-1)"
study = pv.fit_fixed_effects(data, f"lemp ~ {SINCE} | county + year", cov="cluster")
once = pv.fit_fixed_effects(data, "lemp ~ I((since >= 0) * treat) | county + year", cov="cluster")

table = pv.compare(
    {"Event study": study, "Before and after": once},
    drop="const",
    labels={"lemp": "Log teen employment", SINCE: "Years since", "I((since >= 0) * treat)": "After the rise"},
    below="conf_int",
    foot=["nobs", "entities", "cov"],
    title="Minimum wages and teen employment",
)
print(table)
# Counties were treated in different years: where effects differ by year, two-way coefficients mix them.
events = study.event_study(SINCE)
print(events)
for suffix in ("tex", "docx", "html"):
    table.save(OUTPUT / f"minimum_wage.{suffix}")
events.plot(title="Log teen employment").savefig(OUTPUT / "minimum_wage.png")
