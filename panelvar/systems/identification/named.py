"""What ``identification="..."`` means."""

from __future__ import annotations

from collections.abc import Sequence

from panelvar.core.base.errors import MissingInformationError, SpecificationError, choose
from panelvar.systems.identification.cholesky import Cholesky
from panelvar.systems.identification.errors_alone import Generalised, ReducedFormErrors
from panelvar.systems.identification.long_run import LongRun
from panelvar.systems.identification.scheme import Identification, Names

IDENTIFICATIONS: dict[str, type[Identification]] = {
    scheme.name: scheme for scheme in (Cholesky, ReducedFormErrors, Generalised, LongRun)
}
ORDERED = (Cholesky.name, LongRun.name)
SHOCK_SIZES = ("sd", "unit")


def scheme_of(identification: str | Identification, ordering: Sequence[str] | None, names: Names) -> Identification:
    """Return the scheme asked for, checked against the variables.

    Raises
    ------
    SpecificationError
        A name is unknown, or an ordering does not name every variable once or does not apply.
    """
    if isinstance(identification, Identification):
        if ordering is not None:
            raise SpecificationError("ordering= goes into the identification object, such as Cholesky(ordering).")
        scheme = identification
    elif isinstance(identification, type) and issubclass(identification, Identification):
        raise SpecificationError(f"identification={identification.__name__}: call it, {identification.__name__}(...).")
    elif isinstance(getattr(identification, "identification", None), Identification):
        kind = type(identification).__name__
        raise SpecificationError(f"identification is a {kind}. Give its scheme, which is {kind}.identification.")
    else:
        choose("identification", identification, IDENTIFICATIONS)
        if ordering is not None and identification not in ORDERED:
            raise SpecificationError("ordering= applies to identification='cholesky' and 'long_run' only.")
        kinds = {"cholesky": Cholesky, "long_run": LongRun}
        scheme = kinds[identification](ordering) if identification in kinds else IDENTIFICATIONS[identification]()
    scheme.check(names)
    return scheme


def check_shock_size(shock_size: str) -> bool:
    """Return whether shocks are of one unit, or say what was expected."""
    return choose("shock_size", shock_size, SHOCK_SIZES) == "unit"


def require_sigma(scheme: Identification, unit: bool, purpose: str = "") -> None:
    """Refuse shocks that need the residual covariance, for a system that has none.

    Raises
    ------
    MissingInformationError
        ``purpose`` begins the message.
    """
    if not scheme.fixed and (scheme.needs_sigma or not unit):
        size = "unit" if unit else "sd"
        asked = purpose or f"identification={scheme.name!r} with shock_size={size!r}"
        raise MissingInformationError(
            f"{asked} needs the residual covariance, and this system has none. Give sigma=, or ask for "
            "impulse_responses(identification='reduced_form', shock_size='unit')."
        )
