"""Exceptions, warnings and notes: how the library says that something is wrong or worth knowing."""

from __future__ import annotations

import numbers
import os
import shlex
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from panelvar.core.base.elsewhere import hint
from panelvar.core.base.quoting import one_line, shown

_PACKAGE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..")) + os.sep

# What is installed only where it is needed, and from which version on.
REQUIREMENTS: Mapping[str, str] = {
    "formulaic": "formulaic>=1.0",
    "matplotlib": "matplotlib>=3.8",
    "openpyxl": "openpyxl>=3.1",
    "pyarrow": "pyarrow>=16.0",
    "python-docx": "python-docx>=1.1",
}
# What the command line of Windows does not take as it is.
_TAKEN_BY_CMD = frozenset(" <>()&;^|%")


class PanelVarError(ValueError):
    """Base of every error the library raises on purpose.

    The caller's texts stand in it escaped and cut to a line (`panelvar.core.base.quoting.one_line`).

    See Also
    --------
    PanelVarWarning : What may mislead without being an error.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> try:
    ...     pv.fit_pooled(firms, "invest ~ valu")
    ... except pv.PanelVarError as error:
    ...     print(type(error).__name__)
    DataError
    """

    def __init__(self, text: object = "", *more: object) -> None:
        super().__init__(one_line(str(text)), *more)


class DataError(PanelVarError):
    """The data are not what the model needs: unknown column, wrong dtype, duplicates, infinities.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> pv.fit_pooled(firms, "invest ~ valu")
    Traceback (most recent call last):
        ...
    panelvar.core.base.errors.DataError: Column 'valu' is not in the data. Did you mean 'value'? ...
    """


class SpecificationError(PanelVarError):
    """The request contradicts itself or names an option that does not exist.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> pv.fit_pooled(firms, "invest ~ value", vcov="HC1")
    Traceback (most recent call last):
        ...
    panelvar.core.base.errors.UnknownArgumentError: fit_pooled() has no argument 'vcov'. Here it is cov.
    """


class CollinearityError(PanelVarError):
    """Regressors are linearly dependent, or absorbed, and the caller asked for an error.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> pv.fit_pooled(firms.assign(twice=2 * firms["value"]), "invest ~ value + twice", collinear="raise")
    Traceback (most recent call last):
        ...
    panelvar.core.base.errors.CollinearityError: Regressor 'twice' cannot be estimated: equal to 2 * value, ...
    """


class InsufficientDataError(PanelVarError):
    """Too few rows, entities, periods or clusters for the quantity asked for.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> pv.fit_pooled(firms.head(2), "invest ~ value + capital")
    Traceback (most recent call last):
        ...
    panelvar.core.base.errors.InsufficientDataError: 2 rows cannot identify 1 slope and a constant: ...
    """


class MissingInformationError(PanelVarError):
    """A result lacks what the question needs (a published system without its covariance, say).

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> light = pv.fit_pooled(firms, "invest ~ value").without_rows()
    >>> light.resids
    Traceback (most recent call last):
        ...
    panelvar.core.base.errors.MissingInformationError: A residual needs the data rows, which without_rows() ...
    """


class RowsNotKeptError(MissingInformationError):
    """Something needs a value for each row at once, and the rows of a stream are not kept."""

    named = False
    """Whether it says what was asked for, rather than what that came across."""


@contextmanager
def needing_rows(what: str, instead: str = "use a DataFrame or a Panel") -> Iterator[None]:
    """Say what was asked for that needs rows, where rows are not kept.

    Parameters
    ----------
    what : str
        A function, or one of its options: it begins the message.
    instead : str
        What the caller can do.
    """
    try:
        yield
    except RowsNotKeptError as error:
        if error.named:
            raise
        found = RowsNotKeptError(f"{what} needs all rows at once, and a stream does not keep its rows: {instead}.")
        found.named = True
        raise found from None


class MissingAttributeError(MissingInformationError, AttributeError):
    """An attribute that needs what a result lacks; also an AttributeError, so that ``hasattr`` answers no."""


class CallError(SpecificationError, TypeError):
    """A call or an expression that does not fit what it is about; also a TypeError, which is what Python calls it."""


class UnknownArgumentError(CallError):
    """A keyword that a function does not have."""


class NotOfferedError(SpecificationError, AttributeError):
    """An attribute that results of a kind do not have, for a reason; also an AttributeError."""


class NumericalError(PanelVarError):
    """A computation has no finite answer: overflow, a singular system, no convergence.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> pv.fit_pooled(firms, "invest ~ value").nonlinear("1 / (value - value)")
    Traceback (most recent call last):
        ...
    panelvar.core.base.errors.NumericalError: '1 / (value - value)' has no finite value or no finite derivative ...
    """


