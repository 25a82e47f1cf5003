"""Short-run (AB) identification by maximum likelihood."""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from panelvar.core.base.arguments import read_sequence, read_whole
from panelvar.core.base.arrays import Array
from panelvar.core.base.counting import count_of
from panelvar.core.base.errors import Note, NumericalError, SpecificationError
from panelvar.core.base.labels import is_frame
from panelvar.core.base.limits import MOST_DRAWS
from panelvar.core.base.quoting import shown
from panelvar.core.base.unknown_arguments import answering
from panelvar.kernels.dynamics.reduced_form import ReducedForm
from panelvar.kernels.dynamics.unit_free_solves import impact_solve
from panelvar.systems.identification import structural_likelihood as likelihood
from panelvar.systems.identification.patterns import Pattern
from panelvar.systems.identification.scheme import Estimates, Identification, Names
from panelvar.systems.identification.structural_restrictions import Restrictions

_SAME = 1e-9
"""Log likelihoods of one observation this close are the same maximum."""
_FLAT = 1e-9
"""Singular values of B this small, with the errors' standard deviations as units, are zero."""
_NO_ERROR = 1e-13
"""Standard deviations of drawn errors this small, with those of the fit as units, are zero."""
_SINGULAR = "The restrictions leave A or B singular, whatever the free entries are. Drop some restrictions."


