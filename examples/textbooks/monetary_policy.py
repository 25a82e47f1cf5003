"""Inflation, unemployment and the federal funds rate: the VAR of Stock and Watson (2001, J. Economic Perspectives)."""

from pathlib import Path

import panelvar as pv

OUTPUT = Path("output", "textbooks")
OUTPUT.mkdir(parents=True, exist_ok=True)

data = pv.load_data("us_macro").loc["1960Q1":"2000Q4", ["infl", "unemp", "fedfunds"]]
model = pv.fit_var(data, lags=4)
# Policy answers inflation and unemployment within the quarter, and they answer it later.
scheme = pv.Cholesky(shocks=("price", "demand", "policy"))
responses = model.impulse_responses(
    24, identification=scheme, bands=pv.ResidualBootstrap(draws=500, seed=1), level=(0.68, 0.95)
)
shares = model.variance_decomposition(12, identification=scheme)
causes = pv.granger_table(model)

print(causes, shares, model.forecast(8, level=(0.68, 0.95)), sep="\n\n")
for suffix in ("tex", "docx", "html"):
    causes.save(OUTPUT / f"granger.{suffix}")
    shares.save(OUTPUT / f"variance_shares.{suffix}")
names = {"infl": "Inflation", "unemp": "Unemployment", "fedfunds": "Funds rate"}
responses.plot(labels=names).savefig(OUTPUT / "monetary_policy.png")
model.forecast(8, level=(0.68, 0.95)).plot(labels=names).savefig(OUTPUT / "forecast.png")
