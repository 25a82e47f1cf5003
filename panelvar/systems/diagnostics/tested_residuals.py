"""What the residuals of a vector autoregression can be tested for: which are taken, and whether there are enough."""

from __future__ import annotations

from panelvar.core.base.arguments import read_whole
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note, emit
from panelvar.systems.var.fitted_system import FittedSystem


def whole_lags(lags: int, rows: int) -> int:
    """Return a number of lags as int, or say what was expected.

    Raises
    ------
    SpecificationError
        It is not a whole number of at least 1.
    InsufficientDataError
        There are no more rows than that.
    """
    lags = read_whole("lags", lags, 1)
    if lags >= rows:
        raise InsufficientDataError(f"lags={lags}: the residuals have only {count_of(rows, 'row')}. Use fewer lags.")
    return lags


def tested_residuals(model: FittedSystem, test: str) -> Array:
    """Residuals of a model, about their mean if the convention takes it out for this test."""
    residuals = model._problem.residuals
    return residuals - residuals.mean(axis=0) if test in model.convention.centred else residuals


def warn_of_gaps(model: FittedSystem) -> tuple[Note, ...]:
    """Warn that residuals are taken as consecutive where they are not."""
    breaks = len(model._problem.run_starts) - 1
    if not breaks:
        return ()
    return warn(
        "gaps-bridged",
        f"The rows have {count_of(breaks, 'gap')}. The test takes the residuals before and after a gap as consecutive.",
    )


def require_freedom(what: str, rows: int, coefficients: int, least: int) -> None:
    """Refuse a test whose statistic would say nothing of the errors.

    K residual series that are orthogonal to m regressors lie in n - m dimensions. With n - m = K their span, and with
    it whatever does not depend on how they are rotated, is that of the regressors alone.

    Parameters
    ----------
    what : str
    rows, coefficients : int
        n and m.
    least : int
        Degrees of freedom needed.

    Raises
    ------
    InsufficientDataError
    """
    if rows - coefficients < least:
        raise InsufficientDataError(
            f"{what} needs {least} degrees of freedom in the residuals of an equation. {rows} rows less "
            f"{count_of(coefficients, 'coefficient')} leave {rows - coefficients}. Use fewer lags or variables."
        )


def warn_of_crowding(model: FittedSystem, share: float, consequence: str) -> tuple[Note, ...]:
    """Warn that coefficients take so large a share of the rows that a test's distribution is far off."""
    taken = model.nobs - model.df_resid
    if taken < share * model.nobs:
        return ()
    return warn("few-rows", f"An equation has {taken} coefficients for {model.nobs} rows. {consequence}")


def warn(code: str, text: str) -> tuple[Note, ...]:
    """Warn, and return the note for the result."""
    notes = (Note(code, text, warn=True),)
    emit(notes)
    return notes
