"""The equations of a fitted system as columns of a table of results."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from panelvar.estimates.coefficients.result_column import ResultColumn
from panelvar.systems.var.fitted_system import FittedSystem

if TYPE_CHECKING:
    import pandas as pd

# What the foot of a table of results shows of an equation, and the Series that holds it.
_OF_EQUATIONS = {
    "rsquared": "rsquared",
    "rsquared_adjusted": "rsquared_adjusted",
    "rmse": "rmse",
    "loglik": "loglik_by_equation",
}


def equation_columns(model: FittedSystem) -> list[ResultColumn]:
    """Give a column for each equation; coefficients set to zero are left out."""
    columns = []
    for place, name in enumerate(model.names):

        def conf_int(*, level: float, name: str = name) -> pd.DataFrame:
            limits = model.conf_int(level=level)
            return limits[limits.index.get_level_values(0) == name].droplevel(0)

        params = model.params[name]
        columns.append(
            ResultColumn(
                model,
                name,
                f"{'' if model._free is None else 'restricted '}VAR({model.lags})",
                params if model._free is None else params[model._free[:, place]],
                model.std_errors[name],
                model.tstats[name],
                model.pvalues[name],
                conf_int,
                model.distribution,
                model.cov_label,
                model.convention.name,
                model.notes,
                partial(_statistic, model, name),
                equation=name,
            )
        )
    return columns


def _statistic(model: FittedSystem, equation: str, name: str) -> Any:
    """Give what stands in the foot of an equation's column."""
    if name == "rsquared_label":
        return "R2"
    if name in ("nobs", "df_resid"):
        return getattr(model, name)
    attribute = _OF_EQUATIONS.get(name)
    return None if attribute is None else float(getattr(model, attribute)[equation])
