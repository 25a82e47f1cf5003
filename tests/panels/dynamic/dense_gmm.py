"""Generalised method of moments of dynamic panels, slowly: one dense matrix per entity, written from the formulas.

The fast kernel forms products per pair of periods and never holds a matrix of rows and moments. This twin does the
opposite. For each entity it writes down the operator L_i that turns levels into the rows that are estimated, the rows
themselves, the instruments Z_i and the one-step matrix H_i, and it adds Z_i'X_i, Z_i'y_i, Z_i'H_i Z_i over entities.
It imports nothing of the package, so an error there cannot hide here.

An entity is a mapping from a column's name to its values on the whole calendar, nan where not observed; all entities
share the calendar. Lags are columns of their own, "L2.n" for the second lag of n (`with_lags` makes them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
Entity = Mapping[str, Array]
CONSTANT = "_cons"
PLACES = {False: "transformed", True: "level"}


@dataclass(frozen=True)
class LagColumns:
    """Lags ``first`` to ``last`` of a column, counted from the period that a row is labelled with.

    A transformed row takes them in levels. A level row takes differences: those of the lags where ``equation`` is
    "level", and where it is "both" the one that lies ``first - 1`` periods back, since the others say nothing new.
    ``collapse`` makes one column of a lag, instead of one of a lag and a period.
    """

    name: str
    first: int
    last: int | None = None
    collapse: bool = False
    equation: str = "both"


@dataclass(frozen=True)
class OwnColumns:
    """Columns that are instruments as they are: transformed in transformed rows, in levels in level rows.

    ``equation`` says where they stand; elsewhere they are zero. A row in which one is missing leaves the estimation.
    """

    names: tuple[str, ...]
    equation: str = "both"


@dataclass(frozen=True)
class Model:
    """What is estimated.

    ``constant`` is a column of ones that is an instrument of itself in the level rows. Columns in ``untransformed``
    enter transformed rows, as regressors and as instruments, by their level at the label. ``h`` is "identity",
    "block" (transformed and level rows unrelated), "own" (the covariance that the entity's operator implies) or "grid"
    (the covariance between transformed and level rows is that of the operator of the whole calendar).
    """

    y: str
    x: tuple[str, ...]
    instruments: tuple[LagColumns | OwnColumns, ...]
    transform: str = "fd"
    level_equation: bool = False
    constant: bool = False
    untransformed: tuple[str, ...] = ()
    h: str = "own"

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.x, CONSTANT) if self.constant else self.x


@dataclass
class Rows:
    """One entity, dense: the operator on its levels, the rows' labels, and what the operator makes of the data."""

    operator: Array
    labels: list[int]
    is_level: Array
    y: Array
    x: Array
    z: Array
    h: Array


def lagged(values: Array, lag: int) -> Array:
    """The values ``lag`` periods before, on the calendar."""
    found = np.full(len(values), np.nan)
    for period in range(lag, len(values)):
        found[period] = values[period - lag]
    return found


def with_lags(entity: Entity, most: int) -> dict[str, Array]:
    """The entity with the lags 1 to ``most`` of each of its columns, in the periods that have a row."""
    found = dict(entity)
    present = np.any([np.isfinite(values) for values in entity.values()], axis=0)
    for name, values in entity.items():
        for lag in range(1, most + 1):
            found[f"L{lag}.{name}"] = np.where(present, lagged(values, lag), np.nan)
    return found


def usable_periods(entity: Entity, model: Model) -> list[int]:
    """Periods in which the outcome, every regressor and every instrument of its own is observed."""
    names = {model.y, *model.x}
    for each in model.instruments:
        if isinstance(each, OwnColumns):
            names.update(each.names)
    return [t for t in range(len(entity[model.y])) if all(np.isfinite(entity[name][t]) for name in names)]


def difference_operator(periods: Sequence[int], length: int) -> tuple[Array, list[int]]:
    """First differences of the usable periods: a row needs the period before. Labelled with the later period."""
    rows, labels = [], []
    for t in periods:
        if t - 1 in periods:
            row = np.zeros(length)
            row[t], row[t - 1] = 1.0, -1.0
            rows.append(row)
            labels.append(t)
    return np.array(rows).reshape(len(rows), length), labels


def deviation_operator(periods: Sequence[int], length: int) -> tuple[Array, list[int]]:
    """Forward orthogonal deviations: each usable period less the mean of the later ones, scaled to unit variance.

    A row is labelled with the period after its own, whether or not that period is observed.
    """
    rows, labels = [], []
    for place, t in enumerate(periods[:-1]):
        later = periods[place + 1 :]
        row = np.zeros(length)
        row[t] = 1.0
        for s in later:
            row[s] = -1.0 / len(later)
        rows.append(row * np.sqrt(len(later) / (len(later) + 1.0)))
        labels.append(t + 1)
    return np.array(rows).reshape(len(rows), length), labels


OPERATORS = {"fd": difference_operator, "fod": deviation_operator}


def level_matrix(entity: Entity, names: Sequence[str], periods: Sequence[int]) -> Array:
    """Columns in levels, zero outside the given periods."""
    found = np.zeros((len(next(iter(entity.values()))), len(names)))
    for column, name in enumerate(names):
        for t in periods:
            found[t, column] = 1.0 if name == CONSTANT else entity[name][t]
    return found


def transformed(entity: Entity, names: Sequence[str], operator: Array, labels: Sequence[int], model: Model) -> Array:
    """Rows of the named columns."""
    found: Array = operator @ level_matrix(entity, names, usable_periods(entity, model))
    for column, name in enumerate(names):
        if name in model.untransformed:
            found[:, column] = [entity[name][t] for t in labels]
    return found


def instrument_columns(
    entity: Entity, operator: Array, labels: Sequence[int], is_level: Array, model: Model
) -> dict[tuple[Any, ...], Array]:
    """The entity's instruments by a key that is the same for every entity; a missing lag is zero."""
    columns: dict[tuple[Any, ...], Array] = {}

    def put(key: tuple[Any, ...], row: int, value: float) -> None:
        columns.setdefault(key, np.zeros(len(labels)))[row] = value

    for place, each in enumerate(model.instruments):
        here = [
            row for row in range(len(labels)) if each.equation in ("both", "level" if is_level[row] else "transformed")
        ]
        if isinstance(each, OwnColumns):
            own = transformed(entity, each.names, operator, labels, model)
            for row in here:
                for column, name in enumerate(each.names):
                    put((place, name), row, own[row, column])
            continue
        levels = entity[each.name]
        changes = levels - lagged(levels, 1)
        last = len(levels) if each.last is None else each.last
        for row in here:
            source = changes if is_level[row] else levels
            repeated = is_level[row] and each.equation == "both"
            lags = [each.first - 1] if repeated else range(each.first, last + 1)
            for lag in lags:
                period = labels[row] - lag
                if 0 <= period < len(levels) and np.isfinite(source[period]):
                    key = (place, PLACES[bool(is_level[row])], lag)
                    if not each.collapse:
                        key = (*key, labels[row])
                    put(key, row, float(source[period]))
    if model.constant:
        columns[(CONSTANT,)] = is_level.astype(float)
    return columns


def one_step_matrix(operator: Array, labels: Sequence[int], is_level: Array, model: Model) -> Array:
    """H_i, the covariance of the rows' errors, up to scale, when those in levels are independent and alike."""
    if model.h == "identity":
        return np.eye(len(labels))
    found: Array = operator @ operator.T
    above, below = np.flatnonzero(~is_level), np.flatnonzero(is_level)
    if model.h == "block":
        found[np.ix_(above, below)] = 0.0
    if model.h == "grid":
        length = operator.shape[1]
        grid, grid_labels = OPERATORS[model.transform](range(length), length)
        for row in above:
            for other in below:
                found[row, other] = grid[grid_labels.index(labels[row]), labels[other]]
    found[np.ix_(below, above)] = found[np.ix_(above, below)].T
    return found


def assemble(entities: Sequence[Entity], model: Model) -> list[Rows]:
    """Rows, instruments and one-step matrices of all entities, the instruments aligned by key."""
    made, columns = [], []
    for entity in entities:
        length = len(entity[model.y])
        periods = usable_periods(entity, model)
        operator, labels = OPERATORS[model.transform](periods, length)
        is_level = np.zeros(len(labels), dtype=bool)
        if model.level_equation:
            operator = np.vstack([operator, np.eye(length)[periods]])
            labels = labels + periods
            is_level = np.append(is_level, np.ones(len(periods), dtype=bool))
        columns.append(instrument_columns(entity, operator, labels, is_level, model))
        y = transformed(entity, [model.y], operator, labels, model)[:, 0]
        x = transformed(entity, model.names, operator, labels, model)
        h = one_step_matrix(operator, labels, is_level, model)
        made.append(Rows(operator, labels, is_level, y, x, np.zeros((len(labels), 0)), h))
    keys = sorted({key for each in columns for key, column in each.items() if np.any(column)}, key=str)
    for rows, each in zip(made, columns, strict=True):
        none = np.zeros(len(rows.labels))
        rows.z = np.array([each.get(key, none) for key in keys]).T.reshape(len(rows.labels), len(keys))
    return made


def inverse(matrix: Array) -> Array:
    """The inverse; where columns depend on others, that of a largest independent block, zero elsewhere.

    The block is chosen column by column, each time the one with the largest variance left.
    """
    left, kept = matrix.copy(), []
    while True:
        free = [j for j in range(len(matrix)) if j not in kept and left[j, j] > 1e-11 * matrix[j, j]]
        if not free:
            break
        pivot = max(free, key=lambda j: left[j, j])
        kept.append(pivot)
        left = left - np.outer(left[:, pivot], left[pivot]) / left[pivot, pivot]
    scale = 1.0 / np.sqrt(np.diag(matrix)[kept])
    found = np.zeros_like(matrix)
    block = matrix[np.ix_(kept, kept)]
    found[np.ix_(kept, kept)] = scale[:, None] * np.linalg.inv(scale[:, None] * block * scale) * scale
    return found


def by_cluster(values: Sequence[Array], clusters: Sequence[Any]) -> list[Array]:
    """Sums over the entities of a cluster."""
    sums: dict[Any, Array] = {}
    for value, cluster in zip(values, clusters, strict=True):
        sums[cluster] = sums.get(cluster, 0.0) + value
    return list(sums.values())


@dataclass
class Step:
    """One step: coefficients with a given weight W, and what the covariances are made of."""

    coef: Array
    weight: Array
    bread: Array  # (X'Z W Z'X)^-1
    projection: Array  # (X'Z W Z'X)^-1 X'Z W, which takes the moments' error to the coefficients'
    residuals: list[Array]
    moments: Array  # sum of Z'u
    moment_covariance: Array  # sum over clusters of Z'u u'Z

    @property
    def criterion(self) -> float:
        return float(self.moments @ self.weight @ self.moments)


def take_step(made: Sequence[Rows], weight: Array, clusters: Sequence[Any]) -> Step:
    """Estimate with a given weight."""
    zx = sum(rows.z.T @ rows.x for rows in made)
    zy = sum(rows.z.T @ rows.y for rows in made)
    bread = np.linalg.inv(zx.T @ weight @ zx)
    projection = bread @ zx.T @ weight
    coef = projection @ zy
    residuals = [rows.y - rows.x @ coef for rows in made]
    moments = by_cluster([rows.z.T @ u for rows, u in zip(made, residuals, strict=True)], clusters)
    covariance = sum(np.outer(each, each) for each in moments)
    return Step(coef, weight, bread, projection, residuals, sum(moments), covariance)


@dataclass
class Fit:
    """Both steps, and what follows from them."""

    entities: Sequence[Entity]
    model: Model
    made: list[Rows]
    clusters: list[Any]
    first: Step
    second: Step

    def step(self, steps: int) -> Step:
        return self.first if steps == 1 else self.second

    def iterated(self) -> Step:
        """Steps repeated until the coefficients no longer move."""
        step = self.second
        while True:
            after = take_step(self.made, inverse(step.moment_covariance), self.clusters)
            if np.abs((after.coef - step.coef) / np.sqrt(np.diag(after.bread))).max() < 1e-12:
                return after
            step = after

    def moved_after(self, rounds: int) -> float:
        """How far, in standard errors, the last of so many repeated steps still moves the coefficients."""
        before = step = self.second
        for _ in range(rounds):
            before, step = step, take_step(self.made, inverse(step.moment_covariance), self.clusters)
        return float(np.abs((step.coef - before.coef) / np.sqrt(np.diag(step.bread))).max())

    def updated_criterion(self, coef: Array) -> float:
        """The criterion whose weight is that of the same coefficients' errors."""
        errors = [rows.z.T @ (rows.y - rows.x @ coef) for rows in self.made]
        moments = np.array(by_cluster(errors, self.clusters))
        total = moments.sum(axis=0)
        return float(total @ inverse(moments.T @ moments) @ total)

    @property
    def n_instruments(self) -> int:
        return self.made[0].z.shape[1]

    @property
    def rank(self) -> int:
        z = np.vstack([rows.z for rows in self.made])
        return int(np.linalg.matrix_rank(z / np.linalg.norm(z, axis=0)))

    def count(self, *, level: bool) -> int:
        return sum(int(np.sum(rows.is_level == level)) for rows in self.made)

    def sum_of_squares(self, steps: int, *, level: bool = False) -> float:
        both = zip(self.made, self.step(steps).residuals, strict=True)
        return sum(float(np.sum(u[rows.is_level == level] ** 2)) for rows, u in both)

    def sigma2(self, steps: int, *, minus: int = 0) -> float:
        """Variance of the error in levels, from the transformed rows: differences have twice that."""
        twice = 2.0 if self.model.transform == "fd" else 1.0
        return self.sum_of_squares(steps) / twice / (self.count(level=False) - minus)

    def robust(self) -> Array:
        """Covariance of the one-step coefficients."""
        return self.first.projection @ self.first.moment_covariance @ self.first.projection.T

    def windmeijer(self) -> Array:
        """Covariance of the two-step coefficients with Windmeijer's (2005) correction.

        The weight depends on the one-step coefficients b. With S(b) = sum z z', z = Z'(y - Xb), the two-step
        coefficients move by D times the error of b; column j of D is -P (dS/db_j) W Z'u, and
        dS/db_j = -sum (Z'x_j z' + z x_j'Z).
        """
        step = self.second
        moments = [rows.z.T @ u for rows, u in zip(self.made, self.first.residuals, strict=True)]
        z = by_cluster(moments, self.clusters)
        zx = by_cluster([rows.z.T @ rows.x for rows in self.made], self.clusters)
        d = np.zeros((len(step.coef), len(step.coef)))
        for j in range(len(step.coef)):
            change = sum(np.outer(a[:, j], b) + np.outer(b, a[:, j]) for a, b in zip(zx, z, strict=True))
            d[:, j] = step.projection @ change @ step.weight @ step.moments
        return step.bread + d @ step.bread + step.bread @ d.T + d @ self.robust() @ d.T

    def wald(self, names: Sequence[str], covariance: Array, steps: int) -> float:
        places = [self.model.names.index(name) for name in names]
        coef = self.step(steps).coef[places]
        return float(coef @ np.linalg.solve(covariance[np.ix_(places, places)], coef))

    def ar_test(
        self, order: int, steps: int, covariance: Array, sigma2: float | None = None, older: bool = False
    ) -> float:
        """Arellano and Bond's m of an order: of residuals in first differences, whatever the transform.

        With e the differenced residuals, x the differenced regressors and w the residuals ``order`` periods before,

            m = sum w'e / sqrt( sum (w'e)^2 - 2 (sum w'x) P sum Z'u e'w + (sum w'x) V (sum x'w) ),

        P taking the moments' error to the coefficients', V the covariance of the coefficients. With ``sigma2`` the
        errors are taken to be independent and alike: (w'e)^2 is sigma2 w'DD'w and Z'u e'w is sigma2 Z'LD'w, L the
        operator of the rows and D that of the differences. ``older`` is the paper's (1991): after two steps the
        variance has the one-step residuals, but for P and V.
        """
        step = self.step(steps)
        within = self.first if older else step
        numerator, own = 0.0, 0.0
        gradient, middle = np.zeros(len(step.coef)), np.zeros(self.n_instruments)
        for entity, rows, u in zip(self.entities, self.made, within.residuals, strict=True):
            operator, labels = difference_operator(usable_periods(entity, self.model), rows.operator.shape[1])
            x = transformed(entity, self.model.names, operator, labels, self.model)
            y = transformed(entity, [self.model.y], operator, labels, self.model)[:, 0]
            e, d = y - x @ within.coef, y - x @ step.coef
            w, v = (
                np.array([r[labels.index(t - order)] if t - order in labels else 0.0 for t in labels]) for r in (e, d)
            )
            numerator += float(v @ d)
            gradient = gradient + w @ x
            if sigma2 is None:
                own += float(w @ e) ** 2
                middle = middle + rows.z.T @ u * float(w @ e)
            else:
                own += sigma2 * float(w @ operator @ operator.T @ w)
                middle = middle + sigma2 * rows.z.T @ rows.operator @ operator.T @ w
        variance = own - 2.0 * gradient @ step.projection @ middle + gradient @ covariance @ gradient
        return numerator / float(np.sqrt(variance))


def fit_rows(entities: Sequence[Entity], model: Model, made: list[Rows], clusters: Sequence[Any] | None) -> Fit:
    """Both steps with rows already made."""
    clusters = list(range(len(made))) if clusters is None else list(clusters)
    first = take_step(made, inverse(sum(rows.z.T @ rows.h @ rows.z for rows in made)), clusters)
    second = take_step(made, inverse(first.moment_covariance), clusters)
    return Fit(entities, model, made, clusters, first, second)


def fit(entities: Sequence[Entity], model: Model, clusters: Sequence[Any] | None = None) -> Fit:
    """One equation. ``clusters`` holds the cluster of each entity, by default itself."""
    return fit_rows(entities, model, assemble(entities, model), clusters)


def fit_equations(entities: Sequence[Entity], columns: Sequence[str], model: Model) -> Fit:
    """One equation of each column on the same regressors and instruments, weighted jointly in the second step."""
    each = [assemble(entities, Model(**{**vars(model), "y": column})) for column in columns]
    eye = np.eye(len(columns))
    made = [
        Rows(
            rows[0].operator,
            rows[0].labels * len(columns),
            np.tile(rows[0].is_level, len(columns)),
            np.concatenate([equation.y for equation in rows]),
            np.kron(eye, rows[0].x),
            np.kron(eye, rows[0].z),
            np.kron(eye, rows[0].h),
        )
        for rows in zip(*each, strict=True)
    ]
    return fit_rows(entities, model, made, None)
