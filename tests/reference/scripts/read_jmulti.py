"""JMulTi's error-correction models of German inflation and interest (Luetkepohl's data e6), as printed.
The logs are distributed with statsmodels: tsa/vector_ar/tests/JMulTi_results/vecm_e6_jmulti_*.txt
usage: read_jmulti.py THAT_FOLDER FILE_e6.dat (writes the data and a JSON file where it is run)"""
import json, re, sys
from pathlib import Path
folder, source = Path(sys.argv[1]), Path(sys.argv[2])
rows = [line.split() for line in source.read_text(encoding="utf-8", errors="replace").split("<1972 Q2>")[1].splitlines() if line.strip()][1:]
quarters = [f"{1972 + (place + 1) // 4}Q{(place + 1) % 4 + 1}" for place in range(len(rows))]
Path("german_interest.csv").write_text("obs,Dp,R\n" + "".join(f"{quarter},{dp},{r}\n" for quarter, (dp, r) in zip(quarters, rows)))
NUMBER = r"-?\d+\.\d+(?:e[+-]\d+)?"
def block(text, title):
    """Estimates and errors by row label of one printed table."""
    found, label, kept = {}, None, text.split(title)[1].split("\n\n")[0]
    for line in kept.splitlines():
        if "|" not in line: continue
        name, cells = line.split("|")
        if name.strip():
            label = re.sub(r"\s", "", name)
            found[label] = dict(coef=[float(v) for v in re.findall(NUMBER, cells)])
        elif "(" in cells:
            found[label]["se"] = [float(v) for v in re.findall(NUMBER, cells)]
    return found
expected = {}
for case in ("nc", "ci", "co", "colo", "cos", "coslo"):
    read = lambda suffix="": (folder / f"vecm_e6_jmulti_{case}{suffix}.txt").read_text(encoding="utf-8", errors="replace")
    text = read().split("VAR REPRESENTATION")[0]
    own = dict(differences=block(text, "Lagged endogenous term:"), loadings=block(text, "Loading coefficients:"), relation=block(text, "Estimated cointegration relation(s):"))
    if "Deterministic term:" in text: own["terms"] = block(text, "Deterministic term:")
    levels = read().split("VAR REPRESENTATION")[1]
    own["levels"] = block(levels, "Lagged endogenous term:")
    own["inverse_roots"] = [float(v) for v in re.findall(NUMBER, levels.split("|z| = (")[1].split(")")[0])]
    text = read("_Sigmau")
    own["llf"] = float(re.search(rf"Log Likelihood:\s+({NUMBER})", text)[1])
    own["sigma"] = [[float(v) for v in re.findall(NUMBER, line)] for line in text.split("Covariance:")[1].split("Correlation")[0].splitlines()[:2]]
    text = read("_fc5")
    for name in ("Dp", "R"):
        part = re.split(rf"\n\s+{name}\s+\n", text)[1].split("\n\n")[0]
        own[f"forecast_{name}"] = [[float(v) for v in re.findall(NUMBER, line)] for line in part.splitlines() if re.match(r"\d{4} Q", line)]
    own["responses"] = [[float(v) for v in re.findall(NUMBER, line)] for line in read("_ir").splitlines() if "point estimate" in line]
    text = read("_diag")
    number = lambda pattern: float(re.search(pattern + rf"\s*({NUMBER})", text)[1])
    own["portmanteau_16"] = dict(statistic=number("test statistic:"), adjusted=number("adjusted test statistic:"), df=number("degrees of freedom:"))
    own["lm_5"] = dict(statistic=number("LM statistic:"), df=number("df:"))
    normal = text.split("Reference: Doornik")[1]
    own["doornik_hansen"], own["cholesky"] = ([float(v) for v in re.findall(rf"(?:joint test statistic|skewness only|kurtosis only):\s+({NUMBER})", part)] for part in (normal.split("Reference")[0], normal.split("Reference")[1].split("JARQUE")[0]))
    expected[case] = own
document = dict(case="german_interest_jmulti", software="JMulTi 4 (logs of 2016)", data="german_interest.csv", script="scripts/read_jmulti.py",
    model=dict(names="ci: constant in the relation; co: outside; lo: trend outside; s: seasonal dummies", lags="three lagged differences, rank 1"),
    conventions=dict(printed="three decimals of coefficients, four of forecasts and responses", sigma="U'U / n", forecast="forecast, lower, upper, half width"), expected=expected)
Path("german_interest_jmulti.json").write_text(json.dumps(document, indent=1))
