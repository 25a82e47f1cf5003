"""JMulTi's vector autoregressions of United States consumption, output and investment in levels, as printed.
The logs are distributed with statsmodels 0.15: tsa/vector_ar/tests/JMulTi_results/macrodata_jmulti_*.txt
usage: read_jmulti_var.py (needs statsmodels; writes the data and a JSON file where it is run)"""
import json, re
from pathlib import Path
import statsmodels
from statsmodels.datasets import macrodata
folder = Path(statsmodels.__file__).parent / "tsa/vector_ar/tests/JMulTi_results"
NAMES = ["realcons", "realgdp", "realinv"]
frame = macrodata.load_pandas().data
rows = [f"{int(year)}Q{int(quarter)},{cons},{gdp},{inv}" for year, quarter, cons, gdp, inv in frame[["year", "quarter", *NAMES]].itertuples(index=False)]
Path("us_levels.csv").write_text("obs," + ",".join(NAMES) + "\n" + "\n".join(rows) + "\n")
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
def after(text, label, pattern=NUMBER):
    return float(re.search(label + rf"\s*({pattern})", text)[1])
expected = {}
for case in ("nc", "ncs", "c", "cs", "ct", "cst"):
    read = lambda suffix="": (folder / f"macrodata_jmulti_{case}{suffix}.txt").read_text(encoding="utf-8", errors="replace")
    text = read()
    own = dict(lags=block(text, "Lagged endogenous term:"))
    if "Deterministic term:" in text: own["terms"] = block(text, "Deterministic term:")
    own["inverse_roots"] = numbers(text.split("|z| = (")[1].split(")")[0])
    text = read("_Sigmau")
    own["statistics"] = dict(llf=after(text, "Log Likelihood:"), determinant=after(text, r"Determinant \(Cov\):"), aic=after(text, "AIC:"), fpe=after(text, "FPE:"), sc=after(text, "SC:"), hq=after(text, "HQ:"))
    own["covariance"] = [numbers(line) for line in text.split("Covariance:")[1].split("Correlation")[0].splitlines()[:3]]
    own["correlation"] = [numbers(line) for line in text.split("Correlation:")[1].splitlines()[:3]]
    text = read("_fc5")
    for name in NAMES:
        part = re.split(rf"\n\s+{name}\s+\n", text)[1].split("\n\n")[0]
        own[f"forecast_{name}"] = [numbers(line.split(" Q")[1]) for line in part.splitlines() if re.match(r"\d{4} Q", line)]
    own["responses"] = [numbers(line) for line in read("_ir").splitlines() if "point estimate" in line]
    text = read("_lagorder")
    own["lag_order"] = {key: int(re.search(label + r"[^:]*:\s+(\d+)", text)[1]) for key, label in dict(aic="Akaike", fpe="Final", hq="Hannan", sc="Schwarz").items()}
    own["granger"], own["instantaneous"] = {}, {}
    for path in sorted(folder.glob(f"macrodata_jmulti_{case}_granger_causality_*.txt")):
        text = path.read_text(encoding="utf-8", errors="replace")
        cause = ",".join(name for name in NAMES if name in path.stem.split("causality_")[1])
        head, tail = text.split("TEST FOR INSTANTANEOUS")
        dfs = re.search(r"pval-F\( l; (\d+), (\d+)\) = (\d\.\d+)", head)
        own["granger"][cause] = dict(statistic=after(head, "Test statistic l ="), df=int(dfs[1]), df2=int(dfs[2]), p=float(dfs[3]))
        dfs = re.search(r"pval-Chi\( c; (\d+)\) = (\d\.\d+)", tail)
        own["instantaneous"][cause] = dict(statistic=after(tail, "Test statistic: c ="), df=int(dfs[1]), p=float(dfs[2]))
    text = read("_diag")
    part = text.split("PORTMANTEAU")[1].split("***")[0]
    own["portmanteau_16"] = dict(zip(("statistic", "p", "adjusted", "adjusted_p", "df"), numbers(part.split("tested order:")[1])))
    part = text.split("LM-TYPE TEST")[1].split("***")[0]
    own["lm_5"] = dict(zip(("statistic", "p", "df", "f", "f_p", "df1", "df2"), numbers(part.split("LM statistic:")[1])))
    first, second = text.split("Doornik & Hansen (1994)")[1].split("***")[0].split("Reference")
    keys = ("statistic", "p", "df", "skewness", "skewness_p", "kurtosis", "kurtosis_p")
    own["doornik_hansen"], own["cholesky"] = dict(zip(keys, numbers(first))), dict(zip(keys, numbers(second.split("joint")[1])))
    part = text.split("JARQUE-BERA TEST")[1].split("***")[0]
    own["jarque_bera"] = {name: numbers(part.split(f"u{place}")[1].split("\n")[0]) for place, name in enumerate(NAMES, 1)}
    part = text.split("ARCH-LM TEST with 16 lags")[1].split("***")[0]
    own["arch_16"] = {name: numbers(part.split(f"u{place} ")[1].split("\n")[0]) for place, name in enumerate(NAMES, 1)}
    own["multivariate_arch_5"] = dict(zip(("statistic", "p", "df"), numbers(text.split("MULTIVARIATE ARCH-LM TEST with 5 lags")[1])))
    expected[case] = own
document = dict(case="us_levels_jmulti", software="JMulTi 4 (logs of 2016)", data="us_levels.csv", script="scripts/read_jmulti_var.py",
    model=dict(y=NAMES, lags=4, names="nc: no terms; c: constant; t: trend; s: dummies of the first three quarters, zeros and ones", lag_order="up to 10 lags on the rows these leave"),
    conventions=dict(printed="three decimals of coefficients, four of forecasts, responses and tests, seven digits of covariances", sigma="U'U / n", forecast="forecast, lower, upper, half width", jarque_bera="statistic, p, skewness, kurtosis", arch_16="statistic, p, F statistic, p"), expected=expected)
Path("us_levels_jmulti.json").write_text(json.dumps(document, indent=1))
