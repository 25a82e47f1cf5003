"""Local projections of panels: `fit_panel_local_projections`."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from panelvar.core.base.arguments import read_flag, read_levels, read_names, read_whole, refuse_beyond, refuse_other
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of, grouped
from panelvar.core.base.errors import (
    DataError,
    InsufficientDataError,
    Note,
    NumericalError,
    PanelVarWarning,
    SpecificationError,
    choose,
    emit,
)
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.design import Design
from panelvar.data.panel.panel import Panel, as_panel
from panelvar.data.panel.series import refuse_infinite
from panelvar.estimates.covariance.covariances import HC, Classical, Covariance, LeverageAdjusted, ScoredCovariance
from panelvar.estimates.covariance.influenced import Influenced
from panelvar.estimates.covariance.named import resolve, specification_of
from panelvar.estimates.covariance.serial import SerialCovariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit
from panelvar.estimates.fit.presets import as_convention
from panelvar.estimates.fit.small_samples import Counts, without_factors
from panelvar.kernels.linear.least_squares import covariance_root
from panelvar.panels.instruments.instrumental import fit_iv_fixed_effects, fit_iv_pooled
from panelvar.panels.instruments.strength import STAYS_VALID
from panelvar.panels.static.fixed import fit_fixed_effects
from panelvar.panels.static.pooled import fit_pooled
from panelvar.panels.static.result import LinearResult
from panelvar.systems.projections.projection_data import without_shock_lags
from panelvar.systems.projections.result import ProjectedResponses
from panelvar.systems.var.var import lag_order

SHORT = 20.0
"""Average rows an entity below which the bias of fixed effects with lagged outcomes is warned about."""


@documented
def fit_panel_local_projections(
    data: object,
    y: str,
    shock: str,
    *,
    controls: Sequence[str] | str | None = None,
    lags: int = 1,
    shock_lags: int | None = None,
    control_lags: int = 0,
    horizon: int = 10,
    effects: str | Sequence[str] | None = "entity",
    instruments: Sequence[str] | str | None = None,
    state: str | None = None,
    cumulative: bool = False,
    long_difference: bool = False,
    sample: str = "all",
    weights: str | NDArray[Any] | None = None,
    cov: str | Covariance = "cluster",
    bands: Any = None,
    level: float | Sequence[float] = 0.95,
    convention: str | Convention = "default",
) -> ProjectedResponses:
    r"""Estimate the response of an outcome to a shock by a panel regression for each horizon.

    .. math:: y_{i,t+h} = \alpha_{ih} + \lambda_{th} + \theta_h s_{it} + \sum_{j=1}^p (\phi_{jh} y_{i,t-j}
        + \psi_{jh} s_{i,t-j}) + x_{it}'\gamma_h + u_{i,t+h}

    Leads and lags are those of the calendar: a period that an entity lacks is never bridged.

    Parameters
    ----------
    {data}
    y : str
        The outcome.
    shock : str
        The impulse: a column, which moves by one unit.
    controls : sequence of str, optional
        Columns x, dated like the shock, with ``control_lags`` lags.
    lags : int
        Lags p of the outcome among the controls; of its differences, where ``long_difference``.
    shock_lags : int, optional
        Lags of the shock; as many as ``lags`` by default. Without any (``shock_lags=0``) the response is to the shock
        and to what its past says of it.
    control_lags : int, optional
        Lags of the controls; as many as ``lags`` by default.
    {horizon, effects}
        None is pooled.
    instruments : sequence of str, optional
        Instruments for the shock: two-stage least squares (LP-IV).
    state : str, optional
        A column of zeros and ones, known when the shock comes (a lag, usually): shock, controls and lags have
        separate coefficients in either state, and there are two responses.
    cumulative : bool
        The outcome is the sum :math:`y_{i,t} + \dots + y_{i,t+h}`.
    long_difference : bool
        The outcome is :math:`y_{i,t+h} - y_{i,t-1}`.
    sample : {"all", "common"}
        Each horizon on all rows it can use, or every horizon on those of the last.
    {weights, cov}
        Clustered by entity by default. `DriscollKraay` and `PanelNeweyWest` without ``lags=`` have at horizon h the
        larger of h and :math:`\lfloor 4 (T/100)^{2/9} \rfloor`.
    bands : DeltaMethod, optional
        Pointwise by default; ``DeltaMethod(joint="sup-t")`` holds the whole path.
    {level (band)}
    {convention}

    Returns
    -------
    ProjectedResponses
        The responses; ``fits`` has the regressions.

    Raises
    ------
    DataError, InsufficientDataError, CollinearityError
        As `fit_fixed_effects`, or the state does not hold zeros and ones only.
    SpecificationError
        Options contradict each other, or the covariance has no joint form.

    See Also
    --------
    fit_local_projections : one entity.
    fit_panel_var : responses from one system.
    fit_fixed_effects : the regression of each horizon.

    Notes
    -----
    The joint covariance of a path comes from the rows' scores at all horizons, summed as the covariance has it (by
    cluster, by period), and is scaled to the standard errors of the regressions.

    Fixed effects with lagged outcomes are biased by terms of order 1 / T (Nickell 1981), and so are local projections
    in short panels without them (Herbst and Johannsen 2024): a warning says so under 20 rows an entity.

    When to use something else: time effects absorb a shock that all entities share. Interact it, or leave time effects
    out and use Driscoll-Kraay errors.

    References
    ----------
    Jorda (2005), American Economic Review 95(1), 161-182; Jorda, Schularick and Taylor (2015), Journal of International
    Economics 96, S2-S18; Herbst and Johannsen (2024), Journal of Econometrics 240(1).

    Examples
    --------
    >>> import panelvar as pv
    >>> employment = pv.load_data("employment")
    >>> lp = pv.fit_panel_local_projections(employment, "emp", "wage", horizon=2, effects="time")
    >>> lp.response("emp", "wage").round(2)
             value  lower  upper  std_error
    horizon
    0        -0.04  -0.11   0.03       0.03
    1        -0.06  -0.14   0.03       0.04
    2        -0.05  -0.20   0.09       0.07
    """
    levels = read_levels(level)
    horizon, lags = read_whole("horizon", horizon, 0), lag_order(lags, 0)
    choose("sample", sample, ("all", "common"))
    cumulative = read_flag("cumulative", cumulative)
    if read_flag("long_difference", long_difference) and cumulative:
        raise SpecificationError("cumulative= and long_difference= are different outcomes. Choose one.")
    rules = as_convention(convention)
    panel = as_panel(data)
    if panel.n_entities == 1:
        raise InsufficientDataError(
            "The data have only one entity. Name the entity and the time, with Panel(data, entity=..., time=...) "
            "or a two-level index; for one series over time use fit_local_projections."
        )
    reaches = {
        "lags": lags,
        "shock_lags": lags if shock_lags is None else lag_order(shock_lags, 0, "shock_lags"),
        "control_lags": lag_order(control_lags, 0, "control_lags"),
    }
    for option, name in (("y", y), ("shock", shock), ("state", state)):
        if name is not None or option != "state":
            refuse_other(option, name, str, "a column's name, which is a text")
    beside, tools = read_names("controls", controls), read_names("instruments", instruments)
    for option, reach in {"horizon": horizon, **reaches}.items():
        refuse_beyond(option, reach, panel.calendar.n_positions)
    # Checked first, because sums and differences turn two infinite values into a missing one.
    refuse_infinite(panel.column(y)[:, None], (y,))
    lagged = (f"D.{y}", panel.difference(y)) if long_difference else (y, panel.column(y))
    frame = _columns(panel, shock, lagged, beside, tools, state, reaches)
    outcomes = partial(_outcomes, panel, y, horizon, cumulative=cumulative, long_difference=long_difference)
    absent = reduce(np.logical_or, map(np.isnan, outcomes())) if sample == "common" else None
    results: list[LinearResult] = []
    influence = np.zeros((horizon + 1, len(frame.shocks), panel.nobs))
    used: Covariance | str = cov
    for lead, outcome in enumerate(outcomes()):
        used = _with_lags(cov, panel, lead)
        rows = outcome if absent is None else np.where(absent, np.nan, outcome)
        result = frame.fit(f"F{lead}.{y}", rows, effects, used, weights, rules)
        _require_shocks(result, lead, frame.shocks)
        _write_influences(result.fit, frame.shocks, influence[lead])
        # A horizon's rows are released before those of the next are made.
        results.append(result.without_rows())
    projected = _assemble(frame, results, influence, resolve(used, results[0].fit, rules), y, cumulative, lags)
    lacking = _lacking(panel, (y, shock, *beside, *tools, state, weights))
    lacking += () if reaches["shock_lags"] else (without_shock_lags(shock),)
    projected = replace(projected, notes=(*lacking, *projected.notes))
    emit(projected.notes)
    return projected.with_bands(bands, level=levels)


@dataclass(frozen=True, eq=False)
class _Columns:
    """The panel with the columns that all regressions share, and their names."""

    panel: Panel
    shocks: tuple[str, ...]
    regressors: tuple[str, ...]
    instruments: tuple[str, ...]
    labels: tuple[str, ...]

    def fit(
        self, name: str, outcome: Array, effects: Any, cov: str | Covariance, weights: Any, convention: Convention
    ) -> LinearResult:
        """The regression of one horizon's outcome; its warnings are given once for all of them."""
        panel = self.panel.with_columns(panel_order=True, **{name: outcome})
        options: dict[str, Any] = {"weights": weights, "cov": cov, "convention": convention}
        if effects is not None:
            options["effects"] = effects
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PanelVarWarning)
            if self.instruments:
                estimator = fit_iv_pooled if effects is None else fit_iv_fixed_effects
                return estimator(
                    panel,
                    name,
                    list(self.regressors),
                    endogenous=list(self.shocks),
                    instruments=list(self.instruments),
                    **options,
                )
            fixed = fit_pooled if effects is None else fit_fixed_effects
            return fixed(panel, name, [*self.shocks, *self.regressors], **options)


