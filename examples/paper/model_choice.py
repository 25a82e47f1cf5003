"""Which model the printed numbers choose, and which of two incomes gains more."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from panelvar.core.faces.layout import Row, number, probability, words
from panelvar.core.tables.table import Table
from paper.audit import ENTITIES, SLOPES, columns, implied_means_of_gdp
from paper.source import HALF

if TYPE_CHECKING:
    from paper.source import Paper


def effects_tested(paper: Paper, rows: int) -> Table:
    """F test of the two prefecture effects, pooled against fixed: from the printed F of both."""
    from scipy import stats

    printed = {(c.outcome, c.estimator): c for c in columns(paper)}
    dummies, df = ENTITIES - 1, rows - ENTITIES - SLOPES
    body = []
    for outcome in dict.fromkeys(name for name, _ in printed):
        pooled, fixed = (printed[outcome, key].r2_from_f(rows)[0] for key in ("pooled", "fixed_effects"))
        f = (fixed - pooled) / dummies / ((1.0 - fixed) / df)
        pvalue = float(stats.f.sf(f, dummies, df))
        body.append(Row(outcome, (number(pooled), number(fixed), number(f, 2), probability(pvalue))))
    heads = ("R2 pooled", "R2 fixed", f"F({dummies}, {df}) of effects", "p-value")
    return Table(
        title="Are there prefecture effects?",
        header=(Row("", tuple(words(head) for head in heads)),),
        body=tuple(body),
        notes=(f"Plain R2, as the printed F implies it with {rows} rows. Errors independent and of equal variance.",),
    )


class Gain(NamedTuple):
    """Coefficient of CII under fixed effects, over the mean of the dependent variable: limits from the rounding."""

    coefficient: float
    mean: tuple[float, float]
    relative: tuple[float, float]


def relative_gains(paper: Paper) -> dict[str, Gain]:
    """What CII is worth beside mean income, of townspeople and of villagers.

    Each printed line passes through the overall means, GDP's coefficient within its rounding: both lines bound the
    mean of income.
    """
    gdp, cii, _ = implied_means_of_gdp(paper)
    found = {}
    for outcome in ("PCIR", "PCIV"):
        block = paper.published["panel_tables_2_and_3"][outcome]
        centres = [
            block[key]["coef"]["const"] + block[key]["coef"]["cii"] * cii + block[key]["coef"]["gdp"] * gdp
            for key in ("pooled", "fixed_effects")
        ]
        reach = HALF * (1.0 + cii + gdp)
        mean = max(centres) - reach, min(centres) + reach
        slope = block["fixed_effects"]["coef"]["cii"]
        found[outcome] = Gain(slope, mean, ((slope - HALF) / mean[1], (slope + HALF) / mean[0]))
    return found