@answering
@dataclass(frozen=True, eq=False)
class ShortRun(Identification):
    r"""Structural form :math:`A u_t = B \varepsilon_t` with restrictions on A and B (the AB model).

    A and B maximise the Gaussian likelihood of the residual covariance,

    .. math:: \ell(A, B) = \ln|\det W| - \tfrac12 \operatorname{tr}(W \Sigma W'), \qquad W = B^{-1} A,

    by scoring with a line search from several starts (Amisano and Giannini 1997; Luetkepohl 2005). Impact:
    :math:`A^{-1} B`. With more restrictions than needed the model does not reproduce :math:`\Sigma`, and
    `panelvar.fit_svar` tests them.

    Parameters
    ----------
    a, b : array (K, K), DataFrame or mapping, optional
        Numbers where an entry is known, NaN where it is free; or ``{(row, column): number}`` of the known entries
        alone, all others being free. A text is a free entry under a label: entries of A and B with the same label are
        one parameter, "-x" its negative, "0.5 * x" half of it. Rows of A and B are equations, named as their variables;
        columns of A are variables, of B shocks. The one left out is the identity: an ``a`` alone must leave its
        diagonal free, or else the standard deviations of the shocks are fixed, and a warning says so. The diagonal of
        an ``a`` given as a mapping is 1 if ``b`` is given too.
    long_run : like ``b``, optional
        Known entries of the long-run effects :math:`\Xi B` of the same shocks: restrictions of both kinds together
        (Gali 1992). It goes without ``a``. :math:`\Xi = (I - A_1 - \dots - A_p)^{-1}` sums the responses of a stable
        system; in an error-correction model it is where errors take the levels,
        :math:`\beta_\perp (\alpha_\perp'\Gamma\beta_\perp)^{-1} \alpha_\perp'` of rank K - r, and the form is
        Luetkepohl's (2005) SVEC.
    shocks : sequence of str, optional
        Names of the shocks; by default the columns of a DataFrame ``b``, else the variables'.
    starts : int
        Points the search starts from.

    Raises
    ------
    SpecificationError
        There are fewer restrictions than needed (order condition), or they leave a direction in which the likelihood is
        flat (rank condition). The message names the entries.
    NumericalError
        No start of the search converged, or no A and B of the pattern have the residual covariance. A just identified
        pattern with a cycle of effects (1 on 2, 2 on 3, 3 on 1) may fail to reach it.

    See Also
    --------
    fit_svar : estimates A and B with errors and a test.
    Cholesky, LongRun : triangles, without a search.
    SignRestrictions : signs in place of zeros.

    Notes
    -----
    Shocks are turned so that the diagonal of B is positive. If its known entries do not allow it, equations are turned
    so that the diagonal of A is. Identification is local: another point may have the same likelihood, and a note says
    so if the search found one.

    With r relations at most r shocks can be without lasting effects (a column of zeros in ``long_run``), and each such
    column counts as K - r restrictions, since the rank of :math:`\Xi` implies the others; a note counts. K(K - 1)/2
    identify: with r shocks of no lasting effect r(K - r) of them, and (K - r)(K - r - 1)/2 more that tell the permanent
    shocks, r(r - 1)/2 that tell the transitory ones apart.

    When to use something else: for a triangular A or B take `Cholesky`, which needs no search.

    Examples
    --------
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> zeros = {("infl", "unemp"): 0, ("infl", "tbilrate"): 0, ("unemp", "tbilrate"): 0}
    >>> irf = model.impulse_responses(4, identification=pv.ShortRun(a=zeros))
    >>> irf.response("unemp", "tbilrate").round(3).tail(1)
             value
    horizon
    4        0.022
    """

    name: ClassVar[str] = "short_run"
    takes_unit_roots: ClassVar[bool] = True
    a: Pattern = None
    b: Pattern = None
    long_run: Pattern = None
    shock_names: tuple[str, ...] | None = None
    starts: int = 20
    unit_roots: int = field(default=0, repr=False)
    fit: ShortRunFit | None = field(default=None, repr=False)

    def __init__(
        self,
        a: Pattern = None,
        b: Pattern = None,
        *,
        long_run: Pattern = None,
        shocks: Sequence[str] | None = None,
        starts: int = 20,
    ) -> None:
        if a is None and b is None and long_run is None:
            raise SpecificationError("ShortRun needs a= or b=: a matrix with NaN where an entry is free, or a mapping.")
        if long_run is not None and a is not None:
            raise SpecificationError("long_run= restricts the B model, in which A is the identity. Leave out a=.")
        shocks = read_sequence("shocks", shocks, "names")
        if shocks is None:
            labelled = b if b is not None else long_run
            shocks = list(map(str, labelled.columns)) if is_frame(labelled) else None
        named = None if shocks is None else tuple(shocks)
        self._set(a=_copy_of(a), b=_copy_of(b), long_run=_copy_of(long_run), shock_names=named)
        self._set(starts=read_whole("starts", starts, 1, MOST_DRAWS))

    @property
    def words(self) -> str:
        """The scheme in words."""
        return "short-run" if self.long_run is None else "short- and long-run"

    @property
    def sums_responses(self) -> bool:
        """Whether the sum of all responses is restricted, which only a stable system has."""
        return self.long_run is not None

    def shocks(self, names: Names) -> Names:
        """Names of the shocks."""
        return names if self.shock_names is None else self.shock_names

    @property
    def notes(self) -> tuple[Note, ...]:
        """Whether other points have the same likelihood, and which restrictions repeat others."""
        return () if self.fit is None else self.fit.notes

    def check(self, names: Names) -> None:
        """Raise a SpecificationError if the matrices do not fit the variables or leave too many entries free."""
        self.restrictions(names)

    def restrictions(self, names: Names) -> Restrictions:
        """The matrices, read for these variables."""
        return Restrictions.read(self.a, self.b, self.long_run, names, self.shocks(names), self.unit_roots)

    def bound(self, estimates: Estimates, names: Names) -> Self:
        """Fit A and B; draws are then fitted from there."""
        bound = copy(self)._set(unit_roots=estimates.unit_roots)
        return bound._set(fit=fit_short_run(bound, estimates.form, names))

    def pairs(self, form: ReducedForm, names: Names) -> Array:
        """A and B (..., 2, K, K) of reduced forms.

        Raises
        ------
        NumericalError
            The search does not converge.
        """
        size = len(names)
        batch = form.factor.shape[:-2]
        flat = _flat(form)
        if self.fit is None:
            fits = [fit_short_run(self, _one(flat, draw), names).pair for draw in range(len(flat.factor))]
            return np.array(fits).reshape(*batch, 2, size, size)
        restrictions = self.fit.restrictions
        # Draws of an explosive system have no model: whoever reads them says so.
        finite = np.asarray(np.isfinite(flat.factor).all(axis=(-2, -1)))
        own = _in_units(flat, self.fit.units)
        _require_errors(own, finite)
        origin, basis = restrictions.space(own)
        start = restrictions.located(own, basis, self.fit.pair * restrictions.scale - origin)
        top = likelihood.maximise(own.sigma, origin, basis, start)
        pair = restrictions.signed(top.pair) / restrictions.scale
        pair[~finite] = np.nan
        for draw in np.flatnonzero(~top.converged & finite):
            pair[draw] = fit_short_run(self, _one(flat, int(draw)), names).pair
        return pair.reshape(*batch, 2, size, size)

    def impact(self, form: ReducedForm, names: Names) -> Array:
        """Impact matrices A^-1 B."""
        pair = self.pairs(form, names)
        return impact_solve(pair[..., 0, :, :], pair[..., 1, :, :], self._sizes(form))

    def derivatives(self, form: ReducedForm, names: Names, steps: Array, sigma_steps: Array) -> Array:
        r"""Derivatives of :math:`A^{-1}B`: :math:`A^{-1}(dB - dA\, A^{-1}B)`."""
        pair = self.pairs(form, names)[..., None, :, :, :]
        change, sizes = self.pair_derivatives(form, names, steps, sigma_steps), self._sizes(form)
        impact = impact_solve(pair[..., 0, :, :], pair[..., 1, :, :], sizes)
        return impact_solve(pair[..., 0, :, :], change[..., 1, :, :] - change[..., 0, :, :] @ impact, sizes)

    def _sizes(self, form: ReducedForm) -> Array:
        """Units (K,) of the variables: those of the fit, or else of the first of these forms."""
        return units_of(form.sizes.reshape(-1, form.factor.shape[-1])[0]) if self.fit is None else self.fit.units

    def pair_derivatives(self, form: ReducedForm, names: Names, steps: Array, sigma_steps: Array) -> Array:
        r"""Derivatives (..., D, 2, K, K) of A and B by the implicit function theorem.

        At the maximum :math:`N' s = 0`, with s the score and N a basis of what the restrictions leave free. If they are
        :math:`H x = h` with H moved by the coefficients (long-run restrictions), and :math:`s = -H'\lambda`, then
        :math:`dx = dx_0 + N d\gamma` with :math:`H dx_0 = -dH\, x` and
        :math:`N' \ell'' N d\gamma = -N'(\ell'' dx_0 + \partial_\Sigma s\, d\Sigma + dH' \lambda)`.
        """
        size = len(names)
        batch, count = form.factor.shape[:-2], sigma_steps.shape[-3]
        units = self._sizes(form)
        restrictions = self.restrictions(names).in_units(units) if self.fit is None else self.fit.restrictions
        pair = self.pairs(form, names).reshape(-1, 2, size, size) * restrictions.scale
        flat = _in_units(_flat(form), units)
        sigma = flat.sigma
        turned = (sigma_steps / np.outer(units, units)).reshape(len(pair), count, size, size)
        steps = steps / (units[:, None] / units)
        _, basis = restrictions.space(flat)
        at = likelihood.tangent(pair, basis)
        bent = likelihood.curvature(at, at, sigma)
        pull = -np.einsum("nij,nejk,ndik->nde", at.w, turned, at.moves)
        fixed = np.zeros((len(pair), count, 2, size, size))
        if restrictions.lasting is not None:
            fixed, bound = restrictions.moved(flat, steps.reshape(len(pair), count, *steps.shape[-3:]), pair)
            pull -= likelihood.curvature(at, likelihood.tangent(pair, fixed), sigma)
            pull += np.einsum("ndij,neij->nde", basis[:, :, 1], bound)
        # Entries of A and of B still differ in size, as elasticities do.
        spread = np.sqrt(np.abs(bent.diagonal(axis1=1, axis2=2)))[..., None]
        spread = np.where(spread > 0.0, spread, 1.0)
        free = np.linalg.solve(bent / spread / spread.swapaxes(1, 2), pull / spread) / spread
        change: Array = (fixed + np.einsum("nde,nducv->neucv", free, basis)) / restrictions.scale
        return change.reshape(*batch, count, 2, size, size)