def _columns(
    panel: Panel,
    shock: str,
    lagged: tuple[str, Array],
    controls: tuple[str, ...],
    instruments: tuple[str, ...],
    state: str | None,
    lags: dict[str, int],
) -> _Columns:
    """Make lags and interactions, on the calendar; the outcome is lagged under its label."""
    label, outcome = lagged
    columns: dict[str, Array] = {shock: panel.column(shock)}
    columns |= {f"L{lag}.{label}": panel.lag(outcome, lag) for lag in range(1, lags["lags"] + 1)}
    columns |= {f"L{lag}.{shock}": panel.lag(shock, lag) for lag in range(1, lags["shock_lags"] + 1)}
    for name in controls:
        columns[name] = panel.column(name)
        columns |= {f"L{lag}.{name}": panel.lag(name, lag) for lag in range(1, lags["control_lags"] + 1)}
    tools = {name: panel.column(name) for name in instruments}
    shocks, labels = [shock], [shock]
    if state is not None:
        weight = panel.column(state)
        if not np.isin(weight[~np.isnan(weight)], (0.0, 1.0)).all():
            raise DataError(f"The state {state!r} must be of zeros and ones.")
        columns, tools = _by_state(columns, weight), _by_state(tools, weight)
        columns[state] = weight
        shocks = [f"{shock}:1", f"{shock}:0"]
        labels = [f"{shock} ({state} = 1)", f"{shock} ({state} = 0)"]
    wide = panel.with_columns(panel_order=True, **(columns | tools))
    others = tuple(name for name in columns if name not in shocks)
    return _Columns(wide, tuple(shocks), others, tuple(tools), tuple(labels))


