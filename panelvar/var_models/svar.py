"""The structural form of a fitted vector autoregression, by maximum likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from panelvar.bands.target import Band, BandSource, Draws
from panelvar.base.arguments import shown
from panelvar.base.arrays import Array
from panelvar.base.distributions import chi2_tail
from panelvar.base.errors import SpecificationError, check_level, emit
from panelvar.dynamics.dynamics import lasting_derivatives, lasting_effects
from panelvar.identification.scheme import Names, ReducedForm
from panelvar.identification.short_run import ShortRun, ShortRunFit
from panelvar.responses.gradients import parameter_steps
from panelvar.responses.shocks import positive_factor
from panelvar.tables.test_result import TestResult
from panelvar.var_models.svar_result import SvarResult
from panelvar.var_models.var_result import VarResult, require_fit


def fit_svar(
    model: VarResult, identification: ShortRun, *, bands: BandSource | None = None, level: float = 0.95
) -> SvarResult:
    r"""Estimate A and B of :math:`A u_t = B \varepsilon_t` and test what they restrict beyond need.

    .. math:: \ln L = -\frac{nK}{2} \ln 2\pi + n\left[\ln|\det W| - \tfrac12 \operatorname{tr}(W\Sigma W')\right],
        \qquad W = B^{-1} A

    Standard errors are roots of the diagonal of :math:`N (n N' I N)^{-1} N'`, with I the information of one observation
    and N what the restrictions leave free. The likelihood-ratio statistic :math:`2n[\ell(\Sigma) - \ell(A, B)]` is
    chi-squared with as many degrees of freedom as there are restrictions beyond K(K + 1)/2 free entries
    (Luetkepohl 2005, proposition 9.5 and section 9.3.2; of an error-correction model, section 9.2).

    Parameters
    ----------
    model : VarResult
        Its residual covariance is fitted: divided by n - m by default (also R's vars and, with ``dfk``, Stata), by n
        under a convention that says so. A `VecmResult` gives the structural error-correction model (SVEC), where
        ``long_run=`` restricts where shocks lead.
    identification : ShortRun
    bands : ResidualBootstrap, MovingBlockBootstrap, DeltaMethod, ..., optional
        Where errors come from instead of the information, and limits.
    level : float
        Confidence level of the limits.

    Returns
    -------
    SvarResult

    Raises
    ------
    SpecificationError
        Restrictions that do not identify A and B.
    NumericalError
        No start of the search converged.

    Notes
    -----
    The residual covariance is taken as what the reduced form gave; the coefficients are not restricted. Without
    ``bands=`` the errors under long-run restrictions, and those of long-run effects, take the coefficients as known, as
    if :math:`\Xi` had no error: they are too small where it has. `DeltaMethod` and the bootstraps count it.
    """
    require_fit(model)
    if not isinstance(identification, ShortRun):
        raise SpecificationError(f"identification={shown(identification)}: expected ShortRun(a=..., b=...).")
    names = model.names
    identification.check(names)
    bound, fit = identification.fitted(model._estimates(positive_factor(model.sigma)), names)
    structure = _Structure(bound, fit, model)
    band = model._band(bands, check_level(level), structure.estimate, structure.statistic, structure.gradients)
    errors = structure.errors(band)
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
    )


def _overidentification(fit: ShortRunFit, model: VarResult) -> TestResult | None:
    size, nobs = model.n_vars, model.nobs
    spare = size * (size + 1) // 2 - len(fit.basis)
    if not spare:
        return None
    unrestricted = -np.log(positive_factor(model.sigma).diagonal()).sum() - 0.5 * size
    statistic = max(0.0, 2.0 * nobs * (unrestricted - fit.value))
    return TestResult(
        "Over-identification (LR)",
        statistic,
        float(chi2_tail(statistic, spare)),
        "chi2",
        float(spare),
        null="the restrictions beyond those needed hold",
    )


@dataclass(frozen=True, eq=False)
class _Structure:
    """A, B and the long-run effects of the shocks, (..., 3, K, K), as functions of the reduced form."""

    scheme: ShortRun
    fit: ShortRunFit
    model: VarResult

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
            impact = np.linalg.solve(pair[..., 0, :, :], pair[..., 1, :, :])
            lasting = self._effects(form) @ impact
        out: Array = np.concatenate([pair, lasting[..., None, :, :]], axis=-3)
        return out

    @property
    def estimate(self) -> Array:
        values = self.at(self._form, self.fit.pair)
        lasting = self.scheme.restrictions(self.names).lasting
        if lasting is not None:
            values[2] = np.where(np.isfinite(lasting), lasting, values[2])
        return values

    @property
    def _form(self) -> ReducedForm:
        return ReducedForm(self.model.coefficients, positive_factor(self.model.sigma))

    def _effects(self, form: ReducedForm) -> Array:
        return lasting_effects(form.coefficients, self.scheme.unit_roots, form.sizes)

    def statistic(self, draws: Draws) -> Array:
        return self.at(draws.form, self.scheme.pairs(draws.form, self.names))

    def gradients(self, form: ReducedForm, moves: Array) -> Array:
        steps, sigma_steps = parameter_steps(form, moves, self.model.nobs)
        change = self.scheme.pair_derivatives(form, self.names, steps, sigma_steps)
        lasting = np.zeros_like(change[..., 0, :, :])
        if self.has_lasting:
            effects, roots = self._effects(form), self.scheme.unit_roots
            moved = lasting_derivatives(form.coefficients, effects, steps, roots, form.sizes)
            impact = self.scheme.impact(form, self.names)
            turned = self.scheme.derivatives(form, self.names, steps, sigma_steps)
            lasting = moved @ impact[..., None, :, :] + effects[..., None, :, :] @ turned
        out: Array = np.concatenate([change, lasting[..., None, :, :]], axis=-3)
        return out

    def errors(self, band: Band | None) -> Array:
        """Standard errors (3, K, K), zero where an entry is known."""
        if band is None:
            basis = self.fit.basis
            inverse = np.linalg.inv(self.fit.pair[0])
            turned = inverse @ (basis[:, 1] - basis[:, 0] @ inverse @ self.fit.pair[1])
            lasting = self._effects(self._form) @ turned if self.has_lasting else np.zeros_like(turned)
            moves = np.concatenate([basis, lasting[:, None]], axis=1)
            errors: Array = np.sqrt(np.einsum("ducv,de,eucv->ucv", moves, self.fit.covariance, moves) / self.model.nobs)
        else:
            assert band.std_errors is not None
            errors = band.std_errors.copy()
        given = self.scheme.restrictions(self.names)
        errors[:2][np.isfinite(given.known)] = 0.0
        if given.lasting is not None:
            errors[2][np.isfinite(given.lasting)] = 0.0
        return errors
