"""Processes under which the nulls of the tests of panel models are true."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
from simulation.sizes import Study

import panelvar as pv


def stationary(rng: np.random.Generator, entities: int, periods: int, root: float) -> np.ndarray:
    """First-order autoregressions (N, T) with standard normal shocks, 50 periods after they start at zero."""
    values = rng.standard_normal((entities, 50 + periods))
    for period in range(1, 50 + periods):
        values[:, period] += root * values[:, period - 1]
    return values[:, 50:]


def model(estimator: Callable[..., object], **options: object) -> cached_property[object]:
    """A model of a sample, fitted when a call first names it."""
    return cached_property(lambda sample: estimator(sample.panel, "y", list(sample.x), **options))


class Sample:
    """A panel of y on x1 and x2, and the models of it that calls name."""

    def __init__(self, **columns: np.ndarray) -> None:
        entities, periods = columns["y"].shape
        index = {"i": np.repeat(np.arange(entities), periods), "t": np.tile(np.arange(periods), entities)}
        self.panel = pv.Panel({**index, **{name: values.ravel() for name, values in columns.items()}}, "i", "t")

    x: Sequence[str] = ("x1", "x2")
    pooled = model(pv.fit_pooled)
    fixed = model(pv.fit_fixed_effects)
    twoway = model(pv.fit_fixed_effects, effects="twoway")
    random = model(pv.fit_random_effects)
    likely = model(pv.fit_random_effects, variance_components="ml")
    restricted = model(pv.fit_random_effects, variance_components="reml")
    difference = model(pv.fit_first_difference)
    between = model(pv.fit_between)
    mean_group = model(pv.fit_mean_group)
    fama_macbeth = model(pv.fit_fama_macbeth)
    fgls = model(pv.fit_fgls, panels="heteroskedastic")
    parks = model(pv.fit_fgls, panels="correlated")
    fixed_ar1 = model(pv.fit_fixed_effects_ar1)


def regressors(
    rng: np.random.Generator, entities: int, periods: int, names: Sequence[str] = ("x1", "x2")
) -> dict[str, np.ndarray]:
    """Regressors, half of whose variance is between entities."""
    return {
        name: np.sqrt(0.5) * (rng.standard_normal((entities, 1)) + rng.standard_normal((entities, periods)))
        for name in names
    }


def of_noise(rng: np.random.Generator, entities: int, periods: int) -> Sample:
    """Regressors that do not matter."""
    return Sample(**regressors(rng, entities, periods), y=rng.standard_normal((entities, periods)))


def without_effects(rng: np.random.Generator, entities: int, periods: int) -> Sample:
    """Classical errors."""
    x = regressors(rng, entities, periods)
    return Sample(**x, y=x["x1"] + x["x2"] + rng.standard_normal((entities, periods)))


def with_effects(rng: np.random.Generator, entities: int, periods: int) -> Sample:
    """Classical errors beside effects of entities, unrelated to the regressors; clustered, if effects are left out."""
    x = regressors(rng, entities, periods)
    effects = rng.standard_normal((entities, 1))
    return Sample(**x, y=x["x1"] + x["x2"] + effects + rng.standard_normal((entities, periods)))


class SampleOfFour(Sample):
    """A panel of y on four regressors, and the models of it."""

    x = ("x1", "x2", "x3", "x4")


def with_four_regressors(rng: np.random.Generator, entities: int, periods: int) -> SampleOfFour:
    """Four regressors, and errors beside effects of entities that are unrelated to them."""
    x = regressors(rng, entities, periods, SampleOfFour.x)
    effects = rng.standard_normal((entities, 1))
    return SampleOfFour(**x, y=sum(x.values()) + effects + rng.standard_normal((entities, periods)))


def wandering(rng: np.random.Generator, entities: int, periods: int) -> Sample:
    """Errors whose changes are uncorrelated."""
    x = regressors(rng, entities, periods)
    return Sample(**x, y=x["x1"] + x["x2"] + np.cumsum(rng.standard_normal((entities, periods)), axis=1))


def autoregressive(rng: np.random.Generator, entities: int, periods: int) -> Sample:
    """Errors AR(1) of 0.5, no effects."""
    x = regressors(rng, entities, periods)
    return Sample(**x, y=x["x1"] + x["x2"] + stationary(rng, entities, periods, 0.5))


def with_factor(rng: np.random.Generator, entities: int, periods: int) -> Sample:
    """One factor in the errors, loadings N(1, 1)."""
    x = regressors(rng, entities, periods)
    common = (1.0 + rng.standard_normal((entities, 1))) * rng.standard_normal((1, periods))
    return Sample(**x, y=x["x1"] + x["x2"] + common + rng.standard_normal((entities, periods)))


def without_causality(rng: np.random.Generator, entities: int, periods: int) -> Sample:
    """Two unrelated AR(1) of 0.5, with effects of entities."""
    y, x1 = (rng.standard_normal((entities, 1)) + stationary(rng, entities, periods, 0.5) for _ in range(2))
    return Sample(y=y, x1=x1)


class LongRunSample(Sample):
    """A panel with one long run, and the models of it."""

    x = ("x1",)
    pooled_mean_group = model(pv.fit_pooled_mean_group)
    ardl_mean_group = model(pv.fit_ardl_mean_group)


def with_long_run(rng: np.random.Generator, entities: int, periods: int) -> LongRunSample:
    """The change of y is -0.5 (the last y, less x) plus noise; x a random walk."""
    x = np.cumsum(rng.standard_normal((entities, 50 + periods)), axis=1)
    y = np.zeros_like(x)
    errors = rng.standard_normal(x.shape)
    for period in range(1, 50 + periods):
        y[:, period] = 0.5 * y[:, period - 1] + 0.5 * x[:, period] + errors[:, period]
    return LongRunSample(y=y[:, 50:], x1=x[:, 50:])


class InstrumentalSample:
    """Rows of y on w, with instruments z1 to z3."""

    def __init__(self, rng: np.random.Generator, rows: int, strength: float, endogenous: float) -> None:
        z = rng.standard_normal((rows, 3))
        first, shared = rng.standard_normal((2, rows))
        w = strength * z.sum(axis=1) + first
        u = endogenous * first + np.sqrt(1.0 - endogenous**2) * shared
        self.panel = pv.Panel(
            {"i": np.arange(rows), "t": np.zeros(rows), "y": w + u, "w": w} | {f"z{k + 1}": z[:, k] for k in range(3)},
            "i",
            "t",
        )

    panel: pv.Panel

    @cached_property
    def classical(self):
        return pv.fit_iv_pooled(self.panel, "y", endogenous="w", instruments=["z1", "z2", "z3"])

    @cached_property
    def robust(self):
        return self.classical.with_cov("HC1")

    @cached_property
    def liml(self):
        return pv.fit_iv_pooled(self.panel, "y", endogenous="w", instruments=["z1", "z2", "z3"], method="liml")


def instrumented(rng: np.random.Generator, rows: int) -> InstrumentalSample:
    """Strong instruments, an endogenous regressor."""
    return InstrumentalSample(rng, rows, 0.5, 0.5)


def exogenous(rng: np.random.Generator, rows: int) -> InstrumentalSample:
    """Strong instruments that are not needed."""
    return InstrumentalSample(rng, rows, 0.5, 0.0)


def irrelevant(rng: np.random.Generator, rows: int) -> InstrumentalSample:
    """Instruments that explain nothing."""
    return InstrumentalSample(rng, rows, 0.0, 0.5)


SHORT = ((15, 5), (30, 6), (60, 10))
LONG = ((10, 20), (10, 50), (10, 200))
COVARIANCES = ('"HC1"', '"cluster"', 'BiasReduced("entity")')
MODEL = "$y = x_1 + x_2$ plus errors; half of the variance of each regressor is between entities"

STUDIES = (
    Study(
        "Panels without effects",
        f"{MODEL}. Samples are entities x periods.",
        SHORT,
        without_effects,
        (
            "effects_lm_test(pooled)",
            'effects_lm_test(pooled, statistic="honda")',
            'effects_lm_test(pooled, statistic="king-wu")',
            'effects_lm_test(pooled, effects="time", statistic="honda")',
            'effects_lm_test(pooled, effects="twoway")',
            'effects_lm_test(pooled, effects="twoway", statistic="honda")',
            'effects_lm_test(pooled, effects="twoway", statistic="king-wu")',
            'effects_lm_test(pooled, effects="twoway", statistic="gourieroux-holly-monfort")',
            "wooldridge_effects_test(pooled)",
            'wooldridge_effects_test(pooled, effects="time")',
            "nested_f_test(pooled, fixed)",
            "fixed.f_poolability",
            "slope_poolability_test(pooled)",
            "bera_sosa_yoon_test(pooled)",
            'bera_sosa_yoon_test(pooled, statistic="effects")',
            'bera_sosa_yoon_test(pooled, statistic="joint")',
            'baltagi_li_test(pooled, statistic="joint")',
            "wooldridge_pooled_test(pooled)",
            "breusch_godfrey_test(pooled)",
            'breusch_godfrey_test(pooled, statistic="f")',
            "durbin_watson_test(pooled)",
            "cross_section_dependence_test(pooled)",
            'pooled.wald_test("x1 = 1")',
            'pooled.wald_test(["x1 = 1", "x2 = 1"])',
            *(f'pooled.with_cov({cov}).wald_test(["x1 = 1", "x2 = 1"])' for cov in COVARIANCES),
            'mean_group.wald_test(["x1 = 1", "x2 = 1"])',
            'fama_macbeth.wald_test(["x1 = 1", "x2 = 1"])',
        ),
    ),
    Study(
        "The same by maximum likelihood",
        "As before; `likely` and `restricted` are random effects by ML and REML.",
        SHORT,
        without_effects,
        (
            "likely.variance_components.likelihood_ratio()",
            "restricted.variance_components.likelihood_ratio()",
        ),
        costly=True,
    ),
    Study(
        "Panels with effects of entities",
        f"{MODEL} and standard normal effects of entities, unrelated to the regressors.",
        SHORT,
        with_effects,
        (
            'hausman_test(fixed, random, sigma="efficient")',
            'hausman_test(fixed, random, sigma="own")',
            'hausman_test(fixed, random, sigma="consistent")',
            'hausman_regression_test(random, scale="residual")',
            'hausman_regression_test(random, scale="rows")',
            'hausman_regression_test(random, cov="cluster")',
            'hausman_regression_test(random, cov=BiasReduced("entity"))',
            "mundlak_test(random)",
            'mundlak_test(random, cov="classical")',
            'mundlak_test(random, cov=BiasReduced("entity"))',
            "slope_poolability_test(fixed)",
            "slope_homogeneity_test(fixed)",
            'slope_homogeneity_test(fixed, statistic="plain")',
            "nested_f_test(fixed, twoway)",
            "wooldridge_within_test(fixed)",
            "wooldridge_difference_test(difference)",
            "wooldridge_serial_test(fixed)",
            "born_breitung_test(fixed)",
            'born_breitung_test(fixed, statistic="lm")',
            'born_breitung_test(fixed, statistic="hr")',
            "baltagi_li_test(random)",
            'baltagi_li_test(fixed, statistic="fixed")',
            "breusch_godfrey_test(fixed)",
            'breusch_godfrey_test(fixed, statistic="f")',
            "breusch_godfrey_test(random)",
            "durbin_watson_test(fixed)",
            "modified_wald_test(fixed)",
            "cross_section_dependence_test(fixed)",
            'cross_section_dependence_test(fixed, statistic="lm")',
            'cross_section_dependence_test(fixed, statistic="scaled-lm")',
            'cross_section_dependence_test(fixed, statistic="bias-corrected-lm")',
            'fixed.wald_test(["x1 = 1", "x2 = 1"])',
            *(f'fixed.with_cov({cov}).wald_test(["x1 = 1", "x2 = 1"])' for cov in COVARIANCES),
            'fixed.with_cov("driscoll-kraay").wald_test(["x1 = 1", "x2 = 1"])',
            'random.wald_test(["x1 = 1", "x2 = 1"])',
            'random.with_cov("cluster").wald_test(["x1 = 1", "x2 = 1"])',
            'random.with_cov(BiasReduced("entity")).wald_test(["x1 = 1", "x2 = 1"])',
        ),
    ),
    Study(
        "The same with four regressors",
        "As before, $y = x_1 + x_2 + x_3 + x_4$ plus effects and errors.",
        SHORT,
        with_four_regressors,
        (
            'hausman_test(fixed, random, sigma="efficient")',
            'hausman_regression_test(random, scale="residual")',
            'hausman_regression_test(random, cov="cluster")',
            "mundlak_test(random)",
            'mundlak_test(random, cov="classical")',
            'mundlak_test(random, cov=BiasReduced("entity"))',
        ),
    ),
    Study(
        "Panels whose regressors do not matter",
        "y is noise; two regressors as before.",
        SHORT,
        of_noise,
        (
            "pooled.f_slopes",
            "pooled.f_classical",
            'pooled.with_cov("cluster").f_slopes',
            "fixed.f_slopes",
            "fixed.f_with_dummies",
            'fixed.with_cov("cluster").f_slopes',
            "random.f_slopes",
            "between.f_slopes",
            "mean_group.f_slopes",
            "fama_macbeth.f_slopes",
        ),
    ),
    Study(
        "Panels with a shock common to an entity's rows",
        f"{MODEL}, half of whose variance is common to an entity: the pooled regression needs clustered errors.",
        ((10, 10), (20, 10), (50, 10)),
        with_effects,
        (
            'pooled.wald_test("x1 = 1")',
            'pooled.with_cov("cluster").wald_test("x1 = 1")',
            'pooled.with_cov(BiasReduced("entity")).wald_test("x1 = 1")',
            'pooled.with_cov("cluster").wald_test(["x1 = 1", "x2 = 1"])',
            'pooled.with_cov(BiasReduced("entity")).wald_test(["x1 = 1", "x2 = 1"])',
        ),
    ),
    Study(
        "The same by the wild bootstrap",
        "As before, 399 draws of signs.",
        ((10, 10), (20, 10), (50, 10)),
        with_effects,
        (
            'wild_bootstrap_test(pooled, "x1 = 1", draws=399, seed=1)',
            'wild_bootstrap_test(pooled, "x1 = 1", draws=399, weights="webb", seed=1)',
        ),
        costly=True,
    ),
    Study(
        "Panels with random-walk errors",
        f"{MODEL}, which are random walks.",
        SHORT,
        wandering,
        ('wooldridge_difference_test(difference, null="differences")',),
    ),
    Study(
        "Long panels with effects of entities",
        "As the short ones.",
        LONG,
        with_effects,
        (
            "modified_wald_test(fixed)",
            "slope_poolability_test(fixed)",
            'baltagi_li_test(fixed, statistic="fixed")',
            "breusch_godfrey_test(fixed)",
            "cross_section_dependence_test(fixed)",
            'cross_section_dependence_test(fixed, statistic="lm")',
            'cross_section_dependence_test(fixed, statistic="scaled-lm")',
            'cross_section_dependence_test(fixed, statistic="bias-corrected-lm")',
            "born_breitung_test(fixed)",
            "wooldridge_serial_test(fixed)",
            'fixed.with_cov("driscoll-kraay").wald_test(["x1 = 1", "x2 = 1"])',
            'fixed.with_cov("pcse").wald_test(["x1 = 1", "x2 = 1"])',
        ),
    ),
    Study(
        "Long panels without effects",
        f"{MODEL}. `fgls` estimates a variance for each entity, `parks` the covariances between entities too.",
        LONG,
        without_effects,
        tuple(f'{name}.wald_test(["x1 = 1", "x2 = 1"])' for name in ("fgls", "parks")),
    ),
    Study(
        "Long panels with autocorrelated errors",
        f"{MODEL}, which are AR(1) of 0.5; no effects of entities.",
        LONG,
        autoregressive,
        ("fixed_ar1.effects_test", 'fixed_ar1.wald_test(["x1 = 1", "x2 = 1"])'),
    ),
    Study(
        "Panels with one common factor",
        f"{MODEL}, which contain one factor with loadings N(1, 1).",
        ((15, 20), (30, 30), (100, 50)),
        with_factor,
        ("cd_star_test(pooled)", "cd_star_test(fixed)"),
    ),
    Study(
        "Panels without causality",
        "y and x are unrelated AR(1) of 0.5, with effects of entities.",
        ((10, 15), (20, 25), (30, 50)),
        without_causality,
        (
            'panel_granger_test(panel, "y", "x1")',
            'panel_granger_test(panel, "y", "x1", statistic="z-bar")',
            'panel_granger_test(panel, "y", "x1", lags=2)',
            'fit_fixed_effects(panel, "y ~ L(y) + L(x1)").wald_test("L(x1)")',
        ),
    ),
    Study(
        "Panels with one long run",
        r"$\Delta y_t = -0.5 (y_{t-1} - x_t) + e_t$, x a random walk.",
        ((10, 20), (20, 40), (30, 100)),
        with_long_run,
        ("pooled_mean_group.homogeneity", "hausman_test(ardl_mean_group, pooled_mean_group)"),
        costly=True,
    ),
    Study(
        "Instruments that are valid and strong",
        "y = w + u; w is half of the sum of three instruments plus an error whose correlation with u is 0.5.",
        ((40,), (100,), (500,)),
        instrumented,
        (
            "classical.sargan",
            "classical.basmann",
            "robust.hansen_j",
            "classical.overidentification",
            'classical.difference_in_sargan("z3")',
            'robust.difference_in_sargan("z3")',
            "classical.anderson_rubin(1.0)",
            "robust.anderson_rubin(1.0)",
            'classical.wald_test("w = 1")',
            'robust.wald_test("w = 1")',
            'liml.wald_test("w = 1")',
        ),
        unit="n",
    ),
    Study(
        "Instruments that are not needed",
        "As before, but w is uncorrelated with u.",
        ((40,), (100,), (500,)),
        exogenous,
        (
            "classical.wu_hausman",
            'classical.endogeneity_test(statistic="difference")',
            'robust.endogeneity_test(statistic="difference")',
        ),
        unit="n",
    ),
    Study(
        "Instruments that explain nothing",
        "As with strong instruments, but w does not depend on them.",
        ((40,), (100,), (500,)),
        irrelevant,
        (
            "classical.underidentification",
            "robust.underidentification",
            'classical.first_stage["pvalue"].iloc[0]',
            'robust.first_stage["pvalue"].iloc[0]',
            "classical.anderson_rubin(1.0)",
        ),
        unit="n",
    ),
)