def _outcomes(panel: Panel, y: str, horizon: int, *, cumulative: bool, long_difference: bool) -> Iterator[Array]:
    """Yield what is explained at every horizon, on the calendar."""
    outcome = panel.column(y)
    total: Array | float = 0.0
    for lead in range(horizon + 1):
        ahead = panel.lead(outcome, lead)
        if cumulative:
            total = total + ahead
            yield total
        else:
            yield ahead - panel.lag(outcome, 1) if long_difference else ahead


def _require_shocks(result: LinearResult, lead: int, shocks: tuple[str, ...]) -> None:
    """Refuse a horizon at which a shock is not identified."""
    lost = [name for name in shocks if name not in result.fit.names]
    if lost:
        why = next((note.text for note in result.notes if note.code.startswith("regressor")), "")
        raise SpecificationError(f"At horizon {lead} the shock {lost[0]!r} is not identified. {why}")


def _assemble(
    frame: _Columns,
    results: list[LinearResult],
    influence: Array,
    rule: Covariance,
    y: str,
    cumulative: bool,
    lags: int,
) -> ProjectedResponses:
    """Put coefficients, errors and their joint covariance together."""
    values = np.array([[result.params[name] for name in frame.shocks] for result in results])
    errors = np.array([[result.std_errors[name] for name in frame.shocks] for result in results])
    _require_errors(results, frame.shocks, errors)
    joint = _joint_covariance(influence.reshape(values.size, -1), rule, frame.panel, errors.ravel())
    shape = (*values.shape[:1], 1, values.shape[1])
    last, words = results[-1], "instrumented" if frame.instruments else "observed"
    return ProjectedResponses(
        values=values.reshape(shape),
        names=(y,),
        shocks=frame.labels,
        identification=words,
        scheme=words,
        shock_size="unit",
        cumulative=cumulative,
        std_errors=errors.reshape(shape),
        notes=_notes(results, lags, str(frame.panel.entity_name or "entity")),
        influence=covariance_root(joint).reshape(*shape, -1),
        nobs_by_horizon=np.array([result.nobs for result in results]),
        df_by_horizon=np.array([_degrees(result, frame.shocks) for result in results]),
        covariance=last.covariance.label,
        distribution="t" if np.isfinite(last.covariance.df) else "normal",
        fits=tuple(results),
    )


