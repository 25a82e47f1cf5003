"""Every public name explains its parameters, what it returns and raises, what is near it, and has an example."""

from __future__ import annotations

import inspect
import re

import pytest

import panelvar as pv

FUNCTIONS = [name for name in pv.__all__ if inspect.isfunction(getattr(pv, name))]
CLASSES = [name for name in pv.__all__ if inspect.isclass(getattr(pv, name))]

SECTIONS = ("Parameters", "Returns", "Raises", "See Also", "Examples")

# Names whose docstrings are still without a section. The list only shrinks.
UNFINISHED = {
    "fit_ccr",
    "fit_dols",
    "fit_fmols",
    "engle_granger_test",
    "johansen_test",
    "fit_vecm",
    "fit_local_projections",
    "fit_panel_local_projections",
    "panel_cointegration_table",
    "westerlund_test",
    "johansen_fisher_test",
    "kao_test",
    "pedroni_test",
    "saikkonen_luetkepohl_test",
    "westerlund_variance_ratio_test",
    "combine_pvalues",
    "panel_unit_root_table",
    "breitung_test",
    "cips_test",
    "demetrescu_hanck_test",
    "fisher_test",
    "simes_test",
    "hadri_test",
    "harris_tzavalis_test",
    "ips_test",
    "llc_test",
    "moon_perron_test",
    "panic_test",
    "plot_coefficients",
    "plot_constancy",
    "plot_historical",
    "plot_correlogram",
    "plot_effects",
    "plot_event_study",
    "plot_forecast",
    "plot_margins",
    "plot_residuals",
    "plot_responses",
    "plot_rolling",
    "plot_roots",
    "plot_scatter",
    "plot_series",
    "plot_system",
    "plot_decomposition",
    "plot_within_between",
    "unit_root_table",
    "adf_test",
    "dfgls_test",
    "kpss_test",
    "phillips_perron_test",
    "fit_var_batch",
    "evaluate_forecasts",
    "fit_rolling_var",
    "fit_restricted_var",
    "fit_svar",
    "select_lags",
    "arch_test",
    "granger_table",
    "instantaneous_causality_test",
    "toda_yamamoto_test",
    "cusum_test",
    "mosum_test",
    "residual_correlogram",
    "granger_bootstrap_test",
    "instrument_relevance_test",
    "fluctuation_test",
    "normality_test",
    "portmanteau_test",
    "serial_lm_table",
    "serial_lm_test",
    "white_test",
    "BootstrapAfterBootstrap",
    "DeltaMethod",
    "MonteCarlo",
    "MovingBlockBootstrap",
    "ParametricBootstrap",
    "RecursiveWildBootstrap",
    "ResidualBootstrap",
    "CointegratingResult",
    "JohansenResult",
    "VecmResult",
    "Cholesky",
    "Generalised",
    "ReducedFormErrors",
    "ExternalInstrument",
    "ImpactMatrix",
    "LongRun",
    "ShortRun",
    "SignRestrictions",
    "ProjectedResponses",
    "WesterlundResult",
    "PanelTestTable",
    "PanelTestResult",
    "PanicResult",
    "UnitRootResult",
    "VarBatch",
    "FittedSystem",
    "RestrictedVarResult",
    "SvarResult",
    "VarConvention",
    "VarResult",
}


def sections(thing: object) -> dict[str, str]:
    """Return the sections of a docstring in numpydoc's form."""
    text = inspect.getdoc(thing) or ""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def lacks(name: str) -> list[str]:
    """Return what the docstring of a public function or class is without."""
    thing = getattr(pv, name)
    found = sections(thing)
    if inspect.isclass(thing):
        return [] if ">>> " in found.get("Examples", "") else ["Examples"]
    # A function without parameters has none to explain; that all of them are is tested where they are shared.
    wanted = [section for section in SECTIONS if section != "Parameters" or inspect.signature(thing).parameters]
    return [section for section in wanted if not found.get(section, "").strip()]


@pytest.mark.parametrize("name", [name for name in FUNCTIONS + CLASSES if name not in UNFINISHED])
def test_a_public_docstring_is_whole(name):
    assert lacks(name) == []


def test_what_is_called_unfinished_is():
    assert [name for name in UNFINISHED if name not in FUNCTIONS + CLASSES or lacks(name) == []] == []


@pytest.mark.parametrize("name", FUNCTIONS + CLASSES)
def test_names_in_see_also_exist(name):
    lost = []
    for entry in re.findall(r"^(\S[^:\n]*?) : ", sections(getattr(pv, name)).get("See Also", ""), re.MULTILINE):
        for target in entry.split(","):
            thing: object = pv
            for part in target.strip().removeprefix("panelvar.").split("."):
                thing = getattr(thing, part, None)
            if thing is None or target.strip() == name:
                lost.append(target.strip())
    assert lost == []
