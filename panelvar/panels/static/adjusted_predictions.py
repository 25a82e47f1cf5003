"""Adjusted predictions: the fitted mean averaged over rows, as they are or with variables held at values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from panelvar.core.base.arguments import read_names
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, SpecificationError, check_level
from panelvar.core.base.labels import listed
from panelvar.core.base.limits import MOST_EFFECTS
from panelvar.data.calendar.time_labels import as_text
from panelvar.estimates.coefficients.nonlinear import FunctionValues, through
from panelvar.panels.static.fitted_model import HasMargins
from panelvar.panels.static.margins import Margins
from panelvar.panels.static.model_columns import At, ModelColumns, place_in_words, quoted

_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, eq=False, repr=False)
class AdjustedPredictions(Margins):
    """Predictions averaged over rows or at values, with the errors of the delta method.

    See Also
    --------
    LinearResult.adjusted_predictions : Makes it.
    plot_margins : Draws it.

    Examples
    --------
    >>> import panelvar as pv
    >>> fit = pv.fit_pooled(pv.load_data("wage_panel"), "lwage ~ union * exper + educ")
    >>> fit.adjusted_predictions(at={"union": [0, 1]}).params.round(4).tolist()
    [1.6058, 1.7841]

    The predicted log wage of union members and of others, by years of experience:

    >>> figure = fit.adjusted_predictions(at={"union": [0, 1], "exper": [0, 5, 10, 15]}).plot(across="exper")
    """


def adjusted_predictions(
    self: HasMargins,
    variables: str | Sequence[str] | None = None,
    *,
    at: At = None,
    over: str | None = None,
    level: float = 0.95,
) -> AdjustedPredictions:
    r"""Return the fitted mean averaged over the rows, as they are or with variables held at values.

    :math:`\hat c + \frac{1}{n}\sum_i x_i(v)'\hat\beta`, where :math:`x_i(v)` are the terms of a row computed again
    with the variables held, in every row and period, at v.

    Parameters
    ----------
    variables : str or sequence of str, optional
        Columns that take several values in turn: categories all levels, numbers the minimum, the quartiles and the
        maximum. Several columns are crossed. Give values of your own in ``at``.
    at : mapping or "mean", optional
        Hold columns at values, ``{"x": 1.0}``; at several, ``{"x": [1, 2, 3]}``, one prediction for each; at their
        mean, ``{"x": "mean"}``. ``"mean"`` holds all columns at theirs (a share, for categories).
    over : str, optional
        Average by group: a column, ``"entity"`` or ``"time"``. Means are then the groups' own.
    level : float
        Coverage of the limits that are printed.

    Returns
    -------
    AdjustedPredictions
        Read and tested like coefficients: ``params``, ``std_errors``, ``conf_int()``, ``to_frame()``;
        ``wald_test("`x = 1` = `x = 2`")`` and ``lincom("`x = 2` - `x = 1`")`` are contrasts.

    Raises
    ------
    SpecificationError
        If the model is in first differences, which predict changes, or absorbs effects without a constant or with
        slopes; if a variable is in no term, or a column cannot have a value; or if the prediction needs the
        coefficient of a dropped column.
    MissingInformationError
        If rows were released.

    Notes
    -----
    Absorbed and random effects are held at their average, as in `predict` (``effects=False``) and in Stata's
    ``margins`` after ``xtreg``. Over all rows, least squares with a constant then predict the mean of the dependent
    variable; over groups, models with effects do not. Rows are weighted as in the fit. The columns are taken as
    given, so that standard errors count the coefficients alone: a new observation varies more (`predict_interval`).

    Examples
    --------
    >>> import panelvar as pv
    >>> men = pv.load_data("wage_panel")
    >>> fit = pv.fit_pooled(men, "lwage ~ educ + union", cov="cluster")
    >>> fit.adjusted_predictions("union").params.round(3).to_list()
    [1.605, 1.786]
    """
    fit = self._fit_in_levels
    level = check_level(level)
    model = ModelColumns(fit, self._explains_changes, "An adjusted prediction")
    model.refuse_without_level("An adjusted prediction")
    written = _gone_through(model, variables, at)
    grid = model.grid(at, "predictions", {name: list(values) for name, values in written.items()})
    groups = model.groups(over, grid)
    if len(grid.points) * len(groups) > MOST_EFFECTS:
        raise SpecificationError(
            f"You asked for more than {MOST_EFFECTS} predictions at once. Ask for fewer values, or for groups over a "
            "column of fewer values."
        )
    names: list[str] = []
    keys: list[dict[str, Any]] = []
    weights: list[Array] = []
    for point in grid.points:
        columns: dict[str, Any] | None = None
        for rows in groups:
            if columns is None or grid.by_group(point):
                columns = model.columns(rows, point, grid.at_means)
            model.refuse_unidentified(columns, rows, each=False)
            where = ({} if over is None else {over: rows.label}) | dict(point)
            texts = {name: written[name][value] if name in written else value for name, value in point.items()}
            names.append(place_in_words(where | texts) or "prediction")
            keys.append(where)
            weights.append(np.array([rows.mean(column) for column in model.in_use(columns, rows, grid.at_means)]))
    jacobian = np.array(weights)
    through_rows = through(self.covariance, jacobian)
    still = [name for name, variance in zip(names, through_rows.matrix.diagonal(), strict=True) if variance == 0.0]
    notes: tuple[Note, ...] = ()
    if still and not fit.exact:
        text = f"These have no sampling variation, so they have no t statistic: {listed(still)}."
        notes = (Note("no-variance", text),)
    return AdjustedPredictions(
        FunctionValues(tuple(names), jacobian @ fit.coefficients, jacobian, fit.names, fit.exact, notes),
        through_rows,
        f"Adjusted predictions of {fit.design.dependent}, {grid.in_words}",
        fit.sample.rows,
        tuple(keys),
        level,
        fit.design.dependent,
        (*(() if over is None else (over,)), *grid.points[0]),
    )


def _gone_through(model: ModelColumns, variables: str | Sequence[str] | None, at: At) -> dict[str, dict[Any, str]]:
    """Return the values that variables take in turn, and how each is written.

    They are all levels of categories, and five numbers of a column of numbers.
    """
    found: dict[str, dict[Any, str]] = {}
    for name in read_names("variables", variables):
        if name not in model.variables:
            raise SpecificationError(
                f"variables names {name!r}, but the model's variables are {quoted(model.variables)}."
            )
        if isinstance(at, Mapping) and name in at:
            raise SpecificationError(f"{name!r} is in variables and in at=. Give it once, in at= with its values.")
        if name in model.levels:
            found[name] = {level: as_text(level) for level in model.levels[name].values}
        else:
            own = model.everyone.of(model.source.panel.column(name))
            found[name] = _briefly(np.quantile(own[np.isfinite(own)], _SHARES, method="inverted_cdf"))
    return found


def _briefly(values: Array) -> dict[float, str]:
    """Write numbers with as few digits as tell them apart, four or more."""
    distinct = list(dict.fromkeys(values.tolist()))
    written = ([f"{value:.{digits}g}" for value in distinct] for digits in range(4, 18))
    return dict(zip(distinct, next(texts for texts in written if len(set(texts)) == len(distinct)), strict=True))
