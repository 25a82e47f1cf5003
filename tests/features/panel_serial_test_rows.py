"""Rows of tests of serial correlation."""

from __future__ import annotations

import numpy as np
from features.feature import Feature, reference
from features.panel_names import TEST, grunfeld, statistic, within_residuals
from reference_data import table

import panelvar as pv

PANEL = "tests/panels/diagnostics/test_panel_tests.py"
SIZE = "tests/simulation/test_size_of_panel_tests.py::test_size"
PLM = "grunfeld_plm_tests"
LAGS = "lags on the calendar by default; plm's as the rows follow"


def scores(z: np.ndarray) -> float:
    """The sum over firms by its standard error across firms, centred."""
    return float(z.sum() / np.sqrt(z @ z - z.sum() ** 2 / len(z)))


def quadratic_form() -> float:
    """Born and Breitung's Q of order two."""
    e = within_residuals()
    z = np.column_stack([(e[:, k:] * e[:, :-k]).sum(1) + (20 - k) / 380 * (e**2).sum(1) for k in (1, 2)])
    total = z.sum(axis=0)
    return float(total @ np.linalg.solve(z.T @ z - np.outer(total, total) / 10, total))


def multiplier_of_order_one() -> float:
    """Born and Breitung's LM statistic."""
    e = within_residuals()
    return scores((e[:, 1:] * e[:, :-1] + e[:, :-1] ** 2 / 19).sum(axis=1))


def helmert() -> float:
    """Born and Breitung's statistic that variances changing over time leave valid."""
    frame = table("grunfeld")
    result = pv.fit_fixed_effects(*grunfeld())
    u = frame["inv"].to_numpy() - frame[["value", "capital"]].to_numpy() @ result.params.to_numpy()[1:]
    u = u.reshape(10, 20)
    t = np.arange(1.0, 21.0)
    before = u - np.cumsum(u, axis=1) / t
    after = u - np.cumsum(u[:, ::-1], axis=1)[:, ::-1] / t[::-1]
    return scores((before[:, :-1] * after[:, 1:]).sum(axis=1))


def fixed_effects_multiplier() -> float:
    """Baltagi and Li's test given fixed effects: n T / (T - 1) r^2 with r the within autocorrelation."""
    e = within_residuals()
    return float(10 * 400 / 19 * ((e[:, 1:] * e[:, :-1]).sum() / (e**2).sum()) ** 2)


def joint_multiplier() -> float:
    """Baltagi and Li's joint LM: n T^2 (A^2 - 4 A B + 2 T B^2) / (2 (T - 1)(T - 2)), from pooled residuals."""
    frame = table("grunfeld")
    x = np.column_stack([np.ones(200), frame[["value", "capital"]]])
    y = frame["inv"].to_numpy()
    u = (y - x @ (np.linalg.pinv(x) @ y)).reshape(10, 20)
    a = (u.sum(axis=1) ** 2).sum() / (u**2).sum() - 1
    b = (u[:, 1:] * u[:, :-1]).sum() / (u**2).sum()
    return float(10 * 400 / (2 * 19 * 18) * (a * a - 4 * a * b + 40 * b * b))


def difference_statistic(value: float) -> float:
    """Squared clustered t of the first autoregression of residuals of first differences (plm's with a constant)."""
    frame = table("grunfeld")
    d = np.stack([np.diff(frame[name].to_numpy().reshape(10, 20), axis=1) for name in ("inv", "value", "capital")])
    y, x = d[0].ravel(), d[1:].reshape(2, -1).T
    e = (y - x @ np.linalg.lstsq(x, y, rcond=None)[0]).reshape(10, 19)
    now, before = e[:, 1:].ravel(), np.column_stack([np.ones(180), e[:, :-1].ravel()])
    inverse = np.linalg.pinv(before)
    b = inverse @ now
    sums = (inverse[1] * (now - before @ b)).reshape(10, 18).sum(axis=1)
    return float((b[1] - value) ** 2 / (sums @ sums * 10 / 9 * 179 / 178))


