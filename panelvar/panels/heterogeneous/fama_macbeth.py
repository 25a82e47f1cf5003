"""Fama and MacBeth's estimator: the average of a regression for each period, and its result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from panelvar.core.base.arguments import is_number
from panelvar.core.base.errors import SpecificationError, choose
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.design import Design, build_design
from panelvar.data.panel.panel import Panel
from panelvar.estimates.covariance.serial_scores import lagged_gram
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.presets import as_convention
from panelvar.kernels.linear.lag_windows import KERNELS
from panelvar.panels.heterogeneous.result import HeterogeneousResult
from panelvar.panels.heterogeneous.unit_fits import fit_units

if TYPE_CHECKING:
    pass


@documented
def fit_fama_macbeth(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    constant: bool | None = None,
    lags: float = 0,
    kernel: str = "bartlett",
    min_rows: int | None = None,
    unusable: str = "drop",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> HeterogeneousResult:
    r"""Average the coefficients of a cross-section regression for each period (Fama and MacBeth 1973).

    .. math:: y_{it} = c_t + x_{it}'\beta_t + u_{it}, \qquad
              \bar b = \frac1T\sum_t b_t, \qquad
              \hat V = \frac{1}{T(T-1)}\sum_t\sum_s w(|t - s|)\,(b_t - \bar b)(b_s - \bar b)'

    Parameters
    ----------
    {data, y, x}
        Each must vary within the periods.
    lags : int, or float with the quadratic spectral kernel
        Lags of the kernel w over periods; with 0 the coefficients of different periods are uncorrelated. Below T.
    {kernel}
    constant : bool, optional
        A constant for each period: by default yes, or as the formula says.
    min_rows : int, optional
        Leave out periods with fewer rows; by default those without a residual degree of freedom.
    unusable : {"drop", "raise"}
        Leave out periods that have too few rows or dependent regressors, with a warning that counts them, or refuse.
    convention : str or Convention
        ``heterogeneous_distribution`` says whether inference is by t(T - 1) or the normal, ``kernel_distance`` whether
        lags are on the calendar or count the periods that there are (linearmodels).
    {missing}

    Returns
    -------
    HeterogeneousResult
        ``params`` and ``std_errors`` of the averages; ``individual`` has the coefficients of each period.

    Raises
    ------
    DataError, SpecificationError, CollinearityError, InsufficientDataError
        See `panelvar.core.base.errors`.

    See Also
    --------
    fit_mean_group : A regression for each entity.
    fit_fixed_effects : If entities have effects.
    DriscollKraay : Errors correlated within periods, slopes constant.

    Notes
    -----
    The method is Fama and MacBeth's (1973, Journal of Political Economy 81). Errors may be correlated within a period
    in any way, but not between periods further apart than ``lags``. An entity effect is such a correlation: it makes
    standard errors far too small (Petersen 2009, Review of Financial Studies 22); use `fit_fixed_effects` clustered by
    entity instead. With few periods (under 20, for example) the asymptotics in T fail. Generated regressors (betas)
    need Shanken's correction, which this estimator does not make.

    Examples
    --------
    >>> import panelvar as pv
    >>> states = pv.load_data("public_capital")
    >>> fit = pv.fit_fama_macbeth(states, "log(gsp) ~ log(pcap) + log(pc) + log(emp)", lags=2)
    >>> fit.params.round(4).to_dict()
    {'const': 1.5957, 'log(pcap)': 0.1664, 'log(pc)': 0.3049, 'log(emp)': 0.5851}
    >>> fit.individual.shape
    (17, 4)
    """
    chosen = as_convention(convention)
    source = build_design(data, y, x, constant=constant, missing=missing)
    fits = fit_units(_swap_periods_and_entities(source), min_rows=min_rows, unusable=unusable, unit="period")
    coefficients = fits.units.coefficients
    count = len(coefficients)
    _refuse_lags(lags, kernel, count)
    mean = coefficients.mean(axis=0)
    # The label of a period is its position, because the panel whose entities are the periods is built from positions.
    positions = np.asarray(fits.design.entity_labels)
    labels = source.time_labels[np.searchsorted(np.unique(source.time_positions), positions)]
    if chosen.kernel_distance != "calendar":
        positions = np.arange(count)
    gram = lagged_gram(coefficients - mean, positions, kernel, float(lags))
    label = "dispersion over periods"
    if lags:
        label += f" ({kernel}, {lags:g} lag{'' if lags == 1 else 's'})"
    matrix = gram / (count * (count - 1.0))
    return fits.average(source, mean, matrix, label, chosen, "Fama-MacBeth", period_labels=labels)


def _refuse_lags(lags: float, kernel: str, periods: int) -> None:
    choose("kernel", kernel, KERNELS)
    if not is_number(lags) or not 0 <= lags < periods or (kernel != "quadratic-spectral" and lags != int(lags)):
        kind = "a bandwidth" if kernel == "quadratic-spectral" else "a whole number"
        raise SpecificationError(f"lags={shown(lags)} must be {kind}, at least 0 and less than the {periods} periods.")


def _swap_periods_and_entities(design: Design) -> Design:
    """Return the same rows with periods as entities, named by their calendar positions."""
    import pandas as pd

    columns = {str(j): column for j, column in enumerate(design.arrays)}
    frame = pd.DataFrame(columns, index=design.index)
    panel = Panel(frame, entity=design.time_positions, time=design.entities.codes)
    *x, y = (panel.column(name) for name in columns)
    return Design(panel, design.dependent, design.names, y, tuple(x), design.constant)
