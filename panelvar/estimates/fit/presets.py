"""Presets: the choices of each program, as data.

A preset is claimed only where numbers of its program are reproduced; "eviews" is made from the documentation of EViews.
"""

from __future__ import annotations

from panelvar.core.base.errors import choose
from panelvar.estimates.fit.conventions import Convention

PRESETS: dict[str, Convention] = {
    preset.name: preset
    for preset in (
        Convention("default"),
        Convention(
            "stata",
            likelihood_information="observed",
            unbalanced_components="harmonic",
            robust="cluster-panel-models",
            kraay_factor="none",
            kraay_df="entities",
            corrected_df="normal",
            instrumental_distribution="normal",
            heterogeneous_distribution="normal",
            coefficients_dispersion="sample",
            loglik_jacobian="none",
            transformed_total="mean",
            fixed_overall="rows",
            hausman_sigma="own",
            robust_scale="effects_left_out",
            singular_errors="drop",
        ),
        Convention(
            "plm",
            unbalanced_nerlove="rows",
            hausman_taylor_periods="panel",
            effects_rank="levels",
            first_difference="consecutive",
            first_difference_constant=True,
            hc1_counts="slopes",
            leverage="transformed",
            cluster_group_factor=False,
            cluster_dof_factor="none",
            cluster_counts="slopes",
            multiway_factor="each",
            repair_multiway=False,
            cluster_df="residual",
            bias_reduced_root="original",
            kernel_lags="T^(1/4)",
            kernel_periods="longest",
            kernel_distance="periods",
            kraay_factor="none",
            kraay_df="residual",
            newey_west_factor="none",
            instrumental_distribution="normal",
            exact_entities="kept",
            heterogeneous_distribution="normal",
            rsquared_random="transformed",
            transformed_kind="correlation",
            effects_restricted="all",
            short_pairs="kept",
            hausman_sigma="own",
            hausman_negative="absolute",
            singular_errors="drop",
            criteria_count_variance=True,
        ),
        Convention(
            "pyfixest",
            singletons="drop",
            robust="HC1",
            effects_rank="levels",
            hc23_factor=True,
            bias_reduced_factor="clustered",
            bias_reduced_df="groups",
            kernel_lags="T^(1/4)",
            kernel_distance="rows",
            kraay_factor="T/(T-1)*(n-1)/(n-k)",
            newey_west_factor="T/(T-1)*(n-1)/(n-k)",
            newey_west_df="periods",
            repair_multiway=False,
            adjusted_total="less_effects",
        ),
        Convention(
            "linearmodels",
            unbalanced_components="harmonic",
            effects_rank="levels",
            robust="HC1",
            cluster_group_factor=False,
            cluster_dof_factor="n/(n-k)",
            cluster_counts="unless-nested",
            multiway_factor="each",
            repair_multiway=False,
            cluster_df="residual",
            kernel_distance="rows",
            kraay_factor="n/(n-k)",
            kraay_df="residual",
            random_distribution="t",
            instrumental_distribution="normal",
            rsquared_random="transformed",
            rsquared_kind="residual",
            transformed_total="mean",
            loglik_jacobian="weights",
        ),
        Convention(
            "gretl",
            gls_scale="residual",
            hausman_scale="rows",
            hausman_sigma="own",
            unbalanced_components="harmonic",
            cluster_counts="beyond-first",
            kernel_lags="3/4 T^(1/3)",
            kernel_periods="longest",
            kraay_periods="longest",
            corrected_df="entities",
            effects_restricted="all",
            short_pairs="kept",
            pairs_scale="all",
            rsquared_fixed="with_dummies",
        ),
        Convention(
            "eviews",
            gls_scale="residual",
            hausman_sigma="own",
            random_scale="within",
            robust="HC1",
            cluster_df="residual",
            random_distribution="t",
            rsquared_fixed="with_dummies",
            rsquared_random="transformed",
        ),
    )
}


def as_convention(convention: str | Convention) -> Convention:
    """Return the preset of that name, or the convention given.

    Raises
    ------
    SpecificationError
        If the name is not a preset; the message lists them.
    """
    if isinstance(convention, Convention):
        return convention
    return PRESETS[choose("convention", convention, PRESETS)]