class ShortRunFit(NamedTuple):
    """A and B at the maximum of the likelihood.

    Attributes
    ----------
    pair : array (2, K, K)
    value : float
        Log likelihood of one observation without its constant.
    iterations : int
    covariance : array (D, D)
        Inverse of the information of one observation on the free entries, or along a basis of what long-run
        restrictions leave free.
    basis : array (D, 2, K, K)
    restrictions : Restrictions
        Those that do not follow from others, in the units of the search.
    units : array (K,)
        These units: powers of two near the errors' standard deviations.
    notes : tuple of Note
    """

    pair: Array
    value: float
    iterations: int
    covariance: Array
    basis: Array
    restrictions: Restrictions
    units: Array
    notes: tuple[Note, ...]


def fit_short_run(scheme: ShortRun, form: ReducedForm, names: Names) -> ShortRunFit:
    """Fit A and B to one reduced form from several starts, and see whether they are identified.

    Raises
    ------
    SpecificationError
        The rank condition fails at the estimate.
    NumericalError
        No start converged.
    """
    units = units_of(form.sizes)
    form = _in_units(form, units)
    given = scheme.restrictions(names).in_units(units)
    restrictions = given.independent(form)
    single = ReducedForm(form.coefficients[None], form.factor[None])
    origin, basis = restrictions.space(single)
    sigma = form.sigma
    coordinates = restrictions.located(single, basis, restrictions.starts(form.sizes, scheme.starts) - origin)
    started = (origin + np.einsum("nd,ndcij->ncij", coordinates[-1:], basis))[0]
    # B in units of the errors.
    trial = started[1] / form.sizes[:, None]
    if np.linalg.matrix_rank(trial, tol=_FLAT * np.abs(trial).max()) < len(names):
        raise SpecificationError(_SINGULAR)
    many = (scheme.starts, *basis.shape[1:])
    top = likelihood.maximise(
        np.broadcast_to(sigma, (scheme.starts, *sigma.shape)),
        np.broadcast_to(origin, (scheme.starts, *origin.shape[1:])),
        np.broadcast_to(basis, many),
        coordinates,
    )
    if not np.isfinite(top.value).any():
        raise SpecificationError(_SINGULAR)
    if not top.converged.any():
        _require_rank(restrictions, top.pair[int(np.argmax(top.value))], started, form, basis[0])
        raise NumericalError(
            f"The likelihood of A and B did not converge from any of {count_of(scheme.starts, 'start')}. If an entry "
            "runs off to infinity, the restrictions do not fit the residual covariance. Free some entries, or give "
            "more starts=."
        )
    value = float(top.value[top.converged].max())
    best = np.flatnonzero(top.converged & (top.value >= value - _SAME))
    pairs = restrictions.signed(top.pair[best])
    pair = pairs[0]
    _require_rank(restrictions, pair, started, form, basis[0])
    # In units of the search, where the entries of a matrix are of like size.
    scale = np.abs(pair).max(axis=(1, 2), keepdims=True)
    others = int((np.abs(pairs - pair) > 1e-4 * scale).any(axis=(1, 2, 3)).sum())
    notes = restrictions.repeated_e()
    if scheme.b is None and scheme.long_run is None:
        notes = (*notes, *given.fixed_sizes())
    if restrictions.held < given.held:
        text = (
            f"The long-run effects have rank {given.unit_roots}, so of your {given.held} restrictions on them only "
            f"{count_of(restrictions.held, 'is', 'are')} independent."
        )
        notes = (*notes, Note("dependent-restrictions", text))
    if others:
        text = (
            f"{others} of {len(best)} searches that reached the highest likelihood ended at another A and B. The "
            "restrictions identify the shocks only locally, up to relabelling or signs. The result shows the A and B "
            "found first."
        )
        notes = (*notes, Note("local-identification", text, warn=True))
    information = likelihood.information(likelihood.tangent(pair, basis[0]))
    spread = np.sqrt(information.diagonal())
    covariance = np.linalg.inv(information / np.outer(spread, spread)) / np.outer(spread, spread)
    # What the units add to the log determinant of W.
    value = float(likelihood.log_likelihood(pair, sigma) - np.log(units).sum())
    scale = restrictions.scale
    return ShortRunFit(pair / scale, value, top.iterations, covariance, basis[0] / scale, restrictions, units, notes)