def _require_errors(results: list[LinearResult], shocks: tuple[str, ...], errors: Array) -> None:
    """Refuse responses without standard errors: their limits would be missing, and what they have jointly."""
    without = np.argwhere(~np.isfinite(errors))
    if not len(without):
        return
    lead, place = map(int, without[0])
    why = next((note.text for note in results[lead].notes if note.code == "no-variance"), "")
    raise NumericalError(
        f"At horizon {lead} the response to the shock {shocks[place]!r} has no standard error. Use another cov=. {why}"
    )


def _degrees(result: LinearResult, shocks: tuple[str, ...]) -> float:
    """Degrees of freedom of the shocks' coefficients, the fewest of them."""
    estimate = result.covariance
    if estimate.degrees is None:
        return min(float(estimate.df), 1e9)
    return float(min(estimate.coefficient_df[result.fit.names.index(name)] for name in shocks))


def _lacking(panel: Panel, names: Sequence[Any]) -> tuple[Note, ...]:
    """Say how many rows miss a value of the columns named."""
    texts = dict.fromkeys(name for name in names if isinstance(name, str))
    absent = {name: np.isnan(panel.column(name)) for name in texts}
    counts = {name: int(own.sum()) for name, own in absent.items() if own.any()}
    if not counts:
        return ()
    listing = ", ".join(f"{name} ({count})" for name, count in counts.items())
    text = (
        f"{grouped(int(np.logical_or.reduce(list(absent.values())).sum()))} of {grouped(panel.nobs)} rows have missing "
        f"values: {listing}. Each horizon drops the rows whose lags, impulse or outcome are missing."
    )
    return (Note("rows-missing", text, warn=True),)


