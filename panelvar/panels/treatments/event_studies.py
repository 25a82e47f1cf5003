"""One function for every method of staggered treatment."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from numpy.typing import NDArray

from panelvar.core.base.errors import SpecificationError, choose
from panelvar.core.base.shared_parameters import documented
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.panels.treatments.callaway_santanna import CONTROLS, fit_callaway_santanna
from panelvar.panels.treatments.cell_regressions import fit_sun_abraham, fit_two_way_event_study
from panelvar.panels.treatments.extended_two_way import fit_extended_two_way
from panelvar.panels.treatments.group_time import read_window
from panelvar.panels.treatments.imputation import fit_imputation
from panelvar.panels.treatments.result import TreatmentEffects
from panelvar.panels.treatments.two_stage import fit_two_stage

_METHODS: dict[str, Callable[..., TreatmentEffects]] = {
    "callaway-santanna": fit_callaway_santanna,
    "extended-two-way": fit_extended_two_way,
    "imputation": fit_imputation,
    "sun-abraham": fit_sun_abraham,
    "two-stage": fit_two_stage,
    "two-way": fit_two_way_event_study,
}
METHODS = tuple(_METHODS)
# Methods with a choice of controls.
_OFFER_BOTH = ("callaway-santanna", "extended-two-way")


@documented
def fit_event_study(
    data: object,
    y: str,
    *,
    cohort: Hashable | None = None,
    treatment: Hashable | None = None,
    method: str = "sun-abraham",
    control: str | None = None,
    anticipation: int = 0,
    window: Sequence[int] | None = None,
    weights: str | NDArray[Any] | None = None,
    cov: str | Covariance = "cluster",
    convention: str | Convention = "default",
    missing: str = "drop",
) -> TreatmentEffects:
    r"""Estimate what a lasting treatment does, by cohort and period, where entities are treated at different times.

    The effect on cohort g, all entities that are treated from period g on, in period t is

    .. math:: ATT(g, t) = E[y_{it}(g) - y_{it}(\infty) \mid g_i = g],

    the mean difference from what would have been without treatment. It is known if trends without treatment are
    parallel between those who are compared, and if nobody acts on a treatment before it (but for ``anticipation``).

    Parameters
    ----------
    data : Panel or DataFrame
        A DataFrame without a two-level index needs a formula with effects, which name its entity and period.
    y : str
        The outcome, ``"y"``, or a formula, ``"y ~ x | entity + time"``.
    {cohort, treatment}
    method : {"sun-abraham", "callaway-santanna", "imputation", "two-stage", "extended-two-way", "two-way"}
        `fit_sun_abraham`; `fit_callaway_santanna`; `fit_imputation`; `fit_two_stage`; `fit_extended_two_way`; or
        `fit_two_way_event_study`, which is for effects that all cohorts share.
    control : {"never", "not-yet"}, optional
        Whom cohorts are compared with. ``"callaway-santanna"`` and ``"extended-two-way"`` offer both, and take
        ``"never"`` and ``"not-yet"`` by default; ``"sun-abraham"`` compares with the never treated, and
        ``"imputation"`` and ``"two-stage"`` with all that are not treated yet.
    {anticipation}
    window : (first, last), optional
        Periods since treatment whose effects are kept, such as ``(-5, 5)``. They are estimated as without it.
    {weights, cov (rows), convention, missing}

    Returns
    -------
    TreatmentEffects
        ``aggregate("event")``, ``"cohort"``, ``"calendar"`` and ``"overall"`` average the effects; ``plot()`` draws
        them by period since treatment.

    Raises
    ------
    DataError, SpecificationError, InsufficientDataError
        See `panelvar.core.base.errors`; if the cohort of an entity changes, or the treatment is switched off.

    See Also
    --------
    fit_sun_abraham, fit_callaway_santanna, fit_imputation, fit_two_stage : The methods, each with its source.
    fit_extended_two_way, fit_two_way_event_study : Regressions with effects by cohort and period, or by one of these.
    LinearResult.event_study : The same picture of coefficients of a regression of your own.

    Examples
    --------
    >>> import panelvar as pv
    >>> counties = pv.load_data("minimum_wage").reset_index()
    >>> effects = pv.fit_event_study(counties, "lemp ~ 1 | county + year", cohort="first_treat")
    >>> effects.aggregate("overall").params.round(4).to_dict()
    {'overall': -0.04}
    """
    choose("method", method, METHODS)
    limits = None if window is None else read_window(window)
    options = _choose_control(method, control)
    result = _METHODS[method](
        data,
        y,
        cohort=cohort,
        treatment=treatment,
        anticipation=anticipation,
        weights=weights,
        cov=cov,
        convention=convention,
        missing=missing,
        **options,
    )
    return result if limits is None else result.within(limits)


def _choose_control(method: str, control: str | None) -> dict[str, str]:
    """Return the option for methods that have the choice, and refuse what others do not offer."""
    if control is None:
        return {}
    choose("control", control, CONTROLS)
    if method in _OFFER_BOTH:
        return {"control": control}
    own = {"sun-abraham": "never", "imputation": "not-yet", "two-stage": "not-yet"}.get(method)
    if control != own:
        what = f"compares with control={own!r} alone" if own else "has no group of controls"
        raise SpecificationError(
            f"control={control!r} is not offered by method={method!r}, which {what}. Use method='callaway-santanna' "
            "or 'extended-two-way'."
        )
    return {}
