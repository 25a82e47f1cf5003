"""How often panel tests reject true nulls, by their options and the size of the panel.

``PYTHONPATH=tests python -m simulation.short_panels`` draws what ``short_panels.csv`` in the folder of temporary files
lacks (a run can be stopped), and writes the table that the library's notes are made of, and the page's digest of it.
Words after the command name the tests that are drawn; ``page`` draws nothing; ``again`` forgets what was drawn.

Panels are random walks with standard normal changes, independent of one another: every entity has a unit root, and no
variables are cointegrated. (Hadri's null is stationarity: its panels are noise, or autoregressions with a root of 0.5.)
Many panels are tested at once: the tests that have a bootstrap get these in the place of what it draws.
"""

from __future__ import annotations

import csv
import math
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from simulation.many_panels import DRAWS, OF_RELATIONS, SEED, Case, Cell, rejections

from panelvar.estimates.sizes.panel_sizes import ENTITIES, NOTED, PERIODS, simulated_cases

NOTES = Path(__file__).parents[2] / "panelvar" / "estimates" / "sizes" / "constants" / "panel_sizes.csv"
SHEET = Path(__file__).with_suffix(".md")
RAW = Path(tempfile.gettempdir()) / "short_panels.csv"
ROUNDS = 2
RULES = (0, 1, "aic", "bic", "hqic", "t-stat")
CRITERIA = (1, 2, "aic", "bic", "hqic")


def cases() -> Iterator[Case]:
    """All of them, those of one test together."""
    for trend in ("n", "c", "ct"):
        for lags in RULES:
            yield Case("llc", f"lags={lags!r}, trend={trend!r}")
            if trend != "n":
                yield Case("llc", f"lags={lags!r}, trend={trend!r}, convention='stata'")
                yield Case("ips", f"lags={lags!r}, trend={trend!r}")
            yield Case("fisher", f"lags={lags!r}, trend={trend!r}")
            yield Case("simes", f"lags={lags!r}, trend={trend!r}")
            yield Case("breitung", f"lags={lags!r}, trend={trend!r}")
            yield Case("breitung", f"lags={lags!r}, trend={trend!r}, robust=True")
            yield Case("cips", f"lags={lags!r}, trend={trend!r}")
            yield Case("cips", f"lags={lags!r}, trend={trend!r}, truncated=True")
            yield Case("demetrescu_hanck", f"lags={lags!r}, trend={trend!r}")
            yield Case("pedroni", f"lags={lags!r}, trend={trend!r}", ("Pedroni group ADF t", "Pedroni panel ADF t"))
        yield Case("fisher", f"test='pp', trend={trend!r}")
        yield Case("simes", f"test='pp', trend={trend!r}")
        for factors in ("", ", factors=0"):
            yield Case("moon_perron", f"trend={trend!r}{factors}")
            if trend != "n":
                yield Case("panic", f"lags='bai-ng', trend={trend!r}{factors}")
        yield Case("harris_tzavalis", f"trend={trend!r}")
        others = ("group PP t", "group rho", "panel PP t", "panel rho", "panel v")
        yield Case("pedroni", f"trend={trend!r}", tuple(f"Pedroni {each}" for each in others))
        for lags in (0, 1, 2, "aic", "bic", "hqic"):
            yield Case("westerlund", f"lags={lags!r}, trend={trend!r}")
        yield Case("westerlund_variance_ratio", f"trend={trend!r}")
    for lags in RULES:
        yield Case("kao", f"lags={lags!r}", ("Kao ADF",))
    yield Case("kao", "", ("Kao DF rho*", "Kao DF t*", "Kao DF rho", "Kao DF t"))
    for trend in ("c", "ct"):
        for lags in RULES:
            yield Case("panic", f"lags={lags!r}, trend={trend!r}", ("PANIC", *PANIC_TESTED))
        for errors in ("homoskedastic", "heteroskedastic", "serial"):
            for root in ("", ", root=0.5"):
                yield Case("hadri", f"errors={errors!r}, trend={trend!r}{root}")
        for lags in CRITERIA:
            for convention in ("", ", convention='pvars'"):
                yield Case("saikkonen_luetkepohl", f"lags={lags!r}, trend={trend!r}{convention}")
    for trend in ("n", "rc", "c", "rt"):
        for lags in CRITERIA:
            for correction in (None, "reinsel-ahn", "doornik"):
                yield Case("johansen_fisher", f"lags={lags!r}, trend={trend!r}, correction={correction!r}")


PANIC_TESTED = ("Maddala-Wu P (Fisher)", "Choi's Z (inverse normal)")
NOTHING = Cell(0, 0, 0)
SHOWN_ENTITIES, SHOWN_PERIODS = (10, 25, 100), (10, 25, 50, 100)


