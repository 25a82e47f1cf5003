"""Coverage of 95% intervals with few clusters. ``python tests/simulation/few_clusters.py`` rewrites few_clusters.md.

Pooled regression y = x + u of clusters with a common shock in u (half of its variance) and x mostly the cluster's own.
Balanced: 20 rows a cluster. Unbalanced: 5 to 50 rows, x a dummy of 2 treated clusters of 10, or lognormal by cluster.
The shocks are independent across rows and clusters apart from the common one, so that no method is told the truth.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np

import panelvar as pv

TABLE = Path(__file__).with_name("few_clusters.md")
REPLICATIONS = 2000
SEED = 20231
DESIGNS = ("balanced 10", "balanced 20", "2 of 10 treated", "lognormal 10", "lognormal 20")
METHODS = ("CR1 normal", "CR1 t(G-1)", "CR2 Satterthwaite", "CR3 Satterthwaite", "CR3 t(G-1)", "wild", "wild Webb")
RESTRICTED = 999


def draw(rng: np.random.Generator, design: str) -> dict[str, np.ndarray]:
    """One sample."""
    groups = 20 if design.endswith("20") else 10
    sizes = np.full(groups, 20) if design.startswith("balanced") else np.linspace(5, 50, groups).astype(int)
    if design == "2 of 10 treated":
        own = (np.arange(groups) % 5 == 2).astype(float)
    elif design.startswith("lognormal"):
        own = np.exp(rng.standard_normal(groups))
    else:
        own = rng.standard_normal(groups)
    cluster = np.repeat(np.arange(groups), sizes)
    n = len(cluster)
    noise = 0.0 if design == "2 of 10 treated" else 0.3
    x = own[cluster] + noise * rng.standard_normal(n)
    u = rng.standard_normal(groups)[cluster] + rng.standard_normal(n)
    return {"cluster": cluster, "row": np.concatenate([np.arange(size) for size in sizes]), "x": x, "y": x + u}


def covered(rng: np.random.Generator, design: str) -> list[bool]:
    """Whether each method's interval has the truth, 1."""
    result = pv.fit_pooled(pv.Panel(draw(rng, design), "cluster", "row"), "y", ["x"])
    normal = pv.Convention("normal", distribution="normal")
    limits = [
        pv.fit_pooled(result._design.panel, "y", ["x"], cov="cluster", convention=normal).conf_int().loc["x"],
        result.with_cov("cluster").conf_int().loc["x"],
        result.with_cov(pv.BiasReduced("cluster")).conf_int().loc["x"],
        result.with_cov(pv.BiasReduced("cluster", kind="CR3")).conf_int().loc["x"],
        result.with_cov(pv.BiasReduced("cluster", kind="CR3", df="groups")).conf_int().loc["x"],
    ]
    out = [bool(limit["lower"] <= 1.0 <= limit["upper"]) for limit in limits]
    for weights in ("rademacher", "webb"):
        wild = pv.wild_bootstrap_test(result, "x", cluster="cluster", weights=weights, draws=RESTRICTED, seed=rng)
        out.append(any(low <= 1.0 <= high for low, high in wild.confidence_set))
    return out


def coverage(design: str, replications: int = REPLICATIONS, seed: int = SEED) -> dict[str, float]:
    """Share of samples whose interval has the truth, by method."""
    rng = np.random.default_rng([seed, DESIGNS.index(design)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        hits = np.mean([covered(rng, design) for _ in range(replications)], axis=0)
    return dict(zip(METHODS, hits.tolist(), strict=True))


def read() -> dict[str, dict[str, float]]:
    """The committed table."""
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    head, *body = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: dict(zip(head[1:], map(float, row[1:]), strict=True)) for row in body}


def main() -> int:
    """Compute the table and write it."""
    lines = [
        f"Coverage of 95% intervals, {REPLICATIONS} samples a row (Monte Carlo standard error 0.005).",
        "Made by `python tests/simulation/few_clusters.py`.",
        "",
        f"| design | {' | '.join(METHODS)} |",
        f"|---|{'---|' * len(METHODS)}",
    ]
    for design in DESIGNS:
        found = coverage(design)
        lines.append(f"| {design} | {' | '.join(f'{found[method]:.3f}' for method in METHODS)} |")
        print(lines[-1], flush=True)
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
