"""Bias and coverage of event studies. ``python tests/simulation/treatments.py`` rewrites treatments.md.

Ten periods, 400 units (three cohorts of 60, treated from the fourth, sixth and eighth period on), 100 (15 in a cohort)
or 40 (6).
Errors of a unit follow an AR(1) with coefficient one half, beside its effect. Effects grow with the periods since
treatment and differ by cohort (dynamic, different), or are one in all cohorts and periods (the same); each unit's
departs from its cohort's with a standard deviation of one half.
Cohorts are as large in every sample, but for Callaway and Sant'Anna and for two stages: their errors count cohorts as
drawn, and so they are there.
"""

from __future__ import annotations

import re
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import panelvar as pv

TABLE = Path(__file__).with_name("treatments.md")
REPLICATIONS = 2000
SEED = 411
PERIODS = 10
FIRST = np.array([4, 6, 8])
CASES = [
    (method, effects, units)
    for method in ("sun-abraham", "imputation", "two-way", "callaway-santanna", "two-stage", "extended-two-way")
    for effects in ("different", "the same")
    for units in (400, 100, 40)
]
NONE = "–"
"""A cell without a number: of the test of effects before treatment, where none are estimated."""
COLUMNS = ("bias", "overall", "each period", "sup-t band", "leads rejected")


def effect(first: np.ndarray, since: np.ndarray, effects: str) -> np.ndarray:
    """The mean effect on a cohort, so many periods after its first of treatment."""
    return (0.5 + 0.25 * (8 - first)) * (1.0 + 0.3 * since) if effects == "different" else np.ones(since.shape)


def draw(rng: np.random.Generator, effects: str, units: int, *, sampled: bool = False) -> pd.DataFrame:
    """One sample, with as many units in each cohort, or with cohorts that are drawn."""
    size = 60 * units // 400
    first = np.zeros(units)
    first[: 3 * size] = np.repeat(FIRST, size)
    if sampled:
        first = rng.choice(first, units)
    errors = np.empty((units, PERIODS))
    errors[:, 0] = rng.standard_normal(units) / np.sqrt(0.75)
    for period in range(1, PERIODS):
        errors[:, period] = 0.5 * errors[:, period - 1] + rng.standard_normal(units)
    period = np.arange(1, PERIODS + 1)
    since = period - first[:, None]
    on = (first[:, None] > 0) & (since >= 0)
    own = effect(first[:, None], since, effects) + 0.5 * rng.standard_normal((units, 1))
    y = rng.standard_normal((units, 1)) + 0.1 * period + np.where(on, own, 0.0) + errors
    unit = np.arange(units)
    return pd.DataFrame({
        "unit": np.repeat(unit, PERIODS),
        "period": np.tile(period, units),
        "first": np.repeat(first, PERIODS),
        "y": y.ravel(),
    })  # fmt: skip


def truth(effects: str, since: np.ndarray) -> tuple[np.ndarray, float]:
    """The effect in each period since treatment, and over all: means over the cohorts seen then."""
    seen = np.array([[first + each <= PERIODS for first in FIRST] for each in since])
    each = np.array([effect(FIRST, np.full(3, one), effects) for one in since])
    by_period = np.where(since >= 0, (each * seen).sum(axis=1) / seen.sum(axis=1), 0.0)
    late = since >= 0
    return by_period, float((each * seen)[late].sum() / seen[late].sum())


def judged(rng: np.random.Generator, method: str, effects: str, units: int) -> list[float]:
    """The error of the overall effect, what is covered, and whether the leads are rejected."""
    frame = draw(rng, effects, units, sampled=method in ("callaway-santanna", "two-stage"))
    found = pv.fit_event_study(frame, "y | unit + period", cohort="first", method=method)
    study = found.event_study(draws=1000, seed=rng)
    kept = ~study.references
    by_period, overall = truth(effects, study.periods[kept].to_numpy())
    whole = found.aggregate("overall")
    limits = whole.conf_int().to_numpy()[0]
    each, band = (study.conf_int(joint=joint).to_numpy()[kept] for joint in (None, "sup-t"))
    inside = (each[:, 0] <= by_period) & (by_period <= each[:, 1])
    return [
        whole.params["overall"] - overall,
        limits[0] <= overall <= limits[1],
        inside.mean(),
        ((band[:, 0] <= by_period) & (by_period <= band[:, 1])).all(),
        np.nan if study.leads_test is None else study.leads_test.pvalue < 0.05,
    ]


def study_of(method: str, effects: str, units: int, count: int = REPLICATIONS, seed: int = SEED) -> dict[str, float]:
    """Means over samples."""
    rng = np.random.default_rng([seed, CASES.index((method, effects, units))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        values = np.mean([judged(rng, method, effects, units) for _ in range(count)], axis=0)
    return dict(zip(COLUMNS, values.tolist(), strict=True))


def rejected(units: int, count: int = REPLICATIONS, seed: int = SEED) -> float:
    """How often two methods are said to differ at 5%, where effects are the same and both are right."""
    rng = np.random.default_rng([seed, units])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        compared = (
            pv.compare_methods(
                draw(rng, "the same", units), "y | unit + period", cohort="first", methods=("sun-abraham", "imputation")
            )
            for _ in range(count)
        )
        return float(np.mean([each.difference_test("sun-abraham", "imputation").pvalue < 0.05 for each in compared]))


def read_rejected() -> dict[int, float]:
    """The committed line on differences of methods."""
    found = re.findall(r"(\d\.\d+) with (\d+) units", TABLE.read_text(encoding="utf-8"))
    return {int(units): float(share) for share, units in found}


def read() -> dict[tuple[str, str, int], dict[str, float]]:
    """The committed table."""
    lines = [line for line in TABLE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    _, *body = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {
        (row[0], row[1], int(row[2])): {
            name: float(cell) for name, cell in zip(COLUMNS, row[3:], strict=True) if cell != NONE
        }
        for row in body
    }


def main() -> int:
    """Compute the table and write it."""
    lines = [
        "Effects of staggered treatment: bias of the average effect, coverage of its 95% interval, of those of each",
        "period since treatment (mean over them) and of the sup-t band of all, and how often the test of the effects",
        f"before treatment rejects at 5%. {REPLICATIONS} samples a row (Monte Carlo standard error of shares 0.005).",
        "Made by `python tests/simulation/treatments.py`.",
        "",
        f"| method | effects by cohort and period | units | {' | '.join(COLUMNS)} |",
        f"|---|---|---|{'---|' * len(COLUMNS)}",
    ]
    for case in CASES:
        found = study_of(*case)
        cells = (NONE if np.isnan(found[name]) else f"{found[name]:.3f}" for name in COLUMNS)
        lines.append(f"| {' | '.join(map(str, case))} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    shares = ", ".join(f"{rejected(units):.3f} with {units} units" for units in (400, 100, 40))
    lines += ["", f"`difference_test` of sun-abraham and imputation, effects the same, rejects at 5%: {shares}."]
    print(lines[-1], flush=True)
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
