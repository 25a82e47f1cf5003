"""Lag orders of an ARDL(p, q1, ..., qk): how they are written, and the grid a criterion searches."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from panelvar.base.arrays import Array
from panelvar.base.errors import SpecificationError, choose

CRITERIA = ("aic", "bic", "hqic")
_ELSEWHERE = {"sbc": "bic", "sic": "bic", "sc": "bic", "schwarz": "bic", "akaike": "aic", "hq": "hqic", "hqc": "hqic"}
_MOST_ORDERS = 5000
_FORMS = (
    "lags is one number for all variables, (p, q), (p, q1, ..., qk), a mapping of names to numbers, or a criterion "
    "('aic', 'bic', 'hqic')"
)


@dataclass(frozen=True)
class Orders:
    """Lags of the dependent variable (1 or more) and of each long-run regressor (0 or more)."""

    y: int
    x: tuple[int, ...]

    def __str__(self) -> str:
        return f"ARDL({', '.join(map(str, (self.y, *self.x)))})"


Lags = int | str | Sequence[int] | Mapping[str, int]


def read_orders(option: str, lags: object, dependent: str, regressors: tuple[str, ...]) -> Orders:
    """Read orders in any of the ways they may be written.

    Raises
    ------
    SpecificationError
        A number that is not whole, p below 1, q below 0, the wrong number of them, a name that is not in the model.
    """
    k = len(regressors)
    if isinstance(lags, Mapping):
        stranger = [name for name in lags if name not in (dependent, *regressors)]
        if stranger:
            raise SpecificationError(
                f"{option} names {', '.join(map(repr, stranger))}; the model has {dependent!r} and "
                f"{', '.join(map(repr, regressors))}."
            )
        absent = [name for name in (dependent, *regressors) if name not in lags]
        if absent:
            raise SpecificationError(f"{option} says nothing of {', '.join(map(repr, absent))}: name every variable.")
        values = [_whole(option, lags[name]) for name in (dependent, *regressors)]
    elif isinstance(lags, (list, tuple)):
        given = [_whole(option, value) for value in lags]
        if len(given) == 2 and k != 1:
            given = [given[0], *[given[1]] * k]
        if len(given) != k + 1:
            raise SpecificationError(
                f"{option}={lags!r} has {len(given)} numbers for {dependent!r} and {k} long-run regressor(s): give "
                f"(p, q), or p and one q for each of {', '.join(map(repr, regressors))}."
            )
        values = given
    else:
        values = [_whole(option, lags)] * (k + 1)
    if values[0] < 1:
        raise SpecificationError(
            f"{option}={lags!r} gives {dependent!r} {values[0]} lags: an error-correction form needs at least one."
        )
    return Orders(values[0], tuple(values[1:]))


def _whole(option: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
        raise SpecificationError(f"{option} has {value!r}: {_FORMS}.")
    if value < 0:
        raise SpecificationError(f"{option} has {value!r}: a number of lags is 0 or more.")
    return int(value)


def criterion_of(lags: object) -> str | None:
    """Return the criterion that ``lags`` names, None if it gives orders."""
    return choose("lags", lags, CRITERIA, _ELSEWHERE) if isinstance(lags, str) else None


def grid(most: Orders) -> list[Orders]:
    """All orders up to ``most``, the fewest lags first.

    Raises
    ------
    SpecificationError
        If there are more than 5,000.
    """
    count = most.y * int(np.prod([q + 1.0 for q in most.x]))
    if count > _MOST_ORDERS:
        raise SpecificationError(f"max_lags of {most} leaves {count} orders to compare; {_MOST_ORDERS} are the most.")
    ranges = [range(1, most.y + 1), *(range(q + 1) for q in most.x)]
    every = [Orders(combination[0], tuple(combination[1:])) for combination in itertools.product(*ranges)]
    return sorted(every, key=lambda orders: orders.y + sum(orders.x))


def criterion_values(criterion: str, rss: Array, rows: Array, parameters: int) -> Array:
    r"""Return :math:`T_i\log(RSS_i/T_i)` plus the penalty of the parameters, by entity.

    The penalty of each is 2 (aic), :math:`\log T_i` (bic) or :math:`2\log\log T_i` (hqic).
    """
    penalty = {"aic": np.full(len(rows), 2.0), "bic": np.log(rows), "hqic": 2.0 * np.log(np.log(rows))}[criterion]
    with np.errstate(divide="ignore"):
        return np.asarray(rows * np.log(rss / rows) + penalty * parameters, dtype=np.float64)
