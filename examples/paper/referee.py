"""The audit as a page: what the printed numbers imply, and what thirteen years allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paper import audit, implied_shares, model_choice, printed_dynamics, short_sample, stars
from paper.source import LABELS, OFFICIAL, PRINTED, THREE, TWO

if TYPE_CHECKING:
    from collections.abc import Iterable

    from writing.page import Page

    from paper.source import Paper

# How a sentence starts that could be taken for one about the paper's data.
ON_RECONSTRUCTED = "On the reconstructed series, which are not the authors' observations:"


def printed_regressions(page: Page, paper: Paper) -> None:
    with page.section("A referee's audit: the regressions"):
        found = audit.sample_size(paper)
        rows = found.rows
        implied, cii, official = audit.implied_means_of_gdp(paper)
        ((narrow, wide),) = found.outside.values()
        page.prose("(a) How many rows?")
        page.table(found.table, "audit_rows", provenance=PRINTED)
        page.prose(
            f"The text says 2000 to 2018: {audit.ROWS_IN_TEXT} rows if no year is missing (our product; the article "
            f"states no number). F and R2 fit {rows} rows in every column but {_and(found.outside)}. Its "
            f"[{narrow[0]:.4f}, {narrow[1]:.4f}] misses {rows} by {rows - narrow[1]:.4f}: its R2 seems rounded twice "
            f"(see below), which allows [{wide[0]:.4f}, {wide[1]:.4f}]. GDP tells the years: the pooled and the fixed "
            f"line cross at the overall means, GDP {implied:.2f} and CII {cii:.4f}, and official GDP of 2006 to 2018 "
            f"has mean {official:.2f}.",
            block="audit_rows_reading",
        )
        page.prose("(b) Which R2, which F?")
        page.table(audit.which_r2(paper, rows), "audit_r2", provenance=PRINTED)
        page.prose(
            "The row called adjusted R2 holds the plain R2 in Table 2; in Table 3 it is adjusted for pooled and fixed "
            "effects and plain for random effects. F of fixed effects tests slopes and prefecture dummies together: "
            "an F of the slopes alone would need another R2. A program may report each of these so (EViews does); the "
            "article does not say it."
        )
        printed, adjusted = audit.rounded_twice(paper, rows)
        block = paper.published["panel_tables_2_and_3"]["PCIV"]
        random, pooled = (block[key]["coef"]["cii"] for key in ("random_effects", "pooled"))
        page.prose(
            f"One difference of one digit is explained: F implies {adjusted:.7f} for the adjusted R2 of LGR under "
            f"fixed effects, {adjusted:.4f} to four decimals; rounded to six ({adjusted:.6f}) and then again, it is "
            f"the {printed:.4f} in print. Another is the paper's: PCIV's random-effects coefficient of CII equals "
            f"that of pooled OLS, yet {random:.4f} is printed for the one and {pooled:.4f} for the other.",
            block="audit_rounding",
        )
        page.prose("(c) Which stars?")
        starred = stars.which_stars(paper, rows)
        page.table(starred.table, "audit_stars", provenance=PRINTED)
        page.prose(
            f"{len(starred.legend)} of {starred.cells} coefficients have more stars than the printed legend gives. At "
            f"10, 5 and 1% all but {_and(starred.usual)} would fit, with the normal distribution instead of t all but "
            f"{_and(starred.usual_normal)}. The text, too, calls constants with three stars significant at the 1% "
            f"level.",
            block="audit_stars_reading",
        )
        page.prose("(d) Why do random effects equal pooled OLS?")
        page.table(audit.random_is_pooled(paper, rows), "audit_random")
        page.prose(
            "Swamy and Arora take the variance of the prefecture effect from a regression of the prefectures' means. "
            "Three means and three coefficients leave no degrees of freedom. The variance is taken as 0, and the "
            "estimates are pooled OLS; the library says so in a warning. The authors say that the two are identical, "
            "of Table 3. Only the standard errors differ, because they are scaled by the within residual variance: by "
            "the ratio above, which the print obeys to its last digit. They are too small for a model without effects. "
            "In the regression of GDP on CII two coefficients leave one degree of freedom, and random effects differ "
            "from pooled OLS."
        )
        page.prose("(e) Which model, and who gains more?")
        page.table(model_choice.effects_tested(paper, rows), "audit_effects", provenance=PRINTED)
        gains = model_choice.relative_gains(paper)
        towns, villages = gains["PCIR"], gains["PCIV"]
        fixed = paper.published["panel_tables_2_and_3"]["LGR"]["fixed_effects"]
        slope, error = fixed["coef"]["cii"], fixed["se"]["cii"]
        page.prose(
            f"Table 2 is read by adjusted R2, which is highest under fixed effects; Table 3, where it is highest "
            f"there too, by the significance of CII, which favours pooled and random effects. The paper prints "
            f"neither this F test nor Hausman's. Of CII in column (1.2) of Table 3 the text says that it is not "
            f"significant, and then that it is negative and to be trusted at 5% only; {slope:.4f} ({error:.4f}) is "
            f"printed, t = {slope / error:.2f}. So that CII raises revenue rests on the columns without prefecture "
            f"effects.",
            block="audit_choice",
        )
        page.prose(
            f"{towns.coefficient:.4f} for townspeople and {villages.coefficient:.4f} for villagers are gains in "
            f"10,000 yuan, larger in towns, as the paper says. It calls them growth rates, and those compare the "
            f"other way: the printed lines imply mean incomes of {towns.mean[0]:.2f} to {towns.mean[1]:.2f} and "
            f"{villages.mean[0]:.2f} to {villages.mean[1]:.2f}, so the coefficient is {towns.relative[0]:.1f} to "
            f"{towns.relative[1]:.1f} times mean income in towns and {villages.relative[0]:.1f} to "
            f"{villages.relative[1]:.1f} times in villages. From its autoregressions the paper, too, concludes that "
            f"villagers gain more, and that from years 2 to 3 CII does more for PCIR.",
            block="audit_gains",
        )
        page.prose("(f) Where is the share of internet users smallest?")
        shares = implied_shares.implied_shares(paper)
        page.table(shares.table, "audit_shares", provenance=OFFICIAL)
        page.prose(
            "The slopes alone say that Liangshan, by far the largest economy, has a smaller share of users than "
            "average. With the p-values, it has the smallest in both answers. Whether Aba or Ganzi has the largest "
            "stays open.",
            block="audit_shares_reading",
        )


def printed_autoregressions(page: Page, paper: Paper) -> None:
    with page.section("A referee's audit: the autoregressions"):
        size = abs(paper.equations(TWO)["log_cii"]["log_gdp.L1"])
        signs = printed_dynamics.sign_of_gdp(paper)
        page.prose(f"(a) The sign of {size:.4f}")
        page.prose(
            f"Equation 4 prints a plus-minus and a minus before {size:.4f}. Elsewhere a plus stands before negative "
            f"coefficients (+-0.1517), so minus is the natural reading. Stability agrees: with a minus the largest "
            f"root has modulus {signs.minus:.4f}, with a plus {signs.plus:.5f} ({signs.plus_limits[0]:.4f} to "
            f"{signs.plus_limits[1]:.4f} over the rounding of all coefficients).",
            block="audit_sign",
        )
        page.prose("(b) When does GDP respond?")
        gdp = printed_dynamics.response_of_gdp(paper)
        first, last = gdp.negative_years
        text = paper.published["text"]["figure_7"]
        quiet = text["almost_zero_after_year"]
        page.prose(
            f"With the printed coefficients GDP's response to an impulse of CII peaks in year {gdp.peak_year} "
            f"({gdp.values[gdp.peak_year]:.4f}) and is negative in years {first} to {last}, lowest in year "
            f"{gdp.trough_year} ({gdp.values[gdp.trough_year]:.4f}). Part of the text agrees: obvious in years 1 to "
            f"4, almost zero after (year {quiet}: {gdp.values[quiet]:.4f}). Another part has GDP hardly respond for "
            f"two years, rise sharply from the third and peak in the sixth, with margins that converge after it. The "
            f"text says that CII cannot affect GDP immediately, and then that it can with other factors such as "
            f"transportation infrastructure, urbanization and export.",
            block="audit_response",
        )
        page.prose(
            f"A plain response cannot peak in the sixth year. An orthogonalised impulse could also move GDP on "
            f"impact, by an amount b that depends on the unprinted residual covariance. For any b, positive or "
            f"negative, the peak within ten years is in one of the years {_years(gdp.plain)}: not in year 6, nor in "
            f"year 5, the sixth if the year of the impulse is the first. An accumulated response, which the text does "
            f"not mention, can: it peaks in year {gdp.accumulated_peak_year} for b = 0, in year 5 for b from "
            f"{_range(gdp.accumulated[5])}, in year 6 for b from {_range(gdp.accumulated[6])}. But it rises most in "
            f"year 1, not from the third.",
            block="audit_peak",
        )
        ours = printed_dynamics.impact_on_the_reconstruction(paper)
        page.prose(
            f"{ON_RECONSTRUCTED} b is {ours.impact:.4f}, and the accumulated response peaks in year "
            f"{ours.accumulated_peak_year}.",
            block="audit_peak_reconstructed",
        )
        page.prose("(c) When do PCIR and LGR respond?")
        three = printed_dynamics.responses_of_three(paper)
        assert three.both is not None
        (lgr, _), (pcir, _) = three.both
        page.prose(
            f"The text has both peak in year 3. If CII's error alone moves, PCIR peaks in year "
            f"{three.unit['log_pcir']} and LGR in year {three.unit['log_lgr']}. No order of the shocks is stated; the "
            f"description of figure 8 implies PCIR, CII, LGR. With it PCIR can peak in years "
            f"{_years(three.figure_order['log_pcir'])} and LGR in years {_years(three.figure_order['log_lgr'])}. With "
            f"CII first PCIR can peak in years {_years(three.cii_first['log_pcir'])}, and both in year 3 if a shock "
            f"that moves CII by 1 moves LGR by at least {lgr:.2f} and PCIR by at least {pcir:.2f} at once (all in "
            f"logarithms). PCIR cannot peak in year 2, the third if the year of the impulse is the first. A peak in "
            f"year 0 means a response that starts at its largest and falls; where PCIR comes before CII, it is "
            f"exactly zero in year 0 and negative after.",
            block="audit_three",
        )
        page.prose("(d) Where do the equations come to rest?")
        settled = printed_dynamics.where_it_settles(paper)
        page.table(settled.table, "audit_levels", provenance=PRINTED)
        cii, lgr_level, pcir_level = (settled.levels[THREE][name] for name in THREE)
        page.prose(
            f"In the units of Tables 2 and 3 the levels of three variables would be absurd. But the units of "
            f"equations 6 to 8 are not stated, and {cii:,.0f} users per 10,000, {pcir_level:.1f} thousand yuan and "
            f"{lgr_level:,.0f} million yuan are all plausible. Units enter only the constants, and three units can "
            f"turn any three constants into any others: the levels do not speak against the coefficients.",
            block="audit_levels_reading",
        )


def few_clusters_and_rows(page: Page, paper: Paper) -> None:
    with page.section("A referee's audit: three clusters and eleven rows"):
        page.table(audit.three_clusters(paper), "audit_clusters")
        page.prose(
            "Errors of one prefecture are correlated over years, and the classical interval ignores it. The clustered "
            "one does not, but it rests on three clusters, and even so it tends to be too narrow (the library warns). "
            "Three prefectures cannot tell much more, whatever the method."
        )
        eleven = audit.eleven_rows(paper)
        page.prose(
            f"{ON_RECONSTRUCTED} each equation of the two-variable autoregression has {eleven.coefficients} "
            f"coefficients and {eleven.rows} rows. Slopes that differ from zero at 5%: {len(eleven.significant)} of "
            f"{eleven.slopes} ({'; '.join(eleven.significant)}). GDP's response to CII is largest in year "
            f"{eleven.peak_year}, {eleven.peak:.3f} with a 95% band from {eleven.lower:.3f} to {eleven.upper:.3f}, "
            f"{(eleven.upper - eleven.lower) / eleven.peak:.1f} times as wide as the response; the band excludes zero "
            f"in {eleven.years_off_zero} of {eleven.years} years. Granger's test that CII does not help to predict "
            f"GDP has p = {eleven.granger_p:.2f}. From such series we cannot know the sign of the response, let alone "
            f"its timing.",
            block="audit_eleven",
        )


def thirteen_years(page: Page, paper: Paper) -> None:
    with page.section("What thirteen years allow: bands, residuals, unit roots"):
        found = short_sample.bands(paper)
        page.table(found.table, "bands")
        first, path, after, both = found.off_zero.values()
        printed_root = paper.system(THREE).moduli[0]
        page.prose(
            f"{ON_RECONSTRUCTED} no band of GDP's response excludes zero in any year. Year by year, bands of the "
            f"three-variable autoregression do in a few of all {found.cells} cells: {first} under the plain "
            f"bootstrap, {after} after the correction of bias. For whole paths, which is how one reads a figure, "
            f"{path} and {both} are left: no response to CII is shown to differ from zero. GDP's sup-t band is "
            f"{found.wider:.1f} times as wide as the pointwise one on average. In {found.positive:.0%} of the "
            f"bias-corrected draws GDP rises in year 1; {found.peaks[1]:.0%} peak there, {found.peaks[5]:.1%} in year "
            f"5 and {found.peaks[6]:.1%} in year 6, one of which is the text's sixth.",
            block="bands_reading",
        )
        page.prose(
            f"The estimated three-variable system explodes (root of {found.largest_root:.2f}): its bands widen "
            f"without bound, and the correction of bias, which stops at one, leaves the estimate unchanged. The "
            f"printed system is stable (largest root {printed_root:.3f}). The difference comes from the "
            f"reconstruction, which did not aim at this system.",
            block="bands_root",
        )
        page.table(short_sample.residual_tests(paper), "residual_tests")
        page.prose(
            f"{ON_RECONSTRUCTED} with chi-squared limits, which need many rows, residuals look correlated; Rao's F, "
            f"which allows for few, does not reject. The three-variable system has no rows left for either. Not to be "
            f"rejected is no clean bill here: these tests have next to no power with six or four degrees of freedom."
        )
        stationarity(page, paper)
        panel_stationarity(page, paper)


def stationarity(page: Page, paper: Paper) -> None:
    page.prose(
        "The paper tests stationarity by the roots of the fitted autoregression alone. They say that the fit is "
        "stable, not that the series are stationary."
    )
    page.table(short_sample.unit_roots(paper), "unit_roots")
    power = short_sample.power(len(paper.liangshan))
    roots = " and ".join(f"{share:.0%} (root {root:g})" for root, share in power.rejected.items() if root < 1)
    page.prose(
        f"For GDP, the official series, the first test does not reject a unit root, and the second rejects "
        f"trend-stationarity. The other series are reconstructed and smooth by construction: their tests describe the "
        f"reconstruction. And {len(paper.liangshan)} years decide little. In {short_sample.SIMULATED} simulated "
        f"series of this length the Dickey-Fuller test at 5% rejects a unit root in {power.rejected[1.0]:.0%} where "
        f"there is one ({power.by_pvalue:.0%} by its asymptotic p-value), and where the root is smaller in {roots}.",
        block="unit_roots_reading",
    )
    relations = short_sample.cointegration(paper)
    page.table(relations.table, "relations")
    (plain, _, drawn, wild), (plain_three, _, drawn_three, wild_three) = relations.two, relations.three
    page.prose(
        f"{ON_RECONSTRUCTED} no long-run relation of CII and GDP is found (p = {plain:.2f}; {drawn:.2f} by the "
        f"residual bootstrap, {wild:.2f} by the wild one), and the usual advice is then a model in differences. For "
        f"the three variables the asymptotic distribution finds a relation, with p = {plain_three:.5f}. But with no "
        f"cointegration, {drawn_three:.0%} of samples this short give a larger trace ({wild_three:.0%} by the wild "
        f"bootstrap). Thirteen years cannot show whether levels or differences are right.",
        block="relations_reading",
    )


def panel_stationarity(page: Page, paper: Paper) -> None:
    page.prose(
        "Tables 2 and 3 regress levels on levels. Panel tests of unit roots and cointegration would ask whether the "
        "series are stationary or belong together in the long run; the paper has none."
    )
    roots = short_sample.panel_unit_roots(paper)
    page.table(short_sample.pvalues_of_roots(roots), "panel_unit_roots")
    page.table(roots.summary(), "panel_unit_roots_in_full")
    entities, periods = paper.panel.n_entities, paper.panel.n_periods
    allowed = short_sample.panel_power(entities, periods)
    page.table(allowed, "panel_power")
    shares = [[float(str(cell.value)) for cell in row.cells] for row in allowed.body]
    (low, high), (least, most) = ((min(each), max(each)) for each in list(zip(*shares, strict=True))[:2])
    frame = roots.to_frame()["pvalue"]
    gdp = [float(frame["gdp", "level", name]) for name in short_sample.ROOTS_OF_PANELS[:-1]]
    assert min(gdp) >= 0.05
    page.prose(
        f"For GDP, the official series, no test rejects a unit root about a trend (p from {min(gdp):.2f} to "
        f"{max(gdp):.2f}). {ON_RECONSTRUCTED} the tests of the others describe the reconstruction. And {entities} "
        f"prefectures of {periods} years tell little: in simulated panels of this size the tests at 5% reject a unit "
        f"root in {low:.0%} to {high:.0%} where there is one, and in {least:.0%} to {most:.0%} where all roots are "
        f"0.9. Such tables of tests prove neither that the series are stationary nor that they are not.",
        block="panel_unit_roots_reading",
    )
    relations = short_sample.panel_cointegration(paper)
    page.table(short_sample.side_by_side(relations), "panel_cointegration")
    counts = [
        (name, sum(entry.result is not None and entry.result.pvalue < 0.05 for entry in table.entries))
        for name, table in relations.items()
    ]
    statistics = len(next(iter(relations.values())).entries)
    told = _and([f"{count} for {LABELS[name]}" for name, count in counts])
    page.prose(
        f"{ON_RECONSTRUCTED} of {statistics} statistics {told} reject no cointegration with CII and GDP. Their "
        f"distributions are for many prefectures and long series; with {entities} and {periods}, the test you choose "
        f"decides the answer.",
        block="panel_cointegration_reading",
    )


def _and(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _range(limits: tuple[tuple[float, float], ...]) -> str:
    ((low, high),) = limits
    return f"{low:.3f} to {high:.3f}"


def _years(years: Iterable[int]) -> str:
    """Years as runs: 0, 4 to 10."""
    runs: list[list[int]] = []
    for year in years:
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(f"{run[0]} to {run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)
