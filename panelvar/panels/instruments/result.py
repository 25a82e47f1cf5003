"""The result of an estimator with instruments."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from panelvar.core.base.errors import MissingInformationError, emit
from panelvar.core.base.shared_parameters import documented
from panelvar.core.faces.layout import Fact
from panelvar.core.faces.number_format import Levels, check_digits, format_number
from panelvar.core.tables.table import Table
from panelvar.core.tables.test_result import TestResult, test_or_reason, tests_in_lines
from panelvar.estimates.covariance.covariances import Covariance
from panelvar.estimates.covariance.named import covariance_of, resolve
from panelvar.estimates.fit.instrumented import Instrumented
from panelvar.panels.instruments import anderson_rubin as weak_instruments
from panelvar.panels.instruments import strength, validity
from panelvar.panels.instruments.regressions import covariance_estimator, is_classical
from panelvar.panels.instruments.strength import cragg_donald, rank_test, weakness_notes
from panelvar.panels.static.result import LinearResult

_KEPT = (
    "first_stage",
    "underidentification",
    "cragg_donald",
    "kleibergen_paap",
    "effective_f",
    "sargan",
    "basmann",
    "hansen_j",
    "wu_hausman",
)


@dataclass(frozen=True, eq=False, repr=False)
class InstrumentalResult(LinearResult):
    r"""Estimates with instruments, under one covariance and one convention.

    It has all of `LinearResult`. Residuals, fitted values, R2 and predictions are those of the regressors themselves,
    not of what the instruments explain of them: R2 may be negative.

    See Also
    --------
    LinearResult : What all linear results have.
    fit_iv_pooled : Makes one.

    Examples
    --------
    >>> import panelvar as pv
    >>> firms = pv.load_data("grunfeld")
    >>> firms[["value0", "capital0"]] = firms.groupby("firm")[["value", "capital"]].shift()
    >>> formula = "invest ~ capital + [value ~ value0 + capital0]"
    >>> fit = pv.fit_iv_pooled(firms.dropna(), formula, cov="HC1")
    >>> fit.params.round(4).to_dict()
    {'const': -40.4864, 'capital': 0.2271, 'value': 0.1158}
    >>> fit.wu_hausman
    <Wu-Hausman: F(1, 205) = 0.1887, p = 0.6645>
    >>> fit.overidentification
    <Hansen J: chi2(1) = 5.8527, p = 0.0156>
    >>> print(round(fit.kleibergen_paap, 1))
    125.3

    The slopes with their intervals of 95%:

    >>> figure = fit.plot()
    """

    @property
    def specification(self) -> Covariance:
        """How the covariance is estimated: tests estimate theirs the same way."""
        return covariance_estimator(self)

    def without_rows(self) -> InstrumentalResult:
        """Return the result without its data rows, but with what the summary shows of its instruments."""
        light = super().without_rows()
        assert isinstance(light, InstrumentalResult)
        for name in _KEPT:
            light.__dict__[name] = getattr(self, name)
        return light

    # ---- the instruments

    @property
    def instrumented(self) -> Instrumented:
        """Instruments, endogenous regressors and what was made of them."""
        instrumented = self.fit.instrumented
        if instrumented is None:
            raise MissingInformationError("The result has no instruments.")
        return instrumented

    @property
    def endogenous(self) -> tuple[str, ...]:
        """Endogenous regressors in use."""
        return self.instrumented.endogenous

    @property
    def instruments(self) -> tuple[str, ...]:
        """Instruments in use that are not regressors."""
        return self.instrumented.excluded

    @property
    def kappa(self) -> float:
        """The k of the k-class: 1 for 2SLS, the smallest root for LIML."""
        return self.instrumented.kappa

    first_stages = cached_property(strength.first_stages)

    first_stage = cached_property(strength.first_stage_table)

    @cached_property
    def underidentification(self) -> TestResult:
        """LM test that the instruments leave some combination of endogenous regressors unexplained.

        Anderson's canonical correlations test under the classical covariance, else Kleibergen and Paap's rk (2006, J.
        Econometrics 133(1), 97-126), under the result's covariance without small-sample factor.
        """
        return rank_test(self, lagrange=True)

    @cached_property
    def cragg_donald(self) -> float:
        """Cragg and Donald's F of the weakest combination: the first-stage F with one endogenous regressor.

        It is for classical errors. `stock_yogo` has its critical values.
        """
        return cragg_donald(self.fit)

    kleibergen_paap = cached_property(strength.kleibergen_paap)

    stock_yogo = cached_property(strength.stock_yogo)

    effective_f = cached_property(strength.effective_f)

    sargan = cached_property(validity.sargan)

    basmann = cached_property(validity.basmann)

    hansen_j = cached_property(validity.hansen)

    @property
    def overidentification(self) -> TestResult | None:
        """Sargan's test under the classical covariance, else Hansen's J."""
        return self.sargan if is_classical(self) else self.hansen_j

    difference_in_sargan = validity.difference_in_sargan
    endogeneity_test = validity.endogeneity_test

    @cached_property
    def wu_hausman(self) -> TestResult:
        """Test that all endogenous regressors are exogenous, under the result's covariance (`endogeneity_test`)."""
        return self.endogeneity_test()

    anderson_rubin = weak_instruments.anderson_rubin
    anderson_rubin_set = weak_instruments.anderson_rubin_set

    @documented
    def with_cov(self, cov: str | Covariance) -> InstrumentalResult:
        """Return the same estimates under another covariance, without refitting.

        Parameters
        ----------
        {cov (instrumented)}

        Returns
        -------
        InstrumentalResult
            The same estimates.
        """
        specification = resolve(cov, self.fit, self.convention)
        estimate = replace(covariance_of(specification, self.fit, self.convention), specification=specification)
        result = with_strength_judged(replace(self, covariance=estimate))
        emit(result.covariance.notes)
        return result

    # ---- reading

    def summary(self, *, level: float = 0.95, stars: Levels = False, digits: int = 4) -> Table:
        """Return the summary table, with what is known of the instruments: strong, valid, needed.

        Parameters
        ----------
        level : float
            Coverage of the confidence limits.
        stars : sequence of float, mapping of str to float, or bool
            Stars in the place of p-values: True for 10, 5 and 1 percent; or significance levels, one star each; or
            signs and their levels.
        digits : int
            Digits after the point.

        Returns
        -------
        Table
        """
        check_digits(digits)
        several = len(self.endogenous) > 1
        facts = []
        stages = test_or_reason(lambda: self.first_stage)
        effective = None if several else test_or_reason(lambda: self.effective_f)
        if not isinstance(stages, str):
            facts = [
                Fact(f"First-stage F{f' ({name})' if several else ''}", format_number(float(value), digits))
                for name, value in stages["f"].items()
            ]
        if several:
            facts.append(Fact("Cragg-Donald F", format_number(self.cragg_donald, digits)))
            facts.append(Fact("Kleibergen-Paap F", format_number(self.kleibergen_paap, digits)))
        if effective is not None and not isinstance(effective, str):
            facts.append(Fact("Effective F", format_number(effective.statistic, digits)))
        tests = {
            "Underidentification": test_or_reason(lambda: self.underidentification),
            "Overidentification": test_or_reason(lambda: self.overidentification),
            "Exogeneity": test_or_reason(lambda: self.wu_hausman),
        }
        asked = {"First stage": stages, "Effective F": effective, **tests}
        missing = [f"{label}: {reason}" for label, reason in asked.items() if isinstance(reason, str)]
        roles = f"Endogenous: {', '.join(self.endogenous)}. Instruments: {', '.join(self.instruments)}."
        table = super().summary(level=level, stars=stars, digits=digits)
        return replace(
            table,
            statistics=(*table.statistics, *facts, *tests_in_lines(tests, digits)),
            notes=tuple(dict.fromkeys((roles, *missing, *table.notes))),
        )


def with_strength_judged(result: InstrumentalResult) -> InstrumentalResult:
    """Return the result with a note on its covariance where the instruments are weak under these errors."""
    notes = weakness_notes(result)
    if not notes:
        return result
    return replace(result, covariance=replace(result.covariance, notes=(*result.covariance.notes, *notes)))