def _shown() -> Iterator[tuple[str, str, str, str]]:
    """Calls of the digest, with their test, options and statistic in the table."""
    for trend in ("c", "ct"):
        said = "" if trend == "c" else ', trend="ct"'
        rule = f"lags='bic', trend={trend!r}"
        yield f"llc_test(y{said})", "llc", rule, "Levin-Lin-Chu adjusted t"
        yield f"ips_test(y{said})", "ips", rule, "Im-Pesaran-Shin W"
        yield f"fisher_test(y{said})", "fisher", rule, "Choi's Z (inverse normal)"
        yield f"fisher_test(y{said})", "fisher", rule, "Maddala-Wu P (Fisher)"
        yield f"simes_test(y{said})", "simes", rule, "Simes"
        yield f"breitung_test(y{said})", "breitung", rule, "Breitung lambda"
        yield f"harris_tzavalis_test(y{said})", "harris_tzavalis", f"trend={trend!r}", "Harris-Tzavalis"
        dh = "Demetrescu-Hanck" if trend == "c" else "Herwartz-Maxand-Walle"
        yield f"demetrescu_hanck_test(y{said})", "demetrescu_hanck", rule, dh
        yield f"cips_test(y{said})", "cips", f"lags=0, trend={trend!r}", "CIPS"
        for statistic in ("PANIC", "Choi's Z (inverse normal)", "P_a", "P_b", "PMSB"):
            yield f"panic_test(y{said})", "panic", f"lags='bai-ng', trend={trend!r}", statistic
        for statistic in ("Moon-Perron t_b", "t_a"):
            yield f"moon_perron_test(y{said})", "moon_perron", f"trend={trend!r}", statistic
        yield f"hadri_test(y{said})", "hadri", f"errors='serial', trend={trend!r}", "Hadri"
        for statistic in ("Pedroni group ADF t", "Pedroni panel ADF t"):
            yield f"pedroni_test(relation{said})", "pedroni", rule, statistic
        for statistic in ("group PP t", "group rho", "panel PP t", "panel rho", "panel v"):
            yield f"pedroni_test(relation{said})", "pedroni", f"trend={trend!r}", f"Pedroni {statistic}"
        if trend == "c":
            yield "kao_test(relation)", "kao", "lags='bic'", "Kao ADF"
            for statistic in ("Kao DF rho*", "Kao DF t*", "Kao DF rho", "Kao DF t"):
                yield "kao_test(relation)", "kao", "", statistic
        for statistic in ("group Gt", "group Ga", "pooled Pt", "pooled Pa"):
            yield (
                f"westerlund_test(relation{said})",
                "westerlund",
                f"lags=1, trend={trend!r}",
                f"Westerlund {statistic}",
            )
        for statistic in ("group", "panel"):
            yield (
                f"westerlund_variance_ratio_test(relation{said})",
                "westerlund_variance_ratio",
                f"trend={trend!r}",
                f"Westerlund {statistic} variance ratio",
            )
    for lags in (2, "aic"):
        said = "" if lags == 2 else ', lags="aic"'
        options = f"lags={lags!r}, trend='rt', correction="
        yield f"johansen_fisher_test(relation{said})", "johansen_fisher", f"{options}'reinsel-ahn'", JOHANSEN
        without = f"johansen_fisher_test(relation{said}, correction=None)"
        yield without, "johansen_fisher", f"{options}None", JOHANSEN
        yield (
            f"saikkonen_luetkepohl_test(relation{said})",
            "saikkonen_luetkepohl",
            f"lags={lags!r}, trend='ct'",
            "Z (r = 0)",
        )


JOHANSEN = "P (r = 0, trace)"
SHOWN = tuple(_shown())
ALONE = {
    statistic for _, test, options, statistic in SHOWN if [each[1:3] for each in SHOWN].count((test, options)) == 1
}
"""Statistics that need not be named beside the call."""

Raw = dict[tuple[str, str, str, int, int], Cell]
"""By test, options, statistic, entities and periods."""


def drawn_rows() -> Iterator[tuple[str, str, str, int, int, int, Cell]]:
    """What was drawn: test, options, statistic, entities, periods, round, and a cell."""
    if RAW.exists():
        with RAW.open(encoding="utf-8", newline="") as file:
            for test, options, statistic, entities, periods, number, *cell in csv.reader(file):
                if int(number) < ROUNDS:
                    yield test, options, statistic, int(entities), int(periods), int(number), Cell(*map(int, cell))


