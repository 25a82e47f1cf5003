"""Whether an external instrument moves the residual of its variable."""

from __future__ import annotations

from typing import cast

from panelvar.core.base.errors import Note, SpecificationError, choose
from panelvar.core.base.quoting import shown
from panelvar.core.base.unknown_arguments import answering
from panelvar.core.tables.test_result import TestResult, f_test
from panelvar.systems.identification.external_instrument import ExternalInstrument
from panelvar.systems.identification.instruments_of_shocks import WEAK
from panelvar.systems.var.fitted_system import FittedSystem, require_fit


@answering
def instrument_relevance_test(
    model: FittedSystem, identification: ExternalInstrument, *, cov: str = "HC1"
) -> TestResult:
    r"""First-stage F of an external instrument: the residual of the shock's variable on a constant and the instruments.

    The F test of :math:`\pi = 0` in :math:`u_t = c + z_t'\pi + e_t`.

    Parameters
    ----------
    model : FittedSystem
        The system whose residuals are regressed on the instruments.
    identification : ExternalInstrument
        The instruments, and the variable whose shock they stand for.
    cov : {"HC1", "classical"}
        Covariance of the slopes.

    Returns
    -------
    TestResult
        F with k and n - k - 1 degrees of freedom, n the periods that have the instruments.

    Raises
    ------
    SpecificationError
        The system does not have the variable, or ``cov`` is another one.
    DataError, InsufficientDataError
        As `ExternalInstrument`.

    See Also
    --------
    ExternalInstrument : the scheme that the instruments identify.

    Notes
    -----
    A rejection is not enough: with an F below 10 or so estimates are biased and bands too short (Stock and Watson 2018;
    Montiel Olea, Stock and Watson 2021).

    Examples
    --------
    >>> import numpy as np
    >>> import panelvar as pv
    >>> model = pv.fit_var(pv.load_data("us_macro")[["infl", "unemp", "tbilrate"]], lags=2)
    >>> noise = np.random.default_rng(1).standard_normal(model.nobs)
    >>> proxy = pv.ExternalInstrument(model.resids["tbilrate"] + noise, "tbilrate")
    >>> round(float(pv.instrument_relevance_test(model, proxy).statistic), 1)
    35.3
    """
    require_fit(model)
    if not isinstance(identification, ExternalInstrument):
        raise SpecificationError(
            f"identification={shown(identification)}: expected ExternalInstrument(series, variable)."
        )
    choose("cov", cov, ("HC1", "classical"))
    stage = cast("ExternalInstrument", model._shocks(identification, "sd", None).scheme).stage
    assert stage is not None
    statistic = stage.robust if cov == "HC1" else stage.classical
    degrees = stage.nobs - stage.n_instruments - 1
    weak = Note("weak-instrument", f"Below {WEAK:g} the instrument is weak.")
    return f_test(
        "First-stage F" + (" (robust)" if cov == "HC1" else ""),
        statistic,
        stage.n_instruments,
        degrees,
        "the instruments do not move the residual of the shock's variable",
        (weak,) if statistic < WEAK else (),
    )
