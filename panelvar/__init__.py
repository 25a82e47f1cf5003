"""Panel data and vector autoregressions: estimators, tests and the kernels under them.

Everything public is reachable from here and is imported on first use, so that ``import panelvar`` costs NumPy alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # For type checkers and editors; a test keeps this list equal to the one below.
    from panelvar.bands.bootstrap_after_bootstrap import BootstrapAfterBootstrap as BootstrapAfterBootstrap
    from panelvar.bands.delta_method import DeltaMethod as DeltaMethod
    from panelvar.bands.monte_carlo import MonteCarlo as MonteCarlo
    from panelvar.bands.resampling import MovingBlockBootstrap as MovingBlockBootstrap
    from panelvar.bands.resampling import ParametricBootstrap as ParametricBootstrap
    from panelvar.bands.resampling import RecursiveWildBootstrap as RecursiveWildBootstrap
    from panelvar.bands.resampling import ResidualBootstrap as ResidualBootstrap
    from panelvar.base.errors import CollinearityError as CollinearityError
    from panelvar.base.errors import DataError as DataError
    from panelvar.base.errors import InsufficientDataError as InsufficientDataError
    from panelvar.base.errors import MissingInformationError as MissingInformationError
    from panelvar.base.errors import Note as Note
    from panelvar.base.errors import NumericalError as NumericalError
    from panelvar.base.errors import PanelVarError as PanelVarError
    from panelvar.base.errors import PanelVarWarning as PanelVarWarning
    from panelvar.base.errors import SpecificationError as SpecificationError
    from panelvar.cointegration.engle_granger import engle_granger_test as engle_granger_test
    from panelvar.cointegration.johansen import JohansenResult as JohansenResult
    from panelvar.cointegration.johansen import johansen_test as johansen_test
    from panelvar.cointegration.vecm import fit_vecm as fit_vecm
    from panelvar.cointegration.vecm_result import VecmResult as VecmResult
    from panelvar.comparison.compare import compare as compare
    from panelvar.covariance.bias_reduced import BiasReduced as BiasReduced
    from panelvar.covariance.covariances import HC as HC
    from panelvar.covariance.covariances import Classical as Classical
    from panelvar.covariance.covariances import Clustered as Clustered
    from panelvar.covariance.serial import DriscollKraay as DriscollKraay
    from panelvar.covariance.serial import PanelNeweyWest as PanelNeweyWest
    from panelvar.covariance.spatial import PanelCorrected as PanelCorrected
    from panelvar.data.panel import Panel as Panel
    from panelvar.fit.conventions import Convention as Convention
    from panelvar.gls.ar1 import AR1 as AR1
    from panelvar.gls.autoregressive_effects import fit_fixed_effects_ar1 as fit_fixed_effects_ar1
    from panelvar.gls.autoregressive_effects import fit_random_effects_ar1 as fit_random_effects_ar1
    from panelvar.gls.fgls import fit_fgls as fit_fgls
    from panelvar.gls.general_fgls import fit_general_fgls as fit_general_fgls
    from panelvar.gls.result import GLSResult as GLSResult
    from panelvar.heterogeneous.ardl_mean_group import fit_ardl_mean_group as fit_ardl_mean_group
    from panelvar.heterogeneous.common_correlated import fit_common_correlated_effects as fit_common_correlated_effects
    from panelvar.heterogeneous.dynamic_fixed_effects import fit_dynamic_fixed_effects as fit_dynamic_fixed_effects
    from panelvar.heterogeneous.error_correction import ErrorCorrectionResult as ErrorCorrectionResult
    from panelvar.heterogeneous.fama_macbeth import PeriodAverageResult as PeriodAverageResult
    from panelvar.heterogeneous.fama_macbeth import fit_fama_macbeth as fit_fama_macbeth
    from panelvar.heterogeneous.mean_group import fit_mean_group as fit_mean_group
    from panelvar.heterogeneous.pooled_mean_group import fit_pooled_mean_group as fit_pooled_mean_group
    from panelvar.heterogeneous.result import HeterogeneousResult as HeterogeneousResult
    from panelvar.heterogeneous.swamy import fit_swamy as fit_swamy
    from panelvar.identification.cholesky import Cholesky as Cholesky
    from panelvar.identification.errors_alone import Generalised as Generalised
    from panelvar.identification.errors_alone import ReducedFormErrors as ReducedFormErrors
    from panelvar.identification.external_instrument import ExternalInstrument as ExternalInstrument
    from panelvar.identification.impact_matrix import ImpactMatrix as ImpactMatrix
    from panelvar.identification.long_run import LongRun as LongRun
    from panelvar.identification.short_run import ShortRun as ShortRun
    from panelvar.identification.sign_restrictions import SignRestrictions as SignRestrictions
    from panelvar.instruments.instrumental import fit_iv_between as fit_iv_between
    from panelvar.instruments.instrumental import fit_iv_first_difference as fit_iv_first_difference
    from panelvar.instruments.instrumental import fit_iv_fixed_effects as fit_iv_fixed_effects
    from panelvar.instruments.instrumental import fit_iv_pooled as fit_iv_pooled
    from panelvar.instruments.methods import Fuller as Fuller
    from panelvar.instruments.methods import KClass as KClass
    from panelvar.instruments.methods import TwoStepGMM as TwoStepGMM
    from panelvar.instruments.result import InstrumentalResult as InstrumentalResult
    from panelvar.local_projections.local_projections import fit_local_projections as fit_local_projections
    from panelvar.local_projections.panel_local_projections import (
        fit_panel_local_projections as fit_panel_local_projections,
    )
    from panelvar.local_projections.result import ProjectedResponses as ProjectedResponses
    from panelvar.panel_tests.born_breitung import born_breitung_test as born_breitung_test
    from panelvar.panel_tests.breusch_godfrey import breusch_godfrey_test as breusch_godfrey_test
    from panelvar.panel_tests.cluster_leverage import cluster_diagnostics as cluster_diagnostics
    from panelvar.panel_tests.cross_section_dependence import cd_star_test as cd_star_test
    from panelvar.panel_tests.cross_section_dependence import (
        cross_section_dependence_test as cross_section_dependence_test,
    )
    from panelvar.panel_tests.cross_section_dependence import residual_correlations as residual_correlations
    from panelvar.panel_tests.durbin_watson import bhargava_test as bhargava_test
    from panelvar.panel_tests.durbin_watson import durbin_watson_test as durbin_watson_test
    from panelvar.panel_tests.effects_lm import effects_lm_test as effects_lm_test
    from panelvar.panel_tests.groupwise import modified_wald_test as modified_wald_test
    from panelvar.panel_tests.hausman import hausman as hausman
    from panelvar.panel_tests.hausman_regression import hausman_regression as hausman_regression
    from panelvar.panel_tests.hausman_regression import mundlak_test as mundlak_test
    from panelvar.panel_tests.panel_causality import panel_granger_test as panel_granger_test
    from panelvar.panel_tests.pooling import nested_f_test as nested_f_test
    from panelvar.panel_tests.pooling import slope_homogeneity_test as slope_homogeneity_test
    from panelvar.panel_tests.pooling import slope_poolability_test as slope_poolability_test
    from panelvar.panel_tests.serial_lm import baltagi_li_test as baltagi_li_test
    from panelvar.panel_tests.serial_lm import bera_sosa_yoon_test as bera_sosa_yoon_test
    from panelvar.panel_tests.wild_bootstrap import WildBootstrapResult as WildBootstrapResult
    from panelvar.panel_tests.wild_bootstrap import wild_bootstrap as wild_bootstrap
    from panelvar.panel_tests.wooldridge import wooldridge_difference_test as wooldridge_difference_test
    from panelvar.panel_tests.wooldridge import wooldridge_effects_test as wooldridge_effects_test
    from panelvar.panel_tests.wooldridge import wooldridge_pooled_test as wooldridge_pooled_test
    from panelvar.panel_tests.wooldridge import wooldridge_serial_test as wooldridge_serial_test
    from panelvar.panel_tests.wooldridge import wooldridge_within_test as wooldridge_within_test
    from panelvar.plots.contributions import plot_historical as plot_historical
    from panelvar.plots.forecast_fan import plot_forecast as plot_forecast
    from panelvar.plots.response_grid import plot_responses as plot_responses
    from panelvar.plots.roots import plot_roots as plot_roots
    from panelvar.plots.scatter import plot_scatter as plot_scatter
    from panelvar.plots.variance_shares import plot_decomposition as plot_decomposition
    from panelvar.random_effects.correlated import fit_correlated_random_effects as fit_correlated_random_effects
    from panelvar.random_effects.hausman_taylor import fit_hausman_taylor as fit_hausman_taylor
    from panelvar.random_effects.instrumental import fit_iv_random_effects as fit_iv_random_effects
    from panelvar.random_effects.random import fit_random_effects as fit_random_effects
    from panelvar.static_panels.between import fit_between as fit_between
    from panelvar.static_panels.first_difference import fit_first_difference as fit_first_difference
    from panelvar.static_panels.fixed import fit_fixed_effects as fit_fixed_effects
    from panelvar.static_panels.pooled import fit_pooled as fit_pooled
    from panelvar.static_panels.result import LinearResult as LinearResult
    from panelvar.tables.test_result import TestResult as TestResult
    from panelvar.unit_roots.battery import unit_root_table as unit_root_table
    from panelvar.unit_roots.dickey_fuller import adf_test as adf_test
    from panelvar.unit_roots.dickey_fuller import dfgls_test as dfgls_test
    from panelvar.unit_roots.long_run import kpss_test as kpss_test
    from panelvar.unit_roots.long_run import phillips_perron_test as phillips_perron_test
    from panelvar.unit_roots.result import UnitRootResult as UnitRootResult
    from panelvar.var_models.batch import evaluate_forecasts as evaluate_forecasts
    from panelvar.var_models.batch import fit_rolling_var as fit_rolling_var
    from panelvar.var_models.batch import fit_var_batch as fit_var_batch
    from panelvar.var_models.batch_result import VarBatch as VarBatch
    from panelvar.var_models.restricted import RestrictedVarResult as RestrictedVarResult
    from panelvar.var_models.restricted import fit_restricted_var as fit_restricted_var
    from panelvar.var_models.svar import SvarResult as SvarResult
    from panelvar.var_models.svar import fit_svar as fit_svar
    from panelvar.var_models.system import System as System
    from panelvar.var_models.var import fit_var as fit_var
    from panelvar.var_models.var import select_lags as select_lags
    from panelvar.var_models.var_convention import VarConvention as VarConvention
    from panelvar.var_models.var_result import VarResult as VarResult
    from panelvar.var_tests.arch import arch_test as arch_test
    from panelvar.var_tests.causality import granger_table as granger_table
    from panelvar.var_tests.causality import instantaneous_causality_test as instantaneous_causality_test
    from panelvar.var_tests.causality import toda_yamamoto_test as toda_yamamoto_test
    from panelvar.var_tests.constancy import cusum_test as cusum_test
    from panelvar.var_tests.constancy import mosum_test as mosum_test
    from panelvar.var_tests.granger_bootstrap import granger_bootstrap_test as granger_bootstrap_test
    from panelvar.var_tests.instrument_relevance import instrument_relevance_test as instrument_relevance_test
    from panelvar.var_tests.normality import normality_test as normality_test
    from panelvar.var_tests.serial import portmanteau_test as portmanteau_test
    from panelvar.var_tests.serial import serial_lm_table as serial_lm_table
    from panelvar.var_tests.serial import serial_lm_test as serial_lm_test
    from panelvar.var_tests.white import white_test as white_test

__version__ = "0.1.0"

_EXPORTS = {
    "Panel": "data.panel",
    "fit_pooled": "static_panels.pooled",
    "fit_between": "static_panels.between",
    "fit_first_difference": "static_panels.first_difference",
    "fit_fixed_effects": "static_panels.fixed",
    "fit_random_effects": "random_effects.random",
    "fit_correlated_random_effects": "random_effects.correlated",
    "fit_iv_pooled": "instruments.instrumental",
    "fit_iv_between": "instruments.instrumental",
    "fit_iv_first_difference": "instruments.instrumental",
    "fit_iv_fixed_effects": "instruments.instrumental",
    "fit_iv_random_effects": "random_effects.instrumental",
    "Fuller": "instruments.methods",
    "KClass": "instruments.methods",
    "TwoStepGMM": "instruments.methods",
    "fit_hausman_taylor": "random_effects.hausman_taylor",
    "fit_mean_group": "heterogeneous.mean_group",
    "fit_fama_macbeth": "heterogeneous.fama_macbeth",
    "fit_common_correlated_effects": "heterogeneous.common_correlated",
    "fit_swamy": "heterogeneous.swamy",
    "fit_fgls": "gls.fgls",
    "fit_general_fgls": "gls.general_fgls",
    "fit_fixed_effects_ar1": "gls.autoregressive_effects",
    "fit_random_effects_ar1": "gls.autoregressive_effects",
    "AR1": "gls.ar1",
    "GLSResult": "gls.result",
    "fit_pooled_mean_group": "heterogeneous.pooled_mean_group",
    "fit_ardl_mean_group": "heterogeneous.ardl_mean_group",
    "fit_dynamic_fixed_effects": "heterogeneous.dynamic_fixed_effects",
    "fit_local_projections": "local_projections.local_projections",
    "fit_panel_local_projections": "local_projections.panel_local_projections",
    "ProjectedResponses": "local_projections.result",
    "fit_var": "var_models.var",
    "select_lags": "var_models.var",
    "fit_restricted_var": "var_models.restricted",
    "RestrictedVarResult": "var_models.restricted",
    "fit_var_batch": "var_models.batch",
    "fit_rolling_var": "var_models.batch",
    "evaluate_forecasts": "var_models.batch",
    "System": "var_models.system",
    "LinearResult": "static_panels.result",
    "InstrumentalResult": "instruments.result",
    "HeterogeneousResult": "heterogeneous.result",
    "PeriodAverageResult": "heterogeneous.fama_macbeth",
    "ErrorCorrectionResult": "heterogeneous.error_correction",
    "VarResult": "var_models.var_result",
    "VarBatch": "var_models.batch_result",
    "TestResult": "tables.test_result",
    "Classical": "covariance.covariances",
    "HC": "covariance.covariances",
    "Clustered": "covariance.covariances",
    "BiasReduced": "covariance.bias_reduced",
    "DriscollKraay": "covariance.serial",
    "PanelNeweyWest": "covariance.serial",
    "PanelCorrected": "covariance.spatial",
    "ResidualBootstrap": "bands.resampling",
    "ParametricBootstrap": "bands.resampling",
    "RecursiveWildBootstrap": "bands.resampling",
    "MovingBlockBootstrap": "bands.resampling",
    "BootstrapAfterBootstrap": "bands.bootstrap_after_bootstrap",
    "MonteCarlo": "bands.monte_carlo",
    "DeltaMethod": "bands.delta_method",
    "Cholesky": "identification.cholesky",
    "Generalised": "identification.errors_alone",
    "LongRun": "identification.long_run",
    "ShortRun": "identification.short_run",
    "SignRestrictions": "identification.sign_restrictions",
    "instrument_relevance_test": "var_tests.instrument_relevance",
    "ExternalInstrument": "identification.external_instrument",
    "ImpactMatrix": "identification.impact_matrix",
    "fit_svar": "var_models.svar",
    "SvarResult": "var_models.svar",
    "ReducedFormErrors": "identification.errors_alone",
    "Convention": "fit.conventions",
    "VarConvention": "var_models.var_convention",
    "hausman": "panel_tests.hausman",
    "mundlak_test": "panel_tests.hausman_regression",
    "wild_bootstrap": "panel_tests.wild_bootstrap",
    "WildBootstrapResult": "panel_tests.wild_bootstrap",
    "cluster_diagnostics": "panel_tests.cluster_leverage",
    "effects_lm_test": "panel_tests.effects_lm",
    "nested_f_test": "panel_tests.pooling",
    "slope_poolability_test": "panel_tests.pooling",
    "hausman_regression": "panel_tests.hausman_regression",
    "wooldridge_effects_test": "panel_tests.wooldridge",
    "wooldridge_pooled_test": "panel_tests.wooldridge",
    "wooldridge_within_test": "panel_tests.wooldridge",
    "wooldridge_difference_test": "panel_tests.wooldridge",
    "wooldridge_serial_test": "panel_tests.wooldridge",
    "bera_sosa_yoon_test": "panel_tests.serial_lm",
    "baltagi_li_test": "panel_tests.serial_lm",
    "bhargava_test": "panel_tests.durbin_watson",
    "durbin_watson_test": "panel_tests.durbin_watson",
    "breusch_godfrey_test": "panel_tests.breusch_godfrey",
    "born_breitung_test": "panel_tests.born_breitung",
    "cross_section_dependence_test": "panel_tests.cross_section_dependence",
    "cd_star_test": "panel_tests.cross_section_dependence",
    "residual_correlations": "panel_tests.cross_section_dependence",
    "modified_wald_test": "panel_tests.groupwise",
    "slope_homogeneity_test": "panel_tests.pooling",
    "panel_granger_test": "panel_tests.panel_causality",
    "granger_bootstrap_test": "var_tests.granger_bootstrap",
    "granger_table": "var_tests.causality",
    "portmanteau_test": "var_tests.serial",
    "serial_lm_test": "var_tests.serial",
    "serial_lm_table": "var_tests.serial",
    "normality_test": "var_tests.normality",
    "arch_test": "var_tests.arch",
    "instantaneous_causality_test": "var_tests.causality",
    "toda_yamamoto_test": "var_tests.causality",
    "white_test": "var_tests.white",
    "cusum_test": "var_tests.constancy",
    "mosum_test": "var_tests.constancy",
    "adf_test": "unit_roots.dickey_fuller",
    "dfgls_test": "unit_roots.dickey_fuller",
    "phillips_perron_test": "unit_roots.long_run",
    "kpss_test": "unit_roots.long_run",
    "unit_root_table": "unit_roots.battery",
    "engle_granger_test": "cointegration.engle_granger",
    "johansen_test": "cointegration.johansen",
    "fit_vecm": "cointegration.vecm",
    "VecmResult": "cointegration.vecm_result",
    "JohansenResult": "cointegration.johansen",
    "UnitRootResult": "unit_roots.result",
    "compare": "comparison.compare",
    "plot_roots": "plots.roots",
    "plot_responses": "plots.response_grid",
    "plot_decomposition": "plots.variance_shares",
    "plot_historical": "plots.contributions",
    "plot_forecast": "plots.forecast_fan",
    "plot_scatter": "plots.scatter",
    "Note": "base.errors",
    "PanelVarError": "base.errors",
    "DataError": "base.errors",
    "SpecificationError": "base.errors",
    "CollinearityError": "base.errors",
    "InsufficientDataError": "base.errors",
    "MissingInformationError": "base.errors",
    "NumericalError": "base.errors",
    "PanelVarWarning": "base.errors",
}

__all__ = ["__version__", *_EXPORTS]


# Hidden from the type checker, which would otherwise believe that every name exists.
if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        try:
            room = _EXPORTS[name]
        except KeyError:
            from panelvar.base.elsewhere import unknown

            raise AttributeError(unknown(name, _EXPORTS), name=name) from None
        from importlib import import_module

        value = getattr(import_module(f"panelvar.{room}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted(__all__)
