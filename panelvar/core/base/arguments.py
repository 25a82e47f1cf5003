"""Arguments of the wrong type or beyond the data are refused by name, before anything deep inside meets them."""

from __future__ import annotations

import math
import numbers
import sys
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, TypeGuard

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, SpecificationError, check_level
from panelvar.core.base.limits import LARGEST_WHOLE, LONGEST_HORIZON, LONGEST_SEED, MOST_CELLS
from panelvar.core.base.quoting import shown

DROP_OR_RAISE = ("drop", "raise")
"""What may be done about missing values, and about regressors that depend on others."""

ONE_WAY = ("entity", "time")
ONE_OR_TWO_WAY = (*ONE_WAY, "twoway")
"""Effects of one dimension, and of one or both."""


def is_whole(value: object) -> TypeGuard[int | np.integer]:
    """Whether a value is an integer; True and 2.0 are not."""
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a real number; True is not, and neither is a whole number beyond all floats."""
    if type(value) is float:
        return True
    if isinstance(value, int) and value.bit_length() >= sys.float_info.max_exp:
        return False
    return isinstance(value, numbers.Real) and not isinstance(value, bool)


def read_flag(option: str, value: object) -> bool:
    """Return a switch as bool; a text such as ``"no"``, which Python takes for true, is refused.

    Raises
    ------
    SpecificationError
        Unless it is True or False.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise SpecificationError(f"{option}={shown(value)} must be True or False.")
    return bool(value)


def read_whole(option: str, value: object, least: int, most: int | None = None) -> int:
    """Return a whole number as int.

    Raises
    ------
    SpecificationError
        Unless it is an integer (True and 2.0 are not) of at least ``least`` and, if given, at most ``most``.
    """
    highest = LARGEST_WHOLE if most is None else most
    if not is_whole(value) or not least <= value <= highest:
        beyond = is_whole(value) and value > highest
        limits = f"from {least} to {highest}" if beyond or most is not None else f"of at least {least}"
        raise SpecificationError(f"{option}={shown(value)} must be a whole number {limits}.")
    return int(value)


def read_horizon(option: str, value: object, least: int, cells: int = 1) -> int:
    """Return a number of periods ahead as int: at most `LONGEST_HORIZON`, and `MOST_CELLS` of ``cells`` a period.

    Raises
    ------
    SpecificationError
        Unless it is a whole number within these limits.
    """
    horizon = read_whole(option, value, least, LONGEST_HORIZON)
    refuse_cells(f"{option}={horizon}", horizon + 1, cells)
    return horizon


def refuse_cells(what: str, *sizes: int) -> None:
    """Refuse an array of more than `MOST_CELLS` numbers.

    Parameters
    ----------
    what : str
        What asks for it, the subject of the sentence.
    *sizes : int
        Its dimensions.

    Raises
    ------
    SpecificationError
    """
    count = math.prod(sizes)
    if count > MOST_CELLS:
        raise SpecificationError(
            f"{what} asks for {' x '.join(map(str, sizes))} = {count} numbers at once; the limit is {MOST_CELLS}."
        )


def refuse_beyond(option: str, value: float, periods: int) -> None:
    """Refuse lags, leads or bandwidths as long as the data or longer, or beyond `LONGEST_HORIZON`.

    Raises
    ------
    InsufficientDataError, SpecificationError
    """
    if LONGEST_HORIZON < value < periods:
        raise SpecificationError(f"{option}={shown(value)} is too long; the limit is {LONGEST_HORIZON} periods.")
    if value >= periods:
        span = count_of(periods, "period")
        raise InsufficientDataError(f"{option}={shown(value)} reaches past the data, which span {span}.")


def read_names(option: str, value: object, what: str = "column names") -> tuple[str, ...]:
    """Return one name or several as a tuple; None is none.

    Raises
    ------
    SpecificationError
        If it is neither a name nor an ordered collection of names.
    """
    names = read_labels(option, value, what)
    others = [name for name in names if not isinstance(name, str)]
    if others:
        raise SpecificationError(
            f"{option} must be {what}, and names are texts; got {type(others[0]).__name__}.{_columns_hint(value)}"
            f"{numbered(others[0])}"
        )
    return names


def numbered(name: object) -> str:
    """Say how columns get texts for names where a number was given as one."""
    whole = isinstance(name, int) and not isinstance(name, bool)
    return " Columns that have numbers for names get texts by data.rename(columns=str)." if whole else ""


def read_labels(option: str, value: object, what: str = "column names") -> tuple[Any, ...]:
    """Return one label or several, of whatever type, as a tuple; None is none.

    Raises
    ------
    SpecificationError
        If it is neither a text nor an ordered collection, or holds what cannot be a label (a list, a mapping).
    """
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    # A table is a sequence of the names of its columns, which nobody means.
    no_list = isinstance(value, (Mapping, AbstractSet)) or hasattr(value, "columns")
    if no_list or getattr(value, "ndim", 1) != 1 or not isinstance(value, Iterable):
        reason = ", which has no order" if isinstance(value, AbstractSet) else ""
        raise SpecificationError(
            f"{option} must be {what}, one or a list; got {type(value).__name__}{reason}.{_columns_hint(value)}"
            f"{numbered(value) if 'column' in what else ''}"
        )
    labels = tuple(value)
    for label in labels:
        try:
            hash(label)
        except TypeError:
            raise SpecificationError(f"{option} must be {what}; got a {type(label).__name__} among them.") from None
        if isinstance(label, int) and abs(label) > LARGEST_WHOLE:
            raise SpecificationError(f"{option} must be {what}; got {shown(label)}.")
    return labels


