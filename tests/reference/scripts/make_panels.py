"""Make the simulated panels scattered, staggered and threefirms (run from tests/reference; seeds fixed)."""
import numpy as np
import pandas as pd


def simulated(seed, firms, periods, rho):
    """All rows of a panel with firm and period effects, AR(1) errors of variances that differ, and a constant z."""
    r = np.random.default_rng(seed)
    i, t = np.repeat(np.arange(firms), periods), np.tile(np.arange(periods), firms)
    a, l = r.standard_normal(firms), 0.5 * r.standard_normal(periods)
    x1 = r.standard_normal(len(i)) + 0.4 * a[i]
    x2 = r.standard_normal(len(i)) * (1 + 0.2 * i / firms) + 0.3 * l[t]
    e = r.standard_normal((firms, periods)) * (0.5 + r.random(firms))[:, None]
    for s in range(1, periods):
        e[:, s] += rho * e[:, s - 1]
    z = r.standard_normal(firms).round(3)[i]
    y = 1 + 0.7 * x1 - 0.4 * x2 + 0.5 * z + a[i] + l[t] + e.ravel()
    return pd.DataFrame({"firm": i + 1, "year": 2000 + t, "y": y, "x1": x1, "x2": x2, "z": z}), r


def save(frame, name):
    frame.to_csv(f"data/{name}.csv", index=False, float_format="%.17g")


# Gaps, late entries, early exits, three firms with one row.
d, r = simulated(1, 30, 12, 0.3)
d = d[r.random(len(d)) > 0.35]
for firm in (4, 11, 27):
    d = d[(d["firm"] != firm) | (d["year"] == d.loc[d["firm"] == firm, "year"].iloc[0])]
save(d.drop(columns="z"), "scattered")
# No gaps; firms come and go, no period has all of them; z does not vary within a firm.
d, r = simulated(2, 20, 9, 0.2)
first, last = r.integers(2000, 2004, 20), r.integers(2005, 2009, 20)
d = d[d["year"].between(first[d["firm"] - 1], last[d["firm"] - 1])]
save(d, "staggered")
# Three firms, forty periods, nothing missing.
save(simulated(3, 3, 40, 0.5)[0].drop(columns="z"), "threefirms")