def _require_errors(form: ReducedForm, finite: npt.NDArray[np.bool_]) -> None:
    """Refuse draws (N,) in which an error is zero or a combination of others: their likelihood has no maximum.

    Parameters
    ----------
    form : ReducedForm
        In the units of the errors that were fitted: what is so far below them is rounding.
    finite : array of bool (N,)
        Which draws are looked at.

    Raises
    ------
    NumericalError
    """
    sizes = form.sizes[finite]
    present = (sizes > _NO_ERROR)[..., None]
    scaled = np.where(present, form.factor[finite] / np.where(present, sizes[..., None], 1.0), 0.0)
    singular = int(np.count_nonzero(np.linalg.matrix_rank(scaled) < sizes.shape[-1]))
    if singular:
        raise NumericalError(
            f"In {singular} of {len(finite)} draws, errors are zero or combinations of others, so A and B do not "
            "exist. There are too few different residuals to draw from. Use bands=DeltaMethod(), or more rows."
        )


def units_of(sizes: Array) -> Array:
    """Powers of two (K,) near the errors' standard deviations."""
    return np.asarray(np.ldexp(1.0, np.frexp(sizes)[1]))


def _in_units(form: ReducedForm, units: Array) -> ReducedForm:
    """Reduced forms of the variables divided by their units."""
    return ReducedForm(form.coefficients / (units[:, None] / units), form.factor / units[:, None])