def read_raw() -> Raw:
    """Cells of all rounds, those that refuse with the statistic ""."""
    found: Raw = {}
    for *key, _, cell in drawn_rows():
        test, options, statistic, entities, periods = key
        before = found.get((test, options, statistic, entities, periods), Cell(0, 0, 0))
        found[test, options, statistic, entities, periods] = Cell(*map(sum, zip(before, cell, strict=True)))
    return found


def draw(words: list[str]) -> None:
    """Add the cells that are missing to what was drawn, round by round."""
    chosen = [case for case in cases() if not words or case.test in words]
    assert len({(case.test, case.options) for case in chosen}) == len(chosen)
    done = {(*row[:2], *row[3:6]) for row in drawn_rows()}
    with RAW.open("a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        for number in range(ROUNDS):
            for case in chosen:
                for periods in PERIODS:
                    for entities in reversed(ENTITIES):
                        if (case.test, case.options, entities, periods, number) in done:
                            continue
                        found = rejections(case, entities, periods, DRAWS[entities], SEED + number)
                        writer.writerows(
                            [case.test, case.options, statistic, entities, periods, number, *cell]
                            for statistic, cell in found.items()
                        )
                        file.flush()
                print(f"{time.process_time():7.0f} s {number} {case.test}({case.options})", flush=True)


def table(rows: Raw) -> str:
    """The table that the library reads: whole percents, nothing where a test refuses."""
    keys = dict.fromkeys((case.test, case.options) for case in cases())
    statistics: dict[tuple[str, str], dict[str, None]] = {}
    for test, options, statistic, *_ in rows:
        if statistic:
            statistics.setdefault((test, options), {})[statistic.split(" of ")[0]] = None
    found = {(test, options, name.split(" of ")[0], *size): cell for (test, options, name, *size), cell in rows.items()}
    draws = {n: ROUNDS * DRAWS[n] for n in ENTITIES}
    out = [
        "# Percent of true nulls that panel tests rejected at the level of 5, in panels of N x T; nothing where there",
        f"# is no test. Panels drawn: {', '.join(f'{count:,} with N = {n}' for n, count in draws.items())}.",
        "# python -m simulation.short_panels made them.",
        f"test,options,statistic,{','.join(f'{n}x{t}' for n in ENTITIES for t in PERIODS)}",
    ]
    for test, options in keys:
        for statistic in statistics.get((test, options), {}):
            rates = [found.get((test, options, statistic, n, t), NOTHING).rate for n in ENTITIES for t in PERIODS]
            cells = ("" if math.isnan(rate) else f"{100 * rate:.0f}" for rate in rates)
            out.append(f'{test},"{options}","{statistic}",{",".join(cells)}')
    return "\n".join(out) + "\n"


def sheet() -> str:
    """The page's digest of the table."""
    draws = NOTES.read_text(encoding="utf-8").split("Panels drawn: ")[1].split(".")[0]
    sizes = [(n, t) for n in SHOWN_ENTITIES for t in SHOWN_PERIODS]
    out = [
        "Percent of true nulls rejected at 5 percent, by entities x periods, with all options as by default but those",
        "named; in bold what passes 8. Panels are independent random walks with white errors (white noise for Hadri's",
        f"test). Panels drawn: {draws}.",
        "`tests/simulation/short_panels.py` made it.",
    ]
    for title, of_relations in (("Unit roots", False), ("Cointegration, one regressor", True)):
        columns = " | ".join(f"{n} x {t}" for n, t in sizes)
        out += ["", f"<!-- {title.split(',')[0].lower()} -->", "", f"| {title} | {columns} |"]
        out.append("|---|" + "---|" * len(sizes))
        for call, test, options, statistic in SHOWN:
            if (test in OF_RELATIONS) != of_relations:
                continue
            (case,) = (each for each in simulated_cases()[test] if each.written == options)
            rates = [case.rates[statistic][ENTITIES.index(n), PERIODS.index(t)] for n, t in sizes]
            cells = ("" if math.isnan(rate) else f"**{rate:.0f}**" if rate > NOTED else f"{rate:.0f}" for rate in rates)
            name = "" if statistic.split(" (trend")[0] in ALONE else f", {statistic}"
            out.append(f"| `{call}`{name} | {' | '.join(cells)} |")
    return "\n".join(out) + "\n"


def main(words: list[str]) -> None:
    """Draw and write."""
    if "again" in words:
        RAW.unlink(missing_ok=True)
    words = [word for word in words if word != "again"]
    if "page" not in words:
        draw(words)
    rows = read_raw()
    NOTES.write_text(table(rows), encoding="utf-8")
    SHEET.write_text(sheet(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