def _notes(results: list[LinearResult], lags: int, entity: str) -> tuple[Note, ...]:
    first, last = results[0], results[-1]
    counts = f"{count_of(first.nobs, 'row')} at horizon 0 and {last.nobs} at horizon {len(results) - 1}"
    notes = [Note("rows", f"The regressions have {counts}.")]
    seen = {"rows-dropped", "factor"}
    for result in reversed(results):
        for note in result.notes:
            if note.code not in seen:
                seen.add(note.code)
                # What an instrumental result has, projections have not.
                one = "fit_iv_fixed_effects" if last.fit.effects else "fit_iv_pooled"
                instead = f"{one} of one horizon has anderson_rubin(), which stays valid, and method='liml'."
                notes.append(replace(note, text=note.text.replace(STAYS_VALID, instead)))
    average = last.fit.sample.average
    if entity in last.fit.effects and average < SHORT:
        text = (
            f"At horizon {len(results) - 1} an entity has {average:.1f} rows on average. Estimates with fixed effects"
            f"{' and lagged outcomes' if lags else ''} are biased by terms of order 1 / T (Nickell 1981; Herbst and "
            "Johannsen 2024)."
        )
        notes.append(Note("short-panel", text, warn=True))
    return tuple(notes)


def _with_lags(cov: str | Covariance, panel: Panel, lead: int) -> str | Covariance:
    """Give a kernel without lags at least those that a horizon's errors have."""
    found = specification_of(cov) or cov
    if isinstance(found, SerialCovariance) and found.lags is None:
        rule = np.floor(4.0 * (panel.n_periods / 100.0) ** (2.0 / 9.0) + 1e-10)
        return replace(found, lags=float(max(rule, lead)))
    return found


def _by_state(columns: dict[str, Array], state: Array) -> dict[str, Array]:
    # By selection: a product would make infinite values of the other state missing ones.
    out = {f"{name}:1": np.where(state == 1.0, values, 0.0) for name, values in columns.items()}
    return out | {f"{name}:0": np.where(state == 0.0, values, 0.0) for name, values in columns.items()}


def _write_influences(fit: Fit, names: Sequence[str], out: Array) -> None:
    """Write what each row of the panel adds to coefficients, (coefficients, panel rows); rows not used stay zero."""
    spread, kept = fit.spread[[fit.names.index(name) for name in names]], fit.design.kept
    for start, stop, block in fit.scores().blocks():
        out[:, slice(start, stop) if kept is None else kept[start:stop]] = spread @ block.T


def _joint_covariance(influence: Array, cov: Covariance, panel: Panel, errors: Array) -> Array:
    """Covariance (C, C) of C estimates: correlations from the rows' influences, scaled to their standard errors.

    Parameters
    ----------
    influence : (C, panel rows) array
    cov : Covariance
        How rows are correlated: `Classical` (not), or what is made of sums of scores once nothing is adjusted for
        leverage, such as `HC`, `Clustered`, `BiasReduced`, `DriscollKraay`, `PanelNeweyWest`.
    panel : Panel
    errors : (C,) array
        Standard errors, small-sample factors and all.

    Raises
    ------
    SpecificationError
        It is another covariance.
    """
    bare = HC("HC0") if isinstance(cov, Classical) else cov
    if isinstance(bare, LeverageAdjusted):
        bare = bare.unadjusted()
    if not isinstance(bare, ScoredCovariance):
        raise SpecificationError(
            f"cov={cov!r} has no joint covariance over horizons. Use Clustered, DriscollKraay, PanelNeweyWest, "
            "BiasReduced or HC."
        )
    rows, none = Design(panel, "", (), np.zeros(panel.nobs), ()), np.zeros(panel.nobs)
    model = Influenced(("",) * len(influence), influence.T, Counts(panel.nobs, 0, False), rows, none)
    raw = bare(model, without_factors(as_convention("default").but(repair_multiway=False))).matrix
    scale = np.sqrt(np.maximum(raw.diagonal(), 0.0))
    correlation = raw / np.outer(*[np.where(scale > 0.0, scale, 1.0)] * 2)
    return correlation * np.outer(errors, errors)
