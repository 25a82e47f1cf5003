"""The between estimator: a regression of entity means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import ONE_WAY, read_flag
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import DataError, InsufficientDataError, choose
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.design import Design, build_design
from panelvar.data.formulas.effects_after_bar import read_one_or_two_effects
from panelvar.data.panel.panel import Panel
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit_checks import check_scale
from panelvar.estimates.fit.presets import as_convention
from panelvar.estimates.fit.transformed_model import TransformedModel
from panelvar.kernels.linear.groups import Grouping, compact
from panelvar.kernels.linear.rows import column_norms
from panelvar.panels.static.finish import finish
from panelvar.panels.static.pooled import centred_model
from panelvar.panels.static.result import LinearResult


@dataclass(frozen=True, eq=False, repr=False)
class MeansDesign(Design):
    """Means of rows by the levels of a dimension, which can be grouped by what does not vary within a level.

    Attributes
    ----------
    rows : Design or None
        The rows averaged; None after `without_rows`.
    levels : Grouping or None
        The levels of these rows, in the order of the means.
    dimension : str
        Label of the dimension.
    """

    rows: Design | None = None
    levels: Grouping | None = None
    dimension: str = ""

    def group_by(self, column: str | NDArray[Any] | Sequence[Any]) -> tuple[Grouping, str]:
        """Return the grouping and the label of a clustering dimension of the means.

        ``"entity"`` makes every mean its own group, and so does the name of the dimension; other names are columns of
        the rows. An array has a value for each row of the caller's data, or for each mean.
        """
        own = isinstance(column, str) and column in ("entity", self.dimension)
        if own or self.rows is None or self.levels is None:
            return super().group_by("entity" if own else column)
        # Rows of a stream can be grouped by columns only.
        if not isinstance(column, str) and len(column) != getattr(self.rows.panel, "nobs", None):
            return super().group_by(column)
        grouping, label = self.rows.group_by(column)
        met, varying = self.levels.met_by(grouping)
        if varying:
            raise DataError(
                f"{label!r} varies within {varying} of the {self.levels.n_groups} levels of {self.dimension!r}, whose "
                "means are regressed. Each mean must belong to one cluster."
            )
        return Grouping.from_codes(*compact(met)), label

    def column(self, name: str) -> Array:
        """Return the means of a numeric column of the rows, by level."""
        if self.rows is None or self.levels is None:
            return super().column(name)
        means: Array = self.levels.means_of([self.rows.column(name)], self.rows.weights)[:, 0]
        return means

    def without_rows(self) -> Design:
        """Return the design's names and notes, its rows released."""
        light = super().without_rows()
        object.__setattr__(light, "rows", None)
        object.__setattr__(light, "levels", None)
        return light


@documented
def fit_between(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    effects: str = "entity",
    wls: bool = False,
    constant: bool | None = None,
    weights: str | NDArray[Any] | None = None,
    cov: str | Covariance = "classical",
    convention: str | Convention = "default",
    missing: str = "drop",
    collinear: str = "drop",
) -> LinearResult:
    r"""Fit the between regression, :math:`\bar y_i = c + \bar x_i'\beta + \bar u_i`.

    Parameters
    ----------
    {data, y, x, effects (means), wls, constant, weights (means), cov, convention, missing, collinear}

    Returns
    -------
    LinearResult

    Raises
    ------
    DataError, SpecificationError, CollinearityError
        See `panelvar.core.base.errors`.
    InsufficientDataError
        If there are fewer than two entities (or periods), or no degrees of freedom are left.

    See Also
    --------
    fit_pooled : Every row counts.
    fit_fixed_effects : Uses what varies within entities.
    fit_iv_between : With instruments.

    Notes
    -----
    The regression has one row for each entity. You can cluster by a column (or an array with a value for each row of
    the data) that does not vary within entities, such as the region of a firm. The estimates are consistent only if the
    entity effects are uncorrelated with the means of the regressors.

    Examples
    --------
    >>> import panelvar as pv
    >>> men = pv.load_data("wage_panel")
    >>> fit = pv.fit_between(men, "lwage ~ educ + union")
    >>> fit.params.round(4).to_dict()
    {'const': 0.6772, 'educ': 0.0773, 'union': 0.2561}
    >>> fit.nobs
    545
    """
    data, y, effects = read_one_or_two_effects(data, y, x, effects)
    choose("effects", effects, ONE_WAY)
    source = build_design(data, y, x, constant=constant, weights=weights, missing=missing)
    return finish(means_model(source, effects, wls=wls), cov, as_convention(convention), collinear)


def means_model(source: Design, effects: str, *, wls: bool) -> TransformedModel:
    """Average a design over the levels of a dimension (see `fit_between`)."""
    import pandas as pd

    wls = read_flag("wls", wls)
    grouping, label = source.group_by(effects)
    if grouping.n_groups < 2:
        raise InsufficientDataError(f"The between regression needs at least two levels of {label!r}.")
    means = grouping.means_of(source.columns, source.weights)
    mass = grouping.mass(source.weights) if wls or source.weights is not None else None
    weight = None if mass is None else mass / mass.mean()
    labels = source.labels_of(label)
    # The labels of the rows are the levels whose means they are.
    table = pd.DataFrame({name: means[:, j] for j, name in enumerate(source.names)}, index=labels)
    panel = Panel(table, entity=np.arange(len(labels)), time=np.zeros(len(labels)))
    design = MeansDesign(
        panel=panel,
        dependent=source.dependent,
        names=source.names,
        y=means[:, -1],
        x=tuple(means[:, j] for j in range(len(source.names))),
        constant=source.constant,
        weights=weight,
        weighted_by=source.weighted_by,
        rows=source,
        levels=grouping,
        dimension=label,
    )
    raw_norms = column_norms(design.columns, weight)
    check_scale(design, raw_norms)
    estimator = f"Between ({label}{'' if weight is None else ', weighted'})"
    return centred_model(design, family="between", estimator=estimator, source=source, raw_norms=raw_norms)
