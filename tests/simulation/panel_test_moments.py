"""Constants of panel tests, drawn again: ``python tests/simulation/panel_test_moments.py pedroni m=1 trend=ct``.

Words after the command choose a table and cells of it: with ``pedroni`` alone every cell of the table is drawn. Each
number stands beside its standard error, what the library keeps, and their distance in standard errors. ``m``, ``N``
and ``p`` are short for regressors, entities and lags, ``T`` for the rows or periods of a table. ``draws=100000`` sets
how many draws there are, ``steps=500`` the length of walks that stand for a limit, ``seed=2`` other draws. ``csv``
prints rows of a table of constants: the drawn tables, whose heads say so, are made in this way. ``published`` compares
with what was printed where the library keeps draws instead. Without words the tables are listed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from panelvar.core.base.constants import constants
from panelvar.nonstationary.panel_cointegration import moments as panel_cointegration
from panelvar.nonstationary.panel_unit_roots.critical_values import CIPS_BOUNDS

Cell = Mapping[str, Any]
Numbers = dict[str, float]
GROUPS = 40
"""Parts of the draws whose spread gives standard errors."""
NUMBERS = 4_000_000
"""Random numbers of a chunk."""
LEVELS = (0.01, 0.05, 0.10)


class Table(NamedTuple):
    """A table: what a cell draws, what its draws are summed up to, and what constants the library keeps.

    ``draw(rng, count, cell)`` returns (count, K), a row a draw; ``sum_up(draws, cell)`` numbers by name.
    """

    title: str
    draw: Callable[[np.random.Generator, int, Cell], np.ndarray]
    sum_up: Callable[[np.ndarray, Cell], Numbers]
    kept: Callable[[], Iterator[tuple[Cell, Numbers]]]
    draws: int = 100_000
    steps: int = 0
    """Length of the walks that stand for a limit; 0 where samples are as long as the cell says."""


class Estimate(NamedTuple):
    """A number from draws, and its Monte Carlo standard error."""

    value: float
    error: float


# ---------------------------------------------------------------------------------------------------------------- walks


def terms(trend: str, rows: int) -> np.ndarray:
    """Orthonormal columns (rows, d) that span the trend."""
    powers = np.arange(rows, dtype=float)[:, None] ** np.arange({"n": 0, "c": 1, "ct": 2}[trend])
    return np.linalg.qr(powers)[0]


def without(paths: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Paths (..., rows) about their projections on the basis."""
    return paths - (paths @ basis) @ basis.T if basis.shape[1] else paths


