"""Every answer about panels is the same in other units of the variables."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial

import numpy as np
import pandas as pd
import pytest
from properties.units import OF_BOTH, SYSTEMS, Measured, answer, compare, functions, methods, numbered, turn
from quiet import quietly

import panelvar as pv

NAMES = ("y", "x", "z", "p", "q1", "q2", "c", "d", "w")
"""Explained; two regressors; endogenous, its two instruments; constant within entities, one endogenous; weights."""
X = ["x", "z"]
COLLAPSED = pv.LagInstruments(last=4, collapse=True)
ENTITIES, PERIODS = 14, 12


def _numbers(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    entity = np.repeat(np.arange(ENTITIES), PERIODS)
    n = len(entity)
    alpha, gamma = (
        rng.standard_normal(ENTITIES)[entity],
        rng.standard_normal(PERIODS)[np.tile(np.arange(PERIODS), ENTITIES)],
    )
    x, z, q1, q2, u = (rng.standard_normal(n) for _ in range(5))
    error = np.zeros(n)
    shocks = rng.standard_normal(n)
    for i in range(n):
        error[i] = shocks[i] + (0.3 * error[i - 1] if i % PERIODS else 0.0)
    x = x + 0.4 * alpha
    p = 0.8 * q1 - 0.6 * q2 + u + 0.5 * error
    c, d = rng.standard_normal(ENTITIES)[entity], (rng.standard_normal(ENTITIES)[entity] + 0.5 * alpha)
    y = 1.0 + 0.7 * x - 0.4 * z + 0.5 * p + 0.3 * c + alpha + 0.5 * gamma + error
    return np.column_stack([y, x, z, p, q1, q2, c, d, rng.uniform(0.5, 2.0, n)])


NUMBERS = _numbers(4)
KEPT = np.random.default_rng(8).random(len(NUMBERS)) > 0.08


def _long_run(seed: int) -> np.ndarray:
    """Levels that error correction ties together."""
    rng = np.random.default_rng(seed)
    out = np.zeros((8, 40, len(NAMES)))
    out[..., 1:] = rng.standard_normal((8, 40, len(NAMES) - 1))
    out[..., 1:3] = np.cumsum(out[..., 1:3], axis=1)
    for i in range(8):
        for t in range(1, 40):
            gap = out[i, t - 1, 0] - 0.8 * out[i, t, 1] - 0.3 * out[i, t, 2] - 1.0
            out[i, t, 0] = out[i, t - 1, 0] - 0.4 * gap + rng.standard_normal()
    return out.reshape(-1, len(NAMES))


LONG_RUN = _long_run(3)


class World(Measured):
    """The same data in some units."""

    names, beside = NAMES, NAMES[3:]

    def _frame(self, numbers: np.ndarray, periods: int) -> pd.DataFrame:
        frame = pd.DataFrame(numbers * self.units, columns=list(NAMES))
        frame["i"], frame["t"] = np.arange(len(frame)) // periods, np.arange(len(frame)) % periods
        frame["g"] = np.where(frame["i"] % 2, "a", "b")
        frame["first"] = np.array([0, 3, 4])[frame["i"] % 3] + 0.0
        frame.loc[frame["i"] % 3 == 0, "first"] = np.nan
        return frame

    @cached_property
    def frame(self) -> pd.DataFrame:
        return self._frame(NUMBERS, PERIODS)

    @cached_property
    def panel(self) -> pv.Panel:
        return pv.Panel(self.frame, "i", "t")

    @cached_property
    def gappy(self) -> pv.Panel:
        return pv.Panel(self.frame[KEPT], "i", "t")

    @cached_property
    def long(self) -> pv.Panel:
        return pv.Panel(self._frame(LONG_RUN, 40), "i", "t")

    @cached_property
    def sets(self) -> dict[str, np.ndarray]:
        """Three data sets: the same rows, with what explains them moved on."""
        columns = {name: self.panel.column(name).reshape(-1, PERIODS) for name in ("y", *X)}
        return {name: np.stack([np.roll(own, step, 0) for step in range(3)]) for name, own in columns.items()} | {
            "y": np.stack([columns["y"]] * 3)
        }

    def unit(self, name: str) -> float:
        return float(self.units[NAMES.index(name)])

    def value(self, above: str, below: str) -> float:
        """One half in the units of a coefficient."""
        return 0.5 * self.unit(above) / self.unit(below)

    @cached_property
    def conditions(self) -> np.ndarray:
        """Known values of y and x: y in the first and third period to come, x in the second."""
        return np.array([[2.0, np.nan], [np.nan, -1.0], [0.5, np.nan]]) * self.units[:2]

    def iv(self, cov: object = "classical", **options: object) -> pv.InstrumentalResult:
        return pv.fit_iv_pooled(self.gappy, "y", X, endogenous="p", instruments=["q1", "q2"], cov=cov, **options)


Call = Callable[[World], object]
FEW = (
    "classical", "HC1", "HC3", "cluster", "driscoll-kraay", "newey-west", "pcse", "CR2", pv.Clustered("entity", "time"),
)  # fmt: skip
"""A covariance of each kind."""
OTHERS = (
    "robust", "HC0", "HC2", "HC4", "HC4m", "HC5", "CR0", "CR1", "CR3", pv.Clustered("time"), pv.Clustered("g"),
    pv.BiasReduced("entity", "time"), pv.BiasReduced("time", kind="CR2"),
    pv.DriscollKraay(lags=2, kernel="quadratic-spectral"), pv.PanelNeweyWest(lags=2, kernel="parzen"),
    pv.PanelCorrected(cluster="entity"), pv.PanelCorrected(pairwise=False, diagonal=True),
)  # fmt: skip
COMPONENTS = ("swamy-arora", "baltagi-chang", "wallace-hussain", "amemiya", "nerlove", "ml", "reml")
PRESETS = ("stata", "plm", "pyfixest", "linearmodels", "gretl", "eviews")
IV = {"endogenous": "p", "instruments": ["q1", "q2"]}
ESTIMATORS = {
    "pooled": pv.fit_pooled,
    "between": pv.fit_between,
    "difference": pv.fit_first_difference,
    "entity": pv.fit_fixed_effects,
    "time": partial(pv.fit_fixed_effects, effects="time"),
    "twoway": partial(pv.fit_fixed_effects, effects="twoway"),
    "random": pv.fit_random_effects,
}


def _linear(name: str, **options: object) -> Call:
    return lambda w: ESTIMATORS[name](w.gappy, "y", X, **options)


PLAIN = {name: _linear(name) for name in ESTIMATORS}


def _weighted(name: str, **options: object) -> Call:
    return lambda w: ESTIMATORS[name](w.gappy, "y", X, weights="w", **options)


def _estimates(result: pv.ErrorCorrectionResult) -> tuple[pd.Series, ...]:
    return result.params, result.std_errors, result.tstats, result.joint_params, result.speed


def _sensitivity(w: World, restriction: str) -> pd.DataFrame:
    study = pv.fit_callaway_santanna(w.gappy, "y ~ x", cohort="first").event_study(draws=100)
    kept = ~study.references
    names = [name for name in study.names if name]
    return pv.trend_sensitivity(
        study.estimates[kept],
        covariance=study.result.cov.loc[names, names],
        n_before=int(study.before.sum()) - 1,
        restriction=restriction,
        method="fixed-length" if restriction == "smoothness" else "conditional",
        bounds=None if restriction == "smoothness" else [0.5, 1.0],
    ).to_frame()


# A call of every public function of this side.
FUNCTIONS: dict[str, list[Call]] = {
    "Panel": [lambda w: w.panel.describe().to_frame(), lambda w: w.gappy.describe().to_frame()],
    "fit_pooled": [
        _linear("pooled"),
        *(_linear("pooled", cov=cov) for cov in (*FEW, *OTHERS)),
        *(_linear("pooled", convention=preset) for preset in PRESETS),
        _weighted("pooled"),
        _weighted("pooled", cov="CR2"),
        _linear("pooled", constant=False),
        lambda w: pv.fit_pooled(w.gappy, "y ~ x + L(x) + C(t) + z:C(g)"),
    ],
    "fit_between": [
        _linear("between"),
        _linear("between", wls=True, cov="HC1"),
        lambda w: pv.fit_between(w.gappy, "y", X, effects="time", cov="HC3"),
    ],
    "fit_first_difference": [
        _linear("difference"),
        _weighted("difference"),
        *(_linear("difference", cov=cov) for cov in ("HC2", "cluster", "CR2", "driscoll-kraay", "newey-west", "pcse")),
        *(_linear("difference", convention=preset) for preset in PRESETS),
    ],
    "fit_fixed_effects": [
        *(_linear(name) for name in ("entity", "time", "twoway")),
        *(_linear("entity", cov=cov) for cov in (*FEW, *OTHERS)),
        *(_linear("twoway", cov=cov) for cov in FEW),
        *(_linear("entity", convention=preset, cov="cluster") for preset in PRESETS),
        *(_linear("twoway", convention=preset) for preset in PRESETS),
        _weighted("entity"),
        _weighted("twoway", cov="CR2"),
        lambda w: pv.fit_fixed_effects(w.gappy, "y", X, effects=["entity", "time", "g"]),
        lambda w: pv.fit_fixed_effects(w.gappy, "y ~ x", effects=["entity", "time", "g[z]"]),
    ],
    "fit_random_effects": [
        *(_linear("random", variance_components=rule) for rule in COMPONENTS),
        *(_linear("random", variance_components=rule, effects="twoway") for rule in COMPONENTS),
        *(_linear("random", cov=cov) for cov in FEW),
        *(_linear("random", convention=preset) for preset in PRESETS),
        _linear("random", effects="time"),
        lambda w: pv.fit_random_effects(w.panel, "y", X, effects="twoway", cov="HC1"),
    ],
    "fit_correlated_random_effects": [
        lambda w: pv.fit_correlated_random_effects(w.gappy, "y", [*X, "c"]),
        lambda w: pv.fit_correlated_random_effects(w.gappy, "y", X, cov="cluster"),
    ],
    "fit_iv_pooled": [
        *(lambda w, cov=cov: w.iv(cov) for cov in FEW),
        *(lambda w, m=m: w.iv(method=m) for m in ("liml", pv.Fuller(1.0), pv.KClass(0.5), pv.KClass(1.01))),
        lambda w: w.iv("HC0", method=pv.TwoStepGMM("HC0")),
        lambda w: w.iv("cluster", method=pv.TwoStepGMM("cluster")),
        *(lambda w, preset=preset: w.iv(convention=preset, cov="HC1") for preset in PRESETS),
        lambda w: pv.fit_iv_pooled(w.gappy, "y", "x", endogenous=["p", "z"], instruments=["q1", "q2", "c"], cov="HC1"),
    ],
    "fit_iv_between": [lambda w: pv.fit_iv_between(w.gappy, "y", "x", **IV)],
    "fit_iv_first_difference": [lambda w: pv.fit_iv_first_difference(w.gappy, "y", X, **IV, cov="cluster")],
    "fit_panel_batch": [
        *(
            lambda w, fit=fit, cov=cov: pv.fit_panel_batch(fit, w.sets, "y", X, options={"cov": cov})
            for fit in (pv.fit_pooled, pv.fit_fixed_effects, pv.fit_random_effects)
            for cov in ("classical", "HC1", "cluster")
        ),
        lambda w: pv.fit_panel_batch(pv.fit_fixed_effects, w.sets, "y", X, options={"effects": "twoway"}),
        lambda w: pv.fit_panel_batch(pv.fit_pooled, [w.panel, w.gappy], "y ~ x + z"),
    ],
    "fit_iv_fixed_effects": [
        lambda w: pv.fit_iv_fixed_effects(w.gappy, "y", X, **IV),
        lambda w: pv.fit_iv_fixed_effects(w.gappy, "y", X, **IV, effects="twoway", cov="cluster"),
    ],
    "fit_iv_random_effects": [
        *(lambda w, m=m: pv.fit_iv_random_effects(w.gappy, "y", X, **IV, method=m) for m in ("g2sls", "ec2sls")),
    ],
    "fit_hausman_taylor": [
        lambda w, m=m: pv.fit_hausman_taylor(w.gappy, "y", ["x", "z", "c", "d"], endogenous=["x", "d"], method=m)
        for m in ("hausman-taylor", "amemiya-macurdy")
    ],
    "fit_mean_group": [
        lambda w: pv.fit_mean_group(w.gappy, "y", X),
        lambda w: pv.fit_mean_group(w.panel, "y", X, trend="ct", demean=True),
    ],
    "fit_common_correlated_effects": [
        lambda w: pv.fit_common_correlated_effects(w.panel, "y", X),
        lambda w: pv.fit_common_correlated_effects(w.panel, "y", X, pooled=True),
    ],
    "fit_swamy": [
        lambda w: pv.fit_swamy(w.gappy, "y", X),
        lambda w: pv.fit_swamy(w.gappy, "y", X, dispersion="sample"),
    ],
    "fit_fama_macbeth": [
        lambda w: pv.fit_fama_macbeth(w.gappy, "y", X),
        lambda w: pv.fit_fama_macbeth(w.gappy, "y", X, lags=2),
    ],
    "fit_event_study": [
        lambda w, m=m: pv.fit_event_study(w.gappy, "y ~ x", cohort="first", method=m)
        for m in ("sun-abraham", "callaway-santanna", "imputation", "two-stage", "extended-two-way", "two-way")
    ],
    "compare_methods": [lambda w: pv.compare_methods(w.panel, "y ~ x", cohort="first")],
    "fit_callaway_santanna": [
        lambda w: pv.fit_callaway_santanna(w.gappy, "y ~ x + z", cohort="first", control="not-yet"),
        lambda w: pv.fit_callaway_santanna(w.gappy, "y ~ x", cohort="first", unbalanced="cross-sections"),
    ],
    "decompose_two_way_effects": [
        lambda w, formula=formula: pv.decompose_two_way_effects(w.panel, formula, cohort="first")
        for formula in ("y", "y ~ x + z")
    ],
    "trend_sensitivity": [lambda w, r=r: _sensitivity(w, r) for r in ("relative magnitudes", "smoothness")],
    "weigh_event_study": [lambda w: pv.weigh_event_study(w.gappy, "y ~ x", cohort="first")],
    "weigh_two_way_effects": [
        lambda w, formula=formula: pv.weigh_two_way_effects(w.gappy, formula, cohort="first")
        for formula in ("y", "y ~ x + z")
    ],
    "fit_extended_two_way": [
        lambda w, c=c: pv.fit_extended_two_way(w.gappy, "y ~ x + z", cohort="first", control=c)
        for c in ("not-yet", "never")
    ],
    "fit_imputation": [lambda w: pv.fit_imputation(w.gappy, "y ~ x + z", cohort="first", errors="leave-out", leads=1)],
    "fit_two_stage": [lambda w: pv.fit_two_stage(w.gappy, "y ~ x + z", cohort="first", anticipation=1)],
    "fit_sun_abraham": [lambda w: pv.fit_sun_abraham(w.gappy, "y ~ x", cohort="first", anticipation=1)],
    "fit_two_way_event_study": [lambda w: pv.fit_two_way_event_study(w.panel, "y", cohort="first")],
    "fit_fgls": [
        *(
            lambda w, panels=panels, serial=serial: pv.fit_fgls(w.panel, "y", X, panels=panels, autocorrelation=serial)
            for panels in ("homoskedastic", "heteroskedastic")
            for serial in ("none", "ar1", "psar1")
        ),
        lambda w: pv.fit_fgls(w.panel, "y", X, panels="heteroskedastic", iterate=True),
        lambda w: pv.fit_fgls(w.long, "y", X, panels="correlated"),
        lambda w: pv.fit_fgls(w.long, "y", X, panels="correlated", convention="stata"),
    ],
    "fit_general_fgls": [
        *(lambda w, m=m: pv.fit_general_fgls(w.long, "y", X, model=m, within="time") for m in ("pooled", "within")),
        lambda w: pv.fit_general_fgls(w.panel, "y", X, model="difference"),
    ],
    "fit_fixed_effects_ar1": [lambda w: pv.fit_fixed_effects_ar1(w.gappy, "y", X)],
    "fit_random_effects_ar1": [lambda w: pv.fit_random_effects_ar1(w.gappy, "y", X)],
    "fit_pooled_mean_group": [
        lambda w: pv.fit_pooled_mean_group(w.long, "y", X),
        lambda w: pv.fit_pooled_mean_group(w.long, "y", X, information="observed"),
        # Convergence is linear: the step at which it ends decides the last digits of small covariances.
        lambda w: _estimates(pv.fit_pooled_mean_group(w.long, "y", X, algorithm="back-substitution")),
    ],
    "fit_ardl_mean_group": [
        lambda w: pv.fit_ardl_mean_group(w.long, "y", X),
        lambda w: pv.fit_ardl_mean_group(w.long, "y", X, lags="aic", long_run="ratio"),
    ],
    "fit_dynamic_fixed_effects": [lambda w: pv.fit_dynamic_fixed_effects(w.long, "y", X)],
    "fit_arellano_bond": [
        *(
            lambda w, s=s, t=t: pv.fit_arellano_bond(w.panel, "y", X, transform=t, steps=s, instruments=COLLAPSED)
            for s in (1, 2)
            for t in ("fd", "fod")
        ),
        lambda w: pv.fit_arellano_bond(
            w.gappy, "y", X, steps=1, cov="classical", constant=True, time_effects=True, instruments=COLLAPSED
        ),
        lambda w: pv.fit_arellano_bond(w.panel, "y", "x", predetermined="z", steps="iterated", instruments=COLLAPSED),
        lambda w: pv.fit_arellano_bond(w.panel, "y", X, steps=1, nonlinear="noserial", instruments=COLLAPSED),
    ],
    "fit_blundell_bond": [
        lambda w, t=t: pv.fit_blundell_bond(w.panel, "y", X, transform=t, instruments=COLLAPSED) for t in ("fd", "fod")
    ],
    "fit_anderson_hsiao": [
        lambda w, i=i: pv.fit_anderson_hsiao(w.panel, "y", X, instrument=i) for i in ("level", "difference")
    ],
    "fit_bias_corrected_moments": [
        lambda w: pv.fit_bias_corrected_moments(w.gappy, "y", X),
        lambda w: pv.fit_bias_corrected_moments(w.gappy, "y", X, lags=2, time_effects=True, cov=pv.Clustered("g")),
    ],
    "fit_lsdvc": [
        *(lambda w, i=i: pv.fit_lsdvc(w.gappy, "y", X, initial=i, draws=4, seed=1) for i in ("ah", "ab", "bb")),
        lambda w: pv.fit_lsdvc(w.gappy, "y", X, order=2, time_effects=True),
    ],
    "fit_fmols": [
        *(
            lambda w, m=m, t=t: pv.fit_fmols(w.long, "y", X, method=m, trend=t)
            for m in ("group-mean", "pooled", "weighted")
            for t in ("n", "ct")
        ),
        lambda w: pv.fit_fmols(w.long, "y", X, method="pooled", cov="sandwich", kernel="bartlett", bandwidth=3),
    ],
    "fit_ccr": [
        lambda w, m=m: pv.fit_ccr(w.long, "y", X, method=m, trend="ct") for m in ("group-mean", "pooled", "weighted")
    ],
    "fit_dols": [
        *(
            lambda w, m=m, c=c: pv.fit_dols(w.long, "y", X, method=m, cov=c, leads="bic", lags="bic", max_lags=1)
            for m in ("group-mean", "pooled", "weighted")
            for c in ("estimated", "sandwich", "kernel")
        ),
    ],
    "wild_bootstrap_test": [
        *(
            lambda w, v=v: pv.wild_bootstrap_test(
                w.made(PLAIN["pooled"]), f"x = {w.value('y', 'x')!r}", draws=99, seed=1, statistic=v
            )
            for v in ("11", "13", "31", "33")
        ),
        lambda w: pv.wild_bootstrap_test(w.made(PLAIN["entity"]), X, draws=99, seed=1),
        lambda w: pv.wild_bootstrap_test(w.made(PLAIN["pooled"]), X, draws=99, seed=1),
        lambda w: pv.wild_bootstrap_test(
            w.made(PLAIN["pooled"]), "x", draws=99, seed=1, cluster=["entity", "time"], impose_null=False
        ),
    ],
    "cluster_diagnostics": [
        lambda w, n=n: pv.cluster_diagnostics(w.made(PLAIN[n])) for n in ("pooled", "entity", "twoway")
    ],
    "hausman_test": [
        *(
            lambda w, s=s: pv.hausman_test(w.made(PLAIN["entity"]), w.made(PLAIN["random"]), sigma=s)
            for s in ("own", "efficient", "consistent")
        ),
        lambda w: pv.hausman_test(w.made(PLAIN["entity"]), w.made(PLAIN["between"])),
        lambda w: pv.hausman_test(pv.fit_ardl_mean_group(w.long, "y", X), pv.fit_pooled_mean_group(w.long, "y", X)),
    ],
    "mundlak_test": [
        lambda w: pv.mundlak_test(w.made(PLAIN["random"])),
        lambda w: pv.mundlak_test(w.made(PLAIN["random"]), cov="classical"),
    ],
    "hausman_regression_test": [
        *(
            lambda w, c=c: pv.hausman_regression_test(w.made(PLAIN["random"]), cov=c)
            for c in ("classical", "cluster", "HC1")
        ),
    ],
    "effects_lm_test": [
        lambda w, n=n, e=e, k=k: pv.effects_lm_test(w.made(PLAIN[n]), effects=e, statistic=k)
        for n in ("pooled", "entity")
        for e in ("entity", "twoway")
        for k in ("breusch-pagan", "honda", "king-wu")
    ],
    "nested_f_test": [lambda w: pv.nested_f_test(w.made(PLAIN["entity"]), w.made(PLAIN["twoway"]))],
    "slope_poolability_test": [
        lambda w, n=n: pv.slope_poolability_test(w.made(PLAIN[n])) for n in ("pooled", "entity")
    ],
    "wooldridge_effects_test": [
        lambda w, n=n: pv.wooldridge_effects_test(w.made(PLAIN[n])) for n in ("pooled", "random")
    ],
    "wooldridge_pooled_test": [
        lambda w, n=n: pv.wooldridge_pooled_test(w.made(PLAIN[n])) for n in ("pooled", "random")
    ],
    "wooldridge_within_test": [lambda w: pv.wooldridge_within_test(w.made(PLAIN["entity"]))],
    "wooldridge_difference_test": [
        lambda w, k=k: pv.wooldridge_difference_test(w.made(PLAIN["difference"]), null=k)
        for k in ("levels", "differences")
    ],
    "wooldridge_serial_test": [
        lambda w, n=n: pv.wooldridge_serial_test(w.made(PLAIN[n])) for n in ("pooled", "entity")
    ],
    "bera_sosa_yoon_test": [
        lambda w, k=k: pv.bera_sosa_yoon_test(w.made(PLAIN["pooled"]), statistic=k)
        for k in ("serial", "effects", "joint")
    ],
    "baltagi_li_test": [
        lambda w, k=k: pv.baltagi_li_test(pv.fit_pooled(w.panel, "y", X), statistic=k)
        for k in ("joint", "random", "fixed")
    ],
    "bhargava_test": [
        lambda w, n=n, k=k: pv.bhargava_test(w.made(PLAIN[n]), statistic=k)
        for n in ("entity", "random")
        for k in ("durbin-watson", "lbi")
    ],
    "durbin_watson_test": [
        lambda w, n=n, e=e: pv.durbin_watson_test(w.made(PLAIN[n]), exact=e)
        for n in ("pooled", "entity", "random", "difference")
        for e in (True, False)
    ],
    "breusch_godfrey_test": [
        lambda w, n=n, k=k: pv.breusch_godfrey_test(w.made(PLAIN[n]), lags=2, statistic=k)
        for n in ("pooled", "entity", "random", "difference")
        for k in ("chi2", "f")
    ],
    "born_breitung_test": [
        lambda w, k=k: pv.born_breitung_test(w.made(PLAIN["entity"]), statistic=k) for k in ("q", "lm", "hr")
    ],
    "cross_section_dependence_test": [
        lambda w, k=k: pv.cross_section_dependence_test(w.made(PLAIN["entity"]), statistic=k)
        for k in ("cd", "lm", "scaled-lm", "bias-corrected-lm")
    ],
    "cross_section_exponent": [
        lambda w, m=m: pv.cross_section_exponent(w.panel, "y", method=m) for m in ("averages", "correlations")
    ],
    "balance_table": [
        lambda w, c=c, by=by: pv.balance_table(w.panel, ["y", *X], by=by, cov=c)
        for c in (None, "cluster")
        for by in ("g", "t")
    ],
    "cd_star_test": [lambda w: pv.cd_star_test(pv.fit_fixed_effects(w.panel, "y", X))],
    "residual_correlations": [lambda w: pv.residual_correlations(w.made(PLAIN["entity"]))],
    "modified_wald_test": [lambda w: pv.modified_wald_test(w.made(PLAIN["entity"]))],
    "slope_homogeneity_test": [
        lambda w, k=k: pv.slope_homogeneity_test(w.made(PLAIN["entity"]), statistic=k) for k in ("adjusted", "plain")
    ],
    "panel_granger_test": [
        lambda w, k=k: pv.panel_granger_test(w.long, "y", "x", statistic=k) for k in ("z-tilde", "z-bar", "w-bar")
    ],
    "harris_tzavalis_test": [lambda w, t=t: pv.harris_tzavalis_test(w.long, "y", trend=t) for t in ("n", "c", "ct")],
    "llc_test": [lambda w, t=t: pv.llc_test(w.long, "y", lags=1, trend=t) for t in ("n", "c", "ct")],
    "breitung_test": [
        lambda w, t=t, r=r: pv.breitung_test(w.long, "y", lags=1, trend=t, robust=r)
        for t in ("n", "c", "ct")
        for r in (False, True)
    ],
    "ips_test": [lambda w, t=t: pv.ips_test(w.long, "y", lags="bic", max_lags=2, trend=t) for t in ("c", "ct")],
    "cips_test": [lambda w, t=t: pv.cips_test(w.panel, "y", lags=1, trend=t) for t in ("n", "c", "ct")],
    "fisher_test": [lambda w, t=t: pv.fisher_test(w.long, "y", test=t, lags="bic", max_lags=2) for t in ("adf", "pp")],
    "combine_pvalues": [
        lambda w: pv.combine_pvalues(pv.fisher_test(w.long, "y", lags=1).individual["pvalue"]),
    ],
    "simes_test": [lambda w, t=t: pv.simes_test(w.long, "y", test=t, lags=1, trend="ct") for t in ("adf", "pp")],
    "panel_unit_root_table": [
        lambda w: pv.panel_unit_root_table(w.long, "y", tests=("llc", "fisher-pp", "hadri"), lags=1).to_frame()
    ],
    "panel_cointegration_table": [
        lambda w: pv.panel_cointegration_table(w.long, "y", X, tests=("pedroni", "westerlund-ratio"), lags=1).to_frame()
    ],
    "kao_test": [
        lambda w, k=k: pv.kao_test(w.long, "y", X, lags="bic", max_lags=3, kernel=k) for k in ("bartlett", "parzen")
    ],
    "westerlund_variance_ratio_test": [
        lambda w, t=t: pv.westerlund_variance_ratio_test(w.long, "y", X, trend=t) for t in ("n", "c", "ct")
    ],
    "pedroni_test": [
        *(lambda w, t=t: pv.pedroni_test(w.long, "y", X, lags=1, trend=t) for t in ("n", "c", "ct")),
        lambda w: pv.pedroni_test(w.long, "y", X, lags="bic", max_lags=3, weighted=False, kernel="parzen"),
    ],
    "westerlund_test": [
        *(lambda w, t=t: pv.westerlund_test(w.long, "y", X, leads=1, trend=t) for t in ("n", "c", "ct")),
        *(
            lambda w, c=c, d=d: pv.westerlund_test(
                w.long, "y", "x", lags="aic", max_lags=2, convention=c, draws=d, seed=1
            )
            for c, d in (("default", 19), ("stata-westerlund", None))
        ),
        lambda w: pv.westerlund_test(w.long, "y", X, convention="stata"),
    ],
    "johansen_fisher_test": [
        *(lambda w, t=t: pv.johansen_fisher_test(w.long, "y", X, trend=t) for t in ("n", "rc", "c", "rt", "ct")),
        lambda w: pv.johansen_fisher_test(w.long, "y", "x", lags="bic", statistic="Z", correction="doornik"),
    ],
    "saikkonen_luetkepohl_test": [
        *(
            lambda w, t=t, f=f: pv.saikkonen_luetkepohl_test(w.long, "y", X, trend=t, factors=f)
            for t in ("c", "ct")
            for f in (0, 1)
        ),
        lambda w: pv.saikkonen_luetkepohl_test(w.long, "y", "x", lags="aic", statistic="cain"),
    ],
    "fit_panel_var": [
        *(
            lambda w, m=m: pv.fit_panel_var(w.long, ["y", "x"], method=m, exogenous="z")
            for m in ("within", "hahn-kuersteiner", "half-panel-jackknife", "mean-group", "pooled")
        ),
        *(
            lambda w, m=m: pv.fit_panel_var(w.gappy, ["y", "x"], lags=2, method=m, time_effects=True)
            for m in ("within", "hahn-kuersteiner")
        ),
        *(
            lambda w, c=c: pv.fit_panel_var(w.long, ["y", "x", "z"], method="hahn-kuersteiner", cov=c)
            for c in ("classical", "HC3", "driscoll-kraay", pv.Clustered("entity", "time"))
        ),
        lambda w: pv.fit_panel_var(w.long, ["y", "x"], lags="bic", max_lags=2, method="within"),
        lambda w: pv.fit_panel_var(w.long, ["y", "x"], lags=2, method="within").lag_selection(),
    ],
    "select_lags": [
        lambda w: pv.select_lags(w.long, ["y", "x", "z"], max_lags=3),
        lambda w: pv.select_lags(w.gappy, ["y", "x"], max_lags=2, exogenous="z", time_effects=True),
    ],
    "panic_test": [lambda w, t=t: pv.panic_test(w.panel, "y", factors=2, trend=t) for t in ("c", "ct")],
    "demetrescu_hanck_test": [
        lambda w, t=t: pv.demetrescu_hanck_test(w.panel, "y", lags=1, trend=t) for t in ("n", "c", "ct")
    ],
    "moon_perron_test": [
        lambda w, t=t: pv.moon_perron_test(w.panel, "y", factors=2, trend=t) for t in ("n", "c", "ct")
    ],
    "hadri_test": [
        lambda w, e=e: pv.hadri_test(w.long, "y", errors=e) for e in ("homoskedastic", "heteroskedastic", "serial")
    ],
}
SLOW: dict[str, list[Call]] = {
    "twoway": [_linear("twoway", cov=cov) for cov in OTHERS],
    "random": [_linear("random", cov=cov) for cov in OTHERS],
    "iv": [lambda w, cov=cov: w.iv(cov) for cov in OTHERS],
}
"""The other covariances of further estimators, by the word for the estimator."""
PRINTED = {"summary", "to_html", "to_latex", "to_markdown", "to_text", "save", "plot", "in_a_line"}
"""Tables show numbers that are tested here, rounded."""
Question = Callable[[object, World], object]
OF_COEFFICIENTS: dict[str, list[Question]] = {
    "conf_int": [lambda r, w: r.conf_int(), lambda r, w: r.conf_int(level=0.5)],
    "lincom": [
        lambda r, w: r.lincom(f"{w.unit('x')!r}*x + {2.0 * w.unit('z')!r}*z"),
        lambda r, w: r.lincom("x"),
    ],
    "wald_test": [
        lambda r, w: r.wald_test(X),
        lambda r, w: r.wald_test([f"{w.unit('x')!r}*x = {w.unit('z')!r}*z"]),
        lambda r, w: r.wald_test({"x": w.value("y", "x"), "z": 0.0}),
    ],
    "joint_test": [lambda r, w: r.joint_test(X), lambda r, w: r.joint_test("*")],
    "joint_tests": [lambda r, w: r.joint_tests().to_frame()],
    "nonlinear": [lambda r, w: r.nonlinear(f"{w.unit('x')!r}*x / ({w.unit('z')!r}*z)").to_frame().iloc[:, 1:]],
    "tidy": [lambda r, w: r.tidy()],
    # Likelihoods are of densities, which have units.
    "glance": [lambda r, w: r.glance().drop(columns=["logLik", "AIC", "BIC"], errors="ignore")],
    "augment": [lambda r, w: r.augment()],
    "event_study": [lambda r, w: r.event_study({0: "x"}, reference=-1).estimates],
}


def _or_refusal(ask: Callable[[], object]) -> object:
    """What one model has and another has not."""
    try:
        return ask()
    except pv.PanelVarError as error:
        return f"refused: {type(error).__name__}"


OF_LINEAR: dict[str, list[Question]] = {
    **OF_COEFFICIENTS,
    "adjusted_predictions": [
        lambda r, w, asked=asked: _or_refusal(lambda: r.adjusted_predictions(**asked).to_frame())
        for asked in ({}, {"variables": "x", "at": {"z": "mean"}}, {"over": "g"})
    ],
    "marginal_effects": [
        lambda r, w, kind=kind: _or_refusal(lambda: quietly(r.marginal_effects, "x", elasticity=kind).to_frame())
        for kind in (None, "eyex", "dyex", "eydx")
    ],
    "estimated_effects": [lambda r, w: _or_refusal(lambda: r.estimated_effects().add_prefix("effect_"))],
    "predict": [lambda r, w: r.predict(), lambda r, w: r.predict(w.gappy)],
    "predict_interval": [
        lambda r, w, kind=kind: _or_refusal(lambda: r.predict_interval(kind=kind))
        for kind in ("confidence", "prediction")
    ],
    "with_cov": [lambda r, w: r.with_cov("HC1").f_slopes],
    "without_rows": [lambda r, w: r.without_rows()],
}
OF_INSTRUMENTS: dict[str, list[Question]] = {
    **OF_LINEAR,
    "anderson_rubin": [lambda r, w: r.anderson_rubin(w.value("y", "p")), lambda r, w: r.anderson_rubin({"p": 0.0})],
    "anderson_rubin_set": [lambda r, w: r.anderson_rubin_set(), lambda r, w: r.anderson_rubin_set(level=0.9)],
    "difference_in_sargan": [lambda r, w: r.difference_in_sargan("q2")],
    "endogeneity_test": [lambda r, w, f=f: r.endogeneity_test(statistic=f) for f in ("regression", "difference")],
}
ENTITIES_DRAWN = pv.EntityBootstrap(draws=30, seed=1, joint="sup-t")
OF_MOMENTS: dict[str, list[Question]] = {
    "ar_test": [lambda r, w: _or_refusal(r.ar_test)],
    "difference_in_hansen": [lambda r, w: _or_refusal(lambda: r.difference_in_hansen(pv.StandardInstruments(X)))],
    "difference_in_sargan": [lambda r, w: _or_refusal(lambda: r.difference_in_sargan(pv.StandardInstruments(X)))],
    "instrument_tests": [lambda r, w: _or_refusal(lambda: r.instrument_tests().table)],
    "lag_selection": [lambda r, w: _or_refusal(lambda: r.lag_selection().table)],
    "moment_criteria": [lambda r, w: _or_refusal(r.moment_criteria)],
    "serial_portmanteau": [
        lambda r, w, e=e: _or_refusal(lambda: r.serial_portmanteau(e, max_order=3, collapse=True)) for e in (None, "y")
    ],
}
OF_PANEL_SYSTEMS: dict[str, list[Question]] = {
    **OF_MOMENTS,
    # A system has several equations, and a test is of one.
    "ar_test": [
        lambda r, w, e=e, o=o: _or_refusal(lambda: r.ar_test(o, equation=e)) for e in ("y", "x") for o in (1, 2)
    ],
    "serial_portmanteau": [
        lambda r, w, e=e: _or_refusal(lambda: r.serial_portmanteau(e, max_order=3, collapse=True))
        for e in (None, "y", "x")
    ],
    "augment": [lambda r, w: r.augment()],
    "autocorrelations": [lambda r, w: _or_refusal(lambda: r.autocorrelations(3))],
    "autocovariances": [lambda r, w: _or_refusal(lambda: r.autocovariances(3))],
    "conditional_forecast": [
        lambda r, w, steps=steps: _or_refusal(lambda: r.conditional_forecast(w.conditions, steps=steps))
        for steps in (None, 4)
    ],
    "conf_int": [lambda r, w: r.conf_int()],
    "dispersion": [lambda r, w: _or_refusal(r.dispersion)],
    "equations": [],
    "estimated_effects": [lambda r, w: _or_refusal(r.estimated_effects)],
    "exclusion_test": [lambda r, w: r.exclusion_test(variables="x")],
    "forecast": [lambda r, w: _or_refusal(lambda: r.forecast(3))],
    "glance": [lambda r, w: r.glance().drop(columns=["logLik", "AIC", "BIC", "HQIC"], errors="ignore")],
    "granger_causality": [lambda r, w: r.granger_causality("y", "x")],
    "impulse_responses": [
        lambda r, w, b=b: r.impulse_responses(4, bands=b)
        for b in (ENTITIES_DRAWN, pv.DeltaMethod(), pv.MonteCarlo(draws=30, seed=1))
    ],
    "joint_tests": [lambda r, w: r.joint_tests().to_frame()],
    "lag_exclusion_tests": [lambda r, w: r.lag_exclusion_tests()],
    "lincom": [lambda r, w: r.lincom("[y]L1.y + [x]L1.x")],
    "long_run_effects": [lambda r, w: _or_refusal(r.long_run_effects)],
    "long_run_std_errors": [lambda r, w: _or_refusal(r.long_run_std_errors)],
    "mean": [lambda r, w: _or_refusal(r.mean)],
    "multipliers": [lambda r, w: _or_refusal(lambda: r.multipliers(3))],
    "nonlinear": [lambda r, w: r.nonlinear("[y]L1.y * [x]L1.x").to_frame().iloc[:, 1:]],
    "period_effects": [lambda r, w: _or_refusal(r.period_effects)],
    "plot_roots": [],
    "simulate": [lambda r, w: _or_refusal(lambda: r.simulate(5, seed=1))],
    "tidy": [lambda r, w: r.tidy()],
    "variance_decomposition": [lambda r, w: r.variance_decomposition(4, bands=ENTITIES_DRAWN)],
    "wald_test": [lambda r, w: r.wald_test("[y]L1.y = [x]L1.x")],
    "with_cov": [
        lambda r, w, cov=cov: _or_refusal(lambda: r.with_cov(cov).std_errors) for cov in ("HC1", "uncorrected")
    ],
}
METHODS: dict[str, tuple[type, dict[str, Call], dict[str, list[Question]]]] = {
    "LinearResult": (pv.LinearResult, PLAIN, OF_LINEAR),
    "InstrumentalResult": (
        pv.InstrumentalResult,
        {"classical": lambda w: w.iv(), "HC1": lambda w: w.iv("HC1"), "cluster": lambda w: w.iv("cluster")},
        OF_INSTRUMENTS,
    ),
    "GLSResult": (
        pv.GLSResult,
        {"ar1": lambda w: pv.fit_fgls(w.panel, "y", X, panels="heteroskedastic", autocorrelation="ar1")},
        {
            **OF_COEFFICIENTS,
            "estimated_effects": [],
            "adjusted_predictions": [lambda r, w: r.adjusted_predictions(over="g").to_frame()],
            "marginal_effects": [lambda r, w: r.marginal_effects("x").to_frame()],
            "predict": [lambda r, w: r.predict()],
            "predict_interval": [],
            "with_cov": [],
            "without_rows": [lambda r, w: r.without_rows()],
        },
    ),
    "HeterogeneousResult": (
        pv.HeterogeneousResult,
        {
            "mean group": lambda w: pv.fit_mean_group(w.gappy, "y", X),
            "swamy": lambda w: pv.fit_swamy(w.gappy, "y", X),
            "periods": lambda w: pv.fit_fama_macbeth(w.gappy, "y", X),
        },
        OF_COEFFICIENTS,
    ),
    "ErrorCorrectionResult": (
        pv.ErrorCorrectionResult,
        {
            "pooled": lambda w: pv.fit_pooled_mean_group(w.long, "y", X),
            "dynamic": lambda w: pv.fit_dynamic_fixed_effects(w.long, "y", X),
        },
        {
            **OF_COEFFICIENTS,
            "with_cov": [
                lambda r, w, cov=cov: _or_refusal(lambda: (r.with_cov(cov).std_errors, r.with_cov(cov).conf_int()))
                for cov in ("classical", "HC1", "cluster", "driscoll-kraay")
            ],
        },
    ),
    "CointegratingResult": (
        pv.CointegratingResult,
        {
            "mean": lambda w: pv.fit_fmols(w.long, "y", X),
            "shared": lambda w: pv.fit_dols(w.long, "y", X, method="pooled", trend="ct"),
        },
        {**OF_COEFFICIENTS, "group_tests": [lambda r, w: r.group_tests()]},
    ),
    "DynamicPanelResult": (
        pv.DynamicPanelResult,
        {
            "two-step": lambda w: pv.fit_arellano_bond(w.panel, "y", X, lags=2, instruments=COLLAPSED),
            "one-step": lambda w: pv.fit_arellano_bond(w.panel, "y", X, steps=1, instruments=COLLAPSED),
            "system": lambda w: pv.fit_blundell_bond(w.panel, "y", X, instruments=COLLAPSED),
        },
        {
            **OF_COEFFICIENTS,
            **OF_MOMENTS,
            "adjusted_predictions": OF_LINEAR["adjusted_predictions"],
            "marginal_effects": [
                *OF_LINEAR["marginal_effects"],
                lambda r, w: r.marginal_effects("x", lags=True).to_frame(),
            ],
            "predict": [lambda r, w: r.predict(), lambda r, w: r.predict(w.panel)],
            "with_cov": [
                lambda r, w, cov=cov: _or_refusal(lambda: r.with_cov(cov).std_errors)
                for cov in ("robust", "classical", "uncorrected", pv.Clustered("g"))
            ],
        },
    ),
    "PanelVarResult": (
        pv.PanelVarResult,
        {
            "corrected": lambda w: pv.fit_panel_var(w.long, ["y", "x"], method="hahn-kuersteiner"),
            "average": lambda w: pv.fit_panel_var(w.long, ["y", "x"], method="mean-group", exogenous="z"),
            "moments": lambda w: pv.fit_panel_var(w.panel, ["y", "x"], method="gmm", instruments=COLLAPSED),
        },
        OF_PANEL_SYSTEMS,
    ),
    "WildBootstrapResult": (pv.WildBootstrapResult, {}, {}),
    "TestResult": (pv.TestResult, {}, {}),
    "PanelBatch": (
        pv.PanelBatch,
        {"": lambda w: pv.fit_panel_batch(pv.fit_fixed_effects, w.sets, "y", X)},
        {"conf_int": [lambda b, w: b.conf_int()], "member": [lambda b, w: b.member(2)]},
    ),
    "Panel": (
        pv.Panel,
        {"": lambda w: w.gappy},
        {
            "arrange": [],
            "column": [lambda p, w: p.column("x")],
            "head": [lambda p, w: p.head(7)[X]],
            "to_frame": [lambda p, w: p.to_frame()[X]],
            "where": [lambda p, w: p.where(p.column("x") > 0.0).column("x")],
            "describe": [lambda p, w: p.describe().to_frame()],
            "difference": [lambda p, w: p.difference("x")],
            "lag": [lambda p, w: p.lag("x", 2)],
            "lead": [lambda p, w: p.lead("x")],
            "raw_column": [],
            "stored_column": [lambda p, w: p.stored_column("x")[:]],
            "with_columns": [],
        },
    ),
}


CASES = numbered(FUNCTIONS) | {
    f"{kind}.{name} {word} {place}": lambda w, model=model, call=call: call(w.made(model), w)
    for kind, (_, models, table) in METHODS.items()
    for word, model in models.items()
    for name, calls in table.items()
    for place, call in enumerate(calls)
}
MORE = numbered(SLOW)


def test_every_public_function_of_this_side_is_called():
    """Pictures and tables show what is tested here, and teaching data have the units they have."""
    others = (
        *SYSTEMS,
        "reporting.plots_of_panels",
        "reporting.plots_of_systems",
        "reporting.comparison",
        "data.datasets",
    )
    own = {name for name, room in functions().items() if room not in others}
    assert own | OF_BOTH == set(FUNCTIONS) - {"Panel"}


@pytest.mark.parametrize("kind", METHODS)
def test_every_public_method_is_asked(kind):
    cls, _, table = METHODS[kind]
    assert methods(cls) - PRINTED == set(table)


_rng = np.random.default_rng(1)
FAR = [dict(zip(NAMES, powers, strict=True)) for powers in _rng.integers(-40, 41, (4, len(NAMES))).tolist()]
EXTREME_OUTCOME = [{"y": 300}, {"y": -300}]
EXTREME = [
    {"y": 300, "x": 300, "z": -300},
    {"y": -300, "x": -300, "z": 300},
    {"p": 300, "q1": 300, "c": 300, "w": 300},
    {"p": -300, "q1": -300, "c": -300, "w": -300},
    *(dict(zip(NAMES, powers, strict=True)) for powers in _rng.choice([-300, 0, 300], (4, len(NAMES))).tolist()),
]
"""Some variables first: where all units are far apart, most is refused."""


@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_units_decide_nothing(case):
    """In units up to 2^40, each variable its own, the same to 1e-8; up to 2^300 the same or refused in words."""
    call, extreme = CASES[case], turn(case, EXTREME_OUTCOME) + turn(case, EXTREME)
    compare(call, World, answer(call, World.within({})), turn(case, FAR), extreme, 1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES | MORE)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_no_other_units_decide_anything(case):
    call = (CASES | MORE)[case]
    compare(call, World, answer(call, World.within({})), FAR, EXTREME_OUTCOME + EXTREME, 1e-8)


# ---- base categories, row order, labels


def _statistics(value: object) -> list[float]:
    return [float(value.statistic), float(value.pvalue)]


def _dummies(base: str) -> list[str]:
    return [f"d{level}" for level in "abcd" if level != base]


def _with_dummies(base: str, permuted: bool = False) -> pv.Panel:
    """The same rows with the dummies of a factor that varies within entities; perhaps shuffled and renamed."""
    frame = World({}).frame[KEPT]
    factor = np.random.default_rng(12).choice(list("abcd"), len(frame))
    for level in "abcd":
        frame[f"d{level}"] = (factor == level) * 1.0
    if permuted:
        names = {code: f"firm {place}" for place, code in enumerate(np.random.default_rng(2).permutation(ENTITIES))}
        frame = frame.assign(i=frame["i"].map(names), t=frame["t"] + 1990).sample(frac=1.0, random_state=3)
    return pv.Panel(frame.drop(columns=f"d{base}"), "i", "t")


def _fits(base: str, permuted: bool) -> dict[str, Callable[[], object]]:
    panel, x = _with_dummies(base, permuted), [*X, *_dummies(base)]
    return {
        "pooled": lambda: pv.fit_pooled(panel, "y", x, cov="cluster"),
        "fixed": lambda: pv.fit_fixed_effects(panel, "y", x),
        "difference": lambda: pv.fit_first_difference(panel, "y", x, cov="HC1"),
        "random": lambda: pv.fit_random_effects(panel, "y", x),
        "iv": lambda: pv.fit_iv_pooled(panel, "y", x, **IV, cov="HC1"),
    }


TESTS_OF: dict[str, dict[str, Callable[[pv.LinearResult], object]]] = {
    "pooled": {
        "pcse": lambda r: r.with_cov("pcse").f_slopes,
        "HC3": lambda r: r.with_cov("HC3").f_slopes,
        "CR2": lambda r: r.with_cov("CR2").f_slopes,
        "two-way": lambda r: r.with_cov(pv.Clustered("entity", "time")).f_slopes,
        "two-way slopes": lambda r: r.with_cov(pv.Clustered("entity", "time")).wald_test(X),
        "effects": pv.effects_lm_test,
        "poolability": pv.bera_sosa_yoon_test,
        "wooldridge": pv.wooldridge_pooled_test,
        "effects, robust": pv.wooldridge_effects_test,
        "breusch-godfrey": pv.breusch_godfrey_test,
        "durbin-watson": pv.durbin_watson_test,
        "dependence": pv.cross_section_dependence_test,
    },
    "fixed": {
        "variances": pv.modified_wald_test,
        "serial": pv.wooldridge_within_test,
        "q": pv.born_breitung_test,
        "xtserial": pv.wooldridge_serial_test,
        "hr": lambda r: pv.born_breitung_test(r, statistic="hr"),
    },
    "difference": {"serial": pv.wooldridge_difference_test},
    "random": {
        "mundlak": pv.mundlak_test,
        "regression": pv.hausman_regression_test,
        "robust regression": lambda r: pv.hausman_regression_test(r, cov="cluster"),
        "durbin-watson": lambda r: pv.durbin_watson_test(r, exact=False),
    },
    "iv": {
        "sargan": lambda r: r.hansen_j,
        "kleibergen-paap": lambda r: r.underidentification,
        "wu-hausman": lambda r: r.wu_hausman,
        "anderson-rubin": lambda r: r.anderson_rubin(0.3),
    },
}


@pytest.mark.parametrize(("base", "permuted"), [("b", False), ("d", False), ("a", True)])
@pytest.mark.parametrize("name", TESTS_OF)
def test_no_test_depends_on_the_base_category_the_order_of_rows_or_labels(name, base, permuted):
    """Any level of a factor may be left out, rows may be shuffled, entities renamed, the calendar moved."""
    first, second = quietly(_fits("a", False)[name]), quietly(_fits(base, permuted)[name])
    asked = {
        **TESTS_OF[name],
        "slopes": lambda r: r.f_slopes,
        "dummies": lambda r: r.wald_test([each for each in r.names if each.startswith("d")]),
    }
    for what, ask in asked.items():
        found = [_statistics(quietly(partial(ask, result))) for result in (first, second)]
        np.testing.assert_allclose(found[1], found[0], rtol=1e-8, atol=1e-12, err_msg=what)


def test_hausman_does_not_depend_on_the_base_category():
    found = []
    for base in "abc":
        fits = _fits(base, False)
        found.append(_statistics(quietly(lambda fits=fits: pv.hausman_test(fits["fixed"](), fits["random"]()))))
    np.testing.assert_allclose(found[1:], [found[0]] * 2, rtol=1e-7)
