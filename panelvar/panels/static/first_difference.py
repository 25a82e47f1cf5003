"""The first-difference estimator."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import InsufficientDataError, Note
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.design import Design, build_design
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.estimates.fit.transformed_model import TransformedModel
from panelvar.kernels.dynamics.gaps import lag_positions, previous_positions
from panelvar.kernels.linear.columns import differences
from panelvar.kernels.linear.rows import column_norms
from panelvar.panels.static.finish import finish
from panelvar.panels.static.pooled import centred_model
from panelvar.panels.static.result import LinearResult


@documented
def fit_first_difference(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    constant: bool | None = None,
    weights: str | NDArray[Any] | None = None,
    cov: str | Covariance = "classical",
    convention: str | Convention = "default",
    missing: str = "drop",
    collinear: str = "drop",
) -> LinearResult:
    r"""Fit first differences, :math:`\Delta y_{it} = \Delta x_{it}'\beta + \Delta u_{it}`.

    Parameters
    ----------
    {data, y, x, constant (differences), weights (differences), cov, convention, missing}
        Rows with missing values are dropped before differencing.
    {collinear}

    Returns
    -------
    LinearResult

    Raises
    ------
    DataError, SpecificationError, CollinearityError
        See `panelvar.core.base.errors`.
    InsufficientDataError
        If no entity has two adjacent periods, or no degrees of freedom are left.

    See Also
    --------
    fit_fixed_effects : Takes the effects out by means.
    fit_iv_first_difference : With instruments.
    wooldridge_difference_test : Tests whether differences or levels have uncorrelated errors.

    Notes
    -----
    Only adjacent periods are differenced. A difference never bridges a gap, except under the ``"plm"`` convention,
    which differences consecutive rows. If the errors of the levels are uncorrelated over time, those of the differences
    are not: use ``cov="cluster"``.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("fatalities")
    >>> fit = pv.fit_first_difference(states, "frate ~ beertax", cov="cluster")
    >>> print(f"{fit.params['beertax']:.4f} ({fit.std_errors['beertax']:.4f})")
    0.0288 (0.2623)
    >>> fit.nobs
    288
    """
    chosen = as_convention(convention)
    source = build_design(data, y, x, constant=constant, weights=weights, missing=missing)
    # If the levels have a constant by default, differencing removes it.
    return finish(differenced_model(source, chosen, constant), cov, chosen, collinear)


def differenced_model(source: Design, convention: Convention, constant: bool | None) -> TransformedModel:
    """Difference a design, with a constant in the differenced equation or as the convention has it."""
    bridging = convention.first_difference == "consecutive"
    own = convention.first_difference_constant if constant is None else bool(constant)
    # A design whose rows are not in memory takes differences of them itself.
    take_differences = getattr(source, "differences", partial(_differences, source))
    found: tuple[Design, Array, int] | None = take_differences(bridging, own)
    if found is None:
        raise InsufficientDataError("No entity has two adjacent periods, so there is nothing to difference.")
    design, raw_norms, gaps = found
    if not raw_norms.all():
        # A column that is zero in all rows but those before them has differences all the same.
        raw_norms = np.maximum(raw_norms, design.norms())
    notes: list[Note] = []
    if gaps and bridging:
        text = (
            f"{count_of(gaps, 'difference bridges', 'differences bridge')} a gap in time ({convention.name} "
            "convention)."
        )
        notes.append(Note("gaps-bridged", text, warn=True))
    elif gaps:
        text = (
            f"{count_of(gaps, 'row', 'rows')} after a gap in time {'has' if gaps == 1 else 'have'} no adjacent period, "
            f"so {'it is' if gaps == 1 else 'they are'} not differenced."
        )
        notes.append(Note("gaps", text))
    return centred_model(
        design, family="difference", estimator="First difference", source=source, raw_norms=raw_norms, notes=notes
    )


def _differences(source: Design, bridging: bool, constant: bool) -> tuple[Design, Array, int] | None:
    """Return the design of differences, the norms of the columns they are of, and how many rows follow a gap in time.

    Return None if there is no difference. With ``bridging``, differences are to the row before, whatever its period.
    """
    entities = source.entities
    previous = lag_positions(entities.codes, source.time_positions, 1)
    consecutive = previous_positions(entities.codes)
    gaps = int(((consecutive >= 0) & (previous < 0)).sum())
    previous = consecutive if bridging else previous
    rows_used = np.flatnonzero(previous >= 0)
    if len(rows_used) == 0:
        return None
    before = previous[rows_used]
    weight = source.weights
    if weight is not None:
        weight = 1.0 / (1.0 / weight[rows_used] + 1.0 / weight[before])
        weight = weight / weight.mean()
    design = source.with_columns(
        differences(source.columns, rows_used, before),
        constant=constant,
        weights=weight,
        kept=rows_used if source.kept is None else source.kept[rows_used],
    )
    # Absorption is judged on the scale of the levels, because a column that is constant in time leaves only rounding.
    used = np.zeros(source.nobs)
    used[rows_used] = 1.0 if weight is None else weight
    return design, column_norms(source.columns, used), gaps
