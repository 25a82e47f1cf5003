"""What ``identification="..."`` means."""

from __future__ import annotations

from collections.abc import Sequence

from panelvar.core.base.errors import SpecificationError, choose
from panelvar.systems.identification.cholesky import Cholesky
from panelvar.systems.identification.errors_alone import Generalised, ReducedFormErrors
from panelvar.systems.identification.long_run import LongRun
from panelvar.systems.identification.scheme import Identification, Names

IDENTIFICATIONS: dict[str, type[Identification]] = {
    scheme.name: scheme for scheme in (Cholesky, ReducedFormErrors, Generalised, LongRun)
}


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
        named = IDENTIFICATIONS[choose("identification", identification, IDENTIFICATIONS)]
        if ordering is None:
            scheme = named()
        elif issubclass(named, Cholesky):
            scheme = named(ordering)
        else:
            raise SpecificationError("ordering= applies to identification='cholesky' and 'long_run' only.")
    scheme.check(names)
    return scheme
