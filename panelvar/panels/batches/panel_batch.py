"""One model fitted to many panels in one call, for simulation studies."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_names
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import (
    CollinearityError,
    InsufficientDataError,
    Note,
    NumericalError,
    PanelVarError,
    PanelVarWarning,
    SpecificationError,
    emit,
)
from panelvar.core.base.shared_parameters import documented
from panelvar.data.panel.panel import Panel
from panelvar.estimates.coefficients.coefficients import Inference
from panelvar.panels.batches.estimators import read_estimator, read_options
from panelvar.panels.batches.panel_batch_result import PanelBatch
from panelvar.panels.batches.panel_data_sets import DataSets, read_data_sets
from panelvar.panels.batches.stacked_models import Stacked, plan_of, stacked_fits
from panelvar.panels.random_effects.random import fit_random_effects
from panelvar.panels.static.fixed import fit_fixed_effects
from panelvar.panels.static.pooled import fit_pooled
from panelvar.panels.static.result import LinearResult

if TYPE_CHECKING:
    import pandas as pd

_TOGETHER = (fit_pooled, fit_fixed_effects, fit_random_effects)
_ALIKE_IF_BALANCED = ("swamy-arora", "baltagi-chang")
_NOT_ESTIMABLE = (CollinearityError, InsufficientDataError, NumericalError)
_PLAIN = re.compile(r"\s*(\w+)\s*~\s*(\w+(?:\s*\+\s*\w+)*)\s*")


@documented
def fit_panel_batch(
    fit: Callable[..., Any],
    data: Mapping[str, npt.ArrayLike] | npt.ArrayLike | Sequence[Panel | pd.DataFrame],
    y: str,
    x: str | Sequence[str] | None = None,
    *,
    columns: Sequence[str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> PanelBatch:
    r"""Fit one model to many panels in one call, such as the data sets of a simulation.

    Each panel's numbers are what ``fit`` gives for it alone; no parameter is shared.

    Parameters
    ----------
    fit : callable
        An estimator that takes data, y and x, such as `fit_fixed_effects`.
    data : mapping of name to array (R, N, T), array (R, N, T, K), or sequence of Panels or DataFrames
        R data sets of N entities and T periods. An array (N, T) of the mapping is the same in all of them; NaN marks
        rows that are missing.
    {y, x}
    columns : sequence of str, optional
        Names of the K variables, where the data are one array.
    options : mapping, optional
        Further arguments of ``fit``, such as ``dict(cov="cluster")``.

    Returns
    -------
    PanelBatch

    Raises
    ------
    SpecificationError
        If the data are of another kind, or ``fit`` refuses its arguments.
    DataError
        If the shapes of arrays do not go together, or arrays have infinite values.
    InsufficientDataError, CollinearityError, NumericalError
        If no panel can be estimated.

    See Also
    --------
    fit_many : One data set, several models.
    fit_var_batch : The same for vector autoregressions.

    Notes
    -----
    Complete panels of one shape are computed together by `fit_pooled`, `fit_fixed_effects` and `fit_random_effects`
    (with Swamy and Arora's variances), under classical errors, HC0, HC1, or clusters by entity or time. All others are
    fitted one by one, as are panels in which a regressor depends on others or a variance is estimated as zero. Panels
    that cannot be estimated are left out, and a warning names them. One warning counts those of single panels.

    Examples
    --------
    >>> import numpy as np
    >>> import panelvar as pv
    >>> rng = np.random.default_rng(1)
    >>> x, u, firm = rng.normal(size=(50, 5)), rng.normal(size=(200, 50, 5)), rng.normal(size=(200, 50, 1))
    >>> batch = pv.fit_panel_batch(pv.fit_fixed_effects, dict(y=x + firm + u, x=x), "y", "x")
    >>> print(batch.params["x"].mean().round(2), batch.std_errors["x"].mean().round(2))
    0.99 0.07
    """
    read_estimator(fit)
    given = read_options(options)
    sets = read_data_sets(data, columns)
    one = partial(_one, fit, sets, y, x, given)
    batch = _Batch(one, len(sets))
    stacked = _together(fit, sets, y, x, given, batch) if len(sets) > 1 else None
    for number in range(len(sets)):
        if stacked is None or not stacked.ordinary[number]:
            batch.fit(number)
    result = batch.result(stacked)
    emit(result.notes)
    return result


def _one(fit: Callable[..., Any], sets: DataSets, y: str, x: Any, options: Mapping[str, Any], number: int) -> Any:
    return fit(sets.panel(number), y, **({} if x is None else {"x": x}), **options)


def _together(
    fit: Callable[..., Any], sets: DataSets, y: str, x: Any, options: Mapping[str, Any], batch: _Batch
) -> Stacked | None:
    """Compute complete panels of one shape at once, like the first that can be fitted; None if that cannot be done."""
    # What is no name is told so by the fit of each.
    if fit not in _TOGETHER or options.get("weights") is not None or not isinstance(y, str):
        return None
    if options.get("variance_components", "swamy-arora") not in _ALIKE_IF_BALANCED:
        return None
    match = _PLAIN.fullmatch(y) if x is None else None
    columns = [y, *read_names("x", x)] if match is None else [match[1], *re.split(r"\s*\+\s*", match[2].strip())]
    if x is None and match is None:
        return None
    arrays = [sets.stacked(name) for name in columns]
    found = [array for array in arrays if array is not None]
    if len(found) < len(columns) or len(found) < 2:
        return None
    complete = np.flatnonzero(np.all([np.isfinite(array).all(axis=(1, 2)) for array in found], axis=0))
    for number in complete.tolist():
        pattern = batch.fit(number)
        if isinstance(pattern, LinearResult) and len(pattern.fit.kept) == len(columns) - 1:
            plan = plan_of(pattern, found[0].shape[1:], options.get("cov", "classical"))
            if plan is None:
                return None
            stacked = stacked_fits(plan, [*found[1:], found[0]])
            like = np.flatnonzero(stacked.ordinary)
            if not len(like):
                return None
            # What is said of an ordinary panel is said of all of them; it is fitted, and its numbers are at hand.
            batch.pattern = number if stacked.ordinary[number] else int(like[0])
            stacked.ordinary[batch.pattern] = batch.fit(batch.pattern) is None
            return stacked
    return None


class _Batch:
    """Fits of single panels as they come, and what is made of them all."""

    def __init__(self, one: Callable[[int], Any], count: int) -> None:
        self.one = one
        self.count = count
        self.pattern: int | None = None
        self._fits: dict[int, Any] = {}
        self._failed: dict[int, PanelVarError] = {}

    def fit(self, number: int) -> Any:
        """Fit a panel by itself, once; None where it cannot be estimated."""
        if number not in self._fits and number not in self._failed:
            try:
                with warnings.catch_warnings():
                    # They are counted, and said once.
                    warnings.simplefilter("ignore", PanelVarWarning)
                    result = self.one(number)
            except _NOT_ESTIMABLE as error:
                self._failed[number] = error
            except PanelVarError as error:
                raise type(error)(f"Panel {number}: {error}") from error
            else:
                if not isinstance(result, Inference):
                    raise SpecificationError(
                        f"fit must return a result with coefficients and errors; it returned a {type(result).__name__}."
                    )
                self._fits[number] = result
        return self._fits.get(number)

    def result(self, stacked: Stacked | None) -> PanelBatch:
        """Put all fits together."""
        import pandas as pd

        if not self._fits:
            first = next(iter(self._failed))
            error = self._failed[first]
            raise type(error)(f"None of the {self.count} panels can be estimated. Panel {first}: {error}") from error
        pattern = next(iter(self._fits.values())) if self.pattern is None else self._fits[self.pattern]
        names = max((result.names for result in self._fits.values()), key=len)
        together = np.zeros(self.count, dtype=bool) if stacked is None else stacked.ordinary
        used = np.array([number for number in range(self.count) if together[number] or number in self._fits])
        estimates, errors = np.full((len(used), len(names)), np.nan), np.full((len(used), len(names)), np.nan)
        facts = np.tile(_facts(pattern), (len(used), 1))
        if stacked is not None:
            at = np.flatnonzero(together[used])
            estimates[at], errors[at] = stacked.params[together], stacked.std_errors[together]
            facts[at, -1] = stacked.rsquared[together]
        place = {name: column for column, name in enumerate(names)}
        for row, number in enumerate(used.tolist()):
            if not together[number]:
                own = self._fits[number]
                columns = [place[name] for name in own.names]
                estimates[row, columns], errors[row, columns] = own.params.to_numpy(), own.std_errors.to_numpy()
                facts[row] = _facts(own)
        nobs, df_resid, df_inference, rsquared = facts.T
        every = pd.RangeIndex(self.count, name="panel")
        return PanelBatch(
            estimates,
            errors,
            names,
            every if len(used) == self.count else every[used],
            nobs.astype(np.intp),
            df_resid,
            df_inference,
            rsquared,
            getattr(pattern, "estimator", type(pattern).__name__),
            str(getattr(pattern, "dependent", "")),
            pattern.cov_label,
            self.one,
            tuple(self._notes(pattern)),
        )

    def _notes(self, pattern: Inference) -> list[Note]:
        """Notes that hold for all panels, and notes that hold for some, which are counted."""
        # Panels that were computed together are like the pattern.
        notes = [note for note in pattern.notes if not note.warn]
        alike = {note.code: self.count - len(self._fits) - len(self._failed) for note in pattern.notes if note.warn}
        said: dict[str, list[str]] = {}
        for result in self._fits.values():
            for code, text in {note.code: note.text for note in result.notes if note.warn}.items():
                said.setdefault(code, []).append(text)
        for code, texts in said.items():
            number = len(texts) + alike.get(code, 0)
            where = "" if number == self.count else f"In {number} of {self.count} panels: "
            notes.append(Note(code, f"{where}{texts[0]}", warn=True))
        if self._failed:
            first = next(iter(self._failed))
            which = ", ".join(map(str, list(self._failed)[:5])) + (", ..." if len(self._failed) > 5 else "")
            text = (
                f"{len(self._failed)} of {self.count} panels are left out, because they cannot be estimated: "
                f"{which}. Panel {first}: {self._failed[first]}"
            )
            notes.append(Note("panels-dropped", text, warn=True))
        return notes


def _facts(result: Any) -> Array:
    """Rows, residual degrees of freedom, those of inference, and R2 of a fit."""
    df = result.df_inference
    return np.array(
        [
            result.nobs,
            getattr(result, "df_resid", np.nan),
            np.inf if df is None else df,
            getattr(result, "rsquared", np.nan),
        ]
    )
