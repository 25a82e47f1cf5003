"""Least squares with dummies less its approximate bias, in a first-order autoregression of a panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from panelvar.core.base.arguments import (
    finite_array,
    is_whole,
    read_generator,
    read_number,
    read_seed,
    read_whole,
    say_draws,
)
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import Note, PanelVarError, SpecificationError, choose, emit
from panelvar.core.base.quoting import shown
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Fact
from panelvar.estimates.covariance.covariances import CovarianceEstimate
from panelvar.panels.bias_corrected.corrected_result import CorrectedFit, CorrectedResult, corrected_fit, exact_result
from panelvar.panels.bias_corrected.kiviet_bruno import Corrected, corrected_within
from panelvar.panels.bias_corrected.lagged_rows import LaggedRows, WithinCube, lagged_rows, less_means, within_cube
from panelvar.panels.dynamic.dynamic_model import build_model
from panelvar.panels.dynamic.gmm_estimate import estimate
from panelvar.panels.dynamic.lag_instruments import Instruments, LagInstruments, Specification, StandardInstruments

INITIAL_WORDS = {"ah": "Anderson-Hsiao", "ab": "Arellano-Bond, one-step", "bb": "Blundell-Bond, one-step"}
ORDERS = {1: "1/T", 2: "1/(NT)", 3: "1/(NT^2)"}
CONVENTIONS = ("default", "stata")
_CELLS = 2_000_000
"""Numbers of one array of draws."""


@documented
def fit_lsdvc(
    data: object,
    y: str,
    x: Sequence[str] | str | None = None,
    *,
    lags: int = 1,
    initial: str | Sequence[float] | Mapping[str, float] = "ab",
    order: int = 3,
    sigma2: float | None = None,
    time_effects: bool = False,
    draws: int = 0,
    seed: int | np.random.Generator = 0,
    convention: str = "default",
    missing: str = "drop",
) -> CorrectedResult:
    r"""Fit a first-order autoregression of a panel by least squares with dummies, less its approximate bias.

    .. math:: y_{it} = \gamma y_{i,t-1} + x_{it}'\beta + \alpha_i + \varepsilon_{it}, \qquad
              \hat\theta_c = \hat\theta - \hat b(\tilde\theta, \tilde\sigma^2)

    The bias is an expansion in the numbers of periods and entities (`panelvar.panels.bias_corrected.kiviet_bruno`),
    evaluated at consistent estimates :math:`\tilde\theta`.

    Parameters
    ----------
    {data, y (dynamic)}
    x : str or sequence of str, optional
        Regressors, columns or expressions such as ``"L(w)"``, strictly exogenous: independent of the errors of all
        periods.
    lags : int
        One: the expansion is for one lag of the dependent variable.
    initial : {"ah", "ab", "bb"}, sequence or mapping of float
        What the bias is evaluated at: Anderson and Hsiao's, Arellano and Bond's or Blundell and Bond's one-step
        estimates, or numbers for the lag and the regressors.
    order : {1, 2, 3}
        Terms of the bias up to 1/T, 1/(NT), 1/(NT^2).
    sigma2 : float, optional
        Variance of the errors beside given numbers; by default that of the errors they leave.
    time_effects : bool
        Effects of the periods beside those of the entities.
    draws : int
        Data sets drawn for the standard errors; 0 for none.
    seed : int or Generator
        Seed of the draws. Entities are drawn in the order of their labels, so that other labels give other draws, and
        standard errors that differ as those of another seed do.
    convention : {"default", "stata"}
        ``"stata"`` is ``xtlsdvc``: it counts errors before an entity's first row, and its third order depends on the
        units of y. See `panelvar.panels.bias_corrected.kiviet_bruno`.
    {missing}

    Returns
    -------
    CorrectedResult

    Raises
    ------
    InsufficientDataError
        No entity has two rows, or there are too few periods for the initial estimates.
    SpecificationError
        You asked for more than one lag, or gave another number of initial values than there are coefficients.

    See Also
    --------
    fit_bias_corrected_moments : Many entities, errors by formula.
    fit_arellano_bond : Many entities, predetermined regressors.
    fit_fixed_effects : The estimates before the correction.

    Notes
    -----
    See Kiviet (1995), Bun and Kiviet (2003) and Bruno (2005a, 2005b, Stata Journal 5; Stata's ``xtlsdvc``). Use it for
    few entities, say 10 to 50, where GMM is unreliable. Regressors must be strictly exogenous, and errors homoskedastic
    and uncorrelated. For more lags, entities whose variances differ, or standard errors by formula use
    `fit_bias_corrected_moments`; with many entities and predetermined regressors use `fit_arellano_bond`.

    Standard errors come from a parametric bootstrap. Each draw generates y from the corrected estimates, the estimated
    effects and normal errors, from every first observation on and again after a gap; then it repeats the whole
    estimation. Numbers given as ``initial`` are the same in all draws, so that standard errors leave out their
    uncertainty. Without draws there are no standard errors: those of least squares are not right for corrected
    estimates.

    Entities may begin, end and pause at any time. A row after a gap, which has no lag, is dropped.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("employment")
    >>> fit = pv.fit_lsdvc(firms, "log(emp) ~ log(wage) + log(capital)", draws=20, seed=1)
    >>> fit.params.round(4).to_dict()
    {'L(log(emp))': 0.6671, 'log(wage)': -0.4961, 'log(capital)': 0.3171}
    >>> fit.bias.round(4).to_dict()
    {'L(log(emp))': -0.1391, 'log(wage)': -0.0052, 'log(capital)': 0.0523}
    """
    if not is_whole(lags) or lags != 1:
        raise SpecificationError(
            f"lags={shown(lags)}: this bias correction takes one lag of the dependent variable. For more lags use "
            "fit_bias_corrected_moments or fit_arellano_bond."
        )
    read_whole("order", order, 1, 3)
    choose("convention", convention, CONVENTIONS)
    draws = read_whole("draws", draws, 0)
    if draws == 1:
        raise SpecificationError(
            "draws=1 gives no spread to estimate from. Give 0 for no standard errors, or some hundreds of draws."
        )
    seed = read_seed(seed)
    if isinstance(initial, str):
        choose("initial", initial, tuple(INITIAL_WORDS))
    rows = lagged_rows(data, y, x, lags=1, time_effects=time_effects, missing=missing)
    choices = (
        Fact("Correction", f"to order {ORDERS[order]}"),
        Fact("Initial", INITIAL_WORDS[initial] if isinstance(initial, str) else "given"),
    )
    corrector = _corrector(rows, initial, sigma2, order, convention)
    if rows.within.rss == 0.0:
        return exact_result(rows, "Bias-corrected LSDV", choices)
    cube = corrector.cube
    found = corrector.corrected(cube.y, cube.lagged[:, :, 0], corrector.initial(rows.outcome))
    notes = _notes(rows, found, draws)
    fit = corrected_fit(
        rows,
        cube,
        found.coefficients[:1],
        found.coefficients[1:],
        sigma2=float(np.ldexp(found.variance, 2 * cube.unit)),
        choices=choices,
        notes=(*rows.design.notes, *notes),
    )
    if draws:
        estimate = _bootstrap(corrector, fit, draws, seed)
    else:
        estimate = CovarianceEstimate(np.full((len(fit.names),) * 2, np.nan), "none (draws=0)", np.inf)
    result = CorrectedResult(fit, estimate, "Bias-corrected LSDV", convention)
    emit((*notes, *estimate.notes))
    return result


@dataclass(frozen=True, eq=False)
class _Corrector:
    """How a data set is corrected, the caller's or one that was drawn.

    Attributes
    ----------
    rows : LaggedRows
    cube : WithinCube
    start : str or (1 + m,) array
        The initial estimator, or given numbers.
    variance : float or None
        Error variance that goes with the numbers, in the caller's units squared.
    order : int
    convention : str
    """

    rows: LaggedRows
    cube: WithinCube
    start: str | Array
    variance: float | None
    order: int
    convention: str

    def initial(self, outcome: Array) -> Array:
        """Initial estimates in the caller's units, (1 + m,), of a dependent variable in the panel's rows."""
        start = self.start
        return _initial_estimates(self.rows, start, outcome) if isinstance(start, str) else start

    def corrected(self, y: Array, lagged: Array, initial: Array) -> Corrected:
        """Correct data sets (..., N, T), less the means of entities and in the cube's unit."""
        cube, unit = self.cube, 2 * self.cube.unit
        variance = None if self.variance is None else np.full(y.shape[:-2], np.ldexp(self.variance, -unit))
        stata = float(np.ldexp(1.0, -unit)) if self.convention == "stata" else None
        start = cube.in_basis(y, lagged, initial)
        return corrected_within(cube.mask, y, lagged, cube.basis, start, self.order, cube.free, variance, stata)


def _corrector(rows: LaggedRows, initial: object, sigma2: float | None, order: int, convention: str) -> _Corrector:
    cube = within_cube(rows, whole=convention == "stata")
    if isinstance(initial, str):
        if sigma2 is not None:
            raise SpecificationError(
                "Give sigma2= only with numbers for initial=. An initial estimator has its own variance."
            )
        return _Corrector(rows, cube, initial, None, order, convention)
    if sigma2 is not None:
        sigma2 = read_number("sigma2", sigma2)
        if sigma2 < 0.0:
            raise SpecificationError(f"sigma2={sigma2:g} is negative, and a variance cannot be.")
    return _Corrector(rows, cube, _read_initial(initial, rows.names), sigma2, order, convention)


def _read_initial(initial: object, names: tuple[str, ...]) -> Array:
    """Numbers for the coefficients, by name or in their order."""
    if isinstance(initial, Mapping):
        odd = sorted(set(map(str, initial)) ^ set(names))
        if odd:
            raise SpecificationError(
                f"initial= must name each coefficient once: {', '.join(map(repr, names))}; {odd[0]!r} does not fit."
            )
        return finite_array("initial", [initial[name] for name in names], (len(names),))
    if not isinstance(initial, (Sequence, np.ndarray)):
        raise SpecificationError(
            f"initial={shown(initial)} must be {', '.join(map(repr, INITIAL_WORDS))}, or numbers for "
            f"{', '.join(map(repr, names))}."
        )
    return finite_array("initial", np.asarray(initial), (len(names),))


def _notes(rows: LaggedRows, found: Corrected, draws: int) -> tuple[Note, ...]:
    notes = []
    root = float(found.coefficients[0])
    if abs(root) >= 1.0:
        text = (
            f"The corrected coefficient of the lag is {root:.4g}, so the autoregression is not stable. The bias "
            "correction holds only for stable ones."
        )
        notes.append(Note("unstable", text, warn=True))
    if not draws:
        text = (
            "Without draws there are no standard errors. Give draws=200, say, to estimate them by a parametric "
            "bootstrap."
        )
        notes.append(Note("no-covariance", text))
    return tuple(notes)


def _bootstrap(
    corrector: _Corrector, fit: CorrectedFit, draws: int, seed: int | np.random.Generator
) -> CovarianceEstimate:
    """Covariance of the estimates over data sets that are drawn from them."""
    cube, rows = corrector.cube, corrector.rows
    size = max(1, _CELLS // (cube.mask.size * (2 + cube.basis.shape[2])))
    found, failed, rng = [], 0, read_generator("seed", seed)
    for start in range(0, draws, size):
        y, lagged = _draw_data(rows, cube, fit, rng, min(size, draws - start))
        initial, usable = [], []
        for draw, values in enumerate(y):
            outcome = rows.outcome.copy()
            outcome[rows.design.kept] = np.ldexp(values[cube.where], cube.unit)
            try:
                initial.append(corrector.initial(outcome))
                usable.append(draw)
            except PanelVarError:
                failed += 1
        if usable:
            y, lagged = less_means(cube.mask, y[usable]), less_means(cube.mask, lagged[usable])
            own = corrector.corrected(y, lagged, np.array(initial)).coefficients
            found.append(np.concatenate((own[:, :1], cube.slopes(own[:, 1:])), axis=1))
    kept = draws - failed
    notes = []
    if failed:
        text = f"{failed} of {draws} simulated data sets have no initial estimates and are left out."
        notes.append(Note("draws-failed", text, warn=True))
    if kept < 2:
        matrix = np.full((len(fit.names),) * 2, np.nan)
        return CovarianceEstimate(matrix, "none", np.inf, notes=tuple(notes))
    matrix = np.atleast_2d(np.cov(np.concatenate(found), rowvar=False))
    return CovarianceEstimate(matrix, f"Parametric bootstrap, {say_draws(kept, seed)}", np.inf, notes=tuple(notes))


def _draw_data(
    rows: LaggedRows, cube: WithinCube, fit: CorrectedFit, rng: np.random.Generator, count: int
) -> tuple[Array, Array]:
    """Draw so many dependent variables and their lags, (B, N, T), in the cube's unit.

    The lag of a row whose period before is no row, the first one or one after a gap, is the caller's.
    """
    mask, gamma = cube.mask, fit.coefficients[0]
    before, drift = np.zeros(mask.shape), np.zeros(mask.shape)
    before[cube.where] = np.ldexp(rows.design.x[0], -cube.unit)
    drift[cube.where] = np.ldexp(rows.design.y - gamma * rows.design.x[0] - fit.errors, -cube.unit)
    spread = np.ldexp(np.sqrt(fit.sigma2), -cube.unit)
    y = np.where(mask, drift + spread * rng.standard_normal((count, *mask.shape)), 0.0)
    lagged = np.broadcast_to(before, y.shape).copy()
    for t in range(mask.shape[1]):
        if t:
            lagged[:, :, t] = np.where(mask[:, t - 1], y[:, :, t - 1], lagged[:, :, t])
        y[:, :, t] += np.where(mask[:, t], gamma * lagged[:, :, t], 0.0)
    return y, np.where(mask, lagged, 0.0)


def _initial_estimates(rows: LaggedRows, kind: str, outcome: Array) -> Array:
    """One-step GMM estimates of the lag and the slopes, (1 + m,).

    Anderson and Hsiao's instrument is the level two periods before; Arellano and Bond's are all levels from there on;
    Blundell and Bond's system has the regressors as instruments of both equations and no constant, as ``xtlsdvc``
    has it.

    Parameters
    ----------
    rows : LaggedRows
    kind : {"ah", "ab", "bb"}
    outcome : (n,) array
        The dependent variable in every row of the panel, in its order.
    """
    dependent, regressors = rows.design.dependent, rows.names[1:]
    panel = rows.design.panel.with_columns(
        panel_order=True, **{dependent: outcome}, **dict(zip(regressors, rows.regressors, strict=True))
    )
    sets: tuple[Instruments, ...] = (LagInstruments(dependent, 2, 2 if kind == "ah" else None, collapse=kind == "ah"),)
    if regressors:
        sets = (*sets, StandardInstruments(regressors, "both" if kind == "bb" else "transformed"))
    specification = Specification(
        (dependent,),
        rows.names[:1],
        1,
        regressors,
        sets,
        level_equation=kind == "bb",
        time_effects=rows.time_effects,
    )
    try:
        model = build_model(panel, specification, "drop")
    except SpecificationError as refused:
        if kind == "ah":
            raise
        raise SpecificationError(
            f"initial={kind!r} takes all lags of {dependent!r} as instruments, and they make too many moments in so "
            "many periods. Use initial='ah', which takes one, or give numbers."
        ) from refused
    found = estimate(model, steps=1)
    return found.params[: len(rows.names), 0]