def _flat_directions(pair: Array, basis: Array) -> Array:
    """Directions (D, F) of the free entries along which the likelihood is flat at A and B."""
    matrix = likelihood.information(likelihood.tangent(pair, basis))
    # The information has the units of the entries: its own diagonal takes them out before eigenvalues are compared.
    scale = np.sqrt(np.maximum(matrix.diagonal(), 1e-300))
    values, vectors = np.linalg.eigh(matrix / np.outer(scale, scale))
    return vectors[:, values < 1e-10 * values[-1]] / scale[:, None]


def _require_rank(restrictions: Restrictions, pair: Array, started: Array, form: ReducedForm, basis: Array) -> None:
    """Refuse restrictions under which a direction of A and B leaves the likelihood flat, or no A and B give sigma."""
    flat = _flat_directions(pair, basis)
    count = flat.shape[1]
    if count == 0:
        return
    if _flat_directions(started, basis).shape[1] == 0:
        # A just identified pattern may reach only some covariances: the likelihood then ends on the edge of those that
        # it reaches, where two solutions meet and a direction is lost that exists everywhere else.
        raise NumericalError(
            "A and B are identified in general, but no A and B of this pattern have the residual covariance of these "
            "data. The likelihood is highest where the rank condition fails. Put the zeros elsewhere."
        )
    spread = np.einsum("df,ducv->fucv", flat, basis)
    sizes = form.sizes
    relative = np.abs(spread)
    relative[:, 0] *= sizes[None, None, :] / sizes[None, :, None]
    relative[:, 1] /= sizes[None, :, None]
    involved = relative.max(axis=0) > 1e-3 * relative.max()
    labels = [restrictions.label(place) for place in restrictions.places if involved[tuple(place)]]
    raise SpecificationError(
        f"A and B are not identified: the rank condition fails by {count} at the estimate. These free "
        f"entries can move together without changing the likelihood: {', '.join(labels)}. Restrict {count} of them."
    )


def _flat(form: ReducedForm) -> ReducedForm:
    """The same with one leading axis."""
    lags, factor = form.coefficients, form.factor
    # Counted, because a system without lags has no elements to count by.
    draws = math.prod(factor.shape[:-2])
    return ReducedForm(lags.reshape(draws, *lags.shape[-3:]), factor.reshape(draws, *factor.shape[-2:]))


def _one(form: ReducedForm, draw: int) -> ReducedForm:
    return ReducedForm(form.coefficients[draw], form.factor[draw])


def _copy_of(pattern: Pattern) -> Pattern:
    """A copy the caller cannot change."""
    if pattern is None:
        return None
    if is_frame(pattern):
        return pattern.copy()
    if hasattr(pattern, "items"):
        return dict(pattern)
    try:
        return np.array(pattern, dtype=np.float64)
    except OverflowError:
        raise SpecificationError(f"A known entry is beyond the largest float: {shown(pattern)}.") from None
    except (TypeError, ValueError):
        return np.array(pattern, dtype=object)
