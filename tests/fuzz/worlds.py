"""The data of fuzzed calls: a panel and a system, in good order or with what people's data suffer from.

A world is a function of its seed, its number and nothing else. `Change` makes the same world over in other words: rows
in another order, other labels, other names, other units. What an estimate says must not depend on these.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

ROLES = ("y", "x1", "x2", "x3", "z1", "z2", "f1", "f2", "w", "s", "g")
"""Columns of the panel: dependent, regressors, instruments, two that are fixed over time, weights, a state, groups."""
NUMBERS = ("y", "x1", "x2", "x3", "z1", "z2", "f1", "f2")
ODD_NAMES = (
    *("<b>x</b>", "x 1", "größe", "a_b%", "I(x)", "x1:x2", "const", "Intercept", "L1.y", "\\alpha", "=", "'", "消费"),
    "x" * 90,
)


@dataclass(frozen=True)
class Change:
    """How a world is made over."""

    shuffled: bool = False
    relabelled: bool = False
    renamed: bool = False
    powers: int | None = None
    """Seed of the powers of two by which each variable is multiplied."""
    widest: int = 40

    def power(self, name: str) -> int:
        """The power of two that multiplies a variable of this role."""
        if self.powers is None or name in ("w", "s"):
            return 0
        return int(np.random.default_rng([self.powers, *name.encode()]).integers(-self.widest, self.widest + 1))


SAME = Change()


@dataclass(frozen=True)
class World:
    """A panel ``frame`` with entity ``i`` and time ``t``, and a system ``series``."""

    seed: int
    number: int
    awkward: bool
    change: Change = SAME

    def over(self, change: Change) -> World:
        """The same world in other words."""
        return replace(self, change=change)

    def source(self) -> str:
        """The line that makes this world's data."""
        return f"World({self.seed}, {self.number}, {self.awkward}).tables()"

    @cached_property
    def ailments(self) -> tuple[str, ...]:
        """What the data suffer from."""
        return self._made.ailments

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The panel."""
        return self._made.frame

    @cached_property
    def series(self) -> pd.DataFrame:
        """The system."""
        return self._made.series

    @cached_property
    def names(self) -> dict[str, str]:
        """Role to name of a column."""
        return self._made.names

    @property
    def variables(self) -> list[str]:
        """Names of the system's variables."""
        return [str(name) for name in self.series.columns]

    @cached_property
    def _bytes(self) -> list[bytes]:
        return [pickle.dumps(self.tables())]

    def intact(self) -> bool:
        """Whether no value, type, label or order of the data has changed since this was first asked."""
        now = pickle.dumps(self.tables())
        if now not in self._bytes:
            # pandas keeps things with a table that are no part of what it says.
            if not all(map(same, self.tables(), replace(self).tables())):
                return False
            self._bytes.append(now)
        return True

    def tables(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Panel and system."""
        return self.frame, self.series

    @cached_property
    def _made(self) -> Draft:
        rng = np.random.default_rng([self.seed, self.number])
        draft = Draft(rng, self.awkward)
        for name in draft.chosen():
            AILMENTS[name](draft)
        return draft.finish(self.change)


@dataclass
class Draft:
    """Data while they are made."""

    rng: np.random.Generator
    awkward: bool
    ailments: tuple[str, ...] = ()
    frame: pd.DataFrame = field(init=False)
    series: pd.DataFrame = field(init=False)
    names: dict[str, str] = field(default_factory=lambda: {role: role for role in ROLES})

    def __post_init__(self) -> None:
        rng = self.rng
        small = self.awkward and rng.random() < 0.3
        entities, periods = rng.integers(1, 5, 2).tolist() if small else rng.integers((11, 10), (17, 18)).tolist()
        self.frame = panel_data(rng, entities, periods)
        length, variables = int(rng.integers(*((1, 12) if small else (36, 64)))), int(rng.integers(2, 4))
        self.series = system_data(rng, length, variables)

    def chosen(self) -> tuple[str, ...]:
        if self.awkward:
            count = int(self.rng.integers(1, 4))
            picked = self.rng.choice(list(AILMENTS), count, replace=False).tolist()
            # In the order in which they are defined: rows and values, then types, labels and names.
            self.ailments = tuple(name for name in AILMENTS if name in picked)
        return self.ailments

    def column(self) -> str:
        """A numeric column of the panel: often y or the first regressor, on which most models stand."""
        return str(self.rng.choice(NUMBERS, p=[0.3, 0.3, 0.15, 0.05, 0.07, 0.03, 0.06, 0.04]))

    def finish(self, change: Change) -> Draft:
        for role in NUMBERS:
            if (power := change.power(role)) and self.frame[role].dtype == float:
                self.frame[role] *= 2.0**power
        for place, name in enumerate(list(self.series.columns)):
            if (power := change.power(f"v{place}")) and self.series[name].dtype == float:
                self.series[name] *= 2.0**power
        if change.relabelled:
            for label in ("i", "t"):
                if pd.api.types.is_integer_dtype(self.frame[label]):
                    self.frame[label] = self.frame[label] * (1 if label == "t" else 3) + 1000
                    if label == "t" and pd.api.types.is_float_dtype(self.frame["first"]):
                        # First periods are periods too.
                        self.frame["first"] += 1000
        if change.renamed:
            self.names = {role: "n" + name for role, name in self.names.items()}
            self.frame = self.frame.rename(columns={name: "n" + name for name in ROLES})
            self.series = self.series.rename(columns=lambda name: f"n{name}")
        if change.shuffled:
            order = np.random.default_rng(len(self.frame)).permutation(len(self.frame))
            self.frame = self.frame.iloc[order].reset_index(drop=True)
        return self


def same(first: pd.DataFrame, second: pd.DataFrame) -> bool:
    """Whether two tables are equal in every value, type, label and name."""
    try:
        pd.testing.assert_frame_equal(first, second, check_exact=True)
    except AssertionError:
        return False
    return True


def panel_data(rng: np.random.Generator, entities: int, periods: int) -> pd.DataFrame:
    """A panel as a textbook has it."""
    i, t = np.repeat(np.arange(entities), periods), np.tile(np.arange(2001, 2001 + periods), entities)
    rows = len(i)
    columns = {name: rng.standard_normal(rows) for name in ("x1", "x2", "x3", "z1", "z2")}
    effect, f1, f2 = rng.standard_normal((3, entities))
    columns["x1"] += 0.5 * effect[i]
    columns["x2"] += columns["z1"] + 0.5 * columns["z2"]
    y = 1.0 + columns["x1"] - 0.5 * columns["x2"] + f1[i] + effect[i] + rng.standard_normal(rows)
    frame = pd.DataFrame({"i": i, "t": t, "y": y, **columns, "f1": f1[i] + 0.0, "f2": f2[i] + 0.5 * effect[i]})
    frame["w"] = rng.uniform(0.5, 2.0, rows)
    frame["s"] = (rng.random(rows) < 0.5).astype(float)
    frame["g"] = np.array(["a", "b", "c", "d"])[i % min(4, max(entities // 2, 1))]
    # Treated from the third period on, from a later one, or never.
    frame["first"] = np.array([np.nan, 2003.0, 2001.0 + periods // 2])[i % 3]
    frame["on"] = (frame["t"] >= frame["first"]).astype(int)
    return frame


def system_data(rng: np.random.Generator, periods: int, variables: int) -> pd.DataFrame:
    """A stable vector autoregression; one of a few has a unit root."""
    lag = 0.5 * np.eye(variables) + 0.1 * rng.standard_normal((variables, variables))
    if rng.random() < 0.3:
        lag[0] = np.eye(variables)[0]
    path = np.zeros((periods + 20, variables))
    errors = rng.standard_normal(path.shape)
    for now in range(1, len(path)):
        path[now] = lag @ path[now - 1] + errors[now]
    return pd.DataFrame(path[20:], columns=[f"v{place}" for place in range(variables)])


DTYPES = """float32 float16 longdouble int8 int64 uint16 bool Int64 Float32 boolean object category str complex
    date""".split()
AILMENTS: dict[str, Callable[[Draft], None]] = {}


def ailment(make: Callable[[Draft], None]) -> Callable[[Draft], None]:
    """Register what data may suffer from."""
    AILMENTS[make.__name__] = make
    return make


@ailment
def gaps(draft: Draft) -> None:
    keep = draft.rng.random(len(draft.frame)) < 0.8
    if keep.any():
        draft.frame = draft.frame[keep].reset_index(drop=True)
    if len(draft.series) > 3:
        draft.series = draft.series.drop(index=int(draft.rng.integers(1, len(draft.series) - 1)))


@ailment
def singletons(draft: Draft) -> None:
    frame = draft.frame
    alone = draft.rng.random(int(frame["i"].max()) + 1) < 0.4
    draft.frame = frame[~alone[frame["i"]] | (frame["t"] == frame["t"].min())].reset_index(drop=True)


@ailment
def missing_values(draft: Draft) -> None:
    for table, name in ((draft.frame, draft.column()), (draft.series, draft.series.columns[0])):
        table[name] = table[name].mask(
            draft.rng.random(len(table)) < draft.rng.choice([0.05, 0.3, 1.0], p=[0.6, 0.3, 0.1])
        )


@ailment
def constant_column(draft: Draft) -> None:
    value = float(draft.rng.choice([0.0, 1.0, 5.0, 1e-200, 0.1]))
    draft.frame[draft.column()] = value
    draft.series[draft.series.columns[int(draft.rng.integers(draft.series.shape[1]))]] = value


@ailment
def constant_within(draft: Draft) -> None:
    name = draft.column()
    draft.frame[name] = draft.frame.groupby(draft.rng.choice(["i", "t"]))[name].transform("first")


@ailment
def collinear(draft: Draft) -> None:
    noise = float(draft.rng.choice([0.0, 1e-15, 1e-12, 1e-9, 1e-6, 1e-4]))
    frame = draft.frame
    frame["x2"] = 2.0 * frame["x1"] + noise * frame["x2"]
    last = draft.series.columns[-1]
    draft.series[last] = draft.series[draft.series.columns[0]] + noise * draft.series[last]


@ailment
def perfect_fit(draft: Draft) -> None:
    draft.frame["y"] = draft.frame["x1"] * 3.0 + float(draft.rng.choice([0.0, 1e-14, 1e-8])) * draft.frame["y"]
    first = draft.series.columns[0]
    draft.series[first] = 0.9 ** np.arange(len(draft.series))


@ailment
def extreme_scale(draft: Draft) -> None:
    power = int(draft.rng.choice([-300, -160, -80, -40, -14, 14, 40, 80, 160, 300]))
    draft.frame[draft.column()] *= 10.0**power
    draft.series[draft.series.columns[int(draft.rng.integers(draft.series.shape[1]))]] *= 10.0**power


@ailment
def every_scale(draft: Draft) -> None:
    power = int(draft.rng.choice([-300, -160, -100, 100, 160, 300]))
    for name in NUMBERS:
        draft.frame[name] *= 10.0**power
    draft.series *= 10.0**power


@ailment
def denormal(draft: Draft) -> None:
    draft.frame[draft.column()] *= 1e-310
    draft.series[draft.series.columns[0]] *= 1e-310


@ailment
def high_level(draft: Draft) -> None:
    level = float(draft.rng.choice([1e4, 1e8, 1e12, 1e15]))
    draft.frame[draft.column()] += level
    draft.series[draft.series.columns[0]] += level


@ailment
def outlier(draft: Draft) -> None:
    name = draft.column()
    draft.frame.loc[0, name] = float(draft.rng.choice([1e6, 1e12, 1e100]))
    draft.series.iloc[-1, 0] = 1e9


@ailment
def infinite(draft: Draft) -> None:
    draft.frame.loc[0, draft.column()] = np.inf
    if draft.rng.random() < 0.5:
        draft.series.iloc[0, 0] = -np.inf


@ailment
def integers_mostly_equal(draft: Draft) -> None:
    draft.frame[draft.column()] = (draft.rng.random(len(draft.frame)) < 0.05).astype(float)
    draft.series[draft.series.columns[0]] = (draft.rng.random(len(draft.series)) < 0.05).astype(float)


@ailment
def other_dtype(draft: Draft) -> None:
    name = draft.column()
    kind = str(draft.rng.choice(DTYPES))
    for table, column in ((draft.frame, name), (draft.series, draft.series.columns[-1])):
        values = table[column]
        with np.errstate(all="ignore"):
            if kind == "date":
                table[column] = pd.to_datetime("2001-01-01") + pd.to_timedelta(np.arange(len(table)), unit="D")
            elif kind in ("int8", "int64", "uint16", "bool", "Int64", "boolean"):
                whole = np.clip(np.nan_to_num(values.to_numpy(float) * 3.0), 0 if kind == "uint16" else -99, 99).round()
                table[column] = pd.Series(whole > 0 if kind in ("bool", "boolean") else whole, table.index).astype(kind)
            elif kind in ("longdouble", "complex", "float16"):
                table[column] = values.to_numpy(float).astype(kind)
            else:
                table[column] = values.astype(kind)


@ailment
def odd_labels(draft: Draft) -> None:
    frame = draft.frame
    kind = str(draft.rng.choice(["text", "date", "negative", "float", "year text", "quarter", "category", "sparse"]))
    if kind == "text":
        frame["i"] = np.array(ODD_NAMES)[frame["i"] % len(ODD_NAMES)].astype(object) + frame["i"].astype(str)
    elif kind == "date":
        frame["t"] = pd.to_datetime(frame["t"].astype(str))
        draft.series.index = pd.date_range("2001-01-31", periods=len(draft.series), freq="ME")
    elif kind == "negative":
        frame["i"], frame["t"] = -frame["i"], frame["t"] - 2010
    elif kind == "float":
        frame["i"], frame["t"] = frame["i"] / 2, frame["t"] / 4
    elif kind == "year text":
        frame["t"] = frame["t"].astype(str)
    elif kind == "quarter":
        frame["t"] = pd.PeriodIndex.from_ordinals(frame["t"].to_numpy() - 1900, freq="Q")
        draft.series.index = pd.period_range("2001Q1", periods=len(draft.series), freq="Q")
    elif kind == "category":
        frame["i"] = frame["i"].astype("category")
    else:
        frame["t"] = frame["t"] * int(draft.rng.choice([2, 7, 1000]))


@ailment
def broken_labels(draft: Draft) -> None:
    frame = draft.frame
    if draft.rng.random() < 0.3:
        frame["t"] = frame["t"].mask(draft.rng.random(len(frame)) < 0.05)
    elif draft.rng.random() < 0.3:
        draft.frame = pd.concat([frame, frame.iloc[:1]], ignore_index=True)
    else:
        frame["t"] = draft.rng.permutation(len(frame))


@ailment
def odd_names(draft: Draft) -> None:
    odd = draft.rng.choice(ODD_NAMES, 3, replace=False).tolist()
    changed = dict(zip(("y", "x1", "x2"), odd, strict=True))
    draft.frame = draft.frame.rename(columns=changed)
    draft.names |= changed
    draft.series = draft.series.rename(columns=dict(zip(draft.series.columns, odd, strict=False)))


@ailment
def shuffled(draft: Draft) -> None:
    draft.frame = draft.frame.sample(frac=1.0, random_state=1).reset_index(drop=True)


@ailment
def odd_weights(draft: Draft) -> None:
    rng = draft.rng
    draft.frame["w"] = rng.choice([0.0, 1.0, -1.0], len(draft.frame), p=[0.2, 0.75, 0.05]) * float(
        rng.choice([1e-200, 1.0, 1e150])
    )


@ailment
def few_entities(draft: Draft) -> None:
    draft.frame = draft.frame[draft.frame["i"].isin(draft.frame["i"].unique()[:2])].reset_index(drop=True)


@ailment
def few_rows(draft: Draft) -> None:
    draft.frame = draft.frame.iloc[: int(draft.rng.integers(1, 9))].copy()
    draft.series = draft.series.iloc[: int(draft.rng.integers(1, 9))].copy()
