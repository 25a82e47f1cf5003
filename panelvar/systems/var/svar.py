"""The structural form of a vector autoregression by maximum likelihood: A, B, their errors, and the test of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from panelvar.core.base.arguments import read_levels
from panelvar.core.base.arrays import Array, Mask
from panelvar.core.base.errors import SpecificationError, emit
from panelvar.core.base.quoting import shown
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.tables.test_result import TestResult, chi2_test
from panelvar.estimates.bands.target import Band, BandSource, Limits
from panelvar.kernels.dynamics.lasting_effects import lasting_derivatives, lasting_effects
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.kernels.dynamics.unit_free_solves import impact_solve
from panelvar.systems.identification.scheme import Names
from panelvar.systems.identification.short_run import ShortRun, ShortRunFit
from panelvar.systems.responses.gradients import EVERY, parameter_steps
from panelvar.systems.responses.shocks import positive_factor
from panelvar.systems.var.fitted_system import FittedSystem, require_fit
from panelvar.systems.var.svar_result import SvarResult


@answering
def fit_svar(
    model: FittedSystem,
    identification: ShortRun,
    *,
    bands: BandSource | None = None,
    level: float | Sequence[float] = 0.95,
) -> SvarResult:
    r"""Estimate A and B of :math:`A u_t = B \varepsilon_t`, and test restrictions beyond those that identify them.

    .. math:: \ln L = -\frac{nK}{2} \ln 2\pi + n\left[\ln|\det W| - \tfrac12 \operatorname{tr}(W\Sigma W')\right],
        \qquad W = B^{-1} A

    Standard errors are roots of the diagonal of :math:`N (n N' I N)^{-1} N'`, with I the information of one observation
    and N what the restrictions leave free. The likelihood-ratio statistic :math:`2n[\ell(\Sigma) - \ell(A, B)]` is
    chi-squared with as many degrees of freedom as there are restrictions beyond K(K + 1)/2 free entries
    (Luetkepohl 2005).

    Parameters
    ----------
    model : FittedSystem
        Its residual covariance is fitted: divided by n - m by default (also R's vars and, with ``dfk``, Stata), by n
        under a convention that says so. A `VecmResult` gives the structural error-correction model (SVEC), where
        ``long_run=`` restricts where shocks lead.
    identification : ShortRun
        What A and B are restricted to.
    bands : ResidualBootstrap, MovingBlockBootstrap, DeltaMethod, ..., optional
        Where errors and limits come from, instead of the information.
    level : float or sequence of float
        Confidence level of the limits; or several, such as ``(0.68, 0.95)``.

    Returns
    -------
    SvarResult

    Raises
    ------
    SpecificationError
        The restrictions do not identify A and B.
    NumericalError
        No start of the search converged.

    See Also
    --------
    ShortRun : writes down what A and B are restricted to.
    FittedSystem.impulse_responses : responses to the shocks, with ``identification=svar.identification``.
    Cholesky : a triangular form, which needs no search.

    Notes
    -----
    The residual covariance is taken as what the reduced form gave; the coefficients are not restricted. Without
    ``bands=`` the errors under long-run restrictions, and those of long-run effects, take the coefficients as known, as
    if :math:`\Xi` had no error: they are too small where it has. `DeltaMethod` and the bootstraps count it.

    Examples
    --------
    >>> import panelvar as pv
    >>> macro = pv.load_data("us_macro")[["unemp", "tbilrate"]]
    >>> model = pv.fit_var(macro, lags=2)
    >>> svar = pv.fit_svar(model, pv.ShortRun(a={("unemp", "tbilrate"): 0}))
    >>> svar.a.round(3)
              unemp  tbilrate
    unemp     4.116     0.000
    tbilrate  1.703     1.254
    """
    require_fit(model, "responses and variance decompositions of a panel's take the scheme itself, identification=")
    if not isinstance(identification, ShortRun):
        raise SpecificationError(
            f"identification={shown(identification)}: expected ShortRun(a=..., b=...). Other schemes need no fit; "
            "give them to impulse_responses(identification=...)."
        )
    names = model.names
    identification.check(names)
    bound = identification.bound(model._estimates(positive_factor(model._sigma)), names)
    fit = bound.fit
    assert fit is not None
    structure = _Structure(bound, fit, model)
    levels = read_levels(level)
    band = structure.band(bands, levels)
    covariance = structure.covariance(band)
    errors = np.sqrt(covariance.diagonal()).reshape(3, len(names), len(names))
    notes = fit.notes + (band.notes if band else ())
    emit(notes)
    return SvarResult(
        bound,
        names,
        identification.shocks(names),
        fit.pair,
        errors[:2],
        model.nobs,
        float(model.nobs * (fit.value - 0.5 * len(names) * np.log(2.0 * np.pi))),
        _overidentification(fit, model),
        fit.iterations,
        structure.estimate[2] if structure.has_lasting else None,
        errors[2] if structure.has_lasting else None,
        band,
        notes,
        levels,
        covariance,
    )


def _overidentification(fit: ShortRunFit, model: FittedSystem) -> TestResult | None:
    size, nobs = model.n_vars, model.nobs
    spare = size * (size + 1) // 2 - len(fit.basis)
    if not spare:
        return None
    unrestricted = -np.log(positive_factor(model._sigma).diagonal()).sum() - 0.5 * size
    statistic = max(0.0, 2.0 * nobs * (unrestricted - fit.value))
    return chi2_test("Over-identification (LR)", statistic, spare, "the restrictions beyond those needed hold")


@dataclass(frozen=True, eq=False)
class _Structure:
    """A, B and the long-run effects of the shocks, (..., 3, K, K), as functions of the reduced form."""

    scheme: ShortRun
    fit: ShortRunFit
    model: FittedSystem

    @property
    def names(self) -> Names:
        return self.model.names

    @property
    def has_lasting(self) -> bool:
        """Whether long-run effects are part of the model: it restricts them, or the system's unit roots do."""
        return self.scheme.long_run is not None or self.model.unit_roots > 0

    def at(self, form: ReducedForm, pair: Array) -> Array:
        lasting = np.zeros_like(pair[..., 0, :, :])
        if self.has_lasting:
            impact = impact_solve(pair[..., 0, :, :], pair[..., 1, :, :], self.fit.units)
            lasting = self._effects(form) @ impact
            if self._held is not None:
                lasting = np.where(np.isfinite(self._held), self._held, lasting)
        return np.concatenate([pair, lasting[..., None, :, :]], axis=-3)

    @property
    def _held(self) -> Array | None:
        """Long-run effects that are known."""
        return self.scheme.restrictions(self.names).lasting

    @property
    def estimate(self) -> Array:
        return self.at(self.model._form, self.fit.pair)

    def band(self, bands: BandSource | None, levels: Sequence[float]) -> Band | None:
        """Limits of the entries, found in the units of the search: what a joint band covers must be of like size."""
        by_variable = np.broadcast_to(1.0 / self.fit.units[:, None], self.fit.pair.shape[1:])
        scale = np.concatenate([self.fit.restrictions.scale, by_variable[None]])
        band = self.model._band(
            bands,
            levels,
            self.estimate * scale,
            lambda draws: self.at(draws.form, self.scheme.pairs(draws.form, self.names)) * scale,
            lambda form, moves, others=EVERY: self.gradients(form, moves, others) * scale,
        )
        if band is None:
            return None
        return replace(
            band,
            limits=[Limits(lower / scale, upper / scale, level) for lower, upper, level in band.limits],
            std_errors=None if band.std_errors is None else band.std_errors / scale,
            draws=None if band.draws is None else band.draws / scale,
        )

    def _effects(self, form: ReducedForm) -> Array:
        return lasting_effects(form.coefficients, self.scheme.unit_roots, form.sizes)

    def gradients(self, form: ReducedForm, moves: Array, others: slice = EVERY) -> Array:
        steps, sigma_steps = parameter_steps(form, moves, self.model.nobs, others)
        change = self.scheme.pair_derivatives(form, self.names, steps, sigma_steps)
        lasting = np.zeros_like(change[..., 0, :, :])
        if self.has_lasting:
            effects, roots = self._effects(form), self.scheme.unit_roots
            moved = lasting_derivatives(form.coefficients, effects, steps, roots, form.sizes)
            impact = self.scheme.impact(form, self.names)
            turned = self.scheme.derivatives(form, self.names, steps, sigma_steps)
            lasting = moved @ impact[..., None, :, :] + effects[..., None, :, :] @ turned
            if self._held is not None:
                lasting = np.where(np.isfinite(self._held), 0.0, lasting)
        return np.concatenate([change, lasting[..., None, :, :]], axis=-3)

    def covariance(self, band: Band | None) -> Array:
        """Covariance of all entries (3 K K, 3 K K), zero where one is known."""
        if band is None:
            basis = self.fit.basis
            a, b = self.fit.pair
            impact = impact_solve(a, b, self.fit.units)
            turned = impact_solve(a, basis[:, 1] - basis[:, 0] @ impact, self.fit.units)
            lasting = self._effects(self.model._form) @ turned if self.has_lasting else np.zeros_like(turned)
            moves = np.concatenate([basis, lasting[:, None]], axis=1).reshape(len(basis), -1)
            covariance = moves.T @ self.fit.covariance @ moves / self.model.nobs
        elif band.draws is not None:
            covariance = np.cov(band.draws.reshape(len(band.draws), -1).T)
        else:
            form = self.model._form
            moves = self.gradients(form, self.model._drawable.directions(form)).reshape(-1, self.estimate.size)
            covariance = moves.T @ moves
        known = self._known
        covariance[known], covariance[:, known] = 0.0, 0.0
        return np.asarray(covariance, dtype=np.float64)

    @property
    def _known(self) -> Mask:
        """Which entries (3 K K,) are known."""
        given = self.scheme.restrictions(self.names)
        lasting = np.full(given.known.shape[1:], np.nan) if given.lasting is None else given.lasting
        return np.asarray(np.isfinite(np.concatenate([given.known, lasting[None]])).ravel())
