"""A referee's questions to the printed regressions, answered from their own numbers wherever those suffice.

F, R2 and the number of rows are tied to each other: what is printed can be checked without the authors' data.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import panelvar as pv
from panelvar.core.faces.layout import Row, count, interval, number, words
from panelvar.core.tables.table import Table
from paper.autoregressions import BANDS, HORIZON, estimated
from paper.regressions import ESTIMATORS, TABLES, three_estimators
from paper.source import HALF, LABELS, TWO

if TYPE_CHECKING:
    from panelvar.panels.static.result import LinearResult
    from paper.source import Paper

ENTITIES, SLOPES = 3, 2
# The text says 2000 to 2018.
ROWS_IN_TEXT = ENTITIES * len(range(2000, 2019))
# The most by which a number is off that was shown with six decimals and rounded again to four (0.9892496 becomes
# 0.989250 becomes 0.9893).
TWICE_ROUNDED = 5.05e-5


class Column(NamedTuple):
    """F and R2 of one printed column, and what F counts."""

    outcome: str
    estimator: str
    f: float
    r2: float
    adjusted: bool
    numerator: int

    @property
    def label(self) -> str:
        """Name for the rows of a table."""
        return f"{self.outcome} {ESTIMATORS[self.estimator]}"

    def rows(self, f: float, r2: float) -> float:
        """Number of rows at which this F goes with this R2.

        With k = numerator + 1 coefficients, plain: F = [R2 / (k - 1)] / [(1 - R2) / (n - k)]; adjusted: R2 from
        1 - adjusted = (1 - R2)(n - 1) / (n - k) first.
        """
        k = self.numerator + 1
        if self.adjusted:
            ratio = 1.0 / (1.0 - r2)
            return (self.numerator * f + ratio - k) / (ratio - 1.0)
        return k + self.numerator * f * (1.0 - r2) / r2

    def rows_within_rounding(self, of_r2: float = HALF) -> tuple[float, float]:
        """Fewest and most rows that round to the printed F and R2, ``of_r2`` being the most that R2 is off."""
        values = [self.rows(self.f + a * HALF, self.r2 + b * of_r2) for a in (-1, 1) for b in (-1, 1)]
        return min(values), max(values)

    def f_with(self, rows: int) -> float:
        """F that the printed R2 would go with, had there been this many rows."""
        k = self.numerator + 1
        r2 = 1.0 - (1.0 - self.r2) * (rows - k) / (rows - 1) if self.adjusted else self.r2
        return r2 / self.numerator / ((1.0 - r2) / (rows - k))

    def r2_from_f(self, rows: int, numerator: int | None = None) -> tuple[float, float]:
        """Plain and adjusted R2 that the printed F implies."""
        q = self.numerator if numerator is None else numerator
        denominator = rows - self.numerator - 1
        plain = 1.0 / (1.0 + denominator / (q * self.f))
        return plain, 1.0 - (1.0 - plain) * (rows - 1) / denominator


def columns(paper: Paper) -> list[Column]:
    """The nine columns of Tables 2 and 3."""
    found = []
    for y in TABLES:
        outcome = LABELS[y]
        for estimator, block in paper.published["panel_tables_2_and_3"][outcome].items():
            (r2,) = [name for name in block if name.startswith("r2")]
            (f,) = [name for name in block if name.startswith("F")]
            numerator = SLOPES + (ENTITIES - 1) * (estimator == "fixed_effects")
            found.append(Column(outcome, estimator, block[f], block[r2], r2.startswith("r2_adjusted"), numerator))
    return found


class SampleSize(NamedTuple):
    """The number of rows behind the printed F and R2.

    ``outside`` has the columns whose interval leaves the number out, with their intervals at half a unit of the last
    digit and with an R2 that was rounded twice.
    """

    table: Table
    rows: int
    outside: dict[str, tuple[tuple[float, float], tuple[float, float]]]


def sample_size(paper: Paper) -> SampleSize:
    """The number of rows that F and R2 of each column imply, and the one whole number inside the intervals."""
    printed = columns(paper)
    bounds = [column.rows_within_rounding() for column in printed]
    (rows,) = {whole for low, high in bounds for whole in range(math.ceil(low), math.floor(high) + 1)}
    outside = {
        column.label: ((low, high), column.rows_within_rounding(TWICE_ROUNDED))
        for column, (low, high) in zip(printed, bounds, strict=True)
        if not low <= rows <= high
    }
    body = tuple(
        Row(c.label, (number(c.f), number(c.r2), interval(low, high), number(c.f_with(ROWS_IN_TEXT), 2)))
        for c, (low, high) in zip(printed, bounds, strict=True)
    )
    heads = ("F printed", "R2 printed", "rows implied", f"F if {ROWS_IN_TEXT} rows")
    table = Table(
        title="Rows that the printed F and R2 imply",
        header=(Row("", tuple(words(head) for head in heads)),),
        body=body,
        notes=(
            f"Limits from half a unit of the last digit of both. {rows} is the only whole number inside any interval; "
            f"the one of {' and '.join(outside)} has none inside.",
        ),
    )
    return SampleSize(table, rows, outside)


def implied_means_of_gdp(paper: Paper) -> tuple[float, float, float]:
    """Mean GDP and CII that the printed regressions imply, and the mean of official GDP.

    Pooled and fixed-effects lines both pass through the overall means: they cross there.
    """
    printed = paper.published["panel_gdp_on_cii"]
    pooled, fixed = printed["pooled"], printed["fixed_effects"]
    cii = (pooled["const"] - fixed["const"]) / (fixed["cii"] - pooled["cii"])
    return pooled["const"] + pooled["cii"] * cii, cii, float(paper.frame["gdp"].mean())


def which_r2(paper: Paper, rows: int) -> Table:
    """Plain and adjusted R2 that each F implies, and which of them is printed."""
    body = []
    for c in columns(paper):
        plain, adjusted = c.r2_from_f(rows)
        kind = (
            "plain" if abs(plain - c.r2) <= 2 * HALF else "adjusted" if abs(adjusted - c.r2) <= 2 * HALF else "neither"
        )
        slopes, _ = c.r2_from_f(rows, SLOPES)
        cells = (number(c.r2), number(plain), number(adjusted), words(kind), number(slopes))
        body.append(Row(c.label, cells))
    heads = ("printed", "F: plain", "F: adjusted", "printed is", "F of slopes: plain")
    return Table(
        title="Which R2 is printed",
        header=(Row("", tuple(words(head) for head in heads)),),
        body=tuple(body),
        notes=(
            f"F: the R2 that the printed F implies with {rows} rows, {SLOPES + ENTITIES - 1} numerator degrees of "
            f"freedom under fixed effects. F of slopes: if it had {SLOPES} there too.",
        ),
    )


def rounded_twice(paper: Paper, rows: int) -> tuple[float, float]:
    """The adjusted R2 of LGR under fixed effects: as printed, and as its F implies."""
    (column,) = [c for c in columns(paper) if (c.outcome, c.estimator) == ("LGR", "fixed_effects")]
    return column.r2, column.r2_from_f(rows)[1]


def random_is_pooled(paper: Paper, rows: int) -> Table:
    """Printed random-effects errors over pooled ones, beside the ratio of the two residual variances' roots."""
    printed = {(c.outcome, c.estimator): c for c in columns(paper)}
    body = []
    for y in TABLES:
        outcome, block = LABELS[y], paper.published["panel_tables_2_and_3"][LABELS[y]]
        random, pooled = (block[key]["se"]["cii"] for key in ("random_effects", "pooled"))
        ratio = (random - HALF) / (pooled + HALF), (random + HALF) / (pooled - HALF)
        # 1 - adjusted R2 is the residual variance over the variance of the dependent variable.
        within, total = (1.0 - printed[outcome, key].r2_from_f(rows)[1] for key in ("fixed_effects", "pooled"))
        result = three_estimators(paper, y, ["cii", "gdp"])["random_effects"]
        components = result.variance_components
        assert components is not None and components.theta is not None
        cells = (interval(*ratio, 4), number(math.sqrt(within / total)), number(float(components.theta.max())))
        body.append(Row(outcome, (*cells, count(ENTITIES - SLOPES - 1))))
    heads = ("random / pooled", "s ratio, from F", "theta, ours", "between df")
    return Table(
        title="Random effects of Tables 2 and 3 against pooled OLS",
        header=(Row("", tuple(words(head) for head in heads)),),
        body=tuple(body),
        notes=(
            "random / pooled: printed standard errors of CII, limits from their rounding. s ratio: residual standard "
            "deviation of the within over the pooled regression. theta = 0: nothing is subtracted from the rows, and "
            "the coefficients are those of pooled OLS.",
        ),
    )


