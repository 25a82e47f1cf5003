"""The public names and where each is defined: for type checkers and editors, and read by ``__init__.py``."""

from panelvar.core.base.errors import CollinearityError as CollinearityError
from panelvar.core.base.errors import DataError as DataError
from panelvar.core.base.errors import InsufficientDataError as InsufficientDataError
from panelvar.core.base.errors import MissingInformationError as MissingInformationError
from panelvar.core.base.errors import Note as Note
from panelvar.core.base.errors import NumericalError as NumericalError
from panelvar.core.base.errors import PanelVarError as PanelVarError
from panelvar.core.base.errors import PanelVarWarning as PanelVarWarning
from panelvar.core.base.errors import SpecificationError as SpecificationError
from panelvar.core.faces.mathematics import Math as Math
from panelvar.core.tables.test_result import TestResult as TestResult
from panelvar.data.datasets.load import describe_data as describe_data
from panelvar.data.datasets.load import load_data as load_data
from panelvar.data.panel.panel import Panel as Panel
from panelvar.data.streams.panel_stream import PanelStream as PanelStream
from panelvar.estimates.bands.bootstrap_after_bootstrap import BootstrapAfterBootstrap as BootstrapAfterBootstrap
from panelvar.estimates.bands.delta_method import DeltaMethod as DeltaMethod
from panelvar.estimates.bands.monte_carlo import MonteCarlo as MonteCarlo
from panelvar.estimates.bands.resampling import MovingBlockBootstrap as MovingBlockBootstrap
from panelvar.estimates.bands.resampling import ParametricBootstrap as ParametricBootstrap
from panelvar.estimates.bands.resampling import RecursiveWildBootstrap as RecursiveWildBootstrap
from panelvar.estimates.bands.resampling import ResidualBootstrap as ResidualBootstrap
from panelvar.estimates.covariance.bias_reduced import BiasReduced as BiasReduced
from panelvar.estimates.covariance.covariances import HC as HC
from panelvar.estimates.covariance.covariances import Classical as Classical
from panelvar.estimates.covariance.covariances import Clustered as Clustered
from panelvar.estimates.covariance.panel_corrected import PanelCorrected as PanelCorrected
from panelvar.estimates.covariance.serial import DriscollKraay as DriscollKraay
from panelvar.estimates.covariance.serial import PanelNeweyWest as PanelNeweyWest
from panelvar.estimates.fit.conventions import Convention as Convention
from panelvar.estimates.sensitivity.trend_sensitivity import TrendSensitivity as TrendSensitivity
from panelvar.estimates.sensitivity.trend_sensitivity import trend_sensitivity as trend_sensitivity
from panelvar.nonstationary.cointegration.engle_granger import engle_granger_test as engle_granger_test
from panelvar.nonstationary.cointegration.johansen import johansen_test as johansen_test
from panelvar.nonstationary.cointegration.johansen_result import JohansenResult as JohansenResult
from panelvar.nonstationary.cointegration.vecm import fit_vecm as fit_vecm
from panelvar.nonstationary.cointegration.vecm_result import VecmResult as VecmResult
from panelvar.nonstationary.error_correction_panels.ardl_mean_group import fit_ardl_mean_group as fit_ardl_mean_group
from panelvar.nonstationary.error_correction_panels.dynamic_fixed_effects import (
    fit_dynamic_fixed_effects as fit_dynamic_fixed_effects,
)
from panelvar.nonstationary.error_correction_panels.error_correction import (
    ErrorCorrectionResult as ErrorCorrectionResult,
)
from panelvar.nonstationary.error_correction_panels.pooled_mean_group import (
    fit_pooled_mean_group as fit_pooled_mean_group,
)
from panelvar.nonstationary.panel_cointegration.battery import panel_cointegration_table as panel_cointegration_table
from panelvar.nonstationary.panel_cointegration.error_correction import WesterlundResult as WesterlundResult
from panelvar.nonstationary.panel_cointegration.error_correction import westerlund_test as westerlund_test
from panelvar.nonstationary.panel_cointegration.johansen_fisher import johansen_fisher_test as johansen_fisher_test
from panelvar.nonstationary.panel_cointegration.kao import kao_test as kao_test
from panelvar.nonstationary.panel_cointegration.pedroni import pedroni_test as pedroni_test
from panelvar.nonstationary.panel_cointegration.saikkonen_luetkepohl import (
    saikkonen_luetkepohl_test as saikkonen_luetkepohl_test,
)
from panelvar.nonstationary.panel_cointegration.variance_ratio import (
    westerlund_variance_ratio_test as westerlund_variance_ratio_test,
)
from panelvar.nonstationary.panel_series.battery import PanelTestTable as PanelTestTable
from panelvar.nonstationary.panel_series.bootstrap import PanelBootstrap as PanelBootstrap
from panelvar.nonstationary.panel_series.pvalue_combinations import combine_pvalues as combine_pvalues
from panelvar.nonstationary.panel_series.result import PanelTestResult as PanelTestResult
from panelvar.nonstationary.panel_unit_roots.battery import panel_unit_root_table as panel_unit_root_table
from panelvar.nonstationary.panel_unit_roots.breitung import breitung_test as breitung_test
from panelvar.nonstationary.panel_unit_roots.cips import cips_test as cips_test
from panelvar.nonstationary.panel_unit_roots.demetrescu_hanck import demetrescu_hanck_test as demetrescu_hanck_test
from panelvar.nonstationary.panel_unit_roots.fisher import fisher_test as fisher_test
from panelvar.nonstationary.panel_unit_roots.fisher import simes_test as simes_test
from panelvar.nonstationary.panel_unit_roots.hadri import hadri_test as hadri_test
from panelvar.nonstationary.panel_unit_roots.harris_tzavalis import harris_tzavalis_test as harris_tzavalis_test
from panelvar.nonstationary.panel_unit_roots.ips import ips_test as ips_test
from panelvar.nonstationary.panel_unit_roots.llc import llc_test as llc_test
from panelvar.nonstationary.panel_unit_roots.moon_perron import moon_perron_test as moon_perron_test
from panelvar.nonstationary.panel_unit_roots.panic import PanicResult as PanicResult
from panelvar.nonstationary.panel_unit_roots.panic import panic_test as panic_test
from panelvar.nonstationary.relations.dols import fit_dols as fit_dols
from panelvar.nonstationary.relations.modified import fit_ccr as fit_ccr
from panelvar.nonstationary.relations.modified import fit_fmols as fit_fmols
from panelvar.nonstationary.relations.result import CointegratingResult as CointegratingResult
from panelvar.nonstationary.unit_roots.battery import unit_root_table as unit_root_table
from panelvar.nonstationary.unit_roots.dickey_fuller import adf_test as adf_test
from panelvar.nonstationary.unit_roots.dickey_fuller import dfgls_test as dfgls_test
from panelvar.nonstationary.unit_roots.long_run import kpss_test as kpss_test
from panelvar.nonstationary.unit_roots.long_run import phillips_perron_test as phillips_perron_test
from panelvar.nonstationary.unit_roots.result import UnitRootResult as UnitRootResult
from panelvar.panels.batches.panel_batch import fit_panel_batch as fit_panel_batch
from panelvar.panels.batches.panel_batch_result import PanelBatch as PanelBatch
from panelvar.panels.bias_corrected.bias_corrected_moments import (
    fit_bias_corrected_moments as fit_bias_corrected_moments,
)
from panelvar.panels.bias_corrected.corrected_result import CorrectedResult as CorrectedResult
from panelvar.panels.bias_corrected.lsdvc import fit_lsdvc as fit_lsdvc
from panelvar.panels.decompositions.event_study_weights import EventStudyWeights as EventStudyWeights
from panelvar.panels.decompositions.event_study_weights import weigh_event_study as weigh_event_study
from panelvar.panels.decompositions.two_way_comparisons import TwoWayDecomposition as TwoWayDecomposition
from panelvar.panels.decompositions.two_way_comparisons import decompose_two_way_effects as decompose_two_way_effects
from panelvar.panels.decompositions.two_way_weights import TwoWayWeights as TwoWayWeights
from panelvar.panels.decompositions.two_way_weights import weigh_two_way_effects as weigh_two_way_effects
from panelvar.panels.diagnostics.balance import balance_table as balance_table
from panelvar.panels.diagnostics.born_breitung import born_breitung_test as born_breitung_test
from panelvar.panels.diagnostics.breusch_godfrey import breusch_godfrey_test as breusch_godfrey_test
from panelvar.panels.diagnostics.cross_section_dependence import cd_star_test as cd_star_test
from panelvar.panels.diagnostics.cross_section_dependence import (
    cross_section_dependence_test as cross_section_dependence_test,
)
from panelvar.panels.diagnostics.cross_section_dependence import residual_correlations as residual_correlations
from panelvar.panels.diagnostics.cross_section_exponent import ExponentResult as ExponentResult
from panelvar.panels.diagnostics.cross_section_exponent import cross_section_exponent as cross_section_exponent
from panelvar.panels.diagnostics.durbin_watson import bhargava_test as bhargava_test
from panelvar.panels.diagnostics.durbin_watson import durbin_watson_test as durbin_watson_test
from panelvar.panels.diagnostics.effects_lm import effects_lm_test as effects_lm_test
from panelvar.panels.diagnostics.groupwise import modified_wald_test as modified_wald_test
from panelvar.panels.diagnostics.hausman import hausman_test as hausman_test
from panelvar.panels.diagnostics.hausman_regression import hausman_regression_test as hausman_regression_test
from panelvar.panels.diagnostics.hausman_regression import mundlak_test as mundlak_test
from panelvar.panels.diagnostics.panel_causality import panel_granger_test as panel_granger_test
from panelvar.panels.diagnostics.pooling import nested_f_test as nested_f_test
from panelvar.panels.diagnostics.pooling import slope_homogeneity_test as slope_homogeneity_test
from panelvar.panels.diagnostics.pooling import slope_poolability_test as slope_poolability_test
from panelvar.panels.diagnostics.serial_lm import baltagi_li_test as baltagi_li_test
from panelvar.panels.diagnostics.serial_lm import bera_sosa_yoon_test as bera_sosa_yoon_test
from panelvar.panels.diagnostics.wooldridge import wooldridge_difference_test as wooldridge_difference_test
from panelvar.panels.diagnostics.wooldridge import wooldridge_effects_test as wooldridge_effects_test
from panelvar.panels.diagnostics.wooldridge import wooldridge_pooled_test as wooldridge_pooled_test
from panelvar.panels.diagnostics.wooldridge import wooldridge_serial_test as wooldridge_serial_test
from panelvar.panels.diagnostics.wooldridge import wooldridge_within_test as wooldridge_within_test
from panelvar.panels.dynamic.arellano_bond import fit_anderson_hsiao as fit_anderson_hsiao
from panelvar.panels.dynamic.arellano_bond import fit_arellano_bond as fit_arellano_bond
from panelvar.panels.dynamic.arellano_bond import fit_blundell_bond as fit_blundell_bond
from panelvar.panels.dynamic.dynamic_result import DynamicPanelResult as DynamicPanelResult
from panelvar.panels.dynamic.lag_instruments import LagInstruments as LagInstruments
from panelvar.panels.dynamic.lag_instruments import StandardInstruments as StandardInstruments
from panelvar.panels.few_clusters.cluster_leverage import cluster_diagnostics as cluster_diagnostics
from panelvar.panels.few_clusters.wild_bootstrap import WildBootstrapResult as WildBootstrapResult
from panelvar.panels.few_clusters.wild_bootstrap import wild_bootstrap_test as wild_bootstrap_test
from panelvar.panels.gls.ar1 import AR1 as AR1
from panelvar.panels.gls.autoregressive_effects import fit_fixed_effects_ar1 as fit_fixed_effects_ar1
from panelvar.panels.gls.autoregressive_effects import fit_random_effects_ar1 as fit_random_effects_ar1
from panelvar.panels.gls.fgls import fit_fgls as fit_fgls
from panelvar.panels.gls.general_fgls import fit_general_fgls as fit_general_fgls
from panelvar.panels.gls.result import GLSResult as GLSResult
from panelvar.panels.heterogeneous.common_correlated import (
    fit_common_correlated_effects as fit_common_correlated_effects,
)
from panelvar.panels.heterogeneous.fama_macbeth import fit_fama_macbeth as fit_fama_macbeth
from panelvar.panels.heterogeneous.mean_group import fit_mean_group as fit_mean_group
from panelvar.panels.heterogeneous.result import HeterogeneousResult as HeterogeneousResult
from panelvar.panels.heterogeneous.swamy import fit_swamy as fit_swamy
from panelvar.panels.instruments.instrumental import fit_iv_between as fit_iv_between
from panelvar.panels.instruments.instrumental import fit_iv_first_difference as fit_iv_first_difference
from panelvar.panels.instruments.instrumental import fit_iv_fixed_effects as fit_iv_fixed_effects
from panelvar.panels.instruments.instrumental import fit_iv_pooled as fit_iv_pooled
from panelvar.panels.instruments.methods import Fuller as Fuller
from panelvar.panels.instruments.methods import KClass as KClass
from panelvar.panels.instruments.methods import TwoStepGMM as TwoStepGMM
from panelvar.panels.instruments.result import InstrumentalResult as InstrumentalResult
from panelvar.panels.random_effects.correlated import fit_correlated_random_effects as fit_correlated_random_effects
from panelvar.panels.random_effects.hausman_taylor import fit_hausman_taylor as fit_hausman_taylor
from panelvar.panels.random_effects.instrumental import fit_iv_random_effects as fit_iv_random_effects
from panelvar.panels.random_effects.random import fit_random_effects as fit_random_effects
from panelvar.panels.static.between import fit_between as fit_between
from panelvar.panels.static.first_difference import fit_first_difference as fit_first_difference
from panelvar.panels.static.fixed import fit_fixed_effects as fit_fixed_effects
from panelvar.panels.static.pooled import fit_pooled as fit_pooled
from panelvar.panels.static.result import LinearResult as LinearResult
from panelvar.panels.treatments.callaway_santanna import fit_callaway_santanna as fit_callaway_santanna
from panelvar.panels.treatments.cell_regressions import fit_sun_abraham as fit_sun_abraham
from panelvar.panels.treatments.cell_regressions import fit_two_way_event_study as fit_two_way_event_study
from panelvar.panels.treatments.compared_methods import ComparedMethods as ComparedMethods
from panelvar.panels.treatments.compared_methods import compare_methods as compare_methods
from panelvar.panels.treatments.event_studies import fit_event_study as fit_event_study
from panelvar.panels.treatments.extended_two_way import fit_extended_two_way as fit_extended_two_way
from panelvar.panels.treatments.imputation import fit_imputation as fit_imputation
from panelvar.panels.treatments.result import TreatmentEffects as TreatmentEffects
from panelvar.panels.treatments.two_stage import fit_two_stage as fit_two_stage
from panelvar.reporting.comparison.compare import compare as compare
from panelvar.reporting.comparison.fit_many import fit_many as fit_many
from panelvar.reporting.comparison.save_tables import save_tables as save_tables
from panelvar.reporting.plots_of_panels.binned import plot_binned as plot_binned
from panelvar.reporting.plots_of_panels.coefficients import plot_coefficients as plot_coefficients
from panelvar.reporting.plots_of_panels.cohorts import plot_cohorts as plot_cohorts
from panelvar.reporting.plots_of_panels.effects import plot_effects as plot_effects
from panelvar.reporting.plots_of_panels.event_study import plot_event_study as plot_event_study
from panelvar.reporting.plots_of_panels.margins import plot_margins as plot_margins
from panelvar.reporting.plots_of_panels.residuals import plot_residuals as plot_residuals
from panelvar.reporting.plots_of_panels.scatter import plot_scatter as plot_scatter
from panelvar.reporting.plots_of_panels.series_of_entities import plot_series as plot_series
from panelvar.reporting.plots_of_panels.within_between import plot_within_between as plot_within_between
from panelvar.reporting.plots_of_systems.constancy import plot_constancy as plot_constancy
from panelvar.reporting.plots_of_systems.contributions import plot_historical as plot_historical
from panelvar.reporting.plots_of_systems.correlogram import plot_correlogram as plot_correlogram
from panelvar.reporting.plots_of_systems.forecast_fan import plot_forecast as plot_forecast
from panelvar.reporting.plots_of_systems.response_grid import plot_responses as plot_responses
from panelvar.reporting.plots_of_systems.rolling_estimates import plot_rolling as plot_rolling
from panelvar.reporting.plots_of_systems.roots import plot_roots as plot_roots
from panelvar.reporting.plots_of_systems.system_series import plot_system as plot_system
from panelvar.reporting.plots_of_systems.variance_shares import plot_decomposition as plot_decomposition
from panelvar.systems.batches.batch import fit_var_batch as fit_var_batch
from panelvar.systems.batches.batch_result import VarBatch as VarBatch
from panelvar.systems.batches.rolling import evaluate_forecasts as evaluate_forecasts
from panelvar.systems.batches.rolling import fit_rolling_var as fit_rolling_var
from panelvar.systems.diagnostics.arch import arch_test as arch_test
from panelvar.systems.diagnostics.causality import granger_table as granger_table
from panelvar.systems.diagnostics.causality import instantaneous_causality_test as instantaneous_causality_test
from panelvar.systems.diagnostics.causality import toda_yamamoto_test as toda_yamamoto_test
from panelvar.systems.diagnostics.constancy import cusum_test as cusum_test
from panelvar.systems.diagnostics.constancy import mosum_test as mosum_test
from panelvar.systems.diagnostics.correlogram import residual_correlogram as residual_correlogram
from panelvar.systems.diagnostics.granger_bootstrap import granger_bootstrap_test as granger_bootstrap_test
from panelvar.systems.diagnostics.instrument_relevance import instrument_relevance_test as instrument_relevance_test
from panelvar.systems.diagnostics.moving_estimates import fluctuation_test as fluctuation_test
from panelvar.systems.diagnostics.normality import normality_test as normality_test
from panelvar.systems.diagnostics.residual_table import residual_table as residual_table
from panelvar.systems.diagnostics.serial import portmanteau_test as portmanteau_test
from panelvar.systems.diagnostics.serial import serial_lm_table as serial_lm_table
from panelvar.systems.diagnostics.serial import serial_lm_test as serial_lm_test
from panelvar.systems.diagnostics.white import white_test as white_test
from panelvar.systems.identification.cholesky import Cholesky as Cholesky
from panelvar.systems.identification.errors_alone import Generalised as Generalised
from panelvar.systems.identification.errors_alone import ReducedFormErrors as ReducedFormErrors
from panelvar.systems.identification.external_instrument import ExternalInstrument as ExternalInstrument
from panelvar.systems.identification.impact_matrix import ImpactMatrix as ImpactMatrix
from panelvar.systems.identification.long_run import LongRun as LongRun
from panelvar.systems.identification.short_run import ShortRun as ShortRun
from panelvar.systems.identification.sign_restrictions import SignRestrictions as SignRestrictions
from panelvar.systems.panel_var.entity_bootstrap import EntityBootstrap as EntityBootstrap
from panelvar.systems.panel_var.lag_choice import select_lags as select_lags
from panelvar.systems.panel_var.panel_var import fit_panel_var as fit_panel_var
from panelvar.systems.panel_var.result import PanelVarResult as PanelVarResult
from panelvar.systems.projections.local_projections import fit_local_projections as fit_local_projections
from panelvar.systems.projections.panel_local_projections import (
    fit_panel_local_projections as fit_panel_local_projections,
)
from panelvar.systems.projections.result import ProjectedResponses as ProjectedResponses
from panelvar.systems.var.fitted_system import FittedSystem as FittedSystem
from panelvar.systems.var.restricted import RestrictedVarResult as RestrictedVarResult
from panelvar.systems.var.restricted import fit_restricted_var as fit_restricted_var
from panelvar.systems.var.svar import fit_svar as fit_svar
from panelvar.systems.var.svar_result import SvarResult as SvarResult
from panelvar.systems.var.system import System as System
from panelvar.systems.var.var import fit_var as fit_var
from panelvar.systems.var.var_convention import VarConvention as VarConvention
from panelvar.systems.var.var_result import VarResult as VarResult

__version__: str
