"""Instrumental variables with random effects: generalised two-stage least squares."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from panelvar.core.base.arguments import ONE_OR_TWO_WAY
from panelvar.core.base.arrays import Array
from panelvar.core.base.errors import (
    CollinearityError,
    InsufficientDataError,
    Note,
    SpecificationError,
    choose,
    needing_rows,
)
from panelvar.core.base.shared_parameters import documented
from panelvar.data.formulas.design import Design
from panelvar.data.formulas.effects_after_bar import read_one_or_two_effects
from panelvar.data.formulas.instrument_columns import Names, build_instrumented
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.fit.conventions import Convention
from panelvar.estimates.fit.fit import Fit
from panelvar.estimates.fit.presets import as_convention
from panelvar.kernels.linear.groups import Grouping
from panelvar.kernels.linear.k_class import Layout
from panelvar.kernels.linear.moments import panel_moments
from panelvar.kernels.linear.qr import RANK_TOLERANCE
from panelvar.kernels.linear.variance_components import Components, swamy_arora
from panelvar.panels.instruments.finish_instrumental import finish_instrumental, two_stage_fit
from panelvar.panels.instruments.result import InstrumentalResult
from panelvar.panels.random_effects.random import components_model, refuse_weights
from panelvar.panels.random_effects.random_notes import refuse_single_level, variance_notes
from panelvar.panels.static.between import means_model
from panelvar.panels.static.fixed import within_model

_VERSIONS = ("swamy-arora", "baltagi-chang", "harmonic", "stata-sa")


@documented
def fit_iv_random_effects(
    data: object,
    y: str,
    x: Names = None,
    *,
    endogenous: Names = None,
    instruments: Names = None,
    effects: str = "entity",
    method: str = "g2sls",
    variance_components: str = "swamy-arora",
    constant: bool | None = None,
    weights: None = None,
    cov: str | Covariance = "classical",
    convention: str | Convention = "default",
    missing: str = "drop",
    collinear: str = "drop",
) -> InstrumentalResult:
    r"""Fit instrumental variables with random effects, by generalised two-stage least squares.

    .. math:: y_{it} = c + x_{it}'\beta + p_{it}'\gamma + \mu_i + \varepsilon_{it}

    This is two-stage least squares of quasi-demeaned rows, :math:`v^*_{it} = v_{it} - \theta_i\bar v_i`. There are two
    sets of instruments, in which a stands for every exogenous variable:

    ============  =============================================================  =======================================
    ``"g2sls"``   :math:`a^*_{it}` (Balestra and Varadharajan-Krishnakumar)      ``xtivreg, re``; plm's ``"bvk"``
    ``"ec2sls"``  :math:`a_{it} - \bar a_i` and :math:`(1-\theta_i)\bar a_i`     ``xtivreg, re ec2sls``; plm's
                  (Baltagi 1981)                                                 ``"baltagi"`` (balanced)
    ============  =============================================================  =======================================

    Parameters
    ----------
    {data, y (instrumented), x (exogenous), endogenous, instruments}
    effects : {"entity", "time"}
        The random dimension.
    method : {"g2sls", "ec2sls"}
        EC2SLS has twice the instruments: in the first stage, within and between variation have separate
        coefficients. Both have the same asymptotic variance (Baltagi and Li 1992).
    variance_components : {"swamy-arora", "baltagi-chang", "harmonic", "stata-sa"}
        The variances come from the residuals of FE2SLS and BE2SLS, in the versions of `fit_random_effects`.
        ``"swamy-arora"`` is the version of the convention.
    {constant, weights (refused), cov, convention, missing, collinear}

    Returns
    -------
    InstrumentalResult
        ``variance_components`` holds the variances and theta.

    Raises
    ------
    SpecificationError
        If you give weights, or a method or version that does not exist.
    CollinearityError
        If the within or the between regression is not identified: without both there are no variance components.
    InsufficientDataError
        If the effect has fewer than two levels, or no degrees of freedom are left within.
    DataError, NumericalError
        See `panelvar.core.base.errors`.

    See Also
    --------
    fit_iv_fixed_effects : Effects may be correlated with the instruments.
    fit_hausman_taylor : Instruments from inside the model.
    fit_random_effects : All regressors exogenous.

    Notes
    -----
    The estimates are consistent only if the effects are uncorrelated with the exogenous regressors and the instruments:
    compare them with `fit_iv_fixed_effects` by `hausman_test`. If some regressors are correlated with the effects and
    you have no instruments from outside, use `fit_hausman_taylor`. (plm's ``"am"`` and ``"bms"`` are for that model,
    not for this one.)

    References
    ----------
    Balestra and Varadharajan-Krishnakumar (1987), Econometric Theory 3(2), 223-246; Baltagi (1981), J. of Econometrics
    17(2), 189-200; Baltagi and Chang (2000), Simultaneous equations with incomplete panels.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> firms["before"] = firms.groupby("firm")["value"].shift()
    >>> fit = pv.fit_iv_random_effects(firms.dropna(), "invest ~ capital + [value ~ before]")
    >>> fit.params.round(4).to_dict()
    {'const': -95.2378, 'capital': 0.2909, 'value': 0.1533}
    """
    refuse_weights(weights)
    choose("method", method, ("g2sls", "ec2sls"))
    choose("variance_components", variance_components, _VERSIONS)
    data, y, effects = read_one_or_two_effects(data, y, x, effects, instrumented=True)
    if choose("effects", effects, ONE_OR_TWO_WAY) == "twoway":
        raise SpecificationError(
            "effects='twoway' is not available with instruments. Take one random effect and add dummies of the other "
            "to the regressors, such as C(year), or use fit_iv_fixed_effects."
        )
    chosen = as_convention(convention)
    design, layout = build_instrumented(
        data, y, x, endogenous, instruments, constant=constant, weights=None, missing=missing
    )
    grouping, label = design.group_by(effects)
    refuse_single_level(grouping, label)
    version = chosen.unbalanced_components if variance_components == "swamy-arora" else variance_components
    components, notes = _estimate_components(design, layout, effects, version, chosen)
    if method == "ec2sls":
        with needing_rows("method='ec2sls'"):
            design, layout = _add_parts(design, layout, grouping)
    model = components_model(design, effects, version, chosen, given=components)
    model = replace(model, notes=(*model.notes, *notes))
    name = method.upper()
    return finish_instrumental(model, layout, "2sls", cov, chosen, collinear, name, derived=method == "ec2sls")


def _estimate_components(
    design: Design, layout: Layout, effects: str, version: str, convention: Convention
) -> tuple[Components, list[Note]]:
    """Estimate the variances from the within and between two-stage residuals."""
    grouping, label = design.group_by(effects)
    within_convention = convention.but(singletons="keep")
    weighted = version == "baltagi-chang"
    fits: list[Fit] = []
    for what, model in (
        ("within", within_model(design, effects, within_convention)),
        ("between", means_model(design, effects, wls=weighted)),
    ):
        try:
            fits.append(two_stage_fit(model, layout, "2sls", "drop", convention, derived=True))
        except (CollinearityError, InsufficientDataError) as error:
            raise type(error)(
                f"The variance components need the {what} regression, which cannot be estimated. {error}"
            ) from None
    within, between = (fit.solution for fit in fits)
    if weighted:
        # The weights were scaled to a mean of one.
        between = between._replace(rss=between.rss * float(grouping.sizes.mean()))
    moments = panel_moments(fits[0].source.columns, grouping)
    components = swamy_arora(moments, within, np.zeros(0), version=version, constant=design.constant, between=between)
    df = components.df_between
    notes = variance_notes(label, grouping.n_groups, components.effect_raw, df, "pooled 2SLS", None)
    return components, notes


def _add_parts(design: Design, layout: Layout, grouping: Grouping) -> tuple[Design, Layout]:
    r"""Add the within and between parts of every exogenous variable to the instruments.

    Quasi-demeaned they are :math:`a_{it} - \bar a_i` and :math:`(1 - \theta_i)\bar a_i`. The between part of an
    exogenous regressor is the quasi-demeaned regressor less its within part, so it is not added.
    """
    columns: dict[str, Array] = {}
    for j in range(layout.instruments):
        name, column = design.names[j], design.x[j]
        means = np.ascontiguousarray(grouping.means_of([column])[:, 0])[grouping.codes]
        left = column - means
        scale = RANK_TOLERANCE * float(np.linalg.norm(column))
        varies = float(np.linalg.norm(left)) > scale
        if varies:
            columns[f"within({name})"] = left
        if j >= layout.exogenous and float(np.linalg.norm(means - means.mean())) > scale:
            columns[f"between({name})"] = means
    first = layout.exogenous
    split = replace(
        design,
        names=(*design.names[:first], *columns, *design.names[layout.instruments :]),
        x=(*design.x[:first], *columns.values(), *design.x[layout.instruments :]),
    )
    return split, layout._replace(excluded=len(columns))