def three_clusters(paper: Paper) -> Table:
    """Intervals of CII's coefficient under fixed effects: classical, and clustered by prefecture."""
    body, tests = [], []
    for y in TABLES:
        classical: LinearResult = pv.fit_fixed_effects(paper.panel, y, ["cii", "gdp"])
        clustered = classical.with_cov(pv.Clustered("entity"))
        intervals = [
            result.conf_int(level=0.95).to_numpy()[result.names.index("cii")] for result in (classical, clustered)
        ]
        limits = [(float(low), float(high)) for low, high in intervals]
        ratio = (limits[1][1] - limits[1][0]) / (limits[0][1] - limits[0][0])
        cells = (interval(low, high, 2) for low, high in limits)
        body.append(Row(LABELS[y], (number(float(classical.params["cii"])), *cells, number(float(ratio), 1))))
        tests = [f"t({result.df_inference:g})" for result in (classical, clustered)]
    heads = ("CII", f"95%, classical, {tests[0]}", f"95%, clustered, {tests[1]}", "width ratio")
    return Table(
        title="Intervals of CII's coefficient, fixed effects",
        header=(Row("", tuple(words(head) for head in heads)),),
        body=tuple(body),
    )


class Eleven(NamedTuple):
    """What eleven rows say about the two-variable autoregression."""

    rows: int
    coefficients: int
    df: int
    slopes: int
    significant: tuple[str, ...]
    peak_year: int
    peak: float
    lower: float
    upper: float
    years_off_zero: int
    years: int
    granger_p: float


def eleven_rows(paper: Paper) -> Eleven:
    """Bands, t tests and Granger causality of the two-variable autoregression on the reconstructed series."""
    model = estimated(paper, TWO)
    response = model.impulse_responses(HORIZON, bands=BANDS, level=0.95).response("log_gdp", "log_cii")
    peak = int(response["value"].to_numpy().argmax())
    slopes = [(row, name) for name in model.names for row in model.regressor_names if row != "const"]
    return Eleven(
        rows=model.nobs,
        coefficients=model.n_regressors,
        df=model.df_resid,
        slopes=len(slopes),
        significant=tuple(
            f"{row} in the equation of {name}" for row, name in slopes if model.pvalues[name][row] < 0.05
        ),
        peak_year=peak,
        peak=float(response["value"].iloc[peak]),
        lower=float(response["lower"].iloc[peak]),
        upper=float(response["upper"].iloc[peak]),
        years_off_zero=int(((response["lower"] > 0) | (response["upper"] < 0)).sum()),
        years=len(response),
        granger_p=float(model.granger_causality("log_gdp", "log_cii").pvalue),
    )