def regressed(paths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Residuals (B, rows) and coefficients (B, m) of the first of paths (B, m + 1, rows) on the others."""
    squares = paths @ paths.transpose(0, 2, 1)
    slopes = np.linalg.solve(squares[:, 1:, 1:], squares[:, 1:, :1])[:, :, 0]
    return paths[:, 0] - np.einsum("bi,bit->bt", slopes, paths[:, 1:]), slopes


def lagged(changes: np.ndarray) -> np.ndarray:
    """Walks from zero, one step behind their changes."""
    levels = np.zeros_like(changes)
    np.cumsum(changes[..., :-1], axis=-1, out=levels[..., 1:])
    return levels


# ------------------------------------------------------------------------------------------------- Im, Pesaran and Shin


def dickey_fuller(rng: np.random.Generator, count: int, cell: Cell) -> np.ndarray:
    """T ratios of random walks, as their error variance is estimated with and without the lagged level (count, 2)."""
    n, p, trend = cell["rows"], cell.get("lags", 0), cell["trend"]
    changes = rng.standard_normal((count, n + p))
    levels = lagged(changes)[:, p:]
    basis = terms(trend, n)
    beside = [changes[:, p - lag : p - lag + n] for lag in range(1, p + 1)]
    stack = without(np.stack([*beside, levels, changes[:, p:]], axis=1), basis)
    factor = np.linalg.cholesky(stack @ stack.transpose(0, 2, 1))
    along, rest = factor[:, -1, -2], factor[:, -1, -1]
    k = p + basis.shape[1]
    return np.stack([along / rest * np.sqrt(n - k - 1), along / np.hypot(along, rest) * np.sqrt(n - k)], axis=1)


def two_moments(draws: np.ndarray, cell: Cell) -> Numbers:
    return {"mean": float(draws[:, 0].mean()), "variance": float(draws[:, 0].var())}


def both_ratios(draws: np.ndarray, cell: Cell) -> Numbers:
    found = two_moments(draws, cell)
    return found | {f"tilde_{name}": value for name, value in two_moments(draws[:, 1:], cell).items()}


def average_ratio(rng: np.random.Generator, count: int, cell: Cell) -> np.ndarray:
    """Averages over entities of t ratios without lags (count, 1)."""
    n = cell["entities"]
    return dickey_fuller(rng, count * n, cell)[:, 0].reshape(count, n).mean(axis=1, keepdims=True)


def quantiles(draws: np.ndarray, cell: Cell) -> Numbers:
    return {f"{level:.2f}": float(np.quantile(draws[:, 0], level)) for level in LEVELS}


# --------------------------------------------------------------------------------------------------- Levin, Lin and Chu


def levin_lin_chu(rng: np.random.Generator, count: int, cell: Cell) -> np.ndarray:
    """Of each random walk: level times change, level and change squared, long-run over short-run deviation (count, 4).

    About their trends and over the error variance, with one degree of freedom less for the lagged level. Changes are
    centred for the long-run variance with a trend only.
    """
    n, trend = cell["rows"], cell["trend"]
    changes = rng.standard_normal((count, n))
    basis = terms(trend, n)
    level, change = without(lagged(changes), basis), without(changes, basis)
    cross, levels, squares = (
        np.einsum("bt,bt->b", a, b) for a, b in ((level, change), (level, level), (change, change))
    )
    variance = (squares - cross**2 / levels) / (n - 1)
    if trend == "ct":
        changes = changes - changes.mean(axis=1, keepdims=True)
    lags = round(3.21 * n ** (1.0 / 3.0))
    long_run = np.einsum("bt,bt->b", changes, changes)
    for lag in range(1, lags + 1):
        weight = 2.0 * (1.0 - lag / (lags + 1.0))
        long_run += weight * np.einsum("bt,bt->b", changes[:, lag:], changes[:, :-lag])
    return np.stack([cross, levels, squares, np.sqrt(long_run * variance / n)], axis=1) / variance[:, None]


def adjustment(draws: np.ndarray, cell: Cell) -> Numbers:
    """Mean and deviation that make (t - N T S STD mean) / deviation standard normal for many entities."""
    cross, levels, squares, ratio = draws.T
    n = cell["rows"]
    mean = float(cross.mean() / (n * ratio.mean()))
    slope = cross.mean() / levels.mean()
    pooled = (squares - 2.0 * slope * cross + slope**2 * levels).mean() / n
    return {"mean": mean, "sd": float((cross - n * mean * ratio).std() / np.sqrt(levels.mean() * pooled))}


# ------------------------------------------------------------------------------------------------------- cointegration


def pooled_and_average(
    numerator: np.ndarray, denominator: np.ndarray
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Mean and variance of a ratio of sums over very many entities (delta method), and of the average ratio."""
    top, bottom = numerator.mean(), denominator.mean()
    spread = np.cov(numerator, denominator)
    slope = np.array([1.0 / bottom, -top / bottom**2])
    ratio = numerator / denominator
    return (float(top / bottom), float(slope @ spread @ slope)), (float(ratio.mean()), float(ratio.var()))


def over_root(numerator: np.ndarray, denominator: np.ndarray) -> tuple[tuple[float, float], tuple[float, float]]:
    """The same of a sum over the root of a sum."""
    top, bottom = numerator.mean(), denominator.mean()
    spread = np.cov(numerator, denominator)
    slope = np.array([bottom**-0.5, -0.5 * top * bottom**-1.5])
    ratio = numerator / np.sqrt(denominator)
    return (float(top / bottom**0.5), float(slope @ spread @ slope)), (float(ratio.mean()), float(ratio.var()))


def pedroni(rng: np.random.Generator, count: int, cell: Cell) -> np.ndarray:
    """Of residuals Q of one walk on others: sums of Q squared, of Q dQ, and 1 plus the squared slopes (count, 3)."""
    m, n = cell["regressors"], cell["steps"]
    paths = np.cumsum(rng.standard_normal((count, m + 1, n)), axis=2)
    residuals, slopes = regressed(without(paths, terms(cell["trend"], n)))
    before, change = residuals[:, :-1], np.diff(residuals, axis=1)
    sums = [np.einsum("bt,bt->b", before, other) / n**power for other, power in ((before, 2), (change, 1))]
    return np.stack([*sums, 1.0 + (slopes**2).sum(axis=1)], axis=1)


def pedroni_moments(draws: np.ndarray, cell: Cell) -> Numbers:
    """Moments of Pedroni (1999, section III), by the delta method where sums over entities stand in them."""
    squares, cross, scale = draws.T
    panel, group = pooled_and_average(cross, squares)
    a, b, c = draws.mean(axis=0)
    slope = np.array([-0.5 * b / a, 1.0, -0.5 * b / c]) / np.sqrt(a * c)
    ratio = cross / np.sqrt(squares * scale)
    spread = float(slope @ np.cov(draws.T) @ slope)
    return named(
        panel_v=(float(1.0 / a), float(squares.var() / a**4)),
        panel_rho=panel,
        panel_t=(float(b / np.sqrt(a * c)), spread),
        group_rho=group,
        group_t=(float(ratio.mean()), float(ratio.var())),
    )


def named(**pairs: tuple[float, float]) -> Numbers:
    return {
        f"{name} {moment}": value
        for name, pair in pairs.items()
        for moment, value in zip(("mean", "variance"), pair, strict=True)
    }


def error_correction(rng: np.random.Generator, count: int, cell: Cell) -> np.ndarray:
    """Of a lagged walk V about lagged others: sums of its squares, and with its own next change (count, 2)."""
    m, n = cell["regressors"], cell["steps"]
    changes = rng.standard_normal((count, m + 1, n))
    residuals, _ = regressed(without(lagged(changes), terms(cell["trend"], n)))
    squares = np.einsum("bt,bt->b", residuals, residuals) / n**2
    return np.stack([squares, np.einsum("bt,bt->b", residuals, changes[:, 0]) / n], axis=1)


def error_correction_moments(draws: np.ndarray, cell: Cell) -> Numbers:
    squares, cross = draws.T
    (pa, ga), (pt, gt) = pooled_and_average(cross, squares), over_root(cross, squares)
    return named(Gt=gt, Ga=ga, Pt=pt, Pa=pa)


def variance_ratio(rng: np.random.Generator, count: int, cell: Cell) -> np.ndarray:
    """Of residuals of one walk on others: sums of squared partial sums, and of squares (count, 2)."""
    m, n = cell["regressors"], cell["steps"]
    paths = np.cumsum(rng.standard_normal((count, m + 1, n)), axis=2)
    residuals, _ = regressed(without(paths, terms(cell["trend"], n)))
    sums = np.cumsum(residuals, axis=1)
    return np.stack([np.einsum("bt,bt->b", s, s) / n**power for s, power in ((sums, 4), (residuals, 2))], axis=1)


def variance_ratio_moments(draws: np.ndarray, cell: Cell) -> Numbers:
    panel, group = pooled_and_average(*draws.T)
    return named(panel=panel, group=group)


# -------------------------------------------------------------------------------------------------------------- Pesaran


def pesaran(rng: np.random.Generator, count: int, cell: Cell) -> np.ndarray:
    """Averages over entities of augmented t ratios, those ratios truncated, and one ratio (count, 3).

    Walks start from zero before the first of T periods, which leave T - 1 rows.
    """
    n, entities, trend = cell["periods"] - 1, cell["entities"], cell["trend"]
    steps = rng.standard_normal((count, entities, n + 1))
    levels, changes = np.cumsum(steps, axis=2)[..., :-1], steps[..., 1:]
    basis = np.broadcast_to(terms(trend, n), (count, n, len(trend) if trend != "n" else 0))
    common = np.stack([levels.mean(axis=1), changes.mean(axis=1)], axis=2)
    basis = np.linalg.qr(np.concatenate([basis, common], axis=2))[0]
    levels, changes = (paths - (paths @ basis) @ basis.transpose(0, 2, 1) for paths in (levels, changes))
    cross, squares, rest = (
        np.einsum("bnt,bnt->bn", *pair) for pair in ((levels, changes), (levels,) * 2, (changes,) * 2)
    )
    ratios = cross / np.sqrt((rest * squares - cross**2) / (n - basis.shape[2] - 1))
    return np.stack([ratios.mean(axis=1), ratios.clip(*CIPS_BOUNDS[trend]).mean(axis=1), ratios[:, 0]], axis=1)


def pesaran_quantiles(draws: np.ndarray, cell: Cell) -> Numbers:
    return {
        f"{name} {level}": value
        for place, name in enumerate(("cips", "truncated", "cadf"))
        for level, value in quantiles(draws[:, place:], cell).items()
    }


# ----------------------------------------------------------------------------------------------------------- Bai and Ng


def common_trends(rng: np.random.Generator, count: int, cell: Cell) -> np.ndarray:
    """Of so many walks about their terms: steps times the smallest eigenvalue of their symmetric root, less one."""
    m, n = cell["trends"], cell["steps"]
    paths = without(np.cumsum(rng.standard_normal((count, m, n)), axis=2), terms(cell["trend"], n))
    before, now = paths[..., :-1], paths[..., 1:]
    cross = now @ before.transpose(0, 2, 1)
    inverse = np.linalg.inv(np.linalg.cholesky(before @ before.transpose(0, 2, 1)))
    roots = np.linalg.eigvalsh(inverse @ (0.5 * (cross + cross.transpose(0, 2, 1))) @ inverse.transpose(0, 2, 1))
    return n * (roots[:, :1] - 1.0)


# --------------------------------------------------------------------------------------------------------------- tables


def kept_rows(room: str, table: str, keys: Sequence[str]) -> Iterator[tuple[Cell, dict[str, str]]]:
    """Rows of a table of constants: their cell, and what else stands in them."""
    for row in constants(room, table):
        cell = {key: row.pop(key) if key == "trend" else float(row.pop(key)) for key in keys}
        yield {key: int(value) if value != np.inf and key != "trend" else value for key, value in cell.items()}, row


def as_columns(room: str, table: str, *keys: str, trend: str = "") -> Callable[[], Iterator[tuple[Cell, Numbers]]]:
    """A table with a row a cell and a column a number."""

    def kept() -> Iterator[tuple[Cell, Numbers]]:
        for cell, row in kept_rows(room, table, keys):
            if np.inf not in cell.values():
                yield {"trend": trend, **cell}, {name: float(value) for name, value in row.items()}

    return kept


def by_statistic(table: str) -> Callable[[], Iterator[tuple[Cell, Numbers]]]:
    """A table of cointegration moments with a row a statistic; drawn rows stand after printed ones and replace them."""

    def kept() -> Iterator[tuple[Cell, Numbers]]:
        found: dict[tuple[str, int], Numbers] = {}
        for cell, row in kept_rows("nonstationary/panel_cointegration", table, ("trend", "regressors")):
            pair = {row["statistic"]: (float(row["mean"]), float(row["variance"]))}
            found.setdefault((cell["trend"], cell["regressors"]), {}).update(named(**pair))
        for (trend, regressors), numbers in found.items():
            yield {"trend": trend, "regressors": regressors}, numbers

    return kept


def by_level(table: str) -> Callable[[], Iterator[tuple[Cell, Numbers]]]:
    """A table of critical values with a row a level and rows, and a column for so many entities."""

    def kept() -> Iterator[tuple[Cell, Numbers]]:
        found: dict[tuple[str, int, str, int], Numbers] = {}
        for row in constants("nonstationary/panel_unit_roots", table):
            statistic, truncated = row.pop("statistic", ""), row.pop("truncated", "no") == "yes"
            trend, level = row.pop("trend"), row.pop("level")
            length = next(key for key in ("rows", "periods") if key in row)
            size = int(row.pop(length))
            name = f"{'truncated' if truncated else statistic} {level}".strip()
            for entities, value in row.items():
                found.setdefault((trend, int(entities), length, size), {})[name] = float(value)
        for (trend, entities, length, size), numbers in found.items():
            yield {"trend": trend, "entities": entities, length: size}, numbers

    return kept


UNIT_ROOTS = "nonstationary/panel_unit_roots"
TABLES = {
    "levin_lin_chu": Table(
        "Levin, Lin and Chu (2002), table 2",
        levin_lin_chu,
        adjustment,
        as_columns(UNIT_ROOTS, "levin_lin_chu", "trend", "rows"),
    ),
    "levin_lin_chu_short": Table(
        "The same for fewer rows than are printed",
        levin_lin_chu,
        adjustment,
        as_columns(UNIT_ROOTS, "levin_lin_chu_short", "trend", "rows"),
        draws=1_000_000,
    ),
    "im_pesaran_shin_ratios": Table(
        "Im, Pesaran and Shin (2003), table 1",
        dickey_fuller,
        both_ratios,
        as_columns(UNIT_ROOTS, "im_pesaran_shin_ratios", "rows", trend="c"),
    ),
    "im_pesaran_shin_critical": Table(
        "Im, Pesaran and Shin (2003), table 2",
        average_ratio,
        quantiles,
        by_level("im_pesaran_shin_critical"),
        draws=20_000,
    ),
    "im_pesaran_shin": Table(
        "Im, Pesaran and Shin (2003), table 3",
        dickey_fuller,
        two_moments,
        as_columns(UNIT_ROOTS, "im_pesaran_shin", "trend", "lags", "rows"),
    ),
    "pesaran": Table(
        "Pesaran (2007), tables I and II", pesaran, pesaran_quantiles, by_level("pesaran_critical"), draws=20_000
    ),
    "bai_ng_trends": Table(
        "Bai and Ng (2004), table I",
        common_trends,
        quantiles,
        as_columns(UNIT_ROOTS, "bai_ng_trends", "trend", "trends"),
        draws=40_000,
        steps=500,
    ),
    "pedroni": Table(
        "Pedroni (1999), table 2, and (2004), corollary 1",
        pedroni,
        pedroni_moments,
        by_statistic("pedroni"),
        steps=1000,
    ),
    "error_correction": Table(
        "Westerlund (2007), table 1",
        error_correction,
        error_correction_moments,
        by_statistic("error_correction"),
        steps=1000,
    ),
    "variance_ratio": Table(
        "Moments for Westerlund (2005)",
        variance_ratio,
        variance_ratio_moments,
        by_statistic("variance_ratio"),
        draws=600_000,
        steps=300,
    ),
}
PRINTED: Mapping[str, Callable[..., Mapping[str, tuple[float, float]]]] = {
    "pedroni": panel_cointegration.pedroni_moments,
    "error_correction": panel_cointegration.error_correction_moments,
}
"""Tables in which drawn numbers replace printed ones."""
SHORT = {"m": "regressors", "N": "entities", "p": "lags"}


def estimates(name: str, cell: Cell, draws: int = 0, seed: int = 1, steps: int = 0) -> dict[str, Estimate]:
    """Draw the numbers of a cell: the same in every run, whatever else is drawn."""
    table = TABLES[name]
    count, length = draws or table.draws, steps or table.steps
    cell = {**cell, "steps": length} if length else cell
    paths = cell.get("trends", cell.get("regressors", cell.get("lags", 0)) + 1)
    width = cell.get("rows", cell.get("periods", length)) * cell.get("entities", paths)
    chunk = max(1, NUMBERS // width)
    rng = np.random.default_rng(
        [seed, *name.encode(), *(value if key != "trend" else len(value) for key, value in cell.items())]
    )
    found = np.concatenate([table.draw(rng, min(chunk, count - first), cell) for first in range(0, count, chunk)])
    whole = table.sum_up(found, cell)
    parts = [table.sum_up(part, cell) for part in np.array_split(found, GROUPS)]
    return {
        key: Estimate(value, float(np.std([part[key] for part in parts], ddof=1)) / GROUPS**0.5)
        for key, value in whole.items()
    }


def chosen(name: str, options: Mapping[str, str]) -> Iterator[tuple[Cell, Numbers]]:
    """Cells whose keys have the values that are asked for; a cell that is not kept, if all of them are given."""
    short = {**SHORT, "T": "periods" if name == "pesaran" else "rows"}
    wanted = {short.get(key, key): value.split(",") for key, value in options.items()}
    found = False
    for cell, numbers in TABLES[name].kept():
        if all(str(cell.get(key)) in values for key, values in wanted.items()):
            found = True
            yield cell, numbers
    if not found:
        yield {key: values[0] if key == "trend" else int(values[0]) for key, values in wanted.items()}, {}


def main(words: Sequence[str]) -> None:
    """Draw what the words say and print it."""
    if not words or words[0] not in TABLES:
        print("\n".join(f"{name:26}{table.title}" for name, table in TABLES.items()))
        return
    name, options = words[0], dict(word.split("=") for word in words[1:] if "=" in word)
    how = {key: int(options.pop(key)) for key in ("draws", "seed", "steps") if key in options}
    for cell, kept in chosen(name, options):
        found = estimates(name, cell, **how)
        if "published" in words and name in PRINTED:
            kept = named(**PRINTED[name](cell["trend"], cell["regressors"], "published"))
        if "csv" in words:
            print_row(cell, found)
            continue
        print(" ".join(f"{key}={value}" for key, value in cell.items()), flush=True)
        for key, (value, error) in found.items():
            beside = f"  kept {kept[key]:<10g}{(value - kept[key]) / error:+.1f}" if key in kept else ""
            print(f"  {key:22}{value:<12.5g}({error:.1g}){beside}")


def print_row(cell: Cell, found: Mapping[str, Estimate]) -> None:
    """A cell as rows of a table of constants."""
    if "regressors" in cell:
        for statistic in dict.fromkeys(key.split()[0] for key in found):
            pair = ",".join(f"{found[f'{statistic} {moment}'].value:.5g}" for moment in ("mean", "variance"))
            print(f"drawn,{cell['trend']},{cell['regressors']},{statistic},{pair}", flush=True)
    else:
        print(
            ",".join([*map(str, cell.values()), *(f"{estimate.value:.3f}" for estimate in found.values())]), flush=True
        )


if __name__ == "__main__":
    main(sys.argv[1:])
