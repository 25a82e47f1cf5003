"""What is given to be called many times: an estimator, and its further arguments."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from panelvar.core.base.arguments import refuse_other
from panelvar.core.base.errors import SpecificationError
from panelvar.core.base.quoting import shown


def read_estimator(fit: object) -> None:
    """Refuse what takes no data and outcome, without calling it."""
    wanted = f"fit={shown(fit)} must be an estimator, such as fit_fixed_effects"
    # Covariances can be called too, with something else.
    if not callable(fit) or type(fit).__module__.partition(".")[0] == "panelvar":
        raise SpecificationError(f"{wanted}.")
    try:
        signature = inspect.signature(fit)
    except (TypeError, ValueError):
        # Some functions that are not written in Python do not say what they take.
        return
    try:
        signature.bind_partial("data", "y")
    except TypeError as error:
        raise SpecificationError(f"{wanted}, which takes data and an outcome or a formula: {error}.") from None


def read_options(options: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return further arguments of an estimator."""
    if options is None:
        return {}
    refuse_other("options", options, Mapping, "a mapping of arguments to values, such as {'cov': 'cluster'}")
    for name in options:
        if not isinstance(name, str) or name in ("data", "y", "x"):
            raise SpecificationError(
                f"options has {shown(name)}, which is not an argument of the estimator that you can set here."
            )
    return dict(options)
