"""Names of covariances: what ``cov="..."`` means."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from types import BuiltinFunctionType, FunctionType

import numpy as np

from panelvar.core.base.errors import Note, NumericalError, RowsNotKeptError, SpecificationError, choose, needing_rows
from panelvar.estimates.covariance.bias_reduced import KINDS as CLUSTER_KINDS
from panelvar.estimates.covariance.bias_reduced import BiasReduced
from panelvar.estimates.covariance.covariances import HC, KINDS, Classical, Clustered, Covariance, CovarianceEstimate
from panelvar.estimates.covariance.panel_corrected import PanelCorrected
from panelvar.estimates.covariance.plain_rows import DefaultOfPlainRows, with_clusters_to_consider
from panelvar.estimates.covariance.serial import DriscollKraay, PanelNeweyWest
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit


def resolve(cov: str | Covariance | None, fit: Fit, convention: Convention) -> Covariance:
    """Turn a covariance's name into its specification.

    ``"robust"`` follows the convention. ``"cluster"`` and ``"CR0"`` to ``"CR3"`` cluster by entity. None is the
    default: classical errors, or HC1 where the data name no entities.
    """
    if cov is None:
        return DefaultOfPlainRows() if fit.plain else Classical()
    found = specification_of(cov) or _SPECIFICATIONS[fit.robust(convention)]
    if fit.mixed is not None and not isinstance(found, Classical):
        by = found.by if isinstance(found, Clustered) and found.residuals == "HC0" else ()
        if not (len(by) == 1 and isinstance(by[0], str) and by[0] == fit.mixed):
            fit.refuse_mixed(f"cov={cov!r}")
    return found


def covariance_of(specification: Covariance, fit: Fit, convention: Convention) -> CovarianceEstimate:
    """Estimate a covariance, with a warning where it leaves a coefficient without variance."""
    try:
        with np.errstate(over="ignore"):
            found = specification(fit, convention)
    except RowsNotKeptError:
        effects = f" with effects of {' and '.join(fit.effects)}" if fit.effects else ""
        with needing_rows(f"cov={_written(specification)}{effects}"):
            raise
    if not isinstance(found, CovarianceEstimate):
        raise SpecificationError(f"cov= must return a CovarianceEstimate; it returned a {type(found).__name__}.")
    if fit.plain:
        found = with_clusters_to_consider(found, fit)
    if np.count_nonzero(np.isinf(found.matrix)):
        raise NumericalError("The covariance of the coefficients overflows. Rescale the dependent variable.")
    if found.classical or fit.exact:
        return found
    # Scores that add up to zero in every cluster leave rounding, beside what homoskedastic errors would have.
    usual = fit.bread.diagonal() * (fit.solution.rss / fit.counts.rows)
    variances = found.matrix.diagonal()
    none = abs(variances) <= fit.rounding * usual
    # Products of other coefficients' scores round to less than zero.
    none |= (variances < 0.0) & (-variances <= _NEGATIVE * usual)
    if True not in none:
        return found
    matrix = found.matrix.copy()
    matrix[none] = 0.0
    matrix[:, none] = 0.0
    names = ", ".join(fit.names[i] for i in np.flatnonzero(none))
    text = (
        f"With errors {found.label}, {names} has no variance, because its scores add up to zero in every cluster or "
        "a negative variance was set to zero. It has no standard error and no test."
    )
    return replace(found, matrix=matrix, notes=(*found.notes, Note("no-variance", text, warn=True)))


def _written(specification: Covariance) -> str:
    """How a caller writes a covariance: its name, if it has one."""
    names = (name for name, each in _SPECIFICATIONS.items() if type(each) is type(specification))
    return next((repr(name) for name in names if _SPECIFICATIONS[name] == specification), repr(specification))


def specification_of(cov: object) -> Covariance | None:
    """Return the specification that a name stands for; None for ``"robust"``, which model and convention decide."""
    if isinstance(cov, type):
        raise SpecificationError(f"cov={cov.__name__} is a class: write cov={cov.__name__}(...).")
    if isinstance(cov, str):
        name = _SPELLINGS.get(cov.lower(), cov)
        return _SPECIFICATIONS.get(name if name in _NAMES else choose("cov", name, _NAMES, _by_column(cov)))
    if callable(cov):
        if isinstance(cov, (BuiltinFunctionType, FunctionType)) and not _takes_two(cov):
            raise SpecificationError(
                f"cov={cov.__name__} is not a covariance, because it does not take a fit and a convention."
            )
        return cov
    hint = (
        " For several dimensions of clusters write Clustered('entity', 'time')." if isinstance(cov, Collection) else ""
    )
    if isinstance(cov, Mapping) and len(cov) == 1:
        # pyfixest's {"CRV1": "firm"} and {"CRV3": "firm"}.
        ((kind, column),) = cov.items()
        names = ", ".join(repr(name) for name in re.findall(r"[\w.]+", str(column)))
        hint = f" Write BiasReduced({names}, kind='CR3')." if str(kind).endswith("3") else f" Write Clustered({names})."
    raise SpecificationError(f"cov must be a name or a covariance object; got {type(cov).__name__}.{hint}")


def _by_column(cov: str) -> str:
    """How clusters by a column are written, whose name may stand where a covariance's is expected."""
    words = re.findall(r"\w+", cov)
    if not words or re.fullmatch(r"(?i)(?:hc|cr)\d\w*", words[-1]):
        return ""
    return f"For clusters by a column write Clustered({words[-1]!r})."


def _takes_two(function: Callable[..., object]) -> bool:
    """Whether a function of the caller's can be called as a covariance is."""
    try:
        inspect.signature(function).bind(None, None)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


_NEGATIVE = 1e-14
"""Share of the usual variance up to which a negative one is rounding."""

_SPECIFICATIONS: dict[str, Covariance] = {
    "classical": Classical(),
    **{kind: HC(kind) for kind in KINDS},
    "cluster": Clustered("entity"),
    "driscoll-kraay": DriscollKraay(),
    "newey-west": PanelNeweyWest(),
    "pcse": PanelCorrected(),
    **{kind: BiasReduced("entity", kind=kind) for kind in CLUSTER_KINDS},
}
_NAMES = ("classical", "robust", *list(_SPECIFICATIONS)[1:])
_SPELLINGS = {
    **{name.lower(): name for name in _NAMES},
    "unadjusted": "classical",
    "nonrobust": "classical",
    "homoskedastic": "classical",
    "iid": "classical",
    "clustered": "cluster",
    "hetero": "HC1",
    "dk": "driscoll-kraay",
    "nw": "newey-west",
    "panel-corrected": "pcse",
}
"""Names, and spellings of other programs that are read too; capitals do not matter."""