SERIAL = [
    Feature(
        TEST,
        "Wooldridge, after fixed effects",
        'wooldridge_within_test(fit_fixed_effects(*empluk, convention="plm"))',
        statistic,
        reference("empluk_plm_tests/pwartest/default/statistic/F"),
        (f"{PANEL}::test_wooldridge_within_never_bridges_gaps", SIZE),
        {"plm": "pwartest()"},
        {"plm": ("*_plm_tests/pwartest",)},
        LAGS,
    ),
    Feature(
        TEST,
        "Wooldridge, first differences, errors independent in levels",
        'wooldridge_difference_test(differenced, null="levels")',
        statistic,
        lambda: difference_statistic(-0.5),
        (f"{PANEL}::test_wooldridge_differences",),
        {"plm": 'pwfdtest(h0 = "fe")'},
        {"plm": ("*_plm_tests/pwfdtest/h0_fe",)},
    ),
    Feature(
        TEST,
        "Wooldridge, first differences, errors independent in differences",
        'wooldridge_difference_test(differenced, null="differences")',
        statistic,
        lambda: difference_statistic(0.0),
        (f"{PANEL}::test_wooldridge_differences",),
        {"plm": 'pwfdtest(h0 = "fd")'},
        {"plm": ("*_plm_tests/pwfdtest/h0_fd",)},
    ),
    Feature(
        TEST,
        "Wooldridge, the xtserial form",
        "wooldridge_serial_test(within)",
        statistic,
        reference("grunfeld_gretl/tests/fe_autocorr1_stat/0"),
        (f"{PANEL}::test_wooldridge_differences", SIZE),
        {"Stata": "xtserial†", "gretl": "modtest --autocorr"},
        {"Stata": ("published_stata_fatalities/xtserial",), "gretl": ("*_gretl/tests/fe_autocorr1_*",)},
    ),
    Feature(
        TEST,
        "Wooldridge, pooled",
        "wooldridge_pooled_test(pooled)",
        statistic,
        reference("grunfeld_gretl/tests/pooled_autocorr1_stat/0"),
        (f"{PANEL}::test_wooldridge_pooled",),
        {"gretl": "modtest --autocorr"},
        {"gretl": ("*_gretl/tests/pooled_autocorr1_*",)},
    ),
    Feature(
        TEST,
        "Baltagi-Li: random effects and serial correlation, jointly",
        'baltagi_li_test(pooled, statistic="joint")',
        statistic,
        joint_multiplier,
        (f"{PANEL}::test_baltagi_li_fixed_and_joint", f"{PANEL}::test_bera_sosa_yoon_is_the_score_test"),
        {"plm": 'pbsytest(test = "j")', "Stata": "xttest1†"},
        remark="plm divides by the squares of the rows that have a row before: the next row",
    ),
    Feature(
        TEST,
        "Effects and serial correlation jointly, plm's form",
        'bera_sosa_yoon_test(pooled, statistic="joint", lag_by="rows")',
        statistic,
        reference(f"{PLM}/pbsytest/j/statistic/chisq"),
        (f"{PANEL}::test_bera_sosa_yoon_is_the_score_test",),
        {"plm": 'pbsytest(test = "j")'},
        {"plm": ("*_plm_tests/pbsytest/j",)},
    ),
    Feature(
        TEST,
        "Baltagi-Li: serial correlation given random effects",
        "baltagi_li_test(random)",
        statistic,
        reference(f"{PLM}/pbltest/twosided/statistic/chisq"),
        (f"{PANEL}::test_baltagi_li_given_random_effects_is_the_score_test", SIZE),
        {"plm": "pbltest()"},
        {"plm": ("grunfeld_plm_tests/pbltest",)},
        "balanced panels only; plm errs on others (parity page)",
    ),
    Feature(
        TEST,
        "Baltagi-Li: serial correlation given fixed effects",
        'baltagi_li_test(within, statistic="fixed")',
        statistic,
        fixed_effects_multiplier,
        (f"{PANEL}::test_baltagi_li_fixed_and_joint",),
    ),
    Feature(
        TEST,
        "Bera-Sosa-Yoon: serial correlation, effects allowed for",
        'bera_sosa_yoon_test(uk_pooled, lag_by="rows")',
        statistic,
        reference("empluk_plm_tests/pbsytest/ar/statistic/chisq"),
        (f"{PANEL}::test_bera_sosa_yoon_is_the_score_test", SIZE),
        {"plm": "pbsytest()", "Stata": "xttest1†"},
        {"plm": ("*_plm_tests/pbsytest/ar",)},
        LAGS,
    ),
    Feature(
        TEST,
        "Bera-Sosa-Yoon: effects, serial correlation allowed for",
        'bera_sosa_yoon_test(uk_pooled, statistic="effects", one_sided=True, lag_by="rows")',
        statistic,
        reference("empluk_plm_tests/pbsytest/re_onesided/statistic/z"),
        (f"{PANEL}::test_bera_sosa_yoon_is_the_score_test",),
        {"plm": 'pbsytest(test = "re")', "Stata": "xttest1†"},
        {"plm": ("*_plm_tests/pbsytest/re_onesided", "*_plm_tests/pbsytest/re_twosided")},
        LAGS,
    ),
    Feature(
        TEST,
        "Bhargava-Franzini-Narendranathan",
        "bhargava_test(uk_within)",
        statistic,
        reference("empluk_plm_tests/pbnftest/bnf/statistic/DW"),
        (f"{PANEL}::test_durbin_watson_of_bhargava_and_baltagi_wu",),
        {"plm": "pbnftest()", "Stata": "xtregar, fe lbi"},
        {"plm": ("*_plm_tests/pbnftest/bnf",), "Stata": ("published_stata_fgls/xtregar_*/stats/d1",)},
    ),
    Feature(
        TEST,
        "Baltagi-Wu's LBI",
        'bhargava_test(uk_within, statistic="lbi")',
        statistic,
        reference("empluk_plm_tests/pbnftest/lbi/statistic/LBI"),
        (f"{PANEL}::test_durbin_watson_of_bhargava_and_baltagi_wu",),
        {"plm": 'pbnftest(test = "lbi")', "Stata": "xtregar, lbi"},
        {"plm": ("*_plm_tests/pbnftest/lbi",), "Stata": ("published_stata_fgls/xtregar_*/stats/LBI",)},
    ),
    Feature(
        TEST,
        "Durbin-Watson with a p-value",
        'durbin_watson_test(pooled, lag_by="stacked")',
        statistic,
        reference(f"{PLM}/pdwtest/pooling/statistic/DW"),
        (f"{PANEL}::test_durbin_watson_moments", SIZE),
        {"plm": "pdwtest()", "EViews": "printed (no p-value)", "gretl": "printed (no p-value)"},
        {"plm": ("*_plm_tests/pdwtest",)},
    ),
    Feature(
        TEST,
        "Panel Breusch-Godfrey, any order",
        'breusch_godfrey_test(within, lags=2, lag_by="stacked")',
        statistic,
        reference(f"{PLM}/pbgtest/within_individual/order2_Chisq/statistic/chisq"),
        (f"{PANEL}::test_breusch_godfrey",),
        {"plm": "pbgtest()"},
        {"plm": ("*_plm_tests/pbgtest",)},
        "lags within entities by default; plm takes them across",
    ),
    Feature(
        TEST,
        "Born-Breitung Q, of any order",
        "born_breitung_test(within)",
        statistic,
        quadratic_form,
        (f"{PANEL}::test_born_breitung", SIZE),
        {"Stata": "xtqptest†, lags()"},
    ),
    Feature(
        TEST,
        "Born-Breitung LM, of one order",
        'born_breitung_test(within, statistic="lm")',
        statistic,
        multiplier_of_order_one,
        (f"{PANEL}::test_born_breitung",),
        {"Stata": "xtqptest†, order()"},
    ),
    Feature(
        TEST,
        "Born-Breitung robust to changing variances",
        'born_breitung_test(within, statistic="hr")',
        statistic,
        helmert,
        (f"{PANEL}::test_born_breitung", SIZE),
        {"Stata": "xthrtest†"},
    ),
]
ROWS = SERIAL