def read_sequence(option: str, value: object, what: str) -> tuple[Any, ...] | None:
    """Return several labels, in their order, as a tuple; None where there are none.

    Raises
    ------
    SpecificationError
        If it is a text, which would be taken letter by letter, or no ordered collection.
    """
    if isinstance(value, (str, bytes)):
        raise SpecificationError(f"{option}={shown(value)}: expected a sequence of {what}.")
    return None if value is None else read_labels(option, value, f"a sequence of {what}")


def _columns_hint(value: object) -> str:
    return " Panel.with_columns adds arrays." if hasattr(value, "dtype") or hasattr(value, "dtypes") else ""


def read_number(option: str, value: object) -> float:
    """Return a real number as float.

    Raises
    ------
    SpecificationError
        Unless it is a finite real number (True is not).
    """
    number = math.nan
    if is_number(value):
        try:
            number = float(value)
        except OverflowError:  # an integer beyond all floats
            number = math.inf
    if not math.isfinite(number):
        raise SpecificationError(f"{option}={shown(value)} must be a finite number.")
    return number


def read_levels(level: object) -> tuple[float, ...]:
    """Return confidence levels, one or several, the highest first and each once.

    Raises
    ------
    SpecificationError
        If there is none at all, or `panelvar.core.base.errors.check_level` refuses one.
    """
    several: tuple[Any, ...] = (level,)
    # An array without dimensions calls itself iterable.
    if isinstance(level, Iterable) and not isinstance(level, str) and getattr(level, "ndim", 1) > 0:
        several = tuple(level)
    if not several:
        raise SpecificationError("level=() is empty. Give a level such as 0.95, or several, such as (0.68, 0.95).")
    return tuple(sorted({check_level(each) for each in several}, reverse=True))


def read_size(level: object) -> float:
    """Return a level of significance as float.

    Raises
    ------
    SpecificationError
        Unless it is above 0 and at most one half.
    """
    size = read_number("level", level)
    if not 0.0 < size <= 0.5:
        raise SpecificationError(
            f"level={shown(level)} must be a level of significance above 0 and at most 0.5, such as 0.05."
        )
    return size


def finite_array(what: str, values: npt.ArrayLike, shape: tuple[int, ...] | None = None) -> Array:
    """Return a finite float array, of a shape if one is given; ``what`` names it in messages."""
    try:
        given = np.asarray(values)
    except ValueError:
        given = np.empty(0, dtype=object)
    if given.dtype.kind not in "fiu":
        raise SpecificationError(f"{what} must be real numbers in a rectangular array.")
    array = np.array(given, dtype=np.float64)
    if shape is not None and array.shape != shape:
        raise SpecificationError(f"{what} has shape {array.shape}; expected {shape}.")
    if not np.isfinite(array).all():
        raise SpecificationError(f"{what} holds NaN or infinite values.")
    return array


def refuse_other(what: str, value: object, kind: type | tuple[type, ...], expected: str) -> None:
    """Refuse what is not of the kind that a function takes.

    Parameters
    ----------
    what : str
        The subject of the sentence: a function or an option.
    value : object
    kind : type or tuple of types
    expected : str
        The kind in the user's words.

    Raises
    ------
    SpecificationError
    """
    if not isinstance(value, kind):
        got = f"the class {value.__name__}: write {value.__name__}(...)" if isinstance(value, type) else None
        raise SpecificationError(f"{what} takes {expected}; got {got or type(value).__name__}.")


_MIXED_IN = int.from_bytes(b"panelvar", "big")
"""What every seed is mixed with."""


def read_generator(option: str, value: object) -> np.random.Generator:
    """Return a generator of random numbers from a seed, or the generator that is given.

    A seed is mixed with a number of the library: its draws never repeat those of a caller who made the data from the
    same seed.

    Raises
    ------
    SpecificationError
        Unless it is a whole number of at least zero or a Generator.
    """
    seed = read_seed(value, option)
    return seed if isinstance(seed, np.random.Generator) else np.random.default_rng([seed, _MIXED_IN])


def read_seed(value: object, option: str = "seed") -> int | np.random.Generator:
    """Return a seed as int, or the Generator that is given.

    Raises
    ------
    SpecificationError
        Unless it is a whole number of at least zero or a Generator.
    """
    if isinstance(value, np.random.Generator):
        return value
    if not is_whole(value) or value < 0 or int(value).bit_length() > LONGEST_SEED:
        other = " For other draws at each call give numpy.random.default_rng()." if value is None else ""
        raise SpecificationError(
            f"{option}={shown(value)} must be a whole number from 0 with at most {LONGEST_SEED} bits, or a Generator."
            f"{other}"
        )
    return int(value)


def say_draws(draws: int, seed: int | np.random.Generator) -> str:
    """Say how many draws there are and what they come from: "999 draws, seed 0"."""
    return f"{count_of(draws, 'draw')}, {say_seed(seed)}"


def say_seed(seed: int | np.random.Generator) -> str:
    """Say what draws come from: "seed 0"."""
    return "a given Generator" if isinstance(seed, np.random.Generator) else f"seed {seed}"


def read_entity_terms(trend: object, *, constants: bool = True) -> tuple[bool | None, bool]:
    """Return whether each entity has a constant, None if the formula says, and whether it has a trend.

    Raises
    ------
    SpecificationError
        Unless it is None or one of the words for the terms, "n" and "t" where there may be no ``constants``.
    """
    known = {"c": (True, False), "ct": (True, True)}
    if constants:
        known |= {"n": (False, False), "t": (False, True)}
        if trend is None:
            return None, False
    if not isinstance(trend, str) or trend not in known:
        now = {True: " trend=True is trend='ct' now.", False: " trend=False is trend='c' now."}
        was = now[trend] if isinstance(trend, bool) else ""
        raise SpecificationError(f"trend={shown(trend)} must be one of {', '.join(sorted(known))}.{was}")
    return known[trend]
