"""JMulTi's error-correction models of German inflation and interest (Luetkepohl's data e6), as printed.
The logs are distributed with statsmodels 0.15: tsa/vector_ar/tests/JMulTi_results/vecm_e6_jmulti_*.txt
usage: read_jmulti.py (needs statsmodels; writes the data and a JSON file where it is run)"""
import json, re
from pathlib import Path
import statsmodels
tests = Path(statsmodels.__file__).parent / "tsa/vector_ar/tests"
folder, source = tests / "JMulTi_results", tests / "results/e6.dat"
rows = [line.split() for line in source.read_text(encoding="utf-8", errors="replace").split("<1972 Q2>")[1].splitlines() if line.strip()][1:]
quarters = [f"{1972 + (place + 1) // 4}Q{(place + 1) % 4 + 1}" for place in range(len(rows))]
Path("german_interest.csv").write_text("obs,Dp,R\n" + "".join(f"{quarter},{dp},{r}\n" for quarter, (dp, r) in zip(quarters, rows)))
NUMBER = r"-?\d+\.\d+(?:e[+-]\d+)?"
numbers = lambda text: [float(v) for v in re.findall(NUMBER, text)]
def block(text, title):
    """Estimates, errors, p and t values by row label of one printed table."""
    found, label = {}, None
    for line in text.split(title)[1].split("\n\n")[0].splitlines():
        if "|" not in line: continue
        name, cells = line.split("|")
        if name.strip():
            label = re.sub(r"\s", "", name)
            found[label] = dict(coef=numbers(cells))
        else:
            key = {"(": "se", "{": "p", "[": "t"}[cells.strip()[0]]
            found[label][key] = numbers(cells)
    return found
def causality(text):
    """Granger's F with its degrees of freedom, and the test of instantaneous causality."""
    head, tail = text.split("TEST FOR INSTANTANEOUS")
    first = re.search(rf"l = ({NUMBER})\s+pval-F\( l; (\d+), (\d+)\) = ({NUMBER})", head)
    second = re.search(rf"c = ({NUMBER})\s+pval-Chi\( c; (\d+)\) = ({NUMBER})", tail)
    return dict(granger=dict(statistic=float(first[1]), df=int(first[2]), df2=int(first[3]), p=float(first[4])),
        instantaneous=dict(statistic=float(second[1]), df=int(second[2]), p=float(second[3])))
NORMAL = ("statistic", "p", "df", "skewness", "skewness_p", "kurtosis", "kurtosis_p")
expected = {}
for case in ("nc", "ncs", "ci", "cis", "cili", "cisli", "co", "cos", "colo", "coslo"):
    read = lambda suffix="": (folder / f"vecm_e6_jmulti_{case}{suffix}.txt").read_text(encoding="utf-8", errors="replace")
    text, levels = read().split("VAR REPRESENTATION")
    own = dict(differences=block(text, "Lagged endogenous term:"), loadings=block(text, "Loading coefficients:"), relation=block(text, "Estimated cointegration relation(s):"))
    if "Deterministic term:" in text: own["terms"] = block(text, "Deterministic term:")
    own["levels"] = block(levels, "Lagged endogenous term:")
    own["inverse_roots"] = numbers(levels.split("|z| = (")[1].split(")")[0])
    text = read("_Sigmau")
    own["llf"] = numbers(text.split("Log Likelihood:")[1])[0]
    own["determinant"] = numbers(text.split("Determinant (Cov):")[1])[0]
    own["sigma"] = [numbers(line) for line in text.split("Covariance:")[1].split("Correlation")[0].splitlines()[:2]]
    own["correlation"] = [numbers(line) for line in text.split("Correlation:")[1].splitlines()[:2]]
    text = read("_fc5")
    for name in ("Dp", "R"):
        part = re.split(rf"\n\s+{name}\s+\n", text)[1].split("\n\n")[0]
        own[f"forecast_{name}"] = [numbers(line) for line in part.splitlines() if re.match(r"\d{4} Q", line)]
    own["responses"] = [numbers(line) for line in read("_ir").splitlines() if "point estimate" in line]
    text = read("_diag")
    part = text.split("PORTMANTEAU")[1].split("***")[0]
    own["portmanteau_16"] = dict(zip(("statistic", "p", "adjusted", "adjusted_p", "df"), numbers(part.split("tested order:")[1])))
    part = text.split("LM-TYPE TEST")[1].split("***")[0]
    own["lm_5"] = dict(zip(("statistic", "p", "df"), numbers(part.split("LM statistic:")[1])))
    first, second = text.split("Doornik & Hansen (1994)")[1].split("***")[0].split("Reference")
    own["doornik_hansen"], own["cholesky"] = dict(zip(NORMAL, numbers(first))), dict(zip(NORMAL, numbers(second.split("joint")[1])))
    line = lambda title, place: numbers(text.split(title)[1].split("***")[0].split(f"u{place} ")[1].split("\n")[0])
    own["jarque_bera"] = {name: line("JARQUE-BERA TEST", place) for place, name in enumerate(("Dp", "R"), 1)}
    own["arch_16"] = {name: line("ARCH-LM TEST with 16 lags", place) for place, name in enumerate(("Dp", "R"), 1)}
    own["multivariate_arch_5"] = dict(zip(("statistic", "p", "df"), numbers(text.split("MULTIVARIATE ARCH-LM TEST with 5 lags")[1])))
    text = read("_lagorder")
    own["lag_order"] = {key: int(re.search(label + r"[^:]*:\s+(\d+)", text)[1]) for key, label in dict(aic="Akaike", fpe="Final", hq="Hannan", sc="Schwarz").items()}
    own["causality_5"] = {cause: causality(read(f"_granger_causality_{files}")) for cause, files in (("Dp", "dp_r"), ("R", "r_dp"))}
    own["causality_4"] = {cause: causality(read(f"_inst_causality_{files}")) for cause, files in (("Dp", "dp_r"), ("R", "r_dp"))}
    expected[case] = own
document = dict(case="german_interest_jmulti", software="JMulTi 4 (logs of 2016)", data="german_interest.csv", script="scripts/read_jmulti.py",
    model=dict(names="ci: constant in the relation; co: outside; li, lo: trend inside, outside; s: dummies of the first three quarters less 1/4", lags="three lagged differences, rank 1",
        lag_order="lagged differences, up to 10", causality="one lag fewer than the autoregression of the levels has: of order 5 and 4"),
    conventions=dict(printed="three decimals of coefficients, four of forecasts, responses and tests", sigma="U'U / n", forecast="forecast, lower, upper, half width", jarque_bera="statistic, p, skewness, kurtosis", arch_16="statistic, p, F statistic, p"), expected=expected)
Path("german_interest_jmulti.json").write_text(json.dumps(document, indent=1))
