"""Local projections of time series: `fit_local_projections`."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import DROP_OR_RAISE, read_flag, read_levels, read_whole, refuse_beyond
from panelvar.core.base.errors import Note, SpecificationError, choose, emit
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.covariance.covariances import HC
from panelvar.estimates.covariance.serial import PanelNeweyWest
from panelvar.kernels.dynamics.terms import terms_within
from panelvar.systems.identification.scheme import Identification
from panelvar.systems.projections.horizon_models import HorizonRegressions
from panelvar.systems.projections.projection_data import read_projection_data
from panelvar.systems.projections.projection_errors import error_rule
from panelvar.systems.projections.result import ProjectedResponses
from panelvar.systems.responses.shocks import SHOCK_SIZES, cumulated, read_cumulative, said_cumulative
from panelvar.systems.var.var import CRITERION_NAMES, check_terms, compare_lags, lag_order, notes_of_crowding
from panelvar.systems.var.var_convention import VarConvention, var_convention

if TYPE_CHECKING:
    import pandas as pd

    from panelvar.data.panel.panel import Panel

SAMPLES = ("all", "common")


@documented
def fit_local_projections(
    data: pd.DataFrame | npt.ArrayLike | Panel,
    columns: Sequence[Hashable] | None = None,
    *,
    lags: int | str = 1,
    horizon: int = 10,
    identification: str | Identification = "cholesky",
    ordering: Sequence[str] | None = None,
    shock: str | pd.Series | npt.ArrayLike | None = None,
    instruments: str | Sequence[str] | pd.DataFrame | pd.Series | npt.ArrayLike | None = None,
    state: str | pd.Series | npt.ArrayLike | None = None,
    shock_size: str | None = None,
    trend: str = "c",
    seasons: int = 0,
    exogenous: Sequence[str] | pd.DataFrame | pd.Series | npt.ArrayLike | None = None,
    exogenous_lags: int = 0,
    lag_augmented: bool = True,
    shock_lags: int | None = None,
    cumulative: bool | str | Sequence[str] = False,
    sample: str = "all",
    cov: str | HC | PanelNeweyWest | None = None,
    impact: str = "estimated",
    bands: Any = None,
    level: float | Sequence[float] = 0.95,
    distribution: str | None = None,
    missing: str = "drop",
    convention: str | VarConvention = "default",
) -> ProjectedResponses:
    r"""Estimate responses by local projections, a regression for each horizon (Jorda 2005).

    .. math:: y_{t+h} = D_t + B_h y_t + C_{h1} y_{t-1} + \dots + C_{hq} y_{t-q} + \xi_{t,h}, \qquad
        \hat\Theta_h = \hat B_h \hat\Theta_0

    with :math:`\Theta_0` the impact of the shocks in the vector autoregression of the same order, which
    ``identification`` makes of it. With ``shock=`` it is instead the regression on a shock that is observed,

    .. math:: y_{t+h} = D_t + \theta_h \epsilon_t + C_{h1} y_{t-1} + \dots + C_{hp} y_{t-p}
        + \gamma_{h1} \epsilon_{t-1} + \dots + \gamma_{hr} \epsilon_{t-r} + \xi_{t,h},

    and with ``instruments=`` two-stage least squares of it (LP-IV).

    Parameters
    ----------
    {data (system), columns (system)}
    lags : int or {"aic", "bic", "hqic", "fpe", "lr"}
        Order p of the vector autoregression, or the criterion that chooses it.
    {horizon, identification}
        The scheme must leave one model. It cannot be used with ``shock=``.
    {ordering}
    shock : str, Series or array (T,), optional
        An observed shock instead: a column, or a series matched with the data by its labels. With ``instruments`` the
        variable that the shock moves by one unit.
    instruments : column names, Series, DataFrame or array, optional
        Instruments for the shock.
    state : str, Series or array (T,), optional
        Zeros and ones, known when an observed shock comes (a lag, usually): the shock, the controls and the constant
        have separate coefficients in either state (Ramey and Zubairy 2018), and there are two responses, ``shock
        (state = 1)`` and ``shock (state = 0)``. Trends and seasons are shared. A response is the average one after
        that state, whatever states follow.
    shock_size : {"sd", "unit"}, optional
        By default one standard deviation for a scheme, one unit for an observed shock. The standard deviation of an
        observed shock is that of what controls leave of it, and counts as known.
    {trend (system), seasons, exogenous}
        Exogenous variables are controls, dated like the impulse.
    {exogenous_lags}
    lag_augmented : bool
        Whether one lag more than the model has is a control: q = p, and q = p - 1 without (Montiel Olea and
        Plagborg-Moller 2021). Heteroskedasticity-consistent errors are then valid at every horizon, whether or not the
        data have unit roots. With an observed shock the controls are the same either way, and this chooses the default
        errors.
    shock_lags : int, optional
        Lags r of an observed shock among the controls; as many as ``lags`` by default. Without any (``shock_lags=0``)
        the response is to the shock and to what its past says of it; this is the same only for a shock that its past
        does not predict.
    cumulative : bool, or names of variables
        Sum responses over periods, of all variables or of these; errors are those of the sums.
    sample : {"all", "common"}
        Each horizon on all rows it can use, or every horizon (and the vector autoregression) on the rows of the last.
    cov : str, HC or PanelNeweyWest, optional
        ``"HC0"`` to ``"HC5"`` or ``"newey-west"``. By default ``"HC1"`` if lag-augmented, else, and where no lag of an
        observed shock is a control, ``"newey-west"``, whose lags at horizon h are h unless ``PanelNeweyWest(lags=...)``
        says otherwise.
    impact : {"estimated", "known"}
        Whether errors count the impact matrix as estimated, or as known as in Jorda (2005).
    bands : DeltaMethod or bootstrap source, optional
        Pointwise by default; see `ProjectedResponses.with_bands`.
    {level (band)}
    distribution : {"normal", "t"}, optional
        Distribution of an estimate over its standard error; t has the regression's degrees of freedom. By default t
        at horizons with fewer than 30, and normal at the others.
    {missing (system), convention (system)}

    Returns
    -------
    ProjectedResponses

    Raises
    ------
    DataError, InsufficientDataError, CollinearityError
        As in `fit_var`.
    SpecificationError
        The scheme leaves many models, or options contradict each other.

    See Also
    --------
    fit_var : responses from one system, with smaller variance at long horizons.
    fit_panel_local_projections : many entities.
    ProjectedResponses.with_bands : other bands of the same responses.

    Notes
    -----
    Errors of a scheme's shocks count what is estimated twice over: with g the row of influences of
    :math:`\hat B_h`, those of :math:`\hat\Theta_h` are :math:`g_t \Theta_0 + B_h\, d\Theta_0(u_t u_t' - \Sigma)`, so
    that the band at h = 0 is that of the impact.

    When to use something else: where a vector autoregression is a good description, its responses have smaller
    variance at long horizons; local projections have smaller bias where it is not (Li, Plagborg-Moller and Wolf 2024).
    In population both are the same (Plagborg-Moller and Wolf 2021).

    References
    ----------
    Jorda (2005), American Economic Review 95(1), 161-182; Montiel Olea and Plagborg-Moller (2021), Econometrica 89(4),
    1789-1823; Plagborg-Moller and Wolf (2021), Econometrica 89(2), 955-980; Stock and Watson (2018), Economic Journal
    128, 917-948; Ramey and Zubairy (2018), Journal of Political Economy 126(2), 850-901, equation 2.

    Examples
    --------
    >>> import panelvar as pv
    >>> macro = pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]]
    >>> lp = pv.fit_local_projections(macro, lags=4, horizon=8)
    >>> lp.covariance
    'HC1'
    >>> lp.response("unemp", "tbilrate").round(3).tail(1)
             value  lower  upper  std_error
    horizon
    8        0.155  0.014  0.296      0.072
    """
    levels = read_levels(level)
    horizon = read_whole("horizon", horizon, 0)
    rules = var_convention(convention)
    check_terms(trend, seasons, exogenous, exogenous_lags)
    choose("sample", sample, SAMPLES)
    choose("missing", missing, DROP_OR_RAISE)
    choose("impact", impact, ("estimated", "known"))
    if distribution is not None:
        choose("distribution", distribution, ("normal", "t"))
    lag_augmented = read_flag("lag_augmented", lag_augmented)
    if shock is None:
        _refuse_without_shock(instruments, state)
    else:
        _refuse_beside_shock(identification, ordering)
    read = read_projection_data(data, columns, shock, instruments, exogenous, state)
    summed = read_cumulative(cumulative, read.table.names)
    periods = len(read.table.values)
    terms = terms_within(periods, trend, seasons, read.table.exogenous_names, exogenous_lags)
    few: tuple[Note, ...] = ()
    if isinstance(lags, str):
        criterion = choose("lags", lags, CRITERION_NAMES)
        selection = compare_lags(read.table, None, terms, 1, missing, rules)
        lags, few = selection.order(criterion), notes_of_crowding(selection.notes)
    order = lag_order(lags, 0 if shock is not None else 1)
    for option, reach in (("horizon", horizon), ("lags", order)):
        refuse_beyond(option, reach, periods)
    own_lags = order if shock_lags is None else lag_order(shock_lags, 0, "shock_lags")
    rule = error_rule(cov, lag_augmented and own_lags > 0)
    model = HorizonRegressions(read, terms, order, horizon, lag_augmented, shock_lags, sample == "common", rule)
    notes = read.table.notes + few + model.missing_notes(missing)
    size = shock_size or ("sd" if shock is None else "unit")
    if shock is None:
        system = model.vector_autoregression(rules)
        shocks = system._shocks(identification, size, ordering)
        if shocks.scheme.set_valued:
            raise SpecificationError(
                f"{shocks.scheme.words} leave many models, and a local projection needs one impact. Use "
                "impulse_responses of the vector autoregression."
            )
        values, influence, more = model.of_scheme(system, shocks, impact == "known")
        more += shocks.scheme.notes
    else:
        choose("shock_size", size, SHOCK_SIZES)
        values, influence, more = model.of_shock(size == "sd")
    values, influence = cumulated(values, 0, summed), cumulated(influence, 0, summed)
    errors = np.sqrt(np.maximum(rule.variances(influence), 0.0))
    if shock is None:
        described: dict[str, Any] = {
            "shocks": shocks.names,
            "identification": shocks.scheme.name,
            "scheme": shocks.scheme.words,
            "shock_size": shocks.size,
            "ordering": shocks.ordering,
            "var": system,
            "bootstrap": model.bootstrap(system, shocks, impact == "known", values, errors, summed),
        }
    else:
        words = "observed" if instruments is None else "instrumented"
        described = {"shocks": model.shock_names, "identification": words, "scheme": words, "shock_size": size}
    result = ProjectedResponses(
        values=values,
        names=read.table.names,
        cumulative=said_cumulative(summed, read.table.names),
        std_errors=errors,
        notes=notes + more + model.notes() + (model.notes_of_degrees() if distribution is None else ()),
        influence=influence,
        nobs_by_horizon=model.counts,
        df_by_horizon=model.degrees,
        covariance=rule.label,
        kernel=rule.kernel,
        kernel_lags=rule.bandwidths(horizon),
        distribution=distribution,
        **described,
    )
    emit(result.notes)
    return result.with_bands(bands, level=levels)


def _refuse_without_shock(instruments: object, state: object) -> None:
    """Refuse what is about an observed shock where none is."""
    if instruments is not None:
        raise SpecificationError("instruments= is for the variable named in shock=.")
    if state is not None:
        raise SpecificationError("state= is for an observed shock. Name it in shock=, say one of structural_shocks().")


def _refuse_beside_shock(identification: object, ordering: object) -> None:
    """Refuse what makes shocks of errors where one is observed."""
    default = isinstance(identification, str) and identification == "cholesky"
    if default and ordering is None:
        return
    option = "ordering" if default else "identification"
    raise SpecificationError(
        f"{option}= makes shocks of the errors of a vector autoregression, and shock= is a shock that is observed. "
        "Leave one of them out. For a shock with instruments give shock= and instruments=."
    )
