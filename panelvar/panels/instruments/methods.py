"""How instruments are used: two-stage least squares, LIML and its kin, two-step GMM."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from panelvar.core.base.arguments import is_number
from panelvar.core.base.errors import SpecificationError, choose
from panelvar.core.base.quoting import shown
from panelvar.core.base.unknown_arguments import answering
from panelvar.estimates.covariance.covariances import Covariance


@answering
@dataclass(frozen=True)
class Fuller:
    r"""Fuller's modification of LIML, :math:`\kappa = \kappa_{LIML} - \alpha / (n - L)`.

    n - L is the residual degrees of freedom of a first stage: rows less instruments, constant and absorbed effects.
    With :math:`\alpha = 1` the estimator is nearly unbiased; with 4 its mean squared error is about smallest. Unlike
    LIML it has moments (Fuller 1977, Econometrica 45(4), 939-953).

    Parameters
    ----------
    alpha : float
        Zero or larger.

    See Also
    --------
    KClass : A k of your own.
    fit_iv_pooled : Takes it as ``method``.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> firms[["value0", "capital0"]] = firms.groupby("firm")[["value", "capital"]].shift()
    >>> formula = "invest ~ capital + [value ~ value0 + capital0]"
    >>> fit = pv.fit_iv_pooled(firms.dropna(), formula, method=pv.Fuller(alpha=4))
    >>> fit.params.round(4).to_dict()
    {'const': -40.5215, 'capital': 0.2269, 'value': 0.1159}
    """

    alpha: float = 1.0

    def __post_init__(self) -> None:
        """Refuse what is not a number, zero or larger."""
        _check_number("alpha", self.alpha)


@answering
@dataclass(frozen=True)
class KClass:
    r"""The k-class estimator with a given k: 0 is OLS, 1 is 2SLS.

    Parameters
    ----------
    k : float
        Zero or larger; values beyond LIML's may have no solution.

    See Also
    --------
    Fuller : A k that the data choose.
    fit_iv_pooled : Takes it as ``method``.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> firms["before"] = firms.groupby("firm")["value"].shift()
    >>> formula = "invest ~ capital + [value ~ before]"
    >>> least_squares = pv.fit_iv_pooled(firms.dropna(), formula, method=pv.KClass(0))
    >>> least_squares.params.round(4).to_dict()
    {'const': -40.0236, 'capital': 0.2298, 'value': 0.1147}
    >>> two_stage = pv.fit_iv_pooled(firms.dropna(), formula, method=pv.KClass(1))
    >>> two_stage.params.round(4).to_dict()
    {'const': -41.3561, 'capital': 0.2222, 'value': 0.118}
    """

    k: float

    def __post_init__(self) -> None:
        """Refuse what is not a number, zero or larger."""
        _check_number("k", self.k)


@answering
@dataclass(frozen=True)
class TwoStepGMM:
    r"""Two-step efficient GMM: weights from the moments' covariance at the 2SLS residuals.

    .. math:: b = (X'Z \hat S^{-1} Z'X)^{-1} X'Z \hat S^{-1} Z'y, \qquad \hat S = \widehat{Var}(Z'e)

    (Hansen 1982, Econometrica 50(4), 1029-1054). It is more precise than 2SLS if errors are not classical and there are
    many rows (or clusters) for each instrument. With few, the weights are noisy and the standard errors too small.

    Parameters
    ----------
    weights : str or covariance object
        What :math:`\hat S` allows for: ``"HC0"``, ``"cluster"``, ``Clustered("entity", "time")``, ``"driscoll-kraay"``
        and so on, without a small-sample factor. ``"robust"`` means what ``cov="robust"`` means under the convention:
        by default, clustered by entity.

    See Also
    --------
    fit_iv_pooled : Takes it as ``method``.
    fit_arellano_bond : GMM of dynamic panels.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> firms[["value0", "capital0"]] = firms.groupby("firm")[["value", "capital"]].shift()
    >>> formula = "invest ~ capital + [value ~ value0 + capital0]"
    >>> fit = pv.fit_iv_pooled(firms.dropna(), formula, method=pv.TwoStepGMM("HC0"), cov="HC0")
    >>> fit.params.round(4).to_dict()
    {'const': -23.5636, 'capital': 0.162, 'value': 0.1141}
    """

    weights: str | Covariance = "robust"

    def __post_init__(self) -> None:
        """Refuse what cannot be a covariance before the model is estimated."""
        if not isinstance(self.weights, str) and (isinstance(self.weights, type) or not callable(self.weights)):
            raise SpecificationError(
                f"weights must be the name of a covariance or a covariance object; got {type(self.weights).__name__}."
            )


Method: TypeAlias = str | Fuller | KClass | TwoStepGMM

_NAMES = ("2sls", "liml", "fuller", "gmm")
_ALIASES = {"iv": "2sls", "tsls": "2sls", "gmm2s": "gmm"}


def as_method(method: Method) -> Method:
    """Return ``"2sls"``, ``"liml"`` or an object, from a name or an object."""
    if isinstance(method, (Fuller, KClass, TwoStepGMM)):
        return method
    if isinstance(method, type):
        raise SpecificationError(f"method={method.__name__} is a class: write method={method.__name__}(...).")
    if not isinstance(method, str):
        raise SpecificationError(
            f"method must be {', '.join(map(repr, _NAMES))}, or a Fuller, KClass or TwoStepGMM object; got "
            f"{type(method).__name__}."
        )
    name = method.lower()
    name = choose("method", _ALIASES.get(name, name), _NAMES)
    if name == "gmm":
        return TwoStepGMM()
    return Fuller() if name == "fuller" else name


def _check_number(name: str, value: object) -> None:
    if not is_number(value) or not 0.0 <= value < math.inf:
        raise SpecificationError(f"{name}={shown(value)} must be a finite number, zero or larger.")
