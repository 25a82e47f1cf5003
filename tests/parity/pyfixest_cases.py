"""pyfixest 0.60 (defaults, and its small-sample corrections varied) on the Grunfeld and EmplUK data.

With two effects pyfixest 0.60.0 itself gives one of two clustered covariances, depending on ``PYTHONHASHSEED``: it
splits the effects into a Python set, and where the set's order is not the formula's it asks whether one effect is
nested in the clusters and takes the other one's levels off k. The reference was made in the formula's order, for which
k = slopes + sum(levels) - (effects - 1) - sum(nested levels) + nested effects, as documented.
"""

from __future__ import annotations

import itertools
import warnings
from functools import cache

from parity.panels import MODELS, UNBALANCED, answered
from parity.runner import DEFAULT, Case, Comparison, within
from reference_data import table

import panelvar as pv
from panelvar.estimates.fit.presets import as_convention

PRESET = as_convention("pyfixest")
CORRECTIONS = {
    "default": PRESET,
    # ssc(k_adj=False, G_adj=False)
    "none": PRESET.but(
        classical_counts="constant", hc1_counts="none", cluster_group_factor=False, cluster_dof_factor="none"
    ),
    # ssc(k_fixef="full"): absorbed effects count even where they are nested in the clusters
    "kfull_Gconv": PRESET.but(cluster_counts="all"),
    # ssc(k_fixef="none"): they never count
    "knone": PRESET.but(classical_counts="slopes", hc1_counts="slopes", cluster_counts="slopes"),
}
COVARIANCES = {
    "iid": "classical",
    "hetero_HC1": "HC1",
    "CRV1_entity": pv.Clustered("entity"),
    "CRV1_time": pv.Clustered("time"),
    "CRV1_twoway": pv.Clustered("entity", "time"),
    "CRV3_entity": pv.BiasReduced("entity", kind="CR3"),
}
PVALUES = within(
    1e-8, absolute=5e-16, reason="pyfixest computes 2 * (1 - cdf), whose rounding error is a unit of 1, not of the tail"
)
ITERATIVE = (
    "pyfixest demeans two unbalanced effects until a step is below 1e-6, which leaves the scores 6e-8 off; with "
    "fixef_tol=1e-12 it gives our standard errors to 7e-14"
)


@cache
def fit(data, model, correction, cov):
    y, x = MODELS[data]
    panel = pv.Panel(table(data), "firm", "year")
    options = {"cov": COVARIANCES.get(cov, cov), "convention": CORRECTIONS[correction]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pv.PanelVarWarning)
        if model == "pooled":
            return pv.fit_pooled(panel, y, x, **options)
        return pv.fit_fixed_effects(panel, y, x, effects=model.split("_")[1], constant=False, **options)


def comparisons(data):
    for model in ("pooled", "fe_entity", "fe_time", "fe_twoway"):
        for cov in COVARIANCES:
            if (model, cov) == ("fe_time", "CRV3_entity"):
                continue
            iterated = data in UNBALANCED and model == "fe_twoway" and cov != "iid"
            errors = within(2e-7, reason=ITERATIVE) if iterated else DEFAULT
            tails = within(1e-6, absolute=5e-16, reason=ITERATIVE) if iterated else PVALUES
            for correction in CORRECTIONS:
                key = f"{model}/{cov}_ssc_{correction}"
                yield Comparison(f"{key}/se", lambda a=(model, correction, cov): fit(data, *a).std_errors, errors)
            key = f"{model}/{cov}_ssc_default"
            yield Comparison(f"{key}/coef", lambda a=(model, "default", cov): fit(data, *a).params)
            yield Comparison(f"{key}/tstat", lambda a=(model, "default", cov): fit(data, *a).tstats, errors)
            yield Comparison(f"{key}/pvalue", lambda a=(model, "default", cov): fit(data, *a).pvalues, tails)
            yield Comparison(f"{key}/nobs", lambda a=(model, "default", cov): fit(data, *a).nobs)
        for lags, (name, cov) in itertools.product(range(4), (("DK", pv.DriscollKraay), ("NW", pv.PanelNeweyWest))):
            iterated, spec = data in UNBALANCED and model == "fe_twoway", cov(lags)
            yield Comparison(
                f"{model}/{name}_lag{lags}_default_ssc/se",
                lambda a=(model, "default", spec): fit(data, *a).std_errors,
                within(2e-7, reason=ITERATIVE) if iterated else DEFAULT,
            )
    for kind in ("HC2", "HC3"):
        yield Comparison(f"pooled/{kind}/se", lambda k=kind: fit(data, "pooled", "default", k).std_errors)


CASES = [
    Case(
        f"{data}_pyfixest",
        preset="pyfixest",
        names={"Intercept": "const"},
        comparisons=answered(f"{data}_pyfixest", comparisons(data)),
    )
    for data in MODELS
]