class PanelVarWarning(UserWarning):
    """A legal request whose answer may mislead; every one is also kept in ``result.notes``.

    See Also
    --------
    Note : The same text, kept in the result.
    PanelVarError : What is refused.

    Examples
    --------
    >>> import panelvar as pv
    >>> import warnings
    >>> firms = pv.load_data("grunfeld")
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", pv.PanelVarWarning)
    ...     fit = pv.fit_pooled(firms, "invest ~ value", cov="cluster")
    >>> fit.notes[-1].code
    'few-clusters'
    """


@dataclass(frozen=True, slots=True, repr=False)
class Note:
    """A fact found on the way to a result.

    Parameters
    ----------
    code : str
        Short stable identifier, such as ``"rows-dropped"``.
    text : str
        One or two sentences for a person.
    warn : bool
        Whether the note is also issued as a `PanelVarWarning`.

    See Also
    --------
    PanelVarWarning : Issued for notes with ``warn``.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> fit = pv.fit_fixed_effects(firms, "invest ~ value", convention="stata", cov="HC1")
    >>> [note.code for note in fit.notes]
    ['factor', 'hc-inconsistent']
    """

    code: str
    text: str
    warn: bool = False

    def __post_init__(self) -> None:
        """Quote the caller's texts as errors do."""
        if not isinstance(self.code, str) or not isinstance(self.text, str):
            raise SpecificationError(f"A note has a code and a text; got {shown(self.code)} and {shown(self.text)}.")
        if type(self.warn).__name__ not in ("bool", "bool_"):  # NumPy's too, without loading it
            raise SpecificationError(f"warn={shown(self.warn)} must be True or False.")
        object.__setattr__(self, "text", one_line(self.text))

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<{self.code}: {self.text}>"


def not_installed(what: str, package: str, instead: str = "") -> str:
    """Say that something needs a package, and how this very Python gets it.

    The package is named itself, not an extra of this library, which was installed from a folder or a file that the
    message cannot know. The interpreter that runs is named too, as ``python`` in a shell may be another one.

    Parameters
    ----------
    what : str
        What needs it, with the verb: ``"Plots need"``.
    package : str
        One of `REQUIREMENTS`.
    instead : str
        What can be done without it, as an order.
    """
    command = (sys.executable or "python", "-m", "pip", "install", REQUIREMENTS[package])
    written = " ".join(map(_argument, command))
    order = f"{instead}, or install it" if instead else "Install it"
    # No full stop: the command is copied to the end of the line.
    return f"{what} {package}, which is not installed. {order}: {written}"


def _argument(word: str) -> str:
    """A word as the shell of this system takes it."""
    if os.name == "nt":
        return f'"{word}"' if set(word) & _TAKEN_BY_CMD else word
    return shlex.quote(word)


def choose(option: str, value: object, allowed: Iterable[str], otherwise: str = "") -> str:
    """Return ``value`` if it is one of ``allowed``; otherwise say what was meant, here or in another program.

    ``otherwise`` is said where nothing is known of that.

    Raises
    ------
    SpecificationError
        If ``value`` is none of them. The message names the option, what arrived, the answer to another program's name
        or else the closest choice, and all choices.
    """
    choices = tuple(allowed)
    if isinstance(value, str) and value in choices:
        return value
    given = value if isinstance(value, str) else shown(value)
    what = hint("option", given.lower(), choices.__contains__, choices, option) or otherwise.strip()
    raise SpecificationError(
        f"{option}={shown(value)} is not known. {what}{' ' * bool(what)}Choose one of: {', '.join(map(repr, choices))}."
    )


def check_level(level: float) -> float:
    """Return a confidence level, refusing what can only be a significance level.

    Raises
    ------
    SpecificationError
        Unless 0.5 <= level < 1.
    """
    number = isinstance(level, numbers.Real) and not isinstance(level, bool)
    if not number or not 0.5 <= level < 1.0:
        what = f"level={shown(level)} must be a coverage of at least 0.5 and below 1"
        if number and 0.0 < level < 0.5:
            meant = 1.0 - float(level)
            what = f"{what}, not a significance level (alpha): did you mean level={meant:g}?"
        elif number and 50.0 <= level < 100.0:
            what = f"{what}, not percent: did you mean level={float(level) / 100.0:g}?"
        else:
            what = f"{what}, such as 0.95."
        raise SpecificationError(what)
    return float(level)


def emit(notes: Iterable[Note]) -> None:
    """Warn once for each note that asks for it, pointing at the first line outside the package."""
    pending = [note for note in notes if note.warn]
    if not pending:
        return
    level = 1
    frame = sys._getframe(0)
    while frame is not None and os.path.abspath(frame.f_code.co_filename).startswith(_PACKAGE):
        if frame.f_back is None:
            break
        frame = frame.f_back
        level += 1
    for note in pending:
        warnings.warn(note.text, PanelVarWarning, stacklevel=level)
